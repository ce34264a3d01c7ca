"""OCSP responses (RFC 6960): what one says, read strictly."""

from __future__ import annotations

from datetime import datetime


class OcspResponse:
    """One OCSP response (an ``OCSPResponse`` or a bare ``BasicOCSPResponse``). Immutable."""

    produced_at: datetime
    digest: str
    der: bytes

    @classmethod
    def load(cls, der: bytes) -> OcspResponse:
        """Read DER (``MalformedError`` "ocsp.malformed")."""
        raise NotImplementedError
