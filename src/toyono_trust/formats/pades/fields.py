"""Signature fields: which there are, and whether one may be signed now (ISO 32000-2 12.7.5.5, 12.8.2, 12.8.6).

EN 319 142-1 takes them over unchanged. A document certified with P=1, or a lock on the field, refuses a signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from unicodedata import category

from pyhanko.pdf_utils import generic

from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.pades.document import Document, dictionary_in, entry

__all__ = [
    *("Field", "Lock", "check_permissions", "check_seed_values", "choose", "first_free", "lock_of"),
    "signature_fields",
]

MAX_FIELDS = 20_000
"""Fields walked through in one form; the largest real one seen has some thousands."""
MAX_DEPTH = 32
_FILTER, _SUB_FILTER, _VERSION, _REASONS, _LEGAL, _REVOCATION, _DIGEST = (1 << bit for bit in range(7))


class Field(NamedTuple):
    """A signature field: full name, reference, dictionary, and its signature dictionary where it is signed."""

    name: str
    reference: generic.IndirectObject
    dictionary: generic.DictionaryObject
    value: generic.DictionaryObject | None


class Lock(NamedTuple):
    """Which fields a signature locks (12.8.2.4): ``/All``, or ``/Include`` or ``/Exclude`` the names; P or None."""

    action: str
    names: tuple[str, ...]
    permitted: int | None

    def covers(self, name: str) -> bool:
        """Whether the field of this full name is locked; a name covers what is below it too."""
        named = any(name == listed or name.startswith(listed + ".") for listed in self.names)
        return self.action == "/All" or named == (self.action == "/Include")


def signature_fields(document: Document) -> list[Field]:
    """All signature fields of the form, signed or not."""
    return [field for field in _terminal(document) if _inherited(field.dictionary, "/FT") == "/Sig"]


def choose(document: Document, fields: list[Field], wanted: str | None) -> Field | str:
    """The empty field to be filled, or the name of a new one. Raises ``MisuseError`` where the name cannot be used."""
    if wanted is None:
        return first_free(document, "Signature")
    for field in fields:
        if field.name == wanted:
            if field.value is not None:
                raise MisuseError("pdf.field-signed", f"the field {wanted!r} is signed", "name another field, or none")
            return field
    if wanted in {field.name for field in _terminal(document)} | {name for name, _ in _children(document)}:
        raise MisuseError("pdf.field-kind", f"the field {wanted!r} is not for signatures", "name another field")
    if not wanted or "." in wanted or any(category(character) in ("Cc", "Cs") for character in wanted):
        raise MisuseError(
            "pdf.field-name",
            f"{wanted!r} is no name for a new field",
            "use printable characters without a dot",
        )
    return wanted


def first_free(document: Document, stem: str) -> str:
    """The first of ``stem`` with 1, 2, 3 … behind it that names no field."""
    taken = {name for name, _ in _children(document)}
    return next(name for number in range(1, MAX_FIELDS + 2) if (name := f"{stem}{number}") not in taken)


def check_permissions(
    document: Document, fields: list[Field], target: str, certify: int | None, *, draws: bool = False
) -> None:
    """Raise ``MisuseError`` where signatures that are there bar another one, or ``certify`` comes too late.

    ``draws``: a new field appears on a page.
    """
    signed = [field for field in fields if field.value is not None]
    if certify is not None and signed:
        raise MisuseError(
            "pdf.certify-late",
            f"only the first signature can certify a document; {signed[0].name!r} is signed already",
            "leave certify= out",
        )
    certifying = dictionary_in(dictionary_in(document.root, "/Perms"), "/DocMDP")
    for value in [certifying] + [field.value for field in signed]:
        for lock in _transforms(value):
            _check_lock(lock, target)
            if draws and lock.permitted == 2:
                raise MisuseError(
                    "pdf.new-appearance",
                    "a signature of this document allows to fill in and sign fields, not to draw new ones on a page",
                    "sign invisibly, or name a field that is there with field=",
                )
    for field in signed:
        own = lock_of(field)
        if own is not None and own.permitted == 1:
            _check_lock(own, target)


def _check_lock(lock: Lock, target: str) -> None:
    if lock.permitted == 1:
        raise MisuseError(
            "pdf.no-changes-allowed",
            "a signature of this document allows no change after it, not even another signature",
            "have the document signed again from its original, with certify=2 first, or sign a copy with CAdES",
        )
    if lock.action and lock.covers(target):
        raise MisuseError(
            "pdf.field-locked",
            f"a signature of this document locks the field {target!r}",
            "sign in a field that is not locked, or ask the document's author for one",
        )


def _transforms(value: Any) -> Iterator[Lock]:
    """What a signature dictionary's /Reference says of later changes: DocMDP (12.8.2.2) and FieldMDP (12.8.2.4)."""
    for reference in _array(entry(value, "/Reference")):
        method, parameters = entry(reference, "/TransformMethod"), dictionary_in(reference, "/TransformParams")
        if method == "/DocMDP":
            yield Lock("", (), int(entry(parameters, "/P", 2)))
        elif method == "/FieldMDP":
            yield _lock(parameters)


def lock_of(field: Field) -> Lock | None:
    """The lock that a signature in the field has to state (12.7.5.5, table 236), None where there is none."""
    lock = entry(field.dictionary, "/Lock")
    return None if lock is None else _lock(lock)


def _lock(dictionary: Any) -> Lock:
    action = str(entry(dictionary, "/Action", "/All"))
    if action not in ("/All", "/Include", "/Exclude"):
        raise MalformedError("pdf.not-extensible", f"a field lock has the unknown action {action}")
    permitted = entry(dictionary, "/P")
    names = tuple([str(name) for name in _array(entry(dictionary, "/Fields"))])
    return Lock(action, names, None if permitted is None else int(permitted))


def check_seed_values(field: Field, digest: str, reason: str | None) -> None:
    """Raise ``MisuseError`` where the field's author demands what this signature is not (/SV, 12.7.5.5, table 237)."""
    seed = entry(field.dictionary, "/SV")
    if seed is None:
        return
    flags = int(entry(seed, "/Ff", 0))
    demands = (
        (_FILTER, entry(seed, "/Filter", "/Adobe.PPKLite") == "/Adobe.PPKLite", "another signature handler"),
        (_SUB_FILTER, _allows(seed, "/SubFilter", "/ETSI.CAdES.detached"), "another encoding than ETSI.CAdES.detached"),
        (_VERSION, int(entry(seed, "/V", 1)) <= 3, "a later version of seed values"),
        (_REASONS, _allows(seed, "/Reasons", reason or ""), "one of the reasons that it lists"),
        (_LEGAL, "/LegalAttestation" not in seed, "a legal attestation"),
        (
            _REVOCATION,
            not entry(seed, "/AddRevInfo", False),
            "revocation data inside the CMS, which PAdES bars",
        ),
        (_DIGEST, _allows(seed, "/DigestMethod", digest.upper().replace("-", "")), "another digest"),
    )
    for flag, met, wish in demands:
        if flags & flag and not met:
            raise MisuseError("pdf.seed-value", f"the field {field.name!r} demands {wish}", "name another field")
    if int(entry(dictionary_in(seed, "/Cert"), "/Ff", 0)):
        raise MisuseError("pdf.seed-value", f"the field {field.name!r} demands certain certificates", "name another")


def _allows(seed: Any, key: str, value: str) -> bool:
    listed = [str(item) for item in _array(entry(seed, key))]
    return not listed or value in listed


def _terminal(document: Document) -> Iterator[Field]:
    """Terminal fields with their full names (12.7.4.2); bounded, each object once."""
    seen: set[int] = set()
    stack = [(name, reference, 1) for name, reference in reversed(_children(document))]
    while stack:
        name, reference, depth = stack.pop()
        if reference.idnum in seen:
            continue
        if depth > MAX_DEPTH or len(seen) > MAX_FIELDS:
            raise MalformedError("pdf.not-extensible", "the form's fields nest too deeply, or are too many")
        seen.add(reference.idnum)
        dictionary = reference.get_object()
        kids = [kid for kid in _array(entry(dictionary, "/Kids"), raw=True) if "/T" in kid.get_object()]
        if kids:
            stack += [(f"{name}.{kid.get_object()['/T']}", kid, depth + 1) for kid in reversed(kids)]
            continue
        value = entry(dictionary, "/V")
        yield Field(name, reference, dictionary, value if isinstance(value, generic.DictionaryObject) else None)


def _children(document: Document) -> list[tuple[str, generic.IndirectObject]]:
    """Names and references of the form's topmost fields."""
    form = dictionary_in(document.root, "/AcroForm")
    return [
        (str(entry(reference.get_object(), "/T", "")), reference)
        for reference in _array(entry(form, "/Fields"), raw=True)
        if isinstance(reference, generic.IndirectObject) and isinstance(reference.get_object(), dict)
    ]


def _array(value: Any, *, raw: bool = False) -> list[Any]:
    """The members of an array, references followed unless ``raw``; of anything else none."""
    if not isinstance(value, generic.ArrayObject):
        return []
    return [value.raw_get(index) if raw else value[index] for index in range(len(value))]


def _inherited(dictionary: Any, key: str) -> Any:
    """An inheritable entry (12.7.4.1) of a field."""
    for _ in range(MAX_DEPTH):
        if key in dictionary:
            return dictionary[key]
        dictionary = entry(dictionary, "/Parent")
        if not isinstance(dictionary, generic.DictionaryObject):
            return None
    raise MalformedError("pdf.not-extensible", "the form's fields form a circle")
