"""Signed notes (C2SP signed-note): text under the signatures of named keys, one line each.

The text ends with a newline; a blank line and the signature lines follow: em dash, space, key name, space, base64 of
key ID and signature, newline. Key types: Ed25519 (0x01) and timestamped Ed25519 cosignatures (0x04, C2SP
tlog-cosignature). A verifier key is written ``name+key ID in hex+base64 of type and public key``.

One accepted reading; signatures of unknown keys are kept and ignored, one of a known key that fails refuses the note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["COSIGNATURE", "ED25519", "NoteKey", "NoteSigner", "Signature", "SignedNote", "add", "read", "sign"]

ED25519, COSIGNATURE = 0x01, 0x04
"""Signature type identifiers (C2SP signed-note, "Signature types")."""
KEY_SIZE = 32
SIGNATURE_SIZE = 64
ID_SIZE = 4
MAX_NOTE = 1_000_000
"""Octets of a note: the bound of the Go implementation, which the notes of public logs pass."""
MAX_SIGNATURES = 100
"""Signature lines of a note, by the same implementation; C2SP wants at least 16."""
MAX_NAME = 255
"""Octets of a key name: what tlog-cosignature's one octet of length can express."""

_MARK = "\u2014"


class NoteKey(NamedTuple):
    """A key that notes are checked with: its name, signature type and 32 octets of Ed25519 public key (RFC 8032)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key ID: four octets that with the name find the key's signature; no proof of anything."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:ID_SIZE]

    @property
    def text(self) -> str:
        """The verifier key as it is handed around."""
        return f"{self.name}+{self.id.hex()}+{b64_encode(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Read a verifier key. Raises ``MalformedError`` "note.key"."""
        name, plus, rest = text.partition("+")
        identifier, second, encoded = rest.partition("+")
        if not plus or not second or not is_name(name):
            raise MalformedError("note.key", "this is no verifier key of a signed note", "name+ID+base64 is expected")
        data = b64_decode(encoded)
        key = cls(name, data[0] if data else 0, data[1:])
        if key.kind not in (ED25519, COSIGNATURE) or len(key.public) != KEY_SIZE:
            raise MalformedError("note.key", "the verifier key is of no type known here", "use an Ed25519 key")
        if key.id.hex() != identifier:
            raise MalformedError("note.key", "the verifier key's ID is not that of its name and key", "ask for it anew")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the 64 octets are this key's Ed25519 signature over the message; false for any other octets."""
        return algorithms.verify("ed25519", _public_key(self.public), signature, message)


class NoteSigner(NamedTuple):
    """A key that signs notes: its public half, and what makes 64 octets of Ed25519 signature over a message."""

    key: NoteKey
    sign: Callable[[bytes], bytes]

    @classmethod
    def from_key(cls, name: str, private_key: Any, kind: int = ED25519) -> NoteSigner:
        """Take an Ed25519 private key of ``cryptography``. Raises ``MisuseError`` "note.name", "note.signer"."""
        if not is_name(name):
            raise MisuseError(
                "note.name", f"{name!r} is no key name", "use a host name with a path: no spaces, no plus sign"
            )
        facts = algorithms.key_facts(private_key.public_key()) if hasattr(private_key, "public_key") else None
        if facts is None or facts.family != "ed25519":
            raise MisuseError("note.signer", "notes are signed with an Ed25519 private key", "generate one for the log")
        return cls(NoteKey(name, kind, private_key.public_key().public_bytes_raw()), private_key.sign)


class Signature(NamedTuple):
    """One signature line: key name, key ID (4 octets) and what follows it."""

    name: str
    id: bytes
    value: bytes

    def is_by(self, key: NoteKey) -> bool:
        """Whether it claims to be this key's."""
        return self.id == key.id and self.name == key.name


class SignedNote(NamedTuple):
    """A note as read. ``text``: what is signed, with its final newline."""

    text: bytes
    signatures: tuple[Signature, ...]

    def by(self, key: NoteKey) -> bytes | None:
        """What this key signed, or None where the note has no line of it.

        Raises ``MalformedError`` "note.signature-twice" where there are several, of which each reader takes another.
        """
        found = [one.value for one in self.signatures if one.is_by(key)]
        if len(found) > 1:
            raise MalformedError("note.signature-twice", f"the note has several signatures of {key.name}")
        return found[0] if found else None

    def check(self, key: NoteKey) -> None:
        """Check that an Ed25519 key (type 0x01) signed the note.

        Raises ``MalformedError``: "note.unsigned", "note.signature".
        """
        value = self.by(key)
        if value is None:
            raise MalformedError("note.unsigned", f"the note is not signed by {key.name}", "ask for the log's own note")
        if key.kind != ED25519 or not key.verifies(self.text, value):
            raise MalformedError("note.signature", f"the signature of {key.name} does not fit the note")

    def write(self) -> bytes:
        """The note's octets; ``read`` gives it back."""
        lines = [f"{_MARK} {one.name} {b64_encode(one.id + one.value)}\n".encode() for one in self.signatures]
        return self.text + b"\n" + b"".join(lines)


def is_name(name: str) -> bool:
    """Whether a text may name a key: not empty, without Unicode spaces, plus signs and control characters."""
    if not name or "+" in name or len(name.encode("utf-8", "replace")) > MAX_NAME:
        return False
    return not any(character.isspace() or character < " " or "\ud800" <= character <= "\udfff" for character in name)


def read(octets: bytes) -> SignedNote:
    """Read a signed note. Raises ``MalformedError`` "note.malformed"."""
    if len(octets) > MAX_NOTE:
        raise _malformed("it is larger than accepted here")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("note.malformed", "a signed note is not UTF-8", offset=error.start) from None
    if any(character < " " for character in set(text) - {"\n"}):
        raise _malformed("it has control characters")
    at = text.rfind("\n\n")
    lines = text[at + 2 :].split("\n")
    if at <= 0 or len(lines) < 2 or lines.pop():
        raise _malformed("it has no signature lines after a blank line")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed("it has more signatures than accepted here")
    return SignedNote(text[: at + 1].encode(), tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    mark, _, rest = line.partition(" ")
    name, space, encoded = rest.partition(" ")
    if mark != _MARK or not space or not is_name(name):
        raise _malformed("a signature line is not an em dash, a key name and base64")
    data = b64_decode(encoded)
    if len(data) <= ID_SIZE:
        raise _malformed("a signature line has no signature")
    return Signature(name, data[:ID_SIZE], data[ID_SIZE:])


def sign(text: bytes, signer: NoteSigner) -> SignedNote:
    """A note of this text, signed by one Ed25519 key. The signature is checked before it leaves.

    Raises ``MisuseError`` "note.text" where the text cannot be a note's, "note.signer" where what signs does not fit
    its public key.
    """
    value = signer.sign(text)
    if signer.key.kind != ED25519 or len(value) != SIGNATURE_SIZE or not signer.key.verifies(text, value):
        raise MisuseError("note.signer", "what signs does not belong to the public key", "give the key of the log")
    note = SignedNote(text, (Signature(signer.key.name, signer.key.id, value),))
    try:
        again = read(note.write())
    except MalformedError as error:
        raise MisuseError("note.text", f"this text cannot be signed as a note: {error.message}") from error
    if again != note:
        raise MisuseError("note.text", "this text cannot be signed as a note", "end it with one newline")
    return note


def add(note: SignedNote, signatures: Iterable[Signature]) -> SignedNote:
    """The note with further signature lines; those of keys that it has already are left out."""
    held = {(one.name, one.id) for one in note.signatures}
    added = []
    for one in signatures:
        if (one.name, one.id) not in held:
            held.add((one.name, one.id))
            added.append(one)
    return SignedNote(note.text, (*note.signatures, *added))


@lru_cache(64)
def _public_key(public: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("note.malformed", f"this is no signed note: {reason}")
