"""Errors of exports: a whole evidence log as one file (``ledger.export``)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "export.malformed",
        "fail",
        "FORMAT_FAILURE",
        "RFC 8785",
        ("This is no whole export of an evidence log.", "証拠ログを書き出した完全なファイルではありません。"),
        (
            "Export the log again, or ask whoever sent it for it again.",
            "証拠ログをもう一度書き出すか、送付元に再度の提供を求めてください。",
        ),
    ),
)
