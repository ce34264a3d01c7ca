"""Which facts are proven for whom, and what they rest on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from toyono_trust.delivery import events
from toyono_trust.delivery.as4 import As4Relay
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.sets.delivery import Delivery
from toyono_trust.delivery.sets.foreign import foreign_link
from toyono_trust.delivery.sets.member import Member
from toyono_trust.delivery.sets.order import SUBMITTED
from toyono_trust.delivery.sets.relays import relay_to
from toyono_trust.delivery.sets.report import STRENGTHS, Link, Outcome, RecipientFacts
from toyono_trust.delivery.sets.rules import consent_asked
from toyono_trust.validation.report import Finding

__all__ = ["facts_of", "link", "unknown_to"]

_FURTHEST: tuple[tuple[Outcome, tuple[str, ...]], ...] = (
    ("handed-over", ("ContentHandover",)),
    ("available", ("ContentConsignment", "ContentAccessTracking")),
    ("rejected", ("ConsignmentRejection",)),
    ("expired", ("AcceptanceRejectionExpiry",)),
    ("accepted", ("ConsignmentAcceptance",)),
    ("relayed", ("RelayAcceptance",)),
    ("rejected", ("SubmissionRejection",)),
    ("submitted", SUBMITTED),
)
"""The outcome, furthest first, and the events of which one proves it."""
_NOTHING: tuple[Outcome, tuple[str, ...]] = ("unknown", ())
_UNCHECKED = ("receipt.content-not-presented", "receipt.part-without-digest", "receipt.parts-absent")
_UNSTAMPED = ("receipt.not-stamped", "receipt.seal-not-stamped")
_MISSING = "receipt.set-link-missing"


def facts_of(
    delivery: Delivery,
    index: int,
    against: Mapping[bytes, str],
    others: Sequence[Member],
    relays: Sequence[As4Relay] = (),
) -> RecipientFacts:
    """What is proven for one recipient, counted from 1.

    ``against``: of receipts that another contradicts, the finding. ``others``: receipts that do not pass alone.
    ``relays``: what access points say without proof.
    """
    recipient = delivery.recipients[index - 1]
    links = [link(one, against) for one in delivery.about(index)]
    links += [link(one, against) for one in others if _concerns(one, recipient)]
    links += map(foreign_link, relays)
    links.sort(key=_time)
    proven = tuple(one for one in links if one.proven)
    names = {one.event for one in proven}
    unproven = tuple(one for one in links if not one.proven)
    furthest = next(((outcome, among) for outcome, among in _FURTHEST if names.intersection(among)), _NOTHING)
    outcome, reached = furthest
    chain = _chain(delivery, index, reached, links) if reached else unproven
    weakest = min(chain, key=lambda one: STRENGTHS.index(one.strength), default=None)
    return RecipientFacts(recipient, outcome, proven, unproven, weakest)


def unknown_to(recipient: str, unproven: Sequence[Member]) -> RecipientFacts:
    """Nothing is proven for a recipient of whom these receipts speak."""
    links = tuple(sorted((link(one, {}) for one in unproven if _concerns(one, recipient)), key=_time))
    weakest = min(links, key=lambda one: STRENGTHS.index(one.strength), default=None)
    return RecipientFacts(recipient, "unknown", (), links, weakest)


def link(one: Member, against: Mapping[bytes, str]) -> Link:
    """One receipt as a step of the delivery."""
    result = one.report.receipt
    seal = next((item for item in one.report.signatures if item.indication == "TOTAL-PASSED"), None)
    stamped = seal is not None and seal.best_signature_time < one.report.validated_at
    fact = one.claims.event if one.event is None else one.event.proves
    proven_at = seal.best_signature_time if seal is not None and stamped else None
    base = Link(fact, one.name, one.identifier, to_text(one.claims.issuer), one.at, proven_at, "sound")
    if not one.proves:
        failed = one.report.indication == "TOTAL-FAILED" or (seal is not None and result is not None)
        return base._replace(strength="failed" if failed else "undecided", code=_failing(one))
    if one.digest in against:
        return base._replace(strength="contradicted", code=against[one.digest])
    found = {finding.code: finding for finding in one.report.findings}
    unchecked = next((code for code in _UNCHECKED if code in found), None)
    if unchecked is not None:
        return base._replace(strength="unchecked", code=unchecked)
    unstamped = next((code for code in _UNSTAMPED if code in found), None)
    if unstamped is not None:
        return base._replace(strength="unstamped", code=unstamped)
    warned = next((finding.code for finding in _all_findings(one) if finding.level == "warn"), None)
    return base if warned is None else base._replace(strength="noted", code=warned)


def _time(one: Link) -> tuple[datetime, str]:
    return (one.at or datetime.max.replace(tzinfo=UTC), one.evidence)


def _all_findings(one: Member) -> list[Finding]:
    return [*one.report.findings, *(finding for item in one.report.signatures for finding in item.findings)]


def _failing(one: Member) -> str | None:
    return next((finding.code for finding in _all_findings(one) if finding.level == "fail"), None)


def _concerns(one: Member, recipient: str) -> bool:
    result = one.report.receipt
    return result is not None and recipient in result.concerns


def _chain(delivery: Delivery, index: int, reached: Collection[str], links: Sequence[Link]) -> Sequence[Link]:
    """The steps that an outcome rests on, those included that should be there."""
    wanted: list[tuple[str, ...]] = []
    if not {*SUBMITTED, "SubmissionRejection"}.intersection(reached):
        wanted.append(SUBMITTED)
    relay = relay_to(delivery, index)
    hops = {one.identifier for one in relay.path}
    found = [one for one in links if one.evidence in hops and one.event == "RelayAcceptance"]
    if relay.needed and not found:
        wanted.append(("RelayAcceptance",))
    after_consent = {"ContentHandover", "ContentConsignment", "ContentAccessTracking"}
    if after_consent.intersection(reached) and consent_asked(delivery, index):
        wanted.append(("ConsignmentAcceptance",))
    if "ContentHandover" in reached and any(one.event == "ContentConsignment" for one in links):
        wanted.append(("ContentConsignment",))
    wanted.append(tuple(reached))
    steps = [_step(names, links) for names in wanted]
    return [*steps[:1], *found, *steps[1:]]


def _step(names: Sequence[str], links: Sequence[Link]) -> Link:
    """The strongest receipt about one of the events, or that there is none."""
    among = [one for one in links if one.event in names]
    if among:
        return max(among, key=lambda one: STRENGTHS.index(one.strength))
    missing = events.find(names[0])
    assert missing is not None
    return Link(missing.proves, missing.name, "", "", None, None, "missing", _MISSING)
