"""Three delivery services with seals of their own, a TSA, and receipts about one message at any time of one day."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from unittest import mock

from delivery_samples import reason

from toyono_trust import TrustStore, devpki, verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.delivery import xml
from toyono_trust.delivery.as4 import As4Relay
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import payload
from toyono_trust.delivery.receipts import Issuer, build
from toyono_trust.delivery.sealed import SealedXml, called
from toyono_trust.delivery.sets import SetPolicy, SetReport, verify_set
from toyono_trust.devpki.profiles import PROFILES
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Signed
from toyono_trust.steps import Fetch, Response, World, run

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=20)
MINUTE = timedelta(minutes=1)
PARTS = {"letter.pdf": b"%PDF letter", "note.txt": b"note"}
SENDER, RECIPIENTS = "NTRJP-2222222222222", ("a@town.example", "b@town.example", "c@town.example")
SERVICES = ("town", "bus", "between")
KNOWN = {event.name: event for event in EVENTS}


@lru_cache(maxsize=1)
def town() -> devpki.Town:
    made = devpki.Town.create(NOW, clock=lambda: NOW)
    third = PROFILES["bus"]._replace(
        subject=(
            ("2.5.4.6", "JP"),
            ("2.5.4.10", "中継株式会社"),
            ("2.5.4.97", "NTRJP-4567890123456"),
            ("2.5.4.3", "印"),
        )
    )
    with mock.patch.dict(PROFILES, {"between": third}):
        made.identity("between")
    return made


@lru_cache(maxsize=1)
def trust() -> TrustStore:
    return TrustStore.from_certificates([town().root.der], [town().ca.der], [town().crl("root"), town().crl("ca")])


def service(name: str) -> Issuer:
    """A service as its receipts name it."""
    certificate = town().identity(name).certificate
    return Issuer(called(certificate)[0], certificate.identifier, certificate.sha256)


class Step(NamedTuple):
    """One event of a delivery: when (minutes after the submission), by which service, about which recipient."""

    event: str
    minute: int
    by: str = "town"
    to: int | None = None
    other: str | None = None


def claims(step: Step, number: int = 1, count: int = 1, **changed: Any) -> Evidence:
    """The evidence about a step; several recipients make a step's index count."""
    known = KNOWN[step.event]
    arguments: dict[str, Any] = {
        "issuer": service(step.by),
        "event_time": NOW + step.minute * MINUTE,
        "sender": SENDER,
        "recipients": RECIPIENTS[:count],
        "message_id": "m-1",
        "parts": PARTS,
        "identifier": f"urn:uuid:{number}",
        "policy": "1.2.3",
        "submission_time": NOW,
        "reasons": [reason(known)] if known.polarity == "failure" else [],
        "refers_to_recipient": step.to,
        "external_service": None if step.other is None else service(step.other),
    }
    return build(step.event, **(arguments | changed))


class _Stamps:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def fetch(self, request: Fetch, deadline: float | None) -> Response:
        assert request.body is not None
        reply = town().tsa_respond(request.body, self.at)
        return Response(200, {"content-type": "application/timestamp-reply"}, reply)


def sealed(
    evidence: Evidence, by: str, *, at: datetime | None = None, form: str = "json", level: str = "B-T"
) -> Signed:
    """Evidence as it is, whatever is wrong with it, sealed and stamped a second after ``at`` (the event)."""
    when = at or evidence.event_time.at
    world = World(lambda: when, secrets.token_bytes, lambda: 0.0, _Stamps(when + timedelta(seconds=1)))
    json = form == "json"
    content = BytesContent(payload(evidence) if json else xml.to_xml(evidence), "receipt")
    options: Any = {"details": JadesDetails(serialization="receipt")} if json else {"detached": True}
    tsa = "http://tsa.example/" if level == "B-T" else None
    asked = verbs.order(content, town().identity(by), "jades" if json else "cades", level, tsa, True, options)
    made = run(verbs.seal(asked), world)
    assert isinstance(made, Signed)
    return made if json else SealedXml.of(made, content.bytes)


def receipts(steps: Iterable[Step], count: int = 1, **changed: Any) -> list[Signed]:
    """Sealed receipts about all steps."""
    return [sealed(claims(step, number, count, **changed), step.by) for number, step in enumerate(steps, 1)]


def verified(
    given: Iterable[Any],
    policy: SetPolicy | None = None,
    parts: dict[str, bytes] | None = PARTS,
    relays: Iterable[As4Relay] = (),
    **rules: Any,
) -> SetReport:
    return verify_set(given, parts, policy=policy or SetPolicy(**rules), trust=trust(), at=LATER, relays=relays)


def codes(report: SetReport) -> list[tuple[str, str]]:
    """Codes without their area, with the receipt that they name."""
    return [(finding.code.removeprefix("receipt."), finding.subject) for finding in report.findings]
