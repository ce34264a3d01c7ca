"""Insertions into a JSON text that leave every other character as it is (RFC 8259).

The text has been read by ``core.canonical.json_loads`` before: here it is known to be sound.
"""

from __future__ import annotations

import json
from typing import NamedTuple

_SCAN = json.JSONDecoder().raw_decode
_WHITE_SPACE = " \t\r\n"


class Span(NamedTuple):
    """Where a value stands in a text: ``text[start:end]``."""

    start: int
    end: int


def root(text: str) -> Span:
    """The span of the text's one value."""
    start = _skip(text, 0)
    return Span(start, _SCAN(text, start)[1])


def members(text: str, span: Span) -> dict[str, Span]:
    """The spans of an object's values by member name."""
    found: dict[str, Span] = {}
    at = _skip(text, span.start + 1)
    while text[at] != "}":
        name, at = _SCAN(text, at)
        start = _skip(text, _skip(text, at) + 1)
        end = _SCAN(text, start)[1]
        found[name] = Span(start, end)
        at = _after(text, end)
    return found


def items(text: str, span: Span) -> list[Span]:
    """The spans of an array's elements."""
    found: list[Span] = []
    at = _skip(text, span.start + 1)
    while text[at] != "]":
        end = _SCAN(text, at)[1]
        found.append(Span(at, end))
        at = _after(text, end)
    return found


def add_member(text: str, span: Span, name: str, value: str) -> str:
    """``text`` with one more member at the end of the object at ``span``; ``value`` is JSON."""
    values = members(text, span)
    at = max((one.end for one in values.values()), default=span.start + 1)
    return f"{text[:at]}{',' if values else ''}{json.dumps(name)}:{value}{text[at:]}"


def add_item(text: str, span: Span, value: str) -> str:
    """``text`` with one more element at the end of the array at ``span``; ``value`` is JSON."""
    values = items(text, span)
    at = values[-1].end if values else span.start + 1
    return f"{text[:at]}{',' if values else ''}{value}{text[at:]}"


def replace(text: str, span: Span, value: str) -> str:
    """``text`` with another value at ``span``."""
    return f"{text[: span.start]}{value}{text[span.end :]}"


def _skip(text: str, at: int) -> int:
    while text[at] in _WHITE_SPACE:
        at += 1
    return at


def _after(text: str, at: int) -> int:
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at
