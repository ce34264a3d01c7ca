"""Extensions of certificates (RFC 5280 4.2, EN 319 412-5, RFC 6960 4.2.2.2.1, RFC 9608), read one by one.

An extension that cannot be read never makes a certificate unreadable: it is noted, and its fact takes the value that
allows least (no key usage, no extended usage, no CA). Names are those of RFC 5280.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.errors import MalformedError

__all__ = ["AlternativeNames", "Extensions", "QcStatements", "read_extensions"]

KEY_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
"""Bits of KeyUsage in order (RFC 5280 4.2.1.3)."""

QC_TYPES = {"0.4.0.1862.1.6.1": "esign", "0.4.0.1862.1.6.2": "eseal", "0.4.0.1862.1.6.3": "web"}
"""EN 319 412-5 4.2.3."""


class QcStatements(NamedTuple):
    """Facts of the QCStatements extension (RFC 3739 3.2.6, EN 319 412-5).

    ``types``: "esign", "eseal", "web", or the dotted OID of another. ``legislation``: ISO 3166 codes (4.2.4).
    ``limit``: (currency, amount, exponent) of 4.3.2. ``disclosures``: (URL, language) pairs of 4.3.4.
    ``semantics``: OIDs of EN 319 412-1 5. ``statements``: every statement's OID in order.
    """

    compliance: bool = False
    sscd: bool = False
    types: tuple[str, ...] = ()
    legislation: tuple[str, ...] = ()
    limit: tuple[str, int, int] | None = None
    retention_years: int | None = None
    disclosures: tuple[tuple[str, str], ...] = ()
    semantics: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()


class AlternativeNames(NamedTuple):
    """Subject alternative names (RFC 5280 4.2.1.6) that are used here; ``other`` holds (type OID, value TLV)."""

    dns: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    other: tuple[tuple[str, bytes], ...] = ()


class AuthorityKeyIdentifier(NamedTuple):
    """RFC 5280 4.2.1.1."""

    key_identifier: bytes | None = None
    issuer: bytes | None = None
    serial: int | None = None


class Extensions(NamedTuple):
    """What the extensions of one certificate say. ``unreadable``: OIDs of those that could not be read."""

    is_ca: bool = False
    path_length: int | None = None
    key_usage: frozenset[str] | None = None
    extended_key_usage: frozenset[str] | None = None
    subject_key_identifier: bytes | None = None
    authority_key_identifier: AuthorityKeyIdentifier = AuthorityKeyIdentifier()
    policies: tuple[str, ...] = ()
    names: AlternativeNames = AlternativeNames()
    qc: QcStatements = QcStatements()
    crl_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def read_extensions(raw: Mapping[str, tuple[bool, bytes]]) -> Extensions:
    """Read those extensions (OID → critical, contents) that have a fact here. Never raises on hostile bytes."""
    facts: dict[str, Any] = {}
    unreadable = []
    for oid, (_, value) in raw.items():
        known = _READERS.get(oid)
        if known is None:
            continue
        read, strictest = known
        try:
            reader = Reader(value, lenient=True)
            found = read(reader, reader.root())
            if "trailing-octets" in reader.used:
                raise MalformedError("certificate.malformed", "octets behind an extension")
            facts.update(found)
        except MalformedError:
            facts.update(strictest)
            unreadable.append(oid)
    return Extensions(**facts, unreadable=tuple(unreadable))


def _basic_constraints(reader: Reader, node: Node) -> dict[str, Any]:
    members = reader.children(reader.expect(node, 0x30))
    is_ca = bool(members) and members[0][0] == 1 and reader.boolean(members.pop(0))
    path_length = reader.integer(members.pop(0)) if members else None
    if members or (path_length is not None and path_length < 0):
        raise MalformedError("certificate.malformed", "basicConstraints")
    return {"is_ca": is_ca, "path_length": path_length}


def _key_usage(reader: Reader, node: Node) -> dict[str, Any]:
    flags = reader.flags(node)
    return {"key_usage": frozenset(name for bit, name in enumerate(KEY_USAGES) if bit in flags)}


def _extended_key_usage(reader: Reader, node: Node) -> dict[str, Any]:
    children = reader.children(reader.expect(node, 0x30))
    return {"extended_key_usage": frozenset(reader.oid(child) for child in children)}


def _subject_key_identifier(reader: Reader, node: Node) -> dict[str, Any]:
    return {"subject_key_identifier": reader.octets(node)}


def _authority_key_identifier(reader: Reader, node: Node) -> dict[str, Any]:
    key = issuer = serial = None
    for child in reader.children(reader.expect(node, 0x30)):
        if child[0] == 0x80:
            key = reader.value(child)
        elif child[0] == 0xA1:
            for name in reader.children(child):
                if name[0] == 0xA4:
                    issuer = reader.value(name)
        elif child[0] == 0x82:
            serial = int.from_bytes(reader.value(child), "big", signed=True)
    return {"authority_key_identifier": AuthorityKeyIdentifier(key, issuer, serial)}


def _policies(reader: Reader, node: Node) -> dict[str, Any]:
    oids = []
    for policy in reader.children(reader.expect(node, 0x30)):
        oids.append(reader.oid(reader.members(policy, 0x30, 1, 2)[0]))
    return {"policies": tuple(oids)}


def _alternative_names(reader: Reader, node: Node) -> dict[str, Any]:
    dns, uris, emails, other = [], [], [], []
    for name in reader.children(reader.expect(node, 0x30)):
        if name[0] == 0x82:
            dns.append(_ia5(reader, name))
        elif name[0] == 0x86:
            uris.append(_ia5(reader, name))
        elif name[0] == 0x81:
            emails.append(_ia5(reader, name))
        elif name[0] == 0xA0:
            members = reader.children(name)
            if len(members) != 2 or members[1][0] != 0xA0:
                raise MalformedError("certificate.malformed", "otherName")
            other.append((reader.oid(members[0]), reader.value(members[1])))
    return {"names": AlternativeNames(tuple(dns), tuple(uris), tuple(emails), tuple(other))}


def _crl_distribution_points(reader: Reader, node: Node) -> dict[str, Any]:
    urls = []
    for point in reader.children(reader.expect(node, 0x30)):
        for member in reader.children(reader.expect(point, 0x30)):
            if member[0] == 0xA0:  # distributionPoint; fullName is [0]
                for full in reader.children(member):
                    if full[0] == 0xA0:
                        urls += [_ia5(reader, name) for name in reader.children(full) if name[0] == 0x86]
    return {"crl_urls": tuple(urls)}


def _authority_information_access(reader: Reader, node: Node) -> dict[str, Any]:
    found: dict[str, list[str]] = {"1.3.6.1.5.5.7.48.1": [], "1.3.6.1.5.5.7.48.2": []}
    for description in reader.children(reader.expect(node, 0x30)):
        members = reader.members(description, 0x30, 2, 2)
        urls = found.get(reader.oid(members[0]))
        if urls is not None and members[1][0] == 0x86:
            urls.append(_ia5(reader, members[1]))
    return {"ocsp_urls": tuple(found["1.3.6.1.5.5.7.48.1"]), "issuer_urls": tuple(found["1.3.6.1.5.5.7.48.2"])}


def _qc_statements(reader: Reader, node: Node) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    statements = []
    for statement in reader.children(reader.expect(node, 0x30)):
        members = reader.members(statement, 0x30, 1, 2)
        oid = reader.oid(members[0])
        statements.append(oid)
        facts.update(_qc_statement(reader, oid, members[1] if len(members) == 2 else None))
    return {"qc": QcStatements(**facts, statements=tuple(statements))}


def _qc_statement(reader: Reader, oid: str, info: Node | None) -> dict[str, Any]:
    if oid == "0.4.0.1862.1.1":
        return {"compliance": True}
    if oid == "0.4.0.1862.1.4":
        return {"sscd": True}
    if info is None:
        return {}
    if oid == "0.4.0.1862.1.3":
        return {"retention_years": reader.integer(info)}
    if oid == "0.4.0.1862.1.6":
        oids = [reader.oid(child) for child in reader.children(info)]
        return {"types": tuple(QC_TYPES.get(item, item) for item in oids)}
    if oid == "0.4.0.1862.1.7":
        return {"legislation": tuple(reader.text(child) for child in reader.children(info))}
    if oid == "0.4.0.1862.1.2":
        currency, amount, exponent = reader.members(info, 0x30, 3, 3)
        code = str(reader.integer(currency)) if currency[0] == 2 else reader.text(currency)
        return {"limit": (code, reader.integer(amount), reader.integer(exponent))}
    if oid == "0.4.0.1862.1.5":
        pairs = [reader.members(location, 0x30, 2, 2) for location in reader.children(info)]
        return {"disclosures": tuple((reader.text(url), reader.text(language)) for url, language in pairs)}
    if oid == "1.3.6.1.5.5.7.11.2":
        return {"semantics": tuple(reader.oid(child) for child in reader.children(info) if child[0] == 6)}
    return {}


def _ia5(reader: Reader, node: Node) -> str:
    try:
        return reader.value(node).decode("ascii")
    except UnicodeDecodeError:
        raise MalformedError("certificate.malformed", "an IA5String has other characters", offset=node[1]) from None


_READERS: dict[str, tuple[Callable[[Reader, Node], dict[str, Any]], dict[str, Any]]] = {
    "2.5.29.19": (_basic_constraints, {"is_ca": False}),
    "2.5.29.15": (_key_usage, {"key_usage": frozenset()}),
    "2.5.29.37": (_extended_key_usage, {"extended_key_usage": frozenset()}),
    "2.5.29.14": (_subject_key_identifier, {}),
    "2.5.29.35": (_authority_key_identifier, {}),
    "2.5.29.32": (_policies, {}),
    "2.5.29.17": (_alternative_names, {}),
    "2.5.29.31": (_crl_distribution_points, {}),
    "1.3.6.1.5.5.7.1.1": (_authority_information_access, {}),
    "1.3.6.1.5.5.7.1.3": (_qc_statements, {}),
}
"""OID → reader, and the facts where the reader fails: those that allow least."""
