"""``toyono-trust log tiles``: the log as static files, which any web server serves."""

from __future__ import annotations

import time

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.going import asked_to_end, span
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import Command, default_language, json_line, say, writing
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import UnavailableError

__all__ = ["tiles"]


@click.command("tiles", cls=Command, context_settings=SETTINGS)
@address_argument
@click.argument("folder", metavar="DIR")
@click.option("--every", callback=span, metavar="SPAN", help="Go on: bring DIR up to date every 10s, 5m.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@lang_option
def tiles(
    address: str, schema: str | None, folder: str, every: float | None, format: str, lang: Language | None
) -> int:
    r"""Write the log at ADDRESS into DIR as static tiles (C2SP tlog-tiles), up to its last checkpoint.

    Any web server or object store may serve DIR; monitors, auditors and the tools of public logs read it. What is
    there is not written again; if it differs, log or folder is not what it was, and nothing is changed. DIR is whole
    at any moment, also after a crash. The tiles show the number of entries and their commitments, and no content.

    \b
    Examples:
      toyono-trust log tiles town.log public/log
      toyono-trust log tiles town.log public/log --every 10s

    \b
    Exit codes:
      0 DIR is up to date, or ended as asked · 64 wrong usage, no log, nothing signed yet, or another log's DIR
      69 log and DIR contradict each other, another process writes there, or no space · 70 DIR cannot be written
      130 interrupted: DIR shows what it showed before, and the next run goes on
    """
    from toyono_trust.ledger.tiles.writer import write_tiles

    language = lang or default_language()

    def once(*, again: bool) -> None:
        with writing(folder, "DIR"):
            written = write_tiles(log, folder)
        if format == "json":
            value = {"folder": folder, "since": written.since, "size": written.size, "files": written.files}
            if again or written.files:
                click.echo(json_line(value))
        elif again or written.files:
            click.echo(said(LABELS["log-tiles"], language, folder=folder, **written._asdict()))

    with opened(address, schema, language) as log:
        if every is None:
            try:
                once(again=True)
            except KeyboardInterrupt:
                say("log-tiles-interrupted", language, folder=folder)
                raise
            return 0
        with asked_to_end() as ended:
            say("log-tiles-every", language, seconds=int(every), folder=folder)
            while not ended.is_set():
                began = time.monotonic()
                try:
                    once(again=False)
                except UnavailableError as error:
                    if not error.retryable:
                        raise
                    fault(error, language)
                ended.wait(max(0.0, every - (time.monotonic() - began)))
            say("log-ended", language)
    return 0
