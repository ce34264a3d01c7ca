"""JAdES counter-signatures: as they are written, and under an archive time stamp."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from made_archive import (
    archived,
    archives,
    countersigned,
    decoded,
    element,
    inside,
    jws_of,
    material,
    only,
    opened,
    sha,
    stamped,
    token,
)
from made_jades import key_for, signed, signing_input, verifies
from toyono_trust.core.algorithms import sign
from toyono_trust.core.findings import entry
from toyono_trust.errors import MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Properties


@pytest.mark.parametrize("inner", ["compact", "flattened"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "ed25519", "rsa-pss-sha256"])
def test_counter_signing(inner: Any, mode: Any, algorithm: str) -> None:
    plain = signed(signing_input())
    properties = Properties(roles=("mayor",), content_type="text/plain")
    details = JadesDetails(serialization=inner, typ="JOSE")
    data = countersigned(plain, 0, algorithm, mode, details=details, properties=properties)
    outer = only(data)
    (counter,) = outer.counter_signatures
    assert (outer.level, counter.level, counter.notes, counter.format) == ("B-B", "B-B", (), "JAdES")
    assert verifies(counter, key_for(algorithm).public_key())
    assert counter.properties == Properties(roles=("mayor",))
    (covered,) = counter.objects
    assert covered.content is not None
    assert covered.content.bytes == decoded(jws_of(data)["signature"])
    name, value = opened(jws_of(data)["header"]["etsiU"][0])
    assert name == "cSig"
    assert isinstance(value, str) == (inner == "compact")
    parts = value.split(".") if isinstance(value, str) else [value["protected"], "", value["signature"]]
    assert "cty" not in json.loads(decoded(parts[0]))
    assert parts[1] == ""
    assert "payload" not in value
    assert counter.value.signed == f"{parts[0]}.{jws_of(data)['signature']}".encode()


def test_an_archive_stamp_covers_a_counter_signature_with_all_its_own() -> None:
    data = stamped(signed(signing_input(details=JadesDetails(serialization="flattened"))))
    counter = json.loads(countersigned(data, details=JadesDetails(serialization="flattened")))
    (value,) = (value for name, value in map(opened, counter["header"]["etsiU"]) if name == "cSig")
    inner = {**value, "payload": json.loads(data)["signature"]}
    inner = json.loads(jades.add_validation_data(stamped(json.dumps(inner).encode()), material()))
    both = json.loads(data)
    both["header"]["etsiU"].append(element("cSig", inner))
    whole = countersigned(archived(jades.add_validation_data(json.dumps(both).encode(), material(1))), 0, "ed25519")
    signature = only(whole)
    (archive,) = archives(signature)
    first, second = signature.counter_signatures
    assert (first.level, first.timestamps[0].imprint_intact) == ("B-LT", True)
    assert archive.imprint_intact is True
    assert sha((first.value.wire, *first.certificates, *first.crls)) <= set(archive.covers)
    assert inside(first.timestamps[0]) <= set(archive.covers)
    assert sha([second.value.wire]).isdisjoint(archive.covers)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"details": JadesDetails(serialization="general")}, "jades.counter"),
        ({"details": JadesDetails(serialization="receipt")}, "jades.counter"),
        ({"details": JadesDetails(mechanism="uri")}, "jades.counter"),
        ({"details": JadesDetails(b64=False)}, "jades.counter"),
        ({"details": object()}, "jades.counter"),
        ({"content_timestamp": b"0\x00"}, "jades.counter"),
        ({"claimed_at": None}, "jades.time"),
    ],
)
def test_what_a_counter_signature_cannot_be(more: dict[str, Any], code: str) -> None:
    with pytest.raises(MisuseError) as caught:
        countersigned(signed(signing_input()), **more)
    assert caught.value.code == code
    assert entry(code).code == code


def inner_of(data: bytes, *numbers: int) -> dict[str, Any]:
    """A counter-signature by its element at each level, as plain code finds it."""
    value: Any = jws_of(data)
    for number in numbers:
        name, value = opened(value["header"]["etsiU"][number])
        assert name == "cSig"
        if isinstance(value, str):
            protected, _, signature = value.split(".")
            value = {"protected": protected, "signature": signature}
    result: dict[str, Any] = value
    return result


@pytest.mark.parametrize("mode", ["base64url", "clear"])
@pytest.mark.parametrize("inner", ["compact", "flattened"])
def test_counter_signing_a_counter_signature(mode: Any, inner: Any) -> None:
    """Over the text of its value; every element beside it stays as it was written."""
    details = JadesDetails(serialization=inner)
    data = stamped(signed(signing_input()), mode=mode)
    for algorithm in ("ed25519", "rsa-sha256"):
        data = countersigned(data, 0, algorithm, mode, details=details)
    before = jws_of(data)["header"]["etsiU"]
    for depth, path in enumerate(((1,), (1, 0), (1, 0, 0))):
        target = inner_of(data, *path)
        data = over(data, target["signature"], details, mode)
        newest = inner_of(data, *path, 0)
        assert decoded(newest["protected"])
        elements = jws_of(data)["header"]["etsiU"]
        assert [elements[0], elements[2]] == [before[0], before[2]]
        assert elements[1] != before[1]
        signature = only(data).counter_signatures[0]
        for _ in range(depth + 1):
            (signature,) = signature.counter_signatures
        assert signature.value.signed == f"{newest['protected']}.{target['signature']}".encode()
        assert verifies(signature, key_for("ecdsa-sha256").public_key())
        kept = inner_of(data, *path)
        assert (kept["protected"], kept["signature"]) == (target["protected"], target["signature"])
    assert [token.imprint_intact for token in only(data).timestamps] == [True]
    assert [len(item.counter_signatures) for item in only(data).counter_signatures] == [1, 0]


def over(data: bytes, target: str, details: JadesDetails, mode: Any, token: bytes | None = None) -> bytes:
    request = signing_input(b"not used", details=details)
    draft = jades.prepare_counter(data, target.encode(), request, mode)
    return jades.finish_counter(draft, sign("ecdsa-sha256", key_for("ecdsa-sha256"), draft.to_be_signed), token)


@pytest.mark.parametrize("inner", ["compact", "flattened"])
def test_the_time_stamp_of_a_counter_signature_is_its_own(inner: Any) -> None:
    plain = signed(signing_input())
    request = signing_input(b"not used", details=JadesDetails(serialization=inner))
    draft = jades.prepare_counter(plain, only(plain).value.wire, request)
    value = sign("ecdsa-sha256", key_for("ecdsa-sha256"), draft.to_be_signed)
    wire = jades.wire(value, "ecdsa-sha256")
    data = jades.finish_counter(draft, value, token(hashlib.sha256(wire).digest()))
    (counter,) = only(data).counter_signatures
    assert (only(data).level, counter.level, counter.value.wire) == ("B-B", "B-T", wire)
    assert [(one.type, one.imprint_intact) for one in counter.timestamps] == [("signature", True)]
    assert [opened(one)[0] for one in inner_of(data, 0)["header"]["etsiU"]] == ["sigTst"]


def test_what_is_laid_out_stays_laid_out() -> None:
    """White space, order and numbers around and inside a counter-signature in clear."""
    data = countersigned(signed(signing_input()), mode="clear", details=JadesDetails(serialization="flattened"))
    value = json.loads(data)
    value["header"]["etsiU"][0]["cSig"]["header"] = {"kid": "x", "n": 1}
    laid_out = json.dumps(value, indent=2).replace('"n": 1', '"n":  1e0')
    target = inner_of(laid_out.encode(), 0)["signature"]
    grown = over(laid_out.encode(), target, JadesDetails(), "clear").decode()
    start = laid_out.index('"n":  1e0') + 9
    assert grown[:start] == laid_out[:start]
    assert grown[start:].startswith(',"etsiU":[{"cSig":"')
    assert grown.endswith(laid_out[start:])


def test_what_has_no_such_signature() -> None:
    data = countersigned(signed(signing_input()))
    broken = json.loads(data)
    broken["header"]["etsiU"] += [element("cSig", "no.jws"), element("cSig", 5), element("sigPSt", {}), "!"]
    for each in (data, json.dumps(broken).encode()):
        with pytest.raises(MisuseError) as caught:
            over(each, "AAAA", JadesDetails(), "base64url")
        assert caught.value.code == "jades.extend"
    again = over(json.dumps(broken).encode(), inner_of(data, 0)["signature"], JadesDetails(), "base64url")
    assert len(only(again).counter_signatures[0].counter_signatures) == 1
    assert jws_of(again)["header"]["etsiU"][1:] == broken["header"]["etsiU"][1:]
