"""Proofs of existence (EN 319 102-1 5.6.2.3): what is proven to have existed, since when, and by which time stamp.

Objects go by the SHA-256 over their octets: signature values as they stand in the file, tokens, certificates, CRLs and
OCSP responses. At the time of validation everything exists that is at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from toyono_trust.formats.model import Signature, TimestampToken
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.revocation import Item

__all__ = ["Proofs", "item_key", "key_of", "parts_of_item", "parts_of_signature", "parts_of_token"]


def key_of(octets: bytes) -> bytes:
    """How an object is named among the proofs."""
    return hashlib.sha256(octets).digest()


def item_key(item: Item) -> bytes:
    """The same of a CRL or an OCSP response."""
    return bytes.fromhex(item.digest.removeprefix("sha256:"))


class Proofs:
    """The lowest proven time of each object, and the token that proves it; lives for one judgement."""

    __slots__ = ("_inside", "_lowest", "at")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._lowest: dict[bytes, tuple[datetime, str]] = {}
        self._inside: dict[bytes, list[bytes]] = {}

    def contain(self, outer: bytes, inner: bytes) -> None:
        """Note that whatever proves ``outer`` proves ``inner``, which is a part of it or named by its digest."""
        self._inside.setdefault(outer, []).append(inner)

    def prove(self, key: bytes, time: datetime, by: str) -> None:
        """An object, and all that is inside it, existed at ``time``; ``by``: the id of the token that says so."""
        waiting = [key]
        while waiting:
            each = waiting.pop()
            known = self._lowest.get(each)
            # of the same time, the stamp that is judged later: the one of the lower class
            if known is not None and (known[0] < time or known == (time, by)):
                continue
            self._lowest[each] = (time, by)
            waiting += self._inside.get(each, ())

    def lowest(self, key: bytes) -> datetime:
        """Since when the object is proven to exist; the validation time where nothing proves more."""
        found = self._lowest.get(key)
        return self.at if found is None or found[0] > self.at else found[0]

    def exists(self, key: bytes, moment: datetime) -> bool:
        """Whether the object is proven to have existed at ``moment``."""
        return self.lowest(key) <= moment

    def proven_by(self, key: bytes) -> str | None:
        """The id of the token that proves the lowest time; None where nothing does."""
        found = self._lowest.get(key)
        return None if found is None or found[0] > self.at else found[1]

    def all(self) -> dict[bytes, tuple[datetime, str]]:
        """Every proof, by object."""
        return {key: proof for key, proof in sorted(self._lowest.items()) if proof[0] <= self.at}


def parts_of_signature(signature: Signature) -> Iterator[bytes]:
    """What a signature value binds: its certificate, and the content time stamps among the signed properties."""
    if signature.leaf is not None:
        yield key_of(signature.leaf)
    for reference in signature.references[:1]:
        if reference.digest_algorithm == "sha256":
            yield reference.digest
    for token in signature.timestamps:
        if token.type == "content":
            yield key_of(token.data)


def parts_of_token(token: TimestampToken) -> Iterator[bytes]:
    """What stands inside a token: its signature value, certificates and revocation data."""
    signer = token.signer
    yield key_of(signer.value.wire)
    for der in (*signer.certificates, *signer.crls, *signer.ocsp_responses):
        yield key_of(der)


def parts_of_item(item: Item) -> Iterator[bytes]:
    """The certificates that an OCSP response brings."""
    if isinstance(item, OcspResponse):
        for der in item.certificates:
            yield key_of(der)
