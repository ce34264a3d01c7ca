"""ONE table of findings and errors: code, level, sub-indication, clause, text and remedy in English and Japanese.

Data only. Each area has a file with a tuple ``ENTRIES``; this module joins them and refuses a code that stands twice.
A sub-indication is the one of EN 319 102-1 that the failed constraint leads to; ``None`` where the finding leads to
no verdict by itself. ``{name}`` in a text is filled from the finding's values.
"""

from __future__ import annotations

from importlib import import_module
from typing import Literal, NamedTuple

FindingLevel = Literal["fail", "warn", "inform", "ignore"]
Language = Literal["en", "ja"]

AREAS = (
    *("general", "algorithm", "certificate", "subject", "revocation", "cms", "jades", "timestamp"),
    *("signature", "trust", "receipt", "keys", "net", "gather", "use", "devpki", "pdf"),
    *("past", "ahead", "augment", "replay", "ledger", "export", "ers", "proof"),
    *("tiles",),
    *("exchange", "as4", "consent"),
    *("bulk",),
)


class Entry(NamedTuple):
    """One row. ``level`` is the default; a policy may set another."""

    code: str
    level: FindingLevel
    sub_indication: str | None
    clause: str
    text: tuple[str, str]
    remedy: tuple[str, str]


def _load() -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for area in AREAS:
        for entry in import_module(f"{__name__}.{area}").ENTRIES:
            if entry.code in table:
                raise AssertionError(f"finding {entry.code} stands twice")
            table[entry.code] = entry
    return table


_TABLE: dict[str, Entry] = {}


def table() -> dict[str, Entry]:
    """All entries by code; loaded at the first call."""
    if not _TABLE:
        _TABLE.update(_load())
    return _TABLE


def entry(code: str) -> Entry:
    """The entry of a code; an unknown code is a defect of this package and raises ``KeyError``."""
    return table()[code]
