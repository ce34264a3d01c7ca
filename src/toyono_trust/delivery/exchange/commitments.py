"""Commitments in place of digests and identifiers, for those who are not to learn them.

A commitment is the SHA-256 of the RFC 8785 text ``{"label": …, "salt": "…", "value": …}`` with a salt of 128 bits, made
as a log's entry is: who holds value and salt can show what it is, and without the salt nobody can guess it, however few
values are possible. The salts come out of one secret of the holder by HMAC-SHA-256 over exchange, label and value: one
that is shown tells nothing of the others, destroying the secret forgets them all, and two parties that share a secret
make the same commitments, so that somebody else can reconcile their records without learning what stands in them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_canonical, json_loads
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["SALT_SIZE", "Commitment", "Opening", "commit", "read_opening"]

SALT_SIZE = 16
"""Octets of a salt: 128 bits, as of a log's entry."""
MIN_SECRET = 16
"""Octets of the secret from which salts come."""
MAX_OPENING = 1 << 16
"""Octets of an opening: it holds one text or digest."""


class Commitment(NamedTuple):
    """32 octets that stand for a value."""

    octets: bytes

    @property
    def text(self) -> str:
        """The same as base64url."""
        return b64url_encode(self.octets).decode("ascii")


class Opening(NamedTuple):
    """What stands behind a commitment. ``value``: a text, or a digest as the manifest has it."""

    label: str
    value: Any
    salt: bytes

    @property
    def octets(self) -> bytes:
        """The RFC 8785 text whose SHA-256 the commitment is; what is handed to whom it is to be shown."""
        salt = b64url_encode(self.salt).decode("ascii")
        return json_canonical({"label": self.label, "salt": salt, "value": self.value})

    @property
    def commitment(self) -> Commitment:
        """What stands in the manifest for a third party."""
        return Commitment(hashlib.sha256(self.octets).digest())


def commit(label: str, value: Any, exchange: str, secret: bytes) -> Opening:
    """The opening of a value under the salt that belongs to it.

    ``secret``: at least 16 random octets, better 32, that only the holder has (or both parties of the exchange). Raises
    ``MisuseError`` "exchange.secret".
    """
    if len(secret) < MIN_SECRET:
        raise MisuseError("exchange.secret", f"the secret has {len(secret)} octets", "use 32 random octets")
    salt = hmac.digest(secret, json_canonical([exchange, label, value]), hashlib.sha256)[:SALT_SIZE]
    return Opening(label, value, salt)


def read_opening(octets: bytes) -> Opening:
    """Read an opening; only the octets that ``Opening.octets`` gives are taken. Raises ``MalformedError``."""
    members = json_loads(octets, max_bytes=MAX_OPENING, max_depth=2, max_nodes=8)
    if not isinstance(members, dict) or set(members) != {"label", "salt", "value"}:
        raise _malformed("it has not exactly the members label, salt and value")
    label, salt, value = members["label"], members["salt"], members["value"]
    if not isinstance(label, str) or not isinstance(salt, str) or not isinstance(value, str | dict):
        raise _malformed("a member has another type")
    opening = Opening(label, value, b64url_decode(salt))
    if len(opening.salt) != SALT_SIZE or opening.octets != octets:
        raise _malformed("it is not in the form in which it was made")
    return opening


def _malformed(reason: str) -> MalformedError:
    return MalformedError("exchange.opening", f"this opens no commitment: {reason}", "ask its holder for it")
