"""PAdES as others see it: pyHanko, we ourselves, OpenSSL and pdfsig accept it, and qpdf finds no structural fault."""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import subprocess
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

import plain_pdfs
from toyono_trust import TrustStore, seal, sign, verify
from toyono_trust.devpki import Town
from toyono_trust.formats.pades import PdfDetails, VisibleSeal
from toyono_trust.steps import Response

PLAIN = plain_pdfs.classic()
KEYS = ("town", "rsa-2048", "p384", "p521", "ed25519")


class Authority:
    """The town's TSA behind ``http=``."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def fetch(self, request: Any, deadline: float | None) -> Response:
        return Response(200, {"content-type": "application/timestamp-reply"}, self.town.tsa_respond(request.body))


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def made(town: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Documents as the product makes them, by name."""

    def sealed(document: bytes, who: str = "town", level: Any = "B-B", **details: Any) -> bytes:
        more: Any = {} if level == "B-B" else {"tsa": "http://tsa.example/", "http": Authority(town)}
        by = town.identity(who)
        verb = sign if who == "resident" else seal
        return bytes(verb(document, by=by, format="pades", level=level, details=PdfDetails(**details), **more))

    found = {f"B-B {who}": sealed(PLAIN, who) for who in KEYS}
    found |= {
        "streamed": sealed(plain_pdfs.streamed()),
        "hybrid": sealed(plain_pdfs.hybrid()),
        "no line end": sealed(plain_pdfs.classic(end=b"%%EOF")),
        "PDF 1.4": sealed(plain_pdfs.classic(version=b"1.4")),
        "PDF 2.0": sealed(plain_pdfs.classic(version=b"2.0"), "ed25519"),
        "B-T": sealed(PLAIN, level="B-T", reason="証明", location="見本町"),
        "several": sealed(sealed(sealed(plain_pdfs.streamed(), reason="first"), "resident", "B-T"), "rsa-2048"),
        "certified": sealed(sealed(PLAIN, certify=2), "resident"),
        "filled": sealed(plain_pdfs.form({7: plain_pdfs.field(b"Mayor", rect=b"10 10 200 60")}), field="Mayor"),
        "locked": sealed(
            plain_pdfs.form({7: plain_pdfs.field(b"A", b"/Lock << /Type /SigFieldLock /Action /All >> ")}), field="A"
        ),
        "visible": sealed(PLAIN, visible=VisibleSeal(box=(300, 40, 200, 60), name="Town of Mihon"), reason="proof"),
    }
    for aes256 in (True, False):
        document = plain_pdfs.encrypted("user", "owner", aes256=aes256)
        found[f"encrypted {aes256}"] = sealed(document, password="user", reason="証明")
    boxes = (VisibleSeal(box=(x, 40, 200, 60), name="Town") for x in (40, 300))
    found["two visible"] = sealed(sealed(PLAIN, visible=next(boxes)), visible=next(boxes))
    if util.find_spec("fontTools") is not None:
        font = plain_pdfs.font_file(tmp_path_factory.getbasetemp())
        found["Japanese"] = sealed(PLAIN, visible=VisibleSeal(box=(300, 40, 200, 60), font=font), reason="証明")
    return found


NAMES = (
    *(f"B-B {who}" for who in KEYS),
    *("streamed", "hybrid", "no line end", "PDF 1.4", "PDF 2.0", "B-T", "several", "certified", "filled", "locked"),
    *("visible", "two visible", "encrypted True", "encrypted False", "Japanese"),
)


def document(made: dict[str, bytes], name: str) -> bytes:
    if name not in made:
        pytest.skip("the extra [visible] is not installed")
    return made[name]


@pytest.mark.parametrize("name", NAMES)
def test_pyhanko_validates_ours(town: Town, made: dict[str, bytes], name: str) -> None:
    strict = name != "hybrid"  # it validates no hybrid file when strict, whoever signed it
    reader = PdfFileReader(io.BytesIO(document(made, name)), strict=strict)
    if name.startswith("encrypted"):
        reader.decrypt("user")
    roots = [x509.Certificate.load(town.root.der)]
    others = [x509.Certificate.load(town.ca.der)]
    signatures = reader.embedded_signatures
    assert signatures
    for number, signature in enumerate(signatures):
        context = ValidationContext(trust_roots=roots, other_certs=others, allow_fetching=False)
        status = asyncio.run(
            async_validate_pdf_signature(
                signature,
                signer_validation_context=context,
                ts_validation_context=context,
                key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
            )
        )
        assert status.bottom_line, status.pretty_print_details()
        last = number == len(signatures) - 1
        assert status.modification_level == (ModificationLevel.NONE if last else ModificationLevel.FORM_FILLING)
        assert status.docmdp_ok
        assert (status.timestamp_validity is not None) == (name == "B-T" or (name == "several" and number == 1))


@pytest.mark.parametrize("name", NAMES)
def test_we_validate_ours(town: Town, made: dict[str, bytes], name: str, tmp_path: Path) -> None:
    town.write(tmp_path / "town")
    data = document(made, name)
    report = verify(data, trust=TrustStore.load(tmp_path / "town" / "trust"), password="user")
    assert report.indication == "TOTAL-PASSED", str(report)
    assert {signature.format for signature in report.signatures} == {"PAdES"}
    assert [signature.level for signature in report.signatures] == {
        "B-T": ["B-T"], "several": ["B-B", "B-T", "B-B"], "certified": ["B-B", "B-B"], "two visible": ["B-B", "B-B"]
    }.get(name, ["B-B"])  # fmt: skip


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not on this machine"
        if os.environ.get("TOYONO_REQUIRE_CORPUS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    text = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, text
    return text


UNREAD = ("B-B ed25519", "PDF 2.0", "encrypted True", "encrypted False")
"""pdfsig stands on NSS, which has no Ed25519 in CMS, and takes no password."""


@pytest.mark.integration
@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNREAD])
def test_pdfsig_accepts_ours(made: dict[str, bytes], name: str, tmp_path: Path) -> None:
    command = program("pdfsig")
    path = tmp_path / "signed.pdf"
    path.write_bytes(document(made, name))
    text = run(command, "-nocert", str(path))
    count = {"several": 3, "certified": 2, "two visible": 2}.get(name, 1)
    assert text.count("Signature is Valid.") == count
    assert text.count("ETSI.CAdES.detached") == count
    assert text.count("  - Total document signed") == 1


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_qpdf_finds_no_structural_fault(made: dict[str, bytes], name: str, tmp_path: Path) -> None:
    command = program("qpdf")
    path = tmp_path / "signed.pdf"
    path.write_bytes(document(made, name))
    text = run(command, "--password=user", "--check", str(path))
    assert "No syntax or stream encoding errors found" in text
    assert "WARNING" not in text


@pytest.mark.integration
def test_poppler_reads_the_japanese_name(made: dict[str, bytes], tmp_path: Path) -> None:
    command = program("pdftotext")
    path = tmp_path / "signed.pdf"
    path.write_bytes(document(made, "Japanese"))
    text = run(command, str(path), "-")
    assert "見本町" in text
    assert "理由: 証明" in text


@pytest.mark.integration
@pytest.mark.parametrize("name", [f"B-B {who}" for who in KEYS] + ["B-T"])
def test_openssl_verifies_the_cms(town: Town, made: dict[str, bytes], name: str, tmp_path: Path) -> None:
    command = program("openssl")
    if name == "B-B ed25519" and run(command, "version") < "OpenSSL 3.2":
        pytest.skip("OpenSSL verifies Ed25519 in CMS from 3.2 on")
    data = made[name]
    numbers = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data)[-1]
    _, length, second, _ = map(int, numbers)
    padded = bytes.fromhex(data[length + 1 : second - 1].decode())
    (tmp_path / "covered").write_bytes(data[:length] + data[second:])
    (tmp_path / "cms").write_bytes(padded[: 4 + int.from_bytes(padded[2:4], "big")])
    (tmp_path / "roots").write_text(_pem(town.root.der), "ascii")
    run(command, "cms", "-verify", "-binary", "-inform", "DER", "-in", str(tmp_path / "cms"), "-content",
        str(tmp_path / "covered"), "-CAfile", str(tmp_path / "roots"), "-purpose", "any", "-out",
        str(tmp_path / "out"))  # fmt: skip
    assert (tmp_path / "out").read_bytes() == (tmp_path / "covered").read_bytes()


def _pem(der: bytes) -> str:
    import ssl

    return ssl.DER_cert_to_PEM_cert(der)
