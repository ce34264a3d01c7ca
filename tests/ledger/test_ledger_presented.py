"""Proof files as ``verify`` takes them: whose the log is, what stands in it since when, and what was altered."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives import hashes

from made_log import signer, witness
from made_proof import (
    EVIDENCE,
    INDEX,
    LOG,
    LOGGED,
    NOW,
    SALT,
    SEALER,
    SIZE,
    STAMPED,
    failing,
    judged,
    nobody,
    opening,
    plain,
    record,
    sealed_charter,
    trust,
    whole,
)
from made_record import ROOT
from past_pki import Party, codes, crl, outcome, party, stamper, token, year
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import ers
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.proof import write_proof
from toyono_trust.pki.trustlogs import TrustedLog
from toyono_trust.validation.replay import unpack
from toyono_trust.verbs import judge
from tsa_town import SoftwareKey

RECEIPT = {"receipt.json": json_canonical(EVIDENCE)}
KEY = LOG.key.text


def again(report: Any) -> Any:
    """The report out of its archive of evidence."""
    evidence = unpack(report.evidence)
    return judge(
        evidence.facts,
        evidence.policy,
        evidence.trust,
        evidence.at,
        evidence.work(),
        evidence.material,
        evidence.present,
    )


def test_a_proof_with_charter_and_record_passes_and_says_all() -> None:
    report = judged(whole(), RECEIPT)
    assert outcome(report) == ("TOTAL-PASSED", None), str(report)
    assert failing(report) == []
    value = report.to_json()["log"]
    assert value == {
        "origin": LOG.key.name,
        "key": KEY,
        "vouched_by": "charter",
        "operator": value["operator"],
        "index": INDEX,
        "entry": opening().entry.hex(),
        "tree_size": SIZE,
        "root": value["root"],
        "logged_since": "2026-11-02T00:00:00Z",
        "witnesses": [],
        "unknown_witnesses": 0,
        "matched": True,
        "evidence": [{"name": "receipt.json", "form": "json", "matches": True}],
        "promises": [],
        "proof": None,
    }
    assert report.signatures[0].certificate is not None
    assert value["operator"] == report.signatures[0].certificate.identifier


def test_it_is_judged_again_out_of_its_archive_octet_for_octet() -> None:
    for report in (
        judged(whole(), RECEIPT),
        judged(whole()._replace(charter=None), RECEIPT),
        judged(plain(witnesses=2), None, nobody().with_logs(TrustedLog(KEY, 1, (witness(0).key.text,)))),
        judged(whole(), {"other.json": b'{"a": 1}'}),
    ):
        repeated = again(report)
        assert json.dumps(repeated.to_json()) == json.dumps(report.to_json())
        assert str(repeated) == str(report)
        assert repeated.evidence == report.evidence


def test_nobody_vouches_for_a_log_without_charter_but_the_caller_may() -> None:
    bare = whole()._replace(charter=None)
    report = judged(bare, RECEIPT)
    assert outcome(report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert failing(report) == ["proof.log-unknown"]
    assert "--log-key" in report.findings[-1].remedy or any("--log-key" in each.remedy for each in report.findings)
    report = judged(bare, RECEIPT, trust().with_logs(KEY))
    assert outcome(report) == ("PASSED", None)
    assert report.log is not None
    assert report.log.vouched_by == "trust"
    other = signer("other.example.jp").key.text
    assert outcome(judged(bare, RECEIPT, trust().with_logs(other)))[0] == "INDETERMINATE"


def test_who_names_the_key_needs_no_charter_to_pass() -> None:
    report = judged(whole(), RECEIPT, nobody().with_logs(KEY))
    assert outcome(report) == ("PASSED", None)
    assert failing(report) == ["proof.record-not-usable"]
    assert report.log is not None
    assert report.log.logged_since is None
    untrusted = judged(whole(), RECEIPT, nobody())
    assert untrusted.indication == "INDETERMINATE"
    assert "proof.charter-not-passed" in failing(untrusted)


def test_a_charter_outlives_its_certificate_where_it_is_dated() -> None:
    later = year(2035)
    assert outcome(judged(whole(), RECEIPT, at=later)) == ("TOTAL-PASSED", None)
    for level in ("B-B", "B-T"):
        undated = whole()._replace(charter=sealed_charter(level=level))
        assert outcome(judged(undated, RECEIPT)) == ("TOTAL-PASSED", None)
        report = judged(undated, RECEIPT, at=later)
        assert outcome(report) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")
        assert "proof.charter-not-passed" in failing(report)
        assert report.log is not None
        assert report.log.logged_since == STAMPED  # what the record dates needs no charter


def test_a_charter_of_a_revoked_seal_counts_as_its_seal_does() -> None:
    after, before = (trust(NOW, (SEALER, when)) for when in (year(2026, 11, 10), year(2026, 9)))
    assert outcome(judged(whole(), RECEIPT, after)) == ("TOTAL-PASSED", None)
    assert judged(whole(), RECEIPT, before).indication != "TOTAL-PASSED"


def test_a_charter_of_another_log_or_key_vouches_for_nothing() -> None:
    for other in (signer("other.example.jp"), type(LOG).from_key(LOG.key.name, _another_key())):
        report = judged(whole()._replace(charter=sealed_charter(other)), RECEIPT)
        assert report.indication == "INDETERMINATE"
        assert {"proof.charter-other", "proof.log-unknown"} <= set(failing(report)) or "proof.charter-other" in failing(
            report
        )
    report = judged(whole()._replace(charter=b"{}"), RECEIPT)
    assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")


def _another_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_the_evidence_is_presented_in_any_form() -> None:
    sealed = json_canonical(EVIDENCE | {"jadesSignature": {"x": 1}, "TransactionLogInformation": {"y": 2}})
    for content, form in ((opening().octets, "opening"), (sealed, "json"), (b" " + sealed, "json")):
        report = judged(whole(), {"x": content})
        assert outcome(report) == ("TOTAL-PASSED", None)
        assert report.log is not None
        assert [each.form for each in report.log.evidence] == [form]
    among = judged(whole(), {"a": b"%PDF", "b": b'{"b": 1}', **RECEIPT})
    assert outcome(among) == ("TOTAL-PASSED", None)
    assert among.log is not None
    assert [(each.name, each.matches) for each in among.log.evidence] == [("receipt.json", True), ("b", False)]
    assert failing(among) == ["proof.evidence-others"]


def test_other_evidence_fails_and_unknown_evidence_is_said() -> None:
    report = judged(whole(), {"x": json_canonical(EVIDENCE | {"EventTime": "2026-11-01T00:00:01Z"})})
    assert outcome(report) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert failing(report) == ["proof.evidence"]
    assert outcome(judged(whole(), {"a": b"{}", "b": b"%PDF"})) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    assert outcome(judged(whole(), {"x": b"%PDF"})) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    alone = judged(whole())
    assert outcome(alone) == ("TOTAL-PASSED", None)
    assert failing(alone) == ["proof.evidence-not-presented"]
    unsalted = judged(whole()._replace(salt=None), RECEIPT)
    assert outcome(unsalted) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    assert failing(unsalted) == ["proof.salt"]
    opened = judged(whole()._replace(salt=None), {"x": opening().octets})
    assert outcome(opened) == ("TOTAL-PASSED", None)
    wrong = judged(whole()._replace(salt=bytes(16)), RECEIPT)
    assert outcome(wrong) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_witnesses_are_asked_for_by_the_trust_store() -> None:
    texts = tuple(witness(number).key.text for number in range(3))
    seen = judged(plain(witnesses=2), None, nobody().with_logs(TrustedLog(KEY, 2, texts)))
    assert outcome(seen) == ("PASSED", None)
    assert seen.log is not None
    assert [(one.name, one.time) for one in seen.log.witnesses] == [
        ("witness0.example.jp", LOGGED),
        ("witness1.example.jp", LOGGED + timedelta(minutes=1)),
    ]
    few = judged(plain(witnesses=2), None, nobody().with_logs(TrustedLog(KEY, 3, texts)))
    assert outcome(few) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert "checkpoint.witnesses" in failing(few)
    unasked = judged(plain(witnesses=2), None, nobody().with_logs(KEY))
    assert unasked.log is not None
    assert unasked.log.unknown_witnesses == 2


def test_a_forged_cosignature_is_found() -> None:
    proof = plain(witnesses=1)
    lines = proof.checkpoint.split(b"\n")
    other = plain(entry=bytes(32), witnesses=1).checkpoint.split(b"\n")
    forged = b"\n".join([*lines[:-2], other[-2], b""])
    report = judged(
        proof._replace(checkpoint=forged), None, nobody().with_logs(TrustedLog(KEY, 1, (witness(0).key.text,)))
    )
    assert outcome(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    assert "checkpoint.cosignature" in failing(report)


def test_the_record_dates_the_entry_where_its_authority_is_trusted() -> None:
    proof = whole()
    unknown = proof._replace(record=record(proof, by=stamper("nobody's tsa", party("x", ROOT).made)))
    report = judged(unknown, RECEIPT)
    assert outcome(report) == ("TOTAL-PASSED", None)
    assert failing(report) == ["proof.record-not-usable"]
    assert report.log is not None
    assert report.log.logged_since is None
    other = proof._replace(record=record(plain(entry=bytes(32))))
    assert outcome(judged(other, RECEIPT)) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert outcome(judged(proof._replace(record=b"0\x03\x02\x01\x01"), RECEIPT)) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert "proof.not-stamped" in codes(judged(proof._replace(record=None), RECEIPT))


def test_the_checkpoint_may_be_cosigned_after_it_was_stamped() -> None:
    stamped, seen = whole(), plain(witnesses=2)
    report = judged(seen._replace(salt=SALT, charter=stamped.charter, record=stamped.record), RECEIPT)
    assert outcome(report) == ("TOTAL-PASSED", None)
    assert report.log is not None
    assert report.log.logged_since == STAMPED


@pytest.mark.parametrize("family", ["sha256", "eddsa"])
def test_algorithms_of_the_log_count_as_of_the_time_that_is_proven(family: str) -> None:
    rules = f"[algorithms.expires]\n{family} = 2027-01-01\n"
    later = year(2028)
    trusted = trust(later).with_logs(KEY)
    dated = judged(whole()._replace(charter=None), RECEIPT, trusted, later, rules)
    undated = judged(whole()._replace(charter=None, record=None), RECEIPT, trusted, later, rules)
    assert outcome(undated) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    if family == "eddsa":
        assert outcome(dated) == ("PASSED", None)
    else:  # the record itself is made with SHA-256, and was not renewed before its end
        assert outcome(dated)[0] == "INDETERMINATE"
    assert judged(whole(), RECEIPT, trust().with_logs(KEY), rules=rules).valid_until is not None


def test_a_simulation_judges_the_log_anew() -> None:
    rules = "[algorithms.expires]\neddsa = 2027-01-01\n"
    report = judged(whole()._replace(charter=None, record=None), RECEIPT, trust().with_logs(KEY), rules=rules)
    assert outcome(report) == ("PASSED", None)
    assert report.valid_until == year(2027) - timedelta(microseconds=1)
    assert outcome(report.simulate(year(2027))) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert report.lapse is not None
    assert report.lapse.code == "algorithm.expired"


def test_any_octets_give_a_report() -> None:
    octets = write_proof(whole())
    for data in (
        octets[:-1],
        octets.replace(b"/v1", b"/v2"),
        octets + b"\n",
        b" " + octets,
        octets.replace(b"index", b"jndex"),
    ):
        report = judged(data, RECEIPT)
        assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")
        assert report.sub_indication == "FORMAT_FAILURE"
        assert json.dumps(again(report).to_json()) == json.dumps(report.to_json())


def test_what_is_kept_of_a_proof_has_no_content() -> None:
    assert b"ContentHandover" not in judged(whole(), RECEIPT).evidence


class _Strong(Party):
    """A time-stamping authority that signs with SHA-512."""

    @property
    def key(self) -> SoftwareKey:
        return SoftwareKey(self.made.certificate, (), self.made.key, "ecdsa-sha512")


def test_in_2050_the_renewals_of_the_stamp_decide() -> None:
    """Ed25519 and SHA-256 have ended, and the first authority too; who renewed in time still proves the entry."""
    rules = "[algorithms.expires]\neddsa = 2040-01-01\nsha256 = 2040-01-01\n"
    first = stamper("authority of 2026", ROOT, end=year(2032))
    with mock.patch.object(hashes, "SHA256", hashes.SHA512):  # what certificates and lists are signed with
        strong = _Strong(stamper("authority of 2031", ROOT).made)
        trusted = trust(year(2050)).with_logs(KEY)
    proof = whole()._replace(charter=None)
    old = record(proof, by=first)
    at, covered = year(2050), Contents(BytesContent(as_signed(proof.checkpoint, proof.log)))
    with_data = ers.add_validation_data(old, ValidationData((ROOT.der,), (crl(ROOT, year(2030, 12)),)))
    draft = ers.prepare_archive(with_data, covered, "sha512")
    renewed = ers.attach_archive(draft, token(draft.imprint, strong, year(2031), "sha512"))
    report = judged(proof._replace(record=renewed), RECEIPT, trusted, at, rules)
    assert outcome(report) == ("PASSED", None), str(report)
    assert report.log is not None
    assert report.log.logged_since == STAMPED
    assert failing(report) == ["proof.digest-ended"]
    lapsed = judged(proof._replace(record=old), RECEIPT, trusted, at, rules)
    assert outcome(lapsed) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert json.dumps(again(report).to_json()) == json.dumps(report.to_json())
