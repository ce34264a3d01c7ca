"""A log where nothing can be written, as an auditor has it on a DVD: it is read, and never written to."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import made_log
from toyono_trust.ledger.log import EvidenceLog

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are closed in another way")

MAIN = "toyono_trust.edge.main"


@pytest.fixture
def disc() -> Iterator[Path]:
    """A folder with a log, its key and its export; it is closed by ``burn``."""
    folder = Path(tempfile.mkdtemp(prefix="toyono-disc-"))
    with EvidenceLog.create(folder / "town.log", made_log.signer().key) as log:
        log.append_many(made_log.entries(20))
        log.checkpoint(made_log.signer())
    (folder / "log.pub").write_text(made_log.signer().key.text)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def burn(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)


def _give_up() -> None:
    """Where tests run as root: be one to whom modes of files mean something (Linux: PR_CAPBSET_DROP)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1)  # CAP_DAC_OVERRIDE


def reader(*words: object) -> subprocess.CompletedProcess[str]:
    """The command as somebody who cannot write there."""
    command = [sys.executable, "-m", MAIN, *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=_give_up, cwd="/", timeout=60
    )


def test_a_log_on_a_closed_medium_is_read(disc: Path) -> None:
    burn(disc)
    town = disc / "town.log"
    for words in (("audit", town, "--log-key", disc / "log.pub"), ("show", town), ("export", town, "--out", "-"),
                  ("prove", town, "3", "--out", "-")):  # fmt: skip
        ran = reader("log", *words)
        assert ran.returncode == 0, (words, ran.stderr)
        assert ran.stdout
    assert sorted(one.name for one in disc.iterdir()) == ["log.pub", "town.log"]


def test_a_log_on_a_closed_medium_is_not_written(disc: Path) -> None:
    burn(disc)
    ran = reader("log", "append", disc / "town.log", "--digest", "ab" * 32)
    assert ran.returncode == 69
    assert "[ledger.read-only]" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_altered_log_on_a_closed_medium_is_found_out(disc: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(disc / "town.log", isolation_level=None)) as file:
        file.execute("UPDATE entry SET commitment = zeroblob(32) WHERE position = 7")
    burn(disc)
    ran = reader("log", "audit", disc / "town.log", "--log-key", disc / "log.pub")
    assert ran.returncode == 1
    assert "[audit.altered]" in ran.stdout


def test_what_waits_beside_the_file_is_not_left_out(disc: Path) -> None:
    """Copied while it was open: what was appended last is in the -wal alone, and reading without it would lie."""
    with EvidenceLog.open(disc / "town.log") as log:
        log.append_many(made_log.entries(5, 20))
        copy = disc / "copy"
        copy.mkdir()
        for name in ("town.log", "town.log-wal"):
            shutil.copy(disc / name, copy / name)
    burn(copy)
    ran = reader("log", "show", copy / "town.log")
    copy.chmod(0o755)
    assert ran.returncode == 0 or "[ledger.read-only]" in ran.stderr
    if ran.returncode == 0:
        assert "25" in ran.stdout
    else:
        assert "-wal" in ran.stderr
    burn(disc)


def test_a_log_that_is_being_written_is_read_as_it_is(disc: Path) -> None:
    with EvidenceLog.open(disc / "town.log") as log:
        log.append_many(made_log.entries(5, 20))
        burn(disc)
        ran = reader("log", "show", disc / "town.log")
        disc.chmod(0o755)
        assert ran.returncode == 0 or "[ledger.read-only]" in ran.stderr
        if ran.returncode == 0:
            assert "25" in ran.stdout
