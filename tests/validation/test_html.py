"""The page of a report: its structure, its words, and that nothing from a file can become more than text."""

from __future__ import annotations

import base64
import hashlib
import pickle
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import elements, said, tree

from toyono_trust import Report, TrustStore, receipt, seal, sign, timestamp, verify
from toyono_trust.core.findings import Language
from toyono_trust.devpki import Simulation, Town
from toyono_trust.formats import ers
from toyono_trust.validation.html import page
from toyono_trust.validation.render import text
from toyono_trust.validation.report import Finding
from toyono_trust.validation.views import FileView, unreported, view
from toyono_trust.validation.words import LABELS, PAGE, VERDICTS

LANGUAGES: tuple[Language, ...] = ("en", "ja")
JST = ZoneInfo("Asia/Tokyo")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
HOSTILE = "<script>alert(1)</script>\"'>&amp;\u202e\x1b[2J\u2066\x00"


class Made(NamedTuple):
    """A town's reports by what they show."""

    valid: Report
    tampered: Report
    revoked: Report
    untrusted: Report
    receipt: Report
    token: Report
    record: Report
    unknown: Report


@lru_cache(maxsize=1)
def made() -> Made:
    town = Town.create()
    online: Any = {"level": "B-T", "tsa": f"{town.base_url}/tsr", "http": Simulation(town)}
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    stamped = seal(b"extract", by=town.identity("town"), format="jades", **online)
    detached = seal(b"notice", by=town.identity("town"), format="cades", detached=True, **online)
    unstamped = seal(b"timetable", by=town.identity("bus"), format="cades")
    signed = sign(b"application", by=town.identity("resident"), format="jades", **online)
    handed = receipt(
        "ContentHandover", by=town.identity("town"), sender="NTRJP-1345678901234",
        recipients=["NTRJP-9234567890123"], message_id="m", parts={"a.csv": b"a"}, policy_id="1.2.3",
        submission_time=town.now, **online,
    )  # fmt: skip
    token = timestamp(b"minutes", tsa=online["tsa"], http=online["http"], trust=trust)
    record = ers.write("sha256", ((hashlib.sha256(b"minutes").digest(),),), token)
    town.revoke("bus", at=town.now, reason="key_compromise")
    revoking = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    found = Made(
        verify(stamped, trust=trust),
        verify(detached, trust=trust, content=b"another notice"),
        verify(unstamped, trust=revoking),
        verify(signed),
        verify(handed, trust=trust, content={"a.csv": b"a"}),
        verify(token, trust=trust, content=b"minutes"),
        verify(record, trust=trust, content=b"minutes"),
        verify(b"plain text", trust=trust),
    )
    for name, report in zip(Made._fields, found, strict=True):
        report.file = f"{name}.bin"
    return found


def shown(*reports: Report, language: Language = "en", **options: Any) -> str:
    return page([view(one, language, JST) for one in reports], version="1.2.3", language=language, **options)


every_report = pytest.mark.parametrize("name", Made._fields)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


# Structure


@every_report
@both_languages
def test_page_is_whole_html_in_its_language(name: str, language: Language) -> None:
    markup = shown(getattr(made(), name), language=language)
    assert markup.startswith("<!DOCTYPE html>")
    assert "script" not in elements(markup)
    root = tree(markup)
    assert root.get("lang") == language
    assert [len(root.findall(f".//{landmark}")) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    assert root.find(".//main").get("id") == root.find(".//a[@class='skip']").get("href").removeprefix("#")
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(root.xpath("//@aria-labelledby")) <= set(ids)
    assert bool(JAPANESE.search(said(root.find(".//header")))) == (language == "ja")


@every_report
def test_headings_are_in_order(name: str) -> None:
    for markup in (shown(getattr(made(), name)), shown(*made())):
        levels = [int(one.tag[1]) for one in tree(markup).xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


@every_report
def test_tables_have_headers(name: str) -> None:
    for table in tree(shown(getattr(made(), name), made().valid)).iter("table"):
        assert table.xpath("./thead//th[@scope='col']")
        assert all(len(row.xpath("./th[@scope='row']")) == 1 for row in table.xpath("./tbody/tr"))


@every_report
@both_languages
def test_the_verdict_comes_first_in_words_with_a_symbol(name: str, language: Language) -> None:
    report: Report = getattr(made(), name)
    root = tree(shown(report, language=language))
    word = VERDICTS[report.indication][language == "ja"]
    assert said(root.find(".//main")).startswith(word)
    assert said(root.find(".//title")).startswith(word)
    panel = root.find(".//div[@class]")
    assert panel.find("svg").get("aria-hidden") == "true"
    why, remedy = (line.split(": ", 1)[1] for line in text(report, language, JST).splitlines()[1:3])
    assert said(panel.xpath(".//p[@class='why']")[0]) == why
    assert said(panel.xpath(".//p[@class='do']")[0]).endswith(remedy)


@every_report
@both_languages
def test_every_finding_is_there_with_its_clause_and_remedy(name: str, language: Language) -> None:
    report: Report = getattr(made(), name)
    items = [said(one) for one in tree(shown(report, language=language)).xpath("//ul[@class='findings']/li")]
    findings = list(report.all_findings())
    assert len(items) == len(findings)
    for finding in findings:
        wanted = [finding.code, finding.clause, finding.text_in(language, JST), LABELS[finding.level][language == "ja"]]
        wanted += [finding.remedy_in(language, JST)] if finding.level != "inform" else []
        assert any(all(part in item for part in wanted) for item in items), finding


def test_the_chain_leads_from_the_signer_to_the_anchor() -> None:
    report = made().valid
    (signature,) = report.signatures
    chain = tree(shown(report)).xpath("//section[contains(@class, 'signature')]/ol[@class='chain']")[0]
    prints = [one.xpath(".//code/text()")[-1] for one in chain.findall("li")]
    assert prints == [certificate.sha256.hex() for certificate in signature.chain]
    assert [one.get("class") for one in chain.findall("li")] == [None, None, "anchor"]
    assert not tree(shown(made().untrusted)).xpath("//li[@class='anchor']")
    assert PAGE["no-chain"][0] in shown(made().untrusted)


def test_the_time_line_is_in_order_and_names_each_proof() -> None:
    report = made().valid
    (signature,) = report.signatures
    events = tree(shown(report)).xpath("//ol[@class='timeline']/li")
    times = [datetime.fromisoformat(one.find(".//time").get("datetime")) for one in events]
    assert times == sorted(times)
    assert {one.get("class") for one in events} == {"bound", "claimed", "passed", "now", "ahead"}
    assert signature.timestamps[0].token.generated_at in times
    assert report.validated_at in times
    assert signature.valid_until in times
    assert [one.get("class") for one in tree(shown(made().untrusted)).xpath("//ol[@class='timeline']/li")] == [
        "bound", "claimed", "undecided", "now", "bound",
    ]  # fmt: skip


@both_languages
def test_a_receipt_says_what_it_proves_and_one_that_fails_proves_nothing(language: Language) -> None:
    report = made().receipt
    section = tree(shown(report, language=language)).xpath("//section[@class='receipt']")[0]
    assert report.receipt.statement[language == "ja"] in said(section)
    assert PAGE["receipt-claims"][language == "ja"] not in said(section)
    result = report.receipt
    try:
        report.receipt = result._replace(proves=None)
        assert PAGE["receipt-claims"][language == "ja"] in shown(report, language=language)
    finally:
        report.receipt = result


def test_policy_trust_and_version_stand_in_the_colophon_and_on_each_printed_page() -> None:
    report = made().valid
    markup = shown(report)
    colophon = said(tree(markup).find(".//footer"))
    for wanted in ("toyono-trust 1.2.3", report.policy_name, report.policy_digest, report.trust_digest):
        assert wanted in colophon
    assert report.trust_revocation_digest in colophon
    foot = re.search(r'@bottom-left\{content:"([^"]*)"', markup)
    assert foot is not None
    written = re.sub(r"\\([0-9a-f]{6}) ", lambda found: chr(int(found[1], 16)), foot[1])
    assert written.startswith("toyono-trust 1.2.3 · policy sha256:")
    assert report.trust_digest[:23] in written
    assert "counter(page)" in markup
    assert "size:A4" in markup


def test_details_are_folded_on_the_screen_and_open_for_a_printer() -> None:
    assert not tree(shown(made().valid)).xpath("//details[@open]")
    assert tree(shown(made().untrusted)).xpath("//section[contains(@class, 'stamp')]/details[@open]")
    assert not tree(shown(made().valid, unfolded=True)).xpath("//details[not(@open)]")
    assert all(one[0].tag == "summary" for one in tree(shown(*made())).iter("details"))


# Several files


def test_an_overview_shows_failures_first_and_leads_to_each_file() -> None:
    lost = unreported("lost.jws", "lost.jws cannot be read", "check the name")
    views = [*(view(one) for one in made()), lost]
    root = tree(page(views, version="1"))
    rows = root.xpath("//section[@class='overview']//tbody/tr")
    assert [one.get("class") for one in rows] == [
        "unread", "failed", "undecided", "undecided", "undecided", "passed", "passed", "passed", "passed",
    ]  # fmt: skip
    articles = root.xpath("//article")
    assert [said(one.find("th")) for one in rows] == [said(one.xpath(".//*[@class='filename']")[0]) for one in articles]
    assert [one.find(".//a").get("href") for one in rows] == [f"#{one.get('id')}" for one in articles]
    assert said(root.find(".//main/section/h1")).startswith("9 files verified 1 NOT VERIFIED 1 INVALID 3 UNDECIDED")
    assert said(root.find(".//main/section/h1")).endswith("4 VALID")


def test_files_of_one_verdict_keep_their_order() -> None:
    views = [view(made().unknown)._replace(name=f"{place}.txt") for place in range(12)]
    rows = tree(page(views, version="1")).xpath("//section[@class='overview']//tbody/tr/th")
    assert [said(one) for one in rows] == [f"{place}.txt" for place in range(12)]


# Nothing from outside, nothing to the outside


@every_report
def test_the_page_is_self_contained(name: str) -> None:
    markup = shown(getattr(made(), name), made().tampered)
    root = tree(markup)
    assert root.xpath("//@src|//@srcset|//@action|//@style|//*[local-name()='link' or local-name()='object']") == []
    assert all(one.startswith("#") for one in root.xpath("//@href"))
    style = root.find(".//style").text_content()
    assert not re.search(r"url\(|@import|image-set|https?:", style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def hostile_view(value: str) -> FileView:
    """A view in which everything that can come from a file is hostile."""
    report = made().untrusted
    findings = (Finding("format.malformed", "fail", value, {"reason": value}),)
    facts = report.signatures[0].facts
    objects = tuple(thing._replace(name=value) for thing in facts.objects)
    signature = report.signatures[0]._replace(facts=facts._replace(objects=objects), findings=findings)
    spoilt = Report(
        kind="JAdES", validated_at=report.validated_at, policy=(value, value), trust=(value, value, None),
        indication="TOTAL-FAILED", sub_indication="FORMAT_FAILURE", signatures=(signature,), findings=findings,
        receipt=made().receipt.receipt._replace(event=value, sender=value, recipients=(value,), statement=None,
                                                parts=((value, True, False),)),
        file=value,
    )  # fmt: skip
    return view(spoilt, remarks=(value,))


def test_hostile_names_become_visible_text() -> None:
    markup = page([hostile_view(HOSTILE), unreported(HOSTILE, HOSTILE, HOSTILE)], version="1")
    assert "<script" not in markup
    assert elements(markup).count("style") == 1
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", markup)
    content = tree(markup).find(".//main").text_content()
    assert "\\u202e" in content
    assert "<script>alert(1)</script>" in content
    assert content.count("\\u202e") >= 12


@given(st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_no_name_changes_the_structure(value: str) -> None:
    """Invariant: whatever the texts of a file are, the elements of the page are the same."""
    assert elements(page([hostile_view(value or "x")], version=value)) == plain_elements()


@lru_cache(maxsize=1)
def plain_elements() -> list[str]:
    return elements(page([hostile_view("x")], version="x"))


def test_a_name_with_a_wide_blank_stays_readable() -> None:
    made_view = unreported("山里\u3000花子.pdf", "…", "")
    assert made_view.name == "山里\u3000花子.pdf"


# Colours


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", block))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(char * 2 for char in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def schemes() -> Iterator[dict[str, str]]:
    style = shown(made().valid)
    light = colours(style[: style.index("prefers-color-scheme:dark")])
    yield light
    dark = style[style.index("prefers-color-scheme:dark") :]
    yield light | colours(dark[: dark.index("}}")])


@pytest.mark.parametrize("scheme", list(schemes()), ids=["light", "dark"])
def test_contrast_is_enough(scheme: dict[str, str]) -> None:
    """Invariant: WCAG 2.2 1.4.3 (AA): text has a contrast of at least 4.5 to 1 on each ground it stands on."""
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "wash")]
    for tone in ("passed", "failed", "undecided", "unread"):
        pairs += [(tone, "paper"), (tone, f"{tone}-wash"), (tone, "wash"), ("ink", f"{tone}-wash")]
        pairs += [("soft", f"{tone}-wash")]
    found: dict[tuple[str, str], float] = {pair: contrast(scheme[pair[0]], scheme[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in found.items() if value < 4.5} == {}


# Words


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    assert not set(PAGE) & set(LABELS)
    check: Callable[[str], object] = JAPANESE.search
    for english, japanese in PAGE.values():
        assert english
        assert not check(english)
        assert check(japanese) or "{" in japanese


@every_report
def test_the_japanese_page_has_no_english_label(name: str) -> None:
    root = tree(shown(getattr(made(), name), made().valid, language="ja"))
    labels = root.xpath("//dt|//thead//th|//summary|//caption|//h1|//h3[not(@class)]|//h4[not(@class)]")
    assert labels
    assert [said(one) for one in labels if not JAPANESE.search(said(one))] == []
    assert "Eシール" not in root.text_content()


def test_no_clock_is_read() -> None:
    """Invariant: the page depends on the report alone."""
    report = made().valid
    assert shown(report) == shown(report)
    from_a_worker = pickle.loads(pickle.dumps(view(report)))
    assert page([from_a_worker], version="1") == page([view(report)], version="1")
    assert datetime.now(UTC) - report.validated_at < timedelta(hours=1)
