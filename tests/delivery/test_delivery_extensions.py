"""What is written and understood besides the standard's components: ciphertext, and the evidence before."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from delivery_samples import made

from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.findings import table
from toyono_trust.delivery.components import Extension, Open
from toyono_trust.delivery.evidence import facts, from_json, log_entry, payload, to_json
from toyono_trust.delivery.extensions import ENCRYPTED, PREVIOUS, Previous, encrypted_parts, previous_of
from toyono_trust.errors import MisuseError

PARTS = {"letter": b"\x00ciphertext", "note": b"plain"}


def codes(evidence: Any) -> list[tuple[str, str]]:
    return [(note.code, note.subject) for note in facts(evidence).notes]


def test_ciphertext_is_receipted_by_its_digest_with_a_flag() -> None:
    evidence = made(parts=PARTS, encrypted=["letter"])
    assert encrypted_parts(from_json(to_json(evidence)).extensions) == ("letter",)
    assert codes(evidence) == [("receipt.part-encrypted", "letter")]
    assert facts(evidence).parts[0].digest == hashlib.sha256(b"\x00ciphertext").digest()
    assert to_json(evidence)["Extensions"] == [{"isCritical": False, ENCRYPTED: ["letter"]}]


def test_all_or_none_can_be_ciphertext() -> None:
    assert encrypted_parts(made(parts=PARTS, encrypted=True).extensions) == ("letter", "note")
    assert made(parts=PARTS, encrypted=False).extensions == made(parts=PARTS, encrypted=()).extensions == ()


@pytest.mark.parametrize("names", [["lettre"], "letter", ["letter", "x"]])
def test_what_is_no_part_is_not_ciphertext(names: Any) -> None:
    with pytest.raises(MisuseError) as refused:
        made(parts=PARTS, encrypted=names)
    assert refused.value.code == "receipt.argument"


def test_the_evidence_before_is_named_by_what_a_log_knows_it_by() -> None:
    first = made("SubmissionAcceptance", identifier="urn:uuid:1")
    digest = hashlib.sha256(json_canonical(to_json(first))).digest()
    second = made(previous=first)
    assert previous_of(second.extensions) == Previous("urn:uuid:1", digest)
    assert made(previous=Previous("urn:uuid:1", digest)) == second
    assert codes(second) == []


def test_a_logs_promise_is_no_part_of_what_the_log_holds() -> None:
    evidence = made()
    logged = made(transaction_logs=(Open.of({"log": "town", "index": 7}),))
    assert log_entry(logged) == log_entry(evidence) == payload(evidence) != payload(logged)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (ENCRYPTED, ["nobody"], "receipt.part-encrypted-absent"),
        (ENCRYPTED, [], "receipt.extension-unreadable"),
        (ENCRYPTED, None, "receipt.extension-unreadable"),
        (ENCRYPTED, "timetable.json", "receipt.extension-unreadable"),
        (ENCRYPTED, [1], "receipt.extension-unreadable"),
        (PREVIOUS, "urn:uuid:1", "receipt.extension-unreadable"),
        (PREVIOUS, {"identifier": "x"}, "receipt.extension-unreadable"),
        (PREVIOUS, {"identifier": 1, "sha256": "AAAA"}, "receipt.extension-unreadable"),
        (PREVIOUS, {"identifier": "x", "sha256": "AAAA"}, "receipt.extension-unreadable"),
        (PREVIOUS, {"identifier": "x", "sha256": "*"}, "receipt.extension-unreadable"),
    ],
)
@pytest.mark.parametrize("critical", [True, False, None])
def test_what_is_known_and_cannot_be_read_is_found(name: str, value: Any, code: str, critical: bool | None) -> None:
    evidence = made(extensions=(Extension(critical, Open.of({name: value})),))
    assert [code for code, _ in codes(evidence)] == [code]
    assert code in table()


@pytest.mark.parametrize(
    "content", [{ENCRYPTED: ["timetable.json"]}, {PREVIOUS: {"identifier": "x", "sha256": "A" * 43 + "="}}]
)
def test_an_extension_stands_once_and_alone(content: dict[str, Any]) -> None:
    once = Extension(False, Open.of(content))
    assert "receipt.extension-unreadable" not in [code for code, _ in codes(made(extensions=(once,)))]
    for twice in ((once, once), (Extension(False, Open.of({**content, "x": 1})),)):
        assert "receipt.extension-unreadable" in [code for code, _ in codes(made(extensions=twice))]


def test_a_critical_extension_is_understood_only_where_it_is_known() -> None:
    known = Open.of({ENCRYPTED: ["timetable.json"]})
    assert codes(made(extensions=(Extension(True, known),))) == [("receipt.part-encrypted", "timetable.json")]
    mixed = Open.of({ENCRYPTED: ["timetable.json"], "x": 1})
    assert ("receipt.extension-critical", ENCRYPTED) in codes(made(extensions=(Extension(True, mixed),)))
