"""All that both sides claim about one message, compared; what stands alone is named with its side.

Who is right is put to the vote: each side's manifest has one, and each receipt that both sides hold alike has one, for
its issuer said the same to both. However often a side repeats itself, or presents what nobody else has, it gains none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

from toyono_trust.delivery.exchange.records import Row, Side

__all__ = ["Found", "compare"]

SIDES: tuple[Side, Side] = ("a", "b")
ABSENT = "-"
"""What a record says that does not have the part or term at all."""
MAX_COMPARED = 2_000_000
"""Values of parts, or of terms, of one message that are compared: names times records. A message with a thousand parts
and as many receipts has half of them; ten manifests with all transports that one may name have 100,000."""
Found = tuple[str, Literal["a", "b", "either"], str, str, str, str]
"""Code, side, message, about, value, expected: the members of ``Difference``."""


class _Claim(NamedTuple):
    """One value that one record of a side states, and whether it has a vote."""

    side: Side
    value: str
    votes: bool


class _Rows(NamedTuple):
    """The rows of one message.

    ``manifests``: those of manifests; ``first``: the first of each side; ``voting``: the numbers of those with a vote.
    """

    message: str
    all: Sequence[Row]
    manifests: Sequence[Row]
    first: Sequence[Row]
    voting: frozenset[tuple[Side, int]]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> _Rows:
        """Settle who votes: the first manifest of each side, and one copy of each receipt that both hold alike."""
        manifests = [row for row in rows if row.source == "manifest"]
        first = [row for side in SIDES for row in [one for one in manifests if one.side == side][:1]]
        voters = {(row.side, row.number) for row in first}
        theirs = {tuple(row.receipts.items()) for row in rows if row.side == "b" and row.source == "receipt"}
        counted = set()
        for row in rows:
            said = tuple(row.receipts.items())
            if row.side == "a" and row.source == "receipt" and said in theirs and said not in counted:
                counted.add(said)
                voters.add(("a", row.number))
        return cls(rows[0].message, rows, manifests, first, frozenset(voters))

    def votes(self, row: Row) -> bool:
        """Whether a row has a vote."""
        return (row.side, row.number) in self.voting

    def claim(self, row: Row, value: str) -> _Claim:
        """What a row states."""
        return _Claim(row.side, value, self.votes(row))


def compare(rows: Sequence[Row], tolerance: timedelta, *, receipts: bool) -> list[Found]:
    """What differs among the rows of one message."""
    given = _Rows.of(rows)
    found = [*_twice(given), *_presence(given)]
    parts, terms = _names(row.parts or {} for row in rows), _names(row.terms for row in given.manifests)
    stating = sum(row.parts is not None for row in rows)
    if max(len(parts) * stating, len(terms) * len(given.manifests)) > MAX_COMPARED:
        return [_crowded(given)]
    for name in parts:
        found += _part(given, name)
    for name in terms:
        claims = [given.claim(row, row.terms.get(name, ABSENT)) for row in given.manifests]
        found += _differing(given.message, name, claims)
    found += _times(given, tolerance // timedelta(microseconds=1))
    named: dict[str, list[Row]] = {}
    for row in rows:
        for name in row.receipts:
            named.setdefault(name, []).append(row)
    for name, naming in named.items():
        found += _receipt(given, name, naming, held=receipts)
    return sorted(set(found))


def _crowded(rows: _Rows) -> Found:
    """Instead of a comparison that would take hours; the side that presents most of it is named."""
    counted = Counter(row.side for row in rows.all)
    side = max(SIDES, key=lambda one: counted[one])
    return ("exchange.crowded", side, rows.message, "", str(counted[side]), "")


def _names(members: Iterable[dict[str, str]]) -> list[str]:
    return sorted({name for one in members for name in one})


def _twice(rows: _Rows) -> list[Found]:
    found: list[Found] = []
    for side in SIDES:
        own = [row for row in rows.all if row.side == side]
        counted = Counter("" if row.source == "manifest" else next(iter(row.receipts)) for row in own)
        for receipt, count in counted.items():
            if count > 1:
                about = f"receipt {receipt}" if receipt else "manifest"
                found.append(("exchange.duplicate", side, rows.message, about, str(count), ""))
    return found


def _presence(rows: _Rows) -> list[Found]:
    """A message of which one side has no manifest; one of which no side has, though a receipt speaks of it."""
    having = {row.side for row in rows.manifests}
    if not having:
        return [
            ("exchange.unknown-message", row.side, rows.message, f"receipt {name}", "", "")
            for row in rows.all
            for name in row.receipts
        ]
    return [("exchange.side-missing", side, rows.message, "", "", "") for side in SIDES if side not in having]


def _differing(message: str, about: str, claims: Sequence[_Claim]) -> list[Found]:
    if len({claim.value for claim in claims}) < 2:
        return []
    voting = [claim for claim in claims if claim.votes] or claims
    counted = Counter(claim.value for claim in voting).most_common()
    if len(counted) > 1 and counted[0][1] == counted[1][1]:  # as many say the one as the other
        values = " / ".join(f"{side}: {', '.join(sorted(_said(side, claims)))}" for side in SIDES)
        return [("exchange.sides-differ", "either", message, about, values, "")]
    usual = counted[0][0]
    return [
        ("exchange.side-differs", claim.side, message, about, claim.value, usual)
        for claim in claims
        if claim.value != usual
    ]


def _said(side: Side, claims: Sequence[_Claim]) -> set[str]:
    return {claim.value for claim in claims if claim.side == side}


def _part(rows: _Rows, name: str) -> list[Found]:
    """One part; digests by two algorithms cannot be compared, and where there is none there is nothing to compare."""
    claims = [rows.claim(row, row.parts.get(name, ABSENT)) for row in rows.all if row.parts is not None]
    found: list[Found] = []
    for algorithm in sorted({claim.value.partition(":")[0] for claim in claims} - {"", ABSENT}):
        alike = [one for one in claims if one.value == ABSENT or one.value.startswith(f"{algorithm}:")]
        found += _differing(rows.message, f"part {name}", alike)
    return found


def _times(rows: _Rows, allowed: int) -> list[Found]:
    """Times of submission; the one is right with which most others agree, within the tolerance (µs)."""
    stated = sorted((row.submitted, row.side, rows.votes(row)) for row in rows.all if row.submitted is not None)
    if not stated or stated[-1][0] - stated[0][0] <= allowed:
        return []
    voting = [at for at, _, votes in stated if votes] or [at for at, _, _ in stated]
    near = [bisect_right(voting, at + allowed) - bisect_left(voting, at - allowed) for at in voting]
    most = max(near)
    best = [at for at, count in zip(voting, near, strict=True) if count == most]
    if best[-1] - best[0] > allowed:
        return [("exchange.sides-differ", "either", rows.message, "time", _off(stated[-1][0] - stated[0][0]), "")]
    return [
        ("exchange.side-time", side, rows.message, "time", _off(at - best[0]), "")
        for at, side, _ in stated
        if at < best[0] - allowed or at > best[-1] + allowed  # between them all is near to one
    ]


def _off(microseconds: int) -> str:
    return f"{microseconds / 1_000_000:+.3f} s"


def _receipt(rows: _Rows, name: str, naming: Sequence[Row], *, held: bool) -> list[Found]:
    """One receipt: what it says, by each listing and each copy; and who has it. ``naming``: the rows that name it."""
    about = f"receipt {name}"
    listed: dict[Side, bool] = {row.side: name in row.receipts for row in rows.first}
    holding = {row.side for row in naming if row.source == "receipt"}
    claims, heard = [], set()
    for row in naming:
        claims.append(_Claim(row.side, row.receipts[name], (row.side, row.source) not in heard))
        heard.add((row.side, row.source))
    found = _differing(rows.message, about, claims)
    stating = [*listed.items(), *((side, side in holding) for side in SIDES if held)]
    having = [side for side, there in stating if there]
    lacking = [side for side, there in stating if not there]
    if holding == set(SIDES) and not any(listed.values()):  # it came after both manifests
        return found
    alone = len(having) < len(lacking)
    code = "exchange.receipt-unlisted" if alone else "exchange.receipt-missing"
    return [*found, *((code, side, rows.message, about, "", "") for side in sorted(set(having if alone else lacking)))]
