"""Reads a policy of logs and witnesses (C2SP tlog-policy), a text file of lines.

    log VERIFIER-KEY [URL]
    witness NAME VERIFIER-KEY [URL]
    group NAME all|any|NUMBER NAME…
    quorum NAME|none

Names are defined before they are used; "#" begins a comment line. A subset: members of a group are witnesses, so that
the quorum is "n of m". Groups of groups are refused, not simplified.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger.checkpoint import WitnessPolicy
from toyono_trust.ledger.note import COSIGNATURE, ED25519, NoteKey

__all__ = ["LogPolicy", "NamedKey", "read_log_policy"]

MAX_POLICY = 1 << 18
"""Octets. C2SP wants 32 logs, witnesses and groups at least; these need some 20,000."""
MAX_LINES = 1_000

_LINE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


class NamedKey(NamedTuple):
    """A log or a witness of a policy. ``name``: what the policy calls a witness; a log's is its origin."""

    name: str
    key: NoteKey
    url: str | None


class LogPolicy(NamedTuple):
    """Logs and witnesses, and who of these must have cosigned; ``quorum`` is None where nobody must ("none")."""

    logs: tuple[NamedKey, ...]
    witnesses: tuple[NamedKey, ...]
    quorum: WitnessPolicy | None


def read_log_policy(octets: bytes) -> LogPolicy:
    """Read a policy. Raises ``MalformedError`` "witness.policy-file", which names the line, and "note.key"."""
    reader = _Reader()
    lines = octets.split(b"\n")
    if len(octets) > MAX_POLICY or len(lines) > MAX_LINES:
        raise _bad(0, "it is larger than accepted here")
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            raise _bad(number, "it has control characters")
        words = line.decode("utf-8", "surrogateescape").replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            reader.take(number, words)
    return reader.end(len(lines))


class _Reader:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self._logs: list[NamedKey] = []
        self._witnesses: dict[str, NamedKey] = {}
        self._groups: dict[str, tuple[int, list[str]]] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def take(self, number: int, words: list[str]) -> None:
        """One line of words."""
        match words:
            case ["log", key, *url] if len(url) < 2:
                self._logs.append(self._key(number, "", key, url, ED25519))
            case ["witness", name, key, *url] if len(url) < 2:
                self._define(number, name)
                self._witnesses[name] = self._key(number, name, key, url, COSIGNATURE)
            case ["group", name, threshold, *members] if members:
                self._define(number, name)
                self._groups[name] = (self._threshold(number, threshold, members), members)
            case ["quorum", name] if self._quorum is None:
                if name != "none" and name not in self._witnesses and name not in self._groups:
                    raise _bad(number, "the quorum is not defined above it")
                self._quorum = name
            case _:
                raise _bad(number, "it is no line of log, witness, group or (one) quorum")

    def _define(self, number: int, name: str) -> None:
        if name == "none" or name in self._witnesses or name in self._groups:
            raise _bad(number, "its name is taken")

    def _key(self, number: int, name: str, text: str, url: list[str], kind: int) -> NamedKey:
        key = NoteKey.parse(text)
        if key.kind != kind:
            raise _bad(number, "its key is of another type")
        if any(key.public == other.key.public for other in (*self._logs, *self._witnesses.values())):
            raise _bad(number, "its key stands there twice")
        return NamedKey(name or key.name, key, url[0] if url else None)

    def _threshold(self, number: int, text: str, members: list[str]) -> int:
        for one in members:
            if one in self._groups:
                raise _bad(number, "groups of groups are not known here")
            if one not in self._witnesses or one in self._members:
                raise _bad(number, "a member is not defined above it, or is a member already")
            self._members.add(one)
        if text in ("all", "any"):
            return len(members) if text == "all" else 1
        if not _NUMBER.fullmatch(text) or int(text) > len(members):
            raise _bad(number, "its threshold is not all, any, or a number up to that of its members")
        return int(text)

    def end(self, number: int) -> LogPolicy:
        """The policy, when all lines were read."""
        if self._quorum is None:
            raise _bad(number, "there is no quorum line")
        quorum = None
        if self._quorum != "none":
            needed, members = self._groups.get(self._quorum, (1, [self._quorum]))
            try:
                quorum = WitnessPolicy.of(needed, *(self._witnesses[name].key for name in members))
            except MisuseError as error:  # two keys of one name
                raise _bad(number, error.message) from error
        return LogPolicy(tuple(self._logs), tuple(self._witnesses.values()), quorum)


def _bad(number: int, reason: str) -> MalformedError:
    return MalformedError("witness.policy-file", f"line {number} of the policy of witnesses is wrong: {reason}")
