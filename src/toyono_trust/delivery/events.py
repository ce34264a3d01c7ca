"""The 22 events of ETSI EN 319 522-1 V1.2.1 clause 6.2, as data.

On the wire an event is its URI alone (EN 319 522-3 Table 2, component G03). The letter codes are documentation; they
stand here only where a public source confirms them. A relay needs two services: group B does not occur inside one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["EVENTS", "EVENT_NAMESPACE", "Event", "by_uri", "find"]

EVENT_NAMESPACE = "http://uri.etsi.org/19522/Event/"

Group = Literal["A", "B", "C", "D", "E", "F"]
Polarity = Literal["success", "failure", "neutral"]
IssuerRole = Literal["sender-service", "recipient-service", "either-service"]


class Event(NamedTuple):
    """One event.

    ``group``: A submission, B relay, C acceptance, D consignment, E hand-over, F other systems.
    ``polarity``: ``"failure"`` needs a reason; ``"neutral"`` moves the delivery neither forward nor back.
    ``proves``: the fact, one word for machines. ``statement``: the same for people, in English and Japanese.
    ``code``: letter and number, None where no public source confirms it.
    """

    name: str
    group: Group
    issuer: IssuerRole
    polarity: Polarity
    proves: str
    statement: tuple[str, str]
    code: str | None = None

    @property
    def uri(self) -> str:
        """What ``ERDSEventId`` holds."""
        return EVENT_NAMESPACE + self.name

    @property
    def concerns_one_recipient(self) -> bool:
        """Groups C, D and E happen to one recipient, so that the evidence says to which."""
        return self.group in "CDE"


EVENTS: tuple[Event, ...] = (
    Event(
        "SubmissionAcceptance", "A", "sender-service", "success", "submitted",
        ("The sender submitted this content and the service accepted it for delivery.",
         "送信者がこのコンテンツを差し出し、サービスが配達のために引き受けました。"),
        "A.1",
    ),
    Event(
        "SubmissionRejection", "A", "sender-service", "failure", "submission-rejected",
        ("The sender tried to submit this content and the service did not accept it.",
         "送信者がこのコンテンツを差し出しましたが、サービスは引き受けませんでした。"),
        "A.2",
    ),
    Event(
        "RelayAcceptance", "B", "recipient-service", "success", "relayed",
        ("The next delivery service received the message and accepted it.",
         "次の配達サービスがメッセージを受け取り、引き受けました。"),
        "B.1",
    ),
    Event(
        "RelayRejection", "B", "recipient-service", "failure", "relay-rejected",
        ("The next delivery service received the message and refused it.",
         "次の配達サービスがメッセージを受け取りましたが、引受けを拒否しました。"),
        "B.2",
    ),
    Event(
        "RelayFailure", "B", "sender-service", "failure", "relay-failed",
        ("The message could not be passed on to the next delivery service.",
         "次の配達サービスへメッセージを引き継げませんでした。"),
        "B.3",
    ),
    Event(
        "NotificationForAcceptance", "C", "recipient-service", "neutral", "acceptance-requested",
        ("The recipient was sent a notification asking to accept or refuse.",
         "受信者に、受取りの諾否を求める通知が送られました。"),
    ),
    Event(
        "NotificationForAcceptanceFailure", "C", "recipient-service", "failure", "acceptance-request-failed",
        ("The notification asking to accept or refuse could not be sent.",
         "受取りの諾否を求める通知を送れませんでした。"),
    ),
    Event(
        "ConsignmentAcceptance", "C", "recipient-service", "success", "accepted",
        ("The recipient agreed to receive the content.", "受信者が受取りを承諾しました。"),
        "C.3",
    ),
    Event(
        "ConsignmentRejection", "C", "recipient-service", "failure", "rejected",
        ("The recipient refused the content.", "受信者が受取りを拒否しました。"),
        "C.4",
    ),
    Event(
        "AcceptanceRejectionExpiry", "C", "recipient-service", "failure", "expired",
        ("The recipient neither accepted nor refused before the deadline.",
         "受信者は期限までに受取りを承諾も拒否もしませんでした。"),
        "C.5",
    ),
    Event(
        "NotificationDelivered", "C", "recipient-service", "neutral", "notification-delivered",
        ("The notification reached the recipient's device or mailbox.",
         "通知が受信者の端末またはメールボックスに届きました。"),
    ),
    Event(
        "ContentConsignment", "D", "recipient-service", "success", "available",
        ("The content was made available to the recipient.", "コンテンツが受信者の受け取れる状態に置かれました。"),
        "D.1",
    ),
    Event(
        "ContentConsignmentFailure", "D", "recipient-service", "failure", "availability-failed",
        ("The content could not be made available to the recipient in time.",
         "期限までにコンテンツを受信者の受け取れる状態に置けませんでした。"),
        "D.2",
    ),
    Event(
        "ConsignmentNotification", "D", "recipient-service", "neutral", "notified",
        ("The recipient was notified that the content is available.",
         "コンテンツを受け取れることが受信者に通知されました。"),
    ),
    Event(
        "ConsignmentNotificationFailure", "D", "recipient-service", "failure", "notification-failed",
        ("The recipient could not be notified that the content is available.",
         "コンテンツを受け取れることを受信者に通知できませんでした。"),
    ),
    Event(
        "NotificationAccessTracking", "D", "recipient-service", "neutral", "notification-opened",
        ("The recipient opened the notification.", "受信者が通知を開きました。"),
    ),
    Event(
        "ContentAccessTracking", "D", "recipient-service", "success", "accessed",
        ("The recipient retrieved the content.", "受信者がコンテンツを取得しました。"),
        "D.6",
    ),
    Event(
        "ContentHandover", "E", "recipient-service", "success", "handed-over",
        ("The content was handed over to the recipient's system.",
         "コンテンツが受信者のシステムに引き渡されました。"),
        "E.1",
    ),
    Event(
        "ContentHandoverFailure", "E", "recipient-service", "failure", "handover-failed",
        ("The content could not be handed over to the recipient's system.",
         "コンテンツを受信者のシステムに引き渡せませんでした。"),
    ),
    Event(
        "RelayToNonERDS", "F", "either-service", "success", "relayed-outside",
        ("The content was passed on to a system outside registered delivery (e-mail, paper).",
         "電子書留配達サービス以外の手段（電子メール、書面など）へ引き継がれました。"),
    ),
    Event(
        "RelayToNonERDSFailure", "F", "either-service", "failure", "relay-outside-failed",
        ("The content could not be passed on to a system outside registered delivery.",
         "電子書留配達サービス以外の手段へ引き継げませんでした。"),
    ),
    Event(
        "ReceivedFromNonERDS", "F", "sender-service", "success", "received-from-outside",
        ("The content came in from a system outside registered delivery.",
         "電子書留配達サービス以外の手段からコンテンツを受け付けました。"),
    ),
)  # fmt: skip

_BY_URI = {event.uri: event for event in EVENTS}
_BY_WORD = {word: event for event in EVENTS for word in (event.uri, event.name, event.code) if word}


def by_uri(uri: str) -> Event | None:
    """The event of an ``ERDSEventId``, compared octet by octet; None where the standard has none."""
    return _BY_URI.get(uri)


def find(word: str) -> Event | None:
    """The event that a caller means: its URI, its name ("ContentHandover") or its confirmed code ("E.1")."""
    return _BY_WORD.get(word)
