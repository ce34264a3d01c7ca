"""Event reasons (EN 319 522-2 clause 8.3.3, component G04) as data, each with where it comes from.

``status``: ``"verified"``: URI and event are paired in a public sample; ``"inferred"``: the URI is public, its code and
event follow from the order of two public lists; ``"local"``: ours, below a base URI of the issuer's own. The standard's
remaining URIs are not public, and none is invented under uri.etsi.org: a reason that stands in no row is read as it is.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["ETSI_DOMAIN", "LOCAL_PATH", "REASONS", "REASON_NAMESPACE", "Reason", "by_uri", "local"]

REASON_NAMESPACE = "http://uri.etsi.org/19522/EventReason/"
ETSI_DOMAIN = "uri.etsi.org"
LOCAL_PATH = "/erds/reason/"
"""A local reason is ``<base of the issuer>/erds/reason/<name>``."""


class Reason(NamedTuple):
    """One reason: ``uri`` (for a local one its last segment), group letter and name of the event that it explains."""

    code: str | None
    uri: str
    group: str
    event: str
    source: str
    status: Literal["verified", "inferred", "local"]


_SERCQ = "PagoPA, SERCQ relay interface"


def _public(code: str, name: str, event: str, status: Literal["verified", "inferred"] = "inferred") -> Reason:
    return Reason(code, REASON_NAMESPACE + name, "B", event, _SERCQ, status)


def _local(group: str, event: str, *names: str) -> tuple[Reason, ...]:
    return tuple(Reason(None, name, group, event, "toyono_trust", "local") for name in names)


REASONS: tuple[Reason, ...] = (
    _public("RB01", "S_ERDS_MessageSuccessfullyRelayed", "RelayAcceptance", "verified"),
    _public("RB02", "R_ERDS_MessageRejected", "RelayRejection"),
    _public("RB03", "R_ERDS_MessageRejectedForMalware", "RelayRejection"),
    _public("RB04", "R_ERDS_MessageRejectedForInvalidSignature", "RelayRejection"),
    _public("RB05", "R_ERDS_MessageRejectedForInvalidCertificate", "RelayRejection"),
    _public("RB06", "R_ERDS_PolicyViolation", "RelayRejection"),
    _public("RB07", "R_ERDS_Malfunction", "RelayFailure"),
    _public("RB08", "R_ERDS_NotIdentified", "RelayFailure"),
    _public("RB09", "R_ERDS_Unreachable", "RelayFailure"),
    _public("RB10", "UnknownRecipient", "RelayFailure"),
    _public("RB21", "MessageNotAcceptedForUnregisteredRecipient", "RelayRejection"),
    _public("RB22", "S_ERDSP_ReceivedNoRelayAcceptanceInfoFromR_ERDSP", "RelayFailure"),
    *_local(
        "A", "SubmissionRejection", "SubmissionMalformed", "SubmissionMalware", "SubmissionSignatureInvalid",
        "SubmissionCertificateInvalid", "SubmissionPolicyViolation", "SubmissionRecipientUnknown",
        "SubmissionSenderNotIdentified", "SubmissionTooLarge",
    ),
    *_local("C", "NotificationForAcceptanceFailure", "AcceptanceNotificationUndeliverable"),
    *_local("C", "ConsignmentRejection", "RecipientRefused"),
    *_local("C", "AcceptanceRejectionExpiry", "NoAnswerBeforeDeadline"),
    *_local("D", "ContentConsignmentFailure", "ContentUnavailable", "ContentConsignmentTimedOut"),
    *_local("D", "ConsignmentNotificationFailure", "ConsignmentNotificationUndeliverable"),
    *_local(
        "E", "ContentHandoverFailure", "RecipientSystemUnreachable", "RecipientSystemRefused",
        "RecipientSystemTimedOut", "HandoverFailed",
    ),
    *_local("F", "RelayToNonERDSFailure", "ExternalSystemUnreachable", "ExternalSystemRefused"),
)  # fmt: skip

_BY_URI = {reason.uri: reason for reason in REASONS if reason.status != "local"}
_BY_LOCAL_NAME = {reason.uri: reason for reason in REASONS if reason.status == "local"}


def by_uri(uri: str) -> Reason | None:
    """The row of a reason's ``Code``: a public URI, or a local name below any issuer's base; None where unknown."""
    known = _BY_URI.get(uri)
    if known is None and uri.startswith("https://"):
        base, _, name = uri.rpartition(LOCAL_PATH)
        if base:
            known = _BY_LOCAL_NAME.get(name)
    return known


def local(base: str, name: str) -> str:
    """The URI of a local reason below the issuer's ``base`` ("https://www.town.example"). Raises ``KeyError``."""
    return base.rstrip("/") + LOCAL_PATH + _BY_LOCAL_NAME[name].uri
