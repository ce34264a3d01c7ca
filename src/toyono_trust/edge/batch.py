"""Many files in worker processes: batches, order kept, a limit of time for each file that ends its worker.

Processes and not threads, because judging is computing. A worker is spawned, so that it shares nothing with the
program and can be ended at any instant; it loads trust and policy itself.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import connection, get_context
from typing import Any, NamedTuple

from toyono_trust.edge.console import INTERNAL, Complaint
from toyono_trust.edge.judging import Judge, Outcome, Setting, refused, timed_out

__all__ = ["File", "outcomes"]

MAX_BATCH = 200
"""Files handed to a worker at once: enough that the talk between processes costs nothing."""
START_SECONDS = 60.0
"""A worker that has not loaded trust and policy by then will not; loading is not the files' time."""


class File(NamedTuple):
    """A file to verify; ``data`` where it was read from standard input."""

    name: str
    data: bytes | None = None


def outcomes(
    files: Sequence[File], setting: Setting, *, jobs: int, timeout: float | None
) -> Iterator[tuple[int, Outcome]]:
    """The outcome of every file with its index, in the order in which they become known.

    ``timeout``: seconds for one file, None for no limit.
    """
    pool = _Pool(files, setting, timeout)
    try:
        yield from pool.run(min(jobs, len(files)))
    finally:
        pool.close()


class _Worker:
    """One process, the files that it still has to answer for, and when it last said something."""

    def __init__(self, setting: Setting) -> None:
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process: Any = context.Process(target=_work, args=(other, setting), daemon=True)
        self.process.start()
        other.close()
        self.pending: deque[int] = deque()
        self.ready = False
        self.heard = time.monotonic()

    def end(self) -> None:
        self.process.terminate()
        self.process.join(1.0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


class _Pool:
    def __init__(self, files: Sequence[File], setting: Setting, timeout: float | None) -> None:
        self.files, self.setting, self.timeout = files, setting, timeout
        self.waiting: deque[int] = deque(range(len(files)))
        self.workers: list[_Worker] = []

    def run(self, jobs: int) -> Iterator[tuple[int, Outcome]]:
        batch = max(1, min(MAX_BATCH, len(self.files) // (4 * jobs)))
        while self.waiting or any(worker.pending for worker in self.workers):
            while self.waiting and len(self.workers) < jobs:
                self.workers.append(_Worker(self.setting))
            for worker in self.workers:
                if worker.ready and not worker.pending and self.waiting:
                    self._hand_out(worker, batch)
            ready = connection.wait([worker.pipe for worker in self.workers], self._patience())
            for worker in list(self.workers):
                if worker.pipe in ready:
                    yield from self._hear(worker)
                elif self._late(worker):
                    yield from self._give_up(worker, ended=False)

    def close(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.end()
        self.workers = []

    def _hand_out(self, worker: _Worker, batch: int) -> None:
        worker.pending.extend(self.waiting.popleft() for _ in range(min(batch, len(self.waiting))))
        worker.heard = time.monotonic()
        worker.pipe.send([(index, self.files[index]) for index in worker.pending])

    def _hear(self, worker: _Worker) -> Iterator[tuple[int, Outcome]]:
        """What a worker says: that it is ready, one outcome, or nothing more, because it died."""
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._give_up(worker, ended=True)
            return
        worker.heard = time.monotonic()
        if message is None:
            worker.ready = True
            return
        index, outcome = message
        worker.pending.remove(index)
        yield index, outcome

    def _allowed(self, worker: _Worker) -> float | None:
        if not worker.ready:
            return START_SECONDS
        return self.timeout if worker.pending else None

    def _patience(self) -> float | None:
        now = time.monotonic()
        limits = [(worker.heard, self._allowed(worker)) for worker in self.workers]
        return min((max(0.0, heard + allowed - now) for heard, allowed in limits if allowed is not None), default=None)

    def _late(self, worker: _Worker) -> bool:
        allowed = self._allowed(worker)
        return allowed is not None and time.monotonic() >= worker.heard + allowed

    def _give_up(self, worker: _Worker, *, ended: bool) -> Iterator[tuple[int, Outcome]]:
        """End a worker; the file it was at gets its outcome, the rest of its batch goes back to the front."""
        self.workers.remove(worker)
        worker.end()
        if not worker.ready:
            raise RuntimeError(f"a worker process did not start (exit code {worker.process.exitcode})")
        if not worker.pending:
            return
        index = worker.pending.popleft()
        self.waiting.extendleft(reversed(worker.pending))
        name = self.files[index].name
        if ended:
            reason = f"the worker process ended with exit code {worker.process.exitcode}"
            yield index, refused(name, Complaint(INTERNAL, "internal", file=name, reason=reason), self.setting)
        else:
            yield index, timed_out(name, self.timeout or START_SECONDS, self.setting)


def _work(pipe: Any, setting: Setting) -> None:
    """A worker's life: load, say so, answer batches until the program hangs up or interrupts."""
    try:
        judge = Judge(setting)
        pipe.send(None)
        while True:
            for index, file in pipe.recv():
                pipe.send((index, judge.outcome(file.name, file.data)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
