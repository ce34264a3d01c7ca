"""A report as lines of text for a person: verdict first, then why, what to do, who, when, what.

Text cannot be folded, so that what a later proof undoes is named, and of many findings of one kind the first few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from toyono_trust.core.findings import Language
from toyono_trust.validation import proofs
from toyono_trust.validation.logged import said
from toyono_trust.validation.render import name_of, readable, safe
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
    MATERIAL,
    SENTENCES,
    TIMESTAMP_TYPES,
    VERDICTS,
    word,
)

__all__ = ["Lines", "explained", "stamp_named"]

MAX_SAME = 3
"""Findings of one code that are shown of a part; the others are counted."""

_COLOURS = {"TOTAL-PASSED": "32", "PASSED": "32", "TOTAL-FAILED": "31", "FAILED": "31", "INDETERMINATE": "33"}
_FORECAST = "36"


def explained(finding: Finding, language: Language, zone: tzinfo, *, ahead: bool = False) -> str:
    """What a finding says, and whom it concerns where its text does not name them. ``ahead``: it is still to come."""
    text = finding.ahead_in(language, zone) if ahead else finding.text_in(language, zone)
    if not finding.subject or finding.subject in text:
        return safe(text)
    return safe(f"{text}（{finding.subject}）" if language == "ja" else f"{text} ({finding.subject})")


def stamp_named(item: TimestampReport, language: Language) -> str:
    """A time stamp in a few words: its type and who made it."""
    kind = word(TIMESTAMP_TYPES, item.token.type, language)
    if item.certificate is None:
        return kind
    name = name_of(item.certificate)
    return f"{kind}（{name}）" if language == "ja" else f"{kind} ({name})"


class Lines:
    """Lines of one report in one language."""

    def __init__(self, report: Report, language: Language, zone: tzinfo, colour: bool) -> None:
        self.report, self.language, self.zone, self.colour = report, language, zone, colour
        self.stamps = proofs.stamps(report)

    def all(self) -> Iterator[str]:
        """Every line, without its end."""
        report = self.report
        yield self._head()
        yield from self._why()
        yield from self._until()
        for signature in report.signatures:
            yield from self._signature(signature, "  ")
        for item in report.alone:
            yield from self._record(item) if isinstance(item, EvidenceRecordReport) else self._timestamp(item, "  ")
        yield from self._receipt()
        yield from self._log()
        yield from self._findings(report.findings, "  ")
        yield from self._material()
        yield self._foot()

    # -- words

    def _verdict(self, indication: Indication) -> str:
        forecast = self.report.simulated_from is not None
        verdict = word(FORECASTS if forecast else VERDICTS, indication, self.language)
        colour = _FORECAST if forecast else _COLOURS[indication]
        return f"\x1b[1;{colour}m{verdict}\x1b[0m" if self.colour else verdict

    def _label(self, key: str, **values: object) -> str:
        found = LABELS[key][self.language == "ja"]
        return found.format_map(values) if values else found

    def _time(self, time: datetime) -> str:
        return local_time(time, self.zone)

    # -- the file

    def _head(self) -> str:
        verdict = self._verdict(self.report.indication)
        if self.report.simulated_from is not None:
            simulation = self._label("simulation")
            verdict = f"{simulation.upper()}: {verdict}"
        return f"{safe(self.report.file)}: {verdict}" if self.report.file else verdict

    def _why(self) -> Iterator[str]:
        report = self.report
        if report.simulated_from is not None:
            times = {"then": self._time(report.validated_at), "known": self._time(report.simulated_from)}
            yield f"  {self._label('simulation')}: {self._label('simulation-text', **times)}"
        finding, sentence = proofs.reason(report)
        if finding is None:
            why, remedy = (word(SENTENCES, key, self.language) for key in (sentence, f"{sentence}-do"))
        else:
            why, remedy = finding.text_in(self.language, self.zone), finding.remedy_in(self.language, self.zone)
        yield f"  {self._label('why')}: {safe(why)}"
        yield f"  {self._label('do')}: {safe(remedy)}"
        newest = proofs.newest_lapsed(report)
        if newest is not None and newest.decisive is not None:
            time = f" · {self._time(newest.token.generated_at)}" if readable(newest) else ""
            text = explained(newest.decisive, self.language, self.zone)
            yield f"  {self._label('newest')}: {stamp_named(newest, self.language)}{time}: {text}"

    def _until(self) -> Iterator[str]:
        """Until when the whole verdict holds, and what ends it."""
        until = self.report.valid_until
        if until is None:
            return
        yield f"  {self._label(self._holds)}: {self._time(until)}"
        lapse = self.report.lapse
        if lapse is not None:
            yield f"  {self._label('lapse')}: {explained(lapse, self.language, self.zone, ahead=True)}"

    @property
    def _holds(self) -> str:
        return "valid_until" if self.report.simulated_from is None else "valid_until-then"

    def _material(self) -> Iterator[str]:
        """How much it rests on and where that came from; what was fetched, one by one."""
        from toyono_trust.validation.inventory import place_of, summary

        found = self.report.material
        if not found:
            return
        yield f"  {self._label('material')}: {summary(found, self.language)}"
        for item in found:
            if place_of(item) == "fetched":
                kind = word(MATERIAL, item.kind, self.language)
                yield f"    {self._label('fetched')}: {kind} · {safe(item.source)} · {item.digest[:19]}"

    def _foot(self) -> str:
        report = self.report
        when = "validated" if report.simulated_from is None else "simulated"
        return (
            f"  {self._label(when)}: {self._time(report.validated_at)} · "
            f"{self._label('policy')}: {safe(report.policy_name)} {report.policy_digest[:19]} · "
            f"{self._label('trust')}: {report.trust_digest[:19]} · {report.indication}"
            + (f" / {report.sub_indication}" if report.sub_indication else "")
            + (f" · {self._label('simulation')}" if report.simulated_from is not None else "")
        )

    # -- signatures and time stamps

    def _signature(self, item: SignatureReport, indent: str, *, countersigns: bool = False) -> Iterator[str]:
        inner = indent + "  "
        kind = word(KINDS, item.kind, self.language)
        kind = f"{self._label('counter')} · {kind}" if countersigns else kind
        level = f" {item.level}" if item.level else ""
        yield f"{indent}{self._verdict(item.indication)} · {kind} · {item.format}{level} · {safe(item.algorithm)}"
        yield from self._who_and_when(item, inner)
        yield from self._covered(item, inner)
        for record in item.facts.evidence_records:
            yield f"{inner}{self._label('record', kind=record.kind)}: {self._label('not-judged')}"
        for token in item.timestamps:
            yield from self._timestamp(token, inner)
        for counter in item.counter_signatures:
            yield from self._signature(counter, inner, countersigns=True)
        yield from self._part_findings(item, inner)
        several = len(self.report.signatures) > 1 and item.indication == "TOTAL-PASSED"
        if several and item.valid_until is not None:
            yield f"{inner}{self._label(self._holds)}: {self._time(item.valid_until)}"

    def _who_and_when(self, item: SignatureReport, inner: str) -> Iterator[str]:
        if item.certificate is not None:
            name, issuer = safe(item.certificate.subject), safe(item.certificate.issuer)
            yield f"{inner}{self._label('signer')}: {name} ({safe(item.certificate.identifier)})"
            yield f"{inner}{self._label('issuer')}: {issuer}"
        if item.facts.claimed_signing_time is not None:
            yield f"{inner}{self._label('claimed')}: {self._time(item.facts.claimed_signing_time)}"
        prover = proofs.prover(self.stamps, item.proof)
        proven = item.best_signature_time if prover is None else prover.token.generated_at
        if proven < self.report.validated_at:
            by = "" if prover is None else f" · {stamp_named(prover, self.language)}"
            yield f"{inner}{self._label('proven')}: {self._time(proven)}{by}"

    def _covered(self, item: SignatureReport, inner: str) -> Iterator[str]:
        for thing in item.objects:
            name = safe(thing.name)
            if thing.name in ("", "payload"):
                log = self.report.log
                name = self._label("content" if log is None or not log.alone else "log-charter-text")
            elif thing.name == "receipt" and self.report.receipt is not None:
                name = self._label("receipt")
            yield f"{inner}{self._label('covers')}: {name} ({self._label(_state(thing.found, thing.intact))})"
        revision = item.facts.revision
        if revision is not None and revision.changes:
            yield f"{inner}{self._later(revision.changes)}"

    def _later(self, changes: tuple[str, ...]) -> str:
        """What came after the signed revision of a PDF: “3 later changes: form filling”."""
        kinds = ", ".join(word(CHANGES, kind, self.language) for kind in dict.fromkeys(changes))
        if self.language == "ja":
            return f"署名後の変更 {len(changes)} 件: {kinds}"
        return f"{len(changes)} later change{'s' if len(changes) > 1 else ''}: {kinds}"

    def _timestamp(self, item: TimestampReport, indent: str) -> Iterator[str]:
        by = "" if item.certificate is None else f" · {safe(item.certificate.subject)}"
        kind = word(TIMESTAMP_TYPES, item.token.type, self.language)
        time = f" · {self._time(item.token.generated_at)}" if readable(item) else ""
        yield f"{indent}{self._verdict(item.indication)} · {kind}{time}{by}"
        yield from self._part_findings(item, indent + "  ")

    def _record(self, item: EvidenceRecordReport) -> Iterator[str]:
        """An evidence record: what it covers, since when that is proven, and its time stamps, oldest first."""
        inner = "    "
        kind, stamps = (
            self._label("record", kind=item.facts.kind),
            self._label("record-stamps", count=len(item.timestamps)),
        )
        yield f"  {self._verdict(item.indication)} · {kind} · {stamps}"
        if item.proven_at is not None:
            yield f"{inner}{self._label('proven')}: {self._time(item.proven_at)}"
        for thing in item.facts.objects:
            name = self._label("content") if thing.name in ("", "content") else safe(thing.name)
            if thing.name == "checkpoint" and self.report.log is not None:
                name = self._label("log-checkpoint")
            yield f"{inner}{self._label('data')}: {name} ({self._label(_state(thing.found, thing.intact))})"
        for token in item.timestamps:
            yield from self._timestamp(token, inner)
        yield from self._findings(item.findings, inner)

    def _receipt(self) -> Iterator[str]:
        result = self.report.receipt
        if result is None:
            return
        meaning = result.statement if result.proves else None
        proves = self._label("nothing") if meaning is None else f"{result.proves} · {meaning[self.language == 'ja']}"
        yield f"  {self._label('receipt')}: {safe(result.event)} · {self._time(result.event_time)}"
        yield f"    {self._label('proves')}: {proves}"
        yield f"    {self._label('sender')}: {safe(result.sender)}"
        for recipient in result.recipients:
            yield f"    {self._label('recipient')}: {safe(recipient)}"
        for name, there, intact in result.parts:
            yield f"    {self._label('part')}: {safe(name)} ({self._label(_state(there, intact))})"

    def _log(self) -> Iterator[str]:
        """What stands in an evidence log, and the verdict on the proof that was presented with a receipt."""
        result = self.report.log
        if result is None:
            return
        indent = "  "
        for one in said(result, self.language, self.zone):
            yield f"{indent}{self._label(one.key)}: {one.text}"
            indent = "    "
        proof = result.proof
        if proof is None:
            return
        yield f"    {self._label('log-proof')}: {self._verdict(proof.indication)}"
        inner = Lines(proof, self.language, self.zone, self.colour)
        for signature in proof.signatures:
            yield from inner._signature(signature, "      ")
        for item in proof.evidence_records:
            yield from (f"    {line}" for line in inner._record(item))
        yield from inner._findings(proof.findings, "      ")

    # -- findings

    def _part_findings(self, item: SignatureReport | TimestampReport, indent: str) -> Iterator[str]:
        """Of what passes by the past alone: what proves it, and the codes of what that undoes."""
        past, prover = proofs.by_past(item), proofs.prover(self.stamps, item.proof)
        if past is None or prover is None:
            yield from self._findings(item.findings, indent)
            return
        time, stamp = self._time(prover.token.generated_at), stamp_named(prover, self.language)
        yield f"{indent}{self._label('past', time=time, stamp=stamp)} [{past.code}; {past.clause}]"
        undone = proofs.undone(item.findings)
        notes = [one for one in item.findings if one.level == "inform" and one is not past and one not in undone]
        for label, found in (("undone", undone), ("inform", notes)):
            if found:
                yield f"{indent}{self._label(label)}: {_codes(found)}"
        yield from self._findings([one for one in item.findings if one.level != "inform"], indent)

    def _findings(self, findings: Iterable[Finding], indent: str) -> Iterator[str]:
        """Those of one code together, the remedy once where it is the same for all."""
        groups: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in findings:
            remedy = finding.remedy_in(self.language, self.zone) if finding.level != "inform" else ""
            groups.setdefault((finding.level, finding.code, remedy), []).append(finding)
        for (level, code, remedy), found in groups.items():
            for finding in found[:MAX_SAME]:
                yield f"{indent}{self._label(level)}: {self._found(finding)}"
            if len(found) > MAX_SAME:
                yield f"{indent}{self._label(level)}: {self._label('more', count=len(found) - MAX_SAME)} [{code}]"
            if remedy:
                yield f"{indent}  → {safe(remedy)}"

    def _found(self, finding: Finding) -> str:
        text = safe(finding.text_in(self.language, self.zone))
        sub = f" {finding.sub_indication}" if finding.sub_indication else ""
        about = self._about(finding)
        concerns = f"; {about}" if about and about not in text else ""
        return f"{text} [{finding.code}{sub}; {finding.clause}{concerns}]"

    def _about(self, finding: Finding) -> str:
        """Whom or what a finding concerns; a time stamp by its type."""
        stamp = self.stamps.get(finding.subject)
        if stamp is None:
            return safe(finding.subject)
        return word(TIMESTAMP_TYPES, stamp.token.type, self.language)


def _codes(findings: Iterable[Finding]) -> str:
    """Each code once, with how often it occurs."""
    counted = Counter(finding.code for finding in findings)
    return ", ".join(code if count == 1 else f"{code} ({count})" for code, count in counted.items())


def _state(found: bool, intact: bool | None) -> str:
    return "missing" if not found else {True: "intact", False: "altered", None: "unchecked"}[intact]
