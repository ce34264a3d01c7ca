"""Proofs of entries in the place of what they are not."""

from __future__ import annotations

import pytest

from made_proof import EVIDENCE, LOG, SALT, SEALER, judged, opening, plain, record, sealed_charter, whole
from toyono_trust import NotVerified, TrustStore, devpki, sign, verify
from toyono_trust.core.canonical import json_canonical
from toyono_trust.ledger.charter import is_sealed, statement
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.proof import write_proof

ORDER = {"pay": "1000000", "to": "NTRJP-6666666666666"}


def test_a_proof_is_no_signature_of_the_charters_sealer_over_what_was_logged() -> None:
    """Whoever may append to a town's log has a proof, sealed charter and all, over whatever they want."""
    proof = plain(entry=commit(ORDER, SALT).entry)
    proof = proof._replace(salt=SALT, charter=sealed_charter(), record=record(proof))
    for presented in ({"order.json": json_canonical(ORDER)}, None):
        report = judged(proof, presented)
        assert report.log is not None
        assert report.log.vouched_by == "charter"
        assert report.log.operator == SEALER.made.certificate.identifier
        for signed_by in ({SEALER.made.certificate.identifier}, "anyone"):
            with pytest.raises(NotVerified) as caught:
                report.require(signed_by=signed_by)  # type: ignore[arg-type]
            assert caught.value.code == "require.no-signature"


def test_that_a_receipts_seal_was_not_looked_at_is_said() -> None:
    """What is altered outside of the entry (the seal, the promise) passes a proof that has nothing to do with it."""
    altered = EVIDENCE | {"jadesSignature": {"signature": "AAAA"}, "TransactionLogInformation": {"Evil": 1}}
    report = judged(whole(), {"receipt.json": json_canonical(altered)})
    assert [finding.code for finding in report.findings] == ["proof.seal-apart"]
    assert [finding.code for finding in judged(whole(), {"x": json_canonical(EVIDENCE)}).findings] == []
    assert [finding.code for finding in judged(whole(), {"x": opening().octets}).findings] == []


@pytest.mark.parametrize("salt", [SALT, None])
def test_an_altered_receipt_beside_the_true_opening_is_told(salt: bytes | None) -> None:
    proof = whole()._replace(salt=salt)
    altered = json_canonical(EVIDENCE | {"EventTime": "2026-10-01T00:00:00Z"})
    report = judged(proof, {"receipt.json": altered, "receipt.json.opening": opening().octets})
    assert report.log is not None
    assert [(one.name, one.matches) for one in report.log.evidence] == [
        ("receipt.json.opening", True),
        ("receipt.json", False),
    ]
    assert [finding.code for finding in report.findings] == ["proof.evidence-others"]
    assert "receipt.json (OTHER EVIDENCE)" in str(report)
    right = {"receipt.json": json_canonical(EVIDENCE), "receipt.json.opening": opening().octets}
    report = judged(proof, right)
    assert report.log is not None
    assert [one.matches for one in report.log.evidence] == [True, True]
    assert report.findings == ()


@pytest.mark.parametrize("who", ["resident", "sensor", "web"])
def test_a_charter_that_no_organisation_sealed_vouches_for_nothing(who: str) -> None:
    """Anybody with a certificate may sign a statement about a key of their own."""
    town = devpki.Town.create()
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    charter = bytes(sign(statement(LOG.key), by=town.identity(who), format="jades"))
    proof = write_proof(plain()._replace(charter=charter))
    report = verify(proof, trust=trust)
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert "proof.charter-not-seal" in {finding.code for finding in report.findings}
    assert report.log is not None
    assert (report.log.vouched_by, report.log.operator) == (None, None)
    assert not is_sealed(verify(charter, trust=trust))
    named = verify(proof, trust=trust.with_logs(LOG.key.text))
    assert named.indication == "TOTAL-PASSED"
    assert named.log is not None
    assert (named.log.vouched_by, named.log.operator) == ("trust", None)
