"""Who issued what: one service for sender and recipient, or a chain of relays between two (groups A, B and C to E)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from toyono_trust.delivery.notes import note
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.sets.delivery import Delivery, Problem
from toyono_trust.delivery.sets.member import Member, Service, same
from toyono_trust.delivery.sets.order import SUBMITTED

__all__ = ["Relay", "consistent_services", "relay_to"]

_ARRIVED = "RelayAcceptance"


class Relay(NamedTuple):
    """How the message came to a recipient's service.

    ``needed``: it is another than the sender's. ``path``: the relays, first hop first; empty where none leads there.
    """

    needed: bool
    path: tuple[Member, ...] = ()


def consistent_services(delivery: Delivery) -> list[Problem]:
    """One service speaks for the sender, one for each recipient, and relays lead from the first to the second."""
    found = []
    start = _sender_service(delivery)
    submitting = delivery.named(*SUBMITTED, "SubmissionRejection", among=delivery.shared)
    found += [_other(one) for one in submitting if start is not None and not same(one.issuer, start)]
    if start is not None:
        found += _relays_from_somewhere(delivery, start)
    for index in range(1, len(delivery.recipients) + 1):
        own = _own(delivery, index)
        service = _usual_service(own)
        if service is None or start is None:
            continue
        found += [_other(one) for one in own if not same(one.issuer, service)]
        relay = relay_to(delivery, index)
        if relay.needed and delivery.policy.services == "one":
            found += [_other(one) for one in own if same(one.issuer, service)]
        elif relay.needed and not relay.path:
            values = {"event": own[0].name, "missing": _ARRIVED}
            found.append(Problem(note("receipt.set-link-missing", own[0].identifier, **values)))
        found += _order(delivery, relay.path, own)
    return found


def relay_to(delivery: Delivery, index: int) -> Relay:
    """The relays to a recipient's service; to the last one that is known of, where that has not said anything yet."""
    start = _sender_service(delivery)
    arrivals = delivery.named(_ARRIVED, among=delivery.about(index))
    service = _usual_service(_own(delivery, index))
    if start is None:
        return Relay(bool(arrivals), ())
    if service is None:
        return Relay(bool(arrivals), _longest(arrivals, start))
    needed = delivery.policy.services == "several" or not same(start, service)
    return Relay(needed, _path(arrivals, start, service) if needed else ())


def _sender_service(delivery: Delivery) -> Service | None:
    submitted = delivery.named(*SUBMITTED, among=delivery.shared) or delivery.named("SubmissionRejection")
    return _usual_service(submitted)


def _own(delivery: Delivery, index: int) -> list[Member]:
    """What a recipient's service says of the recipient."""
    return [one for one in delivery.of(index) if one.event is not None and one.event.group in "CDE"]


def _usual_service(members: Sequence[Member]) -> Service | None:
    """The service that issued most of the receipts; of several the one that issued the first."""
    best: Service | None = None
    most = 0
    seen: list[Service] = []
    for one in members:
        issuer = one.issuer
        if any(same(issuer, other) for other in seen):
            continue
        seen.append(issuer)
        count = sum(same(issuer, other.issuer) for other in members)
        if count > most:
            best, most = issuer, count
    return best


def _relays_from_somewhere(delivery: Delivery, start: Service) -> list[Problem]:
    """A relay comes from the sender's service, or from another one at which the message had arrived."""
    holders, left = [start], delivery.named(_ARRIVED)
    while further := [one for one in left if _leads_from_any(one, holders)]:
        holders += [one.issuer for one in further]
        arrived = {one.digest for one in further}
        left = [one for one in left if one.digest not in arrived]
    rejected = [one for one in delivery.named("RelayRejection") if not _leads_from_any(one, holders)]
    failed = [one for one in delivery.named("RelayFailure") if not any(same(one.issuer, holder) for holder in holders)]
    return [_other(one) for one in (*left, *rejected, *failed)]


def _leads_from_any(one: Member, services: Sequence[Service]) -> bool:
    return any(_leads_from(one, service) for service in services)


def _path(arrivals: Sequence[Member], start: Service, end: Service) -> tuple[Member, ...]:
    """The shortest chain of relays between two services; a relay that does not say whence may come from anywhere."""
    paths: list[tuple[Member, ...]] = [()]
    left = list(arrivals)
    while paths:
        longer = []
        for path in paths:
            here = path[-1].issuer if path else start
            for one in [one for one in left if _leads_from(one, here)]:
                left.remove(one)
                if same(one.issuer, end):
                    return (*path, one)
                longer.append((*path, one))
        paths = longer
    return ()


def _longest(arrivals: Sequence[Member], start: Service) -> tuple[Member, ...]:
    path: tuple[Member, ...] = ()
    left = list(arrivals)
    while True:
        here = path[-1].issuer if path else start
        further = [one for one in left if _leads_from(one, here)]
        if not further:
            return path
        left.remove(further[0])
        path = (*path, further[0])


def _leads_from(one: Member, service: Service) -> bool:
    """Whether a relay came from this service; one that does not say whence may come from any, but not from itself."""
    return not same(one.issuer, service) and (one.other is None or same(one.other, service))


def _order(delivery: Delivery, path: Sequence[Member], own: Sequence[Member]) -> list[Problem]:
    """Each relay is later than the one before, and what the last service says is later than its arrival there."""
    found = []
    for earlier, later in pairwise(path):
        if delivery.later(earlier, later):
            found.append(_disorder(later, earlier))
    if path:
        found += [_disorder(one, path[-1]) for one in own if delivery.later(path[-1], one)]
    return found


def _disorder(one: Member, other: Member) -> Problem:
    values = {"event": one.name, "before": other.name, "other": other.identifier}
    return Problem(note("receipt.set-order", one.identifier, **values), (one.digest,))


def _other(one: Member) -> Problem:
    values = {"event": one.name, "issuer": to_text(one.claims.issuer)}
    return Problem(note("receipt.set-issuer-differs", one.identifier, **values), (one.digest,))
