"""Findings of past certificate and past signature validation (EN 319 102-1 5.6.2)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "past.passed",
        "inform",
        None,
        "EN 319 102-1 5.6.2.4",
        (
            (
                "It no longer passes by itself, but it is proven to have existed at {proven}, and its certificate was"
                " good at least until {control_time}."
            ),
            (
                "現時点では単独で合格しませんが、{proven} に存在したことが証明されており、"
                "証明書は少なくとも {control_time} まで有効でした。"
            ),
        ),
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    Entry(
        "past.no-poe",
        "inform",
        "NO_POE",
        "EN 319 102-1 5.6.2.2",
        (
            "Nothing proves that the certificate and its revocation data already existed at {control_time}.",
            "証明書とその失効情報が {control_time} の時点で存在したことを証明するものがありません。",
        ),
        (
            "An archive time stamp over the validation data, made in time, would have proven it.",
            "検証情報を対象とするアーカイブタイムスタンプが期限内に付与されていれば、証明できました。",
        ),
    ),
    Entry(
        "past.proven-too-late",
        "inform",
        "NO_POE",
        "EN 319 102-1 5.6.2.4",
        (
            "Its existence is proven from {proven} on, but it would have to be proven for {control_time}.",
            "存在が証明されているのは {proven} 以降ですが、{control_time} までに存在したことの証明が必要です。",
        ),
        (
            "An earlier time stamp would help; later ones do not.",
            "より早い時点のタイムスタンプが必要です。今から付与しても効果はありません。",
        ),
    ),
    Entry(
        "past.revocation-issuer",
        "inform",
        "REVOCATION_OUT_OF_BOUNDS_NO_POE",
        "EN 319 102-1 5.6.2.4",
        (
            "Nothing proves that the revocation data existed while the certificate of its signer was good.",
            "失効情報が、その署名者の証明書が有効であった間に存在したことを証明するものがありません。",
        ),
        (
            "An archive time stamp over the validation data, made in time, would have proven it.",
            "検証情報を対象とするアーカイブタイムスタンプが期限内に付与されていれば、証明できました。",
        ),
    ),
    Entry(
        "past.validities-disjoint",
        "inform",
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
        "EN 319 102-1 5.6.2.1",
        (
            "There was no moment at which all certificates of the path were valid.",
            "認証パス上のすべての証明書が同時に有効であった時点がありません。",
        ),
        ("Treat the path as broken.", "認証パスは無効として扱ってください。"),
    ),
    Entry(
        "past.no-path",
        "inform",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "EN 319 102-1 5.6.2.1",
        (
            "No path leads from the certificate to a trust anchor, at any time.",
            "証明書から信頼の基点に至る認証パスは、どの時点でも見つかりません。",
        ),
        ("Name the trust anchor, if you trust it.", "信頼する場合は、信頼の基点を指定してください。"),
    ),
    Entry(
        "past.not-applicable",
        "inform",
        None,
        "EN 319 102-1 5.6.2.4",
        (
            "Proofs of existence do not help against “{code}”.",
            "存在証明があっても「{code}」は解消されません。",
        ),
        ("See that finding.", "当該の検証結果を確認してください。"),
    ),
)
