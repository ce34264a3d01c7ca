"""PKCS #11 URIs (RFC 7512): the part of them that names one private key safely."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from toyono_trust.errors import MisuseError

__all__ = ["Uri", "parse_uri"]

_TOKEN = ("token", "manufacturer", "serial", "model", "slot-id")
_QUERY = ("module-path", "pin-source", "x-certificates")


class Uri(NamedTuple):
    """A PKCS #11 URI (RFC 7512 2.3), decoded. ``None`` matches anything."""

    module: Path
    token: dict[str, str]
    label: str | None
    id: bytes | None
    pin_file: Path | None
    certificates: Path | None


def parse_uri(uri: str) -> Uri:
    """Read a PKCS #11 URI that names one key. Raises ``MisuseError`` "signer.bad-uri".

    Path attributes: token, manufacturer, serial, model, slot-id; object, id, type=private. Query attributes:
    module-path (required, absolute); pin-source (``file:`` and an absolute path; others cannot read that file);
    x-certificates (PEM file with certificates that the token lacks). pin-value is refused: addresses are logged.
    """
    path, _, query = uri.partition(":")[2].partition("?")
    found = _attributes(path, ";") | {f"?{name}": value for name, value in _attributes(query, "&").items()}
    known = {*_TOKEN, "object", "id", "type", *(f"?{name}" for name in _QUERY)}
    if "?pin-value" in found:
        raise _bad_uri("a PIN must not stand in an address", "pass secret=… to Signer.open")
    if "?module-name" in found:
        raise _bad_uri("module-name depends on the machine", "name the module with module-path=/…")
    if unknown := sorted(found.keys() - known):
        raise _bad_uri(f"the attribute {unknown[0].lstrip('?')!r} is not supported", "leave it out")
    if found.get("type", "private") != "private":
        raise _bad_uri("type is not private", "name a private key")
    module = found.get("?module-path")
    return Uri(
        module=_absolute(module, "module-path"),
        token={name: unquote(found[name]) for name in _TOKEN if name in found},
        label=unquote(found["object"]) if "object" in found else None,
        id=unquote_to_bytes(found["id"]) if "id" in found else None,
        pin_file=_absolute(found["?pin-source"].removeprefix("file:"), "pin-source")
        if "?pin-source" in found
        else None,
        certificates=_absolute(found["?x-certificates"], "x-certificates") if "?x-certificates" in found else None,
    )


def _attributes(text: str, separator: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if not equals or name in found:
            raise _bad_uri("an attribute stands twice or has no value", "write name=value once each")
        found[name] = value
    return found


def _absolute(text: str | None, name: str) -> Path:
    path = Path(unquote(text or ""))
    if not path.is_absolute() or "\0" in str(path):
        raise _bad_uri(f"{name} is missing or not an absolute path", f"write {name}=/… with the full path")
    return path


def _bad_uri(reason: str, hint: str) -> MisuseError:
    return MisuseError("signer.bad-uri", f"the PKCS #11 URI cannot be used: {reason}", hint)
