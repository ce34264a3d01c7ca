"""Exports of logs that cost their reader more than their writer."""

from __future__ import annotations

import io
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from made_log import entries, signer
from toyono_trust.core.canonical import b64_encode, json_canonical
from toyono_trust.ledger.export import FORMAT, fill, read_description
from toyono_trust.ledger.stores.sqlite import SqliteStore

COUNT = 20_000


def exported(lines: list[bytes]) -> io.BytesIO:
    first = {"format": FORMAT, "log": signer().key.text, "size": COUNT, "checkpoints": 0, "stamps": 0}
    text = b"".join([json_canonical(first) + b"\n", *lines])
    return io.BytesIO(text + json_canonical({"end": sha256(text).hexdigest()}) + b"\n")


def line(first: int, several: list[bytes]) -> bytes:
    return json_canonical({"entries": b64_encode(b"".join(several)), "first": first}) + b"\n"


@pytest.mark.parametrize("kind", ["one entry again and again", "an entry a line"])
def test_commits_do_not_grow_with_the_entries(tmp_path: Path, kind: str) -> None:
    given = [bytes(32)] * COUNT if kind.startswith("one") else entries(COUNT)
    step = 4_000 if kind.startswith("one") else 1
    stream = exported([line(at, given[at : at + step]) for at in range(0, COUNT, step)])
    store = SqliteStore.create(tmp_path / "log", read_description(stream)[0])
    told: list[int] = []
    fill(store, stream, told.append)
    assert len(told) <= 4  # transactions
    assert store.head().size == COUNT
    store.close()
    with sqlite3.connect(tmp_path / "log") as file:
        assert [row[0] for row in file.execute("SELECT commitment FROM entry ORDER BY position")] == given
