"""One receipt of a set: its evidence, and the verdict on it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from toyono_trust.core.algorithms import digest
from toyono_trust.delivery import events
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.events import Event
from toyono_trust.delivery.evidence import entity_party, facts, log_entry
from toyono_trust.formats.model import Party, ReceiptFacts
from toyono_trust.validation.report import Report

__all__ = ["Member", "Service", "identified", "member", "same"]

Service = tuple[frozenset[str], frozenset[bytes], frozenset[str]]
"""What a delivery service is known by: identifiers, SHA-256 of certificates, names."""


class Member(NamedTuple):
    """``digest``: SHA-256 over ``evidence.log_entry``; two receipts with the same one say the same.

    ``issuer``: the service that issued it; ``other``: the other one of a relay (``ExternalERDSDetails``).
    """

    evidence: Evidence
    claims: ReceiptFacts
    report: Report
    event: Event | None
    digest: bytes
    issuer: Service
    other: Service | None

    @property
    def identifier(self) -> str:
        """``EvidenceIdentifier``."""
        return self.claims.identifier

    @property
    def name(self) -> str:
        """The event's name, its URI where it is unknown."""
        return self.claims.event if self.event is None else self.event.name

    @property
    def at(self) -> datetime:
        """When the event happened, by its issuer's word."""
        return self.claims.event_time

    @property
    def proves(self) -> bool:
        """Whether the receipt, taken alone, proves its fact."""
        result = self.report.receipt
        return self.report.indication == "TOTAL-PASSED" and result is not None and result.proves is not None


def member(evidence: Evidence, report: Report) -> Member:
    """A receipt with its verdict."""
    claims = facts(evidence)
    details = evidence.external_erds_details
    other = None if details is None else identified(entity_party(details))
    entry = digest("sha256", log_entry(evidence))
    return Member(evidence, claims, report, events.by_uri(claims.event), entry, identified(claims.issuer), other)


def identified(service: Party) -> Service:
    """What a service is known by, out of what a receipt says of it."""
    stated = {
        value.removeprefix("NTRJP-")
        for name, values in service.attributes
        if name in ("LegalPersonIdentifier", "PersonIdentifier")
        for value in values
    }
    digests = frozenset(value for algorithm, value in service.certificate_digests if algorithm == "sha256")
    names = frozenset(value for name, values in service.attributes if name == "LegalName" for value in values)
    return frozenset(stated), digests, names


def same(one: Service, other: Service) -> bool:
    """Whether two services are one: by identifiers where both have them, else by certificates, else by name."""
    for mine, theirs in zip(one, other, strict=True):
        if mine and theirs:
            return not mine.isdisjoint(theirs)
    return False
