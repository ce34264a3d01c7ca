"""The parts of an archive that have no named tuple elsewhere: the request and the trust snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from toyono_trust.pki.trustlogs import TrustedLog

__all__ = ["Request", "TrustAnchor", "TrustSnapshot"]


class Request(NamedTuple):
    """When and by which release was judged. ``left``: units of work that were left for it, by kind."""

    at: datetime
    report_version: int
    library: str
    present: datetime | None = None
    file: str | None = None
    left: Mapping[str, int] = {}


class TrustAnchor(NamedTuple):
    """An anchor as ``pki.anchors`` has it, its certificate as DER."""

    certificate: bytes
    purposes: tuple[str, ...]
    not_before: datetime | None = None
    not_after: datetime | None = None


class TrustSnapshot(NamedTuple):
    """A whole trust store, in its order, and the digests that it has. ``logs``: trusted by their key."""

    digest: str
    revocation_digest: str
    anchors: tuple[TrustAnchor, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    revocation: tuple[bytes, ...] = ()
    logs: tuple[TrustedLog, ...] = ()
