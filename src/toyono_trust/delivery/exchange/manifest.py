"""The manifest of an exchange: what belonged together, by digests alone (EN 319 522-2 8 M01, M02; RFC 8785).

One statement links the request and the response, the receipts about both, the consent and the contract under which data
went, and what the transports called the messages. It holds no content and is made without it. Sealed, it is what each
party of an exchange keeps; ``for_third_party`` gives the form for everybody else, with salted commitments in place of
identifiers, names and digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple, cast

from toyono_trust.core.algorithms import digest, digest_by_xml, digest_size
from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.delivery import evidence as receipts_in_json
from toyono_trust.delivery.check import ACCEPTED_DIGESTS
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.events import EVENT_NAMESPACE
from toyono_trust.delivery.exchange.commitments import Commitment, Opening, commit
from toyono_trust.delivery.receipts import PartSource
from toyono_trust.delivery.statements import Object, aware, digest_members, moment_text, proved, read_statement
from toyono_trust.errors import MisuseError

__all__ = [
    "FORMAT",
    "THIRD_PARTY",
    "Digest",
    "Manifest",
    "Message",
    "Part",
    "ReceiptReference",
    "ReceiptSource",
    "Reference",
    "Transport",
    "build",
    "evidence_of",
    "for_third_party",
    "manifest_of",
    "message",
    "opened",
    "part_digest",
    "read_manifest",
    "receipt_digest",
    "reference",
    "stated_parts",
]

FORMAT = "toyono_trust/exchange/v1"
THIRD_PARTY = "toyono_trust/exchange-third-party/v1"
_MALFORMED = "exchange.malformed"

Identifier = str | Commitment
"""A text, or what stands for it in the form for a third party."""
Role = Literal["request", "response"]


class Digest(NamedTuple):
    """A digest by one of the accepted algorithms (TS 119 312)."""

    algorithm: str
    value: bytes


class Part(NamedTuple):
    """A part of a message, by name and digest."""

    name: Identifier
    digest: Digest | Commitment


class Message(NamedTuple):
    """A request or response. ``identifier``: the one that receipts about it have (``MessageIdentifier``, M01)."""

    identifier: Identifier
    at: datetime
    parts: tuple[Part, ...]


class ReceiptReference(NamedTuple):
    """A receipt that belongs to the exchange: what it is called, its event's URI, which message it is about.

    ``digest``: over the evidence without seal and log information, so that both parties name it alike, whichever form
    (JSON, XML) and seal theirs has.
    """

    identifier: Identifier
    event: str
    about: Role
    digest: Digest | Commitment


class Reference(NamedTuple):
    """Another document: what it is called, and its digest where it is at hand."""

    identifier: Identifier
    digest: Digest | Commitment | None = None


class Transport(NamedTuple):
    """What a transport called the exchange or a message of it. ``kind``: ``"as4"``, ``"x-road"``, ``"http"``."""

    kind: str
    identifier: Identifier


class Manifest(NamedTuple):
    """``exchange``: what it is called, the same on both sides. ``at``: when the manifest was made."""

    exchange: Identifier
    at: datetime
    requester: Identifier
    provider: Identifier
    request: Message
    response: Message | None = None
    receipts: tuple[ReceiptReference, ...] = ()
    consent: Reference | None = None
    contract: Reference | None = None
    transport: tuple[Transport, ...] = ()

    @property
    def for_third_party(self) -> bool:
        """Whether commitments stand in place of identifiers and digests."""
        return isinstance(self.exchange, Commitment)

    def to_json(self) -> dict[str, Any]:
        """The statement as a JSON object; what a log's entry commits to."""
        found: dict[str, Any] = {
            "format": THIRD_PARTY if self.for_third_party else FORMAT,
            "exchange": _named(self.exchange),
            "time": moment_text(self.at),
            "requester": _named(self.requester),
            "provider": _named(self.provider),
            "request": _message(self.request),
        }
        if self.response is not None:
            found["response"] = _message(self.response)
        if self.receipts:
            found["receipts"] = [
                {
                    "identifier": _named(one.identifier),
                    "event": one.event,
                    "about": one.about,
                    "digest": _digested(one.digest),
                }
                for one in self.receipts
            ]
        for name, one in (("consent", self.consent), ("contract", self.contract)):
            if one is not None:
                stated = {} if one.digest is None else {"digest": _digested(one.digest)}
                found[name] = {"identifier": _named(one.identifier), **stated}
        if self.transport:
            found["transport"] = [{"kind": one.kind, "identifier": _named(one.identifier)} for one in self.transport]
        return found

    @property
    def octets(self) -> bytes:
        """The statement: RFC 8785 text. ``seal(manifest.octets, by=…, format="jades")`` seals it."""
        return json_canonical(self.to_json())


# -- made

ReceiptSource = bytes | Evidence | Mapping[str, Any]
"""A receipt: the file of one in JSON, the evidence, or its JSON object."""


def build(
    exchange: str,
    *,
    at: datetime,
    requester: str,
    provider: str,
    request: Message,
    response: Message | None = None,
    receipts: Iterable[ReceiptSource] = (),
    consent: Reference | None = None,
    contract: Reference | None = None,
    transport: Iterable[Transport] = (),
) -> Manifest:
    """The manifest of an exchange.

    Args:
        exchange: what both parties call it; unique, best ``urn:uuid:…``.
        at: when it is made, aware.
        requester: who asked, as text ("NTRJP-1234567890123"); never a person's name.
        provider: who answered, the same.
        request: of ``message``.
        response: of ``message``; None: no answer came.
        receipts: those at hand; each must be about one of the two messages.
        consent: of ``reference``.
        contract: of ``reference``.
        transport: what the transports called it.

    Raises:
        MisuseError: "exchange.argument", "exchange.receipt-other" (about another message), "argument.naive-time".
        MalformedError: a receipt that is none ("receipt.…", "json.…").
    """
    messages: dict[Identifier, Role] = {request.identifier: "request"}
    if response is not None:
        if response.identifier in messages:
            raise MisuseError("exchange.argument", "request and response have the same identifier")
        messages[response.identifier] = "response"
    references = tuple(_reference(evidence_of(one), messages) for one in receipts)
    made = Manifest(
        exchange, aware(at, "at"), requester, provider, request, response, references, consent, contract,
        tuple(transport),
    )  # fmt: skip
    return cast(Manifest, proved(made.octets, read_manifest, "exchange.argument"))


def message(identifier: str, parts: Mapping[str, PartSource], at: datetime) -> Message:
    """A message by the digests of its parts. ``parts``: octets, contents, or pairs (algorithm, digest).

    ``at``: when it was submitted, aware; receipts say the same as ``SubmissionTime``.
    """
    return Message(
        identifier, aware(at, "at"), tuple(Part(name, part_digest(one, name)) for name, one in parts.items())
    )


def reference(identifier: str, document: bytes | None = None) -> Reference:
    """A reference to a consent or a contract, with the SHA-256 of its octets."""
    return Reference(identifier, None if document is None else Digest("sha256", digest("sha256", document)))


def part_digest(source: PartSource, name: str, algorithm: str = "sha256") -> Digest:
    """The digest of a part; of a pair (algorithm, digest) as it is."""
    if isinstance(source, bytes):
        return Digest(algorithm, digest(algorithm, source))
    if not isinstance(source, tuple):
        return Digest(algorithm, source.digest(algorithm))
    if source[0] not in ACCEPTED_DIGESTS or len(source[1]) != digest_size(source[0]):
        raise MisuseError(
            "exchange.argument", f"the digest of {name!r} is no digest by {source[0]!r}", "use SHA-256 of the octets"
        )
    return Digest(*source)


def evidence_of(source: ReceiptSource) -> Evidence:
    """The evidence of a receipt in JSON, sealed or not. Raises ``MalformedError``."""
    if isinstance(source, Evidence):
        return source
    return receipts_in_json.from_json(json_loads(source) if isinstance(source, bytes) else dict(source))


def _reference(found: Evidence, messages: Mapping[Identifier, Role]) -> ReceiptReference:
    about = None if found.message_identifier is None else messages.get(found.message_identifier)
    if about is None:
        raise MisuseError(
            "exchange.receipt-other",
            f"the receipt {found.evidence_identifier} is about another message ({found.message_identifier})",
            "give the receipts about the request and the response of this exchange",
        )
    return ReceiptReference(found.evidence_identifier, found.erds_event_id, about, receipt_digest(found))


def receipt_digest(found: Evidence) -> Digest:
    """What a receipt is known by: SHA-256 over it without seal and log information."""
    return Digest("sha256", sha256(receipts_in_json.log_entry(found)).digest())


def stated_parts(found: Evidence) -> tuple[tuple[str, Digest | None], ...]:
    """The parts that a receipt lists."""
    content = found.user_content_info
    listed = () if content is None else content.parts_info
    return tuple(
        (one.identifier, None if method is None or one.digest_value is None else Digest(method, one.digest_value))
        for one in listed
        for method in [None if one.digest_method is None else digest_by_xml(one.digest_method) or one.digest_method]
    )


# -- read


def read_manifest(octets: bytes) -> Manifest:
    """Read a manifest in either form; in that for a third party nothing may stand in the clear that is to be hidden.

    Raises ``MalformedError`` "exchange.malformed", "json.…", "base64url.…".
    """
    return manifest_of(read_statement(octets, _MALFORMED))


def manifest_of(value: Any) -> Manifest:
    """The manifest of a JSON value that was read before. Raises ``MalformedError``."""
    required = ("format", "exchange", "time", "requester", "provider", "request")
    members = Object(value, _MALFORMED, required, ("response", "receipts", "consent", "contract", "transport"))
    stated = members.text("format")
    if stated not in (FORMAT, THIRD_PARTY):
        raise members.error("format", "not known here")
    hidden = stated == THIRD_PARTY
    found = Manifest(
        exchange=_identifier(members, "exchange", hidden),
        at=members.moment("time"),
        requester=_identifier(members, "requester", hidden),
        provider=_identifier(members, "provider", hidden),
        request=_read_message(members, "request", hidden),
        response=_read_message(members, "response", hidden) if "response" in members else None,
        receipts=_read_receipts(members, hidden) if "receipts" in members else (),
        consent=_read_reference(members, "consent", hidden) if "consent" in members else None,
        contract=_read_reference(members, "contract", hidden) if "contract" in members else None,
        transport=tuple(
            Transport(one.text("kind", 64), _identifier(one, "identifier", hidden))
            for one in members.objects("transport", ("kind", "identifier"), minimum=1)
        )
        if "transport" in members
        else (),
    )
    if found.response is None and any(one.about == "response" for one in found.receipts):
        raise members.error("receipts", "about a response that is not there")
    if found.response is not None and found.response.identifier == found.request.identifier:
        raise members.error("response", "called as the request is")
    return found


def _identifier(members: Object, name: str, hidden: bool) -> Identifier:
    if not hidden:
        return members.text(name)
    return Commitment(members.object(name, ("commitment",)).octets("commitment", 32))


def _read_digest(members: Object, name: str, hidden: bool) -> Digest | Commitment:
    if not hidden:
        return Digest(*members.digest(name))
    return Commitment(members.object(name, ("commitment",)).octets("commitment", 32))


def _read_message(members: Object, name: str, hidden: bool) -> Message:
    found = members.object(name, ("message", "time", "parts"))
    parts = tuple(
        Part(_identifier(one, "name", hidden), _read_digest(one, "digest", hidden))
        for one in found.objects("parts", ("name", "digest"), minimum=1)
    )
    if len({part.name for part in parts}) != len(parts):
        raise found.error("parts", "with a part twice")
    return Message(_identifier(found, "message", hidden), found.moment("time"), parts)


def _read_receipts(members: Object, hidden: bool) -> tuple[ReceiptReference, ...]:
    found = []
    for one in members.objects("receipts", ("identifier", "event", "about", "digest"), minimum=1):
        about, event = one.text("about"), one.text("event", 200)
        if about not in ("request", "response"):
            raise one.error("about", "neither request nor response")
        if not event.startswith(EVENT_NAMESPACE):
            raise one.error("event", "no event of EN 319 522")
        role = cast(Role, about)
        found.append(
            ReceiptReference(_identifier(one, "identifier", hidden), event, role, _read_digest(one, "digest", hidden))
        )
    if len({one.identifier for one in found}) != len(found):
        raise members.error("receipts", "with a receipt twice")
    return tuple(found)


def _read_reference(members: Object, name: str, hidden: bool) -> Reference:
    found = members.object(name, ("identifier",), ("digest",))
    stated = _read_digest(found, "digest", hidden) if "digest" in found else None
    return Reference(_identifier(found, "identifier", hidden), stated)


# -- for a third party


def for_third_party(manifest: Manifest, secret: bytes) -> tuple[Manifest, tuple[Opening, ...]]:
    """The form for whoever is not to learn who exchanged what, and the openings, which the holder keeps.

    In the clear stay times, the number of messages, parts and receipts, the events, and the kinds of transports.
    ``secret``: see ``commitments.commit``. Raises ``MisuseError`` "exchange.secret"; "exchange.argument" where the
    manifest is in this form already.
    """
    if manifest.for_third_party:
        raise MisuseError("exchange.argument", "this manifest is for a third party already")
    openings: dict[Commitment, Opening] = {}
    exchange = cast(str, manifest.exchange)

    def hide(label: str, value: Any) -> Any:
        stated = digest_members(*value) if isinstance(value, Digest) else value
        opening = commit(label, stated, exchange, secret)
        openings[opening.commitment] = opening
        return opening.commitment

    return _replaced(manifest, hide), tuple(openings.values())


def opened(manifest: Manifest, openings: Iterable[Opening]) -> Manifest:
    """The manifest with what these openings show in place of the commitments; one that fits nowhere changes nothing."""
    values = {one.commitment: one for one in openings}

    def show(label: str, value: Any) -> Any:
        opening = values.get(value) if isinstance(value, Commitment) else None
        if opening is None or opening.label != label:
            return value
        if not label.endswith("digest"):
            return opening.value if isinstance(opening.value, str) else value
        return Digest(*Object({label: opening.value}, "exchange.opening", (label,)).digest(label))

    return _replaced(manifest, show)


def _replaced(manifest: Manifest, put: Callable[[str, Any], Any]) -> Manifest:
    """The manifest with everything put anew that is hidden from third parties; ``put(label, value)``."""

    def one_message(given: Message, role: Role) -> Message:
        # by role: that the answer has what the question had is to be hidden too
        parts = tuple(
            Part(put(f"{role}.part.name", part.name), put(f"{role}.part.digest", part.digest)) for part in given.parts
        )
        return Message(put("message", given.identifier), given.at, parts)

    def one_reference(given: Reference | None, label: str) -> Reference | None:
        if given is None:
            return None
        stated = None if given.digest is None else put(f"{label}.digest", given.digest)
        return Reference(put(f"{label}.identifier", given.identifier), stated)

    return Manifest(
        exchange=put("exchange", manifest.exchange),
        at=manifest.at,
        requester=put("requester", manifest.requester),
        provider=put("provider", manifest.provider),
        request=one_message(manifest.request, "request"),
        response=None if manifest.response is None else one_message(manifest.response, "response"),
        receipts=tuple(
            ReceiptReference(
                put("receipt.identifier", one.identifier), one.event, one.about, put("receipt.digest", one.digest)
            )
            for one in manifest.receipts
        ),
        consent=one_reference(manifest.consent, "consent"),
        contract=one_reference(manifest.contract, "contract"),
        transport=tuple(Transport(one.kind, put("transport", one.identifier)) for one in manifest.transport),
    )


# -- written


def _named(value: Identifier) -> Any:
    return {"commitment": value.text} if isinstance(value, Commitment) else value


def _digested(value: Digest | Commitment) -> dict[str, str]:
    return {"commitment": value.text} if isinstance(value, Commitment) else digest_members(*value)


def _message(given: Message) -> dict[str, Any]:
    parts = [{"name": _named(part.name), "digest": _digested(part.digest)} for part in given.parts]
    return {"message": _named(given.identifier), "time": moment_text(given.at), "parts": parts}
