"""The town that all rows share: P-256 and RSA-2048 sealing keys, a P-256 TSA, two CAs, CRLs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from measure import Work

from toyono_trust import Signer, TrustStore
from toyono_trust.devpki import PASSWORD, Identity, Town

PAYLOAD = json.dumps({"id": "urn:ngsi-ld:Device:1", "type": "Device", "filling": "x" * 961}).encode()
"""1 KiB of JSON."""
assert len(PAYLOAD) == 1024

NAMES = {"p256": "town", "rsa": "rsa-2048", "tsa": "tsa"}


class Actor(NamedTuple):
    """One who signs: as ``Signer.open`` gives it, and as the bare libraries want it. Certificates in DER."""

    signer: Signer
    private_key: Any
    certificate: bytes
    chain: tuple[bytes, ...]

    def bare_verify(self, signed: bytes, value: bytes) -> Work:
        """The primitive alone; ``value`` as in a JWS (r‖s) or in CMS (DER)."""
        public_key = self.private_key.public_key()
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey):
            from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

            if len(value) == 64:
                half = (int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
                value = encode_dss_signature(*half)
            work = partial(public_key.verify, value, signed, ec.ECDSA(hashes.SHA256()))
        else:
            work = partial(public_key.verify, value, signed, padding.PKCS1v15(), hashes.SHA256())
        work()
        return work

    def bare_sign(self, data: bytes) -> Callable[[], bytes]:
        """The primitive alone, P-256."""
        return partial(self.private_key.sign, data, ec.ECDSA(hashes.SHA256()))

    @property
    def private_der(self) -> bytes:
        """PKCS#8."""
        key: bytes = self.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return key

    @property
    def private_pem(self) -> bytes:
        """PKCS#8."""
        key: bytes = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key

    @property
    def public_pem(self) -> bytes:
        """SubjectPublicKeyInfo."""
        key: bytes = self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return key


class BenchTown:
    """A written town.

    Attributes:
        folder: where it stands. trust: its trust store; knows the sealing certificates too, so that ``x5t#S256``
            alone finds them. at: the instant at which everything is judged. roots, intermediates, crls: DER.
    """

    def __init__(self, folder: Path) -> None:
        self.town = Town.create()
        self.folder = folder / "town"
        for name in NAMES.values():
            self.town.identity(name)
        self.town.write(self.folder)
        for name in ("p256", "rsa"):
            certificate = self.town.identity(NAMES[name]).certificate.der
            (self.folder / "trust" / "intermediates" / f"{name}.der").write_bytes(certificate)
        self.trust_folder = self.folder / "trust"
        self.trust = TrustStore.load(self.trust_folder)
        self.at: datetime = self.town.now + timedelta(hours=1)
        self.roots = (self.town.root.der,)
        self.intermediates = (self.town.ca.der,)
        self.crls = (self.town.crl("root"), self.town.crl("ca"))

    def actor(self, name: str) -> Actor:
        """``"p256"``, ``"rsa"`` or ``"tsa"``, with the key opened from a PKCS#12 file."""
        identity: Identity = self.town.identity(NAMES[name])
        path = self.folder / f"bench-{name}.p12"
        path.write_bytes(identity.pkcs12)
        return Actor(
            Signer.open(f"pkcs12:{path}", secret=PASSWORD),
            identity.private_key,
            identity.certificate.der,
            tuple(issuer.der for issuer in identity.chain),
        )
