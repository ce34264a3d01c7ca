"""Where the blocks put what they find: findings for the reader, problems for the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.report import Finding

Rescue = Literal["never", "before", "not-after"]
Past = Literal["no", "chain", "before", "not-after"]


class Problem(NamedTuple):
    """A failed check. ``rescue`` and ``moment`` say which proof of existence undoes it (EN 319 102-1 5.5.4 step 4).

    ``"before"``: proven strictly before ``moment`` (a revocation, the end of an algorithm); ``"not-after"``: at the
    latest at ``moment`` (the end of a validity, nextUpdate). ``past``: whether past signature validation (5.6.2.4) may
    undo it: ``"no"``; ``"chain"`` where past certificate validation alone decides; or what must hold of the proof of
    existence besides.
    """

    finding: Finding
    sub_indication: str
    rescue: Rescue = "never"
    moment: datetime | None = None
    past: Past = "no"

    def rescued(self, proven: datetime) -> bool:
        """Whether the signature, proven to have existed at ``proven``, escapes this problem (5.5)."""
        return self.rescue != "never" and _holds(self.rescue, proven, self.moment)

    def passed_by(self, proven: datetime) -> bool:
        """The same where past certificate validation has passed (5.6.2.4)."""
        return self.past == "chain" or (self.past != "no" and _holds(self.past, proven, self.moment))

    def turned(self, sub_indication: str) -> Problem:
        """The same under another sub-indication, and past rescue."""
        return Problem(self.finding._replace(sub=sub_indication), sub_indication, "never", self.moment)


def _holds(bound: str, proven: datetime, moment: datetime | None) -> bool:
    if moment is None:
        return False
    return proven < moment if bound == "before" else proven <= moment


class Collector:
    """Findings in the order in which they were made, and those of them that are problems."""

    __slots__ = ("context", "found", "problems")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.found: list[Finding] = []
        self.problems: list[Problem] = []

    def add(
        self,
        code: str,
        subject: str = "",
        values: Mapping[str, Any] | None = None,
        rescue: Rescue = "never",
        moment: datetime | None = None,
        sub_indication: str | None = None,
        past: Past = "no",
    ) -> None:
        """Add a finding at the policy's level; at level fail it is a problem.

        ``sub_indication``: another one than the table's.
        """
        finding = self.context.finding(code, subject, values, sub_indication)
        if finding.level == "ignore":
            return
        self.found.append(finding)
        if finding.level == "fail":
            self.problems.append(Problem(finding, finding.sub_indication or "", rescue, moment, past))

    def inform(self, code: str, subject: str = "", values: Mapping[str, Any] | None = None) -> None:
        """Add a finding for the reader alone, whatever level it would have as a problem."""
        finding = self.context.finding(code, subject, values)
        if finding.level != "ignore":
            self.found.append(finding._replace(level="inform"))
