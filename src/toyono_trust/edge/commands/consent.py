"""``toyono-trust consent``: whether a resident's consent covers an exchange, and the page that the resident gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    FAILED,
    Command,
    Target,
    default_language,
    json_line,
    lines,
    moment,
    read,
    say,
    time_zone,
)
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.errors import MalformedError

__all__ = ["consent"]

_Read = TypeVar("_Read")

_ANSWERS = {True: ("covered", "同意の範囲内です"), False: ("not covered", "同意の範囲に含まれません")}


@click.group("consent", context_settings=SETTINGS)
def consent() -> None:
    """A resident's consent to exchanges of data, and what the resident is told of them."""


@consent.command("check", cls=Command, context_settings=SETTINGS)
@click.argument("consent_file", metavar="CONSENT")
@click.argument("use_file", metavar="USE")
@click.option("--earlier", metavar="FILE", help="Earlier uses, one a line.")
@click.option("--revocation", "revocations", multiple=True, metavar="FILE", help="A revocation.")
@click.option("--at", metavar="RFC3339", help="When.  [default: the time of the use]")
@click.option("--tz", metavar="ZONE", help="Zone of times that are shown.  [default: this machine's]")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or one JSON object.",
)
@lang_option
def check(
    consent_file: str,
    use_file: str,
    earlier: str | None,
    revocations: tuple[str, ...],
    at: str | None,
    tz: str | None,
    format: str,
    lang: Language | None,
) -> int:
    r"""Say whether CONSENT covers USE, and if not, every reason why. The exit code is 1 where it does not.

    Both are statements as they were taken out of their seals: verify these first (toyono-verify --extract), nothing
    about signatures is looked at here.

    \b
    Examples:
      toyono-trust consent check consent.json use.json
      toyono-trust consent check consent.json use.json --earlier uses.jsonl --revocation revoked.json --lang ja
    """
    from toyono_trust.delivery.consent import covers, read_consent, read_revocation, read_use
    from toyono_trust.delivery.statements import MAX_STATEMENT

    language, zone = lang or default_language(), time_zone(tz)
    found = covers(
        _statement(consent_file, read_consent),
        _statement(use_file, read_use),
        None if at is None else moment(at, zone, "--at"),
        earlier=map(read_use, () if earlier is None else lines(earlier, MAX_STATEMENT)),
        revocations=[_statement(name, read_revocation) for name in revocations],
    )
    if format == "json":
        reasons = [
            {"code": one.code, "subject": one.subject, "text": one.text, "remedy": one.remedy} for one in found.reasons
        ]
        click.echo(json_line({"covered": found.covered, "reasons": reasons}))
    else:
        click.echo(_ANSWERS[found.covered][language == "ja"])
        if found.reasons:
            click.echo(found.text_in(language, zone))
    return 0 if found.covered else FAILED


@consent.command("page", cls=Command, context_settings=SETTINGS)
@click.argument("notice", metavar="NOTICE")
@click.option("--out", "-o", metavar="FILE|-", help="Where the page goes.  [default: NOTICE.pdf]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--font", metavar="FILE", help="Font file with Japanese characters; needed for Japanese.")
@click.option(
    "--page",
    "pages",
    type=click.Choice(["ja", "en"]),
    multiple=True,
    help="A language of its pages, one after the other.  [default: ja, en]",
)
@click.option("--tz", metavar="ZONE", default="Asia/Tokyo", show_default=True, help="Zone of its times.")
@lang_option
def page(
    notice: str,
    out: str | None,
    force: bool,
    font: str | None,
    pages: tuple[Language, ...],
    tz: str,
    lang: Language | None,
) -> int:
    r"""Make the page (PDF) of NOTICE, the statement that tells a resident which data went where.

    Its foot has room for a visible seal: 338,64,193,66 on the last page.

    \b
    Examples:
      toyono-trust consent page notice.json --font NotoSansJP-Regular.otf
      toyono-trust consent page notice.json --page en -o notice.en.pdf
    """
    from toyono_trust.delivery.consent import read_resident_receipt
    from toyono_trust.edge.consent_paper import consent_paper

    language = lang or default_language()
    target = Target(out or f"{Path(notice).with_suffix('')}.pdf", force=force)
    target.check()
    told = _statement(notice, read_resident_receipt)
    target.write(consent_paper(told, zone=time_zone(tz), font=font, languages=pages or ("ja", "en")))
    if target.name != "-":
        say("wrote", language, source=notice, target=target.name, what="PDF")
    return 0


def _statement(name: str, reader: Callable[[bytes], _Read]) -> _Read:
    """A statement out of a file, which an error names. Raises what ``reader`` raises."""
    from toyono_trust.delivery.statements import MAX_STATEMENT

    octets = read(name, MAX_STATEMENT + 1)
    try:
        return reader(octets)
    except MalformedError as error:
        from toyono_trust.formats import registry

        hint = error.hint
        if registry.detect(octets) is not None:
            hint = (
                "it is sealed: verify it, and take out what is sealed, with toyono-verify FILE --trust … --extract DIR"
            )
        raise MalformedError(error.code, f"{name}: {error.message}", hint) from error
