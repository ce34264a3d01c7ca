"""Thirty years of a contract in a few seconds: sealed at B-LTA, looked at every spring, renewed in time, read in 2050.

    python archive.py

A throw-away town lives through the years by a clock of this program; ``devpki.Simulation`` answers for its servers, so
that nothing is fetched. The same contract is kept a second time and never renewed. The exit code is 0 where the
renewed one passes in 2050 and the other one does not.

The verbs of ``toyono_trust`` take the present from the machine. To let time pass, the same verbs are run as steps, in a
``World`` whose clock is one's own; in earnest it is ``augment(signed, …)`` from a weekly job, or ``toyono-trust augment
--due``.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta

from toyono_trust import Policy, Report, TrustStore, verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Simulation, Town
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import Signed
from toyono_trust.sources import delivered
from toyono_trust.steps import World, run

CONTRACT = '{"契約": "路線バスの運行", "期間": "2026-11-01/2056-10-31"}'.encode()
NEW_CERTIFICATES = (2034, 2042)
"""Springs in which the authority and the OCSP responder get new certificates; each lasts for ten years."""
AHEAD = timedelta(days=365)
"""What lapses within this time is renewed; a spring that is missed must not be the last one."""


class Years:
    """A town, and what somebody there does at a present that is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.town = Town.create(now, base_url="http://town.example", clock=lambda: self.now)
        self.trust = TrustStore.from_certificates([self.town.root.der], [], [])

    @property
    def world(self) -> World:
        """The clock, and a network in which nobody but the town answers."""
        return World(lambda: self.now, os.urandom, time.monotonic, Simulation(self.town, self.now))

    def seal(self, content: bytes) -> Signed:
        """``toyono_trust.seal(content, by=…, format="jades", level="B-LTA", …)`` at that present."""
        by, tsa = self.town.identity("town"), f"{self.town.base_url}/tsr"
        order = verbs.order(BytesContent(content), by, "jades", "B-LTA", tsa, online=True, options={}, trust=self.trust)
        made = delivered(run(verbs.seal(order), self.world), None)
        assert isinstance(made, Signed)
        return made

    def renew(self, signed: bytes, digest: str) -> Signed:
        """``toyono_trust.augment(signed, …)``: one more archive time stamp, over all that was there before."""
        tsa = f"{self.town.base_url}/tsr"
        steps = verbs.augment(signed, NO_CONTENTS, "B-LTA", self.trust, tsa, online=True, options={"digest": digest})
        made = delivered(run(steps, self.world), None)
        assert isinstance(made, Signed)
        return made

    def verify(self, signed: bytes) -> Report:
        """``toyono_trust.verify(signed, …)``, offline: with the roots, and with the revocation lists of that day."""
        lists = [self.town.crl("root", self.now), self.town.crl("ca", self.now)]
        trust = TrustStore.from_certificates([self.town.root.der], [self.town.ca.der], lists)
        return verbs.verify(signed, NO_CONTENTS, trust, Policy.default(), self.now)


def tell(now: datetime, what: str, report: Report) -> None:
    """One line: the day, what was done, and until when that is enough."""
    until, lapse = report.valid_until, report.lapse
    then = "" if until is None or lapse is None else f"; verifies until {until:%Y-%m-%d}, then: {lapse.text}"
    print(f"{now:%Y-%m-%d}  {what}{then}")


def main() -> int:
    """Live through the years."""
    years = Years(datetime(2026, 11, 1, 9, tzinfo=UTC))
    kept = left_alone = bytes(years.seal(CONTRACT))
    tell(years.now, f"sealed at B-LTA, {len(kept)} octets", years.verify(kept))
    for year in range(2027, 2051):
        years.now = datetime(year, 4, 1, 9, tzinfo=UTC)
        if year in NEW_CERTIFICATES:
            years.town.renew("tsa")
            years.town.renew("ocsp")
            print(f"{years.now:%Y-%m-%d}  the time-stamping authority has a new certificate")
        until = years.verify(kept).valid_until
        if until is not None and until < years.now + AHEAD:
            kept = bytes(years.renew(kept, "sha256" if year < 2040 else "sha512"))
            tell(years.now, f"renewed, {len(kept)} octets", years.verify(kept))
    renewed, forgotten = years.verify(kept), years.verify(left_alone)
    verified = renewed.require(signed_by={"NTRJP-9234567890123"})
    assert verified.content == CONTRACT
    since = f"{verified.signed_at:%Y-%m-%d}"
    tell(years.now, f"{renewed.indication}, sealed by {verified.signer.identifier}, there since {since}", renewed)
    reason = "" if forgotten.decisive is None else forgotten.decisive.text
    print(f"{years.now:%Y-%m-%d}  the one never renewed: {forgotten.indication}, {reason}")
    return 0 if forgotten.indication == "INDETERMINATE" else 1


if __name__ == "__main__":
    sys.exit(main())
