"""AS4 receipts as facts of a relay: each reference of the original once, and never proven."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from delivery_town import Step, codes, receipts, verified
from hypothesis import given, settings
from hypothesis import strategies as st

from as4_samples import (
    GOT,
    MESSAGE,
    RECEIPT,
    REFS,
    SHA512,
    Ref,
    envelope,
    faults,
    information,
    original,
    receipt,
    ref,
    signal,
    signature,
)
from toyono_trust.delivery.as4 import As4Relay, from_as4_receipt, read_original
from toyono_trust.errors import MalformedError

UNVERIFIED = "as4.signature-unverified"


def said(fact: As4Relay) -> list[tuple[str, str]]:
    return [(note.code.removeprefix("as4."), note.subject) for note in fact.notes if note.code != UNVERIFIED]


def test_the_samples_are_valid_by_the_schemas() -> None:
    for sample in (original(), receipt(), receipt(signed=False), receipt(REFS[:1])):
        assert faults(sample) == []
    assert faults(envelope("<eb:SignalMessage/>")) != []


def test_a_complete_receipt_says_what_arrived_where() -> None:
    fact = from_as4_receipt(receipt(), original=original())
    assert (fact.identifier, fact.message, fact.service) == (RECEIPT, MESSAGE, "ap.town.example")
    assert fact.at == datetime(2026, 11, 23, 0, 0, 1, 250_000, UTC)
    assert fact.event == "http://uri.etsi.org/19522/Event/RelayAcceptance"
    assert [(part.name, part.digest_algorithm, part.found, part.intact) for part in fact.parts] == [
        (uri, "sha256", True, True) for uri, _, _ in REFS
    ]
    assert said(fact) == []
    assert fact.failing == ()
    assert fact.digests


def test_it_is_never_proven_for_its_signature_is_not_verified() -> None:
    fact = from_as4_receipt(receipt(), original=original())
    assert fact.signature == "unverified"
    assert [note.code for note in fact.notes] == [UNVERIFIED]
    unsigned = from_as4_receipt(receipt(signed=False), original=original())
    assert unsigned.signature == "absent"
    assert [note.code for note in unsigned.failing] == ["as4.unsigned"]


def test_the_order_of_references_does_not_matter() -> None:
    assert said(from_as4_receipt(receipt(REFS[::-1]), original=original())) == []


OTHER = ref("cid:answer@bus.example", b"other")
LONGER = ref("cid:answer@bus.example", b"part", SHA512)
FOREIGN = ref("cid:extra@bus.example", b"extra")


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        (REFS[:2], [("reference-missing", "cid:answer@bus.example")]),
        (REFS[2:], [("reference-missing", "#_body"), ("reference-missing", "#_messaging")]),
        ((*REFS[:2], OTHER), [("digest-differs", "cid:answer@bus.example")]),
        ((*REFS[:2], LONGER), [("algorithm-differs", "cid:answer@bus.example")]),
        ((*REFS, REFS[0]), [("reference-twice", "#_body")]),
        ((*REFS, OTHER), [("reference-twice", "cid:answer@bus.example")]),
        ((*REFS, FOREIGN), [("reference-foreign", "cid:extra@bus.example")]),
        ((*REFS[:2], FOREIGN),
         [("reference-missing", "cid:answer@bus.example"), ("reference-foreign", "cid:extra@bus.example")]),
    ],
)  # fmt: skip
def test_what_is_incomplete_or_wrong_is_named(refs: Sequence[Ref], expected: list[tuple[str, str]]) -> None:
    fact = from_as4_receipt(receipt(refs), original=original())
    assert said(fact) == expected
    assert [note.code.removeprefix("as4.") for note in fact.failing] == [code for code, _ in expected]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*REFS, OTHER, LONGER, FOREIGN]), min_size=1, max_size=6))
def test_only_each_reference_once_is_complete(refs: list[Ref]) -> None:
    """Any other list of references than the original's has something failing."""
    fact = from_as4_receipt(receipt(refs), original=original())
    assert (fact.failing == ()) == (sorted(refs) == sorted(REFS))


def test_a_uri_may_stand_twice_in_the_original() -> None:
    twice = (*REFS, ref("#_body", b"again"))
    assert said(from_as4_receipt(receipt(twice), original=original(twice))) == []
    assert said(from_as4_receipt(receipt(), original=original(twice))) == [("reference-missing", "#_body")]


def test_a_receipt_about_another_message_is_named() -> None:
    fact = from_as4_receipt(receipt(to="other@bus.example"), original=original())
    assert said(fact) == [("message-differs", RECEIPT)]
    assert fact.failing


def test_what_cannot_be_compared_is_told() -> None:
    fact = from_as4_receipt(receipt())
    assert said(fact) == [("original-missing", RECEIPT)]
    assert fact.service == ""
    assert {(part.found, part.intact) for part in fact.parts} == {(False, None)}
    early = from_as4_receipt(receipt(at="2026-11-22T23:00:00Z"), original=original())
    assert said(early) == [("time-before", RECEIPT)]
    assert early.failing == ()


def test_weak_digests_are_refused() -> None:
    weak = ("#_body", "http://www.w3.org/2000/09/xmldsig#sha1", "A" * 27 + "=")
    unknown = ("#_messaging", "urn:x:digest", "AAAA")
    found = said(from_as4_receipt(receipt([weak, unknown, REFS[2]]), original=original([weak, unknown, REFS[2]])))
    assert found == [("digest-refused", "#_body"), ("digest-refused", "#_messaging")]


PART = "<ebbp:MessagePartIdentifier>cid:answer@bus.example</ebbp:MessagePartIdentifier>"
AWARE = information(()).replace("><", f"><ebbp:MessagePartNRInformation>{PART}</ebbp:MessagePartNRInformation><", 1)


@pytest.mark.parametrize(
    "content",
    [
        AWARE,
        "<eb:UserMessage/>",
    ],
)
def test_reception_awareness_is_no_proof_of_content(content: str) -> None:
    fact = from_as4_receipt(
        envelope(signal(f"<eb:Receipt>{content}</eb:Receipt>"), signature(REFS)), original=original()
    )
    assert not fact.digests
    assert [code for code, _ in said(fact)] == ["no-digests"]


def test_an_error_is_no_receipt() -> None:
    error = '<eb:Error errorCode="EBMS:0101" severity="failure"/>'
    with pytest.raises(MalformedError, match="EBMS:0101"):
        from_as4_receipt(envelope(signal(error)))


def test_forms_that_access_points_write_are_read() -> None:
    """SOAP 1.1, the header alone, times without zone, digests in several lines, namespaces in every reference."""
    messaging = signal(f"<eb:Receipt>{information()}</eb:Receipt>")
    soap11 = envelope(messaging, signature(REFS), soap="http://schemas.xmlsoap.org/soap/envelope/")
    assert said(from_as4_receipt(soap11, original=original())) == []
    assert from_as4_receipt(receipt(at=GOT.removesuffix("Z"))).at == from_as4_receipt(receipt()).at
    long = ref("cid:answer@bus.example", b"part", SHA512)
    broken = (*REFS[:2], (long[0], long[1], f"\n{long[2][:76]}&#13;\n{long[2][76:]}\n"))
    assert said(from_as4_receipt(receipt(broken), original=original([*REFS[:2], long]))) == []
    many = tuple(ref(f"cid:{number}", b"part") for number in range(120))
    assert said(from_as4_receipt(receipt(many), original=original(many))) == []


def test_the_original_is_read_once_for_many_receipts() -> None:
    sent = read_original(original())
    assert (sent.message, sent.sender, sent.receiver) == (MESSAGE, "ap.bus.example", "ap.town.example")
    assert from_as4_receipt(receipt(), original=sent) == from_as4_receipt(receipt(), original=original())


# -- in a set of receipts

BY_TWO = [Step("SubmissionAcceptance", 0), Step("ContentHandover", 3, "bus")]


def test_in_a_set_it_is_the_weakest_link_and_proves_nothing() -> None:
    given_receipts = receipts(BY_TWO)
    fact = from_as4_receipt(receipt(), original=original())
    without, report = verified(given_receipts), verified(given_receipts, relays=[fact])
    weakest = without.recipients[0].weakest
    assert weakest is not None
    assert weakest.strength == "missing"
    assert (report.indication, report.sub_indication) == (without.indication, without.sub_indication)
    found = report.recipients[0]
    assert found.outcome == without.recipients[0].outcome
    assert "relayed" not in {one.fact for one in found.facts}
    assert found.weakest is not None
    assert (found.weakest.event, found.weakest.strength, found.weakest.code, found.weakest.evidence) == (
        "RelayAcceptance", "undecided", UNVERIFIED, RECEIPT,
    )  # fmt: skip
    assert ("as4.not-proven", RECEIPT) in codes(report)
    assert ("as4.other-identifier", RECEIPT) in codes(report)
    assert "AS4 受領通知" in report.text_in("ja")


def test_a_wrong_one_fails_and_takes_nothing_from_a_receipt_that_proves_the_relay() -> None:
    steps = [*BY_TWO, Step("RelayAcceptance", 1, "bus", other="town")]
    whole = verified(receipts(steps))
    assert (whole.indication, [one.outcome for one in whole.recipients]) == ("TOTAL-PASSED", ["handed-over"])
    fact = from_as4_receipt(receipt(REFS[:2]), original=original())
    report = verified(receipts(steps), relays=[fact])
    assert report.indication == "TOTAL-PASSED"
    assert report.recipients[0].weakest == whole.recipients[0].weakest
    assert [(one.strength, one.code) for one in report.recipients[0].unproven] == [("failed", "as4.reference-missing")]
