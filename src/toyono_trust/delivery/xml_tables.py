"""The XML tree of evidence as tables: the elements and attributes of the standard's schema beside their JSON members.

Order and cardinality are those of the schema of EN 319 522-3 (namespace ``http://uri.etsi.org/19522/v1#``). It has no
``elementFormDefault``: elements declared at its top are qualified, those declared inside a type are not.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    *("ASSERTION", "ATTRIBUTE_VALUE", "DS", "EV", "EVIDENCE", "EXTENSION", "HMAC_LENGTH", "ROOT", "SAML", "SIGNATURE"),
    *(
        "SIGNATURE_METHOD",
        "XSI",
        "Attribute",
        "Branch",
        "Choice",
        "Extension",
        "Item",
        "Leaf",
        "Listing",
        "Open",
        "SignatureMethod",
    ),
    *("Simple", "Spec"),
]

EV = "{http://uri.etsi.org/19522/v1#}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
XML = "{http://www.w3.org/XML/1998/namespace}"

Simple = Literal["text", "token", "integer", "integers", "octets", "language"]
"""How a value is written: as it is; white space around it without meaning; a number; a list of them; base64; a tag."""


class Attribute(NamedTuple):
    """An XML attribute ``name`` and its JSON ``member``."""

    member: str
    name: str
    simple: Simple = "text"
    required: bool = False


class Leaf(NamedTuple):
    """Text. With attributes its JSON is an object, in which the text is ``member``."""

    simple: Simple = "text"
    member: str = ""
    attributes: tuple[Attribute, ...] = ()


class Branch(NamedTuple):
    """Elements in order: a JSON object."""

    items: tuple[Item, ...] = ()
    attributes: tuple[Attribute, ...] = ()


class Choice(NamedTuple):
    """Elements in any order: a JSON list of objects with one member each."""

    items: tuple[Item, ...]


class Listing(NamedTuple):
    """Elements of one name: a JSON list."""

    item: Item


class Open(NamedTuple):
    """Whatever the standard leaves open; a SAML assertion, which has a schema of its own, is never read as JSON."""


class Extension(NamedTuple):
    """An open value beside ``isCritical``."""


class SignatureMethod(NamedTuple):
    """An open value beside ``Algorithm`` and ``HMACOutputLength``."""


Spec = Leaf | Branch | Choice | Listing | Open | Extension | SignatureMethod


class Item(NamedTuple):
    """A JSON member, its element and what is in it. ``many``: a list of such elements, without one around them.

    ``required``: the element is there even where JSON has no member for it.
    """

    member: str
    tag: str
    spec: Spec
    many: bool = False
    required: bool = False


SIGNATURE = DS + "Signature"
HMAC_LENGTH = DS + "HMACOutputLength"
SIGNATURE_METHOD = DS + "SignatureMethod"
ASSERTION = SAML + "Assertion"
ATTRIBUTE_VALUE = SAML + "AttributeValue"
EXTENSION = EV + "Extension"

_TEXT, _TOKEN, _INTEGER, _OCTETS = Leaf(), Leaf("token"), Leaf("integer"), Leaf("octets")
_DIGEST_METHOD = Branch(attributes=(Attribute("Algorithm", "Algorithm", "token", required=True),))
_DIGEST = (Item("DigestMethod", DS + "DigestMethod", _DIGEST_METHOD), Item("DigestValue", DS + "DigestValue", _OCTETS))
_ATTRIBUTE = Branch(
    (Item("AttributeValue", ATTRIBUTE_VALUE, Open(), many=True),),
    (
        Attribute("Name", "Name", required=True),
        Attribute("NameFormat", "NameFormat", "token"),
        Attribute("FriendlyName", "FriendlyName"),
    ),
)
_IDENTITY = Item("Identity", EV + "Identity", Branch((Item("Attribute", SAML + "Attribute", _ATTRIBUTE, many=True),)))
_CERT_ID = Branch(
    (Item("CertDigest", "CertDigest", Branch(_DIGEST)), Item("IssuerSerialV2", "IssuerSerialV2", _OCTETS)),
    (Attribute("URI", "URI", "token"),),
)
_CERT_SIGNATURE = Branch(
    (
        Item("SignatureMethod", SIGNATURE_METHOD, SignatureMethod()),
        Item("SignatureValue", DS + "SignatureValue", _OCTETS),
    )
)
_SIGNED_CERT_ID = Branch(
    (
        Item("CertID", "CertID", _CERT_ID),
        Item("CertSignatureDetails", EV + "CertSignatureDetails", _CERT_SIGNATURE),
    )
)
_CERT_DETAILS = Choice(
    (
        Item("X509Certificate", "X509Certificate", _OCTETS),
        Item("CertID", "CertID", _CERT_ID),
        Item("CertIDAndSignature", EV + "CertIDAndSignature", _SIGNED_CERT_ID),
    )
)
_ENTITY = Branch(
    (_IDENTITY, Item("CertificateDetails", EV + "CertificateDetails", _CERT_DETAILS), Item("Any", EV + "Any", Open()))
)
_RESOURCE = Leaf("token", "value", (Attribute("lang", XML + "lang", "language", required=True),))
_LEVEL = Branch(
    (
        Item("AssuranceLevel", "AssuranceLevel", _TOKEN),
        Item("PolicyID", "PolicyID", _TOKEN),
        Item("PolicyIDDetails", "PolicyIDDetails", _TEXT),
        Item("PolicyIDDetailsResources", "PolicyIDDetailsResources", Listing(Item("URI", "URI", _RESOURCE))),
    )
)
_AUTHENTICATION = Item(
    "AuthenticationDetails",
    EV + "AuthenticationDetails",
    Branch(
        (
            Item("Assertion", ASSERTION, Open()),
            Item("OAuth2", "OAuth2", Open()),
            Item("AuthenticationTime", "AuthenticationTime", _TOKEN),
            Item("AuthenticationMethod", "AuthenticationMethod", _TOKEN),
            Item("other", "other", Open()),
        )
    ),
)
_FACTOR = Branch((Item("AssuranceLevel", "AssuranceLevel", _LEVEL), _AUTHENTICATION))
_ASSURANCE = Branch(
    (
        Item("GlobalAssuranceLevel", "GlobalAssuranceLevel", _LEVEL),
        _AUTHENTICATION,
        Item("AuthenticationDetsAndAssuranceLevel", EV + "AuthenticationDetsAndAssuranceLevel", _FACTOR),
        Item("IdentityProofAssuranceLevel", "IdentityProofAssuranceLevel", _LEVEL),
        Item("FederationAssuranceLevel", "FederationAssuranceLevel", _LEVEL),
    )
)
_IDENTIFIER = Leaf("text", "value", (Attribute("IdentifierSchemeName", "IdentifierSchemeName", required=True),))
_USER_ITEMS = (
    _IDENTITY,
    Item("Identifier", "Identifier", _IDENTIFIER),
    Item("AssuranceLevelsDetails", "AssuranceLevelsDetails", _ASSURANCE),
)
_USER = Branch(_USER_ITEMS)
_DELEGATE = Branch(
    (*_USER_ITEMS, Item("DelegatingRecipients", "DelegatingRecipients", Leaf("integers"), required=True))
)
_PART = Branch((Item("Identifier", "Identifier", _TEXT), Item("ContentType", "ContentType", _TEXT), *_DIGEST))
_CONTENT = Branch(
    (
        Item("AppLayerIdentifier", "AppLayerIdentifier", _TEXT),
        Item("ComposingParts", "ComposingParts", _INTEGER),
        Item("PartsInfo", EV + "PartsInfo", Branch((Item("PartInfo", EV + "PartInfo", _PART, many=True),))),
    )
)
_REASON = Branch((Item("Code", "Code", _TOKEN), Item("Details", "Details", _TEXT, many=True)))
_REASONS = Branch((Item("EventReason", EV + "EventReason", _REASON, many=True),))
_POLICIES = Branch((Item("PolicyID", "PolicyID", _TOKEN, many=True),))
_LOGS = Branch((Item("TransactionLog", EV + "TransactionLog", Open(), many=True),))

ROOT = EV + "Evidence"
EVIDENCE = Branch(
    (
        Item("EvidenceIdentifier", EV + "EvidenceIdentifier", _TEXT),
        Item("ERDSEventId", EV + "ERDSEventId", _TOKEN),
        Item("EventReasons", EV + "EventReasons", _REASONS),
        Item("EventTime", "EventTime", _TOKEN),
        Item("EvidenceIssuerPolicyID", EV + "EvidenceIssuerPolicyID", _POLICIES),
        Item("EvidenceIssuerDetails", EV + "EvidenceIssuerDetails", _ENTITY),
        Item("SenderDetails", EV + "SenderDetails", _USER),
        Item("SenderDelegateDetails", EV + "SenderDelegateDetails", _USER),
        Item("RecipientDetails", EV + "RecipientDetails", _USER, many=True),
        Item("RecipientsDelegateDetails", EV + "RecipientsDelegateDetails", _DELEGATE, many=True),
        Item("SubmissionTime", EV + "SubmissionTime", _TOKEN),
        Item("EvidenceRefersToRecipient", "EvidenceRefersToRecipient", _INTEGER),
        Item("MessageIdentifier", EV + "MessageIdentifier", _TEXT),
        Item("UserContentInfo", EV + "UserContentInfo", _CONTENT),
        Item("ExternalERDSDetails", EV + "ExternalERDSDetails", _ENTITY),
        Item("ForwardedToExternalSystem", "ForwardedToExternalSystem", _TEXT),
        Item("TransactionLogInformation", EV + "TransactionLogInformation", _LOGS),
        Item("Extensions", EV + "Extensions", Listing(Item("Extension", EXTENSION, Extension()))),
    ),
    (Attribute("version", "version", required=True), Attribute("Id", "Id", "token")),
)
