"""``SignatureValidationReport`` (TS 119 102-2 4.2) of a signature, of a file without any, and of validation objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes
from toyono_trust.validation.etsi import access, uris
from toyono_trust.validation.etsi.attributes import write_attributes, write_reference
from toyono_trust.validation.etsi.element import boolean, child, digest, moment, octets, refer, text_of, utc
from toyono_trust.validation.etsi.objects import Object, Objects
from toyono_trust.validation.etsi.status import (
    write_constraints,
    write_file_status,
    write_item_status,
    write_record_status,
    write_status,
)
from toyono_trust.validation.judge.poe import key_of
from toyono_trust.validation.report import EvidenceRecordReport, LogResult, Report, SignatureReport, TimestampReport

__all__ = ["write_file", "write_object", "write_signature"]

_PSEUDONYM = "2.5.4.65"


def write_signature(parent: Any, item: SignatureReport, objects: Objects, *, first: bool) -> None:
    """One signature. ``first``: findings about the whole file stand with it as well."""
    report = objects.report
    element = child(parent, "SignatureValidationReport")
    _identifier(element, item, objects)
    write_constraints(element, report, item.findings, report.findings if first else ())
    _time(element, item, objects)
    _document(element, item, objects)
    write_attributes(element, item, objects)
    _signer(element, item.certificate, objects)
    process = child(element, "SignatureValidationProcess")
    child(process, "SignatureValidationProcessID", uris.PROCESSES[access.process(item)])
    write_status(element, item, objects.signature(item), objects)
    _other(element, report, item)


def write_file(parent: Any, objects: Objects) -> None:
    """A file in which there is no signature: what was found of it, and of the time stamps that stand alone."""
    report = objects.report
    element = child(parent, "SignatureValidationReport")
    write_constraints(element, report, (), report.findings)
    time = child(element, "ValidationTimeInfo")
    moment(time, "ValidationTime", report.validated_at)
    best = child(time, "BestSignatureTime")
    moment(best, "POETime", report.validated_at)
    child(best, "TypeOfProof", uris.BY_VALIDATION)
    process = child(element, "SignatureValidationProcess")
    child(process, "SignatureValidationProcessID", uris.PROCESSES["Basic"])
    write_file_status(element, report, objects)
    _other(element, report, None)


# -- parts of a signature's report


def _identifier(parent: Any, item: SignatureReport, objects: Objects) -> None:
    """4.2.3: the signature by what was signed and by its value. Data is at hand, never its digest alone."""
    element = child(parent, "SignatureIdentifier", None, id=objects.signature(item))
    signed = access.to_be_signed(item.facts)
    if signed is not None:
        digest(element, "DigestAlgAndValue", signed.algorithm, signed.value)
    octets(element, "SignatureValue", access.value_octets(item.facts), uris.DS)
    child(element, "HashOnly", boolean(False))
    child(element, "DocHashOnly", boolean(False))


def _time(parent: Any, item: SignatureReport, objects: Objects) -> None:
    element = child(parent, "ValidationTimeInfo")
    moment(element, "ValidationTime", objects.report.validated_at)
    best = child(element, "BestSignatureTime")
    moment(best, "POETime", item.best_signature_time)
    child(best, "TypeOfProof", uris.BY_VALIDATION)
    lowest, by = objects.proof(key_of(item.facts.value.wire))
    if by is None or lowest != item.best_signature_time:
        by = next(
            (
                objects.stamp(stamp)
                for stamp in item.timestamps
                if stamp.indication == "PASSED" and stamp.token.generated_at == item.best_signature_time
            ),
            None,
        )
    if by is not None:
        refer(best, "POEObject", by)


def _document(parent: Any, item: SignatureReport, objects: Objects) -> None:
    """4.2.7: by digest where it is one object, and by reference."""
    names = objects.signed(item)
    if not names:
        return
    element = child(parent, "SignersDocument")
    if len(names) == 1:
        found = next(data for data in map(access.data_of, item.objects) if data is not None)
        digest(element, "DigestAlgAndValue", found.algorithm, found.value)
    refer(element, "SignersDocumentRepresentation", *names)


def _signer(parent: Any, certificate: Certificate | None, objects: Objects) -> None:
    if certificate is None:
        return
    pseudonym = any(attributes(certificate.subject_name, _PSEUDONYM))
    element = child(parent, "SignerInformation", None, Pseudonym=boolean(pseudonym))
    refer(element, "SignerCertificate", objects.certificate(certificate.der))
    child(element, "Signer", text_of(certificate.subject or certificate.identifier))


def _other(parent: Any, report: Report, item: SignatureReport | None) -> None:
    """What the standard has no place for: verdict on the file, format and level, trust."""
    element = child(parent, "OtherInformation")
    for name, value in _more(report, item):
        child(element, name, text_of(value), uris.OWN)


def _more(report: Report, item: SignatureReport | None) -> Iterator[tuple[str, str]]:
    if report.file:
        yield "File", report.file
    if report.log is not None:
        yield from _log(report.log)
    yield "FileIndication", uris.main_indication(report.indication)
    if report.sub_indication is not None:
        yield "FileSubIndication", uris.sub_indication(report.sub_indication)
    if item is not None:
        yield "Format", item.format
        if item.level is not None:
            yield "Level", item.level
        yield "Kind", item.kind
    elif report.kind is not None:
        yield "Format", report.kind
    yield "TrustDigest", report.trust_digest
    yield "TrustRevocationDigest", report.trust_revocation_digest


def _log(result: LogResult) -> Iterator[tuple[str, str]]:
    """The evidence log, which the standard does not know."""
    if result.key is not None:
        yield "Log", result.key
        yield "LogVouchedBy", result.vouched_by or "nobody"
        yield "LogIndex", str(result.position)
        yield "LogTreeSize", str(result.size)
    if result.entry is not None:
        yield "LogEntry", result.entry.hex()
    if result.logged_since is not None:
        yield "LoggedSince", utc(result.logged_since)
    if result.matched is not None:
        yield "LogEvidence", "matched" if result.matched else "other"
    for witness in result.witnesses:
        yield "LogWitness", f"{witness.name} {utc(witness.time)}"
    for promise in result.promises:
        yield "LogPromise", f"{promise.origin} {promise.position} {promise.state}"
    if result.proof is not None:
        yield "LogProofIndication", uris.main_indication(result.proof.indication)


# -- validation objects


def write_object(parent: Any, found: Object, objects: Objects) -> None:
    """4.4: one object with its octets or digest, its proof of existence, and what it proves."""
    element = child(parent, "ValidationObject", None, id=found.id)
    child(element, "ObjectType", uris.OBJECTS[found.kind])
    shown = child(element, "ValidationObjectRepresentation")
    if found.octets is not None and found.id in objects.included:
        octets(shown, "base64", found.octets)
    else:
        digest(shown, "DigestAlgAndValue", found.digest.algorithm, found.digest.value)
    if found.source is not None:
        child(shown, "URI", uris.location(found.source))
    _proof(element, found, objects)
    if found.stamp is not None:
        _provisioning(element, found, objects)
        _of_stamp(element, found.stamp, found.id, objects)
    elif found.record is not None:
        _of_record(element, found.record, objects)
    elif found.kind in ("crl", "ocsp"):
        _of_revocation(element, found, objects)


def _proof(parent: Any, found: Object, objects: Objects) -> None:
    element = child(parent, "POE")
    time, by = objects.proof(found.key)
    moment(element, "POETime", time)
    child(element, "TypeOfProof", uris.BY_VALIDATION)
    if by is not None:
        refer(element, "POEObject", by)


def _provisioning(parent: Any, found: Object, objects: Objects) -> None:
    """What a time stamp proves to exist; one that did not pass proves nothing."""
    assert found.stamp is not None
    if found.stamp.indication != "PASSED":
        return
    element = child(parent, "POEProvisioning")
    moment(element, "POETime", found.stamp.token.generated_at)
    names, signatures = objects.covered(found)
    for name in names:
        refer(element, "ValidationObject", name)
    for item in signatures:
        write_reference(element, "SignatureReference", item, objects)


def _of_stamp(parent: Any, stamp: TimestampReport, name: str, objects: Objects) -> None:
    element = child(parent, "ValidationReport")
    write_constraints(element, None, stamp.findings)
    _signer(element, stamp.certificate, objects)
    write_status(element, stamp, name, objects)


def _of_record(parent: Any, record: EvidenceRecordReport, objects: Objects) -> None:
    element = child(parent, "ValidationReport")
    write_constraints(element, None, record.findings)
    write_record_status(element, record, objects)


def _of_revocation(parent: Any, found: Object, objects: Objects) -> None:
    """Of what verdicts rely on: its signature fits, by one who may say so. Of the rest nothing is known here."""
    item = access.load(found.octets) if found.octets is not None and objects.relied_on(found) else None
    if item is None:
        return
    element = child(parent, "ValidationReport")
    signer = access.signer_of(item, objects.report)
    _signer(element, signer, objects)
    write_item_status(element, item, found.id, objects, signer)
