"""The proof that a log signed two histories: two of its notes that exclude each other, for anybody to check.

Two notes of one size with different roots prove it by themselves. Of different sizes they do with a consistency proof
(RFC 9162 2.1.4) that leads from the smaller size to the larger tree's root, but begins at another root than the one
that the log signed for the smaller size. Bad tiles alone cannot make that.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from toyono_trust.core import merkle
from toyono_trust.core.canonical import b64_decode, b64_encode, json_canonical, json_loads
from toyono_trust.errors import MalformedError
from toyono_trust.ledger.checkpoint import Checkpoint, as_signed, open_checkpoint
from toyono_trust.ledger.note import MAX_NOTE, NoteKey

__all__ = ["Fork", "MAX_FORK", "fork_between", "fork_of", "read_fork", "same_size_fork"]

FORMAT = "toyono_trust/log-fork/v1"
MAX_FORK = 4 * MAX_NOTE + (1 << 16)
"""Octets of a fork's JSON: two notes and a path. Escapes may double a note."""
MAX_PATH = 64


class Fork(NamedTuple):
    """Two notes of the log of ``key`` that exclude each other. Make it with ``fork_between``; ``check`` says if it is.

    Attributes:
        key: the log's verifier key.
        first: the note of the smaller size (or of the same), as the log alone signed it.
        second: the other note.
        root: what the second note's tree has as its root at the first one's size.
        path: the consistency proof from that root to the second note's.
    """

    key: NoteKey
    first: bytes
    second: bytes
    root: bytes
    path: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """The size at which the two differ."""
        return _checkpoint(self.key, self.first).size

    def check(self) -> Self:
        """Check that the log signed both notes and that they exclude each other; then it is returned.

        Raises ``MalformedError`` "fork.malformed", or as ``open_checkpoint`` where the log did not sign them.
        """
        one, other = _checkpoint(self.key, self.first), _checkpoint(self.key, self.second)
        if one.root == self.root:
            raise _malformed("both notes have the same beginning")
        if not merkle.check_consistency(one.size, other.size, self.path, self.root, other.root):
            raise _malformed("the path does not lead to the second note")
        return self

    def members(self) -> dict[str, Any]:
        """The members of its JSON object."""
        return {
            "format": FORMAT,
            "log": self.key.text,
            "first": self.first.decode(),
            "second": self.second.decode(),
            "root": b64_encode(self.root),
            "path": [b64_encode(one) for one in self.path],
        }

    def write(self) -> bytes:
        """Its RFC 8785 text, to be handed around; ``read_fork`` gives it back."""
        return json_canonical(self.members())


def fork_between(key: NoteKey, one: bytes, other: bytes, beginning: tuple[bytes, tuple[bytes, ...]]) -> Fork | None:
    """The fork between two notes of the log, None where the second one continues the first.

    ``beginning``: root of the second one's tree at the first one's size, and the proof of it; where the two are of one
    size, the second one's root and no path. Raises ``MalformedError`` where that proves nothing.
    """
    root, path = beginning
    first, second = _checkpoint(key, one), _checkpoint(key, other)
    if first.root == root:
        return None
    if first.size == second.size and other < one:  # so that everybody who finds it finds the same
        one, other, root = other, one, first.root
    return Fork(key, as_signed(one, key), as_signed(other, key), root, path).check()


def same_size_fork(key: NoteKey, one: bytes, other: bytes) -> Fork | None:
    """The fork between two notes of the log of one size; None where they agree, or are of different sizes."""
    first, second = _checkpoint(key, one), _checkpoint(key, other)
    return fork_between(key, one, other, (second.root, ())) if first.size == second.size else None


def read_fork(octets: bytes) -> Fork:
    """Read a fork and check it. Raises ``MalformedError`` "fork.malformed" and as ``Fork.check``."""
    return fork_of(json_loads(octets, max_bytes=MAX_FORK))


def fork_of(members: Any) -> Fork:
    """The fork of a JSON object, checked. Raises as ``read_fork``."""
    names = {"format", "log", "first", "second", "root", "path"}
    if not isinstance(members, dict) or set(members) != names or members["format"] != FORMAT:
        raise _malformed("it is no JSON object of that form")
    path = members.pop("path")
    if not isinstance(path, list) or len(path) > MAX_PATH:
        raise _malformed("its path is no list of hashes")
    if not all(isinstance(value, str) for value in (*members.values(), *path)):
        raise _malformed("a member is no text")
    return Fork(
        NoteKey.parse(members["log"]),
        members["first"].encode(),
        members["second"].encode(),
        b64_decode(members["root"]),
        tuple(map(b64_decode, path)),
    ).check()


def _checkpoint(key: NoteKey, octets: bytes) -> Checkpoint:
    return open_checkpoint(octets, key).checkpoint


def _malformed(reason: str) -> MalformedError:
    return MalformedError("fork.malformed", f"this shows no fork of a log: {reason}")
