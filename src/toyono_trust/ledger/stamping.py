"""What of a log needs an authority: having its batches stamped, and judging who stamped them. Steps.

One RFC 3161 time stamp serves all entries of a batch.

A time-stamping authority that does not answer stops nobody: entries are accepted and checkpoints made, they stand
unstamped (``EvidenceLog.unstamped``), and the next call that reaches an authority catches up, batch by batch, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from toyono_trust import signing
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.draft import Nested
from toyono_trust.formats.model import Facts, Note
from toyono_trust.ledger.audit import Audit
from toyono_trust.ledger.batch import Batch
from toyono_trust.ledger.checkpoint import WitnessPolicy
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.stores.base import KeptStamp
from toyono_trust.pki import tsp
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing.stamps import gathered_judgement
from toyono_trust.steps import Call, Steps, ask
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

__all__ = ["StampedBatch", "audit", "stamp"]

_AGED = frozenset(
    {
        *("OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE"),
        *("REVOCATION_OUT_OF_BOUNDS_NO_POE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "NO_POE", "TRY_LATER"),
    }
)
"""Sub-indications (EN 319 102-1) of what may have been good once, which is no word against the log."""


class StampedBatch(NamedTuple):
    """A batch that was stamped: its number, entries from ``first`` to below ``size``, and the stamp's time (UTC)."""

    number: int
    first: int
    size: int
    at: datetime


def stamp(
    log: EvidenceLog, stamping: signing.Stamping, policy: Policy | None = None
) -> Steps[tuple[StampedBatch, ...]]:
    """Have all that is under a checkpoint stamped; the batches that were, none where nothing was left to do.

    ``stamping``: where stamps come from; its digest is SHA-256, as the tree's; with ``trust``, each stamp is validated
    under ``policy`` (the default one) before it is kept. Each stamp is durably kept before the next one is asked for:
    where an error is raised, those before it are kept. Raises ``MisuseError`` "ledger.stamp-digest", "tsa.missing";
    ``UnavailableError`` "tsa.…" and "net.…" as ``pki.stamping.stamp``, "ledger.…"; ``NotVerified`` "tsa.not-trusted".
    """
    if stamping.digest != "sha256":
        raise MisuseError("ledger.stamp-digest", "a batch is stamped by its SHA-256", 'leave the digest at "sha256"')
    done = []
    while (batch := (yield from ask(Call(log.next_batch)))) is not None:
        token = yield from signing.stamped(batch.root, stamping, policy or Policy.default())

        def keep(batch: Batch = batch, token: bytes = token) -> bool:
            return log.add_stamp(batch, token)

        if (yield from ask(Call(keep))):
            done.append(StampedBatch(batch.number, batch.first, batch.size, tsp.read(token).generated_at))
    return tuple(done)


def audit(
    log: EvidenceLog,
    key: NoteKey,
    witnesses: WitnessPolicy | None = None,
    held: Iterable[bytes] = (),
    *,
    trust: TrustStore | None = None,
    policy: Policy | None = None,
) -> Steps[Audit]:
    """``EvidenceLog.audit``, and with ``trust`` each sound stamp validated under ``policy`` at the present.

    What is missing for that is fetched, once for each authority. A stamp that fails is no alteration of the entries,
    but nothing to rely on ("audit.stamp-untrusted", not sound); one that can not be validated by itself any more, as
    its authority's certificate has ended, is told ("audit.stamp-aged").
    """
    found: Audit = yield from ask(Call(lambda: log.audit(key, witnesses, held)))
    if trust is None:
        return found
    flawed = {note.values["number"] for note in found.notes if note.code == "audit.stamp"}
    notes: list[Note] = []
    material = NO_MATERIAL
    number = 0
    while page := (yield from ask(Call(lambda number=number: log.stamps(number)))):  # type: ignore[misc]
        for kept in page:
            if kept.number in flawed:
                continue
            report = yield from _judged(kept, policy or Policy.default(), trust, material)
            material = report.inputs.material if report.inputs is not None else material
            if report.indication != "PASSED":
                aged = report.indication == "INDETERMINATE" and report.sub_indication in _AGED
                reason = report.sub_indication or report.indication
                code = "audit.stamp-aged" if aged else "audit.stamp-untrusted"
                notes.append(Note(code, "", {"number": kept.number, "reason": reason}))
        number = page[-1].number + 1
    return found._replace(notes=(*found.notes, *notes))


def _judged(kept: KeptStamp, policy: Policy, trust: TrustStore, material: Material) -> Steps[Report]:
    """The report on a stamp, whose imprint the audit has compared."""
    imprint = tsp.read(kept.token).imprint
    token = registry.token_facts(Nested("evidence-record", kept.token, lambda algorithm: imprint))
    facts = Facts("RFC3161", timestamps=(token,))
    return (yield from gathered_judgement(facts, policy, trust, material=material))
