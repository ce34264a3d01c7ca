"""One version, told the same everywhere; lower bounds that the oldest run installs; locks without places."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import toyono_trust

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(line) for line in (*PROJECT["dependencies"], *(r for e in EXTRAS.values() for r in e))]


def pinned(lock: str) -> dict[str, Version]:
    """Versions of a lock file by canonical name."""
    text = (ROOT / lock).read_text("utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


def test_installed_version_is_the_project_version() -> None:
    assert metadata.version("toyono-trust") == PROJECT["version"] == toyono_trust.__version__


def test_changelog_has_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## \[({re.escape(PROJECT['version'])}|Unreleased)\]", text, re.MULTILINE)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_requirement_has_a_lower_bound_and_no_upper(requirement: Requirement) -> None:
    assert [specifier.operator for specifier in requirement.specifier] == [">="]


UNLOCKED = {"weasyprint"}
"""Needs Pango, a system library; the report is printed by Chromium where it is absent."""
LOCKED = [requirement for requirement in REQUIREMENTS if requirement.name not in UNLOCKED]


@pytest.mark.parametrize("requirement", LOCKED, ids=str)
def test_oldest_lock_is_at_the_lower_bound(requirement: Requirement) -> None:
    (specifier,) = requirement.specifier
    assert pinned("requirements-oldest.lock")[canonicalize_name(requirement.name)] == Version(specifier.version)


@pytest.mark.parametrize("requirement", LOCKED, ids=str)
def test_lock_satisfies_the_bounds(requirement: Requirement) -> None:
    version = pinned("requirements.lock")[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version, prereleases=True)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-oldest.lock"])
def test_lock_hashes_everything_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert "-index" not in text
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    assert len(blocks) > 20
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("program", ["toyono-trust", "toyono-verify"])
def test_programs_are_installed(program: str) -> None:
    (point,) = metadata.entry_points(group="console_scripts", name=program)
    assert callable(point.load())
