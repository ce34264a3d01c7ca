"""Commands that go on until they are asked to end, and spans of time on the command line."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

__all__ = ["asked_to_end", "span"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Seconds out of 60s, 5m, 1h, 1d."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", value)
    if found is None or not int(found[1]):
        raise click.UsageError(f"{parameter.opts[0]}: {value!r} is no span; write for example 60s, 5m or 1h")
    return float(int(found[1]) * _UNITS[found[2]])


@contextmanager
def asked_to_end() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second one interrupts at once."""
    ended = threading.Event()

    def end(number: int, frame: object) -> None:
        if ended.is_set():
            raise KeyboardInterrupt
        ended.set()

    before = [(number, signal.signal(number, end)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield ended
    finally:
        for number, handler in before:
            signal.signal(number, handler)
