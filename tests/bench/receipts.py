"""Receipts that enter a log as they are issued: how many a second, with their seal and a durable append, and the parts.

``rows`` are lines of the table of speed. ``python tests/bench/receipts.py [--count N]`` prints receipts per second, one
after the other and by several threads, whose appends share their commits.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

from measure import Work
from rows import BASE, OURS, Row

from made_log import signer
from toyono_trust import EvidenceLog, Signer, devpki, receipt
from toyono_trust.ledger.issuing import ReceiptLog

LOG = signer()
THREADS = 8
_numbers = count()
_folders: list[tempfile.TemporaryDirectory[str]] = []


def rows(town: object = None) -> list[Row]:
    """Lines of the table: what entering a log adds to a receipt, and to a bare durable append."""
    return [
        Row(
            "receipt (ES256) with seal and durable append to SQLite, against the receipt alone", None, _against_receipt
        ),
        Row("receipt (ES256) with seal and durable append to SQLite, against the append alone", None, _against_append),
    ]


def _against_receipt() -> Mapping[str, Work]:
    issue = issuer()
    return {BASE: issue, OURS: issuer(log())}


def _against_append() -> Mapping[str, Work]:
    book, numbers = log(), count()
    return {BASE: lambda: book.log.append(sha256(b"%d" % next(numbers)).digest()), OURS: issuer(log())}


@cache
def by() -> Signer:
    """A seal with an ES256 key in software."""
    folder = _folder()
    devpki.Town.create().write(folder)
    return Signer.open(f"pkcs12:{folder}/town-seal.p12", secret="toyono")


def log() -> ReceiptLog:
    """A new log in SQLite, whose commits are durable."""
    return ReceiptLog(EvidenceLog.create(Path(_folder(), f"log-{next(_numbers)}.db"), LOG.key), LOG)


def issuer(book: ReceiptLog | None = None) -> Callable[[], Any]:
    """What issues one receipt from the digest of its part."""
    key, at, digest = by(), datetime.now(UTC), ("sha256", bytes(32))

    def issue() -> Any:
        return receipt(
            "ContentHandover", by=key, sender="NTRJP-2222222222222", recipients=["a@town.example"], message_id="m",
            parts={"letter": digest}, policy_id="1.2.3", submission_time=at, log=book,
        )  # fmt: skip

    return issue


def rate(work: Callable[[], Any], number: int, threads: int = 1) -> float:
    """Calls per second."""
    begin = perf_counter()
    if threads == 1:
        for _ in range(number):
            work()
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: work(), range(number)))
    return number / (perf_counter() - begin)


def _folder() -> str:
    _folders.append(tempfile.TemporaryDirectory(prefix="bench-receipts-", dir=os.environ.get("BENCH_DIR")))
    return _folders[-1].name


def main() -> None:
    """Print what a machine issues per second."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=2_000)
    number = options.parse_args().count
    alone, logged = issuer(), issuer(log())
    for work in (alone, logged):
        rate(work, 50)
    print(f"sealed alone:                     {rate(alone, number):8.0f} receipts/s")
    print(f"sealed and logged, one by one:    {rate(logged, number):8.0f} receipts/s")
    print(f"sealed and logged, {THREADS} threads:     {rate(logged, number, THREADS):8.0f} receipts/s")


if __name__ == "__main__":
    main()
