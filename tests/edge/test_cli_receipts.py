"""``toyono-trust receipt`` in XML and into a log, and ``toyono-trust receipts`` over all receipts of a message."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from command_line import Place, Ran, Run
from toyono_trust.delivery import xml
from toyono_trust.ledger.entry import read_opening
from toyono_trust.ledger.log import EvidenceLog

PARTIES = ("--sender", "NTRJP-1345678901234", "--recipient", "NTRJP-9234567890123", "--message-id", "order-77",
           "--policy-id", "1.3.6.1.4.1.32473.522.1")  # fmt: skip
SUBMITTED = ("--submission-time", "2026-04-01T09:00:00+09:00")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.json").write_text('{"order": 77, "item": "消火栓"}', "utf-8")
    return tmp_path


def issued(run: Run, place: Place, event: str, at: str, *options: object) -> Ran:
    return run(
        "receipt", event, "order.json", *PARTIES, *SUBMITTED, "--event-time", f"2026-04-01T{at}:00+09:00",
        *place.key(), *options,
    )  # fmt: skip


def logged(run: Run) -> tuple[str, ...]:
    assert run("log", "create", "town.log", "--name", "log.example", "--key-out", "log.key").code == 0
    return "--log", "town.log", "--log-key-file", "log.key"


# -- XML


def test_receipt_in_xml_with_its_seal_beside(run: Run, place: Place, here: Path) -> None:
    ran = issued(run, place, "SubmissionAcceptance", "09:00", "--form", "xml")
    assert ran.code == 0
    document, seal = here / "order.json.receipt.xml", here / "order.json.receipt.xml.p7s"
    assert xml.from_xml(document.read_bytes()).message_identifier == "order-77"
    verified = run("verify", seal, "--content", document, "--content", "order.json", *place.trust, "--format", "json")
    assert verified.code == 0
    assert "SubmissionAcceptance" in verified.lines[0]["receipt"]["event"]
    assert run("receipts", document, *place.trust, "--content", "order.json", "--expect", "submitted").code == 0


def test_a_receipt_in_xml_is_verified_by_the_seal_beside_it(run: Run, place: Place, here: Path) -> None:
    issued(run, place, "SubmissionAcceptance", "09:00", "--form", "xml")
    ran = run("verify", "order.json.receipt.xml", *place.trust, "--format", "json")
    assert ran.code == 0, ran
    assert ran.lines[0]["receipt"]["event"].endswith("SubmissionAcceptance")
    (here / "order.json.receipt.xml.p7s").unlink()
    ran = run("verify", "order.json.receipt.xml", *place.trust)
    assert ran.code == 2
    assert "order.json.receipt.xml.p7s" in ran.err


def test_inspect_shows_openings_and_keys_without_salt(run: Run, place: Place, here: Path) -> None:
    issued(run, place, "SubmissionAcceptance", "09:00", *logged(run))
    opening = here / "order.json.receipt.json.opening"
    (value,) = run("inspect", opening, "--format", "json").lines
    assert value["entry"] == read_opening(opening.read_bytes()).entry.hex()
    assert "salt" not in value
    assert run("inspect", opening).code == 0
    with EvidenceLog.open("town.log") as log:
        (here / "log.pub").write_text(f"{log.key.text}\n")
    (value,) = run("inspect", "log.pub", "--format", "json").lines
    assert (value["kind"], value["name"]) == ("LogKey", "log.example")


@pytest.mark.parametrize("taken", ["order.json.receipt.xml", "order.json.receipt.xml.p7s"])
def test_xml_replaces_nothing(run: Run, place: Place, here: Path, taken: str) -> None:
    (here / taken).write_bytes(b"mine")
    assert issued(run, place, "SubmissionAcceptance", "09:00", "--form", "xml").code == 64
    assert [each.name for each in here.iterdir() if each.name.startswith("order.json.receipt")] == [taken]
    assert issued(run, place, "SubmissionAcceptance", "09:00", "--form", "xml", "--force").code == 0


def test_xml_does_not_go_to_standard_output(run: Run, place: Place) -> None:
    ran = issued(run, place, "SubmissionAcceptance", "09:00", "--form", "xml", "--out", "-")
    assert (ran.code, ran.out) == (64, "")


# -- into a log


@pytest.mark.parametrize("form", ["json", "xml"])
def test_receipt_enters_the_log(run: Run, place: Place, here: Path, form: str) -> None:
    log = logged(run)
    ran = issued(run, place, "SubmissionAcceptance", "09:00", *log, "--form", form)
    assert ran.code == 0
    assert "entry 0 of the log" in ran.err
    name = f"order.json.receipt.{form}"
    opening = here / f"{name}.opening"
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    with EvidenceLog.open("town.log") as opened:
        assert [entry for _, entry in opened.entries()] == [read_opening(opening.read_bytes()).entry]
    assert run("log", "append", "town.log", name).out == f"0  {name} (was in the log)\n"
    assert run("log", "checkpoint", "town.log", "--key", "log.key").code == 0
    audited = run("log", "audit", "town.log", "--log-key", "log.key", "--held", name)
    assert audited.code == 0, audited  # the promise in the receipt is kept
    assert run("log", "prove", "town.log", name).code == 0
    opening.unlink()
    assert run("log", "prove", "town.log", name, "--out", "bare", "--without-salt").code == 0  # by the promise alone
    assert run("log", "prove", "town.log", name, "--out", "salted").code == 64


def test_a_promise_that_is_not_kept_is_found(run: Run, place: Place, here: Path) -> None:
    log = logged(run)
    issued(run, place, "SubmissionAcceptance", "09:00", *log)
    (here / "town.log").unlink()
    assert run("log", "create", "town.log", "--key", "log.key").code == 0
    run("log", "append", "town.log", "--digest", "ab" * 32)
    run("log", "checkpoint", "town.log", "--key", "log.key")
    ran = run("log", "audit", "town.log", "--log-key", "log.key", "--held", "order.json.receipt.json")
    assert ran.code == 1


def test_a_receipt_that_cannot_enter_the_log_is_not_issued(run: Run, place: Place, here: Path) -> None:
    log = logged(run)
    (here / "town.log").unlink()
    assert issued(run, place, "SubmissionAcceptance", "09:00", *log).code == 64
    run("log", "create", "town.log", "--name", "other.example", "--key-out", "other.key")
    assert issued(run, place, "SubmissionAcceptance", "09:00", *log).code == 64
    os.chmod("log.key", 0o644)
    assert issued(run, place, "SubmissionAcceptance", "09:00", *log).code == 64
    assert not list(here.glob("order.json.receipt*"))


@pytest.mark.parametrize(
    "options",
    [("--log", "town.log"), ("--log-key-file", "log.key"), ("--log", "town.log", "--log-key-file", "log.key",
      "--out", "-"), ("--merge-delay", "soon")],
    ids=" ".join,
)  # fmt: skip
def test_log_usage(run: Run, place: Place, options: tuple[str, ...]) -> None:
    logged(run)
    assert issued(run, place, "SubmissionAcceptance", "09:00", *options).code == 64


def test_an_opening_is_never_replaced(run: Run, place: Place, here: Path) -> None:
    log = logged(run)
    issued(run, place, "SubmissionAcceptance", "09:00", *log)
    before = (here / "order.json.receipt.json.opening").read_bytes()
    assert issued(run, place, "SubmissionAcceptance", "09:00", *log, "--force").code == 64
    assert (here / "order.json.receipt.json.opening").read_bytes() == before


# -- all receipts of a message


@pytest.fixture
def delivered(run: Run, place: Place) -> tuple[str, ...]:
    """Submitted, consigned and handed over: two in JSON, one in XML."""
    for event, at, *options in (
        ("SubmissionAcceptance", "09:00", "--out", "1.json"),
        ("ContentConsignment", "09:05", "--out", "2.xml", "--form", "xml"),
        ("ContentHandover", "09:10", "--out", "3.json"),
    ):
        assert issued(run, place, event, at, *options).code == 0
    return "1.json", "2.xml", "3.json"


def test_what_the_receipts_prove(run: Run, place: Place, delivered: tuple[str, ...]) -> None:
    options = (*place.trust, "--content", "order.json")
    ran = run("receipts", *delivered, *options, "--expect", "handed-over", "--format", "json")
    assert ran.code == 0, ran
    value = ran.lines[0]
    assert (value["indication"], value["message"], value["as_expected"]) == ("TOTAL-PASSED", "order-77", True)
    (recipient,) = value["recipients"]
    assert recipient["outcome"] == "handed-over"
    assert [fact["event"] for fact in recipient["facts"]] == [
        "SubmissionAcceptance", "ContentConsignment", "ContentHandover",
    ]  # fmt: skip
    assert recipient["weakest"]["strength"] == "unstamped"
    english, japanese = (run("receipts", *delivered, *options, "--lang", lang).out for lang in ("en", "ja"))
    assert "handed over to the recipient" in english
    assert "weakest link" in english
    assert "受信者へ引渡し済み" in japanese
    assert "最も弱い根拠" in japanese


def test_the_text_names_files_reasons_and_what_to_do(
    run: Run, place: Place, here: Path, delivered: tuple[str, ...]
) -> None:
    (here / "3.json").write_text((here / "3.json").read_text().replace("order-77", "order-78"))
    ran = run("receipts", *delivered, *place.trust, "--content", "order.json", "--lang", "ja", "--tz", "Asia/Tokyo")
    first, *lines = ran.out.splitlines()
    assert first.startswith("無効 (TOTAL-FAILED / ")
    assert "1.json: 有効 (TOTAL-PASSED)" in lines
    assert "2.xml: 有効 (TOTAL-PASSED)" in lines
    failed = next(number for number, line in enumerate(lines) if line.startswith("3.json: 無効"))
    assert lines[failed + 2].startswith("    → ")
    assert "JST" in lines[-1]
    assert "sha256:" in lines[-1]
    assert "+00:00" not in ran.out


def test_files_beside_receipts_are_taken_for_what_they_are(run: Run, place: Place, delivered: tuple[str, ...]) -> None:
    Path("1.json.opening").write_bytes(b"{}")
    named = sorted(str(each) for each in Path().glob("[123].*"))
    assert "2.xml.p7s" in named
    assert run("receipts", *named, *place.trust, "--content", "order.json").code == 0
    assert run("receipts", "1.json", "2.xml.p7s", "3.json", *place.trust, "--content", "order.json").code == 0


def test_another_outcome_than_expected(run: Run, place: Place, delivered: tuple[str, ...]) -> None:
    ran = run("receipts", *delivered[:1], *place.trust, "--content", "order.json", "--expect", "handed-over")
    assert ran.code == 2
    assert "handed-over is expected, and not proven" in ran.out


def test_receipts_that_fail(run: Run, place: Place, here: Path, delivered: tuple[str, ...]) -> None:
    assert run("receipts", *delivered).code == 2  # nobody is trusted
    (here / "order.json").write_bytes(b"other")
    assert run("receipts", *delivered, *place.trust, "--content", "order.json").code == 1
    altered = (here / "3.json").read_text().replace("order-77", "order-78")
    (here / "3.json").write_text(altered)
    assert run("receipts", *delivered, *place.trust).code == 1


def test_what_is_no_receipt(run: Run, place: Place, here: Path, delivered: tuple[str, ...]) -> None:
    (here / "text").write_bytes(b"hello")
    (here / "empty").write_bytes(b"")
    (here / "broken.json").write_bytes(b'{"a": 1, "a": 2, "jadesSignature": {}}')
    for name in ("text", "empty", "broken.json"):
        ran = run("receipts", "1.json", name, *place.trust)
        assert ran.code in (1, 2)
        assert "Traceback" not in ran.err
        assert json.loads(run("receipts", "1.json", name, *place.trust, "--format", "json").out)
    (here / "2.xml.p7s").unlink()
    ran = run("receipts", "2.xml", *place.trust)
    assert ran.code == 64
    assert "2.xml.p7s" in ran.err
    assert run("receipts", "none.json", *place.trust).code == 66
    assert run("receipts", *place.trust).code == 64
    assert run("receipts", "1.json", *place.trust, "--expect", "maybe").code == 64
    assert run("receipts", "1.json", *place.trust, "--at", "tomorrow").code == 64
