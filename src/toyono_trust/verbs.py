"""The verbs as steps: what ``api`` and ``aio`` drive. Every refusal comes before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypedDict, cast, get_args

from toyono_trust import signing
from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import MAX_FILE, Work, WorkExceeded
from toyono_trust.delivery import evidence, receipts
from toyono_trust.delivery.check import check, compare
from toyono_trust.delivery.components import Extension
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Appended, SigningInput
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import (
    Facts,
    FormatName,
    Place,
    Properties,
    ReceiptFacts,
    SignaturePolicy,
    Signed,
    Unread,
)
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.keys.signer import Signer, SignerLike
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes
from toyono_trust.steps import Steps, now, random_bytes
from toyono_trust.validation import judge as judging
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

OfferedLevel = Literal["B-B", "B-T"]
_LEVELS = get_args(OfferedLevel)
TIMEOUT = 30.0
"""Seconds that one operation may take in the network, all time-stamping authorities together."""
_DIGESTS = ("sha256", "sha384", "sha512")
ORGANISATION, COMMON_NAME = "2.5.4.10", "2.5.4.3"


class Options(TypedDict, total=False):
    """What ``sign`` and ``seal`` take besides content, signer, format, level and TSA; ``api`` explains each."""

    detached: bool
    fallback: Literal["B-B"] | None
    algorithm: str | None
    digest: str
    claimed_at: datetime | None
    commitment: str | Sequence[str]
    roles: Sequence[str]
    place: Place | None
    signature_policy: SignaturePolicy | None
    content_type: str | None
    content_timestamp: bytes | None
    details: JadesDetails | PdfDetails | None
    tsa_policy: str | None
    policy: Policy | None
    trust: TrustStore | None


class ReceiptOptions(TypedDict, total=False):
    """What ``receipt`` takes besides event, parties, parts, level and TSA; ``api`` explains each."""

    event_time: datetime | None
    identifier: str | None
    reasons: Sequence[str]
    content_types: str | Mapping[str, str]
    policy_id: str | Sequence[str] | None
    submission_time: datetime | None
    refers_to_recipient: int | None
    external_service: receipts.Issuer | None
    forwarded_to: str | None
    extensions: tuple[Extension, ...]
    policy: Policy | None
    trust: TrustStore | None
    fallback: Literal["B-B"] | None
    digest: str
    tsa_policy: str | None
    algorithm: str | None


class Order(NamedTuple):
    """A request to sign, checked for what does not depend on the clock."""

    content: Content
    by: SignerLike
    format: FormatName
    level: OfferedLevel
    stamping: signing.Stamping
    policy: Policy
    options: Options


_NO_STAMPING = signing.Stamping()


def order(
    content: Content,
    by: SignerLike,
    format: FormatName,
    level: str,
    tsa: str | Sequence[str] | None,
    online: bool,
    options: Options,
) -> Order:
    """Check a request. Raises ``MisuseError`` for anything that the clock has no part in."""
    signing.format_module(format)
    if not hasattr(by, "sign_steps"):
        raise _mistyped("by", by, "Signer.open(URI)")
    if not options and level == "B-B" and tsa is None:
        return Order(content, by, format, "B-B", _NO_STAMPING, Policy.default(), options)
    _known(options, _OPTIONS)
    if level not in _LEVELS:
        raise MisuseError("level.unknown", f"the level {level!r} is not offered", "use B-B or B-T")
    if level == "B-B" and tsa is not None:
        raise MisuseError("level.no-stamp", "tsa is given, but the level B-B has no time stamp", 'pass level="B-T"')
    if options.get("fallback") not in (None, "B-B"):
        raise MisuseError("level.unknown", "fallback can only be B-B", 'write fallback="B-B" or leave it out')
    digest = options.get("digest", "sha256")
    urls = _stamping_urls(tsa, online, digest) if level == "B-T" else ()
    stamping = signing.Stamping(urls, options.get("tsa_policy"), digest, options.get("fallback"), options.get("trust"))
    return Order(content, by, format, level, stamping, options.get("policy") or Policy.default(), options)  # type: ignore[arg-type]


_SEALING = frozenset({"policy", "trust", "fallback", "digest", "tsa_policy", "algorithm"})


_OPTIONS = frozenset(Options.__annotations__)
_RECEIPT_OPTIONS = frozenset(ReceiptOptions.__annotations__)


def _known(options: Mapping[str, Any], known: frozenset[str]) -> None:
    if options.keys() <= known:
        return
    unknown = ", ".join(sorted(options.keys() - known))
    raise MisuseError("argument.unknown", f"unknown argument {unknown}", f"known: {', '.join(sorted(known))}")


def _mistyped(name: str, given: object, instead: str) -> MisuseError:
    return MisuseError("argument.type", f"{name} cannot be a {type(given).__name__}", f"pass {instead}")


def check_arguments(trust: object, policy: object, at: object) -> None:
    """Check the kinds of what ``verify`` takes besides content, for callers without a type checker."""
    if trust is not None and not isinstance(trust, TrustStore):
        raise _mistyped("trust", trust, "TrustStore.load(PATH)")
    if policy is not None and not isinstance(policy, Policy):
        raise _mistyped("policy", policy, "Policy.load(PATH)")
    if at is not None and not isinstance(at, datetime):
        raise _mistyped("at", at, "an aware datetime")
    if at is not None and at.tzinfo is None:
        raise MisuseError("argument.naive-time", "at has no time zone", "use an aware datetime")


def _stamping_urls(tsa: str | Sequence[str] | None, online: bool, digest: str) -> tuple[str, ...]:
    urls = signing.urls_of(tsa)
    if not urls:
        raise MisuseError("tsa.missing", "a time stamp needs a time-stamping authority", "pass tsa=<URL>")
    if not online:
        raise MisuseError("http.missing", "a time stamp needs the network", "pass http=Http()")
    if digest not in _DIGESTS:
        raise MisuseError("tsa.digest", f"{digest!r} is no digest for time stamps", f"use {', '.join(_DIGESTS)}")
    return urls


def sign(asked: Order) -> Steps[Signed | Appended]:
    """A signature by anybody; the certificate's kind says whether it is one, a seal, or a thing's."""
    at = yield from now()
    _check_signer(asked.by, at)
    return (yield from _make(asked, at))


def seal(asked: Order) -> Steps[Signed | Appended]:
    """A seal: refuses the certificate of a natural person, a web site, or an unknown subject without ``kind``."""
    at = yield from now()
    _check_signer(asked.by, at)
    _check_organisation(asked.by)
    return (yield from _make(asked, at))


def _check_signer(by: SignerLike, at: datetime) -> None:
    """Validity and usage of the signer's certificate at ``at``."""
    certificate = by.certificate
    if at > certificate.not_after:
        raise MisuseError(
            "signer.expired", f"the certificate expired at {certificate.not_after.isoformat()}", "renew the certificate"
        )
    if at < certificate.not_before:
        raise MisuseError(
            "signer.not-yet-valid",
            f"the certificate is valid from {certificate.not_before.isoformat()}",
            "wait, or correct the clock",
        )
    usage = certificate.key_usage
    if certificate.kind in ("ca", "tsa", "ocsp-responder") or (
        usage is not None and not usage & {"digitalSignature", "nonRepudiation", "contentCommitment"}
    ):
        raise MisuseError(
            "signer.usage",
            f"the certificate is not for signing documents ({certificate.kind}, {', '.join(sorted(usage or ()))})",
            "use a certificate with the key usage digitalSignature or nonRepudiation",
        )


def _check_organisation(by: SignerLike) -> None:
    kind = by.kind if isinstance(by, Signer) else by.certificate.kind
    if kind == "natural-person":
        raise MisuseError("seal.natural-person", "this certificate is a natural person's", "use sign()")
    if kind == "website":
        raise MisuseError("seal.website", "this certificate is a web site's", "use a seal certificate")
    if kind == "unknown":
        raise MisuseError(
            "seal.unknown-kind",
            "this certificate does not say whose it is",
            'if it is an organisation\'s, open it with Signer.open(…, kind="legal-person")',
        )


def _make(asked: Order, at: datetime) -> Steps[Signed | Appended]:
    options = asked.options
    algorithm = signing.choose_algorithm(asked.by, asked.format, options.get("algorithm"), asked.policy, at)
    claimed = options.get("claimed_at") or at
    if claimed.tzinfo is None:
        raise MisuseError("argument.naive-time", "claimed_at has no time zone", "use an aware datetime")
    detached = options.get("detached", False)
    if not detached and asked.format != "pades":  # a PDF is read and written where it is, whatever its size
        _check_size(asked)
    request = SigningInput(
        asked.content,
        detached,
        asked.by.certificate.der,
        tuple([issuer.der for issuer in asked.by.chain]),
        algorithm,
        claimed,
        _properties(options) if options else _NO_PROPERTIES,
        options.get("content_timestamp"),
        options.get("details"),
    )
    return (yield from signing.make(request, asked.by, asked.format, asked.level, asked.stamping, asked.policy))


def _check_size(asked: Order) -> None:
    """Refuse to make a file that ``verify`` would not read; base64url writes four characters for three octets."""
    size = asked.content.size
    written = size * 4 // 3 if asked.format == "jades" and asked.options.get("details") is None else size
    if written > MAX_FILE:
        raise MisuseError(
            "limits.size", f"with {size} octets of content the signed file would be too large", "pass detached=True"
        )


_NO_PROPERTIES = Properties()


def _properties(options: Options) -> Properties:
    commitment = options.get("commitment", ())
    return Properties(
        commitments=(commitment,) if isinstance(commitment, str) else tuple(commitment),
        roles=tuple(options.get("roles", ())),
        place=options.get("place"),
        policy=options.get("signature_policy"),
        content_type=options.get("content_type"),
    )


def timestamp(
    content: Content,
    tsa: str | Sequence[str] | None,
    online: bool,
    digest: str,
    tsa_policy: str | None,
    policy: Policy | None,
    trust: TrustStore | None,
) -> Steps[bytes]:
    """A token over the content's digest (RFC 3161)."""
    urls = _stamping_urls(tsa, online, digest)
    stamping = signing.Stamping(urls, tsa_policy, digest, None, trust)
    token: bytes = yield from signing.stamped(content.digest(digest), stamping, policy or Policy.default())
    return token


def receipt(
    event: str,
    by: SignerLike,
    level: str,
    tsa: str | Sequence[str] | None,
    online: bool,
    details: Mapping[str, Any],
    options: ReceiptOptions,
) -> Steps[Signed]:
    """A delivery receipt (EN 319 522 evidence) sealed by its issuer. ``details``: arguments of ``receipts.build``."""
    _known(options, _RECEIPT_OPTIONS)
    given = {**details, **{name: value for name, value in options.items() if name not in _SEALING}}
    given["policy"] = given.pop("policy_id", None)
    sealing = cast(Options, {name: value for name, value in options.items() if name in _SEALING})
    asked = order(BytesContent(b"{}"), by, "jades", level, tsa, online, sealing)
    at = yield from now()
    _check_signer(by, at)
    _check_organisation(by)
    if given.get("identifier") is None:
        given["identifier"] = _uuid((yield from random_bytes(16)))
    if given.get("event_time") is None:
        given["event_time"] = at
    claims = receipts.build(event, issuer=_issuer(by), **given)
    content = BytesContent(evidence.payload(claims), "receipt")
    asked = asked._replace(content=content, options={**asked.options, "details": JadesDetails(serialization="receipt")})
    made = yield from _make(asked, at)
    assert isinstance(made, Signed)
    return made


def _names(certificate: Certificate) -> tuple[str, ...]:
    """What a subject is called: its organisation, else its common name, else the whole name."""
    name = certificate.subject_name
    return (*attributes(name, ORGANISATION), *attributes(name, COMMON_NAME)) or (certificate.subject,)


def _issuer(by: SignerLike) -> receipts.Issuer:
    certificate = by.certificate
    identifier = certificate.identifier
    return receipts.Issuer(
        _names(certificate)[0],
        "" if identifier.startswith("sha256:") else identifier,
        certificate.sha256,
    )


def _uuid(octets: bytes) -> str:
    """``urn:uuid:`` version 4 (RFC 9562 5.4) out of 16 random octets."""
    value = bytearray(octets)
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    text = value.hex()
    return "urn:uuid:" + "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def verify(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime,
    work: Work | None = None,
    password: bytes | str | None = None,
) -> Report:
    """Read, judge, and say what a receipt proves. Total: any bytes in, a report out.

    ``data``: octets, or a PDF as a content, which is read where it is. ``password``: of an encrypted PDF.
    """
    work = work or Work()
    try:
        at = at.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, elsewhere
        at = at.replace(tzinfo=UTC)
    try:
        facts = registry.read(data, contents, work, password)
        claims = _receipt_claims(data) if isinstance(data, bytes) and data[:1] in _OBJECT_STARTS else None
    except MalformedError as error:
        kind = registry.kind_of(data) if isinstance(data, bytes) else "PAdES"
        unread = Unread(kind, error.code, error.message, error.offset, isinstance(error, WorkExceeded))
        return judge(unread, policy, trust, at, work)
    if claims is not None:
        facts = facts._replace(receipt=compare(claims, contents))
    return judge(facts, policy, trust, at, work)


def judge(
    facts: Facts | Unread,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    work: Work,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
) -> Report:
    """Judge what was read from one file, the claims of a receipt included; arguments as of ``validation.judge``.

    Pure: the same facts, policy, trust, time and material give the same report, today and out of an archive.
    """
    if isinstance(facts, Unread):
        kind = WorkExceeded if facts.exceeded else MalformedError
        error = kind(facts.code, facts.message, offset=facts.offset)
        return judging.malformed(error, facts.kind, policy, trust, at)
    report = judging.judge(facts, policy, trust, at, work, material, present)
    return report if facts.receipt is None else _with_receipt(report, facts.receipt, policy)


_OBJECT_STARTS = (b"{", b" ", b"\n", b"\r", b"\t")


def _receipt_claims(data: bytes) -> ReceiptFacts | None:
    """The evidence in a JSON file that is sealed by a member of its own; None where it is none.

    Only that member's seal covers its neighbours; beside a JWS's ``payload`` anybody can write what looks like one.
    """
    if b"jadesSignature" not in data and b"\\u" not in data:  # a name may be written with escapes
        return None
    value = json_loads(data)
    return evidence.facts(value) if evidence.is_evidence(value) and evidence.SEAL_MEMBER in value else None


def _with_receipt(report: Report, claims: ReceiptFacts, policy: Policy) -> Report:
    """Add what the receipt proves; a failing check of its own lowers the file's indication, never the seal's."""
    passed = [item for item in report.signatures if item.indication == "TOTAL-PASSED"]
    sealed = next(iter(passed or report.signatures), None)
    certificate = None if sealed is None else sealed.certificate
    stamped = sealed is not None and sealed.best_signature_time < report.validated_at
    notes, result = check(
        claims,
        () if certificate is None else certificate.identifiers,
        b"" if certificate is None else certificate.sha256,
        None,
        sealed.best_signature_time if sealed is not None and stamped else None,
        signer_names=() if certificate is None else _names(certificate),
    )
    judging.add_receipt(report, result if passed else result._replace(proves=None), notes, policy)
    return report
