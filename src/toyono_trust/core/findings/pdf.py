"""Findings of the area: PDF (EN 319 142-1, ISO 32000-2 12.7 and 12.8)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_PADES = "EN 319 142-1 6.3"
_PDF = "ISO 32000-2 12.8"

READING: tuple[Entry, ...] = ()


def _refusal(code: str, text: tuple[str, str], remedy: tuple[str, str], clause: str = _PDF) -> Entry:
    return Entry(code, "fail", None, clause, text, remedy)


WRITING: tuple[Entry, ...] = ()

ENTRIES: tuple[Entry, ...] = READING + WRITING
