"""Findings about one certificate as such: how it is written and whom it names. Paths are in ``certificate``."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_ASK = (
    "Ask the issuer of the certificate; a new certificate may be needed.",
    "証明書の発行者に問い合わせてください。再発行が必要な場合があります。",
)
_NOTHING = ("Nothing need be done.", "対応は不要です。")

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "certificate.malformed",
        "fail",
        "FORMAT_FAILURE",
        "RFC 5280 4.1",
        ("These bytes are no certificate that can be read.", "証明書として読み取れないデータです。"),
        (
            "Give the certificate as its issuer delivered it, in DER or PEM.",
            "発行者から受け取ったままの証明書（DER または PEM）を指定してください。",
        ),
    ),
    Entry(
        "certificate.not-der",
        "inform",
        None,
        "RFC 5280 4.1",
        (
            "The certificate is not written in DER ({leniencies}).",
            "証明書が DER で符号化されていません（{leniencies}）。",
        ),
        _NOTHING,
    ),
    Entry(
        "certificate.version",
        "warn",
        None,
        "RFC 5280 4.1.2.1",
        (
            "The certificate says version {version}, which does not go with what it holds.",
            "証明書のバージョン（{version}）が内容と一致していません。",
        ),
        _ASK,
    ),
    Entry(
        "certificate.serial-number",
        "inform",
        None,
        "RFC 5280 4.1.2.2",
        (
            "The certificate's serial number is not positive or longer than 20 octets.",
            "証明書のシリアル番号が正の数でないか、20 オクテットを超えています。",
        ),
        _NOTHING,
    ),
    Entry(
        "certificate.unreadable-extension",
        "warn",
        None,
        "RFC 5280 4.2",
        (
            "The certificate's extension {oid} cannot be read; it counts as allowing nothing.",
            "証明書の拡張 {oid} を読み取れません。何も許可していないものとして扱います。",
        ),
        _ASK,
    ),
    Entry(
        "certificate.unreadable-name",
        "warn",
        None,
        "RFC 5280 4.1.2.4",
        ("A name in the certificate cannot be read ({field}).", "証明書内の名称（{field}）を読み取れません。"),
        _ASK,
    ),
    Entry(
        "certificate.unsupported-key",
        "warn",
        None,
        "RFC 5280 4.1.2.7",
        ("The certificate's public key cannot be used here: {reason}", "証明書の公開鍵を利用できません：{reason}"),
        (
            "Use a certificate with an RSA, NIST P, Ed25519 or ML-DSA key.",
            "RSA、NIST P 曲線、Ed25519、ML-DSA のいずれかの鍵の証明書を使ってください。",
        ),
    ),
    Entry(
        "certificate.kind-contradiction",
        "warn",
        None,
        "EN 319 412-5 4.2.3",
        (
            "The certificate contradicts itself about whether it names a person, an organisation or a web site.",
            "証明書の名義が個人・法人・ウェブサイトのいずれであるか、記載が矛盾しています。",
        ),
        _ASK,
    ),
    Entry(
        "certificate.houjin-bangou-check-digit",
        "warn",
        None,
        "EN 319 412-1 5.1.4",
        (
            "{identifier} is no Japanese corporate number: its check digit is wrong.",
            "{identifier} は法人番号として正しくありません（検査用数字が一致しません）。",
        ),
        (
            "Compare it with the National Tax Agency's register and ask the issuer.",
            "国税庁の法人番号公表サイトと照合し、発行者に問い合わせてください。",
        ),
    ),
    Entry(
        "certificate.no-rev-avail-contradiction",
        "warn",
        None,
        "RFC 9608 3",
        (
            "The certificate says that it is never revoked, and yet is a CA's or names a source of revocation data.",
            "失効情報を提供しないとする証明書ですが、認証局の証明書であるか、失効情報の入手先が記載されています。",
        ),
        _ASK,
    ),
)
