"""The octets of each sample that no signature covers: a flipped bit there may leave it valid; all else is signed.

Each place has a name, the reason why it is not covered, and where it stands. ``test_flips`` proves the table complete;
what a passed file yields is the signed content all the same.
"""

from __future__ import annotations

from typing import NamedTuple

from hostile_samples import TOWN

from toyono_trust.core import cms
from toyono_trust.core.asn1 import Reader
from toyono_trust.formats.ers.record import parse


class Place(NamedTuple):
    """Octets ``start`` to ``end`` of a file that are not signed, and why."""

    name: str
    why: str
    start: int
    end: int


REASONS = {
    "unprotected header": "RFC 7515 7.2.1, TS 119 182-1 5.3: header and etsiU are added after signing; "
    "a time stamp that no longer fits is not used, and the signature is judged as of now",
    "SignedData version": "RFC 5652 5.1: says which members may follow; the members themselves are read",
    "SignedData digestAlgorithms": "RFC 5652 5.1: lets a reader hash in one pass; each SignerInfo names its digest",
    "certificate bag, but for the signer's": "RFC 5652 5.1: a pool from which paths are built; each link is verified, "
    "and the issuing CA is known to the trust store as well",
    "certificate bag, whose twin is in an older token": "RFC 5652 5.1: the signer's certificate stands in the older "
    "token as well, whose octets the newest one covers",
    "SignerInfo version": "RFC 5652 5.3: says which form the identifier has; the form itself is read",
    "SignerIdentifier": "RFC 5652 5.3: a hint; the signed ESS reference says which certificate is meant",
    "unsigned attributes": "RFC 5652 5.3, EN 319 122-1 5.3: added after signing; "
    "a time stamp that no longer fits is not used, and the signature is judged as of now",
    "PKIStatus": "RFC 3161 2.4.2: the token alone is signed; granted (0) and grantedWithMods (1) both bring one",
}


def places(name: str, data: bytes) -> list[Place]:
    """The unsigned places of a sample by its name in ``hostile_samples``."""
    if name == "jades-flattened-B-T":
        return [_place("unprotected header", data.index(b'"header"'), len(data))]
    if name.startswith("cades") or name == "token":
        return _of_cms(data, 0)
    if name == "response":
        token = Reader(data).children(Reader(data).root())[1]
        return [_place("PKIStatus", 8, 9), *_of_cms(data[token[1] : token[4]], token[1])]
    if name.startswith("record"):  # of all its tokens the newest is covered by nothing else
        stamps = parse(data).chains[-1].stamps
        newest = stamps[-1].token
        found = _of_cms(newest, len(data) - len(newest))
        return found if len(stamps) == 1 else [*found, _twin_bag(newest, len(data) - len(newest))]
    return []


def _twin_bag(token: bytes, offset: int) -> Place:
    reader = Reader(token)
    bag = reader.children(cms.read(token).path[2])[3]
    return _place("certificate bag, whose twin is in an older token", bag[1] + offset, bag[4] + offset)


def _place(name: str, start: int, end: int) -> Place:
    return Place(name, REASONS[name], start, end)


def _of_cms(data: bytes, offset: int) -> list[Place]:
    """RFC 5652 5.1 and 5.3."""
    signed = cms.read(data)
    reader = Reader(data)
    members = reader.children(signed.path[2])
    version, digests, bag, signers = members[0], members[1], members[3], members[-1]
    (info,) = reader.children(signers)
    parts = reader.children(info)
    found = [
        _place("SignedData version", version[2], version[3]),
        _place("SignedData digestAlgorithms", digests[2], digests[3]),
        _place("SignerInfo version", parts[0][2], parts[0][3]),
        _place("SignerIdentifier", parts[1][2], parts[1][3]),
    ]
    for certificate in reader.children(bag):
        if reader.tlv(certificate) == TOWN.ca.der:
            found.append(_place("certificate bag, but for the signer's", certificate[1], certificate[4]))
    if parts[-1][0] == 0xA1:
        found.append(_place("unsigned attributes", parts[-1][2], parts[-1][3]))
    return [place._replace(start=place.start + offset, end=place.end + offset) for place in found]
