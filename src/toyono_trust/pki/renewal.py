"""Keeping the revocation data of a trust folder fresh: what lapses soon, and the requests that renew it.

Steps without I/O: the caller drives them and writes the files. What comes back is read before it is handed on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from toyono_trust.errors import TrustError, UnavailableError
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.link import names_match
from toyono_trust.pki.ocsp import OcspResponse, Single
from toyono_trust.pki.requests import crl_fetch, is_web, ocsp_fetch, ocsp_request
from toyono_trust.steps import Answer, Fetch, Response, Steps

__all__ = ["Renewal", "plan", "renew"]


class Renewal(NamedTuple):
    """What ``renew`` brought.

    ``files``: (name inside ``revocation/``, DER); the same address gives the same name, so that it is overwritten.
    ``failed``: (address, error). ``unknown``: what lapses and names no address (finding "trust.no-address").
    """

    files: tuple[tuple[str, bytes], ...]
    failed: tuple[tuple[str, TrustError], ...]
    unknown: tuple[str, ...]


def plan(
    store: TrustStore, before: datetime, known: Iterable[Certificate] = ()
) -> tuple[tuple[Fetch, ...], tuple[str, ...]]:
    """The requests that renew what lapses before ``before`` (aware), and what lapses but names no address.

    A CRL is fetched from the addresses in ``trust.toml``, in its own distribution point, or in certificates of its
    issuer (of the store, or ``known``); one is also fetched where a certificate of the store names it and none is at
    hand. An OCSP response is asked for again at the responder that its certificate names.
    """
    certificates = (*store.anchor_certificates, *store.intermediates, *known)
    requests = {url: crl_fetch(url, named_by="caller") for url in store.fetch}
    unknown: list[str] = []
    current = store.current_revocation()
    for item in current:
        if item.next_update is not None and item.next_update >= before:
            continue
        if isinstance(item, Crl):
            urls = item.distribution.urls or _crl_urls(item.issuer_der, certificates)
            found = [crl_fetch(url) for url in urls if is_web(url)][:1]
        else:
            found = [each for each in (_ocsp_request(single, certificates) for single in item.singles) if each]
        if not found and not store.fetch:
            unknown.append(item.describe())
        for request in found:
            requests.setdefault(
                f"{request.url} {(request.body or b'').hex()}" if request.body else request.url, request
            )
    for certificate in certificates:
        issued = [
            item for item in current if isinstance(item, Crl) and names_match(item.issuer_der, certificate.issuer_der)
        ]
        for url in [url for url in certificate.crl_urls if is_web(url)][:1] if not issued else ():
            requests.setdefault(url, crl_fetch(url))
    return tuple(requests.values()), tuple(unknown)


def renew(store: TrustStore, before: datetime, known: Iterable[Certificate] = ()) -> Steps[Renewal]:
    """Fetch what ``plan`` names, in one round. An answer that cannot be read counts as failed."""
    requests, unknown = plan(store, before, known)
    answers = (yield requests) if requests else ()
    files: list[tuple[str, bytes]] = []
    failed: list[tuple[str, TrustError]] = []
    for request, answer in zip(requests, answers, strict=True):
        try:
            item = _read(request, answer)
        except TrustError as error:
            failed.append((request.url, error))
        else:
            name = hashlib.sha256(request.url.encode() + (request.body or b"")).hexdigest()[:16]
            files.append((f"{name}.{item.kind}", item.der))
    return Renewal(tuple(files), tuple(failed), unknown)


def _read(request: Fetch, answer: Answer) -> Crl | OcspResponse:
    if answer.error is not None:
        raise answer.error
    response: Response = answer.value
    if response.status != 200:
        raise UnavailableError(
            "trust.not-fetched", f"{request.url} answered with status {response.status}", "ask its operator"
        )
    return Crl.load(response.body) if request.body is None else OcspResponse.load(response.body)


def _crl_urls(issuer: bytes, certificates: tuple[Certificate, ...]) -> tuple[str, ...]:
    return next((each.crl_urls for each in certificates if each.crl_urls and names_match(each.issuer_der, issuer)), ())


def _ocsp_request(single: Single, certificates: tuple[Certificate, ...]) -> Fetch | None:
    """The same question again, without nonce so that caches may answer."""
    for certificate in certificates:
        if certificate.serial == single.serial and certificate.ocsp_urls and is_web(certificate.ocsp_urls[0]):
            body = ocsp_request(single.digest_algorithm, single.name_hash, single.key_hash, single.serial)
            return ocsp_fetch(certificate.ocsp_urls[0], body)
    return None
