"""The components of evidence (EN 319 522-2 clause 8, EN 319 522-3 clause 5.2.2) as frozen values.

Fields have the standard's names in snake case and the order of its XML schema, so that every projection (JSON now,
XML later) walks the same table. ``None`` and ``()`` mean absent; where the schema tells an empty list from an absent
one, absent is ``None``. Digest algorithms are the URIs of XML Signature, as the evidence holds them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from toyono_trust.core.canonical import json_canonical

__all__ = [
    "VERSION",
    "AssuranceLevel",
    "Attribute",
    "Authentication",
    "CertId",
    "CertIdAndSignature",
    "CertificateDetail",
    "DelegateDetails",
    "EntityDetails",
    "EntityIdentifier",
    "EventReason",
    "Evidence",
    "Extension",
    "FactorAssurance",
    "GlobalAssurance",
    "Moment",
    "Open",
    "PartInfo",
    "SignatureMethod",
    "Unknown",
    "UserContentInfo",
    "UserDetails",
]

VERSION = "EN319522v1.1.1"
"""``Evidence/@version`` (EN 319 522-3 clause 5.2.2.3); V1.2.1 of the standard keeps it."""

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
MAX_ZONE = "1400"
"""XML Schema's xs:dateTime knows zones up to 14:00."""


def _number(text: str) -> int | float:
    """RFC 8785 writes 1e20 without exponent; beyond 2**53 - 1 such digits were a double, and are one again."""
    return int(text) if len(text) < 16 or abs(int(text)) < 1 << 53 else float(text)


class Moment(NamedTuple):
    """An xs:dateTime with zone, kept as the text that was sealed."""

    text: str

    @property
    def at(self) -> datetime:
        """The same as a datetime in UTC (digits beyond microseconds dropped). Raises ``ValueError``."""
        match = _MOMENT.fullmatch(self.text)
        if match is None:
            raise ValueError(f"not a date and time with zone: {self.text!r}")
        seconds, fraction, zone = match.groups()
        if zone[1:3] + zone[4:] > MAX_ZONE:  # "" for Z
            raise ValueError(f"no such time zone: {self.text!r}")
        try:
            return datetime.fromisoformat(f"{seconds}.{(fraction or '0')[:6]:0<6}{zone}").astimezone(UTC)
        except OverflowError as error:
            raise ValueError(f"out of range: {self.text!r}") from error

    @classmethod
    def of(cls, at: datetime) -> Moment:
        """The moment of an aware datetime, written in UTC without superfluous digits."""
        text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
        return cls((text.rstrip("0") if "." in text else text) + "Z")


class Open(NamedTuple):
    """A JSON value that the standard leaves open, as its RFC 8785 text: frozen, comparable, lossless."""

    text: str

    @property
    def value(self) -> Any:
        """A fresh copy of the JSON value."""
        return json.loads(self.text, parse_int=_number)

    @classmethod
    def of(cls, value: Any) -> Open:
        """The frozen form of a JSON value. Raises ``MalformedError`` where RFC 8785 has none."""
        return cls(json_canonical(value).decode("utf-8"))


class EventReason(NamedTuple):
    """G04: why the event happened. ``code``: URI."""

    code: str
    details: tuple[str, ...] | None = None


class Attribute(NamedTuple):
    """A SAML 2.0 attribute (saml:Attribute); its values may be any JSON."""

    name: str
    name_format: str | None = None
    friendly_name: str | None = None
    attribute_value: tuple[Open, ...] | None = None


class CertId(NamedTuple):
    """A certificate by digest: ``digest_method`` URI, ``digest_value`` octets, ``issuer_serial_v2`` DER."""

    uri: str | None
    digest_method: str
    digest_value: bytes
    issuer_serial_v2: bytes | None = None


class SignatureMethod(NamedTuple):
    """ds:SignatureMethod: algorithm URI and parameters. ``any`` has at most one value."""

    algorithm: str
    hmac_output_length: int | None = None
    any: Open | None = None


class CertIdAndSignature(NamedTuple):
    """A certificate by digest, with the method and value of its own signature."""

    cert_id: CertId
    signature_method: SignatureMethod
    signature_value: bytes


class CertificateDetail(NamedTuple):
    """Exactly one of: DER certificate, certificate by digest, certificate by digest with its signature."""

    x509_certificate: bytes | None = None
    cert_id: CertId | None = None
    cert_id_and_signature: CertIdAndSignature | None = None


class EntityDetails(NamedTuple):
    """R02: a service as legal entity. ``identity``: 1..n; ``certificate_details``: 0..3."""

    identity: tuple[Attribute, ...]
    certificate_details: tuple[CertificateDetail, ...] = ()
    any: Open | None = None


class EntityIdentifier(NamedTuple):
    """An identifier within a named scheme ("jp:houjin-bangou")."""

    value: str
    identifier_scheme_name: str


class AssuranceLevel(NamedTuple):
    """A level of assurance (URI) and its policy. ``resources``: pairs (URI, language)."""

    assurance_level: str
    policy_id: str | None = None
    policy_id_details: str | None = None
    policy_id_details_resources: tuple[tuple[str, str], ...] = ()


class Authentication(NamedTuple):
    """How someone was authenticated. Exactly one of: SAML assertion, OAuth2, time and method, anything else."""

    assertion: Open | None = None
    oauth2: Open | None = None
    authentication_time: Moment | None = None
    authentication_method: str | None = None
    other: Open | None = None


class GlobalAssurance(NamedTuple):
    """One level for identity proofing and authentication together (eIDAS)."""

    global_assurance_level: AssuranceLevel
    authentication_details: Authentication


class FactorAssurance(NamedTuple):
    """Levels by factor (NIST SP 800-63: 当人認証保証レベル, 身元確認保証レベル, federation)."""

    authentication_assurance_level: AssuranceLevel
    authentication_details: Authentication | None
    identity_proof_assurance_level: AssuranceLevel
    federation_assurance_level: AssuranceLevel | None = None


class UserDetails(NamedTuple):
    """I01, I05: a sender or recipient. All absent: identity withheld, which the schema permits."""

    identity: tuple[Attribute, ...] = ()
    identifier: EntityIdentifier | None = None
    assurance_levels_details: GlobalAssurance | FactorAssurance | None = None


class DelegateDetails(NamedTuple):
    """A delegate of recipients. ``delegating_recipients``: 1-based indexes into ``recipient_details``."""

    identity: tuple[Attribute, ...] = ()
    identifier: EntityIdentifier | None = None
    assurance_levels_details: GlobalAssurance | FactorAssurance | None = None
    delegating_recipients: tuple[int, ...] | None = None


class PartInfo(NamedTuple):
    """One part of the content: name, media type, digest (URI of the algorithm, octets)."""

    identifier: str
    content_type: str
    digest_method: str | None = None
    digest_value: bytes | None = None


class UserContentInfo(NamedTuple):
    """M02: what was delivered, by digest. ``parts_info``: 1..n."""

    app_layer_identifier: str | None
    composing_parts: int | None
    parts_info: tuple[PartInfo, ...]


class Extension(NamedTuple):
    """An extension: its members without ``isCritical``."""

    is_critical: bool | None
    content: Open


class Unknown(NamedTuple):
    """A member that the standard does not know, kept where it stood: sealed with the rest, understood by nobody."""

    path: tuple[str | int, ...]
    value: Open


class Evidence(NamedTuple):
    """One piece of ERDS evidence, a delivery receipt; its seal (component R03) stands outside.

    ``evidence_refers_to_recipient`` is a 1-based index into ``recipient_details``.
    """

    version: str
    id: str | None
    evidence_identifier: str
    erds_event_id: str
    event_reasons: tuple[EventReason, ...]
    event_time: Moment
    evidence_issuer_policy_id: tuple[str, ...]
    evidence_issuer_details: EntityDetails
    sender_details: UserDetails
    sender_delegate_details: UserDetails | None
    recipient_details: tuple[UserDetails, ...]
    recipients_delegate_details: tuple[DelegateDetails, ...] | None
    submission_time: Moment | None
    evidence_refers_to_recipient: int | None
    message_identifier: str | None
    user_content_info: UserContentInfo | None
    external_erds_details: EntityDetails | None = None
    forwarded_to_external_system: str | None = None
    transaction_log_information: tuple[Open, ...] = ()
    extensions: tuple[Extension, ...] = ()
    unknown: tuple[Unknown, ...] = ()
