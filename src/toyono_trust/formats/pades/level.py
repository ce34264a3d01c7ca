"""The baseline level of a PAdES signature by its structure (EN 319 142-1 6.3), and the time stamps that count for it.

Whether the validation data of B-LT is complete is for the judge; here it must be there at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from toyono_trust.formats.model import Level, Note, Signature, TimestampToken
from toyono_trust.formats.pades.coverage import Coverage
from toyono_trust.formats.pades.history import Entry
from toyono_trust.formats.pades.protection import Stamp
from toyono_trust.formats.pades.store import Store

__all__ = ["finish"]

_NOT_BASELINE = (
    *("cms.attribute-malformed", "cms.content-type-mismatch", "cms.content-type-missing", "cms.duplicate-attribute"),
    *("cms.two-certificate-references", "pdf.byte-range.", "pdf.contents.", "pdf.dictionary-", "pdf.structure"),
)
_REQUIRED = ("/Filter", "/SubFilter", "/ByteRange", "/Contents", "/M")


def finish(
    item: Signature, entry: Entry, stamps: Sequence[Stamp], store: Store, stored: Sequence[TimestampToken]
) -> Signature:
    """A signature with the document time stamps that cover it, the file's validation data and its level.

    ``stored``: time stamps of its list in the validation data, which no level asks for.
    """
    covered = entry.coverage
    if covered is None or not covered.readable:
        return item
    signing_time = item.claimed_signing_time
    later = [one for one in stamps if _follows(one, covered)]
    level: Level | None = None
    if item.format == "PAdES" and signing_time is None and _is_baseline(item, entry):
        level = _level(item, [one for one in later if one.token.imprint_intact], store)
    notes = item.notes
    stored_data = store.certificates or store.crls or store.ocsp_responses
    if item.format == "PKCS7" and (stored_data or any(note.code == "pdf.revocation-archive" for note in notes)):
        notes = (*notes, Note("pdf.adobe-ltv"))
    return item._replace(
        level=level,
        timestamps=(*item.timestamps, *stored, *(one.token for one in later)),
        certificates=tuple(dict.fromkeys((*item.certificates, *store.certificates))),
        crls=tuple(dict.fromkeys((*item.crls, *store.crls))),
        ocsp_responses=tuple(dict.fromkeys((*item.ocsp_responses, *store.ocsp_responses))),
        claimed_signing_time=signing_time or (None if item.revision is None else item.revision.modified_at),
        notes=notes,
    )


def _follows(stamp: Stamp, covered: Coverage) -> bool:
    own = stamp.entry.coverage
    return own is not None and own.readable and own.byte_range[1] >= covered.end


def _is_baseline(item: Signature, entry: Entry) -> bool:
    dictionary = entry.dictionary
    thing = item.objects[0]
    return (
        dictionary is not None
        and all(key in dictionary.entries for key in _REQUIRED)
        and thing.digest is not None
        and item.leaf is not None
        and bool(item.references)
        and not item.counter_signatures
        and not any(note.code.startswith(_NOT_BASELINE) for note in item.notes)
        and not ("/Reason" in dictionary.entries and (item.properties.commitments or item.properties.policy))
    )


def _level(item: Signature, later: Sequence[Stamp], store: Store) -> Level:
    """B-T with a time stamp in the CMS or of the document, B-LT with a store, B-LTA with one over that store."""
    if not later and not any(token.type == "signature" for token in item.timestamps):
        return "B-B"
    if not (store.crls or store.ocsp_responses):
        return "B-T"
    return "B-LTA" if any(one.store.crls or one.store.ocsp_responses for one in later) else "B-LT"
