"""AS4 messages as access points write them: a signed user message, and receipts about it. Signatures are made up."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256, sha512
from typing import Any

from lxml import etree

from corpus import schemas
from toyono_trust.core.xml import xml_loads

S12 = "http://www.w3.org/2003/05/soap-envelope"
EB = "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
EBBP = "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0"
DS = "http://www.w3.org/2000/09/xmldsig#"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
SHA256, SHA512 = "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SWA = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"

MESSAGE, RECEIPT = "f0a1@bus.example", "9b2c@town.example"
SENT, GOT = "2026-11-23T00:00:00.000Z", "2026-11-23T00:00:01.250Z"

Ref = tuple[str, str, str]
"""URI, algorithm, base64 digest."""


def ref(uri: str, content: bytes, algorithm: str = SHA256) -> Ref:
    digest = sha512(content) if algorithm == SHA512 else sha256(content)
    return uri, algorithm, b64encode(digest.digest()).decode()


REFS: tuple[Ref, ...] = (ref("#_body", b"body"), ref("#_messaging", b"header"), ref("cid:answer@bus.example", b"part"))


def reference(one: Ref, namespaces: str = f'xmlns:env="{S12}"') -> str:
    uri, algorithm, value = one
    transform = SWA if uri.startswith("cid:") else C14N
    return (
        f'<ds:Reference URI="{uri}" {namespaces}><ds:Transforms><ds:Transform Algorithm="{transform}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{algorithm}"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>'
    )


def signature(refs: Sequence[Ref]) -> str:
    return (
        '<ds:Signature Id="SIG-1"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f"{''.join(map(reference, refs))}</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"
    )


def envelope(messaging: str, security: str = "", *, soap: str = S12, head: str = "", body: str = "") -> bytes:
    secured = f'<wsse:Security S:mustUnderstand="true">{security}</wsse:Security>' if security else ""
    return (
        f'<S:Envelope xmlns:S="{soap}" xmlns:eb="{EB}" xmlns:ebbp="{EBBP}" xmlns:ds="{DS}" xmlns:wsse="{WSSE}" '
        f'xmlns:wsu="{WSU}">\n<S:Header>{head}<eb:Messaging S:mustUnderstand="true" wsu:Id="_messaging">'
        f'{messaging}</eb:Messaging>{secured}</S:Header>\n<S:Body wsu:Id="_body">{body}</S:Body></S:Envelope>'
    ).encode()


def original(
    refs: Sequence[Ref] = REFS, *, message: str = MESSAGE, at: str = SENT, security: str | None = None
) -> bytes:
    """The user message of the bus company's access point to the town's."""
    user = (
        f"<eb:UserMessage><eb:MessageInfo><eb:Timestamp>{at}</eb:Timestamp><eb:MessageId>{message}</eb:MessageId>"
        "</eb:MessageInfo><eb:PartyInfo>"
        f'<eb:From><eb:PartyId type="urn:x">ap.bus.example</eb:PartyId><eb:Role>{EB}initiator</eb:Role></eb:From>'
        f'<eb:To><eb:PartyId type="urn:x">ap.town.example</eb:PartyId><eb:Role>{EB}responder</eb:Role></eb:To>'
        "</eb:PartyInfo><eb:CollaborationInfo><eb:Service>bdx:noprocess</eb:Service><eb:Action>Answer</eb:Action>"
        "<eb:ConversationId>1</eb:ConversationId></eb:CollaborationInfo>"
        '<eb:PayloadInfo><eb:PartInfo href="cid:answer@bus.example"/></eb:PayloadInfo></eb:UserMessage>'
    )
    return envelope(user, signature(refs) if security is None else security)


def information(refs: Sequence[Ref] = REFS) -> str:
    parts = "".join(f"<ebbp:MessagePartNRInformation>{reference(one)}</ebbp:MessagePartNRInformation>" for one in refs)
    return f"<ebbp:NonRepudiationInformation>{parts}</ebbp:NonRepudiationInformation>"


def signal(content: str, *, to: str = MESSAGE, at: str = GOT, identifier: str = RECEIPT) -> str:
    """A signal message with a receipt, or with whatever stands there instead."""
    return (
        f"<eb:SignalMessage><eb:MessageInfo><eb:Timestamp>{at}</eb:Timestamp><eb:MessageId>{identifier}</eb:MessageId>"
        f"<eb:RefToMessageId>{to}</eb:RefToMessageId></eb:MessageInfo>{content}</eb:SignalMessage>"
    )


def receipt(refs: Sequence[Ref] = REFS, *, signed: bool = True, **info: str) -> bytes:
    messaging = signal(f"<eb:Receipt>{information(refs)}</eb:Receipt>", **info)
    return envelope(messaging, signature([ref("#_messaging", messaging.encode())]) if signed else "")


# -- the schemas, with what they import and nobody publishes beside them

_ATTRIBUTES = {
    "http://schemas.xmlsoap.org/soap/envelope/": '<xs:attribute name="mustUnderstand" type="xs:boolean"/>',
    S12: '<xs:attribute name="mustUnderstand" type="xs:boolean"/>',
    "http://www.w3.org/1999/xlink": '<xs:attribute name="type"/><xs:attribute name="href"/>',
    "http://www.w3.org/XML/1998/namespace": '<xs:attribute name="lang" type="xs:language"/>',
}


class _Offline(etree.Resolver):
    def resolve(self, url: str, public_id: str, context: Any) -> Any:
        if url.startswith("stub:"):
            namespace = url.removeprefix("stub:")
            text = (
                f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{namespace}">'
                f"{_ATTRIBUTES[namespace]}</xs:schema>"
            )
            return self.resolve_string(text, context, base_url=url)
        if url.startswith("file-of-schemas:"):
            data = schemas(url.removeprefix("file-of-schemas:")).read_bytes()
            return self.resolve_string(data, context, base_url=url)
        return None


@lru_cache(maxsize=1)
def as4_schema() -> etree.XMLSchema:
    """ebMS headers, ebBP signals and XML signatures in one schema."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=True)
    parser.resolvers.add(_Offline())
    xs = "http://www.w3.org/2001/XMLSchema"
    places = {namespace: f"stub:{namespace}" for namespace in _ATTRIBUTES}
    places[DS] = "file-of-schemas:xmldsig/xmldsig-core-schema.xsd"
    root = etree.Element(f"{{{xs}}}schema", nsmap={"xs": xs})
    for namespace, place in places.items():
        etree.SubElement(root, f"{{{xs}}}import", namespace=namespace, schemaLocation=place)
    for namespace, file in ((EB, "erds/ebms-header-3_0-200704.xsd"), (EBBP, "erds/ebbp-signals-2.0.4.xsd")):
        etree.SubElement(root, f"{{{xs}}}import", namespace=namespace, schemaLocation=f"file-of-schemas:{file}")
    return etree.XMLSchema(etree.fromstring(etree.tostring(root), parser))


def faults(data: bytes) -> list[str]:
    """What the schemas find wrong with the ebMS header of an envelope, and with its signatures."""
    schema, root = as4_schema(), xml_loads(data, max_namespaces=500)
    found = []
    for element in (*root.iter(f"{{{EB}}}Messaging"), *root.iter(f"{{{DS}}}Signature")):
        schema.validate(etree.fromstring(etree.tostring(element)))
        found += [str(entry) for entry in schema.error_log]
    return found
