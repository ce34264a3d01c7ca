"""Read CMS SignedData (RFC 5652 5) into slices of the input: nothing is re-encoded, certificates are not parsed.

Strict DER by default; ``lenient=True`` accepts the named leniencies of ``core.asn1`` and lists those that were needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from toyono_trust.core.algorithms import digest_by_oid, read_signature_algorithm
from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.core.limits import MAX_CERTIFICATE_NODES, MAX_CERTIFICATES, MAX_SIGNATURE, MAX_SIGNATURES
from toyono_trust.errors import MalformedError

SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
"""TLV of id-signedData, 1.2.840.113549.1.7.2."""
OCSP_RESPONSE = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x10\x02"
"""TLV of id-ri-ocsp-response, 1.3.6.1.5.5.7.16.2 (RFC 5940 2.1): a whole OCSPResponse."""
BASIC_OCSP = b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
"""TLV of id-pkix-ocsp-basic: a BasicOCSPResponse, as some signers store it."""
_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_DETACHED_DATA = b"\x30\x0b" + _DATA
_NO_LENIENCY: frozenset[str] = frozenset()
MAX_CRLS = 200
"""RevocationInfoChoices in one file; the largest of the corpora has 14."""


class Attribute(NamedTuple):
    """One attribute: type, its whole TLV, and the TLVs of its values."""

    oid: str
    tlv: bytes
    values: tuple[bytes, ...]


class SignerIdentity(NamedTuple):
    """SignerIdentifier (RFC 5652 5.3): issuer Name (DER) with serial number, or subject key identifier."""

    issuer: bytes | None
    serial: int | None
    subject_key_identifier: bytes | None


class SignerInfo(NamedTuple):
    """One SignerInfo (RFC 5652 5.3).

    ``signed_attributes_der``: the signed attributes as stored, with the SET OF tag 0x31 that is signed; b"" where there
    are none. ``sorted_attributes``: whether they stand in DER order. ``fields``: the octets from version to signature
    (archive-time-stamp-v3 covers them). ``salt_length``: RSASSA-PSS, octets. ``span``: start and end in the input.
    ``raw_algorithms``: OIDs of digestAlgorithm and signatureAlgorithm as they stand.
    """

    version: int
    identifier: SignerIdentity
    digest_algorithm: str
    signed_attributes: tuple[Attribute, ...] | None
    signed_attributes_der: bytes
    sorted_attributes: bool
    signature_algorithm: str
    salt_length: int | None
    signature: bytes
    unsigned_attributes: tuple[Attribute, ...]
    fields: bytes
    span: tuple[int, int]


class SignedData(NamedTuple):
    """SignedData (RFC 5652 5.1).

    ``content``: eContent's octets, None where detached. ``certificates``: DER Certificates; other choices (attribute
    certificates) are TLVs in ``other_certificates``. ``crls``: DER CertificateLists. ``ocsp_responses``: DER
    OCSPResponses. ``revocation_choices``: all RevocationInfoChoice TLVs as stored. ``content_type_tlv``: eContentType.
    ``path``: nodes of ContentInfo, its content, SignedData and the signerInfos, for splicing.
    """

    data: bytes
    version: int
    digest_algorithms: tuple[str, ...]
    content_type: str
    content_type_tlv: bytes
    content: bytes | None
    certificates: tuple[bytes, ...]
    other_certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]
    revocation_choices: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]
    leniencies: frozenset[str]
    path: tuple[Node, ...]


def structure(message: str, offset: int | None = None) -> MalformedError:
    """The error for octets that are ASN.1 but not SignedData."""
    return MalformedError("cms.structure", message, "ask the sender for the unchanged file", offset=offset)


def read(data: bytes, *, lenient: bool = False) -> SignedData:
    """Read a ContentInfo that holds SignedData. Raises ``MalformedError``.

    ``lenient``: accept the named leniencies of ``core.asn1``; those met are in ``leniencies``.
    """
    reader = Reader(data, lenient=lenient)
    outer, wrapped, body = _envelope(reader)
    members = reader.members(body, 0x30, 4, 6)
    content_type_tlv, content_type, content = _encapsulated(reader, members[2])
    certificates: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    revocation: tuple[bytes, ...] = ()
    index = 3
    if members[index][0] == 0xA0:
        certificates, others = _certificates(reader, members[index])
        index += 1
    if index < len(members) and members[index][0] == 0xA1:
        revocation = _set_of_tlvs(reader, members[index], MAX_CRLS)
        index += 1
    if index != len(members) - 1:
        raise structure("SignedData has members that are missing, out of order or too many", body[1])
    crls, ocsp_responses = _revocation(revocation) if revocation else ((), ())
    signers = reader.set_of(reader.expect(members[index], 0x31))
    if len(signers) > MAX_SIGNATURES:
        raise structure(f"more than {MAX_SIGNATURES} SignerInfos")
    return SignedData(
        data,
        reader.integer(members[0]),
        _digests(reader, members[1]),
        content_type,
        content_type_tlv,
        content,
        certificates,
        others,
        crls,
        ocsp_responses,
        revocation,
        tuple([_signer_info(reader, node) for node in signers]),
        frozenset(reader.used) if reader.used else _NO_LENIENCY,
        (outer, wrapped, body, members[index]),
    )


def read_signer_info(tlv: bytes, *, lenient: bool = False) -> tuple[SignerInfo, frozenset[str]]:
    """Read one SignerInfo by itself, as a counter-signature holds it (RFC 5652 11.4), and the leniencies it needed."""
    reader = Reader(tlv, lenient=lenient)
    info = _signer_info(reader, reader.root())
    return info, frozenset(reader.used)


def _envelope(reader: Reader) -> tuple[Node, Node, Node]:
    """ContentInfo, its [0] and the SignedData inside."""
    data = reader.data
    size = len(data)
    if 279 <= size < 0x1_0000 and data.startswith(
        b"\x30\x82%b%b\xa0\x82%b\x30\x82%b"
        % ((size - 4).to_bytes(2, "big"), SIGNED_DATA, (size - 19).to_bytes(2, "big"), (size - 23).to_bytes(2, "big"))
    ):  # the only DER of these three headers for a file of this size: no need to take them apart
        return (0x30, 0, 4, size, size), (0xA0, 15, 19, size, size), (0x30, 19, 23, size, size)
    outer = reader.root()
    if outer[0] != 0x30 or not data.startswith(SIGNED_DATA, outer[2]):
        raise structure("this is no CMS SignedData")
    wrapped = reader.expect(reader.at(outer[2] + len(SIGNED_DATA), outer[3]), 0xA0)
    if wrapped[4] != outer[3]:
        raise structure("ContentInfo has too many members", outer[1])
    return outer, wrapped, reader.only(wrapped)


def _encapsulated(reader: Reader, node: Node) -> tuple[bytes, str, bytes | None]:
    """TLV and text of eContentType, and eContent's octets if there."""
    if reader.data.startswith(_DETACHED_DATA, node[1]):
        return _DATA, "1.2.840.113549.1.7.1", None
    members = reader.members(node, 0x30, 1, 2)
    content = None
    if len(members) == 2:
        content = reader.octets(reader.only(reader.expect(members[1], 0xA0)))
    return reader.tlv(members[0]), reader.oid(members[0]), content


def _certificates(reader: Reader, node: Node) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Certificates of a CertificateSet, and its other choices."""
    size = node[4] - node[1]
    if size <= _SMALL_BAG and not reader.lenient:
        return _small_bag(reader.data[node[1] : node[4]])
    choices = _set_of_tlvs(reader, node, MAX_CERTIFICATES)
    certificates = tuple([tlv for tlv in choices if tlv[0] == 0x30])
    others = () if len(certificates) == len(choices) else tuple(tlv for tlv in choices if tlv[0] != 0x30)
    return certificates, others


_SMALL_BAG = 4096


@lru_cache(256)
def _small_bag(tlv: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """A signer brings the same certificates each time: what a small set holds is remembered by its octets."""
    reader = Reader(tlv)
    choices = _set_of_tlvs(reader, reader.root(), MAX_CERTIFICATES)
    certificates = tuple([choice for choice in choices if choice[0] == 0x30])
    return certificates, tuple(choice for choice in choices if choice[0] != 0x30)


def _set_of_tlvs(reader: Reader, node: Node, most: int) -> tuple[bytes, ...]:
    """TLVs of a SET OF with an implicit tag, checked to be in DER order."""
    data = reader.data
    nodes = reader.children(node)
    if len(nodes) > most:
        raise MalformedError("limits.count", f"more than {most} certificates or revocation lists in one file")
    tlvs = tuple([data[start:end] for _, start, _, _, end in nodes])
    if len(tlvs) > 1 and sorted(tlvs) != list(tlvs):
        reader.allow("set-unsorted", node[1])
    return tlvs


def _revocation(choices: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs and OCSP responses of RevocationInfoChoices; what is of another format, or no such choice, is left out."""
    responses = [read_ocsp_choice(tlv) for tlv in choices if tlv[0] == 0xA1]
    return tuple([tlv for tlv in choices if tlv[0] == 0x30]), tuple([item for item in responses if item is not None])


def read_ocsp_choice(tlv: bytes) -> bytes | None:
    """The OCSPResponse in a RevocationInfoChoice (RFC 5652 10.2.1, RFC 5940 2); None where it holds none."""
    reader = Reader(tlv, lenient=True)
    try:
        members = reader.members(reader.root(), 0xA1, 2, 2)
    except MalformedError:
        return None
    format_tlv, value = reader.tlv(members[0]), reader.tlv(members[1])
    if format_tlv == OCSP_RESPONSE:
        return value
    return wrap_basic_response(value) if format_tlv == BASIC_OCSP else None


def wrap_basic_response(basic: bytes) -> bytes:
    """A successful OCSPResponse around a BasicOCSPResponse (RFC 6960 4.2.1)."""
    from toyono_trust.core.asn1 import der, explicit, octet_string, sequence

    return sequence(der(0x0A, b"\x00"), explicit(0, sequence(BASIC_OCSP, octet_string(basic))))


def _signer_info(reader: Reader, node: Node) -> SignerInfo:
    data = reader.data
    members = reader.members(node, 0x30, 5, 7)
    index = 3
    signed: tuple[Attribute, ...] | None = None
    signed_der = b""
    in_order = True
    if members[3][0] == 0xA0:
        start, end = members[3][1], members[3][4]
        signed, in_order = _attributes(reader, members[3])
        signed_der = b"\x31" + data[start + 1 : end]
        index = 4
    rest = len(members) - index
    if not 2 <= rest <= 3 or members[index + 1][0] & 0xDF != 0x04 or (rest == 3 and members[index + 2][0] != 0xA1):
        raise structure("SignerInfo has members that are missing, out of order or too many", node[1])
    unsigned = _attributes(reader, members[index + 2])[0] if rest == 3 else ()
    if members[index + 1][4] - members[index + 1][1] > MAX_SIGNATURE:
        raise MalformedError("limits.size", f"a signature value may have {MAX_SIGNATURE} octets", offset=node[1])
    digest = digest_by_oid(_algorithm(reader, members[2])[0])
    oid, parameters = _algorithm(reader, members[index])
    algorithm, salt = read_signature_algorithm(oid, parameters, digest)
    return SignerInfo(
        reader.integer(members[0]),
        _identity(reader, members[1]),
        digest,
        signed,
        signed_der,
        in_order,
        algorithm,
        salt,
        reader.octets(members[index + 1]),
        unsigned,
        data[node[2] : members[index + 1][4]],
        (node[1], node[4]),
    )


def _attributes(reader: Reader, node: Node) -> tuple[tuple[Attribute, ...], bool]:
    """The attributes of a SET OF, and whether they stand in DER order."""
    data = reader.data
    found = []
    last = b""
    in_order = True
    for tag, start, body, stop, end in reader.children(node):
        tlv = data[start:end]
        if tlv < last:
            in_order = False
        last = tlv
        if end - body > 6:
            value = body + 4 + data[body + 1]
            oid = _HEADS.get(data[start : value + 2])
            if oid is not None:
                reader.count(3, start)  # as many as the reading below looks at: what was read before changes no limit
                found.append(Attribute(oid, tlv, (data[value:end],)))
                continue
        attribute = _attribute(reader, (tag, start, body, stop, end), tlv)
        found.append(attribute)
        if not reader.lenient:
            _remember_head(attribute)
    if not found:
        reader.allow("set-empty", node[1])
    if not in_order:
        reader.allow("set-unsorted", node[1])
    return tuple(found), in_order


_HEADS: dict[bytes, str] = {}
"""Octets of attributes with one short value, up to and with its tag and length, as they were read once, to the OID."""


def _remember_head(attribute: Attribute) -> None:
    """Such octets fix every length inside, so that another attribute with the same ones needs no second reading."""
    tlv, value = attribute.tlv, attribute.values[0]
    short = len(tlv) < 0x80 and value[1] == len(value) - 2
    if short and len(attribute.values) == 1 and len(_HEADS) < 200:
        _HEADS[tlv[: len(tlv) - len(value) + 2]] = attribute.oid


def _attribute(reader: Reader, node: Node, tlv: bytes) -> Attribute:
    kind, values = reader.members(node, 0x30, 2, 2)
    nodes = reader.set_of(reader.expect(values, 0x31))
    if not nodes:
        raise structure("an attribute has no value", node[1])
    return Attribute(reader.oid(kind), tlv, tuple([reader.tlv(value) for value in nodes]))


def _identity(reader: Reader, node: Node) -> SignerIdentity:
    if reader.lenient:
        return _read_identity(reader, node)
    tlv = reader.data[node[1] : node[4]]
    return _short_identity(tlv) if len(tlv) <= 400 else _read_identity(reader, node)


@lru_cache(256)
def _short_identity(tlv: bytes) -> SignerIdentity:
    """A signer signs more than once: what its identifier says is remembered by its octets."""
    reader = Reader(tlv)
    return _read_identity(reader, reader.root())


def _read_identity(reader: Reader, node: Node) -> SignerIdentity:
    if node[0] == 0x30:
        issuer, serial = reader.members(node, 0x30, 2, 2)
        return SignerIdentity(reader.tlv(reader.expect(issuer, 0x30)), reader.integer(serial), None)
    if node[0] == 0x80:
        return SignerIdentity(None, None, reader.value(node))
    if node[0] == 0xA0:
        reader.allow("ber-constructed-string", node[1])
        return SignerIdentity(None, None, b"".join(reader.value(part) for part in reader.children(node)))
    raise structure("a SignerIdentifier is neither issuer and serial number nor key identifier", node[1])


def _digests(reader: Reader, node: Node) -> tuple[str, ...]:
    tlv = reader.data[node[1] : node[4]]
    return _short_digests(tlv) if len(tlv) <= 80 and not reader.lenient else _read_digests(reader, node)


@lru_cache(64)
def _short_digests(tlv: bytes) -> tuple[str, ...]:
    reader = Reader(tlv)
    return _read_digests(reader, reader.root())


def _read_digests(reader: Reader, node: Node) -> tuple[str, ...]:
    nodes = reader.set_of(reader.expect(node, 0x31))
    return tuple(digest_by_oid(_read_algorithm(reader, part)[0]) for part in nodes)


def _algorithm(reader: Reader, node: Node) -> tuple[str, bytes | None]:
    """OID and parameters of an AlgorithmIdentifier; the few that occur are remembered by their octets."""
    if node[4] - node[1] <= 80 and not reader.lenient:
        return _short_algorithm(reader.data[node[1] : node[4]])
    return _read_algorithm(reader, node)


@lru_cache(256)
def _short_algorithm(tlv: bytes) -> tuple[str, bytes | None]:
    reader = Reader(tlv)
    return _read_algorithm(reader, reader.root())


def _read_algorithm(reader: Reader, node: Node) -> tuple[str, bytes | None]:
    members = reader.members(node, 0x30, 1, 2)
    return reader.oid(members[0]), reader.tlv(members[1]) if len(members) == 2 else None


def protected_algorithms(value: bytes) -> tuple[str, tuple[str, int | None]]:
    """Digest, signature algorithm and salt length that a CMSAlgorithmProtection names (RFC 6211 2).

    ``value``: the attribute's value as TLV. Raises ``MalformedError``.
    """
    reader = Reader(value, lenient=True)
    digest, used = reader.members(reader.root(), 0x30, 2, 2)
    name = digest_by_oid(_read_algorithm(reader, digest)[0])
    parts = reader.members(used, 0xA1, 1, 2)
    return name, read_signature_algorithm(reader.oid(parts[0]), reader.tlv(parts[1]) if len(parts) == 2 else None, name)


# -- what a certificate says about itself, without parsing it


def certificate_identity(der: bytes) -> tuple[bytes, int, bytes]:
    """Issuer Name (DER), serial number and subject Name (DER) of a DER certificate (RFC 5280 4.1). Raises."""
    reader = Reader(der, lenient=True, nodes=20)
    body, members = _certificate_body(reader)
    first = 1 if members[0][0] == 0xA0 else 0
    if len(members) < first + 6:
        raise structure("a certificate is too short", body[1])
    return reader.tlv(members[first + 2]), reader.integer(members[first]), reader.tlv(members[first + 4])


def subject_key_identifier(der: bytes) -> bytes | None:
    """The subject key identifier extension of a DER certificate (RFC 5280 4.2.1.2), None where it has none.

    Certificates above 32 KiB are not looked into: 100 SignerInfos may ask for the identifiers of 200 certificates.
    """
    return _key_identifier(der) if len(der) <= 1 << 15 else None


@lru_cache(256)
def _key_identifier(der: bytes) -> bytes | None:
    try:
        return _read_key_identifier(der)
    except MalformedError:
        return None


def _read_key_identifier(der: bytes) -> bytes | None:
    reader = Reader(der, lenient=True, nodes=MAX_CERTIFICATE_NODES)
    _, members = _certificate_body(reader)
    for member in members:
        if member[0] == 0xA3:
            for extension in reader.children(reader.only(member)):
                parts = reader.members(extension, 0x30, 2, 3)
                if reader.value(parts[0]) == b"\x55\x1d\x0e":
                    inner = Reader(reader.octets(parts[-1]), lenient=True)
                    return inner.octets(inner.root())
    return None


def _certificate_body(reader: Reader) -> tuple[Node, list[Node]]:
    outer = reader.root()
    body = reader.at(outer[2], outer[3])
    if outer[0] != 0x30 or body[0] != 0x30:
        raise structure("this is no certificate", outer[1])
    members = reader.children(body)
    if not members:
        raise structure("a certificate is too short", body[1])
    return body, members
