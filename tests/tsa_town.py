"""A root, a TSA under it, and tokens built by hand, sound or with one thing wrong."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from toyono_trust.core.algorithms import digest, digest_algorithm_identifier, sign, signature_algorithm_identifier
from toyono_trust.core.asn1 import (
    der,
    generalized,
    integer_der,
    null,
    octet_string,
    oid_der,
    sequence,
    set_of,
)
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp import Authority, respond
from toyono_trust.steps import Steps, World, run

POLICY = "1.3.6.1.4.1.55555.1.1"
FROM, AT, TO = (datetime(year, 5, 1, 12, 0, 0, 123456, UTC) for year in (2026, 2027, 2028))
SHA256 = digest("sha256", b"timetable")


def _nobody(size: int) -> bytes:
    return secrets.token_bytes(size)


WORLD = World(lambda: AT, _nobody, lambda: 0.0)


class SoftwareKey:
    """A key in memory, as ``keys.signer`` would give it."""

    proven = True

    def __init__(
        self, certificate: Certificate, chain: tuple[Certificate, ...], private_key: Any, algorithm: str
    ) -> None:
        self.certificate = certificate
        self.chain = chain
        self.private_key = private_key
        self.algorithms = (algorithm,)

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        """Sign at once."""
        return sign(algorithm, self.private_key, data)
        yield ()

    def write(self, folder: Path) -> None:
        """Root, TSA certificate and key as PEM files, for foreign programs."""
        (folder / "root.pem").write_bytes(pem(self.chain[-1].der))
        (folder / "tsa.pem").write_bytes(pem(self.certificate.der))
        key = self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "tsa.key").write_bytes(key)


def pem(certificate: bytes) -> bytes:
    """PEM of a DER certificate."""
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Toyono"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


@lru_cache(1)
def root() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The root that all test TSAs share."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = _builder("Root", "Root", key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
    return builder.sign(key, hashes.SHA256()), key


def _builder(subject: str, issuer: str, public_key: Any) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(TO + timedelta(days=3650))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
    )


@lru_cache(8)
def tsa(kind: str = "p256", usages: tuple[str, ...] = ("ts",), critical: bool = True) -> SoftwareKey:
    """A TSA's key. ``kind``: "p256", "p384", "rsa" or "ed25519"."""
    key: Any
    if kind == "rsa":
        key, algorithm = rsa.generate_private_key(65537, 2048), "rsa-sha256"
    elif kind == "ed25519":
        key, algorithm = ed25519.Ed25519PrivateKey.generate(), "ed25519"
    elif kind == "p384":
        key, algorithm = ec.generate_private_key(ec.SECP384R1()), "ecdsa-sha384"
    else:
        key, algorithm = ec.generate_private_key(ec.SECP256R1()), "ecdsa-sha256"
    anchor, anchor_key = root()
    builder = _builder("TSA", "Root", key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    builder = builder.add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
    oids = {"ts": ExtendedKeyUsageOID.TIME_STAMPING, "mail": ExtendedKeyUsageOID.EMAIL_PROTECTION}
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage([oids[usage] for usage in usages]), critical)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(anchor_key.public_key()), False)
    certificate = builder.sign(anchor_key, hashes.SHA256())
    chain = (Certificate.load(anchor.public_bytes(serialization.Encoding.DER)),)
    return SoftwareKey(Certificate.load(certificate.public_bytes(serialization.Encoding.DER)), chain, key, algorithm)


def answer(request: bytes, key: SoftwareKey, *, at: datetime | None = AT, serial: int = 7, **settings: Any) -> bytes:
    """One TimeStampResp of our own TSA."""
    authority = Authority.of(key, policy=POLICY, **settings)
    return run(respond(request, authority=authority, key=key, at=at, serial_number=serial), WORLD)


def info(
    *,
    hashed: bytes = SHA256,
    algorithm: bytes | None = None,
    version: int = 1,
    moment: bytes | None = None,
    tail: bytes = b"",
    nonce: int | None = 5,
) -> bytes:
    """A TSTInfo, built by hand; ``tail``: accuracy and ordering, or whatever stands before the nonce."""
    return sequence(
        integer_der(version),
        oid_der(POLICY),
        sequence(algorithm or sequence(oid_der("2.16.840.1.101.3.4.2.1"), null()), octet_string(hashed)),
        integer_der(99),
        moment or generalized(AT, 3),
        tail,
        integer_der(nonce) if nonce is not None else b"",
    )


def token(
    content: bytes | None = None,
    *,
    key: SoftwareKey | None = None,
    signers: int = 1,
    leave_out: tuple[str, ...] = (),
    ess: bytes | None = None,
    message_digest: bytes | None = None,
    content_type: str = "1.2.840.113549.1.9.16.1.4",
    attribute_type: str = "1.2.840.113549.1.9.16.1.4",
    v1: bool = False,
) -> bytes:
    """A TimeStampToken, built by hand. ``leave_out``: "content-type", "message-digest", "ess", "certificates"."""
    key = key or tsa()
    content = info() if content is None else content
    certificate = key.certificate
    hashed = ess if ess is not None else digest("sha1" if v1 else "sha256", certificate.der)
    reference = sequence(sequence(sequence(octet_string(hashed))))
    oid = "1.2.840.113549.1.9.16.2.12" if v1 else "1.2.840.113549.1.9.16.2.47"
    attributes = {
        "content-type": sequence(oid_der("1.2.840.113549.1.9.3"), set_of([oid_der(attribute_type)])),
        "message-digest": sequence(
            oid_der("1.2.840.113549.1.9.4"), set_of([octet_string(message_digest or digest("sha256", content))])
        ),
        "ess": sequence(oid_der(oid), set_of([reference])),
    }
    signed = set_of([tlv for name, tlv in attributes.items() if name not in leave_out])
    signature = sign(key.algorithms[0], key.private_key, signed)
    signer = sequence(
        integer_der(1),
        sequence(certificate.issuer_der, integer_der(certificate.serial)),
        digest_algorithm_identifier("sha256"),
        b"\xa0" + signed[1:],
        signature_algorithm_identifier(key.algorithms[0]),
        octet_string(signature),
    )
    data = sequence(
        integer_der(3),
        set_of([digest_algorithm_identifier("sha256")]),
        sequence(oid_der(content_type), der(0xA0, octet_string(content))),
        b"" if "certificates" in leave_out else der(0xA0, certificate.der),
        set_of([signer] * signers),
    )
    return sequence(oid_der("1.2.840.113549.1.7.2"), der(0xA0, data))


def granted(made: bytes, status: int = 0) -> bytes:
    """A TimeStampResp with a token and a PKIStatus."""
    return sequence(sequence(integer_der(status)), made)


def fake(answers: Iterator[Any]) -> Any:
    """An ``Http`` that gives these answers one by one: a ``Response``, an error, or a function of the request."""

    class Fake:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def fetch(self, request: Any, deadline: float | None) -> Any:
            self.seen.append(request)
            given = next(answers)
            given = given(request) if callable(given) else given
            if isinstance(given, Exception):
                raise given
            return given

    return Fake()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """An ASGI application under a real uvicorn on loopback; gives its URL without a path."""
    uvicorn = pytest.importorskip("uvicorn")
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, lifespan="on", log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        for _ in range(500):
            if server.started or not thread.is_alive():
                break
            time.sleep(0.01)
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
