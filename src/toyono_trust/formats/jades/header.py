"""The protected header of a JWS and JAdES signature, read strictly.

Standards: RFC 7515 4, RFC 7797, ETSI TS 119 182-1 V1.2.1 clauses 5.1 and 5.2, JWA (RFC 7518, 8037, 9864).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from toyono_trust.core.algorithms import SignatureAlgorithm, by_jwa, digest_by_jades
from toyono_trust.core.asn1 import Reader
from toyono_trust.core.canonical import (
    b64_decode,
    b64_decode_familiar,
    b64url_decode,
    b64url_decode_familiar,
    json_loads,
)
from toyono_trust.core.limits import MAX_CERTIFICATES, MAX_HEADER
from toyono_trust.errors import MalformedError
from toyono_trust.formats.jades.properties import read_properties
from toyono_trust.formats.model import CertificateReference, Note, Properties, SignerIdentifier

_make = tuple.__new__
"""Makes a NamedTuple in half the time of a call of its class: this is the hot path."""
_PLAIN = frozenset({"alg", "typ", "cty", "kid", "x5t#S256", "x5c", "iat"})
_JADES_ONLY = ("sigT", "x5t#o", "sigX5ts", "srCms", "sigPl", "srAts", "adoTst", "sigPId", "sigD")
_UNDERSTOOD = frozenset({*_JADES_ONLY, "iat", "exp", "b64"})
"""What may stand in ``crit`` (ades.md section 1)."""
_REGISTERED = frozenset(
    {"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"}
    | {"enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"}
)
"""RFC 7515 4.1 and RFC 7518: never in ``crit`` (RFC 7515 4.1.11)."""
_MAX_TIME = 253_402_300_800  # the year 10000
_NONE = Properties()
_HARMLESS = frozenset({"jws.claim-not-enforced"})
"""Notes about a header that may still be of baseline."""


class Header(NamedTuple):
    """A protected header. ``baseline``: it has what B-B asks of a header; ``etsi``: it has what only JAdES has."""

    members: Mapping[str, Any]
    alg: str
    row: SignatureAlgorithm | None
    b64: bool
    claimed: datetime | None
    references: tuple[CertificateReference, ...]
    certificates: tuple[bytes, ...]
    identifier: SignerIdentifier | None
    properties: Properties
    baseline: bool
    etsi: bool
    notes: list[Note]


def read_header(text: bytes) -> Header:
    """The facts of a protected header, from its base64url text.

    Raises ``MalformedError`` where the text has not one reading; what is read but wrong is noted.
    """
    members = json_loads(b64url_decode_familiar(text), max_bytes=MAX_HEADER) if text else {}
    if type(members) is not dict:
        raise MalformedError("jws.header", "the protected header is no JSON object (RFC 7515 4)")
    notes: list[Note] = []
    alg = members.get("alg")
    row = by_jwa(alg) if type(alg) is str else None
    if row is None:
        _note_algorithm(alg, notes)
    iat = members.get("iat")
    claimed = None
    if type(iat) is int and 0 <= iat < _MAX_TIME:
        claimed = datetime.fromtimestamp(iat, UTC)
    elif iat is not None or "iat" in members:
        notes.append(Note("jades.iat"))
    certificates = read_x5c(members["x5c"], notes) if "x5c" in members else ()
    references: tuple[CertificateReference, ...] = ()
    if "x5t#S256" in members:
        references = _thumbprint(members["x5t#S256"], "sha256", notes)
    properties = _NONE
    if "cty" in members:
        properties = Properties((), (), None, None, _text(members["cty"], "cty", notes))
    if members.keys() <= _PLAIN:
        etsi, b64 = claimed is not None, True
    else:
        etsi, b64, claimed, references, properties = _rarer(members, claimed, references, properties, notes)
    baseline = claimed is not None and row is not None and bool(references or certificates)
    if notes and baseline:
        baseline = all(note.code in _HARMLESS for note in notes)
    identifier = None
    if not references and not certificates and "kid" in members:
        identifier = _read_kid(members["kid"])
    return _make(
        Header,
        (members, str(alg), row, b64, claimed, references, certificates, identifier, properties, baseline, etsi, notes),
    )


def _rarer(
    members: dict[str, Any],
    claimed: datetime | None,
    references: tuple[CertificateReference, ...],
    properties: Properties,
    notes: list[Note],
) -> tuple[bool, bool, datetime | None, tuple[CertificateReference, ...], Properties]:
    """All header parameters beyond the plain ones."""
    etsi = claimed is not None or any(name in members for name in _JADES_ONLY)
    if "sigT" in members:
        if "iat" in members:
            notes.append(Note("jades.two-times"))
            claimed = None
        else:
            claimed = _read_sig_t(members["sigT"], notes)
    if "crit" in members:
        _check_crit(members, notes)
    b64 = _read_b64(members, notes)
    references = _other_references(members, references, notes)
    for name in ("exp", "nbf"):
        if name in members:
            notes.append(Note("jws.claim-not-enforced", name, {"name": name}))
    if "etsiU" in members:
        notes.append(Note("jades.etsiu-protected"))
    return etsi, b64, claimed, references, read_properties(members, properties.content_type, notes)


def _note_algorithm(alg: Any, notes: list[Note]) -> None:
    if type(alg) is not str:
        notes.append(Note("jws.algorithm-missing"))
    elif alg.lower() == "none":
        notes.append(Note("jws.algorithm-none"))
    elif alg.startswith("HS"):
        notes.append(Note("jws.algorithm-symmetric", "", {"algorithm": alg[:40]}))
    else:
        notes.append(Note("jws.algorithm-unknown", "", {"algorithm": alg[:40]}))


def _text(value: Any, name: str, notes: list[Note]) -> str | None:
    if isinstance(value, str):
        return value
    notes.append(Note("jws.parameter-type", name, {"name": name}))
    return None


_IAT_ALONE = datetime(2025, 7, 15, tzinfo=UTC)
"""From then on ``iat`` is the only form of the claimed signing time (TS 119 182-1 V1.2.1, 5.1.11)."""


def _read_sig_t(value: Any, notes: list[Note]) -> datetime | None:
    """TS 119 182-1 5.2.1: ``yyyy-MM-ddTHH:mm:ssZ``, UTC, no fractions."""
    if isinstance(value, str) and len(value) == 20 and value.isascii():
        try:
            claimed = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass
        else:
            if claimed >= _IAT_ALONE:
                notes.append(Note("jades.sigt-retired"))
            return claimed
    notes.append(Note("jades.sigt"))
    return None


def _check_crit(members: dict[str, Any], notes: list[Note]) -> None:
    """RFC 7515 4.1.11: a non-empty array of distinct names, each present, understood and not of RFC 7515 itself."""
    crit = members["crit"]
    if not isinstance(crit, list) or not crit or not all(isinstance(name, str) for name in crit):
        notes.append(Note("jws.crit-malformed"))
        return
    if len(set(crit)) != len(crit):
        notes.append(Note("jws.crit-duplicate"))
    for name in dict.fromkeys(crit):
        shown = name[:80]
        if name in _REGISTERED:
            notes.append(Note("jws.crit-registered", shown, {"name": shown}))
        elif name == "etsiU":
            notes.append(Note("jades.etsiu-critical"))
        elif name not in _UNDERSTOOD:
            notes.append(Note("jws.crit-unknown", shown, {"name": shown}))
        elif name not in members:
            notes.append(Note("jws.crit-absent", shown, {"name": shown}))


def is_critical(members: Mapping[str, Any], name: str) -> bool:
    """Whether ``crit`` names a header parameter."""
    crit = members.get("crit")
    return isinstance(crit, list) and name in crit


def _read_b64(members: dict[str, Any], notes: list[Note]) -> bool:
    """RFC 7797 3 and 6."""
    b64 = members.get("b64", True)
    if not isinstance(b64, bool):
        notes.append(Note("jws.b64-type"))
        return True
    if "b64" in members and not is_critical(members, "b64"):
        notes.append(Note("jws.b64-not-critical" if not b64 else "jws.b64-needless"))
    return b64


def read_x5c(value: Any, notes: list[Note]) -> tuple[bytes, ...]:
    """DER certificates of ``x5c`` (RFC 7515 4.1.6): standard base64, the signer's first."""
    if isinstance(value, list) and 0 < len(value) <= MAX_CERTIFICATES:
        try:
            certificates = tuple([b64_decode_familiar(one) for one in value if type(one) is str])
        except MalformedError:
            certificates = ()
        if len(certificates) == len(value):
            return certificates
    notes.append(Note("jws.x5c"))
    return ()


def _thumbprint(value: Any, algorithm: str, notes: list[Note]) -> tuple[CertificateReference, ...]:
    size = 32 if algorithm == "sha256" else 20
    if isinstance(value, str):
        try:
            digest = b64url_decode(value)
        except MalformedError:
            digest = b""
        if len(digest) == size:
            return (_make(CertificateReference, (algorithm, digest, None)),)
    notes.append(Note("jades.reference"))
    return ()


def _other_references(
    members: dict[str, Any], references: tuple[CertificateReference, ...], notes: list[Note]
) -> tuple[CertificateReference, ...]:
    """TS 119 182-1 5.1.7, 5.2.2: ``x5t#o``, ``sigX5ts``; one of the three references, never ``x5t``."""
    if sum(name in members for name in ("x5t#S256", "x5t#o", "sigX5ts")) > 1:
        notes.append(Note("jades.several-references"))
    if "x5t#o" in members:
        references += _other_reference(members["x5t#o"], notes)
    if "sigX5ts" in members:
        several = members["sigX5ts"]
        if not isinstance(several, list) or not 2 <= len(several) <= MAX_CERTIFICATES:
            notes.append(Note("jades.reference"))
        else:
            for one in several:
                references += _other_reference(one, notes)
    if "x5t" in members:
        notes.append(Note("jades.x5t"))
        references += _thumbprint(members["x5t"], "sha1", notes)
    return references


def _other_reference(value: Any, notes: list[Note]) -> tuple[CertificateReference, ...]:
    if isinstance(value, dict) and value.keys() == {"digAlg", "digVal"}:
        identifier, text = value["digAlg"], value["digVal"]
        if isinstance(identifier, str) and isinstance(text, str):
            try:
                digest = b64url_decode(text)
            except MalformedError:
                digest = b""
            if digest:
                name = digest_by_jades(identifier)
                if name == "sha256":
                    notes.append(Note("jades.reference-sha256"))
                return (CertificateReference(name or identifier[:80], digest),)
    notes.append(Note("jades.reference"))
    return ()


def _read_kid(value: Any) -> SignerIdentifier | None:
    """TS 119 182-1 5.1.4: base64 of DER IssuerSerial (RFC 5035); any other ``kid`` says nothing here."""
    try:
        reader = Reader(b64_decode(value)) if isinstance(value, str) else None
        if reader is None:
            return None
        names, serial = reader.children(reader.expect(reader.root(), 0x30))[:2]
        (general,) = reader.children(reader.expect(names, 0x30))
        (name,) = reader.children(reader.expect(general, 0xA4))
        return SignerIdentifier(reader.tlv(name), reader.integer(serial))
    except (MalformedError, ValueError):
        return None
