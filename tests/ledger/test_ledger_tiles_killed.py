"""Processes that write tiles and cosign, killed at any moment: the folder is whole, and no word is taken back.

``TOYONO_KILLS=200`` for the full count of kills; a few by default.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from made_log import Place, entries, signer, witness
from made_tiles import done, files, write_slowly
from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError
from toyono_trust.ledger.checkpoint import open_checkpoint
from toyono_trust.ledger.monitor import Monitor
from toyono_trust.ledger.tiles.places import TileFolder, fetch_checkpoint
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.ledger.tiles.writer import write_tiles
from toyono_trust.ledger.witness import Witness

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLS = int(os.environ.get("TOYONO_KILLS", "6"))
LOG = signer()
TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}

WRITER = """
import random, sys
from made_log import Place, entries, signer
from toyono_trust.ledger.tiles.writer import write_tiles
address, schema, folder, seed = sys.argv[1:]
chance = random.Random(seed)
with Place(address, schema or None).open() as log:
    print("ready", flush=True)
    while True:
        for _ in range(chance.randrange(1, 4)):
            log.append_many(entries(chance.choice([1, 7, 100, 300, 2_000]), log.head.size))
            log.checkpoint(signer())
        print(write_tiles(log, folder).size, flush=True)
"""

COSIGNER = """
import sys
from made_log import signer, witness
from made_tiles import done
from toyono_trust.ledger.tiles.places import TileFolder
from toyono_trust.ledger.witness import Witness
folder, memory = sys.argv[1:]
one = Witness(memory, witness(1), [signer().key])
print("ready", flush=True)
while True:
    print(done(one.cosign_from(signer().key, TileFolder(folder))).line.hex(), flush=True)
"""


def killed(code: str, seconds: float, *arguments: str) -> list[str]:
    """The lines that a process wrote until it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    return output.decode().split("\n")[:-1]  # the last one may be cut off, or is empty


def test_writers_killed_at_random_points(place: Place, tmp_path: Path) -> None:
    """What was said to be written is there, the folder is whole at its checkpoint, and a monitor sees no fault."""
    chance = random.Random("writers")
    folder = tmp_path / "tiles"
    place.create().close()
    monitor = Monitor(tmp_path / "monitor", LOG.key, read="entries")
    said = caught = 0
    for turn in range(KILLS):
        lines = killed(WRITER, chance.uniform(0, 0.4), place.address, place.schema or "", str(folder), str(turn))
        said = max([said, *map(int, lines)])
        caught += (folder / ".new").exists()
        if not (folder / "checkpoint").exists():
            assert said == 0
            continue
        at = TileFolder(folder)
        seen = open_checkpoint(done(fetch_checkpoint(at)), LOG.key).checkpoint
        assert seen.size >= said
        watched = done(monitor.follow(at))
        assert (watched.notes, watched.entries) == ((), seen.size)
        reader = TileReader(at, seen)
        for index in (0, seen.size // 2, seen.size - 1):
            assert done(reader.entry(index)) == entries(1, index)[0]
    with place.open() as log:
        write_tiles(log, folder)
        size = log.head.size if log.latest_checkpoint() is not None else 0
        note = log.latest_checkpoint()
        assert log.audit(LOG.key).sound
    assert note is not None
    size = open_checkpoint(note, LOG.key).checkpoint.size
    assert files(write_slowly(tmp_path / "slow", entries(size), note)).items() <= files(folder).items()
    assert said > 0
    assert caught or KILLS < 50


def test_witnesses_killed_at_random_points(tmp_path: Path) -> None:
    """Whatever it cosigned before it was killed, it knows after: no other history of that size is cosigned."""
    chance = random.Random("witnesses")
    memory = tmp_path / "memory"
    memory.mkdir()
    one = Witness(memory, witness(1), [LOG.key])
    for turn in range(KILLS):
        size = 10 + turn
        folder = write_slowly(tmp_path / f"{turn}", entries(size))
        fork = write_slowly(tmp_path / f"{turn} fork", entries(size, of="other"))
        lines = killed(COSIGNER, chance.choice([0, 0, 0.001, 0.003, 0.1]), str(folder), str(memory))
        last = one.last(LOG.key)
        known = None if last is None else open_checkpoint(last, LOG.key).checkpoint
        assert known is None or known.root == merkle.root([merkle.leaf_hash(each) for each in entries(known.size)])
        if lines:
            assert known is not None
            assert known.size == size
        if known is not None:
            with pytest.raises(MalformedError, match=r"witness\.fork"):
                done(one.cosign_from(LOG.key, TileFolder(fork)))
        assert done(one.cosign_from(LOG.key, TileFolder(folder))).checkpoint.size == size
