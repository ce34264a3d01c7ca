"""Who signed the revocation data, and how (EN 319 102-1 5.2.6): their validity and algorithms bear on the verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from judging_town import DAY, NOW, SECOND, YEAR, failing, outcome, revocation, sign, stamp, town, trust, verify

from made_pki import OCSP, Made, issue, ocsp_response
from toyono_trust.pki.anchors import TrustStore

PASSED = ("TOTAL-PASSED", None)
NOCHECK = (x509.OCSPNoCheck(), False)


def made(name: str) -> Made:
    identity = town().identity(name)
    return Made(identity.certificate, x509.load_der_x509_certificate(identity.certificate.der), identity.private_key)


def responder(end: datetime, *more: Any) -> Made:
    return issue("Responder", made("ca"), extensions=[(OCSP, False), *more], start=NOW - DAY, end=end)


def answered(by: Made, until: datetime = NOW + YEAR, *crls: bytes) -> TrustStore:
    """Trust with an OCSP response for the town's seal, and the root's CRL."""
    response = ocsp_response(made("town"), made("ca"), by, at=NOW, until=until)
    return TrustStore.from_certificates([town().root.der], [town().ca.der], [revocation()[0], response.der, *crls])


def test_responder_that_expires_before_its_response() -> None:
    store = answered(responder(NOW + 2 * DAY, NOCHECK))
    report = verify(sign(), store)
    assert outcome(report) == PASSED
    assert report.valid_until == town().identity("town").certificate.not_after  # by then there will be others
    assert len(store.passed) == 1
    assert outcome(verify(sign(), store, NOW + 2 * DAY)) == PASSED
    report = verify(sign(), store, NOW + 2 * DAY + SECOND)
    assert outcome(report) == ("INDETERMINATE", "REVOCATION_OUT_OF_BOUNDS_NO_POE")
    assert failing(report) == {"revocation.issuer-expired"}


def test_time_alone_does_not_help_against_an_expired_responder() -> None:
    """5.5 does not go on with REVOCATION_OUT_OF_BOUNDS_NO_POE; that takes archived validation data (5.6)."""
    store = answered(responder(NOW + 2 * DAY, NOCHECK), NOW + YEAR)
    tsa = ocsp_response(made("tsa"), made("ca"), responder(NOW + YEAR, NOCHECK), at=NOW, until=NOW + YEAR)
    everything = [item.der for item in store.revocation] + [tsa.der]
    store = TrustStore.from_certificates([town().root.der], [town().ca.der], everything)
    signed = stamp(sign(), NOW + DAY)
    assert outcome(verify(signed, store, NOW + 2 * DAY)) == PASSED
    report = verify(signed, store, NOW + 3 * DAY)
    assert report.signatures[0].best_signature_time == NOW + DAY
    assert outcome(report) == ("INDETERMINATE", "REVOCATION_OUT_OF_BOUNDS_NO_POE")


def test_verdict_on_a_signer_whose_own_status_may_change_is_not_kept() -> None:
    store = answered(responder(NOW + 3 * YEAR), NOW + 2 * YEAR, revocation()[1])
    response = next(item.digest for item in store.revocation if item.kind == "ocsp")
    report = verify(sign(), store)
    assert outcome(report) == PASSED
    assert response in report.signatures[0].revocation_evidence
    assert len(store.passed) == 0


def test_algorithm_of_a_crl() -> None:
    """A CRL by an algorithm that the policy does not accept is no evidence that counts (1.2 step 3 e)."""
    ca = made("ca")
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.x509.subject)
    builder = builder.last_update(NOW).next_update(NOW + YEAR)
    der = builder.sign(ca.key, hashes.SHA512()).public_bytes(Encoding.DER)
    store = trust(revocation()[0], der)
    assert outcome(verify(sign(), store)) == PASSED
    report = verify(sign(), store, rules='[algorithms]\ndigests = ["sha256"]')
    assert outcome(report) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert failing(report) == {"algorithm.not-accepted"}
    ended = verify(sign(), store, rules="[algorithms.expires]\nsha512 = 2026-11-01")
    assert failing(ended) == {"algorithm.expired"}
    until = verify(sign(), store, rules="[algorithms.expires]\nsha512 = 2026-11-03").valid_until
    assert until is not None
    assert until.isoformat() == "2026-11-02T23:59:59.999999+00:00"
