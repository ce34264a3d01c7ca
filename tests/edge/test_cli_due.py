"""``toyono-trust augment --due``: what is about to lapse among many files, its renewal, what is said of the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import plain_pdfs
from command_line import PAYLOAD, Aged, Place, Run
from toyono_trust.devpki import Server, Town

ENDS = {"jades": "jws.json", "cades": "p7m", "pades": "pdf"}
MEMBERS = {
    *("file", "outcome", "product", "level", "indication", "sub_indication", "valid_until", "lapse", "renew_by"),
    *("renew_for", "error", "warnings"),
}


@pytest.fixture
def archive(aged: Aged, tmp_path: Path) -> Path:
    """A folder of archives from eight years ago, in folders."""
    for format, ending in ENDS.items():
        folder = tmp_path / "archive" / format
        folder.mkdir(parents=True)
        (folder / f"contract.{ending}").write_bytes(aged.sealed[format, "B-LTA"])
    return tmp_path / "archive"


def outcomes(ran: object) -> dict[str, str]:
    return {Path(line["file"]).name: line["outcome"] for line in ran.lines}  # type: ignore[attr-defined]


def octets(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_archives_of_then_pass_today_and_lapse_soon(run: Run, aged: Aged, archive: Path) -> None:
    """What the other tests stand on: the signer's certificate is long gone, the time stamps have two years left."""
    ran = run("verify", *octets(archive), *aged.place.trust, "--online", "--allow-private", "--format", "json")
    assert ran.code == 0, ran
    for line in ran.lines:
        (signature,) = line["signatures"]
        assert datetime.fromisoformat(signature["signer"]["not_after"]) < datetime.now(UTC) - timedelta(days=365)
        left = datetime.fromisoformat(signature["valid_until"]) - datetime.now(UTC)
        assert timedelta(days=500) < left < timedelta(days=800)


def test_a_list_changes_nothing(run: Run, aged: Aged, archive: Path) -> None:
    before = octets(archive)
    ran = run("augment", "--due", "3y", "--list", archive, *aged.place.trust, "--allow-private")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines] == ["due"] * 3
    assert all("The certificate expires at " in line and "CN=Throw-away TSA" in line for line in lines)
    assert ran.err == "3 files: 3 due\n"
    ran = run("augment", "--due", "90d", "--list", archive, *aged.place.trust, "--allow-private")
    assert (ran.code, ran.out, ran.err) == (0, "", "3 files: 3 not due yet\n")
    assert octets(archive) == before


def test_the_list_in_japanese(run: Run, aged: Aged, archive: Path) -> None:
    ran = run("augment", "--due", "3y", "--list", archive, *aged.place.trust, "--allow-private", "--lang", "ja")
    assert ran.out.startswith("期限間近  ")
    assert ran.err == "全 3 件: 期限間近 3\n"


def test_one_json_object_per_file(run: Run, aged: Aged, archive: Path) -> None:
    ran = run("augment", "--due", "3y", "--list", archive, *aged.place.trust, "--allow-private", "--format", "json")
    assert [set(line) for line in ran.lines] == [MEMBERS] * 3
    assert [line["file"] for line in ran.lines] == [str(path) for path in octets(archive)]
    for line in ran.lines:
        assert (line["outcome"], line["level"], line["indication"]) == ("due", "B-LTA", "TOTAL-PASSED")
        assert (line["product"], line["error"]) == (None, None)
        assert line["lapse"]["code"] == "certificate.expired"
        assert line["valid_until"].startswith(line["lapse"]["text"].split()[4])


def test_what_is_due_is_renewed_in_place_once(run: Run, aged: Aged, archive: Path) -> None:
    before = octets(archive)
    ran = run("augment", "--due", "3y", archive, *aged.online)
    assert ran.code == 0, ran
    assert [line.split()[0] for line in ran.out.splitlines()] == ["due", "renewed"] * 3
    assert ran.err == "3 files: 3 renewed\n"
    after = octets(archive)
    assert set(after) == set(before)
    assert after[archive / "pades" / "contract.pdf"].startswith(before[archive / "pades" / "contract.pdf"])
    ran = run("verify", *after, *aged.place.trust, "--format", "json", "--online", "--allow-private")
    assert ran.code == 0
    for line in ran.lines:
        (signature,) = line["signatures"]
        assert datetime.fromisoformat(signature["valid_until"]) > datetime.now(UTC) + timedelta(days=3000)
        assert [item["type"] in ("archive", "document") for item in signature["timestamps"]][-1]
    again = run("augment", "--due", "3y", archive, *aged.online, "--format", "json")
    assert (again.code, set(outcomes(again).values())) == (0, {"later"})
    assert octets(archive) == after


def test_json_of_a_renewal_is_one_object_with_the_new_end(run: Run, aged: Aged, archive: Path) -> None:
    ran = run("augment", "--due", "3y", archive / "cades", *aged.online, "--format", "json")
    (line,) = ran.lines
    assert (line["outcome"], line["product"]) == ("renewed", line["file"])
    assert datetime.fromisoformat(line["valid_until"]) > datetime.now(UTC) + timedelta(days=3000)


def test_what_another_stamp_would_not_help_is_kept(run: Run, aged: Aged, archive: Path) -> None:
    """Invariant: a file is not grown where that does not make it last longer."""
    assert run("augment", "--due", "3y", archive, *aged.online).code == 0
    before = octets(archive)
    ran = run("augment", "--due", "20y", archive, *aged.online)
    assert ran.code == 2
    assert ran.out.count("lasts no longer") == 3
    assert ran.err == "3 files: 3 due and kept as they are\n"
    assert octets(archive) == before


def test_protection_that_ends_before_the_signers_certificate_is_due(run: Run, tmp_path: Path) -> None:
    """The verdict would last two years more, and the archive be lost with the signer's certificate or its key."""
    now = datetime.now(UTC)
    with Server(port=0) as server:
        town = server.town = Town.create(now - timedelta(days=3590), base_url=server.url)
        town.write(tmp_path / "town")
        town.renew("town", now - timedelta(days=300))
        place = Place(tmp_path / "town", town)
        served = (*place.trust, "--allow-private", "--tsa", f"{server.url}/tsr")
        path = tmp_path / "contract.p7m"
        path.write_bytes(PAYLOAD)
        made = run("seal", path, "--as", "cades", "--level", "B-LTA", *served, *place.key(), "-o", path, "--force")
        assert made.code == 0, made
        (line,) = run("augment", "--due", "26w", "--list", path, *served, "--format", "json").lines
        ends = datetime.fromisoformat(line["renew_by"])
        assert line["outcome"] == "due"
        assert line["renew_for"].startswith("timestamp-")
        assert ends < now + timedelta(days=70) < now + timedelta(days=365) < datetime.fromisoformat(line["valid_until"])
        listed = run("augment", "--due", "26w", "--list", path, *served)
        assert "its last time stamp ends: " in listed.out
        assert "CN=Throw-away TSA" in listed.out
        assert "の期限" in run("augment", "--due", "26w", "--list", path, *served, "--lang", "ja").out
        assert run("augment", "--due", "1w", "--list", path, *served).out == ""
        before = path.read_bytes()
        kept = run("augment", "--due", "26w", path, *served)
        assert (kept.code, "lasts no longer" in kept.out, path.read_bytes() == before) == (2, True, True)
        town.renew("tsa", now - timedelta(days=1))
        (line,) = run("augment", "--due", "26w", path, *served, "--format", "json").lines
        assert line["outcome"] == "renewed"
        assert datetime.fromisoformat(line["renew_by"]) > now + timedelta(days=365)
        assert run("augment", "--due", "26w", "--list", path, *served).out == ""


def test_a_lone_stamp_is_listed_and_cannot_be_renewed(run: Run, aged: Aged, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(PAYLOAD)
    assert run("timestamp", tmp_path / "notes.txt", "--tsa", aged.tsa).code == 0
    listed = run(
        "augment", "--due", "20y", "--list", tmp_path, *aged.place.trust, "--allow-private", "--format", "json"
    )
    assert (listed.code, outcomes(listed)) == (0, {"notes.txt.tst": "due"})
    assert (listed.lines[0]["indication"], listed.lines[0]["level"]) == ("PASSED", None)
    ran = run("augment", "--due", "20y", tmp_path, *aged.online)
    assert (ran.code, "by itself cannot be renewed" in ran.out) == (2, True)
    assert run("augment", "--due", "1y", tmp_path, *aged.online).code == 0


def test_what_cannot_be_fetched_is_said(run: Run, aged: Aged, archive: Path) -> None:
    """On loopback nothing is fetched unless it is allowed: of an undecided file the user learns why."""
    (archive / "cades" / "young.p7m").write_bytes(aged.sealed["cades", "B-B"])
    root = ("--trust", aged.place.folder / "trust" / "anchors" / "root.pem")
    asked = ("augment", "--due", "3y", "--list", archive / "cades", *root)
    ran = run(*asked, "--format", "json")
    for line in ran.lines:
        assert {warning["code"] for warning in line["warnings"]} == {"gather.not-fetched"}
        assert {frozenset(warning) for warning in line["warnings"]} == {
            frozenset({"code", "subject", "text", "remedy"})
        }
    again = run(*asked)
    assert (again.code, again.err) == (2, ran.err)
    stamped, bare = (str(archive / "cades" / name) for name in ("contract.p7m", "young.p7m"))
    assert ran.err.count(f"{stamped}: warning: http://127.0.0.1:") == 3
    assert ran.err.count("allow them with --allow-private") == 2
    assert f"{stamped}: its newest time stamp is undecided because of that: archive time stamp (" in ran.err
    assert f"{bare}: its newest" not in ran.err
    japanese = run(*asked, "--lang", "ja").err
    assert f"{stamped}: 警告: http://127.0.0.1:" in japanese
    assert "最新のタイムスタンプは判定できません" in japanese
    raised = run("augment", stamped, "--in-place", *root, "--tsa", aged.tsa, "--format", "json")
    assert "gather.not-fetched" in raised.err
    assert raised.lines[0]["warnings"]


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently")
def test_nobody_reads_and_all_are_renewed(run: Run, aged: Aged, archive: Path) -> None:
    """Invariant: a reader that goes away stops no renewal, and 70 is never silent."""
    before = octets(archive)
    code = "import sys; from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust())"
    command = [sys.executable, "-c", code, "augment", "--due", "3y", str(archive), *aged.online, "--lang", "en"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=120)
    finally:
        os.close(writer)
    assert done.returncode == 70
    assert done.stderr.decode() == "standard output was closed; going on without it\n3 files: 3 renewed\n"
    assert all(before[path] != now for path, now in octets(archive).items())


class TestFolders:
    def test_what_is_looked_at(self, run: Run, aged: Aged, archive: Path) -> None:
        (archive / "LOUD.PDF").write_bytes(aged.sealed["pades", "B-LTA"])
        (archive / "unsigned.pdf").write_bytes(plain_pdfs.classic())
        (archive / "readme.txt").write_bytes(b"not looked at")
        (archive / "rubbish.p7s").write_bytes(b"rubbish")
        ran = run("augment", "--due", "90d", archive, *aged.online, "--format", "json")
        assert outcomes(ran) == {
            "LOUD.PDF": "later", "contract.p7m": "later", "contract.jws.json": "later", "contract.pdf": "later",
            "unsigned.pdf": "unsigned", "rubbish.p7s": "failed",
        }  # fmt: skip
        assert ran.code == 2
        assert {line["indication"] for line in ran.lines if line["outcome"] == "failed"} == {"INDETERMINATE"}

    def test_an_unsigned_file_that_is_named_is_no_archive(self, run: Run, aged: Aged, tmp_path: Path) -> None:
        path = tmp_path / "unsigned.pdf"
        path.write_bytes(plain_pdfs.classic())
        ran = run("augment", "--due", "90d", path, *aged.online)
        assert (ran.code, ran.out) == (1, f"invalid  {path}: The PDF holds no signature.\n")
        ran = run("augment", "--due", "90d", "--list", tmp_path, *aged.place.trust)
        assert (ran.code, ran.out) == (64, "")
        assert ran.err.startswith(f"1 file: 1 unsigned\nerror: no signed file in {tmp_path}\n")

    @pytest.mark.skipif(os.name == "nt", reason="links need rights there")
    def test_each_file_once_and_links_in_folders_not_at_all(self, run: Run, aged: Aged, archive: Path) -> None:
        real = archive / "cades" / "contract.p7m"
        (archive / "link.p7m").symlink_to(real)
        (archive / "loop").symlink_to(archive)
        several = (archive, real, archive / "cades", archive / "link.p7m")
        ran = run("augment", "--due", "90d", *several, *aged.online, "--format", "json")
        assert [line["file"] for line in ran.lines] == [str(path) for path in octets(archive) if not path.is_symlink()]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to this user")
    def test_a_closed_folder_is_said_and_the_others_are_renewed(self, run: Run, aged: Aged, archive: Path) -> None:
        closed = archive / "jades"
        closed.chmod(0)
        try:
            ran = run("augment", "--due", "3y", archive, *aged.online)
        finally:
            closed.chmod(0o755)
        assert (ran.code, str(closed) in ran.err) == (66, True)
        assert ran.out.count("renewed ") == 2

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to this user")
    def test_a_folder_that_nothing_fits_into(self, run: Run, aged: Aged, archive: Path) -> None:
        closed = archive / "jades"
        closed.chmod(0o555)
        try:
            ran = run("augment", "--due", "3y", archive, *aged.online)
        finally:
            closed.chmod(0o755)
        assert (ran.code, "cannot be replaced" in ran.err) == (70, True)
        assert ran.out.count("renewed ") == 2

    def test_a_folder_without_any(self, run: Run, aged: Aged, tmp_path: Path) -> None:
        ran = run("augment", "--due", "90d", tmp_path, *aged.online)
        assert (ran.code, ran.out) == (64, "")
        assert ran.err.startswith(f"0 files: -\nerror: no signed file in {tmp_path}\n")


def test_what_has_lapsed_cannot_be_renewed_and_the_others_are(run: Run, aged: Aged, archive: Path) -> None:
    """At B-B nothing proves the signature while its certificate was valid."""
    lapsed = archive / "lapsed.p7m"
    lapsed.write_bytes(aged.sealed["cades", "B-B"])
    ran = run("augment", "--due", "3y", archive, *aged.online)
    assert ran.code == 2
    assert f"invalid  {lapsed}: The certificate expired at " in ran.out
    assert ran.err.endswith("4 files: 3 renewed, 1 failed\n")
    assert f"{lapsed}: warning: The answer of " in ran.err
    assert lapsed.read_bytes() == aged.sealed["cades", "B-B"]


def test_a_stronger_digest(run: Run, aged: Aged, archive: Path) -> None:
    path = archive / "cades" / "contract.p7m"
    assert run("augment", "--due", "3y", path, *aged.online, "--digest", "sha512").code == 0
    (signature,) = run("verify", path, *aged.place.trust, "--format", "json").lines[0]["signatures"]
    assert [item["imprint_algorithm"] for item in signature["timestamps"]] == ["sha256", "sha256", "sha512"]


@pytest.mark.skipif(os.name == "nt", reason="owners differ there")
def test_permissions_and_owner_stay(run: Run, aged: Aged, archive: Path) -> None:
    path = archive / "cades" / "contract.p7m"
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 4242, 4243)
    before = path.stat()
    assert run("augment", "--due", "3y", path, *aged.online).code == 0
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_size > before.st_size


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals here")
@pytest.mark.parametrize("both", [False, True])
def test_progress_on_a_terminal(aged: Aged, archive: Path, tmp_path: Path, both: bool) -> None:
    """Also where lines and bar share the terminal: most files bring no line."""
    import pty

    for number in range(4):
        shutil.copy(archive / "cades" / "contract.p7m", tmp_path / f"{number}.p7m")
    code = "import sys; from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust())"
    files = [str(tmp_path / f"{number}.p7m") for number in range(4)]
    command = [sys.executable, "-c", code, "augment", "--due", "3y", *files, *aged.online]
    ours, theirs = pty.openpty()
    output = theirs if both else subprocess.PIPE
    done = subprocess.run(command, stdout=output, stderr=theirs, check=False, timeout=120)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert done.returncode == 0
    assert b"4/4" in shown
    assert (shown if both else done.stdout).count(b"renewed ") == 4
    assert both or b"\x1b" not in done.stdout
