"""JAdES and JWS: one reading of the bytes, or a named refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_jades import (
    AT,
    PAYLOAD,
    certificate_for,
    codes,
    keep,
    key_for,
    only,
    read,
    signed,
    signing_input,
    verifies,
)
from toyono_trust.core.algorithms import sign
from toyono_trust.core.canonical import b64_encode, b64url_encode
from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import entry
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats import jades
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.jades.read import ecdsa_der

TOKEN = b"0\x03\x02\x01\x01"
CERTIFICATE = certificate_for("ecdsa-sha256")
PUBLIC = key_for("ecdsa-sha256").public_key()
X5C = [b64_encode(CERTIFICATE)]
BASE: dict[str, Any] = {"alg": "ES256", "x5c": X5C, "iat": int(AT.timestamp())}


def raw_signed(header: dict[str, Any] | bytes, payload: bytes = b64url_encode(PAYLOAD)) -> bytes:
    """A compact JWS with any protected header and any payload text, truly signed with ES256."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    covered = b64url_encode(text) + b"." + payload
    return covered + b"." + b64url_encode(raw_signature(covered))


def raw_signature(covered: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(sign("ecdsa-sha256", key_for("ecdsa-sha256"), covered))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def with_header(unprotected: Any) -> bytes:
    """A flattened JAdES B-B with this unprotected header."""
    protected, payload, signature = raw_signed(BASE).decode().split(".")
    return json.dumps(
        {"payload": payload, "protected": protected, "header": unprotected, "signature": signature}
    ).encode()


def element(name: str, value: Any) -> str:
    return b64url_encode(json.dumps({name: value}).encode()).decode()


def check(data: bytes, expected: list[str], level: str | None, contents: Any = None) -> Any:
    facts = read(data, contents)
    signature = only(facts)
    assert codes(signature) == expected
    for code in (*codes(signature), *(note.code for note in facts.notes)):
        assert entry(code).code == code
    assert signature.level == level
    return signature


def test_a_plain_jws() -> None:
    facts = read(raw_signed({"alg": "ES256"}))
    signature = only(facts)
    assert (facts.kind, signature.format, signature.level, signature.leaf) == ("JWS", "JWS", None, None)
    assert verifies(signature, PUBLIC)


def test_no_certificate_is_no_baseline() -> None:
    signature = check(raw_signed({"alg": "ES256", "iat": 1}), [], None)
    assert signature.format == "JAdES"


@pytest.mark.parametrize(
    ("changes", "expected", "level"),
    [
        ({}, [], "B-B"),
        ({"alg": "none"}, ["jws.algorithm-none"], None),
        ({"alg": "NoNe"}, ["jws.algorithm-none"], None),
        ({"alg": "HS256"}, ["jws.algorithm-symmetric"], None),
        ({"alg": "ES256K"}, ["jws.algorithm-unknown"], None),
        ({"alg": 256}, ["jws.algorithm-missing"], None),
        ({"alg": ["ES256"]}, ["jws.algorithm-missing"], None),
        ({"cty": 1}, ["jws.parameter-type"], None),
        ({"cty": None}, ["jws.parameter-type"], None),
        ({"iat": "2026"}, ["jades.iat"], None),
        ({"iat": True}, ["jades.iat"], None),
        ({"iat": -1}, ["jades.iat"], None),
        ({"iat": 1.5}, ["jades.iat"], None),
        ({"iat": 10**15}, ["jades.iat"], None),
        ({"iat": None}, ["jades.iat"], None),
        ({"sigT": "2026-01-01T00:00:00Z"}, ["jades.two-times"], None),
        ({"crit": []}, ["jws.crit-malformed"], None),
        ({"crit": "iat"}, ["jws.crit-malformed"], None),
        ({"crit": [["iat"]]}, ["jws.crit-malformed"], None),
        ({"crit": ["iat", "iat"]}, ["jws.crit-duplicate"], None),
        ({"crit": ["iat"]}, [], "B-B"),
        ({"crit": ["alg"]}, ["jws.crit-registered"], None),
        ({"crit": ["x5t#S256"]}, ["jws.crit-registered"], None),
        ({"crit": ["sigPl"]}, ["jws.crit-absent"], None),
        ({"crit": ["b65"], "b65": 1}, ["jws.crit-unknown"], None),
        ({"crit": ["etsiU"]}, ["jades.etsiu-critical"], None),
        ({"etsiU": []}, ["jades.etsiu-protected"], None),
        ({"b64": True}, ["jws.b64-needless"], None),
        ({"b64": True, "crit": ["b64"]}, [], "B-B"),
        ({"b64": "false", "crit": ["b64"]}, ["jws.b64-type"], None),
        ({"b64": False}, ["jws.b64-not-critical"], None),
        ({"exp": 1}, ["jws.claim-not-enforced"], "B-B"),
        ({"x5c": []}, ["jws.x5c"], None),
        ({"x5c": X5C[0]}, ["jws.x5c"], None),
        ({"x5c": [X5C[0], 1]}, ["jws.x5c"], None),
        ({"x5c": [X5C[0] + "\n"]}, ["jws.x5c"], None),
        ({"x5c": [X5C[0].replace("+", "-").replace("/", "_") + "!!!!"]}, ["jws.x5c"], None),
        ({"x5t#S256": "AAAA"}, ["jades.reference"], None),
        ({"x5t#S256": 1}, ["jades.reference"], None),
        ({"x5t#S256": "A" * 42 + "B"}, ["jades.reference"], None),
        ({"x5t#S256": "A" * 43 + "="}, ["jades.reference"], None),
        ({"x5t": "A" * 27}, ["jades.x5t"], None),
        ({"x5t#o": {"digAlg": "S512"}}, ["jades.reference"], None),
        ({"x5t#o": {"digAlg": "S256", "digVal": "A" * 43}}, ["jades.reference-sha256"], None),
        ({"x5t#o": {"digAlg": "S512", "digVal": "A" * 86}}, [], "B-B"),
        ({"sigX5ts": [{"digAlg": "S512", "digVal": "A" * 86}]}, ["jades.reference"], None),
        (
            {"x5t#S256": "A" * 43, "x5t#o": {"digAlg": "S512", "digVal": "A" * 86}},
            ["jades.several-references"],
            None,
        ),
        ({"srCms": []}, ["jades.parameter-schema"], None),
        ({"srCms": [{"commId": "x"}]}, ["jades.parameter-schema"], None),
        ({"sigPl": {"planet": "Earth"}}, ["jades.parameter-schema"], None),
        ({"sigPl": {}}, ["jades.parameter-schema"], None),
        ({"srAts": {"claimed": {"qVals": []}}}, ["jades.parameter-schema"], None),
        ({"sigPId": {"id": "1.2.3"}}, ["jades.parameter-schema"], None),
        ({"sigPId": {"id": {"id": "urn:x"}, "digVal": "="}}, ["jades.parameter-schema"], None),
        ({"adoTst": {"tstTokens": []}}, ["jades.parameter-schema"], None),
        ({"adoTst": {"tstTokens": [{"val": "-"}]}}, ["jades.parameter-schema"], None),
        ({"sigD": {}, "crit": ["sigD"]}, ["jades.sigd-schema", "jades.sigd-with-payload"], None),
    ],
)
def test_protected_header(changes: dict[str, Any], expected: list[str], level: str | None) -> None:
    payload = b"x" if changes.get("b64") is False else b64url_encode(PAYLOAD)
    signature = check(raw_signed(BASE | changes, payload), expected, level)
    assert signature.format == ("JWS" if expected == ["jades.iat"] else "JAdES")


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00+00:00", "2026-13-01T00:00:00Z", "2026-1-1T0:00:00Z", "", 1, "１" * 20]
)
def test_wrong_sig_t(text: Any) -> None:
    header = {name: value for name, value in BASE.items() if name != "iat"} | {"sigT": text}
    assert check(raw_signed(header), ["jades.sigt"], None).claimed_signing_time is None


@pytest.mark.parametrize(
    ("sig_d", "expected"),
    [
        ([], ["jades.sigd-schema"]),
        ({"mId": "urn:x"}, ["jades.sigd-schema"]),
        ({"mId": "urn:x", "pars": ["a"]}, ["jades.sigd-mechanism"]),
        ({"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": [1]}, ["jades.sigd-schema"]),
        ({"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": ["a"], "hashV": []}, ["jades.sigd-schema"]),
        ({"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": ["a"]}, ["jades.sigd-schema"]),
        (
            {
                "mId": "http://uri.etsi.org/19182/ObjectIdByURIHash",
                "pars": ["a", "b"],
                "hashM": "S256",
                "hashV": ["AA"],
            },
            ["jades.sigd-schema"],
        ),
        (
            {"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": ["a"], "hashM": "S256", "hashV": ["="]},
            ["jades.sigd-schema"],
        ),
        (
            {"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": ["a"], "hashM": "MD4", "hashV": ["AA"]},
            ["jades.sigd-digest"],
        ),
        ({"mId": "http://uri.etsi.org/19182/HttpHeaders", "pars": ["Host"]}, ["jades.http-headers"]),
    ],
)
def test_wrong_description(sig_d: Any, expected: list[str]) -> None:
    signature = check(
        raw_signed(BASE | {"sigD": sig_d, "crit": ["sigD"]}, b""), expected, None, BytesContent(b"x", "a")
    )
    assert all(one.intact is not True for one in signature.objects)


def test_description_that_is_not_critical() -> None:
    sig_d = {"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": ["a"]}
    payload = b64url_encode(b"x")
    compact = raw_signed(BASE | {"sigD": sig_d}, payload)
    detached = compact.replace(b"." + payload + b".", b"..")
    signature = check(detached, ["jades.sigd-not-critical"], None, BytesContent(b"x", "a"))
    assert verifies(signature, PUBLIC)


# bytes that have not one reading --------------------------------------------------------------------------------------

_GOOD = raw_signed(BASE)
_P, _L, _S = _GOOD.split(b".")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "jws.parts"),
        (b"e", "jws.parts"),
        (b"..", "jws.header"),
        (_P + b"." + _L, "jws.parts"),
        (_GOOD + b".", "jws.parts"),
        (b"\n" + _GOOD, "base64url"),
        (_P + b"=." + _L + b"." + _S, "base64url"),
        (_P + b"." + _L + b"=." + _S, "base64url"),
        (_P + b"." + _L + b"." + _S + b"==", "base64url"),
        (_P + b"." + b"QR" + b"." + _S, "base64url.trailing-bits"),
        (_P + b"." + _L + b"." + _S[:-1] + b"_", "base64url.trailing-bits"),
        (_P + b".\n" + _L + b"." + _S, "base64url"),
        (raw_signed(b"[]"), "jws.header"),
        (raw_signed(b'{"alg":"ES256","alg":"none"}'), "json.duplicate-member"),
        (raw_signed(b'{"alg":"ES256","iat":' + b"9" * 5000 + b"}"), "json.number"),
        (raw_signed(b'{"alg":"ES256","iat":NaN}'), "json.number"),
        (raw_signed(b'{"alg":"ES256","x":"\\ud800"}'), "json.surrogate"),
        (raw_signed(b'{"alg":"ES256","x":' + b"[" * 1000), "json.depth"),
        (raw_signed(b'{"alg":"ES256","x":"' + b"x" * 300_000 + b'"}'), "json.size"),
        (raw_signed(b"\xef\xbb\xbf{}"), "json.syntax"),
        (b"{}", "jws.shape"),
        (b'{"protected":"","signature":""}', "jws.header"),
        (b'{"signature":1}', "jws.shape"),
        (b'{"signatures":[]}', "jws.shape"),
        (b'{"signatures":{}}', "jws.shape"),
        (b'{"signatures":[1]}', "jws.shape"),
        (b'{"signatures":[{"signature":"","header":[]}]}', "jws.shape"),
        (b'{"payload":null,"signature":""}', "jws.shape"),
        (b'{"signatures":[{"signature":""}],"signature":""}', "jws.ambiguous"),
        (b'{"signatures":[' + b'{"signature":""},' * 200 + b'{"signature":""}]}', "jws.too-many"),
        (b'{"payload":"QQ==","protected":"e30","signature":""}', "base64url"),
        (b'{"signature":"\xc3\xa9"}', "base64url"),
        (b'{"jadesSignature":{}}', "jws.seal"),
        (b'{"jadesSignature":[]}', "jws.seal"),
        (b'{"jadesSignature":{"compactDetached":1}}', "jws.seal"),
        (b'{"jadesSignature":{"x":{}}}', "jws.seal"),
        (b'{"jadesSignature":{"compactDetached":{"payload":"","signature":""}}}', "jws.seal"),
        (b'{"jadesSignature":{"compactDetached":{}}}', "jws.shape"),
        (b'{"jadesSignature":{"compactDetached":{"signature":""}},"n":9007199254740993}', "json.number"),
        (b'{"signature":"","signature":""}', "json.duplicate-member"),
        (b"{" * 100_000, "json.depth"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read(data)
    assert caught.value.code.startswith(code)
    assert entry(caught.value.code).sub_indication == "FORMAT_FAILURE"


def test_white_space_after_a_compact_jws_is_a_named_leniency() -> None:
    facts = read(_GOOD + b"\r\n \t\n")
    assert [note.code for note in facts.notes] == ["jws.trailing-whitespace"]
    assert only(facts) == only(read(_GOOD))._replace(objects=only(facts).objects)


def test_extra_members_are_noted() -> None:
    facts = read(
        json.dumps({"payload": _L.decode(), "protected": _P.decode(), "signature": _S.decode(), "x": 1}).encode()
    )
    assert [(note.code, note.subject) for note in facts.notes] == [("jws.extra-member", "x")]


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"eyJ" + tail))
def test_any_bytes_are_facts_or_malformed(data: bytes) -> None:
    # the reader is total but for MalformedError, and detect never raises
    jades.detect(data)
    try:
        read(data)
    except MalformedError:
        pass


_MEMBERS = ("id", "commId", "digAlg", "digVal", "mId", "pars", "hashM", "hashV", "claimed", "qVals", "tstTokens")
_MEMBERS += ("val", "sigPQuals", "spURI", "sigTst", "cSig", "xVals", "rVals", "x509Cert", "crlVals", "tstVD")


@settings(max_examples=300)
@given(st.data())
def test_any_header_value_is_facts_or_malformed(draw: st.DataObject) -> None:
    # whatever stands in a header parameter, the reader does not break, and every note is in the table
    names = ["alg", "iat", "sigT", "x5c", "x5t#S256", "x5t#o", "sigX5ts", "x5t", "kid", "cty", "crit", "b64", "srCms"]
    names += ["srAts", "sigPl", "sigPId", "sigD", "adoTst", "etsiU", "exp"]
    value = st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "AAAA", "S256", "sigD", *names]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(_MEMBERS),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
    header = draw.draw(st.dictionaries(st.sampled_from(names), value, max_size=6))
    unprotected = draw.draw(st.dictionaries(st.sampled_from(names), value, max_size=3))
    data = {"payload": "AA", "signature": "AA", "protected": b64url_encode(json.dumps(header).encode()).decode()}
    try:
        facts = read(json.dumps(data | {"header": unprotected}).encode(), BytesContent(b"x", "AAAA"))
    except MalformedError:
        return
    for note in only(facts).notes:
        entry(note.code)


# signature values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b"", "jws.signature-length"),
        (b"\x01" * 63, "jws.signature-length"),
        (b"\x01" * 65, "jws.signature-length"),
        (b"\x01" * 96, "jws.signature-length"),
        (bytes(64), "jws.signature-zero"),
        (bytes(32) + b"\x01" * 32, "jws.signature-zero"),
        (b"\x01" * 32 + bytes(32), "jws.signature-zero"),
    ],
)
def test_wrong_ecdsa_value(wire: bytes, code: str) -> None:
    signature = only(read(_P + b"." + _L + b"." + b64url_encode(wire)))
    assert codes(signature) == [code]
    assert signature.value.value == b""
    assert entry(code).sub_indication == "SIG_CRYPTO_FAILURE"
    assert not verifies(signature, PUBLIC)


def test_a_der_value_is_no_jws_signature() -> None:
    # Ecdsa-Sig-Value verifies as DER, but JWS has r ‖ s: it must never reach the primitive
    der = sign("ecdsa-sha256", key_for("ecdsa-sha256"), _P + b"." + _L)
    signature = only(read(_P + b"." + _L + b"." + b64url_encode(der)))
    assert codes(signature) == ["jws.signature-length"]
    assert not verifies(signature, PUBLIC)


@given(st.integers(1, 2**528 - 1), st.integers(1, 2**528 - 1), st.sampled_from([32, 48, 66]))
def test_ecdsa_der_agrees_with_the_peer(r: int, s: int, half: int) -> None:
    # the DER that we write is what cryptography writes
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = r % 2 ** (8 * half) or 1, s % 2 ** (8 * half) or 1
    assert ecdsa_der(r.to_bytes(half, "big") + s.to_bytes(half, "big"), half, []) == encode_dss_signature(r, s)


# etsiU ----------------------------------------------------------------------------------------------------------------

_STAMP = {"tstTokens": [{"val": b64_encode(TOKEN)}]}
_VALUES = {"xVals": [{"x509Cert": {"val": b64_encode(CERTIFICATE)}}], "rVals": {"crlVals": [{"val": "MAA="}]}}
_REFERENCE = {"digAlg": "S256", "digVal": "A" * 43}
_REPEATED = ["jades.element-repeated"]


@pytest.mark.parametrize(
    ("etsi_u", "expected", "level"),
    [
        ("x", ["jades.etsiu-type"], None),
        ([], ["jades.etsiu-type"], None),
        ({}, ["jades.etsiu-type"], None),
        ([element("sigTst", _STAMP), {"sigTst": _STAMP}], ["jades.etsiu-mixed"], None),
        ([1], ["jades.etsiu-element"], None),
        (["e30="], ["jades.etsiu-element"], None),
        (["e30"], ["jades.etsiu-element"], None),
        ([{"sigTst": _STAMP, "xVals": []}], ["jades.etsiu-element"], None),
        ([b64url_encode(b'{"sigTst":1,"sigTst":2}').decode()], ["jades.etsiu-element"], None),
        ([{"sigTst": {"tstTokens": []}}], ["jades.etsiu-value"], None),
        ([{"sigTst": {"tstTokens": [{"val": "MAA"}]}}], ["jades.etsiu-value"], None),
        ([{"xVals": [{"x509Cert": 1}]}], ["jades.etsiu-value"], None),
        ([{"rVals": []}], ["jades.etsiu-value"], None),
        ([{"news": 1}], ["jades.etsiu-unknown"], None),
        ([element("sigTst", _STAMP)], [], "B-T"),
        ([{"sigTst": _STAMP}], [], "B-T"),
        ([{"sigTst": _STAMP}, {"xRefs": []}], ["jades.etsiu-value"], None),
        ([{"sigTst": _STAMP}, {"xRefs": [{"digAlg": "S256"}]}], ["jades.etsiu-value"], None),
        ([{"sigTst": _STAMP}, {"xRefs": [_REFERENCE]}], ["jades.references"], "B-T"),
        ([{"sigTst": _STAMP}, {"rRefs": {"crlRefs": [_REFERENCE]}}, {"tstVD": _VALUES}], ["jades.references"], "B-T"),
        ([{"sigTst": _STAMP}, {"sigRTst": _STAMP}, {"tstVD": _VALUES}], [], "B-T"),
        ([{"sigTst": _STAMP}, {"xVals": _VALUES["xVals"]}, {"xVals": _VALUES["xVals"]}], _REPEATED, "B-T"),
        ([{"sigTst": {"tstTokens": _STAMP["tstTokens"] * 2}}, {"tstVD": _VALUES}], ["jades.stamp-several"], "B-B"),
        ([{"sigTst": _STAMP}, {"arcTst": _STAMP}, {"tstVD": _VALUES}], [], "B-LT"),
        ([{"arcTst": _STAMP}, {"tstVD": _VALUES}, {"arcTst": _STAMP}], [], "B-B"),
        ([{"sigTst": _STAMP}, {"tstVD": {}}], ["jades.etsiu-value"], None),
        ([{"sigTst": _STAMP}, {"rVals": {"crlVals": []}}], ["jades.etsiu-value"], None),
        (
            [element("sigTst", {**_STAMP, "canonAlg": "http://json-canonicalization.org/algorithm"})],
            ["jades.canonicalization-encoded"],
            "B-T",
        ),
        ([{"sigTst": _STAMP}, {"xVals": _VALUES["xVals"]}, {"rVals": _VALUES["rVals"]}], [], "B-LT"),
        ([element("sigTst", _STAMP), element("anyValData", _VALUES)], [], "B-LT"),
        ([element("sigTst", _STAMP), element("tstVD", _VALUES), element("arcTst", _STAMP)], [], "B-LTA"),
        ([{"sigTst": _STAMP}, {"tstVD": _VALUES}, {"arcTst": _STAMP}], [], "B-LTA"),
    ],
)
def test_unsigned_properties(etsi_u: Any, expected: list[str], level: str | None) -> None:
    signature = check(with_header({"etsiU": etsi_u}), expected, level)
    assert verifies(signature, PUBLIC)


def test_validation_data_is_gathered() -> None:
    signature = check(with_header({"etsiU": [{"sigTst": _STAMP}, {"tstVD": _VALUES}]}), [], "B-LT")
    assert signature.certificates == (CERTIFICATE, CERTIFICATE)
    assert signature.crls == (b"0\x00",)


def test_archive_imprint_covers_the_strings_before_it() -> None:
    before = [element("sigTst", _STAMP), " ".join([element("xVals", _VALUES["xVals"])])]
    data = with_header({"etsiU": [*before, element("arcTst", _STAMP), element("arcTst", _STAMP)]})
    value = json.loads(data)
    _, first, second = only(read(data)).timestamps
    import hashlib

    covered = ".".join([value["payload"], value["protected"], value["signature"], ""]) + "".join(before)
    assert first.covered("sha256") == hashlib.sha256(covered.encode()).digest()  # type: ignore[attr-defined]
    longer = covered + element("arcTst", _STAMP)
    assert second.covered("sha256") == hashlib.sha256(longer.encode()).digest()  # type: ignore[attr-defined]
    assert first.covered("sha256") == hashlib.sha256(covered.encode()).digest()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"kid": "x"}, ["jades.unprotected-member"]),
        ({"alg": "ES256"}, ["jws.header-overlap"]),
        ({"crit": ["x"]}, ["jws.crit-unprotected"]),
        ({}, []),
    ],
)
def test_unprotected_header(header: dict[str, Any], expected: list[str]) -> None:
    check(with_header(header), expected, None if "jades.unprotected-member" not in expected and expected else "B-B")


def test_algorithm_in_the_unprotected_header_counts_for_nothing() -> None:
    data = {"payload": "AA", "header": {"alg": "ES256"}, "signature": "AA"}
    assert "jws.algorithm-missing" in codes(only(read(json.dumps(data).encode())))


# counter-signatures ---------------------------------------------------------------------------------------------------


def countersigned(parent: bytes, header: dict[str, Any], payload: bytes | None) -> str:
    """A compact counter-signature over a parent's signature text."""
    compact = raw_signed(header, parent)
    protected, _, signature = compact.split(b".")
    return b".".join([protected, payload if payload is not None else b"", signature]).decode()


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("in_json", [True, False])
def test_counter_signature(attached: bool, in_json: bool) -> None:
    parent = json.loads(with_header({}))
    wire = parent["signature"].encode()
    counter: Any = countersigned(wire, BASE, wire if attached else None)
    if in_json:
        protected, payload, signature = counter.split(".")
        counter = {"protected": protected, "signature": signature} | ({"payload": payload} if attached else {})
    parent["header"] = {"etsiU": [element("cSig", counter)]}
    signature = check(json.dumps(parent).encode(), [], "B-B")
    (one,) = signature.counter_signatures
    assert (one.level, one.notes) == ("B-B", ())
    assert verifies(one, PUBLIC)
    assert one.objects[0].content is not None
    assert b64url_encode(one.objects[0].content.bytes) == wire


def test_counter_signature_over_something_else() -> None:
    parent = json.loads(with_header({}))
    other = b64url_encode(b"another signature")
    parent["header"] = {"etsiU": [{"cSig": countersigned(other, BASE | {"cty": "x"}, other)}]}
    (one,) = check(json.dumps(parent).encode(), [], "B-B").counter_signatures
    assert codes(one) == ["jades.counter-payload", "jades.counter-cty"]
    assert one.objects[0].intact is False
    assert not verifies(one, PUBLIC)


def test_a_broken_counter_signature_leaves_the_parent_alone() -> None:
    for value in ("a.b.c", 1, {"signatures": []}, {"jadesSignature": {"flattenedJson": {"signature": ""}}}):
        signature = check(with_header({"etsiU": [{"cSig": value}]}), ["jades.counter-malformed"], None)
        assert signature.counter_signatures == ()
        assert verifies(signature, PUBLIC)


def test_counter_signatures_are_bounded() -> None:
    one = {"cSig": countersigned(b"AA", BASE, None)}
    with pytest.raises(MalformedError, match=r"jws\.too-many"):
        read(with_header({"etsiU": [one] * 150}))
    nested: Any = countersigned(b"AA", BASE, None)
    for _ in range(12):
        nested = {"protected": _P.decode(), "signature": "AA", "header": {"etsiU": [{"cSig": nested}]}}
    with pytest.raises(MalformedError, match=r"jws\.too-many"):
        read(with_header({"etsiU": [{"cSig": nested}]}))


# every byte -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("serialization", ["compact", "flattened", "receipt"])
def test_no_flipped_bit_leaves_the_signed_bytes_as_they_were(serialization: Any) -> None:
    # a changed file is refused, fails to verify, or differs only outside what is signed (names of members, white space)
    content = b'{"n":1}'
    data = signed(signing_input(content, details=JadesDetails(serialization=serialization, certificates=False)))
    original = only(read(data))
    for at in range(len(data)):
        altered = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            facts = jades.read(altered, NO_CONTENTS, Work(), keep)
        except MalformedError:
            continue
        signature = only(facts)
        assert not verifies(signature, PUBLIC), (at, altered)
        assert signature.value != original.value


def test_every_truncation_is_refused_or_fails() -> None:
    data = signed(signing_input())
    for size in range(len(data)):
        try:
            facts = read(data[:size])
        except MalformedError:
            continue
        assert not verifies(only(facts), PUBLIC)


def test_detect() -> None:
    assert jades.detect(_GOOD)
    assert jades.detect(with_header({}))
    assert jades.detect(b'\r\n { "jadesSignature" : 1}')
    assert not jades.detect(b"")
    assert not jades.detect(b"eye of the storm")
    assert not jades.detect(b"ey!.x.y")
    assert not jades.detect(b'{"a": 1}')
    assert not jades.detect(b"0\x82")
