"""Evidence records: ours before EU DSS, and DSS's own test records before both engines."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from corpus import corpus
from interop.dss_corpus import NOW, embedded
from interop.dss_peer import ANY_AGE, Dss
from interop.dss_town import Situation
from lasting_proof import record_file
from made_proof import opening
from made_record import (
    ENDS,
    LASTING,
    expiring,
    leaf,
    leaves,
    lists,
    record_of,
    renew,
    renewed_chain,
    renewed_stamp,
    stamp_of,
)
from past_pki import store, year
from toyono_trust import TrustStore, verbs, verify
from toyono_trust.core.asn1 import Reader
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import ers
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.ers import HashTree, fold, write
from toyono_trust.pki import tsp
from toyono_trust.steps import run
from toyono_trust.validation.report import Report
from validation.lasting_town import Age, day

pytestmark = [pytest.mark.integration, pytest.mark.dss]


def theirs(dss: Dss, record: bytes, contents: list[bytes], **trusted: Any) -> dict[str, Any]:
    """What DSS says of a record alone with its contents."""
    given = [{"file": each, "name": f"content-{number}"} for number, each in enumerate(contents)]
    found = dss.validate(record, contents=given, name="record.ers", **trusted)
    (one,) = found["evidence_records"]
    assert not found["signatures"]
    return dict(one)


def ours(record: bytes, contents: list[bytes], trust: TrustStore, at: datetime) -> Report:
    """What we say."""
    given = {f"content-{number}": each for number, each in enumerate(contents)}
    return verify(record, trust=trust, content=given or None, at=at)


# -- ours


def token(situation: Situation, imprint: bytes, algorithm: str = "sha256") -> bytes:
    """A token of the town's TSA."""
    answer = tsp.read_response(situation.town.tsa_respond(tsp.request(imprint, algorithm, nonce=1)))
    assert answer.token is not None
    return answer.token


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_ours_pass(dss: Dss, situation: Situation, count: int) -> None:
    # one token for all leaves: the record of each is PASSED there and here
    tree = HashTree(leaves(count))
    stamp = token(situation, tree.root)
    at = situation.soon
    for index in sorted({0, 1 % count, count // 2, count - 1}):
        record = write("sha256", tree.reduced(index), stamp)
        found = theirs(dss, record, [leaf(index)], at=at, **situation.trusted())
        assert (found["indication"], found["sub_indication"]) == ("PASSED", None), found
        (stamped,) = found["timestamps"]
        assert stamped["imprint_found"]
        assert stamped["imprint_intact"]
        assert ours(record, [leaf(index)], situation.trust(), at).indication == "PASSED"


def renewed(situation: Situation) -> Iterator[tuple[str, bytes]]:
    """A record of leaf 1, and the same after each kind of renewal."""
    tree = HashTree(leaves(3))
    first = token(situation, tree.root)
    chain = [stamp_of(first, tree.reduced(1))]
    yield "new", record_of(chain)
    chain.append(renewed_stamp(first, partial(token, situation)))
    yield "time-stamp renewal", record_of(chain)
    second = [renewed_chain([leaf(1)], [chain], partial(token, situation))]
    yield "hash-tree renewal", record_of(chain, second, algorithms=["sha256", "sha512"])
    swapped = [renewed_chain([leaf(1)], [chain], partial(token, situation), swapped=True)]
    yield "hash-tree renewal of H(chains) before H(data)", record_of(chain, swapped, algorithms=["sha256", "sha512"])
    yield "hash-tree renewal of another chain", record_of(chain[:1], second, algorithms=["sha256", "sha512"])
    other = [*chain[:1], renewed_stamp(second[0], partial(token, situation))]
    yield "time-stamp renewal of another token", record_of(other)
    third = [renewed_stamp(_token_of(second[0]), partial(token, situation), "sha512")]
    yield "renewed thrice", record_of(chain, second + third, algorithms=["sha256", "sha512"])


def _token_of(stamp: bytes) -> bytes:
    """The ContentInfo of an ArchiveTimeStamp."""
    reader = Reader(stamp)
    return reader.tlv(reader.children(reader.root())[-1])


def test_renewed_records(dss: Dss, situation: Situation) -> None:
    # both engines agree on every renewal, sound or not
    passed = set()
    found = list(renewed(situation))
    at = situation.soon
    for name, record in found:
        said = theirs(dss, record, [leaf(1)], at=at, **situation.trusted())
        report = ours(record, [leaf(1)], situation.trust(), at)
        (own,) = report.evidence_records
        assert said["indication"] == own.indication, (name, said)
        passed |= {name} if own.indication == "PASSED" else set()
    assert passed == {"new", "time-stamp renewal", "hash-tree renewal", "renewed thrice"}


def test_renewed_with_validation_data(dss: Dss, situation: Situation) -> None:
    # as the package renews them: what the older time stamps are verified with is inside the record
    tree = HashTree(leaves(7))
    record = write("sha256", tree.reduced(3), token(situation, tree.root))
    lists = tuple(situation.town.crl(name) for name in ("root", "ca"))
    contents = Contents(BytesContent(leaf(3)))
    for algorithm in ("sha256", "sha512", "sha512", "sha384"):
        record = ers.add_validation_data(record, ValidationData((situation.town.root.der,), lists))
        draft = ers.prepare_archive(record, contents, algorithm)
        record = ers.attach_archive(draft, token(situation, draft.imprint, algorithm))
    at = situation.soon
    said = theirs(dss, record, [leaf(3)], at=at, **situation.trusted())
    assert (said["indication"], len(said["timestamps"])) == ("PASSED", 5), said
    (own,) = ours(record, [leaf(3)], situation.trust(), at).evidence_records
    assert (own.indication, [len(chain) for chain in own.chains]) == ("PASSED", [2, 2, 1])
    assert theirs(dss, record, [leaf(2)], at=at, **situation.trusted())["indication"] != "PASSED"


def test_what_augment_renewed_lasts_there_too(dss: Dss) -> None:
    # a record of 2026, renewed by ``augment`` in 2035 and 2041: after each authority's certificate expired it passes in
    # both engines, and without its last time stamp in neither. Of the CA that was revoked in 2042 only what the record
    # holds is presented: DSS 6.4 ends with a NullPointerException where it learns of that besides
    age = Age()
    record = record_file(partial(_stamped, age))
    data = opening().octets
    for renewal, later, digest in (("2035-06-01", "2037-06-01", "sha256"), ("2041-06-01", "2046-06-01", "sha512")):
        before = record
        age.go(day(renewal))
        newest = age.second or age.first
        options: dict[str, Any] = {"digest": digest}
        contents = Contents(BytesContent(data))
        steps = verbs.augment(record, contents, "B-LTA", age.trust, f"{newest.base_url}/tsr", True, options)
        record = bytes(run(steps, age.world))
        age.go(day(later))
        anchors = [age.first.root.der, newest.root.der]
        crls = tuple(newest.crl(name, age.now) for name in ("root", "ca"))
        for each, passes in ((record, True), (before, False)):
            said = theirs(dss, each, [data], at=age.now, policy=ANY_AGE, anchors=anchors, crls=crls)
            own = ours(each, [data], TrustStore.from_certificates(anchors, [], crls), age.now)
            assert (said["indication"] == "PASSED", own.indication == "PASSED") == (passes, passes), (later, said)


def _stamped(age: Age, digest: bytes) -> bytes:
    """A token of the first town's authority at the present of ``age``."""
    answer = tsp.read_response(age.first.tsa_respond(tsp.request(digest, "sha256", nonce=1), age.now))
    assert answer.token is not None
    return answer.token


LAST = year(2035)
LAPSING = {
    "not renewed": lambda: expiring(),
    "another time stamp in time": lambda: renew(expiring(), year(2031)),
    "another hash tree in time": lambda: renew(expiring(), year(2031), "sha512"),
    "too late": lambda: renew(expiring(), year(2033), listed=ENDS - timedelta(days=1)),
    "twice": lambda: renew(renew(expiring(), year(2031)), year(2034), "sha512"),
}
"""Records whose first authority's certificate ended in 2032."""


@pytest.mark.parametrize("name", LAPSING)
def test_past_validation_of_what_was_renewed(dss: Dss, name: str) -> None:
    # what a later time stamp proves to be older passes, in both engines; what was renewed too late does not
    record = LAPSING[name]()
    listed = lists(LAST - timedelta(days=1))
    said = theirs(dss, record, [leaf(1)], at=LAST, anchors=[LASTING.der], crls=[listed], policy=ANY_AGE)
    (own,) = ours(record, [leaf(1)], store(LASTING, items=[listed]), LAST).evidence_records
    assert (
        own.indication == said["indication"] == ("INDETERMINATE" if name in ("not renewed", "too late") else "PASSED")
    )
    if name != "not renewed":
        assert [(item.indication, item.sub_indication) for item in own.timestamps] == [
            (item["indication"], item["sub_indication"]) for item in said["timestamps"]
        ]


def odd(situation: Situation) -> Iterator[tuple[str, bytes, bool]]:
    """Trees in unusual forms over leaf 1, and whether they count."""
    one, two, three = leaves(3)

    def made(*tree: tuple[bytes, ...]) -> bytes:
        return record_of([stamp_of(token(situation, fold(tree, "sha256")), tree)])

    yield "three in one list", made((one, two, three)), True
    yield "not sorted", made(tuple(sorted((one, two), reverse=True))), True
    yield "one in the first list", made((two,), (one,)), True
    yield "the same twice", made((two, two)), True
    yield "the data in the second list", made((one,), (two,)), False
    yield "no data", made((one, three)), False
    yield "no tree", record_of([stamp_of(token(situation, two))]), True
    yield "no tree, other data", record_of([stamp_of(token(situation, one))]), False
    yield "one list of one", record_of([stamp_of(token(situation, two), [(two,)])]), True
    yield "another root", record_of([stamp_of(token(situation, one), [(one, two)])]), False
    listed = stamp_of(token(situation, fold([(one, two)], "sha256")), [(one, two)], "sha256")
    yield "its algorithm stated", record_of([listed]), True
    strange = stamp_of(token(situation, fold([(one, two)], "sha256")), [(one, two)], "sha512")
    yield "another algorithm stated", record_of([strange], algorithms=["sha256", "sha512"]), False


def test_odd_trees(dss: Dss, situation: Situation) -> None:
    # RFC 4998 4.3 is read in one way by both
    found = list(odd(situation))
    at = situation.soon
    for name, record, sound in found:
        said = theirs(dss, record, [leaf(1)], at=at, **situation.trusted())
        report = ours(record, [leaf(1)], situation.trust(), at)
        assert (said["indication"] == "PASSED") is sound, (name, said)
        assert (report.indication == "PASSED") is sound, (name, report)


# -- theirs


class Sample(NamedTuple):
    """A record of DSS's own tests with what they present. ``agree``: both engines say the same of the record."""

    record: bytes
    contents: list[bytes]
    agree: bool = True


ASIC = "dss/dss-asic-cades/validation/evidencerecord/er-asn1-{}"


@lru_cache
def samples() -> dict[str, Sample]:
    """By name; records in ASiC containers with the files that their manifest names."""
    folder = corpus("dss/dss-evidence-record-asn1")
    found = {
        "of a token": Sample(_read(folder / "er-asn1-on-tst.ers"), [_read(folder / "d-trust.tsr")]),
        "without data": Sample(_read(folder / "er-asn1-simple.ers"), []),
        "with other data": Sample(_read(folder / "er-asn1-simple.ers"), [b"other"], agree=False),
        "of a group, without data": Sample(_read(folder / "evidencerecord.ers"), []),
        "without tree and data": Sample(_read(folder / "1_0_Initial.er"), []),
        "renewed, without data": Sample(_read(folder / "1_1_Renew_Unsorted.er"), []),
    }
    pdf = corpus("dss/dss-pades/validation/evidence-record")
    name = "7da49953-d837-4f0b-8f38-aa5aa4181e3c"
    found["of a PDF"] = Sample(_read(pdf / f"evidence-record-{name}.ers"), [_read(pdf / f"Signature-P-B-{name}.pdf")])
    xml = corpus("dss/dss-xades/validation/evidence-record")
    signed = _read(xml / "Signature-X-LT-5b5edd31-344d-4d66-8e95-79f9acaab566.xml")
    found["of a signature"] = Sample(_read(xml / "evidence-record-detached.ers"), [signed])
    more = [signed, b"not covered"]
    found["of a signature, with other data"] = Sample(_read(xml / "evidence-record-detached.ers"), more, agree=False)
    for name in ("chain-renewal.asice", "no-hashtree-full-renewal.sce", "no-hashtree.scs"):
        found[name] = _contained(corpus(ASIC.format(name)))
    found["incorrect-hash.asice"] = _contained(corpus(ASIC.format("incorrect-hash.asice")))._replace(agree=False)
    name = "no-hashtree-multiple-files-invalid.scs"
    found[name] = _contained(corpus(ASIC.format(name)))._replace(agree=False)
    return found


WHY = {
    "with other data": "data that the record does not cover is HASH_FAILURE here, as with a detached time stamp or"
    " signature; DSS takes it for data that was not presented",
    "of a signature, with other data": "all that is presented must be covered (RFC 4998 4.3: steps 1 and 2 for all data"
    " objects); DSS leaves out what is not",
    "incorrect-hash.asice": "the worst verdict on a time stamp is the record's; DSS takes the first one's",
    "no-hashtree-multiple-files-invalid.scs": "as with other data",
}
"""Where the verdicts on a record differ, and why."""


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _contained(path: Path) -> Sample:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        (record,) = (name for name in names if name.endswith(".ers"))
        listed = [name for name in names if "EvidenceRecordManifest" in name]
        data = [name for name in names if not name.startswith("META-INF") and name != "mimetype"]
        if listed:
            manifest = ElementTree.fromstring(archive.read(listed[0]))
            data = [each.attrib["URI"] for each in manifest if each.tag.endswith("DataObjectReference")]
        return Sample(archive.read(record), [archive.read(name) for name in data])


NAMES = (
    *("of a token", "without data", "with other data", "of a group, without data", "without tree and data"),
    *("renewed, without data", "of a PDF", "of a signature", "of a signature, with other data"),
    *("chain-renewal.asice", "no-hashtree-full-renewal.sce", "no-hashtree.scs", "incorrect-hash.asice"),
    "no-hashtree-multiple-files-invalid.scs",
)


def test_all_samples_are_named() -> None:
    assert set(samples()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_theirs(dss: Dss, name: str) -> None:
    # the same verdict on the record, and the same time stamps are over what they should be
    sample = samples()[name]
    report = ours(sample.record, sample.contents, TrustStore.empty(), NOW)
    at = max(item.token.generated_at for item in report.timestamps) + timedelta(seconds=1)
    anchors = [each.der for each in embedded(report).anchors]
    report = ours(sample.record, sample.contents, TrustStore.from_certificates(anchors, [], ()), at)
    (own,) = report.evidence_records
    said = theirs(dss, sample.record, sample.contents, at=at, anchors=anchors, policy=ANY_AGE)
    same = (own.indication, own.sub_indication) == (said["indication"], said["sub_indication"])
    assert same is sample.agree, (said, report)
    assert sample.agree == (name not in WHY)
    assert [item.token.generated_at for item in own.timestamps] == [
        datetime.fromisoformat(item["generated_at"]) for item in said["timestamps"]
    ]
    if sample.agree and sample.contents:
        assert [item.token.imprint_intact for item in own.timestamps] == [
            item["imprint_intact"] for item in said["timestamps"]
        ]
