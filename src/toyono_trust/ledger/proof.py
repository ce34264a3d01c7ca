"""The proof of one entry: a small JSON file that holds after the log and all its other entries are gone.

It has the entry, its index, the inclusion path (RFC 9162 2.1.3) and a checkpoint with the signatures of the log and of
its witnesses; and, if the holder leaves them in, the salt that opens the entry, the charter by which an organisation
certifies the log's key, and an evidence record (RFC 4998) that dates the checkpoint. The file is RFC 8785 text: it has
one form, so that any octet changed in it is found, but for those of the charter and of the record, which stand under
signatures of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode, b64url_decode, b64url_encode, json_canonical, json_loads
from toyono_trust.core.merkle import HASH_SIZE, check_inclusion, leaf_hash
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger.checkpoint import SeenCheckpoint, WitnessPolicy, open_checkpoint
from toyono_trust.ledger.entry import ENTRY_SIZE, SALT_SIZE, commit
from toyono_trust.ledger.note import MAX_NOTE, NoteKey

__all__ = ["Proof", "ProvenEntry", "check_proof", "read_proof", "write_proof"]

FORMAT = "toyono_trust/entry-proof/v1"
MAX_PATH = 63
"""Hashes of a path: a log has at most 2**63 entries."""
MAX_CHARTER = 1 << 20
"""Octets of a charter; a sealed JSON object with its certificates, time stamps and revocation data has some 30,000."""
MAX_RECORD = 1 << 20
"""Octets of an evidence record; one with a reduced tree of 20 levels and a time stamp has some 10,000, and each renewal
adds a time stamp with its revocation data."""
MAX_PROOF = 2 * (MAX_NOTE + MAX_CHARTER + MAX_RECORD)
MAX_INDEX = (1 << 53) - 1
"""The largest index that a JSON number holds exactly (RFC 7493 2.2)."""

_MEMBERS = frozenset({"format", "log", "index", "entry", "inclusion", "checkpoint"})
_OPTIONAL = frozenset({"charter", "record", "salt"})


class Proof(NamedTuple):
    """What a proof file holds; nothing of it is checked yet.

    ``log``: the key that it says is the log's. ``position``: the entry's index. ``entry``: 32 octets. ``inclusion``:
    from the leaf's sibling up. ``checkpoint``: the signed note. ``salt``: 16 octets, or None where the holder does not
    show what the entry is. ``charter``: the sealed statement that certifies the log's key, or None. ``record``: DER of
    the RFC 4998 evidence record over the checkpoint as the log alone signed it, or None where it is not stamped.
    """

    log: NoteKey
    position: int
    entry: bytes
    inclusion: tuple[bytes, ...]
    checkpoint: bytes
    salt: bytes | None = None
    charter: bytes | None = None
    record: bytes | None = None


class ProvenEntry(NamedTuple):
    """What a checked proof proves: this entry stood at this index when the log, and its witnesses, signed that."""

    entry: bytes
    position: int
    seen: SeenCheckpoint


def write_proof(proof: Proof) -> bytes:
    """The proof's file. Raises ``MisuseError`` "proof.unfit" for what ``read_proof`` would not give back."""
    try:
        members: dict[str, Any] = {
            "format": FORMAT,
            "log": proof.log.text,
            "index": proof.position,
            "entry": b64_encode(proof.entry),
            "inclusion": [b64_encode(one) for one in proof.inclusion],
            "checkpoint": proof.checkpoint.decode("utf-8"),
        }
        if proof.salt is not None:
            members["salt"] = b64url_encode(proof.salt).decode("ascii")
        if proof.charter is not None:
            members["charter"] = b64_encode(proof.charter)
        if proof.record is not None:
            members["record"] = b64_encode(proof.record)
        octets = json_canonical(members)
        again = read_proof(octets)
    except (MalformedError, UnicodeDecodeError) as error:
        raise MisuseError("proof.unfit", f"this is no proof: {error}", "take it from the log") from error
    if again != proof:
        raise MisuseError("proof.unfit", "this proof cannot be written as it is", "take it from the log")
    return octets


def read_proof(octets: bytes) -> Proof:
    """Read a proof file. Raises ``MalformedError`` "proof.malformed", "note.key", "json.…", "base64.…"."""
    members = json_loads(octets, max_bytes=MAX_PROOF, max_depth=2, max_nodes=MAX_PATH + 10)
    if not isinstance(members, dict) or not _MEMBERS <= set(members) <= _MEMBERS | _OPTIONAL:
        raise _malformed("its members are not those of a proof")
    if members["format"] != FORMAT:
        raise _malformed("its format is not known here")
    index, path = members["index"], members["inclusion"]
    if type(index) is not int or not 0 <= index <= MAX_INDEX:
        raise _malformed("its index is no natural number")
    if not isinstance(path, list) or len(path) > MAX_PATH:
        raise _malformed("its path is none")
    salt = _text(members, "salt") if "salt" in members else None
    charter = _octets(_text(members, "charter")) if "charter" in members else None
    record = _octets(_text(members, "record")) if "record" in members else None
    proof = Proof(
        log=NoteKey.parse(_text(members, "log")),
        position=index,
        entry=_octets(_text(members, "entry"), ENTRY_SIZE),
        inclusion=tuple(_octets(one, HASH_SIZE) for one in path),
        checkpoint=_text(members, "checkpoint").encode(),
        salt=None if salt is None else b64url_decode(salt),
        charter=charter,
        record=record,
    )
    if proof.salt is not None and len(proof.salt) != SALT_SIZE:
        raise _malformed("its salt has another size")
    if charter is not None and not 0 < len(charter) <= MAX_CHARTER:
        raise _malformed("its charter has no acceptable size")
    if record is not None and not 0 < len(record) <= MAX_RECORD:
        raise _malformed("its evidence record has no acceptable size")
    if json_canonical(members) != octets:
        raise _malformed("it is not in RFC 8785 form")
    return proof


def check_proof(
    proof: Proof | bytes,
    key: NoteKey,
    witnesses: WitnessPolicy | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> ProvenEntry:
    """Check a proof, offline, under the log key that the caller trusts, and with it that the entry is of the evidence.

    ``evidence``: the receipt's JSON object, sealed or not; without it the proof is about an unknown 32 octets.
    Raises ``MalformedError``: as ``read_proof`` and ``open_checkpoint``; "proof.log" (another log's), "proof.path" (it
    does not lead to the checkpoint's root), "proof.salt" (there is none to open the entry), "proof.evidence" (the entry
    is of other evidence).
    """
    if isinstance(proof, bytes):
        proof = read_proof(proof)
    if proof.log != key:
        raise MalformedError(
            "proof.log", f"this is a proof of the log {proof.log.text}, not of {key.text}", "ask for the log's key"
        )
    seen = open_checkpoint(proof.checkpoint, key, witnesses)
    size, root = seen.checkpoint.size, seen.checkpoint.root
    if not check_inclusion(leaf_hash(proof.entry), proof.position, size, proof.inclusion, root):
        raise MalformedError("proof.path", "the proof does not lead from its entry to the checkpoint's root")
    if evidence is not None:
        if proof.salt is None:
            raise MalformedError(
                "proof.salt", "the salt that shows what the entry is, is not in the proof", "ask its holder for it"
            )
        if commit(evidence, proof.salt).entry != proof.entry:
            raise MalformedError("proof.evidence", "the proven entry is not of this evidence", "present the right one")
    return ProvenEntry(proof.entry, proof.position, seen)


def _text(members: dict[str, Any], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise _malformed(f"its {name} is no text")
    return value


def _octets(text: Any, size: int | None = None) -> bytes:
    if not isinstance(text, str):
        raise _malformed("a hash is no text")
    value = b64_decode(text)
    if size is not None and len(value) != size:
        raise _malformed("a hash has another size")
    return value


def _malformed(reason: str) -> MalformedError:
    return MalformedError("proof.malformed", f"this is no proof of an entry: {reason}")
