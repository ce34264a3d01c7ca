"""Entry of both programs: whatever happens, the exit code tells the truth (sysexits.h where it has a word for it).

The commands live in ``edge.cli`` as the click commands ``toyono_trust`` and ``toyono_verify``; each returns its exit
code. What stands here must work when they cannot even be imported, so this module imports the standard library alone:

====  =============================================================================
0     everything found is passed (what the command returned)
1     at least one TOTAL-FAILED, or a known format that is broken (likewise)
2     INDETERMINATE, or no known format (likewise; never click's own usage code)
64    usage: unknown option, missing argument
66    unreadable input (what the command returned, or click found)
69    unavailable: TSA, key device, network (likewise)
70    any unexpected exception, at import too, and output that could not be written
130   interrupted
====  =============================================================================
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

OK = 0
USAGE = 64
UNREADABLE = 66
INTERNAL = 70
INTERRUPTED = 130


def toyono_trust(arguments: Sequence[str] | None = None) -> int:
    """Run ``toyono-trust`` with the given arguments (``sys.argv[1:]`` without them); returns the exit code."""
    return _guarded("toyono-trust", "toyono_trust", arguments)


def toyono_verify(arguments: Sequence[str] | None = None) -> int:
    """Run ``toyono-verify``, which is ``toyono-trust verify``; returns the exit code."""
    return _guarded("toyono-verify", "toyono_verify", arguments)


def _guarded(program: str, command: str, arguments: Sequence[str] | None) -> int:
    try:
        _use_utf8()
        code = _run(program, command, sys.argv[1:] if arguments is None else arguments)
        _flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = _silence()
    # The outermost frame: an exception that passed here would end the process with 1, which means TOTAL-FAILED.
    except Exception as error:  # noqa: BLE001
        code = _unexpected(program, error)
    return code


def _run(program: str, command: str, arguments: Sequence[str]) -> int:
    """Parse and invoke. Not click's own ``main``: it exits with 1 on a closed pipe and with 2 on wrong usage."""
    import click

    from toyono_trust.edge import cli

    try:
        chosen: click.Command = getattr(cli, command)
        with chosen.make_context(program, list(arguments)) as context:
            return _code(chosen.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as wrong:
        wrong.show()
        return UNREADABLE if isinstance(wrong, click.FileError) else USAGE


def _code(returned: Any) -> int:
    if returned is None:
        return OK
    if isinstance(returned, int):
        return int(returned)
    raise TypeError(f"a command returned {type(returned).__name__} instead of an exit code")


def _use_utf8() -> None:
    """Standard output is UTF-8 with replacement on every platform, whatever the console's code page says."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _silence() -> int:
    """The reader of our output went away: what was found could not be said, and nothing more can be."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return INTERNAL


def _unexpected(program: str, error: Exception) -> int:
    """Say in one line what happened and where; returns 70."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119
    what = "".join(char if char.isprintable() else "?" for char in " ".join(str(error).split()))
    line = f"{program}: internal error: {type(error).__name__}: {what}{where}"
    if isinstance(error, ImportError):
        line += " · the installation is broken; reinstall toyono-trust"
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return _silence()
    return INTERNAL


if __name__ == "__main__":
    sys.exit(toyono_trust())
