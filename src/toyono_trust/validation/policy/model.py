"""The signature validation policy: frozen, read from TOML; an unknown key or a missing file is an error.

EN 319 102-1 5.1.4 calls these the signature validation constraints. ``Policy.default()`` is the policy of this
release; a report names the policy by name and by the digest of its values, so that a verdict can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.core.findings import FindingLevel
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import files, reading
from toyono_trust.validation.policy.catalogue import NEVER_DAY, Catalogue, Span
from toyono_trust.validation.policy.reading import NAMES, RevocationMode, Sources, StaleControlTime

__all__ = ["MAX_ENDS", "NEVER", "Policy"]

NEVER = datetime.min.replace(tzinfo=UTC)
"""The end of what never counted."""
MAX_ENDS = 512
"""Ends remembered: files name algorithms at will, and the shipped policy lives as long as the program."""


class _Life(NamedTuple):
    """How long an algorithm counts: its end, and when its transition begins, each None where there is none."""

    end: datetime | None
    transition: datetime | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a signature must fulfil.

    Attributes:
        name: how the report names it.
        digest: ``"sha256:…"`` over the values below, whatever the file's layout.
        formats, levels, kinds: what may pass, in the words of the report; ``"none"`` is no baseline level.
        catalogues: until when algorithms count. Of several the earliest end holds, and one that does not list an
            algorithm says nothing about it.
        digests, families: the algorithms that are named; every other one fails.
        expires: earlier ends than the catalogues', by digest or family name.
        revocation: ``"required"``, ``"if-available"`` or ``"ignore"``.
        max_age, ca_max_age: oldest acceptable age of revocation data, None to let nextUpdate decide; the latter for
            certificates of CAs, None where the former holds for them too (``age_limit``).
        stale_control_time: to which moment the control time slides where revocation data is no longer fresh
            (EN 319 102-1 5.6.2.2): ``"end-of-freshness"`` or ``"issuance"``.
        clock_skew: how far clocks may disagree.
        timestamp_delay: latest signature time stamp after the claimed signing time, None for no limit.
        levels_of_findings: other levels than the findings table's, by code.

    The digest is made of the values, whoever makes the policy, so that ``dataclasses.replace`` gives another one: a
    kept verdict on a certificate counts for the policy of the same digest alone.
    Raises ``MisuseError`` (``policy.unknown-key``, ``policy.bad-value``) for levels that cannot be.
    """

    name: str
    formats: frozenset[str]
    levels: frozenset[str]
    kinds: frozenset[str]
    catalogues: tuple[Catalogue, ...]
    digests: frozenset[str]
    families: frozenset[str]
    expires: Mapping[str, date]
    revocation: RevocationMode
    max_age: timedelta | None
    ca_max_age: timedelta | None
    stale_control_time: StaleControlTime
    clock_skew: timedelta
    timestamp_delay: timedelta | None
    levels_of_findings: Mapping[str, FindingLevel]
    digest: str = field(init=False, default="")
    _ends: dict[tuple[str, int | None], _Life] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Freeze what is handed in, and name it by its digest."""
        keep = object.__setattr__
        keep(self, "expires", MappingProxyType(dict(self.expires)))
        keep(self, "levels_of_findings", MappingProxyType(reading.findings(self.levels_of_findings, self.name)))
        text = json.dumps(self.to_values(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        keep(self, "digest", "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: a mapping that cannot be changed cannot be pickled."""
        values = [getattr(self, name) for name in self.__slots__ if name not in ("digest", "_ends")]
        return _remake, tuple(dict(value) if isinstance(value, Mapping) else value for value in values)

    @staticmethod
    def default() -> Policy:
        """The policy shipped with this release."""
        return _shipped("default")

    @staticmethod
    def named(name: str, catalogue: Sources | None = None) -> Policy:
        """A policy shipped with this release: ``"default"``, ``"strict"`` or ``"archive"``.

        ``catalogue``: see ``load``. Raises ``MisuseError`` (``policy.missing``) for any other name.
        """
        if name not in NAMES:
            raise _missing(f"there is no policy named {name}")
        return _shipped(name) if catalogue is None else _parsed("", name, None, catalogue, base=name)

    @staticmethod
    def load(path: str | Path, catalogue: Sources | None = None) -> Policy:
        """Read a policy file (TOML, UTF-8; same keys as the shipped ``default.toml``, all of them optional).

        What a file leaves out is as in the shipped policy, or as in the one that its key ``base`` names. Where there
        is no such file, ``path`` may be the name of a shipped policy. ``catalogue``: the name of a shipped catalogue of
        algorithms, the path of a file, a ``Catalogue``, or a list of these, instead of what the policy names.

        Raises ``MisuseError`` (``policy.missing``, ``policy.malformed``, ``policy.unknown-key``,
        ``policy.bad-value``, and the same four of ``catalogue.…``), ``OSError`` where a file may not be read.
        """
        name = os.fspath(path)
        try:
            text = files.read(path)
        except ValueError as error:
            raise MisuseError("policy.malformed", f"{name} is not a policy: {error}", "save it as UTF-8") from error
        if text is not None:
            return _parsed(text, name, Path(path).parent, catalogue)
        if name in NAMES:
            return Policy.named(name, catalogue)
        raise _missing(f"there is no policy file {name}")

    @staticmethod
    def parse(
        text: str, source: str = "policy", folder: str | Path | None = None, catalogue: Sources | None = None
    ) -> Policy:
        """Read a policy from TOML text; see ``load``. ``folder``: what the path of a catalogue is relative to."""
        return _parsed(text, source, folder, catalogue)

    @staticmethod
    def of_values(values: Mapping[str, Any], source: str = "policy") -> Policy:
        """The policy that ``to_values`` described, with the same digest.

        Every key must be there. Raises ``MisuseError`` (``policy.unknown-key``, ``policy.bad-value``,
        ``catalogue.unknown-key``, ``catalogue.bad-value``).
        """
        return Policy(**reading.of_values(values, source))

    def to_values(self) -> dict[str, Any]:
        """The whole policy as plain values that JSON can hold, in the keys of a policy file.

        Other than there, ``name`` holds the date as well, ``algorithms.catalogue`` is a list of the catalogues
        themselves, in the keys of a catalogue file, and dates are texts such as ``"2030-01-01"``. Lists that stand for
        sets are sorted. The digest is that of this in JSON, with sorted keys, without white space, in ASCII.
        """
        return reading.to_values(self)

    def level(self, code: str, default: FindingLevel) -> FindingLevel:
        """The level of a finding under this policy."""
        return self.levels_of_findings.get(code, default)

    def age_limit(self, *, ca: bool) -> timedelta | None:
        """Oldest acceptable age of revocation data of a CA's or of any other certificate, None for no limit."""
        return self.max_age if not ca or self.ca_max_age is None else self.ca_max_age

    def end_of(self, algorithm: str, bits: int | None = None) -> datetime | None:
        """First moment at which a digest, or a signature algorithm with a key of ``bits``, no longer counts.

        None: no end is known. An algorithm that the policy does not name, or a key below every size named, ended at
        the beginning of time (``NEVER``).
        """
        known = self._ends.get((algorithm, bits))
        return self._life(algorithm, bits)[0] if known is None else known[0]

    def transition_of(self, algorithm: str, bits: int | None = None) -> tuple[datetime, datetime] | None:
        """First moment of an algorithm's transition, and the end that it leads to; None where there is none.

        In a transition an algorithm still counts, and is to be replaced.
        """
        end, start = self._life(algorithm, bits)
        return None if start is None or end is None or start >= end else (start, end)

    def transitional(self, algorithm: str, bits: int | None, at: datetime) -> datetime | None:
        """The end of the transition in which an algorithm is at the time ``at`` (aware); None where it is in none."""
        known = self.transition_of(algorithm, bits)
        return known[1] if known is not None and known[0] <= at < known[1] else None

    def _life(self, algorithm: str, bits: int | None) -> _Life:
        key = (algorithm, bits)
        try:
            return self._ends[key]
        except KeyError:
            life = self._find_life(algorithm, bits)
        if len(self._ends) < MAX_ENDS:
            self._ends[key] = life
        return life

    def _find_life(self, algorithm: str, bits: int | None) -> _Life:
        row = algorithms.by_name(algorithm)
        digest, family = (algorithm, None) if row is None else (row.digest, row.family)
        if (family is not None and family not in self.families) or (digest is not None and digest not in self.digests):
            return _Life(NEVER, None)
        spans = [*self._spans(digest, None, None), *self._spans(None, family, bits)]
        ends = [span.end for span in spans] + [self.expires.get(name) for name in (digest, family) if name is not None]
        starts = [span.transition for span in spans if span.transition is not None]
        end = min((day for day in ends if day is not None), default=None)
        return _Life(None if end is None else _midnight(end), _midnight(min(starts)) if starts else None)

    def _spans(self, digest: str | None, family: str | None, bits: int | None) -> Iterator[Span]:
        """What the catalogues say of a digest or of a family: of what none of them lists, that it never counts."""
        if digest is None and family is None:
            return
        listed = [span for catalogue in self.catalogues for span in catalogue.spans(digest, family, bits)]
        yield from listed or (Span(NEVER_DAY),)


def _remake(*values: Any) -> Policy:
    return Policy(*values)


@lru_cache(maxsize=len(NAMES))
def _shipped(name: str) -> Policy:
    return _parsed("", name, None, None, base=name)


def _parsed(
    text: str, source: str, folder: str | Path | None, catalogue: Sources | None, base: str = "default"
) -> Policy:
    return Policy(**reading.of_toml(text, source, folder, catalogue, base))


def _missing(message: str) -> MisuseError:
    return MisuseError("policy.missing", message, f"name an existing file, or one of {', '.join(NAMES)}")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
