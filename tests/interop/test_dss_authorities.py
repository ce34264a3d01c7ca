"""A signer under one authority and a TSA under another: what becomes of signatures when the signer's CA fails.

DSS and we are given the same roots, CAs and CRLs at the same time. Where a CA is revoked because its key may be
another's, or has expired, what its key says of the signer counts with us only as far as a time stamp by somebody else
covers it.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interop.dss_peer import Dss
from toyono_trust import TrustStore, verbs, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Simulation, Town
from toyono_trust.steps import Fetch, Response, World, run

pytestmark = [pytest.mark.integration, pytest.mark.dss]

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PASSED = ("TOTAL-PASSED", None)
REVOKED = ("INDETERMINATE", "REVOKED_CA_NO_POE")
OUT = ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")
UNPROVEN = (
    "DSS stays with validation with time (5.5), where a time stamp from before the revocation is enough; we ask there"
    " too that data about the signer be proven to be older, as 5.6.2.4 does where a CA is revoked: its key made it"
)


class Authorities:
    """Two towns under roots of their own, at a present that is set; the second one's TSA stamps for the first."""

    def __init__(self, start: datetime, first: Town | None = None) -> None:
        self.now = start
        self.signer = first or Town.create(start, base_url="http://one.example", clock=lambda: self.now)
        self.other = Town.create(start, base_url="http://two.example", clock=lambda: self.now)
        self.towns = (self.signer, self.other)

    def fetch(self, request: Fetch, deadline: float | None = None, at: datetime | None = None) -> Response:
        town = next(town for town in self.towns if request.url.startswith(town.base_url))
        return Simulation(town, self.now).fetch(request, deadline, at)

    def signed(self, form: Any, level: Any) -> bytes:
        trust = TrustStore.from_certificates([town.root.der for town in self.towns], [], [])
        by, tsa = self.signer.identity("town"), f"{self.other.base_url}/tsr"
        asked = verbs.order(BytesContent(b"{}"), by, form, level, tsa, True, {}, trust)
        return bytes(run(verbs.seal(asked), World(lambda: self.now, os.urandom, time.monotonic, self)))  # type: ignore[arg-type]

    def judged(self, dss: Dss, data: bytes, issued: datetime) -> tuple[tuple[str, str | None], ...]:
        """Our verdict and DSS's; ``issued``: when the CRLs of the signer's authority were."""
        roots, authorities = [town.root.der for town in self.towns], [town.ca.der for town in self.towns]
        crls = [self.signer.crl(name, issued) for name in ("root", "ca")]
        crls += [self.other.crl(name, self.now - DAY) for name in ("root", "ca")]
        ours = verify(data, at=self.now, trust=TrustStore.from_certificates(roots, authorities, crls)).signatures[0]
        (theirs,) = dss.validate(data, at=self.now, anchors=roots, certificates=authorities, crls=crls)["signatures"]
        return (ours.indication, ours.sub_indication), (theirs["indication"], theirs["sub_indication"])


@pytest.mark.parametrize("form", ["cades", "jades"])
@pytest.mark.parametrize(
    ("level", "reason", "expected", "why"),
    [
        ("B-T", "superseded", PASSED, ""),
        ("B-T", "key_compromise", REVOKED, UNPROVEN),
        ("B-T", "unspecified", REVOKED, UNPROVEN),
        ("B-LT", "superseded", PASSED, ""),
        ("B-LT", "key_compromise", REVOKED, UNPROVEN),
        ("B-LT", "unspecified", REVOKED, UNPROVEN),
        ("B-LTA", "superseded", PASSED, ""),
        ("B-LTA", "key_compromise", PASSED, ""),
        ("B-LTA", "unspecified", PASSED, ""),
    ],
)
def test_the_signers_ca_is_revoked(
    dss: Dss, form: str, level: str, reason: str, expected: tuple[str, str | None], why: str
) -> None:
    authorities = Authorities(NOW)
    data = authorities.signed(form, level)
    authorities.now += 30 * DAY
    authorities.signer.revoke("ca", authorities.now, reason)
    authorities.now += 2 * DAY
    ours, theirs = authorities.judged(dss, data, authorities.now - DAY)
    assert theirs == PASSED
    assert ours == expected
    assert (ours == theirs) == (not why)


@pytest.mark.parametrize("form", ["cades", "jades"])
@pytest.mark.parametrize(("level", "expected"), [("B-T", OUT), ("B-LT", OUT), ("B-LTA", PASSED)])
def test_the_signers_ca_expires(dss: Dss, form: str, level: str, expected: tuple[str, str | None]) -> None:
    present = [NOW]
    town = Town.create(NOW, base_url="http://one.example", clock=lambda: present[0])
    end = town.ca.not_after
    authorities = Authorities(end - 400 * DAY, town)
    present[0] = authorities.now
    town.renew("town", authorities.now - DAY)
    authorities.now += 5 * DAY
    data = authorities.signed(form, level)
    authorities.now = end - DAY
    assert authorities.judged(dss, data, end - 2 * DAY) == (PASSED, PASSED)
    authorities.now = end + 2 * DAY
    assert authorities.judged(dss, data, end - DAY) == (expected, expected)
