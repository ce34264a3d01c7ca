"""Certificate revocation lists (RFC 5280 5): what one says, read strictly, looked up quickly."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Entry(NamedTuple):
    """One revoked certificate. ``reason`` is an RFC 5280 name ("keyCompromise"), None where not stated."""

    revoked_at: datetime
    reason: str | None
    invalid_since: datetime | None
    problem: str | None


class Crl:
    """One CRL. Immutable."""

    this_update: datetime
    next_update: datetime | None
    digest: str
    der: bytes

    @classmethod
    def load(cls, der: bytes) -> Crl:
        """Read DER (``MalformedError`` "crl.malformed")."""
        raise NotImplementedError
