"""The audit of a log: everything is recomputed from the entries, and held against everything that was signed.

Whoever can write to the store can alter any row of it, so that rows prove nothing by themselves. What proves is what
the log has signed and, better, what others keep: a checkpoint or a proof at somebody else's, a cosignature. The hashes
that stand beside the entries only serve to say which entry is the first that is not what it was: as long as they were
not made to fit, exactly; otherwise between which two signed sizes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple, NoReturn

from toyono_trust.core.merkle import Edge, leaf_hashes
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Note
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, open_checkpoint
from toyono_trust.ledger.diagnosis import Diagnosis, diagnose, is_inserted
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.promise import is_promise, open_promise
from toyono_trust.ledger.proof import check_proof, read_proof
from toyono_trust.ledger.stores.base import PAGE, Extent, Record, Store, is_hash

__all__ = ["Audit", "audit"]


class Audit(NamedTuple):
    """What an audit found.

    Attributes:
        size: entries of the log, by its head when the audit began.
        root: the root recomputed from as many entries, or None where they are not all there.
        signed: the largest size under a checkpoint of the log that was checked.
        witnessed: the largest size under a checkpoint that the witness policy is content with; 0 without a policy.
        first: the first entry that is altered, missing or inserted, as far as can be told; None where none is.
        notes: what was found, as codes of ``core.findings``; empty where the log is sound.
    """

    size: int
    root: bytes | None
    signed: int
    witnessed: int
    first: int | None
    notes: tuple[Note, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found that only an alteration explains."""
        return not any(note.code not in _HARMLESS for note in self.notes)

    def require(self) -> None:
        """Raise ``MalformedError`` with the first note's code where the log is not sound."""
        for note in self.notes:
            if note.code not in _HARMLESS:
                raise MalformedError(note.code, f"the log is not sound: {note.code} {dict(note.values)}")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "an Audit is not a yes or no. Write\n    audit.require()\nor look at audit.sound and audit.notes"
        )


NOTES = 32
"""Checkpoints read at once; each may have a million octets (``note.MAX_NOTE``)."""

_HARMLESS = frozenset({"audit.unwitnessed", "audit.signature-unknown", "audit.held-unusable", "audit.unsigned"})


def audit(store: Store, key: NoteKey, witnesses: WitnessPolicy | None = None, held: Iterable[bytes] = ()) -> Audit:
    """Audit a log's store under the key that the auditor knows the log by.

    ``witnesses``: who must have cosigned; what they have not is told, and no fault of the entries. ``held``: proof
    files, promises and checkpoints of the log that were kept elsewhere; it must still stand by them. Entries appended
    meanwhile are left aside. Memory: a page of entries, and size and root of each checkpoint.
    """
    auditor = _Auditor(store, key, witnesses)
    auditor.check_log()
    extent = store.extent()
    auditor.read_checkpoints(extent.head.checkpoints)
    for octets in held:
        auditor.read_held(octets)
    auditor.walk(extent)
    if witnesses is not None and auditor.witnessed < auditor.signed:
        auditor.tell("audit.unwitnessed", entry=auditor.witnessed)
    if auditor.signed < extent.head.size:
        auditor.tell("audit.unsigned", entry=auditor.signed)
    return Audit(extent.head.size, auditor.root, auditor.signed, auditor.witnessed, auditor.first, tuple(auditor.notes))


class _Auditor:
    """One audit under way."""

    def __init__(self, store: Store, key: NoteKey, witnesses: WitnessPolicy | None) -> None:
        self._store = store
        self._key = key
        self._witnesses = witnesses
        self._marks: dict[int, bytes] = {}  # roots that the log has signed, by size
        self._entries: dict[int, bytes] = {}  # entries that proofs and promises held elsewhere show
        self._sizes: list[int] = []
        self._good = 0  # the largest size whose signed root was recomputed
        self.notes: list[Note] = []
        self.first: int | None = None
        self.root: bytes | None = None
        self.signed = 0
        self.witnessed = 0

    def tell(self, code: str, **values: int | str) -> None:
        """Add a finding."""
        self.notes.append(Note(code, "", values))

    # -- what was signed

    def check_log(self) -> None:
        """Whose log the store says it is."""
        description = self._store.description()
        if (description.origin, description.key) != (self._key.name, self._key.text):
            self.tell("audit.log", key=str(description.key))

    def read_checkpoints(self, count: int) -> None:
        """Check each checkpoint by itself: numbers without gap, growing sizes, the log's signature, cosignatures."""
        number, size = 0, -1
        while page := self._store.checkpoints(number, NOTES):
            for kept in page:
                if kept.number != number:
                    self.tell("audit.checkpoint-missing", number=number)
                number = kept.number + 1
                checkpoint = self._checkpoint(kept.note, f"{kept.number}")
                if checkpoint is None:
                    continue
                if not size < checkpoint.size == kept.size:
                    self.tell("audit.checkpoint", number=kept.number, reason="checkpoint.malformed")
                size = checkpoint.size
        present = self._store.head().checkpoints  # more than ``count`` where one was signed meanwhile
        if number < count:
            self.tell("audit.checkpoint-missing", number=number)
        elif number > present:
            self.tell("audit.checkpoint-uncounted", number=present)

    def read_held(self, octets: bytes) -> None:
        """Take what somebody else kept: a proof file, a promise, or a checkpoint."""
        try:
            if octets.startswith(b"{"):
                proven = check_proof(read_proof(octets), self._key)
                self._expect(proven.position, proven.entry)
                self._mark(proven.seen.checkpoint)
            elif is_promise(octets):
                promise = open_promise(octets, self._key)
                self._expect(promise.position, promise.entry)
            else:
                self._mark(open_checkpoint(octets, self._key).checkpoint)
        except MalformedError as error:
            self.tell("audit.held-unusable", reason=error.code)

    def _checkpoint(self, note: object, number: str) -> Checkpoint | None:
        if not isinstance(note, bytes):
            self.tell("audit.checkpoint", number=number, reason="note.malformed")
            return None
        try:
            seen = open_checkpoint(note, self._key)
        except MalformedError as error:
            self.tell("audit.checkpoint", number=number, reason=error.code)
            return None
        self.signed = max(self.signed, seen.checkpoint.size)
        self._mark(seen.checkpoint)
        known = [self._key, *(self._witnesses.witnesses if self._witnesses else ())]
        if not all(any(line.is_by(key) for key in known) for line in seen.note.signatures):
            self.tell("audit.signature-unknown", number=number)
        if self._witnesses is not None:
            try:
                open_checkpoint(note, self._key, self._witnesses)
                self.witnessed = max(self.witnessed, seen.checkpoint.size)
            except MalformedError as error:
                if error.code != "checkpoint.witnesses":
                    self.tell("audit.checkpoint", number=number, reason=error.code)
        return seen.checkpoint

    def _expect(self, position: int, entry: bytes) -> None:
        if self._entries.setdefault(position, entry) != entry:
            self.tell("audit.fork", size=position + 1)

    def _mark(self, checkpoint: Checkpoint) -> None:
        known = self._marks.setdefault(checkpoint.size, checkpoint.root)
        if known != checkpoint.root:
            self.tell("audit.fork", size=checkpoint.size)

    # -- the entries

    def walk(self, extent: Extent) -> None:
        """Recompute the tree, page by page, up to the first entry that is not what it was."""
        head = extent.head
        if extent.first is not None and extent.first < 0:
            self._blame("audit.inserted", extent.first, since=extent.first)
            return
        self._sizes = sorted(self._marks)
        edge = Edge()
        self._compare(edge)
        while edge.size < head.size:
            if not self._page(edge, min(edge.size + PAGE, head.size), extent):
                return
        self.root = edge.root()
        if extent.last is not None and extent.last >= head.size:
            self._beyond(edge, extent)
        elif self.root != head.root:
            self.tell("audit.head", since=self._good)
        beyond = max(max(self._marks, default=0), max(self._entries, default=-1) + 1)
        if beyond > head.size and self.first is None:
            self._blame("audit.cut-off", head.size, size=beyond)

    def _page(self, edge: Edge, end: int, extent: Extent) -> bool:
        """Take the entries below ``end``, stopping at each signed size; whether to go on."""
        start, whole, sizes = edge.size, end, self._sizes
        entries, nodes = self._store.columns(start, end)
        if len(entries) < end - start or set(map(type, entries)) != {bytes}:
            whole = start + _whole(self._store.records(start, end - start), start)
        stops = sizes[bisect_right(sizes, start) : bisect_right(sizes, whole)]
        for stop in (*stops, whole):
            at = slice(edge.size - start, stop - start)
            if not self._extend(edge, entries[at], nodes[at], extent):
                return False
        if whole < end:
            self._broken(edge, extent)
        return whole == end

    def _broken(self, edge: Edge, extent: Extent) -> None:
        """The next entry is not there, or is none."""
        if self._store.records_at([edge.size]):
            self._blame("audit.altered", edge.size, since=edge.size)
        elif edge.root() == extent.head.root:
            self.tell("audit.head", since=self._good)
        else:
            self._blame("audit.removed", edge.size, since=edge.size)

    def _extend(self, edge: Edge, entries: Sequence[bytes], nodes: Sequence[bytes], extent: Extent) -> bool:
        before = edge.copy()
        leaves = leaf_hashes(entries)
        completed = edge.extend(leaves)
        if completed != list(nodes):
            at = next(at for at, node in enumerate(nodes) if node != completed[at])
            before.extend(leaves[:at])
            found = diagnose(self._store, before, entries[at], nodes[at], self._reference(before.size, extent))
            if found.code != "audit.hash":
                self._suspect(found)
                return False
            self.tell(found.code, entry=found.entry)
        if self._entries:
            for position, entry in enumerate(entries, edge.size - len(entries)):
                if self._entries.get(position, entry) != entry:
                    self._blame("audit.altered", position, since=position)
                    return False
        return self._compare(edge)

    def _compare(self, edge: Edge) -> bool:
        """Hold the tree as recomputed so far against what was signed about its size."""
        root = self._marks.get(edge.size)
        if root is None:
            return True
        if root != edge.root():
            last = edge.size - 1  # one that fits is contradicted by the next row, which is beyond this size
            if is_inserted(self._store, last, (edge.size, root)):
                self._blame("audit.inserted", last, since=last)
            else:
                self._blame("audit.contradicted", self._good, since=self._good, size=edge.size)
            return False
        self._good = edge.size
        return True

    def _beyond(self, edge: Edge, extent: Extent) -> None:
        """There are entries that the head does not count: somebody added them, or has set the head back."""
        assert extent.last is not None
        whole = edge.copy()
        while whole.size <= extent.last:
            rows = self._store.records(whole.size, min(PAGE, extent.last + 1 - whole.size))
            count = _whole(rows, whole.size)
            whole.extend(leaf_hashes([row.entry for row in rows[:count]]))
            if not count:
                break
        if whole.root() in (extent.head.root, self._marks.get(whole.size)):
            self.tell("audit.head", since=self._good)
        else:
            last = extent.head.size - 1  # one that fits moves the true last entry beyond the head
            moved = is_inserted(self._store, last, (extent.head.size, extent.head.root))
            first = last if moved else extent.head.size
            self._blame("audit.inserted", first, since=first)

    def _reference(self, index: int, extent: Extent) -> tuple[int, bytes]:
        """The nearest size above an index whose root is known: signed, or at least in the head."""
        at = bisect_right(self._sizes, index)
        if at < len(self._sizes):
            return self._sizes[at], self._marks[self._sizes[at]]
        return extent.head.size, extent.head.root

    def _suspect(self, found: Diagnosis) -> None:
        self._blame(found.code, found.entry, since=max(found.since, min(self._good, found.entry)))

    def _blame(self, code: str, entry: int, **values: int) -> None:
        self.first = entry
        self.tell(code, entry=entry, **values)


def _whole(page: Sequence[Record], start: int) -> int:
    """How many rows of a page follow each other from ``start`` on and have entries that can be some."""
    for at, row in enumerate(page):
        if row.position != start + at or not is_hash(row.entry):
            return at
    return len(page)
