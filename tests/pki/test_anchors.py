"""Trust stores: what is an anchor, what is refused, and that digests depend on what is trusted alone."""

from __future__ import annotations

import threading
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

import made_pki as pki
from made_pki import AT, DAY
from toyono_trust.core.findings import table
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.pki import anchors
from toyono_trust.pki.anchors import TrustStore, pack
from toyono_trust.pki.renewal import plan, renew
from toyono_trust.steps import Answer, Fetch, Response

ROOT = pki.issue("Root", ca=True)
OTHER = pki.issue("Other root", ca=True)
SUB = pki.issue("Sub", ROOT, ca=True)
LEAF = pki.issue("Leaf", SUB)
RESPONDER = pki.issue("Responder", SUB, extensions=[(pki.OCSP, False)])
CRL = pki.crl(ROOT)
SUB_CRL = pki.crl(SUB, until=AT + DAY)
OCSP = pki.ocsp_response(LEAF, SUB, RESPONDER, until=AT + 2 * DAY)


def pem(made: pki.Made) -> bytes:
    return made.x509.public_bytes(Encoding.PEM)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def town(folder: Path) -> Path:
    return write(
        folder,
        {
            "anchors/root.pem": pem(ROOT),
            "intermediates/sub.cer": SUB.der,
            "revocation/root.crl": CRL.der,
            "revocation/leaf.ocsp": OCSP.der,
        },
    )


def refused(*paths: Any) -> str:
    with pytest.raises(MisuseError) as caught:
        TrustStore.load(*paths)
    assert caught.value.hint
    assert caught.value.code in table()
    return caught.value.code


# -- loading


def test_folder(tmp_path: Path) -> None:
    store = TrustStore.load(town(tmp_path))
    assert store.anchor_certificates == (ROOT.certificate,)
    assert store.anchors[0].purposes == {"any"}
    assert store.intermediates == (SUB.certificate,)
    assert {item.digest for item in store.revocation} == {CRL.digest, OCSP.digest}
    assert store.valid_until == OCSP.next_update
    assert store.notes == ()


def test_single_file_is_an_anchor(tmp_path: Path) -> None:
    write(tmp_path, {"root.pem": pem(ROOT), "root.der": ROOT.der, "both.pem": b"Roots\n" + pem(ROOT) + pem(OTHER)})
    assert TrustStore.load(tmp_path / "root.pem").digest == TrustStore.load(str(tmp_path / "root.der")).digest
    assert len(TrustStore.load(tmp_path / "both.pem").anchors) == 2
    assert TrustStore.load(tmp_path / "root.pem").valid_until is None


def test_several_paths_are_joined(tmp_path: Path) -> None:
    write(tmp_path, {"root.pem": pem(ROOT), "other.pem": pem(OTHER)})
    store = TrustStore.load(town(tmp_path / "town"), tmp_path / "other.pem", tmp_path / "root.pem")
    assert set(store.anchor_certificates) == {ROOT.certificate, OTHER.certificate}


def test_certificate_that_only_lies_there_is_no_anchor_and_is_reported(tmp_path: Path) -> None:
    folder = write(town(tmp_path), {"stray.pem": pem(OTHER), "revocation/x.pem": pem(OTHER), "readme.txt": b"hello"})
    store = TrustStore.load(folder)
    assert store.anchor_certificates == (ROOT.certificate,)
    assert OTHER.certificate not in store.intermediates
    assert sorted((code, Path(source).name) for code, source, _ in store.notes) == [
        ("trust.ignored-file", "readme.txt"),
        ("trust.not-loaded", "stray.pem"),
        ("trust.not-loaded", "x.pem"),
    ]


def test_empty_is_an_error(tmp_path: Path) -> None:
    assert refused() == "trust.empty"
    assert refused(tmp_path) == "trust.empty"
    assert refused(write(tmp_path / "b", {"intermediates/sub.pem": pem(SUB)})) == "trust.empty"
    (tmp_path / "empty.pem").write_bytes(b"")
    assert refused(tmp_path / "empty.pem") == "trust.empty"
    with pytest.raises(MisuseError):
        TrustStore.from_certificates([])
    assert not TrustStore.empty()


def test_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TrustStore.load(tmp_path / "absent")


def test_private_keys_are_refused_wherever_they_lie(tmp_path: Path) -> None:
    key = ROOT.key
    forms = product((Encoding.PEM, Encoding.DER), (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL))
    secrets = [key.private_bytes(*form, NoEncryption()) for form in forms]
    secrets.append(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    secrets.append(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    secrets.append(pkcs12.serialize_key_and_certificates(b"x", key, ROOT.x509, None, BestAvailableEncryption(b"x")))
    for number, secret in enumerate(secrets):
        (tmp_path / "key").write_bytes(secret)
        assert refused(tmp_path / "key") == "trust.private-key", number
    (tmp_path / "key").write_bytes(pem(ROOT) + secrets[0])
    assert refused(tmp_path / "key") == "trust.private-key"
    for place in ("anchors/key.pem", "elsewhere/key.pem"):
        assert refused(write(town(tmp_path / place[:4]), {place: secrets[0]})) == "trust.private-key"


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN CERTIFICATE-----\nMIIB",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        b"\x30\x82\xff\xff\x00",
        ROOT.der[:-1],
        ROOT.der + b"\0",
        b"PK\x03\x04 no archive",
    ],
    ids=("no end", "no base64", "no certificate", "no length", "cut", "longer", "no archive"),
)
def test_damaged_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.pem").write_bytes(data)
    assert refused(tmp_path / "bad.pem") == "trust.unreadable"


@given(st.integers(0, len(ROOT.der) - 1), st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_any_damage_is_an_error_of_ours(place: int, mask: int) -> None:
    """Octets of any shape load or raise a ``TrustError``, nothing else."""
    changed = bytearray(ROOT.der)
    changed[place] ^= mask
    try:
        TrustStore.from_certificates([bytes(changed)])
    except TrustError as error:
        assert isinstance(error, MalformedError | MisuseError)  # noqa: PT017


# -- trust.toml

TOML = b"""
fetch = ["http://crl.example/ca.crl"]
[[anchor]]
file = "roots/root.pem"
purposes = ["seal", "timestamp"]
not_before = 2026-04-01
not_after = 2027-01-01T00:00:00+09:00
"""


def told(folder: Path, toml: bytes) -> Path:
    return write(folder, {"trust.toml": toml, "roots/root.pem": pem(ROOT), "anchors/other.pem": pem(OTHER)})


def test_toml_names_anchors_purposes_and_spans(tmp_path: Path) -> None:
    store = TrustStore.load(told(tmp_path, TOML))
    (anchor,) = store.anchors
    assert anchor.certificate == ROOT.certificate
    assert anchor.serves("seal")
    assert not anchor.serves("signature")
    assert anchor.not_before == datetime(2026, 4, 1, tzinfo=UTC)
    assert anchor.not_after == datetime(2026, 12, 31, 15, tzinfo=UTC)
    assert anchor.holds_at(AT)
    assert not anchor.holds_at(anchor.not_after)
    assert store.fetch == ("http://crl.example/ca.crl",)
    assert [code for code, _, _ in store.notes] == ["trust.not-loaded"]


def test_toml_without_anchors_leaves_the_folder_in_force(tmp_path: Path) -> None:
    assert TrustStore.load(told(tmp_path, b"fetch = []")).anchor_certificates == (OTHER.certificate,)


@pytest.mark.parametrize(
    ("toml", "code"),
    [
        (b"anchors = 1", "trust.unknown-key"),
        (b'[[anchor]]\nfile = "roots/root.pem"\npurpose = ["any"]', "trust.unknown-key"),
        (b'[[anchor]]\nfile = "roots/root.pem"\npurposes = ["sealing"]', "trust.bad-value"),
        (b'[[anchor]]\nfile = "roots/root.pem"\npurposes = []', "trust.bad-value"),
        (b'[[anchor]]\nfile = "roots/root.pem"\nnot_after = 2026-01-01T00:00:00', "trust.bad-value"),
        (b'[[anchor]]\nfile = "roots/root.pem"\nnot_after = "soon"', "trust.bad-value"),
        (b'[[anchor]]\nfile = "roots/root.pem"\nnot_before = 2027-01-01\nnot_after = 2026-01-01', "trust.bad-value"),
        (b'[[anchor]]\nfile = "roots/root.pem"\n[[anchor]]\nfile = "roots/./root.pem"', "trust.bad-value"),
        (b'fetch = ["file:///etc/passwd"]', "trust.bad-value"),
        (b'[[anchor]]\nfile = "../root.pem"', "trust.outside"),
        (b'[[anchor]]\nfile = "/etc/root.pem"', "trust.outside"),
        (b'[[anchor]]\nfile = "roots/absent.pem"', "trust.outside"),
        (b"[[anchor]]\nfile = 1", "trust.outside"),
        (b"[[anchor]]", "trust.outside"),
        (b"[[anchor", "trust.unreadable"),
        (b"\xff", "trust.unreadable"),
    ],
)
def test_toml_that_is_wrong_is_an_error(tmp_path: Path, toml: bytes, code: str) -> None:
    assert refused(told(tmp_path, toml)) == code


def test_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.pem").write_bytes(pem(OTHER))
    folder = told(tmp_path / "town", b'[[anchor]]\nfile = "link.pem"')
    (folder / "link.pem").symlink_to(tmp_path / "outside.pem")
    assert refused(folder) == "trust.outside"


def test_one_anchor_with_two_spans_is_a_conflict(tmp_path: Path) -> None:
    assert refused(told(tmp_path / "a", TOML), tmp_path / "a" / "roots" / "root.pem") == "trust.conflict"


# -- digests


def test_digest_depends_on_what_is_trusted_alone(tmp_path: Path) -> None:
    store = TrustStore.load(town(tmp_path / "a"))
    built = TrustStore.from_certificates([ROOT.der], [SUB.der], [OCSP.der, CRL.der])
    assert (built.digest, built.revocation_digest) == (store.digest, store.revocation_digest)
    assert store.digest.startswith("sha256:")
    bundle = write(tmp_path / "b", {"anchors/x.pem": pem(OTHER) + pem(ROOT)})
    other = write(tmp_path / "c", {"anchors/1.cer": ROOT.der, "anchors/2.cer": OTHER.der})
    assert TrustStore.load(bundle).digest == TrustStore.load(other).digest


def test_digest_changes_with_anchor_purpose_span_and_intermediate(tmp_path: Path) -> None:
    variants = [
        TrustStore.from_certificates([ROOT.der]),
        TrustStore.from_certificates([ROOT.der], [SUB.der]),
        TrustStore.from_certificates([ROOT.der, OTHER.der]),
        TrustStore.from_certificates([ROOT.der, SUB.der]),
        TrustStore.load(told(tmp_path / "a", TOML)),
        TrustStore.load(told(tmp_path / "b", TOML.replace(b"2026-04-01", b"2026-04-02"))),
        TrustStore.load(told(tmp_path / "c", TOML.replace(b'"seal", ', b""))),
        TrustStore.empty(),
    ]
    assert len({store.digest for store in variants}) == len(variants)
    assert len({store.revocation_digest for store in variants}) == 1


def test_superseded_list_does_not_shorten_validity() -> None:
    old, new = pki.crl(ROOT, at=AT - 9 * DAY, until=AT - 2 * DAY), pki.crl(ROOT, at=AT - DAY, until=AT + DAY)
    store = TrustStore.from_certificates([ROOT.der], revocation=[old.der, new.der])
    assert store.valid_until == new.next_update
    assert store.current_revocation() == (new,)


# -- the snapshot


def test_look_ups() -> None:
    store = TrustStore.from_certificates([ROOT.der], [SUB.der])
    assert store.find_certificate(SUB.certificate.sha256) == SUB.certificate
    assert store.find_certificate(b"") is None
    assert store.issuers(ROOT.certificate.subject_der) == (ROOT.certificate,)
    identifier = SUB.certificate.subject_key_identifier
    assert identifier is not None
    assert store.by_key_identifier(identifier) == (SUB.certificate,)
    assert store.anchor(SUB.certificate) is None
    assert store.anchor(ROOT.certificate) == store.anchors[0]


def test_snapshot_does_not_change() -> None:
    store = TrustStore.from_certificates([ROOT.der])
    with pytest.raises(AttributeError):
        store.anchors = ()
    assert "1 anchors" in repr(store)


def test_passed_verdicts_are_bounded_and_survive_threads() -> None:
    passed = TrustStore.empty().passed

    def fill(start: int) -> None:
        for number in range(3_000):
            passed[start + number] = number

    threads = [threading.Thread(target=fill, args=(start,)) for start in (0, 10_000, 20_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert anchors.MAX_PASSED - 3 <= len(passed) <= anchors.MAX_PASSED + 3
    passed["last"] = 1
    assert passed["last"] == 1


def test_lapses_soonest_first(tmp_path: Path) -> None:
    lapses = TrustStore.load(town(tmp_path)).lapses()
    assert [lapse.when for lapse in lapses] == sorted(lapse.when for lapse in lapses)
    assert lapses[0].what.startswith("OCSP response")
    assert any("CRL of CN=Root" in lapse.what for lapse in lapses)


# -- packing


def test_packed_file_reads_back_to_the_same_digests_and_is_deterministic(tmp_path: Path) -> None:
    second = write(told(tmp_path / "b", TOML), {"revocation/r": CRL.der})
    for number, folder in enumerate((town(tmp_path / "a"), second)):
        packed = pack(folder)
        assert packed == pack(folder)
        (tmp_path / f"{number}.trust").write_bytes(packed)
        one, other = TrustStore.load(folder), TrustStore.load(tmp_path / f"{number}.trust")
        assert (one.digest, one.revocation_digest, one.fetch) == (other.digest, other.revocation_digest, other.fetch)
        assert set(one.anchors) == set(other.anchors)


def test_hostile_packed_file_is_an_error(tmp_path: Path) -> None:
    def archive(**files: bytes) -> bytes:
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files.items():
                made.writestr(name, data)
        return buffer.getvalue()

    (tmp_path / "bomb").write_bytes(archive(**{"anchors/a": b"\0" * (257 << 20)}))
    assert refused(tmp_path / "bomb") == "trust.too-large"
    whole = archive(**{"anchors/a.cer": ROOT.der})
    for length in range(4, len(whole), 11):
        (tmp_path / "cut").write_bytes(whole[:length])
        assert refused(tmp_path / "cut") in ("trust.unreadable", "trust.empty")
    (tmp_path / "toml").write_bytes(archive(**{"trust.toml": b'[[anchor]]\nfile = "../a"', "../a": ROOT.der}))
    assert refused(tmp_path / "toml") == "trust.outside"


# -- renewal


def stored(*revocation: Any, fetch: bytes = b"", folder: Path) -> TrustStore:
    files = {"anchors/root.pem": pem(ROOT), "intermediates/s.pem": pem(WITH_URL) + pem(SUB)}
    files |= {f"revocation/{number}": item.der for number, item in enumerate(revocation)}
    return TrustStore.load(write(folder, files | ({"trust.toml": fetch} if fetch else {})))


URL = "http://crl.example/root.crl"
_POINT = pki.x509.DistributionPoint([pki.x509.UniformResourceIdentifier(URL)], None, None, None)
WITH_URL = pki.issue("Second sub", ROOT, ca=True, extensions=[(pki.x509.CRLDistributionPoints([_POINT]), False)])


def test_what_lapses_is_fetched_and_read(tmp_path: Path) -> None:
    store = stored(CRL, folder=tmp_path)
    assert plan(store, AT) == ((), ())
    requests, unknown = plan(store, AT + 30 * DAY)
    assert [(request.url, request.named_by) for request in requests] == [(URL, "file")]
    assert unknown == ()
    steps = renew(store, AT + 30 * DAY)
    assert next(steps) == requests
    fresh = pki.crl(ROOT, at=AT, until=AT + 60 * DAY)
    with pytest.raises(StopIteration) as done:
        steps.send((Answer(AT, Response(200, {}, fresh.der)),))
    renewal = done.value.value
    assert [data for _, data in renewal.files] == [fresh.der]
    assert renewal.failed == ()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(AT, error=UnavailableError("net.timeout", "no answer")),
        Answer(AT, Response(404, {}, b"")),
        Answer(AT, Response(200, {}, b"<html>")),
    ],
)
def test_failed_fetch_brings_no_file(tmp_path: Path, answer: Answer) -> None:
    steps = renew(stored(folder=tmp_path), AT)
    assert [request.url for request in next(steps)] == [URL]  # named by a certificate, and none at hand
    with pytest.raises(StopIteration) as done:
        steps.send((answer,))
    assert done.value.value.files == ()
    assert [url for url, _ in done.value.value.failed] == [URL]
    assert done.value.value.failed[0][1].code in table()


def test_address_of_a_leafs_list_comes_from_trust_toml(tmp_path: Path) -> None:
    assert plan(stored(CRL, SUB_CRL, folder=tmp_path / "a"), AT + 2 * DAY)[1] == ("CRL of CN=Sub,C=JP",)
    store = stored(CRL, SUB_CRL, fetch=b'fetch = ["http://crl.example/sub.crl"]', folder=tmp_path / "b")
    assert plan(store, AT + 2 * DAY) == (
        (Fetch("http://crl.example/sub.crl", max_bytes=64 << 20, named_by="caller"),),
        (),
    )


def test_response_is_asked_for_again_at_the_same_responder(tmp_path: Path) -> None:
    access = pki.x509.AccessDescription(
        pki.x509.oid.AuthorityInformationAccessOID.OCSP, pki.x509.UniformResourceIdentifier("http://ocsp.example")
    )
    known = pki.issue("Known", SUB, extensions=[(pki.x509.AuthorityInformationAccess([access]), False)])
    response = pki.ocsp_response(known, SUB, RESPONDER, algorithm="sha256")
    requests, unknown = plan(stored(CRL, response, folder=tmp_path), AT + 2 * DAY, [known.certificate])
    assert unknown == ()
    (request,) = requests
    asked = ocsp.load_der_ocsp_request(request.body or b"")
    assert (asked.serial_number, asked.hash_algorithm.name) == (known.certificate.serial, "sha256")
    assert (request.method, request.url) == ("POST", "http://ocsp.example")
