"""Findings of the area: keys (opening them and signing with them)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry


def _row(code: str, text: tuple[str, str], remedy: tuple[str, str], clause: str = "no standard") -> Entry:
    return Entry(code, "fail", None, clause, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "signer.bad-uri",
        ("The address of the key cannot be used.", "鍵の指定方法が正しくありません。"),
        (
            "Use pkcs12:file, pem:file, jwk:file or a pkcs11: URI without a PIN.",
            "pkcs12:ファイル、pem:ファイル、jwk:ファイル、または PIN を含まない pkcs11: のURIで指定してください。",
        ),
        "RFC 7512 2.3",
    ),
    _row(
        "signer.bad-secret",
        (
            "The secret is neither text nor bytes nor a callable that returns one of them.",
            "パスワード（PIN）は、文字列、バイト列、またはそれを返す関数で渡す必要があります。",
        ),
        ("Correct what is passed as secret=.", "secret= に渡す値を見直してください。"),
    ),
    _row(
        "signer.bad-kind",
        ("The value of kind= is not known.", "kind= の値が正しくありません。"),
        (
            "Use natural-person, legal-person or device.",
            "natural-person（自然人）、legal-person（法人）、device（機器）のいずれかを指定してください。",
        ),
    ),
    _row(
        "signer.kind-contradicts",
        (
            "The certificate itself names another kind of subject than kind= does.",
            "証明書に記載された名義人の種別が、kind= の指定と食い違っています。",
        ),
        (
            "Leave kind= out; it is for certificates that do not say.",
            "kind= は種別の記載がない証明書のための指定です。省いてください。",
        ),
        "EN 319 412-1",
    ),
    _row(
        "signer.secret-missing",
        (
            "The key is encrypted or the token needs a PIN, and no secret was given.",
            "鍵が暗号化されているか PIN が必要ですが、パスワードが渡されていません。",
        ),
        ("Pass secret= to Signer.open.", "Signer.open に secret= を渡してください。"),
    ),
    _row(
        "signer.wrong-secret",
        ("The password or PIN is wrong.", "パスワードまたは PIN が違います。"),
        (
            "Check it; tokens lock after a few wrong PINs.",
            "入力内容を確認してください。トークンは PIN を数回間違えるとロックされます。",
        ),
    ),
    _row(
        "signer.not-encrypted",
        (
            "A secret was given, but the key lies unencrypted in its file.",
            "パスワードが渡されましたが、ファイル内の鍵は暗号化されていません。",
        ),
        (
            "Encrypt the key, or leave secret= out.",
            "鍵を暗号化するか、secret= を省いてください。",
        ),
    ),
    _row(
        "signer.pin-locked",
        (
            "The token's PIN is locked, expired or not set.",
            "トークンの PIN がロックされているか、期限切れか、未設定です。",
        ),
        (
            "Have the PIN reset by the security officer.",
            "トークンの管理者に PIN の再設定を依頼してください。",
        ),
    ),
    _row(
        "signer.unreadable",
        (
            "The file is not of the format that its address names.",
            "ファイルの内容が、指定された形式と一致しません。",
        ),
        (
            "Check the file and the word before the colon.",
            "ファイルと、コロンの前の形式名を確認してください。",
        ),
    ),
    _row(
        "signer.bad-certificate",
        ("A certificate beside the key cannot be read.", "鍵に添えられた証明書を読み取れません。"),
        ("Replace the certificate.", "証明書を正しいものに置き換えてください。"),
        "RFC 5280 4.1",
    ),
    _row(
        "signer.no-private-key",
        ("No private key is there.", "秘密鍵が見つかりません。"),
        (
            "Name the file or token object that holds the private key.",
            "秘密鍵が入っているファイルまたはトークン内の鍵を指定してください。",
        ),
    ),
    _row(
        "signer.several-keys",
        ("Several private keys are there.", "秘密鍵が複数見つかりました。"),
        ("Name one of them.", "使う鍵を一つ指定してください。"),
    ),
    _row(
        "signer.no-certificate",
        ("No certificate for the key is there.", "鍵に対応する証明書が見つかりません。"),
        ("Store the certificate with the key.", "証明書を鍵と同じ場所に保存してください。"),
    ),
    _row(
        "signer.key-mismatch",
        ("The private key does not belong to the certificate.", "秘密鍵と証明書が対応していません。"),
        (
            "Store the key together with its own certificate.",
            "鍵と、その鍵のために発行された証明書を組み合わせてください。",
        ),
    ),
    _row(
        "signer.weak-key",
        ("The key is too small to sign with.", "鍵が短すぎるため署名に使えません。"),
        ("Use RSA of at least 2048 bits.", "2048ビット以上の RSA 鍵を使ってください。"),
        "TS 119 312",
    ),
    _row(
        "signer.unsupported",
        (
            "This kind of key is not supported for signing.",
            "この種類の鍵による署名には対応していません。",
        ),
        (
            "Use RSA 2048 to 4096, ECDSA P-256, P-384 or P-521, Ed25519 or ML-DSA-65.",
            "RSA（2048～4096ビット）、ECDSA（P-256、P-384、P-521）、Ed25519、ML-DSA-65 のいずれかを使ってください。",
        ),
        "TS 119 312",
    ),
    _row(
        "signer.unsupported-algorithm",
        (
            "The key cannot sign with this algorithm.",
            "この鍵では、指定された署名アルゴリズムを使えません。",
        ),
        ("Use one of the signer's algorithms.", "署名者の algorithms に挙げられたものを使ってください。"),
    ),
    _row(
        "signer.content-too-large",
        (
            "The key signs the content whole, not a digest of it, and the content is too large to be held.",
            "この鍵はハッシュ値ではなくデータ全体に署名しますが、データが大きすぎます。",
        ),
        (
            'Sign its digest (JadesDetails(mechanism="uri-hash")), or use a key for ECDSA or RSA.',
            'ハッシュ値に署名する（JadesDetails(mechanism="uri-hash")）か、ECDSA か RSA の鍵を使ってください。',
        ),
        "TS 119 182-1 5.2.8.3.3",
    ),
    _row(
        "signer.not-movable",
        ("A Signer is neither copied nor pickled.", "Signer は複製や直列化（pickle）ができません。"),
        ("Open it in the process that uses it.", "使用するプロセスの中で開いてください。"),
    ),
    _row(
        "signer.pkcs11-missing",
        (
            "PKCS #11 needs a further package.",
            "PKCS #11 を使うには追加のパッケージが必要です。",
        ),
        (
            "Run: pip install toyono-trust[pkcs11]",
            "次を実行してください: pip install toyono-trust[pkcs11]",
        ),
    ),
    _row(
        "signer.bad-module",
        ("The PKCS #11 module cannot be loaded.", "PKCS #11 のモジュールを読み込めません。"),
        ("Check module-path= in the address.", "指定した module-path= を確認してください。"),
        "RFC 7512 2.4",
    ),
    _row(
        "signer.no-token",
        ("No token fits the address.", "指定に合うトークンが見つかりません。"),
        (
            "Insert the token; check token=, serial= and module-path=.",
            "トークンを接続し、token=、serial=、module-path= を確認してください。",
        ),
        "RFC 7512 2.5",
    ),
    _row(
        "signer.several-tokens",
        ("Several tokens fit the address.", "指定に合うトークンが複数あります。"),
        ("Name one by token= or serial=.", "token= または serial= で一つに絞ってください。"),
        "RFC 7512 2.5",
    ),
    _row(
        "signer.token-unavailable",
        ("The token does not answer, or is gone.", "トークンが応答しないか、取り外されています。"),
        (
            "Check the device; then try again.",
            "機器の状態を確認してから、もう一度お試しください。",
        ),
    ),
    _row(
        "signer.token-refused",
        ("The token refuses to sign.", "トークンが署名を拒否しました。"),
        (
            "Check what the key may be used for.",
            "鍵に許可されている用途を確認してください。",
        ),
    ),
)
