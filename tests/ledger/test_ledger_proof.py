"""Entries, proofs, promises and charters: what its holder can show after the log is gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, Place, entries, entry, signer, witness
from toyono_trust import TrustStore, seal, verify
from toyono_trust.core import merkle
from toyono_trust.core.canonical import json_canonical
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError, TrustError
from toyono_trust.ledger import charter, note
from toyono_trust.ledger.checkpoint import WitnessPolicy, cosign, read_checkpoint
from toyono_trust.ledger.entry import commit, read_opening
from toyono_trust.ledger.promise import Promise, is_promise, open_promise, sign_promise
from toyono_trust.ledger.proof import Proof, check_proof, read_proof, write_proof

LOG = signer()
SALT = bytes(range(16))
AT = datetime(2027, 4, 1, 12, 0, tzinfo=UTC)
EVIDENCE: dict[str, Any] = {
    "ERDSEventId": "http://uri.etsi.org/19522/Event/ContentHandover",
    "EvidenceIdentifier": "urn:uuid:9b6f4b2e-0000-4000-8000-000000000002",
    "EventTime": "2027-04-01T00:00:00Z",
    "SenderDetails": {"Identity": ["豊能町"], "count": 3},
}


def refused(code: str, work: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(TrustError) as caught:
        work(*arguments, **named)
    assert caught.value.code == code


# -- entries


def test_an_entry_is_the_digest_of_its_opening() -> None:
    opening = commit(EVIDENCE, SALT)
    assert opening.entry == sha256(opening.octets).digest()
    assert json.loads(opening.octets) == {"evidence": EVIDENCE, "salt": "AAECAwQFBgcICQoLDA0ODw"}
    assert opening.octets == json_canonical({"evidence": EVIDENCE, "salt": "AAECAwQFBgcICQoLDA0ODw"})
    assert read_opening(opening.octets) == opening


def test_seal_and_log_information_are_outside() -> None:
    later = EVIDENCE | {"jadesSignature": {"a": 1}, "TransactionLogInformation": {"TransactionLog": [1]}}
    assert commit(later, SALT) == commit(EVIDENCE, SALT)
    assert commit(EVIDENCE | {"EventTime": "2027-04-01T00:00:01Z"}, SALT).entry != commit(EVIDENCE, SALT).entry
    assert commit(EVIDENCE, bytes(16)).entry != commit(EVIDENCE, SALT).entry


def test_what_cannot_be_committed_to() -> None:
    refused("entry.salt", commit, EVIDENCE, SALT[:-1])
    refused("entry.salt", commit, EVIDENCE, b"")
    refused("entry.evidence", commit, {}, SALT)
    refused("entry.evidence", commit, {"jadesSignature": {}}, SALT)
    refused("entry.evidence", commit, {"a": "x" * (1 << 22)}, SALT)
    refused("json.type", commit, {"a": b"octets"}, SALT)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_opening_has_one_form(data: st.DataObject) -> None:
    """Invariant: other octets are refused, or open another entry."""
    octets = commit(EVIDENCE, SALT).octets
    at = data.draw(st.integers(0, len(octets)))
    new = (
        octets[:at] + data.draw(st.binary(max_size=2)) + octets[data.draw(st.integers(at, min(at + 2, len(octets)))) :]
    )
    try:
        opening = read_opening(new)
    except MalformedError:
        return
    assert opening.octets == new
    assert (opening == commit(EVIDENCE, SALT)) == (new == octets)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"evidence": EVIDENCE},
        {"evidence": EVIDENCE, "salt": "AAAA"},
        {"evidence": EVIDENCE, "salt": 5},
        {"evidence": {}, "salt": "AAECAwQFBgcICQoLDA0ODw"},
        {"evidence": [1], "salt": "AAECAwQFBgcICQoLDA0ODw"},
        {"evidence": EVIDENCE, "salt": "AAECAwQFBgcICQoLDA0ODw", "more": 1},
        {"evidence": EVIDENCE | {"jadesSignature": {}}, "salt": "AAECAwQFBgcICQoLDA0ODw"},
    ],
)
def test_texts_that_open_nothing(value: Any) -> None:
    refused("entry.malformed", read_opening, json_canonical(value))


def test_two_digests_are_no_opening() -> None:
    """RFC 4998 hashes nodes as it hashes leaves: a node must not pass for a leaf."""
    for number in range(100):
        with pytest.raises(MalformedError):
            read_opening(entry(number) + entry(number + 1))


# -- proofs


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """The proof of evidence in a log that is gone."""
    folder = tmp_path_factory.mktemp("log")
    with Place(str(folder / "log.db")).create(charter=b"sealed") as log:
        log.append_many(entries(5))
        position = log.append(commit(EVIDENCE, SALT).entry)
        log.append_many(entries(7, 5))
        policy = WitnessPolicy.of(1, witness(1).key)
        note = log.add_cosignatures(cosign(log.checkpoint(LOG), LOG.key, witness(1), AT), policy)
        made = log.prove(position, salt=SALT, checkpoint=note)
    shutil.rmtree(folder)
    return made


POLICY = WitnessPolicy.of(1, witness(1).key)


def test_a_proof_holds_alone(proof: Proof) -> None:
    octets = write_proof(proof)
    assert read_proof(octets) == proof
    assert len(octets) < 2_000
    proven = check_proof(octets, LOG.key, POLICY, EVIDENCE)
    assert (proven.position, proven.entry) == (5, commit(EVIDENCE, SALT).entry)
    assert proven.seen.checkpoint.size == 13
    assert [one.at for one in proven.seen.cosignatures] == [AT]
    sealed = EVIDENCE | {"jadesSignature": {}}
    assert check_proof(proof, LOG.key, evidence=sealed) == check_proof(proof, LOG.key)


def test_a_proof_needs_no_database(proof: Proof, tmp_path: Path) -> None:
    """Offline, with what an auditor's kit has: neither a database driver nor a network is imported."""
    (tmp_path / "proof.json").write_bytes(write_proof(proof))
    code = f"""
import sys
from pathlib import Path
from toyono_trust.ledger.proof import check_proof
from toyono_trust.ledger.note import NoteKey
print(check_proof(Path({str(tmp_path / "proof.json")!r}).read_bytes(), NoteKey.parse({LOG.key.text!r})).position)
print(sorted({{"sqlite3", "psycopg", "urllib3", "asn1crypto", "pyhanko"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["5", "[]"]


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_any_changed_octet_of_a_proof_is_found(proof: Proof, data: st.DataObject) -> None:
    """Invariant: no octet of a proof can be changed, put in or left out, but for those of its charter."""
    octets = write_proof(proof)
    start = octets.index(b'"charter":"') + 11
    at = data.draw(st.integers(0, len(octets) - 1).filter(lambda at: not start <= at <= start + 8))
    value = data.draw(st.binary(min_size=1, max_size=1))
    changed = data.draw(
        st.sampled_from(
            [octets[:at] + value + octets[at + 1 :], octets[:at] + octets[at + 1 :], octets[:at] + value + octets[at:]]
        ).filter(lambda one: one != octets)
    )
    with pytest.raises(MalformedError):
        check_proof(changed, LOG.key, POLICY, EVIDENCE)


@pytest.mark.parametrize("member", ["format", "log", "index", "entry", "inclusion", "checkpoint"])
def test_members_of_other_types(proof: Proof, member: str) -> None:
    members = json.loads(write_proof(proof))
    for value in (None, True, -1, 1.5, 1 << 60, "", "x", [], [1], ["AAAA"], {}, ["x"] * 100):
        if value != members[member]:
            with pytest.raises(MalformedError):
                check_proof(json_canonical(members | {member: value}), LOG.key, POLICY, EVIDENCE)
    del members[member]
    refused("proof.malformed", read_proof, json_canonical(members))


def test_one_thing_wrong_is_named(proof: Proof) -> None:
    other = signer("other.example")
    refused("proof.log", check_proof, proof, other.key)
    refused("proof.log", check_proof, proof._replace(log=other.key), LOG.key)
    refused("checkpoint.witnesses", check_proof, proof, LOG.key, WitnessPolicy.of(1, witness(2).key))
    refused("proof.path", check_proof, proof._replace(position=6), LOG.key)
    refused("proof.path", check_proof, proof._replace(entry=entry(0)), LOG.key)
    refused("proof.path", check_proof, proof._replace(inclusion=proof.inclusion[:-1]), LOG.key)
    refused("proof.evidence", check_proof, proof, LOG.key, None, EVIDENCE | {"EventTime": "other"})
    refused("proof.evidence", check_proof, proof._replace(salt=bytes(16)), LOG.key, None, EVIDENCE)
    refused("proof.salt", check_proof, proof._replace(salt=None), LOG.key, None, EVIDENCE)
    assert check_proof(proof._replace(salt=None), LOG.key).position == 5


def test_not_canonical_json_is_refused(proof: Proof) -> None:
    members = json.loads(write_proof(proof))
    refused("proof.malformed", read_proof, json.dumps(members).encode())
    refused("proof.malformed", read_proof, json_canonical(members | {"more": 1}))
    refused("proof.malformed", read_proof, json_canonical(members | {"salt": "AAAA"}))
    refused("proof.malformed", read_proof, json_canonical(members | {"charter": ""}))


def test_what_is_no_proof_is_not_written(proof: Proof) -> None:
    for changed in (
        proof._replace(position=-1),
        proof._replace(entry=b""),
        proof._replace(checkpoint=b"\xff"),
        proof._replace(salt=b""),
        proof._replace(inclusion=(b"x",)),
        proof._replace(inclusion=[*proof.inclusion]),  # type: ignore[arg-type]
    ):
        refused("proof.unfit", write_proof, changed)


def test_a_log_of_one_entry(tmp_path: Path) -> None:
    with Place(str(tmp_path / "log.db")).create() as log:
        log.append(entry(0))
        log.checkpoint(LOG)
        proof = log.prove(0)
        assert (proof.inclusion, proof.charter, proof.salt) == ((), None, None)
        assert check_proof(write_proof(proof), LOG.key).seen.checkpoint.root == merkle.leaf_hash(entry(0))


# -- promises


def promise(**changed: Any) -> Promise:
    return Promise(ORIGIN, 5, entry(5), AT + timedelta(minutes=10))._replace(**changed)


def test_a_promise_is_signed_and_read() -> None:
    octets = sign_promise(promise(), LOG)
    assert is_promise(octets)
    assert open_promise(octets, LOG.key) == promise()
    local = promise(deadline=(AT + timedelta(minutes=10)).astimezone(timezone(timedelta(hours=9))))
    assert sign_promise(local, LOG) == octets
    refused("checkpoint.malformed", read_checkpoint, promise().text)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_changed_octet_of_a_promise_is_found(data: st.DataObject) -> None:
    octets = sign_promise(promise(), LOG)
    at = data.draw(st.integers(0, 8 * len(octets) - 1))
    flipped = bytearray(octets)
    flipped[at // 8] ^= 1 << at % 8
    with pytest.raises(MalformedError):
        open_promise(bytes(flipped), LOG.key)


def test_promises_that_are_none() -> None:
    refused("promise.unfit", sign_promise, promise(deadline=AT.replace(tzinfo=None)), LOG)
    refused("promise.unfit", sign_promise, promise(origin="other.example"), LOG)
    refused("promise.unfit", sign_promise, promise(position=-1), LOG)
    refused("promise.unfit", sign_promise, promise(entry=b""), LOG)
    refused("note.unsigned", open_promise, sign_promise(promise(), LOG), signer("other.example").key)
    for text in (b"x\n", promise().text.replace(b"2027-04-01", b"2027-13-01"), promise().text + b"more\n"):
        refused("promise.malformed", open_promise, note.sign(text, LOG).write(), LOG.key)


def test_a_promise_that_was_broken_is_found(tmp_path: Path) -> None:
    with Place(str(tmp_path / "log.db")).create() as log:
        log.append_many(entries(6))
        log.checkpoint(LOG)
        kept = sign_promise(promise(), LOG)
        broken = sign_promise(promise(entry=entry(99)), LOG)
        later = sign_promise(promise(position=6), LOG)
        assert log.audit(LOG.key, held=[kept]).sound
        assert log.audit(LOG.key, held=[broken]).first == 5
        assert [note.code for note in log.audit(LOG.key, held=[later]).notes] == ["audit.cut-off", "audit.unstamped"]
        assert not log.audit(LOG.key, held=[kept, broken]).sound


# -- charters


def test_an_organisation_certifies_the_logs_key(toyono_town: Town, tmp_path: Path) -> None:
    """From the seal of the town to the entry, with nothing but the proof and trust in the town."""
    town = toyono_town.identity("town")
    assert toyono_town.folder is not None
    trust = TrustStore.load(toyono_town.folder / "trust")
    sealed = seal(charter.statement(LOG.key), by=town, format="jades")
    with Place(str(tmp_path / "log.db")).create(charter=sealed) as log:
        log.append(entry(0))
        log.checkpoint(LOG)
        octets = write_proof(log.prove(0))
    proof = read_proof(octets)
    assert proof.charter is not None
    content = verify(proof.charter, trust=trust).require(signed_by={town.certificate.identifier}).content
    assert check_proof(proof, charter.read_statement(content)).position == 0
    flipped = bytearray(proof.charter)
    flipped[len(flipped) // 2] ^= 1
    assert verify(bytes(flipped), trust=trust).indication != "TOTAL-PASSED"


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"format": "x", "log": LOG.key.text},
        {"format": charter.FORMAT, "log": 5},
        {"format": charter.FORMAT, "log": witness(1).key.text},
        {"format": charter.FORMAT, "log": LOG.key.text, "more": 1},
    ],
)
def test_charters_that_are_none(value: Any) -> None:
    refused("charter.malformed", charter.read_statement, json_canonical(value))
    assert charter.read_statement(charter.statement(LOG.key)) == LOG.key
    refused("charter.malformed", charter.read_statement, charter.statement(LOG.key) + b" ")
