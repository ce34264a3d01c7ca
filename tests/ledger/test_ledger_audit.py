"""The audit finds any single mutation of a log, and names the first entry that was altered, removed or inserted."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, Place, entries, entry, signer, witness
from toyono_trust.core import findings, merkle
from toyono_trust.errors import MalformedError, UnavailableError
from toyono_trust.ledger.audit import Audit
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, cosign, sign_checkpoint
from toyono_trust.ledger.proof import write_proof

LOG = signer()
SIZE = 41
SIGNED = (0, 7, 16, 33)
"""Sizes at which the log of these tests was signed; its last eight entries are under no checkpoint."""
AT = datetime(2027, 4, 1, tzinfo=UTC)
_OPEN = ("audit.unsigned", "audit.unstamped")


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A log of ``SIZE`` entries, to be copied."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(str(Path(folder) / "log.db"))
        fill(place)
        yield Path(place.address)


def fill(place: Place) -> None:
    with place.create() as log:
        for size in (*SIGNED, SIZE):
            log.append_many(entries(size - log.head.size, log.head.size))
            if size != SIZE:
                log.checkpoint(LOG)


@contextmanager
def copied(made: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        yield Place(shutil.copy(made, Path(folder) / "log.db"))


def audited(place: Place, held: Sequence[bytes] = (), policy: WitnessPolicy | None = None) -> Audit:
    with place.open() as log:
        return log.audit(LOG.key, policy, held)


def codes(audit: Audit) -> list[str]:
    """What was found, but for that the last entries are not signed or stamped; each can be said in words."""
    for note in audit.notes:
        for text in findings.entry(note.code).text:
            assert text.format(**note.values)
    return [note.code for note in audit.notes if note.code not in _OPEN]


def shift(place: Place, start: int, by: int) -> None:
    """Renumber the entries from ``start`` on."""
    place.sql("UPDATE {log}entry SET position = position + 1000000 WHERE position >= ?", start)
    place.sql("UPDATE {log}entry SET position = position - ? WHERE position >= 1000000", 1_000_000 - by)


def rewrite(place: Place, commitments: list[bytes]) -> None:
    """Make all rows fit other commitments, as an operator would who wants nobody to notice."""
    leaves = [merkle.leaf_hash(one) for one in commitments]
    rows = zip(range(len(leaves)), commitments, merkle.Edge().extend(leaves), strict=True)
    with closing(sqlite3.connect(place.address)) as file, file:
        file.execute("DELETE FROM entry")
        file.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
        file.execute("UPDATE head SET size = ?, root = ?", (len(leaves), merkle.root(leaves)))


index = st.integers(0, SIZE - 1)
often = settings(deadline=None, max_examples=60)
every = pytest.mark.parametrize("at", range(SIZE))


def test_a_sound_log(place: Place) -> None:
    fill(place)
    audit = audited(place)
    root = merkle.root([merkle.leaf_hash(one) for one in entries(SIZE)])
    assert audit[:6] == (SIZE, root, 33, 0, 0, None)
    assert [note.code for note in audit.notes] == ["audit.unsigned", "audit.unstamped"]
    assert audit.sound
    audit.require()
    with pytest.raises(TypeError):
        bool(audit)


# -- single mutations of entries; SQLite alone, for the audit is the same code over both stores


@every
def test_an_altered_commitment_is_named(made: Path, at: int) -> None:
    with copied(made) as place:
        place.sql("UPDATE entry SET commitment = ? WHERE position = ?", entry(at, "forged "), at)
        audit = audited(place)
        assert codes(audit)[0] == "audit.altered"
        assert audit.first == at
        assert audit.notes[0].values["since"] <= at
        with pytest.raises(MalformedError, match=r"audit\.altered"):
            audit.require()


@every
def test_an_altered_hash_is_named_and_told_from_an_altered_entry(made: Path, at: int) -> None:
    with copied(made) as place:
        place.sql("UPDATE entry SET node = ? WHERE position = ?", entry(at, "forged "), at)
        audit = audited(place)
        assert (codes(audit), audit.first, audit.sound) == (["audit.hash"], None, False)
        assert audit.notes[0].values == {"entry": at}


@every
def test_an_altered_row_that_was_made_to_fit_is_found(made: Path, at: int) -> None:
    """Commitment and hash altered together: found at the next row that has both in it, or by what was signed."""
    forged = entries(SIZE)
    forged[at] = entry(at, "forged ")
    nodes = merkle.Edge().extend([merkle.leaf_hash(one) for one in forged])
    with copied(made) as place:
        place.sql("UPDATE entry SET commitment = ?, node = ? WHERE position = ?", forged[at], nodes[at], at)
        audit = audited(place)
        assert not audit.sound
        if audit.first is None:  # no row completes anything with it, and no checkpoint covers it: the head does
            assert codes(audit) == ["audit.head"]
            assert audit.notes[0].values["since"] <= at
        else:
            assert audit.notes[0].values["since"] <= at <= max(audit.first, audit.notes[0].values.get("size", 0) - 1)


@every
def test_a_removed_entry_is_named(made: Path, at: int) -> None:
    with copied(made) as place:
        place.sql("DELETE FROM entry WHERE position = ?", at)
        audit = audited(place)
        assert (codes(audit), audit.first) == (["audit.removed"], at)


@every
def test_a_removed_entry_is_named_also_where_the_others_moved_up(made: Path, at: int) -> None:
    with copied(made) as place:
        place.sql("DELETE FROM entry WHERE position = ?", at)
        shift(place, at + 1, -1)
        audit = audited(place)
        assert audit.first == at
        if at < SIZE - 3:
            assert codes(audit) == ["audit.removed"]


@pytest.mark.parametrize("fitting", [True, False])
@pytest.mark.parametrize("at", range(SIZE + 1))
def test_an_inserted_entry_is_named(made: Path, at: int, fitting: bool) -> None:
    with copied(made) as place:
        shift(place, at, 1)
        forged = entry(at, "forged ")
        node = merkle.Edge().extend([merkle.leaf_hash(one) for one in (*entries(at), forged)])[at]
        place.sql("INSERT INTO entry VALUES (?, ?, ?)", at, forged, node if fitting else bytes(32))
        audit = audited(place)
        assert (codes(audit), audit.first) == (["audit.inserted"], at)


@given(one=index, other=index)
@often
def test_two_entries_that_changed_places_are_found(made: Path, one: int, other: int) -> None:
    first, second = sorted((one, other))
    with copied(made) as place:
        place.sql("UPDATE entry SET commitment = ? WHERE position = ?", entry(second), first)
        place.sql("UPDATE entry SET commitment = ? WHERE position = ?", entry(first), second)
        audit = audited(place)
        assert audit.sound == (first == second)
        if first != second:
            assert audit.first == first


def test_an_entry_before_the_first(made: Path) -> None:
    with copied(made) as place:
        with closing(sqlite3.connect(place.address)) as file, file:
            file.execute("PRAGMA ignore_check_constraints = ON")
            file.execute("INSERT INTO entry VALUES (-1, ?, ?)", (entry(1), entry(1)))
        audit = audited(place)
        assert (codes(audit), audit.first) == (["audit.inserted"], -1)


@pytest.mark.parametrize("column", ["commitment", "node"])
@pytest.mark.parametrize("value", ["x" * 32, 5, 2.5])
def test_columns_of_other_types(made: Path, column: str, value: object) -> None:
    with copied(made) as place:
        with closing(sqlite3.connect(place.address)) as file, file:
            file.execute("PRAGMA ignore_check_constraints = ON")
            file.execute(f"UPDATE entry SET {column} = ? WHERE position = 12", (value,))
        audit = audited(place)
        expected = (["audit.altered"], 12) if column == "commitment" else (["audit.hash"], None)
        assert (codes(audit), audit.first) == expected
        place.sql("UPDATE entry SET commitment = ? WHERE position = 12", entry(99))
        assert audited(place).first == 12


# -- of head, checkpoints and log


@pytest.mark.parametrize("by", [-41, -9, -8, -1, 1, 5])
def test_an_altered_size_of_the_head_is_found(made: Path, by: int) -> None:
    with copied(made) as place:
        place.sql("UPDATE head SET size = size + ?", by)
        audit = audited(place)
        assert "audit.head" in codes(audit)


def test_an_altered_root_of_the_head_is_found(made: Path) -> None:
    with copied(made) as place:
        place.sql("UPDATE head SET root = ?", bytes(32))
        assert codes(audited(place)) == ["audit.head"]


@pytest.mark.parametrize("by", [-4, -1, 1])
def test_an_altered_count_of_checkpoints_is_found(made: Path, by: int) -> None:
    with copied(made) as place:
        place.sql("UPDATE head SET checkpoints = checkpoints + ?", by)
        assert codes(audited(place)) == ["audit.checkpoint-uncounted" if by < 0 else "audit.checkpoint-missing"]


@given(number=st.integers(0, len(SIGNED) - 1), data=st.data())
@settings(deadline=None, max_examples=200)
def test_any_octet_of_a_checkpoint(made: Path, number: int, data: st.DataObject) -> None:
    """Invariant: a checkpoint with one bit flipped is not the log's any more, and is named."""
    with copied(made) as place:
        ((octets,),) = place.sql("SELECT note FROM checkpoint WHERE number = ?", number)
        at = data.draw(st.integers(0, 8 * len(octets) - 1))
        flipped = bytearray(octets)
        flipped[at // 8] ^= 1 << at % 8
        place.sql("UPDATE checkpoint SET note = ? WHERE number = ?", bytes(flipped), number)
        audit = audited(place)
        assert (codes(audit), audit.notes[0].values["number"]) == (["audit.checkpoint"], str(number))


@pytest.mark.parametrize("number", range(len(SIGNED)))
def test_a_missing_a_moved_and_a_renumbered_checkpoint(made: Path, number: int) -> None:
    with copied(made) as place:
        place.sql("DELETE FROM checkpoint WHERE number = ?", number)
        assert codes(audited(place)) == ["audit.checkpoint-missing"]
    with copied(made) as place:
        place.sql("UPDATE checkpoint SET size = size + 1 WHERE number = ?", number)
        assert codes(audited(place)) == ["audit.checkpoint"]
    with copied(made) as place:
        place.sql("UPDATE checkpoint SET number = 9 WHERE number = ?", number)
        assert "audit.checkpoint-missing" in codes(audited(place))
    with copied(made) as place:
        place.sql("UPDATE checkpoint SET note = 'text' WHERE number = ?", number)
        assert codes(audited(place)) == ["audit.checkpoint"]


def test_an_invented_checkpoint(made: Path) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 20, bytes(32)), signer(ORIGIN))
    with copied(made) as place:
        place.sql("INSERT INTO checkpoint VALUES (4, 40, ?)", note)
        assert "audit.checkpoint-uncounted" in codes(audited(place))


def test_another_log_in_its_place(made: Path) -> None:
    with copied(made) as place, place.open() as log:
        audit = log.audit(signer("other.example").key)
        assert codes(audit)[0] == "audit.log"
        assert set(codes(audit)) == {"audit.log", "audit.checkpoint"}


# -- rewritten so that everything in the store fits


@every
def test_a_rewritten_log_is_contradicted_by_what_it_signed(made: Path, at: int) -> None:
    forged = entries(SIZE)
    forged[at] = entry(at, "forged ")
    with copied(made) as place:
        with place.open() as log:
            log.checkpoint(LOG)
        rewrite(place, forged)
        audit = audited(place)
        assert codes(audit) == ["audit.contradicted"]
        values = audit.notes[0].values
        assert (values["since"], values["size"]) in zip((0, *SIGNED[1:]), (*SIGNED[1:], SIZE), strict=False)
        assert values["since"] <= at < values["size"]


@pytest.mark.parametrize("kept", ["checkpoint", "proof"])
def test_a_log_that_was_cut_off_is_found_by_what_others_kept(made: Path, kept: str) -> None:
    """Entries and their checkpoints removed from the end leave no trace in the store."""
    with copied(made) as place:
        with place.open() as log:
            held = log.checkpoint(LOG) if kept == "checkpoint" else b""
            if not held:
                log.checkpoint(LOG)
                held = write_proof(log.prove(30))
        rewrite(place, entries(20))
        place.sql("DELETE FROM checkpoint WHERE size > 20")
        place.sql("UPDATE head SET checkpoints = 3")
        assert audited(place).sound
        audit = audited(place, [held])
        assert (codes(audit), audit.first) == (["audit.cut-off"], 20)
        assert audit.notes[0].values["size"] == SIZE


@given(at=index, proven=index)
@often
def test_a_proof_kept_elsewhere_names_its_entry(made: Path, at: int, proven: int) -> None:
    """The operator signs the rewritten log again: only what others hold can tell, and it tells exactly."""
    forged = entries(SIZE)
    forged[at] = entry(at, "forged ")
    with copied(made) as place:
        with place.open() as log:
            log.checkpoint(LOG)
            held = write_proof(log.prove(proven))
        rewrite(place, forged)
        place.sql("DELETE FROM checkpoint")
        place.sql("UPDATE head SET checkpoints = 0")
        with place.open() as log:
            log.checkpoint(LOG)
        assert audited(place).sound
        audit = audited(place, [held])
        assert "audit.fork" in codes(audit)
        if at == proven:
            assert audit.first == at


def test_what_was_kept_elsewhere_and_is_of_no_use(made: Path) -> None:
    stranger = sign_checkpoint(Checkpoint("other.example", 5, bytes(32)), signer("other.example"))
    with copied(made) as place:
        audit = audited(place, [b"", b"{}", b"{", stranger])
        assert codes(audit) == ["audit.held-unusable"] * 4
        assert audit.sound


def test_a_fork_shown_to_two_is_found(made: Path) -> None:
    with copied(made) as place:
        forked = sign_checkpoint(Checkpoint(ORIGIN, 16, bytes(32)), LOG)
        assert "audit.fork" in codes(audited(place, [forked]))


# -- witnesses


def test_what_witnesses_have_seen(place: Place) -> None:
    policy = WitnessPolicy.of(1, witness(1).key, witness(2).key)
    with place.create() as log:
        log.append_many(entries(5))
        seen = log.add_cosignatures(cosign(log.checkpoint(LOG), LOG.key, witness(2), AT), policy)
        assert log.audit(LOG.key, policy)[2:4] == (5, 5)
        log.append(entry(5))
        log.checkpoint(LOG)
        audit = log.audit(LOG.key, policy)
        assert (audit.signed, audit.witnessed, codes(audit), audit.sound) == (6, 5, ["audit.unwitnessed"], True)
        assert codes(log.audit(LOG.key)) == ["audit.signature-unknown"]
        at = seen.index(b"witness2") + 40  # within the base64 of the cosignature
        place.sql("UPDATE {log}checkpoint SET note = ? WHERE number = 0", seen[:at] + b"A" + seen[at + 1 :])
        audit = log.audit(LOG.key, policy)
        assert codes(audit) == ["audit.checkpoint", "audit.unwitnessed"]
        assert audit.notes[0].values["reason"] == "checkpoint.cosignature"


# -- while others append


def test_an_audit_while_others_append(place: Place) -> None:
    fill(place)
    with place.open() as log, place.open() as other:
        seen: list[int] = []

        def meanwhile(records: Callable[[int, int], list[object]]) -> Callable[[int, int], list[object]]:
            def read(start: int, limit: int) -> list[object]:
                other.append(entry(1000 + len(seen)))
                other.checkpoint(LOG)
                seen.append(start)
                return records(start, limit)

            return read

        store = log._store
        store.columns = meanwhile(store.columns)  # type: ignore[method-assign, assignment, arg-type]
        assert log.audit(LOG.key).sound
        assert seen


def test_a_store_without_head_is_no_log(place: Place) -> None:
    fill(place)
    with place.open() as log:
        place.sql("DELETE FROM {log}head")
        with pytest.raises(UnavailableError, match=r"ledger\.corrupt"):
            log.audit(LOG.key)


def test_the_same_mutations_in_both_stores(place: Place, places: Callable[[], Place]) -> None:
    """One of each kind over PostgreSQL too: the rows come the same way."""
    fill(place)
    place.sql("UPDATE {log}entry SET commitment = ? WHERE position = 21", entry(21, "forged "))
    assert audited(place).first == 21
    for tamper, expected in (
        ("DELETE FROM {log}entry WHERE position = 11", ("audit.removed", 11)),
        ("UPDATE {log}entry SET commitment = node WHERE position = 8", ("audit.altered", 8)),
        ("UPDATE {log}head SET size = 40", ("audit.head", None)),
    ):  # fmt: skip
        other = places()
        fill(other)
        other.sql(tamper)
        audit = audited(other)
        assert (codes(audit)[0], audit.first) == expected
