"""The evidence log and Go's sumdb packages (note, tlog), both ways: each checks what the other signs and proves.

The packages are those that a Go toolchain has inside, so that nothing is fetched.
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

from made_log import Place, entries, signer, witness
from toyono_trust.core import merkle
from toyono_trust.ledger.checkpoint import WitnessPolicy, cosign, open_checkpoint
from toyono_trust.ledger.note import NoteKey

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
