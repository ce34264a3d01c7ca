"""Who is trusted in tests with foreign programs, and the one process of EU DSS that they share."""

from collections.abc import Iterator

import pytest

from interop import dss_peer, dss_town
from peer_town import trust

__all__ = ["trust"]


@pytest.fixture(scope="session")
def dss() -> Iterator[dss_peer.Dss]:
    yield from dss_peer.running()


@pytest.fixture(scope="session")
def situation() -> Iterator[dss_town.Situation]:
    yield from dss_town.running()
