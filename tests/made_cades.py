"""CAdES files at every level in a throw-away town, made with ``formats.cades`` alone: no ladder, no judge."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from asn1crypto import cms as foreign
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from toyono_trust.core import algorithms, asn1, cms
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.findings import entry
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import cades, registry
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import SigningInput, ValidationData
from toyono_trust.formats.model import Facts, Properties, Signature, TimestampToken
from toyono_trust.pki import tsp

WHEN = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
CONTENT = BytesContent(b"minutes of the council\r\n" * 40, "minutes.txt")
PRESENTED = Contents(CONTENT)
DAY = timedelta(days=1)


@cache
def town() -> Town:
    """One town for all tests; nothing in it is revoked."""
    return Town.create(WHEN - DAY, clock=lambda: WHEN)


def request_of(name: str = "town", *, content: Content = CONTENT, detached: bool = True, **more: Any) -> SigningInput:
    """What one of the town's identities is to sign."""
    identity = town().identity(name)
    chain = tuple(issuer.der for issuer in identity.chain)
    properties = more.get("properties", Properties())
    algorithm = identity.algorithms[0]
    return SigningInput(content, detached, identity.certificate_der, chain, algorithm, WHEN, properties, None)


def value_of(name: str, octets: bytes) -> bytes:
    """The identity's signature over the octets."""
    identity = town().identity(name)
    made: bytes = algorithms.sign(identity.algorithms[0], identity.private_key, octets)
    return made


def signed(name: str = "town", **options: Any) -> bytes:
    """A signature at B-B."""
    draft = cades.prepare(request_of(name, **options))
    return cades.finish(draft, value_of(name, draft.to_be_signed))


def token_over(imprint: bytes, algorithm: str = "sha256", at: datetime = WHEN, tsa: str = "tsa") -> bytes:
    """A token of the town's TSA."""
    answer = town().tsa_respond(tsp.request(imprint, algorithm, nonce=7), at, tsa)
    return tsp.check_response(answer, digest=imprint, algorithm=algorithm, nonce=7).data


def stamped(data: bytes, index: int = 0, at: datetime = WHEN) -> bytes:
    """With a signature time stamp: B-T."""
    return cades.attach(data, token_over(cades.imprint(data, "sha256", index), at=at), index)


@cache
def ocsp_of(name: str, at: datetime = WHEN) -> bytes:
    """The town's OCSP response for an identity."""
    leaf = x509.load_der_x509_certificate(town().identity(name).certificate_der)
    issuer = x509.load_der_x509_certificate(town().ca.der)
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA256()).build()
    return town().ocsp_respond(request.public_bytes(serialization.Encoding.DER), at)


def material(*names: str, at: datetime = WHEN) -> ValidationData:
    """What is needed to validate these identities: issuers, the responder, CRLs, OCSP responses."""
    place = town()
    leaves = [place.identity(name).certificate_der for name in (*names, "ocsp")]
    responses = tuple(ocsp_of(name, at) for name in names)
    return ValidationData((*leaves, place.ca.der, place.root.der), (place.crl("root"), place.crl("ca")), responses)


def archived(
    data: bytes, algorithm: str = "sha256", at: datetime = WHEN + DAY, index: int = 0, contents: Contents = PRESENTED
) -> bytes:
    """With an archive time stamp over what is there."""
    draft = cades.prepare_archive(data, contents, algorithm, index)
    assert len(draft.imprint) == hashlib.new(algorithm.replace("sha3-", "sha3_")).digest_size
    return cades.attach_archive(draft, token_over(draft.imprint, algorithm, at))


@cache
def long_term(name: str = "town", **options: Any) -> bytes:
    """B-LT, with the validation data of signer and TSA."""
    return cades.add_validation_data(stamped(signed(name, **options)), material(name, "tsa"))


def facts(data: bytes, contents: Contents = PRESENTED) -> Facts:
    """As the registry reads it, tokens included."""
    attached = cms.read(data, lenient=True).content is not None
    return registry.read(data, NO_CONTENTS if attached else contents, Work())


def only(data: bytes, contents: Contents = PRESENTED) -> Signature:
    """The facts of the one signature."""
    (found,) = facts(data, contents).signatures
    return found


def sha256(octets: bytes) -> bytes:
    """Digest by ``hashlib``."""
    return hashlib.sha256(octets).digest()


def archives(signature: Signature) -> list[TimestampToken]:
    """Its archive time stamps."""
    return [token for token in signature.timestamps if token.type == "archive"]


def codes(token: TimestampToken) -> list[str]:
    """Codes of its notes."""
    return [note.code for note in token.notes]


def refused(code: str, call: Any, *arguments: Any) -> None:
    """The call raises this code, and the table knows it."""
    with pytest.raises((MisuseError, MalformedError)) as caught:
        call(*arguments)
    assert caught.value.code == code
    assert entry(code).remedy


def countered(data: bytes, name: str = "sensor", index: int = 0, **options: Any) -> bytes:
    """With a counter-signature of another identity."""
    draft = cades.prepare_counter(data, cms.read(data).signers[index].signature, request_of(name, **options))
    return cades.finish_counter(draft, value_of(name, draft.to_be_signed))


def v2_imprint(data: bytes, attributes: tuple[bytes, ...] | None = None, tag: bool = True) -> bytes:
    """Imprint of an archive-time-stamp-v2 over a detached file, by asn1crypto's slices (RFC 5126 6.4.1)."""
    outer = foreign.ContentInfo.load(data)["content"]
    info = outer["signer_infos"][0]
    if attributes is None:
        attributes = tuple(attribute.dump() for attribute in info["unsigned_attrs"])
    names_of = ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature")
    body = b"".join(attributes)
    pieces = [
        outer["encap_content_info"].dump(),
        CONTENT.bytes,
        outer["certificates"].dump(),
        outer["crls"].dump(),
        *(info[name].dump() for name in names_of),
        asn1.der(0xA1, body) if tag else body,
    ]
    return sha256(b"".join(pieces))
