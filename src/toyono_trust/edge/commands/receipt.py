"""``toyono-trust receipt``: sealed evidence of delivery (ETSI EN 319 522)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.going import span
from toyono_trust.edge.commands.log.places import schema_option
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

if TYPE_CHECKING:
    from toyono_trust.formats.model import Signed

__all__ = ["receipt"]

CLOCKS = timedelta(minutes=5)
"""By how much the clock of whoever tells a time may be ahead."""


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
@click.option("--form", type=click.Choice(["json", "xml"]), default="json", show_default=True,
              help="JSON with its seal inside, or the standard's XML with its seal beside it (.p7s).")  # fmt: skip
@click.option("--log", metavar="ADDRESS", help="Evidence log that the receipt enters before it is sealed; see log.")
@click.option("--log-key-file", metavar="FILE", help="The log's key file, with which the log promises the entry.")
@schema_option
@click.option("--merge-delay", callback=span, default="1h", show_default=True, metavar="SPAN",
              help="With --log: by when a checkpoint is promised.")  # fmt: skip
@click.option("--out", "-o", metavar="FILE|-", help="Where the receipt goes.  [default: FILE.receipt.json or .xml]")
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

    With --log the receipt enters an evidence log first, and carries the log's signed promise; what opens its entry
    goes to FILE.receipt.json.opening, for its owner alone. A receipt that cannot enter the log is not issued.

    \b
    Examples:
      toyono-trust receipt --list-events
      toyono-trust receipt ContentHandover timetable.json --sender NTRJP-1345678901234 \
          --recipient NTRJP-9234567890123 --message-id order-77 --submission-time 2026-04-01T09:00:00+09:00 \
          --policy-id 1.3.6.1.4.1.32473.522.1 --tsa http://127.0.0.1:3161/tsr \
          --key pkcs12:town/town-seal.p12 --secret-file town/password.txt
      toyono-trust receipt SubmissionAcceptance order.json --sender NTRJP-1345678901234 \
          --recipient NTRJP-9234567890123 --message-id order-78 --submission-time 2026-04-01T09:00:00+09:00 \
          --policy-id 1.3.6.1.4.1.32473.522.1 --log town.log --log-key-file log.key \
          --key pkcs12:town/town-seal.p12 --secret-file town/password.txt
    """
    import toyono_trust

    language = lang or default_language()
    files = dict(_part(part) for part in parts)
    if len(files) < len(parts):
        raise click.UsageError("two parts have the same name; write NAME=FILE")
    place = out or f"{next(iter(files.values()))}.receipt.{given['form']}"
    targets = _targets(place, given, force=force)
    for target in targets.values():
        target.check()
    details = _details(given)
    by = open_signer(given["key"], given["secret_file"], given["secret_env"], given["kind"], language)
    with stamping_of(given, language) as stamping, _book(given, language) as book:
        made = toyono_trust.receipt(
            event,
            by=by,
            sender=given["sender"],
            recipients=given["recipients"],
            message_id=given["message_id"],
            parts={name: _content(path) for name, path in files.items()},
            form=given["form"],
            **book,
            **stamping,
            **details,
        )
    _write(made, targets)
    _tell(made, event, place, language)
    _tell_submission(event, details, language)
    return 0


def _targets(place: str, given: dict[str, Any], *, force: bool) -> dict[str, Target]:
    """Where the receipt goes, and beside it its seal and its opening, as far as there are any."""
    found = {"receipt": Target(place, force=force)}
    if place == "-" and (given["form"] == "xml" or given["log"] is not None):
        raise click.UsageError("--out: name a file; something goes beside the receipt")
    if given["form"] == "xml":
        found["seal"] = Target(f"{place}.p7s", force=force)
    if given["log"] is not None:
        found["opening"] = Target(f"{place}.opening")  # of another entry, which it alone opens: never replaced
    return found


@contextmanager
def _book(given: dict[str, Any], language: Language) -> Iterator[dict[str, Any]]:
    """The log that the receipt enters, as the verb takes it."""
    if (given["log"] is None) != (given["log_key_file"] is None):
        raise click.UsageError("--log and --log-key-file are given together")
    if given["log"] is None:
        yield {}
        return
    from toyono_trust.edge.commands.log.keys import signing_key
    from toyono_trust.edge.commands.log.places import opened
    from toyono_trust.ledger.issuing import ReceiptLog

    signer = signing_key(given["log_key_file"])
    with opened(given["log"], given["schema"], language) as log:
        yield {"log": ReceiptLog(log, signer, timedelta(seconds=given["merge_delay"]))}


def _write(made: Signed, targets: dict[str, Target]) -> None:
    """The opening first: without it nobody can show what the entry is."""
    from toyono_trust.delivery.sealed import SealedXml
    from toyono_trust.edge.commands.log.openings import write_private

    if "opening" in targets:
        write_private(targets["opening"].name, made.entry.opening, "--out")
    if isinstance(made, SealedXml):
        targets["receipt"].write(made.xml)
        targets["seal"].write(made)
    else:
        targets["receipt"].write(made)


def _tell(made: Signed, event: str, place: str, language: Language) -> None:
    if made.reason is not None:
        lower = said(LABELS["lower"], language, target=place, level=made.level, reason=made.reason)
        complain(f"{LABELS['warning'][language == 'ja']}: {lower}")
    if place == "-":
        return
    names = {"jades": "JAdES", "cades": "CAdES"}
    say("wrote", language, source=event, target=place, what=f"{names[made.format]} {made.level}")
    if made.entry is not None:
        say("log-entered", language, index=made.entry.position, opening=f"{place}.opening")


def _tell_submission(event: str, details: dict[str, Any], language: Language) -> None:
    """The time of submission that nobody named, which later receipts of the message must repeat."""
    from toyono_trust.delivery import events

    known = events.find(event)
    if details["submission_time"] is None and known is not None and known.group == "A":
        say("submitted", language, time=details["event_time"].isoformat())


def _instant(text: str, zone: tzinfo, option: str) -> datetime:
    """A time that a receipt states: to the second, not a whole day, and not in the future."""
    at = moment(text, zone, option)
    if len(text) == len("2026-04-01"):
        raise click.UsageError(f"{option}: a receipt states an instant; write for example {text}T09:00:00+09:00")
    if at > datetime.now(UTC) + CLOCKS:
        raise click.UsageError(f"{option}: {text} has not come yet; a receipt states what has happened")
    return at


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
        found[name] = None if text is None else _instant(text, utc, f"--{name.replace('_', '-')}")
    if found["event_time"] is None:
        found["event_time"] = datetime.now(UTC).replace(microsecond=0)
    if given["content_type"] is not None:
        found["content_types"] = given["content_type"]
    if given["external_service"] is not None:
        from toyono_trust.delivery.receipts import Issuer

        name, _, identifier = given["external_service"].partition(",")
        found["external_service"] = Issuer(name.strip(), identifier.strip())
    return found
