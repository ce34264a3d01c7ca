"""``augment`` as steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from toyono_trust import signing
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Appended
from toyono_trust.formats.model import FormatName, Signed
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps
from toyono_trust.validation.policy import Policy
from toyono_trust.verbs import renewing
from toyono_trust.verbs.making import LEVELS, check_lasting, known, risen, stamping_urls

__all__ = ["AUGMENTING", "AugmentOptions", "augment"]


AUGMENTING = 60.0
"""Seconds that an augmentation may take in the network: time stamps, then all that was issued about them."""


class AugmentOptions(TypedDict, total=False):
    """What ``augment`` takes besides file, level, trust, network and TSA; ``api`` explains each."""

    signatures: Collection[str] | None
    content: Any
    digest: str | None
    tsa_policy: str | None
    policy: Policy | None
    password: bytes | str | None
    timeout: float


def augment(
    signed: bytes | Content,
    contents: Contents,
    level: str,
    trust: TrustStore | None,
    tsa: str | Sequence[str] | None,
    online: bool,
    options: AugmentOptions,
) -> Steps[Signed | Appended]:
    """A signed file at a higher level; arguments as of ``api.augment``. Refuses before any work."""
    known(options, frozenset(AugmentOptions.__annotations__))
    signatures, wanted = options.get("signatures"), options.get("digest")
    digest = "sha256" if wanted is None else wanted
    if level not in LEVELS or level == "B-B":
        raise MisuseError("level.unknown", f"{level!r} is nothing to augment to", "use B-T, B-LT or B-LTA")
    if level != "B-T":
        check_lasting(level, trust)
    if not online:
        raise MisuseError("http.missing", "augmentation needs the network", "pass http=Http()")
    if isinstance(signatures, str):
        raise MisuseError("argument.type", "signatures is one text", f"write signatures={{{signatures!r}}}")
    urls = stamping_urls(tsa, online, digest) if tsa is not None or level != "B-LT" else ()
    policy = options.get("policy") or Policy.default()
    kind = renewing.kind_of(signed)
    if kind is not None:
        renewing.check_whole(level, signatures)
        assert isinstance(signed, bytes)
        assert trust is not None
        renewal = renewing.Renewal(contents, urls, options.get("tsa_policy"), wanted, policy, trust)
        return (yield from renewing.renew(signed, kind, renewal))
    signed, name = _read_as(signed)
    source = BytesContent(signed) if name == "pades" and isinstance(signed, bytes) else signed
    rise = signing.Rise(
        name,
        level,  # type: ignore[arg-type]
        signing.Stamping(urls, options.get("tsa_policy"), digest, None, trust if level == "B-T" else None),
        policy,
        trust,
        contents,
        None if signatures is None else frozenset(signatures),
        options.get("password"),
    )
    return (yield from risen(source, rise))


def _read_as(signed: bytes | Content) -> tuple[bytes | Content, FormatName]:
    """The file without PEM armour (RFC 7468), which could not be spliced, and its format."""
    name = "pades"
    if isinstance(signed, bytes):
        name = registry.detect(signed) or ""
        if name == "cades":
            signed = registry.unarmoured(signed)
            name = registry.detect(signed) or ""
    if name in ("jades", "cades", "pades"):
        return signed, name  # type: ignore[return-value]
    raise MisuseError("augment.format", "this is no signed file that can be augmented", "sign the content first")
