"""Who can write to a log's store, and would have an audit find nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from made_log import Place, signer
from made_proof import sealed_charter
from made_stamps import Authority, fill
from toyono_trust import signing
from toyono_trust.errors import MisuseError
from toyono_trust.ledger.audit import Audit
from toyono_trust.ledger.proof import write_proof
from toyono_trust.pki import tsp
from toyono_trust.validation.policy import Policy

KEY = signer().key
SIZES = (5, 9, 17)


class Kept(NamedTuple):
    """A log with three checkpoints, two of them stamped, and the proofs that others keep of it."""

    place: Place
    authority: Authority
    proofs: list[bytes]
    checkpoints: list[bytes]

    def audit(self, held: list[bytes]) -> Audit:
        with self.place.open() as log:
            return log.audit(KEY, held=held)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    place, authority = Place(str(tmp_path / "log.db")), Authority()
    fill(place, SIZES, authority, (5, 17))
    with place.open() as log:
        proofs = [write_proof(log.prove(index)) for index in range(SIZES[-1])]
        notes = [log.checkpoint_covering(size - 1) or b"" for size in SIZES]
    return Kept(place, authority, proofs, notes)


def told(audit: Audit) -> set[str]:
    return {note.code for note in audit.notes}


def test_as_it_was_it_is_sound(kept: Kept) -> None:
    assert kept.audit([*kept.proofs, *kept.checkpoints]).notes == ()


def test_a_time_stamp_in_the_place_of_an_earlier_one_is_found_by_who_kept_that(kept: Kept) -> None:
    """Over the same batch, by an authority that is trusted: only later."""
    ((before,),) = kept.place.sql("SELECT token FROM {log}stamp WHERE number = 1")
    kept.authority.clock.pass_by(days=30)
    steps = signing.stamped(tsp.read(before).imprint, kept.authority.stamping, Policy.default())
    token = kept.authority.run(steps)
    kept.place.sql("UPDATE {log}stamp SET token = ?, digest = ? WHERE number = 1", token, sha256(token).digest())
    audit = kept.audit(kept.proofs)
    assert told(audit) == {"audit.stamp-removed"}
    assert not audit.sound


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("trigger", "CREATE TRIGGER {name} AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE position = 0; END"),
        ("view", "CREATE VIEW {name} AS SELECT 1"),
    ],
)
@pytest.mark.parametrize("name", ["sqlite_evil", "evil"])
def test_a_store_that_would_undo_what_it_acknowledges_does_not_open(
    kept: Kept, kind: str, made: str, name: str
) -> None:
    with closing(sqlite3.connect(kept.place.address)) as file:
        file.execute("PRAGMA writable_schema = ON")
        values = (kind, name, "entry" if kind == "trigger" else name, made.format(name=name))
        file.execute("INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, 0, ?)", values)
        file.commit()
    with pytest.raises(MisuseError) as caught:
        kept.place.open()
    assert caught.value.code == "ledger.not-a-log"


def test_statistics_of_its_tables_do_no_harm(kept: Kept) -> None:
    kept.place.sql("ANALYZE")
    assert kept.audit([]).notes == ()


def test_a_checkpoint_that_was_taken_out_is_found_by_who_kept_it(kept: Kept) -> None:
    kept.place.sql("DELETE FROM {log}checkpoint WHERE number = 1")
    kept.place.sql("UPDATE {log}checkpoint SET number = 1 WHERE number = 2")
    kept.place.sql("UPDATE {log}head SET checkpoints = 2")
    audit = kept.audit(kept.checkpoints)
    assert told(audit) == {"audit.checkpoint-removed"}
    assert not audit.sound


@pytest.mark.parametrize("charter", [lambda: b"{}", lambda: sealed_charter(signer("other.example.jp"))])
def test_a_charter_that_spoils_every_proof_is_found(kept: Kept, charter: Callable[[], bytes]) -> None:
    kept.place.sql("UPDATE {log}log SET charter = ?", charter())
    audit = kept.audit([])
    assert told(audit) == {"audit.charter"}
    assert not audit.sound
    kept.place.sql("UPDATE {log}log SET charter = ?", sealed_charter())
    assert kept.audit([]).notes == ()
