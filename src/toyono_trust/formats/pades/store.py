"""Validation data in a PDF: the document security store (EN 319 142-1 5.4.2) and Adobe's archive of revocation data.

The store's per-signature lists (VRI) are read with the rest and their keys ignored: writers compute them differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from toyono_trust.core.asn1 import Reader
from toyono_trust.core.cms.reading import wrap_basic_response
from toyono_trust.core.limits import MAX_CERTIFICATES
from toyono_trust.errors import MalformedError
from toyono_trust.formats.pades.structure import Structure, guarded, member

__all__ = ["REVOCATION_ARCHIVE", "Store", "read_archive", "read_store"]

REVOCATION_ARCHIVE = "1.2.840.113583.1.1.8"
"""adbe-revocationInfoArchival (ISO 32000-2 12.8.3.3.2), a signed attribute."""
MAX_ITEMS = 500
"""Streams that are read from one store; the largest of the corpora has 38."""
_KEYS = {"certificates": ("/Certs", "/Cert"), "crls": ("/CRLs", "/CRL"), "ocsp_responses": ("/OCSPs", "/OCSP")}


class Store(NamedTuple):
    """DER certificates, CertificateLists and OCSPResponses of a file. ``revision``: the first that has a store."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()
    revision: int | None = None

    def __bool__(self) -> bool:
        return bool(self.certificates or self.crls or self.ocsp_responses)


def read_store(structure: Structure) -> Store:
    """The document security store of the newest revision. Raises ``MalformedError`` where it cannot be read."""
    return guarded(lambda: _read_store(structure))


def _read_store(structure: Structure) -> Store:
    from pyhanko.pdf_utils import generic

    store = member(structure.reader.root, "/DSS")
    if not isinstance(store, generic.DictionaryObject):
        return Store()
    views = [store]
    related = member(store, "/VRI")
    if isinstance(related, generic.DictionaryObject):
        views += [member(related, key) for key in list(related)[:MAX_ITEMS]]
    left = [MAX_ITEMS]
    found = {}
    for name, keys in _KEYS.items():
        items = (item for view in views for key in keys for item in _streams(view, key, left))
        found[name] = tuple(dict.fromkeys(items))
    return Store(found["certificates"][:MAX_CERTIFICATES], found["crls"], found["ocsp_responses"], _since(structure))


def _streams(view: Any, key: str, left: list[int]) -> Iterator[bytes]:
    from pyhanko.pdf_utils import generic

    listed = member(view, key)
    if not isinstance(listed, generic.ArrayObject):
        return
    for index in range(len(listed)):
        item = listed[index]
        if isinstance(item, generic.DecryptedObjectProxy):
            item = item.decrypted
        if not isinstance(item, generic.StreamObject):
            continue
        left[0] -= 1
        if left[0] < 0:
            raise MalformedError("limits.count", f"more than {MAX_ITEMS} items of validation data in one file")
        yield item.data


def _since(structure: Structure) -> int:
    """The first revision whose catalogue names a store."""
    for number in range(structure.revisions):
        if "/DSS" in structure.reader.get_historical_root(number):
            return number
    return structure.revisions - 1


def read_archive(value: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """CRLs and OCSP responses of Adobe's archive (``value``: TLV of the attribute's value). Raises ``MalformedError``.

    SEQUENCE { [0] SEQUENCE OF CertificateList, [1] SEQUENCE OF OCSPResponse, [2] … }, explicit tags, all optional.
    """
    reader = Reader(value, lenient=True)
    crls: tuple[bytes, ...] = ()
    responses: tuple[bytes, ...] = ()
    for part in reader.members(reader.root(), 0x30, 0, 3):
        if part[0] == 0xA0:
            crls = tuple(reader.tlv(item) for item in reader.members(reader.only(part), 0x30, 0, MAX_ITEMS))
        elif part[0] == 0xA1:
            inner = reader.members(reader.only(part), 0x30, 0, MAX_ITEMS)
            responses = tuple(_response(reader, item) for item in inner)
    return crls, responses


def _response(reader: Reader, node: tuple[int, int, int, int, int]) -> bytes:
    """An OCSPResponse; some writers store the BasicOCSPResponse alone, whose first member is no ENUMERATED."""
    tlv = reader.tlv(node)
    members = reader.children(node)
    return tlv if members and members[0][0] == 0x0A else wrap_basic_response(tlv)
