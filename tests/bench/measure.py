"""Ratios that count on a shared machine: one core, calibrated batches, round-robin, medians of per-round ratios.

An absolute time means nothing here. In each round every contender of a row runs one batch, one after the other in an
order that moves on by one per round, so that a busy neighbour slows all of them alike.
"""

from __future__ import annotations

import gc
import os
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

Work = Callable[[], object]


class Ratio(NamedTuple):
    """A contender against the base: median and quartiles of its ratios by round, and microseconds for the curious."""

    median: float
    lower: float
    upper: float
    microseconds: float

    def __str__(self) -> str:
        digits = 2 if self.median < 100 else 0
        return f"{self.median:.{digits}f}x ({self.lower:.{digits}f}–{self.upper:.{digits}f})"


def pin() -> str:
    """Keep this process and its children on one core; says which."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned: the platform has no way"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def calibrate(work: Work, seconds: float) -> int:
    """How many calls fill a batch of about ``seconds``; also warms the contender up."""
    calls = 1
    while True:
        spent = batch(work, calls)
        if spent >= seconds:
            return calls
        calls = max(calls + 1, min(calls * 10, round(calls * seconds / max(spent, 1e-7) * 1.1)))


def batch(work: Work, calls: int) -> float:
    """Seconds of ``calls`` calls."""
    start = perf_counter()
    for _ in range(calls):
        work()
    return perf_counter() - start


def race(contenders: Mapping[str, Work], base: str, *, rounds: int, seconds: float) -> dict[str, Ratio]:
    """Run all contenders round-robin; their ratios to ``base``, the base itself included."""
    names = list(contenders)
    calls = {name: calibrate(work, seconds) for name, work in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    try:
        for turn in range(rounds):
            gc.collect()
            gc.disable()
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                times[name].append(batch(contenders[name], calls[name]) / calls[name])
            gc.enable()
    finally:
        if collecting:
            gc.enable()
    return {name: ratio(times[name], times[base]) for name in names}


def ratio(times: list[float], base: list[float]) -> Ratio:
    """Median and quartiles of the ratios by round."""
    ratios = [mine / theirs for mine, theirs in zip(times, base, strict=True)]
    lower, median, upper = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Ratio(median, lower, upper, statistics.median(times) * 1e6)
