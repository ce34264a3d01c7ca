"""Answers kept in a folder until they lapse, so that the same CRL or OCSP response is not fetched for every file.

An entry is one file, written under another name and then renamed, so that several processes may share a folder. Its
name is a digest of what was asked, so that the folder tells nobody where the answers came from; a digest over name and
contents makes a damaged or misplaced entry a miss. Nothing here fails: what cannot be read was not kept, what cannot be
written is not kept. What an answer proves is in its own signature, which whoever uses it checks each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from toyono_trust.errors import MisuseError
from toyono_trust.steps import Fetch

__all__ = ["MAX_ENTRIES", "MAX_OCTETS", "Cache"]

MAX_ENTRIES = 1_000
"""Answers in one folder: as many certificates with OCSP, or their CAs' lists, as a busy gateway meets in a week."""
MAX_OCTETS = 256 << 20
"""Octets in one folder; the largest public CRL seen has 30 MB."""

_MAGIC = b"toyono-trust answer 1\n"
_HEAD = 160
"""More than magic, digest and the line of times need."""
_NAME = re.compile(r"[0-9a-f]{64}\.answer|\.answer-[^/]*\.part")


class Cache:
    """Bodies of answers by URL, body and subject of the request.

    Args:
        folder: made if it does not exist (0700). One that is another user's, or open to others, is refused: it tells
            what was verified, and others could take entries away.
        max_entries, max_octets: the oldest entries go first. Files of other names are never touched.

    Raises ``MisuseError`` "net.cache-folder".
    """

    def __init__(self, folder: str | Path, max_entries: int = MAX_ENTRIES, max_octets: int = MAX_OCTETS) -> None:
        self._folder = Path(folder)
        self._max_entries, self._max_octets = max_entries, max_octets
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self._folder.stat()
        except OSError as error:
            reason = error.strerror or "it cannot be used"
            raise MisuseError("net.cache-folder", f"{folder}: {reason}", "name another folder") from error
        if os.name == "posix" and (status.st_mode & 0o077 or status.st_uid != os.geteuid()):
            raise MisuseError(
                "net.cache-folder", f"{folder} is open to others", "name a folder of your own, or chmod 700 it"
            )

    def get(self, request: Fetch, at: datetime, limit: int) -> bytes | None:
        """The body kept for ``request``, None where none is, it has lapsed at ``at`` or exceeds ``limit`` octets."""
        name = _name(request)
        try:
            with (self._folder / name).open("rb") as stream:
                data = stream.read(limit + _HEAD + 1)
        except OSError:
            return None
        start = len(_MAGIC) + hashlib.sha256().digest_size
        if not data.startswith(_MAGIC) or data[len(_MAGIC) : start] != _digest(name, data[start:]):
            return None
        line, _, body = data[start:].partition(b"\n")
        try:
            since, until = map(datetime.fromisoformat, line.decode("ascii").split(" "))
        except ValueError:
            return None
        return body if since <= at < until and len(body) <= limit else None

    def put(self, request: Fetch, body: bytes, at: datetime, until: datetime) -> None:
        """Keep ``body`` as the answer to ``request`` from ``at`` to ``until`` (aware)."""
        name = _name(request)
        rest = f"{at.isoformat()} {until.isoformat()}\n".encode() + body
        data = b"".join((_MAGIC, _digest(name, rest), rest))
        if len(data) > self._max_octets:
            return
        try:
            self._make_room(name, len(data))
            handle, temporary = tempfile.mkstemp(prefix=".answer-", suffix=".part", dir=self._folder)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(self._folder / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)

    def _make_room(self, name: str, octets: int) -> None:
        """Take the oldest entries away until one more of ``octets`` fits; others may do the same at the same time."""
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name == name or not _NAME.fullmatch(entry.name):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                found.append((status.st_mtime_ns, entry.name, status.st_size))
        found.sort()
        count, size = len(found) + 1, sum(each[2] for each in found) + octets
        for _, oldest, taken in found:
            if count <= self._max_entries and size <= self._max_octets:
                break
            (self._folder / oldest).unlink(missing_ok=True)
            count, size = count - 1, size - taken


def _name(request: Fetch) -> str:
    """The file's name: SHA-256 over method, URL, body and subject, each with its length."""
    parts = (request.method.encode(), request.url.encode(), request.body or b"", request.subject.encode())
    whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(whole).hexdigest() + ".answer"


def _digest(name: str, rest: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + rest).digest()
