"""A monitor follows somebody else's log: what it shows today must continue what it showed before.

The monitor remembers in a small file of its own the last checkpoint that it found consistent. A fork is told with its
proof (``ledger.fork``), which is kept for ever. That a log shows different things to different people, only they can
find: each presents to its own monitor the checkpoints that others have seen, and whoever sees the larger log finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

from toyono_trust.core.canonical import b64_decode, b64_encode, json_canonical, json_loads
from toyono_trust.core.merkle import EMPTY_ROOT, Edge, leaf_hashes
from toyono_trust.errors import MalformedError, MisuseError, TrustError
from toyono_trust.formats.model import Note
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, as_signed, open_checkpoint
from toyono_trust.ledger.files import Kept
from toyono_trust.ledger.fork import Fork, fork_between, fork_of, same_size_fork
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.tiles.places import Place, fetch_checkpoint
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.steps import Call, Steps, ask, now

__all__ = ["Monitor", "MonitorState", "Watched", "compare"]

FORMAT = "toyono_trust/log-monitor/v1"
MAX_KEPT = 1 << 16
"""Octets of a checkpoint without cosignatures; real ones have 300, with an extension line."""
MAX_HELD = 32
"""Notes kept for later because they cannot be checked yet; half of the places are for those that others presented."""
MAX_FORKS = 8
"""Forks kept: one is enough for everybody."""
MAX_STATE = 1 << 24
READ_AT_ONCE = 1_000_000
"""Entries read in one run where they are read: 35 MB; the next run goes on."""


class MonitorState(NamedTuple):
    """What a monitor remembers of a log.

    Attributes:
        key: the log's verifier key.
        note: the last checkpoint that continued all before it, as the log signed it; None before the first one.
        since: when that came (aware, UTC).
        held: signed notes that could not be compared with it yet.
        forks: proven forks.
        read: the edge of the tree over the entries that were read, as size and hashes.
    """

    key: NoteKey
    note: bytes | None = None
    since: datetime | None = None
    held: tuple[bytes, ...] = ()
    forks: tuple[Fork, ...] = ()
    read: tuple[int, tuple[bytes, ...]] = (0, ())

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What ``note`` says."""
        return None if self.note is None else open_checkpoint(self.note, self.key).checkpoint

    def write(self) -> bytes:
        """Its RFC 8785 text; ``parse`` gives it back."""
        members: dict[str, Any] = {
            "format": FORMAT,
            "log": self.key.text,
            "held": [one.decode() for one in self.held],
            "forks": [one.members() for one in self.forks],
            "read": {"size": str(self.read[0]), "edge": [b64_encode(one) for one in self.read[1]]},
        }
        if self.note is not None and self.since is not None:
            members |= {"checkpoint": self.note.decode(), "since": self.since.strftime(_TIME)}
        return json_canonical(members)

    @classmethod
    def parse(cls, octets: bytes) -> MonitorState:
        """Read what ``write`` made, and nothing else. Raises ``MalformedError`` "monitor.state"."""
        try:
            state = _state_of(json_loads(octets, max_bytes=MAX_STATE))
            same = state.write() == octets
        except (TrustError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _bad_state("it is damaged") from error
        if not same:
            raise _bad_state("it is not in RFC 8785 form")
        return state


_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Watched(NamedTuple):
    """What a run of a monitor found.

    Attributes:
        checkpoint: the last checkpoint that continued all before it; None where there was none.
        entries: how many entries were read and lead to what the log signed.
        notes: what was found, as codes of ``core.findings``; empty where all is well.
        forks: all proven forks of the log, also those of earlier runs.
    """

    checkpoint: Checkpoint | None
    entries: int
    notes: tuple[Note, ...]
    forks: tuple[Fork, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found but what only asks for another look."""
        return not any(map(_is_alarm, self.notes))

    def require(self) -> None:
        """Raise ``MalformedError`` with the first note's code where the log is not sound."""
        for note in self.notes:
            if _is_alarm(note):
                raise MalformedError(note.code, f"the log is not sound: {note.code} {dict(note.values)}")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Watched is not a yes or no. Write\n    watched.require()\nor look at watched.sound and watched.notes"
        )


_HARMLESS = frozenset({"monitor.ahead", "monitor.stale", "monitor.behind"})


def _is_alarm(note: Note) -> bool:
    """A network that fails is none; a log that keeps silent becomes stale."""
    return note.code not in _HARMLESS and not note.code.startswith("net.")


class Monitor:
    """Follows the log of ``key``, remembering in ``file``.

    Args:
        file: where the monitor remembers; made at the first run. Whoever can write to it can make it forget.
        key: the log's verifier key, known from elsewhere than the log's place.
        stale_after: how long the log may show nothing new; None for ever.
        read: "hashes" compares trees; "entries" also reads every entry, and that they are what was signed.
        witnesses: who must have cosigned each checkpoint.
    """

    def __init__(
        self,
        file: str | Path,
        key: NoteKey,
        *,
        stale_after: timedelta | None = None,
        read: Literal["hashes", "entries"] = "hashes",
        witnesses: WitnessPolicy | None = None,
    ) -> None:
        self.key = key
        self._kept = Kept(file, MAX_STATE)
        self._stale_after = stale_after
        self._read = read
        self._witnesses = witnesses

    def state(self) -> MonitorState:
        """What the monitor remembers now. Raises ``MalformedError`` "monitor.state", also where it is another log's."""
        return self._parse(self._kept.load())

    def follow(self, place: Place, presented: Iterable[bytes] = ()) -> Steps[Watched]:
        """Look at the log once, and remember what it shows.

        ``presented``: checkpoints of the log that others have seen. What the log and its place do wrong is told in
        the result's notes. Raises ``MalformedError`` "monitor.state", and as ``open_checkpoint`` for what is
        presented; ``MisuseError`` "monitor.held"; ``UnavailableError`` "ledger.full", "ledger.busy"; the ``OSError``
        of the monitor's file passes through.
        """
        before: bytes | None = yield from ask(Call(self._kept.load))
        run = _Run(self._parse(before), place)
        run.present(presented)
        at = yield from now()
        yield from run.look(at, self._witnesses)
        yield from run.compare_held()
        if self._read == "entries":
            yield from run.read_entries()
        run.judge_age(at, self._stale_after)
        after = run.state.write()
        yield from ask(Call(lambda: self._kept.swap(before, after)))
        return run.result()

    def _parse(self, octets: bytes | None) -> MonitorState:
        state = MonitorState(self.key) if octets is None else MonitorState.parse(octets)
        if state.key != self.key:
            raise _bad_state(f"it is of the log {state.key.text}")
        return state


class _Run:
    """One look at a log."""

    def __init__(self, state: MonitorState, place: Place) -> None:
        self.state = state
        self.notes: list[Note] = []
        self._place = place
        self._unproven: bytes | None = None  # what this look showed and could not prove

    def present(self, notes: Iterable[bytes]) -> None:
        """Take notes that others have seen; they are compared in this run, or held until they can be."""
        for octets in notes:
            self._hold(_kept(octets, self.state.key), MAX_HELD)

    def look(self, at: datetime, witnesses: WitnessPolicy | None) -> Steps[None]:
        """Take the checkpoint that the log shows now, if it continues the last one."""
        key = self.state.key
        try:
            octets = yield from fetch_checkpoint(self._place)
            shown = open_checkpoint(octets, key).checkpoint
            note = _kept(octets, key)
            yield from self._take(shown, note, at)
            if witnesses is not None:
                open_checkpoint(octets, key, witnesses)
        except TrustError as error:
            self._tell_error(error)

    def _take(self, shown: Checkpoint, note: bytes, at: datetime) -> Steps[None]:
        last, seen = self.state.note, self.state.checkpoint
        if last is not None and seen is not None:
            grown = shown.size > seen.size
            if shown.size < seen.size:
                self.notes.append(Note("monitor.rollback", "", {"size": shown.size, "seen": seen.size}))
            compared = yield from (self._compare(last, note, shown) if grown else self._compare(note, last, seen))
            if compared is None:  # the log signed it, and may take it back before anybody can compare
                self._unproven = note
            if not compared or not grown:
                return
        self.state = self.state._replace(note=note, since=at.astimezone(UTC).replace(microsecond=0))

    def _compare(self, smaller: bytes, larger: bytes, tree: Checkpoint) -> Steps[bool | None]:
        """Whether a note continues a smaller one: False for a proven fork, None where the tiles do not tell."""
        key = self.state.key
        size = open_checkpoint(smaller, key).checkpoint.size
        try:
            beginning = yield from TileReader(self._place, tree).beginning(size)
        except TrustError as error:
            self._tell_error(error)
            return None
        fork = fork_between(key, smaller, larger, (beginning.root, beginning.path))
        if fork is None:
            return True
        if fork not in self.state.forks and len(self.state.forks) < MAX_FORKS:
            self.state = self.state._replace(forks=(*self.state.forks, fork))
        return False

    def compare_held(self) -> Steps[None]:
        """Compare the notes that are held with the last checkpoint, as far as that can be done now.

        What this look itself could not compare is held for the next one.
        """
        last, seen = self.state.note, self.state.checkpoint
        left = []
        for note in self.state.held:
            size = open_checkpoint(note, self.state.key).checkpoint.size
            compared: bool | None = None
            if last is None or seen is None or size > seen.size:
                self.notes.append(Note("monitor.ahead", "", {"size": size}))
            else:
                compared = yield from self._compare(note, last, seen)
            if compared is None:
                left.append(note)
        self.state = self.state._replace(held=tuple(left))
        if self._unproven is not None:
            self._hold(self._unproven, MAX_HELD // 2)

    def read_entries(self) -> Steps[None]:
        """Read entries that were not read yet, and hold what they hash to against what the log signed."""
        seen = self.state.checkpoint
        size, hashes = self.state.read
        if seen is None or size >= seen.size:
            return
        edge, reader = Edge(size, hashes), TileReader(self._place, seen)
        end = min(seen.size, size + READ_AT_ONCE)
        try:
            while edge.size < end:
                page = yield from reader.entries(edge.size)
                edge.extend(leaf_hashes(page[: end - edge.size]))
            beginning = yield from reader.beginning(end)
        except TrustError as error:
            self._tell_error(error)
            return
        if beginning.root != edge.root():
            self.notes.append(Note("monitor.entries", "", {"size": end}))
            return
        self.state = self.state._replace(read=(edge.size, edge.hashes))
        if edge.size < seen.size:
            self.notes.append(Note("monitor.behind", "", {"entry": edge.size}))

    def judge_age(self, at: datetime, limit: timedelta | None) -> None:
        """Tell that nothing new came for too long. A time to come is a clock that was wrong, and forgotten."""
        since = self.state.since
        if since is None:
            return
        if since > at:
            since = at.astimezone(UTC).replace(microsecond=0)
            self.state = self.state._replace(since=since)
        if limit is not None and at - since > limit:
            self.notes.append(Note("monitor.stale", "", {"since": since.strftime(_TIME)}))

    def result(self) -> Watched:
        """What was found. A fork that was ever proven is told each time."""
        forks = [Note("monitor.fork", "", {"size": fork.size}) for fork in self.state.forks]
        return Watched(self.state.checkpoint, self.state.read[0], (*forks, *self.notes), self.state.forks)

    def _hold(self, note: bytes, limit: int) -> None:
        held = self.state.held
        if note in held:
            return
        if len(held) < limit:
            self.state = self.state._replace(held=(*held, note))
        elif limit == MAX_HELD:
            raise MisuseError("monitor.held", f"{MAX_HELD} notes are held already", "let the monitor catch up first")

    def _tell_error(self, error: TrustError) -> None:
        note = Note(error.code)
        if note not in self.notes:
            self.notes.append(note)


def compare(one: MonitorState, other: MonitorState) -> tuple[Fork, ...]:
    """The forks that what two monitors have seen of one log proves by itself: notes of one size.

    Where their sizes differ, present the smaller one's note to the monitor that has seen the larger one. Raises
    ``MisuseError`` "monitor.state" where they are of different logs.
    """
    if one.key != other.key:
        raise MisuseError("monitor.state", "the two monitors follow different logs", "compare monitors of one log")
    found = [*one.forks, *other.forks]
    for note in _notes(one):
        for against in _notes(other):
            fork = same_size_fork(one.key, note, against)
            if fork is not None:
                found.append(fork)
    return tuple(dict.fromkeys(found))


def _kept(octets: bytes, key: NoteKey) -> bytes:
    """A note as the log alone signed it, if it is small enough to be kept."""
    note, checkpoint = as_signed(octets, key), open_checkpoint(octets, key).checkpoint
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise MalformedError("checkpoint.malformed", "the root of a log without entries is not the one that it has")
    if len(note) > MAX_KEPT:
        raise MalformedError("checkpoint.malformed", f"the checkpoint has more than {MAX_KEPT} octets")
    return note


def _notes(state: MonitorState) -> Sequence[bytes]:
    return state.held if state.note is None else (state.note, *state.held)


def _state_of(members: Any) -> MonitorState:
    names = {"format", "log", "held", "forks", "read"}
    if not isinstance(members, dict) or members["format"] != FORMAT or not names <= set(members):
        raise _bad_state("it is no JSON object of that form")
    if set(members) - names not in (set(), {"checkpoint", "since"}) or set(members["read"]) != {"size", "edge"}:
        raise _bad_state("it has other members")
    key = NoteKey.parse(members["log"])
    note = since = None
    if "checkpoint" in members:
        note = as_signed(members["checkpoint"].encode(), key)
        since = datetime.strptime(members["since"], _TIME).replace(tzinfo=UTC)
    held = tuple([as_signed(text.encode(), key) for text in members["held"]])
    forks = tuple([fork_of(one) for one in members["forks"]])
    if len(held) > MAX_HELD or len(forks) > MAX_FORKS or any(fork.key != key for fork in forks):
        raise _bad_state("it holds what it cannot hold")
    size, edge = int(members["read"]["size"]), tuple(map(b64_decode, members["read"]["edge"]))
    if any(len(one) != 32 for one in edge) or Edge(size, edge).size != size:
        raise _bad_state("its edge is none")
    return MonitorState(key, note, since, held, forks, (size, edge))


def _bad_state(reason: str) -> MalformedError:
    return MalformedError("monitor.state", f"this is not what the monitor has written: {reason}")
