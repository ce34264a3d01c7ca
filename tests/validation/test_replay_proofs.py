"""Archives of evidence about proofs: what hostile ones claim is refused or judged, and never an accident."""

from __future__ import annotations

import json
from typing import Any

import pytest
from replaying import changed

from made_proof import EVIDENCE, judged, whole
from toyono_trust.core.canonical import json_canonical
from toyono_trust.errors import MalformedError
from toyono_trust.validation.replay import unpack
from toyono_trust.verbs import judge

RECEIPT = {"x": json_canonical(EVIDENCE)}


def verdict(archive: bytes) -> str:
    kept = unpack(archive)
    report = judge(kept.facts, kept.policy, kept.trust, kept.at, kept.work(), kept.material, kept.present)
    assert json.dumps(report.to_json())
    assert str(report)
    return report.indication


def facts(change: Any) -> bytes:
    """The archive of a sound proof, with its facts changed."""

    def changing(values: dict[str, Any]) -> None:
        change(values["read"])

    return changed(judged(whole(), RECEIPT).evidence, "facts.json", changing)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("intact", False),
        ("included", False),
        ("key", "another"),
        ("charter", "another"),
        ("evidence", [{"name": "x", "form": "json", "matches": False}]),
    ],
)
def test_facts_that_say_otherwise_are_judged_otherwise(member: str, value: Any) -> None:
    """Though no note of a reader says so."""
    octets = facts(lambda read: read["log"].update({member: value}))
    assert verdict(octets) == ("INDETERMINATE" if member in ("key", "charter") else "TOTAL-FAILED")


@pytest.mark.parametrize(
    "change",
    [
        lambda read: read["log"].update(position="x"),
        lambda read: read["log"].update(cosignatures=[1]),
        lambda read: read["log"].pop("entry"),
        lambda read: read["log"].update(unknown=1),
        lambda read: read.update(proof={"kind": None, "proof": {"kind": None}}),
        lambda read: read.update(proof=1),
    ],
)
def test_facts_that_cannot_be_are_refused(change: Any) -> None:
    with pytest.raises(MalformedError):
        unpack(facts(change))
