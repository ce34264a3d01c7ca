"""Build CMS SignedData in DER (RFC 5652)."""

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
    der,
    explicit,
    implicit,
    integer_der,
    octet_string,
    oid_der,
    sequence,
    set_of,
    utc_or_generalized,
)
from toyono_trust.core.cms.checking import CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, SIGNING_TIME
from toyono_trust.core.cms.reading import OCSP_RESPONSE, SIGNED_DATA, certificate_identity

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


def ocsp_choice(response: bytes) -> bytes:
    """RevocationInfoChoice ``other`` that holds a DER OCSPResponse (RFC 5652 10.2.1, RFC 5940 2.1)."""
    return implicit(1, sequence(OCSP_RESPONSE, response))
