"""CMS and CAdES both ways with ``openssl cms``, through the public verbs."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from peer_town import AGELESS, ALGORITHMS, AT, CONTENT, crl, lay_out, sign, signer, token_over
from toyono_trust import Report, TrustStore, verify
from toyono_trust.formats import cades
from toyono_trust.formats.model import Place, SignaturePolicy

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC) + timedelta(minutes=1)
"""OpenSSL dates its signatures by the clock."""


@cache
def version() -> tuple[int, ...]:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    shown = subprocess.run([program, "version"], capture_output=True, check=True, text=True).stdout
    found = re.match(r"OpenSSL (\d+)\.(\d+)", shown)
    if found is None:
        pytest.skip(f"this is another openssl: {shown}")
    return tuple(map(int, found.groups()))


def needs(algorithm: str) -> None:
    if algorithm == "ed25519" and version() < (3, 2):
        pytest.skip("openssl cms knows EdDSA (RFC 8419) from 3.2 on")


def openssl(folder: Path, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    version()
    return subprocess.run(["openssl", *map(str, arguments)], cwd=folder, capture_output=True, check=False, timeout=60)


# -- they verify ours


def accepted(folder: Path, *options: object) -> subprocess.CompletedProcess[bytes]:
    at = ("-attime", int(AT.timestamp()) + 60, "-CAfile", "root.pem", "-purpose", "any", "-binary", "-out", "out")
    return openssl(folder, "cms", "-verify", "-cades", "-inform", "DER", "-in", "signed", *at, *options)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("detached", [True, False])
def test_openssl_verifies_ours(tmp_path: Path, algorithm: str, level: str, detached: bool) -> None:
    needs(algorithm)
    lay_out(tmp_path)
    (tmp_path / "signed").write_bytes(sign(algorithm, "cades", level, detached=detached))
    options = ("-content", "content") if detached else ()
    done = accepted(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes() == CONTENT
    (tmp_path / "other").write_bytes(CONTENT + b".")
    if detached:
        assert accepted(tmp_path, "-content", "other").returncode != 0


def test_openssl_verifies_all_that_we_can_put_under_a_signature(tmp_path: Path) -> None:
    lay_out(tmp_path)
    made = sign(
        "ecdsa-sha256",
        "cades",
        "B-T",
        commitment="1.2.840.113549.1.9.16.6.5",
        roles=["町長"],
        place=Place("JP", "豊野町"),
        content_type="text/plain",
        signature_policy=SignaturePolicy("urn:oid:1.2.3.4", "sha256", bytes(32), "https://town.example/policy"),
    )
    (tmp_path / "signed").write_bytes(made)
    assert accepted(tmp_path).returncode == 0
    shown = openssl(tmp_path, "cms", "-cmsout", "-print", "-inform", "DER", "-in", "signed", "-noout").stdout
    for name in ("signingCertificateV2", "signingTime", "timeStampToken", "ets-signerLocation", "ets-commitmentType"):
        assert name.encode() in shown, name


# -- we verify theirs


def made(folder: Path, algorithm: str, *options: object, extra: tuple[object, ...] = ()) -> bytes:
    """What ``openssl cms -sign`` makes of the content."""
    needs(algorithm)
    lay_out(folder, algorithm)
    family, _, digest = algorithm.rpartition("-")
    own: list[object] = ["-signer", f"{algorithm}.pem", "-inkey", f"{algorithm}.key"]
    if family == "rsa-pss":
        own += ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"]
    if digest.startswith("sha"):
        own += ["-md", digest]
    done = openssl(folder, "cms", "-sign", "-binary", "-in", "content", *own, *extra, *options, "-out", "signed")
    assert done.returncode == 0, done.stderr
    return (folder / "signed").read_bytes()


def judged(data: bytes, trust: TrustStore, content: Any = None) -> Report:
    return verify(data, content=content, trust=trust, at=NOW, policy=AGELESS)


PACKAGINGS = {
    "detached": ("-outform", "DER"),
    "attached": ("-outform", "DER", "-nodetach"),
    "streamed": ("-outform", "DER", "-nodetach", "-stream"),
    "streamed-detached": ("-outform", "DER", "-stream"),
    "pem": ("-outform", "PEM"),
    "pem-attached": ("-outform", "PEM", "-nodetach"),
}
ATTRIBUTES = {"plain": (), "cades": ("-cades",), "none": ("-noattr",), "keyid": ("-keyid",)}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_every_algorithm_of_theirs(tmp_path: Path, trust: TrustStore, algorithm: str, attributes: str) -> None:
    data = made(tmp_path, algorithm, *PACKAGINGS["detached"], *ATTRIBUTES[attributes])
    report = judged(data, trust, CONTENT)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.kind == ("CAdES" if attributes == "cades" else "PKCS7")
    (signature,) = report.signatures
    assert (signature.format, signature.facts.value.algorithm) == (report.kind, algorithm)
    assert signature.level == ("B-B" if attributes == "cades" else None)
    assert signature.certificate == signer(algorithm).certificate
    assert (signature.facts.claimed_signing_time is None) == (attributes == "none")
    assert signature.facts.identifier is not None
    assert (signature.facts.identifier.subject_key_identifier is not None) == (attributes == "keyid")
    assert report.require(signed_by={"sha256:" + signer(algorithm).certificate.sha256.hex()}).content == CONTENT
    other = judged(data, trust, CONTENT + b".")
    failure = "SIG_CRYPTO_FAILURE" if attributes == "none" else "HASH_FAILURE"
    assert (other.indication, other.sub_indication) == ("TOTAL-FAILED", failure)
    missing = judged(data, trust)
    assert (missing.indication, missing.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ecdsa-sha256"])  # OpenSSL 3.0 cannot stream RSASSA-PSS
@pytest.mark.parametrize("packaging", PACKAGINGS)
@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_every_packaging_of_theirs(
    tmp_path: Path, trust: TrustStore, algorithm: str, packaging: str, attributes: str
) -> None:
    data = made(tmp_path, algorithm, *PACKAGINGS[packaging], *ATTRIBUTES[attributes])
    attached = "-nodetach" in PACKAGINGS[packaging]
    report = judged(data, trust, None if attached else CONTENT)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.require(signed_by="anyone").content == CONTENT
    codes = {finding.code for finding in report.findings}
    streamed = {"cms.leniency.ber-indefinite-length", "cms.leniency.ber-constructed-string"}
    assert codes == ((streamed if attached else codes & streamed) if "streamed" in packaging else set())


@pytest.mark.parametrize("salt", [0, 20, 32, 100])
def test_salts_of_any_length(tmp_path: Path, trust: TrustStore, salt: int) -> None:
    lay_out(tmp_path, "rsa-pss-sha256")
    own = ("-signer", "rsa-pss-sha256.pem", "-inkey", "rsa-pss-sha256.key", "-md", "sha256")
    pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", f"rsa_pss_saltlen:{salt}")
    done = openssl(
        tmp_path, "cms", "-sign", "-binary", "-in", "content", *own, *pss, "-outform", "DER", "-out", "signed"
    )
    assert done.returncode == 0, done.stderr
    report = judged((tmp_path / "signed").read_bytes(), trust, CONTENT)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert report.signatures[0].facts.value.salt_length == salt


@pytest.mark.parametrize("resigned", [False, True])
@pytest.mark.parametrize("attached", [False, True])
def test_several_signers(tmp_path: Path, trust: TrustStore, resigned: bool, attached: bool) -> None:
    """Signed by two at once, or by the second afterwards: each is judged by itself, over the same content."""
    lay_out(tmp_path, "rsa-sha256", "ecdsa-sha384")
    first = ("-signer", "rsa-sha256.pem", "-inkey", "rsa-sha256.key")
    second = ("-signer", "ecdsa-sha384.pem", "-inkey", "ecdsa-sha384.key")
    form = ("-outform", "DER", *(("-nodetach",) if attached else ()))
    at_once = (*first, *(() if resigned else second))
    done = openssl(tmp_path, "cms", "-sign", "-binary", "-in", "content", "-cades", *at_once, *form, "-out", "signed")
    assert done.returncode == 0, done.stderr
    if resigned:
        again = ("-inform", "DER", "-in", "signed", "-cades", "-binary", *second, *form, "-out", "signed")
        outside = () if attached else ("-content", "content")
        done = openssl(tmp_path, "cms", "-resign", *again, *outside)
        assert done.returncode == 0, done.stderr
    data = (tmp_path / "signed").read_bytes()
    report = judged(data, trust, None if attached else CONTENT)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert {item.certificate for item in report.signatures} == {
        signer("rsa-sha256").certificate,
        signer("ecdsa-sha384").certificate,
    }
    assert [item.level for item in report.signatures] == ["B-B", "B-B"]
    value = report.signatures[1].facts.value.wire
    broken = data.replace(value, value[:-1] + bytes([value[-1] ^ 1]))
    mixed = judged(broken, trust, None if attached else CONTENT)
    assert (mixed.indication, mixed.sub_indication) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    assert sorted(item.indication for item in mixed.signatures) == ["TOTAL-FAILED", "TOTAL-PASSED"]


def test_a_certificate_that_is_left_out_comes_from_the_trust_store(tmp_path: Path, trust: TrustStore) -> None:
    data = made(tmp_path, "ecdsa-sha256", "-outform", "DER", "-cades", "-nocerts")
    assert judged(data, trust, CONTENT).sub_indication == "NO_SIGNING_CERTIFICATE_FOUND"
    folder = tmp_path / "trust"
    for name in ("anchors", "intermediates", "revocation"):
        (folder / name).mkdir(parents=True)
    shutil.copy(tmp_path / "root.pem", folder / "anchors")
    shutil.copy(tmp_path / "ecdsa-sha256.pem", folder / "intermediates")
    (folder / "revocation/root.crl").write_bytes(crl())
    assert judged(data, TrustStore.load(folder), CONTENT).indication == "TOTAL-PASSED"


def test_other_content_types(tmp_path: Path, trust: TrustStore) -> None:
    """A content type other than data is read; it is no baseline signature then (EN 319 122-1 6.3)."""
    data = made(tmp_path, "ecdsa-sha256", "-outform", "DER", "-cades", "-nodetach", "-econtent_type", "1.2.3.4")
    report = judged(data, trust)
    assert report.indication == "TOTAL-PASSED", str(report)
    assert (report.signatures[0].format, report.signatures[0].level) == ("CAdES", None)


def test_their_signature_takes_our_time_stamp(tmp_path: Path, trust: TrustStore) -> None:
    """What OpenSSL made, streamed or not, is stamped by splicing; both of us still verify it."""
    for packaging in ("attached", "streamed"):
        data = made(tmp_path, "ecdsa-sha256", *PACKAGINGS[packaging], "-cades")
        token = token_over(cades.imprint(data, "sha256"))
        stamped = cades.attach(data, token)
        assert token in stamped
        report = judged(stamped, trust)
        assert report.signatures[0].level == "B-T"
        (stamp,) = report.signatures[0].timestamps
        assert (stamp.token.imprint_intact, stamp.indication) == (True, "PASSED")
        (tmp_path / "signed").write_bytes(stamped)
        done = openssl(
            tmp_path, "cms", "-verify", "-cades", "-inform", "DER", "-in", "signed", "-binary", "-purpose", "any",
            "-CAfile", "root.pem", "-out", "out",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out").read_bytes() == CONTENT


def test_digested_data_and_other_cms_are_no_signature(tmp_path: Path, trust: TrustStore) -> None:
    lay_out(tmp_path)
    for options in (("-digest_create",), ("-data_create",)):
        done = openssl(tmp_path, "cms", *options, "-binary", "-in", "content", "-outform", "DER", "-out", "other")
        assert done.returncode == 0, done.stderr
        report = judged((tmp_path / "other").read_bytes(), trust)
        assert (report.indication, report.sub_indication) == ("INDETERMINATE", "FORMAT_FAILURE")
        assert report.kind is None
