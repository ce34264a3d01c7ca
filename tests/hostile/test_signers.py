"""``require(signed_by=…)`` against subjects that choose their own words, and verdicts that are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hostile_samples import (
    AT,
    BUS,
    NOW,
    PAYLOAD,
    SEAL,
    SIGNED_AT,
    SIGNER,
    SIGNING,
    TOWN,
    Holder,
    b64url,
    certificate,
    extension,
    judge,
    jws,
    new_trust,
    rdns,
)

from toyono_trust import devpki
from toyono_trust.core.asn1 import der, sequence
from toyono_trust.core.canonical import b64_encode
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import NotVerified

OWN_DIGEST = "sha256:" + SEAL.certificate.sha256.hex()
SERIAL, ORGANISATION, COMMON, GIVEN, SURNAME = "2.5.4.5", "2.5.4.97", "2.5.4.3", "2.5.4.42", "2.5.4.4"

SUBJECTS = {
    "number as common name": [(COMMON, SIGNER)],
    "number as organisation": [("2.5.4.10", SIGNER)],
    "number as serial number": [(COMMON, "x"), (SERIAL, SIGNER)],
    "number of a person": [(GIVEN, "x"), (SURNAME, "y"), (SERIAL, SIGNER)],
    "person with an employer's number": [(GIVEN, "x"), (SURNAME, "y"), (ORGANISATION, SIGNER)],
    "digest as serial number": [(COMMON, "x"), (SERIAL, OWN_DIGEST)],
    "digest as identifier": [(ORGANISATION, OWN_DIGEST)],
    "digest as common name": [(COMMON, OWN_DIGEST)],
    "wide letters": [(ORGANISATION, "ＮＴＲＪＰ-9234567890123")],
    "wide digits": [(ORGANISATION, "NTRJP-９234567890123")],
    "Cyrillic letter": [(ORGANISATION, "NTRJ\u0420-9234567890123")],
    "soft hyphen": [(ORGANISATION, "NTRJP\u00ad-9234567890123")],
    "end of text": [(ORGANISATION, SIGNER.encode() + b"\0evil")],
    "more digits": [(ORGANISATION, SIGNER + "4")],
    "lower case": [(ORGANISATION, SIGNER.lower())],
    "two in one": [(ORGANISATION, f"NTRJP-1345678901234,{SIGNER}")],
    "device": [(COMMON, "urn:dev:ops:32473-waterlevel-0003")],
}


def _certified(subject: bytes, extensions: bytes = b"") -> Holder:
    """A sound certificate of the issuing CA for whatever the subject has asked for."""
    return Holder(
        certificate(5_000, subject=subject, extensions=SIGNING + extensions, signed_by=TOWN.identity("ca").private_key)
    )


@pytest.mark.parametrize("name", SUBJECTS)
def test_subject_that_imitates_an_identifier(name: str) -> None:
    # no text that a subject can put into another field makes its signature count as the town's
    report = judge(jws(by=_certified(rdns(*SUBJECTS[name]))), trust=new_trust())
    assert report.indication == "TOTAL-PASSED"
    for wanted in (SIGNER, OWN_DIGEST, "urn:dev:ops:32473-waterlevel-0003"):
        with pytest.raises(NotVerified):
            report.require(signed_by={wanted})


def test_names_of_a_device_are_no_other_identifiers() -> None:
    # alternative names count for what they are, whatever they look like
    names = [der(0x86, SIGNER.encode()), der(0x82, SIGNER.encode()), der(0x86, OWN_DIGEST.encode())]
    names.append(der(0x86, b"urn:dev:" + SIGNER.encode()))
    holder = _certified(rdns((COMMON, "x")), extension("2.5.29.17", sequence(*names)))
    assert holder.certificate.identifiers[:-1] == (f"urn:dev:{SIGNER}",)
    with pytest.raises(NotVerified):
        judge(jws(by=holder), trust=new_trust()).require(signed_by={SIGNER, OWN_DIGEST})


def test_certificate_of_the_same_key() -> None:
    # a signature that names its certificate cannot be given another one of the same key
    other = _certified(rdns((ORGANISATION, "NTRJP-1345678901234")))
    chain = [b64_encode(other.certificate.der), b64_encode(TOWN.ca.der)]
    report = judge(jws(x5c=chain), trust=new_trust())
    assert report.indication == "INDETERMINATE"
    assert report.signatures[0].certificate is None


def test_kid_is_no_certificate() -> None:
    # kid points, it proves nothing: the key that verifies is that of the certificate that is named
    wrong = b64_encode(sequence(sequence(der(0xA4, BUS.certificate.issuer_der)), der(2, b"\x01")))
    report = judge(jws(kid=wrong), trust=new_trust())
    assert report.require(signed_by={SIGNER}).content == PAYLOAD


def test_kept_verdicts_serve_nobody_else() -> None:
    # a verdict that is kept holds for its certificate, time, policy and store, and for nothing else
    trust = new_trust()
    assert judge(jws(), trust=trust).indication == "TOTAL-PASSED"
    assert len(trust.passed) == 1
    stranger = devpki.Town.create(NOW, clock=lambda: SIGNED_AT)
    twin = stranger.identity("town")
    chain = [b64_encode(twin.certificate.der), b64_encode(stranger.ca.der)]
    assert judge(jws(by=twin, x5c=chain), trust=trust).indication == "INDETERMINATE"
    assert judge(jws(), trust=trust, at=NOW + timedelta(days=9_000)).indication == "INDETERMINATE"
    assert judge(jws(), trust=trust, at=NOW - timedelta(days=900)).indication != "TOTAL-PASSED"
    devices_only = Policy.parse('name = "devices"\n[signature]\nkinds = ["device"]\n')
    assert judge(jws(), trust=trust, policy=devices_only).indication == "INDETERMINATE"
    forged = jws(b"another", signature=bytes(range(64)))
    assert judge(forged, trust=trust).indication == "TOTAL-FAILED"


def test_lax_policy_leaves_nothing_to_a_strict_one() -> None:
    # what passed without revocation data does not pass where they are required
    trust = TrustStore.from_certificates([TOWN.root.der], [TOWN.ca.der])
    lax = Policy.parse('name = "lax"\n[revocation]\nmode = "ignore"\n')
    assert judge(jws(), trust=trust).indication == "INDETERMINATE"
    assert judge(jws(), trust=trust, policy=lax).indication == "TOTAL-PASSED"
    assert judge(jws(), trust=trust).indication == "INDETERMINATE"


def test_intermediate_that_another_file_brought() -> None:
    # a path that needs what one file brought does not serve a file that does not bring it
    files = TOWN.trust_files
    lists = [files["revocation/root.crl"], files["revocation/ca.crl"]]
    trust = TrustStore.from_certificates([TOWN.root.der], [], lists)
    assert judge(jws(), trust=trust).indication == "TOTAL-PASSED"
    alone = jws(x5c=[b64_encode(SEAL.certificate.der)])
    assert judge(alone, trust=trust).indication == "INDETERMINATE"


def test_certificates_that_a_file_brings_are_never_anchors() -> None:
    # self-signed or not, what lies in the file is not trusted
    own = certificate(1, issuer=SEAL.certificate.subject_der, extensions=SIGNING, signed_by=SEAL.private_key)
    holder = Holder(own)
    chain = [b64_encode(own), b64_encode(TOWN.root.der)]
    data = jws(by=holder, x5c=chain, **{"x5t#S256": b64url(holder.certificate.sha256)})
    assert judge(data, trust=TrustStore.empty(), at=AT).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert judge(data, trust=new_trust(), at=AT).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
