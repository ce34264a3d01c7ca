"""Batches are stamped once for all their entries, in order, whatever the authority and the clocks do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tsa_town
from made_log import Place, entries, entry, signer, witness
from made_stamps import START, Authority, Clock, fill
from toyono_trust.devpki.server import Server
from toyono_trust.devpki.town import Town
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats.ers import HashTree, fold, write
from toyono_trust.ledger import audit as audits
from toyono_trust.ledger import batch as batches
from toyono_trust.ledger import log as logs
from toyono_trust.ledger import stamps as stamped
from toyono_trust.ledger.batch import MAX_BATCH, BatchTree, Closing, reduced_of
from toyono_trust.ledger.checkpoint import WitnessPolicy, as_signed, cosign, open_checkpoint
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.proof import check_proof, read_proof, write_proof
from toyono_trust.ledger.records import check_record
from toyono_trust.net import Http
from toyono_trust.pki import tsp
from toyono_trust.signing import Stamping

LOG = signer()


def codes(log: EvidenceLog) -> list[str]:
    return [note.code for note in log.audit(LOG.key).notes]


# -- the tree


@given(size=st.integers(1, 200), cuts=st.lists(st.integers(0, 200), max_size=5))
@settings(deadline=None)
def test_the_growing_tree_is_that_of_rfc_4998(size: int, cuts: list[int]) -> None:
    """Invariant: however leaves came, root and path are those of the whole tree with the checkpoint last."""
    leaves = entries(size)
    tree = BatchTree()
    bounds = sorted({0, size, *(cut for cut in cuts if cut < size)})
    for start, end in pairwise(bounds):
        tree.extend(leaves[start:end])
    last = entry(0, "checkpoint")
    root, path = tree.close(last)
    whole = HashTree([*leaves, last])
    assert (root, tree.size) == (whole.root, size)
    assert reduced_of(last, path) == whole.reduced(size)
    assert len(path) <= batches.MAX_PATH


# -- which checkpoint proves


def test_a_proof_that_witnesses_were_asked_for_is_by_a_checkpoint_that_they_cosigned(place: Place) -> None:
    authority, asked = Authority(), WitnessPolicy.of(1, witness(0).key)

    def grow(log: EvidenceLog, number: int, *, stamped: bool, cosigned: bool) -> None:
        log.append_many(entries(5, of=f"{number}"))
        note = log.checkpoint(LOG)
        if stamped:
            authority.stamp(log)
        if cosigned:
            log.add_cosignatures(cosign(note, LOG.key, witness(0), START), asked)

    with place.create() as log:
        grow(log, 0, stamped=True, cosigned=False)
        with pytest.raises(MisuseError) as raised:
            log.prove(3, witnesses=asked)
        assert raised.value.code == "checkpoint.witnesses"
        with pytest.raises(MisuseError) as raised:
            log.prove(5, witnesses=asked)
        assert raised.value.code == "ledger.range"
        grow(log, 1, stamped=False, cosigned=True)
        sizes = []
        for number in (2, 3):
            proof = log.prove(3, witnesses=asked)
            check_proof(proof, LOG.key, witnesses=asked)
            sizes.append((open_checkpoint(proof.checkpoint, LOG.key).checkpoint.size, proof.record is not None))
            grow(log, number, stamped=True, cosigned=number == 2)
        assert sizes == [(10, False), (15, True)]  # stamped as well, as soon as there is one
        assert open_checkpoint(log.prove(3).checkpoint, LOG.key).checkpoint.size == 5  # nobody asked: the first date
        other = WitnessPolicy.of(1, witness(1).key)
        with pytest.raises(MisuseError):
            log.prove(3, witnesses=other)


# -- stamping


def test_one_stamp_serves_all_entries_of_a_batch(place: Place) -> None:
    authority = Authority()
    openings = [commit({"number": number}, bytes([number]) * 16) for number in range(11)]
    with place.create() as log:
        log.append_many([one.entry for one in openings])
        assert authority.stamp(log) == ()  # nothing is signed yet
        assert (log.signed, log.unstamped) == (0, 11)
        note = log.checkpoint(LOG)
        assert (log.evidence_record(3), log.checkpoint_record(11), log.prove(3).record) == (None, None, None)
        assert authority.stamp(log) == ((0, 0, 11, START),)
        assert authority.stamp(log) == ()
        assert (log.signed, log.unstamped, log.head.stamps) == (11, 0, 1)
        assert len(authority.simulation.seen) == 1
        for number, opening in enumerate(openings):
            record = log.evidence_record(number)
            assert record is not None
            assert check_record(record, opening.octets) == START
            with pytest.raises(MalformedError, match=r"record\.other"):
                check_record(record, openings[(number + 2) % 11].octets)  # not its neighbour in the tree
        record = log.checkpoint_record(11)
        assert record is not None
        assert check_record(record, as_signed(note, LOG.key), LOG.key) == START
        assert log.checkpoint_record(10) is None
        proof = log.prove(7)
        assert proof.record == record
        assert read_proof(write_proof(proof)) == proof
        assert log.prove(7, record=False).record is None
        with pytest.raises(MisuseError, match=r"ledger\.range"):
            log.evidence_record(11)
        assert codes(log) == []


def test_a_proof_is_by_the_first_stamped_checkpoint_over_its_entry_with_cosignatures(place: Place) -> None:
    authority = Authority()
    policy = WitnessPolicy.of(1, witness(1).key)
    fill(place, (5, 9, 14), authority, stamped=(9,))
    with place.open() as log:

        def sizes() -> list[int]:
            return [open_checkpoint(log.prove(at).checkpoint, LOG.key).checkpoint.size for at in (2, 7, 12)]

        assert sizes() == [9, 9, 14]
        assert (log.prove(7).record is None, log.prove(12).record is None) == (False, True)
        cosigned = cosign(log.prove(7).checkpoint, LOG.key, witness(1), authority.clock())
        log.add_cosignatures(cosigned, policy)
        assert open_checkpoint(log.prove(7).checkpoint, LOG.key, policy).cosignatures
        assert log.prove(7).record == log.checkpoint_record(9) is not None
        by_old = log.prove(2, checkpoint=log.checkpoint_covering(2))
        assert (open_checkpoint(by_old.checkpoint, LOG.key).checkpoint.size, by_old.record) == (5, None)
        check_proof(write_proof(log.prove(7)), LOG.key, policy)
        authority.stamp(log)
        assert [kept[1:3] for kept in log.stamps()] == [(0, 9), (9, 14)]
        assert sizes() == [9, 9, 14]


def test_an_inner_node_is_no_leaf(place: Place) -> None:
    """The tree would let the two hash values of any node pass as its data object; they are no opening."""
    authority = Authority()
    with place.create() as log:
        log.append_many(entries(4))
        note = log.checkpoint(LOG)
        authority.stamp(log)
        tree = HashTree([*entries(4), sha256(as_signed(note, LOG.key)).digest()])
        inner = b"".join(sorted(entries(2)))
        reduced = ((sha256(inner).digest(), *tree.reduced(0)[1]), *tree.reduced(0)[2:])
        assert fold(reduced, "sha256") == tree.root
        record = write("sha256", reduced, log.stamps()[0].token)  # a sound record of 64 octets
        for data in (inner, b"", note[:-1], b"{}"):
            with pytest.raises(MalformedError, match=r"record\.leaf"):
                check_record(record, data, LOG.key)
        with pytest.raises(MalformedError, match=r"record\.leaf"):
            check_record(record, as_signed(note, LOG.key), witness(1).key)
        other = cosign(note, LOG.key, witness(1), START)
        with pytest.raises(MalformedError, match=r"record\.leaf"):
            check_record(record, other, LOG.key)


def test_an_entry_that_was_chosen_as_a_node_is_no_way_to_show_something_else(place: Place) -> None:
    """Who appends sha256(a + b) can make a record of a; it dates an opening that is real, and proves no place."""
    authority = Authority()
    hidden = [commit({"hidden": number}, bytes(16)) for number in range(2)]
    node = sha256(b"".join(sorted(one.entry for one in hidden))).digest()
    with place.create() as log:
        log.append_many([*entries(3), node])
        log.checkpoint(LOG)
        authority.stamp(log)
        proof = write_proof(log.prove(3))
        with pytest.raises(MalformedError, match=r"proof\.(evidence|salt)"):
            check_proof(proof, LOG.key, evidence={"hidden": 0})


# -- bounds


def test_a_batch_has_its_bound(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more came than a batch, checkpoints stand at each full one; a stamp takes the largest that fits."""
    for module in (audits, batches, logs, stamped):
        monkeypatch.setattr(module, "MAX_BATCH", 10)
    authority = Authority()
    with place.create() as log:
        log.append_many(entries(34))
        log.checkpoint(LOG)
        assert [one.size for one in log._store.checkpoints(0, 9)] == [10, 20, 30, 34]
        for size in (35, 36, 41):
            log.append_many(entries(size - log.head.size, log.head.size))
            log.checkpoint(LOG)
        assert [one[1:3] for one in authority.stamp(log)] == [(0, 10), (10, 20), (20, 30), (30, 36), (36, 41)]
        assert codes(log) == []


def test_a_store_that_was_altered_is_not_stamped(place: Place, places: Callable[[], Place]) -> None:
    """A stamp stays for ever, so what it is over must be what was signed."""
    authority = Authority()
    for statement in (
        "UPDATE {log}entry SET commitment = node WHERE position = 12",
        "DELETE FROM {log}entry WHERE position = 11",
        "UPDATE {log}checkpoint SET note = (SELECT note FROM {log}checkpoint WHERE number = 0) WHERE number = 1",
        "DELETE FROM {log}stamp",
        "DELETE FROM {log}checkpoint WHERE number = 0",
    ):
        there = places()
        fill(there, (8, 15), authority, stamped=(8,))
        there.sql(statement)
        with there.open() as log, pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            authority.stamp(log)
        assert there.sql("SELECT count(*) FROM {log}stamp") in [[(1,)], [(0,)]]


def test_tokens_of_something_else_are_not_kept(place: Place) -> None:
    authority = Authority()
    with place.create() as log:
        log.append_many(entries(4))
        log.checkpoint(LOG)
        found = log.next_batch()
        assert found is not None

        def token(imprint: bytes, **options: object) -> bytes:
            return tsa_town.token(tsa_town.info(hashed=imprint, nonce=None), **options)  # type: ignore[arg-type]

        for wrong in (b"", token(bytes(32)), token(found.root, leave_out=("certificates",)),
                      token(found.root, message_digest=bytes(32))):  # fmt: skip
            with pytest.raises(UnavailableError, match=r"ledger\.stamp"):
                log.add_stamp(found, wrong)
        assert log.head.stamps == 0
        assert log.add_stamp(found, token(found.root))
        assert not log.add_stamp(found, token(found.root))
        assert codes(log) == []
        for digest in ("sha512", "sha384"):
            authority.stamping = Stamping(authority.stamping.urls, digest=digest)
            with pytest.raises(MisuseError, match=r"ledger\.stamp-digest"):
                authority.stamp(log)


def test_two_that_stamp_at_once_stamp_each_batch_once(place: Place) -> None:
    fill(place, (5, 9, 21, 30), Authority(), stamped=())
    done: list[int] = []

    def work() -> None:
        with place.open() as log:
            done.extend(one.number for one in Authority().stamp(log))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [0]  # one batch up to the last checkpoint
    with place.open() as log:
        assert [kept[:3] for kept in log.stamps()] == [(0, 0, 30)]
        assert codes(log) == []


# -- an authority that is dead, clocks that jump


def test_a_dead_authority_for_four_hours(place: Place) -> None:
    """A real authority on loopback stops and starts: entries and checkpoints go on, unstamped, and are caught up."""
    clock = Clock()
    closing = Closing(50, timedelta(minutes=1))
    with Server(port=0) as server:
        town = Town.create(START - timedelta(days=1), base_url=server.url, clock=clock)
        server.town = town
        port = int(server.url.rpartition(":")[2])
        authority = Authority(clock, Http(), f"{server.url}/tsr")
        authority.town = town
        with place.create() as log:

            def minute(count: int) -> None:
                log.append_many(entries(count, log.head.size))
                if closing.is_due(clock(), log.head.size, log.signed):
                    log.checkpoint(LOG)
                clock.pass_by(minutes=1)

            for _ in range(3):
                minute(7)
                authority.stamp(log)
            assert log.unstamped == log.head.size - log.signed
            stamped_before = log.head.stamps
            server.close()
            for _ in range(4 * 60):
                minute(3)
                if clock().minute % 30 == 0:
                    with pytest.raises(UnavailableError, match=r"net\."):
                        authority.stamp(log)
            assert log.unstamped > 700
            assert log.head.checkpoints > 200
            assert "audit.unstamped" in codes(log)
            assert log.audit(LOG.key).sound
            assert log.prove(log.signed - 1).record is None
            with Server(town, port=port):
                assert [one.number for one in authority.stamp(log)] == [stamped_before]
                minute(3)
                log.checkpoint(LOG)
                authority.stamp(log)
            assert log.unstamped == 0
            assert codes(log) == []
            times = [tsp.read(kept.token).generated_at for kept in log.stamps()]
            assert times == sorted(times)
            assert times[-2] - times[-3] >= timedelta(hours=4)


def test_a_time_stamp_never_goes_back(place: Place) -> None:
    """An authority whose clock went back is not believed; entries and checkpoints go on meanwhile."""
    authority = Authority()
    clock = authority.clock
    with place.create() as log:
        for hours in (0, 3):  # forwards is no reason to wait
            clock.pass_by(hours=hours)
            log.append(entry(log.head.size))
            log.checkpoint(LOG)
            authority.stamp(log)
        clock.pass_by(minutes=-10)
        for _ in range(3):
            log.append(entry(log.head.size))
            log.checkpoint(LOG)
            with pytest.raises(UnavailableError, match=r"ledger\.stamp-time") as caught:
                authority.stamp(log)
            assert caught.value.retryable
            clock.pass_by(minutes=3)
        assert (log.unstamped, log.head.stamps) == (3, 2)
        clock.pass_by(minutes=2)
        assert len(authority.stamp(log)) == 1
        assert codes(log) == []
        clock.pass_by(seconds=-1)  # within the accuracy of both nobody knows
        log.append(entry(5))
        log.checkpoint(LOG)
        assert len(authority.stamp(log)) == 1
        assert codes(log) == []


def test_a_batch_closes_by_size_or_by_time() -> None:
    clock = Clock()
    closing = Closing(10, timedelta(seconds=60))
    assert not closing.is_due(clock(), 0, 0)
    assert closing.wait(clock()) == timedelta(seconds=60)
    assert not closing.is_due(clock.pass_by(seconds=10), 3, 0)  # seen first now, so at most ten seconds old
    assert closing.wait(clock()) == timedelta(seconds=50)
    assert not closing.is_due(clock.pass_by(seconds=49), 9, 0)
    assert closing.is_due(clock(), 10, 0)  # by size
    assert closing.is_due(clock.pass_by(seconds=1), 9, 0)  # by time
    assert closing.wait(clock()) == timedelta(0)
    assert not closing.is_due(clock.pass_by(seconds=1), 12, 9)  # those since the checkpoint are young
    assert closing.is_due(clock.pass_by(seconds=59), 12, 9)
    assert not closing.is_due(clock.pass_by(hours=5), 12, 12)
    assert not closing.is_due(clock.pass_by(seconds=5), 13, 12)


def test_what_has_no_known_age_is_due() -> None:
    """At the first look, and where the clock went back: a checkpoint too early does no harm, one too late would."""
    clock = Clock()
    assert Closing(10, timedelta(seconds=60)).is_due(clock(), 5, 4)
    closing = Closing(10, timedelta(seconds=60))
    assert not closing.is_due(clock(), 4, 4)
    assert not closing.is_due(clock.pass_by(seconds=1), 5, 4)
    assert closing.is_due(clock.pass_by(days=-3), 5, 4)
    assert closing.is_due(clock.pass_by(seconds=1), 5, 4)  # until there is a checkpoint
    assert not closing.is_due(clock.pass_by(seconds=1), 6, 5)
    assert closing.is_due(clock.pass_by(days=300), 6, 5)  # forwards it looks like age
    assert timedelta(0) <= closing.wait(clock.pass_by(days=-600)) <= timedelta(seconds=60)


@given(
    moves=st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 4), st.booleans()), max_size=60),
)
@settings(deadline=None)
def test_nothing_waits_longer_than_its_time_by_a_clock_that_goes_on(moves: list[tuple[int, int, bool]]) -> None:
    """Invariant: after the bound and one look, by a clock that did not go back, whatever is unsigned is due."""
    clock = Clock()
    closing = Closing(1_000, timedelta(seconds=60))
    size = signed = 0
    for seconds, added, sign in moves:
        size += added
        if closing.is_due(clock.pass_by(seconds=seconds), size, signed) and sign:
            signed = size
    size += 1
    closing.is_due(clock(), size, signed)
    assert closing.is_due(clock.pass_by(seconds=60), size, signed)


@pytest.mark.parametrize(("count", "age"), [(0, 60), (MAX_BATCH + 1, 60), (10, 0), (10, -1)])
def test_bounds_that_are_none(count: int, age: int) -> None:
    with pytest.raises(MisuseError, match=r"ledger\.closing"):
        Closing(count, timedelta(seconds=age))


def test_records_of_a_store_that_was_altered(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "log.db"))
    fill(place, (4, 9), Authority())
    for statement, index in (
        ("UPDATE stamp SET token = x'00' WHERE number = 1", 5),
        ("UPDATE stamp SET path = zeroblob(64) WHERE number = 0", None),
        ("UPDATE stamp SET path = x'' WHERE number = 0", None),
        ("UPDATE stamp SET path = 'text' WHERE number = 0", None),
        ("UPDATE stamp SET first = 7 WHERE number = 1", 5),
    ):
        place.sql(statement)
        with place.open() as log, pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            log.checkpoint_record(4) if index is None else log.evidence_record(index)
