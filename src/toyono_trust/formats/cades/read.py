"""Read CAdES and plain CMS signatures into facts (EN 319 122-1, RFC 5652).

Strict DER first; what is not DER is read again with the named leniencies, each of which becomes a note.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import by_name
from toyono_trust.core.asn1 import LENIENCIES
from toyono_trust.core.cms.checking import SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2
from toyono_trust.core.cms.reading import SIGNED_DATA
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.cades.attributes import (
    COUNTER_SIGNATURE,
    EVIDENCE_RECORDS,
    EXTENDED,
    NOTHING,
    SIGNATURE_TIMESTAMP,
    Values,
    read_values,
)
from toyono_trust.formats.cades.properties import CONTENT_TIMESTAMP, read_properties
from toyono_trust.formats.cades.reading import Reading
from toyono_trust.formats.cades.stamps import read_stamps
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ReadToken
from toyono_trust.formats.model import (
    CertificateReference,
    EvidenceRecord,
    Facts,
    Level,
    Note,
    Signature,
    SignatureValue,
    SignedObject,
    SignerIdentifier,
    TimestampToken,
)

__all__ = ["detect", "read", "read_signatures", "read_signed_data"]

MAX_NESTING = 4
"""Counter-signatures upon counter-signatures."""
_DATA = "1.2.840.113549.1.7.1"


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
    if len(signed.revocation_choices) > len(signed.crls) + len(signed.ocsp_responses):
        notes += (Note("cms.revocation-unread"),)
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
    reading = Reading(signed, read_token, work)
    return tuple([_signature(reading, info, content, 0) for info in signed.signers])


def _signature(reading: Reading, info: cms.SignerInfo, content: Content | None, depth: int) -> Signature:
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
    unsigned = _NONE
    if info.unsigned_attributes or CONTENT_TIMESTAMP in attributes:
        unsigned = _unsigned(reading, info, content, depth, notes)
    is_cades = SIGNING_CERTIFICATE_V2 in attributes or SIGNING_CERTIFICATE in attributes
    return Signature(
        "CAdES" if is_cades else "PKCS7",
        _level(data, info, checked, unsigned.timestamps, depth) if is_cades else None,
        SignatureValue(checked.algorithm, checked.signed, info.signature, info.signature, None, checked.salt_length),
        (covered,),
        tuple([CertificateReference(*reference) for reference in checked.references]),
        _joined(data.certificates, unsigned.values.certificates),
        checked.leaf,
        SignerIdentifier(*info.identifier),
        checked.signing_time,
        _digest_algorithms(info),
        read_properties(attributes, notes),
        unsigned.timestamps,
        unsigned.counters,
        _joined(data.crls, unsigned.values.crls),
        _joined(data.ocsp_responses, tuple([response for _, response in unsigned.values.ocsp_responses])),
        tuple(notes),
        None,
        unsigned.evidence_records,
    )


def _joined(shared: tuple[bytes, ...], own: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What the SignedData brings for all its signatures, and what one of them brings beside."""
    return tuple(dict.fromkeys(shared + own)) if own else shared


class _Unsigned(NamedTuple):
    """What unsigned attributes hold, and content time stamps beside them."""

    timestamps: tuple[TimestampToken, ...] = ()
    counters: tuple[Signature, ...] = ()
    values: Values = NOTHING
    evidence_records: tuple[EvidenceRecord, ...] = ()


_NONE = _Unsigned()


def _unsigned(
    reading: Reading, info: cms.SignerInfo, content: Content | None, depth: int, notes: list[Note]
) -> _Unsigned:
    counters = _counter_signatures(reading, info, depth, notes)
    values = read_values(info.unsigned_attributes, notes)
    kinds = {attribute.oid for attribute in info.unsigned_attributes}
    older = [name for oid, name in EXTENDED.items() if oid in kinds]
    if older:
        notes.append(Note("cades.extended-form", "", {"attributes": ", ".join(older)}))
    records = [
        EvidenceRecord("ERS", value)
        for attribute in info.unsigned_attributes
        if attribute.oid in EVIDENCE_RECORDS
        for value in attribute.values
    ]
    stamps = read_stamps(reading, info, content, dict(counters), values)
    return _Unsigned(stamps, tuple([signature for _, signature in counters]), values, tuple(records))


def _digest_algorithms(info: cms.SignerInfo) -> tuple[str, ...]:
    """The content's digest, and the signature algorithm's where it is another."""
    row = by_name(info.signature_algorithm)
    used = None if row is None else row.digest
    if info.signed_attributes is None:
        return () if used is None else (used,)
    if used is None or used == info.digest_algorithm:
        return (info.digest_algorithm,)
    return (info.digest_algorithm, used)


def _counter_signatures(
    reading: Reading, info: cms.SignerInfo, depth: int, notes: list[Note]
) -> list[tuple[bytes, Signature]]:
    """Counter-signatures (RFC 5652 11.4) with their octets: each value is a SignerInfo over this signature's octets."""
    found = []
    for attribute in info.unsigned_attributes:
        if attribute.oid != COUNTER_SIGNATURE:
            continue
        if depth >= MAX_NESTING:
            raise MalformedError("limits.count", f"counter-signatures nest deeper than {MAX_NESTING}")
        for value in attribute.values:
            reading.count("signatures")
            try:
                counter, leniencies = cms.read_signer_info(value, lenient=True)
            except MalformedError:
                notes.append(Note("cms.attribute-malformed", COUNTER_SIGNATURE, {"attribute": COUNTER_SIGNATURE}))
                continue
            signature = _signature(reading, counter, BytesContent(info.signature, "signature"), depth + 1)
            if leniencies:
                more = tuple(Note(LENIENCIES[name].finding) for name in sorted(leniencies))
                signature = signature._replace(notes=signature.notes + more)
            found.append((value, signature))
    return found


def _level(
    data: cms.SignedData,
    info: cms.SignerInfo,
    checked: cms.Checked,
    timestamps: tuple[TimestampToken, ...],
    depth: int,
) -> Level | None:
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
    if not EXTENDED.keys().isdisjoint(kinds):
        return None
    if not (data.crls or data.ocsp_responses):
        return "B-T"
    return "B-LTA" if any(map(_is_archive, timestamps)) else "B-LT"


def _is_archive(token: TimestampToken) -> bool:
    """Whether a token is an archive time stamp that says what it covers."""
    return token.type == "archive" and not any(note.code in _NO_ARCHIVE for note in token.notes)


_NO_ARCHIVE = frozenset(("timestamp.malformed", "cades.index-missing", "cades.index-malformed"))


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
