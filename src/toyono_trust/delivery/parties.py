"""Identifiers of senders, recipients, services: text ⇄ scheme and value (EN 319 522-2 clause 5.2, EN 319 412-1 5.1.4).

A corporate number (法人番号) written as in certificates, "NTRJP-1234567890123", stands in evidence as the value
"1234567890123" of the scheme "jp:houjin-bangou"; every other EN 319 412-1 semantics identifier stands as it is.
"""

from __future__ import annotations

import re

from toyono_trust.errors import MisuseError
from toyono_trust.formats.model import Party

__all__ = [
    "HOUJIN_BANGOU",
    "SEMANTICS",
    "attribute_name",
    "attribute_uri",
    "from_text",
    "semantic_scheme",
    "to_text",
]

HOUJIN_BANGOU = "jp:houjin-bangou"
SEMANTICS = "etsi:en-319412-1"
MAIL = "mailto"
CERTIFICATE = "sha256"

_HOUJIN = re.compile(r"NTRJP-([0-9]{13})")
_SEMANTIC = re.compile(r"(?:[A-Z]{3}[A-Z]{2}|[A-Z0-9]{2}:[A-Z]{2})-\S+")
_MAIL = re.compile(r"(?:mailto:)?([^\s@<>]+@[^\s@<>]+)")
_CERTIFICATE = re.compile(r"sha256:([0-9a-f]{64})")
_LEGAL = "http://eidas.europa.eu/attributes/legalperson/"
_NATURAL = "http://eidas.europa.eu/attributes/naturalperson/"


def from_text(text: str) -> Party:
    """The party of an identifier's text: EN 319 412-1 semantics, ``sha256:`` of a certificate, or a mail address.

    Raises ``MisuseError`` "receipt.party-scheme" for any other text: the scheme cannot be told from it.
    """
    if match := _HOUJIN.fullmatch(text):
        return Party(match[1], HOUJIN_BANGOU)
    if _SEMANTIC.fullmatch(text):
        return Party(text, SEMANTICS)
    if match := _CERTIFICATE.fullmatch(text):
        return Party(match[1], CERTIFICATE)
    if match := _MAIL.fullmatch(text):
        return Party(match[1], MAIL)
    raise MisuseError(
        "receipt.party-scheme",
        f"the scheme of the identifier {text!r} cannot be told from its text",
        "give Party(identifier, scheme) instead, or an identifier such as NTRJP-1234567890123",
    )


def to_text(party: Party) -> str:
    """One text for a party, the inverse of ``from_text``; its name where it has no identifier; ``""`` if withheld."""
    if party.scheme == HOUJIN_BANGOU:
        return f"NTRJP-{party.identifier}"
    if party.scheme in (SEMANTICS, MAIL):
        return party.identifier
    if party.identifier:
        return f"{party.scheme}:{party.identifier}" if party.scheme else party.identifier
    names = dict(party.attributes)
    for name in ("LegalName", "FamilyName"):
        if names.get(name):
            return names[name][0]
    return ""


def semantic_scheme(identifier: str) -> str:
    """``SEMANTICS`` where a text is an EN 319 412-1 semantics identifier, ``""`` otherwise."""
    return SEMANTICS if _SEMANTIC.fullmatch(identifier) else ""


def attribute_uri(name: str) -> str:
    """The eIDAS SAML attribute of a legal person by its friendly name ("LegalName")."""
    return _LEGAL + name


def attribute_name(uri: str) -> str:
    """The friendly name of an eIDAS SAML attribute; any other name as it is."""
    return uri.removeprefix(_LEGAL).removeprefix(_NATURAL)
