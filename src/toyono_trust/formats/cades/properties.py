"""Signed properties as CMS attributes, both ways (EN 319 122-1 5.2, RFC 5126 5.10 and 5.11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toyono_trust.core.algorithms import digest_algorithm_identifier, digest_by_oid
from toyono_trust.core.asn1 import (
    Reader,
    explicit,
    ia5,
    octet_string,
    oid_der,
    sequence,
    utf8,
)
from toyono_trust.core.cms import attribute
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Note, Place, Properties, SignaturePolicy

_SMIME = "1.2.840.113549.1.9.16.2."
COMMITMENT = _SMIME + "16"
LOCATION = _SMIME + "17"
POLICY = _SMIME + "15"
CONTENT_TIMESTAMP = _SMIME + "20"
SIGNER_ATTRIBUTES = _SMIME + "18"
SIGNER_ATTRIBUTES_V2 = "0.4.0.19122.1.1"
MIME_TYPE = "0.4.0.1733.2.1"

_POLICY_URI = "1.2.840.113549.1.9.16.5.1"
_CLAIMED_ROLE = "2.5.4.41"
"""Type under which a claimed role is written (id-at-name, as other signers of the field do)."""
MAX_VALUES = 100
"""Roles, commitments or qualifiers in one attribute."""

_NOTHING = Properties()
_KNOWN = frozenset((COMMITMENT, LOCATION, POLICY, SIGNER_ATTRIBUTES, SIGNER_ATTRIBUTES_V2, MIME_TYPE))


# -- read


def read_properties(attributes: Mapping[str, bytes], notes: list[Note]) -> Properties:
    """The shared properties among signed attributes (OID to first value); what is malformed is noted and left out."""
    if _KNOWN.isdisjoint(attributes):
        return _NOTHING
    found: dict[str, Any] = {
        name: _attempt(read, attributes, oid, notes)
        for name, oid, read in (
            ("commitments", COMMITMENT, _commitments),
            ("roles", SIGNER_ATTRIBUTES_V2, _roles),
            ("place", LOCATION, _place),
            ("policy", POLICY, _policy),
            ("content_type", MIME_TYPE, lambda reader: reader.text(reader.root())),
        )
        if oid in attributes
    }
    if SIGNER_ATTRIBUTES in attributes and not found.get("roles"):
        found["roles"] = _attempt(_roles, attributes, SIGNER_ATTRIBUTES, notes)
    return _NOTHING._replace(**{name: value for name, value in found.items() if value is not None})


def _attempt(
    read: Callable[[Reader], object], attributes: Mapping[str, bytes], oid: str, notes: list[Note]
) -> object | None:
    try:
        return read(Reader(attributes[oid], lenient=True))
    except MalformedError:
        notes.append(Note("cms.attribute-malformed", oid, {"attribute": oid}))
        return None


def _commitments(reader: Reader) -> tuple[str, ...]:
    """CommitmentTypeIndication: SEQUENCE { OID, qualifiers OPTIONAL }."""
    return (reader.oid(reader.members(reader.root(), 0x30, 1, 2)[0]),)


def _roles(reader: Reader) -> tuple[str, ...]:
    """Claimed attributes of SignerAttributeV2: [0] SEQUENCE OF Attribute; their character strings."""
    roles = []
    for choice in reader.children(reader.expect(reader.root(), 0x30)):
        if choice[0] != 0xA0:
            continue  # certified attributes and signed assertions are no claims
        for claimed in reader.members(reader.only(choice), 0x30, 1, MAX_VALUES):
            _, values = reader.members(claimed, 0x30, 2, 2)
            roles += [reader.text(value) for value in reader.children(values) if not value[0] & 0x20]
    return tuple(roles)


def _place(reader: Reader) -> Place:
    """SignerLocation: [0] countryName, [1] localityName, [2] postalAddress SEQUENCE OF DirectoryString."""
    country = locality = street = ""
    for part in reader.members(reader.root(), 0x30, 0, 3):
        if part[0] == 0xA0:
            country = reader.text(reader.only(part))
        elif part[0] == 0xA1:
            locality = reader.text(reader.only(part))
        elif part[0] == 0xA2:
            street = "\n".join(reader.text(line) for line in reader.members(reader.only(part), 0x30, 1, 6))
        else:
            raise MalformedError("cms.structure", "signer-location has an unknown member")
    return Place(country, locality, street=street)


def _policy(reader: Reader) -> SignaturePolicy:
    """SignaturePolicy: SignaturePolicyId, or NULL for an implied one."""
    root = reader.root()
    if root[0] == 0x05:
        return SignaturePolicy("implied")
    members = reader.members(root, 0x30, 1, 3)
    algorithm = value = uri = None
    if len(members) > 1:
        head, hashed = reader.members(members[1], 0x30, 2, 2)
        algorithm = digest_by_oid(reader.oid(reader.members(head, 0x30, 1, 2)[0]))
        value = reader.octets(hashed)
    if len(members) > 2:
        for qualifier in reader.members(members[2], 0x30, 1, MAX_VALUES):
            parts = reader.members(qualifier, 0x30, 1, 2)
            if reader.oid(parts[0]) == _POLICY_URI and len(parts) == 2:
                uri = reader.text(parts[1])
    return SignaturePolicy(f"urn:oid:{reader.oid(members[0])}", algorithm, value, uri)


# -- write


def write_properties(properties: Properties) -> list[bytes]:
    """Attributes for the shared properties. Raises ``MisuseError`` where CMS cannot express one."""
    found = []
    if len(properties.commitments) > 1:
        raise MisuseError("cades.one-commitment", "CAdES holds one commitment", "pass a single commitment")
    for commitment in properties.commitments:
        found.append(attribute(COMMITMENT, sequence(_identifier(commitment))))
    if properties.roles:
        values = [attribute(_CLAIMED_ROLE, utf8(role)) for role in properties.roles]
        found.append(attribute(SIGNER_ATTRIBUTES_V2, sequence(explicit(0, sequence(*values)))))
    if properties.place is not None:
        found.append(attribute(LOCATION, _location(properties.place)))
    if properties.policy is not None:
        found.append(attribute(POLICY, _policy_identifier(properties.policy)))
    if properties.content_type is not None:
        found.append(attribute(MIME_TYPE, utf8(properties.content_type)))
    return found


def _identifier(text: str) -> bytes:
    """OBJECT IDENTIFIER of dotted text or ``urn:oid:``."""
    try:
        return oid_der(text.removeprefix("urn:oid:"))
    except MalformedError:
        raise MisuseError(
            "cades.not-an-oid", f"CAdES names this by an object identifier; {text!r} is none", "pass urn:oid:1.2.3"
        ) from None


def _location(place: Place) -> bytes:
    lines = [line for line in place.street.split("\n") if line]
    lines += [line for line in (place.post_office_box, place.postal_code, place.region) if line]
    if not (place.country or place.locality or lines) or len(lines) > 6:
        raise MisuseError(
            "cades.place", "a place needs one to six lines, or a country or locality", "fill in the place"
        )
    return sequence(
        explicit(0, utf8(place.country)) if place.country else b"",
        explicit(1, utf8(place.locality)) if place.locality else b"",
        explicit(2, sequence(*map(utf8, lines))) if lines else b"",
    )


def _policy_identifier(policy: SignaturePolicy) -> bytes:
    if policy.digest is None or policy.digest_algorithm is None:
        raise MisuseError(
            "cades.policy-digest", "CAdES names a signature policy together with its digest", "pass the policy's digest"
        )
    return sequence(
        _identifier(policy.identifier),
        sequence(digest_algorithm_identifier(policy.digest_algorithm), octet_string(policy.digest)),
        sequence(sequence(oid_der(_POLICY_URI), ia5(policy.uri))) if policy.uri else b"",
    )
