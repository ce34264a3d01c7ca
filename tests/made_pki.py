"""Small certificates, CRLs and OCSP responses for tests, made with ``cryptography`` at fixed dates."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from toyono_trust.core import asn1
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier, signature_algorithm_identifier
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.link import key_bits
from toyono_trust.pki.ocsp import OcspResponse

T0 = datetime(2026, 1, 1, tzinfo=UTC)
"""From when the certificates are valid."""
AT = datetime(2026, 7, 1, tzinfo=UTC)
"""When tests look at them."""
END = datetime(2029, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

_serials = itertools.count(1000)
_keys: dict[str, Any] = {}


def key_of(name: str) -> Any:
    """The one key of this name."""
    if name not in _keys:
        _keys[name] = ec.generate_private_key(ec.SECP256R1())
    return _keys[name]


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*names: str) -> x509.KeyUsage:
    """Key usage by ``cryptography``'s names."""
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    every += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{each: each in names for each in every})


CA_USAGE = usage("key_cert_sign", "crl_sign")
TSA = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
OCSP = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


class Made(NamedTuple):
    certificate: Certificate
    x509: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.der


def issue(
    subject: str,
    issuer: Made | None = None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    key_usage: x509.KeyUsage | None = None,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    start: datetime = T0,
    end: datetime = END,
    key: str | None = None,
    serial: int | None = None,
    signing_key: Any = None,
    issuer_name: str | None = None,
) -> Made:
    """A certificate of ``subject``; self-signed without an issuer. Key identifiers are always there."""
    own = key_of(key or subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of(issuer_name) if issuer_name else issuer.x509.subject if issuer else name_of(subject))
        .public_key(own.public_key())
        .serial_number(serial or next(_serials))
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    signer = signing_key or (issuer.key if issuer else own)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
    wanted = key_usage or (CA_USAGE if ca else usage("digital_signature"))
    builder = builder.add_extension(wanted, critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(signer, hashes.SHA256())
    return Made(Certificate.load(made.public_bytes(Encoding.DER)), made, own)


def crl(
    issuer: Made,
    revoked: Iterable[tuple[int, datetime, x509.ReasonFlags | None]] = (),
    *,
    at: datetime = AT - DAY,
    until: datetime | None = AT + 7 * DAY,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    key: Any = None,
) -> Crl:
    """A CRL with (serial, revoked at, reason) entries."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.x509.subject).last_update(at)
    builder = builder.next_update(until or at + 3650 * DAY)
    for serial, when, reason in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Crl.load(builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER))


def ocsp_response(
    certificate: Made,
    issuer: Made,
    responder: Made,
    *,
    at: datetime = AT - DAY,
    produced: datetime | None = None,
    until: datetime | None = AT + DAY,
    revoked_at: datetime | None = None,
    reason: int | None = None,
    by_name: bool = False,
    carry: bool = True,
    unknown: bool = False,
    key: Any = None,
    extensions: Iterable[tuple[str, bool, bytes]] = (),
    algorithm: str = "sha1",
    default_version: bool = False,
    bare: bool = False,
) -> OcspResponse:
    """A response about one certificate (``cryptography`` would take producedAt from the clock)."""
    public = key_bits(responder.certificate.public_key_der)
    identifier = asn1.explicit(1, responder.certificate.subject_der)
    if not by_name:
        identifier = asn1.explicit(2, asn1.octet_string(hashlib.sha1(public).digest()))
    status = asn1.der(0x82 if unknown else 0x80)
    if revoked_at is not None:
        why = b"" if reason is None else asn1.explicit(0, asn1.der(0x0A, bytes((reason,))))
        status = asn1.der(0xA1, asn1.generalized(revoked_at), why)
    single = asn1.sequence(
        asn1.sequence(
            digest_algorithm_identifier(algorithm),
            asn1.octet_string(digest(algorithm, issuer.certificate.subject_der)),
            asn1.octet_string(digest(algorithm, key_bits(issuer.certificate.public_key_der))),
            asn1.integer_der(certificate.certificate.serial),
        ),
        status,
        asn1.generalized(at),
        b"" if until is None else asn1.explicit(0, asn1.generalized(until)),
        _extensions(extensions),
    )
    data = asn1.sequence(
        asn1.explicit(0, asn1.integer_der(0)) if default_version else b"",
        identifier,
        asn1.generalized(produced or at),
        asn1.sequence(single),
    )
    signer = key or responder.key
    basic = asn1.sequence(
        data,
        signature_algorithm_identifier("ecdsa-sha256"),
        asn1.bit_string(signer.sign(data, ec.ECDSA(hashes.SHA256()))),
        asn1.explicit(0, asn1.sequence(responder.der)) if carry else b"",
    )
    if bare:
        return OcspResponse.load(basic)
    kind = asn1.oid_der("1.3.6.1.5.5.7.48.1.1")
    body = asn1.explicit(0, asn1.sequence(kind, asn1.octet_string(basic)))
    return OcspResponse.load(asn1.sequence(asn1.der(0x0A, b"\0"), body))


def _extensions(extensions: Iterable[tuple[str, bool, bytes]]) -> bytes:
    made = [
        asn1.sequence(asn1.oid_der(oid), asn1.boolean_der(True) if critical else b"", asn1.octet_string(value))
        for oid, critical, value in extensions
    ]
    return asn1.explicit(1, asn1.sequence(*made)) if made else b""
