"""What one side's records claim about each message: the rows that reconciliation compares.

A record is a manifest, a receipt, or the opening of a log's entry with one of them in it. Each claims something about
one or two messages: what parts they have, when they were submitted, who exchanged them under what, which receipts
there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.delivery import evidence as receipts_in_json
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.exchange.commitments import Commitment
from toyono_trust.delivery.exchange.manifest import (
    FORMAT,
    THIRD_PARTY,
    Digest,
    Identifier,
    Manifest,
    Message,
    Reference,
    manifest_of,
    receipt_digest,
    stated_parts,
)
from toyono_trust.errors import MalformedError

__all__ = ["Claims", "Record", "Row", "Side", "Source", "claimed", "rows_of"]

Record = bytes | Manifest | Evidence | Mapping[str, Any]
"""A manifest, a receipt in JSON, or an entry's opening ``{"evidence": …, "salt": …}``; as octets, object or value."""
Side = Literal["a", "b"]
Source = Literal["manifest", "receipt"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(NamedTuple):
    """What one record claims about one message.

    ``number``: of the record on its side, from 1. ``message``: what it is called. ``submitted``: µs since 1970, None
    where the record does not say. ``parts``: name to digest, ``""`` where there is none; None where the record says
    nothing of parts. ``terms``: parties, exchange, consent, contract and
    transports, of manifests alone. ``receipts``: identifier to digest and event; of a receipt itself alone.
    """

    side: Side
    number: int
    source: Source
    message: str
    submitted: int | None
    parts: dict[str, str] | None
    terms: dict[str, str]
    receipts: dict[str, str]

    def write(self) -> bytes:
        """One line, for a spool of our own."""
        return json.dumps(self, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Row:
        """A line that ``write`` made."""
        return cls(*json.loads(line))


class Claims(NamedTuple):
    """What a record claims. ``made``: when it, or its event, came to be (µs); ``rows``: one for each message."""

    source: Source
    made: int
    name: str
    rows: tuple[Row, ...]


def rows_of(side: Side, number: int, record: Record) -> Claims:
    """The claims of one record. Raises ``MalformedError`` for what is none."""
    if isinstance(record, Manifest):
        return _of_manifest(side, number, record)
    if isinstance(record, Evidence):
        return _of_receipt(side, number, record)
    # a value of the caller's is held to the same form: what no text can say would end a whole reconciliation
    value = json_loads(record if isinstance(record, bytes) else json_canonical(dict(record)))
    if isinstance(value, dict) and set(value) == {"evidence", "salt"}:
        value = value["evidence"]
    if isinstance(value, dict) and value.get("format") in (FORMAT, THIRD_PARTY):
        return _of_manifest(side, number, manifest_of(value))
    return _of_receipt(side, number, receipts_in_json.from_json(value))


def claimed(side: Side, records: Iterable[Record]) -> Iterator[Claims | int]:
    """The claims of all records of a side; the number of one that cannot be read."""
    for number, record in enumerate(records, 1):
        try:
            yield rows_of(side, number, record)
        except MalformedError:
            yield number


def _of_manifest(side: Side, number: int, manifest: Manifest) -> Claims:
    request, response = manifest.request, manifest.response
    terms = {
        "exchange": _text(manifest.exchange),
        "requester": _text(manifest.requester),
        "provider": _text(manifest.provider),
        **_referred("consent", manifest.consent),
        **_referred("contract", manifest.contract),
        **{f"transport {one.kind} {_text(one.identifier)}": "" for one in manifest.transport},
    }
    receipts: dict[str, dict[str, str]] = {"request": {}, "response": {}}
    for one in manifest.receipts:
        receipts[one.about][_text(one.identifier)] = f"{_digest(one.digest)} {one.event}"
    rows = [_row(side, number, request, terms, receipts["request"])]
    if response is not None:
        rows.append(_row(side, number, response, {"exchange": terms["exchange"]}, receipts["response"]))
    return Claims("manifest", _micro(manifest.at), rows[0].message, tuple(rows))


def _row(side: Side, number: int, message: Message, terms: dict[str, str], receipts: dict[str, str]) -> Row:
    parts = {_text(part.name): _digest(part.digest) for part in message.parts}
    return Row(side, number, "manifest", _text(message.identifier), _micro(message.at), parts, terms, receipts)


def _of_receipt(side: Side, number: int, found: Evidence) -> Claims:
    if found.message_identifier is None:
        raise MalformedError("receipt.set-message-missing", "the receipt does not say which message it is about")
    submitted = None if found.submission_time is None else _micro(found.submission_time.at)
    listed = {name: "" if one is None else _digest(one) for name, one in stated_parts(found)}
    parts = None if found.user_content_info is None else listed
    own = {found.evidence_identifier: f"{_digest(receipt_digest(found))} {found.erds_event_id}"}
    row = Row(side, number, "receipt", found.message_identifier, submitted, parts, {}, own)
    return Claims("receipt", _micro(found.event_time.at), found.message_identifier, (row,))


def _referred(name: str, found: Reference | None) -> dict[str, str]:
    if found is None:
        return {}
    return {name: f"{_text(found.identifier)} {'' if found.digest is None else _digest(found.digest)}".strip()}


def _text(value: Identifier) -> str:
    return f"commitment:{value.text}" if isinstance(value, Commitment) else value


def _digest(value: Digest | Commitment) -> str:
    return f"commitment:{value.text}" if isinstance(value, Commitment) else f"{value.algorithm}:{value.value.hex()}"


def _micro(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
