"""Names and octets of tiles and entry bundles (C2SP tlog-tiles, "Merkle Tree" and "Log entries").

A tile has up to 256 neighbouring hashes of one level: of leaves on level 0, of full tiles of the level below on the
others. A bundle has the entries under a tile of level 0. The last tile of a level is partial, and its width follows
from the size of the tree alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toyono_trust.core.merkle import HASH_SIZE, root
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["CHECKPOINT", "ENTRIES", "WIDTH", "Tile", "bundle", "hash_of", "split_bundle", "split_tile", "tile_over"]

CHECKPOINT = "checkpoint"
"""Name of the signed note."""
WIDTH = 256
"""Hashes of a full tile."""
BITS = 8
ENTRIES = -1
"""The "level" of entry bundles."""
MAX_LEVEL = 7
"""The highest level: a size is below 2^63 (``checkpoint.MAX_SIZE``)."""
MAX_ENTRY = 0xFFFF
"""Octets of an entry in a bundle; ours have 32."""
MAX_BUNDLE = WIDTH * (2 + MAX_ENTRY)


class Tile(NamedTuple):
    """One file: level (``ENTRIES`` for a bundle), number within the level, and width. Make it with ``of``."""

    level: int
    number: int
    width: int = WIDTH

    @classmethod
    def of(cls, level: int, number: int, size: int) -> Tile:
        """The tile as a tree of ``size`` leaves has it. Raises ``MisuseError`` "merkle.range" where it has none."""
        if ENTRIES <= level <= MAX_LEVEL and number >= 0:
            width = min(WIDTH, (size >> BITS * max(level, 0)) - number * WIDTH)
            if width > 0:
                return cls(level, number, width)
        raise MisuseError("merkle.range", f"a tree of {size} leaves has no tile {number} of level {level}")

    @property
    def name(self) -> str:
        """Its path below the folder or URL of the log, such as "tile/0/x001/234.p/5"."""
        digits = f"{self.number:0{-(-len(str(self.number)) // 3) * 3}}"
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{path}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def full(self) -> Tile:
        """What it becomes when the log has grown."""
        return self._replace(width=WIDTH)

    @property
    def limit(self) -> int:
        """Octets that the file may have at most."""
        return MAX_BUNDLE * self.width // WIDTH if self.level == ENTRIES else HASH_SIZE * self.width


def partial_tiles(size: int) -> Iterator[Tile]:
    """The partial tiles of hashes of a tree of this size, the lowest level first."""
    for level in range(MAX_LEVEL + 1):
        count = size >> BITS * level
        if count & (WIDTH - 1):
            yield Tile(level, count >> BITS, count & (WIDTH - 1))


def tile_over(start: int, end: int, size: int) -> Tile:
    """The tile that has the hashes of a complete subtree over these leaves, in a tree of ``size``."""
    level = ((end - start).bit_length() - 1) // BITS
    return Tile.of(level, start >> BITS * (level + 1), size)


def hash_of(start: int, end: int, hashes: Sequence[bytes]) -> bytes:
    """The hash of a complete subtree, out of the hashes of ``tile_over``."""
    level = ((end - start).bit_length() - 1) // BITS
    first = (start >> BITS * level) & (WIDTH - 1)
    return root(hashes[first : first + ((end - start) >> BITS * level)])


def split_tile(octets: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of this width. Raises ``MalformedError`` "tiles.size"."""
    if len(octets) != width * HASH_SIZE:
        raise _wrong_size(f"{len(octets)} octets are not {width} hashes")
    return [octets[at : at + HASH_SIZE] for at in range(0, len(octets), HASH_SIZE)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """The octets of an entry bundle: each entry after its length in 16 bits, big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def split_bundle(octets: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width. Raises ``MalformedError`` "tiles.size"."""
    entries, at = [], 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        if at + 2 > len(octets) or end > len(octets):
            break
        entries.append(octets[at + 2 : end])
        at = end
    if len(entries) != width or at != len(octets):
        raise _wrong_size(f"a bundle is not of {width} entries")
    return entries


def _wrong_size(reason: str) -> MalformedError:
    return MalformedError("tiles.size", f"a file of the log has not the size that its place demands: {reason}")
