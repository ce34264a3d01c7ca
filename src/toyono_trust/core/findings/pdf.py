"""Findings of the area: PDF (EN 319 142-1, ISO 32000-2 12.7 and 12.8)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry
from toyono_trust.core.findings.pdf_reading import READING
from toyono_trust.core.findings.pdf_writing import WRITING

ENTRIES: tuple[Entry, ...] = READING + WRITING
