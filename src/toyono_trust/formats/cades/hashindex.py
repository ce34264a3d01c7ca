"""ATSHashIndex: what an archive-time-stamp-v3 covers beside the signature itself (EN 319 122-1 5.5.2).

A list of digests, one for each certificate, each piece of revocation information and each unsigned attribute value that
was there; its DER is part of what is stamped. Versions 1 and 2 are read, where a digest is over a whole attribute.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier, digest_by_oid
from toyono_trust.core.asn1 import Reader, octet_string, sequence

__all__ = ["ATS_HASH_INDEX_V3", "HashIndex", "build_index", "find_index", "read_index", "value_inputs"]

ATS_HASH_INDEX_V3 = "0.4.0.19122.1.5"
VERSIONS = {"0.4.0.1733.2.5": 1, "0.4.0.19122.1.4": 2, ATS_HASH_INDEX_V3: 3}
"""Attribute types of the index, in the unsigned attributes of the token's SignerInfo."""
MAX_ENTRIES = 2_000
"""Digests in one index: a file holds at most 200 certificates, 200 pieces of revocation data and 200 tokens."""


class HashIndex(NamedTuple):
    """An index as read. ``algorithm``: digest name, or the OID where unknown. ``tlv``: its octets, the stamped ones."""

    version: int
    algorithm: str
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    attributes: tuple[bytes, ...]
    tlv: bytes


def find_index(token_signer: cms.SignerInfo) -> tuple[int, bytes] | None:
    """Version and TLV of the one index of a token; None where it has none or several."""
    found = [
        (VERSIONS[attribute.oid], value)
        for attribute in token_signer.unsigned_attributes
        if attribute.oid in VERSIONS
        for value in attribute.values
    ]
    return found[0] if len(found) == 1 else None


def read_index(version: int, tlv: bytes) -> HashIndex:
    """ATSHashIndex: SEQUENCE { hashIndAlgorithm, three SEQUENCE OF OCTET STRING }. Raises ``MalformedError``.

    Version 1 leaves out hashIndAlgorithm where it is SHA-256.
    """
    reader = Reader(tlv, lenient=True, nodes=MAX_ENTRIES)
    members = reader.members(reader.root(), 0x30, 3 if version == 1 else 4, 4)
    algorithm = "sha256"
    if len(members) == 4:
        algorithm = digest_by_oid(reader.oid(reader.members(members[0], 0x30, 1, 2)[0]))
    lists = [
        tuple([reader.octets(entry) for entry in reader.members(node, 0x30, 0, MAX_ENTRIES)]) for node in members[-3:]
    ]
    return HashIndex(version, algorithm, lists[0], lists[1], lists[2], tlv)


def build_index(found: cms.SignedData, info: cms.SignerInfo, algorithm: str) -> bytes:
    """DER of the ATSHashIndexV3 over all that is there now. Raises ``MalformedError`` for an unknown digest name."""
    certificates = (*found.certificates, *found.other_certificates)
    values = [entry for attribute in info.unsigned_attributes for entry in value_inputs(attribute)]
    return sequence(
        digest_algorithm_identifier(algorithm),
        *(
            sequence(*[octet_string(digest(algorithm, item)) for item in items])
            for items in (certificates, found.revocation_choices, values)
        ),
    )


def value_inputs(attribute: cms.Attribute) -> list[bytes]:
    """For each value of an attribute what its entry in version 3 is the digest of: attrType and value, as stored."""
    reader = Reader(attribute.tlv, lenient=True)
    kind = reader.tlv(reader.children(reader.root())[0])
    return [kind + value for value in attribute.values]
