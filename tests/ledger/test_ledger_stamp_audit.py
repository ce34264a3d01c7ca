"""The audit finds any mutation of a log's stamps, and judges who made them."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tsa_town
from made_log import Place, entries, entry, signer, witness
from made_stamps import Authority, Clock, fill
from toyono_trust.core import findings
from toyono_trust.devpki.town import Town
from toyono_trust.ledger.audit import Audit
from toyono_trust.ledger.checkpoint import WitnessPolicy, cosign
from toyono_trust.ledger.proof import write_proof
from toyono_trust.ledger.stamping import audit as audit_steps
from toyono_trust.ledger.stores.base import STEP, KeptStamp
from toyono_trust.pki import tsp
from toyono_trust.pki.anchors import TrustStore

LOG = signer()
SIZES = (3, 8, 13, 20)
"""Checkpoints; all but the second end a batch."""
STAMPED = (3, 13, 20)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A log, to be copied."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(str(Path(folder) / "log.db"))
        fill(place, SIZES, Authority(), STAMPED)
        yield Path(place.address)


@contextmanager
def copied(made: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        yield Place(shutil.copy(made, Path(folder) / "log.db"))


def audited(place: Place, witnesses: WitnessPolicy | None = None) -> Audit:
    with place.open() as log:
        return log.audit(LOG.key, witnesses)


def told(audit: Audit) -> list[tuple[str, object]]:
    """Codes and what they are about; each can be said in words."""
    for note in audit.notes:
        for text in findings.entry(note.code).text:
            assert text.format(**note.values)
    return [(note.code, note.values.get("number", note.values.get("entry"))) for note in audit.notes]


number = st.integers(0, len(STAMPED) - 1)
each = pytest.mark.parametrize("at", range(len(STAMPED)))
often = settings(deadline=None, max_examples=150)


def test_a_sound_log(place: Place) -> None:
    fill(place, SIZES, Authority(), STAMPED)
    audit = audited(place)
    assert (told(audit), audit.stamped, audit.signed) == ([], 20, 20)


@pytest.mark.parametrize(("page", "ahead"), [(1_024, False), (1_000, True), (1 << 16, True)])
def test_batches_across_pages(place: Place, page: int, ahead: bool) -> None:
    """Batches that begin and end anywhere in what is read and hashed at once, whoever reads it."""
    sizes = (1, STEP - 1, STEP, STEP + 1, 5 * STEP, 5 * STEP + 3, 7 * STEP + 5, 8 * STEP)
    fill(place, sizes, Authority())
    with place.open() as log:
        log._store.page, log._store.ahead = page, ahead
        assert told(log.audit(LOG.key)) == []
        place.sql("UPDATE {log}stamp SET first = first + 1 WHERE number = 6")
        assert told(log.audit(LOG.key))[0] == ("audit.stamp", 6)
        place.sql("UPDATE {log}entry SET node = commitment WHERE position = ?", 3 * STEP)
        assert ("audit.hash", 3 * STEP) in told(log.audit(LOG.key))
        place.sql("DELETE FROM {log}entry WHERE position = ?", 2 * STEP + 1)
        assert told(log.audit(LOG.key))[-1] == ("audit.removed", 2 * STEP + 1)


def test_what_is_signed_and_not_stamped_is_told(place: Place) -> None:
    fill(place, SIZES, Authority(), STAMPED[:2])
    audit = audited(place)
    assert (told(audit), audit.stamped, audit.sound) == ([("audit.unstamped", 13)], 13, True)


@given(number=number, column=st.sampled_from(["token", "path", "digest"]), data=st.data())
@often
def test_any_octet_of_a_stamp(made: Path, number: int, column: str, data: st.DataObject) -> None:
    """Invariant: a stamp with one bit flipped, wherever, is named by its number."""
    with copied(made) as place:
        ((octets,),) = place.sql(f"SELECT {column} FROM stamp WHERE number = ?", number)
        at = data.draw(st.integers(0, 8 * len(octets) - 1))
        flipped = bytearray(octets)
        flipped[at // 8] ^= 1 << at % 8
        place.sql(f"UPDATE stamp SET {column} = ? WHERE number = ?", bytes(flipped), number)
        audit = audited(place)
        assert told(audit)[0] == ("audit.stamp", number)
        assert not audit.sound


@given(number=number, data=st.data())
@often
def test_any_octet_of_a_token_whose_digest_was_made_to_fit(made: Path, number: int, data: st.DataObject) -> None:
    """What a token's own signature covers; the rest of it proves nothing."""
    with copied(made) as place:
        ((octets,),) = place.sql("SELECT token FROM stamp WHERE number = ?", number)
        at = data.draw(st.integers(0, 8 * len(octets) - 1))
        flipped = bytearray(octets)
        flipped[at // 8] ^= 1 << at % 8
        digest = sha256(flipped).digest()
        place.sql("UPDATE stamp SET token = ?, digest = ? WHERE number = ?", bytes(flipped), digest, number)
        audit = audited(place)
        if audit.sound:
            assert tsp.read(bytes(flipped)).content == tsp.read(octets).content
        else:
            assert told(audit)[0] == ("audit.stamp", number)


@each
@pytest.mark.parametrize("column", ["first", "size"])
@pytest.mark.parametrize("by", [-1, 1, 1_000_000_000])
def test_an_altered_range_is_found(made: Path, at: int, column: str, by: int) -> None:
    with copied(made) as place:
        with closing(sqlite3.connect(place.address)) as file, file:
            file.execute("PRAGMA ignore_check_constraints = ON")
            file.execute(f"UPDATE stamp SET {column} = {column} + ? WHERE number = ?", (by, at))
        assert ("audit.stamp", at) in told(audited(place))


@each
def test_a_missing_a_moved_and_a_renumbered_stamp(made: Path, at: int) -> None:
    with copied(made) as place:
        place.sql("DELETE FROM stamp WHERE number = ?", at)
        audit = audited(place)
        assert ("audit.stamp-missing", at) in told(audit)
        assert not audit.sound
    with copied(made) as place:
        place.sql("UPDATE stamp SET number = 9 WHERE number = ?", at)
        assert ("audit.stamp-missing", at) in told(audited(place))
    with copied(made) as place:
        for column in ("token", "path", "digest"):
            place.sql(f"UPDATE stamp SET {column} = '{'x' * 32}' WHERE number = ?", at)
            assert ("audit.stamp", at) in told(audited(place))


@pytest.mark.parametrize("by", [-3, -1, 1])
def test_an_altered_count_of_stamps_is_found(made: Path, by: int) -> None:
    with copied(made) as place:
        place.sql("UPDATE head SET stamps = stamps + ?", by)
        assert told(audited(place)) == [("audit.stamp-uncounted" if by < 0 else "audit.stamp-missing", 3 + min(by, 0))]


def test_a_stamp_that_was_removed_without_trace_is_found_by_what_others_kept(made: Path) -> None:
    with copied(made) as place:
        with place.open() as log:
            held = log.prove(15)
        place.sql("DELETE FROM stamp WHERE number = 2")
        place.sql("UPDATE head SET stamps = 2")
        assert told(audited(place)) == [("audit.unstamped", 13)]
        with place.open() as log:
            audit = log.audit(LOG.key, held=[write_proof(held)])
            other = log.audit(LOG.key, held=[write_proof(held._replace(record=log.prove(2).record))])
        assert told(audit)[0] == ("audit.stamp-removed", None)
        assert not audit.sound
        assert told(other)[0] == ("audit.held-unusable", None)


def test_stamps_that_changed_places(made: Path) -> None:
    with copied(made) as place:
        rows = [KeptStamp(*row) for row in place.sql("SELECT * FROM stamp ORDER BY number")]
        for one, other in ((rows[0], rows[1]), (rows[1], rows[0])):
            place.sql("UPDATE stamp SET token = ?, digest = ?, path = ? WHERE number = ?",
                      other.token, other.digest, other.path, one.number)  # fmt: skip
        assert told(audited(place))[:2] == [("audit.stamp", 0), ("audit.stamp", 1)]


def forged(place: Place, at: int, commitments: Sequence[bytes], clock: Clock) -> None:
    """Another log's stamps in the place of this one's, as an operator would have them made."""
    other = Place(f"{place.address}-other")
    with other.create() as log:
        for size in SIZES:
            log.append_many(commitments[log.head.size : size])
            log.checkpoint(LOG)
            if size in STAMPED:
                authority = Authority(clock)
                authority.stamp(log)
    row = KeptStamp(*other.sql("SELECT * FROM stamp WHERE number = ?", at)[0])
    place.sql("UPDATE stamp SET token = ?, digest = ?, path = ? WHERE number = ?",
              row.token, row.digest, row.path, at)  # fmt: skip


@each
def test_a_stamp_over_other_entries(made: Path, at: int) -> None:
    """A real token, and a path that leads to it: of entries that are not these."""
    with copied(made) as place:
        forged(place, at, entries(20, of="forged "), Clock())
        assert ("audit.stamp", at) in told(audited(place))


def test_stamps_whose_times_go_back(made: Path) -> None:
    """The same entries, stamped again later: its time is after that of the next one."""
    with copied(made) as place:
        clock = Clock()
        clock.pass_by(hours=1)
        forged(place, 1, entries(20), clock)
        assert told(audited(place)) == [("audit.stamp-time", 2)]


def test_an_altered_entry_is_named_before_its_stamp(made: Path) -> None:
    with copied(made) as place:
        place.sql("UPDATE entry SET commitment = ? WHERE position = 9", entry(9, "forged "))
        audit = audited(place)
        assert (told(audit)[0], audit.first) == (("audit.altered", 9), 9)


def test_a_checkpoint_under_a_stamp_is_missing(made: Path) -> None:
    with copied(made) as place:
        place.sql("DELETE FROM checkpoint WHERE size = 13")
        assert {("audit.checkpoint-missing", 2), ("audit.stamp", 1)} <= set(told(audited(place)))


def test_the_same_in_both_stores(place: Place, places: Callable[[], Place]) -> None:
    for tamper, expected in (
        ("UPDATE {log}stamp SET first = 4 WHERE number = 1", ("audit.stamp", 1)),
        ("DELETE FROM {log}stamp WHERE number = 2", ("audit.stamp-missing", 2)),
        ("UPDATE {log}stamp SET path = token WHERE number = 0", ("audit.stamp", 0)),
        ("UPDATE {log}head SET stamps = 1", ("audit.stamp-uncounted", 1)),
    ):
        there = places()
        fill(there, SIZES, Authority(), STAMPED)
        there.sql(tamper)
        assert told(audited(there))[0] == expected


# -- times of witnesses


def test_a_witness_whose_times_go_back(place: Place) -> None:
    """Who saw a later checkpoint first says something else about one of them than happened."""
    authority = Authority()
    policy = WitnessPolicy.of(1, witness(1).key, witness(2).key)
    fill(place, SIZES, authority)
    with place.open() as log:
        at = authority.clock()
        for number, (hours, who) in enumerate([(1, 1), (1, 2), (0, 1), (2, 2)]):
            note = log._store.checkpoints(number, 1)[0].note
            log.add_cosignatures(cosign(note, LOG.key, witness(who), at + timedelta(hours=hours)), policy)
    assert told(audited(place, policy)) == [("audit.cosignature-time", "2")]


# -- who stamped


def judged(place: Place, trust: TrustStore, authority: Authority) -> Audit:
    with place.open() as log:
        found: Audit = authority.run(audit_steps(log, LOG.key, trust=trust))
        return found


def test_stamps_of_an_authority_that_is_trusted(place: Place) -> None:
    authority = Authority()
    fill(place, SIZES, authority, STAMPED)
    authority.clock.pass_by(minutes=1)
    before = len(authority.simulation.seen)
    audit = judged(place, authority.trust, authority)
    assert (told(audit), audit.stamped) == ([], 20)
    assert len(authority.simulation.seen) - before <= 3  # what is fetched serves all stamps


def test_stamps_of_an_authority_that_is_not(made: Path) -> None:
    authority = Authority()
    stranger = Town.create(authority.clock())
    authority.clock.pass_by(hours=1)
    trust = TrustStore.from_certificates([stranger.root.der])
    with copied(made) as place:
        audit = judged(place, trust, authority)
        assert told(audit) == [("audit.stamp-untrusted", at) for at in range(3)]
        assert not audit.sound


def test_stamps_of_an_authority_whose_certificate_has_ended(made: Path) -> None:
    """They were good, and are no sign of an alteration."""
    authority = Authority()
    with copied(made) as place:
        trust = authority.trust
        authority.clock.pass_by(days=365 * 12)
        audit = judged(place, trust, authority)
        assert {code for code, _ in told(audit)} <= {"audit.stamp-aged"}
        assert len(audit.notes) == 3
        assert audit.sound


def test_a_flawed_stamp_is_not_judged(made: Path) -> None:
    authority = Authority()
    with copied(made) as place:
        key = tsa_town.token(tsa_town.info(hashed=bytes(32), nonce=None))
        place.sql("UPDATE stamp SET token = ?, digest = ? WHERE number = 1", key, sha256(key).digest())
        audit = judged(place, authority.trust, authority)
        assert [one for one in told(audit) if one[1] == 1] == [("audit.stamp", 1)]
