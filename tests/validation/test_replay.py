"""Archives of evidence: the same report out of them, octet for octet; nothing in them that does not belong there."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import judging_town as jt
import pytest
import replaying
from lasting_town import Age, day, renewed, sealed, verdict
from replaying import Judged, assert_same, dresses, judged, members, replayed, signed

from corpus import corpus
from delivery.delivery_samples import TIMETABLE, made
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.delivery.evidence import payload
from toyono_trust.errors import MalformedError
from toyono_trust.formats import registry
from toyono_trust.formats.model import Facts, Signature, Unread
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.replay import holds_content, pack, unpack

ROOT = Path(__file__).resolve().parents[2]
IDENTITIES = ("town", "p384", "p521", "rsa-2048", "rsa-3072", "ed25519", "ml-dsa-65")


@lru_cache(maxsize=1)
def order() -> Judged:
    """A stamped seal that passes."""
    return judged(jt.stamp(jt.sign(), jt.NOW))


def evidence_of(**details: Any) -> bytes:
    """A sealed receipt about the timetable."""
    return replaying.receipt(payload(made(**details)))


# -- the same report


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("format", ["jades", "cades"])
def test_a_signature_by_any_algorithm_passes_again(name: str, format: str) -> None:
    first = judged(signed(name, format))
    assert first.report.indication == "TOTAL-PASSED"
    assert_same(first)


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-pss-sha256", "rsa-pss-sha384", "rsa-sha512"])
def test_a_digest_is_enough_for_every_padding(algorithm: str) -> None:
    first = judged(jt.sign("rsa-3072", algorithm=algorithm))
    evidence = assert_same(first)
    assert isinstance(evidence.facts, Facts)
    assert replayed(evidence).signatures[0].signature_intact is True
    assert (evidence.facts.signatures[0].value.signed, evidence.facts.signatures[0].value.algorithm) == (b"", algorithm)


@pytest.mark.parametrize("format", ["jades", "cades", "pades"])
@pytest.mark.parametrize("name", ["town", "revoked", "expired", "weak-key", "wrong-usage", "ed25519"])
def test_every_format_gives_its_report_again(format: str, name: str) -> None:
    assert_same(judged(signed(name, format)))


@pytest.mark.parametrize("format", ["jades", "cades"])
def test_time_stamps_are_kept(format: str) -> None:
    stamped = jt.stamp(jt.sign(format=format), jt.NOW - jt.DAY, format=format)
    first = judged(stamped, at=jt.NOW + 4 * jt.YEAR)
    assert first.report.signatures[0].timestamps
    assert_same(first)


@pytest.mark.parametrize("presented", [None, jt.PAYLOAD, b"something else"])
def test_a_token_alone(presented: bytes | None) -> None:
    token = jt.token(jt.sha256(jt.PAYLOAD), jt.NOW)
    content = None if presented is None else BytesContent(presented, "order.json")
    first = judged(token, contents=content)
    assert (first.report.indication == "PASSED") is (presented == jt.PAYLOAD)
    assert_same(first)


@pytest.mark.parametrize("format", ["jades", "cades"])
@pytest.mark.parametrize("presented", [None, jt.PAYLOAD, b"something else"])
def test_detached_content(format: str, presented: bytes | None) -> None:
    data = jt.sign(format=format, detached=True, content=BytesContent(jt.PAYLOAD, "order.json"))
    first = judged(data, contents=None if presented is None else BytesContent(presented, "order.json"))
    assert (first.report.indication == "TOTAL-PASSED") is (presented == jt.PAYLOAD)
    assert_same(first)


def test_content_that_no_signature_covers_is_noted_again() -> None:
    first = judged(jt.sign(), contents=BytesContent(b"another thing", "other.json"))
    assert "content.not-covered" in {finding.code for finding in first.report.findings}
    assert_same(first)


@pytest.mark.parametrize(
    ("presented", "codes"),
    [
        (None, {"receipt.content-not-presented"}),
        ({"timetable.json": TIMETABLE}, set()),
        ({"anything.json": TIMETABLE}, set()),
        ({"timetable.json": b"another timetable"}, {"receipt.part-altered"}),
        ({"a": b"1", "b": b"2"}, {"receipt.part-missing"}),
    ],
)
def test_what_a_receipt_learnt_from_presented_contents_is_kept(
    presented: dict[str, bytes] | None, codes: set[str]
) -> None:
    contents = None if presented is None else {name: BytesContent(data, name) for name, data in presented.items()}
    first = judged(evidence_of(), contents=contents)
    assert first.report.receipt is not None
    found = {finding.code for finding in first.report.findings if "part" in finding.code or "content" in finding.code}
    assert found == codes
    assert_same(first)


def test_attributes_of_people_stay_out_and_names_that_are_shown_stay_in() -> None:
    claims = made()._replace(sender_details=_person("", ""))
    first = judged(replaying.receipt(payload(claims)))
    assert first.report.receipt.sender == "山里"
    assert_same(first)
    assert b"1980-01-01" not in first.archive
    known = judged(replaying.receipt(payload(made()._replace(sender_details=_person("NTRJP-1", "etsi:en-319412-1")))))
    assert_same(known)
    assert "山里".encode() not in known.archive


def _person(identifier: str, scheme: str) -> Any:
    """A natural person who is known by name and date of birth."""
    from toyono_trust.delivery.components import Attribute, EntityIdentifier, Open

    def stated(name: str, value: str) -> Attribute:
        return Attribute("http://eidas.europa.eu/attributes/naturalperson/" + name, attribute_value=(Open.of(value),))

    given = made().sender_details
    identity = (stated("FamilyName", "山里"), stated("DateOfBirth", "1980-01-01"))
    return given._replace(identity=identity, identifier=EntityIdentifier(identifier, scheme) if identifier else None)


BROKEN = {
    "altered": lambda: _altered(jt.sign()),
    "doubled member": lambda: b'{"payload": 1, "payload": 2, "signatures": []}',
    "cut": lambda: jt.sign(format="cades")[:300],
    "cut pdf": lambda: signed(format="pades")[:400],
    "unknown": lambda: b"hello",
    "empty": lambda: b"",
    "expired": lambda: jt.sign("expired"),
}


def _altered(compact: bytes) -> bytes:
    head, content, value = compact.split(b".")
    return b".".join((head, content[:-6] + b"AAAAAA", value))


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN.keys())
def test_what_fails_fails_again(make: Callable[[], bytes]) -> None:
    first = judged(make())
    assert first.report.indication != "TOTAL-PASSED"
    assert_same(first)


def test_work_that_was_used_up_is_used_up_again() -> None:
    reading = judged(jt.stamp(jt.sign(), jt.NOW), work=Work({"signature-checks": 0}))
    assert {finding.code for finding in reading.report.findings} == {"limits.work"}
    assert_same(reading)
    raised = Unread("CAdES", "limits.work", "more work than one verification may spend (paths)", None, True)
    archive = pack(raised, NO_MATERIAL, Policy.default(), jt.trust(), jt.NOW)
    assert replayed(unpack(archive)).findings[0].values["kind"] == "paths"


def test_gathered_material_and_where_it_came_from() -> None:
    crls = jt.revocation(jt.NOW)
    bare = TrustStore.from_certificates([jt.town().root.der])
    found = Material(
        (jt.town().ca.der,), crls, {"sha256:" + jt.sha256(crls[0]).hex(): "http://crl.example.jp/root.crl"}
    )
    first = judged(jt.sign(chain=()), trust=bare, material=found)
    assert first.report.indication == "TOTAL-PASSED"
    evidence = assert_same(first)
    assert evidence.material == found
    assert replayed(evidence, material=NO_MATERIAL).indication == "INDETERMINATE"


def test_anchors_keep_purposes_and_spans() -> None:
    anchor = Anchor(jt.town().root, frozenset({"seal", "timestamp"}), None, jt.NOW + jt.DAY)
    store = TrustStore.of([anchor], [jt.town().ca.der], jt.revocation())
    evidence = assert_same(judged(jt.sign(), trust=store))
    assert (evidence.trust.digest, evidence.trust.anchors) == (store.digest, (anchor,))
    assert replayed(evidence).indication == "TOTAL-PASSED"
    assert replayed(evidence, at=jt.NOW + 2 * jt.DAY).indication == "INDETERMINATE"


def test_nobody_trusted_is_nobody_trusted() -> None:
    evidence = assert_same(judged(jt.sign(), trust=TrustStore.empty()))
    assert evidence.trust.digest == TrustStore.empty().digest


# -- another verdict out of the same archive


def test_another_policy_and_another_time_judge_as_they_would_have() -> None:
    data = jt.stamp(jt.sign(), jt.NOW)
    strict = Policy.parse('name = "strict"\n[signature]\nkinds = ["natural-person"]')
    evidence = unpack(judged(data).archive)
    for at, policy in ((jt.NOW, strict), (jt.NOW + 30 * jt.YEAR, Policy.default()), (jt.NOW - jt.YEAR, strict)):
        direct = judged(data, at=at, policy=policy)
        assert dresses(replayed(evidence, at=at, policy=policy)) == dresses(direct.report)
        assert direct.report.indication != "TOTAL-PASSED"


def test_a_simulation_is_the_one_that_the_report_makes() -> None:
    for first in (judged(jt.stamp(jt.sign(), jt.NOW)), judged(jt.sign()), judged(evidence_of()), judged(b"hello")):
        evidence = unpack(first.archive)
        for years in (0, 2, 5, 12):
            at = jt.NOW + years * jt.YEAR
            simulated = first.report.simulate(at)
            if not isinstance(first.facts, Unread):
                assert dresses(replayed(evidence, at=at, present=jt.NOW)) == dresses(simulated)
            assert dresses(replayed(unpack(simulated.evidence))) == dresses(simulated)


def test_the_report_itself_gives_its_archive() -> None:
    for data in (jt.sign(), signed(format="pades"), evidence_of(), b"hello", b"0\x80"):
        first = judged(data, file=None)
        assert first.report.evidence == first.archive


# -- what lasts


@pytest.mark.parametrize("format", ["jades", "cades", "pades"])
def test_what_lives_through_ages_is_judged_again_without_anybody_who_answers(format: str) -> None:
    """A verdict of 2046 that rests on what was fetched then, after the end of SHA-256 and of most certificates."""
    age = Age()
    data = sealed(age, format)
    for date, digest in (("2035-06-01", "sha256"), ("2041-06-01", "sha512")):
        age.go(day(date))
        data = renewed(age, data, digest)
    age.go(day("2046-06-01"))
    report = verdict(age, data)
    assert report.indication == "TOTAL-PASSED"
    inputs = report.inputs
    assert inputs is not None
    assert inputs.material.sources
    archive = pack(inputs.facts, inputs.material, inputs.policy, inputs.trust, report.validated_at)
    evidence = unpack(archive)
    assert dresses(replayed(evidence)) == dresses(report)
    assert replaying.packed_again(evidence) == archive
    assert replayed(evidence, at=day("2059-06-01")).indication == "INDETERMINATE"


def test_an_archive_of_version_1_is_read_for_ever() -> None:
    """Written in November 2026 and never again: what does not read it any more has broken a promise."""
    old = (Path(__file__).parent / "evidence" / "jades-b-lta.zip").read_bytes()
    evidence = unpack(old)
    assert evidence.policy.digest == evidence.policy_digest
    report = replayed(evidence)
    assert (report.indication, report.file, report.validated_at) == ("TOTAL-PASSED", "contract.jws.json", jt.NOW)
    (signature,) = report.signatures
    assert (signature.level, signature.kind, signature.signature_intact) == ("B-LTA", "seal", True)
    assert [item.token.type for item in signature.timestamps] == ["signature", "archive"]
    assert all(item.indication == "PASSED" for item in signature.timestamps)
    ours, theirs = members(replaying.packed_again(evidence)), members(old)
    of_release = {"request.json", "manifest.json"}
    assert list(ours) == list(theirs)
    assert [name for name in ours if ours[name] != theirs[name] and name not in of_release] == []


# -- corpora


def _files(folder: str, most: int = 4 << 20) -> Iterator[Path]:
    for path in sorted(corpus(folder).rglob("*")):
        if path.is_file() and path.stat().st_size <= most and registry.detect(path.read_bytes()) is not None:
            yield path


@pytest.mark.parametrize("folder", ["dss-cades", "dss-jades", "dss-pades"])
def test_files_of_others_with_and_without_trust(folder: str) -> None:
    chained = 0
    for path in _files(f"dss/{folder}"):
        data = path.read_bytes()
        first = judged(data, trust=TrustStore.empty(), file=path.name)
        assert_same(first)
        brought = [] if isinstance(first.facts, Unread) else list(_brought(first.facts.signatures))
        trusted = [der for der in brought if _readable(der)]
        if trusted:
            lax = Policy.parse('[revocation]\nmode = "if-available"', "lax")
            second = judged(data, trust=TrustStore.from_certificates(trusted), policy=lax, file=path.name)
            assert_same(second)
            chained += any(part.certificate is not None and part.chain for part in second.report.signatures)
    assert chained


def _brought(signatures: tuple[Signature, ...]) -> Iterator[bytes]:
    for signature in signatures:
        yield from signature.certificates
        yield from _brought(signature.counter_signatures)
        yield from _brought(tuple(token.signer for token in signature.timestamps))


def _readable(der: bytes) -> bool:
    try:
        TrustStore.from_certificates([der])
    except MalformedError:
        return False
    return True


# -- what is in it, and what is not


def test_content_is_not_in_it() -> None:
    secret = b"the content itself, which nobody is to read in the archive"
    for name in ("town", "rsa-3072"):
        for format in ("jades", "cades"):
            first = judged(signed(name, format, secret))
            assert not holds_content(first.facts)
            assert secret not in first.archive
            assert _base64url(secret) not in first.archive


def test_what_eddsa_signs_of_json_is_the_content_and_that_is_said() -> None:
    secret = b"the content itself, which nobody is to read in the archive"
    json_one = judged(signed("ed25519", "jades", secret))
    assert holds_content(json_one.facts)
    assert _base64url(secret) in json_one.archive
    cms_one = judged(signed("ed25519", "cades", secret))
    assert not holds_content(cms_one.facts)
    assert secret not in cms_one.archive


def _base64url(data: bytes) -> bytes:
    from toyono_trust.core.canonical import b64url_encode

    return b64url_encode(data)[:40]


def test_an_archive_is_small_and_ordered() -> None:
    archive = order().archive
    names = list(members(archive))
    assert names[:2] == ["mimetype", "manifest.json"]
    assert archive[30:38] == b"mimetype"
    assert len(archive) < 24_000
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_inputs_give_the_same_octets() -> None:
    data = jt.stamp(jt.sign(), jt.NOW)
    assert judged(data).archive == judged(data).archive
    assert judged(data).archive != judged(data, at=jt.NOW + jt.SECOND).archive


SCRIPT = """
import json, sys
from pathlib import Path
from toyono_trust import verbs
from toyono_trust.validation.replay import pack, unpack

folder = Path(sys.argv[1])
for path in sorted(folder.glob("*.zip")):
    e = unpack(path.read_bytes())
    report = verbs.judge(e.facts, e.policy, e.trust, e.at, e.work(), e.material, e.present)
    report.file = e.file
    path.with_suffix(".json").write_text(json.dumps(report.to_json(), ensure_ascii=False), "utf-8")
    again = pack(e.facts, e.material, e.policy, e.trust, e.at, e.present, e.file, e.left)
    path.with_suffix(".again").write_bytes(again)
"""


@pytest.mark.integration
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_other_pythons_give_the_same(version: str, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/nowhere", "TZ": "Asia/Tokyo", "LANG": "ja_JP.UTF-8"}
    asked = "import sys, asn1crypto, cryptography, jinja2, pyhanko; print('%d.%d' % sys.version_info[:2])"
    for python in (shutil.which(f"python{version}"), sys.executable):
        command = [python or sys.executable, "-c", asked]
        there = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if there.stdout.strip() == version:
            break
    else:
        pytest.skip(f"Python {version} with this package's dependencies is not at hand")
    firsts = {
        "stamped": order(),
        "pdf": judged(signed(format="pades"), file="電子印.pdf"),
        "eddsa": judged(signed("ed25519", "jades")),
        "receipt": judged(evidence_of(), contents=BytesContent(TIMETABLE, "timetable.json")),
        "broken": judged(b'{"payload": 1, "payload": 2, "signatures": []}'),
    }
    for name, first in firsts.items():
        (tmp_path / f"{name}.zip").write_bytes(first.archive)
    run = [command[0], "-W", "error", "-c", SCRIPT, str(tmp_path)]
    subprocess.run(run, check=True, env=environment, timeout=120)
    for name, first in firsts.items():
        assert (tmp_path / f"{name}.json").read_text("utf-8") == dresses(first.report)["json"]
        assert (tmp_path / f"{name}.again").read_bytes() == first.archive
