"""The programs of examples/ do what their first lines say, run as a reader runs them, in a throw-away town."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from toyono_trust import Http, NotVerified, TrustStore, receipt, seal, timestamp
from toyono_trust.devpki import Server, Town
from toyono_trust.pki.anchors import pack

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SENSOR = "urn:dev:ops:32473-waterlevel-0003"

pytestmark = pytest.mark.integration


def run(folder: Path, program: str, *arguments: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / program), *arguments]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town.create()
    town.write(tmp_path_factory.mktemp("examples") / "town")
    return town


# sensor.py


@pytest.fixture
def readings(town: Town, tmp_path: Path) -> Path:
    assert town.folder is not None
    key = ("--key", f"pkcs12:{town.folder}/sensor.p12", "--secret-file", f"{town.folder}/password.txt")
    for count in ("2", "1"):  # appended
        done = run(tmp_path, "sensor.py", "send", *key, "--count", count, "--interval", "0.01")
        assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "readings.jsonl"


def received(town: Town, readings: Path, signed_by: str = SENSOR) -> subprocess.CompletedProcess[str]:
    options = ("--trust", f"{town.folder}/trust", "--signed-by", signed_by)
    return run(readings.parent, "sensor.py", "receive", readings.name, *options)


def test_readings_of_the_sensor_are_received(town: Town, readings: Path) -> None:
    lines = [json.loads(line) for line in readings.read_text("utf-8").splitlines()]
    assert [list(line) for line in lines] == [["jws"]] * 3
    done = received(town, readings)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3
    assert all(line.startswith("urn:ngsi-ld:") and line.endswith(" m") for line in done.stdout.splitlines())


def test_another_signer_is_refused(town: Town, readings: Path) -> None:
    done = received(town, readings, signed_by="NTRJP-9234567890123")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("require.other-signer") == 3


def test_altered_repeated_and_foreign_lines_are_refused(town: Town, readings: Path) -> None:
    first, second, third = readings.read_text("utf-8").splitlines()
    (header, _, value), (_, payload, _) = (json.loads(line)["jws"].split(".") for line in (second, third))
    altered = json.dumps({"jws": ".".join((header, payload, value))})
    rest = [first, altered, first, "{}", "[", '{"jws": "\\ud800"}', third]
    readings.write_text("\n".join(rest), encoding="utf-8")
    done = received(town, readings)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    refused = [line.split(" ")[1] for line in done.stderr.splitlines()]
    assert refused == ["2", "3", "4", "5", "6"]
    assert "signature.broken" in done.stderr
    assert "came again" in done.stderr


# archive.py


def test_thirty_years_pass_and_each_renewal_comes_in_time(tmp_path: Path) -> None:
    done = run(tmp_path, "archive.py")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    ends = [re.findall(r"\d{4}-\d\d-\d\d", line) for line in lines if "verifies until" in line]
    assert [end[0][:4] for end in ends] == ["2026", "2036", "2043", "2050"]
    assert all(following[0] < end[1] for end, following in pairwise(ends)), "what has lapsed cannot be renewed"
    assert "TOTAL-PASSED, sealed by NTRJP-9234567890123, there since 2026-11-01" in lines[-2]
    assert "never renewed: INDETERMINATE" in lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_nobody_looks_at_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    example = runpy.run_path(str(EXAMPLES / "archive.py"))["main"]
    monkeypatch.setitem(example.__globals__, "AHEAD", timedelta(days=-1))
    with pytest.raises(NotVerified):
        example()


# auditor.py


@pytest.fixture
def case(town: Town, tmp_path: Path) -> Path:
    """A folder to audit, one file of each kind, all right; the packed trust lies beside it."""
    assert town.folder is not None
    folder, by = tmp_path / "案件", town.identity("town")
    folder.mkdir()
    (tmp_path / "trust.zip").write_bytes(pack(town.folder / "trust"))
    made: dict[str, bytes] = {"抄本.txt": "住民票".encode(), "plan.txt": b"plan", "map.txt": b"map", "log.txt": b"log"}
    with Server(town, port=0) as server:
        online: Any = {"tsa": f"{server.url}/tsr", "http": Http()}
        made["抄本.txt.p7s"] = seal(made["抄本.txt"], by=by, format="cades", detached=True, level="B-T", **online)
        made["log.txt.tst"] = timestamp(made["log.txt"], **online)
    made["plan.txt.jws"] = seal(made["plan.txt"], by=by, format="jades", detached=True)
    made["order.json.jws"] = seal(b'{"order": 1}', by=by, format="jades")
    made["map.txt.receipt.json"] = receipt(
        "SubmissionAcceptance", by=by, sender="NTRJP-1345678901234", recipients=["NTRJP-9234567890123"],
        message_id="message-1", parts={"map.txt": made["map.txt"]}, policy_id="urn:oid:1.3.6.1.4.1.32473.1",
    )  # fmt: skip
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return folder


def audited(case: Path, *options: str, encoding: str = "utf-8") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The finished program and the rows of its table."""
    done = run(case.parent, "auditor.py", case.name, "--trust", "trust.zip", *options, encoding=encoding)
    return done, done.stdout.split("\n\n")[-1].splitlines()


def test_a_folder_in_order_is_audited(town: Town, case: Path) -> None:
    digest = TrustStore.load(case.parent / "trust.zip").digest
    done, rows = audited(case, "--trust-digest", digest)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert sorted(row.split()[0] for row in rows) == ["PASSED"] + ["TOTAL-PASSED"] * 4
    assert sorted(row.split()[-1] for row in rows) == sorted(
        ["抄本.txt.p7s", "log.txt.tst", "plan.txt.jws", "order.json.jws", "map.txt.receipt.json"]
    )
    assert sum("(claimed)" in row for row in rows) == 3  # the seal with a time stamp and the stamp itself prove theirs
    reports = [json.loads(path.read_text("utf-8")) for path in (case.parent / "reports").iterdir()]
    assert sorted(report["file"] for report in reports) == sorted(row.split()[-1] for row in rows)
    assert {report["trust"]["digest"] for report in reports} == {digest}
    assert len({report["validated_at"] for report in reports}) == 1


def test_what_was_altered_fails(case: Path) -> None:
    (case / "抄本.txt").write_bytes("住民票（写し）".encode())
    done, rows = audited(case, encoding="cp932")
    assert done.returncode == 1
    assert [row.split()[0] for row in rows if "抄本.txt.p7s" in row] == ["TOTAL-FAILED"]
    assert [row.split()[0] for row in rows if row.split()[3] == "抄本.txt"] == ["UNCOVERED"]


def test_what_nothing_covers_is_told(case: Path) -> None:
    (case / "extra.txt").write_bytes(b"?")
    done, rows = audited(case)
    assert done.returncode == 2
    assert [row.split()[3] for row in rows if row.startswith("UNCOVERED")] == ["extra.txt"]


def test_a_receipt_of_other_content_does_not_cover_it(case: Path) -> None:
    (case / "map.txt").write_bytes(b"another map")
    done, rows = audited(case)
    assert done.returncode in (1, 2)
    assert any(row.startswith("UNCOVERED") and "map.txt" in row for row in rows)


def test_an_empty_folder_is_no_success(case: Path) -> None:
    for path in case.iterdir():
        path.unlink()
    assert audited(case)[0].returncode == 2


def test_another_trust_file_is_refused(case: Path) -> None:
    done, _ = audited(case, "--trust-digest", "sha256:" + "0" * 64)
    assert (done.returncode, done.stdout) == (66, "")
    assert not (case.parent / "reports").exists()


def test_the_validation_time_can_be_named(case: Path) -> None:
    early = datetime(2001, 1, 1, tzinfo=UTC).isoformat()
    done, rows = audited(case, "--at", early)
    assert done.returncode in (1, 2)
    assert not any("PASSED" in row.split()[0] for row in rows)


def test_no_audit_has_a_code_of_its_own(case: Path) -> None:
    assert audited(case, "--at", "2026-01-01T00:00:00")[0].returncode == 64
    (case.parent / "trust.zip").write_bytes(b"?")
    done, _ = audited(case)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (66, "", False)
