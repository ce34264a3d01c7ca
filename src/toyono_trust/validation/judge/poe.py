"""Proofs of existence (EN 319 102-1 5.6.2.3): what is proven to have existed, since when, and by which time stamp.

Objects go by the SHA-256 over their octets: signature values as they stand in the file, tokens, certificates, CRLs and
OCSP responses. At the time of validation everything exists that is at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from toyono_trust.core import algorithms
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


class _Binding:
    """What a signature value binds, if it proves to be a signature: that is looked into when somebody asks, once."""

    __slots__ = ("_holds", "_known", "inner", "outer")

    def __init__(self, outer: bytes, inner: tuple[bytes, ...], holds: Callable[[], bool]) -> None:
        self.outer, self.inner, self._holds = outer, inner, holds
        self._known: bool | None = None

    def holds(self) -> bool:
        if self._known is None:
            self._known = self._holds()
        return self._known


class Proofs:
    """The lowest proven time of each object, and the token that proves it; lives for one judgement."""

    __slots__ = ("_bindings", "_inside", "_lowest", "_waiting", "at")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._lowest: dict[bytes, tuple[datetime, str]] = {}
        self._inside: dict[bytes, list[bytes]] = {}
        self._bindings: dict[bytes, list[_Binding]] = {}
        self._waiting: dict[bytes, dict[_Binding, None]] = {}

    def contain(self, outer: bytes, inner: bytes) -> None:
        """Note that whatever proves ``outer`` proves ``inner``, whose octets are a part of it."""
        self._inside.setdefault(outer, []).append(inner)

    def bind(self, outer: bytes, inner: Iterable[bytes], holds: Callable[[], bool]) -> None:
        """Note the same of what a signature value names, which it proves only where ``holds`` says that it verifies.

        A value that fits nothing can be put beside anything. ``holds`` is asked only where it matters.
        """
        named = tuple(inner)
        if named:
            self._bindings.setdefault(outer, []).append(_Binding(outer, named, holds))

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
            for binding in self._bindings.get(each, ()):
                for inner in binding.inner:
                    self._waiting.setdefault(inner, {})[binding] = None

    def _settle(self, key: bytes) -> None:
        """Look into what proven signature values bind, as far as it concerns this object."""
        for binding in self._waiting.pop(key, ()):
            if binding.holds():
                self.prove(key, *self._lowest[binding.outer])

    def lowest(self, key: bytes) -> datetime:
        """Since when the object is proven to exist; the validation time where nothing proves more."""
        self._settle(key)
        found = self._lowest.get(key)
        return self.at if found is None or found[0] > self.at else found[0]

    def exists(self, key: bytes, moment: datetime) -> bool:
        """Whether the object is proven to have existed at ``moment``."""
        return self.lowest(key) <= moment

    def proven_by(self, key: bytes) -> str | None:
        """The id of the token that proves the lowest time; None where nothing does."""
        self._settle(key)
        found = self._lowest.get(key)
        return None if found is None or found[0] > self.at else found[1]

    def all(self) -> dict[bytes, tuple[datetime, str]]:
        """Every proof, by object."""
        while self._waiting:
            self._settle(next(iter(self._waiting)))
        return {key: proof for key, proof in sorted(self._lowest.items()) if proof[0] <= self.at}


def parts_of_signature(signature: Signature) -> Iterator[bytes]:
    """What a signature value binds if it verifies: the certificate that is referred to, and content time stamps.

    Nothing without a signed reference: then another certificate may have come later for the same key, and for every
    ECDSA value and every message somebody finds a key under which the one fits the other.
    """
    if not signature.references:
        return
    reference, leaf = signature.references[0], signature.leaf
    name = reference.digest_algorithm
    if name == "sha256":
        yield reference.digest
    elif leaf is not None and algorithms.digest_size(name) and algorithms.digest(name, leaf) == reference.digest:
        yield key_of(leaf)
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
