"""What the caller presents for detached signatures: contents by name (EN 319 102-1 5.2.7, signed data objects).

A name found inside a signature only ever selects among what was presented; it never reaches the file system or the
network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from toyono_trust.core.content import BytesContent, Content

__all__ = ["NO_CONTENTS", "Contents"]


class Contents:
    """The presented contents. Immutable; built from nothing, one content, or contents by name."""

    __slots__ = ("_by_base_name", "_named", "kept")

    def __init__(self, source: Content | Mapping[str, Content] | None = None) -> None:
        self._by_base_name: dict[str, Content | None] | None = None
        self.kept: dict[Any, Any] = {}
        """What readers remember about the contents, by keys of their own, for as long as these live."""
        if source is None:
            self._named: dict[str, Content] = {}
        elif not isinstance(source, BytesContent) and isinstance(source, Mapping):
            self._named = dict(source)
        else:
            self._named = {source.name: source}

    def __bool__(self) -> bool:
        return bool(self._named)

    def only(self) -> Content | None:
        """The content, where exactly one was presented."""
        if len(self._named) != 1:
            return None
        return next(iter(self._named.values()))

    def names(self) -> tuple[str, ...]:
        """The names under which contents were presented, in the caller's order."""
        return tuple(self._named)

    def by_name(self, name: str) -> Content | None:
        """The content that a signature calls ``name``.

        The exact name wins, then the URL-decoded name, then equal base names (the last segment of a path or URL,
        without query and fragment). A base name that fits several contents selects none of them.
        """
        named = self._named
        if not named:
            return None
        if name in named:
            return named[name]
        decoded = unquote(name)
        if decoded in named:
            return named[decoded]
        if self._by_base_name is None:
            self._by_base_name = {}
            for key, content in named.items():
                base = _base_name(unquote(key))
                self._by_base_name[base] = None if base in self._by_base_name else content
        wanted = _base_name(decoded)
        return self._by_base_name.get(wanted) if wanted else None


def _base_name(name: str) -> str:
    path = name.split("#", 1)[0].split("?", 1)[0] if "://" in name else name
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


NO_CONTENTS = Contents()
"""Nothing was presented."""
