"""Findings of the area: archives of evidence, out of which a verdict is given again."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_CLAUSE = "EN 319 102-1 5.1"
_AGAIN = (
    "Get the archive again from whoever wrote it.",
    "検証証跡ファイルを作成した人から、改めて入手してください。",
)


def _entry(code: str, text: tuple[str, str], remedy: tuple[str, str] = _AGAIN, level: FindingLevel = "fail") -> Entry:
    return Entry(code, level, None, _CLAUSE, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    _entry(
        "replay.not-evidence",
        ("This is no archive of evidence.", "検証証跡ファイルではありません。"),
        (
            "Name a file that verify --save-evidence or report.evidence gave.",
            "verify --save-evidence または report.evidence で得たファイルを指定してください。",
        ),
    ),
    _entry(
        "replay.version",
        (
            "The archive of evidence is of a version that is not known here.",
            "未対応のバージョンの検証証跡ファイルです。",
        ),
        (
            "Use the release of toyono-trust that wrote it, or a newer one.",
            "作成時の toyono-trust、またはそれより新しいものを使ってください。",
        ),
    ),
    _entry(
        "replay.unreadable",
        ("The archive of evidence is damaged.", "検証証跡ファイルが壊れています。"),
    ),
    _entry(
        "replay.member",
        (
            "The archive of evidence has a member that does not belong there, or lacks one.",
            "検証証跡ファイルの中に余分なファイルがあるか、必要なファイルがありません。",
        ),
    ),
    _entry(
        "replay.digest",
        (
            "Something in the archive of evidence is not what it was when it was written.",
            "検証証跡ファイルの内容が、作成時から変わっています。",
        ),
    ),
    _entry(
        "replay.value",
        (
            "The archive of evidence says something that cannot be.",
            "検証証跡ファイルに、あり得ない値が書かれています。",
        ),
        (
            "Use the archive as it was written, with the release that wrote it or a newer one.",
            "作成されたままのファイルを、作成時と同じかそれより新しい toyono-trust で使ってください。",
        ),
    ),
    _entry(
        "replay.too-large",
        ("The archive of evidence is too large.", "検証証跡ファイルが大きすぎます。"),
        (
            "Use a trust store with fewer certificates and CRLs; treat an archive of others as hostile.",
            "証明書やCRLの少ないトラストストアを使ってください。他人が作成したファイルなら、悪意のあるものとして扱ってください。",
        ),
    ),
    _entry(
        "replay.policy-digest",
        (
            "The policy's values have another digest in this release than when they were saved ({saved}).",
            "検証ポリシーのダイジェストが、保存時（{saved}）と異なります。",
        ),
        (
            "To repeat the report octet for octet, use toyono-trust {library}, which wrote the archive.",
            "報告書を完全に再現するには、作成時の toyono-trust {library} を使ってください。",
        ),
        "warn",
    ),
    _entry(
        "replay.report-version",
        (
            "The report was of version {saved}; this release writes another one.",
            "保存時の報告書はバージョン {saved} で、このリリースのものとは異なります。",
        ),
        (
            "To repeat the report octet for octet, use toyono-trust {library}, which wrote the archive.",
            "報告書を完全に再現するには、作成時の toyono-trust {library} を使ってください。",
        ),
        "warn",
    ),
)
