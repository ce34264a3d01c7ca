"""Content by digest: bytes in memory or a file read in chunks, so that size never decides how much memory is used."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from toyono_trust.core.algorithms import new_hash
from toyono_trust.errors import MisuseError

CHUNK = 1 << 20


class Content(Protocol):
    """Something signed or to be signed. Reading it twice gives the same octets."""

    @property
    def name(self) -> str:
        """File name without folders, or ``""``."""

    @property
    def size(self) -> int:
        """Octets."""

    def digest(self, algorithm: str) -> bytes:
        """Digest by a name of ``core.algorithms``; computed once per algorithm."""

    def chunks(self) -> Iterator[bytes]:
        """The octets in pieces of at most ``CHUNK``."""

    @property
    def bytes(self) -> bytes:
        """All octets at once."""

    def open(self) -> BinaryIO:
        """A fresh binary stream over the octets."""


class BytesContent:
    """Content held in memory."""

    __slots__ = ("_digests", "bytes", "name")

    immutable = True
    """What was verified cannot have changed when it is handed out."""

    def __init__(self, data: bytes, name: str = "") -> None:
        self.bytes = data
        self.name = name
        self._digests: dict[str, bytes] | None = None

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.bytes)

    def digest(self, algorithm: str) -> bytes:
        """Digest of all octets."""
        known = self._digests
        if known is None:
            known = self._digests = {}
        if algorithm not in known:
            known[algorithm] = new_hash(algorithm, self.bytes).digest()
        return known[algorithm]

    def chunks(self) -> Iterator[bytes]:
        """The octets in one piece."""
        yield self.bytes

    def open(self) -> BinaryIO:
        """A stream over the octets."""
        return io.BytesIO(self.bytes)


class FileContent:
    """Content of a file, read in chunks each time it is asked for."""

    __slots__ = ("_digests", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digests: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.name

    @property
    def size(self) -> int:
        """Octets, as the file system says now."""
        return self.path.stat().st_size

    def digest(self, algorithm: str) -> bytes:
        """Digest of the whole file, streamed."""
        if algorithm not in self._digests:
            hasher: hashlib._Hash | None = None if algorithm == "sha256" else new_hash(algorithm)
            for chunk in self.chunks():  # which takes the SHA-256 by itself
                if hasher is not None:
                    hasher.update(chunk)
            if hasher is not None:
                self._digests[algorithm] = hasher.digest()
        return self._digests[algorithm]

    def chunks(self) -> Iterator[bytes]:
        """The file's octets; ``MisuseError`` at their end where they are not those that were read before.

        What was verified and what is handed out later are thereby the same octets, or an error.
        """
        hasher = hashlib.sha256()
        with self.path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
                yield chunk
        if self._digests.setdefault("sha256", hasher.digest()) != hasher.digest():
            raise MisuseError("content.changed", f"{self.name} has changed since it was first read", "verify it again")

    @property
    def bytes(self) -> bytes:
        """The whole file."""
        return b"".join(self.chunks())

    def open(self) -> BinaryIO:
        """The file, opened for reading."""
        return self.path.open("rb")
