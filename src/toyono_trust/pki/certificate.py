"""Facts of one X.509 certificate (RFC 5280; whom it names: EN 319 412, see ``pki.subject``).

Read with our own strict reader, so that no library's warnings or whims decide whether a certificate can be looked at;
only the public key is loaded by ``cryptography``. No trust and no time: whether the certificate may be relied upon is
said by ``pki.path`` and ``pki.revocation``. Everything signed or hashed is a slice of the given bytes.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn

from toyono_trust.core.algorithms import (
    MAX_RSA_EXPONENT_BITS,
    KeyFacts,
    key_facts,
    read_signature_algorithm,
    verify,
)
from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.core.limits import MAX_CERTIFICATE_NODES
from toyono_trust.errors import MalformedError
from toyono_trust.pki.extensions import (
    AlternativeNames,
    AuthorityKeyIdentifier,
    Extensions,
    QcStatements,
    read_extensions,
)
from toyono_trust.pki.names import Name, read_name, rfc4514
from toyono_trust.pki.subject import Kind, check_houjin_bangou, doubtful_houjin_bangou, identifiers_of, kind_of

__all__ = ["Certificate", "Note", "check_houjin_bangou"]

Note = tuple[str, str, Mapping[str, Any]]
"""A code of ``core.findings``, the subject it is about, and the values of its text."""

_OCSP_NOCHECK, _VALIDITY_ASSURED, _NO_REV_AVAIL = "1.3.6.1.5.5.7.48.1.5", "0.4.0.194121.2.1", "2.5.29.56"

_QUIET_KEYS = frozenset(
    {
        "1.2.840.113549.1.1.1",  # rsaEncryption
        "1.3.101.112",
        "1.3.101.113",
        "2.16.840.1.101.3.4.3.17",
        "2.16.840.1.101.3.4.3.18",
        "2.16.840.1.101.3.4.3.19",
    }
)
"""Key algorithms that ``cryptography`` loads without ever warning; the others are loaded with warnings held back."""

_warnings_held_back = threading.Lock()


class Certificate:
    """One certificate, immutable. Make it with ``Certificate.load``.

    Attributes:
        der: the bytes, as given. sha256: their SHA-256, 32 octets.
        serial: serial number (RFC 5280 4.1.2.2; may be negative or huge in bad certificates).
        issuer_der, subject_der: the Names, as they stand in the bytes.
        not_before, not_after: first and last second of validity, aware, UTC.
        public_key_der: SubjectPublicKeyInfo. signed: tbsCertificate.
        signature: octets of the value over ``signed``; empty, so that it never verifies, where they are not whole.
        signature_algorithm: name in ``core.algorithms``, or the OID where it is unknown; salt_length: for PSS.
        extensions: dotted OID → (critical, contents of extnValue).
    """

    __slots__ = (
        "_facts",
        "_issuer",
        "_key",
        "_kind",
        "_load_notes",
        "_subject",
        "_verified",
        "der",
        "extensions",
        "issuer_der",
        "not_after",
        "not_before",
        "public_key_der",
        "salt_length",
        "serial",
        "sha256",
        "signature",
        "signature_algorithm",
        "signed",
        "subject_der",
    )

    der: bytes
    sha256: bytes
    serial: int
    issuer_der: bytes
    subject_der: bytes
    not_before: datetime
    not_after: datetime
    public_key_der: bytes
    signed: bytes
    signature: bytes
    signature_algorithm: str
    salt_length: int | None
    extensions: Mapping[str, tuple[bool, bytes]]

    _facts: Extensions | None
    _issuer: str | None
    _key: tuple[Any, KeyFacts | None, str] | None
    _kind: tuple[Kind, bool] | None
    _load_notes: tuple[Note, ...]
    _subject: tuple[Name, str] | None
    _verified: bool | None

    @classmethod
    def load(cls, der: bytes) -> Certificate:
        """Read a DER certificate; nothing is kept beyond the returned value.

        Raises ``MalformedError`` (``certificate.malformed``) where the structure of RFC 5280 4.1 is broken. A property
        or extension that cannot be read does not stop the reading: see ``notes``.
        """
        self = cls.__new__(cls)
        keep = object.__setattr__
        for lazy in ("_facts", "_issuer", "_key", "_kind", "_subject", "_verified"):
            keep(self, lazy, None)
        der = bytes(der)
        keep(self, "der", der)
        keep(self, "sha256", hashlib.sha256(der).digest())
        try:
            _read(self, Reader(der, lenient=True, nodes=MAX_CERTIFICATE_NODES), keep)
        except MalformedError as error:
            raise MalformedError(
                "certificate.malformed", f"not a certificate: {error.message}", offset=error.offset
            ) from None
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a certificate does not change")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return Certificate.load, (self.der,)

    def __repr__(self) -> str:
        return f"<Certificate {self.subject or '(no subject)'} sha256:{self.sha256.hex()[:16]}>"

    # Names and subject

    @property
    def subject(self) -> str:
        """Subject as RFC 4514 text, safe to print; ``#`` and hex digits where the Name cannot be read."""
        return self._named()[1]

    @property
    def issuer(self) -> str:
        """Issuer as RFC 4514 text, safe to print."""
        if self._issuer is None:
            object.__setattr__(self, "_issuer", _name(self.issuer_der)[1])
        return self._issuer  # type: ignore[return-value]

    @property
    def subject_name(self) -> Name:
        """Subject as RDNs in the order of the bytes; empty where it cannot be read."""
        return self._named()[0]

    @property
    def kind(self) -> Kind:
        """The kind of subject by the rules of ``pki.subject``."""
        return self._judged_kind()[0]

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The subject's own identifiers, preferred first; the last is ``sha256:<hex of the certificate's digest>``."""
        return identifiers_of(self.kind, self.subject_name, self._read_extensions(), self.sha256)

    @property
    def identifier(self) -> str:
        """The preferred identifier, e.g. ``NTRJP-9234567890123``."""
        return self.identifiers[0]

    @property
    def names(self) -> AlternativeNames:
        """Subject alternative names."""
        return self._read_extensions().names

    # Key

    @property
    def public_key(self) -> Any:
        """The ``cryptography`` public key, loaded once; None where it cannot be used, ``key_problem`` says why."""
        return self._load_key()[0]

    @property
    def key(self) -> KeyFacts | None:
        """Family, bits and curve of the key; None where it cannot be used."""
        return self._load_key()[1]

    @property
    def key_problem(self) -> str:
        """Why there is no public key; empty where there is one."""
        return self._load_key()[2]

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether ``issuer``'s subject is this certificate's issuer (same bytes) and its key made the signature."""
        if issuer.subject_der != self.issuer_der or issuer.public_key is None:
            return False
        return verify(
            self.signature_algorithm, issuer.public_key, self.signature, self.signed, salt_length=self.salt_length
        )

    @property
    def self_issued(self) -> bool:
        """Issuer and subject are the same Name (RFC 5280 3.2)."""
        return self.issuer_der == self.subject_der

    @property
    def self_signed(self) -> bool:
        """Self-issued, and the signature is by its own key (RFC 5280 3.2); checked once."""
        if self._verified is None:
            object.__setattr__(self, "_verified", self.issued_by(self))
        return bool(self._verified)

    # Extensions

    @property
    def is_ca(self) -> bool:
        """``basicConstraints.cA``; False where absent or unreadable."""
        return self._read_extensions().is_ca

    @property
    def path_length(self) -> int | None:
        """``basicConstraints.pathLenConstraint``."""
        return self._read_extensions().path_length

    @property
    def key_usage(self) -> frozenset[str] | None:
        """Names of RFC 5280 4.2.1.3; None where the extension is absent, empty where it cannot be read."""
        return self._read_extensions().key_usage

    @property
    def extended_key_usage(self) -> frozenset[str] | None:
        """Dotted OIDs (RFC 5280 4.2.1.12); None where absent, empty where unreadable."""
        return self._read_extensions().extended_key_usage

    @property
    def extended_key_usage_critical(self) -> bool:
        """Whether extended key usage is there and critical, as RFC 3161 2.3 demands of a TSA."""
        return self.extensions.get("2.5.29.37", (False, b""))[0]

    @property
    def subject_key_identifier(self) -> bytes | None:
        """RFC 5280 4.2.1.2."""
        return self._read_extensions().subject_key_identifier

    @property
    def authority_key_identifier(self) -> AuthorityKeyIdentifier:
        """RFC 5280 4.2.1.1; members None where absent."""
        return self._read_extensions().authority_key_identifier

    @property
    def policies(self) -> tuple[str, ...]:
        """Dotted OIDs of certificatePolicies (RFC 5280 4.2.1.4)."""
        return self._read_extensions().policies

    @property
    def qc(self) -> QcStatements:
        """Facts of the QCStatements (EN 319 412-5); all empty where there are none."""
        return self._read_extensions().qc

    @property
    def crl_urls(self) -> tuple[str, ...]:
        """URIs of the CRL distribution points (RFC 5280 4.2.1.13)."""
        return self._read_extensions().crl_urls

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """OCSP responders of the authority information access (RFC 5280 4.2.2.1)."""
        return self._read_extensions().ocsp_urls

    @property
    def issuer_urls(self) -> tuple[str, ...]:
        """Where the issuer's certificate may be fetched (caIssuers, RFC 5280 4.2.2.1)."""
        return self._read_extensions().issuer_urls

    @property
    def no_revocation_needed(self) -> str | None:
        """Why no revocation data is required, or None.

        ``"ocsp-nocheck"`` (RFC 6960 4.2.2.2.1) counts for OCSP responders only; ``"validity-assured"`` (EN 319 412-1
        5.2) and ``"no-rev-avail"`` (RFC 9608) count neither for a CA nor for a TSA nor for an OCSP responder.
        """
        if self.kind == "ocsp-responder":
            return "ocsp-nocheck" if _OCSP_NOCHECK in self.extensions else None
        if self.kind in ("ca", "tsa"):
            return None
        if _VALIDITY_ASSURED in self.extensions:
            return "validity-assured"
        return "no-rev-avail" if _NO_REV_AVAIL in self.extensions else None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is odd about this certificate, as (code, subject, values); nothing here is a verdict."""
        facts, subject = self._read_extensions(), self.subject
        notes = [*self._load_notes]
        notes += [("certificate.unreadable-extension", subject, {"oid": oid}) for oid in facts.unreadable]
        notes += [
            ("certificate.unreadable-name", subject, {"field": field})
            for field, text in (("subject", subject), ("issuer", self.issuer))
            if text.startswith("#")
        ]
        if self.public_key is None:
            notes.append(("certificate.unsupported-key", subject, {"reason": self.key_problem}))
        if self._judged_kind()[1]:
            notes.append(("certificate.kind-contradiction", subject, {}))
        for identifier in doubtful_houjin_bangou(self.identifiers):
            notes.append(("certificate.houjin-bangou-check-digit", subject, {"identifier": identifier}))
        if _NO_REV_AVAIL in self.extensions and (facts.is_ca or facts.crl_urls or facts.ocsp_urls):
            notes.append(("certificate.no-rev-avail-contradiction", subject, {}))
        return tuple(notes)

    def _read_extensions(self) -> Extensions:
        if self._facts is None:
            object.__setattr__(self, "_facts", read_extensions(self.extensions))
        return self._facts  # type: ignore[return-value]

    def _named(self) -> tuple[Name, str]:
        if self._subject is None:
            object.__setattr__(self, "_subject", _name(self.subject_der))
        return self._subject  # type: ignore[return-value]

    def _judged_kind(self) -> tuple[Kind, bool]:
        if self._kind is None:
            object.__setattr__(self, "_kind", kind_of(self.subject_name, self._read_extensions()))
        return self._kind  # type: ignore[return-value]

    def _load_key(self) -> tuple[Any, KeyFacts | None, str]:
        if self._key is None:
            object.__setattr__(self, "_key", _load_key(self.public_key_der))
        return self._key  # type: ignore[return-value]


def _read(self: Certificate, reader: Reader, keep: Any) -> None:
    """Certificate and TBSCertificate, RFC 5280 4.1; ``keep`` sets a slot."""
    outer = reader.members(reader.root(), 0x30, 3, 3)
    if "trailing-octets" in reader.used:  # or one certificate would have many digests
        raise MalformedError("certificate.malformed", "octets behind the certificate")
    body = reader.children(reader.expect(outer[0], 0x30))
    version = 1
    if body and body[0][0] == 0xA0:
        version = reader.integer(_only(reader, body.pop(0))) + 1
    if len(body) < 6:
        raise MalformedError("certificate.malformed", "tbsCertificate lacks members", offset=outer[0][1])
    serial, algorithm, issuer, validity, subject, public_key = body[:6]
    for name in (issuer, subject):
        reader.expect(name, 0x30)
    if reader.tlv(algorithm) != reader.tlv(outer[1]):  # 4.1.1.2
        raise MalformedError("certificate.malformed", "the two signature algorithms differ", offset=outer[1][1])
    not_before, not_after = reader.members(validity, 0x30, 2, 2)
    keep(self, "serial", reader.integer(serial))
    keep(self, "issuer_der", reader.tlv(issuer))
    keep(self, "subject_der", reader.tlv(subject))
    keep(self, "not_before", reader.time(not_before))
    keep(self, "not_after", reader.time(not_after))
    keep(self, "public_key_der", reader.tlv(reader.expect(public_key, 0x30)))
    keep(self, "signed", reader.tlv(outer[0]))
    signature = reader.value(reader.expect(outer[2], 3))
    keep(self, "signature", b"" if signature[:1] != b"\0" else signature[1:])
    name_of_algorithm, salt = _algorithm(reader, algorithm)
    keep(self, "signature_algorithm", name_of_algorithm)
    keep(self, "salt_length", salt)
    keep(self, "extensions", _extensions(reader, body[6:]))
    keep(self, "_load_notes", tuple(_load_notes(self, reader, version)))


def _load_notes(self: Certificate, reader: Reader, version: int) -> list[Note]:
    notes: list[Note] = []
    if reader.used:
        notes.append(("certificate.not-der", self.subject, {"leniencies": ", ".join(sorted(reader.used))}))
    if self.serial <= 0 or self.serial.bit_length() > 160:
        notes.append(("certificate.serial-number", self.subject, {}))
    if version not in (1, 2, 3) or (self.extensions and version != 3):
        notes.append(("certificate.version", self.subject, {"version": version}))
    return notes


def _extensions(reader: Reader, rest: list[Node]) -> Mapping[str, tuple[bool, bytes]]:
    """issuerUniqueID, subjectUniqueID and extensions; an extension that stands twice is malformed (4.2)."""
    while rest and rest[0][0] in (0x81, 0x82, 0xA1, 0xA2):
        rest = rest[1:]
    if not rest:
        return MappingProxyType({})
    if len(rest) != 1 or rest[0][0] != 0xA3:
        raise MalformedError("certificate.malformed", "members after the public key", offset=rest[0][1])
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in reader.children(reader.expect(_only(reader, rest[0]), 0x30)):
        members = reader.members(extension, 0x30, 2, 3)
        oid = reader.oid(members[0])
        critical = len(members) == 3 and reader.boolean(members[1])
        if len(members) == 3 and not critical:
            reader.allow("default-encoded", members[1][1])
        if oid in found:
            raise MalformedError("certificate.malformed", f"extension {oid} stands twice", offset=extension[1])
        found[oid] = (critical, reader.octets(members[-1]))
    return MappingProxyType(found)


def _algorithm(reader: Reader, node: Node) -> tuple[str, int | None]:
    members = reader.members(node, 0x30, 1, 2)
    return read_signature_algorithm(reader.oid(members[0]), reader.tlv(members[1]) if len(members) == 2 else None)


def _only(reader: Reader, node: Node) -> Node:
    children = reader.children(node)
    if len(children) != 1:
        raise MalformedError("certificate.malformed", "an explicit tag holds exactly one value", offset=node[1])
    return children[0]


def _name(der: bytes) -> tuple[Name, str]:
    try:
        name = read_name(der)
    except MalformedError:
        return (), f"#{der.hex()}"
    return name, rfc4514(name)


_SMALL_ORDER = frozenset(
    {
        0,
        1,
        2**255 - 20,
        2**255 - 19,
        2**255 - 18,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)
"""y of the points of Ed25519 whose order divides 8; p and p + 1 are 0 and 1 written longer (RFC 8032 5.1.3)."""


def _of_small_order(key: bytes) -> bool:
    """Whether one signature value fits every message under this key; libraries let such keys through."""
    return int.from_bytes(key, "little") & (1 << 255) - 1 in _SMALL_ORDER


def _load_key(der: bytes) -> tuple[Any, KeyFacts | None, str]:
    """The key, its facts and why it is missing. ``cryptography`` warns about some keys, which must reach nobody."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        reader = Reader(der, lenient=True)
        algorithm = reader.children(reader.root())[0]
        oid = reader.oid(reader.children(algorithm)[0])
        if oid in _QUIET_KEYS:
            key: Any = load_der_public_key(der)
        else:
            with _warnings_held_back, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                key = load_der_public_key(der)
        facts = key_facts(key)
        if facts.family == "rsa" and key.public_numbers().e.bit_length() > MAX_RSA_EXPONENT_BITS:
            return None, None, "the RSA key's public exponent is too long"
        if facts.family == "ed25519" and _of_small_order(key.public_bytes_raw()):
            return None, None, "the Ed25519 key is a point of small order"
        return key, facts, ""
    except (MalformedError, IndexError):
        return None, None, "the public key cannot be read"
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return None, None, str(error) or "the kind of public key is not supported"
