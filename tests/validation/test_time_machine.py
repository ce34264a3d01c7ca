"""A contract sealed in 2026 and renewed in time verifies until 2057; without any one renewal it does not."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import pytest
from lasting_town import Age, day, failing, renewed, sealed, verdict

from toyono_trust.validation.report import NotVerified, Report

FORMATS = ("jades", "cades", "pades")
RENEWALS = {"2035-06-01": "sha256", "2041-06-01": "sha512", "2049-06-01": "sha512"}
"""Before the first TSA's certificate expires (2036); before SHA-256 ends (2045), with the next generation; before that
one's TSA's certificate expires (2050)."""
DATES = ("2027-06-01", "2033-06-01", "2036-09-01", "2037-06-01", "2041-12-01", "2043-06-01", "2046-06-01", "2049-12-01")
DATES += ("2051-06-01", "2057-06-01", "2059-06-01")
PASSED = ("TOTAL-PASSED", None)


class Life(NamedTuple):
    """What became of one archive: its report at each date, and the renewals that were refused."""

    reports: dict[str, Report]
    refused: tuple[str, ...]


@lru_cache
def life(format: str, dropped: str = "") -> Life:
    """The archive through all dates, with all renewals but one."""
    age = Age()
    signed = sealed(age, format)
    reports, refused = {}, []
    for date in sorted((*DATES, *RENEWALS)):
        age.go(day(date))
        if date in RENEWALS and date != dropped:
            try:
                signed = bytes(renewed(age, signed, RENEWALS[date]))
            except NotVerified as error:
                refused.append(f"{date} {error.code}")
        reports[date] = verdict(age, signed)
    return Life(reports, tuple(refused))


def outcome(report: Report) -> tuple[str, str | None]:
    return report.indication, report.sub_indication


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("date", DATES[:-1])
def test_renewed_in_time_it_passes(format: str, date: str) -> None:
    report = life(format).reports[date]
    assert outcome(report) == PASSED, report
    (signature,) = report.signatures
    assert signature.level == "B-LTA"
    assert signature.best_signature_time == day("2026-11-01")
    assert signature.proof is not None
    assert signature.proof.by == signature.timestamps[0].id
    assert {item.indication for item in signature.timestamps} == {"PASSED"}


@pytest.mark.parametrize("format", FORMATS)
def test_what_passes_only_by_the_past_says_so(format: str) -> None:
    reports = life(format).reports
    past = {date: [item.past for item in reports[date].signatures[0].timestamps] for date in DATES}
    assert past["2033-06-01"] == [False, False]
    assert past["2037-06-01"] == [True, True, False]
    assert past["2043-06-01"] == [True, True, True, False]
    assert past["2051-06-01"] == [True, True, True, True, False]
    codes = {finding.code for finding in reports["2051-06-01"].all_findings()}
    assert "past.passed" in codes
    assert failing(reports["2051-06-01"]) == set()


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_lasts_without_another_renewal(format: str) -> None:
    """The last TSA's certificate ends in January 2058."""
    report = life(format).reports["2059-06-01"]
    assert report.indication == "INDETERMINATE"
    newest = report.signatures[0].timestamps[-1]
    assert newest.sub_indication == "OUT_OF_BOUNDS_NO_POE", "nobody speaks of it after its end"
    assert newest.decisive is not None
    assert newest.decisive.code == "certificate.expired"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("dropped", "last", "first", "sub", "code"),
    [
        ("2035-06-01", "2036-09-01", "2037-06-01", "OUT_OF_BOUNDS_NO_POE", "certificate.expired"),
        ("2041-06-01", "2041-12-01", "2043-06-01", "REVOKED_CA_NO_POE", "revocation.ca-revoked"),
        ("2049-06-01", "2049-12-01", "2051-06-01", "OUT_OF_BOUNDS_NO_POE", "certificate.expired"),
    ],
)
def test_a_dropped_renewal_flips_the_verdict(
    format: str, dropped: str, last: str, first: str, sub: str, code: str
) -> None:
    reports, refused = life(format, dropped)
    assert outcome(reports[last]) == PASSED
    assert reports[first].indication == "INDETERMINATE"
    newest = max(reports[first].signatures[0].timestamps, key=lambda item: item.token.generated_at)
    assert (newest.indication, newest.sub_indication) == ("INDETERMINATE", sub)
    assert code in {finding.code for finding in newest.findings if finding.level == "fail"}
    assert all(reports[date].indication == "INDETERMINATE" for date in DATES if date >= first)
    lapsed = tuple(f"{date} augment.not-verified" for date in RENEWALS if date > first)
    assert refused == lapsed, "what has lapsed cannot be renewed"


@pytest.mark.parametrize("format", FORMATS)
def test_without_the_stronger_stamp_the_end_of_sha256_ends_it(format: str) -> None:
    report = life(format, "2041-06-01").reports["2046-06-01"]
    assert "algorithm.expired" in failing(report)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
def test_valid_until_says_when_to_renew(format: str, level: str) -> None:
    age = Age()
    report = verdict(age, sealed(age, format, level))
    assert outcome(report) == PASSED
    assert report.valid_until is not None
    assert report.lapse is not None
    assert report.lapse.code == "certificate.expired"
    assert report.valid_until.date().isoformat() == "2036-10-29", "the TSA's certificate ends"
    assert outcome(report.simulate(report.valid_until)) == PASSED
    after = report.simulate(report.valid_until.replace(year=2037))
    assert after.indication == "INDETERMINATE"
    assert after.simulated_from == report.validated_at


@pytest.mark.parametrize("format", FORMATS)
def test_a_renewed_archive_says_until_when(format: str) -> None:
    report = life(format).reports["2049-12-01"]
    assert report.valid_until is not None
    assert report.valid_until.date().isoformat() == "2058-01-07"
    assert outcome(report.simulate(report.valid_until)) == PASSED
