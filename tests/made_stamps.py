"""A clock that tests set, a town whose authority answers by it, and logs whose batches it stamps."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from made_log import Place, entries, signer
from toyono_trust.devpki.server import Simulation
from toyono_trust.devpki.town import Town
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.stamping import StampedBatch, stamp
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing import Stamping
from toyono_trust.steps import Fetcher, Steps, World, run

T = TypeVar("T")
START = datetime(2027, 4, 1, 9, tzinfo=UTC)


class Clock:
    """The present of log, town and drivers."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> datetime:
        self.at += timedelta(**time)
        return self.at


@lru_cache(1)
def stamping_town() -> Town:
    """One town for all tests; its clock is set by each."""
    return Town.create(START, clock=Clock())


class Authority:
    """The town's time-stamping authority as steps reach it, without a socket unless ``http`` is given."""

    def __init__(self, clock: Clock | None = None, http: Fetcher | None = None, url: str = "") -> None:
        self.town = stamping_town()
        self.clock = clock or Clock()
        self.simulation = Simulation(self.town)
        self.http = http or self.simulation
        self.stamping = Stamping((url or f"{self.town.base_url}/tsr",))

    def run(self, steps: Steps[T]) -> T:
        self.town.clock = self.clock
        return run(steps, World(self.clock, secrets.token_bytes, lambda: 0.0, self.http))

    def stamp(self, log: EvidenceLog) -> tuple[StampedBatch, ...]:
        return self.run(stamp(log, self.stamping))

    @property
    def trust(self) -> TrustStore:
        return trust_in(self.town)


def trust_in(town: Town) -> TrustStore:
    return TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])


def fill(place: Place, sizes: tuple[int, ...], authority: Authority, stamped: tuple[int, ...] | None = None) -> None:
    """A log with a checkpoint at each size, and a stamp at each of ``stamped`` (all), a minute apart."""
    with place.create() as log:
        for size in sizes:
            log.append_many(entries(size - log.head.size, log.head.size))
            log.checkpoint(signer())
            authority.clock.pass_by(minutes=1)
            if stamped is None or size in stamped:
                authority.stamp(log)
