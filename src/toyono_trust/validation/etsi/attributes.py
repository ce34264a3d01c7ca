"""``SignatureAttributes`` (TS 119 102-2 annex A): what a signature says about itself, signed and unsigned.

An attribute is called signed where the signature value fits: of others nobody knows who wrote them.
"""

from __future__ import annotations

import re
from typing import Any

from toyono_trust.core import algorithms
from toyono_trust.core.asn1 import explicit, integer_der, sequence
from toyono_trust.formats.model import CertificateReference, Place
from toyono_trust.validation.etsi import access, uris
from toyono_trust.validation.etsi.element import boolean, child, digest_parts, moment, octets, refer, text_of
from toyono_trust.validation.etsi.objects import Objects
from toyono_trust.validation.report import SignatureReport, TimestampReport

__all__ = ["write_attributes", "write_reference"]

_STAMPS = {
    "signature": "SignatureTimeStamp",
    "validation-data": "SigAndRefsTimeStamp",
    "archive": "ArchiveTimeStamp",
    "container": "ArchiveTimeStamp",
    "document": "DocTimeStamp",
}
_CMS = ("CAdES", "PAdES", "PKCS7")
_OID = re.compile(r"(urn:oid:)?\d+(\.\d+)+", re.ASCII)
_IMPLIED = "implied"


def write_attributes(parent: Any, item: SignatureReport, objects: Objects) -> None:
    """The element, unless nothing would stand in it."""
    attributes = _Attributes(item, objects, child(parent, "SignatureAttributes"))
    attributes.write()
    if len(attributes.element) == 0:
        parent.remove(attributes.element)


def write_reference(parent: Any, name: str, item: SignatureReport, objects: Objects) -> None:
    """A ``SignatureReferenceType``: a PDF's by its field, a JWS by its digest, a CMS by its id in this report."""
    element = child(parent, name)
    digest = access.reference(item.facts)
    if item.facts.revision is not None and item.facts.revision.field:
        child(element, "PAdESFieldName", text_of(item.facts.revision.field))
    elif digest is not None:
        child(element, "DigestMethod", uris.digest_method(digest.algorithm))
        octets(element, "DigestValue", digest.value)
    else:
        identifier = child(child(element, "OtherInformation"), "SignatureIdentifier", None, uris.OWN)
        identifier.set("ref", objects.signature(item))


class _Attributes:
    """Writes the attributes of one signature in the order of the annex."""

    def __init__(self, item: SignatureReport, objects: Objects, element: Any) -> None:
        self.item, self.facts, self.objects, self.element = item, item.facts, objects, element

    def write(self) -> None:
        """All attributes."""
        self._signed_ones()
        self._stamps("content")
        self._properties()
        self._counter_signatures()
        self._stamps("signature", "validation-data")
        self._values()
        self._stamps("archive", "container")
        self._message_digest()
        self._document()

    def _add(self, name: str, *, signed: bool) -> Any:
        attributes = {} if signed and not self.item.signature_intact else {"Signed": boolean(signed)}
        return child(self.element, name, None, **attributes)

    def _signed_ones(self) -> None:
        facts = self.facts
        if facts.claimed_signing_time is not None:
            moment(self._add("SigningTime", signed=True), "Time", facts.claimed_signing_time)
        if facts.references:
            element = self._add("SigningCertificate", signed=True)
            known = [self._referred(reference) for reference in facts.references]
            found = [name for name in known if name is not None]
            if found:
                refer(element, "AttributeObject", *found)
            for reference, name in zip(facts.references, known, strict=True):
                if name is None:  # A.3: only what is no validation object
                    _certificate_id(element, reference)
        if facts.properties.content_type:
            element, named = self._add("DataObjectFormat", signed=True), facts.properties.content_type
            if _OID.fullmatch(named):
                child(element, "ContentType", uris.identifier(named))
            else:
                child(element, "MimeType", text_of(named))
        for commitment in facts.properties.commitments:
            element = self._add("CommitmentTypeIndication", signed=True)
            child(element, "CommitmentTypeIdentifier", uris.identifier(commitment))

    def _referred(self, reference: CertificateReference) -> str | None:
        """The id of the certificate that a reference names, None where it is not at hand."""
        if algorithms.digest_size(reference.digest_algorithm) is None:
            return None
        leaf = () if self.item.certificate is None else (self.item.certificate.der,)
        chain = (certificate.der for certificate in self.item.chain)
        for der in dict.fromkeys((*leaf, *chain, *self.facts.certificates)):
            if algorithms.digest(reference.digest_algorithm, der) == reference.digest:
                return self.objects.certificate(der)
        return None

    def _properties(self) -> None:
        properties, revision = self.facts.properties, self.facts.revision
        if properties.policy is not None and properties.policy.identifier != _IMPLIED:
            element = self._add("SigPolicyIdentifier", signed=True)
            child(element, "SigPolicyId", uris.identifier(properties.policy.identifier))
        lines = _lines(properties.place)
        if revision is not None and revision.location:
            lines = [revision.location]  # A.9.5
        if lines:
            element = self._add("SignatureProductionPlace", signed=True)
            for line in lines:
                child(element, "AddressString", text_of(line))
        if properties.roles:
            element = self._add("SignerRole", signed=True)
            for role in properties.roles:
                details = child(element, "RoleDetails")
                child(details, "Role", text_of(role))
                child(details, "EndorsementType", "claimed")

    def _counter_signatures(self) -> None:
        for counter in self.item.counter_signatures:
            element = self._add("CounterSignature", signed=False)
            refer(element, "AttributeObject", self.objects.signature(counter))
            write_reference(element, "CounterSignature", counter, self.objects)

    def _stamps(self, *types: str) -> None:
        for stamp in self.item.timestamps:
            if stamp.token.type in types and access.is_readable(stamp):
                self._stamp(stamp)

    def _stamp(self, stamp: TimestampReport) -> None:
        """A token that cannot be read has no time, and stands among the objects alone."""
        name = "AllDataObjectsTimeStamp" if stamp.token.type == "content" else _STAMPS[stamp.token.type]
        element = self._add(name, signed=stamp.token.type == "content")
        refer(element, "AttributeObject", self.objects.stamp(stamp))
        moment(element, "TimeStampValue", stamp.token.generated_at)

    def _values(self) -> None:
        """Certificates and revocation data that stand in attributes.

        A CMS has them beside its SignerInfos (EN 319 122-1 5.5), a PDF in a store of its own: they are objects alone.
        """
        facts = self.facts
        if facts.format == "JAdES" and self._has_revocation():
            self._objects("CertificateValues", [self.objects.certificate(der) for der in facts.certificates])
        if facts.format == "JAdES" or self._has_archive():
            self._objects("RevocationValues", [*self._crls(), *self._responses()])

    def _has_revocation(self) -> bool:
        return bool(self.facts.crls or self.facts.ocsp_responses)

    def _has_archive(self) -> bool:
        """Whether it is a PDF's signature with revocation data in a signed attribute (ISO 32000-2 12.8.3.3.2)."""
        return any(finding.code == "pdf.revocation-archive" for finding in self.item.findings)

    def _objects(self, name: str, ids: list[str]) -> None:
        if not ids:
            return
        element = self._add(name, signed=False)
        for each in dict.fromkeys(ids):
            refer(element, "AttributeObject", each)

    def _crls(self) -> list[str]:
        return [self.objects.carried(der) for der in self.facts.crls]

    def _responses(self) -> list[str]:
        return [self.objects.carried(der) for der in self.facts.ocsp_responses]

    def _message_digest(self) -> None:
        """A.26: the attribute of a CMS."""
        things = self.facts.objects
        thing = things[-1] if things else None
        if self.facts.format in _CMS and thing is not None and not thing.by_signature and thing.digest is not None:
            octets(self._add("MessageDigest", signed=True), "Digest", thing.digest)

    def _document(self) -> None:
        """What a PDF adds: validation data of the document, its time stamps, entries of the signature dictionary."""
        revision, facts = self.facts.revision, self.facts
        if revision is None:
            return
        if self._has_revocation() and not self._has_archive():
            element = self._add("DSS", signed=False)
            if facts.crls:
                refer(element, "CRLs", *self._crls())
            if facts.ocsp_responses:
                refer(element, "OCSPs", *self._responses())
        self._stamps("document")
        for name, value in (("Reason", revision.reason), ("Name", revision.name)):
            if value:
                child(self._add(name, signed=True), f"{name}Element", text_of(value))
        subfilter = self._subfilter()
        if subfilter is not None:
            child(self._add("SubFilter", signed=True), "SubFilterElement", subfilter)
        child(self.element, "ByteRange", " ".join(str(number) for number in revision.byte_range))

    def _subfilter(self) -> str | None:
        """Which of the three that are read it is; None where the value could not be read."""
        if not self.facts.value.value:
            return None
        if self.facts.format == "PAdES":
            return "ETSI.CAdES.detached"
        return "adbe.pkcs7.sha1" if len(self.facts.objects) > 1 else "adbe.pkcs7.detached"


def _certificate_id(parent: Any, reference: CertificateReference) -> None:
    """``SACertIDType``; issuer and serial number as IssuerSerial (RFC 5035 5)."""
    element = child(parent, "CertID")
    if reference.issuer_serial is not None:
        issuer, serial = reference.issuer_serial
        octets(element, "X509IssuerSerial", sequence(sequence(explicit(4, issuer)), integer_der(serial)))
    digest_parts(element, reference.digest_algorithm, reference.digest)


def _lines(place: Place | None) -> list[str]:
    if place is None:
        return []
    street = place.street.split("\n")
    lines = (place.country, place.region, place.locality, *street, place.postal_code, place.post_office_box)
    return [line for line in lines if line]
