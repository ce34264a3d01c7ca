"""What the command line says that is neither a finding nor a report: English and Japanese."""

from __future__ import annotations

from toyono_trust.core.findings import Language
from toyono_trust.edge import log_words

__all__ = ["COMPLAINTS", "ELSEWHERE", "HINTS", "LABELS", "said"]

LABELS: dict[str, tuple[str, str]] = {
    **log_words.LABELS,
    "error": ("error", "エラー"),
    "details": ("details", "詳細"),
    "hint": ("hint", "対応"),
    "warning": ("warning", "警告"),
    "trust-from": ("trust: {paths} (from TOYONO_TRUST)", "トラストストア: {paths}（環境変数 TOYONO_TRUST による）"),
    "beside": ("content: {content}, found beside it", "署名対象: {content}（同じフォルダのファイル）"),
    "proof-beside": ("proof: {proof}, found beside it", "証拠ログの証明: {proof}（同じフォルダのファイル）"),
    "extracted": ("content written to {target}", "署名対象を {target} に書き出しました"),
    "wrote": ("{source} → {target} ({what})", "{source} → {target}（{what}）"),
    "submitted": (
        "submission time: {time}; name it for later receipts of this message (--submission-time)",
        "差出時刻: {time}（このメッセージの後続の配達証拠には --submission-time で同じ時刻を指定してください）",
    ),
    "lower": (
        "{target} is {level} only, without time stamp: {reason}",
        "{target} はタイムスタンプのない {level} です: {reason}",
    ),
    "augmented": ("{source} → {target} ({level})", "{source} → {target}（{level}）"),
    "due": ("due      {time}  {file}: {reason}", "期限間近  {time}  {file}: {reason}"),
    "renewed": ("renewed  {time}  {file}: {reason}", "更新済み  {time}  {file}: {reason}"),
    "protection": (
        "its last time stamp ends: {reason} The verdict holds until {until}, unproven from then on.",
        "最後まで有効なタイムスタンプの期限: {reason}（検証自体の期限は {until}。それ以降は存在を証明できません）",
    ),
    "no-longer": (
        "kept     {time}  {file}: another time stamp of this authority lasts no longer",
        "変更なし  {time}  {file}: この時刻認証局のタイムスタンプを追加しても期限は延びません",
    ),
    "not-renewable": ("invalid  {file}: {reason}", "検証不合格  {file}: {reason}"),
    "lone-stamp": (
        "kept     {time}  {file}: a time stamp by itself cannot be renewed; seal what it covers, at B-LTA",
        (
            "変更なし  {time}  {file}: 単独のタイムスタンプは更新できません。"
            "対象データに B-LTA の eシールを付与してください"
        ),
    ),
    "unchanged": ("{source} has this level already", "{source} は既にこのレベルです"),
    "no-reader": (
        "standard output was closed; going on without it",
        "標準出力が閉じられました。出力せずに続行します",
    ),
    "undecided-stamp": (
        "{file}: its newest time stamp is undecided because of that: {stamp}: {reason}",
        "{file}: このため、最新のタイムスタンプは判定できません（{stamp}）: {reason}",
    ),
    "renewed-counts": ("{files} files: {listed}", "全 {files} 件: {listed}"),
    "renewed-count": ("1 file: {listed}", "全 1 件: {listed}"),
    "is-due": ("due", "期限間近"),
    "is-renewed": ("renewed", "更新済み"),
    "is-kept": ("due and kept as they are", "期限間近・更新不可"),
    "is-later": ("not due yet", "期限前"),
    "is-unsigned": ("unsigned", "署名なし"),
    "is-failed": ("failed", "失敗"),
    "evidence-content": (
        "{target} holds the signed content itself, because its algorithm signs no digest",
        "署名アルゴリズムがハッシュ値ではなく内容そのものに署名するため、{target} には署名対象の内容が含まれます",
    ),
    "evidence": ("evidence written to {target}", "検証証跡を {target} に書き出しました"),
    "until": (
        "verifies without another step until {time}; then: {reason}",
        "追加の手続きなしに検証できる期限: {time}（その後: {reason}）",
    ),
    "replay-about": (
        "{archive}: archive of evidence; it says that it is about {file}",
        "{archive}: 検証証跡ファイル（記載されている対象ファイル: {file}）",
    ),
    "replay-own": (
        "trust and policy come out of the archive, chosen by whoever wrote it; --trust and --policy set yours",
        "トラストストアと検証ポリシーは検証証跡ファイルの作成者が選んだものです（--trust、--policy で変更できます）",
    ),
    "replay-chosen": ("trust: {trust}; policy: {policy}", "トラストストア: {trust} · 検証ポリシー: {policy}"),
    "replay-out": ("{digest} out of the archive", "{digest}（検証証跡ファイルの中のもの）"),
    "replay-same": (
        "{digest} as given, the same as in the archive",
        "{digest}（指定したもの。検証証跡ファイルの中のものと同じ）",
    ),
    "replay-other": (
        "{digest} as given, not {saved} out of the archive",
        "{digest}（指定したもの。検証証跡ファイルの中のもの {saved} とは異なる）",
    ),
    "files": ("files", "ファイル"),
    "ask-secret": ("Password or PIN of {key}", "{key} のパスワードまたは PIN"),
}

COMPLAINTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    **log_words.COMPLAINTS,
    "unreadable": (
        ("{file} cannot be read: {reason}", "{file} を読み取れません: {reason}"),
        ("check the name and the permissions", "名前とアクセス権を確認してください"),
    ),
    "folder": (
        ("{file} is a folder", "{file} はフォルダです"),
        ("name the files in it", "フォルダの中のファイルを指定してください"),
    ),
    "unwritable": (
        ("{file} cannot be written: {reason}", "{file} に書き込めません: {reason}"),
        ("choose another place with --out", "--out で別の出力先を指定してください"),
    ),
    "read-only": (
        ("{file} is read-only", "{file} は読み取り専用です"),
        (
            "make it writable, or replace it all the same with --force",
            "書き込みを許可するか、--force を指定してください",
        ),
    ),
    "changed": (
        (
            "{file} was changed by somebody else meanwhile and is left as it is",
            "{file} は処理中にほかから変更されたため、置き換えませんでした",
        ),
        ("do it again", "もう一度実行してください"),
    ),
    "closed": (
        ("{file} cannot be replaced: {reason}", "{file} を置き換えられません: {reason}"),
        ("make its folder writable", "フォルダへの書き込みを許可してください"),
    ),
    "exists": (
        ("{file} exists already", "{file} は既に存在します"),
        (
            "choose another name with --out, or replace it with --force",
            "--out で別名を指定するか、--force で上書きしてください",
        ),
    ),
    "timeout": (
        ("{file} was not verified within {seconds} s", "{file} の検証が {seconds} 秒以内に終わりませんでした"),
        (
            "allow more with --timeout; if it is small, treat it as hostile",
            "--timeout を延ばしてください。小さいファイルなら悪意のあるものとして扱ってください",
        ),
    ),
    "internal": (
        ("internal error with {file}: {reason}", "{file} の処理中に内部エラーが発生しました: {reason}"),
        ("report it together with the file", "ファイルを添えて不具合として報告してください"),
    ),
    "simulation": (
        (
            "{file}: ETSI TS 119 102-2 knows reports of validations, not of simulations",
            "{file}: ETSI TS 119 102-2 は検証の報告書であり、シミュレーションには対応していません",
        ),
        ("use another --format", "--format で別の形式を指定してください"),
    ),
    "no-signed": (
        ("no signed file in {file}", "{file} に署名済みファイルがありません"),
        ("name signed files, or the folders that they lie in", "署名済みファイルか、そのフォルダを指定してください"),
    ),
    "busy": (
        ("cannot listen on {address}: {reason}", "{address} で待ち受けできません: {reason}"),
        ("choose another port with --listen", "--listen で別のポートを指定してください"),
    ),
    "occupied": (
        ("{file} holds something that is not an earlier demo", "{file} には以前のデモ以外のものが入っています"),
        ("name another folder with --dir", "--dir で別のフォルダを指定してください"),
    ),
    "not-signature": (
        ("{file} is of no format known here", "{file} は対応していない形式です"),
        (
            "name a signed file, a time stamp, a certificate or a CRL; of an evidence log see toyono-trust log --help",
            (
                "署名済みファイル、タイムスタンプ、証明書、CRL のいずれかを指定してください"
                "（証拠ログは toyono-trust log --help を参照）"
            ),
        ),
    ),
}

ELSEWHERE = ("choose another place with {option}", "{option} で別の出力先を指定してください")
"""What to do where something cannot go to the place that an option other than ``--out`` names."""

HINTS: dict[str, tuple[str, str]] = {
    **log_words.HINTS,
    "signer.secret-missing": (
        "name a file with --secret-file or a variable with --secret-env, or run it in a terminal, which asks",
        "--secret-file でファイルを、または --secret-env で環境変数を指定するか、端末で実行して入力してください",
    ),
    "signer.not-encrypted": (
        "encrypt the key, or leave --secret-file and --secret-env out",
        "鍵を暗号化するか、--secret-file と --secret-env を省いてください",
    ),
    "signer.bad-kind": (
        "use --kind natural-person, legal-person or device",
        "--kind には natural-person、legal-person、device のいずれかを指定してください",
    ),
    "signer.kind-contradicts": (
        "leave --kind out; it is for certificates that do not say",
        "--kind は種別の記載がない証明書のための指定です。省いてください",
    ),
    "seal.natural-person": (
        "use: toyono-trust sign, or an organisation's key",
        "toyono-trust sign を使うか、組織の鍵を使ってください",
    ),
    "seal.unknown-kind": (
        "if it is an organisation's, say so with --kind legal-person",
        "組織の証明書であれば --kind legal-person を指定してください",
    ),
    "pdf.font-missing": (
        "name a font file that has these characters with --font",
        "--font で、これらの文字を含むフォントファイルを指定してください",
    ),
    "pdf.password-missing": (
        "name a file that holds the password with --password-file",
        "--password-file で、パスワードを書いたファイルを指定してください",
    ),
    "pdf.password-wrong": (
        "name a file that holds the right password with --password-file",
        "--password-file で、正しいパスワードを書いたファイルを指定してください",
    ),
    "pdf.certify-late": ("leave --certify out", "--certify を省いてください"),
    "limits.size": (
        "seal large content with --detached; a PDF may have any size",
        "大きなデータには --detached を指定してください（PDF に大きさの制限はありません）",
    ),
    "addition.content": (
        "name what the signatures cover with --content FILE",
        "署名対象データを --content で指定してください",
    ),
    "addition.sequential": (
        "sign the PDF again without --countersign and --parallel",
        "--countersign・--parallel を付けずに、署名済みの PDF にもう一度署名してください",
    ),
    "tsa.missing": (
        "name a time-stamping authority with --tsa URL",
        "--tsa URL で時刻認証局を指定してください",
    ),
    "trust.empty": (
        "name a trust folder or a root certificate with --trust",
        "--trust で信頼フォルダまたはルート証明書を指定してください",
    ),
    "trust.private-key": (
        "name a folder of certificates alone, such as town/trust; a key among them must go elsewhere",
        "証明書だけのフォルダ（例: town/trust）を指定してください。その中に鍵があれば別の場所へ移してください",
    ),
    "receipt.policy-missing": (
        "name the delivery service's policy with --policy-id URI or OID",
        "--policy-id で配達サービスのポリシー（URI または OID）を指定してください",
    ),
    "receipt.submission-time-missing": (
        "give --submission-time, when the sender handed the content in",
        "--submission-time で、送信者が差し出した時刻を指定してください",
    ),
    "receipt.reason-missing": (
        "give --reason URI; toyono-trust receipt --list-reasons shows the known ones",
        "--reason で理由の URI を指定してください（一覧: toyono-trust receipt --list-reasons）",
    ),
    "receipt.event-unknown": (
        "toyono-trust receipt --list-events shows the 22 events",
        "22種類のイベントの一覧: toyono-trust receipt --list-events",
    ),
    "receipt.recipient-missing": (
        "say which one with --refers-to-recipient, counted from 1",
        "対象の受信者を --refers-to-recipient（1から数えます）で指定してください",
    ),
    "receipt.external-service-missing": (
        "name the other service with --external-service NAME[,IDENTIFIER]",
        "--external-service 名称[,識別子] で相手のサービスを指定してください",
    ),
    "receipt.party-scheme": (
        "write an identifier such as NTRJP-1234567890123, or a mail address",
        "NTRJP-1234567890123 のような識別子、またはメールアドレスを指定してください",
    ),
    "devpki.folder-not-empty": (
        "name a new folder, or replace the town in it with --force",
        "新しいフォルダを指定するか、--force で作り直してください",
    ),
    "net.timeout": (
        "try again later, or allow more time with --timeout",
        "しばらくしてから再度お試しになるか、--timeout を延ばしてください",
    ),
    "net.address-refused": (
        "if you trust these addresses, allow them with --allow-private",
        "信頼できるアドレスであれば --allow-private で許可してください",
    ),
}
"""What to do on the command line, by code of the error, where the library's own words speak of Python."""


_ONE = (
    ("entries are", "entry is"),
    ("entries wait", "entry waits"),
    ("entries", "entry"),
    ("new files", "new file"),
    ("more findings follow", "more finding follows"),
)
"""What follows a number in texts, and what it is after 1; the longest first."""


def said(pair: tuple[str, str], language: Language, **values: object) -> str:
    """One of a pair of texts, its placeholders filled; names of files cannot command a terminal."""
    from toyono_trust.validation.render import safe

    text = pair[language == "ja"]
    for name, value in values.items():
        if value in (1, "1") and language == "en":
            for several, one in _ONE:
                text = text.replace(f"{{{name}}} {several}", f"{{{name}}} {one}")
    return text.format_map({name: safe(str(value)) for name, value in values.items()})
