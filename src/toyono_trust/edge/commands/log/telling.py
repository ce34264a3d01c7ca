"""How the commands of the log say what is wrong with one thing and go on with the next."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import Complaint, code_of, complain, describe, writing
from toyono_trust.edge.words import LABELS
from toyono_trust.errors import TrustError

__all__ = ["fault", "meter", "remembering"]

MUCH = 50_000
"""Entries from which on a bar is worth it: reading and hashing so many takes a second or two."""


def fault(error: TrustError | Complaint, language: Language, about: str = "") -> int:
    """Tell what is wrong, in the words of a command that ends with it; the exit code that it counts for."""
    japanese = language == "ja"
    if isinstance(error, Complaint):
        message, hint = error.texts(language)
        complain(f"{LABELS['error'][japanese]}: {message}\n{LABELS['hint'][japanese]}: {hint}")
        return error.code
    complain(f"{about}: {describe(error, language)}" if about else describe(error, language))
    return code_of(error)


@contextmanager
def remembering(state: str) -> Iterator[None]:
    """What is remembered in ``state`` is written inside: tell what of it cannot be, apart from what cannot be read."""
    try:
        yield
    except OSError as error:
        place, failed = Path(state).absolute(), Path(str(error.filename or "")).absolute()
        ours = (failed.parent == place.parent and place.name in failed.name) or place in failed.parents
        if not ours or (failed == place and place.exists()):
            raise
        with writing(state, "--state"):
            raise error.with_traceback(None) from None


@contextmanager
def meter(total: int, label: str, language: Language) -> Iterator[Callable[[int], None]]:
    """A bar on standard error where that is a terminal and there is much to do; the function takes what is done."""
    if total < MUCH or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True, highlight=False, markup=False), transient=True)
    with bar:
        task = bar.add_task(LABELS[label][language == "ja"], total=total)
        yield lambda done: bar.update(task, completed=done)
