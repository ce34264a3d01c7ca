"""Findings about several receipts of one message; rows that ``receipt`` joins with its own."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_CLAUSE = "EN 319 522-1 6"
_MESSAGE = "EN 319 522-2 8 (M01)"
_CONTENT = "EN 319 522-2 8 (M02)"
_ASK = (
    "Ask the services that issued them which receipt is right.",
    "どの配達証拠（受領証）が正しいか、発行した配達サービスに確認してください。",
)
_COMPLETE = (
    "Obtain the missing receipt from the service that issued it.",
    "不足している配達証拠（受領証）を、発行した配達サービスから入手してください。",
)


def _row(
    code: str, level: FindingLevel, sub: str | None, clause: str, en: str, ja: str, remedy: tuple[str, str]
) -> Entry:
    return Entry(f"receipt.{code}", level, sub, clause, (en, ja), remedy)


def _contradicts(code: str, clause: str, en: str, ja: str, remedy: tuple[str, str] = _ASK) -> Entry:
    """Each receipt is sound alone: which of them is wrong cannot be said."""
    return _row(code, "fail", "SIG_CONSTRAINTS_FAILURE", clause, en, ja, remedy)


_TOGETHER = (
    _row(
        "set-member-unproven", "warn", None, _CLAUSE,
        "The receipt {subject} ({event}) does not pass and counts for nothing ({indication}).",
        "配達証拠 {subject}（{event}）は検証に合格しないため（{indication}）、考慮されません。",
        ("See the report on this receipt.", "この配達証拠（受領証）の検証レポートを確認してください。"),
    ),
    _row(
        "set-not-a-receipt", "warn", None, _CLAUSE,
        "File {subject} of those that are no receipts counts for nothing.",
        "配達証拠（受領証）ではないファイル（{subject} 番目）は考慮されません。",
        ("Leave it out, or present the receipt with its seal.", "除外するか、eシールとともに提示してください。"),
    ),
    _row(
        "set-copy", "inform", None, "EN 319 522-2 8 (G01)",
        "The evidence {subject} is there twice and counts once.",
        "配達証拠 {subject} が重複しており、1件として扱います。",
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    _contradicts(
        "set-identifier-twice", "EN 319 522-2 8 (G01)",
        "Two receipts that say different things have the same identifier ({subject}).",
        "内容の異なる複数の配達証拠に、同じ識別子（{subject}）が付いています。",
    ),
    _contradicts(
        "set-message-differs", _MESSAGE,
        "The receipt {subject} is about another message ({value}).",
        "配達証拠 {subject} は、別のメッセージ（{value}）についてのものです。",
        ("Verify the receipts of each message alone.", "メッセージごとに分けて検証してください。"),
    ),
    _contradicts(
        "set-message-missing", _MESSAGE,
        "The receipt {subject} does not say which message it is about.",
        "配達証拠 {subject} に、どのメッセージについてのものか記載されていません。",
    ),
    _contradicts(
        "set-sender-differs", "EN 319 522-2 8 (I01)",
        "The receipt {subject} names another sender ({value}) than the others.",
        "配達証拠 {subject} の送信者（{value}）が、他の配達証拠と異なります。",
    ),
    _contradicts(
        "set-recipients-differ", "EN 319 522-2 8 (I05)",
        "The receipt {subject} names other recipients ({value}) than the others, or in another order.",
        "配達証拠 {subject} の受信者またはその順序（{value}）が、他の配達証拠と異なります。",
    ),
    _contradicts(
        "set-submission-time-differs", "EN 319 522-2 8.2.25 (M03)",
        "The receipt {subject} gives another time of submission ({value}) than the others.",
        "配達証拠 {subject} の差出しの時刻（{value}）が、他の配達証拠と異なります。",
    ),
    _row(
        "set-submission-time-missing", "warn", None, "EN 319 522-2 8.2.25 (M03)",
        "The receipt {subject} gives no time of submission.",
        "配達証拠 {subject} に差出しの時刻がありません。",
        ("Rely on the receipt of the submission for it.", "差出しの時刻は、差出しの配達証拠で確認してください。"),
    ),
    _contradicts(
        "set-content-differs", _CONTENT,
        "The receipt {subject} is about other content ({value}) than the others.",
        "配達証拠 {subject} のコンテンツ（{value}）が、他の配達証拠と異なります。",
    ),
    _row(
        "set-content-incomparable", "warn", None, _CONTENT,
        "The receipts name the part {subject} by different digest algorithms, so that they cannot be compared.",
        "部分 {subject} のハッシュ方式が配達証拠ごとに異なるため、相互に照合できません。",
        ("Present the delivered content.", "配達されたコンテンツを提示してください。"),
    ),
)  # fmt: skip

_EVENTS = (
    _contradicts(
        "set-outcomes-conflict", _CLAUSE,
        "The receipt {subject} says {first}, and the receipt {other} says {second}: both cannot be.",
        "配達証拠 {subject} は {first}、{other} は {second} としており、両立しません。",
    ),
    _row(
        "set-outcome-twice", "warn", None, _CLAUSE,
        "The receipt {subject} is a second one about {event}, which happens once.",
        "配達証拠 {subject} は、一度しか起こらない事象 {event} についての2件目です。",
        _ASK,
    ),
    _contradicts(
        "set-order", _CLAUSE,
        "{event} (receipt {subject}) and {before} (receipt {other}) happened in the wrong order.",
        "配達証拠 {subject} の事象 {event} と、{other} の事象 {before} の時刻の前後関係が正しくありません。",
    ),
    _contradicts(
        "set-after-end", _CLAUSE,
        "The receipt {subject} says {event}, though the delivery had ended with {end} (receipt {other}).",
        "配達が {end}（配達証拠 {other}）で終了しているのに、配達証拠 {subject} は {event} としています。",
    ),
    _contradicts(
        "set-after-expiration", "EN 319 522-2 6 (MD03)",
        "The receipt {subject} says {event} after the message had expired.",
        "配達証拠 {subject} の事象 {event} は、メッセージの有効期限の経過後です。",
    ),
    _contradicts(
        "set-expiry-early", "EN 319 522-2 6 (MD03)",
        "The receipt {subject} says that the recipient's time had run out, and it had not.",
        "配達証拠 {subject} は期限切れとしていますが、期限はまだ到来していませんでした。",
    ),
    _row(
        "set-link-missing", "fail", "SIGNED_DATA_NOT_FOUND", _CLAUSE,
        "The receipt {subject} says {event}, which presupposes {missing}, and there is no receipt of that.",
        "配達証拠 {subject} の事象 {event} の前提となる {missing} の配達証拠がありません。",
        _COMPLETE,
    ),
    _contradicts(
        "set-issuer-differs", "EN 319 522-2 8 (R02)",
        "The receipt {subject} ({event}) was issued by a service ({issuer}) that has no part in this delivery.",
        "配達証拠 {subject}（{event}）の発行者（{issuer}）は、この配達に関与していないサービスです。",
    ),
    _row(
        "set-previous-missing", "fail", "SIGNED_DATA_NOT_FOUND", _CLAUSE,
        "The receipt {subject} follows the receipt {previous}, which is not there.",
        "配達証拠 {subject} の直前の配達証拠 {previous} がありません。",
        _COMPLETE,
    ),
    _contradicts(
        "set-previous-differs", _CLAUSE,
        "The receipt {subject} follows a receipt {previous} that said something else.",
        "配達証拠 {subject} が直前のものとする {previous} は、提示されたものと内容が異なります。",
    ),
    _contradicts(
        "assurance-too-low", "EN 319 522-2 6 (MD04)",
        "In the receipt {subject} a party was not known as surely as required ({level}).",
        "配達証拠 {subject} の当事者の本人確認が、求められる保証レベル（{level}）に達していません。",
        ("Ask for the delivery to be repeated at the required level.", "必要な保証レベルでの再配達を求めてください。"),
    ),
)  # fmt: skip

_CALLING = (
    Entry(
        "receipt.set-empty", "fail", None, _CLAUSE,
        ("There are no receipts to verify.", "検証する配達証拠（受領証）がありません。"),
        ("Give the receipts of one message.", "一つのメッセージの配達証拠（受領証）を指定してください。"),
    ),
    Entry(
        "receipt.set-too-many", "fail", None, _CLAUSE,
        ("There are more receipts than one message has.", "一つのメッセージとしては配達証拠（受領証）が多すぎます。"),
        ("Verify the receipts of each message alone.", "メッセージごとに分けて検証してください。"),
    ),
)  # fmt: skip

ROWS: tuple[Entry, ...] = (*_TOGETHER, *_EVENTS, *_CALLING)
