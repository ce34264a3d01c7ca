"""Options of bulk verification, what they mean together, and the run that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.places import opened, schema_option
from toyono_trust.edge.console import FAILED, UNDECIDED, UNREADABLE, complain, describe, time_zone, worst
from toyono_trust.edge.judging import Setting
from toyono_trust.edge.options import joined, policy_of, trust_of
from toyono_trust.errors import MalformedError

if TYPE_CHECKING:
    from toyono_trust.edge.bulk.selection import Selection
    from toyono_trust.edge.bulk.survey import Asked, Survey
    from toyono_trust.edge.sheet import Sheet
    from toyono_trust.ledger.log import EvidenceLog

__all__ = ["bulk_options", "is_bulk", "run"]

bulk_options = joined(
    click.option("--index", "index", metavar="FILE", help="Which records DIR has.  [default: DIR/index.csv]"),
    click.option("--from", "first", metavar="DATE", help="Of DIR: records from this day on, e.g. 2027-04-01."),
    click.option("--to", "last", metavar="DATE", help="Of DIR: records up to this day, it included."),
    click.option("--counterparty", metavar="TEXT", help="Of DIR: records whose counterparty contains TEXT."),
    click.option("--amount", metavar="MIN..MAX", help="Of DIR: records of such an amount; either end may be left out."),
    click.option("--log", "log", metavar="ADDRESS", help="Audit this evidence log, and hold DIR against it."),
    schema_option,
    click.option("--resume", "journal", metavar="FILE", help="Keep what is done in FILE; go on from there next time."),
    click.option("--dask", metavar="ADDRESS", help="Verify on this Dask cluster, e.g. tcp://host:8786."),
    click.option("--progress", is_flag=True, help="Tell how far it is even if standard error is no terminal."),
)  # fmt: skip
"""Options of ``verify`` for folders; ``is_bulk`` tells whether they are used, ``run`` takes them."""

_NAMES = ("index", "first", "last", "counterparty", "amount", "log", "schema", "journal", "dask")
_ONLY_FILES = {
    "contents": "--content", "simulate": "--simulate", "online": "--online", "evidence": "--save-evidence",
    "extract": "--extract",
}  # fmt: skip


def is_bulk(files: tuple[str, ...], given: dict[str, Any]) -> bool:
    """Whether a folder is named, or anything that is for folders alone."""
    return any(given[name] for name in _NAMES) or given["format"] == "csv" or any(map(_is_folder, files))


def _is_folder(name: str) -> bool:
    return name != "-" and Path(name).is_dir()


def run(files: tuple[str, ...], setting: Setting, sheet: Sheet, given: dict[str, Any], language: Language) -> int:
    """Verify a folder, or audit a log, and report; the exit code."""
    from toyono_trust.edge.bulk.progress import Progress
    from toyono_trust.edge.bulk.record import exit_code
    from toyono_trust.edge.bulk.survey import survey
    from toyono_trust.validation.render import safe

    zone = time_zone(setting.zone)
    asked = _asked(files, setting, given, zone)
    progress = Progress(language, wanted=given["progress"])
    try:
        with _log(given, language) as log:
            found = survey(asked._replace(log=log), progress.begin)
    except KeyboardInterrupt:
        progress.end()
        _tell_interrupted(progress, asked.journal, language)
        raise
    except MalformedError as error:
        progress.end()
        listing = asked.listing or f"{asked.root}/index.csv"
        complain((f"{safe(listing)}: " if error.code.startswith("index.") else "") + describe(error, language))
        return UNREADABLE
    progress.end()
    _write(found, sheet, setting, zone)
    codes = [exit_code(line.verdict) for line in found.lines]
    if found.root is not None and not codes:  # nothing was verified, and nothing can be relied on
        codes.append(UNDECIDED)
    if found.log is not None and not found.log.sound:
        codes.append(FAILED)
    if found.log is not None and any(one.code == "bulk.log-key" for one in found.log.notes):
        codes.append(UNDECIDED)  # a log made anew yesterday names a key as well
    return worst([*codes, *([] if found.seal is None else [exit_code(found.seal)])])


def _log(given: dict[str, Any], language: Language) -> AbstractContextManager[EvidenceLog | None]:
    """The log that was named, opened so that nothing tells a password of its database."""
    return opened(given["log"], given["schema"], language) if given["log"] else nullcontext()


def _asked(files: tuple[str, ...], setting: Setting, given: dict[str, Any], zone: tzinfo) -> Asked:
    from toyono_trust import TrustStore
    from toyono_trust.edge.bulk.survey import Asked

    for name, option in _ONLY_FILES.items():
        if given[name]:
            raise click.UsageError(f"{option} is for files that are named one by one, not for a folder")
    if setting.format not in ("text", "json", "html", "csv"):
        raise click.UsageError(
            f"--format {setting.format} is for single files; of a folder take text, json, html or csv"
        )
    if given["schema"] and not given["log"]:
        raise click.UsageError("--schema goes with --log")
    if len(files) > 1 or (files and not _is_folder(files[0])):
        raise click.UsageError("name one folder, DIR; single files have a report each, and no index, period or log")
    if not files and not given["log"]:
        raise click.UsageError("name a folder, DIR")
    if given["index"] and not files:
        raise click.UsageError("--index is about a folder: name it, DIR")
    if given["dask"] and (given["jobs"] or given["timeout"]):
        raise click.UsageError("--jobs and --timeout are for processes of this machine; --dask has its own workers")
    trust = trust_of(setting.trust)
    if setting.logs:
        trust = (trust or TrustStore.empty()).with_logs(*setting.logs)
    return Asked(
        root=files[0] if files else None,
        listing=given["index"],
        selection=_selection(given),
        zone=zone,
        trust=trust,
        policy=policy_of(setting.policy),
        at=setting.at,
        password=setting.password,
        journal=given["journal"],
        jobs=given["jobs"],
        limit=given["timeout"],
        dask=given["dask"],
    )


def _selection(given: dict[str, Any]) -> Selection:
    from toyono_trust.edge.bulk.selection import Selection, amounts_of

    first, last = _day(given["first"], "--from"), _day(given["last"], "--to")
    if first is not None and last is not None and first > last:
        raise click.UsageError("--from is after --to")
    amounts = (None, None) if given["amount"] is None else amounts_of(given["amount"])
    if amounts is None:
        raise click.UsageError(f"--amount: {given['amount']!r} is no span; write for example 10000..50000, or 10000..")
    return Selection(first, last, given["counterparty"] or "", *amounts)


def _day(text: str | None, option: str) -> date | None:
    from toyono_trust.edge.bulk.selection import date_of

    day = None if text is None else date_of(text)
    if text is not None and day is None:
        raise click.UsageError(f"{option}: {text!r} is no day; write for example 2027-04-01")
    return day


def _tell_interrupted(progress: Any, journal: str | None, language: Language) -> None:
    from toyono_trust.edge.bulk.words import said
    from toyono_trust.validation.render import safe

    key = "interrupted" if journal is None else "interrupted-kept"
    complain(said(key, language, done=progress.done, total=progress.total, journal=safe(journal or "")))


def _write(found: Survey, sheet: Sheet, setting: Setting, zone: tzinfo) -> None:
    """The report, whole, to where it is to go, sealed if that is asked for."""
    sheet.deliver(piece.encode("utf-8", "backslashreplace") for piece in _pieces(found, setting, zone))


def _pieces(found: Survey, setting: Setting, zone: tzinfo) -> Iterator[str]:
    from toyono_trust.edge.bulk import sheets

    forms: dict[str, Callable[[], Iterator[str]]] = {
        "csv": lambda: sheets.csv_rows(found),
        "json": lambda: sheets.json_lines(found),
        "text": lambda: sheets.text_lines(found, setting.language, zone),
        "html": lambda: _page(found, setting, zone),
    }
    return forms[setting.format]()


def _page(found: Survey, setting: Setting, zone: tzinfo) -> Iterator[str]:
    from toyono_trust.edge.bulk.page import page

    yield page(found, language=setting.language, zone=zone)
