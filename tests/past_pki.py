"""PKIs made by hand that live for decades: signatures, time stamps and archives of any time, and their verdicts.

Other than the towns of ``devpki``, everything here may be wrong, forged, late or missing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import rsa

import made_pki
from made_pki import TSA, Made, issue
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import cades, jades
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import SigningInput, ValidationData
from toyono_trust.formats.model import Properties
from toyono_trust.pki import tsp
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.steps import World, run
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report, TimestampReport
from toyono_trust.verbs import verify
from tsa_town import POLICY, SoftwareKey

DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
CONTENT = b'{"contract": 1}'
MODULES: dict[str, Any] = {"jades": jades, "cades": cades}
PASSED = ("TOTAL-PASSED", None)


def year(number: int, month: int = 1, day: int = 1) -> datetime:
    """Midnight UTC of a date."""
    return datetime(number, month, day, tzinfo=UTC)


BEGIN, END = year(2020), year(2060)


class Party(NamedTuple):
    """A certificate, its key, and its issuers, nearest first, without the anchor."""

    made: Made
    chain: tuple[Made, ...] = ()

    @property
    def der(self) -> bytes:
        return self.made.der

    @property
    def serial(self) -> int:
        return self.made.certificate.serial

    @property
    def key(self) -> SoftwareKey:
        """Its key as signers and time-stamping authorities take it."""
        algorithm = "rsa-sha256" if isinstance(self.made.key, rsa.RSAPrivateKey) else "ecdsa-sha256"
        chain = tuple(each.certificate for each in self.chain)
        return SoftwareKey(self.made.certificate, chain, self.made.key, algorithm)


def weak_key(name: str) -> str:
    """The name of an RSA key: what policies of these tests let end one day; all other keys are P-256."""
    if name not in made_pki._keys:
        made_pki._keys[name] = rsa.generate_private_key(65537, 3072)
    return name


def authority(name: str, issuer: Made | None = None, start: datetime = BEGIN, end: datetime = END, **more: Any) -> Made:
    """A CA; an anchor without an issuer."""
    return issue(name, issuer, ca=True, start=start, end=end, **more)


def party(name: str, *issuers: Made, start: datetime = BEGIN, end: datetime = END, **more: Any) -> Party:
    """Somebody who signs. ``issuers``: nearest first, the anchor last."""
    return Party(issue(name, issuers[0], start=start, end=end, **more), issuers[:-1])


def stamper(name: str, *issuers: Made, **more: Any) -> Party:
    """A time-stamping authority."""
    return party(name, *issuers, extensions=[(TSA, True)], **more)


def crl(issuer: Made, at: datetime, *revoked: Any, until: datetime | None = None, **more: Any) -> bytes:
    """A list, for a year if nothing else is said. ``revoked``: (party, since when[, reason])."""
    entries = [
        (
            each[0].serial if isinstance(each[0], Party) else each[0].certificate.serial,
            each[1],
            each[2] if len(each) > 2 else None,
        )
        for each in revoked
    ]
    return made_pki.crl(issuer, entries, at=at, until=until or at + 366 * DAY, **more).der


def token(imprint: bytes, by: Party, at: datetime, algorithm: str = "sha256") -> bytes:
    """An RFC 3161 token of any time, whether the authority's certificate allows it or not."""
    world = World(now=lambda: at, random=secrets.token_bytes, monotonic=float)
    with mock.patch("toyono_trust.pki.tsp.respond._check_certificate"):
        made = tsp.Authority.of(by.key, policy=POLICY)._replace(
            not_before=BEGIN - 9999 * DAY, not_after=END + 9999 * DAY
        )
        asked = tsp.request(imprint, algorithm, nonce=1)
        steps = tsp.respond(asked, authority=made, key=by.key, at=at, serial_number=secrets.randbits(120))
        answer = tsp.read_response(run(steps, world))
    assert answer.token is not None, answer
    return answer.token


def sign(
    by: Party, at: datetime, *, format: str = "jades", content_token: bytes | None = None, content: bytes = CONTENT
) -> bytes:
    """A B-B signature that claims this time."""
    key = by.key
    request = SigningInput(
        content=BytesContent(content),
        detached=False,
        certificate=by.der,
        chain=tuple(each.der for each in by.chain),
        algorithm=key.algorithms[0],
        claimed_at=at,
        properties=Properties(),
        content_timestamp=content_token,
    )
    module = MODULES[format]
    draft = module.prepare(request)
    world = World(now=lambda: BEGIN, random=secrets.token_bytes, monotonic=float)
    signed: bytes = module.finish(draft, run(key.sign_steps(draft.to_be_signed, key.algorithms[0]), world))
    return signed


def stamped(signed: bytes, by: Party, at: datetime, format: str = "jades") -> bytes:
    """With a signature time stamp."""
    module = MODULES[format]
    made: bytes = module.attach(signed, token(module.imprint(signed, "sha256"), by, at))
    return made


def with_data(signed: bytes, *octets: Any, format: str = "jades") -> bytes:
    """With certificates (``Party`` or ``Made``) and CRLs (octets) as validation data."""
    certificates = tuple(each.der for each in octets if not isinstance(each, bytes))
    crls = tuple(each for each in octets if isinstance(each, bytes))
    made: bytes = MODULES[format].add_validation_data(signed, ValidationData(certificates, crls))
    return made


def with_responses(signed: bytes, *octets: bytes, format: str = "jades") -> bytes:
    """With OCSP responses as validation data."""
    made: bytes = MODULES[format].add_validation_data(signed, ValidationData(ocsp_responses=octets))
    return made


def archived(
    signed: bytes, by: Party, at: datetime, *octets: Any, format: str = "jades", digest: str = "sha256"
) -> bytes:
    """With validation data, and an archive time stamp over it."""
    module = MODULES[format]
    if octets:
        signed = with_data(signed, *octets, format=format)
    draft = module.prepare_archive(signed, NO_CONTENTS, digest)
    made: bytes = module.attach_archive(draft, token(draft.imprint, by, at, digest))
    return made


def store(*anchors: Made | Anchor, items: Iterable[bytes] = (), certificates: Iterable[Made] = ()) -> TrustStore:
    """Trust in some anchors for everything, or as they say."""
    ders = [each.certificate.der if isinstance(each, Anchor) else each.der for each in anchors]
    made = TrustStore.from_certificates(ders, [each.der for each in certificates], tuple(items))
    if any(isinstance(each, Anchor) for each in anchors):
        own = [each if isinstance(each, Anchor) else Anchor(each.certificate, frozenset({"any"})) for each in anchors]
        object.__setattr__(made, "anchors", tuple(own))
    return made


def report_on(signed: bytes, trust: TrustStore, at: datetime, rules: str = "") -> Report:
    """What is judged of a file."""
    return verify(signed, NO_CONTENTS, trust, Policy.parse(rules, "test"), at)


def outcome(report: Any) -> tuple[str, str | None]:
    """Indication and sub-indication, of a report or of a part of it."""
    return report.indication, report.sub_indication


def codes(report: Report) -> set[str]:
    """Codes of all findings, time stamps' included."""
    return {finding.code for finding in report.all_findings()}


def stamps(report: Report) -> list[TimestampReport]:
    """The first signature's time stamps, oldest first."""
    return sorted(report.signatures[0].timestamps, key=lambda item: item.token.generated_at)


def sha256(octets: bytes) -> bytes:
    """Its SHA-256."""
    return hashlib.sha256(octets).digest()


def contents(octets: bytes) -> Contents:
    """Presented with a detached signature."""
    return Contents(BytesContent(octets))
