"""Facts of PDF files made by others, through ``verify()``, against what EU DSS's tests state of them.

Every column that ``expected.tsv`` states for a row must be equal to ours, or stand in ``dss_pades_reasons.toml`` with
our value and the reason; an entry there that is no longer needed fails too. Nobody is trusted, so nothing ever passes.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from corpus import SHARED, corpus
from toyono_trust import verify
from toyono_trust.core.findings import entry
from toyono_trust.validation.report import Report, TimestampReport

AT = datetime(2026, 11, 22, tzinfo=UTC)
ROWS = 36
"""As many PDF rows as the sample has; another number means that the sample is another one."""
_REASONS = tomllib.loads((Path(__file__).parent / "dss_pades_reasons.toml").read_text("utf-8"))["divergence"]
_BASELINE = {"BASELINE_B": "B-B", "BASELINE_T": "B-T", "BASELINE_LT": "B-LT", "BASELINE_LTA": "B-LTA"}
"""Levels by the last part of their name there; the others (BES, EPES, LTV, not ETSI's) are no baseline levels."""


class Row(NamedTuple):
    """One row of the table: a file as one test of DSS presents it (``what``)."""

    path: str
    what: str
    stated: dict[str, str]


def rows() -> list[Row]:
    table = Path(os.environ.get("TOYONO_SHARED", SHARED)) / "corpus/dss/expected.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as stream:
        found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(row["path"], row["what"], row) for row in found if row["path"].endswith(".pdf")]


def reasons(row: Row) -> dict[str, str]:
    """Listed columns of a row with our values."""
    found: dict[str, str] = {}
    for item in _REASONS:
        if item["path"] == row.path and item.get("what", row.what) == row.what:
            assert not found.keys() & item["ours"].keys(), f"{row.path}: listed twice"
            found |= item["ours"]
    return found


@cache
def _report(path: str) -> Report:
    return verify(corpus("dss") / path, at=AT)


# -- our facts in the words of the table


def truth(values: list[bool | None]) -> str:
    """T where all are so, F where none is (or it cannot be said), mixed between; T of nothing."""
    known = {value is True for value in values}
    return "mixed" if len(known) == 2 else "F" if False in known else "T"


def tokens(report: Report) -> list[TimestampReport]:
    """Every time stamp of the file once: a document time stamp stands with each signature that it covers."""
    nested = [token for signature in report.signatures for token in signature.timestamps]
    return list({id(item.token): item for item in (*report.timestamps, *nested)}.values())


def objects(report: Report, what: str) -> list[bool | None]:
    alone = [] if report.signatures else [getattr(item.token, f"imprint_{what}") for item in report.timestamps]
    return [getattr(thing, what) for item in report.signatures for thing in item.objects] + alone


def intact(report: Report) -> list[bool | None]:
    """Per signature whether its value fits and all that it covers is there and intact, which DSS calls intact too."""
    if not report.signatures:
        return [item.signature_intact and item.token.imprint_intact for item in report.timestamps]
    return [
        item.signature_intact and all(thing.found and thing.intact for thing in item.objects)
        for item in report.signatures
    ]


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.all_findings()}


def structure(report: Report) -> str:
    """The CMS's structure; what concerns the PDF around it has columns of its own."""
    failing = [one.code for one in report.all_findings() if one.level == "fail" and not one.code.startswith("pdf.")]
    return "F" if any(entry(code).sub_indication == "FORMAT_FAILURE" for code in failing) else "T"


def modified(report: Report) -> str:
    """Pages show something else than when they were signed."""
    return "T" if codes(report) & {"pdf.changes.page-content", "pdf.changes.overlay"} else "F"


def ranges(report: Report) -> str:
    found = [item.facts.revision for item in report.signatures]
    stamps = [
        not any(one.code.startswith("pdf.byte-range.") for one in item.findings)
        for item in tokens(report)
        if item.token.type == "document"
    ]
    return truth([revision is not None and revision.byte_range_valid for revision in found] + list(stamps))


OURS: dict[str, Callable[[Report], str]] = {
    "exp_indication": lambda report: report.indication.replace("-", "_"),
    "exp_subindication": lambda report: report.sub_indication or "",
    "exp_level": lambda report: ",".join(sorted({item.level or "none" for item in report.signatures})),
    "n_sig_stated": lambda report: str(len(report.signatures)),
    "n_tst_stated": lambda report: str(len(tokens(report))),
    "ref_found": lambda report: truth(objects(report, "found")),
    "ref_intact": lambda report: truth(objects(report, "intact")),
    "sig_intact": lambda report: truth(intact(report)),
    "sig_valid": lambda report: truth(intact(report)),
    "tst_imprint_found": lambda report: truth([item.token.imprint_found for item in tokens(report)]),
    "tst_imprint_intact": lambda report: truth([item.token.imprint_intact for item in tokens(report)]),
    "signing_cert_identified": lambda report: truth([item.certificate is not None for item in report.signatures]),
    "structure_valid": structure,
    "pdf_modifications": modified,
    "byterange_valid": ranges,
}


def stated(row: Row, column: str) -> str | None:
    """What the table says in our words; None where it says nothing."""
    value = row.stated[column].removesuffix("*")
    if column == "exp_level" and value:
        names = [re.sub(r"^(PAdES|PKCS7|PDF)_", "", name) for name in value.split(",")]
        return ",".join(sorted({_BASELINE.get(name, "none") for name in names}))
    if column == "exp_indication" and value.startswith("!"):
        return None  # another one than this: tested by itself
    return value or None


# -- tests


def test_the_sample_is_there() -> None:
    assert corpus("dss").is_dir()
    assert len(rows()) == ROWS


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{Path(row.path).name}: {row.what}")
def test_facts_are_as_stated(row: Row) -> None:
    report = _report(row.path)
    listed = reasons(row)
    wrong = {}
    for column, of in OURS.items():
        expected, ours = stated(row, column), of(report)
        if column in listed:
            assert ours == listed[column], f"{column} has changed; its reason says otherwise"
            assert ours != expected, f"{column} is as stated: the reason is no longer needed"
        elif expected is not None and ours != expected:
            wrong[column] = {"stated": expected, "ours": ours}
    assert wrong == {}
    if row.stated["exp_indication"].startswith("!"):
        assert report.indication.replace("-", "_") != row.stated["exp_indication"][1:]
    assert report.indication != "TOTAL-PASSED"


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{Path(row.path).name}: {row.what}")
def test_time_stamps_are_those_of_the_inventory(row: Row) -> None:
    """The sample's own inventory (``ts_types``) counts the tokens of each file; so do we, layer by layer."""
    expected: dict[str, int] = {}
    for part in row.stated["ts_types"].split(";"):
        name, _, count = part.rpartition(":")
        if name:
            expected["document" if name == "DocTimeStamp" else "signature"] = int(count)
    expected |= next((item["inventory"] for item in _REASONS if item["path"] == row.path and "inventory" in item), {})
    found: dict[str, int] = {}
    for item in tokens(_report(row.path)):
        found[item.token.type] = found.get(item.token.type, 0) + 1
    assert found == {name: count for name, count in expected.items() if count}


KEPT = {
    "dss-pades/validation/DSS-1983.pdf": (1, 1),
    "dss-pades/validation/doc-firmado.pdf": (1, 4),
    "dss-pades/validation/dss-1696/Test.signed_Certipost-2048-SHA512.extended.pdf": (2, 3),
    "dss-pades/validation/dss-1959/pades-revoc-removed-from-dss-dict.pdf": (3, 2),
    "dss-pades/validation/pades-enveloping-other-pdf.pdf": (1, 4),
    "dss-pades/validation/pades-ltv-from-epes.pdf": (2, 2),
    "dss-pades/validation/pades-ltv.pdf": (2, 2),
    "dss-pades/validation/Signature-P-HU_POL-3.pdf": (1, 7),
}
"""Files with validation data under document time stamps: how many of these, and CRLs and OCSP responses in the file."""


@pytest.mark.parametrize("path", KEPT)
def test_document_time_stamps_cover_what_stood_before_them(path: str) -> None:
    """The signature, its tokens, earlier stamps; and the last one all validation data of the file."""
    (signature,) = _report(path).signatures
    facts = signature.facts
    stamps = [item.token for item in signature.timestamps if item.token.type == "document"]
    evidence = (*facts.crls, *facts.ocsp_responses)
    assert (len(stamps), len(evidence)) == KEPT[path]
    before = [facts.value.wire, *(item.data for item in facts.timestamps if item.type == "signature")]
    for number, stamp in enumerate(stamps):
        covered = set(stamp.covers)
        assert {hashlib.sha256(octets).digest() for octets in before} <= covered
        assert hashlib.sha256(stamp.data).digest() not in covered
        assert set(stamps[number - 1].covers) <= covered if number else True
        before.append(stamp.data)
    assert {hashlib.sha256(octets).digest() for octets in evidence} <= set(stamps[-1].covers)


def test_every_reason_is_a_sentence_about_a_row() -> None:
    corpus("dss")
    for item in _REASONS:
        assert any(item["path"] == row.path for row in rows()), item["path"]
        assert re.fullmatch(r"[A-Z“].{30,}\.", item["reason"], re.DOTALL), item["path"]
        assert set(item["ours"]) <= set(OURS)
        assert item["clause"].strip()
