"""What is still to come, in words: why a verdict will hold no longer (``Report.lapse``)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_RENEW = (
    "Renew the archive before then (augment to B-LTA).",
    "それまでにアーカイブを更新してください（B-LTA への延長）。",
)


def _row(code: str, en: str, ja: str) -> Entry:
    return Entry(code, "inform", None, "EN 319 102-1 5.6", (en, ja), _RENEW)


ENTRIES: tuple[Entry, ...] = (
    _row("ahead.certificate", "The certificate expires at {date}.", "証明書の有効期限は {date} までです。"),
    _row(
        "ahead.algorithm",
        "{algorithm} no longer counts as reliable from {end} on.",
        "{algorithm} は {end} 以降、安全なアルゴリズムとして扱われません。",
    ),
    _row(
        "ahead.algorithm-transitional",
        "{algorithm} is to be replaced, at the latest by {until}.",
        "{algorithm} は、遅くとも {until} までに移行が必要です。",
    ),
    _row("ahead.anchor", "Trust in the anchor ends at {date}.", "信頼の基点の信頼期間は {date} までです。"),
    _row(
        "ahead.revocation-issuer",
        "The certificate of {responder}, who signed the revocation data, expires at {date}.",
        "失効情報に署名した {responder} の証明書の有効期限は {date} までです。",
    ),
)
