"""Writes a log's tiles into a folder (C2SP tlog-tiles), as far as they are new since the checkpoint that it has.

All new files are made in a folder of their own first and forced to the medium; what they lead to is held against the
signed root; only then they are put where they belong, and the checkpoint last. So the folder is at any moment, also
after a kill or a power cut, whole at its checkpoint, and the next run goes on. No file that is in its place is ever
written again: it is compared, and if it differs, the log or the folder is not what it was.

There are partial tiles for every checkpoint that the log has signed, until they are full ones; then they go.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from toyono_trust.core import merkle
from toyono_trust.core.merkle import Edge, leaf_hashes
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.ledger import note
from toyono_trust.ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from toyono_trust.ledger.files import locked, put, room, sync_folder, write_new
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import MAX_NOTE
from toyono_trust.ledger.stores.base import corrupt
from toyono_trust.ledger.tiles.layout import (
    BITS,
    CHECKPOINT,
    ENTRIES,
    MAX_LEVEL,
    WIDTH,
    Tile,
    bundle,
    partial_tiles,
    split_tile,
)
from toyono_trust.ledger.tiles.places import TileFolder

__all__ = ["Written", "write_tiles"]

_NEW = ".new"
_LOCK = ".lock"


class Written(NamedTuple):
    """What ``write_tiles`` did: the size that the folder had, the one that it has, and how many files came to it."""

    since: int
    size: int
    files: int


def write_tiles(log: EvidenceLog, folder: str | Path) -> Written:
    """Bring a folder up to the log's last checkpoint; the folder is made where there is none.

    Any web server may serve it (all files but the hidden ones), also while this runs. Raises ``MisuseError``
    "ledger.range" where the log has signed nothing, "tiles.other-log" where the folder has another log's checkpoint;
    ``UnavailableError`` "tiles.differs" where folder and log contradict each other, "ledger.corrupt" where the log's
    entries are not those that it signed, "ledger.busy" where another process writes there, "ledger.full"; the
    ``OSError`` of a folder that cannot be written passes through. After every error the folder is as it was.
    """
    root = Path(folder)
    octets = log.latest_checkpoint()
    if octets is None:
        raise MisuseError("ledger.range", "the log has signed no checkpoint", "make a checkpoint first")
    target = open_checkpoint(octets, log.key).checkpoint
    with room():
        root.mkdir(parents=True, exist_ok=True)
    with locked(root / _LOCK, wait=False):
        before = _present(log, root)
        if target.size < before.size:
            raise _differs(f"the folder has a checkpoint of {before.size} entries, the log only one of {target.size}")
        path = log.prove_consistency(before.size, target.size)
        if not merkle.check_consistency(before.size, target.size, path, before.root, target.root):
            raise _differs(f"the log does not begin with the {before.size} entries that the folder has")
        with room():
            stage = _Stage(root)
            try:
                tree = _Tree(stage, before)
                tree.grow(log, target.size)
                if tree.root() != target.root:
                    raise corrupt("its entries are not those that it signed")
                stage.place()
            finally:
                stage.clear()
            if stage.folder.read(CHECKPOINT, MAX_NOTE) != octets:
                put(root / CHECKPOINT, octets)
            stage.drop(tree.outgrown)
    return Written(before.size, target.size, stage.placed)


def _present(log: EvidenceLog, root: Path) -> Checkpoint:
    """The checkpoint that the folder has; an empty one where it has none."""
    octets = TileFolder(root).read(CHECKPOINT, MAX_NOTE)
    if octets is None:
        return Checkpoint(log.origin, 0, merkle.EMPTY_ROOT)
    try:
        return open_checkpoint(octets, log.key).checkpoint
    except MalformedError as error:
        raise MisuseError(
            "tiles.other-log", f"the folder's checkpoint is not of {log.origin}: {error.message}", "name another folder"
        ) from error


class _Stage:
    """New files, made apart and put in their places together."""

    def __init__(self, root: Path) -> None:
        self.folder = TileFolder(root)
        self.placed = 0
        self._root = root
        self._new = root / _NEW
        self._files: dict[str, Path] = {}
        self.clear()
        self._new.mkdir()

    def add(self, tile: Tile, octets: bytes) -> None:
        """Make a file, unless it is there. Raises ``UnavailableError`` "tiles.differs" where another one is."""
        name = tile.name
        if name in self._files:
            return
        present = self.folder.read(name, tile.limit)
        if present is None:
            path = self._new / str(len(self._files))
            write_new(path, octets)
            self._files[name] = path
        elif present != octets:
            raise _differs(f"{name} is not what the log says")

    def place(self) -> None:
        """Put all files where they belong, durably."""
        folders = {self._root}
        for name, path in self._files.items():
            target = self._root / name
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.update(one for one in target.parents if one.is_relative_to(self._root))
            path.replace(target)
            self.placed += 1
        for one in sorted(folders, reverse=True):
            sync_folder(one)

    def clear(self) -> None:
        """Remove what an interrupted run has left."""
        if self._new.is_symlink():
            self._new.unlink()
        elif self._new.exists():
            shutil.rmtree(self._new)

    def drop(self, tiles: Sequence[Tile]) -> None:
        """Remove the partial forms of tiles that are full now; what cannot be removed stays."""
        for tile in tiles:
            folder = self._root / f"{tile.full.name}.p"
            if folder.is_dir() and not folder.is_symlink():
                with suppress(OSError):
                    shutil.rmtree(folder)


class _Tree:
    """The right edge of the tree in terms of tiles: the hashes of the last, partial tile of each level."""

    def __init__(self, stage: _Stage, before: Checkpoint) -> None:
        self._stage = stage
        self._size = before.size
        self._full = before.size // WIDTH
        self._last: list[list[bytes]] = [[] for _ in range(MAX_LEVEL + 1)]
        self.outgrown: list[Tile] = []
        for tile in partial_tiles(before.size):
            octets = stage.folder.read(tile.name, tile.limit)
            try:
                self._last[tile.level] = split_tile(octets or b"", tile.width)
            except MalformedError as error:
                raise _differs(f"{tile.name} is missing or damaged") from error
        if self.root() != before.root:
            raise _differs("the tiles do not lead to the root of the checkpoint")

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        peaks: list[bytes] = []
        for hashes in reversed(self._last):
            edge = Edge()
            edge.extend(hashes)
            peaks.extend(edge.hashes)
        return merkle.join(peaks) if peaks else merkle.EMPTY_ROOT

    def grow(self, log: EvidenceLog, size: int) -> None:
        """Make all tiles that are new up to this size, with the partial ones of checkpoints on the way."""
        entries = (entry for _, entry in log.entries(self._full * WIDTH, size))
        tail: list[bytes] = []
        leaves = self._last[0]
        for mark in _marks(log, self._size, size):
            while self._full < mark // WIDTH:
                self._add_full(list(islice(entries, WIDTH)))
            if mark // WIDTH == size // WIDTH and mark % WIDTH:
                if not tail:
                    tail = list(islice(entries, WIDTH))
                    leaves = self._leaves(tail, size % WIDTH)
                width = mark % WIDTH
                self._stage.add(Tile(0, self._full, width), b"".join(leaves[:width]))
                self._stage.add(Tile(ENTRIES, self._full, width), bundle(tail[:width]))
            for level in range(1, MAX_LEVEL + 1):
                index = mark >> BITS * (level + 1)
                if self._last[level] and index == size >> BITS * (level + 1):
                    self._stage.add(Tile(level, index, len(self._last[level])), b"".join(self._last[level]))
        self._last[0] = leaves if size % WIDTH else []

    def _add_full(self, entries: Sequence[bytes]) -> None:
        """One full tile of leaves, its bundle, and the tiles above that become full by it."""
        hashes = self._leaves(entries, WIDTH)
        self._put_full(Tile(ENTRIES, self._full), bundle(entries))
        index = self._full
        for level in range(MAX_LEVEL + 1):
            self._put_full(Tile(level, index), b"".join(hashes))
            self._last[level] = []
            above = self._last[level + 1]
            above.append(merkle.root(hashes))
            if len(above) < WIDTH:
                break
            hashes, index = above, index // WIDTH
        self._full += 1

    def _put_full(self, tile: Tile, octets: bytes) -> None:
        self._stage.add(tile, octets)
        self.outgrown.append(tile)

    def _leaves(self, entries: Sequence[bytes], count: int) -> list[bytes]:
        """Hashes of the entries of a tile. That they are those that the folder has already, the root says."""
        if len(entries) != count:
            raise corrupt(f"there are no entries from {self._full * WIDTH + len(entries)} on")
        return leaf_hashes(entries)


def _marks(log: EvidenceLog, since: int, size: int) -> Iterator[int]:
    """Sizes above ``since`` and up to ``size`` that the log has signed, ascending; ``size`` is the last one."""
    while since < size:
        octets = log.checkpoint_covering(since)
        found = size if octets is None else read_checkpoint(note.read(octets).text).size
        if found <= since:
            raise corrupt("its checkpoints are not in order")
        since = min(found, size)
        yield since


def _differs(reason: str) -> UnavailableError:
    return UnavailableError(
        "tiles.differs", f"the folder and the log contradict each other: {reason}",
        "audit the log; write a new folder where the log is sound", retryable=False,
    )  # fmt: skip
