"""``toyono-trust log audit``, ``export`` and ``import``: altered logs are found, and a log survives its store."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

import made_log
from command_line import Place, Ran, Run
from toyono_trust.ledger.checkpoint import cosign
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.signing_key import write_signing_key

NAME = made_log.ORIGIN
SIZE = 40


def seed(name: str) -> bytes:
    return sha256(name.encode()).digest()  # as made_log makes its keys


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of forty entries, signed at ten, thirty and forty; what was kept of the first two; its keys."""
    monkeypatch.chdir(tmp_path)
    signer = made_log.signer()
    with EvidenceLog.create("town.log", signer.key) as log:
        for count, since in ((10, 0), (20, 10), (10, 30)):
            log.append_many(made_log.entries(count, since))
            Path(f"{since + count}.checkpoint").write_bytes(log.checkpoint(signer))
    (tmp_path / "log.pub").write_text(f"{signer.key.text}\n")
    key = tmp_path / "log.key"
    key.write_text(write_signing_key(NAME, seed(NAME)))
    key.chmod(0o600)
    return tmp_path


def audited(run: Run, *options: object, address: str = "town.log") -> Ran:
    return run("log", "audit", address, "--log-key", "log.pub", *options)


def tampered(statement: str, *values: object) -> None:
    with closing(sqlite3.connect("town.log", isolation_level=None)) as file:
        file.execute(statement, values)


def test_sound(run: Run) -> None:
    ran = audited(run)
    assert ran.code == 0
    assert ran.out.startswith(f"{NAME}: sound\n")
    value = audited(run, "--format", "json").lines[0]
    assert (value["sound"], value["size"], value["signed"], value["first"]) == (True, SIZE, SIZE, None)
    assert audited(run, "--lang", "ja").out.startswith(f"{NAME}: 異常なし\n")


@pytest.mark.parametrize("key", ["text", "file", "key-file", "policy"])
def test_ways_to_name_the_key(run: Run, here: Path, key: str) -> None:
    text = (here / "log.pub").read_text().strip()
    (here / "policy").write_text(f"log {text}\n")
    given = {"text": text, "file": "log.pub", "key-file": "log.key", "policy": "policy"}[key]
    assert run("log", "audit", "town.log", "--log-key", given).code == 0


ALTERATIONS: dict[str, tuple[str, tuple[object, ...], str, int | None]] = {
    "altered": ("UPDATE entry SET commitment = ? WHERE position = 17", (bytes(32),), "audit.altered", 17),
    "removed": ("DELETE FROM entry WHERE position = 23", (), "audit.removed", 23),
    "cut-off": ("DELETE FROM checkpoint WHERE number = 2", (), "audit.checkpoint-missing", None),
    "note": ("UPDATE checkpoint SET note = ? WHERE number = 1", (b"hello",), "audit.checkpoint", None),
    "head": ("UPDATE head SET root = ?", (bytes(32),), "audit.head", None),
}


@pytest.mark.parametrize("how", ALTERATIONS)
def test_alterations_are_found(run: Run, how: str) -> None:
    statement, values, code, first = ALTERATIONS[how]
    tampered(statement, *values)
    ran = audited(run)
    assert ran.code == 1
    assert "NOT SOUND" in ran.out
    assert f"[{code}]" in ran.out
    value = audited(run, "--format", "json").lines[0]
    assert value["sound"] is False
    assert value["first"] == first
    assert code in [one["code"] for one in value["findings"]]
    if first is not None:
        assert f"first wrong   {first}" in ran.out
        assert f"最初の異常        {first}" in audited(run, "--lang", "ja").out


def test_another_log_in_its_place(run: Run) -> None:
    """Whoever can write everything can make another log, but not the key that the auditor knows."""
    with EvidenceLog.create("other.log", made_log.signer("other.example").key) as log:
        log.append_many(made_log.entries(3))
    ran = audited(run, address="other.log")
    assert ran.code == 1
    assert "[audit.log]" in ran.out


def test_no_key_is_taken_from_the_store(run: Run) -> None:
    ran = run("log", "audit", "town.log")
    assert ran.code == 64
    assert "--log-key" in ran.err


def test_history_written_anew_is_found_by_what_others_hold(run: Run, here: Path) -> None:
    """The operator has key and store; only what is held elsewhere convicts him."""
    (here / "town.log").unlink()
    with EvidenceLog.create("town.log", made_log.signer().key) as log:
        log.append_many(made_log.entries(40, of="other"))
        log.checkpoint(made_log.signer())
    assert audited(run).code == 0
    ran = audited(run, "--held", "30.checkpoint")
    assert ran.code == 1
    assert "[audit.contradicted]" in ran.out or "[audit.fork]" in ran.out


def test_held_of_another_log(run: Run, here: Path) -> None:
    (here / "held").write_bytes(b"hello")
    ran = audited(run, "--held", "held", "--held", "10.checkpoint")
    assert ran.code == 2
    assert "[audit.held-unusable]" in ran.out
    assert audited(run, "--held", "none").code == 66


def test_the_wrong_key_is_told_before_anything_else(run: Run, here: Path) -> None:
    other = made_log.signer("log.other.example").key
    ran = run("log", "audit", "town.log", "--log-key", other.text)
    assert ran.code == 1
    head, first, remedy, more = ran.out.splitlines()
    assert (head, first.endswith("[audit.log]")) == ("log.other.example: this is not the log of that key", True)
    assert other.text in first
    assert made_log.signer().key.text in first
    assert "--log-key" in remedy
    assert more.startswith("4 more findings")
    value = run("log", "audit", "town.log", "--log-key", other.text, "--format", "json").lines[0]
    assert {one["code"] for one in value["findings"]} >= {"audit.log", "audit.checkpoint"}
    assert not value["sound"]


def test_a_policy_is_read_as_a_whole_or_not_at_all(run: Run, here: Path) -> None:
    """What is cut off could be the line that asks for more witnesses."""
    one = made_log.witness(0).key.text
    Path("policy").write_text(f"witness w {one}\nquorum w\n" + "#\n" * (1 << 19) + "quorum w\n")
    ran = audited(run, "--witnesses", "policy")
    assert ran.code == 64
    assert "policy has more than" in ran.err


def test_witnesses(run: Run, here: Path) -> None:
    witnesses = [made_log.witness(number) for number in range(2)]
    lines = [f"witness w{number} {one.key.text}" for number, one in enumerate(witnesses)]
    (here / "policy").write_text("\n".join([*lines, "group both 2 w0 w1", "quorum both"]))
    lacking = audited(run, "--witnesses", "policy")
    assert lacking.code == 2
    assert "[audit.unwitnessed]" in lacking.out
    note = (here / "40.checkpoint").read_bytes()
    from datetime import UTC, datetime

    for number, one in enumerate(witnesses):
        cosigned = cosign(note, made_log.signer().key, one, datetime(2026, 4, 1, tzinfo=UTC))
        (here / f"cosigned-{number}").write_bytes(cosigned)
    ran = run("log", "witness", "add", "town.log", "cosigned-0", "cosigned-1", "--witnesses", "policy")
    assert ran.code == 0
    assert audited(run, "--witnesses", "policy").code == 0
    words = ("log", "prove", "town.log", "3", "--force")
    assert run(*words, "--witnesses", "policy").code == 0
    trusting = ("verify", "entry-3.proof", "--trust", "whole-policy")
    (here / "whole-policy").write_text("\n".join([f"log {made_log.signer().key.text}", *lines,
                                                  "group both 2 w0 w1", "quorum both"]))  # fmt: skip
    assert "[checkpoint.witnesses]" not in run(*trusting).out
    (here / "policy-other").write_text(f"witness w {made_log.witness(2).key.text}\nquorum w\n")
    none = run(*words, "--witnesses", "policy-other")
    assert none.code == 64
    assert "log prove --witnesses" in none.err
    for odd in (("--witnesses", "policy", "--as", "ers"),):
        assert run(*words, *odd).code == 64
    bad = (here / "cosigned-0").read_bytes().replace(b"40\n", b"41\n", 1)
    (here / "bad").write_bytes(bad)
    assert run("log", "witness", "add", "town.log", "bad", "cosigned-0", "--witnesses", "policy").code == 1


def test_a_policy_that_names_the_log_asks_for_its_witnesses(run: Run, here: Path) -> None:
    """Given as --log-key alone, a quorum must not be taken for none."""
    text = f"log {made_log.signer().key.text}\nwitness w {made_log.witness(0).key.text}\nquorum w\n"
    (here / "policy").write_text(text)
    ran = run("log", "audit", "town.log", "--log-key", "policy")
    assert ran.code == 2
    assert "[audit.unwitnessed]" in ran.out
    run("log", "tiles", "town.log", "tiles")
    watched = run("log", "monitor", "tiles", "--log-key", "policy", "--state", "state")
    assert watched.code == 1
    assert "[checkpoint.witnesses]" in watched.err


@pytest.mark.parametrize("text", ["", "hello", "quorum none", "witness a b", "group g 1 w\nquorum g"])
def test_witness_files_that_are_none(run: Run, here: Path, text: str) -> None:
    (here / "policy").write_text(text)
    ran = audited(run, "--witnesses", "policy")
    assert ran.code == 64
    assert "Traceback" not in ran.err


# -- export and import


def exported(run: Run, name: str = "town.jsonl") -> list[str]:
    ran = run("log", "export", "town.log", "--out", name, "--force")
    assert ran.code == 0
    return Path(name).read_text("utf-8").splitlines(keepends=True)


def test_round_trip(run: Run, here: Path) -> None:
    exported(run)
    size, root = audited(run, "--format", "json").lines[0]["size"], audited(run, "--format", "json").lines[0]["root"]
    (here / "town.log").unlink()
    value = audited(run, "--format", "json", "--held", "10.checkpoint", address="town.jsonl").lines[0]
    assert (value["sound"], value["size"], value["root"], value["signed"]) == (True, size, root, SIZE)
    assert run("log", "import", "town.jsonl", "town.log").code == 0
    assert audited(run).code == 0
    with EvidenceLog.open("town.log") as log:
        assert log.checkpoint_covering(5) == (here / "10.checkpoint").read_bytes()
        assert [entry for _, entry in log.entries()] == made_log.entries(SIZE)
    assert exported(run, "again.jsonl") == (here / "town.jsonl").read_text().splitlines(keepends=True)


def test_round_trip_with_a_charter(run: Run, place: Place) -> None:
    """Which comes first in the file, and is long."""
    made = run("log", "create", "sealed.log", "--key", "log.key", "--by", place.key()[1], *place.key()[2:])
    assert made.code == 0
    run("log", "append", "sealed.log", "--digest", "ab" * 32)
    run("log", "checkpoint", "sealed.log", "--key", "log.key")
    ours, theirs = ("--operator", "NTRJP-9234567890123"), ("--operator", "NTRJP-1345678901234")
    assert run("log", "audit", "sealed.log", *place.trust, *ours).code == 0
    other = run("log", "audit", "sealed.log", *place.trust, *theirs)
    assert other.code == 1
    assert "Traceback" not in other.err
    assert run("log", "audit", "sealed.log", "--log-key", "log.pub", *ours).code == 64
    assert run("log", "export", "sealed.log", "--out", "sealed.jsonl").code == 0
    assert run("log", "audit", "sealed.jsonl", *place.trust).code == 0
    assert run("log", "import", "sealed.jsonl", "again.log").code == 0
    with EvidenceLog.open("sealed.log") as one, EvidenceLog.open("again.log") as other:
        assert one.charter == other.charter != b""
        assert one.head == other.head


def test_an_imported_log_goes_on(run: Run, here: Path) -> None:
    exported(run)
    (here / "town.log").unlink()
    run("log", "import", "town.jsonl", "town.log")
    assert run("log", "append", "town.log", "--digest", "ab" * 32).out == f"{SIZE}  {'ab' * 32}\n"
    assert run("log", "checkpoint", "town.log", "--key", "log.key").code == 0
    assert audited(run, "--held", "40.checkpoint").code == 0


def test_an_empty_log_and_one_with_doubles(run: Run, here: Path) -> None:
    twice = made_log.entry(1)
    with EvidenceLog.create("doubles.log", made_log.signer().key) as log:
        for _ in range(5):
            log.append(twice)
    with EvidenceLog.create("empty.log", made_log.signer().key):
        pass
    for name, size in (("doubles", 5), ("empty", 0)):
        assert run("log", "export", f"{name}.log", "--out", f"{name}.jsonl").code == 0
        assert run("log", "import", f"{name}.jsonl", f"{name}.new").code == 0
        with EvidenceLog.open(f"{name}.new") as log:
            assert log.head.size == size
    assert not list(here.glob(".toyono-import-*"))


def test_export_and_import_replace_nothing(run: Run, here: Path) -> None:
    (here / "town.jsonl").write_bytes(b"mine")
    assert run("log", "export", "town.log", "--out", "town.jsonl").code == 64
    assert (here / "town.jsonl").read_bytes() == b"mine"
    exported(run)
    before = (here / "town.log").read_bytes()
    assert run("log", "import", "town.jsonl", "town.log").code == 64
    assert (here / "town.log").read_bytes() == before
    assert run("log", "import", "town.jsonl", "postgresql://h/d").code == 64
    assert run("log", "import", "none.jsonl", "new.log").code == 66
    assert run("log", "import", "town.jsonl", "no/such/new.log").code == 70


def _swap(lines: list[str]) -> list[str]:
    at = next(at for at, line in enumerate(lines) if '"checkpoint"' in line)
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def _end(lines: list[str]) -> str:
    return json.dumps({"end": sha256("".join(lines).encode()).hexdigest()}, separators=(",", ":")) + "\n"


BROKEN: dict[str, Callable[[list[str]], list[str]]] = {
    "cut off": lambda lines: lines[:-1],
    "cut within a line": lambda lines: [*lines[:-1], lines[-1][:10]],
    "more after the end": lambda lines: [*lines, lines[-1]],
    "a line missing": lambda lines: [lines[0], *lines[2:]],
    "lines swapped": _swap,
    "first line alone": lambda lines: lines[:1],
    "other version": lambda lines: [lines[0].replace("export/v1", "export/v2"), *lines[1:]],
    "no number": lambda lines: [lines[0].replace('"size":40', '"size":"40"'), *lines[1:]],
    "negative": lambda lines: [lines[0].replace('"size":40', '"size":-1'), *lines[1:]],
    "more than there is": lambda lines: [lines[0].replace('"size":40', '"size":4000000000'), *lines[1:]],
    "fewer": lambda lines: [lines[0].replace('"size":40', '"size":39'), *lines[1:]],
    "another key": lambda lines: [lines[0].replace(NAME, "other.example"), *lines[1:]],
    "no JSON": lambda lines: [lines[0], "hello\n", *lines[1:]],
}


@pytest.mark.parametrize("how", BROKEN)
def test_broken_exports(run: Run, here: Path, how: str) -> None:
    lines = BROKEN[how](exported(run))
    (here / "bad.jsonl").write_text("".join(lines), "utf-8")
    ran = run("log", "import", "bad.jsonl", "new.log")
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    assert not (here / "new.log").exists()
    assert not list(here.glob(".toyono-import-*"))
    assert audited(run, address="bad.jsonl").code == 1


def test_altered_export_that_is_made_to_fit(run: Run, here: Path) -> None:
    """Its last line is no proof: the log's signatures are."""
    first, entries, *rest, _ = exported(run)
    members = json.loads(entries)
    members["entries"] = "AAAA" + members["entries"][4:]
    altered = [first, json.dumps(members, separators=(",", ":"), sort_keys=True) + "\n", *rest]
    (here / "bad.jsonl").write_text("".join([*altered, _end(altered)]), "utf-8")
    ran = audited(run, "--format", "json", address="bad.jsonl")
    assert ran.code == 1
    assert "audit.contradicted" in [one["code"] for one in ran.lines[0]["findings"]]
    assert run("log", "import", "bad.jsonl", "new.log").code == 1
    assert not (here / "new.log").exists()


def test_export_of_a_damaged_store(run: Run, here: Path) -> None:
    tampered("DELETE FROM entry WHERE position = 23")
    ran = run("log", "export", "town.log", "--out", "town.jsonl")
    assert ran.code == 69
    assert "[ledger.corrupt]" in ran.err
    assert not (here / "town.jsonl").exists()


def test_disk_full(run: Run, here: Path) -> None:
    """/dev/full stands for a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    before = shutil.copy(here / "town.log", here / "copy")
    ran = run("log", "export", "town.log", "--out", "/dev/full/x")
    assert ran.code in (64, 70)
    assert Path(before).read_bytes() == (here / "town.log").read_bytes()
