"""Archives of evidence: the same report out of them, octet for octet; nothing in them that does not belong there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

import judging_town as jt
import pytest
import replaying
from replaying import Judged, assert_same, changed, dresses, judged, members, replayed, resealed, signed, zipped

from corpus import corpus
from delivery.delivery_samples import TIMETABLE, made
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.delivery.evidence import payload
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.model import Facts, Note, Signature, SignatureValue, SignedObject, Unread
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.replay import codec, container, holds_content, pack, unpack

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
    first = judged(jt.stamp(jt.sign(), jt.NOW))
    evidence = unpack(first.archive)
    for years in (0, 2, 5, 12):
        at = jt.NOW + years * jt.YEAR
        simulated = first.report.simulate(at)
        again = replayed(evidence, at=at, present=jt.NOW)
        assert dresses(again) == dresses(simulated)
        inputs = simulated.inputs
        assert inputs is not None
        saved = pack(*inputs[:1], inputs.material, inputs.policy, inputs.trust, at, inputs.present, simulated.file)
        assert dresses(replayed(unpack(saved))) == dresses(simulated)


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
    with zipfile.ZipFile(__import__("io").BytesIO(archive)) as opened:
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


# -- values


VALUES: dict[str, Any] = {
    "text": "消火栓",
    "empty": "",
    "half": "a\ud800b",
    "two halves": "\ud83d\ude00",
    "none": None,
    "yes": True,
    "int": 3,
    "big": -(1 << 200),
    "safe": (1 << 53) - 1,
    "unsafe": 1 << 53,
    "float": 0.1,
    "whole": 1.0,
    "huge": 1e300,
    "infinite": float("-inf"),
    "time": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    "first": datetime.min.replace(tzinfo=UTC),
    "last": datetime.max.replace(tzinfo=UTC),
    "naive": datetime(2026, 1, 2),
    "date": date(2026, 1, 2),
    "bytes": b"\x00\xff",
    "list": [1, (2, b"3"), None],
    "tuple": ("a", 1),
    "object-like": "{'a': 1}",
}


def test_values_of_notes_survive_exactly() -> None:
    facts = Facts("JWS", notes=(Note("content.not-covered", "s\udcff", VALUES),))
    archive = pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW, file="caf\udce9.jws")
    evidence = unpack(archive)
    assert isinstance(evidence.facts, Facts)
    (note,) = evidence.facts.notes
    assert note.subject == "s\udcff"
    assert evidence.file == "caf\udce9.jws"
    assert note.values == VALUES
    assert {key: type(value) for key, value in note.values.items()} == {k: type(v) for k, v in VALUES.items()}
    assert [str(value) for value in note.values.values()] == [str(value) for value in VALUES.values()]


def test_what_is_of_no_known_type_keeps_its_text() -> None:
    facts = Facts("JWS", notes=(Note("content.not-covered", "", {"path": Path("a/b"), "delta": timedelta(1)}),))
    evidence = unpack(pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW))
    assert isinstance(evidence.facts, Facts)
    assert evidence.facts.notes[0].values == {"path": "a/b", "delta": "1 day, 0:00:00"}


def test_times_are_utc() -> None:
    tokyo = timezone(timedelta(hours=9), "JST")
    archive = pack(Facts(None), NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW.astimezone(tokyo))
    assert json.loads(members(archive)["request.json"])["at"] == "2026-11-01T09:00:00+00:00"
    assert archive == pack(Facts(None), NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW)


def test_an_unknown_algorithm_keeps_nothing_to_verify() -> None:
    value = SignatureValue("1.2.3.4", b"the signed octets", b"v", b"v")
    facts = Facts("JWS", (Signature("JWS", None, value, (SignedObject("payload", True, None),)),))
    archive = pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW)
    assert b"the signed octets" not in archive
    evidence = unpack(archive)
    assert isinstance(evidence.facts, Facts)
    assert evidence.facts.signatures[0].value == value._replace(signed=b"")


def test_every_type_of_the_facts_can_be_written() -> None:
    for kind in (Facts, Unread, Material):
        assert codec._record(kind)


# -- hostile archives


def refused(archive: bytes) -> str:
    with pytest.raises(MalformedError) as caught:
        unpack(archive)
    assert caught.value.message
    return caught.value.code


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.7", b"PK\x03\x04", jt.PAYLOAD, b"PK\x05\x06" + bytes(18)])
def test_something_else(data: bytes) -> None:
    assert refused(data) in ("replay.not-evidence", "replay.unreadable")


def test_another_zip() -> None:
    assert refused(zipped({"a.txt": b"x"})) == "replay.not-evidence"
    assert refused(zipped({"mimetype": b"application/epub+zip"})) == "replay.not-evidence"


def test_truncated() -> None:
    archive = order().archive
    for end in (*range(4, 200, 7), len(archive) // 2, len(archive) - 1):
        assert refused(archive[:end]) == "replay.unreadable"
    assert refused(archive + b"\0") == "replay.unreadable"
    assert refused(archive[:4] + archive) == "replay.unreadable"


@pytest.mark.parametrize("version", ["2", "0", "", "1 ", "１"])
def test_unknown_version(version: str) -> None:
    parts = members(order().archive)
    parts["mimetype"] = f"application/vnd.toyono-trust.evidence+zip; version={version}".encode()
    assert refused(resealed(parts)) == "replay.version"


@pytest.mark.parametrize("name", ["../facts.json", "/etc/passwd", "material/../x.crt", "C:\\x", "material/", "notes"])
def test_names_that_lead_elsewhere(name: str) -> None:
    parts = members(order().archive)
    assert refused(resealed(parts | {name: b"x"})) == "replay.member"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice() -> None:
    import io

    buffer = io.BytesIO(order().archive)
    with zipfile.ZipFile(buffer, "a") as opened:
        opened.writestr("facts.json", b"{}")
    assert refused(buffer.getvalue()) == "replay.member"


def test_a_changed_member() -> None:
    parts = members(order().archive)
    for name in parts:
        if name not in ("mimetype", "manifest.json"):
            assert refused(zipped(parts | {name: parts[name] + b" "})) == "replay.digest", name
    crt = next(name for name in parts if name.endswith(".crt"))
    assert refused(resealed(parts | {crt: parts[crt] + b" "})) == "replay.digest"


def test_a_missing_or_idle_member() -> None:
    parts = members(order().archive)
    for name in parts:
        if name != "mimetype":
            rest = {other: data for other, data in parts.items() if other != name}
            assert refused(resealed(rest) if name != "manifest.json" else zipped(rest)) == "replay.member", name
    idle = b"nobody asks for this"
    assert refused(resealed(parts | {f"material/{jt.sha256(idle).hex()}.crt": idle})) == "replay.member"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    parts = members(order().archive)
    assert refused(zipped(parts | {"facts.json": bytes(64 << 20)}, zipfile.ZIP_DEFLATED)) == "replay.too-large"


def test_a_directory_of_a_million_entries_is_not_read() -> None:
    archive = bytearray(order().archive)
    archive[-12:-10] = (60_000).to_bytes(2, "little")
    archive[-14:-12] = (60_000).to_bytes(2, "little")
    assert refused(bytes(archive)) == "replay.too-large"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    assert refused(zipped(members(order().archive), method)) == "replay.unreadable"


def test_an_archive_that_another_program_compressed_is_read() -> None:
    evidence = unpack(zipped(members(order().archive), zipfile.ZIP_DEFLATED))
    assert replaying.packed_again(evidence) == order().archive


def test_an_encrypted_member_is_refused() -> None:
    archive = bytearray(order().archive)
    directory = int.from_bytes(archive[-6:-2], "little")
    archive[6] |= 1
    archive[directory + 8] |= 1
    assert refused(bytes(archive)) == "replay.unreadable"


def test_too_large_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_VALUES", 1_000)
    monkeypatch.setattr(container, "MAX_MEMBERS", 1_000)
    many = Material(revocation=tuple(number.to_bytes(3) for number in range(container.MAX_MEMBERS)))
    noted = Facts("JWS", notes=(Note("content.not-covered"),) * container.MAX_VALUES)
    for facts, material in ((Facts("JWS"), many), (noted, NO_MATERIAL)):
        with pytest.raises(MisuseError) as caught:
            pack(facts, material, Policy.default(), TrustStore.empty(), jt.NOW)
        assert caught.value.code == "replay.too-large"


def _first(value: Any) -> Any:
    return value["read"]["signatures"][0]


ODD: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "unknown member": ("facts.json", lambda v: _first(v).update(more=1), "replay.value"),
    "missing member": ("facts.json", lambda v: _first(v).pop("format"), "replay.value"),
    "wrong type": ("facts.json", lambda v: _first(v).update(format=1), "replay.value"),
    "text for a list": ("facts.json", lambda v: _first(v).update(certificates="abc"), "replay.value"),
    "unknown level": ("facts.json", lambda v: _first(v).update(level="B-X"), "replay.value"),
    "unknown code": ("facts.json", lambda v: v["read"].update(notes=[{"code": "no.such-code"}]), "replay.value"),
    "unknown octets": ("facts.json", lambda v: _first(v).update(leaf="0" * 64), "replay.member"),
    "octets of no name": ("facts.json", lambda v: _first(v).update(leaf=None, certificates=[7]), "replay.member"),
    "naive time": ("facts.json", lambda v: _first(v).update(claimed_signing_time="2026-01-01"), "replay.value"),
    "odd time": ("request.json", lambda v: v.update(at="2026-01-01T00:00:00Z"), "replay.value"),
    "a time that is none": ("request.json", lambda v: v.update(at=5), "replay.value"),
    "time before time": ("request.json", lambda v: v.update(at="0001-01-01T00:00:00+09:00"), "replay.value"),
    "no base64": ("facts.json", lambda v: _first(v)["value"].update(wire="a"), "replay.value"),
    "both": ("facts.json", lambda v: _first(v)["value"].update(digest="AAAA", signed="0" * 64), "replay.member"),
    "neither facts nor not": ("facts.json", lambda v: v.clear(), "replay.value"),
    "no object": ("facts.json", lambda _: [], "replay.value"),
    "no policy": ("policy.json", lambda v: v.pop("digest"), "replay.value"),
    "a policy that cannot be": ("policy.json", lambda v: v["values"].update(name=4), "replay.value"),
    "a policy of another kind": ("policy.json", lambda v: v.update(values=[]), "replay.value"),
    "another trust": ("trust.json", lambda v: v.update(digest="sha256:00"), "replay.digest"),
    "an anchor for more": ("trust.json", lambda v: v["anchors"][0].update(purposes=["seal"]), "replay.digest"),
    "an anchor for nothing": ("trust.json", lambda v: v["anchors"][0].update(purposes=[]), "replay.value"),
    "a number too long": ("request.json", lambda v: v["left"].update(paths="f" * 3000), "replay.value"),
    "a tag too many": ("facts.json", lambda v: _noted(v, {"time": "x", "date": "y"}), "replay.value"),
    "an unknown tag": ("facts.json", lambda v: _noted(v, {"code": "x"}), "replay.value"),
    "a date that is none": ("facts.json", lambda v: _noted(v, {"date": "2026-13-01"}), "replay.value"),
    "a kind of changes": ("facts.json", lambda v: _first(v).update(revision=REVISION), "replay.value"),
}
REVISION = {
    "field": "f",
    "byte_range": [0, 1, 2, 3],
    "covers_whole_file": True,
    "byte_range_valid": True,
    "length": 3,
    "changes": ["magic"],
}


def _noted(value: Any, inner: object) -> None:
    value["read"]["notes"] = [{"code": "content.not-covered", "values": {"a": inner}}]


@pytest.mark.parametrize(("name", "change", "code"), ODD.values(), ids=ODD.keys())
def test_a_member_that_says_what_cannot_be(name: str, change: Callable[[Any], object], code: str) -> None:
    assert refused(changed(order().archive, name, change)) == code


def test_more_than_any_file_may_have() -> None:
    def many(value: Any) -> None:
        value["read"]["signatures"] *= 2000

    def deep(value: Any) -> None:
        inner = _first(value)
        for _ in range(200):
            inner = {**_first(value), "counter_signatures": [inner]}
        value["read"]["signatures"] = [inner]

    assert refused(changed(order().archive, "facts.json", many)) == "replay.value"
    assert refused(changed(order().archive, "facts.json", deep)) == "replay.value"


ATOMS: tuple[Any, ...] = (None, True, 0, -1, 1 << 60, 1.5, "", "x", "0" * 64, [], {}, ["x"], {"time": 1}, "9" * 5000)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON value where something else can stand."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@pytest.mark.parametrize("kind", ["order", "receipt", "pdf"])
def test_whatever_stands_in_the_facts_nothing_but_typed_errors_comes_out(kind: str) -> None:
    first = {"receipt": evidence_of, "pdf": lambda: signed(format="pades")}.get(kind)
    parts = members((order() if first is None else judged(first())).archive)
    reports = refusals = 0
    for name in ("facts.json", "request.json", "trust.json", "policy.json")[: 4 if kind == "order" else 1]:
        whole = json.loads(parts[name])
        for holder, key in list(_places(whole)):
            before = holder[key]
            for atom in ATOMS:
                holder[key] = atom
                try:
                    evidence = unpack(resealed(parts | {name: json.dumps(whole).encode()}))
                except MalformedError:
                    refusals += 1
                    continue
                assert dresses(replayed(evidence))
                reports += 1
            holder[key] = before
    assert reports > 40
    assert refusals > 400
