"""Signature dictionaries as they stand in the file's octets (ISO 32000-2 7.2, 7.3 and 12.8.1).

A small tokenizer that keeps positions: which octets are ``/Contents`` decides what a signature covers, so that nobody's
idea of the file's structure comes in between. Nothing is decrypted; ``/Contents`` and ``/ByteRange`` never are.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from toyono_trust.core.limits import MAX_DEPTH
from toyono_trust.errors import MalformedError
from toyono_trust.formats.pades.octets import Octets

__all__ = ["ByteRange", "SignatureDictionary", "at_offset", "date_of", "find", "name_of", "text_of"]

ByteRange = tuple[int, int, int, int]

_FIRST_WINDOW = 1 << 15
MAX_DICTIONARY = 16 << 20
"""Octets of one signature dictionary; the largest /Contents of the corpora has 130 KB."""
MAX_HITS = 300
"""Places of one file that are looked at as signature dictionaries; 100 signatures have 100."""
MAX_ENTRIES = 200

_SPACE = rb"[\0\t\n\f\r ]"
_TOKEN = re.compile(
    _SPACE + rb"*(?:%[^\r\n]*" + _SPACE + rb"*)*"
    rb"(<<|>>|<[^>]*>|\(|\[|\]|/[^\0\t\n\f\r ()<>\[\]{}/%]*|[^\0\t\n\f\r ()<>\[\]{}/%]+)"
)
_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
_REFERENCE = re.compile(_SPACE + rb"+\d{1,10}" + _SPACE + rb"+R(?=[\0\t\n\f\r ()<>\[\]{}/%])")
_HEAD = re.compile(rb"(\d{1,10})" + _SPACE + rb"+(\d{1,5})" + _SPACE + rb"+obj(?=[\0\t\n\f\r <%])")
_NUMBERS = re.compile(rb"\[" + _SPACE + rb"*((?:[+-]?\d{1,19}" + _SPACE + rb"*){4})\]")
_INTEGER = re.compile(rb"[+-]?\d+")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class _Short(Exception):
    """The window ends inside a token."""


class SignatureDictionary(NamedTuple):
    """One dictionary with the positions of its values in the file.

    ``start``, ``end``: of ``<<`` and behind ``>>``. ``entries``: start and end of each value by its name with slash.
    ``values``: the octets of each value, ``/Contents`` excluded. ``duplicate``: a name that stands twice, or None.
    """

    object: tuple[int, int]
    offset: int
    start: int
    end: int
    entries: Mapping[str, tuple[int, int]]
    values: Mapping[str, bytes]
    contents: bytes | None
    duplicate: str | None

    @property
    def byte_range(self) -> ByteRange | None:
        """The four numbers of ``/ByteRange``, whatever they are; None where there are no four numbers."""
        found = _NUMBERS.fullmatch(self.values.get("/ByteRange", b""))
        if found is None:
            return None
        numbers = [int(number) for number in _INTEGER.findall(found[1])]
        return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None

    def name(self, key: str) -> str:
        """A value that is a name, without its slash; "" where it is none."""
        return name_of(self.values.get(key, b""))


def find(octets: Octets) -> Iterator[SignatureDictionary]:
    """Every dictionary with a ``/ByteRange`` that stands as an object of its own, in order of its place in the file."""
    behind = 0
    for hit, at in enumerate(octets.find_all(b"/ByteRange")):
        if hit >= MAX_HITS:
            raise MalformedError("limits.count", f"more than {MAX_HITS} signature dictionaries in one file")
        if at < behind:
            continue
        head = octets.find_before(b"obj", at)
        while head >= 3 and octets.read(head - 3, head) == b"end":
            head = octets.find_before(b"obj", head)
        if head < 0:
            continue
        before = octets.read(max(0, head - 24), head + 4)
        found = list(_HEAD.finditer(before))
        if not found or found[-1].end() != len(before) - 1:
            continue
        try:
            dictionary = at_offset(octets, max(0, head - 24) + found[-1].start())
        except MalformedError:
            continue
        if dictionary.start < at < dictionary.end and "/ByteRange" in dictionary.entries:
            behind = dictionary.end
            yield dictionary


def at_offset(octets: Octets, offset: int) -> SignatureDictionary:
    """The dictionary of the object that begins at ``offset`` (``12 0 obj <<``). Raises ``MalformedError``."""
    size = _FIRST_WINDOW
    while True:
        window = octets.read(offset, offset + size)
        whole = offset + len(window) >= octets.size
        try:
            return _object(window, offset)
        except _Short:
            if whole or size >= MAX_DICTIONARY:
                raise _malformed("an object has no end", offset) from None
            size *= 8


def _malformed(message: str, offset: int) -> MalformedError:
    return MalformedError("pdf.dictionary-malformed", message, "ask the sender for the unchanged file", offset=offset)


def _object(window: bytes, offset: int) -> SignatureDictionary:
    space = len(window) - len(window.lstrip(b"\0\t\n\f\r "))
    head = _HEAD.match(window, space)
    if head is None:
        raise _malformed("there is no object where one should be", offset)
    if space:
        return _object(window[space:], offset + space)
    token, start, position = _token(window, head.end(), offset)
    if token != b"<<":
        raise _malformed("this object is no dictionary", offset)
    entries: dict[str, tuple[int, int]] = {}
    values: dict[str, bytes] = {}
    contents = duplicate = None
    while True:
        token, at, position = _token(window, position, offset)
        if token == b">>":
            break
        if token[:1] != b"/" or len(entries) >= MAX_ENTRIES:
            raise _malformed("a dictionary has a key that is no name", offset + at)
        key = "/" + name_of(token)
        begin, position = _value(window, position, offset)
        if key in entries:
            duplicate = key
            continue
        entries[key] = (offset + begin, offset + position)
        if key == "/Contents":
            contents = window[begin:position]
        else:
            values[key] = window[begin:position]
    return SignatureDictionary(
        (int(head[1]), int(head[2])), offset, offset + start, offset + position, entries, values, contents, duplicate
    )


def _token(window: bytes, position: int, offset: int) -> tuple[bytes, int, int]:
    """The next token with its start and end. What touches the window's end may go on behind it."""
    found = _TOKEN.match(window, position)
    if found is None:
        if window.find(b">", position) < 0 or not window[position:].strip(b"\0\t\n\f\r "):
            raise _Short
        raise _malformed("this is no PDF syntax", offset + position)
    if found.end() == len(window):
        raise _Short
    return found[1], found.start(1), found.end()


def _value(window: bytes, position: int, offset: int) -> tuple[int, int]:
    """Start and end of the value that follows."""
    token, begin, position = _token(window, position, offset)
    closing: list[bytes] = []
    while True:
        if token == b"(":
            position = _text_end(window, position)
        elif token == b"<<":
            closing.append(b">>")
        elif token == b"[":
            closing.append(b"]")
        elif token in (b">>", b"]"):
            if not closing or closing.pop() != token:
                raise _malformed("brackets do not match", offset + position)
        elif token.isdigit() and not closing:
            more = _REFERENCE.match(window, position)
            if more is not None:
                position = more.end()
        if len(closing) > MAX_DEPTH:
            raise MalformedError("pdf.dictionary-malformed", f"values nest deeper than {MAX_DEPTH}", offset=offset)
        if not closing:
            return begin, position
        token, _, position = _token(window, position, offset)


def _text_end(window: bytes, position: int) -> int:
    """Behind the closing parenthesis of a literal string (7.3.4.2)."""
    depth = 1
    for found in _IN_TEXT.finditer(window, position):
        mark = found[0]
        depth += (mark == b"(") - (mark == b")")
        if depth == 0:
            return found.end()
    raise _Short


# -- values


def name_of(raw: bytes) -> str:
    """The text of a name object without its slash, escapes resolved (7.3.5); "" where it is no name."""
    if raw[:1] != b"/":
        return ""
    if b"#" in raw:
        raw = _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), raw)
    return raw[1:].decode("utf-8", "replace")


def octets_of(raw: bytes) -> bytes | None:
    """The octets of a string object (7.3.4); None where it is none."""
    if raw[:1] == b"<" and raw[1:2] != b"<":
        digits = b"".join(raw[1:-1].split())
        try:
            return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
        except binascii.Error:
            return None
    if raw[:1] != b"(":
        return None
    if b"\\" not in raw:
        return raw[1:-1]
    return re.sub(rb"\\([0-7]{1,3}|\r\n|.)", _unescaped, raw[1:-1], flags=re.DOTALL)


_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found[1]
    return bytes((int(mark, 8) & 0xFF,)) if mark[0] in b"01234567" else _CONTROL.get(mark, mark)


def text_of(raw: bytes) -> str | None:
    """The text of a text string (7.9.2.2): UTF-16BE or UTF-8 with their marks, otherwise PDFDocEncoding."""
    data = octets_of(raw)
    if data is None:
        return None
    if data.startswith(b"\xfe\xff"):
        return data[2:].decode("utf-16-be", "replace")
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    return data.decode("latin-1")


_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)(?:'?(\d\d)?'?)?)?.{0,6}")


def date_of(text: str | None) -> datetime | None:
    """The time of a date string (7.9.4); None where it is none, or names no zone and so no instant."""
    found = _DATE.fullmatch(text or "")
    if found is None or not (found[7] or found[8]):
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    hour, minute, second = (int(found[index] or 0) for index in (4, 5, 6))
    try:
        shift = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
        zone = timezone(-shift if found[8] == "-" else shift)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
