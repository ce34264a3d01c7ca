"""A report's clothes: text for people (English, Japanese), JSON for programs. Decides nothing, reads no clock.

The JSON members are the promise of ``report_version`` 1: they are only ever added to.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any
from unicodedata import category

from toyono_trust.core.findings import Language
from toyono_trust.formats.model import EvidenceRecord, Revision
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes
from toyono_trust.validation.report import (
    EvidenceRecordReport,
    Finding,
    LogResult,
    Report,
    SignatureReport,
    TimestampReport,
    record_id,
)

REPORT_VERSION = 1

# -- JSON


def json_value(report: Report) -> dict[str, Any]:
    """The report as one JSON object of plain values; times are UTC."""
    stamps = _numbered([_timestamp(item) for item in report.timestamps])
    return {
        "report_version": REPORT_VERSION,
        "file": report.file,
        "validated_at": utc(report.validated_at),
        "simulated_from": utc(report.simulated_from),
        "policy": {"name": report.policy_name, "digest": report.policy_digest},
        "trust": {
            "digest": report.trust_digest,
            "revocation_digest": report.trust_revocation_digest,
            "valid_until": utc(report.trust_valid_until),
        },
        "indication": report.indication,
        "sub_indication": report.sub_indication,
        "signatures": _numbered([_signature(item) for item in report.signatures]),
        "receipt": None if report.receipt is None else _receipt(report.receipt),
        **({} if report.log is None else {"log": _log(report.log)}),
        "timestamps": stamps,
        "evidence_records": _numbered([_judged_record(item, stamps) for item in report.evidence_records]),
        "material": [{"kind": item.kind, "digest": item.digest, "source": item.source} for item in report.material],
        "findings": [_finding(item) for item in report.findings],
    }


def utc(time: datetime | None) -> str | None:
    """Write RFC 3339 in UTC with Z, with a fraction only where there is one. None stays None."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give twins (the same signature value) different ids: ``-2``, then ``-3``."""
    seen: dict[str, int] = {}
    for item in items:
        count = seen[item["id"]] = seen.get(item["id"], 0) + 1
        if count > 1:
            item["id"] += f"-{count}"
    return items


def _signature(item: SignatureReport) -> dict[str, Any]:
    return {
        "id": item.id,
        "format": item.format,
        "level": item.level,
        "container": None,
        "kind": item.kind,
        "indication": item.indication,
        "sub_indication": item.sub_indication,
        "valid_until": utc(item.valid_until),
        "signer": None if item.certificate is None else _signer(item.certificate),
        "claimed_signing_time": utc(item.facts.claimed_signing_time),
        "best_signature_time": utc(item.best_signature_time),
        "proven_by": None if item.proof is None else item.proof.by,
        "algorithm": item.algorithm,
        "signature_intact": item.signature_intact,
        "signed_objects": [
            {
                "name": thing.name,
                "digest_algorithm": thing.digest_algorithm,
                "found": thing.found,
                "intact": thing.intact,
            }
            for thing in item.objects
        ],
        "timestamps": _numbered([_timestamp(token) for token in item.timestamps]),
        "evidence_records": [_record(record) for record in item.facts.evidence_records],
        "counter_signatures": _numbered([_signature(counter) for counter in item.counter_signatures]),
        "revision": None if item.facts.revision is None else _revision(item.facts.revision),
        "revocation_evidence": list(item.revocation_evidence),
        "chain": ["sha256:" + certificate.sha256.hex() for certificate in item.chain],
        "findings": [_finding(finding) for finding in item.findings],
    }


def _record(record: EvidenceRecord) -> dict[str, Any]:
    """An evidence record inside a signature, which is found and not judged."""
    return {
        "id": record_id(record),
        "format": record.kind,
        "indication": None,
        "sub_indication": None,
    }


def _judged_record(item: EvidenceRecordReport, stamps: list[dict[str, Any]]) -> dict[str, Any]:
    """The verdict on an evidence record; ``chains`` names its time stamps by their ids among the report's."""
    return {
        "id": item.id,
        "format": item.facts.kind,
        "indication": item.indication,
        "sub_indication": item.sub_indication,
        "valid_until": utc(item.valid_until),
        "proven_at": utc(item.proven_at),
        "digest_algorithms": list(item.facts.algorithms),
        "data_objects": [
            {
                "name": thing.name,
                "digest_algorithm": thing.digest_algorithm,
                "found": thing.found,
                "intact": thing.intact,
            }
            for thing in item.facts.objects
        ],
        "chains": [[stamps[place]["id"] for place in chain] for chain in item.facts.chains],
        "findings": [_finding(finding) for finding in item.findings],
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "field": revision.field,
        "byte_range": list(revision.byte_range),
        "byte_range_valid": revision.byte_range_valid,
        "covers_whole_file": revision.covers_whole_file,
        "length": revision.length,
        "later_changes": list(revision.changes),
        "permitted_changes": revision.permitted,
        "reason": revision.reason,
        "location": revision.location,
        "name": revision.name,
    }


def _signer(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "identifier": certificate.identifier,
        "kind": certificate.kind,
        "certificate_sha256": certificate.sha256.hex(),
        "issuer": certificate.issuer,
        "not_after": utc(certificate.not_after),
    }


def _timestamp(item: TimestampReport) -> dict[str, Any]:
    token = item.token
    return {
        "id": item.id,
        "type": token.type,
        "time": utc(token.generated_at) if readable(item) else None,
        "imprint_found": token.imprint_found,
        "imprint_intact": token.imprint_intact,
        "signature_intact": item.signature_intact,
        "indication": item.indication,
        "sub_indication": item.sub_indication,
        "valid_until": utc(item.valid_until),
        "imprint_algorithm": token.imprint_algorithm,
        "policy": token.policy,
        "serial_number": format(token.serial_number, "x"),
        "accuracy_seconds": token.accuracy,
        "ordering": token.ordering,
        "signer": None if item.certificate is None else _signer(item.certificate),
        "past_validation": item.past,
        "proven_at": utc(item.proof.time) if item.proof is not None and item.proof.by is not None else None,
        "proven_by": None if item.proof is None else item.proof.by,
        "findings": [_finding(finding) for finding in item.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level,
        "sub_indication": finding.sub_indication,
        "clause": finding.clause,
        "subject": finding.subject,
        "text": finding.text,
        "remedy": finding.remedy,
    }


def _receipt(result: Any) -> dict[str, Any]:
    return {
        "event": result.event,
        "event_time": utc(result.event_time),
        "sender": result.sender,
        "recipients": list(result.recipients),
        "issuer_is_signer": result.issuer_is_signer,
        "parts": [{"name": name, "found": found, "intact": intact} for name, found, intact in result.parts],
        "proves": result.proves,
    }


def _log(result: LogResult) -> dict[str, Any]:
    proof = result.proof
    return {
        "origin": result.origin,
        "key": result.key,
        "vouched_by": result.vouched_by,
        "operator": result.operator,
        "index": result.position,
        "entry": None if result.entry is None else result.entry.hex(),
        "tree_size": result.size,
        "root": None if result.root is None else result.root.hex(),
        "logged_since": utc(result.logged_since),
        "witnesses": [{"name": one.name, "time": utc(one.time)} for one in result.witnesses],
        "unknown_witnesses": result.unknown_witnesses,
        "matched": result.matched,
        "evidence": [{"name": one.name, "form": one.form, "matches": one.matches} for one in result.evidence],
        "promises": [
            {"origin": one.origin, "index": one.position, "deadline": utc(one.deadline), "state": one.state}
            for one in result.promises
        ],
        "proof": None if proof is None else _proof(proof),
    }


def _proof(report: Report) -> dict[str, Any]:
    """The verdict on the proof that was presented with a receipt."""
    value = json_value(report)
    members = ("indication", "sub_indication", "signatures", "timestamps", "evidence_records", "material", "findings")
    return {name: value[name] for name in members}


# -- text


def text(report: Report, language: Language = "en", zone: tzinfo = UTC, *, colour: bool = False) -> str:
    """The report for a person: verdict first, then why, what to do, who, when, what; no trailing newline."""
    from toyono_trust.validation.lines import Lines

    return "\n".join(Lines(report, language, zone, colour).all())


def safe(value: str) -> str:
    """Text from a file, without what could command a terminal or turn the reading direction.

    Blanks stay, because U+3000 separates family and given name in Japanese, though Python calls it unprintable.
    """
    if value.isprintable():  # no controls (Cc), no formats such as the bidirectional ones (Cf), no lone surrogates
        return value
    return "".join(char if char.isprintable() or category(char) == "Zs" else _escaped(char) for char in value)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def name_of(certificate: Certificate) -> str:
    """What people call the subject: its common name, else its organisation, else the whole subject."""
    for kind in (_COMMON_NAME, _ORGANISATION):
        for found in attributes(certificate.subject_name, kind):
            if found:
                return safe(found)
    return safe(certificate.subject) or safe(certificate.identifier)


_COMMON_NAME, _ORGANISATION = "2.5.4.3", "2.5.4.10"


def readable(item: TimestampReport) -> bool:
    """Whether the token could be read; one that could not has no time."""
    return item.token.generated_at.year > 1
