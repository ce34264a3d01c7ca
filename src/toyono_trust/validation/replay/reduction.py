"""What does not go into an archive because no verdict and no report depends on it: content, and people's attributes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from toyono_trust.core import algorithms
from toyono_trust.formats.model import Party, ReceiptFacts, Signature, SignatureValue, SignedObject

__all__ = ["reduced"]

_JWS = ("JAdES", "JWS")
_NAMES = ("LegalName", "FamilyName")
"""Attributes by which a party goes that has no identifier (``delivery.parties.to_text``)."""


def reduced(value: Any) -> Any:
    """A named tuple as it is written down."""
    if isinstance(value, Signature):
        return value._replace(value=_signature_value(value.value, jws=value.format in _JWS))
    if isinstance(value, SignedObject):
        return _signed_object(value)
    if isinstance(value, ReceiptFacts):
        recipients = tuple([_party(party) for party in value.recipients])
        return value._replace(sender=_party(value.sender), recipients=recipients)
    return value


def _signature_value(value: SignatureValue, *, jws: bool) -> SignatureValue:
    """With what verifying it takes: the digest of the signed octets where the algorithm signs one.

    Where it signs none (EdDSA, ML-DSA) the octets stay. An algorithm that is not known here cannot be verified at all;
    its digest is the SHA-512 that a report names.
    """
    row = algorithms.by_name(value.algorithm)
    if not value.signed or (row is not None and row.digest is None):
        return value
    digest = algorithms.digest("sha512" if row is None or row.digest is None else row.digest, value.signed)
    compact = sha256(value.signed + b"." + value.wire).digest() if jws else None
    return value._replace(signed=b"", digest=digest, compact=compact)


def _signed_object(thing: SignedObject) -> SignedObject:
    """With the digest that a report names, where it is that of the content."""
    if thing.digest is not None or thing.content is None or not thing.found:
        return thing
    return thing._replace(content_sha256=thing.content.digest("sha256"))


def _party(party: Party) -> Party:
    """A sender or recipient without the attributes that the receipt proved to those who hold it."""
    names = () if party.identifier else tuple((name, of[:1]) for name, of in party.attributes if name in _NAMES)
    return party._replace(attributes=names)
