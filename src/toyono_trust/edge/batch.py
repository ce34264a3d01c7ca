"""Many items in other processes: batches, a limit of time for each item, and a fault that costs one item alone.

``answers`` works over any ``concurrent.futures.Executor``. ``Processes`` is the one of this package: processes and not
threads, because judging is computing. A worker is spawned, so that it shares nothing with the program and can be ended
at any instant. What all items need (trust, policy) is loaded once by each worker.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from multiprocessing import get_context
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol

from toyono_trust.edge.console import INTERNAL, Complaint
from toyono_trust.edge.judging import Judge, Outcome, Setting, refused, timed_out
from toyono_trust.errors import UnavailableError

__all__ = ["MAX_BATCH", "File", "Here", "Lost", "Processes", "Shared", "answers", "cores", "outcomes", "work"]

MAX_BATCH = 200
"""Items handed to a worker at once: enough that the talk between processes costs nothing."""
START_SECONDS = 60.0
"""A worker that has not loaded trust and policy by then will not; loading is not the files' time."""
MAX_LOST = 20
"""Items in a row that a foreign executor may lose before it is taken for broken: Dask gives an item four workers."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Shared(Protocol):
    """What all items need; can be pickled. ``key`` names it: a worker loads it once."""

    @property
    def key(self) -> str:
        """Equal for equal ones, and for no others."""

    def load(self) -> Callable[[Any], Any]:
        """The function from an item to its answer; both can be pickled, and nothing is raised for an item."""


class Lost(NamedTuple):
    """Instead of an answer. ``kind``: "late" (time was up), "ended" (the worker died), "failed" (anything else)."""

    kind: str
    reason: str


class WorkerLost(Exception):
    """A worker of ``Processes`` is gone. ``done``: how many items of its batch it had finished."""

    def __init__(self, lost: Lost, done: int) -> None:
        super().__init__(lost.reason)
        self.lost, self.done = lost, done


# -- in a worker

_loaded: dict[str, Callable[[Any], Any]] = {}
_loading = threading.Lock()
_finished: Any = None
"""Counts the items of the batch that are finished, where the program looks at it."""


def work(shared: Shared | str, items: Sequence[Any]) -> list[Any]:
    """Answer a batch. ``shared``: what is needed, or its key, where the worker was given it when it began."""
    answer = _answering(shared)
    found = []
    for item in items:
        found.append(answer(item))
        if _finished is not None:
            _finished.value += 1
    return found


def _answering(shared: Shared | str) -> Callable[[Any], Any]:
    key = shared if isinstance(shared, str) else shared.key
    found = _loaded.get(key)
    if found is None:
        with _loading:
            found = _loaded.get(key)
            if found is None:
                assert not isinstance(shared, str)
                _loaded.clear()  # of one run, there is one
                found = _loaded[key] = shared.load()
    return found


def _serve(pipe: Any, finished: Any, shared: Shared) -> None:
    """A worker's life: load, say so, answer until the program hangs up. Interrupts are the program's to answer."""
    global _finished
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _answering(shared)
        _finished = finished
        pipe.send(None)
        while True:
            function, arguments = pipe.recv()
            pipe.send(_called(function, arguments))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*arguments)
    # What a worker raises is the caller's to see, as with every executor.
    except Exception as error:  # noqa: BLE001
        return False, f"{type(error).__name__}: {error}"


# -- in the program


class Processes(Executor):
    """Spawned workers that all have ``shared``; one that dies or is late fails its batch alone.

    ``limit``: seconds for one item, after which its worker is ended; None for no limit.
    """

    def __init__(self, jobs: int, shared: Shared, limit: float | None = None) -> None:
        self._shared, self._limit = shared, limit
        self._queue: SimpleQueue[tuple[Future[Any], Any, tuple[Any, ...]] | None] = SimpleQueue()
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(jobs)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a worker call a function; keywords are not taken."""
        if self._closed or kwargs:
            raise RuntimeError("the workers are gone, or take no keywords")
        future: Future[Any] = Future()
        self._queue.put((future, fn, args))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every worker, at once unless it is to be waited for; what was not begun is then cancelled."""
        if not wait or cancel_futures:
            self._closed = True
            with self._lock:
                for worker in self._workers:
                    worker.process.terminate()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._closed = True

    def _run(self) -> None:
        """Lead one worker, and another where it is lost."""
        worker: _Worker | None = None
        while (asked := self._queue.get()) is not None:
            future, function, arguments = asked
            if self._closed:
                future.cancel()
                continue
            if not future.set_running_or_notify_cancel():
                continue
            try:
                worker = worker or self._begin()
                future.set_result(worker.ask((function, arguments), self._limit))
            except WorkerLost as lost:
                self._end(worker)
                worker = None
                future.set_exception(lost)
            # Any other is the batch's: what cannot be pickled, what the function raised.
            except Exception as error:  # noqa: BLE001
                future.set_exception(error)
        self._end(worker)

    def _begin(self) -> _Worker:
        worker = _Worker(self._shared)
        with self._lock:
            self._workers.add(worker)
            if self._closed:
                worker.process.terminate()
        try:
            worker.expect()
        except WorkerLost:
            self._end(worker)
            raise
        return worker

    def _end(self, worker: _Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._workers.discard(worker)
            worker.end()


class _Worker:
    """One process, its pipe, and the count of what it has finished of its batch."""

    def __init__(self, shared: Shared) -> None:
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.finished: Any = context.RawValue("q", 0)
        self.process: Any = context.Process(target=_serve, args=(other, self.finished, shared), daemon=True)
        self.process.start()
        other.close()

    def expect(self) -> None:
        """Wait until it has loaded."""
        try:
            ready = self.pipe.poll(START_SECONDS)
            if ready:
                self.pipe.recv()
                return
        except (EOFError, OSError):
            pass
        self.process.join(1.0)
        reason = f"a worker process did not start (exit code {self.process.exitcode})"
        raise WorkerLost(Lost("unstarted", reason), 0)

    def ask(self, call: Any, limit: float | None) -> Any:
        """Hand a batch over and wait. Raises ``WorkerLost``, and what the call raised."""
        self.finished.value = 0
        try:
            self.pipe.send(call)
            if limit is not None:
                self._watch(limit)
            good, value = self.pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionError) as error:
            self.process.join(1.0)
            reason = f"the worker process ended with exit code {self.process.exitcode}"
            raise WorkerLost(Lost("ended", reason), self.finished.value) from error
        if not good:
            raise RuntimeError(value)
        return value

    def _watch(self, limit: float) -> None:
        """Return when there is an answer; no item may take longer than the limit."""
        seen, since = 0, time.monotonic()
        while not self.pipe.poll(max(0.01, min(0.25, limit / 8))):
            now, count = time.monotonic(), self.finished.value
            if count != seen:
                seen, since = count, now
            elif now - since >= limit:
                raise WorkerLost(Lost("late", f"{limit:g}"), count)

    def end(self) -> None:
        self.process.terminate()
        self.process.join(1.0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


class Here(Executor):
    """Does everything in this thread, when it is asked for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        # As every executor does; an interrupt passes through.
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future


def answers(
    items: Sequence[Any], shared: Any, executor: Executor, *, size: int, ahead: int
) -> Iterator[list[tuple[int, Any]]]:
    """The answer to every item, or ``Lost``, with its index: batch by batch, as they become known.

    Args:
        items: what ``Shared.load``'s function takes.
        shared: a ``Shared``, its key where the executor's workers have it, or the executor's own reference to it.
        executor: any; where a worker of it is lost, the items of its batch are tried one by one.
        size: items of a batch.
        ahead: batches handed out at once.

    Raises ``UnavailableError`` "bulk.executor" where the executor itself is broken.
    """
    waiting: deque[Sequence[int]] = deque()
    fresh = (range(start, min(start + size, len(items))) for start in range(0, len(items), size))
    running: dict[Future[Any], Sequence[int]] = {}
    lost_in_a_row = 0
    while True:
        while len(running) < ahead:
            batch = waiting.popleft() if waiting else next(fresh, None)
            if batch is None:
                break
            running[_submitted(executor, shared, [items[index] for index in batch])] = batch
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            batch = running.pop(future)
            found, again = _settled(future, batch)
            waiting.extendleft(reversed(again))
            lost_in_a_row = 0 if not any(isinstance(one, Lost) for _, one in found) else lost_in_a_row + len(found)
            foreign = not isinstance(executor, Processes)
            if foreign and lost_in_a_row > MAX_LOST:
                raise _broken(str(found[-1][1].reason))
            if found:
                yield found


def _submitted(executor: Executor, shared: Any, items: list[Any]) -> Future[Any]:
    try:
        return executor.submit(work, shared, items)
    except (BrokenExecutor, RuntimeError) as error:
        raise _broken(str(error)) from error


def _settled(future: Future[Any], batch: Sequence[int]) -> tuple[list[tuple[int, Any]], list[Sequence[int]]]:
    """What is known of a batch now, and what of it has to be tried again."""
    try:
        return list(zip(batch, future.result(), strict=True)), []
    except WorkerLost as error:
        if error.lost.kind == "unstarted":
            raise RuntimeError(error.lost.reason) from error
        at = min(error.done, len(batch) - 1)
        return [(batch[at], error.lost)], [part for part in (batch[:at], batch[at + 1 :]) if part]
    except (BrokenExecutor, CancelledError) as error:
        raise _broken(str(error) or type(error).__name__) from error
    # Whatever an executor raises for one batch, the others are still to be answered.
    except Exception as error:  # noqa: BLE001
        if len(batch) > 1:
            return [], [[index] for index in batch]
        return [(batch[0], Lost("failed", f"{type(error).__name__}: {error}"))], []


def _broken(reason: str) -> UnavailableError:
    return UnavailableError(
        "bulk.executor", f"the workers are gone: {reason}", "start again; with --resume what is done is kept",
        retryable=True,
    )  # fmt: skip


# -- lists of files, each with its own report


class File(NamedTuple):
    """A file to verify; ``data`` where it was read from standard input."""

    name: str
    data: bytes | None = None


class _Listed(NamedTuple):
    """A ``Shared`` whose answers are outcomes."""

    setting: Setting

    @property
    def key(self) -> str:
        return repr(self.setting)

    def load(self) -> Callable[[File], Outcome]:
        judge = Judge(self.setting)
        return lambda file: judge.outcome(file.name, file.data)


def outcomes(
    files: Sequence[File], setting: Setting, *, jobs: int, timeout: float | None
) -> Iterator[tuple[int, Outcome]]:
    """The outcome of every file with its index, in the order in which they become known.

    ``timeout``: seconds for one file, None for no limit.
    """
    shared = _Listed(setting)
    jobs = min(jobs, len(files))
    size = max(1, min(MAX_BATCH, len(files) // (4 * jobs)))
    executor = Processes(jobs, shared, timeout)
    try:
        found = answers(files, shared.key, executor, size=size, ahead=2 * jobs)
        for index, one in itertools.chain.from_iterable(found):
            yield index, _of_lost(files[index].name, one, setting) if isinstance(one, Lost) else one
    finally:
        executor.shutdown(wait=False)


def _of_lost(name: str, lost: Lost, setting: Setting) -> Outcome:
    if lost.kind == "late":
        return timed_out(name, float(lost.reason), setting)
    return refused(name, Complaint(INTERNAL, "internal", file=name, reason=lost.reason), setting)
