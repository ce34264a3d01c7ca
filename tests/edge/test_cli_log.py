"""``toyono-trust log``: create, append, checkpoint, prove, show, forget; and what is wrong with each, by exit code."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from command_line import Place, Ran, Run
from toyono_trust.ledger.entry import commit, read_opening
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.proof import check_proof, read_proof
from toyono_trust.ledger.signing_key import read_signing_key

NAME = "log.town.example"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, in which the commands run, with two pieces of evidence."""
    monkeypatch.chdir(tmp_path)
    for number in (77, 78):
        (tmp_path / f"order-{number}.json").write_text(json.dumps({"order": number, "item": "消火栓"}), "utf-8")
    return tmp_path


def created(run: Run, *options: object) -> Ran:
    ran = run("log", "create", "town.log", "--name", NAME, "--key-out", "log.key", *options)
    Path("log.pub").write_text(ran.out)
    return ran


def signed(run: Run) -> Ran:
    return run("log", "checkpoint", "town.log", "--key", "log.key")


# -- create


def test_create_makes_a_log_and_a_key_that_is_never_shown(run: Run, here: Path) -> None:
    ran = created(run)
    assert ran.code == 0
    key = NoteKey.parse(ran.out.strip())
    assert key.name == NAME
    text = (here / "log.key").read_text()
    assert read_signing_key(text).key == key
    assert stat.S_IMODE((here / "log.key").stat().st_mode) == 0o600
    assert text.strip().split("+", 4)[4] not in ran.out + ran.err
    with EvidenceLog.open("town.log") as log:
        assert (log.key, log.charter, log.head.size) == (key, b"", 0)


def test_create_with_a_charter(run: Run, place: Place) -> None:
    uri = place.key()[1]
    ran = created(run, "--by", uri, *place.key()[2:], "--format", "json")
    assert ran.code == 0
    assert ran.lines[0]["charter"] == "B-B"
    assert ran.lines[0]["name"] == NAME
    signed(run)
    audited = run("log", "audit", "town.log", *place.trust, "--format", "json")
    assert audited.code == 0, audited
    assert audited.lines[0]["charter"]["indication"] == "TOTAL-PASSED"
    assert audited.lines[0]["log"] == ran.lines[0]["log"]


def test_create_with_the_seal_of_a_person(run: Run, place: Place) -> None:
    ran = created(run, "--by", place.key("resident-sign.p12")[1], *place.key()[2:])
    assert ran.code == 64
    assert "[seal.natural-person]" in ran.err
    assert not Path("log.key").exists()
    assert not Path("town.log").exists()


def test_create_replaces_nothing(run: Run, here: Path) -> None:
    created(run)
    before = {name: (here / name).read_bytes() for name in ("town.log", "log.key")}
    again = run("log", "create", "town.log", "--name", NAME, "--key-out", "other.key")
    assert (again.code, again.out) == (64, "")
    assert "[ledger.exists]" in again.err
    assert not (here / "other.key").exists()  # a key without a log is of no use
    key = run("log", "create", "other.log", "--name", NAME, "--key-out", "log.key")
    assert key.code == 64
    assert "log.key" in key.err
    assert not (here / "other.log").exists()
    assert before == {name: (here / name).read_bytes() for name in ("town.log", "log.key")}


def test_create_over_something_else(run: Run, here: Path) -> None:
    (here / "town.log").write_bytes(b"my diary")
    ran = created(run)
    assert ran.code == 64
    assert (here / "town.log").read_bytes() == b"my diary"
    assert not (here / "log.key").exists()


def test_create_with_a_key_that_is_there(run: Run) -> None:
    created(run)
    ran = run("log", "create", "second.log", "--key", "log.key")
    assert ran.code == 0
    assert ran.out == Path("log.pub").read_text()


@pytest.mark.parametrize("name", ["two words", "a+b", ""])
def test_create_with_a_name_that_cannot_be(run: Run, name: str) -> None:
    ran = run("log", "create", "town.log", "--name", name, "--key-out", "log.key")
    assert ran.code == 64
    assert "Traceback" not in ran.err
    assert not Path("log.key").exists()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--name", "x"),
        ("--key-out", "k"),
        ("--name", "x", "--key-out", "k", "--key", "l"),
        ("--name", "x", "--key-out", "-"),
        ("--name", "x", "--key-out", "k", "--secret-file", "p"),
        ("--name", "x", "--key-out", "k", "--level", "B-T"),
        ("--name", "x", "--key-out", "k", "--schema", "s"),
        ("--name", "x", "--key-out", "no/such/folder/k"),
    ],
    ids=" ".join,
)
def test_create_usage(run: Run, options: tuple[str, ...]) -> None:
    ran = run("log", "create", "town.log", *options)
    assert (ran.code, ran.out) == (64, "")
    assert not Path("town.log").exists()


def test_create_where_nothing_can_be_written(run: Run, here: Path) -> None:
    ran = run("log", "create", "no/such/town.log", "--name", NAME, "--key-out", "log.key")
    assert ran.code == 70
    assert not (here / "log.key").exists()


# -- append


def test_append_keeps_what_opens_the_entries(run: Run, here: Path) -> None:
    created(run)
    ran = run("log", "append", "town.log", "order-77.json", "order-78.json")
    assert ran.code == 0
    assert ran.out.splitlines() == ["0  order-77.json", "1  order-78.json"]
    opening = here / "order-77.json.opening"
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    found = read_opening(opening.read_bytes())
    assert found.evidence == {"order": 77, "item": "消火栓"}
    with EvidenceLog.open("town.log") as log:
        assert next(entry for _, entry in log.entries()) == found.entry


def test_two_entries_of_the_same_evidence_have_different_salts(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    (here / "order-77.json.opening").rename(here / "first")
    run("log", "append", "town.log", "order-77.json")
    assert (here / "first").read_bytes() != (here / "order-77.json.opening").read_bytes()


def test_append_again_finds_the_entry(run: Run) -> None:
    """Whoever was cut off runs it again; what was appended is not appended twice."""
    created(run)
    run("log", "append", "town.log", "order-77.json")
    ran = run("log", "append", "town.log", "order-78.json", "order-77.json", "--format", "json")
    assert ran.code == 0
    assert [(one["index"], one["appended"]) for one in ran.lines] == [(1, True), (0, False)]
    with EvidenceLog.open("town.log") as log:
        assert log.head.size == 2


def test_append_after_a_cut_between_opening_and_entry(run: Run, here: Path) -> None:
    created(run)
    made = commit({"order": 77, "item": "消火栓"}, bytes(range(16)))
    (here / "order-77.json.opening").write_bytes(made.octets)
    ran = run("log", "append", "town.log", "order-77.json", "--format", "json")
    assert [(one["index"], one["entry"], one["appended"]) for one in ran.lines] == [(0, made.entry.hex(), True)]


def test_append_beside_an_opening_of_something_else(run: Run, here: Path) -> None:
    created(run)
    other = commit({"order": 99}, bytes(16)).octets
    (here / "order-77.json.opening").write_bytes(other)
    (here / "order-78.json.opening").write_bytes(b"no opening")
    ran = run("log", "append", "town.log", "order-77.json", "order-78.json")
    assert (ran.code, ran.out) == (64, "")
    assert (here / "order-77.json.opening").read_bytes() == other
    with EvidenceLog.open("town.log") as log:
        assert log.head.size == 0


def test_append_a_digest(run: Run) -> None:
    created(run)
    ran = run("log", "append", "town.log", "--digest", "ab" * 32, "--format", "json")
    assert ran.lines == [{"file": None, "index": 0, "entry": "ab" * 32, "opening": None, "appended": True}]


@pytest.mark.parametrize("digest", ["", "ab", "zz" * 32, "ab" * 33, " " + "ab" * 31 + "a"])
def test_append_what_is_no_digest(run: Run, digest: str) -> None:
    created(run)
    assert run("log", "append", "town.log", "--digest", digest).code == 64


def test_append_goes_on_after_a_bad_file(run: Run, here: Path) -> None:
    created(run)
    (here / "broken.json").write_bytes(b'{"a": 1, "a": 2}')
    (here / "text.txt").write_bytes(b"hello")
    (here / "list.json").write_bytes(b"[1]")
    (here / "not.xml").write_bytes(b"<a/>")
    names = ["broken.json", "text.txt", "list.json", "not.xml", "missing.json", "order-77.json"]
    ran = run("log", "append", "town.log", *names)
    assert ran.code == 66  # of all that occurred, the first in order
    assert ran.out == "0  order-77.json\n"
    assert "Traceback" not in ran.err
    for name in names[:5]:
        assert name in ran.err
        assert not (here / f"{name}.opening").exists()
    assert run("log", "append", "town.log", "broken.json", "order-77.json").code == 1
    assert run("log", "append", "town.log", "text.txt").code == 64


def test_append_from_standard_input(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created(run)
    assert run("log", "append", "town.log", "-").code == 64
    (here / "openings").mkdir()
    with (here / "order-77.json").open("rb") as stream:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream})())
        ran = run("log", "append", "town.log", "-", "--openings", "openings")
    assert (ran.code, ran.out) == (0, "0  -\n")
    assert read_opening((here / "openings" / "standard-input.opening").read_bytes()).evidence["order"] == 77


@pytest.mark.parametrize("arguments", [(), ("a/x.json", "b/x.json", "--openings", "."), ("x", "--openings", "none")])
def test_append_usage(run: Run, arguments: tuple[str, ...]) -> None:
    created(run)
    assert run("log", "append", "town.log", *arguments).code == 64


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_append_where_no_opening_can_be_written(run: Run, here: Path) -> None:
    created(run)
    (here / "closed").mkdir(mode=0o500)
    ran = run("log", "append", "town.log", "order-77.json", "--openings", "closed")
    assert ran.code == 70
    with EvidenceLog.open("town.log") as log:
        assert log.head.size == 0


# -- logs that are none


@pytest.mark.parametrize(
    "command",
    [
        ("append", "LOG", "order-77.json"),
        ("checkpoint", "LOG", "--key", "log.key"),
        ("prove", "LOG", "0"),
        ("audit", "LOG", "--log-key", "log.pub"),
        ("show", "LOG"),
        ("stamp", "LOG", "--tsa", "http://127.0.0.1:9/tsr"),
        ("export", "LOG", "--out", "x.jsonl"),
        ("tiles", "LOG", "tiles"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("kind", ["missing", "text", "empty", "folder", "database", "url"])
def test_what_is_no_log(run: Run, here: Path, command: tuple[str, ...], kind: str) -> None:
    created(run)
    address = {"url": "http://log.example/"}.get(kind, kind)
    match kind:
        case "text":
            (here / kind).write_bytes(b"hello" * 100)
        case "empty":
            (here / kind).write_bytes(b"")
        case "folder":
            (here / kind).mkdir()
        case "database":
            with closing(sqlite3.connect(here / kind)) as other:
                other.execute("CREATE TABLE head (size)")
    before = (here / kind).read_bytes() if (here / kind).is_file() else None
    words = [address if word == "LOG" else word for word in command]
    ran = run("log", *words)
    assert (ran.code, ran.out) == (64, "")
    tiles = command[0] == "prove" and kind in ("folder", "url")
    assert ("--log-key" if tiles else "[ledger.") in ran.err
    assert "Traceback" not in ran.err
    assert "internal" not in ran.err
    assert before == ((here / kind).read_bytes() if (here / kind).is_file() else None)
    assert not (here / "x.jsonl").exists()
    assert not (here / "order-77.json.opening").exists()


# -- checkpoint


def test_checkpoint_signs_and_stands(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    first = run("log", "checkpoint", "town.log", "--key", "log.key", "--format", "json", "--out", "town.checkpoint")
    assert first.code == 0
    assert (first.lines[0]["size"], first.lines[0]["new"]) == (1, True)
    assert (here / "town.checkpoint").read_text() == first.lines[0]["note"]
    second = run("log", "checkpoint", "town.log", "--key", "log.key", "--format", "json")
    assert (second.lines[0]["note"], second.lines[0]["new"]) == (first.lines[0]["note"], False)
    piped = run("log", "checkpoint", "town.log", "--key", "log.key", "--out", "-")
    assert piped.out == first.lines[0]["note"]


def test_checkpoint_with_another_key(run: Run) -> None:
    created(run)
    run("log", "create", "other.log", "--name", NAME, "--key-out", "other.key")
    ran = run("log", "checkpoint", "town.log", "--key", "other.key")
    assert (ran.code, ran.out) == (64, "")
    assert "[ledger.key]" in ran.err


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o606])
def test_key_file_that_others_may_read(run: Run, here: Path, mode: int) -> None:
    created(run)
    (here / "log.key").chmod(mode)
    ran = signed(run)
    assert (ran.code, ran.out) == (64, "")
    assert "log.key" in ran.err
    assert "chmod 600" in ran.err


@pytest.mark.parametrize("content", [b"", b"hello", b"PRIVATE+KEY+x", b"PRIVATE+KEY+x+00000000+AAAA", b"\xff" * 600])
def test_key_file_that_is_none(run: Run, here: Path, content: bytes) -> None:
    created(run)
    (here / "log.key").write_bytes(content)
    ran = signed(run)
    assert (ran.code, ran.out) == (1, "")
    assert "[note.key]" in ran.err


def test_no_error_shows_a_damaged_key(run: Run, here: Path) -> None:
    created(run)
    text = (here / "log.key").read_text().strip()
    secret = text.split("+", 4)[4]
    for damaged in (text.replace(NAME, "other.example"), text[:-1], f"{text}\n{text}", f" {text}", f"log x\n{text}"):
        (here / "log.key").write_text(damaged)
        for ran in (signed(run), run("log", "audit", "town.log", "--log-key", "log.key"),
                    run("log", "audit", "town.log", "--log-key", "log.pub", "--witnesses", "log.key")):  # fmt: skip
            assert ran.code != 0
            assert secret[:8] not in ran.out + ran.err


def test_checkpoint_without_key_file(run: Run) -> None:
    created(run)
    assert run("log", "checkpoint", "town.log", "--key", "none.key").code == 66
    assert run("log", "checkpoint", "town.log", "--key", ".").code == 66
    assert run("log", "checkpoint", "town.log").code == 64


@pytest.mark.parametrize(
    "options",
    [("--max-entries", "5"), ("--every", "soon"), ("--every", "0s"), ("--every", "1s", "--out", "x"),
     ("--trust", "t"), ("--tsa-policy", "1.2")],
    ids=" ".join,
)  # fmt: skip
def test_checkpoint_usage(run: Run, options: tuple[str, ...]) -> None:
    created(run)
    assert run("log", "checkpoint", "town.log", "--key", "log.key", *options).code == 64


# -- prove


def test_prove_by_file_and_by_index(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json", "order-78.json")
    early = run("log", "prove", "town.log", "order-78.json")
    assert early.code == 64
    assert "[ledger.range]" in early.err
    assert "log checkpoint" in early.err
    signed(run)
    ran = run("log", "prove", "town.log", "order-78.json")
    assert ran.code == 0
    key = NoteKey.parse((here / "log.pub").read_text().strip())
    proof = read_proof((here / "order-78.json.proof").read_bytes())
    evidence = json.loads((here / "order-78.json").read_text("utf-8"))
    assert check_proof(proof, key, evidence=evidence).position == 1
    assert run("log", "prove", "town.log", "1", "--without-salt").code == 0
    assert read_proof((here / "entry-1.proof").read_bytes()) == proof._replace(salt=None)
    assert run("log", "prove", "town.log", "1", "--opening", "order-78.json.opening", "-o", "x").code == 0
    assert read_proof((here / "x").read_bytes()) == proof
    assert run("log", "prove", "town.log", "order-78.json.opening", "-o", "y").code == 0
    assert read_proof((here / "y").read_bytes()) == proof


def test_prove_many(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json", "order-78.json")
    signed(run)
    (here / "proofs").mkdir()
    names = ("order-77.json", "none.json", "order-78.json", "1", "9")
    ran = run("log", "prove", "town.log", *names, "--out", "proofs")
    assert ran.code == 66  # of 66 and 64
    assert sorted(each.name for each in (here / "proofs").iterdir()) == [
        "entry-1.proof", "order-77.json.proof", "order-78.json.proof",
    ]  # fmt: skip
    assert [read_proof(each.read_bytes()).position for each in sorted((here / "proofs").iterdir())] == [1, 0, 1]
    assert "none.json" in ran.err
    assert "9: error: " in ran.err
    assert run("log", "prove", "town.log", "order-77.json", "order-78.json", "--out", "one").code == 64
    assert run("log", "prove", "town.log", "0", "1", "--opening", "order-77.json.opening").code == 64


def test_proof_verifies_alone(run: Run, here: Path) -> None:
    """The point of it all: log and opening gone, proof and evidence left."""
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    run("log", "prove", "town.log", "order-77.json")
    for name in ("town.log", "order-77.json.opening", "log.key"):
        (here / name).unlink()
    ran = run("verify", "order-77.json.proof", "--trust", "log.pub", "--content", "order-77.json", "--format", "json")
    assert ran.code == 0, ran.out


def test_prove_replaces_only_with_force(run: Run) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    assert run("log", "prove", "town.log", "order-77.json").code == 0
    assert run("log", "prove", "town.log", "order-77.json").code == 64
    assert run("log", "prove", "town.log", "order-77.json", "--force").code == 0


def test_prove_what_is_not_there(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    assert run("log", "prove", "town.log", "7").code == 64
    no_opening = run("log", "prove", "town.log", "order-78.json")
    assert no_opening.code == 64
    assert "order-78.json.opening" in no_opening.err
    (here / "order-78.json.opening").write_bytes(commit({"order": 78, "item": "消火栓"}, bytes(16)).octets)
    not_logged = run("log", "prove", "town.log", "order-78.json")
    assert not_logged.code == 64
    assert "log append" in not_logged.err
    assert run("log", "prove", "town.log", "none.json").code == 66
    other = run("log", "prove", "town.log", "0", "--opening", "order-78.json.opening")
    assert other.code == 64
    mixed = run("log", "prove", "town.log", "order-78.json", "--opening", "order-77.json.opening")
    assert mixed.code == 64
    assert not list(here.glob("*.proof"))


def test_evidence_record_needs_a_time_stamp(run: Run) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    ran = run("log", "prove", "town.log", "order-77.json", "--as", "ers")
    assert ran.code == 64
    assert "log stamp" in ran.err
    assert run("log", "prove", "town.log", "order-77.json", "--as", "ers", "--without-salt").code == 64


# -- show


def test_show(run: Run) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    run("log", "append", "town.log", "order-78.json")
    state: dict[str, Any] = run("log", "show", "town.log", "--format", "json").lines[0]
    assert (state["size"], state["signed"], state["unsigned"], state["stamps"], state["unstamped"]) == (2, 1, 1, 0, 2)
    english, japanese = (run("log", "show", "town.log", "--lang", lang).out for lang in ("en", "ja"))
    assert "entries       2" in english
    assert "記録の件数" in japanese
    assert len(english.splitlines()) == len(japanese.splitlines())


# -- forget


def test_forget_destroys_every_salt(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    signed(run)
    run("log", "prove", "town.log", "order-77.json")
    salt = read_proof((here / "order-77.json.proof").read_bytes()).salt
    assert salt is not None
    ran = run("log", "forget", "order-77.json")
    assert ran.code == 0
    assert "order-77.json itself remains" in ran.err
    assert not (here / "order-77.json.opening").exists()
    assert read_proof((here / "order-77.json.proof").read_bytes()).salt is None
    assert run("log", "audit", "town.log", "--log-key", "log.pub").code == 0  # the log is whole
    assert run("log", "prove", "town.log", "order-77.json", "--force").code == 64
    assert run("log", "prove", "town.log", "0").code == 0  # the entry can be proven, and says nothing


def test_forget_what_is_not_there(run: Run) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    assert run("log", "forget", "order-78.json", "order-77.json").code == 64
    assert not Path("order-77.json.opening").exists()
    assert run("log", "forget", "order-77.json").code == 64


def test_forget_overwrites_nothing_that_a_link_leads_to(run: Run, here: Path) -> None:
    (here / "precious").write_bytes(b"precious")
    (here / "order-77.json.opening").symlink_to(here / "precious")
    assert run("log", "forget", "order-77.json").code == 66
    assert (here / "precious").read_bytes() == b"precious"
    assert (here / "order-77.json.opening").is_symlink()  # whoever made it knows where the salt is


def test_forget_by_the_opening_itself(run: Run) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    assert run("log", "forget", "order-77.json.opening").code == 0
    assert not Path("order-77.json.opening").exists()


# -- languages


def test_every_command_speaks_japanese(run: Run, here: Path) -> None:
    created(run)
    run("log", "append", "town.log", "order-77.json")
    for words in (
        ("create", "town.log", "--name", NAME, "--key-out", "other.key"),
        ("append", "none.log", "order-77.json"),
        ("checkpoint", "town.log", "--key", "log.pub"),
        ("prove", "town.log", "order-78.json"),
        ("forget", "order-78.json"),
    ):
        ran = run("log", *words, "--lang", "ja")
        assert ran.code != 0
        assert ran.err.startswith("エラー: ") or ": エラー: " in ran.err
        assert "対応: " in ran.err


def test_a_signing_key_is_no_trust_and_is_never_quoted(run: Run, here: Path) -> None:
    created(run)
    text = (here / "log.key").read_text()
    (here / "trust" / "logs").mkdir(parents=True)
    (here / "trust" / "logs" / "log.key").write_text(text)
    for words in (
        ("verify", "order-77.json", "--trust", "trust"),
        ("verify", "order-77.json", "--trust", "log.key"),
        ("verify", "order-77.json", "--log-key", text.strip()),
        ("verify", "order-77.json", "--log-key", "log.key"),
        ("log", "audit", "town.log", "--trust", "trust"),
        ("log", "audit", "town.log", "--log-key", text.strip()),
        ("log", "checkpoint", "town.log", "--key", text.strip()),
    ):
        ran = run(*words)
        assert ran.code != 0
        assert text.split("+", 4)[4][:8] not in ran.out + ran.err, words
