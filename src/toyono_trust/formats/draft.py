"""What the ladder hands to a format, and what a format hands back: the values that all formats' functions share.

A format supplies ``prepare(SigningInput) -> Draft``, ``finish(draft, signature) -> bytes``, ``imprint``, ``attach`` and
``read``. None of them knows a key, a clock or the network (EN 319 102-1 4.2, signature creation).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust.core.content import Content
from toyono_trust.formats.model import Properties, TimestampToken, TimestampType

__all__ = ["Draft", "Nested", "ReadToken", "SigningInput"]


class SigningInput(NamedTuple):
    """All that goes into one signature.

    ``certificate``: DER of the signer's certificate; ``chain``: DER of its issuers, nearest first, may be empty.
    ``algorithm``: a name of ``core.algorithms``. ``claimed_at``: aware, or None for no claimed signing time.
    ``content_timestamp``: DER of an RFC 3161 token over the content, or None. ``details``: what one format alone knows.
    """

    content: Content
    detached: bool
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    claimed_at: datetime | None
    properties: Properties
    content_timestamp: bytes | None
    details: Any = None


class Draft(NamedTuple):
    """The octets that the key signs, and what ``finish`` needs to put the signature in place (opaque)."""

    to_be_signed: bytes
    state: Any


class Nested(NamedTuple):
    """A time-stamp token found inside a signature, to be read by the registry.

    ``covered``: gives the digest of the stamped octets under a digest name; None where they cannot be had.
    """

    type: TimestampType
    data: bytes
    covered: Callable[[str], bytes] | None


ReadToken = Callable[[Nested], TimestampToken]
"""The registry's reader of a nested token; it never raises."""
