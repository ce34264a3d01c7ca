"""Operations that need the outside, as generators, and the two drivers that run them.

An operation yields a tuple of requests and is sent as many answers, in order. A failure is an answer, so failover is
a loop and parallel fetches are one tuple. The driver alone holds the clock, the randomness and the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from toyono_trust.errors import MisuseError, TrustError, UnavailableError

T = TypeVar("T")


class Fetch(NamedTuple):
    """One HTTP exchange. ``named_by`` says who named the URL: ``"caller"`` or ``"file"`` (then it is distrusted).

    ``keep_until``: tells until when the body of an answer may be kept (aware, UTC), None: not at all; it may be called
    in another thread. Without it nothing is kept. ``subject``: what the answer is about; what is kept answers the same
    URL, body and subject alone. ``anew``: what is kept does not answer, but is replaced by what comes.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    max_bytes: int = 1 << 20
    named_by: str = "caller"
    subject: str = ""
    keep_until: Callable[[bytes], datetime | None] | None = None
    anew: bool = False


class Response(NamedTuple):
    """What an exchange brought: status code, lower-cased header names, whole body (within ``max_bytes``)."""

    status: int
    headers: dict[str, str]
    body: bytes


class Call(NamedTuple):
    """Use of a key or another blocking resource. ``run`` takes nothing and may raise ``TrustError``."""

    run: Callable[[], Any]


class Now(NamedTuple):
    """The present; the answer's ``at`` is what is wanted."""


class Random(NamedTuple):
    """``size`` bytes from the system's cryptographic generator."""

    size: int


Request = Fetch | Call | Now | Random


class Answer(NamedTuple):
    """What one request brought, and when (aware, UTC). Exactly one of ``value`` and ``error`` counts."""

    at: datetime
    value: Any = None
    error: TrustError | None = None


Steps = Generator[tuple[Request, ...], tuple[Answer, ...], T]


class Fetcher(Protocol):
    """What the drivers ask of ``net.Http``."""

    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Response:
        """Perform one exchange; ``deadline`` is on ``time.monotonic()``'s scale. Raises ``UnavailableError``.

        ``at``: the present, given where the request says until when an answer may be kept.
        """


class World(NamedTuple):
    """What a driver reaches: clock (aware UTC), random bytes, monotonic seconds, and HTTP if it was handed in."""

    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    monotonic: Callable[[], float]
    http: Fetcher | None = None
    timeout: float | None = None


def run(steps: Steps[T], world: World) -> T:
    """Drive ``steps`` to their end, blocking; requests of one tuple run in parallel."""
    deadline = None if world.timeout is None else world.monotonic() + world.timeout
    answers: tuple[Answer, ...] | None = None
    while True:
        try:
            requests = next(steps) if answers is None else steps.send(answers)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        if len(requests) < 2:
            answers = tuple([_answer(request, world, deadline) for request in requests])
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(len(requests), 8)) as pool:
                answers = tuple(pool.map(lambda request: _answer(request, world, deadline), requests))


async def arun(steps: Steps[T], world: World) -> T:
    """Drive ``steps`` inside an event loop; whatever may block or compute for long runs in a thread."""
    import asyncio  # as costly as all of x509, and not needed by whoever only verifies

    deadline = None if world.timeout is None else world.monotonic() + world.timeout
    answers: tuple[Answer, ...] | None = None
    while True:
        requests, result = await asyncio.to_thread(_advance, steps, answers)
        if requests is None:
            return result  # type: ignore[no-any-return]
        answers = tuple(
            await asyncio.gather(*(asyncio.to_thread(_answer, request, world, deadline) for request in requests))
        )


def _advance(steps: Steps[T], answers: tuple[Answer, ...] | None) -> tuple[tuple[Request, ...] | None, Any]:
    """The next requests, or None and the result: ``StopIteration`` cannot leave a thread."""
    try:
        return (next(steps) if answers is None else steps.send(answers)), None
    except StopIteration as done:
        return None, done.value


def _answer(request: Request, world: World, deadline: float | None) -> Answer:
    try:
        value = _perform(request, world, deadline)
    except TrustError as error:
        return Answer(world.now(), error=error)
    return Answer(world.now(), value)


def _perform(request: Request, world: World, deadline: float | None) -> Any:
    if isinstance(request, Now):
        return None
    if isinstance(request, Call):
        return request.run()
    if isinstance(request, Fetch):
        if world.http is None:
            raise MisuseError("http.missing", "this needs the network and no Http was handed in", "pass http=Http()")
        if deadline is not None and world.monotonic() >= deadline:
            raise UnavailableError("net.deadline", "the time allowed for the whole operation has passed")
        if request.keep_until is None:
            return world.http.fetch(request, deadline)
        return world.http.fetch(request, deadline, world.now())
    return world.random(request.size)


def ask(request: Request) -> Steps[Any]:
    """One request, its value; its error is raised. For steps that have no other way out."""
    (answer,) = yield (request,)
    if answer.error is not None:
        raise answer.error
    return answer.value


_NOW = (Now(),)


def now() -> Steps[datetime]:
    """The present, aware, UTC."""
    (answer,) = yield _NOW
    return answer.at


def random_bytes(size: int) -> Steps[bytes]:
    """``size`` cryptographically random bytes."""
    value: bytes = yield from ask(Random(size))
    return value
