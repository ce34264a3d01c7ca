"""A resident's receipt as a page to read (ISO 32000-2): Japanese, English, or both, one after the other.

Drawn with rules and text; the characters that it shows are embedded, so that it looks the same everywhere. The foot of
the last page has room for the issuer's visible seal (``SEAL_BOX``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toyono_trust.core.findings import Language
from toyono_trust.delivery.consent.words import LABELS

if TYPE_CHECKING:
    from toyono_trust.delivery.consent import ResidentReceipt

__all__ = ["SEAL_BOX", "consent_paper"]

WIDTH, HEIGHT = 595, 842
LEFT, RIGHT, TOP, BOTTOM = 64.0, 531.0, 776.0, 150.0
SEAL_BOX = (338.0, 64.0, 193.0, 66.0)
"""Where the issuer's visible seal goes on the last page: x, y, width, height in points."""
_LABEL_WIDTH = 146.0
_NEVER_FIRST = frozenset("、。，．・：；？！）」』】〕％ー々ゃゅょっァィゥェォャュョッ,.;:!?)]}%")
"""Characters that no line begins with (JIS X 4051)."""
_NEVER_LAST = frozenset("（「『【〔([{")
_UNIT = re.compile(r"[\x21-\x7e\u00a1-\u024f]+|[ \u3000]|.", re.DOTALL)
"""What is not parted between lines: a word in Latin letters, one Japanese character."""


class _Line(NamedTuple):
    """One line as it is set: where it begins, at what size, how far below the one before."""

    text: str
    x: float
    size: float
    down: float


def consent_paper(
    receipt: ResidentReceipt,
    *,
    zone: tzinfo,
    font: str | Path | None = None,
    languages: Sequence[Language] = ("ja", "en"),
) -> bytes:
    """The receipt as PDF.

    Args:
        receipt: what it says.
        zone: in which times are shown, best the consent's.
        font: a font file with Japanese characters; needed for Japanese. None: Helvetica, for English alone.
        languages: each begins on a page of its own.

    Raises:
        MisuseError: "pdf.font-missing", "pdf.font-glyphs", "pdf.font-unreadable", "pdf.font-extra". ``OSError`` of the
            font file passes through.
    """
    from pyhanko.pdf_utils import generic, writer

    from toyono_trust.formats.pades.fonts import font_for

    texts = [text for language in languages for text in _texts(receipt, language, zone)]
    shown = font_for(font, "".join(texts))
    made = writer.PdfFileWriter(stream_xrefs=False)
    document: Any = made  # only add_object is asked of it
    fonts = generic.DictionaryObject({generic.pdf_name("/F1"): shown.add(document)})
    for language in languages:
        for content in _pages(receipt, language, zone, shown):
            page = writer.PageObject(
                contents=made.add_object(generic.StreamObject(stream_data=content)),
                media_box=(0, 0, WIDTH, HEIGHT),
                resources=generic.DictionaryObject({generic.pdf_name("/Font"): fonts}),
            )
            made.insert_page(page)
    made.root["/Lang"] = generic.pdf_string("ja-JP" if languages[0] == "ja" else "en")
    title = LABELS["title"].text_in(languages[0])
    made.set_info(generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string(title)}))
    written = io.BytesIO()
    made.write(written)
    return written.getvalue()


def _texts(receipt: ResidentReceipt, language: Language, zone: tzinfo) -> Iterator[str]:
    yield LABELS["title"].text_in(language)
    yield receipt.sentence_in(language, zone)
    for row in receipt.rows_in(language, zone):
        yield from row


def _pages(receipt: ResidentReceipt, language: Language, zone: tzinfo, font: Any) -> list[bytes]:
    """Content streams; a row that does not fit begins a new page."""
    pages: list[list[bytes]] = [[b"0.13 0.13 0.15 rg 0.6 0.6 0.63 RG 0.4 w"]]
    y = TOP
    blocks = _blocks(receipt, language, zone, font)
    for block in blocks:
        height = sum(line.down for line in block.lines)
        if y - height < BOTTOM and y < TOP and height < TOP - BOTTOM:
            pages.append([pages[0][0]])
            y = TOP
        if block.ruled:
            pages[-1].append(b"%.1f %.1f m %.1f %.1f l S" % (LEFT, y, RIGHT, y))
        for line in block.lines:
            if y - line.down < BOTTOM:
                pages.append([pages[0][0]])
                y = TOP
            y -= line.down
            if line.text:
                pages[-1].append(
                    b"BT /F1 %.1f Tf %.2f %.2f Td %b Tj ET" % (line.size, line.x, y, font.shown(line.text))
                )
    return [b"\n".join(page) + b"\n" for page in pages]


class _Block(NamedTuple):
    """Lines that stay together; ``ruled``: under a rule."""

    lines: tuple[_Line, ...]
    ruled: bool


def _blocks(receipt: ResidentReceipt, language: Language, zone: tzinfo, font: Any) -> Iterator[_Block]:
    title = LABELS["title"].text_in(language)
    yield _Block(tuple(_set(title, font, LEFT, RIGHT - LEFT, 19.0, 0.0)), ruled=False)
    sentence = receipt.sentence_in(language, zone)
    yield _Block((*_set(sentence, font, LEFT, RIGHT - LEFT, 12.5, 22.0), _Line("", 0, 0, 16.0)), ruled=False)
    technical = {LABELS[name].text_in(language) for name in ("subject", "exchange", "identifier", "issued", "issuer")}
    for label, text in receipt.rows_in(language, zone):
        size = 8.5 if label in technical else 10.5
        left = _set(label, font, LEFT, _LABEL_WIDTH - 10, size, 6.0)
        right = _set(text, font, LEFT + _LABEL_WIDTH, RIGHT - LEFT - _LABEL_WIDTH, size, 6.0)
        yield _Block((*_side_by_side(left, right), _Line("", 0, 0, 7.0)), ruled=True)


def _side_by_side(left: Sequence[_Line], right: Sequence[_Line]) -> Iterator[_Line]:
    for number in range(max(len(left), len(right))):
        if number < len(left):
            yield left[number]
        if number < len(right):
            yield right[number]._replace(down=0.0 if number < len(left) else right[number].down)


def _set(text: str, font: Any, x: float, width: float, size: float, before: float) -> list[_Line]:
    leading = size * 1.55
    lines = _wrapped(text, font, width / size)
    return [_Line(line, x, size, leading + (before if number == 0 else 0)) for number, line in enumerate(lines)]


def _fitting(text: str, font: Any, width: float) -> int:
    """How many characters fit, at least one."""
    left = width - font.width(text[0])
    for at, character in enumerate(text[1:], 1):
        left -= font.width(character)
        if left < 0:
            return at
    return len(text)


def _wrapped(text: str, font: Any, width: float) -> list[str]:
    """Lines of at most this width (in multiples of the font size)."""
    lines, line = [], ""
    for unit in _UNIT.findall(text):
        # such a mark may hang over, even two, but not a row of them: they would run off the page
        if font.width(line + unit) <= width or (unit in _NEVER_FIRST and line and font.width(line) <= width + 1):
            line += unit
            continue
        kept = ""
        while line and line[-1] in _NEVER_LAST:
            line, kept = line[:-1], line[-1] + kept
        if line.strip():
            lines.append(line.rstrip())
        line = kept + unit.lstrip()
        while font.width(line) > width:
            cut = _fitting(line, font, width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line.strip() or not lines else lines
