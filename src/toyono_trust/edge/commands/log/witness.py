"""``toyono-trust log witness``: a second organisation's key under what a log signs."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.keys import (
    log_key,
    log_key_option,
    new_key_text,
    signing_key,
    witness_policy,
    witnesses_option,
)
from toyono_trust.edge.commands.log.openings import write_private
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.telling import fault, remembering
from toyono_trust.edge.console import USAGE, Command, Complaint, Target, default_language, read, say, worst, writing
from toyono_trust.edge.options import SETTINGS, lang_option, network_of, network_options
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.ledger.note import NoteKey

__all__ = ["witness"]

MAX_CHECKPOINT = 1 << 20


@click.group("witness", context_settings=SETTINGS)
def witness() -> None:
    """Cosign what a log signs, as another organisation: it cannot show you one history and others another."""


@witness.command("key", cls=Command, context_settings=SETTINGS, short_help="Make a witness's key.")
@click.option("--name", required=True, metavar="HOST/PATH", help="Name of the witness.")
@click.option("--key-out", required=True, metavar="FILE", help="Where its new key goes, for its owner alone.")
@lang_option
def key(name: str, key_out: str, lang: Language | None) -> int:
    r"""Make a witness's Ed25519 key; its verifier key goes to standard output, for logs and auditors.

    \b
    Examples:
      toyono-trust log witness key --name witness.county.example --key-out witness.key > witness.pub

    \b
    Exit codes:
      0 made · 64 wrong usage, or FILE is there already · 70 the key cannot be written
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


@witness.command("cosign", cls=Command, context_settings=SETTINGS, short_help="Cosign what a log's tiles show.")
@click.argument("place", metavar="DIR|URL")
@click.option("--key", required=True, metavar="FILE", help="The witness's key file.")
@log_key_option
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
    with writing(state, "--state"):
        folder.mkdir(mode=0o700, exist_ok=True)
    watcher = Witness(folder, signing_key(given["key"]), [log])
    with Http(**network_of(given, given["timeout"])) as http:
        world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, http, given["timeout"])
        with remembering(state):
            made = run(watcher.cosign_from(log, open_place(place)), world)
    target.write(made.note)
    if out != "-":
        say("witness-cosigned", language, name=log.name, size=made.checkpoint.size, target=out)
    return 0


@witness.command("add", cls=Command, context_settings=SETTINGS, short_help="Keep cosignatures in the log.")
@address_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@witnesses_option("Whose cosignatures are taken", required=True)
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


@witness.command("ask", cls=Command, context_settings=SETTINGS, short_help="Ask a witness at a URL to cosign.")
@address_argument
@click.argument("url", metavar="URL")
@witnesses_option("Whose cosignatures are taken", required=True)
@click.option("--witness", "name", metavar="NAME|KEY", help="Which of them is asked.  [default: the only one]")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="Time allowed for the network.")  # fmt: skip
@network_options
@lang_option
def ask(
    address: str, url: str, schema: str | None, witnesses: str, name: str | None, lang: Language | None, **given: Any
) -> int:
    r"""Ask the witness at URL to cosign the last checkpoint of the log at ADDRESS, and keep its cosignature there.

    URL is what the witness's operator calls its submission prefix (C2SP tlog-witness). The log proves to the witness
    that it continues what was cosigned last. The answer is checked under the key that --witnesses names, and kept as
    log witness add does. The witness must know the log: give its operator the log's verifier key first.

    \b
    Examples:
      toyono-trust log witness ask town.log https://witness.county.example/ --witnesses town.policy
      toyono-trust log witness ask town.log https://w.example/ --witnesses town.policy --witness witness.county.example

    \b
    Exit codes:
      0 kept · 1 the answer is no cosignature of that witness · 64 wrong usage, no log, or nothing is signed yet
      66 a file cannot be read · 69 the witness cannot be reached or does not cosign, or the log is unavailable
      or damaged
    """
    from toyono_trust import Http
    from toyono_trust.ledger.checkpoint import open_checkpoint
    from toyono_trust.ledger.cosigning import request_cosignature
    from toyono_trust.steps import World, run

    language = lang or default_language()
    if not url.lower().startswith(("http://", "https://")) or any(each in "?#" or each.isspace() for each in url):
        raise click.UsageError("URL: name the witness's address, http(s)://…, without a query")
    with opened(address, schema, language) as log:
        policy = witness_policy(witnesses, log.key)
        assert policy is not None
        asked = _one(policy, name, witnesses)
        note = log.latest_checkpoint()
        if note is None:
            raise Complaint(USAGE, "nothing-signed", name=log.origin)
        with Http(**network_of(given, given["timeout"])) as http:
            world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, http, given["timeout"])
            cosigned = run(request_cosignature(url, note, log.key, asked, log.prove_consistency), world)
        log.add_cosignatures(cosigned, policy)
        size = open_checkpoint(note, log.key).checkpoint.size
    say("witness-answered", language, name=asked.name, size=size)
    return 0


def _one(policy: WitnessPolicy, name: str | None, file: str) -> NoteKey:
    """The witness of a policy that has this name or is this key; without a name the only one."""
    found = [one for one in policy.witnesses if name is None or name in (one.name, one.text)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(one.name for one in policy.witnesses)
    if not found:
        raise click.UsageError(f"--witness: {file} asks for no witness {name!r}, but for {known}")
    raise click.UsageError(f"--witness: {file} asks for several: {known}; name the one at URL, by its key if need be")
