"""Where a log is kept: one SQLite file, or a schema of a PostgreSQL database. The only room that knows databases."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from toyono_trust.errors import MisuseError
from toyono_trust.ledger.stores.base import Description, Store

if TYPE_CHECKING:
    from toyono_trust.ledger.stores.postgres import PostgresStore

__all__ = ["SCHEMA", "create_store", "open_store"]

SCHEMA = "evidence_log"
"""Schema of a log in PostgreSQL where none is named. Each log has its own."""

_POSTGRES = ("postgresql://", "postgres://")


def create_store(address: str | Path, description: Description, schema: str = SCHEMA) -> Store:
    """Make a log's tables at an address: a path, ``sqlite:path``, or ``postgresql://…`` (libpq connection URI).

    Raises ``MisuseError`` "ledger.exists", "ledger.address"; ``UnavailableError`` "ledger.store".
    """
    path = _path(address)
    if path is None:
        return _postgres(schema).create(str(address), schema, description)
    from toyono_trust.ledger.stores.sqlite import SqliteStore

    return SqliteStore.create(path, description)


def open_store(address: str | Path, schema: str = SCHEMA) -> Store:
    """Open a log that exists, by its address as for ``create_store``. That its commits are durable is checked.

    Raises ``MisuseError`` "ledger.missing", "ledger.not-a-log", "ledger.version", "ledger.address";
    ``UnavailableError`` "ledger.durability", "ledger.store".
    """
    path = _path(address)
    if path is None:
        return _postgres(schema).open(str(address), schema)
    from toyono_trust.ledger.stores.sqlite import SqliteStore

    return SqliteStore.open(path)


def _path(address: str | Path) -> Path | None:
    """The file that an address names, or None where it names a database server."""
    if isinstance(address, Path):
        return address
    if address.startswith(_POSTGRES):
        return None
    scheme, colon, rest = address.partition(":")
    if scheme == "sqlite" and colon:
        address = rest
    if not address or "://" in address:
        raise MisuseError("ledger.address", "this is no address of a log", "give a path or postgresql://…")
    return Path(address)


def _postgres(schema: str) -> type[PostgresStore]:
    if not schema or len(schema.encode()) > 63 or "\0" in schema:
        raise MisuseError("ledger.address", f"{schema!r} names no schema", "use 1 to 63 octets")
    if find_spec("psycopg") is None:
        raise MisuseError("ledger.driver", "psycopg is not installed", "pip install 'toyono-trust[postgres]'")
    from toyono_trust.ledger.stores.postgres import PostgresStore

    return PostgresStore
