"""What an event presupposes, as data (EN 319 522-1 clause 6, working rules for sets of evidence).

An event of a recipient presupposes events of the same recipient and of the whole message. Where several are named, one
of them is enough. Relays are not here: whether one is needed depends on who issued what.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["EXCLUSIVE", "NEEDS", "NOT_AFTER", "ONCE", "SUBMITTED", "Need"]


class Need(NamedTuple):
    """``event`` comes after ``one_of``.

    ``when``: ``"always"``: one of them must have happened; ``"consent"``: the same, where the recipient was asked;
    ``"together"``: it need not, but where it did it was earlier.
    """

    event: str
    one_of: tuple[str, ...]
    when: Literal["always", "consent", "together"]


SUBMITTED = ("SubmissionAcceptance", "ReceivedFromNonERDS")
_NOTIFIED = ("NotificationForAcceptance", "ConsignmentNotification")
_AFTER_SUBMISSION = (
    *("RelayAcceptance", "RelayRejection", "RelayFailure"),
    *("NotificationForAcceptance", "NotificationForAcceptanceFailure", "ConsignmentAcceptance", "ConsignmentRejection"),
    *("AcceptanceRejectionExpiry", "NotificationDelivered"),
    *("ContentConsignment", "ContentConsignmentFailure", "ConsignmentNotification", "ConsignmentNotificationFailure"),
    *("NotificationAccessTracking", "ContentAccessTracking", "ContentHandover", "ContentHandoverFailure"),
    *("RelayToNonERDS", "RelayToNonERDSFailure"),
)

NEEDS: tuple[Need, ...] = (
    *(Need(event, SUBMITTED, "always") for event in _AFTER_SUBMISSION),
    Need("SubmissionAcceptance", ("ReceivedFromNonERDS",), "together"),
    Need("SubmissionRejection", ("ReceivedFromNonERDS",), "together"),
    Need("ConsignmentAcceptance", ("NotificationForAcceptance",), "together"),
    Need("ConsignmentRejection", ("NotificationForAcceptance",), "together"),
    Need("AcceptanceRejectionExpiry", ("NotificationForAcceptance",), "together"),
    Need("NotificationDelivered", _NOTIFIED, "always"),
    Need("NotificationAccessTracking", _NOTIFIED, "always"),
    Need("ContentConsignment", ("ConsignmentAcceptance",), "consent"),
    Need("ContentConsignmentFailure", ("ConsignmentAcceptance",), "together"),
    Need("ConsignmentNotification", ("ContentConsignment",), "always"),
    Need("ConsignmentNotificationFailure", ("ContentConsignment",), "always"),
    Need("ContentAccessTracking", ("ConsignmentAcceptance",), "consent"),
    Need("ContentAccessTracking", ("ContentConsignment",), "together"),
    Need("ContentHandover", ("ConsignmentAcceptance",), "consent"),
    Need("ContentHandover", ("ContentConsignment",), "together"),
    Need("ContentHandoverFailure", ("ContentConsignment",), "together"),
)

EXCLUSIVE: tuple[tuple[str, ...], ...] = (
    ("SubmissionAcceptance", "SubmissionRejection"),
    ("RelayAcceptance", "RelayRejection"),
    ("ConsignmentAcceptance", "ConsignmentRejection", "AcceptanceRejectionExpiry"),
    ("ContentConsignment", "ContentConsignmentFailure"),
)
"""Outcomes of which a message, a hop or a recipient has one: they are decisions, or final."""

NOT_AFTER: tuple[tuple[str, str], ...] = (
    ("ContentHandoverFailure", "ContentHandover"),
    ("RelayToNonERDSFailure", "RelayToNonERDS"),
)
"""Attempts that may fail before one succeeds, and not after."""

ONCE = frozenset(
    {event for outcomes in EXCLUSIVE for event in outcomes} | {"ContentHandover", "ReceivedFromNonERDS"},
)
"""Events that happen once; a second receipt about one is at best superfluous."""
