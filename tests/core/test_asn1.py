"""The TLV reader and the DER writer: strict, bounded, without recursion; leniencies by name."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core import asn1
from toyono_trust.core.asn1 import Reader
from toyono_trust.errors import MalformedError


def walked(data: bytes, lenient: bool) -> Reader:
    reader = Reader(data, lenient=lenient)
    for _, (_, start, body, stop, end) in reader.walk(reader.root()):
        assert 0 <= start < body <= stop <= end <= len(data)
    return reader


def refused(data: bytes, code: str, *, lenient: bool = False) -> None:
    with pytest.raises(MalformedError) as caught:
        walked(data, lenient)
    assert caught.value.code == code


def accepted(data: bytes, *leniencies: str) -> Reader:
    reader = walked(data, lenient=True)
    assert reader.used == set(leniencies)
    return reader


trees = st.recursive(
    st.one_of(
        st.binary(max_size=200).map(asn1.octet_string),
        st.integers(-(1 << 200), 1 << 200).map(asn1.integer_der),
        st.booleans().map(asn1.boolean_der),
        st.text(max_size=20).map(asn1.utf8),
    ),
    lambda parts: st.lists(parts, max_size=5).map(lambda tlvs: asn1.sequence(*tlvs)),
    max_leaves=30,
)


@given(st.binary(max_size=400), st.booleans())
def test_any_octets_are_a_value_or_malformed(data: bytes, lenient: bool) -> None:
    """Any octets: nodes that lie inside their parents, or MalformedError."""
    with contextlib.suppress(MalformedError):
        walked(data, lenient)


@given(st.binary(max_size=60), st.sampled_from([2, 3, 4, 5, 6, 1, 0x0C, 0x17, 0x18, 0x1E, 0x13, 0x24]), st.booleans())
def test_any_value_is_read_or_malformed(body: bytes, tag: int, lenient: bool) -> None:
    """Every reader of values on any contents octets: a value, or MalformedError."""
    data = asn1.der(tag, body)
    for name in ("oid", "integer", "octets", "bits", "flags", "boolean", "null", "time", "text"):
        reader = Reader(data, lenient=lenient)
        with contextlib.suppress(MalformedError):
            getattr(reader, name)(reader.root())


@given(trees)
def test_written_is_read_back(tlv: bytes) -> None:
    """write∘read is identity: joining the leaves' octets under fresh headers gives the same octets."""
    reader = Reader(tlv)

    def rebuild(node: asn1.Node) -> bytes:
        if not node[0] & 0x20:
            return asn1.der(node[0], reader.value(node))
        return asn1.der(node[0], *[rebuild(child) for child in reader.children(node)])

    assert rebuild(reader.root()) == tlv
    assert core.load(tlv, strict=True).dump() == tlv


@given(st.integers(-(1 << 4000), 1 << 4000))
def test_integer(number: int) -> None:
    """An INTEGER is written as a second writer does and read back."""
    tlv = asn1.integer_der(number)
    assert tlv == core.Integer(number).dump()
    reader = Reader(tlv)
    assert reader.integer(reader.root()) == number


@given(st.tuples(st.integers(0, 2), st.integers(0, 39)), st.lists(st.integers(0, 1 << 100), min_size=1, max_size=8))
def test_oid(head: tuple[int, int], arcs: list[int]) -> None:
    """An OBJECT IDENTIFIER is written as a second writer does and read back."""
    text = ".".join(map(str, (*head, *arcs)))
    tlv = asn1.oid_der(text)
    assert tlv == core.ObjectIdentifier(text).dump()
    reader = Reader(tlv)
    assert reader.oid(reader.root()) == text


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.integers(0, 6))
def test_time(moment: datetime, digits: int) -> None:
    """A time is read back to the precision that was written."""
    reader = Reader(asn1.utc_or_generalized(moment))
    assert reader.time(reader.root()) == moment.replace(microsecond=0)
    assert (reader.data[0] == 0x17) == (1950 <= moment.year < 2050)
    reader = Reader(asn1.generalized(moment, digits))
    unit = 10 ** (6 - digits)
    assert reader.time(reader.root()) == moment.replace(microsecond=moment.microsecond // unit * unit)


@given(st.frozensets(st.integers(0, 120)))
def test_flags(bits: frozenset[int]) -> None:
    """Named bits are read back."""
    reader = Reader(asn1.flags_der(bits))
    assert reader.flags(reader.root()) == bits


@given(st.lists(st.binary(max_size=12).map(asn1.octet_string), min_size=2, max_size=6))
def test_set_of_is_sorted(tlvs: list[bytes]) -> None:
    """SET OF is written in DER order, and any other order is the leniency set-unsorted."""
    ordered = asn1.set_of(tlvs)
    reader = Reader(ordered)
    assert len(reader.set_of(reader.root())) == len(tlvs)
    stored = asn1.der(0x31, *tlvs)
    lenient = Reader(stored, lenient=True)
    lenient.set_of(lenient.root())
    assert lenient.used == (set() if stored == ordered else {"set-unsorted"})


def test_time_in_another_zone_is_written_in_utc() -> None:
    moment = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    assert asn1.utc_or_generalized(moment) == b"\x17\x0d261122000000Z"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "asn1.truncated"),
        (b"\x30", "asn1.truncated"),
        (b"\x30\x05\x04\x01", "asn1.truncated"),
        (b"\x30\x84\x80\x00\x00\x00", "asn1.truncated"),
        (b"\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff", "asn1.truncated"),
        (b"\x30\x89\x01" + bytes(8), "asn1.length"),
        (b"\x30\x82\x01", "asn1.truncated"),
        (b"\x1f\x81\x01\x00", "asn1.tag"),
        (b"\x30\x03\x1f\x01\x00", "asn1.tag"),
        (b"\x04\x80\x00\x00", "asn1.length"),
        (b"\x30\x80\x00\x00", "asn1.ber-indefinite-length"),
        (b"\x04\x81\x01x", "asn1.ber-non-minimal-length"),
        (b"\x30\x04\x04\x81\x01x", "asn1.ber-non-minimal-length"),
        (b"\x04\x82\x00\x80" + bytes(128), "asn1.ber-non-minimal-length"),
        (b"\x05\x00\x00", "asn1.trailing-octets"),
        (b"\x30\x03\x04\x05\x00", "asn1.truncated"),
    ],
)
def test_strict_refusals(data: bytes, code: str) -> None:
    refused(data, code)


def test_two_gibibyte_length_allocates_nothing() -> None:
    refused(b"\x30\x84\x80\x00\x00\x00\x04\x01x", "asn1.truncated")
    refused(b"\x30\x08\x04\x84\x80\x00\x00\x00\x00\x00", "asn1.truncated", lenient=True)


def test_deep_nesting_is_bounded_and_does_not_recurse() -> None:
    headers = [b"\x05\x00"]
    size = 2
    for _ in range(100_000):
        headers.append(asn1.header_der(0x30, size))
        size += len(headers[-1])
    data = b"".join(reversed(headers))
    deep = b"\x30\x80" * 100_000
    refused(data, "asn1.depth")
    refused(deep, "asn1.depth", lenient=True)
    refused(deep + bytes(200_000), "asn1.depth", lenient=True)
    reader = Reader(data)
    assert len(reader.children(reader.root())) == 1


def test_number_of_values_is_bounded() -> None:
    data = asn1.sequence(b"\x05\x00" * 300_000)
    refused(data, "asn1.limit")
    refused(b"\x30\x80" + b"\x05\x00" * 300_000 + b"\x00\x00", "asn1.limit", lenient=True)
    exact = Reader(asn1.sequence(b"\x05\x00" * 10), nodes=10)
    assert len(exact.children(exact.root())) == 10


def test_leniencies_are_named() -> None:
    reader = accepted(b"\x30\x80\x24\x80\x04\x01a\x04\x01b\x00\x00\x00\x00", "ber-indefinite-length")
    (string,) = reader.children(reader.root())
    assert reader.octets(string) == b"ab"
    assert reader.used == {"ber-indefinite-length", "ber-constructed-string"}
    accepted(b"\x04\x81\x01x", "ber-non-minimal-length")
    accepted(b"\x04\x01xyz", "trailing-octets")
    for data, name, value, leniency in [
        (b"\x01\x01\x01", "boolean", True, "ber-boolean"),
        (b"\x02\x02\x00\x01", "integer", 1, "ber-integer"),
        (b"\x02\x02\xff\xff", "integer", -1, "ber-integer"),
        (b"\x17\x0b2601020304Z", "time", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "ber-time"),
        (b"\x18\x1120260102030405.0Z", "time", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "ber-time"),
        (b"\x17\x11260102030405+0900", "time", datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC), "ber-time"),
    ]:
        strict = Reader(data)
        with pytest.raises(MalformedError) as caught:
            getattr(strict, name)(strict.root())
        assert caught.value.code == f"asn1.{leniency}"
        reader = Reader(data, lenient=True)
        assert getattr(reader, name)(reader.root()) == value
        assert reader.used == {leniency}


@pytest.mark.parametrize(
    ("tlv", "name"),
    [
        (b"\x02\x00", "integer"),
        (asn1.der(0x02, b"\x01" * 1025), "integer"),
        (b"\x06\x00", "oid"),
        (b"\x06\x02\x80\x01", "oid"),
        (b"\x06\x01\x81", "oid"),
        (b"\x06\x03\x2a\x80\x01", "oid"),
        (b"\x03\x00", "bits"),
        (b"\x03\x02\x01\x00", "bits"),
        (b"\x03\x01\x01", "flags"),
        (b"\x01\x00", "boolean"),
        (b"\x17\x0d261302030405Z", "time"),
        (b"\x18\x0f20260230000000Z", "time"),
        (b"\x0c\x01\xff", "text"),
        (b"\x1e\x01a", "text"),
    ],
)
def test_malformed_values(tlv: bytes, name: str) -> None:
    for lenient in (False, True):
        reader = Reader(tlv, lenient=lenient)
        with pytest.raises(MalformedError):
            getattr(reader, name)(reader.root())


@pytest.mark.parametrize("text", ["", "1", "1.2.", "3.1", "1.40", "0.x", "1.02", "a.b"])
def test_texts_that_are_no_oid(text: str) -> None:
    with pytest.raises(MalformedError):
        asn1.oid_der(text)


def test_retagging_keeps_the_constructed_bit() -> None:
    assert asn1.implicit(0, asn1.sequence(asn1.null())) == b"\xa0\x02\x05\x00"
    assert asn1.implicit(2, asn1.octet_string(b"x")) == b"\x82\x01x"
    assert asn1.explicit(1, asn1.null()) == b"\xa1\x02\x05\x00"
    assert asn1.bit_string(b"x") == b"\x03\x02\x00x"
    assert asn1.printable("JP") == b"\x13\x02JP"
    assert asn1.ia5("a@b") == b"\x16\x03a@b"
