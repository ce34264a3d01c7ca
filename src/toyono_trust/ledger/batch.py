"""Batches: when one closes, and the RFC 4998 hash tree by which one time stamp serves all that is in it.

A batch is the entries from the end of the stamped ones up to a checkpoint. The leaves of its tree (SHA-256) are these
entries in the order of the log, for an entry is the digest of a data object, its opening; and last the digest of the
checkpoint as the log alone signed it (``checkpoint.as_signed``). The root is what the time stamp is over.

The tree does not tell leaves from nodes. A leaf counts where its data object is shown, and parses as an opening or as a
checkpoint of the log: both are texts, which two digests side by side are not, and nobody guesses them, for an opening
has 128 random bits and a checkpoint the log's signature. ``records.check_record`` holds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from toyono_trust.core.merkle import HASH_SIZE
from toyono_trust.errors import MisuseError

__all__ = ["MAX_BATCH", "MAX_PATH", "Batch", "BatchTree", "Closing", "reduced_of"]

MAX_BATCH = 1_000_000
"""Entries of a batch. A tree of them is made in two seconds; ``formats.ers`` makes none of more than 2**20 leaves."""
MAX_PATH = HASH_SIZE * 20
"""Octets of the hashes from a checkpoint to the root of its batch."""


class Batch(NamedTuple):
    """A batch to be stamped: its number from 0, its entries from index ``first`` to below ``size``.

    ``root``: of its hash tree, 32 octets, SHA-256. ``path``: hashes end to end, from the checkpoint's leaf to the root.
    """

    number: int
    first: int
    size: int
    root: bytes
    path: bytes


class BatchTree:
    """The hash tree of a batch (RFC 4998 4.2.1), growing, in the memory of its right edge.

    Nodes are the digest of two neighbours in ascending order; a last one without neighbour moves up as it is.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append digests of data objects. One level after the other, each in one comprehension."""
        self.size += len(leaves)
        level, nodes = 0, list(leaves)
        while nodes:
            if level == len(self._peaks):
                self._peaks.append(b"")
            if self._peaks[level]:
                nodes.insert(0, self._peaks[level])
            self._peaks[level] = nodes[-1] if len(nodes) & 1 else b""
            pairs = iter(nodes)
            nodes = [
                sha256(left + right if left < right else right + left).digest()
                for left, right in zip(pairs, pairs, strict=False)
            ]
            level += 1

    def close(self, checkpoint: bytes) -> tuple[bytes, bytes]:
        """Root of the tree with one leaf more, the digest of the batch's checkpoint; and the path from it to there.

        The tree itself stays as it is: the neighbours of its last leaf are the roots of the complete trees before it.
        """
        path = [peak for peak in self._peaks if peak]
        return _fold(checkpoint, path), b"".join(path)


def reduced_of(leaf: bytes, path: bytes) -> tuple[tuple[bytes, ...], ...]:
    """The reduced hash tree (RFC 4998 4.2.2) of a leaf and the path from it."""
    first, *rest = [path[at : at + HASH_SIZE] for at in range(0, len(path), HASH_SIZE)]
    return ((leaf, first), *((one,) for one in rest))


def _fold(leaf: bytes, path: Sequence[bytes]) -> bytes:
    for other in path:
        leaf = sha256(leaf + other if leaf < other else other + leaf).digest()
    return leaf


class Closing:
    """When a batch closes: after so many entries or so much time, whichever comes first. For one log and one thread.

    The log's store knows no time, so an entry counts as old as the look before the one that saw it first. Where no age
    is known (the first look; a clock that went back) the batch is due at once: a checkpoint too early harms nothing.
    Times are only compared here, never signed.

    Args:
        max_entries: entries under no checkpoint at which one is due.
        max_age: how long an entry may be under none; one look longer at most.
    """

    def __init__(self, max_entries: int, max_age: timedelta) -> None:
        if not 1 <= max_entries <= MAX_BATCH or max_age <= timedelta(0):
            raise MisuseError(
                "ledger.closing", f"a batch has 1 to {MAX_BATCH} entries and lasts some time", "name other bounds"
            )
        self.max_entries = max_entries
        self.max_age = max_age
        self._looked: datetime | None = None
        self._signed = 0
        self._due: datetime | None = None

    def is_due(self, at: datetime, size: int, signed: int) -> bool:
        """Whether a checkpoint is due at ``at`` (the present, aware). Sizes: of the log, of its last checkpoint."""
        before = self._looked if self._looked is not None and self._looked <= at else None
        if size <= signed:
            self._due = None
        elif before is None:
            self._due = at
        elif self._due is None or signed != self._signed:
            self._due = before + self.max_age
        self._looked, self._signed = at, signed
        return self._due is not None and (at >= self._due or size - signed >= self.max_entries)

    def wait(self, at: datetime) -> timedelta:
        """How long until a checkpoint may be due by age, from 0 to ``max_age``: how long a loop may sleep."""
        if self._due is None:
            return self.max_age
        return min(max(self._due - at, timedelta(0)), self.max_age)
