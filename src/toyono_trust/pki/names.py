r"""Names in certificates: X.501 distinguished names as RFC 4514 text, and the attributes that EN 319 412 gives meaning.

The text is safe to print: RFC 4514 2.4 escapes, and beyond it every control, format and bidirectional character is
written as ``\XX`` octets of its UTF-8 form, so that a name can neither move the cursor nor reorder a line.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from toyono_trust.core.asn1 import Reader
from toyono_trust.errors import MalformedError

__all__ = ["KEYWORDS", "Attribute", "attributes", "printable", "read_name", "rfc4514"]

KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "givenName",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
"""Attribute types that have a keyword: those of RFC 4514 3 and the descriptors that EN 319 412 certificates use."""

_SPECIAL = frozenset('"+,;<>\\')


class Attribute(NamedTuple):
    """One AttributeTypeAndValue: dotted type, its text (None where the value is no character string), value's TLV."""

    type: str
    text: str | None
    tlv: bytes


Name = tuple[tuple[Attribute, ...], ...]


def read_name(der: bytes) -> Name:
    """Read a Name (X.501 9.2, RFC 5280 4.1.2.4): a tuple of RDNs in the order of the bytes.

    Raises ``MalformedError`` where the structure is broken.
    """
    reader = Reader(der, lenient=True)
    rdns = []
    for rdn in reader.children(reader.expect(reader.root(), 0x30)):
        pairs = []
        for pair in reader.children(reader.expect(rdn, 0x31)):
            members = reader.members(pair, 0x30, 2, 2)
            try:
                text: str | None = reader.text(members[1])
            except MalformedError:
                text = None
            pairs.append(Attribute(reader.oid(members[0]), text, reader.tlv(members[1])))
        if not pairs:
            raise MalformedError("certificate.malformed", "a relative distinguished name is empty", offset=rdn[1])
        rdns.append(tuple(pairs))
    return tuple(rdns)


def rfc4514(name: Name) -> str:
    """The name as RFC 4514 text, last RDN first; types without a keyword are dotted with their value in ``#hex``."""
    return ",".join("+".join(map(_pair, rdn)) for rdn in reversed(name))


def attributes(name: Name, kind: str) -> tuple[str, ...]:
    """Texts of all attributes of the dotted type ``kind``, in the order of the bytes, without outer blanks."""
    return tuple(pair.text.strip() for rdn in name for pair in rdn if pair.type == kind and pair.text)


def printable(text: str) -> str:
    r"""``text`` with everything that could disturb a terminal or a log line escaped as ``\XX`` UTF-8 octets."""
    if text.isprintable():
        return text
    return "".join(character if _harmless(character) else _octets(character) for character in text)


def _harmless(character: str) -> bool:
    # U+3000 separates family and given name in Japanese, so blanks (Zs) are kept although Python calls them unprintable
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _octets(character: str) -> str:
    return "".join(f"\\{octet:02X}" for octet in character.encode("utf-8", "surrogatepass"))


def _pair(pair: Attribute) -> str:
    keyword = KEYWORDS.get(pair.type)
    if keyword is None or pair.text is None:
        return f"{keyword or pair.type}=#{pair.tlv.hex()}"
    return f"{keyword}={_escape(pair.text)}"


def _escape(text: str) -> str:
    last = len(text) - 1
    out = []
    for index, character in enumerate(text):
        edge = (character == " " and index in (0, last)) or (character == "#" and index == 0)
        if edge or character in _SPECIAL:
            out.append("\\" + character)
        elif _harmless(character):
            out.append(character)
        else:
            out.append(_octets(character))
    return "".join(out)
