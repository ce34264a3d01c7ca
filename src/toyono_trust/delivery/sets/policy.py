"""What a set of receipts must fulfil, and what is known of the delivery besides."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from toyono_trust.delivery.assurance import Level
from toyono_trust.delivery.check import DEFAULT, Thresholds
from toyono_trust.validation.policy import Policy

__all__ = ["SetPolicy"]


class SetPolicy(NamedTuple):
    """The policy of ``verify_set``; what the relay metadata of the message said goes here.

    ``signatures``: the policy for seals and stamps, None is the one of this release. ``thresholds``: of each receipt,
    ``clock_tolerance`` also between the clocks of two services. ``expiration``: ExpirationTime (MD03), after which
    nothing succeeds. ``consignment``: RequestedConsignmentMode (MD06); ``"consent"``: the recipient must have accepted
    first; None: where the recipient was asked. ``services``: whether one service or several delivered; None: as the
    issuers of the receipts tell. ``sender_assurance``, ``recipient_assurance``: levels (URIs) that must be reached
    (MD04); ``levels``: a service's own, beside those known.
    """

    signatures: Policy | None = None
    thresholds: Thresholds = DEFAULT
    expiration: datetime | None = None
    consignment: Literal["basic", "consent"] | None = None
    services: Literal["one", "several"] | None = None
    sender_assurance: tuple[str, ...] = ()
    recipient_assurance: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
