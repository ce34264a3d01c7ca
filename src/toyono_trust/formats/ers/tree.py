"""Hash trees of RFC 4998 4.2, 4.3: made over many leaves, reduced to what one leaf needs, folded to the root again.

A node is the digest of its children in ascending order of their octets, concatenated. These trees have no domain
separation, as the standard has none: whoever builds on a leaf must know by its content that it is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from toyono_trust.core.algorithms import digest, digest_size
from toyono_trust.errors import MisuseError

__all__ = ["MAX_LEAVES", "HashTree", "Reduced", "fold", "joined"]

Reduced = tuple[tuple[bytes, ...], ...]
"""A reduced hash tree: the lists of hash values (``PartialHashtree``) in the order in which they are folded."""

MAX_LEAVES = 1 << 20
"""Leaves of a tree that is made here; it takes 64 MB and a second."""


class HashTree:
    """A binary hash tree over digests of data objects, in the order given (RFC 4998 4.2).

    ``leaves``: digests under ``algorithm`` (a digest name of ``core.algorithms``); equal ones are kept. A last node
    without a neighbour moves up as it is. Raises ``MisuseError`` (``ers.leaves``) for no leaves, more than
    ``MAX_LEAVES``, or one of another size than the digest's.
    """

    __slots__ = ("_levels", "_size", "algorithm", "count")

    def __init__(self, leaves: Sequence[bytes], algorithm: str = "sha256") -> None:
        size = digest_size(algorithm)
        if size is None or not 0 < len(leaves) <= MAX_LEAVES or any(len(leaf) != size for leaf in leaves):
            raise MisuseError(
                "ers.leaves",
                f"a hash tree has 1 to {MAX_LEAVES} leaves, each a digest under a known algorithm ({algorithm})",
                "hash each data object first",
            )
        self.algorithm = algorithm
        self.count = len(leaves)
        self._size = size
        self._levels = [b"".join(leaves)]
        while len(self._levels[-1]) > size:
            self._levels.append(self._above(self._levels[-1]))

    @property
    def root(self) -> bytes:
        """The digest that one time stamp over all leaves is asked for."""
        return self._levels[-1]

    def reduced(self, index: int) -> Reduced:
        """The reduced hash tree of the leaf at ``index``; its first list begins with the leaf itself.

        One leaf alone is its own root and gives one list with nothing else. Raises ``MisuseError`` (``ers.index``).
        """
        if not 0 <= index < self.count:
            raise MisuseError("ers.index", f"the tree has {self.count} leaves and none at {index}")
        lists = [[self._node(self._levels[0], index)]]
        for level in self._levels[:-1]:
            neighbour = self._node(level, index ^ 1)
            if neighbour and len(lists[0]) == 1:
                lists[0].append(neighbour)
            elif neighbour:
                lists.append([neighbour])
            index >>= 1
        return tuple([tuple(each) for each in lists])

    def _above(self, level: bytes) -> bytes:
        size, algorithm = self._size, self.algorithm
        found = []
        end = len(level) - len(level) % (2 * size)
        for at in range(0, end, 2 * size):
            first, second = level[at : at + size], level[at + size : at + 2 * size]
            found.append(digest(algorithm, first + second if first < second else second + first))
        found.append(level[end:])
        return b"".join(found)

    def _node(self, level: bytes, index: int) -> bytes:
        """A node of a level, ``b""`` where the level ends before it."""
        return level[index * self._size : (index + 1) * self._size]


def joined(hashes: Sequence[bytes]) -> bytes:
    """Hash values in ascending order of their octets, concatenated (RFC 4998 4.3, step 3)."""
    return b"".join(sorted(hashes))


def fold(reduced: Sequence[Sequence[bytes]], algorithm: str) -> bytes:
    """The root that a reduced hash tree leads to (RFC 4998 4.3).

    A first list with one hash value stands for itself and is not hashed again, as a group of one data object is not
    (4.2). The value of each list counts among the next one's. Raises ``MisuseError`` (``ers.leaves``) where there is
    no list or an empty one, ``MalformedError`` for an unknown algorithm.
    """
    if not reduced or not all(reduced):
        raise MisuseError("ers.leaves", "a reduced hash tree has at least one list, and each list a hash value")
    first = reduced[0]
    value = first[0] if len(first) == 1 else digest(algorithm, joined(first))
    for hashes in reduced[1:]:
        value = digest(algorithm, joined((*hashes, value)))
    return value
