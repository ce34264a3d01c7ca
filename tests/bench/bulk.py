"""Bulk verification of sealed JSON records (JAdES ES256, some hundred signers): the bare primitive, one process, two.

``python tests/bench/bulk.py [--records N]`` prints records per second with one and two workers, their ratio, and the
ratio to the bare P-256 verification; ``rows`` has the cost of one record in a worker.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import tempfile
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from measure import Work, pin
from rows import BASE, OURS, Row, run

from toyono_trust import TrustStore, seal
from toyono_trust.devpki import Town, profiles
from toyono_trust.edge.batch import MAX_BATCH, Processes, answers
from toyono_trust.edge.bulk.case import Case
from toyono_trust.edge.bulk.record import Item

SIGNERS = 200
RECORDS = 10_000
ROUNDS = 3
PAYLOAD = 1_000


class Desk(NamedTuple):
    """Records in a folder, and the case under which they are verified. ``bare``: the primitive alone, by record."""

    case: Case
    items: list[Item]
    bare: list[tuple[ec.EllipticCurvePublicKey, bytes, bytes]]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bench-bulk-")


@cache
def desk(records: int) -> Desk:
    """Seal the records; each signer seals the same number."""
    folder = Path(_folder().name) / str(records)
    town = Town.create()
    for number in range(SIGNERS):
        name = profiles.PROFILES["town"].subject[:-1]
        subject = (*name, ("2.5.4.3", f"seal {number}"))
        profiles.PROFILES[f"bulk-{number}"] = profiles.PROFILES["town"]._replace(subject=subject)
    signers = [town.identity(f"bulk-{number}") for number in range(SIGNERS)]
    town.write(folder / "town")
    items, bare = [], []
    for number in range(records):
        signer = signers[number % SIGNERS]
        payload = json.dumps({"invoice": number, "total": number * 11, "filling": "x" * PAYLOAD}).encode()
        sealed = bytes(seal(payload, by=signer, format="jades"))
        inner = folder / f"{number // 1_000}"
        inner.mkdir(exist_ok=True)
        path = inner / f"{number}.jws"
        path.write_bytes(sealed)
        items.append(Item(str(path)))
        if number < SIGNERS:
            signed, _, value = sealed.rpartition(b".")
            raw = urlsafe_b64decode(value + b"==")
            der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            bare.append((signer.private_key.public_key(), der, signed))
    at: datetime = town.now + timedelta(hours=1)
    return Desk(Case.of(TrustStore.load(folder / "town" / "trust"), None, at, None), items, bare)


def rows(town: object = None) -> list[Row]:
    """The cost of a record in a worker: reading, verifying, and the line of the report."""
    return [Row("bulk: one sealed record in a worker, 200 signers", None, _one)]


def _one() -> Mapping[str, Work]:
    made = desk(2_000)
    judged = made.case.load()
    items, bare = itertools.cycle(made.items), itertools.cycle(made.bare)
    for item in made.items:
        _, verdict = judged(item)
        assert verdict is not None
        assert verdict.indication == "TOTAL-PASSED"
    algorithm = ec.ECDSA(hashes.SHA256())

    def primitive() -> None:
        key, value, signed = next(bare)
        key.verify(value, signed, algorithm)

    return {BASE: primitive, OURS: lambda: judged(next(items))}


class Primitive(NamedTuple):
    """Instead of a case: the primitive alone, as often as there are records; what the machine itself gives two."""

    keys: tuple[bytes, ...]
    key = "primitive"

    def load(self) -> Callable[[tuple[int, bytes, bytes]], None]:
        keys = [load_der_public_key(one) for one in self.keys]
        algorithm = ec.ECDSA(hashes.SHA256())
        return lambda item: keys[item[0]].verify(item[1], item[2], algorithm)  # type: ignore[call-arg, union-attr, arg-type, return-value]


def seconds(shared: Any, items: Sequence[Any], jobs: int) -> tuple[float, float, float]:
    """Seconds for all items with so many workers that have begun; of the program's core; of the workers' cores.

    The last one has the workers' start in it, and does not mind who else uses the machine.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Processes(jobs, shared) as executor:
        list(answers(items[: 200 * jobs], shared.key, executor, size=100, ahead=2 * jobs))
        size = max(1, min(MAX_BATCH, len(items) // (4 * jobs)))
        start, own, count = perf_counter(), process_time(), 0
        for batch in answers(items, shared.key, executor, size=size, ahead=2 * jobs):
            count += sum(answer is None or answer[1].indication == "TOTAL-PASSED" for _, answer in batch)
        assert count == len(items)
        spent, own = perf_counter() - start, process_time() - own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, own, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def ended() -> object:  # type: ignore[misc]
    """Remove the records."""
    try:
        yield
    finally:
        _folder().cleanup()


def main() -> None:
    """Print what a record costs, then one worker against two, round-robin."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=RECORDS)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    given = options.parse_args()
    with ended():
        made = desk(given.records)
        keys = tuple(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key, _, _ in made.bare)
        bare = [(at % SIGNERS, *made.bare[at % SIGNERS][1:]) for at in range(given.records)]
        contenders: list[tuple[str, Any, Sequence[Any]]] = [
            ("records", made.case, made.items), ("primitives", Primitive(keys), bare),
        ]  # fmt: skip
        times: dict[tuple[str, int], list[float]] = {}
        for _ in range(given.rounds):
            for name, shared, items in contenders:
                for jobs in (1, 2):
                    spent, own, cores = seconds(shared, items, jobs)
                    times.setdefault((f"cores {name}", jobs), []).append(cores)
                    times.setdefault((name, jobs), []).append(spent)
                    times.setdefault((f"own {name}", jobs), []).append(own)
        for name, _, _ in contenders:
            one, two = times[name, 1], times[name, 2]
            ratio = statistics.median(first / second for first, second in zip(one, two, strict=True))
            own = statistics.median(times[f"own {name}", 2]) / given.records * 1e6
            rates = ", ".join(f"{given.records / statistics.median(each):,.0f}/s" for each in (one, two))
            cpu = [statistics.median(times[f"cores {name}", jobs]) / given.records * 1e6 for jobs in (1, 2)]
            print(f"{name}: {rates} with one and two workers, {ratio:.2f}x", flush=True)
            print(f"  {own:.1f} µs each in the program, {cpu[0]:.0f} µs and {cpu[1]:.0f} µs in the workers", flush=True)
        print(pin())
        for row in rows():
            print(" | ".join(run(row, rounds=11, seconds=0.1).cells()), flush=True)


if __name__ == "__main__":
    main()
