"""PDFs that are meant to last: helpers to raise them to B-LT and B-LTA with a throw-away town, and to read them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import plain_pdfs
from made_pdf import Document, sign
from toyono_trust import seal
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Town
from toyono_trust.formats import pades, registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.draft import Appended, ValidationData
from toyono_trust.formats.model import Facts, Signature
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.pki import tsp

ENCRYPTED = "encrypted with AES-256", "encrypted with AES-128"
DOCUMENTS = {
    "classic": plain_pdfs.classic(),
    "no line end": plain_pdfs.classic(end=b"%%EOF"),
    "object streams": plain_pdfs.streamed(),
    "hybrid": plain_pdfs.hybrid(),
    "form": plain_pdfs.form({7: plain_pdfs.field(b"Text", kind=b"/Tx")}),
    "PDF 1.4": plain_pdfs.classic(version=b"1.4"),
    "PDF 2.0": plain_pdfs.classic(version=b"2.0"),
    ENCRYPTED[0]: plain_pdfs.encrypted("user", "owner"),
    ENCRYPTED[1]: plain_pdfs.encrypted("user", "owner", aes256=False),
}


def sealed(town: Town, document: bytes, who: str = "town", **details: Any) -> BytesContent:
    """A document with a signature at B-B."""
    made = seal(document, by=town.identity(who), format="pades", details=PdfDetails(**details))
    return BytesContent(bytes(made), "x.pdf")


def token(town: Town, imprint: bytes, algorithm: str = "sha256", days: int = 0, name: str = "tsa") -> bytes:
    request = tsp.request(imprint, algorithm, nonce=7)
    response = tsp.read_response(town.tsa_respond(request, town.now + timedelta(days=days), name=name))
    assert response.token is not None
    return response.token


def stamped(town: Town, signed: Content, algorithm: str = "sha256", days: int = 0, **more: Any) -> Appended:
    draft = pades.prepare_archive(signed, NO_CONTENTS, algorithm, **more)
    return pades.attach_archive(draft, token(town, draft.imprint, algorithm, days))


def data_of(town: Town, days: int = 0) -> ValidationData:
    """What a signature and a time stamp of the town are validated with."""
    lists = tuple(town.crl(name, town.now + timedelta(days=days)) for name in ("ca", "root"))
    return ValidationData((town.ca.der, town.root.der, town.identity("tsa").certificate.der), lists)


def kept(town: Town, signed: Content, days: int = 0, **more: Any) -> Appended:
    return pades.add_validation_data(signed, data_of(town, days), **more)


def facts_of(document: Content | bytes, password: str | None = None) -> Facts:
    return registry.read(document, NO_CONTENTS, Work(), password)


def one(facts: Facts) -> Signature:
    (found,) = facts.signatures
    return found


def keys(*octets: bytes) -> set[bytes]:
    return {hashlib.sha256(each).digest() for each in octets}


def codes(facts: Facts) -> set[str]:
    notes = [*facts.notes, *(note for item in facts.signatures for note in item.notes)]
    notes += [note for item in facts.signatures for stamp in item.timestamps for note in stamp.notes]
    return {note.code for note in notes}


def saved(document: Document) -> BytesContent:
    return BytesContent(document.data)


def password_of(kind: str) -> dict[str, Any]:
    return {"password": "user"} if kind in ENCRYPTED else {}


def stamped_by_hand(document: Document, town: Town, number: int, **more: Any) -> Document:
    """A document time stamp in a new revision, nothing of ours asked."""

    def signed(cms: Any) -> Document:
        by = town.identity("town")
        return sign(document, by, number=number, subfilter=b"ETSI.RFC3161", kind=b"DocTimeStamp", cms=cms, **more)

    first = signed(lambda value: value)
    start = first.data.rindex(b"/Contents <") + len(b"/Contents ")
    covered = first.data[:start] + first.data[first.data.index(b">", start) + 1 :]
    made = token(town, hashlib.sha256(covered).digest())
    return signed(lambda _: made)
