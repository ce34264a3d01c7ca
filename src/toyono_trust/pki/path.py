"""Certification paths: building them under a work budget, and the checks of RFC 5280 6.1 over an explicit path.

A path is a tuple of certificates, the leaf first, the anchor last; a leaf that is itself an anchor is a path of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.pki.certificate import Certificate

Path = tuple[Certificate, ...]
Purpose = Literal["signature", "seal", "timestamp", "website", "device", "ocsp", "crl", "any"]

VALIDITY_CODES = frozenset({"certificate.expired", "certificate.not-yet-valid", "ca.expired", "ca.not-yet-valid"})
"""Failures that only say that ``at`` lies outside a validity: EN 319 102-1 judges the leaf's in a place of its own."""


class Failure(NamedTuple):
    """One failed check. ``index`` counts from the leaf (0); ``values`` fill the finding's text."""

    code: str
    index: int
    values: Mapping[str, Any] = {}


def build(leaf: Certificate, pool: Iterable[Certificate], anchors: Iterable[Certificate], work: Work) -> list[Path]:
    """Candidate paths from ``leaf`` to one of ``anchors`` through ``pool``, the most promising first, at most 8.

    ``pool`` are certificates of the file and the trust store's intermediates, in any order. Never raises on hostile
    certificates other than ``WorkExceeded``; an empty list means that no path exists.
    """
    raise NotImplementedError


def check(path: Path, at: datetime, purpose: Purpose, work: Work | None = None) -> tuple[Failure, ...]:
    """All failed checks of RFC 5280 6.1 and of the leaf's usage for ``purpose`` at the time ``at`` (aware, UTC).

    An empty tuple means that the path holds at ``at``, revocation and strength of algorithms aside. Failures about
    validity have a code in ``VALIDITY_CODES``; all others hold at any time.
    """
    raise NotImplementedError
