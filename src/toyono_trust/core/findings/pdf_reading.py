"""Findings about signatures in PDF files as they are read (EN 319 142-1, ISO 32000-2 12.8, EN 319 102-1 5.2.2)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

__all__ = ["READING"]

_FORMAT = "EN 319 102-1 5.2.2"
_PADES = "EN 319 142-1 6.3"
_DICTIONARY = "ISO 32000-2 12.8.1"

_HOSTILE = (
    "Treat the file as hostile; ask its sender for another.",
    "悪意のあるファイルとして扱い、送信者に再送を求めてください。",
)
_UNCHANGED = ("Ask the sender for the file as it was signed.", "署名時のままのファイルを送信者に求めてください。")
_REVISION = (
    "Use the signed revision only, or ask the sender for the unchanged file.",
    "署名された版のみを使用するか、変更されていないファイルを送信者に求めてください。",
)
_NOTHING = ("Nothing needs to be done.", "対応は不要です。")

READING: tuple[Entry, ...] = (
    Entry(
        "pdf.structure",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        ("The structure of this PDF cannot be read ({reason}).", "この PDF の構造を読み取れません（{reason}）。"),
        _UNCHANGED,
    ),
    Entry(
        "pdf.no-signatures",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 12.7.5.5",
        ("The PDF holds no signature.", "この PDF には署名がありません。"),
        ("Check that this is the signed file itself.", "署名済みのファイルそのものを指定しているか確認してください。"),
    ),
    Entry(
        "pdf.encrypted",
        "inform",
        None,
        "ISO 32000-2 7.6",
        (
            "The PDF is encrypted and no password given opens it: only its signatures were read.",
            "この PDF は暗号化されており、指定されたパスワードでは開けません。署名だけを読み取りました。",
        ),
        ("Give its password.", "パスワードを指定してください。"),
    ),
    Entry(
        "pdf.store-malformed",
        "warn",
        None,
        "EN 319 142-1 5.4.2",
        (
            "Validation data of this PDF cannot be read and was left out ({reason}).",
            "この PDF の検証データに読み取れないものがあり、使用しませんでした（{reason}）。",
        ),
        _UNCHANGED,
    ),
    Entry(
        "pdf.several-fields",
        "inform",
        None,
        "ISO 32000-2 12.7.5.5",
        (
            "Another form field shows the same signature ({field}).",
            "別のフォームフィールド（{field}）が同じ署名を参照しています。",
        ),
        _NOTHING,
    ),
    Entry(
        "pdf.signature-unreferenced",
        "warn",
        None,
        "ISO 32000-2 12.7.5.5",
        (
            "The file holds {count} signatures that belong to no form field: removed ones, or those of a file inside.",
            "フォームフィールドに属さない署名が {count} 件あります（削除されたか、埋め込みファイルのもの）。",
        ),
        ("Ask the sender whether a signature was removed.", "署名が削除されていないか送信者に確認してください。"),
    ),
    Entry(
        "pdf.timestamp-type",
        "inform",
        None,
        "EN 319 142-1 5.4.3",
        (
            "A document time stamp is stored as a signature and was left out.",
            "署名として格納された文書タイムスタンプを対象外としました。",
        ),
        _NOTHING,
    ),
    Entry(
        "pdf.dictionary-malformed",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        ("A signature dictionary cannot be read.", "署名辞書を読み取れません。"),
        _UNCHANGED,
    ),
    Entry(
        "pdf.dictionary-duplicate",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 7.3.7",
        ("The signature dictionary has the entry {key} twice.", "署名辞書に {key} が二重に存在します。"),
        _HOSTILE,
    ),
    Entry(
        "pdf.dictionary-changed",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        (
            "The signature dictionary is not the one of the signed revision.",
            "署名辞書が、署名された時点のものと異なります。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.subfilter-refused",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 12.8.3.1",
        (
            "The signature format {subfilter} is outdated and is not verified.",
            "署名形式 {subfilter} は廃止されており、検証できません。",
        ),
        ("Ask for a PAdES signature.", "PAdES 形式での署名を求めてください。"),
    ),
    Entry(
        "pdf.subfilter-unknown",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        ("The signature format {subfilter} is not known.", "署名形式 {subfilter} には対応していません。"),
        ("Ask for a PAdES signature.", "PAdES 形式での署名を求めてください。"),
    ),
    Entry(
        "pdf.byte-range.missing",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        (
            "The signature does not say which octets it covers (/ByteRange is missing).",
            "署名の対象範囲（/ByteRange）がありません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.malformed",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        (
            "The covered range (/ByteRange) is not four whole numbers.",
            "署名の対象範囲（/ByteRange）が四つの整数ではありません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.invalid",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        (
            "The covered range ({range}) does not fit the file of {size} octets.",
            "署名の対象範囲（{range}）が {size} バイトのファイルに合いません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.gap",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        (
            "The gap of the covered range is not exactly the signature value: something may be hidden there.",
            "署名の対象外となる部分が署名値と一致しません。何かが隠されている可能性があります。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.dictionary",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        ("The signature does not cover its own dictionary.", "署名がその署名辞書自体を対象としていません。"),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.end",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        (
            "The covered range does not end where a revision of the file ends.",
            "署名の対象範囲の終わりが、ファイルの版の終わりと一致しません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.byte-range.overlap",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        ("The covered ranges of two signatures overlap.", "二つの署名の対象範囲が重なり合っています。"),
        _HOSTILE,
    ),
    Entry(
        "pdf.revision",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        (
            "The signed revision is not one of the revisions that the file consists of.",
            "署名された版が、ファイルを構成する版の中にありません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.contents.missing",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        ("The signature has no value (/Contents is missing).", "署名値（/Contents）がありません。"),
        _HOSTILE,
    ),
    Entry(
        "pdf.contents.malformed",
        "fail",
        "FORMAT_FAILURE",
        _DICTIONARY,
        (
            "The signature value (/Contents) is not one hexadecimal string.",
            "署名値（/Contents）が一つの十六進文字列ではありません。",
        ),
        _HOSTILE,
    ),
    Entry(
        "pdf.contents.unreadable",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        ("The signature value cannot be read as CMS: {reason}.", "署名値を CMS として読み取れません: {reason}"),
        _UNCHANGED,
    ),
    Entry(
        "pdf.contents.trailing",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        ("Something other than zeros follows the signature value.", "署名値の後ろにゼロ以外のデータがあります。"),
        _HOSTILE,
    ),
    Entry(
        "pdf.contents.signers",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        (
            "The signature value holds {count} signatures instead of one.",
            "署名値に一つではなく {count} 件の署名が含まれています。",
        ),
        (
            "Ask the sender for a file signed in the ordinary way.",
            "通常の方法で署名されたファイルを送信者に求めてください。",
        ),
    ),
    Entry(
        "pdf.contents.encapsulates",
        "fail",
        "FORMAT_FAILURE",
        _PADES,
        (
            "The signature value carries content of its own beside the document.",
            "署名値が、文書とは別に独自のデータを含んでいます。",
        ),
        ("Ask the sender which software signed this.", "どのソフトウェアで署名したか送信者に確認してください。"),
    ),
    Entry(
        "pdf.revocation-archive",
        "inform",
        None,
        "ISO 32000-2 12.8.3.3",
        (
            "The signer included revocation data ({crls} lists, {responses} OCSP responses).",
            "署名者が失効情報を同梱しています（CRL {crls} 件、OCSP 応答 {responses} 件）。",
        ),
        _NOTHING,
    ),
    Entry(
        "pdf.adobe-ltv",
        "inform",
        None,
        "ISO 32000-2 12.8.4.3",
        (
            "An ordinary PDF signature with validation data for the long term (Adobe's LTV): no PAdES level.",
            "長期検証用のデータ（Adobe の LTV）を伴う通常の PDF 署名です。PAdES の署名レベルには該当しません。",
        ),
        _NOTHING,
    ),
    Entry(
        "pdf.vri-timestamp",
        "inform",
        None,
        "EN 319 142-1 5.4.2.3",
        (
            "A time stamp in the validation data is of no signature of this file and was left out.",
            "検証データ内のタイムスタンプがどの署名のものでもないため、対象外としました。",
        ),
        _NOTHING,
    ),
    Entry(
        "pdf.changes.page-content",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        (
            "A later revision changed what the signed pages show.",
            "署名後の更新により、署名されたページの表示内容が変更されています。",
        ),
        _REVISION,
    ),
    Entry(
        "pdf.changes.overlay",
        "fail",
        "FORMAT_FAILURE",
        _FORMAT,
        (
            "A later revision draws over the signed pages, or removes what was drawn there (annotation, form field).",
            "署名後の更新により、署名されたページ上の描画（注釈、フォームフィールド）が追加または削除されています。",
        ),
        _REVISION,
    ),
    Entry(
        "pdf.changes.doc-mdp",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 12.8.2.2",
        (
            "A later revision changed more than the certifying signer permits (level {permitted}).",
            "署名後の更新が、認証署名者の許可（レベル {permitted}）を超えています。",
        ),
        _REVISION,
    ),
    Entry(
        "pdf.changes.field-mdp",
        "fail",
        "FORMAT_FAILURE",
        "ISO 32000-2 12.8.2.4",
        (
            "A later revision changed the form field {field}, which the signer has locked.",
            "署名者がロックしたフォームフィールド {field} が、署名後に変更されています。",
        ),
        _REVISION,
    ),
    Entry(
        "pdf.changes.form-filling",
        "inform",
        None,
        "ISO 32000-2 12.8.2.2",
        ("Form fields were filled in after signing.", "署名後にフォームへの入力が行われています。"),
        (
            "Compare with the signed revision where the entries matter.",
            "入力内容が重要な場合は、署名された版と比較してください。",
        ),
    ),
    Entry(
        "pdf.changes.annotations",
        "warn",
        None,
        _FORMAT,
        (
            "Annotations that cover nothing (notes, links) were changed after signing.",
            "署名後に、表示を覆わない注釈（メモやリンク）が変更されています。",
        ),
        ("Compare with the signed revision.", "署名された版と比較してください。"),
    ),
    Entry(
        "pdf.changes.other",
        "warn",
        None,
        _FORMAT,
        (
            "A later revision did something other than signing, archiving or form filling; the pages show the same.",
            "署名・長期保存・フォーム入力以外の変更が署名後に行われています。表示内容は同じです。",
        ),
        (
            "Compare with the signed revision, or ask the sender what was changed.",
            "署名された版と比較するか、変更内容を送信者に確認してください。",
        ),
    ),
    Entry(
        "pdf.changes.undetermined",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        _FORMAT,
        (
            "What was changed after signing cannot be determined ({reason}).",
            "署名後の変更内容を判定できません（{reason}）。",
        ),
        _REVISION,
    ),
)
