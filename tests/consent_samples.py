"""A resident's consent: the town may give the care level to a care provider, three times a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from toyono_trust.delivery.consent import Consent, Limit, Organisation, Term, Text, Use, build
from toyono_trust.delivery.parties import jpki_pseudonym
from toyono_trust.formats.model import Party

KEY = bytes(range(32))
SUBJECT = jpki_pseudonym(1234567890, KEY)
OTHER = jpki_pseudonym(99, KEY)
TOWN = Organisation("NTRJP-1234567890123", Text("見本町", "Mihon Town"))
CARE = Organisation("NTRJP-2222222222222", Text("みほん介護サービス株式会社", "Mihon Care Services"))
PURPOSE = Term("urn:x:purpose:care-plan", Text("介護サービス計画の作成", "drawing up the care plan"))
LEVEL = Term("urn:x:data:care-level", Text("要介護度", "care level"))
PERIOD = Term("urn:x:data:care-period", Text("認定の有効期間", "period of certification"))
START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2027, 3, 31, 15, tzinfo=UTC)
AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HOW = Text(
    "見本町役場の窓口または電話（000-000-0000）で、いつでも撤回できます。",
    "At the town hall, or by telephone, at any time.",
)
OBJECT = Text(
    "お心当たりがない場合や異議がある場合は、見本町 個人情報相談窓口（電話 000-000-0000）へご連絡ください。",
    "If you do not know of this, or object to it, call Mihon Town, privacy desk (000-000-0000).",
)


def given(**changed: Any) -> Consent:
    arguments: dict[str, Any] = {
        "subject": SUBJECT,
        "requester": CARE,
        "provider": TOWN,
        "purpose": PURPOSE,
        "data_types": [LEVEL, PERIOD],
        "given": START - timedelta(days=1),
        "start": START,
        "end": END,
        "withdrawal": HOW,
        "limits": [Limit(3, "day")],
    }
    return build("urn:uuid:5f0c7a52-0000-4000-8000-00000000c001", **(arguments | changed))


def use(at: datetime = AT, number: int = 1, **changed: Any) -> Use:
    arguments: dict[str, Any] = {
        "exchange": f"urn:x:exchange:{number}",
        "at": at,
        "subject": Party(*SUBJECT[:2]),
        "requester": CARE.identifier,
        "provider": TOWN.identifier,
        "purpose": PURPOSE.code,
        "data_types": (LEVEL.code,),
        "consent": given().digest,
    }
    return Use(**(arguments | changed))
