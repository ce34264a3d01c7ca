"""PAdES: signatures inside PDF files (ETSI EN 319 142-1, ISO 32000-2 12.8).

The rules in short: the CMS is a detached CAdES one without signing-time, over the file's octets but for the hexadecimal
string ``/Contents`` that holds it (``/ByteRange``); a signature is added as an incremental update, so that every octet
that was there before stays.

pyHanko reads and writes the PDF structure, and nothing else: its imports stay inside this package and inside functions,
so that a program that touches no PDF does not load it.
"""

from __future__ import annotations

from toyono_trust.formats.pades.archive import add_validation_data, attach_archive, prepare_archive
from toyono_trust.formats.pades.details import PdfDetails, VisibleSeal
from toyono_trust.formats.pades.read import HEADER, detect, read
from toyono_trust.formats.pades.write import attach, finish, imprint, prepare

__all__ = [
    "HEADER",
    "PdfDetails",
    "VisibleSeal",
    "add_validation_data",
    "attach",
    "attach_archive",
    "detect",
    "finish",
    "imprint",
    "prepare",
    "prepare_archive",
    "read",
]
