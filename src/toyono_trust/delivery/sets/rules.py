"""The rules between receipts of one message; each returns what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from toyono_trust.delivery import assurance, extensions
from toyono_trust.delivery.components import FactorAssurance, GlobalAssurance, UserDetails
from toyono_trust.delivery.notes import note
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.sets.delivery import Delivery, Problem, differing, recipients, usual
from toyono_trust.delivery.sets.member import Member, same
from toyono_trust.delivery.sets.order import EXCLUSIVE, NEEDS, NOT_AFTER, ONCE, Need
from toyono_trust.errors import MalformedError

__all__ = ["RULES", "consent_asked"]

_AUTHENTICATED = ("ConsignmentAcceptance", "ConsignmentRejection", "ContentAccessTracking", "ContentHandover")
"""Events at which a recipient was authenticated."""
_ASKING = (
    *("NotificationForAcceptance", "NotificationForAcceptanceFailure"),
    *("ConsignmentAcceptance", "ConsignmentRejection", "AcceptanceRejectionExpiry"),
)
"""Events that only happen where the recipient is asked to accept."""


def one_message(delivery: Delivery) -> list[Problem]:
    """All receipts speak of one message."""
    found = []
    for one in delivery.members:
        if one.claims.message_identifier is None:
            found.append(Problem(note("receipt.set-message-missing", one.identifier), (one.digest,)))
    named = [one for one in delivery.members if one.claims.message_identifier is not None]
    return found + differing(named, lambda one: one.claims.message_identifier, "receipt.set-message-differs", str)


def one_identifier_each(delivery: Delivery) -> list[Problem]:
    """No two receipts have the same ``EvidenceIdentifier``."""
    by_identifier: dict[str, list[Member]] = {}
    for one in delivery.members:
        by_identifier.setdefault(one.identifier, []).append(one)
    return [
        Problem(note("receipt.set-identifier-twice", identifier), tuple(one.digest for one in members))
        for identifier, members in by_identifier.items()
        if len(members) > 1
    ]


def one_sender_and_recipients(delivery: Delivery) -> list[Problem]:
    """Sender and recipients, in their order, are the same everywhere."""
    return [
        *differing(delivery.members, lambda one: to_text(one.claims.sender), "receipt.set-sender-differs", str),
        *differing(delivery.members, recipients, "receipt.set-recipients-differ", ", ".join),
    ]


def one_submission_time(delivery: Delivery) -> list[Problem]:
    """The time of submission is the same everywhere."""
    stated = [one for one in delivery.members if one.claims.submission_time is not None]
    missing = [one for one in delivery.members if one.claims.submission_time is None]
    code = "receipt.set-submission-time-differs"
    found = [Problem(note("receipt.set-submission-time-missing", one.identifier)) for one in missing]
    return found + differing(stated, lambda one: one.claims.submission_time, code, str)


def one_content(delivery: Delivery) -> list[Problem]:
    """The same parts, each with the same digest, everywhere; digests by two algorithms cannot be compared."""
    members = delivery.members
    found = differing(members, _listed, "receipt.set-content-differs", ", ".join)
    by_part: dict[tuple[str, str], list[tuple[Member, bytes]]] = {}
    algorithms: dict[str, set[str]] = {}
    for one in members:
        for part in one.claims.parts:
            algorithm = part.digest_algorithm or ""
            algorithms.setdefault(part.name, set()).add(algorithm)
            if part.digest is not None:
                by_part.setdefault((part.name, algorithm), []).append((one, part.digest))
    for (name, _), digests in by_part.items():
        wanted = usual([value for _, value in digests])
        for one, value in digests:
            if value != wanted:
                values = {"value": name}
                found.append(Problem(note("receipt.set-content-differs", one.identifier, **values), (one.digest,)))
    for name, used in algorithms.items():
        if len(used) > 1:
            found.append(Problem(note("receipt.set-content-incomparable", name)))
    return found


def exclusive_outcomes(delivery: Delivery) -> list[Problem]:
    """Of outcomes that exclude each other there is one, for a message, a hop, a recipient."""
    found = []
    for among in _scopes(delivery):
        for outcomes in EXCLUSIVE:
            for one, other in combinations([*_firsts(among, outcomes)], 2):
                values = {"first": one.name, "second": other.name, "other": other.identifier}
                found.append(
                    Problem(note("receipt.set-outcomes-conflict", one.identifier, **values), (one.digest, other.digest))
                )
    return found


def once(delivery: Delivery) -> list[Problem]:
    """What happens once has one receipt."""
    found = []
    for among in _scopes(delivery):
        seen: dict[str, Member] = {}
        for one in among:
            if one.name in ONCE and seen.setdefault(one.name, one) is not one:
                found.append(Problem(note("receipt.set-outcome-twice", one.identifier, event=one.name)))
    return found


def in_order(delivery: Delivery) -> list[Problem]:
    """What an event presupposes happened, and before it."""
    found = []
    for index in range(1, len(delivery.recipients) + 1):
        about = delivery.about(index)
        for one in delivery.of(index):
            found += _needs(delivery, one, about, consent=consent_asked(delivery, index))
    for one in delivery.shared:
        found += _needs(delivery, one, delivery.shared, consent=False)
    for among in _scopes(delivery):
        for failure, success in NOT_AFTER:
            succeeded = delivery.named(success, among=among)
            for one in delivery.named(failure, among=among):
                if succeeded and all(delivery.later(one, other) for other in succeeded):
                    found.append(_disorder(one, succeeded[0]))
    return found


def nothing_after_the_end(delivery: Delivery) -> list[Problem]:
    """Nothing succeeds after a rejection or an expiry; what happens at the deadline itself was in time."""
    found = []
    rejected = delivery.named("SubmissionRejection", among=delivery.shared)
    for end in rejected:
        found += [_after(one, end) for one in delivery.members if one.event is not None and one.event.group != "A"]
    for index in range(1, len(delivery.recipients) + 1):
        among = delivery.about(index)
        succeeded = [one for one in among if one.event is not None and one.event.group in "DE" and _succeeded(one)]
        for end in delivery.named("ConsignmentRejection", "AcceptanceRejectionExpiry", among=among):
            for one in succeeded:
                if end.name == "ConsignmentRejection" or delivery.later(one, end):
                    found.append(_after(one, end))
        for end in delivery.named("RelayRejection", among=among):
            for one in succeeded:
                if same(one.issuer, end.issuer):
                    found.append(_after(one, end))
    return found


def nothing_after_expiration(delivery: Delivery) -> list[Problem]:
    """Nothing succeeds after ExpirationTime, and nobody's time runs out before it."""
    expiration = delivery.policy.expiration
    if expiration is None:
        return []
    found = []
    for one in delivery.members:
        if _succeeded(one) and one.at > expiration:
            found.append(Problem(note("receipt.set-after-expiration", one.identifier, event=one.name), (one.digest,)))
        if one.name == "AcceptanceRejectionExpiry" and one.at < expiration:
            found.append(Problem(note("receipt.set-expiry-early", one.identifier), (one.digest,)))
    return found


def unbroken_chain(delivery: Delivery) -> list[Problem]:
    """The evidence that another names as the one before is there, and is that."""
    by_identifier = {one.identifier: one for one in delivery.members}
    found = []
    for one in delivery.members:
        try:
            before = extensions.previous_of(one.evidence.extensions)
        except MalformedError:  # noted with the receipt itself
            continue
        if before is None:
            continue
        earlier = by_identifier.get(before.identifier)
        if earlier is None:
            values = {"previous": before.identifier}
            found.append(Problem(note("receipt.set-previous-missing", one.identifier, **values)))
        elif earlier.digest != before.sha256:
            values = {"previous": before.identifier}
            found.append(Problem(note("receipt.set-previous-differs", one.identifier, **values), (one.digest,)))
        elif delivery.later(earlier, one):
            found.append(_disorder(one, earlier))
    return found


def assured(delivery: Delivery) -> list[Problem]:
    """Sender and recipients were known as surely as the policy demands (MD04)."""
    policy, found = delivery.policy, []
    for one in delivery.members:
        details = one.evidence.sender_details
        required: tuple[str, ...] = ()
        if one.name == "SubmissionAcceptance":
            required = policy.sender_assurance
        elif one.name in _AUTHENTICATED:
            required = policy.recipient_assurance
            details = one.evidence.recipient_details[(one.claims.refers_to_recipient or 1) - 1]
        for level in assurance.lacking(_levels(details), required, policy.levels):
            found.append(Problem(note("receipt.assurance-too-low", one.identifier, level=level), (one.digest,)))
    return found


RULES: tuple[Callable[[Delivery], list[Problem]], ...] = (
    one_message,
    one_identifier_each,
    one_sender_and_recipients,
    one_submission_time,
    one_content,
    exclusive_outcomes,
    once,
    in_order,
    nothing_after_the_end,
    nothing_after_expiration,
    unbroken_chain,
    assured,
)


def consent_asked(delivery: Delivery, index: int) -> bool:
    """Whether the recipient had to accept before the content could be made available."""
    if delivery.policy.consignment is not None:
        return delivery.policy.consignment == "consent"
    return bool(delivery.named(*_ASKING, among=delivery.of(index)))


def _listed(one: Member) -> tuple[str, ...]:
    return tuple(sorted(part.name for part in one.claims.parts))


def _levels(details: UserDetails) -> GlobalAssurance | FactorAssurance | None:
    return details.assurance_levels_details


def _succeeded(one: Member) -> bool:
    return one.event is not None and one.event.polarity == "success"


def _scopes(delivery: Delivery) -> list[Sequence[Member]]:
    """Receipts among which an outcome stands once: of the message, of each hop, of each recipient."""
    found: list[Sequence[Member]] = []
    for among in (delivery.shared, *(delivery.of(index) for index in range(1, len(delivery.recipients) + 1))):
        found.append([one for one in among if not _is_relay(one)])
        hops: list[list[Member]] = []
        for one in filter(_is_relay, among):
            for hop in hops:
                if _same_hop(one, hop[0]):
                    hop.append(one)
                    break
            else:
                hops.append([one])
        found += hops
    return found


def _is_relay(one: Member) -> bool:
    return one.event is not None and one.event.group == "B"


def _same_hop(one: Member, other: Member) -> bool:
    mine, theirs = one.other, other.other
    if mine is None or theirs is None:
        return False
    return same(one.issuer, other.issuer) and same(mine, theirs)


def _firsts(among: Sequence[Member], outcomes: tuple[str, ...]) -> list[Member]:
    """The first receipt of each of the outcomes."""
    found: dict[str, Member] = {}
    for one in among:
        if one.name in outcomes:
            found.setdefault(one.name, one)
    return list(found.values())


def _needs(delivery: Delivery, one: Member, about: Sequence[Member], *, consent: bool) -> list[Problem]:
    found = []
    for need in _NEEDS.get(one.name, ()):
        before = delivery.named(*need.one_of, among=about)
        if not before:
            if need.when == "always" or (need.when == "consent" and consent):
                values = {"event": one.name, "missing": need.one_of[0]}
                found.append(Problem(note("receipt.set-link-missing", one.identifier, **values)))
        elif all(delivery.later(other, one) for other in before):
            found.append(_disorder(one, before[0]))
    return found


_NEEDS: dict[str, list[Need]] = {}
for _need in NEEDS:
    _NEEDS.setdefault(_need.event, []).append(_need)


def _disorder(one: Member, other: Member) -> Problem:
    values = {"event": one.name, "before": other.name, "other": other.identifier}
    return Problem(note("receipt.set-order", one.identifier, **values), (one.digest,))


def _after(one: Member, end: Member) -> Problem:
    values = {"event": one.name, "end": end.name, "other": end.identifier}
    return Problem(note("receipt.set-after-end", one.identifier, **values), (one.digest, end.digest))
