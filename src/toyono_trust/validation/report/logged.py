"""What a report says of evidence logs: who vouches for the log, what stands in it since when, what was promised."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from toyono_trust.formats.model import LoggedEvidence

if TYPE_CHECKING:
    from toyono_trust.validation.report.whole import Report

__all__ = ["LogResult", "PromiseResult", "WitnessSeen"]

PromiseState = Literal["kept", "broken", "open", "overdue", "unproven", "forged", "unchecked"]


class WitnessSeen(NamedTuple):
    """That a trusted witness saw the checkpoint as the newest one of a log that never rewrote anything."""

    name: str
    time: datetime


class PromiseResult(NamedTuple):
    """What became of a log's promise to a receipt.

    ``state``: "kept" (a proof shows it, dated not after the deadline), "unproven" (a proof shows the entry, and nothing
    dates it in time, or shows that it is of this receipt), "broken" (another entry stands there), "open" and "overdue"
    (no proof was presented, before and after the deadline), "forged" (the log's key did not sign it), "unchecked" (the
    log is not trusted here).
    """

    origin: str
    position: int
    deadline: datetime | None
    state: PromiseState


class LogResult(NamedTuple):
    """The report's ``log``: what the proof of an entry proves, and what logs promised.

    ``origin``, ``key``: the log's name and verifier key, None where there is no proof. ``vouched_by``: "charter" where
    an organisation's seal certifies the key, "trust" where the caller's trust names it, None where nobody does.
    ``operator``: identifier of that organisation. ``position``, ``entry``, ``size``, ``root``: what stood where in a
    log of which size and root. ``logged_since``: by when it stood there, proven by a trusted authority's time stamp;
    beside a receipt None where the entry is not shown to be of it.
    ``witnesses``: trusted ones that saw it; ``unknown_witnesses``: how many others say so. ``evidence``: what was
    presented and whether the entry is of it. ``until``: how long what the log did by itself counts. ``proof``: of a
    receipt, the whole report on the proof that was presented with it.
    """

    origin: str | None
    key: str | None = None
    vouched_by: Literal["charter", "trust"] | None = None
    operator: str | None = None
    position: int | None = None
    entry: bytes | None = None
    size: int | None = None
    root: bytes | None = None
    logged_since: datetime | None = None
    witnesses: tuple[WitnessSeen, ...] = ()
    unknown_witnesses: int = 0
    evidence: tuple[LoggedEvidence, ...] = ()
    until: datetime | None = None
    promises: tuple[PromiseResult, ...] = ()
    proof: Report | None = None

    @property
    def alone(self) -> bool:
        """Whether the file itself is the proof, and not a receipt that one was presented with."""
        return self.position is not None and self.proof is None

    @property
    def matched(self) -> bool | None:
        """Whether the entry is of evidence that was presented; None where none was."""
        return any(one.matches for one in self.evidence) if self.evidence else None
