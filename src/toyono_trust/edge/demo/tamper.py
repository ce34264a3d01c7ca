"""How the demo's files are tampered with: always the least that changes the meaning, or one bit."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

__all__ = ["bit_flipped", "member_changed", "page_repainted", "payload_changed", "value_flipped"]


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


def page_repainted(signed: bytes, drawn: bytes) -> bytes:
    """A PDF whose page shows ``drawn`` since a later revision (ISO 32000-2 7.5.6); no octet before it changes."""
    page = re.search(rb"/Contents (\d+) 0 R", signed)
    starts = re.findall(rb"startxref\s+(\d+)", signed)
    trailer = signed.rpartition(b"trailer")[2]
    root, size = re.search(rb"/Root \d+ 0 R", trailer), re.search(rb"/Size \d+", trailer)
    if page is None or root is None or size is None:
        raise ValueError("no PDF of the demo")
    body = b"\n%b 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (page[1], len(drawn), drawn)
    at = len(signed)
    table = b"xref\n%b 1\n%010d 00000 n \n" % (page[1], at + 1)
    trailer = b"trailer\n<< %b %b /Prev %b >>\n" % (size[0], root[0], starts[-1])
    return b"%b%b%b%bstartxref\n%d\n%%%%EOF\n" % (signed, body, table, trailer, at + len(body))


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _replaced(data: bytes, old: str, new: str) -> bytes:
    before, found, after = data.partition(old.encode())
    if not found:
        raise ValueError(f"{old!r} does not occur")
    return before + new.encode() + after
