"""Any legal sequence of events is accepted, and any single mutation of one is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from delivery_town import KNOWN, MINUTE, NOW, PARTS, Step, claims, sealed, service, verified
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from toyono_trust.delivery.components import Evidence, Moment
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import SEAL_MEMBER, to_json
from toyono_trust.delivery.sets import SetReport

OTHERS = {"town": "bus", "bus": "between", "between": "town"}
FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


class Case(NamedTuple):
    """A legal delivery: its steps, for how many recipients, and what is proven in the end for each."""

    steps: tuple[Step, ...]
    count: int
    outcomes: tuple[str, ...]


@st.composite
def deliveries(draw: st.DrawFn) -> Case:
    """What may happen: one service or relays between several, with consent or without, for up to three recipients."""
    steps: list[Step] = []
    minute = 0

    def add(event: str, by: str, to: int | None = None, other: str | None = None) -> None:
        nonlocal minute
        steps.append(Step(event, minute, by, to, other))
        minute += draw(st.integers(1, 9))

    if draw(st.booleans()):
        add("ReceivedFromNonERDS", "town")
    add("SubmissionAcceptance", "town")
    route = draw(st.sampled_from([("town",), ("town", "bus"), ("town", "between", "bus")]))
    for here, there in pairwise(route):
        add("RelayAcceptance", there, other=here)
    count = draw(st.integers(1, 3))
    outcomes = []
    for to in range(1, count + 1):
        reached = "relayed" if len(route) > 1 else "submitted"
        outcomes.append(draw_recipient(draw, lambda event, to=to: add(event, route[-1], to), reached))
    return Case(tuple(steps), count, tuple(outcomes))


def draw_recipient(draw: st.DrawFn, add: Callable[[str], None], reached: str) -> str:
    """What happens to one recipient; the outcome."""
    if draw(st.booleans()):
        add("NotificationForAcceptance")
        if draw(st.booleans()):
            add("NotificationDelivered")
        answer = draw(
            st.sampled_from(["ConsignmentAcceptance", "ConsignmentRejection", "AcceptanceRejectionExpiry", ""])
        )
        if answer:
            add(answer)
        if answer != "ConsignmentAcceptance":
            return {"": reached, "ConsignmentRejection": "rejected"}.get(answer, "expired")
        reached = "accepted"
    last = draw(st.integers(0, 5))
    if last == 5:
        add("ContentConsignmentFailure")
        return reached
    for event in ("ContentConsignment", "ConsignmentNotification", "ContentAccessTracking", "ContentHandover")[:last]:
        if event == "ContentHandover" and draw(st.booleans()):
            add("ContentHandoverFailure")
        add(event)
    return (reached, "available", "available", "available", "handed-over")[last]


def evidence_of(case: Case, chained: bool) -> list[Evidence]:
    made: list[Evidence] = []
    for number, step in enumerate(case.steps, 1):
        before = made[-1] if chained and made else None
        made.append(claims(step, number, case.count, previous=before))
    return made


@lru_cache(maxsize=4_096)
def seal(evidence: Evidence, by: str, minute: int) -> Any:
    return sealed(evidence, by, at=NOW + minute * MINUTE)


def sealed_all(case: Case, chained: bool) -> list[Any]:
    pairs = zip(evidence_of(case, chained), case.steps, strict=True)
    return [seal(evidence, step.by, step.minute) for evidence, step in pairs]


def said(report: SetReport) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What is proven, apart from times."""
    return [(one.outcome, [(link.fact, link.evidence, link.by) for link in one.facts]) for one in report.recipients]


@FEW
@given(deliveries(), st.booleans(), st.randoms(use_true_random=False))
def test_a_legal_delivery_is_accepted_in_any_order(case: Case, chained: bool, random: Any) -> None:
    """Invariant: no finding, every fact proven, the outcome of each recipient the last that was reached."""
    made = sealed_all(case, chained)
    random.shuffle(made)
    report = verified(made)
    assert report.findings == ()
    assert report.indication == "TOTAL-PASSED"
    assert tuple(one.outcome for one in report.recipients) == case.outcomes
    for to, one in enumerate(report.recipients, 1):
        assert [link.event for link in one.facts] == [step.event for step in case.steps if step.to in (None, to)]
        assert one.weakest is not None
        assert one.weakest.strength == "sound"


class Mutant(NamedTuple):
    """A receipt with one thing changed. ``minute``: when it is stamped; ``by``: who seals it."""

    evidence: Evidence
    by: str
    minute: int


def moved(evidence: Evidence, minutes: int) -> Evidence:
    return evidence._replace(event_time=Moment.of(evidence.event_time.at + minutes * MINUTE))


def other_event(evidence: Evidence, name: str) -> Evidence:
    return evidence._replace(erds_event_id=KNOWN[name].uri)


def flipped(evidence: Evidence) -> Evidence:
    content = evidence.user_content_info
    assert content is not None
    first, *rest = content.parts_info
    digest = bytes([first.digest_value[0] ^ 1, *first.digest_value[1:]]) if first.digest_value else b""
    return evidence._replace(
        user_content_info=content._replace(parts_info=(first._replace(digest_value=digest), *rest))
    )


def fewer_parts(evidence: Evidence) -> Evidence:
    content = evidence.user_content_info
    assert content is not None
    return evidence._replace(user_content_info=content._replace(composing_parts=1, parts_info=content.parts_info[:1]))


def reissued(evidence: Evidence, step: Step, **changed: Any) -> Evidence:
    """The same with another argument of the issuer."""
    return evidence._replace(evidence_issuer_details=claims(step._replace(**changed), 1, 3).evidence_issuer_details)


@st.composite
def mutants(draw: st.DrawFn, case: Case, at: int, evidence: Evidence) -> Mutant:
    """One thing about one receipt that is not so, consistently sealed unless that is the mutation."""
    step = case.steps[at]
    by, minute, span = step.by, step.minute, case.steps[-1].minute + 30
    ways: dict[str, Callable[[], Mutant]] = {
        "digest": lambda: Mutant(flipped(evidence), by, minute),
        "parts": lambda: Mutant(fewer_parts(evidence), by, minute),
        "claimed earlier": lambda: Mutant(moved(evidence, -draw(st.integers(10, 99))), by, minute),
        "claimed later": lambda: Mutant(moved(evidence, draw(st.integers(10, 99))), by, minute),
        "submission": lambda: Mutant(evidence._replace(submission_time=Moment.of(NOW - MINUTE)), by, minute),
        "no submission": lambda: Mutant(evidence._replace(submission_time=None), by, minute),
        "message": lambda: Mutant(evidence._replace(message_identifier="m-2"), by, minute),
        "no message": lambda: Mutant(evidence._replace(message_identifier=None), by, minute),
        "sender": lambda: Mutant(evidence._replace(sender_details=evidence.recipient_details[0]), by, minute),
        "recipients": lambda: Mutant(
            evidence._replace(recipient_details=(*evidence.recipient_details, evidence.sender_details)), by, minute
        ),
        "no recipient index": lambda: Mutant(evidence._replace(evidence_refers_to_recipient=99), by, minute),
        "sealed by another": lambda: Mutant(evidence, OTHERS[by], minute),
        "issued by another": lambda: Mutant(reissued(evidence, step, by=OTHERS[by]), OTHERS[by], minute),
        "event": lambda: Mutant(
            other_event(evidence, draw(st.sampled_from([one.name for one in EVENTS if one.name != step.event]))),
            by,
            minute,
        ),
        "unknown event": lambda: Mutant(
            evidence._replace(erds_event_id="http://uri.etsi.org/19522/Event/X"), by, minute
        ),
        "version": lambda: Mutant(evidence._replace(version="EN319522v9"), by, minute),
    }
    if evidence.event_reasons:
        ways["reasons"] = lambda: Mutant(evidence._replace(event_reasons=()), by, minute)
    if at:
        ways["identifier"] = lambda: Mutant(evidence._replace(evidence_identifier="urn:uuid:1"), by, minute)
        ways["happened first"] = lambda: Mutant(moved(evidence, -minute - 9), by, -9)
    else:
        ways["happened last"] = lambda: Mutant(moved(evidence, span), by, span)
    if step.other is not None:
        ways["other service"] = lambda: Mutant(
            evidence._replace(external_erds_details=claims(step._replace(other=step.by)).external_erds_details),
            by,
            minute,
        )
    if step.to is not None and case.count > 1:
        ways["recipient"] = lambda: Mutant(
            evidence._replace(evidence_refers_to_recipient=step.to % case.count + 1),
            by,
            minute,  # type: ignore[operator]
        )
    return ways[draw(st.sampled_from(sorted(ways)))]()


@FEW
@given(st.data(), deliveries(), st.booleans())
def test_any_single_mutation_of_a_receipt_is_found(data: st.DataObject, case: Case, chained: bool) -> None:
    """Invariant: a receipt that says one other thing is found, or what is proven is another thing; in a chain found."""
    assume(len(case.steps) > 1)
    evidence = evidence_of(case, chained)
    at = data.draw(st.integers(0, len(evidence) - 1))
    mutant = data.draw(mutants(case, at, evidence[at]))
    made = sealed_all(case, chained)
    legal = verified(made)
    assert legal.findings == ()
    made[at] = seal(*mutant)
    report = verified(made, parts=data.draw(st.sampled_from([PARTS, {}])))
    found = [finding for finding in report.findings if finding.level in ("fail", "warn")]
    alone = [finding for one in report.receipts for finding in one.findings if finding.level in ("fail", "warn")]
    assert found or alone or said(report) != said(legal)
    if chained and at < len(made) - 1:
        assert found or alone


@FEW
@given(st.data(), deliveries(), st.booleans())
def test_a_receipt_that_is_left_out_is_found(data: st.DataObject, case: Case, chained: bool) -> None:
    """Invariant: what it proved is proven no longer; in a chain, or where others presuppose it, a finding says so."""
    assume(len(case.steps) > 1)
    made = sealed_all(case, chained)
    legal = verified(made)
    at = data.draw(st.integers(0, len(made) - 1))
    report = verified(made[:at] + made[at + 1 :])
    assert said(report) != said(legal)
    if chained and at < len(made) - 1:
        assert any(finding.level == "fail" for finding in report.findings)


@FEW
@given(st.data(), deliveries())
def test_a_receipt_that_is_put_in_is_found(data: st.DataObject, case: Case) -> None:
    """Invariant: no event can be added without being told; one that excludes or ends what is there is a finding."""
    made = sealed_all(case, False)
    legal = verified(made)
    minute = data.draw(st.integers(-5, case.steps[-1].minute + 5))
    known = KNOWN[data.draw(st.sampled_from(sorted(KNOWN)))]
    to = data.draw(st.integers(1, case.count)) if known.concerns_one_recipient else None
    by = data.draw(st.sampled_from(sorted(OTHERS)))
    step = Step(known.name, minute, by, to, OTHERS[by] if known.group == "B" else None)
    report = verified([*made, seal(claims(step, 99, case.count), by, minute)])
    assert report.findings or said(report) != said(legal)
    for one in report.recipients:
        names = [link.event for link in one.facts]
        assert (
            not {"ConsignmentRejection", "AcceptanceRejectionExpiry"} & set(names)
            or "ConsignmentAcceptance" not in names
        )
        if "ConsignmentRejection" in names:
            assert not {"ContentConsignment", "ContentAccessTracking", "ContentHandover"} & set(names)


@FEW
@given(st.data(), deliveries())
def test_a_flipped_bit_is_found(data: st.DataObject, case: Case) -> None:
    """Invariant: what passes says what was sealed."""
    made = sealed_all(case, False)
    at = data.draw(st.integers(0, len(made) - 1))
    place = data.draw(st.integers(0, len(made[at]) * 8 - 1))
    altered = bytearray(made[at])
    altered[place // 8] ^= 1 << place % 8
    report = verified([*made[:at], bytes(altered), *made[at + 1 :]])
    if report.indication == "TOTAL-PASSED":  # parts of a time-stamp token are covered by nothing
        assert json.loads(altered) | {SEAL_MEMBER: 0} == json.loads(made[at]) | {SEAL_MEMBER: 0}
        assert said(report) == said(verified(made))
    else:
        assert report.findings


@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([b"{}", b'{"jadesSignature":{}}', b"0\x80"]), min_size=1, max_size=5
    )
)
def test_any_octets_are_a_set_that_proves_nothing(data: list[bytes]) -> None:
    """Invariant: ``verify_set`` is total."""
    report = verified(data)
    assert report.indication != "TOTAL-PASSED"
    assert all(one.outcome == "unknown" for one in report.recipients)


def test_the_mutations_are_mutations() -> None:
    """The tools of this file change what they say they change."""
    step = Step("ContentHandoverFailure", 3, to=1)
    before = claims(step, 2, 2)
    assert flipped(before) != before != fewer_parts(before)
    assert (
        reissued(before, step, by="bus").evidence_issuer_details
        == claims(step._replace(by="bus"), 1, 2).evidence_issuer_details
    )
    assert to_json(moved(before, 1))["EventTime"] == "2026-11-22T09:04:00Z"
    assert service("town") != service("bus") != service("between")
