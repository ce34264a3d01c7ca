"""Two generations of a town's PKI between 2026 and 2060, and archives that live through them.

The first generation uses SHA-256, which the policy ends on 1 January 2045; its CA is revoked in 2042. The second, made
in 2040, uses P-384 with SHA-384. Every step is taken at the time of an injected clock, through the towns' own servers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from unittest import mock

from plain_pdfs import classic
from toyono_trust import verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Simulation, Town
from toyono_trust.devpki.profiles import AUTHORITIES, PROFILES
from toyono_trust.errors import UnavailableError
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import Signed
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.sources import delivered
from toyono_trust.steps import Fetch, Response, World, run
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

SHA256_ENDS = datetime(2045, 1, 1, tzinfo=UTC)
CA_REVOKED = datetime(2042, 1, 1, tzinfo=UTC)
RULES = "[algorithms.expires]\nsha256 = 2045-01-01"
FIRST, SECOND = "http://first.town.example", "http://second.town.example"
CONTENTS = {"jades": b'{"contract": 1}', "cades": b"contract", "pades": classic()}


def day(text: str) -> datetime:
    """Nine o'clock UTC of a date."""
    return datetime.fromisoformat(text).replace(hour=9, tzinfo=UTC)


class Age:
    """The world at a time that tests set; what the towns' servers answer depends on it."""

    def __init__(self) -> None:
        self.now = day("2026-11-01")
        self.first = Town.create(self.now, base_url=FIRST, clock=lambda: self.now)
        self.second: Town | None = None
        self.steps: list[tuple[datetime, Any]] = [
            (day("2034-01-10"), lambda: self._renew(self.first)),
            (day("2040-01-10"), self._found_second),
            (CA_REVOKED, lambda: self.first.revoke("ca", CA_REVOKED, "superseded")),
            (day("2048-01-10"), lambda: self._renew(self.second)),
        ]

    def _renew(self, town: Town | None) -> None:
        assert town is not None
        town.renew("tsa", self.now)
        town.renew("ocsp", self.now)

    def _found_second(self) -> None:
        stronger = {name: row._replace(key="p384") for name, row in {**AUTHORITIES, **PROFILES}.items()}
        authorities = {name: stronger[name] for name in AUTHORITIES}
        services = {name: stronger[name] for name in ("tsa", "ocsp")}
        with mock.patch.dict(AUTHORITIES, authorities), mock.patch.dict(PROFILES, services):
            self.second = Town.create(self.now, base_url=SECOND, clock=lambda: self.now)

    def go(self, moment: datetime) -> None:
        """Let time pass; it never runs backwards."""
        assert moment >= self.now
        while self.steps and self.steps[0][0] <= moment:
            when, step = self.steps.pop(0)
            self.now = when
            with self._strong():
                step()
        self.now = moment

    @contextmanager
    def _strong(self) -> Iterator[None]:
        """Identities of the second town keep their stronger keys when they are renewed."""
        changed = {} if self.second is None else {name: PROFILES[name]._replace(key="p384") for name in ("tsa", "ocsp")}
        with mock.patch.dict(PROFILES, changed):
            yield

    def fetch(self, request: Fetch, deadline: float | None = None, at: datetime | None = None) -> Response:
        """What the towns answer at the present."""
        for town in (self.first, self.second):
            if town is not None and request.url.startswith(town.base_url):
                return Simulation(town, self.now).fetch(request, deadline, at)
        raise UnavailableError("net.refused", f"nobody answers at {request.url}")

    @property
    def world(self) -> World:
        return World(lambda: self.now, os.urandom, time.monotonic, self, None)

    @property
    def trust(self) -> TrustStore:
        """The roots that exist by now, and nothing else."""
        towns = [town for town in (self.first, self.second) if town is not None]
        return TrustStore.from_certificates([town.root.der for town in towns], [], [])


@lru_cache
def policy() -> Policy:
    """The shipped policy, but that SHA-256 ends in 2045."""
    return Policy.parse(RULES, "sha256-ends")


def sealed(age: Age, format: str, level: str = "B-LTA", **options: Any) -> bytes:
    """A seal of the town at a level, made at the present."""
    made = verbs.order(
        BytesContent(CONTENTS[format], "contract"), age.first.identity("town"), format, level,  # type: ignore[arg-type]
        f"{FIRST}/tsr", True, {"policy": policy(), **options}, age.trust,  # type: ignore[typeddict-item]
    )  # fmt: skip
    return bytes(delivered(run(verbs.seal(made), age.world), None))


def renewed(age: Age, signed: bytes, digest: str = "sha256") -> Signed:
    """Another archive time stamp at the present, by the newest authority that there is."""
    tsa = f"{FIRST if age.second is None else SECOND}/tsr"
    steps = verbs.augment(signed, NO_CONTENTS, "B-LTA", age.trust, tsa, True, {"digest": digest, "policy": policy()})
    made = delivered(run(steps, age.world), None)
    assert isinstance(made, Signed)
    return made


def verdict(age: Age, signed: bytes) -> Report:
    """The report at the present, with what the towns' servers still say."""
    return run(verbs.gathering(signed, NO_CONTENTS, age.trust, policy(), age.now), age.world)


def failing(report: Report) -> set[str]:
    """Codes of all findings at level fail, time stamps' included."""
    return {finding.code for finding in report.all_findings() if finding.level == "fail"}


def said(report: Report, codes: Iterable[str]) -> set[str]:
    """Those of ``codes`` that the report mentions at any level."""
    return {finding.code for finding in report.all_findings()} & set(codes)
