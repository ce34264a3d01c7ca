"""Properties of ``verify()`` over bytes that nobody has thought of."""

from __future__ import annotations

import asyncio
import json

import pytest
from hostile_samples import (
    AT,
    PAYLOAD,
    SEAL,
    TOWN,
    TRUST,
    attributes,
    details,
    judge,
    make,
    outcome,
    samples,
    signed_data,
    signer_info,
)
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from unsigned_places import places

import toyono_trust
from toyono_trust import aio
from toyono_trust.core import cms
from toyono_trust.core.asn1 import octet_string
from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_canonical, json_loads

NAMES = sorted(samples())
STARTS = [b"", b"0", b"0\x80", b"{", b"ey", b"eyJ", b"-----BEGIN PKCS7-----", b'{"signature":', b'{"jadesSignature":{']
STARTS += [
    b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80",
    b"\x30\x82\x01\x00\x06\x09*\x86H\x86\xf7\r\x01\x07\x02",
]
bounded = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


@seed(1)
@bounded
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes(start: bytes, rest: bytes) -> None:
    # verify() is total: any bytes in, a report out, and nothing of it passes
    report = judge(start + rest)
    assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")
    outcome(report)


@seed(2)
@bounded
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["payload", "signature", "signatures", "protected", "header", "jadesSignature", "etsiU", "x"]),
        inner, max_size=5,
    )), max_leaves=12))  # fmt: skip
def test_any_json(value: object) -> None:
    # verify() is total: any JSON in, a report out, and nothing of it passes
    report = judge(json.dumps({"signature": "", "payload": value, "x": value}).encode())
    assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")
    report = judge(json.dumps(value).encode())
    assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")


def mutant(data: bytes, edits: list[tuple[str, int, int, int]]) -> bytes:
    """A file after some edits: overwrite, insert, delete, repeat, swap."""
    made = bytearray(data)
    for kind, where, size, value in edits:
        at = where % (len(made) + 1)
        if kind == "overwrite":
            made[at : at + 1] = bytes([value])
        elif kind == "insert":
            made[at:at] = bytes([value]) * size
        elif kind == "delete":
            del made[at : at + size]
        elif kind == "repeat":
            made[at:at] = made[at : at + size * 16]
        else:
            other = value * 31 % (len(made) + 1)
            made[at : at + size], made[other : other + size] = made[other : other + size], made[at : at + size]
    return bytes(made)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "insert", "delete", "repeat", "swap"]),
        st.integers(0, 1 << 16),
        st.integers(1, 8),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("name", NAMES)
def test_mutants(name: str) -> None:
    # a changed file that still passes yields exactly what was signed
    sample = samples()[name]

    @seed(3)
    @settings(bounded, max_examples=150)
    @given(EDITS)
    def holds(edits: list[tuple[str, int, int, int]]) -> None:
        report = judge(mutant(sample.data, edits), sample.content)
        outcome(report)
        if report.indication == "TOTAL-PASSED" and name != "receipt":
            assert report.require(signed_by="anyone").content == PAYLOAD

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_one_flipped_bit(name: str) -> None:
    # one flipped bit is never TOTAL-PASSED, but in a place that is listed as unsigned
    sample = samples()[name]
    unsigned = [range(place.start, place.end) for place in places(name, sample.data)]

    @seed(4)
    @settings(bounded, max_examples=150)
    @given(st.integers(0, len(sample.data) * 8 - 1))
    def holds(bit: int) -> None:
        changed = bytearray(sample.data)
        changed[bit // 8] ^= 1 << bit % 8
        report = judge(bytes(changed), sample.content)
        assert report.indication not in ("TOTAL-PASSED", "PASSED") or any(bit // 8 in each for each in unsigned)

    holds()


@seed(5)
@settings(bounded, max_examples=40)
@given(st.binary(min_size=1, max_size=400), st.booleans(), st.sampled_from(["jades", "cades"]))
def test_signed_and_verified(content: bytes, detached: bool, format: str) -> None:
    # what is signed verifies, gives back the very octets, and covers no others
    data = make(content, format=format, detached=detached)
    given_content = content if detached else None
    assert judge(data, given_content).require(signed_by="anyone").content == content
    if detached:
        assert judge(data, content + b"\0").indication == "TOTAL-FAILED"


@seed(6)
@bounded
@given(st.binary(max_size=200))
def test_base64url_reads_what_it_writes(data: bytes) -> None:
    # parse∘write is the identity, and write∘parse too: no octets have two texts
    text = b64url_encode(data)
    assert b64url_decode(text) == data
    for other in (text + b"=", text + b"A", text[:-1]):
        try:
            assert b64url_encode(b64url_decode(other)) == other
        except ValueError:
            continue


@seed(7)
@bounded
@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)), max_leaves=15))  # fmt: skip
def test_json_reads_what_it_writes(value: object) -> None:
    # parse∘write is the identity for RFC 8785
    try:
        written = json_canonical(value)
    except ValueError:
        return  # half a character
    assert json_loads(written) == value
    assert json_canonical(json_loads(written)) == written


@seed(8)
@settings(bounded, max_examples=60)
@given(st.binary(max_size=64), st.lists(st.binary(min_size=1, max_size=8), max_size=3))
def test_cms_reads_what_it_writes(content: bytes, more: list[bytes]) -> None:
    # parse∘write is the identity: every slice that the reader gives out is as it was written
    signed = [*attributes(content), *[cms.attribute(f"1.2.{n}", octet_string(each)) for n, each in enumerate(more)]]
    info = signer_info(signed, unsigned=[cms.attribute("1.2.3", octet_string(b""))])
    data = signed_data([info], content)
    read = cms.read(data)
    (signer,) = read.signers
    start, end = signer.span
    assert (read.content, data[start:end], read.leniencies) == (content, info, frozenset())
    assert sorted(each.tlv for each in signer.signed_attributes or ()) == sorted(signed)
    assert set(read.certificates) == {SEAL.certificate.der, TOWN.ca.der}


@pytest.mark.parametrize("name", NAMES)
def test_blocking_and_awaitable_agree(name: str) -> None:
    # blocking and awaitable agree, on what is sound and on what is not
    sample = samples()[name]
    whole = sample.data
    for data in (whole, whole[:-1], whole[: len(whole) // 2], b"", whole + whole):
        blocking = toyono_trust.verify(data, trust=TRUST, content=sample.content, at=AT)
        awaited = asyncio.run(aio.verify(data, trust=TRUST, content=sample.content, at=AT))
        assert outcome(blocking) == outcome(awaited)


def test_the_public_verb_takes_what_the_others_take() -> None:
    # the public verify() gives the report that the tests here look at
    for sample in samples().values():
        public = toyono_trust.verify(sample.data, trust=TRUST, content=sample.content, at=AT)
        assert outcome(public) == outcome(judge(sample.data, sample.content))
        assert public.indication == sample.passes


def test_stamped_file_reads_the_same_as_written() -> None:
    # augmenting splices: everything that was signed stays octet for octet
    plain = make(details=details(serialization="flattened"))
    stamped = make(level="B-T", details=details(serialization="flattened"))
    assert json.loads(stamped)["payload"] == json.loads(plain)["payload"]
    assert set(json.loads(stamped)) - set(json.loads(plain)) == {"header"}
