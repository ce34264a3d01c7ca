"""What CRLs and OCSP responses at hand prove about a certificate, and until when (RFC 5280 6.3, RFC 6960 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse

Item = Crl | OcspResponse
Outcome = Literal["good", "revoked", "hold", "unknown", "exempt", "none"]


class Problem(NamedTuple):
    """Why an item, or a status, is not what one wants. ``evidence`` is the item's digest, "" where it is about none."""

    code: str
    evidence: str
    values: Mapping[str, Any] = {}


class Status(NamedTuple):
    """The status of one certificate at one time.

    ``outcome``: ``good``; ``revoked``; ``hold`` (on hold); ``unknown`` (items exist, none says anything usable);
    ``none`` (no item at hand concerns the certificate); ``exempt`` (no data is required).
    ``fresh``: nextUpdate not past at the asked time, and within the policy's maximum age.
    ``revoked_at`` may be set under ``good``: then it lies after the asked time.
    ``evidence``: digests ("sha256:…" over the DER item) of what the status rests on. ``issuer``: who signed it.
    ``valid_until``: until when the same items prove the same (nextUpdate, end of age, revoked_at); None: no end.
    ``problems``: all that was found, of unused items too.
    """

    outcome: Outcome
    revoked_at: datetime | None = None
    reason: str | None = None
    fresh: bool = True
    this_update: datetime | None = None
    next_update: datetime | None = None
    produced_at: datetime | None = None
    valid_until: datetime | None = None
    evidence: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    issuer: Certificate | None = None
    problems: tuple[Problem, ...] = ()

    def code(self, leaf: bool = True) -> str | None:
        """The finding that this status leads to, None where it is good (or exempt) and fresh.

        ``revocation.revoked`` / ``revocation.ca-revoked``, ``revocation.on-hold``, ``revocation.stale``,
        ``revocation.missing`` (no item), ``revocation.unusable`` (items, but none usable).
        """
        raise NotImplementedError


def load(data: bytes) -> Item:
    """A CRL or an OCSP response from DER (``MalformedError`` "revocation.malformed")."""
    raise NotImplementedError


def evaluate(
    certificate: Certificate,
    issuers: Sequence[Certificate],
    items: Iterable[Item],
    at: datetime,
    work: Work,
    *,
    pool: Iterable[Certificate] = (),
    max_age: timedelta | None = None,
) -> Status:
    """The status of ``certificate`` at ``at`` (aware, UTC).

    ``issuers``: the rest of its path, issuer first, anchor last; empty means that it is an anchor itself (exempt).
    ``items``: everything at hand, of the file and of the trust store, in any order. ``pool``: certificates among which
    CRL signers with a key of their own may be found. ``max_age``: policy; thisUpdate must not be older.
    """
    raise NotImplementedError
