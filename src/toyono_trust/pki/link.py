"""One link of a path: do the names match (RFC 5280 7.1), and did that key sign this certificate (6.1.3 a 1)."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache

from toyono_trust.core.algorithms import verify
from toyono_trust.core.asn1 import Reader
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import read_name

__all__ = ["general_name_key", "key_bits", "key_matches", "name_key", "names_match", "signed_by"]

NameKey = bytes

MAX_NAME = 1024
"""Octets of a Name that is read for comparison, which RFC 5280's upper bounds leave room for. All of these are
remembered: 200 certificates with names of 6 KB, read again for every signature, kept a judge busy for minutes."""
MAX_REMEMBERED = 1024
"""Octets of a key whose reading is remembered, so that hostile files cannot fill the memory for good."""


def name_key(der: bytes) -> NameKey:
    """What two Names share if and only if they match (RFC 5280 7.1): case, blanks and string type do not count.

    A Name that cannot be read, or is longer than ``MAX_NAME``, matches only itself.
    """
    return der if len(der) > MAX_NAME else _remembered_name_key(der)


def _name_key(der: bytes) -> NameKey:
    try:
        name = read_name(der)
    except MalformedError:
        return der
    folded = [
        sorted({repr((pair.type, pair.tlv if pair.text is None else _fold(pair.text))) for pair in rdn}) for rdn in name
    ]
    # a digest, because what is remembered must stay small; no Name's DER begins with a zero octet
    return b"\0" + hashlib.sha256(repr(folded).encode("utf-8", "surrogatepass")).digest()


_remembered_name_key = lru_cache(4096)(_name_key)


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def names_match(first: bytes, second: bytes) -> bool:
    """Whether two DER Names match."""
    return first == second or name_key(first) == name_key(second)


def general_name_key(tlv: bytes) -> NameKey:
    """The same for a GeneralName: directory names are compared as names, everything else by its octets."""
    if tlv[:1] != b"\xa4":
        return tlv
    try:
        reader = Reader(tlv, lenient=True)
        return name_key(reader.value(reader.root()))
    except MalformedError:
        return tlv


def signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether ``issuer``'s key made ``certificate``'s signature; names are not looked at. Never raises."""
    if issuer.public_key is None:
        return False
    return verify(
        certificate.signature_algorithm,
        issuer.public_key,
        certificate.signature,
        certificate.signed,
        salt_length=certificate.salt_length,
    )


def key_bits(public_key_der: bytes) -> bytes:
    """The contents of subjectPublicKey, over which key hashes are made (RFC 6960 4.1.1); empty where unreadable."""
    read = _key_bits if len(public_key_der) > MAX_REMEMBERED else _remembered_key_bits
    return read(public_key_der)


def _key_bits(public_key_der: bytes) -> bytes:
    try:
        reader = Reader(public_key_der, lenient=True)
        return reader.value(reader.children(reader.root())[1])[1:]
    except (MalformedError, IndexError):
        return b""


_remembered_key_bits = lru_cache(1024)(_key_bits)


def key_matches(certificate: Certificate, issuer: Certificate) -> bool | None:
    """Whether the authority key identifier names ``issuer``'s key (RFC 5280 4.2.1.1); None where either is silent."""
    wanted, offered = certificate.authority_key_identifier.key_identifier, issuer.subject_key_identifier
    return None if wanted is None or offered is None else wanted == offered
