"""Install the kit on a machine without a network: ``python3 install.py``, on Windows ``py install.py``.

Needs CPython 3.11, 3.12 or 3.13 and nothing else. Compares every file with SHA256SUMS, makes a virtual environment
in ``venv`` beside this file (or in the folder that is named), installs the wheels by hash, and says how to go on.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHONS = ((3, 11), (3, 12), (3, 13))


def damaged() -> list[str]:
    """Files that are missing, altered or not listed."""
    listed = {}
    for line in (HERE / "SHA256SUMS").read_text("utf-8").splitlines():
        value, _, name = line.partition("  ")
        listed[name] = value
    wrong = []
    for name, value in listed.items():
        path = HERE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != value:
            wrong.append(name)
    present = {f"wheels/{path.name}" for path in (HERE / "wheels").iterdir()}
    return wrong + sorted(present - set(listed))


def main() -> int:
    """0 where it is installed; 1 where a file is damaged, Python does not fit or pip failed."""
    for stream in (sys.stdout, sys.stderr):  # a console of another encoding must not end the installation
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if sys.version_info[:2] not in PYTHONS or sys.implementation.name != "cpython":
        print("This kit needs CPython 3.11, 3.12 or 3.13. / CPython 3.11～3.13 が必要です。", file=sys.stderr)
        return 1
    wrong = damaged()
    if wrong:
        print("Damaged, do not use: / ファイルが破損または改変されています:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "venv"
    venv.create(place, with_pip=True, clear=False)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command += [
        "--find-links",
        str(HERE / "wheels"),
        "--require-hashes",
        "--requirement",
        str(HERE / "requirements.txt"),
    ]
    # Not even by a setting of this machine may anything come from elsewhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(command, env=environment | {"PIP_CONFIG_FILE": os.devnull}, check=False)  # noqa: S603
    if done.returncode:
        return 1
    program = programs / ("toyono-verify.exe" if os.name == "nt" else "toyono-verify")
    print("Installed. / インストールが完了しました。\n")
    print(f'"{program}" FILE --trust "{HERE / "trust.zip"}" --lang ja')
    print(f'"{python}" "{HERE / "auditor.py"}" FOLDER --trust "{HERE / "trust.zip"}"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
