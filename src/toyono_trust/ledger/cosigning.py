"""Asks a witness at a URL for its cosignature of a log's checkpoint (C2SP tlog-witness, the log's side).

The first request claims that the witness has seen nothing; a witness that has, says from which size it wants the proof.
Its answer is checked like any cosignature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from toyono_trust.errors import MalformedError, UnavailableError
from toyono_trust.ledger import note
from toyono_trust.ledger.checkpoint import WitnessPolicy, open_checkpoint
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.witness import AddCheckpoint
from toyono_trust.steps import Call, Fetch, Response, Steps, ask

__all__ = ["request_cosignature"]

ATTEMPTS = 3
"""Requests: one to learn the size that the witness has, one with the proof, and one where it was asked meanwhile."""
MAX_ANSWER = 1 << 16

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


def request_cosignature(
    url: str, checkpoint: bytes, log: NoteKey, witness: NoteKey, prove: Callable[[int, int], Sequence[bytes]]
) -> Steps[bytes]:
    """The checkpoint with this witness's cosignature, for ``EvidenceLog.add_cosignatures``.

    Args:
        url: the witness's submission prefix.
        checkpoint: the log's signed note.
        log: the log's verifier key.
        witness: the witness's verifier key.
        prove: makes consistency proofs of the log, as ``EvidenceLog.prove_consistency``.

    Raises ``UnavailableError`` "witness.refused" (also where the witness has seen a larger log), "net.…";
    ``MalformedError`` as ``open_checkpoint`` where what it answers is no cosignature of its key.
    """
    policy = WitnessPolicy.of(1, witness)
    size = open_checkpoint(checkpoint, log).checkpoint.size
    asked = AddCheckpoint(0, (), checkpoint)
    for _ in range(ATTEMPTS):
        fetch = Fetch(f"{url.rstrip('/')}/add-checkpoint", "POST", _TEXT, asked.write(), max_bytes=MAX_ANSWER)
        response: Response = yield from ask(fetch)
        if response.status == 200:
            return _with(checkpoint, response.body, log, policy)
        seen = _SIZE.fullmatch(response.body) if response.status == 409 else None
        if seen is None:
            raise _refused(f"answered {response.status}")
        old = int(seen[1])
        if old > size:
            raise _refused(f"has seen {old} entries of the log already")
        if old == asked.old_size:
            raise _refused(f"has seen something else at {old} entries")
        path: Sequence[bytes] = yield from ask(Call(lambda old=old: prove(old, size)))  # type: ignore[misc]
        asked = AddCheckpoint(old, tuple(path), checkpoint)
    raise _refused("names another size each time")


_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


def _with(checkpoint: bytes, lines: bytes, log: NoteKey, policy: WitnessPolicy) -> bytes:
    """The note with the line of the policy's witness alone, checked."""
    (witness,) = policy.witnesses
    ours = note.read(checkpoint)
    answered = note.read(ours.text + b"\n" + lines)
    if answered.by(witness) is None:
        raise MalformedError("checkpoint.witnesses", "the answer has no cosignature of this witness", "check its key")
    kept = tuple(line for line in ours.signatures if not line.is_by(witness))
    added = tuple(line for line in answered.signatures if line.is_by(witness))
    whole = ours._replace(signatures=(*kept, *added)).write()
    open_checkpoint(whole, log, policy)
    return whole


def _refused(reason: str) -> UnavailableError:
    return UnavailableError(
        "witness.refused", f"the witness {reason}", "ask its operator; audit the log", retryable=False
    )
