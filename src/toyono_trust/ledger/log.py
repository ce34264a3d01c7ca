"""``EvidenceLog``: an append-only Merkle log of commitments (RFC 9162), in a store, with signed checkpoints.

Appending needs no key, signing a checkpoint does. An entry is acknowledged when its row is durably committed; that the
log will stand by it, the next checkpoint says.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.ledger import checkpoint as checkpoints
from toyono_trust.ledger.audit import Audit, audit
from toyono_trust.ledger.batch import MAX_BATCH, Batch
from toyono_trust.ledger.checkpoint import MAX_SIZE, Checkpoint, SeenCheckpoint, WitnessPolicy, open_checkpoint
from toyono_trust.ledger.entry import ENTRY_SIZE, SALT_SIZE
from toyono_trust.ledger.note import ED25519, NoteKey, NoteSigner
from toyono_trust.ledger.proof import MAX_CHARTER, Proof
from toyono_trust.ledger.stamps import Stamps, edge_at, opened
from toyono_trust.ledger.stores import SCHEMA, create_store, open_store
from toyono_trust.ledger.stores.base import (
    ATTEMPTS,
    BATCH,
    PAGE,
    Description,
    Head,
    KeptCheckpoint,
    KeptStamp,
    Store,
    are_hashes,
    corrupt,
)

__all__ = ["EvidenceLog"]


class EvidenceLog:
    """A log, open. Make one with ``create``, open it with ``open``; usable by several threads, not across a fork.

    Attributes:
        key: the log's verifier key; its name is the log's origin.
        charter: the sealed statement by which an organisation certifies the key; empty where there is none.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        description = store.description()
        try:
            self.key = NoteKey.parse(description.key)
        except MalformedError as error:
            raise corrupt(error.message) from error
        if self.key.name != description.origin or self.key.kind != ED25519:
            raise corrupt("the log's key is not of its origin")
        self.charter = description.charter
        self._turn = threading.Lock()
        self._line = _Line()
        self._stamped = Stamps(store, self.key)

    @classmethod
    def create(cls, address: str | Path, key: NoteKey, charter: bytes = b"", *, schema: str = SCHEMA) -> Self:
        """Make a log and open it.

        Args:
            address: a path or ``sqlite:path`` for a SQLite file; ``postgresql://…`` for a schema in PostgreSQL.
            key: the public half of the log's own Ed25519 key; its name becomes the log's origin, for ever.
            charter: the sealed octets of ``ledger.charter.statement(key)``.
            schema: where PostgreSQL keeps the log.

        Raises ``MisuseError`` "ledger.exists", "ledger.key", "ledger.charter", "ledger.address", "ledger.driver";
        ``UnavailableError`` "ledger.store"; the ``OSError`` of a folder that cannot be written passes through.
        """
        if key.kind != ED25519 or NoteKey.parse(key.text) != key:
            raise MisuseError("ledger.key", "a log's key is an Ed25519 key of signature type 1", "generate one")
        if len(charter) > MAX_CHARTER:
            raise MisuseError("ledger.charter", "the charter is larger than accepted here", "seal it at level B-T")
        return cls(create_store(address, Description(key.name, key.text, charter), schema))

    @classmethod
    def open(cls, address: str | Path, *, schema: str = SCHEMA) -> Self:
        """Open a log that exists; that its commits are durable is checked.

        Raises ``MisuseError`` "ledger.missing", "ledger.not-a-log", "ledger.version", "ledger.address";
        ``UnavailableError`` "ledger.durability", "ledger.store", "ledger.corrupt".
        """
        store = open_store(address, schema)
        try:
            return cls(store)
        except BaseException:
            store.close()
            raise

    @property
    def origin(self) -> str:
        """The log's name in its checkpoints."""
        return self.key.name

    @property
    def head(self) -> Head:
        """Size and root as of now, and how many checkpoints and stamps there are. Not signed."""
        return self._store.head()

    @property
    def signed(self) -> int:
        """How many of the log's entries are under a checkpoint: its last one's size."""
        last = self._store.checkpoint_within(MAX_SIZE)
        return 0 if last is None else last.size

    @property
    def unstamped(self) -> int:
        """How many of the log's entries are under no time stamp yet: with those under no checkpoint."""
        return self._store.head().size - self._stamped.last().size

    # -- growing

    def append(self, entry: bytes) -> int:
        """Append a commitment (32 octets, ``Opening.entry``); its index, once it is durably in the log.

        Raises ``MisuseError`` "ledger.entry"; ``UnavailableError`` where it may or may not have been appended: appended
        again, it may stand in the log twice, which does no harm.
        """
        return self.append_many([entry])[0]

    def append_many(self, entries: Iterable[bytes]) -> list[int]:
        """Append commitments in one transaction each 10,000; their indexes, in the order given.

        Others' entries may come between. What is given twice at once is one entry. Raises as ``append``; of several
        transactions the first ones may have been done then.
        """
        given = list(entries)
        if not are_hashes(given):
            raise MisuseError("ledger.entry", f"an entry has {ENTRY_SIZE} octets", "append Opening.entry")
        found: dict[bytes, int] = {}
        distinct = list(dict.fromkeys(given))
        for start in range(0, len(distinct), BATCH):
            found |= self._append(distinct[start : start + BATCH])
        return [found[entry] for entry in given]

    def _append(self, entries: Sequence[bytes]) -> dict[bytes, int]:
        """Queue entries; whoever has the turn appends what is queued, so that one commit serves all threads in line."""
        ours = self._line.join(entries)
        with self._turn:
            while ours.indexes is None and ours.error is None:
                batch = self._line.take(BATCH)
                try:
                    together = _distinct(batch)
                    indexes = dict(zip(together, self._store.append(together), strict=True))
                except TrustError as error:
                    for one in batch:
                        one.error = error
                except BaseException:
                    self._line.put_back([one for one in batch if one is not ours])
                    raise
                else:
                    for one in batch:
                        one.indexes = indexes
        if ours.error is not None:
            raise ours.error
        assert ours.indexes is not None
        return ours.indexes

    def checkpoint(self, signer: NoteSigner) -> bytes:
        """Sign the log's present state; the signed note, which is kept. Where nothing was added, the last one again.

        Before it signs, the log proves to itself that what it signs begins with what it signed last. Where more than a
        batch came since then, it signs at each full batch on the way. Raises ``MisuseError`` "ledger.key" where the
        signer is not the log's; ``UnavailableError`` "ledger.corrupt", "ledger.busy".
        """
        if signer.key != self.key:
            raise MisuseError("ledger.key", f"this is not the key of {self.origin}", "sign with the log's own key")
        end = self._store.head().size
        failed = 0
        while failed < ATTEMPTS:
            head = self._store.head()
            last = self._last(head)
            if last is not None and end <= last.checkpoint.size <= head.size:
                return last.note.write()
            size = min(head.size, (0 if last is None else last.checkpoint.size) + MAX_BATCH)
            octets = checkpoints.sign_checkpoint(self._state(size, head, last), signer)
            if not self._store.add_checkpoint(KeptCheckpoint(head.checkpoints, size, octets)):
                failed += 1
            elif size == head.size:
                return octets
        raise UnavailableError("ledger.busy", "others were always faster to sign", "try again")

    def _state(self, size: int, head: Head, last: SeenCheckpoint | None) -> Checkpoint:
        """What the log says of its first ``size`` entries: only what fits its head and all that it signed before.

        Never sign what does not begin with what was signed (tlog-checkpoint, "Signatures").
        """
        state = Checkpoint(self.origin, head.size, head.root)
        if size < head.size:
            state = Checkpoint(self.origin, size, edge_at(self._store, size).root())
            self._refuse_fork(state, head.size, head.root)
        if last is not None:
            self._refuse_fork(last.checkpoint, size, state.root)
        return state

    def add_cosignatures(self, octets: bytes, witnesses: WitnessPolicy) -> bytes:
        """Keep the cosignatures that a copy of one of the log's checkpoints has; the note as it is kept then.

        Only those of the policy's witnesses are taken, and they are checked. Raises ``MalformedError`` as
        ``checkpoint.merge``; ``MisuseError`` "ledger.range" where the log has no checkpoint of that size.
        """
        size = open_checkpoint(octets, self.key).checkpoint.size
        for _ in range(ATTEMPTS):
            kept = self._store.checkpoint_for(size)
            if kept is None or kept.size != size:
                raise MisuseError("ledger.range", f"the log has no checkpoint of size {size}", "present one of its own")
            merged = checkpoints.merge(kept.note, octets, self.key, witnesses)
            if merged == kept.note or self._store.replace_note(kept, merged):
                return merged
        raise UnavailableError("ledger.busy", "others were always faster to write", "try again")

    # -- proving

    def latest_checkpoint(self) -> bytes | None:
        """The last signed note, or None where nothing was signed yet."""
        last = self._last(self._store.head())
        return None if last is None else last.note.write()

    def checkpoint_covering(self, index: int) -> bytes | None:
        """The first signed note of a size above ``index``; None where the entry is not under a checkpoint yet."""
        kept = self._store.checkpoint_for(index + 1)
        return None if kept is None else kept.note

    def prove(
        self,
        index: int,
        *,
        salt: bytes | None = None,
        checkpoint: bytes | None = None,
        witnesses: WitnessPolicy | None = None,
        charter: bool = True,
        record: bool = True,
    ) -> Proof:
        """The proof of one entry: by the first checkpoint over it that is stamped, else by the log's last one.

        ``salt``: what opens the entry, to be put into the proof; ``checkpoint``: another one of the log's, with its
        cosignatures; ``witnesses``: by the first checkpoint that is stamped and that enough of them cosigned, else by
        the first that they cosigned; ``charter``, ``record``: whether the log's charter and the evidence record that
        dates the checkpoint are put in, where there are any. Raises ``MisuseError`` "ledger.range" where the checkpoint
        does not cover the entry, "entry.salt", "checkpoint.witnesses" where none that does is cosigned by enough of the
        witnesses; ``UnavailableError`` "ledger.corrupt" where the store does not lead to what was signed.
        """
        if salt is not None and len(salt) != SALT_SIZE:
            raise MisuseError("entry.salt", f"a salt is {SALT_SIZE} octets", "give that of the entry's opening")
        stamp = None
        if checkpoint is None and witnesses is not None and 0 <= index < self.signed:
            checkpoint = self._stamped.cosigned_over(index + 1, witnesses)
        elif checkpoint is None and 0 <= index < MAX_SIZE:
            stamp = self._store.stamp_for(index + 1)
            checkpoint = self.latest_checkpoint() if stamp is None else self._stamped.checkpoint_at(stamp.size).note
        seen = None if checkpoint is None else open_checkpoint(checkpoint, self.key).checkpoint
        if checkpoint is None or seen is None or not 0 <= index < seen.size:
            raise MisuseError("ledger.range", f"entry {index} is under no checkpoint", "make a checkpoint first")
        path = self.prove_inclusion(index, seen.size)
        rows = self._store.records_at([index])
        if not rows or not merkle.check_inclusion(merkle.leaf_hash(rows[0].entry), index, seen.size, path, seen.root):
            raise corrupt(f"entry {index} is not the one that was signed")
        return Proof(
            self.key,
            index,
            rows[0].entry,
            tuple(path),
            checkpoint,
            salt,
            self.charter if charter and self.charter else None,
            self._stamped.record_over(checkpoint, seen.size) if record else None,
        )

    def prove_inclusion(self, index: int, size: int) -> list[bytes]:
        """The path from an entry to the root of the log's first ``size`` entries (RFC 9162 2.1.3.1)."""
        self._check_size(size)
        return merkle.prove_inclusion(index, size, self._store.rows_at)

    def prove_consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the log of ``second`` entries begins with that of ``first`` (RFC 9162 2.1.4.1)."""
        self._check_size(second)
        return merkle.prove_consistency(first, second, self._store.rows_at)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Index and commitment of the entries from ``start`` to below ``stop`` (the size when iteration begins).

        Raises ``UnavailableError`` "ledger.corrupt" where one is missing.
        """
        end = self._store.head().size
        end = end if stop is None else min(stop, end)
        while start < end:
            page = self._store.records(start, min(PAGE, end - start))
            for one in page:
                if one.position != start:
                    break
                yield start, one.entry
                start += 1
            if not page or one.position != start - 1:
                raise corrupt(f"entry {start} is missing")

    # -- time stamps of batches

    def checkpoint_record(self, size: int) -> bytes | None:
        """The RFC 4998 evidence record (DER) over the checkpoint of this size, as the log alone signed it.

        None where no time stamp is over that checkpoint (yet). Raises ``UnavailableError`` "ledger.corrupt" where what
        is kept of it does not fit together.
        """
        return self._stamped.checkpoint_record(size)

    def evidence_record(self, index: int) -> bytes | None:
        """The RFC 4998 evidence record (DER) over the opening of an entry; None where no time stamp covers it yet.

        The first one of a batch takes the time of hashing all its entries, others of the same batch hardly any. Raises
        as ``checkpoint_record``, and ``MisuseError`` "ledger.range" where there is no such entry.
        """
        if not 0 <= index < self._store.head().size:
            raise MisuseError("ledger.range", f"there is no entry {index}", "name an index below the size")
        return self._stamped.evidence_record(index)

    def stamps(self, start: int = 0, limit: int = 32) -> list[KeptStamp]:
        """Up to ``limit`` time stamps of batches from number ``start`` on, as they are kept."""
        return self._store.stamps(start, limit)

    def next_batch(self) -> Batch | None:
        """The next batch to be stamped: up to the last checkpoint within its bounds; None where there is none.

        All its entries are read, and proved to be those that were signed: what a time stamp is over stays for ever.
        Raises ``UnavailableError`` "ledger.corrupt".
        """
        return self._stamped.next_batch()

    def add_stamp(self, batch: Batch, token: bytes) -> bool:
        """Keep the time stamp of a batch; False where another one stamped it meanwhile, and nothing was done.

        ``token``: DER; checked here to be over the batch's root, signed by a certificate in it, and not before the last
        one's time. Raises ``UnavailableError`` "ledger.stamp", "ledger.stamp-time".
        """
        return self._stamped.add(batch, token)

    def audit(self, key: NoteKey, witnesses: WitnessPolicy | None = None, held: Iterable[bytes] = ()) -> Audit:
        """Recompute everything; see ``ledger.audit``.

        ``key``: the log's key as the auditor knows it, not as the store says. ``held``: checkpoints and proof files
        that were kept elsewhere; the log must still stand by each of them.
        """
        return audit(self._store, key, witnesses, held)

    # -- end

    def close(self) -> None:
        """Let the store go; to be called once, or by leaving the ``with`` block."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<EvidenceLog {self.origin}>"

    def _check_size(self, size: int) -> None:
        present = self._store.head().size
        if size > present:
            raise MisuseError("ledger.range", f"the log has {present} entries, not {size}", "name a size it has had")

    def _last(self, head: Head) -> SeenCheckpoint | None:
        """The last checkpoint that the head knows of, checked."""
        if not head.checkpoints:
            return None
        kept = self._store.checkpoints(head.checkpoints - 1, 1)
        if kept and kept[0].number == head.checkpoints - 1 and isinstance(kept[0].note, bytes):
            return opened(kept[0], self.key)
        raise corrupt("the last checkpoint is missing")

    def _refuse_fork(self, signed: Checkpoint, size: int, root: bytes) -> None:
        if signed.size <= size:
            path = merkle.prove_consistency(signed.size, size, self._store.rows_at)
            if merkle.check_consistency(signed.size, size, path, signed.root, root):
                return
        raise corrupt("its entries are not those that were signed")


class _Waiting:
    """Entries of one call, and what became of them."""

    __slots__ = ("entries", "error", "indexes")

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self.indexes: dict[bytes, int] | None = None
        self.error: TrustError | None = None


def _distinct(batch: Sequence[_Waiting]) -> Sequence[bytes]:
    """The entries of several calls, of which each has distinct ones."""
    if len(batch) == 1:
        return batch[0].entries
    return list(dict.fromkeys(entry for one in batch for entry in one.entries))


class _Line:
    """The calls of one process that wait for their turn, in order."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    def join(self, entries: Sequence[bytes]) -> _Waiting:
        """Stand at the end."""
        one = _Waiting(entries)
        with self._lock:
            self._waiting.append(one)
        return one

    def take(self, limit: int) -> list[_Waiting]:
        """The first ones, of together at most ``limit`` entries, but at least one."""
        with self._lock:
            count = total = 0
            for one in self._waiting:
                total += len(one.entries)
                if count and total > limit:
                    break
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            return taken

    def put_back(self, waiting: Sequence[_Waiting]) -> None:
        """Let them stand first again."""
        with self._lock:
            self._waiting = [*waiting, *self._waiting]
