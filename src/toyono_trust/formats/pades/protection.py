"""What each document time stamp protects (EN 319 102-1 5.6.2.3, EN 319 142-1 5.4.3), and the stamps of VRI lists.

A document time stamp is over octets. It protects the signatures and time stamps of the revisions before it with all
that stands in them, and the validation data as its own revision has it: what a later one adds is not protected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from toyono_trust.core.algorithms import digest
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.model import Note, Signature, TimestampToken
from toyono_trust.formats.pades.history import Entry
from toyono_trust.formats.pades.scan import ByteRange
from toyono_trust.formats.pades.store import Store

__all__ = ["ReadStore", "Stamp", "Stored", "protect", "stamps_of_lists"]

_BROKEN = ("pdf.byte-range.", "pdf.contents.", "pdf.dictionary-")
"""With such notes a time stamp's range is not the whole revision but for its own value."""
ReadStore = Callable[[ByteRange], Store]


class Stamp(NamedTuple):
    """A document time stamp. ``store``: the validation data that it covers."""

    entry: Entry
    token: TimestampToken
    store: Store = Store()

    def follows(self, entry: Entry) -> bool:
        """Whether another entry's whole revision, its value included, lies in the first piece of the range."""
        own, other = self.entry.coverage, entry.coverage
        if own is None or other is None or entry.dictionary is None or not (own.readable and other.readable):
            return False
        return own.byte_range[1] >= max(other.end, entry.dictionary.end)


class Stored(NamedTuple):
    """A token out of a per-signature list, the number of the signature that it is of, and the list's key."""

    token: TimestampToken
    signature: int | None
    key: str


def protect(
    stamps: Sequence[Stamp],
    signatures: Sequence[tuple[Entry, Signature]],
    read_covered: ReadStore | None,
    stored: Sequence[Stored],
    work: Work,
) -> list[Stamp]:
    """The document time stamps, which stand in the order of their ranges, with what they cover.

    ``read_covered``: reads the validation data within a range; None where the file has none. ``stored``: tokens of
    per-signature lists.
    """
    keys = _Keys(work)
    finished: list[Stamp] = []
    for stamp in stamps:
        covered = stamp.entry.coverage
        notes = stamp.token.notes
        broken = any(note.code.startswith(_BROKEN) for note in notes)
        if covered is None or not covered.readable or not stamp.token.imprint_found or broken:
            finished.append(stamp)
            continue
        found: dict[bytes, None] = {}
        for entry, signature in signatures:
            if stamp.follows(entry):
                found |= dict.fromkeys(keys.of_signature(signature))
        for other in finished:  # a later range has all of an earlier one in it
            if stamp.follows(other.entry):
                found |= dict.fromkeys((*keys.of_token(other.token), *other.token.covers))
        store = Store()
        if read_covered is not None:
            try:
                store = read_covered(covered.byte_range)
            except WorkExceeded:
                raise
            except MalformedError as error:
                notes = (*notes, Note("pdf.store-malformed", "", {"reason": error.message}))
        found |= dict.fromkeys(keys.of_store(store, stored))
        work.spend("repeated-bytes", 32 * len(found))
        finished.append(stamp._replace(token=stamp.token._replace(covers=tuple(found), notes=notes), store=store))
    return finished


class _Keys:
    """SHA-256 of octets, computed once for each."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: dict[bytes, bytes] = {}

    def _of(self, *items: bytes) -> Iterator[bytes]:
        for octets in items:
            key = self._known.get(octets)
            if key is None:
                self._work.spend("hashed-bytes", len(octets))
                key = self._known[octets] = hashlib.sha256(octets).digest()
            yield key

    def of_signature(self, signature: Signature) -> Iterator[bytes]:
        """All that stands in the CMS of a signature."""
        yield from self._of(signature.value.wire, *signature.certificates)
        yield from self._of(*signature.crls, *signature.ocsp_responses)
        for token in signature.timestamps:
            yield from self.of_token(token)
        for counter in signature.counter_signatures:
            yield from self.of_signature(counter)

    def of_token(self, token: TimestampToken) -> Iterator[bytes]:
        """A token and all that stands in it."""
        yield from self._of(token.data)
        yield from self.of_signature(token.signer)

    def of_store(self, store: Store, stored: Sequence[Stored]) -> Iterator[bytes]:
        """Validation data, and the tokens among it."""
        yield from self._of(*store.certificates, *store.crls, *store.ocsp_responses)
        inside = {token for _, token in store.tokens}
        for item in stored:
            if item.token.data in inside:
                yield from self.of_token(item.token)


# -- per-signature lists


def stamps_of_lists(
    store: Store, signatures: Sequence[tuple[Entry, Signature]], read_token: ReadToken, work: Work
) -> list[Stored]:
    """The time stamps of VRI dictionaries (``/TS``, EN 319 142-1 5.4.2.3): over a signature value, as in the CMS.

    The imprint says of which signature one is, whatever the key of its list; where it is that of none, the key does.
    """
    found = []
    for key, data in store.tokens:
        token = read_token(Nested("signature", data, None))
        number = _by_imprint(token, signatures, work)
        intact = number is not None
        if number is None:
            number = _by_key(key, signatures, work)
        if number is not None and token.imprint:
            token = token._replace(imprint_found=True, imprint_intact=intact)
        found.append(Stored(token, number, key))
    return found


def _by_imprint(token: TimestampToken, signatures: Sequence[tuple[Entry, Signature]], work: Work) -> int | None:
    for number, (_, signature) in enumerate(signatures):
        value = signature.value.wire
        if not token.imprint or not value:
            continue
        work.spend("repeated-bytes", len(value))
        try:
            if digest(token.imprint_algorithm, value) == token.imprint:
                return number
        except MalformedError:  # a digest that is not known here
            return None
    return None


def _by_key(key: str, signatures: Sequence[tuple[Entry, Signature]], work: Work) -> int | None:
    """By the SHA-1 of ``/Contents``: its octets as they stand or without padding, or the hexadecimal digits."""
    for number, (entry, _) in enumerate(signatures):
        if entry.coverage is None:
            continue
        padded = entry.coverage.contents
        work.spend("repeated-bytes", 4 * len(padded))
        forms = (padded, padded.rstrip(b"\0"), padded.hex().encode("ascii"), padded.hex().upper().encode("ascii"))
        if key.upper() in {digest("sha1", form).hex().upper() for form in forms}:
            return number
    return None
