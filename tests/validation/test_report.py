"""What leaves a report: ``require`` and the content, the useful reason, and never a yes or no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging_town import DAY, NOW, PAYLOAD, revocation, sha256, sign, stamp, token, town, trust, verify

from toyono_trust.core.content import BytesContent, FileContent
from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, Note, SignedObject
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation import etsi
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Finding, NotVerified, Report

TOWN, BUS = "NTRJP-9234567890123", "NTRJP-1345678901234"


def report_of(*names: str, store: TrustStore | None = None) -> Report:
    """One file with a signature by each."""
    signatures = [registry.read(sign(name), Contents(None), Work()).signatures[0] for name in names]
    return judge(Facts("JAdES", tuple(signatures)), Policy.default(), store or trust(), NOW, Work())


def refusal(report: Report, signed_by: Any) -> NotVerified:
    with pytest.raises(NotVerified) as refused:
        report.require(signed_by=signed_by)
    assert refused.value.report is report
    return refused.value


def test_content_of_the_wanted_signer() -> None:
    report = verify(sign())
    certificate = town().identity("town").certificate
    anchor = "sha256:" + town().root.sha256.hex()
    for wanted in (
        {TOWN},
        {BUS, TOWN},
        frozenset({TOWN}),
        {TOWN: None}.keys(),
        {"sha256:" + certificate.sha256.hex()},
        {(TOWN, anchor)},
        {(BUS, anchor), (TOWN, anchor)},
        "anyone",
    ):
        verified = report.require(signed_by=wanted)  # type: ignore[arg-type]
        assert verified.content == PAYLOAD
        assert verified.signer is report.signatures[0].certificate
        assert verified.signed_at == NOW


def test_signed_at_is_the_proven_time() -> None:
    report = verify(stamp(sign(), NOW + DAY), at=NOW + 2 * DAY)
    assert report.require(signed_by={TOWN}).signed_at == NOW + DAY


@pytest.mark.parametrize("wanted", [{BUS}, {(TOWN, "sha256:" + "0" * 64)}, {(BUS, "anyone")}, {"anyone"}, {"CN=x"}])
def test_another_signer(wanted: Any) -> None:
    refused = refusal(verify(sign()), wanted)
    assert refused.code == "require.other-signer"
    assert TOWN in refused.message


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (TOWN, "require.bare-string"),
        ("", "require.bare-string"),
        (set(), "require.empty"),
        (frozenset(), "require.empty"),
        ([TOWN], "require.not-a-set"),
        ((TOWN,), "require.not-a-set"),
        ({TOWN: 1}, "require.not-a-set"),
        (None, "require.not-a-set"),
        ({b"NTRJP"}, "require.bad-identifier"),
        ({(TOWN,)}, "require.bad-identifier"),
        ({(TOWN, None)}, "require.bad-identifier"),
        ({(TOWN, "a", "b")}, "require.bad-identifier"),
    ],
)
def test_misuse(wanted: Any, code: str) -> None:
    for report in (verify(sign()), verify(b"nothing")):
        with pytest.raises(MisuseError) as refused:
            report.require(signed_by=wanted)
        assert refused.value.code == code


def test_a_report_is_not_a_boolean() -> None:
    with pytest.raises(TypeError) as refused:
        bool(verify(sign()))
    assert "report.require(signed_by=" in str(refused.value)
    assert "report.indication" in str(refused.value)


class TestTheUsefulReason:
    """``NotVerified`` says why the wanted signer's signature did not pass, not what comes first in a list."""

    def test_broken(self) -> None:
        data = sign(detached=True)
        refused = refusal(verify(data, content=BytesContent(b"other")), {TOWN})
        assert (refused.code, bool(refused.hint)) == ("signature.broken", True)

    def test_what_decides_and_not_what_a_bad_stamp_says(self) -> None:
        signed = stamp(sign(), NOW, over=sign("bus"))
        refused = refusal(verify(signed, trust(*revocation(revoked={"town": (NOW - DAY, "superseded")}))), {TOWN})
        assert refused.code == "revocation.revoked"

    def test_another_sub_indication_than_the_tables(self) -> None:
        signed = sign("expired", claimed=NOW - 100 * DAY)
        refused = refusal(verify(signed, trust(*revocation(NOW - 60 * DAY))), {TOWN})
        assert refused.code == "certificate.expired"

    def test_the_wanted_signers_reason(self) -> None:
        store = trust(*revocation(revoked={"town": (NOW - DAY, "superseded")}))
        report = report_of("bus", "town", store=store)
        assert refusal(report, {TOWN}).code == "revocation.revoked"
        assert refusal(report, {"NTRJP-0"}).code == "require.other-signer"
        assert report.require(signed_by={BUS}).content == PAYLOAD
        assert report.require(signed_by="anyone").content == PAYLOAD

    def test_nobody_passed(self) -> None:
        refused = refusal(verify(sign(), TrustStore.empty()), "anyone")
        assert refused.code == "trust.no-anchors"
        assert "--trust" in refused.hint

    def test_unreadable(self) -> None:
        assert refusal(verify(b"eyJ.x.y"), "anyone").code != "require.no-signature"
        assert refusal(verify(b"nothing"), {TOWN}).code == "format.unknown"

    def test_only_a_token(self) -> None:
        report = verify(token(sha256(PAYLOAD), NOW), content=BytesContent(PAYLOAD))
        assert report.indication == "PASSED"
        assert refusal(report, "anyone").code == "require.no-signature"

    def test_a_failing_finding_about_the_file(self) -> None:
        (signature,) = registry.read(sign(), Contents(None), Work()).signatures
        facts = Facts("JAdES", (signature,), notes=(Note("receipt.reason-missing", "", {"event": "x"}),))
        report = judge(facts, Policy.default(), trust(), NOW, Work())
        assert refusal(report, {TOWN}).code == "receipt.reason-missing"


class TestContent:
    """``Verified`` hands out the octets that were verified, or raises."""

    @pytest.mark.parametrize("format", ["jades", "cades"])
    def test_file_that_changed_since(self, tmp_path: Path, format: str) -> None:
        path = tmp_path / "order.json"
        path.write_bytes(PAYLOAD)
        signed = sign(format=format, detached=True, content=FileContent(path))
        report = verify(signed, content=FileContent(path))
        verified = report.require(signed_by={TOWN})
        assert verified.content == verified.objects[0].bytes == PAYLOAD
        assert verified.objects[0].open().read() == PAYLOAD
        path.write_bytes(b"something else")
        with pytest.raises(MisuseError) as refused:
            _ = verified.content
        assert refused.value.code == "content.changed"

    @pytest.mark.parametrize("format", ["jades", "cades"])
    def test_file_that_changed_between_verifying_and_requiring(self, tmp_path: Path, format: str) -> None:
        """What is handed out is what was verified, not what lies there when it is asked for."""
        path = tmp_path / "order.json"
        path.write_bytes(PAYLOAD)
        report = verify(sign(format=format, detached=True, content=FileContent(path)), content=FileContent(path))
        path.write_bytes(b"something else")
        with pytest.raises(MisuseError) as refused:
            _ = report.require(signed_by={TOWN}).content
        assert refused.value.code == "content.changed"

    def test_several_objects(self) -> None:
        (signature,) = registry.read(sign(), Contents(None), Work()).signatures
        two = tuple(
            SignedObject(name, True, True, "sha256", sha256(name.encode()), False, BytesContent(name.encode()))
            for name in ("a", "b")
        )
        report = judge(Facts("JAdES", (signature._replace(objects=two),)), Policy.default(), trust(), NOW, Work())
        verified = report.require(signed_by={TOWN})
        assert [(item.name, item.bytes, item.digest) for item in verified.objects] == [
            ("a", b"a", sha256(b"a")),
            ("b", b"b", sha256(b"b")),
        ]
        with pytest.raises(MisuseError) as refused:
            _ = verified.content
        assert refused.value.code == "content.several"
        assert "a" in repr(verified.objects[0])


def test_log_line_is_one_safe_line() -> None:
    line = verify(sign(), TrustStore.empty()).log_line()
    assert line.startswith("INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND kind=JAdES signatures=signature-")
    assert line.endswith("findings=trust.no-anchors")
    assert line.isascii()
    assert "\n" not in line
    assert "見本町" not in line
    assert verify(b"x").log_line() == "INDETERMINATE/FORMAT_FAILURE kind=unknown signatures=- findings=format.unknown"


def test_a_simulation_hands_out_nothing_and_says_what_it_is() -> None:
    """What would pass has not passed, whoever asks and however it is logged."""
    report = verify(sign())
    forecast = report.simulate(NOW + DAY)
    assert forecast.indication == "TOTAL-PASSED"
    for wanted in ({TOWN}, "anyone"):
        with pytest.raises(MisuseError) as refused:
            forecast.require(signed_by=wanted)  # type: ignore[arg-type]
        assert refused.value.code == "require.simulated"
    assert forecast.log_line().startswith("SIMULATED TOTAL-PASSED kind=JAdES ")
    assert repr(forecast).startswith("<Report SIMULATED TOTAL-PASSED ")
    assert "SIMULATED" not in report.log_line() + repr(report)
    with pytest.raises(MisuseError) as refused:
        etsi.xml(forecast)
    assert refused.value.code == "report.simulated"
    assert etsi.xml(report).startswith(b"<?xml")


def test_valid_until_is_none_without_a_pass() -> None:
    assert verify(sign(), TrustStore.empty()).valid_until is None
    assert verify(sign()).valid_until == town().identity("town").certificate.not_after
    assert verify(b"nothing").valid_until is None


def test_objects_tell_what_the_value_proved() -> None:
    intact = verify(sign())
    assert [item.intact for item in intact.signatures[0].objects] == [True]
    (signature,) = registry.read(sign(), Contents(None), Work()).signatures
    wrong = signature._replace(objects=(signature.objects[0]._replace(intact=False),))
    report = judge(Facts("JAdES", (wrong,)), Policy.default(), trust(), NOW, Work())
    assert [item.intact for item in report.signatures[0].objects] == [False]
    assert report.sub_indication == "HASH_FAILURE"


def test_findings_texts() -> None:
    finding = Finding("revocation.revoked", "fail", "CN=x", {"date": NOW, "reason": "superseded"})
    assert finding.text == "The signing certificate was revoked at 2026-11-01 09:00:00 UTC (superseded)."
    assert "2026-11-01 09:00:00 UTC" in finding.text_in("ja")
    assert finding.clause == "EN 319 102-1 5.2.6"
    assert finding.sub_indication == "REVOKED_NO_POE"
    assert finding._replace(sub="REVOKED").sub_indication == "REVOKED"
    assert "?" in Finding("revocation.revoked", "fail").text
    # values come from files: braces in them are text
    assert Finding("format.malformed", "fail", "", {"reason": "{kind}"}).text.endswith("{kind}.")
