"""``verify``: read, gather, judge, and say what a receipt proves."""

from __future__ import annotations

from datetime import UTC, datetime

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.delivery import evidence
from toyono_trust.delivery.check import check, compare
from toyono_trust.errors import MalformedError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, ReceiptFacts, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now
from toyono_trust.validation import judge as judging
from toyono_trust.validation.gather import gather
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Inputs, Report
from toyono_trust.verbs.receipting import called

__all__ = ["gathering", "judge", "read", "verify"]


def verify(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime,
    work: Work | None = None,
    password: bytes | str | None = None,
) -> Report:
    """Read, judge, and say what a receipt proves. Total: any bytes in, a report out.

    ``data``: octets, or a PDF as a content, which is read where it is. ``password``: of an encrypted PDF.
    """
    work = work or Work()
    return judge(read(data, contents, work, password), policy, trust, _utc(at), work)


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, elsewhere
        return at.replace(tzinfo=UTC)


def gathering(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime | None,
    password: bytes | str | None = None,
) -> Steps[Report]:
    """The same, with what is missing for the verdict fetched first. Total as well: a failed fetch is a finding.

    ``at``: None for the present, which is asked for once everything is at hand.
    """
    work = Work()
    facts = read(data, contents, work, password)
    first = (yield from now()) if at is None else _utc(at)
    if isinstance(facts, Unread):
        return judge(facts, policy, trust, first, work)
    gathered = yield from gather(facts, policy, trust, first)
    # a responder's clock may run ahead of ours, within what the policy allows
    last = max((yield from now()), gathered.at) if at is None else first
    facts = facts._replace(notes=(*facts.notes, *gathered.notes))
    return judge(facts, policy, trust, last, work, gathered.material)


def read(data: bytes | Content, contents: Contents, work: Work, password: bytes | str | None = None) -> Facts | Unread:
    """The facts of a file, those of a receipt included, or why it has no accepted reading. Never raises for them."""
    try:
        facts = registry.read(data, contents, work, password)
        claims = _receipt_claims(data) if isinstance(data, bytes) and data[:1] in _OBJECT_STARTS else None
    except MalformedError as error:
        kind = registry.kind_of(data) if isinstance(data, bytes) else "PAdES"
        return Unread(kind, error.code, error.message, error.offset, isinstance(error, WorkExceeded))
    if claims is not None:
        facts = facts._replace(receipt=compare(claims, contents))
    return facts


def judge(
    facts: Facts | Unread,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    work: Work,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
) -> Report:
    """Judge what was read from one file, the claims of a receipt included; arguments as of ``validation.judge``.

    Pure: the same facts, policy, trust, time and material give the same report, today and out of an archive.
    """
    if isinstance(facts, Unread):
        kind = WorkExceeded if facts.exceeded else MalformedError
        error = kind(facts.code, facts.message, offset=facts.offset)
        inputs = Inputs(facts, policy, trust, material, present, dict(work.left))
        return judging.malformed(error, facts.kind, policy, trust, at, inputs)
    report = judging.judge(facts, policy, trust, at, work, material, present)
    return report if facts.receipt is None else _with_receipt(report, facts.receipt, policy)


_OBJECT_STARTS = (b"{", b" ", b"\n", b"\r", b"\t")


def _receipt_claims(data: bytes) -> ReceiptFacts | None:
    """The evidence in a JSON file that is sealed by a member of its own; None where it is none.

    Only that member's seal covers its neighbours; beside a JWS's ``payload`` anybody can write what looks like one.
    """
    if b"jadesSignature" not in data and b"\\u" not in data:  # a name may be written with escapes
        return None
    value = json_loads(data)
    return evidence.facts(value) if evidence.is_evidence(value) and evidence.SEAL_MEMBER in value else None


def _with_receipt(report: Report, claims: ReceiptFacts, policy: Policy) -> Report:
    """Add what the receipt proves; a failing check of its own lowers the file's indication, never the seal's."""
    passed = [item for item in report.signatures if item.indication == "TOTAL-PASSED"]
    sealed = next(iter(passed or report.signatures), None)
    certificate = None if sealed is None else sealed.certificate
    stamped = sealed is not None and sealed.best_signature_time < report.validated_at
    notes, result = check(
        claims,
        () if certificate is None else certificate.identifiers,
        b"" if certificate is None else certificate.sha256,
        None,
        sealed.best_signature_time if sealed is not None and stamped else None,
        signer_names=() if certificate is None else called(certificate),
    )
    judging.add_receipt(report, result if passed else result._replace(proves=None), notes, policy)
    return report
