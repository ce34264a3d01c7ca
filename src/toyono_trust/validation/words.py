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

FORECASTS: dict[str, tuple[str, str]] = {
    "TOTAL-PASSED": ("WOULD BE VALID", "有効となる見込み"),
    "PASSED": ("WOULD BE VALID", "有効となる見込み"),
    "TOTAL-FAILED": ("WOULD BE INVALID", "無効となる見込み"),
    "FAILED": ("WOULD BE INVALID", "無効となる見込み"),
    "INDETERMINATE": ("WOULD BE UNDECIDED", "判定不能となる見込み"),
}
"""The same in a simulation, where nobody may take them for verdicts."""

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
    "valid-record": (
        "The data is unchanged, and trusted time-stamping authorities made every time stamp of its evidence record.",
        "データに改ざんはなく、証拠記録のタイムスタンプはすべて信頼する時刻認証局が付与したものです。",
    ),
    "valid-record-do": (
        "It proves that the data existed at the time of its first time stamp; it does not say whose it is.",
        "データが最初のタイムスタンプの時刻に存在したことの証明です。作成者を示すものではありません。",
    ),
    "valid-proof": (
        "The entry stands in an evidence log as its key signed it, and that key is vouched for.",
        "この記録は、鍵が保証された証拠ログの、署名されたチェックポイントに含まれています。",
    ),
    "valid-proof-do": (
        "Check that log, time and evidence named below are those that you expect.",
        "下に示す証拠ログ・時刻・証拠が、想定したものであることを確認してください。",
    ),
    "valid-then": (
        "As far as anybody can know today, it still verifies then.",
        "現在分かっている範囲では、その時点でも検証に合格します。",
    ),
    "valid-then-do": (
        "Do not rely on it as on a verdict: verify again when that time has come.",
        "検証結果の代わりにはなりません。その時点で改めて検証してください。",
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

PROMISES: dict[str, tuple[str, str]] = {
    "kept": ("kept", "履行を確認"),
    "unproven": ("not proven that this receipt was logged in time", "この配達証拠が期限内に記録されたことは未証明"),
    "broken": ("BROKEN", "不履行"),
    "open": ("still to be kept", "期限前"),
    "overdue": ("overdue: no proof presented", "期限経過（証明の提示なし）"),
    "forged": ("FORGED", "偽造"),
    "unchecked": ("not checked: the log is not trusted here", "未確認（この証拠ログは信頼されていません）"),
}
"""What became of a log's promise to a receipt."""

TIMESTAMP_TYPES: dict[str, tuple[str, str]] = {
    "content": ("time stamp of the content before signing", "コンテンツタイムスタンプ（署名前）"),
    "signature": ("time stamp of the signature", "署名タイムスタンプ"),
    "validation-data": ("time stamp of validation data", "検証情報のタイムスタンプ"),
    "archive": ("archive time stamp", "アーカイブタイムスタンプ"),
    "document": ("time stamp of the document", "文書タイムスタンプ"),
    "container": ("time stamp of the container", "コンテナのタイムスタンプ"),
    "detached": ("time stamp", "タイムスタンプ"),
    "evidence-record": ("time stamp of the evidence record", "証拠記録のタイムスタンプ"),
}

MATERIAL: dict[str, tuple[str, str]] = {
    "certificate": ("certificate", "証明書"),
    "crl": ("CRL", "失効リスト（CRL）"),
    "ocsp": ("OCSP response", "OCSPレスポンス"),
}
"""Kinds of material."""

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
    "lapse": ("what ends it then", "期限が切れる理由"),
    "past": (
        "no longer passes by itself; proven at {time} by {stamp}",
        "現在は単独では合格しませんが、{time} に存在したことが{stamp}によって証明されています",
    ),
    "undone": ("undone by that proof", "この証明により問題とならない事項"),
    "newest": ("newest time stamp, which does not pass", "最新のタイムスタンプ（不合格）"),
    "more": ("and {count} more of this kind", "ほか同種 {count} 件"),
    "counter": ("countersignature", "副署"),
    "record": ("evidence record ({kind})", "証拠記録（{kind}）"),
    "data": ("covers", "対象のデータ"),
    "record-stamps": ("time stamps: {count}", "タイムスタンプ {count} 件"),
    "not-judged": ("found and not judged; it proves nothing here", "未検証（この検証では証明として扱いません）"),
    "material": ("verified with", "検証に用いた情報"),
    "in-file": ("in the file", "ファイル内"),
    "in-trust": ("from the trust store", "トラストストア"),
    "fetched": ("fetched", "オンラインで取得"),
    "simulation": ("simulation", "シミュレーション"),
    "simulation-text": (
        (
            "This is no verdict. It says what would be at {then} if nothing is added to the file and nothing more is"
            " revoked; revocation data is known up to {known}."
        ),
        (
            "これは検証結果ではなく、ファイルに何も追加されず新たな失効もない場合の、{then} 時点での見込みです"
            "（失効情報は {known} までのもの）。"
        ),
    ),
    "valid_until-then": ("would hold until", "この見込みの有効期限"),
    "simulated": ("simulated time", "想定した日時"),
    "known": ("revocation data known up to", "失効情報の確認時点"),
    "receipt": ("delivery receipt", "配達証拠（受領証）"),
    "log": ("evidence log", "証拠ログ"),
    "log-entry": ("{origin}, entry {index} of {size}", "{origin} · 記録 {index}（全 {size} 件）"),
    "log-vouched": ("its key is vouched for by", "鍵を保証するもの"),
    "log-charter": ("the seal of {operator}", "{operator} のeシール"),
    "log-trust": ("the trust store", "トラストストア"),
    "log-nobody": ("NOBODY", "なし"),
    "log-since": ("logged since", "記録の存在が証明された時刻"),
    "log-undated": ("not dated by a trusted time stamp", "信頼できるタイムスタンプによる証明なし"),
    "log-witness": ("seen by the witness", "確認した証人"),
    "log-unknown-witnesses": ("cosignatures of witnesses unknown here: {count}", "未知の証人による連署: {count} 件"),
    "log-checkpoint": ("checkpoint of the log", "証拠ログのチェックポイント"),
    "log-evidence": ("entry of", "記録の対象"),
    "log-matches": ("matches", "一致"),
    "log-differs": ("OTHER EVIDENCE", "不一致"),
    "log-promise": ("promise", "約束"),
    "log-promised": ("{origin}, entry {index} by {deadline}", "{origin} · 記録 {index} · 期限 {deadline}"),
    "log-rests": (
        "what the log rests on: the seal of its charter, its evidence record",
        "証拠ログの根拠（鍵を証明する文書のeシール、証拠記録）",
    ),
    "log-charter-text": ("charter of the log", "証拠ログの鍵を定める文書"),
    "log-proof": ("its proof", "その証明"),
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


PAGE: dict[str, tuple[str, str]] = {
    "title": ("Validation report", "検証報告書"),
    "subtitle": ("Electronic signatures, seals and time stamps", "電子署名・eシール・タイムスタンプ"),
    "skip": ("Skip to the result", "検証結果へ移動"),
    "overview": ("Overview", "検証結果の一覧"),
    "overview-caption": ("All files, failures first", "全ファイル（不合格を先に表示）"),
    "files": ("files", "ファイル"),
    "count": ("{count} {verdict}", "{verdict} {count}件"),
    "count-files": ("{count} files verified", "{count}件のファイルを検証"),
    "file": ("File", "ファイル"),
    "verdict": ("Verdict", "判定"),
    "not-verified": ("NOT VERIFIED", "検証できず"),
    "result": ("Result in detail", "結果の詳細"),
    "part-of": ("{number} of {count}", "{number}／{count}"),
    "name": ("Name", "名称"),
    "state": ("State", "状態"),
    "digest": ("Digest", "ダイジェスト"),
    "covered": ("What was covered", "署名対象"),
    "timeline": ("Time line of proofs", "証明の時系列"),
    "chain": ("Certificate chain", "証明書の経路"),
    "chain-order": ("From the signer to the trust anchor", "署名者から信頼の起点まで"),
    "no-chain": (
        "No path from this certificate to a trust anchor was accepted.",
        "この証明書から信頼の起点（トラストアンカー）への経路は認められませんでした。",
    ),
    "no-certificate": (
        "No signing certificate was identified.",
        "署名に使われた証明書を特定できませんでした。",
    ),
    "leaf": ("signing certificate", "署名者の証明書"),
    "leaf-stamp": ("certificate of the time-stamping authority", "時刻認証局の証明書"),
    "ca": ("certification authority", "認証局"),
    "anchor": ("trust anchor", "信頼の起点（トラストアンカー）"),
    "period": ("{begin} to {end}", "{begin} から {end} まで"),
    "validity": ("valid", "有効期間"),
    "serial": ("serial number", "シリアル番号"),
    "certificate-details": ("Particulars of the certificate", "証明書の詳細"),
    "stamp-details": ("Particulars of the time stamp", "タイムスタンプの詳細"),
    "fingerprint": ("SHA-256 of the certificate", "証明書の SHA-256"),
    "subject": ("subject", "主体者"),
    "identifier": ("identifier", "識別子"),
    "stamps": ("Time stamps", "タイムスタンプ"),
    "covered-data": ("Data that it covers", "対象のデータ"),
    "digest-algorithms": ("digest of the hash trees", "ハッシュツリーのアルゴリズム"),
    "counters": ("Counter signatures", "副署"),
    "findings": ("Findings", "検出事項"),
    "findings-file": ("Findings about the file", "ファイルについての検出事項"),
    "no-findings": ("None.", "ありません。"),
    "concerns": ("concerns", "対象"),
    "clause": ("clause", "条項"),
    "code": ("code", "コード"),
    "technical": ("Technical details", "技術的な詳細"),
    "algorithm": ("signature algorithm", "署名アルゴリズム"),
    "signature-id": ("identification", "識別番号"),
    "level": ("level", "レベル"),
    "indication": ("indication (EN 319 102-1)", "判定区分（EN 319 102-1）"),
    "signature-value": ("signature value", "署名値"),
    "best-time": ("best signature time", "最良署名時刻"),
    "evidence": ("revocation data relied on", "根拠とした失効情報"),
    "imprint": ("imprint", "ハッシュ対象"),
    "imprint-algorithm": ("digest of the imprint", "ハッシュアルゴリズム"),
    "authority": ("time-stamping authority", "時刻認証局"),
    "time": ("time", "時刻"),
    "accuracy": ("accuracy", "精度"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "tsa-policy": ("policy of the authority", "時刻認証局のポリシー"),
    "proven-by": ("proven by", "証明するタイムスタンプ"),
    "more-findings": ("More findings ({count})", "ほかの検出事項（{count}件）"),
    "notes-undone": ("What that proof undoes ({count})", "この証明により問題とならない事項など（{count}件）"),
    "source": ("Source", "入手元"),
    "kind": ("Kind", "種類"),
    "material-text": (
        "Certificates and revocation data that this rests on, and all that was fetched for it.",
        "検証の根拠となった証明書と失効情報、および検証のために取得したすべてのデータです。",
    ),
    "simulation-title": ("Simulation – no validation report", "シミュレーション（検証報告書ではありません）"),
    "assumed": (
        "What would be at a later time, if nothing is added to the file and nothing more is revoked.",
        "ファイルに何も追加されず、新たな失効もない場合の、将来の時点での見込みです。",
    ),
    "not-a-verdict": ("Simulation, no verdict", "シミュレーション（検証結果ではありません）"),
    "event-known": ("revocation data known up to here", "失効情報の確認時点"),
    "event-then": ("simulated time", "想定した日時"),
    "event-past-note": (
        "it existed at this time; proven by a later time stamp",
        "この時刻に存在（後のタイムスタンプが証明）",
    ),
    "when": ("when", "署名時刻"),
    "when-claimed": ("claimed by the signer, not proven", "署名者の申告による（証明なし）"),
    "when-proven": ("proven by a time stamp", "タイムスタンプにより証明"),
    "when-unknown": ("not stated", "記載なし"),
    "event-from": ("certificate valid from", "証明書の有効期間の始まり"),
    "event-to": ("certificate valid until", "証明書の有効期間の終わり"),
    "event": ("event", "イベント"),
    "event-claimed-note": ("stated by the signer, not proven", "証明されたものではありません"),
    "event-now": ("verified", "検証"),
    "event-stamp-note": ("it existed at this time", "この時刻に存在していたことを証明"),
    "event-stamp-bad": ("this time stamp proves nothing", "このタイムスタンプは証明になりません"),
    "receipt-proves": ("proves", "証明する事実"),
    "receipt-states": ("states", "記載された事実"),
    "receipt-claims": (
        "This receipt proves nothing: its own checks or its seal did not pass.",
        "この受領証は証明になりません。受領証の検査または eシールの検証に合格していないためです。",
    ),
    "issuer-is-signer": ("issued by the signer itself", "発行者と署名者の一致"),
    "yes": ("yes", "一致"),
    "no": ("NO", "不一致"),
    "about": ("About this report", "この報告書について"),
    "about-text": (
        "Made by {program} after ETSI EN 319 102-1. The same file, policy, trust and time give the same verdict.",
        "ETSI EN 319 102-1 に従って {program} が作成。同じファイル・ポリシー・トラストストア・時刻なら判定も同じです。",
    ),
    "program": ("program", "プログラム"),
    "trust-until": ("revocation data fresh until", "失効情報の有効期限"),
    "revocation-digest": ("revocation data", "失効情報"),
    "revision": ("Signed revision", "署名された版"),
    "field": ("signature field", "署名フィールド"),
    "later": ("later changes", "署名後の変更"),
    "none": ("none", "なし"),
    "reason": ("stated reason", "記載された理由"),
    "location": ("stated place", "記載された場所"),
}
"""What the page alone says: headings, columns, notes."""

CHANGES: dict[str, tuple[str, str]] = {
    "form-filling": ("form filling", "フォームへの入力"),
    "annotation": ("annotation", "注釈"),
    "signature": ("signature", "署名"),
    "timestamp": ("time stamp", "タイムスタンプ"),
    "validation-data": ("validation data", "検証情報"),
    "metadata": ("metadata", "メタデータ"),
    "page-content": ("page content", "ページの内容"),
    "other": ("other", "その他"),
    "undetermined": ("could not be determined", "判別不能"),
}
"""Kinds of changes after a signed revision of a PDF."""


def word(table: dict[str, tuple[str, str]], key: str, language: Language) -> str:
    """An entry in a language; the key itself where there is none."""
    pair = table.get(key)
    return key if pair is None else pair[language == "ja"]
