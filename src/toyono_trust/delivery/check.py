"""Checks of a receipt beyond its seal, in the order of the working rules for EN 319 522-3 evidence.

Event known · issuer is the signer · event time against the time stamp · parts against presented content · parties and
recipient indexes · reasons. Structure, number of parts, delegates and extensions were noted when the evidence was
read; those notes come first. The seal is judged like any other signature, elsewhere: ``ReceiptResult.proves`` holds
only under a seal that passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from toyono_trust.core.algorithms import digest_size
from toyono_trust.core.content import Content
from toyono_trust.core.findings import entry
from toyono_trust.delivery import events, reasons
from toyono_trust.delivery.events import Event
from toyono_trust.delivery.notes import note
from toyono_trust.delivery.parties import to_text
from toyono_trust.formats.model import Note, Party, ReceiptFacts, ReceiptPart

__all__ = ["ACCEPTED_DIGESTS", "Presented", "ReceiptResult", "Thresholds", "check", "compare"]

ACCEPTED_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})
"""Digests by which a part may be named (ETSI TS 119 312, recommended hash functions)."""


class Presented(Protocol):
    """The contents that the caller holds, by name (``formats.contents.Contents``)."""

    def by_name(self, name: str) -> Content | None:
        """The content of that name."""

    def names(self) -> Sequence[str]:
        """All names."""


class Thresholds(NamedTuple):
    """What a policy may set.

    ``stamp_delay``: longest time from event to time stamp without a warning. ``clock_tolerance``: how far clocks of
    issuer and TSA may differ. ``content_required``: a part that was not presented fails even where nothing was
    presented at all. ``sender``, ``recipients``: identifiers' texts that the caller expects, None where it does not.
    """

    stamp_delay: timedelta = timedelta(seconds=300)
    clock_tolerance: timedelta = timedelta(seconds=60)
    content_required: bool = False
    accepted_digests: frozenset[str] = ACCEPTED_DIGESTS
    sender: str | None = None
    recipients: tuple[str, ...] | None = None


DEFAULT = Thresholds()


class ReceiptResult(NamedTuple):
    """The report's ``receipt``. ``parts``: (name, found, intact); intact is None where it could not be checked.

    ``event``: the standard's name, or the URI where it is unknown. Parties as identifiers' texts. ``concerns``: the
    recipients to whom the event happened. ``proves``: the event's fact, None where a failing check forbids it.
    ``statement``: what the event says, in English and Japanese, proven or not; None where it is unknown.
    """

    event: str
    event_time: datetime
    sender: str
    recipients: tuple[str, ...]
    concerns: tuple[str, ...]
    issuer_is_signer: bool
    parts: tuple[tuple[str, bool, bool | None], ...]
    proves: str | None
    statement: tuple[str, str] | None = None


def check(
    facts: ReceiptFacts,
    signer_identifiers: tuple[str, ...],
    signer_certificate_digest: bytes,
    contents: Presented | None,
    best_signature_time: datetime | None,
    thresholds: Thresholds = DEFAULT,
    signer_names: tuple[str, ...] = (),
) -> tuple[tuple[Note, ...], ReceiptResult]:
    """Check a receipt against its signer, the presented contents and the time of its stamp.

    ``contents``: compared with the parts first; None where ``compare`` did so before, or where there are none.
    ``signer_identifiers``: those of the certificate that the seal was verified with; ``signer_certificate_digest``:
    SHA-256 over it. ``best_signature_time``: proven by a time stamp, None where there is none (the time of
    verification is no such proof). ``signer_names``: organisation names of that certificate; where given, the issuer's
    LegalName must be one of them. Returns all notes, those of the facts included, and what the receipt proves.
    """
    if contents is not None:
        facts = compare(facts, contents)
    event = events.by_uri(facts.event)
    notes = list(facts.notes)
    if event is None:
        notes.append(note("receipt.event-unknown", facts.event))
    issuer = _issuer(facts.issuer, signer_identifiers, signer_certificate_digest, signer_names)
    notes += issuer
    notes += _times(facts, best_signature_time, thresholds)
    parts, part_notes = _parts(facts, thresholds)
    notes += part_notes
    notes += _parties(facts, event, thresholds)
    notes += _reasons(facts, event)
    failed = any(entry(note.code).level == "fail" for note in notes)
    index = facts.refers_to_recipient
    recipients = tuple(map(to_text, facts.recipients))
    result = ReceiptResult(
        event=facts.event if event is None else event.name,
        event_time=facts.event_time,
        sender=to_text(facts.sender),
        recipients=recipients,
        concerns=recipients if index is None else recipients[max(index - 1, 0) : max(index, 0)],
        issuer_is_signer=not issuer,
        parts=parts,
        proves=None if failed or event is None else event.proves,
        statement=None if event is None else event.statement,
    )
    return tuple(notes), result


def _issuer(issuer: Party, identifiers: tuple[str, ...], certificate: bytes, names: tuple[str, ...]) -> list[Note]:
    """All that the issuer states must agree with the signer, and something that identifies must be stated."""
    digests = {value for algorithm, value in issuer.certificate_digests if algorithm == "sha256"}
    stated = {*_stated(issuer, "LegalPersonIdentifier"), *_stated(issuer, "PersonIdentifier")}
    called = _stated(issuer, "LegalName")
    if not digests and not stated:
        return [note("receipt.issuer-unidentified", ", ".join(called))]
    known = {*identifiers, *(one.removeprefix("NTRJP-") for one in identifiers)}
    if (digests and certificate not in digests) or not stated <= known or (names and not set(called) <= set(names)):
        return [note("receipt.issuer-not-signer", ", ".join([*called, *sorted(stated)]))]
    return []


def _stated(party: Party, attribute: str) -> list[str]:
    return [text for name, texts in party.attributes if name == attribute for text in texts]


def _times(facts: ReceiptFacts, stamped: datetime | None, thresholds: Thresholds) -> list[Note]:
    notes = []
    if stamped is None:
        notes.append(note("receipt.not-stamped"))
    else:
        delay = stamped - facts.event_time
        seconds = int(abs(delay.total_seconds()))
        if delay < -thresholds.clock_tolerance:
            notes.append(note("receipt.event-after-stamp", seconds=seconds))
        elif delay > thresholds.stamp_delay:
            notes.append(note("receipt.stamped-late", seconds=seconds))
    submitted = facts.submission_time
    if submitted is not None and submitted - facts.event_time > thresholds.clock_tolerance:
        notes.append(note("receipt.event-before-submission"))
    return notes


def compare(facts: ReceiptFacts, contents: Presented) -> ReceiptFacts:
    """The receipt with what the presented contents say of its parts: which are there, and which are intact.

    One content presented for one part is meant whatever it is called; a name selects otherwise.
    """
    names = tuple(contents.names())
    parts = []
    for part in facts.parts:
        content = contents.by_name(part.name)
        if content is None and len(facts.parts) == len(names) == 1:
            content = contents.by_name(names[0])
        parts.append(part._replace(found=content is not None, intact=_intact(part, content)))
    return facts._replace(parts=tuple(parts), presented=bool(names))


def _intact(part: ReceiptPart, content: Content | None) -> bool | None:
    algorithm = part.digest_algorithm
    if content is None or part.digest is None or algorithm is None or digest_size(algorithm) is None:
        return None
    return content.digest(algorithm) == part.digest


def _parts(facts: ReceiptFacts, thresholds: Thresholds) -> tuple[tuple[tuple[str, bool, bool | None], ...], list[Note]]:
    parts = facts.parts
    notes: list[Note] = []
    for part in parts:
        notes += [note(code, part.name) for code in _part(part, thresholds)]
        if not part.found and (facts.presented or thresholds.content_required):
            notes.append(note("receipt.part-missing", part.name))
    if parts and not facts.presented and not thresholds.content_required:
        notes.append(note("receipt.content-not-presented"))
    names = [part.name for part in parts]
    notes += [note("receipt.part-twice", name) for name in dict.fromkeys(names) if names.count(name) > 1]
    return tuple((part.name, part.found, part.intact) for part in parts), notes


def _part(part: ReceiptPart, thresholds: Thresholds) -> list[str]:
    if part.digest_algorithm is None or part.digest is None:
        return ["receipt.part-without-digest"]
    codes = [] if part.digest_algorithm in thresholds.accepted_digests else ["receipt.part-digest-refused"]
    return [*codes, "receipt.part-altered"] if part.intact is False else codes


def _parties(facts: ReceiptFacts, event: Event | None, thresholds: Thresholds) -> list[Note]:
    notes = []
    count, index = len(facts.recipients), facts.refers_to_recipient
    if index is not None and not 1 <= index <= count:
        notes.append(note("receipt.recipient-index", index=index, count=count))
    if index is None and count > 1 and event is not None and event.concerns_one_recipient:
        notes.append(note("receipt.recipient-missing", count=count))
    sender = to_text(facts.sender)
    if thresholds.sender is not None and sender != thresholds.sender:
        notes.append(note("receipt.party-unexpected", sender))
    recipients = tuple(map(to_text, facts.recipients))
    if thresholds.recipients is not None and sorted(recipients) != sorted(thresholds.recipients):
        notes.append(note("receipt.party-unexpected", ", ".join(recipients)))
    return notes


def _reasons(facts: ReceiptFacts, event: Event | None) -> list[Note]:
    if event is None:
        return []
    if not facts.reasons and event.polarity == "failure":
        return [note("receipt.reason-missing", event.name)]
    notes = []
    for uri in facts.reasons:
        known = reasons.by_uri(uri)
        if known is None:
            notes.append(note("receipt.reason-unknown", uri))
        elif known.group != event.group:
            notes.append(note("receipt.reason-misplaced", uri, event=event.name))
    return notes
