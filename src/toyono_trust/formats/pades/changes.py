"""What revisions after the signed one changed, and whether they may (ISO 32000-2 12.8.2).

pyHanko explains changes that signing, archiving and form filling make; what it cannot explain is named here by what it
does to the pages. Nothing is decided: each change is a kind for the reader and a note for the judge.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Note
from toyono_trust.formats.pades.scan import SignatureDictionary
from toyono_trust.formats.pades.structure import Field, Structure, guarded, member

if TYPE_CHECKING:
    from pyhanko.sign.fields import FieldMDPSpec

__all__ = ["Changes", "Permission", "analyse", "permissions", "undetermined"]

Place = tuple[int, int]
"""Number and generation of an object."""


class Permission(NamedTuple):
    """What the signer permits: DocMDP's level, None where the document is not certified; FieldMDP's locked fields."""

    document: Literal[1, 2, 3] | None = None
    fields: FieldMDPSpec | None = None


class Changes(NamedTuple):
    """Kinds of later changes, oldest first (``model.Revision.changes``), and what the judge should know of them."""

    kinds: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def undetermined(reason: str, count: int = 1) -> Changes:
    """Changes that could not be looked into."""
    return Changes(("undetermined",) * max(1, count), (Note("pdf.changes.undetermined", "", {"reason": reason}),))


# -- what is permitted


def permissions(structure: Structure, field: Field, signature: SignatureDictionary) -> Permission:
    """DocMDP and FieldMDP of a signature's ``/Reference`` (12.8.2.2, 12.8.2.4), else of its field's ``/Lock``."""
    return guarded(lambda: _permissions(structure, field, signature))


def _permissions(structure: Structure, field: Field, signature: SignatureDictionary) -> Permission:
    from pyhanko.pdf_utils import generic

    document: Any = None
    locked: Any = None
    raw = signature.values.get("/Reference")
    if raw is not None:
        listed = generic.read_object(io.BytesIO(raw + b" "), generic.Reference(*signature.object, structure.reader))
        for item in listed.get_object():
            reference = item.get_object()
            parameters = member(reference, "/TransformParams")
            if member(reference, "/TransformMethod") == "/DocMDP":
                level = member(parameters, "/P")
                document = 2 if level is None else int(level)
            elif member(reference, "/TransformMethod") == "/FieldMDP":
                locked = parameters
    lock = member(field.dictionary, "/Lock")
    if lock is not None:
        if document is None and "/P" in lock:
            document = int(lock["/P"])
        locked = locked or lock
    if document not in (None, 1, 2, 3):
        raise MalformedError("pdf.structure", f"DocMDP has the level {document}")
    return Permission(document, _locked_fields(locked) if locked else None)


def _locked_fields(parameters: Any) -> FieldMDPSpec:
    from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec

    action = FieldMDPAction(parameters["/Action"])
    if action == FieldMDPAction.ALL:
        return FieldMDPSpec(action)
    return FieldMDPSpec(action, [str(name) for name in parameters["/Fields"]])


# -- what came later

COMPARISON_COST = 10
"""Units of "pdf-objects" for one object that a later revision names, each time it is compared: it takes 18 µs. 24 junk
stamps whose revisions name 20,000 objects each kept a reader busy for 60 s."""
FIELD_COST = 4
"""The same for one field of the form and one revision in which it is looked up, 8 µs. Three signatures and 97 document
time stamps took half a minute; 75 time stamps over one signature are within bounds."""


def analyse(
    structure: Structure,
    base: int,
    permission: Permission,
    signed_later: Mapping[int, tuple[str, ...]],
    stamps: frozenset[Place],
    work: Work,
) -> Changes:
    """Compare the signed revision ``base`` with every later one.

    ``signed_later``: the kinds of signatures (``"signature"``, ``"timestamp"``) that each revision brings. ``stamps``:
    the objects that are document time stamps.
    """
    later = structure.revisions - 1 - base
    if later <= 0:
        return Changes()
    if work.left["pdf-comparisons"] < later:
        return undetermined(f"{later} later revisions are more than are compared", later)
    try:
        work.spend("pdf-comparisons", later)
        return guarded(lambda: _analyse(structure, base, permission, signed_later, stamps, work))
    except WorkExceeded:
        return undetermined("the revisions hold more objects than are compared", later)
    except MalformedError as error:
        return undetermined(error.message, later)


def _analyse(
    structure: Structure,
    base: int,
    permission: Permission,
    signed_later: Mapping[int, tuple[str, ...]],
    stamps: frozenset[Place],
    work: Work,
) -> Changes:
    from toyono_trust.formats.pades.display import shown_differences

    reader = structure.reader
    later = range(base + 1, structure.revisions)
    named = sum(len(reader.xrefs.get_xref_data(number).explicit_refs_in_revision) for number in later)
    looked_up = len(later) * len(structure.fields) * structure.revisions
    work.spend("pdf-objects", COMPARISON_COST * named + FIELD_COST * looked_up)
    old = reader.get_historical_resolver(base)
    kinds: list[str] = []
    notes: dict[str, Note] = {}
    signature_fields = {field.name for field in structure.fields}
    unexplained = 0
    for number in later:
        new = reader.get_historical_resolver(number)
        quiet = _of_stamps(structure, old, new, stamps) if "timestamp" in signed_later.get(number, ()) else frozenset()
        result = _compared(old, new, permission, quiet, notes)
        if result is None:
            unexplained += 1
        else:
            filled = not result.fields <= signature_fields
            kinds += _kinds(structure, number, signed_later.get(number, ()), filled, result)
            _locked(result.fields, permission, notes)
    newest = reader.get_historical_resolver(structure.revisions - 1)
    shown = shown_differences(old, newest, _signed_widgets(structure, base), work)
    if unexplained or shown:  # what is shown counts, whatever explanation pyHanko has for it
        kinds += [_name(shown)] * max(1, unexplained)
        _note_unexplained(shown, permission, notes)
    if "form-filling" in kinds or _redrawn(old, newest):
        notes.setdefault("pdf.changes.form-filling", Note("pdf.changes.form-filling"))
    return Changes(tuple(kinds), tuple(notes.values()))


def _redrawn(old: Any, newest: Any) -> bool:
    """Whether viewers are told to draw the form's fields themselves, which they were not when it was signed."""
    before, after = (member(member(one.root, "/AcroForm"), "/NeedAppearances") for one in (old, newest))
    return bool(after) and not bool(before)


def _of_stamps(structure: Structure, old: Any, new: Any, stamps: frozenset[Place]) -> frozenset[Place]:
    """New objects of the appearance of document time stamps that are not seen.

    Some writers give an invisible field an empty appearance. That is no form filling: updates with document time stamps
    are no changes (12.8.2.2, table 257).
    """
    from pyhanko.pdf_utils import generic

    found: set[Place] = set()
    values = Counter(field.object for field in structure.fields)
    for field in structure.fields:
        place = getattr(field.dictionary, "container_ref", None)
        if field.object not in stamps or values[field.object] > 1 or not isinstance(place, generic.Reference):
            continue
        widget = new.get_object(place)
        box = member(widget, "/Rect")
        if not isinstance(box, generic.ArrayObject) or len(box) != 4 or "/AP" not in widget:
            continue
        if box[0] != box[2] and box[1] != box[3]:
            continue
        drawn = new.collect_dependencies(widget.raw_get("/AP"), since_revision=old.revision + 1)
        found |= {(item.idnum, item.generation) for item in drawn if old.is_ref_unassignable(item)}
    return frozenset(found)


def _signed_widgets(structure: Structure, base: int) -> frozenset[Place]:
    """The fields that were signed after revision ``base``, each by a signature dictionary of its own."""
    from pyhanko.pdf_utils import generic

    values = Counter(field.object for field in structure.fields)
    signed = set()
    for field in structure.fields:
        place = getattr(field.dictionary, "container_ref", None)
        if field.object is None or values[field.object] > 1 or not isinstance(place, generic.Reference):
            continue
        value = generic.Reference(*field.object, structure.reader)
        if structure.reader.xrefs.get_introducing_revision(value) > base:
            signed.add((place.idnum, place.generation))
    return frozenset(signed)


class _Compared(NamedTuple):
    """PyHanko's result for two revisions, and the form fields that the newer one itself changed."""

    level: str
    fields: frozenset[str]


def _compared(
    old: Any, new: Any, permission: Permission, quiet: frozenset[Place], notes: dict[str, Note]
) -> _Compared | None:
    """Compare two revisions; None where pyHanko finds a change that it cannot explain."""
    certified = permission.document
    result = _explained(old, new, certified, quiet)
    if result is None and certified is not None:
        result = _explained(old, new, None, quiet)  # what is explained now was forbidden by the certification alone
        if result is not None:
            _violation(permission, notes)
    elif result is not None and certified is not None and _LEVELS[result.level] > certified:
        _violation(permission, notes)
    return result


_LEVELS = {"NONE": 0, "LTA_UPDATES": 1, "FORM_FILLING": 2, "ANNOTATIONS": 3, "OTHER": 4}


def _explained(old: Any, new: Any, certified: int | None, quiet: frozenset[Place]) -> _Compared | None:
    """Run pyHanko's rules once and listen to what the one about forms says: its result names too many fields.

    ``quiet``: objects that are no form filling, whatever it says.
    """
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, StandardDiffPolicy, SuspiciousModification
    from pyhanko.sign.diff_analysis.policy_api import ModificationLevel
    from pyhanko.sign.fields import MDPPerm

    rule = DEFAULT_DIFF_POLICY.form_rule
    heard: list[Any] = []

    class Listening:
        def apply(self, before: Any, after: Any) -> Iterator[Any]:
            for level, update in () if rule is None else rule.apply(before, after):
                if (update.updated_ref.idnum, update.updated_ref.generation) in quiet:
                    level = ModificationLevel.LTA_UPDATES
                    update = replace(update, valid_when_locked=True, valid_when_certifying=True)
                heard.append(update)
                yield level, update

    policy = StandardDiffPolicy(DEFAULT_DIFF_POLICY.global_rules, Listening())  # type: ignore[arg-type]
    try:
        result = policy.apply(old, new, None, None if certified is None else MDPPerm(certified))
    except SuspiciousModification:
        return None
    touched = new.explicit_refs_in_revision()
    fields = {
        update.field_name
        for update in heard
        if update.field_name is not None and not update.valid_when_locked and update.updated_ref in touched
    }
    return _Compared(result.modification_level.name, frozenset(fields))


def _violation(permission: Permission, notes: dict[str, Note]) -> None:
    notes.setdefault("pdf.changes.doc-mdp", Note("pdf.changes.doc-mdp", "", {"permitted": permission.document}))


def _locked(fields: frozenset[str], permission: Permission, notes: dict[str, Note]) -> None:
    spec = permission.fields
    names = sorted(name for name in fields if spec is not None and spec.is_locked(name))
    if names:
        notes.setdefault("pdf.changes.field-mdp", Note("pdf.changes.field-mdp", names[0], {"field": names[0]}))


def _kinds(structure: Structure, number: int, signed: tuple[str, ...], filled: bool, result: _Compared) -> list[str]:
    """What an explained revision did."""
    found = [*signed, "form-filling"] if filled else list(signed)
    if result.level == "ANNOTATIONS":
        found.append("annotation")
    if not found:
        root = structure.reader.get_historical_root(number)
        before = structure.reader.get_historical_root(number - 1)
        same = _reference(root, "/DSS") == _reference(before, "/DSS")
        found.append("metadata" if same and not _touches_store(structure, number) else "validation-data")
    return found


def _reference(root: Any, key: str) -> Any:
    from pyhanko.pdf_utils import generic

    value = root.raw_get(key) if key in root else None
    return (value.idnum, value.generation) if isinstance(value, generic.IndirectObject) else value


def _touches_store(structure: Structure, number: int) -> bool:
    """Whether a revision replaces the object that holds the document security store."""
    reference = _reference(structure.reader.get_historical_root(number), "/DSS")
    touched = structure.reader.xrefs.explicit_refs_in_revision(number)
    return any((item.idnum, item.generation) == reference for item in touched)


def _name(shown: frozenset[Any]) -> str:
    if "page-content" in shown or "overlay" in shown:
        return "page-content"
    return "annotation" if shown else "other"


def _note_unexplained(shown: frozenset[Any], permission: Permission, notes: dict[str, Note]) -> None:
    """Notes for changes that are neither signing, nor archiving, nor form filling."""
    code = "pdf.changes.other"
    if "page-content" in shown:
        code = "pdf.changes.page-content"
    elif "overlay" in shown:
        code = "pdf.changes.overlay"
    elif shown:
        code = "pdf.changes.annotations"
    notes.setdefault(code, Note(code))
    allowed = permission.document is None or (permission.document == 3 and "page-content" not in shown and bool(shown))
    if not allowed:
        _violation(permission, notes)
