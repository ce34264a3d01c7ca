"""A manifest for third parties: which entries of a log some receipts are, and nothing of what they say.

It lists indexes and commitments, each with the path to one checkpoint that all of them share, and the log's charter and
the checkpoint's evidence record once. Who holds it can check that so many entries stood in the log by that time, and
later be shown any of them by its opening alone; of the others that says nothing, for each has a salt of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode, json_canonical, json_loads
from toyono_trust.core.merkle import HASH_SIZE
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger.entry import ENTRY_SIZE, read_opening
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.proof import MAX_PATH, MAX_PROOF, Proof, write_proof

__all__ = ["Listed", "Manifest", "read_manifest", "write_manifest"]

FORMAT = "toyono_trust/log-manifest/v1"
MAX_ENTRIES = 10_000
"""Entries of one manifest: a year of a small town; with paths of 20 hashes it has 10 MB."""
MAX_MANIFEST = MAX_PROOF + MAX_ENTRIES * 48 * (MAX_PATH + 2)
MAX_INDEX = (1 << 53) - 1
_MEMBERS = frozenset({"format", "log", "entries", "checkpoint"})
_OPTIONAL = frozenset({"charter", "record"})


class Listed(NamedTuple):
    """One entry: its index, the commitment (32 octets) and its path to the checkpoint's root."""

    position: int
    entry: bytes
    inclusion: tuple[bytes, ...]


class Manifest(NamedTuple):
    """Entries of one log under one checkpoint, in the order of their indexes. Salts are no part of it.

    ``log``: the key that it says is the log's; ``checkpoint``: the signed note; ``charter`` and ``record``: as of
    ``Proof``. Nothing of it is checked yet: every ``proof`` is verified as one.
    """

    log: NoteKey
    entries: tuple[Listed, ...]
    checkpoint: bytes
    charter: bytes | None = None
    record: bytes | None = None

    @classmethod
    def of(cls, proofs: Iterable[Proof]) -> Manifest:
        """The manifest of some proofs by one checkpoint of one log; their salts are left out.

        Raises ``MisuseError`` "manifest.unfit" where there are none, too many, or of several logs or checkpoints.
        """
        given = sorted(proofs, key=lambda proof: proof.position)
        shared = {(proof.log, proof.checkpoint, proof.charter, proof.record) for proof in given}
        if len(shared) != 1 or len(given) > MAX_ENTRIES or len({each.position for each in given}) != len(given):
            raise MisuseError(
                "manifest.unfit",
                f"a manifest has 1 to {MAX_ENTRIES} different entries by one checkpoint of one log",
                "prove them all with the same checkpoint=",
            )
        ((log, checkpoint, charter, record),) = shared
        listed = tuple(Listed(proof.position, proof.entry, proof.inclusion) for proof in given)
        return cls(log, listed, checkpoint, charter, record)

    def proof(self, position: int) -> Proof:
        """The proof of one of its entries, to be verified. Raises ``MisuseError`` "manifest.absent"."""
        for listed in self.entries:
            if listed.position == position:
                return Proof(
                    self.log, position, listed.entry, listed.inclusion, self.checkpoint, None, self.charter, self.record
                )
        raise MisuseError("manifest.absent", f"entry {position} is not in the manifest", "ask for one that lists it")

    def opened(self, opening: bytes) -> Proof:
        """The proof of the entry that an opening opens, with its salt, to be verified with the evidence.

        Raises ``MalformedError`` as ``read_opening``; ``MisuseError`` "manifest.absent".
        """
        shown = read_opening(opening)
        for listed in self.entries:
            if listed.entry == shown.entry:
                return self.proof(listed.position)._replace(salt=shown.salt)
        raise MisuseError("manifest.absent", "what is opened is not in the manifest", "ask for one that lists it")


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest's file: RFC 8785 text. Raises ``MisuseError`` for what ``read_manifest`` would not give back."""
    try:
        for listed in manifest.entries[:1]:
            write_proof(manifest.proof(listed.position))
        members: dict[str, Any] = {
            "format": FORMAT,
            "log": manifest.log.text,
            "entries": [
                [listed.position, b64_encode(listed.entry), b64_encode(b"".join(listed.inclusion))]
                for listed in manifest.entries
            ],
            "checkpoint": manifest.checkpoint.decode("utf-8"),
        }
        for name, octets in (("charter", manifest.charter), ("record", manifest.record)):
            if octets is not None:
                members[name] = b64_encode(octets)
        text = json_canonical(members)
        again = read_manifest(text)
    except (MalformedError, UnicodeDecodeError) as error:
        raise MisuseError("manifest.unfit", f"this is no manifest: {error}", "make it with Manifest.of") from error
    if again != manifest:
        raise MisuseError("manifest.unfit", "this manifest cannot be written as it is", "make it with Manifest.of")
    return text


def read_manifest(octets: bytes) -> Manifest:
    """Read a manifest's file. Raises ``MalformedError`` "manifest.malformed", "note.key", "json.…", "base64.…"."""
    members = json_loads(octets, max_bytes=MAX_MANIFEST, max_depth=4, max_nodes=4 * MAX_ENTRIES + 20)
    if not isinstance(members, dict) or not _MEMBERS <= set(members) <= _MEMBERS | _OPTIONAL:
        raise _malformed("its members are not those of a manifest")
    texts = [members[name] for name in sorted(members) if name != "entries"]
    if members["format"] != FORMAT or not all(isinstance(text, str) for text in texts):
        raise _malformed("its format is not known here")
    entries = members["entries"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_ENTRIES:
        raise _malformed("it lists no entries, or too many")
    listed = tuple([_listed(one) for one in entries])
    if any(first.position >= second.position for first, second in pairwise(listed)):
        raise _malformed("its entries are not in the order of their indexes")
    if json_canonical(members) != octets:
        raise _malformed("it is not in RFC 8785 form")
    charter, record = (b64_decode(members[name]) if name in members else None for name in ("charter", "record"))
    return Manifest(NoteKey.parse(members["log"]), listed, members["checkpoint"].encode(), charter, record)


def _listed(value: Any) -> Listed:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(text, str) for text in value[1:]):
        raise _malformed("an entry is not index, commitment and path")
    index, entry, path = value[0], b64_decode(value[1]), b64_decode(value[2])
    if type(index) is not int or not 0 <= index <= MAX_INDEX or len(entry) != ENTRY_SIZE:
        raise _malformed("an entry has no index, or another size")
    if len(path) % HASH_SIZE or len(path) > MAX_PATH * HASH_SIZE:
        raise _malformed("a path is none")
    hashes = tuple(path[at : at + HASH_SIZE] for at in range(0, len(path), HASH_SIZE))
    return Listed(index, entry, hashes)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("manifest.malformed", f"this is no manifest of entries: {reason}")
