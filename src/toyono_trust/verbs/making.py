"""``sign``, ``seal`` and ``timestamp`` as steps. Every refusal comes before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypedDict, get_args

from toyono_trust import signing
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import MAX_FILE
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import Appended, SigningInput
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import FormatName, Level, Place, Properties, SignaturePolicy, Signed
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.keys.signer import Signer, SignerLike
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now
from toyono_trust.validation.policy import Policy

__all__ = [
    *("LEVELS", "TIMEOUT", "Options", "Order", "check_arguments", "check_organisation", "check_signer"),
    *("known", "make", "mistyped", "order", "seal", "sign", "stamping_urls", "timestamp"),
]

LEVELS = get_args(Level)
TIMEOUT = 30.0
"""Seconds that one operation may take in the network, all time-stamping authorities together."""
_DIGESTS = ("sha256", "sha384", "sha512")


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
    countersigns: str | bool | None
    parallel: bool
    covers: Any


class Order(NamedTuple):
    """A request to sign, checked for what does not depend on the clock.

    ``contents``: what the signatures of a file cover that gets another one and is ``content`` then.
    """

    content: Content
    by: SignerLike
    format: FormatName
    level: Level
    stamping: signing.Stamping
    policy: Policy
    options: Options
    trust: TrustStore | None = None
    contents: Contents = NO_CONTENTS

    @property
    def countersigns(self) -> str | Literal[True] | None:
        """Which signature of ``content`` is countersigned; True for its only one, None for none."""
        given = self.options.get("countersigns")
        return None if given is False else given

    @property
    def adds(self) -> bool:
        """Whether the signature is for a signed file."""
        return self.countersigns is not None or self.options.get("parallel", False)


_NO_STAMPING = signing.Stamping()


def order(
    content: Content,
    by: SignerLike,
    format: FormatName,
    level: str,
    tsa: str | Sequence[str] | None,
    online: bool,
    options: Options,
    trust: TrustStore | None = None,
    contents: Contents = NO_CONTENTS,
) -> Order:
    """Check a request. Raises ``MisuseError`` for anything that the clock and the file have no part in."""
    signing.format_module(format)
    if not hasattr(by, "sign_steps"):
        raise mistyped("by", by, "Signer.open(URI)")
    if not options and level == "B-B" and tsa is None:
        return Order(content, by, format, "B-B", _NO_STAMPING, Policy.default(), options)
    known(options, _OPTIONS)
    if level not in LEVELS:
        raise MisuseError("level.unknown", f"the level {level!r} is not offered", f"use {', '.join(LEVELS)}")
    if level == "B-B" and tsa is not None:
        raise MisuseError("level.no-stamp", "tsa is given, but the level B-B has no time stamp", 'pass level="B-T"')
    if options.get("fallback") not in (None, "B-B"):
        raise MisuseError("level.unknown", "fallback can only be B-B", 'write fallback="B-B" or leave it out')
    lasting = level in ("B-LT", "B-LTA")
    if lasting:
        check_lasting(level, trust, options.get("fallback"))
    digest = options.get("digest", "sha256")
    urls = stamping_urls(tsa, online, digest) if level != "B-B" else ()
    stamping = signing.Stamping(
        urls, options.get("tsa_policy"), digest, options.get("fallback"), None if lasting else trust
    )
    policy = options.get("policy") or Policy.default()
    asked = Order(content, by, format, level, stamping, policy, options, trust, contents)  # type: ignore[arg-type]
    _check_addition(asked)
    return asked


def _check_addition(asked: Order) -> None:
    """What does not go together with another signature for a signed file."""
    options = asked.options
    for name, kinds, instead in (("countersigns", (str, bool), "the id of a signature"), ("parallel", bool, "True")):
        if not isinstance(options.get(name, False), kinds) and options.get(name) is not None:
            raise mistyped(name, options.get(name), instead)
    if not asked.adds:
        if options.get("covers") is not None:
            raise MisuseError("addition.arguments", "covers= is for signed files", "pass parallel=True, or leave it")
        return
    if asked.format == "pades":
        raise MisuseError(
            "addition.sequential",
            "the signatures of a PDF are made one after the other",
            "sign the signed PDF once more, without countersigns= or parallel=",
        )
    first = "parallel" if asked.countersigns is None else "countersigns"
    barred = ("detached",) if first == "parallel" else ("detached", "parallel", "content_type", "content_timestamp")
    given = [name for name in barred if options.get(name)]
    if given:
        raise MisuseError("addition.arguments", f"{', '.join(given)} does not go with {first}", f"leave {given[0]} out")


def check_lasting(level: str, trust: object, fallback: object = None) -> None:
    """What a level above B-T cannot do without, and does not go with."""
    if not isinstance(trust, TrustStore):
        raise MisuseError("level.trust-missing", f"{level} holds what it is validated with", "pass trust=")
    if fallback is not None:
        raise MisuseError("level.unknown", f"fallback does not go with {level}", "leave fallback= out")


_OPTIONS = frozenset(Options.__annotations__)


def known(options: Mapping[str, Any], names: frozenset[str]) -> None:
    """Refuse keyword arguments that no verb knows."""
    if options.keys() <= names:
        return
    unknown = ", ".join(sorted(options.keys() - names))
    raise MisuseError("argument.unknown", f"unknown argument {unknown}", f"known: {', '.join(sorted(names))}")


def mistyped(name: str, given: object, instead: str) -> MisuseError:
    return MisuseError("argument.type", f"{name} cannot be a {type(given).__name__}", f"pass {instead}")


def check_arguments(trust: object, policy: object, at: object) -> None:
    """Check the kinds of what ``verify`` takes besides content, for callers without a type checker."""
    if trust is not None and not isinstance(trust, TrustStore):
        raise mistyped("trust", trust, "TrustStore.load(PATH)")
    if policy is not None and not isinstance(policy, Policy):
        raise mistyped("policy", policy, "Policy.load(PATH) or Policy.named(NAME)")
    if at is not None and not isinstance(at, datetime):
        raise mistyped("at", at, "an aware datetime")
    if at is not None and at.tzinfo is None:
        raise MisuseError("argument.naive-time", "at has no time zone", "use an aware datetime")


def stamping_urls(tsa: str | Sequence[str] | None, online: bool, digest: str) -> tuple[str, ...]:
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
    check_signer(asked.by, at)
    return (yield from make(asked, at))


def seal(asked: Order) -> Steps[Signed | Appended]:
    """A seal: refuses the certificate of a natural person, a web site, or an unknown subject without ``kind``."""
    at = yield from now()
    check_signer(asked.by, at)
    check_organisation(asked.by)
    return (yield from make(asked, at))


def check_signer(by: SignerLike, at: datetime) -> None:
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


def check_organisation(by: SignerLike) -> None:
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


def make(asked: Order, at: datetime) -> Steps[Signed | Appended]:
    options = asked.options
    algorithm = signing.choose_algorithm(asked.by, asked.format, options.get("algorithm"), asked.policy, at)
    claimed = options.get("claimed_at") or at
    if claimed.tzinfo is None:
        raise MisuseError("argument.naive-time", "claimed_at has no time zone", "use an aware datetime")
    detached = options.get("detached", False)
    if not detached and not asked.adds and asked.format != "pades":  # a PDF is written where it is, whatever its size
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
    addition = _addition(asked, at) if asked.adds else None
    level: Literal["B-B", "B-T"] = "B-B" if asked.level == "B-B" else "B-T"
    made = yield from signing.make(request, asked.by, asked.format, level, asked.stamping, asked.policy, addition)
    if level == asked.level:
        return made
    details = options.get("details")
    rise = signing.Rise(
        asked.format,
        asked.level,
        asked.stamping,
        asked.policy,
        asked.trust,
        _covered(asked, details) if detached else asked.contents,
        None if addition is None else frozenset({addition.carrier(made)}),
        details.password if isinstance(details, PdfDetails) else None,
        newest=True,
    )
    result = yield from risen(made, rise)
    if addition is not None:
        addition.demand(result.report)
    return result


def _covered(asked: Order, details: JadesDetails | PdfDetails | None) -> Contents:
    """What a detached signature covers, as a verifier is handed it."""
    if isinstance(details, JadesDetails):
        if details.parts:
            return Contents(dict(details.parts))
        if details.headers:
            fields: dict[str, str] = {}
            for name, value in details.headers:
                fields[name] = f"{fields[name]}, {value}" if name in fields else value
            named: dict[str, Content] = {name: BytesContent(value.encode(), name) for name, value in fields.items()}
            return Contents({**named, "body": asked.content})
    return Contents(asked.content)


def _addition(asked: Order, at: datetime) -> signing.Addition:
    """The signed file that the signature is for, read and checked."""
    if asked.content.size > MAX_FILE:
        raise MisuseError("limits.size", f"a signed file of {asked.content.size} octets is not read", "sign it anew")
    return signing.Addition(
        asked.content.bytes,
        asked.format,
        asked.contents,
        asked.countersigns,
        asked.policy,
        at,
        lasting=asked.level in ("B-LT", "B-LTA"),
    )


def risen(source: Any, rise: signing.Rise) -> Steps[Signed | Appended]:
    """A file at a higher level, with the report on it."""
    signed, report = yield from signing.augment(source, rise)
    if isinstance(signed, Appended):
        return signed._replace(level=rise.level, report=report)
    return Signed(signed, rise.format, rise.level, None, report)


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
    urls = stamping_urls(tsa, online, digest)
    stamping = signing.Stamping(urls, tsa_policy, digest, None, trust)
    token: bytes = yield from signing.stamped(content.digest(digest), stamping, policy or Policy.default())
    return token
