"""Import and start-up: ours, in fresh interpreters, against ``from cryptography import x509`` in fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from measure import Work
from rows import BASE, OURS, Row
from town import PAYLOAD, BenchTown

from toyono_trust import seal

X509 = (sys.executable, "-c", "from cryptography import x509")


def rows(town: BenchTown) -> list[Row]:
    """Whole processes from start to end, the interpreter's own start included on both sides."""
    return [
        Row("`import toyono_trust`, whole process", 3.0, _imports),
        Row("`toyono-verify x.jws`, whole process", 6.0, partial(_verifies, town)),
    ]


def _imports() -> Mapping[str, Work]:
    names = "from toyono_trust import seal, sign, verify, Signer, TrustStore"
    pyhanko = "from pyhanko.sign.validation import async_validate_pdf_signature"
    return {
        BASE: partial(_process, *X509),
        OURS: partial(_process, sys.executable, "-c", "import toyono_trust"),
        f"ours, `{names}`": partial(_process, sys.executable, "-c", names),
        "pyHanko validation": partial(_process, sys.executable, "-c", pyhanko),
        "interpreter alone": partial(_process, sys.executable, "-c", ""),
    }


def _verifies(town: BenchTown) -> Mapping[str, Work]:
    path = town.folder / "x.jws"
    path.write_bytes(seal(PAYLOAD, by=town.actor("p256").signer, format="jades", level="B-B"))
    program = Path(sys.executable).with_name("toyono-verify")
    command = (str(program), str(path), "--trust", str(town.trust_folder))
    return {BASE: partial(_process, *X509), OURS: partial(_process, *command)}


def _process(*command: str) -> None:
    """Run to the end; a process that fails fails the row."""
    subprocess.run(command, check=True, env=_ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed package has its bytecode; without it every start would compile this package anew."""
