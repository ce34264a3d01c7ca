"""Time stamps inside our signatures, and tokens of ``timestamp()``, through OpenSSL and rfc3161-client."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from peer_town import AT, CONTENT, WORLD, authority, lay_out, root, sign
from toyono_trust import TrustStore, verbs, verify
from toyono_trust.core.algorithms import digest
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.steps import run
from tsa_town import granted

pytestmark = pytest.mark.integration


def stamped_value(format: str, trust: TrustStore, **options: Any) -> tuple[bytes, bytes]:
    """The token of a B-T signature, and the octets that the standard has it cover, told apart from our own reading."""
    data = sign("ecdsa-sha256", format, "B-T", **options)
    report = verify(data, content=CONTENT, trust=trust, at=AT.replace(year=2027))
    assert report.indication == "TOTAL-PASSED", str(report)
    (stamp,) = report.signatures[0].timestamps
    wire = report.signatures[0].facts.value.wire
    if format == "jades":
        # TS 119 182-1 5.3.4: over the base64url text of the signature value, as it stands in the JWS
        value = wire
        assert b'"signature":"' + value + b'"' in data.replace(b" ", b"")
    else:
        from asn1crypto import cms

        # EN 319 122-1 5.3: over the octets of the signature field, without tag and length
        value = cms.ContentInfo.load(data)["content"]["signer_infos"][0]["signature"].native
    return stamp.token.data, value


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "cades": ("cades", {"detached": True}),
    "flattened": ("jades", {"details": JadesDetails(serialization="flattened"), "detached": True}),
    "general": ("jades", {"details": JadesDetails(serialization="general"), "detached": True}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_openssl_and_rfc3161_client_verify_the_stamp(
    tmp_path: Path, trust: TrustStore, case: str, algorithm: str
) -> None:
    format, options = CASES[case]
    token, value = stamped_value(format, trust, digest=algorithm, **options)
    verified_by_openssl(tmp_path, token, value)
    verified_by_rfc3161_client(token, value, algorithm)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_openssl_and_rfc3161_client_verify_what_timestamp_returns(tmp_path: Path, algorithm: str) -> None:
    steps = verbs.timestamp(BytesContent(CONTENT), "http://tsa.example/", True, algorithm, None, None, None)
    token = run(steps, WORLD)
    verified_by_openssl(tmp_path, token, CONTENT)
    verified_by_rfc3161_client(token, CONTENT, algorithm)


def verified_by_openssl(folder: Path, token: bytes, value: bytes) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    lay_out(folder)
    (folder / "token").write_bytes(token)
    for name, octets, passes in (("value", value, True), ("other", value + b"x", False)):
        (folder / name).write_bytes(octets)
        arguments = ("-in", "token", "-token_in", "-data", name, "-CAfile", "root.pem")
        done = subprocess.run([program, "ts", "-verify", *arguments], cwd=folder, capture_output=True, check=False)
        assert (done.returncode == 0) == passes, done.stderr


def verified_by_rfc3161_client(token: bytes, value: bytes, algorithm: str) -> None:
    rfc3161_client = pytest.importorskip("rfc3161_client")
    answer = rfc3161_client.decode_timestamp_response(granted(token))
    own = x509.load_der_x509_certificate(authority().certificate.der)
    verifier = rfc3161_client.VerifierBuilder(tsa_certificate=own, roots=[root()[0]]).build()
    assert verifier.verify(answer, digest(algorithm, value))
    with pytest.raises(rfc3161_client.VerificationError):
        verifier.verify(answer, digest(algorithm, value + b"x"))
