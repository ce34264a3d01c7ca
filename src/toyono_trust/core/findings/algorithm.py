"""Findings of the area: algorithm."""

from __future__ import annotations

from toyono_trust.core.findings import Entry


def _error(code: str, text: tuple[str, str], remedy: tuple[str, str]) -> Entry:
    return Entry(code, "fail", None, "EN 319 102-1 5.1.4", text, remedy)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "algorithm.unknown-digest",
        "fail",
        "FORMAT_FAILURE",
        "TS 119 312 5",
        ("A digest algorithm is used that is not known here.", "対応していないハッシュアルゴリズムが使われています。"),
        (
            "Have it signed with SHA-256, SHA-384 or SHA-512.",
            "SHA-256、SHA-384、SHA-512のいずれかで署名し直してもらってください。",
        ),
    ),
    Entry(
        "algorithm.unknown-signature",
        "fail",
        "FORMAT_FAILURE",
        "TS 119 312 6",
        ("A signature algorithm is used that is not known here.", "対応していない署名アルゴリズムが使われています。"),
        (
            "Have it signed with ECDSA, RSA, Ed25519 or ML-DSA.",
            "ECDSA、RSA、Ed25519、ML-DSAのいずれかで署名し直してもらってください。",
        ),
    ),
    Entry(
        "algorithm.transitional",
        "warn",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.8",
        (
            "{algorithm} with {bits} bits is in a transition period and counts until {until} only ({use}).",
            "{algorithm}（{bits} ビット、用途: {use}）は移行期間中で、{until} より前に限り安全とみなされます。",
        ),
        (
            "Change to a stronger algorithm or a longer key before that day.",
            "その日より前に、より強いアルゴリズムまたはより長い鍵へ移行してください。",
        ),
    ),
    _error(
        "catalogue.missing",
        ("There is no such catalogue of algorithms.", "指定されたアルゴリズム一覧がありません。"),
        (
            "Name an existing file or a shipped catalogue.",
            "存在するファイル、または同梱の一覧の名前を指定してください。",
        ),
    ),
    _error(
        "catalogue.malformed",
        ("The catalogue of algorithms cannot be read.", "アルゴリズム一覧のファイルを読み取れません。"),
        ("Correct the file (TOML, UTF-8).", "ファイル（TOML、UTF-8）を修正してください。"),
    ),
    _error(
        "catalogue.unknown-key",
        ("The catalogue of algorithms has an unknown key.", "アルゴリズム一覧に未知のキーがあります。"),
        (
            "Correct the key; the message lists the known ones.",
            "キーを修正してください。既知のキーはメッセージに示します。",
        ),
    ),
    _error(
        "catalogue.bad-value",
        (
            "A value in the catalogue of algorithms is not allowed, or tiers of key sizes are not in order.",
            "アルゴリズム一覧の値が正しくないか、鍵長の段階が昇順に並んでいません。",
        ),
        ("Correct the value.", "値を修正してください。"),
    ),
)
