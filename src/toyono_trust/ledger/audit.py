"""The audit of a log: everything is recomputed from the entries, and held against everything that was signed.

Whoever can write to the store can alter any row of it, so that rows prove nothing by themselves. What proves is what
the log has signed and, better, what others keep: a checkpoint or a proof at somebody else's, a cosignature. The hashes
that stand beside the entries only serve to say which entry is the first that is not what it was: as long as they were
not made to fit, exactly; otherwise between which two signed sizes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn

from toyono_trust.core.merkle import HASH_SIZE, Edge, leaf_hashes
from toyono_trust.errors import MalformedError
from toyono_trust.formats.ers import fold
from toyono_trust.formats.model import Note
from toyono_trust.ledger.batch import MAX_BATCH, BatchTree, reduced_of
from toyono_trust.ledger.charter import certifies
from toyono_trust.ledger.checkpoint import (
    Checkpoint,
    SeenCheckpoint,
    WitnessPolicy,
    open_checkpoint,
    without_cosignatures,
)
from toyono_trust.ledger.diagnosis import Diagnosis, diagnose, is_inserted
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.promise import is_promise, open_promise
from toyono_trust.ledger.proof import Proof, check_proof, read_proof
from toyono_trust.ledger.records import check_record
from toyono_trust.ledger.stamps import check_token, goes_back, is_path, is_row, span_of
from toyono_trust.ledger.stores.base import PAGE, STEP, Extent, KeptStamp, Record, Store, is_hash, split

__all__ = ["Audit", "audit"]


class Audit(NamedTuple):
    """What an audit found.

    Attributes:
        size: entries of the log, by its head when the audit began.
        root: the root recomputed from as many entries, or None where they are not all there.
        signed: the largest size under a checkpoint of the log that was checked.
        witnessed: the largest size under a checkpoint that the witness policy is content with; 0 without a policy.
        stamped: the largest size under a time stamp of a batch; who made the stamps, ``stamping.audit`` judges.
        first: the first entry that is altered, missing or inserted, as far as can be told; None where none is.
        notes: what was found, as codes of ``core.findings``; empty where the log is sound.
    """

    size: int
    root: bytes | None
    signed: int
    witnessed: int
    stamped: int
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
"""Checkpoints or stamps read at once; each may have a million octets (``note.MAX_NOTE``)."""

_HARMLESS = frozenset(
    {
        *("audit.unwitnessed", "audit.signature-unknown", "audit.held-unusable", "audit.unsigned"),
        *("audit.unstamped", "audit.stamp-aged"),
    }
)


def audit(store: Store, key: NoteKey, witnesses: WitnessPolicy | None = None, held: Iterable[bytes] = ()) -> Audit:
    """Audit a log's store under the key that the auditor knows the log by.

    ``witnesses``: who must have cosigned; what they have not is told, and no fault of the entries. ``held``: proof
    files, promises and checkpoints of the log that were kept elsewhere; it must still stand by them. Entries appended
    meanwhile are left aside. Memory: two pages of entries, and size and root of each checkpoint and of each stamp.
    """
    auditor = _Auditor(store, key, witnesses)
    auditor.check_log()
    extent = store.extent()
    auditor.read_checkpoints(extent.head.checkpoints)
    auditor.read_stamps(extent.head.stamps)
    for octets in held:
        auditor.read_held(octets)
    auditor.walk(extent)
    if witnesses is not None and auditor.witnessed < auditor.signed:
        auditor.tell("audit.unwitnessed", entry=auditor.witnessed)
    if auditor.signed < extent.head.size:
        auditor.tell("audit.unsigned", entry=auditor.signed)
    if auditor.stamped < auditor.signed:
        auditor.tell("audit.unstamped", entry=auditor.stamped)
    return Audit(
        extent.head.size,
        auditor.root,
        auditor.signed,
        auditor.witnessed,
        auditor.stamped,
        auditor.first,
        tuple(auditor.notes),
    )


class _Page(NamedTuple):
    """Columns of the rows from ``start`` on, end to end, up to ``end`` or the first row that is missing or no entry."""

    start: int
    end: int
    entries: bytes
    nodes: bytes | list[Any]


class _Stamp(NamedTuple):
    """What of a stamp is compared with the entries."""

    number: int
    first: int
    root: bytes
    path: bytes
    time: datetime


class _Auditor:
    """One audit under way."""

    def __init__(self, store: Store, key: NoteKey, witnesses: WitnessPolicy | None) -> None:
        self._store = store
        self._key = key
        self._witnesses = witnesses
        self._marks: dict[int, bytes] = {}  # roots that the log has signed, by size
        self._leaves: dict[int, bytes] = {}  # digests of checkpoints as the log signed them, by size
        self._stamps: dict[int, _Stamp] = {}  # by size
        self._cosigned: dict[NoteKey, datetime] = {}  # when each witness last did
        self._batch: tuple[int, BatchTree] = (0, BatchTree())  # where it begins, and its tree as far as recomputed
        self._entries: dict[int, bytes] = {}  # entries that proofs and promises held elsewhere show
        self._sizes: list[int] = []
        self._begins: set[int] = set()
        self._stops: list[int] = []
        self._good = 0  # the largest size whose signed root was recomputed
        self.notes: list[Note] = []
        self.first: int | None = None
        self.root: bytes | None = None
        self.signed = 0
        self.witnessed = 0
        self.stamped = 0

    def tell(self, code: str, **values: int | str) -> None:
        """Add a finding."""
        self.notes.append(Note(code, "", values))

    # -- what was signed

    def check_log(self) -> None:
        """Whose log the store says it is."""
        description = self._store.description()
        if (description.origin, description.key) != (self._key.name, self._key.text):
            self.tell("audit.log", key=str(description.key), asked=self._key.text)
        if description.charter and not certifies(description.charter, self._key):
            self.tell("audit.charter", key=self._key.text)

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
                self._take_proof(read_proof(octets))
            elif is_promise(octets):
                promise = open_promise(octets, self._key)
                self._expect(promise.position, promise.entry)
            else:
                self._hold(open_checkpoint(octets, self._key).checkpoint)
        except MalformedError as error:
            self.tell("audit.held-unusable", reason=error.code)

    def _take_proof(self, proof: Proof) -> None:
        proven = check_proof(proof, self._key)
        size = proven.seen.checkpoint.size
        if proof.record is not None:
            time = check_record(proof.record, without_cosignatures(proven.seen, self._key), self._key)
            stamp = self._stamps.get(size)
            if stamp is None or stamp.time != time:
                self.tell("audit.stamp-removed", size=size)
        self._expect(proven.position, proven.entry)
        self._hold(proven.seen.checkpoint)

    def _checkpoint(self, note: object, number: str) -> Checkpoint | None:
        if not isinstance(note, bytes):
            self.tell("audit.checkpoint", number=number, reason="note.malformed")
            return None
        try:
            seen = self._opened(note, number)
        except MalformedError as error:
            self.tell("audit.checkpoint", number=number, reason=error.code)
            return None
        size = seen.checkpoint.size
        self.signed = max(self.signed, size)
        self._mark(seen.checkpoint)
        self._leaves[size] = sha256(without_cosignatures(seen, self._key)).digest()
        known = [self._key, *(self._witnesses.witnesses if self._witnesses else ())]
        if not all(any(line.is_by(key) for key in known) for line in seen.note.signatures):
            self.tell("audit.signature-unknown", number=number)
        for one in seen.cosignatures:
            if one.at < self._cosigned.get(one.witness, one.at):
                self.tell("audit.cosignature-time", number=number, witness=one.witness.name)
            self._cosigned[one.witness] = one.at
        if self._witnesses is not None and len(seen.cosignatures) >= self._witnesses.needed:
            self.witnessed = max(self.witnessed, size)
        return seen.checkpoint

    def _opened(self, note: bytes, number: str) -> SeenCheckpoint:
        """The checkpoint with all cosignatures of the policy's witnesses, without them where one does not fit."""
        if self._witnesses is None:
            return open_checkpoint(note, self._key)
        try:
            return open_checkpoint(note, self._key, self._witnesses._replace(needed=0))
        except MalformedError as error:
            seen = open_checkpoint(note, self._key)
            self.tell("audit.checkpoint", number=number, reason=error.code)
            return seen

    # -- what was stamped

    def read_stamps(self, count: int) -> None:
        """Check each stamp by itself, and that they follow each other: numbers, entries and times, without gap."""
        number, size = 0, 0
        before: tuple[datetime, datetime] | None = None
        while page := self._store.stamps(number, NOTES):
            for kept in page:
                whole = kept.number == number
                if not whole:
                    self.tell("audit.stamp-missing", number=number)
                number = kept.number + 1
                span = self._stamp(kept, size if whole else None)
                size = kept.size
                if span is not None and before is not None and goes_back(before, span):
                    self.tell("audit.stamp-time", number=kept.number)
                before = span or before
        present = self._store.head().stamps
        if number < count:
            self.tell("audit.stamp-missing", number=number)
        elif number > present:
            self.tell("audit.stamp-uncounted", number=present)

    def _stamp(self, kept: KeptStamp, begin: int | None) -> tuple[datetime, datetime] | None:
        """Check one stamp; the span of its time. ``begin``: where it must begin, None where that is not known."""
        reason = _flaw(kept, begin)
        token = None
        if not reason:
            try:
                root = self._leaf_root(kept)
                token = check_token(kept.token, root)
            except MalformedError as error:
                reason = error.code
        if reason or token is None:
            self.tell("audit.stamp", number=kept.number, reason=reason)
            return None
        self._stamps[kept.size] = _Stamp(kept.number, kept.first, token.imprint, kept.path, token.generated_at)
        self.stamped = max(self.stamped, kept.size)
        return span_of(token)

    def _leaf_root(self, kept: KeptStamp) -> bytes:
        """The root to which the path from the stamped checkpoint leads."""
        leaf = self._leaves.get(kept.size)
        if leaf is None:
            raise MalformedError("checkpoint.malformed", "there is no checkpoint of its size")
        return fold(reduced_of(leaf, kept.path), "sha256")

    def _check_stamp(self, size: int) -> None:
        """Hold the tree of a batch, as recomputed, against what was stamped at its end."""
        stamp = self._stamps.get(size)
        start, tree = self._batch
        if stamp is not None:
            root, path = tree.close(self._leaves[size])
            if start != stamp.first or (root, path) != (stamp.root, stamp.path):
                self.tell("audit.stamp", number=stamp.number, reason="proof.path")
        if size in self._begins:
            self._batch = size, BatchTree()

    def _expect(self, position: int, entry: bytes) -> None:
        if self._entries.setdefault(position, entry) != entry:
            self.tell("audit.fork", size=position + 1)

    def _hold(self, checkpoint: Checkpoint) -> None:
        """A checkpoint that was kept elsewhere: the log must have it, where it has so many entries."""
        if checkpoint.size not in self._leaves and checkpoint.size <= self._store.head().size:
            self.tell("audit.checkpoint-removed", size=checkpoint.size)
        self._mark(checkpoint)

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
        self._begins = {0, *self._stamps, *(stamp.first for stamp in self._stamps.values())}
        self._stops = sorted({*self._marks, *self._begins})
        edge = Edge()
        self._compare(edge)
        for page in self._pages(head.size):
            if not self._page(edge, page, extent):
                return
        self.root = edge.root()
        if extent.last is not None and extent.last >= head.size:
            self._beyond(edge, extent)
        elif self.root != head.root:
            self.tell("audit.head", since=self._good)
        beyond = max(max(self._marks, default=0), max(self._entries, default=-1) + 1)
        if beyond > head.size and self.first is None:
            self._blame("audit.cut-off", head.size, size=beyond)

    def _pages(self, size: int) -> Iterator[_Page]:
        """The columns of all entries below ``size``, read ahead where the store is another process."""
        step = self._store.page
        starts = range(0, size, step)
        if not self._store.ahead:
            for start in starts:
                yield self._read(start, min(start + step, size))
            return
        with ThreadPoolExecutor(1) as reader:
            pending = [reader.submit(self._read, start, min(start + step, size)) for start in starts[:1]]
            for start in starts:
                page = pending.pop().result()
                if start + step < size:
                    pending.append(reader.submit(self._read, start + step, min(start + 2 * step, size)))
                yield page

    def _read(self, start: int, end: int) -> _Page:
        entries, nodes = self._store.columns(start, end)
        if len(entries) == len(nodes) == HASH_SIZE * (end - start):
            return _Page(start, end, entries, nodes)
        rows = self._store.records(start, end - start)
        whole = _whole(rows, start)
        entries = b"".join([row.entry for row in rows[:whole]])
        return _Page(start, end, entries, [row.node for row in rows[:whole]])

    def _page(self, edge: Edge, page: _Page, extent: Extent) -> bool:
        """Take the entries of a page, stopping at each signed size; whether to go on."""
        start, stops = page.start, self._stops
        whole = start + len(page.entries) // HASH_SIZE
        stops = stops[bisect_right(stops, start) : bisect_right(stops, whole)]
        ends = sorted({*stops, *range(start, whole, STEP), whole})
        for stop in ends:
            if stop > edge.size and not self._extend(edge, page, stop, extent):
                return False
        if whole < page.end:
            self._broken(edge, extent)
        return whole == page.end

    def _broken(self, edge: Edge, extent: Extent) -> None:
        """The next entry is not there, or is none."""
        if self._store.records_at([edge.size]):
            self._blame("audit.altered", edge.size, since=edge.size)
        elif edge.root() == extent.head.root:
            self.tell("audit.head", since=self._good)
        else:
            self._blame("audit.removed", edge.size, since=edge.size)

    def _extend(self, edge: Edge, page: _Page, stop: int, extent: Extent) -> bool:
        """Take the entries up to a size; whether they are what they were."""
        before = edge.copy()
        at = slice(HASH_SIZE * (edge.size - page.start), HASH_SIZE * (stop - page.start))
        entries = split(page.entries[at])
        leaves = leaf_hashes(entries)
        completed = edge.extend(leaves)
        if not (isinstance(page.nodes, bytes) and b"".join(completed) == page.nodes[at]):
            nodes = [*(split(page.nodes) if isinstance(page.nodes, bytes) else page.nodes)]
            nodes = nodes[before.size - page.start : stop - page.start]
            for place in [place for place, node in enumerate(nodes) if node != completed[place]][:1]:
                before.extend(leaves[:place])
                reference = self._reference(before.size, extent)
                found = diagnose(self._store, before, entries[place], nodes[place], reference)
                if found.code != "audit.hash":
                    self._suspect(found)
                    return False
                self.tell(found.code, entry=found.entry)
        if self._entries:
            for position, entry in enumerate(entries, edge.size - len(entries)):
                if self._entries.get(position, entry) != entry:
                    self._blame("audit.altered", position, since=position)
                    return False
        if self._stamps:
            self._batch[1].extend(entries)
        return self._compare(edge)

    def _compare(self, edge: Edge) -> bool:
        """Hold the tree as recomputed so far against what was signed about its size."""
        root = self._marks.get(edge.size)
        if root is None:
            self._check_stamp(edge.size)
            return True
        if root != edge.root():
            last = edge.size - 1  # one that fits is contradicted by the next row, which is beyond this size
            if is_inserted(self._store, last, (edge.size, root)):
                self._blame("audit.inserted", last, since=last)
            else:
                self._blame("audit.contradicted", self._good, since=self._good, size=edge.size)
            return False
        self._good = edge.size
        self._check_stamp(edge.size)
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


def _flaw(kept: KeptStamp, begin: int | None) -> str:
    """What is wrong with a stamp's row, as a code; empty where nothing is."""
    if not is_row(kept):
        return "ledger.corrupt"
    if begin not in (None, kept.first) or not 0 <= kept.first < kept.size <= kept.first + MAX_BATCH:
        return "ledger.range"
    if sha256(kept.token).digest() != kept.digest:
        return "timestamp.malformed"
    return "" if is_path(kept.path) else "proof.path"


def _whole(page: Sequence[Record], start: int) -> int:
    """How many rows of a page follow each other from ``start`` on and have entries that can be some."""
    for at, row in enumerate(page):
        if row.position != start + at or not is_hash(row.entry):
            return at
    return len(page)
