"""Project Wycheproof's JSON Web Signature and Key vectors through our reader and our verification.

A case is accepted where the file is read, no finding about it fails, and the signature verifies with the case's key.
Every divergence from the expected result stands in a table with its reason; one that no longer diverges fails.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from jwcrypto import jwk

from corpus import SHARED, corpus
from made_jades import AT, only, read
from toyono_trust.core.algorithms import key_facts, verify
from toyono_trust.core.findings import entry
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Facts
from toyono_trust.validation.policy import Policy

_HMAC = "HMAC: a message authentication code with a shared secret is no signature, so none is ever accepted"
_STRAY = "HMAC, and besides a character outside the base64url alphabet, which RFC 7515 2 does not allow to be skipped"
_JWK_ALG = "the JWK names another algorithm; keys come to us inside X.509 certificates, which bind the key alone"
_ROCA = "the key has the ROCA weakness; a certificate's issuer is to refuse it (TS 119 312 lists no such check)"

DIVERGENCES: dict[tuple[str, str], str] = {
    **{("signature", number): _HMAC for number in ("1", "348", "352", "357", "358", "359", "376", "377")},
    **{("signature", number): _STRAY for number in ("372", "373")},
    **{("signature", number): _JWK_ALG for number in ("332", "334", "336", "338", "340")},
    **{("key", number): _HMAC for number in ("2", "13", "14", "15")},
    **{("key", number): _JWK_ALG for number in ("19", "20")},
    ("key", "7"): _ROCA,
}
"""Cases whose outcome is not the expected one: (file, number), reason."""


class Case(NamedTuple):
    file: str
    number: str
    group: dict[str, Any]
    test: dict[str, Any]


def cases() -> list[Case]:
    found: list[Case] = []
    for file in ("signature", "key"):
        path = SHARED / "corpus" / "wycheproof" / f"json_web_{file}_test.json"
        if path.is_file():
            groups = json.loads(path.read_text(encoding="utf-8"))["testGroups"]
            found += [Case(file, str(test["tcId"]), group, test) for group in groups for test in group["tests"]]
    return found


def keys_of(group: dict[str, Any]) -> list[Any]:
    """The public keys of a group; a symmetric key is none, and one that cannot be loaded is none."""
    stated = group.get("public") or group["private"]
    found: list[Any] = []
    for one in stated.get("keys", [stated]):
        if one["kty"] == "oct":
            continue
        members = {name: value for name, value in one.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}
        try:
            found.append(jwk.JWK(**members).get_op_key("verify"))
        except Exception:  # noqa: BLE001  jwcrypto and cryptography refuse broken keys in many ways
            continue
    return found


def accepted(case: Case) -> bool:
    data = case.test["jws"]
    octets = (data if isinstance(data, str) else json.dumps(data)).encode()
    try:
        facts: Facts = read(octets)
    except MalformedError:
        return False
    signature = only(facts)
    if any(entry(note.code).level == "fail" for note in (*facts.notes, *signature.notes)):
        return False
    value = signature.value
    return any(
        verify(value.algorithm, key, value.value, value.signed, curve=value.curve, salt_length=value.salt_length)
        and ((end := Policy.default().end_of(value.algorithm, key_facts(key).bits)) is None or end > AT)
        for key in keys_of(case.group)
    )


def test_the_vectors_are_there() -> None:
    assert corpus("wycheproof").is_dir()
    assert len(cases()) == 401 + 26
    assert {(case.file, case.number) for case in cases()} >= DIVERGENCES.keys()


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.file}-{case.number}-{case.test['comment']}")
def test_as_expected(case: Case) -> None:
    expected = case.test["result"] == "valid"
    reason = DIVERGENCES.get((case.file, case.number))
    assert accepted(case) == (expected if reason is None else not expected), reason
