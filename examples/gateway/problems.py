"""From a finding to an HTTP answer: status by code or sub-indication, body as a problem of RFC 9457.

The type of a problem is ``/problems/CODE``, which this gateway serves: what the code means, and what to do.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from toyono_trust import NotVerified, TrustError
from toyono_trust.core.findings import table

__all__ = ["GATEWAY", "Refused", "explain", "problem", "status"]

GATEWAY = {
    "gateway.too-large": (
        413,
        "The message is larger than is accepted.",
        "メッセージが受け付けられる大きさを超えています。",
    ),
    "gateway.not-one-content": (
        422,
        "The signature must cover exactly one content.",
        "署名対象は一つでなければなりません。",
    ),
    "gateway.no-time": (422, "The signature does not say when it was made.", "署名に署名時刻がありません。"),
    "gateway.too-old": (
        422,
        "The message was signed too long ago, or in the future.",
        "署名時刻が古すぎるか、未来の時刻です。",
    ),
    "gateway.repeated": (409, "This message was taken already.", "このメッセージは受付済みです。"),
}
"""What this gateway itself refuses: status, and why in English and Japanese."""

BY_CODE = {
    "format.unknown": 415,  # no signature at all
    "limits.size": 413,
    "limits.count": 413,
    "limits.work": 413,
    "require.no-signature": 422,
    "require.other-signer": 403,  # a valid signature, by somebody who is no partner
    "revocation.on-hold": 403,
    "revocation.missing": 503,  # ours to provide, as is revocation.stale, by its sub-indication
    "revocation.unusable": 503,
}
"""Codes that say more than their sub-indication."""

BY_SUB_INDICATION = {
    "FORMAT_FAILURE": 400,
    "HASH_FAILURE": 422,
    "SIG_CRYPTO_FAILURE": 422,
    "SIGNED_DATA_NOT_FOUND": 422,
    "SIG_CONSTRAINTS_FAILURE": 422,
    "CRYPTO_CONSTRAINTS_FAILURE": 422,
    "TRY_LATER": 503,  # our revocation data is too old: not the sender's fault
}
"""EN 319 102-1 table 6 in terms of HTTP. All others are about who signed: 403."""


class Refused(Exception):
    """Verified, and yet not taken. ``code`` is one of ``GATEWAY``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def status(error: TrustError) -> int:
    """The HTTP status of an error: 4xx is the sender's, 5xx is ours."""
    if not isinstance(error, NotVerified):
        return 503 if getattr(error, "retryable", False) else 500
    return BY_CODE.get(error.code) or BY_SUB_INDICATION.get(error.report.sub_indication or "", 403)


def problem(error: TrustError | Refused, japanese: bool) -> JSONResponse:
    """``application/problem+json``. Of a fault of ours only the code is told: details stay in the log."""
    if isinstance(error, Refused):
        number, *texts = GATEWAY[error.code]
        return _response(number, error.code, texts[japanese])
    number = status(error)
    if not isinstance(error, NotVerified):
        detail = "鍵またはタイムスタンプ局の障害です。" if japanese else "A service of ours failed."
        return _response(number, error.code, detail)
    finding = next((item for item in error.report.all_findings() if item.code == error.code), None)
    language = "ja" if japanese else "en"
    detail = finding.text_in(language) if finding else table()[error.code].text[japanese] if japanese else str(error)
    more: dict[str, Any] = {"indication": error.report.indication, "sub_indication": error.report.sub_indication}
    if finding is not None:
        more |= {"clause": finding.clause, "remedy": finding.remedy_in(language)}
    return _response(number, error.code, detail, more)


def _response(number: int, code: str, detail: str, more: dict[str, Any] | None = None) -> JSONResponse:
    titles = {400: "Malformed", 403: "Not accepted", 409: "Repeated", 413: "Too large", 415: "Not signed"}
    title = titles.get(number, "Not verified" if number < 500 else "Unavailable")
    body = {"type": f"/problems/{code}", "title": title, "status": number, "detail": detail, "code": code}
    headers = {"Retry-After": "60"} if number == 503 else None
    return JSONResponse(body | (more or {}), number, headers, media_type="application/problem+json")


def explain(code: str, japanese: bool) -> dict[str, str] | None:
    """What a code means; None where it is unknown."""
    if code in GATEWAY:
        return {"code": code, "text": GATEWAY[code][1 + japanese]}
    row = table().get(code)
    if row is None:
        return None
    return {"code": code, "clause": row.clause, "text": row.text[japanese], "remedy": row.remedy[japanese]}
