"""A log as its tiles show it, for ``log prove``: nobody who can read them needs to ask the log for a proof.

What the tiles say is held against the checkpoint that the log signed, and believed in nothing else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.telling import meter
from toyono_trust.edge.console import USAGE, Complaint, read
from toyono_trust.edge.options import network_of
from toyono_trust.errors import MalformedError, MisuseError

if TYPE_CHECKING:
    from toyono_trust import Http
    from toyono_trust.ledger.note import NoteKey
    from toyono_trust.ledger.proof import Proof
    from toyono_trust.ledger.tiles.places import Place
    from toyono_trust.steps import World

__all__ = ["TiledLog", "is_tiled", "tiled"]

MAX_SEARCHED = 10_000_000
"""Entries among which one is looked for: 340 MB to fetch. In a longer log it is named by its index."""


def is_tiled(address: str) -> bool:
    """Whether an address names tiles: a web server, or a folder."""
    return address.lower().startswith(("http://", "https://")) or Path(address).is_dir()


@contextmanager
def tiled(address: str, given: dict[str, Any], language: Language) -> Iterator[TiledLog]:
    """The log whose tiles are at an address, by the options ``log_key``, ``charter`` and those of the network."""
    from toyono_trust import Http
    from toyono_trust.edge.commands.log.keys import log_key
    from toyono_trust.ledger.tiles.places import open_place

    if given["log_key"] is None:
        raise click.UsageError("--log-key: tiles prove nothing without the key that you know the log by; name it")
    key = log_key(given["log_key"])
    place = open_place(address)
    with Http(**network_of(given, given["timeout"])) as http:
        yield TiledLog(place, key, given["charter"], http, given["timeout"], language)


class TiledLog:
    """The log of ``key`` at ``place``. ``charter``: the file whose charter proofs carry. ``timeout``: for each step."""

    def __init__(
        self, place: Place, key: NoteKey, charter: str | None, http: Http, timeout: float, language: Language
    ) -> None:
        self.key = key
        self._place, self._http, self._timeout, self._language = place, http, timeout, language
        self._charter_file = charter
        self._charter = None if charter is None else _charter_in(charter, key)

    def prove(self, index: int, *, salt: bytes | None = None) -> Proof:
        """The proof of an entry. Raises ``Complaint`` "not-shown" where the tiles do not reach so far."""
        from toyono_trust.ledger.tiles.proving import prove_from
        from toyono_trust.steps import run

        try:
            proof = run(prove_from(self._place, self.key, index, salt=salt, charter=self._charter), self._world())
        except MisuseError as error:
            if error.code != "ledger.range":
                raise
            raise Complaint(USAGE, "not-shown", index=index) from None
        if self._charter_file is not None and not _is_chartered(proof):
            raise Complaint(USAGE, "not-charter", file=self._charter_file, name=self.key.name)
        return proof

    def indexes_of(self, entries: Iterable[bytes]) -> dict[bytes, int]:
        """The index of each entry that the tiles have; they are read until all are found.

        Raises ``Complaint`` "too-long" where the log has more than ``MAX_SEARCHED`` entries; ``MalformedError``
        "tiles.wrong" where one was not found among entries that are not those that the log signed.
        """
        from toyono_trust.core.merkle import Edge, leaf_hashes
        from toyono_trust.ledger.checkpoint import open_checkpoint
        from toyono_trust.ledger.tiles.places import fetch_checkpoint
        from toyono_trust.ledger.tiles.reader import TileReader
        from toyono_trust.steps import run

        wanted, found = set(entries), dict[bytes, int]()
        if not wanted:
            return found
        checkpoint = open_checkpoint(run(fetch_checkpoint(self._place), self._world()), self.key).checkpoint
        if checkpoint.size > MAX_SEARCHED:
            raise Complaint(USAGE, "too-long", size=checkpoint.size, most=MAX_SEARCHED)
        reader, edge = TileReader(self._place, checkpoint), Edge()
        with meter(checkpoint.size, "entries", self._language) as advance:
            while edge.size < checkpoint.size:
                page = run(reader.entries(edge.size), self._world())
                for index, entry in enumerate(page, edge.size):
                    if entry in wanted:
                        found[entry] = index
                        wanted.discard(entry)
                if not wanted:  # that they stand there, their proofs show
                    return found
                edge.extend(leaf_hashes(page))
                advance(edge.size)
        if edge.root() != checkpoint.root:
            raise MalformedError("tiles.wrong", "the entries in the tiles are not those that the log signed")
        return found

    def _world(self) -> World:
        from toyono_trust.steps import World

        return World(lambda: datetime.now(UTC), os.urandom, time.monotonic, self._http, self._timeout)


def _charter_in(name: str, key: NoteKey) -> bytes:
    """The charter in a file: the sealed statement itself, or that of a proof of this log.

    Raises ``Complaint`` "not-charter" where there can be none.
    """
    from toyono_trust.ledger.proof import MAX_CHARTER, MAX_PROOF, read_proof

    octets = read(name, MAX_PROOF + 1)
    charter: bytes | None = octets
    try:
        proof = read_proof(octets)
        charter = proof.charter if proof.log == key else None
    except MalformedError:
        pass  # whether it is a charter is seen in the proof that carries it
    if charter is None or not 0 < len(charter) <= MAX_CHARTER:
        raise Complaint(USAGE, "not-charter", file=name, name=key.name)
    return charter


def _is_chartered(proof: Proof) -> bool:
    """Whether the charter in a proof names the proof's log; whose seal it bears is judged by whoever verifies."""
    from toyono_trust.core.limits import Work
    from toyono_trust.formats.contents import NO_CONTENTS
    from toyono_trust.ledger import presented
    from toyono_trust.ledger.proof import write_proof

    facts = presented.read(write_proof(proof), NO_CONTENTS, Work(), lambda content: None)
    return facts.log is not None and facts.log.charter == proof.log.text
