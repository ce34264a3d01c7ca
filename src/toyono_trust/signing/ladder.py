"""The first rungs of the ladder: B-B, then B-T, for every format alike; what leaves it has been verified.

A format supplies ``prepare``, ``finish``, ``imprint`` and ``attach``. A signature value that came from outside the
process is verified before anything is returned (EN 319 102-1 4); every time-stamp token is, by ``pki.stamping``. A
format that cannot grow (PDF) keeps room for a token; where one does not fit, signature and time stamp are made once
more.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from toyono_trust.core import algorithms
from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.formats import cades, jades, pades, registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Appended, Covered, DoesNotFit, Draft, SigningInput
from toyono_trust.formats.model import FormatName, Level, Signed
from toyono_trust.keys.signer import Signer, SignerLike, sign_content
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing.stamps import Stamping, stamped, token_rooms
from toyono_trust.steps import Steps, now
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import NotVerified

if TYPE_CHECKING:
    from toyono_trust.signing.addition import Addition

__all__ = ["choose_algorithm", "format_module", "make"]

_FORMATS: dict[str, ModuleType] = {"jades": jades, "cades": cades, "pades": pades}


def format_module(name: str) -> ModuleType:
    """The functions of a format; ``MisuseError`` for a name that is none."""
    module = _FORMATS.get(name)
    if module is not None:
        return module
    raise MisuseError("format.not-offered", f"there is no format {name!r} to sign in", f"use {', '.join(_FORMATS)}")


def choose_algorithm(by: SignerLike, format: FormatName, wanted: str | None, policy: Policy, at: datetime) -> str:
    """The first algorithm of the signer that the format can name and the policy accepts at ``at``.

    Raises ``MisuseError`` (``signer.algorithm``) where there is none, or where ``wanted`` is not among them.
    """
    key = by.certificate.key
    for name in by.algorithms:
        row = algorithms.by_name(name)
        if row is None or key is None or (wanted is not None and name != wanted):
            continue
        if format == "jades" and (row.jwa is None or (row.family == "ecdsa" and row.jwa_curve != key.curve)):
            continue
        end = policy.end_of(name, key.bits)
        if end is None or at < end:
            return name
    asked = f"{wanted} is not possible" if wanted else "no algorithm is possible"
    raise MisuseError(
        "signer.algorithm",
        f"{asked} for this key, the format {format} and the policy {policy.name!r}",
        f"the key offers {', '.join(by.algorithms) or 'nothing'}",
    )


def make(
    request: SigningInput,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-B", "B-T"],
    stamping_by: Stamping,
    policy: Policy,
    addition: Addition | None = None,
) -> Steps[Signed | Appended]:
    """Climb from the content to ``level``; a PDF is given as what is appended to it.

    ``addition``: the signed file that the signature is for, whose content then counts instead of ``request.content``.
    Raises ``UnavailableError`` of the key or of the TSAs (unless ``fallback`` allows B-B), ``NotVerified`` where the
    key's signature or a token does not verify.
    """
    module: Any = format_module(format) if addition is None else addition
    contents = None if addition is None else addition.contents
    for _ in range(2):
        if level != "B-B":
            request = request._replace(token_room=token_rooms.room(stamping_by.urls))
        draft = module.prepare(request)
        if draft.message is None:
            value = yield from by.sign_steps(draft.to_be_signed, request.algorithm)
        else:
            value = yield from sign_content(by, draft.message, request.algorithm)
        signed = module.finish(draft, value)
        if not (isinstance(by, Signer) and by.proven):
            yield from _verify_value(by, request, draft, value, signed, policy, contents)
        if level == "B-B":
            return _reached(signed, format, "B-B")
        try:
            token = yield from stamped(module.imprint(signed, stamping_by.digest), stamping_by, policy)
        except UnavailableError as error:
            if stamping_by.fallback is None:
                raise
            return _reached(signed, format, "B-B", f"{error.message} [{error.code}]")
        token_rooms.remember(stamping_by.urls, len(token))
        try:
            return _reached(module.attach(signed, token), format, "B-T")
        except DoesNotFit:
            continue
    raise UnavailableError("tsa.token-size", "the second time stamp is much larger than the first", retryable=True)


def _reached(signed: Any, format: FormatName, level: Level, reason: str | None = None) -> Signed | Appended:
    if isinstance(signed, Appended):
        return signed._replace(level=level, reason=reason)
    return Signed(signed, format, level, reason)


def _fits(value: bytes, draft: Draft, algorithm: str, public_key: Any) -> bool:
    row = algorithms.by_name(algorithm)
    if draft.message is None or row is None or row.digest is None:
        signed = draft.to_be_signed if draft.message is None else draft.message.bytes
        return algorithms.verify(algorithm, public_key, value, signed)
    return algorithms.verify_digest(algorithm, public_key, value, draft.message.digest(row.digest))


def _verify_value(
    by: SignerLike,
    request: SigningInput,
    draft: Draft,
    value: bytes,
    signed: bytes | Appended,
    policy: Policy,
    contents: Contents | None,
) -> Steps[None]:
    """A value from outside the process fits the certificate, or ``NotVerified`` with the report on the result."""
    if _fits(value, draft, request.algorithm, by.certificate.public_key):
        return
    at = yield from now()
    work = Work()
    if isinstance(signed, Appended):
        facts = registry.read(signed.cms, Contents(Covered(signed)), work)
    else:
        facts = registry.read(signed, Contents(request.content) if contents is None else contents, work)
    report = judge(facts, policy, TrustStore.empty(), at, work)
    raise NotVerified(
        report,
        "signer.wrong-signature",
        "the key returned a signature that does not fit the certificate",
        "check that certificate and key belong together",
    )
