"""What a set of receipts proves, for each recipient."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, NamedTuple, NoReturn, get_args

from toyono_trust.core.findings import Language, entry
from toyono_trust.delivery import events
from toyono_trust.validation.render import safe, utc
from toyono_trust.validation.report import Finding, Indication, Report, local_time
from toyono_trust.validation.words import LABELS, VERDICTS, word

__all__ = ["OUTCOMES", "STRENGTHS", "Link", "Outcome", "RecipientFacts", "SetReport", "Strength"]

Outcome = Literal["submitted", "relayed", "accepted", "available", "handed-over", "rejected", "expired", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "submitted": ("submitted", "差出し済み"),
    "relayed": ("relayed to the recipient's service", "受信側サービスへ引継ぎ済み"),
    "accepted": ("accepted by the recipient", "受信者が受取りを承諾"),
    "available": ("available to the recipient", "受信者が受け取れる状態"),
    "handed-over": ("handed over to the recipient", "受信者へ引渡し済み"),
    "rejected": ("rejected", "受取り拒否"),
    "expired": ("expired without an answer", "期限切れ（回答なし）"),
    "unknown": ("unknown", "不明"),
}

Strength = Literal["missing", "failed", "contradicted", "undecided", "unchecked", "unstamped", "noted", "sound"]
STRENGTHS: tuple[Strength, ...] = get_args(Strength)
"""From the weakest to the strongest.

``"missing"``: no receipt. ``"failed"``: its seal or a check of its own failed. ``"contradicted"``: another receipt says
otherwise. ``"undecided"``: its seal is neither good nor bad. ``"unchecked"``: the content was not compared.
``"unstamped"``: when is the issuer's word. ``"noted"``: there is a warning.
"""
PROVEN = frozenset({"unchecked", "unstamped", "noted", "sound"})
_STRENGTHS: dict[Strength, tuple[str, str]] = {
    "missing": ("there is no receipt", "配達証拠がありません"),
    "failed": ("the receipt does not pass", "配達証拠の検証に失敗しています"),
    "contradicted": ("another receipt contradicts it", "他の配達証拠と矛盾しています"),
    "undecided": ("the receipt's seal cannot be decided", "配達証拠のeシールを判定できません"),
    "unchecked": ("the content was not compared", "コンテンツが照合されていません"),
    "unstamped": ("its time is the issuer's word", "時刻は発行者の申告です"),
    "noted": ("there is a warning", "警告があります"),
    "sound": ("sound", "問題ありません"),
}
_WORDS = {
    "weakest": ("weakest link", "最も弱い根拠"),
    "facts": ("proven", "証明された事実"),
    "unproven": ("not proven", "証明されない事実"),
}


class Link(NamedTuple):
    """One step of a delivery and how well it is proven.

    ``fact`` and ``event``: as of ``delivery.events``. ``evidence``: the receipt's identifier, ``by``: its issuer's;
    both ``""`` where there is none. ``at``: the event's time by the issuer's word; ``proven_at``: by a time stamp.
    ``code``: the finding that weakens it, None where it is sound.
    """

    fact: str
    event: str
    evidence: str
    by: str
    at: datetime | None
    proven_at: datetime | None
    strength: Strength
    code: str | None = None

    @property
    def proven(self) -> bool:
        """Whether the fact is proven, however weakly."""
        return self.strength in PROVEN

    def text_in(self, language: Language) -> str:
        """What it says, and what weakens it."""
        japanese = language == "ja"
        known = events.find(self.event)
        said = self.event if known is None else known.statement[japanese]
        weak = _STRENGTHS[self.strength][japanese]
        by = self.by and f"{self.by}: "
        return f"{said}（{by}{weak}）" if japanese else f"{said} ({by}{weak})"


class RecipientFacts(NamedTuple):
    """What is proven of the delivery to one recipient.

    ``outcome``: the furthest proven; ``"rejected"`` by the recipient, or by the service when it was submitted.
    ``facts``: all that is proven, in order of time, failures and notifications included; ``unproven``: what receipts
    say and do not prove. ``weakest``: of the steps that the outcome rests on, the one that is proven worst; None where
    nothing is said at all.
    """

    recipient: str
    outcome: Outcome
    facts: tuple[Link, ...]
    unproven: tuple[Link, ...]
    weakest: Link | None


class SetReport:
    """The verdict on the receipts of one message. Frozen by convention.

    ``message``: its identifier, None where no receipt that passes names one. ``indication`` and ``sub_indication``: the
    worst of all receipts and of what is wrong between them. ``recipients``: what is proven for each. ``receipts``: the
    reports on each receipt in the order in which they were given, files that are none last. ``findings``: what is wrong
    between the receipts. ``validated_at``: the time at which the receipts were judged.
    """

    __slots__ = ("findings", "indication", "message", "receipts", "recipients", "sub_indication", "validated_at")

    def __init__(
        self,
        message: str | None,
        verdict: tuple[Indication, str | None],
        recipients: tuple[RecipientFacts, ...],
        receipts: tuple[Report, ...],
        findings: tuple[Finding, ...],
        validated_at: datetime,
    ) -> None:
        self.message = message
        self.indication, self.sub_indication = verdict
        self.recipients = recipients
        self.receipts = receipts
        self.findings = findings
        self.validated_at = validated_at

    def __bool__(self) -> NoReturn:
        raise TypeError("a SetReport is not a yes or no: look at .indication and at .recipients[…].outcome")

    def __repr__(self) -> str:
        return f"<SetReport {self.indication} {[one.outcome for one in self.recipients]}>"

    def __str__(self) -> str:
        return self.text_in("en")

    def text_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """For people: what is proven for whom, what is weak, what is wrong and what to do; times in ``zone``."""
        at = language == "ja"
        lines = [_verdict(self.indication, self.sub_indication, language)]
        for report in self.receipts:
            if report.file is not None:
                lines += _receipt(report, language, zone)
        for one in self.recipients:
            lines.append(f"{one.recipient or '?'}: {_OUTCOMES[one.outcome][at]}")
            lines += [f"  {_WORDS['facts'][at]}: {link.text_in(language)}" for link in one.facts]
            lines += [f"  {_WORDS['unproven'][at]}: {link.text_in(language)}" for link in one.unproven]
            if one.weakest is not None:
                lines.append(f"  {_WORDS['weakest'][at]}: {one.weakest.event}: {one.weakest.text_in(language)}")
        for finding in self.findings:
            lines += _told(finding, language, zone)
        policy, trust = (LABELS[key][at] for key in ("policy", "trust"))
        first = self.receipts[0]
        lines.append(
            f"{LABELS['validated'][at]}: {local_time(self.validated_at, zone)} · "
            f"{policy}: {first.policy_name} {first.policy_digest} · {trust}: {first.trust_digest}"
        )
        return "\n".join(map(safe, lines))

    def to_json(self) -> dict[str, Any]:
        """The same as plain values; times in UTC."""
        return {
            "message": self.message,
            "validated_at": utc(self.validated_at),
            "indication": self.indication,
            "sub_indication": self.sub_indication,
            "recipients": [
                {
                    "recipient": one.recipient,
                    "outcome": one.outcome,
                    "facts": [_link(link) for link in one.facts],
                    "unproven": [_link(link) for link in one.unproven],
                    "weakest": None if one.weakest is None else _link(one.weakest),
                }
                for one in self.recipients
            ],
            "receipts": [report.to_json() for report in self.receipts],
            "findings": [
                {
                    "code": finding.code,
                    "level": finding.level,
                    "sub_indication": finding.sub_indication,
                    "clause": entry(finding.code).clause,
                    "subject": finding.subject,
                    "text": finding.text,
                    "remedy": finding.remedy,
                }
                for finding in self.findings
            ],
        }


def _verdict(indication: Indication, sub: str | None, language: Language) -> str:
    return f"{word(VERDICTS, indication, language)} ({indication}{f' / {sub}' if sub else ''})"


def _receipt(report: Report, language: Language, zone: tzinfo) -> list[str]:
    """The verdict on one file, and why where it did not pass."""
    head = f"{report.file}: {_verdict(report.indication, report.sub_indication, language)}"
    decisive = None if report.indication == "TOTAL-PASSED" else report.decisive
    return [head] if decisive is None else [head, *(f"  {line}" for line in _told(decisive, language, zone))]


def _told(finding: Finding, language: Language, zone: tzinfo) -> list[str]:
    """A finding, and what to do where something is wrong."""
    remedy = "" if finding.level == "inform" else finding.remedy_in(language, zone)
    return [f"{finding.text_in(language, zone)} [{finding.code}]", *([f"  → {remedy}"] if remedy else [])]


def _link(link: Link) -> dict[str, Any]:
    return {
        "fact": link.fact,
        "event": link.event,
        "evidence": link.evidence or None,
        "by": link.by or None,
        "at": None if link.at is None else utc(link.at),
        "proven_at": None if link.proven_at is None else utc(link.proven_at),
        "strength": link.strength,
        "code": link.code,
    }
