"""Adding unsigned properties to an existing JAdES signature, and what a signature time stamp covers.

Standard: ETSI TS 119 182-1 V1.2.1, clauses 5.3.1 and 5.3.4. Everything found stays character for character as it was.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from toyono_trust.core.algorithms import digest
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.errors import MisuseError
from toyono_trust.formats.jades import splice
from toyono_trust.formats.jades.details import SEAL
from toyono_trust.formats.jades.envelope import Envelope, Part, parse
from toyono_trust.formats.jades.header import read_header
from toyono_trust.formats.jades.write import container

Mode = Literal["base64url", "clear"]
"""How the elements of a new ``etsiU`` stand; an existing one keeps its own way."""
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def imprint(signed: bytes, algorithm: str, index: int = 0) -> bytes:
    """Digest of what a signature time stamp covers: the signature's base64url text, as ASCII (ades.md 1.2)."""
    return digest(algorithm, open_envelope(signed, index).parts[index].signature)


def attach(signed: bytes, token: bytes, index: int = 0, mode: Mode = "base64url") -> bytes:
    """The same signature with a ``sigTst`` at the end of its ``etsiU``.

    ``token``: DER of the RFC 3161 token. ``index``: which signature of a general JSON. ``mode``: how the elements of a
    new ``etsiU`` stand; an existing one keeps its own. A compact JWS becomes flattened JSON, because only JSON has
    unprotected headers.
    """
    return append(signed, "sigTst", container(token), index, mode)


def append(signed: bytes, name: str, value: Any, index: int = 0, mode: Mode = "base64url") -> bytes:
    """The same signature with one more ``etsiU`` element ``{name: value}``."""
    envelope = open_envelope(signed, index)
    element = _dump({name: value})
    if not is_clear(elements_of(envelope.parts[index]), mode):
        element = f'"{b64url_encode(element.encode("utf-8")).decode("ascii")}"'
    if envelope.shape == "compact":
        return _flattened(envelope, element)
    return _inserted(signed.decode("utf-8"), envelope, index, element).encode("utf-8")


def elements_of(part: Part) -> list[Any]:
    """The elements of a signature's ``etsiU``, none where there is no such member.

    Raises ``MisuseError`` (``jades.extend``) where it is no array with members, all of them text or all objects.
    """
    if part.header is None or "etsiU" not in part.header:
        return []
    found = part.header["etsiU"]
    kinds = {type(element) for element in found} if isinstance(found, list) else set()
    if kinds not in ({str}, {dict}):
        raise MisuseError("jades.extend", "etsiU of this signature is not built as 5.3.1 says; it cannot be extended")
    result: list[Any] = found
    return result


def is_clear(elements: list[Any], mode: Mode) -> bool:
    """Whether a further element stands in clear: as those before it, or as ``mode`` says of the first."""
    return isinstance(elements[0], dict) if elements else mode == "clear"


def open_envelope(signed: bytes, index: int) -> Envelope:
    """A JWS taken apart. Raises ``MisuseError`` (``jades.extend``) where it has no signature at ``index``."""
    envelope = parse(signed)
    if not 0 <= index < len(envelope.parts):
        raise MisuseError("jades.extend", "this JWS has no such signature")
    return envelope


def general(signed: bytes, one: str) -> bytes:
    """General JSON (RFC 7515 7.2.1) with one more signature, a JSON object, behind those of a JWS that is no receipt.

    A compact or flattened JWS becomes general; its texts and whatever else it has stay as they are.
    """
    envelope = parse(signed)
    if envelope.shape == "compact":
        part = envelope.parts[0]
        first = f'"protected":"{part.protected.decode("ascii")}","signature":"{part.signature.decode("ascii")}"'
        return f'{{{_payload(envelope)}"signatures":[{{{first}}},{one}]}}'.encode()
    text = signed.decode("utf-8")
    spans = splice.members(text, splice.root(text))
    if envelope.shape == "general":
        return splice.add_item(text, spans["signatures"], one).encode("utf-8")
    members = {name: f"{_dump(name)}:{text[at.start : at.end]}" for name, at in spans.items()}
    own = ",".join(member for name, member in members.items() if name in _OF_ONE)
    kept = "".join(f"{member}," for name, member in members.items() if name not in _OF_ONE)
    return f'{{{kept}"signatures":[{{{own}}},{one}]}}'.encode()


_OF_ONE = frozenset({"protected", "header", "signature"})
"""Members of one signature; the others concern the whole JWS."""


def _payload(envelope: Envelope) -> str:
    """The payload of a compact JWS as a member of an object, with its comma; nothing where it is detached."""
    if envelope.payload and not read_header(envelope.parts[0].protected).b64:
        return f'"payload":{_dump(envelope.payload.decode("utf-8"))},'
    return f'"payload":"{envelope.payload.decode("ascii")}",' if envelope.payload else ""


def _flattened(envelope: Envelope, element: str) -> bytes:
    """A compact JWS as flattened JSON (RFC 7515 7.2.2), with its first ``etsiU`` element."""
    part = envelope.parts[0]
    protected, signature = part.protected.decode("ascii"), part.signature.decode("ascii")
    members = f'"protected":"{protected}","header":{{"etsiU":[{element}]}},"signature":"{signature}"'
    return f"{{{_payload(envelope)}{members}}}".encode()


def _inserted(text: str, envelope: Envelope, index: int, element: str) -> str:
    """The text of a JWS in JSON, or of a sealed receipt, with the element in the right signature's header."""
    shape, span = place_of(text, envelope, index)
    if shape != "compactDetached":
        return _insert(text, span, element)
    inner = splice.members(text, span)
    protected, signature = (text[inner[name].start : inner[name].end] for name in ("protected", "signature"))
    seal = f'{{"flattenedJson":{{"protected":{protected},"header":{{"etsiU":[{element}]}},"signature":{signature}}}}}'
    return splice.replace(text, splice.members(text, splice.root(text))[SEAL], seal)


def place_of(text: str, envelope: Envelope, index: int) -> tuple[str, splice.Span]:
    """Where one signature's object stands in the text of a JWS in JSON or of a sealed receipt, and its shape's name."""
    whole = splice.root(text)
    if envelope.shape == "flattened":
        return "flattened", whole
    spans = splice.members(text, whole)
    if envelope.shape == "general":
        return "general", splice.items(text, spans["signatures"])[index]
    ((shape, span),) = splice.members(text, spans[SEAL]).items()
    if shape == "generalJson":
        span = splice.items(text, splice.members(text, span)["signatures"])[index]
    return shape, span


def _insert(text: str, target: splice.Span, element: str) -> str:
    spans = splice.members(text, target)
    if "header" not in spans:
        return splice.add_member(text, target, "header", f'{{"etsiU":[{element}]}}')
    inner = splice.members(text, spans["header"])
    if "etsiU" not in inner:
        return splice.add_member(text, spans["header"], "etsiU", f"[{element}]")
    return splice.add_item(text, inner["etsiU"], element)
