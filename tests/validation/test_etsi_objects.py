"""Validation objects and proofs of existence in the XML report; hostile texts; files made by others."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import judging_town as old
import pytest
from etsi_documents import (
    U,
    agree,
    at,
    digest_in,
    find,
    octets,
    one,
    parsed,
    referred,
    signatures,
    stamps,
    text,
    thing,
    verdict,
    written,
    zip_values,
)
from etsi_reports import REPORTS, facts_of, judged, report_of, sealed
from hypothesis import given, settings
from hypothesis import strategies as st
from judging_town import NOW, PAYLOAD, policy, revocation

from corpus import corpus
from toyono_trust import Report, TrustStore, verify
from toyono_trust.formats.model import (
    CertificateReference,
    Facts,
    Place,
    Properties,
    Revision,
    SignaturePolicy,
    SignedObject,
)
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation import etsi
from toyono_trust.validation.etsi import objects, uris
from toyono_trust.validation.material import Material
from toyono_trust.validation.report import Finding

HOSTILE = "<script>alert(1)</script>\"'>&amp;]]>\u202e\x1b[2J\u2066\x00\ufffe\ud800"


# -- validation objects


def test_objects_stand_once_with_their_octets() -> None:
    for name in ("jades B-LTA", "cades B-LTA", "pades B-LTA"):
        root = written(report_of(name))
        shown = [
            (one(each, "ObjectType").text, octets(each, "ValidationObjectRepresentation/base64"))
            for each in find(root, "SignatureValidationObjects/ValidationObject")
            if find(each, "ValidationObjectRepresentation/base64")
        ]
        assert len(shown) == len(set(shown))
        kinds = Counter(kind.removeprefix(f"{U}validationObject:") for kind, _ in shown)
        assert kinds["timestamp"] == 2
        assert kinds["CRL"] >= 2
        for kind, data in shown:
            if kind.endswith(":certificate"):
                assert Certificate.load(data).der == data
        ids = [each.get("id") for each in find(root, "SignatureValidationObjects/ValidationObject")]
        assert ids == sorted(ids)


@pytest.mark.parametrize("name", ["jades B-LTA", "cades B-LTA", "pades B-LTA"])
def test_an_archive_time_stamp_provides_proofs_for_what_it_covers(name: str) -> None:
    report = report_of(name)
    root = written(report)
    (item,) = report.signatures
    first, last = item.timestamps
    assert last.token.covers
    provided = one(thing(root, last.id), "POEProvisioning")
    names = set(referred(provided, "ValidationObject"))
    known = {
        hashlib.sha256(octets(each, "ValidationObjectRepresentation/base64")).digest(): each.get("id")
        for each in find(root, "SignatureValidationObjects/ValidationObject")
        if find(each, "ValidationObjectRepresentation/base64")
    }
    (leaf, data) = (
        referred(root, "SignatureValidationReport/" + path)[0]
        for path in ("SignerInformation/SignerCertificate", "SignersDocument/SignersDocumentRepresentation")
    )
    assert names == {known[key] for key in last.token.covers if key in known} | {leaf, data}
    assert set(referred(thing(root, first.id), "POEProvisioning/ValidationObject")) == {leaf, data}
    assert first.id in names
    assert len(find(provided, "SignatureReference")) == 1
    assert referred(thing(root, first.id), "POE/POEObject") == [last.id]
    for each in names - {first.id}:
        assert text(thing(root, each), "POE/POETime") in (at(last.token.generated_at), at(first.token.generated_at))
    for each in find(root, "SignatureValidationObjects/ValidationObject"):
        for by in referred(each, "POE/POEObject"):
            assert each.get("id") in referred(thing(root, by), "POEProvisioning/ValidationObject")
    assert find(thing(root, last.id), "POE/POEObject") == []
    assert text(thing(root, last.id), "POE/POETime") == at(report.validated_at)


def test_proofs_of_existence_are_the_judge_s() -> None:
    """Invariant: what the XML calls proven is what the judge found proven, of signatures and tokens."""
    for name in REPORTS:
        report = report_of(name)
        root = written(report)
        for stamp in stamps(report):
            if stamp.proof is not None and report.inputs is not None:
                found = [text(each, "POE/POETime") for each in find(root, f"//*[@id='{stamp.id}']")]
                assert found[:1] == [at(min(stamp.proof.time, report.validated_at))], name


def test_a_time_stamp_that_did_not_pass_proves_nothing() -> None:
    for name in ("stamp of somebody", "stamp of another", "untrusted", "token, another content"):
        root = written(report_of(name))
        assert find(root, "//v:POEProvisioning") == []
        assert find(root, "//v:POEObject") == []


def test_a_content_time_stamp_proves_the_content_alone() -> None:
    report = report_of("content stamp")
    root = written(report)
    (stamp,) = report.signatures[0].timestamps
    provided = one(thing(root, stamp.id), "POEProvisioning")
    (data,) = referred(root, "SignatureValidationReport/SignersDocument/SignersDocumentRepresentation")
    assert referred(provided, "ValidationObject") == [data]
    assert find(provided, "SignatureReference") == []
    assert referred(thing(root, data), "POE/POEObject") == [stamp.id]
    assert find(root, "SignatureValidationReport/ValidationTimeInfo/BestSignatureTime/POEObject") == []


def test_a_token_alone_proves_what_was_stamped() -> None:
    report = report_of("token")
    root = written(report)
    (part,) = find(root, "SignatureValidationReport")
    assert verdict(one(part, "SignatureValidationStatus")) == ("passed", None)
    (stamp,) = report.timestamps
    assert referred(part, "SignatureValidationStatus//v:RelatedValidationObject") == [stamp.id]
    (data,) = referred(thing(root, stamp.id), "POEProvisioning/ValidationObject")
    wanted = ("sha256", hashlib.sha256(b"minutes").digest())
    assert digest_in(one(thing(root, data), "ValidationObjectRepresentation/DigestAlgAndValue")) == wanted
    said = dict(zip_values(find(thing(root, stamp.id), "ValidationReport//v:ReportData")))
    assert said["tsa-policy"] == stamp.token.policy
    assert int(said["serial-number"], 16) == stamp.token.serial_number
    assert datetime.fromisoformat(said["generation-time"]) == stamp.token.generated_at


def test_a_token_in_two_signatures_of_which_it_fits_one_stands_twice() -> None:
    """A stamp that was copied proves nothing for the other signature, and its verdict there is another one."""
    own, other = old.stamp(old.sign(), NOW), old.sign("bus")
    (one_item,), (other_item,) = facts_of(own).signatures, facts_of(other).signatures
    copied = one_item.timestamps[0]._replace(imprint_intact=False)
    report = judged(Facts("JAdES", (other_item._replace(timestamps=(copied,)), one_item)))
    assert [item.timestamps[0].indication for item in report.signatures] == ["FAILED", "PASSED"]
    root = written(report)
    agree(root, report)
    name = report.signatures[0].timestamps[0].id
    assert find(thing(root, name), "POEProvisioning") == []
    proven = one(thing(root, f"{name}-2"), "POEProvisioning/SignatureReference/DigestValue")
    assert base64.b64decode(proven.text) == hashlib.sha256(one_item.value.signed + b"." + one_item.value.wire).digest()


def test_gathered_material_is_listed_with_where_it_came_from() -> None:
    (item,) = facts_of(old.sign(chain=[])).signatures
    store = TrustStore.from_certificates([old.town().root.der], [], ())
    lists = revocation()
    sources = {f"sha256:{hashlib.sha256(each).hexdigest()}": f"http://crl.example/見本 {n}.crl?a=[1]"
               for n, each in enumerate(lists)}  # fmt: skip
    sources[f"sha256:{old.town().ca.sha256.hex()}"] = "http://ca.example/ca.crt"
    material = Material((old.town().ca.der,), lists, sources)
    report = judged(Facts("JAdES", (item,)), store, material=material)
    assert report.indication == "TOTAL-PASSED"
    root = written(report)
    for number, each in enumerate(lists):
        shown = one(thing(root, f"crl-{hashlib.sha256(each).hexdigest()}"), "ValidationObjectRepresentation")
        assert octets(shown, "base64") == each
        assert text(shown, "URI") == f"http://crl.example/%E8%A6%8B%E6%9C%AC%20{number}.crl?a=%5B1%5D"
    shown = one(thing(root, f"certificate-{old.town().ca.sha256.hex()}"), "ValidationObjectRepresentation")
    assert text(shown, "URI") == "http://ca.example/ca.crt"


def test_sizes_are_bounded() -> None:
    """An object above the limit stands there by digest, and so does what would make the whole too large."""
    (item,) = facts_of(old.sign()).signatures
    large = b"\0" * (objects.MAX_OBJECT + 1)
    many = tuple(bytes([n]) + b"\0" * ((2 << 20) - 1) for n in range(20))
    alone = written(judged(Facts("JAdES", (item._replace(crls=(large, large[1:])),))))
    shown = [
        len(find(thing(alone, f"crl-{hashlib.sha256(each).hexdigest()}"), "ValidationObjectRepresentation/base64"))
        for each in (large, large[1:])
    ]
    assert shown == [0, 1]
    document = etsi.xml(judged(Facts("JAdES", (item._replace(crls=(large, *many)),))))
    assert len(document) < objects.MAX_OBJECTS * 1.4
    root = parsed(document)
    assert digest_in(
        one(thing(root, f"crl-{hashlib.sha256(large).hexdigest()}"), "ValidationObjectRepresentation/DigestAlgAndValue")
    ) == ("sha256", hashlib.sha256(large).digest())
    shown = [len(find(thing(root, f"crl-{hashlib.sha256(each).hexdigest()}"), "*/base64")) for each in many]
    assert sum(shown) == objects.MAX_OBJECTS // (2 << 20) - 1
    assert find(root, "//v:ValidationObject[starts-with(@id, 'certificate-')]/*/v:base64")


# -- nothing hostile gets out, nothing varies


@lru_cache(maxsize=1)
def stamped_facts() -> Facts:
    return facts_of(old.stamp(old.sign(content_token=old.token(old.sha256(PAYLOAD), NOW)), NOW))


@lru_cache(maxsize=1)
def plain_tags() -> Counter[str]:
    return Counter(each.tag for each in written(hostile("x")).iter())


def hostile(value: str) -> Report:
    """A report in which everything that comes from a file is the same text."""
    (item,) = stamped_facts().signatures
    properties = Properties(
        (value, f"http://{value}"), (value,), Place(*[value] * 6), SignaturePolicy(value, value, b"x", value), value
    )
    tokens = tuple(token._replace(policy=value, imprint_algorithm=value) for token in item.timestamps)
    item = item._replace(
        properties=properties,
        objects=(SignedObject(value, True, True, value, b"x"), *item.objects),
        references=(CertificateReference(value, b"x"), *item.references),
        digest_algorithms=(value, "sha256"),
        timestamps=tokens,
        revision=Revision(value, (0, 1, 2, 3), True, True, 3, reason=value, location=value, name=value),
        format=value,
        value=item.value._replace(algorithm=value),
    )
    made = judged(Facts("JAdES", (item,)))
    findings = (Finding("format.malformed", "fail", value, {"reason": value}), *made.signatures[0].findings)
    signature = made.signatures[0]._replace(findings=findings)
    return Report(
        kind=value, validated_at=NOW, policy=(value, value), trust=(value, value, None), indication="TOTAL-FAILED",
        sub_indication="FORMAT_FAILURE", signatures=(signature,), findings=findings, file=value,
    )  # fmt: skip


def test_hostile_names_become_visible_text() -> None:
    document = etsi.xml(hostile(HOSTILE))
    root = parsed(document)
    assert "\u202e" not in document.decode()
    assert b"<script" not in document
    shown = "".join(root.itertext())
    assert "<script>alert(1)</script>\"'>&amp;]]>\\u202e\\u001b[2J\\u2066\\u0000\\ufffe\\ud800" in shown
    assert text(root, "SignatureValidationReport/SignatureAttributes/Reason/ReasonElement") == (
        "<script>alert(1)</script>\"'>&amp;]]>\\u202e\\u001b[2J\\u2066\\u0000\\ufffe\\ud800"
    )


TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "http://a:b/",
        "urn:x#y#z",
        "%zz",
        "[::1",
        "http://[",
        "a:b c",
        "1.2.3",
        "urn:oid:1.2",
        "//",
        ":",
        "http://%",
        "ht tp:x",
    ]
)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_no_name_makes_the_document_invalid(value: str) -> None:
    """Invariant: whatever the texts of a file are, the document is valid, and has the elements that it has."""
    tags = Counter(each.tag for each in written(hostile(value or "x")).iter())
    plain = plain_tags()
    differing = {tag.partition("}")[2] for tag in (tags - plain) + (plain - tags)}
    assert differing <= {"MimeType", "ContentType", "SigPolicyIdentifier", "SigPolicyId", "AddressString"}


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_identifiers_are_uris(value: str) -> None:
    found = uris.identifier(value)
    assert found.isascii()
    assert ":" in found
    assert not set(found) & set(' <>"{}|\\^`[]')


def test_long_texts_are_cut() -> None:
    report = report_of("unknown")
    spoilt = hostile("x" * 100_000)
    root = written(spoilt)
    assert max(len(each.text or "") for each in root.iter() if each.tag != f"{{{uris.VR}}}base64") < 5_000
    assert len(etsi.xml(report)) < 10_000


def test_unfamiliar_times_are_written_in_utc_and_whole_seconds() -> None:
    from zoneinfo import ZoneInfo

    when = datetime(2026, 11, 1, 18, 0, 0, 123456, ZoneInfo("Asia/Tokyo"))
    root = written(old.verify(old.sign(), at=when))
    assert text(root, "SignatureValidationReport/ValidationTimeInfo/ValidationTime") == "2026-11-01T09:00:00Z"
    (item,) = facts_of(old.sign()).signatures
    for year in (1, 9999):
        claimed = datetime(year, 1, 1, tzinfo=UTC)
        root = written(judged(Facts("JAdES", (item._replace(claimed_signing_time=claimed),))))
        found = text(root, "SignatureValidationReport/SignatureAttributes/SigningTime/Time")
        assert found == f"{year:04}-01-01T00:00:00Z"


def test_the_same_report_gives_the_same_document(tmp_path: Path) -> None:
    """Invariant: no clock, no chance, no order of hashing in the document."""
    for name in ("jades B-LTA", "countersigned", "unknown"):
        assert etsi.xml(report_of(name)) == etsi.xml(report_of(name))
    (tmp_path / "file").write_bytes(sealed("cades", "B-LTA"))
    code = (
        "import sys, hashlib, datetime; from toyono_trust import verify; from toyono_trust.validation import etsi\n"
        "at = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)\n"
        "print(hashlib.sha256(etsi.xml(verify(open(sys.argv[1], 'rb').read(), at=at))).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "file")],
            env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


def test_importing_it_loads_no_xml_library() -> None:
    code = "import sys, toyono_trust.validation.etsi; print('lxml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


# -- files made by others

FOLDERS = ("dss-jades", "dss-cades", "dss-pades", "dss-evidence-record-asn1", "dss-asic-cades", "dss-xades")


def files(folder: str) -> list[Path]:
    found = sorted(path for path in (corpus("dss") / folder).rglob("*") if path.is_file())
    return found if folder in FOLDERS[:4] else found[:3]


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_made_by_others_without_trust(folder: str) -> None:
    for path in files(folder):
        report = verify(path, at=datetime(2026, 11, 22, tzinfo=UTC))
        agree(written(report), report)


@pytest.mark.parametrize("folder", FOLDERS[:3])
def test_files_made_by_others_with_trust_in_what_they_carry(folder: str) -> None:
    """Whoever stands at the end of a chain in a file is trusted, at the time of the file, so that much passes."""
    passed = Counter()
    for path in files(folder):
        facts = verify(path, at=datetime(2026, 11, 22, tzinfo=UTC))
        carried = list(signatures(facts))
        ders = {der for each in carried for der in each.facts.certificates}
        ders |= {der for each in stamps(facts) for der in each.token.signer.certificates}
        known = [each for each in map(loaded, sorted(ders)) if each is not None]
        subjects = {each.subject_der for each in known}
        ends = [each.der for each in known if each.self_issued or each.issuer_der not in subjects]
        times = [each.token.generated_at for each in stamps(facts) if each.token.generated_at.year > 1]
        times += [each.facts.claimed_signing_time for each in carried if each.facts.claimed_signing_time]
        if not ends or not times:
            continue
        store = TrustStore.from_certificates(ends[:20], [each.der for each in known], ())
        report = verify(
            path,
            trust=store,
            at=max(times) + timedelta(minutes=1),
            policy=policy('[revocation]\nmode = "if-available"'),
        )
        agree(written(report), report)
        passed.update(each.indication for each in (*signatures(report), *stamps(report)))
    assert passed["TOTAL-PASSED"] >= 5
    assert passed["PASSED"] >= 5


def loaded(der: bytes) -> Certificate | None:
    try:
        return Certificate.load(der)
    except ValueError:
        return None


def test_evidence_records_are_listed() -> None:
    path = corpus("dss/dss-cades")
    found = Counter()
    for each in sorted(path.rglob("*")):
        if each.is_file() and "ER" in each.name:
            report = verify(each, at=datetime(2026, 11, 22, tzinfo=UTC))
            records = [record.data for item in signatures(report) for record in item.facts.evidence_records]
            root = written(report)
            kind = f"{U}validationObject:evidencerecord"
            listed = find(root, f"//v:ValidationObject[v:ObjectType='{kind}']")
            assert sorted(octets(one_of, "*/base64") for one_of in listed) == sorted(set(records))
            found["records"] += len(records)
    assert found["records"] >= 2
