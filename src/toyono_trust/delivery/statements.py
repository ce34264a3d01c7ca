"""Statements of our own in JSON (manifests, consents, revocations, residents' receipts): one form, read strictly.

A statement is the RFC 8785 text of an object whose member ``format`` says what it is. Reading takes that text and no
other one for the same value, so that its digest names it; members that are not known are refused, for nobody would
know what was agreed to with them. What seals a statement (JAdES, CAdES) is not its matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from toyono_trust.core.algorithms import digest_size
from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_canonical, json_loads
from toyono_trust.delivery.check import ACCEPTED_DIGESTS
from toyono_trust.delivery.codec import MAX_ITEMS, MAX_TEXT
from toyono_trust.delivery.components import Moment
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["MAX_STATEMENT", "Object", "aware", "digest_members", "moment_text", "proved", "read_statement"]

MAX_STATEMENT = 1 << 20
"""Octets of a statement. A manifest of a hundred parts and a hundred receipts has 30,000."""
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Controls, what has no width, and what turns the reading direction: a person reads these texts before giving consent.

Variation selectors are none of these: Japanese names are written with them.
"""


class Object:
    """The members of a JSON object, taken out one by one; whatever has another form is a ``MalformedError``.

    ``code``: that of the errors. ``place``: where the object stands in its statement.
    """

    __slots__ = ("_code", "_members", "_place")

    def __init__(
        self, value: Any, code: str, required: Iterable[str], optional: Iterable[str] = (), place: str = ""
    ) -> None:
        self._code, self._place = code, place
        if not isinstance(value, dict):
            raise self._error("", "no JSON object")
        needed = frozenset(required)
        if not needed <= value.keys() <= needed | frozenset(optional):
            odd = sorted((needed - value.keys()) | (value.keys() - needed - frozenset(optional)))
            raise self._error("", f"without or with too much: {', '.join(map(repr, odd[:5]))}")
        self._members: dict[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str, limit: int = MAX_TEXT) -> str:
        """A text that is not empty, of what can be seen."""
        value = self._members[name]
        if not isinstance(value, str) or not value or len(value) > limit or _UNSEEN.search(value):
            raise self._error(name, f"no text of 1 to {limit} characters without controls")
        return value

    def moment(self, name: str) -> datetime:
        """A time in UTC, in the one form that ``moment_text`` writes (RFC 3339)."""
        text = self.text(name)
        try:
            at = Moment(text).at
        except ValueError as error:
            raise self._error(name, "no date and time with zone") from error
        if Moment.of(at).text != text:
            raise self._error(name, "not in UTC as this package writes it")
        return at

    def count(self, name: str, maximum: int) -> int:
        """A natural number from 1."""
        value = self._members[name]
        if type(value) is not int or not 1 <= value <= maximum:
            raise self._error(name, f"no number from 1 to {maximum}")
        return value

    def octets(self, name: str, size: int | None) -> bytes:
        """Base64url of so many octets."""
        value = b64url_decode(self.text(name))
        if len(value) != size:
            raise self._error(name, f"not {size} octets")
        return value

    def digest(self, name: str) -> tuple[str, bytes]:
        """``{"sha256": "…"}``: the name of the algorithm and the octets."""
        members = self.object(name, (), ACCEPTED_DIGESTS)
        algorithms = [*members._members]
        if len(algorithms) != 1:
            raise self._error(name, "not one digest")
        return algorithms[0], members.octets(algorithms[0], digest_size(algorithms[0]))

    def sha256(self, name: str) -> bytes:
        """``{"sha256": "…"}``: the octets; by another algorithm it is refused."""
        algorithm, value = self.digest(name)
        if algorithm != "sha256":
            raise self._error(name, "not by SHA-256")
        return value

    def object(self, name: str, required: Iterable[str], optional: Iterable[str] = ()) -> Self:
        """An object inside this one."""
        return type(self)(self._members[name], self._code, required, optional, self._at(name))

    def objects(
        self, name: str, required: Iterable[str], optional: Iterable[str] = (), *, minimum: int = 0
    ) -> list[Self]:
        """A list of objects."""
        items = self._items(name, minimum)
        known = frozenset(required), frozenset(optional)
        return [type(self)(item, self._code, *known, f"{self._at(name)}/{at}") for at, item in enumerate(items)]

    def texts(self, name: str, *, minimum: int = 0) -> tuple[str, ...]:
        """A list of distinct texts."""
        items = self._items(name, minimum)
        found = tuple(type(self)({name: item}, self._code, (name,), place=self._place).text(name) for item in items)
        if len(set(found)) != len(found):
            raise self._error(name, "with something twice")
        return found

    def _items(self, name: str, minimum: int) -> list[Any]:
        value = self._members[name]
        if not isinstance(value, list) or not minimum <= len(value) <= MAX_ITEMS:
            raise self._error(name, f"no list of {minimum} to {MAX_ITEMS}")
        return value

    def error(self, name: str, reason: str) -> MalformedError:
        """The error for a member that the caller finds wrong."""
        return self._error(name, reason)

    def _at(self, name: str) -> str:
        return f"{self._place}/{name}" if self._place else name

    def _error(self, name: str, reason: str) -> MalformedError:
        where = (self._at(name) if name else self._place) or "the statement"
        return MalformedError(self._code, f"{where} is {reason}", "ask its issuer for it as it was made")


def read_statement(octets: bytes, code: str) -> Any:
    """The JSON value of a statement; only its RFC 8785 text is taken. Raises ``MalformedError`` with this code."""
    value = json_loads(octets, max_bytes=MAX_STATEMENT, max_depth=8, max_nodes=50_000)
    if json_canonical(value) != octets:
        raise MalformedError(code, "this is not in RFC 8785 form", "present it as it was made, octet for octet")
    return value


def proved(octets: bytes, read: Any, code: str) -> Any:
    """What is read again from what is to be issued; an argument of wrong form shows here. Raises ``MisuseError``."""
    try:
        return read(octets)
    except MalformedError as error:
        raise MisuseError(code, f"an argument has a wrong form: {error.message}") from error


def digest_members(algorithm: str, value: bytes) -> dict[str, str]:
    """A digest as a statement has it."""
    return {algorithm: b64url_encode(value).decode("ascii")}


def moment_text(at: datetime) -> str:
    """A time as a statement has it."""
    return Moment.of(at).text


def aware(at: datetime, argument: str) -> datetime:
    """The time, where it has a zone. Raises ``MisuseError`` "argument.naive-time"."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise MisuseError("argument.naive-time", f"{argument} has no time zone", "use an aware datetime")
    return at
