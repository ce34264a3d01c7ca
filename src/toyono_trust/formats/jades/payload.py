"""What a JWS covers: attached, detached, or described by ``sigD`` (ETSI TS 119 182-1 V1.2.1 clause 5.2.8, RFC 7797).

The encodings of documents and of HTTP header fields stand here once, for reading and for writing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from toyono_trust.core.algorithms import digest_by_jades, new_hash
from toyono_trust.core.canonical import b64_decode, b64url_check, b64url_decode, b64url_encode
from toyono_trust.core.content import Content
from toyono_trust.core.limits import MAX_HEADER, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.jades.details import BODY, HTTP_HEADERS, OBJECT_ID_BY_URI, OBJECT_ID_BY_URI_HASH
from toyono_trust.formats.jades.pieces import Chunks, Pieces
from toyono_trust.formats.model import Note, SignedObject

PAYLOAD = "payload"
"""The name of the signed object where the file gives it none."""
LARGE = 1 << 20
"""Octets of detached content up to which its text is held; of more it is made in pieces each time it is hashed."""

_make = tuple.__new__
"""Makes a NamedTuple in half the time of a call of its class: this is the hot path."""


class Payload(NamedTuple):
    """What stands behind the dot in the signing input, and the objects it stands for.

    ``text``: None where the signed bytes are not at hand, or are too many to be held: ``pieces`` then gives them.
    ``other``: gives the octets that stand for the payload in ``adoTst`` and ``arcTst``, in chunks, where these are not
    the text itself (``as_signed``) and are at hand.
    """

    text: bytes | None
    objects: tuple[SignedObject, ...]
    as_signed: bool = True
    digests: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    other: Chunks | None = None
    pieces: Pieces | None = None

    def covered(self) -> Chunks | None:
        """What stands for the payload in ``adoTst`` and ``arcTst``; None where it is not at hand."""
        text = self.text
        if not self.as_signed:
            return self.other
        if self.pieces is not None:
            return self.pieces
        return None if text is None else lambda: (text,)


class EncodedContent:
    """Content held as base64url text that was checked before; decoded when it is asked for."""

    __slots__ = ("_digests", "_octets", "_text", "name")

    immutable = True
    """What was verified cannot have changed when it is handed out."""

    def __init__(self, text: bytes, name: str) -> None:
        self._text = text
        self.name = name
        self._digests: dict[str, bytes] | None = None
        self._octets: bytes | None = None

    @property
    def size(self) -> int:
        """Octets."""
        return len(self._text) * 3 // 4

    def digest(self, algorithm: str) -> bytes:
        """Digest of all octets; computed once per algorithm."""
        if self._digests is None:
            self._digests = {}
        if algorithm not in self._digests:
            self._digests[algorithm] = new_hash(algorithm, self.bytes).digest()
        return self._digests[algorithm]

    def chunks(self) -> Iterator[bytes]:
        """The octets in one piece."""
        yield self.bytes

    def open(self) -> BinaryIO:
        """A stream over the octets."""
        return io.BytesIO(self.bytes)

    @property
    def bytes(self) -> bytes:
        """All octets; of a large text decoded anew at each call, so that they are not held twice."""
        if self._octets is not None:
            return self._octets
        octets = b64url_decode(self._text)
        if len(octets) <= _KEPT:
            self._octets = octets
        return octets


_KEPT = 1 << 16


# encodings -----------------------------------------------------------------------------------------------------------


def document_chunks(content: Content, b64: bool) -> Iterator[bytes]:
    """The octets that stand for a document: its base64url text, or itself where ``b64`` is False."""
    if not b64:
        yield from content.chunks()
        return
    rest = b""
    for chunk in content.chunks():
        data = rest + chunk
        end = len(data) - len(data) % 3
        for at in range(0, end, _STEP):
            yield b64url_encode(data[at : min(at + _STEP, end)])
        rest = data[end:]
    yield b64url_encode(rest)


_STEP = 3 << 14
"""Octets that are encoded at once: no more than a processor's nearest memory holds together with their text."""


def signing_pieces(protected: bytes, documents: Iterable[Content], b64: bool) -> Pieces | None:
    """The signing input over documents, one after the other, where they are large; None where they are not.

    ``protected``: the protected header as base64url text.
    """
    payload = _pieces(list(documents), b64)
    return None if payload is None else payload.behind(protected + b".")


def _pieces(documents: list[Content], b64: bool, contents: Contents | None = None) -> Pieces | None:
    """What stands for documents where they are large. ``contents``: remember what is made for them."""
    sizes = [content.size for content in documents]
    if sum(sizes) <= LARGE:
        return None
    size = sum((4 * size + 2) // 3 for size in sizes) if b64 else sum(sizes)
    made = Pieces(lambda: _all_chunks(documents, b64), size)
    return made if contents is None else contents.kept.setdefault((b64, *map(id, documents)), made)


def document_digest(content: Content, algorithm: str, b64: bool) -> bytes:
    """The digest that ObjectIdByURIHash gives a document: over its base64url text, unless ``b64`` is False."""
    if not b64:
        return content.digest(algorithm)
    hasher = new_hash(algorithm)
    for chunk in document_chunks(content, b64):
        hasher.update(chunk)
    result: bytes = hasher.digest()
    return result


def header_lines(fields: Sequence[tuple[str, bytes]], body: Iterable[bytes] | None = None) -> Iterator[bytes]:
    """The signing string of HttpHeaders: ``name: value`` lines without a trailing one.

    With ``body`` the body's octets take the place of the ``Digest`` field, as time stamps over archives want it.
    """
    for number, (name, value) in enumerate(fields):
        if number:
            yield b"\n"
        if name == "digest" and body is not None:
            yield from body
        else:
            yield name.encode("utf-8") + b": " + value.strip(b" \t")


# reading -------------------------------------------------------------------------------------------------------------


def read_payload(
    found: bytes | None, sig_d: Any, b64: bool, contents: Contents, work: Work, *, described: bool
) -> Payload:
    """What one signature of a file covers.

    ``found``: the file's payload text, None or empty where it has none. ``described``: there is a ``sigD``.
    Raises ``MalformedError`` where an attached payload is not base64url though it has to be.
    """
    if described:
        payload = _described(sig_d, b64, contents, work)
        if found:
            payload = payload._replace(notes=(*payload.notes, Note("jades.sigd-with-payload")))
        return payload
    if found:
        return attached(found, b64)
    content = contents.only()
    if content is None:
        return Payload(None, (SignedObject(PAYLOAD, False, None, by_signature=True),))
    return _documents([(content.name or PAYLOAD, content)], b64, contents, work)


def attached(found: bytes, b64: bool) -> Payload:
    """An attached payload. Raises ``MalformedError`` where it is not base64url though it has to be."""
    if b64:
        b64url_check(found)
    content = EncodedContent(found, PAYLOAD) if b64 else _raw(found)
    one = _make(SignedObject, (PAYLOAD, True, None, None, None, True, content, None))
    return _make(Payload, (found, (one,), True, (), (), None, None))


def _raw(found: bytes) -> Content:
    from toyono_trust.core.content import BytesContent

    return BytesContent(found, PAYLOAD)


def _documents(found: list[tuple[str, Content | None]], b64: bool, contents: Contents, work: Work) -> Payload:
    """The payload is the documents one after the other, each encoded on its own (ades.md 1.5)."""
    objects = tuple(SignedObject(name, content is not None, None, None, None, True, content) for name, content in found)
    at_hand = [content for _, content in found if content is not None]
    if len(at_hand) != len(found):
        return Payload(None, objects)
    for content in at_hand:
        work.present(content, content.size)
    pieces = _pieces(at_hand, b64, contents)
    if pieces is not None:
        return Payload(None, objects, pieces=pieces)
    text = b"".join(chunk for content in at_hand for chunk in document_chunks(content, b64))
    return Payload(text, objects)


def _described(sig_d: Any, b64: bool, contents: Contents, work: Work) -> Payload:
    """TS 119 182-1 5.2.8."""
    pars = sig_d.get("pars") if isinstance(sig_d, dict) else None
    if not isinstance(pars, list) or not pars or not all(isinstance(name, str) for name in pars):
        return _unknown("jades.sigd-schema")
    mechanism = sig_d.get("mId")
    if mechanism == HTTP_HEADERS:
        return _http_headers(pars, b64, contents, work)
    if mechanism == OBJECT_ID_BY_URI:
        if "hashM" in sig_d or "hashV" in sig_d:
            return _unknown("jades.sigd-schema")
        payload = _documents([(name, _present(name, pars, contents)) for name in pars], b64, contents, work)
        return payload if len(pars) == 1 else payload._replace(notes=(Note("jades.sigd-boundaries"),))
    if mechanism == OBJECT_ID_BY_URI_HASH:
        return _by_hash(sig_d, pars, b64, contents, work)
    return _unknown("jades.sigd-mechanism")


def _unknown(code: str) -> Payload:
    return Payload(None, (SignedObject(PAYLOAD, False, None, by_signature=True),), True, (), (Note(code),))


def _present(name: str, pars: list[str], contents: Contents) -> Content | None:
    """One reference and one content belong together whatever they are called (ades.md 1.5)."""
    return contents.by_name(name) or (contents.only() if len(pars) == 1 else None)


def _by_hash(sig_d: Mapping[str, Any], pars: list[str], b64: bool, contents: Contents, work: Work) -> Payload:
    values, identifier = sig_d.get("hashV"), sig_d.get("hashM")
    if not isinstance(values, list) or len(values) != len(pars) or not isinstance(identifier, str):
        return _unknown("jades.sigd-schema")
    algorithm = digest_by_jades(identifier)
    objects: list[SignedObject] = []
    documents: list[Content] = []
    for name, value in zip(pars, values, strict=True):
        try:
            digest = b64url_decode(value) if isinstance(value, str) else b""
        except MalformedError:
            digest = b""
        if not digest:
            return _unknown("jades.sigd-schema")
        content = _present(name, pars, contents)
        intact = None
        if content is not None and algorithm is not None:
            work.present(content, content.size)
            pieces = _pieces([content], b64, contents) if b64 else None  # else the content itself remembers
            intact = (pieces.digest(algorithm) if pieces else document_digest(content, algorithm, b64)) == digest
        if content is not None:
            documents.append(content)
        objects.append(SignedObject(name, content is not None, intact, algorithm or identifier, digest, False, content))
    other: Chunks | None = None
    if len(documents) == len(pars):
        other = _pieces(documents, b64, contents) or (lambda: _all_chunks(documents, b64))
    notes = () if algorithm is not None else (Note("jades.sigd-digest", "", {"algorithm": identifier[:40]}),)
    return Payload(b"", tuple(objects), False, (algorithm or identifier,), notes, other)


def _all_chunks(documents: list[Content], b64: bool) -> Iterator[bytes]:
    for content in documents:
        yield from document_chunks(content, b64)


def _http_headers(pars: list[str], b64: bool, contents: Contents, work: Work) -> Payload:
    """Header fields are presented as contents under their names; several values are joined by the caller's ``, ``."""
    lower = {name.lower(): contents.by_name(name) for name in contents.names()}
    objects: list[SignedObject] = []
    fields: list[tuple[str, bytes]] = []
    room = MAX_HEADER  # for all of them together: the file may call anything that was presented a field
    for name in pars:
        content = lower.get(name.lower())
        if content is not None and content.size > room:
            content = None
        objects.append(SignedObject(name, content is not None, None, None, None, True, content))
        if content is not None:
            room -= content.size
            fields.append((name.lower(), content.bytes))
    notes: list[Note] = []
    if b64 or any(name != name.lower() for name in pars) or len(set(pars)) != len(pars):
        notes.append(Note("jades.http-headers"))
    elif any(_LINE_END.search(value) for _, value in fields):
        notes.append(Note("jades.http-header-lines"))
    body = lower.get(BODY) or lower.get("")
    values = dict(fields)
    if "digest" in values:
        objects.append(_body(values["digest"], body, work, notes))
    if len(fields) != len(pars):
        return Payload(None, tuple(objects), False, (), tuple(notes))
    text = b"".join(header_lines(fields))
    other: Chunks | None = None
    if body is not None or "digest" not in values:
        other = lambda: header_lines(fields, None if body is None else body.chunks())  # noqa: E731
    digests = tuple(one.digest_algorithm for one in objects if one.digest_algorithm is not None)
    return Payload(text, tuple(objects), False, digests, tuple(notes), other)


_LINE_END = re.compile(rb"[\r\n]")
_HTTP_DIGESTS = {"sha-256": "sha256", "sha-512": "sha512"}


def http_digest(value: str) -> tuple[str, bytes] | None:
    """Digest name and octets of a ``Digest`` header field (RFC 3230): SHA-512 before SHA-256, nothing weaker."""
    found: dict[str, bytes] = {}
    for one in value.split(","):
        name, _, text = one.strip().partition("=")
        try:
            found[_HTTP_DIGESTS[name.lower()]] = b64_decode(text)
        except (KeyError, MalformedError):
            continue
    return next(((name, found[name]) for name in ("sha512", "sha256") if name in found), None)


def _body(value: bytes, body: Content | None, work: Work, notes: list[Note]) -> SignedObject:
    named = http_digest(value.decode("latin-1"))
    if named is None:
        notes.append(Note("jades.http-digest"))
        return SignedObject(BODY, body is not None, None, None, None, False, body)
    algorithm, digest = named
    intact = None
    if body is not None:
        work.present(body, body.size)
        intact = body.digest(algorithm) == digest
    return SignedObject(BODY, body is not None, intact, algorithm, digest, False, body)
