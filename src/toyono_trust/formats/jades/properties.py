"""Signed properties of JAdES that other formats share: commitment, roles, place, signature policy.

Standard: ETSI TS 119 182-1 V1.2.1, clauses 5.2.3 (srCms), 5.2.4 (sigPl), 5.2.5 (srAts), 5.2.7 (sigPId).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toyono_trust.core.algorithms import digest_by_jades, jades_digest
from toyono_trust.core.canonical import b64url_decode, b64url_encode
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Note, Place, Properties, SignaturePolicy

_PLACE = (
    ("addressCountry", "country"),
    ("addressLocality", "locality"),
    ("addressRegion", "region"),
    ("postalCode", "postal_code"),
    ("streetAddress", "street"),
    ("postOfficeBoxNumber", "post_office_box"),
)
_OID = "urn:oid:"


def read_properties(members: Mapping[str, Any], content_type: str | None, notes: list[Note]) -> Properties:
    """The shared properties of a protected header; one that does not fit its schema is noted and left out."""
    return Properties(
        commitments=_each(members, "srCms", _commitments, notes) or (),
        roles=_each(members, "srAts", _roles, notes) or (),
        place=_each(members, "sigPl", _place, notes),
        policy=_each(members, "sigPId", _policy, notes),
        content_type=content_type,
    )


def _each(members: Mapping[str, Any], name: str, read: Any, notes: list[Note]) -> Any:
    if name not in members:
        return None
    try:
        return read(members[name])
    except (MalformedError, KeyError, TypeError, ValueError):  # a member is missing or of another type
        notes.append(Note("jades.parameter-schema", name, {"name": name}))
        return None


def _only(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or (kind is list and not value):
        raise TypeError
    return value


def _object_identifier(value: Any) -> str:
    """oId: ``{id, desc?, docRefs?}``; an OID in URN form comes back dotted."""
    identifier: str = _only(_only(value, dict)["id"], str)
    return identifier.removeprefix(_OID) if identifier.startswith(_OID) else identifier


def _commitments(value: Any) -> tuple[str, ...]:
    return tuple(_object_identifier(_only(one, dict)["commId"]) for one in _only(value, list))


def _roles(value: Any) -> tuple[str, ...]:
    """The claimed roles that are text; certified attributes and assertions are no free text."""
    if not _only(value, dict) or not value.keys() <= {"certified", "claimed", "signedAssertions"}:
        raise ValueError
    found: list[str] = []
    for array in value.get("claimed", ()):
        found += [role for role in _only(_only(array, dict)["qVals"], list) if isinstance(role, str)]
    return tuple(found)


def _place(value: Any) -> Place:
    if not _only(value, dict) or not value.keys() <= dict(_PLACE).keys():
        raise ValueError
    return Place(**{field: _only(value[name], str) for name, field in _PLACE if name in value})


def _policy(value: Any) -> SignaturePolicy:
    identifier: str = _only(_only(_only(value, dict)["id"], dict)["id"], str)
    algorithm = digest = uri = None
    if "digVal" in value:
        digest = b64url_decode(_only(value["digVal"], str))
        algorithm = digest_by_jades(_only(value["digAlg"], str)) or value["digAlg"]
    for qualifier in value.get("sigPQuals", ()):
        uri = _only(qualifier, dict).get("spURI", uri)
    return SignaturePolicy(identifier, algorithm, digest, None if uri is None else _only(uri, str))


def write_properties(properties: Properties) -> dict[str, Any]:
    """Header parameters for the shared properties, in the order of the standard's clauses; ``cty`` is not among them.

    Raises ``MisuseError`` where a policy comes without the digest of its document.
    """
    members: dict[str, Any] = {}
    if properties.commitments:
        members["srCms"] = [{"commId": {"id": _uri(one)}} for one in properties.commitments]
    if properties.place is not None:
        place = {name: getattr(properties.place, field) for name, field in _PLACE}
        members["sigPl"] = {name: text for name, text in place.items() if text}
        if not members["sigPl"]:
            raise MisuseError("jades.place", "the place of signing is empty", "name a country or a locality")
    if properties.roles:
        claimed = {"mediaType": "text/plain", "encoding": "UTF-8", "qVals": list(properties.roles)}
        members["srAts"] = {"claimed": [claimed]}
    if properties.policy is not None:
        members["sigPId"] = _write_policy(properties.policy)
    return members


def _write_policy(policy: SignaturePolicy) -> dict[str, Any]:
    if policy.digest is None or policy.digest_algorithm is None:
        raise MisuseError("jades.policy", "a signature policy is named by the digest of its document too")
    member: dict[str, Any] = {
        "id": {"id": _uri(policy.identifier)},
        "digAlg": jades_digest(policy.digest_algorithm),
        "digVal": b64url_encode(policy.digest).decode("ascii"),
    }
    if policy.uri is not None:
        member["sigPQuals"] = [{"spURI": policy.uri}]
    return member


def _uri(identifier: str) -> str:
    """A dotted OID as ``urn:oid:…`` (RFC 3061), a URI as it is."""
    return _OID + identifier if identifier and identifier.replace(".", "").isdigit() else identifier
