"""A progress bar on standard error, where that is a terminal and there are several files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toyono_trust.core.findings import Language
from toyono_trust.edge.words import LABELS

__all__ = ["progress"]


@contextmanager
def progress(count: int, language: Language, *, silent: bool = False) -> Iterator[Callable[[], None]]:
    """A function to call after each of ``count`` files; rich is imported only where there is something to show.

    Where standard output is a terminal too, its lines are the progress, and a bar would only get between them.
    ``silent``: most files bring no line; then there is a bar, and what lines there are go above it.
    """
    shared = sys.stdout.isatty()
    if count < 2 or not sys.stderr.isatty() or (shared and not silent):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, highlight=False, markup=False)
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=shared, redirect_stderr=True)
    with bar:
        task = bar.add_task(LABELS["files"][language == "ja"], total=count)
        yield lambda: bar.advance(task)
