"""``toyono-trust log append``: commitments to evidence, acknowledged when they are durably in the log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.openings import evidence_of, keep, opening_place
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import Command, Complaint, default_language, json_line, read, say, worst
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.progress import progress
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust.ledger.log import EvidenceLog

__all__ = ["append"]

TOGETHER = 1_000
"""Files whose entries are appended in one transaction."""


class _Ready(NamedTuple):
    """A commitment to be appended. ``opening``: where what opens it lies; ``before``: from an earlier try."""

    name: str
    entry: bytes
    opening: str | None = None
    before: bool = False


@click.command("append", cls=Command, context_settings=SETTINGS)
@address_argument
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--digest", "digests", multiple=True, metavar="HEX", help="A commitment that was made elsewhere: SHA-256"
              " over an opening, 64 hexadecimal digits.")  # fmt: skip
@click.option("--openings", metavar="DIR", help="Where the openings go.  [default: beside each file, FILE.opening]")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one JSON object per line for each entry.")  # fmt: skip
@lang_option
def append(
    address: str,
    schema: str | None,
    files: tuple[str, ...],
    digests: tuple[str, ...],
    openings: str | None,
    format: str,
    lang: Language | None,
) -> int:
    r"""Put evidence into the log at ADDRESS: sealed receipts (JSON, XML) or any JSON object; "-" is standard input.

    What goes into the log is a commitment that says nothing to others: SHA-256 over the evidence, without its seal,
    and 128 random bits. Both are kept in FILE.opening, for its owner alone; without it nobody can prove what the entry
    is, so keep it as long as FILE. An index is printed when the entry is durably in the log, not before. Appended
    again, with its opening still there, a file has the index that it had.

    \b
    Examples:
      toyono-trust log append town.log order.json.receipt.json
      toyono-trust log append postgresql://log@db.town.example/evidence receipts/*.json --format json
      toyono-trust log append town.log --digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

    \b
    Exit codes:
      0 all entries are in the log · 1 a file is broken · 64 wrong usage, or no log · 66 a file cannot be read
      69 the log is unavailable or full: what has no index printed may not be in it · 70 an opening cannot be written
      Of several files the first that occurs of 70, 66, 69, 64, 1, 0 counts; the others are appended all the same.
    """
    language = lang or default_language()
    if not files and not digests:
        raise click.UsageError("name files, or commitments with --digest")
    if "-" in files and openings is None:
        raise click.UsageError("--openings: say where the opening of standard input goes")
    if len({opening_place(name, openings) for name in files}) < len(files):
        raise click.UsageError("two files would have the same opening; append them one after the other")
    if openings is not None and not Path(openings).is_dir():
        raise click.UsageError(f"--openings: {openings} is not a folder")
    given = [_Ready(text, _digest(text)) for text in digests]
    tell = _json if format == "json" else _text
    codes: list[int] = []
    with opened(address, schema, language) as log, progress(len(files), language) as advance:
        ready = _made(files, openings, codes, language)
        for several in _grouped((*given,), ready):
            for one, index, known in _appended(log, several):
                tell(one, index, known, language)
                if one.opening is not None:
                    advance()
    return worst(codes)


def _digest(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 32 or len(text) != 64:
        raise click.UsageError(f"--digest: {text[:80]!r} is not 64 hexadecimal digits")
    return octets


def _made(files: Iterable[str], folder: str | None, codes: list[int], language: Language) -> Iterator[_Ready]:
    """What each file commits to, its opening kept. What is wrong with one file is told, and others go on."""
    from toyono_trust.ledger.entry import MAX_OPENING

    for name in files:
        try:
            called = "standard-input" if name == "-" else name
            place = opening_place(called, folder)
            opening, before = keep(place, name, evidence_of(name, read(name, MAX_OPENING + 1)))
        except (TrustError, Complaint) as error:
            codes.append(fault(error, language, name))
        else:
            yield _Ready(name, opening.entry, place, before)


def _grouped(first: Iterable[_Ready], ready: Iterator[_Ready]) -> Iterator[list[_Ready]]:
    """In order, so many at once that a transaction is worth it; the first is not kept waiting for the last."""
    given = list(first)
    if given:
        yield given
    size = 1
    while several := list(islice(ready, size)):
        yield several
        size = TOGETHER


def _appended(log: EvidenceLog, several: list[_Ready]) -> Iterator[tuple[_Ready, int, bool]]:
    """The index of each; of what an earlier try may have appended it is looked for first."""
    from toyono_trust.edge.commands.log.search import indexes_of
    from toyono_trust.ledger.files import sync_folder

    for folder in {Path(one.opening).parent for one in several if one.opening is not None}:
        sync_folder(folder)  # openings before entries: what is acknowledged can be opened
    before = [one.entry for one in several if one.before]
    known = indexes_of(log, before) if before else {}
    new = list(dict.fromkeys(one.entry for one in several if one.entry not in known))  # a file may be named twice
    added = dict(zip(new, log.append_many(new), strict=True))
    for one in several:
        yield one, known.get(one.entry, added.get(one.entry, -1)), one.entry in known


def _text(one: _Ready, index: int, known: bool, language: Language) -> None:
    from toyono_trust.edge.words import LABELS, said

    key = "log-known" if known else "log-appended"
    click.echo(said(LABELS[key], language, index=index, source=one.name))
    if one.opening is not None and not known:
        say("log-opening", language, opening=one.opening)
    sys.stdout.flush()


def _json(one: _Ready, index: int, known: bool, language: Language) -> None:
    value = {
        "file": one.name if one.opening is not None else None,
        "index": index,
        "entry": one.entry.hex(),
        "opening": one.opening,
        "appended": not known,
    }
    click.echo(json_line(value))
    sys.stdout.flush()
