"""``toyono-trust log tiles``, ``monitor`` and ``witness``: a log that others read, follow and cosign."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import made_log
from command_line import Run
from toyono_trust.ledger.fork import read_fork
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import COSIGNATURE, NoteKey

SIGNER = made_log.signer()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of 300 entries with its tiles, and its verifier key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.pub").write_text(SIGNER.key.text)
    EvidenceLog.create("town.log", SIGNER.key).close()
    grow("town.log", 300)
    return tmp_path


def grow(name: str, count: int, of: str = "") -> bytes:
    with EvidenceLog.open(name) as log:
        log.append_many(made_log.entries(count, log.head.size, of))
        return log.checkpoint(SIGNER)


def monitored(run: Run, place: object, *options: object) -> tuple[int, dict[str, object]]:
    ran = run("log", "monitor", place, "--log-key", "log.pub", "--state", "state", "--format", "json", *options)
    assert "Traceback" not in ran.err
    return ran.code, ran.lines[0]


@contextlib.contextmanager
def site(folder: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


# -- tiles


def test_tiles_grow(run: Run, here: Path) -> None:
    first = run("log", "tiles", "town.log", "tiles", "--format", "json")
    assert first.code == 0
    assert (first.lines[0]["since"], first.lines[0]["size"]) == (0, 300)
    assert (here / "tiles" / "checkpoint").is_file()
    again = run("log", "tiles", "town.log", "tiles", "--format", "json")
    assert again.lines[0]["files"] == 0
    grow("town.log", 10)
    assert run("log", "tiles", "town.log", "tiles").out.startswith("tiles: 310 entries (300 before)")
    assert "記録 310 件" in run("log", "tiles", "town.log", "tiles", "--lang", "ja").out


def test_tiles_of_nothing_signed_and_of_another_log(run: Run) -> None:
    run("log", "tiles", "town.log", "tiles")
    EvidenceLog.create("other.log", made_log.signer("other.example").key).close()
    unsigned = run("log", "tiles", "other.log", "new")
    assert unsigned.code == 64
    assert "[ledger.range]" in unsigned.err
    with EvidenceLog.open("other.log") as log:
        log.append(made_log.entry(0))
        log.checkpoint(made_log.signer("other.example"))
    other = run("log", "tiles", "other.log", "tiles")
    assert other.code == 64
    assert "[tiles.other-log]" in other.err


def test_tiles_where_nothing_can_be_written(run: Run, here: Path) -> None:
    (here / "file").write_bytes(b"")
    ran = run("log", "tiles", "town.log", "file")
    assert ran.code == 70
    assert "Traceback" not in ran.err


# -- monitor


def test_monitor_follows(run: Run, here: Path) -> None:
    run("log", "tiles", "town.log", "tiles")
    code, value = monitored(run, "tiles", "--entries")
    assert (code, value["sound"], value["size"], value["entries_read"]) == (0, True, 300, 300)
    grow("town.log", 10)
    run("log", "tiles", "town.log", "tiles")
    code, value = monitored(run, "tiles", "--entries")
    assert (code, value["size"], value["entries_read"]) == (0, 310, 310)
    text = run("log", "monitor", "tiles", "--log-key", "log.pub", "--state", "state", "--lang", "ja")
    assert text.out.startswith("整合  記録 310 件")


@pytest.mark.integration
def test_monitor_over_http(run: Run, here: Path) -> None:
    run("log", "tiles", "town.log", "tiles")
    with site(here / "tiles") as url:
        assert monitored(run, url)[0] == 0
    code, value = monitored(run, url)
    assert code == 69
    assert value["size"] == 300  # what it remembers


def test_fork_alarms_with_a_proof(run: Run, here: Path) -> None:
    run("log", "tiles", "town.log", "tiles")
    monitored(run, "tiles")
    EvidenceLog.create("fork.log", SIGNER.key).close()
    seen = grow("fork.log", 200, of="fork")
    (here / "theirs").write_bytes(seen)
    code, value = monitored(run, "tiles", "--seen", "theirs", "--fork-out", "proof.json")
    assert code == 1
    assert value["sound"] is False
    assert "monitor.fork" in [one["code"] for one in value["findings"]]  # type: ignore[attr-defined]
    assert read_fork((here / "proof.json").read_bytes()).size == 200
    code, _ = monitored(run, "tiles")  # once proven, it stays
    assert code == 1
    told = run("log", "monitor", "tiles", "--log-key", "log.pub", "--state", "state", "--lang", "ja")
    assert told.code == 1
    assert "エラー: " in told.err


def test_monitor_of_a_log_that_went_back_or_away(run: Run, here: Path) -> None:
    run("log", "tiles", "town.log", "tiles")
    monitored(run, "tiles")
    (here / "tiles" / "checkpoint").write_bytes(b"hello")
    assert monitored(run, "tiles")[0] == 1
    (here / "tiles" / "checkpoint").unlink()
    assert monitored(run, "tiles")[0] != 0


@pytest.mark.parametrize("content", [b"hello", b"{}", b'{"format":"x"}'])
def test_monitor_with_a_damaged_state(run: Run, here: Path, content: bytes) -> None:
    run("log", "tiles", "town.log", "tiles")
    (here / "state").write_bytes(content)
    ran = run("log", "monitor", "tiles", "--log-key", "log.pub", "--state", "state")
    assert ran.code == 1
    assert "[monitor.state]" in ran.err
    assert (here / "state").read_bytes() == content


def test_monitor_usage(run: Run) -> None:
    run("log", "tiles", "town.log", "tiles")
    assert run("log", "monitor", "tiles", "--state", "state").code == 64
    assert run("log", "monitor", "tiles", "--log-key", "log.pub").code == 64
    assert run("log", "monitor", "tiles", "--log-key", "none.pub", "--state", "s").code == 66
    assert run("log", "monitor", "ftp://x/", "--log-key", "log.pub", "--state", "s").code == 64
    assert run("log", "monitor", "tiles", "--log-key", "log.pub", "--state", "s", "--seen", "none").code == 66


# -- witness


def test_witness_key(run: Run, here: Path) -> None:
    ran = run("log", "witness", "key", "--name", "witness.example", "--key-out", "witness.key")
    assert ran.code == 0
    assert NoteKey.parse(ran.out.strip()).kind == COSIGNATURE
    assert stat.S_IMODE((here / "witness.key").stat().st_mode) == 0o600
    again = run("log", "witness", "key", "--name", "witness.example", "--key-out", "witness.key")
    assert again.code == 64
    assert run("log", "checkpoint", "town.log", "--key", "witness.key").code == 64


def test_witness_cosigns_what_continues(run: Run, here: Path) -> None:
    key = run("log", "witness", "key", "--name", "witness.example", "--key-out", "witness.key").out.strip()
    (here / "policy").write_text(f"witness w {key}\nquorum w\n")
    run("log", "tiles", "town.log", "tiles")
    words = ("log", "witness", "cosign", "tiles", "--key", "witness.key", "--log-key", "log.pub", "--state", "seen")
    assert run(*words, "--out", "cosigned").code == 0
    assert run("log", "witness", "add", "town.log", "cosigned", "--witnesses", "policy").code == 0
    audited = run("log", "audit", "town.log", "--log-key", "log.pub", "--witnesses", "policy", "--format", "json")
    assert (audited.code, audited.lines[0]["witnessed"]) == (0, 300)
    assert run("log", "show", "town.log", "--format", "json").lines[0]["cosignatures"] == 1
    grow("town.log", 5)
    run("log", "tiles", "town.log", "tiles")
    assert run(*words, "--out", "-").out.startswith(SIGNER.key.name)

    EvidenceLog.create("fork.log", SIGNER.key).close()
    grow("fork.log", 400, of="fork")
    run("log", "tiles", "fork.log", "forked")
    refused = run("log", "witness", "cosign", "forked", *words[4:], "--out", "no")
    assert refused.code == 1
    assert "[witness.fork]" in refused.err
    assert not (here / "no").exists()


def test_witness_with_a_log_key(run: Run, here: Path) -> None:
    from hashlib import sha256

    from toyono_trust.ledger.signing_key import write_signing_key

    (here / "log.key").write_text(write_signing_key(SIGNER.key.name, sha256(SIGNER.key.name.encode()).digest()))
    os.chmod(here / "log.key", 0o600)
    run("log", "tiles", "town.log", "tiles")
    words = ("log", "witness", "cosign", "tiles", "--key", "log.key", "--log-key", "log.pub", "--state", "seen")
    ran = run(*words, "--out", "no")
    assert ran.code == 64
    assert not (here / "no").exists()


# -- going on


def until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.integration
@pytest.mark.skipif(os.name == "nt", reason="processes end differently")
def test_tiles_and_monitor_go_on_until_they_are_asked_to_end(run: Run, here: Path) -> None:
    program = [sys.executable, "-m", "toyono_trust.edge.main", "log"]
    writing = [*program, "tiles", "town.log", "tiles", "--every", "1s"]
    looking = [*program, "monitor", "tiles", "--log-key", "log.pub", "--state", "state", "--every", "1s"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    writer = subprocess.Popen(writing, **pipes)  # type: ignore[call-overload]
    try:
        until(writer, (here / "tiles" / "checkpoint").is_file)
        monitor = subprocess.Popen(looking, **pipes)  # type: ignore[call-overload]
        try:
            until(monitor, lambda: (here / "state").is_file() and b"300" in (here / "state").read_bytes())
            grow("town.log", 7)
            until(monitor, lambda: b"307" in (here / "state").read_bytes())
            monitor.send_signal(signal.SIGTERM)
            out, err = monitor.communicate(timeout=60)
            assert monitor.returncode == 0, err
            assert "consistent  307 entries" in out
            writer.send_signal(signal.SIGINT)
            out, err = writer.communicate(timeout=60)
            assert (writer.returncode, len(out.splitlines())) == (0, 2), err
        finally:
            monitor.kill()
            monitor.wait()
    finally:
        writer.kill()
        writer.wait()
