"""``toyono-verify --save-evidence`` and ``--simulate``: what is kept of a verdict, and what would be said later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from command_line import PAYLOAD, Place, Run
from toyono_trust import Http, seal

Served = tuple[Place, str]


@pytest.fixture
def sealed(served: Served, tmp_path: Path) -> Path:
    """A file at B-LTA, just made."""
    place, tsa = served
    path = tmp_path / "order.json.p7m"
    with Http(allow_private=True) as http:
        trust = _trust(place)
        made = seal(
            PAYLOAD, by=place.town.identity("town"), format="cades", level="B-LTA", tsa=tsa, trust=trust, http=http
        )
    path.write_bytes(made)
    return path


def _trust(place: Place) -> object:
    from toyono_trust import TrustStore

    return TrustStore.load(place.folder / "trust")


def years(count: int) -> str:
    return (datetime.now(UTC) + timedelta(days=365 * count)).date().isoformat()


# -- evidence


@pytest.mark.parametrize("online", [(), ("--online", "--allow-private")])
def test_the_archive_gives_the_same_report_again(
    run: Run, served: Served, sealed: Path, tmp_path: Path, online: tuple[str, ...]
) -> None:
    """Invariant: octet for octet, without file, trust and network."""
    archive = tmp_path / "order.zip"
    first = run("verify", sealed, *served[0].trust, *online, "--format", "json", "--save-evidence", archive)
    assert first.code == 0
    assert f"evidence written to {archive}" in first.err
    sealed.unlink()
    again = run("judge", archive, "--format", "json")
    assert (again.code, again.out) == (0, first.out)


def test_one_archive_for_each_file_in_a_folder(run: Run, served: Served, files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    paths = [files / name for name in ("order.json.jws", "altered.jws", "broken.p7m", "unsigned.txt")]
    ran = run("verify", *paths, *served[0].trust, "--save-evidence", folder, "--format", "json", "--jobs", "2")
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{path.name}.evidence.zip" for path in paths)
    again = run("judge", *(folder / f"{path.name}.evidence.zip" for path in paths), "--format", "json")
    assert (again.code, again.out) == (ran.code, ran.out)


def test_nothing_is_replaced_and_places_are_checked_before_any_work(
    run: Run, served: Served, sealed: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.zip"
    there.write_bytes(b"kept")
    ran = run("verify", sealed, *served[0].trust, "--save-evidence", there)
    assert (ran.code, ran.out, there.read_bytes()) == (64, "", b"kept")
    assert "hint: choose another place with --save-evidence\n" in ran.err
    ran = run("verify", sealed, *served[0].trust, "--save-evidence", tmp_path / "no" / "x.zip")
    assert (ran.code, "another place with --save-evidence" in ran.err, "--out" in ran.err) == (64, True, False)
    both = (sealed, tmp_path / "else" / sealed.name)
    ran = run("verify", *both, *served[0].trust, "--save-evidence", tmp_path)
    assert (ran.code, "same place" in ran.err) == (64, True)


@pytest.mark.parametrize(("signer", "holds"), [("ed25519", True), ("town", False)])
def test_who_keeps_evidence_is_told_that_it_holds_the_content(
    run: Run, place: Place, tmp_path: Path, signer: str, holds: bool
) -> None:
    """EdDSA signs the content itself, no digest of it (RFC 8032): the archive has to hold it."""
    path, archive = tmp_path / "order.jws", tmp_path / "order.zip"
    path.write_bytes(seal(PAYLOAD, by=place.town.identity(signer), format="jades"))
    ran = run("verify", path, *place.trust, "--save-evidence", archive)
    assert ran.code == 0
    assert (f"{archive} holds the signed content itself" in ran.out) is holds
    assert (b".tbs" in archive.read_bytes()) is holds


def test_the_evidence_of_a_file_that_cannot_be_read_is_none(run: Run, served: Served, tmp_path: Path) -> None:
    ran = run("verify", tmp_path / "none.jws", *served[0].trust, "--save-evidence", tmp_path / "x.zip")
    assert ran.code == 66
    assert not (tmp_path / "x.zip").exists()


# -- simulations


def test_while_the_stamps_last_it_would_pass(run: Run, served: Served, sealed: Path) -> None:
    ran = run("verify", sealed, *served[0].trust, "--at", years(6), "--simulate")
    assert ran.code == 0
    assert ran.out.startswith(f"{sealed}: SIMULATION: WOULD BE VALID\n  simulation: This is no verdict. ")
    ran = run("verify", sealed, *served[0].trust, "--at", years(6), "--simulate", "--format", "json")
    (line,) = ran.lines
    assert line["indication"] == "TOTAL-PASSED"
    assert line["validated_at"].startswith(years(6))
    assert datetime.now(UTC) - datetime.fromisoformat(line["simulated_from"]) < timedelta(minutes=5)


def test_when_they_have_lapsed_it_would_not(run: Run, served: Served, sealed: Path) -> None:
    ran = run("verify", sealed, *served[0].trust, "--at", years(19), "--simulate", "--lang", "ja")
    assert ran.code == 2
    lines = ran.out.splitlines()
    assert lines[0] == f"{sealed}: シミュレーション: 判定不能となる見込み"
    assert lines[4].startswith("  最新のタイムスタンプ（不合格）: アーカイブタイムスタンプ（Throw-away TSA）")


def test_a_verdict_of_the_same_time_is_none_of_a_simulation(run: Run, served: Served, sealed: Path) -> None:
    ran = run("verify", sealed, *served[0].trust, "--at", years(19), "--format", "json")
    assert ran.lines[0]["simulated_from"] is None
    assert "SIMULATION" not in run("verify", sealed, *served[0].trust, "--at", years(19)).out


@pytest.mark.parametrize("format", ["html", "pdf"])
def test_a_page_of_a_simulation_says_so(run: Run, served: Served, sealed: Path, tmp_path: Path, format: str) -> None:
    import shutil
    import subprocess

    page = tmp_path / f"page.{format}"
    asked = ("verify", sealed, *served[0].trust, "--at", years(6), "--simulate", "--format", format, "--out", page)
    if format == "pdf":
        if not (shutil.which("chromium") and shutil.which("pdftotext")):
            pytest.skip("no Chromium or pdftotext here")
        assert run(*asked).code == 0
        text = subprocess.run(["pdftotext", page, "-"], capture_output=True, check=True, timeout=60).stdout.decode()
        pages = text.split("\f")[:-1]
        assert all("Simulation – no validation report" in each for each in pages)
    else:
        assert run(*asked).code == 0
        text = page.read_text("utf-8")
    assert "WOULD BE VALID" in text
    assert "Simulation, no verdict" in text


def test_evidence_of_a_simulation_is_judged_as_one(run: Run, served: Served, sealed: Path, tmp_path: Path) -> None:
    archive = tmp_path / "later.zip"
    asked = ("verify", sealed, *served[0].trust, "--at", years(6), "--simulate", "--save-evidence", archive)
    first = run(*asked, "--format", "json")
    again = run("judge", archive, "--format", "json")
    assert (again.code, again.out) == (0, first.out)
    assert "WOULD BE VALID" in run("judge", archive).out
    ran = run("judge", archive, "--format", "etsi-xml")
    assert (ran.code, ran.out) == (64, "")
    assert "not of simulations" in ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "later time: --at"),
        (("--at", "2020-01-01"), "later time: --at"),
        (("--at", "2040-01-01", "--extract", "."), "--extract"),
        (("--at", "2040-01-01", "--format", "etsi-xml"), "a simulation is none"),
    ],
)
def test_what_does_not_go_with_a_simulation(
    run: Run, served: Served, sealed: Path, more: tuple[str, ...], says: str
) -> None:
    ran = run("verify", sealed, *served[0].trust, "--simulate", *more)
    assert (ran.code, says in ran.err, ran.out) == (64, True, "")
