"""Requests for issuers' certificates, CRLs and OCSP responses, as ``Fetch``es of addresses that certificates name.

Shared by whoever renews a trust folder and whoever gathers what a file needs. Only http and https are ever followed.
"""

from __future__ import annotations

import base64
from urllib.parse import quote, urlsplit

from toyono_trust.core.algorithms import digest, digest_algorithm_identifier
from toyono_trust.core.asn1 import explicit, integer_der, octet_string, oid_der, sequence
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import key_bits
from toyono_trust.steps import Fetch

__all__ = ["crl_fetch", "is_web", "issuer_fetch", "nonce_value", "ocsp_fetch", "ocsp_request", "request_of", "shown"]

MAX_CRL = 64 << 20
"""Octets of a fetched CRL; the largest public one seen has 30 MB."""
MAX_OCSP = 1 << 16
"""Octets of a fetched OCSP response; with certificates they have 2 to 6 KB."""
MAX_ISSUERS = 1 << 18
"""Octets of fetched issuers; a PKCS #7 bundle of a national bridge has some 30 KB."""
MAX_URL = 2_000
"""Octets of an address; those of certificates have some 100."""
MAX_GET = 255
"""A GET whose whole URL is shorter may carry an OCSP request (RFC 6960 A.1), and caches on the way may answer it."""
MAX_SHOWN = 200

_NONCE = "1.3.6.1.5.5.7.48.1.2"


def is_web(url: str) -> bool:
    """Whether an address is one of http or https that can be asked for; LDAP, files and all others are not followed."""
    return (
        url[:8].lower().startswith(("http://", "https://"))
        and len(url) <= MAX_URL
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )


def shown(url: str) -> str:
    """An address as findings and logs may repeat it: without credentials, query and fragment, printable and short."""
    clean = "".join(char if char.isascii() and char.isprintable() and char != " " else "_" for char in url[:MAX_URL])
    try:
        parts = urlsplit(clean)
    except ValueError:
        return clean.partition(":")[0][:MAX_SHOWN] + ":?"
    host = parts.netloc.rpartition("@")[2]
    text = f"{parts.scheme}:" + (f"//{host}" if parts.netloc or parts.scheme == "file" else "") + parts.path
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def nonce_value(nonce: bytes) -> bytes:
    """The contents of the nonce extension for 1 to 128 random octets, 32 as a rule (RFC 9654 2.1)."""
    return octet_string(nonce)


def ocsp_request(algorithm: str, name_hash: bytes, key_hash: bytes, serial: int, nonce: bytes | None = None) -> bytes:
    """DER OCSPRequest for one CertID (RFC 6960 4.1.1), not signed. Without a nonce caches may answer."""
    identifier = sequence(
        digest_algorithm_identifier(algorithm), octet_string(name_hash), octet_string(key_hash), integer_der(serial)
    )
    extensions = b""
    if nonce is not None:
        extensions = explicit(2, sequence(sequence(oid_der(_NONCE), octet_string(nonce_value(nonce)))))
    return sequence(sequence(sequence(sequence(identifier)), extensions))


def request_of(certificate: Certificate, issuer: Certificate, nonce: bytes | None = None) -> bytes:
    """The OCSPRequest for ``certificate``. Its CertID is made with SHA-1 (RFC 5019 2.1.1).

    Many responders know no other digest. It finds an entry in a table; nothing rests on its strength.
    """
    name, key = digest("sha1", certificate.issuer_der), digest("sha1", key_bits(issuer.public_key_der))
    return ocsp_request("sha1", name, key, certificate.serial, nonce)


def ocsp_fetch(url: str, request: bytes, *, get: bool = False) -> Fetch:
    """POST ``request`` to a responder, or ``get`` it where it is short enough (RFC 6960 A.1)."""
    if get:
        whole = url.removesuffix("/") + "/" + quote(base64.b64encode(request).decode(), safe="")
        if len(whole) < MAX_GET and "?" not in url and "#" not in url:
            return Fetch(whole, max_bytes=MAX_OCSP, named_by="file")
    return Fetch(url, "POST", (("content-type", "application/ocsp-request"),), request, MAX_OCSP, "file")


def crl_fetch(url: str, *, named_by: str = "file") -> Fetch:
    """GET a CRL (RFC 5280 4.2.1.13)."""
    return Fetch(url, max_bytes=MAX_CRL, named_by=named_by)


def issuer_fetch(url: str) -> Fetch:
    """GET the certificates that an authority information access names (RFC 5280 4.2.2.1)."""
    return Fetch(url, max_bytes=MAX_ISSUERS, named_by="file")
