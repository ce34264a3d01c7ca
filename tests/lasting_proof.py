"""A logged receipt's proof and an evidence record of its opening, stamped by any authority, to be renewed later."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from made_log import entries, signer
from made_proof import INDEX, SALT, SIZE, opening
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.ers import HashTree, write
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import write_proof

LOG = signer()
Stamp = Callable[[bytes], bytes]
"""Gives a token over a SHA-256 digest."""


def record_file(stamp: Stamp) -> bytes:
    """The record of the opening, in a batch."""
    tree = HashTree([opening().entry, *entries(3)])
    return write("sha256", tree.reduced(0), stamp(tree.root))


def proof_file(charter: bytes, stamp: Stamp | None) -> bytes:
    """The proof of the receipt's entry. ``charter``: sealed, empty for none; ``stamp``: None for one without a date."""
    with tempfile.TemporaryDirectory() as folder, EvidenceLog.create(Path(folder, "log.db"), LOG.key, charter) as log:
        given = entries(SIZE)
        given[INDEX] = opening().entry
        log.append_many(given)
        log.checkpoint(LOG)
        proof = log.prove(INDEX, salt=SALT)
    if stamp is None:
        return write_proof(proof)
    covered = BytesContent(as_signed(proof.checkpoint, proof.log)).digest("sha256")
    return write_proof(proof._replace(record=write("sha256", ((covered,),), stamp(covered))))
