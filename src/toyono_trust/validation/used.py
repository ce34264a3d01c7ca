"""The validation material that a report rests on: each certificate, CRL and OCSP response, and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.model import Facts, Signature, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.material import Material
from toyono_trust.validation.report import Report, SignatureReport, TimestampReport

__all__ = ["Used", "token_data", "used", "validation_data"]

Kind = Literal["certificate", "crl", "ocsp"]


class Used(NamedTuple):
    """One piece of material. ``digest``: ``"sha256:…"`` over ``octets`` (DER).

    ``source``: ``"file"``, ``"trust"``, or the URL that it was fetched from.
    """

    kind: Kind
    digest: str
    source: str
    octets: bytes


def used(report: Report) -> tuple[Used, ...]:
    """What a report rests on, and all else that was gathered for it, by kind and digest."""
    if report.inputs is None or isinstance(report.inputs.facts, Unread):
        return ()
    facts, trust, material = report.inputs.facts, report.inputs.trust, report.inputs.material
    parts = [*_parts(report.signatures), *report.timestamps]
    found: dict[str, Used] = {}
    here = {der for signature in _signatures(facts) for der in signature.certificates}
    for part in parts:
        for certificate in (*part.chain, *part.signers):
            digest = _named(certificate.sha256)
            source = material.sources.get(digest) or ("file" if certificate.der in here else "trust")
            found[digest] = Used("certificate", digest, source, certificate.der)
    cited = {digest for part in parts for digest in part.revocation_evidence}
    for item in _items(facts, trust, material):
        if item.digest in cited or item.digest in material.sources:
            found.setdefault(item.digest, item)
    for der in material.certificates:
        digest = _digest(der)
        found.setdefault(digest, Used("certificate", digest, material.sources.get(digest, "trust"), der))
    return tuple(sorted(found.values()))


def validation_data(report: Report, signature: SignatureReport) -> ValidationData:
    """What a signature, its counter-signatures and all their time stamps were validated with (EN 319 122-1 6.3)."""
    parts = list(_parts([signature]))
    cited = {digest for part in parts for digest in part.revocation_evidence}
    chains = dict.fromkeys(each.der for part in parts for each in (*part.chain, *part.signers))
    return ValidationData(tuple(chains), *_cited(report, cited))


def token_data(report: Report, token: TimestampReport) -> ValidationData:
    """What one time stamp was validated with; certificates and lists that it holds itself included."""
    chain = dict.fromkeys(each.der for each in (*token.chain, *token.signers))
    return ValidationData(tuple(chain), *_cited(report, token.revocation_evidence))


def _cited(report: Report, digests: Iterable[str]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The CRLs and the OCSP responses of some digests."""
    wanted = set(digests)
    assert report.inputs is not None
    assert isinstance(report.inputs.facts, Facts)
    facts, trust, material = report.inputs.facts, report.inputs.trust, report.inputs.material
    found = {item.digest: item for item in _items(facts, trust, material) if item.digest in wanted}
    ordered = [found[digest] for digest in sorted(found)]
    crls, responses = ([item.octets for item in ordered if item.kind == kind] for kind in ("crl", "ocsp"))
    return tuple(crls), tuple(responses)


def _parts(signatures: Iterable[SignatureReport]) -> Iterator[SignatureReport | TimestampReport]:
    for signature in signatures:
        yield signature
        yield from signature.timestamps
        yield from _parts(signature.counter_signatures)


def _signatures(facts: Facts) -> Iterator[Signature]:
    waiting = [*facts.signatures, *(token.signer for token in facts.timestamps)]
    while waiting:
        signature = waiting.pop()
        yield signature
        waiting += signature.counter_signatures
        waiting += (token.signer for token in signature.timestamps)


def _items(facts: Facts, trust: TrustStore, material: Material) -> Iterator[Used]:
    """Every CRL and OCSP response at hand; the file's first."""
    for signature in _signatures(facts):
        yield from (Used("crl", _digest(der), "file", der) for der in signature.crls)
        yield from (Used("ocsp", _digest(der), "file", der) for der in signature.ocsp_responses)
    sources: Mapping[str, str] = material.sources
    for der in material.revocation:
        digest = _digest(der)
        yield Used("ocsp" if _is_response(der) else "crl", digest, sources.get(digest, "trust"), der)
    for item in trust.revocation:
        yield Used(item.kind, item.digest, "trust", item.der)


def _is_response(der: bytes) -> bool:
    """An OCSPResponse begins with an ENUMERATED (RFC 6960 4.2.1), a CertificateList with a SEQUENCE."""
    first = 2 + (der[1] & 0x7F if len(der) > 1 and der[1] & 0x80 else 0)
    return der[first : first + 1] == b"\x0a"


def _digest(octets: bytes) -> str:
    return _named(hashlib.sha256(octets).digest())


def _named(digest: bytes) -> str:
    return "sha256:" + digest.hex()
