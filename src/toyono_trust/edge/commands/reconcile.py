"""``toyono-trust reconcile``: which side and which message differ in two parties' records of their exchanges."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import FAILED, Command, default_language, json_line, lines
from toyono_trust.edge.options import SETTINGS, lang_option

__all__ = ["reconcile"]

MAX_LINE = 8 << 20
"""Octets of a line: twice what an entry's opening may have."""


@click.command("reconcile", cls=Command, context_settings=SETTINGS)
@click.argument("ours", metavar="OURS")
@click.argument("theirs", metavar="THEIRS")
@click.option("--name", "names", nargs=2, metavar="OUR-NAME THEIR-NAME", help="What the sides are called.")
@click.option(
    "--tolerance",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="By how much times may differ.",
)
@click.option("--manifests-only", is_flag=True, help="The sides present no receipts themselves.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or one JSON object.",
)
@lang_option
def reconcile(
    ours: str,
    theirs: str,
    names: tuple[str, str] | None,
    tolerance: int,
    manifests_only: bool,
    format: str,
    lang: Language | None,
) -> int:
    r"""Compare what two parties recorded, and name the side and the message where they differ.

    OURS and THEIRS are files with one record a line, in the order of each side's log: manifests of exchanges, receipts
    in JSON, or openings of log entries. Seals are not verified here. Memory stays small however long the files are.
    The exit code is 1 where something differs.

    \b
    Examples:
      toyono-trust reconcile town.jsonl bus.jsonl --name Town Bus
      toyono-trust reconcile town.jsonl bus.jsonl --manifests-only --format json
    """
    from toyono_trust.delivery import exchange

    called = names or (Path(ours).name, Path(theirs).name)
    report = exchange.reconcile(
        lines(ours, MAX_LINE),
        lines(theirs, MAX_LINE),
        tolerance=timedelta(seconds=tolerance),
        receipts=not manifests_only,
        spool=tempfile.TemporaryFile,
    )
    if format == "json":
        click.echo(json_line(report.to_json(called)))
    else:
        click.echo(report.text_in(lang or default_language(), called))
    return FAILED if report.count else 0
