"""What does not go into an archive because no verdict and no report depends on it: content, and people's attributes."""

from __future__ import annotations

from typing import Any

from toyono_trust.core import algorithms
from toyono_trust.formats.model import Party, ReceiptFacts, SignatureValue

__all__ = ["reduced"]

_NAMES = ("LegalName", "FamilyName")
"""Attributes by which a party goes that has no identifier (``delivery.parties.to_text``)."""


def reduced(value: Any) -> Any:
    """A named tuple as it is written down."""
    if isinstance(value, SignatureValue):
        return _signature_value(value)
    if isinstance(value, ReceiptFacts):
        recipients = tuple([_party(party) for party in value.recipients])
        return value._replace(sender=_party(value.sender), recipients=recipients)
    return value


def _signature_value(value: SignatureValue) -> SignatureValue:
    """With what verifying it takes: the digest of the signed octets where the algorithm signs one.

    Where it signs none (EdDSA, ML-DSA) the octets stay; an algorithm that is not known here cannot be verified at all.
    """
    row = algorithms.by_name(value.algorithm)
    if value.digest is not None or (row is not None and row.digest is None):
        return value
    digest = None if row is None else algorithms.digest(row.digest or "", value.signed)
    return value._replace(signed=b"", digest=digest)


def _party(party: Party) -> Party:
    """A sender or recipient without the attributes that the receipt proved to those who hold it."""
    names = () if party.identifier else tuple((name, of[:1]) for name, of in party.attributes if name in _NAMES)
    return party._replace(attributes=names)
