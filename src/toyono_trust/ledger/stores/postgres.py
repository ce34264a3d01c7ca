"""The log in a PostgreSQL schema, for several gateways that write one log. Needs psycopg 3 (extra ``[postgres]``).

An append takes the row lock of ``head`` if it is free, and sequences its entries and those that wait in ``queue``. If
it is not free it puts its entries into ``queue`` and waits for the lock; when it has it, either somebody has sequenced
them, or it does so itself, with all that came meanwhile. So a commit serves everybody who waited for it.

Nothing but rows outlives a transaction: no session state, no prepared statements, no advisory locks. A pooler may
hand each transaction to another session. The queue holds nothing that was acknowledged; that it may lose its newest
rows with the server is found out by whoever put them there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from toyono_trust.core.merkle import EMPTY_ROOT
from toyono_trust.errors import MisuseError, TrustError, UnavailableError
from toyono_trust.ledger.stores.base import (
    ATTEMPTS,
    BATCH,
    VERSION,
    Description,
    Extent,
    Grown,
    Head,
    KeptCheckpoint,
    KeptStamp,
    Record,
    Store,
    corrupt,
    description_of,
    head_of,
)
from toyono_trust.ledger.stores.tables import POSTGRES

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresStore"]

T = TypeVar("T")

_SETTINGS: dict[str, Any] = {"connect_timeout": "10", "application_name": "toyono_trust"}
RECONNECTIONS = 3
"""Connections that one call may lose."""
_DURABLE = frozenset({"on", "local", "remote_write", "remote_apply"})
"""Values of ``synchronous_commit`` under which the server's own disk has what it acknowledges."""
_TURN = """
SET LOCAL lock_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SELECT size, root, checkpoints, stamps, current_setting('synchronous_commit'), EXISTS (SELECT FROM {schema}.queue)
FROM {schema}.head FOR UPDATE"""
"""Takes the lock of the head, and says whether anything waits. Who hangs with it in hand loses it."""

_STAMP = "SELECT number, first, size, path, token, digest FROM {schema}.stamp"

_UNLOGGED = """
SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = %s AND relkind = 'r' AND relpersistence <> 'p'
"""

_GROW = """
WITH swapped AS (
    UPDATE {schema}.head SET size = %(new_size)b, root = %(new_root)b
    WHERE size = %(size)b AND root = %(root)b RETURNING id
)
INSERT INTO {schema}.entry (position, commitment, node)
SELECT %(size)b::bigint + at, substring(%(entries)b::bytea FROM 32 * at + 1 FOR 32),
    substring(%(nodes)b::bytea FROM 32 * at + 1 FOR 32)
FROM generate_series(0, %(count)b::integer - 1) at, swapped
"""
"""Swaps the head and adds the rows, or does neither. The rows come as columns end to end, faster than as arrays."""


class PostgresStore(Store):
    """A log's tables in a schema of a PostgreSQL database."""

    page = 1 << 16
    ahead = True

    def __init__(self, address: str, schema: str) -> None:
        super().__init__()
        self._address = address
        self._schema = schema
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._closed = False

    @classmethod
    def create(cls, address: str, schema: str, description: Description) -> PostgresStore:
        """Make schema and tables. Raises ``MisuseError`` "ledger.exists" where the schema has tables."""
        store = cls(address, schema)
        try:
            store._run(lambda connection: store._make(connection, description))
            store._check()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open(cls, address: str, schema: str) -> PostgresStore:
        """Open a log that exists. Raises ``MisuseError`` "ledger.missing", "ledger.version"."""
        store = cls(address, schema)
        try:
            store._check()
        except BaseException:
            store.close()
            raise
        return store

    def description(self) -> Description:  # noqa: D102 - as Store says
        return description_of(self._row("SELECT origin, key, charter FROM {schema}.log"))

    def head(self) -> Head:  # noqa: D102
        return head_of(self._row("SELECT size, root, checkpoints, stamps FROM {schema}.head"))

    def extent(self) -> Extent:  # noqa: D102
        *head, first, last = self._row(
            "SELECT size, root, checkpoints, stamps, (SELECT min(position) FROM {schema}.entry),"
            " (SELECT max(position) FROM {schema}.entry) FROM {schema}.head"
        )
        return Extent(head_of(head), first, last)

    def append(self, entries: Sequence[bytes]) -> list[int]:  # noqa: D102
        with self._lock:
            appending = _Appending(self, entries)
            for _ in range(ATTEMPTS):
                found = self._run(appending.attempt)
                if found is not None:
                    return [found[entry] for entry in entries]
        raise UnavailableError("ledger.busy", "others were always faster to append", "try again")

    def records(self, start: int, limit: int) -> list[Record]:  # noqa: D102
        rows = self._rows(
            "SELECT position, commitment, node FROM {schema}.entry WHERE position >= %s ORDER BY position LIMIT %s",
            start,
            limit,
        )
        return [Record(*row) for row in rows]

    def columns(self, start: int, stop: int) -> tuple[bytes, bytes]:  # noqa: D102
        ((entries, nodes),) = self._rows(
            "SELECT string_agg(commitment, ''), string_agg(node, '') FROM (SELECT commitment, node"
            " FROM {schema}.entry WHERE position >= %s AND position < %s AND octet_length(commitment) = 32"
            " AND octet_length(node) = 32 ORDER BY position) page",
            start,
            stop,
        )
        return entries or b"", nodes or b""

    def records_at(self, indexes: Sequence[int]) -> list[Record]:  # noqa: D102
        rows = self._rows(
            "SELECT position, commitment, node FROM {schema}.entry WHERE position = ANY(%s::bigint[])", list(indexes)
        )
        return [Record(*row) for row in rows]

    def checkpoints(self, start: int, limit: int) -> list[KeptCheckpoint]:  # noqa: D102
        rows = self._rows(
            "SELECT number, size, note FROM {schema}.checkpoint WHERE number >= %s ORDER BY number LIMIT %s",
            start,
            limit,
        )
        return [KeptCheckpoint(*row) for row in rows]

    def checkpoint_for(self, size: int) -> KeptCheckpoint | None:  # noqa: D102
        rows = self._rows(
            "SELECT number, size, note FROM {schema}.checkpoint WHERE size >= %s ORDER BY size LIMIT 1", size
        )
        return KeptCheckpoint(*rows[0]) if rows else None

    def checkpoint_within(self, size: int) -> KeptCheckpoint | None:  # noqa: D102
        rows = self._rows(
            "SELECT number, size, note FROM {schema}.checkpoint WHERE size <= %s ORDER BY size DESC LIMIT 1", size
        )
        return KeptCheckpoint(*rows[0]) if rows else None

    def add_checkpoint(self, kept: KeptCheckpoint) -> bool:  # noqa: D102
        return self._add("checkpoint", kept, kept.number, kept.size)

    def replace_note(self, kept: KeptCheckpoint, note: bytes) -> bool:  # noqa: D102
        def replace(connection: psycopg.Connection[Any]) -> bool:
            with connection.transaction():
                self._lock_head(connection, wait=True)
                statement = "UPDATE {schema}.checkpoint SET note = %s WHERE number = %s AND note = %s"
                return self._execute(connection, statement, (note, kept.number, kept.note)).rowcount == 1

        with self._lock:
            return self._run(replace)

    def stamps(self, start: int, limit: int) -> list[KeptStamp]:  # noqa: D102
        rows = self._rows(f"{_STAMP} WHERE number >= %s ORDER BY number LIMIT %s", start, limit)
        return [KeptStamp(*row) for row in rows]

    def stamp_for(self, size: int) -> KeptStamp | None:  # noqa: D102
        rows = self._rows(f"{_STAMP} WHERE size >= %s ORDER BY size LIMIT 1", size)
        return KeptStamp(*rows[0]) if rows else None

    def add_stamp(self, kept: KeptStamp) -> bool:  # noqa: D102
        return self._add("stamp", kept, kept.number, kept.size)

    def _add(self, table: str, kept: tuple[Any, ...], number: int, size: int) -> bool:
        """Add a row whose number is what the head counts, and count it; False where that is another one by now."""
        count = f"UPDATE {{schema}}.head SET {table}s = %s WHERE {table}s = %s AND size >= %s"  # noqa: S608 - our words
        insert = f"INSERT INTO {{schema}}.{table} VALUES ({', '.join(['%s'] * len(kept))})"  # noqa: S608

        def add(connection: psycopg.Connection[Any]) -> bool:
            with connection.transaction():
                self._lock_head(connection, wait=True)
                counted = self._execute(connection, count, (number + 1, number, size)).rowcount
                if counted == 1:
                    self._execute(connection, insert, kept)
            return counted == 1

        with self._lock:
            return self._run(add)

    def close(self) -> None:  # noqa: D102
        with self._lock:
            self._closed = True
            if self._process == os.getpid():
                self._drop()

    # -- within one transaction

    def _lock_head(self, connection: psycopg.Connection[Any], wait: bool) -> tuple[Head, bool] | None:
        """The head under its row lock, which ends with the transaction, and whether there was anything in the queue.

        None where the lock is taken and not waited for.

        One message of several statements: they are executed in order, and the row of the last one is the answer.
        """
        cursor = self._execute(connection, _TURN if wait else f"{_TURN} SKIP LOCKED")
        while cursor.nextset():
            pass
        row = cursor.fetchone()
        if row is None:
            if wait:
                raise corrupt("the head is missing")
            return None
        *head, commit, queued = row
        if commit not in _DURABLE:  # another user of the pooler's session has left it so
            connection.execute("SET LOCAL synchronous_commit = on")
        return head_of(head), queued

    def _take(self, connection: psycopg.Connection[Any], own: Sequence[bytes]) -> list[bytes]:
        """What waits in the queue, the oldest first, and what of ``own`` does; it is gone with the transaction."""
        rows = self._execute(
            connection,
            "DELETE FROM {schema}.queue WHERE ticket IN (SELECT ticket FROM {schema}.queue ORDER BY ticket LIMIT %s)"
            " OR commitment = ANY(%s::bytea[]) RETURNING ticket, commitment",
            (BATCH, list(own)),
        ).fetchall()
        return [commitment for _, commitment in sorted(rows)]

    def _find(
        self, connection: psycopg.Connection[Any], own: Sequence[bytes], start: int, end: int
    ) -> dict[bytes, int]:
        """Which of ``own`` stand between two indexes, and where: what others have sequenced for us."""
        if start >= end:
            return {}
        rows = self._execute(
            connection,
            "SELECT commitment, position FROM {schema}.entry"
            " WHERE position >= %s AND position < %s AND commitment = ANY(%s::bytea[]) ORDER BY position DESC",
            (start, end, list(own)),
        ).fetchall()
        return dict(rows)

    def _write(self, connection: psycopg.Connection[Any], head: Head, grown: Grown) -> bool:
        """Swap the head and add the rows; False where another one has swapped it, and nothing was done."""
        values = {
            "size": head.size,
            "root": head.root,
            "new_size": grown.head.size,
            "new_root": grown.head.root,
            "entries": b"".join(grown.entries),
            "nodes": b"".join(grown.nodes),
            "count": len(grown.entries),
        }
        return self._execute(connection, _GROW, values).rowcount == len(grown.entries)

    # -- connection

    def _make(self, connection: psycopg.Connection[Any], description: Description) -> None:
        with connection.transaction():
            self._execute(connection, "CREATE SCHEMA IF NOT EXISTS {schema}")
            for statement in POSTGRES.strip().split(";\n"):
                self._execute(connection, statement)
            self._execute(connection, "INSERT INTO {schema}.log VALUES (1, %s, %s, %s, %s)", (VERSION, *description))
            self._execute(connection, "INSERT INTO {schema}.head VALUES (1, 0, %s, 0, 0)", (EMPTY_ROOT,))

    def _check(self) -> None:
        """That the log is there, of a version known here, and that what is acknowledged survives a power cut."""
        version = self._row("SELECT version FROM {schema}.log")
        if version != (VERSION,):
            raise MisuseError("ledger.version", "the log is of a version not known here", "use a newer release")
        commit, sync = self._row("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        loose = ", ".join(name for (name,) in self._rows(_UNLOGGED, self._schema)) or "none"
        if commit not in _DURABLE or sync != "on" or loose != "none":
            raise UnavailableError(
                "ledger.durability",
                f"a commit would not be durable: synchronous_commit={commit}, fsync={sync}, UNLOGGED tables: {loose}",
                "set both to on for the log's role and database; make the tables LOGGED",
                retryable=False,
            )

    def _execute(self, connection: psycopg.Connection[Any], statement: str, values: Any = None) -> psycopg.Cursor[Any]:
        from psycopg import sql

        composed = sql.SQL(statement).format(schema=sql.Identifier(self._schema))
        return connection.execute(composed, values, binary=values is not None)

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        def read(connection: psycopg.Connection[Any]) -> list[Any]:
            return self._execute(connection, statement, values or None).fetchall()

        with self._lock:
            return self._run(read)

    def _row(self, statement: str) -> Any:
        rows = self._rows(statement)
        if len(rows) != 1:
            raise corrupt("a table of one row has none")
        return rows[0]

    def _run(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Do one piece of work; again on a new connection where one is lost. Work is such that this is right."""
        import psycopg

        for _ in range(RECONNECTIONS):
            connection = self._own()
            try:
                return work(connection)
            except psycopg.Error as error:
                if not connection.broken:
                    raise _translated(error) from error
                lost = error
                self._drop()
        raise _translated(lost) from lost

    def _own(self) -> psycopg.Connection[Any]:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        if self._closed:
            raise MisuseError("ledger.closed", "this log is closed", "use it inside its with block")
        if self._process != os.getpid():
            raise MisuseError("ledger.forked", "this log was opened in another process", "open it after the fork")
        if self._connection is None or self._connection.closed:
            try:
                settings = _SETTINGS | conninfo_to_dict(self._address)
                connection = psycopg.connect(**settings, autocommit=True, prepare_threshold=None)
            except psycopg.Error as error:
                raise _translated(error) from error
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # said at each BEGIN, as is the next one
            connection.read_only = False
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class _Appending:
    """One append and what is known of it: since which size its entries may be in the log or in the queue."""

    def __init__(self, store: PostgresStore, entries: Sequence[bytes]) -> None:
        self._store = store
        self._entries = entries
        self._since: int | None = None
        self._overtaken: Head | None = None

    def attempt(self, connection: psycopg.Connection[Any]) -> dict[bytes, int] | None:
        """Where the entries are; None: they are queued, or another one was faster, and it is to be tried again.

        Only the first attempt does not wait for the lock. What became of one that was cut off, the next one finds out.
        """
        import psycopg

        first = self._since is None
        locked: tuple[Head, bool] | None = None
        try:
            with connection.transaction():
                locked = self._store._lock_head(connection, wait=not first)
                if locked is not None:
                    found, grown = self._sequence(connection, *locked)
        except (_Overtaken, psycopg.errors.UniqueViolation) as error:
            if locked is None or locked[0] == self._overtaken:
                raise corrupt("there are entries beyond the head") from error
            self._overtaken = locked[0]
            return None
        if locked is None:
            self._queue(connection)
            return None
        if grown is not None:
            self._store._remember(grown)
        return found

    def _sequence(
        self, connection: psycopg.Connection[Any], head: Head, queued: bool
    ) -> tuple[dict[bytes, int], Grown | None]:
        """Sequence what waits and what is ours; everything is in the transaction of the caller."""
        store, own = self._store, self._entries
        if self._since is None:
            self._since = head.size
            waiting = store._take(connection, ()) if queued else []
        else:
            waiting = store._take(connection, own)
        found = store._find(connection, own, self._since, head.size)
        missing = [entry for entry in dict.fromkeys((*waiting, *own)) if entry not in found]
        if not missing:
            return found, None
        grown = store._grow(head, missing)
        if not store._write(connection, head, grown):
            raise _Overtaken
        found |= dict(zip(grown.entries, range(head.size, grown.head.size), strict=True))
        return found, grown

    def _queue(self, connection: psycopg.Connection[Any]) -> None:
        """Put the entries where the next holder of the lock sees them. Nothing is promised yet, so nobody waits."""
        row = self._store._execute(connection, "SELECT size FROM {schema}.head").fetchone()
        self._since = 0 if row is None else row[0]
        with connection.transaction():
            connection.execute("SET LOCAL synchronous_commit = off")
            self._store._execute(
                connection,
                "INSERT INTO {schema}.queue (commitment) SELECT * FROM unnest(%b::bytea[])",
                (list(self._entries),),
            )


class _Overtaken(Exception):
    """Another one has swapped the head: what was done is undone."""


def _line(error: psycopg.Error) -> str:
    """What the server or its library says, which may be in several lines, in one."""
    return " ".join(str(error).split())


def _translated(error: psycopg.Error) -> TrustError:
    """What PostgreSQL says when something is wrong, as this package's error."""
    from psycopg import errors

    if isinstance(error, (errors.UndefinedTable, errors.InvalidSchemaName)):
        return MisuseError("ledger.missing", "there is no log in this schema", "create the log first")
    if isinstance(error, errors.DuplicateTable):
        return MisuseError("ledger.exists", "there are tables in this schema", "open the log, or name another schema")
    if isinstance(error, (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)):
        return UnavailableError("ledger.busy", "others keep the log's head locked", "try again")
    if isinstance(error, errors.DiskFull):
        return UnavailableError("ledger.full", "there is no space left for the log", "make room and try again")
    if isinstance(error, (errors.IntegrityError, errors.DataCorrupted)):
        return corrupt(_line(error))
    if isinstance(error, errors.ProgrammingError) and error.sqlstate is None:  # libpq quotes it, with its password
        return MisuseError("ledger.address", "the address cannot be read", "escape what stands in it (RFC 3986 2.1)")
    again = isinstance(error, (errors.OperationalError, errors.InterfaceError))
    said = f"the database did not do what the log needs: {_line(error)}"
    return UnavailableError("ledger.store", said, "look at the server and at the rights of the role", retryable=again)
