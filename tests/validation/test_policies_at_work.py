"""The shipped policies and other catalogues, as the judge applies them to signatures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from judging_town import NOW, SECOND, codes, failing, outcome, revocation, sign, stamp, trust, verify

from toyono_trust.core.findings import table
from toyono_trust.core.limits import Work
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, Note
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Catalogue, Policy
from toyono_trust.validation.report import Report

HOUR = timedelta(hours=1)
STRICT, ARCHIVE = Policy.named("strict"), Policy.named("archive")
PASSED = ("TOTAL-PASSED", None)


def strictly(signed: bytes, *, at: datetime = NOW + HOUR, store: TrustStore | None = None) -> Report:
    return verify(signed, store, at=at, rules=STRICT)


@pytest.mark.parametrize("format", ["jades", "cades"])
@pytest.mark.parametrize("name", ["town", "resident", "p384", "ed25519"])
def test_what_is_made_well_passes_strictly(format: str, name: str) -> None:
    report = strictly(stamp(sign(name, format=format), NOW + SECOND, format=format))
    assert outcome(report) == PASSED
    assert not codes(report, "warn") - {"algorithm.transitional"}


def test_strict_wants_a_proven_time() -> None:
    report = strictly(sign())
    assert outcome(report) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert "policy.level" in failing(report)


def test_strict_wants_a_time_stamp_within_a_day() -> None:
    stamped = stamp(sign(), NOW + timedelta(days=2))
    fresh = trust(*revocation(NOW + timedelta(days=2)))
    report = strictly(stamped, at=NOW + timedelta(days=2, hours=1), store=fresh)
    assert outcome(report) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert failing(report) == {"signature.timestamp-late"}


def test_strict_wants_somebody_answerable() -> None:
    report = strictly(stamp(sign("sensor"), NOW + SECOND))
    assert outcome(report) == ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
    assert failing(report) == {"policy.kind"}


def test_strict_wants_young_revocation_data() -> None:
    later = NOW + timedelta(days=3)
    stamped = stamp(sign(claimed=later), later)
    report = strictly(stamped, at=later + HOUR)
    assert outcome(report) == ("INDETERMINATE", "TRY_LATER")
    assert "revocation.stale" in failing(report)
    assert outcome(verify(stamped, at=later + HOUR)) == PASSED


def facts_with(note: Note) -> Facts:
    """A signature as it is read, with a further note of its reader."""
    facts = registry.read(stamp(sign(), NOW + SECOND), Contents(None), Work())
    (signature,) = facts.signatures
    return facts._replace(signatures=(signature._replace(notes=(*signature.notes, note)),))


READERS = ("cms.", "jades.", "jws.", "pdf.changes.")


@pytest.mark.parametrize(
    "code", [code for code, level in STRICT.levels_of_findings.items() if code.startswith(READERS) and level == "fail"]
)
def test_what_strict_raises_decides(code: str) -> None:
    facts = facts_with(Note(code))
    assert outcome(judge(facts, Policy.default(), trust(), NOW + HOUR, Work())) == PASSED
    report = judge(facts, STRICT, trust(), NOW + HOUR, Work())
    assert report.indication == "INDETERMINATE"
    assert failing(report) == {code}


@pytest.mark.parametrize("code", [code for code, level in ARCHIVE.levels_of_findings.items() if level == "inform"])
def test_what_the_archive_lowers_was_a_warning(code: str) -> None:
    assert table()[code].level == "warn"


def test_the_archive_takes_what_is_no_ades() -> None:
    assert outcome(verify(sign(), at=NOW + HOUR, rules=ARCHIVE)) == PASSED
    facts = facts_with(Note("jws.claim-not-enforced", "exp"))
    (signature,) = facts.signatures
    plain = facts._replace(signatures=(signature._replace(format="JWS", level=None),))
    assert outcome(judge(plain, ARCHIVE, trust(), NOW + HOUR, Work())) == PASSED
    report = judge(plain, STRICT, trust(), NOW + HOUR, Work())
    assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert failing(report) == {"policy.format", "policy.level"}


def test_another_catalogue_ends_what_the_shipped_one_does_not() -> None:
    head = 'name = "House"\ndate = 2026-01-01\n[families]\n'
    ended = Catalogue.parse(head + "ecdsa = [{ bits = 256, end = 2026-11-01 }]")
    listed = Catalogue.parse(head + 'ecdsa = [{ bits = 256, end = "open" }]')
    signed = sign()
    for catalogue, code in (
        (["TS 119 312", ended], "algorithm.expired"),
        (["TS 119 312", listed], None),
        ([listed], "algorithm.not-accepted"),  # SHA-256 stands nowhere
    ):
        report = verify(signed, at=NOW + HOUR, rules=Policy.named("default", catalogue=catalogue))
        assert failing(report) == (set() if code is None else {code})


def test_a_kept_verdict_is_not_used_under_another_catalogue() -> None:
    store = trust()
    assert outcome(verify(sign(), store, at=NOW + HOUR)) == PASSED
    barred = Catalogue.parse('name = "House"\ndate = 2026-01-01\n[families]\necdsa = [{ bits = 256, end = "never" }]')
    rules = Policy.named("default", catalogue=["TS 119 312", barred])
    assert outcome(verify(sign(), store, at=NOW + HOUR, rules=rules))[0] == "INDETERMINATE"
