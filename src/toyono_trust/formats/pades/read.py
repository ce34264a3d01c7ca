"""Read the signatures and time stamps of a PDF into facts (EN 319 142-1, ISO 32000-2 12.8).

The file's octets decide what is covered, pyHanko's reading of its structure which signatures the document has and what
later revisions changed, and the CMS is read as any other. A file whose structure cannot be read still yields the
signatures that stand in its octets.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.asn1 import LENIENCIES, Reader
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import MAX_SIGNATURES, Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.cades.read import read_signatures, read_signed_data
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.model import (
    Facts,
    Note,
    Revision,
    Signature,
    SignatureValue,
    SignedObject,
    TimestampToken,
)
from toyono_trust.formats.pades import level as levels
from toyono_trust.formats.pades import scan
from toyono_trust.formats.pades.coverage import Coverage, coverage, overlaps
from toyono_trust.formats.pades.history import Entry, History, Past
from toyono_trust.formats.pades.octets import Covered, Octets, SignedRevision, open_octets
from toyono_trust.formats.pades.protection import ReadStore, Stamp, protect, stamps_of_lists
from toyono_trust.formats.pades.scan import ByteRange, SignatureDictionary
from toyono_trust.formats.pades.store import (
    REVOCATION_ARCHIVE,
    Store,
    had_store,
    read_archive,
    read_covered_store,
    read_store,
)
from toyono_trust.formats.pades.structure import Structure, open_structure

__all__ = ["detect", "read"]

HEADER = 1024
"""``%PDF-`` stands in so many octets from the beginning (Adobe's readers, ISO 32000-1 annex H 3.4.1)."""
CADES = "ETSI.CAdES.detached"
_DETACHED = (CADES, "adbe.pkcs7.detached")
_SHA1 = "adbe.pkcs7.sha1"
_TIMESTAMP = "ETSI.RFC3161"
_REFUSED = ("adbe.x509.rsa_sha1",)


def detect(data: bytes) -> bool:
    """Whether the first octets are those of a PDF."""
    return b"%PDF-" in data[:HEADER]


def read(content: Content, work: Work, read_token: ReadToken, password: bytes | str | None = None) -> Facts:
    """Facts of all signatures and document time stamps of a PDF.

    ``password``: of an encrypted document; without it what later revisions changed stays undetermined. Raises
    ``MalformedError`` where the file has more parts than are read.
    """
    octets = open_octets(content)
    try:
        return _read(content, octets, work, read_token, password)
    finally:
        octets.close()


REVISION_COST = 4
"""Units of "pdf-objects" for each pair of revisions where a covered one is read by itself, beside the objects: in 98
revisions an object is looked up in 49 of them. 97 document time stamps took 10 s."""


class _Reading(NamedTuple):
    """What stays the same for all signatures of one file."""

    source: Content
    octets: Octets
    history: History
    store: Store
    read_covered: ReadStore | None
    work: Work
    read_token: ReadToken


def _read(source: Content, octets: Octets, work: Work, read_token: ReadToken, password: bytes | str | None) -> Facts:
    scanned = list(scan.find(octets))
    if len(scanned) > MAX_SIGNATURES:
        raise MalformedError("limits.count", f"more than {MAX_SIGNATURES} signatures in one file")
    notes: list[Note] = []
    structure: Structure | None = None
    problem: Note | None = None
    store = Store()
    known = {item.offset: item for item in scanned}
    try:
        structure = open_structure(octets, password, known)
        if structure.locked:
            notes.append(Note("pdf.encrypted"))
        else:
            store = _store(structure, work, notes)
    except MalformedError as error:
        if error.code.startswith("limits."):
            raise
        problem = Note("pdf.structure", "", {"reason": error.message})
    entries = _entries(octets, structure, scanned, notes)
    history = History(structure, octets, problem, entries, work)

    def read_covered(byte_range: ByteRange) -> Store:
        assert structure is not None
        cost = structure.objects + REVISION_COST * structure.revisions**2
        if work.left["pdf-objects"] < cost:
            raise MalformedError("limits.work", "the revisions hold more objects than are read again")
        work.spend("pdf-objects", cost)
        return read_covered_store(octets, byte_range, password, known, work)

    stamped = any(entry.is_timestamp for entry in entries)
    may_cover = stamped and structure is not None and not structure.locked and _stored(structure, store)
    reading = _Reading(source, octets, history, store, read_covered if may_cover else None, work, read_token)
    signatures, tokens = _parts(reading, entries, notes)
    if problem is not None and not entries:
        notes.append(problem)
    elif not signatures and not tokens:
        notes.append(Note("pdf.no-signatures"))
    used = {id(token) for item in signatures for token in item.timestamps}
    alone = tuple(token for token in tokens if id(token) not in used)  # over revisions before the first signature
    kind = "PKCS7" if signatures and all(item.format == "PKCS7" for item in signatures) else "PAdES"
    return Facts(kind, tuple(signatures), alone, notes=tuple(notes))


def _store(structure: Structure, work: Work, notes: list[Note]) -> Store:
    """The validation data; that it cannot be read is said, and the signatures stand without it."""
    try:
        store = read_store(structure, work)
    except WorkExceeded:
        raise
    except MalformedError as error:
        notes.append(Note("pdf.store-malformed", "", {"reason": error.message}))
        return Store()
    if store.unread:
        notes.append(Note("pdf.store-malformed", "", {"reason": f"unreadable streams: {store.unread}"}))
    return store


def _stored(structure: Structure, store: Store) -> bool:
    """Whether some revision has validation data."""
    try:
        return store != Store() or had_store(structure)
    except MalformedError:
        return False


def _entries(
    octets: Octets, structure: Structure | None, scanned: Iterable[SignatureDictionary], notes: list[Note]
) -> tuple[Entry, ...]:
    """The signatures of the document: those of its fields, and where the structure is closed those of its octets."""
    by_offset = {item.offset: item for item in scanned}
    if structure is None or structure.locked:
        return tuple(Entry(item, coverage(octets, item), None) for item in by_offset.values())
    found: list[Entry] = []
    seen: set[tuple[int, int]] = set()
    for field in structure.fields:
        if field.object is not None:
            if field.object in seen:
                notes.append(Note("pdf.several-fields", field.name, {"field": field.name}))
                continue
            seen.add(field.object)
        item = None
        try:
            if field.offset is not None:
                item = by_offset.pop(field.offset, None) or scan.at_offset(octets, field.offset)
                by_offset.pop(item.offset, None)
        except MalformedError:
            item = None
        found.append(Entry(item, None if item is None else coverage(octets, item), field))
    if by_offset:
        notes.append(Note("pdf.signature-unreferenced", "", {"count": len(by_offset)}))
    # in the order of signing, whatever the order of the form
    found.sort(key=lambda entry: entry.place)
    return tuple(found)


def _parts(
    reading: _Reading, entries: tuple[Entry, ...], notes: list[Note]
) -> tuple[list[Signature], list[TimestampToken]]:
    """Signatures, each with the document time stamps that cover it, and all document time stamps."""
    whole = [(entry.dictionary, entry.coverage) for entry in entries if entry.dictionary and entry.coverage]
    clash = dict(
        zip(
            [dictionary.offset for dictionary, _ in whole],
            overlaps([item for _, item in whole], [dictionary for dictionary, _ in whole]),
            strict=True,
        )
    )
    stamps: list[Stamp] = []
    signatures: list[tuple[Entry, Signature]] = []
    alone = not any(entry.is_signature for entry in entries)
    for entry in entries:
        dictionary, covered = entry.dictionary, entry.coverage
        if dictionary is None or covered is None:
            signatures.append((entry, _nothing(entry, (Note("pdf.dictionary-malformed"),), None)))
            continue
        subject = (Note("pdf.byte-range.overlap"),) if clash[dictionary.offset] else ()
        if entry.is_timestamp:
            stamps.append(Stamp(entry, _token(reading, entry, dictionary, covered, subject, alone)))
        elif dictionary.name("/SubFilter") == _TIMESTAMP:
            notes.append(Note("pdf.timestamp-type", entry.name))
        else:
            signatures += [(entry, item) for item in _signatures(reading, entry, dictionary, covered, subject)]
    stored = stamps_of_lists(reading.store, signatures, reading.read_token, reading.work)
    notes += [Note("pdf.vri-timestamp", one.key) for one in stored if one.signature is None]
    stamps = protect(stamps, signatures, reading.read_covered, stored, reading.work)
    store = reduce(Store.joined, [stamp.store for stamp in stamps], reading.store)
    finished = []
    for number, (entry, item) in enumerate(signatures):
        own = [one.token for one in stored if one.signature == number]
        finished.append(levels.finish(item, entry, stamps, store, own))
    return finished, [stamp.token for stamp in stamps]


# -- document time stamps


def _token(
    reading: _Reading,
    entry: Entry,
    dictionary: SignatureDictionary,
    covered: Coverage,
    notes: tuple[Note, ...],
    alone: bool,
) -> TimestampToken:
    """A document time stamp: a token over its ``/ByteRange`` (EN 319 142-1 5.4.3).

    What changed after it is looked into only where no signature does so.
    """
    value, more = _unpadded(covered.contents)
    content = Covered(reading.octets, covered.byte_range) if covered.readable else None
    if content is not None:
        reading.work.spend("hashed-bytes", content.size)
    token = reading.read_token(Nested("document", value, None if content is None else content.digest))
    notes = (*covered.notes, *notes, *more, *_duplicate(dictionary))
    if alone:
        notes += reading.history.of(entry).notes
    return token._replace(notes=(*token.notes, *notes)) if notes else token


# -- signatures


def _signatures(
    reading: _Reading,
    entry: Entry,
    dictionary: SignatureDictionary,
    covered: Coverage,
    notes: tuple[Note, ...],
) -> list[Signature]:
    """The signatures of one dictionary: one, unless its CMS breaks the rules."""
    changes = reading.history.of(entry)
    revision = _revision(reading, entry, covered, changes)
    value, more = _unpadded(covered.contents)
    notes = (*covered.notes, *notes, *more, *_duplicate(dictionary), *changes.notes)
    subfilter = dictionary.name("/SubFilter")
    if subfilter not in (*_DETACHED, _SHA1):
        code = "pdf.subfilter-refused" if subfilter in _REFUSED else "pdf.subfilter-unknown"
        return [_nothing(entry, (*notes, Note(code, "", {"subfilter": subfilter or "-"})), revision)]
    if not value:
        return [_nothing(entry, notes or (Note("pdf.contents.malformed"),), revision)]
    try:
        signed = read_signed_data(value)
    except MalformedError as error:
        broken = Note("pdf.contents.unreadable", "", {"reason": error.message})
        return [_nothing(entry, (*notes, broken), revision)]
    if len(signed.signers) != 1:
        notes += (Note("pdf.contents.signers", "", {"count": len(signed.signers)}),)
    notes += tuple(Note(LENIENCIES[name].finding) for name in sorted(signed.leniencies))
    if subfilter != _SHA1 and signed.content is not None:
        notes += (Note("pdf.contents.encapsulates"),)
    found = _over_hash(reading, signed, covered) if subfilter == _SHA1 else _over_range(reading, signed, covered)
    form = "PAdES" if subfilter == CADES else "PKCS7"
    finished = []
    for info, item in zip(signed.signers, found, strict=True):
        item = _with_archive(item, info)
        finished.append(item._replace(format=form, level=None, notes=(*item.notes, *notes), revision=revision))
    return finished or [_nothing(entry, notes, revision)]


def _over_range(reading: _Reading, signed: cms.SignedData, covered: Coverage) -> tuple[Signature, ...]:
    """Signatures over the octets of the ``/ByteRange`` (ISO 32000-2 12.8.3.3)."""
    content = Covered(reading.octets, covered.byte_range) if covered.readable else None
    found = read_signatures(signed, content, reading.work, reading.read_token)
    if content is None:
        return found
    revision = SignedRevision(reading.source, covered.byte_range, content.known())
    return tuple(item._replace(objects=tuple(one._replace(content=revision) for one in item.objects)) for item in found)


def _over_hash(reading: _Reading, signed: cms.SignedData, covered: Coverage) -> tuple[Signature, ...]:
    """Signatures over the encapsulated SHA-1 of the octets of the ``/ByteRange`` (ISO 32000-1 12.8.3.3.1)."""
    encapsulated = signed.content
    inner = None if encapsulated is None else BytesContent(encapsulated, "SHA-1")
    found = read_signatures(signed, inner, reading.work, reading.read_token)
    range_found = covered.readable and encapsulated is not None
    intact: bool | None = None
    revision: Content | None = None
    if covered.readable:
        reading.work.spend("hashed-bytes", covered.byte_range[1] + covered.byte_range[3])
        content = Covered(reading.octets, covered.byte_range)
        intact = None if encapsulated is None else content.digest("sha1") == encapsulated
        revision = SignedRevision(reading.source, covered.byte_range, content.known())
    thing = SignedObject(reading.octets.name, range_found, intact, "sha1", encapsulated, False, revision)
    return tuple(
        item._replace(
            objects=(thing, *(one._replace(content=None) for one in item.objects)),
            digest_algorithms=tuple(dict.fromkeys((*item.digest_algorithms, "sha1"))),
        )
        for item in found
    )


def _with_archive(item: Signature, info: cms.SignerInfo) -> Signature:
    """With the revocation data of Adobe's signed attribute, where there is one."""
    for attribute in info.signed_attributes or ():
        if attribute.oid == REVOCATION_ARCHIVE:
            try:
                crls, responses = read_archive(attribute.values[0])
            except MalformedError:
                note = Note("cms.attribute-malformed", attribute.oid, {"attribute": attribute.oid})
                return item._replace(notes=(*item.notes, note))
            count = {"crls": len(crls), "responses": len(responses)}
            return item._replace(
                crls=tuple(dict.fromkeys((*item.crls, *crls))),
                ocsp_responses=tuple(dict.fromkeys((*item.ocsp_responses, *responses))),
                notes=(*item.notes, Note("pdf.revocation-archive", "", count)),
            )
    return item


def _unpadded(contents: bytes) -> tuple[bytes, tuple[Note, ...]]:
    """The signature value without the zeros behind it; anything else behind it is noted."""
    if not contents:
        return b"", ()
    try:
        end = Reader(contents, lenient=True).at(0, len(contents))[4]
    except MalformedError:
        return contents, ()
    return contents[:end], (Note("pdf.contents.trailing"),) if contents[end:].strip(b"\0") else ()


def _duplicate(dictionary: SignatureDictionary) -> tuple[Note, ...]:
    if dictionary.duplicate is None:
        return ()
    return (Note("pdf.dictionary-duplicate", dictionary.duplicate, {"key": dictionary.duplicate}),)


def _nothing(entry: Entry, notes: tuple[Note, ...], revision: Revision | None) -> Signature:
    """A signature that is there and cannot be read."""
    wire = b"" if entry.coverage is None else entry.coverage.contents
    return Signature(
        "PAdES" if entry.dictionary is not None and entry.dictionary.name("/SubFilter") == CADES else "PKCS7",
        None,
        SignatureValue("", b"", b"", wire),
        (SignedObject("", False, None),),
        notes=notes,
        revision=revision,
    )


def _revision(reading: _Reading, entry: Entry, covered: Coverage, past: Past) -> Revision:
    reason, location, name, moment = (
        reading.history.text(entry, key) for key in ("/Reason", "/Location", "/Name", "/M")
    )
    return Revision(
        entry.name,
        covered.byte_range,
        covered.readable and covered.end == reading.octets.size,
        not any(note.code.startswith("pdf.byte-range.") for note in covered.notes),
        covered.end if covered.readable else 0,
        past.kinds,
        past.permitted,
        reason,
        location,
        name,
        scan.date_of(moment),
    )
