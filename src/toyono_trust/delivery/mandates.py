"""The mandate on which a delegate acts (電子委任状), as attributes of the delegate's identity.

EN 319 522 names delegates (``SenderDelegateDetails``, ``RecipientsDelegateDetails``) and leaves open on what they act.
The 電子委任状 Act's guideline knows three ways to record a mandate; whichever it is, the evidence holds what finds it
again and, as a digest, what it said; not the mandate itself, which may hold more than the recipient may see.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, get_args

from toyono_trust.core.algorithms import digest_size
from toyono_trust.core.canonical import b64url_decode, b64url_encode
from toyono_trust.delivery.components import Attribute, Moment, Open
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["MANDATE", "Mandate", "attributes", "read"]

MANDATE = "urn:toyono-trust:erds:mandate:"
"""Attribute names of a mandate begin so."""
NAMED_DIGEST = "ni:///sha-256;"
"""RFC 6920: a thing named by its SHA-256."""

Kind = Literal["principal-file", "certificate", "operator-file"]
_KINDS: tuple[str, ...] = get_args(Kind)


class Mandate(NamedTuple):
    """A mandate.

    ``kind``: ``"principal-file"`` (委任者記録ファイル方式), ``"certificate"`` (電子証明書方式) or ``"operator-file"``
    (取扱事業者記録ファイル方式). ``identifier``: number or URI under which it is found. ``sha256``: digest over the
    mandate's octets, None where there are none (an ID token of the past). ``operator``: who vouches for it
    (電子委任状取扱業務 certified operator), an identifier's text. ``valid_until``: aware. ``scope``: what it is for.
    """

    kind: Kind
    identifier: str
    sha256: bytes | None = None
    operator: str = ""
    valid_until: datetime | None = None
    scope: str = ""


def attributes(mandate: Mandate) -> tuple[Attribute, ...]:
    """The attributes of a delegate who acts on the mandate. Raises ``MisuseError`` "receipt.argument"."""
    if mandate.kind not in _KINDS or not mandate.identifier:
        raise MisuseError("receipt.argument", "a mandate needs a kind and an identifier", f"kinds: {', '.join(_KINDS)}")
    if mandate.sha256 is not None and len(mandate.sha256) != digest_size("sha256"):
        raise MisuseError("receipt.argument", "the digest of the mandate is no SHA-256 of 32 octets")
    until = mandate.valid_until
    if until is not None and until.tzinfo is None:
        raise MisuseError("receipt.time-naive", "valid_until has no time zone", "give an aware datetime")
    named = "" if mandate.sha256 is None else NAMED_DIGEST + b64url_encode(mandate.sha256).decode("ascii")
    values = {
        "kind": mandate.kind,
        "identifier": mandate.identifier,
        "digest": named,
        "operator": mandate.operator,
        "valid-until": "" if until is None else Moment.of(until).text,
        "scope": mandate.scope,
    }
    return tuple(
        Attribute(MANDATE + name, attribute_value=(Open.of(value),)) for name, value in values.items() if value
    )


def read(identity: tuple[Attribute, ...]) -> Mandate | None:
    """The mandate that a delegate's identity names; None where there is none.

    Raises ``MalformedError`` "receipt.mandate-unreadable".
    """
    found: dict[str, str] = {}
    for one in identity:
        if one.name.startswith(MANDATE):
            name, values = one.name.removeprefix(MANDATE), one.attribute_value or ()
            text = values[0].value if len(values) == 1 else None
            if not isinstance(text, str) or name in found:
                raise MalformedError("receipt.mandate-unreadable", f"{one.name} has no single text")
            found[name] = text
    if not found:
        return None
    try:
        until = Moment(found["valid-until"]).at if "valid-until" in found else None
        named = found.get("digest")
        sha256 = None if named is None else b64url_decode(named.removeprefix(NAMED_DIGEST))
        if found["kind"] not in _KINDS or (sha256 is not None and len(sha256) != digest_size("sha256")):
            raise ValueError
        return Mandate(
            found["kind"],  # type: ignore[arg-type]
            found["identifier"],
            sha256,
            found.get("operator", ""),
            until,
            found.get("scope", ""),
        )
    except (KeyError, ValueError) as error:
        raise MalformedError("receipt.mandate-unreadable", "the mandate of a delegate cannot be read") from error
