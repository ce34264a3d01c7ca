"""Runs of ``toyono-verify DIR``: interrupted and resumed, over workers of every kind, on a Dask cluster."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from command_line import Place, Run
from made_records import AT, Kept, alter, make, signer
from toyono_trust import TrustStore, sign
from toyono_trust.edge import batch
from toyono_trust.edge.bulk.case import Case
from toyono_trust.edge.bulk.record import Item

VERIFY = """
import signal, sys
from toyono_trust.edge.main import toyono_verify
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    sys.exit(toyono_verify())
"""


@pytest.fixture
def kept(place: Place, tmp_path: Path) -> Kept:
    return make(place, tmp_path)


class TestResume:
    def test_a_resumed_run_ends_as_one_that_was_never_interrupted(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        """Invariant: the report is the same octets wherever the journal was torn."""
        alter(kept.folder / "2027" / "3.jws")
        journal = tmp_path / "journal"
        for name in range(5, 60):
            (kept.folder / "2027" / f"{name}.jws").write_bytes((kept.folder / "2027" / f"{name % 5}.jws").read_bytes())
        (kept.folder / "index.csv").unlink()
        asked = ("--resume", journal, "--format", "csv")
        whole = kept.verify(run, *asked)
        octets = journal.read_bytes()
        assert octets.count(b"\n") == 4  # the header, and three batches
        for length in (0, 1, 50, len(octets) // 2, len(octets) - 1, len(octets)):
            journal.write_bytes(octets[:length])
            again = kept.verify(run, *asked, *(AT if length < 100 else ()))
            if length < 100:  # not even the header was whole: another run
                assert again.out != whole.out
                continue
            assert (again.out, again.code) == (whole.out, whole.code)
            assert journal.read_bytes() == octets

    def test_interrupted_by_the_user(self, kept: Kept, tmp_path: Path) -> None:
        for number in range(5, 4_000):
            target = kept.folder / "2027" / f"{number}.jws"
            target.hardlink_to(kept.folder / "2027" / f"{number % 5}.jws")
        (kept.folder / "index.csv").unlink()
        journal, script = tmp_path / "journal", tmp_path / "verify.py"
        script.write_text(VERIFY)
        command = [
            sys.executable, str(script), str(kept.folder), *kept.place.trust, "--jobs", "2", "--format", "csv",
            "--resume", str(journal), "--tz", "UTC",
        ]  # fmt: skip
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while (not journal.exists() or journal.read_bytes().count(b"\n") < 3) and time.monotonic() < deadline:
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 130
        assert b"interrupted after" in said
        before = journal.read_bytes()
        assert before.endswith(b"\n")
        assert before.count(b"\n") < 22  # not all batches
        resumed = subprocess.run(command, capture_output=True, check=False, timeout=120)
        assert resumed.returncode == 0
        assert journal.read_bytes().startswith(before)
        at = json.loads(before.splitlines()[0])["at"]
        fresh = [*command[: command.index("--resume")], "--tz", "UTC", "--at", at]
        assert subprocess.run(fresh, capture_output=True, check=False, timeout=120).stdout == resumed.stdout

    def test_what_changed_is_verified_anew(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        (kept.folder / "index.csv").unlink()
        (kept.folder / "plan.txt").write_bytes(b"plan")
        town = signer(kept.place, "town-seal.p12")
        (kept.folder / "plan.txt.p7s").write_bytes(sign(b"plan", by=town, format="cades", detached=True))
        asked = ("--resume", tmp_path / "journal", "--format", "json")
        assert kept.verify(run, *asked).code == 0
        alter(kept.folder / "2027" / "3.jws")
        (kept.folder / "plan.txt").write_bytes(b"another plan")
        ran = kept.verify(run, *asked)
        assert [line["file"] for line in ran.lines[1:] if line["result"] == "failed"] == ["2027/3.jws", "plan.txt.p7s"]

    def test_what_is_known_is_not_verified_again(self, kept: Kept) -> None:
        case = Case.of(TrustStore.load(kept.place.folder / "trust"), None, datetime.now(UTC), None)
        judged = case.load()
        item = Item(str(kept.folder / "2027" / "0.jws"))
        key, verdict = judged(item)
        assert verdict is not None
        assert judged(item._replace(known=key)) == (key, None)

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (("--policy", "strict"), 64, "journal.other"),
            (("--at", "2040-01-01"), 64, "journal.other"),
            (("--trust", "{root}"), 64, "journal.other"),
        ],
    )
    def test_another_run_is_refused(
        self, run: Run, kept: Kept, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
    ) -> None:
        root = tmp_path / "root.cer"
        root.write_bytes(kept.place.town.ca.der)
        journal = tmp_path / "journal"
        assert kept.verify(run, "--resume", journal).code == 0
        before = journal.read_bytes()
        ran = kept.verify(run, "--resume", journal, *(one.format(root=root) for one in arguments))
        assert ran.code == code
        assert says in ran.err
        assert journal.read_bytes() == before

    def test_a_changed_journal_is_refused(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        """Invariant: no single octet of a whole line can be changed, no line left out or moved."""
        journal = tmp_path / "journal"
        alter(kept.folder / "2027" / "3.jws")
        kept.verify(run, "--resume", journal)
        octets = journal.read_bytes()
        head, batch_line = octets.splitlines(keepends=True)
        forged = [
            octets.replace(b"TOTAL-FAILED", b"TOTAL-PASSED"), octets.replace(b"2027/3", b"2027/4"), batch_line,
            batch_line + head, head + head, octets + b"{}\n", octets + b"\n",
            b"\x00" * 100 + b"\n", b"[" * 10_000 + b"\n",
            head.replace(b"2026", b"2027").replace(b"2027-", b"2020-", 1) + batch_line,
        ]  # fmt: skip
        for one in forged:
            assert one != octets
            journal.write_bytes(one)
            ran = kept.verify(run, "--resume", journal)
            assert (ran.code, ran.out) == (66, ""), one[:200]
            assert "journal.malformed" in ran.err
            assert journal.read_bytes() == one

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_journal_is_a_regular_file(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "link").symlink_to(tmp_path / "victim")
        for name in ("pipe", "link"):
            assert kept.verify(run, "--resume", tmp_path / name).code == 66
        assert not (tmp_path / "victim").exists()


class TestWorkers:
    def test_workers_change_nothing(self, run: Run, kept: Kept) -> None:
        alter(kept.folder / "2027" / "3.jws")
        (kept.folder / "2027" / "1.jws").unlink()
        alone, shared = (kept.verify(run, "--format", "csv", "--jobs", jobs, *AT) for jobs in (1, 3))
        assert alone.out == shared.out
        assert alone.code == shared.code == 66

    @pytest.mark.parametrize("kind", ["threads", "processes"])
    def test_any_executor_does(self, kept: Kept, kind: str) -> None:
        case = Case.of(TrustStore.load(kept.place.folder / "trust"), None, datetime.now(UTC), None)
        items = [Item(str(path)) for path in sorted((kept.folder / "2027").iterdir())]
        expected = [case.load()(item) for item in items]
        made = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, get_context("spawn"))
        with made as executor:
            found = dict(itertools.chain(*batch.answers(items, case, executor, size=2, ahead=2)))
        assert [found[at] for at in range(len(items))] == expected

    def test_a_slow_record_costs_itself_alone(self, kept: Kept) -> None:
        with batch.Processes(2, Slow(), 0.5) as executor:
            found = dict(itertools.chain(*batch.answers(range(12), "slow", executor, size=4, ahead=3)))
        assert sorted(found) == list(range(12))
        assert found.pop(6) == batch.Lost("late", "0.5")
        assert all(answer == item for item, answer in found.items())

    def test_what_another_executor_loses_is_tried_one_by_one(self) -> None:
        with ThreadPoolExecutor(2) as executor:
            found = dict(itertools.chain(*batch.answers(range(12), Raising(), executor, size=4, ahead=3)))
        assert found.pop(5) == batch.Lost("failed", "RuntimeError: lost")
        assert all(answer == item for item, answer in found.items())

    def test_a_broken_executor_ends_the_run(self) -> None:
        from toyono_trust.errors import UnavailableError

        with ProcessPoolExecutor(1, get_context("spawn")) as executor, pytest.raises(UnavailableError) as raised:
            list(batch.answers(range(12), Dying(), executor, size=4, ahead=3))
        assert raised.value.code == "bulk.executor"


class Slow(NamedTuple):
    key = "slow"

    def load(self) -> Any:
        return lambda item: item if item != 6 else time.sleep(60)


class Raising(NamedTuple):
    key = "raising"

    def load(self) -> Any:
        def answer(item: int) -> int:
            if item == 5:
                raise RuntimeError("lost")
            return item

        return answer


class Dying(NamedTuple):
    key = "dying-elsewhere"

    def load(self) -> Any:
        return lambda item: item if item != 5 else os._exit(7)


@pytest.mark.integration
class TestDask:
    def test_a_cluster_gives_the_same_report(self, run: Run, kept: Kept) -> None:
        distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
        alter(kept.folder / "2027" / "3.jws")
        (kept.folder / "2027" / "1.jws").unlink()
        alone = kept.verify(run, "--format", "csv", *AT)
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as cluster:
            shared = kept.verify(run, "--format", "csv", *AT, "--dask", cluster.scheduler_address)
        assert shared.out == alone.out
        assert shared.code == alone.code == 66

    def test_no_cluster(self, run: Run, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("distributed", reason="the extra dask is not installed")
        monkeypatch.setattr("toyono_trust.edge.bulk.cluster.CONNECT_SECONDS", 1)
        ran = kept.verify(run, "--dask", "tcp://127.0.0.1:9")
        assert ran.code == 69
        assert "bulk.executor" in ran.err


def test_without_dask(run: Run, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = kept.verify(run, "--dask", "tcp://127.0.0.1:9")
    assert ran.code == 64
    assert "toyono-trust[dask]" in ran.err
