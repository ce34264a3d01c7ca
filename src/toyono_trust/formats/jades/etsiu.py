"""The unsigned properties of JAdES: the unprotected header parameter ``etsiU``.

Standard: ETSI TS 119 182-1 V1.2.1, clause 5.3; imprints of its time stamps as in ades.md 1.2 and 1.4. The elements are
one-member objects, all in clear or all as base64url text; the texts are kept as they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import new_hash
from toyono_trust.core.canonical import b64_decode, b64url_decode, json_loads
from toyono_trust.core.limits import MAX_CERTIFICATES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.draft import Nested
from toyono_trust.formats.jades.payload import Chunks
from toyono_trust.formats.model import Note, TimestampType

_STAMPS: dict[str, TimestampType] = {
    "sigTst": "signature",
    "sigRTst": "validation-data",
    "rfsTst": "validation-data",
    "arcTst": "archive",
}
_READ = frozenset({*_STAMPS, "xVals", "axVals", "rVals", "arVals", "tstVD", "anyValData", "cSig"})
_KNOWN = _READ | {"sigPSt", "xRefs", "axRefs", "rRefs", "arRefs"}
NOT_BASELINE = frozenset({"xRefs", "axRefs", "rRefs", "arRefs", "sigRTst", "rfsTst"})
"""Elements that no baseline signature has (ades.md 1, levels)."""


class Unsigned(NamedTuple):
    """What was found in ``etsiU``: element names in order, tokens, counter-signatures, validation data."""

    names: tuple[str, ...]
    tokens: tuple[Nested, ...]
    counter_signatures: tuple[Any, ...]
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]
    notes: tuple[Note, ...]
    sound: bool


NOTHING = Unsigned((), (), (), (), (), (), (), True)


class _Collector:
    """What is gathered while the elements are read in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.tokens: list[Nested] = []
        self.counter_signatures: list[Any] = []
        self.certificates: dict[bytes, None] = {}
        self.crls: dict[bytes, None] = {}
        self.ocsp_responses: dict[bytes, None] = {}
        self.notes: list[Note] = []


def signing_prefix(covered: Chunks | None, protected: bytes, signature: bytes) -> Chunks | None:
    """What an archive time stamp covers before the ``etsiU`` elements (ades.md 1.4, steps 1 to 6)."""
    if covered is None:
        return None

    def chunks() -> Iterator[bytes]:
        yield from covered()
        yield b".%b.%b." % (protected, signature)

    return chunks


def hash_chunks(chunks: Chunks, work: Work, algorithm: str) -> bytes:
    """Digest over chunks, counted as work."""
    hasher = new_hash(algorithm)
    for chunk in chunks():
        work.spend("repeated-bytes", len(chunk))
        hasher.update(chunk)
    result: bytes = hasher.digest()
    return result


def read_etsiu(value: Any, signature: bytes, prefix: Chunks | None, work: Work) -> Unsigned:
    """Read all elements of ``etsiU``.

    ``signature``: the signature's base64url text, which ``sigTst`` covers. ``prefix``: see ``signing_prefix``.
    Never raises for what it reads; an element that cannot be read is noted and left out.
    """
    found = _Collector()
    if not isinstance(value, list) or not value:
        found.notes.append(Note("jades.etsiu-type"))
        return _result(found)
    encoded = [isinstance(element, str) for element in value]
    if any(encoded) and not all(encoded):
        found.notes.append(Note("jades.etsiu-mixed"))
        return _result(found)
    before: list[bytes] = []
    for element in value:
        named = _element(element, found)
        if named is not None:
            chunks = _archive_chunks(prefix, before, len(before)) if encoded[0] and named[0] == "arcTst" else None
            _take(named[0], named[1], signature, chunks, work, found)
        if encoded[0]:
            before.append(element.encode("utf-8"))
    return _result(found)


def _result(found: _Collector) -> Unsigned:
    notes = tuple(found.notes)
    return Unsigned(
        tuple(found.names),
        tuple(found.tokens),
        tuple(found.counter_signatures),
        tuple(found.certificates),
        tuple(found.crls),
        tuple(found.ocsp_responses),
        notes,
        all(note.code in _HARMLESS for note in notes),
    )


_HARMLESS = frozenset({"jades.archive-clear"})
"""Notes about ``etsiU`` with which a signature may still be of baseline."""


def _archive_chunks(prefix: Chunks | None, elements: list[bytes], count: int) -> Chunks | None:
    """The prefix and the first ``count`` of ``elements``, a list that is still growing."""
    if prefix is None:
        return None
    return lambda: _chain(prefix(), elements[:count])


def _chain(first: Iterable[bytes], then: Iterable[bytes]) -> Iterator[bytes]:
    yield from first
    yield from then


def _element(element: Any, found: _Collector) -> tuple[str, Any] | None:
    """Name and value of one element; None, noted, where it is no one-member object."""
    if isinstance(element, str):
        try:
            element = json_loads(b64url_decode(element))
        except MalformedError as error:
            found.notes.append(Note("jades.etsiu-element", "", {"reason": error.code}))
            return None
    if not isinstance(element, dict) or len(element) != 1:
        found.notes.append(Note("jades.etsiu-element", "", {"reason": "members"}))
        return None
    ((name, value),) = element.items()
    found.names.append(name)
    if name not in _KNOWN:
        found.notes.append(Note("jades.etsiu-unknown", name[:80], {"name": name[:80]}))
        return None
    return (name, value) if name in _READ else None


def _take(name: str, value: Any, signature: bytes, archived: Chunks | None, work: Work, found: _Collector) -> None:
    try:
        if name in _STAMPS:
            covered: Callable[[str], bytes] | None = None
            if name == "sigTst":
                covered = partial(hash_chunks, lambda: (signature,), work)
            elif archived is not None:
                covered = partial(hash_chunks, archived, work)
            elif name == "arcTst":
                found.notes.append(Note("jades.archive-clear"))
            found.tokens += read_container(value, _STAMPS[name], covered, MAX_TIMESTAMPS - len(found.tokens))
        elif name == "cSig":
            found.counter_signatures.append(value)
        elif name in ("xVals", "axVals"):
            _certificates(value, found)
        elif name in ("rVals", "arVals"):
            _revocations(value, found)
        else:
            if not isinstance(value, dict) or not value.keys() <= {"xVals", "rVals"}:
                raise ValueError
            if "xVals" in value:
                _certificates(value["xVals"], found)
            if "rVals" in value:
                _revocations(value["rVals"], found)
    except MalformedError as error:
        found.notes.append(Note("jades.etsiu-value", name, {"name": name, "reason": error.code}))
    except (ValueError, TypeError, KeyError):  # a member is missing or of another type
        found.notes.append(Note("jades.etsiu-value", name, {"name": name, "reason": "schema"}))


def read_container(
    value: Any, kind: TimestampType, covered: Callable[[str], bytes] | None, room: int = MAX_TIMESTAMPS
) -> list[Nested]:
    """The RFC 3161 tokens of a tstContainer. Raises ``ValueError``, ``TypeError``, ``KeyError`` where it is none."""
    if not isinstance(value, dict) or not value.keys() <= {"canonAlg", "tstTokens"}:
        raise ValueError
    tokens = value["tstTokens"]
    if not isinstance(tokens, list) or not 0 < len(tokens) <= room:
        raise ValueError
    return [Nested(kind, _pki_object(one, {"val", "type", "encoding", "specRef"}), covered) for one in tokens]


def _pki_object(value: Any, names: set[str]) -> bytes:
    """pkiOb: ``{val, encoding?, specRef?}`` with standard base64 of DER."""
    if not isinstance(value, dict) or not value.keys() <= names or not isinstance(value["val"], str):
        raise ValueError
    return b64_decode(value["val"])


_PKI_OBJECT = {"val", "encoding", "specRef"}


def _certificates(value: Any, found: _Collector) -> None:
    if not isinstance(value, list) or not value:
        raise ValueError
    for one in value:
        if not isinstance(one, dict) or len(one) != 1 or not one.keys() <= {"x509Cert", "otherCert"}:
            raise ValueError
        if "x509Cert" in one:
            found.certificates[_pki_object(one["x509Cert"], _PKI_OBJECT)] = None
    if len(found.certificates) > MAX_CERTIFICATES:
        raise ValueError


def _revocations(value: Any, found: _Collector) -> None:
    if not isinstance(value, dict) or not value.keys() <= {"crlVals", "ocspVals", "otherVals"}:
        raise ValueError
    for name, kept in (("crlVals", found.crls), ("ocspVals", found.ocsp_responses)):
        for one in value.get(name, ()):
            kept[_pki_object(one, _PKI_OBJECT)] = None
