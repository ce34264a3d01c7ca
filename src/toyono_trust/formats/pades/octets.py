"""The octets of one PDF, in memory or on disk, read by windows: a file of any size needs memory for its windows only.

A ``/ByteRange`` covers two pieces of the file (ISO 32000-2 12.8.1); ``Covered`` is what is hashed, ``SignedRevision``
what is handed out: the file as it was when it was signed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from toyono_trust.core.algorithms import new_hash
from toyono_trust.core.content import CHUNK, Content, FileContent
from toyono_trust.errors import MisuseError
from toyono_trust.formats.draft import Appended

__all__ = ["Covered", "Octets", "SignedRevision", "covered_octets", "open_octets"]

_OVERLAP = 64
"""Octets of one window that are looked at again with the next: no longer needle is searched for."""


class Octets:
    """A PDF's octets. Not for two threads at a time; ``close`` ends the use of a file."""

    __slots__ = ("_data", "name", "size", "stream")

    def __init__(self, name: str, stream: BinaryIO, size: int, data: bytes | None = None) -> None:
        self.name = name
        self.stream = stream
        self.size = size
        self._data = data

    def read(self, start: int, end: int) -> bytes:
        """The octets from ``start`` up to ``end``, fewer where the file ends before."""
        if self._data is not None:
            return self._data[start:end]
        self.stream.seek(start)
        return self.stream.read(max(0, end - start))

    def windows(self, start: int, end: int) -> Iterator[bytes]:
        """The octets in pieces of at most ``CHUNK``."""
        while start < end:
            piece = self.read(start, min(end, start + CHUNK))
            if not piece:
                return
            yield piece
            start += len(piece)

    def find_all(self, needle: bytes) -> Iterator[int]:
        """Where ``needle`` (at most ``_OVERLAP`` octets) stands, in order."""
        if self._data is not None:
            at = self._data.find(needle)
            while at >= 0:
                yield at
                at = self._data.find(needle, at + 1)
            return
        base = 0
        while base < self.size:
            window = self.read(base, base + CHUNK + _OVERLAP)
            at = window.find(needle)
            while 0 <= at < CHUNK:
                yield base + at
                at = window.find(needle, at + 1)
            base += CHUNK

    def find_before(self, needle: bytes, end: int) -> int:
        """Where ``needle`` stands for the last time before ``end``; -1 where it does not."""
        if self._data is not None:
            return self._data.rfind(needle, 0, end)
        while end > 0:
            base = max(0, end - CHUNK)
            at = self.read(base, end).rfind(needle)
            if at >= 0:
                return base + at
            if base == 0:
                break
            end = base + len(needle) - 1
        return -1

    def close(self) -> None:
        """Give the file back."""
        self.stream.close()


def open_octets(content: Content) -> Octets:
    """The octets of a content: a file (with or without an update) stays open until ``close``; others are in memory."""
    base = content.content if isinstance(content, Appended) else content
    if isinstance(base, FileContent):
        stream = content.open()
        return Octets(content.name, stream, stream.seek(0, io.SEEK_END))
    data = content.bytes
    return Octets(content.name, io.BytesIO(data), len(data), data)


def covered_octets(octets: Octets, byte_range: tuple[int, int, int, int]) -> Octets:
    """A revision as what a ``/ByteRange`` from the first octet on covers: between its two pieces stand zeros only.

    Whatever is read out of it depends on nothing but the covered octets.
    """
    end = byte_range[2] + byte_range[3]
    return Octets(octets.name, cast(BinaryIO, io.BufferedReader(_Blanked(octets, byte_range), 1 << 16)), end)


class _Blanked(io.RawIOBase):
    """The stream of ``covered_octets``; closing it leaves the file open."""

    def __init__(self, octets: Octets, byte_range: tuple[int, int, int, int]) -> None:
        super().__init__()
        self._octets = octets
        self._gap, self._end = (byte_range[1], byte_range[2]), byte_range[2] + byte_range[3]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        start = self._at
        data = self._octets.read(start, min(self._end, start + len(buffer)))
        first, behind = (min(max(place - start, 0), len(data)) for place in self._gap)
        if first < behind:
            data = data[:first] + b"0" * (behind - first) + data[behind:]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Covered:
    """The two pieces that a ``/ByteRange`` names, as the content of a signature. ``byte_range`` lies in the file."""

    __slots__ = ("_digests", "byte_range", "octets")

    def __init__(self, octets: Octets, byte_range: tuple[int, int, int, int]) -> None:
        self.octets = octets
        self.byte_range = byte_range
        self._digests: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.octets.name

    @property
    def size(self) -> int:
        """Octets covered."""
        return self.byte_range[1] + self.byte_range[3]

    def chunks(self) -> Iterator[bytes]:
        """The octets covered, in pieces."""
        first, length, second, rest = self.byte_range
        yield from self.octets.windows(first, first + length)
        yield from self.octets.windows(second, second + rest)

    def digest(self, algorithm: str) -> bytes:
        """Digest of the octets covered; computed once per algorithm."""
        if algorithm not in self._digests:
            hasher = new_hash(algorithm)
            for piece in self.chunks():
                hasher.update(piece)
            self._digests[algorithm] = hasher.digest()
        return self._digests[algorithm]

    def known(self) -> tuple[str, bytes]:
        """A digest that was computed already, by the algorithm's name; SHA-256 where none was."""
        for item in self._digests.items():
            return item
        return "sha256", self.digest("sha256")

    @property
    def bytes(self) -> bytes:
        """All octets covered at once."""
        return b"".join(self.chunks())

    def open(self) -> BinaryIO:
        """A stream over the octets covered."""
        return io.BytesIO(self.bytes)


class SignedRevision:
    """The first octets of a PDF, up to the end of what a signature covers: what the signer signed, as a file.

    ``digest_algorithm`` and ``covered``: what was hashed when it was verified. It is hashed again whenever the octets
    are read from disk, so that what is handed out is what was verified, or an error. The octets of the signature value
    itself, which no signature covers, are not compared.
    """

    __slots__ = ("_covered", "_digests", "_source", "byte_range", "name", "size")

    def __init__(self, source: Content, byte_range: tuple[int, int, int, int], covered: tuple[str, bytes]) -> None:
        self._source = source
        self._covered = covered
        self._digests: dict[str, bytes] = {}
        self.byte_range = byte_range
        self.name = source.name
        self.size = byte_range[2] + byte_range[3]

    def chunks(self) -> Iterator[bytes]:
        """The octets in pieces; ``MisuseError`` at their end where the file is not the one that was verified."""
        first, length, second, _ = self.byte_range
        algorithm, expected = self._covered
        hasher = new_hash(algorithm)
        octets = open_octets(self._source)
        try:
            for part, counts in (((first, first + length), True), ((first + length, second), False)):
                for piece in octets.windows(*part):
                    if counts:
                        hasher.update(piece)
                    yield piece
            for piece in octets.windows(second, self.size):
                hasher.update(piece)
                yield piece
        finally:
            octets.close()
        if hasher.digest() != expected:
            raise MisuseError("content.changed", f"{self.name} has changed since it was verified", "verify it again")

    def digest(self, algorithm: str) -> bytes:
        """Digest of the whole revision, the signature value included."""
        if algorithm not in self._digests:
            hasher = new_hash(algorithm)
            for piece in self.chunks():
                hasher.update(piece)
            self._digests[algorithm] = hasher.digest()
        return self._digests[algorithm]

    @property
    def bytes(self) -> bytes:
        """The whole revision."""
        return b"".join(self.chunks())

    def open(self) -> BinaryIO:
        """A stream over the revision."""
        return io.BytesIO(self.bytes)
