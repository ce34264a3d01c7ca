"""How long a warm EU DSS takes to validate a file, measured inside its own process: what runs takes no part of it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from interop.dss_peer import POLICY, Dss

WARM_UP = 40
"""Validations before the ones that count; the just-in-time compiler is done with most of it by then."""


class Spent(NamedTuple):
    """Milliseconds of one validation: median and quartiles."""

    median: float
    lower: float
    upper: float


def warm(
    files: Mapping[str, bytes | Path], *, at: datetime, runs: int = 60, dss: Dss | None = None, **trusted: Any
) -> dict[str, Spent]:
    """Validation times by the files' names, all of one warm process.

    ``trusted``: ``anchors``, ``certificates``, ``crls`` … as ``Dss.validate`` takes them. Every file must pass, for
    what fails early is fast. Raises ``interop.dss_peer.MissingError`` where there is no Java.
    """
    if dss is None:
        with Dss() as started:
            return warm(files, at=at, runs=runs, dss=started, **trusted)
    for name, data in files.items():
        found = dss.validate(data, at=at, **trusted)
        verdicts = {signature["indication"] for signature in found["signatures"]}
        if verdicts != {"TOTAL-PASSED"}:
            raise ValueError(f"{name} does not pass: {found}")
    for data in files.values():
        dss.ask("time", file=data, at=at, policy=POLICY, runs=WARM_UP, **trusted)
    return {name: _spent(dss, data, at, runs, trusted) for name, data in files.items()}


def _spent(dss: Dss, data: bytes | Path, at: datetime, runs: int, trusted: Mapping[str, Any]) -> Spent:
    times = dss.ask("time", file=data, at=at, policy=POLICY, runs=runs, **trusted)["milliseconds"]
    lower, median, upper = statistics.quantiles(times, n=4, method="inclusive")
    return Spent(median, lower, upper)
