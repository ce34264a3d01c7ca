"""Building evidence: what is always filled, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from delivery_samples import ALICE, AT, BUS, NEXT, TIMETABLE, TOWN, made, reason
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import table
from toyono_trust.delivery import reasons
from toyono_trust.delivery.components import EventReason
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import facts, payload, to_json
from toyono_trust.delivery.parties import from_text, to_text
from toyono_trust.delivery.receipts import build
from toyono_trust.errors import MisuseError
from toyono_trust.formats.model import Party

NEGATIVE = [event.name for event in EVENTS if event.polarity == "failure"]
ONE_RECIPIENT = [event.name for event in EVENTS if event.group in "CDE"]
ALWAYS = (
    "version", "EvidenceIdentifier", "ERDSEventId", "EventTime", "EvidenceIssuerPolicyID", "EvidenceIssuerDetails",
    "SenderDetails", "RecipientDetails", "SubmissionTime", "MessageIdentifier", "UserContentInfo",
)  # fmt: skip


def refusal(event: str = "ContentHandover", **changed: Any) -> str:
    with pytest.raises(MisuseError) as refused:
        made(event, **changed)
    assert refused.value.code in table()
    return refused.value.code


@pytest.mark.parametrize("event", [event.name for event in EVENTS])
def test_what_the_semantics_always_need_is_filled(event: str) -> None:
    tree = to_json(made(event))
    assert [name for name in ALWAYS if name not in tree] == []
    assert ("EventReasons" in tree) == (event in NEGATIVE)
    assert ("ExternalERDSDetails" in tree) == event.startswith(("RelayA", "RelayR", "RelayF"))
    certificate = tree["EvidenceIssuerDetails"]["CertificateDetails"][0]["CertID"]["CertDigest"]
    assert certificate["DigestMethod"]["Algorithm"] == "http://www.w3.org/2001/04/xmlenc#sha256"


@pytest.mark.parametrize("event", NEGATIVE)
def test_a_negative_event_needs_a_reason(event: str) -> None:
    assert refusal(event, reasons=()) == "receipt.reason-missing"


def test_reasons_are_the_standards_or_ones_own() -> None:
    invented = reasons.REASON_NAMESPACE + "RecipientOnHoliday"
    assert refusal("ContentHandoverFailure", reasons=[invented]) == "receipt.reason-invented"
    relayed = reasons.REASON_NAMESPACE + "R_ERDS_Unreachable"
    assert refusal("ContentHandoverFailure", reasons=[relayed]) == "receipt.reason-misplaced"
    own = EventReason("https://www.town.example/own", ("HTTP 503",))
    assert made("ContentHandoverFailure", reasons=[own]).event_reasons == (own,)
    positive = made("RelayAcceptance", reasons=[reasons.REASONS[0].uri])
    assert facts(positive).reasons == (reasons.REASONS[0].uri,)


@pytest.mark.parametrize("event", ONE_RECIPIENT)
def test_an_event_of_one_recipient_says_which(event: str) -> None:
    several = [TOWN.identifier, ALICE]
    assert refusal(event, recipients=several) == "receipt.recipient-missing"
    assert made(event, recipients=several, refers_to_recipient=2).evidence_refers_to_recipient == 2


@pytest.mark.parametrize("index", [0, -1, 2])
def test_indexes_are_of_recipients(index: int) -> None:
    assert refusal(refers_to_recipient=index) == "receipt.recipient-index"
    assert refusal(recipient_delegates=[(ALICE, (index,))]) == "receipt.delegate-index"


def test_an_event_of_the_sender_needs_no_index() -> None:
    assert made("SubmissionAcceptance", recipients=[BUS, ALICE]).evidence_refers_to_recipient is None


@pytest.mark.parametrize("event", ["RelayAcceptance", "RelayRejection", "RelayFailure"])
def test_a_relay_needs_the_other_service(event: str) -> None:
    assert refusal(event, external_service=None) == "receipt.external-service-missing"
    assert made(event).external_erds_details is not None


def test_the_submission_is_its_own_time_and_no_other_event_is() -> None:
    assert made("SubmissionAcceptance", submission_time=None).submission_time == made().event_time
    assert refusal(submission_time=None) == "receipt.submission-time-missing"


@pytest.mark.parametrize(
    ("argument", "value", "code"),
    [
        ("event_time", datetime(2026, 1, 1), "receipt.time-naive"),
        ("submission_time", datetime(2026, 1, 1), "receipt.time-naive"),
        ("policy", None, "receipt.policy-missing"),
        ("policy", (), "receipt.policy-missing"),
        ("policy", "no uri", "receipt.argument"),
        ("parts", {}, "receipt.argument"),
        ("parts", {"x": ("sha256", b"short")}, "receipt.argument"),
        ("parts", {"x": ("sha1", bytes(20))}, "receipt.digest-refused"),
        ("parts", {"x": ("md17", bytes(20))}, "receipt.digest-refused"),
        ("recipients", [], "receipt.argument"),
        ("recipients", ["somebody"], "receipt.party-scheme"),
        ("sender", Party("1234"), "receipt.party-scheme"),
        ("message_id", "", "receipt.argument"),
        ("identifier", "", "receipt.argument"),
        ("issuer", TOWN._replace(name=""), "receipt.argument"),
        ("issuer", TOWN._replace(certificate_sha256=b"x"), "receipt.argument"),
        ("identifier", "\x00", "receipt.argument"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(argument: str, value: Any, code: str) -> None:
    assert refusal(**{argument: value}) == code


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(MisuseError) as refused:
        build(
            "Delivered", issuer=TOWN, event_time=AT, sender=BUS, recipients=[ALICE], message_id="m",
            parts={"x": b""}, identifier="i", policy="1.2.3",
        )  # fmt: skip
    assert refused.value.code == "receipt.event-unknown"
    assert "ContentHandover" in refused.value.hint


def test_octets_content_and_digest_make_the_same_receipt() -> None:
    digest = hashlib.sha256(TIMETABLE).digest()
    sources = (TIMETABLE, BytesContent(TIMETABLE, "other"), ("sha256", digest))
    assert len({payload(made(parts={"timetable.json": source})) for source in sources}) == 1


def test_media_types_are_named_by_part() -> None:
    content = made(parts={"a": b"1", "b": b"2"}, content_types={"a": "text/plain"}).user_content_info
    assert content is not None
    assert [part.content_type for part in content.parts_info] == ["text/plain", "application/octet-stream"]
    assert content.composing_parts == 2


def test_an_oid_becomes_its_urn() -> None:
    assert made(policy="1.2.392.1").evidence_issuer_policy_id == ("urn:oid:1.2.392.1",)


def test_a_delegate_and_a_mailbox_are_named() -> None:
    evidence = made("SubmissionAcceptance", sender_delegate=ALICE, recipient_delegates=[(ALICE, (1,))])
    assert evidence.sender_delegate_details is not None
    assert evidence.recipients_delegate_details is not None
    assert evidence.recipients_delegate_details[0].delegating_recipients == (1,)
    assert facts(evidence).sender == Party("2222222222222", "jp:houjin-bangou")


@pytest.mark.parametrize("text", [BUS, ALICE, "VATDE-123456789", "IDCJP-AB-1", "sha256:" + "0" * 64, "EI:SE-5567"])
def test_identifiers_survive_their_scheme(text: str) -> None:
    assert to_text(from_text(text)) == text


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_the_event_time_is_kept_to_the_microsecond(when: datetime) -> None:
    """Invariant: facts(build(event_time=t)).event_time is t."""
    assert facts(made(event_time=when)).event_time == when


def test_the_other_service_and_the_reasons_stand_in_the_facts() -> None:
    event = next(one for one in EVENTS if one.name == "RelayFailure")
    evidence = made("RelayFailure")
    assert evidence.external_erds_details is not None
    assert NEXT.name in evidence.external_erds_details.identity[0].attribute_value[0].text  # type: ignore[index]
    assert facts(evidence).reasons == (reason(event),)
