"""The report as text, CSV (RFC 4180) and JSON lines; piece by piece, for 100,000 records are never one string."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from toyono_trust.core.findings import Language
from toyono_trust.edge.bulk.logbook import Orphan
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
MAX_NAMED = 10_000
"""Names of files that are no records, or not in the index, that a program is told."""


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
        "other_files": len(found.others), "others": list(found.others[:MAX_NAMED]),
        "not_indexed": list(found.unlisted[:MAX_NAMED]), "counts": found.counts,
        "findings": [_finding(one) for one in found.notes],
        "log": None if found.log is None else {
            "origin": found.log.origin, "key": found.log.key, "size": found.log.size, "signed": found.log.signed,
            "sound": found.log.sound, "stamped_in_period": found.log.period,
            "without_record": {
                "count": found.log.orphan_count,
                "first": [one._asdict() for one in found.log.orphans],
                "undated": found.log.undated,
                "first_undated": [one._asdict() for one in found.log.unstamped],
            },
            "findings": [_finding(one) for one in found.log.notes],
        },
    }  # fmt: skip


# -- text


def text_lines(found: Survey, language: Language, zone: Any) -> Iterator[str]:
    """For people: the summary, then each record that did not pass, with why and what to do."""
    for text in head_lines(found, language, zone):
        yield f"{text}\n"
    for (standing, code, why, remedy), lines in alike(found.lines, language).items():
        state = f"{said(standing, language)}{f' ({code})' if code else ''}"
        if len(lines) == 1:
            yield f"\n{safe(lines[0].record.file)}: {state}\n"
        else:
            yield f"\n{state}: {said('alike', language, count=f'{len(lines):,}')}\n"
        if why:
            yield f"  {safe(why)}\n  → {safe(remedy)}\n"
        for line in lines if len(lines) > 1 else ():
            yield f"  {safe(line.record.file)}\n"


def alike(lines: Iterable[Line], language: Language) -> dict[tuple[str, str, str, str], list[Line]]:
    """What did not pass, by standing, code, reason and remedy, in the order in which each first occurs."""
    found: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in lines:
        if line.standing != "passed":
            key = (line.standing, code_of(line, language), *because(line.verdict, language))
            found.setdefault(key, []).append(line)
    return found


def code_of(line: Line, language: Language) -> str:
    """The indication; said to be the signature's where something else keeps the record from passing."""
    code = " / ".join(filter(None, (line.verdict.indication, line.verdict.sub)))
    signed = line.verdict.indication in ("TOTAL-PASSED", "PASSED") or (
        line.standing == "failed" and line.verdict.sub is None
    )
    return said("by-signature", language, code=code) if code and signed else code


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
        yield said("others", language, count=f"{len(found.others):,}")
        yield from _names(found.others, language)
    for one in found.notes:
        yield from _note(one, language)
        if one.code == "bulk.not-indexed":
            yield from _names(found.unlisted, language)
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
        yield from _note(one, language)
        if one.code == "bulk.entries":
            yield from _orphans(log.orphans, log.orphan_count, language, zone)
        elif one.code == "bulk.entries-undated":
            yield from _orphans(log.unstamped, log.undated, language, zone)


def _orphans(orphans: Sequence[Orphan], count: int, language: Language, zone: Any) -> Iterator[str]:
    for orphan in orphans[:MAX_LISTED]:
        time = stamped(orphan, zone)
        yield f"  {said('index', language)} {orphan.position} · {orphan.entry}{f' · {time}' if time else ''}"
    if count > MAX_LISTED:
        yield f"  {said('orphans-more', language, count=count - MAX_LISTED)}"


def stamped(orphan: Orphan, zone: Any) -> str:
    """When an entry was stamped, where people are; empty where it is not."""
    return "" if orphan.stamped is None else local_time(datetime.fromisoformat(orphan.stamped), zone)


def _note(one: Observed, language: Language) -> Iterator[str]:
    """What concerns the run, and what to do about it."""
    yield safe(one.finding.text_in(language))
    remedy = one.finding.remedy_in(language)
    if one.level != "inform" and remedy:
        yield f"  → {safe(remedy)}"


def _names(names: Sequence[str], language: Language) -> Iterator[str]:
    for name in names[:MAX_LISTED]:
        yield f"  {safe(name)}"
    if len(names) > MAX_LISTED:
        yield f"  {said('orphans-more', language, count=f'{len(names) - MAX_LISTED:,}')}"
