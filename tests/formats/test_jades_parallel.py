"""JAdES parallel signatures: one more over the same payload, in general JSON, told by plain code."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from made_jades import PAYLOAD, joined, key_for, read, signed, signing_input, verifies
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.findings import entry
from toyono_trust.errors import MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Properties

TOKEN = b"0\x03\x02\x01\x01"
PARTS: tuple[tuple[str, Content], ...] = (("a.txt", BytesContent(b"one")), ("b.txt", BytesContent(b"two")))
BODY = BytesContent(PAYLOAD)
FIELDS = (("(request-target)", "post /orders"), ("X-Town", "Mihon"))
TEXT = b"plain text"


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decoded(one["protected"]))
    return found


def texts(data: bytes) -> dict[str, str]:
    """Payload, protected header and value of the first signature, as they stand in any shape."""
    if data[:1] != b"{":
        return dict(zip(("protected", "payload", "signature"), data.decode().split("."), strict=True))
    value = json.loads(data)
    return value | value.pop("signatures", [{}])[0]


SHAPES: dict[str, tuple[JadesDetails | None, bytes]] = {
    "compact": (None, PAYLOAD),
    "flattened": (JadesDetails(serialization="flattened"), PAYLOAD),
    "general": (JadesDetails(serialization="general"), PAYLOAD),
    "compact unencoded": (JadesDetails(b64=False), TEXT),
    "flattened unencoded": (JadesDetails(serialization="flattened", b64=False), '"豊野"\n'.encode()),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("algorithm", ["ecdsa-sha384", "ed25519", "rsa-pss-sha256", "ml-dsa-65"])
def test_a_signature_joins(shape: str, algorithm: str) -> None:
    details, content = SHAPES[shape]
    first = signed(signing_input(content, details=details))
    both = joined(first, algorithm=algorithm, properties=Properties(roles=("mayor",), content_type="text/plain"))
    value = json.loads(both)
    assert set(value) == {"payload", "signatures"}
    encoded = "unencoded" not in shape
    assert value["payload"] == (texts(first)["payload"] if encoded else content.decode())
    old, new = value["signatures"]
    assert old == {name: texts(first)[name] for name in ("protected", "signature")}
    assert header_of(new).get("b64", True) is encoded
    assert header_of(new).get("crit") == (None if encoded else ["b64"])
    assert header_of(new)["cty"] == "text/plain"
    facts = read(both)
    assert [(one.level, one.notes) for one in facts.signatures] == [("B-B", ())] * 2
    for one, jws, name in zip(facts.signatures, (old, new), ("ecdsa-sha256", algorithm), strict=True):
        assert verifies(one, key_for(name).public_key())
        assert one.value.signed == f"{jws['protected']}.{value['payload']}".encode()
        assert one.objects[0].content is not None
        assert one.objects[0].content.bytes == content
    assert facts.signatures[1].properties.roles == ("mayor",)


def test_what_is_there_stays_character_for_character() -> None:
    first = signed(signing_input(details=JadesDetails(serialization="flattened")))
    value = json.loads(jades.attach(first, TOKEN))
    laid_out = json.dumps({"note": {"kept": [1.50]}, **value}, indent=3).replace("1.5", "1.50")
    both = joined(laid_out.encode(), algorithm="ed25519", token=TOKEN)
    for name in ("note", "payload", "protected", "header", "signature"):
        start = laid_out.index(f'"{name}": ') + len(name) + 4
        length = json.JSONDecoder().raw_decode(laid_out, start)[1] - start
        assert f'"{name}":{laid_out[start : start + length]}' in both.decode()
    assert list(json.loads(both)) == ["note", "payload", "signatures"]
    again = joined(json.dumps(json.loads(both), indent=2).encode(), algorithm="rsa-sha256")
    signatures = json.loads(again)["signatures"]
    assert signatures[:2] == json.loads(both)["signatures"]
    assert ["header" in one for one in signatures] == [True, True, False]
    assert [one.level for one in read(again).signatures] == ["B-T", "B-T", "B-B"]
    assert [token.data for one in read(again).signatures for token in one.timestamps] == [TOKEN, TOKEN]


def test_the_time_stamp_is_over_the_new_value() -> None:
    first = signed(signing_input())
    seen = []
    for algorithm in ("ecdsa-sha256", "ed25519"):
        both = joined(first, algorithm=algorithm)
        value = read(both).signatures[1].value
        seen.append(value.wire)
        assert (
            jades.wire(value.value, algorithm) == value.wire == json.loads(both)["signatures"][1]["signature"].encode()
        )
        assert jades.imprint(both, "sha256", 1) != jades.imprint(both, "sha256", 0)
    assert len(set(seen)) == 2


@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize("b64", [True, False])
def test_detached_content(serialization: Any, b64: bool) -> None:
    content = BytesContent(b"\xff\x00 any octets")
    details = JadesDetails(serialization=serialization, b64=b64)
    first = signed(signing_input(content, detached=True, details=details))
    both = joined(first, content, algorithm="ed25519")
    assert "payload" not in json.loads(both)
    for one, name in zip(read(both, content).signatures, ("ecdsa-sha256", "ed25519"), strict=True):
        assert verifies(one, key_for(name).public_key())
        assert (one.level, one.objects[0].found) == ("B-B", True)
    refused("addition.content", first, None)


DESCRIBED: dict[str, tuple[JadesDetails, Any]] = {
    "one document": (JadesDetails(mechanism="uri", parts=PARTS[:1]), PARTS[:1]),
    "documents in one run": (JadesDetails(mechanism="uri", parts=PARTS), PARTS),
    "digests": (JadesDetails(mechanism="uri-hash", parts=PARTS, content_types=("text/plain", "text/csv")), PARTS),
    "encoded digests": (JadesDetails(mechanism="uri-hash", parts=PARTS, b64=True, hash_algorithm="sha512"), PARTS),
    "header fields": (
        JadesDetails(mechanism="http-headers", headers=FIELDS),
        [(name, BytesContent(text.encode())) for name, text in FIELDS],
    ),
}


@pytest.mark.parametrize("form", DESCRIBED)
def test_described_content_is_described_alike(form: str) -> None:
    details, contents = DESCRIBED[form]
    presented = Contents(dict(contents))
    first = signed(signing_input(details=details, detached=True))
    both = joined(first, presented, algorithm="ed25519")
    old, new = map(header_of, json.loads(both)["signatures"])
    assert old["sigD"] == new["sigD"]
    assert (old.get("b64"), old["crit"]) == (new.get("b64"), new["crit"])
    for one, name in zip(read(both, presented).signatures, ("ecdsa-sha256", "ed25519"), strict=True):
        assert verifies(one, key_for(name).public_key())
        assert all(item.found and item.intact is not False for item in one.objects)
    missing = Contents(dict(contents[:-1])) if len(contents) > 1 else None
    refused("addition.content", first, missing)
    if "digests" in form:
        refused("addition.content", first, Contents(dict(contents) | {"b.txt": BytesContent(b"three")}))


def test_a_body_under_a_digest_field() -> None:
    value = "SHA-256=" + base64.b64encode(BODY.digest("sha256")).decode()
    details = JadesDetails(mechanism="http-headers", headers=(*FIELDS, ("Digest", value)))
    first = signed(signing_input(details=details, detached=True))
    fields = {name: BytesContent(text.encode()) for name, text in (*FIELDS, ("digest", value))}
    both = joined(first, Contents(fields | {"body": BODY}), algorithm="ed25519")
    assert verifies(read(both, Contents(fields)).signatures[1], key_for("ed25519").public_key())
    refused("addition.content", first, Contents(fields))
    refused("addition.content", first, Contents(fields | {"body": BytesContent(b"another")}))


def refused(code: str, data: bytes, contents: Any = None, **more: Any) -> None:
    with pytest.raises(MisuseError) as caught:
        joined(data, contents, **more)
    assert caught.value.code == code
    assert entry(code).code == code


@pytest.mark.parametrize(
    "details",
    [
        JadesDetails(serialization="flattened"),
        JadesDetails(serialization="receipt"),
        JadesDetails(mechanism="uri"),
        JadesDetails(b64=False),
        JadesDetails(parts=PARTS),
        JadesDetails(headers=FIELDS),
        JadesDetails(content_types=("text/plain",)),
    ],
)
def test_details_cannot_lay_it_out_otherwise(details: JadesDetails) -> None:
    refused("jades.join", signed(signing_input()), details=details)


def test_details_about_certificate_and_time_count() -> None:
    details = JadesDetails(serialization="general", references=("sha512",), time="sigT", kid=True, typ="JOSE+JSON")
    header = header_of(json.loads(joined(signed(signing_input()), details=details))["signatures"][1])
    assert {"x5t#o", "sigT", "kid"} <= set(header)
    assert header["typ"] == "JOSE+JSON"
    refused("jades.details", signed(signing_input()), details=object())


def test_what_takes_no_parallel_signature() -> None:
    receipt = signed(signing_input(b'{"a": 1}', details=JadesDetails(serialization="receipt")))
    refused("jades.join", receipt)
    encoded = json.loads(signed(signing_input(TEXT, details=JadesDetails(serialization="general"))))
    plain = json.loads(signed(signing_input(TEXT, details=JadesDetails(serialization="general", b64=False))))
    mixed = {"payload": encoded["payload"], "signatures": encoded["signatures"] + plain["signatures"]}
    refused("jades.join", json.dumps(mixed).encode())
    details = [JadesDetails(serialization="general", mechanism="uri", parts=PARTS[start:]) for start in (0, 1)]
    described = [json.loads(signed(signing_input(detached=True, details=one)))["signatures"] for one in details]
    mixed = {"signatures": described[0] + described[1]}
    refused("jades.join", json.dumps(mixed).encode(), Contents(dict(PARTS)))
