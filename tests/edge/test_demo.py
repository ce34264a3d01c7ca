"""The demo: every verdict as expected, its files and reports, its commands, and that it would notice."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from command_line import Run
from toyono_trust.edge.commands.demo import next_commands
from toyono_trust.edge.demo import story
from toyono_trust.edge.demo.tamper import bit_flipped, member_changed, payload_changed

pytestmark = pytest.mark.integration


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_verdicts_are_as_expected_and_everything_is_left(run: Run, here: Path) -> None:
    ran = run("demo")
    assert ran.code == 0, ran.out
    assert ran.err == ""
    assert ran.out.count("as expected") == 18
    assert "NOT AS EXPECTED" not in ran.out
    signed = sorted(path.name for path in (here / "demo" / "files").iterdir())
    assert len([name for name in signed if name.endswith((".jws.json", ".p7m", ".p7s", ".receipt.json"))]) == 7
    reports = sorted((here / "demo" / "reports").rglob("*.*"))
    values = [json.loads(path.read_bytes()) for path in reports if path.suffix == ".json"]
    assert len(values) == 17
    assert {value["indication"] for value in values} == {"TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"}
    for ending, word in ((".en.txt", "VALID"), (".ja.txt", "有効")):
        texts = [path.read_text("utf-8") for path in reports if path.name.endswith(ending)]
        assert len(texts) == 17
        assert any(word in text.splitlines()[0] for text in texts)


def test_it_replaces_an_earlier_run_and_nothing_else(run: Run, here: Path) -> None:
    assert run("demo", "--lang", "ja").code == 0
    (here / "demo" / "mine.txt").write_bytes(b"mine")
    ran = run("demo", "--lang", "ja")
    assert ran.code == 0
    assert "すべてが期待どおり" in ran.out
    assert (here / "demo" / "mine.txt").read_bytes() == b"mine"
    (here / "other" / "files").mkdir(parents=True)
    (here / "other" / "files" / "precious").write_bytes(b"mine")
    assert run("demo", "--dir", "other").code == 64
    assert (here / "other" / "files" / "precious").exists()


def test_its_commands_work_when_pasted(run: Run, here: Path) -> None:
    ran = run("demo", "--dir", "a demo")
    shown = ran.out.split("==")[-1].splitlines()
    codes = []
    for _, command in next_commands("a demo", "toyono-trust"):
        assert any(line.endswith(command.removeprefix("toyono-trust")) for line in shown)
        _, *arguments = shlex.split(command)
        if "--serve" not in arguments:
            codes.append(run(*arguments).code)
    assert codes == [0, 0, 1, 0, 2, 0, 0, 0]


def test_it_would_notice(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "FORGED", ("TOTAL-PASSED", None))
    ran = run("demo")
    assert ran.code == 1
    assert "NOT AS EXPECTED" in ran.out
    assert "Verdicts that are not as expected: 4." in ran.out


def test_tampering_changes_what_it_says() -> None:
    assert payload_changed(b'{"payload":"YWJj"}', "b", "x") == b'{"payload":"YXhj"}'
    assert member_changed(b"abcb", "b", "x") == b"axcb"
    assert bit_flipped(b"abc", b"b") == b"acc"
    with pytest.raises(ValueError, match="does not occur"):
        member_changed(b"abc", "d", "x")
