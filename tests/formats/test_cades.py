"""CAdES both ways: what we write is read by others, what others write is read by us, and the facts are right."""

from __future__ import annotations

import asyncio
import datetime
import functools
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as foreign
from asn1crypto import keys as foreign_keys
from asn1crypto import x509 as foreign_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.sign import SimpleSigner
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator.registry import SimpleCertificateStore

from corpus import corpus
from made_keys import MAKERS, der, issue, pem
from toyono_trust.core import algorithms, asn1, cms
from toyono_trust.core.cms.building import DATA
from toyono_trust.core.content import BytesContent, FileContent
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import cades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Nested, SigningInput
from toyono_trust.formats.model import (
    Facts,
    Place,
    Properties,
    Signature,
    SignaturePolicy,
    SignatureValue,
    TimestampToken,
)

CONTENT = BytesContent(b"river level 3.2 m\r\n" * 50, "level.txt")
WHEN = datetime.datetime(2026, 11, 22, 1, 2, 3, tzinfo=datetime.UTC)
FULL = Properties(
    ("1.2.840.113549.1.9.16.6.1",),
    ("mayor", "課長"),
    Place("JP", "豊野町", street="1-1"),
    SignaturePolicy("urn:oid:1.2.3.4", "sha256", bytes(range(32)), "https://town.example/policy"),
    "application/json",
)
NOTHING = Properties()
KINDS = {
    "rsa-sha256": "rsa2048",
    "rsa-pss-sha256": "rsa2048",
    "rsa-pss-sha512": "rsa2048",
    "ecdsa-sha256": "p256",
    "ecdsa-sha384": "p384",
    "ecdsa-sha512": "p521",
    "ed25519": "ed25519",
}


@functools.cache
def pair(kind: str) -> tuple[Any, bytes, bytes]:
    key, ca_key = MAKERS[kind](), MAKERS["p256"]()
    leaf = issue(key.public_key(), "seal", "ca", ca_key)
    return key, der(leaf), der(issue(ca_key.public_key(), "ca", "ca", ca_key, True))


def sign(
    algorithm: str = "ecdsa-sha256",
    *,
    detached: bool = True,
    content: Any = CONTENT,
    properties: Properties = NOTHING,
    content_timestamp: bytes | None = None,
    claimed_at: datetime.datetime | None = WHEN,
) -> bytes:
    key, leaf, ca = pair(KINDS[algorithm])
    request = SigningInput(content, detached, leaf, (ca,), algorithm, claimed_at, properties, content_timestamp)
    draft = cades.prepare(request)
    return cades.finish(draft, algorithms.sign(algorithm, key, draft.to_be_signed))


def token(nested: Nested) -> TimestampToken:
    """Stands for the registry: remembers what it was handed."""
    covered = None if nested.covered is None else nested.covered("sha256")
    empty = Signature("RFC3161", None, SignatureValue("", b"", b"", b""), ())
    return TimestampToken(
        nested.type, nested.data, WHEN, "sha256", covered or b"", covered is not None, None, "", 0, None, False, None,
        None, empty,
    )  # fmt: skip


def read(data: bytes, content: Any = None) -> Facts:
    return cades.read(data, Contents(content), Work(), token)


def one(data: bytes, content: Any = None) -> Signature:
    (signature,) = read(data, content).signatures
    return signature


def valid(signature: Signature, kind: str = "p256") -> bool:
    value = signature.value
    public = pair(kind)[0].public_key()
    return algorithms.verify(
        value.algorithm, public, value.value, value.signed, curve=value.curve, salt_length=value.salt_length
    )


@pytest.mark.parametrize("algorithm", KINDS)
@pytest.mark.parametrize("detached", [True, False])
def test_written_is_read_back(algorithm: str, detached: bool) -> None:
    data = sign(algorithm, detached=detached)
    facts = read(data, CONTENT if detached else None)
    (signature,) = facts.signatures
    assert facts.kind == signature.format == "CAdES"
    assert facts.notes == signature.notes == ()
    assert signature.level == "B-B"
    assert signature.leaf == pair(KINDS[algorithm])[1]
    assert signature.value.algorithm == algorithm
    assert signature.claimed_signing_time == WHEN
    (covered,) = signature.objects
    assert covered.found
    assert covered.intact
    assert covered.name == ("level.txt" if detached else "")
    assert covered.content is not None
    assert covered.content.bytes == CONTENT.bytes
    assert signature.references[0].digest == algorithms.digest("sha256", signature.leaf or b"")
    assert valid(signature, KINDS[algorithm])
    assert cades.detect(data)


def test_properties_are_read_back() -> None:
    signature = one(sign(properties=FULL), CONTENT)
    assert signature.properties == FULL
    assert signature.level == "B-B"


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5), st.text(min_size=1, max_size=20))
def test_roles_and_place_of_any_text(roles: list[str], locality: str) -> None:
    """Any text is read back as it was written."""
    wanted = Properties(roles=tuple(roles), place=Place(locality=locality))
    assert one(sign(properties=wanted), CONTENT).properties == wanted


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        (Properties(commitments=("1.2.3", "1.2.4")), "cades.one-commitment"),
        (Properties(commitments=("https://town.example/approval",)), "cades.not-an-oid"),
        (Properties(place=Place()), "cades.place"),
        (Properties(policy=SignaturePolicy("urn:oid:1.2.3")), "cades.policy-digest"),
        (Properties(policy=SignaturePolicy("https://x", "sha256", bytes(32))), "cades.not-an-oid"),
    ],
)
def test_what_cades_cannot_express_is_misuse(properties: Properties, code: str) -> None:
    with pytest.raises(MisuseError) as caught:
        sign(properties=properties)
    assert caught.value.code == code


def test_detached_without_or_with_other_content() -> None:
    data = sign()
    (missing,) = one(data).objects
    assert (missing.found, missing.intact) == (False, None)
    (changed,) = one(data, BytesContent(b"other")).objects
    assert (changed.found, changed.intact) == (True, False)


def test_detached_file_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "level.txt"
    path.write_bytes(CONTENT.bytes)
    assert one(sign(content=FileContent(path)), FileContent(path)).objects[0].intact


def test_signature_timestamp_is_spliced_in() -> None:
    data = sign()
    stamped = cades.attach(data, asn1.sequence(asn1.octet_string(b"token")))
    signature = one(stamped, CONTENT)
    assert signature.level == "B-T"
    (stamp,) = signature.timestamps
    assert stamp.type == "signature"
    assert stamp.imprint == cades.imprint(data, "sha256") == algorithms.digest("sha256", signature.value.value)
    assert valid(signature)
    assert cms.read(stamped).signers[0].fields == cms.read(data).signers[0].fields
    with pytest.raises(MalformedError):
        cades.imprint(data, "sha256", 1)


def test_content_timestamp_covers_the_content() -> None:
    data = sign(content_timestamp=asn1.sequence(asn1.null()))
    (stamp,) = one(data, CONTENT).timestamps
    assert (stamp.type, stamp.imprint) == ("content", CONTENT.digest("sha256"))
    assert one(data).timestamps[0].imprint_found is False


def test_no_signing_time_is_not_baseline() -> None:
    signature = one(sign(claimed_at=None), CONTENT)
    assert (signature.format, signature.level) == ("CAdES", None)


def test_several_signers_and_a_counter_signature() -> None:
    infos = []
    for kind, algorithm in (("p256", "ecdsa-sha256"), ("rsa2048", "rsa-sha256")):
        key, leaf, _ = pair(kind)
        attributes = cms.signed_attributes(
            DATA, CONTENT.digest("sha256"), cms.signing_certificate_v2(leaf), signing_time=WHEN
        )
        value = algorithms.sign(algorithm, key, attributes)
        infos.append(cms.signer_info(leaf, "sha256", attributes, algorithm, value))
    data = cms.signed_data(None, ["sha256"], [pair("p256")[1], pair("rsa2048")[1]], infos)
    signatures = read(data, CONTENT).signatures
    assert {s.value.algorithm for s in signatures} == {"ecdsa-sha256", "rsa-sha256"}
    index = [s.value.algorithm for s in signatures].index("rsa-sha256")
    key, leaf, _ = pair("p256")
    parent = signatures[index].value.value
    attributes = cms.signed_attributes(
        None, algorithms.digest("sha256", parent), cms.signing_certificate_v2(leaf), signing_time=WHEN
    )
    counter = cms.signer_info(
        leaf, "sha256", attributes, "ecdsa-sha256", algorithms.sign("ecdsa-sha256", key, attributes)
    )
    data = cms.add_unsigned(data, index, cms.attribute("1.2.840.113549.1.9.6", counter))
    signed = next(s for s in read(data, CONTENT).signatures if s.value.algorithm == "rsa-sha256")
    (found,) = signed.counter_signatures
    assert found.objects[0].intact
    assert found.level == "B-B"
    assert found.notes == ()
    assert valid(found)


def test_counter_signatures_do_not_nest_for_ever() -> None:
    _, leaf, _ = pair("p256")
    inner = cms.signer_info(leaf, "sha256", None, "ecdsa-sha256", b"x")
    for _ in range(10):
        nested = cms.attribute("1.2.840.113549.1.9.6", inner)
        inner = cms.signer_info(leaf, "sha256", None, "ecdsa-sha256", b"x", unsigned=[nested])
    with pytest.raises(MalformedError) as caught:
        read(cms.signed_data(b"", ["sha256"], [leaf], [inner]))
    assert caught.value.code == "limits.count"


def test_wrong_or_missing_references_are_facts() -> None:
    key, leaf, ca = pair("p256")
    for more, expected in (([cms.signing_certificate_v2(ca)], algorithms.digest("sha256", ca)), ([], None)):
        attributes = cms.signed_attributes(DATA, CONTENT.digest("sha256"), *more, signing_time=WHEN)
        info = cms.signer_info(
            leaf, "sha256", attributes, "ecdsa-sha256", algorithms.sign("ecdsa-sha256", key, attributes)
        )
        signature = one(cms.signed_data(None, ["sha256"], [leaf], [info]), CONTENT)
        assert [reference.digest for reference in signature.references] == ([] if expected is None else [expected])
        assert signature.format == ("PKCS7" if expected is None else "CAdES")


def test_no_signer() -> None:
    facts = read(cms.signed_data(b"x", [], [], []))
    assert facts.signatures == ()
    assert [note.code for note in facts.notes] == ["cms.no-signers"]


# -- other people's code


def openssl(*arguments: str, folder: Path) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def lay_out(folder: Path, kind: str) -> None:
    key, leaf, ca = pair(kind)
    (folder / "key.pem").write_bytes(pem(key))
    (folder / "leaf.der").write_bytes(leaf)
    (folder / "ca.der").write_bytes(ca)
    (folder / "content").write_bytes(CONTENT.bytes)
    for name in ("leaf", "ca"):
        openssl("x509", "-inform", "DER", "-in", f"{name}.der", "-out", f"{name}.pem", folder=folder)


@pytest.mark.integration
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("algorithm", [name for name in KINDS if name != "ed25519"])  # not before OpenSSL 3.2
def test_openssl_verifies_what_we_write(algorithm: str, detached: bool, tmp_path: Path) -> None:
    lay_out(tmp_path, KINDS[algorithm])
    (tmp_path / "signed").write_bytes(sign(algorithm, detached=detached, properties=FULL))
    given_content = ("-content", "content") if detached else ()
    arguments = ("-in", "signed", "-inform", "DER", "-binary", "-out", "out", "-CAfile", "ca.pem", "-purpose", "any")
    openssl("cms", "-verify", "-cades", *arguments, *given_content, folder=tmp_path)
    assert (tmp_path / "out").read_bytes() == CONTENT.bytes


@pytest.mark.integration
@pytest.mark.parametrize(
    "options", [(), ("-nodetach",), ("-noattr",), ("-keyid",), ("-cades",), ("-nodetach", "-stream")]
)
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_we_read_what_openssl_writes(kind: str, options: tuple[str, ...], tmp_path: Path) -> None:
    lay_out(tmp_path, kind)
    if "-keyid" in options:  # needs a certificate with a subject key identifier
        openssl("req", "-x509", "-key", "key.pem", "-subj", "/CN=keyid", "-out", "leaf.pem", folder=tmp_path)
    arguments = ("-in", "content", "-binary", "-signer", "leaf.pem", "-inkey", "key.pem", "-md", "sha256")
    openssl("cms", "-sign", *arguments, "-outform", "DER", "-out", "signed", *options, folder=tmp_path)
    facts = read((tmp_path / "signed").read_bytes(), None if "-nodetach" in options else CONTENT)
    (signature,) = facts.signatures
    assert valid(signature, kind)
    assert signature.format == ("CAdES" if "-cades" in options else "PKCS7")
    assert signature.objects[0].intact is (None if "-noattr" in options else True)
    assert signature.objects[0].by_signature is ("-noattr" in options)
    if "-keyid" in options:
        assert signature.leaf in signature.certificates
    else:
        assert signature.leaf == pair(kind)[1]


@pytest.mark.parametrize("detached", [True, False])
def test_we_read_what_pyhanko_writes(detached: bool) -> None:
    key, leaf, ca = pair("p256")
    store = SimpleCertificateStore()
    store.register(foreign_x509.Certificate.load(ca))
    private = foreign_keys.PrivateKeyInfo.load(pkcs8(key))
    signer = SimpleSigner(foreign_x509.Certificate.load(leaf), private, store)
    settings = PdfCMSSignedAttributes(signing_time=WHEN, cades_signed_attrs=CAdESSignedAttrSpec())
    steps = signer.async_sign_general_data(
        CONTENT.bytes, "sha256", detached=detached, use_cades=True, signed_attr_settings=settings
    )
    facts = read(asyncio.run(steps).dump(), CONTENT if detached else None)
    (signature,) = facts.signatures
    assert signature.format == "CAdES"
    assert signature.objects[0].intact
    assert signature.leaf == leaf
    assert valid(signature)


@pytest.mark.parametrize("algorithm", KINDS)
def test_pyhanko_verifies_what_we_write(algorithm: str) -> None:
    signed = foreign.ContentInfo.load(sign(algorithm, detached=False, properties=FULL), strict=True)["content"]
    leaf = foreign_x509.Certificate.load(pair(KINDS[algorithm])[1])
    info = signed["signer_infos"][0]
    actual = CONTENT.digest(info["digest_algorithm"]["algorithm"].native)
    checked = validate_sig_integrity(info, leaf, expected_content_type="data", actual_digest=actual)
    assert checked == (True, True)


def pkcs8(key: Any) -> bytes:
    octets: bytes = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return octets


def test_ed25519_digests_with_sha512() -> None:
    assert isinstance(pair("ed25519")[0], ed25519.Ed25519PrivateKey)
    assert one(sign("ed25519"), CONTENT).digest_algorithms == ("sha512",)


# -- the corpus

NOT_VALID_HERE = {
    # digested and signed with SHA3-256 under an OID that says sha256WithRSAEncryption; OpenSSL ignores the OID
    "dss-1419/CAdES-BpB-att-SHA3_256-SHA256withRSA.p7m",
}


def test_corpus_is_read_and_every_value_verifies() -> None:
    """Every CAdES file is read and every value verifies with the certificate inside, or there is a reason."""
    root = corpus("dss/dss-cades/validation")
    read_files = 0
    for path in sorted(root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if not cades.detect(data) or path.suffix in {".tst", ".tsr"}:
            continue
        read_files += 1
        for signature in read(data).signatures:
            if signature.leaf is None:
                continue
            public = x509.load_der_x509_certificate(signature.leaf).public_key()
            value = signature.value
            passed = algorithms.verify(
                value.algorithm, public, value.value, value.signed, salt_length=value.salt_length
            )
            assert passed is (str(path.relative_to(root)) not in NOT_VALID_HERE), path
    assert read_files > 25


def test_attached_content_that_begins_with_a_token_is_still_content(toyono_town: Any) -> None:
    """What the content is does not change what the file is: the content type decides between CAdES and RFC 3161."""
    from toyono_trust import seal, verify

    content = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"
    sealed = seal(content, by=toyono_town.identity("town"), format="cades")
    report = verify(sealed)
    assert (report.kind, [item.signature_intact for item in report.signatures]) == ("CAdES", [True])
