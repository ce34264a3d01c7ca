"""The log in one SQLite file (WAL, ``synchronous=FULL``), for any number of processes on one machine.

SQLite lets one connection write at a time: ``BEGIN IMMEDIATE`` takes the turn, and the threads and processes that wait
for it are the queue. Turns end with the transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.core.merkle import EMPTY_ROOT
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.ledger.stores.base import (
    ATTEMPTS,
    VERSION,
    Description,
    Extent,
    Head,
    KeptCheckpoint,
    KeptStamp,
    Record,
    Store,
    corrupt,
    description_of,
    head_of,
)

__all__ = ["SqliteStore"]

APPLICATION_ID = 0x54594C47
"""Tells a log from any other SQLite file (``PRAGMA application_id``)."""
BUSY_SECONDS = 60
"""How long SQLite itself lets a writer wait for its turn."""
_FULL = 2
_CLOSED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""What SQLite answers a reader where it cannot make the files beside the log's that it shares with writers."""

MAX_VALUE = 1 << 22
"""Octets of one value in any row: a batch's column has 320,000, a charter or a note at most a million."""

_TABLES = """
CREATE TABLE log (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    key TEXT NOT NULL,
    charter BLOB NOT NULL
);
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    checkpoints INTEGER NOT NULL CHECK (checkpoints >= 0),
    stamps INTEGER NOT NULL CHECK (stamps >= 0)
);
CREATE TABLE entry (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    node BLOB NOT NULL CHECK (length(node) = 32)
);
CREATE TABLE checkpoint (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    size INTEGER NOT NULL UNIQUE CHECK (size >= 0),
    note BLOB NOT NULL
);
CREATE TABLE stamp (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    first INTEGER NOT NULL CHECK (first >= 0),
    size INTEGER NOT NULL UNIQUE CHECK (size > first),
    path BLOB NOT NULL,
    token BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
)
"""
_STATEMENTS = [statement.strip() for statement in _TABLES.split(";\n")]

_SCHEMA = "SELECT sql FROM sqlite_master WHERE name NOT GLOB 'sqlite_*' OR type IN ('trigger', 'view')"
"""Of SQLite's own names are its indexes and statistics; whoever writes the file can give them to a trigger, too."""
_STAMP = "SELECT number, first, size, path, token, digest FROM stamp"
_HEAD = "SELECT size, root, checkpoints, stamps FROM head"

_ADD = """
INSERT INTO entry (position, commitment, node)
WITH RECURSIVE added(position) AS (SELECT ?1 UNION ALL SELECT position + 1 FROM added WHERE position + 1 < ?2)
SELECT position, substr(?3, 32 * (position - ?1) + 1, 32), substr(?4, 32 * (position - ?1) + 1, 32) FROM added
"""
"""Rows ?1 to below ?2, out of their columns end to end: takes half the time of a statement for each row."""


_COLUMNS = """
SELECT CAST(group_concat(commitment, '') AS BLOB), CAST(group_concat(node, '') AS BLOB) FROM entry
WHERE position >= ? AND position < ?
AND commitment >= x'' AND length(commitment) = 32 AND node >= x'' AND length(node) = 32
"""
"""What is no hash is left out: a blob is greater than any value of another type. ``group_concat`` lets octets through
as they are. The range makes SQLite go through the rows by position; asked for in so many words, the order would cost
half as much again, and an audit to which the rows came in another one would look at each by itself."""


class SqliteStore(Store):
    """A log's tables in a SQLite file."""

    repeats = True

    def __init__(self, path: Path, connection: sqlite3.Connection, still: _Still | None = None) -> None:
        super().__init__()
        self._path = path
        self._still = still  # where nothing can be written, what must stay as it is while the log is read
        self._connection: sqlite3.Connection | None = connection
        self._lock = threading.RLock()
        self._process = os.getpid()

    @classmethod
    def create(cls, path: Path, description: Description) -> SqliteStore:
        """Make the tables in a file that is not there, or is empty as an interrupted making leaves it.

        Raises ``MisuseError`` "ledger.exists"; the ``OSError`` of a folder that cannot be written passes through.
        """
        path.open("ab").close()  # an OSError with its reason, where SQLite would only say that it cannot
        connection = _connect(path)
        try:
            with _answers():
                _make(connection, description, path)
        except BaseException:
            connection.close()
            raise
        connection.close()
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> SqliteStore:
        """Open a log that exists; where neither file nor folder can be written (a DVD), for reading alone.

        Raises ``MisuseError`` "ledger.missing", "ledger.not-a-log", "ledger.version"; ``UnavailableError``
        "ledger.read-only" where what was written last has not reached the one file, which then cannot be read alone.
        """
        if not path.is_file():
            raise MisuseError("ledger.missing", f"there is no log at {path}", "create the log first")
        connection = _connect(path)
        try:
            _check(connection, path)
        except UnavailableError as error:
            connection.close()
            if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF not in _CLOSED:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return cls(path, connection)
        return cls._open_still(path)

    @classmethod
    def _open_still(cls, path: Path) -> SqliteStore:
        """Open a log where SQLite cannot make the files beside it that it shares with writers."""
        still = _Still.of(path)
        if still.waiting:
            raise UnavailableError(
                "ledger.read-only", f"{path} cannot be read here without what waits in {path.name}-wal",
                "copy both into a folder that can be written", retryable=False,
            )  # fmt: skip
        connection = _connect(path, "mode=ro&immutable=1")
        try:
            _check(connection, path, durable=False)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, still)

    def description(self) -> Description:  # noqa: D102 - as Store says
        return description_of(self._row("SELECT origin, key, charter FROM log"))

    def head(self) -> Head:  # noqa: D102
        return head_of(self._row(_HEAD))

    def extent(self) -> Extent:  # noqa: D102
        *head, first, last = self._row(
            "SELECT size, root, checkpoints, stamps, (SELECT min(position) FROM entry),"
            " (SELECT max(position) FROM entry) FROM head"
        )
        return Extent(head_of(head), first, last)

    def append(self, entries: Sequence[bytes]) -> list[int]:  # noqa: D102
        for _ in range(ATTEMPTS):
            with self._turn() as connection:
                head = head_of(self._row(_HEAD))
                grown = self._grow(head, entries)
                connection.execute(_ADD, (head.size, grown.head.size, b"".join(grown.entries), b"".join(grown.nodes)))
                swapped = connection.execute(
                    "UPDATE head SET size = ?, root = ? WHERE size = ? AND root = ?",
                    (grown.head.size, grown.head.root, head.size, head.root),
                ).rowcount
                if swapped == 1:
                    connection.execute("COMMIT")
                    self._remember(grown)
                    return list(range(head.size, grown.head.size))
        raise UnavailableError("ledger.busy", "others were always faster to append", "try again")

    def records(self, start: int, limit: int) -> list[Record]:  # noqa: D102
        rows = self._rows(
            "SELECT position, commitment, node FROM entry WHERE position >= ? ORDER BY position LIMIT ?", start, limit
        )
        return [Record(*row) for row in rows]

    def columns(self, start: int, stop: int) -> tuple[bytes, bytes]:  # noqa: D102
        entries, nodes = self._row(_COLUMNS, start, stop)
        return entries or b"", nodes or b""

    def records_at(self, indexes: Sequence[int]) -> list[Record]:  # noqa: D102
        found = []
        with self._lock, _answers():
            connection = self._own()
            for index in indexes:
                row = connection.execute(
                    "SELECT position, commitment, node FROM entry WHERE position = ?", (index,)
                ).fetchone()
                if row is not None:
                    found.append(Record(*row))
        return found

    def checkpoints(self, start: int, limit: int) -> list[KeptCheckpoint]:  # noqa: D102
        rows = self._rows(
            "SELECT number, size, note FROM checkpoint WHERE number >= ? ORDER BY number LIMIT ?", start, limit
        )
        return [KeptCheckpoint(*row) for row in rows]

    def checkpoint_for(self, size: int) -> KeptCheckpoint | None:  # noqa: D102
        rows = self._rows("SELECT number, size, note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT 1", size)
        return KeptCheckpoint(*rows[0]) if rows else None

    def checkpoint_within(self, size: int) -> KeptCheckpoint | None:  # noqa: D102
        rows = self._rows("SELECT number, size, note FROM checkpoint WHERE size <= ? ORDER BY size DESC LIMIT 1", size)
        return KeptCheckpoint(*rows[0]) if rows else None

    def add_checkpoint(self, kept: KeptCheckpoint) -> bool:  # noqa: D102
        with self._turn() as connection:
            counted = connection.execute(
                "UPDATE head SET checkpoints = ? WHERE checkpoints = ? AND size >= ?",
                (kept.number + 1, kept.number, kept.size),
            ).rowcount
            if counted == 1:
                connection.execute("INSERT INTO checkpoint (number, size, note) VALUES (?, ?, ?)", kept)
                connection.execute("COMMIT")
            return counted == 1

    def replace_note(self, kept: KeptCheckpoint, note: bytes) -> bool:  # noqa: D102
        with self._turn() as connection:
            replaced = connection.execute(
                "UPDATE checkpoint SET note = ? WHERE number = ? AND note = ?", (note, kept.number, kept.note)
            ).rowcount
            connection.execute("COMMIT")
            return replaced == 1

    def stamps(self, start: int, limit: int) -> list[KeptStamp]:  # noqa: D102
        rows = self._rows(f"{_STAMP} WHERE number >= ? ORDER BY number LIMIT ?", start, limit)
        return [KeptStamp(*row) for row in rows]

    def stamp_for(self, size: int) -> KeptStamp | None:  # noqa: D102
        rows = self._rows(f"{_STAMP} WHERE size >= ? ORDER BY size LIMIT 1", size)
        return KeptStamp(*rows[0]) if rows else None

    def add_stamp(self, kept: KeptStamp) -> bool:  # noqa: D102
        with self._turn() as connection:
            counted = connection.execute(
                "UPDATE head SET stamps = ? WHERE stamps = ? AND size >= ?", (kept.number + 1, kept.number, kept.size)
            ).rowcount
            if counted == 1:
                connection.execute("INSERT INTO stamp VALUES (?, ?, ?, ?, ?, ?)", kept)
                connection.execute("COMMIT")
            return counted == 1

    def close(self) -> None:  # noqa: D102
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _own(self) -> sqlite3.Connection:
        if self._connection is None:
            raise MisuseError("ledger.closed", "this log is closed", "use it inside its with block")
        if self._process != os.getpid():
            raise MisuseError("ledger.forked", "this log was opened in another process", "open it after the fork")
        if self._still is not None and self._still != _Still.of(self._path):
            raise UnavailableError("ledger.busy", "somebody wrote to the log while it was read", "open it again")
        return self._connection

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._lock, _answers():
            return self._own().execute(statement, values).fetchall()

    def _row(self, statement: str, *values: Any) -> Any:
        rows = self._rows(statement, *values)
        if len(rows) != 1:
            raise corrupt("a table of one row has none")
        return rows[0]

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """The right to write, until a COMMIT; what was not committed by the end is undone."""
        with self._lock, _answers():
            connection = self._own()
            if self._still is not None:
                raise _read_only()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


class _Still(NamedTuple):
    """A log's file that nobody is writing to: what would change otherwise. ``waiting``: octets not yet in the file."""

    file: int
    size: int
    changed: int
    waiting: int

    @classmethod
    def of(cls, path: Path) -> _Still:
        """As it is now."""
        try:
            status = path.stat()
        except OSError as error:
            raise UnavailableError("ledger.store", f"the log's file cannot be used: {error.strerror}") from error
        try:
            waiting = path.with_name(f"{path.name}-wal").stat().st_size
        except OSError:
            waiting = 0
        return cls(status.st_ino, status.st_size, status.st_mtime_ns, waiting)


def _connect(path: Path, how: str = "mode=rw") -> sqlite3.Connection:
    with _answers():
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
        return connection


def _make(connection: sqlite3.Connection, description: Description, path: Path) -> None:
    _refuse_full(connection, path)  # before anything of somebody else's file is changed
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        _refuse_full(connection, path)
        for statement in (
            *_STATEMENTS,
            f"PRAGMA application_id = {APPLICATION_ID}",
            f"PRAGMA user_version = {VERSION}",
        ):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO log VALUES (1, ?, ?, ?)", (description.origin, description.key, description.charter)
        )
        connection.execute("INSERT INTO head VALUES (1, 0, ?, 0, 0)", (EMPTY_ROOT,))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _refuse_full(connection: sqlite3.Connection, path: Path) -> None:
    try:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        tables = None
    if tables != (0,):
        raise MisuseError("ledger.exists", f"{path} is not empty", "open the log, or choose another file")


def _check(connection: sqlite3.Connection, path: Path, *, durable: bool = True) -> None:
    """That this is a log, of a version known here, and that what it acknowledges survives a power cut.

    ``durable``: False where nothing can be written anyway.
    """
    try:
        kind = connection.execute("PRAGMA application_id").fetchone()
        version = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            kind = version = None
        else:
            raise _unavailable(error) from error
    if kind != (APPLICATION_ID,):
        raise MisuseError("ledger.not-a-log", f"{path} is no evidence log", "name the log's file")
    if version != (VERSION,):
        raise MisuseError("ledger.version", f"{path} is a log of a version not known here", "use a newer release")
    with _answers():
        made = connection.execute(_SCHEMA).fetchall()
        if len(made) != len(_STATEMENTS) or set(made) != {(one,) for one in _STATEMENTS}:  # no view, no trigger
            raise MisuseError(
                "ledger.not-a-log", f"{path} is marked as a log and has not just the tables of one",
                "if it was a log, somebody changed its tables: keep it, and restore the last copy that is sound",
            )  # fmt: skip
        if not durable:
            return
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: its plain fsync does not reach the medium
        settings = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous")]
    if settings != [("wal",), (_FULL,)]:
        raise UnavailableError(
            "ledger.durability",
            f"SQLite runs with journal_mode and synchronous {settings}, and a commit would not be durable",
            "let the log's file be in WAL mode, on a local file system",
            retryable=False,
        )


@contextmanager
def _answers() -> Iterator[None]:
    """What SQLite says when something is wrong, as this package's errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise _unavailable(error) from error


def _read_only() -> UnavailableError:
    return UnavailableError(
        "ledger.read-only", "the log can only be read here: its file or folder cannot be written",
        "write to it where it is kept", retryable=False,
    )  # fmt: skip


def _unavailable(error: sqlite3.Error) -> UnavailableError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UnavailableError("ledger.busy", "others keep the log's file locked", "try again")
    if code == sqlite3.SQLITE_READONLY:
        return _read_only()
    if code == sqlite3.SQLITE_FULL:
        return UnavailableError("ledger.full", "there is no space left for the log", "make room and try again")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT):
        return corrupt(str(error))
    return UnavailableError("ledger.store", f"the log's file cannot be used: {error}", "look at the file system")
