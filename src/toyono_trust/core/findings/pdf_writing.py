"""Findings of the area PDF: what refuses a signature to be written (EN 319 142-1 6.3, ISO 32000-2 12.7 and 12.8)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_PADES = "EN 319 142-1 6.3"
_PDF = "ISO 32000-2 12.8"


def _refusal(code: str, text: tuple[str, str], remedy: tuple[str, str], clause: str = _PDF) -> Entry:
    return Entry(code, "fail", None, clause, text, remedy)


WRITING: tuple[Entry, ...] = (
    _refusal(
        "pdf.no-pdf",
        ("The content is no PDF.", "内容が PDF ではありません。"),
        ("Sign other files as cades or jades.", "PDF 以外のファイルには cades または jades を使ってください。"),
    ),
    Entry(
        "pdf.not-extensible",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 7.5.6",
        (
            "The structure of the PDF cannot be read strictly, so that nothing can be added to it.",
            "PDF の構造を厳密に読み取れないため、署名を追記できません。",
        ),
        (
            "Repair the document first, for instance with qpdf, or save it anew.",
            "qpdf などで修復するか、文書を保存し直してから署名してください。",
        ),
    ),
    _refusal(
        "pdf.encryption",
        (
            "The document is encrypted in a way in which it cannot be extended here.",
            "この暗号化方式の文書には、ここでは追記できません。",
        ),
        ("Sign the document before it is encrypted.", "暗号化する前に署名してください。"),
        "ISO 32000-2 7.6",
    ),
    _refusal(
        "pdf.password-missing",
        ("The document is encrypted and needs a password.", "文書は暗号化されており、パスワードが必要です。"),
        ("Pass the user's or the owner's password.", "利用者または所有者のパスワードを指定してください。"),
        "ISO 32000-2 7.6.4",
    ),
    _refusal(
        "pdf.password-wrong",
        ("The password does not open the document.", "パスワードが違うため、文書を開けません。"),
        ("Pass the user's or the owner's password.", "利用者または所有者のパスワードを指定してください。"),
        "ISO 32000-2 7.6.4",
    ),
    _refusal(
        "pdf.details",
        ("The details are not those of a PDF.", "details が PDF 用のものではありません。"),
        ("Pass PdfDetails.", "PdfDetails を渡してください。"),
        _PADES,
    ),
    _refusal(
        "pdf.detached",
        ("A PAdES signature is always inside its document.", "PAdES 署名は必ず文書の中に格納されます。"),
        ("Leave detached out, or use cades.", "detached の指定を外すか、cades を使ってください。"),
        _PADES,
    ),
    _refusal(
        "pdf.content-type",
        ("The content type of a PDF is application/pdf.", "PDF のコンテンツタイプは application/pdf です。"),
        ("Leave the content type out.", "コンテンツタイプの指定を外してください。"),
        _PADES,
    ),
    _refusal(
        "pdf.reason",
        (
            "A reason stands neither beside a commitment nor beside a signature policy.",
            "署名理由は、コミットメントや署名ポリシーと同時には指定できません。",
        ),
        ("Leave one of them out.", "どちらか一方の指定を外してください。"),
        _PADES,
    ),
    _refusal(
        "pdf.text",
        ("A text is empty, too long, or has control characters.", "文字列が空か、長すぎるか、制御文字を含んでいます。"),
        ("Correct the text.", "文字列を修正してください。"),
        "ISO 32000-2 7.9.2",
    ),
    _refusal(
        "pdf.signature-size",
        (
            "The key returned a longer signature than keys of its kind do.",
            "鍵が返した署名値が、その種類の鍵としては長すぎます。",
        ),
        ("Check that certificate and key belong together.", "証明書と鍵の組み合わせを確認してください。"),
    ),
    _refusal(
        "pdf.field-signed",
        ("The signature field is signed already.", "指定した署名フィールドは署名済みです。"),
        ("Name another field, or none.", "別のフィールドを指定するか、指定を外してください。"),
        "ISO 32000-2 12.7.5.5",
    ),
    _refusal(
        "pdf.field-kind",
        ("The field is not one for signatures.", "指定したフィールドは署名用ではありません。"),
        ("Name another field, or none.", "別のフィールドを指定するか、指定を外してください。"),
        "ISO 32000-2 12.7.5.5",
    ),
    _refusal(
        "pdf.field-name",
        ("This is no name for a new field.", "新しいフィールドの名前として使えません。"),
        ("Use printable characters without a dot.", "ピリオドを含まない、表示可能な文字を使ってください。"),
        "ISO 32000-2 12.7.4.2",
    ),
    _refusal(
        "pdf.field-locked",
        ("A signature of the document locks this field.", "文書の既存の署名が、このフィールドを固定しています。"),
        ("Sign in a field that is not locked.", "固定されていないフィールドに署名してください。"),
        "ISO 32000-2 12.8.2.4",
    ),
    _refusal(
        "pdf.no-changes-allowed",
        (
            "A signature of the document allows no change after it, not even another signature.",
            "文書の既存の署名が、署名の追加を含め以後の変更を一切許可していません。",
        ),
        (
            "Sign the original anew with certify=2 first, or sign the file from outside with cades.",
            "元の文書に certify=2 で署名し直すか、cades でファイルの外側から署名してください。",
        ),
        "ISO 32000-2 12.8.2.2",
    ),
    _refusal(
        "pdf.new-appearance",
        (
            "A signature of the document allows fields to be filled in and signed, not new ones to be drawn on a page.",
            "文書の既存の署名が許可しているのはフィールドへの入力と署名だけで、ページへの新しい表示の追加は許可されていません。",
        ),
        (
            "Sign invisibly, or name a field that is there.",
            "不可視の署名にするか、既存のフィールドを指定してください。",
        ),
        "ISO 32000-2 12.8.2.2",
    ),
    _refusal(
        "pdf.certify-late",
        ("Only the first signature can certify a document.", "文書を証明（certify）できるのは最初の署名だけです。"),
        ("Leave certify out.", "certify の指定を外してください。"),
        "ISO 32000-2 12.8.2.2",
    ),
    _refusal(
        "pdf.certify-level",
        ("There is no such permission after certification.", "certify に指定できる値ではありません。"),
        (
            "Use 1 (no change), 2 (forms and signatures) or 3 (annotations too).",
            "1（変更不可）、2（フォーム入力と署名）、3（注釈も可）のいずれかを指定してください。",
        ),
        "ISO 32000-2 12.8.2.2",
    ),
    _refusal(
        "pdf.seed-value",
        (
            "The field demands of its signature what this one is not.",
            "フィールドが署名に求める条件を、この署名は満たしません。",
        ),
        ("Name another field, or none.", "別のフィールドを指定するか、指定を外してください。"),
        "ISO 32000-2 12.7.5.5",
    ),
    _refusal(
        "pdf.no-such-signature",
        ("The document has no signature of this number.", "この番号の署名が文書にありません。"),
        ("Count the signatures from 0.", "署名は 0 から数えて指定してください。"),
        "ISO 32000-2 12.7.5.5",
    ),
    _refusal(
        "pdf.store-full",
        (
            "The document would hold more validation data than readers take.",
            "文書に格納する検証データが、読み取れる上限を超えます。",
        ),
        ("Leave out what is no longer needed.", "不要になった検証データを除いてください。"),
        "EN 319 142-1 5.4.2",
    ),
    _refusal(
        "pdf.room",
        ("No time-stamp token has this size.", "タイムスタンプトークンの領域として使えない大きさです。"),
        ("Keep room for at most 1 MiB.", "1 MiB 以下の領域を指定してください。"),
        "EN 319 142-1 5.4.3",
    ),
    _refusal(
        "pdf.page",
        ("The document has no such page.", "指定したページが文書にありません。"),
        ("Name a page that it has; -1 is the last.", "文書にあるページを指定してください。-1 は最終ページです。"),
    ),
    _refusal(
        "pdf.box",
        (
            "The box of the visible signature is missing, too small, or not on the page.",
            "可視署名の枠が指定されていないか、小さすぎるか、ページの外にあります。",
        ),
        (
            "Give x, y, width and height in points within the page; leave it out where the field has a box.",
            "ページ内に収まる x、y、幅、高さをポイントで指定してください。枠を持つフィールドでは不要です。",
        ),
        "ISO 32000-2 12.5.5",
    ),
    _refusal(
        "pdf.font-missing",
        (
            "The page or the visible signature has characters that PDF's own fonts do not show.",
            "可視署名またはページに、PDF の標準フォントでは表示できない文字が含まれています。",
        ),
        (
            "Pass font= (--font) with a font that has them.",
            "その文字を含むフォントを font=（--font）で指定してください。",
        ),
        "ISO 32000-2 9.6.2.2",
    ),
    _refusal(
        "pdf.font-unreadable",
        ("The font cannot be used.", "フォントを利用できません。"),
        (
            "Use a TrueType or OpenType font that may be embedded.",
            "埋め込みが許可された TrueType または OpenType フォントを使ってください。",
        ),
        "ISO 32000-2 9.9",
    ),
    _refusal(
        "pdf.font-glyphs",
        ("The font lacks characters that are to be shown.", "表示する文字がフォントに含まれていません。"),
        ("Use another font.", "別のフォントを使ってください。"),
        "ISO 32000-2 9.9",
    ),
    _refusal(
        "pdf.font-extra",
        (
            "Embedding a font needs fontTools, which is not installed.",
            "フォントの埋め込みに必要な fontTools がありません。",
        ),
        ("Install toyono-trust[visible].", "toyono-trust[visible] をインストールしてください。"),
        "ISO 32000-2 9.9",
    ),
    _refusal(
        "tsa.token-size",
        (
            "The time stamp is much larger than the authority's last one, so that it did not fit twice.",
            "時刻認証局（TSA）のトークンが前回より大幅に大きく、再試行しても格納できませんでした。",
        ),
        ("Try again.", "もう一度試してください。"),
        "RFC 3161 2.4.2",
    ),
)
