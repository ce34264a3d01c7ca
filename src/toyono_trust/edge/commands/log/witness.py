"""``toyono-trust log witness``: a second organisation's key under what a log signs."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.keys import log_key, new_key_text, signing_key, witness_policy
from toyono_trust.edge.commands.log.openings import write_private
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import Command, Complaint, Target, default_language, read, say, worst
from toyono_trust.edge.options import SETTINGS, lang_option, network_of, network_options
from toyono_trust.errors import TrustError

__all__ = ["witness"]

MAX_CHECKPOINT = 1 << 20


@click.group("witness", context_settings=SETTINGS)
def witness() -> None:
    """Cosign what a log signs, as another organisation: it cannot show you one history and others another."""


@witness.command("key", cls=Command, context_settings=SETTINGS)
@click.option("--name", required=True, metavar="HOST/PATH", help="Name of the witness.")
@click.option("--key-out", required=True, metavar="FILE", help="Where its new key goes, for its owner alone.")
@lang_option
def key(name: str, key_out: str, lang: Language | None) -> int:
    r"""Make a witness's Ed25519 key; its verifier key goes to standard output, for logs and auditors.

    \b
    Example:
      toyono-trust log witness key --name witness.county.example --key-out witness.key > witness.pub
    """
    from toyono_trust.ledger.note import COSIGNATURE
    from toyono_trust.ledger.signing_key import read_signing_key

    Target(key_out, option="--key-out").check()
    if key_out == "-":
        raise click.UsageError("--key-out: name a file; a key is never shown")
    text = new_key_text(name, COSIGNATURE)
    write_private(key_out, f"{text}\n".encode(), "--key-out")
    click.echo(read_signing_key(text).key.text)
    say("witness-key", lang or default_language(), file=key_out)
    return 0


@witness.command("cosign", cls=Command, context_settings=SETTINGS)
@click.argument("place", metavar="DIR|URL")
@click.option("--key", required=True, metavar="FILE", help="The witness's key file.")
@click.option("--log-key", required=True, metavar="KEY|FILE", help="Verifier key of the log, known from elsewhere.")
@click.option("--state", required=True, metavar="DIR", help="Folder in which the witness remembers what it cosigned;"
              " keep it with the key. It is made where its parent is.")  # fmt: skip
@click.option("--out", "-o", required=True, metavar="FILE|-", help="Where the cosigned checkpoint goes.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="Time allowed for the network.")  # fmt: skip
@network_options
@lang_option
def cosign(place: str, out: str, state: str, lang: Language | None, **given: Any) -> int:
    r"""Cosign the checkpoint of the log whose tiles are at DIR or URL, if it continues what was cosigned last.

    What is remembered is on the disk before the cosignature is made. The result goes to the log, which takes it with
    log witness add.

    \b
    Examples:
      toyono-trust log witness cosign https://log.town.example/ --log-key log.pub --key witness.key --state seen \
          --out cosigned.checkpoint

    \b
    Exit codes:
      0 cosigned · 1 the log went back, signed two histories, or its tiles are not what it signed · 64 wrong usage
      66 a file cannot be read · 69 the log cannot be reached · 70 the result cannot be written
    """
    from toyono_trust import Http
    from toyono_trust.ledger.tiles.places import open_place
    from toyono_trust.ledger.witness import Witness
    from toyono_trust.steps import World, run

    language = lang or default_language()
    target = Target(out, force=True)
    target.check()
    log = log_key(given["log_key"])
    folder = Path(state)
    folder.mkdir(mode=0o700, exist_ok=True)
    watcher = Witness(folder, signing_key(given["key"]), [log])
    with Http(**network_of(given, given["timeout"])) as http:
        world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, http, given["timeout"])
        made = run(watcher.cosign_from(log, open_place(place)), world)
    target.write(made.note)
    if out != "-":
        say("witness-cosigned", language, name=log.name, size=made.checkpoint.size, target=out)
    return 0


@witness.command("add", cls=Command, context_settings=SETTINGS)
@address_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--witnesses", required=True, metavar="FILE", help="Whose cosignatures are taken: witness, group and"
              " quorum lines (C2SP tlog-policy).")  # fmt: skip
@lang_option
def add(address: str, schema: str | None, files: tuple[str, ...], witnesses: str, lang: Language | None) -> int:
    r"""Keep the cosignatures of checkpoints in the log at ADDRESS, whose proofs carry them from then on.

    Each is checked; those of unknown witnesses are left out.

    \b
    Examples:
      toyono-trust log witness add town.log cosigned.checkpoint --witnesses town.policy

    \b
    Exit codes:
      0 kept · 1 a file is no checkpoint of this log, or a cosignature does not fit · 64 wrong usage, or no log
      66 a file cannot be read · 69 the log is unavailable
    """
    language = lang or default_language()
    codes = []
    with opened(address, schema, language) as log:
        policy = witness_policy(witnesses, log.key)
        assert policy is not None
        for name in files:
            try:
                log.add_cosignatures(read(name, MAX_CHECKPOINT), policy)
                say("witness-added", language, file=name)
            except (TrustError, Complaint) as error:
                codes.append(fault(error, language, name))
    return worst(codes)
