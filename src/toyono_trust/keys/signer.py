"""``Signer``: a key that signs, its certificate and the chain, whatever holds the key.

Algorithms: RSA 2048 to 4096 (RFC 8017: PKCS #1 v1.5 and PSS), ECDSA P-256, P-384, P-521 and Ed25519 (FIPS 186-5),
ML-DSA-65 (FIPS 204). A software key proves itself once, when it is opened; what a token or a remote device returns is
verified by whoever uses it. A foreign signer is any object with the four members of ``SignerLike``; the one of
``DigestSignerLike`` lets it sign content of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, Self, get_args, runtime_checkable

from toyono_trust.core import algorithms as table
from toyono_trust.core.algorithms import KeyFacts
from toyono_trust.core.content import Content
from toyono_trust.core.limits import MAX_FILE
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.keys.files import Material, Secret, SecretSource, read_jwk, read_pem, read_pkcs12
from toyono_trust.pki.certificate import Certificate
from toyono_trust.steps import Call, Steps, ask

__all__ = ["DigestSignerLike", "Signer", "SignerKind", "SignerLike", "sign_content"]

SignerKind = Literal["natural-person", "legal-person", "device"]

_DIGESTS_BY_CURVE = {
    "p256": ("sha256", "sha384", "sha512"),
    "p384": ("sha384", "sha512"),
    "p521": ("sha512",),
}
_PROOF = b"toyono_trust: the key belongs to the certificate"
_SCHEMES = "pkcs12:file, pem:file, jwk:file or pkcs11:…"


@runtime_checkable
class SignerLike(Protocol):
    """What the verbs ask of a signer; anything with these four members can sign."""

    @property
    def certificate(self) -> Certificate:
        """The certificate of the signing key."""

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers, nearest first, without a self-signed root; may be empty."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Names of ``core.algorithms`` that the key can do, in order of preference."""

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        """Sign ``data`` (whole, not its digest); the result's ECDSA form is DER (RFC 3279 2.2.3)."""


@runtime_checkable
class DigestSignerLike(Protocol):
    """What a signer may have besides, for data that are too large to be held."""

    def sign_digest_steps(self, digest: bytes, algorithm: str) -> Steps[bytes | None]:
        """Sign data by their ``digest`` under the digest of ``algorithm``; None where the key cannot do that."""


def sign_content(by: SignerLike, data: Content, algorithm: str) -> Steps[bytes]:
    """Sign octets that need not be held: by their digest, where algorithm and key sign one.

    Raises ``MisuseError`` "signer.content-too-large" where the key wants all of them and they are more than
    ``MAX_FILE``, and what ``sign_steps`` raises.
    """
    row = table.by_name(algorithm)
    if row is not None and row.digest is not None and isinstance(by, DigestSignerLike):
        value = yield from by.sign_digest_steps(data.digest(row.digest), algorithm)
        if value is not None:
            return value
    if data.size > MAX_FILE:
        raise MisuseError(
            "signer.content-too-large",
            f"this key signs {algorithm} over the whole content, of which at most {MAX_FILE >> 20} MiB are held",
            'pass details=JadesDetails(mechanism="uri-hash"), or use a key for ECDSA or RSA',
        )
    return (yield from by.sign_steps(data.bytes, algorithm))


class Signer:
    """A key opened for signing. Make it with ``Signer.open`` or ``Signer.from_key``.

    The key itself is never shown, copied or pickled. No password is kept; a token's PIN is, out of sight, for logging
    in again. Usable by several threads.
    """

    __slots__ = ("_algorithms", "_certificate", "_chain", "_kind", "_sign", "_sign_digest", "proven")

    def __init__(
        self,
        certificate: Certificate,
        chain: tuple[Certificate, ...],
        algorithms: tuple[str, ...],
        kind: str,
        sign: Callable[[bytes, str], bytes],
        proven: bool = False,
        sign_digest: Callable[[bytes, str], bytes | None] = lambda digest, algorithm: None,
    ) -> None:
        self.proven = proven
        """Whether this is a key in this process that signed rightly when it was opened (architecture: self-check)."""
        self._certificate = certificate
        self._chain = chain
        self._algorithms = algorithms
        self._kind = kind
        self._sign = sign
        self._sign_digest = sign_digest

    @classmethod
    def open(cls, uri: str, secret: SecretSource = None, *, kind: SignerKind | None = None) -> Self:
        """Open a key by its address.

        Args:
            uri: ``pkcs12:file`` · ``pem:file`` (key and certificates in one) or ``pem:cert.pem?key=key.pem`` ·
                ``jwk:file`` or ``jwk:file?kid=name`` (with ``x5c``) · ``pkcs11:`` by RFC 7512, e.g.
                ``pkcs11:token=town;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so``.
            secret: password or PIN, or a callable asking for it, called only where the key needs it.
            kind: whom the certificate names, where the certificate itself does not say.

        Raises ``MisuseError`` with a code ``signer.…``; ``UnavailableError`` where a token does not answer; the
        ``OSError`` of a file that cannot be read passes through.
        """
        scheme, _, rest = str(uri).partition(":")
        asked = Secret(secret)
        if scheme == "pkcs11":
            return cls._from_token(uri, asked, kind)
        if scheme == "pkcs12":
            material = read_pkcs12(Path(rest), asked)
        elif scheme == "pem":
            path, _, key = rest.partition("?key=")
            material = read_pem(Path(path), Path(key) if key else None, asked)
        elif scheme == "jwk":
            path, _, kid = rest.partition("?kid=")
            material = read_jwk(Path(path), kid or None, asked)
        else:
            raise MisuseError("signer.bad-uri", "the address of the key has no known scheme", f"use {_SCHEMES}")
        return cls._from_material(material, rest, kind)

    @classmethod
    def from_key(
        cls,
        private_key: Any,
        certificate: Certificate | bytes,
        chain: Iterable[Certificate | bytes] = (),
        *,
        kind: SignerKind | None = None,
    ) -> Self:
        """Take a ``cryptography`` private key in memory, its certificate and issuers (DER or read; used as given).

        Raises ``MisuseError`` "signer.key-mismatch", "signer.unsupported", "signer.weak-key" and as ``open``.
        """
        own = _certificate(certificate)
        if not hasattr(private_key, "public_key"):
            raise MisuseError("signer.no-private-key", "this is not a private key", "pass a key of cryptography")
        names = algorithms_of(table.key_facts(private_key.public_key()))
        _prove(private_key, own, names[0])

        def sign(data: bytes, algorithm: str) -> bytes:
            return table.sign(algorithm, private_key, data)

        def sign_digest(digest: bytes, algorithm: str) -> bytes:
            return table.sign_digest(algorithm, private_key, digest)

        return cls(own, tuple(map(_certificate, chain)), names, _kind(own, kind), sign, True, sign_digest)

    @classmethod
    def _from_material(cls, material: Material, where: str, kind: SignerKind | None) -> Self:
        certificates = [_certificate(der) for der in material.certificates]
        algorithms_of(table.key_facts(material.private_key.public_key()))  # before any mismatch is blamed
        own = _own(certificates, lambda key: same_key(key, material.private_key.public_key()), where)
        return cls.from_key(material.private_key, own, _issuers(own, certificates), kind=kind)

    @classmethod
    def _from_token(cls, uri: str, secret: Secret, kind: SignerKind | None) -> Self:
        from toyono_trust.keys.pkcs11 import TokenKey

        key = TokenKey(uri, secret)
        own = _own([_certificate(der) for der in key.own_certificates], key.belongs_to, "the token")
        names = tuple(name for name in algorithms_of(own.key) if key.supports(name))
        if not names:
            raise MisuseError(
                "signer.unsupported", "the token can do no signature algorithm known here", "use another key"
            )
        hashed = frozenset(name for name in names if key.supports(name, hashed=True))

        def sign_digest(digest: bytes, algorithm: str) -> bytes | None:
            return key.sign(digest, algorithm, hashed=True) if algorithm in hashed else None

        chain = _issuers(own, map(_certificate, key.certificates))
        return cls(own, chain, names, _kind(own, kind), key.sign, False, sign_digest)

    @property
    def certificate(self) -> Certificate:
        """The certificate of the signing key."""
        return self._certificate

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Issuers found beside the key, nearest first, without a self-signed root."""
        return self._chain

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Names of ``core.algorithms`` that the key can do, in order of preference."""
        return self._algorithms

    @property
    def kind(self) -> str:
        """Kind of the certificate's subject; what the caller said where the certificate does not say."""
        return self._kind

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        """Sign ``data`` with one of ``algorithms``; one ``Call`` is asked for. ECDSA results are DER.

        Raises ``MisuseError`` "signer.unsupported-algorithm"; of a token also ``UnavailableError``.
        """
        if algorithm not in self._algorithms:
            raise self._unsupported(algorithm)
        value: bytes = yield from ask(Call(lambda: self._sign(data, algorithm)))
        return value

    def sign_digest_steps(self, digest: bytes, algorithm: str) -> Steps[bytes | None]:
        """Sign data by their ``digest`` under the digest of ``algorithm``; else as ``sign_steps``.

        None where the key does not sign a digest: with EdDSA and ML-DSA, and in a token that hashes by itself. Raises
        ``MisuseError`` also where ``digest`` is of another length.
        """
        row = table.by_name(algorithm)
        if algorithm not in self._algorithms or row is None:
            raise self._unsupported(algorithm)
        if row.digest is None:
            return None
        if len(digest) != table.digest_size(row.digest):
            raise MisuseError("argument.type", f"this is no digest for {algorithm}", f"pass one of {row.digest}")
        value: bytes | None = yield from ask(Call(lambda: self._sign_digest(digest, algorithm)))
        return value

    def _unsupported(self, algorithm: str) -> MisuseError:
        return MisuseError(
            "signer.unsupported-algorithm",
            f"this key cannot sign with {algorithm!r}",
            f"use one of {', '.join(self._algorithms)}",
        )

    def __repr__(self) -> str:
        return f"<Signer {self._certificate.subject or '(no subject)'}>"

    def __reduce__(self) -> NoReturn:
        raise _not_movable()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise _not_movable()

    def __getstate__(self) -> NoReturn:
        raise _not_movable()


def algorithms_of(key: KeyFacts | None) -> tuple[str, ...]:
    """Signature algorithms for a public key, in order of preference.

    Raises ``MisuseError`` "signer.weak-key" or "signer.unsupported".
    """
    family, bits, curve = key or ("unknown", 0, None)
    if family == "rsa" and bits < 2048:
        raise MisuseError("signer.weak-key", f"an RSA key of {bits} bits is too small", "use at least 2048 bits")
    if family == "rsa" and bits <= 4096:
        sizes = ("sha256", "sha384", "sha512")
        return tuple(f"{scheme}-{size}" for size in sizes for scheme in ("rsa", "rsa-pss"))
    if family == "ec" and curve in _DIGESTS_BY_CURVE:
        return tuple(f"ecdsa-{size}" for size in _DIGESTS_BY_CURVE[curve])
    if family == "ed25519":
        return ("ed25519",)
    if family == "ml-dsa" and bits == 8 * 1952:  # FIPS 204 table 2: the public key of ML-DSA-65
        return ("ml-dsa-65",)
    raise MisuseError(
        "signer.unsupported",
        "this kind of key is not supported for signing",
        "use RSA 2048 to 4096, ECDSA P-256, P-384 or P-521, Ed25519 or ML-DSA-65",
    )


def same_key(one: Any, other: Any) -> bool:
    """Whether two ``cryptography`` public keys are the same key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if one is None or other is None or table.key_facts(one) != table.key_facts(other):
        return False
    first, second = (key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in (one, other))
    return bool(first == second)


def _certificate(given: Certificate | bytes) -> Certificate:
    if isinstance(given, Certificate):
        return given
    try:
        return Certificate.load(given)
    except MalformedError as error:
        raise MisuseError(
            "signer.bad-certificate", "a certificate beside the key cannot be read", "replace the certificate"
        ) from error


def _own(certificates: Sequence[Certificate], belongs: Callable[[Any], bool], where: str) -> Certificate:
    """The certificate of the key; of several (after a renewal) the one whose validity began last."""
    if not certificates:
        raise MisuseError(
            "signer.no-certificate",
            f"no certificate for the key is in {where}",
            "store the certificate with the key",
        )
    fitting = [certificate for certificate in certificates if belongs(certificate.public_key)]
    if not fitting:
        raise _mismatch()
    return max(fitting, key=lambda certificate: certificate.not_before)


def _issuers(own: Certificate, found: Iterable[Certificate]) -> tuple[Certificate, ...]:
    pool = [certificate for certificate in found if not certificate.self_signed]
    chain: list[Certificate] = []
    current = own
    while not current.self_issued:
        issuer = next((one for one in pool if one not in chain and one != own and current.issued_by(one)), None)
        if issuer is None:
            break
        chain.append(issuer)
        current = issuer
    return tuple(chain)


def _prove(private_key: Any, certificate: Certificate, algorithm: str) -> None:
    """Sign and verify once: the key works and is the certificate's."""
    if not same_key(certificate.public_key, private_key.public_key()):
        raise _mismatch()
    if not table.verify(algorithm, certificate.public_key, table.sign(algorithm, private_key, _PROOF), _PROOF):
        raise _mismatch()


def _kind(certificate: Certificate, said: str | None) -> str:
    known = certificate.kind
    if said is not None and said not in get_args(SignerKind):
        raise MisuseError("signer.bad-kind", "kind is not known", f"use one of {', '.join(get_args(SignerKind))}")
    if said is None or said == known:
        return known
    if known != "unknown":
        raise MisuseError(
            "signer.kind-contradicts",
            f"the certificate says that its subject is: {known}; kind= says {said}",
            "leave kind= out; it is for certificates that do not say",
        )
    return said


def _mismatch() -> MisuseError:
    return MisuseError(
        "signer.key-mismatch",
        "the private key does not belong to the certificate",
        "store the key together with its own certificate",
    )


def _not_movable() -> MisuseError:
    return MisuseError(
        "signer.not-movable", "a Signer is neither copied nor pickled", "open it in the process that uses it"
    )
