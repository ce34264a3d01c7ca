"""A PDF's signatures among its revisions: which one each signed, and what came after (ISO 32000-2 7.5.6).

The difference analysis runs only where something follows the signed revision, and its work is bounded for the file.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Note
from toyono_trust.formats.pades import scan
from toyono_trust.formats.pades.changes import Changes, Permission, analyse, permissions, undetermined
from toyono_trust.formats.pades.coverage import Coverage
from toyono_trust.formats.pades.octets import Octets
from toyono_trust.formats.pades.scan import SignatureDictionary
from toyono_trust.formats.pades.structure import Field, Structure, ends_with_revision, guarded, signed_revision

__all__ = ["Entry", "History", "Past"]


class Entry(NamedTuple):
    """One signature or document time stamp: its dictionary in the octets, what it covers, and its form field."""

    dictionary: SignatureDictionary | None
    coverage: Coverage | None
    field: Field | None

    @property
    def name(self) -> str:
        """Name of the field, "" where the structure is not at hand."""
        return "" if self.field is None else self.field.name

    @property
    def place(self) -> tuple[int, int]:
        """Where what it covers ends, and where it stands."""
        if self.coverage is None or self.dictionary is None:
            return 0, 0
        return self.coverage.end, self.dictionary.offset

    @property
    def is_timestamp(self) -> bool:
        """A document time stamp; old ones lack the type (EN 319 142-1 5.4.3)."""
        found = self.dictionary
        return (
            found is not None
            and found.name("/SubFilter") == "ETSI.RFC3161"
            and found.name("/Type") in ("DocTimeStamp", "")
        )

    @property
    def is_signature(self) -> bool:
        """A signature, not a time stamp nor what is neither."""
        return self.dictionary is None or self.dictionary.name("/SubFilter") != "ETSI.RFC3161"


class Past(NamedTuple):
    """What is known of one signature's place in the file's history."""

    base: int | None = None
    kinds: tuple[str, ...] = ()
    permitted: Literal[1, 2, 3] | None = None
    notes: tuple[Note, ...] = ()


class History:
    """Revisions of one file. ``problem``: the note of a structure that cannot be read, for every signature."""

    def __init__(
        self,
        structure: Structure | None,
        octets: Octets,
        problem: Note | None,
        entries: tuple[Entry, ...],
        work: Work,
    ) -> None:
        self._structure, self._octets, self._problem, self._work = structure, octets, problem, work
        self._later: dict[int, tuple[str, ...]] | None = None
        self._entries = entries
        self._known: dict[int, Past] = {}

    def of(self, entry: Entry) -> Past:
        """The place of one entry, worked out once."""
        key = id(entry.coverage)
        if key not in self._known:
            self._known[key] = self._of(entry)
        return self._known[key]

    def text(self, entry: Entry, key: str) -> str | None:
        """A text of the signature dictionary; None where it is encrypted and no password opens it."""
        if entry.dictionary is None or key not in entry.dictionary.values:
            return None
        structure = self._structure
        if structure is None or not structure.reader.encrypted:
            return scan.text_of(entry.dictionary.values[key])
        if structure.locked or entry.field is None:
            return None
        dictionary = entry.field.dictionary
        try:
            return guarded(lambda: str(dictionary["/V"][key]))
        except MalformedError:
            return None

    def _of(self, entry: Entry) -> Past:
        structure, covered, dictionary = self._structure, entry.coverage, entry.dictionary
        if structure is None or covered is None or dictionary is None:
            past = Past(notes=() if self._problem is None else (self._problem,))
            return past._replace(kinds=("undetermined",)) if covered is not None and covered.later else past
        if structure.locked or entry.field is None:
            changes = (
                undetermined("the document is encrypted, and no password opens it") if covered.later else Changes()
            )
            return Past(None, changes.kinds, None, changes.notes)
        try:
            return self._placed(structure, entry.field, dictionary, covered)
        except MalformedError as error:
            changes = undetermined(error.message)
            return Past(None, changes.kinds, None, changes.notes)

    def _placed(self, structure: Structure, field: Field, dictionary: SignatureDictionary, covered: Coverage) -> Past:
        permission = Permission()
        if "/Reference" in dictionary.entries or guarded(lambda: "/Lock" in field.dictionary):
            permission = permissions(structure, field, dictionary)
        if not covered.readable:
            return Past(None, (), permission.document)
        if not covered.later:
            return Past(structure.revisions - 1, (), permission.document)
        base = guarded(lambda: signed_revision(structure, self._octets, covered.end))
        if base is None:
            return Past(None, ("undetermined",), permission.document, (Note("pdf.revision"),))
        if field.object is not None and guarded(lambda: _moved(structure, field, base)):
            return Past(base, ("undetermined",), permission.document, (Note("pdf.dictionary-changed"),))
        if not guarded(lambda: ends_with_revision(structure, self._octets)):
            changes = undetermined(
                "octets follow that belong to no revision"
            )  # readers that repair a file may show them
            return Past(base, changes.kinds, permission.document, changes.notes)
        changes = analyse(structure, base, permission, self._signed(structure), self._stamps(), self._work)
        if structure.reader.ambiguous:
            changes = undetermined("a dictionary has a key twice, which readers understand in different ways")
        return Past(base, changes.kinds, permission.document, changes.notes)

    def _stamps(self) -> frozenset[tuple[int, int]]:
        """The objects that are document time stamps."""
        stamps = (entry.field for entry in self._entries if entry.is_timestamp)
        return frozenset(field.object for field in stamps if field is not None and field.object is not None)

    def _signed(self, structure: Structure) -> dict[int, tuple[str, ...]]:
        """Kinds of the signatures that each revision brings."""
        if self._later is None:
            found: dict[int, tuple[str, ...]] = {}
            for entry in self._entries:
                if entry.field is None or entry.field.object is None:
                    continue
                number = guarded(lambda field=entry.field: _last_change(structure, field))  # type: ignore[misc]
                kind = "timestamp" if entry.is_timestamp else "signature"
                found[number] = (*found.get(number, ()), kind)
            self._later = found
        return self._later


def _moved(structure: Structure, field: Field, base: int) -> bool:
    """Whether the field's signature dictionary stands elsewhere than in the revision that it signed."""
    return bool(structure.reader.xrefs.get_historical_ref(_reference(structure, field), base) != field.offset)


def _last_change(structure: Structure, field: Field) -> int:
    number: int = structure.reader.xrefs.get_last_change(_reference(structure, field))
    return number


def _reference(structure: Structure, field: Field) -> Any:
    from pyhanko.pdf_utils import generic

    assert field.object is not None
    return generic.Reference(*field.object, structure.reader)
