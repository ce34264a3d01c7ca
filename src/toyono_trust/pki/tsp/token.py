"""RFC 3161 2.4.2 (with RFC 5816): the time-stamp token, read strictly, judged by nobody here. Pure.

A token is a CMS SignedData over a TSTInfo with exactly one SignerInfo, which names its certificate by ESSCertID or
ESSCertIDv2. Whether that certificate may stamp (EKU, path, revocation at genTime) is the judge's question.
EN 319 422 profiles the values; what breaks a rule without hiding the facts becomes a note, the rest is malformed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest as digest_of
from toyono_trust.core.algorithms import digest_size, verify
from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.core.cms.checking import Reference
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp.query import MAX_REMEMBERED, read_extensions, read_imprint

__all__ = ["Token", "TokenNote", "read", "verify_signature"]

TST_INFO = "1.2.840.113549.1.9.16.1.4"
QC_STATEMENTS = "1.3.6.1.5.5.7.1.3"
"""The one extension known here (EN 319 422 9): the TSA's claim to be qualified."""

TokenNote = tuple[str, str, Mapping[str, Any]]
"""Code of ``core.findings``, subject, and the values of its text."""

BOOLEAN, INTEGER, GENERALIZED_TIME, SEQUENCE, TSA, EXTENSIONS = 0x01, 0x02, 0x18, 0x30, 0xA0, 0xA1
_PLACES = {SEQUENCE: 1, BOOLEAN: 2, INTEGER: 3, TSA: 4, EXTENSIONS: 5}
"""Order of the optional members of TSTInfo: accuracy, ordering, nonce, tsa, extensions."""
_ACCURACY_PLACES = {INTEGER: 0, 0x80: 1, 0x81: 2}


class Token(NamedTuple):
    """A token as read.

    ``content``: DER of TSTInfo. ``generated_at``: genTime (aware, UTC), cut to microseconds. ``imprint_algorithm``:
    digest name, or the OID where unknown. ``accuracy``: seconds, None where not stated. ``tsa_name``: DER GeneralName.
    ``extensions``: OIDs. ``signer`` and ``checked``: its SignerInfo, and what checking its signature takes.
    """

    data: bytes
    content: bytes
    generated_at: datetime
    imprint_algorithm: str
    imprint: bytes
    policy: str
    serial_number: int
    accuracy: float | None
    ordering: bool
    nonce: int | None
    tsa_name: bytes | None
    extensions: tuple[str, ...]
    signer: cms.SignerInfo
    checked: cms.Checked
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]
    notes: tuple[TokenNote, ...]

    @property
    def message_digest_intact(self) -> bool | None:
        """Whether the signed message digest is that of TSTInfo; None where its algorithm is not known."""
        return self.checked.intact


_Optional = tuple[float | None, bool, int | None, bytes | None, tuple[str, ...]]
_Info = tuple[datetime, str, bytes, str, int, float | None, bool, int | None, bytes | None, tuple[str, ...]]
"""Members of ``Token`` from ``generated_at`` to ``extensions``: plain tuples, for this is a hot path."""


def read(data: bytes, *, lenient: bool = True) -> Token:
    """Read a TimeStampToken (DER ContentInfo). Raises ``MalformedError``; never anything else.

    ``lenient``: what is no DER is read again as BER with the named leniencies of ``core.cms``, each one a note.
    An OCTET STRING around the token is malformed.
    """
    try:
        signed_data = cms.read(data)
    except MalformedError:
        if not lenient:
            raise
        signed_data = cms.read(data, lenient=True)
    content = signed_data.content
    if signed_data.content_type != TST_INFO or content is None:
        raise _malformed("its content is no TSTInfo")
    if not signed_data.signers:
        raise _malformed("nobody signed it")
    notes: list[TokenNote] = []
    info = _read_info(content, notes, lenient)
    signer = signed_data.signers[0]
    checked = cms.signature(signer, signed_data, BytesContent(content))
    if signed_data.leniencies:
        notes += _leniency_notes(signed_data.leniencies)
    if checked.notes:
        notes += checked.notes
    if len(signed_data.signers) != 1:
        notes.append(("timestamp.signer-count", "", {"count": len(signed_data.signers)}))
    if not checked.references:
        notes.append(("timestamp.no-certificate-reference", "", {}))
    return Token(
        data,
        content,
        *info,
        signer,
        checked,
        signed_data.certificates,
        signed_data.crls,
        signed_data.ocsp_responses,
        tuple(notes) if notes else (),
    )


def _read_info(content: bytes, notes: list[TokenNote], lenient: bool) -> _Info:
    reader = Reader(content)
    try:
        return _read_members(reader, notes)
    except MalformedError:
        if not lenient:
            raise
    notes.clear()
    reader = Reader(content, lenient=True)
    info = _read_members(reader, notes)
    notes += _leniency_notes(reader.used)
    return info


def _read_members(reader: Reader, notes: list[TokenNote]) -> _Info:
    children = reader.members(reader.root(), SEQUENCE, 5, 10)
    version_node, policy_node, imprint_node, serial_node, time_node = children[:5]
    version = reader.integer(version_node)
    if version != 1:
        notes.append(("timestamp.version", "", {"version": version}))
    policy = reader.oid(policy_node)
    algorithm, imprint, sound = read_imprint(reader, imprint_node)
    size = digest_size(algorithm)
    if size != len(imprint):
        if size is None:
            notes.append(("timestamp.imprint-algorithm", "", {"algorithm": algorithm}))
        else:
            notes.append(("timestamp.imprint-length", "", {"algorithm": algorithm, "octets": len(imprint)}))
    if not sound:
        notes.append(("timestamp.imprint-parameters", "", {}))
    serial_number = reader.integer(serial_node)
    generated_at = read_time(reader.value(reader.expect(time_node, GENERALIZED_TIME)), notes)
    optional = _read_optional(reader, children[5:], notes)
    return (generated_at, algorithm, imprint, policy, serial_number, *optional)


def _read_optional(reader: Reader, nodes: list[Node], notes: list[TokenNote]) -> _Optional:
    accuracy: float | None = None
    ordering = False
    nonce: int | None = None
    tsa_name: bytes | None = None
    extensions: tuple[str, ...] = ()
    last = 0
    for node in nodes:
        place = _PLACES.get(node[0], 0)
        if place <= last:
            raise _malformed("a member of TSTInfo is unknown or out of order", node[1])
        last = place
        if place == 1:
            accuracy = _read_accuracy(reader, node, notes)
        elif place == 2:
            ordering = reader.boolean(node)
            if not ordering:
                notes.append(("timestamp.encoded-default", "", {"member": "ordering"}))
        elif place == 3:
            nonce = reader.integer(node)
        elif place == 4:
            (name,) = reader.members(node, TSA, 1, 1)
            tsa_name = reader.tlv(name)
        else:
            extensions = _read_known_extensions(reader, node, notes)
    return accuracy, ordering, nonce, tsa_name, extensions


def _read_known_extensions(reader: Reader, node: Node, notes: list[TokenNote]) -> tuple[str, ...]:
    found = read_extensions(reader, node)
    for oid, critical in found:
        if critical and oid != QC_STATEMENTS:
            notes.append(("timestamp.critical-extension", oid, {"oid": oid}))
    return tuple(oid for oid, _ in found)


def _read_accuracy(reader: Reader, node: Node, notes: list[TokenNote]) -> float | None:
    """Accuracy in seconds, None with a note where it is out of range."""
    tlv = reader.tlv(node)
    if len(tlv) <= MAX_REMEMBERED and not reader.lenient:
        seconds = _short_accuracy(tlv)
    else:
        seconds = _accuracy(reader, node)
    if seconds is None:
        notes.append(("timestamp.accuracy-range", "", {}))
    return seconds


@lru_cache(64)
def _short_accuracy(tlv: bytes) -> float | None:
    """The accuracy by its octets, which a TSA repeats in every token."""
    reader = Reader(tlv)
    return _accuracy(reader, reader.root())


def _accuracy(reader: Reader, node: Node) -> float | None:
    """Seconds INTEGER, millis [0] and micros [1] within 1..999, all optional, in this order; None out of range."""
    last = -1
    micros = 0
    sound = True
    for part in reader.children(node):
        place = _ACCURACY_PLACES.get(part[0], -1)
        if place <= last:
            raise _malformed("a member of Accuracy is unknown or out of order", part[1])
        last = place
        octets = reader.value(part)
        if not octets or len(octets) > 8:
            raise _malformed("a member of Accuracy is no number of sensible size", part[1])
        number = int.from_bytes(octets, "big", signed=True)
        sound = sound and (number >= 0 if place == 0 else 1 <= number <= 999)
        micros += number * (1_000_000, 1_000, 1)[place]
    return micros / 1_000_000 if sound else None


def read_time(written: bytes, notes: list[TokenNote]) -> datetime:
    """GenTime, ``YYYYMMDDhhmmss[.f…]Z`` (RFC 3161 2.4.2): no zeros at the end of a fraction, no empty fraction.

    Another way of writing the same is a note. Digits below microseconds are cut off. Raises ``MalformedError``.
    """
    whole, fraction = written[:14], written[14:-1]
    if len(whole) != 14 or not whole.isdigit() or written[-1:] != b"Z" or len(written) > 40:
        raise _malformed("genTime is not written as YYYYMMDDhhmmss[.f]Z")
    if fraction:
        digits = fraction[1:]
        if fraction[:1] not in (b".", b",") or (digits and not digits.isdigit()):
            raise _malformed("genTime has a strange fraction")
        if fraction[:1] == b"," or not digits or digits.endswith(b"0"):
            notes.append(("timestamp.gentime-form", "", {"written": written.decode("ascii")}))
        fraction = b"." + (digits[:6] or b"0")
    try:
        return datetime.fromisoformat((whole[:8] + b"T" + whole[8:] + fraction + b"+00:00").decode("ascii"))
    except ValueError:
        raise _malformed("genTime is no date") from None


def verify_signature(token: Token, certificate: Certificate) -> bool:
    """Whether ``certificate`` made the token: message digest, ESS reference to it, and signature value.

    False for every doubt: several signers, no signed attributes, no reference, an unknown algorithm. Whether the
    certificate may stamp is not asked. Never raises on what the token or the certificate holds.
    """
    checked = token.checked
    if checked.intact is not True or not checked.references or not _bound(checked.references[0], certificate):
        return False
    if any(code in _FATAL for code, _, _ in token.notes):
        return False
    key = certificate.public_key
    return key is not None and verify(
        checked.algorithm, key, token.signer.signature, checked.signed, salt_length=checked.salt_length
    )


_FATAL = frozenset(
    {
        "timestamp.signer-count",
        "cms.algorithm-protection",
        "cms.content-type-missing",
        "cms.content-type-mismatch",
    }
)


def _bound(reference: Reference, certificate: Certificate) -> bool:
    """Whether the first ESS reference, the signer's (RFC 5035 3), names ``certificate``.

    Its digest decides; issuer and serial number, where given, must agree.
    """
    algorithm, digest, issuer_serial = reference
    if algorithm == "sha256":
        own = certificate.sha256
    elif digest_size(algorithm) is not None:
        own = digest_of(algorithm, certificate.der)
    else:
        return False
    return own == digest and issuer_serial in (None, (certificate.issuer_der, certificate.serial))


def _leniency_notes(used: Iterable[str]) -> list[TokenNote]:
    return [("cms.leniency." + name, "", {}) for name in sorted(used)]


def _malformed(reason: str, offset: int | None = None) -> MalformedError:
    return MalformedError(
        "timestamp.malformed", f"this is no time-stamp token: {reason}", "obtain the time stamp again", offset=offset
    )
