"""Findings about JAdES signatures and plain JWS."""

from __future__ import annotations

from toyono_trust.core.findings import Entry
from toyono_trust.core.findings.jws import HOSTILE, MAKER, NOTHING, ROWS, SENDER, broken, misuse, noted

_JWS = "RFC 7515"
_JADES = "TS 119 182-1"

_HEADERS: tuple[Entry, ...] = (
    broken(
        "jades.iat",
        f"{_JADES} 5.1.11",
        "The signing time (iat) is not a whole number of seconds.",
        "署名日時（iat）が整数の秒数ではありません。",
        MAKER,
    ),
    broken(
        "jades.sigt",
        f"{_JADES} 5.2.1",
        "The signing time (sigT) is not written as the standard says.",
        "署名日時（sigT）の書式が標準に従っていません。",
        MAKER,
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
        MAKER,
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
        SENDER,
    ),
    noted(
        "warn",
        "jades.several-references",
        f"{_JADES} 5.1.7",
        "The signing certificate is referred to in more than one way.",
        "署名者証明書が二通り以上の方法で参照されています。",
    ),
    noted(
        "warn",
        "jades.reference-sha256",
        f"{_JADES} 5.2.2",
        "A reference with SHA-256 stands where only other digests belong.",
        "SHA-256 以外を使うべき箇所で SHA-256 の証明書参照が使われています。",
    ),
    noted(
        "warn",
        "jades.x5t",
        f"{_JADES} 5.1.6",
        "The signing certificate is referred to by SHA-1 (x5t), which is forbidden.",
        "署名者証明書が、禁止されている SHA-1（x5t）で参照されています。",
    ),
    broken(
        "jades.parameter-schema",
        f"{_JADES} 5.2",
        "The signed property {name} is not built as the standard says.",
        "署名済み属性 {name} の構造が標準に従っていません。",
        MAKER,
    ),
)

_PAYLOADS: tuple[Entry, ...] = (
    broken(
        "jades.sigd-with-payload",
        f"{_JADES} 5.2.8",
        "The signature describes detached data (sigD) and brings a payload of its own.",
        "分離データの記述（sigD）があるのに、ペイロードも含まれています。",
        HOSTILE,
    ),
    broken(
        "jades.sigd-schema",
        f"{_JADES} 5.2.8",
        "The description of the detached data (sigD) is not built as the standard says.",
        "分離データの記述（sigD）の構造が標準に従っていません。",
        MAKER,
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
    noted(
        "warn",
        "jades.sigd-not-critical",
        f"{_JADES} 5.1.9",
        "The detached data are described (sigD) and crit does not say so.",
        "分離データの記述（sigD）がありますが、crit に記載がありません。",
    ),
    broken(
        "jades.http-headers",
        f"{_JADES} 5.2.8.2",
        "The signed HTTP header fields are not named in lower case, once each, over an unencoded payload.",
        "署名対象の HTTP ヘッダーが、小文字・重複なし・符号化なし（b64: false）の形になっていません。",
        MAKER,
    ),
    broken(
        "jades.http-header-lines",
        "RFC 9110 5.5",
        "A presented HTTP header field has more than one line, so that it could stand for several fields.",
        "提示された HTTP ヘッダーの値に改行があり、複数のヘッダーに見せかけることができます。",
        NOTHING,
    ),
    Entry(
        "jades.sigd-boundaries",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        f"{_JADES} 5.2.8.3.2",
        (
            "Several documents are signed as one run of octets (ObjectIdByURI); where each ends is not protected.",
            "複数の文書がひと続きのデータとして署名されており（ObjectIdByURI）、文書の境目は保護されていません。",
        ),
        (
            "Ask the signer to use ObjectIdByURIHash, or lower this finding in the policy.",
            "ObjectIdByURIHash による署名を署名者に依頼するか、検証ポリシーでこの項目のレベルを下げてください。",
        ),
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
        MAKER,
    ),
)

_UNSIGNED: tuple[Entry, ...] = (
    broken(
        "jades.etsiu-protected",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) stand in the protected header.",
        "非署名属性（etsiU）が保護ヘッダーにあります。",
        MAKER,
    ),
    broken(
        "jades.etsiu-critical",
        f"{_JADES} 5.1.9",
        "crit names the unsigned properties (etsiU).",
        "crit に非署名属性（etsiU）が挙げられています。",
        MAKER,
    ),
    broken(
        "jades.etsiu-type",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) are no list with members.",
        "非署名属性（etsiU）が一覧になっていません。",
        MAKER,
    ),
    broken(
        "jades.etsiu-mixed",
        f"{_JADES} 5.3.1",
        "The unsigned properties (etsiU) stand partly in clear, partly in base64url.",
        "非署名属性（etsiU）に、平文と base64url の要素が混在しています。",
        MAKER,
    ),
    noted(
        "warn",
        "jades.etsiu-element",
        f"{_JADES} 5.3.1",
        "An unsigned property cannot be read and was left out ({reason}).",
        "読み取れない非署名属性を無視しました（{reason}）。",
        SENDER,
    ),
    noted(
        "warn",
        "jades.etsiu-value",
        f"{_JADES} 5.3",
        "The unsigned property {name} cannot be read and was left out ({reason}).",
        "読み取れない非署名属性 {name} を無視しました（{reason}）。",
        SENDER,
    ),
    noted(
        "inform",
        "jades.etsiu-unknown",
        f"{_JADES} 5.3",
        "The unsigned property {name} is not known here.",
        "非署名属性 {name} には対応していません。",
        NOTHING,
    ),
    noted(
        "warn",
        "jades.element-repeated",
        f"{_JADES} 6.3",
        "The unsigned property {name} stands more than once, so the signature is not taken to be above B-T.",
        "一つに限られる非署名属性 {name} が複数あるため、レベルは B-T までとみなしました。",
    ),
    noted(
        "inform",
        "jades.references",
        f"{_JADES} A.1",
        "The unsigned property {name} names {count} pieces of validation data by digest; B-LT and B-LTA have none.",
        "非署名属性 {name} は検証情報 {count} 件をハッシュ値で参照しています（B-LT・B-LTA では使いません）。",
        NOTHING,
    ),
    noted(
        "warn",
        "jades.sigt-retired",
        f"{_JADES} 5.1.11",
        "The claimed signing time stands in sigT, which baseline signatures made since 2025-07-15 no longer use.",
        "署名日時が sigT に記載されていますが、2025年7月15日以降のベースライン署名では使われません。",
        MAKER,
    ),
    noted(
        "warn",
        "jades.stamp-several",
        f"{_JADES} 6.3",
        "A signature time stamp (sigTst) holds several tokens, so the signature is not taken to be above B-B.",
        "署名タイムスタンプ（sigTst）に複数のトークンがあるため、レベルは B-B とみなしました。",
    ),
    noted(
        "warn",
        "jades.canonicalization-encoded",
        f"{_JADES} 5.3.1",
        "The time stamp {name} names a canonicalization (canonAlg), though the properties stand in base64url.",
        "属性が base64url 形式であるのに、タイムスタンプ {name} に正規化方式（canonAlg）が指定されています。",
    ),
    noted(
        "inform",
        "jades.archive-clear",
        f"{_JADES} 5.3.6.2.4",
        "What this time stamp over properties in clear covers is not known (canonicalization: {algorithm}).",
        "平文の属性に対するこのタイムスタンプの対象範囲を特定できません（正規化方式: {algorithm}）。",
        (
            "Verify it with software that knows this canonicalization.",
            "この方式に対応したソフトウェアで検証してください。",
        ),
    ),
    noted(
        "inform",
        "jades.stamped-elements",
        f"{_JADES} 5.3.6.2.4",
        "The time stamp covers the properties in clear whole, each with its name, in canonical form (RFC 8785).",
        "このタイムスタンプは、平文の各属性を名前も含めて正規化（RFC 8785）したものを対象としています。",
        NOTHING,
    ),
    noted(
        "inform",
        "jades.stamped-values",
        f"{_JADES} 5.3.6.2.4",
        "The time stamp covers the values of the properties in clear without their names (RFC 8785).",
        "このタイムスタンプは、平文の各属性の値だけを正規化（RFC 8785）したものを対象とし、属性名を含みません。",
        NOTHING,
    ),
    Entry(
        "jades.counter-payload",
        "fail",
        "HASH_FAILURE",
        f"{_JADES} 5.3.2",
        (
            "The counter-signature is over something else than the signature that carries it.",
            "副署の対象が、それを含む署名と異なります。",
        ),
        HOSTILE,
    ),
    noted(
        "warn",
        "jades.counter-cty",
        f"{_JADES} 5.1.3",
        "The counter-signature names a content type, which it must not.",
        "副署に、指定できないコンテンツ種別（cty）があります。",
    ),
    noted(
        "warn",
        "jades.counter-malformed",
        f"{_JADES} 5.3.2",
        "A counter-signature cannot be read and was left out ({reason}).",
        "読み取れない副署を無視しました（{reason}）。",
        SENDER,
    ),
    noted(
        "warn",
        "jades.unprotected-member",
        f"{_JADES} 5.3.1",
        "The unprotected header holds {name}, which anyone can change.",
        "非保護ヘッダーに、誰でも書き換えられる {name} があります。",
    ),
)

_MISUSES: tuple[Entry, ...] = (
    misuse(
        "jades.details",
        f"{_JADES} 5",
        "These details do not go together in a JAdES signature.",
        "JAdES 署名の詳細指定に矛盾があります。",
    ),
    misuse(
        "jades.algorithm",
        "RFC 7518 3.1",
        "JAdES has no name for this algorithm with this key.",
        "この鍵とアルゴリズムの組合せは JAdES では使えません。",
    ),
    misuse(
        "jades.time",
        f"{_JADES} 5.1.11",
        "A JAdES signature always claims its signing time.",
        "JAdES 署名には署名日時が必要です。",
    ),
    misuse(
        "jades.empty",
        f"{_JWS} 7",
        "An empty content cannot be attached.",
        "空の内容を署名に含めることはできません。",
    ),
    misuse(
        "jades.unencoded",
        "RFC 7797 5",
        "This content cannot be attached unencoded.",
        "この内容は符号化せずに含めることができません。",
    ),
    misuse(
        "jades.receipt",
        "RFC 8785",
        "This content cannot be sealed as a receipt.",
        "この内容は受領証として eシールを付与できません。",
    ),
    misuse(
        "jades.http-body",
        "RFC 3230 4.3.2",
        "The Digest header field does not fit the body.",
        "Digest ヘッダーが本文と一致しません。",
    ),
    misuse(
        "jades.join",
        f"{_JWS} 7.2.1",
        "The signature cannot be added to this JWS.",
        "この JWS に署名を追加できません。",
    ),
    misuse(
        "jades.extend",
        f"{_JADES} 5.3",
        "This JWS cannot be extended.",
        "この JWS を拡張できません。",
    ),
    misuse(
        "jades.archive-content",
        f"{_JADES} 5.3.6.2.3",
        "What the archive time stamp would cover is not at hand, or is not what was signed.",
        "アーカイブタイムスタンプの対象となる署名対象データが提示されていないか、署名時のものと異なります。",
    ),
    misuse(
        "jades.counter",
        f"{_JADES} 5.3.2",
        "A counter-signature cannot be made like this.",
        "この指定では副署を作成できません。",
    ),
    misuse(
        "jades.place",
        f"{_JADES} 5.2.4",
        "The place of signing is empty.",
        "署名場所が空です。",
    ),
    misuse(
        "jades.policy",
        f"{_JADES} 5.2.7",
        "A signature policy is named together with the digest of its document.",
        "署名ポリシーには文書のハッシュ値も必要です。",
    ),
)


ENTRIES: tuple[Entry, ...] = (*ROWS, *_HEADERS, *_PAYLOADS, *_UNSIGNED, *_MISUSES)
