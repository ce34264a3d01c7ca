"""Notes about receipts (EN 319 522), with the subject among the values, so that the findings' texts can name it."""

from __future__ import annotations

from typing import Any

from toyono_trust.formats.model import Note

__all__ = ["note"]


def note(code: str, subject: str = "", **values: Any) -> Note:
    """A note whose text may hold ``{subject}`` and the given values."""
    return Note(code, subject, {"subject": subject, **values})
