"""Logs that show a monitor another history, and hide what would prove it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from made_log import ORIGIN, entries, signer
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.monitor import Monitor, Watched
from toyono_trust.ledger.tiles.places import TileFolder
from toyono_trust.ledger.tiles.writer import write_tiles
from toyono_trust.steps import Answer, Fetch, World, run

LOG = signer(ORIGIN)
AT = datetime(2027, 4, 1, tzinfo=UTC)


class _NoNetwork:
    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Answer:
        raise AssertionError(request.url)


def look(monitor: Monitor, folder: Path) -> Watched:
    world = World(lambda: AT, os.urandom, lambda: 0.0, _NoNetwork())  # type: ignore[arg-type]
    return run(monitor.follow(TileFolder(folder)), world)


@pytest.mark.parametrize("size", [601, 599])
def test_a_history_shown_once_without_its_tiles_is_found_when_the_other_has_grown(tmp_path: Path, size: int) -> None:
    with (
        EvidenceLog.create(tmp_path / "true.db", LOG.key) as true,
        EvidenceLog.create(tmp_path / "other.db", LOG.key) as other,
    ):
        true.append_many(entries(600))
        true.checkpoint(LOG)
        other.append_many([*entries(3), *entries(size - 3, of="other")])
        other.checkpoint(LOG)
        write_tiles(true, tmp_path / "true")
        write_tiles(other, tmp_path / "hidden")
        shutil.rmtree(tmp_path / "hidden" / "tile")
        monitor = Monitor(tmp_path / "monitor", LOG.key)
        assert look(monitor, tmp_path / "true").notes == ()
        assert not look(monitor, tmp_path / "hidden").sound
        true.append_many(entries(10, 600))
        true.checkpoint(LOG)
        write_tiles(true, tmp_path / "true")
        found = look(monitor, tmp_path / "true")
    assert [fork.size for fork in found.forks] == [size]
    assert not found.sound
