"""What a page shows of a report, as plain texts in one language: nothing to decide, nothing to format any more.

Views can be pickled, so that workers make them and one process lays out the page. Words are those of ``words``, as in
the text rendering.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from toyono_trust.core.findings import Language
from toyono_trust.formats.model import Revision, SignedObject
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation import proofs
from toyono_trust.validation.inventory import inventory
from toyono_trust.validation.lines import explained, stamp_named
from toyono_trust.validation.logged import said
from toyono_trust.validation.pieces import (
    TONES,
    Covered,
    Event,
    Fact,
    FileView,
    FindingView,
    Link,
    LogView,
    Moment,
    Part,
    ReceiptView,
    Tone,
    Verdict,
)
from toyono_trust.validation.render import name_of, readable, safe, utc
from toyono_trust.validation.report import (
    EvidenceRecordReport,
    Finding,
    Indication,
    Report,
    SignatureReport,
    TimestampReport,
    local_time,
)
from toyono_trust.validation.words import (
    CHANGES,
    FORECASTS,
    KINDS,
    LABELS,
    PAGE,
    SENTENCES,
    TIMESTAMP_TYPES,
    VERDICTS,
    word,
)

__all__ = ["FileView", "label", "unreported", "view"]

MAX_SAME = 3
"""Findings of one code, and findings for information, that are shown unfolded."""


def view(report: Report, language: Language = "en", zone: tzinfo = UTC, *, remarks: tuple[str, ...] = ()) -> FileView:
    """What there is to show of a report. ``remarks``: where its content was found, for instance."""
    return _View(report, language, zone).file(remarks)


def unreported(name: str, message: str, hint: str, language: Language = "en") -> FileView:
    """What there is to show of a file that could not be verified at all."""
    verdict = Verdict("unread", word(PAGE, "not-verified", language), "")
    return FileView(safe(name), verdict, safe(message), safe(hint), (), (), None, (), (), (), (), (), ("", ""))


def label(key: str, language: Language) -> str:
    """A word of ``LABELS`` or ``PAGE`` as the beginning of a line. An unknown key is a defect: ``KeyError``."""
    return beginning((LABELS.get(key) or PAGE[key])[language == "ja"], language)


def beginning(text: str, language: Language) -> str:
    """The text with a capital letter where the language has such."""
    return text if language == "ja" else text[:1].upper() + text[1:]


class _View:
    """The views of one report in one language."""

    def __init__(self, report: Report, language: Language, zone: tzinfo) -> None:
        self.report, self.language, self.zone = report, language, zone
        self.stamps = proofs.stamps(report)

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
        forecast = self.report.simulated_from is not None
        table = FORECASTS if forecast else VERDICTS
        return Verdict(TONES[indication], word(table, indication, self.language), code, forecast)

    # -- the file

    def file(self, remarks: tuple[str, ...]) -> FileView:
        report = self.report
        why, remedy = self._why()
        signatures = tuple(map(self._signature, report.signatures))
        stamps = tuple(self._stamp(item, within=False) for item in report.alone if isinstance(item, TimestampReport))
        records = tuple(map(self._record, report.evidence_records))
        authorities = dict.fromkeys(stamp.who for record in records for stamp in record.stamps)
        return FileView(
            name=safe(report.file or ""),
            verdict=self._verdict(report.indication, report.sub_indication),
            sentence=why,
            remedy=remedy,
            who=tuple(filter(None, [*(part.who for part in (*signatures, *stamps)), *authorities])),
            when=self._validated(),
            receipt=self._receipt(),
            signatures=signatures,
            stamps=stamps,
            findings=self._findings(report.findings),
            remarks=tuple(map(safe, remarks)),
            about=tuple(self._about()),
            digests=(report.policy_digest, report.trust_digest),
            simulation=self._page("assumed") if report.simulated_from is not None else "",
            because=tuple(self._because()),
            material=inventory(report, self.language, self.zone),
            records=records,
            log=self._log(),
        )

    def _log(self) -> LogView | None:
        result = self.report.log
        if result is None:
            return None
        facts = tuple(Fact(label(one.key, self.language), one.text) for one in said(result, self.language, self.zone))
        proof = result.proof
        if proof is None:
            return LogView(facts)
        inner = _View(proof, self.language, self.zone)
        return LogView(
            facts,
            self._verdict(proof.indication, proof.sub_indication),
            tuple(map(inner._signature, proof.signatures)),
            tuple(map(inner._record, proof.evidence_records)),
            inner._findings(proof.findings),
        )

    def _why(self) -> tuple[str, str]:
        """One sentence why, and one what to do."""
        finding, sentence = proofs.reason(self.report)
        if finding is not None:
            return self._text(finding), self._remedy(finding)
        return word(SENTENCES, sentence, self.language), word(SENTENCES, f"{sentence}-do", self.language)

    def _validated(self) -> tuple[Fact, ...]:
        """Verified when, and until when that holds; of a simulation, of when it is and from when on it guesses."""
        report, known = self.report, self.report.simulated_from
        found = [self._timed("validated" if known is None else "simulated", report.validated_at)]
        if known is not None:
            found.append(self._timed("known", known))
        if report.valid_until is not None:
            found.append(self._timed("valid_until" if known is None else "valid_until-then", report.valid_until))
        return tuple(found)

    def _because(self) -> Iterator[Fact]:
        """What ends the verdict; of a file that has lapsed, the stamp to look at first."""
        lapse, newest = self.report.lapse, proofs.newest_lapsed(self.report)
        if lapse is not None:
            yield self._fact("lapse", explained(lapse, self.language, self.zone, ahead=True))
        if newest is not None and newest.decisive is not None:
            time = f" · {self._moment(newest.token.generated_at).text}" if readable(newest) else ""
            text = explained(newest.decisive, self.language, self.zone)
            yield self._fact("newest", f"{stamp_named(newest, self.language)}{time}: {text}")

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
        """Failures first, those of one code together, a remedy only where it is not the last one's."""
        order = {"fail": 0, "warn": 1, "inform": 2}
        found = list(findings)
        first = {item.code: place for place, item in reversed(list(enumerate(found)))}
        found.sort(key=lambda item: (order.get(item.level, 3), first[item.code]))
        shown, last = [], ("", "", "")
        for item in found:
            this = item.level, item.code, self._remedy(item) if item.level != "inform" else ""
            shown.append(self._finding(item, "" if this == last else this[2]))
            last = this
        return tuple(shown)

    def _finding(self, item: Finding, remedy: str) -> FindingView:
        return FindingView(
            item.level,
            word(LABELS, item.level, self.language),
            self._text(item),
            remedy,
            item.code,
            item.clause,
            item.sub_indication or "",
            self._concerned(item),
        )

    def _concerned(self, item: Finding) -> str:
        """Whom or what a finding concerns; a time stamp by its type and time."""
        stamp = self.stamps.get(item.subject)
        if stamp is None:
            return safe(item.subject)
        time = f" · {self._moment(stamp.token.generated_at).text}" if readable(stamp) else ""
        return f"{word(TIMESTAMP_TYPES, stamp.token.type, self.language)}{time}"

    def _noted(self, part: Part, item: SignatureReport | TimestampReport) -> Part:
        """The part with its findings; what a proof undoes is folded, and of many of one kind all but the first few."""
        found = self._findings(item.findings)
        past, prover = proofs.by_past(item), proofs.prover(self.stamps, item.proof)
        limit = MAX_SAME if past is None else 0
        seen: Counter[tuple[str, str]] = Counter()
        shown: list[FindingView] = []
        folded: list[FindingView] = []
        for one in found:
            kind = ("inform", "") if one.level == "inform" else (one.level, one.code)
            seen[kind] += 1
            (shown if seen[kind] <= (limit if one.level == "inform" else MAX_SAME) else folded).append(one)
        text, key = "", "more-findings"
        if past is not None and prover is not None:
            moment, stamp = self._moment(prover.token.generated_at).text, stamp_named(prover, self.language)
            text = beginning(LABELS["past"][self.language == "ja"].format(time=moment, stamp=stamp), self.language)
            text += "。" if self.language == "ja" else "."
            key = "notes-undone"
        words = self._page(key, count=len(folded))
        return part._replace(findings=tuple(shown), past=text, notes=tuple(folded), notes_word=words)

    # -- signatures

    def _signature(self, item: SignatureReport) -> Part:
        level = f" {item.level}" if item.level else ""
        part = Part(
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
            findings=(),
            technical=tuple(self._technical(item)),
        )
        return self._noted(part, item)

    def _who_and_when(self, item: SignatureReport) -> Iterator[Fact]:
        if item.certificate is not None:
            yield self._fact("issuer", item.certificate.issuer)
        claimed = item.facts.claimed_signing_time
        prover = proofs.prover(self.stamps, item.proof)
        proven = item.best_signature_time if prover is None else prover.token.generated_at
        if claimed is None and proven >= self.report.validated_at:
            yield self._fact("when", self._page("when-unknown"))
        if proven < self.report.validated_at:
            yield self._timed("proven", proven)
            if prover is not None:
                yield self._fact("proven-by", stamp_named(prover, self.language))
        if claimed is not None:
            yield self._timed("claimed", claimed)
        yield from self._revision(item.facts.revision)
        for record in item.facts.evidence_records:
            kind = LABELS["record"][self.language == "ja"].format(kind=record.kind)
            yield Fact(beginning(kind, self.language), word(LABELS, "not-judged", self.language))

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
        if name in ("", "payload", "content"):
            log = self.report.log
            shown = word(LABELS, "content" if log is None or not log.alone else "log-charter-text", self.language)
        elif name == "checkpoint" and self.report.log is not None:
            shown = word(LABELS, "log-checkpoint", self.language)
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
        known = self.report.simulated_from
        if known is None:
            yield self.report.validated_at, ("now", self._page("event-now"), "")
        else:
            yield known, ("now", self._page("event-known"), "")
            yield self.report.validated_at, ("ahead", self._page("event-then"), self._page("not-a-verdict"))
        if item.indication == "TOTAL-PASSED" and item.valid_until is not None:
            key = "valid_until" if known is None else "valid_until-then"
            yield item.valid_until, ("ahead", word(LABELS, key, self.language), "")

    def _proofs(self, item: SignatureReport) -> Iterator[tuple[datetime, tuple[str, str, str]]]:
        if item.facts.claimed_signing_time is not None:
            note = self._page("event-claimed-note")
            yield item.facts.claimed_signing_time, ("claimed", word(LABELS, "claimed", self.language), note)
        for stamp in item.timestamps:
            if not readable(stamp):
                continue
            tone = TONES[stamp.indication]
            key = "event-past-note" if stamp.past else "event-stamp-note" if tone == "passed" else "event-stamp-bad"
            note = self._page(key)
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
        part = Part(
            verdict=self._verdict(item.indication, item.sub_indication),
            title=beginning(word(TIMESTAMP_TYPES, token.type, self.language), self.language),
            form="RFC 3161",
            who=name,
            identifier="",
            facts=(
                *((self._timed("time", token.generated_at),) if readable(item) else ()),
                self._fact("imprint", word(LABELS, state, self.language)),
            ),
            covered=(),
            events=(),
            chain=self._chain(item, "leaf-stamp"),
            chain_note=self._chain_note(item),
            stamps=(),
            counters=(),
            findings=(),
            technical=tuple(self._stamp_technical(item)),
        )
        return self._noted(part, item)

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

    # -- evidence records

    def _record(self, item: EvidenceRecordReport) -> Part:
        kind = LABELS["record"][self.language == "ja"].format(kind=item.facts.kind)
        facts = [] if item.proven_at is None else [self._timed("proven", item.proven_at)]
        if item.valid_until is not None:
            facts.append(self._timed("valid_until", item.valid_until))
        return Part(
            verdict=self._verdict(item.indication, item.sub_indication),
            title=beginning(kind, self.language),
            form="RFC 4998",
            who="",
            identifier="",
            facts=tuple(facts),
            covered=tuple(self._covered(thing) for thing in item.facts.objects),
            events=(),
            chain=(),
            chain_note="",
            stamps=tuple(self._stamp(token) for token in item.timestamps),
            counters=(),
            findings=self._findings(item.findings),
            technical=(
                self._fact("indication", self._verdict(item.indication, item.sub_indication).code, "code"),
                self._fact("signature-id", item.id, "code"),
                self._fact("digest-algorithms", ", ".join(item.facts.algorithms), "code"),
            ),
        )

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
