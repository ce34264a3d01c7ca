"""Files with parallel and counter-signatures, archived in 2026 and renewed in time: all of them pass for decades."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from lasting_town import CONTENTS, FIRST, Age, day, failing, policy, renewed, sealed, verdict

from toyono_trust import verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.sources import delivered
from toyono_trust.steps import run
from toyono_trust.validation.report import NotVerified, Report, SignatureReport

FORMATS = ("jades", "cades")
RENEWALS = {"2035-06-01": "sha256", "2041-06-01": "sha512", "2049-06-01": "sha512"}
DATES = ("2027-06-01", "2033-06-01", "2037-06-01", "2043-06-01", "2051-06-01", "2057-06-01")
PASSED = "TOTAL-PASSED"


def added(age: Age, signed: bytes, name: str, format: Any, level: str = "B-B", **options: Any) -> bytes:
    """One more signature by the first town's identity, at the present."""
    tsa = None if level == "B-B" else f"{FIRST}/tsr"
    asked = verbs.order(
        BytesContent(signed), age.first.identity(name), format, level, tsa, True, {"policy": policy(), **options},
        age.trust if level in ("B-LT", "B-LTA") else None,
    )  # fmt: skip
    return bytes(delivered(run(verbs.sign(asked), age.world), None))


def every(signatures: tuple[SignatureReport, ...]) -> Iterator[SignatureReport]:
    for item in signatures:
        yield item
        yield from every(item.counter_signatures)


def outcomes(report: Report) -> list[str]:
    return [item.indication for item in every(report.signatures)]


def alone(age: Age, format: Any) -> bytes:
    """A seal of the town at B-B."""
    content = BytesContent(CONTENTS[format])
    made = verbs.order(content, age.first.identity("town"), format, "B-B", None, False, {"policy": policy()})
    return bytes(delivered(run(verbs.seal(made), age.world), None))


def council(age: Age, format: Any) -> bytes:
    """Two signatures beside each other, one countersigned with a time stamp, and that one again without."""
    made = added(age, alone(age, format), "resident", format, "B-T", parallel=True)
    chosen = verdict(age, made).signatures[0].id
    made = added(age, made, "bus", format, "B-T", countersigns=chosen)
    counter = next(each.id for item in verdict(age, made).signatures for each in item.counter_signatures)
    return added(age, made, "sensor", format, countersigns=counter)


@lru_cache
def life(format: str, dropped: str = "") -> dict[str, Report]:
    """The report at each date; all signatures are archived at once in 2026, and renewed but for one time."""
    age = Age()
    signed = bytes(renewed(age, council(age, format)))
    reports = {}
    for date in sorted((*DATES, *RENEWALS)):
        age.go(day(date))
        if date in RENEWALS and date != dropped:
            try:
                signed = bytes(renewed(age, signed, RENEWALS[date]))
            except NotVerified:
                assert dropped
        reports[date] = verdict(age, signed)
    return reports


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("date", DATES)
def test_every_signature_passes(format: str, date: str) -> None:
    report = life(format)[date]
    assert outcomes(report) == [PASSED] * 4, str(report)
    assert [item.level for item in report.signatures] == ["B-LTA", "B-LTA"]
    for item in every(report.signatures):
        assert item.proof is not None
        assert item.proof.time.date().isoformat() == "2026-11-01"
    assert failing(report) == set()
    assert "signature.counter-broken" not in {finding.code for finding in report.all_findings()}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("dropped", "last", "first"),
    [
        ("2035-06-01", "2033-06-01", "2037-06-01"),
        ("2041-06-01", "2037-06-01", "2043-06-01"),
        ("2049-06-01", "2043-06-01", "2051-06-01"),
    ],
)
def test_a_dropped_renewal_ends_all_of_them(format: str, dropped: str, last: str, first: str) -> None:
    reports = life(format, dropped)
    assert outcomes(reports[last]) == [PASSED] * 4
    assert PASSED not in outcomes(reports[first])


@pytest.mark.parametrize("format", FORMATS)
def test_what_joins_an_archive_counts_from_its_next_renewal(format: str) -> None:
    """Added to a file at B-LTA: no time stamp of before breaks, and the next renewal covers what was added."""
    age = Age()
    signed = sealed(age, format)
    age.go(day("2027-02-01"))
    signed = added(age, signed, "bus", format, countersigns=True)
    signed = added(age, signed, "resident", format, "B-LTA", parallel=True)
    report = verdict(age, signed)
    assert outcomes(report) == [PASSED] * 3
    assert all(token.indication == "PASSED" for item in every(report.signatures) for token in item.timestamps)
    (counter,) = [each for item in report.signatures for each in item.counter_signatures]
    assert counter.proof is None or counter.proof.time == age.now
    signed = bytes(renewed(age, signed))
    age.go(day("2035-06-01"))
    signed = bytes(renewed(age, signed))
    age.go(day("2038-06-01"))
    report = verdict(age, signed)
    assert outcomes(report) == [PASSED] * 3
    (counter,) = [each for item in report.signatures for each in item.counter_signatures]
    assert counter.certificate is not None
    assert counter.certificate.not_after < age.now
    assert counter.proof is not None
    assert counter.proof.time.date().isoformat() == "2027-02-01"


@pytest.mark.parametrize("format", FORMATS)
def test_a_counter_signature_at_b_lta_lasts_with_its_carrier(format: str) -> None:
    age = Age()
    signed = added(age, alone(age, format), "bus", format, "B-LTA", countersigns=True)
    report = verdict(age, signed)
    assert outcomes(report) == [PASSED] * 2
    assert report.signatures[0].level == "B-LTA"
    age.go(day("2034-06-01"))
    report = verdict(age, signed)
    assert outcomes(report) == [PASSED] * 2
    assert all(
        item.certificate is not None and item.certificate.not_after < age.now for item in every(report.signatures)
    )
