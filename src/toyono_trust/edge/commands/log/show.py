"""``toyono-trust log show``: the log's present state, as its store says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.console import Command, default_language, json_line
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import LABELS, said

if TYPE_CHECKING:
    from toyono_trust.ledger.log import EvidenceLog

__all__ = ["show"]


@click.command("show", cls=Command, context_settings=SETTINGS)
@address_argument
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@lang_option
def show(address: str, schema: str | None, format: str, lang: Language | None) -> int:
    r"""Show size, root, last checkpoint and what is not yet under one, as the store says; log audit checks it.

    \b
    Examples:
      toyono-trust log show town.log
      toyono-trust log show postgresql://log@db.town.example/evidence --format json

    \b
    Exit codes:
      0 shown · 64 wrong usage, or no log · 69 the log is unavailable or damaged
    """
    language = lang or default_language()
    with opened(address, schema, language) as log:
        state = _state(log)
    if format == "json":
        click.echo(json_line(state))
        return 0
    for name, value in state.items():
        shown = {None: "-", True: LABELS["yes"][language == "ja"], False: LABELS["no"][language == "ja"]}
        text = shown.get(value, value) if value is None or isinstance(value, bool) else value
        click.echo(said(LABELS["log-key-row" if name == "key" else f"log-{name}"], language, value=text))
    return 0


def _state(log: EvidenceLog) -> dict[str, Any]:
    from toyono_trust.ledger.checkpoint import open_checkpoint

    head = log.head
    note = log.latest_checkpoint()
    seen = None if note is None else open_checkpoint(note, log.key)
    signed = 0 if seen is None else seen.checkpoint.size
    return {
        "key": log.key.text,
        "chartered": bool(log.charter),
        "size": head.size,
        "root": head.root.hex(),
        "checkpoints": head.checkpoints,
        "signed": signed,
        "unsigned": head.size - signed,
        "stamps": head.stamps,
        "unstamped": log.unstamped,
        "cosignatures": 0 if seen is None else len(seen.note.signatures) - 1,
    }
