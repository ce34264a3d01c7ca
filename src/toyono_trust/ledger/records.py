"""Evidence records of a log's entries and checkpoints, held against what they are records of.

An evidence record dates a digest. The trees of RFC 4998 do not tell leaves from nodes: the octets of two hash values
side by side are the "data object" of the node above them, and who appends an entry may have chosen it as such a node.
So a record counts only with a data object that is what the log commits to: an opening, which has 128 random bits, or a
checkpoint under the log's signature. It proves when that existed; where it stands in the log, only a proof file proves.
"""

from __future__ import annotations

from datetime import datetime

from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats import ers, registry
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.entry import read_opening
from toyono_trust.ledger.note import NoteKey

__all__ = ["check_record", "is_leaf"]


def is_leaf(data: bytes, key: NoteKey | None = None) -> bool:
    """Whether a data object may be a leaf of a batch: an opening, or a checkpoint as the log of ``key`` signed it."""
    try:
        read_opening(data)
    except MalformedError:
        pass
    else:
        return True
    try:
        return key is not None and as_signed(data, key) == data
    except MalformedError:
        return False


def check_record(record: bytes, data: bytes, key: NoteKey | None = None) -> datetime:
    """The time (UTC) of an evidence record's first time stamp, over an opening or a checkpoint.

    ``record``: DER; ``data``: an opening file's octets, or with the log's ``key`` a checkpoint's as signed. That the
    time stamps are to be trusted, and were renewed in time, ``verify`` says. Raises ``MalformedError``: "record.leaf"
    where the data is neither, "record.other" where the record is of something else; as ``ers.read_record``.
    """
    if not is_leaf(data, key):
        raise MalformedError(
            "record.leaf", "this is neither an opening nor a checkpoint of the log", "present the opening of the entry"
        )
    found = ers.read_record(record, [("", BytesContent(data))], Work(), registry.token_facts)
    if not found.tokens or not found.tokens[0].imprint_found or not found.tokens[0].imprint_intact:
        raise MalformedError("record.other", "the evidence record is not of this", "present what it was made for")
    return found.tokens[0].generated_at
