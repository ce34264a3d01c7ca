"""What CRLs and OCSP responses at hand prove about a certificate, and until when (RFC 5280 6.3, RFC 6960 3.2).

Pure: never fetches, reads no clock. An item counts where it concerns the certificate, is signed by one who may say so,
was not issued after the time asked for, and says something for that time (EN 319 102-1 5.2.6; the order of checks is
that of DSS's RevocationAcceptanceChecker). Indirect CRLs and delta CRLs are refused with a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import digest
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import ALL_REASONS, Crl
from toyono_trust.pki.link import names_match, signed_by
from toyono_trust.pki.ocsp import OcspResponse, Single
from toyono_trust.pki.path import unknown_critical
from toyono_trust.pki.points import is_elsewhere, reasons_of
from toyono_trust.pki.revocation.status import Item, Lapse, Outcome, Problem, Status

__all__ = ["evaluate"]

MAX_DEPTH = 3
"""Signers of revocation data whose own status is asked for: CRL signer, its OCSP responder, that one's CA."""
_OCSP_SIGNING, _NOCHECK = "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.48.1.5"
_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class _Statement(NamedTuple):
    """What one usable item says. ``reasons``: revocation reasons it covers. "unknown": it contradicts the others."""

    item: Item
    outcome: Outcome
    issued: datetime
    next_update: datetime | None
    issuer: Certificate
    reasons: frozenset[str] = ALL_REASONS
    revoked_at: datetime | None = None
    reason: str | None = None
    lapsed: Lapse | None = None


class _Inquiry(NamedTuple):
    """One question: about whom, and with what.

    ``below``: what is known of delegated signers, by certificate. ``listed``: when a list says that a responder that
    needs no data was revoked, by certificate.
    """

    certificate: Certificate
    issuers: tuple[Certificate, ...]
    items: tuple[Item, ...]
    at: datetime
    work: Work
    pool: tuple[Certificate, ...]
    asked: frozenset[bytes]
    problems: list[Problem]
    known_at: datetime | None
    below: dict[bytes, Status]
    proven: Callable[[Item], datetime] | None
    ended: Mapping[bytes, datetime]
    listed: dict[bytes, datetime]

    def object(self, code: str, item: Item, **values: Any) -> None:
        """Note a problem of an item."""
        self.problems.append(Problem(code, item.digest, values))


def evaluate(
    certificate: Certificate,
    issuers: Sequence[Certificate],
    items: Iterable[Item],
    at: datetime,
    work: Work,
    *,
    pool: Iterable[Certificate] = (),
    max_age: timedelta | None = None,
    known_at: datetime | None = None,
    proven: Callable[[Item], datetime] | None = None,
    ended: Mapping[bytes, datetime] = MappingProxyType({}),
) -> Status:
    """The status of ``certificate`` at ``at`` (aware, UTC).

    ``issuers``: the rest of its path, issuer first, anchor last; empty means that it is an anchor itself (exempt).
    ``items``: everything at hand, of the file and of the trust store, in any order. ``pool``: certificates among which
    CRL signers and responders may be found. ``max_age``: policy; thisUpdate must not be older at ``at``.
    ``known_at``: what was fresh then still is at any later ``at`` (a simulation); None for no such assumption.
    ``proven``: since when an item is proven to exist; None: since ``at``. ``ended``: when CAs of the path were
    revoked because their key may be another's, by the SHA-256 of their certificates.
    Spends "signature-checks" and "revocation-items"; raises ``WorkExceeded`` and nothing else.
    """
    known_at = None if known_at is None or known_at >= at else known_at
    given = (certificate, tuple(issuers), tuple(items), at, work, tuple(pool))
    inquiry = _Inquiry(*given, frozenset(), [], known_at, {}, proven, ended, {})
    return _evaluate(inquiry, max_age)


def _evaluate(inquiry: _Inquiry, max_age: timedelta | None) -> Status:
    certificate = inquiry.certificate
    if not inquiry.issuers or _exempt(certificate):
        return Status("exempt")
    inquiry.work.spend("revocation-items", 1 + len(inquiry.items) // 20)
    inquiry = inquiry._replace(asked=inquiry.asked | {certificate.sha256}, problems=[], below={})
    statements = [*_from_ocsp(inquiry), *_from_crls(inquiry)]
    return _conclude(statements, inquiry, max_age)


def _exempt(certificate: Certificate) -> bool:
    """No data is required (RFC 9608); ocsp-nocheck counts for a responder that is nothing else (RFC 6960 4.2.2.2.1)."""
    reason = certificate.no_revocation_needed
    return reason is not None and (
        reason != "ocsp-nocheck" or certificate.extended_key_usage == frozenset({_OCSP_SIGNING})
    )


def _conclude(statements: list[_Statement], inquiry: _Inquiry, max_age: timedelta | None) -> Status:
    """The latest statement wins; statements about some reasons only say good together or not at all."""
    problems = inquiry.problems
    if any(not each.lapsed and each.reasons >= ALL_REASONS for each in statements):
        # what anybody may have made does not speak against those who still count, unless it speaks of a revocation
        statements = [each for each in statements if not each.lapsed or each.outcome != "good"]
    whole = [each for each in statements if each.reasons >= ALL_REASONS]
    parts = [each for each in statements if not each.reasons >= ALL_REASONS]
    against = [each for each in parts if each.outcome in ("revoked", "hold")]
    if against:
        whole += against
    elif not whole and frozenset().union(*(each.reasons for each in parts)) >= ALL_REASONS:
        return _status(parts, inquiry, max_age)
    elif not whole and parts:
        problems.append(Problem("revocation.reasons-not-covered", parts[0].item.digest))
    if whole and max(whole, key=lambda each: (each.issued, each.outcome == "unknown")).outcome == "unknown":
        whole = []
    if not whole:
        return Status("unknown" if problems else "none", fresh=False, problems=tuple(problems))
    latest = max(whole, key=lambda each: (each.issued, each.outcome != "good", each.item.digest))
    same = [each for each in whole if each.outcome == latest.outcome == "good"]
    best = max(same, key=lambda each: (_end(each, max_age), each.issued, each.item.digest), default=latest)
    return _status([best], inquiry, max_age)


def _status(parts: list[_Statement], inquiry: _Inquiry, max_age: timedelta | None) -> Status:
    """One status out of the statements that it rests on."""
    first = max(parts, key=lambda each: (each.outcome != "good", each.issued))
    outcome, at = first.outcome, inquiry.at
    end = min(_end(each, max_age) for each in parts)
    fresh = (inquiry.known_at or at) <= end
    if not fresh:
        lapsed = min(parts, key=lambda each: _end(each, max_age))
        code = "revocation.stale" if lapsed.next_update or max_age else "revocation.no-next-update"
        inquiry.object(code, lapsed.item, next_update=_text(lapsed.next_update), date=_text(lapsed.issued))
    if first.revoked_at is not None and first.revoked_at > at:
        outcome, end = "good", min(end, first.revoked_at)
    elif outcome == "revoked":
        end = _END
    item = first.item
    below = [inquiry.below[each.issuer.sha256] for each in parts if each.issuer.sha256 in inquiry.below]
    return Status(
        outcome,
        first.revoked_at,
        first.reason,
        fresh,
        first.issued if isinstance(item, Crl) else min(item.this_update, first.issued),
        first.next_update,
        item.produced_at if isinstance(item, OcspResponse) else None,
        None if end == _END else end,
        tuple(sorted({each.item.digest for each in parts}.union(*(status.evidence for status in below)))),
        tuple(each.item for each in parts),
        first.issuer,
        tuple(inquiry.problems),
        tuple(each.issuer for each in parts if each.issuer not in inquiry.issuers)
        + tuple(signer for status in below for signer in status.signers),
        next((each for each in [*(one.lapsed for one in parts), *(one.lapsed for one in below)] if each), None),
    )


def _text(moment: datetime | None) -> str:
    return "-" if moment is None else moment.isoformat()


def _end(statement: _Statement, max_age: timedelta | None) -> datetime:
    """Until when a statement is fresh: nextUpdate and the policy's age; its own issue time where it has neither."""
    ends = [] if statement.next_update is None else [statement.next_update]
    if max_age is not None:
        ends.append(statement.issued + max_age)
    return min(ends, default=statement.issued)


def _covers(inquiry: _Inquiry, item: Item, issued: datetime, since: datetime | None) -> bool:
    """RAC 3 and 4: issued after the certificate, and while responders still speak of it."""
    certificate = inquiry.certificate
    if issued > inquiry.at:
        inquiry.object("revocation.too-late", item, date=issued.isoformat())
        return False
    if issued < certificate.not_before:
        inquiry.object("revocation.before-issuance", item, date=issued.isoformat())
        return False
    if certificate.not_after < min(issued, since or issued):
        inquiry.object("revocation.after-expiry", item, date=issued.isoformat())
        return False
    return True


def _from_ocsp(inquiry: _Inquiry) -> Iterator[_Statement]:
    """RFC 6960 3.2."""
    certificate, issuer = inquiry.certificate, inquiry.issuers[0]
    for item in inquiry.items:
        if not isinstance(item, OcspResponse):
            continue
        if len(item.singles) > 1:
            inquiry.work.spend("revocation-items", len(item.singles) - 1)
        single = item.find(certificate, issuer)
        if single is None:
            continue
        unusable = item.unusable or single.unusable
        if unusable is not None:
            inquiry.object("revocation.critical-extension", item, oid=unusable)
            continue
        made = max(item.produced_at, single.this_update)
        if made > inquiry.at:
            inquiry.object("revocation.too-late", item, date=made.isoformat())
            continue
        if single.this_update > item.produced_at:  # it cannot have known (RFC 6960 2.4)
            inquiry.object("revocation.too-late", item, date=single.this_update.isoformat())
            continue
        known = _hash_matches(single, certificate)
        if known is False:
            inquiry.object("revocation.cert-hash", item)
            continue
        # a matching hash proves that the responder has seen the certificate, expired or not
        since = certificate.not_after if known else single.archive_cutoff
        if single.status != "revoked" and not _covers(inquiry, item, single.this_update, since):
            continue
        responder = _responder(inquiry, item)
        if responder is None:
            continue
        if single.status == "unknown":
            inquiry.object("revocation.unknown-status", item)
            continue
        outcome: Outcome = "good" if single.status == "good" else _bad(single.reason)
        yield _Statement(
            item,
            outcome,
            single.this_update,
            single.next_update,
            responder,
            revoked_at=single.revoked_at,
            reason=single.reason,
            lapsed=_lapsed(inquiry, item, responder),
        )


def _lapsed(inquiry: _Inquiry, item: Item, signer: Certificate) -> Lapse | None:
    """Why the key that vouches for an item counts no longer, and did not when the item is proven to exist; or None.

    EN 319 102-1 5.6.2.4 step 1, and its condition on the data of revoked CAs, for every certificate alike: with the key
    of an expired or revoked CA or responder anybody may date items back.
    """
    existed = _existed(inquiry, item)
    anchor = inquiry.issuers[-1]
    for each in (signer, *inquiry.issuers[:-1]):
        if each.sha256 == anchor.sha256:
            continue
        ended = inquiry.ended.get(each.sha256)
        if existed > each.not_after:
            return "expired"
        if ended is not None and existed >= ended:
            return "revoked"
    return None


def _bad(reason: str | None) -> Outcome:
    return "hold" if reason == "certificateHold" else "revoked"


def _hash_matches(single: Single, certificate: Certificate) -> bool | None:
    """CertHash (Common PKI 3.1.2): None where it is absent."""
    if single.cert_hash is None:
        return None
    try:
        return digest(single.cert_hash[0], certificate.der) == single.cert_hash[1]
    except MalformedError:
        return False


def _responder(inquiry: _Inquiry, item: OcspResponse) -> Certificate | None:
    """Who signed the response, if that one may (RFC 6960 4.2.2.2): the CA itself, or one delegated by its same key."""
    issuer = inquiry.issuers[0]
    if item.names(issuer) and _verified(inquiry, item, issuer):
        return issuer
    named = False
    for candidate in _carried(item, inquiry):
        if not item.names(candidate):
            continue
        named = True
        if not _verified(inquiry, item, candidate):
            continue
        why = _not_delegated(inquiry, item, candidate)
        if why is None:
            return candidate
        inquiry.object(why, item, responder=candidate.subject)
        return None
    inquiry.object("revocation.signature" if named or item.names(issuer) else "revocation.responder-missing", item)
    return None


def _carried(item: OcspResponse, inquiry: _Inquiry) -> Iterator[Certificate]:
    for der in item.certificates:
        inquiry.work.spend("revocation-items")
        try:
            yield Certificate.load(der)
        except MalformedError:
            continue
    yield from inquiry.pool


def _verified(inquiry: _Inquiry, item: Item, signer: Certificate) -> bool:
    known = item.knows(signer)
    inquiry.work.spend("revocation-items" if known else "signature-checks")
    inquiry.work.spend("repeated-bytes", 0 if known else len(item.signed))
    return item.signed_by(signer)


def _not_delegated(inquiry: _Inquiry, item: OcspResponse, responder: Certificate) -> str | None:
    """Why ``responder`` may not answer for the issuer (RFC 6960 4.2.2.2), None where it may."""
    issuer = inquiry.issuers[0]
    if responder.sha256 == inquiry.certificate.sha256:
        return "revocation.self-asserted"
    if responder.public_key_der == issuer.public_key_der and names_match(responder.subject_der, issuer.subject_der):
        return None
    extended = responder.extended_key_usage
    usage = responder.key_usage
    if extended is None or _OCSP_SIGNING not in extended or unknown_critical(responder):
        return "revocation.responder-not-authorised"
    if usage is not None and not usage & {"digitalSignature", "nonRepudiation"}:
        return "revocation.responder-not-authorised"
    if not names_match(responder.issuer_der, issuer.subject_der):
        return "revocation.responder-of-another-ca"
    inquiry.work.spend("signature-checks")
    if not signed_by(responder, issuer):
        return "revocation.responder-of-another-ca"
    if not responder.not_before <= item.produced_at <= responder.not_after:
        return "revocation.responder-outside-validity"
    if _NOCHECK in responder.extensions:
        return "revocation.signer-revoked" if _existed(inquiry, item) >= _listed(inquiry, responder) else None
    return _signer_status(inquiry, item, responder, inquiry.issuers)


def _existed(inquiry: _Inquiry, item: Item) -> datetime:
    """Since when an item is proven to exist."""
    return inquiry.at if inquiry.proven is None else inquiry.proven(item)


def _listed(inquiry: _Inquiry, responder: Certificate) -> datetime:
    """When a CRL at hand says that a responder that needs no data was revoked: what is known still counts.

    RFC 6960 4.2.2.2.1 only waives the data. The end of the calendar where no list names it.
    """
    known = inquiry.listed.get(responder.sha256)
    if known is None:
        asked = inquiry.asked | {responder.sha256}
        about = inquiry._replace(certificate=responder, problems=[], below={}, asked=asked)
        against = (each.revoked_at or _BEGINNING for each in _from_crls(about) if each.outcome in ("revoked", "hold"))
        known = min(against, default=_END)
        inquiry.listed[responder.sha256] = known
    return known


def _signer_status(inquiry: _Inquiry, item: Item, signer: Certificate, issuers: tuple[Certificate, ...]) -> str | None:
    """Why the status of a signer of revocation data forbids using it, None where it does not."""
    if signer.sha256 in inquiry.asked:
        return "revocation.self-asserted"
    if len(inquiry.asked) > MAX_DEPTH:
        return "revocation.signer-status-missing"
    status = _evaluate(inquiry._replace(certificate=signer, issuers=issuers), None)
    inquiry.below[signer.sha256] = status
    if status.outcome in ("revoked", "hold"):
        older = status.revoked_at is not None and _existed(inquiry, item) < status.revoked_at
        return None if older else "revocation.signer-revoked"
    return None if status.outcome in ("good", "exempt") else "revocation.signer-status-missing"


def _from_crls(inquiry: _Inquiry) -> Iterator[_Statement]:
    """RFC 5280 6.3.3 without delta CRLs and indirect CRLs.

    A list that may not be used (5.2, 5.3: unknown critical extensions) and bears the certificate's serial number says
    "unknown", so that an older list that does not bear it yet proves nothing.
    """
    lists = [item for item in inquiry.items if isinstance(item, Crl)]
    for item in sorted(lists, key=lambda each: (each.this_update, each.digest)):
        if not names_match(item.issuer_der, inquiry.certificate.issuer_der):
            if is_elsewhere(inquiry.certificate, item.issuer_der):
                inquiry.object("revocation.indirect-crl", item)
            continue
        reasons = _reasons(inquiry, item)
        barred = item.unusable is not None and item.lists(inquiry.certificate.serial)
        signer = _crl_signer(inquiry, item) if reasons or barred else None
        if signer is None:
            continue
        if item.is_delta or barred:
            # refused, but what it lists is no longer as a complete list of the same time or earlier says
            if item.is_delta:
                inquiry.object("revocation.delta-crl", item)
            if item.this_update <= inquiry.at and item.lists(inquiry.certificate.serial):
                yield _Statement(item, "unknown", item.this_update, item.next_update, signer)
            continue
        statement = _say(inquiry, item, signer, reasons)
        if statement is not None:
            yield statement


def _reasons(inquiry: _Inquiry, item: Crl) -> frozenset[str]:
    """The reasons for which the list speaks of the certificate (6.3.3 b, d, e); empty where it does not, noted."""
    certificate, scope = inquiry.certificate, item.distribution
    wrong = (
        (scope.indirect, "revocation.indirect-crl"),
        (item.unusable is not None, "revocation.critical-extension"),
        (scope.only_attribute, "revocation.scope"),
        (scope.only_user and certificate.is_ca, "revocation.scope"),
        (scope.only_ca and not certificate.is_ca, "revocation.scope"),
    )
    for is_wrong, code in wrong:
        if is_wrong:
            inquiry.object(code, item, **({"oid": item.unusable} if item.unusable else {}))
            return frozenset()
    try:
        of_points = reasons_of(certificate, item)
    except MalformedError:
        of_points = None
    if of_points is None:
        inquiry.object("revocation.indirect-crl" if is_elsewhere(certificate) else "revocation.scope", item)
        return frozenset()
    return of_points & (ALL_REASONS if scope.reasons is None else scope.reasons)


def _crl_signer(inquiry: _Inquiry, item: Crl) -> Certificate | None:
    """Who signed the list, if that one may (6.3.3 f, g): a CA of the path, or another key of the same name."""
    seen: set[bytes] = set()
    why = "revocation.crl-signer-missing"
    for candidate in (*inquiry.issuers, *inquiry.pool):
        if candidate.sha256 in seen or not names_match(candidate.subject_der, item.issuer_der):
            continue
        seen.add(candidate.sha256)
        if not _verified(inquiry, item, candidate):
            why = "revocation.signature" if candidate == inquiry.issuers[0] and len(seen) == 1 else why
            continue
        if candidate.key_usage is not None and "cRLSign" not in candidate.key_usage:
            why = "revocation.crl-signer-not-authorised"
            continue
        reason = None if candidate in inquiry.issuers else _not_of_this_ca(inquiry, item, candidate)
        if reason is None:
            return candidate
        why = reason
    inquiry.object(why, item)
    return None


def _not_of_this_ca(inquiry: _Inquiry, item: Item, signer: Certificate) -> str | None:
    """Why a CRL signer with a key of its own does not belong to a CA of the path, None where it does."""
    if not signer.not_before <= (inquiry.known_at or inquiry.at) <= signer.not_after or unknown_critical(signer):
        return "revocation.crl-signer-not-authorised"
    for index, issuer in enumerate(inquiry.issuers):
        if not names_match(signer.issuer_der, issuer.subject_der):
            continue
        inquiry.work.spend("signature-checks")
        if signed_by(signer, issuer):
            if signer.sha256 in inquiry.asked:
                return None  # it speaks of itself: only a revocation would count
            return _signer_status(inquiry, item, signer, inquiry.issuers[index:])
    return "revocation.crl-signer-missing"


def _say(inquiry: _Inquiry, item: Crl, signer: Certificate, reasons: frozenset[str]) -> _Statement | None:
    """What the list says of the certificate."""
    issued = item.this_update
    try:
        entry = item.find(inquiry.certificate.serial)
    except MalformedError as error:
        inquiry.object("revocation.unreadable-entry", item, reason=error.message)
        return None
    if entry is None or issued > inquiry.at:
        if not _covers(inquiry, item, issued, item.expired_since):
            return None
        lapsed = _lapsed(inquiry, item, signer)
        return _Statement(item, "good", issued, item.next_update, signer, reasons, lapsed=lapsed)
    if entry.unusable is not None or entry.reason == "removeFromCRL":
        inquiry.object("revocation.critical-extension", item, oid=entry.unusable or entry.reason)
        return _Statement(item, "unknown", issued, item.next_update, signer)
    outcome, lapsed = _bad(entry.reason), _lapsed(inquiry, item, signer)
    return _Statement(item, outcome, issued, item.next_update, signer, reasons, entry.revoked_at, entry.reason, lapsed)
