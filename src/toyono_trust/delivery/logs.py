"""What a receipt says of evidence logs (EN 319 522-3, ``TransactionLogInformation``): their promises, and no proofs.

One ``TransactionLog`` of ours is an object with the one member ``PROMISE``: verifier key of the log, index, and the
note in which the log promises both. What others put there stands as it is and is not read.
"""

from __future__ import annotations

from typing import Any

from toyono_trust.delivery.components import Open
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import LogPromise

__all__ = ["PROMISE", "promise", "promises_of"]

PROMISE = "urn:toyono-trust:erds:log-promise"
MAX_PROMISES = 16
"""Promises of one receipt; one log and a second organisation's are two."""
_SAFE = (1 << 53) - 1


def promise(log: str, index: int, note: bytes) -> Open:
    """The log's promise as a ``TransactionLog``. ``log``: verifier key; ``note``: the signed note, UTF-8."""
    return Open.of({PROMISE: {"index": index, "log": log, "note": note.decode("utf-8")}})


def promises_of(logs: tuple[Open, ...]) -> tuple[LogPromise, ...]:
    """The promises of ours, unread. Raises ``MalformedError`` "promise.malformed" for one that is none."""
    found = []
    for value in (each.value for each in logs):
        if isinstance(value, dict) and PROMISE in value:
            found.append(_promise(value))
    if len(found) > MAX_PROMISES:
        raise _malformed(f"there are more than {MAX_PROMISES} promises")
    return tuple(found)


def _promise(value: dict[str, Any]) -> LogPromise:
    members = value[PROMISE]
    if len(value) != 1 or not isinstance(members, dict) or members.keys() != {"index", "log", "note"}:
        raise _malformed("it has other members than index, log and note")
    index, log, note = members["index"], members["log"], members["note"]
    if type(index) is not int or not 0 <= index <= _SAFE or not isinstance(log, str) or not isinstance(note, str):
        raise _malformed("its members are of other types")
    try:
        return LogPromise(log, index, note.encode("utf-8"))
    except UnicodeEncodeError:
        raise _malformed("its note is no text") from None


def _malformed(reason: str) -> MalformedError:
    return MalformedError("promise.malformed", f"this is no promise of an evidence log: {reason}")
