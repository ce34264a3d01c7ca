"""docs/policy.md says what the code says: keys, defaults, catalogues, and every constraint of the standard."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import toyono_trust.validation
from corpus import SHARED
from toyono_trust.core.findings import table
from toyono_trust.validation.policy import Catalogue
from toyono_trust.validation.policy.catalogue import SHIPPED, named
from toyono_trust.validation.policy.reading import NAMES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text("utf-8")
DEFAULT = tomllib.loads(
    (Path(toyono_trust.validation.__file__).parent / "policies" / "default.toml").read_text("utf-8")
)
OPEN = ("algorithms.expires", "findings")


def rows(head: str) -> list[list[str]]:
    """The cells of the table whose first line is ``head``."""
    lines = PAGE.split(f"{head}\n|---", 1)[1].split("\n")[1:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def keys(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The dotted keys of a policy with their values; tables that hold anything are one key."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        found |= keys(value, f"{path}.") if isinstance(value, dict) and path not in OPEN else {path: value}
    return found


def written(value: Any) -> str:
    """A value as TOML, and the page, write it."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    return "none" if value == {} else str(value)


def test_every_key_is_documented_with_its_default() -> None:
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows("| Key | Default | |")}
    assert documented == {"base": '"default"', **{key: written(value) for key, value in keys(DEFAULT).items()}}


def test_every_policy_is_documented() -> None:
    assert [row[0].strip("`") for row in rows("| Name | For | Differs from `default` in |")] == list(NAMES)


def test_every_key_of_a_catalogue_is_documented() -> None:
    documented = {name for row in rows("| Key | |") for name in re.findall(r"`([a-z]+)`", row[0])}
    assert documented == {*("name", "version", "date", "source", "digests", "families"), "end", "transition"}
    assert "`bits`" in PAGE
    assert all(f'`"{name}"`' in PAGE for name in SHIPPED)


def test_the_example_of_a_catalogue_is_one() -> None:
    example = Catalogue.parse(PAGE.split("```toml\n", 1)[1].split("```", 1)[0])
    assert set(tomllib.loads(PAGE.split("```toml\n", 1)[1].split("```", 1)[0])) == set(example.to_values())
    assert example.families["ecdsa"][0].span.transition is not None


def test_the_dates_of_cryptrec_are_those_of_the_file() -> None:
    cryptrec = named("CRYPTREC")
    spans = {*cryptrec.digests.values(), *(tier.span for tiers in cryptrec.families.values() for tier in tiers)}
    dates = {("–" if span.transition is None else str(span.transition), str(span.end or "open")) for span in spans}
    assert {(row[1], row[2]) for row in rows("| CRYPTREC | transition from | end |")} == {*dates, ("–", "not listed")}
    smallest = {family: {tier.bits for tier in tiers} for family, tiers in cryptrec.families.items()}
    for row in rows("| CRYPTREC | transition from | end |"):
        for family, bits in re.findall(r"(RSA|DSA|ECDSA) from (\d+)", row[0]):
            assert int(bits) in smallest[family.lower()]


def test_no_key_or_finding_is_made_up() -> None:
    known = {*table(), *keys(DEFAULT)}
    for row in rows("| Block | Constraints | Here |"):
        for name in re.findall(r"`([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)`", row[2]):
            assert name in known or name in ("trust.toml",), name


def test_every_constraint_has_a_finding_a_key_or_a_reason() -> None:
    source = SHARED / "standards" / "constraint-results.tsv"
    if not source.is_file():
        pytest.skip("the notes on standards are not on this machine")
    lines = [line.split("\t") for line in source.read_text("utf-8").splitlines()[1:]]
    wanted = {(block, constraint) for block, constraint, *_ in lines}
    assert len(wanted) > 160
    listed = [
        (row[0], name) for row in rows("| Block | Constraints | Here |") for name in re.findall(r"`(\w+)`", row[1])
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == wanted
    assert all(len(row[2]) > 10 for row in rows("| Block | Constraints | Here |"))
