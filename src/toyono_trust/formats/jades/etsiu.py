"""The unsigned properties of JAdES: the unprotected header parameter ``etsiU``.

Standard: ETSI TS 119 182-1 V1.2.1, clauses 5.3 and A.1, levels 6.3. The elements are one-member objects, all in clear
or all as base64url text; the texts are kept as they were found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from toyono_trust.core.algorithms import digest, digest_by_jades
from toyono_trust.core.canonical import b64url_decode, json_loads
from toyono_trust.core.limits import MAX_CERTIFICATES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.jades.pieces import Chunks
from toyono_trust.formats.jades.stamped import Protected, Stamped, settle, signature_octets, token_octets
from toyono_trust.formats.jades.values import READERS, Values, read_container
from toyono_trust.formats.model import Level, Note, Signature, TimestampToken, TimestampType

_Read = TypeVar("_Read")

STAMPS: dict[str, TimestampType] = {
    "sigTst": "signature",
    "sigRTst": "validation-data",
    "rfsTst": "validation-data",
    "arcTst": "archive",
}
VALUES = frozenset({"xVals", "axVals", "rVals", "arVals", "tstVD", "anyValData"})
_ONCE = frozenset({"xVals", "axVals", "rVals", "arVals"})
_REFERENCES = frozenset({"xRefs", "axRefs", "rRefs", "arRefs"})
_NOT_LONG_TERM = _REFERENCES | {"sigRTst", "rfsTst"}
"""Elements that no signature at B-LT or B-LTA has (6.3, table 1)."""
_KNOWN = frozenset({*STAMPS, *READERS, "cSig", "sigPSt"})
_MAX_REVOCATIONS = 1_000
"""CRLs and OCSP responses in one ``etsiU``. The largest of the corpora has two; four for a renewal of each year of a
century are 400."""


class Carrier(NamedTuple):
    """The signature that an ``etsiU`` stands in, and what reading the elements takes.

    ``signature``: its base64url text. ``prefix``: see ``stamped.signing_prefix``. ``protected``: octets of what stands
    in its protected header: certificates, content time stamps with their material. ``stamps``: tokens in it.
    ``read_counter``: gives a counter-signature's facts, or None where it cannot be read and this was noted.
    """

    signature: bytes
    prefix: Chunks | None
    protected: tuple[bytes, ...]
    stamps: int
    work: Work
    read_token: ReadToken
    read_counter: Callable[[Any], Signature | None]


class Unsigned(NamedTuple):
    """What was found in ``etsiU``: element names, tokens and counter-signatures in order, validation data.

    ``level``: the highest whose elements are there. ``sound``: nothing noted takes the level away.
    """

    names: tuple[str, ...]
    tokens: tuple[TimestampToken, ...]
    counter_signatures: tuple[Signature, ...]
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]
    notes: tuple[Note, ...]
    sound: bool
    level: Level


NOTHING = Unsigned((), (), (), (), (), (), (), True, "B-B")

_HARMLESS = frozenset(
    {"jades.canonicalization-encoded", "jades.references", "jades.element-repeated", "jades.stamp-several"}
)
"""Notes about ``etsiU`` with which a signature may still be of baseline, if not of every level."""


class _Collector:
    """What is gathered while the elements are read in order."""

    def __init__(self, carrier: Carrier, *, encoded: bool) -> None:
        self.carrier, self.encoded = carrier, encoded
        self.stamped = Stamped(carrier.signature, carrier.prefix, carrier.work, encoded=encoded)
        self.names: list[str] = []
        self.tokens: list[TimestampToken] = []
        self.counter_signatures: list[Signature] = []
        self.certificates: dict[bytes, None] = {}
        self.crls: dict[bytes, None] = {}
        self.ocsp_responses: dict[bytes, None] = {}
        self.notes: list[Note] = []
        self.protected = {
            "arcTst": Protected((carrier.signature, *carrier.protected)),
            "sigRTst": Protected((carrier.signature,)),
            "rfsTst": Protected(),
        }
        self.references: list[tuple[int, str, bytes]] = []
        """References by other digests than SHA-256, with the number of tokens before them."""
        self.kinds: set[str] = set()
        self.archived = False

    def note(self, code: str, subject: str = "", **values: Any) -> None:
        self.notes.append(Note(code, subject, values))


def read_etsiu(value: Any, carrier: Carrier) -> Unsigned:
    """Read all elements of ``etsiU``; an element that cannot be read is noted and left out.

    Raises only what ``read_token`` and ``read_counter`` raise, and ``WorkExceeded``.
    """
    if not isinstance(value, list) or not value:
        return NOTHING._replace(notes=(Note("jades.etsiu-type"),), sound=False)
    encoded = isinstance(value[0], str)
    if any(isinstance(element, str) != encoded for element in value):
        return NOTHING._replace(notes=(Note("jades.etsiu-mixed"),), sound=False)
    found = _Collector(carrier, encoded=encoded)
    for element in value:
        named = _element(element, found)
        if named is None:
            found.stamped.add(element)
            continue
        _take(named[0], named[1], found)
        found.stamped.add(element, named[0])
    _resolve_references(found)
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
        _level(found),
    )


def decode_element(element: Any) -> tuple[str, Any]:
    """Name and value of one element. Raises ``MalformedError`` (``jades.etsiu-element`` where it is no such object)."""
    if isinstance(element, str):
        element = json_loads(b64url_decode(element))
    if not isinstance(element, dict) or len(element) != 1:
        raise MalformedError("jades.etsiu-element", "an element of etsiU is no object with one member (5.3.1)")
    ((name, value),) = element.items()
    return name, value


def _element(element: Any, found: _Collector) -> tuple[str, Any] | None:
    try:
        name, value = decode_element(element)
    except MalformedError as error:
        reason = "members" if error.code == "jades.etsiu-element" else error.code
        found.note("jades.etsiu-element", reason=reason)
        return None
    if name in _ONCE and name in found.kinds:
        found.note("jades.element-repeated", name, name=name)
    found.names.append(name)
    found.kinds.add(name)
    return name, value


def _take(name: str, value: Any, found: _Collector) -> None:
    if name in STAMPS:
        _take_stamp(name, value, found)
    elif name == "cSig":
        counter = found.carrier.read_counter(value)
        if counter is not None:
            found.counter_signatures.append(counter)
            found.protected["arcTst"].add(signature_octets(counter))
    elif name in READERS:
        read = _attempt(name, partial(READERS[name], value), found)
        if read is not None:
            _take_values(name, read, found)
    elif name not in _KNOWN:
        found.note("jades.etsiu-unknown", name[:80], name=name[:80])


def _attempt(name: str, read: Callable[[], _Read], found: _Collector) -> _Read | None:
    """What ``read`` gives; None, noted, where the value does not fit its schema."""
    try:
        return read()
    except MalformedError as error:
        found.note("jades.etsiu-value", name, name=name, reason=error.code)
    except (ValueError, TypeError, KeyError):  # a member is missing or of another type
        found.note("jades.etsiu-value", name, name=name, reason="schema")
    return None


def _take_values(name: str, values: Values, found: _Collector) -> None:
    certificates = dict.fromkeys(values.certificates)
    revocations = len(found.crls) + len(found.ocsp_responses) + len(values.crls) + len(values.ocsp_responses)
    if len(found.certificates | certificates) > MAX_CERTIFICATES or revocations > _MAX_REVOCATIONS:
        found.note("jades.etsiu-value", name, name=name, reason="limits.count")
        return
    found.certificates |= certificates
    found.crls |= dict.fromkeys(values.crls)
    found.ocsp_responses |= dict.fromkeys(values.ocsp_responses)
    found.protected["arcTst"].add((*values.certificates, *values.crls, *values.ocsp_responses))
    if name in _REFERENCES:
        found.note("jades.references", name, name=name, count=len(values.references) + values.others)
    for algorithm, value in values.references:
        if algorithm != "sha256":
            found.references.append((len(found.tokens), algorithm, value))
        else:
            for protected in found.protected.values():
                protected.add_digests((value,))


def _take_stamp(name: str, value: Any, found: _Collector) -> None:
    """The tokens of one element share the imprint, and none of them covers another (5.3.6.2.1)."""
    carrier, kind = found.carrier, STAMPS[name]
    room = MAX_TIMESTAMPS - carrier.stamps - len(found.tokens)
    read = _attempt(name, partial(read_container, value, kind, None, room), found)
    if read is None:
        return
    if name == "sigTst" and len(read) > 1:
        found.note("jades.stamp-several", name)
    canonicalization = value.get("canonAlg")
    if found.encoded and canonicalization is not None:
        found.note("jades.canonicalization-encoded", name, name=name)
    readings = found.stamped.readings(name, canonicalization)
    covered = readings[0].covered if readings else None
    tokens = [carrier.read_token(Nested(kind, one.data, covered)) for one in read]
    covers: tuple[bytes, ...] | None = None
    for token in tokens:
        token = settle(token, readings)
        if name != "sigTst" and token.imprint_found:
            covers = found.protected[name].digests(carrier.work) if covers is None else covers
            token = token._replace(covers=covers)
        elif not found.encoded and name != "sigTst" and _is_at_hand(name, carrier) and not _is_malformed(token):
            unknown = Note("jades.archive-clear", "", {"algorithm": str(canonicalization)[:80]})
            token = token._replace(notes=(*token.notes, unknown))
        if name == "arcTst" and VALUES & found.kinds and not _is_malformed(token):
            found.archived = True
        found.tokens.append(token)
    for token in tokens:
        found.protected["arcTst"].add(token_octets(token))
        if name == "sigTst":
            found.protected["sigRTst"].add(token_octets(token))


def _is_at_hand(name: str, carrier: Carrier) -> bool:
    """Whether all octets that a stamp covers are there, if not the way to canonicalize them."""
    return name != "arcTst" or carrier.prefix is not None


def _is_malformed(token: TimestampToken) -> bool:
    return any(note.code == "timestamp.malformed" for note in token.notes)


def _resolve_references(found: _Collector) -> None:
    """Let later stamps protect what references by other digests than SHA-256 name, where the signature holds it."""
    if not found.references:
        return
    held: dict[bytes, bytes] = {}
    octets = [*found.carrier.protected, *found.certificates, *found.crls, *found.ocsp_responses]
    for token in found.tokens:
        octets += token_octets(token)
    for algorithm in {algorithm for _, algorithm, _ in found.references if algorithm in _REFERENCE_DIGESTS}:
        found.carrier.work.spend("repeated-bytes", sum(map(len, octets)))
        held |= {digest(algorithm, one): digest("sha256", one) for one in octets}
    first: dict[bytes, int] = {}
    for count, _, value in found.references:
        if value in held:
            first.setdefault(held[value], count)
    for number, token in enumerate(found.tokens):
        if token.imprint_found and token.type != "signature":
            covers = dict.fromkeys((*token.covers, *(one for one, count in first.items() if count <= number)))
            found.carrier.work.spend("repeated-bytes", 32 * len(covers))
            found.tokens[number] = token._replace(covers=tuple(covers))


_REFERENCE_DIGESTS = frozenset(map(digest_by_jades, ("S384", "S512", "S3-256", "S3-384", "S3-512")))


def _level(found: _Collector) -> Level:
    """The highest level whose elements are there (6.3, table 1); whether they are good is judged elsewhere."""
    codes = {note.code for note in found.notes}
    names = found.kinds
    if "sigTst" not in names or "jades.stamp-several" in codes:
        return "B-B"
    if names.isdisjoint(VALUES) or not names.isdisjoint(_NOT_LONG_TERM) or "jades.element-repeated" in codes:
        return "B-T"
    return "B-LTA" if found.archived else "B-LT"
