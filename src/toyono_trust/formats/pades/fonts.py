"""Fonts of a visible signature: Helvetica, which every reader has, or a font file of which a subset is embedded.

ISO 32000-2 9.6.2.2 (standard fonts), 9.7 (composite fonts) and 9.9 (embedding). fontTools makes the subset; it is
remembered, so that a town that seals with the same name again and again makes it once.
"""

from __future__ import annotations

import io
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unicodedata import normalize

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from toyono_trust.core.algorithms import digest
from toyono_trust.errors import MisuseError
from toyono_trust.formats.pades.document import Document

__all__ = ["Font", "font_for"]


class Font(Protocol):
    """What the layout asks of a font."""

    def width(self, text: str) -> float:
        """Width in multiples of the font size."""

    def shown(self, text: str) -> bytes:
        """The operand of Tj."""

    def add(self, document: Document) -> generic.PdfObject:
        """The font dictionary, added to the document."""


def font_for(path: str | Path | None, text: str) -> Font:
    """A font that shows all characters of ``text``. Raises ``MisuseError`` where there is none."""
    if path is None:
        foreign = sorted({character for character in text if character not in _WIDTHS})
        if foreign:
            raise MisuseError(
                "pdf.font-missing",
                f"without a font of its own a PDF does not show {_some(foreign)}",
                "pass VisibleSeal(font=…) with a font that has these characters",
            )
        return _Helvetica()
    file = Path(path)
    stated = file.stat()
    characters = frozenset(text) | _ALWAYS
    font = _subset(file, (stated.st_size, stated.st_mtime_ns), characters)
    missing = sorted(set(text) - font.codes.keys())
    if missing:
        raise MisuseError("pdf.font-glyphs", f"{file.name} has no glyphs for {_some(missing)}", "use another font")
    return _Embedded(font)


_ALWAYS = frozenset(map(chr, range(32, 127)))
"""Embedded whatever the text is, so that the subset of one name serves every date."""


def _some(characters: list[str]) -> str:
    return " ".join(characters[:10]) + (" …" if len(characters) > 10 else "")


# -- Helvetica

_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_LATIN = {
    **dict.fromkeys("£¥¢¤§«»µð", 556),
    **dict.fromkeys("Æ", 1000),
    **dict.fromkeys("æ", 889),
    **dict.fromkeys("©®", 737),
    **dict.fromkeys("¼½¾", 834),
    **dict.fromkeys("±×÷¬", 584),
    **dict.fromkeys("Ðþ¶", 556),
    **dict.fromkeys("Øø", 778),
    **dict.fromkeys("ßÞ", 667),
    **dict.fromkeys("¡¨¯¸²³¹´", 333),
    **dict.fromkeys("°ªº", 400),
    **dict.fromkeys("·\u00a0", 278),
    **dict.fromkeys("¿", 611),
    **dict.fromkeys("¦", 260),
}


def _widths() -> dict[str, int]:
    """Widths of Helvetica for the printable characters of Latin-1, as Adobe's metrics have them (or a little more)."""
    found = dict(zip(map(chr, range(32, 127)), map(int, _ASCII.split()), strict=True)) | _LATIN
    for character in map(chr, range(0xC0, 0x100)):
        found.setdefault(character, found[normalize("NFD", character)[0]])
    return found


_WIDTHS = _widths()


class _Helvetica:
    """The standard font; its characters are those of WinAnsiEncoding that Latin-1 has too."""

    def width(self, text: str) -> float:
        return sum(_WIDTHS[character] for character in text) / 1000

    def shown(self, text: str) -> bytes:
        return b"<" + text.encode("latin-1").hex().encode() + b">"

    def add(self, document: Document) -> generic.PdfObject:
        return document.add_object(
            _dictionary(Type="/Font", Subtype="/Type1", BaseFont="/Helvetica", Encoding="/WinAnsiEncoding")
        )


# -- embedded fonts


class _Subset(NamedTuple):
    """A font program with the glyphs of some characters, and what the PDF says about it."""

    name: str
    cff: bool
    program: bytes
    """Deflated."""
    size: int
    codes: dict[str, int]
    widths: dict[int, int]
    metrics: tuple[int, ...]
    """Bounding box (four), ascent, descent; in thousandths of the font size."""


class _Embedded:
    """An embedded subset, as a composite font whose codes are the glyphs' (Identity-H)."""

    def __init__(self, subset: _Subset) -> None:
        self._subset = subset

    def width(self, text: str) -> float:
        font = self._subset
        return sum(font.widths[font.codes[character]] for character in text) / 1000

    def shown(self, text: str) -> bytes:
        codes = self._subset.codes
        return b"<" + b"".join(b"%04x" % codes[character] for character in text) + b">"

    def add(self, document: Document) -> generic.PdfObject:
        font = self._subset
        kind = {"Subtype": "/CIDFontType0C"} if font.cff else {"Length1": font.size}
        program = document.add_object(_deflated(font.program, **kind))
        box = generic.ArrayObject([generic.NumberObject(number) for number in font.metrics[:4]])
        descriptor = _dictionary(
            Type="/FontDescriptor", FontName=f"/{font.name}", Flags=4, FontBBox=box, ItalicAngle=0, StemV=80,
            Ascent=font.metrics[4], Descent=font.metrics[5], CapHeight=font.metrics[4],
            **{"FontFile3" if font.cff else "FontFile2": program},
        )  # fmt: skip
        widths = generic.ArrayObject()
        for code, width in sorted(font.widths.items()):
            widths += [generic.NumberObject(code), generic.ArrayObject([generic.NumberObject(width)])]
        system = _dictionary(
            Registry=generic.pdf_string("Adobe"), Ordering=generic.pdf_string("Identity"), Supplement=0
        )
        described = _dictionary(
            Type="/Font", Subtype="/CIDFontType0" if font.cff else "/CIDFontType2", BaseFont=f"/{font.name}",
            CIDSystemInfo=system, FontDescriptor=document.add_object(descriptor), W=widths, DW=1000,
            **({} if font.cff else {"CIDToGIDMap": "/Identity"}),
        )  # fmt: skip
        name = f"/{font.name}-Identity-H" if font.cff else f"/{font.name}"
        return document.add_object(
            _dictionary(
                Type="/Font", Subtype="/Type0", BaseFont=name, Encoding="/Identity-H",
                DescendantFonts=generic.ArrayObject([document.add_object(described)]),
                ToUnicode=document.add_object(_deflated(zlib.compress(_to_unicode(font.codes)))),
            )
        )  # fmt: skip


def _dictionary(**entries: Any) -> generic.DictionaryObject:
    found = generic.DictionaryObject()
    for key, value in entries.items():
        if isinstance(value, str) and not isinstance(value, generic.PdfObject):
            value = pdf_name(value)
        elif isinstance(value, int) and not isinstance(value, generic.PdfObject):
            value = generic.NumberObject(value)
        found["/" + key] = value
    return found


def _deflated(data: bytes, **entries: Any) -> generic.StreamObject:
    return generic.StreamObject(_dictionary(Filter="/FlateDecode", **entries), encoded_data=data)


def _to_unicode(codes: dict[str, int]) -> bytes:
    """The CMap by which text is copied and searched (9.10.3)."""
    pairs = sorted((code, character) for character, code in codes.items())
    lines = []
    for start in range(0, len(pairs), 100):
        part = pairs[start : start + 100]
        lines.append(f"{len(part)} beginbfchar")
        lines += [f"<{code:04x}> <{character.encode('utf-16-be').hex()}>" for code, character in part]
        lines.append("endbfchar")
    head = (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
    )
    tail = "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    return (head + "\n".join(lines) + tail).encode("ascii")


_NEEDED = frozenset(
    ("GlyphOrder", "head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "loca", "glyf", "CFF ", "name", "post")
)


@lru_cache(16)
def _subset(file: Path, version: tuple[int, int], characters: frozenset[str]) -> _Subset:
    """The glyphs of some characters out of a font file; ``version`` tells one state of the file from another."""
    try:
        from fontTools import subset, ttLib
    except ImportError:
        raise MisuseError(
            "pdf.font-extra", "embedding a font needs fontTools", "pip install 'toyono-trust[visible]'"
        ) from None
    options = subset.Options(
        layout_features=[], name_IDs=[], hinting=False, notdef_outline=True, glyph_names=False, recalc_bounds=True
    )
    try:
        with file.open("rb") as stream, ttLib.TTFont(stream, fontNumber=0, lazy=True) as font:
            if "OS/2" in font and font["OS/2"].fsType & 0x0102:
                raise MisuseError(
                    "pdf.font-unreadable", f"{file.name} does not allow to be embedded", "use a font that does"
                )
            mapping, name = font.getBestCmap(), _plain_name(font)
            options.drop_tables += sorted(set(font.keys()) - _NEEDED)
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=[code for character in characters if (code := ord(character)) in mapping])
            subsetter.subset(font)
            return _described(
                font, name, {chr(code): name for code, name in mapping.items() if chr(code) in characters}
            )
    except OSError:
        raise
    except MisuseError:
        raise
    # fontTools lets whatever it stumbles upon escape: struct.error, KeyError, AssertionError, TTLibError …
    except Exception as error:  # noqa: BLE001
        raise MisuseError(
            "pdf.font-unreadable", f"{file.name} cannot be read as a font: {error}"[:300], "use another font"
        ) from None


def _described(font: Any, name: str, glyphs: dict[str, str]) -> _Subset:
    """Program, codes, widths and metrics of a subset. Codes are CIDs in a CID-keyed font, else the glyphs' numbers."""
    scale = 1000 / font["head"].unitsPerEm
    cff = "CFF " in font
    if cff:
        program = font.getTableData("CFF ")
    else:
        written = io.BytesIO()
        font.save(written)
        program = written.getvalue()
    keyed = cff and hasattr(font["CFF "].cff[0], "ROS")
    order = {name: int(name[3:]) if keyed and name != ".notdef" else number
             for number, name in enumerate(font.getGlyphOrder())}  # fmt: skip
    codes = {character: order[name] for character, name in glyphs.items() if name in order}
    widths = {order[name]: round(font["hmtx"][name][0] * scale) for name in order}
    head, lines = font["head"], font["hhea"]
    metrics = (head.xMin, head.yMin, head.xMax, head.yMax, lines.ascent, lines.descent)
    tag = digest("sha256", repr(sorted(codes.items())).encode())
    name = "".join(chr(ord("A") + octet % 26) for octet in tag[:6]) + "+" + name
    return _Subset(name, cff, zlib.compress(program), len(program), codes, widths,
                   tuple([round(number * scale) for number in metrics]))  # fmt: skip


def _plain_name(font: Any) -> str:
    name = (font["name"].getDebugName(6) if "name" in font else None) or "Font"
    return "".join(character for character in name if character.isascii() and (character.isalnum() or character == "-"))
