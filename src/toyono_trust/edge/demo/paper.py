"""The demo's PDFs (ISO 32000-2): a certificate and an application on one page each, drawn with rules and text.

They speak Japanese where the development dependency with the free font and the extra ``[visible]`` are at hand; a
subset of it is embedded. Without them they speak English in Helvetica, which every reader has.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.edge.demo.samples import JST
from toyono_trust.edge.demo.words import FONT
from toyono_trust.formats.pades import VisibleSeal

__all__ = ["Paper", "Sheet", "font_file"]

FONT_FILE = "pylopdf_fonts_jp/NotoSansJP-Regular.otf"
"""Noto Sans JP (OFL 1.1)."""
WIDTH, HEIGHT = 595, 842
LEFT, RIGHT = 76.0, WIDTH - 76.0
SEAL_BOX = (320.0, 216.0, 193.0, 66.0)
"""Where the one who issues, or receives, puts the seal: x, y, width, height in points."""


class Sheet(NamedTuple):
    """What a page says. ``place``: caption of the frame for the seal of the one who receives it; empty: no frame."""

    number: str
    title: str
    rows: tuple[tuple[str, str], ...]
    statement: str
    day: str
    issuer: str
    place: str
    footer: str


def font_file() -> Path | None:
    """The Japanese font where it and fontTools are installed, else None. Nothing of the font's package is run."""
    if util.find_spec("fontTools") is None:
        return None
    try:
        file = Path(str(metadata.distribution(FONT).locate_file(FONT_FILE)))
    except metadata.PackageNotFoundError:
        return None
    return file if file.is_file() else None


class Paper:
    """The demo's papers in one language. ``font``: of ``font_file``. ``at``: their date, aware."""

    def __init__(self, font: Path | None, at: datetime) -> None:
        self.font, self.at = font, at.astimezone(JST)
        self.japanese = font is not None

    def certificate(self, forged: bool = False) -> Sheet:
        """What the town certifies; ``forged``: with the damage that would be paid best."""
        return _certificate_ja(self._day_ja(), forged) if self.japanese else _certificate_en(self._day_en(), forged)

    def application(self) -> Sheet:
        """What the resident applies for."""
        return _application_ja(self._day_ja()) if self.japanese else _application_en(self._day_en())

    def contract(self) -> Sheet:
        """What the town and the bus company agree upon, for thirty years."""
        return _contract_ja(self._day_ja()) if self.japanese else _contract_en(self._day_en())

    def pdf(self, sheet: Sheet) -> bytes:
        """One page of A4, with the classic cross-reference table and its content readable as it is."""
        from pyhanko.pdf_utils import generic, writer

        made = writer.PdfFileWriter(stream_xrefs=False)
        document: Any = made  # only add_object is asked of it
        fonts = generic.DictionaryObject({generic.pdf_name("/F1"): self._font.add(document)})
        content = made.add_object(generic.StreamObject(stream_data=self.drawn(sheet)))
        page = writer.PageObject(
            contents=content,
            media_box=(0, 0, WIDTH, HEIGHT),
            resources=generic.DictionaryObject({generic.pdf_name("/Font"): fonts}),
        )
        made.insert_page(page)
        made.root["/Lang"] = generic.pdf_string("ja-JP" if self.japanese else "en")
        made.set_info(generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string(sheet.title)}))
        written = io.BytesIO()
        made.write(written)
        return written.getvalue()

    def drawn(self, sheet: Sheet) -> bytes:
        """The page's content stream."""
        return b"\n".join(_drawn(sheet, self._font)) + b"\n"

    def shown(self, text: str) -> bytes:
        """How the content stream writes a text, without the brackets."""
        shown: bytes = self._font.shown(text)
        return shown.strip(b"<>")

    def seal(self, received: bool = False) -> VisibleSeal:
        """The town's visible seal: on what it issues, or on what it has ``received``."""
        title = None
        if received:
            title = "受付" if self.japanese else "Received"
        name = None if self.japanese else "Mihon Town"
        return VisibleSeal(box=SEAL_BOX, font=self.font, name=name, title=title, zone=JST)

    @cached_property
    def _font(self) -> Any:
        from toyono_trust.formats.pades.fonts import font_for

        sheets = (self.certificate(), self.certificate(forged=True), self.application(), self.contract())
        return font_for(self.font, ("\u3000" if self.japanese else "").join(map(_text, sheets)))

    def _day_ja(self) -> str:
        return f"{self.at.year}年{self.at.month}月{self.at.day}日"

    def _day_en(self) -> str:
        return f"{self.at:%Y-%m-%d}"


def _certificate_ja(day: str, forged: bool) -> Sheet:
    return Sheet(
        number="見本第0012号",
        title="罹災証明書",
        rows=(
            ("世帯主氏名", "山里 花子"),
            ("住所", "見本町中央一丁目1番1号"),
            ("罹災原因", "大雨による見本川の氾濫"),
            ("被災住家の所在地", "見本町中央一丁目1番1号"),
            ("住家の被害の程度", "全壊" if forged else "準半壊"),
        ),
        statement="上記のとおり証明します。",
        day=day,
        issuer="見本町長",
        place="",
        footer="この証明書は見本です。人名、地名、番号はすべて架空のものです。",
    )


def _certificate_en(day: str, forged: bool) -> Sheet:
    return Sheet(
        number="No. 0012",
        title="Disaster Victim Certificate",
        rows=(
            ("Householder", "Yamazato Hanako"),
            ("Address", "1-1-1 Chuo, Mihon Town"),
            ("Cause", "Heavy rain, flood of the river Mihon"),
            ("Damaged house", "1-1-1 Chuo, Mihon Town"),
            ("Degree of damage", "destroyed" if forged else "partly damaged"),
        ),
        statement="The above is certified.",
        day=day,
        issuer="The mayor of Mihon Town",
        place="",
        footer="A sample. All persons, places and numbers are invented.",
    )


def _application_ja(day: str) -> Sheet:
    return Sheet(
        number="様式第3号",
        title="災害見舞金 支給申請書",
        rows=(
            ("申請者氏名", "山里 花子"),
            ("住所", "見本町中央一丁目1番1号"),
            ("申請額", "30,000円"),
            ("振込先", "見本銀行 本店 普通 0000001"),
        ),
        statement="見本町長 宛　上記のとおり申請します。",
        day=day,
        issuer="申請者　山里 花子（電子署名）",
        place="受付欄",
        footer="この申請書は見本です。人名、地名、番号はすべて架空のものです。",
    )


def _application_en(day: str) -> Sheet:
    return Sheet(
        number="Form 3",
        title="Application for Relief Money",
        rows=(
            ("Applicant", "Yamazato Hanako"),
            ("Address", "1-1-1 Chuo, Mihon Town"),
            ("Amount", "JPY 30,000"),
            ("Account", "Mihon Bank, head office, 0000001"),
        ),
        statement="To the mayor of Mihon Town: I apply for the above.",
        day=day,
        issuer="Yamazato Hanako (electronic signature)",
        place="For the town",
        footer="A sample. All persons, places and numbers are invented.",
    )


def _contract_ja(day: str) -> Sheet:
    return Sheet(
        number="見本契第0007号",
        title="運行委託契約書",
        rows=(
            ("委託者", "見本町"),
            ("受託者", "見本交通株式会社"),
            ("業務", "町内路線バスの運行"),
            ("契約期間", "30年間"),
        ),
        statement="上記のとおり契約します。",
        day=day,
        issuer="見本町長　見本交通株式会社（それぞれの eシール）",
        place="委託者",
        footer="この契約書は見本です。会社名、地名、番号はすべて架空のものです。",
    )


def _contract_en(day: str) -> Sheet:
    return Sheet(
        number="Contract 0007",
        title="Contract of Operation",
        rows=(
            ("Principal", "Mihon Town"),
            ("Contractor", "Mihon Bus Company"),
            ("Service", "Bus lines within the town"),
            ("Term", "30 years"),
        ),
        statement="The above is agreed upon.",
        day=day,
        issuer="Mihon Town, Mihon Bus Company (a seal of each)",
        place="Principal",
        footer="A sample. All companies, places and numbers are invented.",
    )


def _text(sheet: Sheet) -> str:
    return "".join(("".join(map("".join, sheet.rows)), *(part for part in sheet if isinstance(part, str))))


def _drawn(sheet: Sheet, font: Any) -> Iterator[bytes]:
    """Number, title, a table, the statement, date and issuer, from the top to the bottom."""
    yield b"0.13 0.13 0.15 rg 0.45 0.45 0.48 RG"
    yield _line(font, sheet.number, 10, RIGHT - font.width(sheet.number) * 10, 762)
    spaced = _spread(sheet.title)
    yield _line(font, spaced, 24, (WIDTH - font.width(spaced) * 24) / 2, 698)
    top, step = 640.0, 40.0
    bottom = top - step * len(sheet.rows)
    for number in range(len(sheet.rows) + 1):
        yield _rule(
            LEFT, top - step * number, RIGHT, top - step * number, 1.0 if number in (0, len(sheet.rows)) else 0.4
        )
    for number, (label, value) in enumerate(sheet.rows):
        base = top - step * number - step / 2 - 4.5
        yield _line(font, label, 11, LEFT + 8, base)
        yield _line(font, value, 13, LEFT + 148, base)
    yield _rule(LEFT + 132, bottom, LEFT + 132, top, 0.4)
    yield _line(font, sheet.statement, 12.5, LEFT, bottom - 44)
    yield _line(font, sheet.day, 12.5, LEFT, bottom - 78)
    x, y, width, height = SEAL_BOX
    if sheet.place:
        yield _line(font, sheet.issuer, 12.5, LEFT, bottom - 104)
        yield _line(font, sheet.place, 9, x - 6, y + height + 12)
        yield b"q [3 3] 0 d 0.5 w %.1f %.1f %.1f %.1f re S Q" % (x - 6, y - 6, width + 12, height + 12)
    else:
        yield _line(font, sheet.issuer, 16, x - 24 - font.width(sheet.issuer) * 16, y + height / 2 - 6)
    yield _line(font, sheet.footer, 8.5, LEFT, 70)


def _spread(title: str) -> str:
    """A short Japanese title is set wide, as on official papers."""
    return "\u3000".join(title) if len(title) <= 6 and not title.isascii() else title


def _line(font: Any, text: str, size: float, x: float, y: float) -> bytes:
    return b"BT /F1 %.1f Tf %.2f %.2f Td %b Tj ET" % (size, x, y, font.shown(text))


def _rule(x: float, y: float, to_x: float, to_y: float, weight: float) -> bytes:
    return b"%.1f w %.1f %.1f m %.1f %.1f l S" % (weight, x, y, to_x, to_y)
