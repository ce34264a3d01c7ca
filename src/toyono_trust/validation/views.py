"""What a page shows of a report, as plain texts in one language: nothing to decide, nothing to format any more.

Views can be pickled, so that workers make them and one process lays out the page. Every text that may come from a file
has passed ``render.safe``; escaping for HTML is the template's. Words are those of ``words``, as in the text rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Literal, NamedTuple

from toyono_trust.core.findings import Language
from toyono_trust.formats.model import Revision, SignedObject
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes
from toyono_trust.validation.render import safe, utc
from toyono_trust.validation.report import Finding, Indication, Report, SignatureReport, TimestampReport, local_time
from toyono_trust.validation.words import (
    CHANGES,
    KINDS,
    LABELS,
    PAGE,
    SENTENCES,
    TIMESTAMP_TYPES,
    VERDICTS,
    word,
)

__all__ = [
    "Covered",
    "Event",
    "Fact",
    "FileView",
    "FindingView",
    "Link",
    "Moment",
    "Part",
    "ReceiptView",
    "Verdict",
    "unreported",
    "view",
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

_COMMON_NAME, _ORGANISATION = "2.5.4.3", "2.5.4.10"


class Moment(NamedTuple):
    """A time: for people, local with its zone; for programs, RFC 3339 in UTC."""

    text: str
    machine: str


class Verdict(NamedTuple):
    """``tone``: passed, failed, undecided, or unread where there is no report. ``code``: the standard's words."""

    tone: str
    word: str
    code: str


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
    """A signature or a time stamp. ``who`` is empty where no certificate was identified."""

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

    @property
    def troubled(self) -> bool:
        """Whether it should be shown unfolded: something fails or warns."""
        return self.verdict.tone != "passed" or any(item.level != "inform" for item in self.findings)


class ReceiptView(NamedTuple):
    """A delivery receipt. ``label``: whether it proves the ``statement``; ``warning`` is empty where it does."""

    label: str
    statement: str
    warning: str
    facts: tuple[Fact, ...]
    covered: tuple[Covered, ...]


class FileView(NamedTuple):
    """All that the page says about one file. ``about``: policy and trust, for the colophon; empty without a report."""

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


def view(report: Report, language: Language = "en", zone: tzinfo = UTC, *, remarks: tuple[str, ...] = ()) -> FileView:
    """What there is to show of a report. ``remarks``: where its content was found, for instance."""
    return _View(report, language, zone).file(remarks)


def unreported(name: str, message: str, hint: str, language: Language = "en") -> FileView:
    """What there is to show of a file that could not be verified at all."""
    verdict = Verdict("unread", word(PAGE, "not-verified", language), "")
    return FileView(safe(name), verdict, safe(message), safe(hint), (), (), None, (), (), (), (), (), ("", ""))


def name_of(certificate: Certificate) -> str:
    """What people call the subject: its common name, else its organisation, else the whole subject."""
    for kind in (_COMMON_NAME, _ORGANISATION):
        for found in attributes(certificate.subject_name, kind):
            if found:
                return safe(found)
    return safe(certificate.subject) or safe(certificate.identifier)


def label(key: str, language: Language) -> str:
    """A word of ``LABELS`` or ``PAGE`` as the beginning of a line. An unknown key is a defect: ``KeyError``."""
    return beginning((LABELS.get(key) or PAGE[key])[language == "ja"], language)


def beginning(text: str, language: Language) -> str:
    """The text with a capital letter where the language has such."""
    return text if language == "ja" else text[:1].upper() + text[1:]


def _readable(item: TimestampReport) -> bool:
    """Whether the token could be read; one that could not has no time."""
    return item.token.generated_at.year > 1


class _View:
    """The views of one report in one language."""

    def __init__(self, report: Report, language: Language, zone: tzinfo) -> None:
        self.report, self.language, self.zone = report, language, zone

    # -- words

    def _page(self, key: str, **values: object) -> str:
        found = PAGE[key][self.language == "ja"]
        return found.format_map(values) if values else found

    def _fact(self, key: str, value: object, kind: str = "text") -> Fact:
        return Fact(label(key, self.language), safe(str(value)), kind)

    def _timed(self, key: str, time: datetime) -> Fact:
        moment = self._moment(time)
        return self._fact(key, moment.text, "time")._replace(machine=moment.machine)

    def _moment(self, time: datetime) -> Moment:
        return Moment(local_time(time, self.zone), utc(time) or "")

    def _verdict(self, indication: Indication, sub_indication: str | None) -> Verdict:
        code = f"{indication} / {sub_indication}" if sub_indication else indication
        return Verdict(TONES[indication], word(VERDICTS, indication, self.language), code)

    # -- the file

    def file(self, remarks: tuple[str, ...]) -> FileView:
        report = self.report
        why, remedy = self._why()
        signatures = tuple(map(self._signature, report.signatures))
        stamps = tuple(self._stamp(item, within=False) for item in report.timestamps)
        return FileView(
            name=safe(report.file or ""),
            verdict=self._verdict(report.indication, report.sub_indication),
            sentence=why,
            remedy=remedy,
            who=tuple(part.who for part in (*signatures, *stamps) if part.who),
            when=self._validated(),
            receipt=self._receipt(),
            signatures=signatures,
            stamps=stamps,
            findings=self._findings(report.findings),
            remarks=tuple(map(safe, remarks)),
            about=tuple(self._about()),
            digests=(report.policy_digest, report.trust_digest),
        )

    def _why(self) -> tuple[str, str]:
        """One sentence why, and one what to do."""
        report = self.report
        passed = TONES[report.indication] == "passed"
        failing = (item for item in report.all_findings() if item.level == "fail")
        decisive = None if passed else report.decisive or next(failing, None)
        if decisive is not None:
            return self._text(decisive), self._remedy(decisive)
        key = ("valid" if report.signatures else "valid-token") if passed else "no-signature"
        return word(SENTENCES, key, self.language), word(SENTENCES, f"{key}-do", self.language)

    def _validated(self) -> tuple[Fact, ...]:
        found = [self._timed("validated", self.report.validated_at)]
        if self.report.valid_until is not None:
            found.append(self._timed("valid_until", self.report.valid_until))
        return tuple(found)

    def _about(self) -> Iterator[Fact]:
        report = self.report
        yield self._fact("policy", report.policy_name)
        yield self._fact("policy", report.policy_digest, "code")._replace(label="")
        yield self._fact("trust", report.trust_digest, "code")
        yield self._fact("revocation-digest", report.trust_revocation_digest, "code")
        if report.trust_valid_until is not None:
            yield self._timed("trust-until", report.trust_valid_until)

    def _text(self, finding: Finding) -> str:
        return safe(finding.text_in(self.language, self.zone))

    def _remedy(self, finding: Finding) -> str:
        return safe(finding.remedy_in(self.language, self.zone))

    def _findings(self, findings: Iterable[Finding]) -> tuple[FindingView, ...]:
        order = {"fail": 0, "warn": 1, "inform": 2}
        return tuple(
            FindingView(
                item.level,
                word(LABELS, item.level, self.language),
                self._text(item),
                self._remedy(item) if item.level != "inform" else "",
                item.code,
                item.clause,
                item.sub_indication or "",
                safe(item.subject),
            )
            for item in sorted(findings, key=lambda item: order.get(item.level, 3))
        )

    # -- signatures

    def _signature(self, item: SignatureReport) -> Part:
        level = f" {item.level}" if item.level else ""
        return Part(
            verdict=self._verdict(item.indication, item.sub_indication),
            title=beginning(word(KINDS, item.kind, self.language), self.language),
            form=f"{item.format}{level}",
            who="" if item.certificate is None else name_of(item.certificate),
            identifier="" if item.certificate is None else safe(item.certificate.identifier),
            facts=tuple(self._who_and_when(item)),
            covered=tuple(self._covered(thing) for thing in item.objects),
            events=self._events(item),
            chain=self._chain(item, "leaf"),
            chain_note=self._chain_note(item),
            stamps=tuple(self._stamp(token) for token in item.timestamps),
            counters=tuple(map(self._signature, item.counter_signatures)),
            findings=self._findings(item.findings),
            technical=tuple(self._technical(item)),
        )

    def _who_and_when(self, item: SignatureReport) -> Iterator[Fact]:
        if item.certificate is not None:
            yield self._fact("issuer", item.certificate.issuer)
        claimed = item.facts.claimed_signing_time
        proven = item.best_signature_time < self.report.validated_at
        if claimed is None and not proven:
            yield self._fact("when", self._page("when-unknown"))
        if proven:
            yield self._timed("proven", item.best_signature_time)
        if claimed is not None:
            yield self._timed("claimed", claimed)
        yield from self._revision(item.facts.revision)

    def _revision(self, revision: Revision | None) -> Iterator[Fact]:
        """The signed revision of a PDF, and what came later."""
        if revision is None:
            return
        if revision.field:
            yield self._fact("field", revision.field)
        counted = {kind: revision.changes.count(kind) for kind in dict.fromkeys(revision.changes)}
        words = [word(CHANGES, kind, self.language) + (f" × {n}" if n > 1 else "") for kind, n in counted.items()]
        yield self._fact("later", " · ".join(words) or self._page("none"))
        for key, stated in (("reason", revision.reason), ("location", revision.location)):
            if stated:
                yield self._fact(key, stated)

    def _covered(self, thing: SignedObject) -> Covered:
        digest = "" if thing.digest is None else f"{thing.digest_algorithm}:{thing.digest.hex()}"
        return self._cover(thing.name, thing.found, thing.intact, digest)

    def _cover(self, name: str, found: bool, intact: bool | None, digest: str = "") -> Covered:
        key = "missing" if not found else {True: "intact", False: "altered", None: "unchecked"}[intact]
        tone: Tone = "undecided" if not found or intact is None else "passed" if intact else "failed"
        shown = safe(name)
        if name in ("", "payload"):
            shown = word(LABELS, "content", self.language)
        elif name == "receipt" and self.report.receipt is not None:
            shown = word(LABELS, "receipt", self.language)
        return Covered(shown, tone, word(LABELS, key, self.language), digest)

    def _technical(self, item: SignatureReport) -> Iterator[Fact]:
        intact = {True: "intact", False: "altered", None: "unchecked"}[item.signature_intact]
        yield self._fact("indication", self._verdict(item.indication, item.sub_indication).code, "code")
        yield self._fact("signature-id", item.id, "code")
        yield self._fact("algorithm", item.algorithm, "code")
        yield self._fact("signature-value", word(LABELS, intact, self.language))
        yield self._timed("best-time", item.best_signature_time)
        if item.certificate is not None:
            yield self._fact("subject", item.certificate.subject, "code")
            for identifier in item.certificate.identifiers:
                yield self._fact("identifier", identifier, "code")
        for evidence in item.revocation_evidence:
            yield self._fact("evidence", evidence, "code")

    # -- the time line

    def _events(self, item: SignatureReport) -> tuple[Event, ...]:
        found = [*self._bounds(item), *self._proofs(item)]
        found.sort(key=lambda pair: pair[0])
        return tuple(Event(tone, label, self._moment(time), note) for time, (tone, label, note) in found)

    def _bounds(self, item: SignatureReport) -> Iterator[tuple[datetime, tuple[str, str, str]]]:
        """What limits: the certificate's validity, the time of verification, the end of the verdict."""
        if item.certificate is not None:
            yield item.certificate.not_before, ("bound", self._page("event-from"), "")
            yield item.certificate.not_after, ("bound", self._page("event-to"), "")
        yield self.report.validated_at, ("now", self._page("event-now"), "")
        if item.indication == "TOTAL-PASSED" and item.valid_until is not None:
            yield item.valid_until, ("ahead", word(LABELS, "valid_until", self.language), "")

    def _proofs(self, item: SignatureReport) -> Iterator[tuple[datetime, tuple[str, str, str]]]:
        if item.facts.claimed_signing_time is not None:
            note = self._page("event-claimed-note")
            yield item.facts.claimed_signing_time, ("claimed", word(LABELS, "claimed", self.language), note)
        for stamp in item.timestamps:
            if not _readable(stamp):
                continue
            tone = TONES[stamp.indication]
            note = self._page("event-stamp-note" if tone == "passed" else "event-stamp-bad")
            by = "" if stamp.certificate is None else f" · {name_of(stamp.certificate)}"
            yield stamp.token.generated_at, (tone, word(TIMESTAMP_TYPES, stamp.token.type, self.language) + by, note)

    # -- certificates and time stamps

    def _chain(self, item: SignatureReport | TimestampReport, leaf: str) -> tuple[Link, ...]:
        """From the leaf to the anchor; the leaf alone where no path was accepted."""
        if not item.chain:
            return () if item.certificate is None else (self._link(item.certificate, leaf),)
        last = len(item.chain) - 1
        return tuple(
            self._link(certificate, "anchor" if place == last else "ca" if place else leaf)
            for place, certificate in enumerate(item.chain)
        )

    def _chain_note(self, item: SignatureReport | TimestampReport) -> str:
        if item.certificate is None:
            return self._page("no-certificate")
        return "" if item.chain else self._page("no-chain")

    def _link(self, item: Certificate, role: str) -> Link:
        begin, end = (local_time(time, self.zone) for time in (item.not_before, item.not_after))
        facts = (
            self._fact("subject", item.subject, "code"),
            self._fact("issuer", item.issuer, "code"),
            self._fact("serial", format(item.serial, "x"), "code"),
            self._fact("fingerprint", item.sha256.hex(), "code"),
        )
        period = self._page("period", begin=begin, end=end)
        return Link(label(role, self.language), role == "anchor", name_of(item), period, facts)

    def _stamp(self, item: TimestampReport, within: bool = True) -> Part:
        token = item.token
        state = "missing" if not token.imprint_found else {True: "intact", False: "altered", None: "unchecked"}[
            token.imprint_intact
        ]  # fmt: skip
        name = "" if item.certificate is None else name_of(item.certificate)
        return Part(
            verdict=self._verdict(item.indication, item.sub_indication),
            title=beginning(word(TIMESTAMP_TYPES, token.type, self.language), self.language),
            form="RFC 3161",
            who=name,
            identifier="",
            facts=(
                *((self._timed("time", token.generated_at),) if _readable(item) else ()),
                self._fact("imprint", word(LABELS, state, self.language)),
            ),
            covered=(),
            events=(),
            chain=self._chain(item, "leaf-stamp"),
            chain_note=self._chain_note(item),
            stamps=(),
            counters=(),
            findings=self._findings(item.findings),
            technical=tuple(self._stamp_technical(item)),
        )

    def _stamp_technical(self, item: TimestampReport) -> Iterator[Fact]:
        token = item.token
        yield self._fact("indication", self._verdict(item.indication, item.sub_indication).code, "code")
        yield self._fact("signature-id", item.id, "code")
        yield self._fact("imprint-algorithm", f"{token.imprint_algorithm}:{token.imprint.hex()}", "code")
        yield self._fact("tsa-policy", token.policy, "code")
        yield self._fact("serial", format(token.serial_number, "x"), "code")
        if token.accuracy is not None:
            yield self._fact("accuracy", self._page("seconds", seconds=f"± {token.accuracy:g}"))
        if item.valid_until is not None:
            yield self._timed("valid_until", item.valid_until)

    # -- the receipt

    def _receipt(self) -> ReceiptView | None:
        result = self.report.receipt
        if result is None:
            return None
        statement = result.event if result.statement is None else result.statement[self.language == "ja"]
        facts = [
            self._fact("event", result.event, "code"),
            self._timed("time", result.event_time),
            self._fact("sender", result.sender, "code"),
            *(self._fact("recipient", recipient, "code") for recipient in result.recipients),
            self._fact("issuer-is-signer", self._page("yes" if result.issuer_is_signer else "no")),
        ]
        return ReceiptView(
            label("receipt-proves" if result.proves else "receipt-states", self.language),
            safe(statement),
            "" if result.proves else self._page("receipt-claims"),
            tuple(facts),
            tuple(self._cover(name, found, intact) for name, found, intact in result.parts),
        )
