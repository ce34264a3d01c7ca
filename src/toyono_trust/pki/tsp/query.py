"""RFC 3161 2.4.1, TimeStampReq: made by a client, read by a server. Pure.

rfc3161ng encodes what we send and is imported only then, for it pulls in an HTTP stack. Given ``data=`` it labels a
SHA-1 digest as whatever was asked for, so it is always given the digest, and its work is read back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from toyono_trust.core.algorithms import digest_by_oid, digest_size
from toyono_trust.core.asn1 import Node, Reader, oid_der
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["Query", "check_policy", "read_extensions", "read_imprint", "read_query", "request"]

REQUESTABLE = ("sha256", "sha384", "sha512")

BOOLEAN, INTEGER, NULL, OID, SEQUENCE = 0x01, 0x02, 0x05, 0x06, 0x30
EXTENSIONS = 0xA0


class Query(NamedTuple):
    """A TimeStampReq as read.

    ``imprint_tlv`` and ``nonce_tlv`` are slices of the request (DER; empty where there is no nonce), for an answer
    that repeats them octet for octet. ``algorithm``: a digest name, or the OID where it is not known.
    ``extensions``: OIDs.
    """

    version: int
    imprint_tlv: bytes
    algorithm: str
    digest: bytes
    parameters_sound: bool
    policy: str | None
    nonce: int | None
    nonce_tlv: bytes
    certificate_requested: bool
    extensions: tuple[str, ...]


def request(digest: bytes, algorithm: str, *, nonce: int, policy: str | None = None) -> bytes:
    """DER TimeStampReq for a digest, asking for the TSA's certificate.

    ``algorithm``: "sha256", "sha384" or "sha512"; ``nonce``: not negative; ``policy``: dotted OID.
    Raises ``MisuseError`` (``tsa.digest``) where the digest does not fit.
    """
    if algorithm not in REQUESTABLE:
        raise MisuseError("tsa.digest", f"{algorithm} is not among {', '.join(REQUESTABLE)}", "use sha256")
    if len(digest) != digest_size(algorithm):
        raise MisuseError("tsa.digest", f"{len(digest)} octets are no {algorithm} digest", "hash the data first")
    if nonce < 0:
        raise MisuseError("tsa.request", "a nonce is not negative", "leave it to stamp()")
    if policy is not None:
        check_policy(policy)
    import rfc3161ng

    made = rfc3161ng.make_timestamp_request(
        digest=digest, hashname=algorithm, nonce=nonce, include_tsa_certificate=True, tsa_policy_id=policy
    )
    encoded = bytes(rfc3161ng.encode_timestamp_request(made))
    query = read_query(encoded)
    if (query.algorithm, query.digest, query.nonce, query.policy) != (algorithm, digest, nonce, policy) or not (
        query.certificate_requested and query.version == 1
    ):
        raise MisuseError("tsa.request", "rfc3161ng encoded another request than it was given", "update rfc3161ng")
    return encoded


def check_policy(policy: str) -> bytes:
    """DER of a policy's dotted OID. Raises ``MisuseError`` (``tsa.policy``) for what is none."""
    try:
        return oid_der(policy)
    except MalformedError:
        hint = "write its dotted object identifier, e.g. 1.2.3.4"
        raise MisuseError("tsa.policy", f"{policy[:80]!r} names no policy", hint) from None


def read_query(data: bytes) -> Query:
    """Read a DER TimeStampReq. Raises ``MalformedError``; values out of range are the reader's to judge."""
    reader = Reader(data)
    children = reader.members(reader.root(), SEQUENCE, 2, 6)
    version = reader.integer(children[0])
    algorithm, digest, sound = read_imprint(reader, children[1])
    policy: str | None = None
    nonce: int | None = None
    nonce_tlv = b""
    wanted = False
    extensions: tuple[str, ...] = ()
    last = 0
    for node in children[2:]:
        place = _PLACES.get(node[0], 0)
        if place <= last:
            raise MalformedError(
                "timestamp.malformed", "a TimeStampReq member is unknown or out of order", offset=node[1]
            )
        last = place
        if place == 1:
            policy = reader.oid(node)
        elif place == 2:
            nonce, nonce_tlv = reader.integer(node), reader.tlv(node)
        elif place == 3:
            wanted = reader.boolean(node)
        else:
            extensions = tuple(oid for oid, _ in read_extensions(reader, node))
    return Query(
        version, reader.tlv(children[1]), algorithm, digest, sound, policy, nonce, nonce_tlv, wanted, extensions
    )


_PLACES = {OID: 1, INTEGER: 2, BOOLEAN: 3, EXTENSIONS: 4}


def read_imprint(reader: Reader, node: Node) -> tuple[str, bytes, bool]:
    """MessageImprint: digest name (or OID), digest, and whether the parameters are absent or NULL (RFC 5754 2)."""
    identifier, hashed = reader.members(node, SEQUENCE, 2, 2)
    tlv = reader.tlv(identifier)
    if len(tlv) <= MAX_REMEMBERED and not reader.lenient:
        algorithm, sound = _short_algorithm(tlv)
    else:
        algorithm, sound = _read_algorithm(reader, identifier)
    return algorithm, reader.octets(hashed), sound


MAX_REMEMBERED = 32
"""Octets of an AlgorithmIdentifier that is remembered by its octets; those of the SHA family have 9 to 15."""


@lru_cache(64)
def _short_algorithm(tlv: bytes) -> tuple[str, bool]:
    reader = Reader(tlv)
    return _read_algorithm(reader, reader.root())


def _read_algorithm(reader: Reader, node: Node) -> tuple[str, bool]:
    parts = reader.members(node, SEQUENCE, 1, 2)
    sound = len(parts) == 1 or (parts[1][0] == NULL and parts[1][2] == parts[1][3])
    return digest_by_oid(reader.oid(parts[0])), sound


def read_extensions(reader: Reader, node: Node) -> list[tuple[str, bool]]:
    """Extensions under an implicit tag: OID and criticality of each; duplicates are malformed (RFC 5280 4.2)."""
    found: list[tuple[str, bool]] = []
    for extension in reader.children(node):
        parts = reader.members(extension, SEQUENCE, 2, 3)
        reader.octets(parts[-1])
        found.append((reader.oid(parts[0]), len(parts) == 3 and reader.boolean(parts[1])))
    if not found or len({oid for oid, _ in found}) != len(found):
        raise MalformedError("timestamp.malformed", "extensions are empty or stand twice", offset=node[1])
    return found
