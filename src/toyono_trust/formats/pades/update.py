"""The incremental update that adds a signature or a document time stamp to a PDF.

ISO 32000-2 7.5.6, 12.7.5.5, 12.8.1, 12.8.5; EN 319 142-1 5, 6.3. The octets of the document stay; what is appended is
the signature dictionary with room for the CMS in ``/Contents``, the field, and the objects that name them.
``/ByteRange`` covers everything but the hexadecimal string itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.extensions import DeveloperExtension, DevExtensionMultivalued
from pyhanko.pdf_utils.generic import pdf_name, pdf_string

from toyono_trust.errors import MisuseError
from toyono_trust.formats.pades.details import PdfDetails
from toyono_trust.formats.pades.document import Document, Tail, dictionary_in, entry
from toyono_trust.formats.pades.fields import (
    Field,
    Lock,
    check_permissions,
    check_seed_values,
    choose,
    first_free,
    lock_of,
    signature_fields,
)

__all__ = ["Stated", "Update", "declare_store", "write_timestamp", "write_update"]

PRINT, LOCKED = 1 << 2, 1 << 7
"""Flags of an annotation (12.5.3): it is printed, and not moved or deleted."""
SIGNATURES_EXIST, APPEND_ONLY = 1, 2
_DIGITS = 12
"""Room for the last number of /ByteRange; PDF's offsets have ten digits at most (7.5.4)."""
_ESIC = DeveloperExtension(
    prefix_name=pdf_name("/ESIC"),
    base_version=pdf_name("/1.7"),
    extension_level=2,
    compare_by_level=True,
    multivalued=DevExtensionMultivalued.NEVER,
)
"""ETSI's extension of PDF 1.7 that has ETSI.CAdES.detached; PDF 2.0 has it itself."""
_ESIC_STORE = replace(_ESIC, extension_level=1)
"""The level below it, which has the security store and document time stamps."""
_SIGNATURE = b"/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"
_TIMESTAMP = b"/Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161"


class Update(NamedTuple):
    """The octets that follow the document; ``hole``: where in them /Contents' hexadecimal digits stand."""

    data: bytes
    hole: tuple[int, int]


class Stated(NamedTuple):
    """What the signature dictionary says: M, free text by its key, and the digest that the signature uses."""

    time: datetime | None
    texts: Sequence[tuple[str, str]]
    digest: str
    eddsa: bool


class _SignatureDictionary(generic.PdfObject):
    """The signature dictionary (12.8.1, table 255) as it is written, and where its variable parts came to stand."""

    def __init__(self, kind: bytes, room: int, texts: Sequence[tuple[str, str]] = (), references: bytes = b"") -> None:
        self.kind, self.room, self.texts, self.references = kind, room, texts, references
        self.hole = (0, 0)
        self.range_at = 0

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        """Write it; strings are encrypted where the document is, /Contents never (7.6.2)."""
        stream.write(b"<<" + self.kind + b"\n/Contents ")
        start = stream.tell()
        stream.write(b"<" + b"0" * (2 * self.room) + b">")
        self.hole = (start, stream.tell())
        stream.write(b"\n/ByteRange ")
        self.range_at = stream.tell()
        stream.write(b" " * (len(b"[0 %d %d ]" % self.hole) + _DIGITS))
        for key, text in self.texts:
            stream.write(b"\n" + key.encode("ascii"))
            pdf_string(text).write_to_stream(stream, handler, container_ref)
        stream.write(self.references + b">>")


def date(moment: datetime) -> str:
    """A PDF date (7.9.4) of an aware time, in its own zone."""
    offset = moment.strftime("%z") or "+0000"
    return f"D:{moment:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}'"


def write_update(
    document: Document, size: int, gap: bytes, details: PdfDetails, stated: Stated, room: int, seed: bytes, draw: Any
) -> Update:
    """The update for one signature whose CMS has at most ``room`` octets.

    ``size``: octets of the document; ``gap``: what must stand between its end and the first object. ``seed``: sixteen
    octets for the file identifier. ``draw``: gives the appearance of a visible signature, or None.
    Raises ``MisuseError`` where the document or the field refuses this signature.
    """
    fields = signature_fields(document)
    target = choose(document, fields, details.field)
    name = target if isinstance(target, str) else target.name
    draws = draw is not None and not isinstance(target, Field)
    check_permissions(document, fields, name, details.certify, draws=draws)
    lock = None
    if isinstance(target, Field):
        reason = next((text for key, text in stated.texts if key == "/Reason"), None)
        check_seed_values(target, stated.digest, reason)
        lock = lock_of(target)
    moment = () if stated.time is None else (("/M", date(stated.time)),)
    references = _references(document, details.certify, lock)
    dictionary = _SignatureDictionary(_SIGNATURE, room, (*moment, *stated.texts), references)
    value = document.add_object(dictionary)
    if isinstance(target, Field):
        _fill(document, target, value, draw)
    else:
        _add_field(document, target, value, draw)
    if details.certify is not None:
        _certify(document, value)
    _declare_extensions(document, stated)
    return _written(document, dictionary, size, gap, seed)


def write_timestamp(document: Document, size: int, gap: bytes, digest: str, room: int, seed: bytes) -> Update:
    """The update for one document time stamp (EN 319 142-1 5.4.3) whose token has at most ``room`` octets.

    ``digest``: the imprint's algorithm; ``size``, ``gap`` and ``seed`` as of ``write_update``. No certification or lock
    refuses it: what long-term validation adds is no change of the document (12.8.2.2, table 257).
    """
    dictionary = _SignatureDictionary(_TIMESTAMP, room)
    _add_field(document, first_free(document, "Timestamp"), document.add_object(dictionary), None)
    declare_store(document, digest)
    return _written(document, dictionary, size, gap, seed)


def _written(document: Document, dictionary: _SignatureDictionary, size: int, gap: bytes, seed: bytes) -> Update:
    """The octets of the update, with the /ByteRange that only now is known."""
    document.check_hidden()
    document.identify(seed)
    tail = Tail(size, gap)
    document.write(tail)
    data = bytearray(tail.getvalue())
    start, end = dictionary.hole
    at = dictionary.range_at - size
    byte_range = b"[0 %d %d %d]" % (start, end, size + len(data) - end)
    data[at : at + len(byte_range)] = byte_range
    return Update(bytes(data), (start - size + 1, end - size - 1))


def _references(document: Document, certify: int | None, lock: Lock | None) -> bytes:
    """/Reference: what this signature permits afterwards (12.8.2, tables 256 to 259)."""
    found = b""
    permitted = certify if certify is not None else None if lock is None else lock.permitted
    if certify is not None:
        found += (
            b"<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P %d/V/1.2>>>>" % certify
        )
    if lock is not None:
        names = generic.ArrayObject([pdf_string(name) for name in lock.names])
        written = Tail(0, b"")
        if lock.action != "/All":
            names.write_to_stream(written)
        parts = b"/Type/TransformParams/V/1.2/Action" + lock.action.encode("ascii")
        parts += b"/Fields" + written.getvalue() if lock.names else b""
        parts += b"/P %d" % permitted if permitted is not None else b""
        root = document.root_ref
        found += b"<</Type/SigRef/TransformMethod/FieldMDP/Data %d %d R" % (root.idnum, root.generation)
        found += b"/TransformParams<<" + parts + b">>>>"
    return b"\n/Reference[" + found + b"]" if found else b""


def _fill(document: Document, field: Field, value: Any, draw: Any) -> None:
    """Put the signature into an empty field; its widget is the field itself or its first kid without a name."""
    field.dictionary["/V"] = value
    document.mark_update(field.reference)
    widget = field.dictionary
    if "/Rect" not in widget and "/Kids" in widget:
        reference = widget["/Kids"].raw_get(0)
        widget = reference.get_object()
        document.mark_update(reference)
    if draw is not None and draw.box is not None:
        raise MisuseError("pdf.box", "an existing field has its own box", "leave box= out, or name a new field")
    rectangle = [float(number) for number in entry(widget, "/Rect", ())]
    if len(rectangle) == 4 and rectangle[0] != rectangle[2] and rectangle[1] != rectangle[3]:
        appearance = draw(document, _page_of(document, widget), rectangle) if draw else draw_nothing(document)
        widget["/AP"] = generic.DictionaryObject({pdf_name("/N"): appearance})
    elif draw is not None:
        raise MisuseError("pdf.box", "the field has no place on a page", "name another field, or a new one with box=")
    form = document.root["/AcroForm"]
    _flag(document, form)


def _page_of(document: Document, widget: Any) -> Any:
    if "/P" in widget:
        return widget["/P"]
    return document.find_page_for_modification(0)[0].get_object()


def draw_nothing(document: Document) -> generic.IndirectObject:
    """An empty appearance: a field with a place on the page needs one once it is signed (12.5.5)."""
    entries = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject([generic.NumberObject(number) for number in (0, 0, 1, 1)]),
    }
    return document.add_object(generic.StreamObject(entries, stream_data=b""))


def _add_field(document: Document, name: str, value: Any, draw: Any) -> None:
    """A new field that is its own widget (12.5.6.19): of no size where nothing is to be seen."""
    number = 1 if draw is None else draw.page
    page = _page(document, number)
    rectangle: Sequence[float] = (0, 0, 0, 0)
    field = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/FT"): pdf_name("/Sig"),
            pdf_name("/T"): pdf_string(name),
            pdf_name("/F"): generic.NumberObject(PRINT | LOCKED),
            pdf_name("/P"): page,
            pdf_name("/V"): value,
        }
    )
    if draw is not None:
        rectangle = draw.rectangle(page.get_object())
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): draw(document, page.get_object(), rectangle)})
    field["/Rect"] = generic.ArrayObject([number_object(coordinate) for coordinate in rectangle])
    reference = document.add_object(field)
    _add_to_form(document, reference)
    if entry(page.get_object(), "/Annots") is None:
        page.get_object()["/Annots"] = generic.ArrayObject()
    document.register_annotation(page, reference)


def number_object(number: float) -> generic.PdfObject:
    """A PDF number with at most three decimals."""
    rounded = round(number, 3)
    return generic.NumberObject(rounded) if rounded == int(rounded) else generic.FloatObject(f"{rounded:.3f}")


def _page(document: Document, number: int) -> generic.IndirectObject:
    """A page by its number: 1 is the first, -1 the last."""
    count = int(document.root["/Pages"]["/Count"])
    index = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= index < count:
        raise MisuseError("pdf.page", f"the document has no page {number}, it has {count}", "name a page that it has")
    reference: generic.IndirectObject = document.find_page_for_modification(index)[0]
    return reference


def _add_to_form(document: Document, reference: generic.IndirectObject) -> None:
    """Name the field in the interactive form (12.7.3), which is made where there is none."""
    root = document.root
    form = entry(root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        form = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([reference])})
        form["/SigFlags"] = generic.NumberObject(SIGNATURES_EXIST | APPEND_ONLY)
        root["/AcroForm"] = document.add_object(form)
        document.update_root()
        return
    fields = entry(form, "/Fields")
    if isinstance(fields, generic.ArrayObject):
        fields.append(reference)
        document.update_container(fields)
    else:
        form["/Fields"] = generic.ArrayObject([reference])
        document.update_container(form)
    _flag(document, form)


def _flag(document: Document, form: Any) -> None:
    if entry(form, "/SigFlags") != SIGNATURES_EXIST | APPEND_ONLY:
        form["/SigFlags"] = generic.NumberObject(SIGNATURES_EXIST | APPEND_ONLY)
        document.update_container(form)


def _certify(document: Document, value: Any) -> None:
    """Name the certifying signature in the catalog's /Perms (12.8.6)."""
    permissions = entry(document.root, "/Perms")
    if isinstance(permissions, generic.DictionaryObject):
        permissions["/DocMDP"] = value
        document.update_container(permissions)
        return
    document.root["/Perms"] = generic.DictionaryObject({pdf_name("/DocMDP"): value})
    document.update_root()


def _declare_extensions(document: Document, stated: Stated) -> None:
    """Declare what the document's PDF version does not have (7.12): ETSI's, or ISO/TS 32001 and 32002 for PDF 2.0."""
    _declare(document, _ESIC, _iso_extensions(stated.digest, stated.eddsa))


def declare_store(document: Document, digest: str = "") -> None:
    """The same for a security store, or for a document time stamp with an imprint by ``digest``."""
    _declare(document, _ESIC_STORE, _iso_extensions(digest))


def _iso_extensions(digest: str, eddsa: bool = False) -> list[DeveloperExtension]:
    return ([_iso(32001)] if digest.startswith("sha3") else []) + ([_iso(32002)] if eddsa else [])


def _declare(document: Document, etsi: DeveloperExtension, iso: Sequence[DeveloperExtension]) -> None:
    version = document.prev.input_version
    wanted: Sequence[DeveloperExtension] = ()
    if (1, 7) <= version < (2, 0):
        adobe = dictionary_in(dictionary_in(document.root, "/Extensions"), "/ADBE")
        wanted = (etsi,) if entry(adobe, "/ExtensionLevel", 0) < 8 else ()
    elif version >= (2, 0):
        wanted = iso
    for extension in wanted:
        if "/Extensions" not in document.root:
            document.update_root()
        document.register_extension(extension)


def _iso(level: int) -> DeveloperExtension:
    return DeveloperExtension(
        prefix_name=pdf_name("/ISO_"),
        base_version=pdf_name("/2.0"),
        extension_level=level,
        extension_revision=":2022",
        compare_by_level=False,
        multivalued=DevExtensionMultivalued.ALWAYS,
    )
