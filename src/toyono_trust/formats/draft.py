"""What the ladder hands to a format, and what a format hands back: the values that all formats' functions share.

A format supplies ``prepare(SigningInput) -> Draft``, ``finish(draft, signature) -> bytes``, ``imprint``, ``attach`` and
``read``, and for the levels above B-T ``add_validation_data``, ``prepare_archive`` and ``attach_archive``. None of
them knows a key, a clock or the network (EN 319 102-1 4.2, signature creation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, BytesIO, RawIOBase
from typing import Any, BinaryIO, NamedTuple, cast

from toyono_trust.core.algorithms import new_hash
from toyono_trust.core.content import Content
from toyono_trust.formats.model import Level, Properties, TimestampToken, TimestampType

__all__ = [
    *("Appended", "ArchiveDraft", "Covered", "DoesNotFit", "Draft", "Nested", "ReadToken", "SigningInput"),
    "ValidationData",
]


class SigningInput(NamedTuple):
    """All that goes into one signature.

    ``certificate``: DER of the signer's certificate; ``chain``: DER of its issuers, nearest first, may be empty.
    ``algorithm``: a name of ``core.algorithms``. ``claimed_at``: aware, or None for no claimed signing time.
    ``content_timestamp``: DER of an RFC 3161 token over the content, or None. ``details``: what one format alone knows.
    ``token_room``: octets that a format which cannot grow afterwards (PDF) keeps free for a signature time stamp.
    """

    content: Content
    detached: bool
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    claimed_at: datetime | None
    properties: Properties
    content_timestamp: bytes | None
    details: Any = None
    token_room: int = 0


class Appended(NamedTuple):
    """A result that is its content followed by an update, so that a large content is copied and never held.

    It is a ``Content`` itself, so that it is read and extended like a file. ``update``: the octets that come after the
    content's; ``cms``: the signature in them that may still take a time stamp, DER without padding, ``b""`` where there
    is none (anymore); ``hole``: where in ``update`` it stands.
    ``level``, ``reason`` and ``report``: as of ``model.Signed``; the ladder sets them.
    """

    content: Content
    update: bytes
    cms: bytes = b""
    hole: tuple[int, int] = (0, 0)
    level: Level = "B-B"
    reason: str | None = None
    report: Any = None

    @property
    def name(self) -> str:
        """Name of the content."""
        return self.content.name

    @property
    def size(self) -> int:
        """Octets of the whole."""
        return self.content.size + len(self.update)

    def whole(self) -> bytes:
        """All octets at once."""
        return self.content.bytes + self.update

    def digest(self, algorithm: str) -> bytes:
        """Digest of the whole, computed each time."""
        hasher = new_hash(algorithm)
        for chunk in self.chunks():
            hasher.update(chunk)
        value: bytes = hasher.digest()
        return value

    def chunks(self) -> Iterator[bytes]:
        """The whole in pieces; ``MisuseError`` where the content is no longer what was signed."""
        yield from self.content.chunks()
        yield self.update

    def open(self) -> BinaryIO:
        """A stream over the whole, which reads the content where it is."""
        return cast(BinaryIO, BufferedReader(_Chained(self.content.open(), self.content.size, self.update)))

    @property
    def bytes(self) -> bytes:
        """All octets at once."""
        return self.whole()


class _Chained(RawIOBase):
    """A stream followed by octets in memory. ``size``: octets of the stream."""

    def __init__(self, stream: BinaryIO, size: int, more: bytes) -> None:
        super().__init__()
        self._stream, self._size, self._more = stream, size, more
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size + len(self._more)}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at < self._size:
            self._stream.seek(self._at)
            data = self._stream.read(min(len(buffer), self._size - self._at))
        else:
            start = self._at - self._size
            data = self._more[start : start + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class Covered:
    """The octets of an ``Appended`` that its signature covers: all but the hexadecimal string with the signature."""

    __slots__ = ("_whole",)

    def __init__(self, whole: Appended) -> None:
        self._whole = whole

    @property
    def name(self) -> str:
        """Name of the content."""
        return self._whole.content.name

    @property
    def size(self) -> int:
        """Octets."""
        start, end = self._whole.hole
        return self._whole.size - (end - start) - 2

    def digest(self, algorithm: str) -> bytes:
        """Digest of the covered octets."""
        hasher = new_hash(algorithm)
        for chunk in self.chunks():
            hasher.update(chunk)
        value: bytes = hasher.digest()
        return value

    def chunks(self) -> Iterator[bytes]:
        """The covered octets in pieces."""
        start, end = self._whole.hole
        yield from self._whole.content.chunks()
        yield self._whole.update[: start - 1]
        yield self._whole.update[end + 1 :]

    @property
    def bytes(self) -> bytes:
        """All covered octets at once."""
        return b"".join(self.chunks())

    def open(self) -> BinaryIO:
        """A stream over the covered octets."""
        return BytesIO(self.bytes)


class DoesNotFit(Exception):
    """Raised by ``attach`` where ``token_room`` was too small: the ladder signs and stamps once more, with more room.

    A signal between a format and the ladder; no caller ever sees it.
    """


class Draft(NamedTuple):
    """The octets that the key signs, and what ``finish`` needs to put the signature in place (opaque).

    ``message``: gives these octets where they are too many to be held; ``to_be_signed`` is then empty.
    """

    to_be_signed: bytes
    state: Any
    message: Content | None = None


class ValidationData(NamedTuple):
    """What a signature and its time stamps are validated with: DER certificates, CertificateLists, OCSPResponses."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()


class ArchiveDraft(NamedTuple):
    """The digest that an archive time stamp is asked for, and what ``attach_archive`` needs to put it in place."""

    imprint: bytes
    state: Any


class Nested(NamedTuple):
    """A time-stamp token found inside a signature, to be read by the registry.

    ``covered``: gives the digest of the stamped octets under a digest name; None where they cannot be had.
    """

    type: TimestampType
    data: bytes
    covered: Callable[[str], bytes] | None


ReadToken = Callable[[Nested], TimestampToken]
"""The registry's reader of a nested token; it never raises."""
