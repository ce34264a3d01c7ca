"""The log's signed promise to an entry: its index, and by when a checkpoint will cover it.

A receipt cannot hold the proof of its own entry, for the checkpoint is made later; it holds the promise, a signed note
under the log's key (in the evidence's ``TransactionLogInformation``). A log that breaks it is convicted by its own
signatures. The text has five lines: the word, origin, index, entry in base64, deadline. It never reads as a checkpoint.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger import note
from toyono_trust.ledger.entry import ENTRY_SIZE
from toyono_trust.ledger.note import NoteKey, NoteSigner

__all__ = ["Promise", "is_promise", "open_promise", "sign_promise"]

WORD = "toyono_trust/promise/v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class Promise(NamedTuple):
    """That ``entry`` stands at index ``position`` of the log, and a checkpoint will say so by ``deadline`` (UTC)."""

    origin: str
    position: int
    entry: bytes
    deadline: datetime

    @property
    def text(self) -> bytes:
        """The text of the note."""
        deadline = self.deadline.astimezone(UTC).strftime(_TIME)
        lines = (WORD, self.origin, str(self.position), b64_encode(self.entry), deadline.zfill(20))
        return "".join(f"{line}\n" for line in lines).encode()


def sign_promise(promise: Promise, signer: NoteSigner) -> bytes:
    """The promise as a note under the log's key; what it says must be durably in the log before.

    Raises ``MisuseError`` "promise.unfit" for a promise that could not be read, "note.signer".
    """
    deadline = promise.deadline
    if deadline.tzinfo is None or signer.key.name != promise.origin:
        raise MisuseError("promise.unfit", "the deadline has no time zone, or the key is another log's")
    octets = note.sign(promise.text, signer).write()
    try:
        again = open_promise(octets, signer.key)
    except MalformedError as error:
        raise MisuseError("promise.unfit", f"this cannot be promised: {error.message}") from error
    if again != promise._replace(deadline=deadline.replace(microsecond=0)):
        raise MisuseError("promise.unfit", "this cannot be promised as it is")
    return octets


def is_promise(octets: bytes) -> bool:
    """Whether a note claims to be a promise."""
    return octets.startswith(f"{WORD}\n".encode())


def open_promise(octets: bytes, key: NoteKey) -> Promise:
    """Read a promise and check that the log of this key signed it.

    Raises ``MalformedError``: "note.…", "promise.malformed".
    """
    signed = note.read(octets)
    signed.check(key)
    lines = signed.text.decode("utf-8").split("\n")
    if len(lines) != 6 or lines[0] != WORD or lines[1] != key.name or not _DECIMAL.fullmatch(lines[2]):
        raise MalformedError("promise.malformed", "this is no promise of the log")
    entry = b64_decode(lines[3])
    if len(entry) != ENTRY_SIZE or not _TIME_FORM.fullmatch(lines[4]):
        raise MalformedError("promise.malformed", "the promise has no entry of 32 octets, or no deadline")
    try:
        deadline = datetime.strptime(lines[4], _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedError("promise.malformed", "the deadline of the promise is no time") from None
    return Promise(lines[1], int(lines[2]), entry, deadline)
