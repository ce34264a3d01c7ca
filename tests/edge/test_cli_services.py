"""``toyono-trust tsa`` and ``dev-pki --serve`` as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_line import Place, Run

pytestmark = [pytest.mark.integration, pytest.mark.skipif(os.name == "nt", reason="processes end differently")]
TRUST = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
from toyono_trust.edge.main import toyono_trust
sys.exit(toyono_trust())
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A service that has said that it serves; it is interrupted at the end."""
    command = [sys.executable, "-c", TRUST, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("# serving"):
                break
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nobody listens")


def test_tsa(run: Run, place: Place, files: Path) -> None:
    pytest.importorskip("uvicorn")
    port, state = free_port(), files / "last"
    with serving("tsa", *place.key("tsa.p12"), "--listen", f"127.0.0.1:{port}", "--policy", "1.2.3.4", "--state", state,
                 "--accuracy", "0.5") as process:  # fmt: skip
        answers(port)
        ran = run("timestamp", files / "order.json", "--tsa", f"http://127.0.0.1:{port}/tsr", *place.trust)
        assert ran.code == 0, ran.err
        busy = run("tsa", *place.key("tsa.p12"), "--listen", f"127.0.0.1:{port}")
        assert busy.code == 69
        assert "cannot listen" in busy.err
    assert process.returncode in (0, 130)
    assert state.exists()
    ran = run("inspect", files / "order.json.tst", "--format", "json")
    (token,) = ran.lines[0]["timestamps"]
    assert (token["policy"], token["accuracy_seconds"]) == ("1.2.3.4", 0.5)


@pytest.mark.parametrize("key", ["town-seal.p12", "resident-sign.p12"])
def test_tsa_with_a_key_that_is_not_for_stamps(run: Run, place: Place, key: str) -> None:
    ran = run("tsa", *place.key(key), "--listen", f"127.0.0.1:{free_port()}")
    assert ran.code == 64
    assert "[tsa.certificate]" in ran.err


def test_dev_pki_serves_and_serves_again(run: Run, tmp_path: Path) -> None:
    port, order = free_port(), tmp_path / "order.json"
    order.write_bytes(b"[]")
    folder = tmp_path / "town"
    for _ in range(2):
        with serving("dev-pki", folder, "--serve", "--listen", f"127.0.0.1:{port}") as process:
            answers(port)
            ran = run(
                "timestamp", order, "--tsa", f"http://127.0.0.1:{port}/tsr", "--trust", folder / "trust", "--force"
            )
            assert ran.code == 0, ran.err
        assert process.returncode == 130
    assert run("verify", f"{order}.tst", "--trust", folder / "trust").code == 0
