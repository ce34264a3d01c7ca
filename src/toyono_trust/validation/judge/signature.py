"""The building blocks for one signature value: identification, verification, acceptance (EN 319 102-1 5.2.2 to 5.2.8).

``blocks`` serves signatures (5.3) and time-stamp tokens (5.4) alike and returns every problem in the standard's order;
time (5.5) is applied by ``with_time``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.formats.model import CertificateReference, Note, Signature, SignatureValue
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import names_match
from toyono_trust.validation.judge.collector import Collector, Problem
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.path import INSTANT
from toyono_trust.validation.judge.x509 import CertificateVerdict, Use, kept, validate
from toyono_trust.validation.policy import NEVER
from toyono_trust.validation.report import Finding, Indication

_FAILED = frozenset({"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "EXPIRED", "NOT_YET_VALID"})
_BEFORE_CERTIFICATE = {
    "FORMAT_FAILURE": 0,
    "NO_SIGNING_CERTIFICATE_FOUND": 1,
    "POLICY_PROCESSING_ERROR": 2,
    "SIGNATURE_POLICY_NOT_AVAILABLE": 2,
    "SIGNED_DATA_NOT_FOUND": 3,
    "HASH_FAILURE": 4,
    "SIG_CRYPTO_FAILURE": 5,
}


class Blocks(NamedTuple):
    """What the blocks say of one signature value. ``certificate`` is None where none was identified."""

    certificate: CertificateVerdict | None
    intact: bool | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    algorithm_end: datetime | None


def indication_of(sub_indication: str | None) -> Indication:
    """PASSED, FAILED or INDETERMINATE for the sub-indication that decides (EN 319 102-1 table 5)."""
    if sub_indication is None:
        return "PASSED"
    return "FAILED" if sub_indication in _FAILED else "INDETERMINATE"


def blocks(signature: Signature, use: Use, context: Context, token: tuple[Note, ...] = ()) -> Blocks:
    """Run the building blocks; problems come in the order in which the first one decides.

    ``token``: for a time-stamp token, what its structure and its imprint add (5.4).
    """
    collected = Collector(context)
    for note in (*signature.notes, *token):
        collected.add(note.code, note.subject, note.values)
    if use == "signer":
        _format(signature, collected)
    verdict = identify(signature, use, collected)
    intact = _verify(signature, verdict, collected)
    end = _acceptance(signature, verdict, use, collected)
    problems = collected.problems
    if problems or (verdict is not None and verdict.problems):
        problems = _in_order(problems, () if verdict is None else verdict.problems)
    if intact is not True and not any(problem.rescue == "never" for problem in problems):
        # whatever else was found may be rescued, or be nothing: without a verified value nothing passes
        finding = Finding("signature.unverified", "fail")
        collected.found.append(finding)
        problems = [Problem(finding, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"), *problems]
    if verdict is not None and verdict.findings:
        collected.found += verdict.findings
    return Blocks(verdict, intact, tuple(problems), tuple(collected.found), end)


def _in_order(problems: list[Problem], of_certificate: tuple[Problem, ...]) -> list[Problem]:
    """By block: format, identification, context, cryptographic verification, certificate, acceptance (5.3.4)."""
    first = sorted(
        (item for item in problems if item.sub_indication in _BEFORE_CERTIFICATE),
        key=lambda item: _BEFORE_CERTIFICATE[item.sub_indication],
    )
    last = [item for item in problems if item.sub_indication not in _BEFORE_CERTIFICATE]
    return [*first, *of_certificate, *last]


def _format(signature: Signature, collected: Collector) -> None:
    """Format checking as far as the policy decides it (5.2.2); the rest are the parser's notes."""
    policy = collected.context.policy
    if signature.format not in policy.formats:
        collected.add("policy.format", "", {"format": signature.format})
    if (signature.level or "none") not in policy.levels:
        collected.add("policy.level", "", {"level": signature.level or "none"})
    if signature.properties.policy is not None:
        collected.add("signature.policy-not-processed", "", {"identifier": signature.properties.policy.identifier})


def identify(signature: Signature, use: Use, collected: Collector) -> CertificateVerdict | None:
    """The signing certificate (5.2.3) and its verdict (5.2.6); the first signed reference must be to it."""
    context = collected.context
    leaf = signature.leaf
    reference = signature.references[0] if signature.references else None
    if reference is None and use == "signer":
        collected.add("signature.reference-missing")
    if leaf is not None:
        verdict = kept(leaf, use, context)
        if verdict is not None and _refers(reference, verdict.certificate):
            if reference is not None and reference.issuer_serial is not None:
                _issuer_serial(reference.issuer_serial, verdict.certificate, collected)
            return verdict
    certificate = _find(signature, reference, context)
    if certificate is not None:
        if reference is not None and reference.issuer_serial is not None:
            _issuer_serial(reference.issuer_serial, certificate, collected)
        return validate(certificate, use, context)
    mismatch = leaf is not None and context.load(leaf) is not None
    collected.add("signature.certificate-mismatch" if mismatch else "signature.certificate-missing")
    return None


def _refers(reference: CertificateReference | None, certificate: Certificate) -> bool:
    if reference is None:
        return True
    if reference.digest_algorithm == "sha256":
        return reference.digest == certificate.sha256
    if algorithms.digest_size(reference.digest_algorithm) is None:
        return False
    return algorithms.digest(reference.digest_algorithm, certificate.der) == reference.digest


def _issuer_serial(stated: tuple[bytes, int], certificate: Certificate, collected: Collector) -> None:
    """Issuer and serial number beside the digest are for finding the certificate; a difference is only said (5.2.3)."""
    issuer, serial = stated
    if serial != certificate.serial or not names_match(issuer, certificate.issuer_der):
        collected.add("signature.reference-differs", certificate.subject)


def _find(signature: Signature, reference: CertificateReference | None, context: Context) -> Certificate | None:
    if signature.leaf is not None:
        certificate = context.load(signature.leaf)
        if certificate is not None and _refers(reference, certificate):
            return certificate
    elif reference is not None and reference.digest_algorithm == "sha256":
        known = context.trust.find_certificate(reference.digest)
        if known is not None:
            return known
    candidates = (*context.pool(), *context.trust.anchor_certificates)
    if reference is not None:
        return next((item for item in candidates if _refers(reference, item)), None)
    if signature.leaf is not None:
        return None
    return next((item for item in candidates if _designated(signature, item)), None)


def _designated(signature: Signature, certificate: Certificate) -> bool:
    identifier = signature.identifier
    if identifier is None:
        return False
    if identifier.issuer is not None and identifier.serial is not None:
        return certificate.issuer_der == identifier.issuer and certificate.serial == identifier.serial
    wanted = identifier.subject_key_identifier
    return wanted is not None and certificate.subject_key_identifier == wanted


def _verify(signature: Signature, verdict: CertificateVerdict | None, collected: Collector) -> bool | None:
    """Cryptographic verification (5.2.7): every object found and intact, then the signature value."""
    complete = bool(signature.objects)
    for item in signature.objects:
        if not item.found:
            collected.add("content.missing", item.name, _named(item.name))
            complete = complete and not item.by_signature
        elif item.intact is False:
            collected.add("content.altered", item.name, _named(item.name))
        elif item.intact is None and not item.by_signature:
            collected.add("content.unchecked", item.name, _named(item.name))
    if verdict is None or not complete:
        return None
    key = verdict.certificate.public_key
    value = signature.value
    if key is None:
        collected.add("signature.key-unreadable", "", {"reason": verdict.certificate.key_problem})
        return None
    collected.context.work.spend("signature-checks")
    if _fits(value, key):
        return True
    if algorithms.by_name(value.algorithm) is None:
        return None
    collected.add("signature.broken")
    return False


def _fits(value: SignatureValue, key: Any) -> bool:
    """By the octets that were signed; where their digest alone was kept (an archive of evidence), by that."""
    name, curve, salt_length = value.algorithm, value.curve, value.salt_length
    if value.digest is None:
        return algorithms.verify(name, key, value.value, value.signed, curve=curve, salt_length=salt_length)
    return algorithms.verify_digest(name, key, value.value, value.digest, curve=curve, salt_length=salt_length)


def _named(name: str) -> dict[str, str]:
    """A name in the middle of a sentence, which reads on without one."""
    return {"name": f" “{name}”" if name else ""}


def _acceptance(
    signature: Signature, verdict: CertificateVerdict | None, use: Use, collected: Collector
) -> datetime | None:
    """Signature acceptance (5.2.8): claimed time, algorithms. Returns the last instant of the algorithms used."""
    if use == "signer" and signature.claimed_signing_time is not None and verdict is not None:
        _claimed_time(signature.claimed_signing_time, verdict.certificate, collected)
    key = verdict.certificate.key if verdict is not None else None
    ends = reliable(signature.value.algorithm, key.bits, None, collected) if key is not None else None
    digests = signature.digest_algorithms
    for name in digests:
        ends = reliable(name, None, ends, collected)
    reference = signature.references[0] if signature.references else None
    if reference is not None and reference.digest_algorithm not in digests:
        ends = _reference(reference.digest_algorithm, ends, collected)
    return ends


def _reference(name: str, earlier: datetime | None, collected: Collector) -> datetime | None:
    """Check the digest of the certificate reference.

    SHA-1 is all that ESSCertID (RFC 2634) knows, and a second preimage of a given certificate is out of reach: where
    SHA-1 has ended, that is a finding of its own, by default a warning.
    """
    if name != "sha1":
        return reliable(name, None, earlier, collected)
    end = collected.context.policy.end_of(name)
    if end is not None and collected.context.at >= end:
        collected.add("algorithm.reference", "", {"algorithm": name}, "before", end)
    return earlier


def reliable(
    name: str, bits: int | None, earlier: datetime | None, collected: Collector, use: str = "signature"
) -> datetime | None:
    """Check one algorithm at the validation time; the earlier of its last instant and ``earlier``."""
    policy = collected.context.policy
    end = policy.end_of(name, bits)
    if end is None:
        return earlier
    transition = policy.transition_of(name, bits)
    if transition is not None:
        earlier = _transition(name, bits, transition[0], earlier, collected, use)
    collected.context.moments.add(end)
    if collected.context.at >= end:
        code = "algorithm.not-accepted" if end == NEVER else "algorithm.expired"
        values = {"algorithm": name, "bits": bits or "-", "end": end.date().isoformat(), "use": use}
        collected.add(code, "", values, "never" if end == NEVER else "before", end)
        return earlier
    end -= INSTANT
    return end if earlier is None or end < earlier else earlier


def _transition(
    name: str, bits: int | None, start: datetime, earlier: datetime | None, collected: Collector, use: str
) -> datetime | None:
    """An algorithm in its transitional period counts, and is to be replaced; a policy may make that a failure."""
    context = collected.context
    context.moments.add(start)
    until = context.policy.transitional(name, bits, context.at)
    if until is not None:
        values = {"algorithm": name, "bits": bits or "-", "until": until.date().isoformat(), "use": use}
        collected.add("algorithm.transitional", "", values, "before", start)
        return earlier
    failing = context.finding("algorithm.transitional").level == "fail"
    if not failing or context.at >= start:
        return earlier
    return start - INSTANT if earlier is None or start < earlier else earlier


def _claimed_time(claimed: datetime, certificate: Certificate, collected: Collector) -> None:
    context = collected.context
    skew = context.policy.clock_skew
    # differences, because a certificate may be valid until 9999-12-31 (RFC 5280 4.1.2.5)
    if certificate.not_before - claimed > skew or claimed - certificate.not_after > skew:
        code = "signature.time-outside-certificate"
    elif claimed - context.at > skew:
        code = "signature.time-in-future"
    else:
        return
    collected.add(code, "", {"claimed": claimed, "proven": context.at})


def decisive(problems: tuple[Problem, ...]) -> str | None:
    """The sub-indication that decides: the first problem's."""
    return problems[0].sub_indication if problems else None


def earliest(*times: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    known = [time for time in times if time is not None]
    return min(known) if known else None
