"""OCSP responses (RFC 6960 4.2): what one says.

Read by our own reader: ``cryptography`` refuses encoded DEFAULTs, which one real response in nineteen has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from toyono_trust.core.algorithms import digest, digest_by_oid, read_signature_algorithm, verify
from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import REASONS
from toyono_trust.pki.link import key_bits, names_match

__all__ = ["OcspResponse", "Single"]

_BASIC, _NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
_STATUS = ("successful", "malformedRequest", "internalError", "tryLater", "", "sigRequired", "unauthorized")
_ARCHIVE_CUTOFF, _CERT_HASH = "1.3.6.1.5.5.7.48.1.6", "1.3.36.8.3.13"
MAX_SINGLES = 1_000
"""Certificates in one response; real responders answer for one, RFC 5019 demands it."""


class Single(NamedTuple):
    """What one SingleResponse says of one certificate.

    ``status``: "good", "revoked" or "unknown". ``digest_algorithm``, ``name_hash``, ``key_hash``, ``serial``: CertID.
    ``archive_cutoff``: the responder knows certificates that expired since then. ``cert_hash``: (algorithm, digest) of
    the certificate that it has seen. ``unusable``: OID of an unknown critical extension, or None.
    """

    digest_algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    status: Literal["good", "revoked", "unknown"]
    this_update: datetime
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    archive_cutoff: datetime | None = None
    cert_hash: tuple[str, bytes] | None = None
    unusable: str | None = None


class OcspResponse:
    """One successful OCSP response, immutable. Make it with ``OcspResponse.load``.

    Attributes:
        der: as given; digest: "sha256:…" over it. produced_at: aware, UTC.
        responder_name (DER) or responder_key (SHA-1 of the key): who it says it is by.
        singles: its statements. certificates: DER certificates that it carries.
        nonce: contents of the nonce extension (RFC 9654 2.1), None where it has none.
        unusable: OID of an unknown critical responseExtension, or None.
        this_update, next_update: of the statement that lapses first.
    """

    kind: Literal["ocsp"] = "ocsp"
    __slots__ = (
        "_signed_by",
        "certificates",
        "der",
        "digest",
        "next_update",
        "nonce",
        "produced_at",
        "responder_key",
        "responder_name",
        "salt_length",
        "signature",
        "signature_algorithm",
        "signed",
        "singles",
        "this_update",
        "unusable",
    )
    der: bytes
    digest: str
    produced_at: datetime
    responder_name: bytes | None
    responder_key: bytes | None
    singles: tuple[Single, ...]
    certificates: tuple[bytes, ...]
    signed: bytes
    signature: bytes
    signature_algorithm: str
    salt_length: int | None
    this_update: datetime
    next_update: datetime | None
    unusable: str | None
    nonce: bytes | None
    _signed_by: dict[bytes, bool]

    @classmethod
    def load(cls, der: bytes) -> OcspResponse:
        """Read an OCSPResponse or a bare BasicOCSPResponse (as CAdES stores it), DER.

        Raises ``MalformedError``: "revocation.malformed-ocsp", or "revocation.ocsp-refused" where the responder
        answered with an error status.
        """
        self = cls.__new__(cls)
        keep = object.__setattr__
        keep(self, "der", der)
        keep(self, "digest", "sha256:" + hashlib.sha256(der).hexdigest())
        keep(self, "_signed_by", {})
        try:
            _read(self, _basic(der))
        except MalformedError as error:
            if error.code.startswith("revocation."):
                raise
            raise _malformed(error.message, error.offset) from error
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an OCSP response does not change")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OcspResponse) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<OcspResponse {self.describe()} {self.digest[:23]}>"

    def describe(self) -> str:
        """What it is, in words."""
        return "OCSP response for serial number " + ", ".join(f"{single.serial:x}" for single in self.singles[:3])

    @property
    def scope(self) -> object:
        """Equal for responses of which a later one supersedes an earlier one."""
        return "ocsp", frozenset((each.serial, each.digest_algorithm, each.key_hash) for each in self.singles)

    def knows(self, responder: Certificate) -> bool:
        """Whether ``signed_by`` has its answer already, without hashing anything."""
        return responder.public_key_der in self._signed_by

    def signed_by(self, responder: Certificate) -> bool:
        """Whether ``responder``'s key made the signature. Remembered. Never raises."""
        key = responder.public_key_der
        known = self._signed_by.get(key)
        if known is None:
            public = responder.public_key
            known = public is not None and verify(
                self.signature_algorithm, public, self.signature, self.signed, salt_length=self.salt_length
            )
            if len(self._signed_by) < 64:
                self._signed_by[key] = known
        return known

    def names(self, responder: Certificate) -> bool:
        """Whether the responderID is ``responder``'s (RFC 6960 4.2.2.3)."""
        if self.responder_key is not None:
            # RFC 6960 4.2.1 fixes SHA-1 here; it identifies, it proves nothing
            return (
                hashlib.sha1(key_bits(responder.public_key_der), usedforsecurity=False).digest() == self.responder_key
            )
        return self.responder_name is not None and names_match(self.responder_name, responder.subject_der)

    def find(self, certificate: Certificate, issuer: Certificate) -> Single | None:
        """The latest statement about ``certificate`` as issued by ``issuer``, None where there is none."""
        found = [
            each for each in self.singles if each.serial == certificate.serial and _is_of(each, certificate, issuer)
        ]
        return max(found, key=lambda single: single.this_update, default=None)


def _is_of(single: Single, certificate: Certificate, issuer: Certificate) -> bool:
    try:
        names = {digest(single.digest_algorithm, name) for name in (certificate.issuer_der, issuer.subject_der)}
        key = digest(single.digest_algorithm, key_bits(issuer.public_key_der))
    except MalformedError:
        return False
    return single.name_hash in names and single.key_hash == key


def _basic(der: bytes) -> bytes:
    """The BasicOCSPResponse of an OCSPResponse, RFC 6960 4.2.1."""
    reader = _reader(der)
    members = reader.children(reader.expect(reader.root(), 0x30))
    if not members or members[0][0] != 0x0A:
        return der
    status = reader.integer(members[0], 0x0A)
    if status != 0:
        name = _STATUS[status] if 0 <= status < len(_STATUS) else str(status)
        raise MalformedError(
            "revocation.ocsp-refused", f"the OCSP responder refused: {name}", "ask the responder again"
        )
    if len(members) != 2 or members[1][0] != 0xA0:
        raise _malformed("it has no response bytes")
    (response,) = reader.members(members[1], 0xA0, 1, 1)
    kind, octets = reader.members(response, 0x30, 2, 2)
    if reader.oid(kind) != _BASIC:
        raise _malformed("its type is not basic")
    return reader.octets(octets)


def _read(self: OcspResponse, basic: bytes) -> None:
    """BasicOCSPResponse and ResponseData, RFC 6960 4.2.1."""
    keep = object.__setattr__
    reader = _reader(basic)
    data, algorithm, value, *rest = reader.members(reader.root(), 0x30, 3, 4)
    fields = reader.members(data, 0x30, 3, 5)
    if fields[0][0] == 0xA0:  # version, a DEFAULT that real responders encode
        fields.pop(0)
    if not 3 <= len(fields) <= 4 or fields[0][0] not in (0xA1, 0xA2):
        raise _malformed("its responder is not named")
    (identifier,) = reader.children(fields[0])[:1] or (fields[0],)
    keep(self, "responder_name", reader.tlv(identifier) if fields[0][0] == 0xA1 else None)
    keep(self, "responder_key", reader.octets(identifier) if fields[0][0] == 0xA2 else None)
    keep(self, "produced_at", reader.time(fields[1]))
    statements = reader.members(fields[2], 0x30, 1, MAX_SINGLES)
    singles = tuple(_single(reader, each) for each in statements)
    keep(self, "singles", singles)
    far = datetime.max.replace(tzinfo=singles[0].this_update.tzinfo)
    soonest = min(singles, key=lambda single: single.next_update or far)
    keep(self, "this_update", soonest.this_update)
    keep(self, "next_update", soonest.next_update)
    extensions = _extensions(reader, fields[3], 0xA1) if len(fields) == 4 else {}
    keep(self, "nonce", extensions.pop(_NONCE, (False, None))[1])
    keep(self, "unusable", next((oid for oid, (critical, _) in extensions.items() if critical), None))
    keep(self, "signed", reader.tlv(data))
    bits = reader.value(reader.expect(value, 0x03))
    keep(self, "signature", bits[1:] if bits[:1] == b"\0" else b"")  # no whole octets: it never verifies
    parts = reader.members(algorithm, 0x30, 1, 2)
    name, salt = read_signature_algorithm(reader.oid(parts[0]), reader.tlv(parts[1]) if len(parts) == 2 else None)
    keep(self, "signature_algorithm", name)
    keep(self, "salt_length", salt)
    keep(self, "certificates", tuple(reader.tlv(each) for each in _certificates(reader, rest)))


def _certificates(reader: Reader, rest: list[Node]) -> list[Node]:
    if not rest:
        return []
    (bag,) = reader.members(rest[0], 0xA0, 1, 1)
    return reader.members(bag, 0x30, 0, 64)


def _single(reader: Reader, node: Node) -> Single:
    """SingleResponse, RFC 6960 4.2.1."""
    identifier, state, this_update, *rest = reader.members(node, 0x30, 3, 5)
    algorithm, name_hash, key_hash, serial = reader.members(identifier, 0x30, 4, 4)
    oid = reader.oid(reader.members(algorithm, 0x30, 1, 2)[0])
    status: Literal["good", "revoked", "unknown"] = "unknown"
    revoked_at = reason = None
    if state[0] == 0x80:
        status = "good"
    elif state[0] == 0xA1:
        status = "revoked"
        revoked_at, reason = _revoked(reader, state)
    elif state[0] != 0x82:
        raise _malformed("a certificate's status is none of the three")
    next_update = None
    if rest and rest[0][0] == 0xA0:
        (moment,) = reader.members(rest.pop(0), 0xA0, 1, 1)
        next_update = reader.time(moment)
    facts = _single_extensions(_extensions(reader, rest.pop(0), 0xA1) if rest else {})
    if rest:
        raise _malformed("a statement has members that do not belong there")
    return Single(
        _digest_name(oid),
        reader.octets(name_hash),
        reader.octets(key_hash),
        reader.integer(serial),
        status,
        reader.time(this_update),
        next_update,
        revoked_at,
        reason,
        *facts,
    )


def _revoked(reader: Reader, state: Node) -> tuple[datetime, str | None]:
    moment, *rest = reader.members(state, 0xA1, 1, 2)
    if not rest:
        return reader.time(moment), None
    (number,) = reader.members(rest[0], 0xA0, 1, 1)
    reason = reader.integer(number, 0x0A)
    if not 0 <= reason < len(REASONS) or not REASONS[reason]:
        raise _malformed(f"the unknown reason {reason}")
    return reader.time(moment), REASONS[reason]


def _single_extensions(
    extensions: Mapping[str, tuple[bool, bytes]],
) -> tuple[datetime | None, tuple[str, bytes] | None, str | None]:
    cutoff = cert_hash = unusable = None
    for oid, (critical, value) in extensions.items():
        reader = _reader(value)
        if oid == _ARCHIVE_CUTOFF:
            cutoff = reader.time(reader.root())
        elif oid == _CERT_HASH:
            algorithm, octets = reader.members(reader.root(), 0x30, 2, 2)
            cert_hash = (_digest_name(reader.oid(reader.members(algorithm, 0x30, 1, 2)[0])), reader.octets(octets))
        elif critical:
            unusable = oid
    return cutoff, cert_hash, unusable


def _extensions(reader: Reader, node: Node, tag: int) -> dict[str, tuple[bool, bytes]]:
    (inside,) = reader.members(node, tag, 1, 1)
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in reader.children(reader.expect(inside, 0x30)):
        members = reader.members(extension, 0x30, 2, 3)
        oid = reader.oid(members[0])
        if oid in found:
            raise _malformed(f"extension {oid} stands twice")
        found[oid] = (len(members) == 3 and reader.boolean(members[1]), reader.octets(members[-1]))
    return found


def _digest_name(oid: str) -> str:
    try:
        return digest_by_oid(oid)
    except MalformedError:
        return oid


def _reader(data: bytes) -> Reader:
    return Reader(data, lenient=True)


def _malformed(why: str, offset: int | None = None) -> MalformedError:
    return MalformedError(
        "revocation.malformed-ocsp", f"not an OCSP response: {why}", "ask the responder again", offset=offset
    )
