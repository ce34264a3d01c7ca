"""The verdicts on single signatures and time-stamp tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.formats.model import EvidenceRecord, Signature, SignedObject, TimestampToken
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.report.finding import Finding

__all__ = [
    "EvidenceRecordReport",
    "Indication",
    "Proof",
    "SignatureReport",
    "TimestampReport",
    "decisive",
    "record_id",
    "signature_id",
]

Indication = Literal["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE", "PASSED", "FAILED"]

KIND_OF_SIGNATURE = {
    "natural-person": "signature",
    "legal-person": "seal",
    "device": "device",
    "website": "website",
}


class Proof(NamedTuple):
    """Since when something is proven to exist (EN 319 102-1 5.6.2.3).

    ``by``: the id of the time stamp that proves it, None where it is merely at hand at the time of validation.
    """

    time: datetime
    by: str | None


class TimestampReport(NamedTuple):
    """The verdict on one time-stamp token (EN 319 102-1 5.4, 5.6.2.4).

    Attributes:
        token: what was read.
        valid_until: until when it passes by itself; None where it does not, or no end is known.
        revocation_evidence, signers: as of ``SignatureReport``.
        proof: since when the token itself is proven to exist.
        past: it no longer passes by itself, but past signature validation passed.
    """

    token: TimestampToken
    indication: Indication
    sub_indication: str | None
    certificate: Certificate | None
    chain: tuple[Certificate, ...]
    signature_intact: bool | None
    valid_until: datetime | None
    findings: tuple[Finding, ...]
    revocation_evidence: tuple[str, ...] = ()
    signers: tuple[Certificate, ...] = ()
    proof: Proof | None = None
    past: bool = False

    @property
    def id(self) -> str:
        """``timestamp-`` and the first 16 hex digits of SHA-256 of the signature value."""
        return "timestamp-" + hashlib.sha256(self.token.signer.value.wire).hexdigest()[:16]

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided; None where it passed."""
        return decisive(self.findings, self.sub_indication)


def record_id(record: EvidenceRecord) -> str:
    """The id of an evidence record: ``evidence-record-`` and the first 16 hex digits of SHA-256 of its octets."""
    return "evidence-record-" + hashlib.sha256(record.data).hexdigest()[:16]


class EvidenceRecordReport(NamedTuple):
    """The verdict on one evidence record (RFC 4998 5.3): it passes where every one of its time stamps does.

    Attributes:
        facts: what was read.
        chains: its archive time stamps, oldest first; the report's ``timestamps`` has them as well.
        findings: about the record as a whole; those about its time stamps stand with these.
    """

    facts: EvidenceRecord
    indication: Indication
    sub_indication: str | None
    chains: tuple[tuple[TimestampReport, ...], ...]
    until: datetime | Callable[[], datetime | None] | None
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """``evidence-record-`` and the first 16 hex digits of SHA-256 of the record."""
        return record_id(self.facts)

    @property
    def timestamps(self) -> tuple[TimestampReport, ...]:
        """All its time stamps, oldest first."""
        return tuple([item for chain in self.chains for item in chain])

    @property
    def proven_at(self) -> datetime | None:
        """Since when the data is proven to exist; None where the record did not pass."""
        return self.chains[0][0].token.generated_at if self.indication == "PASSED" else None

    @property
    def valid_until(self) -> datetime | None:
        """The last instant at which this passes without being renewed; None where it does not pass, or for ever."""
        until = self.until
        return until if until is None or isinstance(until, datetime) else until()

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided; None where it passed."""
        found = decisive(self.findings, self.sub_indication)
        if found is not None:
            return found
        of_stamps = (item.decisive for item in self.timestamps if item.sub_indication == self.sub_indication)
        return next((finding for finding in of_stamps if finding is not None), None)


def signature_id(signature: Signature) -> str:
    """The id of a signature: ``signature-`` and the first 16 hex digits of SHA-256 of its value."""
    return "signature-" + hashlib.sha256(signature.value.wire).hexdigest()[:16]


class SignatureReport(NamedTuple):
    """The verdict on one signature (EN 319 102-1 5.5).

    Attributes:
        facts: what was read.
        certificate: the signing certificate, None where none was identified.
        chain: from the signing certificate to the trust anchor; empty without a path.
        best_signature_time: earliest proven time of existence; the validation time where nothing proves an earlier one.
        signature_intact: the signature value fits; None where it could not be checked.
        revocation_evidence: digests ("sha256:…") of the CRLs and OCSP responses relied on.
        signers: certificates of who signed these, besides the CAs of the chain.
        proof: since when the signature is proven to exist, by whatever time stamp; None without any.
        archival: archival data was needed, or is at hand (EN 319 102-1 5.6).
    """

    facts: Signature
    indication: Indication
    sub_indication: str | None
    certificate: Certificate | None
    chain: tuple[Certificate, ...]
    best_signature_time: datetime
    signature_intact: bool | None
    until: datetime | Callable[[], datetime | None] | None
    revocation_evidence: tuple[str, ...]
    timestamps: tuple[TimestampReport, ...]
    counter_signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]
    signers: tuple[Certificate, ...] = ()
    proof: Proof | None = None
    archival: bool = False

    @property
    def id(self) -> str:
        """``signature-`` and the first 16 hex digits of SHA-256 of the signature value."""
        return signature_id(self.facts)

    @property
    def valid_until(self) -> datetime | None:
        """The last instant at which this passes without another step; None where it does not pass, or for ever.

        It is assumed that revocation data, where it is renewed, says the same. With archival data it is found by
        judging the same facts at later times, when it is asked for.
        """
        until = self.until
        return until if until is None or isinstance(until, datetime) else until()

    @property
    def format(self) -> str:
        """Format as the report names it: ``CAdES``, ``JAdES``, ``PKCS7`` or ``JWS``."""
        return self.facts.format

    @property
    def level(self) -> str | None:
        """Baseline level, None where it is not a baseline signature."""
        return self.facts.level

    @property
    def kind(self) -> str:
        """``signature``, ``seal``, ``device``, ``website`` or ``unknown``, by the signing certificate's subject."""
        return "unknown" if self.certificate is None else KIND_OF_SIGNATURE.get(self.certificate.kind, "unknown")

    @property
    def algorithm(self) -> str:
        """Signature algorithm with its curve, e.g. ``ecdsa-p256-sha256``."""
        name = self.facts.value.algorithm
        key = self.certificate.public_key if self.certificate else None
        return name if key is None else algorithms.describe(name, key)

    @property
    def objects(self) -> tuple[SignedObject, ...]:
        """What it covers, with what is known of each object's integrity."""
        return tuple(
            item._replace(intact=self.signature_intact)
            if item.by_signature and item.found and item.intact is None
            else item
            for item in self.facts.objects
        )

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided; None where it passed."""
        return decisive(self.findings, self.sub_indication)


def decisive(findings: Iterable[Finding], sub_indication: str | None) -> Finding | None:
    """The finding that led to a sub-indication; None where there is none."""
    if sub_indication is None:
        return None
    return next((item for item in findings if item.level == "fail" and item.sub_indication == sub_indication), None)
