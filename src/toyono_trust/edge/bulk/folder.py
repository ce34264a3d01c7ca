"""What lies in a folder: regular files by their name below it. Nothing is followed out of it.

Links, devices and pipes are counted and never opened. What a name in an index file is, is looked up here: such a name
never reaches the file system.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import normalize

from toyono_trust.edge.bulk.record import COMPANIONS, CONTENT_OF, OPENINGS, PROOFS, Record
from toyono_trust.errors import MisuseError

__all__ = ["INDEX", "Folder", "open_regular", "walk"]

INDEX = "index.csv"
MAX_FILES = 2_000_000
"""Files of one run; each takes some 300 octets until the report is written."""
MAX_DEPTH = 64
"""Folders inside of each other; the names of 64 of them fill what Windows allows for a path."""


class Folder(NamedTuple):
    """``files``: path by name, the name below the folder and with slashes. ``special``: names of what is no file."""

    root: str
    files: dict[str, str]
    special: frozenset[str]
    composed: dict[str, str]

    def find(self, name: str) -> str | None:
        """The name as the folder has it, whatever composes its characters (some systems decompose が); None without."""
        return name if name in self.files else self.composed.get(normalize("NFC", name))

    def record(self, name: str) -> Record:
        """A file with what lies beside it."""
        content = self._content(name)
        names = (name,) if content is None else (name, content)  # of a receipt in XML, it is the content that is logged
        return Record(
            name, self.files[name], content=None if content is None else self.files[content],
            proof=self._beside(names, PROOFS), opening=self._beside(names, OPENINGS),
        )  # fmt: skip

    def _content(self, name: str) -> str | None:
        """What a detached signature covers, by its name."""
        for ending in CONTENT_OF:
            if name.endswith(ending):
                content = name.removesuffix(ending)
                return content if content in self.files else None
        return None

    def _beside(self, names: tuple[str, ...], endings: tuple[str, ...]) -> str | None:
        wanted = (name + ending for name in names for ending in endings)
        return next((self.files[name] for name in wanted if name in self.files), None)

    def is_companion(self, name: str) -> bool:
        """Whether a file only accompanies another: a proof, an opening, a salt."""
        return any(name.endswith(ending) and name.removesuffix(ending) in self.files for ending in COMPANIONS)

    def is_covered(self, name: str) -> bool:
        """Whether something beside a file may be a signature over it."""
        return any(name + ending in self.files for ending in CONTENT_OF)

    def candidates(self) -> Iterator[str]:
        """Names of all that may be records, sorted."""
        return (name for name in sorted(self.files) if not self.is_companion(name))


def walk(root: str) -> Folder:
    """Everything below a folder. Raises ``MisuseError`` "bulk.too-many"; ``OSError`` where it cannot be read."""
    files: dict[str, str] = {}
    special: set[str] = set()
    pending = [(root, "", 0)]
    while pending:
        path, name, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _too_many(f"folders are nested more than {MAX_DEPTH} deep")
        with os.scandir(path) as entries:
            for entry in entries:
                below = f"{name}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, f"{below}/", depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    files[below] = entry.path
                else:
                    special.add(below)
                if len(files) + len(special) + len(pending) > MAX_FILES:
                    raise _too_many(f"there are more than {MAX_FILES} files")
    composed = {normalize("NFC", below): below for below in files if not below.isascii()}
    return Folder(root, files, frozenset(special), composed)


def open_regular(path: str) -> int:
    """A descriptor of a regular file, never through a link at its end, never waiting for a pipe. Raises ``OSError``."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("it is no regular file")
    return handle


def _too_many(reason: str) -> MisuseError:
    return MisuseError("bulk.too-many", reason, "verify the folders one by one")
