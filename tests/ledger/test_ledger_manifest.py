"""Manifests: entries shown to third parties without contents, and opened to them one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import signer
from made_proof import judged, nobody
from toyono_trust.core.canonical import b64_encode, b64url_encode
from toyono_trust.errors import MalformedError, MisuseError, TrustError
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.log import EvidenceLog
from toyono_trust.ledger.manifest import Manifest, read_manifest, write_manifest
from toyono_trust.ledger.proof import Proof, check_proof

LOG = signer()
PEOPLE = ("豊能 太郎", "能勢 花子", "池田 一郎")
OPENINGS = [
    commit({"EvidenceIdentifier": f"urn:uuid:{number}", "RecipientDetails": name}, bytes([number]) * 16)
    for number, name in enumerate(PEOPLE)
]


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> list[Proof]:
    with EvidenceLog.create(tmp_path_factory.mktemp("log") / "log.db", LOG.key) as log:
        log.append_many([opening.entry for opening in OPENINGS])
        log.checkpoint(LOG)
        return [log.prove(index, salt=OPENINGS[index].salt) for index in range(3)]


def test_a_manifest_names_entries_and_each_is_opened_alone(proofs: list[Proof]) -> None:
    octets = write_manifest(Manifest.of(reversed(proofs)))
    manifest = read_manifest(octets)
    assert write_manifest(manifest) == octets
    assert [listed.position for listed in manifest.entries] == [0, 1, 2]
    for index, opening in enumerate(OPENINGS):
        assert check_proof(manifest.proof(index), LOG.key).entry == opening.entry
        shown = manifest.opened(opening.octets)
        assert check_proof(shown, LOG.key, evidence=opening.evidence).position == index
        report = judged(shown, {"x": opening.octets}, nobody().with_logs(LOG.key.text))
        assert report.indication == "PASSED"


def test_one_record_handed_out_says_nothing_of_its_neighbours(proofs: list[Proof]) -> None:
    """All that a third party gets: manifest, one opening, its proof. No name, no salt, no digest of others is in it."""
    manifest = Manifest.of(proofs)
    handed = write_manifest(manifest) + OPENINGS[1].octets
    assert PEOPLE[1].encode() in handed
    for number in (0, 2):
        other = OPENINGS[number]
        for secret in (PEOPLE[number].encode(), f"urn:uuid:{number}".encode(), b64url_encode(other.salt)):
            assert secret not in handed
        assert b64_encode(other.salt).encode() not in handed
        without = commit(other.evidence, OPENINGS[1].salt).entry  # whoever guesses the evidence needs its own salt
        assert b64_encode(without).encode() not in handed
        with pytest.raises(MisuseError) as caught:
            manifest.opened(commit(other.evidence, bytes(16) if number else b"x" * 16).octets)
        assert caught.value.code == "manifest.absent"


def test_what_is_no_manifest_is_refused(proofs: list[Proof], tmp_path_factory: pytest.TempPathFactory) -> None:
    with EvidenceLog.create(tmp_path_factory.mktemp("log") / "other.db", LOG.key) as other:
        other.append(bytes(32))
        other.checkpoint(LOG)
        foreign = other.prove(0)
    for given_proofs in ([], [proofs[0], foreign], [proofs[0], proofs[0]]):
        with pytest.raises(MisuseError) as caught:
            Manifest.of(given_proofs)
        assert caught.value.code == "manifest.unfit"
    manifest = Manifest.of(proofs)
    for wrong in (
        manifest._replace(entries=manifest.entries[::-1]),
        manifest._replace(entries=()),
        manifest._replace(checkpoint=b"\xff"),
        manifest._replace(entries=(manifest.entries[0]._replace(entry=b""),)),
    ):
        with pytest.raises(MisuseError):
            write_manifest(wrong)
    with pytest.raises(MisuseError):
        manifest.proof(7)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0), value=st.integers(1, 255))
def test_any_octet_changed_is_refused_or_fails_a_proof(proofs: list[Proof], place: int, value: int) -> None:
    octets = bytearray(write_manifest(Manifest.of(proofs)))
    octets[place % len(octets)] ^= value
    try:
        changed = read_manifest(bytes(octets))
        for listed in changed.entries:
            check_proof(changed.proof(listed.position), LOG.key)
    except TrustError:
        return
    raise AssertionError(f"octet {place % len(octets)}")


@pytest.mark.parametrize("octets", [b"", b"{}", b"[]", b"null", b'{"format":1}', b"\xff"])
def test_any_octets_are_malformed(octets: Any) -> None:
    with pytest.raises(MalformedError):
        read_manifest(octets)
