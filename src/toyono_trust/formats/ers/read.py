"""Facts of an evidence record (RFC 4998): what each of its time stamps covers, and whether that was presented.

The first time stamp covers the presented data; a later one of the same chain covers the time stamp before it (5.2,
Time-Stamp Renewal); the first of a later chain covers the data and all earlier chains (Hash-Tree Renewal), each as
H(H(data) || H(earlier chains)): in this order, as implementations agree, not sorted as Figure 4 has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toyono_trust.core.algorithms import digest, digest_size
from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.ers.record import ArchiveTimeStamp, Record, parse
from toyono_trust.formats.ers.tree import fold
from toyono_trust.formats.model import EvidenceRecord, Facts, Note, SignedObject, TimestampToken

__all__ = ["RecordFacts", "read", "read_record"]


class RecordFacts(NamedTuple):
    """A record and its tokens, in which ``record.chains`` counts places."""

    record: EvidenceRecord
    tokens: tuple[TimestampToken, ...]


def read(data: bytes, contents: Contents, work: Work, read_token: ReadToken) -> Facts:
    """All facts of a file that is only a record. Several presented contents are one data object group (RFC 4998 4.3).

    Raises ``MalformedError``.
    """
    named = [(name, contents.by_name(name)) for name in contents.names()]
    covered = [(name, content) for name, content in named if content is not None]
    found = read_record(data, covered, work, read_token)
    return Facts("ERS", timestamps=found.tokens, evidence_records=(found.record,))


def read_record(data: bytes, covered: Sequence[tuple[str, Content]], work: Work, read_token: ReadToken) -> RecordFacts:
    """The facts of a record over ``covered``, contents with their names; nothing where they are not at hand.

    Raises ``MalformedError``.
    """
    return _Reading(parse(data), covered, work, read_token).facts()


class _Reading:
    """One record against what was presented."""

    def __init__(
        self, record: Record, covered: Sequence[tuple[str, Content]], work: Work, read_token: ReadToken
    ) -> None:
        self.record, self.covered, self.work, self.read_token = record, covered, work, read_token
        self.tokens: list[TimestampToken] = []
        self.algorithms: list[str] = []
        self.held = [True] * len(covered)
        self.notes: list[Note] = [Note("ers.encrypted")] if record.encrypted else []
        self._keys: list[bytes] = []
        self._hashed: set[tuple[int, str]] = set()

    def facts(self) -> RecordFacts:
        """The record and its tokens."""
        chains = []
        for place in range(len(self.record.chains)):
            begin = len(self.tokens)
            self._chain(place)
            chains.append(tuple(range(begin, len(self.tokens))))
        for name in dict.fromkeys(self.algorithms):
            if name and name not in self.record.algorithms:
                self.notes.append(Note("ers.algorithm-unlisted", "", {"algorithm": name}))
        objects = tuple([self._object(*each) for each in zip(self.covered, self.held, strict=True)])
        record = EvidenceRecord(
            "ERS",
            self.record.data,
            tuple(chains),
            tuple(self.algorithms),
            objects or (self._absent(),),
            tuple(self.notes),
        )
        return RecordFacts(record, tuple(self.tokens))

    def _chain(self, place: int) -> None:
        """The tokens of one chain; all of them, and their trees, are under one digest (RFC 4998 5.2)."""
        earlier = tuple(self._keys)
        before: tuple[str, bytes] | None = None
        for stamp in self.record.chains[place].stamps:
            token = self.read_token(Nested("evidence-record", stamp.token, None))
            algorithm = stamp.algorithm or token.imprint_algorithm
            if before is None:
                self.algorithms.append(algorithm)
                token = self._over_data(token, stamp, algorithm, place)._replace(covers=earlier)
            else:
                self.work.spend("repeated-bytes", len(before[1]))
                token = self._over_token(token, stamp, algorithm, before[1])
                if algorithm != before[0]:
                    values = {"first": before[0], "second": algorithm}
                    token = token._replace(notes=(*token.notes, Note("ers.chain-algorithm", "", values)))
            self.tokens.append(token)
            self._keys.append(digest("sha256", token.data))
            before = algorithm, stamp.token

    def _over_data(self, token: TimestampToken, stamp: ArchiveTimeStamp, algorithm: str, place: int) -> TimestampToken:
        """The first of a chain, over the data, and over all earlier chains where there are any."""
        if not self.covered or digest_size(algorithm) is None:
            self.held = [False] * len(self.held)
            return token
        wanted = [self._digest(content, algorithm) for _, content in self.covered]
        if place:
            sequence = self.record.before(place)
            self.work.spend("repeated-bytes", len(sequence))
            chains = digest(algorithm, sequence)
            wanted = [digest(algorithm, each + chains) for each in wanted]
        there = _first_list(token, stamp)
        compared = _compared(token, stamp, algorithm, wanted)
        leads = not any(note.code in _BROKEN for note in compared.notes)
        self.held = [held and leads and each in there for held, each in zip(self.held, wanted, strict=True)]
        if len(self.covered) > 1 and set(there) - set(wanted) and not place:
            self.notes.append(Note("ers.group"))
        return compared

    def _over_token(
        self, token: TimestampToken, stamp: ArchiveTimeStamp, algorithm: str, before: bytes
    ) -> TimestampToken:
        """A later one of a chain, over the ContentInfo of the one before."""
        if digest_size(algorithm) is None:
            return token
        compared = _compared(token, stamp, algorithm, [digest(algorithm, before)])
        return compared._replace(covers=(self._keys[-1],))

    def _digest(self, content: Content, algorithm: str) -> bytes:
        if (id(content), algorithm) not in self._hashed:
            self._hashed.add((id(content), algorithm))
            self.work.present(content, content.size)
        return content.digest(algorithm)

    def _object(self, named: tuple[str, Content], held: bool) -> SignedObject:
        """A presented content, by the digest of the first chain."""
        name, content = named
        algorithm = self.algorithms[0]
        if digest_size(algorithm) is None:
            return SignedObject(name, True, None, content=content)
        return SignedObject(name, True, held, algorithm, self._digest(content, algorithm), content=content)

    def _absent(self) -> SignedObject:
        """What the record is over, where that is not at hand; its digest where there is but one."""
        there = _first_list(self.tokens[0], self.record.chains[0].stamps[0])
        digest_of = there[0] if len(there) == 1 and there[0] else None
        return SignedObject("content", False, None, self.algorithms[0] or None, digest_of)


def _first_list(token: TimestampToken, stamp: ArchiveTimeStamp) -> tuple[bytes, ...]:
    """The hash values among which the data's must be (RFC 4998 4.3, step 2); without a tree it is the imprint."""
    return (token.imprint,) if stamp.tree is None else stamp.tree[0]


def _compared(token: TimestampToken, stamp: ArchiveTimeStamp, algorithm: str, wanted: list[bytes]) -> TimestampToken:
    """RFC 4998 4.3: the first list holds what is wanted, and the tree leads to the imprint.

    A hash value of another size than the digest's could stand for two of them.
    """
    tree = ((token.imprint,),) if stamp.tree is None else stamp.tree
    size = digest_size(algorithm)
    notes: list[Note] = []
    if any(len(value) != size for hashes in tree for value in hashes):
        notes.append(Note("ers.hash-size", "", {"algorithm": algorithm}))
    elif stamp.tree is not None and fold(tree, algorithm) != token.imprint:
        notes.append(Note("ers.other-root"))
    if not set(wanted) <= set(tree[0]):
        notes.append(Note("ers.not-in-tree"))
    if token.imprint_algorithm and algorithm != token.imprint_algorithm:
        notes.append(Note("ers.algorithm", "", {"tree": algorithm, "imprint": token.imprint_algorithm}))
    return token._replace(imprint_found=True, imprint_intact=not notes, notes=(*token.notes, *notes))


_BROKEN = ("ers.algorithm", "ers.hash-size", "ers.other-root")
"""Notes on a hash tree that does not lead to what was stamped."""
