"""Time stamps (EN 319 102-1 5.4) and what they prove about a signature (5.5, best-signature-time)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import pytest
from judging_town import (
    DAY,
    NOW,
    PAYLOAD,
    SECOND,
    YEAR,
    anchored,
    codes,
    failing,
    outcome,
    revocation,
    sha256,
    sign,
    stamp,
    token,
    town,
    trust,
    verify,
)

from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MisuseError
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.report import Report

PASSED = ("TOTAL-PASSED", None)
STAMPED = NOW + DAY
LATER = NOW + 10 * DAY


def revoked(name: str, since: datetime, reason: str = "superseded", at: datetime = LATER) -> Any:
    return lambda: trust(*revocation(at, revoked={name: (since, reason)}))


class Case(NamedTuple):
    """One B-T signature of ``NOW``, stamped at ``STAMPED``, judged later."""

    expected: tuple[str, str | None]
    codes: frozenset[str] | set[str] = frozenset()
    store: Any = trust
    at: datetime = LATER
    rules: str = ""
    signer: str = "town"
    by: str = "tsa"
    stamped: datetime = STAMPED
    token: tuple[str, str | None] = ("PASSED", None)
    claimed: datetime = NOW


RESCUED = "signature.rescued"
TSA_REVOKED = ("INDETERMINATE", "REVOKED_NO_POE")
CASES = {
    "sound": Case(PASSED),
    "sound, RSA": Case(PASSED, by="tsa-rsa"),
    "revoked after the stamp": Case(PASSED, {RESCUED}, revoked("town", STAMPED + SECOND)),
    "revoked at the stamp": Case(("INDETERMINATE", "REVOKED_NO_POE"), {"revocation.revoked"}, revoked("town", STAMPED)),
    "revoked before the stamp": Case(("INDETERMINATE", "REVOKED_NO_POE"), {"revocation.revoked"}, revoked("town", NOW)),
    "CA revoked after the stamp": Case(
        ("INDETERMINATE", "REVOKED_CA_NO_POE"),
        {"revocation.ca-revoked"},
        revoked("ca", LATER),
        token=("INDETERMINATE", "REVOKED_CA_NO_POE"),
    ),
    "on hold after the stamp": Case(PASSED, {RESCUED}, revoked("town", STAMPED + SECOND, "certificate_hold")),
    "on hold before the stamp": Case(
        ("INDETERMINATE", "TRY_LATER"), {"revocation.on-hold"}, revoked("town", NOW, "certificate_hold")
    ),
    "expired after the stamp": Case(
        PASSED, {RESCUED}, lambda: trust(*revocation(), *revocation(NOW + 3 * YEAR - DAY)), NOW + 3 * YEAR + DAY
    ),
    "expired after the stamp, status unknown": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"),
        {"certificate.expired"},
        lambda: trust(*revocation(NOW + 4 * YEAR)),
        NOW + 4 * YEAR,
    ),
    "expired before the stamp": Case(
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        {"certificate.expired"},
        lambda: trust(*revocation(NOW - 40 * DAY)),
        signer="expired",
        claimed=NOW - 41 * DAY,
        stamped=NOW - 29 * DAY,
        by="tsa-old",
    ),
    "expired and revoked, both after the stamp": Case(
        PASSED,
        {RESCUED},
        lambda: trust(*revocation(NOW + 3 * YEAR - DAY, revoked={"town": (NOW + YEAR, "superseded")})),
        NOW + 3 * YEAR + DAY,
    ),
    "sunset after the stamp": Case(
        ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"),
        {"path.anchor-sunset"},
        lambda: anchored(until=STAMPED + DAY),
        token=("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"),
    ),
    "stamped before the certificate": Case(
        ("TOTAL-FAILED", "NOT_YET_VALID"), {"signature.before-certificate"}, stamped=NOW - 2 * DAY, by="tsa-old"
    ),
    "stamped before the certificate, which has expired": Case(
        ("TOTAL-FAILED", "NOT_YET_VALID"),
        {"signature.before-certificate"},
        lambda: trust(*revocation(NOW + 4 * YEAR)),
        NOW + 4 * YEAR,
        stamped=NOW - 2 * DAY,
        by="tsa-old",
    ),
    "TSA untrusted": Case(
        PASSED,
        {"timestamp.not-usable"},
        lambda: anchored(purposes=["seal"]),
        token=("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
    ),
    "TSA expired now": Case(
        PASSED,
        {"timestamp.not-usable"},
        by="tsa-expired",
        claimed=NOW - DAY,
        stamped=NOW - 60 * DAY,
        token=("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"),
    ),
    "TSA with careless usage": Case(
        PASSED, {"timestamp.not-usable"}, by="tsa-not-critical", token=("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
    ),
    "stamped with a seal's certificate": Case(
        PASSED, {"timestamp.not-usable"}, by="bus", token=("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
    ),
    "TSA revoked": Case(PASSED, {"timestamp.not-usable"}, revoked("tsa", STAMPED + SECOND), token=TSA_REVOKED),
    "revoked signer, TSA revoked": Case(
        ("INDETERMINATE", "REVOKED_NO_POE"),
        {"timestamp.not-usable", "revocation.revoked"},
        lambda: trust(*revocation(LATER, revoked={"tsa": (LATER, "superseded"), "town": (LATER, "superseded")})),
        token=TSA_REVOKED,
    ),
    "stamp from the future": Case(
        PASSED,
        {"timestamp.not-usable", "timestamp.from-future"},
        stamped=LATER + 121 * SECOND,
        token=("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
    ),
    "a bad stamp where stamps must be good": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        {"timestamp.not-usable"},
        lambda: anchored(purposes=["seal"]),
        rules='[findings]\ntimestamp.not-usable = "fail"',
        token=("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
    ),
    "B-T demanded, the stamp proves nothing": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        {"policy.level"},
        lambda: anchored(purposes=["seal"]),
        rules='[signature]\nlevels = ["B-T", "B-LT", "B-LTA"]',
        token=("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
    ),
    "B-T demanded": Case(PASSED, rules='[signature]\nlevels = ["B-T", "B-LT", "B-LTA"]'),
    "stamped in time": Case(PASSED, rules="[time]\ntimestamp_delay_seconds = 86401"),
    "stamped late": Case(
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        {"signature.timestamp-late"},
        rules="[time]\ntimestamp_delay_seconds = 86400",
    ),
    "claimed after the stamp only warns": Case(PASSED, {"signature.time-in-future"}, claimed=STAMPED + DAY),
    # the town's CAs sign with ECDSA: a chain whose algorithm has ended is beyond rescue (step 10), so RSA ends here
    "algorithm ended after the stamp": Case(
        PASSED, {RESCUED}, rules="[algorithms.expires]\nrsa = 2026-11-05", signer="rsa-2048"
    ),
    "algorithm ended before the stamp": Case(
        ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
        {"algorithm.expired"},
        rules="[algorithms.expires]\nrsa = 2026-11-02",
        signer="rsa-2048",
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("format", ["jades", "cades"])
def test_case(name: str, format: str) -> None:
    case = CASES[name]
    signed = sign(case.signer, format=format, claimed=case.claimed)
    report = verify(stamp(signed, case.stamped, format=format, by=case.by), case.store(), case.at, rules=case.rules)
    signature = report.signatures[0]
    assert outcome(report) == case.expected, list(report.all_findings())
    (judged,) = signature.timestamps
    assert (judged.indication, judged.sub_indication) == case.token, judged.findings
    assert case.codes <= {finding.code for finding in report.all_findings()}
    if case.token[0] == "PASSED":
        assert signature.best_signature_time == case.stamped
    else:
        assert signature.best_signature_time == case.at
    if case.expected[0] == "TOTAL-PASSED":
        assert failing(report) == set()
    else:
        assert report.decisive is not None
        assert report.decisive.sub_indication == case.expected[1]
        assert report.valid_until is None


def test_weak_chain_is_beyond_rescue() -> None:
    """5.5.4 step 10: algorithms of chain and revocation data count at the validation time."""
    report = verify(stamp(sign(), STAMPED), at=LATER, rules="[algorithms.expires]\necdsa = 2026-11-05")
    assert outcome(report) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")


def test_stamp_of_another_signature_proves_nothing() -> None:
    for format in ("jades", "cades"):
        other = sign("bus", format=format)
        report = verify(stamp(sign(format=format), STAMPED, format=format, over=other), at=LATER)
        assert outcome(report) == PASSED
        (judged,) = report.signatures[0].timestamps
        assert (judged.indication, judged.sub_indication) == ("FAILED", "HASH_FAILURE")
        assert "timestamp.imprint-altered" in codes(report, "fail")
        assert report.signatures[0].best_signature_time == LATER


def test_of_two_stamps_the_earlier_one_counts() -> None:
    signed = stamp(stamp(sign(), STAMPED), STAMPED - 3600 * SECOND)
    assert verify(signed, at=LATER).signatures[0].best_signature_time == STAMPED - 3600 * SECOND


@pytest.mark.parametrize(
    ("content_at", "store", "at", "expected"),
    [
        (NOW, trust, LATER, PASSED),
        (LATER - DAY, revoked("town", LATER - 2 * DAY), LATER, ("TOTAL-FAILED", "REVOKED")),
        (NOW, revoked("town", LATER - 2 * DAY), LATER, ("INDETERMINATE", "REVOKED_NO_POE")),
        (LATER - 2 * DAY, revoked("town", LATER - 2 * DAY), LATER, ("INDETERMINATE", "REVOKED_NO_POE")),
        (
            NOW + 3 * YEAR + DAY,
            lambda: trust(*revocation(NOW + 3 * YEAR - DAY)),
            NOW + 3 * YEAR + 2 * DAY,
            ("TOTAL-FAILED", "EXPIRED"),
        ),
    ],
)
@pytest.mark.parametrize("format", ["jades", "cades"])
def test_content_stamp_is_a_lower_bound(
    content_at: datetime, store: Any, at: datetime, expected: tuple[str, str | None], format: str
) -> None:
    """5.3: what was signed after the revocation, or after the end of validity, is FAILED."""
    report = verify(_with_content_stamp(format, content_at), store(), at)
    assert outcome(report) == expected, list(report.all_findings())
    assert [item.token.type for item in report.signatures[0].timestamps] == ["content"]
    assert report.signatures[0].best_signature_time == at
    if report.decisive is not None:
        assert report.decisive.sub_indication == expected[1]


def _with_content_stamp(format: str, at: datetime) -> bytes:
    # JAdES stamps the payload as it is signed, in base64url
    from toyono_trust.core.canonical import b64url_encode

    stamped = b64url_encode(PAYLOAD) if format == "jades" else PAYLOAD
    return sign(format=format, content_token=token(sha256(stamped), at))


@pytest.mark.parametrize("format", ["jades", "cades"])
def test_order_of_stamps(format: str) -> None:
    """5.5.4 step 4 e; clocks may disagree by the policy's skew."""
    early = stamp(_with_content_stamp(format, STAMPED + 120 * SECOND), STAMPED, format=format)
    assert outcome(verify(early, at=LATER)) == PASSED
    wrong = stamp(_with_content_stamp(format, STAMPED + 121 * SECOND), STAMPED, format=format)
    report = verify(wrong, at=LATER)
    assert outcome(report) == ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE")
    assert failing(report) == {"timestamp.order"}


def test_content_stamp_after_the_revocation_beats_an_older_signature_stamp() -> None:
    """5.3 comes before 5.5: contradictory stamps never rescue."""
    signed = stamp(_with_content_stamp("jades", NOW + 5 * DAY), NOW + 2 * DAY)
    report = verify(signed, revoked("town", NOW + 3 * DAY)(), LATER)
    assert outcome(report) == ("TOTAL-FAILED", "REVOKED")


def detached(at: datetime = NOW, store: TrustStore | None = None, rules: str = "", **given: Any) -> Report:
    return verify(token(sha256(PAYLOAD), at, **given), store, LATER, rules=rules, content=BytesContent(PAYLOAD))


def test_file_that_is_only_a_token() -> None:
    assert outcome(detached()) == ("PASSED", None)
    assert outcome(detached(rules='[signature]\nformats = ["JAdES"]')) == ("FAILED", "FORMAT_FAILURE")
    assert outcome(detached(by="tsa-not-critical")) == ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
    assert outcome(verify(token(sha256(b"other"), NOW), content=BytesContent(PAYLOAD), at=LATER)) == (
        "FAILED",
        "HASH_FAILURE",
    )
    assert outcome(verify(token(sha256(PAYLOAD), NOW), at=LATER)) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")


def test_policy_without_tokens_as_files_still_takes_them_inside_signatures() -> None:
    report = verify(stamp(sign(), STAMPED), at=LATER, rules='[signature]\nformats = ["JAdES"]')
    assert outcome(report) == PASSED
    assert report.signatures[0].best_signature_time == STAMPED


class TestValidUntil:
    """``valid_until`` is honest: if revocation data is renewed and says the same, it still passes then, and one second
    later it does not."""

    def at_its_end(self, signed: bytes, store: Any, rules: str = "", at: datetime = LATER) -> datetime:
        report = verify(signed, store(), at, rules=rules)
        until = report.valid_until
        assert until is not None
        assert report.simulate(until).indication == "TOTAL-PASSED"
        assert report.simulate(until + SECOND).indication != "TOTAL-PASSED"
        return until

    @pytest.mark.parametrize("rules", ["", "[revocation]\nmax_age_hours = 300"])
    def test_revocation_data_is_taken_to_be_renewed(self, rules: str) -> None:
        end = town().identity("town").certificate.not_after
        assert end > NOW + YEAR
        assert self.at_its_end(sign(), trust, rules) == end
        assert outcome(verify(sign(), trust(), end, rules=rules)) == ("INDETERMINATE", "TRY_LATER")

    def test_data_that_is_stale_already_is_not_believed(self) -> None:
        report = verify(sign(), trust(), NOW + YEAR + DAY)
        assert outcome(report) == ("INDETERMINATE", "TRY_LATER")
        assert outcome(report.simulate(NOW + YEAR + 2 * DAY)) == ("INDETERMINATE", "TRY_LATER")
        assert report.valid_until is None

    def test_no_simulation_of_the_past(self) -> None:
        with pytest.raises(MisuseError) as caught:
            verify(sign(), at=LATER).simulate(LATER - SECOND)
        assert caught.value.code == "argument.simulate"

    @pytest.mark.parametrize(
        ("at", "code"), [("2045-01-01", "argument.type"), (datetime(2045, 1, 1), "argument.naive-time")]
    )
    def test_no_simulation_of_what_is_no_time(self, at: Any, code: str) -> None:
        with pytest.raises(MisuseError) as caught:
            verify(sign(), at=LATER).simulate(at)
        assert caught.value.code == code

    def test_certificate(self) -> None:
        crls = revocation(NOW + 3 * YEAR - DAY)
        end = town().identity("town").certificate.not_after
        assert self.at_its_end(sign(), lambda: trust(*crls), at=NOW + 3 * YEAR - DAY) == end

    def test_revocation_that_is_announced(self) -> None:
        until = self.at_its_end(sign(), revoked("town", LATER + DAY))
        assert LATER + DAY - SECOND < until < LATER + DAY

    def test_algorithm(self) -> None:
        until = self.at_its_end(sign(), trust, "[algorithms.expires]\necdsa = 2026-12-01")
        assert until.isoformat() == "2026-11-30T23:59:59.999999+00:00"

    def test_digest_of_the_content_alone(self) -> None:
        until = self.at_its_end(sign("p384"), trust, "[algorithms.expires]\nsha384 = 2026-12-01")
        assert until.isoformat() == "2026-11-30T23:59:59.999999+00:00"

    def test_sunset(self) -> None:
        until = self.at_its_end(sign(), lambda: anchored(until=LATER + DAY))
        assert LATER + DAY - SECOND < until < LATER + DAY

    def test_data_that_begins_to_count_later(self) -> None:
        store = lambda: trust(*revocation(), *revocation(LATER + DAY, revoked={"town": (LATER, "superseded")}))  # noqa: E731
        assert LATER + DAY - SECOND < self.at_its_end(sign(), store) < LATER + DAY

    def test_stamp_outlives_the_signing_certificate(self) -> None:
        """A stamped signature lives on its stamp once its own certificate has expired."""
        crls = revocation(NOW + 3 * YEAR - DAY)
        signed = stamp(sign(), STAMPED)
        until = self.at_its_end(signed, lambda: trust(*crls), at=NOW + 3 * YEAR - DAY)
        assert until == town().identity("tsa").certificate.not_after
        assert self.at_its_end(signed, lambda: trust(*crls), at=NOW + 3 * YEAR + DAY) == until

    def test_stamp_of_a_tsa_with_a_short_certificate(self) -> None:
        """Without trust in the TSA it is as if there were no stamp."""
        signed = stamp(sign(), STAMPED)
        end = town().identity("town").certificate.not_after
        assert self.at_its_end(signed, lambda: anchored(purposes=["seal"])) == end

    def test_token_alone(self) -> None:
        until = detached().valid_until
        assert until == town().identity("tsa").certificate.not_after


@pytest.mark.parametrize("rules", ["[time]\ntimestamp_delay_seconds = 86400", '[signature]\nlevels = ["B-T", "B-LT"]'])
@pytest.mark.parametrize("stamped", [False, True])
def test_until_when_what_the_policy_asks_for_holds(rules: str, stamped: bool) -> None:
    signed = stamp(sign(), NOW + SECOND) if stamped else sign()
    report = verify(signed, at=NOW + SECOND, rules=rules)
    if report.indication != "TOTAL-PASSED":
        assert not stamped
        return
    until = report.valid_until
    assert until is not None
    assert report.simulate(until).indication == "TOTAL-PASSED"
    assert report.simulate(until + SECOND).indication != "TOTAL-PASSED"
