"""``toyono-verify DIR --log LOG``: each record in the log, each entry with its record, and no log that is unsound."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from command_line import Place as Written
from command_line import Ran, Run
from made_log import Place, entries, signer, witness
from made_stamps import Authority, Clock
from toyono_trust import Signer, receipt, seal, sign
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.devpki import PASSWORD
from toyono_trust.ledger.charter import statement
from toyono_trust.ledger.checkpoint import WitnessPolicy, cosign
from toyono_trust.ledger.entry import Opening, commit
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import write_proof
from toyono_trust.pki.trustlogs import TrustedLog

NAMES = ("proof", "opening", "salt", "both", "nothing")
KEY = signer().key.text


class Books(NamedTuple):
    """Receipts in a folder with what lies beside them, and the log: five entries of theirs, and two of others."""

    folder: Path
    log: Path
    place: Written
    openings: dict[str, Opening]

    def verify(self, run: Run, *arguments: object) -> Ran:
        asked = (self.folder, "--log", self.log, "--log-key", KEY, *self.place.trust, "--tz", "Asia/Tokyo")
        return run("verify", *asked, *arguments)

    def found(self, run: Run, *arguments: object) -> tuple[dict[str, Any], dict[str, Any], int]:
        ran = self.verify(run, "--format", "json", *arguments)
        assert ran.out, ran.err
        summary, *lines = ran.lines
        return summary["log"], {line["file"].partition(".")[0]: line for line in lines}, ran.code

    def beside(self, name: str, ending: str) -> Path:
        return self.folder / f"{name}.receipt.json.{ending}"


@pytest.fixture
def books(place: Written, tmp_path: Path) -> Books:
    folder = tmp_path / "records"
    folder.mkdir()
    by = Signer.open(f"pkcs12:{place.folder / 'town-seal.p12'}", secret=PASSWORD)
    openings = {}
    for name in NAMES:
        made = receipt(
            "SubmissionAcceptance", by=by, sender="NTRJP-1345678901234", recipients=["NTRJP-9234567890123"],
            message_id=name, parts={"a": b"a"}, policy_id=["1.3.6.1.4.1.32473.522.1"],
            event_time=datetime(2026, 3, 31, 15, tzinfo=UTC),
        )  # fmt: skip
        (folder / f"{name}.receipt.json").write_bytes(made)
        openings[name] = commit(json.loads(made), secrets.token_bytes(16))
    log = Place(str(tmp_path / "log.db"))
    books = Books(folder, tmp_path / "log.db", place, openings)
    with log.create() as open_log:
        open_log.append_many([one.entry for one in openings.values()])
        open_log.checkpoint(signer())
        for name in ("proof", "both"):
            octets = write_proof(open_log.prove(NAMES.index(name), salt=openings[name].salt))
            books.beside(name, "proof").write_bytes(octets)
        open_log.append_many(entries(2))
        open_log.checkpoint(signer())
    for name in ("opening", "both"):
        books.beside(name, "opening").write_bytes(openings[name].octets)
    books.beside("salt", "salt").write_bytes(b64url_encode(openings["salt"].salt))
    return books


def test_each_record_is_found_in_the_log(run: Run, books: Books) -> None:
    log, found, code = books.found(run)
    assert {name: line["result"] for name, line in found.items()} == dict.fromkeys(NAMES, "passed") | {
        "nothing": "undecided"
    }
    assert {name: line["log_index"] for name, line in found.items()} == {
        "proof": 0, "opening": 1, "salt": 2, "both": 3, "nothing": None,
    }  # fmt: skip
    assert [one["code"] for one in found["nothing"]["findings"]] == ["bulk.proof-missing"]
    assert (log["size"], log["signed"], log["sound"]) == (7, 7, True)
    assert log["without_record"]["undated"] == 3  # two of others, and that of the record that shows none
    assert log["key"] == KEY
    assert [one["code"] for one in log["findings"]] == ["bulk.entries-undated"]
    assert code == 2


def test_without_the_log_its_key_is_enough_for_proofs(run: Run, books: Books) -> None:
    ran = run("verify", books.folder, "--log-key", KEY, *books.place.trust, "--format", "json")
    lines = {line["file"]: line for line in ran.lines[1:]}
    assert len(lines) == 5  # companions are no records
    assert {line["result"] for line in lines.values()} == {"passed"}
    assert lines["proof.receipt.json"]["log_index"] == 0
    ran = run("verify", books.folder, *books.place.trust, "--format", "json")
    assert {line["file"] for line in ran.lines[1:] if line["result"] != "passed"} == {
        "proof.receipt.json", "both.receipt.json",
    }  # fmt: skip


def test_a_key_that_nobody_named_is_told(run: Run, books: Books) -> None:
    ran = run("verify", books.folder, "--log", books.log, *books.place.trust, "--format", "json")
    assert [one["code"] for one in ran.lines[0]["log"]["findings"]] == ["bulk.log-key", "bulk.entries-undated"]
    assert run("verify", "--log", books.log, "--format", "json").code == 2
    other = signer("other.example.jp").key.text
    ran = run("verify", books.folder, "--log", books.log, "--log-key", other, *books.place.trust)
    assert ran.code == 1
    assert "The log is NOT sound." in ran.out


@pytest.mark.parametrize("ending", ["proof", "opening", "salt"])
def test_what_is_of_another_record_fails(run: Run, books: Books, ending: str) -> None:
    """A proof or an opening of another record of the same log proves nothing about this one."""
    books.beside("nothing", ending).write_bytes(books.beside({"salt": "salt"}.get(ending, "both"), ending).read_bytes())
    _, found, code = books.found(run)
    assert code == 1
    assert found["nothing"]["result"] == "failed"
    assert found["nothing"]["findings"][0]["code"] in ("bulk.proof-wrong", "bulk.log-differs")


@pytest.mark.parametrize(("ending", "octets"), [("proof", b"{}"), ("proof", b""), ("opening", b"x"), ("salt", b"\xff")])
def test_what_is_no_proof_fails_that_record_alone(run: Run, books: Books, ending: str, octets: bytes) -> None:
    books.beside("nothing", ending).write_bytes(octets)
    _, found, _ = books.found(run)
    assert [name for name, line in found.items() if line["result"] != "passed"] == ["nothing"]
    assert found["nothing"]["result"] == "failed"


def test_an_entry_that_the_log_does_not_have(run: Run, books: Books) -> None:
    made = commit(json.loads((books.folder / "nothing.receipt.json").read_bytes()), secrets.token_bytes(16))
    books.beside("nothing", "opening").write_bytes(made.octets)
    _, found, code = books.found(run)
    assert (code, found["nothing"]["result"]) == (1, "failed")
    assert [one["code"] for one in found["nothing"]["findings"]] == ["bulk.log-differs"]


def test_a_proof_by_a_forked_log(run: Run, books: Books, tmp_path: Path) -> None:
    """The same key has signed another history, in which this record has the same index."""
    fork = Place(str(tmp_path / "fork.db"))
    names = list(NAMES)
    with fork.create() as log:
        log.append_many([*(books.openings[name].entry for name in names), *entries(9, 50)])
        log.checkpoint(signer())
        octets = write_proof(log.prove(NAMES.index("nothing"), salt=books.openings["nothing"].salt))
    books.beside("nothing", "proof").write_bytes(octets)
    _, found, code = books.found(run)
    assert (code, found["nothing"]["result"]) == (1, "failed")
    assert "audit.fork" in found["nothing"]["findings"][0]["text"]


def test_an_unsound_log_fails_though_every_record_passes(run: Run, books: Books) -> None:
    Place(str(books.log)).sql("UPDATE entry SET commitment = ? WHERE position = 6", b"\x00" * 32)
    log, found, code = books.found(run)
    assert code == 1
    assert log["sound"] is False
    assert [one["code"] for one in log["findings"]][:2] == ["bulk.log-unsound", "audit.altered"]
    assert all(one["text"] and one["remedy"] for one in log["findings"])
    told = books.verify(run, "--lang", "ja").out
    assert "audit.altered" not in told
    assert "{" not in told
    assert found["proof"]["result"] == "passed"


def test_an_entry_without_checkpoint_is_told(run: Run, books: Books) -> None:
    with EvidenceLog.open(books.log) as log:
        opening = commit(json.loads((books.folder / "nothing.receipt.json").read_bytes()), secrets.token_bytes(16))
        log.append(opening.entry)
    books.beside("nothing", "opening").write_bytes(opening.octets)
    _, found, _ = books.found(run)
    assert (found["nothing"]["result"], found["nothing"]["log_index"]) == ("passed", 7)
    assert [one["code"] for one in found["nothing"]["findings"]] == ["bulk.log-unsigned"]


def test_as_many_witnesses_as_trust_asks_for(run: Run, books: Books, tmp_path: Path) -> None:
    """A sound log that nobody else has seen may have been made anew yesterday."""
    asked, policy = tmp_path / "policy", WitnessPolicy.of(1, witness(0).key)
    asked.write_text(TrustedLog(KEY, 1, (witness(0).key.text,)).policy)

    def found() -> list[tuple[str, list[str]]]:
        ran = run("verify", books.folder, "--log", books.log, "--trust", asked, *books.place.trust, "--format", "json")
        _, *lines = ran.lines
        named = {line["file"].partition(".")[0]: line for line in lines}
        return [(named[name]["result"], [one["code"] for one in named[name]["findings"]]) for name in ("salt", "proof")]

    assert found()[0] == ("undecided", ["bulk.log-unwitnessed"])
    assert found()[1][0] == "undecided"
    with EvidenceLog.open(books.log) as log:
        note = log.checkpoint_covering(log.signed - 1)
        assert note is not None
        log.add_cosignatures(cosign(note, log.key, witness(0), datetime(2027, 4, 1, tzinfo=UTC)), policy)
    assert found()[0] == ("passed", [])


def test_a_log_by_itself(run: Run, books: Books) -> None:
    ran = run("verify", "--log", books.log, "--log-key", KEY, "--format", "json")
    assert (ran.code, ran.lines[0]["log"]["sound"], ran.lines[0]["verified"]) == (0, True, 0)
    assert run("verify", "--log", books.folder / "none.db").code == 64


def test_entries_of_the_period_without_record(run: Run, books: Books) -> None:
    """The stamp of a batch says of which day its entries are; what other days' records show is not missing."""
    authority = Authority(Clock(datetime(2027, 4, 1, 14, 59, tzinfo=UTC)))  # 23:59 in Tokyo
    with EvidenceLog.open(books.log) as log:
        authority.stamp(log)
        log.append_many(entries(3, 100))
        log.checkpoint(signer())
        authority.clock.pass_by(minutes=1)
        authority.stamp(log)
    rows = "".join(f"{name}.receipt.json,2027-04-0{1 + (name == 'both')}\n" for name in NAMES)
    (books.folder / "index.csv").write_text(f"file,date\n{rows}")
    trusted = ("--trust", trusting(authority, books), "--at", "2027-04-02T12:00:00Z")
    log_found, found, _ = books.found(run, "--from", "2027-04-01", "--to", "2027-04-01", *trusted)
    assert set(found) == set(NAMES) - {"both"}
    assert log_found["stamped_in_period"] == 7
    assert [one["position"] for one in log_found["without_record"]["first"]] == [4, 5, 6]  # "nothing", two of others
    log_found, found, _ = books.found(run, "--from", "2027-04-02", "--to", "2027-04-02", *trusted)
    assert set(found) == {"both"}
    assert log_found["without_record"]["count"] == 3
    assert [one["position"] for one in log_found["without_record"]["first"]] == [7, 8, 9]
    ran = books.verify(run, "--from", "2027-04-02", "--to", "2027-04-02", *trusted, "--lang", "ja")
    assert "対応するファイルがないもの: 3 件" in ran.out
    listed = ran.out.partition("対応するファイルがないもの: 3 件")[2].splitlines()
    assert [line.split()[:2] for line in listed[2:5]] == [["番号", "7"], ["番号", "8"], ["番号", "9"]]
    assert "2027-04-02 00:00" in listed[2]  # as people there have it, not UTC
    log_found, _, _ = books.found(run, "--from", "2027-04-02", "--to", "2027-04-02")
    assert [one["code"] for one in log_found["findings"]] == ["bulk.stamps", "bulk.entries-undated"]


def test_entries_without_stamp_are_listed_as_well(run: Run, books: Books) -> None:
    out = books.verify(run).out
    listed = out.partition("without time stamp")[2].splitlines()
    assert [line.split()[1] for line in listed[1:4]] == ["4", "5", "6"]
    log, _, _ = books.found(run)
    assert [one["position"] for one in log["without_record"]["first_undated"]] == [4, 5, 6]
    assert all(word in books.verify(run, "--format", "html").out for word in ("without time stamp", *listed[1].split()))


def test_what_is_no_receipt_need_not_be_in_the_log(run: Run, books: Books) -> None:
    """Letters that nobody logged are not undecided for that; a receipt without proof is."""
    town = Signer.open(f"pkcs12:{books.place.folder / 'town-seal.p12'}", secret=PASSWORD)
    for number in range(3):
        (books.folder / f"letter{number}.jws").write_bytes(sign(b"letter %d" % number, by=town, format="jades"))
    log, found, _ = books.found(run)
    assert {found[f"letter{number}"]["result"] for number in range(3)} == {"passed"}
    assert found["nothing"]["result"] == "undecided"
    assert log["findings"][-1]["text"].endswith(": 3.")


def test_what_did_not_pass_for_one_reason_is_told_once(run: Run, books: Books) -> None:
    for name in ("opening", "salt"):
        books.beside(name, name).unlink()
    out = books.verify(run).out
    assert out.count("UNDECIDED (signature: TOTAL-PASSED): 3 records alike") == 1
    assert out.count("bulk.proof-missing") == 0
    assert out.count("nor what opens one") == 1
    assert all(f"  {name}.receipt.json\n" in out for name in ("nothing", "opening", "salt"))
    page = books.verify(run, "--format", "html").out
    assert page.count("nor what opens one") == 1
    assert all(f"<li>{name}.receipt.json" in page for name in ("nothing", "opening", "salt"))


def test_the_charter_names_the_key(run: Run, books: Books, tmp_path: Path) -> None:
    """Who trusts whoever sealed the charter needs no key, as in log audit."""
    town = Signer.open(f"pkcs12:{books.place.folder / 'town-seal.p12'}", secret=PASSWORD)
    log = signer("chartered.example.jp")
    EvidenceLog.create(tmp_path / "chartered.db", log.key, seal(statement(log.key), by=town, format="jades")).close()
    ran = run("verify", "--log", tmp_path / "chartered.db", *books.place.trust, "--format", "json")
    assert [one["code"] for one in ran.lines[0]["log"]["findings"]] == ["bulk.log-chartered"]
    ran = run("verify", "--log", tmp_path / "chartered.db", "--format", "json")
    assert [one["code"] for one in ran.lines[0]["log"]["findings"]] == ["bulk.log-key"]


def test_a_proof_dates_its_record(run: Run, books: Books) -> None:
    """Since when a record is proven to exist: by the stamp of its batch, where that is trusted."""
    clock = Clock(datetime(2027, 4, 1, 10, tzinfo=UTC))
    authority = Authority(clock)
    with EvidenceLog.open(books.log) as log:
        authority.stamp(log)
        octets = write_proof(log.prove(0, salt=books.openings["proof"].salt))
    books.beside("proof", "proof").write_bytes(octets)
    ran = books.found(run, "--trust", trusting(authority, books), "--at", "2027-04-01T12:00:00Z")
    found = ran[1]
    assert found["proof"]["proven_since"] == "2027-04-01T10:00:00Z"


def trusting(authority: Authority, books: Books) -> Path:
    """A trust folder that names the authority's town."""
    folder, town = books.folder.parent / "tsa", authority.town
    files = {
        "anchors/root.cer": town.root.der, "intermediates/ca.cer": town.ca.der,
        "revocation/root.crl": town.crl("root"), "revocation/ca.crl": town.crl("ca"),
    }  # fmt: skip
    for name, der in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(der)
    return folder
