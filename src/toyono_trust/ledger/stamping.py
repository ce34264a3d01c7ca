"""Having the batches of a log stamped, as steps: one RFC 3161 time stamp for all entries of a batch.

A time-stamping authority that does not answer stops nobody: entries are accepted and checkpoints made, they stand
unstamped (``EvidenceLog.unstamped``), and the next call that reaches an authority catches up, batch by batch, in order.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from toyono_trust import signing
from toyono_trust.errors import MisuseError
from toyono_trust.ledger.batch import Batch
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.pki import tsp
from toyono_trust.steps import Call, Steps, ask
from toyono_trust.validation.policy import Policy

__all__ = ["StampedBatch", "stamp"]


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
