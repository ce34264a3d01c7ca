"""A record that is to be verified, and the verdict on it: plain values that can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from toyono_trust.core.findings import FindingLevel, Language, entry
from toyono_trust.edge.console import FAILED, INTERNAL, PASSED, UNAVAILABLE, UNDECIDED, UNREADABLE
from toyono_trust.errors import TrustError
from toyono_trust.validation.report import Finding

__all__ = ["COMPANIONS", "FATAL", "STANDINGS", "Item", "Observed", "Record", "Standing", "Verdict", "observed", "utc"]

CONTENT_OF = (".receipt.json", ".jws.json", ".p7s", ".jws", ".tst", ".tsr", ".ers")
"""Endings of signed files that may cover the file that is named without them."""
SIGNED = (*CONTENT_OF, ".p7m")
"""Endings that only signed files have: what has one and is of no known format is a record, and not passed over."""
PROOFS = (".proof", ".proof.json")
OPENINGS = (".opening", ".opening.json", ".salt")
COMPANIONS = (*PROOFS, *OPENINGS)
"""Endings of what lies beside a record: the proof of its entry in a log, and what opens the entry."""

FATAL = frozenset({"bulk.proof-wrong", "bulk.log-differs"})
"""Findings that make a record fail though its signature passes."""


class Observed(NamedTuple):
    """A finding as it crosses processes and stands in a journal."""

    code: str
    level: FindingLevel
    values: Mapping[str, Any] = {}
    subject: str = ""
    sub: str | None = None

    @property
    def finding(self) -> Finding:
        """The same, with its texts."""
        return Finding(self.code, self.level, self.subject, self.values, self.sub)


def observed(code: str, **values: Any) -> Observed:
    """A finding at the level of its row."""
    return Observed(code, entry(code).level, values)


class Record(NamedTuple):
    """What is known of a record before it is verified.

    ``file``: its name below the folder, with slashes. ``path``: where it is; empty where it must not be opened.
    ``content``, ``proof``, ``opening``: paths of what lies beside it. ``line``: of the index, 0 without.
    """

    file: str
    path: str
    date: date | None = None
    counterparty: str = ""
    amount: Decimal | None = None
    currency: str = ""
    kind: str = ""
    content: str | None = None
    proof: str | None = None
    opening: str | None = None
    notes: tuple[Observed, ...] = ()
    line: int = 0

    @property
    def item(self) -> Item:
        """What a worker needs of it."""
        return Item(self.path, self.content, self.proof, self.opening)


class Item(NamedTuple):
    """What a worker is given. ``known``: key of an earlier verdict, which holds where nothing changed.

    ``octets``: the files' octets, or why there are none, where the worker cannot read them itself. ``seals``: whether
    it must be a signature over the content, whatever else it may be.
    """

    path: str
    content: str | None = None
    proof: str | None = None
    opening: str | None = None
    known: str = ""
    octets: Mapping[str, bytes | str] | None = None
    seals: bool = False


class Verdict(NamedTuple):
    """What the verification of one record found; times are RFC 3339 in UTC.

    Attributes:
        indication: of the file, by EN 319 102-1; None where there is no report.
        sub: sub-indication.
        form: the format, None where it is none known here.
        signer: names of who signed, or whose time stamp it is.
        identifier: the same, as identifiers.
        best: best-signature-time of the first signature.
        proven: since when that signature is proven to exist; None where nothing proves an earlier time.
        event: of a receipt, the time of its event.
        entry: the commitment that proof or opening show, hexadecimal.
        position: its index in the log.
        checkpoint: size and root that a proof leads to.
        findings: what matters; the one that decided comes first.
    """

    indication: str | None
    sub: str | None = None
    form: str | None = None
    signer: str = ""
    identifier: str = ""
    best: str | None = None
    proven: str | None = None
    event: str | None = None
    entry: str | None = None
    position: int | None = None
    checkpoint: tuple[int, str] | None = None
    findings: tuple[Observed, ...] = ()


class Standing(NamedTuple):
    """Where a record stands in the report."""

    rank: int
    tone: str


STANDINGS = {name: Standing(rank, name) for rank, name in enumerate(("failed", "unread", "undecided", "passed"))}
_CODES = {"bulk.late": UNAVAILABLE, "bulk.ended": INTERNAL}


def standing(verdict: Verdict) -> str:
    """One of ``STANDINGS``: by the verdict, and by what else was found about the record."""
    if verdict.indication is None:
        return "unread"
    codes = {one.code for one in verdict.findings}
    if verdict.indication in ("TOTAL-FAILED", "FAILED") or codes & FATAL:
        return "failed"
    wrong = any(one.level == "fail" and one.code.startswith("bulk.") for one in verdict.findings)
    return "passed" if verdict.indication in ("TOTAL-PASSED", "PASSED") and not wrong else "undecided"


def exit_code(verdict: Verdict) -> int:
    """The exit code for one record."""
    tone = standing(verdict)
    if tone == "unread":
        return _CODES.get(verdict.findings[0].code, UNREADABLE) if verdict.findings else UNREADABLE
    return {"failed": FAILED, "undecided": UNDECIDED, "passed": PASSED}[tone]


def utc(time: datetime | None) -> str | None:
    """RFC 3339 in UTC, whole seconds."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def because(verdict: Verdict, language: Language) -> tuple[str, str]:
    """Why a record did not pass, and what to do; empty where it passed."""
    for one in verdict.findings:
        if one.level == "fail":
            return one.finding.text_in(language), one.finding.remedy_in(language)
    return "", ""


def reason_of(error: TrustError) -> str:
    """An error in a finding's value."""
    return error.code
