"""Reports in files: one for each file in a folder, ETSI TS 119 102-2, and the seals beside them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from command_line import Place, Run

ETSI = "{http://uri.etsi.org/19102/v1.4.1#}ValidationReport"
NAMES = ("order.json.jws", "order.json.p7s", "altered.jws", "unsigned.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "reports"
    made.mkdir()
    return made


def key(place: Place, name: str = "town-seal.p12") -> tuple[str, ...]:
    return "--seal-report", f"pkcs12:{place.folder / name}", "--secret-file", str(place.folder / "password.txt")


# -- one report for each file


@pytest.mark.parametrize(("format", "end"), [("text", "txt"), ("json", "json"), ("html", "html"), ("etsi-xml", "xml")])
def test_each_file_has_its_own_report_in_a_folder(
    run: Run, place: Place, files: Path, folder: Path, format: str, end: str
) -> None:
    asked = ("verify", *(files / name for name in NAMES), *place.trust, "--format", format, "--out", folder)
    ran = run(*asked)
    assert (ran.code, ran.out) == (1, "")
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(written) == sorted(f"{name}.validation.{end}" for name in NAMES)
    for name in NAMES:
        report = written[f"{name}.validation.{end}"]
        if format == "json":
            assert json.loads(report)["file"] == str(files / name)
        elif format == "etsi-xml":
            assert etree.fromstring(report).tag == ETSI
        else:
            assert name.encode() in report
    again = run(*asked)
    assert (again.code, "exists already" in again.err) == (64, True)
    assert run(*asked, "--force", "--jobs", "2").code == 1


def test_reports_of_the_same_name_would_be_lost(run: Run, place: Place, files: Path, folder: Path) -> None:
    (files / "other").mkdir()
    twin = files / "other" / "order.json.jws"
    twin.write_bytes((files / "order.json.jws").read_bytes())
    ran = run("verify", files / "order.json.jws", twin, *place.trust, "--out", folder)
    assert (ran.code, "same place" in ran.err) == (64, True)
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_read_has_a_report_only_where_that_can_be_said(
    run: Run, place: Place, files: Path, folder: Path
) -> None:
    both = (files / "none.jws", files / "order.json.jws")
    ran = run("verify", *both, *place.trust, "--format", "etsi-xml", "--out", folder)
    assert (ran.code, "none.jws cannot be read" in ran.err) == (66, True)
    assert [path.name for path in folder.iterdir()] == ["order.json.jws.validation.xml"]
    assert run("verify", *both, *place.trust, "--format", "json", "--out", folder).code == 66
    missing = json.loads((folder / "none.jws.validation.json").read_text("utf-8"))
    assert missing["error"]["code"] == "file.unreadable"
    assert run("verify", *both, *place.trust, "--format", "html", "--out", folder).code == 66
    assert "NOT VERIFIED" in (folder / "none.jws.validation.html").read_text("utf-8")


class TestEtsi:
    def test_one_file_goes_to_standard_output_or_a_file(
        self, run: Run, place: Place, files: Path, folder: Path
    ) -> None:
        ran = run("verify", files / "order.json.jws", *place.trust, "--format", "etsi-xml")
        assert ran.code == 0
        assert etree.fromstring(ran.out.encode()).tag == ETSI
        target = folder / "report.xml"
        assert run("verify", files / "order.json.jws", *place.trust, "--format", "etsi-xml", "--out", target).code == 0
        assert etree.parse(target).getroot().tag == ETSI

    def test_several_files_are_no_document(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        several = [files / name for name in NAMES]
        for out in ((), ("--out", folder / "report.xml")):
            ran = run("verify", *several, *place.trust, "--format", "etsi-xml", *out)
            assert (ran.code, ran.out) == (64, "")
            assert "name a folder with --out" in ran.err
        assert list(folder.iterdir()) == []

    def test_nothing_readable_is_no_document(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        target = folder / "report.xml"
        ran = run("verify", files / "none.jws", *place.trust, "--format", "etsi-xml", "--out", target)
        assert (ran.code, ran.out, target.exists()) == (66, "", False)


# -- seals


@pytest.mark.parametrize("format", ["json", "html", "etsi-xml", "text"])
def test_a_seal_lies_beside_each_report(run: Run, place: Place, files: Path, folder: Path, format: str) -> None:
    both = [files / name for name in ("order.json.jws", "altered.jws")]
    ran = run("verify", *both, *place.trust, "--format", format, "--out", folder, *key(place))
    assert ran.code == 1
    reports = [path for path in sorted(folder.iterdir()) if path.suffix != ".p7s"]
    assert len(reports) == 2
    for report in reports:
        ran = run("verify", f"{report}.p7s", *place.trust, "--format", "json")
        assert ran.code == 0
        (signature,) = ran.lines[0]["signatures"]
        assert (signature["format"], signature["level"], signature["kind"]) == ("CAdES", "B-B", "seal")
        assert signature["signed_objects"][0]["intact"] is True
        report.write_bytes(report.read_bytes() + b" ")
        assert run("verify", f"{report}.p7s", *place.trust).code == 1


def test_openssl_verifies_the_seal(run: Run, place: Place, files: Path, folder: Path) -> None:
    target = folder / "r.xml"
    sealing = ("--format", "etsi-xml", "--out", target, *key(place))
    assert run("verify", files / "order.json.jws", *place.trust, *sealing).code == 0
    root = place.folder / "trust" / "anchors" / "root.pem"
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", f"{target}.p7s", "-content", str(target)]
    done = subprocess.run(
        [*command, "-CAfile", str(root), "-purpose", "any", "-binary"], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, target.read_bytes()), done.stderr


def test_the_seal_may_be_augmented(run: Run, served: tuple[Place, str], folder: Path) -> None:
    place, tsa = served
    target = folder / "r.json"
    (folder / "x.jws").write_bytes(b"unsigned")
    assert run("verify", folder / "x.jws", "--format", "json", "--out", target, *key(place)).code == 2
    ran = run("augment", f"{target}.p7s", "--level", "B-T", "--in-place", *place.trust, "--tsa", tsa, "--allow-private")
    assert ran.code == 0, ran
    assert "(B-T)" in ran.err


def test_a_person_may_sign_reports(run: Run, place: Place, files: Path, folder: Path) -> None:
    target = folder / "r.json"
    asked = ("verify", files / "order.json.jws", *place.trust, "--format", "json", "--out", target)
    assert run(*asked, *key(place, "resident-sign.p12")).code == 0
    (signature,) = run("verify", f"{target}.p7s", *place.trust, "--format", "json").lines[0]["signatures"]
    assert signature["kind"] == "signature"


def test_judge_writes_and_seals_the_same_way(run: Run, place: Place, files: Path, folder: Path) -> None:
    names = ("order.json.jws", "altered.jws")
    assert run("verify", *(files / name for name in names), *place.trust, "--save-evidence", files).code == 1
    archives = [files / f"{name}.evidence.zip" for name in names]
    ran = run("judge", *archives, "--format", "etsi-xml")
    assert (ran.code, "name a folder with --out" in ran.err) == (64, True)
    ran = run("judge", *archives, "--format", "etsi-xml", "--out", folder, *key(place))
    assert ran.code == 1
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}.validation.xml{seal}" for name in names for seal in ("", ".p7s")
    )
    assert run("verify", *folder.glob("*.p7s"), *place.trust).code == 0
    ran = run("judge", files / "none.zip", archives[0], "--format", "json")
    assert ran.code == 66
    assert [line["indication"] for line in ran.lines] == [None, "TOTAL-PASSED"]


def test_the_secret_may_come_from_the_environment(
    run: Run, place: Place, files: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORT_PIN", (place.folder / "password.txt").read_text("utf-8").strip())
    sealing = ("--seal-report", f"pkcs12:{place.folder / 'town-seal.p12'}", "--secret-env", "REPORT_PIN")
    target = folder / "r.json"
    asked = ("verify", files / "order.json.jws", *place.trust, "--format", "json", "--out", target)
    assert run(*asked, *sealing).code == 0
    assert Path(f"{target}.p7s").exists()


class TestRefusedBeforeAnyWork:
    def check(self, run: Run, files: Path, folder: Path, place: Place, *more: object) -> str:
        before = sorted(folder.iterdir())
        ran = run("verify", files / "order.json.jws", *place.trust, "--format", "json", *more)
        assert ran.code == 64, ran
        assert ran.out == ""
        assert sorted(folder.iterdir()) == before
        return ran.err

    def test_standard_output_has_no_seal(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        assert "name one with --out" in self.check(run, files, folder, place, *key(place))

    def test_a_folder_that_is_not_there(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        assert "cannot be written" in self.check(run, files, folder, place, "--out", f"{folder / 'none'}/")

    def test_secrets_without_a_key(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        assert "--seal-report" in self.check(run, files, folder, place, "--secret-env", "X")

    def test_a_seal_that_is_there(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        (folder / "r.json.p7s").write_bytes(b"older")
        assert "exists already" in self.check(run, files, folder, place, "--out", folder / "r.json", *key(place))
        asked = ("verify", files / "order.json.jws", *place.trust, "--format", "json", "--out", folder / "r.json")
        assert run(*asked, *key(place), "--force").code == 0
        assert (folder / "r.json.p7s").read_bytes() != b"older"

    def test_keys_that_do_not_open_or_do_not_sign(self, run: Run, place: Place, files: Path, folder: Path) -> None:
        out = ("--out", folder / "r.json")
        wrong = ("--seal-report", f"pkcs12:{place.folder / 'town-seal.p12'}", "--secret-file", files / "order.json")
        assert "signer." in self.check(run, files, folder, place, *out, *wrong)
        assert "signer.usage" in self.check(run, files, folder, place, *out, *key(place, "tsa.p12"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to this user")
def test_a_folder_that_nothing_fits_into(run: Run, place: Place, files: Path, folder: Path) -> None:
    folder.chmod(0o555)
    try:
        ran = run("verify", files / "order.json.jws", *place.trust, "--out", folder)
    finally:
        folder.chmod(0o755)
    assert (ran.code, "cannot be written" in ran.err) == (70, True)
