"""What the people and things of the demo sign. All of it is invented."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

__all__ = ["application", "forged_timetable", "notice", "observation", "register_extract", "timetable"]

JST = timezone(timedelta(hours=9), "JST")


def observation(at: datetime) -> bytes:
    """A river-level observation as an NGSI-LD entity (ETSI GS CIM 009)."""
    observed = at.astimezone(JST).isoformat(timespec="seconds")
    return _json(
        {
            "@context": "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld",
            "id": "urn:ngsi-ld:WaterLevelObserved:32473-waterlevel-0003",
            "type": "WaterLevelObserved",
            "waterLevel": {"type": "Property", "value": 3.82, "unitCode": "MTR", "observedAt": observed},
            "alertLevel": {"type": "Property", "value": "氾濫注意水位", "observedAt": observed},
            "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [137.0, 36.5]}},
        }
    )


def register_extract(at: datetime) -> bytes:
    """An extract from the residents' register."""
    return _json(
        {
            "title": "住民票の写し（見本）",
            "issuer": {"name": "見本町", "identifier": "NTRJP-9234567890123"},
            "issued": at.astimezone(JST).date().isoformat(),
            "person": {
                "familyName": "山里",
                "givenName": "花子",
                "birthDate": "1990-04-01",
                "address": "見本町中央一丁目1番1号",
            },
        }
    )


def application(at: datetime) -> bytes:
    """A resident's application."""
    return _json(
        {
            "title": "子育て支援給付金 申請書",
            "applicant": {"name": "山里 花子", "identifier": "IDCJP-00000001"},
            "amount": 30000,
            "account": "見本銀行 本店 普通 0000001",
            "date": at.astimezone(JST).date().isoformat(),
        }
    )


def notice() -> bytes:
    """A file of any kind; here a public notice."""
    return (
        "見本町告示第12号\n\n避難所の開設について\n\n"
        "次の避難所を開設します。\n  一　見本小学校体育館\n  二　中央公民館\n\n見本町長\n"
    ).encode()


def timetable() -> bytes:
    """A bus timetable in the manner of GTFS-JP."""
    return (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "weekday_0710,07:10:00,07:10:00,役場前,1\n"
        "weekday_0710,07:18:00,07:18:00,見本駅,2\n"
        "weekday_0710,07:31:00,07:31:00,病院口,3\n"
    ).encode()


def forged_timetable() -> bytes:
    """The timetable that a thief of the bus company's key seals."""
    return timetable().replace(b"07:18:00", b"23:18:00")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
