"""The page that a resident gets: all that the receipt says, in Japanese and English, and room for the seal."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

import toyono_trust
from command_line import Place
from consent_samples import AT, END, LEVEL, OBJECT, TOWN, given, use
from toyono_trust import TrustStore
from toyono_trust.delivery.consent import ResidentReceipt, Text, covers, resident_receipt
from toyono_trust.edge.consent_paper import SEAL_BOX, consent_paper
from toyono_trust.edge.demo.paper import font_file
from toyono_trust.errors import MisuseError
from toyono_trust.formats.pades import PdfDetails, VisibleSeal

TOKYO = ZoneInfo("Asia/Tokyo")


def notice(**changed: Any) -> ResidentReceipt:
    consent, exchange = given(), use(**changed)
    return resident_receipt(
        consent, exchange, covers(consent, exchange), identifier="urn:x:notice:1", issuer=TOWN,
        issued=AT + timedelta(minutes=5), objection=OBJECT,
        names={"urn:x:purpose:marketing": Text("広告の配信", "advertising")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def font() -> Path:
    found = font_file()
    if found is None:
        pytest.skip("the free Japanese font or fontTools is not installed")
    return found


def pages(pdf: bytes) -> int:
    return int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])


def text_of(pdf: bytes, tmp_path: Path) -> str:
    """What poppler reads from it, without white space."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    file = tmp_path / "notice.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return "".join(done.stdout.decode().split())


@pytest.mark.integration
@pytest.mark.parametrize("changed", [{}, {"purpose": "urn:x:purpose:marketing", "at": END}])
def test_it_shows_all_in_both_languages(font: Path, tmp_path: Path, changed: dict[str, Any]) -> None:
    told = notice(**changed)
    pdf = consent_paper(told, zone=TOKYO, font=font)
    shown = text_of(pdf, tmp_path)
    assert pages(pdf) == 2
    for language in ("ja", "en"):
        wanted = [told.sentence_in(language, TOKYO), *(text for row in told.rows_in(language, TOKYO) for text in row)]  # type: ignore[arg-type]
        missing = [text for text in wanted if "".join(text.split()) not in shown]
        assert missing == []
    assert ("範囲内" in shown) == (not changed)


@pytest.mark.integration
def test_english_alone_needs_no_font(tmp_path: Path) -> None:
    pdf = consent_paper(notice(), zone=TOKYO, languages=["en"])
    assert pages(pdf) == 1
    assert "yourdatawentfromMihonTown" in text_of(pdf, tmp_path)


def test_japanese_needs_a_font_that_has_it(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=r"pdf\.font-missing"):
        consent_paper(notice(), zone=TOKYO)
    bad = tmp_path / "font.otf"
    bad.write_bytes(b"no font")
    with pytest.raises(MisuseError, match=r"pdf\.font-unreadable"):
        consent_paper(notice(), zone=TOKYO, font=bad)


@pytest.mark.integration
def test_long_texts_break_at_the_margin_and_go_on_on_the_next_page(font: Path, tmp_path: Path) -> None:
    long = Text("あいう（えお）、" * 400, "word " * 500 + "x" * 400)
    told = notice()._replace(objection=long)
    pdf = consent_paper(told, zone=TOKYO, font=font)
    assert pages(pdf) > 4
    shown = text_of(pdf, tmp_path)
    for text in (*long, told.identifier):
        assert "".join(text.split()) in shown
    lines = _lines(pdf, tmp_path)
    assert not [line for line in lines if line[0] in "、）" or line[-1] == "（"]


def _lines(pdf: bytes, tmp_path: Path) -> list[str]:
    file = tmp_path / "notice.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True, timeout=60)
    return [line.strip() for line in done.stdout.decode().splitlines() if line.strip("\f ")]


def test_the_issuer_seals_the_page_visibly(place: Place, font: Path) -> None:
    by = place.town.identity("town")
    pdf = consent_paper(notice(data_types=(LEVEL.code,)), zone=TOKYO, font=font)
    seal = VisibleSeal(page=-1, box=SEAL_BOX, font=font, zone=TOKYO)
    sealed = toyono_trust.seal(pdf, by=by, format="pades", details=PdfDetails(visible=seal))
    report = toyono_trust.verify(sealed, trust=TrustStore.load(place.folder / "trust"))
    assert report.indication == "TOTAL-PASSED", report
