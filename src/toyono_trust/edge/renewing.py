"""What is about to lapse among many files, and its renewal: ``toyono-trust augment --due``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    PASSED,
    UNDECIDED,
    UNREADABLE,
    SystemZone,
    code_of,
    complain,
    describe,
    say,
    worst,
)
from toyono_trust.edge.judging import ATTACHED, ENDINGS, beside, exit_code
from toyono_trust.edge.progress import progress
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust import Http, Report

__all__ = ["found", "renew"]

SIGNED = tuple(dict.fromkeys((*ENDINGS, *ATTACHED, ".pdf")))
"""Endings of the files that are looked at in folders."""


def found(names: Sequence[str]) -> Iterator[Path]:
    """The files named, and in folders all with an ending of signed files, in the order of their paths."""
    for name in names:
        path = Path(name)
        path.stat()
        if not path.is_dir():
            yield path
            continue
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and not inner.is_symlink() and inner.name.endswith(SIGNED):
                yield inner


def renew(
    names: Sequence[str],
    due: timedelta,
    options: dict[str, Any],
    http: Http,
    language: Language,
    *,
    only_list: bool,
) -> int:
    """List what lapses within ``due`` and renew it in place; the worst exit code of all files.

    ``options``: what ``toyono_trust.augment`` takes.
    """
    paths = list(found(names))
    before = datetime.now(UTC) + due
    codes, counts = [PASSED], dict.fromkeys(("due", "renewed", "later", "failed"), 0)
    with progress(len(paths), language) as advance:
        for path in paths:
            code, outcome = _one(path, before, options, http, language, only_list=only_list)
            codes.append(code)
            counts[outcome] += 1
            advance()
    say("renewed-counts", language, **counts, files=len(paths))
    return worst(codes)


def _one(
    path: Path, before: datetime, options: dict[str, Any], http: Http, language: Language, *, only_list: bool
) -> tuple[int, str]:
    """One file: exit code, and what became of it."""
    from toyono_trust import augment, verify

    content = beside(str(path)) or None
    try:
        report = verify(
            path, trust=options["trust"], policy=options["policy"], content=content, http=http,
            password=options["password"],
        )  # fmt: skip
        if not report.signatures and report.timestamps:
            return PASSED, "later"  # a lone time stamp has no archive to renew
        if report.indication != "TOTAL-PASSED":
            _say_failed(path, report, language)
            return exit_code(report), "failed"
        if report.valid_until is None or report.valid_until >= before:
            return PASSED, "later"
        _line("due", path, report, language)
        if only_list:
            return PASSED, "due"
        beside_it = path.with_name(f".{path.name}.renewed")
        try:
            made: Any = augment(path, http=http, out=beside_it, content=content, **options)
            longer = made.report.valid_until is None or made.report.valid_until > report.valid_until
            if longer:
                shutil.copymode(path, beside_it)
                beside_it.replace(path)
        finally:
            beside_it.unlink(missing_ok=True)
        if not longer:  # a file that grows every day and lives no longer is no archive
            _line("no-longer", path, made.report, language)
            return UNDECIDED, "failed"
        _line("renewed", path, made.report, language)
    except TrustError as error:
        complain(f"{path}: {describe(error, language)}")
        return code_of(error), "failed"
    except OSError as error:
        complain(f"{path}: {error.strerror or error}")
        return UNREADABLE, "failed"
    return PASSED, "renewed"


def _line(key: str, path: Path, report: Report, language: Language) -> None:
    """One line on standard output: what, which file, until when, and why no longer."""
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.report import local_time

    until, lapse = report.valid_until, report.lapse
    time = "-" if until is None else local_time(until, SystemZone())
    reason = "-" if lapse is None else lapse.text_in(language, SystemZone())
    print(safe(said(LABELS[key], language, file=path, time=time, reason=reason)), flush=True)


def _say_failed(path: Path, report: Report, language: Language) -> None:
    from toyono_trust.validation.render import safe

    decisive = report.decisive
    reason = report.sub_indication if decisive is None else decisive.text_in(language, SystemZone())
    print(safe(said(LABELS["not-renewable"], language, file=path, reason=reason)), flush=True)
