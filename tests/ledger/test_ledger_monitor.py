"""A monitor finds every way in which a log takes back what it signed, and proves it to everybody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, entries, signer, witness
from made_tiles import AT, checkpoint_of, done, history, write_slowly
from toyono_trust.core import findings
from toyono_trust.core.canonical import json_canonical
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.ledger import monitor as monitors
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, cosign, open_checkpoint, sign_checkpoint
from toyono_trust.ledger.fork import Fork, read_fork
from toyono_trust.ledger.monitor import Monitor, MonitorState, Watched, compare
from toyono_trust.ledger.tiles.places import TileFolder
from toyono_trust.steps import Answer

LOG = signer()


class View:
    """What one party is shown: a folder that becomes what it is told to be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = TileFolder(folder)

    def show(self, leaves: Sequence[bytes], note: bytes | None = None) -> bytes:
        shutil.rmtree(self.folder, ignore_errors=True)
        write_slowly(self.folder, leaves, note)
        return (self.folder / "checkpoint").read_bytes()


@pytest.fixture
def view(tmp_path: Path) -> View:
    return View(tmp_path / "view")


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return Monitor(tmp_path / "state", LOG.key, read="entries")


def codes(watched: Watched) -> list[str]:
    for note in watched.notes:  # each can be told in words
        text = findings.entry(note.code).text
        assert all(part.format(**note.values) for part in text)
    return [note.code for note in watched.notes]


def test_a_log_that_grows(monitor: Monitor, view: View) -> None:
    for size in (0, 1, 1, 200, 256, 1_000):
        view.show(entries(size))
        watched = done(monitor.follow(view.place))
        assert codes(watched) == []
        assert watched.sound
        watched.require()
        assert watched.checkpoint is not None
        assert (watched.checkpoint.size, watched.entries, watched.forks) == (size, size, ())
    with pytest.raises(TypeError, match=r"watched\.require"):
        bool(watched)


@pytest.mark.parametrize(("first", "second", "since"), [(7, 7, 3), (7, 300, 6), (256, 600, 0), (300, 301, 299)])
def test_a_fork_is_proven_and_never_forgotten(
    monitor: Monitor, view: View, first: int, second: int, since: int
) -> None:
    seen = view.show(entries(first))
    done(monitor.follow(view.place))
    other = view.show(history(second, since, "other"))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.fork"]
    assert not watched.sound
    with pytest.raises(MalformedError, match=r"monitor\.fork"):
        watched.require()
    assert watched.checkpoint == open_checkpoint(seen, LOG.key).checkpoint
    (fork,) = watched.forks
    assert ({fork.first, fork.second}, fork.size) == ({seen, other}, first)
    assert read_fork(fork.write()) == fork
    assert done(monitor.follow(view.place)).forks == (fork,)
    view.show(entries(first + 5))  # it shows the first history again
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.fork"]
    assert watched.forks == (fork,)


def test_a_log_that_is_set_back(monitor: Monitor, view: View) -> None:
    view.show(entries(300))
    done(monitor.follow(view.place))
    note = checkpoint_of(entries(100))
    view.show(entries(300), note)  # only the checkpoint: an old copy of it
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.rollback"]
    assert watched.notes[0].values == {"size": 100, "seen": 300}
    assert monitor.state().held == ()
    view.show(entries(100))  # all of it: the tiles of 300 are gone
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.rollback", "tiles.missing"]
    assert monitor.state().held == (note,)
    view.show(entries(400))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == []
    assert monitor.state().held == ()


def test_a_log_that_begins_anew_and_overtakes(monitor: Monitor, view: View) -> None:
    """The smaller note of the other history is held until the log is large enough to convict it."""
    view.show(entries(300))
    done(monitor.follow(view.place))
    other = view.show(entries(100, of="other"))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.rollback", "tiles.missing"]
    view.show(entries(301))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.fork"]
    assert watched.forks[0].first == other


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (lambda: b"", "note.malformed"),
        (lambda: checkpoint_of(entries(5)).partition(b"\n\n")[0] + b"\n", "note.malformed"),
        (lambda: checkpoint_of(entries(5), signer("other.example/log")), "checkpoint.origin"),
        (lambda: checkpoint_of(entries(5)).replace(b"\n5\n", b"\n6\n"), "note.signature"),
        (lambda: checkpoint_of(entries(5)).replace(ORIGIN.encode() + b" ", b"other "), "note.unsigned"),
    ],
)
def test_a_checkpoint_that_the_log_did_not_sign(
    monitor: Monitor, view: View, note: Callable[[], bytes], code: str
) -> None:
    view.show(entries(3))
    before = done(monitor.follow(view.place))
    view.show(entries(5), note() or b"\n")
    watched = done(monitor.follow(view.place))
    assert codes(watched) == [code]
    assert not watched.sound
    assert watched.checkpoint == before.checkpoint


def test_tiles_that_lead_nowhere_are_no_fork(monitor: Monitor, view: View) -> None:
    view.show(entries(3))
    done(monitor.follow(view.place))
    view.show(entries(9, of="other"), checkpoint_of(entries(9)))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["tiles.wrong"]
    assert watched.checkpoint is not None
    assert watched.checkpoint.size == 3


def test_entries_that_are_not_those_of_the_tree(tmp_path: Path, view: View) -> None:
    monitor = Monitor(tmp_path / "state", LOG.key, read="entries")
    view.show(entries(300))
    bundle = view.folder / "tile" / "entries" / "001.p" / "44"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"!")
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.entries"]
    assert watched.entries == 0
    assert codes(done(Monitor(tmp_path / "another", LOG.key).follow(view.place))) == []  # reads no entries
    view.show(entries(300))
    assert done(monitor.follow(view.place)).entries == 300


def test_reading_goes_on_in_the_next_run(monitor: Monitor, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitors, "READ_AT_ONCE", 300)
    view.show(entries(700))
    for read in (300, 600):
        watched = done(monitor.follow(view.place))
        assert (codes(watched), watched.entries, watched.sound) == (["monitor.behind"], read, True)
    watched = done(monitor.follow(view.place))
    assert (codes(watched), watched.entries) == ([], 700)


def test_a_log_that_falls_silent(tmp_path: Path, view: View) -> None:
    monitor = Monitor(tmp_path / "state", LOG.key, stale_after=timedelta(days=1))
    view.show(entries(3))
    assert codes(done(monitor.follow(view.place))) == []
    assert codes(done(monitor.follow(view.place, ()), timedelta(days=1))) == []
    watched = done(monitor.follow(view.place), timedelta(days=1, seconds=1))
    assert codes(watched) == ["monitor.stale"]
    assert watched.notes[0].values == {"since": "2027-04-01T09:30:00Z"}
    assert watched.sound
    (view.folder / "checkpoint").unlink()
    watched = done(monitor.follow(view.place), timedelta(days=2))
    assert codes(watched) == ["tiles.missing", "monitor.stale"]
    view.show(entries(4))
    assert codes(done(monitor.follow(view.place), timedelta(days=9))) == []  # and then the clock is set right
    assert codes(done(monitor.follow(view.place), timedelta(days=3))) == []
    assert codes(done(monitor.follow(view.place), timedelta(days=5))) == ["monitor.stale"]


def test_witnesses_that_are_missing(tmp_path: Path, view: View) -> None:
    monitor = Monitor(tmp_path / "state", LOG.key, witnesses=WitnessPolicy.of(1, witness(1).key))
    note = view.show(entries(3))
    assert codes(done(monitor.follow(view.place))) == ["checkpoint.witnesses"]
    view.show(entries(3), cosign(note, LOG.key, witness(1), AT))
    assert codes(done(monitor.follow(view.place))) == []


# -- what others have seen


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 520), st.integers(0, 520), st.integers(0, 520))
def test_a_fork_shown_to_two_monitors_is_found(
    tmp_path_factory: pytest.TempPathFactory, one: int, other: int, since: int
) -> None:
    """Two parties are shown histories that part at ``since``: presenting finds it exactly if both were shown a part."""
    tmp_path = tmp_path_factory.mktemp("views")
    views = [View(tmp_path / "one"), View(tmp_path / "other")]
    mine, yours = (Monitor(tmp_path / f"state {number}", LOG.key) for number in range(2))
    notes = [views[0].show(history(one, since, "one")), views[1].show(history(other, since, "other"))]
    for monitor, view in zip((mine, yours), views, strict=True):
        assert codes(done(monitor.follow(view.place))) == []
    forked = since < min(one, other)
    found = [
        fork
        for monitor, view, note in zip((mine, yours), views, reversed(notes), strict=True)
        for fork in done(monitor.follow(view.place, [note])).forks
    ]
    assert bool(found) == forked
    assert all(read_fork(fork.write()) == fork for fork in found)
    if one == other:
        assert bool(compare(mine.state(), yours.state())) == forked
    shutil.rmtree(tmp_path)


def test_a_larger_checkpoint_of_others_waits(monitor: Monitor, view: View) -> None:
    view.show(entries(5))
    elsewhere = checkpoint_of(history(9, 5, "other"))
    watched = done(monitor.follow(view.place, [elsewhere, elsewhere]))
    assert codes(watched) == ["monitor.ahead"]
    assert watched.sound
    assert codes(done(monitor.follow(view.place))) == ["monitor.ahead"]
    view.show(entries(20))
    watched = done(monitor.follow(view.place))
    assert codes(watched) == ["monitor.fork"]
    assert watched.forks[0].first == elsewhere


def test_what_is_presented_must_be_the_logs(monitor: Monitor, view: View) -> None:
    view.show(entries(5))
    with pytest.raises(MalformedError, match=r"checkpoint\.origin"):
        done(monitor.follow(view.place, [checkpoint_of(entries(5), signer("other.example/log"))]))
    many = [checkpoint_of(entries(size, of="other")) for size in range(100, 100 + monitors.MAX_HELD + 1)]
    with pytest.raises(MisuseError, match=r"monitor\.held"):
        done(monitor.follow(view.place, many))
    with pytest.raises(MisuseError, match=r"monitor\.state"):
        compare(MonitorState(LOG.key), MonitorState(signer("other.example/log").key))
    long = Checkpoint(ORIGIN, 9, bytes(32), tuple("x" * 1_000 for _ in range(90)))
    with pytest.raises(MalformedError, match=r"checkpoint\.malformed"):
        done(monitor.follow(view.place, [sign_checkpoint(long, LOG)]))


# -- evidence


def made_fork() -> Fork:
    one, other = checkpoint_of(entries(3)), checkpoint_of(entries(3, of="other"))
    root = open_checkpoint(other, LOG.key).checkpoint.root
    return Fork(LOG.key, one, other, root).check()


def test_what_is_no_fork_is_refused(view: View, monitor: Monitor) -> None:
    fork = made_fork()
    good = open_checkpoint(fork.first, LOG.key).checkpoint.root
    others = signer("other.example/log")
    for bad in (
        fork._replace(second=fork.first, root=good),
        fork._replace(root=good),
        fork._replace(root=bytes(32)),
        fork._replace(root=b""),
        fork._replace(path=(bytes(32),)),
        fork._replace(path=(b"",)),
        fork._replace(key=others.key),
        fork._replace(second=checkpoint_of(entries(3, of="other"), others)),
        fork._replace(second=checkpoint_of(entries(5, of="other"))),
        fork._replace(second=checkpoint_of(entries(2, of="other"))),
    ):
        with pytest.raises(MalformedError):
            bad.check()
        with pytest.raises(MalformedError):
            read_fork(bad.write())
    for octets in (b"", b"{}", b"[]", fork.write()[:-1], fork.write().replace(b"/v1", b"/v2")):
        with pytest.raises(MalformedError):
            read_fork(octets)


# -- the monitor's own file


def test_the_state_is_read_as_written_and_nothing_else(monitor: Monitor, view: View, tmp_path: Path) -> None:
    view.show(entries(300))
    elsewhere = checkpoint_of(entries(900, of="other"))
    done(monitor.follow(view.place, [elsewhere]))
    view.show(entries(300, of="other"))
    done(monitor.follow(view.place))
    octets = (tmp_path / "state").read_bytes()
    state = MonitorState.parse(octets)
    assert state.write() == octets
    assert state.held
    assert state.forks
    assert state.read[0] == 300
    members = json.loads(octets)
    for name, value in (
        *((name, value) for name in members for value in (None, 5, "x", [], {}, [[]])),
        ("read", {"size": "300", "edge": []}),
        ("read", {"size": "0300", "edge": members["read"]["edge"]}),
        ("read", {"size": "-1", "edge": []}),
        ("read", {"size": "9" * 5_000, "edge": []}),
        ("since", "2027-04-31T00:00:00Z"),
        ("more", 1),
    ):
        changed = json_canonical(members | {name: value})
        if changed == octets or (name in ("held", "forks") and value == []):
            continue
        with pytest.raises(MalformedError, match=r"monitor\.state"):
            MonitorState.parse(changed)
    for changed in (b"", b"[]", b"null", octets + b"\n", octets[:-9], b" " + octets, b"\xff"):
        (tmp_path / "state").write_bytes(changed)
        with pytest.raises(MalformedError, match=r"monitor\.state"):
            done(monitor.follow(view.place))
        assert (tmp_path / "state").read_bytes() == changed
    (tmp_path / "state").write_bytes(octets)
    with pytest.raises(MalformedError, match=r"monitor\.state"):
        Monitor(tmp_path / "state", signer("other.example/log").key).state()


def test_two_runs_at_once(monitor: Monitor, view: View) -> None:
    """The second one to finish does not overwrite what the first one has seen."""
    view.show(entries(5))
    slow = monitor.follow(view.place)
    requests = next(slow)
    request = requests[0]
    value = request.run()  # type: ignore[union-attr]
    done(monitor.follow(view.place))
    view.show(entries(5, of="other"))

    def rest() -> object:
        answers = (Answer(AT, value),)
        while True:
            try:
                asked = slow.send(answers)
            except StopIteration as stop:
                return stop.value
            answers = yield asked

    with pytest.raises(UnavailableError, match=r"ledger\.busy"):
        done(rest())  # type: ignore[arg-type]
    assert codes(done(monitor.follow(view.place))) == ["monitor.fork"]
