"""A log as one file, which is audited and opened elsewhere when its store is gone.

The file is text in UTF-8, one RFC 8785 JSON object a line:

====================  =========================================================================================
``format`` …          first: ``"toyono_trust/log-export/v1"``, ``log`` (verifier key), ``charter`` (base64, or not
                      there), ``size``, ``checkpoints`` and ``stamps`` (their numbers)
``entries``           base64 of up to 4,096 entries of 32 octets end to end, and ``first``, the index of the first
``checkpoint``        a signed note, and ``number``
``stamp``             ``number``, ``first``, ``size``; ``path``, ``token`` and ``digest`` in base64, as the store has
                      them
``end``               last: SHA-256 of all octets before this line, in hex; a file that was cut off has none
====================  =========================================================================================

Entries, checkpoints and stamps come in this order, each from the first to the last. Hashes of the tree are not in it:
they are made again from the entries. What it proves, the log's signatures and stamps in it prove, not its last line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from toyono_trust.core.canonical import b64_decode, b64_encode, json_canonical, json_loads
from toyono_trust.errors import MalformedError, UnavailableError
from toyono_trust.ledger.entry import ENTRY_SIZE
from toyono_trust.ledger.note import NoteKey
from toyono_trust.ledger.stores.base import (
    BATCH,
    PAGE,
    Description,
    KeptCheckpoint,
    KeptStamp,
    Store,
    are_hashes,
    corrupt,
    split,
)

__all__ = ["FORMAT", "begins_export", "export", "fill", "read_description"]

FORMAT = "toyono_trust/log-export/v1"
MAX_LINE = 1 << 23
"""Octets of a line; a note of a million octets, all of it escaped, has six millions."""
NOTES = 32
"""Checkpoints and stamps read at once."""


class Counts(NamedTuple):
    """How much there is in an export."""

    size: int
    checkpoints: int
    stamps: int


def export(store: Store) -> Iterator[bytes]:
    """The lines of a log's export, of the moment when iteration begins.

    Raises ``UnavailableError`` "ledger.corrupt" where something is missing: such a store is kept as it is.
    """
    description, head = store.description(), store.head()
    counts = Counts(head.size, head.checkpoints, head.stamps)
    total = sha256()
    for value in _values(store, description, counts):
        line = json_canonical(value) + b"\n"
        total.update(line)
        yield line
    yield json_canonical({"end": total.hexdigest()}) + b"\n"


def _values(store: Store, description: Description, counts: Counts) -> Iterator[dict[str, Any]]:
    first: dict[str, Any] = {"format": FORMAT, "log": description.key, **counts._asdict()}
    if description.charter:
        first["charter"] = b64_encode(description.charter)
    yield first
    for start in range(0, counts.size, PAGE):
        stop = min(start + PAGE, counts.size)
        rows = store.records(start, stop - start)
        if [row.position for row in rows] != list(range(start, stop)):
            raise corrupt(f"entries are missing between {start} and {stop}")
        if not are_hashes([row.entry for row in rows]):
            raise corrupt(f"an entry between {start} and {stop} is no hash")
        yield {"entries": b64_encode(b"".join([row.entry for row in rows])), "first": start}
    for kept in _all(store.checkpoints, counts.checkpoints, "checkpoint"):
        yield {"checkpoint": _note(kept), "number": kept.number, "size": kept.size}
    for stamp in _all(store.stamps, counts.stamps, "stamp"):
        octets = {"path": stamp.path, "token": stamp.token, "digest": stamp.digest}
        members = {name: b64_encode(value) for name, value in octets.items()}
        yield {"stamp": {"first": stamp.first, "size": stamp.size, **members}, "number": stamp.number}


def _note(kept: KeptCheckpoint) -> str:
    try:
        return str(kept.note, "utf-8")
    except (TypeError, UnicodeDecodeError):
        raise corrupt(f"checkpoint {kept.number} is no note") from None


def _all(page: Callable[[int, int], list[Any]], count: int, what: str) -> Iterator[Any]:
    """So many rows, numbered without gap."""
    number = 0
    while number < count:
        rows = page(number, min(NOTES, count - number))
        for row in rows:
            if row.number != number:
                break
            yield row
            number += 1
        if not rows or rows[-1].number != number - 1:
            raise corrupt(f"{what} {number} is missing")


def begins_export(octets: bytes) -> bool:
    """Whether a file with this first line claims to be an export."""
    return octets[:1] == b"{" and FORMAT.rpartition("/")[0].encode() in octets


def read_description(stream: BinaryIO) -> tuple[Description, Counts]:
    """What the first line says. Raises ``MalformedError`` "export.malformed"."""
    value = _line(stream.readline(MAX_LINE), None)
    if not {"format", "log", "size", "checkpoints", "stamps"} <= value.keys() or value["format"] != FORMAT:
        raise _malformed("its first line is not that of an export")
    counts = Counts(*(_number(value, name) for name in Counts._fields))
    key = NoteKey.parse(_text(value, "log"))
    charter = _octets(value, "charter") if "charter" in value else b""
    return Description(key.name, key.text, charter), counts


def fill(store: Store, stream: BinaryIO, advance: Callable[[int], None] = lambda done: None) -> None:
    """Put what an export holds into a new and empty store; ``stream`` stands at its beginning.

    What it holds is as it was, sound or not: audit it. Raises ``MalformedError`` "export.malformed" for what is no
    whole export; the store is of no use then.
    """
    total = sha256()
    stream.seek(0)
    _, counts = read_description(stream)
    stream.seek(0)
    total.update(stream.readline(MAX_LINE))
    size = 0
    waiting: list[bytes] = []
    while size < counts.size:
        value = _line(stream.readline(MAX_LINE), total)
        octets = _octets(value, "entries")
        if _number(value, "first") != size or not octets or len(octets) % ENTRY_SIZE:
            raise _malformed(f"the entries from {size} on are not there")
        size += len(octets) // ENTRY_SIZE
        if size > counts.size:
            raise _malformed("it has more entries than its first line says")
        waiting += split(octets)
        if len(waiting) >= BATCH or size == counts.size:  # however short the lines are, few commits
            for several in [waiting] if store.repeats else _distinct(waiting):
                store.append(several)
            waiting = []
            advance(size)
    for number in range(counts.checkpoints):
        value = _line(stream.readline(MAX_LINE), total)
        kept = KeptCheckpoint(_number(value, "number"), _number(value, "size"), _text(value, "checkpoint").encode())
        if kept.number != number or not _taken(store.add_checkpoint, kept):
            raise _malformed(f"checkpoint {number} is not there, or is beyond the entries")
    for number in range(counts.stamps):
        value = _line(stream.readline(MAX_LINE), total)
        if _number(value, "number") != number or not _taken(store.add_stamp, _stamp(number, value.get("stamp"))):
            raise _malformed(f"stamp {number} is not there, or is beyond the entries")
    end = total.hexdigest()
    if _line(stream.readline(MAX_LINE), None) != {"end": end} or stream.read(1):
        raise _malformed("it was cut off or changed, or goes on after its end")


def _taken(add: Callable[[Any], bool], kept: KeptCheckpoint | KeptStamp) -> bool:
    """Whether the store takes a row; one that contradicts its tables it does not."""
    try:
        return add(kept)
    except UnavailableError as error:
        if error.code != "ledger.corrupt":
            raise
        return False


def _stamp(number: int, value: Any) -> KeptStamp:
    if not isinstance(value, dict):
        raise _malformed(f"stamp {number} is none")
    path, token, digest = (_octets(value, name) for name in ("path", "token", "digest"))
    return KeptStamp(number, _number(value, "first"), _number(value, "size"), path, token, digest)


def _distinct(entries: Iterable[bytes]) -> Iterator[list[bytes]]:
    """In order, in parts that have no entry twice, as a store takes them."""
    part: dict[bytes, None] = {}
    for entry in entries:
        if entry in part:
            yield list(part)
            part = {}
        part[entry] = None
    if part:
        yield list(part)


def _line(octets: bytes, total: Any) -> dict[str, Any]:
    if not octets.endswith(b"\n"):
        raise _malformed("it is cut off, or a line is longer than accepted here")
    if total is not None:
        total.update(octets)
    value = json_loads(octets[:-1], max_bytes=MAX_LINE, max_depth=3)
    if not isinstance(value, dict):
        raise _malformed("a line is no object")
    return value


def _number(value: dict[str, Any], name: str) -> int:
    found = value.get(name)
    if type(found) is not int or not 0 <= found < 1 << 53:
        raise _malformed(f"a line has no number {name}")
    return found


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise _malformed(f"a line has no text {name}")
    return found


def _octets(value: dict[str, Any], name: str) -> bytes:
    return b64_decode(_text(value, name))


def _malformed(reason: str) -> MalformedError:
    return MalformedError("export.malformed", f"this is no whole export of a log: {reason}", "export the log again")
