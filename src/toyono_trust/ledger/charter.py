"""The charter of a log: the statement, to be sealed by the organisation that runs it, of which key the log signs with.

The seal is made and verified like any other; the sealed octets are given to ``EvidenceLog.create`` and come with every
proof, so that who trusts the organisation need not know the log's key. A log outlives a seal's certificate: sealed at
B-LT or B-LTA the charter is believed after that, as any seal of its level. It is no entry of the log, and no record
over a checkpoint proves it; a copy that ``augment`` renewed may take its place in any proof (``Proof._replace``).
"""

from __future__ import annotations

from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import Facts, SignedObject
from toyono_trust.ledger.note import ED25519, NoteKey
from toyono_trust.validation.report import Report

__all__ = ["certifies", "is_sealed", "read_sealed", "read_statement", "statement"]

FORMAT = "toyono_trust/log-charter/v1"
MAX_STATEMENT = 4_096
"""Octets of a statement; with the longest name it has some 700."""


def statement(key: NoteKey) -> bytes:
    """What is to be sealed: RFC 8785 text that names the log's key."""
    return json_canonical({"format": FORMAT, "log": key.text})


def certifies(octets: bytes, key: NoteKey) -> bool:
    """Whether these octets are a sealed charter of this key, whoever sealed it."""
    try:
        return read_sealed(octets, Work())[1] == key
    except MalformedError:
        return False


def is_sealed(report: Report) -> bool:
    """Whether by the verdict on a charter what passed is an organisation's seal, and no person's or device's."""
    passed = [item for item in report.signatures if item.indication == "TOTAL-PASSED"]
    return bool(passed) and all(item.kind in ("seal", "unknown") for item in passed)


def read_sealed(octets: bytes, work: Work) -> tuple[Facts, NoteKey]:
    """The facts of a sealed charter and the key that it names; whether the seal passes is not judged.

    Raises ``MalformedError`` "charter.malformed" and as ``registry.read``.
    """
    facts = registry.read(octets, NO_CONTENTS, work)
    covered = {_only_content(signature.objects) for signature in facts.signatures}
    if len(covered) != 1:
        raise MalformedError("charter.malformed", "it is not one sealed statement")
    return facts, read_statement(covered.pop())


def _only_content(objects: tuple[SignedObject, ...]) -> bytes:
    content = objects[0].content if len(objects) == 1 else None
    if content is None or content.size > MAX_STATEMENT:
        raise MalformedError("charter.malformed", "the seal does not cover one short statement inside of it")
    return content.bytes


def read_statement(octets: bytes) -> NoteKey:
    """The key that a charter's content names; whose seal it is under, must have been verified before.

    Raises ``MalformedError`` "charter.malformed", "note.key".
    """
    members = json_loads(octets, max_bytes=MAX_STATEMENT)
    if not isinstance(members, dict) or set(members) != {"format", "log"} or members["format"] != FORMAT:
        raise MalformedError("charter.malformed", "this is no charter of a log")
    if not isinstance(members["log"], str):
        raise MalformedError("charter.malformed", "the charter names no key")
    key = NoteKey.parse(members["log"])
    if key.kind != ED25519 or json_canonical(members) != octets:
        raise MalformedError("charter.malformed", "the charter is not in RFC 8785 form, or its key signs no log")
    return key
