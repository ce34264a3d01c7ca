"""CAdES both ways with pyHanko, through the public verbs: B-B and B-T, every algorithm, attached and detached."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import algos, cms, crl, keys, x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign import SimpleSigner
from pyhanko.sign.ades.api import CAdESSignedAttrSpec, GenericCommitment
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.ades import ades_basic_validation, ades_with_time_validation
from pyhanko.sign.validation.errors import CMSAlgorithmProtectionError
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms, validate_algorithm_protection
from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleCertificateStore, SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

import peer_town
from peer_town import ALGORITHMS, AT, CONTENT, authority, root, sign, signer
from toyono_trust import TrustStore, verify
from toyono_trust.core import algorithms, asn1
from toyono_trust.core import cms as ours
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import cades
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import ValidationData

NOW = AT + timedelta(minutes=1)
ANCHOR = x509.Certificate.load(root()[0].public_bytes(Encoding.DER))


def raw_digest(signed: cms.SignedData, content: bytes) -> bytes:
    return hashlib.new(signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native, content).digest()


def specification() -> SignatureValidationSpec:
    """The town's root and CRL; revocation data required, nothing fetched."""
    revoked = crl.CertificateList.load(peer_town.crl())
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[ANCHOR]),
        revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=REQUIRE_REVINFO),
    )
    return SignatureValidationSpec(
        cert_validation_policy=policy, local_knowledge=LocalKnowledge(known_crls=[CRLContainer(revoked)])
    )


def loaded(data: bytes) -> cms.SignedData:
    return cms.ContentInfo.load(data, strict=True)["content"]


# -- they validate ours


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("detached", [True, False])
def test_pyhanko_validates_ours_at_b_b(algorithm: str, detached: bool) -> None:
    """Its basic validation (EN 319 102-1 5.3): passed; of other content, failed."""
    signed = loaded(sign(algorithm, "cades", detached=detached))
    timing = ValidationTimingInfo(NOW, NOW, point_in_time_validation=True)

    def outcome(content: bytes | None) -> Any:
        digest = None if content is None else raw_digest(signed, content)
        steps = ades_basic_validation(signed, specification(), timing_info=timing, raw_digest=digest)
        return asyncio.run(steps).ades_subindic

    assert outcome(CONTENT if detached else None) == AdESPassed.OK
    if detached:
        assert outcome(CONTENT + b".").name == "HASH_FAILURE"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("detached", [True, False])
def test_pyhanko_validates_ours_at_b_t(algorithm: str, detached: bool) -> None:
    """Its validation with time (5.5) takes our signature time stamp as proof."""
    signed = loaded(sign(algorithm, "cades", "B-T", detached=detached))
    timing = ValidationTimingInfo(NOW, NOW, point_in_time_validation=True)
    digest = raw_digest(signed, CONTENT) if detached else None
    steps = ades_with_time_validation(signed, specification(), timing_info=timing, raw_digest=digest)
    result = asyncio.run(steps)
    assert result.ades_subindic == AdESPassed.OK
    assert result.best_signature_time == AT + timedelta(seconds=5)


def test_pyhanko_validates_a_content_time_stamp_of_ours() -> None:
    token = peer_town.token_over(hashlib.sha256(CONTENT).digest())
    signed = loaded(sign("ecdsa-sha256", "cades", "B-T", detached=True, content_timestamp=token))
    context = {"trust_roots": [ANCHOR], "moment": NOW, "crls": [peer_town.crl()], "revocation_mode": "require"}
    contexts = [ValidationContext(**context) for _ in range(2)]
    status = asyncio.run(async_validate_detached_cms(CONTENT, signed, *contexts))
    assert (status.valid, status.intact, status.trusted) == (True, True, True)
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert status.content_timestamp_validity is not None
    assert (status.content_timestamp_validity.intact, status.content_timestamp_validity.trusted) == (True, True)
    assert status.content_timestamp_validity.timestamp == AT


def archived(data: bytes, detached: bool, algorithm: str = "sha256") -> bytes:
    """At B-LTA: the town's validation data, and an archive time stamp."""
    material = ValidationData((authority().certificate.der, ANCHOR.dump()), (peer_town.crl(),))
    contents = Contents(BytesContent(CONTENT)) if detached else NO_CONTENTS
    draft = cades.prepare_archive(cades.add_validation_data(data, material), contents, algorithm)
    return cades.attach_archive(draft, peer_town.token_over(draft.imprint))


@pytest.mark.parametrize("algorithm", ["rsa-pss-sha256", "ecdsa-sha384", "ed25519"])
@pytest.mark.parametrize("detached", [True, False])
def test_pyhanko_validates_what_is_under_our_archive_time_stamp(
    trust: TrustStore, algorithm: str, detached: bool
) -> None:
    """It knows no archive-time-stamp-v3 and passes it by; ours at B-LTA is to it what it was at B-T."""
    data = archived(sign(algorithm, "cades", "B-T", detached=detached), detached)
    signed = loaded(data)
    timing = ValidationTimingInfo(NOW, NOW, point_in_time_validation=True)
    digest = raw_digest(signed, CONTENT) if detached else None
    steps = ades_with_time_validation(signed, specification(), timing_info=timing, raw_digest=digest)
    result = asyncio.run(steps)
    assert result.ades_subindic == AdESPassed.OK
    assert result.best_signature_time == AT + timedelta(seconds=5)
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert (report.indication, report.signatures[0].level) == ("TOTAL-PASSED", "B-LTA"), str(report)
    assert [item.token.imprint_intact for item in report.signatures[0].timestamps] == [True, True]


# -- we verify theirs


def pkcs8(key: Any) -> keys.PrivateKeyInfo:
    return keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def made(
    algorithm: str,
    *,
    detached: bool = True,
    stamped: bool = False,
    content_stamp: bool = False,
    ades: bool = True,
    content: Any = CONTENT,
    **attributes: Any,
) -> bytes:
    """What pyHanko's signer makes of the content."""
    one, tsa = signer(algorithm), authority("rsa")  # its time stamper knows no other keys
    digest = {"ed25519": "sha512"}.get(algorithm, algorithm.rpartition("-")[2])
    store = SimpleCertificateStore.from_certs([ANCHOR])
    mechanism = algos.SignedDigestAlgorithm({"algorithm": "ed25519"}) if algorithm == "ed25519" else None
    theirs = SimpleSigner(
        x509.Certificate.load(one.certificate.der),
        pkcs8(one.private_key),
        store,
        signature_mechanism=mechanism,
        prefer_pss="pss" in algorithm,
    )
    certificate = x509.Certificate.load(tsa.certificate.der)
    stamper = DummyTimeStamper(
        certificate, pkcs8(tsa.private_key), SimpleCertificateStore.from_certs([certificate]), fixed_dt=AT
    )
    described = CAdESSignedAttrSpec(timestamp_content=content_stamp, **attributes) if ades else None
    settings = PdfCMSSignedAttributes(signing_time=AT, cades_signed_attrs=described)
    steps = theirs.async_sign_general_data(
        content,
        digest,
        detached=detached,
        use_cades=ades,
        signed_attr_settings=settings,
        timestamper=stamper if stamped or content_stamp else None,
    )
    octets: bytes = asyncio.run(steps).dump()
    return octets


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("stamped", [True, False])
def test_we_verify_pyhanko(trust: TrustStore, algorithm: str, detached: bool, stamped: bool) -> None:
    data = made(algorithm, detached=detached, stamped=stamped)
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    (signature,) = report.signatures
    assert (signature.format, signature.level) == ("CAdES", "B-T" if stamped else "B-B")
    assert signature.facts.value.algorithm == algorithm
    assert signature.best_signature_time == (AT if stamped else NOW)
    assert [item.indication for item in signature.timestamps] == ["PASSED"] * stamped
    assert report.require(signed_by={"sha256:" + signer(algorithm).certificate.sha256.hex()}).content == CONTENT
    worth_saying = {finding.code for finding in report.all_findings() if finding.level != "inform"}
    assert worth_saying == ({"algorithm.reference"} if stamped else set())  # ESSCertID of its TSA
    other = verify(data, content=CONTENT + b".", trust=trust, at=NOW)
    if detached:
        assert (other.indication, other.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ecdsa-sha256"])
@pytest.mark.parametrize("detached", [True, False])
def test_their_signature_takes_our_archive_time_stamp(trust: TrustStore, algorithm: str, detached: bool) -> None:
    theirs = made(algorithm, detached=detached, stamped=True)
    data = archived(theirs, detached)
    assert ours.read(data, lenient=True).signers[0].fields == ours.read(theirs, lenient=True).signers[0].fields
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert (report.indication, report.signatures[0].level) == ("TOTAL-PASSED", "B-LTA"), str(report)
    assert [item.indication for item in report.signatures[0].timestamps] == ["PASSED", "PASSED"]


@pytest.mark.parametrize("detached", [True, False])
def test_content_time_stamps_of_pyhanko(trust: TrustStore, detached: bool) -> None:
    data = made("ecdsa-sha256", detached=detached, content_stamp=True)
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    kinds = [(item.token.type, item.token.imprint_intact, item.indication) for item in report.signatures[0].timestamps]
    assert kinds == [("content", True, "PASSED"), ("signature", True, "PASSED")]


def test_properties_that_pyhanko_writes(trust: TrustStore) -> None:
    data = made("ecdsa-sha256", commitment_type=GenericCommitment.PROOF_OF_APPROVAL.asn1)
    report = verify(data, content=CONTENT, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED"
    assert report.signatures[0].facts.properties.commitments == ("1.2.840.113549.1.9.16.6.5",)


@pytest.mark.parametrize("detached", [True, False])
def test_plain_cms_of_pyhanko(trust: TrustStore, detached: bool) -> None:
    """Without ``use_cades`` pyHanko leaves signing-time to the caller, and protects the algorithms (RFC 6211)."""
    data = made("rsa-pss-sha256", detached=detached, ades=False)
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x34" in data
    swapped = data.replace(bytes.fromhex("0609608648016503040201"), bytes.fromhex("0609608648016503040202"))
    assert verify(swapped, content=CONTENT if detached else None, trust=trust, at=NOW).indication == "TOTAL-FAILED"


def test_both_refuse_other_protected_algorithms(trust: TrustStore) -> None:
    """A signature whose signer named other algorithms than the file does: neither side accepts it (RFC 6211 3)."""
    one = signer("ecdsa-sha256")
    named = asn1.implicit(1, algorithms.signature_algorithm_identifier("ecdsa-sha512"))
    value = asn1.sequence(algorithms.digest_algorithm_identifier("sha512"), named)
    attributes = ours.signed_attributes(
        "1.2.840.113549.1.7.1",
        hashlib.sha256(CONTENT).digest(),
        ours.signing_certificate_v2(one.certificate.der),
        ours.attribute("1.2.840.113549.1.9.52", value),
        signing_time=AT,
    )
    made_value = algorithms.sign("ecdsa-sha256", one.private_key, attributes)
    info = ours.signer_info(one.certificate.der, "sha256", attributes, "ecdsa-sha256", made_value)
    data = ours.signed_data(None, ["sha256"], [one.certificate.der], [info])
    report = verify(data, content=CONTENT, trust=trust, at=NOW)
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    assert [finding.code for finding in report.all_findings() if finding.level == "fail"] == [
        "cms.algorithm-protection"
    ]
    theirs = loaded(data)["signer_infos"][0]
    with pytest.raises(CMSAlgorithmProtectionError):
        validate_algorithm_protection(
            theirs["signed_attrs"],
            claimed_signature_algorithm_obj=theirs["signature_algorithm"],
            claimed_digest_algorithm_obj=theirs["digest_algorithm"],
            claimed_mac_algorithm_obj=None,
        )
