"""What lies beside a record and shows its entry in an evidence log: a proof file, an opening, or a salt."""

from __future__ import annotations

import binascii
from base64 import b64encode
from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust import verbs
from toyono_trust.core.canonical import b64url_decode
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.edge.bulk.record import Observed, observed
from toyono_trust.edge.commands.log.openings import evidence_of
from toyono_trust.edge.console import Complaint
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.ledger.entry import MAX_OPENING, SALT_SIZE, commit, read_opening
from toyono_trust.ledger.proof import read_proof
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

__all__ = ["Beside", "Shown", "bound", "shown"]


class Beside(NamedTuple):
    """A record with what lies beside it. ``content``: what its detached signature covers."""

    data: bytes | Content
    content: Content | None
    proof: bytes | None
    opening: bytes | None


class Shown(NamedTuple):
    """The entry, its index, size and root of the checkpoint, since when it is proven to stand there, what is wrong."""

    entry: str | None = None
    position: int | None = None
    checkpoint: tuple[int, str] | None = None
    since: datetime | None = None
    findings: tuple[Observed, ...] = ()


def shown(record: Beside, trust: TrustStore, policy: Policy, at: datetime) -> Shown:
    """What proof and opening show about a record; what does not hold is a finding. Never raises for them."""
    try:
        opened = None if record.opening is None else _opened(record.opening, record)
        if record.proof is None:
            return Shown(None if opened is None else opened.hex())
    except (MalformedError, MisuseError) as error:
        return Shown(findings=(observed("bulk.proof-wrong", reason=error.code),))
    return _proven(verbs.verify(record.proof, _presented(record), trust, policy, at), opened)


def bound(record: Beside) -> bytes | None:
    """The entry that salt or opening tie to a record, whether or not any log has it; None where nothing does.

    A proof's own word is not enough: it may be another record's. Raises ``MalformedError``, ``MisuseError``.
    """
    if record.opening is not None:
        return _opened(record.opening, record)
    proof = None if record.proof is None else read_proof(record.proof)
    evidence = None if proof is None or proof.salt is None else _evidence(record)
    if proof is None or proof.salt is None or evidence is None:
        return None
    return commit(evidence, proof.salt).entry


def _presented(record: Beside) -> Contents:
    """Whatever the entry may be of."""
    found: dict[str, Content] = {}
    if isinstance(record.data, bytes):
        found["record"] = BytesContent(record.data, "record")
    if record.content is not None and record.content.size <= MAX_OPENING:
        found["content"] = record.content
    if record.opening is not None and _salt(record.opening) is None:
        found["opening"] = BytesContent(record.opening, "opening")
    return Contents(found)


def _proven(report: Report, opened: bytes | None) -> Shown:
    """What the verified proof says; ``opened``: the entry as the opening beside the record shows it."""
    log, decisive = report.log, report.decisive
    reason = "proof.malformed" if decisive is None else decisive.code
    if log is None or log.entry is None or report.indication in ("FAILED", "TOTAL-FAILED"):
        return Shown(findings=(observed("bulk.proof-wrong", reason=reason),))
    root = "" if log.root is None else log.root.hex()
    found = Shown(log.entry.hex(), log.position, None if log.size is None else (log.size, root), log.logged_since)
    if opened is not None and opened != log.entry:
        return Shown(findings=(observed("bulk.proof-wrong", reason="proof.evidence"),))
    if opened is None and not log.matched:
        return found._replace(findings=(observed("bulk.proof-closed"),))
    if report.indication == "INDETERMINATE" and (opened is None or not _only_unmatched(report)):
        return found._replace(findings=(observed("bulk.proof-undecided", reason=reason),))
    return found


def _only_unmatched(report: Report) -> bool:
    """Whether all that was wrong is that the proof does not say what its entry is of, which a salt beside it does."""
    wrong = {one.code for one in report.all_findings() if one.level == "fail"}
    return wrong <= {"proof.salt", "proof.evidence-missing", "content.not-covered"}


def _opened(octets: bytes, record: Beside) -> bytes | None:
    """The entry that an opening, or a salt by itself, shows about a record; None where a salt does not tell."""
    salt, evidence = _salt(octets), _evidence(record)
    if salt is not None:
        return None if evidence is None else commit(evidence, salt).entry
    opening = read_opening(octets)
    if evidence is not None and commit(evidence, opening.salt).entry == opening.entry:
        return opening.entry
    digest = (
        BytesContent(record.data).digest("sha256") if isinstance(record.data, bytes) else record.data.digest("sha256")
    )
    if _names(opening.evidence, {digest.hex(), b64encode(digest).decode()}):
        return opening.entry
    raise MalformedError("proof.evidence", "the opening is of something else")


def _salt(octets: bytes) -> bytes | None:
    """A salt by itself: 16 octets, or their base64url or hexadecimal text."""
    if len(octets) == SALT_SIZE:
        return octets
    text = octets.strip()
    if len(text) == 2 * SALT_SIZE:
        try:
            return binascii.a2b_hex(text)
        except binascii.Error:
            return None
    return b64url_decode(text) if len(text) == (SALT_SIZE * 4 + 2) // 3 else None


def _evidence(record: Beside) -> dict[str, Any] | None:
    """The JSON object that an entry can be of: the record's, or that of the receipt in XML that it seals."""
    candidates = [record.data] if isinstance(record.data, bytes) and len(record.data) <= MAX_OPENING else []
    if record.content is not None and record.content.size <= MAX_OPENING:
        candidates.append(record.content.bytes)
    for octets in candidates:
        try:
            return evidence_of("", octets)
        except (Complaint, MalformedError):
            continue
    return None


def _names(value: Any, digests: set[str]) -> bool:
    """Whether evidence names a digest, in any of its texts."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str) and one.removeprefix("sha256:") in digests:
            return True
    return False
