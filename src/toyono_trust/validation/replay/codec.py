"""Named tuples as JSON values and back, directed by their annotations: strict, exact, and without any object's code.

A member that has its default is left out, so that an archive of an older release reads as it was written, and a newer
one's is read as long as it says nothing new. Hence no default of ``formats.model`` may ever change its meaning. An
unknown member, a wrong type, an unknown finding code and a missing member are ``MalformedError`` ("replay.value").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.core.findings import table
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import (
    EvidenceRecord,
    Facts,
    Note,
    Revision,
    Signature,
    SignatureValue,
    SignedObject,
    TimestampToken,
    Unread,
)
from toyono_trust.pki.anchors import der_is_ocsp
from toyono_trust.validation.material import Material
from toyono_trust.validation.replay.parts import TrustAnchor, TrustSnapshot
from toyono_trust.validation.replay.reduction import reduced
from toyono_trust.validation.words import CHANGES

__all__ = ["FOLDERS", "Octets", "read", "write"]

FOLDERS = {
    "crt": "material",
    "crl": "material",
    "ocs": "material",
    "tst": "tokens",
    "ers": "records",
    "tbs": "signed",
}
"""Where octets with a member of their own stand, by the ending of its name."""
KEPT: dict[tuple[type, str], tuple[str, ...]] = {
    (Signature, "certificates"): ("crt",),
    (Signature, "leaf"): ("crt",),
    (Signature, "crls"): ("crl",),
    (Signature, "ocsp_responses"): ("ocs",),
    (TimestampToken, "data"): ("tst",),
    (EvidenceRecord, "data"): ("ers",),
    (SignatureValue, "signed"): ("tbs",),
    (Material, "certificates"): ("crt",),
    (Material, "revocation"): ("crl", "ocs"),
    (TrustAnchor, "certificate"): ("crt",),
    (TrustSnapshot, "intermediates"): ("crt",),
    (TrustSnapshot, "revocation"): ("crl", "ocs"),
}
"""Octets that have a member of their own; all others stand in the JSON as base64."""
_LEFT_OUT = {(SignedObject, "content")}
_DEFAULTS = {(SignatureValue, "signed"): b""}
"""Beside those of the named tuples: what is empty where it was reduced to a digest."""
_SAFE = (1 << 53) - 1
_MAX_DIGITS = 2 * 1024
"""Hexadecimal digits of an integer, as ``core.asn1`` bounds them."""
_HEX = re.compile(rf"-?[0-9a-f]{{1,{_MAX_DIGITS}}}")
_REQUIRED = object()


class Octets:
    """The octets that stand in members of their own, by the member's name; each is there once."""

    def __init__(self, members: Mapping[str, bytes] | None = None) -> None:
        self.members = dict(members or {})
        self.unused = set(self.members)

    def put(self, data: bytes, endings: tuple[str, ...]) -> str:
        """Keep octets; gives their SHA-256 in hexadecimal. Of two endings the second is for OCSP responses."""
        digest = sha256(data).hexdigest()
        ending = endings[-1] if der_is_ocsp(data) else endings[0]
        self.members[f"{FOLDERS[ending]}/{digest}.{ending}"] = data
        return digest

    def get(self, digest: object, endings: tuple[str, ...], where: str) -> bytes:
        """The octets of a digest."""
        for ending in endings:
            name = f"{FOLDERS[ending]}/{digest}.{ending}"
            if name in self.members:
                self.unused.discard(name)
                return self.members[name]
        raise MalformedError("replay.member", f"{where} names octets that are not in the archive")


class Codec(NamedTuple):
    """How one type is written, and how it is read at a place that errors name."""

    write: Callable[[Any, Octets], Any]
    read: Callable[[Any, Octets, str], Any]


def write(value: tuple[Any, ...], octets: Octets) -> dict[str, Any]:
    """A named tuple as a JSON object; octets with members of their own go into ``octets``."""
    written: dict[str, Any] = _record(type(value)).write(value, octets)
    return written


def read(kind: type, value: Any, octets: Octets, where: str) -> Any:
    """A named tuple of ``kind`` from a JSON object. Raises ``MalformedError``: "replay.value", "replay.member"."""
    return _record(kind).read(value, octets, where)


def _bad(where: str, wanted: str) -> MalformedError:
    return MalformedError("replay.value", f"{where} is not {wanted}", "use the archive as it was written")


# -- simple values


def _write_text(value: str, _: Octets) -> Any:
    """Python's text can hold half a character (file names, UTF-16 of a PDF), which UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"surrogates": b64_encode(value.encode("utf-8", "surrogatepass"))}
    return value


def _read_text(value: Any, _: Octets, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value.keys() == {"surrogates"} and isinstance(value["surrogates"], str):
        try:
            return b64_decode(value["surrogates"]).decode("utf-8", "surrogatepass")
        except (MalformedError, UnicodeDecodeError):
            raise _bad(where, "text") from None
    raise _bad(where, "text")


def _write_bytes(value: bytes, _: Octets) -> str:
    return b64_encode(value)


def _read_bytes(value: Any, _: Octets, where: str) -> bytes:
    if not isinstance(value, str):
        raise _bad(where, "base64")
    try:
        return b64_decode(value)
    except MalformedError:
        raise _bad(where, "base64") from None


def _write_number(value: int | float, _: Octets) -> Any:
    """As a JSON number where every reader of JSON gets the same one out of it."""
    if isinstance(value, float):
        return value if value - value == 0 else {"float": str(value)}  # not so of infinities
    return value if -_SAFE <= value <= _SAFE else format(value, "x")


def _read_integer(value: Any, _: Octets, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _HEX.fullmatch(value):
        return int(value, 16)
    raise _bad(where, "an integer")


def _read_float(value: Any, octets: Octets, where: str) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, dict) and value.keys() == {"float"} and value["float"] in ("inf", "-inf", "nan"):
        return float(value["float"])
    return _read_integer(value, octets, where)


def _read_bool(value: Any, _: Octets, where: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(where, "true or false")
    return value


def _write_time(value: datetime, _: Octets) -> str:
    if value.tzinfo is not None:
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # the first or last day of the calendar, elsewhere
            pass
    return value.isoformat()


def _read_time(value: Any, octets: Octets, where: str) -> datetime:
    found = _read_any_time(value, octets, where)
    if found.tzinfo is None:
        raise _bad(where, "a time with its zone")
    return found


def _read_any_time(value: Any, _: Octets, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if found.isoformat() == value:
            return found if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _bad(where, "a time in the form of RFC 3339")


_SIMPLE: dict[Any, Codec] = {
    str: Codec(_write_text, _read_text),
    bytes: Codec(_write_bytes, _read_bytes),
    int: Codec(_write_number, _read_integer),
    float: Codec(_write_number, _read_float),
    bool: Codec(lambda value, _: value, _read_bool),
    datetime: Codec(_write_time, _read_time),
}


# -- values of a note, whatever a parser put there


def _write_any(value: Any, octets: Octets) -> Any:
    """A value with its type where JSON has none like it; what is of no type known here is only ever shown: its text."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) is str:
        return _write_text(value, octets)
    if type(value) is int:
        return value if -_SAFE <= value <= _SAFE else {"int": format(value, "x")}
    if type(value) is float:
        return _write_number(value, octets)
    if isinstance(value, datetime):
        return {"time": _write_time(value, octets)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": b64_encode(value)}
    if type(value) is list:
        return [_write_any(item, octets) for item in value]
    if type(value) is tuple:
        return {"tuple": [_write_any(item, octets) for item in value]}
    return _write_text(str(value), octets)


def _read_any(value: Any, octets: Octets, where: str) -> Any:
    if isinstance(value, list):
        return [_read_any(item, octets, where) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise _bad(where, "a value of a known type")
    ((kind, inner),) = value.items()
    if kind == "tuple" and isinstance(inner, list):
        return tuple([_read_any(item, octets, where) for item in inner])
    if kind == "date":
        return _read_date(inner, where)
    reader = _TAGGED.get(kind)
    if reader is None:
        raise _bad(where, "a value of a known type")
    return reader(value if kind in ("surrogates", "float") else inner, octets, where)


def _read_date(value: Any, where: str) -> date:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad(where, "a date") from None
    if found.isoformat() != value:
        raise _bad(where, "a date")
    return found


_TAGGED: dict[str, Callable[[Any, Octets, str], Any]] = {
    "surrogates": _read_text,
    "float": _read_float,
    "int": _read_integer,
    "time": _read_any_time,
    "bytes": _read_bytes,
}


# -- types that are made of others


def _codec(kind: Any, endings: tuple[str, ...] = ()) -> Codec:
    """The codec of an annotation. ``endings``: of members, where octets have one. ``TypeError`` for another type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = [argument for argument in arguments if argument is not NoneType]
        if len(inner) == 1 and len(arguments) == 2:
            return _optional(_codec(inner[0], endings))
    elif origin is Literal:
        return _choice(arguments)
    elif origin is tuple:
        if arguments[-1] is Ellipsis:
            return _several(_codec(arguments[0], endings))
        return _fixed([_codec(argument, endings) for argument in arguments])
    elif origin is Mapping and arguments[0] is str:
        return _mapping(Codec(_write_any, _read_any) if arguments[1] is Any else _codec(arguments[1]))
    elif kind is bytes and endings:
        return Codec(
            lambda value, octets: octets.put(value, endings),
            lambda value, octets, where: octets.get(value, endings, where),
        )
    elif kind in _SIMPLE:
        return _SIMPLE[kind]
    elif isinstance(kind, type) and issubclass(kind, tuple):
        return Codec(
            lambda value, octets: _record(kind).write(value, octets),
            lambda value, octets, where: _record(kind).read(value, octets, where),
        )
    raise TypeError(f"{kind} cannot be written down")


def _optional(inner: Codec) -> Codec:
    return Codec(
        lambda value, octets: None if value is None else inner.write(value, octets),
        lambda value, octets, where: None if value is None else inner.read(value, octets, where),
    )


def _choice(words: tuple[Any, ...]) -> Codec:
    def read_one(value: Any, _: Octets, where: str) -> Any:
        if not any(value == word and type(value) is type(word) for word in words):
            raise _bad(where, f"one of {', '.join(map(str, words))}")
        return value

    return Codec(lambda value, _: value, read_one)


def _several(inner: Codec) -> Codec:
    def read_all(value: Any, octets: Octets, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _bad(where, "a list")
        return tuple([inner.read(item, octets, f"{where}[{index}]") for index, item in enumerate(value)])

    return Codec(lambda value, octets: [inner.write(item, octets) for item in value], read_all)


def _fixed(inner: list[Codec]) -> Codec:
    def read_all(value: Any, octets: Octets, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(inner):
            raise _bad(where, f"a list of {len(inner)}")
        return tuple([codec.read(item, octets, where) for codec, item in zip(inner, value, strict=True)])

    return Codec(
        lambda value, octets: [codec.write(item, octets) for codec, item in zip(inner, value, strict=True)], read_all
    )


def _mapping(inner: Codec) -> Codec:
    def read_all(value: Any, octets: Octets, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _bad(where, "an object")
        return {key: inner.read(item, octets, f"{where}.{key}") for key, item in value.items()}

    return Codec(lambda value, octets: {key: inner.write(item, octets) for key, item in value.items()}, read_all)


class _Field(NamedTuple):
    name: str
    default: Any
    codec: Codec


@lru_cache(maxsize=64)
def _record(kind: type) -> Codec:
    """The codec of a named tuple."""
    hints, defaults = get_type_hints(kind), dict(getattr(kind, "_field_defaults", {}))
    defaults.update((name, default) for (owner, name), default in _DEFAULTS.items() if owner is kind)
    fields = [
        _Field(name, defaults.get(name, _REQUIRED), _codec(hints[name], KEPT.get((kind, name), ())))
        for name in getattr(kind, "_fields", ())
        if (kind, name) not in _LEFT_OUT
    ]
    known = {field.name for field in fields}

    def write_all(value: Any, octets: Octets) -> dict[str, Any]:
        value = reduced(value)
        found = {}
        for name, default, codec in fields:
            item = getattr(value, name)
            if default is _REQUIRED or item != default:
                found[name] = codec.write(item, octets)
        return found

    def read_all(value: Any, octets: Octets, where: str) -> Any:
        if not isinstance(value, dict):
            raise _bad(where, "an object")
        if not value.keys() <= known:
            raise _bad(f"{where}.{min(value.keys() - known)}", f"known; {kind.__name__} has no such member")
        found = {}
        for name, default, codec in fields:
            if name in value:
                found[name] = codec.read(value[name], octets, f"{where}.{name}")
            elif default is _REQUIRED:
                raise _bad(f"{where}.{name}", "there")
            else:
                found[name] = default
        made = kind(**found)
        _check(made, where)
        return made

    return Codec(write_all, read_all)


def _check(made: Any, where: str) -> None:
    """What the judge and the renderings take for granted, and no type says."""
    if isinstance(made, Note | Unread) and made.code not in table():
        raise _bad(f"{where}.code", "the code of a finding")
    if isinstance(made, SignatureValue) and made.signed and made.digest is not None:
        raise _bad(where, "either octets or their digest")
    if isinstance(made, Facts):
        _check_records(made, where)
    if isinstance(made, Revision) and not set(made.changes) <= CHANGES.keys():
        raise _bad(f"{where}.changes", "a list of kinds of changes")


def _check_records(facts: Facts, where: str) -> None:
    """Chains of evidence records name time stamps that are there, each once, and none is empty."""
    places = [place for record in facts.evidence_records for chain in record.chains for place in chain]
    known = set(places) <= set(range(len(facts.timestamps))) and len(set(places)) == len(places)
    if not known or not all(record.chains and all(record.chains) for record in facts.evidence_records):
        raise _bad(f"{where}.evidence_records", "a list of records with places of time stamps")
