"""Several appenders in processes, poolers between, lost connections: one order, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger_pooler import pooled
from ledger_postgres import Server
from made_log import Place, entries, entry, signer
from toyono_trust.errors import UnavailableError
from toyono_trust.ledger.log import EvidenceLog

pytestmark = pytest.mark.integration

LOG = signer()
TESTS = Path(__file__).resolve().parents[1]


def appender(place: Place, name: str, count: int, kinds: str) -> subprocess.Popen[str]:
    """A process that appends ``count`` entries; it runs this tree's code."""
    command = [sys.executable, str(TESTS / "ledger_appender.py"), place.address, place.schema or "", name, str(count)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    return subprocess.Popen([*command, kinds], stdout=subprocess.PIPE, text=True, env=environment)


def acknowledged(output: str) -> dict[int, bytes]:
    """Index and entry of each whole line."""
    lines = [line.split(" ") for line in output.split("\n")[:-1]]
    return {int(line[1]): bytes.fromhex(line[2]) for line in lines if line[0] == "entry"}


@pytest.mark.parametrize("kinds", ["o", "oooomct"])
def test_appenders_in_processes(place: Place, kinds: str) -> None:
    """Invariant: each acknowledged entry stands at its index, no index is given twice, nothing else is in the log."""
    place.create().close()
    processes = [appender(place, f"appender {number} ", 120, kinds) for number in range(4)]
    told: dict[int, bytes] = {}
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        mine = acknowledged(output)
        assert not told.keys() & mine.keys()
        told |= mine
    with place.open() as log:
        assert dict(log.entries()) == told
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_entries_queued_by_somebody_who_died_are_sequenced_by_the_next(postgres: Server) -> None:
    place = Place(postgres.address, "log_queue")
    with place.create() as log:
        log.append(entry(0))
        for one in entries(3, 1):
            place.sql("INSERT INTO {log}queue (commitment) VALUES (?)", one)
        assert log.append(entry(4)) == 4
        assert [one for _, one in log.entries()] == entries(5)
        assert place.sql("SELECT count(*) FROM {log}queue") == [(0,)]
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_waiting_appenders_are_served_by_one_commit(postgres: Server) -> None:
    """While one holds the head, the others queue; when it lets go, one of them sequences all."""
    import psycopg

    place = Place(postgres.address, "log_group")
    place.create().close()
    told: list[int] = []

    def append(number: int) -> None:
        with place.open() as log:
            told.append(log.append(entry(number)))

    threads = [threading.Thread(target=append, args=(number,)) for number in range(6)]
    with psycopg.connect(place.address) as holder:
        holder.execute("SELECT * FROM log_group.head FOR UPDATE")
        for thread in threads:
            thread.start()
        for _ in range(600):
            if place.sql("SELECT count(*) FROM {log}queue") == [(6,)]:
                break
            threading.Event().wait(0.05)
        assert place.sql("SELECT count(*) FROM {log}queue") == [(6,)]
        assert told == []
        holder.rollback()
    for thread in threads:
        thread.join()
    assert sorted(told) == list(range(6))
    versions = place.sql("SELECT count(DISTINCT xmin::text) FROM {log}entry")
    assert versions == [(1,)]  # all six rows are of one transaction


# -- poolers


def test_a_pooler_that_gives_each_transaction_another_session(postgres: Server) -> None:
    """Logs that were opened well, and then work on sessions that others have spoiled."""
    direct = Place(postgres.address, "log_pooled")
    direct.create().close()
    told: dict[int, bytes] = {}

    def append(log: EvidenceLog, number: int) -> None:
        for turn in range(15):
            one = entry(turn, f"client {number} ")
            told[log.append(one)] = one
        log.checkpoint(LOG)

    with pooled(postgres.port, sessions=2) as pooler, ExitStack() as opened:
        logs = [opened.enter_context(Place(pooler.address, "log_pooled").open()) for _ in range(5)]
        pooler.poison = True
        threads = [threading.Thread(target=append, args=pair) for pair in zip(logs, range(5), strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pooler.transactions > 75
        with pytest.raises(UnavailableError, match=r"ledger\.durability"):
            Place(pooler.address, "log_pooled").open()
    with direct.open() as log:
        assert dict(log.entries()) == told
        assert len(told) == 75
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


# -- lost connections


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_lost_at_any_message_of_an_append(postgres: Server, when: str) -> None:
    """Invariant: an append that was cut off is found or done again, and stands in the log once."""
    schema = f"log_lost_{when}"
    Place(postgres.address, schema).create().close()
    with pooled(postgres.port, sessions=3) as pooler:
        with EvidenceLog.open(pooler.address, schema=schema) as log:
            done = 0
            for number in range(1, 30):
                pooler.count_from_now(**{when: number})
                batch = entries(3, done)
                assert log.append_many(batch) == [done, done + 1, done + 2]
                done += 3
                if next(pooler._messages) <= number:
                    break  # the append has fewer messages than that: every one of them was cut off once
            else:
                raise AssertionError("an append has too many messages")
            assert number > 6
        with EvidenceLog.open(postgres.address, schema=schema) as log:
            assert [one for _, one in log.entries()] == entries(done)
            log.checkpoint(LOG)
            assert log.audit(LOG.key).sound


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_lost_at_any_message_of_waiting(postgres: Server, when: str) -> None:
    """The same of an append that finds the head taken, queues its entry and waits."""
    import psycopg

    schema = f"log_wait_{when}"
    place = Place(postgres.address, schema)
    place.create().close()
    done = 0
    with (
        pooled(postgres.port, sessions=3) as pooler,
        EvidenceLog.open(pooler.address, schema=schema) as log,
        psycopg.connect(postgres.address) as holder,
        ThreadPoolExecutor(1) as other,
    ):
        for number in range(1, 25):
            holder.execute(f"SELECT * FROM {schema}.head FOR UPDATE")
            pooler.count_from_now(**{when: number})
            told = other.submit(log.append, entry(done))
            wait([told], timeout=0.2)
            assert not told.done()
            holder.rollback()
            assert dict(log.entries())[told.result(timeout=60)] == entry(done)
            done += 1
    with place.open() as log:
        logged = [one for _, one in log.entries()]
        assert set(logged) == set(entries(done))
        assert len(logged) - done <= 2  # one that came to the queue after its sender gave it up may stand twice
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_sessions_ended_by_the_administrator(postgres: Server) -> None:
    place = Place(postgres.address, "log_ended")
    with place.create() as log:
        for number in range(5):
            assert log.append(entry(number)) == number
            place.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'toyono_trust' AND pid <> pg_backend_pid()"
            )
        assert log.checkpoint(LOG) == log.latest_checkpoint()


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(UnavailableError, match=r"ledger\.store") as caught:
        EvidenceLog.open("postgresql://postgres@127.0.0.1:9/postgres")
    assert caught.value.retryable
