"""What JAdES alone knows when a signature is made (ETSI TS 119 182-1 V1.2.1, clauses 5.1 and 5.2), and its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from toyono_trust.core.content import Content

__all__ = ["JadesDetails"]

HTTP_HEADERS = "http://uri.etsi.org/19182/HttpHeaders"
OBJECT_ID_BY_URI = "http://uri.etsi.org/19182/ObjectIdByURI"
OBJECT_ID_BY_URI_HASH = "http://uri.etsi.org/19182/ObjectIdByURIHash"

BODY = "body"
"""The name under which the HTTP body is presented or reported where the mechanism is HttpHeaders."""
SEAL = "jadesSignature"
"""The member of a delivery receipt that holds its seal."""


@dataclass(frozen=True, slots=True)
class JadesDetails:
    """How a JAdES signature is to be laid out; the defaults suit most uses.

    Attributes:
        serialization: compact (becomes flattened when a time stamp is attached), flattened, general, or ``"receipt"``:
            the content is a JSON object and gets a member ``jadesSignature`` over its RFC 8785 bytes.
        mechanism: of ``sigD`` (5.2.8), for detached signatures: ``"uri"`` ObjectIdByURI, ``"uri-hash"``
            ObjectIdByURIHash, ``"http-headers"``; None: the payload is one document that nothing names.
        parts: the documents of ``"uri"`` and ``"uri-hash"`` with the URI references that name them, in order;
            empty: the content itself under its own name.
        headers: HTTP header fields of ``"http-headers"`` in order, ``(request-target)`` among them if wanted; a name
            given twice is one header with two values. A ``Digest`` field must fit the content, which is the body.
        content_types: media types of the parts (``ctys``), as many as parts, or none.
        hash_algorithm: digest of the parts where the mechanism is ``"uri-hash"``.
        b64: base64url-encode the payload (RFC 7797); None: False with ``"uri-hash"`` and ``"http-headers"``.
        certificates: include the certificate and its chain (``x5c``).
        references: digests of the signed references to the certificate: one (``x5t#S256`` for sha256, ``x5t#o``
            for another), several (``sigX5ts``), none (``x5c`` alone).
        time: ``"iat"``, or ``"sigT"`` for verifiers older than V1.2.1; that makes no baseline signature any more.
        typ: the ``typ`` header parameter.
        kid: include issuer and serial number of the certificate (5.1.4).
    """

    serialization: Literal["compact", "flattened", "general", "receipt"] = "compact"
    mechanism: Literal["uri", "uri-hash", "http-headers"] | None = None
    parts: tuple[tuple[str, Content], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content_types: tuple[str, ...] = ()
    hash_algorithm: str = "sha256"
    b64: bool | None = None
    certificates: bool = True
    references: tuple[str, ...] = ("sha256",)
    time: Literal["iat", "sigT"] = "iat"
    typ: str | None = None
    kid: bool = False

    @property
    def encoded(self) -> bool:
        """Whether the payload is base64url-encoded in what is signed."""
        return self.mechanism not in ("uri-hash", "http-headers") if self.b64 is None else self.b64


DEFAULT = JadesDetails()
