"""Tiles (C2SP tlog-tiles): written step by step they are those of the specification, and prove what the log does."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, Place, entries, entry, signer, witness
from made_tiles import AT, Died, checkpoint_of, cut_off, done, files, write_slowly
from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, cosign, open_checkpoint
from toyono_trust.ledger.files import locked
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import check_proof, read_proof, write_proof
from toyono_trust.ledger.tiles.layout import ENTRIES, Tile, bundle, partial_tiles, split_bundle
from toyono_trust.ledger.tiles.places import TileFolder, fetch_checkpoint, open_place
from toyono_trust.ledger.tiles.proving import prove_from
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.ledger.tiles.writer import write_tiles

LOG = signer()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EvidenceLog]:
    with Place(str(tmp_path / "log.db")).create() as opened:
        yield opened


def grow(log: EvidenceLog, size: int) -> bytes:
    log.append_many(entries(size - log.head.size, log.head.size))
    return log.checkpoint(LOG)


def reader(folder: Path) -> TileReader:
    place = TileFolder(folder)
    return TileReader(place, open_checkpoint(done(fetch_checkpoint(place)), LOG.key).checkpoint)


def check_folder(folder: Path, size: int) -> None:
    """The folder is whole at this size: all entries, their inclusion, and its beginnings are in the tiles alone."""
    read = reader(folder)
    assert read.checkpoint.size == size
    found: list[bytes] = []
    while len(found) < size:
        found += done(read.entries(len(found)))
    assert found == entries(size)
    for index in {0, size // 3, size - 1} if size else ():
        assert done(read.prove_inclusion(index)).leaf == merkle.leaf_hash(found[index])
    leaves = [merkle.leaf_hash(one) for one in found]
    for first in {0, size // 2, size}:
        assert done(read.beginning(first)).root == merkle.root(leaves[:first])


# -- names and octets


@pytest.mark.parametrize(
    ("tile", "name"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(3, 999, 17), "tile/3/999.p/17"),
        (Tile(ENTRIES, 1_000, 255), "tile/entries/x001/000.p/255"),
    ],
)
def test_names(tile: Tile, name: str) -> None:
    assert tile.name == name


def test_the_example_of_the_specification() -> None:
    """70,000 entries: 273 full and one of 112 on level 0, one full and one of 17 on level 1, one of 1 on level 2."""
    assert Tile.of(0, 272, 70_000).width == 256
    assert list(partial_tiles(70_000)) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(partial_tiles(256)) == [Tile(1, 0, 1)]
    assert list(partial_tiles(0)) == []


@pytest.mark.parametrize(
    ("level", "index", "size"), [(0, 0, 0), (0, -1, 9), (0, 1, 256), (8, 0, 1 << 63), (-2, 0, 1), (1, 0, 255)]
)
def test_tiles_that_no_tree_has(level: int, index: int, size: int) -> None:
    with pytest.raises(MisuseError, match=r"merkle\.range"):
        Tile.of(level, index, size)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_read_as_written(given_entries: list[bytes]) -> None:
    octets = bundle(given_entries)
    assert split_bundle(octets, len(given_entries)) == given_entries
    for wrong in {octets + b"\0", octets[:-1]} - {octets}:
        with pytest.raises(MalformedError, match=r"tiles\.size"):
            split_bundle(wrong, len(given_entries))


# -- writing


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 1_000, 70_000])
def test_written_at_once(log: EvidenceLog, tmp_path: Path, size: int) -> None:
    grow(log, size)
    written = write_tiles(log, tmp_path / "tiles")
    assert (written.since, written.size) == (0, size)
    assert files(tmp_path / "tiles") == files(write_slowly(tmp_path / "slow", entries(size)))
    assert written.files == len(files(tmp_path / "tiles")) - 1
    check_folder(tmp_path / "tiles", size)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=12))
def test_written_step_by_step(tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, bool]]) -> None:
    """Whenever checkpoints are signed and tiles written: the same full tiles, and every checkpoint can be read."""
    tmp_path = tmp_path_factory.mktemp("steps")
    folder = tmp_path / "tiles"
    kept: dict[str, bytes] = {}
    with Place(str(tmp_path / "log.db")).create() as log:
        notes = []
        for more, writes in [*turns, (1, True)]:
            notes.append(grow(log, log.head.size + more))
            if writes:
                write_tiles(log, folder)
                now = files(folder)
                full = {name: octets for name, octets in kept.items() if ".p/" not in name and name != "checkpoint"}
                assert full.items() <= now.items()
                kept = now
                check_folder(folder, log.head.size)
        whole = files(write_slowly(tmp_path / "slow", entries(log.head.size)))
        assert whole.items() <= kept.items()
        for octets in notes:  # of any checkpoint that the log has signed
            checkpoint = open_checkpoint(octets, LOG.key).checkpoint
            read = TileReader(TileFolder(folder), checkpoint)
            for index in range(0, checkpoint.size, 97):
                assert done(read.entry(index)) == entry(index)
            assert len([name for name in kept if ".p/" in name]) <= 3 * 256
    shutil.rmtree(tmp_path)


def test_every_signed_size_has_its_partial_tiles_until_they_are_full(log: EvidenceLog, tmp_path: Path) -> None:
    for size in (10, 20, 30):
        grow(log, size)
    write_tiles(log, tmp_path / "tiles")
    assert {name for name in files(tmp_path / "tiles") if name.startswith("tile/0/")} == {
        "tile/0/000.p/10",
        "tile/0/000.p/20",
        "tile/0/000.p/30",
    }
    grow(log, 300)
    write_tiles(log, tmp_path / "tiles")
    assert set(files(tmp_path / "tiles")) == {
        *("checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"),
        *("tile/entries/000", "tile/entries/001.p/44"),
    }


def test_partial_tiles_that_are_full_by_now_are_not_written(log: EvidenceLog, tmp_path: Path) -> None:
    for size in (300, 65_800, 65_900):
        grow(log, size)
    write_tiles(log, tmp_path / "tiles")
    assert {name for name in files(tmp_path / "tiles") if ".p/" in name} == {
        *("tile/0/257.p/8", "tile/0/257.p/108", "tile/entries/257.p/8", "tile/entries/257.p/108"),
        *("tile/1/001.p/1", "tile/2/000.p/1"),
    }


def test_nothing_new_writes_nothing(log: EvidenceLog, tmp_path: Path) -> None:
    grow(log, 300)
    write_tiles(log, tmp_path / "tiles")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tiles").rglob("*") if path.is_file()}
    log.append_many(entries(5, 300))  # not signed yet
    assert write_tiles(log, tmp_path / "tiles") == (300, 300, 0)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tiles").rglob("*") if path.is_file()} == before


def test_cosignatures_that_come_later(log: EvidenceLog, tmp_path: Path) -> None:
    note = grow(log, 3)
    write_tiles(log, tmp_path / "tiles")
    cosigned = log.add_cosignatures(cosign(note, LOG.key, witness(1), AT), WitnessPolicy.of(1, witness(1).key))
    assert write_tiles(log, tmp_path / "tiles").files == 0
    assert (tmp_path / "tiles" / "checkpoint").read_bytes() == cosigned


def test_an_empty_log(log: EvidenceLog, tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=r"ledger\.range"):
        write_tiles(log, tmp_path / "tiles")
    assert not (tmp_path / "tiles").exists()
    log.checkpoint(LOG)
    write_tiles(log, tmp_path / "tiles")
    assert list(files(tmp_path / "tiles")) == ["checkpoint"]
    check_folder(tmp_path / "tiles", 0)


# -- contradictions


@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/000", "tile/0/001.p/44", "tile/1/000.p/1"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_file_that_differs_is_told_and_not_written_over(
    log: EvidenceLog, tmp_path: Path, name: str, interrupted: bool
) -> None:
    folder = tmp_path / "tiles"
    grow(log, 300)
    write_tiles(log, folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    if interrupted:
        (folder / "checkpoint").unlink()
    before = files(folder)
    grow(log, 600)
    if not interrupted and ".p/" not in name:
        write_tiles(log, folder)  # full tiles of the checkpoint that is there are not looked at again
        assert path.read_bytes() == before[name]
        return
    if interrupted and name == "tile/0/001.p/44":
        write_tiles(log, folder)  # nobody was told of it, and nobody needs it any more
        assert not path.exists()
        return
    with pytest.raises(UnavailableError, match=r"tiles\.differs") as caught:
        write_tiles(log, folder)
    assert not caught.value.retryable
    assert files(folder) == before


def test_a_folder_of_another_log(log: EvidenceLog, tmp_path: Path) -> None:
    grow(log, 3)
    folder = write_slowly(tmp_path / "tiles", entries(2), checkpoint_of(entries(2), signer("other.example/log")))
    before = files(folder)
    with pytest.raises(MisuseError, match=r"tiles\.other-log"):
        write_tiles(log, folder)
    (folder / "checkpoint").write_bytes(b"")
    with pytest.raises(MisuseError, match=r"tiles\.other-log"):
        write_tiles(log, folder)
    (folder / "checkpoint").write_bytes(before["checkpoint"])
    assert files(folder) == before


@pytest.mark.parametrize(("there", "ours"), [(5, 3), (3, 3), (3, 5), (300, 600), (256, 600)])
def test_a_folder_that_the_log_does_not_continue(log: EvidenceLog, tmp_path: Path, there: int, ours: int) -> None:
    """Signed by the same key: a store that was set back, or a copy of the log that went its own way."""
    folder = write_slowly(tmp_path / "tiles", entries(there, of="other"))
    before = files(folder)
    grow(log, ours)
    with pytest.raises(UnavailableError, match=r"tiles\.differs"):
        write_tiles(log, folder)
    assert files(folder) == before


def test_entries_that_are_not_what_was_signed(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "log.db"))
    with place.create() as log:
        grow(log, 400)
        write_tiles(log, tmp_path / "tiles")
        before = files(tmp_path / "tiles")
        grow(log, 900)
        place.sql("UPDATE {log}entry SET commitment = ? WHERE position = 700", bytes(32))
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            write_tiles(log, tmp_path / "tiles")
        place.sql("DELETE FROM {log}entry WHERE position = 700")
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            write_tiles(log, tmp_path / "tiles")
        assert files(tmp_path / "tiles") == before


def test_two_writers(log: EvidenceLog, tmp_path: Path) -> None:
    grow(log, 3)
    with locked(tmp_path / ".lock", wait=False), pytest.raises(UnavailableError, match=r"ledger\.busy") as caught:
        write_tiles(log, tmp_path)
    assert caught.value.retryable
    write_tiles(log, tmp_path)


# -- interruptions


@pytest.mark.parametrize("error", [Died(), OSError(errno.ENOSPC, "No space left on device")], ids=["died", "full"])
def test_cut_off_after_any_number_of_changes(log: EvidenceLog, tmp_path: Path, error: BaseException) -> None:
    """At every single point: the folder is whole at the old checkpoint or at the new one, and the next run goes on."""
    notes = {size: grow(log, size) for size in (250, 520)}
    whole = files(write_slowly(tmp_path / "slow", entries(520)))
    first = write_slowly(tmp_path / "first", entries(250), notes[250])
    for after in range(200):
        folder = tmp_path / "tiles"
        shutil.copytree(first, folder)
        told = ""
        try:
            with cut_off(after, error):
                write_tiles(log, folder)
        except Died:
            told = "died"
        except UnavailableError as problem:
            told = problem.code
        if not told:
            assert after > 20
            break
        assert told == ("died" if isinstance(error, Died) else "ledger.full")
        size = 520 if (folder / "checkpoint").read_bytes() == notes[520] else 250
        check_folder(folder, size)
        write_tiles(log, folder)
        assert whole.items() <= files(folder).items()
        assert not any(path.name.startswith(".new") for path in folder.iterdir())
        shutil.rmtree(folder)
    else:
        pytest.fail("it was never done")


TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}


def test_a_quota(log: EvidenceLog, tmp_path: Path) -> None:
    """Files may not become as large as a tile: the error says so, the folder is whole."""
    grow(log, 200)
    write_tiles(log, tmp_path / "tiles")
    before = files(tmp_path / "tiles")
    grow(log, 600)
    code = """
import resource, signal, sys
from made_log import Place
from toyono_trust.ledger.tiles.writer import write_tiles
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = Place(sys.argv[1]).open()
log.head
resource.setrlimit(resource.RLIMIT_FSIZE, (7000, resource.RLIM_INFINITY))
try:
    write_tiles(log, sys.argv[2])
except Exception as error:
    print(error.code)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "log.db"), str(tmp_path / "tiles")]
    done_there = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT, timeout=60)
    assert done_there.stdout == "ledger.full\n"
    assert files(tmp_path / "tiles") == before
    write_tiles(log, tmp_path / "tiles")
    check_folder(tmp_path / "tiles", 600)


# -- reading


def test_proofs_from_tiles_are_those_of_the_log(log: EvidenceLog, tmp_path: Path) -> None:
    size = 66_300
    grow(log, size)
    write_tiles(log, tmp_path)
    read = reader(tmp_path)
    chance = random.Random("proofs")
    for index in [0, 255, 256, 65_535, 65_536, size - 1, *(chance.randrange(size) for _ in range(40))]:
        assert list(done(read.prove_inclusion(index)).path) == log.prove_inclusion(index, size)
        assert done(read.entry(index)) == entry(index)
        found = done(read.beginning(index + 1))
        assert list(found.path) == log.prove_consistency(index + 1, size)
    for wrong in (-1, size):
        with pytest.raises(MisuseError, match=r"merkle\.range"):
            done(read.prove_inclusion(wrong))
        with pytest.raises(MisuseError, match=r"merkle\.range"):
            done(read.entries(wrong))
    with pytest.raises(MisuseError, match=r"merkle\.range"):
        done(read.beginning(size + 1))


def test_a_proof_file_from_tiles_alone(log: EvidenceLog, tmp_path: Path) -> None:
    note = grow(log, 700)
    write_tiles(log, tmp_path / "tiles")
    place = TileFolder(tmp_path / "tiles")
    for index in (0, 300, 699):
        proof = done(prove_from(place, LOG.key, index))
        assert read_proof(write_proof(proof)) == proof == log.prove(index, checkpoint=note)
        assert check_proof(write_proof(proof), LOG.key).entry == entry(index)
    for index in (-1, 700):
        with pytest.raises(MisuseError, match=r"ledger\.range"):
            done(prove_from(place, LOG.key, index))
    with pytest.raises(MalformedError, match=r"checkpoint\.origin"):
        done(prove_from(place, signer("other.example/log").key, 0))


def test_a_place_is_named_soundly(tmp_path: Path) -> None:
    assert open_place(tmp_path) == open_place(str(tmp_path))
    assert open_place("https://log.example.jp/evidence/").ask("checkpoint", 9).url == (  # type: ignore[union-attr]
        "https://log.example.jp/evidence/checkpoint"
    )
    for address in ("ftp://x/y", "http://", "https:///", "http://x/?q", "http://x/a b", "http://x/#f", tmp_path / "no"):
        with pytest.raises(MisuseError, match=r"tiles\.address"):
            open_place(address)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"tiles\.missing"):
        done(fetch_checkpoint(TileFolder(tmp_path)))
    read = TileReader(TileFolder(tmp_path), Checkpoint(ORIGIN, 300, bytes(32)))
    for steps in read.prove_inclusion(5), read.beginning(7), read.entries(0), read.entry(299):
        with pytest.raises(UnavailableError, match=r"tiles\.missing"):
            done(steps)
