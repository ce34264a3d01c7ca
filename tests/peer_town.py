"""A small town for tests with foreign programs: one root, its CRL, signers of every kind of key, and a TSA.

Everything is valid for decades, so that programs that read the clock agree with us. What the verbs do runs with a fixed
clock and a TSA at hand.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from made_keys import pem
from toyono_trust import TrustStore, verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.model import Signed
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp import read_response, request
from toyono_trust.steps import Fetch, Response, World, run
from toyono_trust.validation.policy import Policy
from tsa_town import SoftwareKey, answer

BEGIN, AT, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC), datetime(2048, 1, 1)
CONTENT = "水位 3.2 m\r\nriver level\n".encode() + bytes(range(256)) * 20
IDENTIFIER = "NTRJP-7123456789012"
ALGORITHMS = {
    "rsa-sha256": "rsa",
    "rsa-sha384": "rsa",
    "rsa-sha512": "rsa",
    "rsa-pss-sha256": "rsa",
    "rsa-pss-sha384": "rsa",
    "rsa-pss-sha512": "rsa",
    "ecdsa-sha256": "p256",
    "ecdsa-sha384": "p384",
    "ecdsa-sha512": "p521",
    "ed25519": "ed25519",
}
"""Every algorithm in scope that peers know, with its kind of key."""
AGELESS = Policy.parse('[findings]\n"algorithm.expired" = "warn"\n')
"""The shipped policy without the ends of algorithms: for what foreign programs date by the real clock."""
_MAKERS: dict[str, Any] = {
    "rsa": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
}


def _name(common: str) -> x509.Name:
    country, organisation = (NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, "豊野町")
    parts = (country, organisation, (NameOID.ORGANIZATION_IDENTIFIER, IDENTIFIER), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(*part) for part in parts])


def _usage(of: Literal["ca", "signer", "tsa"]) -> x509.KeyUsage:
    ca, signs = of == "ca", of == "signer"
    return x509.KeyUsage(not ca, signs, False, False, False, ca, ca, False, False)


@lru_cache(1)
def root() -> tuple[x509.Certificate, Any]:
    """The one anchor, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(True, None)
    builder = _builder("Root", key.public_key(), key.public_key()).add_extension(constraints, True)
    return builder.add_extension(_usage("ca"), True).sign(key, hashes.SHA256()), key


def _builder(subject: str, public_key: Any, issuer_key: Any) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("Root"))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False)
    )


@lru_cache(16)
def _leaf(kind: str, stamps: bool) -> tuple[Any, bytes]:
    key = _MAKERS[kind]()
    anchor_key = root()[1]
    builder = _builder(f"TSA {kind}" if stamps else kind, key.public_key(), anchor_key.public_key())
    usage = _usage("tsa" if stamps else "signer")
    builder = builder.add_extension(x509.BasicConstraints(False, None), True).add_extension(usage, True)
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    return key, builder.sign(anchor_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def signer(algorithm: str) -> SoftwareKey:
    """A signer that does this algorithm; algorithms of one kind of key share the key."""
    key, der = _leaf(ALGORITHMS.get(algorithm, algorithm), False)
    return SoftwareKey(Certificate.load(der), (), key, algorithm)


def authority(kind: Literal["p256", "rsa"] = "p256") -> SoftwareKey:
    """The key of the town's TSA."""
    key, der = _leaf(kind, True)
    anchor = Certificate.load(root()[0].public_bytes(serialization.Encoding.DER))
    return SoftwareKey(Certificate.load(der), (anchor,), key, "rsa-sha256" if kind == "rsa" else "ecdsa-sha256")


@lru_cache(1)
def crl() -> bytes:
    """The root's CRL: nobody is revoked."""
    anchor, key = root()
    builder = x509.CertificateRevocationListBuilder().issuer_name(anchor.subject).last_update(BEGIN).next_update(END)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    """Root and CRL as a trust folder."""
    folder = tmp_path_factory.mktemp("trust")
    for name in ("anchors", "revocation"):
        (folder / name).mkdir()
    (folder / "anchors/root.pem").write_bytes(root()[0].public_bytes(serialization.Encoding.PEM))
    (folder / "revocation/root.crl").write_bytes(crl())
    return TrustStore.load(folder)


class _Stamps:
    """An ``Http`` behind which the town's TSA answers."""

    def fetch(self, request: Fetch, deadline: float | None) -> Response:
        assert request.body is not None
        body = answer(request.body, authority(), at=AT + timedelta(seconds=5))
        return Response(200, {"content-type": "application/timestamp-reply"}, body)


WORLD = World(lambda: AT, secrets.token_bytes, lambda: 0.0, _Stamps())


def sign(algorithm: str, format: Any, level: str = "B-B", *, content: bytes = CONTENT, **options: Any) -> Signed:
    """``sign()`` with the fixed clock and the town's TSA."""
    tsa = "http://tsa.example/" if level == "B-T" else None
    source = BytesContent(content)
    return run(verbs.sign(verbs.order(source, signer(algorithm), format, level, tsa, True, options)), WORLD)  # type: ignore[arg-type]


def receipt(algorithm: str, level: str = "B-B", **options: Any) -> Signed:
    """``receipt()`` of a handover, sealed with the fixed clock and the town's TSA."""
    parts = {"level.txt": CONTENT}
    details = {
        "sender": "NTRJP-2222222222222",
        "recipients": ["町民@town.example"],
        "message_id": "m-1",
        "parts": parts,
    }
    options = {"policy_id": "urn:oid:1.2.3", "submission_time": AT, "content_types": "text/plain"} | options
    tsa = "http://tsa.example/" if level == "B-T" else None
    return run(verbs.receipt("ContentHandover", signer(algorithm), level, tsa, True, details, options), WORLD)  # type: ignore[arg-type]


def token_over(digest: bytes, algorithm: str = "sha256") -> bytes:
    """A token of the town's TSA."""
    made = read_response(answer(request(digest, algorithm, nonce=1), authority(), at=AT)).token
    assert made is not None
    return made


def lay_out(folder: Path, *algorithms: str) -> None:
    """Content, root, and per algorithm ``<algorithm>.pem`` and ``.key``, for foreign programs."""
    (folder / "content").write_bytes(CONTENT)
    (folder / "root.pem").write_bytes(root()[0].public_bytes(serialization.Encoding.PEM))
    for algorithm in algorithms:
        one = signer(algorithm)
        certificate = x509.load_der_x509_certificate(one.certificate.der)
        (folder / f"{algorithm}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{algorithm}.key").write_bytes(pem(one.private_key))
