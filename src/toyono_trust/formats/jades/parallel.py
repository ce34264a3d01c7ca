"""Parallel signatures: another one over the same payload, in general JSON (RFC 7515 7.2.1, TS 119 182-1 5.2.8)."""

from __future__ import annotations

from typing import Any, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.jades.details import DEFAULT, JadesDetails
from toyono_trust.formats.jades.envelope import Envelope, parse
from toyono_trust.formats.jades.extend import Mode, attach, general
from toyono_trust.formats.jades.header import Header, read_header
from toyono_trust.formats.jades.payload import Payload
from toyono_trust.formats.jades.read import covered_payload
from toyono_trust.formats.jades.write import protected_header, wire


class _State(NamedTuple):
    signed: bytes
    number: int
    algorithm: str
    protected: bytes
    mode: Mode


def prepare_parallel(signed: bytes, contents: Contents, request: SigningInput, mode: Mode = "base64url") -> Draft:
    """The signing input of a signature beside those of ``signed``, over exactly what they cover.

    Of ``request`` the content and ``detached`` are not used: the payload is the one that is there, ``b64`` and ``sigD``
    are those of the signatures there (RFC 7797 3). ``contents``: what detached ones cover, all of it. Details may only
    say how the header speaks of certificate and time. ``mode``: of the ``etsiU`` of a time stamp.

    Raises ``MisuseError``: ``jades.join`` where the signatures there do not agree about what they cover, for a receipt,
    and for details that would lay it out otherwise; ``addition.content`` where what they cover is not at hand or not
    intact; what ``prepare`` raises. ``MalformedError`` where ``signed`` is no JWS.
    """
    details = DEFAULT if request.details is None else request.details
    envelope = parse(signed)
    if envelope.sealed is not None:
        raise MisuseError("jades.join", "a receipt has one seal, its issuer's", "countersign that one")
    header = _common_header(envelope)
    _check_details(details, header)
    described: Any = header.members.get("sigD")
    payload = _covered(covered_payload(envelope, header, contents, Work()), described)
    assert isinstance(details, JadesDetails)
    protected = protected_header(request, details, header.b64, described)
    state = _State(signed, len(envelope.parts), request.algorithm, protected, mode)
    if payload.pieces is not None:
        return Draft(b"", state, payload.pieces.behind(protected + b"."))
    return Draft(b"%b.%b" % (protected, payload.text or b""), state)


def finish_parallel(draft: Draft, signature: bytes, token: bytes | None = None) -> bytes:
    """The whole file as general JSON, the new signature last; those before it stay character for character.

    ``signature``: as the key gave it (ECDSA: DER). ``token``: DER of a signature time stamp over it.
    """
    state: _State = draft.state
    text = wire(signature, state.algorithm)
    one = f'{{"protected":"{state.protected.decode("ascii")}","signature":"{text.decode("ascii")}"}}'
    made = general(state.signed, one)
    return made if token is None else attach(made, token, state.number, state.mode)


def _common_header(envelope: Envelope) -> Header:
    """The header of the first signature; all must agree about what is covered."""
    headers = [read_header(part.protected) for part in envelope.parts]
    first = headers[0]
    for header in headers[1:]:
        if header.b64 != first.b64 or header.members.get("sigD") != first.members.get("sigD"):
            raise MisuseError(
                "jades.join",
                "the signatures of this JWS describe what they cover in different ways (b64, sigD)",
                "countersign one of them, or sign the content anew",
            )
    return first


def _check_details(details: object, header: Header) -> None:
    if not isinstance(details, JadesDetails):
        raise MisuseError("jades.details", "details= of a JAdES signature is a JadesDetails")
    laid_out = details.mechanism, details.parts, details.headers, details.content_types
    if (
        laid_out != (None, (), (), ())
        or details.b64 not in (None, header.b64)
        or details.serialization not in (DEFAULT.serialization, "general")
    ):
        raise MisuseError(
            "jades.join",
            "a parallel signature is laid out as those that are there",
            "leave serialization, mechanism, parts, headers, content_types and b64 out",
        )


def _covered(payload: Payload, described: Any) -> Payload:
    """The same payload, where all of it is at hand and intact."""
    hazy = any(note.code != "jades.sigd-boundaries" for note in payload.notes)
    checked = [item.intact if item.digest_algorithm is not None else item.found for item in payload.objects]
    if (payload.text is None and payload.pieces is None) or hazy or not all(checked):
        raise MisuseError(
            "addition.content",
            "what the signatures cover is not at hand, or is not what was signed",
            "present the signed content" if described is None else "present each document under its name",
        )
    return payload
