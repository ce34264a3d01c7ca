"""Errors of the throw-away town."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "devpki.folder-not-empty",
        "fail",
        None,
        "no standard",
        ("The folder has something in it.", "フォルダが空ではありません。"),
        (
            "Name a new folder, or force writing into this one.",
            "新しいフォルダを指定するか、強制的に上書きしてください。",
        ),
    ),
    Entry(
        "devpki.not-a-town",
        "fail",
        None,
        "no standard",
        ("The folder holds no throw-away town.", "フォルダに使い捨ての町（テスト用 PKI）がありません。"),
        ("Write one with toyono-trust dev-pki.", "toyono-trust dev-pki で作成してください。"),
    ),
    Entry(
        "devpki.no-town",
        "fail",
        None,
        "no standard",
        ("The server has no town to serve yet.", "サーバーに町（テスト用 PKI）が設定されていません。"),
        ("Set the server's town first.", "先にサーバーの town を設定してください。"),
    ),
    Entry(
        "devpki.unknown-identity",
        "fail",
        None,
        "no standard",
        ("The town has nobody of this name.", "その名前の利用者は町（テスト用 PKI）に存在しません。"),
        ("Use one of the names that the message lists.", "メッセージに示された名前のいずれかを指定してください。"),
    ),
    Entry(
        "devpki.naive-time",
        "fail",
        None,
        "no standard",
        ("A time has no zone.", "時刻にタイムゾーンがありません。"),
        ("Pass an aware datetime.", "タイムゾーン付きの datetime を渡してください。"),
    ),
)
