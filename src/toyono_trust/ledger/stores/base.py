"""What the log asks of a store, and how both stores let it grow.

A store keeps five things. ``log``: what the log is, written once. ``head``: one row with size, root, number of
checkpoints and number of stamps. ``entry``: position, commitment, and the hash of the largest complete subtree that the
entry completes (``core.merkle``); rows are added, never changed. ``checkpoint``: number, size and signed note; a note
is only replaced by itself with more cosignatures. ``stamp``: number, the entries that it covers, its time-stamp token,
and the way to it from the checkpoint at the end of the batch; rows are added, never changed.

Growing is one transaction: read the head, add the entries' rows, swap size and root by comparison. Whoever fails to
swap has changed nothing and starts again. Locks only spare that trouble.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from toyono_trust.core.merkle import HASH_SIZE, Edge, Row, edge_rows, leaf_hash, leaf_hashes
from toyono_trust.errors import UnavailableError

__all__ = [
    "ATTEMPTS",
    "BATCH",
    "PAGE",
    "STEP",
    "VERSION",
    "are_hashes",
    "Description",
    "Extent",
    "Grown",
    "Head",
    "KeptCheckpoint",
    "KeptStamp",
    "Record",
    "Store",
    "corrupt",
    "description_of",
    "head_of",
    "is_hash",
    "split",
]

VERSION = 2
"""Version of the tables; 2: with stamps."""
PAGE = 4_096
"""Rows read at once."""
STEP = 1_024
"""Entries hashed at once: they and their nodes stay in a core's own cache."""
BATCH = 10_000
"""Entries sequenced in one transaction: it lasts some 50 ms, and nobody waits much longer for their turn."""
ATTEMPTS = 20
"""Attempts of one append that others may overtake or a connection may break. Counted, for below the API is no clock."""


class Description(NamedTuple):
    """What a log is: its origin, its verifier key (C2SP text), and its sealed charter (empty where it has none)."""

    origin: str
    key: str
    charter: bytes = b""


class Head(NamedTuple):
    """Size and root of the log, how many checkpoints it has signed, and how many batches of it are stamped."""

    size: int
    root: bytes
    checkpoints: int
    stamps: int


class Record(NamedTuple):
    """A row of ``entry``: its index, the commitment, and the hash of what it completes."""

    position: int
    entry: bytes
    node: bytes


class KeptCheckpoint(NamedTuple):
    """A row of ``checkpoint``: number from 0, size, and the signed note."""

    number: int
    size: int
    note: bytes


class KeptStamp(NamedTuple):
    """A row of ``stamp``: number from 0, and the batch of entries from index ``first`` to below ``size``.

    ``path``: hashes of 32 octets end to end, which lead from the digest of the checkpoint of ``size`` to the root of
    the batch's RFC 4998 tree. ``token``: DER of the RFC 3161 time stamp over that root. ``digest``: the token's
    SHA-256, for not every octet of a token is under its signature.
    """

    number: int
    first: int
    size: int
    path: bytes
    token: bytes
    digest: bytes


class Extent(NamedTuple):
    """One moment's head with the lowest and the highest index among the entries; None where there is no entry."""

    head: Head
    first: int | None
    last: int | None


class Grown(NamedTuple):
    """A head as it becomes, the edge that belongs to it, and the columns of the rows to be added."""

    head: Head
    edge: Edge
    entries: Sequence[bytes]
    nodes: Sequence[bytes]


class Store(ABC):
    """One log's tables. Usable by several threads; not across a fork.

    Whatever the database answers instead becomes ``UnavailableError`` with a code "ledger.…".

    Attributes:
        page: rows that ``columns`` is best asked for at once by who goes through the whole log.
        ahead: whether it is worth while to ask for the next page before the last one is worked off.
        repeats: whether ``append`` takes an entry several times at once.
    """

    page = 1_024
    ahead = False
    repeats = False

    def __init__(self) -> None:
        self._known: tuple[bytes, Edge] | None = None  # root and edge of a head that was read or made

    @abstractmethod
    def description(self) -> Description:
        """What the log is."""

    @abstractmethod
    def head(self) -> Head:
        """The head as of now."""

    @abstractmethod
    def extent(self) -> Extent:
        """Head, lowest and highest index, all of one moment."""

    @abstractmethod
    def append(self, entries: Sequence[bytes]) -> list[int]:
        """Add entries (32 octets each, none twice unless it ``repeats``); their indexes, once they are durably in."""

    @abstractmethod
    def records(self, start: int, limit: int) -> list[Record]:
        """Up to ``limit`` rows from index ``start`` on, ascending, as they are (gaps included)."""

    @abstractmethod
    def columns(self, start: int, stop: int) -> tuple[bytes, bytes]:
        """Commitments and hashes of the rows from ``start`` to below ``stop``, ascending, each column end to end.

        Rows in which either is no hash are left out: a column is shorter than it should be then.
        """

    @abstractmethod
    def records_at(self, indexes: Sequence[int]) -> list[Record]:
        """The rows at these indexes, as far as they are there."""

    @abstractmethod
    def checkpoints(self, start: int, limit: int) -> list[KeptCheckpoint]:
        """Up to ``limit`` checkpoints from number ``start`` on, ascending."""

    @abstractmethod
    def checkpoint_for(self, size: int) -> KeptCheckpoint | None:
        """The checkpoint of the smallest size that is at least ``size``."""

    @abstractmethod
    def checkpoint_within(self, size: int) -> KeptCheckpoint | None:
        """The checkpoint of the largest size that is at most ``size``."""

    @abstractmethod
    def add_checkpoint(self, kept: KeptCheckpoint) -> bool:
        """Keep a checkpoint; False where its number is not the next one any more."""

    @abstractmethod
    def replace_note(self, kept: KeptCheckpoint, note: bytes) -> bool:
        """Put a note in the place of the kept one; False where that is another one by now."""

    @abstractmethod
    def stamps(self, start: int, limit: int) -> list[KeptStamp]:
        """Up to ``limit`` stamps from number ``start`` on, ascending."""

    @abstractmethod
    def stamp_for(self, size: int) -> KeptStamp | None:
        """The stamp of the smallest size that is at least ``size``."""

    @abstractmethod
    def add_stamp(self, kept: KeptStamp) -> bool:
        """Keep a stamp; False where its number is not the next one any more."""

    @abstractmethod
    def close(self) -> None:
        """Let the database go."""

    def rows_at(self, indexes: Sequence[int]) -> Mapping[int, Row]:
        """The rows that proofs are made of. Raises ``UnavailableError`` "ledger.corrupt" where one is missing."""
        found = self.records_at(indexes)
        for one in found:
            if not is_hash(one.entry) or not is_hash(one.node):
                raise corrupt(f"entry {one.position} is no hash")
        rows = {one.position: Row(leaf_hash(one.entry), one.node) for one in found}
        for index in indexes:
            if index not in rows:
                raise corrupt(f"entry {index} is missing")
        return rows

    def _grow(self, head: Head, entries: Sequence[bytes]) -> Grown:
        """The head after these entries; nothing is written."""
        edge = self._edge(head)
        nodes = edge.extend(leaf_hashes(entries))
        return Grown(head._replace(size=edge.size, root=edge.root()), edge, entries, nodes)

    def _edge(self, head: Head) -> Edge:
        """The right edge of the tree, from memory where it is that of the head. It is proved by the head's root."""
        if self._known is not None and self._known[0] == head.root and self._known[1].size == head.size:
            return self._known[1].copy()
        wanted = edge_rows(head.size)
        rows = self.rows_at(wanted)
        edge = Edge(head.size, [rows[index].node for index in wanted])
        if edge.root() != head.root:
            raise corrupt("the entries do not lead to the root of the head")
        return edge

    def _remember(self, grown: Grown) -> None:
        """To be called when what was grown is committed."""
        self._known = (grown.head.root, grown.edge)


def is_hash(value: object) -> bool:
    """Whether a column that should be a hash is one; SQLite keeps any type in any column."""
    return isinstance(value, bytes) and len(value) == HASH_SIZE


def are_hashes(values: Sequence[Any]) -> bool:
    """``is_hash`` of all, without a call for each."""
    return set(map(type, values)) <= {bytes} and set(map(len, values)) <= {HASH_SIZE}


def split(column: bytes) -> tuple[bytes, ...]:
    """Hashes that stand end to end."""
    return _parts(len(column) // HASH_SIZE).unpack(column)


@lru_cache(8)
def _parts(count: int) -> Struct:
    return Struct(f"{HASH_SIZE}s" * count)


def head_of(row: Sequence[Any]) -> Head:
    """The head as a database gives it. Raises ``UnavailableError`` "ledger.corrupt" where it cannot be one."""
    size, root, checkpoints, stamps = row
    if not is_hash(root) or not all(isinstance(number, int) for number in (size, checkpoints, stamps)):
        raise corrupt("the head is none")
    return Head(size, root, checkpoints, stamps)


def description_of(row: Sequence[Any]) -> Description:
    """What the log is, as a database gives it. Raises ``UnavailableError`` "ledger.corrupt" where it cannot be."""
    origin, key, charter = row
    if not isinstance(origin, str) or not isinstance(key, str) or not isinstance(charter, bytes):
        raise corrupt("it does not say whose log it is")
    return Description(origin, key, charter)


def corrupt(reason: str) -> UnavailableError:
    """The error of a store whose rows contradict each other."""
    return UnavailableError(
        "ledger.corrupt", f"the log's store is damaged: {reason}", "audit the log; restore its last copy",
        retryable=False,
    )  # fmt: skip
