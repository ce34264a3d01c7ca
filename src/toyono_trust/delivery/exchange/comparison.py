"""All that both sides claim about one message, compared; what stands alone is named with its side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

from toyono_trust.delivery.exchange.records import Row, Side

__all__ = ["Found", "compare"]

SIDES: tuple[Side, Side] = ("a", "b")
ABSENT = "-"
"""What a record says that does not have the part or term at all."""
Found = tuple[str, Literal["a", "b", "either"], str, str, str, str]
"""Code, side, message, about, value, expected: the members of ``Difference``."""


class _Claim(NamedTuple):
    """One value that one record of a side states."""

    side: Side
    value: str


class _Presence(NamedTuple):
    """Whether a receipt is there, in a side's manifest or among what the side holds."""

    side: Side
    there: bool


def compare(rows: Sequence[Row], tolerance: timedelta, *, receipts: bool) -> list[Found]:
    """What differs among the rows of one message."""
    message = rows[0].message
    found = [*_twice(message, rows), *_presence(message, rows)]
    manifests = [row for row in rows if row.source == "manifest"]
    stating = [(row.side, row.parts) for row in rows if row.parts is not None]
    for name in _names(parts for _, parts in stating):
        found += _part(message, name, [_Claim(side, parts.get(name, ABSENT)) for side, parts in stating])
    for name in _names(row.terms for row in manifests):
        found += _differing(message, name, [_Claim(row.side, row.terms.get(name, ABSENT)) for row in manifests])
    found += _times(message, rows, tolerance)
    for name in _names(row.receipts for row in rows):
        found += _receipt(message, name, rows, held=receipts)
    return sorted(set(found))


def _names(members: Iterable[dict[str, str]]) -> list[str]:
    return sorted({name for one in members for name in one})


def _twice(message: str, rows: Sequence[Row]) -> list[Found]:
    found: list[Found] = []
    for side in SIDES:
        counted = Counter("" if row.source == "manifest" else next(iter(row.receipts)) for row in _of(side, rows))
        for receipt, count in counted.items():
            if count > 1:
                about = f"receipt {receipt}" if receipt else "manifest"
                found.append(("exchange.duplicate", side, message, about, str(count), ""))
    return found


def _presence(message: str, rows: Sequence[Row]) -> list[Found]:
    """A message of which one side has no manifest; one of which no side has, though a receipt speaks of it."""
    having = {row.side for row in rows if row.source == "manifest"}
    if not having:
        return [
            ("exchange.unknown-message", row.side, message, f"receipt {name}", "", "")
            for row in rows
            for name in row.receipts
        ]
    return [("exchange.side-missing", side, message, "", "", "") for side in SIDES if side not in having]


def _of(side: Side, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.side == side]


def _differing(message: str, about: str, claims: Sequence[_Claim]) -> list[Found]:
    counted = Counter(claim.value for claim in claims).most_common()
    if len(counted) < 2:
        return []
    (usual, most), (_, next_most) = counted[:2]
    if most == next_most:  # as many say the one as the other
        values = " / ".join(f"{side}: {', '.join(sorted(_said(side, claims)))}" for side in SIDES)
        return [("exchange.sides-differ", "either", message, about, values, "")]
    return [
        ("exchange.side-differs", claim.side, message, about, claim.value, usual)
        for claim in claims
        if claim.value != usual
    ]


def _part(message: str, name: str, claims: Sequence[_Claim]) -> list[Found]:
    """One part; digests by two algorithms cannot be compared, and where there is none there is nothing to compare."""
    found: list[Found] = []
    for algorithm in sorted({claim.value.partition(":")[0] for claim in claims} - {"", ABSENT}):
        alike = [one for one in claims if one.value == ABSENT or one.value.startswith(f"{algorithm}:")]
        found += _differing(message, f"part {name}", alike)
    return found


def _said(side: Side, claims: Sequence[_Claim]) -> set[str]:
    return {claim.value for claim in claims if claim.side == side}


def _times(message: str, rows: Sequence[Row], tolerance: timedelta) -> list[Found]:
    """Times of submission; the one is right with which most others agree, within the tolerance."""
    allowed = tolerance // timedelta(microseconds=1)
    stated = sorted((row.submitted, row.side) for row in rows if row.submitted is not None)
    if not stated or stated[-1][0] - stated[0][0] <= allowed:
        return []
    near = [sum(abs(at - other) <= allowed for other, _ in stated) for at, _ in stated]
    most = max(near)
    best = [at for (at, _), count in zip(stated, near, strict=True) if count == most]
    if best[-1] - best[0] > allowed:
        return [("exchange.sides-differ", "either", message, "time", _off(stated[-1][0] - stated[0][0]), "")]
    return [
        ("exchange.side-time", side, message, "time", _off(at - best[0]), "")
        for at, side in stated
        if all(abs(at - one) > allowed for one in best)
    ]


def _off(microseconds: int) -> str:
    return f"{microseconds / 1_000_000:+.3f} s"


def _receipt(message: str, name: str, rows: Sequence[Row], *, held: bool) -> list[Found]:
    about = f"receipt {name}"
    found = _differing(message, about, [_Claim(row.side, row.receipts[name]) for row in rows if name in row.receipts])
    stating = [_Presence(row.side, name in row.receipts) for row in rows if row.source == "manifest"]
    holding = {row.side for row in rows if row.source == "receipt" and name in row.receipts}
    if held:
        stating += [_Presence(side, side in holding) for side in SIDES]
    having = [one.side for one in stating if one.there]
    lacking = [one.side for one in stating if not one.there]
    if holding == set(SIDES) and len(having) == len(SIDES):  # it came after both manifests
        return found
    alone = len(having) < len(lacking)
    code = "exchange.receipt-unlisted" if alone else "exchange.receipt-missing"
    return [*found, *((code, side, message, about, "", "") for side in sorted(set(having if alone else lacking)))]
