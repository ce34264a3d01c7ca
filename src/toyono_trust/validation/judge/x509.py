"""X.509 certificate validation (EN 319 102-1 5.2.6), shell model.

All problems of the best path are returned in the standard's order, each with the moment that decides whether a proof of
existence helps. A passed verdict is kept by the trust store with the interval in which it holds; a failure never is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge.collector import Collector, Problem, Rescue
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.policy import NEVER
from toyono_trust.validation.report import Finding

Use = Literal["signer", "timestamp"]


class CertificateVerdict(NamedTuple):
    """What is known of one certificate at one time. No ``problems``: PASSED, from ``valid_from`` to ``valid_until``."""

    certificate: Certificate
    chain: tuple[Certificate, ...]
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    valid_from: datetime
    valid_until: datetime | None
    evidence: tuple[str, ...]
    brought: frozenset[bytes]
    """Certificates of the file that the path needs: a kept verdict counts only for a file that brings them too."""


def purposes(certificate: Certificate, use: Use) -> tuple[paths.Purpose, ...]:
    """The purposes of which the anchor must serve one (architecture: signature, seal, timestamp, website, any)."""
    if use == "timestamp":
        return ("timestamp",)
    by_kind: dict[str, tuple[paths.Purpose, ...]] = {
        "natural-person": ("signature",),
        "legal-person": ("seal",),
        "website": ("website",),
    }
    return by_kind.get(certificate.kind, ("signature", "seal"))


def kept(der: bytes, use: Use, context: Context) -> CertificateVerdict | None:
    """The passed verdict that the trust store keeps for this certificate, if it holds now and for this file."""
    verdict: CertificateVerdict | None = context.trust.passed.get((der, use, context.policy.digest))
    if verdict is None or context.at < verdict.valid_from:
        return None
    if verdict.valid_until is not None and context.at > verdict.valid_until:
        return None
    if context.file_has_revocation():
        return None
    if verdict.brought and not verdict.brought.issubset(item.der for item in context.pool()):
        return None
    return verdict


def validate(certificate: Certificate, use: Use, context: Context) -> CertificateVerdict:
    """Judge ``certificate`` at ``context.at``: path, RFC 5280 6.1, usage, revocation, algorithms."""
    known = kept(certificate.der, use, context)
    if known is not None:
        return known
    best: CertificateVerdict | None = None
    for path in _paths(certificate, use, context):
        verdict = _judge_path(path, use, context)
        if not verdict.problems:
            _keep(verdict, use, context)
            return verdict
        if best is None or _rank(verdict) < _rank(best):
            best = verdict
    return best or _without_path(certificate, use, context)


def _paths(certificate: Certificate, use: Use, context: Context) -> list[paths.Path]:
    wanted = purposes(certificate, use)
    anchors = [item.certificate for item in context.trust.anchors if any(item.serves(purpose) for purpose in wanted)]
    return paths.build(certificate, context.pool(), anchors, context.work) if anchors else []


def _without_path(certificate: Certificate, use: Use, context: Context) -> CertificateVerdict:
    code = "path.no-anchor"
    if not context.trust.anchors:
        code = "trust.no-anchors"
    elif paths.build(certificate, context.pool(), context.trust.anchor_certificates, context.work):
        code = "path.anchor-purpose"
    collected = Collector(context)
    values = {"issuer": certificate.issuer, "purpose": " / ".join(purposes(certificate, use))}
    finding = context.finding(code, certificate.subject, values)
    if context.at > certificate.not_after:
        collected.inform("certificate.expired", certificate.subject, {"date": certificate.not_after.isoformat()})
    problem = Problem(finding, "NO_CERTIFICATE_CHAIN_FOUND")
    found = (finding, *collected.found)
    return CertificateVerdict(certificate, (), (problem,), found, context.at, None, (), frozenset())


def _rank(verdict: CertificateVerdict) -> tuple[int, int]:
    """The most useful verdict first: fewest problems that nothing rescues, then fewest problems."""
    return sum(problem.rescue == "never" for problem in verdict.problems), len(verdict.problems)


def _judge_path(path: paths.Path, use: Use, context: Context) -> CertificateVerdict:
    judge = _PathJudge(path, use, context)
    judge.anchor()
    judge.rules()
    judge.not_revoked()
    judge.algorithms()
    own = {item.der for item in (*context.trust.intermediates, *context.trust.anchor_certificates)}
    return CertificateVerdict(
        path[0],
        path,
        tuple(judge.collected.problems),
        tuple(judge.collected.found),
        max(judge.starts),
        min(judge.ends) if judge.ends else None,
        tuple(dict.fromkeys(judge.evidence)),
        frozenset(item.der for item in path[1:] if item.der not in own),
    )


class _PathJudge:
    """Collects problems over one path; the order of the methods is the order of the standard's checks."""

    def __init__(self, path: paths.Path, use: Use, context: Context) -> None:
        self.path, self.use, self.context = path, use, context
        self.collected = Collector(context)
        self.add = self.collected.add
        self.evidence: list[str] = []
        below = path[:-1] or path
        self.starts: list[datetime] = [item.not_before for item in below]
        self.ends: list[datetime] = [item.not_after for item in below]
        self.leaf_known_good = False

    def anchor(self) -> None:
        """Sunset and beginning of trust in the anchor (5.2.6, 1.2 step 2)."""
        at, anchor = self.context.at, self.context.trust.anchor(self.path[-1])
        if anchor is None:
            return
        if anchor.not_after is not None:
            self.ends.append(anchor.not_after - timedelta(microseconds=1))
            if at >= anchor.not_after:
                values: dict[str, object] = {"date": anchor.not_after.isoformat()}
                self.add("path.anchor-sunset", self.path[-1].subject, values, "before", anchor.not_after)
        if anchor.not_before is not None:
            self.starts.append(anchor.not_before)
            if at < anchor.not_before:
                self.add("path.anchor-not-yet", self.path[-1].subject, {"date": anchor.not_before.isoformat()})

    def rules(self) -> None:
        """RFC 5280 6.1 and usage; the leaf's validity is judged after revocation (1.2 step 3 f)."""
        purpose = purposes(self.path[0], self.use)[0]
        if purpose == "signature" and self.path[0].kind == "device":
            purpose = "device"
        for failure in paths.check(self.path, self.context.at, purpose, self.context.work):
            if failure.index == 0 and failure.code in paths.VALIDITY_CODES:
                continue
            subject = self.path[failure.index].subject
            if failure.code == "ca.expired":
                self.add(failure.code, subject, dict(failure.values), "not-after", self.path[failure.index].not_after)
            else:
                self.add(failure.code, subject, dict(failure.values))
        kind = self.path[0].kind
        if self.use == "signer" and kind not in self.context.policy.kinds:
            self.add("policy.kind", self.path[0].subject, {"kind": kind})

    def not_revoked(self) -> None:
        """Revocation of every certificate below the anchor, then the leaf's validity (1.2 steps 3 b to g)."""
        context = self.context
        for index, certificate in enumerate(self.path[:-1]):
            if context.policy.revocation != "ignore":
                self._revocation_of(index, certificate)
        leaf = self.path[0]
        if context.at < leaf.not_before:
            self.add("certificate.not-yet-valid", leaf.subject, {"date": leaf.not_before.isoformat()})
        elif context.at > leaf.not_after:
            sub = "OUT_OF_BOUNDS_NOT_REVOKED" if self.leaf_known_good else "OUT_OF_BOUNDS_NO_POE"
            rescue: Rescue = "not-after" if self.leaf_known_good else "never"
            values: dict[str, object] = {"date": leaf.not_after.isoformat()}
            self.add("certificate.expired", leaf.subject, values, rescue, leaf.not_after, sub)

    def _revocation_of(self, index: int, certificate: Certificate) -> None:
        context, leaf = self.context, index == 0
        status = revocation.evaluate(
            certificate,
            self.path[index + 1 :],
            context.items(),
            context.at,
            context.work,
            pool=context.pool(),
            max_age=context.policy.max_age,
        )
        self.evidence += status.evidence
        if status.valid_until is not None:
            self.ends.append(status.valid_until)
        if status.this_update is not None:
            self.starts.append(status.this_update)
        self._cap_by_later_items()
        if leaf and status.outcome in ("good", "exempt"):
            self.leaf_known_good = True
        code = status.code(leaf)
        if code is None:
            return
        self._explain(status)
        values: dict[str, object] = {
            "date": status.revoked_at.isoformat() if status.revoked_at else "",
            "reason": status.reason or "",
            "next_update": status.next_update.isoformat() if status.next_update else "",
        }
        if code in ("revocation.missing", "revocation.unusable") and context.policy.revocation == "if-available":
            self.collected.inform(code, certificate.subject, values)
        elif status.outcome in ("revoked", "hold"):
            self.add(code, certificate.subject, values, "before", status.revoked_at)
        elif code == "revocation.stale":
            self.add(code, certificate.subject, values, "not-after", status.next_update)
        else:
            self.add(code, certificate.subject, values)

    def _explain(self, status: revocation.Status) -> None:
        for problem in status.problems:
            self.collected.inform(problem.code, problem.evidence, problem.values)

    def _cap_by_later_items(self) -> None:
        """An item that counts only later may say otherwise: the verdict holds until then at most."""
        for item in self.context.items():
            later = getattr(item, "this_update", None) or getattr(item, "produced_at", None)
            if later is not None and later > self.context.at:
                self.ends.append(later - timedelta(microseconds=1))

    def algorithms(self) -> None:
        """Every signature below the anchor by an algorithm that counts at the validation time (1.2 step 3 e)."""
        for certificate, issuer in zip(self.path, self.path[1:], strict=False):
            key = issuer.key
            end = self.context.policy.end_of(certificate.signature_algorithm, None if key is None else key.bits)
            if end is None:
                continue
            if self.context.at < end:
                self.ends.append(end - timedelta(microseconds=1))
                continue
            values: dict[str, object] = {
                "algorithm": certificate.signature_algorithm,
                "bits": key.bits if key else "?",
                "end": end.date().isoformat(),
                "use": certificate.subject,
            }
            named = algorithms.by_name(certificate.signature_algorithm) is not None and end != NEVER
            self.add("algorithm.expired" if named else "algorithm.not-accepted", certificate.subject, values)


def _keep(verdict: CertificateVerdict, use: Use, context: Context) -> None:
    """Keep a passed verdict, unless it rests on revocation data that this file brought."""
    if not context.file_has_revocation():
        context.trust.passed[(verdict.certificate.der, use, context.policy.digest)] = verdict
