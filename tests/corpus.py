"""Where the shared corpora and schemas are, and what happens where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TOYONO_SHARED") or Path(__file__).resolve().parents[2] / "shared")
"""The folder beside the project, or the one that the environment names."""


def corpus(path: str = "") -> Path:
    """A path inside the corpus; skips the test where the corpus is absent, fails where it is required."""
    return _there("corpus", path)


def schemas(path: str = "") -> Path:
    """A path inside the published schemas, with the same rule."""
    return _there("schemas", path)


def _there(folder: str, path: str) -> Path:
    root = SHARED / folder
    if root.is_dir():
        return root / path
    reason = f"the shared {folder} is not on this machine"
    if os.environ.get("TOYONO_REQUIRE_CORPUS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
