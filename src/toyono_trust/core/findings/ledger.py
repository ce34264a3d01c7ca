"""Errors and findings of Merkle trees and the evidence log (RFC 9162, C2SP signed-note, tlog-checkpoint)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_TREE = "RFC 9162 2.1"


def _misuse(code: str, clause: str, text: tuple[str, str], remedy: tuple[str, str]) -> Entry:
    return Entry(code, "fail", None, clause, text, remedy)


_USE = (
    _misuse(
        "merkle.edge", _TREE,
        ("The number of hashes does not fit the size of the tree.",
         "ハッシュ値の数が、マークル木の大きさに合いません。"),
        ("Give the hashes of the same state as the size.", "大きさと同じ時点のハッシュ値を指定してください。"),
    ),
    _misuse(
        "merkle.range", _TREE,
        ("The tree has no such leaf, or no such beginning.", "マークル木に、その位置の要素またはその大きさの時点がありません。"),
        ("Name an index below the size, and the smaller tree first.",
         "木の大きさより小さい番号を、また小さい方の木を先に指定してください。"),
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = _USE
