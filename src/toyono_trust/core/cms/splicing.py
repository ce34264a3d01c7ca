"""Extend a SignedData that is there (RFC 5652 5): whatever is not added or exchanged keeps its octets.

Lengths around a change grow; indefinite ones stay. What joins a SET OF goes where DER sorts it (X.690 11.6), or last
where the set is not sorted. SignerInfos keep their places, so that a number goes on naming the same one: growing may
leave their set unsorted, which BER allows (RFC 5652 5 asks for DER in the signed attributes alone).
"""

from __future__ import annotations

from collections.abc import Iterable

from toyono_trust.core.algorithms import digest_algorithm_identifier
from toyono_trust.core.asn1 import Node, Reader, der, header_der, integer_der
from toyono_trust.core.cms.reading import MAX_CRLS, Attribute, SignedData, read
from toyono_trust.core.limits import MAX_CERTIFICATES, MAX_SIGNATURES
from toyono_trust.errors import MalformedError

__all__ = ["add_unsigned", "exchange_value", "extend", "insert_unsigned", "replace_unsigned"]

CERTIFICATES, CRLS = 0xA0, 0xA1
"""Tags of SignedData's certificates and crls."""


def add_unsigned(data: bytes, signer_index: int, attribute_der: bytes) -> bytes:
    """Splice an unsigned attribute into the SignerInfo at ``signer_index``; all other contents stay octet-identical.

    Raises ``MalformedError`` for what is no SignedData or has no such SignerInfo.
    """
    return insert_unsigned(read(data, lenient=True), signer_index, attribute_der)


def insert_unsigned(found: SignedData, signer_index: int, attribute_der: bytes) -> bytes:
    """As ``add_unsigned``, of a SignedData that is read already."""
    data = found.data
    reader = Reader(data, lenient=True)
    signer = _signer(reader, found, signer_index)
    last = reader.children(signer)[-1]
    around = [*found.path, signer]
    if last[0] == 0xA1:
        around.append(last)
        nodes = reader.children(last)
        tlvs = [reader.tlv(node) for node in nodes]
        position = last[3]
        if tlvs == sorted(tlvs):
            position = next((node[1] for node, tlv in zip(nodes, tlvs, strict=True) if tlv > attribute_der), position)
        return _replace(data, around, position, position, attribute_der)
    return _replace(data, around, signer[3], signer[3], der(0xA1, attribute_der))


def replace_unsigned(found: SignedData, signer_index: int, old: bytes, new: bytes) -> bytes:
    """Exchange one unsigned attribute (TLV) of a SignerInfo for another; the first of several equal ones.

    Raises ``MalformedError`` where there is no such SignerInfo or attribute.
    """
    reader = Reader(found.data, lenient=True)
    signer = _signer(reader, found, signer_index)
    last = reader.children(signer)[-1]
    tlvs = [reader.tlv(node) for node in reader.children(last)] if last[0] == 0xA1 else []
    if old not in tlvs:
        raise MalformedError("cms.structure", "the SignerInfo has no such attribute")
    in_order = tlvs == sorted(tlvs)
    tlvs[tlvs.index(old)] = new
    body = b"".join(sorted(tlvs) if in_order else tlvs)
    return _replace(found.data, [*found.path, signer, last], last[2], last[3], body)


def exchange_value(attribute: Attribute, old: bytes, new: bytes) -> bytes:
    """TLV of an attribute with one of its values (TLV) exchanged for another."""
    reader = Reader(attribute.tlv, lenient=True)
    root = reader.root()
    values = reader.children(root)[1]
    tlvs = [reader.tlv(node) for node in reader.children(values)]
    in_order = tlvs == sorted(tlvs)
    tlvs[tlvs.index(old)] = new
    body = b"".join(sorted(tlvs) if in_order else tlvs)
    return _replace(attribute.tlv, [root, values], values[2], values[3], body)


def extend(
    found: SignedData,
    *,
    certificates: Iterable[bytes] = (),
    crls: Iterable[bytes] = (),
    digest_algorithms: Iterable[str] = (),
    signer_infos: Iterable[bytes] = (),
) -> bytes:
    """Add to the sets of a SignedData what they lack; the same octets where they lack nothing.

    ``certificates``: CertificateChoices, ``crls``: RevocationInfoChoices, as TLVs. ``digest_algorithms``: names. The
    version becomes 5 where ``crls`` brings another form than CertificateList (RFC 5652 5.1).
    Raises ``MalformedError`` (``limits.count``) where a set would hold more than is ever read.
    """
    reader = Reader(found.data, lenient=True)
    _, _, body, signers = found.path
    members = reader.children(body)
    sets = {node[0]: node for node in members[3:-1]}
    new_crls = tuple(crls)
    version = reader.tlv(members[0])
    if found.version < 5 and any(choice[0] != 0x30 for choice in new_crls):
        version = integer_der(5)
    identifiers = [
        digest_algorithm_identifier(name) for name in digest_algorithms if name not in found.digest_algorithms
    ]
    parts = [
        version,
        _grown(reader, members[1], identifiers),
        reader.tlv(members[2]),
        _bag(reader, sets.get(CERTIFICATES), CERTIFICATES, certificates, MAX_CERTIFICATES),
        _bag(reader, sets.get(CRLS), CRLS, new_crls, MAX_CRLS),
        _grown(reader, signers, tuple(signer_infos), MAX_SIGNATURES),
    ]
    return _replace(found.data, list(found.path[:3]), body[2], body[3], b"".join(parts))


def _signer(reader: Reader, found: SignedData, index: int) -> Node:
    if not 0 <= index < len(found.signers):
        raise MalformedError("cms.no-such-signer", f"there is no SignerInfo number {index}")
    return reader.children(found.path[-1])[index]


def _bag(reader: Reader, node: Node | None, tag: int, pieces: Iterable[bytes], most: int) -> bytes:
    """An optional set with more members; nothing where it was absent and stays empty."""
    if node is not None:
        return _grown(reader, node, pieces, most)
    members = set(pieces)
    if len(members) > most:
        raise _too_many(most)
    return der(tag, *sorted(members)) if members else b""


def _grown(reader: Reader, node: Node, pieces: Iterable[bytes], most: int = MAX_CERTIFICATES) -> bytes:
    """A SET OF with those ``pieces`` that it lacks."""
    tag, start, at, stop, end = node
    tlvs = [reader.tlv(child) for child in reader.children(node)]
    present = set(tlvs)
    new = [piece for piece in dict.fromkeys(pieces) if piece not in present]
    if not new:
        return reader.tlv(node)
    if len(tlvs) + len(new) > most:
        raise _too_many(most)
    body = b"".join(sorted([*tlvs, *new]) if tlvs == sorted(tlvs) else [*tlvs, *new])
    if stop != end:  # indefinite length
        return reader.data[start:at] + body + reader.data[stop:end]
    return header_der(tag, len(body)) + body


def _too_many(most: int) -> MalformedError:
    return MalformedError("limits.count", f"the file would hold more than {most} of one kind, which nobody reads")


def _replace(data: bytes, around: list[Node], start: int, end: int, piece: bytes) -> bytes:
    """Put ``piece`` in place of ``data[start:end]``, which lies inside all nodes of ``around`` (outermost first)."""
    growth = len(piece) - (end - start)
    headers: list[tuple[int, int, bytes]] = []
    for tag, begin, body, stop, close in reversed(around):
        if stop != close:  # indefinite length
            continue
        header = header_der(tag, stop - body + growth)
        growth += len(header) - (body - begin)
        headers.append((begin, body, header))
    pieces = []
    at = 0
    for begin, body, header in reversed(headers):
        pieces += [data[at:begin], header]
        at = body
    pieces += [data[at:start], piece, data[end:]]
    return b"".join(pieces)
