"""What one judgement works with: facts' certificates and revocation data, policy, trust, time and the work left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from toyono_trust.core.findings import entry
from toyono_trust.core.limits import MAX_CERTIFICATES, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Facts, Note, Signature
from toyono_trust.pki import revocation
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge.poe import Proofs, item_key
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Finding, TimestampReport

ITEM_COST = 10
"""Units of "revocation-items" for one CRL or OCSP response of a file, which every certificate is compared with; each
further statement of a response is one more: 200 responses of 900 statements, read in 3 s, kept a judge busy for 25."""


def finding_of(
    policy: Policy, code: str, subject: str = "", values: Mapping[str, Any] | None = None, sub: str | None = None
) -> Finding:
    """A finding at the policy's level.

    One that leads to no verdict by itself, and that the policy raised to fail, breaks a constraint of the policy:
    SIG_CONSTRAINTS_FAILURE.
    """
    row = entry(code)
    level = policy.level(code, row.level)
    if row.sub_indication is None:
        sub = (sub or "SIG_CONSTRAINTS_FAILURE") if level == "fail" else None
    return Finding(code, level, subject, values or {}, sub)


class Context:
    """The inputs of ``judge`` and what was loaded from them so far; lives for one call.

    Attributes:
        proofs: what is proven to have existed, and since when.
        tokens: the verdicts on all time-stamp tokens, by the identity of their facts.
        moments: instants at which something that was looked at may come out otherwise.
        past_paths: of certificates that past validation has looked at, what does not depend on time.
        horizon: finds until when a signature with archival data passes.
    """

    __slots__ = (
        *("_carried", "_issued", "_items", "_loaded", "_pool"),
        *(
            "at",
            "facts",
            "horizon",
            "malformed",
            "material",
            "moments",
            "past_paths",
            "policy",
            "present",
            "proofs",
            "tokens",
            "trust",
        ),
        *("verdicts", "work"),
    )

    def __init__(
        self,
        facts: Facts,
        policy: Policy,
        trust: TrustStore,
        at: datetime,
        work: Work,
        material: Material = NO_MATERIAL,
        present: datetime | None = None,
    ) -> None:
        self.facts = facts
        self.policy = policy
        self.trust = trust
        self.at = at
        self.work = work
        self.material = material
        self.present = present
        self.malformed: dict[tuple[str, str], Finding] = {}
        self.verdicts: dict[tuple[bytes, str], Any] = {}
        self.proofs = Proofs(at)
        self.tokens: dict[int, TimestampReport] = {}
        self.moments: set[datetime] = set()
        self.horizon: Any = None
        self.past_paths: dict[tuple[bytes, str], Any] = {}
        self._loaded: dict[bytes, Certificate | None] = {}
        self._pool: tuple[Certificate, ...] | None = None
        self._items: tuple[revocation.Item, ...] | None = None
        self._carried: tuple[bytes, ...] | None = None
        self._issued: tuple[datetime, ...] | None = None

    def later(self, at: datetime, work: Work) -> Context:
        """The same at a later time, revocation data as it is known now; what was read is not read again."""
        again = Context(self.facts, self.policy, self.trust, at, work, self.material, self.present or self.at)
        again._loaded, again._pool, again._items = self._loaded, self._pool, self._items
        again._carried, again._issued = self._carried, self._issued
        again.malformed, again.past_paths = dict(self.malformed), self.past_paths
        return again

    def finding(
        self, code: str, subject: str = "", values: Mapping[str, Any] | None = None, sub: str | None = None
    ) -> Finding:
        """A finding at the policy's level; ``sub``: another sub-indication than the table's."""
        return finding_of(self.policy, code, subject, values, sub)

    def findings(self, notes: Iterable[Note]) -> list[Finding]:
        """A parser's notes as findings; those that the policy ignores are left out."""
        found = [self.finding(note.code, note.subject, note.values) for note in notes]
        return [finding for finding in found if finding.level != "ignore"]

    def load(self, der: bytes) -> Certificate | None:
        """The certificate of these bytes, None (and a finding) where they are none."""
        if der not in self._loaded:
            try:
                self._loaded[der] = Certificate.load(der)
            except MalformedError as error:
                self._loaded[der] = None
                self._note("certificate.malformed", error)
        return self._loaded[der]

    def pool(self) -> tuple[Certificate, ...]:
        """Every certificate at hand that is no anchor: the file's first, then the trust store's."""
        if self._pool is None:
            loaded = [self.load(der) for der in self.carried()]
            self._pool = (*(item for item in loaded if item is not None), *self.trust.intermediates)
        return self._pool

    def carried(self) -> tuple[bytes, ...]:
        """The certificates that the file brings, unread, each once."""
        if self._carried is None:
            ders = dict.fromkeys(der for signature in self.signatures() for der in signature.certificates)
            ders.update(dict.fromkeys(self.material.certificates))
            self._carried = tuple(ders)[:MAX_CERTIFICATES]
        return self._carried

    def items(self) -> tuple[revocation.Item, ...]:
        """Every CRL and OCSP response at hand: the file's first, then the trust store's."""
        if self._items is None:
            found: list[revocation.Item] = []
            ders = dict.fromkeys(
                der for signature in self.signatures() for der in (*signature.crls, *signature.ocsp_responses)
            )
            ders.update(dict.fromkeys(self.material.revocation))
            for der in ders:
                self.work.spend("revocation-items", ITEM_COST)
                try:
                    item = revocation.load(der)
                except MalformedError as error:
                    self._note("revocation.malformed", error)
                    continue
                self.work.spend("revocation-items", 0 if item.kind == "crl" else len(item.singles) - 1)
                found.append(item)
            self._items = (*found, *self.trust.revocation)
        return self._items

    def item_proven(self, item: revocation.Item) -> datetime:
        """Since when a CRL or an OCSP response is proven to exist."""
        return self.proofs.lowest(item_key(item))

    def proves_items(self) -> bool:
        """Whether this file's time stamps prove revocation data to be older; of other files it is not proven."""
        return any(self.proofs.proven_by(item_key(item)) is not None for item in self.items())

    def issue_times(self) -> tuple[datetime, ...]:
        """When each item at hand begins to count: with a time before that it is as if it were not there."""
        if self._issued is None:
            found: set[datetime] = set()
            for item in () if self.policy.revocation == "ignore" else self.items():
                if item.kind == "crl":
                    found.add(item.this_update)
                else:
                    found.add(item.produced_at)
                    found.update(single.this_update for single in item.singles)
            self._issued = tuple(found)
        return self._issued

    def file_has_revocation(self) -> bool:
        """Whether revocation data came with or for this file, which a kept verdict must not pass over."""
        signatures, timestamps = self.facts.signatures, self.facts.timestamps
        if self.material.revocation:
            return True
        if len(signatures) == 1 and not (timestamps or signatures[0].timestamps or signatures[0].counter_signatures):
            return bool(signatures[0].crls or signatures[0].ocsp_responses)
        return any(signature.crls or signature.ocsp_responses for signature in self.signatures())

    def _note(self, code: str, error: MalformedError) -> None:
        """What cannot be read is left out, and said for the reader alone."""
        finding = Finding(code, "inform", "", {"reason": error.message})
        self.malformed.setdefault((code, error.message), finding)

    def signatures(self) -> Iterator[Signature]:
        """Every signature of the file: counter-signatures and the tokens' own included."""
        waiting = [*self.facts.signatures, *(token.signer for token in self.facts.timestamps)]
        while waiting:
            signature = waiting.pop()
            yield signature
            waiting += signature.counter_signatures
            waiting += (token.signer for token in signature.timestamps)
