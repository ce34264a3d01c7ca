"""Counter-signing: a JAdES signature over another one's value, carried inside it (ETSI TS 119 182-1 V1.2.1, 5.3.2)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64url_decode, b64url_encode, json_loads
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.jades import splice
from toyono_trust.formats.jades.details import DEFAULT, JadesDetails
from toyono_trust.formats.jades.envelope import Envelope, parse, parse_object
from toyono_trust.formats.jades.etsiu import decode_element
from toyono_trust.formats.jades.extend import Mode, append, attach, elements_of, place_of
from toyono_trust.formats.jades.write import finish, prepare

_MAX_NESTING = 8
"""Counter-signatures of counter-signatures that are looked into, as many as are read."""

_Path = tuple[tuple[int, int], ...]
"""The way to a signature: at each level which signature of the JWS and which element of its ``etsiU``, at last -1."""


class _State(NamedTuple):
    inner: Draft
    signed: bytes
    path: _Path
    mode: Mode


def prepare_counter(signed: bytes, target: bytes, request: SigningInput, mode: Mode = "base64url") -> Draft:
    """The signing input of a counter-signature over one of the signatures of ``signed``.

    ``target``: base64url text of that signature's value (``SignatureValue.wire``); it may be a counter-signature's. Of
    ``request`` the content, ``detached`` and the content's type are not used: the payload is the signature value, and
    ``cty`` must be absent (5.1.3). ``mode``: of a new ``etsiU``. Raises ``MisuseError``: ``jades.counter`` for details
    or a content time stamp that a counter-signature cannot have, ``jades.extend`` where there is no such signature, and
    what ``prepare`` raises.
    """
    details = DEFAULT if request.details is None else request.details
    if not isinstance(details, JadesDetails) or request.content_timestamp is not None:
        raise MisuseError("jades.counter", "a counter-signature has details of JAdES and no content time stamp")
    if details.mechanism is not None or not details.encoded or details.serialization not in ("compact", "flattened"):
        raise MisuseError(
            "jades.counter",
            "a counter-signature covers the signature value alone, encoded",
            "use serialization='compact' or 'flattened' and no mechanism",
        )
    path = _path_to(parse(signed), target, 0)
    if path is None:
        raise MisuseError("jades.extend", "this JWS has no such signature")
    content = BytesContent(b64url_decode(target), "signature")
    properties = request.properties._replace(content_type=None)
    inner = prepare(request._replace(content=content, detached=True, properties=properties))
    return inner._replace(state=_State(inner, signed, path, mode))


def finish_counter(draft: Draft, signature: bytes, token: bytes | None = None) -> bytes:
    """The whole file with the counter-signature in a ``cSig`` at the end of the signature's ``etsiU``.

    ``signature``: as the key gave it (ECDSA: DER). ``token``: DER of a signature time stamp over it, which goes into
    its own ``etsiU``. A compact JWS becomes flattened JSON. Of a signature that is itself a counter-signature, the
    element that holds it is written anew around it.
    """
    state: _State = draft.state
    made = finish(state.inner, signature)
    if token is not None:
        made = attach(made, token, 0, state.mode)
    value: Any = json_loads(made) if made[:1] == b"{" else made.decode("ascii")
    return _grown(state.signed, state.path, value, state.mode)


def _path_to(envelope: Envelope, target: bytes, depth: int) -> _Path | None:
    for index, part in enumerate(envelope.parts):
        if part.signature == target:
            return ((index, -1),)
    if depth == _MAX_NESTING:
        return None
    for index, part in enumerate(envelope.parts):
        try:
            elements = elements_of(part)
        except MisuseError:  # a reader leaves them out
            continue
        for number, element in enumerate(elements):
            try:
                name, value = decode_element(element)
                inner = _opened(value) if name == "cSig" else None
            except MalformedError:
                continue
            rest = None if inner is None else _path_to(inner, target, depth + 1)
            if rest is not None:
                return ((index, number), *rest)
    return None


def _opened(value: Any) -> Envelope:
    return parse(value.encode("utf-8")) if isinstance(value, str) else parse_object(value)


def _grown(data: bytes, path: _Path, value: Any, mode: Mode) -> bytes:
    """A JWS with ``cSig`` added at the end of the path, whatever is around it kept character for character."""
    (index, number), rest = path[0], path[1:]
    if not rest:
        return append(data, "cSig", value, index, mode)
    text = data.decode("utf-8")
    _, span = place_of(text, parse(data), index)
    for name in ("header", "etsiU"):
        span = splice.members(text, span)[name]
    at = splice.items(text, span)[number]
    element = text[at.start : at.end]
    encoded = element[0] == '"'
    if encoded:
        element = b64url_decode(json.loads(element).encode("ascii")).decode("utf-8")
    place = splice.members(element, splice.root(element))["cSig"]
    inner = element[place.start : place.end]
    octets = (json.loads(inner) if inner[0] == '"' else inner).encode("utf-8")
    element = splice.replace(element, place, _grown(octets, rest, value, mode).decode("utf-8"))
    if encoded:
        element = f'"{b64url_encode(element.encode("utf-8")).decode("ascii")}"'
    return splice.replace(text, at, element).encode("utf-8")
