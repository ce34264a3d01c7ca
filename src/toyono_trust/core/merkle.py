"""Merkle trees after RFC 9162 2.1 over SHA-256: root, right edge, proofs of inclusion and of consistency.

A tree over n leaves is kept as n rows. Row i holds, beside its leaf, the hash of the largest complete subtree that ends
with leaf i (the leaf's own hash where i is even): a new leaf adds one row and changes none, and every hash that a proof
needs is a row, or made of few of them. ``Edge.extend`` makes these hashes, the ``prove_`` functions read them.

All hashes are 32 octets. Leaves are given as leaf hashes, made by ``leaf_hash``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from toyono_trust.errors import MisuseError

__all__ = [
    "EMPTY_ROOT",
    "Edge",
    "Row",
    "check_consistency",
    "check_inclusion",
    "complete_ranges",
    "consistency_ranges",
    "edge_rows",
    "inclusion_ranges",
    "join",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "prove_consistency",
    "prove_inclusion",
    "root",
]

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 9162 2.1.1)."""

_CHUNK = 1 << 10
"""Leaves hashed level by level at once: enough to keep the loops inside list comprehensions, little memory."""


class Row(NamedTuple):
    """What a store keeps of one leaf: its hash, and the hash of the largest complete subtree that it completes."""

    leaf: bytes
    node: bytes


Read = Callable[[Sequence[int]], Mapping[int, Row]]
"""Reads the rows at these indexes. What it returns is only hashed: a proof made of false rows proves nothing."""

Range = tuple[int, int]
"""Leaves from the first to below the second."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 9162 2.1.1): the prefix 0x00 keeps leaves and nodes apart."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """``leaf_hash`` of each, without a call for each."""
    return [sha256(b"\x00" + data).digest() for data in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def join(hashes: Sequence[bytes]) -> bytes:
    """The node over neighbouring complete subtrees, at least one, each at most as large as the one before it."""
    joined = hashes[-1]
    for left in hashes[-2::-1]:
        joined = sha256(b"\x01" + left + joined).digest()
    return joined


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree (RFC 9162 2.1.1) over leaf hashes, in constant memory beside the leaves themselves."""
    edge = Edge()
    pending = iter(leaves)
    while chunk := list(islice(pending, _CHUNK)):
        edge.extend(chunk)
    return edge.root()


class Edge:
    """The right edge of a growing tree: the roots of its complete subtrees, from which the next ones are made.

    Attributes:
        size: number of leaves.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(hashes):
            raise MisuseError("merkle.edge", f"a tree of {size} leaves has no edge of {len(hashes)} hashes")
        self.size = size
        given = iter(reversed(hashes))
        self._peaks = [next(given) if size >> level & 1 else b"" for level in range(size.bit_length())]

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, the largest first; as many as the size has binary ones."""
        return tuple(peak for peak in reversed(self._peaks) if peak)

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        peaks = [peak for peak in self._peaks if peak]
        return join(peaks[::-1]) if peaks else EMPTY_ROOT

    def extend(self, leaves: Sequence[bytes]) -> list[bytes]:
        """Append leaf hashes; the result is the ``Row.node`` of each.

        One level after the other, each in one comprehension: the time is that of the hashing.
        """
        size, level = self.size, 0
        completed = list(leaves)
        nodes = completed
        while nodes:
            if level == len(self._peaks):
                self._peaks.append(b"")
            if level:  # what a leaf completes on this level is larger than what it completes below
                completed[(((size >> level) + 1) << level) - 1 - size :: 1 << level] = nodes
            pending = self._peaks[level]
            if pending:
                nodes = [pending, *nodes]
            self._peaks[level] = nodes[-1] if len(nodes) & 1 else b""
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            level += 1
        self.size = size + len(leaves)
        return completed

    def copy(self) -> Edge:
        """An edge that grows on its own."""
        return Edge(self.size, self.hashes)


def edge_rows(size: int) -> list[int]:
    """Indexes of the rows whose nodes are ``Edge.hashes`` of a tree of this size, the largest subtree first."""
    ends, end = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            end += 1 << level
            ends.append(end - 1)
    return ends


# Proofs --------------------------------------------------------------------------------------------------------------


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of the first ``size`` leaves (RFC 9162 2.1.3.1)."""
    return _hashes(inclusion_ranges(index, size), read)


def prove_consistency(first: int, second: int, read: Read) -> list[bytes]:
    """The proof that the tree of ``first`` leaves is the beginning of that of ``second`` (RFC 9162 2.1.4.1).

    It is empty where ``first`` is 0 (every tree begins with no leaves) or equal to ``second``.
    """
    return _hashes(consistency_ranges(first, second), read)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The leaves under each hash of ``prove_inclusion``, in its order."""
    if not 0 <= index < size:
        raise MisuseError("merkle.range", f"there is no leaf {index} among {size}")
    start, end = 0, size
    ranges: list[Range] = []
    while end - start > 1:
        split = _split(start, end)
        if index < split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The leaves under each hash of ``prove_consistency``, in its order."""
    if not 0 <= first <= second:
        raise MisuseError("merkle.range", f"a tree of {first} leaves is no beginning of one of {second}")
    start, end = 0, second
    ranges: list[Range] = []
    while first and first != end:
        split = _split(start, end)
        if first <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    if start:  # else the last subtree is the first tree itself, whose root the verifier has
        ranges.append((start, end))
    return ranges[::-1]


def complete_ranges(start: int, end: int) -> list[Range]:
    """The complete subtrees that a range of leaves consists of, the largest first."""
    found = []
    while start < end:
        size = 1 << ((end - start).bit_length() - 1)
        found.append((start, start + size))
        start += size
    return found


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` proves the leaf hash at ``index`` in the tree of this size and root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    inner = (index ^ (size - 1)).bit_length()  # below it the way up is that of a complete tree, above along its edge
    if len(path) != inner + (index >> inner).bit_count() or not _sound(path):
        return False
    for sibling in path[:inner]:
        leaf = sha256(b"\x01" + (sibling + leaf if index & 1 else leaf + sibling)).digest()
        index >>= 1
    for sibling in path[inner:]:
        leaf = sha256(b"\x01" + sibling + leaf).digest()
    return leaf == root


def check_consistency(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether ``path`` proves that the first tree is the beginning of the second (RFC 9162 2.1.4.2)."""
    if first == second or first == 0:
        return not path and 0 <= first <= second and first_root == (EMPTY_ROOT if first == 0 else second_root)
    if not 0 < first < second or not path or not _sound(path):
        return False
    hashes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    old, new = first - 1, second - 1
    while old & 1:
        old, new = old >> 1, new >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if new == 0:
            return False
        if old & 1 or old == new:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while old and not old & 1:
                old, new = old >> 1, new >> 1
        else:
            newer = node_hash(newer, sibling)
        old, new = old >> 1, new >> 1
    return new == 0 and older == first_root and newer == second_root


def _sound(path: Sequence[bytes]) -> bool:
    return len(path) <= 64 and set(map(len, path)) <= {HASH_SIZE}


def _split(start: int, end: int) -> int:
    """Where RFC 9162 2.1.1 divides the leaves: the largest power of two below their number."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _hashes(ranges: Sequence[Range], read: Read) -> list[bytes]:
    """Hashes of the subtrees over these ranges of leaves, out of rows read all at once."""
    plans = [[_sources(*subtree) for subtree in complete_ranges(*each)] for each in ranges]
    wanted = {index for plan in plans for subtree in plan for index, _ in subtree}
    rows = read(sorted(wanted)) if wanted else {}
    return [join([join([rows[index][column] for index, column in subtree]) for subtree in plan]) for plan in plans]


def _sources(start: int, end: int) -> list[tuple[int, int]]:
    """Rows, and which member of each, that give the hash of a complete subtree when they are joined.

    A left child is in the row of its last leaf. A right child is in no row, for its last leaf completes more than it:
    it is made of the left children in it, ever smaller, and of its last leaf.
    """
    size, last = end - start, end - 1
    if size == 1:
        return [(last, _LEAF)]
    if not start & size:
        return [(last, _NODE)]
    return [(last - (size >> step), _NODE) for step in range(1, size.bit_length())] + [(last, _LEAF)]


_LEAF, _NODE = 0, 1
