"""What the log's commands say of a user's mistakes: the thing that is wrong is named, and what undoes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

import made_log
from command_line import Place, Run
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import write_proof
from toyono_trust.ledger.signing_key import write_signing_key

NAME = made_log.ORIGIN


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with forty entries, its keys, and a proof."""
    monkeypatch.chdir(tmp_path)
    signer = made_log.signer()
    with EvidenceLog.create("town.log", signer.key) as log:
        log.append_many(made_log.entries(2_000))
        log.checkpoint(signer)
        Path("entry.proof").write_bytes(write_proof(log.prove(3)))
    Path("log.pub").write_text(f"{signer.key.text}\n")
    Path("log.key").write_text(write_signing_key(NAME, sha256(NAME.encode()).digest()))
    Path("log.key").chmod(0o600)
    return tmp_path


def test_a_policy_without_a_quorum_is_told_which_line_it_lacks(run: Run) -> None:
    Path("w.policy").write_text(f"witness w1 {made_log.witness(0).key.text}\n")
    ran = run("log", "audit", "town.log", "--log-key", "log.pub", "--witnesses", "w.policy")
    assert ran.code == 64
    assert "it names witnesses and no quorum" in ran.err
    assert "names no evidence log" not in ran.err
    assert "quorum w1" in ran.err


@pytest.mark.parametrize("words", [("log", "audit", "town.log"), ("verify", "entry.proof")])
def test_a_key_file_that_is_not_there(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words, "--log-key", "nosuch.pub")
    assert ran.code == 66
    assert "nosuch.pub cannot be read: No such file" in ran.err


@pytest.mark.parametrize("words", [("checkpoint", "town.log"), ("create", "new.log")])
def test_the_public_key_where_the_other_one_is_asked_for(run: Run, words: tuple[str, ...]) -> None:
    ran = run("log", *words, "--key", "log.pub")
    assert ran.code == 64
    assert "log.pub is the public key" in ran.err
    assert "chmod" not in ran.err
    assert "署名鍵" in run("log", *words, "--key", "log.pub", "--lang", "ja").err
    Path("log.key").chmod(0o644)
    assert "chmod" in run("log", *words, "--key", "log.key").err


@pytest.mark.parametrize("octets", [20_000, 8_192])
def test_the_audit_of_a_cut_file_does_not_send_to_the_audit(run: Run, octets: int) -> None:
    whole = Path("town.log").read_bytes()
    Path("town.log").write_bytes(whole[:octets])
    ran = run("log", "audit", "town.log", "--log-key", "log.pub")
    assert ran.code in (1, 69)
    if ran.code == 69:
        assert "[ledger.damaged]" in ran.err
        assert "log audit" not in ran.err
        assert "restore" in ran.err


def test_a_log_without_one_of_its_tables(run: Run) -> None:
    with closing(sqlite3.connect("town.log", isolation_level=None)) as file:
        file.execute("DROP TABLE stamp")
    ran = run("log", "audit", "town.log", "--log-key", "log.pub")
    assert ran.code == 64
    assert "create" not in ran.err
    assert "restore" in ran.err


def test_a_charter_that_was_zeroed(run: Run, place: Place) -> None:
    run("log", "create", "sealed.log", "--key", "log.key", "--by", place.key()[1], *place.key()[2:])
    with closing(sqlite3.connect("sealed.log", isolation_level=None)) as file:
        file.execute("UPDATE log SET charter = zeroblob(length(charter))")
    ran = run("log", "audit", "sealed.log", "--log-key", "log.pub", *place.trust)
    assert ran.code == 1
    row = next(line for line in ran.out.splitlines() if line.startswith("charter"))
    assert "INDETERMINATE" not in row
    assert "[audit.charter]" in ran.out
    assert "判定不能" in run("log", "audit", "sealed.log", "--log-key", "log.pub", *place.trust, "--lang", "ja").out


def test_a_charter_that_is_not_trusted_is_told_why(run: Run, place: Place, served: tuple[Place, str]) -> None:
    run("log", "create", "sealed.log", "--key", "log.key", "--by", place.key()[1], *place.key()[2:])
    ran = run("log", "audit", "sealed.log", "--log-key", "log.pub", *served[0].trust)
    assert ran.code == 2
    assert "[chain." in ran.out or "[path." in ran.out or "[signature." in ran.out, ran.out


def test_a_charter_without_a_time_stamp_says_how_long_it_holds(
    run: Run, place: Place, served: tuple[Place, str]
) -> None:
    plain = run("log", "create", "sealed.log", "--key", "log.key", "--by", place.key()[1], *place.key()[2:])
    assert "(B-B)" in plain.err
    assert "--tsa" in plain.err
    other, tsa = served
    stamped = run("log", "create", "stamped.log", "--key", "log.key", "--by", other.key()[1], *other.key()[2:],
                  "--tsa", tsa)  # fmt: skip
    assert stamped.code == 0, stamped
    assert "(B-B)" not in stamped.err


def test_one_entry_is_no_entries(run: Run) -> None:
    Path("one.json").write_text('{"n": 1}')
    run("log", "create", "one.log", "--key", "log.key")
    run("log", "append", "one.log", "one.json")
    assert "checkpoint  1 entry  " in run("log", "checkpoint", "one.log", "--key", "log.key").out
    assert "1 entry (0 before), " in run("log", "tiles", "one.log", "one-tiles").out
    assert "(1 entry)" in run("log", "export", "one.log", "--out", "one.jsonl").err
    assert "1 entries" not in run("log", "audit", "one.log", "--log-key", "log.pub").out
    assert "checkpoint  2000 entries" in run("log", "checkpoint", "town.log", "--key", "log.key").out


# -- what cannot be written is not said to be unreadable


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("log", "create", "none/n.log", "--key", "log.key"), "ADDRESS"),
        (("dev-pki", "file/town"), "DIR"),
        (("log", "tiles", "town.log", "file/tiles"), "DIR"),
        (("log", "monitor", "tiles", "--log-key", "log.pub", "--state", "none/state"), "--state"),
        (("log", "witness", "cosign", "tiles", "--log-key", "log.pub", "--key", "witness.key", "--state", "none/seen",
          "--out", "c"), "--state"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(run: Run, words: tuple[str, ...], option: str) -> None:
    run("log", "tiles", "town.log", "tiles")
    run("log", "witness", "key", "--name", "witness.example", "--key-out", "witness.key")
    Path("file").write_text("no folder")
    ran = run(*words)
    assert ran.code == 70, ran
    assert "cannot be written" in ran.err
    assert f"another place with {option}" in ran.err


def test_a_new_key_goes_where_the_log_cannot_be_made(run: Run) -> None:
    assert run("log", "create", "none/n.log", "--name", "a.example", "--key-out", "new.key").code == 70
    assert not Path("new.key").exists()


def test_tiles_that_are_not_there_are_still_unreadable(run: Run) -> None:
    ran = run("log", "monitor", "no-tiles", "--log-key", "log.pub", "--state", "state")
    assert "cannot be written" not in ran.err
    assert ran.code not in (0, 70)


@pytest.mark.skipif(os.name == "nt", reason="processes are interrupted differently")
def test_tiles_that_are_interrupted_say_so(run: Run, here: Path) -> None:
    with EvidenceLog.open("town.log") as log:
        log.append_many(made_log.entries(60_000, of="many"))
        log.checkpoint(made_log.signer())
    command = [sys.executable, "-m", "toyono_trust.edge.main", "log", "tiles", "town.log", "tiles"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "LANG": "C.UTF-8"}
    )
    try:
        end = time.monotonic() + 60
        while not (here / "tiles" / "tile").exists() and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "tiles: interrupted" in err
    assert "Traceback" not in err
    assert not (here / "tiles" / "checkpoint").exists()
    assert run("log", "tiles", "town.log", "tiles").code == 0
