"""Until when a verdict holds, found by judging the same facts at every later instant at which it may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from toyono_trust.formats.model import Signature
from toyono_trust.validation.judge.path import INSTANT
from toyono_trust.validation.report import Report, SignatureReport

__all__ = ["Horizon"]

MAX_STEPS = 200
"""Instants looked at; a file with ten time stamps has about 40 before it lapses."""


class Horizon:
    """Later judgements of one file, each made once. ``again``: the report, and the instants at which it may change."""

    __slots__ = ("_again", "_at", "_moments", "_reports")

    def __init__(self, again: Callable[[datetime], tuple[Report, set[datetime]]], at: datetime, moments: set[datetime]):
        self._again = again
        self._at = at
        self._moments = set(moments)
        self._reports: dict[datetime, Report] = {}

    def until(self, signature: Signature) -> datetime | None:
        """The last instant at which ``signature`` (the very object judged) passes; None where no end was found."""
        at = self._at
        for _ in range(MAX_STEPS):
            at = min((moment for moment in self._moments if moment > at), default=at)
            if at not in self._reports:
                if not any(moment >= at and moment > self._at for moment in self._moments):
                    return None
                report, moments = self._again(at)
                self._reports[at] = report
                self._moments |= moments
            report = self._reports[at]
            passed = any(item.facts is signature and item.indication == "TOTAL-PASSED" for item in _all(report))
            if not passed:
                return at - INSTANT
            if not any(moment > at for moment in self._moments):
                return None
        return at


def _all(report: Report) -> Iterator[SignatureReport]:
    waiting = list(report.signatures)
    while waiting:
        item = waiting.pop()
        yield item
        waiting += item.counter_signatures
