"""Strict base64url, base64 and JSON, and RFC 8785."""

from __future__ import annotations

import base64
import json
import math
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core import canonical
from toyono_trust.core.canonical import (
    b64_decode,
    b64_decode_familiar,
    b64_encode,
    b64url_check,
    b64url_decode,
    b64url_decode_familiar,
    b64url_encode,
    json_canonical,
    json_loads,
)
from toyono_trust.errors import MalformedError

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda x: not 2.0**63 <= abs(x) < 1e21
    )  # written as integers
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


def refused(code: str):
    return pytest.raises(MalformedError, match=rf"\[{code}\]")


@given(st.binary(max_size=3000))
def test_base64url_round_trip(data: bytes) -> None:
    # decode∘encode is identity, and the text is the standard library's without padding
    text = b64url_encode(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=")
    assert b64url_decode(text) == b64url_decode(text.decode()) == b64url_decode_familiar(text) == data
    b64url_check(text)


@given(st.binary(max_size=2100))
def test_every_accepted_text_is_canonical(text: bytes) -> None:
    # whatever is accepted is the one text of its octets, and all three readers accept the same
    outcomes = []
    for read in (b64url_decode, b64url_decode_familiar, b64url_check):
        try:
            outcomes.append(read(text))
        except MalformedError as error:
            outcomes.append(error.code)
    assert outcomes[0] == outcomes[1]
    if isinstance(outcomes[0], bytes):
        assert outcomes[2] is None
        assert b64url_encode(outcomes[0]) == text
    else:
        assert isinstance(outcomes[2], str)


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_one_changed_character_changes_the_octets(data: bytes, draw: st.DataObject) -> None:
    # no two base64url texts stand for the same octets
    text = bytearray(b64url_encode(data))
    at = draw.draw(st.integers(0, len(text) - 1))
    other = draw.draw(st.integers(0, 255).filter(lambda octet: octet != text[at]))
    text[at] = other
    try:
        assert b64url_decode(bytes(text)) != data
    except MalformedError:
        pass


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"QQ==", "base64url.character"),
        (b"QQ=", "base64url.character"),
        (b"Q", "base64url.length"),
        (b"QUJDR", "base64url.length"),
        (b"QR", "base64url.trailing-bits"),
        (b"QUJ", "base64url.trailing-bits"),
        (b"QU+D", "base64url.character"),
        (b"QU/D", "base64url.character"),
        (b"QU\nD", "base64url.character"),
        (b" QUJDQQ", "base64url.character"),
        (b"QUJDQQ\n", "base64url.character"),
        ("QUJ\u0100", "base64url.character"),
        ("\u4e00", "base64url.character"),
    ],
)
def test_base64url_refuses(text: bytes | str, code: str) -> None:
    with refused(code):
        b64url_decode(text)
    if isinstance(text, bytes):
        with refused(code):
            b64url_check(text)


def test_long_base64url_is_refused_wherever_it_is_broken() -> None:
    text = b64url_encode(bytes(1500))
    for at in (0, 511, 512, 1300, len(text) - 1):
        with refused("base64url.character"):
            b64url_decode_familiar(text[:at] + b"=" + text[at + 1 :])


@given(st.binary(max_size=300))
def test_base64_round_trip(data: bytes) -> None:
    # decode∘encode is identity
    text = b64_encode(data)
    assert text.encode() == base64.b64encode(data)
    assert b64_decode(text) == b64_decode_familiar(text) == data


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("QQ", "base64.length"),
        ("QQ=", "base64.length"),
        ("QQ==\n", "base64.length"),
        ("Q===", "base64.length"),
        ("====", "base64.length"),
        ("QR==", "base64.trailing-bits"),
        ("QUJ=", "base64.trailing-bits"),
        ("QU-D", "base64.character"),
        ("QQ==QUJD", "base64.character"),
        ("QU\r\nJDRQ", "base64.character"),
        ("QU\nJDRU=", "base64.character"),
        ("éQ==", "base64.character"),
    ],
)
def test_base64_refuses(text: str, code: str) -> None:
    with refused(code):
        b64_decode(text)


@given(_JSON, st.sampled_from([None, 2]), st.booleans())
def test_json_reads_what_the_standard_library_writes(value: object, indent: int | None, ascii_only: bool) -> None:
    # json_loads∘dumps is identity, however the text is laid out
    text = " " + json.dumps(value, indent=indent, ensure_ascii=ascii_only) + "\r\n"
    assert json_loads(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "json.syntax"),
        (b"  ", "json.syntax"),
        (b"{", "json.syntax"),
        (b"{}{}", "json.syntax"),
        (b"[1]x", "json.syntax"),
        (b"[1,]", "json.syntax"),
        (b"01", "json.syntax"),
        (b"'a'", "json.syntax"),
        (b'"\x01"', "json.syntax"),
        (b"\xef\xbb\xbf{}", "json.syntax"),
        (b"\xa0[1]", "json.not-utf8"),
        (b'"\xff"', "json.not-utf8"),
        (b'"\xed\xa0\x80"', "json.not-utf8"),
        (b'"\xc0\x80"', "json.not-utf8"),
        (b'{"a":1,"a":2}', "json.duplicate-member"),
        (b'{"a":1,"b":"x:y","a":2}', "json.duplicate-member"),
        (b'{"a" :1,"\\u0061":2}', "json.duplicate-member"),
        (b'{"":{},"":1}', "json.duplicate-member"),
        (b'[{"b":{"a":1,"a":1}}]', "json.duplicate-member"),
        (b"NaN", "json.number"),
        (b"[Infinity]", "json.number"),
        (b'{"a":-Infinity}', "json.number"),
        (b"1e999", "json.number"),
        (b'{"a":-1e400}', "json.number"),
        (b"9" * 5000, "json.number"),
        (b'{"iat":' + b"9" * 5000 + b"}", "json.number"),
        (b"9223372036854775809", "json.number"),
        (b"0." + b"1" * 5000, "json.number"),
        (b'"\\ud800"', "json.surrogate"),
        (b'{"\\udfff":1}', "json.surrogate"),
        (b'["\\ud800\\ud800"]', "json.surrogate"),
        (b"[" * 100_000, "json.depth"),
        (b'{"a":' * 100_000, "json.depth"),
        (b"[" * 65 + b"]" * 65, "json.depth"),
        (b"[" + b"[]," * 300_000 + b"[]]", "json.size"),
    ],
)
def test_json_refuses(text: bytes, code: str) -> None:
    with refused(code):
        json_loads(text)


def test_json_bounds() -> None:
    assert json_loads(b"[" * 64 + b"]" * 64) is not None
    assert json_loads(b"9223372036854775808") == 2**63
    assert json_loads(b'"' + b"{[,:" * 100_000 + b'"') == "{[,:" * 100_000
    assert json_loads(b'{"a":"' + b'\\"{' * 1000 + b'"}') == {"a": '"{' * 1000}
    with refused("json.size"):
        json_loads(b"[1, 2]", max_bytes=5)
    with refused("json.depth"):
        json_loads(b"[[1]]", max_depth=1)


def test_an_unterminated_string_is_refused_in_linear_time() -> None:
    # would take hours if each quote were tried anew
    with refused("json.syntax"):
        json_loads(b'["' + b'\\"{[' * 500_000)


@given(_JSON)
def test_canonical_form_agrees_with_the_peer(value: object) -> None:
    # our RFC 8785 form is the peer's, and reading it gives the same value
    text = json_canonical(value)
    assert text == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert json_canonical(json_loads(text)) == text


@given(st.binary(min_size=8, max_size=8))
def test_every_double_is_written_as_the_peer_writes_it(octets: bytes) -> None:
    # Number::toString of any bit pattern
    (value,) = struct.unpack(">d", octets)
    if math.isfinite(value):
        assert json_canonical(value) == rfc8785.dumps(value)
        assert float(json_canonical(value)) == value


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # RFC 8785 appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_of_the_standard(bits: str, text: str) -> None:
    assert json_canonical(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == text


def test_order_and_escapes_of_the_standard() -> None:
    # RFC 8785 3.2.3 and 3.2.2.2
    value = {"\u20ac": "E", "\r": "C", "\ufb33": "H", "1": "1", "\U0001f600": "S", "\u0080": "P", "\u00f6": "O"}
    assert "".join(json_loads(json_canonical(value)).values()) == "C1POESH"
    text = '\u20ac$\u000f\nA\'B"\\\\"/\u007f\u2028'
    assert json_canonical(text).decode() == '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028"'
    assert json_canonical([2**53, 2**63]) == b"[9007199254740992,9223372036854776000]"  # exact doubles
    assert json_canonical({}) == b"{}"
    assert json_canonical([]) == b"[]"
    assert json_canonical({"a": [True, None, -0.0, 0]}) == b'{"a":[true,null,0,0]}'


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53 + 1, "json.number"),
        (-(2**53) - 1, "json.number"),
        (10**400, "json.number"),
        (float("nan"), "json.number"),
        (float("inf"), "json.number"),
        ("\ud800", "json.surrogate"),
        ({"\udc00": 1, "a": 2}, "json.surrogate"),
        ({1: 2}, "json.type"),
        ({1: 2, "a": 3}, "json.type"),
        (b"x", "json.type"),
        ({"a": {1, 2}}, "json.type"),
    ],
)
def test_what_has_no_canonical_form(value: object, code: str) -> None:
    with refused(code):
        json_canonical(value)


def test_canonical_depth_is_bounded() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with refused("json.depth"):
        json_canonical(value)


def test_familiar_texts_are_bounded() -> None:
    # what is remembered is bounded in number and size, and a refusal is never remembered
    before = canonical._familiar.cache_info().currsize
    long = b64_encode(bytes(9000))
    assert b64_decode_familiar(long) == bytes(9000)
    for _ in range(2):
        with refused("base64.character"):
            b64_decode_familiar("QU-D")
    assert canonical._familiar.cache_info().currsize == before
    assert canonical._familiar.cache_info().maxsize == 256
