"""Identifiers and names of senders, recipients, services (EN 319 522-2 clause 5.2, EN 319 412-1 5.1.4).

A corporate number (法人番号) written as in certificates, "NTRJP-1234567890123", stands in evidence as the value
"1234567890123" of the scheme "jp:houjin-bangou"; every other EN 319 412-1 semantics identifier (VAT, LEI, passport …)
stands as it is. A resident goes by a pseudonym that one service derives from the certificate of the Individual Number
Card (公的個人認証, JPKI) and that no other service can match; the Individual Number (個人番号) stands in none.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import NamedTuple

from toyono_trust.core.canonical import b64url_encode
from toyono_trust.errors import MisuseError
from toyono_trust.formats.model import Party

__all__ = [
    "HOUJIN_BANGOU",
    "JPKI_PSEUDONYM",
    "PEPPOL",
    "SCHEMES",
    "SEMANTICS",
    "Scheme",
    "attribute_name",
    "attribute_uri",
    "check_identifier",
    "from_text",
    "is_individual_number",
    "jpki_pseudonym",
    "semantic_scheme",
    "to_text",
    "vat",
]

HOUJIN_BANGOU = "jp:houjin-bangou"
JPKI_PSEUDONYM = "jp:jpki-pseudonym"
SEMANTICS = "etsi:en-319412-1"
PEPPOL = "iso6523-actorid-upis"
MAIL = "mailto"
CERTIFICATE = "sha256"
MIN_KEY = 16
"""Octets of the key of a pseudonym: 128 bits, so that nobody finds the certificate by trying all serial numbers."""


class Scheme(NamedTuple):
    """An identifier scheme: the form of its values, and what it is called in English and Japanese."""

    name: str
    form: re.Pattern[str]
    text: tuple[str, str]


SCHEMES: tuple[Scheme, ...] = (
    Scheme(HOUJIN_BANGOU, re.compile(r"[0-9]{13}"), ("Japanese corporate number", "法人番号")),
    Scheme(
        JPKI_PSEUDONYM,
        re.compile(r"[A-Za-z0-9_-]{22,64}"),
        ("pseudonym of a resident", "住民の仮名（公的個人認証に基づく）"),
    ),
    Scheme(
        SEMANTICS,
        re.compile(r"(?:[A-Z]{3}[A-Z]{2}|[A-Z0-9]{2}:[A-Z]{2})-\S+"),
        ("identifier as in certificates (VAT, NTR, LEI, PAS …)", "証明書に記載される識別番号（VAT、LEI など）"),
    ),
    Scheme(PEPPOL, re.compile(r"[0-9]{4}:\S+"), ("Peppol participant", "Peppol 参加者識別子")),
    Scheme(MAIL, re.compile(r"[^\s@<>]+@[^\s@<>]+"), ("mail address", "電子メールアドレス")),
    Scheme(CERTIFICATE, re.compile(r"[0-9a-f]{64}"), ("digest of a certificate", "証明書のハッシュ値")),
)
_SCHEMES = {scheme.name: scheme for scheme in SCHEMES}
_SEMANTIC = _SCHEMES[SEMANTICS].form
_MAIL = _SCHEMES[MAIL].form

_LEGAL = "http://eidas.europa.eu/attributes/legalperson/"
_NATURAL = "http://eidas.europa.eu/attributes/naturalperson/"
# eIDAS SAML attribute profile: friendly name -> URI; other names stand below the legal person's namespace
_URIS = {
    **{name: _NATURAL + name for name in ("PersonIdentifier", "DateOfBirth", "BirthName", "PlaceOfBirth", "Gender")},
    "FamilyName": _NATURAL + "CurrentFamilyName",
    "FirstName": _NATURAL + "CurrentGivenName",
    "CurrentAddress": _NATURAL + "CurrentAddress",
    "VATRegistration": _LEGAL + "VATRegistrationNumber",
    "LegalAddress": _LEGAL + "LegalPersonAddress",
}
_NAMES = {uri: name for name, uri in _URIS.items()}


def from_text(text: str) -> Party:
    """The party of an identifier's text.

    EN 319 412-1 semantics ("NTRJP-…", "VATDE-…"), ``sha256:`` of a certificate, a mail address, or the name of one of
    ``SCHEMES``, a colon and the value ("jp:jpki-pseudonym:…"). Raises ``MisuseError`` "receipt.party-scheme" for any
    other text: the scheme cannot be told from it.
    """
    if text.startswith("NTRJP-") and _SCHEMES[HOUJIN_BANGOU].form.fullmatch(text, 6):
        return Party(text[6:], HOUJIN_BANGOU)
    if _SEMANTIC.fullmatch(text):
        return Party(text, SEMANTICS)
    for scheme in SCHEMES:
        if text.startswith(f"{scheme.name}:") and scheme.form.fullmatch(text, len(scheme.name) + 1):
            return Party(text[len(scheme.name) + 1 :], scheme.name)
    if _MAIL.fullmatch(text):
        return Party(text, MAIL)
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


def vat(country: str, number: str) -> Party:
    """A party by its VAT number: ``vat("DE", "123456789")``; in Japan ``vat("JP", "T1234567890123")``.

    The Japanese one is the registration number of a qualified invoice issuer (適格請求書発行事業者).
    """
    return check_identifier(Party(f"VAT{country}-{number}", SEMANTICS))


def jpki_pseudonym(serial_number: int, key: bytes) -> Party:
    """A resident by a pseudonym: HMAC-SHA-256 over the serial number of the JPKI certificate, under the service's key.

    ``key``: at least 16 octets that only this service holds; without it nobody, and no second service, can tell that
    two pseudonyms are one person's. The serial number changes with the card, and the pseudonym with it.
    """
    if len(key) < MIN_KEY:
        raise MisuseError("receipt.argument", f"the key of a pseudonym has {len(key)} octets", "use 16 or more")
    octets = serial_number.to_bytes((serial_number.bit_length() + 8) // 8, "big", signed=True)
    return Party(b64url_encode(hmac.digest(key, octets, hashlib.sha256)).decode("ascii"), JPKI_PSEUDONYM)


def check_identifier(party: Party) -> Party:
    """The party, where its identifier can stand in evidence that is to be issued.

    Raises ``MisuseError``: "receipt.party-scheme" (no scheme), "receipt.party-identifier" (not a value of its scheme),
    "receipt.individual-number" (個人番号: the law forbids to hand it on).
    """
    if not party.identifier:
        return party
    if not party.scheme:
        raise MisuseError(
            "receipt.party-scheme",
            f"the identifier {party.identifier!r} has no scheme",
            "give Party(identifier, scheme)",
        )
    if party.scheme.startswith("jp:") and is_individual_number(party.identifier):
        raise MisuseError(
            "receipt.individual-number",
            "a party is named by what looks like an Individual Number",
            "use parties.jpki_pseudonym()",
        )
    scheme = _SCHEMES.get(party.scheme)
    if scheme is not None and not scheme.form.fullmatch(party.identifier):
        raise MisuseError(
            "receipt.party-identifier",
            f"{party.identifier!r} is no {scheme.text[0]}",
            f"correct the identifier, or name another scheme than {scheme.name}",
        )
    return party


def is_individual_number(text: str) -> bool:
    """Twelve digits whose last is the check digit of 個人番号 (Order No. 85 of 2014 of the Ministry, article 5)."""
    if len(text) != 12 or not (text.isascii() and text.isdecimal()):
        return False
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False)) % 11
    return int(text[-1]) == (0 if rest <= 1 else 11 - rest)


def semantic_scheme(identifier: str) -> str:
    """``SEMANTICS`` where a text is an EN 319 412-1 semantics identifier, ``""`` otherwise."""
    return SEMANTICS if _SEMANTIC.fullmatch(identifier) else ""


def attribute_uri(name: str) -> str:
    """The eIDAS SAML attribute by its friendly name ("LegalName", "FamilyName")."""
    return _URIS.get(name, _LEGAL + name)


def attribute_name(uri: str) -> str:
    """The friendly name of an eIDAS SAML attribute; any other name as it is."""
    return _NAMES.get(uri) or uri.removeprefix(_LEGAL).removeprefix(_NATURAL)
