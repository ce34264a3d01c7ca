"""A real PostgreSQL server of Debian's packages, on loopback, in a temporary folder; gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "10s",
    "log_min_messages": "fatal",
}


def programs() -> Path | None:
    """The folder of initdb and postgres, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def absent() -> str:
    """Why there can be no server here; empty where there can."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed (extra [postgres])"
    if programs() is None:
        return "PostgreSQL is not installed (Debian: postgresql)"
    if os.geteuid() == 0 and not _unprivileged():
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


class Server:
    """One server process and its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def initialise(self) -> None:
        command = ["initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self._run(*command, "--pgdata", str(self.folder / "data"))

    def start(self) -> None:
        options = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(self.port)}).items()]
        binaries = programs()
        assert binaries is not None
        self._process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(self.folder / "data"), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **_as_user(),  # type: ignore[call-overload]
        )
        self.await_ready()

    def await_ready(self) -> None:
        import time

        import psycopg

        for _ in range(300):
            try:
                psycopg.connect(self.address, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, "the server ended"
                time.sleep(0.1)
        raise AssertionError("the server does not accept connections")

    def crash(self, pid: int) -> None:
        """Kill a server process: all its sessions end, it recovers, and is ready again."""
        import time

        import psycopg

        with psycopg.connect(self.address, autocommit=True) as watcher, suppress(psycopg.OperationalError):
            os.kill(pid, signal.SIGKILL)
            for _ in range(600):
                watcher.execute("SELECT 1")
                time.sleep(0.05)
            raise AssertionError("the server did not notice")
        self.await_ready()

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: fast shutdown. SIGQUIT: immediate, as after a crash; the next start recovers."""
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(60)
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        binaries = programs()
        assert binaries is not None
        subprocess.run(
            [str(binaries / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **_as_user(),  # type: ignore[call-overload]
        )


def running() -> Iterator[Server]:
    """A server, for a fixture; the test is skipped with the reason where there can be none."""
    if reason := absent():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="ledger-postgres-") as name:
        folder = Path(name)
        user = _unprivileged()
        if os.geteuid() == 0 and user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Server(folder)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _unprivileged() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _as_user() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    user = _unprivileged()
    if os.geteuid() != 0 or user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
