"""Issuing for the throw-away town: certificates (RFC 5280, EN 319 412), CRLs (RFC 5280 5), OCSP (RFC 6960).

Functions from values to values: every time is an argument. Serial numbers and keys are random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import AuthorityInformationAccessOID

from toyono_trust.core.algorithms import digest, digest_by_oid, sign, signature_algorithm_identifier
from toyono_trust.core.asn1 import (
    Reader,
    der,
    explicit,
    generalized,
    malformed,
    null,
    octet_string,
    oid_der,
    sequence,
)
from toyono_trust.devpki.profiles import ARC, Profile
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.extensions import KEY_USAGES

__all__ = ["CRL_DAYS", "Issuer", "Revocation", "crl", "generate_key", "issue", "ocsp_failure", "ocsp_response"]

CRL_DAYS = 365
"""How long a CRL holds: the demo's files must verify for a year without the town's servers."""
OCSP_DAYS = 7

_QC_TYPES = {"natural": "0.4.0.1862.1.6.1", "legal": "0.4.0.1862.1.6.2", "web": "0.4.0.1862.1.6.3"}
_SEMANTICS = {"natural": "0.4.0.194121.1.1", "legal": "0.4.0.194121.1.2"}
_EXTENDED_USAGES = {"tsa": "1.3.6.1.5.5.7.3.8", "ocsp": "1.3.6.1.5.5.7.3.9", "web": "1.3.6.1.5.5.7.3.1"}
_NO_CHECKS = {
    "ocsp-nocheck": "1.3.6.1.5.5.7.48.1.5",
    "validity-assured": "0.4.0.194121.2.1",
    "no-rev-avail": "2.5.29.56",
}
_REASONS = {"unspecified": 0, "key_compromise": 1, "affiliation_changed": 3, "superseded": 4, "certificate_hold": 6}
_NONCE = "1.3.6.1.5.5.7.48.1.2"


class Issuer(NamedTuple):
    """A CA that signs: its name in URLs, certificate and private key."""

    name: str
    certificate: Certificate
    key: Any


class Revocation(NamedTuple):
    """One revoked certificate. ``reason``: ``cryptography``'s words, e.g. ``"key_compromise"``."""

    serial: int
    at: datetime
    reason: str = "unspecified"


def generate_key(kind: str) -> Any:
    """A fresh private key: ``p256`` ``p384`` ``p521`` ``rsa-<bits>`` ``ed25519`` ``ml-dsa-65``."""
    if kind.startswith("rsa-"):
        # 1024 is made on purpose, for the tests of weak keys
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ml-dsa-65":
        from cryptography.hazmat.primitives.asymmetric import mldsa  # not in every build of cryptography

        return mldsa.MLDSA65PrivateKey.generate()
    curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def issue(profile: Profile, public_key: Any, issuer: Issuer | None, key: Any, now: datetime, base_url: str) -> bytes:
    """DER of a certificate. ``issuer`` None: self-signed with ``key``, which otherwise is the issuer's."""
    subject = x509.Name([_attribute(kind, text) for kind, text in profile.subject])
    issuer_name = x509.load_der_x509_certificate(issuer.certificate.der).subject if issuer else subject
    end = now + timedelta(days=profile.end)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=profile.start))
        .not_valid_after(min(end, issuer.certificate.not_after) if issuer else end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(profile), critical=True)
    )
    for extension, critical in _extensions(profile, issuer, base_url):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hash_for(key)).public_bytes(Encoding.DER)


def _attribute(kind: str, text: str) -> x509.NameAttribute[Any]:
    printable = kind in ("2.5.4.6", "2.5.4.5")  # X.520: PrintableString
    return x509.NameAttribute(
        x509.ObjectIdentifier(kind), text, _ASN1Type.PrintableString if printable else _ASN1Type.UTF8String
    )


def _key_usage(profile: Profile) -> x509.KeyUsage:
    names = ("keyCertSign", "cRLSign") if profile.role == "ca" else profile.usages
    return x509.KeyUsage(*(name in names for name in KEY_USAGES))


def _extensions(profile: Profile, issuer: Issuer | None, base_url: str) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if profile.role == "ca":
        found.append((x509.BasicConstraints(ca=True, path_length=0 if issuer else None), True))
    policy = "2.5.29.32.0" if profile.role == "ca" else f"{ARC}.412.1"
    if issuer:
        found.append((x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]), False))
        if profile.no_check is None:
            found += _sources(issuer, base_url)
    if profile.role in _EXTENDED_USAGES:
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(_EXTENDED_USAGES[profile.role])])
        found.append((usage, profile.role == "tsa" and not profile.bare_time_stamping))
    names = [*map(x509.DNSName, profile.dns), *map(x509.UniformResourceIdentifier, profile.uris)]
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    if profile.role in _QC_TYPES:
        found.append((_unrecognized("1.3.6.1.5.5.7.1.3", _qc_statements(profile.role)), False))
    if profile.no_check is not None:
        found.append((_unrecognized(_NO_CHECKS[profile.no_check], null()), False))
    return found


def _sources(issuer: Issuer, base_url: str) -> list[tuple[x509.ExtensionType, bool]]:
    """Where revocation data and the issuer's certificate are: CRL always, OCSP for what ``ca`` issues."""
    ways = [(AuthorityInformationAccessOID.CA_ISSUERS, f"{base_url}/ca/{issuer.name}.cer")]
    if issuer.name == "ca":
        ways.append((AuthorityInformationAccessOID.OCSP, f"{base_url}/ocsp"))
    access = [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for way, url in ways]
    crl_url = x509.UniformResourceIdentifier(f"{base_url}/crl/{issuer.name}.crl")
    point = x509.DistributionPoint([crl_url], relative_name=None, reasons=None, crl_issuer=None)
    return [(x509.AuthorityInformationAccess(access), False), (x509.CRLDistributionPoints([point]), False)]


def _qc_statements(role: str) -> bytes:
    """QcType (EN 319 412-5 4.2.3), identifier semantics (412-1 5). No QcCompliance: nothing here is qualified."""
    statements = [sequence(oid_der("0.4.0.1862.1.6"), sequence(oid_der(_QC_TYPES[role])))]
    if role in _SEMANTICS:
        statements.append(sequence(oid_der("1.3.6.1.5.5.7.11.2"), sequence(oid_der(_SEMANTICS[role]))))
    return sequence(*statements)


def _unrecognized(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def crl(issuer: Issuer, revocations: Sequence[Revocation], number: int, at: datetime) -> bytes:
    """DER of the issuer's complete CRL with thisUpdate ``at``, good for ``CRL_DAYS``."""
    certificate = x509.load_der_x509_certificate(issuer.certificate.der)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=CRL_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    for revocation in revocations:
        entry = x509.RevokedCertificateBuilder().serial_number(revocation.serial).revocation_date(revocation.at)
        if revocation.reason != "unspecified":  # 5.3.1: absent rather than unspecified
            reason = x509.ReasonFlags[revocation.reason]
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hash_for(issuer.key)).public_bytes(Encoding.DER)


def ocsp_response(
    request: bytes, ca: Certificate, known: Mapping[int, Revocation | None], responder: Issuer, at: datetime
) -> bytes:
    """Answer an OCSPRequest (RFC 6960 4.1) for certificates of ``ca``; a broken request gets malformedRequest.

    ``known``: serial number → its revocation, or None where it is good. Others are ``unknown``. ``responder`` signs and
    goes along (a delegated responder, 4.2.2.2). producedAt and thisUpdate are ``at``; it holds for ``OCSP_DAYS``.
    Written here octet by octet, because the builder of ``cryptography`` reads the clock for producedAt.
    """
    try:
        wanted, nonce = _read_request(request)
    except MalformedError:
        return ocsp_failure(1)
    spans = (generalized(at), explicit(0, generalized(at + timedelta(days=OCSP_DAYS))))
    answers = [
        sequence(identifier, _status(serial, ours, known), *spans)
        for identifier, serial, ours in ((tlv, serial, _is_of(ca, facts)) for tlv, serial, facts in wanted)
    ]
    extensions = b"" if nonce is None else explicit(1, sequence(sequence(oid_der(_NONCE), octet_string(nonce))))
    responder_id = explicit(1, responder.certificate.subject_der)
    data = sequence(responder_id, generalized(at), sequence(*answers), extensions)
    algorithm = f"ecdsa-{hash_for(responder.key).name}"
    signature = der(0x03, b"\0", sign(algorithm, responder.key, data))
    chain = explicit(0, sequence(responder.certificate.der))
    basic = sequence(data, signature_algorithm_identifier(algorithm), signature, chain)
    return sequence(der(0x0A, b"\0"), explicit(0, sequence(oid_der("1.3.6.1.5.5.7.48.1.1"), octet_string(basic))))


def hash_for(key: Any) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """The hash that goes with an authority's key: SHA-384 with P-384, SHA-512 with P-521, else SHA-256."""
    size = getattr(key, "key_size", 0)
    if size == 384:
        return hashes.SHA384()
    return hashes.SHA512() if size == 521 else hashes.SHA256()


def ocsp_failure(status: int) -> bytes:
    """An unsigned OCSPResponse: 1 malformedRequest, 2 internalError, 3 tryLater, 6 unauthorized."""
    return sequence(der(0x0A, bytes([status])))


Wanted = tuple[bytes, int, tuple[str, bytes, bytes]]


def _read_request(request: bytes) -> tuple[list[Wanted], bytes | None]:
    """CertID TLVs with serial number and (hash, name hash, key hash), and the nonce's contents."""
    reader = Reader(request)
    members = reader.children(reader.members(reader.root(), 0x30, 1, 2)[0])
    rest = [member for member in members if member[0] not in (0xA0, 0xA1)]
    wanted: list[Wanted] = []
    for single in reader.children(reader.expect(rest[0], 0x30)) if rest else []:
        identifier = reader.members(single, 0x30, 1, 2)[0]
        algorithm, name, key, serial = reader.members(identifier, 0x30, 4, 4)
        oid, *parameters = reader.members(algorithm, 0x30, 1, 2)
        for parameter in parameters:
            reader.null(parameter)
        digest_name = digest_by_oid(reader.oid(oid))
        digest(digest_name, b"")  # an unknown one is malformed
        facts = (digest_name, reader.octets(name), reader.octets(key))
        wanted.append((reader.tlv(identifier), reader.integer(serial), facts))
    if not wanted:
        raise malformed("members", "the request asks for nothing")
    nonce = None
    for holder in rest[1:]:
        for extension in reader.children(reader.members(holder, 0xA2, 1, 1)[0]):
            parts = reader.members(extension, 0x30, 2, 3)
            if reader.oid(parts[0]) == _NONCE:
                nonce = reader.octets(parts[-1])
    return wanted, nonce


def _is_of(ca: Certificate, facts: tuple[str, bytes, bytes]) -> bool:
    """Whether a CertID names ``ca`` (RFC 6960 4.1.1)."""
    name, issuer_name_hash, issuer_key_hash = facts
    reader = Reader(ca.public_key_der)
    key = reader.bits(reader.members(reader.root(), 0x30, 2, 2)[1])
    try:
        return (digest(name, ca.subject_der), digest(name, key)) == (issuer_name_hash, issuer_key_hash)
    except MalformedError:
        return False


def _status(serial: int, ours: bool, known: Mapping[int, Revocation | None]) -> bytes:
    if not ours or serial not in known:
        return der(0x82)
    revocation = known[serial]
    if revocation is None:
        return der(0x80)
    reason = _REASONS[revocation.reason]
    return der(0xA1, generalized(revocation.at), explicit(0, der(0x0A, bytes([reason]))) if reason else b"")
