"""Makes an entry's proof file out of tiles alone, without the log: whoever can read them needs to ask nobody."""

from __future__ import annotations

from toyono_trust.errors import MisuseError
from toyono_trust.ledger.checkpoint import open_checkpoint
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.proof import Proof, check_proof
from toyono_trust.ledger.tiles.places import Place, fetch_checkpoint
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.steps import Steps

__all__ = ["prove_from"]


def prove_from(
    place: Place, key: NoteKey, index: int, *, salt: bytes | None = None, charter: bytes | None = None
) -> Steps[Proof]:
    """The proof of an entry by the checkpoint that a log's tiles have now, checked.

    ``salt``, ``charter``: what is put into it, as in ``EvidenceLog.prove``; a time stamp of the checkpoint is not in
    the tiles. Raises ``MisuseError`` "ledger.range" where the checkpoint does not cover the entry; ``MalformedError``
    as ``open_checkpoint`` and ``check_proof``; and as ``TileReader``.
    """
    octets = yield from fetch_checkpoint(place)
    checkpoint = open_checkpoint(octets, key).checkpoint
    if not 0 <= index < checkpoint.size:
        raise MisuseError("ledger.range", f"entry {index} is under no checkpoint there", "write the tiles anew first")
    reader = TileReader(place, checkpoint)
    entry = yield from reader.entry(index)
    inclusion = yield from reader.prove_inclusion(index)
    proof = Proof(key, index, entry, inclusion.path, octets, salt, charter)
    check_proof(proof, key)
    return proof
