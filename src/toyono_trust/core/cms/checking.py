"""What the octets of one SignerInfo prove by themselves: content type, message digest, certificate references.

RFC 5652 5.4–5.6 and 11, RFC 5035 (ESS signing certificates), RFC 6211 (protection of the algorithms' names). The
signature value itself is verified by who knows the certificate; here only its algorithm and the exact octets under it
are made out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import by_name, digest_by_oid, digest_size, verify
from toyono_trust.core.asn1 import LENIENCIES, Reader, integer_der, set_of, utc_time
from toyono_trust.core.cms.reading import (
    SignedData,
    SignerIdentity,
    SignerInfo,
    certificate_identity,
    protected_algorithms,
    subject_key_identifier,
)
from toyono_trust.core.content import Content
from toyono_trust.errors import MalformedError

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"

ONCE = frozenset(
    (
        CONTENT_TYPE,
        MESSAGE_DIGEST,
        SIGNING_TIME,
        SIGNING_CERTIFICATE,
        SIGNING_CERTIFICATE_V2,
        ALGORITHM_PROTECTION,
        "1.2.840.113549.1.9.16.2.4",  # content-hints
        "1.2.840.113549.1.9.16.2.7",  # content-identifier
        "1.2.840.113549.1.9.16.2.10",  # content-reference
        "1.2.840.113549.1.9.16.2.15",  # signature-policy-identifier
        "1.2.840.113549.1.9.16.2.17",  # signer-location
        "1.2.840.113549.1.9.16.2.18",  # signer-attributes
        "0.4.0.19122.1.1",  # signer-attributes-v2
        "0.4.0.1733.2.1",  # mime-type
    )
)
"""Signed attributes that occur once with one value (RFC 5652 11.1–11.3, RFC 5035 3, RFC 6211 2, EN 319 122-1 5.2)."""
MAX_REFERENCES = 100
"""Certificate references in one attribute; chains of the corpora have at most 5."""

Reference = tuple[str, bytes, tuple[bytes, int] | None]
"""Digest algorithm, digest of the DER certificate, and (DER of issuer Name, serial number) where stated."""
Observation = tuple[str, str, Mapping[str, Any]]
"""Code of ``core.findings``, subject, values."""


class Checked(NamedTuple):
    """One SignerInfo, checked against its content.

    ``signed``: the octets under the signature value (b"" where they are not at hand). ``found``: the content was at
    hand. ``intact``: its digest is the message-digest attribute; None where there are no signed attributes (the content
    stands under the signature value itself), no content, or an unknown digest. ``leaf``: DER of the certificate that
    SignerIdentifier points to, a hint. ``attributes``: first value (TLV) of each signed attribute by OID.
    """

    signed: bytes
    algorithm: str
    salt_length: int | None
    digest_algorithm: str
    found: bool
    intact: bool | None
    message_digest: bytes | None
    signing_time: datetime | None
    references: tuple[Reference, ...]
    leaf: bytes | None
    attributes: Mapping[str, bytes]
    notes: tuple[Observation, ...]


def signature(info: SignerInfo, data: SignedData, content: Content | None, *, counter: bool = False) -> Checked:
    """Check one SignerInfo of ``data`` against ``content`` (eContent, the detached file, a parent's signature octets).

    ``counter``: it is a counter-signature, which has no content-type attribute (RFC 5652 11.4). Never raises for what
    is wrong with the attributes: ``notes`` say it.
    """
    few = sum(map(len, data.certificates)) <= _FEW
    leaf = (_familiar if few else matching_certificate)(info.identifier, data.certificates)
    notes: list[Observation] = []
    row = by_name(info.signature_algorithm)
    if row is not None and row.digest is not None and row.digest != info.digest_algorithm:
        notes.append(("cms.digest-mismatch", "", {"digest": info.digest_algorithm, "signature": row.name}))
    if info.signed_attributes is None:
        signed = b"" if content is None else content.bytes
        if data.content_type != "1.2.840.113549.1.7.1" and not counter:
            notes.append(("cms.signed-attributes-missing", "", {}))
        if _is_signed_attributes(signed):
            notes.append(("cms.content-is-attributes", "", {}))
        return Checked(
            signed,
            info.signature_algorithm,
            info.salt_length,
            info.digest_algorithm,
            content is not None,
            None,
            None,
            None,
            (),
            leaf,
            {},
            tuple(notes),
        )
    attributes = _attributes(info, notes)
    _check_content_type(attributes, data, counter, notes)
    if ALGORITHM_PROTECTION in attributes:
        _check_protection(attributes[ALGORITHM_PROTECTION], info, notes)
    message_digest = _message_digest(attributes, notes)
    intact = None
    if content is not None and message_digest is not None:
        if digest_size(info.digest_algorithm) is None:
            notes.append(("cms.digest-unknown", "", {"algorithm": info.digest_algorithm}))
        else:
            intact = content.digest(info.digest_algorithm) == message_digest
    elif message_digest is None:
        intact = None if content is None else False
    moment = _signing_time(attributes, notes)
    references = _references(attributes, notes)
    signed = info.signed_attributes_der
    if data.leniencies or not info.sorted_attributes:
        signed = _which_octets(info, leaf)
    return Checked(
        signed,
        info.signature_algorithm,
        info.salt_length,
        info.digest_algorithm,
        content is not None,
        intact,
        message_digest,
        moment,
        references,
        leaf,
        attributes,
        tuple(notes),
    )


def _is_signed_attributes(content: bytes) -> bool:
    """Whether content that is signed without signed attributes is itself what the signed attributes of another are.

    The two have the same octets under the signature value, so that a signature over attributes could be passed off as
    one over "content" that its signer never saw (RFC 5652 5.4, draft-ietf-lamps-cms-euf-cma-signeddata).
    """
    if content[:1] != b"\x31":
        return False
    reader = Reader(content, lenient=True)
    try:
        members = [reader.members(node, 0x30, 2, 2) for node in reader.children(reader.root())]
        return any(reader.oid(kind) == MESSAGE_DIGEST for kind, _ in members)
    except MalformedError:
        return False


def _attributes(info: SignerInfo, notes: list[Observation]) -> dict[str, bytes]:
    """First value of each signed attribute; what occurs twice is noted."""
    found: dict[str, bytes] = {}
    for oid, _, values in info.signed_attributes or ():
        if (oid in found or len(values) > 1) and oid in ONCE:
            notes.append(("cms.duplicate-attribute", oid, {"attribute": oid}))
        found.setdefault(oid, values[0])
    return found


def _check_content_type(
    attributes: Mapping[str, bytes], data: SignedData, counter: bool, notes: list[Observation]
) -> None:
    value = attributes.get(CONTENT_TYPE)
    if counter:
        if value is not None:
            notes.append(("cms.counter-signature-content-type", "", {}))
    elif value is None:
        notes.append(("cms.content-type-missing", "", {}))
    elif value != data.content_type_tlv:
        notes.append(("cms.content-type-mismatch", "", {}))


def _check_protection(value: bytes, info: SignerInfo, notes: list[Observation]) -> None:
    """RFC 6211 3: the algorithms that the signer names under the signature are those that the SignerInfo names.

    Names are compared, not octets: absent and NULL parameters, and a default value written out, say the same.
    """
    try:
        named = protected_algorithms(value)
    except MalformedError:
        notes.append(_malformed(ALGORITHM_PROTECTION))
        return
    if named != (info.digest_algorithm, (info.signature_algorithm, info.salt_length)):
        values = {"digest": named[0], "signature": named[1][0]}
        notes.append(("cms.algorithm-protection", "", values))


def _message_digest(attributes: Mapping[str, bytes], notes: list[Observation]) -> bytes | None:
    value = attributes.get(MESSAGE_DIGEST)
    if value is None:
        notes.append(("cms.message-digest-missing", "", {}))
        return None
    if value[0] == 0x04 and value[1] == len(value) - 2 < 0x80:
        return value[2:]
    try:
        reader = Reader(value, lenient=True)
        return reader.octets(reader.root())
    except MalformedError:
        notes.append(_malformed(MESSAGE_DIGEST))
        return None


def _signing_time(attributes: Mapping[str, bytes], notes: list[Observation]) -> datetime | None:
    value = attributes.get(SIGNING_TIME)
    if value is None:
        return None
    if value.startswith(b"\x17\x0d"):
        moment = utc_time(value[2:])
        if moment is not None:
            return moment
    try:
        reader = Reader(value, lenient=True)
        moment = reader.time(reader.root())
    except MalformedError:
        notes.append(_malformed(SIGNING_TIME))
        return None
    notes.extend((LENIENCIES[name].finding, "", {}) for name in sorted(reader.used))
    return moment


def _malformed(oid: str) -> Observation:
    return ("cms.attribute-malformed", oid, {"attribute": oid})


# -- certificate references


def _references(attributes: Mapping[str, bytes], notes: list[Observation]) -> tuple[Reference, ...]:
    """References of signing-certificate-v2, else of signing-certificate; the first is the signer's (RFC 5035 3)."""
    value = attributes.get(SIGNING_CERTIFICATE_V2)
    oid = SIGNING_CERTIFICATE_V2
    if value is None:
        oid = SIGNING_CERTIFICATE
        value = attributes.get(oid)
        if value is None:
            return ()
    elif SIGNING_CERTIFICATE in attributes:
        notes.append(("cms.two-certificate-references", "", {}))
    elif len(value) == 40 and value.startswith(b"\x30\x26\x30\x24\x30\x22\x04\x20"):
        return (("sha256", value[8:], None),)  # one reference of three fields that are absent: the commonest form
    try:
        references, used = reference_list(value, version=2 if oid == SIGNING_CERTIFICATE_V2 else 1)
    except MalformedError:  # left unread it would leave the signature bound to no certificate
        notes.append(("cms.reference-malformed", oid, {}))
        return ()
    notes.extend((LENIENCIES[name].finding, "", {}) for name in sorted(used))
    return references


def reference_list(value: bytes, *, version: int) -> tuple[tuple[Reference, ...], set[str]]:
    """ESSCertIDs of a SigningCertificate (``version`` 1, RFC 2634) or SigningCertificateV2 (2, RFC 5035), leniencies.

    Raises ``MalformedError``.
    """
    reader = Reader(value, lenient=True)
    certificates = reader.members(reader.root(), 0x30, 1, 2)[0]
    found: list[Reference] = []
    for node in reader.members(certificates, 0x30, 1, MAX_REFERENCES):
        members = reader.members(node, 0x30, 1, 3)
        algorithm = "sha1" if version == 1 else "sha256"
        index = 0
        if version == 2 and members[0][0] == 0x30:
            algorithm = digest_by_oid(reader.oid(reader.members(members[0], 0x30, 1, 2)[0]))
            if algorithm == "sha256":
                reader.allow("default-encoded", members[0][1])
            index = 1
        rest = members[index + 1 :]
        if index == len(members) or len(rest) > 1:
            raise MalformedError("cms.structure", "a certificate reference has members too few or too many")
        issuer_serial = None
        if rest:
            names, serial = reader.members(rest[0], 0x30, 2, 2)
            general = reader.members(names, 0x30, 1, 10)
            if general[0][0] == 0xA4:
                issuer_serial = (reader.tlv(reader.only(general[0])), reader.integer(serial))
        found.append((algorithm, reader.octets(members[index]), issuer_serial))
    return tuple(found), reader.used


_serial = lru_cache(256)(integer_der)


def matching_certificate(identity: SignerIdentity, certificates: tuple[bytes, ...]) -> bytes | None:
    """The certificate that a SignerIdentifier points to, None where it is not among them. A hint, never proof."""
    issuer, number, key_identifier = identity
    if issuer is not None and number is not None:
        serial = _serial(number)
        size = len(serial)
        for certificate in certificates:
            # version 3 with lengths of two octets has serialNumber at 13, then the signature algorithm and the issuer
            if certificate.startswith(serial, 13) and certificate[8:13] == b"\xa0\x03\x02\x01\x02":
                behind = certificate[14 + size : 15 + size]
                if behind and certificate.startswith(issuer, 15 + size + behind[0]):
                    return certificate
    for certificate in certificates:
        try:
            if issuer is None:
                if subject_key_identifier(certificate) == key_identifier:
                    return certificate
            elif certificate_identity(certificate)[:2] == (issuer, number):
                return certificate
        except MalformedError:
            continue
    return None


_FEW = 4096
_familiar = lru_cache(256)(matching_certificate)


def _which_octets(info: SignerInfo, leaf: bytes | None) -> bytes:
    """The signed octets where the attributes are stored otherwise than in DER.

    RFC 5652 5.4 has their DER encoding signed; some signers signed what they stored. The one that the certificate's key
    verifies is taken, the DER encoding where neither does.
    """
    encoded = set_of(attribute.tlv for attribute in info.signed_attributes or ())
    if encoded == info.signed_attributes_der or leaf is None:
        return encoded
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(_public_key_info(leaf))
    except (ValueError, TypeError, UnsupportedAlgorithm, Warning):  # Warning: under ``python -W error``
        return encoded
    for octets in (encoded, info.signed_attributes_der):
        if verify(info.signature_algorithm, key, info.signature, octets, salt_length=info.salt_length):
            return octets
    return encoded


def _public_key_info(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo of a DER certificate."""
    reader = Reader(certificate, lenient=True)
    outer = reader.root()
    members = reader.children(reader.at(outer[2], outer[3]))
    index = 6 if members and members[0][0] == 0xA0 else 5
    if len(members) <= index:
        raise MalformedError("cms.structure", "a certificate is too short")
    return reader.tlv(members[index])
