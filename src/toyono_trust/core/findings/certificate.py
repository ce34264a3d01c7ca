"""Findings of the area: certificates and their paths."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_GENERAL, _CONSTRAINTS = "CERTIFICATE_CHAIN_GENERAL_FAILURE", "CHAIN_CONSTRAINTS_FAILURE"
_REISSUE = (
    "The CA has to issue a proper certificate; until then this path cannot be relied upon.",
    "認証局による正しい証明書の再発行が必要です。それまで、この証明書の経路は信頼できません。",
)
_OTHER_CERTIFICATE = (
    "Ask the signer to sign with a certificate made for this use.",
    "この用途のために発行された証明書での署名を、署名者に依頼してください。",
)
_GENUINE = (
    "Put the CA's genuine certificate into intermediates/ of the trust folder; else treat the file as forged.",
    "認証局の正規の証明書を信頼フォルダのintermediates/に置いてください。それでも同じなら偽造を疑ってください。",
)


def _general(code: str, clause: str, text: tuple[str, str], remedy: tuple[str, str] = _REISSUE) -> Entry:
    return Entry(code, "fail", _GENERAL, clause, text, remedy)


def _usage(code: str, clause: str, text: tuple[str, str]) -> Entry:
    return Entry(code, "fail", _CONSTRAINTS, clause, text, _OTHER_CERTIFICATE)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "path.no-anchor",
        "fail",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "EN 319 102-1 5.2.6",
        (
            "No path leads from the certificate (issued by {issuer}) to a trust anchor.",
            "証明書（発行者：{issuer}）から、信頼する認証局（トラストアンカー）への経路がありません。",
        ),
        (
            (
                "Name the root certificate of this issuer with --trust, and put missing CA certificates into"
                " intermediates/ of the trust folder."
            ),
            "この発行者のルート証明書を--trustで指定し、足りない認証局証明書をintermediates/に置いてください。",
        ),
    ),
    Entry(
        "path.anchor-purpose",
        "fail",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "EN 319 102-1 5.2.6",
        (
            "The trust anchor of this certificate is not trusted for this purpose ({purpose}).",
            "この証明書のトラストアンカーは、この用途（{purpose}）には信頼されていません。",
        ),
        (
            "If you trust it for this, add the purpose in trust.toml.",
            "この用途にも信頼する場合は、trust.tomlに用途を追加してください。",
        ),
    ),
    Entry(
        "path.anchor-sunset",
        "fail",
        "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
        "EN 319 102-1 5.2.6",
        (
            "The trust anchor is trusted until {date} only.",
            "トラストアンカーを信頼する期間は{date}までです。",
        ),
        (
            "A time stamp from within that time is needed; or correct the span in trust.toml.",
            "信頼する期間内のタイムスタンプが必要です。期間の指定が誤っている場合はtrust.tomlを直してください。",
        ),
    ),
    Entry(
        "path.anchor-not-yet",
        "fail",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "EN 319 102-1 5.2.6",
        ("The trust anchor is trusted from {date} only.", "トラストアンカーを信頼する期間は{date}からです。"),
        (
            "Check the time of verification and the span in trust.toml.",
            "検証時刻と、trust.tomlの期間を確認してください。",
        ),
    ),
    Entry(
        "certificate.expired",
        "fail",
        "OUT_OF_BOUNDS_NO_POE",
        "EN 319 102-1 5.2.6",
        (
            "The certificate expired at {date}.",
            "証明書は{date}に有効期限が切れています。",
        ),
        (
            "A time stamp from before that moment is needed to show that the signature is older.",
            "それ以前に署名されたことを示すタイムスタンプが必要です。",
        ),
    ),
    Entry(
        "certificate.not-yet-valid",
        "fail",
        "OUT_OF_BOUNDS_NO_POE",
        "EN 319 102-1 5.2.6",
        (
            "The certificate is not valid before {date}.",
            "証明書の有効期間は{date}に始まります。",
        ),
        ("Check the clock and the time of verification.", "時計と、検証に使う時刻を確認してください。"),
    ),
    _general(
        "ca.expired",
        "RFC 5280 6.1.3",
        (
            "The CA certificate {subject} expired at {date}.",
            "認証局証明書{subject}は{date}に有効期限が切れています。",
        ),
        (
            "Put the CA's current certificate into intermediates/ of the trust folder, or verify at an earlier time.",
            "認証局の現在の証明書を信頼フォルダのintermediates/に置くか、より前の時刻で検証してください。",
        ),
    ),
    _general(
        "ca.not-yet-valid",
        "RFC 5280 6.1.3",
        (
            "The CA certificate {subject} is not valid before {date}.",
            "認証局証明書{subject}の有効期間は{date}に始まります。",
        ),
        ("Check the clock and the time of verification.", "時計と、検証に使う時刻を確認してください。"),
    ),
    _general(
        "path.signature",
        "RFC 5280 6.1.3",
        (
            "The certificate {subject} is not signed by the key of {issuer} ({algorithm}).",
            "証明書{subject}は{issuer}の鍵で署名されていません（{algorithm}）。",
        ),
        _GENUINE,
    ),
    _general(
        "path.name-chaining",
        "RFC 5280 6.1.3",
        (
            "The issuer named in {subject} is not the subject of the next certificate.",
            "証明書{subject}の発行者名が、上位の証明書の主体者名と一致しません。",
        ),
        _GENUINE,
    ),
    _general(
        "path.unsupported-key",
        "RFC 5280 6.1.4",
        (
            "The key of the CA {subject} cannot be used: {reason}.",
            "認証局{subject}の鍵を利用できません（{reason}）。",
        ),
    ),
    _general(
        "path.not-a-ca",
        "RFC 5280 6.1.4",
        (
            "{subject} issued a certificate without being a CA.",
            "{subject}は認証局ではないのに証明書を発行しています。",
        ),
        (
            "Treat the file as forged: the holder of an ordinary certificate issued this one.",
            "通常の証明書の所有者が発行したものです。偽造として扱ってください。",
        ),
    ),
    _general(
        "path.no-key-cert-sign",
        "RFC 5280 6.1.4",
        (
            "The key of {subject} may not sign certificates.",
            "{subject}の鍵には、証明書への署名が許可されていません。",
        ),
    ),
    _general(
        "path.too-long",
        "RFC 5280 6.1.4",
        (
            "The path is longer than a CA above {subject} allows.",
            "経路が長すぎます。{subject}の上位の認証局が許す長さを超えています。",
        ),
    ),
    _general(
        "path.critical-extension",
        "RFC 5280 6.1.4",
        (
            "The certificate {subject} has a critical extension that is not understood ({oid}).",
            "証明書{subject}に、理解できない重要（critical）拡張があります（{oid}）。",
        ),
        (
            "Ask the issuer for a certificate without it, or use a release that knows it.",
            "この拡張のない証明書を発行者に求めるか、この拡張に対応した版を使ってください。",
        ),
    ),
    _general(
        "path.policies",
        "RFC 5280 6.1.5",
        (
            "The certificate policies of the path do not meet what its CAs or the caller demand.",
            "経路上の証明書ポリシーが、認証局または検証者の要求を満たしません。",
        ),
    ),
    _general(
        "path.name-constraints",
        "RFC 5280 6.1.3",
        (
            "A name in {subject} lies outside what a CA above may issue for.",
            "{subject}の名前が、上位の認証局が発行を許された名前の範囲の外です。",
        ),
    ),
    _general(
        "path.refused",
        "RFC 5280 6.1",
        ("A second reader of the path refuses it: {reason}.", "経路の二重検査で拒否されました（{reason}）。"),
    ),
    _general(
        "path.unreadable",
        "RFC 5280 6.1",
        (
            "The constraints in the path cannot be read ({reason}).",
            "経路上の証明書の制約を読み取れません（{reason}）。",
        ),
    ),
    _general(
        "path.too-large",
        "RFC 5280 6.1",
        (
            "The certificates of the path are larger than {octets} octets together.",
            "経路上の証明書の合計が{octets}バイトを超えています。",
        ),
    ),
    _usage(
        "certificate.key-usage",
        "RFC 5280 4.2.1.3",
        (
            "The certificate {subject} may not be used for signatures (key usage: {found}).",
            "証明書{subject}は署名に使えません（鍵用途：{found}）。",
        ),
    ),
    Entry(
        "certificate.no-non-repudiation",
        "ignore",
        "CHAIN_CONSTRAINTS_FAILURE",
        "RFC 5280 4.2.1.3, EN 319 412-2",
        (
            "The key usage of the person's certificate {subject} lacks nonRepudiation ({found}).",
            "自然人の証明書{subject}の鍵用途に否認防止（nonRepudiation）がありません（{found}）。",
        ),
        (
            "Ask the signer to use a certificate for signatures.",
            "署名用の証明書で署名し直すよう、署名者に求めてください。",
        ),
    ),
    _usage(
        "certificate.extended-key-usage",
        "RFC 5280 4.2.1.12",
        (
            "The certificate {subject} is made for another use ({found}).",
            "証明書{subject}は別の用途のものです（{found}）。",
        ),
    ),
    _usage(
        "certificate.not-a-tsa",
        "RFC 3161 2.3",
        (
            (
                "The certificate {subject} is not one of a time-stamping authority: timeStamping must be its only"
                " extended key usage, and critical."
            ),
            "証明書{subject}は時刻認証局（TSA）のものではありません（拡張鍵用途はtimeStampingだけで、criticalでなければなりません）。",
        ),
    ),
    _usage(
        "certificate.not-a-responder",
        "RFC 6960 4.2.2.2",
        (
            "The certificate {subject} is not one of an OCSP responder.",
            "証明書{subject}はOCSPレスポンダのものではありません。",
        ),
    ),
    _usage(
        "certificate.no-crl-sign",
        "RFC 5280 4.2.1.3",
        ("The key of {subject} may not sign CRLs.", "{subject}の鍵には、CRLへの署名が許可されていません。"),
    ),
)
