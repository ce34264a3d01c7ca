"""Climb from B-T to B-LT and B-LTA: validation data, then a document time stamp over it (EN 319 142-1 5.4, 5.5, 6.3).

Each step is one more incremental update, so that every octet that was there stays. Once the validation data of the last
time stamp has been added, another time stamp renews the protection; that may be repeated without end. A document
time stamp alone also makes B-T out of B-B, where the CMS has no room for a signature time stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from toyono_trust.core.algorithms import digest, new_hash
from toyono_trust.core.content import Content
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Appended, ArchiveDraft, Covered, DoesNotFit, ValidationData

if TYPE_CHECKING:
    from toyono_trust.formats.pades.document import Document

__all__ = ["add_validation_data", "attach_archive", "prepare_archive"]

ROOM = 8192
"""Octets kept for a token whose size is not known. Real ones with their chain have 2 to 7 KB, rarely more."""
MAX_ROOM = 1 << 20
T = TypeVar("T")


def add_validation_data(
    signed: Content, data: ValidationData, index: int = 0, *, password: str | bytes | None = None
) -> Appended:
    """Add certificates, CRLs and OCSP responses to the document security store: B-LT.

    ``signed``: a PDF, or what ``finish`` and the functions here gave, which then grows. What the store has already is
    not added twice; with nothing new no octet is. ``index``: of the signature that the data is for, only checked, as a
    PDF has one store. ``password``: of an encrypted document.
    Raises ``MisuseError`` where there is no such signature, or the store would have more than readers take;
    ``MalformedError`` where the document's structure has no strict reading.
    """
    from toyono_trust.formats.pades.store_update import check_signature, write_store

    def write(document: Document, gap: bytes) -> bytes:
        check_signature(document, index, required=True)
        return write_store(document, signed.size, gap, data)

    return _grown(signed, _extended(signed, password, write))


def prepare_archive(
    signed: Content,
    contents: Contents,
    algorithm: str,
    index: int = 0,
    *,
    room: int = ROOM,
    password: str | bytes | None = None,
) -> ArchiveDraft:
    """The update with an empty document time stamp, and the imprint that its token is over: B-LTA.

    ``algorithm``: digest name. ``room``: octets kept for the token. ``contents`` is not looked at: a PDF holds its
    content. The others, and what is raised: as of ``add_validation_data``; a PDF without signatures can be stamped too.
    """
    from toyono_trust.formats.pades.store_update import check_signature
    from toyono_trust.formats.pades.update import write_timestamp

    new_hash(algorithm)  # an unknown one fails here
    if not 0 < room <= MAX_ROOM:
        raise MisuseError("pdf.room", f"no token has {room} octets", f"keep room for 1 to {MAX_ROOM} octets")

    def write(document: Document, gap: bytes) -> tuple[bytes, tuple[int, int]]:
        check_signature(document, index, required=False)
        seed = digest("sha256", repr((signed.size, algorithm)).encode("ascii") + document.identifier)[:16]
        return write_timestamp(document, signed.size, gap, algorithm, room, seed)

    update, (start, end) = _extended(signed, password, write)
    before = len(signed.update) if isinstance(signed, Appended) else 0
    grown = _grown(signed, update)._replace(hole=(before + start, before + end))
    return ArchiveDraft(Covered(grown).digest(algorithm), grown)


def attach_archive(draft: ArchiveDraft, token: bytes) -> Appended:
    """Put a document time stamp (DER token) in its place. Raises ``DoesNotFit`` where ``room`` was too small."""
    grown: Appended = draft.state
    start, end = grown.hole
    if 2 * len(token) > end - start:
        raise DoesNotFit
    value = token.hex().encode("ascii").ljust(end - start, b"0")
    return grown._replace(update=grown.update[:start] + value + grown.update[end:], hole=(0, 0))


def _grown(signed: Content, update: bytes) -> Appended:
    """The document with one more update; the signatures before it can take nothing up anymore."""
    base = signed if isinstance(signed, Appended) else Appended(signed, b"")
    return base._replace(update=base.update + update, cms=b"", hole=(0, 0)) if update else base


def _extended(signed: Content, password: str | bytes | None, write: Callable[[Document, bytes], T]) -> T:
    """What ``write`` makes of the opened document, and of what must stand between its end and the first object."""
    # pyHanko is loaded where a PDF is extended and nowhere else
    from toyono_trust.formats.pades.document import line_end, open_document, structure

    document = open_document(signed, password)
    try:
        with structure():
            return write(document, line_end(document))
    finally:
        document.prev.stream.close()
