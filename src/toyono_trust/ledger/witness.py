"""A witness: cosigns checkpoints of other people's logs, each only if it continues what was cosigned last.

After C2SP tlog-witness. What the witness remembers of a log (one file each) is replaced durably and by comparison
before a cosignature is made, so that neither a crash nor two processes at once make it cosign a fork. The file and the
key must stay together: a witness that forgets begins anew with whatever it is shown.

A request comes as octets (``add-checkpoint``, for whatever server stands in front), or the witness reads the log's
tiles and makes the proof itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.core import merkle
from toyono_trust.core.canonical import b64_decode, b64_encode, json_canonical, json_loads
from toyono_trust.errors import MalformedError, MisuseError, TrustError
from toyono_trust.ledger import checkpoint as checkpoints
from toyono_trust.ledger import note
from toyono_trust.ledger.checkpoint import MAX_SIZE, Checkpoint, as_signed, open_checkpoint, read_checkpoint
from toyono_trust.ledger.files import Kept
from toyono_trust.ledger.fork import MAX_FORK, Fork, fork_between, read_fork, same_size_fork
from toyono_trust.ledger.note import COSIGNATURE, ED25519, MAX_NOTE, NoteKey, NoteSigner, SignedNote
from toyono_trust.ledger.tiles.places import Place, fetch_checkpoint
from toyono_trust.ledger.tiles.reader import TileReader
from toyono_trust.steps import Call, Response, Steps, ask, now

__all__ = ["AddCheckpoint", "Cosigned", "OldSizeError", "Witness"]

FORMAT = "toyono_trust/log-witness/v1"
MAX_PROOF = 63
"""Lines of a consistency proof (C2SP tlog-witness)."""
MAX_REQUEST = MAX_NOTE + 4_096
MAX_STATE = 2 * MAX_NOTE + 4_096

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class OldSizeError(MalformedError):
    """The request does not begin at the size that the witness has cosigned last (HTTP 409).

    Attributes:
        size: that size.
    """

    def __init__(self, size: int) -> None:
        super().__init__(
            "witness.old-size", f"the witness has last cosigned {size} entries", "prove consistency from that size"
        )
        self.size = size

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.size,))


class AddCheckpoint(NamedTuple):
    """A request to a witness: the size that it has cosigned last, the proof from there, and the checkpoint's note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def write(self) -> bytes:
        """The body of the request; ``parse`` gives it back."""
        lines = [f"old {self.old_size}\n", *(f"{b64_encode(one)}\n" for one in self.proof), "\n"]
        return "".join(lines).encode() + self.note

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read a request's body. Raises ``MalformedError`` "witness.request"; the note itself is not read yet."""
        if len(body) > MAX_REQUEST:
            raise _bad_request("it is larger than accepted here")
        head, blank, octets = body.partition(b"\n\n")
        first, *lines = head.decode("utf-8", "replace").split("\n")
        old = _OLD.fullmatch(first)
        if not blank or old is None or int(old[1]) > MAX_SIZE or len(lines) > MAX_PROOF:
            raise _bad_request("it is not of an old size, a proof and a checkpoint")
        try:
            proof = tuple(map(b64_decode, lines))
        except MalformedError as error:
            raise _bad_request("a line of its proof is no base64") from error
        if any(len(one) != merkle.HASH_SIZE for one in proof):
            raise _bad_request("a line of its proof is no hash")
        return cls(int(old[1]), proof, octets)


class Cosigned(NamedTuple):
    """What a witness has made. ``line``: the signature line(s); ``note``: the checkpoint as shown, with them."""

    checkpoint: Checkpoint
    line: bytes
    note: bytes


class _State(NamedTuple):
    """What a witness remembers of a log: the note that it has cosigned last, as the log alone signed it."""

    key: NoteKey
    note: bytes
    checkpoint: Checkpoint

    def write(self) -> bytes:
        return json_canonical({"format": FORMAT, "log": self.key.text, "checkpoint": self.note.decode()})


class Witness:
    """Cosigns checkpoints of the logs that it knows, under one Ed25519 cosignature key (signature type 4).

    Args:
        folder: where the witness remembers; it must exist and be nobody else's. One file for each log, and beside it
            "…-fork.json" where the log was found to have signed two histories.
        signer: the witness's key.
        logs: verifier keys of the logs, known from elsewhere than from requests.

    Raises ``MisuseError`` "note.signer", "witness.logs". Usable by several threads and processes at once.
    """

    def __init__(self, folder: str | Path, signer: NoteSigner, logs: Iterable[NoteKey]) -> None:
        keys = tuple(logs)
        if signer.key.kind != COSIGNATURE:
            raise MisuseError("note.signer", "the witness's key is not of the cosignature type", "make it with kind=4")
        if not keys or len({key.name for key in keys}) != len(keys):
            raise MisuseError("witness.logs", "a witness needs logs, each named once", "name the logs' verifier keys")
        if any(key.kind != ED25519 or key.public == signer.key.public for key in keys):
            raise MisuseError("witness.logs", "a log has a key of another type, or the witness's", "use separate keys")
        self._folder = Path(folder)
        self._signer = signer
        self._logs = {key.name: key for key in keys}

    def last(self, log: NoteKey) -> bytes | None:
        """The note of this log that the witness has cosigned last, as the log signed it; None if there is none.

        Raises ``MalformedError`` "witness.unknown-log", "witness.state".
        """
        state = self._read(self._known(log.name), self._kept(log).load())
        return None if state is None else state.note

    def fork(self, log: NoteKey) -> Fork | None:
        """The first fork of this log that the witness was shown; None if there is none. Raises as ``last``."""
        octets = self._kept(self._known(log.name), "-fork").load()
        return None if octets is None else read_fork(octets)

    def cosign(self, request: AddCheckpoint, at: datetime) -> Cosigned:
        """Cosign a checkpoint that continues the one that was cosigned last, dated ``at`` (aware).

        Raises ``MalformedError``: "note.…" and "checkpoint.malformed" for the note, "witness.unknown-log",
        "witness.request" (the old size is above the checkpoint's), ``OldSizeError``, "witness.inconsistent",
        "witness.fork" (whose proof is kept, see ``fork``), "witness.state"; ``MisuseError`` "witness.time";
        ``UnavailableError`` "ledger.full", "ledger.busy" (another request of the same log was faster; repeat it).
        """
        shown = read_checkpoint(note.read(request.note).text)
        log = self._known(shown.origin)
        shown = open_checkpoint(request.note, log).checkpoint
        if at.tzinfo is None:
            raise MisuseError("witness.time", "the time of a cosignature has no time zone", "give an aware datetime")
        if request.old_size > shown.size:
            raise _bad_request("its old size is above the checkpoint's")
        kept = self._kept(log)
        before = kept.load()
        state = self._read(log, before)
        size, root = (0, merkle.EMPTY_ROOT) if state is None else state.checkpoint[1:3]
        if request.old_size != size:
            raise OldSizeError(size)
        if state is not None and shown.size == size and shown.root != root:
            self._keep_fork(log, same_size_fork(log, state.note, request.note))
        proven = merkle.check_consistency(size, shown.size, request.proof, root, shown.root)
        if not proven or (shown.size == 0 and shown.root != merkle.EMPTY_ROOT):
            raise MalformedError(
                "witness.inconsistent", f"the proof does not lead from {size} to {shown.size} entries", "prove it"
            )
        own = as_signed(request.note, log)
        kept.swap(before, _State(log, own, shown).write())
        cosigned = note.read(checkpoints.cosign(own, log, self._signer, at))
        added = cosigned.signatures[-1]
        line = SignedNote(b"\n", (added,)).write()[2:]
        whole = note.read(request.note)
        others = tuple(one for one in whole.signatures if not one.is_by(self._signer.key))
        return Cosigned(shown, line, whole._replace(signatures=(*others, added)).write())

    def answer(self, body: bytes, at: datetime) -> Response:
        """The answer to an ``add-checkpoint`` request, for any HTTP server to send; ``at``: the present (aware).

        What only the witness's operator can mend ("witness.state", "ledger.…", ``OSError``) is raised: send a 500.
        """
        size = 0
        try:
            request = AddCheckpoint.parse(body)
            size = request.old_size
            return Response(200, _TEXT, self.cosign(request, at).line)
        except MalformedError as error:
            if error.code == "witness.state":
                raise
            if isinstance(error, OldSizeError):
                size = error.size
            status = _STATUS.get(error.code, 400)
            if status == 409:
                return Response(status, {"content-type": "text/x.tlog.size"}, b"%d\n" % size)
            return Response(status, _TEXT, f"{error.code}\n".encode())

    def cosign_from(self, log: NoteKey, place: Place) -> Steps[Cosigned]:
        """Cosign the checkpoint that a log's tiles have now; the proof is made from the tiles.

        Raises as ``cosign``, and as ``TileReader`` where the tiles do not show the proof. A fork that they prove is
        kept as well.
        """
        self._known(log.name)
        octets = yield from fetch_checkpoint(place)
        shown = open_checkpoint(octets, log).checkpoint
        last: bytes | None = yield from ask(Call(lambda: self.last(log)))
        request = AddCheckpoint(0, (), octets)
        if last is not None:
            size = open_checkpoint(last, log).checkpoint.size
            if size > shown.size:
                raise OldSizeError(size)
            beginning = yield from TileReader(place, shown).beginning(size)
            fork = fork_between(log, last, octets, (beginning.root, beginning.path))
            if fork is not None:
                yield from ask(Call(lambda: self._keep_fork(log, fork)))
            request = AddCheckpoint(size, beginning.path, octets)
        at = yield from now()
        made: Cosigned = yield from ask(Call(lambda: self.cosign(request, at)))
        return made

    def _known(self, origin: str) -> NoteKey:
        key = self._logs.get(origin)
        if key is None:
            raise MalformedError("witness.unknown-log", f"the witness does not know the log {origin}", "ask it to")
        return key

    def _kept(self, log: NoteKey, suffix: str = "") -> Kept:
        """The file of a log. Its name is a digest, for an origin may be of any characters."""
        name = sha256(log.name.encode()).hexdigest()
        return Kept(self._folder / f"{name}{suffix}.json", MAX_FORK if suffix else MAX_STATE)

    def _read(self, log: NoteKey, octets: bytes | None) -> _State | None:
        if octets is None:
            return None
        try:
            members = json_loads(octets, max_bytes=MAX_STATE)
            if members["format"] != FORMAT or members["log"] != log.text:
                raise MalformedError("witness.state", "this is not what the witness remembers of this log")
            own = as_signed(members["checkpoint"].encode(), log)
            state = _State(log, own, open_checkpoint(own, log).checkpoint)
            same = state.write() == octets
        except (TrustError, KeyError, TypeError, AttributeError) as error:
            raise _bad_state() from error
        if not same:
            raise _bad_state()
        return state

    def _keep_fork(self, log: NoteKey, fork: Fork | None) -> None:
        """Keep the first fork, and refuse."""
        kept = self._kept(log, "-fork")
        before = kept.load()
        if fork is not None and before is None:
            kept.swap(None, fork.write())
        raise MalformedError(
            "witness.fork", f"{log.name} has signed two histories", "keep the proof, and show it to everybody"
        )


_TEXT = {"content-type": "text/plain; charset=utf-8"}
_STATUS = {
    "witness.unknown-log": 404,
    "note.unsigned": 403,
    "note.signature": 403,
    "note.signature-twice": 403,
    "witness.old-size": 409,
    "witness.fork": 409,
    "witness.inconsistent": 422,
}


def _bad_request(reason: str) -> MalformedError:
    return MalformedError("witness.request", f"this is no request to add a checkpoint: {reason}")


def _bad_state() -> MalformedError:
    return MalformedError("witness.state", "what the witness remembers of the log is damaged", "restore its last copy")
