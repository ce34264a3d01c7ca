"""``toyono-trust consent`` and ``toyono-trust reconcile``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from command_line import Place, Run
from consent_samples import AT, END, OBJECT, PURPOSE, TOWN, given, use
from toyono_trust.delivery.consent import covers, resident_receipt, revoke
from toyono_trust.delivery.exchange import build, message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    consent = given()
    made = {
        "consent.json": consent.octets,
        "use.json": use().octets,
        "late.json": use(at=END, purpose="urn:x:other").octets,
        "revoked.json": revoke(consent, AT).octets,
        "uses.jsonl": b"\n".join(use(AT - timedelta(hours=1), number).octets for number in range(10, 13)) + b"\n",
        "notice.json": resident_receipt(
            consent, use(), covers(consent, use()), identifier="urn:x:n", issuer=TOWN, issued=AT, objection=OBJECT
        ).octets,
    }
    for name, octets in made.items():
        (tmp_path / name).write_bytes(octets)
    return tmp_path


def test_what_is_covered(run: Run, folder: Path) -> None:
    ran = run("consent", "check", folder / "consent.json", folder / "use.json")
    assert (ran.code, ran.out, ran.err) == (0, "covered\n", "")


def test_what_is_not_and_why(run: Run, folder: Path) -> None:
    ran = run("consent", "check", folder / "consent.json", folder / "late.json", "--lang", "ja", "--tz", "Asia/Tokyo")
    assert ran.code == 1
    assert "同意の範囲に含まれません" in ran.out
    assert "2027-04-01 00:00:00 JST" in ran.out
    ran = run("consent", "check", folder / "consent.json", folder / "late.json", "--format", "json")
    assert [one["code"] for one in ran.lines[0]["reasons"]] == ["consent.purpose-differs", "consent.expired"]


def test_earlier_uses_and_revocations_count(run: Run, folder: Path) -> None:
    statements = ("consent", "check", folder / "consent.json", folder / "use.json", "--format", "json")
    often = run(*statements, "--earlier", folder / "uses.jsonl")
    assert [one["code"] for one in often.lines[0]["reasons"]] == ["consent.too-often-day"]
    ended = run(*statements, "--revocation", folder / "revoked.json")
    assert [one["code"] for one in ended.lines[0]["reasons"]] == ["consent.revoked"]
    before = run(*statements, "--revocation", folder / "revoked.json", "--at", (AT - timedelta(days=1)).isoformat())
    assert before.lines == [{"covered": True, "reasons": []}]


def test_what_is_larger_than_any_statement_is_not_read(run: Run, folder: Path) -> None:
    (folder / "huge.json").write_bytes((folder / "consent.json").read_bytes() + b" " * (1 << 20))
    ran = run("consent", "check", folder / "huge.json", folder / "use.json")
    assert (ran.code, ran.out) == (1, "")
    assert "huge.json: " in ran.err
    (folder / "uses.jsonl").write_bytes(b" " * (1 << 20) + (folder / "uses.jsonl").read_bytes())
    ran = run("consent", "check", folder / "consent.json", folder / "use.json", "--earlier", folder / "uses.jsonl")
    assert (ran.code, ran.out) == (1, "")


def test_a_sealed_consent_is_named_and_how_to_take_it_out(run: Run, folder: Path, place: Place) -> None:
    assert (
        run("sign", folder / "consent.json", "--as", "jades", *place.key(), "--out", folder / "consent.jws").code == 0
    )
    ran = run("consent", "check", folder / "consent.jws", folder / "use.json", "--lang", "en")
    assert ran.code == 1
    assert "consent.jws: " in ran.err
    assert "--extract" in ran.err


def test_a_page_without_font_says_which_option(run: Run, folder: Path) -> None:
    ran = run("consent", "page", folder / "notice.json", "--lang", "ja")
    assert ran.code == 64
    assert "--font" in ran.err
    assert "ページ" in ran.err


def test_what_is_no_consent_is_refused(run: Run, folder: Path) -> None:
    ran = run("consent", "check", folder / "use.json", folder / "use.json")
    assert (ran.code, ran.out) == (1, "")
    assert "consent.malformed" in ran.err
    assert run("consent", "check", folder / "none.json", folder / "use.json").code == 66


def test_the_page(run: Run, folder: Path) -> None:
    ran = run("consent", "page", folder / "notice.json", "--page", "en")
    assert (ran.code, ran.out) == (0, "")
    assert (folder / "notice.pdf").read_bytes().startswith(b"%PDF-")
    assert run("consent", "page", folder / "notice.json", "--page", "en").code == 64
    refused = run("consent", "page", folder / "notice.json", "--force")
    assert (refused.code, refused.out) == (64, "")
    assert "pdf.font-missing" in refused.err


def test_two_sides(run: Run, tmp_path: Path) -> None:
    manifests = [
        build(
            f"urn:x:e:{number}", at=AT + timedelta(minutes=number), requester="a", provider="b",
            request=message(f"urn:x:m:{number}", {"part": str(number).encode()}, AT),
        ).octets
        for number in range(5)
    ]  # fmt: skip
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_bytes(b"\n".join(manifests) + b"\n")
    theirs.write_bytes(b"\r\n".join([*manifests[:2], *manifests[3:]]))
    assert run("reconcile", ours, ours, "--manifests-only").code == 0
    ran = run("reconcile", ours, theirs, "--manifests-only", "--name", "Town", "Bus")
    assert ran.code == 1
    assert "Bus has no record of the message urn:x:m:2" in ran.out
    found = run("reconcile", ours, theirs, "--manifests-only", "--format", "json").lines[0]
    assert [(one["code"], one["side"]) for one in found["differences"]] == [("exchange.side-missing", "b")]
    assert json.loads(json.dumps(found)) == found
    assert run("reconcile", ours, tmp_path / "none").code == 66
    assert PURPOSE.code not in ran.out
