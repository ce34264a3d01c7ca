"""``toyono-trust verify``, also installed as ``toyono-verify``: verdicts for people and programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import Command, Target, default_language, moment, time_zone, worst
from toyono_trust.edge.judging import Judge, Outcome, Setting, extract_place
from toyono_trust.edge.options import SETTINGS, lang_option, trust_paths

if TYPE_CHECKING:
    from toyono_trust.edge.batch import File

__all__ = ["verify"]


@click.command("verify", cls=Command, context_settings=SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--trust", multiple=True, metavar="PATH", help="Trust folder, packed folder or root certificate.")
@click.option("--policy", metavar="FILE", help="Validation policy (TOML).  [default: the one of this release]")
@click.option("--content", "contents", multiple=True, metavar="FILE|DIR", help="What detached signatures cover.")
@click.option("--at", metavar="DATE|RFC3339", help="Validation time; a date is its last second.  [default: now]")
@click.option("--tz", "zone", metavar="ZONE", help="Time zone of texts, e.g. Asia/Tokyo.  [default: this machine's]")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or one JSON object per line for each file.",
)
@lang_option
@click.option("--extract", metavar="DIR", help="Write what passed attached signatures cover to DIR.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Time for one file; its worker process is ended then.  [default: no limit]",
)
def verify(
    files: tuple[str, ...],
    trust: tuple[str, ...],
    policy: str | None,
    contents: tuple[str, ...],
    at: str | None,
    zone: str | None,
    format: str,
    lang: Language | None,
    extract: str | None,
    jobs: int,
    timeout: float | None,
) -> int:
    r"""Verify signatures, seals, delivery receipts and time stamps, offline.

    FILE is a signed file (JAdES, CAdES, JWS, CMS), a delivery receipt or a time stamp; "-" is standard input. Without
    trust nobody is trusted, and nothing can pass. For a detached x.p7s, x.jws, x.jws.json or x.tst the file x beside it
    is used where --content names nothing. Without --trust the variable TOYONO_TRUST is used.

    \b
    Examples:
      toyono-verify order.json.jws --trust town/trust
      toyono-verify contract.pdf.p7s --content contract.pdf --trust root.pem --lang ja --tz Asia/Tokyo
      toyono-verify *.jws --trust town/trust --format json --jobs 4 --timeout 10 > reports.jsonl
      curl -s https://example.jp/feed.jws | toyono-verify - --trust town/trust --at 2026-04-01

    \b
    Exit codes:
      0 everything passed · 1 something failed or is broken · 2 undecided, or no format known here
      64 wrong usage · 66 a file cannot be read · 69 time is up · 70 internal error · 130 interrupted
      Of several files the first that occurs of 70, 66, 69, 1, 2, 0 counts.
    """
    language = lang or default_language()
    setting = Setting(
        trust=trust_paths(trust, language),
        policy=policy,
        contents=contents,
        at=None if at is None else moment(at, time_zone(zone), "--at"),
        zone=zone,
        format=format,
        language=language,
        colour=format == "text" and _colourful(),
        extract=extract,
    )
    if extract is not None:
        _check_places(files, extract)
    if files.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    return worst(outcome.code for outcome in _told(_outcomes(files, setting, jobs, timeout), len(files), language))


def _check_places(files: tuple[str, ...], folder: str) -> None:
    """Refuse before any work what would replace a file, or write two contents to one place."""
    places = [extract_place(name, folder) for name in files]
    if len(set(places)) < len(places):
        raise click.UsageError("--extract: two files would be written to the same place")
    for place in places:
        Target(place).check()


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


def _told(found: Iterator[tuple[int, Outcome]], count: int, language: Language) -> Iterator[Outcome]:
    """Print outcomes in the order of the files, whatever the order in which they come."""
    early: dict[int, Outcome] = {}
    following = 0
    with _progress(count, language) as advance:
        for index, outcome in found:
            early[index] = outcome
            advance()
            while following in early:
                outcome = early.pop(following)
                _print(outcome)
                following += 1
                yield outcome


def _print(outcome: Outcome) -> None:
    if outcome.output:
        print(outcome.output, flush=True)
    if outcome.remark:
        print(outcome.remark, file=sys.stderr, flush=True)


def _progress(count: int, language: Language) -> Any:
    from toyono_trust.edge.progress import progress

    return progress(count, language)
