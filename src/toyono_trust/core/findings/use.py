"""Errors of use: what a caller of the verbs did that cannot work."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_CLAUSE = "EN 319 102-1 4.2"


def _entry(code: str, text: tuple[str, str], remedy: tuple[str, str]) -> Entry:
    return Entry(code, "fail", None, _CLAUSE, text, remedy)


_ADDITIONS: tuple[Entry, ...] = (
    _entry(
        "addition.arguments",
        (
            "These arguments do not go together with another signature for a signed file.",
            "署名済みファイルへの署名の追加では、この組合せの指定はできません。",
        ),
        (
            "Leave out what the message names.",
            "メッセージに示された指定を省いてください。",
        ),
    ),
    _entry(
        "addition.sequential",
        (
            "The signatures of a PDF are made one after the other; it has no counter-signatures and no parallel ones.",
            "PDF の署名は順番に付けるもので、副署や並列署名はありません。",
        ),
        (
            "Sign the signed PDF once more, as any other PDF.",
            "署名済みの PDF に、通常の方法でもう一度署名してください。",
        ),
    ),
    _entry(
        "addition.format",
        (
            "What another signature is for is no signed file of this format.",
            "署名を追加する対象が、この形式の署名済みファイルではありません。",
        ),
        (
            "Name the signed file and its format.",
            "署名済みファイルとその形式を指定してください。",
        ),
    ),
    _entry(
        "addition.no-such-signature",
        (
            "It is not clear which signature is to be countersigned.",
            "副署の対象となる署名を特定できません。",
        ),
        (
            "Name it by its id, as the report gives it.",
            "検証報告書にある識別子（signature-…）で指定してください。",
        ),
    ),
    _entry(
        "addition.broken",
        (
            "A signature that is there does not verify, so nothing is added to it.",
            "既にある署名の検証に失敗したため、署名を追加しませんでした。",
        ),
        (
            "Verify the file, and ask its sender for the unchanged one.",
            "ファイルを検証し、改変されていないものを送信者から受け取ってください。",
        ),
    ),
    _entry(
        "addition.content",
        (
            "What the signatures cover is not at hand, or is not what was signed.",
            "署名対象データが提示されていないか、署名時のものと異なります。",
        ),
        (
            "Present the signed content with covers=.",
            "署名対象データを covers= で指定してください。",
        ),
    ),
    _entry(
        "addition.covered",
        (
            "A time stamp covers the counter-signature as it stands; another one upon it would break the stamp.",
            "この副署はタイムスタンプの対象となっており、これに副署を加えるとタイムスタンプが無効になります。",
        ),
        (
            "Countersign the signature that carries it.",
            "その副署を含む元の署名に副署してください。",
        ),
    ),
)

ENTRIES: tuple[Entry, ...] = (
    *_ADDITIONS,
    _entry(
        "argument.content",
        ("The content is of a kind that cannot be used.", "内容の型が使えないものです。"),
        ("Pass bytes, a path or a binary stream.", "bytes、パス、またはバイナリストリームを渡してください。"),
    ),
    _entry(
        "argument.naive-time",
        ("A time has no time zone.", "時刻にタイムゾーンがありません。"),
        ("Use an aware datetime.", "タイムゾーン付きの datetime を使ってください。"),
    ),
    _entry(
        "argument.type",
        ("An argument is of the wrong type.", "引数の型が違います。"),
        ("Pass what the message names.", "メッセージに示された型の値を渡してください。"),
    ),
    _entry(
        "argument.unknown",
        ("An argument is not known.", "未知の引数です。"),
        (
            "Correct its name; the message lists the known ones.",
            "名前を修正してください。既知の引数はメッセージに示します。",
        ),
    ),
    _entry(
        "format.not-offered",
        ("There is no such format to sign in.", "その署名形式では署名できません。"),
        ("Use jades, cades or pades.", "jades、cades、pades のいずれかを使ってください。"),
    ),
    _entry(
        "level.unknown",
        ("There is no such level.", "その署名レベルはありません。"),
        ("Use B-B, B-T, B-LT or B-LTA.", "B-B・B-T・B-LT・B-LTA のいずれかを使ってください。"),
    ),
    _entry(
        "report.no-printer",
        (
            "Nothing on this machine can make a PDF of the report.",
            "報告書を PDF にするソフトウェアがありません。",
        ),
        (
            "Install toyono-trust[pdf-report] or Chromium, or ask for --format html.",
            "toyono-trust[pdf-report] または Chromium をインストールするか、--format html を指定してください。",
        ),
    ),
    _entry(
        "report.not-printed",
        ("The report could not be printed to PDF.", "報告書を PDF に出力できませんでした。"),
        (
            "Ask for --format html and print that page.",
            "--format html を指定し、そのページを印刷してください。",
        ),
    ),
    _entry(
        "level.no-stamp",
        (
            "A time-stamping authority is named, but the level asked for has no time stamp.",
            "時刻認証局が指定されていますが、指定された署名レベルではタイムスタンプを付与しません。",
        ),
        (
            "Ask for B-T, or leave the authority out.",
            "B-T を指定するか、時刻認証局の指定を省いてください。",
        ),
    ),
    _entry(
        "seal.natural-person",
        ("A seal cannot be made with a natural person's certificate.", "自然人の証明書では eシールを付与できません。"),
        ("Use sign(), or an organisation's certificate.", "sign() を使うか、組織の証明書を使ってください。"),
    ),
    _entry(
        "seal.website",
        ("A seal cannot be made with a web site's certificate.", "ウェブサイト証明書では eシールを付与できません。"),
        ("Use an organisation's seal certificate.", "組織の eシール用証明書を使ってください。"),
    ),
    _entry(
        "seal.unknown-kind",
        ("The certificate does not say whose it is.", "証明書から、誰のものか判断できません。"),
        (
            'If it is an organisation\'s, open it with kind="legal-person".',
            '組織の証明書であれば kind="legal-person" を指定して開いてください。',
        ),
    ),
    _entry(
        "signer.algorithm",
        (
            "No algorithm fits the key, the format and the policy at once.",
            "鍵、署名形式、検証ポリシーのすべてに合うアルゴリズムがありません。",
        ),
        ("Use another key, format or policy.", "別の鍵、形式、またはポリシーを使ってください。"),
    ),
    _entry(
        "signer.expired",
        ("The signer's certificate has expired.", "署名者の証明書は有効期限が切れています。"),
        ("Renew the certificate.", "証明書を更新してください。"),
    ),
    _entry(
        "signer.not-yet-valid",
        ("The signer's certificate is not yet valid.", "署名者の証明書はまだ有効期間に入っていません。"),
        ("Wait, or correct the clock.", "有効になるまで待つか、時計を合わせてください。"),
    ),
    _entry(
        "signer.usage",
        ("The certificate is not for signing documents.", "この証明書は文書の署名用ではありません。"),
        (
            "Use a certificate with the key usage digitalSignature or nonRepudiation.",
            "鍵用途が digitalSignature または nonRepudiation の証明書を使ってください。",
        ),
    ),
    _entry(
        "signer.wrong-signature",
        ("The key returned a signature that does not fit the certificate.", "鍵が返した署名値が証明書と合いません。"),
        ("Check that certificate and key belong together.", "証明書と鍵の組み合わせを確認してください。"),
    ),
)
