"""The two drivers: order of answers, errors as answers, one deadline, and that both drive alike."""

from __future__ import annotations

import asyncio
import datetime
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toyono_trust.errors import MisuseError, TrustError, UnavailableError
from toyono_trust.steps import (
    Answer,
    Call,
    Fetch,
    Now,
    Random,
    Request,
    Response,
    Steps,
    World,
    arun,
    ask,
    now,
    random_bytes,
    run,
)

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


class Web:
    """A simulated network: ``named`` says what each URL answers, and how long that takes."""

    def __init__(self, **named: bytes | TrustError) -> None:
        self.named = named
        self.delays: dict[str, float] = {}
        self.asked: list[str] = []
        self.deadlines: list[float | None] = []
        self.meeting: threading.Barrier | None = None

    def fetch(self, request: Fetch, deadline: float | None) -> Response:
        self.asked.append(request.url)
        self.deadlines.append(deadline)
        if self.meeting is not None:
            self.meeting.wait(5)
        time.sleep(self.delays.get(request.url, 0))
        said = self.named[request.url]
        if isinstance(said, TrustError):
            raise said
        return Response(200, {}, said)


def world(web: Web | None = None, timeout: float | None = None, monotonic: Callable[[], float] = lambda: 5.0) -> World:
    return World(lambda: NOON, lambda size: bytes(range(size)), monotonic, web, timeout)


def blocking(steps: Steps[Any], where: World) -> Any:
    return run(steps, where)


def awaitable(steps: Steps[Any], where: World) -> Any:
    return asyncio.run(arun(steps, where))


@pytest.fixture(params=[blocking, awaitable])
def drive(request: pytest.FixtureRequest) -> Callable[[Steps[Any], World], Any]:
    """Each of the two drivers."""
    driver: Callable[[Steps[Any], World], Any] = request.param
    return driver


def together(*requests: Request) -> Steps[tuple[Answer, ...]]:
    return (yield requests)


Drive = Callable[[Steps[Any], World], Any]


def test_parallel_fetches_answer_in_the_order_of_the_requests(drive: Drive) -> None:
    web = Web(a=b"1", b=b"2", c=b"3")
    web.delays = {"a": 0.1, "b": 0.05}
    answers = drive(together(Fetch("a"), Fetch("b"), Fetch("c")), world(web))
    assert [answer.value.body for answer in answers] == [b"1", b"2", b"3"]
    assert all(answer.error is None and answer.at == NOON for answer in answers)


def test_fetches_of_one_tuple_run_at_the_same_time(drive: Drive) -> None:
    web = Web(a=b"1", b=b"2", c=b"3", d=b"4")
    web.meeting = threading.Barrier(4)  # passes only if all four are under way together
    answers = drive(together(*map(Fetch, "abcd")), world(web))
    assert [answer.value.body for answer in answers] == [b"1", b"2", b"3", b"4"]


def test_an_error_is_an_answer_beside_the_others(drive: Drive) -> None:
    gone = UnavailableError("net.refused", "no")
    answers = drive(together(Fetch("a"), Fetch("b")), world(Web(a=gone, b=b"2")))
    assert (answers[0].error, answers[0].value) == (gone, None)
    assert answers[1].value.body == b"2"


def test_failover_is_a_loop(drive: Drive) -> None:
    def first_that_answers() -> Steps[bytes]:
        for url in "abc":
            (answer,) = yield (Fetch(url),)
            if answer.error is None:
                body: bytes = answer.value.body
                return body
        raise AssertionError("none answered")

    web = Web(a=UnavailableError("net.refused", "no"), b=b"2", c=b"3")
    assert drive(first_that_answers(), world(web)) == b"2"
    assert web.asked == ["a", "b"]


def test_ask_raises_what_the_world_answers_and_steps_may_catch_it(drive: Drive) -> None:
    def refused() -> Any:
        raise MisuseError("key.refused", "no")

    with pytest.raises(MisuseError, match=r"key\.refused"):
        drive(ask(Call(refused)), world())

    def catching() -> Steps[str]:
        try:
            yield from ask(Call(refused))
        except MisuseError as error:
            return error.code
        return ""

    assert drive(catching(), world()) == "key.refused"


def test_a_defect_is_no_answer(drive: Drive) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drive(ask(Call(broken)), world())


def test_clock_randomness_and_calls_come_from_the_world(drive: Drive) -> None:
    def all_of_them() -> Steps[Any]:
        at = yield from now()
        octets = yield from random_bytes(4)
        value = yield from ask(Call(lambda: "called"))
        mixed = yield (Now(), Random(2), Call(lambda: 7))
        return at, octets, value, [answer.value for answer in mixed]

    assert drive(all_of_them(), world()) == (NOON, b"\x00\x01\x02\x03", "called", [None, b"\x00\x01", 7])


def test_without_http_a_fetch_is_misuse_and_not_unavailable(drive: Drive) -> None:
    (answer,) = drive(together(Fetch("a")), world())
    assert isinstance(answer.error, MisuseError)
    assert answer.error.code == "http.missing"


def test_one_deadline_counts_for_the_whole_operation(drive: Drive) -> None:
    seconds = iter([100.0, 101.0, 109.9, 110.0, 111.0])
    web = Web(a=b"1")

    def four() -> Steps[list[str]]:
        codes = []
        for _ in range(4):
            (answer,) = yield (Fetch("a"),)
            codes.append(answer.error.code if answer.error else "")
        return codes

    codes = drive(four(), world(web, timeout=10, monotonic=lambda: next(seconds)))
    assert codes == ["", "", "net.deadline", "net.deadline"]
    assert web.deadlines == [110.0, 110.0]


def test_without_a_timeout_there_is_no_deadline(drive: Drive) -> None:
    web = Web(a=b"1")
    drive(together(Fetch("a")), world(web))
    assert web.deadlines == [None]


def test_steps_that_ask_for_nothing_just_end(drive: Drive) -> None:
    def nothing() -> Steps[int]:
        answers = yield ()
        return len(answers)

    assert drive(nothing(), world()) == 0


def test_a_blocking_call_does_not_hold_up_the_event_loop() -> None:
    async def both() -> int:
        ticks = 0
        released = threading.Event()
        work = asyncio.create_task(arun(ask(Call(lambda: released.wait(5))), world()))
        for _ in range(5):
            await asyncio.sleep(0)
            ticks += 1
        released.set()
        assert await work
        return ticks

    assert asyncio.run(both()) == 5


_requests = st.lists(st.sampled_from(["a", "b", "gone", "now", "random", "call", "refuse"]), max_size=6)


@settings(max_examples=60, deadline=None)
@given(rounds=st.lists(_requests, max_size=4))
def test_blocking_and_awaitable_agree(rounds: list[list[str]]) -> None:
    """Invariant: whatever steps ask for, both drivers send the same answers in the same order."""

    def refuse() -> Any:
        raise MisuseError("key.refused", "no")

    table: dict[str, Request] = {
        "now": Now(),
        "random": Random(3),
        "call": Call(lambda: "called"),
        "refuse": Call(refuse),
    }

    def steps() -> Steps[list[Any]]:
        seen: list[Any] = []
        for names in rounds:
            answers = yield tuple(table.get(name, Fetch(name)) for name in names)
            seen.append([(one.at, one.value, one.error and one.error.code) for one in answers])
        return seen

    def web() -> Web:
        return Web(a=b"1", b=b"2", gone=UnavailableError("net.dns", "no"))

    assert blocking(steps(), world(web())) == awaitable(steps(), world(web()))
