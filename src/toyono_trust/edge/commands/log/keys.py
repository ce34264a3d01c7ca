"""Key files of logs and witnesses, verifier keys, and who must have cosigned, as the commands take them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toyono_trust.edge.console import USAGE, Complaint, read, unreadable
from toyono_trust.errors import MalformedError

if TYPE_CHECKING:
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.ledger.note import NoteKey, NoteSigner

__all__ = [
    "known_log",
    "log_key",
    "log_key_option",
    "new_key_text",
    "signing_key",
    "witness_policy",
    "witnesses_option",
]

_F = TypeVar("_F", bound=Callable[..., Any])
PRIVATE = b"PRIVATE+KEY+"
MAX_POLICY = 1 << 20
"""Octets of a file with keys; a thousand lines with the longest names have 400,000."""

log_key_option: Callable[[_F], _F] = click.option(
    "--log-key", required=True, metavar="KEY|FILE", help="Verifier key of the log, known from elsewhere."
)


def witnesses_option(what: str, *, required: bool = False) -> Callable[[_F], _F]:
    """``--witnesses`` of every command that has it; ``what``: what becomes of those whom the file names."""
    return click.option(
        "--witnesses",
        required=required,
        metavar="FILE",
        help=f"{what}: witness, group and quorum lines (C2SP tlog-policy).",
    )


def signing_key(name: str) -> NoteSigner:
    """What signs, out of a key file, which nobody but its owner and group may read.

    Raises ``Complaint`` "public-key", "open-key" and "unreadable"; ``MalformedError`` "note.key".
    """
    from toyono_trust.ledger.signing_key import MAX_KEY_TEXT, read_signing_key

    if name.startswith(PRIVATE.decode()):
        raise click.UsageError("that is a key itself, which everybody on this machine can read now; name its file")
    try:
        with Path(name).open("rb") as stream:
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode) and _is_public(stream.peek(MAX_KEY_TEXT)):
                raise Complaint(USAGE, "public-key", file=name)
            if os.name == "posix" and (not stat.S_ISREG(status.st_mode) or status.st_mode & 0o007):
                raise Complaint(USAGE, "open-key", file=name)
            octets = stream.read(MAX_KEY_TEXT + 1)
    except OSError as error:
        raise unreadable(error, name) from error
    return read_signing_key(octets.decode("utf-8", "replace"))


def _is_public(octets: bytes) -> bool:
    """Whether this is the other half of a key: what others know its owner by."""
    from toyono_trust.ledger.note import NoteKey

    try:
        NoteKey.parse(octets.decode("utf-8", "replace").strip())
    except MalformedError:
        return False
    return True


def new_key_text(name: str, kind: int) -> str:
    """The text of a new key file."""
    from toyono_trust.ledger.signing_key import write_signing_key

    return write_signing_key(name, os.urandom(32), kind)


def log_key(text: str) -> NoteKey:
    """The key that a log is known by: the verifier key's text, or a file with it, a policy, or the log's key file."""
    return known_log(text)[0]


def known_log(text: str) -> tuple[NoteKey, WitnessPolicy | None]:
    """The same, and who must have cosigned where that is a policy which says so."""
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.ledger.note import NoteKey

    if "+" in text and not Path(text).exists():
        return NoteKey.parse(text), None
    octets = _whole(text)
    if PRIVATE in octets:  # anywhere: what reads other files quotes a line that it does not know
        return signing_key(text).key, None
    from toyono_trust.pki.trustlogs import read_logs

    logs = read_logs(octets, text)
    if len(logs) > 1:
        raise click.UsageError(f"{text} names {len(logs)} logs; give the key of the one")
    asked = WitnessPolicy.of(logs[0].needed, *logs[0].witnesses) if logs[0].needed else None
    return NoteKey.parse(logs[0].key), asked


def witness_policy(name: str | None, key: NoteKey) -> WitnessPolicy | None:
    """Who must have cosigned, out of a policy file (C2SP tlog-policy), in which the log itself may be left out."""
    if name is None:
        return None
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.pki.trustlogs import read_logs

    octets = _whole(name)
    if PRIVATE in octets:
        raise click.UsageError(f"{name} holds a signing key; name a file with the keys that witnesses are known by")
    named = [line.split() for line in octets.decode("utf-8", "replace").splitlines()]
    if not any(words[:1] == ["log"] for words in named):
        octets = f"log {key.text}\n".encode() + octets
    found = next((log for log in read_logs(octets, name) if log.key == key.text), None)
    if found is None or not found.needed:
        raise click.UsageError(f"{name} asks for no witness of this log; write witness, group and quorum lines")
    return WitnessPolicy.of(found.needed, *found.witnesses)


def _whole(name: str) -> bytes:
    """A file of keys or a policy; one that is cut off might ask for fewer witnesses than it says."""
    octets = read(name, MAX_POLICY + 1)
    if len(octets) > MAX_POLICY:
        raise click.UsageError(f"{name} has more than {MAX_POLICY} octets; a policy has some hundred")
    return octets
