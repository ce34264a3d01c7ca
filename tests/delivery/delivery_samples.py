"""Evidence to test with: one of every event, and a fullest one that uses every component."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from toyono_trust.delivery import reasons
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.events import EVENTS, Event
from toyono_trust.delivery.receipts import Issuer, build

AT = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
SUBMITTED = AT - timedelta(seconds=5)
CERTIFICATE = bytes(range(32))
TOWN = Issuer("豊能町", "NTRJP-1234567890123", CERTIFICATE)
NEXT = Issuer("次の配達サービス", "NTRJP-9876543210987")
BUS, ALICE = "NTRJP-2222222222222", "alice@example.jp"
TIMETABLE = b'{"stop": "toyono", "at": "10:05"}'


def reason(event: Event) -> str:
    known = next(one for one in reasons.REASONS if one.event == event.name)
    return known.uri if known.status != "local" else reasons.local("https://www.town.example/", known.uri)


def made(event: str = "ContentHandover", **changed: Any) -> Evidence:
    known = next(one for one in EVENTS if one.name == event)
    arguments: dict[str, Any] = {
        "issuer": TOWN,
        "event_time": AT,
        "sender": BUS,
        "recipients": [TOWN.identifier],
        "message_id": "urn:uuid:9b6f4b2e-0000-4000-8000-000000000001",
        "parts": {"timetable.json": TIMETABLE},
        "content_types": "application/json",
        "identifier": "urn:uuid:9b6f4b2e-0000-4000-8000-000000000002",
        "policy": "urn:oid:1.2.392.200000.1",
        "submission_time": SUBMITTED,
        "reasons": [reason(known)] if known.polarity == "failure" else [],
        "external_service": NEXT if known.group == "B" else None,
    }
    return build(event, **(arguments | changed))


LEVEL = {
    "AssuranceLevel": "http://eidas.europa.eu/LoA/high",
    "PolicyID": "urn:oid:1.2.3",
    "PolicyIDDetails": "身元確認保証レベル",
    "PolicyIDDetailsResources": [{"value": "https://www.town.example/policy", "lang": "ja"}],
}
ATTRIBUTE = {
    "Name": "http://eidas.europa.eu/attributes/legalperson/LegalName",
    "NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
    "FriendlyName": "LegalName",
    "AttributeValue": ["豊能町", {"any": [1, 2.5, None, True]}],
}
DIGEST = {"Algorithm": "http://www.w3.org/2001/04/xmlenc#sha256"}
OCTETS = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CERT_ID = {
    "URI": "https://www.town.example/seal.cer",
    "CertDigest": {"DigestMethod": DIGEST, "DigestValue": OCTETS},
    "IssuerSerialV2": "MAA=",
}
ENTITY = {
    "Identity": {"Attribute": [ATTRIBUTE]},
    "CertificateDetails": [
        {"X509Certificate": "MAA="},
        {"CertID": CERT_ID},
        {
            "CertIDAndSignature": {
                "CertID": CERT_ID,
                "CertSignatureDetails": {
                    "SignatureMethod": {"Algorithm": "urn:x:a", "HMACOutputLength": 128, "Any": {"p": []}},
                    "SignatureValue": "AAAA",
                },
            }
        },
    ],
    "Any": {"note": "open"},
}
EXPLICIT = {"AuthenticationTime": "2026-11-22T18:59:00.123+09:00", "AuthenticationMethod": "urn:x:smartcard"}
IDENTIFIER = {"value": "1234567890123", "IdentifierSchemeName": "jp:houjin-bangou"}


def fullest() -> dict[str, Any]:
    """Every component and every alternative of the schema, as JSON."""
    factors = {
        "AuthenticationDetsAndAssuranceLevel": {"AssuranceLevel": LEVEL, "AuthenticationDetails": {"OAuth2": None}},
        "IdentityProofAssuranceLevel": LEVEL,
        "FederationAssuranceLevel": LEVEL,
    }
    overall = {"GlobalAssuranceLevel": LEVEL, "AuthenticationDetails": EXPLICIT}
    asserted = {"GlobalAssuranceLevel": LEVEL, "AuthenticationDetails": {"Assertion": {"ID": "a"}}}
    other = {"GlobalAssuranceLevel": LEVEL, "AuthenticationDetails": {"other": [1e21, 1e18, 0.1]}}
    user = {"Identity": {"Attribute": [ATTRIBUTE]}, "Identifier": IDENTIFIER}
    tree = {
        "version": "EN319522v1.1.1",
        "Id": "ev-1",
        "EvidenceIdentifier": "urn:uuid:1",
        "ERDSEventId": "http://uri.etsi.org/19522/Event/ContentHandover",
        "EventReasons": {"EventReason": [{"Code": "https://www.town.example/r", "Details": ["x", ""]}]},
        "EventTime": "2026-11-22T10:00:00Z",
        "EvidenceIssuerPolicyID": {"PolicyID": ["urn:oid:1.2.3", "https://www.town.example/policy"]},
        "EvidenceIssuerDetails": ENTITY,
        "SenderDetails": {**user, "AssuranceLevelsDetails": overall},
        "SenderDelegateDetails": {**user, "AssuranceLevelsDetails": other},
        "RecipientDetails": [{**user, "AssuranceLevelsDetails": factors}, {}],
        "RecipientsDelegateDetails": [
            {**user, "AssuranceLevelsDetails": asserted, "DelegatingRecipients": [1, 2]},
            {"DelegatingRecipients": []},
        ],
        "SubmissionTime": "2026-11-22T09:59:55.5Z",
        "EvidenceRefersToRecipient": 1,
        "MessageIdentifier": "m-1",
        "UserContentInfo": {
            "AppLayerIdentifier": "contract",
            "ComposingParts": 2,
            "PartsInfo": {
                "PartInfo": [
                    {"Identifier": "a", "ContentType": "text/plain", "DigestMethod": DIGEST, "DigestValue": OCTETS},
                    {"Identifier": "b", "ContentType": ""},
                ]
            },
        },
        "ExternalERDSDetails": ENTITY,
        "ForwardedToExternalSystem": "post office",
        "TransactionLogInformation": {"TransactionLog": [{"log": "l", "index": 7}, "text"]},
        "Extensions": [{"isCritical": False, "x": [1]}, {"y": None}],
    }
    return copy.deepcopy(tree)
