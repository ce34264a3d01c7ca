"""Both stores, for one suite of tests: a new log for each test, in a file or in a schema of one server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import ledger_postgres
from ledger_postgres import Server
from made_log import Place

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    yield from ledger_postgres.running()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.integration)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a log may be created."""
    if request.param == "sqlite":
        return Place(str(tmp_path / "log.db"))
    server: Server = request.getfixturevalue("postgres")
    return Place(server.address, f"log_{next(_NUMBERS)}")


@pytest.fixture
def places(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Callable[[], Place]:
    """Further places of the same kind."""

    def another() -> Place:
        if place.schema is None:
            return Place(str(tmp_path / f"log-{next(_NUMBERS)}.db"))
        return Place(place.address, f"log_{next(_NUMBERS)}")

    return another
