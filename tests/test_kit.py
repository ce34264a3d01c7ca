"""The auditor's offline kit: the same octets each time, and installed and used where there is no network."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from toyono_trust import Http, TrustStore, seal, timestamp
from toyono_trust.devpki import Simulation, Town

ROOT = Path(__file__).resolve().parents[1]
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
REQUIRED = bool(os.environ.get("TOYONO_REQUIRE_CORPUS"))

pytest.importorskip("build")
pytest.importorskip("packaging")


@pytest.fixture(scope="module")
def kit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kit_build", ROOT / "kit" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Choosing what goes in

LOCK = """# made by a tool
a==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
A-b==2.0 ; python_version < '3.12' \\
    --hash=sha256:cc
a-b==3.0 ; python_version >= '3.12' \\
    --hash=sha256:dd
"""


def test_the_lock_is_read_with_its_hashes_and_markers(kit: ModuleType) -> None:
    pins = kit.read_lock(LOCK)
    assert [pin.hashes for pin in pins] == [("sha256:aa", "sha256:bb"), ("sha256:cc",), ("sha256:dd",)]
    linux, windows = (target.markers("3.12") for target in kit.TARGETS)
    assert [pin.line for pin in kit.pinned(pins, {"a-b"}, linux)] == ["a-b==3.0 --hash=sha256:dd"]
    assert len(kit.pinned(pins, {"a", "a-b"}, windows)) == 2
    with pytest.raises(SystemExit):  # locked for Windows alone
        kit.pinned(pins, {"a"}, linux)


@pytest.mark.integration  # of the locked versions: the oldest ones need other packages
def test_the_lock_has_all_that_each_system_needs(kit: ModuleType) -> None:
    pins = kit.read_lock((ROOT / "requirements.lock").read_text("utf-8"))
    for target in kit.TARGETS:
        for python in kit.PYTHONS:
            markers = target.markers(python)
            names = {
                kit.canonicalize_name(pin.requirement.name) for pin in kit.pinned(pins, kit.needed(markers), markers)
            }
            assert {"cryptography", "click", "pyhanko", "lxml"} <= names
            assert not {"pytest", "ruff", "mypy", "fastapi", "sphinx"} & names


# The kit itself


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town.create()
    town.write(tmp_path_factory.mktemp("kit") / "town")
    return town


@pytest.fixture(scope="module")
def made(kit: ModuleType, town: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A kit for both systems and this Python, built twice: the second time from the first one's wheels."""
    if VERSION not in kit.PYTHONS:
        pytest.skip(f"the kit is not for Python {VERSION}")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    assert town.folder is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit, "PYTHONS", (VERSION,))
        try:
            first: bytes = kit.build(wheel, town.folder / "trust", throw_away=True)
        except SystemExit as error:
            if REQUIRED:
                raise
            pytest.skip(f"no package index: {error}")

        def again(pins: Any, target: Any, python: str, folder: Path) -> None:
            folder.mkdir(exist_ok=True)
            with zipfile.ZipFile(io.BytesIO(first)) as archive:
                for name in archive.namelist():
                    if "/wheels/" in name and "toyono_trust" not in name:
                        (folder / name.rpartition("/")[2]).write_bytes(archive.read(name))

        patch.setattr(kit, "download", again)
        return first, kit.build(wheel, town.folder / "trust", throw_away=True)


@pytest.mark.integration
def test_the_same_inputs_give_the_same_octets(made: tuple[bytes, bytes]) -> None:
    assert made[0] == made[1]


@pytest.mark.integration
def test_the_kit_is_whole(made: tuple[bytes, bytes], town: Town) -> None:
    """Every file is listed with its hash; both systems have wheels; the guide names the digests."""
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    for package in ("cryptography", "lxml"):
        for system in ("win_amd64", "x86_64"):
            assert any(name.startswith(f"wheels/{package}-") and system in name for name in files), (package, system)
    assert town.folder is not None
    trust = TrustStore.load(town.folder / "trust")
    guide = files["guide.html"].decode()
    assert trust.digest in guide
    assert trust.revocation_digest in guide
    assert "throw-away town" in guide
    assert "{" not in guide.partition("</style>")[2]
    assert not any(word in guide for word in ("http://", "https://", "src="))


def test_the_guide_warns_of_a_throw_away_trust_alone(kit: ModuleType, town: Town) -> None:
    assert town.folder is not None
    trust = TrustStore.load(town.folder / "trust")
    assert b"throw-away" in kit.guide("1", trust, True)
    assert b"throw-away" not in kit.guide("1", trust, False)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an empty network namespace, with a plain environment."""
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [*namespace, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def unpacked(made: tuple[bytes, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not on this machine")
    place = tmp_path_factory.mktemp("auditor")
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        archive.extractall(place)
    (folder,) = place.iterdir()
    return folder


@pytest.mark.integration
def test_an_auditor_without_a_network_installs_and_verifies(unpacked: Path, town: Town) -> None:
    done = run(unpacked, sys.executable, "install.py")
    assert done.returncode == 0, done.stderr
    assert "toyono-verify" in done.stdout
    case = unpacked / "case"
    case.mkdir()
    by = town.identity("town")
    seal(b"register extract", by=by, format="jades", out=case / "extract.jws")
    (case / "map.txt").write_bytes(b"map")
    http: Http = Simulation(town)  # type: ignore[assignment]
    timestamp(b"map", tsa=f"{town.base_url}/tsr", http=http, out=case / "map.txt.tst")
    programs = unpacked / "venv" / "bin"
    one = run(unpacked, str(programs / "toyono-verify"), "case/extract.jws", "--trust", "trust.zip", "--lang", "ja")
    assert (one.returncode, one.stdout.partition("\n")[0]) == (0, "case/extract.jws: 有効"), one.stdout + one.stderr
    audit = run(unpacked, str(programs / "python"), "auditor.py", "case", "--trust", "trust.zip")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "TOTAL-PASSED" in audit.stdout
    assert "map.txt.tst" in audit.stdout


@pytest.mark.integration
def test_a_damaged_kit_is_not_installed(unpacked: Path, tmp_path: Path) -> None:
    for harm in ("altered", "missing", "added"):
        folder = tmp_path / harm
        shutil.copytree(unpacked, folder, ignore=shutil.ignore_patterns("venv", "case"))
        wheel = next((folder / "wheels").glob("click-*.whl"))
        if harm == "altered":
            wheel.write_bytes(wheel.read_bytes() + b"\0")
        elif harm == "missing":
            wheel.unlink()
        else:
            (folder / "wheels" / "click-99-py3-none-any.whl").write_bytes(b"")
        done = run(folder, sys.executable, "install.py")
        assert done.returncode == 1
        assert "click-" in done.stderr
        assert not (folder / "venv").exists()
