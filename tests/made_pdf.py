"""Small PDFs written octet by octet, signed and changed as a test wants them; nothing here asks the product's writer.

``Document`` holds the file and what its objects are now; ``save`` appends a revision with a classic cross-reference
table (ISO 32000-2 7.5.4, 7.5.6). ``sign`` makes a signature of any shape; a hook may bend what is written.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Identity
from toyono_trust.formats import cades
from toyono_trust.formats.draft import SigningInput
from toyono_trust.formats.model import Properties

CATALOGUE, PAGES, PAGE, CONTENT, FONT, FORM, TEXT_FIELD, APPEARANCE, INFO = range(1, 10)
NEXT = 20
"""First number for objects that a test adds."""
ROOM = 4096
"""Octets kept free for a CMS."""

Bend = Callable[[bytes], bytes]


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b>>\nstream\n%b\nendstream" % (len(data), entries, data)


def drawn(text: bytes) -> bytes:
    return stream(b"BT /F1 24 Tf 72 700 Td (" + text + b") Tj ET")


def first_objects() -> dict[int, bytes]:
    """One page that says what is owed, and a form with one text field."""
    return {
        CATALOGUE: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
        PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE: page(b"7 0 R"),
        CONTENT: drawn(b"Pay 100 yen"),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        FORM: form(b"7 0 R"),
        TEXT_FIELD: text_field(b"hello"),
        APPEARANCE: stream(b"/Tx BMC EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 100 20] "),
        INFO: b"<< /Producer (test) >>",
    }


def page(annotations: bytes, more: bytes = b"", content: int = CONTENT) -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> /Annots [%b] %b>>" % (content, annotations, more)
    )


def form(fields: bytes, more: bytes = b"") -> bytes:
    return b"<< /Fields [%b] /DA (/F1 12 Tf 0 g) /DR << /Font << /F1 5 0 R >> >> /SigFlags 3 %b>>" % (fields, more)


def text_field(value: bytes, more: bytes = b"", rect: bytes = b"72 600 172 620") -> bytes:
    return (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /F 4 /P 3 0 R /Rect [%b] /V (%b) "
        b"/AP << /N 8 0 R >> /DA (/F1 12 Tf 0 g) %b>>" % (rect, value, more)
    )


class Document(NamedTuple):
    """A file, its objects as they are now, and where its last cross-references stand."""

    data: bytes
    objects: Mapping[int, bytes]
    start: int

    @property
    def size(self) -> int:
        return max(self.objects) + 1

    def save(
        self,
        changed: Mapping[int, bytes],
        *,
        trailer: bytes = b"",
        previous: int | bool = True,
        freed: tuple[int, ...] = (),
        moved: Mapping[int, int] | None = None,
    ) -> Document:
        """Append a revision with these objects.

        ``previous``: False leaves out where the cross-references before stand, a number says another place. ``freed``:
        objects that are no more. ``moved``: places that the cross-references give for objects without writing them.
        """
        data = bytearray(self.data)
        if not data.endswith(b"\n"):
            data += b"\n"
        places = {}
        for number, body in sorted(changed.items()):
            places[number] = len(data)
            data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        objects = {**self.objects, **changed}
        start = len(data)
        data += b"xref\n"
        if not self.start:
            data += b"0 1\n0000000000 65535 f \n"
        for number, place in {**places, **(moved or {})}.items():
            data += b"%d 1\n%010d 00000 n \n" % (number, place)
        for number in freed:
            data += b"%d 1\n0000000000 00001 f \n" % number
        place = self.start if previous is True else int(previous)
        link = b"/Prev %d " % place if place else b""
        data += b"trailer\n<< /Size %d /Root 1 0 R /Info 9 0 R %b%b>>\n" % (max(objects) + 1, link, trailer)
        data += b"startxref\n%d\n%%%%EOF\n" % start
        return Document(bytes(data), objects, start)

    def with_data(self, data: bytes) -> Document:
        return self._replace(data=data)


def new(objects: Mapping[int, bytes] | None = None) -> Document:
    return Document(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {}, 0).save(objects or first_objects())


def field_of(number: int, more: bytes = b"", rect: bytes = b"0 0 0 0") -> bytes:
    """A signature field with its widget; ``number``: object of its value."""
    return b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature%d) /F 132 /P 3 0 R /Rect [%b] /V %d 0 R %b>>" % (
        number,
        rect,
        number,
        more,
    )


def added(body: bytes, key: bytes, number: int) -> bytes:
    """A dictionary with one more reference at the end of one of its arrays."""
    end = body.index(b"]", body.index(key + b" ["))
    return body[:end] + b" %d 0 R" % number + body[end:]


def with_field(document: Document, field: int) -> dict[int, bytes]:
    """The objects that name a new field: form and page."""
    return {
        FORM: added(document.objects[FORM], b"/Fields", field),
        PAGE: added(document.objects[PAGE], b"/Annots", field),
    }


def claimed(by: Identity) -> bytes:
    """A signing time in the certificate's validity and in nobody's future (ISO 32000-2 7.9.4)."""
    return (by.certificate.not_before + timedelta(hours=1)).strftime("%Y%m%d%H%M%SZ").encode()


def sign(
    document: Document,
    by: Identity,
    *,
    number: int = NEXT,
    more: bytes = b"",
    field_more: bytes = b"",
    rect: bytes = b"0 0 0 0",
    subfilter: bytes = b"ETSI.CAdES.detached",
    kind: bytes = b"Sig",
    changed: Mapping[int, bytes] | None = None,
    before: Bend = lambda data: data,
    ranges: Callable[[int, int, int], tuple[int, ...]] | None = None,
    cms: Bend = lambda value: value,
) -> Document:
    """Sign in a new revision. ``number``: object of the signature, the field is the next one.

    ``before``: bends the file before it is signed. ``ranges``: the ByteRange, of the position of ``<``, behind ``>``
    and the file's size. ``cms``: bends the signature value. ``more``, ``field_more``: entries of the dictionaries.
    """
    placeholder = b"/ByteRange [%b]" % b" ".join([b"9999999999"] * 4)
    contents = b"<" + b"0" * (2 * ROOM) + b">"
    dictionary = b"<< /Type /%b /Filter /Adobe.PPKLite /SubFilter /%b /M (D:%b) %b%b /Contents %b >>" % (
        kind,
        subfilter,
        claimed(by),
        more,
        placeholder,
        contents,
    )
    objects = {number: dictionary, number + 1: field_of(number, field_more, rect), **with_field(document, number + 1)}
    saved = document.save({**objects, **(changed or {})})
    data = before(saved.data)
    first = data.rindex(contents)
    behind, size = first + len(contents), len(data)
    numbers = (ranges or (lambda one, two, end: (0, one, two, end - two)))(first, behind, size)
    stated = b"/ByteRange [" + b" ".join(b"%d" % item for item in numbers)
    data = data.replace(placeholder, stated.ljust(len(placeholder) - 1) + b"]", 1)
    covered = data[:first] + data[behind:]
    if len(numbers) == 4 and min(numbers) >= 0 and numbers[2] + numbers[3] <= size:  # sign what is stated
        covered = data[numbers[0] : numbers[0] + numbers[1]] + data[numbers[2] : numbers[2] + numbers[3]]
    value = cms(cms_over(covered, by))
    filled = b"<" + binascii.hexlify(value).ljust(2 * ROOM, b"0") + b">"
    return saved.with_data(data[:first] + filled + data[behind:])


def cms_over(data: bytes, by: Identity, content: bytes | None = None, attached: bool = False) -> bytes:
    """A CMS signature without signing-time over ``data``."""
    request = SigningInput(
        BytesContent(content if content is not None else data),
        not attached,
        by.certificate.der,
        tuple(item.der for item in by.chain),
        by.algorithms[0],
        None,
        Properties(),
        None,
    )
    draft = cades.prepare(request)
    return cades.finish(draft, algorithms.sign(by.algorithms[0], by.private_key, draft.to_be_signed))


def at_of(town: Any) -> datetime:
    """When tests look at what was signed in a town: when the town was made."""
    moment: datetime = town.now
    return moment.astimezone(UTC)
