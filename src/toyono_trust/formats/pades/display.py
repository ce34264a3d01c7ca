"""What a later revision changes of what is shown: pages, annotations and forms of two revisions, side by side.

pyHanko's difference analysis says that a change is unexplained; this says whether somebody who looks at the pages sees
another document. Compared are pages with everything that they draw with (content, resources, fonts, boxes), layers,
scripts and XFA; then the annotations of each page (ISO 32000-2 7.7.3, 8.11, 12.5, 12.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pyhanko.pdf_utils import generic

from toyono_trust.core.limits import Work
from toyono_trust.formats.pades.structure import member

__all__ = ["Difference", "shown_differences"]

Difference = Literal["page-content", "overlay", "annotation"]
Resolver = Callable[[Any], Any]

_CATALOGUE = ("/Pages", "/OCProperties", "/OpenAction", "/AA")
"""Entries of the catalogue that decide what is shown."""
_QUIET = frozenset({"/Popup", "/Link", "/Text"})
"""Annotations that cover nothing as long as they bring no appearance of their own."""
_OF_PLACE = frozenset({"/P", "/Parent", "/Popup", "/IRT", "/StructParent", "/Kids"})
"""Entries of an annotation that lead away from it."""
_OF_FILLING = frozenset({"/AP", "/AS", "/V", "/MK", "/M", "/RV", "/Ff", "/DA", "/Lock", "/SV"})
_APPEARANCE = frozenset({"/AP", "/AS", "/MK"})
_HIDDEN = 2 | 32
"""Flags Hidden and NoView (12.5.3)."""


def shown_differences(old: Any, new: Any, signed: frozenset[tuple[int, int]], work: Work) -> frozenset[Difference]:
    """What differs between two of pyHanko's historical resolvers. Raises what pyHanko raises, and ``WorkExceeded``.

    ``signed``: the signature fields that were signed in between; what they show is their signers'.
    """
    comparison = _Comparison(old, new, work)
    first, second = old.root, new.root
    found: set[Difference] = set()
    for key in _CATALOGUE:
        if not comparison.same(_raw(first, key), _raw(second, key)):
            found.add("page-content")
    for path in (("/Names", "/JavaScript"), ("/AcroForm", "/XFA")):
        if not comparison.same(_at(first, path), _at(second, path)):
            found.add("page-content")
    for path in (("/AcroForm", "/DA"), ("/AcroForm", "/Q")):  # how viewers draw fields themselves
        if _at(first, path) is not None and not comparison.same(_at(first, path), _at(second, path)):
            found.add("page-content")
    if not comparison.holds(_at(first, ("/AcroForm", "/DR")), _at(second, ("/AcroForm", "/DR"))):
        found.add("page-content")
    for before, after in comparison.pages:
        found |= set(_annotations(comparison, before, after, signed))
    return frozenset(found)


def _raw(dictionary: Any, key: str) -> Any:
    return dictionary.raw_get(key) if key in dictionary else None


def _at(dictionary: Any, path: tuple[str, ...]) -> Any:
    for key in path[:-1]:
        dictionary = member(dictionary, key)
    return None if dictionary is None else _raw(dictionary, path[-1])


class _Comparison:
    """Compares objects of two revisions; each pair of references once, without recursion."""

    def __init__(self, old: Any, new: Any, work: Work) -> None:
        self.old, self.new, self.work = old, new, work
        self.pages: list[tuple[Any, Any]] = []
        self._seen: set[tuple[int, int, int, int]] = set()

    def same(self, first: Any, second: Any, skip: frozenset[str] = frozenset()) -> bool:
        """Whether two values and all that they refer to are equal; the annotations of pages are left for later.

        ``skip``: keys of the outermost dictionary that do not count.
        """
        waiting = [(first, second, skip)]
        seen: set[tuple[int, int, int, int]] = set()
        while waiting:
            first, second, skip = waiting.pop()
            self.work.spend("pdf-objects")
            one, other = isinstance(first, generic.IndirectObject), isinstance(second, generic.IndirectObject)
            if one and other:
                pair = (first.idnum, first.generation, second.idnum, second.generation)
                if pair in self._seen or pair in seen:
                    continue
                seen.add(pair)
            first = self.old.get_object(first.reference) if one else _plain(first)
            second = self.new.get_object(second.reference) if other else _plain(second)
            first, second = _plain(first), _plain(second)
            parts = self._parts(first, second, skip)
            if parts is None:
                return False
            waiting += parts
        self._seen |= seen  # only now: what differs inside would differ the next time too
        return True

    def holds(self, first: Any, second: Any) -> bool:
        """Whether everything in ``first`` is in ``second``, to whose two levels entries may have been added."""
        first, second = self._resolved(first, self.old), self._resolved(second, self.new)
        if first is None:
            return True
        if not isinstance(first, generic.DictionaryObject) or not isinstance(second, generic.DictionaryObject):
            return False
        for key in first:
            inner, outer = self._resolved(_raw(first, key), self.old), self._resolved(_raw(second, key), self.new)
            if isinstance(inner, generic.DictionaryObject) and isinstance(outer, generic.DictionaryObject):
                if not all(self.same(_raw(inner, name), _raw(outer, name)) for name in inner):
                    return False
            elif not self.same(inner, outer):
                return False
        return True

    def _resolved(self, value: Any, resolver: Any) -> Any:
        return _plain(resolver.get_object(value.reference) if isinstance(value, generic.IndirectObject) else value)

    def _parts(self, first: Any, second: Any, skip: frozenset[str]) -> list[tuple[Any, Any, frozenset[str]]] | None:
        """The parts of two values that are still to be compared; None where the values differ by themselves."""
        none: frozenset[str] = frozenset()
        if isinstance(first, generic.DictionaryObject):
            if not isinstance(second, generic.DictionaryObject):
                return None
            if _drawn(first) != _drawn(second):
                return None
            if member(first, "/Type") == "/Page" and member(second, "/Type") == "/Page":
                self.pages.append((first, second))
                skip = _PAGE
            keys = first.keys() - skip
            if keys != second.keys() - skip:
                return None
            return [(_raw(first, key), _raw(second, key), none) for key in keys]
        if isinstance(first, generic.ArrayObject):
            if not isinstance(second, generic.ArrayObject) or len(first) != len(second):
                return None
            return [(one, other, none) for one, other in zip(first.iterate(), second.iterate(), strict=True)]
        if isinstance(first, _TEXTS) or isinstance(second, _TEXTS):
            both = isinstance(first, _TEXTS) and isinstance(second, _TEXTS)
            return [] if both and first.original_bytes == second.original_bytes else None
        if isinstance(first, _NUMBERS) and isinstance(second, _NUMBERS):
            return [] if first == second else None  # 842 and 842.0 are the same number (7.3.3)
        return [] if type(first) is type(second) and first == second else None


_NUMBERS = (generic.NumberObject, generic.FloatObject)
_TEXTS = (generic.TextStringObject, generic.ByteStringObject)
_PAGE = frozenset({"/Annots", "/LastModified", "/PieceInfo", "/Metadata", "/StructParents", "/Tabs"})


def _drawn(value: Any) -> bytes | None:
    """The encoded octets of a stream, None where the object is none."""
    return value.encoded_data if isinstance(value, generic.StreamObject) else None


def _plain(value: Any) -> Any:
    if isinstance(value, generic.DecryptedObjectProxy):
        value = value.decrypted
    return None if isinstance(value, generic.NullObject) else value


# -- annotations


def _annotations(
    comparison: _Comparison, before: Any, after: Any, signed: frozenset[tuple[int, int]]
) -> Iterator[Difference]:
    """What differs between the annotations of one page."""
    old, new = _listed(before, comparison.old), _listed(after, comparison.new)
    for key, annotation in new.items():
        if key in signed:
            continue
        if key not in old:
            if not _is_signature(annotation):
                yield "overlay" if _covers(annotation) else "annotation"
            elif _covers(annotation) and ("/V" in annotation or _has_area(annotation)):
                yield "overlay"  # an empty signature field that already shows something, or one that only looks signed
        elif isinstance(annotation, generic.DictionaryObject):
            yield from _altered(comparison, old[key], annotation)
    for key, annotation in old.items():
        if key not in new:
            yield "overlay" if _covers(annotation) else "annotation"


def _altered(comparison: _Comparison, first: Any, second: Any) -> Iterator[Difference]:
    skip = _OF_PLACE
    if member(second, "/Subtype") == "/Widget":
        fixed = _is_signature(second) or _is_button(second)  # nobody fills these in: what they show stays
        skip |= _OF_FILLING - _APPEARANCE if fixed else _OF_FILLING
        if not fixed and "/AP" in first and comparison.same(_raw(first, "/V"), _raw(second, "/V")):
            if "/AP" not in second:
                yield "overlay"
            elif not comparison.same(_raw(first, "/AP"), _raw(second, "/AP")):
                yield "annotation"  # it may show another value than it has; viewers draw fields anew, too
    if not comparison.same(first, second, skip):
        yield "overlay" if _covers(first) or _covers(second) else "annotation"


def _listed(page: Any, resolver: Any) -> dict[Any, Any]:
    """The annotations of a page by their object number, or by their place where they are no objects."""
    listed = member(page, "/Annots")
    if not isinstance(listed, generic.ArrayObject):
        return {}
    found: dict[Any, Any] = {}
    for index, item in enumerate(listed.iterate()):
        direct = not isinstance(item, generic.IndirectObject)
        annotation = _plain(item if direct else resolver.get_object(item.reference))
        if annotation is not None:  # null: freed, or not defined yet
            found[("direct", index) if direct else (item.idnum, item.generation)] = annotation
    return found


def _is_signature(annotation: Any) -> bool:
    return "/Sig" in (member(annotation, "/FT"), member(member(annotation, "/Parent"), "/FT"))


def _is_button(annotation: Any) -> bool:
    """Whether it is a push button, which nobody fills in (12.7.5.2.2)."""
    kind, flags = (
        next((value for value in (member(annotation, key), member(member(annotation, "/Parent"), key)) if value), None)
        for key in ("/FT", "/Ff")
    )
    return bool(kind == "/Btn" and isinstance(flags, int) and flags & 1 << 16)


def _covers(annotation: Any) -> bool:
    """Whether an annotation can draw over the page."""
    if not isinstance(annotation, generic.DictionaryObject):
        return False
    flags = member(annotation, "/F")
    if isinstance(flags, int) and flags & _HIDDEN:
        return False
    return "/AP" in annotation or member(annotation, "/Subtype") not in _QUIET


def _has_area(annotation: Any) -> bool:
    box = member(annotation, "/Rect")
    if not isinstance(box, generic.ArrayObject) or len(box) != 4:
        return True
    left, bottom, right, top = (float(value) for value in box)
    return left != right and bottom != top
