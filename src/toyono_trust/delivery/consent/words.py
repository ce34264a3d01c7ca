"""What a resident's receipt says, in Japanese and English."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from toyono_trust.core.findings import Language
from toyono_trust.delivery.consent.artefact import Text

__all__ = ["LABELS", "OUTSIDE", "VERIFY", "date_and_time"]

LABELS: dict[str, Text] = {
    "title": Text("あなたのデータの提供についてのお知らせ", "Notice: your data was provided"),
    "sentence": Text(
        "{at}に、「{provider}」から「{requester}」へ、「{purpose}」を目的として、あなたのデータが提供されました。",
        "On {at}, your data went from {provider} to {requester}. The purpose: {purpose}.",
    ),
    "at": Text("提供日時", "When"),
    "provider": Text("提供元", "From"),
    "requester": Text("提供先", "To"),
    "data": Text("提供されたデータ", "Data"),
    "purpose": Text("利用目的", "Purpose"),
    "consent": Text("同意の番号", "Consent"),
    "standing": Text("同意との関係", "Standing"),
    "covered": Text("あなたの同意の範囲内で提供されました。", "This was covered by your consent."),
    "outside": Text("この提供は、あなたの同意の範囲に含まれていませんでした。", "This was outside of your consent."),
    "objection": Text("お問い合わせ・異議の申出", "Questions and objections"),
    "verify": Text("このお知らせの確認方法", "How to check this notice"),
    "subject": Text("あなたを表す符号（仮名）", "You, by pseudonym"),
    "exchange": Text("データ連携の番号", "Exchange"),
    "identifier": Text("お知らせの番号", "Notice"),
    "issued": Text("発行日時", "Issued"),
    "issuer": Text("発行者", "Issued by"),
}

OUTSIDE: dict[str, Text] = {
    "consent.other": Text("別の同意に基づくものとされています。", "Another consent was named for it."),
    "consent.subject-differs": Text("同意した本人と異なる方のデータです。", "The data is another person's."),
    "consent.requester-differs": Text("同意した提供先ではありません。", "You did not allow this recipient."),
    "consent.provider-differs": Text("同意した提供元ではありません。", "You did not allow this provider."),
    "consent.purpose-differs": Text("同意した利用目的ではありません。", "You did not allow this purpose."),
    "consent.data-type": Text("同意していない種類のデータが含まれています。", "You did not allow all of the data."),
    "consent.not-yet": Text("同意の有効期間が始まる前でした。", "Your consent did not hold yet."),
    "consent.expired": Text("同意の有効期間が終了していました。", "Your consent had run out."),
    "consent.revoked": Text("同意は撤回されていました。", "You had taken your consent back."),
    "consent.revocation-unclear": Text(
        "同意が撤回されていた可能性があります。", "You may have taken your consent back."
    ),
    "consent.too-often-day": Text("同意した1日の回数を超えていました。", "It was more often than allowed for a day."),
    "consent.too-often-month": Text(
        "同意した1か月の回数を超えていました。", "It was more often than allowed for a month."
    ),
    "consent.too-often-year": Text("同意した1年の回数を超えていました。", "It was more often than allowed for a year."),
    "consent.too-often-consent": Text("同意した回数を超えていました。", "It was more often than allowed."),
    "consent.zone-unknown": Text("同意した回数を確認できませんでした。", "How often was allowed could not be told."),
}
"""Why an exchange was outside, said to the resident."""

VERIFY = Text(
    "このお知らせの電子データには、発行者のeシールが付いています。toyono-verify などの検証プログラムで、"
    "改ざんされていないことと発行者を確認できます。",
    "The electronic form of this notice is sealed by its issuer. A verification program such as toyono-verify shows "
    "who issued it and that nothing was changed.",
)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def date_and_time(at: datetime, language: Language, zone: tzinfo) -> str:
    """A time as people write it, in a zone that is named."""
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first or last day of the calendar, elsewhere
        local = at.astimezone(UTC)
    name = local.tzname() or ""
    if language == "ja":
        called = {"JST": "日本時間", "UTC": "協定世界時"}.get(name, name)
        day = f"{local.year}年{local.month}月{local.day}日"
        return f"{day} {local.hour}時{local.minute:02}分{local.second:02}秒（{called}）"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M:%S} {name}"
