"""One strict, lazy TLV reader that keeps byte spans (ITU-T X.690).

The reader accepts DER alone. With ``lenient=True`` it also accepts the departures named in ``LENIENCIES`` and notes
each that it met in ``Reader.used``; the caller makes findings of them. Nothing recurses: a node's members are read when
asked for, so nesting costs nothing, and the number of nodes is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from re import ASCII
from re import compile as pattern
from typing import NamedTuple

from toyono_trust.core.limits import MAX_DEPTH, MAX_NODES
from toyono_trust.errors import MalformedError

Node = tuple[int, int, int, int, int]
"""(tag octet, start, body, stop, end): the TLV is ``data[start:end]``, its contents ``data[body:stop]``."""

MAX_INTEGER = 1024
"""Octets of an INTEGER: RFC 5280 allows 20 for a serial number; Python prints at most 4,300 digits."""
MAX_OID = 128
"""Octets of an OBJECT IDENTIFIER; the longest of the corpora has 19."""
CONSTRUCTED = 0x20


def malformed(code: str, message: str, offset: int | None = None) -> MalformedError:
    """The error of this code, with the offset at which reading stopped."""
    at = "" if offset is None else f" at octet {offset}"
    return MalformedError(code, f"{message}{at}", "ask the sender for the unchanged file", offset=offset)


class Leniency(NamedTuple):
    """Codes of a departure from DER: of the error where the reader is strict, of the finding where it is lenient."""

    code: str
    finding: str


LENIENCIES = {
    "ber-indefinite-length": Leniency("asn1.ber-indefinite-length", "cms.leniency.ber-indefinite-length"),
    "ber-non-minimal-length": Leniency("asn1.ber-non-minimal-length", "cms.leniency.ber-non-minimal-length"),
    "ber-constructed-string": Leniency("asn1.ber-constructed-string", "cms.leniency.ber-constructed-string"),
    "ber-boolean": Leniency("asn1.ber-boolean", "cms.leniency.ber-boolean"),
    "ber-integer": Leniency("asn1.ber-integer", "cms.leniency.ber-integer"),
    "ber-time": Leniency("asn1.ber-time", "cms.leniency.ber-time"),
    "set-unsorted": Leniency("asn1.set-unsorted", "cms.leniency.set-unsorted"),
    "set-empty": Leniency("asn1.set-empty", "cms.leniency.set-empty"),
    "default-encoded": Leniency("asn1.default-encoded", "cms.leniency.default-encoded"),
    "trailing-octets": Leniency("asn1.trailing-octets", "cms.leniency.trailing-octets"),
}
"""The named leniencies."""


class Reader:
    """Reads one buffer. ``used`` holds the names of the leniencies that were needed so far."""

    __slots__ = ("data", "left", "lenient", "used")

    def __init__(self, data: bytes, *, lenient: bool = False, nodes: int = MAX_NODES) -> None:
        self.data = data
        self.lenient = lenient
        self.used: set[str] = set()
        self.left = nodes

    # -- structure

    def root(self) -> Node:
        """The one TLV that the buffer holds. Octets behind it are an error, or the leniency ``trailing-octets``."""
        node = self.at(0, len(self.data))
        if node[4] != len(self.data):
            self.allow("trailing-octets", node[4])
        return node

    def at(self, start: int, limit: int) -> Node:
        """The TLV that begins at ``start`` and must end at or before ``limit``."""
        data = self.data
        if start + 2 > limit:
            raise malformed("asn1.truncated", "a type and length are cut off", start)
        tag, length = data[start], data[start + 1]
        if tag & 0x1F == 0x1F:
            raise malformed("asn1.tag", "a tag number above 30 is not used by these formats", start)
        if length < 0x80:
            body, stop = start + 2, start + 2 + length
            end = stop
        else:
            body, stop, end = self._long(start, limit)
        if end > limit:
            raise malformed("asn1.truncated", "a length reaches beyond its container", start)
        return (tag, start, body, stop, end)

    def children(self, node: Node) -> list[Node]:
        """The members of a constructed node, in order of their octets."""
        data = self.data
        tag, at, start, limit, _ = node
        if not tag & 0x20:
            raise malformed("asn1.tag", "a constructed value is expected", at)
        found: list[Node] = []
        for _ in repeat(None, self.left):
            if start >= limit:
                break
            body = start + 2
            if body > limit:
                raise malformed("asn1.truncated", "a type and length are cut off", start)
            tag = data[start]
            length = data[start + 1]
            if length < 0x80:
                stop = end = body + length
            elif length == 0x82 and body + 2 <= limit and data[body]:
                stop = end = body + 2 + (data[body] << 8) + data[body + 1]
                body += 2
            elif length == 0x81 and body < limit and data[body] > 0x7F:
                stop = end = body + 1 + data[body]
                body += 1
            else:
                body, stop, end = self._long(start, limit)
            if tag & 0x1F == 0x1F:
                raise malformed("asn1.tag", "a tag number above 30 is not used by these formats", start)
            if end > limit:
                raise malformed("asn1.truncated", "a length reaches beyond its container", start)
            found.append((tag, start, body, stop, end))
            start = end
        else:
            if start < limit:
                raise malformed("asn1.limit", "there are more values than one file may hold", start)
        self.left -= len(found)
        return found

    def count(self, nodes: int, offset: int) -> None:
        """Count values that need not be looked at again, so that the same input always stops at the same place."""
        self.left -= nodes
        if self.left < 0:
            raise malformed("asn1.limit", "there are more values than one file may hold", offset)

    def only(self, node: Node) -> Node:
        """The one member of a constructed node; any other number of them is an error."""
        if not node[0] & 0x20:
            raise malformed("asn1.tag", "a constructed value is expected", node[1])
        child = self.at(node[2], node[3])
        if child[4] != node[3]:
            raise malformed("asn1.members", "a structure has too few or too many members", node[1])
        return child

    def members(self, node: Node, tag: int, at_least: int, at_most: int) -> list[Node]:
        """The members of a node of type ``tag``; any other number of them is an error."""
        if node[0] != tag:
            raise self._unexpected(node, tag)
        found = self.children(node)
        if not at_least <= len(found) <= at_most:
            raise malformed("asn1.members", "a structure has too few or too many members", node[1])
        return found

    def set_of(self, node: Node) -> list[Node]:
        """The members of a SET OF, checked to be in DER order (X.690 11.6), else the leniency ``set-unsorted``."""
        found = self.children(node)
        if len(found) > 1:
            data = self.data
            last = b""
            for _, start, _, _, end in found:
                tlv = data[start:end]
                if tlv < last:
                    self.allow("set-unsorted", start)
                    break
                last = tlv
        return found

    def expect(self, node: Node, tag: int) -> Node:
        """The node itself if it has this tag octet, else an error."""
        if node[0] != tag:
            raise self._unexpected(node, tag)
        return node

    def allow(self, leniency: str, offset: int) -> None:
        """Note a departure from DER by name, or refuse it where the reader is strict."""
        if not self.lenient:
            raise malformed(LENIENCIES[leniency].code, f"this is not DER ({leniency})", offset)
        self.used.add(leniency)

    def walk(self, node: Node) -> Iterator[tuple[int, Node]]:
        """Depth and node of everything inside, outermost first; refuses what nests deeper than ``MAX_DEPTH``."""
        stack = [(0, node)]
        while stack:
            depth, node = stack.pop()
            yield depth, node
            if node[0] & CONSTRUCTED:
                if depth >= MAX_DEPTH:
                    raise malformed("asn1.depth", f"values nest deeper than {MAX_DEPTH}", node[1])
                stack.extend((depth + 1, child) for child in reversed(self.children(node)))

    def _unexpected(self, node: Node, tag: int) -> MalformedError:
        return malformed("asn1.tag", f"tag 0x{tag:02x} is expected, 0x{node[0]:02x} found", node[1])

    def _long(self, start: int, limit: int) -> tuple[int, int, int]:
        """Body, stop and end of a TLV whose length octet is 0x80 or above."""
        data = self.data
        count = data[start + 1] & 0x7F
        body = start + 2 + count
        if count == 0:
            if not data[start] & CONSTRUCTED:
                raise malformed("asn1.length", "a primitive value has an indefinite length", start)
            self.allow("ber-indefinite-length", start)
            stop = self._end_of_contents(body, limit)
            return body, stop, stop + 2
        if body > limit:
            raise malformed("asn1.truncated", "a length is cut off", start)
        if count > 8:
            raise malformed("asn1.length", "a length has more than eight octets", start)
        length = int.from_bytes(data[start + 2 : body], "big")
        if length < 0x80 or data[start + 2] == 0:
            self.allow("ber-non-minimal-length", start)
        return body, body + length, body + length

    def _end_of_contents(self, at: int, limit: int) -> int:
        """Where the end-of-contents octets of an indefinite length stand, nested ones skipped (X.690 8.1.5)."""
        data = self.data
        depth = 1
        while at + 2 <= limit:
            self.left -= 1
            if self.left < 0:
                raise malformed("asn1.limit", "there are more values than one file may hold", at)
            tag, length = data[at], data[at + 1]
            if tag == 0 and length == 0:
                depth -= 1
                if depth == 0:
                    return at
                at += 2
            elif length == 0x80:
                depth += 1
                if depth > MAX_DEPTH:
                    raise malformed("asn1.depth", f"values nest deeper than {MAX_DEPTH}", at)
                at += 2
            elif length < 0x80:
                at += 2 + length
            else:
                count = length & 0x7F
                if count > 8:
                    raise malformed("asn1.length", "a length has more than eight octets", at)
                at += 2 + count + int.from_bytes(data[at + 2 : at + 2 + count], "big")
        raise malformed("asn1.truncated", "the end of an indefinite length is missing", at)

    # -- values

    def tlv(self, node: Node) -> bytes:
        """All octets of a node."""
        return self.data[node[1] : node[4]]

    def value(self, node: Node) -> bytes:
        """The contents octets of a node."""
        return self.data[node[2] : node[3]]

    def oid(self, node: Node) -> str:
        """Dotted text of an OBJECT IDENTIFIER."""
        if node[0] != 0x06:
            raise self._unexpected(node, 0x06)
        return oid_text(self.data[node[2] : node[3]])

    def integer(self, node: Node, tag: int = 0x02) -> int:
        """An INTEGER of at most ``MAX_INTEGER`` octets; ``tag``: 0x0A for an ENUMERATED."""
        if node[0] != tag:
            raise self._unexpected(node, tag)
        value = self.data[node[2] : node[3]]
        if not value or len(value) > MAX_INTEGER:
            raise malformed("asn1.value", "an INTEGER is empty or too long", node[1])
        if len(value) > 1 and (value[0] == 0 or value[0] == 0xFF) and (value[0] ^ value[1]) < 0x80:
            self.allow("ber-integer", node[1])
        return int.from_bytes(value, "big", signed=True)

    def octets(self, node: Node) -> bytes:
        """An OCTET STRING; the parts of a constructed one (BER) are joined."""
        if node[0] == 0x04:
            return self.data[node[2] : node[3]]
        if node[0] != 0x24:
            raise self._unexpected(node, 0x04)
        self.allow("ber-constructed-string", node[1])
        parts = []
        for _, part in self.walk(node):
            if part[0] == 0x04:
                parts.append(self.data[part[2] : part[3]])
            elif part[0] != 0x24:
                raise self._unexpected(part, 0x04)
        return b"".join(parts)

    def bits(self, node: Node) -> bytes:
        """The octets of a BIT STRING without unused bits."""
        value = self.value(self.expect(node, 0x03))
        if not value or value[0]:
            raise malformed("asn1.value", "a BIT STRING of whole octets is expected", node[1])
        return value[1:]

    def flags(self, node: Node) -> frozenset[int]:
        """The numbers of the bits that are set in a BIT STRING with named bits."""
        value = self.value(self.expect(node, 0x03))
        if not value or value[0] > 7 or (len(value) == 1 and value[0]) or len(value) > 17:
            raise malformed("asn1.value", "a BIT STRING of flags is malformed", node[1])
        count = 8 * (len(value) - 1) - value[0]
        return frozenset(bit for bit in range(count) if value[1 + bit // 8] & (0x80 >> bit % 8))

    def boolean(self, node: Node) -> bool:
        """A BOOLEAN."""
        value = self.value(self.expect(node, 0x01))
        if len(value) != 1:
            raise malformed("asn1.value", "a BOOLEAN has one octet", node[1])
        if value not in (b"\x00", b"\xff"):
            self.allow("ber-boolean", node[1])
        return value != b"\x00"

    def null(self, node: Node) -> None:
        """A NULL."""
        if node[0] != 0x05 or node[2] != node[3]:
            raise self._unexpected(node, 0x05)

    def time(self, node: Node) -> datetime:
        """A UTCTime (1950–2049, RFC 5280 4.1.2.5.1) or GeneralizedTime, aware, UTC, whole microseconds."""
        value = self.data[node[2] : node[3]]
        if node[0] == 0x17:
            moment = utc_time(value)
            if moment is not None:
                return moment
        if node[0] != 0x17 and node[0] != 0x18:
            raise self._unexpected(node, 0x18)
        match = _DER_TIME.fullmatch(value) if node[0] == 0x18 else None
        if match is None:
            match = (_BER_TIME if node[0] == 0x18 else _BER_UTC_TIME).fullmatch(value)
            if match is None:
                raise malformed("asn1.value", "a time is malformed", node[1])
            self.allow("ber-time", node[1])
        year = int(match["year"])
        if node[0] == 0x17:
            year += 1900 if year >= 50 else 2000
        moment = _moment(year, match["fields"] + (match["second"] or b"00"), node[1])
        moment = moment.replace(microsecond=int((match["fraction"] or b"").ljust(6, b"0")[:6]))
        offset = match["offset"]
        if not offset:
            return moment
        shift = timedelta(hours=int(offset[:2]), minutes=int(offset[2:]))
        try:
            return moment + shift if match["sign"] == b"-" else moment - shift
        except OverflowError:
            raise malformed("asn1.value", "a time does not exist", node[1]) from None

    def text(self, node: Node) -> str:
        """A character string of any of the types that X.509 and CMS use."""
        encoding = _ENCODINGS.get(node[0])
        if encoding is None:
            raise malformed("asn1.tag", "a character string is expected", node[1])
        try:
            return self.data[node[2] : node[3]].decode(encoding)
        except UnicodeDecodeError:
            raise malformed("asn1.value", "a character string is not in its encoding", node[1]) from None


_LOOSE = rb"(?P<fields>\d{8})(?P<second>\d\d)?(?:[.,](?P<fraction>\d{1,12}))?(?:Z|(?P<sign>[+-])(?P<offset>\d{4}))"
_STRICT = rb"(?P<fields>\d{8})(?P<second>\d\d)(?:\.(?P<fraction>\d{0,11}[1-9]))?(?P<sign>Z)(?P<offset>)"
_DER_TIME = pattern(rb"(?P<year>\d{4})" + _STRICT, ASCII)
_BER_TIME = pattern(rb"(?P<year>\d{4})" + _LOOSE, ASCII)
_BER_UTC_TIME = pattern(rb"(?P<year>\d\d)" + _LOOSE, ASCII)


def utc_time(value: bytes) -> datetime | None:
    """The moment that a DER UTCTime's contents octets YYMMDDhhmmssZ name (1950–2049), None if they are no such."""
    digits = value[:12]
    if len(value) != 13 or value[12] != 0x5A or not digits.isdigit():
        return None
    try:
        return datetime.fromisoformat(f"{19 if value[0] >= 0x35 else 20}{digits[:6].decode()}T{digits[6:].decode()}Z")
    except ValueError:
        return None


def _moment(year: int, digits: bytes, offset: int) -> datetime:
    """Ten digits MMDDhhmmss of a year."""
    try:
        return datetime(
            year, int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6:8]), int(digits[8:]), tzinfo=UTC
        )
    except ValueError:
        raise malformed("asn1.value", "a time does not exist", offset) from None


_ENCODINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


@lru_cache(1024)
def oid_text(body: bytes) -> str:
    """Dotted text of an OBJECT IDENTIFIER's contents octets. Raises ``MalformedError``."""
    if not body or len(body) > MAX_OID or body[-1] & 0x80:
        raise malformed("asn1.value", "an OBJECT IDENTIFIER is empty, too long or cut off")
    arcs: list[int] = []
    arc = 0
    fresh = True
    for octet in body:
        if fresh and octet == 0x80:
            raise malformed("asn1.value", "an OBJECT IDENTIFIER is not in its shortest form")
        arc = arc << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
