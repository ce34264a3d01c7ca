"""Evidence records renewed before they grow weak (RFC 4998 5.2); no octet of what is there changes but lengths.

*Time-stamp renewal*: another time stamp in the same chain, over the newest one. *Hash-tree renewal*: a new chain under
another digest, over the data and all earlier chains. What the newest time stamp is verified with is put into it first,
so that the next one proves that to be as old. One time stamp may renew any number of records: their imprints are the
leaves of one ``HashTree``.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier
from toyono_trust.core.asn1 import Node, Reader, header_der, sequence
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ArchiveDraft, ValidationData
from toyono_trust.formats.ers.record import Record, parse, stamp_der
from toyono_trust.formats.ers.tree import Reduced, fold, joined
from toyono_trust.pki import tsp

__all__ = ["add_validation_data", "attach_archive", "prepare_archive"]


class _State(NamedTuple):
    """What a renewal is made of. ``first``: the first list of its hash tree; ``anew``: it begins a chain."""

    record: Record
    algorithm: str
    first: tuple[bytes, ...]
    anew: bool


def add_validation_data(record: bytes, data: ValidationData) -> bytes:
    """What the newest time stamp is verified with, put into the certificates and crls of that token.

    Octets already there are not added twice. Raises ``MalformedError``.
    """
    found = parse(record)
    token = found.chains[-1].stamps[-1].token
    choices = (*data.crls, *map(cms.ocsp_choice, data.ocsp_responses))
    filled = cms.extend(cms.read(token, lenient=True), certificates=data.certificates, crls=choices)
    reader, around = _innermost(found)
    newest = around[-1]
    kept = reader.data[newest[2] : reader.children(newest)[-1][1]]
    return _rebuilt(reader, around, kept + filled)


def prepare_archive(record: bytes, contents: Contents, algorithm: str) -> ArchiveDraft:
    """The imprint of the next time stamp, under the digest ``algorithm``.

    Where the newest chain has that digest, it is over the newest token; else over ``contents``, all that the record
    covers, and all chains.

    Raises ``MalformedError``; ``MisuseError`` (``ers.content``) where contents are needed and not at hand.
    """
    found = parse(record)
    newest = found.chains[-1].stamps[-1]
    if algorithm == (newest.algorithm or tsp.read(newest.token).imprint_algorithm):
        imprint = digest(algorithm, newest.token)
        return ArchiveDraft(imprint, _State(found, algorithm, (imprint,), anew=False))
    covered = [contents.by_name(name) for name in contents.names()]
    chains = digest(algorithm, found.before(len(found.chains)))
    hashes = {digest(algorithm, each.digest(algorithm) + chains) for each in covered if each is not None}
    if not hashes:
        raise MisuseError("ers.content", "a hash tree is renewed over the data itself", "present what it covers")
    first = tuple(sorted(hashes))
    imprint = first[0] if len(first) == 1 else digest(algorithm, joined(first))
    return ArchiveDraft(imprint, _State(found, algorithm, first, anew=True))


def attach_archive(draft: ArchiveDraft, token: bytes, reduced: Reduced | None = None) -> bytes:
    """The record with this time stamp. ``token``: DER, over the imprint, or over the root of a tree of many imprints.

    ``reduced``: what ``HashTree.reduced`` gives of the imprint in that tree. Raises ``MalformedError``, ``MisuseError``
    (``ers.token``) where the token is over something else.
    """
    record, algorithm, first, anew = draft.state
    lists: Reduced = (first,)
    if reduced is not None:
        (leaf, *rest), *more = reduced
        if leaf != draft.imprint:
            raise MisuseError("ers.token", "the hash tree is reduced for another leaf", "reduce it for the imprint")
        lists = ((*first, *rest), *more) if len(first) == 1 else tuple(filter(None, (first, tuple(rest), *more)))
    stamped = tsp.read(token, lenient=False)
    if (stamped.imprint_algorithm, stamped.imprint) != (algorithm, fold(lists, algorithm)):
        raise MisuseError("ers.token", "the time stamp is over another digest than this renewal", "stamp the imprint")
    made = stamp_der(lists, token)
    reader = Reader(record.data)
    root = reader.root()
    members = reader.children(root)
    chains = [reader.tlv(node) for node in reader.children(members[-1])]
    last = reader.children(members[-1])[-1]
    if anew:
        chains.append(sequence(made))
    else:
        chains[-1] = sequence(reader.data[last[2] : last[3]], made)
    algorithms = reader.tlv(members[1])
    if algorithm not in record.algorithms:
        algorithms = sequence(reader.value(members[1]), digest_algorithm_identifier(algorithm))
    between = [reader.tlv(node) for node in members[2:-1]]
    return sequence(reader.tlv(members[0]), algorithms, *between, sequence(*chains))


def _innermost(record: Record) -> tuple[Reader, list[Node]]:
    """The nodes around the newest token, outermost first; each is the last member of the one before."""
    reader = Reader(record.data)
    around = [reader.root()]
    for _ in range(3):  # the sequence of chains, a chain, its time stamp
        around.append(reader.children(around[-1])[-1])
    return reader, around


def _rebuilt(reader: Reader, around: list[Node], body: bytes) -> bytes:
    """The record with other contents of the innermost node; lengths around it follow."""
    inner: Node | None = None
    for node in reversed(around):
        if inner is not None:
            body = reader.data[node[2] : inner[1]] + body
        body = header_der(node[0], len(body)) + body
        inner = node
    return body
