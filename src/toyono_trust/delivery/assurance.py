"""Levels of assurance of senders and recipients (EN 319 522-2 clause 8, ``AssuranceLevelsDetails``).

Two shapes, as the standard has them: one level for everything (eIDAS LoA), or levels by factor (身元確認保証レベル,
当人認証保証レベル, フェデレーション保証レベル of the Digital Agency's guideline DS-511). The rows stand in
``assurance.toml``; a service with levels of its own adds rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from toyono_trust.delivery.components import (
    AssuranceLevel,
    Authentication,
    FactorAssurance,
    GlobalAssurance,
    Moment,
)
from toyono_trust.delivery.tables import rows
from toyono_trust.errors import MisuseError

__all__ = ["Factor", "Level", "by_uri", "eidas", "held", "japanese", "lacking", "levels"]

Factor = Literal["overall", "identity", "authentication", "federation"]


class Level(NamedTuple):
    """One level: ``rank`` orders those of one ``scheme`` and ``factor``. ``text``: in English and Japanese."""

    uri: str
    scheme: str
    factor: Factor
    rank: int
    text: tuple[str, str]


@lru_cache(maxsize=1)
def levels() -> tuple[Level, ...]:
    """The levels that are known here; read at the first call."""
    return tuple(
        Level(row["uri"], row["scheme"], row["factor"], row["rank"], tuple(row["text"]))
        for row in rows("assurance.toml", "level")
    )


def by_uri(uri: str, also: Iterable[Level] = ()) -> Level | None:
    """The level of a URI; ``also``: a service's own, which come first. None where it is unknown."""
    return next((one for one in (*also, *levels()) if one.uri == uri), None)


def eidas(level: Literal["low", "substantial", "high"], *, method: str, at: datetime) -> GlobalAssurance:
    """One eIDAS level for identity proofing and authentication.

    ``method``: URI of how the party was authenticated, e.g. the SAML class
    ``urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI``; ``at``: when, aware.
    """
    return GlobalAssurance(_level("eidas", "overall", {"low": 1, "substantial": 2, "high": 3}[level]), _how(method, at))


def japanese(
    *, identity: int, authentication: int, federation: int | None = None, method: str = "", at: datetime | None = None
) -> FactorAssurance:
    """Levels 1 to 3 of 身元確認 and 当人認証, and of フェデレーション where the party came over one.

    ``method`` and ``at`` as of ``eidas``; both or neither.
    """
    if (at is None) != (not method):
        raise MisuseError("receipt.argument", "method and at belong together", "give both or neither")
    return FactorAssurance(
        _level("jp", "authentication", authentication),
        None if at is None else _how(method, at),
        _level("jp", "identity", identity),
        None if federation is None else _level("jp", "federation", federation),
    )


def held(details: GlobalAssurance | FactorAssurance | None) -> tuple[tuple[Factor, str], ...]:
    """What a party's details state: pairs (factor, URI of the level)."""
    if details is None:
        return ()
    if isinstance(details, GlobalAssurance):
        return (("overall", details.global_assurance_level.assurance_level),)
    found: tuple[tuple[Factor, AssuranceLevel | None], ...] = (
        ("authentication", details.authentication_assurance_level),
        ("identity", details.identity_proof_assurance_level),
        ("federation", details.federation_assurance_level),
    )
    return tuple((factor, level.assurance_level) for factor, level in found if level is not None)


def lacking(
    details: GlobalAssurance | FactorAssurance | None, required: Iterable[str], also: Iterable[Level] = ()
) -> tuple[str, ...]:
    """URIs of required levels that the details do not reach: another scheme or factor, a lower rank, or unknown."""
    own = tuple(also)
    stated = [(factor, by_uri(uri, own), uri) for factor, uri in held(details)]
    missing = []
    for uri in required:
        wanted = by_uri(uri, own)
        if wanted is None:
            reached = any(uri == exact for _, _, exact in stated)
        else:
            reached = any(_reaches(factor, level, wanted) for factor, level, _ in stated)
        if not reached:
            missing.append(uri)
    return tuple(missing)


def _reaches(factor: Factor, level: Level | None, wanted: Level) -> bool:
    """A level counts only for the factor that it is stated for."""
    if level is None or factor != level.factor:
        return False
    return (level.scheme, level.factor) == (wanted.scheme, wanted.factor) and level.rank >= wanted.rank


def _level(scheme: str, factor: Factor, rank: int) -> AssuranceLevel:
    for one in levels():
        if (one.scheme, one.factor, one.rank) == (scheme, factor, rank):
            return AssuranceLevel(one.uri)
    raise MisuseError("receipt.argument", f"there is no {factor} level {rank}", "levels go from 1 to 3")


def _how(method: str, at: datetime) -> Authentication:
    if at.tzinfo is None or at.utcoffset() is None:
        raise MisuseError("receipt.time-naive", "the time of authentication has no time zone", "use an aware datetime")
    return Authentication(authentication_time=Moment.of(at), authentication_method=method)
