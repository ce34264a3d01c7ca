"""Records with which one side hinders a reconciliation, or learns what it is not to learn."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from toyono_trust.delivery.exchange import build, for_third_party, message, opened, reconcile
from toyono_trust.delivery.exchange import comparison as comparisons
from toyono_trust.delivery.exchange.comparison import compare
from toyono_trust.delivery.exchange.manifest import Manifest
from toyono_trust.delivery.exchange.records import Row

AT = datetime(2027, 3, 1, 3, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
NEAR = 60_000_000


def made(identifier: str = "m-1") -> Manifest:
    return build(
        "urn:x:1", at=AT, requester="NTRJP-1345678901234", provider="NTRJP-9234567890123",
        request=message(identifier, {"same.json": b"{}"}, AT), response=message("m-2", {"same.json": b"{}"}, AT),
    )  # fmt: skip


def receipt_row(side: str, number: int, submitted: int) -> Row:
    return Row(side, number, "receipt", "m", submitted, None, {}, {f"r-{number}": "sha256:aa"})  # type: ignore[arg-type]


def test_thousands_of_receipts_of_one_message_are_compared_in_time() -> None:
    """Nothing in a receipt is verified here, so that one side can present as many as it likes about a message."""

    rows = [receipt_row("b", number, number * 10**9) for number in range(20_000)]
    start = time.perf_counter()
    assert len(compare(rows, MINUTE, receipts=True)) > 20_000
    assert time.perf_counter() - start < 20  # 0.2 s; with each compared to each it took minutes


@pytest.mark.parametrize("near", [0, NEAR, NEAR + 1])
def test_the_time_that_most_say(near: int) -> None:
    votes = [0, 1, 2, 10 * NEAR, 10 * NEAR + near]
    rows = [
        row for number, at in enumerate(votes) for row in (receipt_row("a", number, at), receipt_row("b", number, at))
    ]
    found = [one for one in compare(rows, MINUTE, receipts=True) if one[3] == "time"]
    assert {one[0] for one in found} == {"exchange.side-time"}
    assert {one[4] for one in found} == {f"{at / 1e6:+.3f} s" for at in votes[3:]}


def test_names_without_end_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        Row("a", each, "receipt", "m", 0, {f"p-{each}-{at}": "sha256:aa" for at in range(50)}, {}, {f"r-{each}": ""})
        for each in range(50)
    ]  # fmt: skip
    assert len(compare(rows, MINUTE, receipts=True)) > 2_000
    monkeypatch.setattr(comparisons, "MAX_COMPARED", 100_000)
    assert compare(rows, MINUTE, receipts=True) == [("exchange.crowded", "a", "m", "", "50", "")]


def test_a_text_that_is_none_is_one_unreadable_record() -> None:
    good = made().to_json()
    bad = {**good, "request": {**good["request"], "message": "\ud800"}}
    found = reconcile([bad, good], [good])
    assert [(one.code, one.side, one.message) for one in found.differences] == [("exchange.unreadable", "a", "1")]


def test_equal_things_of_two_messages_do_not_look_equal() -> None:
    """Nobody learns that the answer is the question, or opens the one by the other."""
    given = made()
    hidden, openings = for_third_party(given, bytes(range(32)))
    assert hidden.response is not None
    assert hidden.request.parts[0].digest != hidden.response.parts[0].digest
    assert hidden.request.parts[0].name != hidden.response.parts[0].name
    assert opened(hidden, openings) == given
    first = [one for one in openings if one.commitment == hidden.request.parts[0].digest]
    shown = opened(hidden, first)
    assert shown.response is not None
    assert shown.request.parts[0].digest == given.request.parts[0].digest
    assert shown.response.parts[0].digest == hidden.response.parts[0].digest
