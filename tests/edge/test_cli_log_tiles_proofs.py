"""What others do with a log from outside: proofs out of its tiles, forks that are handed over, witnesses at a URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import made_log
from command_line import Place, Ran, Run
from gathering_site import Asked, Site, Told, site
from made_tiles import checkpoint_of, history, write_slowly
from toyono_trust import Signer, receipt
from toyono_trust.core.merkle import Edge, Row, leaf_hash, prove_consistency
from toyono_trust.devpki import PASSWORD
from toyono_trust.edge.commands.log import tiled
from toyono_trust.ledger.checkpoint import WitnessPolicy, open_checkpoint
from toyono_trust.ledger.fork import fork_between, read_fork
from toyono_trust.ledger.issuing import ReceiptLog
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.proof import check_proof, read_proof
from toyono_trust.ledger.signing_key import read_signing_key, write_signing_key
from toyono_trust.ledger.witness import Witness

LOG = made_log.signer()
KEY = ("--log-key", "log.pub")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A log of 300 foreign entries and then the order's, signed; its tiles and its verifier key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.pub").write_text(LOG.key.text)
    (tmp_path / "order.json").write_text(json.dumps({"order": 77, "item": "消火栓"}), "utf-8")
    with EvidenceLog.create("town.log", LOG.key) as log:
        log.append_many(made_log.entries(300))
    assert run("log", "append", "town.log", "order.json").code == 0
    sign(run)
    return tmp_path


def sign(run: Run) -> None:
    with EvidenceLog.open("town.log") as log:
        log.checkpoint(LOG)
    assert run("log", "tiles", "town.log", "tiles").code == 0


@pytest.fixture
def server() -> Iterator[Site]:
    with site() as made:
        yield made


def serve(server: Site, folder: Path) -> str:
    """Let the server have the files of a folder."""

    def answer(asked: Asked) -> Told:
        file = folder / asked.path.removeprefix("/log/")
        return Told(file.read_bytes()) if file.is_file() else Told(b"no such page", 404)

    server.pages["/log"] = answer
    return f"{server.url}/log/"


def evidence(name: str = "order.json") -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(name).read_text("utf-8"))
    return found


def refused(ran: Ran, code: int, *words: str) -> None:
    assert (ran.code, ran.out) == (code, "")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


# -- proofs out of tiles


def test_prove_by_file_and_by_index(run: Run, here: Path) -> None:
    with EvidenceLog.open("town.log") as log:
        expected = log.prove(300)
    ran = run("log", "prove", "tiles", "order.json", "300", *KEY)
    assert (ran.code, ran.out) == (0, "")
    proof = read_proof((here / "order.json.proof").read_bytes())
    assert check_proof(proof, LOG.key, evidence=evidence()).position == 300
    assert proof._replace(salt=None) == expected
    assert read_proof((here / "entry-300.proof").read_bytes()) == expected
    assert run("log", "prove", "tiles", "order.json", *KEY, "--without-salt", "-o", "bare").code == 0
    assert read_proof((here / "bare").read_bytes()) == expected
    assert run("verify", "order.json.proof", *KEY).code == 0  # it is a proof like any


@pytest.mark.integration
def test_prove_over_http(run: Run, here: Path, server: Site) -> None:
    url = serve(server, here / "tiles")
    ran = run("log", "prove", url, "order.json", *KEY, "--timeout", "20")
    assert ran.code == 0, ran
    check_proof((here / "order.json.proof").read_bytes(), LOG.key, evidence=evidence())
    asked = {one.path.removeprefix("/log/").split("/")[1] for one in server.asked if "/tile/" in one.path}
    assert {"0", "entries"} <= asked
    server.pages["/log"] = Told(b"", 500)
    refused(run("log", "prove", url, "7", *KEY), 69, "[tiles.missing]")
    server.pages["/log"] = Told(b"", 404)
    refused(run("log", "prove", url, "7", *KEY), 69, "[tiles.missing]")
    server.close()
    refused(run("log", "prove", url, "7", *KEY), 69, "[net.")
    secret = run("log", "prove", url.replace("://", "://me:s3cret@"), "7", *KEY)
    refused(secret, 69, "[net.bad-url]")
    assert "s3cret" not in secret.err


def test_prove_by_a_promise(run: Run, here: Path, place: Place, server: Site) -> None:
    """Entries are not searched, so that a log of any length can be asked."""
    with EvidenceLog.open("town.log") as log:
        issued = receipt(
            "ContentHandover",
            by=Signer.open(f"pkcs12:{place.folder / 'town-seal.p12'}", secret=PASSWORD),
            sender="NTRJP-1345678901234", recipients=["NTRJP-9234567890123"], message_id="m-1",
            parts={"letter": b"hello"}, submission_time=datetime.now(UTC), policy_id="1.3.6.1.4.1.32473.522.1",
            log=ReceiptLog(log, LOG),
        )  # fmt: skip
    assert issued.entry is not None
    (here / "second.json").write_bytes(bytes(issued))
    refused(run("log", "prove", "tiles", "second.json", *KEY, "--without-salt"), 64, "301")  # not shown yet
    sign(run)
    url = serve(server, here / "tiles")
    assert run("log", "prove", url, "second.json", *KEY, "--without-salt").code == 0
    assert not [one for one in server.asked if "/entries/000" in one.path]
    assert read_proof((here / "second.json.proof").read_bytes()).position == 301
    refused(run("log", "prove", "tiles", "second.json", *KEY, "--force"), 64, "second.json.opening")
    (here / "second.json.opening").write_bytes(issued.entry.opening)
    assert run("log", "prove", "tiles", "second.json", *KEY, "--force").code == 0
    check_proof((here / "second.json.proof").read_bytes(), LOG.key, evidence=json.loads(bytes(issued)))

    promised = write_slowly(here / "broken", made_log.entries(302))
    ran = run("log", "prove", promised, "second.json", *KEY, "--force", "--without-salt", "-o", "x")
    refused(ran, 64, "301")  # the log shows something else where it promised the entry
    (here / "second.json.opening").unlink()
    ran = run("log", "prove", promised, "second.json", *KEY, "--force", "--without-salt", "-o", "x")
    refused(ran, 64, "301")
    assert not (here / "x").exists()


def test_prove_what_is_not_in_the_tiles(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "other.json").write_text('{"order": 78}')
    assert run("log", "append", "town.log", "other.json").code == 0
    refused(run("log", "prove", "tiles", "other.json", *KEY), 64, "other.json is not among the entries")
    refused(run("log", "prove", "tiles", "301", *KEY), 64, "entry 301")
    refused(run("log", "prove", "tiles", "301", *KEY, "--lang", "ja"), 64, "記録 301 は", "対応: ")
    refused(run("log", "prove", "tiles", "none.json", *KEY), 66)
    both = run("log", "prove", "tiles", "other.json", "order.json", *KEY)
    assert both.code == 64
    assert (here / "order.json.proof").is_file()
    monkeypatch.setattr(tiled, "MAX_SEARCHED", 300)
    refused(run("log", "prove", "tiles", "order.json", "7", *KEY, "--force"), 64, "301", "by its index")
    assert (here / "entry-7.proof").is_file()
    assert run("log", "prove", "tiles", "300", *KEY, "--opening", "order.json.opening", "-o", "x").code == 0


def test_tiles_that_hide_an_entry_or_are_of_another_log(run: Run, here: Path) -> None:
    note = (here / "tiles" / "checkpoint").read_bytes()
    lying = write_slowly(here / "lying", made_log.entries(301), note)
    refused(run("log", "prove", lying, "order.json", *KEY), 1, "[tiles.wrong]")
    refused(run("log", "prove", lying, "300", *KEY), 1, "[tiles.wrong]")
    refused(run("log", "prove", "tiles", "300", "--log-key", made_log.signer("x.example").key.text), 1)
    (here / "tiles" / "checkpoint").write_bytes(b"hello")
    refused(run("log", "prove", "tiles", "300", *KEY), 1, "[note.malformed]")
    (here / "tiles" / "checkpoint").write_bytes(note)
    for file in (here / "tiles" / "tile" / "entries").rglob("*"):
        if file.is_file():
            file.unlink()
    refused(run("log", "prove", "tiles", "order.json", *KEY), 69, "[tiles.missing]")
    assert not (here / "order.json.proof").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tiles", "300"), "--log-key"),
        (("http://127.0.0.1:9/", "300"), "--log-key"),
        (("tiles", "300", *KEY, "--as", "ers"), "--as ers"),
        (("tiles", "300", *KEY, "--schema", "x"), "--schema"),
        (("http://127.0.0.1:9/?x", "300", *KEY), "[tiles.address]"),
        (("town.log", "300", *KEY), "--log-key"),
        (("town.log", "300", "--charter", "log.pub"), "--charter"),
        (("town.log", "300", "--allow-private"), "--allow-private"),
        (("town.log", "300", "--proxy", "http://127.0.0.1:9"), "--proxy"),
        (("tiles", "300", *KEY, "--charter", "log.pub"), "log.pub is neither"),
        (("tiles", "300", *KEY, "--charter", "order.json"), "order.json is neither"),
    ],
)
def test_prove_usage(run: Run, here: Path, words: tuple[str, ...], told: str) -> None:
    refused(run("log", "prove", *words), 64, told)
    assert not (here / "entry-300.proof").exists()


def test_prove_with_a_charter(run: Run, here: Path, place: Place) -> None:
    """Out of a proof that somebody has, or as the log's operator handed it out; whoever trusts him needs no key."""
    uri, *secret = place.key()[1:]
    made = run("log", "create", "sealed.log", "--name", "log.two", "--key-out", "two.key", "--by", uri, *secret)
    (here / "two.pub").write_text(made.out)
    run("log", "append", "sealed.log", "order.json", "--openings", ".")
    run("log", "checkpoint", "sealed.log", "--key", "two.key")
    run("log", "tiles", "sealed.log", "two")
    two = ("--log-key", "two.pub", "-o", "mine", "--force")
    run("log", "prove", "sealed.log", "0", "-o", "first")
    assert run("verify", "first", *place.trust).code == 0
    assert run("log", "prove", "two", "0", *two).code == 0
    assert run("verify", "mine", *place.trust).code == 2
    with EvidenceLog.open("sealed.log") as log:
        (here / "charter").write_bytes(log.charter)
    for name in ("first", "charter"):
        assert run("log", "prove", "two", "0", *two, "--charter", name).code == 0
        assert run("verify", "mine", *place.trust).code == 0
        Path("mine").unlink()
    for name in ("first", "charter"):
        refused(run("log", "prove", "tiles", "0", *KEY, "--charter", name), 64, f"{name} is neither a charter of")


# -- forks that somebody hands over


def fork_of(here: Path, size: int, other: int) -> Path:
    """What a monitor writes that saw a log of ``size`` entries go on as another one of ``other``."""
    one, two = made_log.entries(size), history(other, 5, "fork")
    hashes = [leaf_hash(entry) for entry in two]
    edge = Edge()
    rows = [Row(leaf, node) for leaf, node in zip(hashes, edge.extend(hashes), strict=True)]
    began = Edge()
    began.extend(hashes[:size])
    path = prove_consistency(size, other, lambda asked: {index: rows[index] for index in asked})
    fork = fork_between(LOG.key, checkpoint_of(one), checkpoint_of(two), (began.root(), tuple(path)))
    assert fork is not None
    (here / "fork.json").write_bytes(fork.write())
    return here / "fork.json"


def test_fork_of_different_sizes(run: Run, here: Path) -> None:
    fork = read_fork(fork_of(here, 7, 20).read_bytes())
    first, second = (open_checkpoint(note, LOG.key).checkpoint for note in (fork.first, fork.second))
    ran = run("log", "fork", "fork.json", *KEY)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"{LOG.key.name}: FORK\n")
    for part in (f"7 entries  {first.root.hex()}", f"20 entries  {second.root.hex()}", fork.root.hex(), "longer list"):
        assert part in ran.out
    japanese = run("log", "fork", "fork.json", *KEY, "--lang", "ja")
    assert japanese.code == 1
    assert "先頭 7 件" in japanese.out
    assert "fork" not in japanese.out.lower()
    value = run("log", "fork", "fork.json", *KEY, "--format", "json")
    assert (value.code, value.lines) == (
        1,
        [{
            "log": LOG.key.text, "fork": True, "size": 7, "began": fork.root.hex(),
            "notes": [{"size": 7, "root": first.root.hex()}, {"size": 20, "root": second.root.hex()}],
        }],
    )  # fmt: skip


def test_fork_of_one_size(run: Run, here: Path) -> None:
    fork_of(here, 20, 20)
    ran = run("log", "fork", "fork.json", *KEY)
    assert (ran.code, ran.out.count("20 entries  ")) == (1, 2)
    assert "two different lists of 20 entries" in ran.out
    assert "二つに署名" in run("log", "fork", "fork.json", *KEY, "--lang", "ja").out


def test_what_proves_no_fork(run: Run, here: Path) -> None:
    good = fork_of(here, 7, 20).read_bytes()
    members = json.loads(good)
    (here / "fork.json").write_bytes(good)
    other = run("log", "fork", "fork.json", "--log-key", made_log.signer("other.example").key.text)
    assert other.code == 2
    assert other.out == "fork.json: proves nothing about other.example\n"
    assert LOG.key.text in other.err
    value = run("log", "fork", "fork.json", "--log-key", made_log.signer("other.example").key.text, "--format", "json")
    assert (value.code, value.lines[0]["fork"], value.lines[0]["about"]) == (2, False, LOG.key.text)
    bad: list[bytes] = [b"", b"hello", b"{}", b"[]", b"\xff", good[:-1], b"x" * 10_000_000]
    changes: tuple[dict[str, object], ...] = (
        {"path": []},
        {"path": [*members["path"], members["root"]]},
        {"path": ["\ud800"]},
        {"path": 7},
        {"root": "AAAA"},
        {"root": "\ud800"},
        {"second": members["first"]},
        {"first": members["second"]},
        {"first": "\ud800"},
        {"first": members["first"].replace("\n7\n", "\n8\n")},
        {"log": made_log.signer("other.example").key.text},
        {"log": "x"},
        {"more": ""},
    )
    bad += [json.dumps({**members, **change}).encode() for change in changes]
    for octets in bad:
        (here / "fork.json").write_bytes(octets)
        ran = run("log", "fork", "fork.json", *KEY)
        assert ran.code == 2, octets[:200]
        assert ran.out == f"fork.json: proves nothing about {LOG.key.name}\n"
        assert "Traceback" not in ran.err
        assert "error: " in ran.err
        ran = run("log", "fork", "fork.json", *KEY, "--format", "json")
        assert (ran.code, ran.lines[0]["fork"]) == (2, False)
    refused(run("log", "fork", "none.json", *KEY), 66)
    refused(run("log", "fork", "fork.json"), 64, "--log-key")


def test_a_monitor_s_fork_convinces_others(run: Run, here: Path) -> None:
    run("log", "monitor", "tiles", *KEY, "--state", "state")
    with EvidenceLog.create("fork.log", LOG.key) as log:
        log.append_many(made_log.entries(200, of="fork"))
        (here / "theirs").write_bytes(log.checkpoint(LOG))
    run("log", "monitor", "tiles", *KEY, "--state", "state", "--seen", "theirs", "--fork-out", "proof.json")
    assert run("log", "fork", "proof.json", *KEY).code == 1


# -- witnesses at a URL


@pytest.fixture
def asking(here: Path, run: Run, server: Site) -> Callable[..., Ran]:
    """``log witness ask`` of a witness that answers over HTTP as the standard says; policy w1, or both."""
    key = run("log", "witness", "key", "--name", "witness.county.example", "--key-out", "witness.key").out.strip()
    second = made_log.witness(2).key.text
    (here / "policy").write_text(f"witness w1 {key}\nquorum w1\n")
    (here / "two").write_text(f"witness w1 {key}\nwitness w2 {second}\ngroup g all w1 w2\nquorum g\n")
    (here / "memory").mkdir()
    one = Witness(here / "memory", read_signing_key((here / "witness.key").read_text()), [LOG.key])

    def answer(asked: Asked) -> Told:
        said = one.answer(asked.body, datetime.now(UTC))
        return Told(said.body, said.status, tuple(said.headers.items()))

    server.pages["/w/add-checkpoint"] = answer

    def ask(policy: str = "policy", *options: object, address: str = "town.log") -> Ran:
        return run("log", "witness", "ask", address, f"{server.url}/w/", "--witnesses", policy, *options)

    return ask


def cosigners(policy: WitnessPolicy) -> int:
    with EvidenceLog.open("town.log") as log:
        note = log.latest_checkpoint()
        assert note is not None
        return len(open_checkpoint(note, log.key, policy).cosignatures)


@pytest.mark.integration
def test_ask_a_witness(run: Run, here: Path, asking: Callable[..., Ran]) -> None:
    by = NoteKey.parse((here / "policy").read_text().split()[2])
    ran = asking()
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err == "witness.county.example: cosigned 301 entries; the cosignature is in the log\n"
    assert cosigners(WitnessPolicy.of(1, by)) == 1
    with EvidenceLog.open("town.log") as log:
        log.append_many(made_log.entries(10, 300))
        log.checkpoint(LOG)
    assert "記録 311 件に連署しました" in asking("policy", "--lang", "ja").err
    assert cosigners(WitnessPolicy.of(1, by)) == 1
    audited = run("log", "audit", "town.log", *KEY, "--witnesses", "policy", "--format", "json")
    assert (audited.code, audited.lines[0]["witnessed"]) == (0, 311)
    run("log", "prove", "town.log", "order.json")
    check_proof((here / "order.json.proof").read_bytes(), LOG.key, WitnessPolicy.of(1, by), evidence())


@pytest.mark.integration
def test_ask_one_of_several(run: Run, here: Path, asking: Callable[..., Ran]) -> None:
    refused(asking("two"), 64, "witness.county.example", "witness2.example.jp")
    refused(asking("two", "--witness", "w9"), 64, "w9")
    refused(asking("two", "--witness", "witness2.example.jp"), 1, "[checkpoint.witnesses]")  # another one answered
    assert asking("two", "--witness", "witness.county.example").code == 0
    by = (here / "two").read_text().split()[2]
    assert asking("two", "--witness", by).code == 0


@pytest.mark.integration
def test_a_witness_that_does_not_cosign(run: Run, here: Path, asking: Callable[..., Ran], server: Site) -> None:
    assert asking().code == 0
    with EvidenceLog.create("other.log", LOG.key) as log:
        refused(asking(address="other.log"), 64, "nothing of", "log checkpoint")
        log.append_many(made_log.entries(400, of="other"))
        log.checkpoint(LOG)
    ran = asking(address="other.log")  # another history under the same key
    refused(ran, 69, "[witness.refused]")
    for told, code in ((Told(b"", 403), 69), (Told(b"", 500), 69), (Told(b"hello\n"), 1)):
        server.pages["/w/add-checkpoint"] = told
        assert asking().code == code
    server.close()
    refused(asking(), 69, "[net.")


def test_ask_usage(run: Run, here: Path, asking: Callable[..., Ran]) -> None:
    words = ("log", "witness", "ask", "town.log")
    refused(run(*words, "http://127.0.0.1:9/"), 64, "--witnesses")
    refused(asking("none"), 66)
    for url in ("ftp://127.0.0.1/", "127.0.0.1:9", "http://127.0.0.1:9/?x", "file:///etc/passwd"):
        refused(run(*words, url, "--witnesses", "policy"), 64, "URL")
    refused(run("log", "witness", "ask", "none.log", "http://127.0.0.1:9/", "--witnesses", "policy"), 64, "[ledger.")
    secret = here / "mixed"
    secret.write_text(write_signing_key("w.example", bytes(32)))
    refused(asking("mixed"), 64, "signing key")
