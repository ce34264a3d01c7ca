"""What in a report proves what, for whoever shows it: the stamp behind a proof, what it undoes, what lapsed first.

Everything here is looked up in the report; nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from toyono_trust.core.findings import entry
from toyono_trust.validation.report import Finding, Proof, Report, SignatureReport, TimestampReport

__all__ = ["Reason", "by_past", "newest_lapsed", "prover", "reason", "stamps", "undone"]

PASSED = frozenset({"TOTAL-PASSED", "PASSED"})
_PAST = "past.passed"
_LAPSED = ("NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED")
"""Ends of the sub-indications that a proof of existence would undo."""


class Reason(NamedTuple):
    """Why a report says what it says: the finding that decided, or the key of a sentence in ``words.SENTENCES``."""

    finding: Finding | None
    sentence: str = ""


def reason(report: Report) -> Reason:
    """The one reason to show; what did not pass never gets the sentence of what did."""
    if report.indication in PASSED:
        if report.simulated_from is not None:
            return Reason(None, "valid-then")
        if report.log is not None and report.log.alone:
            return Reason(None, "valid-proof")
        if report.signatures:
            return Reason(None, "valid")
        return Reason(None, "valid-record" if report.evidence_records else "valid-token")
    failing = (item for item in report.all_findings() if item.level == "fail")
    found = report.decisive or next(failing, None)
    return Reason(found, "no-signature")


def stamps(report: Report) -> dict[str, TimestampReport]:
    """Every time stamp of a report by its id, those of counter-signatures included; of twins the first."""
    found: dict[str, TimestampReport] = {}
    waiting = list(reversed(report.signatures))
    while waiting:
        signature = waiting.pop()
        for item in signature.timestamps:
            found.setdefault(item.id, item)
        waiting += reversed(signature.counter_signatures)
    for item in report.timestamps:
        found.setdefault(item.id, item)
    return found


def prover(known: Mapping[str, TimestampReport], proof: Proof | None) -> TimestampReport | None:
    """The time stamp behind a proof, out of ``stamps``; None where there is none."""
    return None if proof is None or proof.by is None else known.get(proof.by)


def by_past(item: SignatureReport | TimestampReport) -> Finding | None:
    """The finding that it passed by past signature validation alone (EN 319 102-1 5.6.2.4); None where it did not."""
    return next((finding for finding in item.findings if finding.code == _PAST), None)


def undone(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of the findings of what passes by the past: those that would fail it by itself."""
    return tuple(item for item in findings if item.level == "inform" and entry(item.code).level == "fail")


def newest_lapsed(report: Report) -> TimestampReport | None:
    """The newest time stamp of a file that no longer passes, where none of its stamps does; None otherwise.

    What lies under it has nothing left to prove it, so that this is where to look first.
    """
    sub = report.sub_indication or ""
    if report.indication in PASSED or not sub.endswith(_LAPSED):
        return None
    found = list(enumerate(item for signature in report.signatures for item in signature.timestamps))
    if not found or any(item.indication == "PASSED" for _, item in found):
        return None
    return max(found, key=lambda each: (each[1].token.generated_at, each[0]))[1]
