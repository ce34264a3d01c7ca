"""The times that ``toyono-trust receipt`` states and takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from command_line import Place, Ran, Run

PARTIES = ("--sender", "NTRJP-1345678901234", "--recipient", "NTRJP-9234567890123", "--message-id", "order-77",
           "--policy-id", "1.3.6.1.4.1.32473.522.1")  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.json").write_text('{"order": 77}', "utf-8")
    return tmp_path


def issued(run: Run, place: Place, event: str, *options: object) -> Ran:
    return run("receipt", event, "order.json", *PARTIES, *place.key(), *options)


def test_the_time_of_submission_is_told_and_can_be_repeated(run: Run, place: Place, here: Path) -> None:
    """Whole seconds, and printed: what the next receipt names is the same, or the set contradicts itself."""
    ran = issued(run, place, "SubmissionAcceptance")
    told = re.search(r"submission time: (\S+);", ran.err)
    assert told is not None, ran
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told[1])
    (here / "order.json.receipt.json").rename("first.json")
    assert issued(run, place, "ContentHandover", "--submission-time", told[1], "--out", "last.json").code == 0
    set_of = run("receipts", "first.json", "last.json", *place.trust, "--content", "order.json", "--format", "json")
    assert set_of.code == 0, set_of
    assert json.loads(set_of.out)["findings"] == []


@pytest.mark.parametrize("option", ["--submission-time", "--event-time"])
@pytest.mark.parametrize("time", ["2026-04-01", "2999-01-01T00:00:00Z"])
def test_no_whole_day_and_no_future(run: Run, place: Place, here: Path, option: str, time: str) -> None:
    ran = issued(run, place, "SubmissionAcceptance", option, time)
    assert ran.code == 64
    assert option in ran.err
    assert not list(here.glob("*.receipt.json"))


def test_a_missing_reason_leaves_no_gap(run: Run, place: Place) -> None:
    ran = issued(run, place, "ContentHandoverFailure", "--submission-time", "2026-04-01T09:00:00Z", "--lang", "ja")
    assert ran.code == 64
    assert "receipt.reason-missing" in ran.err
    assert "？" not in ran.err
    assert "?" not in ran.err
