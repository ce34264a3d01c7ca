"""Readers and writers of JSON members, put together into tables (the JSON projection of EN 319 522-3).

Reading is strict: one accepted form for each value, bounded sizes, a ``MalformedError`` that names the place. Members
that a table does not know are collected where the schema leaves the object open, and refused where it closes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode, json_loads
from toyono_trust.core.limits import MAX_DEPTH
from toyono_trust.delivery.components import Moment, Open, Unknown
from toyono_trust.errors import MalformedError

MAX_TEXT = 4_096
"""Characters of one text. The longest of public samples (a SAML attribute name) has 70; a URL bar takes 2,048."""
MAX_ITEMS = 1_000
"""Members of one list (recipients, parts, reasons). REM and Peppol messages carry at most 100 parts."""
MAX_OCTETS = 1 << 16
"""Octets of one certificate, signature value or open JSON value. ML-DSA-87 with its certificate needs 12,000."""
MAX_UNKNOWN = 100
"""Members that the standard does not know; anything with more is not evidence."""

Path = tuple[str | int, ...]
Found = list[Unknown]

_HOST = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
_PART = rf"(?:{_HOST}|[:@])"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?!\Z)"
    rf"(?://(?:(?:{_HOST}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{_HOST}*)(?::[0-9]{{1,5}})?(?=[/?\#]|\Z)|(?!//))"
    rf"(?:/|{_PART})*(?:\?(?:[/?]|{_PART})*)?(?:\#(?:[/?]|{_PART})*)?"
)
"""RFC 3986; what an XML schema takes for xs:anyURI is no narrower."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG = re.compile("[0-9]{19}")
_NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class Codec(NamedTuple):
    """``read(value, path, found)`` gives the component's value; ``write`` its JSON again."""

    read: Callable[[Any, Path, Found], Any]
    write: Callable[[Any], Any]


class Member(NamedTuple):
    """A member of an object. ``absent``: what its field holds without it (``...``: the member is required)."""

    name: str
    codec: Codec
    absent: Any = ...


def place(path: Path) -> str:
    """A path as text, e.g. ``RecipientDetails/0/Identifier``."""
    return "/".join(map(str, path)) or "the evidence"


def invalid(path: Path, expected: str) -> MalformedError:
    """The error for a value of another type or form than the standard's."""
    return MalformedError(
        "receipt.member-invalid", f"{place(path)} is not {expected}", "ask the issuer for the receipt"
    )


def too_large(path: Path) -> MalformedError:
    """The error for a value beyond its bound."""
    return MalformedError("receipt.too-large", f"{place(path)} is larger than a receipt's component may be")


# -- single values


def _keep(value: Any) -> Any:
    return value


def _read_text(value: Any, path: Path, found: Found) -> str:
    if not isinstance(value, str):
        raise invalid(path, "a text")
    if len(value) > MAX_TEXT:
        raise too_large(path)
    if not value.isprintable() and _NOT_XML.search(value):
        raise invalid(path, "a text of characters that XML can hold")
    return value


def _read_name(value: Any, path: Path, found: Found) -> str:
    if not _read_text(value, path, found):
        raise invalid(path, "a text that is not empty")
    return str(value)


def _read_uri(value: Any, path: Path, found: Found) -> str:
    if not _URI.fullmatch(_read_text(value, path, found)):
        raise invalid(path, "a URI")
    return str(value)


def _read_id(value: Any, path: Path, found: Found) -> str:
    if not _NCNAME.fullmatch(_read_text(value, path, found)):
        raise invalid(path, "an XML name")
    return str(value)


def _read_integer(value: Any, path: Path, found: Found) -> int:
    if type(value) is not int:
        raise invalid(path, "an integer")
    if abs(value) >= 1 << 31:
        raise too_large(path)
    return value


def _read_boolean(value: Any, path: Path, found: Found) -> bool:
    if not isinstance(value, bool):
        raise invalid(path, "true or false")
    return value


def _read_moment(value: Any, path: Path, found: Found) -> Moment:
    moment = Moment(_read_text(value, path, found))
    try:
        _ = moment.at
    except ValueError as error:
        raise invalid(path, "a date and time with zone") from error
    return moment


def _read_octets(value: Any, path: Path, found: Found) -> bytes:
    if not isinstance(value, str):
        raise invalid(path, "base64 text")
    if len(value) > MAX_OCTETS:
        raise too_large(path)
    try:
        octets = b64_decode(value)
    except MalformedError as error:
        raise invalid(path, "base64 text in its canonical form") from error
    if not octets:
        raise invalid(path, "base64 text that is not empty")
    return octets


def _read_open(value: Any, path: Path, found: Found) -> Open:
    _bound(value, path)
    try:
        content = Open.of(value)
        if _LONG.search(content.text):  # 1e20 is written with all its digits, which no strict reader takes
            json_loads(content.text.encode("utf-8"))
    except MalformedError as error:
        raise invalid(path, "JSON that RFC 8785 can write, and that can be read again") from error
    if len(content.text) > MAX_OCTETS:
        raise too_large(path)
    return content


def _bound(value: Any, path: Path) -> None:
    layer, depth, nodes = [value], len(path), 0
    while layer:
        depth, nodes = depth + 1, nodes + len(layer)
        if depth > MAX_DEPTH or nodes > MAX_OCTETS:
            raise too_large(path)
        lists = [item for item in layer if isinstance(item, list)]
        objects = [item for item in layer if isinstance(item, dict)]
        layer = [item for items in lists for item in items] + [item for items in objects for item in items.values()]


def read_object(value: Any, path: Path) -> dict[str, Any]:
    """The value, where it is a JSON object. Raises ``MalformedError`` otherwise."""
    if not isinstance(value, dict):
        raise invalid(path, "an object")
    return value


TEXT = Codec(_read_text, _keep)
NAME = Codec(_read_name, _keep)
URI = Codec(_read_uri, _keep)
ID = Codec(_read_id, _keep)
INTEGER = Codec(_read_integer, _keep)
BOOLEAN = Codec(_read_boolean, _keep)
MOMENT = Codec(_read_moment, lambda moment: moment.text)
OCTETS = Codec(_read_octets, b64_encode)
OPEN = Codec(_read_open, lambda content: content.value)


# -- put together


def several(codec: Codec, minimum: int = 1, maximum: int = MAX_ITEMS) -> Codec:
    """A list of ``minimum`` to ``maximum`` values."""

    def read(value: Any, path: Path, found: Found) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < minimum:
            raise invalid(path, f"a list of at least {minimum}")
        if len(value) > maximum:
            raise too_large(path)
        return tuple(codec.read(item, (*path, index), found) for index, item in enumerate(value))

    def write(values: tuple[Any, ...]) -> list[Any]:
        return [codec.write(value) for value in values]

    return Codec(read, write)


def record(make: Callable[..., Any], *members: Member, closed: bool = False) -> Codec:
    """An object whose members, in order, are the fields of ``make`` (or its first fields).

    ``closed``: the schema permits no other member.
    """
    names = frozenset(member.name for member in members)

    def read(value: Any, path: Path, found: Found) -> Any:
        given = read_object(value, path)
        if not given.keys() <= names:
            _others(given, names, path, found, closed)
        values = []
        for name, codec, absent in members:
            if name in given:
                values.append(codec.read(given[name], (*path, name), found))
            elif absent is ...:
                raise MalformedError("receipt.member-missing", f"{place((*path, name))} is missing")
            else:
                values.append(absent)
        return make(*values)

    def write(value: Any) -> dict[str, Any]:
        pairs = zip(members, value, strict=False)
        return {name: codec.write(field) for (name, codec, absent), field in pairs if absent is ... or field != absent}

    return Codec(read, write)


def wrapped(name: str, codec: Codec) -> Codec:
    """An object around one required member, as XML has an element around its list."""
    inner = record(lambda value: value, Member(name, codec))
    return Codec(inner.read, lambda value: inner.write((value,)))


def exactly_one(codec: Codec, expected: str) -> Codec:
    """A record of alternatives of which exactly one stands (xs:choice)."""

    def read(value: Any, path: Path, found: Found) -> Any:
        chosen = codec.read(value, path, found)
        if len(read_object(value, path)) != 1:
            raise invalid(path, f"exactly one of {expected}")
        return chosen

    return Codec(read, codec.write)


def _others(given: dict[str, Any], names: frozenset[str], path: Path, found: Found, closed: bool) -> None:
    for name, value in given.items():
        if name not in names:
            if closed:
                raise invalid((*path, name), "a member that the schema permits here")
            if len(found) >= MAX_UNKNOWN:
                raise too_large(path)
            _read_text(name, path, found)
            found.append(Unknown((*path, name), _read_open(value, (*path, name), found)))
