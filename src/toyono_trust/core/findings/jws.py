"""Findings about JWS, and about the JSON and base64 it is made of; rows that ``jades`` joins with its own."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

SENDER = (
    "Ask the sender for the file as it was signed.",
    "署名した時点のファイルを送信者から改めて受け取ってください。",
)
MAKER = (
    "Ask the maker of the signing software to follow the standard.",
    "署名ソフトウェアの提供元に、標準に従うよう依頼してください。",
)
HOSTILE = ("Treat the file as hostile.", "悪意のあるファイルとして扱ってください。")
NOTHING = ("Nothing needs to be done.", "対応は不要です。")
CALL = ("Correct the call; see the hint.", "ヒントを参照し、呼び出し方を直してください。")

_JWS = "RFC 7515"
_Text = tuple[str, str]


def broken(code: str, clause: str, en: str, ja: str, remedy: _Text = SENDER) -> Entry:
    """A row for what leads to FORMAT_FAILURE."""
    return Entry(code, "fail", "FORMAT_FAILURE", clause, (en, ja), remedy)


def noted(level: FindingLevel, code: str, clause: str, en: str, ja: str, remedy: _Text = MAKER) -> Entry:
    """A row that leads to no verdict by itself."""
    return Entry(code, level, None, clause, (en, ja), remedy)


def misuse(code: str, clause: str, en: str, ja: str) -> Entry:
    """A row for an error of the caller."""
    return Entry(code, "fail", None, clause, (en, ja), CALL)


_ENCODINGS: tuple[Entry, ...] = (
    broken(
        "base64url.character",
        f"{_JWS} 2",
        "Base64url text holds a character that does not belong there, such as padding or white space.",
        "base64url の文字列に、使えない文字（パディングや空白など）が含まれています。",
    ),
    broken(
        "base64url.length",
        f"{_JWS} 2",
        "Base64url text has an impossible length.",
        "base64url の文字列の長さが不正です。",
    ),
    broken(
        "base64url.trailing-bits",
        "RFC 4648 3.5",
        "Base64url text is not in its one canonical form.",
        "base64url の文字列が正規の形ではありません。",
    ),
    broken(
        "base64.character",
        "RFC 4648 4",
        "Base64 text holds a character that does not belong there.",
        "base64 の文字列に使えない文字が含まれています。",
    ),
    broken("base64.length", "RFC 4648 4", "Base64 text has an impossible length.", "base64 の文字列の長さが不正です。"),
    broken(
        "base64.trailing-bits",
        "RFC 4648 3.5",
        "Base64 text is not in its one canonical form.",
        "base64 の文字列が正規の形ではありません。",
    ),
    broken("json.not-utf8", "RFC 8259 8.1", "A JSON text is not UTF-8.", "JSON が UTF-8 ではありません。"),
    broken("json.syntax", "RFC 8259", "A JSON text is broken.", "JSON の構文が壊れています。"),
    broken(
        "json.duplicate-member",
        "RFC 7493 2.3",
        "A JSON object has the same member twice, so that two readers may read it differently.",
        "JSON オブジェクトに同じ名前の項目が二つあり、読み手によって解釈が変わるおそれがあります。",
        HOSTILE,
    ),
    broken(
        "json.number",
        "RFC 7493 2.2",
        "A JSON number is out of the accepted range.",
        "JSON の数値が、受け付ける範囲を超えています。",
    ),
    broken(
        "json.surrogate",
        "RFC 7493 2.1",
        "A JSON string holds half a character.",
        "JSON の文字列に、対にならないサロゲートが含まれています。",
    ),
    broken("json.depth", "RFC 8259 9", "A JSON text is nested too deeply.", "JSON の入れ子が深すぎます。", HOSTILE),
    broken("json.size", "RFC 8259 9", "A JSON text is too large.", "JSON が大きすぎます。", HOSTILE),
    broken("json.type", "RFC 8259 3", "A value has no JSON form.", "JSON で表せない値です。"),
)

_SHAPES: tuple[Entry, ...] = (
    broken(
        "jws.parts",
        f"{_JWS} 7.1",
        "A compact JWS has three parts separated by dots; this has not.",
        "JWS コンパクト形式は点で区切られた三つの部分から成りますが、そうなっていません。",
    ),
    broken("jws.shape", f"{_JWS} 7.2", "This JSON is no well-formed JWS.", "この JSON は正しい JWS ではありません。"),
    broken(
        "jws.ambiguous",
        f"{_JWS} 7.2.2",
        "This JWS is general and flattened JSON at once.",
        "汎用形式と平坦化形式の JSON が混在しています。",
        HOSTILE,
    ),
    broken(
        "jws.too-many",
        "EN 319 102-1 5.2.2",
        "This JWS has more signatures than are read.",
        "JWS に含まれる署名の数が上限を超えています。",
        HOSTILE,
    ),
    broken(
        "jws.seal",
        "EN 319 522-3",
        "The seal of this receipt does not have one of the known shapes.",
        "受領証のシール部分が、定められた形ではありません。",
    ),
    broken(
        "jws.header",
        f"{_JWS} 4",
        "The protected header is no JSON object.",
        "保護ヘッダーが JSON オブジェクトではありません。",
    ),
    noted(
        "warn",
        "jws.trailing-whitespace",
        f"{_JWS} 7.1",
        "White space follows the compact JWS; it was ignored.",
        "JWS コンパクト形式の末尾に空白や改行がありますが、無視しました。",
    ),
    noted(
        "warn",
        "jws.extra-member",
        f"{_JWS} 7.2",
        "The JWS has a member {member} that is not signed and means nothing.",
        "JWS に署名対象外の項目 {member} があります。意味を持たないものとして扱いました。",
    ),
)

_ALGORITHMS: tuple[Entry, ...] = (
    broken(
        "jws.algorithm-missing",
        f"{_JWS} 4.1.1",
        "The protected header names no algorithm.",
        "保護ヘッダーに署名アルゴリズムの指定がありません。",
    ),
    broken(
        "jws.algorithm-none",
        "RFC 7518 3.6",
        "The header says that nothing was signed (alg none).",
        "ヘッダーが「署名なし」（alg: none）を指定しています。",
        HOSTILE,
    ),
    broken(
        "jws.algorithm-symmetric",
        "TS 119 182-1 5.1.2",
        "{algorithm} is a message authentication code with a shared secret, no signature.",
        "{algorithm} は共有鍵によるメッセージ認証コードであり、署名ではありません。",
        HOSTILE,
    ),
    noted(
        "inform",
        "jws.algorithm-unknown",
        "RFC 7518 3.1",
        "The algorithm {algorithm} is not known here.",
        "アルゴリズム {algorithm} には対応していません。",
    ),
    Entry(
        "jws.signature-length",
        "fail",
        "SIG_CRYPTO_FAILURE",
        "RFC 7518 3.4",
        (
            "The ECDSA signature value has {length} octets instead of {expected}.",
            "ECDSA の署名値が {expected} バイトではなく {length} バイトです。",
        ),
        SENDER,
    ),
    Entry(
        "jws.signature-zero",
        "fail",
        "SIG_CRYPTO_FAILURE",
        "RFC 7518 3.4",
        ("Half of the ECDSA signature value is zero.", "ECDSA の署名値の片方がゼロです。"),
        HOSTILE,
    ),
    Entry(
        "jws.content-too-large",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        "RFC 8032 5.1.7",
        (
            "{algorithm} signs the whole content, not a digest of it; detached content above {limit} MiB is not held.",
            "{algorithm} はデータ全体に署名する方式のため、{limit} MiB を超える分離データは検証できません。",
        ),
        (
            "Ask for a signature over the content's digest (ObjectIdByURIHash), or with ECDSA or RSA.",
            "ハッシュ値に対する署名（ObjectIdByURIHash）か、ECDSA または RSA による署名を依頼してください。",
        ),
    ),
)

_HEADERS: tuple[Entry, ...] = (
    broken(
        "jws.parameter-type",
        f"{_JWS} 4.1",
        "The header parameter {name} has the wrong type.",
        "ヘッダー項目 {name} の型が正しくありません。",
    ),
    broken(
        "jws.crit-malformed",
        f"{_JWS} 4.1.11",
        "The list of critical header parameters (crit) is not a list of names.",
        "必須ヘッダー項目の一覧（crit）が、名前の一覧になっていません。",
        MAKER,
    ),
    broken(
        "jws.crit-duplicate",
        f"{_JWS} 4.1.11",
        "The list of critical header parameters (crit) names one of them twice.",
        "必須ヘッダー項目の一覧（crit）に同じ名前が二度出てきます。",
        MAKER,
    ),
    broken(
        "jws.crit-registered",
        f"{_JWS} 4.1.11",
        "crit names {name}, which the standard itself defines and which may not stand there.",
        "crit に、標準で定義済みのため指定できない {name} があります。",
        MAKER,
    ),
    broken(
        "jws.crit-unknown",
        f"{_JWS} 4.1.11",
        "The signature demands that {name} be understood; it is not known here.",
        "署名が理解を必須としている項目 {name} に対応していません。",
        ("Verify it with software that knows this parameter.", "この項目に対応したソフトウェアで検証してください。"),
    ),
    broken(
        "jws.crit-absent",
        f"{_JWS} 4.1.11",
        "crit names {name}, which is not in the header.",
        "crit に挙げられた {name} がヘッダーにありません。",
        MAKER,
    ),
    broken(
        "jws.crit-unprotected",
        f"{_JWS} 4.1.11",
        "crit stands in the unprotected header, where anyone can change it.",
        "crit が、誰でも書き換えられる非保護ヘッダーにあります。",
        HOSTILE,
    ),
    broken("jws.b64-type", "RFC 7797 3", "b64 is neither true nor false.", "b64 が真偽値ではありません。", MAKER),
    broken(
        "jws.b64-not-critical",
        "RFC 7797 6",
        "The payload is signed unencoded (b64) and crit does not say so.",
        "ペイロードが符号化されずに署名されています（b64）が、crit に記載がありません。",
        MAKER,
    ),
    noted(
        "warn",
        "jws.b64-needless",
        "RFC 7797 7",
        "b64 is true, which is the default, and crit does not name it.",
        "b64 に既定値の true が指定されていますが、crit に記載がありません。",
    ),
    broken(
        "jws.x5c",
        f"{_JWS} 4.1.6",
        "The list of certificates (x5c) cannot be read.",
        "証明書の一覧（x5c）を読み取れません。",
    ),
    noted(
        "inform",
        "jws.claim-not-enforced",
        "RFC 7519 4.1",
        "The header states a time limit ({name}) that a signature verification does not enforce.",
        "ヘッダーに期限（{name}）がありますが、署名検証では判定に使いません。",
        ("Check it where the content is used.", "内容を利用する側で確認してください。"),
    ),
    broken(
        "jws.header-overlap",
        f"{_JWS} 7.2.1",
        "{name} stands in the protected and in the unprotected header.",
        "{name} が保護ヘッダーと非保護ヘッダーの両方にあります。",
        HOSTILE,
    ),
)

ROWS: tuple[Entry, ...] = (*_ENCODINGS, *_SHAPES, *_ALGORITHMS, *_HEADERS)
