"""The judge: facts, policy, trust and a time in, a ``Report`` out (EN 319 102-1 v1.4.1). Pure; parses no file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from toyono_trust.core.findings import entry
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Facts, Note, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.judge.context import Context, finding_of
from toyono_trust.validation.judge.horizon import Horizon
from toyono_trust.validation.judge.records import judge_record
from toyono_trust.validation.judge.signature import indication_of
from toyono_trust.validation.judge.tokens import judge_tokens
from toyono_trust.validation.judge.with_time import judge_signature, total
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import (
    EvidenceRecordReport,
    Finding,
    Indication,
    Inputs,
    LogResult,
    Report,
    SignatureReport,
    TimestampReport,
)

__all__ = ["add_log", "add_proof", "add_receipt", "finding_of", "judge", "judge_again", "malformed"]


def judge(
    facts: Facts,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    work: Work,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
) -> Report:
    """Judge everything that was read from one file.

    Args:
        facts: what a format's reader made of the bytes.
        policy: what a signature must fulfil.
        trust: who is trusted.
        at: validation time, aware.
        work: what this call may still spend; where it is used up the report says so and nothing passes.
        material: what was gathered for this file.
        present: of a simulation, the time up to which revocation data is known; None where ``at`` is no simulation.
    """
    return _judge(Context(facts, policy, trust, at, work, material, present))


def judge_again(report: Report, at: datetime) -> Report:
    """The verdict on the facts of a report at a later time; see ``Report.simulate``."""
    inputs = report.inputs
    if inputs is None or isinstance(inputs.facts, Unread):
        return report
    present = inputs.present or report.validated_at
    again = _judge(Context(inputs.facts, inputs.policy, inputs.trust, at, Work(), inputs.material, present))
    again.file = report.file
    if report.receipt is not None:
        _carry_receipt(report, again)
    if report.completed_by is not None:
        report.completed_by(again)
    return again


def _carry_receipt(report: Report, again: Report) -> None:
    """What a receipt says does not change with time; whether it proves it does."""
    sealed = any(item.indication == "TOTAL-PASSED" for item in again.signatures)
    again.receipt = report.receipt if sealed else report.receipt._replace(proves=None)
    again.findings += tuple(finding for finding in report.findings if finding.code.startswith("receipt."))
    again.indication, again.sub_indication = _overall(again.signatures, again.alone, again.findings)


def _judge(context: Context) -> Report:
    facts, policy, trust, at = context.facts, context.policy, context.trust, context.at
    inputs = Inputs(facts, policy, trust, context.material, context.present, dict(context.work.left))
    try:
        if facts.timestamps or any(item.timestamps or item.counter_signatures for item in facts.signatures):
            judge_tokens(context)
            context.horizon = Horizon(partial(_later, context), at, context.moments)
        signatures = tuple([judge_signature(signature, context) for signature in facts.signatures])
        timestamps = tuple([context.tokens[id(token)] for token in facts.timestamps])
        records = tuple([judge_record(record, context) for record in facts.evidence_records])
    except WorkExceeded as error:
        return malformed(error, facts.kind, policy, trust, at, inputs)
    findings = tuple(context.findings(facts.notes)) if facts.notes else ()
    if context.malformed:
        findings += tuple(context.malformed.values())
    report = Report(
        kind=facts.kind,
        validated_at=at,
        policy=(policy.name, policy.digest),
        trust=(trust.digest, trust.revocation_digest, trust.valid_until),
        indication="INDETERMINATE",
        sub_indication=None,
        signatures=signatures,
        timestamps=timestamps,
        evidence_records=records,
        findings=findings,
        inputs=inputs,
    )
    report.indication, report.sub_indication = _overall(signatures, () if signatures else report.alone, findings)
    return report


def _later(context: Context, at: datetime, work: Work) -> tuple[Report, set[datetime]]:
    """The same at a later time, revocation data as it is known now, and when that may change."""
    later = context.later(at, work)
    return _judge(later), later.moments


def malformed(
    error: MalformedError,
    kind: str | None,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    inputs: Inputs | None = None,
) -> Report:
    """The report on bytes that have no accepted reading: FORMAT_FAILURE, failed where the format is known."""
    values = {"reason": error.message, "offset": "-" if error.offset is None else error.offset, "kind": "?"}
    if isinstance(error, WorkExceeded):
        values["kind"] = error.message.rpartition("(")[2].rstrip(")")
    finding = Finding(error.code, "fail", "", values)
    if entry(error.code).sub_indication != "FORMAT_FAILURE":
        finding = Finding("format.malformed", "fail", error.code, values)
    return Report(
        kind=kind,
        validated_at=at,
        policy=(policy.name, policy.digest),
        trust=(trust.digest, trust.revocation_digest, trust.valid_until),
        indication="INDETERMINATE" if kind is None else "TOTAL-FAILED",
        sub_indication="FORMAT_FAILURE",
        findings=(finding,),
        inputs=inputs,
    )


def add_receipt(report: Report, result: object, notes: Iterable[Note], policy: Policy) -> None:
    """Put what a delivery receipt proves, and the findings about it, into a report that is not yet handed out."""
    found = [finding_of(policy, note.code, note.subject, note.values) for note in notes]
    added = tuple(finding for finding in found if finding.level != "ignore")
    report.receipt = result
    report.findings += added
    report.indication, report.sub_indication = _overall(report.signatures, report.alone, report.findings)


def add_log(report: Report, result: LogResult, findings: Iterable[Finding]) -> None:
    """Put what logs promised for a receipt, and the proof presented with it, into a report not yet handed out."""
    report.log = result
    report.findings += tuple(finding for finding in findings if finding.level != "ignore")
    report.indication, report.sub_indication = _overall(report.signatures, report.alone, report.findings)


def add_proof(report: Report, result: LogResult, findings: Iterable[Finding], *, excused: bool) -> None:
    """The same of a file that is the proof of an entry: its charter's seals, and what else was found, decide.

    ``excused``: another vouches for the log, so that a seal of the charter may stay undecided. So may what dates the
    entry: a proof without a date is one nevertheless, but none beside which something altered stands.
    """
    report.log = result
    report.findings += tuple(finding for finding in findings if finding.level != "ignore")
    seals = tuple([item for item in report.signatures if not excused or item.indication != "INDETERMINATE"])
    broken = [item for item in report.alone if item.indication == "FAILED"]
    failing = [item for item in report.findings if item.level == "fail" and item.sub_indication]
    if broken:
        report.indication, report.sub_indication = "TOTAL-FAILED", broken[0].sub_indication
    elif seals or failing:
        report.indication, report.sub_indication = _overall(seals, (), report.findings)
    else:
        report.indication, report.sub_indication = "PASSED", None


def _overall(
    signatures: tuple[SignatureReport, ...],
    alone: tuple[TimestampReport | EvidenceRecordReport, ...],
    findings: tuple[Finding, ...],
) -> tuple[Indication, str | None]:
    """The file's indication: any failure wins, then anything undecided; what stands alone counts without signatures."""
    parts: tuple[SignatureReport | TimestampReport | EvidenceRecordReport, ...] = signatures or alone
    if len(parts) == 1 and not findings:
        return parts[0].indication, parts[0].sub_indication
    verdicts: list[tuple[Indication, str | None]] = [(part.indication, part.sub_indication) for part in parts]
    if findings:
        failing = [item.sub_indication for item in findings if item.level == "fail" and item.sub_indication]
        verdicts = [*((total(indication_of(sub)), sub) for sub in failing), *verdicts]
    if not verdicts:
        return "INDETERMINATE", "FORMAT_FAILURE"
    for wanted in ("TOTAL-FAILED", "FAILED", "INDETERMINATE"):
        for verdict in verdicts:
            if verdict[0] == wanted:
                return verdict
    return verdicts[0]
