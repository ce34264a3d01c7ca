"""What other systems say of a relay: AS4 receipts, which stand where a ``RelayAcceptance`` would, unproven."""

from __future__ import annotations

from collections.abc import Iterable

from toyono_trust.delivery import events
from toyono_trust.delivery.as4 import As4Relay
from toyono_trust.delivery.notes import note
from toyono_trust.delivery.sets.delivery import Problem
from toyono_trust.delivery.sets.report import Link, Strength

__all__ = ["foreign_link", "foreign_problems"]


def foreign_link(relay: As4Relay) -> Link:
    """An AS4 receipt as a step of the delivery: failed where it is wrong in itself, undecided otherwise.

    Its signature is not verified, so that the step is never proven, however well all else fits.
    """
    event = events.by_uri(relay.event)
    assert event is not None
    failing = relay.failing
    code = failing[0].code if failing else relay.notes[0].code
    strength: Strength = "failed" if failing else "undecided"
    return Link(event.proves, event.name, relay.identifier, relay.service, relay.at, None, strength, code)


def foreign_problems(relays: Iterable[As4Relay], message: str | None) -> list[Problem]:
    """What is to be said of AS4 receipts; it weakens no other receipt, for nobody has proven it."""
    found = []
    for relay in relays:
        found.append(Problem(note("as4.not-proven", relay.identifier, reason=foreign_link(relay).code)))
        if message is not None and relay.message != message:
            found.append(Problem(note("as4.other-identifier", relay.identifier, stated=relay.message)))
    return found
