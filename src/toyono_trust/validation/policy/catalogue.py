"""A dated catalogue of algorithms: until when each counts as reliable (ETSI TS 119 312, CRYPTREC, or one's own).

Every date is the first day on which an entry no longer counts (``day < end``); key sizes are tiers, of which the
largest that the key reaches holds. An entry may be in transition before it ends: it is tolerated, and to be replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from toyono_trust.core.catalogue import DIGESTS
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import files

__all__ = ["FAMILIES", "NEVER_DAY", "SHIPPED", "Catalogue", "Span", "Tier", "is_day", "iso_day", "named"]

FAMILIES = ("rsa", "rsa-pss", "ecdsa", "eddsa", "ml-dsa", "dsa")
"""Families of signature algorithms, as ``core.algorithms`` names them."""
SHIPPED: Mapping[str, str] = MappingProxyType({"TS 119 312": "ts-119-312.toml", "CRYPTREC": "cryptrec.toml"})
"""The catalogues of this package by name."""
NEVER_DAY = date.min
"""The end of what never counted."""
MAX_BITS = 1 << 20
"""Largest key size that a tier may name; an encoded ML-DSA-87 key has 20,736 bits."""
MAX_TIERS = 64
"""Tiers of one family; TS 119 312 has 5."""
_KEYS = ("name", "version", "date", "source", "digests", "families")
_SPAN_KEYS = ("end", "transition")
_HINT = "correct the catalogue; docs/policy.md explains its keys"
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Day = Callable[[Any], date | None]
"""What makes a date of a value, None where it is none: TOML has dates, plain values have texts."""


class Span(NamedTuple):
    """How long something counts: first day of its transition, and first day on which it no longer counts.

    ``end`` None: no end is known; ``NEVER_DAY``: never. ``transition`` None: there is no transition.
    """

    end: date | None
    transition: date | None = None


class Tier(NamedTuple):
    """The span of keys of at least ``bits``."""

    bits: int
    span: Span


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Until when algorithms count.

    Attributes:
        name, version, source: what it is and where its values come from.
        date: its own date. Nothing follows from it: an end that lies behind it is an end as any other.
        digests: spans by digest. families: tiers by signature family, in ascending order of key size.
    """

    name: str
    version: str
    date: date
    source: str
    digests: Mapping[str, Span]
    families: Mapping[str, tuple[Tier, ...]]

    def __post_init__(self) -> None:
        """Freeze what is handed in."""
        object.__setattr__(self, "digests", MappingProxyType(dict(self.digests)))
        object.__setattr__(self, "families", MappingProxyType(dict(self.families)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: a mapping that cannot be changed cannot be pickled."""
        whole = (self.name, self.version, self.date, self.source, dict(self.digests), dict(self.families))
        return Catalogue, whole

    @staticmethod
    def load(path: str | Path) -> Catalogue:
        """Read a catalogue (TOML, UTF-8; the keys of the shipped ones).

        Raises ``MisuseError`` (``catalogue.missing``, ``catalogue.malformed``, ``catalogue.unknown-key``,
        ``catalogue.bad-value``), ``OSError`` where the file may not be read.
        """
        try:
            text = files.read(path)
        except ValueError as error:
            raise MisuseError("catalogue.malformed", f"{path} is not UTF-8 text: {error}", _HINT) from error
        if text is None:
            hint = f"name an existing file, or one of {', '.join(SHIPPED)}"
            raise MisuseError("catalogue.missing", f"there is no catalogue {path}", hint)
        return Catalogue.parse(text, str(path))

    @staticmethod
    def parse(text: str, source: str = "catalogue") -> Catalogue:
        """Read a catalogue from TOML text; see ``load``."""
        return _read(files.parse(text, source, "catalogue.malformed"), source, is_day)

    @staticmethod
    def of_values(values: Any, source: str = "catalogue") -> Catalogue:
        """The catalogue that ``to_values`` described. Raises ``MisuseError`` as ``load`` does."""
        return _read(values, source, iso_day)

    def to_values(self) -> dict[str, Any]:
        """The same keys as in a file, as plain values that JSON can hold; dates in the form 2030-01-01."""
        return {
            "name": self.name,
            "version": self.version,
            "date": self.date.isoformat(),
            "source": self.source,
            "digests": {name: _plain_span(span) for name, span in sorted(self.digests.items())},
            "families": {
                family: [{"bits": tier.bits, **_plain(tier.span)} for tier in tiers]
                for family, tiers in sorted(self.families.items())
            },
        }

    def spans(self, digest: str | None, family: str | None, bits: int | None) -> list[Span]:
        """What the catalogue says of a digest and of a family's keys of ``bits``; nothing of what it does not list.

        A key below the smallest tier is not listed.
        """
        found = [] if digest is None or digest not in self.digests else [self.digests[digest]]
        if family is not None and family in self.families:
            found += [tier.span for tier in self.families[family] if bits is not None and tier.bits <= bits][-1:]
        return found


@lru_cache(maxsize=len(SHIPPED))
def _shipped(name: str) -> Catalogue:
    return Catalogue.parse(files.shipped("catalogues", SHIPPED[name]), SHIPPED[name])


def named(reference: str | Path, folder: str | Path | None = None) -> Catalogue:
    """The shipped catalogue of this name, else the file at this path.

    ``folder``: what a relative path is relative to; without one it is an error. Raises ``MisuseError`` as
    ``Catalogue.load`` does.
    """
    if isinstance(reference, str) and reference in SHIPPED:
        return _shipped(reference)
    path = Path(reference)
    if not path.is_absolute():
        if folder is None:
            hint = f"name an absolute path, or one of {', '.join(SHIPPED)}"
            raise MisuseError("catalogue.missing", f"it is not known where the catalogue {path} lies", hint)
        path = Path(folder) / path
    return Catalogue.load(path)


def is_day(value: Any) -> date | None:
    """The value where TOML gave a date without a time."""
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def iso_day(value: Any) -> date | None:
    """The date of a text such as ``"2030-01-01"``."""
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


# -- out of values


def _read(values: Any, source: str, day: Day) -> Catalogue:
    if not isinstance(values, Mapping):
        raise _bad(source, "it", "a table")
    _known(values, _KEYS, source, "")
    for key in ("name", "date"):
        if key not in values:
            raise _bad(source, key, "there")
    dated = day(values["date"])
    if not files.title(values["name"]):
        raise _bad(source, "name", f"a text of at most {files.MAX_TEXT} characters")
    if dated is None:
        raise _bad(source, "date", "a date such as 2030-01-01")
    version, origin = values.get("version", ""), values.get("source", "")
    for key, text in (("version", version), ("source", origin)):
        if text != "" and not files.title(text):
            raise _bad(source, key, f"a text of at most {files.MAX_TEXT} characters")
    digests, families = values.get("digests", {}), values.get("families", {})
    for key, table, names in (("digests", digests, tuple(DIGESTS)), ("families", families, FAMILIES)):
        if not isinstance(table, Mapping):
            raise _bad(source, key, "a table")
        _known(table, names, source, f"{key}.")
    if not digests and not families:
        raise _bad(source, "digests or families", "there")
    return Catalogue(
        values["name"],
        version,
        dated,
        origin,
        {name: _span(value, source, f"digests.{name}", day) for name, value in digests.items()},
        {name: _tiers(value, source, f"families.{name}", day) for name, value in families.items()},
    )


def _tiers(value: Any, source: str, path: str, day: Day) -> tuple[Tier, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_TIERS:
        raise _bad(source, path, f"a list of 1 to {MAX_TIERS} tables")
    tiers: list[Tier] = []
    for number, row in enumerate(value):
        place = f"{path}[{number}]"
        if not isinstance(row, Mapping):
            raise _bad(source, place, "a table such as { bits = 2048, end = 2030-01-01 }")
        _known(row, ("bits", *_SPAN_KEYS), source, f"{place}.")
        bits = row.get("bits")
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 < bits <= MAX_BITS:
            raise _bad(source, f"{place}.bits", f"a whole number from 1 to {MAX_BITS}")
        span = _span({key: row[key] for key in _SPAN_KEYS if key in row}, source, place, day)
        if tiers and bits <= tiers[-1].bits:
            raise _bad(source, f"{place}.bits", f"more than {tiers[-1].bits}: tiers stand in ascending order")
        if tiers and span.end is not None and (tiers[-1].span.end is None or span.end < tiers[-1].span.end):
            raise _bad(source, f"{place}.end", "no earlier than that of the tier before: a longer key lasts as long")
        tiers.append(Tier(bits, span))
    return tuple(tiers)


def _span(value: Any, source: str, path: str, day: Day) -> Span:
    """An end alone, or a table of the end and of the beginning of the transition."""
    if not isinstance(value, Mapping):
        return Span(_end(value, source, path, day))
    _known(value, _SPAN_KEYS, source, f"{path}.")
    end = _end(value.get("end"), source, f"{path}.end", day)
    if "transition" not in value:
        return Span(end)
    transition = day(value["transition"])
    if transition is None or end is None or transition >= end:
        raise _bad(source, f"{path}.transition", "a date before that of the end")
    return Span(end, transition)


def _end(value: Any, source: str, path: str, day: Day) -> date | None:
    if value == "open":
        return None
    found = NEVER_DAY if value == "never" else day(value)
    if found is None:
        raise _bad(source, path, 'a date such as 2030-01-01, "open" or "never"')
    return found


def _known(table: Mapping[Any, Any], names: tuple[str, ...], source: str, prefix: str) -> None:
    for key in table:
        if key not in names:
            message = f"{source} has the unknown key {prefix}{key}"
            raise MisuseError("catalogue.unknown-key", message, f"known here: {', '.join(names)}")


def _bad(source: str, path: str, wanted: str) -> MisuseError:
    return MisuseError("catalogue.bad-value", f"{source}: {path} must be {wanted}", _HINT)


# -- into values


def _plain(span: Span) -> dict[str, str]:
    end = "open" if span.end is None else "never" if span.end == NEVER_DAY else span.end.isoformat()
    return {"end": end} if span.transition is None else {"end": end, "transition": span.transition.isoformat()}


def _plain_span(span: Span) -> str | dict[str, str]:
    return _plain(span) if span.transition is not None else _plain(span)["end"]
