"""``toyono-trust augment`` of evidence records and of proofs: one by one, and what of a folder is about to lapse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from command_line import Aged, Run
from made_proof import EVIDENCE, opening
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Server, Town
from toyono_trust.formats.ers import write
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.proof import read_proof, write_proof
from toyono_trust.pki.tsp import read_response, request

RECORD, PROOF, RECEIPT = "letter.opening.ers", "letter.json.proof", "letter.json"


@pytest.fixture
def archive(aged: Aged, tmp_path: Path) -> Path:
    """A receipt with its proof, and an opening with its record, of eight years ago."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / RECEIPT).write_bytes(json_canonical(EVIDENCE))
    (folder / PROOF).write_bytes(aged.sealed["proof", "B-LTA"])
    (folder / "letter.opening").write_bytes(opening().octets)
    (folder / RECORD).write_bytes(aged.sealed["ers", "B-LTA"])
    return folder


def octets(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def both(folder: Path) -> list[Path]:
    return [folder / RECORD, folder / PROOF]


def until(run: Run, aged: Aged, path: Path) -> datetime:
    """Until when the newest of what dates it lasts."""
    ran = run("augment", "--due", "1d", "--list", path, *aged.place.trust, "--allow-private", "--format", "json")
    (line,) = ran.lines
    assert line["outcome"] == "later", ran
    return datetime.fromisoformat(line["valid_until"])


@pytest.mark.parametrize("name", [RECORD, PROOF])
def test_one_is_renewed_in_place(run: Run, aged: Aged, archive: Path, name: str) -> None:
    before, path = octets(archive), archive / name
    assert until(run, aged, path) < datetime.now(UTC) + timedelta(days=800)
    ran = run("augment", path, *aged.online, "--in-place")
    assert ran.code == 0, ran
    assert f"{path} → {path} (B-LTA)" in ran.err
    assert until(run, aged, path) > datetime.now(UTC) + timedelta(days=3000)
    after = octets(archive)
    assert {each for each in after if after[each] != before[each]} == {name}
    ran = run("verify", path, *aged.place.trust, "--online", "--allow-private", "--format", "json")
    assert ran.code == 0, ran
    stamps = [item for item in ran.lines[0]["timestamps"] if item["type"] == "evidence-record"]
    assert [item["indication"] for item in stamps] == ["PASSED", "PASSED"]


def test_one_is_renewed_elsewhere_under_another_digest(run: Run, aged: Aged, archive: Path, tmp_path: Path) -> None:
    before = octets(archive)
    (tmp_path / "new").mkdir()
    ran = run("augment", *both(archive), *aged.online, "--digest", "sha512", "-o", tmp_path / "new", "--lang", "ja")
    assert ran.code == 0, ran
    assert octets(archive) == before
    assert set(octets(tmp_path / "new")) == {RECORD, PROOF}
    proof = read_proof((tmp_path / "new" / PROOF).read_bytes())
    assert proof.record is not None
    for record in (proof.record, (tmp_path / "new" / RECORD).read_bytes()):
        assert bytes.fromhex("608648016503040203") in record, "SHA-512 is listed"


def test_what_is_due_in_a_folder_is_listed_and_renewed_once(run: Run, aged: Aged, archive: Path) -> None:
    before = octets(archive)
    listed = run("augment", "--due", "3y", "--list", archive, *aged.place.trust, "--allow-private")
    assert (listed.code, [line.split()[0] for line in listed.out.splitlines()]) == (0, ["due", "due"]), listed
    assert listed.out.count("CN=Throw-away TSA") == 2
    assert octets(archive) == before
    ran = run("augment", "--due", "3y", archive, *aged.online)
    assert (ran.code, ran.err) == (0, "2 files: 2 renewed\n"), ran
    assert [line.split()[0] for line in ran.out.splitlines()] == ["due", "renewed"] * 2
    after = octets(archive)
    again = run("augment", "--due", "3y", archive, *aged.online, "--format", "json")
    assert (again.code, {line["outcome"] for line in again.lines}) == (0, {"later"})
    assert octets(archive) == after
    kept = run("augment", "--due", "20y", archive, *aged.online)
    assert (kept.code, kept.out.count("lasts no longer")) == (2, 2), kept
    assert octets(archive) == after


@pytest.mark.parametrize(("language", "text"), [("en", "hint: "), ("ja", "対応: 証拠記録の対象")])
def test_a_record_without_its_data_stays_as_it_is(
    run: Run, aged: Aged, archive: Path, language: str, text: str
) -> None:
    (archive / "letter.opening").unlink()
    before = octets(archive)
    ran = run("augment", archive / RECORD, *aged.online, "--in-place", "--lang", language)
    assert ran.code == 64, ran
    assert "ers.content" in ran.err
    assert text in ran.err
    assert octets(archive) == before
    ran = run("augment", archive / RECORD, *aged.online, "--in-place", "--content", _elsewhere(archive))
    assert ran.code == 0, ran


def _elsewhere(archive: Path) -> Path:
    """The data in another folder."""
    folder = archive.parent / "data"
    folder.mkdir()
    (folder / "letter.opening").write_bytes(opening().octets)
    return folder


@pytest.mark.parametrize("name", [RECORD, PROOF])
def test_only_as_a_whole(run: Run, aged: Aged, archive: Path, name: str) -> None:
    for more in (("--level", "B-T"), ("--signature", "signature-1")):
        ran = run("augment", archive / name, *aged.online, "--in-place", *more)
        assert (ran.code, "augment.whole" in ran.err) == (64, True), ran


def test_an_altered_proof_is_not_renewed(run: Run, aged: Aged, archive: Path) -> None:
    path = archive / PROOF
    path.write_bytes(path.read_bytes().replace(b'"index":5', b'"index":6'))
    before = octets(archive)
    ran = run("augment", path, *aged.online, "--in-place")
    assert (ran.code, "augment.not-verified" in ran.err) == (1, True), ran
    assert octets(archive) == before


def test_a_proof_whose_date_has_lapsed_is_not_passed_over(run: Run, aged: Aged, archive: Path, tmp_path: Path) -> None:
    """It passes by its charter, renewed or not; nothing says any more since when the entry stands there."""
    path = archive / PROOF
    proof = read_proof(path.read_bytes())
    with Server(port=0) as server:
        stranger = server.town = Town.create(base_url=server.url)
        covered = BytesContent(as_signed(proof.checkpoint, proof.log)).digest("sha256")
        answer = read_response(stranger.tsa_respond(request(covered, "sha256", nonce=1)))
        assert answer.token is not None
        path.write_bytes(write_proof(proof._replace(record=write("sha256", ((covered,),), answer.token))))
        before = octets(archive)
        for more, text in ((("--lang", "en"), "nothing dates the entry"), (("--lang", "ja"), "日時は証明されません")):
            ran = run("augment", "--due", "1d", "--list", path, *aged.place.trust, "--allow-private", *more)
            assert (ran.code, text in ran.out) == (2, True), ran
        ran = run("augment", path, *aged.online, "--in-place")
        assert (ran.code, "augment.not-verified" in ran.err) == (2, True), ran
    assert octets(archive) == before
