"""What is at hand and what was fetched, and the ledger of requests: limits, notes, failures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust.core.limits import MAX_CERTIFICATES, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Facts, Note
from toyono_trust.pki import revocation
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.requests import is_web, shown
from toyono_trust.pki.revocation import Item
from toyono_trust.validation.gather import chains
from toyono_trust.validation.gather.questions import Kind, Question
from toyono_trust.validation.material import Material

__all__ = ["MAX_FETCHES", "MAX_OCTETS", "MAX_ROUNDS", "Failed", "Gathered", "Holdings", "Ledger"]

MAX_ROUNDS = 16
"""Rounds of requests. Two unknown CAs, a delegated responder with its own responder and a CRL after it need 7."""
MAX_FETCHES = 200
"""Requests in all. Ten signers with as many TSAs, in chains of three with OCSP and a CRL besides, need 120."""
MAX_OCTETS = 256 << 20
"""Octets of all answers; the largest public CRL seen has 30 MB."""
MAX_ADDRESSES = 5
"""Addresses of one kind that are tried for one certificate; real ones have at most five."""
ITEM_COST = 10
"""Units of "revocation-items" for one CRL or OCSP response of the file, as the judge counts them."""


class Failed(NamedTuple):
    """A request that brought nothing usable. ``url``: without credentials and query; ``code``: of its note.

    ``reason``: what ``code`` needs to be understood: an error's code, a status, a finding's code, or words.
    """

    kind: Kind
    url: str
    subject: str
    code: str
    reason: str = ""


class Gathered(NamedTuple):
    """What was gathered.

    ``material``: what was given, and what was fetched; every item of it was read, concerns a certificate of the file's
    paths, and is signed by one who may say so. ``notes``: "gather.…", what went wrong or was not done, addresses
    without credentials and query. ``failed``: requests that brought nothing usable. ``at``: the earliest moment (aware)
    at which all of it counts: the one given, or the last answer's, or a little later where a responder's clock is ahead
    (at most ``Policy.clock_skew``). ``fetched``: the number of requests.
    """

    material: Material
    notes: tuple[Note, ...]
    failed: tuple[Failed, ...]
    at: datetime
    fetched: int


class Holdings:
    """Certificates and revocation data at hand: the file's, earlier material, the trust store's, and what was fetched.

    ``certificates``: DER → certificate; ``fetched``: the revocation data that was fetched, by digest.
    """

    def __init__(self, facts: Facts, trust: TrustStore, material: Material, work: Work) -> None:
        self._material = material
        ders = dict.fromkeys(der for each, _ in chains.signatures_of(facts) for der in each.certificates)
        ders.update(dict.fromkeys(material.certificates))
        loaded = (chains.load(der) for der in tuple(ders)[:MAX_CERTIFICATES])
        self.certificates = {each.der: each for each in loaded if each is not None}
        self.certificates.update((each.der, each) for each in trust.intermediates)
        self._items: dict[str, Item] = {}
        self._fetched: dict[str, Item] = {}
        self._brought: list[Certificate] = []
        self._sources: dict[str, str] = dict(material.sources)
        for der in self._revocation_of(facts, material):
            work.spend("revocation-items", ITEM_COST)
            try:
                item = revocation.load(der)
            except MalformedError:  # the judge says so
                continue
            self._items[item.digest] = item
        self._items.update((item.digest, item) for item in trust.revocation)

    @staticmethod
    def _revocation_of(facts: Facts, material: Material) -> Iterable[bytes]:
        found = dict.fromkeys(
            der for each, _ in chains.signatures_of(facts) for der in (*each.crls, *each.ocsp_responses)
        )
        found.update(dict.fromkeys(material.revocation))
        return found

    def pool(self) -> tuple[Certificate, ...]:
        """Every certificate at hand."""
        return tuple(self.certificates.values())

    def items(self) -> tuple[Item, ...]:
        """Every CRL and OCSP response at hand, fetched ones included."""
        return tuple({**self._items, **self._fetched}.values())

    @property
    def fetched(self) -> tuple[Item, ...]:
        """What was fetched of them."""
        return tuple(self._fetched.values())

    def has_fetched(self, digest: str) -> bool:
        """Whether the item of this digest was fetched."""
        return digest in self._fetched

    def by_digest(self, digest: str) -> Item | None:
        """An item at hand."""
        return self._fetched.get(digest) or self._items.get(digest)

    def add_certificate(self, certificate: Certificate, url: str) -> None:
        """A certificate that was fetched."""
        if certificate.der not in self.certificates:
            self.certificates[certificate.der] = certificate
            self._brought.append(certificate)
            self._sources.setdefault(f"sha256:{certificate.sha256.hex()}", shown(url))

    def add_item(self, item: Item, url: str) -> None:
        """Revocation data that was fetched."""
        self._fetched[item.digest] = item
        if item.digest not in self._items:
            self._sources.setdefault(item.digest, shown(url))

    def remove_item(self, digest: str) -> None:
        """Take away what was fetched and turned out to prove nothing."""
        if self._fetched.pop(digest, None) is not None and digest not in self._items:
            self._sources.pop(digest, None)

    def material(self) -> Material:
        """The material that was given, and after it what was fetched."""
        given = self._material
        certificates = dict.fromkeys((*given.certificates, *(each.der for each in self._brought)))
        items = dict.fromkeys((*given.revocation, *(item.der for item in self._fetched.values())))
        return Material(tuple(certificates), tuple(items), self._sources)


class Ledger:
    """Counts requests and octets, and keeps what the reader is told.

    ``not_by_get``: questions that a responder did not answer by GET.
    """

    def __init__(self) -> None:
        self.notes: dict[tuple[str, str, str], Note] = {}
        self.failed: list[Failed] = []
        self.not_by_get: set[object] = set()
        self._fetches, self._octets = MAX_FETCHES, MAX_OCTETS
        self._addresses: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def note(self, code: str, subject: str = "", url: str = "", detail: Any = "") -> None:
        """An observation, once for each subject and address."""
        where = shown(url) if url else ""
        values = {name: value for name, value in (("url", where), ("reason", detail)) if value != ""}
        self.notes.setdefault((code, subject, where), Note(code, subject, values))

    def fail(self, code: str, question: Question, reason: Any = "") -> None:
        """A request that brought nothing usable."""
        self.note(code, question.subject, question.url, reason)
        self.failed.append(Failed(question.kind, shown(question.url), question.subject, code, str(reason)))
        if code in _NOT_BY_GET:
            self.not_by_get.add(question.key)

    def followed(self, subject: str, urls: tuple[str, ...]) -> tuple[str, ...]:
        """Those addresses that are tried: of http and https, the first few."""
        known = self._addresses.get((subject, urls))
        if known is None:
            if len(urls) > MAX_ADDRESSES:
                self.note("gather.too-many-addresses", subject, "", len(urls))
            web = []
            for url in dict.fromkeys(urls[:MAX_ADDRESSES]):
                if is_web(url):
                    web.append(url)
                else:
                    self.note("gather.not-followed", subject, url)
            known = self._addresses[subject, urls] = tuple(web)
        return known

    def has_addresses(self, certificate: Certificate) -> bool:
        """Whether a certificate names any address of revocation data that is followed."""
        subject = certificate.subject
        return bool(self.followed(subject, certificate.ocsp_urls) or self.followed(subject, certificate.crl_urls))

    def within(self, questions: list[Question]) -> list[Question]:
        """As many of ``questions`` as the limits leave room for; what could exceed memory waits for the next round."""
        chosen: list[Question] = []
        left = self._octets
        for question in questions:
            if len(chosen) == self._fetches:
                self.note("gather.too-many-requests", detail=MAX_FETCHES)
                break
            if chosen and question.max_bytes > left:
                continue
            if left <= 0:
                self.note("gather.too-many-octets", detail=MAX_OCTETS)
                break
            question.max_bytes = min(question.max_bytes, left)
            left -= question.max_bytes
            chosen.append(question)
        self._fetches -= len(chosen)
        return chosen

    def received(self, octets: int) -> None:
        """Count an answer."""
        self._octets -= octets


_NOT_BY_GET = frozenset({"gather.http-status", "gather.unreadable", "gather.refused"})
