"""The report as one page of HTML: counts, then every record that did not pass, then those that did, by signer.

With 100,000 records it stays a page: what did not pass is shown up to a bound and counted beyond it, what passed is
summed up. The CSV has every record. Self-contained, no script, its one style sheet allowed by digest (CSP level 3).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from toyono_trust import __version__
from toyono_trust.core.findings import Language
from toyono_trust.edge.bulk.sheets import alike, asked_for, headline, stamped
from toyono_trust.edge.bulk.survey import Line, Survey
from toyono_trust.edge.bulk.words import said
from toyono_trust.validation.render import safe, utc
from toyono_trust.validation.report import local_time

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page"]

MAX_PROBLEMS = 1_000
"""Records that did not pass and are shown; a browser lays out so many rows in a second."""
MAX_LISTED = 500
"""Records that passed are listed, folded, up to so many."""
MAX_SIGNERS = 200
MAX_ORPHANS = 100


class Problem(NamedTuple):
    """A record that did not pass, or ``more`` (file and about) for the same reason. All texts are safe."""

    tone: str
    word: str
    code: str
    file: str
    about: str
    who: str
    why: str
    remedy: str
    findings: str
    more: tuple[tuple[str, str], ...] = ()


class Group(NamedTuple):
    """Records that passed, by who signed them."""

    signer: str
    identifier: str
    number: str
    dates: str
    total: str


class Row(NamedTuple):
    """A record that passed."""

    file: str
    date: str
    counterparty: str
    amount: str
    signer: str
    proven: str
    position: str


def page(found: Survey, *, language: Language, zone: tzinfo) -> str:
    """The page about a run."""
    style = _source("report.css") + _STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    wrong = [line for line in found.lines if line.standing != "passed"]
    passed = found.lines[len(wrong) :]  # failures come first
    groups = _groups(passed)
    counts = found.counts
    return (
        _environment()
        .get_template("bulk.html")
        .render(
            language=language,
            style=style,
            style_digest=f"sha256-{digest}",
            program=f"toyono-trust {__version__}",
            headline=headline(found, language),
            counts=[
                (name, said("count", language, count=f"{count:,}", word=said(name, language)))
                for name, count in counts.items()
            ],
            tone=next((name for name, count in counts.items() if count), "unread"),
            asked=asked_for(found, language),
            basis=_basis(found, language),
            notes=[_note(one.finding.text_in(language), one.finding.remedy_in(language), one.level)
                   for one in found.notes],
            problems=_problems(wrong[:MAX_PROBLEMS], language),
            problems_more=max(0, len(wrong) - MAX_PROBLEMS),
            groups=groups[:MAX_SIGNERS],
            groups_more=max(0, len(groups) - MAX_SIGNERS),
            passed=[_row(line) for line in passed] if len(passed) <= MAX_LISTED else [],
            passed_count=len(passed),
            log=found.log,
            log_notes=[] if found.log is None else [
                _note(one.finding.text_in(language), one.finding.remedy_in(language), one.level)
                for one in found.log.notes
            ],
            lists=_lists(found, language),
            orphans=_orphans(found, language, zone),
            by_date=found.selection.by_date,
            at=local_time(found.at, zone),
            at_utc=utc(found.at),
            policy=found.policy,
            trust=found.trust,
            said=lambda key, **values: said(key, language, **values),
            safe=safe,
        )
    )  # fmt: skip


def _basis(found: Survey, language: Language) -> list[str]:
    lines = []
    if found.root is not None:
        key = "dates-proven" if found.listing is None else "dates-index"
        lines.append(said(key, language, index=safe(found.listing or "")))
    if found.others:
        lines.append(said("others", language, count=f"{len(found.others):,}"))
    return lines


def _note(text: str, remedy: str, level: str) -> tuple[str, str, str]:
    return safe(text), safe(remedy), level


def _lists(found: Survey, language: Language) -> list[tuple[str, list[str], str]]:
    """Files that are no records of this run: what they are, their names, how many more."""
    lists = []
    for label, names in (("unlisted", found.unlisted), ("passed-over", found.others)):
        if names:
            more = len(names) - MAX_LISTED
            text = "" if more <= 0 else said("orphans-more", language, count=f"{more:,}")
            lists.append((said(label, language), [safe(name) for name in names[:MAX_LISTED]], text))
    return lists


def _orphans(found: Survey, language: Language, zone: tzinfo) -> list[tuple[str, list[tuple[int, str, str]], str]]:
    """Entries without record, by what they are: index, entry and time of the stamp, how many more."""
    tables = []
    log = found.log
    some = () if log is None else (
        ("orphans", log.orphans, log.orphan_count), ("undated", log.unstamped, log.undated),
    )  # fmt: skip
    for label, orphans, count in some:
        if orphans:
            rows = [(one.position, one.entry, stamped(one, zone)) for one in orphans[:MAX_ORPHANS]]
            more = "" if count <= MAX_ORPHANS else said("orphans-more", language, count=f"{count - MAX_ORPHANS:,}")
            tables.append((said(label, language), rows, more))
    return tables


def _problems(lines: Sequence[Line], language: Language) -> list[Problem]:
    """A row for each; one for all that did not pass for the same reason."""
    found = []
    for (standing, code, why, remedy), some in alike(lines, language).items():
        codes = dict.fromkeys(one.code for line in some for one in line.verdict.findings if one.level != "inform")
        signers = list(dict.fromkeys(line.verdict.signer for line in some))
        more = tuple((safe(line.record.file), safe(_about(line))) for line in some) if len(some) > 1 else ()
        found.append(Problem(
            standing, said(standing, language), safe(code),
            said("alike", language, count=f"{len(some):,}") if more else safe(some[0].record.file),
            "" if more else safe(_about(some[0])), safe(signers[0]) if len(signers) == 1 else "", safe(why),
            safe(remedy), safe(" ".join(codes)), more,
        ))  # fmt: skip
    return found


def _about(line: Line) -> str:
    record = line.record
    date = "" if record.date is None else record.date.isoformat()
    return " · ".join(filter(None, (date, record.counterparty, _amount(record.amount, record.currency))))


def _amount(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{amount:,f} {currency[:20]}".rstrip()


def _groups(lines: Sequence[Line]) -> list[Group]:
    """By signer, most records first; totals by currency."""
    counted: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        counted.setdefault((line.verdict.signer, line.verdict.identifier), []).append(line)
    found = []
    for (signer, identifier), some in sorted(counted.items(), key=lambda each: (-len(each[1]), each[0])):
        days = sorted(line.record.date for line in some if line.record.date is not None)
        sums: dict[str, Decimal] = {}
        for line in some:
            if line.record.amount is not None:
                sums[line.record.currency] = sums.get(line.record.currency, Decimal(0)) + line.record.amount
        total = " · ".join(_amount(amount, currency) for currency, amount in sorted(sums.items())[:5])
        dates = "" if not days else f"{days[0]} – {days[-1]}" if days[0] != days[-1] else f"{days[0]}"
        found.append(Group(safe(signer), safe(identifier), f"{len(some):,}", dates, safe(total)))
    return found


def _row(line: Line) -> Row:
    record, verdict = line.record, line.verdict
    return Row(
        safe(record.file), "" if record.date is None else record.date.isoformat(), safe(record.counterparty),
        safe(_amount(record.amount, record.currency)), safe(verdict.signer), verdict.proven or "",
        "" if verdict.position is None else str(verdict.position),
    )  # fmt: skip


_STYLE = """
body{max-width:64rem}
.bulk>section{margin-top:2.5rem}
.bulk h2{font-size:1.25rem;padding-bottom:.45rem;border-bottom:1px solid var(--line);margin-bottom:.6rem}
.problems{table-layout:fixed}
.problems .v code{display:block;color:var(--soft);font-size:.75rem}
.problems th .about,.problems td .codes{display:block;color:var(--soft);font-size:.8125rem;font-weight:400}
.problems tbody th{font-weight:600}
.problems thead th{width:34%}
.problems thead th:first-child{width:21%}
.problems thead th:last-child{width:45%}
.problems .remedy{display:block}
.number{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.state{font-size:1.0625rem;margin-top:.7rem}
.state+.state{margin-top:.1rem}
.facts+.findings,.findings+table{margin-top:.9rem}
.entries code{font-size:.75rem}
"""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True, loader=FunctionLoader(_source), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


def _source(name: str) -> str:
    return resources.files("toyono_trust.validation").joinpath("templates", name).read_text("utf-8")
