"""The page about archives: what proves what, simulations that look like none, material with its sources."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from lasting_reports import Shown, shown
from pages import elements, said, tree

from toyono_trust import Report, verify
from toyono_trust.core.findings import Language
from toyono_trust.validation.html import page
from toyono_trust.validation.report import Finding
from toyono_trust.validation.views import label, view
from toyono_trust.validation.words import FORECASTS, LABELS, PAGE

both_languages = pytest.mark.parametrize("language", ["en", "ja"])


def archived(name: str, language: Language = "en", **options: Any) -> Any:
    return tree(page([view(getattr(shown(), name), language)], version="1", language=language, **options))


every_archive = pytest.mark.parametrize("name", Shown._fields)


@every_archive
@both_languages
def test_pages_of_archives_are_whole(name: str, language: Language) -> None:
    markup = page([view(getattr(shown(), name), language)], version="1", language=language)
    assert "script" not in elements(markup)
    root = tree(markup)
    levels = [int(one.tag[1]) for one in root.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    items = root.xpath("//ul[@class='findings']/li")
    assert len(items) == len(list(getattr(shown(), name).all_findings()))
    for table in root.iter("table"):
        assert all(len(row.xpath("./th[@scope='row']")) == 1 for row in table.xpath("./tbody/tr"))


def test_what_passes_by_the_past_names_its_proof_and_folds_what_that_undoes() -> None:
    root = archived("renewed")
    stamps = root.xpath("//section[contains(@class, 'stamp')]")
    proofs = [" ".join(map(said, one.xpath("./p[@class='past']"))) for one in stamps]
    by = "by archive time stamp (Throw-away TSA)."
    assert proofs == [
        f"No longer passes by itself; proven at 2026-11-01 09:00:00 UTC {by}",
        f"No longer passes by itself; proven at 2035-06-01 09:00:00 UTC {by}",
        "",
    ]
    assert not root.xpath("//section[contains(@class, 'stamp')]/ul[@class='findings']")
    assert len(stamps[0].xpath("./details[not(@open)]/ul[@class='findings']/li")) == 3
    assert "certificate.expired" in said(stamps[0].xpath("./details")[0])
    notes = [said(one) for one in root.xpath("//ol[@class='timeline']/li[@class='passed']//*[@class='note']")]
    assert notes == [PAGE["event-past-note"][0]] * 2 + [PAGE["event-stamp-note"][0]]
    facts = {said(one): said(one.getnext()) for one in root.xpath("//section/dl[@class='facts main']/dt")}
    assert facts["Proven by"] == "time stamp of the signature (Throw-away TSA)"


def test_the_panel_says_what_ends_the_verdict_or_what_lapsed() -> None:
    def because(name: str) -> str:
        return " ".join(map(said, archived(name).xpath("//div[@class]//p[@class='because']")))

    assert because("fresh").startswith("What ends it then The certificate expires at 2036-10-29 09:00:00 UTC.")
    assert because("lapsed").startswith("Newest time stamp, which does not pass archive time stamp (Throw-away TSA)")
    assert because("unreached") == ""


@pytest.mark.parametrize("name", ["forecast", "lapse"])
@both_languages
def test_a_simulation_looks_like_none_of_the_verdicts(name: str, language: Language) -> None:
    """Invariant: wherever a simulation's word stands, it is a forecast's word in a forecast's clothes."""
    root = archived(name, language)
    words = [said(one) for one in root.xpath("//*[contains(@class, 'pill')]|//h1/*[@class='word']")]
    assert len(words) == 4
    japanese = language == "ja"
    assert set(words) <= {pair[japanese] for pair in FORECASTS.values()}
    shown_as = root.xpath("//*[contains(@class, 'pill') or contains(@class, 'verdict')]")
    assert all("forecast" in one.get("class").split() for one in shown_as)
    title = label("simulation-title", language)
    assert said(root.find(".//header")).startswith(title)
    assert said(root.find(".//title")).endswith(title)
    panel = said(root.find(".//main//div[@class]"))
    assert panel.startswith(PAGE["not-a-verdict"][japanese])
    assert PAGE["assumed"][japanese] in panel
    assert label("validated", language) not in panel
    markup = page([view(getattr(shown(), name), language)], version="1", language=language)
    assert "@page:first{@top-left{content:none}}" not in markup
    assert "@page:first{@top-left{content:none}}" in page([view(shown().fresh)], version="1")


def test_the_time_line_of_a_simulation_tells_known_from_assumed() -> None:
    events = archived("forecast").xpath("//ol[@class='timeline']/li")
    found = {one.find(".//time").get("datetime"): one.get("class") for one in events}
    assert found["2027-06-01T09:00:00Z"] == "now"
    assert found["2036-06-01T09:00:00Z"] == "ahead"


def test_simulations_are_counted_apart() -> None:
    reports = [shown().fresh, shown().forecast, shown().lapse]
    root = tree(page([view(one) for one in reports], version="1"))
    assert said(root.find(".//main/section/h1")).endswith("1 WOULD BE UNDECIDED 1 VALID 1 WOULD BE VALID")
    assert said(root.find(".//header")).startswith(PAGE["title"][0])


def test_material_is_listed_with_its_sources_folded() -> None:
    report = shown().fresh
    section = archived("fresh").xpath("//section[@class='material']")[0]
    assert section.xpath("./details[not(@open)]")
    rows = section.xpath(".//tbody/tr")
    assert [one.xpath(".//code[@class='digest']/text()")[0] for one in rows] == [
        item.digest for item in report.material
    ]
    sources = [said(one.xpath("./td")[-1]) for one in rows]
    assert sources == [{"file": "in the file"}.get(item.source, item.source) for item in report.material]
    names = {said(one.xpath("./td")[0]): said(one.find("th")) for one in rows}
    assert names["CRL"].startswith("Throw-away Root CA · 20")
    assert "Throw-away TSA · 2027-06-01" in " ".join(said(one.find("th")) for one in rows)
    assert archived("fresh", unfolded=True).xpath("//section[@class='material']/details[@open]")
    assert not tree(page([view(verify(b"plain text"))], version="1")).xpath("//section[@class='material']")


def test_many_findings_of_one_code_are_folded_and_a_remedy_is_said_once() -> None:
    items = archived("unreached").xpath("//section[@class='filewide']/ul/li")
    assert [bool(one.xpath("./p[@class='remedy']")) for one in items] == [True, False, False]
    report = shown().lapsed
    finding = Finding("algorithm.expired", "fail", "", {"algorithm": "a", "bits": 1, "end": "then"})
    many = tuple(finding._replace(values={**finding.values, "use": str(place)}) for place in range(9))
    spoilt = report.signatures[0]._replace(findings=many, timestamps=())
    one = Report(
        kind="JAdES", validated_at=report.validated_at, policy=("p", "sha256:0"), trust=("t", "sha256:0", None),
        indication="INDETERMINATE", sub_indication="NO_POE", signatures=(spoilt,),
    )  # fmt: skip
    section = tree(page([view(one)], version="1")).xpath("//section[contains(@class, 'signature')]")[0]
    assert [len(each) for each in section.xpath("./ul|./details/ul")] == [3, 6]
    assert "More findings (6)" in said(section)


def test_a_stamp_that_is_not_usable_is_named() -> None:
    items = [said(one) for one in archived("lapsed").xpath("//ul/li") if "timestamp.not-usable" in said(one)]
    assert [one.rpartition("Concerns: ")[2] for one in items] == [
        "time stamp of the signature · 2026-11-01 09:00:00 UTC",
        "archive time stamp · 2026-11-01 09:00:00 UTC",
    ]


def test_an_evidence_record_is_found_and_not_judged() -> None:
    facts = {
        said(one): said(one.getnext()) for one in archived("recorded").xpath("//section/dl[@class='facts main']/dt")
    }
    assert facts["Evidence record (ERS)"] == LABELS["not-judged"][0]
