"""A manifest against what is presented with it: what fits, what does not, what is missing, what is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, NoReturn

from toyono_trust.core.findings import Language, entry
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.exchange.commitments import Commitment, Opening
from toyono_trust.delivery.exchange.manifest import (
    Digest,
    Manifest,
    Message,
    ReceiptReference,
    ReceiptSource,
    Reference,
    evidence_of,
    opened,
    part_digest,
    read_manifest,
    receipt_digest,
    stated_parts,
)
from toyono_trust.delivery.receipts import PartSource
from toyono_trust.errors import MalformedError
from toyono_trust.validation.render import safe
from toyono_trust.validation.report import Finding

__all__ = ["Checked", "Item", "State", "check"]

State = Literal["fits", "differs", "contradicts", "not-listed", "unreadable", "not-presented", "hidden"]
WRONG = frozenset({"differs", "contradicts", "not-listed", "unreadable"})
_CODES: dict[State, str] = {
    "differs": "exchange.differs",
    "contradicts": "exchange.receipt-contradicts",
    "not-listed": "exchange.not-listed",
    "unreadable": "exchange.receipt-unreadable",
    "not-presented": "exchange.not-presented",
    "hidden": "exchange.hidden",
}


class Item(NamedTuple):
    """One thing that the manifest names or that was presented.

    ``kind``: ``"request"`` or ``"response"`` (a part of it), ``"receipt"``, ``"consent"``, ``"contract"``,
    ``"opening"``. ``state``: ``"contradicts"``: a receipt that says something else of its message than the manifest;
    ``"not-listed"``: presented, and not in the manifest; ``"hidden"``: only a commitment is there and no opening.
    ``about``: what a receipt contradicts.
    """

    kind: str
    name: str
    state: State
    about: str = ""

    @property
    def finding(self) -> Finding | None:
        """What is to be said of it; None where it fits."""
        if self.state == "fits":
            return None
        code = _CODES[self.state]
        subject = f"{self.kind} {self.name}".strip()
        return Finding(code, entry(code).level, subject, {"subject": subject, "about": self.about})


class Checked:
    """What came out, each thing once, in the manifest's order. Look at ``wrong``; a boolean it is not.

    ``items``: all; ``wrong``: what does not fit; ``open``: what was not presented or stays hidden.
    """

    __slots__ = ("items",)

    def __init__(self, items: tuple[Item, ...]) -> None:
        self.items = items

    @property
    def wrong(self) -> tuple[Item, ...]:
        """What does not fit."""
        return tuple(one for one in self.items if one.state in WRONG)

    @property
    def open(self) -> tuple[Item, ...]:
        """What could not be compared."""
        return tuple(one for one in self.items if one.state in ("not-presented", "hidden"))

    def __bool__(self) -> NoReturn:
        raise TypeError("a check is not a yes or no: look at .wrong (what does not fit) and .open (what is left)")

    def __repr__(self) -> str:
        return f"<Checked {len(self.items)} items, {len(self.wrong)} wrong, {len(self.open)} open>"

    def text_in(self, language: Language) -> str:
        """For people: a line for each thing that does not fit or was not compared."""
        found = [one.finding for one in self.items if one.state != "fits"]
        return "\n".join(safe(f"{one.text_in(language)} [{one.code}]") for one in found if one is not None)


def check(
    manifest: Manifest | bytes,
    *,
    request: Mapping[str, PartSource] | None = None,
    response: Mapping[str, PartSource] | None = None,
    receipts: Iterable[ReceiptSource] | None = None,
    consent: bytes | None = None,
    contract: bytes | None = None,
    openings: Iterable[Opening] = (),
) -> Checked:
    """Compare a manifest with what belongs to it; what is left None is not compared.

    Of receipts also what they say is compared: message, event, parts, time of submission. Whether seals are good is a
    matter of ``verify``, whether receipts are consistent one of ``verify_set``.

    Args:
        manifest: of either form; one for a third party shows nothing without openings.
        request: parts by name: octets, contents, or pairs (algorithm, digest).
        response: the same.
        receipts: in JSON.
        consent: its octets.
        contract: its octets.
        openings: what shows commitments.

    Raises:
        MalformedError: the manifest is none.
        MisuseError: "exchange.argument", a digest that is none.
    """
    given = read_manifest(manifest) if isinstance(manifest, bytes) else manifest
    known = list(openings)
    shown = opened(given, known)
    items = [*_openings(given, known), *_parts("request", shown.request, request)]
    if shown.response is not None:
        items += _parts("response", shown.response, response)
    elif response:
        items += [Item("response", name, "not-listed") for name in response]
    items += _receipts(shown, receipts)
    items += _document("consent", shown.consent, consent)
    items += _document("contract", shown.contract, contract)
    return Checked(tuple(items))


def _openings(manifest: Manifest, openings: Iterable[Opening]) -> list[Item]:
    """Openings that open nothing here."""
    return [Item("opening", one.label, "not-listed") for one in openings if opened(manifest, [one]) == manifest]


def _parts(kind: str, message: Message, presented: Mapping[str, PartSource] | None) -> list[Item]:
    items = []
    left = dict(presented or {})
    for part in message.parts:
        if isinstance(part.name, Commitment) or isinstance(part.digest, Commitment):
            name = part.name.text if isinstance(part.name, Commitment) else part.name
            if isinstance(part.name, str):
                left.pop(part.name, None)
            items.append(Item(kind, name, "hidden"))
            continue
        source = left.pop(part.name, None)
        if source is None or (isinstance(source, tuple) and source[0] != part.digest.algorithm):
            items.append(Item(kind, part.name, "not-presented"))
            continue
        same = part_digest(source, part.name, part.digest.algorithm) == part.digest
        items.append(Item(kind, part.name, "fits" if same else "differs"))
    hidden = any(isinstance(part.name, Commitment) for part in message.parts)
    return items + [Item(kind, name, "hidden" if hidden else "not-listed") for name in left]


def _receipts(manifest: Manifest, presented: Iterable[ReceiptSource] | None) -> list[Item]:
    items = []
    found: dict[str, Evidence] = {}
    twice: list[Item] = []
    for number, source in enumerate(presented or (), 1):
        try:
            one = evidence_of(source)
        except MalformedError:
            twice.append(Item("receipt", str(number), "unreadable"))
            continue
        before = found.setdefault(one.evidence_identifier, one)
        if before is not one and receipt_digest(before) != receipt_digest(one):
            twice.append(Item("receipt", one.evidence_identifier, "contradicts", "itself"))
    for listed in manifest.receipts:
        if isinstance(listed.identifier, Commitment):
            items.append(Item("receipt", listed.identifier.text, "hidden"))
            continue
        one_found = found.pop(listed.identifier, None)
        items.append(_receipt(manifest, listed, one_found))
    hidden = any(isinstance(one.identifier, Commitment) for one in manifest.receipts)
    left: State = "hidden" if hidden else "not-listed"
    return [*items, *(Item("receipt", name, left) for name in found), *twice]


def _receipt(manifest: Manifest, listed: ReceiptReference, found: Evidence | None) -> Item:
    name = str(listed.identifier)
    if found is None:
        return Item("receipt", name, "not-presented")
    if isinstance(listed.digest, Commitment):
        return Item("receipt", name, "hidden")
    if receipt_digest(found) != listed.digest:
        return Item("receipt", name, "differs")
    message = manifest.request if listed.about == "request" else manifest.response
    about = _contradiction(message, listed, found) if message is not None else "message"
    return Item("receipt", name, "contradicts", about) if about else Item("receipt", name, "fits")


def _contradiction(message: Message, listed: ReceiptReference, found: Evidence) -> str:
    """What a receipt says otherwise of its message than the manifest; empty where nothing."""
    if found.erds_event_id != listed.event:
        return "event"
    if isinstance(message.identifier, str) and found.message_identifier != message.identifier:
        return "message"
    submitted = found.submission_time
    if submitted is not None and submitted.at != message.at:
        return "time"
    stated = dict(stated_parts(found))
    for part in message.parts:
        if isinstance(part.name, str) and isinstance(part.digest, Digest):
            other = stated.pop(part.name, None)
            if other is None or (other.algorithm == part.digest.algorithm and other != part.digest):
                return f"part {part.name}"
    if stated and all(isinstance(part.name, str) for part in message.parts):
        return f"part {next(iter(stated))}"
    return ""


def _document(kind: str, listed: Reference | None, presented: bytes | None) -> list[Item]:
    if listed is None:
        return [] if presented is None else [Item(kind, "", "not-listed")]
    name = listed.identifier.text if isinstance(listed.identifier, Commitment) else listed.identifier
    if presented is None:
        return [Item(kind, name, "not-presented")]
    if not isinstance(listed.digest, Digest):
        return [Item(kind, name, "hidden")]
    same = part_digest(presented, kind, listed.digest.algorithm) == listed.digest
    return [Item(kind, name, "fits" if same else "differs")]
