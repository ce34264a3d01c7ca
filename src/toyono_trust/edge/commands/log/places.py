"""Where a log is: the argument ADDRESS, the option ``--schema``, and a log opened so that no password is ever told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import say
from toyono_trust.errors import MisuseError, UnavailableError

if TYPE_CHECKING:
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.stores.base import Store

__all__ = ["address_argument", "checked_address", "opened", "opened_store", "schema_option", "shown"]

_F = TypeVar("_F", bound=Callable[..., Any])
_SERVER = re.compile(r"postgres(ql)?://")
_PASSWORD = re.compile(r"postgres(ql)?://[^/]*:[^/]*@|[?&]password=")

schema_option: Callable[[_F], _F] = click.option(
    "--schema", metavar="NAME", help="PostgreSQL: schema of the log.  [default: evidence_log]"
)


def address_argument(function: _F) -> _F:
    """ADDRESS, and the schema where that is a database."""
    decorated: _F = click.argument("address", metavar="ADDRESS")(schema_option(function))
    return decorated


def shown(address: str) -> str:
    """The address without what could be a password."""
    if _SERVER.match(address) is None:
        return address
    found = _settings(address)
    if found is None:
        return "postgresql://…"
    host = "".join((str(found.get("host", "")), f":{found['port']}" if "port" in found else ""))
    return f"postgresql://{host}/{found.get('dbname', '')}"


def checked_address(address: str, schema: str | None, language: Language) -> dict[str, str]:
    """Refuse, without telling it, an address that libpq cannot read; warn of a password in it. The schema as option."""
    if _SERVER.match(address) is None:
        if schema is not None:
            raise click.UsageError("--schema is for logs in PostgreSQL")
        return {}
    if find_spec("psycopg") is not None and _settings(address) is None:
        raise MisuseError("ledger.address", "this is no connection address of PostgreSQL", "escape what stands in it")
    if _PASSWORD.search(address):
        say("address-password", language)
    return {} if schema is None else {"schema": schema}


@contextmanager
def opened(address: str, schema: str | None, language: Language) -> Iterator[EvidenceLog]:
    """The log at an address, to be used in a ``with`` block."""
    from toyono_trust.ledger.log import EvidenceLog

    options = checked_address(address, schema, language)
    with without_password(address), EvidenceLog.open(address, **options) as log:
        yield log


@contextmanager
def opened_store(address: str, schema: str | None, language: Language) -> Iterator[Store]:
    """The tables of the log at an address."""
    from toyono_trust.ledger.stores import open_store

    options = checked_address(address, schema, language)
    with without_password(address):
        store = open_store(address, **options)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def without_password(address: str) -> Iterator[None]:
    """What a database server or its library says may quote the address."""
    try:
        yield
    except UnavailableError as error:
        if any(secret in error.message for secret in _secrets(address)):
            raise UnavailableError(
                error.code, "the database cannot be used; what it says quotes the password", error.hint,
                retryable=error.retryable,
            ) from None  # fmt: skip
        raise


def _secrets(address: str) -> list[str]:
    """What in an address may be a password, by any reading of it."""
    if _SERVER.match(address) is None:
        return []
    found = [str((_settings(address) or {}).get("password", ""))]
    found += re.findall(r"[?&]password=([^&]*)", address)
    user, at, _ = address.split("://", 1)[1].rpartition("@")
    found += [user.partition(":")[2]] if at else []
    return [secret for secret in found if secret]


def _settings(address: str) -> dict[str, Any] | None:
    """An address as libpq reads it; None where it cannot, or is not there."""
    if find_spec("psycopg") is None:
        return None
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(address))
    except psycopg.Error:
        return None
