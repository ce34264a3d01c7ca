"""Making JAdES signatures (ETSI TS 119 182-1 V1.2.1, RFC 7515, RFC 7797): the header, the signing input, the file.

Headers are written in one fixed order. What depends on the signer alone is encoded once and remembered, cut at a
multiple of three octets so that base64url text can be continued.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from toyono_trust.core.algorithms import by_name, digest, jades_digest, new_hash
from toyono_trust.core.asn1 import Reader, explicit, sequence
from toyono_trust.core.canonical import b64_encode, b64url_encode, json_canonical, json_loads
from toyono_trust.core.content import Content
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.jades import splice
from toyono_trust.formats.jades.details import (
    DEFAULT,
    HTTP_HEADERS,
    OBJECT_ID_BY_URI,
    OBJECT_ID_BY_URI_HASH,
    SEAL,
    JadesDetails,
)
from toyono_trust.formats.jades.payload import (
    document_chunks,
    document_digest,
    header_lines,
    http_digest,
    signing_pieces,
)
from toyono_trust.formats.jades.pieces import Pieces
from toyono_trust.formats.jades.properties import write_properties
from toyono_trust.formats.model import Properties

_HALF = {"p256": 32, "p384": 48, "p521": 66}
_NO_PROPERTIES = Properties()
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _State(NamedTuple):
    """What ``finish`` needs: the header's text, the payload's text (None: detached), where it all goes."""

    algorithm: str
    protected: bytes
    payload: bytes | None
    details: JadesDetails
    receipt: str | None


def prepare(request: SigningInput) -> Draft:
    """The signing input of one signature. Raises ``MisuseError`` where JAdES cannot express what is asked for."""
    details = _details(request)
    b64 = details.encoded
    sig_d = None if details.mechanism is None else _sig_d(request, details, b64)
    protected = protected_header(request, details, b64, sig_d)
    message = _message(request, details, protected) if request.detached else None
    if message is not None:
        return Draft(b"", _State(request.algorithm, protected, None, details, None), message)
    receipt = None
    if details is DEFAULT:
        text = b64url_encode(request.content.bytes)
    elif details.serialization == "receipt":
        receipt, text = _receipt(request.content, b64)
    else:
        text = b"".join(_signed_chunks(request, details, b64))
    detached = request.detached or details.mechanism is not None or receipt is not None
    if not detached and not text:
        raise MisuseError("jades.empty", "an empty content cannot be attached", "sign it with detached=True")
    if not detached and not b64:
        _check_raw(text, details)
    state = _State(request.algorithm, protected, None if detached else text, details, receipt)
    return Draft(b"%b.%b" % (protected, text), state)


def finish(draft: Draft, signature: bytes) -> bytes:
    """The signed file. ``signature``: as the key gave it (ECDSA: DER). Raises ``MisuseError`` for another curve's."""
    state: _State = draft.state
    text = wire(signature, state.algorithm)
    details = state.details
    if state.receipt is not None:
        seal = {"protected": state.protected.decode("ascii"), "signature": text.decode("ascii")}
        return _sealed(state.receipt, _dump({"compactDetached": seal}))
    if details.serialization == "compact":
        return b"%b.%b.%b" % (state.protected, state.payload or b"", text)
    members: dict[str, Any] = {} if state.payload is None else {"payload": state.payload.decode("utf-8")}
    one = {"protected": state.protected.decode("ascii"), "signature": text.decode("ascii")}
    members.update(one if details.serialization == "flattened" else {"signatures": [one]})
    return _dump(members).encode("utf-8")


def wire(signature: bytes, algorithm: str) -> bytes:
    """A signature value as it stands in the file, which a signature time stamp covers: base64url text.

    ``signature``: as the key gave it under ``algorithm`` (ECDSA: DER). Raises ``MisuseError`` for another curve's.
    """
    row = by_name(algorithm)
    if row is not None and row.family == "ecdsa":
        signature = _concatenated(signature, _HALF[row.jwa_curve or ""])
    return b64url_encode(signature)


def content_imprint(request: SigningInput, algorithm: str) -> bytes:
    """Digest of what a content time stamp (``adoTst``, 5.2.6) covers: the payload as it is signed, or the documents."""
    details = _details(request)
    b64 = details.encoded
    if details.serialization == "receipt":
        return digest(algorithm, _receipt(request.content, b64)[1])
    hasher = new_hash(algorithm)
    chunks: Iterable[bytes]
    if details.mechanism == "uri-hash":
        chunks = (chunk for _, content in _parts(request, details) for chunk in document_chunks(content, b64))
    elif details.mechanism == "http-headers":
        chunks = header_lines(_fields(request, details), request.content.chunks())
    else:
        chunks = _signed_chunks(request, details, b64)
    for chunk in chunks:
        hasher.update(chunk)
    result: bytes = hasher.digest()
    return result


def _details(request: SigningInput) -> JadesDetails:
    details = DEFAULT if request.details is None else request.details
    if not isinstance(details, JadesDetails):
        raise MisuseError("jades.details", "details= of a JAdES signature is a JadesDetails")
    if details is DEFAULT:
        return details
    if details.mechanism is not None and (not request.detached or details.serialization == "receipt"):
        raise MisuseError("jades.details", "sigD is for detached signatures only", "pass detached=True")
    if details.mechanism == "http-headers" and (details.encoded or not details.headers):
        raise MisuseError("jades.details", "HttpHeaders needs header fields and an unencoded payload")
    return details


# header --------------------------------------------------------------------------------------------------------------


def protected_header(request: SigningInput, details: JadesDetails, b64: bool, sig_d: Mapping[str, Any] | None) -> bytes:
    """The protected header as base64url text. ``sig_d``: the value of ``sigD``, None for none.

    Raises ``MisuseError`` for an algorithm without a JWA name, and where JAdES cannot express a property.
    """
    row = by_name(request.algorithm)
    if row is None or row.jwa is None:
        raise MisuseError(
            "jades.algorithm", f"{request.algorithm} has no JWA name", "use ECDSA, RSA, Ed25519 or ML-DSA-65"
        )
    if request.claimed_at is None:
        raise MisuseError("jades.time", "a JAdES signature always claims its signing time", "leave claimed_at out")
    head, rest = _head(request.certificate, request.chain, row.jwa, details.certificates, details.references)
    return head + b64url_encode(rest + _tail(request, details, b64, sig_d))


@lru_cache(64)
def _head(
    certificate: bytes, chain: tuple[bytes, ...], alg: str, x5c: bool, references: tuple[str, ...]
) -> tuple[bytes, bytes]:
    """The start of the header: base64url text, and the octets that did not fill a group of three."""
    members: dict[str, Any] = {"alg": alg}
    if references == ("sha256",):
        members["x5t#S256"] = b64url_encode(digest("sha256", certificate)).decode("ascii")
    elif references:
        listed = [_reference(name, certificate) for name in references]
        members |= {"x5t#o": listed[0]} if len(listed) == 1 else {"sigX5ts": listed}
    if x5c:
        members["x5c"] = [b64_encode(one) for one in (certificate, *chain)]
    elif not references:
        raise MisuseError("jades.details", "neither the certificate nor a reference to it would be signed")
    start = _dump(members)[:-1].encode("utf-8")
    cut = len(start) - len(start) % 3
    return b64url_encode(start[:cut]), start[cut:]


def _reference(name: str, certificate: bytes) -> dict[str, str]:
    if name == "sha256":
        raise MisuseError("jades.details", "x5t#o and sigX5ts never use SHA-256 (5.2.2)", "name sha256 alone")
    return {"digAlg": jades_digest(name), "digVal": b64url_encode(digest(name, certificate)).decode("ascii")}


def _tail(request: SigningInput, details: JadesDetails, b64: bool, sig_d: Mapping[str, Any] | None) -> bytes:
    """The rest of the header, from the comma on."""
    assert request.claimed_at is not None
    plain = details is DEFAULT and request.properties == _NO_PROPERTIES and request.content_timestamp is None
    if plain and b64 and sig_d is None:
        return b',"iat":%d}' % request.claimed_at.timestamp()
    claimed = request.claimed_at.astimezone(UTC)
    members: dict[str, Any] = {}
    if details.typ is not None:
        members["typ"] = details.typ
    if request.properties.content_type is not None and sig_d is None:
        members["cty"] = request.properties.content_type
    if details.kid:
        members["kid"] = _kid(request.certificate)
    if details.time == "iat":
        members["iat"] = int(claimed.timestamp())
    else:
        members["sigT"] = claimed.strftime("%Y-%m-%dT%H:%M:%SZ")
    members |= write_properties(request.properties)
    if request.content_timestamp is not None:
        members["adoTst"] = container(request.content_timestamp)
    if sig_d is not None:
        members["sigD"] = sig_d
    if not b64:
        members["b64"] = False
    critical = [name for name in ("b64", "sigD") if name in members]
    if critical:
        members["crit"] = critical
    return b"," + _dump(members)[1:].encode("utf-8")


def container(token: bytes) -> dict[str, Any]:
    """A tstContainer with one RFC 3161 token: no canonAlg, type, encoding or specRef."""
    return {"tstTokens": [{"val": b64_encode(token)}]}


def _kid(certificate: bytes) -> str:
    """TS 119 182-1 5.1.4: base64 of DER IssuerSerial (RFC 5035)."""
    reader = Reader(certificate)
    fields = reader.children(reader.children(reader.root())[0])
    serial, issuer = [field for field in fields if field[0] != 0xA0][0:3:2]
    return b64_encode(sequence(sequence(explicit(4, reader.tlv(issuer))), reader.tlv(serial)))


def _sig_d(request: SigningInput, details: JadesDetails, b64: bool) -> dict[str, Any]:
    """TS 119 182-1 5.2.8."""
    if details.mechanism == "http-headers":
        return {"mId": HTTP_HEADERS, "pars": [name for name, _ in _fields(request, details)]}
    parts = _parts(request, details)
    if details.content_types and len(details.content_types) != len(parts):
        raise MisuseError("jades.details", "as many content types as parts are needed, or none")
    member: dict[str, Any] = {"mId": OBJECT_ID_BY_URI, "pars": [name for name, _ in parts]}
    if details.mechanism == "uri-hash":
        algorithm = details.hash_algorithm
        values = [document_digest(content, algorithm, b64) for _, content in parts]
        member["mId"] = OBJECT_ID_BY_URI_HASH
        member["hashM"] = jades_digest(algorithm)
        member["hashV"] = [b64url_encode(value).decode("ascii") for value in values]
    if details.content_types:
        member["ctys"] = list(details.content_types)
    return member


# payload -------------------------------------------------------------------------------------------------------------


def _parts(request: SigningInput, details: JadesDetails) -> tuple[tuple[str, Content], ...]:
    parts = details.parts or ((request.content.name, request.content),)
    if not all(name for name, _ in parts) or len({name for name, _ in parts}) != len(parts):
        raise MisuseError("jades.details", "every part needs a reference of its own", "name the parts")
    return parts


def _fields(request: SigningInput, details: JadesDetails) -> list[tuple[str, bytes]]:
    """Header fields under lower-case names, the values of a repeated one joined; ``Digest`` is held to the body."""
    joined: dict[str, list[str]] = {}
    for name, value in details.headers:
        joined.setdefault(name.lower(), []).append(value.strip(" \t"))
    fields = [(name, ", ".join(values).encode("utf-8")) for name, values in joined.items()]
    if "digest" in joined:
        named = http_digest(", ".join(joined["digest"]))
        if named is None or request.content.digest(named[0]) != named[1]:
            raise MisuseError("jades.http-body", "the Digest field is not the body's SHA-256 or SHA-512")
    return fields


def _message(request: SigningInput, details: JadesDetails, protected: bytes) -> Pieces | None:
    """The signing input where it is too large to be held."""
    if details.serialization == "receipt" or details.mechanism in ("uri-hash", "http-headers"):
        return None
    parts = (("", request.content),) if details.mechanism is None else _parts(request, details)
    return signing_pieces(protected, [content for _, content in parts], details.encoded)


def _signed_chunks(request: SigningInput, details: JadesDetails, b64: bool) -> Iterable[bytes]:
    """What stands behind the dot of the signing input, in chunks."""
    if details.mechanism is None:
        return document_chunks(request.content, b64)
    if details.mechanism == "uri-hash":
        return ()
    if details.mechanism == "uri":
        return (chunk for _, content in _parts(request, details) for chunk in document_chunks(content, b64))
    return header_lines(_fields(request, details))


def _check_raw(text: bytes, details: JadesDetails) -> None:
    """RFC 7797 5.2, 5.3: an unencoded payload has no dot in compact form and is text in JSON."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise MisuseError("jades.unencoded", "an unencoded attached payload is UTF-8 text") from None
    if details.serialization == "compact" and (b"." in text or not text.isascii() or not text.decode().isprintable()):
        raise MisuseError(
            "jades.unencoded", "this payload cannot stand unencoded in compact form", "use serialization='flattened'"
        )


def _receipt(content: Content, b64: bool) -> tuple[str, bytes]:
    """A receipt's own text, and what its seal signs: its RFC 8785 bytes."""
    data = content.bytes
    try:
        value = json_loads(data)
        if not isinstance(value, dict) or SEAL in value:
            raise MalformedError("jws.seal", "the receipt is no JSON object, or has a seal already")
        canonical = json_canonical(value)
    except MalformedError as error:
        raise MisuseError("jades.receipt", f"this content cannot be sealed as a receipt: {error.message}") from None
    return data.decode("utf-8"), b64url_encode(canonical) if b64 else canonical


# file ----------------------------------------------------------------------------------------------------------------


def _concatenated(signature: bytes, half: int) -> bytes:
    """RFC 7518 3.4: r ‖ s, each as long as the curve's order."""
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")
    except (ValueError, OverflowError):
        raise MisuseError("jades.algorithm", "the signature value does not fit the algorithm's curve") from None


def _sealed(receipt: str, seal: str) -> bytes:
    return splice.add_member(receipt, splice.root(receipt), SEAL, seal).encode("utf-8")
