"""Receipts whose issuer wants them older or better logged than they are."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from made_log import entries, signer
from toyono_trust import TrustStore, aio, devpki, receipt, verify
from toyono_trust.delivery.logs import promise
from toyono_trust.devpki.server import Simulation
from toyono_trust.errors import MisuseError
from toyono_trust.ledger.issuing import ReceiptLog
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import Proof, write_proof
from toyono_trust.ledger.stamping import stamp
from toyono_trust.signing import Stamping
from toyono_trust.steps import World, run
from toyono_trust.validation.report import Report

LOG = signer()
PARTS = {"letter.txt": b"letter"}


class Town(NamedTuple):
    """A log with one receipt in it, under a checkpoint and a time stamp; and who is trusted."""

    made: Any
    proof: Proof
    trust: TrustStore
    given: dict[str, Any]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    pki = devpki.Town.create()
    trust = TrustStore.from_certificates([pki.root.der], [pki.ca.der], [pki.crl("root"), pki.crl("ca")])
    given: dict[str, Any] = {
        "by": pki.identity("town"),
        "sender": "NTRJP-2222222222222",
        "recipients": ["a@town.example"],
        "message_id": "m-1",
        "parts": PARTS,
        "policy_id": "1.2.3",
        "submission_time": datetime.now(UTC),
    }
    world = World(lambda: datetime.now(UTC), secrets.token_bytes, lambda: 0.0, Simulation(pki))
    with EvidenceLog.create(tmp_path_factory.mktemp("log") / "log.db", LOG.key) as log:
        log.append_many(entries(3))
        made = receipt("ContentHandover", log=ReceiptLog(log, LOG), **given)
        log.checkpoint(LOG)
        run(stamp(log, Stamping((f"{pki.base_url}/tsr",))), world)
        proof = log.prove(made.entry.position, salt=made.entry.salt)
    return Town(made, proof, trust.with_logs(LOG.key.text), given)


def checked(town: Town, made: Any, proof: Proof) -> Report:
    return verify(bytes(made), trust=town.trust, content=PARTS, proof=write_proof(proof))


def test_the_receipt_itself_is_logged_and_its_promise_kept(town: Town) -> None:
    report = checked(town, town.made, town.proof)
    assert report.log is not None
    assert (report.indication, report.log.matched) == ("TOTAL-PASSED", True)
    assert report.log.logged_since is not None
    assert [one.state for one in report.log.promises] == ["kept"]


@pytest.mark.parametrize("salted", [True, False])
def test_another_receipts_promise_and_proof_date_nothing(town: Town, *, salted: bool) -> None:
    """Sealed later, with the promise to an earlier receipt in it, and that one's proof beside it."""
    borrowed = promise(LOG.key.text, town.made.entry.position, town.made.entry.promise)
    later = receipt("ContentHandover", transaction_logs=(borrowed,), **town.given)
    report = checked(town, later, town.proof if salted else town.proof._replace(salt=None))
    assert report.log is not None
    assert report.log.matched is not True
    assert report.log.logged_since is None
    assert [one.state for one in report.log.promises] == ["unproven"]
    assert report.to_json()["log"]["logged_since"] is None
    assert "kept" not in str(report)
    codes = {finding.code for finding in report.findings}
    assert codes & {"proof.failed", "proof.undecided", "proof.undecided-salt"}


def test_the_opening_of_an_earlier_receipt_is_never_replaced(town: Town, tmp_path: Path) -> None:
    """Its salt lies nowhere else; a receipt that was put elsewhere without it is lost to every proof."""
    out = tmp_path / "r.json"
    with EvidenceLog.create(tmp_path / "log.db", LOG.key) as log:
        made = receipt("ContentHandover", log=ReceiptLog(log, LOG), out=out, **town.given)
        out.rename(tmp_path / "archived.json")
        with pytest.raises(MisuseError) as caught:
            receipt("ContentHandover", log=ReceiptLog(log, LOG), out=out, **town.given)
        assert caught.value.code == "receipt.opening-exists"
        with pytest.raises(MisuseError):
            asyncio.run(aio.receipt("ContentHandover", log=ReceiptLog(log, LOG), out=out, **town.given))
        assert log.head.size == 1
        assert (tmp_path / "r.json.opening").read_bytes() == made.entry.opening
    receipt("ContentHandover", out=out, **town.given)
    assert out.exists()
