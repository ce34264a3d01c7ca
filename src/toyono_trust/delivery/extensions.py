"""Extensions of evidence (EN 319 522-2 clause 8, ``Extensions``) that are written and understood here.

``ENCRYPTED``: parts whose digest is over ciphertext, because the service never saw what it delivers (end-to-end
encryption). ``PREVIOUS``: the evidence about the same message that came before, by identifier and digest, so that none
in between can be left out unnoticed. Neither is critical: who does not know them reads no less than the standard says.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from toyono_trust.core.algorithms import digest_size
from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.delivery.components import Extension, Open
from toyono_trust.errors import MalformedError

__all__ = ["ENCRYPTED", "KNOWN", "PREVIOUS", "Previous", "encrypted", "encrypted_parts", "previous", "previous_of"]

ENCRYPTED = "urn:toyono-trust:erds:encrypted-parts"
PREVIOUS = "urn:toyono-trust:erds:previous-evidence"
KNOWN = frozenset({ENCRYPTED, PREVIOUS})
"""Extensions that are understood: being critical they forbid nothing."""


class Previous(NamedTuple):
    """The evidence before: its ``EvidenceIdentifier``, and SHA-256 over ``evidence.log_entry`` of it."""

    identifier: str
    sha256: bytes


def encrypted(names: tuple[str, ...]) -> Extension:
    """The extension that says which parts are ciphertext."""
    return Extension(False, Open.of({ENCRYPTED: list(names)}))


def previous(before: Previous) -> Extension:
    """The extension that names the evidence before."""
    return Extension(False, Open.of({PREVIOUS: {"identifier": before.identifier, "sha256": b64_encode(before.sha256)}}))


def encrypted_parts(extensions: tuple[Extension, ...]) -> tuple[str, ...]:
    """Names of the parts that are ciphertext. Raises ``MalformedError`` "receipt.extension-unreadable"."""
    value = _only(extensions, ENCRYPTED)
    if value is None:
        return ()
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise _unreadable(ENCRYPTED)
    return tuple(value)


def previous_of(extensions: tuple[Extension, ...]) -> Previous | None:
    """The evidence before, None where none is named. Raises ``MalformedError`` "receipt.extension-unreadable"."""
    value = _only(extensions, PREVIOUS)
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"identifier", "sha256"}:
        raise _unreadable(PREVIOUS)
    identifier, digest = value["identifier"], value["sha256"]
    if not isinstance(identifier, str) or not isinstance(digest, str):
        raise _unreadable(PREVIOUS)
    try:
        octets = b64_decode(digest)
    except MalformedError as error:
        raise _unreadable(PREVIOUS) from error
    if len(octets) != digest_size("sha256"):
        raise _unreadable(PREVIOUS)
    return Previous(identifier, octets)


def _only(extensions: tuple[Extension, ...], name: str) -> Any:
    """The value of an extension that stands once, alone in its element; None where it does not stand at all."""
    found = []
    for extension in extensions:
        content = extension.content.value
        if isinstance(content, dict) and name in content:
            if len(content) > 1 or content[name] is None:
                raise _unreadable(name)
            found.append(content[name])
    if len(found) > 1:
        raise _unreadable(name)
    return found[0] if found else None


def _unreadable(name: str) -> MalformedError:
    return MalformedError("receipt.extension-unreadable", f"the extension {name} cannot be read")
