"""Building evidence for an event (EN 319 522-1 clause 6, EN 319 522-2 clause 8), from digests alone.

``build`` fills what the standard's semantics always need: identifier, event, time, policy, issuer, sender, recipients,
submission time, message and content; reasons for every negative event; the recipient whom the event concerns where
there are several; the other service in relay events. Whatever is missing is a ``MisuseError``: nothing is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from toyono_trust.core.algorithms import digest, digest_size, digest_xml
from toyono_trust.core.content import Content
from toyono_trust.delivery import events, extensions
from toyono_trust.delivery.check import ACCEPTED_DIGESTS
from toyono_trust.delivery.components import (
    VERSION,
    CertId,
    CertificateDetail,
    DelegateDetails,
    EntityDetails,
    EventReason,
    Evidence,
    Extension,
    Moment,
    Open,
    PartInfo,
    UserContentInfo,
)
from toyono_trust.delivery.events import Event
from toyono_trust.delivery.evidence import from_json, log_entry, to_json
from toyono_trust.delivery.extensions import Previous
from toyono_trust.delivery.reasons import ETSI_DOMAIN
from toyono_trust.delivery.reasons import by_uri as reason_by_uri
from toyono_trust.delivery.users import PartySource, attribute, delegate, user
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["Issuer", "PartSource", "PartySource", "build"]

PartSource = bytes | Content | tuple[str, bytes]
"""A part: its octets, a content, or (digest algorithm, digest) where the octets are not at hand."""

MEDIA_TYPE = "application/octet-stream"


class Issuer(NamedTuple):
    """A delivery service as its seal certificate names it.

    ``name``: the organisation; ``identifier``: EN 319 412-1 text ("NTRJP-…") or ``""``; ``certificate_sha256``: the
    digest over the DER certificate, None where it is not known (another service).
    """

    name: str
    identifier: str = ""
    certificate_sha256: bytes | None = None


def build(
    event: str,
    *,
    issuer: Issuer,
    event_time: datetime,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    identifier: str,
    policy: str | Iterable[str] | None = None,
    content_types: str | Mapping[str, str] = MEDIA_TYPE,
    reasons: Iterable[str | EventReason] = (),
    submission_time: datetime | None = None,
    refers_to_recipient: int | None = None,
    external_service: Issuer | None = None,
    forwarded_to: str | None = None,
    sender_delegate: PartySource | None = None,
    recipient_delegates: Iterable[tuple[PartySource, tuple[int, ...]]] = (),
    app_layer_identifier: str | None = None,
    encrypted: bool | Iterable[str] = (),
    previous: Evidence | Previous | None = None,
    transaction_logs: tuple[Open, ...] = (),
    extensions: tuple[Extension, ...] = (),
) -> Evidence:
    """Evidence for one event, complete but for its seal.

    ``event``: name, URI or confirmed code. Times: aware. ``identifier``: unique, best ``urn:uuid:…``; it and the time
    come from the caller. ``policy``: URI(s) of the service's policy, an OID as dotted text or ``urn:oid:``.
    ``content_types``: media type by part, or one for all. ``refers_to_recipient``: 1-based; needed for group C to E
    where there are several recipients. ``submission_time`` is the event's time by default where the event is the
    submission. ``sender_delegate``, ``recipient_delegates``: who acted for them, the latter as pairs (delegate, indexes
    of the recipients for whom it acts); ``users.user`` adds the mandate and levels of assurance to any party.
    ``encrypted``: parts, or all, that were encrypted end to end, so that the digest is the ciphertext's. ``previous``:
    the evidence about the same message that came before. ``transaction_logs``: what a log promised for this evidence.

    Raises ``MisuseError`` with a code "receipt.…" for whatever is missing or does not fit.
    """
    known = events.find(event)
    if known is None:
        raise MisuseError("receipt.event-unknown", f"no event of EN 319 522 is called {event!r}", _event_names())
    if isinstance(recipients, str):
        raise MisuseError("argument.type", "recipients is a single text", f"write recipients=[{recipients!r}]")
    users = tuple(map(user, recipients))
    delegates = tuple(delegate(one, indexes) for one, indexes in recipient_delegates)
    _check_recipients(known, len(users), refers_to_recipient, delegates)
    if known.group == "B" and external_service is None:
        raise MisuseError(
            "receipt.external-service-missing",
            f"{known.name} happens between two services, and the other one is not given",
            "give external_service=Issuer(name, identifier)",
        )
    evidence = Evidence(
        version=VERSION,
        id=None,
        evidence_identifier=_filled("identifier", identifier),
        erds_event_id=known.uri,
        event_reasons=_reasons(known, reasons),
        event_time=_moment("event_time", event_time),
        evidence_issuer_policy_id=_policies(policy),
        evidence_issuer_details=_entity(issuer),
        sender_details=user(sender),
        sender_delegate_details=None if sender_delegate is None else user(sender_delegate),
        recipient_details=users,
        recipients_delegate_details=delegates or None,
        submission_time=_submission(known, submission_time, event_time),
        evidence_refers_to_recipient=refers_to_recipient,
        message_identifier=_filled("message_id", message_id),
        user_content_info=_content(parts, content_types, app_layer_identifier),
        external_erds_details=None if external_service is None else _entity(external_service),
        forwarded_to_external_system=forwarded_to,
        transaction_log_information=transaction_logs,
        extensions=(*_extensions(tuple(parts), encrypted, previous), *extensions),
    )
    return _proved(evidence)


def _proved(evidence: Evidence) -> Evidence:
    """What is issued can be read: an argument of wrong form (a policy that is no URI) shows here, by its place."""
    try:
        again = from_json(to_json(evidence))
    except MalformedError as error:
        raise MisuseError("receipt.argument", f"an argument has a wrong form: {error.message}") from error
    return again


def _event_names() -> str:
    return "one of " + ", ".join(event.name for event in events.EVENTS)


def _filled(argument: str, value: str) -> str:
    if not value:
        raise MisuseError("receipt.argument", f"{argument} is empty")
    return value


def _moment(argument: str, at: datetime) -> Moment:
    if not isinstance(at, datetime):
        raise MisuseError(
            "argument.type", f"{argument} is {type(at).__name__}, not a datetime",
            "give an aware datetime, e.g. datetime.fromisoformat('2026-04-01T09:00:00+09:00')",
        )  # fmt: skip
    if at.tzinfo is None or at.utcoffset() is None:
        raise MisuseError(
            "receipt.time-naive", f"{argument} has no time zone", "give an aware datetime, e.g. datetime.now(UTC)"
        )
    return Moment.of(at)


def _submission(event: Event, submitted: datetime | None, event_time: datetime) -> Moment:
    if submitted is not None:
        return _moment("submission_time", submitted)
    if event.group == "A" or event.name == "ReceivedFromNonERDS":
        return _moment("event_time", event_time)
    raise MisuseError(
        "receipt.submission-time-missing",
        f"the time of submission is not given for {event.name}",
        "give submission_time=, the time at which the sender handed the content in",
    )


def _policies(policy: str | Iterable[str] | None) -> tuple[str, ...]:
    given = () if policy is None else (policy,) if isinstance(policy, str) else tuple(policy)
    if not given:
        raise MisuseError(
            "receipt.policy-missing",
            "the policy under which the service issues receipts is not given",
            "give policy=, the URI or OID of the delivery service's policy",
        )
    return tuple(f"urn:oid:{one}" if one.replace(".", "").isdecimal() else one for one in given)


def _reasons(event: Event, reasons: Iterable[str | EventReason]) -> tuple[EventReason, ...]:
    given = tuple(EventReason(one) if isinstance(one, str) else one for one in reasons)
    if event.polarity == "failure" and not given:
        raise MisuseError(
            "receipt.reason-missing",
            f"{event.name} needs a reason",
            "give reasons=, a URI of delivery.reasons or reasons.local(your base URI, name)",
        )
    for one in given:
        known = reason_by_uri(one.code)
        if known is None and ETSI_DOMAIN in one.code:
            raise MisuseError(
                "receipt.reason-invented",
                f"{one.code} is not known to be a reason of the standard",
                "use a reason of delivery.reasons, or a URI of your own",
            )
        if known is not None and known.group != event.group:
            raise MisuseError(
                "receipt.reason-misplaced",
                f"{one.code} explains events of group {known.group}, and {event.name} is of group {event.group}",
                f"use a reason for {event.name}",
            )
    return given


def _check_recipients(event: Event, count: int, index: int | None, delegates: tuple[DelegateDetails, ...]) -> None:
    if not count:
        raise MisuseError("receipt.argument", "recipients is empty")
    if index is None and count > 1 and event.concerns_one_recipient:
        raise MisuseError(
            "receipt.recipient-missing",
            f"{event.name} concerns one of {count} recipients, and which is not given",
            "give refers_to_recipient=, counted from 1; issue one receipt for each recipient",
        )
    if index is not None and not 1 <= index <= count:
        raise MisuseError(
            "receipt.recipient-index", f"there is no recipient {index}: there are {count}", "count from 1"
        )
    for acting in delegates:
        for one in acting.delegating_recipients or ():
            if not 1 <= one <= count:
                raise MisuseError("receipt.delegate-index", f"there is no recipient {one}: there are {count}")


def _extensions(
    parts: tuple[str, ...], encrypted: bool | Iterable[str], previous: Evidence | Previous | None
) -> tuple[Extension, ...]:
    found = []
    names = (parts if encrypted else ()) if isinstance(encrypted, bool) else tuple(encrypted)
    if isinstance(encrypted, str) or not set(names) <= set(parts):
        raise MisuseError("receipt.argument", "encrypted names what is no part", "give True, or names of parts")
    if names:
        found.append(extensions.encrypted(names))
    if isinstance(previous, Evidence):
        previous = Previous(previous.evidence_identifier, digest("sha256", log_entry(previous)))
    if previous is not None:
        found.append(extensions.previous(previous))
    return tuple(found)


def _entity(issuer: Issuer) -> EntityDetails:
    identity = [attribute("LegalName", _filled("the name of the issuer", issuer.name))]
    if issuer.identifier:
        identity.append(attribute("LegalPersonIdentifier", issuer.identifier))
    certificate = issuer.certificate_sha256
    if certificate is None:
        return EntityDetails(tuple(identity))
    if len(certificate) != digest_size("sha256"):
        raise MisuseError("receipt.argument", "certificate_sha256 is not a SHA-256 digest of 32 octets")
    detail = CertificateDetail(cert_id=CertId(None, digest_xml("sha256"), certificate))
    return EntityDetails(tuple(identity), (detail,))


def _content(
    parts: Mapping[str, PartSource], content_types: str | Mapping[str, str], app_layer_identifier: str | None
) -> UserContentInfo:
    if not parts:
        raise MisuseError("receipt.argument", "parts is empty", "give the content, or its digest, by name")
    types = dict.fromkeys(parts, content_types) if isinstance(content_types, str) else content_types
    infos = tuple(PartInfo(name, types.get(name, MEDIA_TYPE), *_digest(name, source)) for name, source in parts.items())
    return UserContentInfo(app_layer_identifier, len(infos), infos)


def _digest(name: str, source: PartSource) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return digest_xml("sha256"), digest("sha256", source)
    if not isinstance(source, tuple):
        return digest_xml("sha256"), source.digest("sha256")
    algorithm, value = source
    if algorithm not in ACCEPTED_DIGESTS:
        raise MisuseError(
            "receipt.digest-refused", f"the digest of {name!r} is by {algorithm!r}", "use SHA-256, SHA-384 or SHA-512"
        )
    if len(value) != digest_size(algorithm):
        raise MisuseError("receipt.argument", f"the digest of {name!r} has {len(value)} octets, not {algorithm}'s size")
    return digest_xml(algorithm), value
