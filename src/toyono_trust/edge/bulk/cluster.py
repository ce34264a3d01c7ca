"""Workers on a Dask cluster (extra ``dask``). It is trusted as this machine is: it sees the records and could lie.

Trust, policy and catalogue are scattered once; the octets of the records travel with each batch, so that the workers
need no files. Give a worker one thread: verifying is computing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from toyono_trust.edge.bulk.case import Case
from toyono_trust.errors import MisuseError, UnavailableError

__all__ = ["cluster"]

CONNECT_SECONDS = 30


@contextmanager
def cluster(address: str, case: Case) -> Iterator[tuple[Executor, Any, int]]:
    """An executor on the cluster of a scheduler, a reference to the case on its workers, and how many these are.

    Raises ``MisuseError`` "bulk.dask" without the extra; ``UnavailableError`` "bulk.executor".
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise MisuseError(
            "bulk.dask", "Dask is not installed", "pip install 'toyono-trust[dask]', or leave --dask out"
        ) from error
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        workers = sum(client.nthreads().values())
        if not workers:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            workers = sum(client.nthreads().values())
        held = client.scatter(case, broadcast=True, hash=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UnavailableError(
            "bulk.executor", f"the cluster at {address} cannot be reached: {error}", "check the scheduler's address",
            retryable=True,
        ) from error  # fmt: skip
    try:
        executor = client.get_executor(pure=False)
        try:
            yield executor, held, workers
        finally:
            executor.shutdown(wait=False)
    finally:
        client.close()
