"""Index files that mislead: names, encodings, sizes, numbers, dates. Nothing outside of the folder is ever opened."""

from __future__ import annotations

import os
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.edge.bulk import folder as folders
from toyono_trust.edge.bulk import index as indexes
from toyono_trust.edge.bulk.folder import Folder, walk
from toyono_trust.edge.bulk.index import Index, is_inside, read_index
from toyono_trust.edge.bulk.selection import amount_of, amounts_of, date_of, folded
from toyono_trust.errors import MalformedError, MisuseError

HEADER = "file,date,counterparty,amount\r\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "secret.jws").write_bytes(b"outside")
    root = tmp_path / "records"
    (root / "inner").mkdir(parents=True)
    for name in ("a.jws", "inner/b.jws", "がく.jws"):
        (root / name).write_bytes(b"x")
    return root


def read(root: Path, text: str | bytes) -> Index:
    path = root / "index.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_index(str(path), walk(str(root)))


def codes(root: Path, row: str) -> list[str]:
    (record,) = read(root, HEADER + row + "\r\n").records
    return [note.code for note in record.notes]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.jws", "inner/../../secret.jws", "/etc/passwd", "{outside}", "./a.jws", "inner//b.jws", "a.jws/",
        "\\\\server\\share", "..\\secret.jws", "C:/secret.jws", "file:a.jws", "a.jws:stream", "inner\\b.jws", "~/a",
        "a.jws\u202e", "a.jws\x1b[2J", "/dev/zero", "/proc/self/mem", "",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_never_opened(place: Path, name: str) -> None:
    named = name.format(outside=place.parent / "secret.jws")
    (record,) = read(place, f'{HEADER}"{named}",2027-04-01,x,1\r\n').records
    assert record.path == ""
    assert [note.code for note in record.notes] in (["bulk.path"], ["bulk.missing"])
    if named.startswith(("..", "/", "C:")):
        assert [note.code for note in record.notes] == ["bulk.path"]


@given(st.text(max_size=60))
def test_a_name_is_inside_or_refused(name: str) -> None:
    """Invariant: a name that counts as inside stays below the folder, whatever the system makes of it."""
    if is_inside(name):
        joined = os.path.normpath(os.path.join("/srv/records", name))
        assert joined.startswith("/srv/records/")
        assert "\\" not in name
        assert ":" not in name


@given(st.text(max_size=40))
def test_no_name_is_looked_up_but_among_the_files(name: str) -> None:
    """Invariant: what ``find`` gives is a file that was walked over."""
    made = Folder("r", {"a": "/r/a", "か\u3099": "/r/が"}, frozenset(), {"が": "か\u3099"})
    assert made.find(name) in (None, *made.files)


def test_a_name_may_be_composed_otherwise(place: Path) -> None:
    (record,) = read(place, f"{HEADER}か\u3099く.jws,2027-04-01,x,1\r\n").records
    assert record.path.endswith("がく.jws")
    (place / "か\u3099.jws").write_bytes(b"x")
    (record,) = read(place, f"{HEADER}が.jws,2027-04-01,x,1\r\n").records
    assert record.path.endswith("か\u3099.jws")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_links_devices_and_pipes(place: Path) -> None:
    (place / "link.jws").symlink_to(place.parent / "secret.jws")
    (place / "folder").symlink_to(place.parent)
    os.mkfifo(place / "pipe.jws")
    rows = "".join(f"{name},2027-04-01,x,1\r\n" for name in ("link.jws", "folder/secret.jws", "pipe.jws", "inner"))
    found = read(place, HEADER + rows)
    assert [(record.path, record.notes[0].code) for record in found.records] == [
        ("", "bulk.special"), ("", "bulk.special"), ("", "bulk.special"), ("", "bulk.missing"),
    ]  # fmt: skip
    assert not [name for name in walk(str(place)).files if "secret" in name]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_the_index_itself_is_a_regular_file(place: Path) -> None:
    os.mkfifo(place / "pipe.csv")
    (place / "link.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "link.csv", "inner"):
        with pytest.raises(MalformedError) as raised:
            read_index(str(place / name), walk(str(place)))
        assert raised.value.code == "index.special"
    for name in ("pipe.jws", "zero.jws"):
        with pytest.raises(OSError, match=r"."):
            folders.open_regular(str(place / name) if name == "pipe.jws" else "/dev/zero")


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("file,date\r\na.jws,2027-04-01\r\n".encode("utf-16"), "index.encoding"),
        ("file,date,counterparty\r\na.jws,2027-04-01,株式会社\r\n".encode("cp932"), "index.encoding"),
        (b"file,date\r\na.jws\0,2027-04-01\r\n", "index.encoding"),
        (b"file,date\r\n\xff\xfe\r\n", "index.encoding"),
        (b"file,date\r\n\xed\xa0\x80,2027-04-01\r\n", "index.encoding"),
        (b"", "index.header"),
        (b"\r\n", "index.header"),
        (b"name,date\r\n", "index.header"),
        (b"file,date,date\r\n", "index.header"),
        (b"file;date\r\n", "index.header"),
        (b"file,date\r\na.jws\r\n", "index.line"),
        (b"file,date\r\na.jws,2027-04-01,more\r\n", "index.line"),
        (b'file,date\r\n"a.jws,2027-04-01\r\n', "index.line"),
        (b'file,date\r\n"a"b,2027-04-01\r\n', "index.line"),
        (b"file,date\r\n" + b"x" * 5_000 + b",2027-04-01\r\n", "index.too-large"),
        (b"file,date\r\n" + b"x" * 70_000 + b",2027-04-01\r\n", "index.too-large"),
        (b'file,date\r\n"' + b"x\r\n" * 60_000 + b'",2027-04-01\r\n', "index.line"),
        (b"," * 70_000, "index.too-large"),
    ],
)
def test_what_is_no_index_is_refused_whole(place: Path, octets: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as raised:
        read(place, octets)
    assert raised.value.code == code


def test_a_byte_order_mark_is_welcome(place: Path) -> None:
    (record,) = read(place, "\ufefffile,date\r\na.jws,2027-04-01\r\n".encode()).records
    assert (record.file, record.date) == ("a.jws", date(2027, 4, 1))
    with pytest.raises(MalformedError):
        read(place, "\ufeff\ufefffile,date\r\na.jws,2027-04-01\r\n".encode())


def test_ten_million_lines_end_at_the_bound(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays that of the records; lines that name none are bounded, too."""
    monkeypatch.setattr(indexes, "MAX_RECORDS", 10_000)
    lines = b"\r\n" * 10_000_000
    (place / "index.csv").write_bytes(b"file,date\r\n" + lines)
    found = walk(str(place))
    tracemalloc.start()
    with pytest.raises(MalformedError) as raised:
        read_index(str(place / "index.csv"), found)
    assert raised.value.code == "index.too-large"
    rows = b"".join(b"%d.jws,2027-04-01\r\n" % number for number in range(100_000))
    (place / "index.csv").write_bytes(b"file,date\r\n" + rows)
    with pytest.raises(MalformedError) as raised:
        read_index(str(place / "index.csv"), found)
    assert raised.value.code == "index.too-large"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 << 20


def test_a_file_without_end_is_not_read_to_its_end(place: Path) -> None:
    with (place / "index.csv").open("wb") as stream:
        stream.truncate(1 << 40)  # a hole
    with pytest.raises(MalformedError) as raised:
        read_index(str(place / "index.csv"), walk(str(place)))
    assert raised.value.code == "index.too-large"


def test_a_row_that_comes_twice(place: Path) -> None:
    """The same again is one record; with other particulars it is that record with a finding."""
    same = read(place, f"{HEADER}a.jws,2027-04-01,x,1\r\n" * 1 + "a.jws,2027-04-01,x,1\r\n" * 3)
    assert [(record.file, record.notes) for record in same.records] == [("a.jws", ())]
    other = read(place, f"{HEADER}a.jws,2027-04-01,x,1\r\na.jws,2027-05-01,x,999\r\n")
    (record,) = other.records
    assert (record.date, record.amount) == (date(2027, 4, 1), Decimal(1))
    assert [(note.code, note.values["line"]) for note in record.notes] == [("bulk.duplicate", 3)]
    many = read(place, HEADER + "".join(f"a.jws,2027-04-01,x,{number}\r\n" for number in range(1_000)))
    assert len(many.records[0].notes) < 30


@pytest.mark.parametrize(
    "text",
    [
        "1e999999", "1E5", "NaN", "nan", "sNaN", "Infinity", "-inf", "0x10", "1_000", "１e５", "1" * 19, "1." + "1" * 7,
        "1,00", "10,0000", "1,,000", "--1", "1-", "(1)", "¥100", "100円", "=1+1", "1 000", "1.2.3", "٣٤", "",
        "9" * 10_000_000,
    ],
)  # fmt: skip
def test_what_is_no_amount(place: Path, text: str) -> None:
    assert amount_of(text) is None
    if text and len(text) < 4_000:
        assert codes(place, f'a.jws,2027-04-01,x,"{text}"') == ["bulk.amount"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("１２３", "123"),
        ("－１，２３４．５", "-1234.5"),
        ("1,234,567", "1234567"),
        (" 7 ", "7"),
        ("+7", "7"),
        ("0.10", "0.10"),
    ],
)
def test_full_width_digits_are_digits(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-29", "2027-13-01", "2027-00-10", "0000-01-01", "2027-4-1", "20270401", "2027/04-01", "01-04-2027",
        "2027-W14-4", "2027-04-01T00:00:00Z", "令和9年4月1日", "٢٠٢٧-04-01", "-2027-04-01", "+2027-04-01",
        "", "99999-01-01", "2027-04-31", "=TODAY()",
    ],
)  # fmt: skip
def test_what_is_no_day(place: Path, text: str) -> None:
    """A record whose day cannot be read is not lost: it is there with every period."""
    assert date_of(text) is None
    assert codes(place, f"a.jws,{text},x,1") == ["bulk.date"]


@given(st.text(max_size=80))
def test_every_text_is_an_amount_and_a_day_or_is_not(text: str) -> None:
    """Invariant: total, and what is taken is finite and of the calendar."""
    amount = amount_of(text)
    assert amount is None or (amount.is_finite() and abs(amount) < Decimal(10) ** 18)
    date_of(text)
    amounts_of(text)
    folded(text)


@given(st.binary(max_size=400))
def test_any_octets_are_an_index_or_are_refused(data: bytes) -> None:
    """Invariant: nothing but the documented errors, and never a path that was not walked over."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "a.jws").write_bytes(b"x")
        try:
            found = read(root, b"file,date,amount\n" + data)
        except MalformedError as error:
            if error.code.startswith("index."):
                return
            raise
        assert {record.path for record in found.records} <= {"", str(root / "a.jws")}


def test_folders_are_bounded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = place
    for _ in range(70):
        deep = deep / "d"
        deep.mkdir()
    with pytest.raises(MisuseError) as raised:
        walk(str(place))
    assert raised.value.code == "bulk.too-many"
    monkeypatch.setattr(folders, "MAX_FILES", 3)
    with pytest.raises(MisuseError) as raised:
        walk(str(place))
    assert raised.value.code == "bulk.too-many"
