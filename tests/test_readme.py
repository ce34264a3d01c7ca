"""What the READMEs and the pages of docs/ show is run: every fenced block, in order, one folder per page.

The line above a block says what becomes of it; a block without such a line fails:

* ``<!-- run -->``: Python runs in a fresh interpreter. In a console block the lines that begin with ``$ `` run in a
  shell and must end with 0, or with the code of a comment ``# exit code N``; what the block shows below a command must
  come out of it, in order, and ``…`` stands for anything.
* ``<!-- run: serve -->``: the same while the services of the folder's ``town`` run; ``serve old-town`` those of another
  one. The page names the default
  address; here it is replaced by one with a free port, on the whole page, because certificates name it too.
* ``<!-- run: background -->``: one command, a server, that runs until the page is done. Its address is replaced by one
  with a free port, here and in all that follows.
* ``<!-- run: none -->``: not run. Python is compiled, JSON and TOML are read.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "README.ja.md", "examples/README.md", "examples/gateway/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
PROGRAMS = {"$ curl ": "curl", "softhsm2-util ": "softhsm2-util"}
"""What a page's text says where it needs a program of the machine's, and its name."""
ADDRESS = "127.0.0.1:3161"
MARK = re.compile(r"<!-- run(?:: (serve(?: [\w-]+)?|background|none))? -->")
FENCE = re.compile(r" *(`{3,}|~{3,})([\w-]*)")
MADE = re.compile(r"^\$ toyono-trust dev-pki \S+$", re.MULTILINE)
"""The command that makes a town; its certificates name the address where it is served."""
EXIT_CODE = re.compile(r"# exit code (\d+)$")


def str_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


class Block(NamedTuple):
    """A fenced block: first line in its page, language, what its mark says (None: no mark), text."""

    line: int
    language: str
    mark: str | None
    text: str


class Command(NamedTuple):
    """A line of a console block, the exit code that it must have, and the lines that the page shows below it."""

    line: str
    code: int
    shown: list[str]


def blocks(page: str) -> Iterator[Block]:
    """Every fenced block with the mark in the last line above it that is not empty."""
    above, lines = "", iter(enumerate(page.splitlines(), 1))
    for number, line in lines:
        opened = FENCE.match(line)
        if opened is None:
            above = line if line.strip() else above
            continue
        inner = []
        for _, following in lines:
            if following.strip() == opened[1]:
                break
            inner.append(following)
        mark = MARK.fullmatch(above.strip())
        yield Block(number, opened[2], None if mark is None else mark[1] or "run", "\n".join(inner) + "\n")
        above = ""


def commands(text: str) -> list[Command]:
    """The commands of a console block; a line that ends with a backslash goes on in the next one."""
    found: list[Command] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            code = EXIT_CODE.search(line)
            found.append(Command(line[2:], int(code[1]) if code else 0, []))
        elif line.strip():
            assert found, f"output before any command: {line}"
            found[-1].shown.append(line)
    return found


def check_unrun(block: Block) -> None:
    if block.language == "python":
        compile(block.text, "snippet", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    elif block.language == "json":
        json.loads(block.text.replace("…", ""))
    elif block.language == "toml":
        tomllib.loads(block.text)


def environment() -> dict[str, str]:
    """This process's, with the programs beside the interpreter first, and no trust that a page does not name."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("TOYONO_TRUST", "LANG", "LC_ALL")}
    programs = str(Path(sys.executable).parent)
    return inherited | {"PATH": programs + os.pathsep + os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def run_python(text: str, folder: Path, script: Path) -> str | None:
    """Run a snippet as a reader's script would; what went wrong, or None."""
    script.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], cwd=folder, env=environment(),
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    return None if done.returncode == 0 else f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def run_console(text: str, folder: Path) -> str | None:
    """Run a console block; what went wrong, or None."""
    for command in commands(text):
        done = subprocess.run(["sh", "-c", command.line], cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)  # fmt: skip
        said = done.stdout + done.stderr
        if done.returncode != command.code:
            return f"$ {command.line}\nexit code {done.returncode}, not {command.code}\n{said}"
        rest = said
        for line in command.shown:
            found = re.search(".*".join(map(re.escape, line.rstrip().split("…"))), rest)
            if found is None:
                return f"$ {command.line}\ndoes not print {line!r} (there), but\n{said}"
            rest = rest[found.end() :]
    return None


def free_address() -> str:
    """An address on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Reader:
    """Somebody who does what a page says, in a folder of its own, with the servers that the page has started."""

    def __init__(self, folder: Path, scripts: Path) -> None:
        self.folder, self.scripts = folder, scripts
        self.address = free_address()
        self.moved = {ADDRESS: self.address}
        self.servers = ExitStack()

    def does(self, block: Block) -> str | None:
        """Run a block; what went wrong, or None."""
        text = block.text
        for shown, real in self.moved.items():
            text = text.replace(shown, real)
        if block.language == "console":
            text = MADE.sub(rf"\g<0> --listen {self.address}", text)
        if block.mark == "background":
            return self._starts(commands(text)[0].line)
        kind, _, town = (block.mark or "").partition(" ")
        if kind != "serve":
            return self._runs(block, text)
        from toyono_trust.devpki import Server, Town

        used = any(sign in block.text for sign in (ADDRESS, "--allow-private", "allow_private=True"))
        assert used, f"line {block.line} is marked for the server and does not use it"
        with Server(Town.load(self.folder / (town or "town")), port=int(self.address.rpartition(":")[2])):
            return self._runs(block, text)

    def _runs(self, block: Block, text: str) -> str | None:
        if block.language == "python":
            return run_python(text, self.folder, self.scripts / f"line_{block.line}.py")
        return run_console(text, self.folder)

    def _starts(self, line: str) -> str | None:
        (shown,) = re.findall(r"127\.0\.0\.1:\d+", line)
        self.moved[shown] = free_address()
        port = int(self.moved[shown].rpartition(":")[2])
        process = subprocess.Popen(shlex.split(line.replace(shown, self.moved[shown])), cwd=self.folder,
                                   env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        self.servers.callback(process.wait, timeout=20)
        self.servers.callback(process.terminate)
        for _ in range(200):
            if process.poll() is not None:
                return f"$ {line}\nended with exit code {process.returncode}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return None
            time.sleep(0.1)
        return f"$ {line}\ndoes not listen"


@pytest.mark.integration
@pytest.mark.parametrize("page", PAGES, ids=str_of)
def test_what_a_page_shows_works(page: Path, tmp_path: Path) -> None:
    reader, failures = Reader(tmp_path / "reader", tmp_path), []
    reader.folder.mkdir()
    text = page.read_text("utf-8")
    for program in [*page.parent.glob("*.py"), *page.parent.glob("*.toml")]:  # a reader of examples/ has them there
        shutil.copy(program, reader.folder)
    for program in (ROOT / "examples").glob("*.py"):
        if f"python {program.name}" in text:
            shutil.copy(program, reader.folder)
        if f"python examples/{program.name}" in text:  # a reader in a clone of the repository
            (reader.folder / "examples").mkdir(exist_ok=True)
            shutil.copy(program, reader.folder / "examples")
    for sign, needed in PROGRAMS.items():
        if sign in text and shutil.which(needed) is None:
            pytest.skip(f"{needed} is not on this machine")
    if "python gateway.py" in text:
        pytest.importorskip("fastapi")
    with reader.servers:
        for block in blocks(text):
            if block.mark == "none":
                check_unrun(block)
            elif block.mark is not None:
                assert block.language in ("python", "console"), f"line {block.line}: {block.language!r} cannot be run"
                failure = reader.does(block)
                failures += [f"{page.name}, line {block.line}: {failure}"] if failure else []
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("page", PAGES, ids=str_of)
def test_every_block_is_marked(page: Path) -> None:
    unmarked = [f"line {block.line}" for block in blocks(page.read_text("utf-8")) if block.mark is None]
    assert not unmarked, f"{page.name}: no <!-- run --> above the block at {', '.join(unmarked)}"


@pytest.mark.parametrize("page", PAGES, ids=str_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert "://" in target or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_default_address_is_the_one_that_the_pages_name() -> None:
    from toyono_trust.devpki.town import BASE_URL
    from toyono_trust.edge.commands.dev_pki import dev_pki

    listen = next(option for option in dev_pki.params if option.name == "listen")
    assert listen.default == ADDRESS
    assert f"http://{ADDRESS}" == BASE_URL


SAMPLE = "text\n\n<!-- run -->\n\n```console\n$ true\n$ sh -c 'echo a; echo bcd; exit 3'  # exit code 3\na\nb…d\n```\n"


def test_this_file_reads_marks_commands_and_output() -> None:
    (block,) = blocks(SAMPLE)
    assert (block.line, block.language, block.mark) == (5, "console", "run")
    assert [command.code for command in commands(block.text)] == [0, 3]
    assert commands(block.text)[1].shown == ["a", "b…d"]
    (unmarked,) = blocks("<!-- run -->\nbetween\n```python\nx\n```\n")
    assert unmarked.mark is None


def test_this_file_notices_what_does_not_work(tmp_path: Path) -> None:
    (block,) = blocks(SAMPLE)
    assert run_console(block.text, tmp_path) is None
    for broken in (SAMPLE.replace("$ true", "$ false"), SAMPLE.replace("b…d", "b…e"), SAMPLE.replace("code 3", "")):
        assert run_console(next(blocks(broken)).text, tmp_path) is not None
    assert run_python("import toyono_trust\n", tmp_path, tmp_path / "right.py") is None
    assert "ZeroDivisionError" in (run_python("1 / 0\n", tmp_path, tmp_path / "wrong.py") or "")
    with pytest.raises(SyntaxError):
        check_unrun(Block(1, "python", "none", "this is no Python"))
