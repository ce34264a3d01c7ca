"""Archived JAdES signatures with real time stamps of a town, and what they cover told by plain code.

The plain code computes with json, base64 and hashlib alone, apart from our own reading and writing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from made_jades import AT, key_for, signing_input
from toyono_trust import devpki
from toyono_trust.core.algorithms import sign
from toyono_trust.core.limits import Work
from toyono_trust.formats import jades, registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.model import Facts, Signature, TimestampToken
from toyono_trust.pki import tsp

CANONICAL = "http://json-canonicalization.org/algorithm"


@lru_cache(1)
def town() -> devpki.Town:
    return devpki.Town.create(AT, clock=lambda: AT)


def token(imprint: bytes, algorithm: str = "sha256", at: datetime = AT) -> bytes:
    answer = town().tsa_respond(tsp.request(imprint, algorithm, nonce=1), at)
    made = tsp.read_response(answer).token
    assert made is not None
    return made


@lru_cache(8)
def material(year: int = 0) -> ValidationData:
    """Validation data of one year: the town's certificates and a CRL that no other year has."""
    at = AT + year * timedelta(days=365)
    return ValidationData((town().ca.der, town().root.der), (town().crl("ca", at), town().crl("root", at)), (b"0\x00",))


def read(data: bytes, contents: Any = None) -> Facts:
    return registry.read(data, contents if isinstance(contents, Contents) else Contents(contents), Work())


def only(data: bytes, contents: Any = None) -> Signature:
    (signature,) = read(data, contents).signatures
    return signature


def archives(signature: Signature) -> list[TimestampToken]:
    return [one for one in signature.timestamps if one.type == "archive"]


def archived(data: bytes, contents: Any = None, *, algorithm: str = "sha256", **options: Any) -> bytes:
    draft = jades.prepare_archive(data, Contents(contents), algorithm, **options)
    return jades.attach_archive(draft, token(draft.imprint, algorithm))


def stamped(data: bytes, index: int = 0, mode: Any = "base64url") -> bytes:
    return jades.attach(data, token(jades.imprint(data, "sha256", index)), index, mode)


def countersigned(
    data: bytes, index: int = 0, algorithm: str = "ecdsa-sha256", mode: Any = "base64url", **more: Any
) -> bytes:
    request = signing_input(b"not used", algorithm=algorithm, **more)
    draft = jades.prepare_counter(data, read(data).signatures[index].value.wire, request, mode)
    return jades.finish_counter(draft, sign(algorithm, key_for(algorithm), draft.to_be_signed))


# the same, told by plain code ----------------------------------------------------------------------------------------


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jws_of(data: bytes, index: int = 0) -> dict[str, Any]:
    """One signature of a JWS in JSON, or of a receipt's seal, with its payload."""
    value = json.loads(data)
    if "jadesSignature" in value:
        ((_, value),) = value["jadesSignature"].items()
    found: dict[str, Any] = {"payload": value.get("payload")} | value.get("signatures", [value])[index]
    return found


def element(name: str, value: Any) -> str:
    return encoded(json.dumps({name: value}).encode())


def opened(one: Any) -> tuple[str, Any]:
    ((name, value),) = (json.loads(decoded(one)) if isinstance(one, str) else one).items()
    return name, value


def names(data: bytes, index: int = 0) -> list[str]:
    return [opened(one)[0] for one in jws_of(data, index)["header"]["etsiU"]]


def canonical(value: Any) -> str:
    """RFC 8785 of a value with ASCII names and without fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def imprints(data: bytes, payload: bytes | None = None, index: int = 0, algorithm: str = "sha256") -> list[bytes]:
    """What the archive time stamps of a signature should have stamped, in order. ``payload``: where it is detached."""
    jws = jws_of(data, index)
    start = jws["payload"].encode() if payload is None else payload
    covered = start + f".{jws['protected']}.{jws['signature']}.".encode()
    found = []
    for one in jws["header"]["etsiU"]:
        if opened(one)[0] == "arcTst":
            found.append(hashlib.new(algorithm, covered).digest())
        covered += (one if isinstance(one, str) else canonical(opened(one)[1])).encode()
    return found


def sha(items: Iterable[bytes]) -> set[bytes]:
    return {hashlib.sha256(one).digest() for one in items}


def inside(one: TimestampToken) -> set[bytes]:
    """Digests of a token and of the material in it."""
    return sha((one.data, *one.signer.certificates, *one.signer.crls, *one.signer.ocsp_responses))
