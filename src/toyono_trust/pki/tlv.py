"""Stand-in for ``core.asn1`` (ITU-T X.690) until that module is there: same names, definite lengths only."""

from __future__ import annotations

from datetime import UTC, datetime

from toyono_trust.errors import MalformedError

Node = tuple[int, int, int, int, int]


def _bad(offset: int, message: str) -> MalformedError:
    return MalformedError("asn1.malformed", message, offset=offset)


class Reader:
    """A strict reader of DER."""

    __slots__ = ("data", "used")

    def __init__(self, data: bytes, *, lenient: bool = False) -> None:
        self.data = data
        self.used: set[str] = set()

    def _node(self, at: int, limit: int) -> Node:
        data = self.data
        if at + 2 > limit:
            raise _bad(at, "truncated")
        tag, length, body = data[at], data[at + 1], at + 2
        if tag & 31 == 31:
            raise _bad(at, "tag above 30")
        if length > 127:
            size = length & 127
            if not 1 <= size <= 4 or body + size > limit:
                raise _bad(at, "length")
            length = int.from_bytes(data[body : body + size], "big")
            body += size
        if body + length > limit:
            raise _bad(at, "longer than its container")
        return tag, at, body, body + length, body + length

    def root(self) -> Node:
        """The one outer TLV."""
        node = self._node(0, len(self.data))
        if node[4] != len(self.data):
            raise _bad(node[4], "trailing octets")
        return node

    def children(self, node: Node) -> list[Node]:
        """The TLVs inside a constructed one."""
        if not node[0] & 0x20:
            raise _bad(node[1], "not constructed")
        at, found = node[2], []
        while at < node[3]:
            child = self._node(at, node[3])
            found.append(child)
            at = child[4]
        return found

    def tlv(self, node: Node) -> bytes:
        """Whole TLV."""
        return self.data[node[1] : node[4]]

    def value(self, node: Node) -> bytes:
        """Contents."""
        return self.data[node[2] : node[3]]

    def expect(self, node: Node, tag: int) -> Node:
        """The node, if it has that tag."""
        if node[0] != tag:
            raise _bad(node[1], f"tag {node[0]:#x} where {tag:#x} belongs")
        return node

    def oid(self, node: Node) -> str:
        """Dotted OBJECT IDENTIFIER."""
        value = self.value(self.expect(node, 6))
        if not value or value[-1] & 128:
            raise _bad(node[1], "OBJECT IDENTIFIER")
        arcs, arc = [], 0
        for octet in value:
            arc = arc << 7 | octet & 127
            if not octet & 128:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def integer(self, node: Node) -> int:
        """INTEGER."""
        value = self.value(self.expect(node, 2))
        if not value:
            raise _bad(node[1], "INTEGER")
        return int.from_bytes(value, "big", signed=True)

    def octets(self, node: Node) -> bytes:
        """OCTET STRING."""
        return self.value(self.expect(node, 4))

    def bits(self, node: Node) -> bytes:
        """BIT STRING without unused bits."""
        value = self.value(self.expect(node, 3))
        if not value or value[0]:
            raise _bad(node[1], "BIT STRING")
        return value[1:]

    def boolean(self, node: Node) -> bool:
        """BOOLEAN."""
        value = self.value(self.expect(node, 1))
        if value not in (b"\0", b"\xff"):
            raise _bad(node[1], "BOOLEAN")
        return value == b"\xff"

    def time(self, node: Node) -> datetime:
        """UTCTime or GeneralizedTime."""
        value = self.value(node)
        try:
            text = value.decode("ascii")
            if node[0] == 0x17 and len(text) == 13:
                text = ("19" if text[:2] >= "50" else "20") + text
            elif node[0] != 0x18 or len(text) != 15:
                raise ValueError
            return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise _bad(node[1], "time") from None

    def text(self, node: Node) -> str:
        """A character string."""
        encodings = {12: "utf-8", 20: "latin-1", 28: "utf-32-be", 30: "utf-16-be"}
        encodings |= dict.fromkeys((18, 19, 22, 26), "ascii")
        try:
            return self.value(node).decode(encodings[node[0]])
        except (KeyError, UnicodeDecodeError):
            raise _bad(node[1], "character string") from None
