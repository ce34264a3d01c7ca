"""What the text says about archives: until when and why, what proves what, simulations, material, many findings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import Any

import pytest
from judging_town import NOW, sign, verify
from lasting_reports import shown
from lasting_town import Age, sealed

from toyono_trust import verbs
from toyono_trust.formats import cades
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.render import text
from toyono_trust.validation.report import Finding, Report, SignatureReport

TSA = "CN=Throw-away TSA,O=Throw-away PKI,C=JP"


def lines_of(name: str, language: Any = "en") -> list[str]:
    return text(getattr(shown(), name), language, UTC).splitlines()


def test_what_ends_a_verdict_is_named() -> None:
    lines = lines_of("fresh")
    assert lines[3:5] == [
        "  this verdict holds until: 2036-10-29 09:00:00 UTC",
        f"  what ends it then: The certificate expires at 2036-10-29 09:00:00 UTC. ({TSA})",
    ]
    assert not [line for line in lines_of("lapsed") if "holds until" in line]


def test_a_stamp_that_passes_by_the_past_names_what_proves_it() -> None:
    lines = lines_of("renewed")
    (place,) = [index for index, line in enumerate(lines) if "archive time stamp · 2026-11-01" in line]
    assert lines[place + 1] == (
        "      no longer passes by itself; proven at 2035-06-01 09:00:00 UTC by archive time stamp (Throw-away TSA)"
        " [past.passed; EN 319 102-1 5.6.2.4]"
    )
    assert lines[place + 2].startswith("      undone by that proof: certificate.expired")
    assert lines[place + 3] == (
        "    VALID · archive time stamp · 2035-06-01 09:00:00 UTC · CN=Throw-away TSA,O=Throw-away PKI,C=JP"
    )
    shown_ja = "\n".join(lines_of("renewed", "ja"))
    assert "2035-06-01 09:00:00 UTC に存在したことがアーカイブタイムスタンプ（Throw-away TSA）によって" in shown_ja


def test_of_a_lapsed_archive_the_newest_stamp_is_named() -> None:
    assert lines_of("lapsed")[3] == (
        "  newest time stamp, which does not pass: archive time stamp (Throw-away TSA) · 2026-11-01 09:00:00 UTC:"
        f" The certificate expired at 2036-10-29 09:00:00 UTC. ({TSA})"
    )
    for name in ("renewed", "unreached"):
        assert "newest time stamp" not in "\n".join(lines_of(name))


def test_a_stamp_that_is_not_usable_is_named() -> None:
    report = shown().lapsed
    (signature,) = report.signatures
    findings = [item for item in signature.findings if item.code == "timestamp.not-usable"]
    assert [item.subject for item in findings] == [item.id for item in signature.timestamps]
    lines = [line for line in lines_of("lapsed") if "timestamp.not-usable" in line]
    assert ["EN 319 102-1 5.5.4; time stamp of the signature]" in line for line in lines] == [True, False]
    assert ["EN 319 102-1 5.5.4; archive time stamp]" in line for line in lines] == [False, True]
    assert all("(2026-11-01 09:00:00 UTC: OUT_OF_BOUNDS_NO_POE)" in line for line in lines)
    broken = verify(cades.attach(sign(format="cades"), b"\x30\x03\x02\x01\x01")).signatures[0]
    assert broken.timestamps[0].id in "".join(item.text for item in broken.findings)


@pytest.mark.parametrize("name", ["forecast", "lapse"])
@pytest.mark.parametrize(
    ("language", "verdicts"), [("en", ["VALID", "UNDECIDED", "INVALID"]), ("ja", ["有効", "判定不能", "無効"])]
)
def test_a_simulation_cannot_be_taken_for_a_verdict(name: str, language: Any, verdicts: list[str]) -> None:
    """Invariant: no verdict of a simulation stands alone, and its first lines say what it is."""
    lines = lines_of(name, language)
    assert lines[0].startswith(
        {"en": f"{name}.jws.json: SIMULATION: WOULD BE ", "ja": f"{name}.jws.json: シミュレーション: "}[language]
    )
    assert "2027-06-01 09:00:00 UTC" in lines[1]
    assert {"en": "This is no verdict.", "ja": "これは検証結果ではなく"}[language] in lines[1]
    for line in lines:
        head = line.strip().partition(" · ")[0].rpartition(": ")[2]
        assert head not in verdicts
    assert "verified at" not in "\n".join(lines)
    assert lines[-1].endswith({"en": " · simulation", "ja": " · シミュレーション"}[language])
    assert "\x1b[1;36mWOULD BE" in text(shown().forecast, colour=True)
    assert "\x1b[1;32m" not in text(shown().forecast, colour=True)


def test_what_was_fetched_is_listed_with_its_address() -> None:
    lines = lines_of("fresh")
    (place,) = [index for index, line in enumerate(lines) if line.startswith("  verified with: ")]
    counted = Counter("fetched" if "://" in item.source else item.source for item in shown().fresh.material)
    assert f"({counted['file']} in the file, {counted['fetched']} fetched)" in lines[place]
    fetched = [line for line in lines[place:] if line.startswith("    fetched: ")]
    assert len(fetched) == counted["fetched"] == 2
    assert fetched[0].startswith("    fetched: OCSP response · http://first.town.example/ocsp · sha256:")
    assert any(line.startswith("  検証に用いた情報: 証明書 ") for line in lines_of("fresh", "ja"))


def test_findings_of_gathering_name_whom_they_concern_and_one_remedy() -> None:
    lines = lines_of("unreached")
    found = [line for line in lines if "gather.not-fetched" in line]
    assert len(found) == 3
    assert len(set(found)) == 3
    assert sum("O=見本町,C=JP]" in line for line in found) == 2
    assert sum("Check the connection" in line for line in lines) == 1


def test_many_findings_of_one_code_are_counted() -> None:
    report = shown().lapsed
    finding = Finding("algorithm.expired", "fail", "", {"algorithm": "a", "bits": 1, "end": "then"})
    many = tuple(finding._replace(values={**finding.values, "use": str(place)}) for place in range(9))
    signature = report.signatures[0]._replace(findings=many)
    lines = text(_with(report, signature)).splitlines()
    assert [line.split("(")[-1][0] for line in lines if line.startswith("    fails: a with")] == ["0", "1", "2"]
    assert "    fails: and 6 more of this kind [algorithm.expired]" in lines
    assert sum("Look for a time stamp" in line for line in lines if line.startswith("      →")) == 1


def _with(report: Report, signature: SignatureReport) -> Report:
    """The report with another signature in place of its own."""
    return Report(
        kind=report.kind, validated_at=report.validated_at, policy=("p", "sha256:0"), trust=("t", "sha256:0", None),
        indication=signature.indication, sub_indication=signature.sub_indication, signatures=(signature,),
    )  # fmt: skip


def test_an_evidence_record_is_found_and_not_judged() -> None:
    assert "    evidence record (ERS): found and not judged; it proves nothing here" in lines_of("recorded")
    assert any("証拠記録（ERS）: 未検証" in line for line in lines_of("recorded", "ja"))
    (record,) = shown().recorded.to_json()["signatures"][0]["evidence_records"]
    assert (record["format"], record["indication"]) == ("ERS", None)


def test_what_did_not_pass_never_gets_the_sentence_of_what_did() -> None:
    """A report whose findings do not say why, as one from elsewhere could be."""
    report = Report(
        kind="JAdES", validated_at=NOW, policy=("p", "sha256:0"), trust=("sha256:0", "sha256:0", None),
        indication="INDETERMINATE", sub_indication="TRY_LATER", signatures=verify(sign()).signatures,
    )  # fmt: skip
    assert "unchanged" not in text(report).splitlines()[1]


def test_verdicts_that_are_kept_do_not_hide_what_ends_them() -> None:
    """Invariant: the same file under the same trust gives the same text, the first time and the second."""
    age = Age()
    signed = sealed(age, "pades", "B-T")
    town = age.first
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    reports = [verbs.verify(signed, NO_CONTENTS, trust, Policy.default(), age.now) for _ in range(2)]
    assert reports[0].valid_until is not None
    assert text(reports[0]) == text(reports[1])
    assert len(trust.passed) == 2
