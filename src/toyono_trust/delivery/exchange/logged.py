"""Records against the log of the side that presents them: what was presented and is not in it, what is not presented.

A log's entry is the SHA-256 of an opening (``ledger.entry``), so that a record altered after it was logged, or never
logged, opens no entry: then it is plain which side is wrong, whatever the other one says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import IO, Any

from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["Book", "opened_entry"]

SPOOLS = 16
"""Of a million entries some 60,000 are in each."""
ENTRY_SIZE = 32
_ROW = ENTRY_SIZE + 8


class Book:
    """One side's entries and openings, spread over spools; ``close`` closes them."""

    def __init__(self, entries: Iterable[bytes], spool: Callable[[], IO[bytes]]) -> None:
        self._spools = [spool() for _ in range(SPOOLS)]
        for entry in entries:
            if len(entry) != ENTRY_SIZE:
                raise MisuseError("exchange.argument", f"an entry of a log has {ENTRY_SIZE} octets", "give log entries")
            self._spools[entry[0] % SPOOLS].write(entry + bytes(8))

    def present(self, number: int, entry: bytes) -> None:
        """Record ``number`` (from 1) opens this entry."""
        self._spools[entry[0] % SPOOLS].write(entry + number.to_bytes(8, "big"))

    def settle(self) -> tuple[list[int], int]:
        """The numbers of records that open no entry of the log, and how many entries nothing opens."""
        unlogged: list[int] = []
        unopened = 0
        for spool in self._spools:
            spool.seek(0)
            entries, opened = set(), {}
            while row := spool.read(_ROW):
                number = int.from_bytes(row[ENTRY_SIZE:], "big")
                if number:
                    opened[number] = row[:ENTRY_SIZE]
                else:
                    entries.add(row[:ENTRY_SIZE])
            unlogged += [number for number, entry in opened.items() if entry not in entries]
            unopened += len(entries - set(opened.values()))
        return sorted(unlogged), unopened

    def close(self) -> None:
        """Let the spools go."""
        for spool in self._spools:
            spool.close()


def opened_entry(record: Any) -> bytes | None:
    """The entry that a record opens; None where it is no opening: evidence or a manifest without its salt."""
    try:
        value = json_loads(record) if isinstance(record, bytes) else record
        if not isinstance(value, Mapping) or set(value) != {"evidence", "salt"}:
            return None
        return sha256(json_canonical(dict(value))).digest()
    except MalformedError:
        return None
