"""The auditor's offline kit: ``make kit`` runs ``python kit/build.py --trust DIR --wheel FILE --out FILE``.

One zip with the wheels of this package and of all that it needs (for each system and Python of ``TARGETS``), a
packed trust folder, the auditor's script, a one-page guide, an installer, and ``SHA256SUMS`` over it. What goes in
is what ``requirements.lock`` pins, by hash; the same inputs always give the same octets.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from toyono_trust import TrustStore
from toyono_trust.pki.anchors import pack

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
NAME = "toyono-trust"
PYTHONS = ("3.11", "3.12", "3.13")
DATE = (1980, 1, 1, 0, 0, 0)
"""Of every member of the zip: the earliest that the format knows."""


class Target(NamedTuple):
    """A system: the wheel platforms that pip may take, and what environment markers say there."""

    name: str
    platforms: tuple[str, ...]
    os_name: str
    sys_platform: str
    platform_system: str
    platform_machine: str

    def markers(self, python: str) -> dict[str, str]:
        """The environment of PEP 508 on this system."""
        return {
            "os_name": self.os_name,
            "sys_platform": self.sys_platform,
            "platform_system": self.platform_system,
            "platform_machine": self.platform_machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "python_version": python,
            "python_full_version": f"{python}.99",
        }


LINUX = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
TARGETS = (
    Target("Linux x86_64", LINUX, "posix", "linux", "Linux", "x86_64"),
    Target("Windows x86_64", ("win_amd64",), "nt", "win32", "Windows", "AMD64"),
)


class Pin(NamedTuple):
    """One entry of the lock: its first line without the backslash, and its hashes."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def version(self) -> str:
        """``name==version``, the name normalised."""
        return f"{canonicalize_name(self.requirement.name)}{self.requirement.specifier}"

    @property
    def line(self) -> str:
        """As pip reads it, hashes included; markers are decided already."""
        return " ".join([self.version, *(f"--hash={value}" for value in self.hashes)])


def read_lock(text: str) -> list[Pin]:
    """The entries of a requirements file with hashes. One package may stand several times, under different markers."""
    pins = []
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ")):
        if entry.strip() and not entry.startswith("#"):
            line, *hashes = re.split(r"\s+--hash=", entry.strip())
            pins.append(Pin(Requirement(line), tuple(hashes)))
    return pins


def needed(markers: Mapping[str, str]) -> set[str]:
    """Names of all packages that ours needs where these markers hold, by what the installed ones say."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(NAME, ())]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in found:
            continue
        found.add((name, extras))
        try:
            requirements = [Requirement(text) for text in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:  # of the other system alone; the installer's pip would notice a gap
            continue
        for requirement in requirements:
            wanted = requirement.marker is None or any(
                requirement.marker.evaluate({**markers, "extra": extra}) for extra in extras or ("",)
            )
            if wanted:
                waiting.append((canonicalize_name(requirement.name), tuple(sorted(requirement.extras))))
    return {name for name, _ in found} - {NAME}


def pinned(pins: list[Pin], names: set[str], markers: Mapping[str, str]) -> list[Pin]:
    """The lock's entries for these names. Raises ``SystemExit`` where one is missing or stands twice."""
    chosen = []
    for name in sorted(names):
        fitting = [
            pin
            for pin in pins
            if canonicalize_name(pin.requirement.name) == name
            and (pin.requirement.marker is None or pin.requirement.marker.evaluate({**markers, "extra": ""}))
        ]
        if len(fitting) != 1:
            raise SystemExit(f"requirements.lock has {len(fitting)} entries for {name}; run `make lock`")
        chosen.append(fitting[0])
    return chosen


def download(pins: list[Pin], target: Target, python: str, folder: Path) -> None:
    """Fetch wheels by hash. Raises ``SystemExit`` where there is no wheel for this system and Python."""
    listed = folder.parent / "pins.txt"
    listed.write_text("".join(f"{pin.line}\n" for pin in pins), encoding="utf-8")
    platforms = [argument for name in target.platforms for argument in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(listed), "--python-version", python, *platforms]
    done = subprocess.run([*command, "--dest", str(folder)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"no wheels for {target.name}, Python {python}:\n{done.stderr}")


def collect(wheel: Path) -> tuple[dict[str, bytes], str]:
    """All wheels by file name, and requirements with the hashes of exactly these."""
    pins = read_lock((ROOT / "requirements.lock").read_text("utf-8"))
    users: dict[str, list[tuple[Target, str]]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "wheels"
        for target in TARGETS:
            for python in PYTHONS:
                markers = target.markers(python)
                chosen = pinned(pins, needed(markers), markers)
                download(chosen, target, python, folder)
                for pin in chosen:
                    users.setdefault(str(pin.version), []).append((target, python))
        wheels = {path.name: path.read_bytes() for path in folder.iterdir()}
    wheels[wheel.name] = wheel.read_bytes()
    return wheels, "".join(_requirements(wheels, users))


def _requirements(wheels: dict[str, bytes], users: Mapping[str, list[tuple[Target, str]]]) -> Iterator[str]:
    """A line for each version, with the hashes of its wheels; with a marker where not every system needs it."""
    hashes: dict[str, list[str]] = {}
    for name, data in wheels.items():
        package, version = name.split("-")[:2]
        hashes.setdefault(f"{canonicalize_name(package)}=={version}", []).append(hashlib.sha256(data).hexdigest())
    for version, values in sorted(hashes.items()):
        places = users.get(version, [])
        marker = ""
        if len(places) < len(TARGETS) * len(PYTHONS) and places:
            each = (f"(sys_platform == '{at.sys_platform}' and python_version == '{python}')" for at, python in places)
            marker = f" ; {' or '.join(each)}"
        yield " \\\n    ".join([version + marker, *(f"--hash=sha256:{value}" for value in sorted(values))]) + "\n"


def guide(version: str, trust: TrustStore, throw_away: bool) -> bytes:
    """The one-page guide, English and Japanese, with this kit's digests."""
    text = (HERE / "guide.html").read_text("utf-8")
    until = "–" if trust.valid_until is None else f"{trust.valid_until:%Y-%m-%d %H:%M} UTC"
    values = {"version": version, "trust": trust.digest, "revocation": trust.revocation_digest, "until": until}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    if not throw_away:
        text = re.sub(r"\s*<!-- demo -->.*?<!-- /demo -->", "", text, flags=re.DOTALL)
    return text.encode()


def build(wheel: Path, trust: Path, *, throw_away: bool = False) -> bytes:
    """The kit as a zip. ``throw_away``: the trust is the demo's, and the guide says so."""
    version = wheel.name.split("-")[1]
    wheels, requirements = collect(wheel)
    files = {
        "guide.html": guide(version, TrustStore.load(trust), throw_away),
        "install.py": (HERE / "install.py").read_bytes(),
        "auditor.py": (ROOT / "examples" / "auditor.py").read_bytes(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        "trust.zip": pack(trust),
        "requirements.txt": requirements.encode(),
        **{f"wheels/{name}": data for name, data in wheels.items()},
    }
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return _zip(f"toyono-verify-kit-{version}", {"SHA256SUMS": sums.encode(), **files})


def _zip(folder: str, files: dict[str, bytes]) -> bytes:
    """Stored, not packed: wheels are packed already, and another zlib would give other octets."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            member = zipfile.ZipInfo(f"{folder}/{name}", DATE)
            member.create_system, member.external_attr = 3, 0o100644 << 16
            archive.writestr(member, data)
    return made.getvalue()


def main() -> None:
    """Build the kit and say what is in it."""
    parser = argparse.ArgumentParser(description="Build the auditor's offline kit.")
    parser.add_argument("--wheel", type=Path, required=True, help="of this package")
    parser.add_argument("--trust", type=Path, required=True, help="trust folder, as `toyono-trust trust show` reads it")
    parser.add_argument("--throw-away", action="store_true", help="the trust is that of a throw-away town")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    made = build(options.wheel, options.trust, throw_away=options.throw_away)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(made)
    print(f"{options.out}  {len(made) / 1e6:.1f} MB")
    print(f"sha256  {hashlib.sha256(made).hexdigest()}   (give this to the auditor by another way)")
    print(f"trust   {TrustStore.load(options.trust).digest}")


if __name__ == "__main__":
    main()
