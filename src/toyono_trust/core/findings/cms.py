"""Findings of the area: cms (ASN.1, CMS, CAdES)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_ASK = ("Ask the sender for the unchanged file.", "送信者に、改変されていないファイルの再送を求めてください。")
_SIGN_AGAIN = (
    "Have it signed again with software that follows the standard.",
    "規格に従うソフトウェアで署名し直してもらってください。",
)
_NOTHING = (
    "Nothing needs to be done; tell the maker of the signing software.",
    "対応は不要です。署名ソフトウェアの提供者に知らせてください。",
)
_RENEW = (
    "Have a new archive time stamp added while the certificates are still valid.",
    "証明書が有効なうちに、アーカイブタイムスタンプを付け直してもらってください。",
)

_PRESENT = (
    "Present the content exactly as it was signed.",
    "署名時そのままの署名対象データを指定してください。",
)

_LENIENCIES: tuple[tuple[str, str, str], ...] = (
    ("ber-indefinite-length", "indefinite lengths (BER)", "不定長（BER）"),
    ("ber-non-minimal-length", "lengths that are not the shortest (BER)", "最短でない長さ（BER）"),
    ("ber-constructed-string", "strings in several parts (BER)", "分割された文字列（BER）"),
    ("ber-boolean", "a BOOLEAN that is not DER", "DERでないBOOLEAN"),
    ("ber-integer", "an INTEGER that is not the shortest", "最短でないINTEGER"),
    ("ber-time", "a time that is not DER", "DERでない時刻"),
    ("set-unsorted", "a set that is not sorted", "整列されていない集合"),
    ("set-empty", "a set that must have members and has none", "空であってはならない集合が空のもの"),
    ("default-encoded", "a default value that is written out", "省略すべき既定値の明記"),
    ("trailing-octets", "octets behind the signature", "署名データの後ろの余分なデータ"),
)
"""Departures from DER by name: what the file has, in English and Japanese."""


def _departures(
    prefix: str, level: FindingLevel, sub: str | None, lead: tuple[str, str], remedy: tuple[str, str]
) -> tuple[Entry, ...]:
    clause = "X.690 10, 11; RFC 5652 5.4"
    return tuple(
        Entry(prefix + name, level, sub, clause, (f"{lead[0]}: it has {en}.", f"{lead[1]}（{ja}）。"), remedy)
        for name, en, ja in _LENIENCIES
    )


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "asn1.truncated",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("The ASN.1 data ends before it should.", "ASN.1データが途中で切れています。"),
        _ASK,
    ),
    Entry(
        "asn1.length",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("An ASN.1 length is not allowed.", "ASN.1の長さの表現が不正です。"),
        _ASK,
    ),
    Entry(
        "asn1.tag",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("An ASN.1 value of another type is expected.", "ASN.1の値の型が想定と異なります。"),
        _ASK,
    ),
    Entry(
        "asn1.value",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("An ASN.1 value is malformed.", "ASN.1の値の形式が不正です。"),
        _ASK,
    ),
    Entry(
        "asn1.members",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("An ASN.1 structure has too few or too many members.", "ASN.1構造の要素数が不正です。"),
        _ASK,
    ),
    Entry(
        "asn1.depth",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("ASN.1 values nest too deeply.", "ASN.1の入れ子が深すぎます。"),
        _ASK,
    ),
    Entry(
        "asn1.limit",
        "fail",
        "FORMAT_FAILURE",
        "X.690",
        ("There are more ASN.1 values than one file may hold.", "ASN.1の値の数が上限を超えています。"),
        _ASK,
    ),
    Entry(
        "cms.structure",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 5.1",
        ("The octets are not CMS SignedData.", "CMS SignedDataの構造になっていません。"),
        _ASK,
    ),
    Entry(
        "cms.no-such-signer",
        "fail",
        None,
        "RFC 5652 5.1",
        ("There is no SignerInfo with that number.", "指定された番号のSignerInfoはありません。"),
        ("Count the signatures from 0.", "署名は0から数えて指定してください。"),
    ),
    Entry(
        "cms.no-signers",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 5.1",
        ("The CMS holds no signature.", "CMSに署名が含まれていません。"),
        ("Check that this is the signed file itself.", "署名済みのファイルそのものを指定しているか確認してください。"),
    ),
    Entry(
        "cms.attribute-malformed",
        "warn",
        None,
        "RFC 5652 5.3",
        ("An attribute cannot be read ({attribute}).", "属性を読み取れません（{attribute}）。"),
        _SIGN_AGAIN,
    ),
    Entry(
        "cms.reference-malformed",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "RFC 5035 3, EN 319 122-1 5.2.2",
        (
            "The signed reference to the signing certificate cannot be read.",
            "署名者証明書への参照（署名属性）を読み取れません。",
        ),
        _SIGN_AGAIN,
    ),
    Entry(
        "cms.duplicate-attribute",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 5.3, 11",
        (
            "A signed attribute that may occur once occurs more often ({attribute}).",
            "一度だけ許される署名属性が重複しています（{attribute}）。",
        ),
        _ASK,
    ),
    Entry(
        "cms.message-digest-missing",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 11.2",
        ("The digest of the content is not among the signed attributes.", "署名属性に内容のハッシュ値がありません。"),
        _ASK,
    ),
    Entry(
        "cms.content-type-missing",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 11.1",
        ("The content type is not among the signed attributes.", "署名属性に内容の種別がありません。"),
        _ASK,
    ),
    Entry(
        "cms.content-type-mismatch",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 11.1",
        (
            "The signed content type is not that of the content.",
            "署名された内容の種別が、実際の内容の種別と一致しません。",
        ),
        _ASK,
    ),
    Entry(
        "cms.counter-signature-content-type",
        "warn",
        None,
        "RFC 5652 11.4",
        (
            "A counter-signature states a content type, which it must not.",
            "副署名に、含めてはならない内容の種別があります。",
        ),
        _NOTHING,
    ),
    Entry(
        "cms.signed-attributes-missing",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 5.3",
        (
            "Content of this type needs signed attributes, and there are none.",
            "この種別の内容には署名属性が必要ですが、ありません。",
        ),
        _SIGN_AGAIN,
    ),
    Entry(
        "cms.content-is-attributes",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5652 5.4",
        (
            "What is signed directly has the form of signed attributes; it may have been made from another signature.",
            "直接署名された内容が署名属性の形をしており、別の署名から作り替えられた疑いがあります。",
        ),
        _SIGN_AGAIN,
    ),
    Entry(
        "cms.digest-mismatch",
        "warn",
        None,
        "RFC 5652 5.4; RFC 6211",
        (
            "The content is digested with {digest}, the signature is made with {signature}.",
            "内容のハッシュは{digest}、署名は{signature}で、一致していません。",
        ),
        _SIGN_AGAIN,
    ),
    Entry(
        "cms.algorithm-protection",
        "fail",
        "SIG_CRYPTO_FAILURE",
        "RFC 6211 3",
        (
            "The signer signed that the algorithms are {digest} and {signature}; the signature names others.",
            "署名者は{digest}と{signature}を使うと署名していますが、署名には別のアルゴリズムが記載されています。",
        ),
        _ASK,
    ),
    Entry(
        "cms.digest-unknown",
        "warn",
        None,
        "TS 119 312 5",
        (
            "The content's digest cannot be checked: its algorithm is not known here ({algorithm}).",
            "対応していないハッシュアルゴリズム（{algorithm}）のため、内容を確認できません。",
        ),
        (
            "Have it signed with SHA-256, SHA-384 or SHA-512.",
            "SHA-256、SHA-384、SHA-512のいずれかで署名し直してもらってください。",
        ),
    ),
    Entry(
        "cms.two-certificate-references",
        "warn",
        None,
        "RFC 5035 3",
        (
            "Both forms of the signed certificate reference are there; only the newer one is used.",
            "証明書参照の新旧両形式が含まれています。新しい形式だけを使います。",
        ),
        _NOTHING,
    ),
    Entry(
        "cms.revocation-unread",
        "warn",
        None,
        "RFC 5652 10.2.1, RFC 5940 2",
        (
            "The signature brings revocation information in a form that cannot be read; it is left out.",
            "署名に含まれる失効情報のうち、読み取れない形式のものがあります。これは使いません。",
        ),
        _NOTHING,
    ),
    Entry(
        "cades.algorithm",
        "fail",
        None,
        "EN 319 122-1 5.2",
        ("CAdES has no code point for this algorithm.", "このアルゴリズムはCAdESでは使えません。"),
        ("Use an algorithm such as ecdsa-sha256.", "ecdsa-sha256などのアルゴリズムを使ってください。"),
    ),
    Entry(
        "cades.one-commitment",
        "fail",
        None,
        "EN 319 122-1 5.2",
        ("CAdES holds one commitment.", "CAdESで表せる約束（コミットメント）は一つだけです。"),
        ("Pass a single commitment.", "約束を一つだけ指定してください。"),
    ),
    Entry(
        "cades.not-an-oid",
        "fail",
        None,
        "EN 319 122-1 5.2",
        ("CAdES names this by an object identifier.", "CAdESではオブジェクト識別子（OID）で指定する必要があります。"),
        ("Pass urn:oid: followed by the identifier.", "urn:oid:に続けて識別子を指定してください。"),
    ),
    Entry(
        "cades.place",
        "fail",
        None,
        "EN 319 122-1 5.2",
        ("The place cannot be written in CAdES.", "場所をCAdESで表せません。"),
        ("Give a country, a locality or one to six lines.", "国、市区町村、または1〜6行の住所を指定してください。"),
    ),
    Entry(
        "cades.policy-digest",
        "fail",
        None,
        "EN 319 122-1 5.2",
        ("CAdES names a signature policy together with its digest.", "CAdESの署名ポリシーにはハッシュ値が必要です。"),
        ("Pass the digest of the policy document.", "ポリシー文書のハッシュ値を指定してください。"),
    ),
    Entry(
        "cades.extended-form",
        "inform",
        None,
        "EN 319 122-2; RFC 5126 6",
        (
            "The signature has attributes of the older extended forms of CAdES ({attributes}).",
            "CAdESの旧来の拡張形式の属性が含まれています（{attributes}）。",
        ),
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    Entry(
        "cades.archive-version-1",
        "warn",
        None,
        "TS 101 733 V1.4.0 6.4.1",
        (
            "This is an archive time stamp of the first version; what it covers is not checked.",
            "第1版のアーカイブタイムスタンプのため、対象を確認できません。",
        ),
        _RENEW,
    ),
    Entry(
        "cades.index-missing",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 122-1 5.5.2, 5.5.3",
        (
            "The archive time stamp does not say what it covers: it has no hash index, or more than one.",
            "アーカイブタイムスタンプの対象を示すハッシュ索引がないか、複数あります。",
        ),
        _RENEW,
    ),
    Entry(
        "cades.index-malformed",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 122-1 5.5.2",
        (
            "The hash index of the archive time stamp cannot be read.",
            "アーカイブタイムスタンプのハッシュ索引を読み取れません。",
        ),
        _RENEW,
    ),
    Entry(
        "cades.index-version",
        "inform",
        None,
        "EN 319 122-1 5.5.2",
        (
            "The hash index of the archive time stamp is of the older version {version}.",
            "アーカイブタイムスタンプのハッシュ索引は旧い第{version}版です。",
        ),
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    Entry(
        "cades.index-algorithm",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 122-1 5.5.2",
        (
            "The hash index of the archive time stamp uses {index}, the time stamp itself {imprint}; they must agree.",
            "アーカイブタイムスタンプのハッシュ索引は{index}、本体は{imprint}で、一致していません。",
        ),
        _RENEW,
    ),
    Entry(
        "cades.index-dangling",
        "fail",
        "HASH_FAILURE",
        "EN 319 122-1 5.5.2",
        (
            "Of what the archive time stamp covers, {count} parts are no longer in the file, or were changed.",
            "アーカイブタイムスタンプの対象のうち{count}件が、ファイルから失われているか改変されています。",
        ),
        _ASK,
    ),
    Entry(
        "cades.index-elsewhere",
        "inform",
        None,
        "EN 319 122-1 5.5.2",
        (
            "The hash index of the archive time stamp lists revocation data that stands elsewhere than it should.",
            "アーカイブタイムスタンプのハッシュ索引にある失効情報が、本来とは別の場所にあります。",
        ),
        _NOTHING,
    ),
    Entry(
        "cades.sealed",
        "fail",
        None,
        "RFC 4998 A",
        (
            "An evidence record covers this file; nothing can be added to it.",
            "このファイルは証拠記録（エビデンスレコード）で保護されており、何も追加できません。",
        ),
        ("Renew the evidence record instead.", "代わりに証拠記録を更新してください。"),
    ),
    Entry(
        "cades.frozen",
        "fail",
        None,
        "RFC 5126 6.4.1",
        (
            "An archive time stamp of an older version covers what would have to change.",
            "変更が必要な箇所が、旧版のアーカイブタイムスタンプで保護されています。",
        ),
        (
            "Add a new archive time stamp; sign anew what else is to be signed.",
            "新しいアーカイブタイムスタンプを付け、ほかの署名は改めて行ってください。",
        ),
    ),
    Entry(
        "cades.content-missing",
        "fail",
        None,
        "EN 319 122-1 5.5.3",
        (
            "An archive time stamp covers the content of a detached signature, which is not at hand.",
            "アーカイブタイムスタンプの対象となる、分離署名の署名対象データがありません。",
        ),
        _PRESENT,
    ),
    Entry(
        "cades.content-changed",
        "fail",
        None,
        "RFC 5652 5.4",
        ("This is not the content that was signed.", "指定されたデータは、署名されたものと異なります。"),
        _PRESENT,
    ),
    Entry(
        "cades.counter-content-type",
        "fail",
        None,
        "RFC 5652 11.4",
        (
            "A counter-signature covers a signature value and states no content type.",
            "副署の対象は署名値であり、内容の種別は指定できません。",
        ),
        ("Leave the content type out.", "内容の種別の指定をやめてください。"),
    ),
    Entry(
        "cades.not-data",
        "fail",
        None,
        "EN 319 122-1 6.3",
        (
            "The content of this file is of another type than data; no signature can be added to it.",
            "このファイルの内容は通常のデータ型ではないため、署名を追加できません。",
        ),
        ("Sign the content anew.", "内容に改めて署名してください。"),
    ),
    *_departures("asn1.", "fail", "FORMAT_FAILURE", ("The file is not DER", "DERではありません"), _ASK),
    *_departures("cms.leniency.", "warn", None, ("The file is not strict DER", "厳密なDERではありません"), _NOTHING),
)
