"""examples/consent.py runs, and what it writes verifies."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from toyono_trust import TrustStore, verify
from toyono_trust.delivery.exchange import read_manifest
from toyono_trust.edge.demo.paper import font_file

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "consent.py"


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path / "made")], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "first exchange:  covered"
    assert "0 wrong" in lines[2]
    assert lines[3].endswith("0 identifiers")
    assert "your data went from Mihon Town to Mihon Care Services" in lines[4]
    assert lines[5].endswith("[consent.revoked]")
    assert read_manifest((tmp_path / "made" / "manifest.third-party.json").read_bytes()).for_third_party
    assert {path.name for path in (tmp_path / "made").iterdir()} >= {
        "answer.receipt.json", "consent.jws", "log.db", "manifest.jws", "notice.jws", "notice.pdf", "revocation.jws",
    }  # fmt: skip


def test_what_it_wrote_verifies_and_a_second_run_says_what_is_wrong(tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = [sys.executable, str(EXAMPLE)]
    done = subprocess.run([*command, str(made)], capture_output=True, text=True, timeout=120, check=False)
    assert "notice.pdf" in done.stdout
    for name in ("consent.jws", "notice.jws", "answer.receipt.json"):
        assert verify(made / name, trust=TrustStore.load(made / "trust")).indication == "TOTAL-PASSED"
    again = subprocess.run([*command, str(made)], capture_output=True, text=True, timeout=120, check=False)
    assert (again.returncode, again.stderr.count("\n")) == (64, 1)
    bare = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert bare.stderr == "usage: python consent.py FOLDER [FONT]\n"


def test_with_a_font_it_speaks_japanese_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    font = font_file()
    if font is None:
        pytest.skip("the free Japanese font or fontTools is not installed")
    example = runpy.run_path(str(EXAMPLE))
    assert example["main"](tmp_path, font) == 0
    assert (tmp_path / "notice.pdf").stat().st_size > 30_000
    assert "covered" in capsys.readouterr().out
