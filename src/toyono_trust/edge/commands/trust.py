"""``toyono-trust trust``: what a trust folder holds and what lapses when, fresh revocation data, one file of it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    INTERNAL,
    UNAVAILABLE,
    Command,
    Complaint,
    Target,
    complain,
    default_language,
    describe,
    json_line,
    read,
    time_zone,
    write,
)
from toyono_trust.edge.options import SETTINGS, lang_option

if TYPE_CHECKING:
    from toyono_trust import TrustStore
    from toyono_trust.validation.report import Finding

__all__ = ["trust"]


@click.group("trust", context_settings=SETTINGS)
def trust() -> None:
    """Show, update or pack a trust folder."""


@trust.command("show", cls=Command, context_settings=SETTINGS)
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...")
@click.option("--tz", "zone", metavar="ZONE", help="Time zone of texts.  [default: this machine's]")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@lang_option
def show(paths: tuple[str, ...], zone: str | None, format: str, lang: Language | None) -> int:
    r"""Show both digests, the anchors, the evidence logs with who must cosign them, and what lapses when.

    \b
    Example:
      toyono-trust trust show town/trust
    """
    from toyono_trust import TrustStore

    store = TrustStore.load(*paths)
    if format == "json":
        click.echo(json_line(_value(store)))
        return 0
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.report import local_time

    at, local = datetime.now(UTC), time_zone(zone)
    _digests(store)
    for anchor in store.anchors:
        span = "" if anchor.not_after is None else f" until {local_time(anchor.not_after, local)[:10]}"
        click.echo(f"anchor        {safe(anchor.certificate.subject)} ({', '.join(sorted(anchor.purposes))}{span})")
        click.echo(f"              sha256:{anchor.certificate.sha256.hex()}")
    for certificate in store.intermediates:
        click.echo(f"intermediate  {safe(certificate.subject)}")
    for log in store.logs:
        click.echo(f"log           {safe(log.key)}")
        if log.needed:
            names = ", ".join(_name(key) for key in log.witnesses)
            click.echo(f"{'':14}cosigned by {log.needed} of {len(log.witnesses)} witnesses: {names}")
    for lapse in store.lapses():
        left = (lapse.when - at).days
        note = "LAPSED" if lapse.when <= at else f"{left} days"
        click.echo(f"lapses        {local_time(lapse.when, local)} ({note})  {safe(lapse.what)}")
    _tell_notes(store, lang or default_language())
    return 0


def _name(key: str) -> str:
    """The name in a verifier key."""
    from toyono_trust.validation.render import safe

    return safe(key.split("+", 1)[0])


def _digests(store: TrustStore) -> None:
    click.echo(f"trust         {store.digest}")
    click.echo(f"revocation    {store.revocation_digest}")


def _tell_notes(store: TrustStore, language: Language) -> None:
    from toyono_trust.validation.report import Finding

    for code, source, values in store.notes:
        _tell("note", Finding(code, "inform", source, values), language)


def _tell(label: str, finding: Finding, language: Language) -> None:
    from toyono_trust.validation.render import safe

    subject = f"{safe(finding.subject)}: " if finding.subject else ""
    click.echo(f"{label:14}{subject}{safe(finding.text_in(language))} [{finding.code}]")
    click.echo(f"{'':14}{safe(finding.remedy_in(language))}")


def _value(store: TrustStore) -> dict[str, Any]:
    from toyono_trust.validation.render import utc

    return {
        "digest": store.digest,
        "revocation_digest": store.revocation_digest,
        "valid_until": utc(store.valid_until),
        "anchors": [
            {
                "subject": anchor.certificate.subject,
                "certificate_sha256": anchor.certificate.sha256.hex(),
                "purposes": sorted(anchor.purposes),
                "not_before": utc(anchor.not_before),
                "not_after": utc(anchor.not_after),
            }
            for anchor in store.anchors
        ],
        "intermediates": [
            {"subject": each.subject, "certificate_sha256": each.sha256.hex()} for each in store.intermediates
        ],
        "logs": [
            {"key": log.key, "witnesses_needed": log.needed, "witnesses": list(log.witnesses)} for log in store.logs
        ],
        "lapses": [{"what": lapse.what, "when": utc(lapse.when)} for lapse in store.lapses()],
        "notes": [{"code": code, "source": source} for code, source, _ in store.notes],
    }


@trust.command("update", cls=Command, context_settings=SETTINGS)
@click.argument("folder", metavar="DIR")
@click.option(
    "--within",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="Renew what lapses within so many days.",
)
@click.option("--known", multiple=True, metavar="FILE", help="Certificate or signed file that names addresses.")
@click.option("--allow-private", is_flag=True, help="Fetch from private and loopback addresses found in certificates.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Time allowed for the network.",
)
@lang_option
def update(
    folder: str, within: float, known: tuple[str, ...], allow_private: bool, timeout: float, lang: Language | None
) -> int:
    r"""Fetch the CRLs and OCSP responses that are about to lapse into DIR/revocation.

    What comes back is read before it is written, each file is replaced as a whole, and what is not needed any more is
    left alone. Exit code 69 where something could not be fetched.

    \b
    Example:
      toyono-trust trust update town/trust --within 400 --known order.json.jws --allow-private
    """  # fmt: skip
    from toyono_trust import Http, TrustStore
    from toyono_trust.edge.facts import certificates_of
    from toyono_trust.pki.renewal import renew
    from toyono_trust.steps import World, run
    from toyono_trust.validation.report import Finding

    language = lang or default_language()
    if not Path(folder).is_dir():
        raise click.UsageError(f"{folder} is not a folder; a packed file cannot be updated")
    store = TrustStore.load(folder)
    before = datetime.now(UTC) + timedelta(days=within)
    certificates = [certificate for name in known for certificate in certificates_of(name, read(name))]
    with Http(timeout=timeout, allow_private=allow_private) as http:
        world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, http, timeout)
        renewal = run(renew(store, before, certificates), world)
    target = Path(folder, "revocation")
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        raise Complaint(INTERNAL, "unwritable", file=str(target), reason=error.strerror or str(error)) from error
    for name, data in renewal.files:
        write(str(target / name), data)
        click.echo(f"fetched       {target / name}")
    for what in renewal.unknown:
        _tell("no address", Finding("trust.no-address", "warn", "", {"what": what}), language)
    for url, failure in renewal.failed:
        complain(f"{url}\n{describe(failure, language)}")
    _digests(TrustStore.load(folder))
    return UNAVAILABLE if renewal.failed else 0


@trust.command("pack", cls=Command, context_settings=SETTINGS)
@click.argument("folder", metavar="DIR")
@click.option("--out", "-o", metavar="FILE|-", help="Where the file goes.  [default: DIR.zip]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@lang_option
def pack(folder: str, out: str | None, force: bool, lang: Language | None) -> int:
    r"""Pack a trust folder into one file for an auditor without network; --trust takes it as it takes the folder.

    The same folder always gives the same octets.

    \b
    Examples:
      toyono-trust trust pack town/trust --out trust-2026-04.zip
      toyono-verify order.json.jws --trust trust-2026-04.zip
    """
    from toyono_trust import TrustStore
    from toyono_trust.pki.anchors import pack as packed

    target = Target(out or f"{folder.rstrip('/' + os.sep)}.zip", force=force)
    target.check()
    data = packed(folder)
    target.write(data)
    if target.name != "-":
        click.echo(f"packed        {target.name} ({len(data)} bytes)")
        _digests(TrustStore.load(target.name))
    return 0
