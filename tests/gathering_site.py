"""A web site on loopback that serves issuers, CRLs and OCSP as told, and small PKIs whose certificates name it."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

import made_pki as pki
from made_pki import AT, Made
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.devpki.issue import Issuer, Revocation, ocsp_response
from toyono_trust.formats import jades, registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import SigningInput
from toyono_trust.formats.model import Facts, Properties
from toyono_trust.net import Http
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.requests import request_of
from toyono_trust.steps import Fetch, Response, World, run
from toyono_trust.validation.gather import Gathered, gather
from toyono_trust.validation.judge import judge
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def ocsp(self) -> bytes:
        """The OCSPRequest of a POST or a GET."""
        return self.body if self.method == "POST" else base64.b64decode(unquote(self.path.rpartition("/")[2]))


class Told(NamedTuple):
    """An answer beyond "200 and these octets"."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0


Page = bytes | Told | Callable[[Asked], "bytes | Told"]


class Site:
    """``pages``: path (for OCSP by GET its beginning) → what is answered; others are 404. ``asked``: what came."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self._lock = Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, body: bytes) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = site.answer(Asked(self.command, self.path, body, headers))
                time.sleep(told.delay)
                self.send_response(told.status)
                for name, value in told.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # clients that hang up, as they should on what has no end

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}"
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, asked: Asked) -> Told:
        with self._lock:
            self.asked.append(asked)
        path = asked.path.partition("?")[0]
        page = self.pages.get(path) or self.pages.get("/" + path.split("/")[1]) or Told(b"no such page", 404)
        said = page(asked) if callable(page) else page
        return Told(said) if isinstance(said, bytes) else said

    def paths(self) -> list[str]:
        """What was asked for, in order, by the first part of its path where it is OCSP by GET."""
        return [asked.path if "." in asked.path else "/" + asked.path.split("/")[1] for asked in self.asked]

    def close(self) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


class Direct:
    """A site's answers without a socket, where a driver expects an ``Http``."""

    def __init__(self, where: Site) -> None:
        self.where = where

    def fetch(self, request: Fetch, deadline: float | None, at: datetime | None = None) -> Response:
        path = request.url.removeprefix(self.where.url)
        told = self.where.answer(Asked(request.method, path, request.body or b"", dict(request.headers)))
        return Response(told.status, dict(told.headers), told.body)


@contextmanager
def site() -> Iterator[Site]:
    made = Site()
    try:
        yield made
    finally:
        made.close()


# -- certificates that name addresses


def access(*, ocsp: Iterable[str] = (), issuers: Iterable[str] = ()) -> tuple[x509.ExtensionType, bool]:
    """Authority information access."""
    ways = [(x509.oid.AuthorityInformationAccessOID.OCSP, url) for url in ocsp]
    ways += [(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, url) for url in issuers]
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for way, url in ways]
    ), False


def points(*urls: str) -> tuple[x509.ExtensionType, bool]:
    """CRL distribution points, one for each address."""
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    ), False


def crl(issuer: Made, *revoked: Made, at: datetime = AT - pki.DAY, until: datetime | None = AT + 7 * pki.DAY) -> bytes:
    """A CRL on which ``revoked`` stand since the day before ``AT``."""
    entries = [(each.certificate.serial, AT - pki.DAY, None) for each in revoked]
    return pki.crl(issuer, entries, at=at, until=until).der


def responder(
    issuer: Made,
    signer: Made,
    *known: Made,
    revoked: Iterable[Made] = (),
    at: datetime | Callable[[], datetime] = AT,
    change: Callable[[bytes], bytes] = bytes,
) -> Callable[[Asked], bytes]:
    """An OCSP responder for what ``issuer`` issued; it repeats the nonce. ``change``: what it makes of the request."""
    table: dict[int, Revocation | None] = {each.certificate.serial: None for each in known}
    for each in revoked:
        table[each.certificate.serial] = Revocation(each.certificate.serial, AT - pki.DAY)
    key = Issuer("responder", signer.certificate, signer.key)

    def respond(asked: Asked) -> bytes:
        when = at() if callable(at) else at
        return ocsp_response(change(asked.ocsp), issuer.certificate, table, key, when)

    return respond


def bundle(*certificates: Made) -> bytes:
    """PKCS #7 certs-only, as OpenSSL writes it."""
    return pkcs7.serialize_certificates([each.x509 for each in certificates], Encoding.DER)


def delegate(name: str, issuer: Made, *extensions: tuple[x509.ExtensionType, bool], nocheck: bool = True) -> Made:
    """A delegated OCSP responder."""
    given = [(pki.OCSP, False), *extensions, *([(x509.OCSPNoCheck(), False)] if nocheck else [])]
    return pki.issue(name, issuer, extensions=given)


class Small(NamedTuple):
    """A root, a CA under it, a responder of the CA's, and a signer; all served by ``site``.

    Pages: /root.cer /ca.cer (issuers), /root.crl /ca.crl, /ocsp.
    """

    site: Site
    root: Made
    ca: Made
    responder: Made
    leaf: Made

    @property
    def trust(self) -> TrustStore:
        return TrustStore.from_certificates([self.root.der])

    def facts(self, *chain: Made) -> Facts:
        return facts_of(self.leaf, *chain)


def small(where: Site, *, ocsp: bool = True, leaf: str = "Leaf", **options: Any) -> Small:
    """A fresh ``Small``, everything in order. ``ocsp``: the signer's certificate names the responder."""
    url = where.url
    root = pki.issue("Gathered root", ca=True)
    ca = pki.issue(
        "Gathered CA",
        root,
        ca=True,
        extensions=[access(issuers=[f"{url}/root.cer"]), points(f"{url}/root.crl")],
    )
    own = access(ocsp=[f"{url}/ocsp"] if ocsp else [], issuers=[f"{url}/ca.cer"])
    signer = pki.issue(leaf, ca, extensions=[own, points(f"{url}/ca.crl")], **options)
    answering = delegate("Gathered responder", ca)
    where.pages |= {
        "/root.cer": root.der,
        "/ca.cer": ca.der,
        "/root.crl": crl(root),
        "/ca.crl": crl(ca),
        "/ocsp": responder(ca, answering, signer),
    }
    return Small(where, root, ca, answering, signer)


def facts_of(leaf: Made, *chain: Made, claimed: datetime = AT) -> Facts:
    """What is read from a JAdES B-B by ``leaf`` that carries ``chain``."""
    request = SigningInput(
        content=BytesContent(b"{}"),
        detached=False,
        certificate=leaf.der,
        chain=tuple(each.der for each in chain),
        algorithm="ecdsa-sha256",
        claimed_at=claimed,
        properties=Properties(),
        content_timestamp=None,
    )
    draft = jades.prepare(request)
    value = leaf.key.sign(draft.to_be_signed, ec.ECDSA(hashes.SHA256()))
    return registry.read(jades.finish(draft, value), Contents(None), Work())


# -- gathering


def world(http: Http | Direct | None = None, at: datetime = AT) -> World:
    """A driver's world in which it is always ``at``, and files may lead to loopback."""
    return World(lambda: at, os.urandom, time.monotonic, http or Http(allow_private=True, timeout=5))


def gathered(
    facts: Facts,
    trust: TrustStore,
    *,
    http: Http | Direct | None = None,
    at: datetime = AT,
    policy: str = "",
    **options: Any,
) -> Gathered:
    """``gather`` driven over real sockets."""
    return run(gather(facts, Policy.parse(policy, "test"), trust, at, **options), world(http, at))


def judged(facts: Facts, trust: TrustStore, material: Material = NO_MATERIAL, at: datetime = AT) -> Report:
    """The verdict with what was gathered."""
    return judge(facts, Policy.default(), trust, at, Work(), material)


def passes(facts: Facts, trust: TrustStore, found: Gathered) -> bool:
    """Whether the file passes with what was gathered."""
    return judged(facts, trust, found.material, found.at).indication == "TOTAL-PASSED"


def codes(found: Gathered) -> list[str]:
    """Codes of the notes."""
    return [note.code for note in found.notes]


def request_with(leaf: Made, issuer: Made, nonce: bytes | None) -> bytes:
    """An OCSPRequest of our own."""
    return request_of(leaf.certificate, issuer.certificate, nonce)
