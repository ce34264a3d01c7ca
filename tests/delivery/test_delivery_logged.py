"""Receipts that enter a log as they are issued: order, promise, salt; what is said of them, with and without proof."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from erds_schema import faults

from made_log import entries, signer
from toyono_trust import TrustStore, aio, devpki, receipt, seal, verify
from toyono_trust.core.canonical import b64url_encode, json_canonical, json_loads
from toyono_trust.delivery.logs import PROMISE, promise, promises_of
from toyono_trust.delivery.sealed import SealedXml
from toyono_trust.delivery.xml import from_xml
from toyono_trust.devpki.town import Identity
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats.contents import Contents
from toyono_trust.ledger.charter import statement
from toyono_trust.ledger.entry import commit, read_opening
from toyono_trust.ledger.issuing import LogEntry, ReceiptLog
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.promise import Promise, open_promise, sign_promise
from toyono_trust.ledger.proof import write_proof
from toyono_trust.steps import Fetch, World, run
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report
from toyono_trust.verbs import gathering

LOG = signer()
PARTS = {"letter.txt": b"letter"}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def town() -> devpki.Town:
    return devpki.Town.create()


@pytest.fixture(scope="module")
def trust(town: devpki.Town) -> TrustStore:
    return TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])


@pytest.fixture(scope="module")
def by(town: devpki.Town) -> Identity:
    return town.identity("town")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EvidenceLog]:
    with EvidenceLog.create(tmp_path / "log.db", LOG.key) as made:
        made.append_many(entries(3))
        yield made


@pytest.fixture
def issue(by: Identity, log: EvidenceLog) -> Callable[..., Any]:
    def issued(**options: Any) -> Any:
        given: dict[str, Any] = {
            "by": by,
            "sender": "NTRJP-2222222222222",
            "recipients": ["a@town.example"],
            "message_id": "m-1",
            "parts": PARTS,
            "policy_id": "1.2.3",
            "submission_time": datetime.now(UTC),
            "log": ReceiptLog(log, LOG),
        }
        return receipt("ContentHandover", **(given | options))

    return issued


def checked(made: Any, trust: TrustStore, proof: bytes | None = None, **options: Any) -> Report:
    content = PARTS | ({"receipt.xml": made.xml} if isinstance(made, SealedXml) else {})
    return verify(bytes(made), trust=trust, content=content, proof=proof, **options)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_receipt_enters_the_log_before_it_is_sealed(
    form: str, issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore
) -> None:
    made = issue(form=form)
    entry: LogEntry = made.entry
    assert entry.position == 3
    assert dict(log.entries())[3] == read_opening(entry.opening).entry
    assert read_opening(entry.opening).salt == entry.salt
    promised = open_promise(entry.promise, LOG.key)
    assert (promised.position, promised.entry) == (3, read_opening(entry.opening).entry)
    assert timedelta(0) < promised.deadline - datetime.now(UTC) <= HOUR
    log.checkpoint(LOG)
    proof = write_proof(log.prove(3, salt=entry.salt))
    report = checked(made, trust.with_logs(LOG.key.text), proof)
    assert report.indication == "TOTAL-PASSED", str(report)
    value = report.to_json()["log"]
    assert (value["vouched_by"], value["index"], value["matched"]) == ("trust", 3, True)
    assert value["evidence"] == [{"name": "receipt", "form": form, "matches": True}]
    assert [each["state"] for each in value["promises"]] == ["unproven"]
    assert value["proof"]["indication"] == "PASSED"
    alone = verify(proof, trust=trust.with_logs(LOG.key.text), content=made.xml if form == "xml" else bytes(made))
    assert alone.indication == "PASSED"
    assert alone.log is not None
    assert alone.log.matched is True


def test_the_promise_is_schema_valid_and_the_same_in_both_forms(issue: Callable[..., Any]) -> None:
    made = issue(form="xml")
    assert faults(made.xml) == []
    (promised,) = promises_of(from_xml(made.xml).transaction_log_information)
    assert (promised.log, promised.position, promised.note) == (LOG.key.text, 3, made.entry.promise)


class _Offline:
    """A network in which nothing answers; counts who was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Any:
        self.asked.append(request.url)
        raise UnavailableError("net.unreachable", "nobody answers")


def test_what_a_proof_needs_is_fetched_too(issue: Callable[..., Any], log: EvidenceLog, town: devpki.Town) -> None:
    """Issuers and revocation data for the charter's seal, beside a receipt and alone; a failed fetch is a finding."""
    made = issue()
    log.checkpoint(LOG)
    charter = bytes(seal(statement(LOG.key), by=town.identity("bus"), format="jades"))
    proof = write_proof(log.prove(made.entry.position, salt=made.entry.salt)._replace(charter=charter))
    anchors = TrustStore.from_certificates([town.root.der])
    for steps in (
        gathering(bytes(made), Contents(), anchors, Policy.default(), None, None, proof),
        gathering(proof, Contents(), anchors, Policy.default(), None),
    ):
        network = _Offline()
        report = run(steps, World(lambda: datetime.now(UTC), bytes, lambda: 0.0, network))
        assert network.asked
        assert report.log is not None
        assert report.log.vouched_by is None
        assert report.indication == "INDETERMINATE"
        about = report if report.log.proof is None else report.log.proof
        assert any(finding.code.startswith("gather.") for finding in about.findings)


def test_awaitable_and_blocking_agree(
    issue: Callable[..., Any], by: Identity, log: EvidenceLog, trust: TrustStore
) -> None:
    async def issued() -> Any:
        return await aio.receipt(
            "ContentHandover", by=by, sender="NTRJP-2222222222222", recipients=["a@town.example"], message_id="m",
            parts=PARTS, policy_id="1.2.3", submission_time=datetime.now(UTC), log=ReceiptLog(log, LOG),
        )  # fmt: skip

    async def both() -> Any:
        return await asyncio.gather(*(issued() for _ in range(4)))

    made = asyncio.run(both())
    assert sorted(one.entry.position for one in made) == [3, 4, 5, 6]
    log.checkpoint(LOG)
    proof = write_proof(log.prove(made[0].entry.position, salt=made[0].entry.salt))
    anchors, at = trust.with_logs(LOG.key.text), datetime.now(UTC)
    awaited = asyncio.run(aio.verify(bytes(made[0]), trust=anchors, content=PARTS, proof=proof, at=at))
    assert awaited.to_json() == checked(made[0], anchors, proof, at=at).to_json()


def test_the_opening_is_written_beside_the_receipt(issue: Callable[..., Any], tmp_path: Path) -> None:
    made = issue(out=tmp_path / "r.json")
    assert (tmp_path / "r.json.opening").read_bytes() == made.entry.opening
    if os.name == "posix":
        assert (tmp_path / "r.json.opening").stat().st_mode & 0o777 == 0o600
    issue(out=tmp_path / "plain.json", log=None)
    assert not (tmp_path / "plain.json.opening").exists()


def test_the_salt_is_not_in_the_receipt(issue: Callable[..., Any]) -> None:
    made = issue()
    assert b64url_encode(made.entry.salt) not in bytes(made)


def test_where_the_log_is_away_no_receipt_pretends(issue: Callable[..., Any], log: EvidenceLog, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "log.db").execute("DROP TABLE entry").connection.commit()
    with pytest.raises(UnavailableError) as caught:
        issue(out=tmp_path / "r.json")
    assert caught.value.code == "receipt.not-logged"
    assert "without log=" in caught.value.hint
    assert not (tmp_path / "r.json").exists()
    assert issue(log=None).entry is None


def test_a_seal_that_fails_leaves_an_entry_and_no_receipt(
    issue: Callable[..., Any], log: EvidenceLog, by: Identity
) -> None:
    class Broken:
        certificate, chain, algorithms, kind = by.certificate, by.chain, by.algorithms, by.certificate.kind

        def sign_steps(self, data: bytes, algorithm: str) -> Any:
            raise UnavailableError("key.gone", "the key is gone")
            yield

    before = log.head.size
    with pytest.raises(UnavailableError):
        issue(by=Broken())
    assert log.head.size == before + 1
    assert issue().entry.position == before + 1


def test_arguments_are_refused_before_anything_is_appended(issue: Callable[..., Any], log: EvidenceLog) -> None:
    before = log.head.size
    for wrong in ({"log": log}, {"recipients": []}, {"policy_id": None}, {"form": "yaml"}):
        with pytest.raises(MisuseError):
            issue(**wrong)
    assert log.head.size == before
    for arguments in ((log, signer("other.example.jp")), (log, LOG, timedelta(0)), (log, LOG.key), ("log.db", LOG)):
        with pytest.raises(MisuseError):
            ReceiptLog(*arguments)  # type: ignore[arg-type]


def test_promises_are_open_until_their_deadline_and_overdue_after(issue: Callable[..., Any], trust: TrustStore) -> None:
    made, anchors = issue(), trust.with_logs(LOG.key.text)
    report = checked(made, anchors)
    assert report.indication == "TOTAL-PASSED"
    assert report.log is not None
    assert [one.state for one in report.log.promises] == ["open"]
    assert report.log.promises[0].origin == LOG.key.name
    late = checked(made, anchors, at=datetime.now(UTC) + 2 * HOUR)
    assert late.indication == "TOTAL-PASSED"
    assert "promise.overdue" in codes(late)
    assert "promise.unchecked" in codes(checked(made, trust))


def test_a_broken_promise_is_found(
    issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore, tmp_path: Path
) -> None:
    """The log signs another history than the one in which it promised the index."""
    made = issue()
    with EvidenceLog.create(tmp_path / "other.db", LOG.key) as other:
        other.append_many(entries(5))
        other.checkpoint(LOG)
        proof = write_proof(other.prove(made.entry.position))
    report = checked(made, trust.with_logs(LOG.key.text), proof)
    assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")
    assert "promise.broken" in codes(report)
    assert report.receipt is not None
    issue()
    log.checkpoint(LOG)
    elsewhere = write_proof(log.prove(made.entry.position + 1, salt=made.entry.salt))
    report = checked(made, trust.with_logs(LOG.key.text), elsewhere)
    assert report.indication == "TOTAL-FAILED"
    assert {"promise.elsewhere", "proof.failed"} <= codes(report)


def test_a_forged_promise_fails_the_receipt(issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore) -> None:
    entry, deadline = bytes(32), datetime.now(UTC) + HOUR
    other = signer("other.example.jp")
    note = sign_promise(Promise(other.key.name, 1, entry, deadline), other)
    for bad in (
        promise(LOG.key.text, 1, note),
        promise(other.key.text, 2, note),
        promise("no key", 1, note),
        promise(other.key.text, 1, note.replace(b"\n1\n", b"\n3\n")),
    ):
        report = checked(issue(log=None, transaction_logs=(bad,)), trust.with_logs(LOG.key.text, other.key.text))
        assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
        assert "promise.forged" in codes(report)
    good = issue(log=None, transaction_logs=(promise(other.key.text, 1, note),))
    assert checked(good, trust.with_logs(other.key.text)).indication == "TOTAL-PASSED"


def test_what_others_say_of_logs_is_left_alone(issue: Callable[..., Any], trust: TrustStore) -> None:
    from toyono_trust.delivery.components import Open

    report = checked(issue(log=None, transaction_logs=(Open.of({"elsewhere": 1}), Open.of("text"))), trust)
    assert report.indication == "TOTAL-PASSED"
    assert report.log is None
    assert "log" not in report.to_json()


@pytest.mark.parametrize("value", [1, {}, {"index": -1, "log": "", "note": ""}, {"index": True, "log": "", "note": ""}])
def test_a_malformed_promise_is_refused(value: Any) -> None:
    from toyono_trust.delivery.components import Open

    with pytest.raises(MalformedError) as caught:
        promises_of((Open.of({PROMISE: value}),))
    assert caught.value.code == "promise.malformed"


def test_a_damaged_or_foreign_proof_lowers_the_file_and_never_the_seal(
    issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore
) -> None:
    made, anchors = issue(), trust.with_logs(LOG.key.text)
    log.checkpoint(LOG)
    proof = log.prove(made.entry.position, salt=made.entry.salt)
    octets = write_proof(proof)
    for wrong in (octets[:-1], b"", b"%PDF", write_proof(proof._replace(inclusion=proof.inclusion[:-1]))):
        report = checked(made, anchors, wrong)
        assert report.indication == "TOTAL-FAILED"
        assert report.signatures[0].indication == "TOTAL-PASSED"
        assert "proof.failed" in codes(report)
    unknown = checked(made, trust, octets)
    assert unknown.indication == "TOTAL-PASSED"
    assert {"proof.undecided", "promise.unchecked"} <= codes(unknown)
    assert unknown.log is not None
    assert unknown.log.vouched_by is None
    other = checked(issue(), anchors, octets)
    assert (other.indication, other.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_a_proof_without_salt_asks_for_the_salt(issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore) -> None:
    """Not for the log's key, which is named: the salt alone is missing."""
    made = issue()
    log.checkpoint(LOG)
    report = checked(made, trust.with_logs(LOG.key.text), write_proof(log.prove(made.entry.position)))
    assert "proof.undecided-salt" in codes(report)
    told = next(one for one in report.findings if one.code == "proof.undecided-salt")
    assert ".opening" in told.remedy
    assert "--log-key" not in told.remedy


def test_wrong_arguments_are_refused_by_name(issue: Callable[..., Any], log: EvidenceLog) -> None:
    for name in ("submission_time", "event_time"):
        with pytest.raises(MisuseError, match=name):
            issue(**{name: "2026-01-01"})
    log.checkpoint(LOG)
    for salt in (b"x", bytes(17)):
        with pytest.raises(MisuseError, match="16 octets"):
            log.prove(0, salt=salt)


def test_a_proof_that_is_not_written_yet_is_refused_with_how(
    issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore
) -> None:
    made = issue()
    log.checkpoint(LOG)
    proof: Any = log.prove(made.entry.position, salt=made.entry.salt)
    with pytest.raises(MisuseError, match=r"write_proof\(proof\)"):
        checked(made, trust, proof)
    with pytest.raises(MisuseError, match=r"write_proof\(proof\)"):
        verify(proof, trust=trust)


def test_the_event_time_is_of_whole_seconds(issue: Callable[..., Any]) -> None:
    claimed = json_loads(bytes(issue()))
    assert "." not in json.dumps(claimed["eventTime"] if "eventTime" in claimed else claimed["EventTime"])


def test_a_proof_beside_what_is_no_receipt_is_not_looked_at(log: EvidenceLog, trust: TrustStore, by: Identity) -> None:
    report = verify(seal(b"text", by=by, format="jades"), trust=trust, proof=b"nonsense")
    assert report.indication == "TOTAL-PASSED"
    assert "proof.no-receipt" in codes(report)


def test_reports_with_proofs_are_judged_again_octet_for_octet(
    issue: Callable[..., Any], log: EvidenceLog, trust: TrustStore
) -> None:
    from toyono_trust.validation.replay import unpack
    from toyono_trust.verbs import judge

    made, anchors = issue(), trust.with_logs(LOG.key.text)
    log.checkpoint(LOG)
    proof = write_proof(log.prove(made.entry.position, salt=made.entry.salt))
    for report in (checked(made, anchors, proof), checked(made, anchors), checked(made, trust, b"{")):
        kept = unpack(report.evidence)
        again = judge(kept.facts, kept.policy, kept.trust, kept.at, kept.work(), kept.material, kept.present)
        assert json.dumps(again.to_json()) == json.dumps(report.to_json())
        later = report.validated_at + timedelta(seconds=5)
        assert report.simulate(later).to_json()["log"] == report.to_json()["log"]


def test_the_entry_is_of_the_receipt_as_others_read_it(issue: Callable[..., Any]) -> None:
    """By RFC 8785 alone: the members without seal and log information, and the salt."""
    made = issue()
    value = json_loads(bytes(made))
    value.pop("jadesSignature")
    information = value.pop("TransactionLogInformation")
    assert information["TransactionLog"][0][PROMISE]["index"] == made.entry.position
    text = json_canonical({"evidence": value, "salt": b64url_encode(made.entry.salt).decode()})
    assert text == made.entry.opening == commit(value, made.entry.salt).octets
