"""A process that appends to a log and says on standard output what was acknowledged, until it is killed.

    python ledger_appender.py ADDRESS SCHEMA NAME COUNT KINDS

Lines: ``entry INDEX HEX``, ``checkpoint HEX`` and ``stamp NUMBER SIZE``, written when the call has returned. COUNT 0:
for ever. KINDS: of the letters o (one), m (many), c (checkpoint), s (stamp), t (threads), drawn from by a generator
that NAME seeds.
"""

from __future__ import annotations

import random
import secrets
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import tsa_town
from made_log import Place, entry, signer
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.stamping import StampedBatch, stamp
from toyono_trust.signing import Stamping
from toyono_trust.steps import Fetch, Response, World, run

_writing = threading.Lock()


class LocalAuthority:
    """A time-stamping authority in this process; the clocks of all processes go on together."""

    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Response:
        made = tsa_town.answer(request.body or b"", tsa_town.tsa(), at=self.now(), serial=secrets.randbits(64))
        return Response(200, {"content-type": "application/timestamp-reply"}, made)

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC) + timedelta(seconds=time.monotonic())

    def stamp(self, log: EvidenceLog) -> tuple[StampedBatch, ...]:
        world = World(self.now, secrets.token_bytes, time.monotonic, self)
        return run(stamp(log, Stamping(("http://tsa.example/",))), world)


def tell(*lines: str) -> None:
    with _writing:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def append(log: EvidenceLog, name: str, numbers: range) -> None:
    made = [entry(number, name) for number in numbers]
    indexes = log.append_many(made)
    tell(*(f"entry {index} {one.hex()}" for index, one in zip(indexes, made, strict=True)))


def main() -> None:
    address, schema, name, count, kinds = sys.argv[1:]
    chance = random.Random(name)
    done = 0
    authority = LocalAuthority() if "s" in kinds else None
    with Place(address, schema or None).open() as log:
        tell("ready")
        while done < int(count) or count == "0":
            kind = chance.choice(kinds)
            if kind == "c":
                tell(f"checkpoint {log.checkpoint(signer()).hex()}")
                continue
            if kind == "s" and authority is not None:
                tell(*(f"stamp {one.number} {one.size}" for one in authority.stamp(log)))
                continue
            size = 1 if kind == "o" else chance.randrange(2, 60) if kind == "m" else 8
            numbers = range(done, done + size)
            done += size
            if kind != "t":
                append(log, name, numbers)
                continue
            threads = [threading.Thread(target=append, args=(log, name, range(one, one + 1))) for one in numbers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


if __name__ == "__main__":
    main()
