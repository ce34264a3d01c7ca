"""Validation data and references in ``etsiU``, and the containers of time stamps (ETSI TS 119 182-1 V1.2.1).

Clauses 5.3.5 (xVals, rVals, axVals, arVals, anyValData), 5.3.6 (tstVD), 5.4.2 (pkiOb), 5.4.3 (tstContainer), A.1.1 to
A.1.4 (xRefs, rRefs, axRefs, arRefs). Readers raise ``ValueError``, ``TypeError``, ``KeyError`` or ``MalformedError``
where a value does not fit its schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import digest_by_jades
from toyono_trust.core.canonical import b64_decode, b64_encode, b64url_decode
from toyono_trust.core.limits import MAX_TIMESTAMPS
from toyono_trust.formats.draft import Nested, ValidationData
from toyono_trust.formats.model import TimestampType

_NONE: tuple[bytes, ...] = ()
_PKI_OBJECT = {"val", "encoding", "specRef"}


class Values(NamedTuple):
    """DER octets that one element holds, and its references: (digest name or foreign identifier, digest).

    ``others``: how many objects of unknown kinds it holds besides.
    """

    certificates: tuple[bytes, ...] = _NONE
    crls: tuple[bytes, ...] = _NONE
    ocsp_responses: tuple[bytes, ...] = _NONE
    references: tuple[tuple[str, bytes], ...] = ()
    others: int = 0


def read_container(
    value: Any, kind: TimestampType, covered: Callable[[str], bytes] | None, room: int = MAX_TIMESTAMPS
) -> list[Nested]:
    """The RFC 3161 tokens of a tstContainer, at least one and at most ``room``."""
    if not isinstance(value, dict) or not value.keys() <= {"canonAlg", "tstTokens"}:
        raise ValueError
    if not isinstance(value.get("canonAlg", ""), str):
        raise TypeError
    tokens = _list(value["tstTokens"])
    if len(tokens) > room:
        raise ValueError
    return [Nested(kind, _pki_object(one, {"val", "type", "encoding", "specRef"}), covered) for one in tokens]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise TypeError
    return value


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or not value.keys() <= names:
        raise TypeError
    return value


def _pki_object(value: Any, names: set[str] = _PKI_OBJECT) -> bytes:
    """pkiOb: ``{val, encoding?, specRef?}`` with standard base64 of DER."""
    text = _object(value, names)["val"]
    if not isinstance(text, str):
        raise TypeError
    return b64_decode(text)


def _certificates(value: Any) -> Values:
    found = [_object(one, {"x509Cert", "otherCert"}) for one in _list(value)]
    if any(len(one) != 1 for one in found):
        raise ValueError
    certificates = tuple([_pki_object(one["x509Cert"]) for one in found if "x509Cert" in one])
    return Values(certificates, others=len(found) - len(certificates))


def _revocations(value: Any) -> Values:
    members = _object(value, {"crlVals", "ocspVals", "otherVals"})
    crls, ocsp_responses = (
        tuple([_pki_object(one) for one in _list(members[name])]) if name in members else _NONE
        for name in ("crlVals", "ocspVals")
    )
    return Values((), crls, ocsp_responses, (), len(members.get("otherVals", ())))


def _both(value: Any) -> Values:
    members = _object(value, {"xVals", "rVals"})
    certificates = _certificates(members["xVals"]) if "xVals" in members else Values()
    revocations = _revocations(members["rVals"]) if "rVals" in members else Values()
    others = certificates.others + revocations.others
    return revocations._replace(certificates=certificates.certificates, others=others)


def _certificate_references(value: Any) -> Values:
    return Values(references=tuple([_reference(one) for one in _list(value)]))


def _revocation_references(value: Any) -> Values:
    members = _object(value, {"crlRefs", "ocspRefs", "otherRefs"})
    found = [_reference(one) for name in ("crlRefs", "ocspRefs") if name in members for one in _list(members[name])]
    return Values(references=tuple(found), others=len(members.get("otherRefs", ())))


def _reference(value: Any) -> tuple[str, bytes]:
    """``digAlg`` and ``digVal`` (base64url); what else helps to find the object proves nothing and is not read."""
    identifier, text = value["digAlg"], value["digVal"]
    if not isinstance(identifier, str) or not isinstance(text, str) or not text:
        raise TypeError
    return digest_by_jades(identifier) or identifier[:80], b64url_decode(text)


READERS: dict[str, Callable[[Any], Values]] = {
    "xVals": _certificates,
    "axVals": _certificates,
    "rVals": _revocations,
    "arVals": _revocations,
    "tstVD": _both,
    "anyValData": _both,
    "xRefs": _certificate_references,
    "axRefs": _certificate_references,
    "rRefs": _revocation_references,
    "arRefs": _revocation_references,
}
"""The reader of each element that holds validation data or references to it."""


def write_values(data: ValidationData) -> dict[str, Any]:
    """``xVals`` and ``rVals`` for what is there; neither where there is nothing."""
    members: dict[str, Any] = {}
    if data.certificates:
        members["xVals"] = [{"x509Cert": {"val": b64_encode(one)}} for one in data.certificates]
    revocations = {"crlVals": data.crls, "ocspVals": data.ocsp_responses}
    written = {name: _write(octets) for name, octets in revocations.items() if octets}
    if written:
        members["rVals"] = written
    return members


def _write(octets: Iterable[bytes]) -> list[dict[str, str]]:
    return [{"val": b64_encode(one)} for one in octets]
