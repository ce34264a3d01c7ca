"""What is still missing, round after round: issuers until a path is whole, then the status of each certificate in it.

OCSP comes before CRLs; the next address is tried where one brought nothing. An answer counts where it concerns what was
asked, is signed by one who may say so and was not made in the future; it is evaluated as the judge will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Facts, Note
from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.extensions import read_extensions
from toyono_trust.pki.link import names_match, signed_by
from toyono_trust.pki.revocation import Item, Status
from toyono_trust.steps import Answer, Response
from toyono_trust.validation.gather import chains
from toyono_trust.validation.gather.holdings import MAX_ROUNDS, Gathered, Holdings, Ledger
from toyono_trust.validation.gather.questions import (
    Child,
    IssuerQuestion,
    Link,
    Question,
    StatusQuestion,
    certificates_in,
    issued_within,
)
from toyono_trust.validation.policy import Policy

__all__ = ["Search"]

State = Literal["good", "bad", "waiting"]
MAX_DEPTH = 3
"""Signers of revocation data whose own status is asked for, as ``pki.revocation`` follows them."""
_ACCESS = "1.3.6.1.5.5.7.1.1"
_SAID = frozenset({"revocation.stale", "revocation.no-next-update", "revocation.reasons-not-covered"})
"""What does not make an item useless: later it may still prove something about the past."""
_STATUS = frozenset({"revocation.signer-status-missing"})
_SIGNER = frozenset({"revocation.crl-signer-missing", "revocation.signature"})
"""What further answers may mend: the status of a delegated signer; its certificate, where a CRL says where it is."""


class Search:
    """The state between two rounds. ``at`` moves on with the answers, so that what they bring is not in the future."""

    def __init__(
        self,
        facts: Facts,
        policy: Policy,
        trust: TrustStore,
        at: datetime,
        work: Work,
        holdings: Holdings,
        *,
        anew: bool,
        nonce: bool,
    ) -> None:
        self.policy, self.trust, self.at, self.work = policy, trust, at, work
        self.holdings, self.ledger = holdings, Ledger()
        self.anew, self.nonce = anew, nonce
        self.targets = chains.targets_of(facts, (*holdings.pool(), *trust.anchor_certificates))
        self._round: dict[Any, Question] = {}
        self._asked: dict[Any, Question] = {}
        self._answered: dict[Any, Item] = {}
        self._states: dict[tuple[bytes, bytes], State] = {}
        self._links: dict[tuple[bytes, bytes], Link] = {}
        self._of_item: dict[str, tuple[StatusQuestion, Link]] = {}
        self._paths: dict[chains.Target, tuple[int, list[paths.Path], bool]] = {}

    # -- what to ask

    def next_round(self) -> list[Question]:
        """The questions whose answers are missing now, each asked once; empty at the end."""
        self._round = {}
        if self.trust.anchors:
            for target in self.targets:
                self._pursue(target)
        return self.ledger.within(list(self._round.values()))

    def sent(self, questions: Iterable[Question]) -> None:
        """Note what was really asked."""
        for question in questions:
            self._asked[question.key] = question

    def _pursue(self, target: chains.Target) -> None:
        found, whole = self._known_paths(target)
        if not whole:
            self._ask_issuers(target.certificate)
        if self.policy.revocation == "ignore" and not self.anew:
            return
        for path in found:
            states = [self._link(Link(path[index], path[index + 1 :])) for index in range(len(path) - 1)]
            if "bad" not in states or "waiting" in states:
                return

    def _known_paths(self, target: chains.Target) -> tuple[list[paths.Path], bool]:
        """Paths worth asking for, and whether one of them lacks nothing; anew when a certificate has come."""
        known = self._paths.get(target)
        size = len(self.holdings.certificates)
        if known is None or known[0] != size:
            anchors = [each.certificate for each in self.trust.anchors if chains.serves(each, target.use)]
            built = paths.build(target.certificate, self.holdings.pool(), anchors, self.work) if anchors else []
            checked = [(path, paths.check(path, self.at, "any", self.work)) for path in built]
            fine = [path for path, failures in checked if chains.sound(failures, whole=False)]
            valid = self.at <= target.certificate.not_after  # or a newer certificate of its CA helps nobody
            whole = any(chains.sound(failures, whole=valid) for _, failures in checked)
            known = self._paths[target] = size, fine or built[:1], whole
        return known[1:]

    def _ask_issuers(self, leaf: Certificate) -> None:
        """Ask where the way up ends; where it ends nowhere, everywhere on it (RFC 5280 4.2.2.1)."""
        for certificates in chains.open_ends(leaf, self.holdings.pool(), self.work):
            asked = [self._ask_issuer(each, each.issuer_urls) for each in certificates]
            if any(asked):
                return

    def _ask_issuer(self, child: Child, urls: tuple[str, ...]) -> bool:
        subject = child.subject if isinstance(child, Certificate) else child.describe()
        return any(self._ask(IssuerQuestion(url, child)) for url in self.ledger.followed(subject, urls))

    def _ask(self, question: Question) -> bool:
        """Put a question into this round, unless it was asked before."""
        if question.key in self._asked:
            return False
        same = self._round.setdefault(question.key, question)
        if isinstance(same, IssuerQuestion) and isinstance(question, IssuerQuestion):
            same.children += [child for child in question.children if child not in same.children]
        elif isinstance(same, StatusQuestion) and isinstance(question, StatusQuestion):
            same.links += [link for link in question.links if link not in same.links]
        return True

    def _link(self, link: Link, above: frozenset[bytes] = frozenset()) -> State:
        """The state of one certificate's status; what is missing goes into this round."""
        state = self._states.get(link.key)
        if state is not None:
            return state
        self._links[link.key] = link
        while state is None:
            status = self._status(link, self.holdings.fetched if self.anew else self.holdings.items())
            if status.code() is None:
                state = "good"
            elif status.outcome == "revoked" or (status.outcome == "hold" and status.fresh):
                state = "bad"
            elif status.outcome == "good" and not self.anew and self.at > link.certificate.not_after:
                state = "good"  # said while it was valid; of expired certificates few say anything later
            elif self._ask_signers(link, status, above) or self._ask_sources(link):
                return "waiting"
            elif not self._reuse(link):
                state = self._at_last(link, status)
        self._states[link.key] = state
        return state

    def _at_last(self, link: Link, status: Status) -> State:
        """All addresses have been tried: fall back on what was at hand before."""
        subject = link.certificate.subject
        if self.anew:
            status = self._status(link, self.holdings.items())
            if status.code() is None:
                self.ledger.note("gather.not-anew", subject)
                return "good"
        if not self.ledger.has_addresses(link.certificate):
            self.ledger.note("gather.no-revocation-address", subject)
        return "bad"

    def _ask_signers(self, link: Link, status: Status, above: frozenset[bytes]) -> bool:
        """Ask for what is missing about those who sign what is known of a certificate."""
        above |= {link.certificate.sha256}
        waiting = False
        for problem in status.problems:
            item = self.holdings.by_digest(problem.evidence) if problem.code in _STATUS | _SIGNER else None
            if item is None:
                continue
            if problem.code in _SIGNER and isinstance(item, Crl):
                waiting |= self._ask_issuer(item, _access(item))
            for signer in self._signers(item, link) if problem.code in _STATUS else ():
                if signer.certificate.sha256 not in above and len(above) < MAX_DEPTH:
                    waiting |= self._link(signer, above) == "waiting"
        return waiting

    def _ask_sources(self, link: Link) -> bool:
        return any(self._ask(question) for question in self._sources(link))

    def _reuse(self, link: Link) -> bool:
        """Whether an answer that came earlier, for another certificate, serves this one too."""
        for question in self._sources(link):
            item = self._answered.get(question.key)
            if item is not None and not self.holdings.has_fetched(item.digest) and self._objection(item, link) is None:
                self._accept(item, question, link)
                return True
        return False

    def _sources(self, link: Link) -> Iterator[StatusQuestion]:
        certificate, age = link.certificate, self.policy.age_limit(ca=link.certificate.is_ca)
        for url in self.ledger.followed(certificate.subject, certificate.ocsp_urls):
            by_get = StatusQuestion("ocsp", url, link, age, get=True)
            if not self.anew and not self.nonce and by_get.fetch(False, None).method == "GET":
                yield by_get
                if by_get.key not in self.ledger.not_by_get:
                    continue
            yield StatusQuestion("ocsp", url, link, age)
        for url in self.ledger.followed(certificate.subject, certificate.crl_urls):
            yield StatusQuestion("crl", url, link, age)

    def _signers(self, item: Item, link: Link) -> Iterator[Link]:
        """Delegated signers of an item whose own status must be known, each with its path."""
        if isinstance(item, Crl):
            for signer in self.holdings.pool():
                if signer in link.issuers or not names_match(signer.subject_der, item.issuer_der):
                    continue
                for index, issuer in enumerate(link.issuers):
                    if self._is_issued(signer, issuer):
                        yield Link(signer, link.issuers[index:])
            return
        carried = (chains.load(der) for der in item.certificates)
        for responder in (*(each for each in carried if each is not None), *self.holdings.pool()):
            if item.names(responder) and self._is_issued(responder, link.issuers[0]):
                yield Link(responder, link.issuers)

    def _is_issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        if not names_match(certificate.issuer_der, issuer.subject_der):
            return False
        self.work.spend("signature-checks")
        return signed_by(certificate, issuer)

    def _status(self, link: Link, items: Iterable[Item], at: datetime | None = None) -> Status:
        return revocation.evaluate(
            link.certificate,
            link.issuers,
            items,
            self.at if at is None else at,
            self.work,
            pool=self.holdings.pool(),
            max_age=self.policy.age_limit(ca=link.certificate.is_ca),
        )

    # -- what came

    def take(self, question: Question, answer: Answer) -> None:
        """One answer: read, checked against what was asked, and kept or named in a note.

        Raises the ``MisuseError`` of a driver that cannot fetch at all.
        """
        self.at = max(self.at, answer.at)
        if answer.error is not None:
            if isinstance(answer.error, MisuseError):
                raise answer.error
            self.ledger.fail("gather.not-fetched", question, answer.error.code)
            return
        response: Response = answer.value
        self.ledger.received(len(response.body))
        if response.status != 200:
            self.ledger.fail("gather.http-status", question, response.status)
            return
        try:
            if isinstance(question, IssuerQuestion):
                self._take_issuers(question, certificates_in(response.body))
            else:
                self._take_item(question, question.read(response.body))
        except MalformedError as error:
            refused = error.code == "revocation.ocsp-refused"
            reason = error.message.rpartition(": ")[2] if refused else error.message
            self.ledger.fail("gather.refused" if refused else "gather.unreadable", question, reason)

    def _take_issuers(self, question: IssuerQuestion, brought: list[Certificate]) -> None:
        """Keep who issued what was asked about, and in turn whoever issued these."""
        wanted: list[Child] = [*question.children]
        taken: list[Certificate] = []
        for child in wanted:  # it grows
            for certificate in brought:
                if certificate not in taken and self._made(certificate, child):
                    taken.append(certificate)
                    wanted.append(certificate)
        if not taken:
            self.ledger.fail("gather.other-issuer", question)
        for certificate in taken:
            if self.trust.anchor(certificate) is None:
                self.holdings.add_certificate(certificate, question.url)

    def _made(self, issuer: Certificate, child: Child) -> bool:
        if isinstance(child, Certificate):
            return issuer != child and self._is_issued(child, issuer)
        if not names_match(child.issuer_der, issuer.subject_der):
            return False
        self.work.spend("signature-checks")
        known = (*self.holdings.pool(), *self.trust.anchor_certificates)
        return child.signed_by(issuer) and any(self._is_issued(issuer, each) for each in known)

    def _take_item(self, question: StatusQuestion, item: Item) -> None:
        if question.nonce is not None and not isinstance(item, Crl) and item.nonce != question.nonce:
            if item.nonce is not None:
                self.ledger.fail("gather.nonce-differs", question)
                return
            self.ledger.note("gather.nonce-missing", question.subject, question.url)
        self._answered[question.key] = item
        objections = [(link, self._objection(item, link)) for link in question.links]
        for link, objection in objections:
            if objection is None:
                self._accept(item, question, link)
        if all(objection is not None for _, objection in objections):
            code, reason = objections[0][1] or ("", "")
            self.ledger.fail(code, question, reason)

    def _accept(self, item: Item, question: StatusQuestion, link: Link) -> None:
        issued, until = issued_within(item, link.certificate, link.issuers[0])
        if issued is not None:
            self.at = max(self.at, issued)
        if until is None or until < self.at:
            self.ledger.note("gather.stale", link.certificate.subject, question.url, "-" if until is None else until)
        self._of_item.setdefault(item.digest, (question, link))
        self.holdings.add_item(item, question.url)

    def _objection(self, item: Item, link: Link) -> tuple[str, Any] | None:
        """Why an item does not count for a certificate, as a code and a reason; None where it does, or may yet."""
        issued, _ = issued_within(item, link.certificate, link.issuers[0])
        if issued is None:
            return "gather.other-certificate", ""
        if issued - self.at > self.policy.clock_skew:
            return "gather.future", issued
        mended = _STATUS | _SIGNER if isinstance(item, Crl) and _access(item) else _STATUS
        return self._blocked(item, link, mended, max(self.at, issued))

    def _blocked(
        self, item: Item, link: Link, mended: frozenset[str], at: datetime | None = None
    ) -> tuple[str, Any] | None:
        status = self._status(link, (*self.holdings.items(), item), at)
        codes = [each.code for each in status.problems if each.evidence == item.digest]
        blocking = next((code for code in codes if code not in _SAID and code not in mended), None)
        return None if blocking is None else ("gather.unusable", blocking)

    # -- the end

    def end_of_rounds(self) -> None:
        """No further round is allowed; say so where one would be needed."""
        if self.next_round():
            self.ledger.note("gather.too-many-rounds", detail=MAX_ROUNDS)

    def result(self, fetched: int, notes: tuple[Note, ...] = ()) -> Gathered:
        """What has come so far."""
        ledger = self.ledger
        said = (*ledger.notes.values(), *notes)
        return Gathered(self.holdings.material(), said, tuple(ledger.failed), self.at, fetched)

    def finish(self) -> None:
        """Leave out what nothing has mended, and say why ways up end."""
        for digest, (question, link) in self._of_item.items():
            item = self.holdings.by_digest(digest)
            objection = None if item is None else self._blocked(item, link, frozenset())
            if objection is not None:
                self.holdings.remove_item(digest)
                self.ledger.fail(objection[0], question, objection[1])
        for link in self._links.values():
            unsettled = self.anew and link.key not in self._states  # a limit came first
            if unsettled and self._status(link, self.holdings.items()).code() is None:
                self.ledger.note("gather.not-anew", link.certificate.subject)
        if self.trust.anchors:
            for target in self.targets:
                self._say_why(target)

    def _say_why(self, target: chains.Target) -> None:
        if self._known_paths(target)[0]:
            return
        ends, inner = chains.open_ends(target.certificate, self.holdings.pool(), self.work)
        if chains.circular((*ends, *inner)):
            self.ledger.note("gather.circle", target.certificate.subject)
        for certificate in ends:
            if not certificate.issuer_urls:
                self.ledger.note("gather.no-issuer-address", certificate.subject)


def _access(crl: Crl) -> tuple[str, ...]:
    """Where the certificate of a CRL's signer may be fetched (RFC 5280 5.2.7)."""
    extension = crl.extensions.get(_ACCESS)
    return () if extension is None else read_extensions({_ACCESS: extension}).issuer_urls
