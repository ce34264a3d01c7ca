"""JWS and JAdES both ways with joserfc and jwcrypto, through the public verbs: every algorithm, shape and packaging."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import joserfc.jwk
import joserfc.jws
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto import jwa, jwk, jws

from made_keys import pem
from peer_town import ALGORITHMS, AT, CONTENT, receipt, sign, signer
from toyono_trust import TrustStore, verify
from toyono_trust.formats.jades import JadesDetails

NOW = AT + timedelta(minutes=1)
NAMES = {"ed25519": "EdDSA"} | {
    f"{family}-sha{bits}": f"{name}{bits}"
    for family, name in (("rsa", "RS"), ("rsa-pss", "PS"), ("ecdsa", "ES"))
    for bits in (256, 384, 512)
}
ALLOWED = [*NAMES.values(), "Ed25519"]
SHAPES = ("compact", "flattened", "general")
TEXT = "水位 3.2 m; not.only.base64url\r\n".encode()
"""Content that is text, as an unencoded payload inside JSON must be."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Joserfc warns that the name EdDSA is superseded by Ed25519."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def without_padding(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# -- the peers: signed text, content, algorithm -> whether it verifies


@cache
def joserfc_key(algorithm: str, *, private: bool = False) -> Any:
    kind = {"ecdsa": "EC", "rsa": "RSA"}.get(algorithm.split("-")[0], "OKP")
    return joserfc.jwk.import_key(key_pem(algorithm, private), kind)  # type: ignore[call-overload]


@cache
def jwcrypto_key(algorithm: str, *, private: bool = False) -> Any:
    return jwk.JWK.from_pem(key_pem(algorithm, private))


def key_pem(algorithm: str, private: bool) -> bytes:
    key = signer(algorithm).private_key
    if private:
        return pem(key)
    octets: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return octets


def registry() -> Any:
    made = joserfc.jws.JWSRegistry(algorithms=ALLOWED, strict_check_header=False)
    made.max_payload_length = made.max_header_length = 1 << 20
    return made


def joserfc_verifies(data: bytes, content: bytes, algorithm: str, detached: bool) -> bool:
    key = joserfc_key(algorithm)
    if data[:1] != b"{":
        payload = content if detached else None
        read = joserfc.jws.deserialize_compact(data, key, registry=registry(), payload=payload)
    else:
        value = json.loads(data)
        if detached:
            first = value["protected"] if "protected" in value else value["signatures"][0]["protected"]
            header = json.loads(base64.urlsafe_b64decode(first + "=="))
            value["payload"] = content.decode() if header.get("b64") is False else without_padding(content)
        read = joserfc.jws.deserialize_json(value, key, registry=registry())
    return bool(read.payload == content)


def jwcrypto_verifies(data: bytes, content: bytes, algorithm: str, detached: bool) -> bool:
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    token.deserialize(data.decode())
    token.verify(jwcrypto_key(algorithm), detached_payload=content if detached else None)
    payload = token.objects.get("payload") or content if detached else token.payload
    return bool((payload.encode() if isinstance(payload, str) else payload) == content)


@cache
def knows_unencoded(peer: str, shape: str) -> bool:
    """Joserfc 1.6 overlooks ``b64`` in the general serialization: it signs the payload encoded (RFC 7797 3)."""
    if (peer, shape) != ("joserfc", "general"):
        return True
    value = json.loads(
        by_joserfc([header("ecdsa-sha256", ades=True, b64=False)], "ecdsa-sha256", b"text", shape, False)
    )
    return bool(value["payload"] == "text")


PEERS = {"joserfc": joserfc_verifies, "jwcrypto": jwcrypto_verifies}
Verifies = Callable[[bytes, bytes, str, bool], bool]


# -- they verify ours


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("detached", [True, False])
def test_peers_verify_ours(peer: str, algorithm: str, shape: Any, detached: bool) -> None:
    data = sign(algorithm, "jades", detached=detached, details=JadesDetails(serialization=shape))
    assert PEERS[peer](data, CONTENT, algorithm, detached)
    with pytest.raises(Exception, match=r"(?i)invalid|bad_signature"):
        PEERS[peer](data, CONTENT + b".", algorithm, True) if detached else PEERS[peer](
            altered(data), CONTENT, algorithm, False
        )


def altered(data: bytes) -> bytes:
    """The same signature over another attached payload."""
    payload = without_padding(CONTENT).encode()
    assert payload in data
    return data.replace(payload, without_padding(CONTENT + b".").encode())


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", ["flattened", "general"])
def test_peers_verify_ours_at_b_t(peer: str, algorithm: str, shape: Any) -> None:
    """The unprotected ``etsiU`` does not disturb them."""
    data = sign(algorithm, "jades", "B-T", details=JadesDetails(serialization=shape))
    assert b"etsiU" in data
    assert PEERS[peer](data, CONTENT, algorithm, False)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_peers_verify_our_unencoded_detached(peer: str, algorithm: str, shape: Any) -> None:
    """RFC 7797: ``b64`` false, the content outside, dots and line breaks in it."""
    if not knows_unencoded(peer, shape):
        pytest.skip("this joserfc does not know unencoded payloads in the general serialization")
    details = JadesDetails(serialization=shape, b64=False)
    data = sign(algorithm, "jades", content=TEXT, detached=True, details=details)
    assert PEERS[peer](data, TEXT, algorithm, True)


# -- we verify theirs


def chain(algorithm: str) -> list[str]:
    return [base64.b64encode(signer(algorithm).certificate.der).decode()]


def header(algorithm: str, *, ades: bool, b64: bool = True) -> dict[str, Any]:
    """A protected header: plain with the certificate, or all that JAdES-B-B asks for."""
    members: dict[str, Any] = {"alg": NAMES[algorithm], "x5c": chain(algorithm)}
    if ades:
        members |= {"x5t#S256": without_padding(signer(algorithm).certificate.sha256), "iat": int(AT.timestamp())}
    return members if b64 else members | {"b64": False, "crit": ["b64"]}


def by_joserfc(members: list[dict[str, Any]], algorithm: str, content: bytes, shape: str, detached: bool) -> bytes:
    key = joserfc_key(algorithm, private=True)
    encoded = members[0].get("b64", True)
    if shape == "compact":
        made = joserfc.jws.serialize_compact(members[0], content, key, registry=registry()).encode()
        if detached and encoded:
            return joserfc.jws.detach_content(made.decode()).encode()  # type: ignore[no-any-return]
        return made
    protected = [{"protected": one} for one in members]
    given: Any = protected if shape == "general" else protected[0]
    value: Any = joserfc.jws.serialize_json(given, content, key, registry=registry())
    return json.dumps(joserfc.jws.detach_content(value) if detached else value).encode()


def by_jwcrypto(members: list[dict[str, Any]], algorithm: str, content: bytes, shape: str, detached: bool) -> bytes:
    encoded = members[0].get("b64", True)
    token = jws.JWS(content if encoded else content.decode())
    token.allowed_algs = ALLOWED
    for one in members:
        token.add_signature(jwcrypto_key(algorithm, private=True), None, json.dumps(one))
    if shape == "compact":
        if detached:
            token.detach_payload()
        return token.serialize(compact=True).encode()  # type: ignore[no-any-return]
    value = json.loads(token.serialize())
    if shape == "general" and "signatures" not in value:
        value = {"payload": value["payload"], "signatures": [{n: value[n] for n in ("protected", "signature")}]}
    if detached:
        del value["payload"]
    return json.dumps(value).encode()


MAKERS = {"joserfc": by_joserfc, "jwcrypto": by_jwcrypto}


@pytest.mark.parametrize("peer", MAKERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("ades", [True, False])
def test_we_verify_theirs(trust: TrustStore, peer: str, algorithm: str, shape: str, detached: bool, ades: bool) -> None:
    data = MAKERS[peer]([header(algorithm, ades=ades)], algorithm, CONTENT, shape, detached)
    report = verify(data, content=CONTENT if detached else None, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.kind == ("JAdES" if ades else "JWS")
    (signature,) = report.signatures
    assert (signature.level, signature.facts.value.algorithm) == ("B-B" if ades else None, algorithm)
    assert signature.facts.claimed_signing_time == (AT if ades else None)
    assert report.require(signed_by={"sha256:" + signer(algorithm).certificate.sha256.hex()}).content == CONTENT
    other = verify(
        data if detached else altered(data), content=CONTENT + b"." if detached else None, trust=trust, at=NOW
    )
    assert (other.indication, other.sub_indication) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    if detached:
        missing = verify(data, trust=trust, at=NOW)
        assert (missing.indication, missing.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")


@pytest.mark.parametrize("peer", MAKERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("detached", [True, False])
def test_we_verify_their_unencoded_payload(
    trust: TrustStore, peer: str, algorithm: str, shape: str, detached: bool
) -> None:
    if not knows_unencoded(peer, shape):
        pytest.skip("this joserfc does not know unencoded payloads in the general serialization")
    content = TEXT if detached or shape != "compact" else b"water-level_32"
    data = MAKERS[peer]([header(algorithm, ades=True, b64=False)], algorithm, content, shape, detached)
    if detached and shape == "compact" and peer == "joserfc":
        assert b".." in data, "joserfc detaches by itself where the payload cannot stand in the middle"
    report = verify(data, content=content if detached else None, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.signatures[0].level == "B-B"
    assert report.require(signed_by="anyone").content == content


@pytest.mark.parametrize("peer", MAKERS)
def test_several_signatures_of_theirs(trust: TrustStore, peer: str) -> None:
    """Two signatures in one file, one of them broken: each is judged by itself."""
    members = [header("ecdsa-sha256", ades=True), header("ecdsa-sha256", ades=False)]
    data = MAKERS[peer](members, "ecdsa-sha256", CONTENT, "general", False)
    report = verify(data, trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert [(item.format, item.level) for item in report.signatures] == [("JAdES", "B-B"), ("JWS", None)]
    value = json.loads(data)
    value["signatures"][1]["signature"] = value["signatures"][0]["signature"]
    mixed = verify(json.dumps(value).encode(), trust=trust, at=NOW)
    assert [item.indication for item in mixed.signatures] == ["TOTAL-PASSED", "TOTAL-FAILED"]
    assert (mixed.indication, mixed.sub_indication) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


def test_no_peer_and_not_we_accept_the_algorithm_none_or_a_shared_secret(trust: TrustStore) -> None:
    """``alg`` none, and HMAC keyed with the public key: refused everywhere."""
    for name, mac in (("none", b""), ("HS256", None)):
        head = without_padding(json.dumps({"alg": name, "x5c": chain("rsa-sha256")}).encode())
        text = f"{head}.{without_padding(CONTENT)}"
        value = hmac.digest(key_pem("rsa-sha256", False), text.encode(), hashlib.sha256) if mac is None else mac
        data = f"{text}.{without_padding(value)}".encode()
        for peer in PEERS.values():
            with pytest.raises(Exception):  # noqa: B017  each has its own
                peer(data, CONTENT, "rsa-sha256", False)
        assert verify(data, trust=trust, at=NOW).indication in ("TOTAL-FAILED", "INDETERMINATE")


def test_ml_dsa_both_ways_with_jwcrypto(trust: TrustStore) -> None:
    """ML-DSA-65 where the installed jwcrypto knows it; joserfc does not."""
    if "ML-DSA-65" not in jwa.JWA.algorithms_registry:
        pytest.skip("this jwcrypto does not know ML-DSA")
    one = signer("ml-dsa-65")
    data = sign("ml-dsa-65", "jades")
    token = jws.JWS()
    token.allowed_algs = ["ML-DSA-65"]
    token.deserialize(data.decode())
    token.verify(jwk.JWK.from_pyca(one.private_key.public_key()))
    assert token.payload == CONTENT
    assert verify(data, trust=trust, at=NOW).indication == "TOTAL-PASSED"
    theirs = jws.JWS(CONTENT)
    theirs.allowed_algs = ["ML-DSA-65"]
    members = {"alg": "ML-DSA-65", "x5c": chain("ml-dsa-65")}
    theirs.add_signature(jwk.JWK.from_pyca(one.private_key), None, json.dumps(members))
    report = verify(theirs.serialize(compact=True).encode(), trust=trust, at=NOW)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.signatures[0].facts.value.algorithm == "ml-dsa-65"


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "rsa-pss-sha256", "ed25519"])
@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_peers_verify_the_seal_of_a_receipt(peer: str, algorithm: str, level: str) -> None:
    """The seal is a detached JWS over the RFC 8785 bytes of all other members, made here by somebody else's code."""
    rfc8785 = pytest.importorskip("rfc8785")
    value = json.loads(receipt(algorithm, level))
    seal = value.pop("jadesSignature")
    ((form, data),) = seal.items()
    assert form == ("compactDetached" if level == "B-B" else "flattenedJson")
    octets = json.dumps(data).encode()
    if level == "B-B":
        octets = f"{data['protected']}..{data['signature']}".encode()
    assert PEERS[peer](octets, rfc8785.dumps(value), algorithm, True)
    with pytest.raises(Exception, match=r"(?i)invalid|bad_signature"):
        PEERS[peer](octets, rfc8785.dumps(value | {"eventTime": "2026-11-22T00:00:00Z"}), algorithm, True)


@pytest.mark.parametrize("peer", MAKERS)
@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "rsa-pss-sha256", "ed25519"])
def test_a_receipt_that_a_peer_sealed(trust: TrustStore, peer: str, algorithm: str) -> None:
    """The same evidence, sealed anew by somebody else's JWS and canonical JSON: the seal passes."""
    rfc8785 = pytest.importorskip("rfc8785")
    value = json.loads(receipt(algorithm))
    del value["jadesSignature"]
    made = MAKERS[peer]([header(algorithm, ades=True)], algorithm, rfc8785.dumps(value), "compact", True)
    protected, _, signature = made.decode().split(".")
    value["jadesSignature"] = {"compactDetached": {"protected": protected, "signature": signature}}
    report = verify(json.dumps(value, indent=2, ensure_ascii=False).encode(), trust=trust, at=NOW)
    (sealed,) = report.signatures
    assert (sealed.indication, sealed.format, sealed.level) == ("TOTAL-PASSED", "JAdES", "B-B"), str(report)
    assert report.receipt is not None
