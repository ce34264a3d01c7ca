"""examples/seal_pdfs.py: every PDF of a folder is sealed once, what cannot be is named, and nothing half is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plain_pdfs import classic, streamed
from toyono_trust import TrustStore, verify
from toyono_trust.devpki import Server, Town

PROGRAM = Path(__file__).resolve().parents[1] / "examples" / "seal_pdfs.py"
TOWN = "NTRJP-9234567890123"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town.create()
    town.write(tmp_path_factory.mktemp("bulk") / "town")
    return town


@pytest.fixture
def notices(tmp_path: Path) -> Path:
    """Three PDFs, one of them deeper and one with a Japanese name, and something else."""
    folder = tmp_path / "notices"
    (folder / "2026").mkdir(parents=True)
    (folder / "a.pdf").write_bytes(classic())
    (folder / "通知.PDF").write_bytes(streamed())
    (folder / "2026" / "b.pdf").write_bytes(classic())
    (folder / "readme.txt").write_bytes(b"not a PDF")
    return folder


def run(town: Town, folder: Path, *options: str, key: str = "town-seal.p12") -> subprocess.CompletedProcess[str]:
    signing = ["--key", f"pkcs12:{town.folder}/{key}", "--secret-file", f"{town.folder}/password.txt"]
    command = [sys.executable, str(PROGRAM), str(folder), "sealed", *signing, *options]
    return subprocess.run(command, cwd=folder.parent, capture_output=True, encoding="utf-8", timeout=300, check=False)


def test_every_pdf_is_sealed_once(town: Town, notices: Path) -> None:
    """A second run finds nothing to do, and a sealed file begins with its original, octet for octet."""
    trust = ("--trust", f"{town.folder}/trust")
    done = run(town, notices, *trust, "--reason", "課税通知")
    assert (done.returncode, done.stdout.partition(",")[0]) == (0, "sealed 3 of 3"), done.stderr
    sealed = notices.parent / "sealed"
    names = {path.relative_to(sealed).as_posix() for path in sealed.rglob("*") if path.is_file()}
    assert names == {"a.pdf", "通知.PDF", "2026/b.pdf"}
    store = TrustStore.load(f"{town.folder}/trust")
    for name in names:
        data = (sealed / name).read_bytes()
        assert data.startswith((notices / name).read_bytes())
        report = verify(data, trust=store)
        report.require(signed_by={TOWN})
        assert (report.signatures[0].format, report.signatures[0].level) == ("PAdES", "B-B")
    assert run(town, notices, *trust).stdout.startswith("sealed 0 of 0")


def test_a_bad_file_does_not_stop_the_others(town: Town, notices: Path) -> None:
    (notices / "0.pdf").write_bytes(b"%PDF-1.7\nbroken")
    done = run(town, notices)
    assert (done.returncode, done.stdout.partition(",")[0]) == (1, "sealed 3 of 4")
    assert "0.pdf" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (notices.parent / "sealed" / "0.pdf").exists()
    (notices / "0.pdf").write_bytes(classic())
    assert run(town, notices).stdout.startswith("sealed 1 of 1")


def test_seals_are_stamped_where_an_authority_is_named(town: Town, notices: Path) -> None:
    with Server(town, port=0) as server:
        done = run(town, notices, "--tsa", f"{server.url}/tsr", "--trust", f"{town.folder}/trust")
    assert done.returncode == 0, done.stderr
    assert verify(notices.parent / "sealed" / "a.pdf").signatures[0].level == "B-T"


def test_what_does_not_verify_is_not_left_behind(town: Town, notices: Path, tmp_path: Path) -> None:
    """Under another town's trust no product passes, and none stays."""
    Town.create().write(tmp_path / "other")
    done = run(town, notices, "--trust", str(tmp_path / "other" / "trust"))
    assert (done.returncode, done.stdout.partition(",")[0]) == (1, "sealed 0 of 3")
    assert not [path for path in (notices.parent / "sealed").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("options", "code"), [(("--certify", "4"), 64), (("--trust", "nowhere"), 66)])
def test_nothing_is_begun_with_wrong_arguments(town: Town, notices: Path, options: tuple[str, ...], code: int) -> None:
    done = run(town, notices, *options)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert not (notices.parent / "sealed").exists()


def test_a_persons_key_is_refused(town: Town, notices: Path) -> None:
    done = run(town, notices, key="resident-sign.p12")
    assert (done.returncode, done.stdout.partition(",")[0]) == (1, "sealed 0 of 3")
    assert "sign()" in done.stderr
