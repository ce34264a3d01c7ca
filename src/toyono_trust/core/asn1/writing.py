"""The DER writer (ITU-T X.690 10, 11): every function returns one TLV."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from re import ASCII
from re import compile as pattern

from toyono_trust.core.asn1.reading import CONSTRUCTED, malformed


def der(tag: int, *parts: bytes) -> bytes:
    """A TLV with the shortest length."""
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    size = len(body)
    return (bytes((tag, size)) if size < 0x80 else header_der(tag, size)) + body


def header_der(tag: int, size: int) -> bytes:
    """Tag and length octets of a TLV whose contents have ``size`` octets."""
    if size < 0x80:
        return bytes((tag, size))
    count = (size.bit_length() + 7) >> 3
    return bytes((tag, 0x80 | count)) + size.to_bytes(count, "big")


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of TLVs."""
    return der(0x30, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """SET OF, its members sorted (X.690 11.6)."""
    return der(0x31, *sorted(parts))


def integer_der(number: int) -> bytes:
    """INTEGER in its shortest form."""
    size = (number + (number < 0)).bit_length() // 8 + 1
    return der(0x02, number.to_bytes(size, "big", signed=True))


@lru_cache(512)
def oid_der(text: str) -> bytes:
    """OBJECT IDENTIFIER of a dotted text. Raises ``MalformedError`` for a text that is none."""
    if not _OID.fullmatch(text):
        raise malformed("asn1.value", f"{text[:80]!r} is no object identifier")
    first, second, *rest = map(int, text.split("."))
    if first > 2 or (first < 2 and second > 39):
        raise malformed("asn1.value", f"{text[:80]!r} is no object identifier")
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return der(0x06, bytes(body))


_OID = pattern(r"(?:0|[1-9]\d{0,38})(?:\.(?:0|[1-9]\d{0,38})){1,40}", ASCII)


def octet_string(octets: bytes) -> bytes:
    """OCTET STRING."""
    return der(0x04, octets)


def bit_string(octets: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return der(0x03, b"\x00", octets)


def flags_der(bits: Iterable[int]) -> bytes:
    """BIT STRING with named bits, trailing zero bits removed (X.690 11.2.2)."""
    wanted = set(bits)
    if not wanted:
        return der(0x03, b"\x00")
    octets = bytearray(max(wanted) // 8 + 1)
    for bit in wanted:
        octets[bit // 8] |= 0x80 >> bit % 8
    return der(0x03, bytes((7 - max(wanted) % 8,)), bytes(octets))


def null() -> bytes:
    """NULL."""
    return b"\x05\x00"


def boolean_der(value: bool) -> bytes:
    """BOOLEAN."""
    return b"\x01\x01\xff" if value else b"\x01\x01\x00"


def utf8(text: str) -> bytes:
    """UTF8String."""
    return der(0x0C, text.encode())


def printable(text: str) -> bytes:
    """PrintableString; the caller answers for its characters."""
    return der(0x13, text.encode("ascii"))


def ia5(text: str) -> bytes:
    """IA5String; raises ``UnicodeEncodeError`` beyond ASCII."""
    return der(0x16, text.encode("ascii"))


def utc_or_generalized(moment: datetime) -> bytes:
    """Time of RFC 5652 11.3: UTCTime for 1950–2049, GeneralizedTime otherwise; whole seconds, UTC."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        text = moment.isoformat()  # sliced: strftime takes three times as long
        digits = f"{text[2:4]}{text[5:7]}{text[8:10]}{text[11:13]}{text[14:16]}{text[17:19]}Z"
        return b"\x17\x0d" + digits.encode()
    return generalized(moment)


def generalized(moment: datetime, digits: int = 0) -> bytes:
    """GeneralizedTime in UTC with at most ``digits`` (0–6) of the second's fraction, trailing zeros removed."""
    moment = moment.astimezone(UTC)
    whole = f"{moment.year:04}" + moment.strftime("%m%d%H%M%S")
    fraction = f"{moment.microsecond:06}"[:digits].rstrip("0")
    return der(0x18, f"{whole}.{fraction}Z".encode() if fraction else f"{whole}Z".encode())


def explicit(number: int, part: bytes) -> bytes:
    """A TLV inside the context tag [number]."""
    return der(0xA0 | number, part)


def implicit(number: int, tlv: bytes) -> bytes:
    """A TLV with its tag replaced by the context tag [number]."""
    return bytes((0x80 | number | tlv[0] & CONSTRUCTED,)) + tlv[1:]
