"""Killed at any point, out of space, without power: what was acknowledged is there, and nobody repairs it by hand.

``TOYONO_KILLS=200`` for the full count of kills on each store; a few by default. A disk that lies about what it has
written is out of scope: no database survives it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import ledger_postgres
from ledger_appender import LocalAuthority
from ledger_postgres import Server
from made_log import Place, entries, entry, signer
from toyono_trust.core import merkle
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.ledger.checkpoint import open_checkpoint
from toyono_trust.ledger.log import EvidenceLog

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLS = int(os.environ.get("TOYONO_KILLS", "6"))
LOG = signer()
TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that these tests may crash."""
    yield from ledger_postgres.running()


class Acknowledged:
    """What processes were told before they died, and whether the log stands by it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._entries: dict[int, bytes] = {}
        self._notes: list[bytes] = []
        self._stamps: dict[int, int] = {}
        self.new = 0

    def take(self, output: bytes) -> None:
        lines = [line.split(b" ") for line in output.split(b"\n")[:-1]]  # the last one may be cut off, or is empty
        for word, *values in lines:
            if word == b"entry":
                assert int(values[0]) not in self._entries
                self._entries[int(values[0])] = bytes.fromhex(values[1].decode())
            elif word == b"checkpoint":
                self._notes.append(bytes.fromhex(values[0].decode()))
            elif word == b"stamp":
                assert int(values[0]) not in self._stamps
                self._stamps[int(values[0])] = int(values[1])
        self.new = len(lines)

    def check(self) -> None:
        with self._place.open() as log:
            logged = dict(log.entries())
            assert self._entries.items() <= logged.items()
            assert sorted(logged) == list(range(log.head.size))
            leaves = [merkle.leaf_hash(logged[index]) for index in range(len(logged))]
            assert log.head.root == merkle.root(leaves)
            for note in self._notes:
                seen = open_checkpoint(note, LOG.key).checkpoint
                assert seen.root == merkle.root(leaves[: seen.size])
                assert log._store.checkpoint_for(seen.size) is not None
            kept = {one.number: one.size for one in log.stamps(0, 10_000)}
            assert self._stamps.items() <= kept.items()
            assert list(kept) == list(range(log.head.stamps))
            audit = log.audit(LOG.key, held=self._notes)
            assert audit.stamped == max(kept.values(), default=0)
            assert audit.sound, audit.notes


def started(place: Place, name: str, kinds: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(TESTS / "ledger_appender.py"), place.address, place.schema or "", name, "0", kinds]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def killed(process: subprocess.Popen[bytes]) -> bytes:
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    return output


def test_appenders_killed_at_random_points(places: Callable[[], Place]) -> None:
    """Two at a time, each killed at its own moment, amid entries, batches, threads, checkpoints and stamps."""
    chance = random.Random("appenders")
    total = 0
    for turn in range(KILLS):
        if turn % 10 == 0:
            place = places()
            place.create().close()
            told = Acknowledged(place)
        pair = [started(place, f"{turn} {number} ", "oomcst") for number in range(2)]
        for process in pair:
            time.sleep(chance.uniform(0, 0.15))
            told.take(killed(process))
            total += told.new
        if turn % 5 == 4 or turn == KILLS - 1:
            told.check()
    assert total > KILLS


@pytest.mark.parametrize("moment", ["signed", "asked", "answered", "kept"])
def test_a_process_killed_between_checkpoint_and_stamp(place: Place, moment: str) -> None:
    """What was signed stands unstamped, or stamped; the next process goes on from there and stamps nothing twice."""
    code = """
import os, signal, sys
from ledger_appender import LocalAuthority
from made_log import Place, entries, signer
place, moment = Place(sys.argv[1], sys.argv[2] or None), sys.argv[3]
def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)
class Dying(LocalAuthority):
    def fetch(self, *request):
        return die() if moment == "asked" else super().fetch(*request)
log = place.open()
if moment == "answered":
    log._store.add_stamp = die
log.append_many(entries(5, 7))
log.checkpoint(signer())
if moment == "signed":
    die()
Dying().stamp(log)
die()
"""
    with place.create() as log:
        log.append_many(entries(7))
        log.checkpoint(LOG)
        LocalAuthority().stamp(log)
    command = [sys.executable, "-c", code, place.address, place.schema or "", moment]
    process = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, timeout=60)
    assert process.returncode == -signal.SIGKILL, process.stderr
    with place.open() as log:
        stamped = moment == "kept"
        assert (log.signed, log.unstamped, log.head.stamps) == (12, 0 if stamped else 5, 1 + stamped)
        assert log.audit(LOG.key).sound
        assert [one[:3] for one in LocalAuthority().stamp(log)] == ([] if stamped else [(1, 7, 12)])
        assert log.audit(LOG.key).notes == ()


def test_a_server_killed_at_random_points(own_server: Server) -> None:
    """A backend killed (the server restarts all of them), and the whole server stopped as in a crash."""
    chance = random.Random("server")
    for turn in range(max(2, KILLS // 2)):
        if turn % 10 == 0:
            place = Place(own_server.address, f"log_crash_{turn}")
            place.create().close()
            told = Acknowledged(place)
        process = started(place, f"{turn} ", "oomcst")
        time.sleep(chance.uniform(0.02, 0.3))
        if turn % 2:
            own_server.stop(signal.SIGQUIT)
            own_server.start()
        else:
            ((backend,),) = place.sql(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'toyono_trust' LIMIT 1"
            )
            own_server.crash(backend)
        time.sleep(chance.uniform(0, 0.1))
        told.take(killed(process))
        told.check()


def test_a_creation_killed_at_random_points(place: Place) -> None:
    """Afterwards there is a log, or there is none and it can be created."""
    code = "import sys; from made_log import Place; print(flush=True); Place(sys.argv[1], sys.argv[2] or None).create()"
    chance = random.Random("creation")
    for turn in range(KILLS):
        if place.schema is None:
            there = Place(f"{place.address}-{turn}")
        else:
            there = Place(place.address, f"{place.schema}_{turn}")
        command = [sys.executable, "-c", code, there.address, there.schema or ""]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.08))
        killed(process)
        try:
            there.open().close()
        except MisuseError:  # there is none
            there.create().close()
        with there.open() as log:
            assert log.append(entry(0)) == 0


def test_the_power_cut_in_a_write(tmp_path: Path) -> None:
    """Of what came after the last acknowledgement any part may have reached the disk, in any state."""
    live = Path(tempfile.mkdtemp(dir=tmp_path)) / "log.db"
    place = Place(str(live))
    chance = random.Random("power")
    with place.create() as log, place.open() as reader:
        reader.head  # noqa: B018 - keeps the write-ahead log from being put away
        log._store._connection.execute("PRAGMA wal_autocheckpoint = 0")  # type: ignore[attr-defined]
        log.append_many(entries(50))
        log.checkpoint(LOG)
        for _ in range(5 * KILLS):
            acknowledged = log.head.size
            size = Path(f"{live}-wal").stat().st_size
            log.append_many(entries(chance.randrange(1, 12), acknowledged))
            log.checkpoint(LOG)
            written = bytearray(Path(f"{live}-wal").read_bytes())
            end = chance.randrange(size, len(written) + 1)
            lost = written[:end]
            for _ in range(chance.randrange(4)):
                if end > size:  # a sector of the tail that never arrived, or arrived as rubbish
                    at = chance.randrange(size, end)
                    lost[at : at + 512] = chance.choice([bytes(512), chance.randbytes(512)])[: len(lost) - at]
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            shutil.copy(live, folder / "log.db")
            (folder / "log.db-wal").write_bytes(lost)
            with EvidenceLog.open(folder / "log.db") as after:
                assert acknowledged <= after.head.size <= log.head.size
                assert [one for _, one in after.entries()] == entries(after.head.size)
                assert after.append(entry(after.head.size)) == after.head.size - 1
                after.checkpoint(LOG)
                assert after.audit(LOG.key).sound
            shutil.rmtree(folder)


def test_no_space_left_in_the_file(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "log.db"))
    with place.create() as log:
        log.append_many(entries(100))
        connection = log._store._connection  # type: ignore[attr-defined]
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(UnavailableError, match=r"ledger\.full") as caught:
            log.append_many(entries(10_000, 100))
        assert caught.value.retryable
        assert log.head.size == 100
        connection.execute("PRAGMA max_page_count = 1000000")
        assert log.append_many(entries(200, 100)) == list(range(100, 300))
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_writes_that_fail(tmp_path: Path) -> None:
    """The file may not grow any more (a quota): acknowledged entries stay, the rest is refused, and then goes on."""
    place = Place(str(tmp_path / "log.db"))
    place.create().close()
    code = """
import resource, signal, sys
from made_log import Place, entries
from toyono_trust.errors import UnavailableError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
log = Place(sys.argv[1]).open()
done = 0
try:
    while True:
        assert log.append_many(entries(20, done)) == list(range(done, done + 20))
        done += 20
except UnavailableError as error:
    print(done, error.code)
"""
    command = [sys.executable, "-c", code, place.address]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT, timeout=120)
    count, problem = done.stdout.split()
    assert int(count) > 100
    assert problem in {"ledger.full", "ledger.store"}
    with place.open() as log:
        size = log.head.size
        assert int(count) <= size <= int(count) + 20
        assert [one for _, one in log.entries()] == entries(size)
        assert log.append(entry(size)) == size
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_a_database_server_out_of_space(own_server: Server) -> None:
    """Where the server's disk is full, what it acknowledged is there, and with room it goes on."""
    disk = own_server.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=12m,uid={own_server.folder.stat().st_uid}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be mounted here")
    try:
        place = Place(own_server.address, "log_full")
        place.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        place.create().close()
        place.sql("ALTER TABLE {log}entry SET TABLESPACE small")
        place.sql("ALTER INDEX {log}entry_pkey SET TABLESPACE small")
        done = 0
        with place.open() as log:
            try:
                while done < 1_000_000:
                    log.append_many(entries(2_000, done))
                    done += 2_000
            except UnavailableError as error:
                problem = error.code
            assert problem == "ledger.full"
            assert log.head.size == done > 10_000
            subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
            log.append_many(entries(2_000, done))
            log.checkpoint(LOG)
            assert [one for _, one in log.entries()] == entries(done + 2_000)
            assert log.audit(LOG.key).sound
        place.sql("DROP SCHEMA log_full CASCADE")
        place.sql("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_log_of_a_crashed_process_is_whole_without_its_shared_memory(tmp_path: Path) -> None:
    """After a restart of the machine the -shm file is gone, and the -wal file has the newest entries."""
    live = Path(tempfile.mkdtemp(dir=tmp_path)) / "log.db"
    with Place(str(live)).create() as log:
        log.append_many(entries(30))
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        for suffix in ("", "-wal"):
            shutil.copy(f"{live}{suffix}", folder / f"log.db{suffix}")
    with closing(EvidenceLog.open(folder / "log.db")) as after:
        assert [one for _, one in after.entries()] == entries(30)
