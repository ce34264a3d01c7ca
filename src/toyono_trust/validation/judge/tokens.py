"""Time-stamp tokens (EN 319 102-1 5.4), and what they prove to have existed (5.6.2.3, 5.6.3 step 5).

Tokens are judged from the newest to the oldest: a token that no longer passes by itself may be proven by a newer one to
have existed while it did.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from toyono_trust.formats.model import Note, Signature, TimestampToken
from toyono_trust.validation.judge import poe
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.past import Past, validate_past
from toyono_trust.validation.judge.poe import key_of
from toyono_trust.validation.judge.signature import Blocks, blocks, decisive, earliest, indication_of, reliable
from toyono_trust.validation.judge.x509 import Use
from toyono_trust.validation.report import Finding, Proof, TimestampReport

__all__ = ["CLASSES", "judge_tokens"]

CLASSES = {
    "content": 0,
    "signature": 1,
    "validation-data": 2,
    "archive": 3,
    "document": 3,
    "container": 3,
    "detached": 4,
    "evidence-record": 4,
}
"""In which order stamps are made (5.5.4 step 4 e): content, signature, references, what lies over all of them."""
_FORMATS = {"detached": "RFC3161", "evidence-record": "ERS"}
"""Of time stamps that stand in no signature: the format by which a policy lets them pass."""


def judge_tokens(context: Context) -> None:
    """Judge every token of the file, newest first, and note what those that pass prove."""
    owners: dict[int, list[Signature]] = {}
    tokens: dict[int, TimestampToken] = {id(token): token for token in context.facts.timestamps}
    for signature in context.signatures():
        for token in signature.timestamps:
            tokens[id(token)] = token
            owners.setdefault(id(token), []).append(signature)
    if not tokens:
        return
    if any(token.covers or id(token) in owners for token in tokens.values()):  # else no token proves anything
        _contents(context, tokens.values())
    for token in sorted(tokens.values(), key=_place, reverse=True) if len(tokens) > 1 else tokens.values():
        report = judge_token(token, context)
        context.tokens[id(token)] = report
        if report.indication == "PASSED":
            _extract(report, owners.get(id(token), ()), context)


def _place(token: TimestampToken) -> tuple[datetime, int, bytes]:
    """Newest last; of the same time, what lies over all else last. The octets make the order the same every time."""
    return token.generated_at, CLASSES[token.type], key_of(token.data)


def _contents(context: Context, tokens: Iterable[TimestampToken]) -> None:
    """What is inside what: a proof of the outer is one of the inner."""
    proofs = context.proofs
    signers = {id(token.signer) for token in tokens}
    for signature in context.signatures():
        use: Use = "timestamp" if id(signature) in signers else "signer"
        holds = partial(_verifies, signature, use, context)
        proofs.bind(key_of(signature.value.wire), poe.parts_of_signature(signature), holds)
    for token in tokens:
        for part in poe.parts_of_token(token):
            proofs.contain(key_of(token.data), part)
    for item in context.items():
        for part in poe.parts_of_item(item):
            proofs.contain(poe.item_key(item), part)


def _verifies(signature: Signature, use: Use, context: Context) -> bool:
    """Whether a signature value fits what is signed and the signing certificate's key."""
    return blocks(signature, use, context).intact is True


def _extract(report: TimestampReport, owners: Iterable[Signature], context: Context) -> None:
    """5.6.2.3: everything that a passed token protects existed when the token was made."""
    token, proofs = report.token, context.proofs
    if token.imprint_intact is not True:
        return
    if token.type in ("signature", "document"):
        for signature in owners:
            proofs.prove(key_of(signature.value.wire), token.generated_at, report.id)
    for key in token.covers:
        proofs.prove(key, token.generated_at, report.id)


def judge_token(token: TimestampToken, context: Context) -> TimestampReport:
    """One token by the blocks, as a signature by a TSA over its TSTInfo, and by its imprint."""
    notes = (*token.notes, *_imprint(token)) if token.notes or token.imprint_intact is not True else ()
    name = _FORMATS.get(token.type)
    if name is not None and name not in context.policy.formats:
        notes = (*notes, Note("policy.format", "", {"format": name}))
    result = blocks(token.signer, "timestamp", context, notes)
    collected = Collector(context)
    end = _generation_time(token, result, collected)
    problems = (*result.problems, *collected.problems)
    findings = (*result.findings, *collected.found)
    proof, key = context.proofs, key_of(token.data)
    known = proof.lowest(key)
    past = None
    if problems and result.certificate is not None and result.intact is True and known < context.at:
        past = validate_past(result.certificate.certificate, "timestamp", problems, known, context)
        findings = with_past(past, problems, findings, known, context)
        problems = past.left(problems)
    sub = decisive(problems)
    verdict = result.certificate
    return TimestampReport(
        token,
        indication_of(sub),
        sub,
        verdict.certificate if verdict else None,
        verdict.chain if verdict else (),
        result.intact,
        None if problems or verdict is None or past else earliest(verdict.valid_until, result.algorithm_end, end),
        findings,
        verdict.evidence + (past.evidence if past else ()) if verdict else (),
        verdict.signers if verdict else (),
        Proof(known, proof.proven_by(key)),
        past is not None and past.code is None,
    )


def with_past(
    past: Past, problems: Iterable[Problem], findings: tuple[Finding, ...], proven: datetime, context: Context
) -> tuple[Finding, ...]:
    """Findings after past validation: what it undid is for information; why it did not is said."""
    if past.code is not None:
        findings = tuple([past.changed.get(id(each), each) for each in findings])
        return (*findings, context.finding(past.code, past.subject, past.values)._replace(level="inform"))
    undone = {id(problem.finding) for problem in problems}
    said = tuple(each._replace(level="inform") if id(each) in undone else each for each in findings)
    values = {"proven": proven, "control_time": past.control_time}
    return (*said, context.finding("past.passed", "", values))


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
    skew = context.policy.clock_skew
    if token.generated_at - context.at > skew:
        context.moments.add(token.generated_at - skew)
        collected.add("timestamp.from-future", "", values)
    certificate = result.certificate.certificate if result.certificate else None
    if certificate is not None and not certificate.not_before <= token.generated_at <= certificate.not_after:
        collected.add("timestamp.outside-certificate", "", values)
    return reliable(token.imprint_algorithm, None, None, collected, "imprint") if token.imprint_found else None
