"""Findings about manifests of exchanges, and about two sides' records of them."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_MANIFEST = "EN 319 522-2 8 (M01, M02); RFC 8785"
_PARTS = "EN 319 522-2 8 (M02)"
_SIDES = "Reg. (EU) 2022/1463 Art. 17"
_ASK = ("Ask the party that made it for it again.", "作成した当事者に再度の提供を求めてください。")
_EXPLAIN = (
    "Ask both parties for the sealed originals and their log proofs, and verify these.",
    "双方に、eシール付きの原本と証拠ログの証明を求めて検証してください。",
)


def _row(
    code: str, level: FindingLevel, sub: str | None, clause: str, en: str, ja: str, remedy: tuple[str, str]
) -> Entry:
    return Entry(f"exchange.{code}", level, sub, clause, (en, ja), remedy)


_USE = (
    _row(
        "argument", "fail", None, _MANIFEST,
        "An argument for a manifest or a reconciliation makes no sense.",
        "マニフェストまたは突合の引数が正しくありません。",
        ("Correct the argument that the message names.", "メッセージに示された引数を修正してください。"),
    ),
    _row(
        "secret", "fail", None, _MANIFEST,
        "The secret for commitments is too short.",
        "コミットメントに用いる秘密の値が短すぎます。",
        ("Use 32 random octets.", "32オクテットの乱数を使ってください。"),
    ),
    _row(
        "receipt-other", "fail", None, _MANIFEST,
        "A receipt is about another message than those of this exchange.",
        "配達証拠（受領証）が、このデータ連携とは別のメッセージについてのものです。",
        ("Give the receipts about the request and the response of this exchange.",
         "このデータ連携の要求と応答についての配達証拠（受領証）を指定してください。"),
    ),
    _row(
        "malformed", "fail", "FORMAT_FAILURE", _MANIFEST,
        "This is no manifest of an exchange.", "データ連携のマニフェストの形式ではありません。", _ASK,
    ),
    _row(
        "opening", "fail", "FORMAT_FAILURE", _MANIFEST,
        "This opens no commitment of a manifest.",
        "マニフェストのコミットメントを開示するデータの形式ではありません。", _ASK,
    ),
)  # fmt: skip

_CHECK = (
    _row(
        "differs", "fail", "HASH_FAILURE", _PARTS,
        "What was presented is not what the manifest names ({subject}).",
        "提示されたもの（{subject}）は、マニフェストに記載されたものと一致しません。",
        ("Present the original, or do not rely on it.", "原本を提示するか、これに依拠しないでください。"),
    ),
    _row(
        "not-listed", "fail", "SIG_CONSTRAINTS_FAILURE", _PARTS,
        "What was presented does not stand in the manifest ({subject}).",
        "提示されたもの（{subject}）は、マニフェストに記載されていません。",
        ("Leave it out, or present the manifest to which it belongs.",
         "除外するか、これを記載したマニフェストを提示してください。"),
    ),
    _row(
        "receipt-contradicts", "fail", "SIG_CONSTRAINTS_FAILURE", _PARTS,
        "The {subject} says something else than the manifest ({about}).",
        "配達証拠（{subject}）の内容が、マニフェストの記載と異なります（{about}）。",
        ("Verify the seals of both, and ask who issued them.", "双方のeシールを検証し、発行者に確認してください。"),
    ),
    _row(
        "receipt-unreadable", "fail", "FORMAT_FAILURE", _MANIFEST,
        "What was presented as a receipt is none ({subject}).",
        "配達証拠（受領証）として提示されたもの（{subject}）は、配達証拠の形式ではありません。", _ASK,
    ),
    _row(
        "not-presented", "inform", None, _PARTS,
        "The manifest names something that was not presented ({subject}).",
        "マニフェストに記載されたもの（{subject}）が提示されていません。",
        ("Present it to have it compared.", "照合するには提示してください。"),
    ),
    _row(
        "hidden", "inform", None, _MANIFEST,
        "A commitment stands in place of this, and its opening was not presented ({subject}).",
        "この項目（{subject}）はコミットメントで秘匿されており、開示するデータが提示されていません。",
        ("Ask the holder for the opening.", "保有者に開示データを求めてください。"),
    ),
)  # fmt: skip

_RECONCILED = (
    _row(
        "side-missing", "fail", "SIGNED_DATA_NOT_FOUND", _SIDES,
        "{side} has no record of the message {subject}.",
        "{side}の側に、メッセージ {subject} の記録がありません。", _EXPLAIN,
    ),
    _row(
        "side-differs", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "Of the message {subject} {side} records otherwise than all else: {about} is {value} and not {expected}.",
        "メッセージ {subject} の{side}の記録（{about}：{value}）が、他の記録（{expected}）と異なります。", _EXPLAIN,
    ),
    _row(
        "sides-differ", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "The two sides differ on the message {subject} ({about}: {value}); the records do not tell who is right.",
        "メッセージ {subject} について双方の記録が異なり（{about}：{value}）、記録だけでは正誤を判断できません。",
        _EXPLAIN,
    ),
    _row(
        "side-time", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "The time that {side} records of the message {subject} is off by {value}.",
        "メッセージ {subject} の{side}の記録の時刻に、許容範囲を超えるずれ（{value}）があります。", _EXPLAIN,
    ),
    _row(
        "receipt-missing", "fail", "SIGNED_DATA_NOT_FOUND", _SIDES,
        "{side} lacks a receipt about the message {subject} ({about}).",
        "{side}の側に、メッセージ {subject} の配達証拠（{about}）がありません。", _EXPLAIN,
    ),
    _row(
        "receipt-unlisted", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "{side} alone knows of a receipt about the message {subject} ({about}).",
        "メッセージ {subject} の配達証拠（{about}）が、{side}の記録にのみあります。", _EXPLAIN,
    ),
    _row(
        "unknown-message", "fail", "SIGNED_DATA_NOT_FOUND", _SIDES,
        "{side} has a receipt ({about}) about the message {subject}, of which neither side has a record.",
        "{side}の側に配達証拠（{about}）がありますが、対象のメッセージ {subject} の記録が双方にありません。", _EXPLAIN,
    ),
    _row(
        "duplicate", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "{side} has the same thing of the message {subject} {value} times ({about}).",
        "{side}の側に、メッセージ {subject} の同じ記録（{about}）が {value} 件あります。", _EXPLAIN,
    ),
    _row(
        "crowded", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "The records of the message {subject} were not compared: too many names ({side} alone has {value} records).",
        "メッセージ {subject} の記録は、項目が多すぎるため突合していません（{side}の側だけで {value} 件）。", _EXPLAIN,
    ),
    _row(
        "out-of-order", "fail", "TIMESTAMP_ORDER_FAILURE", _SIDES,
        "At {side} the record of the message {subject} stands after that of {expected}, which was made later.",
        "{side}の記録で、メッセージ {subject} が、より新しい {expected} の後に並んでいます。", _EXPLAIN,
    ),
    _row(
        "not-logged", "fail", "SIG_CONSTRAINTS_FAILURE", _SIDES,
        "Record {subject} of {side} is not in the log of that side, or not as it was logged.",
        "{side}の {subject} 件目の記録は、その証拠ログに存在しないか、記録された内容と異なります。", _EXPLAIN,
    ),
    _row(
        "unreadable", "fail", "FORMAT_FAILURE", _SIDES,
        "Record {subject} of {side} cannot be read.",
        "{side}の {subject} 件目の記録を読み取れません。", _EXPLAIN,
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = (*_USE, *_CHECK, *_RECONCILED)
