"""A PDF's structure as pyHanko reads it: revisions, signature fields, the catalogue (ISO 32000-2 7.5, 12.7).

pyHanko reads structure only: no CMS, no signature dictionary, whose ``/Contents`` it would read octet by octet. Its
errors end here: whatever it raises becomes a ``MalformedError``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from toyono_trust.core.limits import MAX_DEPTH, MAX_SIGNATURES
from toyono_trust.errors import MalformedError
from toyono_trust.formats.pades.octets import Octets
from toyono_trust.formats.pades.scan import SignatureDictionary

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

    from toyono_trust.formats.pades.reader import Reader

__all__ = ["Field", "Structure", "ends_with_revision", "guarded", "member", "open_structure", "signed_revision"]

MAX_FIELDS = 20_000
"""Form fields that are looked at; a tax return of the field has 4,000."""
MAX_TRAILER = 1 << 20
"""Octets of a trailer and what ends a revision."""
T = TypeVar("T")
_SILENT = logging.NullHandler()


class Field(NamedTuple):
    """A signature field with a value.

    ``object``: number and generation of the value, None where it is no object of its own. ``offset``: where that
    object stands now, None where not in the file's octets. ``dictionary``: pyHanko's field dictionary.
    """

    name: str
    object: tuple[int, int] | None
    offset: int | None
    dictionary: Any


class Structure(NamedTuple):
    """What pyHanko made of the file. ``locked``: encrypted, and no password given opens it."""

    reader: Reader
    revisions: int
    locked: bool
    fields: tuple[Field, ...]

    @property
    def objects(self) -> int:
        """Objects that the cross-references of all revisions name, each revision's counted by themselves."""
        sections = (self.reader.xrefs.get_xref_data(number) for number in range(self.revisions))
        return sum(len(section.explicit_refs_in_revision) for section in sections)


def guarded(action: Callable[[], T]) -> T:
    """The result of something that pyHanko does with a hostile file; its errors become ``MalformedError``."""
    try:
        return action()
    except MalformedError:
        raise
    # Of 3,000 mutants 52 escaped pyHanko's own errors as KeyError, AttributeError, TypeError, AssertionError,
    # NotImplementedError, RecursionError or zlib.error; this one boundary turns all of them into one error.
    except Exception as error:  # noqa: BLE001
        first = (str(error).splitlines() or [""])[0]
        raise MalformedError("pdf.structure", f"{type(error).__name__} {first[:200]}".strip()) from None


def open_structure(
    octets: Octets, password: bytes | str | None, known: Mapping[int, SignatureDictionary], *, fields: bool = True
) -> Structure:
    """Read cross-references and fields. Raises ``MalformedError`` where pyHanko cannot.

    ``known``: the signature dictionaries by their place. ``fields``: False leaves the fields out.
    """
    return guarded(lambda: _open(octets, password, known, fields))


def _open(
    octets: Octets, password: bytes | str | None, known: Mapping[int, SignatureDictionary], fields: bool
) -> Structure:
    from toyono_trust.formats.pades.reader import Reader

    logging.getLogger("pyhanko").addHandler(_SILENT)  # what it finds is said in findings
    reader = Reader(octets, known)
    introduced = reader.xrefs.get_introducing_revision
    vars(reader.xrefs)["get_introducing_revision"] = lambda reference: _introduced(introduced, reference)
    if reader.encrypted and not _unlocked(reader, password):
        return Structure(reader, reader.xrefs.total_revisions, True, ())
    return Structure(reader, reader.xrefs.total_revisions, False, tuple(_fields(reader)) if fields else ())


def _introduced(introduced: Callable[[Any], int], reference: Any) -> int:
    """The revision that brought an object; -1 for a reference to none, which means null (7.3.10).

    pyHanko raises ``KeyError`` there, in its difference analysis: 8 of 260 real files have such references.
    """
    try:
        return introduced(reference)
    except KeyError:
        return -1


def member(dictionary: Any, key: str) -> Any:
    """The value of a key, references followed and decrypted; None where there is none, or no dictionary."""
    from pyhanko.pdf_utils import generic

    if not isinstance(dictionary, generic.DictionaryObject) or key not in dictionary:
        return None
    value = dictionary[key]
    if isinstance(value, generic.DecryptedObjectProxy):
        value = value.decrypted
    return None if isinstance(value, generic.NullObject) else value


def _unlocked(reader: PdfFileReader, password: bytes | str | None) -> bool:
    """Whether the password, or none at all (many files are encrypted with an empty one), opens the file."""
    from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler

    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return False
    for attempt in ([password] if password is not None else []) + [b""]:
        if reader.decrypt(attempt).status != AuthStatus.FAILED:
            return True
    return False


def _fields(reader: PdfFileReader) -> Iterator[Field]:
    """Every signature field with a value, in the order of the form; inherited types and names resolved (12.7.4)."""
    from pyhanko.pdf_utils import generic

    waiting: list[tuple[Any, str, Any, int]]
    waiting = [(item, "", None, 0) for item in _listed(member(reader.root, "/AcroForm"), "/Fields")]
    seen: set[tuple[int, int]] = set()
    looked_at = found = 0
    while waiting:
        item, above, kind, depth = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            number = (item.idnum, item.generation)
            if number in seen:
                continue
            seen.add(number)
            item = item.get_object()
        looked_at += 1
        if looked_at > MAX_FIELDS or depth > MAX_DEPTH:
            raise MalformedError("limits.count", f"more than {MAX_FIELDS} form fields, or nested too deeply")
        if not isinstance(item, generic.DictionaryObject):
            continue
        kind = member(item, "/FT") or kind
        name = ".".join(part for part in (above, str(member(item, "/T") or "")) if part)
        if kind == "/Sig" and "/V" in item:
            found += 1
            if found > MAX_SIGNATURES:
                raise MalformedError("limits.count", f"more than {MAX_SIGNATURES} signatures in one file")
            yield _field(reader, name, item)
        waiting += [(kid, name, kind, depth + 1) for kid in _listed(item, "/Kids")]


def _listed(item: Any, key: str) -> list[Any]:
    """The items of an array, last first, references unresolved."""
    from pyhanko.pdf_utils import generic

    found = member(item, key)
    return list(found.iterate())[::-1] if isinstance(found, generic.ArrayObject) else []


def _field(reader: PdfFileReader, name: str, item: Any) -> Field:
    from pyhanko.pdf_utils import generic

    value = item.raw_get("/V")
    if not isinstance(value, generic.IndirectObject):
        return Field(name, None, None, item)
    place = reader.xrefs[value.reference]
    offset = place if isinstance(place, int) and not isinstance(place, bool) else None
    return Field(name, (value.idnum, value.generation), offset, item)


# -- revisions


def signed_revision(structure: Structure, octets: Octets, end: int) -> int | None:
    """The number of the revision that ends at ``end``: the last whose cross-references lie before it.

    None where the file has no such revision: where a reader of the first ``end`` octets alone would start at another
    place than the one that the later revisions lead back to.
    """
    xrefs = structure.reader.xrefs
    last = -1
    for number in range(structure.revisions):
        if xrefs.get_xref_container_info(number).end_location > end:
            break
        last = number
    for number in range(last + 1, structure.revisions):
        if xrefs.get_xref_container_info(number).start_location < end:
            return None
    if last < 0:
        return None
    return last if _starts_at(octets, end) == xrefs.get_startxref_for_revision(last) else None


def ends_with_revision(structure: Structure, octets: Octets) -> bool:
    """Whether the newest revision's ``%%EOF`` is the file's; pyHanko passes over what follows it."""
    xrefs = structure.reader.xrefs
    newest = structure.revisions - 1
    start = xrefs.get_xref_container_info(newest).end_location
    if octets.size - start > MAX_TRAILER:
        return False
    tail = octets.read(start, octets.size)
    found = _FIRST.search(tail)
    return (
        found is not None
        and int(found[1]) == xrefs.get_startxref_for_revision(newest)
        and not tail[found.end() :].strip(b"\0\t\n\f\r ")
    )


def _starts_at(octets: Octets, end: int) -> int | None:
    """Where the cross-references of the revision that ends at ``end`` stand; None where none ends there."""
    found = _START.search(octets.read(max(0, end - 1024), end))
    return None if found is None else int(found[1])


_FIRST = re.compile(rb"startxref[\0\t\n\f\r ]+(\d{1,19})[\0\t\n\f\r ]+%%EOF")
_START = re.compile(rb"startxref[\0\t\n\f\r ]+(\d{1,19})[\0\t\n\f\r ]+%%EOF[\0\t\n\f\r ]*\Z")
