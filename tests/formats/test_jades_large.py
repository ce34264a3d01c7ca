"""JAdES over large detached content: nothing holds it, and what is signed is what plain code says.

The plain code computes with base64 and hashlib alone, and holds everything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from made_archive import archived, archives, material, only, stamped, token
from made_jades import ALGORITHMS, AT, certificate_for, codes, key_for, signing_input
from toyono_trust import NotVerified, Report, Signer, TrustStore, augment, seal, verbs, verify
from toyono_trust.core import algorithms
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.core.content import CHUNK, BytesContent, FileContent
from toyono_trust.core.limits import MAX_FILE, MAX_HEADER
from toyono_trust.devpki import Identity, Simulation, Town
from toyono_trust.errors import MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.draft import Draft
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.jades.payload import LARGE, document_chunks
from toyono_trust.formats.model import Signature
from toyono_trust.keys.signer import DigestSignerLike, SignerLike, sign_content
from toyono_trust.steps import Call, Steps, World, ask, run
from toyono_trust.validation.etsi import xml
from toyono_trust.validation.render import text
from toyono_trust.validation.replay import unpack

HASHED = tuple(name for name in ALGORITHMS if "sha" in name)
WHOLE = ("ed25519", "ml-dsa-65")
MECHANISMS = {
    "b64": JadesDetails(),
    "b64=false": JadesDetails(b64=False),
    "uri": JadesDetails(mechanism="uri"),
    "uri, b64=false": JadesDetails(mechanism="uri", b64=False),
    "uri-hash": JadesDetails(mechanism="uri-hash", b64=True),
    "uri-hash, b64=false": JadesDetails(mechanism="uri-hash", b64=False),
}
ENCODED = ("b64", "uri", "uri-hash")
SIZE = 2 * LARGE + 1


class Large(FileContent):
    """A file that is too large to be held."""

    @property
    def bytes(self) -> bytes:
        raise AssertionError("the whole content was asked for")


@pytest.fixture
def content(tmp_path: Path) -> Large:
    path = tmp_path / "ledger.bin"
    path.write_bytes(octets())
    return Large(path)


@lru_cache(1)
def octets() -> bytes:
    """No two pieces of it are alike."""
    return hashlib.shake_256(b"ledger").digest(SIZE)


@lru_cache(2)
def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def made(draft: Draft, algorithm: str) -> bytes:
    """Signed by the digest of the signing input."""
    assert draft.message is not None
    assert draft.to_be_signed == b""
    row = algorithms.by_name(algorithm)
    assert row is not None
    assert row.digest is not None
    value = algorithms.sign_digest(algorithm, key_for(algorithm), draft.message.digest(row.digest))
    return jades.finish(draft, value)


def signed(content: Large, algorithm: str = "ecdsa-sha256", details: JadesDetails | None = None) -> bytes:
    request = signing_input(content, algorithm=algorithm, detached=True, details=details)
    draft = jades.prepare(request)
    if draft.message is not None:
        return made(draft, algorithm)
    return jades.finish(draft, algorithms.sign(algorithm, key_for(algorithm), draft.to_be_signed))


def protected_of(data: bytes) -> bytes:
    if data[:1] == b"e":
        return data.split(b".")[0]
    found: str = json.loads(data)["protected"]
    return found.encode()


# -- what is signed


@pytest.mark.parametrize("algorithm", HASHED)
@pytest.mark.parametrize("b64", [True, False])
def test_the_digest_is_over_the_signing_input(algorithm: str, b64: bool, content: Large) -> None:
    data = signed(content, algorithm, None if b64 else JadesDetails(b64=False))
    value = only(data, content).value
    whole = protected_of(data) + b"." + (encoded(octets()) if b64 else octets())
    row = algorithms.by_name(algorithm)
    assert row is not None
    assert row.digest is not None
    assert (value.signed, value.digest) == (b"", hashlib.new(row.digest, whole).digest())
    assert value.compact == hashlib.sha256(whole + b"." + value.wire).digest()
    assert algorithms.verify(algorithm, key_for(algorithm).public_key(), value.value, whole)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_layout_is_stamped_and_read_in_pieces(mechanism: str, content: Large) -> None:
    data = signed(content, details=MECHANISMS[mechanism])
    data = archived(jades.add_validation_data(stamped(data), material()), content, algorithm="sha512")
    data = archived(jades.add_validation_data(data, material(1)), content)
    signature = only(data, content)
    assert (signature.level, codes(signature)) == ("B-LTA", [])
    assert [(one.imprint_found, one.imprint_intact) for one in archives(signature)] == [(True, True)] * 2
    (thing,) = signature.objects
    assert (thing.found, thing.intact) == (True, True if "hash" in mechanism else None)
    assert archives(signature)[0].imprint == _archive_imprint(data, mechanism in ENCODED)
    if "hash" not in mechanism:
        whole = protected_of(data) + b"." + (encoded(octets()) if mechanism in ENCODED else octets())
        assert signature.value.digest == hashlib.sha256(whole).digest()


def _archive_imprint(data: bytes, b64: bool) -> bytes:
    """Of the first archive time stamp: payload, header, signature, and the elements before it (5.3.6.2.3)."""
    jws = json.loads(data)
    elements = jws["header"]["etsiU"]
    names = [next(iter(json.loads(base64.urlsafe_b64decode(one + "==")))) for one in elements]
    before = "".join(elements[: names.index("arcTst")])
    payload = encoded(octets()) if b64 else octets()
    covered = payload + f".{jws['protected']}.{jws['signature']}.{before}".encode()
    return hashlib.sha512(covered).digest()


@pytest.mark.parametrize("mechanism", ["uri", "uri-hash"])
def test_several_documents_are_read_in_pieces(mechanism: Any, content: Large, tmp_path: Path) -> None:
    (tmp_path / "second").write_bytes(octets()[::-1])
    parts = (("first", content), ("second", Large(tmp_path / "second")))
    details = JadesDetails(mechanism=mechanism, parts=parts, b64=True)
    data = archived(jades.add_validation_data(stamped(signed(content, details=details)), material()), dict(parts))
    signature = only(data, dict(parts))
    assert [one.found for one in signature.objects] == [True, True]
    assert archives(signature)[0].imprint_intact is True
    payload = encoded(octets()) + encoded(octets()[::-1])
    if mechanism == "uri":
        assert signature.value.digest == hashlib.sha256(protected_of(data) + b"." + payload).digest()
    else:
        assert [one.intact for one in signature.objects] == [True, True]
        swapped = {"first": parts[1][1], "second": parts[0][1]}
        assert [one.intact for one in only(data, swapped).objects] == [False, False]


def test_a_body_behind_header_fields_is_read_in_pieces(content: Large) -> None:
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(octets()).digest()).decode()
    fields = (("(request-target)", "post /ledger"), ("Digest", digest))
    details = JadesDetails(mechanism="http-headers", b64=False, headers=fields)
    presented = {name.lower(): BytesContent(value.encode()) for name, value in fields} | {"body": content}
    data = archived(jades.add_validation_data(stamped(signed(content, details=details)), material()), presented)
    signature = only(data, presented)
    assert [one.intact for one in signature.objects] == [None, None, True]
    assert archives(signature)[0].imprint_intact is True
    assert signature.value.signed.endswith(b"(request-target): post /ledger\ndigest: " + digest.encode())


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_time_stamp_over_the_content_is_read_in_pieces(mechanism: str, content: Large) -> None:
    request = signing_input(content, detached=True, details=MECHANISMS[mechanism])
    imprint = jades.content_imprint(request, "sha256")
    assert imprint == hashlib.sha256(encoded(octets()) if mechanism in ENCODED else octets()).digest()
    draft = jades.prepare(request._replace(content_timestamp=token(imprint)))
    key = key_for("ecdsa-sha256")
    data = (
        jades.finish(draft, algorithms.sign("ecdsa-sha256", key, draft.to_be_signed))
        if draft.message is None
        else made(draft, "ecdsa-sha256")
    )
    (stamp,) = only(data, content).timestamps
    assert (stamp.type, stamp.imprint_found, stamp.imprint_intact) == ("content", True, True)


def test_a_file_is_no_header_field(content: Large) -> None:
    """The signature names what is a field; whatever was presented may be called one."""
    details = JadesDetails(mechanism="http-headers", b64=False, headers=(("host", "town.example"),))
    data = signed(content, details=details)
    assert only(data, {"host": BytesContent(b"town.example")}).objects[0].found
    assert not only(data, {"host": content}).objects[0].found
    assert not only(data, {"host": BytesContent(bytes(MAX_HEADER + 1))}).objects[0].found
    assert only(data, {"host": BytesContent(bytes(MAX_HEADER))}).objects[0].found


@pytest.mark.parametrize("size", [0, 1, 2, 3, (3 << 14) - 1, 3 << 14, (3 << 14) + 1, CHUNK - 1, CHUNK, 2 * CHUNK + 2])
def test_pieces_of_text_join(size: int, tmp_path: Path) -> None:
    data = octets()[:size]
    (tmp_path / "a").write_bytes(data)
    for each in (BytesContent(data), FileContent(tmp_path / "a")):
        pieces = list(document_chunks(each, True))
        assert b"".join(pieces) == encoded(data)
        assert max(map(len, pieces)) <= 4 << 14


@pytest.mark.parametrize(("size", "held"), [(LARGE, True), (LARGE + 1, False)])
def test_small_content_is_held(size: int, held: bool) -> None:
    content = BytesContent(octets()[:size])
    draft = jades.prepare(signing_input(content, detached=True))
    assert (draft.message is None) is held
    data = (
        jades.finish(draft, algorithms.sign("ecdsa-sha256", key_for("ecdsa-sha256"), draft.to_be_signed))
        if held
        else made(draft, "ecdsa-sha256")
    )
    signature = only(data, content)
    assert (signature.value.digest is None) is held
    assert _fits(signature)
    assert not _fits(only(data, BytesContent(content.bytes[:-1] + b"\0")))


def _fits(signature: Signature) -> bool:
    value, key = signature.value, key_for("ecdsa-sha256").public_key()
    if value.digest is None:
        return algorithms.verify(value.algorithm, key, value.value, value.signed)
    return algorithms.verify_digest(value.algorithm, key, value.value, value.digest)


@pytest.mark.parametrize("at", [0, CHUNK - 1, CHUNK, SIZE - 1])
def test_each_octet_counts(at: int, content: Large) -> None:
    data = signed(content)
    assert _fits(only(data, content))
    content.path.write_bytes(octets()[:at] + bytes([octets()[at] ^ 1]) + octets()[at + 1 :])
    assert not _fits(only(data, Large(content.path)))
    content.path.write_bytes(octets() + b"\0")
    assert not _fits(only(data, Large(content.path)))


def test_a_file_that_changes_in_between_is_an_error(content: Large) -> None:
    data = stamped(signed(content))
    only(data, content)
    content.path.write_bytes(octets()[::-1])
    with pytest.raises(MisuseError) as caught:
        only(data, content)
    assert caught.value.code == "content.changed"


# -- algorithms that sign no digest


@pytest.mark.parametrize("algorithm", WHOLE)
def test_what_signs_the_whole_gets_the_whole(algorithm: str, tmp_path: Path) -> None:
    (tmp_path / "ledger.bin").write_bytes(octets())
    content = FileContent(tmp_path / "ledger.bin")
    draft = jades.prepare(signing_input(content, algorithm=algorithm, detached=True))
    assert draft.message is not None
    data = jades.finish(draft, algorithms.sign(algorithm, key_for(algorithm), draft.message.bytes))
    value = only(data, content).value
    assert (value.signed, value.digest) == (protected_of(data) + b"." + encoded(octets()), None)
    assert algorithms.verify(algorithm, key_for(algorithm).public_key(), value.value, value.signed)


def test_what_signs_the_whole_has_an_end(town: Town, trust: TrustStore, tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"small")
    with large.open("wb") as stream:
        stream.truncate(MAX_FILE)
    by = town.identity("ed25519")
    with pytest.raises(MisuseError) as caught:
        seal(large, by=_opened(by), format="jades", detached=True)
    assert (caught.value.code, "uri-hash" in caught.value.hint) == ("signer.content-too-large", True)
    data = seal(small, by=_opened(by), format="jades", detached=True)
    report = verify(data, trust=trust, content=Large(large).path)
    (item,) = report.signatures
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    assert item.decisive is not None
    assert (item.decisive.code, item.signature_intact, item.level) == ("jws.content-too-large", None, "B-B")
    assert verify(data, trust=trust, content=small).indication == "TOTAL-PASSED"
    details = JadesDetails(mechanism="uri-hash")
    by_hash = seal(large, by=_opened(by), format="jades", detached=True, details=details)
    assert verify(by_hash, trust=trust, content=large).indication == "TOTAL-PASSED"


# -- keys


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town) -> TrustStore:
    return TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])


@pytest.fixture
def online(town: Town, trust: TrustStore) -> dict[str, Any]:
    return {"tsa": f"{town.base_url}/tsr", "http": Simulation(town), "trust": trust}


def _opened(identity: Identity) -> Signer:
    return Signer.from_key(identity.private_key, identity.certificate, identity.chain)


class Remote:
    """A key elsewhere, with the four members that every signer has."""

    def __init__(self, identity: Identity) -> None:
        self.certificate, self.chain, self.algorithms = identity.certificate, identity.chain, identity.algorithms
        self.private_key = identity.private_key
        self.asked: list[int] = []

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        self.asked.append(len(data))
        value: bytes = yield from ask(Call(lambda: algorithms.sign(algorithm, self.private_key, data)))
        return value


class RemoteByDigest(Remote):
    """The same with the fifth. ``refuses``: it cannot after all; ``wrong``: it signs another digest."""

    refuses = False
    wrong = False

    def sign_digest_steps(self, digest: bytes, algorithm: str) -> Steps[bytes | None]:
        self.asked.append(len(digest))
        if self.refuses:
            return None
        asked = bytes(32) if self.wrong else digest
        value: bytes = yield from ask(Call(lambda: algorithms.sign_digest(algorithm, self.private_key, asked)))
        return value


def test_a_key_elsewhere_gets_the_data_up_to_a_limit(town: Town, trust: TrustStore, content: Large) -> None:
    by = Remote(town.identity("town"))
    data = seal(content.path, by=by, format="jades", detached=True)
    assert by.asked == [len(protected_of(data)) + 1 + len(encoded(octets()))]
    assert verify(data, trust=trust, content=content.path).indication == "TOTAL-PASSED"
    with content.path.open("r+b") as stream:
        stream.truncate(MAX_FILE)
    with pytest.raises(MisuseError) as caught:
        seal(content.path, by=by, format="jades", detached=True)
    assert (caught.value.code, "uri-hash" in caught.value.hint) == ("signer.content-too-large", True)
    assert len(by.asked) == 1


def test_a_key_elsewhere_may_sign_a_digest(town: Town, trust: TrustStore, content: Large) -> None:
    by = RemoteByDigest(town.identity("town"))
    assert isinstance(by, DigestSignerLike)
    data = seal(content.path, by=by, format="jades", detached=True)
    assert by.asked == [32]
    assert verify(data, trust=trust, content=content.path).indication == "TOTAL-PASSED"
    by.refuses = True
    again = seal(content.path, by=by, format="jades", detached=True)
    assert by.asked[1:] == [32, len(protected_of(again)) + 1 + len(encoded(octets()))]
    assert verify(again, trust=trust, content=content.path).indication == "TOTAL-PASSED"
    by.refuses, by.wrong = False, True
    with pytest.raises(NotVerified) as caught:
        seal(content.path, by=by, format="jades", detached=True)
    assert caught.value.code == "signer.wrong-signature"
    assert caught.value.report.signatures[0].signature_intact is False


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_software_key_signs_content_of_any_algorithm(algorithm: str) -> None:
    content = BytesContent(octets())
    by: SignerLike = Signer.from_key(key_for(algorithm), certificate_for(algorithm), kind="legal-person")
    value = run(sign_content(by, content, algorithm), _WORLD)
    assert algorithms.verify(algorithm, key_for(algorithm).public_key(), value, octets())


_WORLD = World(lambda: AT, lambda size: pytest.fail("no randomness"), lambda: 0.0)


# -- the verbs


@pytest.mark.parametrize("mechanism", [None, *MECHANISMS])
def test_the_ladder_and_the_evidence(
    mechanism: str | None, town: Town, online: dict[str, Any], content: Large, tmp_path: Path
) -> None:
    path, trust = content.path, online["trust"]
    details: dict[str, Any] = {} if mechanism is None else {"details": MECHANISMS[mechanism]}
    by = _opened(town.identity("town"))
    plain = seal(path, by=by, format="jades", detached=True, level="B-T", **online, **details)
    lasting = augment(plain, level="B-LTA", content=path, **online)
    assert lasting.report.signatures[0].level == "B-LTA"
    at_once = seal(path, by=by, format="jades", detached=True, level="B-LTA", **online, **details)
    for data in (lasting, at_once):
        report = verify(data, trust=trust, content=path)
        assert report.indication == "TOTAL-PASSED", report
        _replays(report)
    path.write_bytes(octets()[::-1])
    failed = verify(lasting, trust=trust, content=path)
    assert failed.indication == "TOTAL-FAILED"
    _replays(failed)
    absent = verify(lasting, trust=trust)
    assert absent.sub_indication == "SIGNED_DATA_NOT_FOUND"
    _replays(absent)


def _replays(report: Report) -> None:
    """The archive gives the same report in all clothes, and the same archive."""
    archive = report.evidence
    assert len(archive) < 64 << 10
    e = unpack(archive)
    again = verbs.judge(e.facts, e.policy, e.trust, e.at, e.work(), e.material, e.present)
    again.file = e.file
    assert again.to_json() == report.to_json()
    assert xml(again) == xml(report)
    assert [text(again, language) for language in ("en", "ja")] == [text(report, language) for language in ("en", "ja")]
    assert again.evidence == archive


def test_the_xml_report_names_what_was_signed(town: Town, online: dict[str, Any], content: Large) -> None:
    by = _opened(town.identity("town"))
    data = seal(content.path, by=by, format="jades", detached=True, level="B-T", **online)
    found = xml(verify(data, trust=online["trust"], content=content.path)).decode()
    whole = protected_of(data) + b"." + encoded(octets())
    compact = whole + b"." + json.loads(data)["signature"].encode()
    for expected in (whole, compact, octets()):
        assert base64.b64encode(hashlib.sha256(expected).digest()).decode() in found


def test_a_parallel_and_a_counter_signature(town: Town, online: dict[str, Any], content: Large) -> None:
    path = content.path
    first = seal(path, by=_opened(town.identity("town")), format="jades", detached=True)
    both = seal(first, by=_opened(town.identity("rsa-2048")), format="jades", parallel=True, covers=path)
    (one, _) = verify(both, trust=online["trust"], content=path).signatures
    countered = seal(both, by=_opened(town.identity("town")), format="jades", countersigns=one.id, covers=path)
    report = verify(countered, trust=online["trust"], content=path)
    assert [item.indication for item in report.signatures] == ["TOTAL-PASSED"] * 2
    assert report.signatures[0].counter_signatures[0].indication == "TOTAL-PASSED"
    lasting = augment(both, level="B-LTA", content=path, **online)
    report = verify(lasting, trust=online["trust"], content=path)
    assert report.indication == "TOTAL-PASSED"
    levels = [item.level for item in report.signatures]
    assert levels == ["B-LTA", "B-LTA"]


def test_several_signers_may_archive_what_each_of_them_covers(
    town: Town, online: dict[str, Any], tmp_path: Path
) -> None:
    """The content is much larger than what may be hashed again of any file; it is hashed once for all archives."""
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(96 << 20)
    data = seal(path, by=_opened(town.identity("town")), format="jades", detached=True, details=JadesDetails(b64=False))
    for name in ("rsa-2048", "p384"):
        data = seal(data, by=_opened(town.identity(name)), format="jades", parallel=True, covers=path)
    lasting = augment(data, level="B-LTA", content=path, **online)
    report = verify(
        augment(lasting, level="B-LTA", content=path, digest="sha512", **online), trust=online["trust"], content=path
    )
    assert report.indication == "TOTAL-PASSED"
    assert [len(item.timestamps) for item in report.signatures] == [3, 3, 3]


def test_text_of_a_large_signature_is_signed_as_it_is(town: Town) -> None:
    """A counter-signature's payload is a signature value, whatever its size; nothing may sign nothing."""
    value = b64url_encode(octets())
    header = b64url_encode(b'{"alg":"ES256"}')
    draft = jades.prepare_counter(header + b".e30." + value, value, signing_input(b"not used"))
    assert draft.message is not None
    assert draft.message.bytes.endswith(b"." + value)


# -- measured


def test_memory_does_not_grow_with_the_content() -> None:
    """Each job in a process of its own: B-T, B-LTA, verify."""
    pytest.importorskip("resource")
    bench = Path(__file__).resolve().parents[1] / "bench" / "memory.py"
    command = [sys.executable, str(bench), "--json", "--only", "JAdES:", "--size", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ["JAdES: seal B-T", "JAdES: augment to B-LTA", "JAdES: verify"]
    for job, size, growth, *_ in rows:
        assert growth < 48, f"{job}: {growth} MiB for {size} MiB"
