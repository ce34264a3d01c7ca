"""Certification paths: building them under a work budget, and the checks of RFC 5280 6.1 over an explicit path.

A path is a tuple of certificates, the leaf first, the anchor last; a leaf that is itself an anchor is a path of one.
Names, signatures, validity, CA flags, path lengths, usage and critical extensions are checked here, all of them, so
that all failures are known; ``pki.pkix`` adds policies, mappings and name constraints where the path has any.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import NameKey, key_matches, name_key, names_match, signed_by

__all__ = ["VALIDITY_CODES", "Failure", "Path", "PolicyInputs", "Purpose", "build", "check", "unknown_critical"]

Path = tuple[Certificate, ...]
Purpose = Literal["signature", "seal", "device", "website", "timestamp", "ocsp", "crl", "any"]

VALIDITY_CODES = frozenset({"certificate.expired", "certificate.not-yet-valid", "ca.expired", "ca.not-yet-valid"})
"""Failures that only say that ``at`` lies outside a validity: EN 319 102-1 judges the leaf's in a place of its own."""

MAX_LENGTH = 10
"""Certificates in a path; the longest of the public trusted lists has 4, PKITS needs 7."""
MAX_CANDIDATES = 8
"""Paths offered for one leaf; a bridge between two national hierarchies gives 3."""
MAX_VISITS = 3
"""How often one certificate is looked at while building: enough for cross-certified keys, and it ends at once where
twenty CAs certify each other, which keeps a peer's builder busy for ever."""

TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
_SIGNING = frozenset({"digitalSignature", "nonRepudiation"})
_PROCESSED = frozenset(
    {
        "2.5.29.14",  # subjectKeyIdentifier
        "2.5.29.15",  # keyUsage
        "2.5.29.17",  # subjectAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.30",  # nameConstraints
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.33",  # policyMappings
        "2.5.29.35",  # authorityKeyIdentifier
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extendedKeyUsage
        "2.5.29.46",  # freshestCRL
        "2.5.29.54",  # inhibitAnyPolicy
        "2.5.29.56",  # noRevAvail
        "0.4.0.194121.2.1",  # validityAssured-short-term
        "1.3.6.1.5.5.7.1.1",  # authorityInfoAccess
        "1.3.6.1.5.5.7.1.3",  # qcStatements; EN 319 412-5 forbids it to be critical, some CAs mark it so
        "1.3.6.1.5.5.7.48.1.5",  # ocsp-nocheck
    }
)
"""Extensions that are understood; any other is a failure where it is critical (RFC 5280 6.1.4 o, 6.1.5 f)."""
_CONSTRAINING = frozenset({"2.5.29.30", "2.5.29.33", "2.5.29.36", "2.5.29.54"})
"""Without any of these in a path, and without demands of the caller, policies and name constraints cannot fail."""


class Failure(NamedTuple):
    """One failed check. ``index`` counts from the leaf (0); ``values`` fill the finding's text ("subject" always)."""

    code: str
    index: int  # type: ignore[assignment]  # tuple.index is not missed
    values: Mapping[str, Any] = {}


class PolicyInputs(NamedTuple):
    """What the caller demands of certificate policies (RFC 5280 6.1.1 c, e, f, g). The default demands nothing."""

    acceptable: frozenset[str] = frozenset({"any_policy"})
    explicit: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False


def build(leaf: Certificate, pool: Iterable[Certificate], anchors: Iterable[Certificate], work: Work) -> list[Path]:
    """Candidate paths from ``leaf`` to one of ``anchors`` through ``pool``, shortest first, at most ``MAX_CANDIDATES``.

    ``pool`` are certificates of the file and the trust store's intermediates, in any order. Where several certificates
    bear the issuer's name, those whose key did not sign are left out; a lone one is taken by its name, so that
    ``check`` can say what is wrong. Spends "paths" and "signature-checks"; raises ``WorkExceeded`` and nothing else.
    An empty list means that no path exists.
    """
    trusted = {anchor.der: anchor for anchor in anchors}
    by_name: dict[NameKey, dict[bytes, Certificate]] = {}
    for certificate in (*trusted.values(), *pool):
        by_name.setdefault(name_key(certificate.subject_der), {})[certificate.der] = certificate
    found: list[Path] = []
    if leaf.der in trusted:
        work.spend("paths")
        found.append((leaf,))
    queue: deque[Path] = deque([(leaf,)])
    visits: Counter[bytes] = Counter()
    checked: dict[tuple[bytes, bytes], bool] = {}
    while queue and len(found) < MAX_CANDIDATES:
        path = queue.popleft()
        candidates = by_name.get(name_key(path[-1].issuer_der), {})
        parents = [each for each in candidates.values() if not _loops(path, each)]
        for parent in _likely(path[-1], parents, checked, work):
            longer = (*path, parent)
            if parent.der in trusted and len(found) < MAX_CANDIDATES:
                work.spend("paths")
                found.append(longer)
            if len(longer) < MAX_LENGTH and visits[parent.der] < MAX_VISITS:
                visits[parent.der] += 1
                queue.append(longer)
    return found


def _loops(path: Path, parent: Certificate) -> bool:
    """True where the path already has this key under this name."""
    return any(each.public_key_der == parent.public_key_der and each.subject_der == parent.subject_der for each in path)


def _likely(
    child: Certificate, parents: list[Certificate], checked: dict[tuple[bytes, bytes], bool], work: Work
) -> list[Certificate]:
    """Those that may have issued ``child``, the most promising first."""
    if len(parents) > 1:
        signers = []
        for parent in parents:
            key = child.der, parent.public_key_der
            if key not in checked:
                work.spend("signature-checks")
                checked[key] = signed_by(child, parent)
            if checked[key]:
                signers.append(parent)
        parents = signers or parents
        parents.sort(key=lambda each: (key_matches(child, each) is not True, -each.not_after.timestamp(), each.sha256))
    return parents


def check(
    path: Path, at: datetime, purpose: Purpose, work: Work | None = None, policies: PolicyInputs | None = None
) -> tuple[Failure, ...]:
    """All failed checks of RFC 5280 6.1 and of the leaf's usage for ``purpose`` at the time ``at`` (aware, UTC).

    An empty tuple means that the path holds at ``at``, revocation and strength of algorithms aside. Failures about
    validity have a code in ``VALIDITY_CODES``; all others do not depend on ``at``. Never raises on hostile bytes;
    ``WorkExceeded`` where ``work`` is given and used up. The anchor's own validity is not looked at (6.1.1 d).
    """
    failures = [*_usage(path[0], purpose)]
    for index, certificate in enumerate(path[:-1] or path):
        failures += _validity(certificate, index, at)
        failures += [Failure("path.critical-extension", index, {"oid": oid}) for oid in unknown_critical(certificate)]
    for index in range(len(path) - 1):
        if work is not None:
            work.spend("signature-checks")
        failures += _link(path[index], path[index + 1], index)
        failures += _issuing(path[index + 1], index + 1, anchor=index + 2 == len(path))
    failures += _lengths(path)
    below = path[:-1]
    if policies is not None or any(not _CONSTRAINING.isdisjoint(each.extensions) for each in below):
        from toyono_trust.pki.pkix import constraints

        if work is not None:
            work.spend("constraint-bytes", sum(len(each.der) for each in path))
        failures += [Failure(*each) for each in constraints(path, policies or PolicyInputs(), bool(failures))]
    return tuple(each._replace(values={"subject": path[each.index].subject, **each.values}) for each in failures)


def _validity(certificate: Certificate, index: int, at: datetime) -> Iterator[Failure]:
    """RFC 5280 6.1.3 a 2; both ends belong to the validity (4.1.2.5)."""
    which = "ca" if index else "certificate"
    if at < certificate.not_before:
        yield Failure(f"{which}.not-yet-valid", index, {"date": certificate.not_before.isoformat()})
    elif at > certificate.not_after:
        yield Failure(f"{which}.expired", index, {"date": certificate.not_after.isoformat()})


def unknown_critical(certificate: Certificate) -> list[str]:
    """OIDs of critical extensions that are not understood: such a certificate must not be used (RFC 5280 4.2)."""
    return [oid for oid, (critical, _) in certificate.extensions.items() if critical and oid not in _PROCESSED]


def _link(certificate: Certificate, issuer: Certificate, index: int) -> Iterator[Failure]:
    """RFC 5280 6.1.3 a 1 and a 4."""
    if not names_match(certificate.issuer_der, issuer.subject_der):
        yield Failure("path.name-chaining", index, {"issuer": certificate.issuer, "subject": issuer.subject})
    if issuer.public_key is None:
        yield Failure("path.unsupported-key", index + 1, {"reason": issuer.key_problem})
    elif not signed_by(certificate, issuer):
        yield Failure("path.signature", index, {"algorithm": certificate.signature_algorithm, "issuer": issuer.subject})


def _issuing(issuer: Certificate, index: int, *, anchor: bool) -> Iterator[Failure]:
    """RFC 5280 6.1.4 k and n. An anchor without extensions (version 1) is a CA because it is named; others say so."""
    if not issuer.is_ca and not (anchor and not issuer.extensions):
        yield Failure("path.not-a-ca", index)
    if issuer.key_usage is not None and "keyCertSign" not in issuer.key_usage:
        yield Failure("path.no-key-cert-sign", index)


def _lengths(path: Path) -> Iterator[Failure]:
    """RFC 5280 6.1.4 l and m, from the anchor's child downwards."""
    left: int | None = None
    for index in range(len(path) - 2, 0, -1):
        certificate = path[index]
        if left is not None and not names_match(certificate.issuer_der, certificate.subject_der):
            if left == 0:
                yield Failure("path.too-long", index)
                return
            left -= 1
        if certificate.path_length is not None:
            left = certificate.path_length if left is None else min(left, certificate.path_length)


def _usage(leaf: Certificate, purpose: Purpose) -> Iterator[Failure]:
    """What the leaf may be used for: RFC 5280 4.2.1.3 and 4.2.1.12, RFC 3161 2.3, RFC 6960 4.2.2.2."""
    usage, extended = leaf.key_usage, leaf.extended_key_usage
    if purpose == "any":
        return
    if purpose == "crl":
        if usage is not None and "cRLSign" not in usage:
            yield Failure("certificate.no-crl-sign", 0)
        return
    if usage is not None and _SIGNING.isdisjoint(usage):
        yield Failure("certificate.key-usage", 0, {"found": ", ".join(sorted(usage)), "purpose": purpose})
    if purpose == "timestamp":
        if extended != frozenset({TIME_STAMPING}) or not leaf.extended_key_usage_critical:
            yield Failure("certificate.not-a-tsa", 0)
    elif purpose == "ocsp":
        if extended is None or OCSP_SIGNING not in extended:
            yield Failure("certificate.not-a-responder", 0)
    elif extended is not None and extended <= {TIME_STAMPING, OCSP_SIGNING}:
        yield Failure("certificate.extended-key-usage", 0, {"found": ", ".join(sorted(extended)), "purpose": purpose})
