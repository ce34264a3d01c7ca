"""Exchanges between a bus company and a town, with receipts about both messages, as each side recorded them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from delivery_samples import BUS, TOWN

from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.exchange import Manifest, Message, Transport, build, message, reference
from toyono_trust.delivery.receipts import build as build_receipt

START = datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC)
APART = timedelta(minutes=5)
SECRET = bytes(range(32))
CONSENT, CONTRACT = b'{"consent":1}', b"%PDF contract"


def asked(number: int) -> Message:
    parts = {"request.json": f"request {number}".encode(), "form.xml": b"<form/>"}
    return message(f"urn:x:request:{number}", parts, START + number * APART)


def answered(number: int) -> Message:
    return message(
        f"urn:x:response:{number}",
        {"answer.json": f"answer {number}".encode()},
        START + number * APART + timedelta(seconds=2),
    )


def receipt(event: str, of: Message, identifier: str, **changed: Any) -> Evidence:
    """A receipt about a message, from digests alone."""
    arguments: dict[str, Any] = {
        "issuer": TOWN,
        "event_time": of.at + timedelta(seconds=1),
        "sender": BUS,
        "recipients": [TOWN.identifier],
        "message_id": of.identifier,
        "parts": {part.name: tuple(part.digest) for part in of.parts},
        "identifier": identifier,
        "policy": "1.2.3",
        "submission_time": of.at,
    }
    return build_receipt(event, **(arguments | changed))


def receipts(number: int) -> list[Evidence]:
    request, response = asked(number), answered(number)
    return [
        receipt("SubmissionAcceptance", request, f"urn:x:receipt:{number}-1"),
        receipt("ContentHandover", request, f"urn:x:receipt:{number}-2"),
        receipt("ContentHandover", response, f"urn:x:receipt:{number}-3"),
    ]


def exchanged(number: int, late: timedelta = timedelta(), **changed: Any) -> Manifest:
    """One side's manifest; the other's clock is ``late``."""
    arguments: dict[str, Any] = {
        "at": START + number * APART + timedelta(seconds=4) + late,
        "requester": BUS,
        "provider": TOWN.identifier,
        "request": asked(number)._replace(at=asked(number).at),
        "response": answered(number),
        "receipts": receipts(number),
        "consent": reference("urn:x:consent", CONSENT),
        "contract": reference("contract-7", CONTRACT),
        "transport": [Transport("as4", f"{number}@bus.example")],
    }
    return build(f"urn:x:exchange:{number}", **(arguments | changed))


class Book(NamedTuple):
    """What one side keeps, in order."""

    manifests: list[Manifest]
    receipts: list[Evidence]

    @property
    def records(self) -> list[Any]:
        return [*self.manifests, *self.receipts]

    def changed(self, change: Callable[[Book], None]) -> Book:
        copy = Book(list(self.manifests), list(self.receipts))
        change(copy)
        return copy


def book(count: int, late: timedelta = timedelta()) -> Book:
    return Book(
        [exchanged(number, late) for number in range(count)],
        [one for number in range(count) for one in receipts(number)],
    )
