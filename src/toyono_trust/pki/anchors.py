"""``TrustStore``: what the caller trusts, an immutable snapshot of anchors, intermediates and revocation data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.steps import Fetch

PURPOSES = ("signature", "seal", "timestamp", "website", "any")


class Anchor(NamedTuple):
    """A trusted certificate. ``not_after`` is its sunset (EN 319 102-1): valid iff time < not_after."""

    certificate: Certificate
    purposes: frozenset[str] = frozenset({"any"})
    not_before: datetime | None = None
    not_after: datetime | None = None

    def serves(self, purpose: str) -> bool:
        """True where it is named for ``purpose``."""
        raise NotImplementedError


class TrustStore:
    """Immutable snapshot. ``digest`` covers anchors (with purposes and spans) and intermediates, in no order."""

    anchors: tuple[Anchor, ...]
    anchor_certificates: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]
    revocation: tuple[Crl | OcspResponse, ...]
    digest: str
    revocation_digest: str
    valid_until: datetime | None
    passed: dict[Any, Any]
    notes: tuple[tuple[str, str, dict[str, Any]], ...]

    @classmethod
    def load(cls, *paths: str | Path) -> TrustStore:
        """Read folders, ``trust.toml`` folders, PEM/DER files and packed files."""
        raise NotImplementedError

    @classmethod
    def from_certificates(
        cls, anchors: Iterable[bytes], intermediates: Iterable[bytes] = (), revocation: Iterable[bytes] = ()
    ) -> TrustStore:
        """A store of DER certificates, each anchor for any purpose, and DER CRLs and OCSP responses."""
        raise NotImplementedError

    @classmethod
    def empty(cls) -> TrustStore:
        """A store without anchors."""
        raise NotImplementedError

    def find_certificate(self, sha256: bytes) -> Certificate | None:
        """The anchor or intermediate with this SHA-256 over its DER."""
        raise NotImplementedError

    def anchor(self, certificate: Certificate) -> Anchor | None:
        """The anchor made of exactly this certificate."""
        raise NotImplementedError

    def issuers(self, subject: bytes) -> tuple[Certificate, ...]:
        """Anchors and intermediates whose subject is these DER octets."""
        raise NotImplementedError

    def by_key_identifier(self, identifier: bytes) -> tuple[Certificate, ...]:
        """Anchors and intermediates with this subject key identifier."""
        raise NotImplementedError

    def lapses(self) -> list[tuple[str, datetime]]:
        """What lapses when, soonest first, for ``trust show``."""
        raise NotImplementedError

    def renewals(self, before: datetime) -> Iterator[Fetch]:
        """Requests for the CRLs and OCSP responses that lapse before that time."""
        raise NotImplementedError


def pack(folder: str | Path) -> bytes:
    """One deterministic file out of a trust folder, which ``TrustStore.load`` reads."""
    raise NotImplementedError
