"""Index files: which records there are, with their dates, counterparties and amounts, so that they can be found.

CSV (RFC 4180) in UTF-8, with or without byte order mark. The first line is the header; ``file`` and ``date`` must be
among its names, ``counterparty``, ``amount``, ``currency``, ``kind`` and ``proof`` may be, and others are passed over.
``file`` is a name below the folder, with slashes. An index is a claim and no evidence: it says where to look.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from typing import NamedTuple, TextIO
from unicodedata import category

from toyono_trust.edge.bulk.folder import Folder, open_regular
from toyono_trust.edge.bulk.record import Observed, Record, observed
from toyono_trust.edge.bulk.selection import amount_of, date_of
from toyono_trust.errors import MalformedError

__all__ = ["COLUMNS", "MAX_RECORDS", "Index", "is_inside", "read_index"]

COLUMNS = ("file", "date", "counterparty", "amount", "currency", "kind", "proof")
MAX_RECORDS = 1_000_000
"""Rows of an index; a hundred times what a town with 20,000 inhabitants receives in a year."""
MAX_LINE = 1 << 16
"""Characters of a line."""
MAX_FIELD = 4_096
"""Characters of a field; no system has longer names of files."""
MAX_OCTETS = 1 << 30


class Index(NamedTuple):
    """``records``: in the order of the file. ``unlisted``: candidates of the folder that it does not name.

    ``columns``: those that it has.
    """

    records: list[Record]
    unlisted: list[str]
    columns: frozenset[str]


def read_index(path: str, folder: Folder) -> Index:
    """Read an index file about a folder.

    A row that cannot be used is a record with a finding. Raises ``MalformedError``: "index.special",
    "index.encoding", "index.header", "index.line", "index.too-large"; ``OSError``.
    """
    try:
        handle = open_regular(path)
    except OSError as error:
        if error.errno is None or os.path.islink(path):  # noqa: PTH114 - the name is what is asked about
            raise MalformedError("index.special", f"{path} is no regular file") from error
        raise
    with open(handle, encoding="utf-8-sig", newline="") as stream:  # noqa: PTH123 - by descriptor
        if os.fstat(handle).st_size > MAX_OCTETS:
            raise _too_large(f"it has more than {MAX_OCTETS} octets")
        try:
            columns, records = _records(stream, folder)
        except UnicodeDecodeError as error:
            raise MalformedError(
                "index.encoding", f"it is not UTF-8: {error.reason}", "save it as CSV UTF-8; plain CSV may be Shift_JIS"
            ) from error
        except csv.Error as error:
            raise MalformedError("index.line", f"it is not RFC 4180: {error}", "correct it") from error
    named = {record.file for record in records}
    own = os.path.realpath(path)
    unlisted = [
        name for name in folder.candidates()
        if name not in named and not folder.is_covered(name)
        and os.path.realpath(folder.files[name]) != own and not _seals_index(folder.files[name], own)
    ]  # fmt: skip
    return Index(records, unlisted, columns)


def _seals_index(path: str, index: str) -> bool:
    return path.startswith(index) or os.path.realpath(path).startswith(f"{index}.")


def _records(stream: TextIO, folder: Folder) -> tuple[frozenset[str], list[Record]]:
    rows = csv.reader(_lines(stream), strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    if "file" not in header or "date" not in header or len(set(header)) < len(header):
        raise MalformedError(
            "index.header", "the first line does not name the columns file and date, each once",
            f"begin it with {','.join(COLUMNS[:4])}",
        )  # fmt: skip
    columns = [(name, header.index(name)) for name in COLUMNS if name in header]
    found: dict[str, Record] = {}
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise MalformedError("index.line", f"line {rows.line_num} has {len(row)} fields, not {len(header)}")
        if len(found) == MAX_RECORDS:
            raise _too_large(f"it names more than {MAX_RECORDS} records")
        record = _record({name: row[at] for name, at in columns}, rows.line_num, folder)
        known = found.setdefault(record.file, record)
        if known is not record and known._replace(line=0) != record._replace(line=0):
            again = observed("bulk.duplicate", line=record.line)
            found[record.file] = known._replace(notes=(*known.notes[:20], again))
    return frozenset(name for name, _ in columns), list(found.values())


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines within their bound, without characters that no text has; at most as many as records can have."""
    for _ in range(4 * MAX_RECORDS):
        line = stream.readline(MAX_LINE + 1)
        if not line:
            return
        if len(line) > MAX_LINE:
            raise _too_large(f"a line has more than {MAX_LINE} characters")
        if "\0" in line:
            raise MalformedError("index.encoding", "it has NUL characters", "save it as CSV UTF-8")
        yield line
    raise _too_large("it has too many lines")


def _record(row: dict[str, str], line: int, folder: Folder) -> Record:
    if any(len(text) > MAX_FIELD for text in row.values()):
        raise _too_large(f"a field in line {line} has more than {MAX_FIELD} characters")
    notes: list[Observed] = []
    name = row["file"]
    proper = folder.find(name) if is_inside(name) else None
    if proper is None and name.startswith("'") and is_inside(name[1:]):  # so a made index keeps it from being a formula
        proper = folder.find(name[1:])
    if proper is None:
        code = "bulk.path" if not is_inside(name) else "bulk.special" if _is_special(name, folder) else "bulk.missing"
        notes.append(observed(code))
        record = Record(name, "")
    else:
        record = folder.record(proper)
    if row.get("proof"):
        proof = folder.find(row["proof"]) if is_inside(row["proof"]) else None
        if proof is None:
            notes.append(observed("bulk.proof-wrong", reason="bulk.path"))
        record = record._replace(proof=None if proof is None else folder.files[proof])
    day = date_of(row["date"])
    if day is None:
        notes.append(observed("bulk.date", value=row["date"][:100], line=line))
    amount = amount_of(row.get("amount", ""))
    if amount is None and row.get("amount", "").strip():
        notes.append(observed("bulk.amount", value=row["amount"][:100], line=line))
    return record._replace(
        date=day, amount=amount, counterparty=row.get("counterparty", ""), currency=row.get("currency", ""),
        kind=row.get("kind", ""), notes=tuple(notes), line=line,
    )  # fmt: skip


def is_inside(name: str) -> bool:
    """Whether a name stays below a folder, on every system: relative, no ``..``, no drive, no reversed slash."""
    if not name or name.startswith("/") or any(char in name for char in "\\:\0"):
        return False
    if not all(char.isprintable() or category(char) == "Zs" for char in name):  # U+3000 is common in Japanese names
        return False
    return all(part not in ("", ".", "..") for part in name.split("/"))


def _is_special(name: str, folder: Folder) -> bool:
    """Whether it, or a folder on the way, is a link or another thing that is not followed."""
    parts = name.split("/")
    return any("/".join(parts[: count + 1]) in folder.special for count in range(len(parts)))


def _too_large(reason: str) -> MalformedError:
    return MalformedError("index.too-large", reason, "split the index")
