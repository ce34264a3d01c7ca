"""The time stamps of a log's batches: what is to be stamped, what is kept of it, and the evidence records from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from toyono_trust.core.merkle import HASH_SIZE, Edge, edge_rows, leaf_hashes
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats.ers import HashTree, write
from toyono_trust.ledger.batch import MAX_BATCH, MAX_PATH, Batch, BatchTree, reduced_of
from toyono_trust.ledger.checkpoint import MAX_SIZE, SeenCheckpoint, WitnessPolicy, as_signed, open_checkpoint
from toyono_trust.ledger.entry import ENTRY_SIZE
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.stores.base import STEP, KeptCheckpoint, KeptStamp, Store, corrupt, split
from toyono_trust.pki import tsp
from toyono_trust.pki.stamping import made_by

__all__ = ["Stamps", "check_token", "edge_at", "goes_back", "is_path", "is_row", "opened", "span_of"]

ACCURACY = 1.0
"""Seconds by which a token's time may be wrong where it does not say (EN 319 421 wants a second or better)."""


class Stamps:
    """The stamps of one log, over its store. Usable by several threads."""

    def __init__(self, store: Store, key: NoteKey) -> None:
        self._store = store
        self._key = key
        self._known: tuple[int, HashTree] | None = None

    def last(self) -> KeptStamp:
        """The last stamp that the head knows of; before the first one, one over no entries."""
        count = self._store.head().stamps
        if not count:
            return KeptStamp(-1, 0, 0, b"", b"", b"")
        kept = self._store.stamps(count - 1, 1)
        if not kept or kept[0].number != count - 1:
            raise corrupt(f"stamp {count - 1} is missing")
        return _sound(kept[0])

    def next_batch(self) -> Batch | None:
        """See ``EvidenceLog.next_batch``."""
        last = self.last()
        first = last.size
        kept = self._store.checkpoint_within(first + MAX_BATCH)
        if kept is None or kept.size <= first:
            beyond = self._store.checkpoint_within(MAX_SIZE)
            if beyond is not None and beyond.size > first:
                raise corrupt(f"entries from {first} on are under no checkpoint that is near enough")
            return None
        edge = edge_at(self._store, first)
        if first and edge.root() != opened(self.checkpoint_at(first), self._key).checkpoint.root:
            raise corrupt(f"the entries below {first} are not those that were signed")
        tree = BatchTree()
        for page in self._pages(first, kept.size):
            edge.extend(leaf_hashes(page))
            tree.extend(page)
        if edge.root() != opened(kept, self._key).checkpoint.root:
            raise corrupt(f"the entries from {first} on are not those that were signed")
        root, path = tree.close(self._leaf(kept.note))
        return Batch(last.number + 1, first, kept.size, root, path)

    def add(self, batch: Batch, token: bytes) -> bool:
        """See ``EvidenceLog.add_stamp``."""
        try:
            new = check_token(token, batch.root)
        except MalformedError as error:
            raise UnavailableError(
                "ledger.stamp", f"the time stamp of the batch is not usable: {error.message}", "ask for another one"
            ) from error
        last = self.last()
        if last.token and goes_back(span_of(tsp.read(last.token)), span_of(new)):
            raise UnavailableError(
                "ledger.stamp-time",
                f"the time stamp says {new.generated_at}, which is before the last one's time",
                "use an authority whose clock is right",
            )
        digest = sha256(token).digest()
        return self._store.add_stamp(KeptStamp(batch.number, batch.first, batch.size, batch.path, token, digest))

    def checkpoint_record(self, size: int) -> bytes | None:
        """See ``EvidenceLog.checkpoint_record``."""
        kept = self._store.checkpoint_for(size)
        return self.record_over(kept.note, size) if kept is not None and kept.size == size else None

    def record_over(self, checkpoint: bytes, size: int) -> bytes | None:
        """The evidence record over this signed note of the log, which is of ``size``; None where there is no stamp."""
        stamp = self._store.stamp_for(size)
        if stamp is None or stamp.size != size:
            return None
        if not is_path(_sound(stamp).path):
            raise corrupt(f"stamp {stamp.number} has no way from its checkpoint")
        return _written(reduced_of(self._leaf(checkpoint), stamp.path), stamp)

    def evidence_record(self, index: int) -> bytes | None:
        """See ``EvidenceLog.evidence_record``."""
        stamp = self._store.stamp_for(index + 1)
        if stamp is None:
            return None
        if index < _sound(stamp).first:
            raise corrupt(f"stamp {stamp.number} does not begin where the one before ends")
        return _written(self._tree(stamp).reduced(index - stamp.first), stamp)

    def checkpoint_at(self, size: int) -> KeptCheckpoint:
        """The checkpoint of exactly this size, which there must be. Raises ``UnavailableError`` "ledger.corrupt"."""
        kept = self._store.checkpoint_for(size)
        if kept is None or kept.size != size or not isinstance(kept.note, bytes):
            raise corrupt(f"the checkpoint of size {size} is missing")
        return kept

    def cosigned_over(self, size: int, witnesses: WitnessPolicy) -> bytes:
        """The first note of ``size`` or more that is stamped and cosigned by enough, else the first that is cosigned.

        Raises ``MisuseError`` "checkpoint.witnesses" where there is none.
        """
        stamp = self._store.stamp_for(size)
        while stamp is not None:
            note = self.checkpoint_at(_sound(stamp).size).note
            if _is_cosigned(note, self._key, witnesses):
                return note
            stamp = self._store.stamp_for(stamp.size + 1)
        kept = self._store.checkpoint_for(size)
        while kept is not None:
            if not all(isinstance(one, kind) for one, kind in ((kept.size, int), (kept.note, bytes))):
                raise corrupt(f"checkpoint {kept.number} is none")
            if _is_cosigned(kept.note, self._key, witnesses):
                return kept.note
            kept = self._store.checkpoint_for(kept.size + 1)
        raise MisuseError(
            "checkpoint.witnesses",
            f"no checkpoint over entry {size - 1} is cosigned by {witnesses.needed} of the witnesses",
            "have the last checkpoint cosigned",
        )

    def _leaf(self, note: bytes) -> bytes:
        return sha256(as_signed(note, self._key)).digest()

    def _tree(self, stamp: KeptStamp) -> HashTree:
        """The hash tree of a batch; that of the last one used is kept (64 MB at most)."""
        known = self._known
        if known is None or known[0] != stamp.number:
            leaves = [entry for page in self._pages(stamp.first, stamp.size) for entry in page]
            leaves.append(self._leaf(self.checkpoint_at(stamp.size).note))
            self._known = known = (stamp.number, HashTree(leaves))
        return known[1]

    def _pages(self, start: int, stop: int) -> Iterator[Sequence[bytes]]:
        """All commitments from ``start`` to below ``stop``, some at a time."""
        page = self._store.page
        for at in range(start, stop, page):
            end = min(at + page, stop)
            entries, _ = self._store.columns(at, end)
            if len(entries) != ENTRY_SIZE * (end - at):
                raise corrupt(f"among the entries from {at} on, one is missing or no hash")
            for first in range(0, len(entries), ENTRY_SIZE * STEP):
                yield split(entries[first : first + ENTRY_SIZE * STEP])


def opened(kept: KeptCheckpoint, key: NoteKey) -> SeenCheckpoint:
    """A kept checkpoint, checked. Raises ``UnavailableError`` "ledger.corrupt" where the log did not sign it."""
    try:
        return open_checkpoint(kept.note, key)
    except MalformedError as error:
        raise corrupt(f"checkpoint {kept.number}: {error.message}") from error


def _is_cosigned(note: bytes, key: NoteKey, witnesses: WitnessPolicy) -> bool:
    try:
        open_checkpoint(note, key, witnesses)
    except MalformedError:
        return False
    return True


def edge_at(store: Store, size: int) -> Edge:
    """The right edge of the tree over the first ``size`` entries, as the rows say; nothing proves it here."""
    wanted = edge_rows(size)
    rows = store.rows_at(wanted)
    return Edge(size, [rows[index].node for index in wanted])


def check_token(token: bytes, root: bytes) -> tsp.Token:
    """Read a time-stamp token and check that it is over the root of a batch, and signed by a certificate in it.

    Whether that certificate is to be trusted, validation says. Raises ``MalformedError``.
    """
    read = tsp.read(token, lenient=False)
    if (read.imprint_algorithm, read.imprint) != ("sha256", root):
        raise MalformedError("tsa.wrong-imprint", "it is over something else than the batch")
    if not read.message_digest_intact or made_by(read) is None:
        raise MalformedError("tsa.bad-token", "it is not signed by a certificate that it carries")
    return read


def span_of(token: tsp.Token) -> tuple[datetime, datetime]:
    """Between which times the token was made, by its time and accuracy."""
    within = timedelta(seconds=ACCURACY if token.accuracy is None else token.accuracy)
    return token.generated_at - within, token.generated_at + within


def goes_back(before: tuple[datetime, datetime], after: tuple[datetime, datetime]) -> bool:
    """Whether of two spans the later one lies before the other, whatever the accuracy of both."""
    return after[1] < before[0]


def is_row(kept: KeptStamp) -> bool:
    """Whether a stamp's columns are of the types that they should be; SQLite keeps any type in any column."""
    numbers, octets = (kept.number, kept.first, kept.size), (kept.path, kept.token, kept.digest)
    return all(isinstance(one, int) for one in numbers) and all(isinstance(one, bytes) for one in octets)


def is_path(path: bytes) -> bool:
    """Whether this may be the way from a checkpoint to the root of its batch."""
    return 0 < len(path) <= MAX_PATH and len(path) % HASH_SIZE == 0


def _sound(kept: KeptStamp) -> KeptStamp:
    if not is_row(kept):
        raise corrupt(f"stamp {kept.number} is none")
    return kept


def _written(reduced: Sequence[Sequence[bytes]], stamp: KeptStamp) -> bytes:
    try:
        return write("sha256", reduced, stamp.token)
    except (MalformedError, MisuseError) as error:
        raise corrupt(f"stamp {stamp.number} is not over its batch: {error.message}") from error
