"""X.509 certificate validation (EN 319 102-1 5.2.6), shell model: the best path, and the verdicts that are kept.

A passed verdict is kept by the trust store, a failure never is. A verdict depends on time only through *moments*: ends
of validity, issue times of revocation data, nextUpdate, dates of revocation, ends of algorithms. Between two
neighbouring moments a fresh judgement says the same; that is the interval for which a verdict is kept. It depends on
the file only through the certificates and the revocation data that the file brings. What trust alone suffices for is
judged without the file's certificates and kept for every file, else the verdict is kept for files that bring the same
certificates; none is kept or used where a file brings revocation data.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from toyono_trust.pki import path as paths
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.path import INSTANT, PathJudge, last_before, purposes
from toyono_trust.validation.report import Finding

Use = Literal["signer", "timestamp"]
_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class CertificateVerdict(NamedTuple):
    """What is known of one certificate at one time. No ``problems``: PASSED.

    ``valid_until``: the last instant at which it passes, as long as renewed revocation data says the same; None where
    it does not pass or no end is known. ``firm_until``: the same for a certificate that a proof of existence rescues
    from expiry and revocation. ``evidence``: digests of the revocation data relied on; ``signers``: who signed it
    besides the CAs of the path. ``kept_from`` to ``kept_until``: when a fresh judgement says the same. ``carried``: the
    certificates that a file must bring for the verdict to count, None for any file.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...]
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    valid_until: datetime | None
    firm_until: datetime | None
    evidence: tuple[str, ...] = ()
    signers: tuple[Certificate, ...] = ()
    kept_from: datetime = _BEGINNING
    kept_until: datetime = _END
    carried: tuple[bytes, ...] | None = None


def kept(der: bytes, use: Use, context: Context) -> CertificateVerdict | None:
    """The passed verdict that the trust store keeps for this certificate, if it holds now and for this file."""
    verdict: CertificateVerdict | None = context.trust.passed.get((der, use, context.policy.digest))
    if verdict is None or not verdict.kept_from <= context.at <= verdict.kept_until or context.file_has_revocation():
        return None
    if context.present is not None:
        return None
    if verdict.carried is not None and verdict.carried != context.carried():
        return None
    if verdict.kept_until < _END:
        context.moments.add(verdict.kept_until + INSTANT)  # of what is not judged again only the first is known
    return verdict


def validate(certificate: Certificate, use: Use, context: Context) -> CertificateVerdict:
    """Judge ``certificate`` at ``context.at``: path, RFC 5280 6.1, usage, revocation, algorithms; once for a file."""
    known = kept(certificate.der, use, context)
    if known is None:
        known = context.verdicts.get((certificate.der, use))
    if known is None:
        known = context.verdicts[certificate.der, use] = _validate(certificate, use, context)
    return known


def _validate(certificate: Certificate, use: Use, context: Context) -> CertificateVerdict:
    best: CertificateVerdict | None = None
    judged: list[PathJudge] = []
    for pool, carried in _pools(certificate, context):
        for path in _paths(certificate, use, pool, context):
            judge = PathJudge(path, use, context, pool)
            judged.append(judge)
            context.moments.update(judge.ends)
            verdict = _verdict(judge, carried)
            if not verdict.problems:
                return _keep(verdict, use, judged)
            if best is None or _rank(verdict) < _rank(best):
                best = verdict
    return best or _without_path(certificate, use, context)


def _pools(
    certificate: Certificate, context: Context
) -> Iterator[tuple[tuple[Certificate, ...], tuple[bytes, ...] | None]]:
    """Where issuers are looked for: in the trust store first, then in the file as well."""
    own = context.trust.intermediates
    yield own, None
    known = {certificate.der, *(item.der for item in own)}
    if any(der not in known for der in context.carried()):
        yield context.pool(), context.carried()


def all_paths(certificate: Certificate, use: Use, context: Context) -> list[paths.Path]:
    """Every path to an anchor that serves the purpose, through all certificates at hand."""
    return _paths(certificate, use, context.pool(), context)


def _paths(certificate: Certificate, use: Use, pool: tuple[Certificate, ...], context: Context) -> list[paths.Path]:
    wanted = purposes(certificate, use)
    anchors = [item.certificate for item in context.trust.anchors if any(item.serves(purpose) for purpose in wanted)]
    return paths.build(certificate, pool, anchors, context.work) if anchors else []


def _without_path(certificate: Certificate, use: Use, context: Context) -> CertificateVerdict:
    code = "path.no-anchor"
    if not context.trust.anchors:
        code = "trust.no-anchors"
    elif paths.build(certificate, context.pool(), context.trust.anchor_certificates, context.work):
        code = "path.anchor-purpose"
    collected = Collector(context)
    values = {"issuer": certificate.issuer, "purpose": " / ".join(purposes(certificate, use))}
    collected.add(code, certificate.subject, values)
    if context.at > certificate.not_after:
        collected.inform("certificate.expired", certificate.subject, {"date": certificate.not_after})
    return CertificateVerdict(certificate, (), tuple(collected.problems), tuple(collected.found), None, None)


def _rank(verdict: CertificateVerdict) -> tuple[int, int, int]:
    """The most useful verdict first: no defect of the path itself, little that nothing rescues, few problems."""
    problems = verdict.problems
    defects = sum(problem.finding.code.startswith("path.") for problem in problems)
    return defects, sum(problem.rescue == "never" for problem in problems), len(problems)


def _verdict(judge: PathJudge, carried: tuple[bytes, ...] | None) -> CertificateVerdict:
    problems, at = tuple(judge.collected.problems), judge.context.at
    return CertificateVerdict(
        judge.path[0],
        judge.path,
        problems,
        tuple(judge.collected.found),
        None if problems else last_before(at, judge.ends),
        last_before(at, judge.firm),
        tuple(dict.fromkeys(judge.evidence)),
        tuple(dict.fromkeys(judge.signers)),
        carried=carried,
    )


def _keep(verdict: CertificateVerdict, use: Use, judged: list[PathJudge]) -> CertificateVerdict:
    """Keep a passed verdict with the interval in which all paths that were judged come out the same."""
    context = judged[-1].context
    moments = [moment for judge in judged for moment in judge.moments]
    verdict = verdict._replace(
        kept_from=max((moment for moment in moments if moment <= context.at), default=_BEGINNING),
        kept_until=last_before(context.at, moments) or _END,
    )
    unread = verdict.carried is not None and context.malformed
    alone = not context.file_has_revocation() and context.present is None and not context.proves_items()
    if all(judge.lasting for judge in judged) and not unread and alone:
        context.trust.passed[(verdict.certificate.der, use, context.policy.digest)] = verdict
    return verdict
