"""Options of ``sign`` and ``seal`` that are a matter of PDF, and where a signed PDF goes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.edge.options import joined

if TYPE_CHECKING:
    from toyono_trust.formats.pades import PdfDetails, VisibleSeal

__all__ = ["details_of", "pdf_options", "signed_name"]

_NAMES = ("visible", "font", "reason", "location", "field", "certify", "password_file")
_VISIBLE = re.compile(r"(-?[0-9]{1,9}):{0},{0},{0},{0}".replace("{0}", r"([0-9]{1,6}(?:\.[0-9]{1,6})?)"))
_SIGNED = re.compile(r"(.*\.signed)(?:-([0-9]{1,6}))?")

pdf_options = joined(
    click.option("--visible", metavar="PAGE:X,Y,W,H|field",
                 help="PDF: show it in this box (points from the page's lower left), or in the field's own."),
    click.option("--font", metavar="FILE", help="PDF: TrueType or OpenType font of the visible signature."),
    click.option("--reason", metavar="TEXT", help="PDF: why it is signed."),
    click.option("--location", metavar="TEXT", help="PDF: where it is signed."),
    click.option("--field", metavar="NAME", help="PDF: signature field, existing or new."),
    click.option("--certify", type=click.Choice(["1", "2", "3"]),
                 help="PDF: certify it; allows later 1 nothing, 2 forms and signatures, 3 annotations too."),
    click.option("--password-file", metavar="FILE", help="PDF: file whose first line is the document's password."),
)  # fmt: skip


def details_of(given: dict[str, Any], format: str) -> PdfDetails | None:
    """What the options say about the PDF; a usage error where one is given for another format."""
    if format != "pades":
        for name in _NAMES:
            if given[name] is not None:
                raise click.UsageError(f"--{name.replace('_', '-')} is a matter of PDF (--as pades)")
        return None
    from toyono_trust.edge.console import read
    from toyono_trust.formats.pades import PdfDetails

    if given["font"] is not None and given["visible"] is None:
        raise click.UsageError("--font is for --visible")
    password = None
    if given["password_file"] is not None:
        password = read(given["password_file"]).split(b"\n", 1)[0].removesuffix(b"\r")
    return PdfDetails(
        field=given["field"],
        visible=_visible(given["visible"], given["font"]),
        reason=given["reason"],
        location=given["location"],
        certify=None if given["certify"] is None else int(given["certify"]),  # type: ignore[arg-type]
        password=password,
    )


def _visible(text: str | None, font: str | None) -> VisibleSeal | None:
    if text is None:
        return None
    from toyono_trust.edge.console import time_zone
    from toyono_trust.formats.pades import VisibleSeal

    zone = time_zone(None)
    if text == "field":
        return VisibleSeal(font=font, zone=zone)
    found = _VISIBLE.fullmatch(text)
    if found is None:
        raise click.UsageError("--visible: write PAGE:X,Y,W,H, for instance 1:380,40,180,60; page -1 is the last")
    x, y, width, height = map(float, found.groups()[1:])
    return VisibleSeal(page=int(found[1]), box=(x, y, width, height), font=font, zone=zone)


def signed_name(path: Path) -> Path:
    """Beside it: ``a.pdf`` becomes ``a.signed.pdf``, that ``a.signed-2.pdf``, and so on."""
    suffix = path.suffix if path.suffix.lower() == ".pdf" else ".pdf"
    stem = path.name.removesuffix(path.suffix) if path.suffix.lower() == ".pdf" else path.name
    again = _SIGNED.fullmatch(stem)
    stem = f"{again[1]}-{int(again[2] or 1) + 1}" if again else f"{stem}.signed"
    return path.with_name(stem + suffix)
