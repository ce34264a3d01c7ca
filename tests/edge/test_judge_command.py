"""``toyono-trust judge``: the report of then out of an archive, other policies and times, and what is no archive."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from command_line import PAYLOAD, Place, Ran, Run
from toyono_trust import Policy, TrustStore, verbs
from toyono_trust.core.limits import Work
from toyono_trust.formats.contents import Contents
from toyono_trust.sources import contents_of
from toyono_trust.validation.material import NO_MATERIAL
from toyono_trust.validation.replay import pack


def at(place: Place, days: int = 0) -> str:
    """An hour after the town was made, or days later."""
    time = place.town.now.replace(microsecond=0) + timedelta(days=days, hours=1)
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
def archive(place: Place, files: Path) -> Path:
    """An archive of the sealed order; the order itself and the trust are gone."""
    return saved(place, files / "order.json.jws")


def saved(place: Place, file: Path, contents: Contents | None = None) -> Path:
    """The archive of a file's verdict, beside it."""
    facts = verbs.read(file.read_bytes(), contents or contents_of(None), Work())
    trust = TrustStore.load(place.folder / "trust")
    octets = pack(facts, NO_MATERIAL, Policy.default(), trust, datetime.fromisoformat(at(place)), None, str(file))
    target = file.with_name(f"{file.name}.evidence.zip")
    target.write_bytes(octets)
    return target


@pytest.mark.parametrize(
    ("name", "code"),
    [("order.json.jws", 0), ("order.json.p7m", 0), ("order.json.p7s", 0), ("altered.jws", 1), ("broken.p7m", 1),
     ("unsigned.txt", 2)],
)  # fmt: skip
def test_the_report_is_that_of_verify(run: Run, place: Place, files: Path, name: str, code: int) -> None:
    contents = contents_of(files / "order.json") if name.endswith(".p7s") else None
    archive = saved(place, files / name, contents)
    more = () if contents is None else ("--content", files / "order.json")
    for format in ("json", "text", "html"):
        clothes = ("--format", format, "--tz", "Asia/Tokyo", "--lang", "ja")
        first = run("verify", files / name, *place.trust, "--at", at(place), *more, *clothes)
        again = run("judge", archive, *clothes)
        assert again.code == first.code == code
        about, by = provenance(again, archive, files / name, format)
        assert without(again.out, about, by, format) == first.out


def provenance(ran: Ran, archive: Path, file: Path, format: str) -> tuple[str, str]:
    """The two lines that tell an archive from a file, where the format has them."""
    if format == "html":
        assert ran.err == ""
        about, by = re.findall(r'<p class="remark">(.*)</p>', ran.out)
    else:
        about, by = (ran.out if format == "text" else ran.err).splitlines()[:2]
    assert str(archive) in about
    assert str(file) in about.replace(str(archive), "")
    assert "--trust" in by
    return about, by


def without(output: str, about: str, by: str, format: str) -> str:
    if format == "html":
        return re.sub(r'<p class="remark">.*</p>\n', "", output)
    return output.removeprefix(f"{about}\n{by}\n") if format == "text" else output


@pytest.mark.parametrize("format", ["json", "text", "html", "etsi-xml"])
def test_what_verify_saved_is_judged_in_all_clothes(
    run: Run, place: Place, files: Path, tmp_path: Path, format: str
) -> None:
    target = tmp_path / "saved.zip"
    asked = ("--format", format, "--tz", "UTC", "--lang", "en")
    moment = ("--at", at(place))
    first = run("verify", files / "order.json.jws", *place.trust, *moment, *asked)
    run("verify", files / "order.json.jws", *place.trust, *moment, *asked, "--save-evidence", target)
    again = run("judge", target, *asked)
    assert again.code == first.code == 0
    about, by = provenance(again, target, files / "order.json.jws", format)
    assert without(again.out, about, by, format) == first.out


def test_neither_file_nor_trust_is_read(
    run: Run, place: Place, archive: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOYONO_TRUST", "/nowhere")
    (files / "order.json.jws").unlink()
    ran = run("judge", archive, "--format", "json")
    assert ran.code == 0
    assert (ran.lines[0]["file"], ran.lines[0]["validated_at"]) == (str(files / "order.json.jws"), at(place))
    assert PAYLOAD not in archive.read_bytes()


def test_another_time(run: Run, place: Place, archive: Path) -> None:
    ran = run("judge", archive, "--at", at(place, 8_000), "--format", "json")
    assert ran.code == 2
    assert ran.lines[0]["validated_at"] == at(place, 8_000)
    assert ran.lines[0]["simulated_from"] is None


def test_a_simulation_takes_what_is_fresh_to_be_fresh(run: Run, place: Place, archive: Path, tmp_path: Path) -> None:
    policy = tmp_path / "fresh.toml"
    policy.write_text("[revocation]\nmax_age_hours = 48\n", "utf-8")
    asked = ("judge", archive, "--policy", policy, "--at", at(place, 90), "--format", "json")
    (plain,), (simulated,) = run(*asked).lines, run(*asked, "--simulate").lines
    assert (plain["simulated_from"], simulated["simulated_from"]) == (None, at(place))
    assert plain["indication"] == "INDETERMINATE"  # the CRLs are old by then
    assert simulated["indication"] == "TOTAL-PASSED"


def test_a_simulation_goes_forward(run: Run, place: Place, archive: Path) -> None:
    assert run("judge", archive, "--simulate").code == 64
    ran = run("judge", archive, "--simulate", "--at", at(place, -1))
    assert (ran.code, ran.out) == (64, "")
    assert "argument.simulate" in ran.err


def test_another_policy(run: Run, archive: Path, tmp_path: Path) -> None:
    policy = tmp_path / "people.toml"
    policy.write_text('name = "people"\n[signature]\nkinds = ["natural-person"]\n', "utf-8")
    ran = run("judge", archive, "--policy", policy, "--format", "json")
    assert ran.code == 2
    assert ran.lines[0]["policy"]["name"].startswith("people")
    assert run("judge", archive, "--policy", tmp_path / "none.toml").code == 64


def test_the_readers_own_trust(
    run: Run, place: Place, served: tuple[Place, str], archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive that others wrote says what it likes about whom to trust; with --trust it has no say."""
    monkeypatch.setenv("TOYONO_TRUST", str(served[0].folder / "trust"))
    digests = [TrustStore.load(each.folder / "trust").digest[:19] for each in (place, served[0])]
    ran = run("judge", archive)
    head, by, verdict = ran.out.splitlines()[:3]
    assert head == f"{archive}: archive of evidence; it says that it is about {archive.with_name('order.json.jws')}"
    assert by.startswith("  trust and policy come out of the archive")
    assert (ran.code, verdict.endswith(": VALID")) == (0, True)
    same = run("judge", archive, *place.trust)
    assert (same.code, f"{digests[0]} as given, the same as in the archive" in same.out) == (0, True)
    other = run("judge", archive, *served[0].trust)
    assert other.code == 2
    assert other.out.splitlines()[1].startswith(
        f"  trust: {digests[1]} as given, not {digests[0]} out of the archive; "
    )
    (line,) = (ran := run("judge", archive, *served[0].trust, "--format", "json")).lines
    assert line["indication"] == "INDETERMINATE"
    assert line["trust"]["digest"].startswith(digests[1])
    assert digests[0] in ran.err
    assert "とは異なる" in run("judge", archive, *served[0].trust, "--lang", "ja").out
    assert run("judge", archive, "--trust", archive.with_name("nowhere")).code != 0


def test_several_archives_and_a_page(run: Run, place: Place, files: Path, tmp_path: Path) -> None:
    archives = [saved(place, files / name) for name in ("order.json.jws", "altered.jws")]
    page = tmp_path / "report.html"
    assert run("judge", *archives, "--format", "html", "--out", page).code == 1
    assert page.read_text("utf-8").count("<h2") >= 2
    assert run("judge", *archives, "--format", "html", "--out", page).code == 64
    assert run("judge", *archives, "--format", "json", "--out", page, "--force").code == 1
    assert [json.loads(line)["indication"] for line in page.read_text("utf-8").splitlines()] == [
        "TOTAL-PASSED",
        "TOTAL-FAILED",
    ]


@pytest.mark.parametrize("format", ["text", "json", "html"])
def test_what_is_no_archive_is_unreadable_and_the_others_are_judged(
    run: Run, archive: Path, files: Path, format: str
) -> None:
    cut = files / "cut.zip"
    cut.write_bytes(archive.read_bytes()[:-30])
    ran = run("judge", files / "order.json", cut, archive, "--format", format)
    assert ran.code == 66
    assert "replay.not-evidence" in ran.err
    assert "replay.unreadable" in ran.err
    assert ran.out.strip()
    assert run("judge", files / "none.zip").code == 66


def test_what_this_release_reads_otherwise_is_said(run: Run, archive: Path) -> None:
    import hashlib
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        parts = {info.filename: opened.read(info) for info in opened.infolist()}
    request, policy = json.loads(parts["request.json"]), json.loads(parts["policy.json"])
    parts["request.json"] = json.dumps(request | {"report_version": 9, "library": "9.0"}).encode()
    parts["policy.json"] = json.dumps(policy | {"digest": "sha256:0\x1b[31m"}).encode()
    manifest = json.loads(parts["manifest.json"])
    manifest["members"] = {name: hashlib.sha256(parts[name]).hexdigest() for name in manifest["members"]}
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, data in parts.items():
            opened.writestr(name, data)
    ran = run("judge", archive)
    assert ran.code == 0
    assert ran.err.count("9.0") == 2
    assert "\x1b" not in ran.err
    assert "9.0" in run("judge", archive, "--lang", "ja").err


def test_zone_of_a_date(run: Run, archive: Path) -> None:
    ran = run("judge", archive, "--at", "2027-01-02", "--tz", "Asia/Tokyo", "--format", "json")
    assert ran.lines[0]["validated_at"] == "2027-01-02T14:59:59Z"
