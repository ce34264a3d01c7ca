"""The incremental update that writes the document security store (EN 319 142-1 5.4.2, ISO 32000-2 12.8.4.3).

Certificates, CRLs and OCSP responses become streams of DER, named by ``/Certs``, ``/CRLs`` and ``/OCSPs``. What the
store names already stays named: a later revision must not take away what an earlier one was validated with.
No per-signature lists (VRI) are written: they are optional, writers disagree on their keys, and no reader needs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from toyono_trust.core.limits import MAX_CERTIFICATES
from toyono_trust.errors import MisuseError
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.pades.document import Document, Tail, entry
from toyono_trust.formats.pades.fields import signature_fields
from toyono_trust.formats.pades.store import MAX_ITEMS
from toyono_trust.formats.pades.update import declare_store

__all__ = ["check_signature", "write_store"]


def check_signature(document: Document, index: int, *, required: bool) -> None:
    """Raise ``MisuseError`` where the document has no signature number ``index``.

    Where it has document time stamps alone, or nothing and it is not ``required``, number 0 stands for the document.
    """
    found = {id(field.value): field.value for field in signature_fields(document) if field.value is not None}
    values = list(found.values())  # several fields may show one signature
    stamps = sum(entry(value, "/SubFilter") == "/ETSI.RFC3161" for value in values)
    if required and not values:
        raise MisuseError("pdf.no-signatures", "the document holds no signature", "sign it first")
    signatures = len(values) - stamps
    if not 0 <= index < max(1, signatures):
        raise MisuseError(
            "pdf.no-such-signature",
            f"there is no signature number {index}; the document holds {signatures}",
            "count from 0",
        )


def write_store(document: Document, size: int, gap: bytes, data: ValidationData) -> bytes:
    """The update that adds ``data`` to the store; b"" where all of it is there already.

    ``size``: octets of the document; ``gap``: what must stand between its end and the first object.
    Raises ``MisuseError`` where the store would have more than readers take.
    """
    store = entry(document.root, "/DSS")
    if not isinstance(store, generic.DictionaryObject):
        store = None
    seed = hashlib.sha256(repr(size).encode("ascii") + document.identifier)
    changed: dict[str, list[Any]] = {}
    total = 0
    for key, items in (("/Certs", data.certificates), ("/CRLs", data.crls), ("/OCSPs", data.ocsp_responses)):
        old = list(_references(store, key))
        known = {digest for reference in old if (digest := _digest(reference)) is not None}
        new = []
        for octets in items:
            digest = hashlib.sha256(octets).digest()
            if digest not in known:
                known.add(digest)
                seed.update(digest)
                new.append(document.add_object(generic.StreamObject(stream_data=octets)))
        total += len(old) + len(new)
        if new:
            changed[key] = old + new
        if key == "/Certs" and len(old) + len(new) > MAX_CERTIFICATES:
            raise _too_many(MAX_CERTIFICATES, "certificates")
    if total > MAX_ITEMS:
        raise _too_many(MAX_ITEMS, "items of validation data")
    if not changed:
        return b""
    _name(document, store, changed)
    declare_store(document)
    document.check_hidden()
    document.identify(seed.digest()[:16])
    tail = Tail(size, gap)
    document.write(tail)
    return tail.getvalue()


def _too_many(most: int, what: str) -> MisuseError:
    return MisuseError(
        "pdf.store-full", f"the document would hold more than {most} {what}", "leave out what is no longer needed"
    )


def _references(store: Any, key: str) -> Iterator[generic.IndirectObject]:
    listed = None if store is None else entry(store, key)
    if isinstance(listed, generic.ArrayObject):
        for item in listed.iterate():
            if isinstance(item, generic.IndirectObject):
                yield item


def _digest(reference: generic.IndirectObject) -> bytes | None:
    """SHA-256 of what a stream holds; None of anything else."""
    item = reference.get_object()
    if isinstance(item, generic.DecryptedObjectProxy):
        item = item.decrypted
    return hashlib.sha256(item.data).digest() if isinstance(item, generic.StreamObject) else None


def _name(document: Document, store: Any, changed: dict[str, list[Any]]) -> None:
    """Name the streams in the store, which is made where there is none."""
    if store is None:
        store = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/DSS")})
        document.root["/DSS"] = document.add_object(store)
        document.update_root()
    else:
        document.update_container(store)
    for key, references in changed.items():
        store[key] = generic.ArrayObject(references)
