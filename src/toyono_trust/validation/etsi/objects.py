"""``SignatureValidationObjects`` (TS 119 102-2 4.4): everything that a report rests on, each once, by digest.

Ids are made of digests, so that the same report gives the same document; those of signatures and time stamps are the
ids that the JSON report has, with ``-2``, ``-3`` … for twins.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from toyono_trust.validation.etsi import access
from toyono_trust.validation.etsi.access import Digest
from toyono_trust.validation.judge.poe import key_of
from toyono_trust.validation.report import EvidenceRecordReport, Report, SignatureReport, TimestampReport

__all__ = ["Object", "Objects"]

MAX_OBJECT = 4 << 20
"""Octets of one object that is included; of a larger one there is the digest. In base64 it stays below the 10,000,000
characters of a text at which libxml2 stops reading (XML_MAX_TEXT_LENGTH)."""
MAX_OBJECTS = 32 << 20
"""Octets of all objects that are included, small ones first: half of what a signed file may have (limits.MAX_FILE)."""


class Object(NamedTuple):
    """One validation object. ``octets``: None where only ``digest`` is known. ``key``: its name among the proofs."""

    id: str
    kind: str
    octets: bytes | None
    digest: Digest
    key: bytes
    source: str | None = None
    stamp: TimestampReport | None = None
    record: EvidenceRecordReport | None = None


class Objects:
    """The objects of a report, the ids of its signatures, and what is proven to have existed."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.items = access.items(report)
        self._inside = access.contents(report)
        self.proofs = access.proofs(report, self._inside)
        self._sources = access.sources(report)
        self._by_id: dict[str, Object] = {}
        self._signatures: dict[int, str] = {}
        self._stamps: dict[tuple[object, ...], str] = {}
        self._of_key: dict[bytes, list[str]] = {}
        self._of_report_id: dict[str, str] = {}
        self._owners: dict[str, list[access.Owner]] = {}
        self._evidence: set[str] = set()
        self._names: dict[str, int] = {}
        self._fill()
        self.included = self._included()

    # -- ids

    def signature(self, item: SignatureReport) -> str:
        """The id of a signature's ``SignatureIdentifier``."""
        return self._signatures[id(item)]

    def certificate(self, der: bytes) -> str:
        """The id of a certificate; it becomes an object."""
        return self._octets("certificate", der)

    def revocation(self, digest: str) -> str:
        """The id of a CRL or OCSP response by its digest (``sha256:…``), which is all where it is not at hand."""
        item = self.items.get(digest)
        if item is not None:
            return self._octets(item.kind, item.octets)
        key = bytes.fromhex(digest.removeprefix("sha256:"))
        return self._add(Object(f"other-{key.hex()}", "other", None, Digest("sha256", key), key))

    def carried(self, der: bytes) -> str:
        """The id of a CRL or OCSP response by its octets."""
        return self.revocation("sha256:" + key_of(der).hex())

    def relied_on(self, found: Object) -> bool:
        """Whether a verdict relies on a CRL or an OCSP response."""
        return f"sha256:{found.key.hex()}" in self._evidence

    def data(self, digest: Digest) -> str:
        """The id of signed data; the report holds its digest, never the data."""
        name = hashlib.sha256(f"{digest.algorithm}:{digest.value.hex()}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._add(Object(f"data-{name}", "data", None, digest, access.data_key(digest)))

    def stamp(self, stamp: TimestampReport) -> str:
        """The id of a time stamp; the same token is another object where the verdict on it is another one."""
        token = stamp.token
        twin = (token.data, token.type, token.covers, token.imprint_intact, stamp.indication, stamp.sub_indication)
        known = self._stamps.get(twin)
        if known is None:
            known = self._stamps[twin] = self._named(stamp.id)
            key = key_of(token.data)
            self._add(Object(known, "timestamp", token.data, Digest("sha256", key), key, None, stamp))
            if stamp.indication == "PASSED":
                self._of_report_id.setdefault(stamp.id, known)
        return known

    def record(self, item: EvidenceRecordReport) -> str:
        """The id of an evidence record that was judged."""
        key = key_of(item.facts.data)
        digest = Digest("sha256", key)
        return self._add(
            Object(f"evidence-record-{key.hex()}", "evidence-record", item.facts.data, digest, key, None, None, item)
        )

    def _octets(self, kind: str, octets: bytes) -> str:
        key = key_of(octets)
        source = self._sources.get(f"sha256:{key.hex()}")
        return self._add(Object(f"{kind}-{key.hex()}", kind, octets, Digest("sha256", key), key, source))

    def _add(self, found: Object) -> str:
        if found.id not in self._by_id:
            self._by_id[found.id] = found
            self._of_key.setdefault(found.key, []).append(found.id)
        return found.id

    def _named(self, name: str) -> str:
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    # -- what there is

    def all(self) -> list[Object]:
        """Every object, by id."""
        return [self._by_id[name] for name in sorted(self._by_id)]

    def proof(self, key: bytes) -> tuple[datetime, str | None]:
        """Since when something is proven to exist, and the id of the time stamp that proves it."""
        by = self.proofs.proven_by(key)
        return self.proofs.lowest(key), None if by is None else self._of_report_id.get(by)

    def covered(self, found: Object) -> tuple[list[str], list[SignatureReport]]:
        """What a passed time stamp proves to exist: ids of objects, and signatures."""
        assert found.stamp is not None
        waiting = [key for owner in self._owners[found.id] for key in access.over(found.stamp, owner)]
        keys: set[bytes] = set()
        while waiting:
            key = waiting.pop()
            if key not in keys:
                keys.add(key)
                waiting += self._inside.get(key, ())
        names = {name for key in keys for name in self._of_key.get(key, ())} - {found.id}
        signatures = access.signatures(self.report)
        return sorted(names), [item for item in signatures if key_of(item.facts.value.wire) in keys]

    def signed(self, item: SignatureReport) -> list[str]:
        """The data that a signature covers, as far as it is known by digest."""
        found = [access.data_of(thing) for thing in item.objects]
        return list(dict.fromkeys(self.data(each) for each in found if each is not None))

    def _fill(self) -> None:
        report = self.report
        for item in access.signatures(report):
            self._signatures[id(item)] = self._named(item.id)
            self.signed(item)
            self._of_part(item)
            for record in item.facts.evidence_records:
                self._octets("evidence-record", record.data)
        for stamp, owner in access.stamps(report):
            self._owners.setdefault(self.stamp(stamp), []).append(owner)
            self._of_part(stamp)
            if owner is None and access.is_readable(stamp):
                self.data(access.imprint_of(stamp))
        for judged in report.evidence_records:
            self.record(judged)
            for data in access.recorded(judged):
                self.data(data)
        for der in access.certificates(report):
            self.certificate(der)
        for digest in self.items:
            self.revocation(digest)

    def _of_part(self, part: SignatureReport | TimestampReport) -> None:
        facts = part.token.signer if isinstance(part, TimestampReport) else part.facts
        leaf = () if part.certificate is None else (part.certificate,)
        for certificate in (*leaf, *part.chain, *access.signers(part)):
            self.certificate(certificate.der)
        for der in facts.certificates:
            self.certificate(der)
        for digest in access.evidence(part):
            self._evidence.add(digest)
            self.revocation(digest)

    # -- sizes

    def _included(self) -> frozenset[str]:
        """Which objects stand in the document with all their octets."""
        left, found = MAX_OBJECTS, set()
        sized = sorted((len(item.octets), item.id) for item in self._by_id.values() if item.octets is not None)
        for size, name in sized:
            if size > MAX_OBJECT or size > left:
                break
            left -= size
            found.add(name)
        return frozenset(found)
