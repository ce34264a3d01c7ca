"""The EvidenceRecord of RFC 4998 3.1, written: DER, its hash values in the order that 4.2 asks for."""

from __future__ import annotations

from collections.abc import Sequence

from toyono_trust.core.algorithms import digest_algorithm_identifier
from toyono_trust.core.asn1 import implicit, integer_der, octet_string, sequence
from toyono_trust.errors import MisuseError
from toyono_trust.formats.ers.tree import fold
from toyono_trust.pki import tsp

__all__ = ["write"]

VERSION = 1


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
    lists = reduced if len(reduced) > 1 or len(reduced[0]) > 1 else ()
    tree = implicit(2, sequence(*[sequence(*map(octet_string, sorted(each))) for each in lists])) if lists else b""
    chain = sequence(sequence(tree, token))
    return sequence(integer_der(VERSION), sequence(digest_algorithm_identifier(algorithm)), sequence(chain))
