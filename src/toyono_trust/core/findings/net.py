"""Findings of the area: net."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = ()
