"""Tiles for tests: an outside for steps, and trees whose roots are computed as slowly as can be."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from made_log import ORIGIN, entries, signer
from toyono_trust.core import merkle
from toyono_trust.ledger.checkpoint import Checkpoint, sign_checkpoint
from toyono_trust.ledger.note import NoteSigner
from toyono_trust.ledger.tiles.layout import bundle
from toyono_trust.net import Http
from toyono_trust.steps import Steps, World, run

T = TypeVar("T")

AT = datetime(2027, 4, 1, 9, 30, tzinfo=UTC)


def done(steps: Steps[T], after: timedelta = timedelta(), http: Http | None = None) -> T:
    """Drive steps, at a moment that the test chooses."""
    return run(steps, World(lambda: AT + after, lambda size: bytes(size), lambda: 0.0, http))


def checkpoint_of(leaves: Sequence[bytes], by: NoteSigner | None = None) -> bytes:
    """The signed note over these entries."""
    by = by or signer()
    root = merkle.root([merkle.leaf_hash(one) for one in leaves])
    return sign_checkpoint(Checkpoint(by.key.name, len(leaves), root), by)


def history(size: int, since: int, of: str) -> list[bytes]:
    """Entries that are everybody's below ``since``, and of their own name from there on."""
    return [*entries(min(size, since)), *entries(max(0, size - since), since, of)]


def write_slowly(folder: Path, leaves: Sequence[bytes], note: bytes | None = None) -> Path:
    """Tiles of these entries, straight from the words of the specification."""
    hashes = [merkle.leaf_hash(one) for one in leaves]
    size, level = len(leaves), 0
    while size >> 8 * level:
        count = size >> 8 * level
        nodes = [merkle.root(hashes[at << 8 * level : (at + 1) << 8 * level]) for at in range(count)]
        for start in range(0, count, 256):
            _write(folder, str(level), start // 256, nodes[start : start + 256], b"".join(nodes[start : start + 256]))
        level += 1
    for start in range(0, size, 256):
        _write(folder, "entries", start // 256, leaves[start : start + 256], bundle(leaves[start : start + 256]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_bytes(note or checkpoint_of(leaves))
    return folder


def _write(folder: Path, level: str, index: int, nodes: Sequence[bytes], octets: bytes) -> None:
    assert index < 1_000_000
    name = folder / "tile" / level / (f"{index:03}" if index < 1_000 else f"x{index // 1_000:03}/{index % 1_000:03}")
    if len(nodes) < 256:
        name = name.with_name(f"{name.name}.p") / str(len(nodes))
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_bytes(octets)


def files(folder: Path) -> dict[str, bytes]:
    """Everything that a web server would serve."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@contextmanager
def cut_off(after: int, error: BaseException) -> Iterator[None]:
    """Let the system fail at the n-th call that changes a file or a folder."""
    left = after
    real = {name: getattr(os, name) for name in ("open", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir")}

    def failing(name: str) -> object:
        def call(*given: object, **named: object) -> object:
            nonlocal left
            changes = name != "open" or (isinstance(given[1], int) and given[1] & os.O_CREAT)
            if changes and os.fspath(given[0] if not isinstance(given[0], int) else "").find("log.db") < 0:
                left -= 1
                if left < 0:
                    raise error
            return real[name](*given, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(os, name, failing(name))
        yield


class Died(BaseException):
    """The process is gone: nothing is cleaned up by the code after it."""


__all__ = ["AT", "ORIGIN", "Died", "checkpoint_of", "cut_off", "done", "files", "history", "write_slowly"]
