"""What a ``/ByteRange`` covers, and whether that is a whole revision but for its own ``/Contents``.

ISO 32000-2 12.8.1, EN 319 142-1 6.3 (l), EN 319 102-1 5.2.2. Everything but the signature value itself must be covered,
from the first octet of the file to the last of the revision: nothing is hidden in the gap, nothing before, between or
behind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from toyono_trust.formats.model import Note
from toyono_trust.formats.pades.octets import Octets
from toyono_trust.formats.pades.scan import ByteRange, SignatureDictionary, octets_of

__all__ = ["Coverage", "coverage", "overlaps"]

_NOTHING = (0, 0, 0, 0)
_CONTENTS = re.compile(rb"<(?:[0-9A-Fa-f]{2})+>")
_END = re.compile(rb"%%EOF[\0\t\n\f\r ]*")


class Coverage(NamedTuple):
    """What one signature covers.

    ``byte_range``: as stated, zeros where there is none. ``readable``: both pieces lie in the file, so that they can be
    hashed. ``contents``: the octets of the signature value with their padding, b"" where there are none. ``later``:
    whether anything but white space follows the signed revision.
    """

    byte_range: ByteRange
    readable: bool
    contents: bytes
    later: bool
    notes: tuple[Note, ...]

    @property
    def end(self) -> int:
        """The end of the signed revision."""
        return self.byte_range[2] + self.byte_range[3]


def coverage(octets: Octets, signature: SignatureDictionary) -> Coverage:
    """Check one signature dictionary's ``/ByteRange`` and ``/Contents`` against the file's octets."""
    notes: list[Note] = []
    contents = _contents(signature, notes)
    byte_range = signature.byte_range
    if byte_range is None:
        code = "pdf.byte-range.malformed" if "/ByteRange" in signature.entries else "pdf.byte-range.missing"
        return Coverage(_NOTHING, False, contents, True, (*notes, Note(code)))
    first, length, second, rest = byte_range
    end = second + rest
    readable = min(byte_range) >= 0 and first + length <= second and end <= octets.size
    if not readable or first != 0 or length == 0 or rest == 0:
        text = " ".join(str(number) for number in byte_range)
        notes.append(Note("pdf.byte-range.invalid", "", {"range": text, "size": octets.size}))
    elif (length, second) != signature.entries.get("/Contents"):
        notes.append(Note("pdf.byte-range.gap"))
    elif signature.end > end or signature.offset > length:
        notes.append(Note("pdf.byte-range.dictionary"))
    if not readable:
        return Coverage(byte_range, False, contents, True, tuple(notes))
    behind = b"" if end == octets.size else octets.read(end, end + 1024).strip(b"\0\t\n\f\r ")
    if end != octets.size and not _ends_revision(octets, end):
        notes.append(Note("pdf.byte-range.end"))
    return Coverage(byte_range, True, contents, bool(behind), tuple(notes))


def _ends_revision(octets: Octets, end: int) -> bool:
    tail = octets.read(max(0, end - 1024), end)
    at = tail.rfind(b"%%EOF")
    return at >= 0 and _END.fullmatch(tail, at) is not None


def _contents(signature: SignatureDictionary, notes: list[Note]) -> bytes:
    """The octets of ``/Contents``, which is one hexadecimal string without anything else in it."""
    raw = signature.contents
    if raw is None:
        notes.append(Note("pdf.contents.missing"))
        return b""
    if _CONTENTS.fullmatch(raw) is None:
        notes.append(Note("pdf.contents.malformed"))
        return octets_of(raw) or b"" if raw[:1] == b"<" else b""
    return bytes.fromhex(raw[1:-1].decode("ascii"))


def overlaps(found: Sequence[Coverage], signatures: Sequence[SignatureDictionary]) -> list[bool]:
    """Whether the range of each signature and that of another one of the file cover only a part of each other.

    Of two signatures the earlier one's revision must end before the later one's object begins.
    """
    clash = [False] * len(found)
    for index, (one, signature) in enumerate(zip(found, signatures, strict=True)):
        for other, (second, later) in enumerate(zip(found, signatures, strict=True)):
            if index == other or not (one.readable and second.readable):
                continue
            if signature.start < later.start and one.end > later.start:
                clash[index] = clash[other] = True
    return clash
