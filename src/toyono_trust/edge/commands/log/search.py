"""Where in a log an entry is: as a promise says it, or by its commitment, which takes reading the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.note import NoteKey
    from toyono_trust.ledger.promise import Promise

__all__ = ["indexes_of", "promise_in", "promises_in"]


def indexes_of(log: EvidenceLog, entries: Iterable[bytes]) -> dict[bytes, int]:
    """The lowest index of each entry that is in the log; reads the log until all are found."""
    wanted = set(entries)
    found: dict[bytes, int] = {}
    if wanted:
        for index, entry in log.entries():
            if entry in wanted:
                found[entry] = index
                wanted.discard(entry)
                if not wanted:
                    break
    return found


def promise_in(octets: bytes, key: NoteKey) -> Promise | None:
    """What the log promised in a receipt; None where the file is no receipt, or none with its promise."""
    from toyono_trust.errors import MalformedError
    from toyono_trust.ledger.promise import open_promise

    for note in promises_in(octets, key):
        try:
            return open_promise(note, key)
        except MalformedError:
            continue
    return None


def promises_in(octets: bytes, key: NoteKey) -> list[bytes]:
    """The notes in a receipt that claim to be promises of the log of this key."""
    from toyono_trust.core.canonical import json_loads
    from toyono_trust.delivery import evidence, logs, xml
    from toyono_trust.errors import MalformedError

    try:
        if xml.is_evidence(octets):
            found = xml.read(octets)[0]
        else:
            value = json_loads(octets) if octets.lstrip(b" \t\r\n")[:1] == b"{" else None
            if not evidence.is_evidence(value):
                return []
            found = evidence.from_json(value)
        return [one.note for one in logs.promises_of(found.transaction_log_information) if one.log == key.text]
    except MalformedError:
        return []
