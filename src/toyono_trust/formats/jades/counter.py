"""Counter-signing: a JAdES signature over another one's value, carried inside it (ETSI TS 119 182-1 V1.2.1, 5.3.2)."""

from __future__ import annotations

from typing import Any, NamedTuple

from toyono_trust.core.canonical import b64url_decode, json_loads
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MisuseError
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.jades.details import DEFAULT, JadesDetails
from toyono_trust.formats.jades.extend import Mode, append, open_envelope
from toyono_trust.formats.jades.write import finish, prepare


class _State(NamedTuple):
    inner: Draft
    signed: bytes
    number: int
    mode: Mode


def prepare_counter(signed: bytes, index: int, request: SigningInput, mode: Mode = "base64url") -> Draft:
    """The signing input of a counter-signature over the signature at ``index`` of ``signed``.

    Of ``request`` the content, ``detached`` and the content's type are not used: the payload is the signature value,
    and ``cty`` must be absent (5.1.3). ``mode``: of a new ``etsiU``. Raises ``MisuseError``: ``jades.counter`` for
    details or a content time stamp that a counter-signature cannot have, ``jades.extend``, and what ``prepare`` raises.
    """
    details = DEFAULT if request.details is None else request.details
    if not isinstance(details, JadesDetails) or request.content_timestamp is not None:
        raise MisuseError("jades.counter", "a counter-signature has details of JAdES and no content time stamp")
    described = details.mechanism is not None or details.join is not None or not details.encoded
    if described or details.serialization not in ("compact", "flattened"):
        raise MisuseError(
            "jades.counter",
            "a counter-signature covers the signature value alone, encoded",
            "use serialization='compact' or 'flattened' and no mechanism",
        )
    part = open_envelope(signed, index).parts[index]
    content = BytesContent(b64url_decode(part.signature), "signature")
    properties = request.properties._replace(content_type=None)
    inner = prepare(request._replace(content=content, detached=True, properties=properties))
    return Draft(inner.to_be_signed, _State(inner, signed, index, mode))


def finish_counter(draft: Draft, signature: bytes) -> bytes:
    """The whole file with the counter-signature in a ``cSig`` at the end of the signature's ``etsiU``.

    ``signature``: as the key gave it (ECDSA: DER). A compact JWS becomes flattened JSON.
    """
    state: _State = draft.state
    made = finish(state.inner, signature)
    value: Any = json_loads(made) if made[:1] == b"{" else made.decode("ascii")
    return append(state.signed, "cSig", value, state.number, state.mode)
