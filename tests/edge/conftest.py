"""A written town for the tests of the command line, and programs run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import PAYLOAD, Place, Ran, Run
from toyono_trust import Signer, seal, sign
from toyono_trust.devpki import PASSWORD, Server, Town
from toyono_trust.edge import main


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
