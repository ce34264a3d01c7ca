"""Facts of JWS, CMS and RFC 3161 files made by others, through ``verify()``, against what EU DSS's tests state of them.

Every column that ``expected.tsv`` states for a row must be equal to ours, or stand in ``dss_reasons.toml`` with our
value and the reason; an entry there that is no longer needed fails too. Nobody is trusted, so nothing ever passes.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from corpus import SHARED, corpus
from toyono_trust import verify
from toyono_trust.core.algorithms import digest
from toyono_trust.core.findings import entry
from toyono_trust.validation.report import Report, SignatureReport, TimestampReport

AT = datetime(2026, 11, 22, tzinfo=UTC)
KINDS = ("JWS-compact", "JWS-flattened", "JWS-json", "CMS", "RFC3161-token")
ROWS = 55
"""As many rows as the sample has for these kinds; another number means that the sample is another one."""
_REASONS = tomllib.loads((Path(__file__).parent / "dss_reasons.toml").read_text("utf-8"))
_LEVELS = {
    "BASELINE_B": "B-B",
    "BASELINE_T": "B-T",
    "BASELINE_LT": "B-LT",
    "BASELINE_LTA": "B-LTA",
    "BES": None,
    "EPES": None,
    "C": None,
    "A": None,
    "NOT_ETSI": None,
}
"""Levels by the last part of their name there; ERS, an evidence record inside, is no level here."""


class Row(NamedTuple):
    """One row of the table: a file as one test of DSS presents it (``what``)."""

    path: str
    what: str
    stated: dict[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return self.path, self.what


def rows() -> list[Row]:
    table = SHARED / "corpus/dss/expected.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as stream:
        found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(row["path"], row["what"], row) for row in found if _concerns(row)]


def _concerns(row: dict[str, str]) -> bool:
    """Also one CMS file that the table calls a PDF, because a PDF is its content."""
    return row["kind"] in KINDS or (row["kind"] == "PDF" and row["path"].endswith(".pkcs7"))


def _matches(entry_: dict[str, Any], row: Row) -> bool:
    return entry_["path"] == row.path and entry_.get("what", row.what) == row.what


def reasons(row: Row) -> dict[str, dict[str, Any]]:
    """Listed columns of a row, with our value and the reason."""
    found: dict[str, dict[str, Any]] = {}
    for item in _REASONS["divergence"]:
        if _matches(item, row):
            for column, ours in item["ours"].items():
                assert column not in found, f"{row.key}: {column} is listed twice"
                found[column] = {"ours": ours, "reason": item["reason"]}
    return found


def presented(row: Row) -> dict[str, Any]:
    """The content that the test presents: files of the sample, or a short text that is known by its digest."""
    folder = corpus("dss")
    names = [name for name in row.stated["detached"].split(";") if name]
    texts = [item["text"].encode() for item in _REASONS["content"] if _matches(item, row)]
    assert not (names and texts), row.key
    if texts:
        return {"content": texts[0]}
    if len(names) == 1:
        return {"content": folder / names[0]}
    return {"content": {Path(name).name: folder / name for name in names}} if names else {}


@cache
def _report(row: tuple[str, str]) -> Report:
    (one,) = (item for item in rows() if item.key == row)
    return verify(corpus("dss") / one.path, at=AT, **presented(one))


# -- our facts in the words of the table


def every(found: Iterable[SignatureReport]) -> Iterator[SignatureReport]:
    """Signatures and their counter-signatures."""
    for signature in found:
        yield signature
        yield from every(signature.counter_signatures)


def tokens(report: Report) -> list[TimestampReport]:
    nested = [token for signature in every(report.signatures) for token in signature.timestamps]
    return [*report.timestamps, *nested]


def truth(values: Iterable[bool | None]) -> str:
    """T where all are so, F where none is (or it cannot be said), mixed between; T of nothing."""
    known = {value is True for value in values}
    return "mixed" if len(known) == 2 else "F" if False in known else "T"


def covered(signature: SignatureReport, what: str) -> list[bool | None]:
    return [getattr(item, what) for item in signature.objects]


def signed_values(report: Report) -> list[bool | None]:
    """Signature values of the file's signatures; of a file that is only a token, the token's."""
    alone = [] if report.signatures else [item.signature_intact for item in report.timestamps]
    return [item.signature_intact for item in every(report.signatures)] + alone


def objects(report: Report, what: str) -> list[bool | None]:
    alone = [] if report.signatures else [getattr(item.token, f"imprint_{what}") for item in report.timestamps]
    return [value for item in every(report.signatures) for value in covered(item, what)] + alone


def valid(report: Report) -> list[bool | None]:
    """Per signature whether its value fits and all that it covers is intact; of a lone token the same."""
    if report.signatures:
        return [all([item.signature_intact, *covered(item, "intact")]) for item in every(report.signatures)]
    return [all((item.signature_intact, item.token.imprint_intact)) for item in report.timestamps]


def structure(report: Report) -> str:
    found = [finding for finding in report.findings if finding.level == "fail"]
    found += [one for item in every(report.signatures) for one in item.findings if one.level == "fail"]
    return "F" if any(entry(one.code).sub_indication == "FORMAT_FAILURE" for one in found) else "T"


OURS: dict[str, Callable[[Report], str]] = {
    "exp_indication": lambda report: report.indication.replace("-", "_"),
    "exp_subindication": lambda report: report.sub_indication or "",
    "exp_level": lambda report: ",".join(sorted({item.level or "none" for item in every(report.signatures)})),
    "n_sig_stated": lambda report: str(len(list(every(report.signatures)))),
    "n_tst_stated": lambda report: str(len(tokens(report))),
    "ref_found": lambda report: truth(objects(report, "found")),
    "ref_intact": lambda report: truth(objects(report, "intact")),
    "sig_intact": lambda report: truth(signed_values(report)),
    "sig_valid": lambda report: truth(valid(report)),
    "tst_imprint_found": lambda report: truth(item.token.imprint_found for item in tokens(report)),
    "tst_imprint_intact": lambda report: truth(item.token.imprint_intact for item in tokens(report)),
    "signing_cert_identified": lambda report: truth(item.certificate is not None for item in every(report.signatures)),
    "structure_valid": structure,
}


def stated(row: Row, column: str) -> str | None:
    """What the table says in our words; None where it says nothing, or names a level that is none of ours."""
    value = row.stated[column].removesuffix("*")
    if column == "exp_level" and value:
        names = [re.sub(r"^(CAdES|JAdES|CMS|JSON)_", "", name) for name in value.split(",")]
        if not set(names) <= set(_LEVELS):
            return None
        return ",".join(sorted({_LEVELS[name] or "none" for name in names}))
    if column.startswith("n_"):
        value = ",".join(sorted(set(value.split(","))))
    return value or None


# -- tests


def test_the_sample_is_there() -> None:
    assert corpus("dss").is_dir()
    assert len(rows()) == ROWS


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{Path(row.path).name}: {row.what}")
def test_facts_are_as_stated(row: Row) -> None:
    report = _report(row.key)
    listed = reasons(row)
    wrong = {}
    for column, of in OURS.items():
        expected, ours = stated(row, column), of(report)
        if column in listed:
            assert ours == listed[column]["ours"], f"{column} has changed; its reason says otherwise"
            assert ours != expected, f"{column} is as stated: the reason is no longer needed"
        elif expected is not None and ours != expected:
            wrong[column] = {"stated": expected, "ours": ours}
    assert wrong == {}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{Path(row.path).name}: {row.what}")
def test_time_stamps_are_those_of_the_inventory(row: Row) -> None:
    """The sample's own inventory (``ts_types``) counts the tokens of each file; so do we, layer by layer."""
    words = {"adoTst": "content", "sigTst": "signature", "arcTst": "archive", "token": "detached"}
    expected: dict[str, int] = {}
    for part in row.stated["ts_types"].split(";"):
        name, _, count = part.rpartition(":")
        if name:
            layer = words.get(name) or re.sub(r"-ts.*", "", name).replace("esc", "validation-data")
            expected[layer] = expected.get(layer, 0) + int(count)
    if row.path.endswith("jades-b-copied-cnttst.json"):
        expected = {"content": 2}  # one adoTst member with two tokens
    found: dict[str, int] = {}
    for item in tokens(_report(row.key)):
        found[item.token.type] = found.get(item.token.type, 0) + 1
    assert found == expected


def test_every_reason_is_a_sentence_about_a_row() -> None:
    corpus("dss")
    for item in (*_REASONS["divergence"], *_REASONS["content"]):
        assert any(_matches(item, row) for row in rows()), f"no row for {item['path']}"
    for item in _REASONS["divergence"]:
        assert re.fullmatch(r"[A-Z“].{30,}\.", item["reason"], re.DOTALL), item["path"]
        assert set(item["ours"]) <= set(OURS)
        assert item["clause"].strip()


@pytest.mark.parametrize("name", ["cades-content-tst.pkcs7", "cades-lta-detached.pkcs7"])
def test_what_is_missing_there_is_found_when_it_is_presented(name: str) -> None:
    """Stated without the content; with it all that is read is found and intact."""
    report = verify(corpus(f"dss/dss-cades/validation/dss-2011/{name}"), content=b"Hello World", at=AT)
    assert objects(report, "found") == objects(report, "intact") == [True]
    assert signed_values(report) == [True]
    assert all(item.token.imprint_intact for item in tokens(report))
    assert len(tokens(report)) == 2
    assert report.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


@pytest.mark.parametrize("folder", ["dss-evidence-record-asn1", "dss-evidence-record-xml"])
def test_lone_tokens(folder: str) -> None:
    """A detached token is its own kind of file; other content than the stamped one fails by its digest."""
    path = corpus(f"dss/{folder}/d-trust.tsr")
    report = verify(path, content=b"Test123", at=AT)
    (alone,) = report.timestamps
    assert (report.kind, report.indication, report.sub_indication) == (
        "RFC3161",
        "INDETERMINATE",
        "NO_CERTIFICATE_CHAIN_FOUND",
    )
    assert alone.token.imprint == digest("sha256", b"Test123")
    assert (alone.token.imprint_intact, alone.signature_intact) == (True, True)
    other = verify(path, content=b"Test124", at=AT)
    assert (other.indication, other.sub_indication) == ("FAILED", "HASH_FAILURE")
    nothing = verify(path, at=AT)
    assert (nothing.indication, nothing.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")


@pytest.mark.parametrize("name", ["Signature-C-DE_CRY-3.p7m", "Signature-C-DE_CRY-4.p7m"])
def test_a_token_wrapped_in_an_octet_string_is_no_time_stamp(name: str) -> None:
    """It is said, and the signature is not called B-T for it."""
    report = verify(corpus(f"dss/dss-cades/validation/{name}"), at=AT)
    (signature,) = report.signatures
    (stamp,) = signature.timestamps
    assert "timestamp.malformed" in {finding.code for finding in stamp.findings}
    assert (stamp.indication, signature.level) == ("FAILED", "B-B")
