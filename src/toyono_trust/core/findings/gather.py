"""Findings of the area: gathering validation material online. None decides: what is missing then, the judge says."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_RETRIEVAL = "RFC 5280 4.2.2.1"
_OCSP = "RFC 6960 3.2"
_LIMITS = "EN 319 102-1 5.1.4"
_ASK_CA = (
    "Try again later; if it stays so, ask the certification authority that names the address.",
    "しばらくしてから再度お試しください。続く場合は、このアドレスを記載した認証局に問い合わせてください。",
)
_OFFLINE = (
    "Put the certificates and revocation data that are missing into the trust folder.",
    "不足している証明書や失効情報を信頼フォルダに置いてください。",
)
_NONE = ("Nothing has to be done.", "対応は不要です。")


def _row(
    code: str,
    text: tuple[str, str],
    remedy: tuple[str, str] = _ASK_CA,
    *,
    clause: str = _RETRIEVAL,
    level: FindingLevel = "warn",
) -> Entry:
    return Entry(code, level, None, clause, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "gather.not-fetched",
        (
            "{url} could not be fetched ({reason}).",
            "{url} から取得できませんでした（{reason}）。",
        ),
        (
            "Check the connection, and that the address may be reached; otherwise try again later.",
            "接続と、このアドレスへのアクセスが許可されているかを確認し、しばらくしてから再度お試しください。",
        ),
    ),
    _row(
        "gather.http-status",
        (
            "{url} answered with the HTTP status {reason}.",
            "{url} から HTTP ステータス {reason} が返されました。",
        ),
    ),
    _row(
        "gather.unreadable",
        (
            "What {url} answered is not what was asked for ({reason}).",
            "{url} の応答は、要求した種類のデータではありません（{reason}）。",
        ),
    ),
    _row(
        "gather.refused",
        (
            "The OCSP responder {url} refused to answer ({reason}).",
            "OCSPレスポンダ {url} が応答を拒否しました（{reason}）。",
        ),
        clause="RFC 6960 2.3",
    ),
    _row(
        "gather.other-certificate",
        (
            "The answer of {url} is about another certificate than the one asked about.",
            "{url} の応答は、問い合わせた証明書とは別の証明書に関するものです。",
        ),
        clause=_OCSP,
    ),
    _row(
        "gather.other-issuer",
        (
            "No certificate in the answer of {url} issued the certificate that names this address.",
            "{url} の応答に、この証明書の発行者の証明書が含まれていません。",
        ),
    ),
    _row(
        "gather.future",
        (
            "The answer of {url} bears a time in the future ({reason}).",
            "{url} の応答の時刻が未来になっています（{reason}）。",
        ),
        (
            "Check this machine's clock; if it is right, tell the operator of the address.",
            "この端末の時計を確認してください。正しい場合は、このアドレスの運用者に連絡してください。",
        ),
        clause=_OCSP,
    ),
    _row(
        "gather.stale",
        (
            "The answer of {url} is no longer fresh (nextUpdate: {reason}).",
            "{url} の応答は有効期限（nextUpdate: {reason}）を過ぎています。",
        ),
        clause="EN 319 102-1 5.2.5",
    ),
    _row(
        "gather.unusable",
        (
            "The answer of {url} cannot be relied upon ({reason}).",
            "{url} の応答は信頼できません（{reason}）。",
        ),
        clause="EN 319 102-1 5.2.6",
    ),
    _row(
        "gather.nonce-differs",
        (
            "The OCSP responder {url} answered to another request than the one made (the nonce differs).",
            "OCSPレスポンダ {url} の応答は、別の要求に対するものです（ノンスが一致しません）。",
        ),
        (
            "Try again; if it stays so, somebody may be replaying old answers.",
            "再度お試しください。続く場合は、古い応答が再送されているおそれがあります。",
        ),
        clause="RFC 9654 2.1",
    ),
    _row(
        "gather.nonce-missing",
        (
            "The OCSP responder {url} does not repeat the nonce; how old its answer is, only its times say.",
            "OCSPレスポンダ {url} の応答にノンスがありません。応答の新しさは、記載された時刻だけで判断します。",
        ),
        _NONE,
        clause="RFC 9654 2.1",
        level="inform",
    ),
    _row(
        "gather.not-followed",
        (
            "The address {url} is not followed: only http and https are.",
            "アドレス {url} からは取得しません。取得するのは http と https だけです。",
        ),
        _OFFLINE,
        level="inform",
    ),
    _row(
        "gather.too-many-addresses",
        (
            "The certificate names {reason} addresses of one kind; only the first few are tried.",
            "証明書に同じ種類のアドレスが {reason} 個記載されています。先頭の数個だけを使用します。",
        ),
        _OFFLINE,
        clause=_LIMITS,
    ),
    _row(
        "gather.too-many-requests",
        (
            "The file would need more than {reason} requests; the rest were not made.",
            "このファイルには {reason} 回を超える取得が必要なため、残りは行いませんでした。",
        ),
        _OFFLINE,
        clause=_LIMITS,
    ),
    _row(
        "gather.too-many-rounds",
        (
            "After {reason} rounds of requests more is still missing; the search ended.",
            "{reason} 段階の取得を行っても不足が残るため、探索を打ち切りました。",
        ),
        _OFFLINE,
        clause=_LIMITS,
    ),
    _row(
        "gather.too-many-octets",
        (
            "The answers together exceed {reason} octets; the rest was not fetched.",
            "応答の合計が {reason} バイトを超えたため、残りは取得しませんでした。",
        ),
        _OFFLINE,
        clause=_LIMITS,
    ),
    _row(
        "gather.too-much-work",
        (
            "Finding out what is missing would need more work than one file may cause; the search ended.",
            "不足している情報を調べる処理量が1ファイルの上限を超えたため、探索を打ち切りました。",
        ),
        _OFFLINE,
        clause=_LIMITS,
    ),
    _row(
        "gather.circle",
        (
            "The authorities above this certificate name each other as issuers and lead to no trusted one.",
            "この証明書の上位の認証局は互いを発行者としており、信頼する認証局に到達しません。",
        ),
        (
            "Ask the signer for the right chain; such a circle does not arise by itself.",
            "正しい証明書の経路を署名者に問い合わせてください。このような循環は自然には生じません。",
        ),
        clause="RFC 5280 6.1",
    ),
    _row(
        "gather.no-issuer-address",
        (
            "The certificate's issuer is not at hand, and the certificate does not say where to fetch it.",
            "発行者の証明書が手元になく、証明書にその取得先も記載されていません。",
        ),
        _OFFLINE,
        level="inform",
    ),
    _row(
        "gather.no-revocation-address",
        (
            "The certificate names no address of revocation data that can be followed.",
            "証明書に、利用できる失効情報の取得先が記載されていません。",
        ),
        _OFFLINE,
        clause="RFC 5280 4.2.1.13",
        level="inform",
    ),
    _row(
        "gather.not-anew",
        (
            "No newer revocation data of this certificate could be fetched; what was at hand is used.",
            "この証明書の新しい失効情報を取得できなかったため、手元の情報を使用しました。",
        ),
        clause="EN 319 102-1 5.2.5",
    ),
)
