"""One certification path, judged at one time: the checks of EN 319 102-1 5.2.6 in the standard's order.

First the anchor; then the leaf and each CA above it: RFC 5280 6.1 and usage, revocation, algorithms; the leaf's own
validity comes last of what concerns the leaf, because what is known of its revocation decides which sub-indication an
expired certificate leads to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from toyono_trust.core import algorithms
from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge.collector import Collector, Rescue
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.policy import NEVER

INSTANT = timedelta(microseconds=1)
_OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5"
_OF_SIGNERS = frozenset(
    {"revocation.crl-signer-not-authorised", "revocation.signer-revoked", "revocation.signer-status-missing"}
)
"""Why an item was not used because of its signer's own status, of whose moments nothing is known here."""
_HARMLESS = frozenset({"affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"})
"""Reasons (RFC 5280 5.3.1) for which a CA is revoked though its key is nobody else's; none given is no such reason."""
_PURPOSES: dict[str, tuple[paths.Purpose, ...]] = {
    "natural-person": ("signature",),
    "legal-person": ("seal",),
    "website": ("website",),
}


def purposes(certificate: Certificate, use: str) -> tuple[paths.Purpose, ...]:
    """The purposes of which the anchor must serve one (architecture: signature, seal, timestamp, website, any)."""
    return ("timestamp",) if use == "timestamp" else _PURPOSES.get(certificate.kind, ("signature", "seal"))


def before(moment: datetime) -> datetime:
    """The last instant ahead of ``moment``."""
    try:
        return moment - INSTANT
    except OverflowError:
        return moment


def after(moment: datetime) -> datetime:
    """The first instant behind ``moment``."""
    try:
        return moment + INSTANT
    except OverflowError:
        return moment


class PathJudge:
    """Collects what is wrong with one path, and when that may change.

    Attributes:
        ends: instants at which a passed path may fail although revocation data is renewed and says the same. firm:
            those of them at which it may fail whatever is proven about the signature's age.
        lasting: False where something may change at an instant that is not among ``moments``.
    """

    def __init__(self, path: paths.Path, use: str, context: Context, pool: tuple[Certificate, ...]) -> None:
        self.path, self.use, self.context, self.pool = path, use, context, pool
        self.collected = Collector(context)
        self.add = self.collected.add
        self.evidence: list[str] = []
        self.signers: list[Certificate] = []
        self.forgeable = False
        """A CA was revoked because its key may be another's, and data by that key is not proven to be older."""
        self.behind: list[tuple[Any, ...]] = []
        """What is said of the leaf's revocation data after the leaf's own validity (3 g)."""
        self.last: list[tuple[Any, ...]] = []
        """What is said of data by CAs, after what is wrong with these themselves."""
        self.ends: list[datetime] = list(context.issue_times())
        self.firm: list[datetime] = list(self.ends)
        self.others = [each for item in pool for each in (item.not_before, after(item.not_after))]
        self.lasting = True
        self.status_known = len(path) == 1 or context.policy.revocation == "ignore"
        """The leaf's revocation is known, or nobody asks for it (3.4: an anchor needs no data)."""
        self.run()

    def run(self) -> None:
        """All checks, in order."""
        self._anchor()
        leaf = self.path[0]
        purpose = purposes(leaf, self.use)[0]
        if purpose == "signature" and leaf.kind == "device":
            purpose = "device"
        if self.use == "signer" and leaf.kind not in self.context.policy.kinds:
            self.add("policy.kind", leaf.subject, {"kind": leaf.kind})
        if self.use == "signer" and leaf.kind == "natural-person" and leaf.key_usage is not None:
            self._commits(leaf.key_usage)
        failures = paths.check(self.path, self.context.at, purpose, self.context.work)
        statuses = [] if self.context.policy.revocation == "ignore" else self._statuses()
        for index, certificate in enumerate(self.path):
            self._rules(certificate, [each for each in failures if each.index == index])
            if index < len(self.path) - 1:
                if statuses:
                    self._revocation(index, certificate, statuses[index])
                self._algorithm(certificate.signature_algorithm, self.path[index + 1], certificate.subject)
            if index < max(1, len(self.path) - 1):
                self.ends += (certificate.not_before, after(certificate.not_after))
            if index == 0:
                self._validity(certificate)
        for said in self.last:
            self.add(*said)

    def _commits(self, usage: frozenset[str]) -> None:
        """A person's signature is meant to commit (RFC 5280 4.2.1.3 nonRepudiation; EN 319 412-2 4.3.2)."""
        if "nonRepudiation" not in usage:
            leaf = self.path[0].subject
            values = {"subject": leaf, "found": ", ".join(sorted(usage))}
            self.add("certificate.no-non-repudiation", leaf, values)

    def _anchor(self) -> None:
        """Sunset and beginning of trust in the anchor (1.2 step 2). 5.5 rescues neither."""
        at, anchor = self.context.at, self.context.trust.anchor(self.path[-1])
        if anchor is None:
            return
        for moment in (anchor.not_before, anchor.not_after):
            if moment is not None:
                self.ends.append(moment)
                self.firm.append(moment)
        if anchor.not_after is not None and at >= anchor.not_after:
            values = {"date": anchor.not_after}
            self.add("path.anchor-sunset", self.path[-1].subject, values, "never", anchor.not_after, past="before")
        if anchor.not_before is not None and at < anchor.not_before:
            self.add("path.anchor-not-yet", self.path[-1].subject, {"date": anchor.not_before})

    def _rules(self, certificate: Certificate, failures: Iterable[paths.Failure]) -> None:
        """RFC 5280 6.1 and usage (3 a); of the leaf, all but its validity."""
        if certificate is self.path[0]:
            for code, subject, values in certificate.notes:
                self.add(code, subject, values, sub_indication="CHAIN_CONSTRAINTS_FAILURE")
        for failure in failures:
            if failure.code not in paths.VALIDITY_CODES:
                self.add(failure.code, certificate.subject, dict(failure.values))
            elif failure.code == "ca.expired":
                values = {"subject": certificate.subject, "date": certificate.not_after}
                until = certificate.not_after
                self.add(failure.code, certificate.subject, values, "not-after", until, past="not-after")
            elif failure.code == "ca.not-yet-valid":
                values = {"subject": certificate.subject, "date": certificate.not_before}
                self.add(failure.code, certificate.subject, values)

    def _validity(self, leaf: Certificate) -> None:
        """The leaf's validity (3 f): a proof of existence helps only where its revocation is known."""
        at = self.context.at
        sub = "OUT_OF_BOUNDS_NOT_REVOKED" if self.status_known else "OUT_OF_BOUNDS_NO_POE"
        if at < leaf.not_before:
            self.add("certificate.not-yet-valid", leaf.subject, {"date": leaf.not_before}, sub_indication=sub)
        elif at > leaf.not_after:
            rescue: Rescue = "not-after" if self.status_known else "never"
            until, values = leaf.not_after, {"date": leaf.not_after}
            self.add("certificate.expired", leaf.subject, values, rescue, until, sub, past="not-after")
        for late in self.behind:
            self.add(*late)

    def _statuses(self) -> list[revocation.Status]:
        """The status of each certificate below the anchor. CAs come first: what a revoked one said later counts not."""
        context = self.context
        found: list[revocation.Status] = []
        ended: dict[bytes, datetime] = {}
        for index in reversed(range(len(self.path) - 1)):
            status = revocation.evaluate(
                self.path[index],
                self.path[index + 1 :],
                context.items(),
                context.at,
                context.work,
                pool=self.pool,
                max_age=context.policy.age_limit(ca=index > 0),
                known_at=context.present,
                proven=self._renewed if self.path[index].not_after >= context.at else context.item_proven,
                ended=ended,
            )
            if status.outcome == "revoked" and status.revoked_at is not None and status.reason not in _HARMLESS:
                ended[self.path[index].sha256] = status.revoked_at
            if status.lapsed == "revoked":
                self.forgeable = True
            found.insert(0, status)
        return found

    def _renewed(self, item: revocation.Item) -> datetime:
        """Since when an item is proven to exist; in a simulation there is newer data of what has not expired."""
        proven = self.context.item_proven(item)
        return proven if self.context.present is None else min(proven, self.context.present)

    def _revocation(self, index: int, certificate: Certificate, status: revocation.Status) -> None:
        """What is known of the revocation of one certificate (3 b to e, g)."""
        self.evidence += status.evidence
        if status.signers:
            self.signers += status.signers
        if status.valid_until is not None:
            self.others.append(after(status.valid_until))
        if status.revoked_at is not None:
            self.ends.append(status.revoked_at)
        if len(status.items) > 1 or any(problem.code in _OF_SIGNERS for problem in status.problems):
            self.lasting = False
        if index == 0 and status.outcome in ("good", "revoked", "hold", "exempt"):
            self.status_known = True
        self._say(certificate, index == 0, status)
        self._item(status, certificate, index == 0)

    def _say(self, certificate: Certificate, leaf: bool, status: revocation.Status) -> None:
        code = status.code(leaf)
        if code is None:
            return
        for problem in status.problems:
            if problem.code != code:
                self.collected.inform(problem.code, problem.evidence, problem.values)
        values: dict[str, object] = {
            "date": status.revoked_at or "-",
            "reason": status.reason or "unspecified",
            "next_update": status.valid_until or status.next_update or "-",
        }
        if status.outcome in ("revoked", "hold"):
            # what a compromised CA's key says of the leaf may be forged: then only proven data helps (5.6.2.4)
            rescue: Rescue = "never" if self.forgeable and not leaf else "before"
            self.add(code, certificate.subject, values, rescue, status.revoked_at, past="before")
        elif code == "revocation.stale" and leaf and self.context.at > certificate.not_after:
            # said after its expiry, because trying later brings no newer data
            self.behind.append((code, certificate.subject, values, "not-after", status.valid_until, None, "chain"))
        elif code == "revocation.stale":
            self.add(code, certificate.subject, values, "not-after", status.valid_until, past="chain")
        elif self.context.policy.revocation == "if-available":
            self.status_known = self.status_known or leaf
            self.collected.inform(code, certificate.subject, values)
        elif leaf and not certificate.not_before <= self.context.at <= certificate.not_after:
            # the sub-indication for an expired certificate of unknown status says both (OUT_OF_BOUNDS_NO_POE)
            self.collected.inform(code, certificate.subject, values)
        else:
            self.add(code, certificate.subject, values)

    def _item(self, status: revocation.Status, certificate: Certificate, leaf: bool) -> None:
        """Algorithms of the items relied upon (3 e), and who signed them where it is nobody of the path (3 g)."""
        signer = status.issuer
        if signer is None:
            return
        for item in status.items:
            self._algorithm(item.signature_algorithm, signer, f"{item.kind} {certificate.subject}")
        expired = leaf and signer not in self.path and (self.context.present or self.context.at) > signer.not_after
        if status.lapsed == "expired" or expired:
            values = {"date": signer.not_after, "responder": signer.subject}
            said = ("revocation.issuer-expired", signer.subject, values, "never", None, None, "chain")
            self.status_known = self.status_known and not leaf
            (self.last if signer in self.path or not leaf else self.behind).append(said)
        if signer in self.path:
            return
        self.lasting = self.lasting and _OCSP_NOCHECK in signer.extensions
        self.others += (signer.not_before, after(signer.not_after))
        self.context.moments.add(after(signer.not_after))
        issuer = next((each for each in self.path[1:] if each.subject_der == signer.issuer_der), None)
        if issuer is not None:
            self._algorithm(signer.signature_algorithm, issuer, signer.subject)

    def _algorithm(self, name: str, issuer: Certificate, use: str) -> None:
        """A signature by ``issuer`` counts only while its algorithm does; no proof of existence helps (5.5 step 10)."""
        bits = None if issuer.key is None else issuer.key.bits
        policy = self.context.policy
        end = policy.end_of(name, bits)
        if end is None:
            return
        transition = policy.transition_of(name, bits)
        if transition is not None:
            self.ends.append(transition[0])
            until = policy.transitional(name, bits, self.context.at)
            if until is not None:
                values = {"algorithm": name, "bits": bits or "?", "until": until.date().isoformat(), "use": use}
                self.add("algorithm.transitional", use, values, past="chain")
        self.ends.append(end)
        self.firm.append(end)
        if self.context.at >= end:
            known = algorithms.by_name(name) is not None and end != NEVER
            values = {"algorithm": name, "bits": bits or "?", "end": end.date().isoformat(), "use": use}
            if known:
                self.add("algorithm.expired", use, values, past="chain")
            else:
                self.add("algorithm.not-accepted", use, values)

    @property
    def moments(self) -> list[datetime]:
        """Instants at which this judgement may come out otherwise: other certificates may then sign revocation data."""
        return self.ends + self.others


def last_before(at: datetime, moments: Iterable[datetime]) -> datetime | None:
    """The last instant before the first of ``moments`` that comes after ``at``; None where none does."""
    following = min((moment for moment in moments if moment > at), default=None)
    return None if following is None else following - INSTANT
