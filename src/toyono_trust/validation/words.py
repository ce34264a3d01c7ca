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
        "Everything that was found is unchanged, and its signer is vouched for by a trusted authority.",
        "検証した内容に改ざんはなく、署名者は信頼する認証局によって証明されています。",
    ),
    "valid-do": (
        "Check that the signer named below is the one you expect.",
        "下に示す署名者が、想定した相手であることを確認してください。",
    ),
    "valid-token": (
        "The time stamp is unchanged, and a trusted time-stamping authority made it.",
        "タイムスタンプに改ざんはなく、信頼する時刻認証局が付与したものです。",
    ),
    "valid-token-do": (
        "It proves that the data existed at that time; it does not say whose it is.",
        "データがその時刻に存在したことの証明です。作成者を示すものではありません。",
    ),
    "no-signature": ("No signature was found.", "電子署名が見つかりませんでした。"),
    "no-signature-do": (
        "Check that this is the signed file itself.",
        "署名済みのファイルそのものを指定しているか確認してください。",
    ),
}
"""One plain sentence why, and (``-do``) one what to do, where no finding says it."""

KINDS: dict[str, tuple[str, str]] = {
    "signature": ("signature of a natural person", "電子署名（自然人）"),
    "seal": ("seal of an organisation", "eシール（法人・組織）"),
    "device": ("signature of a device", "電子署名（機器）"),
    "website": ("signature of a web site", "電子署名（ウェブサイト）"),
    "unknown": ("signature, kind of signer unknown", "電子署名（署名者の種別は不明）"),
}

TIMESTAMP_TYPES: dict[str, tuple[str, str]] = {
    "content": ("time stamp of the content before signing", "コンテンツタイムスタンプ（署名前）"),
    "signature": ("time stamp of the signature", "署名タイムスタンプ"),
    "validation-data": ("time stamp of validation data", "検証情報のタイムスタンプ"),
    "archive": ("archive time stamp", "アーカイブタイムスタンプ"),
    "document": ("time stamp of the document", "文書タイムスタンプ"),
    "container": ("time stamp of the container", "コンテナのタイムスタンプ"),
    "detached": ("time stamp", "タイムスタンプ"),
}

LABELS: dict[str, tuple[str, str]] = {
    "signer": ("signer", "署名者"),
    "issuer": ("issued by", "証明書の発行者"),
    "claimed": ("claimed signing time", "署名時刻（署名者の申告）"),
    "proven": ("proven to have existed at", "存在が証明された時刻"),
    "covers": ("covers", "署名対象"),
    "part": ("covers", "配達されたデータ"),
    "content": ("content", "データ本体"),
    "intact": ("intact", "改ざんなし"),
    "altered": ("ALTERED", "改ざんあり"),
    "missing": ("not at hand", "データなし"),
    "unchecked": ("not checked", "未確認"),
    "valid_until": ("this verdict holds until", "この検証結果の有効期限"),
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
}


def word(table: dict[str, tuple[str, str]], key: str, language: Language) -> str:
    """An entry in a language; the key itself where there is none."""
    pair = table.get(key)
    return key if pair is None else pair[language == "ja"]
