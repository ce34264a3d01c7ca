"""One run: name the records, verify those that are asked for, hold them against a log, and put failures first."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust import EvidenceLog, Policy, TrustStore
from toyono_trust.edge.batch import MAX_BATCH, Here, Lost, Processes, answers, cores
from toyono_trust.edge.bulk import record as records
from toyono_trust.edge.bulk.case import MAX_SHIPPED, Case, Judged, entry_of, handed
from toyono_trust.edge.bulk.folder import INDEX, Folder, open_regular, walk
from toyono_trust.edge.bulk.index import Index, read_index
from toyono_trust.edge.bulk.journal import Journal
from toyono_trust.edge.bulk.logbook import Logbook, Matched
from toyono_trust.edge.bulk.record import (
    COMPANIONS,
    PROOFS,
    SIGNED,
    STANDINGS,
    Item,
    Observed,
    Record,
    Verdict,
    observed,
)
from toyono_trust.edge.bulk.selection import Selection, day_of
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry

__all__ = ["Asked", "Line", "Survey", "survey"]

WORTHWHILE = 300
"""Records for which one more process is worth its start."""
SMALL_BATCH = 25
"""Records of a batch where octets travel with it, and where nobody but this process works: so often progress shows."""

COVERED = "covered"
"""Mark of a file over which something beside it may be a signature: without one of its own it is no record."""


class Asked(NamedTuple):
    """What a run is asked for.

    ``listing``: an index file, None for the one in the folder. ``jobs``: None for as many as there are cores. ``at``:
    None for the present. ``log``: stays open.
    """

    root: str | None
    listing: str | None
    selection: Selection
    zone: tzinfo
    trust: TrustStore | None
    policy: Policy | None
    at: datetime | None
    password: bytes | None = None
    log: EvidenceLog | None = None
    journal: str | None = None
    jobs: int | None = None
    limit: float | None = None
    dask: str | None = None


class Line(NamedTuple):
    """A record with its verdict."""

    record: Record
    verdict: Verdict

    @property
    def standing(self) -> str:
        """One of ``STANDINGS``."""
        return records.standing(self.verdict)


class Survey(NamedTuple):
    """What a run found. ``lines``: failures first, else in the order of the index or of names.

    ``listed``: records that there are, asked for or not. ``others``: names of files that are no records, nor covered by
    one. ``listing``: the index file that named them, None without. ``notes``: what concerns no single record. ``log``:
    None where none was asked about. ``seal``: the verdict on the index's seal, which lies beside it; None without.
    ``unlisted``: signed files that the index does not name.
    """

    at: datetime
    policy: tuple[str, str]
    trust: tuple[str, str]
    root: str | None
    listing: str | None
    selection: Selection
    lines: list[Line]
    listed: int
    others: Sequence[str]
    notes: tuple[Observed, ...]
    log: Matched | None
    seal: Verdict | None = None
    unlisted: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Records by standing."""
        counted = Counter(line.standing for line in self.lines)
        return {name: counted.get(name, 0) for name in STANDINGS}


class _Named(NamedTuple):
    """The records: those asked for and the rest, what was noticed, the index, and what it does not name."""

    asked: list[Record]
    rest: list[Record]
    notes: list[Observed]
    listing: str | None
    unlisted: Sequence[str] = ()
    others: Sequence[str] = ()


Advance = Callable[[int], None]


def survey(asked: Asked, begin: Callable[[int], Advance]) -> Survey:
    """Do what is asked. ``begin`` is told how many records there are, and gives what is told how many more are done.

    Raises ``MisuseError``, ``MalformedError`` of an index or a journal, ``UnavailableError``, ``OSError``. Interrupted,
    it leaves the journal as it is, with all that is done.
    """
    with ExitStack() as stack:
        journal = None if asked.journal is None else Journal(asked.journal)
        if journal is not None:
            stack.callback(journal.close)
        at = _time(asked, journal)
        logbook = None if asked.log is None else Logbook(asked.log, asked.trust, asked.policy, at)
        judging = asked.trust if logbook is None else logbook.trust(asked.trust)
        case = Case.of(judging, asked.policy, at, asked.password)
        if journal is not None:
            journal.begin(case.key, at)
        named = _Named([], [], [], None) if asked.root is None else _named(asked.root, asked)
        seal = None if named.listing is None else _sealed(named.listing, case)
        verdicts = _verified(named.asked, case, journal, asked, begin)
        lines = [Line(one, verdict) for one, verdict in zip(named.asked, verdicts, strict=True)]
        found = lines if named.listing is not None else [line for line in lines if _is_record(line)]
        others = named.others if named.listing is not None else _passed_over(lines)
        listed = len(found) + len(named.rest)
        if named.listing is None:
            found = [dated for line in found if (dated := _dated(line, asked)) is not None]
        matched = None
        if logbook is not None:
            judged, matched = logbook.match([line.verdict for line in found], _claimed(named.rest), asked, case)
            found = [line._replace(verdict=verdict) for line, verdict in zip(found, judged, strict=True)]
    found.sort(key=lambda line: STANDINGS[line.standing].rank)
    policy, trust = asked.policy or Policy.default(), asked.trust or TrustStore.empty()
    return Survey(
        at,
        (policy.name, policy.digest),
        (trust.digest, trust.revocation_digest),
        asked.root,
        named.listing,
        asked.selection,
        found,
        listed,
        others,
        (*named.notes, *([] if seal is None else [_of_seal(seal)])),
        matched,
        seal,
        named.unlisted,
    )


def _sealed(listing: str, case: Case) -> Verdict | None:
    """The verdict on the detached seal of the index."""
    path = f"{listing}.p7s"
    return case.load()(Item(path, content=listing, seals=True))[1] if os.path.lexists(path) else None


def _of_seal(seal: Verdict) -> Observed:
    if records.standing(seal) == "passed":
        return observed("bulk.index-sealed", signer=f"{seal.signer} ({seal.identifier})")
    wrong = next((one for one in seal.findings if one.level == "fail"), None)
    reason = seal.sub or "" if wrong is None else wrong.finding.text
    return observed("bulk.index-seal", reason=reason)


def _time(asked: Asked, journal: Journal | None) -> datetime:
    """The validation time: as asked for, else that of the run that began the journal, else the present."""
    if journal is not None and journal.at is not None:
        if asked.at is not None and asked.at != journal.at:
            raise MisuseError(
                "journal.other", f"the journal is of a run at {journal.at.isoformat()}",
                "leave --at out; the journal knows the time",
            )  # fmt: skip
        return journal.at
    return asked.at or datetime.now(UTC)


# -- which records


def _named(root: str, asked: Asked) -> _Named:
    folder = walk(root)
    notes = [observed("bulk.skipped", count=len(folder.special))] if folder.special else []
    path = asked.listing or folder.files.get(INDEX)
    if path is None and INDEX in folder.special:
        raise MalformedError("index.special", f"{INDEX} is a link or no regular file", "put the file itself there")
    if path is None:
        if asked.selection.by_fields:
            raise MisuseError(
                "index.header", "counterparties and amounts stand in an index file, and there is none",
                "make one with toyono-trust index",
            )  # fmt: skip
        found = [folder.record(name)._replace(kind=COVERED if folder.is_covered(name) else "")
                 for name in (*folder.candidates(), *_posing(folder))]  # fmt: skip
        return _Named(found, [], notes, None)
    index = read_index(path, folder)
    _check_columns(index, asked.selection)
    listed = {one.file for one in index.records}
    unlisted = _signed_among([*index.unlisted, *(name for name in _posing(folder) if name not in listed)], folder)
    if unlisted:
        notes.append(observed("bulk.not-indexed", count=len(unlisted)))
    chosen: list[Record] = []
    rest: list[Record] = []
    for one in index.records:
        (chosen if _is_asked(one, asked.selection) else rest).append(one)
    signed = set(unlisted)
    return _Named(chosen, rest, notes, path, unlisted, [name for name in index.unlisted if name not in signed])


def _check_columns(index: Index, selection: Selection) -> None:
    """Refuse to look for what the index does not say of any record: nothing found would look like nothing wrong."""
    wanted = {"counterparty"} if selection.counterparty else set()
    if selection.least is not None or selection.most is not None:
        wanted.add("amount")
    for name in sorted(wanted - index.columns):
        raise MisuseError("index.header", f"the index has no column {name}", "make one that has: toyono-trust index")


def _is_asked(one: Record, selection: Selection) -> bool:
    has_amount = one.amount is not None or any(note.code == "bulk.amount" for note in one.notes)
    by_amount = selection.least is not None or selection.most is not None
    is_certain = not any(note.code == "bulk.duplicate" for note in one.notes)  # else another row may be meant
    return not is_certain or (
        selection.has_day(one.date)
        and selection.has_counterparty(one.counterparty)
        and selection.has_amount(one.amount)
        and (has_amount or not by_amount)
    )


def _signed_among(names: Sequence[str], folder: Folder) -> list[str]:
    """Those that are of a known format, or look as if they should be."""
    found = []
    for name in names:
        if not name.endswith(SIGNED):
            try:
                handle = open_regular(folder.files[name])
            except OSError:
                continue
            try:
                if registry.detect(os.read(handle, 1 << 16)) is None:
                    continue
            finally:
                os.close(handle)
        found.append(name)
    return found


def _passed_over(lines: Sequence[Line]) -> list[str]:
    """Without an index: names of what is no record, and of nothing that a record may cover."""
    return [line.record.file for line in lines if line.record.kind != COVERED and not _is_record(line)]


def _posing(folder: Folder) -> list[str]:
    """What is named as if it accompanied a record, beside what is none, and is signed itself: so it could hide."""
    known = [name for name in sorted(folder.files) if folder.is_companion(name)]
    bases = {name: next(name.removesuffix(end) for end in COMPANIONS if name.endswith(end)) for name in known}
    records = frozenset(_signed_among(sorted({*bases.values()}), folder))
    posing = [name for name in known if bases[name] not in records]
    return [name for name in _signed_among(posing, folder) if not name.endswith(PROOFS)]


def _is_record(line: Line) -> bool:
    """Without an index: what is signed, or bears the name of something signed."""
    verdict, name = line.verdict, line.record.file
    if verdict.indication is None or name.endswith(SIGNED):
        return True
    if verdict.form is None:
        return False
    return not (verdict.best is None and line.record.kind == COVERED)


def _dated(line: Line, asked: Asked) -> Line | None:
    """Without an index: the line with its day, or None where that is not asked for.

    The day of a receipt is that of its event, which is its issuer's word and counts where the seal passes; of anything
    else, that since when it is proven to exist. So nothing leaves a period by an altered date.
    """
    has_passed = line.verdict.indication in ("TOTAL-PASSED", "PASSED")
    time = (line.verdict.event if has_passed else None) or line.verdict.proven
    day = None if time is None else day_of(time, asked.zone)
    record = line.record._replace(date=day, kind="")
    if not asked.selection.has_day(day):
        return None
    if day is None and asked.selection.by_date:
        note = observed("bulk.undated")
        return Line(record, line.verdict._replace(findings=(*line.verdict.findings, note)))
    return Line(record, line.verdict)


def _claimed(rest: Sequence[Record]) -> Iterator[str]:
    """Entries that belong to records which were not asked for, as what lies beside them shows."""
    for one in rest:
        if one.path and (one.proof is not None or one.opening is not None):
            entry = entry_of(one.item)
            if entry is not None:
                yield entry.hex()


# -- their verdicts


def _verified(
    chosen: Sequence[Record], case: Case, journal: Journal | None, asked: Asked, begin: Callable[[int], Advance]
) -> list[Verdict]:
    """A verdict for each record, out of the journal where nothing changed."""
    known = {} if journal is None else journal.known
    verdicts: list[Verdict | None] = [None] * len(chosen)
    usable = []
    for at, one in enumerate(chosen):
        if one.path:
            usable.append(at)
        else:
            verdicts[at] = Verdict(None)
    items = [chosen[at].item._replace(known=known[chosen[at].file][0] if chosen[at].file in known else "")
             for at in usable]  # fmt: skip
    advance = begin(len(items))
    with ExitStack() as stack:
        for batch in _answered(items, case, asked, stack):
            fresh = []
            for place, answer in batch:
                at = usable[place]
                if isinstance(answer, Lost):
                    verdicts[at] = Verdict(None, findings=(_of_lost(answer),))
                    continue
                key, verdict = answer
                verdicts[at] = known[chosen[at].file][1] if verdict is None else verdict
                if verdict is not None and verdict.indication is not None:
                    fresh.append((chosen[at].file, key, verdict))
            if journal is not None:
                journal.add(fresh)
            advance(len(batch))
    return [_noted(one, verdict) for one, verdict in zip(chosen, verdicts, strict=True)]


def _noted(one: Record, verdict: Verdict | None) -> Verdict:
    assert verdict is not None
    return verdict if not one.notes else verdict._replace(findings=(*verdict.findings, *one.notes))


def _of_lost(lost: Lost) -> Observed:
    if lost.kind == "late":
        return observed("bulk.late", seconds=lost.reason)
    return observed("bulk.ended", reason=lost.reason)


def _answered(
    items: Sequence[Item], case: Case, asked: Asked, stack: ExitStack
) -> Iterator[list[tuple[int, Judged | Lost]]]:
    """The answers of whatever does the work: a cluster, processes, or this process alone."""
    if asked.dask is not None:
        yield from _by_cluster(items, case, asked.dask, stack)
        return
    jobs = asked.jobs or max(1, min(cores(), len(items) // WORTHWHILE))
    if jobs == 1 and asked.limit is None:
        yield from answers(items, case, Here(), size=SMALL_BATCH, ahead=1)
        return
    executor = Processes(min(jobs, max(1, len(items))), case, asked.limit)
    stack.callback(executor.shutdown, wait=False)
    size = max(1, min(MAX_BATCH, len(items) // (4 * jobs)))
    yield from answers(items, case.key, executor, size=size, ahead=2 * jobs)


def _by_cluster(
    items: Sequence[Item], case: Case, address: str, stack: ExitStack
) -> Iterator[list[tuple[int, Judged | Lost]]]:
    from toyono_trust.edge.bulk.cluster import cluster

    executor, held, workers = stack.enter_context(cluster(address, case))
    sizes = [sum(_size(path) for path in one[:4] if path) for one in items]
    for small in (True, False):
        places = [at for at, size in enumerate(sizes) if (size <= MAX_SHIPPED) is small]
        chosen = [items[at] for at in places]
        found = (
            answers(_Handed(chosen), held, executor, size=SMALL_BATCH, ahead=4 * workers) if small
            else answers(chosen, case, Here(), size=1, ahead=1)
        )  # fmt: skip
        for batch in found:
            yield [(places[at], answer) for at, answer in batch]


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


class _Handed(Sequence[Item]):
    """Items whose files are read when they are handed out, and not before."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: Any) -> Any:
        return handed(self.items[at])
