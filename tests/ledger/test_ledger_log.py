"""``EvidenceLog`` over both stores: the same behaviour, entry by entry."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, Place, entries, entry, signer, witness
from toyono_trust.core import merkle
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, cosign, open_checkpoint, sign_checkpoint
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.note import COSIGNATURE, NoteSigner
from toyono_trust.ledger.stores.base import BATCH, PAGE, Description

LOG = signer()


def naive_root(commitments: list[bytes]) -> bytes:
    return merkle.root([merkle.leaf_hash(one) for one in commitments])


# -- creating and opening


def test_a_log_is_created_once_and_opened_often(place: Place) -> None:
    with place.create(charter=b"sealed") as log:
        assert (log.origin, log.key, log.charter) == (ORIGIN, LOG.key, b"sealed")
        assert log.head == (0, merkle.EMPTY_ROOT, 0, 0)
    for _ in range(2):
        with place.open() as log:
            assert (log.key, log.charter, log.head.size) == (LOG.key, b"sealed", 0)
    with pytest.raises(MisuseError, match=r"ledger\.exists"):
        place.create()


def test_a_log_must_exist_before_it_is_opened(place: Place) -> None:
    with pytest.raises(MisuseError, match=r"ledger\.missing"):
        place.open()
    if place.schema is None:
        assert not Path(place.address).exists()


def test_a_log_of_another_version_is_not_opened(place: Place) -> None:
    place.create().close()
    place.sql("PRAGMA user_version = 3" if place.schema is None else "UPDATE {log}log SET version = 3")
    with pytest.raises(MisuseError, match=r"ledger\.version"):
        place.open()


def test_files_that_are_no_log(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as file:
        file.execute("CREATE TABLE head (size INTEGER)")
    text = tmp_path / "text"
    text.write_bytes(b"this is no database, but longer than a header of one hundred octets. " * 9)
    for path in (foreign, text):
        before = path.read_bytes()
        with pytest.raises(MisuseError, match=r"ledger\.not-a-log"):
            EvidenceLog.open(path)
        with pytest.raises(MisuseError, match=r"ledger\.exists"):
            EvidenceLog.create(path, LOG.key)
        assert path.read_bytes() == before
    with pytest.raises(OSError, match="No such file"):
        EvidenceLog.create(tmp_path / "no" / "folder", LOG.key)
    (tmp_path / "empty").touch()  # an interrupted creation
    with pytest.raises(MisuseError, match=r"ledger\.not-a-log"):
        EvidenceLog.open(tmp_path / "empty")
    EvidenceLog.create(tmp_path / "empty", LOG.key).close()


def test_a_file_with_more_in_it_than_a_log(tmp_path: Path) -> None:
    """A view in the place of a table could have rows without end; a trigger could do anything."""
    for number, statements in enumerate(
        [
            ["CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END"],
            ["CREATE TABLE more (x)"],
            ["DROP TABLE entry", "CREATE VIEW entry AS SELECT 1 AS position, x'00' AS commitment, x'00' AS node"],
            ["DROP TABLE entry"],
        ]
    ):
        place = Place(str(tmp_path / f"{number}.db"))
        place.create().close()
        for statement in statements:
            place.sql(statement)
        with pytest.raises(MisuseError, match=r"ledger\.not-a-log"):
            place.open()


def test_values_beyond_any_bound(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "log.db"))
    place.create().close()
    place.sql("UPDATE log SET charter = zeroblob(100000000)")
    with pytest.raises(UnavailableError, match=r"ledger\.(store|corrupt)"):
        place.open()


def test_addresses_with_characters_of_addresses(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#c%20.db"
    EvidenceLog.create(f"sqlite:{path}", LOG.key).close()
    with EvidenceLog.open(path) as log:
        log.append(entry(1))
    assert path.stat().st_size > 0


@pytest.mark.parametrize("address", ["", "sqlite:", "mysql://x/y", "http://x"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(MisuseError, match=r"ledger\.address"):
        EvidenceLog.open(address)


def test_keys_that_are_none_of_a_log(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=r"ledger\.key"):
        EvidenceLog.create(tmp_path / "log", witness(1).key)
    with pytest.raises(MisuseError, match=r"ledger\.charter"):
        EvidenceLog.create(tmp_path / "log", LOG.key, bytes(1 << 21))
    assert not (tmp_path / "log").exists()


def test_a_table_that_a_crash_empties_is_refused(place: Place) -> None:
    if place.schema is None:
        pytest.skip("SQLite has no such tables")
    place.create().close()
    place.sql("ALTER TABLE {log}entry SET UNLOGGED")
    with pytest.raises(UnavailableError, match=r"ledger\.durability") as caught:
        place.open()
    assert "UNLOGGED tables: entry" in caught.value.message


def test_durable_settings_are_checked_at_opening(place: Place) -> None:
    place.create().close()
    if place.schema is None:
        place.sql("PRAGMA journal_mode = DELETE")
        with pytest.raises(UnavailableError, match=r"ledger\.durability"):
            place.open()
        return
    place.sql("ALTER DATABASE postgres SET synchronous_commit = off")
    try:
        with pytest.raises(UnavailableError, match=r"ledger\.durability"):
            place.open()
    finally:
        place.sql("ALTER DATABASE postgres RESET synchronous_commit")
    place.open().close()


def test_what_is_closed_or_of_another_process(place: Place) -> None:
    log = place.create()
    log.append(entry(0))
    # not a fork of the whole test session, but of one that has just this log
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()

    def child() -> None:
        try:
            log.append(entry(1))
        except MisuseError as error:
            answers.put(error.code)

    process = context.Process(target=child)
    process.start()
    assert answers.get(timeout=30) == "ledger.forked"
    process.join()
    assert log.append(entry(1)) == 1
    log.close()
    log.close()
    with pytest.raises(MisuseError, match=r"ledger\.closed"):
        log.append(entry(2))


# -- growing


def test_entries_stand_in_the_order_of_their_indexes(place: Place) -> None:
    with place.create() as log:
        assert [log.append(one) for one in entries(5)] == [0, 1, 2, 3, 4]
        assert log.append_many(entries(20, 5)) == list(range(5, 25))
        assert log.append_many([]) == []
        assert list(log.entries()) == list(enumerate(entries(25)))
        assert list(log.entries(7, 9)) == [(7, entry(7)), (8, entry(8))]
        assert list(log.entries(25)) == list(log.entries(9, 7)) == []
        assert log.head == (25, naive_root(entries(25)), 0, 0)
    with place.open() as log:
        assert log.append(entry(25)) == 25
        assert log.head.root == naive_root(entries(26))


def test_what_is_given_twice_at_once_is_one_entry(place: Place) -> None:
    with place.create() as log:
        assert log.append_many([entry(1), entry(2), entry(1)]) == [0, 1, 0]
        assert log.append(entry(1)) == 2  # later it is another one: the log keeps no index of its entries


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33, "x" * 32, None])
def test_entries_are_of_32_octets(place: Place, wrong: bytes) -> None:
    with place.create() as log:
        with pytest.raises(MisuseError, match=r"ledger\.entry"):
            log.append_many([entry(1), wrong])
        assert log.head.size == 0


def test_more_than_a_batch_and_a_page(place: Place) -> None:
    count = BATCH + PAGE + 7
    with place.create() as log:
        assert log.append_many(entries(count)) == list(range(count))
        assert [one for _, one in log.entries()] == entries(count)
        assert log.head.root == naive_root(entries(count))
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


@given(batches=st.lists(st.integers(0, 40), max_size=6), reopen=st.integers(0, 5))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_root_is_that_of_the_entries(places: Callable[[], Place], batches: list[int], reopen: int) -> None:
    """Invariant: however entries came, and whoever appended them, root and proofs are those of the list of them."""
    place = places()
    log = place.create()
    try:
        size = 0
        for turn, count in enumerate(batches):
            log.append_many(entries(count, size))
            size += count
            if turn == reopen:
                log.close()
                log = place.open()
        assert log.head[:2] == (size, naive_root(entries(size)))
        log.checkpoint(LOG)
        for index in {0, size // 2, size - 1} & set(range(size)):
            path = log.prove_inclusion(index, size)
            assert merkle.check_inclusion(merkle.leaf_hash(entry(index)), index, size, path, log.head.root)
        assert [note.code for note in log.audit(LOG.key).notes] in ([], ["audit.unstamped"])
    finally:
        log.close()


def test_two_handles_of_one_log_take_turns(place: Place) -> None:
    with place.create() as one, place.open() as other:
        for number in range(10):
            assert (one if number % 2 else other).append(entry(number)) == number
        assert one.head == other.head


def test_threads_share_a_handle(place: Place) -> None:
    """Each thread's entries are there, in its own order, at the indexes that it was told."""
    with place.create() as log:
        told: dict[int, bytes] = {}

        def append(thread: int) -> None:
            for number in range(25):
                one = entry(number, f"thread {thread} ")
                told[log.append(one)] = one

        threads = [threading.Thread(target=append, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert dict(log.entries()) == told
        assert len(told) == 200
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_an_error_of_the_store_reaches_every_thread_in_line(place: Place) -> None:
    with place.create() as log:
        log.append_many(entries(3))
        place.sql("UPDATE {log}head SET root = ?", bytes(32))
        codes: list[str] = []

        def append(number: int) -> None:
            try:
                log.append(entry(number))
            except TrustError as error:
                codes.append(error.code)

        threads = [threading.Thread(target=append, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == ["ledger.corrupt"] * 5
        assert log.head.size == 3


# -- checkpoints


def test_checkpoints_are_signed_once_for_each_size(place: Place) -> None:
    with place.create() as log:
        assert log.latest_checkpoint() is None
        empty = log.checkpoint(LOG)
        assert open_checkpoint(empty, LOG.key).checkpoint[1:3] == (0, merkle.EMPTY_ROOT)
        log.append_many(entries(3))
        first = log.checkpoint(LOG)
        assert log.checkpoint(LOG) == first
        log.append_many(entries(4, 3))
        second = log.checkpoint(LOG)
        assert log.latest_checkpoint() == second
        assert open_checkpoint(second, LOG.key).checkpoint[1:3] == (7, naive_root(entries(7)))
        assert log.head.checkpoints == 3
        assert [log.checkpoint_covering(index) for index in (0, 2, 3, 6, 7)] == [first, first, second, second, None]
        path = log.prove_consistency(3, 7)
        assert merkle.check_consistency(3, 7, path, naive_root(entries(3)), naive_root(entries(7)))


def test_only_the_logs_key_signs(place: Place) -> None:
    with place.create() as log:
        for other in (signer("other.example"), signer(ORIGIN, COSIGNATURE), NoteSigner(witness(1).key, LOG.sign)):
            with pytest.raises(MisuseError, match=r"ledger\.key"):
                log.checkpoint(other)
        with pytest.raises(MisuseError, match=r"note\.signer"):
            log.checkpoint(NoteSigner(LOG.key, signer("other.example").sign))
        assert log.head.checkpoints == 0


def test_a_log_does_not_sign_what_does_not_begin_with_what_it_signed(place: Place) -> None:
    with place.create() as log:
        log.append_many(entries(6))
        log.checkpoint(LOG)
        forged = entries(6)
        forged[2] = entry(2, "forged ")
        nodes = merkle.Edge().extend([merkle.leaf_hash(one) for one in forged])
        for position in range(6):
            place.sql(
                "UPDATE {log}entry SET commitment = ?, node = ? WHERE position = ?",
                forged[position],
                nodes[position],
                position,
            )
        place.sql("UPDATE {log}head SET root = ?", naive_root(forged))
    with place.open() as log:
        log.append(entry(6))
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            log.checkpoint(LOG)
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            log.prove(3)


def test_cosignatures_are_kept(place: Place) -> None:
    policy = WitnessPolicy.of(2, *(witness(number).key for number in (1, 2, 3)))
    at = datetime(2027, 4, 1, tzinfo=UTC)
    with place.create() as log:
        log.append(entry(0))
        bare = log.checkpoint(LOG)
        one = log.add_cosignatures(cosign(bare, LOG.key, witness(1), at), policy)
        both = log.add_cosignatures(cosign(bare, LOG.key, witness(2), at), policy)
        assert log.add_cosignatures(one, policy) == both == log.latest_checkpoint()
        stranger = cosign(bare, LOG.key, witness(9), at)
        assert log.add_cosignatures(stranger, policy) == both
        assert len(open_checkpoint(both, LOG.key, policy).cosignatures) == 2
        unknown = sign_checkpoint(Checkpoint(ORIGIN, 2, bytes(32)), LOG)
        with pytest.raises(MisuseError, match=r"ledger\.range"):
            log.add_cosignatures(unknown, policy)
        forked = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), LOG)
        with pytest.raises(MalformedError, match=r"checkpoint\.other"):
            log.add_cosignatures(forked, policy)


# -- proving


def test_only_what_is_signed_is_proven(place: Place) -> None:
    with place.create() as log:
        log.append_many(entries(5))
        with pytest.raises(MisuseError, match=r"ledger\.range"):
            log.prove(0)
        old = log.checkpoint(LOG)
        log.append(entry(5))
        for index in (-1, 5, 6):
            with pytest.raises(MisuseError, match=r"ledger\.range"):
                log.prove(index)
        log.checkpoint(LOG)
        assert log.prove(5).position == 5
        assert open_checkpoint(log.prove(4, checkpoint=old).checkpoint, LOG.key).checkpoint.size == 5
        with pytest.raises(MisuseError, match=r"ledger\.range"):
            log.prove(5, checkpoint=old)
        for size in (7, 100):
            with pytest.raises(MisuseError, match=r"ledger\.range"):
                log.prove_inclusion(0, size)
            with pytest.raises(MisuseError, match=r"ledger\.range"):
                log.prove_consistency(3, size)


# -- stores that others have written to


def test_a_store_that_contradicts_itself_takes_nothing_more(place: Place) -> None:
    with place.create() as log:
        log.append_many(entries(7))
    place.sql("UPDATE {log}entry SET node = ? WHERE position = 3", bytes(32))
    with place.open() as log, pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
        log.append(entry(7))


def test_entries_beyond_the_head_stop_the_log(place: Place) -> None:
    with place.create() as log:
        log.append_many(entries(4))
        place.sql("INSERT INTO {log}entry VALUES (4, ?, ?)", entry(9), entry(9))
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            log.append(entry(4))
        assert log.head.size == 4


@pytest.mark.parametrize("statement", ["DELETE FROM {log}head", "DELETE FROM {log}log", "DELETE FROM {log}entry"])
def test_missing_rows_are_errors(place: Place, statement: str) -> None:
    with place.create() as log:
        log.append_many(entries(3))
    place.sql(statement)
    with pytest.raises(TrustError) as caught, place.open() as log:
        log.append(entry(3))
    assert caught.value.code == "ledger.corrupt"


def test_columns_of_other_types_are_errors(tmp_path: Path) -> None:
    """SQLite keeps any type in any column."""
    place = Place(str(tmp_path / "log.db"))
    with place.create() as log:
        log.append_many(entries(4))
    text = "x" * 32
    for statement in (
        "UPDATE entry SET node = ? WHERE position = 3",
        "UPDATE entry SET commitment = ? WHERE position = 3",
        "UPDATE head SET root = ?",
        "UPDATE log SET charter = ?",
    ):
        place.sql(statement, text)
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"), place.open() as log:
            log.append_many([entry(4)] if log.prove_inclusion(3, 4) else [])


def test_sequencing_does_not_rest_on_the_lock(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two appenders with the same view of the head: one of them swaps it, the other one sees that and starts again."""
    if place.schema is None:
        pytest.skip("SQLite has no way to write without its lock")
    from toyono_trust.ledger.stores import postgres

    monkeypatch.setattr(postgres, "_TURN", postgres._TURN.replace("FOR UPDATE", "-- "))
    monkeypatch.setattr(postgres, "ATTEMPTS", 10_000)  # without a lock nobody waits for a turn
    place.create().close()
    told: dict[int, bytes] = {}

    def append(appender: int) -> None:
        with place.open() as log:
            for number in range(40):
                one = entry(number, f"appender {appender} ")
                told[log.append(one)] = one

    threads = [threading.Thread(target=append, args=(appender,)) for appender in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with place.open() as log:
        logged = dict(log.entries())
        assert told.items() <= logged.items()
        assert len(told) == 120
        log.checkpoint(LOG)
        assert log.audit(LOG.key).sound


def test_a_store_says_whose_it_is(place: Place) -> None:
    place.create().close()
    store = place.store()
    assert store.description() == Description(ORIGIN, LOG.key.text, b"")
    store.close()
    for column, value in (("key", witness(1).key.text), ("key", "nonsense"), ("origin", "other.example")):
        before = place.sql(f"SELECT {column} FROM {{log}}log")[0][0]
        place.sql(f"UPDATE {{log}}log SET {column} = ?", value)
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            place.open()
        place.sql(f"UPDATE {{log}}log SET {column} = ?", before)
