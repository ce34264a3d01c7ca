"""A file replaced in its place by what was made of it: whole or not at all, and only while it is what was read.

Whoever else may write to its folder can neither slip another file in nor have one of theirs altered: what is made lies
in a fresh folder of nobody else's, and permissions and owner are set by descriptor.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from toyono_trust.edge.console import FAILED, INTERNAL, Complaint

__all__ = ["Replacement", "State", "replacement"]

_PREFIX = ".augmented-"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_BY_HANDLE = {os.open, os.rename, os.unlink} <= os.supports_dir_fd
_CHUNK = 1 << 20


class State(NamedTuple):
    """What a file held and how it lay there. ``digest``: SHA-256 of all of it."""

    digest: bytes
    status: os.stat_result

    @classmethod
    def of(cls, path: Path) -> State:
        """The state now; raises ``OSError``, also where the last part of the path is a link."""
        hasher = hashlib.sha256()
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_LINK), "rb") as stream:
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
            return cls(hasher.digest(), os.fstat(stream.fileno()))


class Replacement(NamedTuple):
    """A product in the making. ``product``: where it is to be written. ``handle``: its folder, where there are such."""

    real: Path
    before: State
    product: Path
    handle: int | None

    def commit(self) -> None:
        """Put the product in the file's place, with the file's permissions and, where that is allowed, its owner.

        Raises ``Complaint`` "changed" where the file is not what it was when this began; it stays as it is then.
        """
        name = self.product if self.handle is None else self.product.name
        opened = os.open(name, os.O_RDONLY | _NO_LINK, dir_fd=self.handle)
        try:
            now = State.of(self.real)
            if now.digest != self.before.digest:
                raise Complaint(FAILED, "changed", file=self.real)
            if hasattr(os, "fchown"):
                with suppress(PermissionError):  # only root gives files away, and nobody else has to
                    os.fchown(opened, now.status.st_uid, now.status.st_gid)
            if hasattr(os, "fchmod"):
                os.fchmod(opened, stat.S_IMODE(now.status.st_mode) & 0o777)
        finally:
            os.close(opened)
        if not hasattr(os, "fchmod"):  # Windows before Python 3.13, where it is the read-only mark alone
            self.product.chmod(now.status.st_mode)
        os.replace(name, self.real, src_dir_fd=self.handle)

    def discard(self) -> None:
        """Remove what is left, and nothing that is not from here."""
        with suppress(OSError):
            if self.handle is None:
                self.product.unlink()
            else:
                os.unlink(self.product.name, dir_fd=self.handle)
        if self.handle is not None:
            os.close(self.handle)
        with suppress(OSError):  # a folder with something in it stays
            self.product.parent.rmdir()


@contextmanager
def replacement(path: Path) -> Iterator[Replacement]:
    """Begin to replace a file, or what a link names where it lies. Raises ``OSError`` and ``Complaint`` "closed"."""
    real = path.resolve()
    before = State.of(real)
    try:
        folder = Path(tempfile.mkdtemp(dir=real.parent, prefix=_PREFIX))
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK) if _BY_HANDLE else None
    except OSError as error:
        raise Complaint(INTERNAL, "closed", file=path, reason=error.strerror or str(error)) from error
    name = folder.name.removeprefix(_PREFIX)  # random as well: where links lead elsewhere, nothing has it
    found = Replacement(real, before, folder / name, handle)
    try:
        yield found
    finally:
        found.discard()
