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
        (
            "Treat the file as hostile; ask its sender for another.",
            "悪意のあるファイルとして扱い、送信者に再送を求めてください。",
        ),
    ),
    Entry(
        "format.malformed",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        ("The file has no accepted reading: {reason}.", "ファイルを正しく読み取れません: {reason}"),
        ("Ask the sender for the file as it was signed.", "署名時のままのファイルを送信者に求めてください。"),
    ),
    Entry(
        "format.armour",
        "fail",
        "FORMAT_FAILURE",
        "RFC 7468",
        (
            "The PEM armour does not hold exactly one PKCS7 or CMS block.",
            "PEM の中身が PKCS7 または CMS のブロック一つではありません。",
        ),
        ("Ask the sender for the file as it was signed.", "署名時のままのファイルを送信者に求めてください。"),
    ),
    Entry(
        "limits.size",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        ("The signed file is larger than is accepted.", "署名済みファイルが受け付けられる大きさを超えています。"),
        ("Use a detached signature for large content.", "大きなデータには分離署名を使ってください。"),
    ),
    Entry(
        "limits.count",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        (
            "The file holds more parts of one kind than are accepted: {reason}.",
            "ファイルに含まれる要素の数が上限を超えています: {reason}",
        ),
        (
            "Treat the file as hostile; ask its sender for another.",
            "悪意のあるファイルとして扱い、送信者に再送を求めてください。",
        ),
    ),
)
