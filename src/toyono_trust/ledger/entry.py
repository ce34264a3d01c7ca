"""What stands in the log: commitments to evidence, which say nothing without their salt.

An entry is the SHA-256 of the RFC 8785 form of ``{"evidence": …, "salt": "…"}``: the evidence without its seal and
without ``TransactionLogInformation`` (it is appended before the log's answer can be put into it and sealed), and 128
random bits in base64url. Who holds evidence and salt can show what the entry is; without the salt it cannot even be
guessed, so that destroying the salt forgets the entry. The opening is a JSON text, so that its digest may also stand in
a hash tree that does not tell leaves from nodes (RFC 4998): two digests side by side are no opening.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_canonical, json_loads
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["ENTRY_SIZE", "SALT_SIZE", "Opening", "commit", "read_opening"]

ENTRY_SIZE = 32
"""Octets of an entry."""
SALT_SIZE = 16
"""Octets of a salt: 128 random bits."""
MAX_OPENING = 1 << 22
"""Octets of an opening. The bounds of ``delivery.codec`` leave evidence of 1,000 recipients and parts below 2 MB."""

OUTSIDE = frozenset({"TransactionLogInformation", "jadesSignature"})
"""Members of evidence that an entry does not cover, for they are made after it (EN 319 522-3, JSON names)."""


class Opening(NamedTuple):
    """Evidence and salt behind an entry. ``octets``: the RFC 8785 text whose SHA-256 the entry is."""

    evidence: dict[str, Any]
    salt: bytes
    octets: bytes

    @property
    def entry(self) -> bytes:
        """The commitment that stands in the log: 32 octets."""
        return sha256(self.octets).digest()


def commit(evidence: Mapping[str, Any], salt: bytes) -> Opening:
    """The opening of evidence (a JSON object, sealed or not) under 16 random octets; its ``entry`` goes into the log.

    The caller keeps the salt beside the evidence, and nobody else. Raises ``MisuseError`` "entry.salt" and
    "entry.evidence"; ``MalformedError`` where the evidence has no canonical form.
    """
    if len(salt) != SALT_SIZE:
        raise MisuseError("entry.salt", f"a salt has {SALT_SIZE} octets, not {len(salt)}", "give 16 random octets")
    covered = {name: value for name, value in evidence.items() if name not in OUTSIDE}
    if not covered:
        raise MisuseError("entry.evidence", "there is no evidence to commit to", "give the receipt's JSON object")
    octets = json_canonical({"evidence": covered, "salt": b64url_encode(salt).decode("ascii")})
    if len(octets) > MAX_OPENING:
        raise MisuseError("entry.evidence", "the evidence is larger than accepted here", "log a digest of large parts")
    return Opening(covered, salt, octets)


def read_opening(octets: bytes) -> Opening:
    """Read an opening; only the octets that ``commit`` makes are accepted. Raises ``MalformedError``."""
    members = json_loads(octets, max_bytes=MAX_OPENING)
    if not isinstance(members, dict) or set(members) != {"evidence", "salt"}:
        raise _malformed("it has not exactly the members evidence and salt")
    evidence, text = members["evidence"], members["salt"]
    if not isinstance(text, str) or len(salt := b64url_decode(text)) != SALT_SIZE:
        raise _malformed(f"its salt is not base64url of {SALT_SIZE} octets")
    if not isinstance(evidence, dict) or not evidence or not OUTSIDE.isdisjoint(evidence):
        raise _malformed("its evidence is no JSON object without seal and log information")
    if json_canonical(members) != octets:
        raise _malformed("it is not in RFC 8785 form")
    return Opening(evidence, salt, octets)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("entry.malformed", f"this opens no entry: {reason}")
