"""Proofs and entries out of tiles alone, held against a checkpoint whose signature was checked before.

Which tiles are asked for follows from the checkpoint's size and what is to be proved; a proof needs at most some
hundred, however large the log claims to be. Whatever does not lead to the signed root is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from toyono_trust.core import merkle
from toyono_trust.core.merkle import Range
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.ledger.checkpoint import Checkpoint
from toyono_trust.ledger.tiles.layout import ENTRIES, WIDTH, Tile, hash_of, split_bundle, split_tile, tile_over
from toyono_trust.ledger.tiles.places import Place
from toyono_trust.steps import Steps

__all__ = ["Beginning", "Inclusion", "TileReader"]

BUNDLES = 8
"""Bundles asked for at once: as many as the drivers fetch in parallel."""


class Beginning(NamedTuple):
    """The root of a log's first ``size`` entries, and the proof that a larger, signed tree begins with them."""

    size: int
    root: bytes
    path: tuple[bytes, ...]


class Inclusion(NamedTuple):
    """A leaf hash, and the path from it to the signed root."""

    leaf: bytes
    path: tuple[bytes, ...]


class TileReader:
    """Reads the tiles of the tree that a checkpoint has signed. The checkpoint must have been opened before.

    All methods are ``Steps``. They raise ``UnavailableError`` "tiles.missing" where a file is not there,
    ``MalformedError`` "tiles.size" and "tiles.wrong", and what the place raises.
    """

    def __init__(self, place: Place, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._place = place

    def prove_inclusion(self, index: int) -> Steps[Inclusion]:
        """Leaf hash and path of an entry. Raises ``MisuseError`` "merkle.range"."""
        size, root = self.checkpoint.size, self.checkpoint.root
        leaf, *path = yield from self._hashes([(index, index + 1), *merkle.inclusion_ranges(index, size)])
        if not merkle.check_inclusion(leaf, index, size, path, root):
            raise _wrong(f"they do not lead from entry {index} to the root")
        return Inclusion(leaf, tuple(path))

    def beginning(self, size: int) -> Steps[Beginning]:
        """What the signed tree began with at a smaller size; proved. Raises ``MisuseError`` "merkle.range"."""
        ranges = merkle.consistency_ranges(size, self.checkpoint.size)
        if size == 0:
            return Beginning(0, merkle.EMPTY_ROOT, ())
        if size == self.checkpoint.size:
            return Beginning(size, self.checkpoint.root, ())
        root, *path = yield from self._hashes([(0, size), *ranges])
        if not merkle.check_consistency(size, self.checkpoint.size, path, root, self.checkpoint.root):
            raise _wrong(f"they do not show how the log of {size} entries grew")
        return Beginning(size, root, tuple(path))

    def entry(self, index: int) -> Steps[bytes]:
        """An entry; that the signed tree has it at this index was checked."""
        proven = yield from self.prove_inclusion(index)
        bundle = yield from self._bundles(index // WIDTH, index // WIDTH + 1)
        entry = bundle[index % WIDTH]
        if merkle.leaf_hash(entry) != proven.leaf:
            raise _wrong(f"entry {index} is not the one that was signed")
        return entry

    def entries(self, start: int) -> Steps[list[bytes]]:
        """Some entries from ``start`` on, at least one, at most 2,048. **Nothing is checked yet**: hash them."""
        if not 0 <= start < self.checkpoint.size:
            raise MisuseError("merkle.range", f"there is no entry {start} among {self.checkpoint.size}")
        first = start // WIDTH
        last = min(first + BUNDLES, -(-self.checkpoint.size // WIDTH))
        found = yield from self._bundles(first, last)
        return found[start - first * WIDTH :]

    def _bundles(self, first: int, last: int) -> Steps[list[bytes]]:
        tiles = [Tile.of(ENTRIES, index, self.checkpoint.size) for index in range(first, last)]
        files = yield from self._files(tiles)
        return [entry for tile in tiles for entry in files[tile]]

    def _hashes(self, ranges: Sequence[Range]) -> Steps[list[bytes]]:
        """The hash over each range of leaves, as the tiles have it."""
        plans = [merkle.complete_ranges(*leaves) for leaves in ranges]
        places = {subtree: tile_over(*subtree, self.checkpoint.size) for plan in plans for subtree in plan}
        files = yield from self._files(places.values())
        return [merkle.join([hash_of(*one, files[places[one]]) for one in plan]) for plan in plans]

    def _files(self, tiles: Iterable[Tile]) -> Steps[dict[Tile, list[bytes]]]:
        """Hashes or entries of tiles; instead of a partial one that is gone, what it has become."""
        wanted = sorted(set(tiles))
        found = yield from self._ask(wanted)
        grown = yield from self._ask([tile.full for tile in wanted if tile not in found and tile.width < WIDTH])
        for tile in wanted:
            if tile not in found:
                if tile.full not in grown:
                    raise UnavailableError("tiles.missing", f"{tile.name} of the log is not there", "try again later")
                found[tile] = grown[tile.full][: tile.width]
        return found

    def _ask(self, tiles: Sequence[Tile]) -> Steps[dict[Tile, list[bytes]]]:
        found = {}
        answers = yield tuple([self._place.ask(tile.name, tile.limit) for tile in tiles])
        for tile, answer in zip(tiles, answers, strict=True):
            octets = self._place.take(answer)
            if octets is not None:
                found[tile] = (split_bundle if tile.level == ENTRIES else split_tile)(octets, tile.width)
        return found


def _wrong(reason: str) -> MalformedError:
    return MalformedError("tiles.wrong", f"the tiles are not those of the signed checkpoint: {reason}")
