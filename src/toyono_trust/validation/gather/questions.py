"""What is asked for and how an answer is read: issuers' certificates, CRLs, OCSP responses. Nothing here is trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from toyono_trust.core import cms
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.pki import requests
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.link import names_match, signed_by
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.revocation import Item
from toyono_trust.pki.trustfiles import read_items
from toyono_trust.steps import Fetch
from toyono_trust.validation.gather.chains import load

__all__ = ["Child", "IssuerQuestion", "Kind", "Link", "Question", "StatusQuestion", "certificates_in", "issued_within"]

Kind = Literal["issuer", "crl", "ocsp"]
Child = Certificate | Crl
"""What an issuer is looked for: a certificate, or a CRL that somebody else than its CA's known key has signed."""


class Link(NamedTuple):
    """A certificate whose status is wanted, and the rest of its path, issuer first."""

    certificate: Certificate
    issuers: tuple[Certificate, ...]

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The certificate and the key that stands over it."""
        return self.certificate.sha256, self.issuers[0].sha256


class IssuerQuestion:
    """Who issued ``children``? Asked at a caIssuers address (RFC 5280 4.2.2.1)."""

    kind: Kind = "issuer"

    def __init__(self, url: str, child: Child) -> None:
        self.url = url
        self.children = [child]
        self.max_bytes = requests.MAX_ISSUERS

    @property
    def key(self) -> Hashable:
        """What is asked only once."""
        return self.kind, self.url

    @property
    def subject(self) -> str:
        """Whom it concerns, in words."""
        child = self.children[0]
        return child.subject if isinstance(child, Certificate) else child.describe()

    def fetch(self, anew: bool, nonce: bytes | None) -> Fetch:
        """The request."""
        return requests.issuer_fetch(self.url)


class StatusQuestion:
    """What is the status of the certificates of ``links``? Asked for a CRL or at an OCSP responder.

    ``get``: by GET, so that caches may answer. ``nonce``: what was sent, for the comparison.
    """

    def __init__(self, kind: Kind, url: str, link: Link, max_age: timedelta | None, *, get: bool = False) -> None:
        self.kind, self.url, self.get = kind, url, get
        self.links = [link]
        self.max_bytes = requests.MAX_CRL if kind == "crl" else requests.MAX_OCSP
        self.nonce: bytes | None = None
        self._max_age = max_age
        self._read: tuple[bytes, Item] | None = None

    @property
    def key(self) -> Hashable:
        """What is asked only once."""
        return (self.kind, self.url) if self.kind == "crl" else (self.kind, self.url, self.get, *self.links[0].key)

    @property
    def subject(self) -> str:
        """Whom it concerns, in words."""
        return self.links[0].certificate.subject

    def fetch(self, anew: bool, nonce: bytes | None) -> Fetch:
        """The request. ``nonce``: random octets for OCSP; what answers them is for nobody else, so it is not kept."""
        certificate, issuer = self.links[0].certificate, self.links[0].issuers[0]
        if self.kind == "crl":
            request = requests.crl_fetch(self.url)
            subject = issuer.sha256
        else:
            self.nonce = None if nonce is None else requests.nonce_value(nonce)
            asked = requests.request_of(certificate, issuer, nonce)
            request = requests.ocsp_fetch(self.url, asked, get=self.get)
            subject = hashlib.sha256(certificate.sha256 + issuer.sha256).digest()
        keep = self.keep_until if self.nonce is None else None
        headers = (*request.headers, ("cache-control", "no-cache")) if anew else request.headers  # of caches on the way
        return request._replace(headers=headers, subject=subject.hex(), keep_until=keep, anew=anew)

    def read(self, body: bytes) -> Item:
        """The answer. Raises ``MalformedError``; code "revocation.ocsp-refused" where the responder refused."""
        if self._read is None or self._read[0] is not body:
            self._read = body, _crl_in(body) if self.kind == "crl" else OcspResponse.load(body)
        return self._read[1]

    def keep_until(self, body: bytes) -> datetime | None:
        """Until when a cache may keep an answer: it concerns the certificate, is signed by its CA, and is fresh.

        What proves nothing is not kept, or a wrong answer would stay. Called in another thread, while nobody else
        uses this question.
        """
        try:
            item = self.read(body)
        except MalformedError:
            return None
        certificate, issuer = self.links[0].certificate, self.links[0].issuers[0]
        issued, until = issued_within(item, certificate, issuer)
        if issued is None or until is None or not _signed_for(item, issuer):
            return None
        return until if self._max_age is None else min(until, issued + self._max_age)


Question = IssuerQuestion | StatusQuestion


def issued_within(item: Item, certificate: Certificate, issuer: Certificate) -> tuple[datetime | None, datetime | None]:
    """When the statement of ``item`` about ``certificate`` was made, and its nextUpdate; (None, None) without any."""
    if isinstance(item, Crl):
        if not names_match(item.issuer_der, certificate.issuer_der):
            return None, None
        return item.this_update, item.next_update
    single = item.find(certificate, issuer)
    return (None, None) if single is None else (max(item.produced_at, single.this_update), single.next_update)


def _signed_for(item: Item, issuer: Certificate) -> bool:
    """Whether the CA itself signed it, or (OCSP) somebody whose certificate goes along and is the CA's."""
    if item.signed_by(issuer):
        return True
    if isinstance(item, Crl):
        return False
    responders = (load(der) for der in item.certificates)
    return any(each is not None and item.signed_by(each) and signed_by(each, issuer) for each in responders)


def _crl_in(body: bytes) -> Crl:
    if not _is_armoured(body):
        return Crl.load(body)
    found = [der for kind, der in _armoured(body) if kind == "crl"]
    if len(found) != 1:
        raise MalformedError("revocation.malformed-crl", "not one CRL", "ask its issuer")
    return Crl.load(found[0])


def certificates_in(body: bytes) -> list[Certificate]:
    """The certificates of an answer: DER, PKCS #7 "certs-only" (RFC 5280 4.2.2.1), or PEM, which some servers send.

    Raises ``MalformedError`` where it holds none.
    """
    if _is_armoured(body):
        ders = [der for kind, der in _armoured(body) if kind == "certificate"]
    else:
        try:
            return [Certificate.load(body)]
        except MalformedError:
            ders = list(cms.read(body, lenient=True).certificates)
    found = [certificate for certificate in map(load, ders) if certificate is not None]
    if not found:
        raise MalformedError("certificate.malformed", "there is no certificate in it")
    return found


def _is_armoured(body: bytes) -> bool:
    """Whether it is PEM (RFC 7468), words before it included; DER begins with a SEQUENCE."""
    return body[:1] != b"\x30" and b"-----BEGIN " in body


def _armoured(body: bytes) -> list[tuple[str, bytes]]:
    try:
        return [(item.kind, item.der) for item in read_items(body, "the answer")]
    except MisuseError as error:  # of a trust folder; here nobody misused anything
        raise MalformedError("certificate.malformed", error.message) from error
