"""Findings of the area: revocation. Five say what became of a certificate, the others why an item was not used."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_XCV = "EN 319 102-1 5.2.6"
_GENERAL = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
_FETCH = (
    "Put a current CRL or OCSP response of this issuer into revocation/ of the trust folder, or verify online.",
    "この発行者の最新のCRLまたはOCSP応答を信頼フォルダのrevocation/に置くか、オンラインで検証してください。",
)
_FETCH_AGAIN = (
    "Fetch the CRL or OCSP response again from its issuer.",
    "CRLまたはOCSP応答を発行者からもう一度取得してください。",
)
_OTHER = (
    "Supply a complete CRL signed by the issuer itself, or an OCSP response for this certificate.",
    "発行者自身が署名した完全なCRL、またはこの証明書に対するOCSP応答を用意してください。",
)


def _item(code: str, clause: str, text: tuple[str, str], remedy: tuple[str, str] = _OTHER) -> Entry:
    """Why one item was not used: reported beside the verdict, which "revocation.unusable" gives."""
    return Entry(code, "warn", None, clause, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "revocation.revoked",
        "fail",
        "REVOKED_NO_POE",
        _XCV,
        (
            "The signing certificate was revoked at {date} ({reason}).",
            "署名証明書は{date}に失効しています（理由：{reason}）。",
        ),
        (
            "Without a time stamp from before that moment the signature proves nothing; ask for a new signature.",
            "失効前のタイムスタンプがなければ、この署名は証拠になりません。署名のやり直しを依頼してください。",
        ),
    ),
    Entry(
        "revocation.ca-revoked",
        "fail",
        "REVOKED_CA_NO_POE",
        _XCV,
        (
            "The certificate of a CA of the path was revoked at {date} ({reason}).",
            "経路上の認証局の証明書は{date}に失効しています（理由：{reason}）。",
        ),
        ("Ask the signer for a signature under another CA.", "別の認証局の証明書による署名を依頼してください。"),
    ),
    Entry(
        "revocation.on-hold",
        "fail",
        "TRY_LATER",
        _XCV,
        (
            "The certificate is on hold since {date}; it may be released or revoked.",
            "証明書は{date}から一時停止中です。再開されるか失効するかは未定です。",
        ),
        ("Verify again with later revocation data.", "新しい失効情報が出てから、もう一度検証してください。"),
    ),
    Entry(
        "revocation.stale",
        "fail",
        "TRY_LATER",
        "EN 319 102-1 5.2.5",
        (
            "The revocation data of the certificate was fresh until {next_update} only.",
            "証明書の失効情報は{next_update}までのもので、古くなっています。",
        ),
        _FETCH,
    ),
    Entry(
        "revocation.no-next-update",
        "warn",
        None,
        "EN 319 102-1 5.2.5",
        (
            "The revocation data issued at {date} does not say how long it is fresh.",
            "{date}に発行された失効情報には、有効期限が書かれていません。",
        ),
        (
            "Set a maximum age in the policy, or supply revocation data with nextUpdate.",
            "検証ポリシーで最大経過時間を定めるか、nextUpdateのある失効情報を用意してください。",
        ),
    ),
    Entry(
        "revocation.missing",
        "fail",
        _GENERAL,
        _XCV,
        (
            "No CRL and no OCSP response for the certificate is at hand.",
            "証明書についてのCRLもOCSP応答も手元にありません。",
        ),
        _FETCH,
    ),
    Entry(
        "revocation.unusable",
        "fail",
        _GENERAL,
        _XCV,
        (
            "There is revocation data for the certificate, but none of it can be relied upon.",
            "証明書の失効情報はありますが、いずれも根拠として使えません。",
        ),
        _FETCH,
    ),
    _item(
        "revocation.indirect-crl",
        "RFC 5280 5.2.5",
        ("An indirect CRL is not used here.", "間接CRLは使用しません。"),
    ),
    _item(
        "revocation.delta-crl",
        "RFC 5280 5.2.4",
        ("A delta CRL is not used here.", "差分（デルタ）CRLは使用しません。"),
        ("Supply the complete CRL of the same or a later time.", "同じ時点以降の完全なCRLを用意してください。"),
    ),
    _item(
        "revocation.critical-extension",
        "RFC 5280 5.2",
        (
            "The revocation data has a critical extension that is not understood ({oid}).",
            "失効情報に、理解できない重要（critical）拡張があります（{oid}）。",
        ),
    ),
    _item(
        "revocation.scope",
        "RFC 5280 6.3.3",
        ("The CRL does not cover this kind of certificate.", "このCRLは、この種類の証明書を対象としていません。"),
    ),
    _item(
        "revocation.reasons-not-covered",
        "RFC 5280 6.3.3",
        (
            "The CRLs at hand cover some reasons of revocation only.",
            "手元のCRLは、一部の失効理由しか対象としていません。",
        ),
    ),
    _item(
        "revocation.signature",
        "RFC 5280 6.3.3",
        ("The signature of the revocation data is not its issuer's.", "失効情報の署名が発行者のものではありません。"),
        _FETCH_AGAIN,
    ),
    _item(
        "revocation.crl-signer-missing",
        "RFC 5280 6.3.3",
        (
            "The certificate of the key that signed the CRL is not at hand, or is not of this CA.",
            "CRLに署名した鍵の証明書が手元にないか、この認証局のものではありません。",
        ),
        (
            "Put the CRL signer's certificate into intermediates/ of the trust folder.",
            "CRL署名者の証明書を信頼フォルダのintermediates/に置いてください。",
        ),
    ),
    _item(
        "revocation.crl-signer-not-authorised",
        "RFC 5280 6.3.3",
        (
            "The CRL is signed with a certificate that may not sign CRLs, or not any more.",
            "CRLへの署名が許されていない、または期限外の証明書で署名されています。",
        ),
        _FETCH_AGAIN,
    ),
    _item(
        "revocation.responder-missing",
        "RFC 6960 4.2.2.2",
        (
            "The certificate of the OCSP responder is not at hand.",
            "OCSPレスポンダの証明書が手元にありません。",
        ),
        (
            "Put the responder's certificate into intermediates/ of the trust folder.",
            "レスポンダの証明書を信頼フォルダのintermediates/に置いてください。",
        ),
    ),
    _item(
        "revocation.responder-not-authorised",
        "RFC 6960 4.2.2.2",
        (
            "The OCSP responder {responder} has no certificate for signing OCSP responses.",
            "OCSPレスポンダ{responder}の証明書には、OCSP応答への署名が許可されていません。",
        ),
    ),
    _item(
        "revocation.responder-of-another-ca",
        "RFC 6960 4.2.2.2",
        (
            "The OCSP responder {responder} is not authorised by the CA that issued the certificate.",
            "OCSPレスポンダ{responder}は、証明書を発行した認証局から権限を与えられていません。",
        ),
    ),
    _item(
        "revocation.responder-outside-validity",
        "RFC 6960 4.2.2.2",
        (
            "The certificate of the OCSP responder {responder} was not valid when the response was made.",
            "OCSPレスポンダ{responder}の証明書は、応答の作成時に有効期間外でした。",
        ),
        _FETCH_AGAIN,
    ),
    _item(
        "revocation.signer-revoked",
        _XCV,
        ("The signer of the revocation data is revoked itself.", "失効情報の署名者自身が失効しています。"),
    ),
    _item(
        "revocation.signer-status-missing",
        _XCV,
        (
            "The status of the signer of the revocation data is not known.",
            "失効情報の署名者自身の失効状態が分かりません。",
        ),
        _FETCH,
    ),
    _item(
        "revocation.self-asserted",
        _XCV,
        (
            "The revocation data is signed by the very certificate that it speaks of.",
            "失効情報が、対象の証明書自身によって署名されています。",
        ),
    ),
    _item(
        "revocation.unknown-status",
        "RFC 6960 2.2",
        ("The OCSP responder does not know the certificate.", "OCSPレスポンダはこの証明書を知りません。"),
    ),
    _item(
        "revocation.cert-hash",
        "Common PKI 3.1.2",
        (
            "The OCSP responder speaks of another certificate with this serial number.",
            "OCSP応答は、同じシリアル番号を持つ別の証明書についてのものです。",
        ),
        (
            "Treat the certificate with suspicion and ask its issuer.",
            "証明書の偽造を疑い、発行者に問い合わせてください。",
        ),
    ),
    _item(
        "revocation.too-late",
        _XCV,
        (
            "The revocation data is from {date}, after the time of verification.",
            "失効情報は検証時刻より後の{date}のものです。",
        ),
        ("Verify for a later time.", "より後の時刻を指定して検証してください。"),
    ),
    _item(
        "revocation.before-issuance",
        _XCV,
        (
            "The revocation data is from {date}, before the certificate began.",
            "失効情報は、証明書の有効期間の開始前（{date}）のものです。",
        ),
        _FETCH,
    ),
    _item(
        "revocation.after-expiry",
        _XCV,
        (
            ("The revocation data is from {date}, when its issuer need no longer have listed the expired certificate."),
            "失効情報は{date}のもので、期限切れの証明書をもはや記載していない可能性があります。",
        ),
        (
            "Supply revocation data from the certificate's validity, or one with expiredCertsOnCRL or archiveCutoff.",
            "証明書の有効期間中の失効情報、またはexpiredCertsOnCRLやarchiveCutoffを含むものを用意してください。",
        ),
    ),
    _item(
        "revocation.unreadable-entry",
        "RFC 5280 5.3",
        ("The CRL's entry cannot be read: {reason}.", "CRLの該当項目を読み取れません（{reason}）。"),
        _FETCH_AGAIN,
    ),
    Entry(
        "revocation.malformed",
        "warn",
        None,
        "EN 319 102-1 5.2.6",
        ("Revocation data in the file cannot be read.", "ファイル内の失効情報を読み取れません。"),
        _FETCH_AGAIN,
    ),
    Entry(
        "revocation.malformed-crl",
        "warn",
        None,
        "RFC 5280 5.1",
        ("A CRL cannot be read.", "CRLを読み取れません。"),
        _FETCH_AGAIN,
    ),
    Entry(
        "revocation.malformed-ocsp",
        "warn",
        None,
        "RFC 6960 4.2.1",
        ("An OCSP response cannot be read.", "OCSP応答を読み取れません。"),
        _FETCH_AGAIN,
    ),
    Entry(
        "revocation.ocsp-refused",
        "warn",
        None,
        "RFC 6960 2.3",
        ("The OCSP responder refused to answer.", "OCSPレスポンダが応答を拒否しました。"),
        ("Ask again later, or use the CRL.", "後でもう一度問い合わせるか、CRLを使ってください。"),
    ),
)
