"""Findings about a resident's consent: why an exchange is outside of it; what is no consent."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_RECORD = "ISO/IEC TS 27560"
_LAW = "個人情報保護法 27"
_STOP = (
    "Do not exchange the data, or ask the resident for a consent that covers it.",
    "データを提供しないか、これを含む同意を本人から得てください。",
)


def _row(code: str, sub: str | None, clause: str, en: str, ja: str, remedy: tuple[str, str] = _STOP) -> Entry:
    return Entry(f"consent.{code}", "fail", sub, clause, (en, ja), remedy)


def _outside(code: str, en: str, ja: str, remedy: tuple[str, str] = _STOP) -> Entry:
    return _row(code, "SIG_CONSTRAINTS_FAILURE", _LAW, en, ja, remedy)


_USE = (
    _row(
        "argument", None, _RECORD,
        "An argument for a consent makes no sense.", "同意に関する引数が正しくありません。",
        ("Correct the argument that the message names.", "メッセージに示された引数を修正してください。"),
    ),
    _row(
        "subject", None, _RECORD,
        "A resident is named by something else than a pseudonym.", "本人が仮名以外の識別子で示されています。",
        ("Use a pseudonym, best one derived from the Individual Number Card.",
         "公的個人認証に基づく仮名などを使ってください。"),
    ),
    _row(
        "individual-number", None, "番号法 19",
        "A text holds what looks like an Individual Number.", "個人番号と思われる12桁の数字が含まれています。",
        ("Take it out; the law forbids to hand it on.", "法令により提供が制限されているため、取り除いてください。"),
    ),
    _row(
        "malformed", "FORMAT_FAILURE", _RECORD,
        "This is no consent, revocation or notice to a resident.",
        "同意・撤回・本人への通知のいずれの形式でもありません。",
        ("Ask who made it for it again.", "作成者に再度の提供を求めてください。"),
    ),
)  # fmt: skip

_COVERAGE = (
    _outside(
        "other", "The exchange was made under another consent than {subject}.",
        "このデータ連携は、同意 {subject} とは別の同意に基づくものとされています。",
        ("Present the consent that the exchange names.", "データ連携に記載された同意を提示してください。"),
    ),
    _outside(
        "subject-differs", "The consent is another resident's than the one whose data was exchanged ({subject}).",
        "データの本人（{subject}）が、同意した本人と異なります。",
    ),
    _outside(
        "requester-differs", "The consent does not allow {subject} to have the data.",
        "提供先 {subject} への提供は、同意の範囲に含まれません。",
    ),
    _outside(
        "provider-differs", "The consent does not allow {subject} to provide the data.",
        "提供元 {subject} からの提供は、同意の範囲に含まれません。",
    ),
    _outside(
        "purpose-differs", "The consent is for another purpose than {subject}.",
        "利用目的 {subject} は、同意の範囲に含まれません。",
    ),
    _outside(
        "data-type", "The consent does not cover this type of data: {subject}.",
        "データの種類 {subject} は、同意の範囲に含まれません。",
    ),
    _outside(
        "not-yet", "The consent {subject} holds from {start} on only.",
        "同意 {subject} は、{start} 以降に限り有効です。",
        ("Wait until the consent holds.", "同意の有効期間が始まるまで待ってください。"),
    ),
    _outside(
        "expired", "The consent {subject} held until {end}.", "同意 {subject} の有効期間は {end} に終了しています。",
        ("Ask the resident for a new consent.", "本人から改めて同意を得てください。"),
    ),
    _outside(
        "revoked", "The resident revoked the consent {subject} from {start} on.",
        "同意 {subject} は、{start} 以降について本人により撤回されています。",
        ("Exchange no more data under it.", "この同意に基づくデータの提供を止めてください。"),
    ),
    _outside(
        "revocation-unclear", "A revocation nearly names the consent {subject}: its digest or resident differs.",
        "同意 {subject} に対するものと思われる撤回がありますが、ハッシュ値または本人が一致しません。",
        ("Ask the resident what was to be revoked.", "何を撤回する意思であったか、本人に確認してください。"),
    ),
    _outside(
        "too-often-day", "The consent {subject} allows {count} exchanges a day, and these were made.",
        "同意 {subject} で認められた1日の回数（{count} 回）に達しています。",
        ("Wait for the next day.", "翌日まで待ってください。"),
    ),
    _outside(
        "too-often-month", "The consent {subject} allows {count} exchanges a month, and these were made.",
        "同意 {subject} で認められた1か月の回数（{count} 回）に達しています。",
        ("Wait for the next month.", "翌月まで待ってください。"),
    ),
    _outside(
        "too-often-year", "The consent {subject} allows {count} exchanges a year, and these were made.",
        "同意 {subject} で認められた1年の回数（{count} 回）に達しています。",
        ("Wait for the next year.", "翌年まで待ってください。"),
    ),
    _outside(
        "too-often-consent", "The consent {subject} allows {count} exchanges, and these were made.",
        "同意 {subject} で認められた回数（{count} 回）に達しています。",
        ("Ask the resident for a new consent.", "本人から改めて同意を得てください。"),
    ),
    _outside(
        "zone-unknown", "The consent counts days in the time zone {subject}, which is not known on this machine.",
        "同意で日数を数えるタイムゾーン {subject} が、この環境では使えません。",
        ("Install time-zone data (package tzdata).", "タイムゾーンのデータ（tzdata パッケージ）を導入してください。"),
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = (*_USE, *_COVERAGE)
