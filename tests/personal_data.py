"""Looks for somebody's personal data in octets, whatever they were encoded or hashed as without a salt.

A value is looked for in every spelling given and in those that differ by width, spaces and punctuation; in the usual
encodings; as hex, base64 (at any offset), percent and JSON escapes and XML references; as a number; and as unsalted
digests of all of these. What is gzip, and what looks like base64 or hex, is looked into as well, and what is in that:
in a JWS a certificate stands as base64 within base64url.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import md5, sha1, sha256, sha384, sha512
from unicodedata import normalize
from urllib.parse import quote

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "cp932", "euc_jp", "iso2022_jp")
DIGESTS = (sha256, sha384, sha512, sha1, md5)
DEPTH = 4
"""How many encodings within each other are looked into."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_WIDE = {ord(" "): "\u3000", **{code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}}


class Scanner:
    """``values``: what is looked for, by name, each in one or more spellings."""

    def __init__(self, values: Mapping[str, Iterable[str]]) -> None:
        self.needles: dict[bytes, str] = {}
        for name, spellings in values.items():
            for spelling in {one for given in spellings for one in _spellings(given)}:
                for form, octets in _forms(spelling):
                    self.needles.setdefault(octets, f"{name} ({form})")

    def found(self, data: bytes) -> list[str]:
        """What stands in the octets: names and forms; empty where nothing does."""
        hits: set[str] = set()
        layer, depth = [data], 0
        while layer and depth < DEPTH:
            for octets in layer:
                hits.update(what for needle, what in self.needles.items() if needle in octets)
            layer = [inner for octets in layer for inner in _inside(octets)]
            depth += 1
        return sorted(hits)


def _inside(data: bytes) -> Iterator[bytes]:
    """What is encoded in it."""
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    for run in _BASE64.findall(data):
        plain = run.replace(b"-", b"+").replace(b"_", b"/")
        plain = plain[:-1] if len(plain) % 4 == 1 else plain
        yield b64decode(plain + b"=" * (-len(plain) % 4))
    for run in _HEX.findall(data):
        yield bytes.fromhex(run[: len(run) // 2 * 2].decode())


def _spellings(text: str) -> Iterator[str]:
    plain = normalize("NFKC", text)
    for one in (text, plain, re.sub(r"\s", "", plain), re.sub(r"[\s\-./年月日]", "", plain)):
        yield one
        yield one.translate(_WIDE)


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    for encoding in ENCODINGS:
        try:
            octets = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if encoding == "iso2022_jp":
            octets = re.sub(rb"\x1b..?", b"", octets)  # the escapes around it depend on what stands beside it
        yield encoding, octets
        yield from _encoded(encoding, octets)
        if encoding.startswith("utf-8") or encoding == "utf-16-le":
            for digest in DIGESTS:
                for hashed in (octets, octets + b"\n", f'"{text}"'.encode()):
                    value = digest(hashed).digest()
                    yield f"{digest().name} of {encoding}", value
                    yield from _encoded(f"{digest().name} of {encoding}", value)
    for upper in (False, True):
        escaped = "".join(f"\\u{code:04x}" for code in _units(text))
        yield "JSON escapes", (escaped.upper().replace("\\U", "\\u") if upper else escaped).encode()
        percent = quote(text, safe="")
        yield "percent", (percent if upper else re.sub("%..", lambda one: one[0].lower(), percent)).encode()
        references = "".join(f"&#x{ord(one):x};" for one in text)
        yield "XML references", (references.upper().replace("&#X", "&#x") if upper else references).encode()
    yield "XML references", "".join(f"&#{ord(one)};" for one in text).encode()
    if text.isdecimal() and text.isascii() and len(text) >= 12:
        for order in ("big", "little"):
            yield "number", int(text).to_bytes(6, order)


def _encoded(form: str, octets: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"hex of {form}", octets.hex().encode()
    yield f"hex of {form}", octets.hex().upper().encode()
    for offset in range(3):
        text = b64encode(bytes(offset) + octets)
        sure = text[(0, 2, 3)[offset] : len(text.rstrip(b"=")) - (0 if (offset + len(octets)) % 3 == 0 else 1)]
        yield f"base64 of {form}", sure
        yield f"base64url of {form}", sure.replace(b"+", b"-").replace(b"/", b"_")


def _units(text: str) -> Iterator[int]:
    octets = text.encode("utf-16-be")
    return (int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
