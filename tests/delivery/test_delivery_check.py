"""The checks of a receipt beyond its seal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from delivery_samples import ALICE, AT, BUS, CERTIFICATE, SUBMITTED, TIMETABLE, TOWN, made
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import entry
from toyono_trust.delivery.check import ReceiptResult, Thresholds, check
from toyono_trust.delivery.components import Extension, Open
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import facts
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Party, ReceiptFacts, ReceiptPart

CONTENTS = Contents(BytesContent(TIMETABLE, "timetable.json"))


def judged(read: ReceiptFacts | None = None, **changed: Any) -> tuple[list[str], ReceiptResult]:
    arguments: dict[str, Any] = {
        "signer_identifiers": (TOWN.identifier,),
        "signer_certificate_digest": CERTIFICATE,
        "contents": CONTENTS,
        "best_signature_time": AT + timedelta(seconds=1),
    }
    notes, result = check(read or facts(made()), **(arguments | changed))
    for note in notes:
        row = entry(note.code)
        for text in (*row.text, *row.remedy):
            text.format(**note.values)
    return [note.code for note in notes], result


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_sound_receipt_proves_its_fact(event: Any) -> None:
    codes, result = judged(facts(made(event.name)))
    assert codes == []
    assert result == ReceiptResult(
        event.name,
        AT,
        BUS,
        (TOWN.identifier,),
        (TOWN.identifier,),
        True,
        (("timetable.json", True, True),),
        event.proves,
        event.statement,
    )


def test_an_unknown_event_proves_nothing() -> None:
    codes, result = judged(facts(made())._replace(event="http://uri.etsi.org/19522/Event/contenthandover"))
    assert codes == ["receipt.event-unknown"]
    assert result.proves is None
    assert result.event == "http://uri.etsi.org/19522/Event/contenthandover"


@pytest.mark.parametrize(
    "changed",
    [
        {"signer_certificate_digest": bytes(32)},
        {"signer_identifiers": ("NTRJP-0000000000000",)},
        {"signer_identifiers": ()},
        {"signer_names": ("箕面市",)},
    ],
)
def test_another_signer_than_the_issuer_is_found(changed: dict[str, Any]) -> None:
    codes, result = judged(**changed)
    assert codes == ["receipt.issuer-not-signer"]
    assert (result.issuer_is_signer, result.proves) == (False, None)


def test_an_issuer_named_by_certificate_or_number_alone_is_the_signer() -> None:
    read = facts(made(issuer=TOWN._replace(identifier="")))
    assert judged(read, signer_identifiers=())[1].issuer_is_signer
    read = facts(made(issuer=TOWN._replace(certificate_sha256=None)))
    assert judged(read, signer_names=("豊能町", "Toyono Town"))[1].issuer_is_signer
    bare = read._replace(issuer=Party("", "", (("LegalPersonIdentifier", ("1234567890123",)),)))
    assert judged(bare)[1].issuer_is_signer


def test_a_name_alone_identifies_nobody() -> None:
    read = facts(made(issuer=TOWN._replace(identifier="", certificate_sha256=None)))
    codes, result = judged(read)
    assert codes == ["receipt.issuer-unidentified"]
    assert not result.issuer_is_signer


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, []), (300, []), (301, ["receipt.stamped-late"]), (-60, []), (-61, ["receipt.event-after-stamp"])],
)
def test_the_stamp_follows_the_event_soon(seconds: int, expected: list[str]) -> None:
    codes, result = judged(best_signature_time=AT + timedelta(seconds=seconds))
    assert codes == expected
    assert (result.proves is None) == (seconds < -60)


def test_without_stamp_the_time_is_the_issuers_word() -> None:
    codes, result = judged(best_signature_time=None)
    assert codes == ["receipt.not-stamped"]
    assert result.proves == "handed-over"


def test_an_event_before_the_submission_is_noted() -> None:
    codes, _ = judged(facts(made(submission_time=AT + timedelta(seconds=61))))
    assert codes == ["receipt.event-before-submission"]


@given(st.binary(max_size=40))
def test_other_content_is_never_intact(data: bytes) -> None:
    """Invariant: a part is intact if and only if the presented octets are those that were delivered."""
    codes, result = judged(contents=Contents(BytesContent(data, "timetable.json")))
    same = data == TIMETABLE
    assert codes == ([] if same else ["receipt.part-altered"])
    assert result.parts == (("timetable.json", True, same),)
    assert (result.proves == "handed-over") is same


def test_content_that_is_not_there() -> None:
    two = facts(made(parts={"a": b"1", "b": b"2"}))
    codes, result = judged(two, contents=Contents(BytesContent(b"1", "a")))
    assert codes == ["receipt.part-missing"]
    assert result.parts == (("a", True, True), ("b", False, None))
    assert result.proves is None
    for nothing in (None, Contents()):
        codes, result = judged(two, contents=nothing)
        assert codes == ["receipt.content-not-presented"]
        assert (result.parts, result.proves) == ((("a", False, None), ("b", False, None)), "handed-over")
        codes, result = judged(two, contents=nothing, thresholds=Thresholds(content_required=True))
        assert codes == ["receipt.part-missing"] * 2
        assert result.proves is None


def test_the_one_presented_content_is_meant_whatever_its_name() -> None:
    _, result = judged(contents=Contents(BytesContent(TIMETABLE, "download (1).bin")))
    assert result.parts == (("timetable.json", True, True),)


def part(algorithm: str | None, digest: bytes | None) -> ReceiptFacts:
    return facts(made())._replace(parts=(ReceiptPart("timetable.json", "", algorithm, digest),))


def test_parts_that_cannot_be_compared() -> None:
    assert judged(part(None, None))[0] == ["receipt.part-without-digest"]
    assert judged(part("sha256", None))[0] == ["receipt.part-without-digest"]
    assert judged(part("sha1", bytes(20)))[0] == ["receipt.part-digest-refused", "receipt.part-altered"]
    codes, result = judged(part("urn:x:unknown", bytes(20)))
    assert codes == ["receipt.part-digest-refused"]
    assert result.parts == (("timetable.json", True, None),)


def test_two_parts_of_one_name_are_refused() -> None:
    read = facts(made())
    codes, result = judged(read._replace(parts=read.parts * 2))
    assert codes == ["receipt.part-twice"]
    assert result.proves is None


@pytest.mark.parametrize("index", [0, 3, -1])
def test_an_index_beyond_the_recipients_concerns_nobody(index: int) -> None:
    read = facts(made(recipients=[BUS, ALICE], refers_to_recipient=1))._replace(refers_to_recipient=index)
    codes, result = judged(read)
    assert codes == ["receipt.recipient-index"]
    assert (result.concerns, result.proves) == ((), None)


def test_the_recipient_concerned_is_named() -> None:
    read = facts(made(recipients=[BUS, ALICE], refers_to_recipient=2))
    assert judged(read)[1].concerns == (ALICE,)
    codes, result = judged(read._replace(refers_to_recipient=None))
    assert codes == ["receipt.recipient-missing"]
    assert result.proves is None


def test_expected_parties() -> None:
    right = Thresholds(sender=BUS, recipients=(TOWN.identifier,))
    assert judged(thresholds=right)[0] == []
    assert judged(thresholds=right._replace(sender=ALICE))[0] == ["receipt.party-unexpected"]
    assert judged(thresholds=right._replace(recipients=(BUS,)))[0] == ["receipt.party-unexpected"]


def test_reasons_of_negative_events() -> None:
    read = facts(made("ContentHandoverFailure"))
    codes, result = judged(read._replace(reasons=()))
    assert codes == ["receipt.reason-missing"]
    assert result.proves is None
    codes, result = judged(read._replace(reasons=("https://www.town.example/own",)))
    assert (codes, result.proves) == (["receipt.reason-unknown"], "handover-failed")
    misplaced = "https://www.town.example/erds/reason/RecipientRefused"
    assert judged(read._replace(reasons=(misplaced,)))[0] == ["receipt.reason-misplaced"]


def test_an_extension_that_must_be_understood_forbids_the_fact() -> None:
    codes, result = judged(facts(made(extensions=(Extension(True, Open.of({"x": 1})),))))
    assert codes == ["receipt.extension-critical"]
    assert result.proves is None
    assert judged(facts(made(extensions=(Extension(False, Open.of({"x": 1})),))))[0] == []


SOUND = facts(made("ContentHandoverFailure", recipients=[BUS, ALICE], refers_to_recipient=1))
MUTATIONS = {
    "event": SOUND._replace(event=SOUND.event + "x"),
    "event_time": SOUND._replace(event_time=AT + timedelta(hours=1)),
    "submission_time": SOUND._replace(submission_time=SUBMITTED + timedelta(hours=1)),
    "issuer": SOUND._replace(issuer=SOUND.sender),
    "refers_to_recipient": SOUND._replace(refers_to_recipient=None),
    "recipients": SOUND._replace(recipients=SOUND.recipients[:0]),
    "reasons": SOUND._replace(reasons=()),
    "parts": SOUND._replace(parts=(SOUND.parts[0]._replace(digest=bytes(32)),)),
}


@pytest.mark.parametrize("component", MUTATIONS)
def test_every_mutated_component_is_noticed(component: str) -> None:
    assert judged(SOUND)[0] == []
    assert judged(MUTATIONS[component])[0] != []
