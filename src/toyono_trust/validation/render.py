"""A report's clothes: text for people (English, Japanese), JSON for programs. Decides nothing, reads no clock.

The JSON members are the promise of ``report_version`` 1: they are only ever added to.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, tzinfo
from typing import Any
from unicodedata import category

from toyono_trust.core.findings import Language
from toyono_trust.formats.model import EvidenceRecord, Revision
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.report import Finding, Report, SignatureReport, TimestampReport, local_time
from toyono_trust.validation.words import CHANGES, KINDS, LABELS, SENTENCES, TIMESTAMP_TYPES, VERDICTS, word

REPORT_VERSION = 1

# -- JSON


def json_value(report: Report) -> dict[str, Any]:
    """The report as one JSON object of plain values; times are UTC."""
    return {
        "report_version": REPORT_VERSION,
        "file": report.file,
        "validated_at": utc(report.validated_at),
        "simulated_from": utc(report.simulated_from),
        "policy": {"name": report.policy_name, "digest": report.policy_digest},
        "trust": {
            "digest": report.trust_digest,
            "revocation_digest": report.trust_revocation_digest,
            "valid_until": utc(report.trust_valid_until),
        },
        "indication": report.indication,
        "sub_indication": report.sub_indication,
        "signatures": _numbered([_signature(item) for item in report.signatures]),
        "receipt": None if report.receipt is None else _receipt(report.receipt),
        "timestamps": _numbered([_timestamp(item) for item in report.timestamps]),
        "evidence_records": [],
        "material": [{"kind": item.kind, "digest": item.digest, "source": item.source} for item in report.material],
        "findings": [_finding(item) for item in report.findings],
    }


def utc(time: datetime | None) -> str | None:
    """Write RFC 3339 in UTC with Z, with a fraction only where there is one. None stays None."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give twins (the same signature value) different ids: ``-2``, then ``-3``."""
    seen: dict[str, int] = {}
    for item in items:
        count = seen[item["id"]] = seen.get(item["id"], 0) + 1
        if count > 1:
            item["id"] += f"-{count}"
    return items


def _signature(item: SignatureReport) -> dict[str, Any]:
    return {
        "id": item.id,
        "format": item.format,
        "level": item.level,
        "container": None,
        "kind": item.kind,
        "indication": item.indication,
        "sub_indication": item.sub_indication,
        "valid_until": utc(item.valid_until),
        "signer": None if item.certificate is None else _signer(item.certificate),
        "claimed_signing_time": utc(item.facts.claimed_signing_time),
        "best_signature_time": utc(item.best_signature_time),
        "proven_by": None if item.proof is None else item.proof.by,
        "algorithm": item.algorithm,
        "signature_intact": item.signature_intact,
        "signed_objects": [
            {
                "name": thing.name,
                "digest_algorithm": thing.digest_algorithm,
                "found": thing.found,
                "intact": thing.intact,
            }
            for thing in item.objects
        ],
        "timestamps": _numbered([_timestamp(token) for token in item.timestamps]),
        "evidence_records": [_record(record) for record in item.facts.evidence_records],
        "counter_signatures": _numbered([_signature(counter) for counter in item.counter_signatures]),
        "revision": None if item.facts.revision is None else _revision(item.facts.revision),
        "revocation_evidence": list(item.revocation_evidence),
        "chain": ["sha256:" + certificate.sha256.hex() for certificate in item.chain],
        "findings": [_finding(finding) for finding in item.findings],
    }


def _record(record: EvidenceRecord) -> dict[str, Any]:
    """An evidence record that was found; none is judged yet."""
    return {
        "id": "evidence-record-" + hashlib.sha256(record.data).hexdigest()[:16],
        "format": record.kind,
        "indication": None,
        "sub_indication": None,
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "field": revision.field,
        "byte_range": list(revision.byte_range),
        "byte_range_valid": revision.byte_range_valid,
        "covers_whole_file": revision.covers_whole_file,
        "length": revision.length,
        "later_changes": list(revision.changes),
        "permitted_changes": revision.permitted,
        "reason": revision.reason,
        "location": revision.location,
        "name": revision.name,
    }


def _signer(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "identifier": certificate.identifier,
        "kind": certificate.kind,
        "certificate_sha256": certificate.sha256.hex(),
        "issuer": certificate.issuer,
        "not_after": utc(certificate.not_after),
    }


def _timestamp(item: TimestampReport) -> dict[str, Any]:
    token = item.token
    return {
        "id": item.id,
        "type": token.type,
        "time": utc(token.generated_at) if _readable(item) else None,
        "imprint_found": token.imprint_found,
        "imprint_intact": token.imprint_intact,
        "signature_intact": item.signature_intact,
        "indication": item.indication,
        "sub_indication": item.sub_indication,
        "valid_until": utc(item.valid_until),
        "imprint_algorithm": token.imprint_algorithm,
        "policy": token.policy,
        "serial_number": format(token.serial_number, "x"),
        "accuracy_seconds": token.accuracy,
        "ordering": token.ordering,
        "signer": None if item.certificate is None else _signer(item.certificate),
        "past_validation": item.past,
        "proven_at": utc(item.proof.time) if item.proof is not None and item.proof.by is not None else None,
        "proven_by": None if item.proof is None else item.proof.by,
        "findings": [_finding(finding) for finding in item.findings],
    }


def _readable(item: TimestampReport) -> bool:
    """Whether the token could be read; one that could not has no time."""
    return item.token.generated_at.year > 1


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level,
        "sub_indication": finding.sub_indication,
        "clause": finding.clause,
        "subject": finding.subject,
        "text": finding.text,
        "remedy": finding.remedy,
    }


def _receipt(result: Any) -> dict[str, Any]:
    return {
        "event": result.event,
        "event_time": utc(result.event_time),
        "sender": result.sender,
        "recipients": list(result.recipients),
        "issuer_is_signer": result.issuer_is_signer,
        "parts": [{"name": name, "found": found, "intact": intact} for name, found, intact in result.parts],
        "proves": result.proves,
    }


# -- text


def text(report: Report, language: Language = "en", zone: tzinfo = UTC, *, colour: bool = False) -> str:
    """The report for a person: verdict first, then why, what to do, who, when, what; no trailing newline."""
    return "\n".join(_Text(report, language, zone, colour).lines())


def safe(value: str) -> str:
    """Text from a file, without what could command a terminal or turn the reading direction.

    Blanks stay, because U+3000 separates family and given name in Japanese, though Python calls it unprintable.
    """
    if value.isprintable():  # no controls (Cc), no formats such as the bidirectional ones (Cf), no lone surrogates
        return value
    return "".join(char if char.isprintable() or category(char) == "Zs" else _escaped(char) for char in value)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


_COLOURS = {"TOTAL-PASSED": "32", "PASSED": "32", "TOTAL-FAILED": "31", "FAILED": "31", "INDETERMINATE": "33"}


class _Text:
    """Lines of one report in one language."""

    def __init__(self, report: Report, language: Language, zone: tzinfo, colour: bool) -> None:
        self.report, self.language, self.zone, self.colour = report, language, zone, colour

    def lines(self) -> list[str]:
        report = self.report
        head = self._verdict(report.indication)
        found = [f"{safe(report.file)}: {head}" if report.file else head]
        decisive = report.decisive
        if decisive is None:
            sentence = "valid" if report.signatures else "valid-token" if report.timestamps else "no-signature"
            why, remedy = word(SENTENCES, sentence, self.language), word(SENTENCES, f"{sentence}-do", self.language)
        else:
            why, remedy = decisive.text_in(self.language, self.zone), decisive.remedy_in(self.language, self.zone)
        found.append(f"  {self._label('why')}: {safe(why)}")
        found.append(f"  {self._label('do')}: {safe(remedy)}")
        for signature in report.signatures:
            found += self._signature(signature, "  ")
        for token in report.timestamps:
            found += self._timestamp(token, "  ")
        found += self._receipt()
        found += self._findings(report.findings, "  ")
        found.append(
            f"  {self._label('validated')}: {self._time(report.validated_at)} · "
            f"{self._label('policy')}: {safe(report.policy_name)} {report.policy_digest[:19]} · "
            f"{self._label('trust')}: {report.trust_digest[:19]} · {report.indication}"
            + (f" / {report.sub_indication}" if report.sub_indication else "")
        )
        return found

    def _verdict(self, indication: str) -> str:
        verdict = word(VERDICTS, indication, self.language)
        return f"\x1b[1;{_COLOURS[indication]}m{verdict}\x1b[0m" if self.colour else verdict

    def _label(self, key: str) -> str:
        return word(LABELS, key, self.language)

    def _time(self, time: datetime) -> str:
        return local_time(time, self.zone)

    def _signature(self, item: SignatureReport, indent: str) -> list[str]:
        facts, inner = item.facts, indent + "  "
        kind = word(KINDS, item.kind, self.language)
        level = f" {item.level}" if item.level else ""
        found = [f"{indent}{self._verdict(item.indication)} · {kind} · {item.format}{level} · {safe(item.algorithm)}"]
        if item.certificate is not None:
            name, issuer = safe(item.certificate.subject), safe(item.certificate.issuer)
            found.append(f"{inner}{self._label('signer')}: {name} ({safe(item.certificate.identifier)})")
            found.append(f"{inner}{self._label('issuer')}: {issuer}")
        if facts.claimed_signing_time is not None:
            found.append(f"{inner}{self._label('claimed')}: {self._time(facts.claimed_signing_time)}")
        if item.best_signature_time < self.report.validated_at:
            found.append(f"{inner}{self._label('proven')}: {self._time(item.best_signature_time)}")
        for thing in item.objects:
            state = (
                "missing" if not thing.found else {True: "intact", False: "altered", None: "unchecked"}[thing.intact]
            )
            name = safe(thing.name)
            if thing.name in ("", "payload"):
                name = self._label("content")
            elif thing.name == "receipt" and self.report.receipt is not None:
                name = self._label("receipt")
            found.append(f"{inner}{self._label('covers')}: {name} ({self._label(state)})")
        if facts.revision is not None and facts.revision.changes:
            found.append(f"{inner}{self._later(facts.revision.changes)}")
        for token in item.timestamps:
            found += self._timestamp(token, inner)
        for counter in item.counter_signatures:
            found += self._signature(counter, inner)
        found += self._findings(item.findings, inner)
        if item.indication == "TOTAL-PASSED" and item.valid_until is not None:
            found.append(f"{inner}{self._label('valid_until')}: {self._time(item.valid_until)}")
        return found

    def _later(self, changes: tuple[str, ...]) -> str:
        """What came after the signed revision of a PDF: “3 later changes: form filling”."""
        kinds = ", ".join(word(CHANGES, kind, self.language) for kind in dict.fromkeys(changes))
        if self.language == "ja":
            return f"署名後の変更 {len(changes)} 件: {kinds}"
        return f"{len(changes)} later change{'s' if len(changes) > 1 else ''}: {kinds}"

    def _timestamp(self, item: TimestampReport, indent: str) -> list[str]:
        by = "" if item.certificate is None else f" · {safe(item.certificate.subject)}"
        kind = word(TIMESTAMP_TYPES, item.token.type, self.language)
        line = f"{indent}{self._verdict(item.indication)} · {kind}"
        time = f" · {self._time(item.token.generated_at)}" if _readable(item) else ""
        found = [f"{line}{time}{by}"]
        return found + self._findings(item.findings, indent + "  ")

    def _receipt(self) -> list[str]:
        result = self.report.receipt
        if result is None:
            return []
        meaning = result.statement if result.proves else None
        proves = self._label("nothing") if meaning is None else f"{result.proves} · {meaning[self.language == 'ja']}"
        found = [
            f"  {self._label('receipt')}: {safe(result.event)} · {self._time(result.event_time)}",
            f"    {self._label('proves')}: {proves}",
            f"    {self._label('sender')}: {safe(result.sender)}",
        ]
        found += [f"    {self._label('recipient')}: {safe(recipient)}" for recipient in result.recipients]
        for name, there, intact in result.parts:
            state = "missing" if not there else {True: "intact", False: "altered", None: "unchecked"}[intact]
            found.append(f"    {self._label('part')}: {safe(name)} ({self._label(state)})")
        return found

    def _findings(self, findings: tuple[Finding, ...], indent: str) -> list[str]:
        found = []
        for finding in findings:
            sub = f" {finding.sub_indication}" if finding.sub_indication else ""
            level = self._label(finding.level)
            found.append(
                f"{indent}{level}: {safe(finding.text_in(self.language, self.zone))}"
                f" [{finding.code}{sub}; {finding.clause}]"
            )
            if finding.level != "inform":
                found.append(f"{indent}  → {safe(finding.remedy_in(self.language, self.zone))}")
        return found
