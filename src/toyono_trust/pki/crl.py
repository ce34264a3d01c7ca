"""Certificate revocation lists (RFC 5280 5): what one says, read by our own reader, looked up quickly.

``cryptography`` reads the whole list once as a gate: every entry is DER. Therefore a serial number whose encoding does
not occur among the octets of the list is not on it, and most look-ups are one search of memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from toyono_trust.core.algorithms import read_signature_algorithm, verify
from toyono_trust.core.asn1 import Node, Reader, explicit, integer_der, sequence
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import NameKey, general_name_key
from toyono_trust.pki.names import read_name, rfc4514

__all__ = ["REASONS", "Crl", "Entry", "Scope"]

REASONS = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
)
"""CRLReason by number (RFC 5280 5.3.1); 7 is not used."""
REASON_FLAGS = ("", *REASONS[1:7], "privilegeWithdrawn", "aACompromise")
"""ReasonFlags by bit (RFC 5280 4.2.1.13)."""
ALL_REASONS = frozenset(REASON_FLAGS) - {""}
MAX_REMEMBERED = 256
"""Serial numbers whose place in a list is remembered; those of one file are fewer, lists of a trust store stay."""

_NUMBER, _AUTHORITY_KEY, _POINT, _DELTA, _EXPIRED = "2.5.29.20", "2.5.29.35", "2.5.29.28", "2.5.29.27", "2.5.29.60"
_UNDERSTOOD = frozenset({_NUMBER, _AUTHORITY_KEY, _POINT, _DELTA, _EXPIRED})
_ENTRY_REASON, _ENTRY_INVALIDITY, _ENTRY_ISSUER = "2.5.29.21", "2.5.29.24", "2.5.29.29"


class Entry(NamedTuple):
    """One revoked certificate. ``reason``: a name of ``REASONS``, None where not stated.

    ``invalid_since``: invalidityDate. ``unusable``: the OID of a critical extension that is not known, or None.
    """

    revoked_at: datetime
    reason: str | None = None
    invalid_since: datetime | None = None
    unusable: str | None = None


class Scope(NamedTuple):
    """The issuing distribution point (RFC 5280 5.2.5). ``names``: keys of ``link.general_name_key``, empty: none."""

    names: frozenset[NameKey] = frozenset()
    only_user: bool = False
    only_ca: bool = False
    only_attribute: bool = False
    reasons: frozenset[str] | None = None
    indirect: bool = False
    urls: tuple[str, ...] = ()


class Crl:
    """One CRL, immutable. Make it with ``Crl.load``.

    Attributes:
        der: as given; digest: "sha256:…" over it. issuer_der: the Name. number: cRLNumber or None.
        this_update, next_update: aware, UTC; next_update may be None.
        distribution: the issuing distribution point. is_delta: it has a deltaCRLIndicator.
        expired_since: expiredCertsOnCRL (X.509 8.5.2.12): the list keeps certificates that expired since then.
        unusable: OID of a critical or unreadable extension that forbids using the list, or None.
    """

    kind: Literal["crl"] = "crl"
    __slots__ = (
        "_entries",
        "_found",
        "_signed_by",
        "authority_key",
        "der",
        "digest",
        "distribution",
        "expired_since",
        "extensions",
        "is_delta",
        "issuer_der",
        "next_update",
        "number",
        "salt_length",
        "signature",
        "signature_algorithm",
        "signed",
        "this_update",
        "unusable",
    )
    der: bytes
    digest: str
    issuer_der: bytes
    this_update: datetime
    next_update: datetime | None
    number: int | None
    signed: bytes
    signature: bytes
    signature_algorithm: str
    salt_length: int | None
    extensions: Mapping[str, tuple[bool, bytes]]
    distribution: Scope
    is_delta: bool
    expired_since: datetime | None
    authority_key: bytes | None
    unusable: str | None
    _entries: tuple[int, int]
    _found: dict[int, tuple[int, int] | None]
    _signed_by: dict[bytes, bool]

    @classmethod
    def load(cls, der: bytes) -> Crl:
        """Read a DER CRL. Raises ``MalformedError`` "revocation.malformed-crl"."""
        from cryptography import x509

        self = cls.__new__(cls)
        try:
            _read(self, der)
            x509.load_der_x509_crl(der)
        except MalformedError as error:
            raise _malformed(error.message, error.offset) from error
        except (ValueError, x509.InvalidVersion) as error:
            raise _malformed(str(error)) from error
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a CRL does not change")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crl) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Crl {self.describe()} {self.digest[:23]}>"

    def describe(self) -> str:
        """What it is, in words."""
        return f"CRL of {_text(self.issuer_der)}"

    @property
    def scope(self) -> object:
        """Equal for lists of which a later one supersedes an earlier one."""
        point = self.extensions.get(_POINT, (False, b""))[1]
        return "crl", self.issuer_der, self.authority_key, point, self.is_delta

    def knows(self, issuer: Certificate) -> bool:
        """Whether ``signed_by`` has its answer already, without hashing anything."""
        return issuer.public_key_der in self._signed_by

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether ``issuer``'s key made the signature. Remembered. Never raises."""
        key = issuer.public_key_der
        known = self._signed_by.get(key)
        if known is None:
            public = issuer.public_key
            known = public is not None and verify(
                self.signature_algorithm, public, self.signature, self.signed, salt_length=self.salt_length
            )
            if len(self._signed_by) < 64:
                self._signed_by[key] = known
        return known

    def lists(self, serial: int) -> bool:
        """Whether the serial number has an entry, whatever it says."""
        return self._locate(serial) is not None

    def find(self, serial: int) -> Entry | None:
        """The entry of a serial number, None where it is not on the list. Raises ``MalformedError``."""
        span = self._locate(serial)
        return None if span is None else _entry(self.der[span[0] : span[1]])

    def _locate(self, serial: int) -> tuple[int, int] | None:
        """Remembered for the first serial numbers: a million entries took 0.4 s each time for 60 time stamps."""
        if serial in self._found:
            return self._found[serial]
        span = self._search(serial)
        if len(self._found) < MAX_REMEMBERED:
            self._found[serial] = span
        return span

    def _search(self, serial: int) -> tuple[int, int] | None:
        start, stop = self._entries
        wanted = integer_der(serial)
        if self.der.find(wanted, start, stop) < 0:
            return None
        at = start
        data = self.der
        while at < stop:  # entries are DER, as ``load`` has checked
            length = data[at + 1]
            body = at + 2
            if length > 0x7F:
                body += length & 0x7F
                length = int.from_bytes(data[at + 2 : body], "big")
            if data.startswith(wanted, body):
                return at, body + length
            at = body + length
        return None


def _read(self: Crl, der: bytes) -> None:
    keep = object.__setattr__
    keep(self, "der", der)
    keep(self, "digest", "sha256:" + hashlib.sha256(der).hexdigest())
    keep(self, "_signed_by", {})
    keep(self, "_found", {})
    reader = Reader(der)
    body, algorithm, value = reader.members(reader.root(), 0x30, 3, 3)
    fields = reader.members(body, 0x30, 4, 7)
    if fields[0][0] == 0x02 and reader.integer(fields.pop(0)) != 1:
        raise _malformed("its version is not 2")
    inner, issuer, this_update = fields[:3]
    if reader.tlv(inner) != reader.tlv(algorithm):  # RFC 5280 5.1.1.2
        raise _malformed("the two signature algorithms differ")
    rest = fields[3:]
    keep(self, "signed", reader.tlv(body))
    keep(self, "issuer_der", reader.tlv(reader.expect(issuer, 0x30)))
    keep(self, "this_update", reader.time(this_update))
    keep(self, "next_update", reader.time(rest.pop(0)) if rest and rest[0][0] in (0x17, 0x18) else None)
    entries = rest.pop(0) if rest and rest[0][0] == 0x30 else None
    keep(self, "_entries", (entries[2], entries[3]) if entries else (0, 0))
    if len(rest) > 1 or (rest and rest[0][0] != 0xA0):
        raise _malformed("it has members that do not belong there")
    bits = reader.value(reader.expect(value, 0x03))
    keep(self, "signature", bits[1:] if bits[:1] == b"\0" else b"")  # no whole octets: it never verifies
    identifier = reader.members(algorithm, 0x30, 1, 2)
    parameters = reader.tlv(identifier[1]) if len(identifier) == 2 else None
    name, salt = read_signature_algorithm(reader.oid(identifier[0]), parameters)
    keep(self, "signature_algorithm", name)
    keep(self, "salt_length", salt)
    keep(self, "extensions", MappingProxyType(_extensions(reader, reader.only(rest[0])) if rest else {}))
    _read_extensions(self)


def _read_extensions(self: Crl) -> None:
    """The extensions of RFC 5280 5.2. One that is unreadable or unknown and critical makes the list unusable."""
    facts: dict[str, object] = {"number": None, "authority_key": None, "expired_since": None, "distribution": Scope()}
    unusable = None
    for oid, (critical, value) in self.extensions.items():
        reader = Reader(value)
        try:
            if oid == _NUMBER:
                facts["number"] = reader.integer(reader.root())
            elif oid == _AUTHORITY_KEY:
                members = reader.children(reader.expect(reader.root(), 0x30))
                facts["authority_key"] = next((reader.value(each) for each in members if each[0] == 0x80), None)
            elif oid == _EXPIRED:
                facts["expired_since"] = reader.time(reader.root())
            elif oid == _POINT:
                facts["distribution"] = _scope(reader, self.issuer_der)
        except MalformedError:
            unusable = oid
        if critical and oid not in _UNDERSTOOD:
            unusable = oid
    facts["is_delta"] = _DELTA in self.extensions
    facts["unusable"] = unusable
    for name, fact in facts.items():
        object.__setattr__(self, name, fact)


def _scope(reader: Reader, issuer: bytes) -> Scope:
    """IssuingDistributionPoint, RFC 5280 5.2.5."""
    names: frozenset[NameKey] = frozenset()
    urls: tuple[str, ...] = ()
    facts: dict[int, object] = {}
    for member in reader.children(reader.expect(reader.root(), 0x30)):
        tag = member[0]
        if tag == 0xA0:
            names, urls = point_names(reader, reader.only(member), issuer)
        elif tag == 0x83:
            facts[tag] = reason_flags(reader, member)
        elif tag in (0x81, 0x82, 0x84, 0x85):
            facts[tag] = reader.value(member) != b"\0"
        else:
            raise _malformed("its distribution point has unknown members")
    reasons = facts.get(0x83)
    return Scope(
        names,
        bool(facts.get(0x81)),
        bool(facts.get(0x82)),
        bool(facts.get(0x85)),
        reasons if isinstance(reasons, frozenset) else None,
        bool(facts.get(0x84)),
        urls,
    )


def point_names(reader: Reader, point: Node, issuer: bytes) -> tuple[frozenset[NameKey], tuple[str, ...]]:
    """Keys and addresses of a DistributionPointName (RFC 5280 4.2.1.13); ``issuer``: DER Name of the CRL's issuer."""
    if point[0] == 0xA0:
        members = reader.children(point)
        addresses = [reader.value(each).decode("ascii", "replace") for each in members if each[0] == 0x86]
        return frozenset(general_name_key(reader.tlv(each)) for each in members), tuple(addresses)
    if point[0] != 0xA1:
        raise _malformed("a distribution point has no known form")
    base = Reader(issuer)
    rdns = [base.tlv(each) for each in base.children(base.root())]
    relative = b"\x31" + reader.tlv(point)[1:]
    return frozenset({general_name_key(explicit(4, sequence(*rdns, relative)))}), ()


def reason_flags(reader: Reader, node: Node) -> frozenset[str]:
    """ReasonFlags under an implicit tag (RFC 5280 4.2.1.13)."""
    value = reader.value(node)
    if not 1 < len(value) <= 3 or value[0] > 7:
        raise _malformed("its reasons cannot be read")
    bits = int.from_bytes(value[1:].ljust(2, b"\0"), "big")
    return frozenset(name for bit, name in enumerate(REASON_FLAGS) if bits >> (15 - bit) & 1) - {""}


def _extensions(reader: Reader, node: Node) -> dict[str, tuple[bool, bytes]]:
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in reader.children(reader.expect(node, 0x30)):
        members = reader.members(extension, 0x30, 2, 3)
        oid = reader.oid(members[0])
        if oid in found:
            raise _malformed(f"extension {oid} stands twice")
        found[oid] = (len(members) == 3 and reader.boolean(members[1]), reader.octets(members[-1]))
    return found


def _entry(tlv: bytes) -> Entry:
    """One member of revokedCertificates, RFC 5280 5.1.2.6 and 5.3."""
    reader = Reader(tlv)
    members = reader.members(reader.root(), 0x30, 2, 3)
    revoked_at = reader.time(members[1])
    reason = invalid_since = unusable = None
    extensions = _extensions(reader, members[2]) if len(members) == 3 else {}
    for oid, (critical, value) in extensions.items():
        inner = Reader(value)
        if oid == _ENTRY_REASON:
            number = inner.integer(inner.root(), 0x0A)
            reason = REASONS[number] if 0 <= number < len(REASONS) else ""
            if not reason:
                raise _malformed(f"an entry has the unknown reason {number}")
        elif oid == _ENTRY_INVALIDITY:
            invalid_since = inner.time(inner.root())
        elif critical and oid != _ENTRY_ISSUER:
            unusable = oid
    return Entry(revoked_at, reason, invalid_since, unusable)


def _text(name: bytes) -> str:
    try:
        return rfc4514(read_name(name))
    except MalformedError:
        return "#" + name.hex()


def _malformed(why: str, offset: int | None = None) -> MalformedError:
    return MalformedError(
        "revocation.malformed-crl", f"not a CRL: {why}", "fetch it again from its issuer", offset=offset
    )
