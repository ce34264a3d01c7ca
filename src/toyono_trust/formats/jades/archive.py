"""JAdES at B-LT and B-LTA: adding validation data, and archive time stamps over all that is there.

Standard: ETSI TS 119 182-1 V1.2.1, clauses 5.3.5 (xVals, rVals, anyValData), 5.3.6.1 (tstVD), 5.3.6.2 (arcTst).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ArchiveDraft, ValidationData
from toyono_trust.formats.jades.envelope import Part, parse, parse_object
from toyono_trust.formats.jades.etsiu import STAMPS, decode_element
from toyono_trust.formats.jades.extend import Mode, append, elements_of, is_clear, open_envelope
from toyono_trust.formats.jades.header import read_header
from toyono_trust.formats.jades.read import covered_payload
from toyono_trust.formats.jades.stamped import CANONICAL, Stamped, signing_prefix
from toyono_trust.formats.jades.values import READERS, read_container, write_values
from toyono_trust.formats.jades.write import container

_MAX_NESTING = 8
"""Counter-signatures of counter-signatures that are looked into, as many as are read."""


def add_validation_data(signed: bytes, data: ValidationData, index: int = 0, mode: Mode = "base64url") -> bytes:
    """The same signature with validation data that it does not hold yet; ``signed`` itself where it holds all.

    First ``xVals`` and ``rVals``, each of which may stand once; ``anyValData`` for what comes later; ``tstVD`` behind
    an archive time stamp. ``index``: which signature of a general JSON. ``mode``: of a new ``etsiU``.
    Raises ``MisuseError`` (``jades.extend``), ``MalformedError`` where ``signed`` is no JWS.
    """
    part = open_envelope(signed, index).parts[index]
    present = set(_held(part))
    names = {name for name, _ in _readable(elements_of(part))}
    certificates, crls, ocsp_responses = (
        tuple(one for one in dict.fromkeys(octets) if one not in present)
        for octets in (data.certificates, data.crls, data.ocsp_responses)
    )
    values = write_values(ValidationData(certificates, crls, ocsp_responses))
    elements = {name: value for name, value in values.items() if not names & {name, "arcTst"}}
    later = {name: values[name] for name in sorted(values) if name not in elements}
    if later:
        elements["tstVD" if "arcTst" in names else "anyValData"] = later
    for name, value in elements.items():
        signed = append(signed, name, value, index, mode)
    return signed


def prepare_archive(
    signed: bytes, contents: Contents, algorithm: str, index: int = 0, mode: Mode = "base64url"
) -> ArchiveDraft:
    """What an archive time stamp behind all elements of ``etsiU`` covers, as a digest under ``algorithm``.

    ``contents``: what a detached signature covers, whole. Of properties in clear the values are canonicalized
    (RFC 8785), as EU DSS reads them.
    Raises ``MisuseError``: ``jades.archive-content`` where what was signed is not at hand or not intact,
    ``jades.extend``; ``MalformedError`` where ``signed`` is no JWS or the digest is unknown.
    """
    envelope = open_envelope(signed, index)
    part = envelope.parts[index]
    elements = elements_of(part)
    work = Work()
    header = read_header(part.protected)
    payload = covered_payload(envelope, header, contents, work)
    prefix = signing_prefix(payload.covered(), part.protected, part.signature)
    if prefix is None:
        raise MisuseError(
            "jades.archive-content",
            "the archive time stamp covers the signed content, which is not at hand",
            "pass the content that was signed",
        )
    if any(one.intact is False for one in payload.objects):
        raise MisuseError(
            "jades.archive-content", "the content is not what was signed", "pass the content that was signed"
        )
    clear = is_clear(elements, mode)
    stamped = Stamped(part.signature, prefix, work, encoded=not clear)
    for element in elements:
        stamped.add(element)
    canonicalization = CANONICAL if clear else None
    reading = stamped.readings("arcTst", canonicalization)[0]
    return ArchiveDraft(reading.covered(algorithm), _State(signed, index, mode, canonicalization))


def attach_archive(draft: ArchiveDraft, token: bytes) -> bytes:
    """The signature with an ``arcTst`` at the end of its ``etsiU``. ``token``: DER of the RFC 3161 token.

    A compact JWS becomes flattened JSON, because only JSON has unprotected headers.
    """
    state: _State = draft.state
    value = container(token)
    if state.canonicalization is not None:
        value = {"canonAlg": state.canonicalization, **value}
    return append(state.signed, "arcTst", value, state.number, state.mode)


class _State(NamedTuple):
    signed: bytes
    number: int
    mode: Mode
    canonicalization: str | None


# what is there already -----------------------------------------------------------------------------------------------


def _held(part: Part, depth: int = 0) -> Iterator[bytes]:
    """Certificates, CRLs and OCSP responses that an archive time stamp at the end would protect."""
    header = read_header(part.protected)
    yield from header.certificates
    if "adoTst" in header.members:
        yield from _in_stamps(header.members["adoTst"])
    for name, value in _readable(elements_of(part)):
        if name in STAMPS:
            yield from _in_stamps(value)
        elif name == "cSig" and depth < _MAX_NESTING:
            yield from _in_counter_signature(value, depth + 1)
        elif name in READERS:
            try:
                found = READERS[name](value)
            except (ValueError, TypeError, KeyError):  # not of its schema: it holds nothing that a reader would find
                continue
            yield from (*found.certificates, *found.crls, *found.ocsp_responses)


def _readable(elements: list[Any]) -> Iterator[tuple[str, Any]]:
    for element in elements:
        try:
            yield decode_element(element)
        except MalformedError:  # a reader leaves it out
            continue


def _in_stamps(value: Any) -> Iterator[bytes]:
    try:
        for one in read_container(value, "archive", None):
            found = cms.read(one.data, lenient=True)
            yield from (*found.certificates, *found.crls, *found.ocsp_responses)
    except (ValueError, TypeError, KeyError):  # no tokens that a reader would find material in
        return


def _in_counter_signature(value: Any, depth: int) -> Iterator[bytes]:
    try:
        envelope = parse(value.encode("utf-8")) if isinstance(value, str) else parse_object(value)
        for part in envelope.parts:
            yield from _held(part, depth)
    except (MalformedError, MisuseError):
        return
