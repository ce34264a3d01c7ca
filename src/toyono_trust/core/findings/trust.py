"""Findings of the area: trust stores."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_CLAUSE = "RFC 5280 6.1.1"


def _error(code: str, text: tuple[str, str], remedy: tuple[str, str]) -> Entry:
    return Entry(code, "fail", None, _CLAUSE, text, remedy)


ENTRIES: tuple[Entry, ...] = (
    _error(
        "trust.empty",
        ("No trust anchor is named.", "信頼する認証局（トラストアンカー）が指定されていません。"),
        (
            "Put root certificates into anchors/, name them in trust.toml, or give a certificate file itself.",
            "ルート証明書をanchors/に置くか、trust.tomlに書くか、証明書ファイルを直接指定してください。",
        ),
    ),
    Entry(
        "trust.no-anchors",
        "fail",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "EN 319 102-1 5.2.6",
        (
            "No trust anchor was given, so nobody's certificate can be relied upon.",
            "信頼する認証局（トラストアンカー）が指定されていないため、どの証明書も信頼できると判断できません。",
        ),
        (
            "Name a root certificate or a trust folder (--trust PATH, trust=TrustStore.load(…)).",
            "ルート証明書か信頼フォルダを指定してください（--trust パス、trust=TrustStore.load(…)）。",
        ),
    ),
    _error(
        "trust.private-key",
        ("A private key lies among the trusted files.", "信頼するファイルの中に秘密鍵があります。"),
        (
            "Move the key away at once and replace it if others could read it; keep certificates only.",
            "鍵をすぐに別の場所へ移し、他人が読めた可能性があれば交換してください。置くのは証明書だけにしてください。",
        ),
    ),
    _error(
        "trust.unreadable",
        ("A trusted file cannot be read.", "信頼するファイルを読み取れません。"),
        ("Replace the file by an undamaged one.", "壊れていないファイルに置き換えてください。"),
    ),
    _error(
        "trust.log",
        ("A trusted file does not name an evidence log.", "信頼する証拠ログを指定するファイルとして読み取れません。"),
        (
            "Give the log's verifier key (name+ID+base64), or a policy of log, witness, group and quorum lines.",
            "証拠ログの検証鍵（名前+ID+base64）か、log・witness・group・quorum の行のポリシーを指定してください。",
        ),
    ),
    _error(
        "trust.unknown-key",
        ("trust.toml has a key that is not known.", "trust.tomlに不明な項目があります。"),
        ("Correct its spelling or remove it.", "つづりを直すか、削除してください。"),
    ),
    _error(
        "trust.bad-value",
        ("trust.toml has a value that cannot be used.", "trust.tomlに使えない値があります。"),
        ("Correct the value.", "値を直してください。"),
    ),
    _error(
        "trust.outside",
        ("trust.toml names a file that is not in its folder.", "trust.tomlが、フォルダの外のファイルを指しています。"),
        (
            "Copy the file into the folder and name it relative to it.",
            "ファイルをフォルダの中に置き、相対パスで書いてください。",
        ),
    ),
    _error(
        "trust.conflict",
        (
            "A certificate is named as an anchor twice, with different time spans.",
            "同じ証明書が、異なる期間で二度トラストアンカーに指定されています。",
        ),
        ("Name it once.", "指定を一つにしてください。"),
    ),
    _error(
        "trust.too-large",
        ("The trust folder is too large.", "信頼フォルダが大きすぎます。"),
        ("Name the trust folder itself.", "信頼フォルダそのものを指定してください。"),
    ),
    _error(
        "trust.not-fetched",
        ("Revocation data could not be fetched.", "失効情報を取得できませんでした。"),
        ("Try again later; if it stays so, ask the CA.", "後でやり直し、続くようなら認証局に問い合わせてください。"),
    ),
    Entry(
        "trust.not-loaded",
        "warn",
        None,
        _CLAUSE,
        (
            "A {kind} lies in the trust folder and is named by nothing; it was not loaded.",
            "信頼フォルダに、どこからも指定されていないファイル（{kind}）があり、読み込みませんでした。",
        ),
        (
            "Move it into anchors/, intermediates/ or revocation/, or name it in trust.toml.",
            "anchors/、intermediates/、revocation/のいずれかに移すか、trust.tomlに書いてください。",
        ),
    ),
    Entry(
        "trust.ignored-file",
        "inform",
        None,
        _CLAUSE,
        (
            "A file of the trust folder holds no certificate, CRL or OCSP response.",
            "信頼フォルダに、証明書でもCRLでもOCSP応答でもないファイルがあります。",
        ),
        ("Nothing has to be done.", "対応は不要です。"),
    ),
    Entry(
        "trust.no-address",
        "warn",
        None,
        _CLAUSE,
        (
            "It is not known where {what} can be fetched.",
            "{what}の取得先が分かりません。",
        ),
        (
            "Name its address under fetch in trust.toml.",
            "trust.tomlのfetchに取得先を書いてください。",
        ),
    ),
)
