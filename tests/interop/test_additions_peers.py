"""Counter-signatures and parallel signatures as OpenSSL, pyHanko, asn1crypto, jwcrypto and joserfc see them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import joserfc.jws
import pytest
from asn1crypto import cms as foreign
from asn1crypto.core import Void
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jwcrypto import jws
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_basic_validation, ades_with_time_validation
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from interop.test_jose_verbs import ALLOWED, joserfc_key, jwcrypto_key, registry
from interop.test_openssl_cms import NOW as LATER
from interop.test_openssl_cms import accepted, made, openssl, version
from interop.test_pyhanko_cms import loaded, raw_digest, specification
from peer_town import AGELESS, AT, CONTENT, WORLD, lay_out, sign, signer
from toyono_trust import TrustStore, verbs, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.steps import run

NOW = AT + timedelta(minutes=1)
PAIRS = [("ecdsa-sha256", "rsa-sha512"), ("rsa-pss-sha256", "ecdsa-sha384"), ("ed25519", "ecdsa-sha512")]
PAIRS += [("ecdsa-sha256", "ed25519")]


def added(
    data: bytes, algorithm: str, format: Any, level: str = "B-B", *, detached: bool = False, **more: Any
) -> bytes:
    """One more signature, with the fixed clock and the town's TSA."""
    tsa = "http://tsa.example/" if level == "B-T" else None
    contents = Contents(BytesContent(CONTENT)) if detached else NO_CONTENTS
    options: Any = more
    asked = verbs.order(BytesContent(data), signer(algorithm), format, level, tsa, True, options, None, contents)
    return bytes(run(verbs.sign(asked), WORLD))  # type: ignore[arg-type]


# -- OpenSSL


@pytest.mark.integration
@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize(("first", "second"), PAIRS[:2])
def test_openssl_verifies_both_of_ours(tmp_path: Path, first: str, second: str, detached: bool, level: str) -> None:
    """It demands that every SignerInfo verifies."""
    lay_out(tmp_path)
    both = added(sign(first, "cades", detached=detached), second, "cades", level, detached=detached, parallel=True)
    both = added(both, "rsa-sha256", "cades", level, countersigns=verify(both).signatures[0].id)
    (tmp_path / "signed").write_bytes(both)
    options = ("-content", "content") if detached else ()
    done = accepted(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes() == CONTENT
    shown = openssl(tmp_path, "cms", "-cmsout", "-print", "-inform", "DER", "-in", "signed", "-noout").stdout
    assert shown.count(b"countersignature") == 1
    wires = [item.facts.value.wire for item in verify(both, content=CONTENT if detached else None).signatures]
    for wire in wires:
        (tmp_path / "signed").write_bytes(both.replace(wire[-16:], bytes(16)))
        assert accepted(tmp_path, *options).returncode != 0


@pytest.mark.integration
@pytest.mark.parametrize("detached", [True, False])
def test_openssl_signs_beside_us_and_we_beside_it(tmp_path: Path, trust: TrustStore, detached: bool) -> None:
    version()
    lay_out(tmp_path, "rsa-sha256")
    (tmp_path / "signed").write_bytes(sign("ecdsa-sha256", "cades", detached=detached))
    own = ("-signer", "rsa-sha256.pem", "-inkey", "rsa-sha256.key", "-cades")
    done = openssl(
        tmp_path, "cms", "-resign", "-inform", "DER", "-in", "signed", *own, "-outform", "DER", "-out", "both"
    )
    assert done.returncode == 0, done.stderr
    theirs = (tmp_path / "both").read_bytes()
    beside = made(tmp_path, "rsa-sha256", "-cades", "-outform", "DER", *(() if detached else ("-nodetach",)))
    ours = added(beside, "ecdsa-sha256", "cades", detached=detached, parallel=True)
    ours = added(ours, "ed25519", "cades", countersigns=verify(ours).signatures[0].id)
    content = CONTENT if detached else None
    for data, count in ((theirs, 0), (ours, 1)):
        report = verify(data, content=content, trust=trust, at=LATER, policy=AGELESS)
        assert [item.indication for item in report.signatures] == ["TOTAL-PASSED"] * 2, str(report)
        counters = [item for one in report.signatures for item in one.counter_signatures]
        assert [item.indication for item in counters] == ["TOTAL-PASSED"] * count


# -- pyHanko and asn1crypto


def alone(data: bytes, number: int) -> Any:
    """The SignedData with one SignerInfo only, because pyHanko takes no more."""
    signed = loaded(data).copy()
    signed["signer_infos"] = foreign.SignerInfos([signed["signer_infos"][number]])
    return signed


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pyhanko_validates_each_of_ours(first: str, second: str, detached: bool, level: str) -> None:
    both = added(
        sign(first, "cades", level, detached=detached), second, "cades", level, detached=detached, parallel=True
    )
    timing = ValidationTimingInfo(NOW, NOW, point_in_time_validation=True)
    validation = ades_basic_validation if level == "B-B" else ades_with_time_validation
    seen = set()
    for number in (0, 1):
        signed = alone(both, number)
        seen.add(signed["signer_infos"][0]["signature"].native)
        digest = raw_digest(signed, CONTENT) if detached else None
        result = asyncio.run(validation(signed, specification(), timing_info=timing, raw_digest=digest))  # type: ignore[operator]
        assert result.ades_subindic == AdESPassed.OK
        if level == "B-T":
            assert result.best_signature_time == AT + timedelta(seconds=5)
    assert len(seen) == 2


def checked(info: Any, certificates: list[Any], covered: bytes) -> None:
    """A counter-signature by RFC 5652 11.4 alone: its digest, and the value over its attributes as a SET."""
    attributes = {item["type"].native: item["values"][0].native for item in info["signed_attrs"]}
    assert "content_type" not in attributes
    assert attributes["message_digest"] == hashlib.new(info["digest_algorithm"]["algorithm"].native, covered).digest()
    serial = info["sid"].chosen["serial_number"].native
    der = next(one.chosen.dump() for one in certificates if one.chosen.serial_number == serial)
    key: Any = x509.load_der_x509_certificate(der).public_key()
    octets, value = b"\x31" + info["signed_attrs"].dump()[1:], info["signature"].native
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(value, octets)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        digest = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384()}[key.curve.name]
        key.verify(value, octets, ec.ECDSA(digest))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(value, octets, padding.PKCS1v15(), hashes.SHA256())


def counters_of(info: Any) -> list[Any]:
    attributes = [] if isinstance(info["unsigned_attrs"], Void) else list(info["unsigned_attrs"])
    return [value for one in attributes if one["type"].native == "counter_signature" for value in one["values"]]


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "ecdsa-sha384", "ed25519", "rsa-sha256"])
def test_asn1crypto_finds_what_a_counter_signature_is_over(algorithm: str, level: str) -> None:
    data = added(sign("rsa-pss-sha256", "cades"), algorithm, "cades", level, countersigns=True)
    inner = verify(data).signatures[0].counter_signatures[0].id
    signed = loaded(added(data, "ecdsa-sha256", "cades", level, countersigns=inner))
    certificates = list(signed["certificates"])
    (outer,) = signed["signer_infos"]
    (counter,) = counters_of(outer)
    checked(counter, certificates, outer["signature"].native)
    (nested,) = counters_of(counter)
    checked(nested, certificates, counter["signature"].native)
    for info in (counter, nested):
        attributes = [] if isinstance(info["unsigned_attrs"], Void) else list(info["unsigned_attrs"])
        kinds = [item["type"].native for item in attributes]
        assert ("signature_time_stamp_token" in kinds) == (level == "B-T")
        for item in attributes:
            if item["type"].native == "signature_time_stamp_token":
                stamped = item["values"][0]["content"]["encap_content_info"]["content"].parsed
                digest = hashlib.sha256(info["signature"].native).digest()
                assert stamped["message_imprint"]["hashed_message"].native == digest


# -- jwcrypto and joserfc


@pytest.fixture
def _quiet() -> Iterator[None]:
    """Joserfc warns that the name EdDSA is superseded by Ed25519."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def one_of(value: dict[str, Any], number: int) -> str:
    """One signature of a general JWS as flattened JSON without unprotected header."""
    part = value["signatures"][number]
    return json.dumps({"payload": value["payload"], "protected": part["protected"], "signature": part["signature"]})


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_jose_verifies_both_of_ours(first: str, second: str, serialization: Any) -> None:
    details = JadesDetails(serialization=serialization)
    data = added(sign(first, "jades", details=details), second, "jades", "B-T", parallel=True)
    value = json.loads(data)
    for number, algorithm in enumerate((first, second)):
        token = jws.JWS()
        token.allowed_algs = ALLOWED
        token.deserialize(one_of(value, number))
        token.verify(jwcrypto_key(algorithm))
        assert token.payload == CONTENT
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    token.deserialize(data.decode())
    token.verify(jwcrypto_key(second))
    whole = {"payload": value["payload"], "signatures": [json.loads(one_of(value, n)) for n in (0, 1)]}
    for part in whole["signatures"]:
        del part["payload"]
    keys = [joserfc_key(first), joserfc_key(second)]
    used = iter(keys)
    read = joserfc.jws.deserialize_json(whole, lambda _: next(used), registry=registry())  # type: ignore[arg-type]
    assert read.payload == CONTENT


@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "rsa-pss-sha256", "ed25519"])
@pytest.mark.parametrize("inner", ["compact", "flattened"])
def test_jwcrypto_verifies_a_counter_signature(algorithm: str, inner: Any) -> None:
    """Over the parent's value as its payload (TS 119 182-1 5.3.2)."""
    details = JadesDetails(serialization=inner)
    data = added(sign("ecdsa-sha384", "jades"), algorithm, "jades", countersigns=True, details=details)
    value = json.loads(data)
    (element,) = value["header"]["etsiU"]
    counter = json.loads(jws.base64url_decode(element))["cSig"]
    if inner == "compact":
        protected, payload, signature = counter.split(".")
    else:
        protected, payload, signature = counter["protected"], counter.get("payload", ""), counter["signature"]
    assert payload == ""
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    token.deserialize(f"{protected}.{value['signature']}.{signature}")
    token.verify(jwcrypto_key(algorithm))
    assert token.payload == jws.base64url_decode(value["signature"])
