"""Signatures with time (EN 319 102-1 5.5) and with archival data (5.6): the best-signature-time, and what it undoes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from toyono_trust.formats.model import Signature
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.past import validate_past
from toyono_trust.validation.judge.path import before
from toyono_trust.validation.judge.poe import key_of
from toyono_trust.validation.judge.signature import Blocks, blocks, decisive, earliest, indication_of
from toyono_trust.validation.judge.tokens import CLASSES, with_past
from toyono_trust.validation.report import Finding, Indication, Proof, SignatureReport, TimestampReport

_OVER_SIGNATURE = ("signature", "document")
"""Stamps that 5.5 takes the best-signature-time from; a document time stamp where it covers the signature."""


def judge_signature(signature: Signature, context: Context) -> SignatureReport:
    """One signature: basic validation (5.3), then with time (5.5), then with what else is proven (5.6)."""
    result = blocks(signature, "signer", context)
    verdict = result.certificate
    if (
        not result.problems
        and not context.tokens
        and not signature.counter_signatures
        and context.policy.timestamp_delay is None
    ):
        assert verdict is not None
        until = earliest(verdict.valid_until, result.algorithm_end)
        return SignatureReport(
            signature, "TOTAL-PASSED", None, verdict.certificate, verdict.chain, context.at, True, until,
            verdict.evidence, (), (), result.findings, verdict.signers,
        )  # fmt: skip
    tokens = tuple([context.tokens[id(token)] for token in signature.timestamps])
    counters = tuple([judge_signature(counter, context) for counter in signature.counter_signatures])
    collected = Collector(context)
    proven = _best_signature_time(tokens, collected)
    if any(counter.indication != "TOTAL-PASSED" for counter in counters):
        collected.add("signature.counter-broken")
    _level(signature, tokens, collected)
    with_time = _WithTime(signature, result, tokens, proven, collected)
    problems, findings = with_time.judge()
    sub = decisive(problems)
    archival = bool(problems) or with_time.past or any(item.token.type not in _SIMPLE for item in tokens)
    key = key_of(signature.value.wire)
    return SignatureReport(
        signature,
        total(indication_of(sub)),
        sub,
        verdict.certificate if verdict else None,
        verdict.chain if verdict else (),
        with_time.proven,
        result.intact,
        _until(signature, result, tokens, problems, archival, context),
        tuple(dict.fromkeys((verdict.evidence if verdict else ()) + with_time.evidence)),
        tokens,
        counters,
        (*findings, *collected.found),
        verdict.signers if verdict else (),
        Proof(context.proofs.lowest(key), context.proofs.proven_by(key)),
        not problems and archival,
    )


_SIMPLE = ("content", "signature")


def _until(
    signature: Signature,
    result: Blocks,
    tokens: tuple[TimestampReport, ...],
    problems: tuple[Problem, ...],
    archival: bool,
    context: Context,
) -> datetime | Callable[[], datetime | None] | None:
    if problems:
        return None
    # what such a policy asks for may end before certificates and algorithms do
    asking = context.policy.timestamp_delay is not None or "B-B" not in context.policy.levels
    if (archival or asking) and context.horizon is not None:
        return partial(context.horizon.until, signature)
    late = _late(signature, context)
    return earliest(_valid_until(result, tokens), None if late is None else before(late))


def _late(signature: Signature, context: Context) -> datetime | None:
    """When it is too late for a proof of existence, by the delay that the policy sets; None where it sets none."""
    claimed, delay = signature.claimed_signing_time, context.policy.timestamp_delay
    if claimed is None or delay is None:
        return None
    try:
        return claimed + delay
    except OverflowError:
        return None


def total(indication: Indication) -> Indication:
    """The indication of a signature in the words for a whole signature."""
    words: dict[Indication, Indication] = {"PASSED": "TOTAL-PASSED", "FAILED": "TOTAL-FAILED"}
    return words.get(indication, indication)


def _best_signature_time(tokens: tuple[TimestampReport, ...], collected: Collector) -> datetime:
    """5.5.4 steps 1 and 3: the earliest genTime of a passed signature time stamp, else the validation time."""
    proven = collected.context.at
    for report in tokens:
        if report.indication != "PASSED":
            stamp = report.token.generated_at if report.token.generated_at.year > 1 else report.id  # year 1: unreadable
            values = {"stamp": stamp, "reason": report.sub_indication or report.indication}
            collected.add("timestamp.not-usable", report.id, values)
        elif report.token.type in _OVER_SIGNATURE and not report.past:
            proven = min(proven, report.token.generated_at)
    return proven


def _level(signature: Signature, tokens: tuple[TimestampReport, ...], collected: Collector) -> None:
    """Where the policy asks for a time stamp, one that proves nothing makes no B-T out of a B-B (5.2.8)."""
    levels = collected.context.policy.levels
    if signature.level in (None, "B-B") or signature.level not in levels:
        return
    if "B-B" not in levels and not any(_counts(token, _OVER_SIGNATURE) for token in tokens):
        collected.add("policy.level", "", {"level": "B-B"})
    elif signature.level == "B-LTA" and "B-LT" not in levels and not any(_counts(token, _ARCHIVES) for token in tokens):
        collected.add("policy.level", "", {"level": "B-LT"})


_ARCHIVES = ("archive", "document")


def _counts(report: TimestampReport, kinds: tuple[str, ...]) -> bool:
    """Whether a time stamp of one of these types passed."""
    return report.token.type in kinds and report.indication == "PASSED"


class _WithTime:
    """5.3 with content time stamps, then 5.5.4 steps 4 to 8, then 5.6.3 steps 6 to 9.

    Attributes:
        proven: the best-signature-time. past: past signature validation passed. evidence: what that relied on.
    """

    def __init__(
        self,
        signature: Signature,
        result: Blocks,
        tokens: tuple[TimestampReport, ...],
        proven: datetime,
        collected: Collector,
    ) -> None:
        self.signature, self.result, self.tokens, self.collected = signature, result, tokens, collected
        self.context = collected.context
        self.proven = proven
        self.past = False
        self.evidence: tuple[str, ...] = ()

    def judge(self) -> tuple[tuple[Problem, ...], tuple[Finding, ...]]:
        """The problems that stay, in their order, and the findings of the blocks as time has changed them."""
        problems, findings = self._after_content()
        kept, findings = self._by_time(problems, findings)
        lowest = self.context.proofs.lowest(key_of(self.signature.value.wire))
        if kept and lowest < self.context.at:
            kept, findings = self._by_past(problems, kept, findings, lowest)
        elif not kept:
            self.proven = min(self.proven, lowest)
        early = len(self.collected.problems)
        _before_certificate(self.result, self.proven, kept, self.collected)
        if len(self.collected.problems) > early:
            kept.insert(0, self.collected.problems.pop())
        stamped = self.proven < self.context.at
        _made_by_time(self.signature, self.proven, stamped, self.collected)
        _order(self.tokens, self.collected)
        return (*kept, *self.collected.problems), findings

    def _after_content(self) -> tuple[list[Problem], tuple[Finding, ...]]:
        """5.3: what content time stamps prove came before the signature."""
        problems, findings = list(self.result.problems), self.result.findings
        latest = max((item.token.generated_at for item in self.tokens if _counts(item, ("content",))), default=None)
        if latest is None:
            return problems, findings
        turned = [_after_content(problem, latest) for problem in problems]
        changed = {id(old.finding): new.finding for old, new in zip(problems, turned, strict=True) if old is not new}
        return turned, tuple([changed.get(id(finding), finding) for finding in findings])

    def _by_time(
        self, problems: list[Problem], findings: tuple[Finding, ...]
    ) -> tuple[list[Problem], tuple[Finding, ...]]:
        """5.5.4 steps 4, 6 and 7: what a passed signature time stamp undoes."""
        if not any(_counts(item, _OVER_SIGNATURE) and not item.past for item in self.tokens):
            return problems, findings
        kept, changed = [], {}
        for problem in problems:
            if not problem.rescued(self.proven):
                kept.append(problem)
                continue
            changed[id(problem.finding)] = problem.finding._replace(level="inform")
            values = {"code": problem.finding.code, "proven": self.proven}
            self.collected.add("signature.rescued", problem.finding.subject, values)
        return kept, tuple([changed.get(id(finding), finding) for finding in findings])

    def _by_past(
        self, problems: list[Problem], kept: list[Problem], findings: tuple[Finding, ...], lowest: datetime
    ) -> tuple[list[Problem], tuple[Finding, ...]]:
        """5.6.3 step 7: past signature validation, with all that is proven about the signature's age."""
        certificate = self.result.certificate
        if certificate is None or self.result.intact is not True:
            return kept, findings
        past = validate_past(certificate.certificate, "signer", problems, lowest, self.context)
        findings = with_past(past, kept, findings, lowest, self.context)
        if past.code is not None:
            return list(past.left(kept)), findings
        self.past, self.proven, self.evidence = True, lowest, past.evidence
        return [], findings


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
    late = _late(signature, context)
    if late is not None:
        context.moments.add(late)
    if stamped and claimed is not None and claimed - proven > skew and claimed - context.at <= skew:
        collected.add("signature.time-in-future", "", {"claimed": claimed, "proven": proven})
    if delay is not None and (claimed is None or proven - claimed >= delay):
        collected.add("signature.timestamp-late")


def _order(tokens: tuple[TimestampReport, ...], collected: Collector) -> None:
    """5.5.4 step 4 e: stamps are made in the order of their classes, and none before another that it covers."""
    passed = [item.token for item in tokens if item.indication == "PASSED"]
    if len(passed) < 2:
        return
    skew = collected.context.policy.clock_skew
    latest: dict[int, datetime] = {}
    for token in passed:
        place = CLASSES[token.type]
        latest[place] = max(latest.get(place, token.generated_at), token.generated_at)
    for token in passed:
        earlier = [time for place, time in latest.items() if place < CLASSES[token.type]]
        covered = set(token.covers)
        earlier += [other.generated_at for other in passed if covered and key_of(other.data) in covered]
        if earlier and max(earlier) - token.generated_at > skew:
            collected.add("timestamp.order", "", {"first": max(earlier), "second": token.generated_at})
            return


def _valid_until(result: Blocks, tokens: tuple[TimestampReport, ...]) -> datetime | None:
    """Until when a passed signature passes without another step, where it has no archival data.

    By itself as long as certificate and algorithms do; with a proven time as long as a time stamp does and nothing
    happens that a proven time does not undo. Several time stamps are taken for the one that lasts longest.
    """
    verdict = result.certificate
    assert verdict is not None
    alone = earliest(verdict.valid_until, result.algorithm_end)
    lasting = [item.valid_until for item in tokens if _counts(item, _OVER_SIGNATURE)]
    if not lasting:
        return alone
    longest = None if None in lasting else max(time for time in lasting if time is not None)
    stamped = earliest(longest, verdict.firm_until)
    if verdict.problems or result.problems:
        return stamped
    return None if alone is None or stamped is None else max(alone, stamped)
