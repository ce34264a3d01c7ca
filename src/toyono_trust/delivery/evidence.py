"""Evidence as JSON: ``to_json``, ``from_json``, ``payload``, ``facts`` (EN 319 522-3 clause 5.2.2, WE BUILD schema).

The tables below follow the standard's XML schema in order and cardinality, member by member; member names are the
XML names. The seal (``jadesSignature``) is no part of the evidence: it is over ``payload``, the RFC 8785 octets of the
rest, and belongs to ``formats.jades``.
"""

from __future__ import annotations

from typing import Any

from toyono_trust.core.algorithms import digest, digest_by_xml
from toyono_trust.core.canonical import json_canonical
from toyono_trust.delivery import extensions, logs, mandates
from toyono_trust.delivery.codec import (
    BOOLEAN,
    ID,
    INTEGER,
    MOMENT,
    NAME,
    OCTETS,
    OPEN,
    TEXT,
    URI,
    Codec,
    Found,
    Member,
    Path,
    exactly_one,
    invalid,
    place,
    read_object,
    record,
    several,
    wrapped,
)
from toyono_trust.delivery.components import (
    VERSION,
    AssuranceLevel,
    Attribute,
    Authentication,
    CertId,
    CertIdAndSignature,
    CertificateDetail,
    DelegateDetails,
    EntityDetails,
    EntityIdentifier,
    EventReason,
    Evidence,
    Extension,
    FactorAssurance,
    GlobalAssurance,
    Open,
    PartInfo,
    SignatureMethod,
    UserContentInfo,
    UserDetails,
)
from toyono_trust.delivery.notes import note
from toyono_trust.delivery.open_values import text_of
from toyono_trust.delivery.parties import attribute_name, semantic_scheme
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import LogPromise, Note, Party, ReceiptFacts, ReceiptPart

__all__ = [
    "SEAL_MEMBER",
    "Evidence",
    "entity_party",
    "facts",
    "from_json",
    "is_evidence",
    "log_entry",
    "payload",
    "to_json",
]

SEAL_MEMBER = "jadesSignature"


# -- tables, innermost first


_DIGEST_METHOD = wrapped("Algorithm", URI)
_IDENTITY = wrapped(
    "Attribute",
    several(
        record(
            Attribute,
            Member("Name", NAME),
            Member("NameFormat", URI, None),
            Member("FriendlyName", TEXT, None),
            Member("AttributeValue", several(OPEN, 0), None),
        )
    ),
)
_CERT_DIGEST = record(lambda *both: both, Member("DigestMethod", _DIGEST_METHOD), Member("DigestValue", OCTETS))
_CERT_ID_MEMBERS = record(
    lambda *fields: fields,
    Member("URI", URI, None),
    Member("CertDigest", _CERT_DIGEST),
    Member("IssuerSerialV2", OCTETS, None),
)


def _read_cert_id(value: Any, path: Path, found: Found) -> CertId:
    uri, (method, digest_value), issuer_serial = _CERT_ID_MEMBERS.read(value, path, found)
    return CertId(uri, method, digest_value, issuer_serial)


_CERT_ID = Codec(
    _read_cert_id,
    lambda one: _CERT_ID_MEMBERS.write((one.uri, (one.digest_method, one.digest_value), one.issuer_serial_v2)),
)
_SIGNATURE_METHOD = record(
    SignatureMethod, Member("Algorithm", URI), Member("HMACOutputLength", INTEGER, None), Member("Any", OPEN, None)
)
_SIGNATURE_DETAILS = record(
    lambda *both: both, Member("SignatureMethod", _SIGNATURE_METHOD), Member("SignatureValue", OCTETS)
)
_SIGNED_CERT_ID = record(
    lambda cert_id, signature: CertIdAndSignature(cert_id, *signature),
    Member("CertID", _CERT_ID),
    Member("CertSignatureDetails", _SIGNATURE_DETAILS),
)
_CERTIFICATE_DETAIL = exactly_one(
    record(
        CertificateDetail,
        Member("X509Certificate", OCTETS, None),
        Member("CertID", _CERT_ID, None),
        Member(
            "CertIDAndSignature",
            Codec(_SIGNED_CERT_ID.read, lambda one: _SIGNED_CERT_ID.write((one[0], one[1:]))),
            None,
        ),
        closed=True,
    ),
    "X509Certificate, CertID, CertIDAndSignature",
)
_ENTITY = record(
    EntityDetails,
    Member("Identity", _IDENTITY),
    Member("CertificateDetails", several(_CERTIFICATE_DETAIL, 1, 3), ()),
    Member("Any", OPEN, None),
)
_LEVEL = record(
    AssuranceLevel,
    Member("AssuranceLevel", URI),
    Member("PolicyID", URI, None),
    Member("PolicyIDDetails", TEXT, None),
    Member(
        "PolicyIDDetailsResources",
        several(record(lambda *both: both, Member("value", URI), Member("lang", NAME))),
        (),
    ),
)
_AUTHENTICATION_MEMBERS = record(
    Authentication,
    Member("Assertion", OPEN, None),
    Member("OAuth2", OPEN, None),
    Member("AuthenticationTime", MOMENT, None),
    Member("AuthenticationMethod", URI, None),
    Member("other", OPEN, None),
    closed=True,
)


def _read_authentication(value: Any, path: Path, found: Found) -> Authentication:
    authentication: Authentication = _AUTHENTICATION_MEMBERS.read(value, path, found)
    if "Assertion" in value:
        read_object(value["Assertion"], (*path, "Assertion"))
    if set(value) != {"AuthenticationTime", "AuthenticationMethod"} and (
        len(value) != 1 or authentication.authentication_time or authentication.authentication_method
    ):
        raise invalid(path, "exactly one of Assertion, OAuth2, AuthenticationTime with AuthenticationMethod, other")
    return authentication


_AUTHENTICATION = Codec(_read_authentication, _AUTHENTICATION_MEMBERS.write)
_GLOBAL_ASSURANCE = record(
    GlobalAssurance,
    Member("GlobalAssuranceLevel", _LEVEL),
    Member("AuthenticationDetails", _AUTHENTICATION),
    closed=True,
)
_FACTOR_ASSURANCE = record(
    lambda first, *others: FactorAssurance(*first, *others),
    Member(
        "AuthenticationDetsAndAssuranceLevel",
        record(
            lambda *both: both,
            Member("AssuranceLevel", _LEVEL),
            Member("AuthenticationDetails", _AUTHENTICATION, None),
        ),
    ),
    Member("IdentityProofAssuranceLevel", _LEVEL),
    Member("FederationAssuranceLevel", _LEVEL, None),
    closed=True,
)


def _read_assurance(value: Any, path: Path, found: Found) -> GlobalAssurance | FactorAssurance:
    codec = _GLOBAL_ASSURANCE if "GlobalAssuranceLevel" in read_object(value, path) else _FACTOR_ASSURANCE
    assurance: GlobalAssurance | FactorAssurance = codec.read(value, path, found)
    return assurance


def _write_assurance(value: GlobalAssurance | FactorAssurance) -> Any:
    if isinstance(value, GlobalAssurance):
        return _GLOBAL_ASSURANCE.write(value)
    return _FACTOR_ASSURANCE.write((value[:2], *value[2:]))


_IDENTIFIER = record(EntityIdentifier, Member("value", NAME), Member("IdentifierSchemeName", NAME))
_USER_MEMBERS = (
    Member("Identity", _IDENTITY, ()),
    Member("Identifier", _IDENTIFIER, None),
    Member("AssuranceLevelsDetails", Codec(_read_assurance, _write_assurance), None),
)
_USER = record(UserDetails, *_USER_MEMBERS)
_DELEGATE = record(DelegateDetails, *_USER_MEMBERS, Member("DelegatingRecipients", several(INTEGER, 0), None))
_PART = record(
    PartInfo,
    Member("Identifier", TEXT),
    Member("ContentType", TEXT),
    Member("DigestMethod", _DIGEST_METHOD, None),
    Member("DigestValue", OCTETS, None),
)
_CONTENT = record(
    UserContentInfo,
    Member("AppLayerIdentifier", TEXT, None),
    Member("ComposingParts", INTEGER, None),
    Member("PartsInfo", wrapped("PartInfo", several(_PART))),
)


def _read_extension(value: Any, path: Path, found: Found) -> Extension:
    given = read_object(value, path)
    content = {name: member for name, member in given.items() if name != "isCritical"}
    critical = BOOLEAN.read(given["isCritical"], (*path, "isCritical"), found) if "isCritical" in given else None
    return Extension(critical, OPEN.read(content, path, found))


def _write_extension(value: Extension) -> Any:
    critical = {} if value.is_critical is None else {"isCritical": value.is_critical}
    return critical | value.content.value


_EVIDENCE = record(
    Evidence,
    Member("version", TEXT),
    Member("Id", ID, None),
    Member("EvidenceIdentifier", TEXT),
    Member("ERDSEventId", URI),
    Member(
        "EventReasons",
        wrapped(
            "EventReason",
            several(record(EventReason, Member("Code", URI), Member("Details", several(TEXT, 0), None))),
        ),
        (),
    ),
    Member("EventTime", MOMENT),
    Member("EvidenceIssuerPolicyID", wrapped("PolicyID", several(URI)), ()),
    Member("EvidenceIssuerDetails", _ENTITY),
    Member("SenderDetails", _USER),
    Member("SenderDelegateDetails", _USER, None),
    Member("RecipientDetails", several(_USER)),
    Member("RecipientsDelegateDetails", several(_DELEGATE, 0), None),
    Member("SubmissionTime", MOMENT, None),
    Member("EvidenceRefersToRecipient", INTEGER, None),
    Member("MessageIdentifier", NAME, None),
    Member("UserContentInfo", _CONTENT, None),
    Member("ExternalERDSDetails", _ENTITY, None),
    Member("ForwardedToExternalSystem", TEXT, None),
    Member("TransactionLogInformation", wrapped("TransactionLog", several(OPEN)), ()),
    Member("Extensions", several(Codec(_read_extension, _write_extension)), ()),
)


# -- the projection


def is_evidence(value: object) -> bool:
    """Whether a JSON value claims to be evidence (it has the two members that name it); says nothing of its form."""
    return isinstance(value, dict) and "ERDSEventId" in value and "EvidenceIdentifier" in value


def from_json(value: object) -> Evidence:
    """Evidence from a JSON value as ``core.canonical.json_loads`` gives it; its seal, if any, is left aside.

    Raises ``MalformedError`` ("receipt.…") for whatever the standard's schema does not permit, and beyond the bounds
    of ``delivery.codec``. Members that the schema leaves open are kept in ``Evidence.unknown``.
    """
    given = read_object(value, ())
    found: Found = []
    evidence: Evidence = _EVIDENCE.read({name: given[name] for name in given if name != SEAL_MEMBER}, (), found)
    return evidence._replace(unknown=tuple(found)) if found else evidence


def to_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as a JSON object without its seal, members in the standard's order; ``from_json`` gives it back."""
    tree: dict[str, Any] = _EVIDENCE.write(evidence)
    for path, content in evidence.unknown:
        holder: Any = tree
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = content.value
    return tree


def payload(evidence: Evidence) -> bytes:
    """What the seal is over: the RFC 8785 octets of the evidence without its seal."""
    return json_canonical(to_json(evidence))


def log_entry(evidence: Evidence) -> bytes:
    """What a log, or later evidence, knows this evidence by: its RFC 8785 octets without seal and without log.

    A log's promise stands in the evidence and so cannot be part of what the promise is for; the same octets come out of
    either projection.
    """
    return payload(evidence._replace(transaction_log_information=()))


# -- facts


def facts(evidence: Evidence | dict[str, Any]) -> ReceiptFacts:
    """What the evidence claims, for the judge. A JSON object is read first (``MalformedError`` as ``from_json``)."""
    if not isinstance(evidence, Evidence):
        evidence = from_json(evidence)
    content = evidence.user_content_info
    submission = evidence.submission_time
    return ReceiptFacts(
        identifier=evidence.evidence_identifier,
        event=evidence.erds_event_id,
        event_time=evidence.event_time.at,
        submission_time=None if submission is None else submission.at,
        issuer=entity_party(evidence.evidence_issuer_details),
        sender=_user(evidence.sender_details),
        recipients=tuple(map(_user, evidence.recipient_details)),
        refers_to_recipient=evidence.evidence_refers_to_recipient,
        message_identifier=evidence.message_identifier,
        reasons=tuple(reason.code for reason in evidence.event_reasons),
        parts=() if content is None else tuple(map(_part, content.parts_info)),
        notes=tuple(_notes(evidence)),
        promises=_promises(evidence)[0],
    )


def _promises(evidence: Evidence) -> tuple[tuple[LogPromise, ...], list[Note]]:
    """What logs promised for this evidence; none, and a note, where that cannot be read."""
    try:
        return logs.promises_of(evidence.transaction_log_information), []
    except MalformedError as error:
        return (), [Note(error.code)]


def _part(part: PartInfo) -> ReceiptPart:
    method = part.digest_method
    name = None if method is None else digest_by_xml(method) or method
    return ReceiptPart(part.identifier, part.content_type, name, part.digest_value)


def _attributes(identity: tuple[Attribute, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (attribute_name(one.name), tuple(text for text in map(_text, one.attribute_value or ()) if text is not None))
        for one in identity
    )


def _text(content: Open) -> str | None:
    return text_of(content.value)


def _user(details: UserDetails) -> Party:
    identifier = details.identifier or EntityIdentifier("", "")
    return Party(identifier.value, identifier.identifier_scheme_name, _attributes(details.identity))


def entity_party(details: EntityDetails) -> Party:
    """A service as it is named: its stated identifier, its attributes, digests over its certificates."""
    attributes = _attributes(details.identity)
    stated = [
        text for name, texts in attributes if name in ("LegalPersonIdentifier", "PersonIdentifier") for text in texts
    ]
    identifier = stated[0] if stated else ""
    digests = []
    for one in details.certificate_details:
        cert_id = one.cert_id or (one.cert_id_and_signature.cert_id if one.cert_id_and_signature else None)
        if cert_id is not None:
            digests.append((digest_by_xml(cert_id.digest_method) or cert_id.digest_method, cert_id.digest_value))
        elif one.x509_certificate is not None:
            digests.append(("sha256", digest("sha256", one.x509_certificate)))
    return Party(identifier, semantic_scheme(identifier), attributes, tuple(digests))


def _notes(evidence: Evidence) -> list[Note]:
    notes = []
    if evidence.version != VERSION:
        notes.append(note("receipt.version-unknown", evidence.version))
    notes += [note("receipt.member-unknown", place(path)) for path, _ in evidence.unknown]
    notes += _extension_notes(evidence)
    notes += _promises(evidence)[1]
    content = evidence.user_content_info
    if content is None:
        notes.append(note("receipt.parts-absent"))
    elif content.composing_parts is not None and content.composing_parts != len(content.parts_info):
        notes.append(note("receipt.parts-count", stated=content.composing_parts, listed=len(content.parts_info)))
    count = len(evidence.recipient_details)
    for delegate in evidence.recipients_delegate_details or ():
        notes += [
            note("receipt.delegate-index", index=index, count=count)
            for index in delegate.delegating_recipients or ()
            if not 1 <= index <= count
        ]
    return [*notes, *_mandate_notes(evidence)]


def _extension_notes(evidence: Evidence) -> list[Note]:
    notes = []
    for extension in evidence.extensions:
        names = [*extension.content.value] or [""]
        if extension.is_critical and (len(names) > 1 or names[0] not in extensions.KNOWN):
            notes.append(note("receipt.extension-critical", names[0]))
    try:
        encrypted = extensions.encrypted_parts(evidence.extensions)
    except MalformedError:
        return [*notes, note("receipt.extension-unreadable", extensions.ENCRYPTED)]
    try:
        extensions.previous_of(evidence.extensions)
    except MalformedError:
        notes.append(note("receipt.extension-unreadable", extensions.PREVIOUS))
    content = evidence.user_content_info
    listed = {part.identifier for part in content.parts_info} if content is not None else set()
    for name in dict.fromkeys(encrypted):
        notes.append(note("receipt.part-encrypted" if name in listed else "receipt.part-encrypted-absent", name))
    return notes


def _mandate_notes(evidence: Evidence) -> list[Note]:
    """Of the mandates on which delegates acted: unreadable, or over when the event happened."""
    delegates = [evidence.sender_delegate_details, *(evidence.recipients_delegate_details or ())]
    notes = []
    for delegate in delegates:
        try:
            mandate = None if delegate is None else mandates.read(delegate.identity)
        except MalformedError:
            notes.append(note("receipt.mandate-unreadable"))
            continue
        until = None if mandate is None else mandate.valid_until
        if mandate is not None and until is not None and until < evidence.event_time.at:
            notes.append(note("receipt.mandate-expired", mandate.identifier))
    return notes
