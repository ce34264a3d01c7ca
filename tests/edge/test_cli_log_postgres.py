"""``toyono-trust log`` over PostgreSQL: the same commands, and no password is ever told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import util
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

import ledger_postgres
from command_line import Ran, Run
from ledger_postgres import Server
from toyono_trust.edge.commands.log.places import shown

_NUMBERS = count()
PASSWORD = "s3cret/of@the:town%"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server with a role that has a password."""
    for server in ledger_postgres.running():
        import psycopg

        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE gateway LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("GRANT CREATE ON DATABASE postgres TO gateway")
        hba = server.folder / "data" / "pg_hba.conf"
        trusted = hba.read_text()
        hba.write_text("host all gateway 127.0.0.1/32 scram-sha-256\n" + trusted)
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "order.json").write_text('{"order": 77}')
    return tmp_path


def schema() -> str:
    return f"log_{next(_NUMBERS)}"


def silent(ran: Ran) -> Ran:
    """Nothing that was said holds the password, in any of its forms."""
    for text in (PASSWORD, quote(PASSWORD, safe=""), PASSWORD.split("/")[0], "the:town"):
        assert text not in ran.out + ran.err
    assert "Traceback" not in ran.err
    return ran


@pytest.mark.integration
def test_the_commands(run: Run, postgres: Server, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"postgresql://gateway@127.0.0.1:{postgres.port}/postgres"
    at = (address, "--schema", schema())
    assert run("log", "create", *at, "--name", "log.example", "--key-out", "log.key").code == 69  # no password given
    assert Path("log.key").exists()
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    made = silent(run("log", "create", *at, "--key", "log.key"))
    assert made.code == 0
    Path("log.pub").write_text(made.out)
    assert run("log", "append", *at, "order.json").out == "0  order.json\n"
    assert run("log", "append", *at, "order.json").out == "0  order.json (was in the log)\n"
    assert run("log", "checkpoint", *at, "--key", "log.key").code == 0
    assert run("log", "prove", *at, "order.json").code == 0
    assert silent(run("log", "audit", *at, "--log-key", "log.pub", "--format", "json")).code == 0
    assert run("log", "show", *at, "--format", "json").lines[0]["size"] == 1
    assert run("log", "export", *at, "--out", "log.jsonl").code == 0
    assert run("log", "import", "log.jsonl", "copy.log").code == 0
    assert run("log", "audit", "copy.log", "--log-key", "log.pub").code == 0
    assert run("log", "tiles", *at, "tiles").code == 0
    again = run("log", "create", *at, "--name", "log.example", "--key-out", "second.key")
    assert again.code == 64
    assert "[ledger.exists]" in again.err
    assert not Path("second.key").exists()
    missing = run("log", "show", address, "--schema", schema())
    assert missing.code == 64
    assert "[ledger.missing]" in missing.err


@pytest.mark.integration
def test_a_password_in_the_address_is_never_told(run: Run, postgres: Server) -> None:
    address = f"postgresql://gateway:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}/postgres"
    at = (address, "--schema", schema())
    made = silent(run("log", "create", *at, "--name", "log.example", "--key-out", "log.key", "--format", "json"))
    assert made.code == 0
    assert "PGPASSWORD" in made.err  # it can be seen by others on this machine
    assert made.lines[0]["address"] == f"postgresql://127.0.0.1:{postgres.port}/postgres"
    for words in (("show", *at), ("append", *at, "order.json"), ("audit", *at, "--log-key", "log.key"),
                  ("checkpoint", *at, "--key", "log.key"), ("export", *at, "--out", "x")):  # fmt: skip
        assert silent(run("log", *words)).code == 0
    wrong = address.replace("town", "city")
    ran = run("log", "show", wrong)
    assert ran.code == 69
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.integration
def test_records_are_held_against_a_log_in_a_database(run: Run, postgres: Server, here: Path) -> None:
    """``toyono-verify --log`` takes the same addresses, and is as silent about passwords."""
    address = f"postgresql://gateway:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}/postgres"
    at = (address, "--schema", schema())
    key = run("log", "create", *at, "--name", "log.example", "--key-out", "log.key").out.strip()
    run("log", "append", *at, "order.json")
    run("log", "checkpoint", *at, "--key", "log.key")
    ran = silent(run("verify", "--log", *at, "--log-key", key, "--format", "json"))
    assert "PGPASSWORD" in ran.err
    assert (ran.lines[0]["log"]["size"], ran.lines[0]["log"]["sound"]) == (1, True)
    missing = silent(run("verify", "--log", address, "--schema", schema()))
    assert missing.code == 64
    assert "[ledger.missing]" in missing.err
    wrong = run("verify", "--log", address.replace("town", "city"))
    assert wrong.code == 69
    assert "s3cret" not in wrong.out + wrong.err


def test_schema_without_a_database(run: Run, here: Path) -> None:
    for words in (("order.json",), (".",), (".", "--log", "town.log")):
        ran = run("verify", *words, "--schema", "x")
        assert (ran.code, ran.out) == (64, "")
        assert "--schema" in ran.err
        assert "Traceback" not in ran.err


@pytest.mark.integration
def test_service_file(run: Run, postgres: Server, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("[town]", "host=127.0.0.1", f"port={postgres.port}", "dbname=postgres", "user=gateway")
    (here / "services").write_text("\n".join((*lines, f"password={PASSWORD}", "")))
    monkeypatch.setenv("PGSERVICEFILE", str(here / "services"))
    at = ("postgresql://?service=town", "--schema", schema())
    assert silent(run("log", "create", *at, "--name", "log.example", "--key-out", "log.key")).code == 0
    assert run("log", "append", *at, "order.json").code == 0


@pytest.mark.integration
def test_checkpoints_go_on_when_the_database_was_away(run: Run, postgres: Server) -> None:
    at = (postgres.address, "--schema", schema())
    assert run("log", "create", *at, "--name", "log.example", "--key-out", "log.key").code == 0

    def signed() -> int:
        signed: int = run("log", "show", *at, "--format", "json").lines[0]["signed"]
        return signed

    def until(size: int) -> None:
        end = time.monotonic() + 60
        while signed() < size:
            assert keeper.poll() is None, keeper.communicate()
            assert time.monotonic() < end
            time.sleep(0.2)

    command = [sys.executable, "-m", "toyono_trust.edge.main", "log", "checkpoint", *at, "--key", "log.key"]
    keeper = subprocess.Popen(
        [*command, "--every", "1s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        run("log", "append", *at, "order.json")
        until(1)
        postgres.stop()
        away = run("log", "append", *at, "--digest", "ab" * 32)
        assert (away.code, away.out) == (69, "")
        time.sleep(3)
        postgres.start()
        assert run("log", "append", *at, "--digest", "ab" * 32).code == 0
        until(2)
        keeper.send_signal(signal.SIGTERM)
        _, err = keeper.communicate(timeout=60)
    finally:
        keeper.kill()
        keeper.wait()
    assert keeper.returncode == 0
    assert err.count("error: ") == 1  # told once, for as long as it lasts
    assert "Traceback" not in err


@pytest.mark.skipif(util.find_spec("psycopg") is None, reason="psycopg is not installed")
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://gateway:s3%cret@127.0.0.1:1/d",
        "postgresql://gateway:s3cret@[127.0.0.1/d",
        "postgresql://gateway:s3cret@127.0.0.1:1/d",
        "postgresql://gateway:s3cret@127.0.0.1:port/d",
        "postgresql://gateway:s3cret/x@127.0.0.1:1/d",
        "postgresql://127.0.0.1:1/d?password=s3cret",
        "postgresql://127.0.0.1:1/d?password=s3cret&nonsense=1",
        "postgres://gateway:s3cret@127.0.0.1:1/d",
    ],
)
@pytest.mark.parametrize("command", ["show", "append", "create"])
def test_no_error_quotes_a_password(run: Run, address: str, command: str) -> None:
    words = {
        "show": ("show", address),
        "append": ("append", address, "order.json"),
        "create": ("create", address, "--name", "log.example", "--key-out", "log.key"),
    }[command]
    ran = run("log", *words)
    assert ran.code in (64, 69)
    for text in ("s3cret", "s3%cret", "s3c"):
        assert text not in ran.out + ran.err
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("town.log", "town.log"),
        ("postgresql://h/d", "postgresql://h/d"),
        ("postgres://u:s3cret@h:5/d?sslmode=require", "postgresql://h:5/d"),
        ("postgresql://u:s3@cret@h/d", "postgresql://h/d"),
        ("postgresql://h/d?password=s3cret", "postgresql://h/d"),
        ("postgresql://u:s3?cret@h/d", "postgresql://…"),
        ("postgresql://h/d?user=a@b&password=s3@cret", "postgresql://…"),
    ],
)
def test_what_is_told_of_an_address(address: str, told: str) -> None:
    assert shown(address) == told


def test_schema_is_for_databases(run: Run) -> None:
    assert run("log", "show", "town.log", "--schema", "x").code == 64
