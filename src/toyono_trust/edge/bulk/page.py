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
from toyono_trust.edge.bulk.record import because
from toyono_trust.edge.bulk.sheets import asked_for, headline
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
    """A record that did not pass. All texts are safe."""

    tone: str
    word: str
    code: str
    file: str
    about: str
    who: str
    why: str
    remedy: str
    findings: str


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
            problems=[_problem(line, language) for line in wrong[:MAX_PROBLEMS]],
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
            orphans=() if found.log is None else found.log.orphans[:MAX_ORPHANS],
            orphans_more=0 if found.log is None else max(0, found.log.orphan_count - MAX_ORPHANS),
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
        lines.append(said("others", language, count=f"{found.others:,}"))
    return lines


def _note(text: str, remedy: str, level: str) -> tuple[str, str, str]:
    return safe(text), safe(remedy), level


def _problem(line: Line, language: Language) -> Problem:
    record, verdict = line.record, line.verdict
    why, remedy = because(verdict, language)
    date = "" if record.date is None else record.date.isoformat()
    about = " · ".join(filter(None, (date, record.counterparty, _amount(record.amount, record.currency))))
    code = " / ".join(filter(None, (verdict.indication, verdict.sub)))
    if line.standing == "failed" and verdict.sub is None and code:  # it is not the signature that failed
        code = said("by-signature", language, code=code)
    return Problem(
        line.standing, said(line.standing, language), safe(code), safe(record.file), safe(about),
        safe(verdict.signer), safe(why), safe(remedy),
        safe(" ".join(dict.fromkeys(one.code for one in verdict.findings if one.level != "inform"))),
    )  # fmt: skip


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
