"""Where a log's tiles are: in a folder, or at a URL. What is there is somebody else's, and believed in nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, Protocol

from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.ledger.files import read_whole
from toyono_trust.ledger.note import MAX_NOTE
from toyono_trust.ledger.tiles.layout import CHECKPOINT
from toyono_trust.steps import Answer, Call, Fetch, Request, Response, Steps

__all__ = ["Place", "TileFolder", "TileSite", "fetch_checkpoint", "open_place"]

MAX_BASE = 2_048
"""Characters of a base URL; the names below it have at most some 40."""
PAGE = 1 << 16
"""Octets of an answer that are read in any case: a server's page saying that a file is not there."""
_ABSENT = (403, 404, 410)
"""Statuses of what is not there; object stores that do not let anybody list them say 403."""
_BY_HANDLE = os.open in os.supports_dir_fd


class Place(Protocol):
    """Where tiles are read from, by requests of ``steps``."""

    def ask(self, name: str, limit: int) -> Request:
        """The request for a file of at most ``limit`` octets."""

    def take(self, answer: Answer) -> bytes | None:
        """What the answer brought, None where there is no such file. Raises the error that it brought."""


class TileFolder(NamedTuple):
    """Tiles in a folder. Links in it are refused, and what is no regular file."""

    path: Path

    def ask(self, name: str, limit: int) -> Request:
        """The request for a file of at most ``limit`` octets."""
        return Call(lambda: self.read(name, limit))

    def take(self, answer: Answer) -> bytes | None:
        """What the answer brought, None where there is no such file."""
        if answer.error is not None:
            raise answer.error
        value: bytes | None = answer.value
        return value

    def read(self, name: str, limit: int) -> bytes | None:
        """The octets of a file, None where there is none.

        Raises ``UnavailableError`` "tiles.place" for a link and for what cannot be read, ``MalformedError``
        "tiles.size".
        """
        try:
            octets = self._read(PurePosixPath(name), limit)
        except OSError as error:
            raise UnavailableError(
                "tiles.place", f"{name} of the log cannot be read: {error.strerror}", "look at the folder",
                retryable=False,
            ) from error  # fmt: skip
        if octets is not None and len(octets) > limit:
            raise MalformedError("tiles.size", f"{name} of the log has more than {limit} octets")
        return octets

    def _read(self, name: PurePosixPath, limit: int) -> bytes | None:
        """One folder after the other by descriptor, so that none of them is a link when it is passed."""
        if not _BY_HANDLE:
            folders = [self.path.joinpath(*name.parts[:end]) for end in range(1, len(name.parts) + 1)]
            if any(folder.is_symlink() for folder in folders):
                raise OSError(0, "it is a link")
            return read_whole(self.path / name, limit)
        handles = []
        try:
            handles.append(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for part in name.parts[:-1]:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                try:
                    handles.append(os.open(part, flags, dir_fd=handles[-1]))
                except FileNotFoundError:
                    return None
            return read_whole(Path(name.name), limit, within=handles[-1])
        finally:
            for handle in handles:
                with suppress(OSError):
                    os.close(handle)


class TileSite(NamedTuple):
    """Tiles below a URL, without its final slash. ``named_by``: who named it, as in ``steps.Fetch``."""

    base: str
    named_by: Literal["caller", "file"] = "caller"

    def ask(self, name: str, limit: int) -> Request:
        """The request for a file of at most ``limit`` octets."""
        return Fetch(f"{self.base}/{name}", max_bytes=max(limit, PAGE), named_by=self.named_by)

    def take(self, answer: Answer) -> bytes | None:
        """What the answer brought, None where there is no such file. Raises ``UnavailableError``."""
        if answer.error is not None:
            raise answer.error
        response: Response = answer.value
        if response.status in _ABSENT:
            return None
        if response.status != 200:
            raise UnavailableError("tiles.missing", f"the server of the log answered {response.status}", "try again")
        return response.body


def open_place(address: str | Path) -> TileFolder | TileSite:
    """The place that a path or an http(s) URL names. Raises ``MisuseError`` "tiles.address"."""
    if isinstance(address, str) and "://" in address:
        scheme, _, rest = address.partition("://")
        if scheme.lower() not in ("http", "https") or not rest.strip("/") or len(address) > MAX_BASE:
            raise _no_place("it is no http or https URL")
        if any(character in "?#" or character.isspace() for character in address):
            raise _no_place("it has a query, a fragment or spaces")
        return TileSite(address.rstrip("/"))
    path = Path(address)
    if not path.is_dir():
        raise _no_place("there is no such folder")
    return TileFolder(path)


def fetch_checkpoint(place: Place) -> Steps[bytes]:
    """The signed note that the place has now, unread. Raises ``UnavailableError`` "tiles.missing" and what comes."""
    (answer,) = yield (place.ask(CHECKPOINT, MAX_NOTE),)
    octets = place.take(answer)
    if octets is None:
        raise UnavailableError("tiles.missing", "there is no checkpoint of a log", "check the address")
    return octets


def _no_place(reason: str) -> MisuseError:
    return MisuseError("tiles.address", f"this is no place of a log's tiles: {reason}", "give a folder or a URL")
