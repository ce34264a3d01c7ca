"""The EvidenceRecord of RFC 4998 3.1: read strictly, written as DER. Pure; nothing here looks into a token.

::

    EvidenceRecord ::= SEQUENCE { version 1, digestAlgorithms SEQUENCE OF, cryptoInfos [0]?, encryptionInfo [1]?,
                                  archiveTimeStampSequence SEQUENCE OF chain }
    chain ::= SEQUENCE OF SEQUENCE { digestAlgorithm [0]?, attributes [1]?, reducedHashtree [2]?,
                                     timeStamp ContentInfo }
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toyono_trust.core.algorithms import digest_algorithm_identifier, digest_by_oid
from toyono_trust.core.asn1 import Node, Reader, header_der, implicit, integer_der, octet_string, sequence
from toyono_trust.core.limits import MAX_TIMESTAMPS
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.ers.tree import Reduced, fold
from toyono_trust.pki import tsp

__all__ = ["ArchiveTimeStamp", "Chain", "Record", "detect", "parse", "stamp_der", "write"]

VERSION = 1
INTEGER, OCTET_STRING, NULL, SEQUENCE = 0x02, 0x04, 0x05, 0x30
CRYPTO_INFOS, ENCRYPTION_INFO = 0xA0, 0xA1
ALGORITHM, ATTRIBUTES, TREE = 0xA0, 0xA1, 0xA2


class ArchiveTimeStamp(NamedTuple):
    """One archive time stamp.

    ``algorithm``: digest name (or OID) that it states, None where it leaves that to the token. ``tree``: its reduced
    hash tree as written, None without one. ``token``: the ContentInfo's octets.
    """

    algorithm: str | None
    tree: Reduced | None
    token: bytes


class Chain(NamedTuple):
    """Archive time stamps under one digest algorithm. ``start``: where the chain begins in the record."""

    stamps: tuple[ArchiveTimeStamp, ...]
    start: int


class Record(NamedTuple):
    """A record as read. ``algorithms``: digest names (or OIDs) that it lists; ``encrypted``: it has encryptionInfo."""

    data: bytes
    algorithms: tuple[str, ...]
    chains: tuple[Chain, ...]
    encrypted: bool

    def before(self, place: int) -> bytes:
        """DER ArchiveTimeStampSequence of the chains before ``place``, their octets as they stand (RFC 4998 5.2).

        ``place``: of a chain, or their number for that of all of them, which are the record's last octets.
        """
        end = self.chains[place].start if place < len(self.chains) else len(self.data)
        octets = self.data[self.chains[0].start : end]
        return header_der(SEQUENCE, len(octets)) + octets


# -- reading


def detect(data: bytes) -> bool:
    """Whether the octets begin like an EvidenceRecord: a small INTEGER, then a list of algorithms.

    A TimeStampReq begins likewise, but what follows its first algorithm is the digest.
    """
    at = _inside(data, 0, SEQUENCE)
    if at is None or data[at : at + 2] != b"\x02\x01":
        return False
    algorithms = _inside(data, at + 3, SEQUENCE)
    if algorithms is None:
        return False
    try:
        first = Reader(data).at(algorithms, len(data))
    except MalformedError:
        return False
    return first[0] == SEQUENCE and data[first[4] : first[4] + 1] != b"\x04"


def _inside(data: bytes, at: int, tag: int) -> int | None:
    """Where the contents of a TLV begin, in whatever form its length is; None where the tag is another."""
    if data[at : at + 1] != bytes((tag,)) or len(data) < at + 2:
        return None
    length = data[at + 1]
    return at + 2 + (length & 0x7F if length > 0x80 else 0)


def parse(data: bytes) -> Record:
    """Read an EvidenceRecord: DER, version 1. Raises ``MalformedError``; never anything else."""
    reader = Reader(data)
    children = reader.members(reader.root(), SEQUENCE, 3, 5)
    version = reader.integer(children[0])
    if version != VERSION:
        raise _malformed(f"its version is {version}, not {VERSION}", children[0])
    algorithms = tuple([_algorithm(reader, node) for node in _list(reader, children[1])])
    last, encrypted = CRYPTO_INFOS - 1, False
    for node in children[2:-1]:
        if not last < node[0] <= ENCRYPTION_INFO:
            raise _malformed("a member is unknown or out of order", node)
        last, encrypted = node[0], node[0] == ENCRYPTION_INFO
    chains = []
    count = 0
    for node in _list(reader, children[-1]):
        stamps = _list(reader, node)
        count += len(stamps)
        if count > MAX_TIMESTAMPS:
            raise MalformedError("limits.count", f"more than {MAX_TIMESTAMPS} time stamps in one file")
        chains.append(Chain(tuple([_stamp(reader, stamp) for stamp in stamps]), node[1]))
    return Record(data, algorithms, tuple(chains), encrypted)


def _list(reader: Reader, node: Node, tag: int = SEQUENCE) -> list[Node]:
    """A SEQUENCE OF that is never empty here: without members it says nothing."""
    found = reader.children(reader.expect(node, tag))
    if not found:
        raise _malformed("a list is empty", node)
    return found


def _stamp(reader: Reader, node: Node) -> ArchiveTimeStamp:
    children = reader.members(node, SEQUENCE, 1, 4)
    algorithm: str | None = None
    tree: Reduced | None = None
    last = ALGORITHM - 1
    for member in children[:-1]:
        if not last < member[0] <= TREE:
            raise _malformed("a member of an archive time stamp is unknown or out of order", member)
        last = member[0]
        if last == ALGORITHM:
            algorithm = _algorithm(reader, member, ALGORITHM)
        elif last == TREE:
            tree = tuple([_hashes(reader, each) for each in _list(reader, member, TREE)])
    return ArchiveTimeStamp(algorithm, tree, reader.tlv(reader.expect(children[-1], SEQUENCE)))


def _hashes(reader: Reader, node: Node) -> tuple[bytes, ...]:
    return tuple([reader.value(reader.expect(each, OCTET_STRING)) for each in _list(reader, node)])


def _algorithm(reader: Reader, node: Node, tag: int = SEQUENCE) -> str:
    """The digest of an AlgorithmIdentifier, its parameters absent or NULL (RFC 5754 2)."""
    parts = reader.members(node, tag, 1, 2)
    for parameters in parts[1:]:
        reader.null(parameters)
    return digest_by_oid(reader.oid(parts[0]))


def _malformed(reason: str, node: Node) -> MalformedError:
    at = node[1]
    message = f"this is no evidence record: {reason} at octet {at}"
    return MalformedError("ers.malformed", message, "ask for the record as it was made", offset=at)


# -- writing


def write(algorithm: str, reduced: Sequence[Sequence[bytes]], token: bytes) -> bytes:
    """DER EvidenceRecord: one chain with one archive time stamp (RFC 4998 3.1, 4.1).

    ``algorithm``: digest name of the tree; ``reduced``: what ``HashTree.reduced`` gives; ``token``: DER TimeStampToken
    whose imprint is the tree's root. A tree of one leaf is left out, for the imprint is then the leaf.
    Raises ``MalformedError`` for a token that is none, ``MisuseError`` (``ers.token``) where it stamps another digest.
    """
    stamped = tsp.read(token, lenient=False)
    if (stamped.imprint_algorithm, stamped.imprint) != (algorithm, fold(reduced, algorithm)):
        raise MisuseError(
            "ers.token", "the time stamp is over another digest than the hash tree's root", "stamp the root"
        )
    chain = sequence(stamp_der(reduced, token))
    return sequence(integer_der(VERSION), sequence(digest_algorithm_identifier(algorithm)), sequence(chain))


def stamp_der(reduced: Sequence[Sequence[bytes]], token: bytes) -> bytes:
    """DER ArchiveTimeStamp, its hash values in ascending order, its digest algorithm left to the token."""
    lists = reduced if len(reduced) > 1 or len(reduced[0]) > 1 else ()
    tree = implicit(2, sequence(*[sequence(*map(octet_string, sorted(each))) for each in lists])) if lists else b""
    return sequence(tree, token)
