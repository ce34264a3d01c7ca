"""Invariant: no octet of a proof, of what it holds, or of its evidence changes unnoticed; nothing is taken for more.

"Noticed" is not passed, or said to prove less (no date), or nothing but white space changed, or unsigned base64.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import signer, witness
from made_proof import EVIDENCE, KEEN, LOG, judged, opening, plain, sealed_charter, trust, whole
from toyono_trust.core.canonical import json_canonical
from toyono_trust.formats.model import TimestampToken
from toyono_trust.ledger.proof import Proof, write_proof
from toyono_trust.pki.trustlogs import TrustedLog
from toyono_trust.validation.report import Report

RECEIPT = json_canonical(EVIDENCE)
MANY = settings(max_examples=150, deadline=None)
SOME = settings(max_examples=60, deadline=None)


@lru_cache(1)
def sound() -> dict[str, Any]:
    """What the unchanged proof is said to prove."""
    return told(judged(whole(), {"x": RECEIPT}))


def told(report: Report) -> dict[str, Any]:
    """All that a reader may rely on."""
    assert report.log is not None
    value = report.to_json()["log"]
    return {name: value[name] for name in ("key", "operator", "index", "entry", "tree_size", "root", "logged_since")}


def unnoticed(report: Report, expected: dict[str, Any] | None = None) -> bool:
    """Whether it passes and is said to prove what the unchanged one does, dates included."""
    if report.indication not in ("TOTAL-PASSED", "PASSED") or report.log is None:
        return False
    value = told(report)
    return value["logged_since"] is not None and value == (sound() if expected is None else expected)


def signed_of(token: TimestampToken) -> tuple[Any, ...]:
    """What of a token is under its signature, and that signature."""
    value = token.signer.value
    return value.signed, value.wire, value.algorithm, token.imprint, token.imprint_algorithm, token.generated_at


@lru_cache(1)
def signed_stamps() -> list[tuple[Any, ...]]:
    return [signed_of(stamp.token) for stamp in judged(whole(), {"x": RECEIPT}).timestamps]


def flipped(octets: bytes, place: int, value: int) -> bytes:
    changed = bytearray(octets)
    changed[place % len(changed)] ^= value
    return bytes(changed)


def other(report: Report) -> bool:
    """Whether it passes and proves something else than the unchanged one: what must never be."""
    if report.indication not in ("TOTAL-PASSED", "PASSED") or report.log is None:
        return False
    value, known = told(report), sound()
    return any(value[name] not in (known[name], None) for name in value)


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_the_file(place: int, value: int) -> None:
    """But for those of the charter and of the record, which have tests of their own: JSON has one form here."""
    octets = write_proof(whole()._replace(charter=None, record=None))
    changed = flipped(octets, place, value)
    report = judged(changed, {"x": RECEIPT}, trust().with_logs(LOG.key.text))
    assert report.indication not in ("TOTAL-PASSED", "PASSED"), changed


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_the_charter(place: int, value: int) -> None:
    """What is unsigned in it (validation data, the unprotected header's form) may change; who says what may not."""
    assert whole().charter is not None
    report = judged(whole()._replace(charter=flipped(sealed_charter(level="B-B"), place, value)), {"x": RECEIPT}, KEEN)
    assert not other(report)
    assert report.indication not in ("TOTAL-PASSED", "PASSED") or unnoticed(report)


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_the_record(place: int, value: int) -> None:
    """Of a time stamp, CMS leaves versions, lists and certificates unsigned (RFC 5652 5.4); the rest stays."""
    record = whole().record
    assert record is not None
    report = judged(whole()._replace(record=flipped(record, place, value)), {"x": RECEIPT})
    assert not other(report)
    if unnoticed(report):
        assert [signed_of(stamp.token) for stamp in report.timestamps] == signed_stamps()


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_the_checkpoint(place: int, value: int) -> None:
    try:
        octets = write_proof(whole()._replace(checkpoint=flipped(whole().checkpoint, place, value)))
    except ValueError:  # no longer a note in UTF-8
        return
    assert judged(octets, {"x": RECEIPT}).indication not in ("TOTAL-PASSED", "PASSED")


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_the_evidence_or_its_opening(place: int, value: int) -> None:
    for octets in (RECEIPT, opening().octets):
        report = judged(whole(), {"x": flipped(octets, place, value)})
        assert report.indication not in ("TOTAL-PASSED", "PASSED")


@MANY
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_of_a_cosignature_that_is_asked_for(place: int, value: int) -> None:
    proof = plain(witnesses=1)
    start = proof.checkpoint.rindex("— ".encode())
    line = flipped(proof.checkpoint[start:], place, value)
    try:
        octets = write_proof(proof._replace(checkpoint=proof.checkpoint[:start] + line))
    except ValueError:
        return
    asked = trust().with_logs(TrustedLog(LOG.key.text, 1, (witness(0).key.text,)))
    assert judged(octets, {}, asked).indication not in ("TOTAL-PASSED", "PASSED")


@pytest.mark.parametrize("member", ["log", "entry", "index", "inclusion", "checkpoint", "salt", "charter", "record"])
def test_no_member_of_another_proof_serves(member: str) -> None:
    """Every member exchanged for the same one of a sound proof of another log, and of this log's other history."""
    foreign = plain("other.example.jp")
    rewritten = plain(entry=bytes(32))
    for donor in (foreign, rewritten._replace(position=4)):
        given: dict[str, Any] = json.loads(write_proof(whole()))
        taken: dict[str, Any] = json.loads(write_proof(_whole_of(donor)))
        if given[member] == taken[member] or (member == "charter" and donor.log == LOG.key):
            continue  # another charter of the same key is as good
        given[member] = taken[member]
        report = judged(json_canonical(given), {"x": RECEIPT})
        assert not unnoticed(report)
        assert report.indication not in ("TOTAL-PASSED", "PASSED")


def _whole_of(proof: Proof) -> Proof:
    from made_proof import record

    key = signer(proof.log.name)
    return proof._replace(salt=bytes(16), charter=sealed_charter(key), record=record(proof))


def test_a_proof_without_what_dates_or_vouches_says_so() -> None:
    """Leaving something out is a weaker proof, and is told as one."""
    for weaker in (whole()._replace(record=None), whole()._replace(charter=None), whole()._replace(salt=None)):
        assert not unnoticed(judged(weaker, {"x": RECEIPT}))
    undated = judged(whole()._replace(record=None), {"x": RECEIPT})
    assert undated.log is not None
    assert undated.log.logged_since is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53) + 1, (1 << 53) - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["format", "log", "index", "entry", "inclusion", "checkpoint", "salt", "charter", "record", "x"]
)


@SOME
@given(changes=st.dictionaries(NAMES, JSON, max_size=3), left_out=st.sets(NAMES, max_size=2))
def test_verify_is_total_whatever_the_members_hold(changes: dict[str, Any], left_out: set[str]) -> None:
    members = json.loads(write_proof(whole()))
    changed = {name: value for name, value in (members | changes).items() if name not in left_out}
    report = judged(json_canonical(changed), {"x": RECEIPT})
    assert json.dumps(report.to_json())
    assert str(report)
    if report.indication in ("TOTAL-PASSED", "PASSED"):  # only the date may be left out
        assert changed == {name: value for name, value in members.items() if name not in left_out & {"record"}}


@SOME
@given(octets=st.binary(max_size=200))
def test_whatever_is_presented_with_a_proof_gives_a_report(octets: bytes) -> None:
    for given_octets in (octets, b"{" + octets, b"<" + octets, RECEIPT[:100] + octets):
        report = judged(whole(), {"x": given_octets})
        assert report.indication not in ("TOTAL-PASSED", "PASSED")
