"""The content that may be used, because a signature over it passed."""

from __future__ import annotations

import io
from datetime import datetime
from typing import BinaryIO

from toyono_trust.core import algorithms
from toyono_trust.core.content import Content
from toyono_trust.errors import MisuseError
from toyono_trust.pki.certificate import Certificate

__all__ = ["Verified", "VerifiedObject"]


class VerifiedObject:
    """One object that a passed signature covered."""

    __slots__ = ("_content", "_digest", "digest_algorithm", "name")

    def __init__(self, name: str, content: Content, digest_algorithm: str) -> None:
        self.name = name
        self.digest_algorithm = digest_algorithm
        self._content = content
        self._digest = None if getattr(content, "immutable", False) else content.digest(digest_algorithm)

    @property
    def digest(self) -> bytes:
        """Digest of the octets under ``digest_algorithm``, as they were verified."""
        return self._content.digest(self.digest_algorithm) if self._digest is None else self._digest

    @property
    def bytes(self) -> bytes:
        """The octets that were covered; of a file read again and compared, so that a change since is noticed."""
        data = self._content.bytes
        if self._digest is not None and algorithms.digest(self.digest_algorithm, data) != self._digest:
            raise MisuseError("content.changed", f"{self.name} has changed since it was verified", "verify it again")
        return data

    def open(self) -> BinaryIO:
        """A binary stream over the octets that were covered."""
        return io.BytesIO(self.bytes)

    def __repr__(self) -> str:
        return f"VerifiedObject(name={self.name!r}, {self.digest_algorithm}={self.digest.hex()})"


class Verified:
    """Proof that one signature passed for an accepted signer. Only ``Report.require`` makes it.

    Attributes:
        objects: what that one signature covered.
        signer: the signing certificate's facts.
        signed_at: the time at which the signature is proven to have existed (best-signature-time).
    """

    __slots__ = ("objects", "signed_at", "signer")

    def __init__(self, objects: tuple[VerifiedObject, ...], signer: Certificate, signed_at: datetime) -> None:
        self.objects = objects
        self.signer = signer
        self.signed_at = signed_at

    @property
    def content(self) -> bytes:
        """The octets, where exactly one object was covered; ``MisuseError`` otherwise."""
        if len(self.objects) != 1:
            raise MisuseError(
                "content.several",
                f"this signature covers {len(self.objects)} objects",
                "use .objects and choose by name",
            )
        return self.objects[0].bytes
