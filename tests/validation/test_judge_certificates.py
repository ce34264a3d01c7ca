"""X.509 validation inside basic validation (EN 319 102-1 5.2.6, 5.3): each cause alone, with its exact indication."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from judging_town import (
    DAY,
    NOW,
    SECOND,
    YEAR,
    anchored,
    failing,
    outcome,
    revocation,
    sign,
    stamp,
    town,
    trust,
    verify,
)

from toyono_trust.devpki import Identity, Town
from toyono_trust.devpki.issue import generate_key, issue
from toyono_trust.devpki.profiles import PROFILES
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.render import text

PASSED = ("TOTAL-PASSED", None)
GENERAL = ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE")
NO_CHAIN = ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
LATER = ("INDETERMINATE", "TRY_LATER")
WEAK = ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")


class Case(NamedTuple):
    """One signature without time stamps, at one time."""

    expected: tuple[str, str | None]
    codes: set[str]
    signer: str = "town"
    store: Any = trust
    at: datetime = NOW
    rules: str = ""
    claimed: datetime | None = NOW


CASES = {
    "sound": Case(PASSED, set()),
    "sound, natural person": Case(PASSED, set(), "resident"),
    "sound, device": Case(PASSED, set(), "sensor"),
    "sound, web site": Case(PASSED, set(), "web"),
    "sound, unknown kind": Case(PASSED, set(), "unknown-kind"),
    "sound, Ed25519": Case(PASSED, set(), "ed25519"),
    "sound, RSA": Case(PASSED, set(), "rsa-2048"),
    "no data needed, validityAssured": Case(PASSED, set(), "validity-assured", lambda: trust(revocation()[0])),
    "no data needed, noRevAvail": Case(PASSED, set(), "no-rev-avail", lambda: trust(revocation()[0])),
    "expired, status unknown": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"), {"certificate.expired"}, "expired", claimed=NOW - 100 * DAY
    ),
    "expired, known good": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        {"certificate.expired"},
        "expired",
        lambda: trust(*revocation(NOW - 60 * DAY)),
        claimed=NOW - 100 * DAY,
    ),
    "expired, nobody asks for its revocation": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        {"certificate.expired"},
        "expired",
        rules='[revocation]\nmode = "ignore"',
        claimed=NOW - 100 * DAY,
    ),
    "expired, no data needed": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"), {"certificate.expired"}, "validity-assured", at=NOW + 2 * DAY
    ),
    "not yet valid": Case(
        ("TOTAL-FAILED", "NOT_YET_VALID"),
        {"certificate.not-yet-valid", "signature.before-certificate"},
        "not-yet-valid",
        claimed=NOW + 31 * DAY,
        rules='[findings]\nsignature.time-in-future = "ignore"',
    ),
    "revoked": Case(
        ("INDETERMINATE", "REVOKED_NO_POE"),
        {"revocation.revoked"},
        "revoked",
        lambda: trust(*revocation(revoked={"revoked": (NOW - 10 * DAY, "key_compromise")})),
    ),
    "revoked at this instant": Case(
        ("INDETERMINATE", "REVOKED_NO_POE"),
        {"revocation.revoked"},
        store=lambda: trust(*revocation(revoked={"town": (NOW, "superseded")})),
    ),
    "revoked from tomorrow on": Case(
        PASSED, set(), store=lambda: trust(*revocation(revoked={"town": (NOW + DAY, "superseded")}))
    ),
    "CA revoked": Case(
        ("INDETERMINATE", "REVOKED_CA_NO_POE"),
        {"revocation.ca-revoked"},
        store=lambda: trust(*revocation(revoked={"ca": (NOW - DAY, "key_compromise")})),
    ),
    "leaf decides before its CA": Case(
        ("INDETERMINATE", "REVOKED_NO_POE"),
        {"revocation.revoked", "revocation.ca-revoked"},
        store=lambda: trust(
            *revocation(revoked={"town": (NOW - DAY, "superseded"), "ca": (NOW - DAY, "key_compromise")})
        ),
    ),
    "an expired leaf decides before its revoked CA": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        {"certificate.expired", "revocation.ca-revoked"},
        "expired",
        lambda: trust(*revocation(NOW - 60 * DAY, revoked={"ca": (NOW - 61 * DAY, "key_compromise")})),
        claimed=NOW - 100 * DAY,
    ),
    "on hold": Case(
        LATER,
        {"revocation.on-hold"},
        store=lambda: trust(*revocation(revoked={"town": (NOW - DAY, "certificate_hold")})),
    ),
    "no CRL": Case(
        GENERAL, {"revocation.missing"}, store=lambda: TrustStore.from_certificates([town().root.der], [town().ca.der])
    ),
    "no CRL of the CA alone": Case(GENERAL, {"revocation.missing"}, store=lambda: trust(revocation()[0])),
    "no CRL, if available": Case(
        PASSED, set(), store=lambda: trust(revocation()[0]), rules='[revocation]\nmode = "if-available"'
    ),
    "revoked, if available": Case(
        ("INDETERMINATE", "REVOKED_NO_POE"),
        {"revocation.revoked"},
        store=lambda: trust(*revocation(revoked={"town": (NOW - DAY, "superseded")})),
        rules='[revocation]\nmode = "if-available"',
    ),
    "revoked, ignored": Case(
        PASSED,
        set(),
        store=lambda: trust(*revocation(revoked={"town": (NOW - DAY, "superseded")})),
        rules='[revocation]\nmode = "ignore"',
    ),
    "stale CRL": Case(LATER, {"revocation.stale"}, at=NOW + YEAR + SECOND),
    "CRL good to the last second": Case(PASSED, set(), at=NOW + YEAR),
    "stale CRL, if available": Case(
        LATER, {"revocation.stale"}, at=NOW + YEAR + SECOND, rules='[revocation]\nmode = "if-available"'
    ),
    "CRL older than the policy allows": Case(
        LATER, {"revocation.stale"}, at=NOW + 2 * DAY, rules="[revocation]\nmax_age_hours = 24"
    ),
    "future CRL": Case(GENERAL, {"revocation.unusable"}, store=lambda: trust(*revocation(NOW + DAY))),
    "wrong usage": Case(("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"), {"certificate.key-usage"}, "wrong-usage"),
    "weak key": Case(WEAK, {"algorithm.expired"}, "weak-key"),
    "signed by a TSA": Case(
        ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"), {"policy.kind", "certificate.extended-key-usage"}, "tsa"
    ),
    "no anchors": Case(NO_CHAIN, {"trust.no-anchors"}, store=TrustStore.empty),
    "another root": Case(
        NO_CHAIN,
        {"path.no-anchor"},
        store=lambda: TrustStore.from_certificates([town().identity("web").certificate.der]),
    ),
    "anchor for another purpose": Case(NO_CHAIN, {"path.anchor-purpose"}, store=lambda: anchored(purposes=["website"])),
    "anchor for this purpose": Case(PASSED, set(), store=lambda: anchored(purposes=["seal"])),
    "anchor past its sunset": Case(
        ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"),
        {"path.anchor-sunset"},
        store=lambda: anchored(until=NOW),
    ),
    "anchor just before its sunset": Case(PASSED, set(), store=lambda: anchored(until=NOW + SECOND)),
    "anchor not yet": Case(NO_CHAIN, {"path.anchor-not-yet"}, store=lambda: anchored(since=NOW + SECOND)),
    "kind barred": Case(
        ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"),
        {"policy.kind"},
        rules='[signature]\nkinds = ["natural-person"]',
    ),
    "level barred": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"), {"policy.level"}, rules='[signature]\nlevels = ["B-T"]'
    ),
    "format barred": Case(
        ("TOTAL-FAILED", "FORMAT_FAILURE"), {"policy.format"}, rules='[signature]\nformats = ["CAdES"]'
    ),
    "digest barred": Case(WEAK, {"algorithm.not-accepted"}, rules='[algorithms]\ndigests = ["sha512"]'),
    "family ended by the policy": Case(WEAK, {"algorithm.expired"}, rules="[algorithms.expires]\necdsa = 2026-11-01"),
    "family ends tomorrow": Case(PASSED, set(), rules="[algorithms.expires]\necdsa = 2026-11-02"),
    "claimed before the certificate": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"), {"signature.time-outside-certificate"}, claimed=NOW - 2 * DAY
    ),
    "claimed after the certificate": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"), {"signature.time-outside-certificate"}, claimed=NOW + 4 * YEAR
    ),
    "claimed in the future only warns": Case(PASSED, set(), claimed=NOW + DAY),
    "delay without a stamp": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        {"signature.timestamp-late"},
        at=NOW + DAY,
        rules="[time]\ntimestamp_delay_seconds = 3600",
    ),
    "delay without a stamp, in time": Case(PASSED, set(), rules="[time]\ntimestamp_delay_seconds = 3600"),
    "the signature's own error wins over its certificate's": Case(
        ("TOTAL-FAILED", "FORMAT_FAILURE"),
        {"policy.format", "trust.no-anchors"},
        store=TrustStore.empty,
        rules='[signature]\nformats = ["CAdES"]',
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("format", ["jades", "cades"])
def test_case(name: str, format: str) -> None:
    case = CASES[name]
    rules = case.rules.replace("CAdES", "JAdES") if format == "cades" else case.rules
    report = verify(sign(case.signer, format=format, claimed=case.claimed), case.store(), case.at, rules=rules)
    assert outcome(report) == case.expected, list(report.all_findings())
    if (case.codes, case.expected[0]) != (set(), "TOTAL-PASSED"):
        assert case.codes <= failing(report)
        assert failing(report) <= case.codes | {"algorithm.expired", "algorithm.not-accepted"}
        assert report.decisive is not None
        assert report.decisive.sub_indication == case.expected[1]
    else:
        assert failing(report) == set()
    assert report.signatures[0].signature_intact is True


def test_missing_data_says_how_to_supply_it() -> None:
    report = verify(sign(), trust(revocation()[0]))
    assert report.decisive is not None
    assert "revocation/" in report.decisive.remedy


def test_a_leaf_that_is_an_anchor_needs_no_revocation_data() -> None:
    leaf = town().identity("town").certificate
    store = TrustStore.from_certificates([leaf.der])
    report = verify(sign(), store)
    assert outcome(report) == PASSED
    assert report.signatures[0].chain == (leaf,)
    expired = verify(sign(), store, leaf.not_after + SECOND)
    assert outcome(expired) == ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED")
    stamped = stamp(sign(), NOW)
    both = TrustStore.from_certificates([leaf.der, town().root.der], [town().ca.der], revocation(leaf.not_after))
    assert outcome(verify(stamped, both, leaf.not_after + SECOND)) == PASSED


def test_a_certificate_until_the_end_of_time_is_no_error() -> None:
    """RFC 5280 4.1.2.5: 99991231235959Z stands for no end; adding a skew to it would leave the calendar."""
    key = generate_key("p256")
    profile = PROFILES["sensor"]._replace(end=(datetime(9999, 12, 31, 8) - datetime(2026, 11, 1, 9)).days)
    certificate = Certificate.load(issue(profile, key.public_key(), None, key, NOW, "http://127.0.0.1"))
    assert certificate.not_after.year == 9999
    store = TrustStore.from_certificates([certificate.der])
    report = verify(sign(identity=Identity("endless", certificate, (), key)), store)
    assert outcome(report) == PASSED
    assert report.valid_until is not None
    assert "9999" in text(report, zone=timezone(timedelta(hours=14)))


def test_of_several_paths_the_useful_reason_is_told() -> None:
    """A path with a revoked leaf says more than one through a certificate that did not sign it."""
    stranger = Town.create(NOW, clock=lambda: NOW)
    store = TrustStore.from_certificates(
        [town().root.der, stranger.root.der],
        [stranger.ca.der, town().ca.der],
        revocation(revoked={"town": (NOW - DAY, "superseded")}),
    )
    assert outcome(verify(sign(), store)) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_what_is_odd_about_the_signing_certificate_is_said() -> None:
    report = verify(sign("wrong-number"))
    assert outcome(report) == PASSED
    assert "certificate.houjin-bangou-check-digit" in {item.code for item in report.signatures[0].findings}
    raised = verify(sign("wrong-number"), rules='[findings]\n"certificate.houjin-bangou-check-digit" = "fail"')
    assert outcome(raised) == ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
