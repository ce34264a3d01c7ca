"""Whom a certificate names: kind of subject and identifiers (EN 319 412-1 to -5, RFC 9039, IEEE 802.1AR, 法人番号).

Rules of kind, the first that applies decides:

1. a CA (basicConstraints) → ``ca``; extended usage timeStamping → ``tsa``; OCSPSigning → ``ocsp-responder``
2. exactly one QcType of EN 319 412-5 4.2.3 → esign ``natural-person``, eseal ``legal-person``, web ``website``
3. the policy OIDs of EN 319 411-2 5.3 (qcp-natural, qcp-legal, qcp-web), where they agree
4. a device is one that says so: a ``urn:dev:`` URI (RFC 9039) or a hardwareModuleName (RFC 4108 5, IEEE 802.1AR 8.10)
   among the subject alternative names
5. extended usage serverAuth → ``website`` (EN 319 412-4)
6. the subject's attributes: given name, surname, pseudonym, a serialNumber with the semantics of EN 319 412-1 5.1.3, or
   the name field of the Japanese 署名用電子証明書 → ``natural-person``; an organizationIdentifier without any of
   these → ``legal-person`` (EN 319 412-2 4.2.4, 412-3 4.2.1)
7. otherwise ``unknown``

An identifier is listed only where it is the subject's own: the organizationIdentifier of a natural person's or a
device's certificate names an employer or owner (EN 319 412-2 4.2.4), so it is left out.
"""

from __future__ import annotations

import re
from typing import Literal

from toyono_trust.pki.extensions import AlternativeNames, Extensions
from toyono_trust.pki.names import Name, attributes

__all__ = ["Kind", "check_houjin_bangou", "houjin_bangou_check_digit", "identifiers_of", "kind_of"]

Kind = Literal["natural-person", "legal-person", "device", "website", "tsa", "ocsp-responder", "ca", "unknown"]

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"

_SERIAL_NUMBER, _ORGANIZATION_IDENTIFIER = "2.5.4.5", "2.5.4.97"
_PERSONAL = ("2.5.4.42", "2.5.4.4", "2.5.4.65")  # givenName, surname, pseudonym
_HARDWARE_MODULE_NAME = "1.3.6.1.5.5.7.8.4"
_JPKI_NAME = "1.2.392.200149.8.5.5.1"
"""氏名 among the alternative names of the certificate for signing on the My Number card (J-LIS profile 3.2)."""

_OF_QC_TYPE: dict[str, Kind] = {"esign": "natural-person", "eseal": "legal-person", "web": "website"}
_OF_POLICY: dict[str, Kind] = {
    "0.4.0.194112.1.0": "natural-person",
    "0.4.0.194112.1.1": "legal-person",
    "0.4.0.194112.1.2": "natural-person",
    "0.4.0.194112.1.3": "legal-person",
    "0.4.0.194112.1.4": "website",
    "0.4.0.194112.1.5": "website",
}
"""EN 319 411-2 5.3."""

_NATURAL = re.compile(r"(?:(?:PAS|IDC|PNO|TAX|TIN)[A-Z]{2}|[A-Z]{2}:[A-Z]{2})-[!-~]{1,64}", re.ASCII)
"""EN 319 412-1 5.1.3: passport, identity card, personal number, tax number, or a national scheme of two letters."""
_LEGAL = re.compile(r"(?:[A-Z]{3}[A-Z]{2}(?:\+[A-Z0-9]{1,3})?|[A-Z]{2}:[A-Z]{2})-[!-~]{1,64}", re.ASCII)
"""EN 319 412-1 5.1.4 (VAT, NTR, a national scheme of two letters), TS 119 495 5.2.1 (PSD), and what has their form:
CA/Browser Forum's GOV, INT, LEI with ``XG`` as country, and ``NTRUS+CA-…`` with a state."""


def kind_of(subject: Name, extensions: Extensions) -> tuple[Kind, bool]:
    """The kind of subject, and whether the certificate contradicts itself about it (see the rules above)."""
    usages = extensions.extended_key_usage or frozenset()
    if extensions.is_ca:
        return "ca", False
    if TIME_STAMPING in usages:
        return "tsa", False
    if OCSP_SIGNING in usages:
        return "ocsp-responder", False
    types = {_OF_QC_TYPE[name] for name in extensions.qc.types if name in _OF_QC_TYPE}
    policies = {_OF_POLICY[oid] for oid in extensions.policies if oid in _OF_POLICY}
    by_attributes = _by_attributes(subject, extensions.names)
    for claimed in (types, policies):
        if len(claimed) > 1:
            return "unknown", True
        if claimed:
            (kind,) = claimed
            contradiction = (types | policies) != claimed or {kind, by_attributes} == {"natural-person", "legal-person"}
            return kind, contradiction
    if _device_names(extensions.names):
        return "device", False
    if SERVER_AUTH in usages:
        return "website", False
    return by_attributes, False


def _by_attributes(subject: Name, names: AlternativeNames) -> Kind:
    if any(attributes(subject, kind) for kind in _PERSONAL) or any(oid == _JPKI_NAME for oid, _ in names.other):
        return "natural-person"
    if any(map(_NATURAL.fullmatch, attributes(subject, _SERIAL_NUMBER))):
        return "natural-person"
    return "legal-person" if attributes(subject, _ORGANIZATION_IDENTIFIER) else "unknown"


def identifiers_of(kind: Kind, subject: Name, extensions: Extensions, sha256: bytes) -> tuple[str, ...]:
    """The subject's own identifiers, preferred first; the last is always ``sha256:<certificate>``.

    Each scheme has a form of its own (``NTRJP-…``, ``urn:dev:…``, ``hardware-module:…``, ``dns:…``, ``sha256:…``), so
    that none can be mistaken for another. 412-1 identifiers are taken only where they have the standard's form.
    """
    found: list[str] = []
    if kind == "natural-person":
        found += filter(_NATURAL.fullmatch, attributes(subject, _SERIAL_NUMBER))
    elif kind in ("legal-person", "tsa", "ocsp-responder", "ca"):
        found += filter(_LEGAL.fullmatch, attributes(subject, _ORGANIZATION_IDENTIFIER))
    elif kind == "device":
        found += _device_names(extensions.names)
    elif kind == "website":
        found += (f"dns:{name.lower()}" for name in extensions.names.dns if re.fullmatch(r"[!-~]{1,253}", name))
    found.append(f"sha256:{sha256.hex()}")
    return tuple(dict.fromkeys(found))


def _device_names(names: AlternativeNames) -> list[str]:
    urns = [uri for uri in names.uris if re.fullmatch(r"urn:dev:[!-~]{1,256}", uri, re.IGNORECASE)]
    modules = [f"hardware-module:{value.hex()}" for oid, value in names.other if oid == _HARDWARE_MODULE_NAME]
    return urns + modules


def houjin_bangou_check_digit(base: str) -> int:
    """Check digit of a 法人番号 from its twelve lower digits (平成26年財務省令第70号 第2条: 9 − (Σ Pn·Qn mod 9)).

    Pn is the n-th digit from the right, Qn is 1 for odd n and 2 for even n.
    """
    return 9 - sum(int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(base))) % 9


def check_houjin_bangou(text: str) -> bool:
    """True where ``text`` is a 法人番号: thirteen ASCII digits of which the first is the right check digit."""
    return re.fullmatch(r"[0-9]{13}", text) is not None and int(text[0]) == houjin_bangou_check_digit(text[1:])


def doubtful_houjin_bangou(identifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the ``NTRJP-`` identifiers whose number fails its check digit."""
    numbers = (text for text in identifiers if text.startswith("NTRJP-"))
    return tuple(text for text in numbers if not check_houjin_bangou(text.removeprefix("NTRJP-")))
