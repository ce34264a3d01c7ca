"""``toyono-trust receipt``: sealed evidence of delivery (ETSI EN 319 522)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import Command, Target, complain, default_language, moment, say, time_zone
from toyono_trust.edge.options import (
    SETTINGS,
    key_options,
    lang_option,
    network_options,
    open_signer,
    stamp_options,
    stamping_of,
)
from toyono_trust.edge.words import LABELS, said

__all__ = ["receipt"]


def _list_events(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from toyono_trust.delivery.events import EVENTS

    japanese = (ctx.params.get("lang") or default_language()) == "ja"
    for event in EVENTS:
        click.echo(f"{event.group}  {event.name:34}{event.polarity:9}{event.statement[japanese]}")
    ctx.exit()


def _list_reasons(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from toyono_trust.delivery.reasons import LOCAL_PATH, REASONS

    for reason in REASONS:
        uri = f"https://…{LOCAL_PATH}{reason.uri}" if reason.status == "local" else reason.uri
        click.echo(f"{reason.group}  {reason.event:34}{uri}")
    ctx.exit()


@click.command("receipt", cls=Command, context_settings=SETTINGS)
@click.argument("event")
@click.argument("parts", nargs=-1, required=True, metavar="[NAME=]FILE...")
@click.option("--sender", required=True, metavar="ID", help="Sender, e.g. NTRJP-1234567890123 or a mail address.")
@click.option("--recipient", "recipients", required=True, multiple=True, metavar="ID", help="Recipient, in order.")
@click.option("--message-id", required=True, metavar="TEXT", help="Identifier of the message.")
@click.option("--policy-id", multiple=True, metavar="URI|OID", help="Policy of the delivery service.")
@key_options
@click.option("--event-time", metavar="RFC3339", help="When it happened.  [default: now]")
@click.option("--submission-time", metavar="RFC3339", help="When the sender handed the content in.")
@click.option("--reason", "reasons", multiple=True, metavar="URI", help="Why; required where the event is a failure.")
@click.option("--refers-to-recipient", type=click.IntRange(min=1), metavar="N", help="Which recipient, from 1.")
@click.option("--external-service", metavar="NAME[,ID]", help="The other delivery service of a relay.")
@click.option("--forwarded-to", metavar="TEXT", help="The other system that it was forwarded to.")
@click.option("--content-type", metavar="TYPE", help="Media type of the parts.  [default: application/octet-stream]")
@click.option("--identifier", metavar="URI", help="Identifier of the receipt.  [default: a random urn:uuid]")
@click.option("--out", "-o", metavar="FILE|-", help="Where the receipt goes.  [default: FILE.receipt.json]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@stamp_options
@network_options
@click.option(
    "--list-events", is_flag=True, expose_value=False, callback=_list_events,
    help="Show the 22 events and exit.",
)  # fmt: skip
@click.option(
    "--list-reasons", is_flag=True, expose_value=False, callback=_list_reasons,
    help="Show the known reasons and exit.",
)  # fmt: skip
@lang_option
def receipt(
    event: str, parts: tuple[str, ...], out: str | None, force: bool, lang: Language | None, **given: Any
) -> int:
    r"""Issue a delivery receipt for EVENT about a message of the given parts, sealed by the delivery service.

    The parts enter by their digests alone. A part is called by its file's name, or NAME. The receipt goes to
    FILE.receipt.json, after the first part, where toyono-verify finds that part beside it.

    \b
    Examples:
      toyono-trust receipt --list-events
      toyono-trust receipt ContentHandover timetable.json --sender NTRJP-1345678901234 \
          --recipient NTRJP-9234567890123 --message-id order-77 --submission-time 2026-04-01T09:00:00+09:00 \
          --policy-id 1.3.6.1.4.1.32473.522.1 --tsa http://127.0.0.1:3161/tsr \
          --key pkcs12:town/town-seal.p12 --secret-file town/password.txt
    """
    import toyono_trust

    language = lang or default_language()
    files = dict(_part(part) for part in parts)
    if len(files) < len(parts):
        raise click.UsageError("two parts have the same name; write NAME=FILE")
    target = Target(out or f"{next(iter(files.values()))}.receipt.json", force=force)
    target.check()
    by = open_signer(given["key"], given["secret_file"], given["secret_env"], given["kind"], language)
    with stamping_of(given, language) as stamping:
        made = toyono_trust.receipt(
            event,
            by=by,
            sender=given["sender"],
            recipients=given["recipients"],
            message_id=given["message_id"],
            parts={name: _content(path) for name, path in files.items()},
            **stamping,
            **_details(given),
        )
    target.write(made)
    if made.reason is not None:
        lower = said(LABELS["lower"], language, target=target.name, level=made.level, reason=made.reason)
        complain(f"{LABELS['warning'][language == 'ja']}: {lower}")
    if target.name != "-":
        say("wrote", language, source=event, target=target.name, what=f"JAdES {made.level}")
    return 0


def _part(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if equals and name and file and not Path(text).is_file():
        return name, Path(file)
    return Path(text).name, Path(text)


def _content(path: Path) -> Any:
    from toyono_trust.sources import content_of

    return content_of(path)


def _details(given: dict[str, Any]) -> dict[str, Any]:
    """What a receipt has besides parties and parts, as the verb takes it."""
    found = {name: given[name] for name in ("reasons", "refers_to_recipient", "forwarded_to", "identifier")}
    found["policy_id"] = given["policy_id"] or None
    utc = time_zone("UTC")
    for name in ("event_time", "submission_time"):
        text = given[name]
        found[name] = None if text is None else moment(text, utc, f"--{name.replace('_', '-')}")
    if given["content_type"] is not None:
        found["content_types"] = given["content_type"]
    if given["external_service"] is not None:
        from toyono_trust.delivery.receipts import Issuer

        name, _, identifier = given["external_service"].partition(",")
        found["external_service"] = Issuer(name.strip(), identifier.strip())
    return found
