"""``verify``: read, gather, judge, and say what a receipt and the proof of a log's entry prove."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.core.xml import MAX_XML
from toyono_trust.delivery import sealed, xml
from toyono_trust.delivery.check import DEFAULT, Thresholds
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.evidence import to_json
from toyono_trust.errors import MalformedError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, Note, Unread
from toyono_trust.ledger import presented
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now
from toyono_trust.validation.gather import gather
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

__all__ = ["gathering", "judge", "read", "verify"]


def read(
    data: bytes | Content,
    contents: Contents,
    work: Work,
    password: bytes | str | None = None,
    proof: bytes | None = None,
) -> Facts | Unread:
    """The facts of a file, or why it has no accepted reading. Never raises for its octets.

    ``proof``: the proof of a log's entry that is presented with a receipt.
    """
    try:
        if isinstance(data, bytes) and presented.is_proof(data):
            facts: Facts | Unread = presented.read(data, contents, work, _unfolded)
            return _with_proof(facts, None, data, proof, work)
        facts, evidence = sealed.read_evidence(data, contents, work, password)
        return _with_proof(facts, evidence, data, proof, work)
    except MalformedError as error:
        return Unread(presented.KIND, error.code, error.message, error.offset, isinstance(error, WorkExceeded))


def _with_proof(
    facts: Facts | Unread, evidence: Evidence | None, data: bytes | Content, proof: bytes | None, work: Work
) -> Facts | Unread:
    """The same with what the logs promised for a receipt, and the proof that was presented with it."""
    if isinstance(facts, Unread):
        return facts
    if facts.receipt is not None and facts.receipt.promises:
        facts = facts._replace(receipt=presented.promised(facts.receipt))
    if proof is None:
        return facts
    if evidence is None:
        return facts._replace(notes=(*facts.notes, Note("proof.no-receipt")))
    whole = isinstance(data, bytes) and data.lstrip(b" \t\r\n")[:1] == b"{"
    value = json_loads(data) if whole and isinstance(data, bytes) else to_json(evidence)
    beside = presented.read_beside(proof, "receipt", value, "json" if whole else "xml", work)
    return facts._replace(proof=beside)


def _unfolded(content: Content) -> Mapping[str, Any] | None:
    """The JSON object of evidence in XML; None where it is none, or does not end. Raises ``MalformedError``."""
    with content.open() as stream:
        beginning = stream.read(xml.PEEK)
    if content.size > MAX_XML or not xml.is_evidence(beginning):
        return None
    return to_json(xml.read(content.bytes)[0])


def judge(
    facts: Facts | Unread,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    work: Work,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
    thresholds: Thresholds = DEFAULT,
) -> Report:
    """Judge what was read from one file, receipts and proofs included; arguments as of ``validation.judge``.

    Pure: the same facts, policy, trust, time and material give the same report, today and out of an archive.
    """
    report = sealed.judge(facts, policy, trust, at, work, material, present, thresholds)
    presented.complete(report)
    return report


def verify(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime,
    work: Work | None = None,
    password: bytes | str | None = None,
    proof: bytes | None = None,
) -> Report:
    """Read, judge, and say what a receipt proves. Total: any bytes in, a report out.

    ``data``: octets, or a PDF as a content, which is read where it is. ``password``: of an encrypted PDF. ``proof``:
    the proof of a log's entry that is presented with a receipt.
    """
    work = work or Work()
    return judge(read(data, contents, work, password, proof), policy, trust, _utc(at), work)


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
    proof: bytes | None = None,
) -> Steps[Report]:
    """The same, with what is missing for the verdict fetched first. Total as well: a failed fetch is a finding.

    ``at``: None for the present, which is asked for once everything is at hand.
    """
    work = Work()
    facts = read(data, contents, work, password, proof)
    first = (yield from now()) if at is None else _utc(at)
    if isinstance(facts, Unread):
        return judge(facts, policy, trust, first, work)
    gathered = yield from gather(facts, policy, trust, first)
    facts = facts._replace(notes=(*facts.notes, *gathered.notes))
    if facts.proof is not None:
        gathered = yield from gather(facts.proof, policy, trust, first, material=gathered.material)
        facts = facts._replace(proof=facts.proof._replace(notes=(*facts.proof.notes, *gathered.notes)))
    # a responder's clock may run ahead of ours, within what the policy allows
    last = max((yield from now()), gathered.at) if at is None else first
    return judge(facts, policy, trust, last, work, gathered.material)
