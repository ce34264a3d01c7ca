"""``verify --format html`` and ``--format pdf``: one page for all files, on standard output or in a file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html as lxml_html

from toyono_trust import seal
from toyono_trust.devpki import Town
from toyono_trust.edge import main, printing
from toyono_trust.errors import MisuseError, UnavailableError

Verify = Callable[..., tuple[int, bytes, str]]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOYONO_TRUST", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def verify(capfdbinary: pytest.CaptureFixture[bytes]) -> Verify:
    def call(*arguments: object) -> tuple[int, bytes, str]:
        capfdbinary.readouterr()
        code = main.toyono_verify([str(argument) for argument in arguments])
        output, errors = capfdbinary.readouterr()
        return code, output, errors.decode()

    return call


@pytest.fixture
def files(toyono_town: Town, tmp_path: Path) -> list[object]:
    """A sealed file, one that was altered, one that is nothing, and the trust for them, as arguments."""
    sealed = bytes(seal(b"register extract", by=toyono_town.identity("town"), format="cades"))
    (tmp_path / "good.p7m").write_bytes(sealed)
    (tmp_path / "altered.p7m").write_bytes(sealed.replace(b"register", b"Register"))
    (tmp_path / "nothing.txt").write_bytes(b"nothing")
    assert toyono_town.folder is not None
    names: list[object] = [tmp_path / name for name in ("good.p7m", "altered.p7m", "nothing.txt")]
    return [*names, "--trust", toyono_town.folder / "trust"]


def test_one_page_about_all_files_on_standard_output(verify: Verify, files: list[object]) -> None:
    code, output, errors = verify(*files, "--format", "html")
    assert (code, errors) == (1, "")
    root = lxml_html.document_fromstring(output.decode())
    assert [row.get("class") for row in root.xpath("//tbody/tr[@class]")] == ["failed", "undecided", "passed"]
    assert output.count(b"<!DOCTYPE html>") == 1


def test_the_page_is_the_same_from_workers(verify: Verify, files: list[object]) -> None:
    at = ("--at", "2027-01-01", "--format", "html", "--lang", "ja", "--tz", "Asia/Tokyo")
    assert verify(*files, *at)[:2] == verify(*files, *at, "--jobs", 2)[:2]


def test_a_file_that_cannot_be_read_stands_first_on_the_page(
    verify: Verify, files: list[object], tmp_path: Path
) -> None:
    code, output, errors = verify(*files, tmp_path / "gone.p7m", "--format", "html")
    assert code == 66
    assert "gone.p7m cannot be read" in errors
    first = lxml_html.document_fromstring(output.decode()).xpath("//article")[0]
    assert "unread" in first.get("class")
    assert "gone.p7m cannot be read" in first.text_content()


@pytest.mark.parametrize("format", ["text", "json", "html"])
def test_out_names_a_file_that_is_replaced_only_by_force(
    verify: Verify, files: list[object], tmp_path: Path, format: str
) -> None:
    target = tmp_path / "report"
    options = (*files, "--format", format, "--out", target, "--at", "2027-01-01")
    assert verify(*options) == (1, b"", "")
    written = target.read_bytes()
    code, output, errors = verify(*options)
    assert (code, output) == (64, b"")
    assert "exists already" in errors
    target.write_bytes(b"old")
    assert verify(*options, "--force")[0] == 1
    assert target.read_bytes() == written


def test_without_a_printer_it_says_so_before_any_work(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "_weasyprint", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, output, errors = verify(tmp_path / "gone.p7m", "--format", "pdf", "--out", tmp_path / "report.pdf")
    assert (code, output) == (64, b"")
    assert "report.no-printer" in errors
    assert "--format html" in errors
    assert "gone" not in errors
    with pytest.raises(MisuseError):
        printing.find()


def fake_browser(folder: Path, script: str) -> None:
    browser = folder / "chromium"
    browser.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
    browser.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="a program by its first line")
@pytest.mark.parametrize("script", ["sys.exit(0)", "sys.exit(3)"])
def test_a_browser_that_prints_nothing_is_unavailable(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_browser(tmp_path, script)
    monkeypatch.setattr(printing, "_weasyprint", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError) as caught:
        printing.pdf("<p>")
    assert caught.value.code == "report.not-printed"
    assert not caught.value.retryable


def check_printed(printed: bytes, tmp_path: Path) -> None:
    assert printed.startswith(b"%PDF-")
    if shutil.which("pdftotext") is None:
        return
    (tmp_path / "printed.pdf").write_bytes(printed)
    done = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "printed.pdf"), "-"], capture_output=True, check=True, timeout=60
    )
    pages = ["".join(page.split()) for page in done.stdout.decode().split("\f")[:-1]]
    assert len(pages) > 1
    assert "無効" in pages[0]
    assert all(page.endswith(f"{number}/{len(pages)}") for number, page in enumerate(pages, 1))
    assert "SHA-256" in "".join(pages)  # of a certificate: details are open


@pytest.mark.integration
@pytest.mark.skipif(not any(map(shutil.which, printing.BROWSERS)), reason="no Chromium here")
def test_chromium_prints_it_on_numbered_pages(
    verify: Verify, files: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "_weasyprint", lambda: None)
    target = tmp_path / "report.pdf"
    code, _, errors = verify(*files, "--format", "pdf", "--lang", "ja", "--out", target)
    assert (code, errors) == (1, "")
    check_printed(target.read_bytes(), tmp_path)


@pytest.mark.integration
def test_weasyprint_prints_it_on_numbered_pages(verify: Verify, files: list[object], tmp_path: Path) -> None:
    if printing._weasyprint() is None:
        pytest.skip("no WeasyPrint here")
    code, output, _ = verify(*files, "--format", "pdf", "--lang", "ja")
    assert code == 1
    check_printed(output, tmp_path)
