"""Past certificate validation (EN 319 102-1 5.6.2.1), validation-time sliding (5.6.2.2), past signature validation
(5.6.2.4).

A certificate that no longer passes may have passed at an earlier *control time*. Sliding goes from the anchor's child
down to the leaf; each step believes only revocation data that is proven to have existed at the control time reached so
far. What was signed by the leaf counts if it is proven to have existed at the control time at the latest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge.collector import Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.path import INSTANT, after
from toyono_trust.validation.judge.poe import item_key
from toyono_trust.validation.judge.x509 import Use, all_paths
from toyono_trust.validation.policy import NEVER

__all__ = ["Past", "validate_past"]


class Past(NamedTuple):
    """What past validation says of one signature value.

    ``code``: None where it passed, else the finding that says why not, with its ``values``. ``control_time``: the
    latest time at which the certificate passes by what is proven; None where there is none.
    """

    code: str | None
    control_time: datetime | None = None
    values: Mapping[str, object] = MappingProxyType({})
    subject: str = ""
    evidence: tuple[str, ...] = ()


class _Failed(Exception):
    """Sliding found no control time. Never leaves this module."""

    def __init__(self, code: str, subject: str, values: dict[str, object] | None = None) -> None:
        super().__init__(code)
        self.past = Past(code, None, values or {}, subject)


def validate_past(
    certificate: Certificate, use: Use, problems: Iterable[Problem], proven: datetime, context: Context
) -> Past:
    """Past signature validation: whether a signature that existed at ``proven`` escapes all of ``problems``.

    ``certificate``: its signing certificate. Of all paths the one with the latest control time counts.
    """
    problems = tuple(problems)
    for problem in problems:
        if problem.past == "no" and not problem.rescued(proven):
            return Past("past.not-applicable", None, {"code": problem.finding.code}, problem.finding.subject)
    past = _certificate(certificate, use, context)
    if past.code is not None or past.control_time is None:
        return past
    if proven > past.control_time:
        values = {"proven": proven, "control_time": past.control_time}
        return past._replace(code="past.proven-too-late", values=values, subject=certificate.subject)
    for problem in problems:
        if problem.past != "no" and not problem.passed_by(proven):
            values = {"proven": proven, "control_time": problem.moment or past.control_time}
            return past._replace(code="past.proven-too-late", values=values, subject=problem.finding.subject)
    return past


def _certificate(certificate: Certificate, use: Use, context: Context) -> Past:
    """5.6.2.1 over all paths; the reason of the first where none passes."""
    best: Past | None = None
    failed: Past | None = None
    for path in all_paths(certificate, use, context):
        try:
            past = _slide(path, context)
        except _Failed as error:
            failed = failed or error.past
            continue
        assert past.control_time is not None
        if best is None or best.control_time is None or past.control_time > best.control_time:
            best = past
    return best or failed or Past("past.no-path", subject=certificate.subject)


def _slide(path: paths.Path, context: Context) -> Past:
    """5.6.2.1 step 2 and 5.6.2.2: the control time of one path."""
    below = path[:-1]
    if below and max(each.not_before for each in below) > min(each.not_after for each in below):
        raise _Failed("past.validities-disjoint", path[0].subject)
    context.moments.update(moment for each in below for moment in (each.not_before, after(each.not_after)))
    control = context.at
    anchor = context.trust.anchor(path[-1])
    if anchor is not None and anchor.not_after is not None and anchor.not_after <= control:
        control = anchor.not_after - INSTANT
    evidence: list[str] = []
    for index in reversed(range(len(path) - 1)):
        control = _past_revocation(path, index, control, evidence, context)
        certificate, issuer = path[index], path[index + 1]
        control = _reliable(certificate.signature_algorithm, issuer, control, certificate.subject, context)
    return Past(None, control, evidence=tuple(dict.fromkeys(evidence)))


def _past_revocation(
    path: paths.Path, index: int, control: datetime, evidence: list[str], context: Context
) -> datetime:
    """One step of sliding: what revocation data that existed at the control time says of one certificate."""
    certificate, policy, proofs = path[index], context.policy, context.proofs
    if policy.revocation == "ignore":
        return control
    items = [item for item in context.items() if proofs.exists(item_key(item), control)]
    status = revocation.evaluate(
        certificate,
        path[index + 1 :],
        items,
        control,
        context.work,
        pool=context.pool(),
        max_age=policy.age_limit(ca=index > 0),
        known_at=context.present,
    )
    if status.outcome == "exempt" or (policy.revocation == "if-available" and status.outcome in ("none", "unknown")):
        return control
    values: dict[str, object] = {"control_time": control}
    if status.outcome in ("none", "unknown") or not proofs.exists(certificate.sha256, control):
        raise _Failed("past.no-poe", certificate.subject, values)
    if index == 0 and not _issuer_existed(status, path, context):
        raise _Failed("past.revocation-issuer", certificate.subject, values)
    evidence += status.evidence
    if status.outcome in ("revoked", "hold"):
        control = min(control, (status.revoked_at or control) - INSTANT)
    elif not status.fresh:
        control = min(control, _stale(status, control, context))
    if status.issuer is not None:
        for item in status.items:
            control = _reliable(item.signature_algorithm, status.issuer, control, certificate.subject, context)
    return control


def _stale(status: revocation.Status, control: datetime, context: Context) -> datetime:
    """Where to slide to from data that is no longer fresh (5.6.2.2.4 d): the policy says."""
    if context.policy.stale_control_time == "issuance":
        return status.this_update or control
    return status.valid_until or status.this_update or control


def _issuer_existed(status: revocation.Status, path: paths.Path, context: Context) -> bool:
    """5.6.2.4 step 1: who signed the leaf's revocation data is an anchor, or existed within its own validity."""
    issuer = status.issuer
    if issuer is None or context.trust.anchor(issuer) is not None:
        return True
    return context.proofs.exists(issuer.sha256, issuer.not_after)


def _reliable(name: str, issuer: Certificate, control: datetime, subject: str, context: Context) -> datetime:
    """The control time, or the last time before it at which an algorithm of the path was reliable."""
    end = context.policy.end_of(name, None if issuer.key is None else issuer.key.bits)
    if end is None:
        return control
    context.moments.add(end)
    if control < end:
        return control
    if end == NEVER:
        raise _Failed("past.not-applicable", subject, {"code": "algorithm.not-accepted"})
    return end - INSTANT
