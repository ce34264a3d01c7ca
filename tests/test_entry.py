"""No exit code lies: broken import, wrong usage, unexpected exception, closed pipe, console of another code page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from toyono_trust.edge import main

PROGRAMS = ("toyono_trust", "toyono_verify")


JWS = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"


def run_program(
    program: str, *arguments: str, before: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a console script's function in a fresh interpreter, as the script itself does, after other code."""
    code = f"{before}\nimport sys; from toyono_trust.edge.main import {program}; sys.exit({program}())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False, timeout=60, cwd=cwd
    )


def damaged(module: str) -> str:
    """Code that makes every later import of a module fail, as a half-installed library does."""
    return (
        "import sys\n"
        "class Damage:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise ImportError('library is damaged')\n"
        "sys.meta_path.insert(0, Damage())\n"
    )


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> click.Group:
    """A stand-in for the commands, so that each way to end can be had."""

    class Commands:
        toyono_trust = click.Group("toyono-trust")

    monkeypatch.setitem(sys.modules, "toyono_trust.edge.cli", Commands)  # type: ignore[arg-type]
    monkeypatch.setattr("toyono_trust.edge.cli", Commands, raising=False)
    return Commands.toyono_trust


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("module", ["click", "toyono_trust.edge.cli"])
def test_broken_import_ends_with_70_and_one_line(program: str, module: str, tmp_path: Path) -> None:
    done = run_program(program, "--help", before=damaged(module), cwd=tmp_path)
    assert done.returncode == 70
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert b"library is damaged" in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("module", ["cryptography", "toyono_trust.errors", "toyono_trust.verbs", "toyono_trust.core"])
def test_broken_import_never_looks_like_a_verdict(program: str, module: str, tmp_path: Path) -> None:
    arguments = ["verify"] if program == "toyono_trust" else []
    (tmp_path / "order.jws").write_text(JWS, "ascii")
    done = run_program(program, *arguments, "order.jws", before=damaged(module), cwd=tmp_path)
    assert done.returncode == 70
    assert b"library is damaged" in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_unknown_option_ends_with_64(program: str) -> None:
    done = run_program(program, "--no-such-option")
    assert done.returncode == 64
    assert b"--no-such-option" in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_ends_with_0(program: str) -> None:
    done = run_program(program, "--help")
    assert done.returncode == 0
    assert program.replace("_", "-").encode() in done.stdout


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (RuntimeError("a\nb"), 70),
        (RecursionError(), 70),
        (MemoryError(), 70),
        (OSError(28, "No space left on device"), 70),
        (AssertionError("defect"), 70),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("no"), 64),
        (click.BadParameter("no"), 64),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_exception_becomes_its_code(
    command: click.Group, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int
) -> None:
    @command.command("fall")
    def fall() -> None:
        raise raised

    assert main.toyono_trust(["fall"]) == code
    if code == 70:
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("code", [0, 1, 2, 66, 69])
def test_code_of_the_command_is_the_exit_code(command: click.Group, code: int) -> None:
    @command.command("judge")
    def judge() -> int:
        return code

    assert main.toyono_trust(["judge"]) == code


def test_command_that_returns_nothing_ends_with_0_and_something_else_with_70(command: click.Group) -> None:
    command.command("quiet")(lambda: None)
    command.command("odd")(lambda: "TOTAL-PASSED")
    assert main.toyono_trust(["quiet"]) == 0
    assert main.toyono_trust(["odd"]) == 70


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently")
def test_closed_pipe_is_neither_passed_nor_failed() -> None:
    code = "import sys; from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(writer)
    assert done.returncode == 70


@pytest.mark.parametrize("encoding", ["cp932", "ascii", "latin-1"])
def test_output_is_utf8_whatever_the_console_says(encoding: str) -> None:
    code = (
        "import sys; from toyono_trust.edge import main; main._use_utf8();"
        "print('判定不能 😀 \\udcff'); print('有効 \\udcff', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.stdout.decode("utf-8").split() == ["判定不能", "😀", "?"]
    assert done.stderr.decode("utf-8").split() == ["有効", "\\udcff"]
