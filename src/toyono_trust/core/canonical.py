"""Encodings with one accepted reading: base64url (RFC 7515 2), base64 (RFC 4648 4), JSON (RFC 8259, I-JSON RFC 7493).

And the JSON Canonicalization Scheme (RFC 8785). Everything here refuses what a second reader might read otherwise:
padding or stray bits in base64url, duplicate members, numbers out of range, lone surrogates.
"""

from __future__ import annotations

import json
import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Any, NoReturn

from toyono_trust.core.limits import MAX_DEPTH, MAX_FILE, MAX_NODES
from toyono_trust.errors import MalformedError

__all__ = [
    "b64_decode",
    "b64_decode_familiar",
    "b64_encode",
    "b64url_check",
    "b64url_decode",
    "b64url_decode_familiar",
    "b64url_encode",
    "json_canonical",
    "json_loads",
]

_URL_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL = bytes.maketrans(b"+/", b"-_")
# RFC 4648 3.5: the bits of the last character that carry no octet are zero.
_LAST_OF_2 = b"AQgw"
_LAST_OF_3 = b"AEIMQUYcgkosw048"
_PADDING = (b"", b"", b"==", b"=")


def b64url_decode(text: bytes | str) -> bytes:
    """Octets of base64url text without padding (RFC 7515 2).

    Raises ``MalformedError``: ``base64url.character`` (padding, white space, any other character),
    ``base64url.length`` (no octet string has this length), ``base64url.trailing-bits`` (not the canonical text).
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text  # "?" is of no alphabet
    rest = len(data) & 3
    if rest and (rest == 1 or data[-1] not in (_LAST_OF_2 if rest == 2 else _LAST_OF_3)):
        _refuse_tail(data, rest, "base64url")
    try:
        return a2b_base64(data.translate(_FROM_URL) + _PADDING[rest], strict_mode=True)
    except BinasciiError:
        raise MalformedError("base64url.character", "a character is not of the base64url alphabet") from None


def b64url_decode_familiar(text: bytes) -> bytes:
    """Like ``b64url_decode``, for texts that share long runs with earlier ones: headers with the same certificates.

    Runs of 512 characters are remembered, at most 256 of them; what was refused is not.
    """
    if len(text) <= 2 * _RUN:
        return b64url_decode(text)
    end = len(text) - len(text) % _RUN
    try:
        return b"".join([_run(text[at : at + _RUN]) for at in range(0, end, _RUN)]) + b64url_decode(text[end:])
    except BinasciiError:
        raise MalformedError("base64url.character", "a character is not of the base64url alphabet") from None


_RUN = 512


@lru_cache(256)
def _run(text: bytes) -> bytes:
    return a2b_base64(text.translate(_FROM_URL), strict_mode=True)


def b64url_check(data: bytes) -> None:
    """Refuse exactly what ``b64url_decode`` refuses, several times faster because nothing is decoded."""
    rest = len(data) & 3
    if rest and (rest == 1 or data[-1] not in (_LAST_OF_2 if rest == 2 else _LAST_OF_3)):
        _refuse_tail(data, rest, "base64url")
    if data.translate(None, _URL_ALPHABET):
        raise MalformedError("base64url.character", "a character is not of the base64url alphabet")


def b64url_encode(data: bytes) -> bytes:
    """Base64url text without padding (RFC 7515 2)."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def b64_decode(text: bytes | str) -> bytes:
    """Octets of padded standard base64 on one line (RFC 4648 4).

    Raises ``MalformedError``: ``base64.character``, ``base64.length``, ``base64.trailing-bits``.
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text
    if len(data) & 3:
        raise MalformedError("base64.length", "base64 text is not a multiple of four characters long")
    if data.endswith(b"="):
        bare = data.rstrip(b"=")
        rest = len(bare) & 3
        if rest < 2:
            raise MalformedError("base64.length", "base64 text has too much padding")
        if bare[-1] not in (_LAST_OF_2 if rest == 2 else _LAST_OF_3):
            _refuse_tail(bare, rest, "base64")
    try:
        return a2b_base64(data, strict_mode=True)
    except BinasciiError:
        raise MalformedError("base64.character", "a character is not of the base64 alphabet") from None


def b64_decode_familiar(text: str) -> bytes:
    """Like ``b64_decode``, for certificates: the last 256 texts of up to 8 KiB are remembered."""
    return _familiar(text) if len(text) <= 8192 else b64_decode(text)


def b64_encode(data: bytes) -> str:
    """Padded standard base64 on one line (RFC 4648 4), as text for JSON members such as ``x5c``."""
    return b2a_base64(data, newline=False).decode("ascii")


_familiar = lru_cache(256)(b64_decode)


def _refuse_tail(data: bytes, rest: int, kind: str) -> NoReturn:
    if data[-1:] not in _URL_ALPHABET + b"+/":
        raise MalformedError(f"{kind}.character", f"a character is not of the {kind} alphabet")
    if rest == 1:
        raise MalformedError(f"{kind}.length", f"no octets have {kind} text of this length")
    raise MalformedError(f"{kind}.trailing-bits", f"the last character of the {kind} text has stray bits")


# JSON ----------------------------------------------------------------------------------------------------------------

_MAX_INTEGER = 1 << 63
_MAX_DIGITS = 64
"""Characters of a number. The longest shortest-form double has 24; a parser of the field hung on 5,000 digits."""
_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],]', re.DOTALL)
_WHITE_SPACE = " \t\r\n"


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("json.duplicate-member", "a JSON object has the same member twice")
    return members


def _integer(text: str) -> int:
    if len(text) < 19:
        return int(text)
    if len(text) > 20 or not -_MAX_INTEGER <= (value := int(text)) <= _MAX_INTEGER:
        raise MalformedError("json.number", "a JSON number is out of the accepted range")
    return value


def _float(text: str) -> float:
    if len(text) > _MAX_DIGITS or (value := float(text)) in (float("inf"), float("-inf")):
        raise MalformedError("json.number", "a JSON number is out of the accepted range")
    return value


def _constant(text: str) -> NoReturn:
    raise MalformedError("json.number", f"{text} is not a JSON number")


_STRICT = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)
_FLAT = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True)
"""Without the hook, for an object that holds no other one: its members are counted instead."""


def json_loads(
    data: bytes, *, max_bytes: int = MAX_FILE, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES
) -> Any:
    """The value of one JSON text in UTF-8 (RFC 8259), read so that no two readers can differ (RFC 7493).

    Integers come as ``int`` within ±2**63, other numbers as finite ``float``. Raises ``MalformedError``:
    ``json.size``, ``json.depth``, ``json.not-utf8`` (a byte order mark too), ``json.syntax``,
    ``json.duplicate-member``, ``json.number``, ``json.surrogate``.
    """
    if len(data) > max_bytes:
        raise MalformedError("json.size", "a JSON text is larger than accepted here")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("json.not-utf8", "a JSON text is not UTF-8", offset=error.start) from None
    flat = data[:1] == b"{" and data.find(b"{", 1) < 0
    if not flat or len(data) > max_nodes or data.find(b"[", data.find(b"[") + 1) >= 0:
        opened = data.count(b"{") + data.count(b"[")
        if opened > max_depth or opened + data.count(b",") > max_nodes:
            _bound_structure(text, max_depth, max_nodes)
    try:
        if flat:
            value, end = _FLAT.raw_decode(text)
            # every member has a colon: as many colons as members left means that no member was there twice
            if len(value) != data.count(b":"):
                value, end = _STRICT.raw_decode(text)
        else:
            value, end = _STRICT.raw_decode(text)
    except ValueError as error:
        if isinstance(error, MalformedError):
            raise
        if text[:1] in _WHITE_SPACE and text[:1]:
            return json_loads(text.lstrip(_WHITE_SPACE).encode(), max_depth=max_depth, max_nodes=max_nodes)
        raise MalformedError("json.syntax", "this is not one JSON text", offset=getattr(error, "pos", None)) from None
    except RecursionError:  # the caller allowed more depth than the interpreter's stack has left
        raise MalformedError("json.depth", "a JSON text is nested too deeply") from None
    if end != len(text) and text[end:].strip(_WHITE_SPACE):
        raise MalformedError("json.syntax", "something follows the JSON text", offset=end)
    if b"\\" in data and b"\\u" in data:
        _refuse_surrogates(value)
    return value


def _bound_structure(text: str, max_depth: int, max_nodes: int) -> None:
    """Count what is outside strings, in one linear pass, before anything is built."""
    depth = nodes = 0
    for match in _STRUCTURE.finditer(text):
        mark = match.group()[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        elif mark != ",":
            continue
        nodes += 1
        if depth > max_depth:
            raise MalformedError("json.depth", "a JSON text is nested too deeply", offset=match.start())
        if nodes > 2 * max_nodes:
            raise MalformedError("json.size", "a JSON text has too many members", offset=match.start())


def _refuse_surrogates(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            try:
                item.encode("utf-8")
            except UnicodeEncodeError:
                raise MalformedError("json.surrogate", "a JSON string holds half a character") from None
        elif isinstance(item, dict):
            pending += item
            pending += item.values()
        elif isinstance(item, list):
            pending += item


# RFC 8785 ------------------------------------------------------------------------------------------------------------

_MAX_SAFE = (1 << 53) - 1
_quote = json.JSONEncoder(ensure_ascii=False).encode
"""RFC 8785 3.2.2.2: the two-character escapes, \\u00xx in lower case for the other controls, all else as it is."""


def json_canonical(value: Any) -> bytes:
    """The RFC 8785 form of a value made of dict, list, str, int, float, bool and None.

    Raises ``MalformedError``: ``json.number`` (an integer that is no double, NaN, infinity), ``json.surrogate``,
    ``json.depth``, ``json.type``.
    """
    parts: list[str] = []
    _write(value, parts.append, 0)
    try:
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError("json.surrogate", "a JSON string holds half a character") from None


def _write(value: Any, put: Any, depth: int) -> None:
    if value is None or value is True or value is False:
        put("null" if value is None else "true" if value else "false")
    elif isinstance(value, str):
        put(_quote(value))
    elif isinstance(value, int):
        put(str(int(value)) if -_MAX_SAFE <= value <= _MAX_SAFE else _large_integer(value))
    elif isinstance(value, float):
        put(_es_number(value))
    elif depth >= MAX_DEPTH:
        raise MalformedError("json.depth", "a JSON text is nested too deeply")
    elif isinstance(value, dict):
        separator = "{"
        for name in _sorted_names(value):
            put(f"{separator}{_quote(name)}:")
            _write(value[name], put, depth + 1)
            separator = ","
        put("{}" if separator == "{" else "}")
    elif isinstance(value, (list, tuple)):
        separator = "["
        for item in value:
            put(separator)
            _write(item, put, depth + 1)
            separator = ","
        put("[]" if separator == "[" else "]")
    else:
        raise MalformedError("json.type", f"{type(value).__name__} is no JSON type")


def _large_integer(value: int) -> str:
    """RFC 8785 3.2.2.3 knows doubles only; an integer that is none would be another number to the next reader."""
    if abs(value) <= _MAX_INTEGER:
        text = _es_number(float(value))
        if text == str(value) or int(float(value)) == value:
            return text
    raise MalformedError("json.number", "an integer beyond 2**53 - 1 is no double and has no canonical form")


def _sorted_names(members: dict[Any, Any]) -> list[str]:
    """RFC 8785 3.2.3: by UTF-16 code units, which differs from code points above U+FFFF only."""
    try:
        names = sorted(members)
        if "".join(names).isascii():
            return names
        return sorted(names, key=lambda name: name.encode("utf-16-be"))
    except TypeError:
        raise MalformedError("json.type", "the name of a JSON member is not text") from None
    except UnicodeEncodeError:
        raise MalformedError("json.surrogate", "a JSON string holds half a character") from None


def _es_number(value: float) -> str:
    """RFC 8785 3.2.2.3: ECMAScript's Number::toString; ``repr`` gives the same shortest digits."""
    if value == 0:
        return "0"
    if value != value or value in (float("inf"), float("-inf")):
        raise MalformedError("json.number", "NaN and infinity have no JSON form")
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return f"{sign}{digits}{'0' * (point - count)}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
