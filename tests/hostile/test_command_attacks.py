"""What lies beside files that commands are given, and lines without end."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from command_line import Ran, Run
from toyono_trust.delivery.exchange import build, message
from toyono_trust.edge import main

AT = datetime(2027, 3, 1, 3, tzinfo=UTC)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    for name in ("TOYONO_TRUST", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main.toyono_trust([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return call


@pytest.fixture
def log(run: Run) -> Path:
    assert run("log", "create", "town.log", "--name", "log.example.jp/a", "--key-out", "log.key").code == 0
    return Path("town.log")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_nobody_waits_for_a_pipe_in_the_place_of_an_opening(run: Run, log: Path) -> None:
    for name in ("a.json", "b.json"):
        Path(name).write_text(json.dumps({"name": name}))
    os.mkfifo("a.json.opening")
    ran = run("log", "append", log, "a.json", "b.json", "--format", "json")
    assert ran.code == 66
    assert [line["file"] for line in ran.lines] == ["b.json"]  # others are appended all the same


def test_a_file_that_is_named_twice_has_one_entry(run: Run, log: Path) -> None:
    Path("a.json").write_text(json.dumps({"name": "any"}))
    Path("b.json").write_text(json.dumps({"name": "any"}))
    ran = run("log", "append", log, "b.json", "a.json", "./a.json", "--format", "json")
    assert [line["index"] for line in ran.lines] == [0, 1, 1]
    assert run("log", "append", log, "--digest", "00" * 32, "--format", "json").lines[0]["index"] == 2


def test_a_line_without_end_is_one_record_that_cannot_be_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toyono_trust.edge.commands.reconcile.MAX_LINE", 2_000)
    good = build(
        "urn:x:1", at=AT, requester="A", provider="B", request=message("m-1", {"a": b"a"}, AT)
    ).octets  # fmt: skip
    (tmp_path / "a").write_bytes(b" " * 5_000 + good + b"\n" + good + b"\n" + b"x" * 4_000)
    (tmp_path / "b").write_bytes(good)
    ran = run("reconcile", "a", "b", "--format", "json")
    (found,) = ran.lines
    assert [(one["code"], one["message"]) for one in found["differences"]] == [
        ("exchange.unreadable", "1"), ("exchange.unreadable", "3"),
    ]  # fmt: skip
    assert ran.code == 1


def test_trust_in_a_certificate_without_end_is_shown(run: Run, tmp_path: Path) -> None:
    """RFC 5280 4.1.2.5: 9999-12-31T23:59:59Z, which is in no year of Japan's clocks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Mihon CA")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path / "trust" / "anchors"
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    ran = run("trust", "show", tmp_path / "trust", "--tz", "Asia/Tokyo")
    assert ran.code == 0, ran.err
    assert "9999-12-31 23:59:59 UTC" in ran.out
