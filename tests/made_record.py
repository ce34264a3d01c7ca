"""Evidence records of a throw-away town: over any number of leaves, and renewed as RFC 4998 5.2 has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from past_pki import DAY, Party, authority, crl, stamper, store, token, year
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier
from toyono_trust.core.asn1 import implicit, integer_der, octet_string, sequence
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import ers
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.ers import HashTree, fold, write
from toyono_trust.pki.anchors import TrustStore

__all__ = [
    *("ENDS", "LASTING", "NEW", "NOW", "OLD", "ROOT", "TSA", "expiring", "leaf", "leaves", "lists", "made"),
    *("record_of", "renew", "renewed_chain", "renewed_stamp", "stamp_of", "stamping", "trust"),
]

NOW = year(2026, 11)
Stamping = Callable[[bytes, str], bytes]
"""Gives a token over a digest under an algorithm."""
ROOT = authority("record root")
TSA = stamper("record tsa", ROOT)


def trust(at: datetime = NOW) -> TrustStore:
    """Trust in the root, with its list."""
    return store(ROOT, items=[crl(ROOT, at)])


def leaves(count: int, algorithm: str = "sha256") -> list[bytes]:
    """Digests of the texts "leaf 0", "leaf 1" …"""
    return [hashlib.new(algorithm, leaf(index)).digest() for index in range(count)]


def leaf(index: int) -> bytes:
    """The data of a leaf."""
    return b"leaf %d" % index


def made(count: int, index: int = 0, at: datetime = NOW, by: Party = TSA, algorithm: str = "sha256") -> bytes:
    """A record of the leaf at ``index`` in a tree of ``count``."""
    tree = HashTree(leaves(count, algorithm), algorithm)
    return write(algorithm, tree.reduced(index), token(tree.root, by, at, algorithm))


# -- by hand, so that anything may be wrong


def stamp_of(token: bytes, tree: Sequence[Sequence[bytes]] | None = None, algorithm: str | None = None) -> bytes:
    """An ArchiveTimeStamp."""
    stated = b"" if algorithm is None else implicit(0, digest_algorithm_identifier(algorithm))
    lists = b"" if tree is None else implicit(2, sequence(*[sequence(*map(octet_string, each)) for each in tree]))
    return sequence(stated, lists, token)


def record_of(*chains: Sequence[bytes], algorithms: Sequence[str] = ("sha256",), version: int = 1) -> bytes:
    """An EvidenceRecord of chains of archive time stamps."""
    listed = sequence(*map(digest_algorithm_identifier, algorithms))
    return sequence(integer_der(version), listed, sequence(*[sequence(*chain) for chain in chains]))


def renewed_stamp(before: bytes, stamping: Stamping, algorithm: str = "sha256") -> bytes:
    """Time-stamp renewal: an ArchiveTimeStamp over the token before it, beside another leaf."""
    tree = HashTree([digest(algorithm, before), digest(algorithm, b"another")], algorithm)
    return stamp_of(stamping(tree.root, algorithm), tree.reduced(0))


def renewed_chain(
    data: Sequence[bytes],
    chains: Sequence[Sequence[bytes]],
    stamping: Stamping,
    algorithm: str = "sha512",
    *,
    swapped: bool = False,
) -> bytes:
    """Hash-tree renewal: the first ArchiveTimeStamp of a chain over the data and all earlier chains.

    ``swapped``: with the two digests in the wrong order.
    """
    earlier = digest(algorithm, sequence(*[sequence(*chain) for chain in chains]))
    pairs = [(digest(algorithm, each), earlier)[:: -1 if swapped else 1] for each in data]
    tree = (tuple(sorted(digest(algorithm, b"".join(pair)) for pair in pairs)), (digest(algorithm, b"another"),))
    return stamp_of(stamping(fold(tree, algorithm), algorithm), tree, algorithm)


def stamping(at: datetime = NOW, by: Party = TSA) -> Stamping:
    """What asks an authority for a token."""
    return lambda imprint, algorithm: token(imprint, by, at, algorithm)


# -- renewed before or after the certificate of an authority ends


ENDS = year(2032)
LASTING = authority("lasting root")
OLD = stamper("old authority", LASTING, end=ENDS)
NEW = stamper("new authority", LASTING)


def lists(at: datetime) -> bytes:
    """The list of the root."""
    return crl(LASTING, at)


def expiring(at: datetime = NOW) -> bytes:
    """A record of leaf 1 under a time stamp whose certificate ends in 2032."""
    tree = HashTree(leaves(3))
    return ers.write("sha256", tree.reduced(1), token(tree.root, OLD, at))


def renew(record: bytes, at: datetime, digest: str = "sha256", listed: datetime | None = None) -> bytes:
    """Renewed at a time, with what the newest time stamp is verified with."""
    record = ers.add_validation_data(record, ValidationData((LASTING.der,), (lists(listed or at - DAY),)))
    draft = ers.prepare_archive(record, Contents(BytesContent(leaf(1))), digest)
    return ers.attach_archive(draft, token(draft.imprint, NEW, at, digest))
