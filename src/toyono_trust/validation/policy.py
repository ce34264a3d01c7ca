"""The signature validation policy: frozen, read from TOML; an unknown key or a missing file is an error.

EN 319 102-1 5.1.4 calls these the signature validation constraints. ``Policy.default()`` is the policy of this
release; a report names the policy by name and by the digest of its values, so that a verdict can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from toyono_trust.core import algorithms
from toyono_trust.core.catalogue import DIGEST_ENDS, FAMILY_ENDS
from toyono_trust.core.findings import FindingLevel, table
from toyono_trust.errors import MisuseError

RevocationMode = Literal["required", "if-available", "ignore"]

_FORMATS = ("CAdES", "PAdES", "XAdES", "JAdES", "PKCS7", "XMLDSig", "JWS", "RFC3161", "ERS", "XMLERS", "X-Road")
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA", "none")
_KINDS = ("natural-person", "legal-person", "device", "website", "unknown")
_FAMILIES = ("rsa", "rsa-pss", "ecdsa", "eddsa", "ml-dsa", "dsa")
_NEVER_LOWERED = frozenset(
    {
        "FORMAT_FAILURE",
        "HASH_FAILURE",
        "SIG_CRYPTO_FAILURE",
        "SIGNED_DATA_NOT_FOUND",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND",
    }
)
"""What says that bytes are broken or nobody's: no policy reads it otherwise."""
_NEVER_LOWERED_CODES = frozenset(
    {
        "signature.unverified",
        "signature.key-unreadable",
        "path.signature",
        "path.name-chaining",
        "path.unsupported-key",
        "path.not-a-ca",
    }
)
"""The same of what shares its sub-indication with softer findings: a forged certificate is no matter of taste."""
_MAY_BE_LOWERED = frozenset(
    {"policy.format", "pdf.changes.overlay", "pdf.changes.doc-mdp", "pdf.changes.field-mdp"},
)
"""What came after a signed revision leaves that revision intact, and may be a matter of the policy."""
_CATALOGUES = ("TS 119 312",)
_HUNDRED_YEARS, _YEAR, _DAY = 876_600, 31_557_600, 86_400
"""The longest spans that a policy may name, in hours, seconds, seconds: no sum of times leaves the calendar."""
NEVER = datetime.min.replace(tzinfo=UTC)
"""The end of what never counted."""
MAX_ENDS = 512
"""Ends remembered: files name algorithms at will, and the shipped policy lives as long as the program."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a signature must fulfil.

    Attributes:
        name: how the report names it.
        digest: ``"sha256:…"`` over the values below, whatever the file's layout.
        formats, levels, kinds: what may pass, in the words of the report; ``"none"`` is no baseline level.
        digests, families: the algorithms that are named; every other one fails.
        expires: earlier ends than the catalogue's, by digest or family name.
        revocation: ``"required"``, ``"if-available"`` or ``"ignore"``.
        max_age: oldest acceptable age of revocation data, None to let nextUpdate decide.
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
    catalogue: str
    digests: frozenset[str]
    families: frozenset[str]
    expires: Mapping[str, date]
    revocation: RevocationMode
    max_age: timedelta | None
    clock_skew: timedelta
    timestamp_delay: timedelta | None
    levels_of_findings: Mapping[str, FindingLevel]
    digest: str = field(init=False, default="")
    _ends: dict[tuple[str, int | None], datetime | None] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        """Freeze what is handed in, and name it by its digest."""
        keep = object.__setattr__
        keep(self, "expires", MappingProxyType(dict(self.expires)))
        keep(self, "levels_of_findings", MappingProxyType(_findings(self.levels_of_findings, self.name)))
        values = {name: getattr(self, name) for name in self.__slots__ if name not in ("digest", "_ends")}
        keep(self, "digest", _digest(values))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: a mapping that cannot be changed cannot be pickled."""
        values = [getattr(self, name) for name in self.__slots__ if name not in ("digest", "_ends")]
        return _remake, tuple(dict(value) if isinstance(value, Mapping) else value for value in values)

    @staticmethod
    def default() -> Policy:
        """The policy shipped with this release."""
        return _default()

    @staticmethod
    def load(path: str | Path) -> Policy:
        """Read a policy file (TOML, UTF-8; same keys as the shipped ``default.toml``, all of them optional).

        What a file leaves out is as in the shipped policy. Raises ``MisuseError`` (``policy.missing``,
        ``policy.malformed``, ``policy.unknown-key``, ``policy.bad-value``).
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise MisuseError("policy.missing", f"there is no policy file {path}", "name an existing file") from error
        except UnicodeDecodeError as error:
            raise MisuseError("policy.malformed", f"{path} is not UTF-8 text", "save the policy as UTF-8") from error
        return Policy.parse(text, str(path))

    @staticmethod
    def parse(text: str, source: str = "policy") -> Policy:
        """Read a policy from TOML text; see ``load``."""
        try:
            given = tomllib.loads(text)
            base = tomllib.loads(_shipped())
            _merge(base, given, source, "")
        except MisuseError:
            raise
        # ValueError: TOMLDecodeError, and numbers of more digits than Python reads; the other: nesting
        except (ValueError, RecursionError) as error:
            raise MisuseError("policy.malformed", f"{source} is not TOML: {error}", "correct the file") from error
        if given and "name" not in given:
            base["name"] = f"{Path(source).stem} (over {_default().name})"
        if given and "date" not in given:
            del base["date"]
        return _build(base, source)

    def level(self, code: str, default: FindingLevel) -> FindingLevel:
        """The level of a finding under this policy."""
        return self.levels_of_findings.get(code, default)

    def end_of(self, algorithm: str, bits: int | None = None) -> datetime | None:
        """First moment at which a digest, or a signature algorithm with a key of ``bits``, no longer counts.

        None: no end is known. An algorithm that the policy does not name, or a key below every size named, ended at
        the beginning of time (``NEVER``).
        """
        key = (algorithm, bits)
        try:
            return self._ends[key]
        except KeyError:
            end = self._end(algorithm, bits)
        if len(self._ends) < MAX_ENDS:
            self._ends[key] = end
        return end

    def _end(self, algorithm: str, bits: int | None) -> datetime | None:
        row = algorithms.by_name(algorithm)
        digest = algorithm if row is None else row.digest
        if (row is not None and row.family not in self.families) or (digest is not None and digest not in self.digests):
            return NEVER
        ends = [algorithms.expires(algorithm, bits), self.expires.get(digest or "")]
        if row is not None:
            ends.append(self.expires.get(row.family))
        day = min((end for end in ends if end is not None), default=None)
        return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


@lru_cache(maxsize=1)
def _default() -> Policy:
    return _build(tomllib.loads(_shipped()), "default.toml")


@lru_cache(maxsize=1)
def _shipped() -> str:
    return (resources.files("toyono_trust.validation") / "policies" / "default.toml").read_text(encoding="utf-8")


_OPEN_TABLES = ("algorithms.expires", "findings")


def _merge(base: dict[str, Any], given: dict[str, Any], source: str, prefix: str) -> None:
    for key, value in given.items():
        path = f"{prefix}{key}"
        if prefix.startswith("findings.") and isinstance(value, dict):
            _merge(base, {f"{key}.{rest}": level for rest, level in value.items()}, source, prefix)
        elif prefix.rstrip(".") in _OPEN_TABLES:
            base[key] = value
        elif key not in base:
            raise MisuseError(
                "policy.unknown-key", f"{source} has the unknown key {path}", f"known here: {', '.join(sorted(base))}"
            )
        elif isinstance(base[key], dict):
            if not isinstance(value, dict):
                raise _bad(source, path, "a table")
            _merge(base[key], value, source, f"{path}.")
        else:
            base[key] = value


def _bad(source: str, path: str, wanted: str) -> MisuseError:
    return MisuseError("policy.bad-value", f"{source}: {path} must be {wanted}", "correct the policy file")


def _build(values: dict[str, Any], source: str) -> Policy:
    signature, named = values["signature"], values["algorithms"]
    if not isinstance(values["name"], str) or not values["name"]:
        raise _bad(source, "name", "a text")
    if "date" in values and not _is_day(values["date"]):
        raise _bad(source, "date", "a date such as 2030-01-01")
    if named["catalogue"] not in _CATALOGUES:
        raise _bad(source, "algorithms.catalogue", f"one of {', '.join(_CATALOGUES)}")
    mode = values["revocation"]["mode"]
    if mode not in get_args(RevocationMode):
        raise _bad(source, "revocation.mode", f"one of {', '.join(get_args(RevocationMode))}")
    digest_names = tuple(DIGEST_ENDS)
    age = _count(values["revocation"]["max_age_hours"], source, "revocation.max_age_hours", _HUNDRED_YEARS)
    delay = _count(values["time"]["timestamp_delay_seconds"], source, "time.timestamp_delay_seconds", _YEAR)
    skew = _count(values["time"]["clock_skew_seconds"], source, "time.clock_skew_seconds", _DAY)
    return Policy(
        name=_titled(values),
        formats=_words(signature["formats"], _FORMATS, source, "signature.formats"),
        levels=_words(signature["levels"], _LEVELS, source, "signature.levels"),
        kinds=_words(signature["kinds"], _KINDS, source, "signature.kinds"),
        catalogue=named["catalogue"],
        digests=_words(named["digests"], digest_names, source, "algorithms.digests"),
        families=_words(named["families"], _FAMILIES, source, "algorithms.families"),
        expires=_expires(named["expires"], (*digest_names, *_FAMILIES), source),
        revocation=mode,
        max_age=timedelta(hours=age) if age else None,
        clock_skew=timedelta(seconds=skew),
        timestamp_delay=timedelta(seconds=delay) if delay else None,
        levels_of_findings=_findings(values["findings"], source),
    )


def _remake(*values: Any) -> Policy:
    return Policy(*values)


def _titled(values: dict[str, Any]) -> str:
    """Name and date, as the report says them."""
    return f"{values['name']} {values['date'].isoformat()}" if "date" in values else str(values["name"])


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _digest(values: dict[str, Any]) -> str:
    """SHA-256 over the values and over the catalogue of algorithms that they name."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in sorted(value.items())}
        if isinstance(value, Set):
            return sorted(map(str, value))
        if isinstance(value, timedelta):
            return value.total_seconds()
        return None if value is None else str(value)

    catalogue = {"digests": repr(sorted(DIGEST_ENDS.items())), "families": repr(sorted(FAMILY_ENDS.items()))}
    whole = {**{key: plain(value) for key, value in values.items()}, "catalogue of": catalogue}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _words(value: Any, known: tuple[str, ...], source: str, path: str) -> frozenset[str]:
    if not isinstance(value, list) or not value or not all(word in known for word in value):
        raise _bad(source, path, f"a non-empty list out of {', '.join(known)}")
    return frozenset(value)


def _count(value: Any, source: str, path: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _bad(source, path, f"a whole number from 0 to {most}")
    return value


def _expires(value: Any, known: tuple[str, ...], source: str) -> dict[str, date]:
    for key, day in value.items():
        if key not in known:
            raise MisuseError(
                "policy.unknown-key",
                f"{source} has the unknown key algorithms.expires.{key}",
                f"known: {', '.join(known)}",
            )
        if not _is_day(day):
            raise _bad(source, f"algorithms.expires.{key}", "a date such as 2030-01-01")
    return dict(value)


def _findings(value: Mapping[str, Any], source: str) -> dict[str, FindingLevel]:
    for code, level in value.items():
        known = table().get(code)
        if known is None:
            raise MisuseError(
                "policy.unknown-key", f"{source} names the unknown finding {code}", "docs/findings.md lists all codes"
            )
        if level not in get_args(FindingLevel):
            raise _bad(source, f"findings.{code}", f"one of {', '.join(get_args(FindingLevel))}")
        fixed = known.sub_indication in _NEVER_LOWERED or code in _NEVER_LOWERED_CODES
        if level != "fail" and fixed and known.level == "fail" and code not in _MAY_BE_LOWERED:
            raise MisuseError(
                "policy.bad-value", f"{source}: {code} can only be fail", "a broken signature has no other reading"
            )
    return dict(value)
