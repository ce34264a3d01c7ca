"""The rules that tools enforce do bite: a check that cannot fail proves nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(util.find_spec("ruff") is None, reason="ruff is not in this environment")


def banned(path: str, source: str) -> bool:
    """Whether ruff's clock ban refuses this source at this place."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", path, "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert done.returncode in {0, 1}, done.stderr
    return "TID251" in done.stdout


CLOCKS = [
    "from datetime import datetime\nx = datetime.now()\n",
    "import datetime\nx = datetime.datetime.utcnow()\n",
    "import datetime as d\nx = d.date.today()\n",
    "import time\nx = time.time()\n",
    "from time import monotonic\n",
    "import os\nx = os.urandom(8)\n",
    "import secrets\n",
    "from random import choice\n",
    "import uuid\nx = uuid.uuid4()\n",
]


@pytest.mark.parametrize("source", CLOCKS)
def test_clock_and_randomness_are_banned_below_the_drivers(source: str) -> None:
    assert banned("src/toyono_trust/validation/judge.py", source)


@pytest.mark.parametrize("place", ["api.py", "aio.py", "edge/tsa.py", "devpki/town.py"])
def test_the_drivers_may_read_the_clock(place: str) -> None:
    assert not banned(f"src/toyono_trust/{place}", CLOCKS[0])


def test_exceptions_from_the_ban_are_few() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    exempt = {path for path, rules in settings["per-file-ignores"].items() if "TID251" in rules}
    assert {path for path in exempt if path.startswith("src/")} == {
        "src/toyono_trust/api.py",
        "src/toyono_trust/aio.py",
        "src/toyono_trust/edge/**",
        "src/toyono_trust/devpki/**",
    }
