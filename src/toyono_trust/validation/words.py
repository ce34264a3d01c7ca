"""Words of a report that are no findings: verdicts, kinds, labels and plain sentences, English and Japanese."""

from __future__ import annotations

from toyono_trust.core.findings import Language

VERDICTS: dict[str, tuple[str, str]] = {
    "TOTAL-PASSED": ("VALID", "有効"),
    "PASSED": ("VALID", "有効"),
    "TOTAL-FAILED": ("INVALID", "無効"),
    "FAILED": ("INVALID", "無効"),
    "INDETERMINATE": ("UNDECIDED", "判定不能"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    "valid": (
        "Everything that was found is intact and by a trusted signer.",
        "検証した内容はすべて改ざんがなく、信頼できる署名者によるものです。",
    ),
    "valid-token": (
        "The time stamp is intact and by a trusted authority.",
        "タイムスタンプは改ざんがなく、信頼できる時刻認証局によるものです。",
    ),
    "nothing-to-do": ("Nothing needs to be done.", "対応は不要です。"),
    "no-signature": ("No signature was found.", "署名が見つかりませんでした。"),
}

KINDS: dict[str, tuple[str, str]] = {
    "signature": ("signature of a natural person", "自然人の署名"),
    "seal": ("seal of an organisation", "組織の eシール"),
    "device": ("signature of a device", "機器の署名"),
    "website": ("signature of a web site", "ウェブサイトの署名"),
    "unknown": ("signature, kind of signer unknown", "署名（署名者の種別は不明）"),
}

LABELS: dict[str, tuple[str, str]] = {
    "signer": ("signer", "署名者"),
    "issuer": ("issued by", "証明書の発行者"),
    "format": ("format", "形式"),
    "claimed": ("claimed signing time", "申告された署名時刻"),
    "proven": ("existed at the latest", "存在が証明された時刻"),
    "covers": ("covers", "署名対象"),
    "intact": ("intact", "改ざんなし"),
    "altered": ("ALTERED", "改ざんあり"),
    "missing": ("not at hand", "手元になし"),
    "unchecked": ("not checked", "未確認"),
    "timestamp": ("time stamp", "タイムスタンプ"),
    "valid_until": ("this verdict holds until", "この判定の有効期限"),
    "receipt": ("delivery receipt", "配達証拠（受領証）"),
    "proves": ("proves", "証明する事実"),
    "nothing": ("nothing", "なし"),
    "sender": ("sender", "送信者"),
    "recipient": ("recipient", "受信者"),
    "why": ("why", "理由"),
    "do": ("what to do", "対応"),
    "validated": ("verified at", "検証日時"),
    "policy": ("policy", "検証ポリシー"),
    "trust": ("trust", "トラストストア"),
    "fail": ("fails", "不合格"),
    "warn": ("warning", "警告"),
    "inform": ("note", "参考"),
    "event": ("event", "イベント"),
    "bytes": ("bytes", "バイト"),
}


def word(table: dict[str, tuple[str, str]], key: str, language: Language) -> str:
    """An entry in a language; the key itself where there is none."""
    pair = table.get(key)
    return key if pair is None else pair[language == "ja"]
