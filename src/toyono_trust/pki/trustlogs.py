"""Evidence logs that the caller trusts by their key: files of the folder ``logs/`` of a trust folder.

A file holds verifier keys (C2SP signed-note), one a line; or a policy (C2SP tlog-policy) with lines ``log KEY``,
``witness NAME KEY``, ``group NAME N MEMBER…`` and ``quorum NAME``, by which so many of these witnesses must have seen
what the log signs. Empty lines and lines that begin with # say nothing. A group has witnesses alone for members.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from toyono_trust.core.canonical import b64_decode
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["FOLDER", "TrustedLog", "checked", "looks_like_logs", "read_logs"]

FOLDER = "logs/"
MAX_LINES = 1_000
"""Lines of a file; C2SP's own policies have some dozen."""
LOG, WITNESS = 1, 4
"""Signature types of signed notes: Ed25519, and timestamped cosignatures (C2SP signed-note)."""
_KEY = re.compile(r"([^+\s]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")
_KINDS = {LOG: "log", WITNESS: "witness"}
_NONE = "none"


class TrustedLog(NamedTuple):
    """A log by its verifier key, and how many (``needed``) of which witnesses (verifier keys) must have cosigned."""

    key: str
    needed: int = 0
    witnesses: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The same as one line of text."""
        return " ".join((self.key, str(self.needed), *sorted(self.witnesses)))

    @property
    def policy(self) -> str:
        """The same as a file that ``read_logs`` reads."""
        lines = [f"log {self.key}"]
        if self.needed:
            names = [f"w{number}" for number in range(len(self.witnesses))]
            lines += [f"witness {name} {key}" for name, key in zip(names, self.witnesses, strict=True)]
            lines += [f"group all-of-them {self.needed} {' '.join(names)}", "quorum all-of-them"]
        return "".join(f"{line}\n" for line in lines)


def checked(log: TrustedLog) -> TrustedLog:
    """The log, where it is one that a file could name. Raises ``MisuseError`` "trust.log"."""
    if read_logs(log.policy.encode(), "the log") != (log,):
        raise _refused("the log", "it cannot be written as a file")
    return log


def looks_like_logs(data: bytes) -> bool:
    """Whether a file that stands by itself names logs and no certificates."""
    first = next((line for line in data[:4096].splitlines() if line.strip() and not line.startswith(b"#")), b"")
    return first.startswith(b"log ") or _KEY.fullmatch(first.strip().decode("utf-8", "replace")) is not None


def read_logs(data: bytes, source: str) -> tuple[TrustedLog, ...]:
    """The logs that a file names.

    Raises ``MisuseError`` "trust.log" where it cannot be read as a whole, "trust.private-key" for a log's signing key,
    of which nothing may be quoted.
    """
    if b"PRIVATE+KEY" in data:
        raise MisuseError("trust.private-key", "a log's signing key is there", "give its verifier key")
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _refused(source, "it is no text in UTF-8") from None
    policy = _Policy(source)
    words = [line.split() for line in lines[: MAX_LINES + 1] if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) > MAX_LINES or not words:
        raise _refused(source, f"it has no line, or more than {MAX_LINES}")
    for each in words:
        policy.add(each)
    return policy.logs()


class _Policy:
    """What the lines of one file have said so far."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._keys: dict[str, None] = {}
        self._witnesses: dict[str, str] = {}
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._quorum: str | None = None

    def add(self, words: list[str]) -> None:
        match words:
            case [key] | ["log", key] | ["log", key, _]:
                self._keys[self._key(key, LOG)] = None
            case ["witness", name, key] | ["witness", name, key, _] if self._is_new(name):
                self._witnesses[name] = self._key(key, WITNESS)
            case ["group", name, needed, *members] if self._is_new(name) and members:
                self._group(name, needed, members)
            case ["quorum", name] if self._quorum is None:
                self._quorum = name
            case _:
                raise _refused(self._source, f"the line {' '.join(words)[:80]!r} is not understood")

    def logs(self) -> tuple[TrustedLog, ...]:
        needed, members = self._asked()
        if not self._keys:
            raise _refused(self._source, "it names no log", "add a line with the log's verifier key: log KEY")
        if len({key.split("+", 2)[2] for key in members}) != len(members):
            raise _refused(self._source, "two witnesses have one key")
        if not {_public(key) for key in self._keys}.isdisjoint(map(_public, members)):
            raise _refused(self._source, "the log is its own witness")
        return tuple(TrustedLog(key, needed, members) for key in self._keys)

    def _asked(self) -> tuple[int, tuple[str, ...]]:
        name = self._quorum
        if name is None and self._witnesses:  # the standard asks for the line; silence would ask for no witness
            example = next(iter(self._groups or self._witnesses))
            hint = f"add a line that says how many must have cosigned, such as: quorum {example}"
            raise _refused(self._source, "it names witnesses and no quorum", hint)
        if name is None or name == _NONE:
            return 0, ()
        if name in self._witnesses:
            return 1, (self._witnesses[name],)
        if name not in self._groups:
            raise _refused(self._source, f"there is no witness or group {name!r}")
        return self._groups[name]

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        if not set(members) <= self._witnesses.keys() or len(set(members)) != len(members):
            raise _refused(self._source, f"the group {name!r} has members that are no witnesses of this file")
        number = {"any": 1, "all": len(members)}.get(needed) or (
            int(needed) if re.fullmatch("[1-9]\\d?", needed) else 0
        )
        if not 1 <= number <= len(members):
            raise _refused(self._source, f"{needed} of {len(members)} witnesses cannot be asked for")
        self._groups[name] = number, tuple(self._witnesses[member] for member in members)

    def _is_new(self, name: str) -> bool:
        return name != _NONE and name not in self._witnesses and name not in self._groups

    def _key(self, text: str, kind: int) -> str:
        found = _KEY.fullmatch(text)
        try:
            octets = b"" if found is None else b64_decode(found[3])
        except MalformedError:
            octets = b""
        if found is None or len(octets) != 33 or octets[0] != kind:
            raise _refused(self._source, f"{text[:80]!r} is not the verifier key of a {_KINDS[kind]}")
        if hashlib.sha256(found[1].encode() + b"\n" + octets).hexdigest()[:8] != found[2]:
            raise _refused(self._source, f"the ID of the key of {found[1]!r} is not that of its name and key")
        return text


def _public(key: str) -> bytes:
    """The public key in a verifier key that was read before, whatever its name and type."""
    return b64_decode(key.split("+", 2)[2])[1:]


def _refused(source: str, why: str, hint: str = "") -> MisuseError:
    hint = hint or "give the log's verifier key, name+ID+base64, or a policy of log, witness, group and quorum lines"
    return MisuseError("trust.log", f"{source} cannot be used: {why}", hint)
