"""Build CMS SignedData in DER (RFC 5652), and splice unsigned attributes into one without touching other octets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from toyono_trust.core.algorithms import (
    digest,
    digest_algorithm_identifier,
    signature_algorithm_identifier,
)
from toyono_trust.core.asn1 import (
    Node,
    Reader,
    der,
    explicit,
    header_der,
    implicit,
    integer_der,
    octet_string,
    oid_der,
    sequence,
    set_of,
    utc_or_generalized,
)
from toyono_trust.core.cms.checking import CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, SIGNING_TIME
from toyono_trust.core.cms.reading import SIGNED_DATA, certificate_identity, read
from toyono_trust.errors import MalformedError

DATA = "1.2.840.113549.1.7.1"


def attribute(oid: str, *values: bytes) -> bytes:
    """Attribute of a type and the TLVs of its values."""
    return sequence(oid_der(oid), set_of(values))


def signed_attributes(
    content_type: str | None, message_digest: bytes, *more: bytes, signing_time: datetime | None = None
) -> bytes:
    """The DER SET OF that is signed: content-type (None in a counter-signature), message-digest, signing-time, more."""
    parts = [_around(MESSAGE_DIGEST, 0x04, len(message_digest)) + message_digest, *more]
    if content_type is not None:
        parts.append(_content_type(content_type))
    if signing_time is not None:
        time = utc_or_generalized(signing_time)
        parts.append(_around(SIGNING_TIME, time[0], len(time) - 2) + time[2:])
    return set_of(parts)


@lru_cache(64)
def _around(oid: str, tag: int, size: int) -> bytes:
    """What stands before the contents of an attribute's one short value: the same in every signature."""
    return attribute(oid, der(tag, bytes(size)))[:-size]


@lru_cache(16)
def _content_type(oid: str) -> bytes:
    return attribute(CONTENT_TYPE, oid_der(oid))


def signing_certificate_v2(certificate: bytes, algorithm: str = "sha256") -> bytes:
    """Attribute signing-certificate-v2 with one reference to a DER certificate, without issuerSerial (EN 319 122-1)."""
    value = octet_string(digest(algorithm, certificate))
    prefix = b"" if algorithm == "sha256" else digest_algorithm_identifier(algorithm)
    return attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(prefix, value))))


def signer_info(
    certificate: bytes,
    digest_algorithm: str,
    attributes: bytes | None,
    algorithm: str,
    signature: bytes,
    *,
    salt_length: int | None = None,
    unsigned: Iterable[bytes] = (),
) -> bytes:
    """SignerInfo version 1 that names ``certificate`` (DER) by issuer and serial number.

    ``attributes``: the DER SET OF that was signed, or None. ``signature``: its octets (ECDSA: DER).
    """
    issuer, serial, _ = certificate_identity(certificate)
    unsigned = list(unsigned)
    return sequence(
        integer_der(1),
        sequence(issuer, integer_der(serial)),
        digest_algorithm_identifier(digest_algorithm),
        b"" if attributes is None else implicit(0, attributes),
        signature_algorithm_identifier(algorithm, salt_length),
        octet_string(signature),
        implicit(1, set_of(unsigned)) if unsigned else b"",
    )


def signed_data(
    content: bytes | None,
    digest_algorithms: Iterable[str],
    certificates: Iterable[bytes],
    signer_infos: Iterable[bytes],
    *,
    content_type: str = DATA,
    crls: Iterable[bytes] = (),
) -> bytes:
    """DER ContentInfo with SignedData; ``content`` None for a detached one, ``crls`` RevocationInfoChoice TLVs.

    Version by RFC 5652 5.1.
    """
    bag, lists = set(certificates), set(crls)
    version = 5 if any(choice[0] != 0x30 for choice in lists) else 1 if content_type == DATA else 3
    body = sequence(
        integer_der(version),
        set_of(digest_algorithm_identifier(name) for name in set(digest_algorithms)),
        sequence(oid_der(content_type), b"" if content is None else explicit(0, octet_string(content))),
        implicit(0, set_of(bag)) if bag else b"",
        implicit(1, set_of(lists)) if lists else b"",
        set_of(signer_infos),
    )
    return sequence(SIGNED_DATA, explicit(0, body))


def add_unsigned(data: bytes, signer_index: int, attribute_der: bytes) -> bytes:
    """Splice an unsigned attribute into the SignerInfo at ``signer_index``; all other contents stay octet-identical.

    Lengths around it grow; indefinite ones stay. It goes where DER sorts it, or last where the set is not sorted.
    Raises ``MalformedError`` for what is no SignedData or has no such SignerInfo.
    """
    found = read(data, lenient=True)
    if not 0 <= signer_index < len(found.signers):
        raise MalformedError("cms.no-such-signer", f"there is no SignerInfo number {signer_index}")
    reader = Reader(data, lenient=True)
    signer = reader.children(found.path[-1])[signer_index]
    last = reader.children(signer)[-1]
    around = [*found.path, signer]
    if last[0] == 0xA1:
        around.append(last)
        nodes = reader.children(last)
        tlvs = [reader.tlv(node) for node in nodes]
        position = last[3]
        if tlvs == sorted(tlvs):
            position = next((node[1] for node, tlv in zip(nodes, tlvs, strict=True) if tlv > attribute_der), position)
        return _insert(data, around, position, attribute_der)
    return _insert(data, around, signer[3], der(0xA1, attribute_der))


def _insert(data: bytes, around: list[Node], position: int, piece: bytes) -> bytes:
    """Put ``piece`` at ``position``, which lies inside all nodes of ``around`` (outermost first)."""
    growth = len(piece)
    headers: list[tuple[int, int, bytes]] = []
    for tag, start, body, stop, end in reversed(around):
        if stop != end:  # indefinite length
            continue
        header = header_der(tag, stop - body + growth)
        growth += len(header) - (body - start)
        headers.append((start, body, header))
    pieces = []
    at = 0
    for start, body, header in reversed(headers):
        pieces += [data[at:start], header]
        at = body
    pieces += [data[at:position], piece, data[position:]]
    return b"".join(pieces)
