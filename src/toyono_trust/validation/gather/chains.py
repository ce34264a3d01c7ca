"""Whose certificates a file is about, and how far the certificates at hand lead from them towards an anchor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Facts, Signature
from toyono_trust.pki import path as paths
from toyono_trust.pki.anchors import Anchor
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import NameKey, name_key

__all__ = ["Target", "Use", "circular", "load", "open_ends", "serves", "signatures_of", "sound", "targets_of"]

Use = Literal["signer", "timestamp"]
_SIGNING = ("signature", "seal", "website")


class Target(NamedTuple):
    """A certificate that must be judged, and as what."""

    certificate: Certificate
    use: Use


def load(der: bytes) -> Certificate | None:
    """The certificate of these bytes, None where they are none (the judge says so)."""
    try:
        return Certificate.load(der)
    except MalformedError:
        return None


def signatures_of(facts: Facts) -> Iterator[tuple[Signature, Use]]:
    """Every signature of a file: counter-signatures and the time stamps' own included."""
    waiting: list[tuple[Signature, Use]] = [(each, "signer") for each in facts.signatures]
    waiting += [(token.signer, "timestamp") for token in facts.timestamps]
    while waiting:
        signature, use = waiting.pop(0)
        yield signature, use
        waiting += [(each, "signer") for each in signature.counter_signatures]
        waiting += [(token.signer, "timestamp") for token in signature.timestamps]


def targets_of(facts: Facts, known: Iterable[Certificate]) -> list[Target]:
    """The signing certificates of a file, each once for each use. ``known``: all certificates at hand."""
    everything = tuple(known)
    found: dict[Target, None] = {}
    for signature, use in signatures_of(facts):
        certificate = _signing_certificate(signature, everything)
        if certificate is not None:
            found[Target(certificate, use)] = None
    return list(found)


def _signing_certificate(signature: Signature, known: tuple[Certificate, ...]) -> Certificate | None:
    """The certificate that the judge will identify (EN 319 102-1 5.2.3), where it is at hand."""
    if signature.leaf is not None:
        return load(signature.leaf)
    if signature.references:
        reference = signature.references[0]
        if algorithms.digest_size(reference.digest_algorithm) is None:
            return None
        digests = ((each, algorithms.digest(reference.digest_algorithm, each.der)) for each in known)
        return next((each for each, digest in digests if digest == reference.digest), None)
    named = signature.identifier
    if named is None:
        return None
    if named.issuer is not None and named.serial is not None:
        pair = named.issuer, named.serial
        return next((each for each in known if (each.issuer_der, each.serial) == pair), None)
    wanted = named.subject_key_identifier
    return None if wanted is None else next((each for each in known if each.subject_key_identifier == wanted), None)


def serves(anchor: Anchor, use: Use) -> bool:
    """Whether a path for ``use`` may end at ``anchor``."""
    purposes = ("timestamp",) if use == "timestamp" else _SIGNING
    return any(anchor.serves(purpose) for purpose in purposes)


def sound(failures: Iterable[paths.Failure], *, whole: bool) -> bool:
    """Whether a path is worth asking for revocation data; ``whole``: whether no other issuer need be looked for.

    The leaf's own validity is another matter; an expired CA may have a newer certificate for the same key.
    """
    codes = {failure.code for failure in failures}
    return not (codes - paths.VALIDITY_CODES or (whole and codes & {"ca.expired", "ca.not-yet-valid"}))


def _by_name(pool: Iterable[Certificate]) -> dict[NameKey, list[Certificate]]:
    found: dict[NameKey, list[Certificate]] = {}
    for certificate in pool:
        found.setdefault(name_key(certificate.subject_der), []).append(certificate)
    return found


def open_ends(
    leaf: Certificate, pool: Iterable[Certificate], work: Work
) -> tuple[list[Certificate], list[Certificate]]:
    """What is reached from ``leaf`` upwards: certificates whose issuer is not at hand, and those whose issuer is.

    Self-signed ones are left out: nobody is above them. Each certificate is looked at once, whoever certifies whom.
    """
    by_name = _by_name(pool)
    ends: list[Certificate] = []
    inner: list[Certificate] = []
    seen, waiting = {leaf.der}, [leaf]
    while waiting:
        certificate = waiting.pop(0)
        if certificate.self_issued:
            work.spend("signature-checks")
            if certificate.self_signed:
                continue
        parents = by_name.get(name_key(certificate.issuer_der), [])
        (inner if parents else ends).append(certificate)
        for parent in parents:
            if parent.der not in seen:
                seen.add(parent.der)
                waiting.append(parent)
    return ends, inner


def circular(reached: Iterable[Certificate]) -> bool:
    """Whether certificates name each other as issuers in a circle; those that name themselves do not count."""
    left = {each.der: each for each in reached if not each.self_issued}
    while True:
        names = {name_key(each.subject_der) for each in left.values()}
        ending = [der for der, each in left.items() if name_key(each.issuer_der) not in names]
        if not ending:
            return bool(left)
        for der in ending:
            del left[der]
