"""Octets that are made in pieces each time they are hashed: what large detached content stands for in a signature."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from toyono_trust.core.algorithms import new_hash

__all__ = ["Chunks", "Pieces"]

Chunks = Callable[[], Iterable[bytes]]


class Pieces:
    """Octets in pieces, so that memory does not grow with their number. A ``Content``, and ``Chunks``.

    Digests begun are remembered, those of octets before and behind it as well: reading a large content is what takes
    time.
    """

    __slots__ = ("_base", "_chunks", "_hashers", "_prefixed", "name", "size")

    def __init__(self, chunks: Chunks, size: int, base: Pieces | None = None) -> None:
        """``size``: of all pieces together, octets. ``base``: the pieces that stand before them."""
        self._chunks, self._base = chunks, base
        self.size: int = size + (0 if base is None else base.size)
        self.name = ""
        self._hashers: dict[str, Any] = {}
        self._prefixed: dict[bytes, Pieces] = {}

    def __call__(self) -> Iterator[bytes]:
        """The octets in pieces."""
        if self._base is not None:
            yield from self._base()
        yield from self._chunks()

    def hashers(self, *algorithms: str) -> list[Any]:
        """``hashlib`` objects that have taken all octets; those not known yet take them in one pass."""
        missing = [name for name in dict.fromkeys(algorithms) if name not in self._hashers]
        if missing:
            begun = [new_hash(name) for name in missing] if self._base is None else self._base.hashers(*missing)
            for chunk in self._chunks():
                for hasher in begun:
                    hasher.update(chunk)
            self._hashers.update(zip(missing, begun, strict=True))
        return [self._hashers[name].copy() for name in algorithms]

    def knows(self, algorithm: str) -> bool:
        """Whether a digest takes no further pass, but for the few octets after a base."""
        return algorithm in self._hashers or (self._base is not None and self._base.knows(algorithm))

    def digest(self, algorithm: str) -> bytes:
        """Digest of all octets; computed once per algorithm."""
        value: bytes = self.hashers(algorithm)[0].digest()
        return value

    def behind(self, octets: bytes) -> Pieces:
        """The same after other octets."""
        if octets not in self._prefixed:
            self._prefixed[octets] = Pieces(lambda: chain((octets,), self()), len(octets) + self.size)
        return self._prefixed[octets]

    def before(self, octets: bytes) -> Pieces:
        """The same with other octets after it."""
        return Pieces(lambda: (octets,), len(octets), self)

    def chunks(self) -> Iterator[bytes]:
        """The octets in pieces."""
        return self()

    @property
    def bytes(self) -> bytes:
        """All octets at once."""
        return b"".join(self())

    def open(self) -> BinaryIO:
        """A stream over the octets."""
        return io.BytesIO(self.bytes)
