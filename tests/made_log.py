"""Logs and keys for tests; everything of them is determined by their names."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import COSIGNATURE, ED25519, NoteSigner
from toyono_trust.ledger.stores import open_store
from toyono_trust.ledger.stores.base import Store

ORIGIN = "log.example.jp/evidence"


def signer(name: str = ORIGIN, kind: int = ED25519) -> NoteSigner:
    """The key of a log or a witness, the same for the same name."""
    return NoteSigner.from_key(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()), kind)


def witness(number: int) -> NoteSigner:
    return signer(f"witness{number}.example.jp", COSIGNATURE)


def entry(number: int, of: str = "") -> bytes:
    """A commitment."""
    return sha256(f"{of}{number}".encode()).digest()


def entries(count: int, start: int = 0, of: str = "") -> list[bytes]:
    return [entry(number, of) for number in range(start, start + count)]


class Place(NamedTuple):
    """Where a log is: a SQLite file, or a schema at a server; and plain SQL to it, for tests that tamper."""

    address: str
    schema: str | None = None

    @property
    def options(self) -> dict[str, str]:
        return {} if self.schema is None else {"schema": self.schema}

    def create(self, origin: str = ORIGIN, charter: bytes = b"") -> EvidenceLog:
        return EvidenceLog.create(self.address, signer(origin).key, charter, **self.options)

    def open(self) -> EvidenceLog:
        return EvidenceLog.open(self.address, **self.options)

    def sql(self, statement: str, *values: object) -> list[Any]:
        """One statement, tables as in ``{log}entry``, values as ``?``; committed. The rows, if it has any."""
        if self.schema is None:
            with closing(sqlite3.connect(self.address, isolation_level=None)) as file:
                return file.execute(statement.replace("{log}", ""), values).fetchall()
        import psycopg

        composed = statement.replace("{log}", f"{self.schema}.").replace("?", "%s")
        with psycopg.connect(self.address, autocommit=True) as server:
            cursor = server.execute(composed, values or None)
            return cursor.fetchall() if cursor.description else []

    def store(self) -> Store:
        return open_store(self.address, **self.options)
