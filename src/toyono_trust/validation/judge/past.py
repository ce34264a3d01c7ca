"""Past certificate validation (EN 319 102-1 5.6.2.1), validation-time sliding (5.6.2.2), past signature validation
(5.6.2.4).

A certificate that no longer passes may have passed at an earlier *control time*. Sliding goes from the anchor's child
down to the leaf; each step believes only revocation data that is proven to have existed at the control time reached so
far. What was signed by the leaf counts if it is proven to have existed at the control time at the latest.

An algorithm that has ended proves nothing about material that is not proven to be older: anybody may have made it
since. Certificates of this kind end the sliding, revocation data of this kind only ever slides it further back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import names_match
from toyono_trust.validation.judge.collector import Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.path import INSTANT, after, before, purposes
from toyono_trust.validation.judge.poe import item_key
from toyono_trust.validation.judge.x509 import Use, all_paths
from toyono_trust.validation.policy import NEVER
from toyono_trust.validation.report import Finding

__all__ = ["Past", "validate_past"]


class Past(NamedTuple):
    """What past validation says of one signature value.

    ``code``: None where it passed, else the finding that says why not, with its ``values``. ``control_time``: the
    latest time at which the certificate passes by what is proven; None where there is none. ``changed``: where it did
    not pass, findings as they are now, by the identity of what they were: undone, or under another sub-indication.
    """

    code: str | None
    control_time: datetime | None = None
    values: Mapping[str, object] = MappingProxyType({})
    subject: str = ""
    evidence: tuple[str, ...] = ()
    changed: Mapping[int, Finding] = MappingProxyType({})

    def left(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Those of ``problems`` that remain, the one that decides first."""
        return tuple(self._left(problems)) if self.code is not None else ()

    def _left(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        for problem in problems:
            finding = self.changed.get(id(problem.finding), problem.finding)
            if finding.level == "fail":
                yield problem._replace(finding=finding, sub_indication=finding.sub_indication or "")


class _Failed(Exception):
    """Sliding found no control time. Never leaves this module."""

    def __init__(self, code: str, subject: str, values: dict[str, object] | None = None) -> None:
        super().__init__(code)
        self.past = Past(code, None, values or {}, subject)


class _Slid(NamedTuple):
    """Where sliding ended on one path. ``end``: the end of the first validity in it to end."""

    control: datetime
    end: datetime
    evidence: tuple[str, ...]

    @property
    def last(self) -> datetime:
        """The latest time at which the path passes."""
        return min(self.control, self.end)


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
    slid = _certificate(certificate, use, context)
    if isinstance(slid, Past):
        return slid
    past = Past(None, slid.last, evidence=slid.evidence)
    late = [each for each in problems if each.past != "no" and not each.passed_by(proven)]
    if not late and proven <= slid.last:
        return past
    values = {"proven": proven, "control_time": (late[0].moment if late else None) or slid.last}
    subject = late[0].finding.subject if late else certificate.subject
    changed = _changed(problems, late) if proven <= slid.control else {}
    return past._replace(code="past.proven-too-late", values=values, subject=subject, changed=changed)


def _changed(problems: tuple[Problem, ...], late: list[Problem]) -> dict[int, Finding]:
    """5.6.2.4 step 3: where all that stays is that the proof is later than notAfter, that is what is said."""
    if [each.finding.code for each in late] != ["certificate.expired"]:
        return {}
    found = {id(each.finding): each.finding._replace(level="inform") for each in problems if each not in late}
    if any(each.finding.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND_NO_POE" for each in problems):
        found[id(late[0].finding)] = late[0].finding._replace(sub="OUT_OF_BOUNDS_NO_POE")
    return found


def _certificate(certificate: Certificate, use: Use, context: Context) -> _Slid | Past:
    """5.6.2.1 over all paths; the reason of the first where none passes."""
    best: _Slid | None = None
    failed: Past | None = None
    for path, problem in _checked(certificate, use, context):
        try:
            if problem is not None:
                raise problem
            slid = _slide(path, context)
        except _Failed as error:
            failed = failed or error.past
            continue
        if best is None or slid.last > best.last:
            best = slid
    return best or failed or Past("past.no-path", subject=certificate.subject)


def _checked(certificate: Certificate, use: Use, context: Context) -> list[tuple[paths.Path, _Failed | None]]:
    """Every path, and why it never passes; made out once for all that one certificate has signed."""
    key = certificate.der, use
    known: list[tuple[paths.Path, _Failed | None]] | None = context.past_paths.get(key)
    if known is None:
        known = [(path, _check(path, use, context)) for path in all_paths(certificate, use, context)]
        context.past_paths[key] = known
    return known


def _check(path: paths.Path, use: Use, context: Context) -> _Failed | None:
    """5.6.2.1 step 2 a: what must hold of a path whatever the time."""
    leaf = path[0]
    purpose = purposes(leaf, use)[0]
    if purpose == "signature" and leaf.kind == "device":
        purpose = "device"
    for failure in paths.check(path, context.at, purpose, context.work):
        if failure.code not in paths.VALIDITY_CODES and context.finding(failure.code).level == "fail":
            return _Failed("past.not-applicable", path[failure.index].subject, {"code": failure.code})
    below = path[:-1]
    if below and max(each.not_before for each in below) > min(each.not_after for each in below):
        return _Failed("past.validities-disjoint", leaf.subject)
    return None


def _slide(path: paths.Path, context: Context) -> _Slid:
    """5.6.2.1 step 2 and 5.6.2.2: the control time of one path."""
    below = path[:-1]
    context.moments.update(moment for each in below for moment in (each.not_before, after(each.not_after)))
    control = context.at
    anchor = context.trust.anchor(path[-1])
    if anchor is not None and anchor.not_before is not None and context.at < anchor.not_before:
        raise _Failed("past.not-applicable", path[-1].subject, {"code": "path.anchor-not-yet"})
    if anchor is not None and anchor.not_after is not None and anchor.not_after <= control:
        control = anchor.not_after - INSTANT
    evidence: list[str] = []
    for index in reversed(range(len(path) - 1)):
        control = _past_revocation(path, index, control, evidence, context)
        certificate, issuer = path[index], path[index + 1]
        end = _end(certificate.signature_algorithm, issuer, context)
        if end is not None:
            control = min(control, end)
            _exists(certificate, end, certificate.subject, context)
    end = min((each.not_after for each in below), default=control)
    return _Slid(control, end, tuple(dict.fromkeys(evidence)))


def _past_revocation(
    path: paths.Path, index: int, control: datetime, evidence: list[str], context: Context
) -> datetime:
    """One step of sliding: what revocation data that existed at the control time says of one certificate."""
    certificate, policy = path[index], context.policy
    if policy.revocation == "ignore":
        return control
    status, control = _status(path, index, control, context)
    if status.outcome == "exempt" or (policy.revocation == "if-available" and status.outcome in ("none", "unknown")):
        return control
    values: dict[str, object] = {"control_time": control}
    if status.outcome in ("none", "unknown"):
        raise _Failed("past.no-poe", certificate.subject, values)
    _exists(certificate, control, certificate.subject, context)
    context.moments.update(after(signer.not_after) for signer in status.signers)
    if status.lapsed:
        raise _Failed("past.revocation-issuer", certificate.subject, values)
    evidence += status.evidence
    if status.outcome in ("revoked", "hold"):
        return min(control, before(status.revoked_at or control))
    return control if status.fresh else min(control, _stale(status, control, context))


def _status(path: paths.Path, index: int, control: datetime, context: Context) -> tuple[revocation.Status, datetime]:
    """The status at the control time, and the control time itself, which algorithms of what says so may move.

    What an ended algorithm protects counts where it is proven to be older than that end; else sliding goes to the end,
    where it is not there, whatever it says, and begins anew.
    """
    certificate, policy, proofs = path[index], context.policy, context.proofs
    while True:
        status = revocation.evaluate(
            certificate,
            path[index + 1 :],
            [item for item in context.items() if proofs.exists(item_key(item), control)],
            control,
            context.work,
            pool=context.pool(),
            max_age=policy.age_limit(ca=index > 0),
            known_at=context.present,
            proven=context.item_proven,
        )
        if status.issuer is None:
            return status, control
        ends = {item_key(item): _end(item.signature_algorithm, status.issuer, context) for item in status.items}
        for signer, issuer in _delegated(status, path[index + 1 :]):
            ends[signer.sha256] = _end(signer.signature_algorithm, issuer, context)
        moved = min([control, *(end for end in ends.values() if end is not None)])
        if all(end is None or proofs.exists(key, end) for key, end in ends.items()):
            return status, moved
        if moved == control:
            raise _Failed("past.no-poe", certificate.subject, {"control_time": control})
        control = moved


def _delegated(status: revocation.Status, issuers: Iterable[Certificate]) -> Iterator[tuple[Certificate, Certificate]]:
    """Who signed revocation data without being a CA of the path, each with its own issuer where it is one of these."""
    known = tuple(issuers)
    for signer in status.signers:
        for issuer in known:
            if names_match(signer.issuer_der, issuer.subject_der):
                yield signer, issuer
                break


def _stale(status: revocation.Status, control: datetime, context: Context) -> datetime:
    """Where to slide to from data that is no longer fresh (5.6.2.2.4 d): the policy says."""
    if context.policy.stale_control_time == "issuance":
        return status.this_update or control
    return status.valid_until or status.this_update or control


def _exists(certificate: Certificate, moment: datetime, subject: str, context: Context) -> None:
    """Fail where a certificate is not proven to have existed at a time."""
    if not context.proofs.exists(certificate.sha256, moment):
        raise _Failed("past.no-poe", subject, {"control_time": moment})


def _end(name: str, issuer: Certificate, context: Context) -> datetime | None:
    """The last instant of an algorithm with the key of ``issuer`` that has ended by now; None where it has not."""
    end = context.policy.end_of(name, None if issuer.key is None else issuer.key.bits)
    if end is None:
        return None
    context.moments.add(end)
    if context.at < end:
        return None
    if end == NEVER:
        raise _Failed("past.not-applicable", issuer.subject, {"code": "algorithm.not-accepted"})
    return end - INSTANT
