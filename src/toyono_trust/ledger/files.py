"""Files that are whole or not there: what the log writes beside its store, and what monitors and witnesses remember.

A file is written under another name, forced to the medium and then renamed, so that a process that is killed and a
machine that loses power leave the old octets or the new ones. Locks are the operating system's: they end with their
process.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toyono_trust.errors import UnavailableError

__all__ = ["Kept", "locked", "put", "read_whole", "room", "sync_folder", "write_new"]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe in the place of a file keeps nobody waiting
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def room() -> Iterator[None]:
    """Turn the lack of space into ``UnavailableError`` "ledger.full"; every other ``OSError`` passes through."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise UnavailableError("ledger.full", "there is no space left to write", "make room, try again") from error
        raise


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock that this file stands for; nobody else holds it meanwhile, in no thread and no process.

    Raises ``UnavailableError`` "ledger.busy" where it is held and ``wait`` is false.
    """
    with room():
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
    try:
        try:
            _lock(handle, wait)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise
            raise UnavailableError("ledger.busy", "another process is writing there", "try again later") from error
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":

    def _lock(handle: int, wait: bool) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:

    def _lock(handle: int, wait: bool) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_new(path: Path, octets: bytes, mode: int = 0o666) -> None:
    """Write a file and force it to the medium; what lay there under this name is gone. ``mode``: before the umask."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINK, mode), "wb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(stream.fileno())


def put(path: Path, octets: bytes, mode: int = 0o666) -> None:
    """Let a file hold these octets, or what it held before; only under a lock. Raises as ``room``."""
    new = path.with_name(f".{path.name}.new")
    with room():
        try:
            write_new(new, octets, mode)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the medium, where the system can."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_whole(path: Path, limit: int, *, within: int | None = None) -> bytes | None:
    """The octets of a regular file, no link, of at most ``limit`` octets; one more than these where there are more.

    None where there is no file. ``within``: the descriptor of the folder that a relative path begins at. Raises
    ``OSError``, also for a link and for what is no regular file.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT, dir_fd=within)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "this is no regular file", str(path))
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(limit + 1)
    finally:
        os.close(handle)


class Kept:
    """A small file that is only replaced by comparison, so that of two who read it only the first one replaces it."""

    def __init__(self, path: str | Path, limit: int) -> None:
        self.path = Path(path)
        self._limit = limit

    def load(self) -> bytes | None:
        """What it holds; None where there is none yet. Raises ``OSError``."""
        return read_whole(self.path, self._limit)

    def swap(self, before: bytes | None, after: bytes) -> None:
        """Put ``after`` in the place of ``before``, durably.

        Raises ``UnavailableError`` "ledger.busy" where it holds something else by now, and as ``room``.
        """
        with locked(self.path.with_name(f".{self.path.name}.lock"), wait=True):
            if self.load() != before:
                raise UnavailableError("ledger.busy", "another process was faster", "try again")
            if before != after:
                put(self.path, after, 0o600)
