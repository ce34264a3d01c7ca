"""Checkpoints (C2SP tlog-checkpoint): the log's signed word on its size and root, and who else has seen it.

A checkpoint is a signed note of three lines: origin, size, root in base64. The log signs it with the Ed25519 key whose
name is its origin. A witness that has found it consistent with all it saw before adds a cosignature (C2SP
tlog-cosignature, ``cosignature/v1``), which says when; a policy says how many of which witnesses are enough.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger import note
from toyono_trust.ledger.note import COSIGNATURE, NoteKey, NoteSigner, Signature, SignedNote

__all__ = [
    "Checkpoint",
    "Cosignature",
    "SeenCheckpoint",
    "WitnessPolicy",
    "as_signed",
    "cosign",
    "merge",
    "open_checkpoint",
    "read_checkpoint",
    "sign_checkpoint",
    "without_cosignatures",
]

HASH_SIZE = 32
MAX_SIZE = (1 << 63) - 1
"""The largest size: what SQLite and PostgreSQL can number, and Go's implementation reads."""
MAX_EXTENSIONS = 100
"""Extension lines of a foreign checkpoint; C2SP recommends none, Sigstore's had one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """Size and root of the log named ``origin``. ``extensions``: further lines of a foreign log; ours has none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The text of the note."""
        lines = (self.origin, str(self.size), b64_encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


class Cosignature(NamedTuple):
    """That a witness saw the checkpoint as the newest one of a log that never rewrote anything, at this time."""

    witness: NoteKey
    at: datetime


class WitnessPolicy(NamedTuple):
    """How many (``needed``) of which witnesses must have cosigned. Make it with ``of``, which refuses unsound ones."""

    needed: int
    witnesses: tuple[NoteKey, ...]

    @classmethod
    def of(cls, needed: int, *witnesses: NoteKey | str) -> WitnessPolicy:
        """``needed`` of these witnesses, as keys or as verifier key texts.

        Raises ``MisuseError`` "witness.policy" where that many are not given, or one of them counts twice.
        """
        keys = tuple(NoteKey.parse(one) if isinstance(one, str) else one for one in witnesses)
        if not 1 <= needed <= len(keys):
            raise MisuseError("witness.policy", f"{needed} of {len(keys)} witnesses cannot be asked for")
        if any(key.kind != COSIGNATURE for key in keys):
            raise MisuseError("witness.policy", "a witness's key is not of the cosignature type", "its type is 4")
        if len({key.public for key in keys}) != len(keys) or len({key.name for key in keys}) != len(keys):
            raise MisuseError("witness.policy", "two witnesses have the same key or name, and would count twice")
        return cls(needed, keys)


class SeenCheckpoint(NamedTuple):
    """A checkpoint that the log's signature was checked of, and the cosignatures that were; see ``open_checkpoint``."""

    checkpoint: Checkpoint
    note: SignedNote
    cosignatures: tuple[Cosignature, ...]


def read_checkpoint(text: bytes) -> Checkpoint:
    """Read the text of a checkpoint's note. Raises ``MalformedError`` "checkpoint.malformed"."""
    *lines, end = text.decode("utf-8", "replace").split("\n")
    if end or len(lines) < 3 or "" in lines or len(lines) > 3 + MAX_EXTENSIONS:
        raise _malformed("it is not of lines for origin, size and root")
    origin, size, root, *extensions = lines
    if not _DECIMAL.fullmatch(size) or int(size) > MAX_SIZE:
        raise _malformed("its size is no decimal number")
    value = b64_decode(root)
    if len(value) != HASH_SIZE:
        raise _malformed("its root is not of 32 octets")
    return Checkpoint(origin, int(size), value, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The checkpoint as a note by the log's key. Raises ``MisuseError`` as ``note.sign``, and "checkpoint.origin"."""
    if signer.key.name != checkpoint.origin:
        raise MisuseError(
            "checkpoint.origin", f"the key of {signer.key.name} does not sign for {checkpoint.origin}", "use its key"
        )
    return note.sign(checkpoint.text, signer).write()


def as_signed(octets: bytes, key: NoteKey) -> bytes:
    """The checkpoint as the log of this key alone signed it: its text and the log's signature line, no cosignatures.

    These octets never change, whoever cosigns; a batch's time stamp covers them. Raises as ``open_checkpoint``.
    """
    return without_cosignatures(open_checkpoint(octets, key), key)


def without_cosignatures(seen: SeenCheckpoint, key: NoteKey) -> bytes:
    """``as_signed`` of a checkpoint that is open already."""
    return SignedNote(seen.note.text, tuple(line for line in seen.note.signatures if line.is_by(key))).write()


def open_checkpoint(octets: bytes, key: NoteKey, witnesses: WitnessPolicy | None = None) -> SeenCheckpoint:
    """Read a checkpoint and check that the log of this key signed it, and enough witnesses did.

    Without ``witnesses`` nobody's cosignature is looked at. Raises ``MalformedError``: "note.…" as ``note.read`` and
    ``SignedNote.check``, "checkpoint.malformed", "checkpoint.origin" (another log's), "checkpoint.cosignature" (one
    of a witness of the policy does not fit) and "checkpoint.witnesses" (there are not enough); ``MisuseError``
    "witness.policy" where the log would be its own witness.
    """
    if witnesses is not None and any(witness.public == key.public for witness in witnesses.witnesses):
        raise MisuseError("witness.policy", "the log's own key is among the witnesses", "name keys of others")
    signed = note.read(octets)
    checkpoint = read_checkpoint(signed.text)
    if checkpoint.origin != key.name:
        raise MalformedError(
            "checkpoint.origin", f"this is a checkpoint of {checkpoint.origin}, not of {key.name}", "ask for the log's"
        )
    signed.check(key)
    cosigned = () if witnesses is None else _cosignatures(signed, witnesses.witnesses)
    if witnesses is not None and len(cosigned) < witnesses.needed:
        raise MalformedError(
            "checkpoint.witnesses",
            f"{len(cosigned)} of the witnesses cosigned the checkpoint, and {witnesses.needed} must have",
            "ask the log for a checkpoint that they have seen",
        )
    return SeenCheckpoint(checkpoint, signed, cosigned)


def cosign(octets: bytes, log: NoteKey, witness: NoteSigner, at: datetime) -> bytes:
    """The checkpoint with one more cosignature (tlog-cosignature, "Ed25519 signed message"), dated ``at`` (aware).

    The witness must have found it consistent with the last one that it cosigned; this function cannot know. Raises
    ``MalformedError`` where the log did not sign it; ``MisuseError`` "note.signer", "witness.time", "witness.twice".
    """
    signed = open_checkpoint(octets, log).note
    if at.tzinfo is None or at < _EPOCH:
        raise MisuseError("witness.time", "the time of a cosignature has no time zone or is before 1970")
    if witness.key.kind != COSIGNATURE:
        raise MisuseError("note.signer", "the witness's key is not of the cosignature type", "make it with kind=4")
    if signed.by(witness.key) is not None:
        raise MisuseError("witness.twice", f"{witness.key.name} has cosigned this checkpoint already")
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    value = witness.sign(_message(seconds, signed.text))
    if not witness.key.verifies(_message(seconds, signed.text), value):
        raise MisuseError("note.signer", "what signs does not belong to the public key", "give the witness's key")
    line = Signature(witness.key.name, witness.key.id, seconds.to_bytes(8, "big") + value)
    return note.add(signed, [line]).write()


def merge(octets: bytes, other: bytes, log: NoteKey, witnesses: WitnessPolicy) -> bytes:
    """The checkpoint with the cosignatures that another copy of it has, of the policy's witnesses alone.

    Raises ``MalformedError`` as ``open_checkpoint``, and "checkpoint.other" where the two say different things.
    """
    ours = open_checkpoint(octets, log)
    theirs = open_checkpoint(other, log)
    if ours.note.text != theirs.note.text:
        raise MalformedError("checkpoint.other", "these are two different checkpoints", "merge copies of one")
    known = {cosignature.witness for cosignature in _cosignatures(theirs.note, witnesses.witnesses)}
    return note.add(
        ours.note, [line for line in theirs.note.signatures if any(line.is_by(witness) for witness in known)]
    ).write()


def _cosignatures(signed: SignedNote, witnesses: tuple[NoteKey, ...]) -> tuple[Cosignature, ...]:
    found = []
    for witness in witnesses:
        value = signed.by(witness)
        if value is None:
            continue
        seconds = int.from_bytes(value[:8], "big")
        at = _seen_at(seconds)
        if at is None or not witness.verifies(_message(seconds, signed.text), value[8:]):
            raise MalformedError(
                "checkpoint.cosignature", f"the cosignature of {witness.name} does not fit the checkpoint"
            )
        found.append(Cosignature(witness, at))
    return tuple(found)


def _seen_at(seconds: int) -> datetime | None:
    """The time of a cosignature; None beyond the year 9999, where no witness was."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _message(seconds: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (seconds, text)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("checkpoint.malformed", f"this is no checkpoint: {reason}")
