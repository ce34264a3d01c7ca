"""Write PAdES-B-B, and put signature time stamps into it (ETSI EN 319 142-1 6.3).

``/Contents`` is as long as the CMS: its length is known before anything is signed, but for the two to eight octets by
which an ECDSA value varies (zeros fill them). With a time stamp to come, room for it is kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, cast
from unicodedata import category

from toyono_trust.core.algorithms import by_name, digest, new_hash
from toyono_trust.core.content import Content
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.formats import cades
from toyono_trust.formats.draft import Appended, Covered, DoesNotFit, Draft, SigningInput
from toyono_trust.formats.model import Place, Properties
from toyono_trust.formats.pades.details import DEFAULT, PdfDetails
from toyono_trust.pki.certificate import Certificate

__all__ = ["attach", "finish", "imprint", "prepare"]

MAX_TEXT = 2000
"""Characters of a free text."""
_ATTRIBUTE = 48
"""Octets around a token in the CMS: OID and lengths of the unsigned attribute, and the lengths that grow around it."""


class _Digested(NamedTuple):
    """A content by its digest, which is all that the CMS asks of it."""

    digests: dict[str, bytes]

    def digest(self, algorithm: str) -> bytes:
        return self.digests[algorithm]


def prepare(request: SigningInput) -> Draft:
    """The update without its signature, and the signed attributes over it, which the key signs.

    Raises ``MisuseError`` where the content is no PDF that may be signed so, or where PAdES bars a property;
    ``MalformedError`` where the document's structure has no strict reading.
    """
    details = _details(request)
    properties = _properties(request, details)
    row = by_name(request.algorithm)
    digest_name = (row.digest if row is not None else None) or "sha512"
    covered = _Digested({digest_name: bytes(new_hash(digest_name).digest_size)})
    inner = request._replace(content=cast(Content, covered), detached=True, claimed_at=None, properties=properties)
    longest = cades.finish(cades.prepare(inner), bytes(_longest_value(request.certificate, request.algorithm)))
    room = len(longest) + (request.token_room + _ATTRIBUTE if request.token_room else 0)
    update, hole = _update(request, details, digest_name, room)
    signed = Appended(request.content, update, b"", hole)
    covered.digests[digest_name] = Covered(signed).digest(digest_name)
    draft = cades.prepare(inner)
    return Draft(draft.to_be_signed, (draft, signed))


def finish(draft: Draft, signature: bytes) -> Appended:
    """The signed document. Raises ``UnavailableError`` for a signature longer than the key can give."""
    inner, signed = draft.state
    cms = cades.finish(inner, signature)
    if 2 * len(cms) > signed.hole[1] - signed.hole[0]:
        raise UnavailableError(
            "pdf.signature-size", "the key returned a longer signature than its kind has", retryable=False
        )
    return _filled(signed, cms)


def imprint(signed: Appended, algorithm: str) -> bytes:
    """Digest that a signature time stamp is over: the signature value's (EN 319 122-1 5.3)."""
    return cades.imprint(signed.cms, algorithm)


def attach(signed: Appended, token: bytes) -> Appended:
    """Put a signature time stamp (DER token) into the CMS. Raises ``DoesNotFit`` where its room is too small."""
    stamped = cades.attach(signed.cms, token)
    if 2 * len(stamped) > signed.hole[1] - signed.hole[0]:
        raise DoesNotFit
    return _filled(signed, stamped)


def _filled(signed: Appended, cms: bytes) -> Appended:
    """The update with a CMS in the hexadecimal string /Contents, padded with zeros (ISO 32000-2 12.8.3.4)."""
    start, end = signed.hole
    update = signed.update
    return signed._replace(update=update[:start] + cms.hex().encode().ljust(end - start, b"0") + update[end:], cms=cms)


def _update(request: SigningInput, details: PdfDetails, digest_name: str, room: int) -> tuple[bytes, tuple[int, int]]:
    """The update with an empty /Contents of ``room`` octets."""
    # pyHanko is loaded where a PDF is signed and nowhere else
    from toyono_trust.formats.pades.document import line_end, open_document, structure
    from toyono_trust.formats.pades.update import Stated, write_update

    content = request.content
    texts = _texts(request, details)
    draw = None
    if details.visible is not None:
        from toyono_trust.formats.pades.appearance import Seal

        draw = Seal(details.visible, Certificate.load(request.certificate), request.claimed_at, dict(texts))
    document = open_document(content, details.password)
    try:
        size = content.size
        seed = digest("sha256", request.certificate + repr((request.claimed_at, size, texts)).encode())[:16]
        stated = Stated(request.claimed_at, texts, digest_name, request.algorithm.startswith("ed"))
        with structure():
            return write_update(document, size, line_end(document), details, stated, room, seed, draw)
    finally:
        document.prev.stream.close()


def _details(request: SigningInput) -> PdfDetails:
    """What was asked for, as far as that can be said without the document."""
    details = DEFAULT if request.details is None else request.details
    if not isinstance(details, PdfDetails):
        raise MisuseError("pdf.details", f"details is a {type(details).__name__}", "pass PdfDetails(…)")
    if request.detached:
        raise MisuseError("pdf.detached", "a PAdES signature is inside its document", 'use format="cades"')
    if details.certify not in (None, 1, 2, 3):
        raise MisuseError("pdf.certify-level", f"certify={details.certify!r} is no level", "use 1, 2 or 3")
    return details


def _properties(request: SigningInput, details: PdfDetails) -> Properties:
    """The shared properties that stay in the CMS: EN 319 142-1 6.3 bars mime-type and signer-location there."""
    properties = request.properties
    if properties.content_type not in (None, "application/pdf"):
        raise MisuseError("pdf.content-type", "the content type of a PDF is application/pdf", "leave content_type= out")
    if details.reason is not None and (properties.commitments or properties.policy is not None):
        raise MisuseError(
            "pdf.reason",
            "a reason stands neither beside a commitment nor beside a signature policy",
            "leave reason= out",
        )
    return properties._replace(place=None, content_type=None)


def _texts(request: SigningInput, details: PdfDetails) -> tuple[tuple[str, str], ...]:
    """The free texts of the signature dictionary by their keys (ISO 32000-2 table 255)."""
    place = request.properties.place
    location = details.location if details.location is not None or place is None else _in_words(place)
    texts = (("/Name", details.name), ("/Reason", details.reason), ("/Location", location))
    for key, text in texts:
        if text is not None and not (text and len(text) <= MAX_TEXT and writable(text)):
            raise MisuseError(
                "pdf.text", f"the text of {key} is empty, very long, or has control characters", "correct the text"
            )
    return tuple([(key, text) for key, text in texts if text is not None])


def _in_words(place: Place) -> str:
    """A place as /Location has it: one line."""
    parts = (place.street, place.post_office_box, place.postal_code, place.locality, place.region, place.country)
    return ", ".join(" ".join(part.split("\n")) for part in parts if part)


def writable(text: str) -> bool:
    """Whether a text has neither control characters nor halves of surrogate pairs."""
    return all(category(character) not in ("Cc", "Cs") for character in text)


@lru_cache(64)
def _longest_value(certificate: bytes, algorithm: str) -> int:
    """Octets of the longest signature value that the key can give; RSA and EdDSA always give as many."""
    row, key = by_name(algorithm), Certificate.load(certificate).key
    if row is None or key is None:
        raise MisuseError("cades.algorithm", f"CAdES has no code point for {algorithm!r}", "use ecdsa-sha256")
    if row.family == "ecdsa":  # SEQUENCE of two INTEGERs, each with a leading zero where the order has full octets
        integer = 2 + key.bits // 8 + 1
        return 2 * integer + (2 if 2 * integer < 128 else 3)
    if row.family.startswith("rsa"):
        return (key.bits + 7) // 8
    return _FIXED[algorithm]


_FIXED = {"ed25519": 64, "ed448": 114, "ml-dsa-44": 2420, "ml-dsa-65": 3309, "ml-dsa-87": 4627}
