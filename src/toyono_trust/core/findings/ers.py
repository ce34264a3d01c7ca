"""Errors and findings of evidence records (RFC 4998)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_MAKING = "RFC 4998 4.2"


def _row(code: str, clause: str, en: str, ja: str, remedy: tuple[str, str], sub_indication: str | None = None) -> Entry:
    return Entry(code, "fail", sub_indication, clause, (en, ja), remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "ers.leaves", _MAKING,
        "A hash tree needs leaves, not too many of them, each a digest of the tree's algorithm.",
        "ハッシュツリーの葉がないか、多すぎるか、ハッシュ値の長さがアルゴリズムと合いません。",
        ("Hash each data object with the tree's algorithm first.",
         "先に各データオブジェクトのハッシュ値を、ハッシュツリーと同じアルゴリズムで求めてください。"),
    ),
    _row(
        "ers.index", _MAKING, "The hash tree has no such leaf.", "ハッシュツリーに、その番号の葉がありません。",
        ("Name an index below the number of leaves.", "葉の数未満の番号を指定してください。"),
    ),
    _row(
        "ers.token", "RFC 4998 4.1", "The time stamp is over another digest than the hash tree's root.",
        "タイムスタンプの対象が、ハッシュツリーの根のハッシュ値ではありません。",
        ("Stamp the root of this hash tree.", "このハッシュツリーの根に対するタイムスタンプを取得してください。"),
    ),
)  # fmt: skip
