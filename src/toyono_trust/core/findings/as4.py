"""Findings about AS4 receipts (ebMS 3.0, AS4 Profile 1.0), which stand where a RelayAcceptance would."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_EBMS = "ebMS 3.0 Core 5.2"
_NRR = "AS4 Profile 1.0 5.1.8"
_ASK = (
    "Ask the receiving access point for the receipt again.",
    "受信側のアクセスポイントに受領通知の再発行を求めてください。",
)
_DISTRUST = (
    "Do not rely on this receipt; ask the receiving access point what arrived.",
    "この受領通知に依拠せず、受信側のアクセスポイントに到着した内容を確認してください。",
)


def _row(
    code: str, level: FindingLevel, sub: str | None, clause: str, en: str, ja: str, remedy: tuple[str, str]
) -> Entry:
    return Entry(f"as4.{code}", level, sub, clause, (en, ja), remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "malformed", "fail", "FORMAT_FAILURE", _EBMS,
        "This is no AS4 message of the expected form.", "想定された形式の AS4 メッセージではありません。", _ASK,
    ),
    _row(
        "error", "fail", "FORMAT_FAILURE", "ebMS 3.0 Core 6",
        "The access point reports an error instead of a receipt.",
        "アクセスポイントから、受領通知ではなくエラーが返されています。",
        ("Send the message again when the error is mended.", "エラーの原因を解消してから再送してください。"),
    ),
    _row(
        "message-differs", "fail", "SIG_CONSTRAINTS_FAILURE", "ebMS 3.0 Core 5.2.2.1",
        "The AS4 receipt {subject} is about the message {stated} and not about {sent}.",
        "AS4 受領通知 {subject} は、{sent} ではなく {stated} のメッセージについてのものです。", _ASK,
    ),
    _row(
        "reference-missing", "fail", "SIGNED_DATA_NOT_FOUND", _NRR,
        "The AS4 receipt is incomplete: it does not confirm {subject}.",
        "AS4 受領通知は不完全です。{subject} の受領が確認されていません。", _ASK,
    ),
    _row(
        "digest-differs", "fail", "HASH_FAILURE", _NRR,
        "The AS4 receipt confirms {subject} with another digest than what was sent.",
        "AS4 受領通知にある {subject} のハッシュ値が、送信したものと一致しません。", _DISTRUST,
    ),
    _row(
        "algorithm-differs", "fail", "SIG_CONSTRAINTS_FAILURE", _NRR,
        "The AS4 receipt confirms {subject} by another digest algorithm ({stated}) than it was sent with ({sent}).",
        "AS4 受領通知にある {subject} のハッシュ方式（{stated}）が、送信時のもの（{sent}）と異なります。", _ASK,
    ),
    _row(
        "reference-twice", "fail", "SIG_CONSTRAINTS_FAILURE", _NRR,
        "The AS4 receipt confirms {subject} more often than it was sent.",
        "AS4 受領通知で、{subject} の受領が重複して記載されています。", _ASK,
    ),
    _row(
        "reference-foreign", "fail", "SIG_CONSTRAINTS_FAILURE", _NRR,
        "The AS4 receipt confirms {subject}, which was not sent.",
        "AS4 受領通知に、送信していない {subject} の受領が記載されています。", _DISTRUST,
    ),
    _row(
        "no-digests", "fail", "SIGNED_DATA_NOT_FOUND", _NRR,
        "The AS4 receipt {subject} says that a message arrived, and not with what content.",
        "AS4 受領通知 {subject} はメッセージの到着を示すのみで、内容を示すハッシュ値がありません。",
        ("Have the access points use non-repudiation of receipt.",
         "アクセスポイントで受領の否認防止（NRR）を有効にしてください。"),
    ),
    _row(
        "digest-refused", "fail", "CRYPTO_CONSTRAINTS_FAILURE", "TS 119 312 6",
        "The AS4 receipt confirms {subject} by a digest algorithm that is not accepted ({algorithm}).",
        "AS4 受領通知にある {subject} のハッシュ方式（{algorithm}）は、認められていないものです。",
        ("Have the access points use SHA-256.", "アクセスポイントで SHA-256 を使用してください。"),
    ),
    _row(
        "unsigned", "fail", "SIG_CONSTRAINTS_FAILURE", _NRR,
        "The AS4 receipt {subject} has no signature.", "AS4 受領通知 {subject} に署名がありません。",
        ("Have the access points sign their receipts.", "アクセスポイントで受領通知に署名を付けてください。"),
    ),
    _row(
        "signature-unverified", "warn", None, "WS-Security 1.1 8.4",
        "The signature of the AS4 receipt {subject} was not verified; it proves nothing by itself.",
        "AS4 受領通知 {subject} の署名は未検証です。これだけでは何の証明にもなりません。",
        ("Obtain a RelayAcceptance receipt of the receiving service, or have the access point verify it.",
         "受信側サービスの配達証拠（RelayAcceptance）を入手するか、アクセスポイントで署名を検証してください。"),
    ),
    _row(
        "original-missing", "warn", None, _NRR,
        "What was sent is not at hand, so that the AS4 receipt {subject} was compared with nothing.",
        "送信したメッセージが提示されていないため、AS4 受領通知 {subject} を照合できません。",
        ("Present the envelope that was sent.", "送信時のエンベロープを提示してください。"),
    ),
    _row(
        "time-before", "warn", None, "ebMS 3.0 Core 5.2.2.1",
        "The AS4 receipt {subject} says that it was made before the message.",
        "AS4 受領通知 {subject} の時刻が、メッセージの時刻より前です。",
        ("Check the clocks of both access points.", "双方のアクセスポイントの時計を確認してください。"),
    ),
    _row(
        "not-proven", "warn", None, "EN 319 522-1 6 (B.1)",
        "The AS4 receipt {subject} does not prove the relay ({reason}); it counts as the weakest link.",
        "AS4 受領通知 {subject} は引継ぎの証明にならないため（{reason}）、最も弱い根拠として扱います。",
        ("Obtain a RelayAcceptance receipt of the receiving service.",
         "受信側サービスの配達証拠（RelayAcceptance）を入手してください。"),
    ),
    _row(
        "other-identifier", "inform", None, "EN 319 522-4-1",
        "The AS4 receipt {subject} names the message {stated}; that this is the delivered one, who presents it says.",
        "AS4 受領通知 {subject} の対象は {stated} です。配達されたメッセージと同一であることは提示者の申告によります。",
        ("Present the manifest of the exchange, which names both.",
         "両者を記載したデータ連携のマニフェストを提示してください。"),
    ),
)  # fmt: skip
