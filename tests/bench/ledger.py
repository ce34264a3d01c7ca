"""The evidence log: Merkle trees against the SHA-256 calls alone, durable appends against bare inserts, a large log.

``rows`` are lines of the table of speed. ``python tests/bench/ledger.py [--entries N] [--only TEXT]`` prints them, and
what a log of N entries (1,000,000) takes in each store: appending, auditing, proving, memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1]))

import receipts
from measure import Ratio, Work, pin, race
from rows import BASE, OURS, Row, run

import ledger_postgres
import tsa_town
from made_log import Place, entries, signer
from toyono_trust.core import merkle
from toyono_trust.ledger.log import EvidenceLog

LOG = signer()
LEAVES = 1_000_000
BATCHES = (1, 100, 1_000)
_numbers = count()


def rows(town: object = None) -> list[Row]:
    """Lines of the table. Appends: twice the time of the bare insert is half its rate."""
    lines = [
        Row("Merkle root over 1,000,000 leaves", 1.5, _root),
        Row("inclusion proof check, 20 levels", 2.0, _check),
    ]
    for name, place, bare in (("SQLite", _sqlite, _bare_sqlite), ("PostgreSQL", _postgres, _bare_postgres)):
        if name == "PostgreSQL" and ledger_postgres.absent():
            continue
        lines += [
            Row(f"durable append of {size} to a log in {name}, against the bare insert",
                None if size == 1 else 2.0, partial(_appends, place, bare, size))
            for size in BATCHES
        ]  # fmt: skip
    return [*lines, *receipts.rows()]


@cache
def _leaves() -> list[bytes]:
    octets = os.urandom(32 * LEAVES)
    return [octets[at : at + 32] for at in range(0, len(octets), 32)]


def _messages(leaves: list[bytes]) -> list[bytes]:
    """What the inner nodes of a tree are hashes of, by their number and size."""
    return [b"\x01" + left + right for left, right in pairwise(leaves)]


def _root() -> Mapping[str, Work]:
    leaves = _leaves()
    messages = _messages(leaves)

    def calls() -> None:
        for message in messages:
            sha256(message).digest()

    return {
        BASE: calls,
        OURS: lambda: merkle.root(leaves),
        "the calls with their digests kept": lambda: [sha256(message).digest() for message in messages],
    }


def _check() -> Mapping[str, Work]:
    leaves = _leaves()
    edge = merkle.Edge()
    nodes = edge.extend(leaves)
    index = 777_777
    path = merkle.prove_inclusion(
        index, LEAVES, lambda wanted: {one: merkle.Row(leaves[one], nodes[one]) for one in wanted}
    )
    root = edge.root()
    assert len(path) == 20
    messages = [b"\x01" + one + one for one in path]

    def calls() -> None:
        for message in messages:
            sha256(message).digest()

    def check() -> None:
        assert merkle.check_inclusion(leaves[index], index, LEAVES, path, root)

    return {BASE: calls, OURS: check}


# -- appends


def _appends(place: Callable[[], Place], bare: Callable[[Place, list[bytes]], Work], size: int) -> Mapping[str, Work]:
    """Both commit each batch, and both are in the same database with the same settings."""
    where = place()
    log = where.create()
    batch = entries(size)
    return {BASE: bare(where, batch), OURS: lambda: log.append_many(batch)}


def _sqlite() -> Place:
    return Place(str(Path(_folder()) / f"log-{next(_numbers)}.db"))


def _bare_sqlite(place: Place, batch: list[bytes]) -> Work:
    file = sqlite3.connect(f"{place.address}-bare", isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE entry (position INTEGER PRIMARY KEY, commitment BLOB NOT NULL)")
    positions = count()

    def insert() -> None:
        file.execute("BEGIN IMMEDIATE")
        file.executemany("INSERT INTO entry VALUES (?, ?)", zip(positions, batch, strict=False))
        file.execute("COMMIT")

    return insert


def _postgres() -> Place:
    return Place(_server().address, f"log_{next(_numbers)}")


def _bare_postgres(place: Place, batch: list[bytes]) -> Work:
    import psycopg

    server = psycopg.connect(place.address, autocommit=True, prepare_threshold=None)
    table = f"bare_{next(_numbers)}"
    server.execute(f"CREATE TABLE {table} (position bigint PRIMARY KEY, commitment bytea NOT NULL)")
    positions = count()

    def insert() -> None:
        numbers = [next(positions) for _ in batch]
        with server.transaction():
            server.execute(f"INSERT INTO {table} SELECT * FROM unnest(%b::bigint[], %b::bytea[])", (numbers, batch))

    return insert


# -- a large log


class Measured(NamedTuple):
    """What a log of ``entries`` took. Rates per second, times in seconds, memory in MiB (the peak's growth).

    ``ratio``: of the audit to the SHA-256 calls of both its trees, in turns, on one core with the database; ``cores``:
    the same on all cores. ``tenfold``: what an audit of ten times as many entries takes, by the slope of smaller ones.
    """

    entries: int
    appended: float
    batch: float
    audit: float
    ratio: Ratio
    cores: Ratio
    tenfold: float
    proof: float
    check: float
    record: float
    again: float
    consistency: float
    octets: int
    memory: float

    def __str__(self) -> str:
        return (
            f"{self.entries:,} entries: {self.appended:,.0f} appends/s; one batch of them made ready for its time stamp"
            f" in {self.batch:.2f} s; audit {self.audit:.2f} s,"
            f" {self.ratio} the SHA-256 calls of both trees, on all cores {self.cores};"
            f" by its slope {self.tenfold:.0f} s for {10 * self.entries:,}; proof of {self.octets} octets made in"
            f" {self.proof * 1e3:.2f} ms and checked in {self.check * 1e6:.0f} µs; evidence record of an entry made in"
            f" {self.record:.2f} s, the next in {self.again * 1e3:.2f} ms; consistency proved in"
            f" {self.consistency * 1e3:.2f} ms; audit's memory {self.memory:.0f} MiB"
        )


def large(place: Place, size: int) -> Measured:
    """Make a log of ``size`` entries with a checkpoint each 10,000 and one time stamp, and measure what is done."""
    from toyono_trust.ledger.proof import check_proof, write_proof

    slope: dict[int, float] = {}
    with place.create() as log:
        spent = 0.0
        for start in range(0, size, 10_000):
            batch = entries(min(10_000, size - start), start)
            spent += _seconds(lambda batch=batch: log.append_many(batch))  # type: ignore[misc]
            log.checkpoint(LOG)
            if log.head.size in (size // 4, size // 2):
                stamped(log)
                slope[log.head.size] = statistics.median(_seconds(lambda: audit_of(log)) for _ in range(3))
        ready = _seconds(log.next_batch) * size / log.unstamped
        stamped(log)
    with place.open() as log:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        contenders = {BASE: partial(_hashes, size), OURS: partial(audit_of, log)}
        audit = race(contenders, BASE, rounds=5, seconds=0)[OURS]
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        slope[size] = audit.microseconds / 1e6
        with unpinned():
            cores = race(contenders, BASE, rounds=5, seconds=0)[OURS]
        indexes = [size * number // 101 for number in range(101)]
        proof = statistics.median(_seconds(lambda index=index: log.prove(index)) for index in indexes)  # type: ignore[misc]
        octets = write_proof(log.prove(size // 3))
        check = statistics.median(_seconds(lambda: check_proof(octets, LOG.key)) for _ in range(101))
        record = _seconds(lambda: log.evidence_record(size - 2))
        again = statistics.median(_seconds(lambda at=at: log.evidence_record(size - 2 - at)) for at in range(101))  # type: ignore[misc]
        consistency = statistics.median(
            _seconds(lambda index=index: log.prove_consistency(index, size))
            for index in indexes  # type: ignore[misc]
        )
    line = statistics.linear_regression(list(slope), list(slope.values()))
    tenfold = line.intercept + line.slope * 10 * size
    return Measured(
        size, size / spent, ready, slope[size], audit, cores, tenfold, proof, check, record, again, consistency,
        len(octets), memory,
    )  # fmt: skip


def stamped(log: EvidenceLog) -> None:
    """Have what is signed stamped by an authority in this process."""
    while (batch := log.next_batch()) is not None:
        log.add_stamp(batch, tsa_town.token(tsa_town.info(hashed=batch.root, nonce=None)))


def audit_of(log: EvidenceLog) -> None:
    """Audit a log in which nothing is open."""
    audit = log.audit(LOG.key)
    assert not audit.notes, audit.notes
    assert audit.stamped == audit.size


@contextmanager
def unpinned() -> Iterator[None]:
    """This process on all its cores, for a while."""
    core = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, core)


def _hashes(size: int) -> None:
    """The SHA-256 calls of both trees: one for each leaf and one for each node of the log's, one for each of the other.

    The leaves of a batch's tree are the entries as they are.
    """
    leaves, nodes, others = _some()
    for start in range(0, size, len(leaves)):
        for messages in (leaves, nodes, others):
            for message in messages[: size - start]:
                sha256(message).digest()


@cache
def _some() -> tuple[list[bytes], list[bytes], list[bytes]]:
    """What 10,000 leaves and as many nodes of both trees are hashes of."""
    leaves = entries(10_001)
    nodes = _messages(leaves)
    return [b"\x00" + leaf for leaf in leaves[1:]], nodes, [node[1:] for node in nodes]


def _seconds(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


# -- what they share, until the process ends

_running: list[Iterator[Any]] = []


@cache
def _server() -> ledger_postgres.Server:
    server = ledger_postgres.running()
    _running.append(server)
    return next(server)


@cache
def _folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="bench-ledger-")
    _running.append(iter(folder.cleanup, None))
    return folder.name


@contextmanager
def ended() -> Iterator[None]:
    """Stop the server and remove the folder, if there are any."""
    try:
        yield
    finally:
        for one in reversed(_running):
            with suppress(StopIteration):
                next(one)


def main() -> None:
    """Print the lines, and what a large log takes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--entries", type=int, default=LEAVES, help="of the large log; 0: leave it out")
    options.add_argument("--only", default="", help="lines whose job contains this text")
    options.add_argument("--rounds", type=int, default=11)
    options.add_argument("--seconds", type=float, default=0.1, help="length of one batch")
    given = options.parse_args()
    print(pin())
    with ended():
        for row in rows():
            if given.only.lower() in row.job.lower():
                print(" | ".join(run(row, rounds=given.rounds, seconds=given.seconds).cells()), flush=True)
        for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
            if given.entries and not (name == "PostgreSQL" and ledger_postgres.absent()):
                print(f"{name}: {large(place(), given.entries)}", flush=True)


if __name__ == "__main__":
    main()
