"""An AS4 receipt as facts: AS4 Profile 1.0 5.1.8 (non-repudiation of receipt), ebBP signals 2.0.4.

The receipt copies every ``ds:Reference`` of the original's ``ds:SignedInfo``; each must be there once with an equal
digest. One about identifiers alone (reception awareness) says only that a message of that name arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from toyono_trust.core.findings import entry
from toyono_trust.delivery import events
from toyono_trust.delivery.as4.envelope import (
    DS,
    EB,
    EBBP,
    Original,
    Reference,
    all_of,
    malformed,
    moment_of,
    one,
    read_envelope,
    read_original,
    reference,
    text_of,
)
from toyono_trust.delivery.check import ACCEPTED_DIGESTS, DEFAULT
from toyono_trust.delivery.notes import note
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Note, ReceiptPart

__all__ = ["As4Relay", "from_as4_receipt"]

EVENT = "RelayAcceptance"


class As4Relay(NamedTuple):
    """What an AS4 receipt says; nothing of it is proven.

    ``identifier``: of the receipt. ``message``: the ``RefToMessageId``, which the original must have. ``at``: the
    access point's word. ``service``: that access point, ``""`` where the original is not at hand. ``digests``: whether
    it names parts by digest, or only that something arrived. ``signature``: ``"unverified"`` or ``"absent"``.
    ``parts``: ``found``: the original has this reference; ``intact``: with this digest. ``notes``: what is to be said.
    """

    identifier: str
    message: str
    at: datetime
    service: str
    digests: bool
    signature: Literal["unverified", "absent"]
    parts: tuple[ReceiptPart, ...]
    notes: tuple[Note, ...]

    @property
    def event(self) -> str:
        """The URI of the event whose place it takes: ``RelayAcceptance`` (EN 319 522-1 B.1)."""
        found = events.find(EVENT)
        assert found is not None
        return found.uri

    @property
    def failing(self) -> tuple[Note, ...]:
        """What makes it worthless, whatever its signature: wrong, incomplete, unsigned."""
        return tuple(one for one in self.notes if entry(one.code).level == "fail")


def from_as4_receipt(xml: bytes, original: bytes | Original | None = None) -> As4Relay:
    """Read an AS4 receipt, and compare it with the message that it is about.

    Args:
        xml: the SOAP envelope, or its ebMS header alone.
        original: the envelope that was sent, as the sender's access point kept it, or ``read_original`` of it.

    Returns:
        The facts. Missing, wrong, doubled and foreign references are among ``notes``, each by its URI.

    Raises:
        MalformedError: "as4.malformed", "as4.error" (the access point reports an error instead), "xml.…", "base64.…".
    """
    envelope = read_envelope(xml)
    signal = _signal(envelope.messaging)
    info = one(signal, f"{EB}MessageInfo")
    sent = read_original(original) if isinstance(original, bytes) else original
    copied = _references(one(signal, f"{EB}Receipt"))
    identifier = text_of(one(info, f"{EB}MessageId"))
    message, at = text_of(one(info, f"{EB}RefToMessageId")), moment_of(one(info, f"{EB}Timestamp"))
    notes = [note("as4.signature-unverified" if envelope.signatures else "as4.unsigned", identifier)]
    if not copied:
        notes.append(note("as4.no-digests", identifier))
    notes += [
        note("as4.digest-refused", each.uri, algorithm=each.algorithm)
        for each in copied
        if each.algorithm not in ACCEPTED_DIGESTS
    ]
    if sent is None:
        notes.append(note("as4.original-missing", identifier))
    else:
        if sent.message != message:
            notes.append(note("as4.message-differs", identifier, stated=message, sent=sent.message))
        if sent.at - at > DEFAULT.clock_tolerance:
            notes.append(note("as4.time-before", identifier))
        if copied:
            notes += _compared(copied, sent.references)
    return As4Relay(
        identifier=identifier,
        message=message,
        at=at,
        service="" if sent is None else sent.receiver,
        digests=bool(copied),
        signature="unverified" if envelope.signatures else "absent",
        parts=tuple(_part(each, sent) for each in copied),
        notes=tuple(notes),
    )


def _signal(messaging: Any) -> Any:
    """The only signal with a receipt."""
    signals = all_of(messaging, f"{EB}SignalMessage")
    receipts = [signal for signal in signals if all_of(signal, f"{EB}Receipt")]
    if len(receipts) == 1:
        return receipts[0]
    errors = [error for signal in signals for error in all_of(signal, f"{EB}Error")]
    if errors and not receipts:
        code = errors[0].get("errorCode", "")[:50]
        raise MalformedError("as4.error", f"the access point reports the error {code} instead of a receipt")
    raise malformed(f"it has {len(receipts)} receipts, not one")


def _references(receipt: Any) -> tuple[Reference, ...]:
    """The copied references; none where the receipt names parts or messages without digests."""
    if not len(receipt):
        raise malformed("its receipt is empty")
    information = all_of(receipt, f"{EBBP}NonRepudiationInformation")
    if not information:
        return ()
    parts = all_of(one(receipt, f"{EBBP}NonRepudiationInformation"), f"{EBBP}MessagePartNRInformation")
    found = []
    for part in parts:
        if len(part) != 1 or part[0].tag not in (f"{DS}Reference", f"{EBBP}MessagePartIdentifier"):
            raise malformed("one of its parts is neither a reference nor an identifier")
        if part[0].tag == f"{DS}Reference":
            found.append(reference(part[0]))
    return tuple(found)


def _compared(copied: Sequence[Reference], sent: Sequence[Reference]) -> list[Note]:
    """What does not fit between the references of receipt and original; the same one counts as often as it stands."""
    left, wanted = Counter(copied), Counter(sent)
    both = left & wanted
    left, wanted = left - both, wanted - both
    notes = []
    for each in wanted.elements():
        other = next((one for one in left if one.uri == each.uri), None)
        if other is None:
            notes.append(note("as4.reference-missing", each.uri))
            continue
        left -= Counter([other])
        code = "as4.digest-differs" if other.algorithm == each.algorithm else "as4.algorithm-differs"
        notes.append(note(code, each.uri, stated=other.algorithm, sent=each.algorithm))
    known = {each.uri for each in sent}
    for each in left.elements():
        notes.append(note("as4.reference-twice" if each.uri in known else "as4.reference-foreign", each.uri))
    return notes


def _part(each: Reference, sent: Original | None) -> ReceiptPart:
    same = [] if sent is None else [one for one in sent.references if one.uri == each.uri]
    comparable = [one for one in same if one.algorithm == each.algorithm]
    intact = None if not comparable else each in comparable
    return ReceiptPart(each.uri, "", each.algorithm, each.digest, bool(same), intact)
