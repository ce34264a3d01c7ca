"""What a page is made of, as plain texts in one language: values that can be pickled, nothing to decide any more.

Every text that may come from a file has passed ``render.safe``; escaping for HTML is the template's.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    *("RANKS", "TONES", "Covered", "Event", "Fact", "FileView", "FindingView", "Link", "Material", "Moment"),
    *("Part", "Piece", "ReceiptView", "Tone", "Verdict"),
]

Tone = Literal["passed", "failed", "undecided"]
TONES: dict[str, Tone] = {
    "TOTAL-PASSED": "passed",
    "PASSED": "passed",
    "TOTAL-FAILED": "failed",
    "FAILED": "failed",
    "INDETERMINATE": "undecided",
}
RANKS = {"unread": 0, "failed": 1, "undecided": 2, "passed": 3}
"""What comes first in an overview."""


class Moment(NamedTuple):
    """A time: for people, local with its zone; for programs, RFC 3339 in UTC."""

    text: str
    machine: str


class Verdict(NamedTuple):
    """``tone``: passed, failed, undecided, or unread where there is no report. ``code``: the standard's words.

    ``forecast``: it is a simulation's, which must not look like a verdict.
    """

    tone: str
    word: str
    code: str
    forecast: bool = False

    @property
    def classes(self) -> str:
        """Classes of the elements that show it."""
        return f"{self.tone} forecast" if self.forecast else self.tone


class Fact(NamedTuple):
    """A label and its value. ``kind``: ``text``, ``code`` (identifiers, digests) or ``time``."""

    label: str
    value: str
    kind: str = "text"
    machine: str = ""


class FindingView(NamedTuple):
    """One finding; ``level`` fail, warn or inform, ``word`` the same for people."""

    level: str
    word: str
    text: str
    remedy: str
    code: str
    clause: str
    sub_indication: str
    subject: str


class Event(NamedTuple):
    """A point of the time line. ``tone``: bound, claimed, passed, failed, undecided, now or ahead."""

    tone: str
    label: str
    moment: Moment
    note: str = ""


class Link(NamedTuple):
    """One certificate of a path."""

    role: str
    anchor: bool
    name: str
    period: str
    facts: tuple[Fact, ...]


class Covered(NamedTuple):
    """One thing that is covered. ``tone``: passed (intact), failed (altered) or undecided."""

    name: str
    tone: Tone
    state: str
    digest: str


class Part(NamedTuple):
    """A signature, a time stamp or an evidence record. ``who`` is empty where no certificate was identified.

    ``past``: what proves it, where it no longer passes by itself. ``notes``: what can be folded of its findings.
    ``notes_word``: their summary.
    """

    verdict: Verdict
    title: str
    form: str
    who: str
    identifier: str
    facts: tuple[Fact, ...]
    covered: tuple[Covered, ...]
    events: tuple[Event, ...]
    chain: tuple[Link, ...]
    chain_note: str
    stamps: tuple[Part, ...]
    counters: tuple[Part, ...]
    findings: tuple[FindingView, ...]
    technical: tuple[Fact, ...]
    past: str = ""
    notes: tuple[FindingView, ...] = ()
    notes_word: str = ""


class ReceiptView(NamedTuple):
    """A delivery receipt. ``label``: whether it proves the ``statement``; ``warning`` is empty where it does."""

    label: str
    statement: str
    warning: str
    facts: tuple[Fact, ...]
    covered: tuple[Covered, ...]


class LogView(NamedTuple):
    """An evidence log. ``verdict``: on the proof that was presented with a receipt, with what that consists of."""

    facts: tuple[Fact, ...]
    verdict: Verdict | None = None
    seals: tuple[Part, ...] = ()
    recorded: tuple[Part, ...] = ()
    findings: tuple[FindingView, ...] = ()


class Piece(NamedTuple):
    """One certificate, CRL or OCSP response. ``url``: it was fetched, and ``source`` is its address."""

    kind: str
    name: str
    digest: str
    source: str
    url: bool


class Material(NamedTuple):
    """What a verdict rests on. ``summary``: how many, and from where."""

    summary: str
    pieces: tuple[Piece, ...]


class FileView(NamedTuple):
    """All that the page says about one file. ``about``: policy and trust, for the colophon; empty without a report.

    ``simulation``: what a simulation is and is not, empty for a verdict. ``because``: what ends the verdict, or what
    lapsed first.
    """

    name: str
    verdict: Verdict
    sentence: str
    remedy: str
    who: tuple[str, ...]
    when: tuple[Fact, ...]
    receipt: ReceiptView | None
    signatures: tuple[Part, ...]
    stamps: tuple[Part, ...]
    findings: tuple[FindingView, ...]
    remarks: tuple[str, ...]
    about: tuple[Fact, ...]
    digests: tuple[str, str]
    simulation: str = ""
    because: tuple[Fact, ...] = ()
    material: Material | None = None
    records: tuple[Part, ...] = ()
    log: LogView | None = None
