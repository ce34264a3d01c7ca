"""The report as text, CSV (RFC 4180) and JSON lines; piece by piece, for 100,000 records are never one string."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from toyono_trust.core.findings import Language
from toyono_trust.edge.bulk.record import Observed, because
from toyono_trust.edge.bulk.survey import Line, Survey
from toyono_trust.edge.bulk.words import said
from toyono_trust.edge.console import json_line
from toyono_trust.validation.render import safe, utc
from toyono_trust.validation.report import local_time

__all__ = ["COLUMNS", "csv_rows", "inert", "json_lines", "summary", "text_lines"]

COLUMNS = (
    *("result", "file", "date", "counterparty", "amount", "currency", "kind"),
    *("indication", "sub_indication", "signer", "identifier", "best_signature_time", "proven_since"),
    *("log_index", "findings"),
)
BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know that a CSV is UTF-8."""
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n|%]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MAX_LISTED = 20


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236): an apostrophe goes before what looks like one.

    Control characters, which could end the cell for another reader, are shown.
    """
    shown = safe(text)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


def csv_rows(found: Survey) -> Iterator[str]:
    """The header and a row for each record."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield BYTE_ORDER_MARK
    for line in found.lines:
        writer.writerow([inert(cell) for cell in _cells(line)])
        if buffer.tell() > 1 << 16:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _cells(line: Line) -> tuple[str, ...]:
    record, verdict = line.record, line.verdict
    return (
        line.standing, record.file, "" if record.date is None else record.date.isoformat(), record.counterparty,
        "" if record.amount is None else format(record.amount, "f"), record.currency, record.kind,
        verdict.indication or "", verdict.sub or "", verdict.signer, verdict.identifier, verdict.best or "",
        verdict.proven or "", "" if verdict.position is None else str(verdict.position),
        " ".join(dict.fromkeys(one.code for one in verdict.findings)),
    )  # fmt: skip


# -- JSON


def json_lines(found: Survey) -> Iterator[str]:
    """The summary, then an object for each record."""
    yield json_line(summary(found)) + "\n"
    for line in found.lines:
        record, verdict = line.record, line.verdict
        yield json_line({
            "bulk_version": 1, "result": line.standing, "file": record.file,
            "date": None if record.date is None else record.date.isoformat(),
            "counterparty": record.counterparty or None,
            "amount": None if record.amount is None else format(record.amount, "f"),
            "currency": record.currency or None, "kind": record.kind or None, "format": verdict.form,
            "indication": verdict.indication, "sub_indication": verdict.sub, "signer": verdict.signer or None,
            "identifier": verdict.identifier or None, "best_signature_time": verdict.best,
            "proven_since": verdict.proven, "event_time": verdict.event, "log_entry": verdict.entry,
            "log_index": verdict.position, "findings": [_finding(one) for one in verdict.findings],
        }) + "\n"  # fmt: skip


def _finding(one: Observed) -> dict[str, Any]:
    finding = one.finding
    return {
        "code": one.code, "level": one.level, "sub_indication": finding.sub_indication, "subject": one.subject,
        "text": finding.text, "remedy": finding.remedy,
    }  # fmt: skip


def summary(found: Survey) -> dict[str, Any]:
    """What concerns the run: counts, what was asked for, the log."""
    asked = found.selection
    return {
        "bulk_version": 1, "validated_at": utc(found.at),
        "policy": {"name": found.policy[0], "digest": found.policy[1]},
        "trust": {"digest": found.trust[0], "revocation_digest": found.trust[1]},
        "asked": {
            "from": None if asked.first is None else asked.first.isoformat(),
            "to": None if asked.last is None else asked.last.isoformat(),
            "counterparty": asked.counterparty or None,
            "amount_from": None if asked.least is None else format(asked.least, "f"),
            "amount_to": None if asked.most is None else format(asked.most, "f"),
        },
        "indexed": found.listing is not None, "records": found.listed, "verified": len(found.lines),
        "other_files": found.others, "counts": found.counts, "findings": [_finding(one) for one in found.notes],
        "log": None if found.log is None else {
            "origin": found.log.origin, "key": found.log.key, "size": found.log.size, "signed": found.log.signed,
            "sound": found.log.sound, "stamped_in_period": found.log.period,
            "without_record": {
                "count": found.log.orphan_count,
                "first": [one._asdict() for one in found.log.orphans],
                "undated": found.log.undated,
            },
            "findings": [_finding(one) for one in found.log.notes],
        },
    }  # fmt: skip


# -- text


def text_lines(found: Survey, language: Language, zone: Any) -> Iterator[str]:
    """For people: the summary, then each record that did not pass, with why and what to do."""
    for text in head_lines(found, language, zone):
        yield f"{text}\n"
    for line in found.lines:
        if line.standing == "passed":
            return
        why, remedy = because(line.verdict, language)
        yield f"\n{safe(line.record.file)}: {said(line.standing, language)}{_code(line)}\n"
        if why:
            yield f"  {safe(why)}\n  → {safe(remedy)}\n"


def _code(line: Line) -> str:
    indication, sub = line.verdict.indication, line.verdict.sub
    return "" if indication is None else f" ({indication}{f' / {sub}' if sub else ''})"


def head_lines(found: Survey, language: Language, zone: Any) -> Iterator[str]:
    """What concerns the run, in a line each."""
    yield headline(found, language)
    counts = found.counts
    yield " · ".join(
        said("count", language, count=f"{counts[name]:,}", word=said(name, language)) for name in counts if found.lines
    ) or said("no-records", language)  # fmt: skip
    for label, value in asked_for(found, language):
        yield f"{label}: {value}"
    if found.root is not None:
        key = "dates-proven" if found.listing is None else "dates-index"
        yield said(key, language, index=safe(found.listing or ""))
    if found.others:
        yield said("others", language, count=found.others)
    for one in found.notes:
        yield f"{safe(one.finding.text_in(language))}"
    if found.log is not None:
        yield from _log_lines(found, language, zone)
    yield (
        f"{said('at', language)}: {local_time(found.at, zone)} · {said('policy', language)}: {found.policy[0]} "
        f"{found.policy[1]} · {said('trust', language)}: {found.trust[0]}"
    )


def headline(found: Survey, language: Language) -> str:
    """How many of how many."""
    if found.listed == len(found.lines):
        return said("all-records", language, count=f"{len(found.lines):,}")
    return said("records", language, count=f"{len(found.lines):,}", listed=f"{found.listed:,}")


def asked_for(found: Survey, language: Language) -> list[tuple[str, str]]:
    """What was asked for, as labels and values."""
    asked = found.selection
    lines = []
    if asked.by_date:
        first = "" if asked.first is None else asked.first.isoformat()
        last = "" if asked.last is None else asked.last.isoformat()
        lines.append((said("period", language), said("span", language, first=first, last=last)))
    if asked.counterparty:
        lines.append((said("counterparty", language), safe(asked.counterparty)))
    if asked.least is not None or asked.most is not None:
        low = "" if asked.least is None else f"{asked.least:,f}"
        high = "" if asked.most is None else f"{asked.most:,f}"
        lines.append((said("amounts", language), said("span", language, first=low, last=high)))
    return lines


def _log_lines(found: Survey, language: Language, zone: Any) -> Iterator[str]:
    log = found.log
    assert log is not None
    state = said("log-state", language, size=log.size, signed=log.signed)
    yield f"{said('log', language)}: {safe(log.origin)} · {state}"
    yield said("log-sound" if log.sound else "log-unsound", language)
    if found.selection.by_date and log.sound:
        yield said("log-period", language, count=log.period)
    for one in log.notes:
        yield safe(one.finding.text_in(language))
    for orphan in log.orphans[:MAX_LISTED]:
        yield f"  {said('index', language)} {orphan.position} · {orphan.entry} · {orphan.stamped or ''}"
    if log.orphan_count > MAX_LISTED:
        yield f"  {said('orphans-more', language, count=log.orphan_count - MAX_LISTED)}"
