"""`import toyono_trust` costs little: what is heavy is imported where it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp",
    "asn1crypto",
    "click",
    "httpx",
    "jinja2",
    "jwcrypto",
    "lxml",
    "oscrypto",
    "pkcs11",
    "pyasn1",
    "pyhanko",
    "pyhanko_certvalidator",
    "requests",
    "rfc3161ng",
    "rich",
    "urllib3",
    "uvicorn",
)


def loaded_by(statement: str) -> set[str]:
    """Names of the modules in a fresh interpreter after one statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement",
    [
        "import toyono_trust",
        "from toyono_trust import *",
        "from toyono_trust import Http, Policy, Signer, TrustStore, seal, sign, verify",
    ],
)
def test_import_loads_nothing_heavy(statement: str) -> None:
    loaded = loaded_by(statement)
    assert "toyono_trust" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


def test_the_probe_would_notice() -> None:
    assert "click" in loaded_by("import click")


def test_the_guarded_entry_loads_the_standard_library_alone() -> None:
    loaded = loaded_by("import toyono_trust.edge.main")
    assert sorted(loaded.intersection((*HEAVY, "cryptography"))) == []
