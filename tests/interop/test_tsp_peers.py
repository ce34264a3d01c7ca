"""Time stamps through somebody else's code: OpenSSL, rfc3161-client, pyHanko, rfc3161ng; and the corpora's tokens."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corpus import corpus
from toyono_trust.core.algorithms import digest
from toyono_trust.edge.tsa import application
from toyono_trust.errors import MalformedError
from toyono_trust.pki.stamping import made_by
from toyono_trust.pki.tsp import Authority, check_response, read, read_response, request, verify_signature
from tsa_town import AT, POLICY, SHA256, answer, serving, tsa

pytestmark = pytest.mark.integration

DATA = b"timetable"
KINDS = ["p256", "p384", "rsa"]
DIGESTS = ["sha256", "sha384", "sha512"]


def openssl(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run ``openssl``; skips where there is none."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, check=False, timeout=60)


# -- they read ours


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", DIGESTS)
def test_openssl_verifies_our_tokens(tmp_path: Path, kind: str, algorithm: str) -> None:
    key = tsa(kind)
    key.write(tmp_path)
    asked = request(digest(algorithm, DATA), algorithm, nonce=2**64 - 1)
    (tmp_path / "asked.tsq").write_bytes(asked)
    (tmp_path / "answer.tsr").write_bytes(answer(asked, key, named=kind == "rsa", ordering=True, accuracy=0.0305))
    files = ("-queryfile", tmp_path / "asked.tsq", "-in", tmp_path / "answer.tsr", "-CAfile", tmp_path / "root.pem")
    verified = openssl("ts", "-verify", *files)
    assert verified.returncode == 0, verified.stderr
    assert b"Verification: OK" in verified.stdout + verified.stderr
    shown = openssl("ts", "-reply", "-in", tmp_path / "answer.tsr", "-text").stdout.decode()
    assert "Status: Granted." in shown
    assert "Accuracy: unspecified seconds, 0x1E millis, 0x01F4 micros" in shown
    assert "Ordering: yes" in shown


@pytest.mark.parametrize("arguments", [("-cert",), ("-cert", "-no_nonce"), ("-no_nonce",), ("-tspolicy", POLICY)])
def test_openssl_asks_and_gets_what_it_verifies(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    key = tsa()
    key.write(tmp_path)
    asked = tmp_path / "asked.tsq"
    made = openssl("ts", "-query", "-digest", SHA256.hex(), "-sha256", *arguments, "-out", asked)
    assert made.returncode == 0, made.stderr
    (tmp_path / "answer.tsr").write_bytes(answer(asked.read_bytes(), key))
    files = ("-queryfile", asked, "-in", tmp_path / "answer.tsr", "-CAfile", tmp_path / "root.pem")
    verified = openssl("ts", "-verify", *files, "-untrusted", tmp_path / "tsa.pem")
    assert verified.returncode == 0, verified.stderr


def test_openssl_reads_our_refusals(tmp_path: Path) -> None:
    (tmp_path / "answer.tsr").write_bytes(answer(b"garbage", tsa()))
    shown = openssl("ts", "-reply", "-in", tmp_path / "answer.tsr", "-text").stdout.decode()
    assert "Status: Rejected." in shown
    assert "the data submitted has the wrong format" in shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", DIGESTS)
def test_rfc3161_client_verifies_our_tokens(kind: str, algorithm: str) -> None:
    rfc3161_client = pytest.importorskip("rfc3161_client")
    from cryptography import x509

    key = tsa(kind)
    asked = request(digest(algorithm, DATA), algorithm, nonce=77)
    theirs = rfc3161_client.decode_timestamp_response(answer(asked, key))
    root, own = (x509.load_der_x509_certificate(one.der) for one in (key.chain[-1], key.certificate))
    builder = rfc3161_client.VerifierBuilder(nonce=77, tsa_certificate=own, roots=[root])
    assert builder.policy_id(x509.ObjectIdentifier(POLICY)).build().verify(theirs, digest(algorithm, DATA))
    assert theirs.tst_info.gen_time == AT.replace(microsecond=0), "it drops fractions"
    with pytest.raises(rfc3161_client.VerificationError):
        rfc3161_client.VerifierBuilder(nonce=78, roots=[root]).build().verify(theirs, digest(algorithm, DATA))


@pytest.mark.parametrize("builds", ["SHA256", "SHA512"])
def test_rfc3161_client_asks_and_gets_what_it_verifies(builds: str) -> None:
    rfc3161_client = pytest.importorskip("rfc3161_client")
    from cryptography import x509

    algorithm = getattr(rfc3161_client.HashAlgorithm, builds)
    builder = rfc3161_client.TimestampRequestBuilder().data(DATA).hash_algorithm(algorithm).nonce(nonce=True)
    asked = builder.cert_request(cert_request=True).build()
    theirs = rfc3161_client.decode_timestamp_response(answer(asked.as_bytes(), tsa()))
    root = x509.load_der_x509_certificate(tsa().chain[-1].der)
    verifier = rfc3161_client.VerifierBuilder.from_request(asked).add_root_certificate(root).build()
    assert verifier.verify_message(theirs, DATA)


@pytest.mark.parametrize("kind", KINDS)
def test_pyhanko_validates_our_tokens(kind: str) -> None:
    from asn1crypto import cms, x509
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko_certvalidator import ValidationContext

    key = tsa(kind)
    token = read_response(answer(request(SHA256, "sha256", nonce=1), key)).token
    assert token is not None
    context = ValidationContext(trust_roots=[x509.Certificate.load(key.chain[-1].der)], moment=AT)
    parsed = cms.ContentInfo.load(token, strict=True)["content"]
    facts = asyncio.run(validate_tst_signed_data(parsed, context, lambda algorithm: SHA256))
    assert facts["valid"]
    assert facts["intact"]
    assert facts["timestamp"] == AT.replace(microsecond=123000)
    assert str(facts["trust_problem_indic"]) == "None"


def test_the_client_of_rfc3161ng_is_served_over_http() -> None:
    import rfc3161ng

    key = tsa("rsa")
    ours = application(Authority.of(key, policy=POLICY), key, clock=lambda: AT, random=lambda size: b"\x01" * size)
    with serving(ours) as url:
        for algorithm in DIGESTS:
            client = rfc3161ng.RemoteTimestamper(
                url + "/tsr", certificate=key.certificate.der, hashname=algorithm, include_tsa_certificate=True
            )
            made = client(digest=digest(algorithm, DATA), nonce=4711)
            token = read(made)
            assert (token.imprint, token.nonce) == (digest(algorithm, DATA), 4711)
            assert verify_signature(token, key.certificate)
            assert rfc3161ng.get_timestamp(made, naive=False) == AT.replace(microsecond=123000)


def test_the_client_of_pyhanko_is_served_over_http() -> None:
    pytest.importorskip("requests")
    from pyhanko.sign.timestamps.requests_client import HTTPTimeStamper

    key = tsa()
    ours = application(Authority.of(key, policy=POLICY), key, clock=lambda: AT, random=lambda size: b"\x01" * size)
    with serving(ours) as url:
        theirs = asyncio.run(HTTPTimeStamper(url, https=False).async_timestamp(SHA256, "sha256"))
    assert verify_signature(read(theirs.dump()), key.certificate)


# -- we read theirs


OPENSSL_TSA = """
[tsa]
default_tsa = town
[town]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = {digits}
ordering = {flag}
tsa_name = {flag}
ess_cert_id_chain = {flag}
ess_cert_id_alg = {ess}
"""


@pytest.mark.parametrize("kind", ["p256", "rsa"])
@pytest.mark.parametrize(("flag", "ess", "digits"), [("yes", "sha1", 0), ("no", "sha256", 3), ("yes", "sha512", 6)])
def test_tokens_of_openssl_are_read(tmp_path: Path, kind: str, flag: str, ess: str, digits: int) -> None:
    key = tsa(kind)
    key.write(tmp_path)
    (tmp_path / "serial").write_text("0A")
    (tmp_path / "tsa.cnf").write_text(OPENSSL_TSA.format(folder=tmp_path, flag=flag, ess=ess, digits=digits))
    for algorithm in DIGESTS:
        hashed = digest(algorithm, DATA)
        (tmp_path / "asked.tsq").write_bytes(request(hashed, algorithm, nonce=2**63 + 1, policy="1.2.3.4.5"))
        out = tmp_path / "answer.tsr"
        made = openssl(
            "ts", "-reply", "-config", tmp_path / "tsa.cnf", "-queryfile", tmp_path / "asked.tsq", "-out", out
        )
        assert made.returncode == 0, made.stderr
        body = out.read_bytes()
        token = check_response(body, digest=hashed, algorithm=algorithm, nonce=2**63 + 1, policy="1.2.3.4.5")
        assert token.notes == ()
        assert (token.accuracy, token.ordering, token.tsa_name is not None) == (1.5001, flag == "yes", flag == "yes")
        assert abs((token.generated_at - datetime.now(UTC)).total_seconds()) < 60
        assert token.checked.references[0][0] == ess
        assert verify_signature(token, key.certificate)
        assert made_by(token) == key.certificate


def test_tokens_of_pyhanko_are_read() -> None:
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives import serialization
    from pyhanko.sign.timestamps import DummyTimeStamper

    key = tsa("rsa")
    private = key.private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = x509.Certificate.load(key.certificate.der)
    stamper = DummyTimeStamper(
        certificate, keys.PrivateKeyInfo.load(private), certs_to_embed=[certificate], fixed_dt=AT
    )
    theirs = asyncio.run(stamper.async_timestamp(SHA256, "sha256")).dump()
    token = read(theirs)
    assert (token.imprint, token.imprint_algorithm) == (SHA256, "sha256")
    assert token.generated_at in (AT, AT.replace(microsecond=0))
    assert verify_signature(token, key.certificate)


# -- the corpora

TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
UNREADABLE: dict[str, str] = {}
"""File of the corpora → why its token is refused."""


def pieces(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """What a file holds: members of archives, base64 and base64url texts, and itself."""
    if data[:2] == b"PK" and depth < 4:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    yield from pieces(archive.read(member), depth + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            pass
        return
    yield data
    if data[:1] == b"\x30":
        return
    for match in re.finditer(rb"MI[A-Za-z0-9+/=\s\\]{400,}", data):
        text = re.sub(rb"\\n|\\r|\\|\s", b"", match[0])
        try:
            yield base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            continue
    for match in re.finditer(rb"ey[A-Za-z0-9_-]{200,}", data):
        try:
            inner = base64.urlsafe_b64decode(match[0] + b"=" * (-len(match[0]) % 4))
        except binascii.Error:
            continue
        if depth < 4:
            yield from pieces(inner, depth + 1)


def tokens_in(data: bytes) -> Iterator[bytes]:
    """Every definite-length ContentInfo of SignedData over TSTInfo, wherever it stands."""
    at = -1
    while (at := data.find(SIGNED_DATA, at + 1)) >= 0:
        if data.find(TST_INFO, at, at + 140) < 0:
            continue
        for size in (4, 3, 5, 2):
            start = at - size
            if start < 0 or data[start] != 0x30:
                continue
            count = data[start + 1] & 0x7F if data[start + 1] > 0x80 else 0
            if data[start + 1] != 0x80 and 2 + count == size:
                length = int.from_bytes(data[start + 2 : at], "big") if count else data[start + 1]
                if at + length <= len(data):
                    yield data[start : at + length]
                break


def corpus_tokens() -> dict[bytes, str]:
    """Tokens of the corpora by their octets, with the file that holds each."""
    found: dict[bytes, str] = {}
    for folder in ("dss", "xroad"):
        for path in sorted(corpus(folder).rglob("*")):
            if path.is_file() and path.suffix != ".pdf":
                for piece in pieces(path.read_bytes()):
                    for token in tokens_in(piece):
                        found.setdefault(token, path.name)
    return found


def theirs(token: bytes) -> dict[str, Any]:
    """The facts as asn1crypto reads them."""
    from asn1crypto import cms

    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    return {
        "time": info["gen_time"].native,
        "imprint": info["message_imprint"]["hashed_message"].native,
        "algorithm": info["message_imprint"]["hash_algorithm"]["algorithm"].native,
        "serial": info["serial_number"].native,
        "policy": info["policy"].dotted,
        "nonce": info["nonce"].native,
        "ordering": info["ordering"].native,
    }


def test_every_token_of_the_corpora_is_read_as_asn1crypto_reads_it() -> None:
    found = corpus_tokens()
    assert len(found) > 150
    made = 0
    for data, name in found.items():
        if name in UNREADABLE:
            with pytest.raises(MalformedError):
                read(data)
            continue
        token = read(data)
        expected = theirs(data)
        assert expected == {
            "time": token.generated_at,
            "imprint": token.imprint,
            "algorithm": token.imprint_algorithm.replace("sha3-", "sha3_"),
            "serial": token.serial_number,
            "policy": token.policy,
            "nonce": token.nonce,
            "ordering": token.ordering,
        }, name
        assert token.checked.intact, name
        made += made_by(token) is not None
        assert made_by(token) is not None or not token.certificates, name
    assert made > 150
    assert set(UNREADABLE) <= set(found.values())


def test_the_lone_token_of_the_corpus_is_read() -> None:
    data = corpus("dss/dss-evidence-record-asn1/d-trust.tsr").read_bytes()
    token = read(read_response(data).token or b"") if data[4:6] == b"\x30\x03" else read(data)
    assert token.imprint_algorithm in ("sha256", "sha512")
    assert made_by(token) is not None
