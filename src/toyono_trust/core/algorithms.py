"""ONE table of algorithms: digests and signatures, their OIDs, JWA names, XML URIs and key sizes.

Standards: RFC 8017 (RSA), FIPS 186-5 (ECDSA, EdDSA), FIPS 204 (ML-DSA), RFC 5754, 8419 and 9882 (their use in CMS),
RFC 7518, 8037 and 9864 (JWA), RFC 9231 (XML), RFC 9421 (HTTP). Until when an algorithm counts is said elsewhere
(``validation.policy``).
An algorithm that stands in no row goes by its foreign identifier (the OID's text) and never verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from toyono_trust.core.catalogue import (
    DIGESTS,
    MGF1_OID,
    PSS_OID,
    signature_rows,
)
from toyono_trust.core.catalogue import SignatureAlgorithm as SignatureAlgorithm
from toyono_trust.errors import MalformedError

MIN_RSA_BITS = 1024
"""Smaller RSA moduli never verify: 829 bits were factored in public (RSA-250)."""
MAX_RSA_BITS = 16384
"""Larger RSA moduli never verify (OpenSSL's own limit, ``OPENSSL_RSA_MAX_MODULUS_BITS``)."""
MAX_RSA_EXPONENT_BITS = 33
"""RSA keys with a longer public exponent are not used (as by ring and Go): they verify a hundred times as slowly."""
MAX_SALT = 512
"""RSASSA-PSS salts longer than this never verify; the largest digest has 64 octets."""


class KeyFacts(NamedTuple):
    """What a public key is: family "rsa", "ec", "ed25519", "ed448", "ml-dsa", "dsa" or "unknown"; bits; curve."""

    family: str
    bits: int
    curve: str | None


_NEW_HASH: dict[str, Callable[..., Any]] = {
    "md5": lambda data=b"": hashlib.md5(data, usedforsecurity=False),
    "sha1": lambda data=b"": hashlib.sha1(data, usedforsecurity=False),
    "sha224": hashlib.sha224,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
    "sha3-224": hashlib.sha3_224,
    "sha3-256": hashlib.sha3_256,
    "sha3-384": hashlib.sha3_384,
    "sha3-512": hashlib.sha3_512,
}

_BY_NAME = signature_rows()
_BY_OID = {row.oid: row for row in _BY_NAME.values() if row.oid != PSS_OID}
_BY_JWA = {row.jwa: row for row in _BY_NAME.values() if row.jwa} | {"Ed25519": _BY_NAME["ed25519"]}
_DIGEST_BY_OID = {oid: name for name, (oid, _, _) in DIGESTS.items()}
_DIGEST_BY_JADES = {jades: name for name, (_, jades, _) in DIGESTS.items() if jades}
_DIGEST_BY_XML = {uri: name for name, (_, _, uri) in DIGESTS.items()}
_DIGEST_SIZE = {name: new().digest_size for name, new in _NEW_HASH.items()}
# key OIDs that stand for "with SignerInfo.digestAlgorithm" (RFC 3370 3.2, RFC 5753 2.1.1)
_KEY_OIDS = {"1.2.840.113549.1.1.1": "rsa", "1.2.840.10045.2.1": "ecdsa", "1.2.840.10040.4.1": "dsa"}


# -- digests


def new_hash(name: str, data: bytes = b"") -> Any:
    """A ``hashlib`` object that has taken ``data``. Raises ``MalformedError`` for a digest that stands in no row."""
    new = _NEW_HASH.get(name)
    if new is None:
        raise _unknown_digest(name)
    return new(data)


def digest(name: str, data: bytes) -> bytes:
    """Digest of ``data``. Raises ``MalformedError`` for a digest that stands in no row."""
    new = _NEW_HASH.get(name)
    if new is None:
        raise _unknown_digest(name)
    result: bytes = new(data).digest()
    return result


def digest_size(name: str) -> int | None:
    """Octets of a digest, None where it stands in no row."""
    return _DIGEST_SIZE.get(name)


def digest_by_oid(oid: str) -> str:
    """Name of a digest by its OID; the OID itself where it stands in no row."""
    return _DIGEST_BY_OID.get(oid, oid)


def digest_oid(name: str) -> str:
    """OID of a digest. Raises ``MalformedError`` where it stands in no row."""
    return _digest_row(name)[0]


def digest_by_jades(identifier: str) -> str | None:
    """Name of a digest by its identifier of TS 119 182-1 ("S256"), None where it is unknown."""
    return _DIGEST_BY_JADES.get(identifier)


def jades_digest(name: str) -> str:
    """Identifier of TS 119 182-1 for a digest. Raises ``MalformedError`` where it has none."""
    identifier = _digest_row(name)[1]
    if identifier is None:
        raise _unknown_digest(name)
    return identifier


def digest_by_xml(uri: str) -> str | None:
    """Name of a digest by its XML URI, None where it is unknown."""
    return _DIGEST_BY_XML.get(uri)


def digest_xml(name: str) -> str:
    """XML URI of a digest. Raises ``MalformedError`` where it stands in no row."""
    return _digest_row(name)[2]


def _digest_row(name: str) -> tuple[str, str | None, str]:
    row = DIGESTS.get(name)
    if row is None:
        raise _unknown_digest(name)
    return row


def _unknown_digest(name: str) -> MalformedError:
    return MalformedError(
        "algorithm.unknown-digest",
        f"the digest algorithm {name!r} is not known here",
        "use SHA-256, SHA-384 or SHA-512",
    )


# -- signature algorithms


def by_name(name: str) -> SignatureAlgorithm | None:
    """The row of a name, None where there is none."""
    return _BY_NAME.get(name)


def by_jwa(alg: str) -> SignatureAlgorithm | None:
    """The row of a JWA ``alg`` ("ES256"; "EdDSA" and "Ed25519" are both Ed25519), None where there is none."""
    return _BY_JWA.get(alg)


def by_oid(oid: str) -> SignatureAlgorithm | None:
    """The row of a signature OID that settles the algorithm alone (not RSASSA-PSS), None where there is none."""
    return _BY_OID.get(oid)


def read_signature_algorithm(
    oid: str, parameters: bytes | None, digest_name: str | None = None
) -> tuple[str, int | None]:
    """Name and PSS salt (octets) of an AlgorithmIdentifier; an unknown one goes by its OID.

    ``parameters``: DER, or None where absent. ``digest_name``: SignerInfo.digestAlgorithm for key OIDs (RFC 3370 3.2).
    A mask function over another hash than the message's is not known here.
    """
    row = _BY_OID.get(oid)
    if row is not None:
        return (row.name if parameters is None or parameters == _NULL else oid), None
    if oid == PSS_OID:
        return _read_pss(parameters)
    family = _KEY_OIDS.get(oid)
    if family is not None and f"{family}-{digest_name}" in _BY_NAME:
        return f"{family}-{digest_name}", None
    return oid, None


def signature_algorithm_identifier(name: str, salt_length: int | None = None) -> bytes:
    """DER AlgorithmIdentifier as we write it (RFC 5754, 8419, 9882; PSS always with its parameters, RFC 4055 3.1).

    ``salt_length``: octets, default the digest's size. Raises ``MalformedError`` where the name stands in no row.
    """
    row = _BY_NAME.get(name)
    if row is None:
        raise MalformedError("algorithm.unknown-signature", f"the signature algorithm {name!r} is not known here")
    if row.family == "rsa-pss" and row.digest:
        salt = _DIGEST_SIZE[row.digest] if salt_length is None else salt_length
        hash_part = _sequence(_oid(digest_oid(row.digest)) + _NULL)
        salt_part = b"" if salt == 20 else _tlv(0xA2, _tlv(0x02, salt.to_bytes(salt.bit_length() // 8 + 1, "big")))
        mask = _tlv(0xA1, _sequence(_oid(MGF1_OID) + hash_part))
        first = _tlv(0xA0, hash_part) + mask if row.digest != "sha1" else b""
        return _sequence(_oid(row.oid) + _sequence(first + salt_part))
    return _sequence(_oid(row.oid) + (_NULL if row.family == "rsa" else b""))


@lru_cache(16)
def digest_algorithm_identifier(name: str) -> bytes:
    """DER AlgorithmIdentifier of a digest, parameters absent (RFC 5754 2). Raises ``MalformedError``."""
    return _sequence(_oid(digest_oid(name)))


# DER of the few identifiers this table needs; all shorter than 128 octets

_NULL = b"\x05\x00"


def _tlv(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body


def _sequence(body: bytes) -> bytes:
    return _tlv(0x30, body)


def _oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return _tlv(0x06, bytes(body))


@lru_cache(1)
def _pss_table() -> dict[bytes, str]:
    """All encodings of hashAlgorithm and maskGenAlgorithm that agree on one hash, with NULL parameters or none."""
    known: dict[bytes, str] = {}
    for name, (oid, _, _) in DIGESTS.items():
        forms = [_sequence(_oid(oid) + null) for null in (_NULL, b"")]
        default = [b""] if name == "sha1" else []  # RFC 4055 3.1: SHA-1 is the DEFAULT of both
        hash_parts = [_tlv(0xA0, form) for form in forms] + default
        mask_parts = [_tlv(0xA1, _sequence(_oid(MGF1_OID) + form)) for form in forms] + default
        known.update((first + second, name) for first in hash_parts for second in mask_parts)
    return known


@lru_cache(64)
def _read_pss(parameters: bytes | None) -> tuple[str, int | None]:
    unknown = (PSS_OID, None)
    if parameters is None or len(parameters) < 2 or len(parameters) > 127 or parameters[0] != 0x30:
        return unknown
    body = parameters[2:]
    if parameters[1] != len(body):
        return unknown
    body = body.removesuffix(b"\xa3\x03\x02\x01\x01")  # trailerField's DEFAULT, sometimes written out
    salt = 20
    if len(body) >= 5 and body[-5:-1] == b"\xa2\x03\x02\x01":
        salt, body = body[-1], body[:-5]
        if salt > 127:
            return unknown
    elif len(body) >= 6 and body[-6:-2] == b"\xa2\x04\x02\x02":
        salt, body = int.from_bytes(body[-2:], "big"), body[:-6]
        if not 127 < salt <= MAX_SALT:
            return unknown
    name = _pss_table().get(body)
    return unknown if name is None or name == "md5" else (f"rsa-pss-{name}", salt)


# -- keys

_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}
_KEY_FAMILY_OF_TYPE: dict[type, str] = {}
_KEY_FAMILIES = {"rsa": "rsa", "rsa-pss": "rsa", "ecdsa": "ec", "dsa": "dsa"}  # others go by the algorithm's name


def key_facts(public_key: Any) -> KeyFacts:
    """Family, size in bits (ML-DSA: of the encoded key) and curve of a ``cryptography`` public key."""
    family = _key_family(public_key)
    if family == "ec":
        name = public_key.curve.name
        return KeyFacts("ec", public_key.key_size, _CURVES.get(name, name))
    if family in ("rsa", "dsa"):
        return KeyFacts(family, public_key.key_size, None)
    if family.startswith("ml-dsa"):
        return KeyFacts("ml-dsa", 8 * len(public_key.public_bytes_raw()), None)
    return KeyFacts(family, {"ed25519": 256, "ed448": 456}.get(family, 0), None)


def describe(name: str, public_key: Any) -> str:
    """The report's name of an algorithm, with the curve: ``"ecdsa-p256-sha256"``."""
    row = _BY_NAME.get(name)
    if row is None or row.family != "ecdsa" or _key_family(public_key) != "ec":
        return name
    return f"ecdsa-{key_facts(public_key).curve}-{row.digest}"


def _key_family(public_key: Any) -> str:
    """Family, for ML-DSA with its size ("ml-dsa-65"), or "unknown"; remembered per class."""
    kind = type(public_key)
    known = _KEY_FAMILY_OF_TYPE.get(kind)
    if known is None:
        known = _KEY_FAMILY_OF_TYPE[kind] = _find_key_family(public_key)
    return known


def _find_key_family(public_key: Any) -> str:
    families: tuple[tuple[Any, str], ...] = (
        (ec.EllipticCurvePublicKey, "ec"),
        (rsa.RSAPublicKey, "rsa"),
        (ed25519.Ed25519PublicKey, "ed25519"),
        (ed448.Ed448PublicKey, "ed448"),
        (dsa.DSAPublicKey, "dsa"),
    )
    for kind, family in families:
        if isinstance(public_key, kind):
            return family
    from cryptography.hazmat.primitives.asymmetric import mldsa

    for size in ("44", "65", "87"):
        if isinstance(public_key, getattr(mldsa, f"MLDSA{size}PublicKey")):
            return "ml-dsa-" + size
    return "unknown"


# -- verification and signing with software keys

_HASHES: dict[str, Any] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3-224": hashes.SHA3_224(),
    "sha3-256": hashes.SHA3_256(),
    "sha3-384": hashes.SHA3_384(),
    "sha3-512": hashes.SHA3_512(),
}
_PREHASHED = {name: Prehashed(algorithm) for name, algorithm in _HASHES.items()}
_ECDSA = {name: ec.ECDSA(algorithm) for name, algorithm in _HASHES.items()}
_ECDSA_PREHASHED = {name: ec.ECDSA(algorithm) for name, algorithm in _PREHASHED.items()}
_PKCS1 = padding.PKCS1v15()
_REFUSALS = (InvalidSignature, ValueError, UnsupportedAlgorithm, OverflowError)


@lru_cache(256)
def _pss(digest_name: str, salt_length: int | None) -> padding.PSS:
    salt = _DIGEST_SIZE[digest_name] if salt_length is None else salt_length
    return padding.PSS(padding.MGF1(_HASHES[digest_name]), salt)


def verify(
    name: str,
    public_key: Any,
    signature: bytes,
    signed: bytes,
    *,
    curve: str | None = None,
    salt_length: int | None = None,
) -> bool:
    """Whether ``signature`` (ECDSA, DSA: DER) over the octets ``signed`` is by ``public_key``.

    ``curve``: the only curve allowed ("p256"), or None. ``salt_length``: PSS salt in octets, None: the digest's size.
    A key of another family, curve or size, an unknown algorithm and bytes of any shape are False, never an error.
    """
    row = _BY_NAME.get(name)
    if row is None:
        return False
    family = row.family
    try:
        if family == "ecdsa":
            if _KEY_FAMILY_OF_TYPE.get(type(public_key)) != "ec" and _key_family(public_key) != "ec":
                return False
            if curve is not None and _CURVES.get(public_key.curve.name) != curve:
                return False
            public_key.verify(signature, signed, _ECDSA[row.digest])  # type: ignore[index]
        elif family == "rsa" or family == "rsa-pss" or family == "dsa":
            return _verify_hashed(row, public_key, signature, signed, _HASHES, salt_length)
        else:
            if _key_family(public_key) != name:
                return False
            public_key.verify(signature, signed)
    except _REFUSALS:
        return False
    return True


def verify_digest(
    name: str,
    public_key: Any,
    signature: bytes,
    digest_value: bytes,
    *,
    curve: str | None = None,
    salt_length: int | None = None,
) -> bool:
    """Like ``verify`` where only the digest of the signed octets is at hand; EdDSA and ML-DSA cannot, so are False."""
    row = _BY_NAME.get(name)
    if row is None or row.digest is None or len(digest_value) != _DIGEST_SIZE[row.digest]:
        return False
    if row.family != "ecdsa":
        return _verify_hashed(row, public_key, signature, digest_value, _PREHASHED, salt_length)
    if _key_family(public_key) != "ec" or (curve is not None and _CURVES.get(public_key.curve.name) != curve):
        return False
    try:
        public_key.verify(signature, digest_value, _ECDSA_PREHASHED[row.digest])
    except _REFUSALS:
        return False
    return True


def _verify_hashed(
    row: SignatureAlgorithm,
    public_key: Any,
    signature: bytes,
    signed: bytes,
    hashers: dict[str, Any],
    salt_length: int | None,
) -> bool:
    """RSA and DSA, over the octets or over their digest."""
    name = row.digest or ""
    if _key_family(public_key) != _KEY_FAMILIES[row.family]:
        return False
    try:
        if row.family == "dsa":
            public_key.verify(signature, signed, hashers[name])
            return True
        if not MIN_RSA_BITS <= public_key.key_size <= MAX_RSA_BITS:
            return False
        if row.family == "rsa":
            public_key.verify(signature, signed, _PKCS1, hashers[name])
            return True
        if salt_length is not None and not 0 <= salt_length <= MAX_SALT:
            return False
        public_key.verify(signature, signed, _pss(name, salt_length), hashers[name])
    except _REFUSALS:
        return False
    return True


def sign(name: str, private_key: Any, data: bytes, salt: int | None = None) -> bytes:
    """Sign ``data`` with a ``cryptography`` private key; ECDSA results are DER. ``salt``: PSS octets.

    Raises ``MalformedError`` for an unknown algorithm; a key of another family raises ``TypeError`` or ``ValueError``.
    """
    row = _BY_NAME.get(name)
    if row is None:
        raise MalformedError("algorithm.unknown-signature", f"the signature algorithm {name!r} is not known here")
    result: bytes
    if row.digest is None:
        result = private_key.sign(data)
    elif row.family == "ecdsa":
        result = private_key.sign(data, _ECDSA[row.digest])
    elif row.family == "dsa":
        result = private_key.sign(data, _HASHES[row.digest])
    else:
        pad = _PKCS1 if row.family == "rsa" else _pss(row.digest, salt)
        result = private_key.sign(data, pad, _HASHES[row.digest])
    return result


def sign_digest(name: str, private_key: Any, digest_value: bytes) -> bytes:
    """Like ``sign`` where only the digest of the data is at hand, with ECDSA and RSA.

    Raises ``MalformedError`` for all other algorithms.
    """
    row = _BY_NAME.get(name)
    if row is None or row.digest is None or row.family not in ("ecdsa", "rsa", "rsa-pss"):
        raise MalformedError("algorithm.unknown-signature", f"{name!r} is not known here to sign a digest")
    result: bytes
    if row.family == "ecdsa":
        result = private_key.sign(digest_value, _ECDSA_PREHASHED[row.digest])
    else:
        pad = _PKCS1 if row.family == "rsa" else _pss(row.digest, None)
        result = private_key.sign(digest_value, pad, _PREHASHED[row.digest])
    return result
