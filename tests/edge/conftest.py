"""A written town for the tests of the command line, and programs run in this process."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

import plain_pdfs
from command_line import PAYLOAD, Aged, Place, Ran, Run, Silent
from lasting_proof import LOG, proof_file, record_file
from toyono_trust import Signer, TrustStore, seal, sign, steps, verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import PASSWORD, Server, Simulation, Town
from toyono_trust.edge import main
from toyono_trust.ledger import charter
from toyono_trust.pki.tsp import read_response, request
from toyono_trust.sources import delivered
from toyono_trust.steps import World


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOYONO_TRUST", "LC_ALL", "LC_MESSAGES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``toyono-trust`` with arguments in this process."""

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main.toyono_trust([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The town; nothing is served."""
    folder = tmp_path_factory.mktemp("command-line") / "town"
    town = Town.create()
    town.write(folder)
    return Place(folder, town)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    """Another town with its services on loopback, and the address of its time stamps."""
    folder = tmp_path_factory.mktemp("command-line-served") / "town"
    with Server(port=0) as server:
        town = server.town = Town.create(base_url=server.url)
        town.write(folder)
        yield Place(folder, town), f"{server.url}/tsr"


@pytest.fixture(scope="session")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aged]:
    """A town founded eight years ago, whose first TSA lapses in two years and has a successor; served as it is now."""
    folder = tmp_path_factory.mktemp("command-line-aged") / "town"
    now = datetime.now(UTC)
    then = now - timedelta(days=8 * 365)
    with Server(port=0) as server:
        town = server.town = Town.create(then, base_url=server.url)
        simulation = Simulation(town, then)
        world = World(lambda: then, os.urandom, time.monotonic, simulation, None)
        trust = TrustStore.from_certificates([town.root.der], [], [])
        archives = {}
        for format, content in (("jades", PAYLOAD), ("cades", PAYLOAD), ("pades", plain_pdfs.classic())):
            for level in ("B-B", "B-LTA"):
                asked = verbs.order(
                    BytesContent(content), town.identity("town"), format, level,  # type: ignore[arg-type]
                    None if level == "B-B" else f"{server.url}/tsr", True, {}, trust,
                )  # fmt: skip
                archives[format, level] = bytes(delivered(steps.run(verbs.seal(asked), world), None))  # type: ignore[arg-type]
        asked = verbs.order(
            BytesContent(charter.statement(LOG.key)), town.identity("town"), "jades", "B-LTA",
            f"{server.url}/tsr", True, {}, trust,
        )  # fmt: skip
        stamp = partial(_stamped, town, then)
        archives["proof", "B-LTA"] = proof_file(bytes(delivered(steps.run(verbs.seal(asked), world), None)), stamp)  # type: ignore[arg-type]
        archives["ers", "B-LTA"] = record_file(stamp)
        town.renew("tsa", now - timedelta(days=1))
        town.renew("ocsp", now - timedelta(days=1))
        town.updated = now  # CRLs in the trust folder are of today
        town.write(folder)
        yield Aged(Place(folder, town), f"{server.url}/tsr", archives)


def _stamped(town: Town, at: datetime, digest: bytes) -> bytes:
    """A token over a digest."""
    answer = read_response(town.tsa_respond(request(digest, "sha256", nonce=1), at))
    assert answer.token is not None
    return answer.token


@pytest.fixture
def silent() -> Iterator[Silent]:
    """A server that takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield Silent(listener, f"http://127.0.0.1:{listener.getsockname()[1]}/tsr")


@pytest.fixture
def files(place: Place, tmp_path: Path) -> Path:
    """A folder with an order, sealed in every shape that the command line tells apart, and broken ones."""
    town = Signer.open(f"pkcs12:{place.folder / 'town-seal.p12'}", secret=PASSWORD)
    resident = Signer.open(f"pkcs12:{place.folder / 'resident-sign.p12'}", secret=PASSWORD)
    (tmp_path / "order.json").write_bytes(PAYLOAD)
    compact = seal(PAYLOAD, by=town, format="jades")
    (tmp_path / "order.json.jws").write_bytes(compact)
    (tmp_path / "order.json.p7m").write_bytes(seal(PAYLOAD, by=town, format="cades"))
    (tmp_path / "order.json.p7s").write_bytes(sign(PAYLOAD, by=resident, format="cades", detached=True))
    head, payload, value = compact.split(b".")
    (tmp_path / "altered.jws").write_bytes(b".".join((head, payload[:-6] + b"AAAAAA", value)))
    (tmp_path / "broken.jws").write_bytes(b'{"payload": 1, "payload": 2, "signatures": []}')
    (tmp_path / "broken.p7m").write_bytes(seal(PAYLOAD, by=town, format="cades")[:300])
    (tmp_path / "unsigned.txt").write_bytes(b"hello")
    (tmp_path / "empty").mkdir()
    return tmp_path
