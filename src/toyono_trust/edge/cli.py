"""The two programs' commands. Each command's module is imported when it is asked for, so that none pays for another."""

from __future__ import annotations

from typing import Any

import click

from toyono_trust.edge.lazy import LazyGroup

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

toyono_trust = LazyGroup(
    "toyono-trust",
    "toyono_trust.edge.commands",
    COMMANDS,
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
        return toyono_trust.load("verify")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
