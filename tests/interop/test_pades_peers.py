"""PAdES as others see it: pyHanko, we ourselves, OpenSSL and pdfsig accept it, and qpdf finds no structural fault.

At B-LTA pyHanko runs its long-term validation (EN 319 102-1 5.6.3) with what the file holds and nothing else.
"""

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
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

import plain_pdfs
from toyono_trust import TrustStore, seal, sign, verify
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.devpki import Town
from toyono_trust.formats import pades
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.draft import Appended, ValidationData
from toyono_trust.formats.pades import PdfDetails, VisibleSeal
from toyono_trust.pki import tsp
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


# -- validation data and document time stamps


def kept(town: Town, document: Content, *more: str, **options: Any) -> Appended:
    """With what a signature and a time stamp of the town are validated with."""
    certificates = tuple(town.identity(name).certificate.der for name in ("ca", "root", *more))
    lists = (town.crl("ca"), town.crl("root"))
    return pades.add_validation_data(document, ValidationData(certificates, lists), **options)


def stamped(town: Town, document: Content, algorithm: str = "sha256", **options: Any) -> Appended:
    draft = pades.prepare_archive(document, NO_CONTENTS, algorithm, **options)
    response = tsp.read_response(town.tsa_respond(tsp.request(draft.imprint, algorithm, nonce=7)))
    return pades.attach_archive(draft, response.token or b"")


LASTING = {
    "classic": (PLAIN, {}),
    "object streams": (plain_pdfs.streamed(), {}),
    "PDF 1.4": (plain_pdfs.classic(version=b"1.4"), {}),
    "PDF 2.0": (plain_pdfs.classic(version=b"2.0"), {}),
    "nothing may change": (PLAIN, {"certify": 1}),
    "renewed": (plain_pdfs.streamed(), {}),
    "two signatures": (PLAIN, {}),
    "encrypted": (plain_pdfs.encrypted("user", "owner"), {"password": "user"}),
}


@pytest.fixture(scope="module")
def lasting(town: Town) -> dict[str, bytes]:
    """Documents at B-LTA by name, each signature with a time stamp in its CMS."""

    def sealed(document: bytes, who: str = "town", **details: Any) -> BytesContent:
        made = seal(document, by=town.identity(who), format="pades", level="B-T", tsa="http://tsa.example/",
                    http=Authority(town), details=PdfDetails(**details))  # fmt: skip
        return BytesContent(bytes(made))

    found = {}
    for name, (document, details) in LASTING.items():
        more = {key: value for key, value in details.items() if key == "password"}
        made: Content = sealed(document, **details)
        if name == "two signatures":
            made = sealed(made.bytes, "rsa-2048")
        made = stamped(town, kept(town, made, **more), **more)
        rounds = {"sha512": "tsa", "sha256": "town", "sha384": "p384"} if name == "renewed" else {}
        for digest, another in rounds.items():  # each round has one more certificate to keep
            made = stamped(town, kept(town, made, another), digest)
        found[name] = made.bytes
    return found


def counts(name: str) -> tuple[int, int]:
    """Signatures and document time stamps."""
    return 2 if name == "two signatures" else 1, 4 if name == "renewed" else 1


@pytest.mark.parametrize("name", LASTING)
def test_pyhanko_validates_what_lasts(town: Town, lasting: dict[str, bytes], name: str) -> None:
    reader = PdfFileReader(io.BytesIO(lasting[name]))
    if name == "encrypted":
        reader.decrypt("user")
    roots = [x509.Certificate.load(town.root.der)]
    usage = KeyUsageConstraints(key_usage={"digital_signature"})
    certificates = CertValidationPolicySpec(
        SimpleTrustManager.build(trust_roots=roots), CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    offline = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    rules = PdfSignatureValidationSpec(
        SignatureValidationSpec(certificates, revinfo_gathering_policy=offline, key_usage_settings=usage)
    )
    assert (len(reader.embedded_regular_signatures), len(reader.embedded_timestamp_signatures)) == counts(name)
    for number, signature in enumerate(reader.embedded_regular_signatures):
        result = asyncio.run(ades_lta_validation(signature, rules))
        assert result.ades_subindic.name == "OK", result.failure_msg
        status = result.api_status
        assert status is not None
        assert status.bottom_line, status.pretty_print_details()
        assert status.docmdp_ok
        more = number < counts(name)[0] - 1
        expected = ModificationLevel.FORM_FILLING if more else ModificationLevel.LTA_UPDATES
        assert status.modification_level == expected
    store = DocumentSecurityStore.read_dss(reader)
    held = {certificate.dump() for certificate in store.load_certs()}
    assert {town.ca.der, town.root.der} <= held
    assert [item.get_object().data for item in store.crls] == [town.crl("ca"), town.crl("root")], "nothing twice"
    assert store.vri_entries == {}
    context = store.as_validation_context({"trust_roots": roots, "allow_fetching": False})
    for stamp in reader.embedded_timestamp_signatures:
        checked = asyncio.run(async_validate_pdf_timestamp(stamp, validation_context=context))
        assert (checked.valid, checked.intact, checked.trusted) == (True, True, True), checked.summary()


@pytest.mark.parametrize("name", LASTING)
def test_we_validate_what_lasts(town: Town, lasting: dict[str, bytes], name: str, tmp_path: Path) -> None:
    town.write(tmp_path / "town")
    report = verify(lasting[name], trust=TrustStore.load(tmp_path / "town" / "trust"), password="user")
    assert report.indication == "TOTAL-PASSED", str(report)
    assert [signature.level for signature in report.signatures] == ["B-LTA"] * counts(name)[0]
    stamps = [item for item in report.signatures[-1].timestamps if item.token.type == "document"]
    assert [item.indication for item in stamps] == ["PASSED"] * counts(name)[1]


@pytest.mark.integration
@pytest.mark.parametrize("name", [name for name in LASTING if name not in UNREAD and name != "encrypted"])
def test_pdfsig_accepts_what_lasts(lasting: dict[str, bytes], name: str, tmp_path: Path) -> None:
    command = program("pdfsig")
    path = tmp_path / "lasting.pdf"
    path.write_bytes(lasting[name])
    text = run(command, "-nocert", str(path))
    assert text.count("Signature is Valid.") == counts(name)[0]
    assert text.count("ETSI.CAdES.detached") == counts(name)[0]
    assert text.count("Signature Field Name: Timestamp") == counts(name)[1]
    assert text.count("  - Total document signed") == 1


@pytest.mark.integration
@pytest.mark.parametrize("name", LASTING)
def test_qpdf_finds_no_fault_in_what_lasts(lasting: dict[str, bytes], name: str, tmp_path: Path) -> None:
    command = program("qpdf")
    path = tmp_path / "lasting.pdf"
    path.write_bytes(lasting[name])
    text = run(command, "--password=user", "--check", str(path))
    assert "No syntax or stream encoding errors found" in text
    assert "WARNING" not in text


@pytest.mark.integration
@pytest.mark.parametrize("name", LASTING)
def test_openssl_verifies_every_document_time_stamp(
    town: Town, lasting: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    command = program("openssl")
    data = lasting[name]
    (tmp_path / "root.pem").write_text(_pem(town.root.der), "ascii")
    (tmp_path / "ca.pem").write_text(_pem(town.ca.der), "ascii")
    found = re.findall(rb"ETSI\.RFC3161\n/Contents <[0-9a-f]+>\n/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data)
    assert len(found) == counts(name)[1]
    for numbers in found:
        _, length, second, rest = map(int, numbers)
        padded = bytes.fromhex(data[length + 1 : second - 1].decode())
        (tmp_path / "covered").write_bytes(data[:length] + data[second : second + rest])
        (tmp_path / "token").write_bytes(padded[: 4 + int.from_bytes(padded[2:4], "big")])
        text = run(command, "ts", "-verify", "-token_in", "-in", str(tmp_path / "token"), "-data",
                   str(tmp_path / "covered"), "-CAfile", str(tmp_path / "root.pem"), "-untrusted",
                   str(tmp_path / "ca.pem"))  # fmt: skip
        assert "Verification: OK" in text
