"""JAdES: what is written is read again, verifies, and stays as it was when it is extended."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_jades import (
    ALGORITHMS,
    AT,
    PAYLOAD,
    certificate_for,
    codes,
    key_for,
    only,
    read,
    signed,
    signing_input,
    verifies,
)
from toyono_trust.core.algorithms import digest, sign
from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_canonical, json_loads
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Place, Properties, SignaturePolicy

RECEIPT = b'{\n  "event": "\xe5\x8f\x97\xe9\xa0\x98",\n  "parts": [1, 2.50, {"b": 1, "a": 2}]\n}\n'
TOKEN = b"0\x03\x02\x01\x01"


def header_of(data: bytes) -> dict[str, Any]:
    text = data.split(b".")[0] if data[:1] == b"e" else json.loads(data)["protected"]
    result: dict[str, Any] = json_loads(b64url_decode(text))
    return result


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
def test_every_algorithm_in_every_serialization(algorithm: str, serialization: Any) -> None:
    details = None if serialization == "compact" else JadesDetails(serialization=serialization)
    data = signed(signing_input(algorithm=algorithm, details=details))
    facts = read(data)
    signature = only(facts)
    assert (facts.kind, signature.format, signature.level, signature.notes) == ("JAdES", "JAdES", "B-B", ())
    assert signature.value.algorithm == algorithm
    assert verifies(signature, key_for(algorithm).public_key())
    assert signature.leaf == signature.certificates[0] == certificate_for(algorithm)
    assert len(signature.certificates) == 2
    (reference,) = signature.references
    assert (reference.digest_algorithm, reference.digest) == ("sha256", digest("sha256", certificate_for(algorithm)))
    assert signature.claimed_signing_time == AT
    (signed_object,) = signature.objects
    assert (signed_object.name, signed_object.found, signed_object.by_signature) == ("payload", True, True)
    assert signed_object.content is not None
    assert signed_object.content.bytes == PAYLOAD
    assert signed_object.content.size == len(PAYLOAD)
    assert signed_object.content.digest("sha256") == hashlib.sha256(PAYLOAD).digest()
    assert signed_object.content.open().read() == b"".join(signed_object.content.chunks()) == PAYLOAD


def test_the_default_header_holds_exactly_what_the_standard_asks_for() -> None:
    header = header_of(signed(signing_input()))
    assert list(header) == ["alg", "x5t#S256", "x5c", "iat"]
    assert header["iat"] == int(AT.timestamp())
    assert header["x5c"][0] == base64.b64encode(certificate_for("ecdsa-sha256")).decode()


@given(st.binary(min_size=1, max_size=4000), st.booleans())
def test_attached_and_detached_payloads_come_back(payload: bytes, detached: bool) -> None:
    # read∘write is identity on the content, and the signature verifies over it
    data = signed(signing_input(payload, detached=detached))
    signature = only(read(data, BytesContent(payload, "x.bin") if detached else None))
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    assert signature.objects[0].content is not None
    assert signature.objects[0].content.bytes == payload
    assert signature.objects[0].name == ("x.bin" if detached else "payload")


def test_a_detached_signature_without_its_content() -> None:
    signature = only(read(signed(signing_input(detached=True))))
    assert [(one.found, one.intact, one.by_signature) for one in signature.objects] == [(False, None, True)]
    assert signature.level == "B-B"


def test_signed_properties() -> None:
    properties = Properties(
        commitments=("http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin", "1.2.840.113549.1.9.16.6.1"),
        roles=("町長", "sealing service"),
        place=Place(country="JP", locality="殿野"),
        policy=SignaturePolicy("1.2.3.4", "sha256", bytes(32), "https://policy.example/1"),
        content_type="application/json",
    )
    data = signed(signing_input(properties=properties, details=JadesDetails(typ="JOSE", kid=True)))
    header = header_of(data)
    assert header["cty"] == "application/json"
    assert header["srCms"][1]["commId"]["id"] == "urn:oid:1.2.840.113549.1.9.16.6.1"
    assert header["typ"] == "JOSE"
    signature = only(read(data))
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    assert signature.level == "B-B"
    assert signature.properties == properties._replace(policy=properties.policy._replace(identifier="urn:oid:1.2.3.4"))


def test_kid_is_read_where_nothing_else_names_the_certificate() -> None:
    data = signed(signing_input(details=JadesDetails(kid=True)))
    header = header_of(data)
    text = b64url_encode(json.dumps({"alg": "ES256", "kid": header["kid"]}).encode())
    identifier = only(read(text + b".eA." + data.split(b".")[2])).identifier
    assert identifier is not None
    assert identifier.serial == 4711
    assert identifier.issuer is not None
    assert identifier.issuer in certificate_for("ecdsa-sha256")


@pytest.mark.parametrize(
    ("details", "names"),
    [
        (JadesDetails(references=()), ["x5c"]),
        (JadesDetails(certificates=False), ["x5t#S256"]),
        (JadesDetails(references=("sha512",)), ["x5t#o", "x5c"]),
        (JadesDetails(references=("sha384", "sha3-256"), certificates=False), ["sigX5ts"]),
    ],
)
def test_references_to_the_certificate(details: JadesDetails, names: list[str]) -> None:
    data = signed(signing_input(details=details))
    assert [name for name in header_of(data) if name in ("x5c", "x5t#S256", "x5t#o", "sigX5ts")] == names
    signature = only(read(data))
    assert signature.level == "B-B"
    certificate = certificate_for("ecdsa-sha256")
    for reference, name in zip(signature.references, details.references, strict=True):
        assert (reference.digest_algorithm, reference.digest) == (name, digest(name, certificate))


def test_sig_t() -> None:
    data = signed(signing_input(details=JadesDetails(time="sigT")))
    assert header_of(data)["sigT"] == "2026-11-22T03:04:05Z"
    assert only(read(data)).claimed_signing_time == AT
    other = datetime.fromisoformat("2026-11-22T12:04:05.9+09:00")
    assert only(read(signed(signing_input(claimed_at=other)))).claimed_signing_time == AT.astimezone(UTC)


# payloads not encoded, and described ----------------------------------------------------------------------------------


def test_unencoded_payload() -> None:
    # RFC 7797: the payload stands as it is, in the file and in what is signed
    data = signed(signing_input(b"A,B", details=JadesDetails(b64=False)))
    assert data.split(b".")[1] == b"A,B"
    assert header_of(data)["crit"] == ["b64"]
    signature = only(read(data))
    assert signature.value.signed.endswith(b".A,B")
    assert signature.level == "B-B"
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    stamped = jades.attach(data, TOKEN)
    assert json.loads(stamped)["payload"] == "A,B"
    assert only(read(stamped)).value == signature.value


def test_unencoded_payload_in_json() -> None:
    text = 'line 1.\n"行 2"\\'.encode()
    signature = only(read(signed(signing_input(text, details=JadesDetails(serialization="flattened", b64=False)))))
    assert signature.objects[0].content is not None
    assert signature.objects[0].content.bytes == text
    assert verifies(signature, key_for("ecdsa-sha256").public_key())


_PARTS = (("https://town.example/a%20b.txt", BytesContent(b"one")), ("c.bin", BytesContent(bytes(range(256)) * 9)))


@pytest.mark.parametrize("b64", [None, True, False])
@pytest.mark.parametrize("mechanism", ["uri", "uri-hash"])
@pytest.mark.parametrize("hash_algorithm", ["sha256", "sha512", "sha3-256"])
def test_described_documents(mechanism: Any, b64: bool | None, hash_algorithm: str) -> None:
    details = JadesDetails(
        mechanism=mechanism,
        parts=_PARTS,
        b64=b64,
        content_types=("text/plain", "application/octet-stream"),
        hash_algorithm=hash_algorithm,
    )
    data = signed(signing_input(b"", detached=True, details=details))
    assert data.split(b".")[1] == b""
    assert "sigD" in header_of(data)["crit"]
    contents = {"a b.txt": _PARTS[0][1], "c.bin": _PARTS[1][1]}
    signature = only(read(data, contents))
    # where one document ends and the next begins is protected by their digests alone
    assert (signature.level, codes(signature)) == ("B-B", ["jades.sigd-boundaries"] if mechanism == "uri" else [])
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    assert [(one.name, one.found) for one in signature.objects] == [(name, True) for name, _ in _PARTS]
    if mechanism == "uri-hash":
        assert [one.intact for one in signature.objects] == [True, True]
        assert signature.value.signed.endswith(b".")
        assert signature.digest_algorithms == ("sha256", hash_algorithm)
        (plain, _) = header_of(data)["sigD"]["hashV"]
        covered = b64url_encode(b"one") if b64 else b"one"
        assert b64url_decode(plain) == digest(hash_algorithm, covered)
    else:
        assert [one.intact for one in signature.objects] == [None, None]
    altered = only(read(data, contents | {"c.bin": BytesContent(b"two")}))
    assert [one.intact for one in altered.objects] == [True, False] if mechanism == "uri-hash" else True
    if mechanism == "uri":
        assert not verifies(altered, key_for("ecdsa-sha256").public_key())
    missing = only(read(data, {"a b.txt": _PARTS[0][1], "z": BytesContent(b"")}))
    assert [one.found for one in missing.objects] == [True, False]
    assert missing.objects[1].intact is None


def test_one_described_document_may_be_presented_under_any_name() -> None:
    details = JadesDetails(mechanism="uri-hash")
    data = signed(signing_input(BytesContent(b"x", "a.txt"), detached=True, details=details))
    assert header_of(data)["sigD"]["pars"] == ["a.txt"]
    assert only(read(data, BytesContent(b"x", "b.txt"))).objects[0].intact is True


_BODY = b'{"hello": "world"}'
_DIGEST = "SHA-256=" + base64.b64encode(hashlib.sha256(_BODY).digest()).decode()
_FIELDS = (
    ("(request-target)", "post /deliveries?x=1"),
    ("Host", "town.example"),
    ("X-Tag", " a "),
    ("x-tag", "b"),
    ("Digest", _DIGEST),
)


def test_http_headers() -> None:
    details = JadesDetails(mechanism="http-headers", headers=_FIELDS)
    data = signed(signing_input(_BODY, detached=True, details=details))
    assert header_of(data)["sigD"]["pars"] == ["(request-target)", "host", "x-tag", "digest"]
    assert header_of(data)["b64"] is False
    contents = {
        "(request-target)": BytesContent(b"post /deliveries?x=1"),
        "Host": BytesContent(b"town.example"),
        "X-Tag": BytesContent(b"a, b"),
        "Digest": BytesContent(_DIGEST.encode()),
        "body": BytesContent(_BODY),
    }
    signature = only(read(data, contents))
    text = f"(request-target): post /deliveries?x=1\nhost: town.example\nx-tag: a, b\ndigest: {_DIGEST}"
    assert signature.value.signed.split(b".", 1)[1].decode() == text
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    assert (signature.level, codes(signature)) == ("B-B", [])
    assert [(one.name, one.found, one.intact) for one in signature.objects][-1] == ("body", True, True)
    altered = only(read(data, contents | {"body": BytesContent(b"other")}))
    assert altered.objects[-1].intact is False
    without = only(read(data, {name: one for name, one in contents.items() if name != "body"}))
    assert (without.objects[-1].found, without.objects[-1].intact) == (False, None)
    weak = only(read(data, contents | {"Digest": BytesContent(b"SHA=AAAA")}))
    assert codes(weak) == ["jades.http-digest"]


# receipts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("b64", [True, False])
def test_receipt(b64: bool) -> None:
    data = signed(signing_input(RECEIPT, details=JadesDetails(serialization="receipt", b64=b64)))
    assert data.startswith(RECEIPT.rstrip()[:-2])
    value = json.loads(data)
    assert set(value["jadesSignature"]["compactDetached"]) == {"protected", "signature"}
    facts = read(data)
    signature = only(facts)
    assert (facts.kind, facts.receipt, signature.level, signature.notes) == ("JAdES", None, "B-B", ())
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    (one,) = signature.objects
    assert one.name == "receipt"
    assert one.content is not None
    assert one.content.bytes == json_canonical(json.loads(RECEIPT))
    # members in another order and layout: still the same receipt
    shuffled = json.dumps(dict(reversed(value.items())), indent=4).encode()
    assert only(read(shuffled)).value == signature.value
    value["event"] = "other"
    assert not verifies(only(read(json.dumps(value).encode())), key_for("ecdsa-sha256").public_key())


def test_a_stamped_receipt_becomes_flattened() -> None:
    data = signed(signing_input(RECEIPT, details=JadesDetails(serialization="receipt")))
    stamped = jades.attach(data, TOKEN)
    seal = json.loads(stamped)["jadesSignature"]
    assert list(seal) == ["flattenedJson"]
    before, after = only(read(data)), only(read(stamped))
    assert before.value == after.value
    assert after.level == "B-T"
    again = jades.attach(stamped, TOKEN)
    assert len(only(read(again)).timestamps) == 2
    assert jades.imprint(data, "sha256") == jades.imprint(again, "sha256")


def test_a_receipt_with_text_that_looks_like_our_own() -> None:
    receipt = b'{"a":"%ELEMENT%","jades":{"jadesSignature":1,"etsiU":[]}}'
    stamped = jades.attach(signed(signing_input(receipt, details=JadesDetails(serialization="receipt"))), TOKEN)
    assert stamped.startswith(receipt[:-1])
    assert verifies(only(read(stamped)), key_for("ecdsa-sha256").public_key())


# time stamps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_attach(serialization: Any, mode: Any) -> None:
    data = signed(signing_input(details=JadesDetails(serialization=serialization)))
    stamped = jades.attach(data, TOKEN, mode=mode)
    before, signature = only(read(data)), only(read(stamped))
    assert signature.value == before.value
    assert (signature.level, codes(signature)) == ("B-T", [])
    (token,) = signature.timestamps
    assert (token.type, token.data) == ("signature", TOKEN)  # type: ignore[comparison-overlap]
    for name in ("sha256", "sha512"):
        imprint = digest(name, before.value.wire)
        assert jades.imprint(data, name) == jades.imprint(stamped, name) == imprint
        assert token.covered(name) == imprint  # type: ignore[attr-defined]
    value = json.loads(stamped)
    element = (value if serialization != "general" else value["signatures"][0])["header"]["etsiU"][0]
    assert isinstance(element, str) == (mode == "base64url")


@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_extending_keeps_every_character(mode: Any) -> None:
    # the mode found is kept, and what was there stays character for character
    stamped = jades.attach(signed(signing_input(details=JadesDetails(serialization="flattened"))), TOKEN, mode=mode)
    laid_out = json.dumps(json.loads(stamped), indent="\t", ensure_ascii=True).encode()
    again = jades.attach(laid_out, b"0\x00", mode="base64url" if mode == "clear" else "clear")
    before, after = json.loads(laid_out)["header"]["etsiU"], json.loads(again)["header"]["etsiU"]
    assert after[:1] == before
    assert type(after[1]) is type(before[0])
    common = 0
    while laid_out[common] == again[common]:
        common += 1
    assert again.endswith(laid_out[common:])
    assert [token.data for token in only(read(again)).timestamps] == [TOKEN, b"0\x00"]


def test_attach_finds_the_right_header() -> None:
    data = signed(signing_input(details=JadesDetails(serialization="flattened")))
    with_kid = data[:-1] + b' , "header" : { "kid" : "a\\"}" } }'
    assert json.loads(jades.attach(with_kid, TOKEN))["header"].keys() == {"kid", "etsiU"}
    empty = data[:-1] + b', "header": {} }'
    assert json.loads(jades.attach(empty, TOKEN))["header"].keys() == {"etsiU"}
    for index in (-1, 1):
        with pytest.raises(MisuseError, match=r"jades\.extend"):
            jades.attach(data, TOKEN, index)


@pytest.mark.parametrize(
    ("details", "detached", "content"),
    [
        (None, False, PAYLOAD),
        (None, True, PAYLOAD),
        (JadesDetails(b64=False), True, PAYLOAD),
        (JadesDetails(mechanism="uri", parts=_PARTS), True, b""),
        (JadesDetails(mechanism="uri-hash", parts=_PARTS), True, b""),
        (JadesDetails(mechanism="uri-hash", parts=_PARTS, b64=True), True, b""),
        (JadesDetails(mechanism="http-headers", headers=_FIELDS), True, _BODY),
        (JadesDetails(serialization="receipt"), False, RECEIPT),
    ],
)
def test_content_time_stamp(details: JadesDetails | None, detached: bool, content: bytes) -> None:
    # what the writer has stamped is what the reader says is covered
    request = signing_input(content, detached=detached, details=details, content_timestamp=TOKEN)
    contents: Any = BytesContent(content) if detached else None
    if details is not None and details.mechanism == "http-headers":
        contents = {name: BytesContent(value.strip().encode()) for name, value in _FIELDS if name != "x-tag"}
        contents |= {"X-Tag": BytesContent(b"a, b"), "body": BytesContent(content)}
    elif details is not None and details.parts:
        contents = dict(_PARTS)
    signature = only(read(signed(request), contents))
    (token,) = signature.timestamps
    assert (token.type, token.data) == ("content", TOKEN)  # type: ignore[comparison-overlap]
    assert token.covered("sha384") == jades.content_imprint(request, "sha384")  # type: ignore[attr-defined]
    assert signature.level == "B-B"


# misuse ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"claimed_at": None}, "jades.time"),
        ({"algorithm": "rsa-sha1"}, "jades.algorithm"),
        ({"algorithm": "nonsense"}, "jades.algorithm"),
        ({"content": b""}, "jades.empty"),
        ({"details": object()}, "jades.details"),
        ({"details": JadesDetails(mechanism="uri")}, "jades.details"),
        ({"details": JadesDetails(mechanism="uri"), "detached": True}, "jades.details"),
        ({"details": JadesDetails(mechanism="http-headers"), "detached": True}, "jades.details"),
        ({"details": JadesDetails(certificates=False, references=())}, "jades.details"),
        ({"details": JadesDetails(references=("sha256", "sha512"))}, "jades.details"),
        (
            {"details": JadesDetails(mechanism="uri", parts=_PARTS, content_types=("a/b",)), "detached": True},
            "jades.details",
        ),
        ({"details": JadesDetails(b64=False), "content": b"a.b"}, "jades.unencoded"),
        ({"details": JadesDetails(b64=False), "content": b"a\nb"}, "jades.unencoded"),
        ({"details": JadesDetails(b64=False, serialization="flattened"), "content": b"\xff"}, "jades.unencoded"),
        ({"details": JadesDetails(serialization="receipt"), "content": b"[]"}, "jades.receipt"),
        ({"details": JadesDetails(serialization="receipt"), "content": b'{"a":1,"a":1}'}, "jades.receipt"),
        ({"details": JadesDetails(serialization="receipt"), "content": b'{"jadesSignature":1}'}, "jades.receipt"),
        ({"properties": Properties(place=Place())}, "jades.place"),
        ({"properties": Properties(policy=SignaturePolicy("1.2.3"))}, "jades.policy"),
    ],
)
def test_misuse_is_refused_before_the_key_is_used(changes: dict[str, Any], code: str) -> None:
    request = signing_input()._replace(
        **{name: BytesContent(value) if name == "content" else value for name, value in changes.items()}
    )
    with pytest.raises(MisuseError) as caught:
        jades.prepare(request)
    assert caught.value.code == code


def test_a_digest_field_of_another_body() -> None:
    details = JadesDetails(mechanism="http-headers", headers=_FIELDS)
    with pytest.raises(MisuseError, match=r"jades\.http-body"):
        jades.prepare(signing_input(b"other body", detached=True, details=details))


def test_a_signature_of_another_curve() -> None:
    draft = jades.prepare(signing_input())
    with pytest.raises(MisuseError, match=r"jades\.algorithm"):
        jades.finish(draft, sign("ecdsa-sha384", key_for("ecdsa-sha384"), draft.to_be_signed))


def test_contents_are_selected_by_name_only() -> None:
    one, two = BytesContent(b"1"), BytesContent(b"2")
    contents = Contents({"a/x.txt": one, "b/x.txt": two, "c d.txt": one})
    assert contents.by_name("b/x.txt") is two
    assert contents.by_name("x.txt") is None
    assert contents.by_name("https://h.example/q/c%20d.txt?v=1#f") is one
    assert contents.by_name("") is None
    assert contents.only() is None
    assert contents.names() == ("a/x.txt", "b/x.txt", "c d.txt")
    assert Contents(one).only() is one
    assert not Contents()
    assert Contents().by_name("/etc/passwd") is None
