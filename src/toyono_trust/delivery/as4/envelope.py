"""SOAP envelopes with ebMS 3.0 headers: where things stand in them, read strictly.

ebMS 3.0 Core 5.2, AS4 Profile 1.0, WS-Security 1.1. Everything is found by its place from the root, never by an id or
by searching, so that nothing can be wrapped into another place; where there are two of what must be one, nothing is
read. Envelopes alone are read; of a MIME message the first part is one.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import digest_by_xml, digest_size
from toyono_trust.core.canonical import b64_decode
from toyono_trust.core.xml import xml_loads
from toyono_trust.delivery.codec import MAX_TEXT
from toyono_trust.delivery.components import Moment
from toyono_trust.errors import MalformedError

__all__ = ["Original", "Reference", "read_original"]

MAX_ENVELOPE = 1 << 20
"""Octets of an envelope. A receipt about three parts has 5,000, with a certificate 8,000."""
MAX_ENVELOPE_NODES = 20_000
"""Elements and attributes; of 200 references some 3,000."""
MAX_ENVELOPE_NAMESPACES = 500
"""Namespace declarations. Access points repeat one to three in each copied reference; nothing is canonicalised."""
MAX_REFERENCES = 200
"""References of one signature: header, body and parts. Peppol carries one part, OOTS a handful."""

EB = "{http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/}"
EBBP = "{http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
SOAP = ("{http://www.w3.org/2003/05/soap-envelope}", "{http://schemas.xmlsoap.org/soap/envelope/}")

_SPACE = " \t\r\n"
_ZONELESS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?")


class Reference(NamedTuple):
    """A ``ds:Reference``: URI (``cid:…`` or ``#…``), digest algorithm (its URI where it is not known) and value."""

    uri: str
    algorithm: str
    digest: bytes


class Original(NamedTuple):
    """What a sender's access point sent: the signed user message that a receipt is about.

    ``sender``, ``receiver``: the access points (``PartyId``). ``references``: of its ``ds:SignedInfo``.
    """

    message: str
    at: datetime
    sender: str
    receiver: str
    references: tuple[Reference, ...]


class Envelope(NamedTuple):
    """``messaging``: the ebMS header; ``signatures``: those in the WS-Security header."""

    messaging: Any
    signatures: tuple[Any, ...]


def read_original(data: bytes) -> Original:
    """Read the envelope of a signed user message; its signature is not verified: it should be the sender's own copy.

    Raises ``MalformedError`` "as4.malformed", "xml.…".
    """
    envelope = read_envelope(data)
    message = one(envelope.messaging, f"{EB}UserMessage")
    info, parties = one(message, f"{EB}MessageInfo"), one(message, f"{EB}PartyInfo")
    if len(envelope.signatures) != 1:
        raise malformed(f"the original has {len(envelope.signatures)} signatures, not one")
    signed = one(envelope.signatures[0], f"{DS}SignedInfo")
    references = tuple(reference(each) for each in all_of(signed, f"{DS}Reference"))
    if not references:
        raise malformed("the original's signature covers nothing")
    return Original(
        text_of(one(info, f"{EB}MessageId")),
        moment_of(one(info, f"{EB}Timestamp")),
        text_of(first(one(parties, f"{EB}From"), f"{EB}PartyId")),
        text_of(first(one(parties, f"{EB}To"), f"{EB}PartyId")),
        references,
    )


def read_envelope(data: bytes) -> Envelope:
    """The ebMS header of an envelope, or of a document that is one; and the signatures beside it."""
    root = xml_loads(data, max_bytes=MAX_ENVELOPE, max_nodes=MAX_ENVELOPE_NODES, max_namespaces=MAX_ENVELOPE_NAMESPACES)
    if root.tag == f"{EB}Messaging":
        return Envelope(root, ())
    soap = next((namespace for namespace in SOAP if root.tag == f"{namespace}Envelope"), None)
    if soap is None:
        raise malformed("its root is neither a SOAP envelope nor an ebMS header")
    if [child.tag for child in root] not in ([f"{soap}Header", f"{soap}Body"], [f"{soap}Header"]):
        raise malformed("its envelope has not one header and then one body")
    header = root[0]
    security = all_of(header, f"{WSSE}Security")
    if len(security) > 1:
        raise malformed("it has several security headers")
    signatures = tuple(all_of(security[0], f"{DS}Signature")) if security else ()
    return Envelope(one(header, f"{EB}Messaging"), signatures)


def reference(element: Any) -> Reference:
    """A ``ds:Reference``."""
    method = one(element, f"{DS}DigestMethod").get("Algorithm", "")
    algorithm = digest_by_xml(method) or method
    encoded = "".join(_plain(one(element, f"{DS}DigestValue")).split())  # base64Binary may be broken into lines
    value = b64_decode(encoded)
    size = digest_size(algorithm) if digest_by_xml(method) else None
    if not value or len(value) != (size or len(value)):
        raise malformed("a digest has not the size of its algorithm")
    uri = element.get("URI", "")
    if len(uri) > MAX_TEXT or len(algorithm) > MAX_TEXT:
        raise malformed("a reference is longer than accepted here")
    return Reference(uri, algorithm, value)


def all_of(parent: Any, tag: str) -> list[Any]:
    """The children of that name."""
    found = [child for child in parent if child.tag == tag]
    if len(found) > MAX_REFERENCES:
        raise malformed(f"it has more than {MAX_REFERENCES} of {_name(tag)}")
    return found


def one(parent: Any, tag: str) -> Any:
    """The only child of that name."""
    found = all_of(parent, tag)
    if len(found) != 1:
        raise malformed(f"{_name(parent.tag)} has {len(found)} of {_name(tag)}, not one")
    return found[0]


def first(parent: Any, tag: str) -> Any:
    """The first child of that name."""
    found = all_of(parent, tag)
    if not found:
        raise malformed(f"{_name(parent.tag)} has no {_name(tag)}")
    return found[0]


def text_of(element: Any) -> str:
    """The text of an element that has nothing else; not empty, and without white space around it."""
    text = _plain(element)
    if not text or text != text.strip(_SPACE) or len(text) > MAX_TEXT:
        raise malformed(f"{_name(element.tag)} has no acceptable text")
    return text


def moment_of(element: Any) -> datetime:
    """A time; one without zone is in UTC (ebMS 3.0 Core 5.2.2.1)."""
    text = _plain(element).strip(_SPACE)
    try:
        return Moment(f"{text}Z" if _ZONELESS.fullmatch(text) else text).at
    except ValueError as error:
        raise malformed(f"{_name(element.tag)} is no date and time") from error


def malformed(reason: str) -> MalformedError:
    """The error for a document that is not what it claims to be."""
    return MalformedError("as4.malformed", f"this is no AS4 message: {reason}", "ask the access point for it again")


def _plain(element: Any) -> str:
    if len(element):
        raise malformed(f"{_name(element.tag)} has more than text")
    return element.text or ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
