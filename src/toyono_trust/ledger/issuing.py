"""Receipts that enter a log as they are issued: the entry first, durably, then the log's promise, then the seal.

The entry is the commitment to the evidence without the promise and the seal. A receipt whose sealing fails after that
leaves an entry that opens to nothing anybody has, which does no harm; a receipt whose entry could not be appended is
not issued, for it would say what is not so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from toyono_trust.errors import MisuseError, TrustError, UnavailableError
from toyono_trust.ledger.entry import SALT_SIZE, commit
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import NoteSigner
from toyono_trust.ledger.promise import Promise, sign_promise
from toyono_trust.steps import Call, Steps, ask, now, random_bytes

__all__ = ["LogEntry", "ReceiptLog", "enter"]

MERGE_DELAY = timedelta(hours=1)
"""By when after the append a checkpoint is promised to cover the entry."""


class LogEntry(NamedTuple):
    """Where a receipt stands in a log, and what shows it.

    ``log``: verifier key; ``position``: index of the entry; ``opening``: the octets whose SHA-256 the entry is, which
    hold the salt and are to be kept beside the receipt (``<file>.opening``) and nowhere else; ``salt``: the same 16
    octets alone, as ``EvidenceLog.prove`` takes them; ``promise``: the log's signed note.
    """

    log: str
    position: int
    opening: bytes
    salt: bytes
    promise: bytes


class ReceiptLog:
    """A log that receipts enter as they are issued: ``receipt(…, log=ReceiptLog(log, signer))``.

    ``log``: open; ``signer``: the log's own key, with which it promises; ``merge_delay``: by when a checkpoint will
    cover an entry. Raises ``MisuseError`` "ledger.key" for another log's key, "promise.unfit" for no such delay.
    """

    __slots__ = ("log", "merge_delay", "signer")

    def __init__(self, log: EvidenceLog, signer: NoteSigner, merge_delay: timedelta = MERGE_DELAY) -> None:
        given: tuple[tuple[object, type], ...] = ((log, EvidenceLog), (signer, NoteSigner))
        for value, wanted in given:
            if not isinstance(value, wanted):
                hint = "write ReceiptLog(EvidenceLog.open(…), signer)"
                raise MisuseError("argument.type", f"a {type(value).__name__} is no {wanted.__name__}", hint)
        if signer.key != log.key:
            raise MisuseError("ledger.key", f"this is not the key of {log.origin}", "promise with the log's own key")
        if not timedelta(0) < merge_delay <= timedelta(days=366):
            raise MisuseError("promise.unfit", "the merge delay is not between nothing and a year", "use an hour")
        self.log, self.signer, self.merge_delay = log, signer, merge_delay


def enter(book: ReceiptLog, evidence: Mapping[str, Any]) -> Steps[LogEntry]:
    """Append the evidence's commitment and have the log promise it.

    Raises ``UnavailableError`` "receipt.not-logged" where that is not possible: then nothing may be issued that says
    so; ``MisuseError`` as ``commit``.
    """
    salt = yield from random_bytes(SALT_SIZE)
    opening = commit(evidence, salt)
    try:
        position = yield from ask(Call(lambda: book.log.append(opening.entry)))
        appended = yield from now()
        promise = Promise(book.log.origin, position, opening.entry, appended + book.merge_delay)
        signed = yield from ask(Call(lambda: sign_promise(promise, book.signer)))
    except UnavailableError as error:
        raise _not_logged(error) from error
    return LogEntry(book.log.key.text, position, opening.octets, salt, signed)


def _not_logged(error: TrustError) -> UnavailableError:
    return UnavailableError(
        "receipt.not-logged",
        f"the receipt did not enter the log, and was not issued: {error.message}",
        "try again; or issue it without log= now, and append its commitment when the log is back",
        retryable=getattr(error, "retryable", True),
    )
