"""What a policy says, out of TOML or of plain values; whatever is unknown, missing or out of range is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from toyono_trust.core.catalogue import DIGESTS
from toyono_trust.core.findings import FindingLevel, table
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import files
from toyono_trust.validation.policy.catalogue import FAMILIES, SHIPPED, Catalogue, is_day, iso_day, named

__all__ = ["NAMES", "RevocationMode", "Sources", "StaleControlTime", "findings", "of_toml", "of_values", "to_values"]

RevocationMode = Literal["required", "if-available", "ignore"]
StaleControlTime = Literal["end-of-freshness", "issuance"]
Sources = str | Path | Catalogue | Sequence[str | Path | Catalogue]
"""Catalogues by name, by path, or themselves; several are a list."""

NAMES: Mapping[str, str] = MappingProxyType(
    {"default": "default.toml", "strict": "strict.toml", "archive": "archive.toml"}
)
"""The policies of this package by name."""
_FORMATS = ("CAdES", "PAdES", "XAdES", "JAdES", "PKCS7", "XMLDSig", "JWS", "RFC3161", "ERS", "XMLERS", "X-Road")
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA", "none")
_KINDS = ("natural-person", "legal-person", "device", "website", "unknown")
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
_HUNDRED_YEARS, _YEAR, _DAY = 876_600, 31_557_600, 86_400
"""The longest spans that a policy may name, in hours, seconds, seconds: no sum of times leaves the calendar."""
MAX_CATALOGUES = 8
"""Catalogues of one policy; two are shipped."""
_OPEN_TABLES = ("algorithms.expires", "findings")
_HINT = "correct the policy file; docs/policy.md explains its keys"

# key of the file → field of the policy, smallest unit, most
_SPANS = {
    ("revocation", "max_age_hours"): ("max_age", timedelta(hours=1), _HUNDRED_YEARS),
    ("revocation", "ca_max_age_hours"): ("ca_max_age", timedelta(hours=1), _HUNDRED_YEARS),
    ("time", "clock_skew_seconds"): ("clock_skew", timedelta(seconds=1), _DAY),
    ("time", "timestamp_delay_seconds"): ("timestamp_delay", timedelta(seconds=1), _YEAR),
}
_ZERO_IS_ZERO = "clock_skew"
"""Of the other spans, 0 means that there is none."""


# -- TOML


def of_toml(text: str, source: str, folder: str | Path | None, catalogue: Sources | None, base: str) -> dict[str, Any]:
    """The fields of a policy out of TOML text laid over a shipped policy.

    ``folder``: what the path of a catalogue is relative to; ``catalogue``: what counts instead of the file's. Raises
    ``MisuseError`` (``policy.malformed``, ``policy.unknown-key``, ``policy.bad-value``, ``catalogue.…``).
    """
    given = files.parse(text, source, "policy.malformed")
    below = given.pop("base", base)
    if not isinstance(below, str) or below not in NAMES:
        raise _bad(source, "base", f"one of {', '.join(NAMES)}")
    values = shipped(below)
    title = titled(values)
    try:
        _merge(values, given, source, "")
    except RecursionError as error:
        raise MisuseError("policy.malformed", f"{source} nests too deeply", "correct the file") from error
    if given and "name" not in given:
        values["name"] = f"{Path(source).stem} (over {title})"
    if given and "date" not in given:
        values.pop("date", None)
    if "date" in values and is_day(values["date"]) is None:
        raise _bad(source, "date", "a date such as 2030-01-01")
    if not files.title(values["name"]):
        raise _bad(source, "name", f"a text of at most {files.MAX_TEXT} characters")
    if catalogue is None:
        catalogues = _catalogues(values["algorithms"]["catalogue"], source, folder)
    else:
        catalogues = _handed_in(catalogue)
    fields = _fields(values, source, catalogues, whole=True)
    return {**fields, "name": titled(values) + ("" if catalogue is None else _with(catalogues))}


def shipped(name: str) -> dict[str, Any]:
    """The values of a shipped policy, all keys, to be changed by the caller."""
    values = files.parse(files.shipped("policies", NAMES["default"]), "default.toml", "policy.malformed")
    if name != "default":
        over = files.parse(files.shipped("policies", NAMES[name]), NAMES[name], "policy.malformed")
        _merge(values, over, NAMES[name], "")
    return values


def titled(values: Mapping[str, Any]) -> str:
    """Name and date, as the report says them."""
    return f"{values['name']} {values['date'].isoformat()}" if "date" in values else str(values["name"])


def _with(catalogues: tuple[Catalogue, ...]) -> str:
    return f" with {' + '.join(catalogue.name for catalogue in catalogues)}"


def _merge(base: dict[str, Any], given: dict[str, Any], source: str, prefix: str) -> None:
    for key, value in given.items():
        path = f"{prefix}{key}"
        if prefix.startswith("findings.") and isinstance(value, dict):
            _merge(base, {f"{key}.{rest}": level for rest, level in value.items()}, source, prefix)
        elif prefix.rstrip(".") in _OPEN_TABLES:
            base[key] = value
        elif key not in base:
            known = sorted(base) if prefix else sorted([*base, "base"])
            raise MisuseError(
                "policy.unknown-key", f"{source} has the unknown key {path}", f"known here: {', '.join(known)}"
            )
        elif isinstance(base[key], dict):
            if not isinstance(value, dict):
                raise _bad(source, path, "a table")
            _merge(base[key], value, source, f"{path}.")
        else:
            base[key] = value


def _catalogues(value: Any, source: str, folder: str | Path | None) -> tuple[Catalogue, ...]:
    """Out of a file: a name, a path, or a list of them."""
    references = value if isinstance(value, list) else [value]
    if not 0 < len(references) <= MAX_CATALOGUES or not all(files.title(each) for each in references):
        names = " or ".join(f'"{name}"' for name in SHIPPED)
        raise _bad(source, "algorithms.catalogue", f"{names}, the path of a catalogue, or a list of such texts")
    return tuple(named(each, folder) for each in references)


def _handed_in(value: Sources) -> tuple[Catalogue, ...]:
    """Of a caller, whose relative paths are those of the process."""
    found = (value,) if isinstance(value, str | Path | Catalogue) else tuple(value)
    if not found:
        raise MisuseError("policy.bad-value", "catalogue= is empty", f"name one, such as {next(iter(SHIPPED))!r}")
    return tuple(each if isinstance(each, Catalogue) else named(each, Path()) for each in found)


# -- plain values


def to_values(policy: Any) -> dict[str, Any]:
    """The keys of a policy file, with the catalogues themselves; see ``Policy.to_values``."""
    values: dict[str, Any] = {
        "name": policy.name,
        "signature": {name: sorted(getattr(policy, name)) for name in ("formats", "levels", "kinds")},
        "algorithms": {
            "catalogue": [catalogue.to_values() for catalogue in policy.catalogues],
            "digests": sorted(policy.digests),
            "families": sorted(policy.families),
            "expires": {name: day.isoformat() for name, day in sorted(policy.expires.items())},
        },
        "revocation": {"mode": policy.revocation, "stale_control_time": policy.stale_control_time},
        "time": {},
        "findings": dict(sorted(policy.levels_of_findings.items())),
    }
    for (section, key), (name, unit, _) in _SPANS.items():
        span: timedelta | None = getattr(policy, name)
        values[section][key] = 0 if span is None else _plain(span, unit)
    return values


def of_values(values: Any, source: str) -> dict[str, Any]:
    """The fields of the policy that ``to_values`` described; every key must be there."""
    if not isinstance(values, Mapping):
        raise _bad(source, "a policy", "a table")
    _same_keys(values, {**_template(), "name": ""}, source, "")
    for section, template in _template().items():
        if not isinstance(values[section], Mapping):
            raise _bad(source, section, "a table")
        if section not in _OPEN_TABLES:
            _same_keys(values[section], template, source, f"{section}.")
    expires, listed = values["algorithms"]["expires"], values["algorithms"]["catalogue"]
    if not files.title(values["name"]):
        raise _bad(source, "name", f"a text of at most {files.MAX_TEXT} characters")
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_CATALOGUES:
        raise _bad(source, "algorithms.catalogue", f"a list of 1 to {MAX_CATALOGUES} catalogues")
    if not isinstance(expires, Mapping):
        raise _bad(source, "algorithms.expires", "a table")
    days = {key: iso_day(day) for key, day in expires.items()}
    whole = {**values, "algorithms": {**values["algorithms"], "expires": days}}
    catalogues = tuple(Catalogue.of_values(each, f"{source}: catalogue") for each in listed)
    return {**_fields(whole, source, catalogues, whole=False), "name": values["name"]}


@lru_cache(maxsize=1)
def _template() -> Mapping[str, Any]:
    """The tables of a policy with their keys."""
    return {section: value for section, value in shipped("default").items() if isinstance(value, dict)}


def _same_keys(given: Mapping[Any, Any], wanted: Mapping[str, Any], source: str, prefix: str) -> None:
    for key in given:
        if key not in wanted:
            message = f"{source} has the unknown key {prefix}{key}"
            raise MisuseError("policy.unknown-key", message, f"known here: {', '.join(sorted(wanted))}")
    for key in wanted:
        if key not in given:
            raise _bad(source, f"{prefix}{key}", "there")


def _plain(span: timedelta, unit: timedelta) -> int | float:
    """A span as a number of units, whole where it is."""
    whole, rest = divmod(span, unit)
    return whole if not rest else span / unit


# -- checks


def _fields(
    values: Mapping[str, Any], source: str, catalogues: tuple[Catalogue, ...], *, whole: bool
) -> dict[str, Any]:
    signature, algorithms, revocation = values["signature"], values["algorithms"], values["revocation"]
    return {
        "formats": _words(signature["formats"], _FORMATS, source, "signature.formats"),
        "levels": _words(signature["levels"], _LEVELS, source, "signature.levels"),
        "kinds": _words(signature["kinds"], _KINDS, source, "signature.kinds"),
        "catalogues": catalogues,
        "digests": _words(algorithms["digests"], tuple(DIGESTS), source, "algorithms.digests"),
        "families": _words(algorithms["families"], FAMILIES, source, "algorithms.families"),
        "expires": _expires(algorithms["expires"], source),
        "revocation": _word(revocation["mode"], RevocationMode, source, "revocation.mode"),
        "stale_control_time": _word(
            revocation["stale_control_time"], StaleControlTime, source, "revocation.stale_control_time"
        ),
        **dict(_spans(values, source, whole=whole)),
        "levels_of_findings": findings(values["findings"], source),
    }


def _spans(values: Mapping[str, Any], source: str, *, whole: bool) -> Iterator[tuple[str, timedelta | None]]:
    """``whole``: a file has whole numbers; a program may make a policy with half an hour in it."""
    for (section, key), (name, unit, most) in _SPANS.items():
        value = values[section][key]
        number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:  # which no NaN is
            raise _bad(source, f"{section}.{key}", f"a {'whole ' if whole else ''}number from 0 to {most}")
        yield name, value * unit if value or name == _ZERO_IS_ZERO else None


def _word(value: Any, words: Any, source: str, path: str) -> str:
    if not isinstance(value, str) or value not in get_args(words):
        raise _bad(source, path, f"one of {', '.join(get_args(words))}")
    return value


def _words(value: Any, known: tuple[str, ...], source: str, path: str) -> frozenset[str]:
    if not isinstance(value, list) or not value or not all(word in known for word in value):
        raise _bad(source, path, f"a non-empty list out of {', '.join(known)}")
    return frozenset(value)


def _expires(value: Mapping[str, Any], source: str) -> dict[str, date]:
    known = (*DIGESTS, *FAMILIES)
    for key, day in value.items():
        if key not in known:
            message = f"{source} has the unknown key algorithms.expires.{key}"
            raise MisuseError("policy.unknown-key", message, f"known: {', '.join(known)}")
        if is_day(day) is None:
            raise _bad(source, f"algorithms.expires.{key}", "a date such as 2030-01-01")
    return dict(value)


def findings(value: Mapping[str, Any], source: str) -> dict[str, FindingLevel]:
    """Levels of findings by code. Raises ``MisuseError`` for levels that cannot be."""
    for code, level in value.items():
        known = table().get(code)
        if known is None:
            raise MisuseError(
                "policy.unknown-key", f"{source} names the unknown finding {code}", "docs/findings.md lists all codes"
            )
        if not isinstance(level, str) or level not in get_args(FindingLevel):
            raise _bad(source, f"findings.{code}", f"one of {', '.join(get_args(FindingLevel))}")
        fixed = known.sub_indication in _NEVER_LOWERED or code in _NEVER_LOWERED_CODES
        if level != "fail" and fixed and known.level == "fail" and code not in _MAY_BE_LOWERED:
            raise MisuseError(
                "policy.bad-value", f"{source}: {code} can only be fail", "a broken signature has no other reading"
            )
    return dict(value)


def _bad(source: str, path: str, wanted: str) -> MisuseError:
    return MisuseError("policy.bad-value", f"{source}: {path} must be {wanted}", _HINT)
