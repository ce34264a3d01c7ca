"""A receipt in JSON and a receipt in XML with its seal beside it: issued, verified, and reported alike."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from delivery_samples import made as evidence_made
from erds_schema import faults

import peer_town
from peer_town import AGELESS, AT, CONTENT, WORLD, signer, trust
from toyono_trust import TrustStore, aio, api, verbs
from toyono_trust.core.content import BytesContent
from toyono_trust.delivery.evidence import from_json, payload
from toyono_trust.delivery.sealed import SealedXml
from toyono_trust.delivery.xml import from_xml, to_xml
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Signed
from toyono_trust.steps import run
from toyono_trust.validation.report import Report

__all__ = ["trust"]

ALGORITHM = "ecdsa-sha256"
LATER = AT + timedelta(days=1)
PARTS = {"level.txt": CONTENT, "note.txt": b"note"}
DETAILS = {
    "sender": "NTRJP-2222222222222",
    "recipients": ["a@town.example", "b@town.example"],
    "message_id": "m-1",
    "parts": PARTS,
}
OPTIONS: dict[str, Any] = {
    "policy_id": "urn:oid:1.2.3",
    "submission_time": AT,
    "refers_to_recipient": 2,
    "identifier": "urn:uuid:1",
}


def issued(form: str, level: str = "B-T", trust: TrustStore | None = None, **options: Any) -> Signed:
    tsa = None if level == "B-B" else "http://tsa.example/"
    given: Any = OPTIONS | options
    return run(
        verbs.receipt("ContentHandover", signer(ALGORITHM), level, tsa, True, DETAILS, given, trust, form), WORLD
    )


def judged(receipt: Signed, trust: TrustStore, parts: dict[str, bytes] = PARTS, **documents: bytes) -> Report:
    named = {**parts, **documents}
    if isinstance(receipt, SealedXml):
        named.setdefault("receipt.xml", receipt.xml)
    contents = Contents({name: BytesContent(data, name) for name, data in named.items()})
    return verbs.verify(bytes(receipt), contents, trust, AGELESS, LATER)


def codes(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in report.findings]


@pytest.fixture(scope="module")
def both() -> tuple[Signed, SealedXml]:
    json, xml = issued("json"), issued("xml")
    assert isinstance(xml, SealedXml)
    return json, xml


CASES: dict[str, dict[str, bytes]] = {
    "sound": PARTS,
    "altered": {**PARTS, "note.txt": b"other"},
    "missing": {"note.txt": b"note"},
    "nothing": {},
    "another": {**PARTS, "unrelated.xml": b"<x/>"},
}


@pytest.mark.parametrize("case", CASES)
def test_both_forms_are_reported_alike(case: str, both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    json, xml = (judged(receipt, trust, CASES[case]) for receipt in both)
    assert json.receipt is not None
    assert json.receipt == xml.receipt
    assert codes(json) == codes(xml)
    assert (json.indication, json.sub_indication) == (xml.indication, xml.sub_indication)
    assert json.to_json()["receipt"] == xml.to_json()["receipt"]
    assert (json.receipt.proves == "handed-over") is (case in ("sound", "nothing", "another"))
    assert json.receipt.concerns == ("b@town.example",)


def test_both_forms_are_one_evidence(both: tuple[Signed, SealedXml]) -> None:
    import json as text

    json, xml = both
    evidence = from_xml(xml.xml)
    assert evidence == from_json(text.loads(json))
    assert to_xml(evidence) == xml.xml
    assert faults(xml.xml) == []
    assert (xml.format, xml.level, xml.reason) == ("cades", "B-T", None)


def test_without_trust_and_without_the_document_nothing_is_proven(
    both: tuple[Signed, SealedXml], trust: TrustStore
) -> None:
    report = judged(both[1], TrustStore.empty())
    assert report.receipt is not None
    assert (report.indication, report.receipt.proves) == ("INDETERMINATE", None)
    report = verbs.verify(bytes(both[1]), Contents(), trust, AGELESS, LATER)
    assert (report.receipt, report.sub_indication) == (None, "SIGNED_DATA_NOT_FOUND")
    alone = verbs.verify(bytes(both[1]), Contents(BytesContent(both[1].xml)), trust, AGELESS, LATER)
    assert alone.indication == "TOTAL-PASSED"
    assert codes(alone) == [("receipt.content-not-presented", "")]


def test_every_octet_of_the_document_is_sealed(both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    """Invariant: one flipped bit anywhere in the document is never TOTAL-PASSED, and proves nothing."""
    xml = both[1]
    for place in range(0, len(xml.xml), 7):
        altered = bytearray(xml.xml)
        altered[place] ^= 1
        report = judged(xml, trust, **{"receipt.xml": bytes(altered)})
        assert report.indication != "TOTAL-PASSED"
        assert report.receipt is None or report.receipt.proves is None


def test_the_evidence_is_found_among_what_is_presented(both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    """A delivered part may be evidence itself, in any order and under any name."""
    other = to_xml(evidence_made())
    parts = {"a": other, "b": b"x"}
    for order in (("a", "b", "z"), ("z", "b", "a"), ("b", "z", "a")):
        xml = run(
            verbs.receipt(
                "ContentHandover",
                signer(ALGORITHM),
                "B-B",
                None,
                True,
                DETAILS | {"parts": parts},
                OPTIONS,
                None,
                "xml",
            ),
            WORLD,
        )  # type: ignore[arg-type]
        assert isinstance(xml, SealedXml)
        named = {**parts, "z": xml.xml}
        contents = Contents({name: BytesContent(named[name], name) for name in order})
        report = verbs.verify(bytes(xml), contents, trust, AGELESS, LATER)
        assert report.receipt is not None
        assert report.receipt.proves == "handed-over"
        assert report.receipt.parts == (("a", True, True), ("b", True, True))


def test_evidence_that_only_lies_beside_is_not_what_is_verified(
    both: tuple[Signed, SealedXml], trust: TrustStore
) -> None:
    """An unrelated seal is not said to be broken because a receipt was presented too."""
    named = {"order.json": BytesContent(b"{}", "order.json"), "r.xml": BytesContent(both[1].xml, "r.xml")}
    report = verbs.verify(cms(b"{}"), Contents(named), trust, AGELESS, LATER)
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    altered = {name: BytesContent(data, name) for name, data in PARTS.items()}
    altered["r.xml"] = BytesContent(both[1].xml.replace(b"m-1", b"m-2"), "r.xml")
    report = verbs.verify(bytes(both[1]), Contents(altered), trust, AGELESS, LATER)
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert report.receipt is not None
    assert report.receipt.proves is None
    broken = altered | {"r.xml": BytesContent(both[1].xml[:-9], "r.xml")}
    assert verbs.verify(bytes(both[1]), Contents(broken), trust, AGELESS, LATER).indication == "INDETERMINATE"


def cms(content: bytes, *, detached: bool = True, by: str = ALGORITHM) -> bytes:
    asked = verbs.order(BytesContent(content), signer(by), "cades", "B-B", None, False, {"detached": detached})
    return bytes(run(verbs.sign(asked), WORLD))


def test_a_seal_that_holds_the_document_is_a_receipt_too(both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    attached = cms(both[1].xml, detached=False)
    contents = Contents({name: BytesContent(data, name) for name, data in PARTS.items()})
    report = verbs.verify(attached, contents, trust, AGELESS, LATER)
    assert report.receipt is not None
    assert report.receipt.proves == "handed-over"
    one = issued("xml")
    assert isinstance(one, SealedXml)
    single = Contents(BytesContent(CONTENT, "level.txt"))
    assert "content.not-covered" not in [
        code for code, _ in codes(verbs.verify(attached, single, trust, AGELESS, LATER))
    ]


@pytest.mark.parametrize("detached", [True, False])
def test_a_document_with_a_signature_of_its_own_is_sealed_by_that(detached: bool, trust: TrustStore) -> None:
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    document = to_xml(evidence_made()).replace(b"</ev:Evidence>", signature + b"</ev:Evidence>")
    report = verbs.verify(cms(document, detached=detached), Contents(BytesContent(document)), trust, AGELESS, LATER)
    assert (report.indication, report.receipt) == ("TOTAL-PASSED", None)


@pytest.mark.parametrize(
    "document",
    [
        b"<Evidence/>",
        b"ordinary",
        b"",
        to_xml(evidence_made()).replace(b"ev:Evidence", b"ev:RelayMetadata"),
        b'{"http://uri.etsi.org/19522/v1#": "Evidence"}',
    ],
)
def test_a_seal_over_anything_else_is_no_receipt(document: bytes, trust: TrustStore) -> None:
    report = verbs.verify(cms(document), Contents(BytesContent(document)), trust, AGELESS, LATER)
    assert (report.indication, report.receipt) == ("TOTAL-PASSED", None)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<ev:SenderDetails>", b"<ev:SenderDetails><!-- -->", "xml.comment"),
        (b"?>\n", b"?>\n<!DOCTYPE ev:Evidence>\n", "xml.doctype"),
        (b"EventTime>", b"Time>", "receipt.member-invalid"),
        (b"</ev:Evidence>", b"</ev:Evidence>" + b" " * (5 << 20), "xml.size"),
    ],
)
def test_sealed_evidence_that_cannot_be_read_is_a_broken_receipt(
    old: bytes, new: bytes, code: str, trust: TrustStore
) -> None:
    document = to_xml(evidence_made()).replace(old, new)
    report = verbs.verify(cms(document), Contents(BytesContent(document)), trust, AGELESS, LATER)
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert codes(report)[0][0] in (code, "format.malformed")
    assert report.receipt is None


def test_somebody_elses_seal_makes_no_receipt_of_it(both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    document = both[1].xml
    contents = Contents(
        {**{name: BytesContent(data, name) for name, data in PARTS.items()}, "r": BytesContent(document)}
    )
    report = verbs.verify(cms(document, by="rsa-sha256"), contents, trust, AGELESS, LATER)
    assert report.receipt is not None
    assert (report.receipt.issuer_is_signer, report.receipt.proves) == (False, None)
    assert [code for code, _ in codes(report)] == ["receipt.issuer-not-signer", "receipt.not-stamped"]


def test_who_signs_beside_the_issuer_takes_nothing_away(both: tuple[Signed, SealedXml], trust: TrustStore) -> None:
    """Whichever of two passing seals comes first, the issuer's is the one that proves."""
    document = both[1].xml
    for first, second in (("rsa-sha256", ALGORITHM), (ALGORITHM, "rsa-sha256")):
        alone = cms(document, by=first)
        asked = verbs.order(
            BytesContent(alone),
            signer(second),
            "cades",
            "B-B",
            None,
            False,
            {"parallel": True},
            contents=Contents(BytesContent(document)),
        )
        joint = bytes(run(verbs.sign(asked), WORLD))
        named = {**{name: BytesContent(data, name) for name, data in PARTS.items()}, "r": BytesContent(document)}
        report = verbs.verify(joint, Contents(named), trust, AGELESS, LATER)
        assert len(report.signatures) == 2
        assert report.receipt is not None
        assert (report.receipt.issuer_is_signer, report.receipt.proves) == (True, "handed-over")


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_a_receipt_in_xml_lasts(level: str, trust: TrustStore) -> None:
    xml = issued("xml", level, trust=trust, policy=AGELESS)
    assert isinstance(xml, SealedXml)
    assert xml.level == level
    assert judged(xml, trust).receipt == judged(issued("json"), trust).receipt


def test_another_form_is_refused() -> None:
    with pytest.raises(MisuseError) as refused:
        issued("yaml")
    assert refused.value.code == "receipt.argument"


def test_delegates_ciphertext_and_what_came_before_reach_the_receipt(trust: TrustStore) -> None:
    first = from_xml(issued("xml").xml)  # type: ignore[attr-defined]
    xml = issued(
        "xml",
        identifier="urn:uuid:2",
        previous=first,
        encrypted=["note.txt"],
        sender_delegate="IDCJP-1",
        recipient_delegates=[("c@town.example", (2,))],
        app_layer_identifier="contract-7",
    )
    assert codes(judged(xml, trust)) == [("receipt.part-encrypted", "note.txt")]
    evidence = from_xml(xml.xml)  # type: ignore[attr-defined]
    assert evidence.sender_delegate_details is not None
    assert b"previous-evidence" in payload(evidence)


def test_files_are_written_beside_each_other_and_verified_from_there(tmp_path: Path, trust: TrustStore) -> None:
    arguments: dict[str, Any] = {"by": signer(ALGORITHM), "form": "xml", **DETAILS, **OPTIONS, "policy": AGELESS}
    for name, call in (("a.xml", api.receipt), ("b.xml", lambda *a, **k: asyncio.run(aio.receipt(*a, **k)))):
        made = call("ContentHandover", out=tmp_path / name, **arguments)
        assert isinstance(made, SealedXml)
        assert (tmp_path / name).read_bytes() == made.xml
        assert (tmp_path / f"{name}.p7s").read_bytes() == bytes(made)
        assert faults(made.xml) == []
        contents = {**PARTS, "receipt": tmp_path / name}
        report = api.verify(tmp_path / f"{name}.p7s", content=contents, trust=trust, policy=AGELESS)
        assert report.receipt is not None
        assert report.receipt.proves == "handed-over"
        assert api.verify(tmp_path / f"{name}.p7s", content=tmp_path, trust=trust, policy=AGELESS).receipt is not None


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL's program is not here")
def test_openssl_verifies_the_seal_over_the_document(both: tuple[Signed, SealedXml], tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_bytes(both[1].xml)
    (tmp_path / "r.xml.p7s").write_bytes(bytes(both[1]))
    (tmp_path / "root.pem").write_bytes(peer_town.root()[0].public_bytes(serialization.Encoding.PEM))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "r.xml.p7s", "-content", "r.xml"]
    command += ["-CAfile", "root.pem", "-purpose", "any", "-out", "covered"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "covered").read_bytes() == both[1].xml
    (tmp_path / "r.xml").write_bytes(both[1].xml + b" ")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode != 0
