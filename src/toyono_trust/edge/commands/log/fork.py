"""``toyono-trust log fork``: whether what somebody hands over proves that a log signed two histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.keys import log_key, log_key_option
from toyono_trust.edge.console import FAILED, UNDECIDED, Command, complain, default_language, describe, json_line, read
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust.ledger.checkpoint import Checkpoint
    from toyono_trust.ledger.fork import Fork
    from toyono_trust.ledger.note import NoteKey

__all__ = ["fork"]


@click.command("fork", cls=Command, context_settings=SETTINGS)
@click.argument("file", metavar="FILE")
@log_key_option
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@lang_option
def fork(file: str, format: str, lang: Language | None, **given: Any) -> int:
    r"""Check the proof in FILE that a log has signed two histories, as log monitor --fork-out and witnesses write it.

    It has two checkpoints of the log that cannot both be true, and, where they are of different sizes, what the larger
    one's tree began with. Everything is recomputed, offline; who handed it over does not matter, but whose key it is
    does: --log-key.

    \b
    Examples:
      toyono-trust log fork fork.json --log-key log.pub
      toyono-trust log fork fork.json --log-key log.pub --lang ja
      toyono-trust log fork fork.json --log-key log.pub --format json

    \b
    Exit codes:
      1 a fork: the log signed two histories · 2 the file proves nothing about this log
      64 wrong usage · 66 a file cannot be read
      0 never: that nobody has a proof does not show that there is no fork
    """
    language = lang or default_language()
    key = log_key(given["log_key"])
    found = _read(file)
    if isinstance(found, TrustError) or found.key != key:
        _tell_nothing(file, key, found, format, language)
        return UNDECIDED
    notes = _checkpoints(found)
    if format == "json":
        click.echo(json_line(_value(found, notes)))
    else:
        _tell(found, notes, language)
    return FAILED


_key = log_key


def _read(file: str) -> Fork | TrustError:
    """The fork, checked; or why there is none."""
    from toyono_trust.ledger.fork import MAX_FORK, read_fork

    octets = read(file, MAX_FORK + 1)
    try:
        return read_fork(octets)
    except TrustError as error:
        return error


def _checkpoints(found: Fork) -> tuple[Checkpoint, Checkpoint]:
    from toyono_trust.ledger.checkpoint import open_checkpoint

    first, second = (open_checkpoint(note, found.key).checkpoint for note in (found.first, found.second))
    return first, second


def _tell(found: Fork, notes: tuple[Checkpoint, Checkpoint], language: Language) -> None:
    from toyono_trust.validation.report import Finding

    first, second = notes
    finding = Finding("monitor.fork", "fail", "", {"size": first.size})
    lines = [said(LABELS["fork-found"], language, name=found.key.name)]
    lines += [said(LABELS["fork-note"], language, size=note.size, root=note.root.hex()) for note in notes]
    if first.size < second.size:
        lines.append(said(LABELS["fork-began"], language, size=first.size, root=found.root.hex()))
    key = "fork-same-size" if first.size == second.size else "fork-other-beginning"
    lines.append(said(LABELS[key], language, size=first.size))
    lines += [said(LABELS["fork-means"], language), finding.remedy_in(language)]
    click.echo("\n".join(lines))


def _value(found: Fork, notes: tuple[Checkpoint, Checkpoint]) -> dict[str, Any]:
    return {
        "log": found.key.text,
        "fork": True,
        "size": notes[0].size,
        "notes": [{"size": note.size, "root": note.root.hex()} for note in notes],
        "began": found.root.hex(),
    }


def _tell_nothing(file: str, key: NoteKey, found: Fork | TrustError, format: str, language: Language) -> None:
    """``found``: why the file shows no fork, or that of another log."""
    if format == "json":
        code = found.code if isinstance(found, TrustError) else "fork.other-log"
        about = None if isinstance(found, TrustError) else found.key.text
        click.echo(json_line({"log": key.text, "fork": False, "code": code, "about": about}))
    else:
        click.echo(said(LABELS["fork-nothing"], language, file=file, name=key.name))
    if isinstance(found, TrustError):
        complain(describe(found, language))
    else:
        complain(said(LABELS["fork-other-log"], language, key=found.key.text))
