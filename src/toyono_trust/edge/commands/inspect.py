"""``toyono-trust inspect``: the facts of a file, without trust, without time, without a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import UNDECIDED, Command, Complaint, json_line, read
from toyono_trust.edge.options import SETTINGS, lang_option

__all__ = ["inspect"]


@click.command("inspect", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--content", "contents", multiple=True, metavar="FILE|DIR", help="What detached signatures cover.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or one JSON object per line for each file.",
)
@lang_option
def inspect(files: tuple[str, ...], contents: tuple[str, ...], format: str, lang: Language | None) -> int:
    r"""Show what FILE holds, without judging: signed properties, certificates, time stamps, observations.

    FILE is a signed file, a receipt, a time stamp, or certificates and CRLs in PEM or DER. Nothing is checked against
    trust or time, so nothing here means that anything is valid: toyono-verify says that. Times are UTC.

    \b
    Examples:
      toyono-trust inspect order.json.jws
      toyono-trust inspect contract.pdf.p7s --content contract.pdf --format json
      toyono-trust inspect town/trust/anchors/root.pem
    """  # fmt: skip
    from toyono_trust.edge.facts import file_value

    for name in files:
        value = file_value(name, read(name), contents)
        if value is None:
            raise Complaint(UNDECIDED, "not-signature", file=name)
        if format == "json":
            click.echo(json_line(value))
        else:
            for line in _lines(value):
                click.echo(line)
    return 0


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    """An outline of nested values: lists of objects become sections; what is empty is left out."""
    from toyono_trust.validation.render import safe

    for key, item in value.items():
        label = safe(key.replace("_", " "))
        if item in (None, "", [], {}):
            continue
        if isinstance(item, dict):
            yield f"{indent}{label}:"
            yield from _lines(item, indent + "  ")
        elif isinstance(item, list) and isinstance(item[0], dict):
            for number, part in enumerate(item, 1):
                yield f"{indent}{label} {number}:"
                yield from _lines(part, indent + "  ")
        elif isinstance(item, list):
            yield f"{indent}{label}: {safe(', '.join(map(str, item)))}"
        else:
            yield f"{indent}{label}: {safe(_word(item))}"


def _word(item: object) -> str:
    return {True: "yes", False: "no"}[item] if isinstance(item, bool) else str(item)
