"""Folders and servers of tiles that lie, lure and swell: refused, within work bounded by what is there."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gathering_site import Told, site
from made_log import ORIGIN, entries, signer, witness
from made_tiles import checkpoint_of, done, write_slowly
from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError, TrustError, UnavailableError
from toyono_trust.ledger import note as notes
from toyono_trust.ledger.checkpoint import MAX_SIZE, Checkpoint, cosign, open_checkpoint, sign_checkpoint
from toyono_trust.ledger.monitor import Monitor
from toyono_trust.ledger.note import MAX_SIGNATURES
from toyono_trust.ledger.tiles.places import TileFolder, fetch_checkpoint, open_place
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.ledger.witness import Witness
from toyono_trust.net import Http
from toyono_trust.steps import Answer, Request, Steps

LOG = signer()
SIZE = 300
NOTE = checkpoint_of(entries(SIZE))
TREE = open_checkpoint(NOTE, LOG.key).checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_slowly(tmp_path / "tiles", entries(SIZE))


def all_reads(reader: TileReader) -> list[Steps[object]]:
    return [
        *(reader.prove_inclusion(index) for index in (0, 255, 256, 299)),
        *(reader.beginning(size) for size in (1, 255, 256, 299)),
        *(reader.entry(index) for index in (0, 299)),
    ]


def refused(reader: TileReader, *codes: str) -> None:
    """Every read is refused for one of these reasons, or is untouched by what was done."""
    found = set()
    for steps in all_reads(reader):
        try:
            done(steps)
        except TrustError as error:
            found.add(error.code)
    assert found
    assert found <= set(codes)


# -- files


FILES = ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "change",
    [
        lambda octets: b"",
        lambda octets: octets[:-1],
        lambda octets: octets + b"\0",
        lambda octets: octets + octets,
        lambda octets: octets[:-34],
        lambda octets: octets + octets[:32],
        lambda octets: octets + 10_000_000 * b"\0",
    ],
)
def test_a_file_of_another_size(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    refused(TileReader(TileFolder(folder), TREE), "tiles.size")


@pytest.mark.parametrize("name", FILES)
def test_any_flipped_bit_is_found(folder: Path, name: str) -> None:
    path = folder / name
    octets = path.read_bytes()
    chance = random.Random(name)
    for turn in range(20):
        changed = bytearray(octets)
        changed[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        state = folder.parent / f"state {turn}"
        done(Monitor(state, LOG.key).follow(TileFolder(write_slowly(folder.parent / "before", entries(200)))))
        watched = done(Monitor(state, LOG.key, read="entries").follow(TileFolder(folder)))
        if name.startswith("tile/entries"):
            assert {note.code for note in watched.notes} <= {"monitor.entries", "tiles.size"}
            assert watched.notes
            assert watched.entries == 0
        else:
            assert {note.code for note in watched.notes} <= {"tiles.wrong"}
        assert watched.forks == ()


def test_tiles_of_another_log(tmp_path: Path) -> None:
    write_slowly(tmp_path, entries(SIZE, of="other"), NOTE)
    for steps in all_reads(TileReader(TileFolder(tmp_path), TREE)):
        with pytest.raises(MalformedError, match=r"tiles\.wrong"):
            done(steps)


def test_an_entry_that_is_not_the_leafs(folder: Path) -> None:
    path = folder / "tile" / "entries" / "001.p" / "44"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    reader = TileReader(TileFolder(folder), TREE)
    assert done(reader.entry(298)) == entries(1, 298)[0]
    with pytest.raises(MalformedError, match=r"tiles\.wrong"):
        done(reader.entry(299))


def test_wider_than_the_checkpoint_has(tmp_path: Path) -> None:
    """A partial tile that is wider is another file; a full one in its place is read up to where it counts."""
    folder = write_slowly(tmp_path, entries(512), NOTE)
    shutil.rmtree(folder / "tile" / "1")
    (folder / "tile" / "1" / "000.p").mkdir(parents=True)
    (folder / "tile" / "1" / "000.p" / "1").write_bytes(merkle.root(list(map(merkle.leaf_hash, entries(256)))))
    reader = TileReader(TileFolder(folder), TREE)
    for steps in all_reads(reader):
        done(steps)
    partial = folder / "tile" / "0" / "001.p" / "44"
    partial.parent.mkdir()
    partial.write_bytes((folder / "tile" / "0" / "001").read_bytes())
    refused(reader, "tiles.size")


# -- links and other places


@pytest.mark.parametrize("name", ["tile", "tile/0", "tile/0/001.p", "tile/0/001.p/44", "tile/0/000", "checkpoint"])
def test_links_are_not_followed(folder: Path, name: str, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    path = folder / name
    path.rename(there)
    path.symlink_to(there)
    if name == "checkpoint":
        with pytest.raises(UnavailableError, match=r"tiles\.place"):
            done(fetch_checkpoint(TileFolder(folder)))
    else:
        refused(TileReader(TileFolder(folder), TREE), "tiles.place")


def test_what_is_no_file(folder: Path) -> None:
    path = folder / "tile" / "0" / "000"
    path.unlink()
    os.mkfifo(path)
    refused(TileReader(TileFolder(folder), TREE), "tiles.place")
    path.unlink()
    path.mkdir()
    refused(TileReader(TileFolder(folder), TREE), "tiles.place")


def test_names_are_made_of_numbers_alone() -> None:
    """Nothing that a log says becomes part of a name: every name that is asked for is of the specification."""
    asked: list[str] = []

    class Spy:
        def ask(self, name: str, limit: int) -> Request:
            asked.append(name)
            return TileFolder(Path("/nowhere")).ask(name, limit)

        def take(self, answer: Answer) -> bytes | None:
            return None

    for size in (1, 300, 70_000, 1 << 40, MAX_SIZE):
        tree = Checkpoint("../../etc/passwd", size, bytes(32))
        for steps in (
            TileReader(Spy(), tree).prove_inclusion(size - 1),
            TileReader(Spy(), tree).beginning(size // 2 or 0),
            TileReader(Spy(), tree).entries(size - 1),
        ):
            with suppress(UnavailableError):
                done(steps)
    pattern = re.compile(r"tile/(entries|[0-7])/(x[0-9]{3}/)*[0-9]{3}(\.p/[1-9][0-9]{0,2})?")
    assert len(asked) > 20
    assert [name for name in asked if not pattern.fullmatch(name)] == []


# -- claims


@pytest.mark.parametrize("size", [MAX_SIZE, MAX_SIZE - 255, 1 << 62, (1 << 40) + 77])
def test_a_size_that_is_only_claimed(folder: Path, tmp_path: Path, size: int) -> None:
    """Some hundred files are asked for at most, whatever size was signed."""
    monitor = Monitor(tmp_path / "state", LOG.key, read="entries")
    assert done(monitor.follow(TileFolder(folder))).entries == SIZE
    (folder / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), LOG))
    count = 0
    place = TileFolder(folder)

    class Counting:
        def ask(self, name: str, limit: int) -> Request:
            nonlocal count
            count += 1
            return place.ask(name, limit)

        def take(self, answer: Answer) -> bytes | None:
            return place.take(answer)

    watched = done(monitor.follow(Counting()))
    assert [note.code for note in watched.notes] == ["tiles.missing"]
    assert watched.checkpoint == TREE
    assert done(Monitor(tmp_path / "new", LOG.key, read="entries").follow(Counting())).entries == 0
    (tmp_path / "memory").mkdir()
    one = Witness(tmp_path / "memory", witness(1), [LOG.key])
    done(one.cosign_from(LOG.key, TileFolder(write_slowly(tmp_path / "first", entries(5)))))
    with pytest.raises(UnavailableError, match=r"tiles\.missing"):
        done(one.cosign_from(LOG.key, Counting()))
    assert count < 300


def test_a_size_beyond_all_numbers(folder: Path, tmp_path: Path) -> None:
    text = f"{ORIGIN}\n{1 << 63}\n{NOTE.decode().split(chr(10))[2]}\n".encode()
    (folder / "checkpoint").write_bytes(notes.sign(text, LOG).write())
    watched = done(Monitor(tmp_path / "state", LOG.key).follow(TileFolder(folder)))
    assert [one.code for one in watched.notes] == ["checkpoint.malformed"]


def test_notes_with_many_signatures(folder: Path, tmp_path: Path) -> None:
    """Up to the bound of the format they are read, and what is kept of them is small; beyond it they are refused."""
    note = NOTE
    for number in range(MAX_SIGNATURES - 1):
        note = cosign(note, LOG.key, witness(number), datetime(2027, 4, 1, tzinfo=UTC))
    (folder / "checkpoint").write_bytes(note)
    monitor = Monitor(tmp_path / "state", LOG.key)
    assert done(monitor.follow(TileFolder(folder))).notes == ()
    assert (tmp_path / "state").stat().st_size < 1_000
    line = note.splitlines(keepends=True)[-1]
    for bad, code in (
        (note + line.replace(b"witness98", b"witness99"), "note.malformed"),
        (NOTE + NOTE.splitlines(keepends=True)[-1], "note.signature-twice"),
        (NOTE + 5_000 * line, "note.malformed"),
        (NOTE + 1_000_000 * b"\n", "tiles.size"),
    ):
        (folder / "checkpoint").write_bytes(bad)
        watched = done(monitor.follow(TileFolder(folder)))
        assert [one.code for one in watched.notes] == [code]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(NOTE)), st.integers(0, 40))
def test_any_octets_as_a_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes, start: int, cut: int
) -> None:
    """A monitor never falls over what it is shown, and takes nothing that the log did not sign."""
    folder = tmp_path_factory.mktemp("any")
    changed = NOTE[:start] + octets + NOTE[start + cut :]
    (folder / "checkpoint").write_bytes(changed)
    watched = done(Monitor(folder / "state", LOG.key).follow(TileFolder(folder)))
    assert watched.checkpoint in (None, TREE)
    if watched.checkpoint is None:
        assert not watched.sound
    shutil.rmtree(folder)


# -- servers


@pytest.mark.integration
def test_a_server_that_answers_with_anything(tmp_path: Path) -> None:
    """Too much, another status, somewhere else: told, and nothing of it is kept."""
    with site() as server, Http(timeout=5) as http:
        folder = write_slowly(tmp_path / "tiles", entries(SIZE))
        for path in folder.rglob("*"):
            if path.is_file():
                server.pages[f"/log/{path.relative_to(folder)}"] = path.read_bytes()
        place = open_place(f"{server.url}/log/")
        good = dict(server.pages)
        assert done(Monitor(tmp_path / "good", LOG.key, read="entries").follow(place), http=http).entries == SIZE
        for name, told, codes in (
            ("checkpoint", Told(b"", 500), {"tiles.missing"}),
            ("checkpoint", Told(b"", 302, (("Location", "http://192.0.2.1/checkpoint"),)), {"net.redirect"}),
            ("checkpoint", b"x" * 2_000_000, {"net.too-large"}),
            ("tile/entries/000", b"x" * 20_000_000, {"net.too-large"}),
            ("tile/entries/000", Told(b"x" * 60_000, 404), {"tiles.missing"}),
            ("tile/entries/000", Told(b"x" * 60_000, 403), {"tiles.missing"}),
            ("tile/entries/001.p/44", b"x", {"tiles.size"}),
            ("tile/entries/001.p/44", Told(b"", 206), {"tiles.missing"}),
        ):
            server.pages = good | {f"/log/{name}": told}
            watched = done(Monitor(tmp_path / "bad", LOG.key, read="entries").follow(place), http=http)
            assert {note.code for note in watched.notes} == codes
            assert watched.entries == 0


@pytest.mark.integration
def test_a_server_that_replaces_partial_tiles(tmp_path: Path) -> None:
    """The log has grown: of the partial tiles of the checkpoint there are only the full ones."""
    folder = write_slowly(tmp_path / "tiles", entries(600), NOTE)
    (folder / "tile" / "1" / "000.p" / "2").rename(folder / "tile" / "1" / "000")
    with site() as server, Http(timeout=5) as http:
        for path in folder.rglob("*"):
            if path.is_file():
                server.pages[f"/{path.relative_to(folder)}"] = path.read_bytes()
        server.pages["/tile/1/000.p/1"] = server.pages["/tile/1/000"][:32]  # type: ignore[index]
        place = open_place(server.url)
        watched = done(Monitor(tmp_path / "state", LOG.key, read="entries").follow(place), http=http)
        assert (watched.notes, watched.entries) == ((), SIZE)
        reader = TileReader(place, TREE)
        assert done(reader.entry(299), http=http) == entries(1, 299)[0]
        (tmp_path / "memory").mkdir()
        one = Witness(tmp_path / "memory", witness(1), [LOG.key])
        assert done(one.cosign_from(LOG.key, place), http=http).checkpoint == TREE
