"""Sealed evidence: found in a file, judged with its seal, and said what it proves.

JSON evidence holds its seal in a member of its own (JAdES). XML evidence has a CAdES seal beside it, over the octets of
the document; the seal is the file that is verified, and the document is among the contents presented with it.
"""

from __future__ import annotations

from datetime import datetime

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.core.xml import MAX_XML
from toyono_trust.delivery import evidence, xml
from toyono_trust.delivery.check import DEFAULT, ReceiptResult, Thresholds, check, compare
from toyono_trust.delivery.components import Evidence
from toyono_trust.errors import MalformedError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, Note, ReceiptFacts, Signed, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.names import attributes
from toyono_trust.validation import judge as judging
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Inputs, Report, SignatureReport

__all__ = ["SealedXml", "called", "judge", "read", "read_evidence"]

MAX_DOCUMENTS = 20
"""Documents of evidence among the presented contents that one seal is tried with."""
ORGANISATION, COMMON_NAME = "2.5.4.10", "2.5.4.3"
_OBJECT_STARTS = (b"{", b" ", b"\n", b"\r", b"\t")
_CMS_STARTS = (b"0", b"-")


class SealedXml(Signed):
    """The detached CAdES seal of a receipt in XML.

    Attributes:
        xml: the receipt itself, whose octets the seal covers; the two are kept beside each other.
    """

    xml: bytes

    @classmethod
    def of(cls, seal: Signed, document: bytes) -> SealedXml:
        """A seal with the document that it covers."""
        self = cls(seal, seal.format, seal.level, seal.reason, seal.report)
        self.xml = document
        return self


def read(data: bytes | Content, contents: Contents, work: Work, password: bytes | str | None = None) -> Facts | Unread:
    """The facts of a file, those of a receipt included, or why it has no accepted reading. Never raises for them."""
    return read_evidence(data, contents, work, password)[0]


def read_evidence(
    data: bytes | Content, contents: Contents, work: Work, password: bytes | str | None = None
) -> tuple[Facts | Unread, Evidence | None]:
    """The same, and the evidence itself where the file is a receipt."""
    try:
        if isinstance(data, bytes) and data[:1] in _CMS_STARTS and registry.detect(data) != "ers":
            return _read_cms(data, contents, work)
        facts = registry.read(data, contents, work, password)
        found = _json_evidence(data) if isinstance(data, bytes) and data[:1] in _OBJECT_STARTS else None
        if found is None:
            return facts, None
        return facts._replace(receipt=compare(evidence.facts(found), contents)), found
    except MalformedError as error:
        kind = registry.kind_of(data) if isinstance(data, bytes) else "PAdES"
        return Unread(kind, error.code, error.message, error.offset, isinstance(error, WorkExceeded)), None


def judge(
    facts: Facts | Unread,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    work: Work,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
    thresholds: Thresholds = DEFAULT,
) -> Report:
    """Judge what was read from one file, the claims of a receipt included; arguments as of ``validation.judge``.

    Pure: the same facts, policy, trust, time and material give the same report, today and out of an archive.
    """
    if isinstance(facts, Unread):
        kind = WorkExceeded if facts.exceeded else MalformedError
        error = kind(facts.code, facts.message, offset=facts.offset)
        inputs = Inputs(facts, policy, trust, material, present, dict(work.left))
        return judging.malformed(error, facts.kind, policy, trust, at, inputs)
    report = judging.judge(facts, policy, trust, at, work, material, present)
    return report if facts.receipt is None else _with_receipt(report, facts.receipt, policy, thresholds)


def called(certificate: Certificate) -> tuple[str, ...]:
    """What a subject is called: its organisation, else its common name, else the whole name."""
    name = certificate.subject_name
    return (*attributes(name, ORGANISATION), *attributes(name, COMMON_NAME)) or (certificate.subject,)


# -- JSON


def _json_evidence(data: bytes) -> Evidence | None:
    """The evidence in a JSON file that is sealed by a member of its own; None where it is none.

    Only that member's seal covers its neighbours; beside a JWS's ``payload`` anybody can write what looks like one.
    """
    if b"jadesSignature" not in data and b"\\u" not in data:  # a name may be written with escapes
        return None
    value = json_loads(data)
    return evidence.from_json(value) if evidence.is_evidence(value) and evidence.SEAL_MEMBER in value else None


# -- XML


def _read_cms(data: bytes, contents: Contents, work: Work) -> tuple[Facts, Evidence | None]:
    """A CMS file; its receipt where what it covers is XML evidence that has no signature of its own."""
    facts = _over_one_of(data, contents, work)
    covered = next((item.content for signature in facts.signatures for item in signature.objects), None)
    if covered is None or not _claims(covered):
        return facts, None
    if covered.size > MAX_XML:
        raise MalformedError("xml.size", "an XML document is larger than accepted here")
    work.spend("repeated-bytes", covered.size)
    found, signed = xml.read(covered.bytes)
    if signed:  # then this seal is not the one that makes it a receipt
        return facts, None
    others = Contents({name: each for name, each in _named(contents) if each is not covered})
    # parts are compared below; an attached seal covers none of them
    notes = tuple(note for note in facts.notes if note != Note("content.not-covered"))
    return facts._replace(receipt=compare(evidence.facts(found), others), notes=notes), found


def _over_one_of(data: bytes, contents: Contents, work: Work) -> Facts:
    """The facts of a CMS file; of several contents presented, the evidence that it covers is meant.

    Evidence that it does not cover is meant only where all else that is presented are parts of that delivery.
    """
    documents = [each for _, each in _named(contents) if _claims(each)] if len(contents.names()) > 1 else []
    read = [registry.read(data, Contents(document), work) for document in documents[:MAX_DOCUMENTS]]
    for facts in read:
        if any(item.intact for signature in facts.signatures for item in signature.objects):
            return facts
    if len(documents) == 1 and _rest_are_parts(documents[0], contents):
        return read[0]
    return registry.read(data, contents, work)


def _rest_are_parts(document: Content, contents: Contents) -> bool:
    others = Contents({name: each for name, each in _named(contents) if each is not document})
    try:
        found, _ = xml.read(document.bytes)
    except MalformedError:
        return False
    parts = () if found.user_content_info is None else found.user_content_info.parts_info
    named = {id(others.by_name(part.identifier)) for part in parts}
    return all(id(each) in named for _, each in _named(others))


def _named(contents: Contents) -> list[tuple[str, Content]]:
    return [(name, each) for name in contents.names() if (each := contents.by_name(name)) is not None]


def _claims(content: Content) -> bool:
    with content.open() as stream:
        return xml.is_evidence(stream.read(xml.PEEK))


# -- judged


def _with_receipt(report: Report, claims: ReceiptFacts, policy: Policy, thresholds: Thresholds) -> Report:
    """Add what the receipt proves; a failing check of its own lowers the file's indication, never the seal's."""
    passed = [item for item in report.signatures if item.indication == "TOTAL-PASSED"]
    judged = [_checked(claims, seal, report, thresholds) for seal in passed or report.signatures or (None,)]
    notes, result = next((one for one in judged if one[1].issuer_is_signer), judged[0])
    judging.add_receipt(report, result if passed else result._replace(proves=None), notes, policy)
    return report


def _checked(
    claims: ReceiptFacts, seal: SignatureReport | None, report: Report, thresholds: Thresholds
) -> tuple[tuple[Note, ...], ReceiptResult]:
    """The receipt under one of the seals. Others may sign it too: the issuer's seal is the one that counts."""
    certificate = None if seal is None else seal.certificate
    stamped = seal is not None and seal.best_signature_time < report.validated_at
    return check(
        claims,
        () if certificate is None else certificate.identifiers,
        b"" if certificate is None else certificate.sha256,
        None,
        seal.best_signature_time if seal is not None and stamped else None,
        thresholds,
        signer_names=() if certificate is None else called(certificate),
    )
