"""``toyono-trust verify``, also installed as ``toyono-verify``: verdicts for people and programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.bulk.options import bulk_options, is_bulk
from toyono_trust.edge.bulk.options import run as run_bulk
from toyono_trust.edge.console import Command, Target, default_language, moment, read, time_zone, worst
from toyono_trust.edge.judging import Judge, Outcome, Setting, evidence_place, extract_place, logs_of
from toyono_trust.edge.options import POLICY, SETTINGS, lang_option, network_of, network_options, trust_paths
from toyono_trust.edge.sheet import Sheet, report_options

if TYPE_CHECKING:
    from toyono_trust.edge.batch import File

__all__ = ["verify"]


@click.command("verify", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, metavar="FILE...|DIR")
@click.option("--trust", multiple=True, metavar="PATH", help="Trust folder, packed folder or root certificate.")
@click.option("--log-key", "logs", multiple=True, metavar="KEY|FILE", help="Evidence log that is trusted by its key.")
@click.option("--policy", metavar="FILE|NAME", help=f"Validation policy: {POLICY}")
@click.option("--content", "contents", multiple=True, metavar="FILE|DIR", help="What detached signatures cover.")
@click.option("--at", metavar="DATE|RFC3339", help="Validation time; a date is its last second.  [default: now]")
@click.option(
    "--simulate",
    is_flag=True,
    help="Say what would be at a later --at, if nothing is added and nothing more revoked; this is no verdict.",
)
@click.option("--online", is_flag=True, help="Fetch missing certificates, CRLs and OCSP responses first.")
@network_options
@click.option(
    "--save-evidence",
    "evidence",
    metavar="FILE|DIR",
    help="Write what the verdict was made of; see toyono-trust judge.",
)
@click.option("--tz", "zone", metavar="ZONE", help="Time zone of texts, e.g. Asia/Tokyo.  [default: this machine's]")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "html", "pdf", "etsi-xml", "csv"]),
    default="text",
    show_default=True,
    help="Text or a page (HTML, PDF) for people, one JSON object per line for each file, or ETSI TS 119 102-2 (XML); "
    "of a folder also CSV.",
)
@report_options
@lang_option
@click.option("--extract", metavar="DIR", help="Write what passed signatures cover to DIR; of a PDF each revision.")
@click.option("--password-file", metavar="FILE", help="File whose first line is the password of encrypted PDFs.")
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Worker processes.  [default: 1; of a folder one for each core]"
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Time for one file; its worker process is ended then.  [default: no limit]",
)
@bulk_options
def verify(
    files: tuple[str, ...],
    trust: tuple[str, ...],
    contents: tuple[str, ...],
    lang: Language | None,
    jobs: int | None,
    timeout: float | None,
    **given: Any,
) -> int:
    r"""Verify signatures, seals, delivery receipts and time stamps; offline, unless --online is given.

    FILE is a signed file (PDF, JAdES, CAdES, JWS, CMS), a delivery receipt, a time stamp, an evidence record or the
    proof of an entry of an evidence log; "-" is standard input. Without trust nobody is trusted, and nothing can pass.
    For a detached x.p7s, x.jws, x.jws.json, x.tst, x.ers or x.proof the file x beside it is used where --content names
    nothing; for a receipt x its proof x.proof. Without --trust the variable TOYONO_TRUST is used.

    DIR is a folder of records, which are verified together and reported once, failures first; an index file in it
    (index.csv: file,date,counterparty,amount) lets them be found. Files with .proof or .opening after the name of a
    record show its entry in an evidence log. The ADDRESS of --log is its SQLite file, or postgresql://… for a database.

    \b
    Examples:
      toyono-verify order.json.jws --trust town/trust
      toyono-verify contract.pdf.p7s --content contract.pdf --trust root.pem --lang ja --tz Asia/Tokyo
      toyono-verify *.jws --trust town/trust --format json --jobs 4 --timeout 10 > reports.jsonl
      toyono-verify *.p7s --trust town/trust --format html --lang ja --out report.html
      toyono-verify contract.pdf --trust root.pem --online --save-evidence contract.evidence.zip
      toyono-verify contract.pdf --trust town/trust --at 2045-01-01 --simulate
      toyono-verify *.p7s --trust town/trust --format etsi-xml --out reports/ --seal-report pkcs12:seal.p12
      toyono-verify records/ --trust trust.zip --from 2027-04-01 --to 2027-06-30 --format html --out audit.html
      toyono-verify records/ --trust trust.zip --amount 100000.. --format csv --out audit.csv --resume audit.journal
      toyono-verify records/ --trust trust.zip --log town.log --from 2027-04-01 --to 2027-06-30
      curl -s https://example.jp/feed.jws | toyono-verify - --trust town/trust --at 2026-04-01

    \b
    Exit codes:
      0 everything passed · 1 something failed or is broken · 2 undecided, or no format known here
      64 wrong usage · 66 a file cannot be read · 69 time is up · 70 internal error · 130 interrupted
      Of several files the first that occurs of 70, 66, 69, 64, 1, 2, 0 counts.
    """
    language = lang or default_language()
    if files.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    setting = _setting(trust_paths(trust, language), contents, language, **given)
    if is_bulk(files, given):
        return _bulk(files, setting, {**given, "contents": contents, "jobs": jobs, "timeout": timeout}, language)
    if not files:
        raise click.UsageError("Missing argument 'FILE...'.")
    _check_places(files, setting)
    sheet = Sheet.of(given, setting, files)
    sheet.check()
    codes = []
    found = _ordered(_outcomes(files, setting, jobs or 1, timeout), len(files), language)
    for name, outcome in zip(files, found, strict=True):
        codes.append(outcome.code)
        sheet.take(outcome, name)
    sheet.close()
    return worst(codes)


def _bulk(files: tuple[str, ...], setting: Setting, given: dict[str, Any], language: Language) -> int:
    """A folder or a log, with one report."""
    sheet = Sheet.of(given, setting, ())
    sheet.check()
    return run_bulk(files, setting, sheet, given, language)


def _setting(
    trust: tuple[str, ...],
    contents: tuple[str, ...],
    language: Language,
    *,
    at: str | None,
    zone: str | None,
    format: str,
    password_file: str | None,
    online: bool,
    **given: Any,
) -> Setting:
    """The options as workers take them."""
    when = None if at is None else moment(at, time_zone(zone), "--at")
    if given["simulate"]:
        _check_simulation(when, given["extract"], format)
    if not online and (given["cache"] or given["allow_private"] or given["hosts"] or given["proxy"]):
        raise click.UsageError("--cache, --allow-private, --host and --proxy are for --online")
    return Setting(
        trust=trust,
        policy=given["policy"],
        contents=contents,
        at=when,
        zone=zone,
        format=format,
        language=language,
        colour=format == "text" and given["out"] == "-" and _colourful(),
        extract=given["extract"],
        password=None if password_file is None else read(password_file).split(b"\n", 1)[0].removesuffix(b"\r"),
        simulate=given["simulate"],
        evidence=given["evidence"],
        network=network_of(given, FETCH_SECONDS) if online else None,
        logs=logs_of(given["logs"]),
    )


def _check_simulation(at: datetime | None, extract: str | None, format: str) -> None:
    """Refuse what would make a forecast look like a verdict."""
    if at is None or at < datetime.now(UTC):
        raise click.UsageError("--simulate needs a later time: --at")
    if extract is not None:
        raise click.UsageError("--extract is for what has passed; --simulate only says what would")
    if format == "etsi-xml":
        raise click.UsageError("--format etsi-xml is for validations; a simulation is none")


FETCH_SECONDS = 10.0
"""For one answer of one server."""


def _check_places(files: tuple[str, ...], setting: Setting) -> None:
    """Refuse before any work what would replace a file, or write two contents to one place."""
    wanted = ((extract_place, setting.extract, "--extract"), (evidence_place, setting.evidence, "--save-evidence"))
    for place_of, folder, option in wanted:
        places = [] if folder is None else [place_of(name, folder) for name in files]
        if len(set(places)) < len(places):
            raise click.UsageError(f"{option}: two files would be written to the same place; name a folder")
        for place in places:
            Target(place, option=option).check()


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _outcomes(
    files: tuple[str, ...], setting: Setting, jobs: int, timeout: float | None
) -> Iterator[tuple[int, Outcome]]:
    """In this process where nothing else was asked for; else in workers, after the setting has proved to load."""
    judge = Judge(setting)
    if timeout is None and (jobs == 1 or len(files) == 1):
        for index, name in enumerate(files):
            yield index, judge.outcome("-", _standard_input()) if name == "-" else judge.outcome(name)
        return
    from toyono_trust.edge.batch import outcomes

    yield from outcomes([_file(name) for name in files], setting, jobs=jobs, timeout=timeout)


def _file(name: str) -> File:
    from toyono_trust.edge.batch import File

    return File(name, _standard_input() if name == "-" else None)


def _standard_input() -> bytes:
    from toyono_trust.sources import octets_of

    return octets_of(sys.stdin.buffer)


def _ordered(found: Iterator[tuple[int, Outcome]], count: int, language: Language) -> Iterator[Outcome]:
    """Outcomes in the order of the files, whatever the order in which they come."""
    early: dict[int, Outcome] = {}
    following = 0
    with _progress(count, language) as advance:
        for index, outcome in found:
            early[index] = outcome
            advance()
            while following in early:
                yield early.pop(following)
                following += 1


def _progress(count: int, language: Language) -> Any:
    from toyono_trust.edge.progress import progress

    return progress(count, language)
