"""``toyono-verify``: exit codes, output for people and programs, contents, trust, time, workers."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import Place, Run
from toyono_trust.core import findings
from toyono_trust.edge import batch, judging
from toyono_trust.edge.console import ORDER, worst

VERIFY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
from toyono_trust.edge.main import toyono_verify
sys.exit(toyono_verify())
"""
AT = ("--at", "2099-01-01T00:00:00Z")


def program(*arguments: object, flags: tuple[str, ...] = (), **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *flags, "-c", VERIFY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **more)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("name", "code", "indication", "sub_indication"),
    [
        ("order.json.jws", 0, "TOTAL-PASSED", None),
        ("order.json.p7m", 0, "TOTAL-PASSED", None),
        ("order.json.p7s", 0, "TOTAL-PASSED", None),
        ("altered.jws", 1, "TOTAL-FAILED", "SIG_CRYPTO_FAILURE"),
        ("broken.p7m", 1, "TOTAL-FAILED", "FORMAT_FAILURE"),
        ("unsigned.txt", 2, "INDETERMINATE", "FORMAT_FAILURE"),
    ],
)
def test_exit_code_says_the_verdict(
    run: Run, place: Place, files: Path, name: str, code: int, indication: str, sub_indication: str | None
) -> None:
    ran = run("verify", files / name, *place.trust, "--format", "json")
    assert ran.code == code
    (line,) = ran.lines
    assert (line["indication"], line["sub_indication"]) == (indication, sub_indication)
    assert line["file"] == str(files / name)
    assert line["report_version"] == 1
    assert line["validated_at"].endswith("Z")


def test_nobody_is_trusted_without_trust(run: Run, files: Path) -> None:
    ran = run("verify", files / "order.json.jws", "--format", "json")
    assert ran.code == 2
    assert ran.lines[0]["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"
    assert ran.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["{files}/nowhere.jws"], 66, "nowhere.jws cannot be read"),
        (["{files}/order.json.jws", "{files}"], 64, "name one folder"),
        (["{files}/order.json.jws", "--trust", "{files}/nowhere"], 66, "nowhere cannot be read"),
        (["{files}/order.json.jws", "--content", "{files}/nowhere"], 66, "nowhere cannot be read"),
        (["{files}/order.json.jws", "--trust", "{files}/empty"], 64, "trust.empty"),
        (["{files}/order.json.jws", "--policy", "{files}/none.toml"], 64, "policy.missing"),
        (["{files}/order.json.jws", "--at", "yesterday"], 64, "'yesterday' is not a time"),
        (["{files}/order.json.jws", "--at", "2026-01-01T00:00:00"], 64, "with its zone"),
        (["{files}/order.json.jws", "--tz", "Asia/Nowhere"], 64, "no zone is called"),
        (["{files}/order.json.jws", "--jobs", "0"], 64, "--jobs"),
        (["{files}/order.json.jws", "--no-such"], 64, "--no-such"),
        (["-", "-"], 64, "only once"),
        ([], 64, "FILE"),
    ],
)
def test_wrong_use_and_unreadable_files(run: Run, files: Path, arguments: list[str], code: int, says: str) -> None:
    ran = run("verify", *(argument.format(files=files) for argument in arguments))
    assert ran.code == code
    assert says in ran.err


@given(st.lists(st.sampled_from(ORDER), min_size=1))
def test_the_order_of_files_never_changes_the_exit_code(codes: list[int]) -> None:
    """Invariant: the exit code is the first of 70, 66, 69, 64, 1, 2, 0 that occurs, whatever the order of the files."""
    assert worst(codes) == worst(reversed(codes)) == next(code for code in ORDER if code in codes)


def test_precedence_with_several_files(run: Run, place: Place, files: Path) -> None:
    names = {"order.json.jws": 0, "unsigned.txt": 2, "altered.jws": 1, "nowhere": 66}
    for several in itertools.combinations(names, 2):
        ran = run("verify", *(files / name for name in several), *place.trust)
        assert ran.code == worst(names[name] for name in several)


def test_one_json_object_per_file_in_the_order_given(run: Run, place: Place, files: Path) -> None:
    names = ["altered.jws", "nowhere", "order.json.jws", "unsigned.txt", "order.json.p7s", "altered.jws"]
    paths = [str(files / name) for name in names]
    ran = run("verify", *paths, *place.trust, "--format", "json")
    assert [line["file"] for line in ran.lines] == paths
    missing = ran.lines[1]
    assert missing["indication"] is None
    assert missing["error"]["code"] == "file.unreadable"
    assert set(ran.lines[0]) <= set(missing)


def test_workers_change_nothing(run: Run, place: Place, files: Path) -> None:
    paths = [
        files / name for name in ("altered.jws", "order.json.jws", "nowhere", "unsigned.txt", "order.json.p7s")
    ] * 4
    arguments = ("verify", *paths, *place.trust, "--format", "json", *AT)
    alone, shared = run(*arguments), run(*arguments, "--jobs", "3")
    assert shared.out == alone.out
    assert (shared.code, shared.err) == (alone.code, alone.err)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_timeout_ends_the_worker_and_no_other_file_suffers(run: Run, place: Place, files: Path) -> None:
    os.mkfifo(files / "slow.jws")  # reading it never ends
    order = files / "order.json.jws"
    started = time.monotonic()
    ran = run("verify", order, files / "slow.jws", order, order, *place.trust, "--format", "json", "--timeout", "2")
    assert time.monotonic() - started < 30
    assert ran.code == 69
    assert [line["indication"] for line in ran.lines] == ["TOTAL-PASSED", None, "TOTAL-PASSED", "TOTAL-PASSED"]
    assert ran.lines[1]["error"]["code"] == "file.timeout"
    assert "slow.jws was not verified within 2 s" in ran.err


class Dying(NamedTuple):
    """Workers that die at one item."""

    key = "dying"

    def load(self) -> Callable[[int], int]:
        return lambda item: item if item != 5 else os._exit(7)


def test_a_dying_worker_costs_one_file() -> None:
    with batch.Processes(2, Dying()) as executor:
        found = dict(itertools.chain(*batch.answers(range(16), "dying", executor, size=4, ahead=3)))
    assert sorted(found) == list(range(16))
    assert found.pop(5) == batch.Lost("ended", "the worker process ended with exit code 7")
    assert all(answer == item for item, answer in found.items())


def test_a_defect_ends_with_70_and_the_others_are_verified(
    run: Run, place: Place, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = judging.Judge._verify

    def fall(self: judging.Judge, signed: bytes, *others: object) -> object:
        if signed == b"hello":
            raise RuntimeError("a defect")
        return verify(self, signed, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(judging.Judge, "_verify", fall)
    ran = run("verify", files / "unsigned.txt", files / "order.json.jws", *place.trust)
    assert ran.code == 70
    assert "internal error with" in ran.err
    assert "RuntimeError: a defect" in ran.err
    assert "VALID" in ran.out


class TestContents:
    def test_what_lies_beside_is_found_and_told(self, run: Run, place: Place, files: Path) -> None:
        ran = run("verify", files / "order.json.p7s", *place.trust)
        assert ran.code == 0
        assert "content: order.json, found beside it" in ran.out
        ran = run("verify", files / "order.json.p7s", *place.trust, "--format", "json")
        assert "order.json, found beside it" in ran.err
        assert ran.lines[0]["signatures"][0]["signed_objects"][0]["found"] is True

    def test_nothing_beside_it(self, run: Run, place: Place, files: Path) -> None:
        (files / "order.json").unlink()
        ran = run("verify", files / "order.json.p7s", *place.trust, "--format", "json")
        assert ran.code == 2
        assert ran.lines[0]["sub_indication"] == "SIGNED_DATA_NOT_FOUND"

    def test_altered_beside_it(self, run: Run, place: Place, files: Path) -> None:
        (files / "order.json").write_bytes(b"{}")
        ran = run("verify", files / "order.json.p7s", *place.trust, "--format", "json")
        assert ran.code == 1
        assert ran.lines[0]["sub_indication"] == "HASH_FAILURE"

    @pytest.mark.parametrize("content", ["elsewhere.json", "."])
    def test_content_that_is_named(self, run: Run, place: Place, files: Path, content: str) -> None:
        (files / "elsewhere.json").write_bytes((files / "order.json").read_bytes())
        ran = run("verify", files / "order.json.p7s", *place.trust, "--content", files / content)
        assert ran.code == 0
        assert "found beside" not in ran.out

    def test_content_that_is_named_wins(self, run: Run, place: Place, files: Path) -> None:
        ran = run("verify", files / "order.json.p7s", *place.trust, "--content", files / "unsigned.txt")
        assert ran.code == 1

    def test_an_attached_signature_has_no_use_for_what_lies_beside(self, run: Run, place: Place, files: Path) -> None:
        (files / "order.json").write_bytes(b"something else")
        ran = run("verify", files / "order.json.jws", *place.trust)
        assert ran.code == 0
        assert "beside" not in ran.out


class TestExtract:
    def test_what_passed_is_written_and_nothing_else(self, run: Run, place: Place, files: Path) -> None:
        names = ("altered.jws", "order.json.jws", "order.json.p7s", "unsigned.txt")
        into = files / "empty"
        ran = run("verify", *(files / name for name in names), *place.trust, "--extract", into)
        assert ran.code == 1
        assert [path.name for path in into.iterdir()] == ["order.json"]
        assert (into / "order.json").read_bytes() == (files / "order.json").read_bytes()
        assert f"content written to {into / 'order.json'}" in ran.out
        assert run("verify", files / "order.json.jws", *place.trust, "--extract", into).code == 64

    def test_refused_before_any_work(self, run: Run, place: Place, files: Path) -> None:
        both = (files / "order.json.jws", files / "order.json.p7m")
        assert run("verify", *both, *place.trust, "--extract", files / "empty").code == 64
        assert run("verify", both[0], *place.trust, "--extract", files).code == 64
        assert run("verify", both[0], *place.trust, "--extract", files / "none").code == 64
        assert list((files / "empty").iterdir()) == []

    def test_from_workers(self, run: Run, place: Place, files: Path) -> None:
        arguments = (files / "order.json.p7m", *place.trust, "--extract", files / "empty", "--timeout", "60")
        assert run("verify", *arguments, "--format", "json").code == 0
        assert (files / "empty" / "order.json").exists()


class TestTrust:
    def test_variable_is_used_and_told(
        self, run: Run, place: Place, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOYONO_TRUST", str(place.folder / "trust"))
        ran = run("verify", files / "order.json.jws")
        assert ran.code == 0
        assert ran.err == f"trust: {place.folder / 'trust'} (from TOYONO_TRUST)\n"

    def test_option_wins(self, run: Run, place: Place, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOYONO_TRUST", str(files / "nowhere"))
        ran = run("verify", files / "order.json.jws", *place.trust)
        assert (ran.code, ran.err) == (0, "")

    def test_library_never_looks(self, files: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        from toyono_trust import verify

        monkeypatch.setenv("TOYONO_TRUST", str(place.folder / "trust"))
        assert verify(files / "order.json.jws").indication == "INDETERMINATE"

    def test_root_alone_finds_the_chain_but_not_whether_it_is_revoked(
        self, run: Run, place: Place, files: Path
    ) -> None:
        root = place.folder / "trust" / "anchors" / "root.pem"
        ran = run("verify", files / "order.json.jws", "--trust", root, "--format", "json")
        assert ran.code == 2
        codes = [finding["code"] for finding in ran.lines[0]["signatures"][0]["findings"] if finding["level"] == "fail"]
        assert codes
        assert {code.partition(".")[0] for code in codes} == {"revocation"}


class TestTime:
    def test_text_is_local_json_is_utc(self, run: Run, place: Place, files: Path) -> None:
        arguments = ("verify", files / "order.json.jws", *place.trust, "--at", "2099-01-01T00:00:00+09:00")
        ran = run(*arguments, "--tz", "Asia/Tokyo")
        assert "verified at: 2099-01-01 00:00:00 JST" in ran.out
        ran = run(*arguments, "--tz", "Asia/Tokyo", "--format", "json")
        assert ran.lines[0]["validated_at"] == "2098-12-31T15:00:00Z"

    def test_a_date_is_its_last_second(self, run: Run, files: Path) -> None:
        arguments = ("verify", files / "order.json.jws", "--format", "json", "--at", "2030-06-01")
        assert run(*arguments, "--tz", "UTC").lines[0]["validated_at"] == "2030-06-01T23:59:59Z"
        assert run(*arguments, "--tz", "Asia/Tokyo").lines[0]["validated_at"] == "2030-06-01T14:59:59Z"

    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this process cannot be set")
    def test_this_machine_s_zone(self, files: Path) -> None:
        done = program(files / "order.json.jws", "--at", "2030-06-01", env={**os.environ, "TZ": "Asia/Tokyo"})
        assert "2030-06-01 23:59:59 JST" in done.stdout.decode()

    def test_long_ago_nothing_was_valid(self, run: Run, place: Place, files: Path) -> None:
        assert run("verify", files / "order.json.jws", *place.trust, "--at", "2001-01-01").code in (1, 2)


class TestLanguage:
    @pytest.mark.parametrize(
        ("environment", "option", "says"),
        [
            ({}, (), "VALID"),
            ({"LANG": "ja_JP.UTF-8"}, (), "有効"),
            ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, (), "VALID"),
            ({"LANG": "C", "LC_ALL": "ja_JP"}, (), "有効"),
            ({"LANG": "ja_JP.UTF-8"}, ("--lang", "en"), "VALID"),
            ({}, ("--lang", "ja"), "有効"),
        ],
    )
    def test_choice(
        self,
        run: Run,
        place: Place,
        files: Path,
        monkeypatch: pytest.MonkeyPatch,
        environment: dict[str, str],
        option: tuple[str, ...],
        says: str,
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        ran = run("verify", files / "order.json.jws", *place.trust, *option)
        assert ran.out.splitlines()[0].endswith(says)

    def test_errors_speak_japanese_and_keep_the_particulars(self, run: Run, files: Path) -> None:
        ran = run("verify", files / "order.json.jws", "--trust", files / "empty", "--lang", "ja")
        assert ran.code == 64
        assert "[trust.empty]" in ran.err
        assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["エラー", "詳細", "対応"]
        ran = run("verify", files / "nowhere", "--lang", "ja")
        assert ran.err.startswith("エラー: ")
        assert "を読み取れません" in ran.err


class TestProcess:
    @pytest.mark.parametrize("flags", [(), ("-W", "error")])
    @pytest.mark.parametrize("more", [(), ("--timeout", "60")])
    def test_warnings_as_errors(self, place: Place, files: Path, flags: tuple[str, ...], more: tuple[str, ...]) -> None:
        done = program(files / "order.json.jws", files / "order.json.p7m", *place.trust, *more, flags=flags)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_standard_input(self, place: Place, files: Path) -> None:
        signed = (files / "order.json.jws").read_bytes()
        done = program("-", *place.trust, "--format", "json", input=signed)
        assert done.returncode == 0
        assert json.loads(done.stdout)["file"] == "-"
        done = program("-", files / "order.json.p7m", *place.trust, "--timeout", "30", input=signed)
        assert done.returncode == 0

    def test_console_of_another_code_page(self, place: Place, files: Path) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": "cp932", "PYTHONUTF8": "0"}
        done = program(files / "order.json.jws", *place.trust, "--lang", "ja", env=environment)
        assert done.returncode == 0
        assert "有効" in done.stdout.decode("utf-8")

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes only on some systems")
    def test_file_names_that_are_no_text(self, place: Place, files: Path) -> None:
        name = os.fsencode(files) + b"/\xff.jws"
        Path(os.fsdecode(name)).write_bytes((files / "order.json.jws").read_bytes())
        command = [sys.executable, "-c", VERIFY, name, *place.trust, "--format", "json"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0
        assert json.loads(done.stdout)["file"] == os.fsdecode(name)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    @pytest.mark.parametrize("more", [(), ("--timeout", "60")])
    def test_interrupted(self, files: Path, more: tuple[str, ...]) -> None:
        os.mkfifo(files / "slow.jws")
        command = [sys.executable, "-c", VERIFY, str(files / "unsigned.txt"), str(files / "slow.jws"), *more]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert b"UNDECIDED" in process.stdout.readline()  # it has begun, and stands at the pipe
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130

    def test_no_colour_and_no_progress_where_nobody_looks(self, place: Place, files: Path) -> None:
        done = program(files / "order.json.jws", files / "order.json.p7m", *place.trust)
        assert b"\x1b" not in done.stdout
        assert done.stderr == b""

    @pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals here")
    def test_progress_on_a_terminal(self, place: Place, files: Path) -> None:
        import pty

        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", VERIFY, *[str(files / "order.json.jws")] * 5, *place.trust]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=60)
        os.close(theirs)
        shown = os.read(ours, 1 << 16)
        os.close(ours)
        assert done.returncode == 0
        assert b"5/5" in shown
        assert b"\x1b" not in done.stdout

    def test_start_loads_nothing_that_is_not_needed(self, place: Place, files: Path) -> None:
        code = (
            "import sys; from toyono_trust.edge.main import toyono_verify; toyono_verify();"
            "print(sorted(sys.modules), file=sys.stderr)"
        )
        command = [sys.executable, "-c", code, str(files / "order.json.jws"), *place.trust]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        heavy = (
            "rich",
            "multiprocessing.context",
            "pyhanko",
            "pyhanko_certvalidator",
            "asn1crypto",
            "jwcrypto",
            "urllib3",
        )
        loaded = done.stderr.decode()
        assert [name for name in heavy if f"'{name}'" in loaded] == []


def test_a_text_file_gets_its_words(run: Run, place: Place, files: Path) -> None:
    ran = run("verify", files / "altered.jws", *place.trust, "--lang", "ja")
    assert ran.out.splitlines()[0] == f"{files / 'altered.jws'}: 無効"
    assert "  理由: " in ran.out


def test_complaints_and_hints_speak_both_languages() -> None:
    from toyono_trust.edge import words

    pairs = [*words.HINTS.values(), *words.LABELS.values(), *itertools.chain(*words.COMPLAINTS.values())]
    for english, japanese in pairs:
        assert english.translate({ord(sign): None for sign in "→·"}).isascii()
        words_left = re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", english))
        assert not japanese.isascii() or words_left is None
    assert set(words.HINTS) <= set(findings.table())
