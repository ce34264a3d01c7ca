"""Findings about files as a whole, limits, and errors of use."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "format.unknown",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        ("This is no signature format that is known here.", "対応している署名形式ではありません。"),
        ("Check that this is the signed file itself.", "署名済みのファイルそのものを指定しているか確認してください。"),
    ),
    Entry(
        "limits.work",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        (
            "The file needs more work than one verification may spend ({kind}).",
            "一回の検証で許される処理量（{kind}）を超えるファイルです。",
        ),
        ("Treat the file as hostile; ask its sender for another.", "悪意のあるファイルとして扱い、送信者に再送を求めてください。"),
    ),
)
