"""How the demo's files are tampered with: always the least that changes the meaning, or one bit."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

__all__ = ["bit_flipped", "member_changed", "payload_changed", "value_flipped"]


def payload_changed(signed: bytes, old: str, new: str) -> bytes:
    """A JWS in JSON whose payload says ``new`` where it said ``old``; everything else stays."""
    jws = json.loads(signed)
    jws["payload"] = _encoded(_replaced(_decoded(jws["payload"]), old, new))
    return json.dumps(jws, separators=(",", ":")).encode()


def value_flipped(signed: bytes) -> bytes:
    """A JWS in JSON with one bit in the middle of its signature value changed."""
    jws = json.loads(signed)
    value = _decoded(jws["signature"])
    jws["signature"] = _encoded(bit_flipped(value, value[20:]))
    return json.dumps(jws, separators=(",", ":")).encode()


def member_changed(signed: bytes, old: str, new: str) -> bytes:
    """A signed JSON object that says ``new`` where it said ``old``."""
    return _replaced(signed, old, new)


def bit_flipped(data: bytes, where: bytes) -> bytes:
    """``data`` with one bit changed: the lowest of the first octet of ``where`` in it."""
    at = data.index(where)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _replaced(data: bytes, old: str, new: str) -> bytes:
    before, found, after = data.partition(old.encode())
    if not found:
        raise ValueError(f"{old!r} does not occur")
    return before + new.encode() + after
