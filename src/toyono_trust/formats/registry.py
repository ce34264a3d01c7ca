"""The table of formats: which one some bytes are, their reading, and the reading of tokens nested inside them."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from datetime import UTC, datetime

from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import MAX_FILE, MAX_TIMESTAMPS, Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.formats import cades, ers, jades, pades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Nested, ReadToken
from toyono_trust.formats.jades.read import RECEIPT
from toyono_trust.formats.model import (
    CertificateReference,
    Facts,
    Note,
    Signature,
    SignatureValue,
    SignedObject,
    SignerIdentifier,
    TimestampToken,
)
from toyono_trust.pki import tsp

__all__ = ["detect", "kind_of", "read", "token_facts", "unarmoured"]

_TST_INFO = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"
_ID_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_KINDS = {"jades": "JWS", "cades": "PKCS7", "rfc3161": "RFC3161", "ers": "ERS", "pades": "PAdES"}
_SPACE = b" \t\r\n"
_OID = b"\x06"


def detect(data: bytes) -> str | None:
    """``"jades"``, ``"cades"``, ``"rfc3161"``, ``"ers"``, ``"pades"``; None where the octets are of no format known."""
    first = data[:1]
    if first == b"0":
        if ers.detect(data):  # before tokens, for it holds some
            return "ers"
        if _is_token(data):
            return "rfc3161"
        return "cades" if cades.detect(data) else None
    if first == b"-":
        return "cades" if data.startswith(b"-----BEGIN ") else None
    if jades.detect(data):
        return "jades"
    return "pades" if pades.detect(data) else None


def _is_token(data: bytes) -> bool:
    """Whether the content type is id-ct-TSTInfo; content of id-data that begins with a token is another thing."""
    found = data.find(_TST_INFO, 0, 160)
    return found >= 0 and data.find(_ID_DATA, 0, found) < 0


def kind_of(data: bytes) -> str | None:
    """The format as a report names it, before anything is read; None where it is unknown."""
    name = detect(data)
    return None if name is None else _KINDS[name]


def read(data: bytes | Content, contents: Contents, work: Work, password: bytes | str | None = None) -> Facts:
    """All facts of a file. Raises ``MalformedError`` where its bytes have no accepted reading.

    ``data``: the file's octets, or a PDF as a content, which is read where it is and may have any size. ``password``:
    of an encrypted PDF.
    """
    if not isinstance(data, bytes):
        return pades.read(data, work, _reader(work), password)
    name = detect(data)
    if name == "pades":
        return pades.read(BytesContent(data), work, _reader(work), password)
    if len(data) > MAX_FILE:
        raise MalformedError("limits.size", f"a signed file may have {MAX_FILE} octets; this one has {len(data)}")
    if name == "jades":
        return _covering(_stamped_levels(jades.read(data, contents, work, _reader(work))), contents, work)
    if name == "rfc3161":
        return _read_detached(data, contents, work)
    if name == "ers":
        return ers.read(data, contents, work, _reader(work))
    if name == "cades":
        if data[:1] == b"-":
            data = unarmoured(data)
            if _is_token(data):
                return _read_detached(data, contents, work)
        return _covering(_stamped_levels(cades.read(data, contents, work, _reader(work))), contents, work)
    raise MalformedError("format.unknown", "these bytes are of no signature format that is known here")


def _stamped_levels(facts: Facts) -> Facts:
    """B-T and above ask for a signature time stamp; what stands in its place and cannot be read is none."""
    for item in facts.signatures:
        if item.counter_signatures or item.level not in _UNSTAMPED:
            return facts._replace(signatures=tuple([_stamped_level(item) for item in facts.signatures]))
    return facts


def _stamped_level(signature: Signature) -> Signature:
    if signature.counter_signatures:
        inner = tuple([_stamped_level(item) for item in signature.counter_signatures])
        signature = signature._replace(counter_signatures=inner)
    if signature.level in _UNSTAMPED:
        return signature
    for token in signature.timestamps:
        if token.type == "signature" and not any(note.code == "timestamp.malformed" for note in token.notes):
            return signature
    return signature._replace(level="B-B")


_UNSTAMPED = (None, "B-B")


def _covering(facts: Facts, contents: Contents, work: Work) -> Facts:
    """The facts, with a note where the one content that was presented is not what any signature covers.

    An attached signature would pass whatever is presented with it. A receipt's parts are compared elsewhere.
    """
    content = contents.only()
    if content is None:
        return facts
    for signature in facts.signatures:
        for covered in (item.content for item in signature.objects):
            if covered is None or covered is content or covered.name == RECEIPT:
                return facts
            if covered.size == content.size:
                work.present(content, content.size)
                if covered.digest("sha256") == content.digest("sha256"):
                    return facts
    return facts._replace(notes=(*facts.notes, Note("content.not-covered")))


def unarmoured(data: bytes) -> bytes:
    """DER out of PEM (RFC 7468): one block, labelled PKCS7 or CMS. What is not armoured stays as it is."""
    if data[:1] != b"-":
        return data
    labels = (b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----")
    text = data.strip(_SPACE)
    for label in labels:
        end = label.replace(b"BEGIN", b"END")
        if text.startswith(label) and text.endswith(end) and text.count(b"-----") == 4:
            try:
                return binascii.a2b_base64(text[len(label) : -len(end)].translate(None, _SPACE), strict_mode=True)
            except binascii.Error:
                break
    raise MalformedError("format.armour", "the PEM armour does not hold exactly one PKCS7 or CMS block")


def _reader(work: Work) -> ReadToken:
    """A reader of nested tokens that never raises, bounded in how many it reads."""
    left = MAX_TIMESTAMPS

    def read_token(nested: Nested) -> TimestampToken:
        nonlocal left
        left -= 1
        if left < 0:
            raise MalformedError("limits.count", f"more than {MAX_TIMESTAMPS} time stamps in one file")
        return token_facts(nested)

    return read_token


def _read_detached(data: bytes, contents: Contents, work: Work) -> Facts:
    """A file that is only a token, or a TSA's whole answer."""
    content = contents.only()
    token = token_facts(Nested("detached", _inside_response(data), None if content is None else content.digest))
    broken = [note for note in token.notes if note.code == "timestamp.malformed"]
    if broken:
        raise MalformedError("timestamp.malformed", str(broken[0].values.get("reason", "this is no token")))
    return Facts("RFC3161", timestamps=(token,))


def _inside_response(data: bytes) -> bytes:
    """The token out of a TimeStampResp (RFC 3161 2.4.2); anything else as it is.

    A token begins with an OID, a response with a PKIStatusInfo; that an octet tells apart, before anything is read.
    """
    if data.startswith(_OID, _header(data)):
        return data
    try:
        status = tsp.read_response(data)
    except MalformedError:
        return data
    if status.token is None:
        raise MalformedError(
            "timestamp.no-token", f"a time-stamping authority's answer without a token: {status.status}"
        )
    return status.token


def _header(data: bytes) -> int:
    """Octets of type and length of the first value (X.690 8.1.3), as the length's first octet tells."""
    return 2 + (data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0)


def token_facts(nested: Nested) -> TimestampToken:
    """The facts of a token; one that cannot be read has the note ``timestamp.malformed`` and proves nothing."""
    try:
        token = tsp.read(nested.data)
    except MalformedError as error:
        return _unreadable(nested, error)
    found, intact = _imprint(token.imprint_algorithm, token.imprint, nested.covered)
    return TimestampToken(
        nested.type,
        nested.data,
        token.generated_at,
        token.imprint_algorithm,
        token.imprint,
        found,
        intact,
        token.policy,
        token.serial_number,
        token.accuracy,
        token.ordering,
        token.nonce,
        token.tsa_name,
        _signer(token),
        tuple([Note(*note) for note in token.notes]) if token.notes else (),
    )


def _imprint(algorithm: str, imprint: bytes, covered: Callable[[str], bytes] | None) -> tuple[bool, bool | None]:
    if covered is None:
        return False, None
    try:
        return True, covered(algorithm) == imprint
    except WorkExceeded:
        raise
    except MalformedError:
        return False, None


def _signer(token: tsp.Token) -> Signature:
    info, checked = token.signer, token.checked
    sid = info.identifier
    references = tuple([CertificateReference(*reference) for reference in checked.references])
    return Signature(
        format="RFC3161",
        level=None,
        value=SignatureValue(
            checked.algorithm, checked.signed, info.signature, info.signature, None, checked.salt_length
        ),
        objects=(SignedObject("TSTInfo", True, token.message_digest_intact, checked.digest_algorithm),),
        references=references,
        certificates=token.certificates,
        leaf=checked.leaf,
        identifier=SignerIdentifier(sid.issuer, sid.serial, sid.subject_key_identifier),
        digest_algorithms=(checked.digest_algorithm,),
        crls=token.crls,
        ocsp_responses=token.ocsp_responses,
    )


def _unreadable(nested: Nested, error: MalformedError) -> TimestampToken:
    nothing = Signature("RFC3161", None, SignatureValue("", b"", b"", nested.data), ())
    note = Note("timestamp.malformed", "", {"reason": error.message})
    beginning = datetime.min.replace(tzinfo=UTC)
    return TimestampToken(
        nested.type, nested.data, beginning, "", b"", False, None, "", 0, None, False, None, None, nothing, (note,)
    )
