"""What is known of the revocation of one certificate at one time, and the items that say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse

__all__ = ["Item", "Lapse", "Outcome", "Problem", "Status", "load"]

Item = Crl | OcspResponse
Outcome = Literal["good", "revoked", "hold", "unknown", "exempt", "none"]
Lapse = Literal["expired", "revoked"]


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
    ``evidence``: digests ("sha256:…" over the DER item) of what the status rests on, that of delegated signers
    included; ``items``: the items that speak of the certificate itself. ``issuer``: who signed the latest; ``signers``:
    all delegated signers, outside of the path. ``valid_until``: until when the same items prove the same (nextUpdate,
    end of age, revoked_at); None: no end. ``problems``: all that was found, of unused items too. ``lapsed``: whoever
    signed the items has "expired" or was "revoked", and nothing proves that they are older: the key may be anybody's.
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
    signers: tuple[Certificate, ...] = ()
    lapsed: Lapse | None = None

    def code(self, leaf: bool = True) -> str | None:
        """The finding that this status leads to, None where it is good (or exempt) and fresh.

        "revocation.revoked" / "revocation.ca-revoked", "revocation.on-hold", "revocation.stale",
        "revocation.missing" (no item concerns it), "revocation.unusable" (items, but none usable).
        """
        if self.outcome == "revoked":
            return "revocation.revoked" if leaf else "revocation.ca-revoked"
        if self.outcome in ("good", "exempt"):
            return None if self.fresh else "revocation.stale"
        return {"hold": "revocation.on-hold", "none": "revocation.missing"}.get(self.outcome, "revocation.unusable")


def load(data: bytes) -> Item:
    """A CRL or an OCSP response from DER.

    Raises ``MalformedError``: "revocation.malformed-crl", "revocation.malformed-ocsp", "revocation.ocsp-refused".
    """
    try:
        return Crl.load(data)
    except MalformedError as error:
        try:
            return OcspResponse.load(data)
        except MalformedError as other:
            raise (other if other.code == "revocation.ocsp-refused" or data[4:5] == b"\x0a" else error) from None
