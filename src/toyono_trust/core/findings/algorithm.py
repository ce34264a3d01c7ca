"""Findings of the area: algorithm."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

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
)
