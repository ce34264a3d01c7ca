"""Verdicts: ``ValidationStatusType`` and the constraints that were evaluated (TS 119 102-2 4.2.4, 4.2.5, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.revocation import Item
from toyono_trust.validation.etsi import access, uris
from toyono_trust.validation.etsi.element import boolean, child, digest_parts, moment, refer, text_of, typed, utc
from toyono_trust.validation.etsi.objects import Objects
from toyono_trust.validation.judge.signature import indication_of
from toyono_trust.validation.policy import NEVER
from toyono_trust.validation.report import EvidenceRecordReport, Finding, Report, SignatureReport, TimestampReport

__all__ = ["write_constraints", "write_file_status", "write_item_status", "write_record_status", "write_status"]

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
Part = SignatureReport | TimestampReport


# -- constraints


def write_constraints(
    parent: Any, report: Report | None, findings: Iterable[Finding], of_file: Iterable[Finding] = ()
) -> None:
    """The policy of the report, if one is given, and one constraint for each finding.

    ``of_file``: findings about the whole file, which say so. Without anything the element is left out.
    """
    findings, of_file = tuple(findings), tuple(of_file)
    if report is None and not findings and not of_file:
        return
    element = child(parent, "ValidationConstraintsEvaluationReport")
    if report is not None:
        _policy(element, report)
    for finding in findings:
        _constraint(element, finding)
    for finding in of_file:
        _constraint(element, finding, "file")


def _policy(parent: Any, report: Report) -> None:
    """The validation policy by name and digest; the digest is over its values, whatever the file's layout."""
    element = child(parent, "SignatureValidationPolicy")
    identifier = child(element, "SignaturePolicyIdentifier")
    found = _DIGEST.fullmatch(report.policy_digest)
    if found is None:
        child(identifier, "SignaturePolicyImplied", None, uris.XADES)
    else:
        named = child(identifier, "SignaturePolicyId", None, uris.XADES)
        which = child(named, "SigPolicyId", None, uris.XADES)
        child(which, "Identifier", uris.policy(report.policy_digest), uris.XADES)
        digest_parts(child(named, "SigPolicyHash", None, uris.XADES), "sha256", bytes.fromhex(found[1]))
    child(element, "PolicyName", text_of(report.policy_name))


def _constraint(parent: Any, finding: Finding, scope: str = "") -> None:
    """One finding: what it is about, whether the policy applies it, and what comes of it."""
    element = child(parent, "ValidationConstraint")
    child(element, "ValidationConstraintIdentifier", uris.finding(finding.code))
    parameters = {"clause": finding.clause, "level": finding.level, "subject": finding.subject, "scope": scope}
    named = [(uris.own("parameter", name), value) for name, value in parameters.items() if value]
    typed(element, "ValidationConstraintParameter", named)
    applied = uris.DISABLED if finding.level == "ignore" else uris.APPLIED
    child(child(element, "ConstraintStatus"), "Status", applied)
    if finding.level == "ignore":
        return
    sub = finding.sub_indication if finding.level == "fail" else None
    status = child(element, "ValidationStatus")
    _indications(status, indication_of(sub), sub)
    data = child(child(status, "AssociatedValidationReportData"), "AdditionalValidationReportData")
    typed(data, "ReportData", [*_message(finding), (uris.own("parameter", "remedy"), finding.remedy)])


def _message(finding: Finding) -> Iterator[tuple[str, str]]:
    yield uris.MESSAGES[finding.level], finding.text


def _indications(element: Any, indication: str, sub: str | None) -> None:
    child(element, "MainIndication", uris.main_indication(indication))
    if sub is not None:
        child(element, "SubIndication", uris.sub_indication(sub))


# -- status


def write_status(parent: Any, part: Part, name: str, objects: Objects) -> None:
    """The verdict on a signature or a time stamp (``name``: its id) with what it rests on."""
    status = child(parent, "SignatureValidationStatus")
    _indications(status, part.indication, part.sub_indication)
    revoked, crypto = list(access.revoking(part, objects.items)), list(_crypto(part, name, objects))
    for place in range(max(1, len(revoked), len(crypto))):
        data = child(status, "AssociatedValidationReportData")
        if place == 0:
            _chain(data, part, objects)
            _related(data, part, objects)
        if place < len(revoked):
            _revoked(data, revoked[place], objects)
        if place < len(crypto):
            _algorithm(data, crypto[place], objects.report)
        if place == 0:
            _additional(data, part)


def write_file_status(parent: Any, report: Report, objects: Objects) -> None:
    """The verdict on a file without signatures: its indication, and the time stamps that stand alone."""
    status = child(parent, "SignatureValidationStatus")
    _indications(status, report.indication, report.sub_indication)
    related = [objects.record(record) for record in report.evidence_records]
    related += [objects.stamp(stamp) for stamp in report.timestamps]
    messages = [message for finding in report.findings for message in _message(finding)]
    if not related and not messages:
        return
    data = child(status, "AssociatedValidationReportData")
    for name in dict.fromkeys(related):
        refer(data, "RelatedValidationObject", name)
    if messages:
        typed(child(data, "AdditionalValidationReportData"), "ReportData", messages)


def write_record_status(parent: Any, record: EvidenceRecordReport, objects: Objects) -> None:
    """The verdict on an evidence record, with its time stamps and what it covers."""
    status = child(parent, "SignatureValidationStatus")
    _indications(status, record.indication, record.sub_indication)
    data = child(status, "AssociatedValidationReportData")
    related = [objects.stamp(stamp) for stamp in record.timestamps]
    for name in dict.fromkeys([*related, *map(objects.data, access.recorded(record))]):
        refer(data, "RelatedValidationObject", name)
    messages = [message for finding in record.findings for message in _message(finding)]
    if messages:
        typed(child(data, "AdditionalValidationReportData"), "ReportData", messages)


def write_item_status(parent: Any, item: Item, name: str, objects: Objects, signer: Certificate | None) -> None:
    """A CRL or OCSP response that a verdict relies on: it is signed by ``signer``, who may say so."""
    status = child(parent, "SignatureValidationStatus")
    _indications(status, "PASSED", None)
    data = child(status, "AssociatedValidationReportData")
    if signer is not None:
        bits = None if signer.key is None else signer.key.bits
        _algorithm(data, _Used(name, item.signature_algorithm, bits, objects.report.validated_at), objects.report)
    times = {"this-update": item.this_update, "next-update": item.next_update}
    if isinstance(item, OcspResponse):
        times["produced-at"] = item.produced_at
    values = [(uris.own("parameter", kind), utc(time)) for kind, time in times.items() if time is not None]
    typed(child(data, "AdditionalValidationReportData"), "ReportData", values)


def _chain(data: Any, part: Part, objects: Objects) -> None:
    """From the signing certificate to the trust anchor; the certificate alone where no path was accepted."""
    if part.certificate is None:
        return
    names = [objects.certificate(item.der) for item in part.chain]
    if names:
        refer(data, "TrustAnchor", names[-1])
    chain = child(data, "CertificateChain")
    refer(chain, "SigningCertificate", objects.certificate(part.certificate.der))
    for name in names[1:-1]:
        refer(chain, "IntermediateCertificate", name)
    if names:
        refer(chain, "TrustAnchor", names[-1])


def _related(data: Any, part: Part, objects: Objects) -> None:
    """Revocation data that the verdict relies on, its signers, and the time stamps of a signature."""
    related = [objects.revocation(digest) for digest in access.evidence(part)]
    related += [objects.certificate(item.der) for item in access.signers(part)]
    if isinstance(part, SignatureReport):
        related += [objects.stamp(stamp) for stamp in part.timestamps]
    for name in dict.fromkeys(related):
        refer(data, "RelatedValidationObject", name)


def _revoked(data: Any, revoked: access.Revoked, objects: Objects) -> None:
    element = child(data, "RevocationStatusInformation")
    refer(element, "ValidationObjectId", objects.certificate(revoked.certificate.der))
    moment(element, "RevocationTime", revoked.time)
    reason = uris.revocation_reason(revoked.reason)
    if reason is not None:
        child(element, "RevocationReason", reason)
    if revoked.item is not None:
        refer(element, "RevocationObject", objects.revocation(revoked.item))


class _Used(NamedTuple):
    """An algorithm of the object ``id``, with the key size in bits, that had to be reliable at ``at``."""

    id: str
    algorithm: str
    bits: int | None
    at: datetime


def _crypto(part: Part, name: str, objects: Objects) -> Iterator[_Used]:
    """Algorithms of the value, of digests, then of each certificate below the anchor.

    The former at the proven time; certificates at the time of validation (EN 319 102-1 5.5 step 10), unless what did
    not hold then was undone by a proof of existence.
    """
    at = access.proven(part, objects.report)
    for algorithm, bits in access.algorithms_of(part):
        yield _Used(name, algorithm, bits, at)
    if part.sub_indication is not None:
        at = objects.report.validated_at
    for place, certificate in enumerate(part.chain[:-1]):
        key = part.chain[place + 1].key
        bits = None if key is None else key.bits
        yield _Used(objects.certificate(certificate.der), certificate.signature_algorithm, bits, at)


def _algorithm(data: Any, used: _Used, report: Report) -> None:
    element = child(data, "CryptoInformation")
    refer(element, "ValidationObjectId", used.id)
    child(element, "Algorithm", uris.signature_method(used.algorithm))
    if used.bits is not None:
        typed(element, "AlgorithmParameters", [(uris.own("parameter", "key-size-bits"), str(used.bits))])
    child(element, "SecureAlgorithm", boolean(access.is_secure(report, used.algorithm, used.bits, used.at)))
    end = access.end_of(report, used.algorithm, used.bits)
    if end is not None and end != NEVER:
        moment(element, "NotAfter", end)


def _additional(data: Any, part: Part) -> None:
    """Texts of the findings, and of a token what its TSTInfo says besides."""
    values = [message for finding in part.findings for message in _message(finding)]
    if isinstance(part, TimestampReport):
        values += [(uris.own("parameter", name), value) for name, value in _token(part)]
    if values:
        typed(child(data, "AdditionalValidationReportData"), "ReportData", values)


def _token(part: TimestampReport) -> Iterator[tuple[str, str]]:
    token = part.token
    yield "timestamp-type", token.type
    if access.is_readable(part):
        yield "tsa-policy", token.policy
        yield "serial-number", format(token.serial_number, "x")
        yield "generation-time", utc(token.generated_at)
    if token.accuracy is not None:
        yield "accuracy-seconds", f"{token.accuracy:g}"
