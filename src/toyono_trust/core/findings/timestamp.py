"""Findings of the area: timestamp (RFC 3161, RFC 5816, EN 319 422): tokens as read, and what a TSA answered."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_ASK_AGAIN = (
    "Ask another time-stamping authority; keep the refused answer for its operator.",
    "別の時刻認証局（TSA）に依頼し、拒否した応答は運用者への報告用に保存してください。",
)
_NEW_TOKEN = (
    "Obtain the time stamp again from a trustworthy time-stamping authority.",
    "信頼できる時刻認証局（TSA）からタイムスタンプを取り直してください。",
)
_CALLER = ("Correct the call.", "呼び出し方を修正してください。")
_OPERATOR = ("Correct the configuration of the TSA.", "時刻認証局（TSA）の設定を修正してください。")

TOKEN: tuple[Entry, ...] = (
    Entry(
        "timestamp.malformed",
        "fail",
        "FORMAT_FAILURE",
        "RFC 3161 2.4.2",
        ("This is no time-stamp token: {reason}.", "タイムスタンプトークンの構造ではありません（{reason}）。"),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.signer-count",
        "fail",
        "FORMAT_FAILURE",
        "RFC 3161 2.4.2",
        (
            "A time-stamp token has exactly one signer; this one has {count}.",
            "タイムスタンプトークンの署名者は一者でなければなりませんが、{count}者あります。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.version",
        "fail",
        "FORMAT_FAILURE",
        "RFC 3161 2.4.2",
        (
            "TSTInfo has version {version}; only 1 exists.",
            "TSTInfoのバージョンが{version}です。定義されているのは1だけです。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.no-certificate-reference",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "RFC 3161 2.4.2, RFC 5816 2.2.1",
        (
            "The token does not say which certificate made it (no ESSCertID or ESSCertIDv2).",
            "トークンに、どの証明書で作成されたかの記載（ESSCertID・ESSCertIDv2）がありません。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.imprint-length",
        "fail",
        "HASH_FAILURE",
        "RFC 3161 2.4.1",
        (
            "The stamped digest has {octets} octets, which {algorithm} cannot give.",
            "タイムスタンプ対象のハッシュ値が{octets}オクテットで、{algorithm}の長さと一致しません。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.imprint-algorithm",
        "warn",
        None,
        "RFC 3161 2.4.1",
        (
            "The digest algorithm of the time stamp is not known here ({algorithm}).",
            "タイムスタンプのハッシュアルゴリズム（{algorithm}）に対応していません。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.imprint-parameters",
        "warn",
        None,
        "RFC 3161 2.4.1, RFC 5754 2",
        (
            "The digest algorithm of the time stamp carries parameters that it does not have.",
            "タイムスタンプのハッシュアルゴリズムに、定義されていないパラメーターが付いています。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.gentime-form",
        "warn",
        None,
        "RFC 3161 2.4.2",
        (
            "The time of the token is not written in the one allowed form ({written}).",
            "トークンの時刻が、規定された書式で書かれていません（{written}）。",
        ),
        ("Tell the operator of the time-stamping authority.", "時刻認証局（TSA）の運用者に連絡してください。"),
    ),
    Entry(
        "timestamp.accuracy-range",
        "warn",
        None,
        "RFC 3161 2.4.2",
        (
            "The accuracy of the time stamp is out of range and is not used.",
            "タイムスタンプの精度の値が範囲外のため、使用しません。",
        ),
        ("Tell the operator of the time-stamping authority.", "時刻認証局（TSA）の運用者に連絡してください。"),
    ),
    Entry(
        "timestamp.encoded-default",
        "inform",
        None,
        "RFC 3161 2.4.2, X.690 11.5",
        (
            "The token writes out a default value ({member}), which DER leaves out.",
            "トークンが、DERでは省略すべき既定値（{member}）を書き出しています。",
        ),
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    Entry(
        "timestamp.critical-extension",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "RFC 3161 2.4.2",
        (
            "The token carries a critical extension that is not known here ({oid}).",
            "トークンに、対応していないクリティカル拡張（{oid}）があります。",
        ),
        _NEW_TOKEN,
    ),
)

JUDGED: tuple[Entry, ...] = (
    Entry(
        "timestamp.no-token",
        "fail",
        "FORMAT_FAILURE",
        "RFC 3161 2.4.2",
        (
            "This is an answer of a time-stamping authority that holds no time stamp ({status}).",
            "時刻認証局（TSA）の応答ですが、タイムスタンプが含まれていません（{status}）。",
        ),
        _NEW_TOKEN,
    ),
    Entry(
        "timestamp.content-missing",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        "EN 319 102-1 5.2.7, 5.4",
        ("The stamped data is not at hand.", "タイムスタンプの対象データが見つかりません。"),
        (
            "Supply the data that was stamped (content=, --content).",
            "タイムスタンプの対象データを指定してください（content=、--content）。",
        ),
    ),
    Entry(
        "timestamp.imprint-altered",
        "fail",
        "HASH_FAILURE",
        "EN 319 102-1 5.2.7, 5.4",
        (
            "The data is not the data that was stamped.",
            "データが、タイムスタンプ付与時のものと一致しません。",
        ),
        (
            "Obtain the unchanged data, or treat it as altered.",
            "変更されていないデータを入手するか、改変されたものとして扱ってください。",
        ),
    ),
    Entry(
        "timestamp.from-future",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.4",
        (
            "The time of the time stamp ({time}) lies after the time of validation.",
            "タイムスタンプの時刻（{time}）が検証時刻より後です。",
        ),
        (
            "Check the clock of this computer and the time given for the validation.",
            "このコンピューターの時計と、指定した検証時刻を確認してください。",
        ),
    ),
    Entry(
        "timestamp.outside-certificate",
        "fail",
        "OUT_OF_BOUNDS_NO_POE",
        "EN 319 102-1 5.2.6",
        (
            "The time stamp was made at {time}, outside the validity of the authority's certificate.",
            "タイムスタンプの時刻（{time}）が、時刻認証局（TSA）の証明書の有効期間外です。",
        ),
        _NEW_TOKEN,
    ),
)

CLIENT: tuple[Entry, ...] = (
    Entry(
        "tsa.missing",
        "fail",
        None,
        "RFC 3161 2.4",
        ("No time-stamping authority was named.", "時刻認証局（TSA）が指定されていません。"),
        ("Name at least one URL.", "URLを一つ以上指定してください。"),
    ),
    Entry(
        "tsa.digest",
        "fail",
        None,
        "RFC 3161 2.4.1",
        ("This digest cannot be stamped: {reason}.", "このハッシュ値にはタイムスタンプを付与できません（{reason}）。"),
        _CALLER,
    ),
    Entry(
        "tsa.policy",
        "fail",
        None,
        "RFC 3161 2.4.1",
        ("This names no policy of a time-stamping authority.", "時刻認証局（TSA）のポリシーの指定が正しくありません。"),
        ("Write its dotted object identifier.", "ドット区切りのオブジェクト識別子で指定してください。"),
    ),
    Entry(
        "tsa.request",
        "fail",
        None,
        "RFC 3161 2.4.1",
        (
            "The encoder of time-stamp requests wrote something else than it was given.",
            "タイムスタンプ要求の符号化結果が、指定した内容と一致しません。",
        ),
        ("Update the library rfc3161ng.", "ライブラリrfc3161ngを更新してください。"),
    ),
    Entry(
        "tsa.http-status",
        "fail",
        None,
        "RFC 3161 3.4",
        (
            "The time-stamping authority answered with HTTP status {status}.",
            "時刻認証局（TSA）がHTTPステータス{status}を返しました。",
        ),
        ("Check the URL, or try later.", "URLを確認するか、後で再試行してください。"),
    ),
    Entry(
        "tsa.content-type",
        "fail",
        None,
        "RFC 3161 3.4",
        (
            "The time-stamping authority answered with another media type ({type}).",
            "時刻認証局（TSA）が別のメディアタイプ（{type}）を返しました。",
        ),
        ("Check the URL.", "URLを確認してください。"),
    ),
    Entry(
        "tsa.bad-response",
        "fail",
        None,
        "RFC 3161 2.4.2",
        (
            "The answer is no time-stamp response: {reason}.",
            "応答がタイムスタンプ応答の構造ではありません（{reason}）。",
        ),
        _ASK_AGAIN,
    ),
    Entry(
        "tsa.rejected",
        "fail",
        None,
        "RFC 3161 2.4.2",
        ("The time-stamping authority refused: {reason}.", "時刻認証局（TSA）が要求を拒否しました（{reason}）。"),
        ("Do what the reason asks for.", "理由に従って対応してください。"),
    ),
    Entry(
        "tsa.bad-token",
        "fail",
        None,
        "RFC 3161 2.4.2",
        ("The token that came back is unsound: {reason}.", "返されたトークンに不備があります（{reason}）。"),
        _ASK_AGAIN,
    ),
    Entry(
        "tsa.wrong-imprint",
        "fail",
        None,
        "RFC 3161 2.4.2",
        ("The token that came back stamps something else.", "返されたトークンは別のデータに対するものです。"),
        _ASK_AGAIN,
    ),
    Entry(
        "tsa.wrong-nonce",
        "fail",
        None,
        "RFC 3161 2.4.2",
        ("The token that came back answers another request.", "返されたトークンは別の要求に対するものです。"),
        _ASK_AGAIN,
    ),
    Entry(
        "tsa.wrong-policy",
        "fail",
        None,
        "RFC 3161 2.4.2",
        (
            "The token that came back was made under another policy ({policy}).",
            "返されたトークンは別のポリシー（{policy}）に基づいています。",
        ),
        ("Ask for the policy that the authority offers.", "時刻認証局（TSA）が提供するポリシーを指定してください。"),
    ),
    Entry(
        "tsa.not-trusted",
        "fail",
        None,
        "EN 319 102-1 5.4",
        (
            "The time stamp that came back does not verify: {reason}",
            "返されたタイムスタンプの検証に失敗しました：{reason}",
        ),
        (
            "Ask another time-stamping authority, or trust this one by its anchor.",
            "別の時刻認証局（TSA）に依頼するか、その認証局をトラストアンカーに加えてください。",
        ),
    ),
)

SERVER: tuple[Entry, ...] = (
    Entry(
        "tsa.certificate",
        "fail",
        None,
        "RFC 3161 2.3",
        (
            "A TSA cannot work with this certificate: {reason}.",
            "この証明書は時刻認証局（TSA）に使えません（{reason}）。",
        ),
        (
            "Use a certificate whose only extended key usage is a critical timeStamping.",
            "拡張鍵用途がtimeStampingだけで、criticalとされた証明書を使ってください。",
        ),
    ),
    Entry(
        "tsa.key",
        "fail",
        None,
        "EN 319 422 5.2",
        (
            "A TSA cannot work with this key: {reason}.",
            "この鍵は時刻認証局（TSA）に使えません（{reason}）。",
        ),
        ("Use an ECDSA P-256, P-384, P-521 or RSA key.", "ECDSA（P-256・P-384・P-521）またはRSAの鍵を使ってください。"),
    ),
    Entry(
        "tsa.setting",
        "fail",
        None,
        "RFC 3161 2.4.2",
        ("This setting of the TSA is out of range: {reason}.", "時刻認証局（TSA）の設定値が範囲外です（{reason}）。"),
        _OPERATOR,
    ),
    Entry(
        "tsa.state",
        "fail",
        None,
        "RFC 3161 2.1",
        (
            "The file with the last time stamped cannot be used: {reason}.",
            "最終発行時刻を記録したファイルが使えません（{reason}）。",
        ),
        (
            "Make sure of the clock, then delete or correct the file.",
            "時計が正しいことを確認したうえで、ファイルを削除または修正してください。",
        ),
    ),
    Entry(
        "tsa.server-missing",
        "fail",
        None,
        "RFC 3161 3.4",
        ("The server library uvicorn is not installed.", "サーバー用ライブラリuvicornが導入されていません。"),
        ("pip install 'toyono_trust[asgi]'", "pip install 'toyono_trust[asgi]' を実行してください。"),
    ),
)

ENTRIES: tuple[Entry, ...] = TOKEN + JUDGED + CLIENT + SERVER
