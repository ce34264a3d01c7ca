"""Until when a verdict holds, found by judging the same facts at every later instant at which it may change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from toyono_trust.core.limits import BUDGETS, Work
from toyono_trust.formats.model import EvidenceRecord, Signature
from toyono_trust.validation.judge.path import INSTANT
from toyono_trust.validation.report import Report, SignatureReport

__all__ = ["Horizon"]

MAX_STEPS = 200
"""Instants looked at; a file with ten time stamps has about 40 before it lapses."""
SHARE = 2
"""Work of all later judgements together, in that of one verification. Ten signers with archive time stamps need 0.6 of
one, a signature that was renewed thirty times 0.3. Without a bound, 60 time stamps and 300 lists whose times lie ahead
took 14 s; with it, 150 time stamps by keys of 8192 bits take 1.7 s."""

Again = Callable[[datetime, Work], tuple[Report, set[datetime]]]


class Horizon:
    """Later judgements of one file, each made once. ``again``: the report, and the instants at which it may change.

    ``moments``: those of the first judgement, which may still be adding to them until somebody asks.
    """

    __slots__ = ("_again", "_at", "_exceeded", "_first", "_known", "_moments", "_reports", "_work")

    def __init__(self, again: Again, at: datetime, moments: Iterable[datetime]):
        self._again = again
        self._at = at
        self._first = moments
        self._known: set[datetime] = set()
        self._moments: list[datetime] = []
        self._reports: dict[datetime, Report] = {}
        self._work: Work | None = None
        self._exceeded = False

    def _add(self, moments: Iterable[datetime]) -> None:
        new = {moment for moment in moments if moment > self._at} - self._known
        if new:
            self._known |= new
            self._moments = sorted([*self._moments, *new])

    def until(self, signature: Signature) -> datetime | None:
        """The last instant at which ``signature`` (the very object judged) passes; None where no end was found.

        Where that takes more work than a file may cause, the last instant at which it was seen to pass.
        """
        return self._until(
            lambda report: any(item.facts is signature and item.indication == "TOTAL-PASSED" for item in _all(report))
        )

    def until_record(self, record: EvidenceRecord) -> datetime | None:
        """The same of an evidence record."""
        return self._until(
            lambda report: any(item.facts is record and item.proven_at is not None for item in report.evidence_records)
        )

    def _until(self, passes: Callable[[Report], bool]) -> datetime | None:
        self._add(self._first)
        at = self._at
        for _ in range(MAX_STEPS):
            moment = self._next(at)
            if moment is None:
                return None
            report = self._report(moment)
            if report is None:
                break
            if self._next(at) != moment:
                continue  # judging later times has shown an earlier one to look at
            if not passes(report):
                return moment - INSTANT
            at = moment
        return at

    def _next(self, at: datetime) -> datetime | None:
        later = bisect_right(self._moments, at)
        return self._moments[later] if later < len(self._moments) else None

    def _report(self, at: datetime) -> Report | None:
        """The report at a later moment, None where the work is used up."""
        if at not in self._reports and not self._exceeded:
            if self._work is None:
                self._work = Work({kind: SHARE * budget for kind, budget in BUDGETS.items()})
            report, moments = self._again(at, self._work)
            self._exceeded = any(finding.code == "limits.work" for finding in report.findings)
            if not self._exceeded:
                self._reports[at] = report
                self._add(moments)
        return self._reports.get(at)


def _all(report: Report) -> Iterator[SignatureReport]:
    waiting = list(report.signatures)
    while waiting:
        item = waiting.pop()
        yield item
        waiting += item.counter_signatures
