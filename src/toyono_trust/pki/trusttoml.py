"""``trust.toml``: the anchors of a trust folder by file name, with their purposes and time spans.

::

    fetch = ["http://crl.example.jp/ca.crl"]    # CRLs that "trust update" keeps fresh; optional
    [[anchor]]
    file = "roots/town.pem"           # relative, inside the folder
    purposes = ["seal", "signature"]  # signature, seal, timestamp, website, any; default any
    not_before = 2026-04-01           # a date (UTC) or an RFC 3339 instant; optional
    not_after = 2036-03-31T15:00:00Z  # sunset: from then on it is no anchor; optional

Without any ``[[anchor]]`` the files in ``anchors/`` are the anchors.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from toyono_trust.errors import MisuseError

PURPOSES = ("signature", "seal", "timestamp", "website", "any")
_KEYS = ("file", "purposes", "not_before", "not_after")


class Named(NamedTuple):
    """One file named to hold anchors."""

    file: str
    purposes: frozenset[str] = frozenset({"any"})
    not_before: datetime | None = None
    not_after: datetime | None = None


class TrustToml(NamedTuple):
    """What the file says."""

    anchors: tuple[Named, ...] = ()
    fetch: tuple[str, ...] = ()


def read_trust_toml(data: bytes, source: str) -> TrustToml:
    """Read the file. Raises ``MisuseError``: "trust.unreadable", "trust.unknown-key", "trust.bad-value"."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, numbers without end, nesting
        raise MisuseError("trust.unreadable", f"{source} cannot be read: {error}", "correct the file") from error
    _known(document, ("anchor", "fetch"), source)
    fetch = document.get("fetch", [])
    if not isinstance(fetch, list) or any(not isinstance(url, str) or not _address(url) for url in fetch):
        raise _bad(source, "fetch", "write a list of http:// or https:// addresses")
    entries = document.get("anchor", [])
    if not isinstance(entries, list):
        raise _bad(source, "anchor", "write [[anchor]]")
    named = [_anchor(entry, source) for entry in entries]
    if len({each.file for each in named}) != len(named):
        raise _bad(source, "file", "name every file once")
    return TrustToml(tuple(named), tuple(dict.fromkeys(fetch)))


def write_trust_toml(contents: TrustToml) -> bytes:
    """The file that reads back to ``contents``."""
    lines = [f"fetch = {json.dumps(contents.fetch)}"] if contents.fetch else []
    for anchor in contents.anchors:
        lines += [
            "[[anchor]]",
            f"file = {json.dumps(anchor.file)}",
            f"purposes = {json.dumps(sorted(anchor.purposes))}",
        ]
        spans = (("not_before", anchor.not_before), ("not_after", anchor.not_after))
        lines += [f"{key} = {at.astimezone(UTC).isoformat()}" for key, at in spans if at is not None]
    return "".join(line + "\n" for line in lines).encode()


def _anchor(entry: Any, source: str) -> Named:
    if not isinstance(entry, dict):
        raise _bad(source, "anchor", "write [[anchor]]")
    _known(entry, _KEYS, source)
    file = entry.get("file")
    if not isinstance(file, str) or not _plain(file):
        raise MisuseError(
            "trust.outside",
            f"{source} names {file!r}, which is not inside this folder",
            "use relative names without ..",
        )
    purposes = entry.get("purposes", ["any"])
    if not isinstance(purposes, list) or not purposes or any(each not in PURPOSES for each in purposes):
        raise _bad(source, "purposes", f"use some of {', '.join(PURPOSES)}")
    span = _instant(entry, "not_before", source), _instant(entry, "not_after", source)
    if span[0] is not None and span[1] is not None and span[0] >= span[1]:
        raise _bad(source, "not_after", "it must be later than not_before")
    return Named(str(PurePosixPath(file)), frozenset(purposes), *span)


def _plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and not {"..", "\\", ":", "\0"} & {*parts, *name}


def _address(url: str) -> bool:
    return url.startswith(("http://", "https://")) and url.isascii() and url.isprintable() and " " not in url


def _instant(entry: dict[str, Any], key: str, source: str) -> datetime | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise _bad(source, key, "use a time within the years 1 to 9999 in UTC") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise _bad(source, key, "use a date (2030-01-31) or an instant with its zone (2030-01-31T00:00:00Z)")


def _known(table: dict[str, Any], keys: Iterable[str], source: str) -> None:
    for key in table:
        if key not in keys:
            raise MisuseError("trust.unknown-key", f"{source} has the unknown key {key!r}", f"known: {', '.join(keys)}")


def _bad(source: str, key: str, hint: str) -> MisuseError:
    return MisuseError("trust.bad-value", f"{source}: the value of {key!r} cannot be used", hint)
