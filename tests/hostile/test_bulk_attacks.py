"""Folders that mislead bulk verification: what was altered must not pass, nor be left out of the report."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_line import Place, Ran, Run
from made_log import Place as LogPlace
from made_log import signer as log_signer
from made_records import Kept, make, signer
from toyono_trust import Signer, receipt, seal, sign
from toyono_trust.devpki import PASSWORD, Town
from toyono_trust.edge import main
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.proof import write_proof


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("TOYONO_TRUST", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main.toyono_trust([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("bulk-attacks") / "town"
    town = Town.create()
    town.write(folder)
    return Place(folder, town)


@pytest.fixture
def kept(place: Place, tmp_path: Path) -> Kept:
    return make(place, tmp_path)


def handed_over(place: Place, name: str, at: datetime) -> bytes:
    by = Signer.open(f"pkcs12:{place.folder / 'town-seal.p12'}", secret=PASSWORD)
    return bytes(receipt(
        "SubmissionAcceptance", by=by, sender="NTRJP-1345678901234", recipients=["NTRJP-9234567890123"],
        message_id=name, parts={"a": b"a"}, policy_id=["1.3.6.1.4.1.32473.522.1"], event_time=at,
    ))  # fmt: skip


def test_a_record_with_a_forged_date_is_of_every_period(run: Run, kept: Kept) -> None:
    """Whoever alters a receipt's date, or seals another one by himself, does not get it out of the report."""
    (kept.folder / "index.csv").unlink()
    made = handed_over(kept.place, "m", datetime(2026, 4, 15, tzinfo=UTC))
    assert b"2026-04-15" in made
    (kept.folder / "good.receipt.json").write_bytes(made)
    (kept.folder / "altered.receipt.json").write_bytes(made.replace(b"2026-04-15", b"2019-04-15"))
    ran = kept.verify(run, "--format", "json", "--from", "2026-04-01", "--to", "2026-04-30")
    found = {line["file"]: line["result"] for line in ran.lines[1:]}
    assert found.get("altered.receipt.json") == "failed"
    assert found.get("good.receipt.json") == "passed"
    assert ran.code == 1


def test_what_a_signature_covers_by_name_only(run: Run, kept: Kept) -> None:
    """A file beside a signature that has its content inside is not vouched for by it."""
    town = signer(kept.place, "town-seal.p12")
    (kept.folder / "index.csv").unlink()
    (kept.folder / "extract.json").write_bytes(b'{"owner":"A"}')
    (kept.folder / "extract.json.jws").write_bytes(seal(b'{"owner":"A"}', by=town, format="jades"))
    assert kept.verify(run).code == 0
    (kept.folder / "extract.json").write_bytes(b'{"owner":"B"}')
    ran = kept.verify(run, "--format", "json")
    found = {line["file"]: line for line in ran.lines[1:]}
    assert found["extract.json.jws"]["result"] != "passed"
    assert ran.code != 0


def test_a_signed_file_hidden_under_anothers_signature(run: Run, kept: Kept) -> None:
    """A record that fails is a record, though something beside it is named as a signature over it."""
    (kept.folder / "index.csv").unlink()
    one = kept.folder / "2027" / "1.jws"
    octets = one.read_bytes()
    one.write_bytes(octets.replace(b".", b".A", 1))
    (kept.folder / "2027" / "1.jws.p7s").write_bytes(b"junk")
    (kept.folder / "bare").write_bytes(octets.replace(b".", b".A", 1))
    town = signer(kept.place, "town-seal.p12")
    (kept.folder / "bare.jws").write_bytes(seal(b"other", by=town, format="jades"))
    found = {line["file"]: line["result"] for line in kept.verify(run, "--format", "json").lines[1:]}
    assert found["2027/1.jws"] != "passed"
    assert "bare" in found or found["bare.jws"] != "passed"


@pytest.mark.parametrize("ending", ["opening", "salt", "opening.json"])
def test_no_record_hides_as_a_companion_of_what_is_none(run: Run, kept: Kept, ending: str) -> None:
    octets = (kept.folder / "2027" / "1.jws").read_bytes()
    (kept.folder / "notes.txt").write_bytes(b"x")
    (kept.folder / f"notes.txt.{ending}").write_bytes(octets[:-4] + b"AAAA")
    ran = kept.verify(run, "--format", "json")
    assert [one["code"] for one in ran.lines[0]["findings"]] == ["bulk.not-indexed"]
    (kept.folder / "index.csv").unlink()
    ran = kept.verify(run, "--format", "json")
    assert {line["file"]: line["result"] for line in ran.lines[1:]}[f"notes.txt.{ending}"] == "failed"
    assert ran.code == 1


def test_the_index_is_sealed_by_what_covers_it_alone(run: Run, kept: Kept) -> None:
    """Whatever else passes, a receipt or a seal of something else, is no seal of the index for lying beside it."""
    town, beside = signer(kept.place, "town-seal.p12"), kept.folder / "index.csv.p7s"
    octets = (kept.folder / "index.csv").read_bytes()
    for good in (
        sign(octets, by=town, format="cades", detached=True), seal(octets, by=town, format="cades"),
    ):  # fmt: skip
        beside.write_bytes(good)
        ran = kept.verify(run, "--format", "json")
        assert [one["code"] for one in ran.lines[0]["findings"]] == ["bulk.index-sealed"]
        assert ran.code == 0
    for bad in (
        seal(b"file,date\n", by=town, format="cades"), seal(b"file,date\n", by=town, format="jades"),
        handed_over(kept.place, "m", datetime(2026, 4, 15, tzinfo=UTC)),
    ):  # fmt: skip
        beside.write_bytes(bad)
        ran = kept.verify(run, "--format", "json")
        assert [one["code"] for one in ran.lines[0]["findings"]] == ["bulk.index-seal"]
        assert ran.code != 0


def test_rows_that_disagree_are_asked_for(run: Run, kept: Kept) -> None:
    text = (kept.folder / "index.csv").read_text("utf-8")
    kept.index(text.replace("2027/1.jws,2027-04-01", "2027/1.jws,1999-04-01") + '2027/1.jws,2027-04-01,x,"1",JPY\r\n')
    found = kept.names(run, "--from", "2027-04-01", "--to", "2027-04-30")
    assert "2027/1.jws" in found


def test_an_index_without_the_column_that_is_asked_for(run: Run, kept: Kept) -> None:
    kept.index("file,date\r\n2027/1.jws,2027-04-01\r\n")
    ran = kept.verify(run, "--counterparty", "x")
    assert ran.code != 0, ran.out
    ran = kept.verify(run, "--amount", "1..2")
    assert ran.code != 0, ran.out


@pytest.mark.parametrize(
    ("name", "proper"),
    [("請求書　4月.jws", True), ("a:b.jws", False), ("x\u200by.jws", False), ("new\nline.jws", False),
     ("back\\slash.jws", False), ("-1.jws", True)],
)  # fmt: skip
def test_no_record_is_left_out_of_a_made_index(run: Run, kept: Kept, name: str, proper: bool) -> None:
    """A name that no index can have stands in it all the same, so that verification tells of it."""
    (kept.folder / name).write_bytes((kept.folder / "2027" / "1.jws").read_bytes())
    (kept.folder / "index.csv").unlink()
    assert (run("index", kept.folder).code == 0) is proper
    ran = kept.verify(run, "--format", "json")
    summary, *lines = ran.lines
    assert len(lines) == 6
    assert summary["counts"]["unread"] == (0 if proper else 1)
    assert (name in [line["file"] for line in lines if line["indication"]]) is proper


def test_an_event_beyond_the_calendar_of_a_zone(run: Run, kept: Kept) -> None:
    (kept.folder / "index.csv").unlink()
    made = handed_over(kept.place, "m", datetime(2026, 4, 15, tzinfo=UTC))
    (kept.folder / "late.receipt.json").write_bytes(made.replace(b"2026-04-15T00:00:00", b"9999-12-31T23:59:59"))
    assert run("index", kept.folder, "--tz", "Asia/Tokyo").code == 0
    assert "late.receipt.json" in kept.names(run)


def test_no_formula_in_a_made_index(run: Run, kept: Kept) -> None:
    town = signer(kept.place, "town-seal.p12")
    (kept.folder / "=cmd.jws").write_bytes(
        seal(json.dumps({"to": '=HYPERLINK("http://x")', "issued": "2027-04-01"}).encode(), by=town, format="jades")
    )
    (kept.folder / "index.csv").unlink()
    assert run("index", kept.folder, "--counterparty", "/to", "--date", "/issued").code == 0
    made = (kept.folder / "index.csv").read_text("utf-8-sig")
    assert "\n=cmd" not in made
    assert ",=HYPER" not in made.replace('"', "")
    assert kept.verify(run).code == 0
    assert "=cmd.jws" in kept.names(run)


@pytest.mark.parametrize("octets", [b"one line", b"\n", b"eyJ.eyJ.sig", b'{"format":"other/v1"'])
def test_no_other_file_is_made_a_journal(run: Run, kept: Kept, octets: bytes) -> None:
    other = kept.folder.parent / "other.jws"
    other.write_bytes(octets)
    before = octets
    ran = kept.verify(run, "--resume", other)
    assert other.read_bytes() == before
    assert ran.code != 0


def test_no_entry_is_claimed_by_a_row_that_was_not_asked_for(run: Run, place: Place, tmp_path: Path) -> None:
    """A removed record's proof, put beside another file of another year, does not stand for the record."""
    folder = tmp_path / "records"
    folder.mkdir()
    made = {name: handed_over(place, name, datetime(2026, 4, 15, tzinfo=UTC)) for name in ("one", "two", "dummy")}
    openings = {name: commit(json.loads(octets), secrets.token_bytes(16)) for name, octets in made.items()}
    at = LogPlace(str(tmp_path / "log.db"))
    with at.create() as log:
        log.append_many([openings["one"].entry, openings["two"].entry])
        log.checkpoint(log_signer())
        for index, name in enumerate(("one", "two")):
            (folder / f"{name}.receipt.json").write_bytes(made[name])
            (folder / f"{name}.receipt.json.proof").write_bytes(write_proof(log.prove(index, salt=openings[name].salt)))
    (folder / "index.csv").write_text("file,date\none.receipt.json,2026-04-15\n")
    (folder / "two.receipt.json").unlink()
    (folder / "two.receipt.json.proof").rename(folder / "dummy.receipt.json.proof")
    (folder / "dummy.receipt.json").write_bytes(made["dummy"])
    (folder / "index.csv").write_text("file,date\none.receipt.json,2026-04-15\ndummy.receipt.json,1999-01-01\n")
    ran = run(
        "verify",
        folder,
        "--log",
        tmp_path / "log.db",
        "--log-key",
        log_signer().key.text,
        "--trust",
        place.folder / "trust",
        "--format",
        "json",
        "--from",
        "2026-01-01",
        "--tz",
        "Asia/Tokyo",
    )
    log_found = ran.lines[0]["log"]
    assert log_found["without_record"]["undated"] + log_found["without_record"]["count"] == 1
