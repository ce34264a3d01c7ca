"""What a row of the table is: a job, its budget, the bare primitive, ours through the public verbs, and peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from measure import Ratio, Work, race

BASE = "bare"
OURS = "ours"


class Row(NamedTuple):
    """One line of the table. ``contenders`` makes what runs: ``BASE``, ``OURS`` and peers by name.

    ``budget``: the ratio that ours may have; None where it is only reported.
    """

    job: str
    budget: float | None
    contenders: Callable[[], Mapping[str, Work]]


class Result(NamedTuple):
    """A row with today's ratios."""

    row: Row
    ratios: dict[str, Ratio]

    def cells(self) -> tuple[str, str, str, str]:
        """Columns: job, budget, ratio today, peers."""
        ours, budget = self.ratios[OURS], self.row.budget
        over = " over budget" if budget is not None and ours.median > budget else ""
        peers = [
            f"{name} {each.median:.{2 if each.median < 100 else 0}f}x"
            for name, each in self.ratios.items()
            if name not in {BASE, OURS}
        ]
        limit = "report it" if budget is None else f"≤ {budget:g}x"
        return self.row.job, limit, f"{ours}{over}", ", ".join(peers) or "–"


def run(row: Row, *, rounds: int, seconds: float) -> Result:
    """Check that every contender works, then race them."""
    return Result(row, race(row.contenders(), BASE, rounds=rounds, seconds=seconds))
