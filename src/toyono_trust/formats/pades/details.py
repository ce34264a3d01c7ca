"""What PAdES alone knows when a signature is made (ETSI EN 319 142-1 6.3, ISO 32000-2 12.7.5.5 and 12.8)."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as member
from datetime import tzinfo
from pathlib import Path
from typing import Literal

__all__ = ["PdfDetails", "VisibleSeal"]


@dataclass(frozen=True, slots=True)
class VisibleSeal:
    """What a visible signature looks like: a framed box with the signer's name, the time, and why.

    Attributes:
        page: the page that shows it; 1 is the first, -1 the last.
        box: x, y, width and height in points (1/72 inch) from the lower left corner of the page as it is displayed;
            None where an existing field brings its own box.
        font: path of a TrueType or OpenType font (``.ttf``, ``.otf``, or a collection ``.ttc``, of which the first
            font is taken); the glyphs used are embedded. None: Helvetica, which shows Western European text only.
            Needs the extra ``[visible]``.
        name: the name shown; None is the organisation in the certificate, of a natural person the common name.
        title: the small line above the name; None says what it is, ``""`` leaves it out.
        lines: what stands below the name; None is the claimed time, and reason and location where they are given.
        language: of title and labels; None is Japanese where the name is written with Japanese characters.
        zone: time zone in which the claimed time is shown; None is that of ``claimed_at`` (by default UTC).
    """

    page: int = 1
    box: tuple[float, float, float, float] | None = None
    font: str | Path | None = None
    name: str | None = None
    title: str | None = None
    lines: tuple[str, ...] | None = None
    language: Literal["en", "ja"] | None = None
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class PdfDetails:
    """How a PDF is signed; the defaults make an invisible signature in a new field.

    Attributes:
        field: name of the signature field. An empty one of that name is filled, otherwise it is added; None adds
            ``Signature1``, ``Signature2`` …, whichever is the first that is free.
        visible: what is shown on the page; None shows nothing.
        reason: why, as free text (``/Reason``); not together with a commitment or a signature policy.
        location: where, as free text (``/Location``); None takes ``place``, where that is given.
        name: the signer's name (``/Name``), for readers that do not look into the certificate.
        certify: certify the document (DocMDP) and say what may still change: 1 nothing, 2 filling in forms and
            signing, 3 annotations too. For the first signature of a document only.
        password: of an encrypted document (user or owner password); never shown or logged.
    """

    field: str | None = None
    visible: VisibleSeal | None = None
    reason: str | None = None
    location: str | None = None
    name: str | None = None
    certify: Literal[1, 2, 3] | None = None
    password: str | bytes | None = member(default=None, repr=False)


DEFAULT = PdfDetails()
