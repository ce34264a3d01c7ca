"""TOML files of policies and catalogues: read within a limit, and the ones that are shipped."""

from __future__ import annotations

import errno
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from toyono_trust.errors import MisuseError

__all__ = ["MAX_FILE", "MAX_TEXT", "parse", "read", "shipped", "title"]

MAX_FILE = 1 << 20
"""Octets of one file; the largest shipped one has 10 KB, and one that names every finding has 20 KB."""
MAX_TEXT = 1000
"""Characters of a name or of another text that people read."""
_NO_FILE = frozenset({errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG})


def read(path: str | Path) -> str | None:
    """The text of a file, None where there is no such file. Raises ``OSError`` where it may not be read.

    Raises ``ValueError`` where it is not UTF-8 or larger than ``MAX_FILE``.
    """
    if "\0" in str(path):
        return None
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        # a folder raises PermissionError on Windows; no file has a name that is too long
        if error.errno in _NO_FILE or Path(path).is_dir():
            return None
        raise
    if len(data) > MAX_FILE:
        raise ValueError(f"it has more than {MAX_FILE} octets")
    return data.decode("utf-8")


def parse(text: str, source: str, malformed: str) -> dict[str, Any]:
    """The values of a TOML text. Raises ``MisuseError`` with the code ``malformed``."""
    try:
        return tomllib.loads(text)
    # ValueError: TOMLDecodeError, and numbers of more digits than Python reads; the other: nesting
    except (ValueError, RecursionError) as error:
        raise MisuseError(malformed, f"{source} is not TOML: {error}", "correct the file") from error


@lru_cache(maxsize=16)
def shipped(folder: str, name: str) -> str:
    """The text of a file of this package: ``("policies", "default.toml")``."""
    return (resources.files("toyono_trust.validation") / folder / name).read_text(encoding="utf-8")


def title(value: Any) -> bool:
    """Whether a value is a text that can stand as a name."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT
