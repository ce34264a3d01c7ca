"""``toyono-trust log stamp``: have all that is signed and not stamped time-stamped."""

from __future__ import annotations

from typing import Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.stamping import batch_value, batch_values, stamper_of, tsa_options
from toyono_trust.edge.console import Command, default_language, json_line, say
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import LABELS, said

__all__ = ["stamp"]


@click.command("stamp", cls=Command, context_settings=SETTINGS)
@address_argument
@tsa_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one JSON object per line for each batch.")  # fmt: skip
@lang_option
def stamp(address: str, schema: str | None, format: str, lang: Language | None, **given: Any) -> int:
    r"""Have the checkpoints of the log at ADDRESS time-stamped that are not: one stamp for any number of entries.

    One RFC 3161 time stamp covers all entries since the last one, up to a million, and the checkpoint over them. Each
    is kept before the next is asked for, so that the command can be run again. It needs no key.

    \b
    Examples:
      toyono-trust log stamp town.log --tsa http://127.0.0.1:3161/tsr --trust town/trust

    \b
    Exit codes:
      0 nothing is left unstamped that is signed · 1 what the authority returned does not verify
      64 wrong usage, or no log · 66 a file cannot be read · 69 no authority answered, or the log is unavailable
    """
    language = lang or default_language()
    if not given["tsa"]:
        raise click.UsageError("--tsa: name a time-stamping authority")
    with opened(address, schema, language) as log, stamper_of(log, given) as stamper:
        assert stamper is not None
        done = stamper.stamp()
        unsigned = log.head.size - log.signed
    for batch in done:
        if format == "json":
            click.echo(json_line(batch_value(batch)))
        else:
            click.echo(said(LABELS["log-stamped"], language, **batch_values(batch)))
    if not done and format == "text":
        say("log-all-stamped", language)
    if unsigned:
        say("log-still-unsigned", language, count=unsigned)
    return 0
