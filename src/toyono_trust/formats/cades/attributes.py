"""Unsigned attributes of CAdES by name, and the validation data that older forms keep in them.

EN 319 122-1 5.3 to 5.5; EN 319 122-2 and RFC 5126 6 for the extended forms CAdES-C, -X, -XL and -A, which are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.core.cms.reading import MAX_CRLS, wrap_basic_response
from toyono_trust.core.limits import MAX_CERTIFICATES
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Note, TimestampType

_SMIME = "1.2.840.113549.1.9.16.2."
COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"
SIGNATURE_TIMESTAMP = _SMIME + "14"
CERTIFICATE_REFERENCES = _SMIME + "21"
REVOCATION_REFERENCES = _SMIME + "22"
CERTIFICATE_VALUES = _SMIME + "23"
REVOCATION_VALUES = _SMIME + "24"
CADES_C_TIMESTAMP = _SMIME + "25"
REFERENCES_TIMESTAMP = _SMIME + "26"
ARCHIVE_V1 = _SMIME + "27"
ARCHIVE_V2 = _SMIME + "48"
ARCHIVE_V3 = "0.4.0.1733.2.4"
EVIDENCE_RECORDS = (_SMIME + "49", _SMIME + "50")
"""Internal and external evidence records (RFC 4998 A): they cover the whole file but for themselves."""

TIMESTAMPS: dict[str, TimestampType] = {
    SIGNATURE_TIMESTAMP: "signature",
    CADES_C_TIMESTAMP: "validation-data",
    REFERENCES_TIMESTAMP: "validation-data",
    ARCHIVE_V1: "archive",
    ARCHIVE_V2: "archive",
    ARCHIVE_V3: "archive",
}
ARCHIVES = frozenset((ARCHIVE_V1, ARCHIVE_V2, ARCHIVE_V3))
LEGACY_ARCHIVES = frozenset((ARCHIVE_V1, ARCHIVE_V2))
"""Archive time stamps over the lists of certificates and CRLs as a whole: nothing may be added to these any more."""
EXTENDED = {
    CERTIFICATE_REFERENCES: "complete-certificate-references",
    REVOCATION_REFERENCES: "complete-revocation-references",
    CERTIFICATE_VALUES: "certificate-values",
    REVOCATION_VALUES: "revocation-values",
    CADES_C_TIMESTAMP: "CAdES-C-time-stamp",
    REFERENCES_TIMESTAMP: "time-stamped-certs-crls-references",
    ARCHIVE_V1: "archive-time-stamp",
    _SMIME + "44": "attribute-certificate-references",
    _SMIME + "45": "attribute-revocation-references",
    ARCHIVE_V2: "archive-time-stamp-v2",
}
"""Attributes of the extended forms (EN 319 122-2), which baseline B-LT and B-LTA bar (EN 319 122-1 6.3), by name."""


class Values(NamedTuple):
    """Certificates and revocation data that stand in unsigned attributes.

    ``crls``: DER CertificateLists; ``ocsp_responses``: pairs of the BasicOCSPResponse as it is stored and the
    OCSPResponse around it, which the facts have.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[tuple[bytes, bytes], ...] = ()


NOTHING = Values()


def read_values(attributes: Iterable[cms.Attribute], notes: list[Note] | None = None) -> Values:
    """What certificate-values and revocation-values hold (RFC 5126 6.3.3, 6.3.4); what cannot be read is noted.

    Raises ``MalformedError`` (``limits.count``) where that is more than one file may hold.
    """
    found = NOTHING
    for attribute in attributes:
        if attribute.oid not in (CERTIFICATE_VALUES, REVOCATION_VALUES):
            continue
        for value in attribute.values:
            read = _certificates if attribute.oid == CERTIFICATE_VALUES else _revocation
            try:
                more = read(Reader(value, lenient=True))
            except MalformedError:
                if notes is not None:
                    notes.append(Note("cms.attribute-malformed", attribute.oid, {"attribute": attribute.oid}))
                continue
            found = Values(
                found.certificates + more.certificates,
                found.crls + more.crls,
                found.ocsp_responses + more.ocsp_responses,
            )
            if len(found.certificates) > MAX_CERTIFICATES or len(found.crls) + len(found.ocsp_responses) > MAX_CRLS:
                raise MalformedError("limits.count", "more certificates or revocation data in attributes than are read")
    return found


def _certificates(reader: Reader) -> Values:
    """CertificateValues: SEQUENCE OF Certificate."""
    nodes = reader.members(reader.root(), 0x30, 0, MAX_CERTIFICATES)
    return Values(tuple(reader.tlv(reader.expect(node, 0x30)) for node in nodes))


def _revocation(reader: Reader) -> Values:
    """RevocationValues: [0] SEQUENCE OF CertificateList, [1] SEQUENCE OF BasicOCSPResponse, [2] other; explicit."""
    crls: tuple[bytes, ...] = ()
    responses: tuple[tuple[bytes, bytes], ...] = ()
    for part in reader.members(reader.root(), 0x30, 0, 3):
        if part[0] == 0xA0:
            crls = tuple(reader.tlv(reader.expect(node, 0x30)) for node in _listed(reader, part))
        elif part[0] == 0xA1:
            responses = tuple(_response(reader, node) for node in _listed(reader, part))
    return Values((), crls, responses)


def _listed(reader: Reader, part: Node) -> list[Node]:
    return reader.members(reader.only(part), 0x30, 0, MAX_CRLS)


def _response(reader: Reader, node: Node) -> tuple[bytes, bytes]:
    """A BasicOCSPResponse; some writers store a whole OCSPResponse, whose first member is an ENUMERATED."""
    tlv = reader.tlv(node)
    members = reader.children(reader.expect(node, 0x30))
    return tlv, tlv if members and members[0][0] == 0x0A else wrap_basic_response(tlv)
