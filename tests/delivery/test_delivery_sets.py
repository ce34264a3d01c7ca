"""Several receipts of one message: the rules between them, and what they prove for whom."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from delivery_town import (
    LATER,
    MINUTE,
    NOW,
    PARTS,
    RECIPIENTS,
    SENDER,
    Step,
    claims,
    codes,
    receipts,
    sealed,
    trust,
    verified,
)

from toyono_trust import TrustStore
from toyono_trust.core.findings import entry
from toyono_trust.delivery import assurance
from toyono_trust.delivery.check import Thresholds
from toyono_trust.delivery.sealed import SealedXml
from toyono_trust.delivery.sets import MAX_RECEIPTS, SetPolicy, SetReport, verify_set
from toyono_trust.delivery.users import user
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import Policy

SUBMITTED = Step("SubmissionAcceptance", 0)
RELAYED = Step("RelayAcceptance", 2, "bus", other="town")
CARD = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"


def outcomes(report: SetReport) -> list[str]:
    return [one.outcome for one in report.recipients]


def weakest(report: SetReport, index: int = 0) -> tuple[str, str, str | None]:
    link = report.recipients[index].weakest
    assert link is not None
    return link.event, link.strength, link.code


ONE_SERVICE = [SUBMITTED, Step("ContentConsignment", 3), Step("ContentHandover", 5)]
TWO_SERVICES = [SUBMITTED, RELAYED, Step("ContentConsignment", 3, "bus"), Step("ContentHandover", 5, "bus")]
TWO_HOPS = [
    SUBMITTED,
    Step("RelayAcceptance", 1, "between", other="town"),
    Step("RelayAcceptance", 2, "bus", other="between"),
    Step("ContentHandover", 5, "bus"),
]
CONSENT = [
    SUBMITTED,
    Step("NotificationForAcceptance", 1),
    Step("NotificationDelivered", 2),
    Step("ConsignmentAcceptance", 3),
    Step("ContentConsignment", 4),
    Step("ConsignmentNotification", 5),
    Step("NotificationAccessTracking", 6),
    Step("ContentAccessTracking", 7),
]


@pytest.mark.parametrize(
    ("steps", "outcome", "last"),
    [
        (ONE_SERVICE, "handed-over", "handed-over"),
        (ONE_SERVICE[:2], "available", "available"),
        (ONE_SERVICE[:1], "submitted", "submitted"),
        (TWO_SERVICES, "handed-over", "handed-over"),
        (TWO_SERVICES[:2], "relayed", "relayed"),
        (TWO_HOPS, "handed-over", "handed-over"),
        (TWO_HOPS[:2], "relayed", "relayed"),
        (CONSENT, "available", "accessed"),
        (CONSENT[:4], "accepted", "accepted"),
        ([*CONSENT[:3], Step("ConsignmentRejection", 9)], "rejected", "rejected"),
        ([*CONSENT[:3], Step("AcceptanceRejectionExpiry", 9)], "expired", "expired"),
        ([Step("SubmissionRejection", 0)], "rejected", "submission-rejected"),
        ([SUBMITTED, Step("RelayFailure", 5, other="bus")], "submitted", "relay-failed"),
        ([SUBMITTED, Step("RelayRejection", 5, "bus", other="town")], "submitted", "relay-rejected"),
        ([SUBMITTED, Step("ContentConsignmentFailure", 9)], "submitted", "availability-failed"),
        ([SUBMITTED, Step("ContentHandoverFailure", 2), Step("ContentHandover", 3)], "handed-over", "handed-over"),
        ([Step("ReceivedFromNonERDS", 0), SUBMITTED._replace(minute=1)], "submitted", "submitted"),
        ([SUBMITTED, Step("RelayToNonERDS", 2)], "submitted", "relayed-outside"),
    ],
)
def test_a_legal_delivery_has_no_finding_and_its_outcome(steps: list[Step], outcome: str, last: str) -> None:
    report = verified(receipts(steps))
    assert codes(report) == []
    assert (report.indication, report.sub_indication, report.message) == ("TOTAL-PASSED", None, "m-1")
    (one,) = report.recipients
    assert (one.recipient, one.outcome, one.unproven) == (RECIPIENTS[0], outcome, ())
    assert [link.event for link in one.facts] == [step.event for step in steps]
    assert one.facts[-1].fact == last
    assert one.weakest is not None
    assert one.weakest.strength == "sound"
    assert all(link.proven_at == link.at + timedelta(seconds=1) for link in one.facts if link.at is not None)


def test_each_recipient_has_an_outcome_of_its_own() -> None:
    steps = [
        SUBMITTED,
        Step("ContentConsignment", 3, to=1),
        Step("ContentHandover", 4, to=1),
        Step("ContentConsignmentFailure", 5, to=2),
    ]
    report = verified(receipts(steps, 3))
    assert codes(report) == []
    assert [one.recipient for one in report.recipients] == list(RECIPIENTS)
    assert outcomes(report) == ["handed-over", "submitted", "submitted"]
    assert [len(one.facts) for one in report.recipients] == [3, 2, 1]


def test_receipts_come_in_any_order_and_either_form() -> None:
    made = [
        sealed(claims(step, number), step.by, form=form)
        for number, (step, form) in enumerate(zip(TWO_SERVICES, ["xml", "json"] * 2, strict=True), 1)
    ]
    report = verified(made)
    assert codes(report) == []
    again = verified(reversed(made))
    assert again.recipients == report.recipients
    assert outcomes(report) == ["handed-over"]
    pairs = [(bytes(one), one.xml) if isinstance(one, SealedXml) else one for one in made]
    assert any(isinstance(one, tuple) for one in pairs)
    assert verified(pairs).recipients == report.recipients


# -- the weakest link


def test_the_weakest_link_is_named() -> None:
    sound = receipts(TWO_SERVICES)
    bare = sealed(claims(TWO_SERVICES[1], 2), "bus", level="B-B")
    report = verified([sound[0], bare, *sound[2:]])
    assert (outcomes(report), weakest(report)) == (
        ["handed-over"], ("RelayAcceptance", "unstamped", "receipt.not-stamped"),
    )  # fmt: skip
    late = sealed(claims(TWO_SERVICES[0], 1), "town", at=NOW + 9 * MINUTE)
    report = verified([late, *sound[1:]])
    assert weakest(report) == ("SubmissionAcceptance", "noted", "receipt.stamped-late")
    report = verified(sound, parts={})
    assert weakest(report) == ("SubmissionAcceptance", "unchecked", "receipt.content-not-presented")
    report = verified(sound[1:])
    assert weakest(report) == ("SubmissionAcceptance", "missing", "receipt.set-link-missing")
    report = verified([sound[0], *sound[2:]])
    assert weakest(report) == ("RelayAcceptance", "missing", "receipt.set-link-missing")


def test_a_receipt_that_does_not_pass_proves_nothing_and_is_named() -> None:
    sound = receipts(ONE_SERVICE)
    broken = sound[2].replace(b'"m-1"', b'"m-2"')
    report = verified([*sound[:2], broken])
    assert codes(report) == [("set-member-unproven", "urn:uuid:3")]
    assert (report.indication, outcomes(report)) == ("TOTAL-FAILED", ["available"])
    (unproven,) = report.recipients[0].unproven
    assert (unproven.fact, unproven.strength) == ("handed-over", "failed")
    report = verified([broken])
    assert outcomes(report) == ["unknown"]
    assert weakest(report)[:2] == ("ContentHandover", "failed")


def test_without_trust_nothing_is_proven() -> None:
    report = verify_set(receipts(ONE_SERVICE), PARTS, trust=TrustStore.empty(), at=LATER)
    assert (report.indication, outcomes(report), report.message) == ("INDETERMINATE", ["unknown"], None)
    assert weakest(report)[1] == "undecided"
    assert [code for code, _ in codes(report)] == ["set-member-unproven"] * 3


def test_altered_content_proves_nothing() -> None:
    report = verified(receipts(ONE_SERVICE), parts={**PARTS, "note.txt": b"other"})
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert (outcomes(report), weakest(report)[1:]) == (["unknown"], ("failed", "receipt.part-altered"))


# -- each rule


def one(step: Step, number: int, **changed: Any) -> Any:
    return sealed(claims(step, number, **changed), step.by)


HANDED = Step("ContentHandover", 5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([one, (HANDED, {"message_id": "m-2"})], [("set-message-differs", "urn:uuid:2")]),
        ([one, (HANDED, {"sender": "NTRJP-3333333333333"})], [("set-sender-differs", "urn:uuid:2")]),
        ([one, (HANDED, {"recipients": ["x@town.example"]})], [("set-recipients-differ", "urn:uuid:2")]),
        ([one, (HANDED, {"submission_time": NOW + MINUTE})], [("set-submission-time-differs", "urn:uuid:2")]),
        ([one, (HANDED, {"parts": {**PARTS, "note.txt": b"x"}})], [("set-content-differs", "urn:uuid:2")]),
        ([one, (HANDED, {"parts": {"letter.pdf": b"%PDF letter"}})], [("set-content-differs", "urn:uuid:2")]),
        (
            [one, (HANDED, {"parts": {**PARTS, "note.txt": ("sha512", bytes(64))}})],
            [("set-content-incomparable", "note.txt")],
        ),
        ([one, (HANDED._replace(minute=-2), {})], [("set-order", "urn:uuid:2")]),
        ([(HANDED, {})], [("set-link-missing", "urn:uuid:1")]),
        ([one, (HANDED._replace(by="bus"), {})], [("set-link-missing", "urn:uuid:2")]),
        ([one, (Step("NotificationDelivered", 3), {})], [("set-link-missing", "urn:uuid:2")]),
        ([one, (Step("SubmissionRejection", 1), {})], [("set-outcomes-conflict", "urn:uuid:1")]),
        ([one, (Step("SubmissionAcceptance", 1), {})], [("set-outcome-twice", "urn:uuid:2")]),
        ([one, (Step("SubmissionAcceptance", 1, "bus"), {})],
         [("set-outcome-twice", "urn:uuid:2"), ("set-issuer-differs", "urn:uuid:2")]),
        ([one, (Step("RelayFailure", 1, "bus", other="between"), {})], [("set-issuer-differs", "urn:uuid:2")]),
        ([one, (Step("RelayAcceptance", 1, "bus", other="between"), {})], [("set-issuer-differs", "urn:uuid:2")]),
        ([one, (HANDED, {"identifier": "urn:uuid:1"})], [("set-identifier-twice", "urn:uuid:1")]),
        ([one, (HANDED, {}), (Step("ContentConsignment", 6), {})], [("set-order", "urn:uuid:2")]),
        ([one, (HANDED, {}), (Step("ContentHandoverFailure", 6), {})], [("set-order", "urn:uuid:3")]),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_found_and_named(given: list[Any], expected: list[tuple[str, str]]) -> None:
    steps = [(SUBMITTED, {}) if item is one else item for item in given]
    made = [one(step, number, **changed) for number, (step, changed) in enumerate(steps, 1)]
    report = verified(made, parts={})
    assert codes(report) == expected
    levels = [finding.level for finding in report.findings]
    assert (report.indication == "INDETERMINATE") is ("fail" in levels)
    for finding in report.findings:
        for language in ("en", "ja"):
            assert "?" not in finding.text_in(language).replace("？", "")  # type: ignore[arg-type]


def test_the_time_of_submission_may_be_missing_and_is_told() -> None:
    without = claims(HANDED, 2)._replace(submission_time=None)
    report = verified([one(SUBMITTED, 1), sealed(without, "town")])
    assert codes(report) == [("set-submission-time-missing", "urn:uuid:2")]
    assert (report.indication, outcomes(report)) == ("TOTAL-PASSED", ["handed-over"])
    nameless = claims(HANDED, 2)._replace(message_identifier=None)
    assert codes(verified([one(SUBMITTED, 1), sealed(nameless, "town")])) == [("set-message-missing", "urn:uuid:2")]


EXCLUSIVE = ["ConsignmentAcceptance", "ConsignmentRejection", "AcceptanceRejectionExpiry"]


@pytest.mark.parametrize("first", EXCLUSIVE)
@pytest.mark.parametrize("second", EXCLUSIVE)
def test_outcomes_exclude_each_other(first: str, second: str) -> None:
    report = verified(receipts([*CONSENT[:3], Step(first, 5), Step(second, 6)]))
    if first == second:
        assert codes(report) == [("set-outcome-twice", "urn:uuid:5")]
        assert outcomes(report)[0] in ("accepted", "rejected", "expired")
        return
    assert codes(report) == [("set-outcomes-conflict", "urn:uuid:4")]
    assert outcomes(report) == ["submitted"]
    assert [link.strength for link in report.recipients[0].unproven] == ["contradicted"] * 2


def test_outcomes_of_two_recipients_or_two_hops_do_not_exclude_each_other() -> None:
    steps = [SUBMITTED, *(Step("NotificationForAcceptance", 1, to=to) for to in (1, 2))]
    steps += [Step("ConsignmentAcceptance", 3, to=1), Step("ConsignmentRejection", 3, to=2)]
    report = verified(receipts(steps, 2))
    assert (codes(report), outcomes(report)) == ([], ["accepted", "rejected"])
    hops = [
        SUBMITTED,
        Step("RelayAcceptance", 1, "between", other="town"),
        Step("RelayRejection", 2, "bus", other="between"),
    ]
    assert codes(verified(receipts(hops))) == []
    conflict = [SUBMITTED, RELAYED, RELAYED._replace(event="RelayRejection")]
    assert [code for code, _ in codes(verified(receipts(conflict)))] == ["set-outcomes-conflict"]


@pytest.mark.parametrize("end", ["ConsignmentRejection", "AcceptanceRejectionExpiry"])
@pytest.mark.parametrize(("minute", "legal"), [(9, True), (10, False)])
def test_nothing_succeeds_after_the_end(end: str, minute: int, legal: bool) -> None:
    steps = [SUBMITTED, Step("NotificationForAcceptance", 1), Step(end, 9), Step("ContentHandover", minute)]
    report = verified(receipts(steps), consignment="basic")
    if end == "AcceptanceRejectionExpiry" and legal:
        assert (codes(report), outcomes(report)) == ([], ["handed-over"]), "what happens at the deadline is in time"
    else:
        assert codes(report) == [("set-after-end", "urn:uuid:4")]
        assert outcomes(report) == ["submitted"]


def test_nothing_follows_a_refused_submission_or_relay() -> None:
    refused = [Step("SubmissionRejection", 0), Step("ContentHandover", 4)]
    assert ("set-after-end", "urn:uuid:2") in codes(verified(receipts(refused)))
    turned = [SUBMITTED, Step("RelayRejection", 2, "bus", other="town"), Step("ContentHandover", 4, "bus")]
    assert ("set-after-end", "urn:uuid:3") in codes(verified(receipts(turned)))


def test_nothing_succeeds_after_the_messages_own_expiration() -> None:
    made = receipts(ONE_SERVICE)
    assert codes(verified(made, expiration=NOW + 5 * MINUTE)) == []
    report = verified(made, expiration=NOW + 4 * MINUTE)
    assert (codes(report), outcomes(report)) == ([("set-after-expiration", "urn:uuid:3")], ["available"])
    expired = receipts([*CONSENT[:2], Step("AcceptanceRejectionExpiry", 9)])
    assert codes(verified(expired, expiration=NOW + 9 * MINUTE)) == []
    assert codes(verified(expired, expiration=NOW + 10 * MINUTE)) == [("set-expiry-early", "urn:uuid:3")]


def test_who_must_consent_is_asked_first() -> None:
    made = receipts(ONE_SERVICE)
    assert codes(verified(made, consignment="consent")) == [
        ("set-link-missing", "urn:uuid:2"), ("set-link-missing", "urn:uuid:3"),
    ]  # fmt: skip
    asked = receipts([*CONSENT[:2], Step("ContentConsignment", 5)])
    report = verified(asked)
    assert codes(report) == [("set-link-missing", "urn:uuid:3")]
    assert weakest(report) == ("ConsignmentAcceptance", "missing", "receipt.set-link-missing")
    assert codes(verified(asked, consignment="basic")) == []


def test_clocks_of_two_services_may_differ_a_little() -> None:
    relayed = Step("RelayAcceptance", 2, "bus", other="town")
    steps = [SUBMITTED._replace(minute=3), relayed, Step("ContentHandover", 5, "bus")]
    assert codes(verified(receipts(steps, submission_time=NOW))) == []
    strict = Thresholds(clock_tolerance=timedelta(seconds=59))
    assert codes(verified(receipts(steps, submission_time=NOW), thresholds=strict)) == [("set-order", "urn:uuid:2")]
    own = [SUBMITTED._replace(minute=3), Step("ContentHandover", 2)]
    assert codes(verified(receipts(own))) == [("set-order", "urn:uuid:2")], "one service has one clock"


def test_relays_lead_from_service_to_service_in_order() -> None:
    backwards = [TWO_HOPS[0], TWO_HOPS[1]._replace(minute=4), TWO_HOPS[2], TWO_HOPS[3]]
    assert codes(verified(receipts(backwards))) == [("set-order", "urn:uuid:3")]
    early = [*TWO_HOPS[:3], TWO_HOPS[3]._replace(minute=0)]
    assert codes(verified(receipts(early))) == [("set-order", "urn:uuid:4")]
    gap = [TWO_HOPS[0], TWO_HOPS[2], TWO_HOPS[3]]
    assert codes(verified(receipts(gap))) == [("set-issuer-differs", "urn:uuid:2"), ("set-link-missing", "urn:uuid:3")]
    assert codes(verified(receipts(TWO_SERVICES), services="one")) == [
        ("set-issuer-differs", "urn:uuid:3"), ("set-issuer-differs", "urn:uuid:4"),
    ]  # fmt: skip
    assert codes(verified(receipts(ONE_SERVICE), services="several")) == [("set-link-missing", "urn:uuid:2")]
    two = [*TWO_SERVICES, Step("ContentAccessTracking", 7, "between")]
    assert codes(verified(receipts(two))) == [("set-issuer-differs", "urn:uuid:5")]


def test_a_chain_of_evidence_has_no_gap() -> None:
    first = claims(ONE_SERVICE[0], 1)
    second = claims(ONE_SERVICE[1], 2, previous=first)
    third = claims(ONE_SERVICE[2], 3, previous=second)
    made = [sealed(evidence, "town") for evidence in (first, second, third)]
    assert codes(verified(made)) == []
    assert codes(verified([made[0], made[2]])) == [("set-previous-missing", "urn:uuid:3")]
    other = sealed(claims(ONE_SERVICE[1]._replace(minute=4), 2, previous=first), "town")
    report = verified([made[0], other, made[2]])
    assert (codes(report), outcomes(report)) == ([("set-previous-differs", "urn:uuid:3")], ["available"])
    late = sealed(claims(Step("ContentAccessTracking", 4), 4, previous=third), "town")
    assert codes(verified([*made, late])) == [("set-order", "urn:uuid:4")]


def test_parties_were_known_as_surely_as_the_policy_demands() -> None:
    sure = user(SENDER, assurance=assurance.eidas("high", method=CARD, at=NOW))
    resident = user(RECIPIENTS[0], assurance=assurance.japanese(identity=2, authentication=3, method=CARD, at=NOW))
    made = receipts(ONE_SERVICE, sender=sure, recipients=[resident])
    wanted = {
        "sender_assurance": ("http://eidas.europa.eu/LoA/substantial",),
        "recipient_assurance": ("urn:toyono-trust:jp:ds-511:identity:2", "urn:toyono-trust:jp:ds-511:authentication:3"),
    }
    assert codes(verified(made, **wanted)) == []
    report = verified(made, recipient_assurance=("urn:toyono-trust:jp:ds-511:identity:3",))
    assert (codes(report), outcomes(report)) == ([("assurance-too-low", "urn:uuid:3")], ["available"])
    assert codes(verified(receipts(ONE_SERVICE), **wanted)) == [
        ("assurance-too-low", "urn:uuid:1"), ("assurance-too-low", "urn:uuid:3"), ("assurance-too-low", "urn:uuid:3"),
    ]  # fmt: skip


def test_copies_count_once_and_other_files_not_at_all() -> None:
    made = receipts(ONE_SERVICE)
    again = sealed(claims(ONE_SERVICE[2], 3), "town", form="xml")
    report = verified([*made, made[0], again])
    assert codes(report) == [("set-copy", "urn:uuid:1"), ("set-copy", "urn:uuid:3")]
    assert (report.indication, len(report.recipients[0].facts), len(report.receipts)) == ("TOTAL-PASSED", 3, 5)
    report = verified([*made, b"garbage", b"{}", b""])
    assert codes(report) == [("set-not-a-receipt", str(number)) for number in (1, 2, 3)]
    assert (report.indication, outcomes(report)) == ("INDETERMINATE", ["handed-over"])
    assert outcomes(verified([b"garbage"])) == []


@pytest.mark.parametrize(
    ("given", "at", "code"),
    [
        ([], LATER, "receipt.set-empty"),
        ([b""] * (MAX_RECEIPTS + 1), LATER, "receipt.set-too-many"),
        ([b""], datetime(2026, 1, 1), "argument.naive-time"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(given: list[bytes], at: datetime, code: str) -> None:
    with pytest.raises(MisuseError) as refused:
        verify_set(given, trust=trust(), at=at)
    assert refused.value.code == code
    assert entry(code).remedy


def test_a_plain_policy_is_the_one_for_seals() -> None:
    made = receipts(ONE_SERVICE)
    strict = Policy.parse('[findings]\n"receipt.set-copy" = "fail"\n')
    report = verify_set([*made, made[0]], PARTS, policy=strict, trust=trust(), at=LATER)
    assert report.indication == "INDETERMINATE"
    assert verify_set(made, PARTS, policy=None, trust=trust(), at=LATER).indication == "TOTAL-PASSED"
    assert verify_set(made, PARTS, policy=SetPolicy(), trust=trust(), at=LATER).indication == "TOTAL-PASSED"


def test_a_verdict_is_no_boolean_and_is_told_to_people_and_machines() -> None:
    report = verified([*receipts(ONE_SERVICE[:2]), receipts(ONE_SERVICE)[2].replace(b"m-1", b"m-\xe2\x80\xae1")])
    with pytest.raises(TypeError):
        bool(report)
    value = json.loads(json.dumps(report.to_json()))
    assert value["recipients"][0]["outcome"] == "available"
    assert value["recipients"][0]["weakest"]["strength"] == "sound"
    assert value["recipients"][0]["unproven"][0]["proven_at"] is None
    english, japanese = report.text_in("en"), report.text_in("ja")
    assert str(report) == english
    assert english.startswith("INVALID (TOTAL-FAILED")
    assert japanese.startswith("無効 (TOTAL-FAILED")
    assert "a@town.example: available to the recipient" in english
    assert "最も弱い根拠" in japanese
    assert "\u202e" not in english + japanese
