"""``receipt`` as steps: build the evidence, enter it in a log where one is given, seal it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from toyono_trust.core.content import BytesContent
from toyono_trust.core.xml import MAX_XML
from toyono_trust.delivery import evidence, logs, receipts, xml
from toyono_trust.delivery.components import Evidence, Extension, Open
from toyono_trust.delivery.extensions import Previous
from toyono_trust.delivery.sealed import SealedXml, called
from toyono_trust.errors import MisuseError
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Signed
from toyono_trust.keys.signer import SignerLike
from toyono_trust.ledger.issuing import ReceiptLog, enter
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now, random_bytes
from toyono_trust.validation.policy import Policy
from toyono_trust.verbs.making import Options, Order, check_organisation, check_signer, known, make, mistyped, order

__all__ = ["ReceiptOptions", "receipt"]


class ReceiptOptions(TypedDict, total=False):
    """What ``receipt`` takes besides event, parties, parts, level and TSA; ``api`` explains each."""

    event_time: datetime | None
    identifier: str | None
    reasons: Sequence[str]
    content_types: str | Mapping[str, str]
    policy_id: str | Sequence[str] | None
    submission_time: datetime | None
    refers_to_recipient: int | None
    external_service: receipts.Issuer | None
    forwarded_to: str | None
    sender_delegate: receipts.PartySource | None
    recipient_delegates: Sequence[tuple[receipts.PartySource, tuple[int, ...]]]
    app_layer_identifier: str | None
    encrypted: bool | Sequence[str]
    previous: Evidence | Previous | None
    transaction_logs: tuple[Open, ...]
    extensions: tuple[Extension, ...]
    log: ReceiptLog | None
    policy: Policy | None
    fallback: Literal["B-B"] | None
    digest: str
    tsa_policy: str | None
    algorithm: str | None


_SEALING = frozenset({"policy", "fallback", "digest", "tsa_policy", "algorithm"})
_OWN = _SEALING | {"log"}
_RECEIPT_OPTIONS = frozenset(ReceiptOptions.__annotations__)


def receipt(
    event: str,
    by: SignerLike,
    level: str,
    tsa: str | Sequence[str] | None,
    online: bool,
    details: Mapping[str, Any],
    options: ReceiptOptions,
    trust: TrustStore | None = None,
    form: str = "json",
) -> Steps[Signed]:
    """A delivery receipt (EN 319 522 evidence) sealed by its issuer. ``details``: arguments of ``receipts.build``.

    ``form``: ``"json"`` with its JAdES seal inside, or ``"xml"``, which is a ``SealedXml``.
    """
    known(options, _RECEIPT_OPTIONS)
    given = {**details, **{name: value for name, value in options.items() if name not in _OWN}}
    book = options.get("log")
    if book is not None and not isinstance(book, ReceiptLog):
        raise mistyped("log", book, "ReceiptLog(EvidenceLog.open(…), signer)")
    given["policy"] = given.pop("policy_id", None)
    sealing = cast(Options, {name: value for name, value in options.items() if name in _SEALING})
    if form not in ("json", "xml"):
        raise MisuseError("receipt.argument", f"there is no form {form!r} of a receipt", 'write form="json" or "xml"')
    asked = order(BytesContent(b"{}"), by, "jades" if form == "json" else "cades", level, tsa, online, sealing, trust)
    at = yield from now()
    check_signer(by, at)
    check_organisation(by)
    if given.get("identifier") is None:
        given["identifier"] = _uuid((yield from random_bytes(16)))
    if given.get("event_time") is None:
        given["event_time"] = at.replace(microsecond=0)  # later receipts repeat the time of submission exactly
    claims = receipts.build(event, issuer=_issuer(by), **given)
    entry = None
    if book is not None:
        entry = yield from enter(book, evidence.to_json(claims._replace(transaction_log_information=())))
        promise = logs.promise(entry.log, entry.position, entry.promise)
        claims = claims._replace(transaction_log_information=(*claims.transaction_log_information, promise))
    made = yield from (_sealed_xml if form == "xml" else _sealed_json)(claims, asked, at)
    made.entry = entry
    return made


def _sealed_json(claims: Evidence, asked: Order, at: datetime) -> Steps[Signed]:
    """The JSON with its JAdES seal inside."""
    content = BytesContent(evidence.payload(claims), "receipt")
    asked = asked._replace(content=content, options={**asked.options, "details": JadesDetails(serialization="receipt")})
    made = yield from make(asked, at)
    assert isinstance(made, Signed)
    return made


def _sealed_xml(claims: Evidence, asked: Order, at: datetime) -> Steps[Signed]:
    """The XML and its seal beside it: CAdES, detached, over the document's octets."""
    document = xml.to_xml(claims)
    if len(document) > MAX_XML or xml.from_xml(document) != claims:  # what is issued can be read
        raise MisuseError("receipt.argument", "the receipt is too large for a document that can be read again")
    asked = asked._replace(content=BytesContent(document, "receipt.xml"), options={**asked.options, "detached": True})
    made = yield from make(asked, at)
    assert isinstance(made, Signed)
    return SealedXml.of(made, document)


def _issuer(by: SignerLike) -> receipts.Issuer:
    certificate = by.certificate
    identifier = certificate.identifier
    return receipts.Issuer(
        called(certificate)[0],
        "" if identifier.startswith("sha256:") else identifier,
        certificate.sha256,
    )


def _uuid(octets: bytes) -> str:
    """``urn:uuid:`` version 4 (RFC 9562 5.4) out of 16 random octets."""
    value = bytearray(octets)
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    text = value.hex()
    return "urn:uuid:" + "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
