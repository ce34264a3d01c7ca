"""Reading a JWS or JAdES signature into facts (RFC 7515, RFC 7797, ETSI TS 119 182-1 V1.2.1).

The signature is never checked here: the facts carry the exact octets that were signed and the value over them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from toyono_trust.core.algorithms import SignatureAlgorithm
from toyono_trust.core.canonical import b64url_decode
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import MAX_FILE, MAX_SIGNATURE, MAX_SIGNATURES, Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.jades.envelope import Envelope, Part, parse, parse_object
from toyono_trust.formats.jades.etsiu import NOTHING, Carrier, Unsigned, read_etsiu
from toyono_trust.formats.jades.header import Header, is_critical, read_header, read_x5c
from toyono_trust.formats.jades.payload import EncodedContent, Payload, attached, document_chunks, read_payload
from toyono_trust.formats.jades.pieces import Pieces
from toyono_trust.formats.jades.stamped import hash_chunks, signing_prefix, token_octets
from toyono_trust.formats.jades.values import read_container
from toyono_trust.formats.model import Facts, Level, Note, Signature, SignatureValue, SignedObject, TimestampToken

_make = tuple.__new__
"""Makes a NamedTuple in half the time of a call of its class: this is the hot path."""

RECEIPT = "receipt"
"""The name of the signed object where it is the receipt around the seal."""
_HALF = {"p256": 32, "p384": 48, "p521": 66}
"""Octets of r and of s (RFC 7518 3.4)."""
_OF_THE_FILE = ("jws.too-many", "limits.count")
"""Refusals that concern the whole file, wherever in it they are met."""
_MAX_NESTING = 8
"""Counter-signatures of counter-signatures; none was ever seen in the field."""


def read(data: bytes, contents: Contents, work: Work, read_token: ReadToken) -> Facts:
    """The facts of a JWS in any shape. ``contents``: what was presented for a detached one.

    Raises ``MalformedError`` where the bytes have not one reading.
    """
    envelope = parse(data)
    reading = _Reading(envelope, contents, work, read_token)
    signatures = tuple([reading.signature(part) for part in envelope.parts[:1]])
    if len(envelope.parts) > 1:
        signatures += tuple([reading.signature(part, again=True) for part in envelope.parts[1:]])
    kind = "JWS"
    for one in signatures:
        if one.format == "JAdES":
            kind = "JAdES"
    return _make(Facts, (kind, signatures, (), None, envelope.notes, (), None, None))


def covered_payload(envelope: Envelope, header: Header, contents: Contents, work: Work) -> Payload:
    """What a signature of ``envelope`` with this header covers. Raises ``MalformedError``."""
    return _Reading(envelope, contents, work, _no_token).payload(header)


def _no_token(nested: Nested) -> TimestampToken:
    raise AssertionError("no time stamp is read here")


class _Reading:
    """One pass over one envelope; a counter-signature is read by a ``_Reading`` of its own."""

    nesting = 0
    counted: list[int] | None = None
    """Signatures met so far in the whole file, shared by all readings of it."""
    parent: bytes | None = None
    """The signature text of the signature that this one countersigns."""

    def __init__(self, envelope: Envelope, contents: Contents, work: Work, read_token: ReadToken) -> None:
        self.envelope = envelope
        self.contents = contents
        self.work = work
        self.read_token = read_token

    def signature(self, part: Part, *, again: bool = False) -> Signature:
        """The facts of one signature of the envelope; ``again``: what it covers was covered before."""
        protected, text, unprotected = part
        header = read_header(protected)
        members, alg, row, _, claimed, references, certificates, identifier, properties, sound, etsi, notes = header
        if len(text) > MAX_SIGNATURE:
            raise MalformedError("limits.size", f"a signature value may have {MAX_SIGNATURE} characters")
        wire = b64url_decode(text)
        payload = self.payload(header)
        signed_text, objects, _, digests, payload_notes, _, pieces = payload
        if again:
            self.work.spend("repeated-bytes", len(signed_text or b""))
        curve = None
        if row is not None:
            alg, curve = row.name, row.jwa_curve
            if row.family == "ecdsa":
                wire = ecdsa_der(wire, _HALF[curve or ""], notes)
            if row.digest is not None:
                digests = (row.digest, *digests)
        octets = b"" if pieces else protected + b"." + (signed_text or b"")
        value = _make(SignatureValue, (alg, octets, wire, text, curve, None, None, None))
        if pieces is not None:
            value, objects = _over_pieces(value, row, pieces.behind(protected + b"."), objects, notes)
        tokens = self._content_tokens(header, payload) if "adoTst" in members else ()
        leaf = certificates[0] if certificates else None
        unsigned = NOTHING
        if unprotected is not None:
            unsigned, certificates, leaf = self._unprotected(part, header, payload, tokens, leaf)
            tokens += unsigned.tokens
            sound = sound and unsigned.sound
            etsi = etsi or unsigned.names != ()
        if payload_notes:
            notes += payload_notes
        return _make(
            Signature,
            (
                "JAdES" if etsi else "JWS",
                _level(unsigned, notes) if sound else None,
                value,
                objects,
                references,
                certificates,
                leaf,
                identifier,
                claimed,
                digests,
                properties,
                tokens,
                unsigned.counter_signatures,
                unsigned.crls,
                unsigned.ocsp_responses,
                (*notes, *unsigned.notes) if notes or unsigned.notes else (),
                None,
                (),
            ),
        )

    def payload(self, header: Header) -> Payload:
        """What the signature with this header covers."""
        found = self.envelope.payload
        if found and "sigD" not in header.members and self.parent is None:
            return attached(found, header.b64)
        return self._other_payload(header)

    def _other_payload(self, header: Header) -> Payload:
        """What is covered where it is not simply attached."""
        envelope = self.envelope
        members = header.members
        described = "sigD" in members
        if described and not is_critical(members, "sigD"):
            header.notes.append(Note("jades.sigd-not-critical"))
        if self.parent is not None:
            return self._parent(self.parent, header)
        if envelope.sealed is not None:
            sealed = BytesContent(envelope.sealed, RECEIPT)
            text = b"".join(document_chunks(sealed, header.b64))
            objects = (SignedObject(RECEIPT, True, None, by_signature=True, content=sealed),)
            return Payload(text, objects)
        return read_payload(
            envelope.payload, members.get("sigD"), header.b64, self.contents, self.work, described=described
        )

    def _parent(self, parent: bytes, header: Header) -> Payload:
        """The payload of a counter-signature: the raw signature octets of its parent (5.3.2), attached or not."""
        intact = None
        if self.envelope.payload and self.envelope.payload != parent:
            intact = False
            header.notes.append(Note("jades.counter-payload"))
        if "cty" in header.members:
            header.notes.append(Note("jades.counter-cty"))
        content = EncodedContent(parent, "signature")
        text = parent if header.b64 else content.bytes
        objects = (SignedObject("signature", True, intact, by_signature=True, content=content),)
        return Payload(text, objects)

    def _content_tokens(self, header: Header, payload: Payload) -> tuple[TimestampToken, ...]:
        """``adoTst`` (5.2.6): the payload as it is signed."""
        chunks = payload.covered()
        covered = None if chunks is None else partial(hash_chunks, chunks, self.work)
        try:
            found = read_container(header.members["adoTst"], "content", covered)
        except (MalformedError, ValueError, TypeError, KeyError):  # a member is missing or of another type
            header.notes.append(Note("jades.parameter-schema", "adoTst", {"name": "adoTst"}))
            return ()
        return tuple([self.read_token(one) for one in found])

    def _unprotected(
        self, part: Part, header: Header, payload: Payload, tokens: tuple[TimestampToken, ...], leaf: bytes | None
    ) -> tuple[Unsigned, tuple[bytes, ...], bytes | None]:
        """The unsigned properties, all certificates at hand, and the one that the format designates."""
        members = part.header or {}
        notes = header.notes
        certificates = header.certificates
        for name in members:
            if name == "crit":
                notes.append(Note("jws.crit-unprotected"))
            elif name in header.members:
                notes.append(Note("jws.header-overlap", name[:80], {"name": name[:80]}))
            elif name != "etsiU":
                notes.append(Note("jades.unprotected-member", name[:80], {"name": name[:80]}))
        unsigned = NOTHING
        if "etsiU" in members:
            prefix = signing_prefix(payload.covered(), part.protected, part.signature)
            stamped = [octets for token in tokens for octets in token_octets(token)]
            carrier = Carrier(
                part.signature,
                prefix,
                (*certificates, *stamped),
                len(tokens),
                self.work,
                self.read_token,
                partial(self._counter_signature_or_note, part.signature, notes),
            )
            unsigned = read_etsiu(members["etsiU"], carrier)
        if "x5c" in members and "x5c" not in header.members:
            certificates += read_x5c(members["x5c"], notes)
            leaf = certificates[0] if certificates else None
        return unsigned, certificates + unsigned.certificates, leaf

    def _counter_signature_or_note(self, parent: bytes, notes: list[Note], value: Any) -> Signature | None:
        """``cSig`` (5.3.2): a JWS of any shape with one signature; one that cannot be read is noted."""
        if self.counted is None:
            self.counted = [len(self.envelope.parts)]
        self.counted[0] += 1
        if self.counted[0] > MAX_SIGNATURES or self.nesting >= _MAX_NESTING:
            raise MalformedError("jws.too-many", "this JWS has more signatures than are read")
        try:
            return self._counter_signature(value, parent, self.counted)
        except WorkExceeded:
            raise
        except MalformedError as error:
            if error.code in _OF_THE_FILE:
                raise
            notes.append(Note("jades.counter-malformed", "", {"reason": error.code}))
            return None

    def _counter_signature(self, value: Any, parent: bytes, counted: list[int]) -> Signature:
        envelope = parse(value.encode("utf-8")) if isinstance(value, str) else parse_object(value)
        if len(envelope.parts) != 1 or envelope.sealed is not None:
            raise MalformedError("jws.shape", "a counter-signature has not exactly one signature")
        inner = _Reading(envelope, NO_CONTENTS, self.work, self.read_token)
        inner.counted, inner.nesting, inner.parent = counted, self.nesting + 1, parent
        return inner.signature(envelope.parts[0], again=True)


def ecdsa_der(wire: bytes, half: int, notes: list[Note]) -> bytes:
    """DER Ecdsa-Sig-Value of ``r ‖ s`` (RFC 7518 3.4); empty, noted, where the length or a zero shows it is none."""
    if len(wire) != 2 * half:
        notes.append(Note("jws.signature-length", "", {"length": len(wire), "expected": 2 * half}))
        return b""
    r = wire[:half].lstrip(b"\0")
    s = wire[half:].lstrip(b"\0")
    if not r or not s:
        notes.append(Note("jws.signature-zero"))
        return b""
    if r[0] > 127:
        r = b"\0" + r
    if s[0] > 127:
        s = b"\0" + s
    r_size, s_size = len(r), len(s)
    size = r_size + s_size + 4
    if size < 128:
        return b"\x30%c\x02%c%b\x02%c%b" % (size, r_size, r, s_size, s)
    return b"\x30\x81%c\x02%c%b\x02%c%b" % (size, r_size, r, s_size, s)


def _over_pieces(
    value: SignatureValue,
    row: SignatureAlgorithm | None,
    message: Pieces,
    objects: tuple[SignedObject, ...],
    notes: list[Note],
) -> tuple[SignatureValue, tuple[SignedObject, ...]]:
    """A value over a signing input that is large: with its digests, or its octets where the algorithm signs no digest.

    Where these would be too many to be held, the objects are as good as not found, and it is noted. An algorithm that
    is not known here cannot be verified at all; its digest is the SHA-512 that a report names.
    """
    name = "sha512" if row is None else row.digest
    if name is not None:
        hasher, compact = message.hashers(name, "sha256")
        compact.update(b"." + value.wire)
        return value._replace(digest=hasher.digest(), compact=compact.digest()), objects
    if message.size <= MAX_FILE:
        return value._replace(signed=message.bytes), objects
    notes.append(Note("jws.content-too-large", "", {"algorithm": value.algorithm, "limit": MAX_FILE >> 20}))
    return value, tuple([one._replace(found=False) for one in objects])


def _level(unsigned: Unsigned, notes: list[Note]) -> Level | None:
    """The highest level whose elements are there (6.3); whether they are good is judged elsewhere."""
    if notes and not all(note.code in _HARMLESS for note in notes):
        return None
    return unsigned.level


_HARMLESS = frozenset(
    {
        "jws.claim-not-enforced",
        "jws.content-too-large",
        "jws.signature-length",
        "jws.signature-zero",
        "jades.counter-payload",
        "jades.http-header-lines",
        "jades.sigd-boundaries",
        "jades.unprotected-member",
    }
)
"""Notes with which a signature still has the structure of its level."""
