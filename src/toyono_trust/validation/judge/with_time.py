"""Time-stamp tokens (EN 319 102-1 5.4), and signatures with time (5.5): the best-signature-time."""

from __future__ import annotations

from datetime import datetime

from toyono_trust.formats.model import Note, Signature, TimestampToken
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.signature import Blocks, blocks, decisive, indication_of, reliable
from toyono_trust.validation.report import Finding, Indication, SignatureReport, TimestampReport

_CLASSES = {"content": 0, "signature": 1, "document": 1}
"""Time stamps that are judged: before the signature, and over it. A document time stamp counts where it covers it."""


def judge_token(token: TimestampToken, context: Context) -> TimestampReport:
    """One token by the blocks, as a signature by a TSA over its TSTInfo, and by its imprint."""
    notes = (*token.notes, *_imprint(token)) if token.notes or token.imprint_intact is not True else ()
    if token.type == "detached" and "RFC3161" not in context.policy.formats:
        notes = (*notes, Note("policy.format", "", {"format": "RFC3161"}))
    result = blocks(token.signer, "timestamp", context, notes)
    collected = Collector(context)
    end = _generation_time(token, result, collected)
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
        None if problems or verdict is None else _earliest(verdict.valid_until, result.algorithm_end, end),
        (*result.findings, *collected.found),
    )


def _imprint(token: TimestampToken) -> tuple[Note, ...]:
    """5.4 applies 5.2.7 to the stamped data as well."""
    if token.imprint_intact is True:
        return ()
    known = token.imprint_found and token.imprint_intact is False
    return (Note("timestamp.imprint-altered" if known else "timestamp.content-missing"),)


def _generation_time(token: TimestampToken, result: Blocks, collected: Collector) -> datetime | None:
    """GenTime lies in the TSA certificate's validity, not in the future of the validation time; the imprint's digest.

    Returns the last instant of the imprint's digest.
    """
    context = collected.context
    values = {"time": token.generated_at}
    if token.generated_at - context.at > context.policy.clock_skew:
        collected.add("timestamp.from-future", "", values)
    certificate = result.certificate.certificate if result.certificate else None
    if certificate is not None and not certificate.not_before <= token.generated_at <= certificate.not_after:
        collected.add("timestamp.outside-certificate", "", values)
    return reliable(token.imprint_algorithm, None, None, collected, "imprint") if token.imprint_found else None


def judge_signature(signature: Signature, context: Context) -> SignatureReport:
    """One signature: basic validation (5.3), then with time (5.5)."""
    result = blocks(signature, "signer", context)
    verdict = result.certificate
    if (
        not result.problems
        and not signature.timestamps
        and not signature.counter_signatures
        and context.policy.timestamp_delay is None
    ):
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
    if any(counter.indication != "TOTAL-PASSED" for counter in counters):
        collected.add("signature.counter-broken")
    _level(signature, tokens, collected)
    problems, findings = _with_time(signature, result, tokens, proven, collected)
    sub = decisive(problems)
    return SignatureReport(
        signature,
        total(indication_of(sub)),
        sub,
        verdict.certificate if verdict else None,
        verdict.chain if verdict else (),
        proven,
        result.intact,
        None if problems else _valid_until(result, tokens, proven),
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
        elif _CLASSES[report.token.type]:
            proven = min(proven, report.token.generated_at)
    return proven


def _level(signature: Signature, tokens: tuple[TimestampReport, ...], collected: Collector) -> None:
    """Where the policy asks for a time stamp, one that proves nothing makes no B-T out of a B-B (5.2.8)."""
    levels = collected.context.policy.levels
    if signature.level in (None, "B-B") or "B-B" in levels or signature.level not in levels:
        return
    if not any(_counts(token, "signature") for token in tokens):
        collected.add("policy.level", "", {"level": "B-B"})


def _with_time(
    signature: Signature, result: Blocks, tokens: tuple[TimestampReport, ...], proven: datetime, collected: Collector
) -> tuple[tuple[Problem, ...], tuple[Finding, ...]]:
    """5.3 with content time stamps, then 5.5.4 steps 4 to 8: what the proven time undoes goes, what it makes comes."""
    latest = max((item.token.generated_at for item in tokens if _counts(item, "content")), default=None)
    stamped = any(_counts(item, "signature") for item in tokens)
    kept: list[Problem] = []
    changed: dict[int, Finding] = {}
    for problem in result.problems:
        turned = problem if latest is None else _after_content(problem, latest)
        if turned is not problem:
            changed[id(problem.finding)] = turned.finding
            kept.append(turned)
        elif stamped and problem.rescued(proven):
            changed[id(problem.finding)] = problem.finding._replace(level="inform")
            values = {"code": problem.finding.code, "proven": proven}
            collected.add("signature.rescued", problem.finding.subject, values)
        else:
            kept.append(problem)
    findings = result.findings
    if changed:
        findings = tuple(changed.get(id(finding), finding) for finding in findings)
    early = len(collected.problems)
    _before_certificate(result, proven, kept, collected)
    if len(collected.problems) > early:
        kept.insert(0, collected.problems.pop())
    _made_by_time(signature, proven, stamped, collected)
    _order(tokens, collected)
    return (*kept, *collected.problems), findings


def _counts(report: TimestampReport, kind: str) -> bool:
    """Whether a time stamp passed, and stamps the content or the signature."""
    return _CLASSES.get(report.token.type) == _CLASSES[kind] and report.indication == "PASSED"


_OF_VALUE = frozenset({"algorithm.expired", "algorithm.not-accepted"})


def _after_content(problem: Problem, latest: datetime) -> Problem:
    """5.3: a content time stamp proves that the signature came after the revocation, or after the end of validity."""
    if problem.moment is None or latest <= problem.moment:
        return problem
    if problem.sub_indication == "REVOKED_NO_POE":
        return problem.turned("REVOKED")
    if problem.finding.code == "certificate.expired":
        return problem.turned("EXPIRED")
    if problem.finding.code in _OF_VALUE:
        return problem.turned("CRYPTO_CONSTRAINTS_FAILURE")
    return problem


def _before_certificate(result: Blocks, proven: datetime, kept: list[Problem], collected: Collector) -> None:
    """5.5.4 steps 4 a, b, d: what existed before its certificate became valid is FAILED.

    So it is without a time stamp where the validation time itself lies before.
    """
    if result.certificate is None or (kept and kept[0].sub_indication not in _OUT_OF_BOUNDS):
        return
    start = result.certificate.certificate.not_before
    if proven < start and (kept or proven < collected.context.at):
        collected.add("signature.before-certificate", "", {"proven": proven, "start": start})


_OUT_OF_BOUNDS = ("OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED")


def _made_by_time(signature: Signature, proven: datetime, stamped: bool, collected: Collector) -> None:
    context, claimed = collected.context, signature.claimed_signing_time
    skew, delay = context.policy.clock_skew, context.policy.timestamp_delay
    if stamped and claimed is not None and claimed - proven > skew and claimed - context.at <= skew:
        collected.add("signature.time-in-future", "", {"claimed": claimed, "proven": proven})
    if delay is not None and (claimed is None or proven - claimed >= delay):
        collected.add("signature.timestamp-late")


def _order(tokens: tuple[TimestampReport, ...], collected: Collector) -> None:
    """5.5.4 step 4 e: a content time stamp must not be later than a signature time stamp."""
    content = [item.token.generated_at for item in tokens if _counts(item, "content")]
    signature = [item.token.generated_at for item in tokens if _counts(item, "signature")]
    if content and signature and max(content) - min(signature) > collected.context.policy.clock_skew:
        collected.add("timestamp.order", "", {"first": max(content), "second": min(signature)})


def _valid_until(result: Blocks, tokens: tuple[TimestampReport, ...], proven: datetime) -> datetime | None:
    """Until when a passed signature passes without another step.

    By itself as long as certificate and algorithms do; with a proven time as long as a time stamp does and nothing
    happens that a proven time does not undo. Several time stamps are taken for the one that lasts longest.
    """
    verdict = result.certificate
    assert verdict is not None
    alone = _earliest(verdict.valid_until, result.algorithm_end)
    lasting = [item.valid_until for item in tokens if _counts(item, "signature")]
    if not lasting:
        return alone
    longest = None if None in lasting else max(time for time in lasting if time is not None)
    stamped = _earliest(longest, verdict.firm_until)
    if verdict.problems or result.problems:
        return stamped
    return None if alone is None or stamped is None else max(alone, stamped)


def _earliest(*times: datetime | None) -> datetime | None:
    known = [time for time in times if time is not None]
    return min(known) if known else None
