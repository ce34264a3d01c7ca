"""Two-sided reconciliation: any single mutation or drop on either side is named with its side and message."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from exchange_samples import SECRET, START, Book, answered, asked, book, exchanged, receipt, receipts
from hypothesis import given, settings
from hypothesis import strategies as st

from toyono_trust.core.canonical import json_canonical
from toyono_trust.delivery.evidence import payload, to_json
from toyono_trust.delivery.exchange import Reconciliation, for_third_party, message, reconcile, reference
from toyono_trust.delivery.exchange.manifest import Manifest
from toyono_trust.errors import MisuseError
from toyono_trust.ledger.entry import commit

COUNT = 6
A, B = book(COUNT), book(COUNT, late=timedelta(seconds=3))


def named(report: Reconciliation) -> set[tuple[str, str, str]]:
    return {(one.code.removeprefix("exchange."), one.side, one.message) for one in report.differences}


def test_two_books_agree() -> None:
    report = reconcile(A.records, B.records)
    assert report.differences == ()
    assert (report.records, report.messages, report.agreed, report.count) == ((24, 24), 12, 12, 0)
    with pytest.raises(TypeError):
        bool(report)


def test_records_may_have_any_form() -> None:
    def forms(records: list[Any]) -> Iterator[Any]:
        for number, one in enumerate(records):
            tree = one.to_json() if isinstance(one, Manifest) else to_json(one)
            octets = json_canonical(tree)
            yield (one, tree, octets, json_canonical({"evidence": tree, "salt": "A" * 22}))[number % 4]

    assert reconcile(forms(A.records), forms(B.records)).agreed == 12


def test_manifests_alone_can_be_compared() -> None:
    assert reconcile(A.manifests, B.manifests, receipts=False).count == 0
    assert {code for code, _, _ in named(reconcile(A.manifests, B.records))} == {"receipt-missing"}


def test_somebody_else_can_reconcile_without_learning_what() -> None:
    ours = [for_third_party(one, SECRET)[0].octets for one in A.manifests]
    theirs = [for_third_party(one, SECRET)[0].octets for one in B.manifests]
    assert reconcile(ours, theirs, receipts=False).agreed == 12
    report = reconcile(ours[1:], theirs, receipts=False)
    assert {(code, side) for code, side, _ in named(report)} == {("side-missing", "a")}
    other = [for_third_party(one, bytes(32))[0].octets for one in B.manifests]
    assert reconcile(ours, other, receipts=False).agreed == 0


REQUEST, RESPONSE = "urn:x:request:3", "urn:x:response:3"


def manifest(**changed: Any) -> Callable[[Book], None]:
    def change(of: Book) -> None:
        of.manifests[3] = exchanged(3, **changed)

    return change


def forged(number: int, **changed: Any) -> Callable[[Book], None]:
    """One receipt of a side about exchange 3 says something else."""

    def change(of: Book) -> None:
        event, about = [
            ("SubmissionAcceptance", asked(3)),
            ("ContentHandover", asked(3)),
            ("ContentHandover", answered(3)),
        ][number]
        of.receipts[9 + number] = receipt(event, about, f"urn:x:receipt:3-{number + 1}", **changed)

    return change


def swapped(of: Book) -> None:
    of.manifests[2], of.manifests[3] = of.manifests[3], of.manifests[2]


HOUR = timedelta(hours=1)
MUTATIONS: dict[str, tuple[Callable[[Book], None], str, set[str]]] = {
    "manifest dropped": (lambda of: of.manifests.pop(3), "side-missing", {REQUEST, RESPONSE}),
    "manifest twice": (lambda of: of.manifests.insert(4, of.manifests[3]), "duplicate", {REQUEST, RESPONSE}),
    "manifests swapped": (swapped, "out-of-order", {"urn:x:request:2"}),
    "receipt dropped": (lambda of: of.receipts.pop(10), "receipt-missing", {REQUEST}),
    "receipt twice": (lambda of: of.receipts.insert(10, of.receipts[10]), "duplicate", {REQUEST}),
    "receipt of another event": (forged(1, event_time=asked(3).at + timedelta(seconds=9)), "side-differs", {REQUEST}),
    "receipt of other content": (
        forged(2, parts={"answer.json": b"forged"}), "side-differs", {RESPONSE},
    ),
    "receipt about another message": (forged(0, message_id="urn:x:other"), "receipt-missing", {REQUEST}),
    "answer missing": (manifest(response=None, receipts=receipts(3)[:2]), "side-missing", {RESPONSE}),
    "part changed": (
        manifest(request=message(REQUEST, {"request.json": b"?", "form.xml": b"<form/>"}, asked(3).at)),
        "side-differs", {REQUEST},
    ),
    "part missing": (
        manifest(request=message(REQUEST, {"form.xml": b"<form/>"}, asked(3).at)), "side-differs", {REQUEST},
    ),
    "part added": (
        manifest(response=message(RESPONSE, {"answer.json": b"answer 3", "more": b""}, answered(3).at)),
        "side-differs", {RESPONSE},
    ),
    "time": (manifest(request=asked(3)._replace(at=asked(3).at - HOUR)), "side-time", {REQUEST}),
    "manifest without a receipt": (manifest(receipts=receipts(3)[1:]), "receipt-missing", {REQUEST}),
    "request renamed": (
        manifest(request=asked(3)._replace(identifier="urn:x:renamed"), receipts=receipts(3)[2:]),
        "side-missing", {REQUEST},
    ),
    "unreadable": (lambda of: of.manifests.__setitem__(3, b"{}"), "unreadable", {"4"}),  # type: ignore[call-overload]
}  # fmt: skip


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_what_one_side_alone_has_otherwise_is_named_with_its_side(mutation: str, side: str) -> None:
    change, code, messages = MUTATIONS[mutation]
    books = (A.changed(change), B) if side == "a" else (A, B.changed(change))
    report = reconcile(books[0].records, books[1].records)
    assert {(code, side, one) for one in messages} <= named(report)
    allowed = {REQUEST, RESPONSE, "urn:x:request:2", "urn:x:other", "urn:x:renamed", "4"}
    assert {one.message for one in report.differences} <= allowed
    # of what only one side knows under another name, the other side is said to have none; nothing else accuses it
    assert {one.message for one in report.differences if one.side != side} <= {"urn:x:other", "urn:x:renamed"}
    assert report.to_json() == reconcile(books[0].records, books[1].records).to_json()


TERMS = {
    "requester": {"requester": "NTRJP-7777777777777"},
    "provider": {"provider": "NTRJP-7777777777777"},
    "consent": {"consent": reference("urn:x:consent", b"other")},
    "contract": {"contract": None},
    "transport as4 3@bus.example": {"transport": ()},
}


@pytest.mark.parametrize("term", TERMS)
def test_where_it_is_one_against_one_the_message_is_named_and_nobody_accused(term: str) -> None:
    report = reconcile(A.changed(manifest(**TERMS[term])).records, B.records)
    assert [(one.code, one.side, one.message, one.about) for one in report.differences] == [
        ("exchange.sides-differ", "either", REQUEST, term)
    ]


def test_without_receipts_it_is_one_against_one() -> None:
    changed = A.changed(manifest(request=message(REQUEST, {"request.json": b"?", "form.xml": b"<form/>"}, asked(3).at)))
    report = reconcile(changed.manifests, B.manifests, receipts=False)
    assert named(report) == {("sides-differ", "either", REQUEST)}
    late = A.changed(manifest(request=asked(3)._replace(at=asked(3).at - HOUR)))
    assert named(reconcile(late.manifests, B.manifests, receipts=False)) == {("sides-differ", "either", REQUEST)}


def test_nobody_wins_by_saying_it_often() -> None:
    """A side's copies of its own manifest, and receipts that only it holds, have no vote."""
    lie = message(REQUEST, {"request.json": b"?", "form.xml": b"<form/>"}, asked(3).at - HOUR)
    forged_manifest = exchanged(3, request=lie, receipts=receipts(3)[2:])
    invented = [
        receipt("ContentAccessTracking", lie, f"urn:x:invented:{number}") for number in range(9)
    ]  # fmt: skip

    def change(of: Book) -> None:
        of.manifests[3:4] = [forged_manifest] * 9
        of.receipts.extend(invented)

    report = reconcile(A.changed(change).records, B.records)
    about = [one for one in report.differences if one.message == REQUEST]
    assert {one.side for one in about} == {"a"}
    assert {"exchange.duplicate", "exchange.side-differs", "exchange.side-time", "exchange.receipt-unlisted"} <= {
        one.code for one in about
    }


def test_receipts_that_came_after_both_manifests_agree() -> None:
    late = receipt("ContentAccessTracking", answered(COUNT - 1), "urn:x:late")
    assert reconcile([*A.records, late], [*B.records, late]).count == 0
    assert named(reconcile([*A.records, late], B.records)) == {("receipt-unlisted", "a", f"urn:x:response:{COUNT - 1}")}


def test_times_within_the_tolerance_agree() -> None:
    changed = A.changed(manifest(request=asked(3)._replace(at=asked(3).at - timedelta(seconds=30))))
    assert reconcile(changed.records, B.records).count == 0
    strict = reconcile(changed.records, B.records, tolerance=timedelta(seconds=29))
    assert ("side-time", "a", REQUEST) in named(strict)
    with pytest.raises(MisuseError):
        reconcile([], [], tolerance=timedelta(seconds=-1))


def test_digests_by_two_algorithms_are_not_compared() -> None:
    request = message(REQUEST, {"request.json": ("sha512", bytes(64)), "form.xml": b"<form/>"}, asked(3).at)
    assert reconcile(A.changed(manifest(request=request)).records, B.records).count == 0


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_single_mutation_is_named_with_its_side_and_message(data: st.DataObject) -> None:
    """One value of one manifest or receipt is changed or dropped, on either side: side and message are named."""
    side = data.draw(st.sampled_from(["a", "b"]))
    number = data.draw(st.integers(0, COUNT - 1))
    kind = data.draw(st.sampled_from(["manifest", "receipt"]))
    at = data.draw(st.integers(0, 2)) if kind == "receipt" else 0
    messages = {f"urn:x:request:{number}", f"urn:x:response:{number}"}
    position = number if kind == "manifest" else COUNT + 3 * number + at
    source = A if side == "a" else B
    octets = [one.octets if isinstance(one, Manifest) else payload(one) for one in source.records]
    tree = json.loads(octets[position])
    holder, name = data.draw(st.sampled_from(list(_places(tree))))
    if data.draw(st.booleans()):
        del holder[name]
    else:
        value = holder[name]
        holder[name] = (value[:-1] + ("A" if value[-1] != "A" else "B")) if isinstance(value, str) else 999
    octets[position] = json_canonical(tree)
    other = (B if side == "a" else A).records
    report = reconcile(octets, other) if side == "a" else reconcile(other, octets)
    assert report.count, (position, name)
    sides = {one.side for one in report.differences if one.message in messages or one.code == "exchange.unreadable"}
    assert sides & {side, "either"}, report.text_in("en")
    assert ("b" if side == "a" else "a") not in sides, report.text_in("en")


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every single value that a manifest or receipt states about its message, with its holder."""
    for name in tree if isinstance(tree, dict) else range(len(tree)):
        # when a manifest was made is no matter of the message; nothing else of it may change unseen
        if isinstance(tree[name], dict | list):
            yield from _places(tree[name])
        elif not (name == "time" and "exchange" in tree):
            yield tree, name


def test_people_and_machines_can_read_it() -> None:
    report = reconcile(A.changed(lambda of: of.manifests.pop(3)).records, B.records)
    text = report.text_in("ja", ("豊能町", "バス会社"))
    assert "豊能町の側に、メッセージ urn:x:request:3 の記録がありません" in text
    assert "豊能町 has no record of the message urn:x:request:3" in report.text_in("en", ("豊能町", "バス会社"))
    tree = report.to_json()
    assert json.loads(json.dumps(tree)) == tree
    assert tree["count"] == 2


def test_more_differences_than_are_named_are_counted() -> None:
    many = [exchanged(number, receipts=[]) for number in range(40)]
    from toyono_trust.delivery.exchange import reconciliation

    kept = reconciliation.KEPT
    reconciliation.KEPT = 10
    try:
        report = reconcile(many, [], receipts=False)
    finally:
        reconciliation.KEPT = kept
    assert (len(report.differences), report.count) == (10, 80)


def many(count: int) -> Iterator[bytes]:
    """So many manifests, made out of one by its numbers."""
    octets = exchanged(1, receipts=[], at=START).octets
    for number in range(count):
        yield octets.replace(b":1", b":%d" % (number + 1)).replace(b'"1@', b'"%d@' % (number + 1))


def test_memory_is_bounded_where_spools_are_files() -> None:
    """Ten times the exchanges take far less than ten times the memory."""

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            report = reconcile(many(count), many(count), receipts=False, spool=tempfile.TemporaryFile)
            assert report.agreed == report.messages == 2 * count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(4_000) < 3 * peak(400)


def test_spools_are_closed_whatever_happens() -> None:
    made: list[BytesIO] = []

    def spool() -> BytesIO:
        made.append(BytesIO())
        return made[-1]

    def broken() -> Iterator[Any]:
        yield A.manifests[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        reconcile(broken(), [], spool=spool)
    assert made
    assert all(one.closed for one in made)


def openings(of: Book) -> list[bytes]:
    """The openings of a side's records, as they were logged; each has a salt of its own."""
    trees = [one.to_json() if isinstance(one, Manifest) else to_json(one) for one in of.records]
    return [commit(tree, sha256(str(number).encode()).digest()[:16]).octets for number, tree in enumerate(trees)]


def test_a_record_that_was_altered_after_it_was_logged_is_named_by_its_sides_log() -> None:
    ours, theirs = openings(A), openings(B)
    logs = [sha256(one).digest() for one in ours], [sha256(one).digest() for one in theirs]
    assert reconcile(ours, theirs, logs=logs).unopened == (0, 0)
    assert reconcile(ours, theirs, logs=logs).count == 0
    altered = openings(A.changed(manifest(**TERMS["consent"])))
    report = reconcile(altered, theirs, logs=logs)
    assert ("not-logged", "a", "4") in named(report)
    assert ("sides-differ", "either", REQUEST) in named(report)
    assert report.unopened == (1, 0)
    assert "not-logged" not in {code for code, _, _ in named(reconcile(altered, theirs, logs=(None, logs[1])))}


def test_what_is_not_shown_of_a_log_is_counted_and_what_is_shown_without_salt_is_not_logged() -> None:
    ours = openings(A)
    entries = [sha256(one).digest() for one in ours]
    assert reconcile(ours, B.records, logs=([*entries, bytes(range(32))], None)).unopened == (1, None)
    plain = reconcile(A.records, B.records, logs=(entries, None))
    assert {(one.code, one.side) for one in plain.differences} == {("exchange.not-logged", "a")}
    assert plain.count == len(A.records)
    with pytest.raises(MisuseError, match=r"exchange\.argument"):
        reconcile(ours, [], logs=([b"short"], None))
