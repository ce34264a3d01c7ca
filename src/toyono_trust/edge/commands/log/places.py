"""Where a log is: the argument ADDRESS, the option ``--schema``, and a log opened so that no password is ever told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import say
from toyono_trust.errors import UnavailableError

if TYPE_CHECKING:
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.stores.base import Store

__all__ = [
    "address_argument",
    "checked_address",
    "opened",
    "opened_store",
    "schema_option",
    "shown",
    "without_password",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_SERVER = re.compile(r"postgres(ql)?://")
_PASSWORD = re.compile(r"[?&](password|sslpassword)=([^&]*)")
SHORTEST = 3
"""Characters of a part of a password that is looked for; shorter ones are in every sentence."""

schema_option: Callable[[_F], _F] = click.option(
    "--schema", metavar="NAME", help="PostgreSQL: schema of the log.  [default: evidence_log]"
)


def address_argument(function: _F) -> _F:
    """ADDRESS, and the schema where that is a database."""
    decorated: _F = click.argument("address", metavar="ADDRESS")(schema_option(function))
    return decorated


def shown(address: str) -> str:
    """The address without what could be a password: of a database host and name, as far as they can be told."""
    if _SERVER.match(address) is None:
        return address
    rest = address.split("://", 1)[1]
    if "@" in rest.partition("?")[2]:  # whether the password stands before or after that, readers differ
        return "postgresql://…"
    return f"postgresql://{rest.partition('?')[0].rpartition('@')[2]}"


def checked_address(address: str, schema: str | None, language: Language) -> dict[str, str]:
    """Warn of a password in an address. The schema as option; a usage error where there can be none."""
    if _SERVER.match(address) is None:
        if schema is not None:
            raise click.UsageError("--schema is for logs in PostgreSQL")
        return {}
    if _secrets(address):
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
    """What in an address may be a password, by any reading of it, whole and in parts."""
    if _SERVER.match(address) is None:
        return []
    found = [value for _, value in _PASSWORD.findall(address)]
    user, at, _ = address.split("://", 1)[1].rpartition("@")
    found += [user.partition(":")[2]] if at else []
    found += [part for secret in found for part in re.split("[/?@:]", secret) if len(part) >= SHORTEST]
    return [each for secret in found if secret for each in (secret, unquote(secret))]
