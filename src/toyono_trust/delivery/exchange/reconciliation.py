"""Two-sided reconciliation: given what both parties recorded, which side and which message differ.

Records of both sides are read once, one after the other; what they claim goes into spools by the hash of the message's
identifier, so that memory holds one spool at a time, however many exchanges there are. Of each message all claims are
compared: manifests and receipts of either side. Where they differ, most of them tell which side stands alone; where it
is one against one, the records alone cannot tell, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import IO, Any, Literal, NamedTuple, NoReturn

from toyono_trust.core.findings import Language, entry
from toyono_trust.delivery.exchange.comparison import compare
from toyono_trust.delivery.exchange.logged import Book, opened_entry
from toyono_trust.delivery.exchange.records import Record, Row, Side, Source, claimed
from toyono_trust.errors import MisuseError
from toyono_trust.validation.render import safe
from toyono_trust.validation.report import Finding

__all__ = ["Difference", "Reconciliation", "reconcile"]

SPOOLS = 128
"""Spools among which messages are spread; a million exchanges leave 30,000 rows in each. Systems give 256 files."""
TOLERANCE = timedelta(seconds=60)
"""By how much two clocks may differ; as of receipts."""
KEPT = 10_000
"""Differences that a report names; more are counted."""


class Difference(NamedTuple):
    """One thing on which the records differ.

    ``code``: of the findings table. ``side``: the one that stands alone or lacks something; ``"either"`` where the
    records do not tell. ``message``: its identifier; of a record that cannot be read its number on that side.
    ``about``: which part, receipt or term. ``value``: what that side says; ``expected``: what the others say.
    """

    code: str
    side: Literal["a", "b", "either"]
    message: str
    about: str = ""
    value: str = ""
    expected: str = ""

    def finding(self, names: tuple[str, str] = ("A", "B")) -> Finding:
        """The same as a finding. ``names``: what the sides are called."""
        called = {"a": names[0], "b": names[1], "either": f"{names[0]} / {names[1]}"}[self.side]
        return Finding(
            self.code,
            entry(self.code).level,
            self.message,
            {
                "side": called,
                "subject": self.message,
                "about": self.about,
                "value": self.value,
                "expected": self.expected,
            },
        )


class Reconciliation:
    """What came out; the same records give the same report.

    ``differences``: the first 10,000, by message; ``count``: how many there are. ``records``: how many each side has;
    ``messages``: how many messages they speak of; ``agreed``: on how many of these nothing differs. ``unopened``: how
    many entries of each side's log no record opens (other evidence, or a salt that was destroyed); None without a log.
    """

    __slots__ = ("agreed", "count", "differences", "messages", "records", "unopened")

    def __init__(
        self,
        differences: tuple[Difference, ...],
        count: int,
        records: tuple[int, int],
        messages: int,
        agreed: int,
        unopened: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self.differences, self.count, self.records = differences, count, records
        self.messages, self.agreed, self.unopened = messages, agreed, unopened

    def __bool__(self) -> NoReturn:
        raise TypeError("a reconciliation is not a yes or no: look at .differences and .count")

    def __repr__(self) -> str:
        return f"<Reconciliation {self.messages} messages, {self.agreed} agreed, {self.count} differences>"

    def text_in(self, language: Language, names: tuple[str, str] = ("A", "B")) -> str:
        """For people: the counts, then a line for each difference."""
        a, b = self.records
        head = {
            "en": f"{names[0]}: {a} records, {names[1]}: {b} records; {self.messages} messages, {self.agreed} agree; "
            f"{self.count} differences",
            "ja": f"記録：{names[0]} {a} 件、{names[1]} {b} 件／メッセージ {self.messages} 件、"
            f"うち一致 {self.agreed} 件／相違 {self.count} 件",
        }[language]
        found = [one.finding(names) for one in self.differences]
        return "\n".join(map(safe, [head, *(f"{one.text_in(language)} [{one.code}]" for one in found)]))

    def to_json(self, names: tuple[str, str] = ("A", "B")) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "sides": [
                {"name": name, "records": count, "unopened": unopened}
                for name, count, unopened in zip(names, self.records, self.unopened, strict=True)
            ],
            "messages": self.messages,
            "agreed": self.agreed,
            "count": self.count,
            "differences": [
                {**one._asdict(), "text": finding.text, "remedy": finding.remedy}
                for one in self.differences
                for finding in [one.finding(names)]
            ],
        }


def reconcile(
    a: Iterable[Record],
    b: Iterable[Record],
    *,
    tolerance: timedelta = TOLERANCE,
    receipts: bool = True,
    logs: tuple[Iterable[bytes] | None, Iterable[bytes] | None] = (None, None),
    spool: Callable[[], IO[bytes]] = BytesIO,
) -> Reconciliation:
    """Compare what two parties recorded of their exchanges.

    Named are: messages and receipts that one side lacks, parts, terms and receipts on which they differ, times of
    submission further apart than ``tolerance``, records that are there twice, that stand before earlier ones (by more
    than ``tolerance``), that cannot be read.

    Args:
        a: one side's records in the order of its log: manifests (of either form; for third parties made under one
            secret), receipts in JSON, or openings of log entries. Iterated once; nothing is verified.
        b: the other side's.
        tolerance: by how much times may differ.
        receipts: whether both sides present the receipts that they hold. False: manifests alone are compared.
        logs: the entries of each side's log, as an audit of it gives them; then that side's records must be openings,
            and each that opens no entry is named. None: no log is at hand.
        spool: makes a file to write and read; ``tempfile.TemporaryFile`` bounds memory, the default keeps all in it.

    Raises:
        MisuseError: "exchange.argument", a negative tolerance. ``OSError`` of the spools passes through.
    """
    if tolerance < timedelta():
        raise MisuseError("exchange.argument", "the tolerance is negative")
    spools = [spool() for _ in range(SPOOLS)]
    books: list[Book | None] = []
    try:
        found = _Kept()
        counts, unopened = [], []
        for (side, records), entries in zip(_sides(a, b), logs, strict=True):
            book = None if entries is None else Book(entries, spool)
            books.append(book)
            counts.append(_spread(side, _presented(records, book), spools, tolerance, found))
            unopened.append(None if book is None else _unlogged(side, book, found))
        messages = agreed = 0
        for one in spools:
            groups = _grouped(one)
            messages += len(groups)
            for message in sorted(groups):
                differences = compare(groups[message], tolerance, receipts=receipts)
                agreed += not differences
                found.take(Difference(*one) for one in differences)
    finally:
        for one in spools:
            one.close()
        for book in books:
            if book is not None:
                book.close()
    return Reconciliation(
        found.sorted(), found.count, (counts[0], counts[1]), messages, agreed, (unopened[0], unopened[1])
    )


def _sides(a: Iterable[Record], b: Iterable[Record]) -> Sequence[tuple[Side, Iterable[Record]]]:
    return (("a", a), ("b", b))


def _presented(records: Iterable[Record], book: Book | None) -> Iterator[Record]:
    """The records, noted in the book as they go by; one that is no opening opens an entry that no log has."""
    for number, record in enumerate(records, 1):
        if book is not None:
            book.present(number, opened_entry(record) or bytes(32))
        yield record


def _unlogged(side: Side, book: Book, found: _Kept) -> int:
    unlogged, unopened = book.settle()
    found.take(Difference("exchange.not-logged", side, str(number)) for number in unlogged)
    return unopened


class _Kept:
    """The first differences, and how many there were."""

    def __init__(self) -> None:
        self._kept: list[Difference] = []
        self.count = 0

    def take(self, differences: Iterable[Difference]) -> None:
        for one in differences:
            self.count += 1
            if len(self._kept) < KEPT:
                self._kept.append(one)

    def sorted(self) -> tuple[Difference, ...]:
        return tuple(sorted(self._kept, key=lambda one: (one.message, one)))


def _spread(
    side: Side, records: Iterable[Record], spools: Sequence[IO[bytes]], tolerance: timedelta, found: _Kept
) -> int:
    """Write one side's rows to the spools; note what cannot be read or is out of order. How many records there were."""
    number = 0
    allowed = tolerance // timedelta(microseconds=1)
    before: dict[Source, tuple[int, str]] = {}
    for number, claims in enumerate(claimed(side, records), 1):
        if isinstance(claims, int):
            found.take([Difference("exchange.unreadable", side, str(number))])
            continue
        last = before.get(claims.source)
        if last is not None and last[0] - claims.made > allowed:
            found.take([Difference("exchange.out-of-order", side, claims.name, claims.source, expected=last[1])])
        before[claims.source] = (claims.made, claims.name)
        for row in claims.rows:
            spools[sha256(row.message.encode()).digest()[0] % SPOOLS].write(row.write())
    return number


def _grouped(spool: IO[bytes]) -> dict[str, list[Row]]:
    spool.seek(0)
    groups: dict[str, list[Row]] = {}
    for line in spool:
        row = Row.read(line)
        groups.setdefault(row.message, []).append(row)
    return groups
