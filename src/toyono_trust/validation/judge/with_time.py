"""Time-stamp tokens (EN 319 102-1 5.4), and signatures with time (5.5): the best-signature-time."""

from __future__ import annotations

from datetime import datetime

from toyono_trust.formats.model import Note, Signature, TimestampToken
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.signature import Blocks, blocks, decisive, indication_of
from toyono_trust.validation.report import Finding, Indication, SignatureReport, TimestampReport

_CLASSES = {"content": 0, "signature": 1}


def judge_token(token: TimestampToken, context: Context) -> TimestampReport:
    """One token by the blocks, as a signature by a TSA over its TSTInfo, and by its imprint."""
    result = blocks(token.signer, "timestamp", context, (*token.notes, *_imprint(token)))
    collected = Collector(context)
    _generation_time(token, result, collected)
    problems = (*result.problems, *collected.problems)
    sub = decisive(problems)
    verdict = result.certificate
    return TimestampReport(
        token,
        indication_of(sub),
        sub,
        verdict.certificate if verdict else None,
        verdict.chain if verdict else (),
        result.intact,
        _earliest(verdict.valid_until if verdict else None, result.algorithm_end),
        (*result.findings, *collected.found),
    )


def _imprint(token: TimestampToken) -> tuple[Note, ...]:
    if not token.imprint_found:
        return (Note("timestamp.content-missing"),)
    return (Note("timestamp.imprint-altered"),) if token.imprint_intact is False else ()


def _generation_time(token: TimestampToken, result: Blocks, collected: Collector) -> None:
    """GenTime lies in the TSA certificate's validity, and not in the future of the validation time."""
    context, skew = collected.context, collected.context.policy.clock_skew
    values = {"time": token.generated_at.isoformat()}
    if token.generated_at > context.at + skew:
        collected.add("timestamp.from-future", "", values)
    certificate = result.certificate.certificate if result.certificate else None
    if certificate is not None and not certificate.not_before <= token.generated_at <= certificate.not_after:
        collected.add("timestamp.outside-certificate", "", values)
    end = context.policy.end_of(token.imprint_algorithm)
    if end is not None and context.at >= end:
        shown = {"algorithm": token.imprint_algorithm, "bits": "-", "end": end.date().isoformat(), "use": "imprint"}
        collected.add("algorithm.expired", "", shown)


def judge_signature(signature: Signature, context: Context) -> SignatureReport:
    """One signature: basic validation (5.3), then with time (5.5)."""
    result = blocks(signature, "signer", context)
    verdict = result.certificate
    if not result.problems and not signature.timestamps and not signature.counter_signatures:
        assert verdict is not None
        until = _earliest(verdict.valid_until, result.algorithm_end)
        return SignatureReport(
            signature, "TOTAL-PASSED", None, verdict.certificate, verdict.chain, context.at, True, until,
            verdict.evidence, (), (), result.findings,
        )  # fmt: skip
    tokens = tuple(judge_token(token, context) for token in signature.timestamps)
    counters = tuple(judge_signature(counter, context) for counter in signature.counter_signatures)
    collected = Collector(context)
    proven = _best_signature_time(tokens, collected)
    problems, findings = _with_time(signature, result, tokens, proven, collected)
    for counter in counters:
        if counter.indication != "TOTAL-PASSED":
            collected.add("signature.counter-broken")
    sub = decisive(problems)
    return SignatureReport(
        signature,
        total(indication_of(sub)),
        sub,
        verdict.certificate if verdict else None,
        verdict.chain if verdict else (),
        proven,
        result.intact,
        _valid_until(result, tokens, proven, context),
        verdict.evidence if verdict else (),
        tokens,
        counters,
        (*findings, *collected.found),
    )


def total(indication: Indication) -> Indication:
    """The indication of a signature in the words for a whole signature."""
    words: dict[Indication, Indication] = {"PASSED": "TOTAL-PASSED", "FAILED": "TOTAL-FAILED"}
    return words.get(indication, indication)


def _best_signature_time(tokens: tuple[TimestampReport, ...], collected: Collector) -> datetime:
    """5.5.4 steps 1 and 3: the earliest genTime of a passed signature time stamp, else the validation time."""
    proven = collected.context.at
    for report in tokens:
        if report.token.type not in _CLASSES:
            collected.add("timestamp.not-judged", "", {"type": report.token.type})
        elif report.indication != "PASSED":
            collected.add("timestamp.not-usable", "", {"reason": report.sub_indication or report.indication})
        elif report.token.type == "signature":
            proven = min(proven, report.token.generated_at)
    return proven


def _with_time(
    signature: Signature, result: Blocks, tokens: tuple[TimestampReport, ...], proven: datetime, collected: Collector
) -> tuple[tuple[Problem, ...], tuple[Finding, ...]]:
    """5.5.4 steps 4 to 8: problems that the proven time undoes leave, those that it makes come."""
    stamped = proven < collected.context.at
    latest = max((item.token.generated_at for item in tokens if _counts(item, "content")), default=None)
    kept: list[Problem] = []
    undone: set[int] = set()
    for problem in result.problems:
        if stamped and problem.rescued(proven):
            undone.add(id(problem.finding))
            collected.add("signature.rescued", "", {"code": problem.finding.code, "proven": proven.isoformat()})
        else:
            kept.append(problem if latest is None else _after_content(problem, latest))
    findings = tuple(
        finding._replace(level="inform") if id(finding) in undone else finding for finding in result.findings
    )
    if stamped:
        _made_by_time(signature, result, proven, collected)
    _order(tokens, collected)
    return (*kept, *collected.problems), findings


def _counts(report: TimestampReport, kind: str) -> bool:
    return report.token.type == kind and report.indication == "PASSED"


def _after_content(problem: Problem, latest: datetime) -> Problem:
    """5.3: a content time stamp proves that the signature came after the revocation, or after the end of validity."""
    if problem.moment is None or latest <= problem.moment:
        return problem
    if problem.sub_indication == "REVOKED_NO_POE":
        return problem._replace(sub_indication="REVOKED", rescue="never")
    if problem.finding.code == "certificate.expired":
        return problem._replace(sub_indication="EXPIRED", rescue="never")
    return problem


def _made_by_time(signature: Signature, result: Blocks, proven: datetime, collected: Collector) -> None:
    policy = collected.context.policy
    shown = {"proven": proven.isoformat()}
    if result.certificate is not None and proven < result.certificate.certificate.not_before:
        collected.add("signature.before-certificate", "", shown)
    claimed = signature.claimed_signing_time
    if claimed is not None and claimed > proven + policy.clock_skew:
        collected.add("signature.time-in-future", "", {"claimed": claimed.isoformat(), **shown})
    if policy.timestamp_delay is not None and (claimed is None or claimed + policy.timestamp_delay < proven):
        collected.add("signature.timestamp-late")


def _order(tokens: tuple[TimestampReport, ...], collected: Collector) -> None:
    """5.5.4 step 4 e: a content time stamp must not be later than a signature time stamp."""
    passed = [item.token for item in tokens if item.indication == "PASSED"]
    content = [item.generated_at for item in passed if item.type == "content"]
    signature = [item.generated_at for item in passed if item.type == "signature"]
    if content and signature and max(content) > min(signature) + collected.context.policy.clock_skew:
        collected.add("timestamp.order")


def _valid_until(
    result: Blocks, tokens: tuple[TimestampReport, ...], proven: datetime, context: Context
) -> datetime | None:
    times = [result.algorithm_end]
    if result.certificate is not None and not result.problems:
        times.append(result.certificate.valid_until)
    if proven < context.at:
        times += [item.valid_until for item in tokens if item.indication == "PASSED"]
    return _earliest(*times)


def _earliest(*times: datetime | None) -> datetime | None:
    known = [time for time in times if time is not None]
    return min(known) if known else None
