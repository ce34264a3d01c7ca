"""What the time stamps inside ``etsiU`` cover: the octets under their imprints, and the things that they protect.

Standard: ETSI TS 119 182-1 V1.2.1, clauses 5.3.4 (sigTst), 5.3.6.2 (arcTst), A.1.5.1 (sigRTst) and A.1.5.2 (rfsTst).
The elements of ``etsiU`` stand in a hash as their base64url text as it was found; in clear they are canonicalized.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal, NamedTuple

from toyono_trust.core.algorithms import digest, new_hash
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.jades.pieces import Chunks, Pieces
from toyono_trust.formats.model import Note, Signature, TimestampToken

__all__ = ["CANONICAL", "Protected", "Reading", "Stamped", "hash_chunks", "settle", "signing_prefix"]

CANONICAL = "http://json-canonicalization.org/algorithm"
"""The one ``canonAlg`` that is known here: the JSON Canonicalization Scheme (RFC 8785)."""
Form = Literal["stored", "element", "value"]
"""How an element stands in a hash: as its base64url text; canonicalized as a whole; canonicalized without its name."""
_Covered = Callable[[str], bytes]


class Reading(NamedTuple):
    """One way to understand what a stamp covers: gives the digest; ``code`` is noted where it proves to be right."""

    code: str | None
    covered: _Covered


def signing_prefix(covered: Chunks | None, protected: bytes, signature: bytes) -> Chunks | None:
    """What an archive time stamp covers before the ``etsiU`` elements (5.3.6.2.3, steps 1 to 6)."""
    if covered is None:
        return None
    rest = b".%b.%b." % (protected, signature)
    if isinstance(covered, Pieces):
        return covered.before(rest)

    def chunks() -> Iterator[bytes]:
        yield from covered()
        yield rest

    return chunks


def hash_chunks(chunks: Chunks, work: Work, algorithm: str) -> bytes:
    """Digest over chunks, counted as work."""
    result: bytes = _hasher(chunks, work, algorithm).digest()
    return result


def _hasher(chunks: Chunks, work: Work, algorithm: str) -> Any:
    """A ``hashlib`` object that has taken chunks, which count as work unless that is remembered."""
    if isinstance(chunks, Pieces):
        work.spend("repeated-bytes", 0 if chunks.knows(algorithm) else chunks.size)
        return chunks.hashers(algorithm)[0]
    hasher = new_hash(algorithm)
    for chunk in chunks():
        work.spend("repeated-bytes", len(chunk))
        hasher.update(chunk)
    return hasher


class Stamped:
    """The elements of one ``etsiU``, added in order, as the time stamps among them take them.

    What archive time stamps cover only grows, so each octet is hashed once for a digest algorithm and form.
    """

    def __init__(self, signature: bytes, prefix: Chunks | None, work: Work, *, encoded: bool) -> None:
        """``signature``: base64url text; ``prefix``: see ``signing_prefix``; ``encoded``: elements are base64url."""
        self._signature, self._prefix, self._work = signature, prefix, work
        self._forms: tuple[Form, ...] = ("stored",) if encoded else ("value", "element")
        self._names: list[str] = []
        self._elements: list[Any] = []
        self._canonical: dict[int, bytes] = {}
        self._hashers: dict[tuple[Form, str], tuple[Any, int]] = {}

    def add(self, element: Any, name: str = "") -> None:
        """The next element as JSON has it; ``name``: of its one member, where it can be read."""
        self._elements.append(element)
        self._names.append(name)

    def readings(self, name: str, canonicalization: Any) -> tuple[Reading, ...]:
        """How to understand a stamp that stands behind all elements so far; empty where nothing is at hand or known.

        Whether elements in clear stand in a hash with or without their names the standard does not settle; the first
        reading is the one that EU DSS verifies, if the members of each value stand in canonical order.
        ``name``: of its element; ``canonicalization``: its ``canonAlg``, None where it has none.
        """
        if name == "sigTst":
            return (Reading(None, partial(hash_chunks, lambda: (self._signature,), self._work)),)
        if self._forms != ("stored",) and canonicalization != CANONICAL:
            return ()
        if name == "arcTst" and self._prefix is None:
            return ()
        return tuple(Reading(_CODES[form], self._covered(name, form)) for form in self._forms)

    def _covered(self, name: str, form: Form) -> _Covered:
        count = len(self._elements)
        if name == "arcTst":
            return partial(self._archived, form, count)
        names = _REFERENCES if name == "rfsTst" else _SIGNATURE_AND_REFERENCES
        chosen = [number for number in range(count) if self._names[number] in names]
        first = () if name == "rfsTst" else (self._signature, b".")

        def chunks() -> Iterator[bytes]:
            yield from first
            for number in chosen:
                yield self._octets(form, number)

        return partial(hash_chunks, chunks, self._work)

    def _archived(self, form: Form, count: int, algorithm: str) -> bytes:
        """Digest of what an archive time stamp behind ``count`` elements covers."""
        hasher, done = self._hashers.get((form, algorithm), (None, 0))
        if hasher is None or done > count:
            assert self._prefix is not None
            hasher, done = _hasher(self._prefix, self._work, algorithm), 0
        for number in range(done, count):
            octets = self._octets(form, number)
            self._work.spend("repeated-bytes", len(octets))
            hasher.update(octets)
        self._hashers[form, algorithm] = hasher, count
        result: bytes = hasher.copy().digest()
        return result

    def _octets(self, form: Form, number: int) -> bytes:
        element = self._elements[number]
        if form == "stored":
            return bytes(element.encode("utf-8"))
        if number not in self._canonical:
            self._canonical[number] = json_canonical(element)
        whole = self._canonical[number]
        if form == "element" or len(element) != 1:
            return whole
        (name,) = element
        return whole[len(json_canonical(name)) + 2 : -1]


_CODES: dict[Form, str | None] = {"stored": None, "element": "jades.stamped-elements", "value": "jades.stamped-values"}
_REFERENCES = frozenset({"xRefs", "rRefs", "axRefs", "arRefs"})
_SIGNATURE_AND_REFERENCES = _REFERENCES | {"sigTst"}


def settle(token: TimestampToken, readings: tuple[Reading, ...]) -> TimestampToken:
    """A token that was read under the first of ``readings``, under the one that proves to be right.

    A digest that fits settles what was stamped; that there was more than one way to understand it is noted.
    """
    if not readings or not token.imprint_found:
        return token
    right = readings[0] if token.imprint_intact else None
    for reading in readings[1:]:
        if right is None and _fits(reading, token):
            right = reading
            token = token._replace(imprint_intact=True)
    if right is None or right.code is None:
        return token
    return token._replace(notes=(*token.notes, Note(right.code)))


def _fits(reading: Reading, token: TimestampToken) -> bool:
    try:
        return reading.covered(token.imprint_algorithm) == token.imprint
    except WorkExceeded:
        raise
    except MalformedError:
        return False


class Protected:
    """SHA-256 digests of the things that a stamp at the present place protects (EN 319 102-1 5.6.2.3).

    Octets are hashed when the first stamp asks, which most files never do.
    """

    def __init__(self, octets: Iterable[bytes] = ()) -> None:
        self._waiting = list(octets)
        self._digests: dict[bytes, None] = {}

    def add(self, octets: Iterable[bytes]) -> None:
        """Things that stand before the next stamp."""
        self._waiting += octets

    def add_digests(self, digests: Iterable[bytes]) -> None:
        """Things known by their SHA-256 alone: a stamped reference proves what it refers to."""
        self._digests.update(dict.fromkeys(digests))

    def digests(self, work: Work) -> tuple[bytes, ...]:
        """All digests so far; that they are listed again for each stamp is counted as work."""
        for octets in self._waiting:
            self._digests[digest("sha256", octets)] = None
        self._waiting.clear()
        work.spend("repeated-bytes", 32 * len(self._digests))
        return tuple(self._digests)


def token_octets(token: TimestampToken) -> Iterator[bytes]:
    """A token and the material inside it."""
    yield token.data
    yield from (*token.signer.certificates, *token.signer.crls, *token.signer.ocsp_responses)


def signature_octets(signature: Signature) -> Iterator[bytes]:
    """A counter-signature's value and all that it brings along."""
    yield signature.value.wire
    yield from (*signature.certificates, *signature.crls, *signature.ocsp_responses)
    for token in signature.timestamps:
        yield from token_octets(token)
    for counter in signature.counter_signatures:
        yield from signature_octets(counter)
