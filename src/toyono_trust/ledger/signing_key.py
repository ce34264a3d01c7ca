"""The key file of a log or of a witness: one line of text, as Go's ``golang.org/x/mod/sumdb/note`` writes it.

``PRIVATE+KEY+name+key ID in hex+base64 of type and seed``, the seed being the 32 octets of an Ed25519 private key
(RFC 8032 5.1.5). The matching verifier key is ``NoteKey.text``.
"""

from __future__ import annotations

from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.ledger.note import COSIGNATURE, ED25519, KEY_SIZE, NoteSigner

__all__ = ["MAX_KEY_TEXT", "read_signing_key", "write_signing_key"]

MAX_KEY_TEXT = 512
"""Octets of a key file: with the longest name it has some 330."""

_PREFIX = "PRIVATE+KEY+"


def write_signing_key(name: str, seed: bytes, kind: int = ED25519) -> str:
    """The line for a new key: 32 random octets under a name. Raises ``MisuseError`` "note.name", "note.signer"."""
    signer = _signer(name, seed, kind)
    return f"{_PREFIX}{name}+{signer.key.id.hex()}+{b64_encode(bytes([kind]) + seed)}"


def read_signing_key(text: str) -> NoteSigner:
    """What signs, out of a key file's text, whose last newline may be left out.

    Raises ``MalformedError`` "note.key"; no error holds anything of the key.
    """
    name, _, rest = text.removesuffix("\n").removesuffix("\r").removeprefix(_PREFIX).partition("+")
    identifier, _, encoded = rest.partition("+")
    if not text.startswith(_PREFIX) or len(text) > MAX_KEY_TEXT:
        raise _malformed("it is not one line that begins with PRIVATE+KEY+")
    try:
        data = b64_decode(encoded)
    except MalformedError:
        raise _malformed("its key is no base64") from None
    if not data or data[0] not in (ED25519, COSIGNATURE) or len(data) != 1 + KEY_SIZE:
        raise _malformed("its key is of no type known here")
    try:
        signer = _signer(name, data[1:], data[0])
    except MisuseError:
        raise _malformed("its name cannot be a key's") from None
    if signer.key.id.hex() != identifier:
        raise _malformed("its ID is not that of its name and key")
    return signer


def _signer(name: str, seed: bytes, kind: int) -> NoteSigner:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(seed) != KEY_SIZE or kind not in (ED25519, COSIGNATURE):
        raise MisuseError("note.signer", "a signing key is made of 32 octets and a known type", "generate a new one")
    return NoteSigner.from_key(name, Ed25519PrivateKey.from_private_bytes(seed), kind)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("note.key", f"this is no signing key of a log or a witness: {reason}", "name its key file")
