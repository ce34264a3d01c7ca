"""The table of findings is whole: each row is well-formed in both languages, each code used is there, none is idle."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from toyono_trust.core import findings
from toyono_trust.core.findings import Entry

SOURCE = Path(findings.__file__).resolve().parents[2]
TABLE = findings.table()

CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SUB_INDICATIONS = {
    # EN 319 102-1 V1.4.1 table 6, FAILED
    "FORMAT_FAILURE",
    "HASH_FAILURE",
    "SIG_CRYPTO_FAILURE",
    "REVOKED",
    "EXPIRED",
    "NOT_YET_VALID",
    # INDETERMINATE
    "SIG_CONSTRAINTS_FAILURE",
    "CHAIN_CONSTRAINTS_FAILURE",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE",
    "POLICY_PROCESSING_ERROR",
    "SIGNATURE_POLICY_NOT_AVAILABLE",
    "TIMESTAMP_ORDER_FAILURE",
    "NO_SIGNING_CERTIFICATE_FOUND",
    "NO_CERTIFICATE_CHAIN_FOUND",
    "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
    "REVOKED_NO_POE",
    "REVOKED_CA_NO_POE",
    "OUT_OF_BOUNDS_NOT_REVOKED",
    "OUT_OF_BOUNDS_NO_POE",
    "REVOCATION_OUT_OF_BOUNDS_NO_POE",
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    "NO_POE",
    "TRY_LATER",
    "SIGNED_DATA_NOT_FOUND",
    "CUSTOM",
}
MAKERS = {
    "Note": 0,
    "Finding": 0,
    "Failure": 0,
    "MalformedError": 0,
    "MisuseError": 0,
    "UnavailableError": 0,
    "WorkExceeded": 0,
    "NotVerified": 0,
}
"""Calls whose first argument is a code."""


class Use(NamedTuple):
    """A code in the source, and whether it stands where only a code can stand."""

    code: str
    certain: bool
    where: str


def uses() -> Iterator[Use]:
    """Every text constant of the package that is a code, outside of the table itself."""
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "findings":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        certain = {id(argument) for argument in _code_arguments(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield Use(node.value, id(node) in certain, f"{path.relative_to(SOURCE)}:{node.lineno}")


def _code_arguments(tree: ast.AST) -> Iterator[ast.expr]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in MAKERS:
            yield from call.args[MAKERS[name] : MAKERS[name] + 1]
            yield from (keyword.value for keyword in call.keywords if keyword.arg == "code")


def patterns() -> Iterator[re.Pattern[str]]:
    """Codes that are put together where they are used: ``f"{kind}.length"``."""
    for path in sorted(SOURCE.rglob("*.py")):
        for argument in _code_arguments(ast.parse(path.read_text("utf-8"))):
            if isinstance(argument, ast.JoinedStr):
                parts = (
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else WORD for part in argument.values
                )
                yield re.compile("".join(parts))


USES = tuple(uses())
PATTERNS = tuple(patterns())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_source_is_read() -> None:
    assert len({use.code for use in USES if use.certain}) > 3


@pytest.mark.parametrize("entry", TABLE.values(), ids=lambda entry: entry.code)
def test_row_is_well_formed(entry: Entry) -> None:
    assert CODE.fullmatch(entry.code)
    assert entry.level in {"fail", "warn", "inform", "ignore"}
    assert entry.sub_indication is None or entry.sub_indication in SUB_INDICATIONS
    assert entry.clause.strip()


@pytest.mark.parametrize("entry", TABLE.values(), ids=lambda entry: entry.code)
def test_row_speaks_both_languages(entry: Entry) -> None:
    for english, japanese in (entry.text, entry.remedy):
        assert english.strip() == english != ""
        assert japanese.strip() == japanese != ""
        assert not JAPANESE.search(english)
        assert JAPANESE.search(japanese)
        assert placeholders(english) == placeholders(japanese)


def test_every_code_that_is_used_has_a_row() -> None:
    missing = sorted(f"{use.code} ({use.where})" for use in USES if use.certain and use.code not in TABLE)
    assert missing == []


def test_every_row_is_used() -> None:
    idle = set(TABLE) - {use.code for use in USES}
    assert sorted(code for code in idle if not any(pattern.fullmatch(code) for pattern in PATTERNS)) == []


def test_every_code_that_is_put_together_has_a_row() -> None:
    missing = [pattern.pattern for pattern in PATTERNS if not any(pattern.fullmatch(code) for code in TABLE)]
    assert missing == []


def test_unknown_code_is_a_defect() -> None:
    with pytest.raises(KeyError):
        findings.entry("no.such-code")
