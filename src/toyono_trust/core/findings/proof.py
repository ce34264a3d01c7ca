"""Findings about the proofs of entries of evidence logs, as ``verify`` judges them, and about promises to receipts."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_CLAUSE = "RFC 9162 2.1.3"
_LOG = "RFC 9162 4"
_CHARTER = "EN 319 102-1 5.2.6"
_RECORD = "RFC 4998 3.3"
_PROMISE = "RFC 9162 4.8"
_ASK_LOG = (
    "Ask the operator of the log for the proof again.",
    "証拠ログの運営者に証明の再提供を求めてください。",
)
_DISTRUST = (
    "Keep receipt and proof, and ask the operator of the log for an explanation.",
    "配達証拠（受領証）と証明を保管し、証拠ログの運営者に説明を求めてください。",
)
_NAME_KEY = (
    "Name the log's key, if you have it from elsewhere: --log-key KEY, TrustStore.with_logs(KEY), or trust/logs/.",
    "検証鍵を別に入手していれば、--log-key、TrustStore.with_logs(鍵)、信頼フォルダの logs/ で指定してください。",
)


def _row(
    code: str,
    level: FindingLevel,
    sub_indication: str | None,
    clause: str,
    text: tuple[str, str],
    remedy: tuple[str, str],
) -> Entry:
    return Entry(code, level, sub_indication, clause, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "proof.unreadable", "fail", "FORMAT_FAILURE", _CLAUSE,
        ("What was presented as the proof cannot be read as one: {reason}",
         "証明として提示されたデータを、証明として読み取れません（{reason}）。"),
        _ASK_LOG,
    ),
    _row(
        "proof.log-unknown", "fail", "NO_CERTIFICATE_CHAIN_FOUND", _CHARTER,
        ("Nobody vouches for the log {subject}: the proof has no charter, and the trust store does not name its key.",
         "証拠ログ {subject} の鍵の保証がありません（証明に鍵を定める文書がなく、トラストストアにも指定なし）。"),
        _NAME_KEY,
    ),
    _row(
        "proof.charter-unreadable", "fail", "FORMAT_FAILURE", _LOG,
        ("The charter of the log in the proof cannot be read: {reason}",
         "証明に含まれる、証拠ログの鍵を定める文書を読み取れません（{reason}）。"),
        _ASK_LOG,
    ),
    _row(
        "proof.charter-other", "fail", "SIG_CONSTRAINTS_FAILURE", _LOG,
        ("The charter in the proof is that of another log ({subject}).",
         "証明に含まれる文書は、別の証拠ログ（{subject}）の鍵を定めるものです。"),
        _DISTRUST,
    ),
    _row(
        "proof.charter-not-passed", "warn", None, _CHARTER,
        ("The seal of the log's charter does not pass, so that the charter vouches for nothing.",
         "証拠ログの鍵を定める文書のeシールが検証に合格しないため、この文書は鍵を保証しません。"),
        _NAME_KEY,
    ),
    _row(
        "proof.charter-not-seal", "fail", "SIG_CONSTRAINTS_FAILURE", _LOG,
        ("The signature of the log's charter is no organisation's seal, so that the charter vouches for nothing.",
         "証拠ログの鍵を定める文書の署名が組織のeシールではないため、この文書は鍵を保証しません。"),
        _NAME_KEY,
    ),
    _row(
        "proof.record-unreadable", "fail", "FORMAT_FAILURE", _RECORD,
        ("The evidence record in the proof cannot be read: {reason}",
         "証明に含まれる証拠記録を読み取れません（{reason}）。"),
        _ASK_LOG,
    ),
    _row(
        "proof.record-other", "fail", "HASH_FAILURE", _RECORD,
        ("The evidence record in the proof is not over the checkpoint.",
         "証明に含まれる証拠記録の対象が、チェックポイントではありません。"),
        _DISTRUST,
    ),
    _row(
        "proof.record-not-usable", "warn", None, _RECORD,
        ("The evidence record in the proof does not pass, so that nothing dates the entry ({reason}).",
         "証明に含まれる証拠記録が検証に合格しないため、記録の日時は証明されません（{reason}）。"),
        ("See what is said of its time stamps; trust their authority, or renew the record.",
         "そのタイムスタンプについての記載を確認し、時刻認証局を信頼対象に加えるか、証拠記録を更新してください。"),
    ),
    _row(
        "proof.not-stamped", "inform", None, _RECORD,
        ("No time stamp dates the entry.", "記録の日時を証明するタイムスタンプがありません。"),
        ("Ask the log for the proof again once the batch is stamped.",
         "一括タイムスタンプの付与後に、証拠ログから証明を取り直してください。"),
    ),
    _row(
        "proof.digest-ended", "warn", None, "TS 119 312 5",
        ("The entry and its path rest on SHA-256, which counts no longer; the time stamp renews the checkpoint alone.",
         "記録とその経路は、安全とみなされなくなったSHA-256によるものです。タイムスタンプが更新するのはチェックポイントだけです。"),
        ("Keep an evidence record over the opening of the entry beside the proof.",
         "記録を開示するデータに対する証拠記録を、証明とともに保管してください。"),
    ),
    _row(
        "proof.evidence-not-presented", "warn", None, _CLAUSE,
        ("What the entry is of was not presented: an unknown digest stands in the log.",
         "記録の対象が提示されていません。証明されるのは、内容の不明なダイジェスト値が証拠ログにあることだけです。"),
        ("Present the receipt, or the opening of the entry, as content.",
         "配達証拠（受領証）または記録を開示するデータを、署名対象として指定してください。"),
    ),
    _row(
        "proof.evidence-others", "warn", None, _CLAUSE,
        ("Beside the evidence of the entry, other evidence was presented, of which this proves nothing: {count}.",
         "記録の対象である証拠のほかに、この証明の対象ではない証拠が提示されています: {count} 件"),
        ("Rely on what is marked as matching alone.", "「一致」と示されたものだけに依拠してください。"),
    ),
    _row(
        "proof.seal-apart", "inform", None, _CLAUSE,
        ("The entry is of the receipt without its seal, which was not looked at.",
         "記録は、配達証拠（受領証）のeシールを除いた部分に対するものです。eシールは検証していません。"),
        ("Verify the receipt itself, with this proof beside it.",
         "配達証拠（受領証）そのものを、この証明を添えて検証してください。"),
    ),
    _row(
        "proof.evidence-missing", "fail", "SIGNED_DATA_NOT_FOUND", _CLAUSE,
        ("Nothing that was presented is the evidence of the entry.",
         "提示されたものの中に、記録の対象となった証拠がありません。"),
        ("Present the receipt that belongs to the proof.", "証明に対応する配達証拠（受領証）を提示してください。"),
    ),
    _row(
        "proof.no-receipt", "warn", None, _CLAUSE,
        ("A proof was presented with a file that is no delivery receipt; it was not looked at.",
         "配達証拠（受領証）ではないファイルとともに証明が提示されました。この証明は検証していません。"),
        ("Verify the proof as a file of its own, with its evidence as content.",
         "証明を単独のファイルとして、証拠を署名対象に指定して検証してください。"),
    ),
    _row(
        "proof.failed", "fail", None, _CLAUSE,
        ("The proof that was presented with the receipt does not hold: {reason}",
         "配達証拠（受領証）とともに提示された証明は成り立ちません（{reason}）。"),
        _DISTRUST,
    ),
    _row(
        "proof.undecided", "warn", None, _CLAUSE,
        ("Of the proof that was presented with the receipt it cannot be said whether it holds: {reason}",
         "配達証拠（受領証）とともに提示された証明が成り立つか判断できません（{reason}）。"),
        _NAME_KEY,
    ),
    _row(
        "proof.undecided-salt", "warn", None, _CLAUSE,
        ("The proof that was presented has no salt, so that nothing shows whether its entry is of this receipt.",
         "提示された証明にソルトがないため、証明された記録がこの配達証拠（受領証）のものか確認できません。"),
        ("Put what opens the entry (.opening) beside the receipt, or ask whoever has it; what was forgotten stays so.",
         "記録を開示するデータ（.opening）を隣に置くか、保有者に求めてください（忘却した記録は確認できません）。"),
    ),
    _row(
        "manifest.malformed", "fail", "FORMAT_FAILURE", _LOG,
        ("This is no manifest of entries of a log.", "証拠ログの記録の一覧（マニフェスト）の形式ではありません。"),
        _ASK_LOG,
    ),
    _row(
        "manifest.unfit", "fail", None, _LOG,
        ("These proofs do not make one manifest.", "これらの証明を一つの一覧（マニフェスト）にまとめられません。"),
        ("Prove all entries by the same checkpoint of one log.",
         "一つの証拠ログの、同じチェックポイントによる証明を使ってください。"),
    ),
    _row(
        "manifest.absent", "fail", None, _LOG,
        ("The manifest does not list this entry.", "一覧（マニフェスト）にこの記録がありません。"),
        ("Ask for a manifest that lists it.", "その記録を含む一覧を求めてください。"),
    ),
    _row(
        "receipt.not-logged", "fail", None, _LOG,
        ("The receipt did not enter the evidence log and was not issued.",
         "配達証拠（受領証）を証拠ログに記録できなかったため、発行していません。"),
        ("Try again; or issue it without the log now, and append its commitment when the log is back.",
         "もう一度お試しください。または、証拠ログを使わずに発行し、復旧後にその記録を追加してください。"),
    ),
    _row(
        "receipt.opening-exists", "fail", None, _LOG,
        ("Where the opening of this receipt would go, there is one of another entry, which nothing else opens.",
         "開示用ファイルの書き込み先に、別の記録の開示用ファイルがあります。失うと、その記録の内容を示せなくなります。"),
        ("Name another file for the receipt, or put the opening away together with its own receipt.",
         "別のファイル名を指定するか、既存の開示用ファイルを対応する配達証拠（受領証）とともに移動してください。"),
    ),
    _row(
        "promise.broken", "fail", "SIG_CONSTRAINTS_FAILURE", _PROMISE,
        ("The log {log} broke its promise: another entry stands at index {index}.",
         "証拠ログ {log} は約束を破っています。番号 {index} には別の記録があります。"),
        _DISTRUST,
    ),
    _row(
        "promise.forged", "fail", "SIG_CRYPTO_FAILURE", _PROMISE,
        ("The promise in the receipt is not by the log that it names ({subject}).",
         "配達証拠（受領証）に記載された約束は、そこに示された証拠ログ（{subject}）によるものではありません。"),
        ("Do not rely on this promise; ask the issuing service for an explanation.",
         "この約束に依拠せず、発行した配達サービスに説明を求めてください。"),
    ),
    _row(
        "promise.unchecked", "inform", None, _PROMISE,
        ("The log that made a promise for this receipt is not trusted here ({subject}).",
         "この配達証拠（受領証）に約束をした証拠ログ（{subject}）は、ここでは信頼されていません。"),
        _NAME_KEY,
    ),
    _row(
        "promise.overdue", "warn", None, _PROMISE,
        ("The log promised the proof of entry {index} by {deadline}, and it was not presented.",
         "証拠ログは記録 {index} の証明を {deadline} までに約束していますが、提示されていません。"),
        ("Ask the log for the proof, and present it with the receipt.",
         "証拠ログに証明を求め、配達証拠（受領証）とともに提示してください。"),
    ),
    _row(
        "promise.elsewhere", "warn", None, _PROMISE,
        ("The proof is of another log or index than the log promised ({subject}).",
         "証明は、約束された証拠ログまたは番号（{subject}）のものではありません。"),
        ("Ask the log that promised for its proof.", "約束をした証拠ログに証明を求めてください。"),
    ),
)  # fmt: skip
