"""Write CAdES-B-B in DER, attached or detached, and splice in signature time stamps (EN 319 122-1 5 and 6).

What depends on the signer's certificate alone is made once and remembered: a seal is issued by the same certificate
again and again.
"""

from __future__ import annotations

from functools import lru_cache

from toyono_trust.core import cms
from toyono_trust.core.algorithms import by_name, digest, digest_algorithm_identifier, signature_algorithm_identifier
from toyono_trust.core.asn1 import der, explicit, implicit, integer_der, octet_string, oid_der, sequence, set_of
from toyono_trust.core.cms.building import DATA
from toyono_trust.core.cms.reading import SIGNED_DATA
from toyono_trust.core.content import Content
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.cades.attributes import EVIDENCE_RECORDS, LEGACY_ARCHIVES, SIGNATURE_TIMESTAMP
from toyono_trust.formats.cades.properties import CONTENT_TIMESTAMP, write_properties
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.model import Properties

__all__ = ["attach", "finish", "imprint", "prepare", "wire"]

_NOTHING = Properties()
_VERSION_1 = integer_der(1)
_DATA = oid_der(DATA)


def prepare(request: SigningInput) -> Draft:
    """The DER of the signed attributes for a content, which the key signs.

    The content enters by its digest alone, under the algorithm's hash (SHA-512 for EdDSA and ML-DSA, RFC 8419 3.1,
    RFC 9882 3.3). Raises ``MisuseError`` for an algorithm or property that CAdES has no code point for.
    """
    attributes, digest_algorithm = signed_attributes(request, request.content, DATA)
    return Draft(attributes, (request, digest_algorithm))


def signed_attributes(request: SigningInput, content: Content, content_type: str | None) -> tuple[bytes, str]:
    """The DER of the signed attributes over ``content``, and the name of its digest algorithm; as of ``prepare``."""
    row = by_name(request.algorithm)
    if row is None:
        raise MisuseError("cades.algorithm", f"CAdES has no code point for {request.algorithm!r}", "use ecdsa-sha256")
    digest_algorithm = row.digest or "sha512"
    more = [_certificate_reference(request.certificate)]
    if request.properties != _NOTHING:
        more += write_properties(request.properties)
    if request.content_timestamp is not None:
        more.append(cms.attribute(CONTENT_TIMESTAMP, request.content_timestamp))
    attributes = cms.signed_attributes(
        content_type, content.digest(digest_algorithm), *more, signing_time=request.claimed_at
    )
    return attributes, digest_algorithm


def finish(draft: Draft, signature: bytes) -> bytes:
    """The signed file: DER ContentInfo with one SignerInfo, the signer's certificate and its chain.

    ``signature``: the octets that the key gave for ``draft.to_be_signed`` (ECDSA: DER).
    """
    request, digest_algorithm = draft.state
    info = signer_info(request, digest_algorithm, draft.to_be_signed, signature)
    content = b"" if request.detached else explicit(0, octet_string(request.content.bytes))
    body = der(
        0x30,
        _data_head(digest_algorithm),
        der(0x30, _DATA, content),
        _certificates((request.certificate, *request.chain)),
        der(0x31, info),
    )
    return der(0x30, SIGNED_DATA, der(0xA0, body))


def signer_info(
    request: SigningInput, digest_algorithm: str, attributes: bytes, signature: bytes, token: bytes | None = None
) -> bytes:
    """SignerInfo of a signature over the DER of its signed attributes (RFC 5652 5.3), with a signature time stamp."""
    return der(
        0x30,
        _signer_head(request.certificate, digest_algorithm),
        b"\xa0" + attributes[1:],
        _signature_algorithm(request.algorithm),
        der(0x04, signature),
        b"" if token is None else der(0xA1, cms.attribute(SIGNATURE_TIMESTAMP, token)),
    )


def wire(signature: bytes, algorithm: str) -> bytes:
    """A signature value as it stands in the file, which a signature time stamp covers: as the key gave it."""
    return signature


def imprint(signed: bytes, algorithm: str, index: int = 0) -> bytes:
    """Digest that a signature time stamp of the SignerInfo at ``index`` is over (EN 319 122-1 5.3)."""
    return digest(algorithm, opened(signed, index)[1].signature)


def attach(signed: bytes, token: bytes, index: int = 0) -> bytes:
    """Splice a signature time stamp (DER token) into the SignerInfo at ``index``; no other content changes.

    Raises ``MisuseError`` where what is there covers the unsigned attributes as a whole.
    """
    found, info = opened(signed, index)
    refuse_if_covered(found, info)
    return cms.insert_unsigned(found, index, cms.attribute(SIGNATURE_TIMESTAMP, token))


def opened(signed: bytes, index: int) -> tuple[cms.SignedData, cms.SignerInfo]:
    """A file that is to be extended, and its SignerInfo at ``index``. Raises ``MalformedError``."""
    found = cms.read(signed, lenient=True)
    if not 0 <= index < len(found.signers):
        raise MalformedError("cms.no-such-signer", f"there is no SignerInfo number {index}")
    return found, found.signers[index]


def refuse_if_covered(found: cms.SignedData, info: cms.SignerInfo) -> None:
    """Raise ``MisuseError`` where one more unsigned attribute would break what was stamped.

    An evidence record covers the whole file (RFC 4998 A), archive time stamps before version 3 all unsigned attributes.
    """
    refuse_if_sealed(found)
    if any(attribute.oid in LEGACY_ARCHIVES for attribute in info.unsigned_attributes):
        raise frozen("its unsigned attributes")


def refuse_if_sealed(found: cms.SignedData) -> None:
    """Raise ``MisuseError`` where an evidence record covers the file: any change would break it."""
    if any(attribute.oid in EVIDENCE_RECORDS for info in found.signers for attribute in info.unsigned_attributes):
        raise MisuseError(
            "cades.sealed",
            "an evidence record covers this file; nothing can be added to it",
            "renew the evidence record instead",
        )


def frozen(what: str) -> MisuseError:
    """The error where an older archive time stamp covers what would have to change."""
    return MisuseError(
        "cades.frozen",
        f"an archive time stamp of an older version covers {what} as a whole; nothing can be added there",
        "add a new archive time stamp, and sign anew what else is to be signed",
    )


_signature_algorithm = lru_cache(32)(signature_algorithm_identifier)


@lru_cache(64)
def _certificate_reference(certificate: bytes) -> bytes:
    return cms.signing_certificate_v2(certificate)


@lru_cache(64)
def _signer_head(certificate: bytes, digest_algorithm: str) -> bytes:
    """SignerInfo up to its attributes: version 1, issuer and serial number, digest algorithm."""
    issuer, serial, _ = cms.certificate_identity(certificate)
    identifier = sequence(issuer, integer_der(serial))
    return _VERSION_1 + identifier + digest_algorithm_identifier(digest_algorithm)


@lru_cache(16)
def _data_head(digest_algorithm: str) -> bytes:
    """SignedData up to its content: version 1, digest algorithm."""
    return _VERSION_1 + set_of((digest_algorithm_identifier(digest_algorithm),))


@lru_cache(64)
def _certificates(bag: tuple[bytes, ...]) -> bytes:
    return implicit(0, set_of(set(bag)))
