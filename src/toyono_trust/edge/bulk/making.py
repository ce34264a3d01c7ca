"""Making an index file: dates, counterparties and amounts out of receipts and signed JSON, found by JSON pointers.

Nothing is verified here. An index is a claim; it is the records that are verified.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.sealed import read
from toyono_trust.edge.bulk.case import signed_of
from toyono_trust.edge.bulk.folder import Folder
from toyono_trust.edge.bulk.index import COLUMNS, MAX_FIELD, is_inside
from toyono_trust.edge.bulk.record import SIGNED, Item, utc
from toyono_trust.edge.bulk.selection import amount_of, date_of, day_of
from toyono_trust.edge.bulk.sheets import BYTE_ORDER_MARK, inert
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.model import Facts, ReceiptFacts
from toyono_trust.validation.render import safe

__all__ = ["MAX_JSON", "Pointers", "Row", "is_pointer", "pointed", "rows", "written"]

MAX_JSON = 16 << 20
"""Octets of a JSON document in which fields are looked for."""
_POINTER = re.compile(r"(/([^/~]|~[01])*)*")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Pointers(NamedTuple):
    """JSON pointers (RFC 6901) into what is signed; empty where the field is not looked for."""

    date: str = ""
    counterparty: str = ""
    amount: str = ""
    currency: str = ""
    kind: str = ""


class Row(NamedTuple):
    """A row of an index. ``missing``: columns that were asked for and were not found, or cannot be used."""

    file: str
    date: str = ""
    counterparty: str = ""
    amount: str = ""
    currency: str = ""
    kind: str = ""
    missing: tuple[str, ...] = ()


def is_pointer(text: str) -> bool:
    """Whether a text is a JSON pointer (RFC 6901 3)."""
    return _POINTER.fullmatch(text) is not None


def pointed(value: Any, pointer: str) -> Any:
    """What a pointer leads to (RFC 6901 4); None where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def rows(folder: Folder, pointers: Pointers, zone: tzinfo, own: str = "") -> Iterator[Row]:
    """A row for each record of the folder. ``own``: identifier of whoever keeps them; a receipt's other side counts.

    What has a name that no index can have, or cannot be read, has a row too: verification then names it.
    """
    for name in folder.candidates():
        record = folder.record(name)
        try:
            data = signed_of(Item(record.path))
            content = None if record.content is None else signed_of(Item(record.content))
        except OSError:
            yield Row(name, missing=("file",))
            continue
        facts = read(data, _contents(content), Work())
        signed = isinstance(facts, Facts) and (facts.signatures or facts.timestamps)
        known = facts.kind is not None and not (folder.is_covered(name) and not signed)
        if not known and not name.endswith(SIGNED):
            continue
        if not is_inside(name):
            yield Row(name, missing=("file",))
            continue
        yield _row(name, facts if isinstance(facts, Facts) else None, pointers, zone, own)


def _contents(content: bytes | Content | None) -> Contents:
    if content is None:
        return NO_CONTENTS
    return Contents(BytesContent(content) if isinstance(content, bytes) else content)


def _row(name: str, facts: Facts | None, pointers: Pointers, zone: tzinfo, own: str) -> Row:
    found = _of_receipt(facts.receipt, zone, own) if facts is not None and facts.receipt is not None else {}
    value = None if facts is None else _payload(facts)
    for column, pointer in pointers._asdict().items():
        if pointer:
            text = _text(pointed(value, pointer), column)
            if text:
                found[column] = text
    wanted = {"date", *(column for column, pointer in pointers._asdict().items() if pointer)}
    return Row(name, **found, missing=tuple(column for column in COLUMNS if column in wanted and not found.get(column)))


def _of_receipt(receipt: ReceiptFacts, zone: tzinfo, own: str) -> dict[str, str]:
    """Day of the event and the other side: of the sender's receipts the recipients, of the recipients' the sender."""
    from toyono_trust.delivery.events import by_uri

    event = by_uri(receipt.event)
    moment = utc(receipt.event_time)
    sender = to_text(receipt.sender)
    others = [to_text(one) for one in receipt.recipients]
    return {
        "date": "" if moment is None else day_of(moment, zone).isoformat(),
        "counterparty": (" · ".join(others) if own and own == sender else sender)[:MAX_FIELD],
        "kind": receipt.event if event is None else event.name,
    }


def _payload(facts: Facts) -> Any:
    """What is signed, where it is one JSON document."""
    contents = [item.content for signature in facts.signatures[:1] for item in signature.objects]
    if len(contents) != 1 or contents[0] is None or contents[0].size > MAX_JSON:
        return None
    try:
        return json_loads(contents[0].bytes)
    except ValueError:
        return None


def _text(value: Any, column: str) -> str:
    """A field's text; of a date the day, of an amount a decimal number; empty where it is none."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
    if column == "date":
        day = _DAY.match(text)
        return "" if day is None or date_of(day[1]) is None else day[1]
    if column == "amount":
        amount = amount_of(text)
        return "" if amount is None else format(amount, "f")
    return safe(text)[:MAX_FIELD]


def written(found: Iterator[Row]) -> Iterator[str]:
    """The index file's text. People fill it in with spreadsheets, so that nothing in it is a formula to them.

    Reading it takes the apostrophe away that makes a name inert (``index.read_index``).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS[:6])
    yield BYTE_ORDER_MARK
    for row in found:
        writer.writerow([inert(cell) for cell in row[:6]])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
