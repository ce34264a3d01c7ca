"""Findings of the area: net (exchanges over HTTP)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry


def _row(code: str, text: tuple[str, str], remedy: tuple[str, str], clause: str = "RFC 9110") -> Entry:
    return Entry(code, "fail", None, clause, text, remedy)


_LATER = ("Try again later.", "しばらくしてからもう一度お試しください。")
_ADDRESS = ("Check the address.", "アドレスが正しいか確認してください。")

ENTRIES: tuple[Entry, ...] = (
    _row(
        "net.timeout",
        ("The server did not answer in time.", "時間内にサーバーから応答がありませんでした。"),
        ("Try again later, or allow more time.", "しばらくしてから再度お試しいただくか、制限時間を延ばしてください。"),
    ),
    _row(
        "net.deadline",
        (
            "The time allowed for the whole operation has passed.",
            "処理全体に許された時間を過ぎました。",
        ),
        ("Try again later, or allow more time.", "しばらくしてから再度お試しいただくか、制限時間を延ばしてください。"),
    ),
    _row(
        "net.refused",
        ("The server accepts no connection.", "サーバーに接続できませんでした。"),
        (
            "Check the address, and that the service is running.",
            "アドレスと、サービスが動作していることを確認してください。",
        ),
    ),
    _row(
        "net.interrupted",
        ("The server broke the connection off.", "サーバーとの接続が途中で切れました。"),
        _LATER,
    ),
    _row(
        "net.dns",
        ("The server's name cannot be resolved.", "サーバー名からアドレスを調べられませんでした。"),
        (
            "Check the name, and the connection of this machine.",
            "サーバー名と、この端末のネットワーク接続を確認してください。",
        ),
    ),
    _row(
        "net.tls",
        (
            "The secure connection failed: the server's certificate or its handshake was not accepted.",
            "安全な通信（TLS）を確立できませんでした。サーバーの証明書または接続手順に問題があります。",
        ),
        (
            "Check the server's certificate, or name the authority that issued it.",
            "サーバーの証明書を確認するか、その発行元の認証局を指定してください。",
        ),
        "RFC 9110 4.3.4",
    ),
    _row(
        "net.too-large",
        ("The answer is larger than allowed.", "応答が許可された大きさを超えています。"),
        (
            "Check the address; allow more only where the answer is really that large.",
            "アドレスを確認してください。本当にその大きさが必要な場合にだけ上限を上げてください。",
        ),
    ),
    _row(
        "net.redirect",
        (
            "The server redirects to another host, or too often.",
            "サーバーが別のホストへ転送しようとしたか、転送の回数が多すぎます。",
        ),
        (
            "Use the address that the service itself names.",
            "サービスの提供元が案内している正式なアドレスを使ってください。",
        ),
        "RFC 9110 15.4",
    ),
    _row(
        "net.address-refused",
        (
            "A URL inside the file leads to an address that is not public or not allowed; it was not fetched.",
            "ファイルに書かれたURLの接続先が、公開されていないか許可されていないため、取得しませんでした。",
        ),
        (
            "If you trust the address, allow its host or private addresses expressly.",
            "信頼できる接続先であれば、そのホストまたは内部アドレスへの接続を明示的に許可してください。",
        ),
        "RFC 6890",
    ),
    _row(
        "net.bad-url",
        ("The URL cannot be used.", "URLが正しくないため使えません。"),
        (
            "Give an absolute http or https URL without credentials.",
            "ユーザー名やパスワードを含まない、http または https の完全なURLを指定してください。",
        ),
        "RFC 3986",
    ),
    _row(
        "net.bad-answer",
        ("What the server answers is not HTTP.", "サーバーの応答がHTTPの形式になっていません。"),
        _ADDRESS,
        "RFC 9112",
    ),
    _row(
        "net.bad-request",
        (
            "The method or a header of the request is malformed.",
            "リクエストのメソッドまたはヘッダーの形式が正しくありません。",
        ),
        ("Remove line breaks and control characters.", "改行や制御文字を取り除いてください。"),
    ),
    _row(
        "net.bad-option",
        ("An option of Http is out of range.", "Http の設定値が範囲外です。"),
        ("Leave the option out for its default.", "その設定を省いて既定値を使ってください。"),
    ),
    _row(
        "net.cache-folder",
        (
            "The cache's folder cannot be used, or is open to others.",
            "キャッシュのフォルダを使えないか、他の利用者に開かれています。",
        ),
        (
            "Name a folder of your own, or take the others' access away (chmod 700).",
            "自分専用のフォルダを指定するか、他の利用者の権限を外してください（chmod 700）。",
        ),
    ),
    _row(
        "net.closed",
        ("This Http is closed.", "この Http はすでに閉じられています。"),
        ("Use it inside its with block.", "with ブロックの中で使ってください。"),
    ),
    _row(
        "http.missing",
        (
            "This needs the network and no Http was handed in.",
            "ネットワーク接続が必要ですが、Http が渡されていません。",
        ),
        ("Pass http=Http().", "http=Http() を渡してください。"),
    ),
)
