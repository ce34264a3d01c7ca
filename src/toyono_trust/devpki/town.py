"""``Town``: a whole throw-away PKI in one value: CAs, identities, revocation, time stamps. For tests, demo and trials.

Everything it answers is a function from bytes to bytes with the time as an argument, so the town can be driven through
decades; ``devpki.Server`` puts it behind HTTP on loopback. Never trust one outside the machine that made it: its
password is printed here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from toyono_trust.core.algorithms import by_name, sign, sign_digest
from toyono_trust.devpki import folder
from toyono_trust.devpki.issue import Issuer, Revocation, crl, generate_key, issue, ocsp_response
from toyono_trust.devpki.profiles import AUTHORITIES, PROFILES, STANDARD, TSA_POLICY
from toyono_trust.errors import MisuseError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.steps import Call, Steps, World, ask, run

__all__ = ["PASSWORD", "Identity", "Town"]

PASSWORD = "toyono"  # noqa: S105
"""Of every PKCS#12 file that a town writes."""
BASE_URL = "http://127.0.0.1:3161"

_ALGORITHMS = {
    "p256": ("ecdsa-sha256",),
    "p384": ("ecdsa-sha384",),
    "p521": ("ecdsa-sha512",),
    "ed25519": ("ed25519",),
    "ml-dsa-65": ("ml-dsa-65",),
}
_RSA = ("rsa-sha256", "rsa-pss-sha256", "rsa-sha384", "rsa-sha512", "rsa-pss-sha384", "rsa-pss-sha512")


class Identity:
    """A certificate with its key. It is a signer as well: what ``sign(by=…)`` asks of one is all there.

    Attributes:
        name: as ``Town.identity`` takes it. certificate: its facts. chain: issuers, nearest first, without the root.
        private_key: a ``cryptography`` key. algorithms: what it signs with, by preference.
    """

    kind = None

    def __init__(self, name: str, certificate: Certificate, chain: tuple[Certificate, ...], private_key: Any) -> None:
        self.name, self.certificate, self.chain, self.private_key = name, certificate, chain, private_key

    def __repr__(self) -> str:
        return f"<Identity {self.name} {self.certificate.identifier}>"

    @property
    def certificate_der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.der

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Signature algorithms by preference, names of ``core.algorithms``."""
        facts = self.certificate.key
        if facts is None:
            return ()
        if facts.family == "rsa":
            return _RSA
        return _ALGORITHMS.get(facts.curve or ("ml-dsa-65" if facts.family == "ml-dsa" else facts.family), ())

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        """Sign ``data``, as the steps that ``keys.signer`` describes."""
        value: bytes = yield from ask(Call(lambda: sign(algorithm, self.private_key, data)))
        return value

    def sign_digest_steps(self, digest: bytes, algorithm: str) -> Steps[bytes | None]:
        """Sign data by their ``digest``, as ``keys.signer`` describes; None with EdDSA and ML-DSA, which take all."""
        row = by_name(algorithm)
        if row is None or row.digest is None:
            return None
        value: bytes = yield from ask(Call(lambda: sign_digest(algorithm, self.private_key, digest)))
        return value

    @cached_property
    def pkcs12(self) -> bytes:
        """Certificate, chain and key as PKCS#12 under ``PASSWORD``."""
        chain = [x509.load_der_x509_certificate(issuer.der) for issuer in self.chain]
        leaf = x509.load_der_x509_certificate(self.certificate.der)
        locked = BestAvailableEncryption(PASSWORD.encode())
        return pkcs12.serialize_key_and_certificates(self.name.encode(), self.private_key, leaf, chain, locked)

    @property
    def pem(self) -> bytes:
        """Key (PKCS#8, not encrypted), certificate and chain in PEM."""
        key: bytes = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(map(pem, (self.certificate, *self.chain)))


class Town:
    """A throw-away PKI. Make one with ``create``, read a written one with ``load``.

    Attributes:
        now: the instant at which the town was made, aware, UTC, whole seconds.
        identities: those made so far, by name. issued: serial number → name of the authority.
        base_url: where certificates say that OCSP, CRLs and CA certificates are to be had.
        clock: what the servers take for the present.
        folder: where the town was written to or read from; revocations are then written too.
    """

    def __init__(self, now: datetime, base_url: str, clock: Callable[[], datetime]) -> None:
        self.now, self.base_url, self.clock = now, base_url, clock
        self.folder: Path | None = None
        self.identities: dict[str, Identity] = {}
        self.issued: dict[int, str] = {}
        self.revocations: dict[int, Revocation] = {}
        self.updated = now
        self._crls: dict[tuple[str, datetime, int], bytes] = {}
        self._authority: Any = None

    @classmethod
    def create(
        cls, now: datetime | None = None, *, base_url: str = BASE_URL, clock: Callable[[], datetime] | None = None
    ) -> Town:
        """A new town with fresh keys.

        ``now``: aware; default the clock's. ``base_url``: without a slash at the end. ``clock``: the servers' present,
        default the system's, so that a test may let the town age.
        """
        clock = clock or _system_clock
        town = cls(_whole(now or clock()), base_url.rstrip("/"), clock)
        for name in ("root", "ca", *STANDARD):
            town._make(name)
        return town

    @classmethod
    def load(cls, path: Path | str, *, clock: Callable[[], datetime] | None = None) -> Town:
        """Read a town that ``write`` wrote. Raises ``MisuseError`` (``devpki.not-a-town``) where there is none."""
        state = folder.read(Path(path), PASSWORD)
        town = cls(state.created, state.base_url, clock or _system_clock)
        for name, (key, certificate) in state.keys.items():
            town.identities[name] = Identity(name, certificate, (), key)
        for name, identity in town.identities.items():
            identity.chain = town._chain(name)
        town.issued.update(state.issued)
        town.revocations = {item.serial: item for item in state.revocations}
        town.updated, town.folder = state.updated, Path(path)
        return town

    def identity(self, name: str) -> Identity:
        """An identity by its name in ``devpki.profiles`` (``"town"``, ``"expired"`` …), made when first asked for.

        Raises ``MisuseError`` (``devpki.unknown-identity``).
        """
        found = self.identities.get(name)
        return found if found is not None else self._make(name)

    @property
    def root(self) -> Certificate:
        """The anchor."""
        return self.identity("root").certificate

    @property
    def ca(self) -> Certificate:
        """The issuing CA under it."""
        return self.identity("ca").certificate

    def renew(self, name: str, at: datetime | None = None) -> Identity:
        """Give an identity a new key and certificate as of ``at`` (default the clock's present).

        The old certificate stays known to CRL and OCSP. Authorities live as long as the town and are not renewed.
        """
        if name in AUTHORITIES:
            raise MisuseError("devpki.unknown-identity", f"{name!r} is an authority of the town", "renew an identity")
        identity = self._make(name, _whole(at or self.clock()))
        if self.folder is not None:
            folder.write(self, self.folder, PASSWORD, force=True)
        return identity

    # Trust

    @property
    def trust_files(self) -> dict[str, bytes]:
        """A trust folder's files by relative path: the anchor, the intermediate, both CRLs."""
        return {
            "anchors/root.pem": pem(self.root),
            "intermediates/ca.pem": pem(self.ca),
            "revocation/root.crl": self.crl("root"),
            "revocation/ca.crl": self.crl("ca"),
        }

    def write(self, path: Path | str, *, force: bool = False) -> tuple[str, ...]:
        """Write trust folder, keys and state to a folder; return the lines that a reader may paste into a shell.

        Raises ``MisuseError`` (``devpki.folder-not-empty``) where the folder has something in it and not ``force``.
        """
        lines = folder.write(self, Path(path), PASSWORD, force=force)
        self.folder = Path(path)
        return lines

    # Revocation

    def revoke(self, name: str, at: datetime | None = None, reason: str = "unspecified") -> None:
        """Revoke an identity as of ``at`` (default the clock's present); its CRL is issued anew.

        ``reason``: ``unspecified`` ``key_compromise`` ``affiliation_changed`` ``superseded`` ``certificate_hold``.
        """
        when = _whole(at or self.clock())
        serial = self.identity(name).certificate.serial
        self.revocations[serial] = Revocation(serial, when, reason)
        self.updated = max(self.updated, when)
        if self.folder is not None:
            folder.update(self, self.folder)

    def crl(self, name: str = "ca", at: datetime | None = None) -> bytes:
        """DER CRL of ``"root"`` or ``"ca"``. ``at``: thisUpdate, default the town's beginning or last revocation."""
        when = _whole(at or self.updated)
        key = (name, when, len(self.revocations))
        if key not in self._crls:
            issuer = self._issuer(name)
            listed = [item for item in self._revoked_by(name) if item.at <= when]
            number = int((when - self.now).total_seconds()) + 10**9 + len(self.revocations)
            self._crls[key] = crl(issuer, listed, number, when)
        return self._crls[key]

    def ocsp_respond(self, request: bytes, at: datetime | None = None) -> bytes:
        """OCSPRequest in, OCSPResponse out, for what ``ca`` issued. ``at``: producedAt, default the clock's present."""
        when = _whole(at or self.clock())
        revoked = {item.serial: item for item in self._revoked_by("ca") if item.at <= when}
        known = {serial: revoked.get(serial) for serial, issuer in self.issued.items() if issuer == "ca"}
        return ocsp_response(request, self.ca, known, self._issuer("ocsp"), when)

    # Time stamps

    def tsa_respond(self, request: bytes, at: datetime | None = None, name: str = "tsa") -> bytes:
        """TimeStampReq in, TimeStampResp out (RFC 3161). ``at``: genTime, default the clock's present."""
        from toyono_trust.pki.tsp.respond import Authority, respond

        identity = self.identity(name)
        authority = Authority.of(identity, policy=TSA_POLICY)
        serial = secrets.randbits(159) + 1
        when = at or self.clock()
        world = World(now=lambda: when, random=secrets.token_bytes, monotonic=time.monotonic)
        return run(respond(request, authority=authority, key=identity, at=when, serial_number=serial), world)

    # Making

    def _make(self, name: str, at: datetime | None = None) -> Identity:
        profile = AUTHORITIES.get(name) or PROFILES.get(name)
        if profile is None:
            known = ", ".join(PROFILES)
            raise MisuseError("devpki.unknown-identity", f"the town has nobody called {name!r}", f"known: {known}")
        key = generate_key(profile.key)
        issuer = None if name == "root" else self._issuer("root" if name == "ca" else "ca")
        signing_key = key if issuer is None else issuer.key
        made = issue(profile, key.public_key(), issuer, signing_key, at or self.now, self.base_url)
        identity = Identity(name, Certificate.load(made), self._chain(name), key)
        serial = identity.certificate.serial
        self.identities[name] = identity
        self.issued[serial] = issuer.name if issuer else name
        if profile.revoked is not None:
            when = (at or self.now) + timedelta(days=profile.revoked)
            self.revocations[serial] = Revocation(serial, when, "key_compromise")
        return identity

    def _chain(self, name: str) -> tuple[Certificate, ...]:
        return () if name in AUTHORITIES else (self.ca,)

    def _issuer(self, name: str) -> Issuer:
        identity = self.identity(name)
        return Issuer(name, identity.certificate, identity.private_key)

    def _revoked_by(self, name: str) -> list[Revocation]:
        return [item for serial, item in self.revocations.items() if self.issued.get(serial) == name]


def pem(certificate: Certificate) -> bytes:
    """A certificate in PEM."""
    return x509.load_der_x509_certificate(certificate.der).public_bytes(Encoding.PEM)


def _system_clock() -> datetime:
    return datetime.now(UTC)


def _whole(moment: datetime) -> datetime:
    """Whole seconds of UTC, as certificates have them."""
    if moment.tzinfo is None:
        raise MisuseError("devpki.naive-time", "a time without zone", "pass an aware datetime")
    return moment.astimezone(UTC).replace(microsecond=0)
