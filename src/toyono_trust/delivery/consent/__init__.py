"""A resident's consent (個人の許諾): what it allows, whether an exchange was inside it, and what the resident is told.

::

    consent = build("urn:uuid:…", subject=jpki_pseudonym(serial, key), requester=…, provider=…, purpose=…, …)
    signed = toyono_trust.sign(consent.octets, by=resident, format="jades")      # or sealed by the town
    covers(consent, use, at, earlier=uses, revocations=revocations).covered        # or .reasons
    told = resident_receipt(consent, use, coverage, …)           # sealed; edge.consent_paper makes a page of it

Models: ISO/IEC TS 27560 (what a consent record holds), India's DEPA consent artefact (frequency, revocation by digest),
個人情報保護法 articles 27 and 29 (consent to provision to third parties, and its record).
"""

from toyono_trust.delivery.consent.artefact import (
    Consent,
    Limit,
    Organisation,
    Per,
    Term,
    Text,
    build,
    read_consent,
)
from toyono_trust.delivery.consent.coverage import Coverage, Use, covers, read_use
from toyono_trust.delivery.consent.receipt import ResidentReceipt, read_resident_receipt, resident_receipt
from toyono_trust.delivery.consent.revocation import Revocation, read_revocation, revoke

__all__ = [
    "Consent",
    "Coverage",
    "Limit",
    "Organisation",
    "Per",
    "ResidentReceipt",
    "Revocation",
    "Term",
    "Text",
    "Use",
    "build",
    "covers",
    "read_consent",
    "read_resident_receipt",
    "read_revocation",
    "read_use",
    "resident_receipt",
    "revoke",
]
