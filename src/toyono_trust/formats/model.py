"""Facts: what a file says and what its bytes prove by themselves, without trust, without time.

Parsers make them, the judge reads them. Everything here is a plain value (text, bytes, numbers, times, tuples), so
that facts can be written down and judged again; only ``SignedObject.content`` is a handle and is never written down.
Digest and signature algorithms go by the names of ``core.algorithms`` ("sha256", "ecdsa-sha256").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from toyono_trust.core.content import Content

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
FormatName = Literal["jades", "cades", "pades"]
TimestampType = Literal[
    "content", "signature", "validation-data", "archive", "document", "container", "detached", "evidence-record"
]


class Note(NamedTuple):
    """An observation of a parser: a code of ``core.findings`` and the values its text needs."""

    code: str
    subject: str = ""
    values: Mapping[str, Any] = {}


class CertificateReference(NamedTuple):
    """A signed reference to a certificate (ESSCertID(v2), ``x5t#S256``, ``x5t#o``).

    ``digest`` is over the DER certificate; ``issuer_serial`` is (DER of the issuer Name, serial number).
    """

    digest_algorithm: str
    digest: bytes
    issuer_serial: tuple[bytes, int] | None = None


class SignerIdentifier(NamedTuple):
    """An unsigned pointer to the signing certificate (RFC 5652 5.3 ``sid``, JWS ``kid``): a hint, never proof."""

    issuer: bytes | None = None
    serial: int | None = None
    subject_key_identifier: bytes | None = None


class SignatureValue(NamedTuple):
    """One signature value and the exact bytes it is over.

    ``algorithm``: name in ``core.algorithms``, or the foreign identifier (OID, ``alg`` text) where it is not known.
    ``signed``: the octets that were signed, a slice of the input wherever the format allows.
    ``value``: signature octets as ``core.algorithms.verify`` takes them (ECDSA: DER ``Ecdsa-Sig-Value``).
    ``curve``: the curve that the format's identifier demands (JWA ``ES256`` demands P-256), or None.
    ``salt_length``: RSASSA-PSS salt in octets, or None where the algorithm name settles it.
    ``wire``: the signature octets as stored in the file; the report's ``id`` is made of them.
    ``digest``: of ``signed`` under the algorithm's digest, where ``signed`` itself was not kept (an archive of
    evidence) and is empty; ``compact``: of a JWS then the SHA-256 of its compact serialisation, by which reports refer
    to it. No parser sets them.
    """

    algorithm: str
    signed: bytes
    value: bytes
    wire: bytes
    curve: str | None = None
    salt_length: int | None = None
    digest: bytes | None = None
    compact: bytes | None = None


class SignedObject(NamedTuple):
    """One thing that a signature covers.

    ``found``: its bytes were at hand. ``intact``: they have the signed digest; None where the object has no digest of
    its own and stands or falls with the signature value (``by_signature``), or where it could not be checked.
    ``content_sha256``: of such an object's content, where that was not kept (an archive of evidence).
    """

    name: str
    found: bool
    intact: bool | None
    digest_algorithm: str | None = None
    digest: bytes | None = None
    by_signature: bool = False
    content: Content | None = None
    content_sha256: bytes | None = None


class TimestampToken(NamedTuple):
    """An RFC 3161 token. ``signer`` is its one SignerInfo, ``generated_at`` genTime (aware, UTC).

    ``imprint_found``: the stamped bytes were at hand; ``imprint_intact``: their digest is the imprint (None: unknown).
    ``accuracy``: seconds, None where not stated. ``notes`` hold what is wrong with the token's structure.
    ``covers``: of archive, document, validation-data and evidence-record tokens, SHA-256 over the octets of all that it
    protects (EN 319 102-1 5.6.2.3): signature values as ``SignatureValue.wire`` has them, earlier tokens as ``data``
    has them, certificates, CRLs and OCSP responses as the facts have them. Empty for the other types: a content token
    protects the content, a signature token the one signature that it stands in.
    """

    type: TimestampType
    data: bytes
    generated_at: datetime
    imprint_algorithm: str
    imprint: bytes
    imprint_found: bool
    imprint_intact: bool | None
    policy: str
    serial_number: int
    accuracy: float | None
    ordering: bool
    nonce: int | None
    tsa_name: bytes | None
    signer: Signature
    notes: tuple[Note, ...] = ()
    covers: tuple[bytes, ...] = ()


class EvidenceRecord(NamedTuple):
    """An evidence record. ``kind``: ``"ERS"`` (RFC 4998) or ``"XMLERS"`` (RFC 6283).

    ``chains``: its archive time stamps, oldest first, as places in ``Facts.timestamps``, where the tokens are; none for
    a record that was found and not read. ``algorithms``: the digest that each chain's hash trees are made with.
    ``objects``: what it was read with: each presented content, ``intact`` where every chain holds its digest; one that
    is not ``found`` where nothing was presented. ``notes``: of the record as a whole.
    """

    kind: Literal["ERS", "XMLERS"]
    data: bytes
    chains: tuple[tuple[int, ...], ...] = ()
    algorithms: tuple[str, ...] = ()
    objects: tuple[SignedObject, ...] = ()
    notes: tuple[Note, ...] = ()


class Place(NamedTuple):
    """Where the signer claims to have signed (signer-location, ``sigPl``)."""

    country: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    street: str = ""
    post_office_box: str = ""


class SignaturePolicy(NamedTuple):
    """The signature policy that a signature names: URI or ``urn:oid:``, and the digest of its document."""

    identifier: str
    digest_algorithm: str | None = None
    digest: bytes | None = None
    uri: str | None = None


class Properties(NamedTuple):
    """Signed properties that all formats share. Commitments are URIs or dotted OIDs; roles are free text."""

    commitments: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    place: Place | None = None
    policy: SignaturePolicy | None = None
    content_type: str | None = None


class Revision(NamedTuple):
    """The revision of a PDF that a signature covers, and what came later (ISO 32000-2 12.8.1, 12.8.2).

    ``byte_range``: as the signature states it. ``byte_range_valid``: it covers the revision from the file's first octet
    to the revision's last one, but for its own ``/Contents``. ``length``: octets of the signed revision. ``changes``:
    the kind of every later change, oldest first: ``"signature"``, ``"timestamp"``, ``"validation-data"``,
    ``"metadata"``, ``"form-filling"``, ``"annotation"``, ``"page-content"``, ``"other"``, ``"undetermined"``.
    ``permitted``: what the signer permits to change (DocMDP): 1 nothing, 2 form filling and signing, 3 annotations too.
    """

    field: str
    byte_range: tuple[int, int, int, int]
    covers_whole_file: bool
    byte_range_valid: bool
    length: int
    changes: tuple[str, ...] = ()
    permitted: Literal[1, 2, 3] | None = None
    reason: str | None = None
    location: str | None = None
    name: str | None = None
    modified_at: datetime | None = None


class Signature(NamedTuple):
    """One signature of any format.

    ``format``: ``"CAdES"``, ``"JAdES"``, ``"PKCS7"``, ``"JWS"`` … as the report says it.
    ``level``: the baseline level whose structure it has, None where it is not a baseline signature.
    ``certificates``: DER certificates at hand in the file; ``leaf``: DER of the one that the format itself designates
    (``x5c[0]``, the one matching ``sid``), None where the reader must be found elsewhere.
    ``digest_algorithms``: every digest that the signature's integrity rests on, the references' excluded.
    ``timestamps``: oldest layer first. ``notes``: observations, judged by policy. ``revision``: of a PDF alone.
    """

    format: str
    level: Level | None
    value: SignatureValue
    objects: tuple[SignedObject, ...]
    references: tuple[CertificateReference, ...] = ()
    certificates: tuple[bytes, ...] = ()
    leaf: bytes | None = None
    identifier: SignerIdentifier | None = None
    claimed_signing_time: datetime | None = None
    digest_algorithms: tuple[str, ...] = ()
    properties: Properties = Properties()
    timestamps: tuple[TimestampToken, ...] = ()
    counter_signatures: tuple[Signature, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()
    notes: tuple[Note, ...] = ()
    revision: Revision | None = None
    evidence_records: tuple[EvidenceRecord, ...] = ()


class ReceiptPart(NamedTuple):
    """One part of the receipted message, by digest (EN 319 522-2 M02).

    ``found``: it was among the contents that the caller presented; ``intact``: with this digest, None where it could
    not be compared.
    """

    name: str
    content_type: str
    digest_algorithm: str | None
    digest: bytes | None
    found: bool = False
    intact: bool | None = None


class Party(NamedTuple):
    """A sender, recipient or issuer as a receipt names it: identifier within a scheme, names, certificate digests."""

    identifier: str = ""
    scheme: str = ""
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    certificate_digests: tuple[tuple[str, bytes], ...] = ()


class LogPromise(NamedTuple):
    """An evidence log's promise as a receipt holds it: verifier key of the log, index (``position``), signed note.

    ``entry`` (32 octets) and ``deadline`` are what the note says; None where it says something else. ``intact``: the
    log of this key signed it and it is of this index.
    """

    log: str
    position: int
    note: bytes
    entry: bytes | None = None
    deadline: datetime | None = None
    intact: bool = False


class ReceiptFacts(NamedTuple):
    """What a delivery receipt (EN 319 522 evidence) claims; its seal is one of the file's signatures.

    ``presented``: the caller presented contents, with which the parts were compared. ``promises``: what evidence logs
    promised for it.
    """

    identifier: str
    event: str
    event_time: datetime
    submission_time: datetime | None
    issuer: Party
    sender: Party
    recipients: tuple[Party, ...]
    refers_to_recipient: int | None
    message_identifier: str | None
    reasons: tuple[str, ...]
    parts: tuple[ReceiptPart, ...]
    notes: tuple[Note, ...] = ()
    presented: bool = False
    promises: tuple[LogPromise, ...] = ()


class LogCosignature(NamedTuple):
    """A cosignature of a checkpoint by a key that is not known yet: key name, key ID, stated time, 64 octets."""

    name: str
    key_id: bytes
    time: datetime
    value: bytes


class LoggedEvidence(NamedTuple):
    """Evidence that was presented with the proof of an entry; ``matches``: the entry is its commitment."""

    name: str
    form: Literal["opening", "json", "xml"]
    matches: bool


class LogFacts(NamedTuple):
    """The proof of one entry of an evidence log, and what its octets prove by themselves.

    ``key``: verifier key (C2SP signed-note) of the log, as the proof names it. ``position``, ``entry``: which 32 octets
    were logged where. ``size``, ``root``, ``checkpoint``: the log's size, its root, and the text that it signed over
    both. ``intact``: that key signed it; ``included``: the entry leads to that root. ``charter``: the verifier key that
    the sealed charter names, None without one; its seal is one of the file's signatures. ``recorded``: an evidence
    record over the checkpoint is among the facts. ``presented``: the caller presented something beside the proof.
    """

    origin: str
    key: str
    position: int
    entry: bytes
    size: int
    root: bytes
    checkpoint: bytes
    intact: bool
    included: bool
    charter: str | None = None
    recorded: bool = False
    cosignatures: tuple[LogCosignature, ...] = ()
    evidence: tuple[LoggedEvidence, ...] = ()
    presented: bool = False


class Facts(NamedTuple):
    """All that was read from one file. ``kind`` names the file's format as the report does; None where unknown.

    ``timestamps``: tokens that stand in no signature, those of ``evidence_records`` included. ``log``: of the proof of
    an entry of an evidence log. ``proof``: of a receipt, the facts of the proof that was presented with it.
    """

    kind: str | None
    signatures: tuple[Signature, ...] = ()
    timestamps: tuple[TimestampToken, ...] = ()
    receipt: ReceiptFacts | None = None
    notes: tuple[Note, ...] = ()
    evidence_records: tuple[EvidenceRecord, ...] = ()
    log: LogFacts | None = None
    proof: Facts | None = None


class Unread(NamedTuple):
    """What is known of a file whose octets have no accepted reading: its format, and where reading stopped.

    ``code``, ``message``, ``offset``: of the ``MalformedError``. ``exceeded``: it was the work that was used up.
    """

    kind: str | None
    code: str
    message: str
    offset: int | None = None
    exceeded: bool = False


class Signed(bytes):
    """What ``sign``, ``seal``, ``augment`` and ``receipt`` return: the signed file, and what was reached.

    Attributes:
        format: ``"jades"``, ``"cades"`` or ``"pades"``; of what ``augment`` renews also ``"ers"`` (an evidence record)
            or ``"proof"`` (of a log's entry).
        level: the level reached; lower than the one asked for only where the caller gave ``fallback=``. An evidence
            record and a proof are at ``"B-LTA"``: their newest time stamp lies over all that was there.
        reason: why it is lower, None otherwise.
        report: the ``Report`` on the file as it is handed out, from B-LT on, or where trust was given; None otherwise.
        entry: of a receipt that entered a log, the ``ledger.issuing.LogEntry``; None otherwise.
    """

    format: str
    level: Level
    reason: str | None
    report: Any
    entry: Any = None

    def __new__(cls, data: bytes, format: str, level: Level, reason: str | None = None, report: Any = None) -> Signed:
        """Attach what was reached to the bytes."""
        self = super().__new__(cls, data)
        self.format, self.level, self.reason, self.report = format, level, reason, report
        return self


class SignedFile(NamedTuple):
    """What ``sign`` and ``seal`` return for a PDF with ``out=``: which file was written; its octets were never held.

    ``path``: the file; ``size``: its octets; ``format``, ``level``, ``reason`` and ``report``: as of ``Signed``.
    """

    path: Path
    size: int
    format: str
    level: Level
    reason: str | None = None
    report: Any = None
