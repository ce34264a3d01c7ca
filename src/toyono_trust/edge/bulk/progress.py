"""How far a run is: count, rate and time left on standard error, rewritten on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

from toyono_trust.core.findings import Language
from toyono_trust.edge.bulk.words import said

__all__ = ["Progress"]

ON_TERMINAL, ELSEWHERE = 0.2, 10.0
"""Seconds between two messages."""


class Progress:
    """Call ``begin`` with the number of records; what it returns, with each number of records that are done."""

    def __init__(self, language: Language, *, wanted: bool) -> None:
        self.language = language
        self.terminal = sys.stderr is not None and sys.stderr.isatty()
        self.shown = wanted or self.terminal
        self.total = self.done = 0
        self.since = self.last = time.monotonic()

    def begin(self, total: int) -> Progress:
        """The work begins now."""
        self.total, self.done = total, 0
        self.since = self.last = time.monotonic()
        return self

    def __call__(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        now = time.monotonic()
        if self.shown and (now - self.last >= (ON_TERMINAL if self.terminal else ELSEWHERE) or self.done == self.total):
            self.last = now
            self._show(now - self.since)

    def _show(self, seconds: float) -> None:
        rate = self.done / max(seconds, 0.001)
        left = round((self.total - self.done) / rate) if self.done else 0
        clock = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        text = said("progress", self.language, done=self.done, total=self.total, rate=round(rate), left=clock)
        if self.terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Make room for what is said next."""
        if self.shown and self.terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
