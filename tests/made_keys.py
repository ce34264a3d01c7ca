"""Keys of every kind with certificates made on the spot."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Pair(NamedTuple):
    """A private key, its certificate and the issuers of that, the root last."""

    key: Any
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()


def issue(
    public_key: Any, subject: str, issuer: str, issuer_key: Any, ca: bool = False, days: int = 0
) -> x509.Certificate:
    """A certificate whose validity begins ``days`` after the first of January 2026."""
    begin = BEGIN + datetime.timedelta(days=days)
    plain = isinstance(issuer_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .sign(issuer_key, hashes.SHA256() if plain else None)
    )


def pem(key: Any, password: bytes | None = None) -> bytes:
    """PKCS #8 PEM of a private key."""
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    octets: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return octets


def der(certificate: x509.Certificate) -> bytes:
    """DER of a certificate."""
    return certificate.public_bytes(serialization.Encoding.DER)


MAKERS: dict[str, Callable[[], Any]] = {
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
