"""Evidence records judged: what they prove, what their renewals prove of them, and every form of the report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from etsi_documents import find, parsed, text
from replaying import Judged, assert_same, changed, judged, replayed

import made_record as records
from made_record import (
    ENDS,
    LASTING,
    NEW,
    OLD,
    expiring,
    leaf,
    leaves,
    lists,
    made,
    record_of,
    renew,
    renewed_chain,
    renewed_stamp,
    stamp_of,
    stamping,
)
from past_pki import DAY, END, authority, stamper, store, token, weak_key, year
from toyono_trust import verify
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MalformedError
from toyono_trust.formats import ers
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.ers import HashTree
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.etsi import xml
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.render import text as said
from toyono_trust.validation.replay import unpack
from toyono_trust.validation.report import Report

NOW, SECOND = records.NOW, timedelta(seconds=1)


def judge(record: bytes, *contents: bytes, at: datetime = NOW + DAY, trust: TrustStore | None = None) -> Judged:
    """The verdict on a record with what is presented, and its archive."""
    given = {f"content {number}": BytesContent(each) for number, each in enumerate(contents)}
    return judged(record, contents=given, trust=trust or records.trust(), at=at, file="leaf.ers")


def outcome(report: Report) -> tuple[str, str | None]:
    (record,) = report.evidence_records
    assert (record.indication, record.sub_indication) == (report.indication, report.sub_indication)
    return report.indication, report.sub_indication


def three(index: int = 1) -> bytes:
    """A record that was renewed both ways."""
    tree = HashTree(leaves(3))
    first = token(tree.root, records.TSA, NOW - DAY)
    chain = [stamp_of(first, tree.reduced(index)), renewed_stamp(first, stamping())]
    return record_of(chain, [renewed_chain([leaf(index)], [chain], stamping())], algorithms=["sha256", "sha512"])


# -- one time stamp


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_record_passes_with_its_data(count: int) -> None:
    first = judge(made(count, count - 1), leaf(count - 1))
    report = first.report
    assert outcome(report) == ("PASSED", None)
    (record,) = report.evidence_records
    assert record.proven_at == NOW
    assert report.valid_until == record.valid_until == report.timestamps[0].valid_until == END
    assert report.lapse is not None
    assert report.lapse.code == "certificate.expired"
    assert_same(first)


def test_a_record_proves_nothing_without_its_data() -> None:
    first = judge(made(2))
    assert outcome(first.report) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    assert first.report.evidence_records[0].proven_at is None
    assert_same(first)


def test_other_data_fails() -> None:
    first = judge(made(2), b"other")
    assert outcome(first.report) == ("FAILED", "HASH_FAILURE")
    assert_same(first)


def test_nobody_is_trusted() -> None:
    report = judge(made(2), leaf(0), trust=store(authority("nobody's root"))).report
    assert outcome(report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_signer_that_is_no_authority() -> None:
    # the token of a record is judged as every token is
    from past_pki import party

    by = party("no authority", records.ROOT)
    report = judge(made(2, by=by), leaf(0)).report
    assert report.indication == "INDETERMINATE"
    assert outcome(report)[1] == "CHAIN_CONSTRAINTS_FAILURE"


def test_policies_say_whether_records_pass() -> None:
    rules = Policy.parse('[signature]\nformats = ["RFC3161"]', "test")
    report = verify(made(2), trust=records.trust(), content=leaf(0), policy=rules, at=NOW + DAY)
    assert "policy.format" in {finding.code for finding in report.all_findings()}
    assert report.indication != "PASSED"
    assert judge(made(2), leaf(0)).report.indication == "PASSED"


def test_broken_records_are_format_failures() -> None:
    for record in (made(2)[:-1], made(2) + b"\0", record_of([b"0\0"]), record_of([], version=1)):
        report = verify(record, trust=records.trust(), content=leaf(0), at=NOW)
        assert (report.kind, report.indication, report.sub_indication) == ("ERS", "TOTAL-FAILED", "FORMAT_FAILURE")


def test_a_record_in_place_of_a_signature_signs_nothing() -> None:
    from toyono_trust import NotVerified

    with pytest.raises(NotVerified) as refused:
        judge(made(2), leaf(0)).report.require(signed_by="anyone")
    assert refused.value.code == "require.no-signature"


# -- renewed


def test_renewed_records_pass() -> None:
    first = judge(three(), leaf(1))
    assert outcome(first.report) == ("PASSED", None)
    (record,) = first.report.evidence_records
    assert record.proven_at == NOW - DAY
    assert [len(chain) for chain in record.chains] == [2, 1]
    assert_same(first)


def test_every_time_stamp_of_a_record_must_pass() -> None:
    other = store(authority("another root"))
    tree = HashTree(leaves(2))
    stamp = token(tree.root, records.TSA, NOW)
    foreign = stamper("another tsa", authority("an unknown root"))
    record = record_of([stamp_of(stamp, tree.reduced(0)), renewed_stamp(stamp, stamping(NOW, foreign))])
    assert outcome(judge(record, leaf(0)).report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert outcome(judge(record, leaf(0), trust=other).report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_time_stamps_come_in_their_order() -> None:
    tree = HashTree(leaves(2))
    stamp = token(tree.root, records.TSA, NOW)
    record = record_of([stamp_of(stamp, tree.reduced(0)), renewed_stamp(stamp, stamping(NOW - DAY))])
    first = judge(record, leaf(0))
    assert outcome(first.report) == ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE")
    assert_same(first)


LAST = year(2035)


def at_last(record: bytes, at: datetime = LAST) -> Judged:
    return judge(record, leaf(1), at=at, trust=store(LASTING, items=[lists(at - DAY)]))


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_an_expired_time_stamp_is_proven_by_its_renewal(digest: str) -> None:
    # past validation: the certificate ended in 2032, the renewal of 2031 proves the first stamp and its list older
    record = renew(expiring(), year(2031), digest)
    first = at_last(record)
    assert outcome(first.report) == ("PASSED", None)
    oldest, newest = first.report.timestamps
    assert (oldest.past, newest.past) == (True, False)
    assert oldest.proof is not None
    assert (oldest.proof.time, oldest.proof.by) == (year(2031), newest.id)
    assert first.report.evidence_records[0].proven_at == NOW
    assert first.report.valid_until == END
    assert_same(first)


def test_without_renewal_it_lapses() -> None:
    first = at_last(expiring())
    assert outcome(first.report)[0] == "INDETERMINATE"
    assert_same(first)
    report = judge(expiring(), leaf(1), trust=store(LASTING, items=[lists(NOW)])).report
    assert report.valid_until == ENDS
    assert report.simulate(ENDS + SECOND).indication == "INDETERMINATE"
    assert report.simulate(ENDS).indication == "PASSED"


def test_renewed_too_late() -> None:
    first = at_last(renew(expiring(), year(2033), listed=ENDS - DAY))
    assert outcome(first.report)[0] == "INDETERMINATE"
    assert "past.proven-too-late" in {finding.code for finding in first.report.all_findings()}


def test_a_renewal_of_another_record_proves_nothing() -> None:
    # the newest time stamp passes, but is over another token
    other = HashTree(leaves(2))
    elsewhere = ers.write("sha256", other.reduced(1), token(other.root, OLD, NOW))
    draft = ers.prepare_archive(elsewhere, Contents(), "sha256")
    stamp = stamp_of(token(draft.imprint, NEW, year(2031)))
    first = expiring()
    chain = ers.record.parse(first).chains[0].stamps[0]
    record = record_of([stamp_of(chain.token, chain.tree), stamp])
    assert outcome(at_last(record).report) == ("FAILED", "HASH_FAILURE")


def test_until_when_a_renewed_record_passes() -> None:
    # found by judging later times: the first stamp's certificate ends, which does not matter any more
    record = renew(expiring(), year(2031))
    report = at_last(record, year(2031, 6)).report
    assert outcome(report) == ("PASSED", None)
    assert report.timestamps[0].valid_until == ENDS
    assert report.valid_until == END
    assert report.simulate(year(2050)).indication == "PASSED"
    assert report.simulate(END + SECOND).indication == "INDETERMINATE"


def test_many_records_are_renewed_by_one_time_stamp() -> None:
    tree = HashTree(leaves(7))
    stamp = token(tree.root, OLD, NOW)
    drafts = [ers.prepare_archive(ers.write("sha256", tree.reduced(n), stamp), Contents(), "sha256") for n in range(7)]
    assert len({draft.imprint for draft in drafts}) == 1  # one token
    contents = [Contents(BytesContent(leaf(n))) for n in range(7)]
    drafts = [ers.prepare_archive(ers.write("sha256", tree.reduced(n), stamp), contents[n], "sha512") for n in range(7)]
    next_tree = HashTree([draft.imprint for draft in drafts], "sha512")
    stamp = token(next_tree.root, NEW, year(2031), "sha512")
    for n, draft in enumerate(drafts):
        record = ers.attach_archive(draft, stamp, next_tree.reduced(n))
        report = judge(record, leaf(n), at=year(2031, 2), trust=store(LASTING, items=[lists(year(2031))])).report
        assert outcome(report) == ("PASSED", None)


def test_a_group_is_renewed_as_one() -> None:
    group = tuple(leaves(3)), (leaves(4)[3],)
    record = record_of([stamp_of(token(ers.fold(group, "sha256"), OLD, NOW), group)])
    given = Contents({f"{n}": BytesContent(leaf(n)) for n in range(3)})
    draft = ers.prepare_archive(record, given, "sha512")
    tree = HashTree([draft.imprint, b"another record".ljust(64)], "sha512")
    renewed = ers.attach_archive(draft, token(tree.root, NEW, year(2031), "sha512"), tree.reduced(0))
    trust = store(LASTING, items=[lists(year(2031))])
    report = judge(renewed, *map(leaf, range(3)), at=year(2031, 2), trust=trust).report
    assert outcome(report) == ("PASSED", None)
    report = judge(renewed, leaf(0), leaf(1), b"other", at=year(2031, 2), trust=trust).report
    assert outcome(report) == ("FAILED", "HASH_FAILURE")


# -- every form of the report


def test_json_names_chains_and_data() -> None:
    report = judge(three(), leaf(1)).report
    value = report.to_json()
    (record,) = value["evidence_records"]
    ids = [stamp["id"] for stamp in value["timestamps"]]
    assert record["chains"] == [ids[:2], ids[2:]]
    assert {stamp["type"] for stamp in value["timestamps"]} == {"evidence-record"}
    assert record["data_objects"] == [
        {"name": "content 0", "digest_algorithm": "sha256", "found": True, "intact": True}
    ]
    assert record["proven_at"] == (NOW - DAY).isoformat().replace("+00:00", "Z")
    assert (record["format"], record["indication"]) == ("ERS", "PASSED")


def test_texts_call_a_record_a_record() -> None:
    report = judge(three(), leaf(1)).report
    english, japanese = said(report), said(report, "ja")
    assert english.count("time stamp of the evidence record") == 3
    assert "evidence record (ERS) · time stamps: 3" in english
    assert "covers: content 0 (intact)" in english
    assert "証拠記録（ERS）" in japanese
    assert "対象のデータ: content 0 (改ざんなし)" in japanese


def test_xml_holds_the_record_and_what_it_proves() -> None:
    report = judge(three(), leaf(1)).report
    root = parsed(xml(report))
    kinds = [text(each, "ObjectType") or "" for each in find(root, "SignatureValidationObjects/ValidationObject")]
    assert sum(kind.endswith("evidencerecord") for kind in kinds) == 1
    assert sum(kind.endswith("timestamp") for kind in kinds) == 3


@pytest.mark.parametrize("places", [[[0]], [[0, 1], [7]], [[0, 0], [2]], [[], [0]], []])
def test_archives_that_name_no_time_stamps(places: list[list[int]]) -> None:
    archive = judge(three(), leaf(1)).archive

    def change(facts: Any) -> None:
        facts["read"]["evidence_records"][0]["chains"] = places

    name = "facts.json"
    if places == [[0]]:  # fewer than there are is what such a record would be
        assert replayed(unpack(changed(archive, name, change))).indication in ("PASSED", "INDETERMINATE")
        return
    with pytest.raises(MalformedError) as refused:
        unpack(changed(archive, name, change))
    assert refused.value.code == "replay.value"


def test_weak_keys_end() -> None:
    # an authority whose algorithm has ended is proven by the renewal as well
    rules = Policy.parse('[algorithms]\ncatalogue = "CRYPTREC"\n[algorithms.expires]\nrsa = 2034-01-01', "test")
    weak = stamper("weak authority", LASTING, key=weak_key("weak"))
    tree = HashTree(leaves(2))
    record = ers.write("sha256", tree.reduced(1), token(tree.root, weak, NOW))
    trust = store(LASTING, items=[lists(year(2035) - DAY)])
    lapsed = judged(record, contents=BytesContent(leaf(1)), trust=trust, policy=rules, at=year(2035)).report
    assert outcome(lapsed) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    renewed = judged(
        renew(record, year(2031)), contents=BytesContent(leaf(1)), trust=trust, policy=rules, at=year(2035)
    )
    assert outcome(renewed.report) == ("PASSED", None)
    assert_same(renewed)
