"""Records held against an evidence log: does each stand in it, and which entries of the period have no record here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple, Protocol

from toyono_trust import EvidenceLog, NotVerified, Policy, TrustStore, verbs
from toyono_trust.core.findings import entry as row_of
from toyono_trust.core.limits import Work
from toyono_trust.core.merkle import check_consistency
from toyono_trust.delivery.sealed import called
from toyono_trust.edge.bulk.case import Case
from toyono_trust.edge.bulk.record import Observed, Verdict, observed, utc
from toyono_trust.edge.bulk.selection import Selection, day_of
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.draft import Nested
from toyono_trust.formats.model import Facts
from toyono_trust.ledger.audit import Audit
from toyono_trust.ledger.charter import is_sealed, read_statement
from toyono_trust.ledger.checkpoint import WitnessPolicy
from toyono_trust.ledger.note import NoteKey
from toyono_trust.pki import tsp
from toyono_trust.validation.judge import judge

__all__ = ["Logbook", "Matched", "Orphan"]

PAGE = 1_000
MAX_LISTED = 1_000
"""Entries without a record that are listed; all are counted."""


class Period(Protocol):
    """What decides which entries are asked about."""

    @property
    def selection(self) -> Selection:
        """The span of days."""

    @property
    def zone(self) -> tzinfo:
        """Where these days are."""


class Orphan(NamedTuple):
    """An entry of the log to which no record here belongs. ``stamped``: time of its batch's stamp, None without."""

    position: int
    entry: str
    stamped: str | None


class Matched(NamedTuple):
    """The log and the records.

    ``origin``, ``key``, ``size``, ``signed``: of the log, as audited. ``sound``: whether the audit found nothing that
    only an alteration explains. ``period``: entries that are stamped in the period. ``orphans``: the first of those
    without a record, ``orphan_count`` all. ``undated``: entries without stamp and without record, ``unstamped`` the
    first of them.
    """

    origin: str
    key: str
    size: int
    signed: int
    sound: bool
    period: int
    orphans: tuple[Orphan, ...]
    orphan_count: int
    undated: int
    unstamped: tuple[Orphan, ...]
    notes: tuple[Observed, ...]


class Logbook:
    """An open evidence log, audited. Raises what reading a log raises."""

    def __init__(self, log: EvidenceLog, trust: TrustStore | None, policy: Policy | None, at: datetime) -> None:
        self.log = log
        self.notes: list[Observed] = []
        self._roots: dict[tuple[int, str], bool] = {}
        named = None if trust is None else trust.log(self.log.key.text)
        if named is None and trust is not None and trust.logs:
            key = NoteKey.parse(trust.logs[0].key)  # another log than those that are trusted: the audit says so
        else:
            key = self.log.key
        if named is None and key == self.log.key:
            sealer = _sealer(self.log, trust, policy, at)
            self.notes.append(
                observed("bulk.log-key", key=key.text) if sealer is None else observed("bulk.log-chartered", by=sealer)
            )
        witnesses = WitnessPolicy.of(named.needed, *named.witnesses) if named is not None and named.needed else None
        self.audit: Audit = self.log.audit(key, witnesses)
        self._witnessed = None if witnesses is None else self.audit.witnessed
        if not self.audit.sound:
            self.notes.append(observed("bulk.log-unsound"))
            for note in self.audit.notes:
                self.notes.append(Observed(note.code, row_of(note.code).level, note.values, note.subject))

    def trust(self, given: TrustStore | None) -> TrustStore:
        """The trust of the records' proofs: the caller's, and the log that was named, as it was audited."""
        trust = TrustStore.empty() if given is None else given
        return trust if trust.logs else trust.with_logs(self.log.key.text)

    def match(
        self, verdicts: Sequence[Verdict], claimed: Iterable[str], asked: Period, case: Case
    ) -> tuple[list[Verdict], Matched]:
        """The verdicts with what the log says about each, and what the log has besides.

        ``claimed``: entries (hexadecimal) of records that were not asked for.
        """
        wanted: dict[str, int] = {one.entry: -1 for one in verdicts if one.entry is not None}
        known = {*wanted, *claimed}
        spans, untrusted = self._spans(asked, case)
        orphans: list[Orphan] = []
        unstamped: list[Orphan] = []
        period = count = undated = at = 0
        for index, octets in self.log.entries(0, self.audit.size) if self.audit.sound else ():
            entry = octets.hex()
            if wanted.get(entry) == -1:
                wanted[entry] = index
            while at < len(spans) and index >= spans[at].size:
                at += 1
            stamped = spans[at].time if at < len(spans) else None
            if stamped is None:
                undated += entry not in known
                if entry not in known and len(unstamped) < MAX_LISTED:
                    unstamped.append(Orphan(index, entry, None))
            elif spans[at].asked:
                period += 1
                if entry not in known:
                    count += 1
                    if len(orphans) < MAX_LISTED:
                        orphans.append(Orphan(index, entry, stamped))
        notes = [*self.notes]
        if untrusted:
            notes.append(observed("bulk.stamps", count=untrusted))
        if count:
            notes.append(observed("bulk.entries", count=count))
        if undated:
            notes.append(observed("bulk.entries-undated", count=undated))
        audit = self.audit
        found = [self._judged(one, wanted) for one in verdicts]
        unexpected = sum(one.entry is None and not _is_expected(one) for one in verdicts)
        if unexpected:
            notes.append(observed("bulk.not-expected", count=unexpected))
        return found, Matched(
            self.log.origin, self.log.key.text, audit.size, audit.signed, audit.sound, period, tuple(orphans), count,
            undated, tuple(unstamped), tuple(notes),
        )  # fmt: skip

    def _spans(self, asked: Period, case: Case) -> tuple[list[_Span], int]:
        """Batches in order, when each was stamped and whether that is in the period; how many stamps do not pass."""
        found, number, untrusted = [], 0, 0
        trust = case.trust
        while page := self.log.stamps(number, PAGE):
            for kept in page:
                time = _stamped(kept.token, case, trust)
                untrusted += time is None
                day = None if time is None else day_of(time, asked.zone)
                found.append(_Span(kept.size, time, time is not None and asked.selection.has_day(day)))
            number += len(page)
        return found, untrusted

    def _judged(self, verdict: Verdict, indexes: Mapping[str, int]) -> Verdict:
        """What the log says about one record; nothing where it is unsound itself, which is said once."""
        if verdict.indication is None:
            return verdict
        if verdict.entry is None:
            if not _is_expected(verdict) or any(one.code.startswith("bulk.proof") for one in verdict.findings):
                return verdict
            return _with(verdict, "bulk.proof-missing")
        if not self.audit.sound:
            return verdict
        index = indexes[verdict.entry]
        if index < 0:
            return _with(verdict, "bulk.log-differs", reason="audit.removed")
        if verdict.position is not None and not self._stands(verdict.position, verdict.entry):
            return _with(verdict, "bulk.log-differs", reason="audit.altered")
        if verdict.checkpoint is not None and not self._stood(*verdict.checkpoint):
            return _with(verdict, "bulk.log-differs", reason="audit.fork")
        position = index if verdict.position is None else verdict.position
        found = verdict._replace(position=position)
        if position >= self.audit.signed:
            found = _with(found, "bulk.log-unsigned")
        if self._witnessed is not None and position >= self._witnessed:
            found = _with(found, "bulk.log-unwitnessed")
        return found

    def _stands(self, position: int, entry: str) -> bool:
        return any(octets.hex() == entry for _, octets in self.log.entries(position, position + 1))

    def _stood(self, size: int, root: str) -> bool:
        """Whether the log had this root at this size; asked once for each checkpoint."""
        known = self._roots.get((size, root))
        if known is None:
            known = self._roots[size, root] = self._consistent(size, bytes.fromhex(root))
        return known

    def _consistent(self, size: int, root: bytes) -> bool:
        whole = self.audit.size
        if size > whole or self.audit.root is None:
            return False
        try:
            path = self.log.prove_consistency(size, whole)
        except (MisuseError, UnavailableError):
            return False
        return check_consistency(size, whole, path, root, self.audit.root)


def _is_expected(verdict: Verdict) -> bool:
    """Whether the log must have a record beside which nothing shows an entry: receipts, which a log is kept for.

    Of what else nobody logged nothing is missing; an entry whose proof was taken away is one without record.
    """
    return verdict.event is not None or any(one.code.startswith("bulk.proof") for one in verdict.findings)


def _sealer(log: EvidenceLog, trust: TrustStore | None, policy: Policy | None, at: datetime) -> str | None:
    """Who certifies the log's key by a charter that passes under trust; None where nobody does."""
    if trust is None or not log.charter:
        return None
    report = verbs.verify(log.charter, NO_CONTENTS, trust, policy or Policy.default(), at)
    if not is_sealed(report):
        return None
    try:
        key = read_statement(report.require(signed_by="anyone").content)
    except (NotVerified, MalformedError):
        return None
    sealed = [one.certificate for one in report.signatures if one.certificate is not None]
    by_organisation = all(one.kind in ("seal", "unknown") for one in report.signatures)
    vouches = bool(sealed) and by_organisation and key == log.key
    return f"{called(sealed[0])[0]} ({sealed[0].identifier})" if vouches else None


class _Span(NamedTuple):
    size: int
    time: str | None
    asked: bool


def _stamped(octets: bytes, case: Case, trust: TrustStore) -> str | None:
    """The time of a batch's stamp, whose imprint the audit has compared; None where it does not pass."""
    try:
        imprint = tsp.read(octets).imprint
        token = registry.token_facts(Nested("evidence-record", octets, lambda algorithm: imprint))
    except MalformedError:
        return None
    report = judge(Facts("RFC3161", timestamps=(token,)), case.policy, trust, case.at, Work())
    return utc(token.generated_at) if report.indication == "PASSED" else None


def _with(verdict: Verdict, code: str, **values: str) -> Verdict:
    return verdict._replace(findings=(*verdict.findings, observed(code, **values)))
