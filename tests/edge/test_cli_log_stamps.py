"""Time stamps of the log on the command line: an authority on loopback, one that is dead, and a loop that goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

import made_log
from command_line import Place, Run
from toyono_trust.devpki import Server
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import read_proof
from toyono_trust.ledger.signing_key import write_signing_key

pytestmark = [pytest.mark.integration, pytest.mark.skipif(os.name == "nt", reason="processes end differently")]

SECONDS = 60


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with its keys, and a file to append."""
    monkeypatch.chdir(tmp_path)
    key = write_signing_key(made_log.ORIGIN, bytes(range(32)))
    (tmp_path / "log.key").write_text(key)
    (tmp_path / "log.key").chmod(0o600)
    from toyono_trust.ledger.signing_key import read_signing_key

    public = read_signing_key(key).key
    (tmp_path / "log.pub").write_text(public.text)
    EvidenceLog.create("town.log", public).close()
    (tmp_path / "order.json").write_text('{"order": 77}')
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def head() -> tuple[int, int, int]:
    """Size, checkpoints, stamps."""
    with EvidenceLog.open("town.log") as log:
        found = log.head
        return found.size, found.checkpoints, found.stamps


def append(count: int, of: str) -> None:
    with EvidenceLog.open("town.log") as log:
        log.append_many(made_log.entries(count, of=of))


# -- once


def test_one_stamp_for_all(run: Run, served: tuple[Place, str]) -> None:
    place, tsa = served
    run("log", "append", "town.log", "order.json")
    append(20, "more")
    ran = run("log", "checkpoint", "town.log", "--key", "log.key", "--tsa", tsa, *place.trust, "--format", "json")
    assert ran.code == 0, ran
    assert [sorted(one) for one in ran.lines] == [["new", "note", "root", "size"], ["at", "first", "size", "stamp"]]
    assert head() == (21, 1, 1)
    assert run("log", "stamp", "town.log", "--tsa", tsa).out == ""
    assert run("log", "prove", "town.log", "order.json").code == 0
    assert read_proof(Path("order.json.proof").read_bytes()).record is not None
    verified = run("verify", "order.json.proof", *place.trust, "--trust", "log.pub", "--format", "json")
    assert verified.code == 0, verified.out
    assert run("log", "prove", "town.log", "order.json", "--as", "ers").code == 0
    assert not Path("order.json.ers").exists()  # which would say that it covers order.json
    record = run("verify", "order.json.opening.ers", *place.trust)  # finds order.json.opening by its name
    assert record.code == 0, record.out
    for words, name in (
        (("order.json.opening",), "order.json.opening.ers"),
        (("0", "--opening", "order.json.opening"), "order.json.opening.ers"),
        (("0",), "entry-0.ers"),
    ):
        Path(name).unlink(missing_ok=True)
        assert run("log", "prove", "town.log", *words, "--as", "ers").code == 0
        assert run("verify", name, "--content", "order.json.opening", *place.trust).code == 0
    assert run("log", "audit", "town.log", "--log-key", "log.pub").code == 0


def test_stamp_later_and_in_order(run: Run, served: tuple[Place, str]) -> None:
    for number in range(3):
        append(5, f"{number}")
        assert run("log", "checkpoint", "town.log", "--key", "log.key").code == 0
    append(2, "unsigned")
    ran = run("log", "stamp", "town.log", "--tsa", served[1])
    assert ran.code == 0
    assert ran.out.startswith("stamp 0     entries 0 to 14  ")
    assert "2 entries are under no checkpoint yet" in ran.err
    assert head() == (17, 3, 1)


def test_dead_authority_stops_no_checkpoint(run: Run, served: tuple[Place, str]) -> None:
    append(3, "a")
    dead = f"http://127.0.0.1:{free_port()}/tsr"
    ran = run("log", "checkpoint", "town.log", "--key", "log.key", "--tsa", dead)
    assert ran.code == 69
    assert ran.out.startswith("checkpoint  3 entries")
    assert "Traceback" not in ran.err
    assert head() == (3, 1, 0)
    assert run("log", "stamp", "town.log", "--tsa", dead).code == 69
    assert run("log", "stamp", "town.log", "--tsa", dead, "--tsa", served[1]).code == 0
    assert head() == (3, 1, 1)


def test_untrusted_authority(run: Run, served: tuple[Place, str], place: Place) -> None:
    """The other town's trust: what comes back does not pass, and is not kept."""
    append(3, "a")
    run("log", "checkpoint", "town.log", "--key", "log.key")
    ran = run("log", "stamp", "town.log", "--tsa", served[1], *place.trust)
    assert ran.code == 1
    assert "[tsa.not-trusted]" in ran.err
    assert head() == (3, 1, 0)


def test_audit_judges_who_stamped(run: Run, served: tuple[Place, str], place: Place) -> None:
    append(3, "a")
    run("log", "checkpoint", "town.log", "--key", "log.key", "--tsa", served[1])
    words = ("log", "audit", "town.log", "--log-key", "log.pub")
    online = ("--online", "--allow-private")
    for options in (served[0].trust, (*served[0].trust, *online)):
        ran = run(*words, *options)
        assert ran.code == 0, ran
    other = run(*words, *place.trust, "--format", "json")
    assert other.code == 1
    assert [one["code"] for one in other.lines[0]["findings"]] == ["audit.stamp-untrusted"]
    assert other.lines[0]["first"] is None  # no entry is blamed for that
    assert run(*words, *online).code == 64
    assert run(*words, *served[0].trust, "--allow-private").code == 64


def test_export_keeps_stamps(run: Run, served: tuple[Place, str], here: Path) -> None:
    run("log", "append", "town.log", "order.json")
    run("log", "checkpoint", "town.log", "--key", "log.key", "--tsa", served[1])
    run("log", "prove", "town.log", "order.json", "-o", "before")
    assert run("log", "export", "town.log", "--out", "town.jsonl").code == 0
    (here / "town.log").unlink()
    assert run("log", "audit", "town.jsonl", "--log-key", "log.pub", "--format", "json").lines[0]["stamped"] == 1
    assert run("log", "import", "town.jsonl", "town.log").code == 0
    run("log", "prove", "town.log", "order.json", "-o", "after")
    assert (here / "before").read_bytes() == (here / "after").read_bytes()


def test_stamp_needs_an_authority(run: Run) -> None:
    ran = run("log", "stamp", "town.log")
    assert ran.code == 64
    assert "--tsa" in ran.err


# -- going on


class Going:
    """The program with ``--every``, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.output = ""

    def until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not reached():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)

    def ended(self, how: int) -> tuple[int, str, str]:
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


@contextmanager
def going(*options: str) -> Iterator[Going]:
    command = [sys.executable, "-m", "toyono_trust.edge.main", "log", "checkpoint", "town.log", "--key", "log.key"]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield Going(process)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signs_until_it_is_asked_to_end(how: int) -> None:
    with going("--every", "1s") as keeper:
        append(3, "a")
        keeper.until(lambda: head()[1] == 1)
        append(3, "b")
        keeper.until(lambda: head()[1] == 2)
        code, out, err = keeper.ended(how)
    assert code == 0
    assert len(out.splitlines()) == 2
    assert "Traceback" not in err
    assert err.rstrip().endswith("ended")


def test_signs_before_the_time_where_many_entries_wait() -> None:
    append(1, "first")
    with going("--every", "1h", "--max-entries", "10") as keeper:
        keeper.until(lambda: head()[1] == 1)  # how old the first ones are nobody knows
        append(9, "a")
        time.sleep(2)
        assert head()[1] == 1
        append(1, "b")
        keeper.until(lambda: head()[1] == 2)
        assert keeper.ended(signal.SIGTERM)[0] == 0


def test_dead_authority_is_told_once_and_caught_up(served: tuple[Place, str], here: Path) -> None:
    town = served[0].town
    port = free_port()
    with going("--every", "1s", "--tsa", f"http://127.0.0.1:{port}/tsr", "--timeout", "5") as keeper:
        for number in range(3):
            append(2, f"{number}")
            keeper.until(lambda number=number: head()[1] == number + 1)  # type: ignore[misc]
        assert head() == (6, 3, 0)
        with Server(town, port=port):
            keeper.until(lambda: head()[2] == 1)
            code, out, err = keeper.ended(signal.SIGTERM)
    assert code == 0
    assert err.count("error: ") == 1
    assert "will be caught up" in err
    assert "1 caught up" in err
    assert "stamp 0     entries 0 to 5" in out


def test_killed_it_leaves_a_sound_log(run: Run) -> None:
    with going("--every", "1s") as keeper:
        append(3, "a")
        keeper.until(lambda: head()[1] == 1)
        assert keeper.ended(signal.SIGKILL)[0] == -signal.SIGKILL
    append(3, "b")
    assert run("log", "checkpoint", "town.log", "--key", "log.key").code == 0
    assert run("log", "audit", "town.log", "--log-key", "log.pub").code == 0


# -- no room


def test_no_room(run: Run, here: Path) -> None:
    """A quota on files: what was acknowledged is in the log, the rest is refused with its code, and then it goes on."""
    pytest.importorskip("resource")
    for number in range(300):
        (here / f"{number}.json").write_text(f'{{"order": {number}, "text": "{"x" * 200}"}}')
    names = [f"{number}.json" for number in range(300)]
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (36_000, resource.RLIM_INFINITY));"
        "from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust())"
    )
    command = [sys.executable, "-c", limited, "log", "append", "town.log"]
    done = subprocess.run([*command, *names], capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 69, done
    assert "Traceback" not in done.stderr
    assert "[ledger.full]" in done.stderr or "[ledger.store]" in done.stderr
    acknowledged = len(done.stdout.splitlines())
    assert acknowledged < 300
    assert head()[0] >= acknowledged
    again = run("log", "append", "town.log", *names)
    assert again.code == 0
    assert head()[0] == 300
    assert sorted(int(line.split()[0]) for line in again.out.splitlines()) == list(range(300))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_append(run: Run, here: Path, how: int) -> None:
    """What was acknowledged is in the log; run again, every file is in it once."""
    for number in range(1_500):
        (here / f"{number}.json").write_text(f'{{"order": {number}}}')
    names = [f"{number}.json" for number in range(1_500)]
    command = [sys.executable, "-m", "toyono_trust.edge.main", "log", "append", "town.log", *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(how)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in err
    acknowledged = [line.split() for line in (first + out).splitlines() if line.endswith(".json")]
    assert 0 < len(acknowledged) < 1_500
    with EvidenceLog.open("town.log") as log:
        entries = dict(log.entries())
    for index, name in acknowledged:
        assert entries[int(index)] == sha256((here / f"{name}.opening").read_bytes()).digest()
    assert run("log", "append", "town.log", *names).code == 0
    assert head()[0] == 1_500
