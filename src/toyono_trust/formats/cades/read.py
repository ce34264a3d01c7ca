"""Read CAdES and plain CMS signatures into facts (EN 319 122-1, RFC 5652).

Strict DER first; what is not DER is read again with the named leniencies, each of which becomes a note.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import by_name, digest
from toyono_trust.core.asn1 import LENIENCIES
from toyono_trust.core.cms.checking import SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2
from toyono_trust.core.cms.reading import SIGNED_DATA
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import MAX_SIGNATURES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.cades.properties import CONTENT_TIMESTAMP, read_properties
from toyono_trust.formats.cades.write import SIGNATURE_TIMESTAMP
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.model import (
    CertificateReference,
    Facts,
    Level,
    Note,
    Signature,
    SignatureValue,
    SignedObject,
    SignerIdentifier,
    TimestampToken,
    TimestampType,
)

__all__ = ["detect", "read", "read_signatures", "read_signed_data"]

_SMIME = "1.2.840.113549.1.9.16.2."
COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"
ARCHIVE_V3 = "0.4.0.1733.2.4"
_UNSIGNED_TIMESTAMPS: dict[str, TimestampType] = {
    SIGNATURE_TIMESTAMP: "signature",
    _SMIME + "25": "validation-data",  # CAdES-C-time-stamp
    _SMIME + "26": "validation-data",  # time-stamped-certs-crls-references
    _SMIME + "27": "archive",  # archive-time-stamp, version 1
    _SMIME + "48": "archive",  # version 2
    ARCHIVE_V3: "archive",
}
_LAYERS: tuple[TimestampType, ...] = ("content", "signature", "validation-data", "archive")
_EXTENDED = frozenset(_SMIME + number for number in ("21", "22", "23", "24", "25", "26", "27", "44", "45", "48"))
"""Unsigned attributes of the extended forms CAdES-C, -X, -A (EN 319 122-2), which baseline B-LT and B-LTA bar (6.3)."""
MAX_NESTING = 4
"""Counter-signatures upon counter-signatures."""
_DATA = "1.2.840.113549.1.7.1"


class _Reading(NamedTuple):
    """What stays the same for all SignerInfos of one file."""

    data: cms.SignedData
    read_token: ReadToken
    counts: dict[str, int]
    work: Work

    def digest(self, name: str, data: bytes) -> bytes:
        """Digest of octets that a time stamp covers, counted."""
        self.work.spend("repeated-bytes", len(data))
        return digest(name, data)


def detect(data: bytes) -> bool:
    """Whether the first octets are those of a CMS ContentInfo with SignedData."""
    return data[:1] == b"\x30" and SIGNED_DATA in data[:24]


def read(data: bytes, contents: Contents, work: Work, read_token: ReadToken) -> Facts:
    """Facts of all signatures of a CMS file; ``contents`` are what a detached one may cover.

    Raises ``MalformedError`` where the octets have no accepted reading.
    """
    signed = read_signed_data(data)
    content: Content | None = contents.only() if signed.content is None else BytesContent(signed.content)
    signatures = read_signatures(signed, content, work, read_token)
    notes = tuple(Note(LENIENCIES[name].finding) for name in sorted(signed.leniencies)) if signed.leniencies else ()
    if not signatures:
        notes += (Note("cms.no-signers"),)
    kind = "CAdES" if "CAdES" in [signature.format for signature in signatures] else "PKCS7"
    return Facts(kind, signatures, notes=notes)


def read_signed_data(data: bytes) -> cms.SignedData:
    """SignedData, strictly, and where that is impossible with the named leniencies. Raises ``MalformedError``."""
    try:
        return cms.read(data)
    except MalformedError:
        return cms.read(data, lenient=True)


def read_signatures(
    signed: cms.SignedData, content: Content | None, work: Work, read_token: ReadToken
) -> tuple[Signature, ...]:
    """The signatures of all SignerInfos over ``content``, whatever the SignedData itself encapsulates."""
    if content is not None and signed.content is None:
        work.present(content, content.size)
    reading = _Reading(signed, read_token, {"signatures": MAX_SIGNATURES, "timestamps": MAX_TIMESTAMPS}, work)
    return tuple([_signature(reading, info, content, 0) for info in signed.signers])


def _signature(reading: _Reading, info: cms.SignerInfo, content: Content | None, depth: int) -> Signature:
    """One SignerInfo, or a counter-signature (``depth`` above 0) over its parent's signature octets."""
    data = reading.data
    if info.signed_attributes is None and content is not None:  # the signature value is over the content itself
        reading.work.spend("repeated-bytes", content.size)
    checked = cms.signature(info, data, content, counter=depth > 0)
    attributes = checked.attributes
    notes = [Note(*observation) for observation in checked.notes]
    covered = SignedObject(
        content.name if content is not None else "",
        checked.found,
        checked.intact,
        checked.digest_algorithm,
        checked.message_digest,
        info.signed_attributes is None,
        content,
    )
    timestamps: tuple[TimestampToken, ...] = ()
    counters: tuple[Signature, ...] = ()
    if info.unsigned_attributes or CONTENT_TIMESTAMP in attributes:
        timestamps = _timestamps(reading, info, content)
        counters = _counter_signatures(reading, info, depth, notes)
    is_cades = SIGNING_CERTIFICATE_V2 in attributes or SIGNING_CERTIFICATE in attributes
    return Signature(
        "CAdES" if is_cades else "PKCS7",
        _level(data, info, checked, depth) if is_cades else None,
        SignatureValue(checked.algorithm, checked.signed, info.signature, info.signature, None, checked.salt_length),
        (covered,),
        tuple([CertificateReference(*reference) for reference in checked.references]),
        data.certificates,
        checked.leaf,
        SignerIdentifier(*info.identifier),
        checked.signing_time,
        _digest_algorithms(info),
        read_properties(attributes, notes),
        timestamps,
        counters,
        data.crls,
        data.ocsp_responses,
        tuple(notes),
    )


def _count(reading: _Reading, what: str) -> None:
    reading.counts[what] -= 1
    if reading.counts[what] < 0:
        raise MalformedError("limits.count", f"more {what} in one file than are read")


def _digest_algorithms(info: cms.SignerInfo) -> tuple[str, ...]:
    """The content's digest, and the signature algorithm's where it is another."""
    row = by_name(info.signature_algorithm)
    used = None if row is None else row.digest
    if info.signed_attributes is None:
        return () if used is None else (used,)
    if used is None or used == info.digest_algorithm:
        return (info.digest_algorithm,)
    return (info.digest_algorithm, used)


def _timestamps(reading: _Reading, info: cms.SignerInfo, content: Content | None) -> tuple[TimestampToken, ...]:
    """All tokens of one SignerInfo, oldest layer first."""
    found: list[TimestampToken] = []

    def add(kind: TimestampType, token: bytes, covered: Callable[[str], bytes] | None) -> None:
        _count(reading, "timestamps")
        found.append(reading.read_token(Nested(kind, token, covered)))

    for attribute in info.signed_attributes or ():
        if attribute.oid == CONTENT_TIMESTAMP:
            for token in attribute.values:
                add("content", token, None if content is None else content.digest)
    for attribute in info.unsigned_attributes:
        kind = _UNSIGNED_TIMESTAMPS.get(attribute.oid)
        if kind is not None:
            for token in attribute.values:
                add(kind, token, (lambda name: reading.digest(name, info.signature)) if kind == "signature" else None)
    found.sort(key=lambda token: _LAYERS.index(token.type))
    return tuple(found)


def _counter_signatures(
    reading: _Reading, info: cms.SignerInfo, depth: int, notes: list[Note]
) -> tuple[Signature, ...]:
    """Counter-signatures (RFC 5652 11.4): each value is a SignerInfo over this signature's octets."""
    found = []
    for attribute in info.unsigned_attributes:
        if attribute.oid != COUNTER_SIGNATURE:
            continue
        if depth >= MAX_NESTING:
            raise MalformedError("limits.count", f"counter-signatures nest deeper than {MAX_NESTING}")
        for value in attribute.values:
            _count(reading, "signatures")
            try:
                counter, leniencies = cms.read_signer_info(value, lenient=True)
            except MalformedError:
                notes.append(Note("cms.attribute-malformed", COUNTER_SIGNATURE, {"attribute": COUNTER_SIGNATURE}))
                continue
            signature = _signature(reading, counter, BytesContent(info.signature, "signature"), depth + 1)
            if leniencies:
                more = tuple(Note(LENIENCIES[name].finding) for name in sorted(leniencies))
                signature = signature._replace(notes=signature.notes + more)
            found.append(signature)
    return tuple(found)


def _level(data: cms.SignedData, info: cms.SignerInfo, checked: cms.Checked, depth: int) -> Level | None:
    """The baseline level whose structure a signature has (EN 319 122-1 6.3), None where it is not baseline.

    Whether the validation data of B-LT is complete is for the judge; here it must be there at all.
    """
    if (
        checked.signing_time is None
        or checked.message_digest is None
        or checked.leaf is None
        or not checked.references
        or (checked.references[0][0] == "sha1") != (SIGNING_CERTIFICATE in checked.attributes)
        or (data.content_type != _DATA and depth == 0)
        or (checked.notes and any(note[0] in _NOT_BASELINE for note in checked.notes))
    ):
        return None
    if not info.unsigned_attributes:
        return "B-B"
    kinds = {attribute.oid for attribute in info.unsigned_attributes}
    if SIGNATURE_TIMESTAMP not in kinds:
        return "B-B"
    if not _EXTENDED.isdisjoint(kinds):
        return None
    if not (data.crls or data.ocsp_responses):
        return "B-T"
    return "B-LTA" if ARCHIVE_V3 in kinds else "B-LT"


_NOT_BASELINE = frozenset(
    (
        "cms.attribute-malformed",
        "cms.content-type-mismatch",
        "cms.content-type-missing",
        "cms.counter-signature-content-type",
        "cms.duplicate-attribute",
        "cms.reference-malformed",
        "cms.two-certificate-references",
    )
)
