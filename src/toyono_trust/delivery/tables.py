"""The data files of this package: TOML, shipped with the code and read once."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

__all__ = ["rows"]


@lru_cache(maxsize=16)
def rows(file: str, table: str) -> tuple[dict[str, Any], ...]:
    """The rows of an array of tables, in the file's order: ``("reasons.toml", "reason")``."""
    text = (resources.files("toyono_trust.delivery") / file).read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)[table])
