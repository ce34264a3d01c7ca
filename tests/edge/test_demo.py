"""The demo: every verdict as expected, its files and reports, its commands, and that it would notice."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from importlib import metadata, util
from pathlib import Path

import pytest
from lxml import html

from command_line import Run
from toyono_trust import TrustStore, verify
from toyono_trust.devpki import Town
from toyono_trust.edge.commands.demo import next_commands
from toyono_trust.edge.demo import paper, story
from toyono_trust.edge.demo.paper import Paper
from toyono_trust.edge.demo.tamper import bit_flipped, member_changed, page_repainted, payload_changed

pytestmark = pytest.mark.integration


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_verdicts_are_as_expected_and_everything_is_left(run: Run, here: Path) -> None:
    ran = run("demo")
    assert ran.code == 0, ran.out
    assert ran.err == ""
    assert ran.out.count("as expected") == 26
    assert "NOT AS EXPECTED" not in ran.out
    signed = sorted(path.name for path in (here / "demo" / "files").iterdir())
    assert len([name for name in signed if name.endswith((".jws.json", ".p7m", ".p7s", ".receipt.json"))]) == 7
    assert len([name for name in signed if name.endswith(".pdf")]) == 7
    reports = sorted((here / "demo" / "reports").rglob("*.*"))
    values = [json.loads(path.read_bytes()) for path in reports if path.suffix == ".json"]
    assert len(values) == 25
    assert {value["indication"] for value in values} == {"TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"}
    for ending, word in ((".en.txt", "VALID"), (".ja.txt", "有効")):
        texts = [path.read_text("utf-8") for path in reports if path.name.endswith(ending)]
        assert len(texts) == 25
        assert any(word in text.splitlines()[0] for text in texts)


def test_the_page_shows_every_verdict_in_both_languages(run: Run, here: Path) -> None:
    ran = run("demo", "--lang", "en")
    assert f"{Path('demo/report.en.html')} (open it in a browser)" in ran.out
    for language, said in (("en", "a later revision of the PDF shows"), ("ja", "表示される被害の程度を書き換えた")):
        root = html.fromstring((here / "demo" / f"report.{language}.html").read_bytes())
        assert root.get("lang") == language
        tones = [row.get("class") for row in root.xpath("//tbody/tr[@class]")]
        assert (tones.count("failed"), tones.count("undecided"), tones.count("passed")) == (9, 3, 11)
        assert (tones.count("undecided forecast"), tones.count("passed forecast")) == (1, 1)
        assert said in root.text_content()


def test_a_page_that_is_not_its_own_stays(run: Run, here: Path) -> None:
    (here / "other").mkdir()
    (here / "other" / "report.ja.html").write_bytes(b"mine")
    assert run("demo", "--dir", "other").code == 64
    assert (here / "other" / "report.ja.html").read_bytes() == b"mine"


def test_the_papers_keep_their_first_revisions_and_tell_what_came_later(run: Run, here: Path) -> None:
    assert run("demo").code == 0
    files, tampered = here / "demo" / "files", here / "demo" / "tampered"
    trust = TrustStore.load(here / "demo" / "town" / "trust")
    papers = {name: (files / name).read_bytes() for name in ("certificate.pdf", "application.pdf")}
    signed, twice = (files / f"application.signed{number}.pdf" for number in ("", "-2"))
    assert signed.read_bytes().startswith(papers["application.pdf"])
    assert twice.read_bytes().startswith(signed.read_bytes())
    certificate = (files / "certificate.signed.pdf").read_bytes()
    assert certificate.startswith(papers["certificate.pdf"])
    assert (tampered / "certificate.signed.pdf").read_bytes().startswith(certificate)

    report = verify(twice, trust=trust)
    resident, town = report.signatures
    assert (resident.level, town.level) == ("B-T", "B-T")
    assert resident.facts.revision is not None
    assert set(resident.facts.revision.changes) == {"signature"}
    assert town.facts.revision is not None
    assert town.facts.revision.covers_whole_file
    forged = verify(tampered / "certificate.signed.pdf", trust=trust)
    assert {"pdf.changes.page-content", "pdf.changes.doc-mdp"} & {item.code for item in forged.all_findings()}


def test_the_papers_are_japanese_where_the_font_is_at_hand(run: Run, here: Path) -> None:
    font = paper.font_file()
    if font is None:
        pytest.skip("the demo's font or fontTools is not in this environment")
    ran = run("demo", "--lang", "en")
    assert "No Japanese font" not in ran.out
    for name in ("certificate.pdf", "certificate.signed.pdf", "application.signed-2.pdf"):
        data = (here / "demo" / "files" / name).read_bytes()
        assert b"NotoSansJP-Regular" in data
        assert len(data) < 150_000, "a subset is embedded, not the font"


@pytest.mark.parametrize("lacking", ["the font", "fontTools"])
def test_without_the_font_or_font_tools_it_speaks_english_and_says_so(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    if lacking == "the font":
        monkeypatch.setattr(metadata, "distribution", absent)
    else:
        found = util.find_spec
        monkeypatch.setattr(util, "find_spec", lambda name: None if name == "fontTools" else found(name))
    ran = run("demo", "--lang", "en")
    assert ran.code == 0, ran.out
    assert "No Japanese font here" in ran.out
    data = (here / "demo" / "files" / "certificate.signed.pdf").read_bytes()
    assert data.count(b"/Helvetica") == 2
    assert b"/FontFile" not in data


def test_it_replaces_an_earlier_run_and_nothing_else(run: Run, here: Path) -> None:
    assert run("demo", "--lang", "ja").code == 0
    (here / "demo" / "mine.txt").write_bytes(b"mine")
    ran = run("demo", "--lang", "ja")
    assert ran.code == 0
    assert "すべてが期待どおり" in ran.out
    assert (here / "demo" / "mine.txt").read_bytes() == b"mine"
    (here / "other" / "files").mkdir(parents=True)
    (here / "other" / "files" / "precious").write_bytes(b"mine")
    assert run("demo", "--dir", "other").code == 64
    assert (here / "other" / "files" / "precious").exists()


def test_the_contract_lasts_where_it_is_renewed(run: Run, here: Path) -> None:
    ran = run("demo", "--lang", "en")
    year, renewed = (f"{(datetime.now(UTC) + span).year}" for span in (story.FUTURE, story.RENEWAL))
    assert f"The contract in {year}, simulated: as it was kept, and renewed in {renewed}" in ran.out
    left_alone, stamped = (line for line in ran.out.splitlines() if "WOULD BE" in line)
    assert left_alone == "  WOULD BE UNDECIDED  the contract, left alone"
    assert stamped == "  WOULD BE VALID  the contract, stamped once more in time"

    trust = TrustStore.load(here / "demo" / "town" / "trust")
    kept = here / "demo" / "files" / "contract.archived.pdf"
    report = verify(kept, trust=trust)
    assert [signature.level for signature in report.signatures] == ["B-LTA", "B-LTA"]
    assert [signature.indication for signature in report.signatures] == ["TOTAL-PASSED"] * 2, "though one was revoked"
    assert report.valid_until is not None
    assert report.valid_until.year < int(year)
    later = here / "demo" / "later" / f"contract.renewed-{renewed}.pdf"
    assert later.read_bytes().startswith(kept.read_bytes())
    town = Town.load(here / "demo" / "town")
    assert town.identity("tsa").certificate.not_after < datetime.now(UTC) + timedelta(days=3651), "the town stays young"


def test_its_commands_work_when_pasted(run: Run, here: Path) -> None:
    ran = run("demo", "--dir", "a demo")
    shown = ran.out.split("==")[-1].splitlines()
    codes = []
    for _, command in next_commands("a demo", "toyono-trust", 2045):
        assert any(line.endswith(command.removeprefix("toyono-trust")) for line in shown)
        _, *arguments = shlex.split(command)
        if "--serve" not in arguments:
            codes.append(run(*arguments).code)
    assert codes == [0, 0, 1, 1, 0, 2, 2, 0, 0, 0]
    assert (here / "a demo" / "forged.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_it_would_notice(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "FORGED", ("TOTAL-PASSED", None))
    ran = run("demo")
    assert ran.code == 1
    assert "NOT AS EXPECTED" in ran.out
    assert "Verdicts that are not as expected: 4." in ran.out


def test_tampering_changes_what_it_says() -> None:
    assert payload_changed(b'{"payload":"YWJj"}', "b", "x") == b'{"payload":"YXhj"}'
    assert member_changed(b"abcb", "b", "x") == b"axcb"
    assert bit_flipped(b"abc", b"b") == b"acc"
    papers = Paper(None, datetime(2026, 4, 1, tzinfo=UTC))
    shown = papers.pdf(papers.certificate())
    forged = page_repainted(shown, papers.drawn(papers.certificate(forged=True)))
    assert forged.startswith(shown)
    assert papers.shown("destroyed") not in shown
    assert papers.shown("destroyed") in forged
    (previous,) = re.findall(rb"/Prev (\d+)", forged)
    assert shown[int(previous) :].startswith(b"xref")
    with pytest.raises(ValueError, match="no PDF"):
        page_repainted(b"%PDF-1.7", b"")
    with pytest.raises(ValueError, match="does not occur"):
        member_changed(b"abc", "d", "x")
