"""The appearance of a visible signature (ISO 32000-2 12.5.5): a framed box with name, time and reason that fits.

Nothing is painted behind the text: a seal covers no content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from toyono_trust.errors import MisuseError
from toyono_trust.formats.pades.details import VisibleSeal
from toyono_trust.formats.pades.document import Document, dictionary_in, entry
from toyono_trust.formats.pades.fonts import Font, font_for
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes

__all__ = ["Seal"]

_ORGANISATION, _COMMON_NAME = "2.5.4.10", "2.5.4.3"
_VERMILION = b"0.66 0.15 0.13"
"""The ink of official seals, dark enough to read."""
_INK = b"0.13 0.13 0.15"
_TITLE, _NAME, _LINE = 0.8, 1.5, 0.9
"""Font sizes as multiples of the unit that makes everything fit."""
_LEADING = 1.32
_LARGEST, _SMALLEST = 14.0, 3.4
"""Units in points between which one is sought."""
_PARTING = "、。，．・：；？！）」』】〕％ー々ゃゅょっァィゥェォャュョッ,.;:!?)]}%"
"""Characters that no line begins with (JIS X 4051)."""
_TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}

_WORDS = {
    "legal-person": ("Electronic seal", "eシール"),
    "natural-person": ("Electronic signature", "電子署名"),
    "": ("Electronic signature", "電子署名"),
}
_LABELS = {"date": ("Date", "日時"), "/Reason": ("Reason", "理由"), "/Location": ("Location", "場所")}


class _Piece(NamedTuple):
    """One line as it is laid out: text, size as a multiple of the unit, colour."""

    text: str
    size: float
    colour: bytes


class _Space(NamedTuple):
    """A page as it is displayed: its box in its own coordinates, and by how much it is turned clockwise."""

    left: float
    bottom: float
    width: float
    height: float
    turn: int


class Seal:
    """Draws one visible signature; what it says is settled when it is made."""

    def __init__(
        self, seal: VisibleSeal, certificate: Certificate, time: datetime | None, texts: Mapping[str, str]
    ) -> None:
        self.page, self.box = seal.page, seal.box
        name = seal.name if seal.name is not None else _name(certificate)
        japanese = seal.language == "ja" or (seal.language is None and any(_wide(character) for character in name))
        title = _WORDS.get(certificate.kind, _WORDS[""])[japanese] if seal.title is None else seal.title
        lines = seal.lines if seal.lines is not None else tuple(_lines(seal, time, texts, japanese))
        self._pieces = [
            *([_Piece(title, _TITLE, _VERMILION)] if title else []),
            _Piece(name, _NAME, _INK),
            *[_Piece(line, _LINE, _INK) for line in lines if line],
        ]
        text = "".join(piece.text for piece in self._pieces)
        if not name.strip() or any(not character.isprintable() and character != "\u3000" for character in text):
            raise MisuseError("pdf.text", "the name shown is empty, or a text has control characters", "correct it")
        self._font = font_for(seal.font, text)

    def rectangle(self, page: generic.DictionaryObject) -> tuple[float, float, float, float]:
        """Where the box is in the page's own coordinates; it was given in those of the displayed page."""
        space = _space(page)
        wide, high = (space.width, space.height) if space.turn % 180 == 0 else (space.height, space.width)
        if self.box is None:
            raise MisuseError(
                "pdf.box", "a new visible field needs a box", "pass VisibleSeal(box=(x, y, width, height))"
            )
        x, y, width, height = self.box
        if not (x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= wide and y + height <= high):
            raise MisuseError("pdf.box", f"the box is not on the page of {wide:g} by {high:g} points", "move the box")
        corners = ((x, y), (x + width, y + height))
        turned = [_turned_back(space, point) for point in corners]
        (left, right), (bottom, top) = (sorted(axis) for axis in zip(*turned, strict=True))
        return (space.left + left, space.bottom + bottom, space.left + right, space.bottom + top)

    def __call__(
        self, document: Document, page: generic.DictionaryObject, rectangle: Sequence[float]
    ) -> generic.PdfObject:
        """The form XObject that fills ``rectangle``, upright on the displayed page."""
        turn = _space(page).turn
        width, height = abs(rectangle[2] - rectangle[0]), abs(rectangle[3] - rectangle[1])
        if turn % 180:
            width, height = height, width
        painted = _frame(width, height) + _text(self._pieces, self._font, width, height)
        resources = generic.DictionaryObject(
            {pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F1"): self._font.add(document)})}
        )
        form = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): _numbers(0, 0, width, height),
                pdf_name("/Matrix"): _numbers(*_TURNS[turn], 0, 0),
                pdf_name("/Resources"): resources,
            },
            stream_data=painted,
        )
        form.compress()
        return document.add_object(form)


def _name(certificate: Certificate) -> str:
    """Whose signature it is: of a natural person the common name, else the organisation (EN 319 412-2, -3)."""
    kinds = (_COMMON_NAME, _ORGANISATION) if certificate.kind == "natural-person" else (_ORGANISATION, _COMMON_NAME)
    subject = certificate.subject_name
    return next((name for kind in kinds for name in attributes(subject, kind)), certificate.subject)


def _lines(seal: VisibleSeal, time: datetime | None, texts: Mapping[str, str], japanese: bool) -> Iterator[str]:
    if time is not None:
        local = time if seal.zone is None else time.astimezone(seal.zone)
        yield f"{_LABELS['date'][japanese]}: {_moment(local, japanese)}"
    for key in ("/Reason", "/Location"):
        if key in texts:
            yield f"{_LABELS[key][japanese]}: {texts[key]}"


def _moment(time: datetime, japanese: bool) -> str:
    """The claimed time to the minute, with its zone."""
    offset = time.strftime("%z")
    zone = "UTC" if offset in ("", "+0000") else f"UTC{offset[:3]}:{offset[3:5]}"
    if japanese:
        return f"{time.year}年{time.month}月{time.day}日 {time:%H:%M} ({zone})"
    return f"{time:%Y-%m-%d %H:%M} {zone}"


def _space(page: generic.DictionaryObject) -> _Space:
    box = [float(number) for number in _inherited(page, "/CropBox") or _inherited(page, "/MediaBox")]
    left, right = sorted((box[0], box[2]))
    bottom, top = sorted((box[1], box[3]))
    return _Space(left, bottom, right - left, top - bottom, int(_inherited(page, "/Rotate") or 0) % 360)


def _inherited(page: generic.DictionaryObject, key: str) -> Any:
    """An inheritable attribute of a page (7.7.3.4)."""
    for _ in range(64):
        value = entry(page, key)
        if value is not None or "/Parent" not in page:
            return value
        page = dictionary_in(page, "/Parent")
    return None


def _turned_back(space: _Space, point: tuple[float, float]) -> tuple[float, float]:
    """A point of the displayed page in the page's own coordinates (from the corner of its box)."""
    x, y = point
    if space.turn == 90:
        return space.width - y, x
    if space.turn == 180:
        return space.width - x, space.height - y
    if space.turn == 270:
        return y, space.height - x
    return x, y


def _numbers(*numbers: float) -> generic.ArrayObject:
    return generic.ArrayObject([generic.FloatObject(f"{number:.3f}") for number in numbers])


def _frame(width: float, height: float) -> bytes:
    """Two rules, the outer one stronger, as around an official stamp."""
    outer, gap = (0.9, 2.0) if min(width, height) >= 30 else (0.6, 1.4)
    half, inset = outer / 2, outer + gap
    return b"q %b RG %.3f w %.3f %.3f %.3f %.3f re S 0.35 w %.3f %.3f %.3f %.3f re S Q\n" % (
        _VERMILION,
        *(outer, half, half, width - outer, height - outer),
        *(inset, inset, width - 2 * inset, height - 2 * inset),
    )


def _text(pieces: Sequence[_Piece], font: Font, width: float, height: float) -> bytes:
    """The largest setting that fits: wrapped, centred in height, flush left."""
    side = min(10.0, max(4.5, 0.07 * min(width, height) + 3))
    unit, lines = _set(pieces, font, width - 2 * side, height - 2 * min(side, 6.5))
    painted = [b"BT"]
    top = height / 2 + unit * _height(lines) / 2
    for line in lines:
        size = line.size * unit
        painted.append(
            b"/F1 %.3f Tf %b rg 1 0 0 1 %.3f %.3f Tm %b Tj"
            % (size, line.colour, side, top - 0.86 * size, font.shown(line.text))
        )
        top -= size * _LEADING
    return b"\n".join([*painted, b"ET"])


def _set(pieces: Sequence[_Piece], font: Font, room: float, depth: float) -> tuple[float, list[_Piece]]:
    """The largest unit at which everything fits, and the lines; words are broken only where nothing else helps."""
    longest = max(font.width(word.rstrip(" ")) * piece.size for piece in pieces for word in _words(piece.text))
    for breaking in (False, True):
        unit = _LARGEST
        while unit >= _SMALLEST:
            lines = [
                piece._replace(text=part)
                for piece in pieces
                for part in _wrapped(piece.text, font, room / (piece.size * unit))
            ]
            named = sum(line.size == _NAME for line in lines)
            if unit * _height(lines) <= depth and named <= 2 and (breaking or longest * unit <= room):
                return unit, lines
            unit *= 0.96
    raise MisuseError("pdf.box", "the text does not fit into the box", "make the box larger, or the text shorter")


def _height(lines: Sequence[_Piece]) -> float:
    """Height of the lines as a multiple of the unit."""
    return sum(line.size for line in lines) * _LEADING - (_LEADING - 1) * lines[-1].size


def _wrapped(text: str, font: Font, room: float) -> Iterator[str]:
    """Lines of at most ``room`` times the font size; broken at spaces, or between characters that are written so."""
    line = ""
    for word in _words(text):
        if line and font.width(line + word.rstrip(" ")) > room:
            yield line.rstrip(" ")
            line = ""
        for character in word if font.width(word) > room else ():
            if line and font.width(line + character) > room:
                yield line
                line = ""
            line += character
        line += "" if font.width(word) > room else word
    if line.strip():
        yield line.rstrip(" ")


def _words(text: str) -> Iterator[str]:
    """What is not broken apart: Latin words with the space after them, wide characters with marks that follow."""
    word = ""
    for character in text:
        if word and (word[-1] == " " or _wide(word[-1]) or _wide(character)) and character not in _PARTING:
            yield word
            word = ""
        word += character
    if word:
        yield word


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\ud7ff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"
