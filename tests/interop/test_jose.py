"""JWS both ways with joserfc and jwcrypto: they verify what we write, we verify what they write."""

from __future__ import annotations

import json
import warnings
from typing import Any

import joserfc.jwk
import joserfc.jws
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.errors import JoseError
from jwcrypto import jwk, jws
from jwcrypto.common import JWException, JWSEHeaderParameter

from made_jades import PAYLOAD, key_for, only, read, signed, signing_input, verifies
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MalformedError
from toyono_trust.formats import jades
from toyono_trust.formats.jades import JadesDetails

PEERS = (
    "ecdsa-sha256",
    "ecdsa-sha384",
    "ecdsa-sha512",
    "rsa-sha256",
    "rsa-sha384",
    "rsa-sha512",
    "rsa-pss-sha256",
    "rsa-pss-sha384",
    "rsa-pss-sha512",
    "ed25519",
)
"""ML-DSA-65 has no code point in both peers' tested versions."""
NAMES = {
    "ecdsa-sha256": "ES256",
    "ecdsa-sha384": "ES384",
    "ecdsa-sha512": "ES512",
    "rsa-sha256": "RS256",
    "rsa-sha384": "RS384",
    "rsa-sha512": "RS512",
    "rsa-pss-sha256": "PS256",
    "rsa-pss-sha384": "PS384",
    "rsa-pss-sha512": "PS512",
    "ed25519": "EdDSA",
}
ALLOWED = [*NAMES.values(), "Ed25519"]
_CRITICAL = {"sigD": JWSEHeaderParameter("sigD", False, True, None)}
"""jwcrypto has to be told that the application understands a critical parameter."""


class JoserfcRegistry(joserfc.jws.JWSRegistry):
    """joserfc refuses headers beyond 512 octets unless told otherwise; one with x5c has some thousand."""

    max_header_length = 8192


def private_pem(algorithm: str) -> bytes:
    pem: bytes = key_for(algorithm).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_pem(algorithm: str) -> bytes:
    public = key_for(algorithm).public_key()
    pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def jwcrypto_verifies(data: bytes, algorithm: str, detached: bytes | None = None) -> bytes:
    token = jws.JWS(header_registry=_CRITICAL)
    token.allowed_algs = ALLOWED
    token.deserialize(data.decode())
    token.verify(jwk.JWK.from_pem(public_pem(algorithm)), detached_payload=detached)
    payload: Any = token.payload if detached is None else detached
    return payload.encode() if isinstance(payload, str) else payload


def joserfc_key(algorithm: str, pem: bytes) -> Any:
    kind = {"ecdsa": "EC", "rsa": "RSA"}.get(algorithm.split("-")[0], "OKP")
    return joserfc.jwk.import_key(pem, kind)


@pytest.mark.parametrize("algorithm", PEERS)
@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
def test_jwcrypto_verifies_ours(algorithm: str, serialization: Any) -> None:
    data = signed(signing_input(algorithm=algorithm, details=JadesDetails(serialization=serialization)))
    assert jwcrypto_verifies(data, algorithm) == PAYLOAD
    assert jwcrypto_verifies(jades.attach(data, b"0\x00"), algorithm) == PAYLOAD


@pytest.mark.parametrize("algorithm", PEERS)
def test_joserfc_verifies_ours(algorithm: str) -> None:
    data = signed(signing_input(algorithm=algorithm))
    registry = JoserfcRegistry(algorithms=ALLOWED, strict_check_header=False)
    key = joserfc_key(algorithm, public_pem(algorithm))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc warns that the name EdDSA is superseded by Ed25519
        assert joserfc.jws.deserialize_compact(data, key, registry=registry).payload == PAYLOAD
        flattened = signed(signing_input(algorithm=algorithm, details=JadesDetails(serialization="flattened")))
        assert joserfc.jws.deserialize_json(json.loads(flattened), key, registry=registry).payload == PAYLOAD


def test_jwcrypto_verifies_ours_detached_and_unencoded() -> None:
    detached = signed(signing_input(detached=True))
    assert jwcrypto_verifies(detached, "ecdsa-sha256", PAYLOAD) == PAYLOAD
    # its reader of the compact form decodes the payload whatever b64 says
    unencoded = signed(signing_input(b"A,B", details=JadesDetails(b64=False, serialization="flattened")))
    assert jwcrypto_verifies(unencoded, "ecdsa-sha256") == b"A,B"
    by_hash = JadesDetails(mechanism="uri-hash", parts=(("a", BytesContent(b"1")),), b64=True)
    described = signed(signing_input(b"", detached=True, details=by_hash))
    assert jwcrypto_verifies(described, "ecdsa-sha256", b"") == b""


@pytest.mark.parametrize("algorithm", PEERS)
@pytest.mark.parametrize("compact", [True, False])
def test_we_verify_jwcrypto(algorithm: str, compact: bool) -> None:
    token = jws.JWS(PAYLOAD)
    token.allowed_algs = ALLOWED
    header = json.dumps({"alg": NAMES[algorithm]})
    token.add_signature(jwk.JWK.from_pem(private_pem(algorithm)), None, header)
    if not compact:
        second = json.dumps({"alg": "RS256"})
        token.add_signature(jwk.JWK.from_pem(private_pem("rsa-sha256")), None, second)
    facts = read(token.serialize(compact=compact).encode())
    assert (facts.kind, len(facts.signatures)) == ("JWS", 1 if compact else 2)
    signature = facts.signatures[0]
    assert verifies(signature, key_for(algorithm).public_key())
    assert signature.objects[0].content is not None
    assert signature.objects[0].content.bytes == PAYLOAD
    assert (signature.format, signature.level) == ("JWS", None)


@pytest.mark.parametrize("algorithm", PEERS)
def test_we_verify_joserfc(algorithm: str) -> None:
    key = joserfc_key(algorithm, private_pem(algorithm))
    registry = JoserfcRegistry(algorithms=ALLOWED, strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = joserfc.jws.serialize_compact({"alg": NAMES[algorithm]}, PAYLOAD, key, registry=registry)
    signature = only(read(text.encode()))
    assert verifies(signature, key_for(algorithm).public_key())
    assert not verifies(only(read(text.replace(".", ".AAAA", 1).encode())), key_for(algorithm).public_key())


def test_the_newer_name_of_ed25519_is_read_too() -> None:
    token = jws.JWS(PAYLOAD)
    token.allowed_algs = ALLOWED
    token.add_signature(jwk.JWK.from_pem(private_pem("ed25519")), None, json.dumps({"alg": "Ed25519"}))
    signature = only(read(token.serialize(compact=True).encode()))
    assert signature.value.algorithm == "ed25519"
    assert verifies(signature, key_for("ed25519").public_key())


def test_where_the_peers_are_laxer() -> None:
    # jwcrypto accepts padding and stray bits in the signature part, so one signature has many texts; we have one
    good = signed(signing_input(algorithm="ecdsa-sha256"))
    for data in (good + b"==", good[:-1] + bytes([good[-1] + 1])):
        assert jwcrypto_verifies(data, "ecdsa-sha256") == PAYLOAD
        with pytest.raises(MalformedError, match="base64url"):
            read(data)


def test_agreed_refusals() -> None:
    head = b64url_encode(b'{"alg":"ES256","crit":["x"],"x":1}')
    data = head + b"." + b64url_encode(PAYLOAD) + b"." + b64url_encode(bytes(64))
    with pytest.raises(JWException):
        jwcrypto_verifies(data, "ecdsa-sha256")
    with pytest.raises(JoseError):
        joserfc.jws.deserialize_compact(data, joserfc_key("ecdsa-sha256", public_pem("ecdsa-sha256")))
    assert [note.code for note in only(read(data)).notes] == ["jws.crit-unknown", "jws.signature-zero"]
