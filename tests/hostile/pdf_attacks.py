"""How the attack files of ``test_pdf_vectors`` are built: what is bent before signing, and what is appended later."""

from __future__ import annotations

import re
from collections.abc import Callable

from made_pdf import (
    CONTENT,
    FORM,
    NEXT,
    PAGE,
    PAGES,
    TEXT_FIELD,
    Document,
    drawn,
    field_of,
    first_objects,
    form,
    new,
    page,
    sign,
    stream,
    text_field,
)
from toyono_trust.devpki import Identity

BOX = b"60 690 400 740"
"""Where the page says what is owed."""


def rewritten(pattern: bytes, replacement: bytes) -> Callable[[Identity], bytes]:
    """A signed file in which a part of the signature dictionary is replaced by something of the same length."""

    def build(by: Identity) -> bytes:
        data = sign(new(), by).data
        found = list(re.finditer(pattern, data, re.DOTALL))[-1]
        assert len(replacement) <= len(found[0])
        return data[: found.start()] + replacement.ljust(len(found[0])) + data[found.end() :]

    return build


def later(
    change: Callable[[Document], Document], *, base: Document | None = None, **signing: bytes
) -> Callable[[Identity], bytes]:
    """A signed file and a revision that ``change`` appends."""
    return lambda by: change(sign(base or new(), by, **signing)).data  # type: ignore[arg-type]


def certified(level: int) -> bytes:
    return (
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
        b"<< /Type /TransformParams /P %d /V /1.2 >> >>] " % level
    )


def locked(name: bytes) -> bytes:
    return (
        b"/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /Data 1 0 R /TransformParams "
        b"<< /Type /TransformParams /Action /Include /Fields [(%b)] /V /1.2 >> >>] " % name
    )


def filled(document: Document) -> Document:
    return document.save({TEXT_FIELD: text_field(b"good bye", b"").replace(b"/N 8", b"/N 50"), 50: APPEARANCE})


def redrawn(document: Document) -> Document:
    """Let a text field show something else than the value it keeps."""
    return document.save({TEXT_FIELD: document.objects[TEXT_FIELD].replace(b"/N 8", b"/N 50"), 50: APPEARANCE})


APPEARANCE = stream(b"/Tx BMC EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] ")
FREE_TEXT = (
    b"<< /Type /Annot /Subtype /FreeText /P 3 0 R /F 4 /Rect [%b] /AP << /N 50 0 R >> /Contents (Pay 9) >>" % BOX
)
NOTE = b"<< /Type /Annot /Subtype /Text /P 3 0 R /F 4 /Rect [0 0 20 20] /Contents (seen) >>"


def annotated(annotation: bytes, number: int = 51) -> Callable[[Document], Document]:
    return lambda document: document.save(
        {
            PAGE: document.objects[PAGE].replace(b"/Annots [", b"/Annots [%d 0 R " % number),
            number: annotation,
            50: APPEARANCE,
        }
    )


def replaced(number: int, old: bytes, new_: bytes) -> Callable[[Document], Document]:
    def change(document: Document) -> Document:
        assert old in document.objects[number]
        return document.save({number: document.objects[number].replace(old, new_)})

    return change


def second(**signing: bytes) -> Callable[[Identity], bytes]:
    """Signed once with ``signing``, and once more by the same."""

    def build(by: Identity) -> bytes:
        return sign(sign(new(), by, **signing), by, number=NEXT + 2).data  # type: ignore[arg-type]

    return build


def two_in_one_revision(by: Identity) -> bytes:
    """A signature dictionary inside what another one covers, written in the same revision."""
    inner = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:20261122030405Z) "
    inner += b"/ByteRange [0 40 60 70] /Contents <3000> >>"
    both = {40: inner, 41: field_of(40), FORM: form(b"7 0 R 21 0 R 41 0 R"), PAGE: page(b"7 0 R 21 0 R 41 0 R")}
    return sign(new(), by, changed=both).data


def second_over_part(by: Identity) -> bytes:
    """A second signature that states the first one's range."""
    first = sign(new(), by)
    (numbers,) = re.findall(rb"/ByteRange \[([0-9 ]+?) *\]", first.data)
    stated = tuple(int(number) for number in numbers.split())
    return sign(first, by, number=NEXT + 2, ranges=lambda one, two, end: stated).data


def hidden_in_gap(by: Identity) -> bytes:
    """An object between the signature value and the octets that are covered again."""
    extra = b" /Hidden (4 0 obj) "
    return sign(new(), by, more=b"", ranges=lambda one, two, end: (0, one - len(extra), two, end - two)).data


def whole_new_document(document: Document) -> Document:
    """All objects once more, with other content, and cross-references that lead to nothing before."""
    body = {**document.objects, CONTENT: drawn(b"Pay 999 yen")}
    signature = body.pop(NEXT)
    place = document.data.rindex(b"%d 0 obj" % NEXT)
    assert signature[:2] == b"<<"
    return document.save(body, previous=False, moved={NEXT: place})


def body_only(document: Document) -> Document:
    """Incremental saving without cross-references: readers that repair a file find the later object."""
    return document.with_data(document.data + b"4 0 obj\n" + drawn(b"Pay 999 yen") + b"\nendobj\n%%EOF\n")


def dictionary_of(document: Document) -> bytes:
    """The signature dictionary as it stands in the file."""
    start = document.data.rindex(b"<< /Type /Sig ")
    return document.data[start : document.data.index(b">>", start) + 2]


def same_signature_again(document: Document) -> Document:
    """A copy of the signature dictionary behind what it covers, with other content beside it."""
    return document.save({NEXT: dictionary_of(document), CONTENT: drawn(b"Pay 999 yen")})


def trailer_only(document: Document) -> Document:
    """The same with a trailer that leads to the cross-references of before."""
    body = b"4 0 obj\n%b\nendobj\n" % drawn(b"Pay 999 yen")
    tail = b"trailer\n<< /Root 1 0 R /Size 30 >>\nstartxref\n%d\n%%%%EOF\n" % document.start
    return document.with_data(document.data + body + tail)


def two_contents() -> Document:
    """A document prepared by its signer: content of another number waits inside the signed octets."""
    return new({**first_objects(), 12: drawn(b"Pay 999 yen")})


def switched(document: Document) -> Document:
    """The cross-references alone: object 4 is now what object 12 was, its octets unchanged and signed."""
    place = document.data.index(b"12 0 obj") + 1
    # "2 0 obj" would be number 2: a reader is led to the dictionary of another object
    return document.save({}, moved={PAGES: place})


def with_stamp() -> Document:
    """A document whose stamp hides what the page says."""
    objects = first_objects()
    objects[10] = FREE_TEXT.replace(b"50 0 R", b"11 0 R")
    objects[11] = APPEARANCE
    objects[PAGE] = page(b"7 0 R 10 0 R")
    return new(objects)


def with_dangling_content() -> Document:
    """A page that also draws object 60, which does not exist yet."""
    objects = first_objects()
    objects[PAGE] = page(b"7 0 R").replace(b"/Contents 4 0 R", b"/Contents [4 0 R 60 0 R]")
    objects[70] = b"null"
    return new(objects)


def direct_value(by: Identity) -> bytes:
    """The signature dictionary inside its field, where no cross-reference says what it is."""
    signed = sign(new(), by)
    return signed.save({NEXT + 1: field_of(NEXT).replace(b"/V 20 0 R", b"/V " + dictionary_of(signed))}).data


def in_object_stream(by: Identity) -> bytes:
    """The signature dictionary in an object stream, so that its octets are not those that are read."""
    signed = sign(new(), by)
    dictionary, data = dictionary_of(signed), signed.data
    place = len(data)
    inside = b"%d 0 " % NEXT
    holder = stream(inside + dictionary, b"/Type /ObjStm /N 1 /First %d " % len(inside))
    data += b"30 0 obj\n" + holder + b"\nendobj\n"
    start = len(data)
    rows = b"".join(
        kind.to_bytes(1, "big") + where.to_bytes(4, "big") + more.to_bytes(2, "big")
        for kind, where, more in ((2, 30, 0), (1, place, 0), (1, start, 0))
    )
    entries = b"/Type /XRef /W [1 4 2] /Index [20 1 30 2] /Size 80 /Root 1 0 R /Prev %d " % signed.start
    return data + b"31 0 obj\n" + stream(rows, entries) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def previous_loop(document: Document) -> Document:
    """Cross-references that lead back to themselves."""
    start = len(document.data)
    data = document.data + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 80 /Root 1 0 R /Prev %d >>\n" % start
    return document.with_data(data + b"startxref\n%d\n%%%%EOF\n" % start)


def removed_signature(by: Identity) -> bytes:
    """The second signature's field is taken out again."""
    twice = sign(sign(new(), by), by, number=NEXT + 2)
    objects = {
        FORM: twice.objects[FORM].replace(b" 23 0 R", b""),
        PAGE: twice.objects[PAGE].replace(b" 23 0 R", b""),
    }
    return twice.save(objects).data
