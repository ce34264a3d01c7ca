"""The report's clothes: JSON members as promised, and text that people understand before any name of a standard."""

from __future__ import annotations

import json
import re
from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator
from judging_town import DAY, NOW, PAYLOAD, sha256, sign, stamp, token, town, trust, verify
from lasting_reports import Shown, shown

from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Identity
from toyono_trust.devpki.issue import Issuer, generate_key, issue
from toyono_trust.devpki.profiles import PROFILES
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, SignedObject
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.render import safe, text, utc
from toyono_trust.validation.report import Report
from toyono_trust.validation.words import FORECASTS, KINDS, LABELS, MATERIAL, SENTENCES, TIMESTAMP_TYPES, VERDICTS

TOKYO = ZoneInfo("Asia/Tokyo")
TSA = "CN=Throw-away TSA,O=Throw-away PKI,C=JP"

# JSON ----------------------------------------------------------------------------------------------------------------

TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
MAYBE_TIME = {"anyOf": [TIME, {"type": "null"}]}
MAYBE = {"type": ["boolean", "null"]}
NAME = {"type": ["string", "null"]}
DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def members(properties: dict[str, Any], *more: str) -> dict[str, Any]:
    """An object with exactly these members; ``more`` are those beyond the architecture's page."""
    allowed = {**properties, **dict.fromkeys(more, True)}
    return {"type": "object", "properties": allowed, "required": list(properties), "additionalProperties": False}


FINDING = members(
    {
        "code": {"type": "string"},
        "level": {"enum": ["fail", "warn", "inform"]},
        "sub_indication": NAME,
        "clause": {"type": "string"},
        "subject": {"type": "string"},
        "text": {"type": "string", "minLength": 1},
        "remedy": {"type": "string", "minLength": 1},
    }
)
FINDINGS = {"type": "array", "items": FINDING}
SIGNER = {
    "anyOf": [
        {"type": "null"},
        members(
            {
                "subject": {"type": "string"},
                "identifier": {"type": "string"},
                "kind": {"type": "string"},
                "certificate_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "issuer": {"type": "string"},
            },
            "not_after",
        ),
    ]
}
TYPES = ["content", "signature", "validation-data", "archive", "document", "container", "detached"]
TIMESTAMP = members(
    {
        "id": {"type": "string", "pattern": "^timestamp-[0-9a-f]{16}(-[0-9]+)?$"},
        "type": {"enum": TYPES},
        "time": MAYBE_TIME,
        "imprint_found": {"type": "boolean"},
        "imprint_intact": MAYBE,
        "signature_intact": MAYBE,
        "indication": {"enum": ["PASSED", "FAILED", "INDETERMINATE"]},
        "sub_indication": NAME,
    },
    *("valid_until", "imprint_algorithm", "policy", "serial_number", "accuracy_seconds", "ordering", "signer"),
    *("past_validation", "proven_at", "proven_by", "findings"),
)
SIGNATURE = members(
    {
        "id": {"type": "string", "pattern": "^signature-[0-9a-f]{16}(-[0-9]+)?$"},
        "format": {"enum": ["CAdES", "PAdES", "XAdES", "JAdES", "PKCS7", "XMLDSig", "JWS", "X-Road"]},
        "level": {"enum": [None, "B-B", "B-T", "B-LT", "B-LTA"]},
        "container": {"enum": [None, "ASiC-S", "ASiC-E"]},
        "kind": {"enum": ["signature", "seal", "device", "website", "unknown"]},
        "indication": {"enum": ["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"]},
        "sub_indication": NAME,
        "valid_until": MAYBE_TIME,
        "signer": SIGNER,
        "claimed_signing_time": MAYBE_TIME,
        "best_signature_time": TIME,
        "algorithm": {"type": "string"},
        "signature_intact": MAYBE,
        "signed_objects": {
            "type": "array",
            "items": members(
                {"name": {"type": "string"}, "digest_algorithm": NAME, "found": {"type": "boolean"}, "intact": MAYBE}
            ),
        },
        "timestamps": {"type": "array", "items": TIMESTAMP},
        "evidence_records": {"type": "array"},
        "counter_signatures": {"type": "array"},
        "findings": FINDINGS,
    },
    *("revision", "revocation_evidence", "chain", "proven_by"),
)
REPORT = members(
    {
        "report_version": {"const": 1},
        "file": NAME,
        "validated_at": TIME,
        "policy": members({"name": {"type": "string"}, "digest": DIGEST}),
        "trust": members({"digest": DIGEST, "revocation_digest": DIGEST, "valid_until": MAYBE_TIME}),
        "indication": {"enum": ["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE", "PASSED", "FAILED"]},
        "sub_indication": NAME,
        "signatures": {"type": "array", "items": SIGNATURE},
        "receipt": {"type": ["object", "null"]},
        "timestamps": {"type": "array", "items": TIMESTAMP},
        "evidence_records": {"type": "array"},
        "findings": FINDINGS,
        "simulated_from": MAYBE_TIME,
        "material": {
            "type": "array",
            "items": members(
                {"kind": {"enum": ["certificate", "crl", "ocsp"]}, "digest": DIGEST, "source": {"type": "string"}}
            ),
        },
    }
)


def reports() -> dict[str, Report]:
    content = BytesContent(PAYLOAD)
    return {
        "passed": verify(sign()),
        "stamped": verify(stamp(sign(), NOW), at=NOW + DAY),
        "failed": verify(sign(detached=True), content=BytesContent(b"x")),
        "no content": verify(sign(format="cades", detached=True)),
        "undecided": verify(sign("expired", claimed=NOW - 100 * DAY), TrustStore.empty()),
        "token": verify(token(sha256(PAYLOAD), NOW), content=content),
        "token without content": verify(token(sha256(PAYLOAD), NOW)),
        "unreadable token": verify(_with_broken_token()),
        "unreadable": verify(b"eyJ.x.y"),
        "unknown": verify(b"nothing"),
    }


def _with_broken_token() -> bytes:
    from toyono_trust.formats import cades

    return cades.attach(sign(format="cades"), b"\x30\x03\x02\x01\x01")


REPORTS = reports()


@pytest.mark.parametrize("name", REPORTS)
def test_json_members(name: str) -> None:
    value = json.loads(json.dumps(REPORTS[name].to_json()))
    Draft202012Validator(REPORT).validate(value)


def test_json_of_a_sound_signature() -> None:
    value = REPORTS["stamped"].to_json()
    certificate = town().identity("town").certificate
    (signature,) = value["signatures"]
    assert value["indication"] == signature["indication"] == "TOTAL-PASSED"
    assert (value["sub_indication"], value["file"], value["receipt"]) == (None, None, None)
    assert value["validated_at"] == "2026-11-02T09:00:00Z"
    assert value["policy"] == {"name": Policy.default().name, "digest": Policy.default().digest}
    assert value["trust"]["valid_until"] == "2027-11-01T09:00:00Z"
    assert (signature["format"], signature["level"], signature["kind"]) == ("JAdES", "B-T", "seal")
    assert signature["algorithm"] == "ecdsa-p256-sha256"
    assert signature["claimed_signing_time"] == signature["best_signature_time"] == "2026-11-01T09:00:00Z"
    assert signature["signer"]["identifier"] == "NTRJP-9234567890123"
    assert signature["signer"]["certificate_sha256"] == certificate.sha256.hex()
    assert len(signature["revocation_evidence"]) == 2
    assert signature["timestamps"][0]["type"] == "signature"
    assert signature["timestamps"][0]["time"] == "2026-11-01T09:00:00Z"


def test_json_of_what_could_not_be_read() -> None:
    value = REPORTS["unreadable"].to_json()
    assert (value["indication"], value["sub_indication"], value["signatures"]) == ("TOTAL-FAILED", "FORMAT_FAILURE", [])
    assert value["findings"][0]["sub_indication"] == "FORMAT_FAILURE"
    (broken,) = REPORTS["unreadable token"].to_json()["signatures"][0]["timestamps"]
    assert (broken["time"], broken["indication"], broken["sub_indication"]) == (None, "FAILED", "FORMAT_FAILURE")


def test_times_in_json_are_utc() -> None:
    assert utc(NOW.astimezone(TOKYO)) == "2026-11-01T09:00:00Z"
    assert utc(NOW + timedelta(milliseconds=5)) == "2026-11-01T09:00:00.005000Z"
    assert utc(None) is None


# text ----------------------------------------------------------------------------------------------------------------

VERDICT = {"TOTAL-PASSED": 0, "PASSED": 0, "TOTAL-FAILED": 1, "FAILED": 1, "INDETERMINATE": 2}
FIRST = {"en": ("VALID", "INVALID", "UNDECIDED"), "ja": ("有効", "無効", "判定不能")}
ETSI = re.compile(r"[A-Z]{3,}_[A-Z_]+|TOTAL|INDETERMINATE|EN 319|RFC \d")


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_verdict_why_and_what_to_do_come_first(name: str, language: Any) -> None:
    report = REPORTS[name]
    verdict, why, remedy, *rest = text(report, language, TOKYO).splitlines()
    assert verdict == FIRST[language][VERDICT[report.indication]]
    labels = {"en": ("  why: ", "  what to do: "), "ja": ("  理由: ", "  対応: ")}[language]
    for line, label in zip((why, remedy), labels, strict=True):
        assert line.startswith(label)
        assert line.endswith({"en": (".", "?"), "ja": ("。", "）", "）。")}[language])
        assert not ETSI.search(line)
        assert "?" not in line
    assert re.search(report.indication, rest[-1])
    if report.sub_indication:
        assert report.sub_indication in rest[-1]


def test_golden_in_english() -> None:
    lines = text(REPORTS["stamped"], "en", TOKYO).splitlines()
    assert lines[:6] == [
        "VALID",
        "  why: Everything that was found is unchanged, and its signer is vouched for by a trusted authority.",
        "  what to do: Check that the signer named below is the one you expect.",
        "  this verdict holds until: 2036-10-29 18:00:00 JST",
        f"  what ends it then: The certificate expires at 2036-10-29 18:00:00 JST. ({TSA})",
        "  VALID · seal of an organisation · JAdES B-T · ecdsa-p256-sha256",
    ]
    shown = "\n".join(lines)
    assert "    signer: " in shown
    assert "見本町" in shown
    assert "(NTRJP-9234567890123)" in shown
    assert "    claimed signing time: 2026-11-01 18:00:00 JST" in lines
    proven = "    proven to have existed at: 2026-11-01 18:00:00 JST · time stamp of the signature (Throw-away TSA)"
    assert proven in lines
    assert "    covers: content (intact)" in lines
    assert any(
        line.startswith("    VALID · time stamp of the signature · 2026-11-01 18:00:00 JST · ") for line in lines
    )
    assert lines[-2] == "  verified with: 4 certificates, 2 CRLs (3 in the file, 3 from the trust store)"


def test_golden_in_japanese() -> None:
    lines = text(REPORTS["stamped"], "ja", TOKYO).splitlines()
    assert lines[:6] == [
        "有効",
        "  理由: 検証した内容に改ざんはなく、署名者は信頼する認証局によって証明されています。",
        "  対応: 下に示す署名者が、想定した相手であることを確認してください。",
        "  この検証結果の有効期限: 2036-10-29 18:00:00 JST",
        f"  期限が切れる理由: 証明書の有効期限は 2036-10-29 18:00:00 JST までです。（{TSA}）",
        "  有効 · eシール（法人・組織） · JAdES B-T · ecdsa-p256-sha256",
    ]
    assert "    署名対象: データ本体 (改ざんなし)" in lines
    assert any(line.startswith("    有効 · 署名タイムスタンプ · 2026-11-01 18:00:00 JST · ") for line in lines)


def test_failures_in_both_languages() -> None:
    english = text(REPORTS["failed"], "en").splitlines()
    assert english[1] == "  why: The signature value does not fit the signed data and the signer's key."
    japanese = text(REPORTS["no content"], "ja").splitlines()
    assert japanese[:3] == [
        "判定不能",
        "  理由: 署名対象データが見つかりません。",
        "  対応: 署名対象データを指定してください（ライブラリでは content=、コマンドでは --content）。",
    ]
    assert text(REPORTS["unknown"], "ja").splitlines()[1] == "  理由: 対応している署名形式ではありません。"


def test_times_in_findings_are_local() -> None:
    expired = verify(sign("expired", claimed=NOW - 100 * DAY))
    why = text(expired, "ja", TOKYO).splitlines()[1]
    assert "2026-10-02 18:00:00 JST" in why
    assert "T09:00" not in text(expired, "en", TOKYO)
    assert "2026-10-02 09:00:00 UTC" in text(expired, "en")
    assert "2026-10-02 04:00:00 -0500" in text(expired, "en", timezone(timedelta(hours=-5), "-0500"))


@pytest.mark.parametrize("hours", [-23, 14, 23])
@pytest.mark.parametrize("name", REPORTS)
def test_any_zone(name: str, hours: int) -> None:
    """Year 1 of an unreadable token and year 9999 of an endless certificate have no local time everywhere."""
    assert text(REPORTS[name], "ja", timezone(timedelta(hours=hours)))


def test_rescue_is_explained() -> None:
    from judging_town import revocation

    store = trust(*revocation(NOW + 9 * DAY, revoked={"town": (NOW + 2 * DAY, "superseded")}))
    report = verify(stamp(sign(), NOW + DAY), store, NOW + 9 * DAY)
    shown = text(report, "en", TOKYO)
    assert "note: The signing certificate was revoked at 2026-11-03 18:00:00 JST" in shown
    assert "note: A time stamp proves that the signature existed at 2026-11-02 18:00:00 JST" in shown


def test_colour_only_where_asked() -> None:
    assert "\x1b" not in text(REPORTS["passed"])
    assert text(REPORTS["passed"], colour=True).startswith("\x1b[1;32mVALID\x1b[0m")
    assert text(REPORTS["failed"], colour=True).startswith("\x1b[1;31mINVALID\x1b[0m")
    assert text(REPORTS["undecided"], colour=True).startswith("\x1b[1;33mUNDECIDED\x1b[0m")


def test_print_is_the_text() -> None:
    assert str(REPORTS["passed"]) == text(REPORTS["passed"])


@pytest.mark.parametrize("name", Shown._fields)
def test_json_of_archives(name: str) -> None:
    value = json.loads(json.dumps(getattr(shown(), name).to_json()))
    Draft202012Validator(REPORT).validate(value)
    assert (value["simulated_from"] is None) is (name not in ("forecast", "lapse"))


# hostile text --------------------------------------------------------------------------------------------------------

HOSTILE = "a\x1b[2Jb\u202ec\u2066d\re\nf\u200fg\x9bh\u061ci"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain 見本町\u3000町長", "plain 見本町\u3000町長"),
        ("\x1b[31m", "\\u001b[31m"),
        ("\u202eevil", "\\u202eevil"),
        ("a\r\nb", "a\\u000d\\u000ab"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("葛\U000e0100", "葛\U000e0100"),
    ],
)
def test_safe(value: str, shown: str) -> None:
    assert safe(value) == shown


def hostile_report() -> Report:
    ca = town().identity("ca")
    key = generate_key("p256")
    profile = PROFILES["town"]._replace(subject=(("2.5.4.6", "JP"), ("2.5.4.10", HOSTILE), ("2.5.4.3", HOSTILE)))
    der = issue(
        profile, key.public_key(), Issuer("ca", ca.certificate, ca.private_key), ca.private_key, NOW, "http://x"
    )
    identity = Identity("hostile", Certificate.load(der), (ca.certificate,), key)
    (signature,) = registry.read(sign(identity=identity), Contents(None), Work()).signatures
    hidden = SignedObject(HOSTILE, False, None, "sha256", b"x")
    facts = Facts("JAdES", (signature._replace(objects=(*signature.objects, hidden)),))
    report = judge(facts, Policy.default(), trust(), NOW, Work())
    report.file = HOSTILE
    return report


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_from_a_file_commands_a_terminal(language: Any) -> None:
    """Invariant: the text holds no control and no bidirectional character but its own line ends."""
    shown = text(hostile_report(), language)
    assert all(char.isprintable() or char in "\n\u3000" for char in shown)
    assert "\\u001b[2J" in shown or "\\1B[2J" in shown
    assert len(shown.splitlines()) == len(shown.split("\n"))


def test_log_line_of_a_hostile_file_is_one_line() -> None:
    assert hostile_report().log_line().isprintable()


@pytest.mark.parametrize("table", [VERDICTS, FORECASTS, SENTENCES, KINDS, LABELS, TIMESTAMP_TYPES, MATERIAL])
def test_every_word_is_in_both_languages(table: dict[str, tuple[str, str]]) -> None:
    for english, japanese in table.values():
        assert english.isascii()
        assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", japanese)


def test_every_sentence_has_what_to_do() -> None:
    assert {f"{key}-do" for key in SENTENCES if not key.endswith("-do")} <= SENTENCES.keys()
