"""``toyono-trust log forget``: destroy what opens an entry."""

from __future__ import annotations

import os
from pathlib import Path

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.openings import ENDING, opening_place
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import (
    INTERNAL,
    USAGE,
    Command,
    Complaint,
    default_language,
    read,
    say,
    unreadable,
    worst,
    write,
)
from toyono_trust.edge.options import SETTINGS, lang_option

__all__ = ["forget"]

MAX_READ = 1 << 23
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


@click.command("forget", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@lang_option
def forget(files: tuple[str, ...], lang: Language | None) -> int:
    r"""Destroy the salt of each FILE that was appended to a log: remove FILE.opening, take the salt out of FILE.proof.

    The entry stays in the log, whose proofs need it, but nobody who has not kept the salt elsewhere can say or guess
    what it is about. FILE itself stays: remove it as well where its content is to be forgotten. Copies of the opening
    and of proofs with salt that were handed out, and backups, are not reached. This cannot be undone.

    \b
    Examples:
      toyono-trust log forget order.json.receipt.json

    \b
    Exit codes:
      0 forgotten · 64 there is nothing that opens an entry · 66 a file cannot be read · 70 a file cannot be changed
    """
    language = lang or default_language()
    codes = []
    for name in files:
        try:
            _forget(name.removesuffix(ENDING), language)
        except Complaint as complaint:
            codes.append(fault(complaint, language))
    return worst(codes)


def _forget(name: str, language: Language) -> None:
    place = opening_place(name)
    proof = Path(f"{name}.proof")
    unsalted = _unsalted(proof)
    if not Path(place).exists() and unsalted is None:
        raise Complaint(USAGE, "nothing-to-forget", file=name, place=place)
    if unsalted is not None:
        write(str(proof), unsalted)
        say("log-unsalted", language, file=proof)
    if Path(place).exists():
        _destroy(Path(place))
    say("log-forgotten", language, file=name)
    if Path(name).exists():
        say("log-remains", language, file=name)


def _unsalted(path: Path) -> bytes | None:
    """A proof file without its salt; None where there is none, or none with a salt."""
    from toyono_trust.errors import MalformedError
    from toyono_trust.ledger.proof import read_proof, write_proof

    if not path.is_file():
        return None
    try:
        proof = read_proof(read(str(path), MAX_READ))
    except MalformedError:
        return None
    return None if proof.salt is None else write_proof(proof._replace(salt=None))


def _destroy(path: Path) -> None:
    """Remove a file; its octets are overwritten before, which reaches them where the file system writes in place."""
    try:
        handle = os.open(path, os.O_RDWR | _NO_LINK)  # what a link leads to may be anything
        with os.fdopen(handle, "r+b", buffering=0) as stream:
            stream.write(bytes(os.fstat(handle).st_size))
            os.fsync(handle)
        path.unlink()
    except PermissionError as error:
        raise Complaint(INTERNAL, "closed", file=str(path), reason=error.strerror) from error
    except OSError as error:
        raise unreadable(error, str(path)) from error
