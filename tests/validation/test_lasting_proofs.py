"""A logged receipt's proof and an evidence record, renewed in time, verify after 24 years; without one renewal, not.

The authority's certificate expires in 2036, its CA is revoked in 2042, SHA-256 ends in 2045.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from lasting_town import FIRST, SECOND, Age, day, failing, policy

from lasting_proof import LOG, proof_file, record_file
from made_proof import EVIDENCE, opening
from toyono_trust import verbs
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MisuseError, TrustError
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.model import Signed
from toyono_trust.ledger import charter
from toyono_trust.ledger.proof import read_proof, write_proof
from toyono_trust.pki.anchors import TrustedLog
from toyono_trust.pki.tsp import read_response, request
from toyono_trust.steps import run
from toyono_trust.validation.report import NotVerified, Report

RENEWALS = {"2035-06-01": "sha256", "2041-06-01": "sha512"}
DATES = ("2027-06-01", "2036-09-01", "2037-06-01", "2043-06-01", "2046-06-01", "2050-01-01")
RECEIPT = Contents(BytesContent(json_canonical(EVIDENCE), "receipt.json"))
OPENING = Contents(BytesContent(opening().octets, "opening"))
KINDS = ("proof", "ers")


def made(age: Age, kind: str, *, level: str | None = "B-LTA", dated: bool = True) -> bytes:
    """A proof with its charter at a level and its record, or the record of the opening alone."""

    def stamp(digest: bytes) -> bytes:
        answer = read_response(age.first.tsa_respond(request(digest, "sha256", nonce=1), age.now))
        assert answer.token is not None
        return answer.token

    if kind == "ers":
        return record_file(stamp)
    sealed = b""
    if level is not None:
        asked = verbs.order(
            BytesContent(charter.statement(LOG.key)), age.first.identity("town"), "jades", level,  # type: ignore[arg-type]
            None if level == "B-B" else f"{FIRST}/tsr", True, {"policy": policy()}, age.trust,
        )  # fmt: skip
        sealed = bytes(run(verbs.seal(asked), age.world))
    return proof_file(sealed, stamp if dated else None)


def contents(kind: str) -> Contents:
    return RECEIPT if kind == "proof" else OPENING


def renewed(age: Age, data: bytes, kind: str, digest: str | None = None, **options: Any) -> Signed:
    tsa = f"{FIRST if age.second is None else SECOND}/tsr"
    given = {"digest": digest, "policy": policy(), **options}
    steps = verbs.augment(data, contents(kind), "B-LTA", age.trust, tsa, True, given)  # type: ignore[arg-type]
    found = run(steps, age.world)
    assert isinstance(found, Signed)
    return found


def verdict(age: Age, data: bytes, kind: str) -> Report:
    return run(verbs.gathering(data, contents(kind), age.trust, policy(), age.now), age.world)


class Life(NamedTuple):
    """Reports by date, the files after each renewal, and the renewals that were refused."""

    reports: dict[str, Report]
    files: dict[str, Signed]
    refused: tuple[str, ...]


@lru_cache
def life(kind: str, dropped: str = "") -> Life:
    age = Age()
    data = made(age, kind)
    reports: dict[str, Report] = {}
    files: dict[str, Signed] = {}
    refused = []
    for date in sorted((*DATES, *RENEWALS)):
        age.go(day(date))
        if date in RENEWALS and date != dropped:
            try:
                files[date] = renewed(age, data, kind, RENEWALS[date])
                data = bytes(files[date])
            except NotVerified as error:
                refused.append(f"{date} {error.code}")
        reports[date] = verdict(age, data, kind)
    return Life(reports, files, tuple(refused))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("date", DATES[1:])
def test_renewed_in_time_it_passes(kind: str, date: str) -> None:
    report = life(kind).reports[date]
    assert report.indication == ("TOTAL-PASSED" if kind == "proof" else "PASSED"), report
    (record,) = report.evidence_records
    assert record.proven_at == day("2026-11-01")
    if kind == "proof":
        assert report.log is not None
        assert report.log.logged_since == day("2026-11-01")
        assert report.log.matched is True
        assert report.log.vouched_by == "charter"
        ended = [finding.level for finding in report.findings if finding.code == "proof.digest-ended"]
        assert ended == (["warn"] if date >= "2045" else [])


def test_both_kinds_of_renewal_took_place() -> None:
    (record,) = life("ers").reports["2050-01-01"].evidence_records
    assert [len(chain) for chain in record.chains] == [2, 1]
    assert record.facts.algorithms == ("sha256", "sha512")
    (record,) = life("proof").reports["2050-01-01"].evidence_records
    assert [len(chain) for chain in record.chains] == [2, 1]
    (seal,) = life("proof").reports["2050-01-01"].signatures
    assert seal.level == "B-LTA"
    assert [item.token.imprint_algorithm for item in seal.timestamps] == ["sha256", "sha256", "sha256", "sha512"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("dropped", "last", "first"),
    [("2035-06-01", "2027-06-01", "2037-06-01"), ("2041-06-01", "2036-09-01", "2043-06-01")],
)
def test_a_dropped_renewal_flips_the_verdict(kind: str, dropped: str, last: str, first: str) -> None:
    found = life(kind, dropped)
    assert found.reports[last].indication in ("TOTAL-PASSED", "PASSED")
    for date in (date for date in DATES if date >= first):
        report = found.reports[date]
        assert report.indication == "INDETERMINATE", report
        assert report.evidence_records[0].indication == "INDETERMINATE"
        assert report.log is None or report.log.logged_since is None
        assert report.valid_until is None
    assert found.refused == tuple(f"{date} augment.not-verified" for date in RENEWALS if date > first)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_handed_out_says_until_when_it_lasts(kind: str) -> None:
    files = life(kind).files
    for date, file in files.items():
        until = file.report.valid_until
        assert (file.format, file.level, file.reason) == (kind, "B-LTA", None)
        assert until is not None
        assert file.report.simulate(until).indication in ("TOTAL-PASSED", "PASSED"), date
        after = file.report.simulate(until + timedelta(microseconds=1))
        assert after.indication == "INDETERMINATE"
        assert file.report.lapse is not None
    ends = [file.report.valid_until for file in files.values()]
    assert ends == sorted(ends)
    assert ends[-1] > day("2049-12-01")


def test_a_proof_stays_in_its_one_form_and_changes_in_two_members() -> None:
    first, second = (read_proof(bytes(file)) for file in life("proof").files.values())
    assert write_proof(second) == bytes(life("proof").files["2041-06-01"])
    assert second._replace(record=first.record, charter=first.charter) == first
    assert second.record != first.record
    assert second.charter is not None
    assert first.charter is not None
    assert len(second.charter) > len(first.charter)


def test_a_charter_at_b_b_lasts_as_long_as_its_seal_until_it_is_augmented() -> None:
    """The certificate of the town's seal expires after three years."""
    age = Age()
    data = made(age, "proof", level="B-B")
    file = renewed(age, data, "proof")
    assert verdict(age, data, "proof").valid_until < day("2030-01-01")
    assert file.report.valid_until > day("2034-01-01")
    age.go(day("2031-01-01"))
    assert verdict(age, data, "proof").indication == "INDETERMINATE"
    assert verdict(age, bytes(file), "proof").indication == "TOTAL-PASSED"
    with pytest.raises(NotVerified) as caught:
        renewed(age, data, "proof")
    assert caught.value.code == "augment.not-verified"


def test_a_proof_that_nothing_dates_is_dated() -> None:
    age = Age()
    file = renewed(age, made(age, "proof", dated=False), "proof")
    assert file.report.log.logged_since == age.now
    assert file.report.signatures[0].level == "B-LTA"


@pytest.mark.parametrize("level", [None, "B-B"])
def test_where_trust_names_the_log_its_charter_is_left_alone_once_lapsed(level: str | None) -> None:
    age = Age()
    data = made(age, "proof", level=level)
    age.go(day("2031-01-01"))
    with pytest.raises(NotVerified) as caught:
        renewed(age, data, "proof")
    assert caught.value.code == "augment.not-verified"
    trust = age.trust.with_logs(TrustedLog(LOG.key.text))
    steps = verbs.augment(data, RECEIPT, "B-LTA", trust, f"{FIRST}/tsr", True, {"policy": policy(), "digest": "sha256"})
    file = run(steps, age.world)
    assert file.report.log.vouched_by == "trust"
    assert file.report.log.logged_since == day("2026-11-01")
    assert read_proof(bytes(file)).charter == read_proof(data).charter
    (record,) = file.report.evidence_records
    assert file.report.valid_until == record.valid_until
    assert record.valid_until is not None
    later = file.report.simulate(record.valid_until + timedelta(microseconds=1))
    assert later.log.logged_since is None


def test_the_digest_follows_the_policy_and_the_record() -> None:
    age = Age()
    file = renewed(age, made(age, "ers"), "ers")
    assert file.report.evidence_records[0].facts.algorithms == ("sha256", "sha384"), "the policy ends SHA-256"
    again = renewed(age, bytes(file), "ers")
    assert [len(chain) for chain in again.report.evidence_records[0].chains] == [1, 2], "the record keeps its own"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("level", "options"), [("B-T", {}), ("B-LT", {}), ("B-LTA", {"signatures": {"signature-1"}})])
def test_it_is_renewed_as_a_whole(kind: str, level: str, options: dict[str, Any]) -> None:
    age = Age()
    steps = verbs.augment(made(age, kind), contents(kind), level, age.trust, f"{FIRST}/tsr", True, options)  # type: ignore[arg-type]
    with pytest.raises(MisuseError) as caught:
        run(steps, age.world)
    assert caught.value.code == "augment.whole"


def test_a_record_without_its_data_is_refused_before_any_work() -> None:
    age = Age()
    steps = verbs.augment(made(age, "ers"), NO_CONTENTS, "B-LTA", age.trust, f"{FIRST}/tsr", True, {})
    with pytest.raises(MisuseError) as caught:
        run(steps, age.world)
    assert caught.value.code == "ers.content"
    assert caught.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_of_something_else_nothing_is_renewed(kind: str) -> None:
    age = Age()
    other = Contents(BytesContent(b'{"another": "receipt"}', "other"))
    steps = verbs.augment(made(age, kind), other, "B-LTA", age.trust, f"{FIRST}/tsr", True, {})
    with pytest.raises(NotVerified) as caught:
        run(steps, age.world)
    assert caught.value.report.indication in ("TOTAL-FAILED", "FAILED")
    assert failing(caught.value.report)


def hostile(age: Age) -> Iterator[tuple[str, bytes]]:
    """Files that claim to be what augment renews."""
    record = made(age, "ers")
    proof = read_proof(made(age, "proof"))
    assert proof.record is not None
    assert proof.charter is not None
    for name, octets in (("nothing", b"\0"), ("JSON", b"{}"), ("a seal", proof.charter), ("another's record", record)):
        yield f"proof with {name} as record", write_proof(proof._replace(record=octets))
        yield f"proof with {name} as charter", write_proof(proof._replace(charter=octets + b"{"))
    for at in (30, len(proof.record) // 2, len(proof.record) - 40):
        broken = bytearray(proof.record)
        broken[at] ^= 1
        yield f"proof with its record altered at {at}", write_proof(proof._replace(record=bytes(broken)))
    yield "proof cut short", write_proof(proof)[:-1]
    yield "record cut short", record[:-1]
    yield "record with more after it", record + b"\0"
    yield "record with an altered token", record[:-40] + bytes(40)


def test_what_is_wrong_is_refused_by_name_and_never_handed_out() -> None:
    age = Age()
    for name, data in hostile(age):
        kind = "proof" if name.startswith("proof") else "ers"
        with pytest.raises(TrustError) as caught:
            renewed(age, data, kind)
        assert caught.value.code.startswith(("augment.", "proof.", "ers.", "json.", "asn1.", "tsp.")), (
            name,
            caught.value,
        )
