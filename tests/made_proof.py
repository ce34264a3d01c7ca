"""A log of receipts with its charter, stamped as a batch: proof files of any time, sound or with one thing wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from made_log import ORIGIN, entries, signer, witness
from made_record import ROOT, TSA
from past_pki import Party, archived, crl, party, sign, stamped, store, token, year
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.ers import HashTree, write
from toyono_trust.ledger import charter
from toyono_trust.ledger.checkpoint import as_signed, cosign
from toyono_trust.ledger.entry import Opening, commit
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import NoteSigner
from toyono_trust.ledger.proof import Proof, write_proof
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report
from toyono_trust.verbs import verify

LOG = signer()
KEEN: TrustStore | None = None
"""The usual trust."""
CHARTERED, LOGGED, STAMPED, NOW = year(2026, 10), year(2026, 11, 1), year(2026, 11, 2), year(2026, 11, 22)
INDEX, SIZE = 5, 9
SALT = bytes(range(16))
EVIDENCE: dict[str, Any] = {
    "version": "EN319522v1.1.1",
    "EvidenceIdentifier": "urn:uuid:1",
    "ERDSEventId": "http://uri.etsi.org/19522/Event/ContentHandover",
    "EventTime": "2026-11-01T00:00:00Z",
}
SEALER = party("town seal", ROOT, end=year(2030))


@lru_cache(1)
def opening() -> Opening:
    """What the entry at ``INDEX`` is of."""
    return commit(EVIDENCE, SALT)


def sealed_charter(key: NoteSigner = LOG, by: Party = SEALER, level: str = "B-LTA") -> bytes:
    """The statement of a log's key, sealed at this level."""
    octets = sign(by, CHARTERED, content=charter.statement(key.key))
    if level == "B-B":
        return octets
    octets = stamped(octets, TSA, CHARTERED + timedelta(hours=1))
    later = CHARTERED + timedelta(hours=2)
    return octets if level == "B-T" else archived(octets, TSA, later, ROOT, crl(ROOT, later - timedelta(minutes=1)))


@lru_cache
def plain(name: str = ORIGIN, entry: bytes | None = None, witnesses: int = 0) -> Proof:
    """A proof without charter, salt and record, out of a log in a file. ``witnesses``: how many cosigned."""
    key = signer(name)
    with tempfile.TemporaryDirectory() as folder, EvidenceLog.create(Path(folder, "log.db"), key.key) as log:
        given = entries(SIZE)
        given[INDEX] = entry or opening().entry
        log.append_many(given)
        note = log.checkpoint(key)
        for number in range(witnesses):
            note = cosign(note, key.key, witness(number), LOGGED + timedelta(minutes=number))
        proof = log.prove(INDEX)
    return proof._replace(checkpoint=note)


def record(proof: Proof, at: datetime = STAMPED, by: Party = TSA) -> bytes:
    """The evidence record over its checkpoint, in a batch with other leaves."""
    covered = BytesContent(as_signed(proof.checkpoint, proof.log)).digest("sha256")
    tree = HashTree([*entries(SIZE), covered])
    return write("sha256", tree.reduced(SIZE), token(tree.root, by, at))


@lru_cache(1)
def whole() -> Proof:
    """A proof with everything."""
    proof = plain()
    return proof._replace(salt=SALT, charter=sealed_charter(), record=record(proof))


def trust(at: datetime = NOW, *revoked: Any) -> TrustStore:
    """Trust in the root, with its list of that day."""
    return store(ROOT, items=[crl(ROOT, at, *revoked)])


def nobody() -> TrustStore:
    """Trust in no certificate."""
    return TrustStore.empty()


def judged(
    proof: Proof | bytes,
    presented: Mapping[str, bytes] | None = None,
    trust_store: TrustStore | None = None,
    at: datetime = NOW,
    rules: str = "",
) -> Report:
    """The verdict on a proof file."""
    octets = proof if isinstance(proof, bytes) else write_proof(proof)
    contents = Contents({name: BytesContent(data, name) for name, data in (presented or {}).items()})
    anchors = trust(at) if trust_store is None else trust_store
    return verify(octets, contents, anchors, Policy.parse(rules, "test"), at)


def failing(report: Report) -> list[str]:
    """Codes of the file's own findings, without those for information."""
    return [finding.code for finding in report.findings if finding.level != "inform"]
