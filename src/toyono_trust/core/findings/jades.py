"""Findings about JWS and JAdES signatures, and about the JSON and base64 they are made of."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_SENDER = (
    "Ask the sender for the file as it was signed.",
    "署名した時点のファイルを送信者から改めて受け取ってください。",
)
_MAKER = (
    "Ask the maker of the signing software to follow the standard.",
    "署名ソフトウェアの提供元に、標準に従うよう依頼してください。",
)
_HOSTILE = ("Treat the file as hostile.", "悪意のあるファイルとして扱ってください。")
_NOTHING = ("Nothing needs to be done.", "対応は不要です。")
_CALL = ("Correct the call; see the hint.", "ヒントを参照し、呼び出し方を直してください。")

_JWS = "RFC 7515"
_JADES = "TS 119 182-1"
_Text = tuple[str, str]


def _broken(code: str, clause: str, en: str, ja: str, remedy: _Text = _SENDER) -> Entry:
    return Entry(code, "fail", "FORMAT_FAILURE", clause, (en, ja), remedy)


def _noted(level: FindingLevel, code: str, clause: str, en: str, ja: str, remedy: _Text = _MAKER) -> Entry:
    return Entry(code, level, None, clause, (en, ja), remedy)


def _misuse(code: str, clause: str, en: str, ja: str) -> Entry:
    return Entry(code, "fail", None, clause, (en, ja), _CALL)


_ENCODINGS: tuple[Entry, ...] = (
    _broken(
        "base64url.character",
        f"{_JWS} 2",
        "Base64url text holds a character that does not belong there, such as padding or white space.",
        "base64url の文字列に、使えない文字（パディングや空白など）が含まれています。",
    ),
    _broken(
        "base64url.length",
        f"{_JWS} 2",
        "Base64url text has an impossible length.",
        "base64url の文字列の長さが不正です。",
    ),
    _broken(
        "base64url.trailing-bits",
        "RFC 4648 3.5",
        "Base64url text is not in its one canonical form.",
        "base64url の文字列が正規の形ではありません。",
    ),
    _broken(
        "base64.character",
        "RFC 4648 4",
        "Base64 text holds a character that does not belong there.",
        "base64 の文字列に使えない文字が含まれています。",
    ),
    _broken(
        "base64.length", "RFC 4648 4", "Base64 text has an impossible length.", "base64 の文字列の長さが不正です。"
    ),
    _broken(
        "base64.trailing-bits",
        "RFC 4648 3.5",
        "Base64 text is not in its one canonical form.",
        "base64 の文字列が正規の形ではありません。",
    ),
    _broken("json.not-utf8", "RFC 8259 8.1", "A JSON text is not UTF-8.", "JSON が UTF-8 ではありません。"),
    _broken("json.syntax", "RFC 8259", "A JSON text is broken.", "JSON の構文が壊れています。"),
    _broken(
        "json.duplicate-member",
        "RFC 7493 2.3",
        "A JSON object has the same member twice, so that two readers may read it differently.",
        "JSON オブジェクトに同じ名前の項目が二つあり、読み手によって解釈が変わるおそれがあります。",
        _HOSTILE,
    ),
    _broken(
        "json.number",
        "RFC 7493 2.2",
        "A JSON number is out of the accepted range.",
        "JSON の数値が、受け付ける範囲を超えています。",
    ),
    _broken(
        "json.surrogate",
        "RFC 7493 2.1",
        "A JSON string holds half a character.",
        "JSON の文字列に、対にならないサロゲートが含まれています。",
    ),
    _broken("json.depth", "RFC 8259 9", "A JSON text is nested too deeply.", "JSON の入れ子が深すぎます。", _HOSTILE),
    _broken("json.size", "RFC 8259 9", "A JSON text is too large.", "JSON が大きすぎます。", _HOSTILE),
    _broken("json.type", "RFC 8259 3", "A value has no JSON form.", "JSON で表せない値です。"),
)

_SHAPES: tuple[Entry, ...] = (
    _broken(
        "jws.parts",
        f"{_JWS} 7.1",
        "A compact JWS has three parts separated by dots; this has not.",
        "JWS コンパクト形式は点で区切られた三つの部分から成りますが、そうなっていません。",
    ),
    _broken("jws.shape", f"{_JWS} 7.2", "This JSON is no well-formed JWS.", "この JSON は正しい JWS ではありません。"),
    _broken(
        "jws.ambiguous",
        f"{_JWS} 7.2.2",
        "This JWS is general and flattened JSON at once.",
        "汎用形式と平坦化形式の JSON が混在しています。",
        _HOSTILE,
    ),
    _broken(
        "jws.too-many",
        "EN 319 102-1 5.2.2",
        "This JWS has more signatures than are read.",
        "JWS に含まれる署名の数が上限を超えています。",
        _HOSTILE,
    ),
    _broken(
        "jws.seal",
        "EN 319 522-3",
        "The seal of this receipt does not have one of the known shapes.",
        "受領証のシール部分が、定められた形ではありません。",
    ),
    _broken(
        "jws.header",
        f"{_JWS} 4",
        "The protected header is no JSON object.",
        "保護ヘッダーが JSON オブジェクトではありません。",
    ),
    _noted(
        "warn",
        "jws.trailing-whitespace",
        f"{_JWS} 7.1",
        "White space follows the compact JWS; it was ignored.",
        "JWS コンパクト形式の末尾に空白や改行がありますが、無視しました。",
    ),
    _noted(
        "warn",
        "jws.extra-member",
        f"{_JWS} 7.2",
        "The JWS has a member {member} that is not signed and means nothing.",
        "JWS に署名対象外の項目 {member} があります。意味を持たないものとして扱いました。",
    ),
)

_ALGORITHMS: tuple[Entry, ...] = (
    _broken(
        "jws.algorithm-missing",
        f"{_JWS} 4.1.1",
        "The protected header names no algorithm.",
        "保護ヘッダーに署名アルゴリズムの指定がありません。",
    ),
    _broken(
        "jws.algorithm-none",
        "RFC 7518 3.6",
        "The header says that nothing was signed (alg none).",
        "ヘッダーが「署名なし」（alg: none）を指定しています。",
        _HOSTILE,
    ),
    _broken(
        "jws.algorithm-symmetric",
        f"{_JADES} 5.1.2",
        "{algorithm} is a message authentication code with a shared secret, no signature.",
        "{algorithm} は共有鍵によるメッセージ認証コードであり、署名ではありません。",
        _HOSTILE,
    ),
    _noted(
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
        _SENDER,
    ),
    Entry(
        "jws.signature-zero",
        "fail",
        "SIG_CRYPTO_FAILURE",
        "RFC 7518 3.4",
        ("Half of the ECDSA signature value is zero.", "ECDSA の署名値の片方がゼロです。"),
        _HOSTILE,
    ),
)

_HEADERS: tuple[Entry, ...] = (
    _broken(
        "jws.parameter-type",
        f"{_JWS} 4.1",
        "The header parameter {name} has the wrong type.",
        "ヘッダー項目 {name} の型が正しくありません。",
    ),
    _broken(
        "jws.crit-malformed",
        f"{_JWS} 4.1.11",
        "The list of critical header parameters (crit) is not a list of names.",
        "必須ヘッダー項目の一覧（crit）が、名前の一覧になっていません。",
        _MAKER,
    ),
    _broken(
        "jws.crit-duplicate",
        f"{_JWS} 4.1.11",
        "The list of critical header parameters (crit) names one of them twice.",
        "必須ヘッダー項目の一覧（crit）に同じ名前が二度出てきます。",
        _MAKER,
    ),
    _broken(
        "jws.crit-registered",
        f"{_JWS} 4.1.11",
        "crit names {name}, which the standard itself defines and which may not stand there.",
        "crit に、標準で定義済みのため指定できない {name} があります。",
        _MAKER,
    ),
    _broken(
        "jws.crit-unknown",
        f"{_JWS} 4.1.11",
        "The signature demands that {name} be understood; it is not known here.",
        "署名が理解を必須としている項目 {name} に対応していません。",
        ("Verify it with software that knows this parameter.", "この項目に対応したソフトウェアで検証してください。"),
    ),
    _broken(
        "jws.crit-absent",
        f"{_JWS} 4.1.11",
        "crit names {name}, which is not in the header.",
        "crit に挙げられた {name} がヘッダーにありません。",
        _MAKER,
    ),
    _broken(
        "jws.crit-unprotected",
        f"{_JWS} 4.1.11",
        "crit stands in the unprotected header, where anyone can change it.",
        "crit が、誰でも書き換えられる非保護ヘッダーにあります。",
        _HOSTILE,
    ),
    _broken("jws.b64-type", "RFC 7797 3", "b64 is neither true nor false.", "b64 が真偽値ではありません。", _MAKER),
    _broken(
        "jws.b64-not-critical",
        "RFC 7797 6",
        "The payload is signed unencoded (b64) and crit does not say so.",
        "ペイロードが符号化されずに署名されています（b64）が、crit に記載がありません。",
        _MAKER,
    ),
    _noted(
        "warn",
        "jws.b64-needless",
        "RFC 7797 7",
        "b64 is true, which is the default, and crit does not name it.",
        "b64 に既定値の true が指定されていますが、crit に記載がありません。",
    ),
    _broken(
        "jws.x5c",
        f"{_JWS} 4.1.6",
        "The list of certificates (x5c) cannot be read.",
        "証明書の一覧（x5c）を読み取れません。",
    ),
    _noted(
        "inform",
        "jws.claim-not-enforced",
        "RFC 7519 4.1",
        "The header states a time limit ({name}) that a signature verification does not enforce.",
        "ヘッダーに期限（{name}）がありますが、署名検証では判定に使いません。",
        ("Check it where the content is used.", "内容を利用する側で確認してください。"),
    ),
    _broken(
        "jws.header-overlap",
        f"{_JWS} 7.2.1",
        "{name} stands in the protected and in the unprotected header.",
        "{name} が保護ヘッダーと非保護ヘッダーの両方にあります。",
        _HOSTILE,
    ),
    _broken(
        "jades.iat",
        f"{_JADES} 5.1.11",
        "The signing time (iat) is not a whole number of seconds.",
        "署名日時（iat）が整数の秒数ではありません。",
        _MAKER,
    ),
    _broken(
        "jades.sigt",
        f"{_JADES} 5.2.1",
        "The signing time (sigT) is not written as the standard says.",
        "署名日時（sigT）の書式が標準に従っていません。",
        _MAKER,
    ),
    Entry(
        "jades.two-times",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        f"{_JADES} 5.1.11",
        (
            "The signature claims two signing times (iat and sigT), so it claims none.",
            "署名日時が二つ（iat と sigT）あるため、署名日時なしとして扱いました。",
        ),
        _MAKER,
    ),
    Entry(
        "jades.reference",
        "fail",
        "NO_SIGNING_CERTIFICATE_FOUND",
        f"{_JADES} 5.1.7",
        (
            "The signed reference to the signing certificate cannot be read.",
            "署名者証明書への署名済み参照を読み取れません。",
        ),
        _SENDER,
    ),
    _noted(
        "warn",
        "jades.several-references",
        f"{_JADES} 5.1.7",
        "The signing certificate is referred to in more than one way.",
        "署名者証明書が二通り以上の方法で参照されています。",
    ),
    _noted(
        "warn",
        "jades.reference-sha256",
        f"{_JADES} 5.2.2",
        "A reference with SHA-256 stands where only other digests belong.",
        "SHA-256 以外を使うべき箇所で SHA-256 の証明書参照が使われています。",
    ),
    _noted(
        "warn",
        "jades.x5t",
        f"{_JADES} 5.1.6",
        "The signing certificate is referred to by SHA-1 (x5t), which is forbidden.",
        "署名者証明書が、禁止されている SHA-1（x5t）で参照されています。",
    ),
    _broken(
        "jades.parameter-schema",
        f"{_JADES} 5.2",
        "The signed property {name} is not built as the standard says.",
        "署名済み属性 {name} の構造が標準に従っていません。",
        _MAKER,
    ),
)

_PAYLOADS: tuple[Entry, ...] = (
    _broken(
        "jades.sigd-with-payload",
        f"{_JADES} 5.2.8",
        "The signature describes detached data (sigD) and brings a payload of its own.",
        "分離データの記述（sigD）があるのに、ペイロードも含まれています。",
        _HOSTILE,
    ),
    _broken(
        "jades.sigd-schema",
        f"{_JADES} 5.2.8",
        "The description of the detached data (sigD) is not built as the standard says.",
        "分離データの記述（sigD）の構造が標準に従っていません。",
        _MAKER,
    ),
    Entry(
        "jades.sigd-mechanism",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        f"{_JADES} 5.2.8",
        (
            "The detached data are described (sigD) in a way that is not known here.",
            "分離データの指定方法（sigD）に対応していません。",
        ),
        ("Verify it with software that knows this mechanism.", "この方式に対応したソフトウェアで検証してください。"),
    ),
    Entry(
        "jades.sigd-digest",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        f"{_JADES} 5.2.8",
        (
            "The digest algorithm {algorithm} of the detached data is not known here.",
            "分離データのハッシュ方式 {algorithm} には対応していません。",
        ),
        ("Verify it with software that knows this digest.", "この方式に対応したソフトウェアで検証してください。"),
    ),
    _noted(
        "warn",
        "jades.sigd-not-critical",
        f"{_JADES} 5.1.9",
        "The detached data are described (sigD) and crit does not say so.",
        "分離データの記述（sigD）がありますが、crit に記載がありません。",
    ),
    _broken(
        "jades.http-headers",
        f"{_JADES} 5.2.8.2",
        "The signed HTTP header fields are not named in lower case, once each, over an unencoded payload.",
        "署名対象の HTTP ヘッダーが、小文字・重複なし・符号化なし（b64: false）の形になっていません。",
        _MAKER,
    ),
    Entry(
        "jades.http-digest",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        f"{_JADES} 5.2.8.2",
        (
            "The Digest header field holds neither SHA-256 nor SHA-512, so the body is not covered.",
            "Digest ヘッダーに SHA-256 も SHA-512 もないため、本文が保護されていません。",
        ),
        _MAKER,
    ),
)

_UNSIGNED: tuple[Entry, ...] = (
    _broken(
        "jades.etsiu-protected",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) stand in the protected header.",
        "非署名属性（etsiU）が保護ヘッダーにあります。",
        _MAKER,
    ),
    _broken(
        "jades.etsiu-critical",
        f"{_JADES} 5.1.9",
        "crit names the unsigned properties (etsiU).",
        "crit に非署名属性（etsiU）が挙げられています。",
        _MAKER,
    ),
    _broken(
        "jades.etsiu-type",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) are no list with members.",
        "非署名属性（etsiU）が一覧になっていません。",
        _MAKER,
    ),
    _broken(
        "jades.etsiu-mixed",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) stand partly in clear, partly in base64url.",
        "非署名属性（etsiU）に、平文と base64url の要素が混在しています。",
        _MAKER,
    ),
    _noted(
        "warn",
        "jades.etsiu-element",
        f"{_JADES} 5.3.1",
        "An unsigned property cannot be read and was left out ({reason}).",
        "読み取れない非署名属性を無視しました（{reason}）。",
        _SENDER,
    ),
    _noted(
        "warn",
        "jades.etsiu-value",
        f"{_JADES} 5.3",
        "The unsigned property {name} cannot be read and was left out ({reason}).",
        "読み取れない非署名属性 {name} を無視しました（{reason}）。",
        _SENDER,
    ),
    _noted(
        "inform",
        "jades.etsiu-unknown",
        f"{_JADES} 5.3",
        "The unsigned property {name} is not known here.",
        "非署名属性 {name} には対応していません。",
        _NOTHING,
    ),
    _noted(
        "inform",
        "jades.archive-clear",
        f"{_JADES} 5.3.6",
        "What an archive time stamp over properties in clear covers is not settled; it was not compared.",
        "平文の属性に対するアーカイブタイムスタンプは対象範囲が定まっていないため、照合していません。",
        _NOTHING,
    ),
    Entry(
        "jades.counter-payload",
        "fail",
        "HASH_FAILURE",
        f"{_JADES} 5.3.2",
        (
            "The counter-signature is over something else than the signature that carries it.",
            "カウンター署名の対象が、それを含む署名と異なります。",
        ),
        _HOSTILE,
    ),
    _noted(
        "warn",
        "jades.counter-cty",
        f"{_JADES} 5.1.3",
        "The counter-signature names a content type, which it must not.",
        "カウンター署名に、指定できないコンテンツ種別（cty）があります。",
    ),
    _noted(
        "warn",
        "jades.counter-malformed",
        f"{_JADES} 5.3.2",
        "A counter-signature cannot be read and was left out ({reason}).",
        "読み取れないカウンター署名を無視しました（{reason}）。",
        _SENDER,
    ),
    _noted(
        "warn",
        "jades.unprotected-member",
        f"{_JADES} 5.3.1",
        "The unprotected header holds {name}, which anyone can change.",
        "非保護ヘッダーに、誰でも書き換えられる {name} があります。",
    ),
)

_MISUSES: tuple[Entry, ...] = (
    _misuse(
        "jades.details",
        f"{_JADES} 5",
        "These details do not go together in a JAdES signature.",
        "JAdES 署名の詳細指定に矛盾があります。",
    ),
    _misuse(
        "jades.algorithm",
        "RFC 7518 3.1",
        "JAdES has no name for this algorithm with this key.",
        "この鍵とアルゴリズムの組合せは JAdES では使えません。",
    ),
    _misuse(
        "jades.time",
        f"{_JADES} 5.1.11",
        "A JAdES signature always claims its signing time.",
        "JAdES 署名には署名日時が必要です。",
    ),
    _misuse(
        "jades.empty",
        f"{_JWS} 7",
        "An empty content cannot be attached.",
        "空の内容を署名に含めることはできません。",
    ),
    _misuse(
        "jades.unencoded",
        "RFC 7797 5",
        "This content cannot be attached unencoded.",
        "この内容は符号化せずに含めることができません。",
    ),
    _misuse(
        "jades.receipt",
        "RFC 8785",
        "This content cannot be sealed as a receipt.",
        "この内容を受領証としてシールできません。",
    ),
    _misuse(
        "jades.http-body",
        "RFC 3230 4.3.2",
        "The Digest header field does not fit the body.",
        "Digest ヘッダーが本文と一致しません。",
    ),
    _misuse(
        "jades.join",
        f"{_JWS} 7.2.1",
        "The signature cannot be added to this JWS.",
        "この JWS に署名を追加できません。",
    ),
    _misuse(
        "jades.extend",
        f"{_JADES} 5.3",
        "This JWS cannot be extended.",
        "この JWS を拡張できません。",
    ),
    _misuse(
        "jades.place",
        f"{_JADES} 5.2.4",
        "The place of signing is empty.",
        "署名場所が空です。",
    ),
    _misuse(
        "jades.policy",
        f"{_JADES} 5.2.7",
        "A signature policy is named together with the digest of its document.",
        "署名ポリシーには文書のハッシュ値も必要です。",
    ),
)

ENTRIES: tuple[Entry, ...] = (*_ENCODINGS, *_SHAPES, *_ALGORITHMS, *_HEADERS, *_PAYLOADS, *_UNSIGNED, *_MISUSES)
