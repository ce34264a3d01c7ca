"""Errors of augmentation and simulation."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "level.trust-missing",
        "fail",
        None,
        "EN 319 102-1 4.3",
        (
            (
                "A signature from B-LT on holds everything that it is validated with, which nobody can choose without"
                " knowing who is trusted."
            ),
            "B-LT 以上の署名には検証に必要な情報がすべて含まれますが、信頼の基点がなければ選べません。",
        ),
        ("Pass trust=, a TrustStore.", "trust= に TrustStore を指定してください。"),
    ),
    Entry(
        "augment.no-such-signature",
        "fail",
        None,
        "EN 319 102-1 4.3",
        ("The file has no such signature.", "ファイルに該当する署名がありません。"),
        ("Take the ids from the report (signatures[].id).", "検証結果の signatures[].id を指定してください。"),
    ),
    Entry(
        "augment.no-signature",
        "fail",
        None,
        "EN 319 102-1 4.3",
        ("The file has no signature to augment.", "ファイルには延長できる署名がありません。"),
        ("Sign or seal the content first.", "先に署名又はeシールを付与してください。"),
    ),
    Entry(
        "augment.not-baseline",
        "fail",
        None,
        "EN 319 102-1 4.3",
        (
            "A signature that is not of a baseline level cannot be raised to one.",
            "ベースラインプロファイルに適合しない署名は、上位のレベルに延長できません。",
        ),
        (
            "Choose the other signatures, or archive the file with a time stamp of its own.",
            "ほかの署名を指定するか、ファイル全体にタイムスタンプを付与して保管してください。",
        ),
    ),
    Entry(
        "augment.nothing-to-do",
        "fail",
        None,
        "EN 319 102-1 4.3",
        ("The signatures have this level already.", "署名は既にこのレベルに達しています。"),
        ("Ask for B-LTA to renew an archive.", "アーカイブを更新する場合は B-LTA を指定してください。"),
    ),
    Entry(
        "augment.format",
        "fail",
        None,
        "EN 319 102-1 4.3",
        ("This is no signed file that can be augmented.", "延長できる署名ファイルではありません。"),
        (
            "JAdES, CAdES and PAdES can be, evidence records, and the proofs of a log's entries.",
            "JAdES・CAdES・PAdES、証拠記録（RFC 4998）及び証拠ログの証明が対象です。",
        ),
    ),
    Entry(
        "augment.whole",
        "fail",
        None,
        "RFC 4998 5.2",
        (
            "An evidence record or a proof has no levels and no signatures to choose from; it is renewed as a whole.",
            "証拠記録及び証拠ログの証明には選択できるレベルや署名がなく、全体を更新します。",
        ),
        (
            "Leave the level and the signature's id out.",
            "レベル及び署名の ID を指定せずに実行してください。",
        ),
    ),
    Entry(
        "augment.not-verified",
        "fail",
        None,
        "EN 319 102-1 4.3",
        (
            "A signature, evidence record or proof does not pass now, so that nothing could be preserved.",
            "署名、証拠記録又は証拠ログの証明が現時点で検証に合格しないため、延長しても有効性を保存できません。",
        ),
        (
            "Read the report of the error; often trust or revocation data is missing.",
            "エラーに含まれる検証結果を確認してください。多くの場合、信頼の基点又は失効情報が不足しています。",
        ),
    ),
    Entry(
        "argument.simulate",
        "fail",
        None,
        "EN 319 102-1 5.6",
        (
            "A simulation says what will be; its time is aware and not earlier than the report's.",
            "シミュレーションの時刻は、検証時刻以降で、タイムゾーン付きである必要があります。",
        ),
        ("For the past use verify(at=…).", "過去の時点については verify(at=…) を使用してください。"),
    ),
    Entry(
        "report.simulated",
        "fail",
        None,
        "TS 119 102-2 4.1",
        (
            "ETSI TS 119 102-2 knows reports of validations, not of simulations.",
            "ETSI TS 119 102-2 は検証の報告書であり、シミュレーションには対応していません。",
        ),
        ("Show it as text, JSON or a page.", "テキスト、JSON、HTML のいずれかで表示してください。"),
    ),
)
