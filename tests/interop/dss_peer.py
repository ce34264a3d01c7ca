"""EU DSS as one warm Java process: built with Maven into build/dss, asked by one JSON object per line.

``python tests/interop/dss_peer.py`` builds it and says which version answers. Nothing of DSS is in this tree: its
policy, too, is read from its jar and changed as ``dss/policy.toml`` says.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent / "dss"
BUILD = Path(__file__).resolve().parents[2] / "build" / "dss"
POLICY = BUILD / "policy.xml"
ANY_AGE = BUILD / "policy-any-age.xml"
"""The same, but revocation data of any age will do, as by DSS's default."""
_DEFAULT_POLICY = "policy/constraint.xml"
_SECONDS = 120
"""Longest wait for one answer; the slowest file of the corpus takes some five seconds in a cold process."""


class MissingError(Exception):
    """There is no Java or no Maven here, or the build failed; the text says which."""


class DssError(Exception):
    """What DSS threw: the class's name, its message, and where."""


def build() -> Path:
    """Build the peer and its policy where they are not built already; returns the folder of jars.

    Maven is asked only where pom or sources have changed, so that a built peer needs no network. Raises
    ``MissingError``.
    """
    if shutil.which("java") is None:
        raise MissingError("there is no java on this machine (on Debian: apt-get install openjdk-17-jre-headless)")
    sources = [HERE / "pom.xml", *sorted(HERE.glob("src/**/*.java"))]
    mark = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = BUILD / "built"
        if not built.is_file() or built.read_text() != mark:
            built.unlink(missing_ok=True)
            _maven()
            built.write_text(mark)
        POLICY.write_bytes(policy())
        ANY_AGE.write_bytes(policy(any_age=True))
    return BUILD / "lib"


def _maven() -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingError("DSS is not built and there is no mvn here (on Debian: apt-get install maven)")
    shutil.rmtree(BUILD / "lib", ignore_errors=True)
    command = [maven, "--quiet", "--batch-mode", f"-Dpeer.build={BUILD}", "--file", str(HERE / "pom.xml"), "package"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=900, text=True)
    if done.returncode:
        raise MissingError(f"Maven could not build DSS: {(done.stdout + done.stderr)[-2000:]}")


def policy(*, any_age: bool = False) -> bytes:
    """DSS's default policy with the changes of ``policy.toml``; a change that finds no place is an error.

    ``any_age``: without those that ask how old revocation data is.
    """
    (jar,) = (BUILD / "lib").glob("dss-policy-jaxb-*.jar")
    with zipfile.ZipFile(jar) as archive:
        root = ElementTree.fromstring(archive.read(_DEFAULT_POLICY))
    space = root.tag.partition("}")[0] + "}"
    for change in tomllib.loads((HERE / "policy.toml").read_text("utf-8"))["change"]:
        if any_age and change.get("of_age"):
            continue
        path = "/".join("{*}" + name if name[:1].isalpha() else name for name in change["at"].split("/"))
        places = root.findall(path)
        if not places or not change["why"].endswith("."):
            raise ValueError(f"policy.toml: {change}")
        for place in places:
            _change(place, change, space)
    ElementTree.register_namespace("", space[1:-1])
    octets: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return octets


def _change(place: ElementTree.Element, change: dict[str, Any], space: str) -> None:
    if "name" in change:
        place.tag = space + change["name"]
        place.attrib.clear()
    place.attrib |= change.get("set", {})
    if "values" in change:
        place[:] = []
    for name in change.get("values", ()):
        ElementTree.SubElement(place, f"{space}Id").text = name
    for added in change.get("add", ()):
        element = ElementTree.Element(space + added["name"], added.get("set", {}))
        element.text = added.get("text")
        names = [child.tag for child in place]
        place.insert(names.index(space + added["after"]) + 1 if "after" in added else len(names), element)


class Dss:
    """The process; a context manager. ``versions``: of DSS and Java."""

    def __init__(self) -> None:
        classpath = f"{build()}{os.sep}*"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        command = ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-Djava.awt.headless=true"]
        self._process = subprocess.Popen(
            [*command, "-Duser.timezone=UTC", "-cp", classpath, "peer.Peer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self.versions: dict[str, str] = self.ask("about")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def ask(self, command: str, **members: Any) -> Any:
        """One request; raises ``DssError`` for what DSS throws. Octets may be ``bytes`` or paths, times aware."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"command": command, **_plain({k: v for k, v in members.items() if v is not None})})
        watch = threading.Timer(_SECONDS, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not answer:
            self._log.seek(0)
            raise DssError(f"the process ended: {self._log.read()[-2000:].decode('utf-8', 'replace')}")
        found = json.loads(answer)
        if "error" in found:
            raise DssError(found["error"], found["message"], found["where"])
        return found["result"]

    def validate(self, file: bytes | Path, *, at: datetime, policy: Path = POLICY, **members: Any) -> Any:
        """What DSS finds of a file under the policy of ``policy.toml``; members as in ``Validation.java``."""
        return self.ask("validate", file=file, at=at, policy=policy, **members)

    def sign(self, file: bytes | Path | None, **members: Any) -> bytes:
        """A file that DSS signs; members as in ``Signing.java``."""
        return base64.b64decode(self.ask("sign", file=file, **members)["octets"])

    def augment(self, file: bytes | Path, **members: Any) -> bytes:
        """A file raised to ``level``."""
        return base64.b64decode(self.ask("augment", file=file, **members)["octets"])

    def counter_sign(self, file: bytes | Path, **members: Any) -> bytes:
        """A file with a counter-signature over ``signature``, DSS's identifier."""
        return base64.b64decode(self.ask("counter-sign", file=file, **members)["octets"])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "data:" + base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def running() -> Iterator[Dss]:
    """The process for a pytest fixture: skips where it cannot run, fails where it is required."""
    import pytest

    try:
        started = Dss()
    except MissingError as missing:
        if os.environ.get("TOYONO_REQUIRE_CORPUS") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with started:
        yield started


if __name__ == "__main__":
    try:
        with Dss() as peer:
            print(f"EU DSS {peer.versions['dss']} on Java {peer.versions['java']}, in {BUILD}")
    except MissingError as missing:
        sys.exit(f"make interop: {missing}")
