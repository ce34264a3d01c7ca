"""The evidence log and Go's sumdb packages (note, tlog), both ways: each checks what the other makes.

The packages are those that a Go toolchain has inside, so that nothing is fetched. torchwood, a client of public logs,
is fetched by Go itself, where there is a network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from made_log import ORIGIN, Place, entries, entry, signer, witness
from made_tiles import AT, checkpoint_of, done, write_slowly
from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError
from toyono_trust.ledger.checkpoint import WitnessPolicy, cosign, open_checkpoint
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.monitor import Monitor
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.tiles.places import TileFolder, fetch_checkpoint
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.ledger.tiles.writer import write_tiles
from toyono_trust.ledger.witness import Witness
from toyono_trust.pki.trustlogs import read_logs

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).resolve().parent / "golog" / "main.go"
MODULE = "golang.org/x/mod"
LOG = signer()


@pytest.fixture(scope="session")
def golog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built without a network."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go toolchain")
    asked = subprocess.run([go, "env", "GOROOT", "GOVERSION"], capture_output=True, text=True, check=True)
    root, version = asked.stdout.split()
    language = "go " + ".".join(version.removeprefix("go").split(".")[:2])  # what the packages inside are written in
    packages = Path(root) / "src" / "cmd" / "vendor" / MODULE
    if not (packages / "sumdb" / "tlog").is_dir():
        pytest.skip("the Go toolchain does not have the sumdb packages inside")
    folder = tmp_path_factory.mktemp("golog")
    shutil.copy(SOURCE, folder)
    for name in ("note", "tlog"):
        shutil.copytree(packages / "sumdb" / name, folder / "mod" / "sumdb" / name)
    (folder / "mod" / "go.mod").write_text(f"module {MODULE}\n\n{language}\n")
    (folder / "go.mod").write_text(
        f"module golog\n\n{language}\n\nrequire {MODULE} v0.0.0\n\nreplace {MODULE} => ./mod\n"
    )
    settings = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOCACHE": str(folder / "cache")}
    subprocess.run([go, "build", "-o", "golog", "."], cwd=folder, env=os.environ | settings, check=True, timeout=300)
    return folder / "golog"


@pytest.fixture(scope="session")
def torchwood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program over torchwood, of the version that its go.sum says."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go toolchain")
    folder = tmp_path_factory.mktemp("torchwood")
    for name in ("main.go", "go.mod", "go.sum"):
        shutil.copy(SOURCE.parent / "torchwood" / name, folder)
    settings = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
    got = subprocess.run(
        [go, "mod", "download"], cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=300
    )
    if got.returncode:
        pytest.skip("Go cannot fetch torchwood here")
    subprocess.run(
        [go, "build", "-o", "torchwood", "."], cwd=folder, env=os.environ | settings, check=True, timeout=600
    )
    return folder / "torchwood"


def ask(program: Path, **asked: Any) -> dict[str, Any]:
    done = subprocess.run([program], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def text(octets: bytes) -> str:
    return b64encode(octets).decode()


@pytest.mark.parametrize("size", [1, 2, 3, 8, 21, 64, 100])
def test_go_checks_our_log(golog: Path, tmp_path: Path, size: int) -> None:
    with Place(str(tmp_path / "log.db")).create() as log:
        log.append_many(entries(size))
        policy = WitnessPolicy.of(1, witness(1).key)
        note = log.add_cosignatures(
            cosign(log.checkpoint(LOG), LOG.key, witness(1), datetime(2027, 4, 1, tzinfo=UTC)), policy
        )
        leaves = [merkle.leaf_hash(one) for one in entries(size)]
        asked = {
            "Do": "check",
            "Key": LOG.key.text,
            "Checkpoint": note.decode(),
            "Inclusions": [
                {"Index": index, "Entry": text(one), "Path": list(map(text, log.prove_inclusion(index, size)))}
                for index, one in log.entries()
            ],
            "Consistency": [
                {
                    "Size": first,
                    "Root": text(merkle.root(leaves[:first])),
                    "Path": list(map(text, log.prove_consistency(first, size))),
                }
                for first in range(1, size + 1)
            ],
        }
    answer = ask(golog, **asked)
    assert answer["Error"] == ""
    assert (answer["Size"], answer["Signatures"], answer["Unverified"]) == (size, 1, 1)
    asked["Checkpoint"] = note.decode().replace(f"\n{size}\n", f"\n{size + 1}\n")
    assert "invalid signature" in ask(golog, **asked)["Error"]
    if size > 1:
        asked["Checkpoint"] = note.decode()
        asked["Inclusions"][0]["Path"][0] = text(bytes(32))
        assert "entry 0" in ask(golog, **asked)["Error"]


@pytest.mark.parametrize("size", [1, 2, 7, 33, 80])
def test_we_check_what_go_signs_and_proves(golog: Path, size: int) -> None:
    records = [f"record {number}".encode() for number in range(size)]
    answer = ask(golog, Do="make", Name="go.example/log", Records=list(map(text, records)))
    assert answer["Error"] == ""
    key = NoteKey.parse(answer["Key"])
    checkpoint = open_checkpoint(answer["Checkpoint"].encode(), key).checkpoint
    leaves = [merkle.leaf_hash(record) for record in records]
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("go.example/log", size, merkle.root(leaves))
    for one in answer["Inclusions"]:
        path = list(map(b64decode, one["Path"]))
        leaf = merkle.leaf_hash(b64decode(one["Entry"]))
        assert merkle.check_inclusion(leaf, one["Index"], size, path, checkpoint.root)
    for one in answer["Consistency"]:
        path = list(map(b64decode, one["Path"]))
        assert merkle.check_consistency(one["Size"], size, path, b64decode(one["Root"]), checkpoint.root)


# -- tiles


def grown(log: EvidenceLog, size: int, folder: Path) -> bytes:
    log.append_many(entries(size - log.head.size, log.head.size))
    note = log.checkpoint(LOG)
    write_tiles(log, folder)
    return note


@pytest.mark.parametrize("sizes", [[1], [255, 256, 257], [700, 1_000], [65_537], [70_000]])
def test_go_reads_our_tiles(golog: Path, tmp_path: Path, sizes: list[int]) -> None:
    with Place(str(tmp_path / "log.db")).create() as log:
        for size in sizes:
            grown(log, size, tmp_path / "tiles")
            step = 1 + size // 2_000
            answer = ask(golog, Do="read", Key=LOG.key.text, Folder=str(tmp_path / "tiles"), Step=step)
            assert (answer["Error"], answer["Size"]) == ("", size)
            assert list(map(b64decode, answer["Records"])) == entries(size)


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/001"])
def test_go_finds_what_is_altered(golog: Path, tmp_path: Path, name: str) -> None:
    folder = write_slowly(tmp_path / "tiles", entries(700))
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert ask(golog, Do="read", Key=LOG.key.text, Folder=str(folder), Step=1)["Error"]


@pytest.mark.parametrize(("since", "size"), [(0, 1), (0, 256), (0, 1_000), (300, 1_000), (255, 600)])
def test_we_read_what_go_writes(golog: Path, tmp_path: Path, since: int, size: int) -> None:
    """Records of any length; tiles written at once, or those that are new since a smaller size."""
    records = [b"record %d" % number * (number % 40) for number in range(size)]
    folder, name = tmp_path / "tiles", "go.example/log"
    if since:
        ask(golog, Do="write", Name=name, Folder=str(folder), Records=list(map(text, records[:since])))
    answer = ask(golog, Do="write", Name=name, Folder=str(folder), Since=since, Records=list(map(text, records)))
    assert answer["Error"] == ""
    key = NoteKey.parse(answer["Key"])
    place = TileFolder(folder)
    watched = done(Monitor(tmp_path / "state", key, read="entries").follow(place))
    assert (watched.notes, watched.entries) == ((), size)
    checkpoint = open_checkpoint(done(fetch_checkpoint(place)), key).checkpoint
    reader = TileReader(place, checkpoint)
    leaves = [merkle.leaf_hash(record) for record in records]
    for index in {0, size // 2, size - 1}:
        assert done(reader.entry(index)) == records[index]
        assert done(reader.beginning(index)).root == merkle.root(leaves[:index])
    one = Witness(tmp_path, witness(1), [key])
    assert done(one.cosign_from(key, place)).checkpoint == checkpoint


def policy_of(quorum: str, log: NoteKey = LOG.key) -> str:
    names = "".join(f"witness w{number} {witness(number).key.text}\n" for number in (1, 2, 3))
    return f"log {log.text}\n{names}group most 2 w1 w2 w3\nquorum {quorum}\n"


@pytest.mark.parametrize("size", [1, 300, 70_000])
def test_torchwood_reads_our_tiles_and_cosignatures(torchwood: Path, tmp_path: Path, size: int) -> None:
    """All entries, proofs of some, under a policy of two of three witnesses whom the witness verb made cosign."""
    folder = tmp_path / "tiles"
    keys = [witness(number).key for number in (1, 2, 3)]
    with Place(str(tmp_path / "log.db")).create() as log:
        grown(log, size, folder)
        for number in (1, 3):
            (tmp_path / f"{number}").mkdir()
            asked = ask(torchwood, Do="read", Folder=str(folder), Policy=policy_of("most"))
            assert asked["Error"]
            one = Witness(tmp_path / f"{number}", witness(number), [LOG.key])
            cosigned = done(one.cosign_from(LOG.key, TileFolder(folder)))
            log.add_cosignatures(cosigned.note, WitnessPolicy.of(1, *keys))
            write_tiles(log, folder)
    chosen = sorted({0, size // 2, size - 1})
    for quorum in ("most", "w1", "none"):
        (ours,) = read_logs(policy_of(quorum).encode(), "policy")
        if ours.needed:
            open_checkpoint(
                (folder / "checkpoint").read_bytes(), LOG.key, WitnessPolicy.of(ours.needed, *ours.witnesses)
            )
        answer = ask(torchwood, Do="read", Folder=str(folder), Policy=policy_of(quorum), Indexes=chosen)
        assert (answer["Error"], answer["Origin"], answer["Size"]) == ("", ORIGIN, size)
        assert list(map(b64decode, answer["Entries"])) == entries(size)
        assert list(map(b64decode, answer["Chosen"])) == [entry(index) for index in chosen]
    assert ask(torchwood, Do="read", Folder=str(folder), Policy=policy_of("w2"))["Error"]
    assert ask(torchwood, Do="read", Folder=str(folder), Policy=policy_of("most", signer("x").key))["Error"]


def test_torchwood_cosigns_and_we_check(torchwood: Path) -> None:
    note = checkpoint_of(entries(20))
    answer = ask(torchwood, Do="cosign", Name="go.example/witness", Policy=policy_of("none"), Checkpoint=note.decode())
    assert answer["Error"] == ""
    seen = open_checkpoint(answer["Checkpoint"].encode(), LOG.key, WitnessPolicy.of(1, answer["Key"]))
    assert seen.checkpoint.size == 20
    assert abs(seen.cosignatures[0].at - datetime.now(UTC)).total_seconds() < 3_600
    with pytest.raises(MalformedError):
        open_checkpoint(answer["Checkpoint"].encode(), LOG.key, WitnessPolicy.of(1, witness(1).key))
    ours = cosign(answer["Checkpoint"].encode(), LOG.key, witness(1), AT)
    open_checkpoint(ours, LOG.key, WitnessPolicy.of(2, answer["Key"], witness(1).key))
