"""Reports on archives as the years go by, for everything that shows reports."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from judging_town import NOW, sign, trust
from lasting_town import Age, day, renewed, sealed, verdict

from toyono_trust.core.limits import Work
from toyono_trust.errors import UnavailableError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import EvidenceRecord, Facts
from toyono_trust.steps import Fetch, Response, run
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report
from toyono_trust.verbs import gathering


class Shown(NamedTuple):
    """Reports by what is special about them."""

    fresh: Report
    """B-LTA, half a year old; revocation data was fetched."""
    forecast: Report
    """The same, simulated for a time at which the signer's certificate has expired."""
    lapse: Report
    """The same, simulated for a time at which the time stamps have lapsed."""
    renewed: Report
    """Renewed in time: it passes by the past."""
    lapsed: Report
    """Not renewed in time."""
    unreached: Report
    """B-T, while nobody answers for OCSP and the CA's CRL."""
    recorded: Report
    """With an evidence record."""


@lru_cache(maxsize=1)
def shown() -> Shown:
    """Made once: one archive through the ages, and two that fared otherwise."""
    age = Age()
    signed, young = sealed(age, "jades"), sealed(age, "jades", "B-T")
    age.go(day("2027-06-01"))
    fresh = verdict(age, signed)
    unreached = _unreached(age, young)
    age.go(day("2035-06-01"))
    longer = bytes(renewed(age, signed))
    age.go(day("2037-06-01"))
    found = Shown(
        fresh, fresh.simulate(day("2036-06-01")), fresh.simulate(day("2037-06-01")), verdict(age, longer),
        verdict(age, signed), unreached, _recorded(),
    )  # fmt: skip
    for name, report in zip(Shown._fields, found, strict=True):
        report.file = f"{name}.jws.json"
    return found


class _Silent:
    """The towns' servers, but for OCSP and one CRL."""

    def __init__(self, age: Age) -> None:
        self.age = age

    def fetch(self, request: Fetch, deadline: float | None = None, at: object = None) -> Response:
        if request.url.endswith(("/ocsp", "/crl/ca.crl")) or "/ocsp/" in request.url:
            raise UnavailableError("net.refused", f"nobody answers at {request.url}")
        return self.age.fetch(request, deadline)


def _unreached(age: Age, signed: bytes) -> Report:
    world = age.world._replace(http=_Silent(age))
    return run(gathering(signed, NO_CONTENTS, age.trust, Policy.default(), age.now), world)


def _recorded() -> Report:
    facts = registry.read(sign(format="cades"), NO_CONTENTS, Work())
    assert isinstance(facts, Facts)
    signature = facts.signatures[0]._replace(evidence_records=(EvidenceRecord("ERS", b"\x30\x00"),))
    return judge(facts._replace(signatures=(signature,)), Policy.default(), trust(), NOW, Work())
