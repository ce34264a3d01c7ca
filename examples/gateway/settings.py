"""The gateway's settings, from a TOML file; whatever is unknown, missing or of another kind is an error at start."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Partner", "Settings", "read"]

_ANCHOR = re.compile(r"sha256:[0-9a-f]{64}")
_KEYS = {"key": str, "secret_file": str, "trust": str, "trust_minutes": int, "max_age_minutes": int, "max_octets": int}


class Partner(NamedTuple):
    """Who may send: the identifier in its certificate, and the anchor below which that certificate must stand.

    With the anchor, an authority that is trusted for one partner cannot issue certificates that pass for another.
    """

    name: str
    identifier: str
    anchor: str


class Settings(NamedTuple):
    """What the file says. ``folder`` is where it lies; ``tsa`` is None where answers are not time-stamped."""

    folder: Path
    key: str
    secret: str
    trust: Path
    trust_minutes: int
    max_age_minutes: int
    max_octets: int
    tsa: str | None
    partners: tuple[Partner, ...]


def read(path: Path) -> Settings:
    """Read a settings file. Raises ``ValueError`` with the key that is wrong, ``OSError`` for files."""
    data = tomllib.loads(path.read_text("utf-8"))
    service, partners = data.pop("service", {}), data.pop("partner", [])
    _refuse_unknown("the file", data, set())
    _refuse_unknown("[service]", service, {*_KEYS, "tsa"})
    for key, kind in _KEYS.items():
        if type(service.get(key)) is not kind:
            raise ValueError(f"[service] {key} must be a {kind.__name__}")
    if not partners:
        raise ValueError("there is no [[partner]]: nobody could send anything")
    folder = path.resolve().parent
    scheme, _, place = service["key"].partition(":")
    place = place.replace("?key=", f"?key={folder}/")
    key = service["key"] if scheme == "pkcs11" else f"{scheme}:{folder / place}"
    secret = (folder / service["secret_file"]).read_text("utf-8").splitlines()[0]
    limits = (service["trust_minutes"], service["max_age_minutes"], service["max_octets"])
    trust = folder / service["trust"]
    return Settings(folder, key, secret, trust, *limits, service.get("tsa"), tuple(map(_partner, partners)))


def _partner(table: dict[str, Any]) -> Partner:
    _refuse_unknown("[[partner]]", table, set(Partner._fields))
    values = [table.get(name) for name in Partner._fields]
    if not all(isinstance(value, str) and value for value in values):
        raise ValueError(f"[[partner]] needs {', '.join(Partner._fields)}")
    partner = Partner(*map(str, values))
    if not _ANCHOR.fullmatch(partner.anchor):
        raise ValueError(f"[[partner]] {partner.name}: anchor must be sha256: and 64 hex digits")
    return partner


def _refuse_unknown(where: str, table: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise ValueError(f"{where} has an unknown key: {', '.join(unknown)}")
