"""The report as XML by ETSI TS 119 102-2: valid against the published schema, and saying what the report says."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import judging_town as old
import pytest
from etsi_documents import (
    U,
    agree,
    at,
    der,
    digest_in,
    find,
    octets,
    one,
    referred,
    text,
    thing,
    verdict,
    written,
    zip_values,
)
from etsi_reports import REPORTS, facts_of, judged, own_trust, report_of, town
from judging_town import DAY, NOW, PAYLOAD

from toyono_trust import Report, sign, verify
from toyono_trust.core.findings import table
from toyono_trust.formats.model import (
    CertificateReference,
    Facts,
    Place,
    Revision,
    SignaturePolicy,
    SignedObject,
)
from toyono_trust.pki.crl import Crl
from toyono_trust.validation import etsi
from toyono_trust.validation.etsi import uris

every_report = pytest.mark.parametrize("name", REPORTS)


@every_report
def test_it_is_valid_and_says_what_the_report_says(name: str) -> None:
    report = report_of(name)
    agree(written(report), report)


def test_the_reports_are_what_they_are_called() -> None:
    assert {report_of(f"{format} {level}").indication for format in ("jades", "cades", "pades") for level in
            ("B-B", "B-T", "B-LT", "B-LTA")} == {"TOTAL-PASSED"}  # fmt: skip
    outcomes = {name: (report_of(name).indication, report_of(name).sub_indication) for name in REPORTS}
    assert outcomes["revoked"] == outcomes["revoked, not stamped"] == ("INDETERMINATE", "REVOKED_NO_POE")
    assert outcomes["plain JWS"] == ("TOTAL-PASSED", None)
    assert outcomes["revoked, stamped before"] == ("TOTAL-PASSED", None)
    assert outcomes["tampered cades"] == ("TOTAL-FAILED", "HASH_FAILURE")
    assert outcomes["token"] == ("PASSED", None)
    assert outcomes["token, another content"] == ("FAILED", "HASH_FAILURE")
    assert outcomes["unknown"] == ("INDETERMINATE", "FORMAT_FAILURE")
    assert outcomes["broken JSON"][0] == "TOTAL-FAILED"


# -- signatures


def test_policy_file_and_trust_are_named() -> None:
    report = old.verify(old.sign(), rules='name = "town <1>"')
    report.file = "order.jws"
    (part,) = find(written(report), "SignatureValidationReport")
    named = one(part, "ValidationConstraintsEvaluationReport/SignatureValidationPolicy")
    assert text(named, "PolicyName") == "town <1>"
    identifier = one(named, "SignaturePolicyIdentifier/x:SignaturePolicyId")
    assert text(identifier, "x:SigPolicyId/x:Identifier") == f"urn:toyono-trust:policy:{report.policy_digest}"
    assert digest_in(one(identifier, "x:SigPolicyHash")) == ("sha256", bytes.fromhex(report.policy_digest[7:]))
    other = {each.tag.partition("}")[2]: each.text for each in one(part, "OtherInformation")}
    assert other == {
        "File": "order.jws", "FileIndication": f"{U}mainindication:total-passed", "Format": "JAdES", "Level": "B-B",
        "Kind": "seal", "TrustDigest": report.trust_digest, "TrustRevocationDigest": report.trust_revocation_digest,
    }  # fmt: skip


def test_findings_about_the_file_stand_with_the_first_signature_and_say_so() -> None:
    report = report_of("receipt")
    assert report.indication != "TOTAL-PASSED"
    assert report.signatures[0].indication == "TOTAL-PASSED"
    (part,) = find(written(report), "SignatureValidationReport")
    listed = find(part, "ValidationConstraintsEvaluationReport/ValidationConstraint")
    scopes = [dict(zip_values(find(each, "ValidationConstraintParameter"))).get("scope") for each in listed]
    assert scopes == [None] * len(report.signatures[0].findings) + ["file"] * len(report.findings)
    assert verdict(one(part, "SignatureValidationStatus")) == ("total-passed", None)
    other = one(part, "OtherInformation")
    assert text(other, "tt:FileIndication") == uris.main_indication(report.indication)
    assert text(other, "tt:FileSubIndication") == uris.sub_indication(report.sub_indication or "")


def test_messages_are_those_of_the_findings() -> None:
    report = report_of("untrusted")
    (part, *_) = find(written(report), "SignatureValidationReport")
    data = list(zip_values(find(part, "SignatureValidationStatus//v:ReportData")))
    kinds = {"fail": "error", "warn": "warning", "inform": "information"}
    assert data == [(kinds[finding.level], finding.text) for finding in report.signatures[0].findings]


@pytest.mark.parametrize("format", ["jades", "cades"])
def test_attributes_have_their_values(format: Any) -> None:
    here = town()
    commitment, named = "1.2.840.113549.1.9.16.6.1", SignaturePolicy("urn:oid:1.2.392.200", "sha256", b"p" * 32)
    data = sign(
        b"application", by=here.identity("resident"), format=format, commitment=commitment, roles=["町長", "代理"],
        place=Place("JP", "見本町", street="1-2-3\n役場"), signature_policy=named, content_type="text/csv",
    )  # fmt: skip
    report = verify(data, trust=own_trust())
    root = written(report)
    agree(root, report)
    found = one(root, "SignatureValidationReport/SignatureAttributes")
    assert {each.get("Signed") for each in found} == {"true"}
    assert text(found, "CommitmentTypeIndication/CommitmentTypeIdentifier") == f"urn:oid:{commitment}"
    assert text(found, "DataObjectFormat/MimeType") == "text/csv"
    assert text(found, "SigPolicyIdentifier/SigPolicyId") == "urn:oid:1.2.392.200"
    assert [each.text for each in find(found, "SignerRole/RoleDetails/Role")] == ["町長", "代理"]
    assert {each.text for each in find(found, "SignerRole/RoleDetails/EndorsementType")} == {"claimed"}
    assert [each.text for each in find(found, "SignatureProductionPlace/AddressString")] == [
        "JP", "見本町", "1-2-3", "役場",
    ]  # fmt: skip
    certificate = report.signatures[0].certificate
    assert certificate is not None
    assert referred(found, "SigningCertificate/AttributeObject") == [f"certificate-{certificate.sha256.hex()}"]
    digests = [octets(each, "Digest") for each in find(found, "MessageDigest")]
    assert digests == ([hashlib.sha256(b"application").digest()] if format == "cades" else [])


def test_what_is_not_known_to_be_signed_is_not_called_signed() -> None:
    (item,) = facts_of(old.sign()).signatures
    forged = item._replace(value=item.value._replace(signed=item.value.signed + b"!"))
    found = one(written(judged(Facts("JAdES", (forged,)))), "SignatureValidationReport/SignatureAttributes")
    assert {each.get("Signed") for each in found} == {None}


def test_a_certificate_that_is_not_at_hand_is_named_by_its_reference() -> None:
    (item,) = facts_of(old.sign()).signatures
    issuer = old.town().ca.subject_der
    references = (*item.references, CertificateReference("sha512", b"\1" * 64, (issuer, 0x1234)))
    found = one(
        written(judged(Facts("JAdES", (item._replace(references=references),)))),
        "SignatureValidationReport/SignatureAttributes/SigningCertificate",
    )
    assert len(referred(found, "AttributeObject")) == 1
    identifier = one(found, "CertID")
    assert digest_in(identifier) == ("sha512", b"\1" * 64)
    stated = octets(identifier, "X509IssuerSerial")
    assert stated.endswith(issuer + b"\x02\x02\x12\x34")
    from asn1crypto.tsp import IssuerSerial

    assert IssuerSerial.load(stated, strict=True)["serial_number"].native == 0x1234


def test_signers_document_is_one_digest_or_several_references() -> None:
    root = written(report_of("detached"))
    found = one(root, "SignatureValidationReport/SignersDocument")
    assert digest_in(one(found, "DigestAlgAndValue")) == ("sha256", hashlib.sha256(PAYLOAD).digest())
    (name,) = referred(found, "SignersDocumentRepresentation")
    assert digest_in(one(thing(root, name), "ValidationObjectRepresentation/DigestAlgAndValue"))[1] == old.sha256(
        PAYLOAD
    )
    assert PAYLOAD not in etsi.xml(report_of("detached"))
    assert base64.b64encode(PAYLOAD) not in etsi.xml(report_of("detached"))
    (item,) = facts_of(old.sign()).signatures
    several = tuple(SignedObject(f"{n}.csv", True, True, "sha256", bytes([n]) * 32) for n in range(3))
    found = one(
        written(judged(Facts("JAdES", (item._replace(objects=several),)))), "SignatureValidationReport/SignersDocument"
    )
    assert find(found, "DigestAlgAndValue") == []
    assert len(referred(found, "SignersDocumentRepresentation")) == 3


def test_counter_signatures_stand_behind_what_they_countersign_and_are_referred_to() -> None:
    report = report_of("countersigned")
    root = written(report)
    parts = find(root, "SignatureValidationReport")
    names = [one(part, "SignatureIdentifier").get("id") for part in parts]
    first, second, third, again = names
    assert again == f"{second}-2"
    assert referred(parts[0], "SignatureAttributes/CounterSignature/AttributeObject") == [second]
    assert referred(parts[1], "SignatureAttributes/CounterSignature/AttributeObject") == [third]
    inner = report.signatures[0].counter_signatures[0]
    reference = one(parts[0], "SignatureAttributes/CounterSignature/CounterSignature")
    assert text(reference, "DigestMethod") == "http://www.w3.org/2001/04/xmlenc#sha256"
    compact = inner.facts.value.signed + b"." + inner.facts.value.wire
    assert octets(reference, "DigestValue") == hashlib.sha256(compact).digest()
    assert first not in (second, third)


def test_a_pdf_signature_has_its_dictionary() -> None:
    root = written(report_of("pades B-LTA"))
    report = report_of("pades B-LTA")
    revision = report.signatures[0].facts.revision
    assert revision is not None
    found = one(root, "SignatureValidationReport/SignatureAttributes")
    assert text(found, "ByteRange") == " ".join(map(str, revision.byte_range))
    assert text(found, "SubFilter/SubFilterElement") == "ETSI.CAdES.detached"
    facts = report.signatures[0].facts
    assert referred(found, "DSS/CRLs") == [f"crl-{hashlib.sha256(each).hexdigest()}" for each in facts.crls]
    (document,) = [stamp for stamp in report.signatures[0].timestamps if stamp.token.type == "document"]
    assert referred(found, "DocTimeStamp/AttributeObject") == [document.id]
    over = one(thing(root, document.id), "POEProvisioning/SignatureReference")
    assert text(over, "PAdESFieldName") == revision.field


def test_entries_of_a_pdf_are_reported() -> None:
    (item,) = facts_of(old.sign()).signatures
    revision = Revision(
        "欄 1", (0, 10, 20, 30), True, True, 50, reason="承認", location="見本町", name="山里\u3000花子"
    )
    root = written(judged(Facts("PAdES", (item._replace(format="PKCS7", revision=revision),))))
    found = one(root, "SignatureValidationReport/SignatureAttributes")
    assert text(found, "Reason/ReasonElement") == "承認"
    assert text(found, "Name/NameElement") == "山里\u3000花子"
    assert text(found, "SignatureProductionPlace/AddressString") == "見本町"
    assert text(found, "SubFilter/SubFilterElement") == "adbe.pkcs7.detached"


def test_processes_are_named_by_what_there_was_to_do() -> None:
    def process(name: str) -> str | None:
        (part, *_) = find(written(report_of(name)), "SignatureValidationReport")
        found = text(part, "SignatureValidationProcess/SignatureValidationProcessID")
        return found and found.removeprefix(f"{U}validationprocess:")

    assert [process(f"jades {level}") for level in ("B-B", "B-T", "B-LT", "B-LTA")] == ["Basic", "LTVM", "LTVM", "LTA"]
    assert process("pades B-LTA") == "LTA"
    assert process("unknown") == "Basic"


# -- revocation and algorithms


@pytest.mark.parametrize(
    ("name", "since"), [("revoked", timedelta(minutes=1)), ("revoked, stamped before", timedelta(hours=2))]
)
def test_a_revoked_certificate_is_named_with_time_reason_and_list(name: str, since: timedelta) -> None:
    report = report_of(name)
    root = written(report)
    (found,) = find(root, "SignatureValidationReport/SignatureValidationStatus//v:RevocationStatusInformation")
    certificate = report.signatures[0].certificate
    assert certificate is not None
    assert [der(root, each) for each in referred(found, "ValidationObjectId")] == [certificate.der]
    assert text(found, "RevocationTime") == at(NOW + since)
    assert text(found, "RevocationReason") == f"{U}revocationReason:keyCompromise"
    (item,) = referred(found, "RevocationObject")
    entry = Crl.load(der(root, item)).find(certificate.serial)
    assert entry is not None
    assert entry.revoked_at == NOW + since


def test_revocation_data_is_judged_by_who_signed_it() -> None:
    root = written(report_of("jades B-B"))
    wanted = {town().crl("root"): town().root.der, town().crl("ca"): town().ca.der}
    kind = f"{U}validationObject:CRL"
    lists = find(root, f"//v:ValidationObject[v:ObjectType='{kind}']")
    found = {}
    for each in lists:
        (signer,) = referred(each, "ValidationReport/SignerInformation/SignerCertificate")
        assert verdict(one(each, "ValidationReport/SignatureValidationStatus")) == ("passed", None)
        found[octets(each, "ValidationObjectRepresentation/base64")] = der(root, signer)
        crypto = one(each, "ValidationReport//v:CryptoInformation")
        assert referred(crypto, "ValidationObjectId") == [each.get("id")]
        assert text(crypto, "SecureAlgorithm") == "true"
    assert found == wanted


def test_revocation_data_nobody_relied_on_has_no_verdict() -> None:
    here = town()
    (item,) = facts_of(old.sign()).signatures
    other = here.crl("ca", here.now + DAY)
    facts = item._replace(crls=(other,), ocsp_responses=(b"0\x03\x0a\x01\x06",))
    root = written(judged(Facts("JAdES", (facts,))))
    found = thing(root, f"crl-{hashlib.sha256(other).hexdigest()}")
    assert find(found, "ValidationReport") == []
    unread = thing(root, f"ocsp-{hashlib.sha256(facts.ocsp_responses[0]).hexdigest()}")
    assert text(unread, "ObjectType") == f"{U}validationObject:OCSPResponse"
    attributes = one(root, "SignatureValidationReport/SignatureAttributes")
    assert len(referred(attributes, "RevocationValues/AttributeObject")) == 2


def crypto_of(root: Any, place: int = 0) -> dict[str, tuple[str | None, str | None]]:
    part = find(root, "SignatureValidationReport")[place]
    name = one(part, "SignatureIdentifier").get("id")
    return {
        one(each, "Algorithm").text: (text(each, "SecureAlgorithm"), text(each, "NotAfter"))
        for each in find(part, "SignatureValidationStatus//v:CryptoInformation")
        if referred(each, "ValidationObjectId") == [name]
    }


def test_weak_and_unknown_algorithms_are_not_secure() -> None:
    (item,) = facts_of(old.sign()).signatures
    value = item.value._replace(algorithm="1.2.3.4")
    weak = item._replace(digest_algorithms=("sha1", "sha256", "none of ours"), value=value)
    report = judged(Facts("JAdES", (weak,)))
    assert crypto_of(written(report)) == {
        "urn:oid:1.2.3.4": ("false", None),
        "http://www.w3.org/2000/09/xmldsig#sha1": ("false", at(end_of(report, "sha1"))),
        "http://www.w3.org/2001/04/xmlenc#sha256": ("true", None),
        "urn:toyono-trust:identifier:none%20of%20ours": ("false", None),
    }


def end_of(report: Report, name: str) -> datetime:
    assert report.inputs is not None
    end = report.inputs.policy.end_of(name)
    assert end is not None
    return end


def test_an_algorithm_ends_when_the_policy_says() -> None:
    rules = "[algorithms.expires]\nsha256 = 2026-11-03"
    until = datetime(2026, 11, 3, tzinfo=UTC)
    sha256 = "http://www.w3.org/2001/04/xmlenc#sha256"
    stamped = old.stamp(old.sign(), NOW)
    before, after = old.verify(stamped, rules=rules), old.verify(stamped, rules=rules, at=NOW + 3 * DAY)
    assert crypto_of(written(before))[sha256] == ("true", at(until))
    assert after.indication == "INDETERMINATE"
    assert after.signatures[0].best_signature_time == NOW + 3 * DAY
    assert crypto_of(written(after))[sha256] == ("false", at(until))


def test_algorithms_of_certificates_must_hold_at_the_time_of_validation() -> None:
    """EN 319 102-1 5.5 step 10; those of the signature only when it was made."""
    rules = "[algorithms.expires]\necdsa = 2026-11-03"
    end = datetime(2026, 11, 3, tzinfo=UTC)
    report = old.verify(old.stamp(old.sign(), NOW), rules=rules, at=end)
    ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

    def of_chain(root: Any) -> set[str | None]:
        status = one(root, "SignatureValidationReport/SignatureValidationStatus")
        crypto = find(status, ".//v:CryptoInformation")
        return {
            text(each, "SecureAlgorithm")
            for each in crypto
            if referred(each, "ValidationObjectId")[0].startswith("certificate-")
        }

    assert report.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    root = written(report)
    assert crypto_of(root)[ecdsa] == ("false", at(end))
    proven = report.signatures[0]._replace(best_signature_time=NOW)
    report.signatures = (proven,)
    root = written(report)
    assert crypto_of(root)[ecdsa] == ("true", at(end))
    assert of_chain(root) == {"false"}
    report.signatures = (proven._replace(indication="TOTAL-PASSED", sub_indication=None),)
    assert of_chain(written(report)) == {"true"}


# -- the standard's own names


def test_sub_indications_are_those_of_the_standard() -> None:
    known = {
        *("FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "EXPIRED", "NOT_YET_VALID"),
        *("SIG_CONSTRAINTS_FAILURE", "CHAIN_CONSTRAINTS_FAILURE", "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
        *("CRYPTO_CONSTRAINTS_FAILURE", "POLICY_PROCESSING_ERROR", "SIGNATURE_POLICY_NOT_AVAILABLE"),
        *("TIMESTAMP_ORDER_FAILURE", "NO_SIGNING_CERTIFICATE_FOUND", "NO_CERTIFICATE_CHAIN_FOUND"),
        *("NO_CERTIFICATE_CHAIN_FOUND_NO_POE", "REVOKED_NO_POE", "REVOKED_CA_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        *("OUT_OF_BOUNDS_NO_POE", "REVOCATION_OUT_OF_BOUNDS_NO_POE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "NO_POE"),
        *("TRY_LATER", "SIGNED_DATA_NOT_FOUND"),
    }
    assert {row.sub_indication for row in table().values() if row.sub_indication} <= known


ENUMERATED = {
    "MainIndication": ("mainindication:", {"total-passed", "total-failed", "indeterminate", "passed", "failed"}),
    "SubIndication": ("subindication:", {row.sub_indication for row in table().values() if row.sub_indication}),
    "TypeOfProof": ("poetype:", {"validation"}),
    "Status": ("constraintStatus:", {"applied"}),
    "SignatureValidationProcessID": ("validationprocess:", {"Basic", "LTVM", "LTA"}),
    "ObjectType": (
        "validationObject:",
        {"certificate", "CRL", "OCSPResponse", "timestamp", "signedData", "other"},
    ),
    "RevocationReason": ("revocationReason:", {"keyCompromise"}),
}


@every_report
def test_enumerated_values_are_those_of_the_standard(name: str) -> None:
    root = written(report_of(name))
    for element, (prefix, known) in ENUMERATED.items():
        found = {each.text for each in find(root, f"//v:{element}")}
        assert found <= {f"{U}{prefix}{each}" for each in known}
    top = {verdict(each)[0] for each in find(root, "SignatureValidationReport/SignatureValidationStatus")}
    assert report_of(name).signatures == () or top <= {"total-passed", "total-failed", "indeterminate"}
    nested = find(root, "SignatureValidationObjects//v:SignatureValidationStatus")
    assert {verdict(each)[0] for each in nested} <= {"passed", "failed", "indeterminate"}
    assert {each.text for each in find(root, "//v:HashOnly|//v:DocHashOnly")} <= {"false"}
