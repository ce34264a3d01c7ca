"""JAdES compact: verify with a certificate that is known, and seal, against joserfc and jwcrypto (no certificate)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import partial

from joserfc import jws
from joserfc.jwk import import_key
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from measure import Work
from rows import BASE, OURS, Row
from town import PAYLOAD, Actor, BenchTown

from toyono_trust import seal, verify
from toyono_trust.formats.jades.details import JadesDetails

REFERENCE = JadesDetails(certificates=False)
"""``x5t#S256`` alone: the reader knows the certificate."""


def rows(town: BenchTown) -> list[Row]:
    """Four ways to verify, one to seal."""
    by_digest = "JAdES {} verify, known certificate, x5t#S256"
    by_chain = "JAdES {} verify, known certificate, x5c of two"
    return [
        Row(by_digest.format("ES256"), 1.45, partial(_verify, town, "p256", "ES256", REFERENCE)),
        Row(by_chain.format("ES256"), 1.6, partial(_verify, town, "p256", "ES256", None)),
        Row(by_digest.format("RS256"), 2.1, partial(_verify, town, "rsa", "RS256", REFERENCE)),
        Row(by_chain.format("RS256"), 2.6, partial(_verify, town, "rsa", "RS256", None)),
        Row("JAdES B-B seal ES256 (software key)", 1.8, partial(_seal, town, "p256", "ES256")),
    ]


def _verify(town: BenchTown, key: str, algorithm: str, details: JadesDetails | None) -> Mapping[str, Work]:
    actor = town.actor(key)
    data = bytes(seal(PAYLOAD, by=actor.signer, format="jades", level="B-B", details=details))
    header, payload, signature = data.split(b".")
    assert json.loads(base64.urlsafe_b64decode(header + b"=="))["alg"] == algorithm
    signed = header + b"." + payload
    value = base64.urlsafe_b64decode(signature + b"==")
    trust, at = town.trust, town.at

    def ours() -> bytes:
        return verify(data, trust=trust, at=at).require(signed_by="anyone").content

    assert ours() == PAYLOAD
    return {BASE: actor.bare_verify(signed, value), OURS: ours, **_peers_verify(actor, algorithm)}


def _peers_verify(actor: Actor, algorithm: str) -> dict[str, Work]:
    """The same payload in a plain JWS: the peers know neither the JAdES headers nor certificates."""
    pem = actor.public_pem
    token = _joserfc_token(actor, algorithm)
    key = import_key(pem, "EC" if algorithm == "ES256" else "RSA")
    jwk = JWK.from_pem(pem)
    text = token.decode()

    def with_joserfc() -> bytes:
        return jws.deserialize_compact(token, key, algorithms=[algorithm]).payload

    def with_jwcrypto() -> bytes:
        read = JWS()
        read.deserialize(text, jwk, alg=algorithm)
        payload: bytes = read.payload
        return payload

    assert with_joserfc() == PAYLOAD == with_jwcrypto()
    return {"joserfc": with_joserfc, "jwcrypto": with_jwcrypto}


def _joserfc_token(actor: Actor, algorithm: str) -> bytes:
    key = import_key(actor.private_pem, "EC" if algorithm == "ES256" else "RSA")
    return jws.serialize_compact({"alg": algorithm}, PAYLOAD, key, algorithms=[algorithm]).encode()


def _seal(town: BenchTown, name: str, algorithm: str) -> Mapping[str, Work]:
    actor = town.actor(name)
    key = import_key(actor.private_pem, "EC")
    jwk = JWK.from_pem(actor.private_pem)
    signer = actor.signer

    def ours() -> bytes:
        return seal(PAYLOAD, by=signer, format="jades", level="B-B")

    def with_joserfc() -> str:
        return jws.serialize_compact({"alg": algorithm}, PAYLOAD, key, algorithms=[algorithm])

    def with_jwcrypto() -> str:
        made = JWS(PAYLOAD)
        made.add_signature(jwk, alg=algorithm, protected=f'{{"alg":"{algorithm}"}}')
        text: str = made.serialize(compact=True)
        return text

    data = bytes(ours())
    assert verify(data, trust=town.trust, at=town.at).require(signed_by="anyone").content == PAYLOAD
    signed = data.rpartition(b".")[0]
    return {BASE: actor.bare_sign(signed), OURS: ours, "joserfc": with_joserfc, "jwcrypto": with_jwcrypto}
