"""Validation data in a PDF: the document security store (EN 319 142-1 5.4.2) and Adobe's archive of revocation data.

The store's per-signature lists (VRI) are read with the rest. Their keys are a hint and no more, as writers compute them
differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from toyono_trust.core.asn1 import Reader
from toyono_trust.core.cms.reading import wrap_basic_response
from toyono_trust.core.limits import MAX_CERTIFICATES, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.pades.octets import Octets, covered_octets
from toyono_trust.formats.pades.scan import ByteRange, SignatureDictionary
from toyono_trust.formats.pades.structure import Structure, guarded, member, open_structure

__all__ = [
    *("MAX_ITEMS", "REVOCATION_ARCHIVE", "Store", "had_store", "read_archive", "read_covered_store"),
    "read_store",
]

REVOCATION_ARCHIVE = "1.2.840.113583.1.1.8"
"""adbe-revocationInfoArchival (ISO 32000-2 12.8.3.3.2), a signed attribute."""
MAX_ITEMS = 500
"""Streams that are read from one store; the largest of the corpora has 38."""
_KEYS = {"certificates": ("/Certs", "/Cert"), "crls": ("/CRLs", "/CRL"), "ocsp_responses": ("/OCSPs", "/OCSP")}


class Store(NamedTuple):
    """DER certificates, CertificateLists and OCSPResponses of a file.

    ``tokens``: time-stamp tokens of its per-signature lists, each with the list's key without slash. ``unread``: items
    that could not be read.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()
    tokens: tuple[tuple[str, bytes], ...] = ()
    unread: int = 0

    def joined(self, other: Store) -> Store:
        """Both, nothing twice."""
        return Store(
            tuple(dict.fromkeys(self.certificates + other.certificates)),
            tuple(dict.fromkeys(self.crls + other.crls)),
            tuple(dict.fromkeys(self.ocsp_responses + other.ocsp_responses)),
            tuple(dict.fromkeys(self.tokens + other.tokens)),
            self.unread + other.unread,
        )


def read_store(structure: Structure, work: Work) -> Store:
    """The document security store of the newest revision. Raises ``MalformedError`` where it cannot be read."""
    return guarded(lambda: _Items(structure, work).store())


def read_covered_store(
    octets: Octets,
    byte_range: ByteRange,
    password: bytes | str | None,
    known: Mapping[int, SignatureDictionary],
    work: Work,
) -> Store:
    """The store of a revision, out of the octets that a ``/ByteRange`` covers and nothing else.

    What a later revision says of earlier objects cannot make anything pass for covered. ``known``: as of
    ``open_structure``. Raises ``MalformedError`` where the revision cannot be read by itself.
    """
    structure = open_structure(covered_octets(octets, byte_range), password, known, fields=False)
    return Store() if structure.locked else read_store(structure, work)


class _Items:
    """Reads the streams of one store, each object once."""

    def __init__(self, structure: Structure, work: Work) -> None:
        self._root, self._work = structure.reader.root, work
        self._read: dict[tuple[int, int], bytes | None] = {}
        self._left, self._unread = MAX_ITEMS, 0

    def store(self) -> Store:
        from pyhanko.pdf_utils import generic

        store = member(self._root, "/DSS")
        if not isinstance(store, generic.DictionaryObject):
            return Store()
        related = member(store, "/VRI")
        names = list(related)[:MAX_ITEMS] if isinstance(related, generic.DictionaryObject) else []
        lists = {str(key)[1:]: member(related, key) for key in names}
        found = {}
        for name, keys in _KEYS.items():
            items = (item for view in (store, *lists.values()) for key in keys for item in self._listed(view, key))
            found[name] = tuple(dict.fromkeys(items))
        tokens = [(key, self._one(view.raw_get("/TS"))) for key, view in lists.items() if member(view, "/TS")]
        return Store(
            found["certificates"][:MAX_CERTIFICATES],
            found["crls"],
            found["ocsp_responses"],
            tuple((key, token) for key, token in tokens if token is not None),
            self._unread,
        )

    def _listed(self, view: Any, key: str) -> Iterator[bytes]:
        from pyhanko.pdf_utils import generic

        listed = member(view, key)
        if not isinstance(listed, generic.ArrayObject):
            return
        for item in listed.iterate():
            data = self._one(item)
            if data is not None:
                yield data

    def _one(self, item: Any) -> bytes | None:
        """The octets of a stream; None of anything else, and of what cannot be read."""
        from pyhanko.pdf_utils import generic

        if not isinstance(item, generic.IndirectObject):
            return None
        place = (item.idnum, item.generation)
        if place not in self._read:
            self._left -= 1
            if self._left < 0:
                raise MalformedError("limits.count", f"more than {MAX_ITEMS} items of validation data in one file")
            try:
                self._read[place] = guarded(lambda: self._data(item.get_object()))
            except MalformedError as error:
                if error.code.startswith("limits."):
                    raise
                self._read[place] = None
                self._unread += 1
        return self._read[place]

    def _data(self, stream: Any) -> bytes | None:
        from pyhanko.pdf_utils import generic

        if isinstance(stream, generic.DecryptedObjectProxy):
            stream = stream.decrypted
        if not isinstance(stream, generic.StreamObject):
            return None
        data: bytes = stream.data
        self._work.spend("hashed-bytes", len(data))
        self._work.spend("repeated-bytes", max(0, len(data) - len(stream.encoded_data)))  # what was decompressed
        return data


def had_store(structure: Structure) -> bool:
    """Whether any revision has a store. Raises ``MalformedError`` where that cannot be read."""
    root = structure.reader.get_historical_root
    return guarded(lambda: any("/DSS" in root(number) for number in range(structure.revisions)))


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
