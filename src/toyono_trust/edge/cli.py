"""The two programs' commands. Each command's module is imported when it is asked for, so that none pays for another."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

__all__ = ["COMMANDS", "toyono_trust"]

COMMANDS: dict[str, tuple[str, str, str]] = {
    "sign": ("sign", "sign", "Sign files, as a person or a thing."),
    "seal": ("sign", "seal", "Seal files, as an organisation."),
    "timestamp": ("timestamp", "timestamp", "Have files time-stamped (RFC 3161)."),
    "receipt": ("receipt", "receipt", "Issue a delivery receipt (EN 319 522)."),
    "receipts": ("receipts", "receipts", "Say what the receipts of one message prove together."),
    "augment": ("augment", "augment", "Raise files to B-LT or B-LTA, and renew archives."),
    "verify": ("verify", "verify", "Verify signatures, seals, receipts and time stamps."),
    "index": ("index", "index", "Make the index file of a folder of records."),
    "judge": ("judge", "judge", "Give a verdict again out of an archive of evidence."),
    "inspect": ("inspect", "inspect", "Show what a file holds, without judging."),
    "log": ("log", "log", "Keep an evidence log: append, sign, prove, audit."),
    "consent": ("consent", "consent", "Check a resident's consent; make notices pages."),
    "reconcile": ("reconcile", "reconcile", "Name what differs in two parties' records."),
    "trust": ("trust", "trust", "Show, update or pack a trust folder."),
    "dev-pki": ("dev_pki", "dev_pki", "Make a throw-away town with keys and trust, for trials."),
    "tsa": ("tsa", "tsa", "Serve time stamps over HTTP."),
    "demo": ("demo", "demo", "Show the main job in a throw-away town."),
}
"""By name: module below ``edge.commands``, attribute, one line of help."""


class _Lazy(click.Group):
    """A group that imports a command when it is invoked, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


def _load(name: str) -> click.Command:
    module, attribute, _ = COMMANDS[name]
    command: click.Command = getattr(import_module(f"toyono_trust.edge.commands.{module}"), attribute)
    return command


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from toyono_trust import __version__

        click.echo(f"toyono-trust {__version__}")
        ctx.exit()


_HELP = """Sign, seal, time-stamp, receipt and verify: eIDAS trust services on the command line.

A person signs, an organisation seals, an authority stamps, a delivery service issues receipts, anyone verifies.

\b
Begin with a throw-away town:
  toyono-trust demo                          the whole story in a few seconds
  toyono-trust dev-pki town                  keys and trust to try things with
  toyono-trust seal order.json --as jades --key pkcs12:town/town-seal.p12 --secret-file town/password.txt
  toyono-trust verify order.json.jws --trust town/trust
"""

toyono_trust = _Lazy(
    "toyono-trust",
    help=_HELP,
    params=[
        click.Option(["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_version,
                     help="Show the version and exit."),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip
"""The program ``toyono-trust``."""


def __getattr__(name: str) -> Any:
    """``toyono_verify``, the program of that name, which is ``toyono-trust verify``."""
    if name == "toyono_verify":
        return _load("verify")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
