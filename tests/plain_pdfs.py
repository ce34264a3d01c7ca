"""Unsigned PDFs of every shape that is extended differently, written octet by octet, and a font with few glyphs."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> %b>>"
DRAWING = b"0.9 g 40 40 515 762 re f"
OBJECTS = {
    1: b"<< /Type /Catalog /Pages 2 0 R >>",
    2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    3: PAGE % b"",
    4: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(DRAWING), DRAWING),
    5: b"<< /Producer (test) >>",
}


def with_objects(changes: Mapping[int, bytes]) -> dict[int, bytes]:
    return {**OBJECTS, **changes}


def classic(objects: Mapping[int, bytes] = OBJECTS, *, version: bytes = b"1.7", end: bytes = b"%%EOF\n") -> bytes:
    """With a cross-reference table (ISO 32000-2 7.5.4)."""
    data = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(data)
    size = max(objects) + 1
    data += b"xref\n0 %d\n" % size
    for number in range(size):
        if number in offsets:
            data += b"%010d 00000 n \n" % offsets[number]
        else:
            data += b"0000000000 65535 f \n"
    data += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n" % (size, start)
    return bytes(data + end)


def streamed(objects: Mapping[int, bytes] = OBJECTS, *, packed: tuple[int, ...] = (1, 3, 5)) -> bytes:
    """With a cross-reference stream, and an object stream that holds ``packed`` (7.5.7, 7.5.8)."""
    data = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    size = max(objects) + 3
    container, table = size - 2, size - 1
    places: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}
    for number, body in objects.items():
        if number not in packed:
            places[number] = (1, len(data), 0)
            data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    head, bodies = b"", b""
    for index, number in enumerate(packed):
        head += b"%d %d " % (number, len(bodies))
        bodies += objects[number] + b" "
        places[number] = (2, container, index)
    entries = b"/Type /ObjStm /N %d /First %d /Length %d" % (len(packed), len(head), len(head + bodies))
    places[container] = (1, len(data), 0)
    data += b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (container, entries, head + bodies)
    start = places[table] = len(data)  # type: ignore[assignment]
    places[table] = (1, start, 0)
    rows = b"".join(struct.pack(">BIH", *places.get(number, (0, 0, 65535))) for number in range(size))
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Info 5 0 R /Length %d" % (size, len(rows))
    data += b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (table, entries, rows)
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % start)


def hybrid(key: bytes = b"/PieceInfo") -> bytes:
    """With a table for old readers and a stream for new ones, which alone know one object (7.5.8.4)."""
    form = b"<< /Fields [] >>"
    objects = with_objects({1: b"<< /Type /Catalog /Pages 2 0 R %b 6 0 R >>" % key})
    data = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    head = b"6 0 "
    offsets[7] = len(data)
    entries = b"/Type /ObjStm /N 1 /First %d /Length %d" % (len(head), len(head + form))
    data += b"7 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (entries, head + form)
    hidden = len(data)
    rows = struct.pack(">BIH", 2, 7, 0)
    entries = b"/Type /XRef /Size 9 /W [1 4 2] /Index [6 1] /Root 1 0 R /Length %d" % len(rows)
    data += b"8 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (entries, rows)
    offsets[8] = hidden
    start = len(data)
    data += b"xref\n0 9\n"
    for number in range(9):
        data += b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
    data += b"trailer\n<< /Size 9 /Root 1 0 R /Info 5 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (hidden, start)
    return bytes(data)


def form(fields: Mapping[int, bytes], more: bytes = b"", *, page: bytes = b"") -> bytes:
    """A document whose form has these fields, each its own widget; ``more``: entries of the catalogue."""
    references = b" ".join(b"%d 0 R" % number for number in fields)
    return classic(
        with_objects(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R %b>>" % more,
                3: PAGE % (b"/Annots [" + references + b"] " + page),
                6: b"<< /Fields [" + references + b"] >>",
                **fields,
            }
        )
    )


def field(name: bytes, more: bytes = b"", *, kind: bytes = b"/Sig", rect: bytes = b"0 0 0 0") -> bytes:
    return b"<< /Type /Annot /Subtype /Widget /FT %b /T (%b) /Rect [%b] /P 3 0 R %b>>" % (kind, name, rect, more)


def encrypted(user: str, owner: str, *, aes256: bool = True) -> bytes:
    """Encrypted with passwords by pyHanko (7.6.4)."""
    from pyhanko.pdf_utils import writer
    from pyhanko.pdf_utils.crypt import StandardSecurityHandler
    from pyhanko.pdf_utils.reader import PdfFileReader

    copy = writer.copy_into_new_writer(PdfFileReader(io.BytesIO(classic(version=b"2.0" if aes256 else b"1.7"))))
    if aes256:
        handler = StandardSecurityHandler.build_from_pw(owner, user, encrypt_metadata=False, pdf_mac=False)
    else:
        identifier = copy.document_id[0]
        handler = StandardSecurityHandler.build_from_pw_legacy(
            rev=_revision(), id1=identifier, desired_owner_pass=owner, desired_user_pass=user, keylen_bytes=16,
            use_aes128=True,
        )  # fmt: skip
    copy._assign_security_handler(handler)
    out = io.BytesIO()
    copy.write(out)
    return out.getvalue()


def _revision() -> object:
    from pyhanko.pdf_utils.crypt import StandardSecuritySettingsRevision

    return StandardSecuritySettingsRevision.RC4_OR_AES128


JAPANESE = "見本町電子印山里花子シール署名日時理由場所年月証明"


@lru_cache(1)
def font_file(folder: Path) -> Path:
    """A TrueType font that shows ASCII and a few Japanese characters, every glyph a box of its own width."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    characters = "".join(map(chr, range(32, 127))) + JAPANESE
    names = [".notdef", *(f"u{ord(character):04X}" for character in dict.fromkeys(characters))]
    widths = {name: 500 if len(name) == 5 and name < "u0100" else 1000 for name in names}

    def glyph(width: int) -> object:
        pen = TTGlyphPen(None)
        corners = ((50, 0), (50, 700), (width - 50, 700), (width - 50, 0))
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
        return pen.glyph()

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"u{ord(character):04X}" for character in characters})
    builder.setupGlyf({name: glyph(width) for name, width in widths.items()})
    builder.setupHorizontalMetrics({name: (width, 50) for name, width in widths.items()})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes-Regular"})
    builder.setupOS2(fsType=0)
    builder.setupPost()
    path = folder / "boxes.ttf"
    builder.save(path)
    return path
