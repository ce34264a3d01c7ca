"""``toyono-trust log create``: a log, its Ed25519 key, and the charter by which an organisation certifies that key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.places import address_argument, checked_address, shown, without_password
from toyono_trust.edge.console import Command, Complaint, Target, complain, default_language, json_line, say, writing
from toyono_trust.edge.options import (
    SETTINGS,
    joined,
    lang_option,
    network_options,
    open_signer,
    secret_options,
    stamp_options,
    stamping_of,
)
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import MisuseError

if TYPE_CHECKING:
    from toyono_trust.formats.model import Signed
    from toyono_trust.ledger.note import NoteKey, NoteSigner

__all__ = ["create"]

_by = joined(
    click.option("--by", metavar="URI", help="Key of the organisation that runs the log, as --key of seal: it seals"
                 " the charter, which every proof carries."),
    secret_options,
)  # fmt: skip


@click.command("create", cls=Command, context_settings=SETTINGS)
@address_argument
@click.option("--name", metavar="HOST/PATH", help="Name of the log, for ever: what its checkpoints begin with.")
@click.option("--key-out", metavar="FILE", help="Where the log's new key goes; the file is for its owner alone.")
@click.option("--key", metavar="FILE", help="A key file that is there already, instead of --name and --key-out.")
@_by
@stamp_options
@network_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="The verifier key, or one JSON object.")  # fmt: skip
@lang_option
def create(address: str, schema: str | None, format: str, lang: Language | None, **given: Any) -> int:
    r"""Make a log at ADDRESS: a SQLite file, or postgresql://… for a schema of a database.

    The log signs with an Ed25519 key of its own, which is made here and never shown; its verifier key goes to standard
    output, and is what auditors, monitors and witnesses know the log by. With --by an organisation seals that key, so
    that whoever trusts the organisation trusts the log's proofs. Nothing is replaced: log and key file must be new.

    \b
    Examples:
      toyono-trust log create town.log --name log.town.example --key-out log.key > log.pub
      toyono-trust log create postgresql://log@db.town.example/evidence --name log.town.example/2026 \
          --key-out log.key --by pkcs12:town/town-seal.p12 --secret-file town/password.txt

    \b
    Exit codes:
      0 made · 1 what the key or the authority returned does not verify · 64 wrong usage, or something is there already
      66 a file cannot be read · 69 the database or the authority is unavailable · 70 log or key cannot be written
    """
    language = lang or default_language()
    if (given["key"] is None) == (given["key_out"] is None) or (given["name"] is None) != (given["key_out"] is None):
        raise click.UsageError("give --name and --key-out for a new key, or --key FILE for one that is there")
    if given["by"] is None and (given["secret_file"] or given["secret_env"] or given["level"] or given["tsa"]):
        raise click.UsageError(
            "--secret-file, --secret-env, --level and --tsa are about the seal: name who seals, --by"
        )
    options = checked_address(address, schema, language)
    signer, text = _key(given)
    charter = None if given["by"] is None else _charter(signer.key, given, language)
    _make(address, signer.key, bytes(charter or b""), text, given["key_out"], options, language)
    _tell(address, signer.key, charter, given, format, language)
    return 0


def _key(given: dict[str, Any]) -> tuple[NoteSigner, str]:
    """The log's key, and the text of its new file; that is empty where the file is there."""
    from toyono_trust.edge.commands.log.keys import new_key_text, signing_key
    from toyono_trust.ledger.note import ED25519
    from toyono_trust.ledger.signing_key import read_signing_key

    if given["key"] is not None:
        return signing_key(given["key"]), ""
    Target(given["key_out"], option="--key-out").check()
    if given["key_out"] == "-":
        raise click.UsageError("--key-out: name a file; a key is never shown")
    text = new_key_text(given["name"], ED25519)
    return read_signing_key(text), text


def _charter(key: NoteKey, given: dict[str, Any], language: Language) -> Signed:
    from toyono_trust import seal
    from toyono_trust.ledger.charter import statement

    by = open_signer(given["by"], given["secret_file"], given["secret_env"], given["kind"], language)
    with stamping_of(given, language) as stamping:
        return seal(statement(key), by=by, format="jades", **stamping)


def _make(
    address: str,
    key: NoteKey,
    charter: bytes,
    text: str,
    key_file: str | None,
    options: dict[str, str],
    language: Language,
) -> None:
    """Key file first: a log whose key is lost can never sign. Where there surely is no log, its new key goes again."""
    from toyono_trust.edge.commands.log.openings import write_private
    from toyono_trust.ledger.log import EvidenceLog

    if key_file is not None:
        write_private(key_file, f"{text}\n".encode(), "--key-out")
    try:
        with writing(address, "ADDRESS"), without_password(address):
            EvidenceLog.create(address, key, charter, **options).close()
    except (MisuseError, Complaint):
        if key_file is not None:
            Path(key_file).unlink(missing_ok=True)
        raise
    except BaseException:  # the log may be there all the same
        if key_file is not None:
            say("log-key-kept", language, file=key_file)
        raise


def _tell(
    address: str, key: NoteKey, charter: Signed | None, given: dict[str, Any], format: str, language: Language
) -> None:
    if charter is not None and charter.reason is not None:
        lower = said(LABELS["lower"], language, target=key.name, level=charter.level, reason=charter.reason)
        complain(f"{LABELS['warning'][language == 'ja']}: {lower}")
    if format == "json":
        level = None if charter is None else charter.level
        value = {"log": key.text, "name": key.name, "address": shown(address), "charter": level}
        click.echo(json_line(value))
        return
    click.echo(key.text)
    say("log-made", language, name=key.name, address=shown(address))
    if given["key_out"] is not None:
        say("log-key", language, file=given["key_out"])
    if charter is None:
        say("log-no-charter", language)
    elif charter.level == "B-B":
        say("log-charter-undated", language)
