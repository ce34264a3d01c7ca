"""Namespaces and URIs of a validation report (ETSI TS 119 102-2 v1.4.1), and how names of ours become URIs.

What the standard enumerates stands as it is there. What it leaves open is named under ``urn:toyono-trust:``; the texts
of findings go by the message types of EU DSS, which other readers of such reports know.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from toyono_trust.core import algorithms
from toyono_trust.errors import MalformedError
from toyono_trust.pki.crl import REASONS

__all__ = [
    "APPLIED",
    "BY_VALIDATION",
    "DISABLED",
    "DS",
    "MESSAGES",
    "OBJECTS",
    "OWN",
    "PROCESSES",
    "VR",
    "XADES",
    "XS",
    "XSI",
    "digest_method",
    "finding",
    "identifier",
    "location",
    "main_indication",
    "own",
    "policy",
    "revocation_reason",
    "signature_method",
    "sub_indication",
]

VR = "http://uri.etsi.org/19102/v1.4.1#"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
OWN = "urn:toyono-trust:validation-report"
"""Namespace of the elements in ``OtherInformation``."""

_ETSI = "urn:etsi:019102:"
APPLIED = _ETSI + "constraintStatus:applied"
DISABLED = _ETSI + "constraintStatus:disabled"
BY_VALIDATION = _ETSI + "poetype:validation"
PROCESSES = {name: f"{_ETSI}validationprocess:{name}" for name in ("Basic", "LTVM", "LTA")}
OBJECTS = {
    "certificate": _ETSI + "validationObject:certificate",
    "crl": _ETSI + "validationObject:CRL",
    "ocsp": _ETSI + "validationObject:OCSPResponse",
    "timestamp": _ETSI + "validationObject:timestamp",
    "evidence-record": _ETSI + "validationObject:evidencerecord",
    "data": _ETSI + "validationObject:signedData",
    "other": _ETSI + "validationObject:other",
}
MESSAGES = {
    "fail": "urn:cef:dss:message:error",
    "warn": "urn:cef:dss:message:warning",
    "inform": "urn:cef:dss:message:information",
    "ignore": "urn:cef:dss:message:information",
}
_MAIN = ("total-passed", "total-failed", "indeterminate", "passed", "failed")
_OID = re.compile(r"[0-2](\.\d{1,39}){1,40}", re.ASCII)
_CHARACTER = r"[!$&'()*+,;=:@/?~\w.%-]"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://([^/?#]*)(?=[/?#]|$)|(?!//)(?=.)){_CHARACTER}*(?:#{_CHARACTER}*)?", re.ASCII
)
"""RFC 3986 3, but for the square brackets of IPv6 addresses. Group 1: the authority."""
_AUTHORITY = re.compile(r"(?:[!$&'()*+,;=:~\w.%-]*@)?[!$&'()*+,;=~\w.%-]+(?::\d{1,5})?", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
MAX_IDENTIFIER = 2_000
"""Characters of one URI; what is longer names nothing that anybody looks up."""


def main_indication(indication: str) -> str:
    """The URI of an indication as the report has it (``TOTAL-PASSED``, ``FAILED`` …)."""
    name = indication.lower()
    assert name in _MAIN, name
    return f"{_ETSI}mainindication:{name}"


def sub_indication(name: str) -> str:
    """The URI of a sub-indication of EN 319 102-1 table 6."""
    return f"{_ETSI}subindication:{name}"


def revocation_reason(name: str | None) -> str | None:
    """The URI of a CRLReason (RFC 5280 5.3.1), None where none is stated or it is none."""
    return f"{_ETSI}revocationReason:{name}" if name and name in REASONS else None


def digest_method(name: str) -> str:
    """The XML URI of a digest by a name of ``core.algorithms``; a foreign identifier by ``identifier``."""
    try:
        return algorithms.digest_xml(name)
    except MalformedError:
        return identifier(name)


def signature_method(name: str) -> str:
    """The XML URI of a signature algorithm or digest; its OID where XML has none; a foreign one by ``identifier``."""
    row = algorithms.by_name(name)
    if row is None:
        return digest_method(name)
    return row.xml_uri or f"urn:oid:{row.oid}"


def finding(code: str) -> str:
    """The identifier of the constraint that a finding is about."""
    return own("finding", code)


def policy(digest: str) -> str:
    """The identifier of a validation policy by the digest that the report names (``sha256:…``)."""
    return own("policy", digest)


def own(kind: str, name: str) -> str:
    """A name of ours: ``urn:toyono-trust:<kind>:<name>``."""
    return f"urn:toyono-trust:{kind}:{quote(name[:MAX_IDENTIFIER], safe='.:-', errors='replace')}"


def identifier(text: str) -> str:
    """What a file uses as an identifier, as a URI: a URI as it is, an OID as ``urn:oid:…`` (RFC 3061), else quoted."""
    if _OID.fullmatch(text):
        return f"urn:oid:{text}"
    found = _URI.fullmatch(text) if len(text) <= MAX_IDENTIFIER and not _BROKEN_ESCAPE.search(text) else None
    if found is not None and (found[1] is None or _AUTHORITY.fullmatch(found[1])):
        return text
    return own("identifier", text)


def location(url: str) -> str:
    """The URL that something was fetched from, what does not belong there escaped."""
    return identifier(quote(url, safe="!$&'()*+,;=:@/?~-._%#", errors="replace"))
