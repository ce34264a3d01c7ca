"""The shapes of a JWS: compact, flattened and general JSON (RFC 7515 7), and the seal inside a delivery receipt.

This module takes a file apart into texts and decodes none of them.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.core.limits import MAX_SIGNATURES
from toyono_trust.errors import MalformedError
from toyono_trust.formats.jades.details import SEAL
from toyono_trust.formats.model import Note

Shape = Literal["compact", "flattened", "general", "receipt"]

_make = tuple.__new__
"""Makes a NamedTuple in half the time of a call of its class: this is the hot path."""
_WHITE_SPACE = b" \t\r\n"
_NO_NOTES: tuple[Note, ...] = ()
_SEAL_SHAPES = ("compactDetached", "flattenedJson", "generalJson")


class Part(NamedTuple):
    """One signature of a JWS: protected header and signature as base64url text, unprotected header decoded."""

    protected: bytes
    signature: bytes
    header: dict[str, Any] | None = None


class Envelope(NamedTuple):
    """A JWS taken apart. ``payload`` is its text as found; None or empty where it is detached.

    ``sealed``: the RFC 8785 bytes of the receipt without its seal, where the shape is ``"receipt"``.
    """

    shape: Shape
    payload: bytes | None
    parts: tuple[Part, ...]
    sealed: bytes | None = None
    notes: tuple[Note, ...] = _NO_NOTES


def detect(data: bytes) -> bool:
    """Whether ``data`` looks like a JWS of any shape; cheap, and generous towards broken ones."""
    if data[:2] in (b"ey", b"ew"):  # '{"', '{ ', '{\n', '{\r', '{\t' in base64url
        head = data[: data.find(b".")]
        return b"." in data and not head.translate(None, _HEAD_ALPHABET)
    start = data[:64].lstrip(_WHITE_SPACE)
    if start[:1] != b"{":
        return False
    return b'"signature"' in data or b'"signatures"' in data or b'"jadesSignature"' in data


_HEAD_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="


def parse(data: bytes) -> Envelope:
    """Take a JWS apart. Raises ``MalformedError`` where it has not one reading."""
    if data[:1] != b"e" and data[:64].lstrip(_WHITE_SPACE)[:1] == b"{":
        return parse_object(json_loads(data))
    first = data.find(b".")
    second = data.find(b".", first + 1)
    if first < 0 or second < 0 or data.find(b".", second + 1) >= 0:
        raise MalformedError("jws.parts", "a compact JWS has three parts separated by dots")
    protected, payload, signature = data[:first], data[first + 1 : second], data[second + 1 :]
    if not protected:
        raise MalformedError("jws.header", "the protected header is empty (RFC 7515 7.1)")
    notes = _NO_NOTES
    if signature and signature[-1] in _WHITE_SPACE:
        signature = signature.rstrip(_WHITE_SPACE)
        notes = (Note("jws.trailing-whitespace"),)
    part = _make(Part, (protected, signature, None))
    return _make(Envelope, ("compact", payload, (part,), None, notes))


def parse_object(value: Any) -> Envelope:
    """The same for a decoded JSON object (RFC 7515 7.2), or a receipt with its seal."""
    if not isinstance(value, dict):
        raise MalformedError("jws.shape", "this JSON is no JSON Web Signature")
    if SEAL in value:
        return _receipt(value)
    notes: list[Note] = []
    payload = _payload(value)
    if "signatures" in value:
        parts = _general(value, notes)
        return Envelope("general", payload, parts, None, tuple(notes))
    part = _part(value, notes, ("payload",))
    return Envelope("flattened", payload, (part,), None, tuple(notes))


def _payload(value: dict[str, Any]) -> bytes | None:
    if "payload" not in value:
        return None
    return _text(value, "payload").encode("utf-8")


def _general(value: dict[str, Any], notes: list[Note], extra: tuple[str, ...] = ("payload",)) -> tuple[Part, ...]:
    if not value.keys().isdisjoint(("protected", "signature", "header")):
        raise MalformedError("jws.ambiguous", "this JWS is both general and flattened JSON (RFC 7515 7.2.2)")
    _extra_members(value, ("signatures", *extra), notes)
    found = value["signatures"]
    if not isinstance(found, list) or not found:
        raise MalformedError("jws.shape", "signatures is not an array with members (RFC 7515 7.2.1)")
    if len(found) > MAX_SIGNATURES:
        raise MalformedError("jws.too-many", "this JWS has more signatures than are read")
    return tuple(_part(one, notes) for one in found)


def _part(value: Any, notes: list[Note], extra: tuple[str, ...] = ()) -> Part:
    if not isinstance(value, dict):
        raise MalformedError("jws.shape", "a signature of this JWS is no JSON object (RFC 7515 7.2.1)")
    header = value.get("header")
    if "header" in value and not isinstance(header, dict):
        raise MalformedError("jws.shape", "an unprotected header is no JSON object (RFC 7515 7.2.1)")
    _extra_members(value, ("protected", "signature", "header", *extra), notes)
    protected = _text(value, "protected").encode("utf-8") if "protected" in value else b""
    if "protected" in value and not protected:
        raise MalformedError("jws.header", "the protected header is empty (RFC 7515 7.2.1)")
    return Part(protected, _text(value, "signature").encode("utf-8"), header)


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise MalformedError("jws.shape", f"{name} is missing or no text (RFC 7515 7.2)")
    return text


def _extra_members(value: dict[str, Any], known: tuple[str, ...], notes: list[Note]) -> None:
    for name in value:
        if name not in known:
            notes.append(Note("jws.extra-member", name[:80], {"member": name[:80]}))


def _receipt(value: dict[str, Any]) -> Envelope:
    seal = value[SEAL]
    rest = {name: member for name, member in value.items() if name != SEAL}
    if not isinstance(seal, dict) or len(seal) != 1:
        raise MalformedError("jws.seal", "the seal of this receipt has not exactly one shape")
    ((shape, jws),) = seal.items()
    if shape not in _SEAL_SHAPES or not isinstance(jws, dict):
        raise MalformedError("jws.seal", "the seal of this receipt has an unknown shape")
    if "payload" in jws:
        raise MalformedError("jws.seal", "the seal of this receipt brings a payload of its own")
    notes: list[Note] = []
    if shape == "generalJson":
        parts = _general(jws, notes, ())
    else:
        parts = (_part(jws, notes, ("decodedProtectedHeader",)),)
    return Envelope("receipt", None, parts, json_canonical(rest), tuple(notes))
