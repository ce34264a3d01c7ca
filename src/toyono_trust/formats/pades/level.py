"""The baseline level of a PAdES signature by its structure (EN 319 142-1 6.3), and the time stamps that count for it.

Whether the validation data of B-LT is complete is for the judge; here it must be there at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from toyono_trust.formats.model import Level, Signature, TimestampToken
from toyono_trust.formats.pades.coverage import Coverage
from toyono_trust.formats.pades.history import Entry, History
from toyono_trust.formats.pades.store import Store

__all__ = ["finish"]

_NOT_BASELINE = (
    *("cms.attribute-malformed", "cms.content-type-mismatch", "cms.content-type-missing", "cms.duplicate-attribute"),
    *("cms.two-certificate-references", "pdf.byte-range.", "pdf.contents.", "pdf.dictionary-", "pdf.structure"),
)
_REQUIRED = ("/Filter", "/SubFilter", "/ByteRange", "/Contents", "/M")


def finish(
    item: Signature,
    entry: Entry,
    tokens: Sequence[tuple[Coverage, TimestampToken]],
    store: Store,
    history: History,
) -> Signature:
    """A signature with the document time stamps that cover it, the file's validation data and its level."""
    covered = entry.coverage
    if covered is None or not covered.readable:
        return item
    signing_time = item.claimed_signing_time
    later = [(one, token) for one, token in tokens if one.readable and one.byte_range[1] >= covered.end]
    sound = [one for one, token in later if token.imprint_intact]
    item = item._replace(
        timestamps=(*item.timestamps, *(token for _, token in later)),
        certificates=tuple(dict.fromkeys((*item.certificates, *store.certificates))),
        crls=tuple(dict.fromkeys((*item.crls, *store.crls))),
        ocsp_responses=tuple(dict.fromkeys((*item.ocsp_responses, *store.ocsp_responses))),
        claimed_signing_time=signing_time or (None if item.revision is None else item.revision.modified_at),
    )
    if item.format != "PAdES" or signing_time is not None or not _is_baseline(item, entry):
        return item
    return item._replace(level=_level(item, sound, store, history))


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


def _level(item: Signature, later: list[Coverage], store: Store, history: History) -> Level:
    """B-T with a time stamp in the CMS or of the document, B-LT with a store, B-LTA with one over that store."""
    if not later and not any(token.type == "signature" for token in item.timestamps):
        return "B-B"
    if store.revision is None or not (store.crls or store.ocsp_responses):
        return "B-T"
    protected = any(history.covers(one, store.revision) for one in later)
    return "B-LTA" if protected else "B-LT"
