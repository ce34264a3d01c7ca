"""The facts of a file as plain values that JSON can hold: what parsers read, nothing that anybody decided."""

from __future__ import annotations

import hashlib
from typing import Any

from toyono_trust.core.algorithms import describe
from toyono_trust.core.findings import entry
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import (
    EvidenceRecord,
    Note,
    Properties,
    ReceiptFacts,
    Signature,
    SignedObject,
    TimestampToken,
    Unread,
)
from toyono_trust.ledger.presented import is_proof
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.trustfiles import read_items
from toyono_trust.sources import content_of
from toyono_trust.validation.render import utc

__all__ = ["certificate_value", "certificates_of", "file_value"]


def file_value(name: str, data: bytes, contents: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """All facts of a signed file, or of certificates and CRLs; None where it is neither.

    Raises ``MalformedError`` where the format is known and the bytes are broken.
    """
    if is_proof(data):
        return _proof(name, data, contents)
    if registry.detect(data) is not None:
        from toyono_trust.edge.judging import presented

        given = {key: content_of(path) for key, path in presented(contents).items()}
        try:
            facts = registry.read(data, Contents(given), Work())
        except MalformedError:
            pki = _pki_value(name, data)
            if pki is None:
                raise
            return pki
        return {
            "file": name,
            "kind": facts.kind,
            "signatures": [_signature(item) for item in facts.signatures],
            "timestamps": [_token(item) for item in facts.timestamps],
            "evidence_records": [_record(item) for item in facts.evidence_records],
            "receipt": _receipt(data),
            "notes": [_note(note) for note in facts.notes],
        }
    return _of_log(name, data) or _pki_value(name, data)


def _of_log(name: str, data: bytes) -> dict[str, Any] | None:
    """What opens an entry of a log, or a verifier key; None for all else. The salt, which is its owner's, is left out.

    Whether any log has the entry is not looked at.
    """
    from toyono_trust.ledger.entry import MAX_OPENING, read_opening
    from toyono_trust.ledger.note import NoteKey

    if len(data) > MAX_OPENING:
        return None
    try:
        if data[:1] == b"{":
            opening = read_opening(data)
            return {"file": name, "kind": "LogOpening", "entry": opening.entry.hex(), "evidence": opening.evidence}
        key = NoteKey.parse(data.decode("ascii").strip())
    except (MalformedError, UnicodeDecodeError):
        return None
    return {"file": name, "kind": "LogKey", "name": key.name, "id": key.id.hex(), "key": key.text}


def _proof(name: str, data: bytes, contents: tuple[str, ...]) -> dict[str, Any]:
    """The facts of the proof of an entry of an evidence log."""
    from toyono_trust.edge.judging import presented
    from toyono_trust.verbs import read

    given = {key: content_of(path) for key, path in presented(contents).items()}
    facts = read(data, Contents(given), Work())
    if isinstance(facts, Unread):
        raise MalformedError(facts.code, facts.message, offset=facts.offset)
    log = facts.log
    assert log is not None
    return {
        "file": name,
        "kind": facts.kind,
        "log": {
            "key": log.key,
            "charter_key": log.charter,
            "index": log.position,
            "entry": log.entry.hex(),
            "tree_size": log.size,
            "root": log.root.hex(),
            "signature_intact": log.intact,
            "included": log.included,
            "cosignatures": [{"name": one.name, "time": utc(one.time)} for one in log.cosignatures],
            "evidence": [one._asdict() for one in log.evidence],
        },
        "signatures": [_signature(item) for item in facts.signatures],
        "timestamps": [_token(item) for item in facts.timestamps],
        "evidence_records": [_record(item) for item in facts.evidence_records],
        "receipt": None,
        "notes": [_note(note) for note in facts.notes],
    }


def _pki_value(name: str, data: bytes) -> dict[str, Any] | None:
    try:
        items = read_items(data, name)
    except MisuseError:
        return None
    if not items:
        return None
    return {
        "file": name,
        "certificates": [certificate_value(item.der) for item in items if item.kind == "certificate"],
        "crls": [_crl(item.der) for item in items if item.kind == "crl"],
        "ocsp_responses": [{"bytes": len(item.der)} for item in items if item.kind == "ocsp"],
    }


def certificates_of(name: str, data: bytes) -> list[Certificate]:
    """The certificates of a PEM or DER file, or those that a signed file brings with it."""
    if registry.detect(data) in ("jades", "cades", "rfc3161", "ers") and b"-----BEGIN CERTIFICATE" not in data:
        facts = registry.read(data, Contents(), Work())
        signers = [*facts.signatures, *(token.signer for token in facts.timestamps)]
        return [Certificate.load(der) for signer in signers for der in signer.certificates]
    return [Certificate.load(item.der) for item in read_items(data, name) if item.kind == "certificate"]


def certificate_value(der: bytes) -> dict[str, Any]:
    """The facts of a certificate; what cannot be read is said instead."""
    try:
        certificate = Certificate.load(der)
    except MalformedError as error:
        return {"error": error.message, "bytes": len(der)}
    key = certificate.key
    qc = certificate.qc._asdict() if hasattr(certificate.qc, "_asdict") else {}
    return {
        "subject": certificate.subject,
        "kind": certificate.kind,
        "identifiers": list(certificate.identifiers),
        "issuer": certificate.issuer,
        "serial_number": format(certificate.serial, "x"),
        "not_before": utc(certificate.not_before),
        "not_after": utc(certificate.not_after),
        "key": None if key is None else " ".join(str(part) for part in (key.family, key.curve or key.bits) if part),
        "signature_algorithm": certificate.signature_algorithm,
        "ca": certificate.is_ca,
        "key_usage": sorted(certificate.key_usage or ()),
        "extended_key_usage": sorted(certificate.extended_key_usage or ()),
        "policies": list(certificate.policies),
        "qc_statements": {name: _plain(value) for name, value in qc.items() if value},
        "crl_urls": list(certificate.crl_urls),
        "ocsp_urls": list(certificate.ocsp_urls),
        "sha256": certificate.sha256.hex(),
        "notes": [_note(Note(*note)) for note in certificate.notes],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list | frozenset | set):
        return [_plain(item) for item in (sorted(value) if isinstance(value, frozenset | set) else value)]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _crl(der: bytes) -> dict[str, Any]:
    from toyono_trust.pki.crl import Crl

    try:
        crl = Crl.load(der)
    except MalformedError as error:
        return {"error": error.message, "bytes": len(der)}
    return {"what": crl.describe(), "this_update": utc(crl.this_update), "next_update": utc(crl.next_update)}


def _signature(item: Signature) -> dict[str, Any]:
    value = item.value
    return {
        "format": item.format,
        "level": item.level,
        "algorithm": _algorithm(item),
        "claimed_signing_time": utc(item.claimed_signing_time),
        "properties": _properties(item.properties),
        "signed_objects": [_object(thing) for thing in item.objects],
        "digest_algorithms": list(item.digest_algorithms),
        "signature_value_bytes": len(value.wire),
        "certificate_references": [
            {"digest_algorithm": reference.digest_algorithm, "digest": reference.digest.hex()}
            for reference in item.references
        ],
        "designated_certificate": None if item.leaf is None else hashlib.sha256(item.leaf).hexdigest(),
        "certificates": [certificate_value(der) for der in item.certificates],
        "crls": len(item.crls),
        "ocsp_responses": len(item.ocsp_responses),
        "timestamps": [_token(token) for token in item.timestamps],
        "counter_signatures": [_signature(counter) for counter in item.counter_signatures],
        "notes": [_note(note) for note in item.notes],
    }


def _algorithm(item: Signature) -> str:
    if item.leaf is not None:
        try:
            key = Certificate.load(item.leaf).public_key
        except MalformedError:
            key = None
        if key is not None:
            return describe(item.value.algorithm, key)
    return item.value.algorithm


def _properties(given: Properties) -> dict[str, Any]:
    place, policy = given.place, given.policy
    return {
        "commitments": list(given.commitments),
        "roles": list(given.roles),
        "place": None if place is None else {name: text for name, text in place._asdict().items() if text},
        "policy": None if policy is None else {name: _plain(part) for name, part in policy._asdict().items()},
        "content_type": given.content_type,
    }


def _object(thing: SignedObject) -> dict[str, Any]:
    return {
        "name": thing.name,
        "found": thing.found,
        "intact": thing.intact,
        "digest_algorithm": thing.digest_algorithm,
        "digest": None if thing.digest is None else thing.digest.hex(),
        "bytes": None if thing.content is None else thing.content.size,
    }


def _token(token: TimestampToken) -> dict[str, Any]:
    return {
        "type": token.type,
        "time": utc(token.generated_at),
        "imprint_algorithm": token.imprint_algorithm,
        "imprint": token.imprint.hex(),
        "imprint_found": token.imprint_found,
        "imprint_intact": token.imprint_intact,
        "policy": token.policy,
        "serial_number": format(token.serial_number, "x"),
        "accuracy_seconds": token.accuracy,
        "ordering": token.ordering,
        "nonce": None if token.nonce is None else format(token.nonce, "x"),
        "algorithm": _algorithm(token.signer),
        "certificates": [certificate_value(der) for der in token.signer.certificates],
        "notes": [_note(note) for note in token.notes],
    }


def _record(record: EvidenceRecord) -> dict[str, Any]:
    """Its chains name its time stamps by their place."""
    return {
        "kind": record.kind,
        "algorithms": list(record.algorithms),
        "chains": [list(chain) for chain in record.chains],
        "data_objects": [_object(thing) for thing in record.objects],
        "notes": [_note(note) for note in record.notes],
    }


def _receipt(data: bytes) -> dict[str, Any] | None:
    """What a delivery receipt claims; None where the file is none."""
    from toyono_trust.core.canonical import json_loads
    from toyono_trust.delivery import evidence
    from toyono_trust.delivery.parties import to_text

    if b'"jadesSignature"' not in data:
        return None
    value = json_loads(data)
    if not evidence.is_evidence(value):
        return None
    claims: ReceiptFacts = evidence.facts(value)
    return {
        "identifier": claims.identifier,
        "event": claims.event,
        "event_time": utc(claims.event_time),
        "submission_time": utc(claims.submission_time),
        "issuer": to_text(claims.issuer),
        "sender": to_text(claims.sender),
        "recipients": [to_text(recipient) for recipient in claims.recipients],
        "refers_to_recipient": claims.refers_to_recipient,
        "message_identifier": claims.message_identifier,
        "reasons": list(claims.reasons),
        "parts": [
            {
                "name": part.name,
                "content_type": part.content_type,
                "digest_algorithm": part.digest_algorithm,
                "digest": None if part.digest is None else part.digest.hex(),
            }
            for part in claims.parts
        ],
        "notes": [_note(note) for note in claims.notes],
    }


def _note(note: Note) -> dict[str, Any]:
    from toyono_trust.validation.report import Finding

    row = entry(note.code)
    finding = Finding(note.code, row.level, note.subject, note.values)
    return {"code": note.code, "subject": note.subject, "text": finding.text}
