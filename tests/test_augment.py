"""``augment`` and the levels above B-T, through the public API, against a town's servers on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import toyono_trust
from lasting_proof import LOG, proof_file, record_file
from made_proof import opening
from plain_pdfs import classic
from toyono_trust import Http, NotVerified, TrustStore, aio, augment, receipt, seal, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Server, Town
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.ledger import charter
from toyono_trust.pki.tsp import read_response, request

FORMATS = ("jades", "cades", "pades")
CONTENT = {"jades": b'{"contract": 1}', "cades": b"contract", "pades": classic()}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Server(port=0) as server:
        server.town = Town.create(base_url=server.url)
        yield server.town


@pytest.fixture(scope="module")
def trust(town: Town) -> TrustStore:
    """The root alone: everything else has to be fetched."""
    return TrustStore.from_certificates([town.root.der], [], [])


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(allow_private=True) as http:
        yield http


@pytest.fixture
def online(town: Town, trust: TrustStore, http: Http) -> dict[str, Any]:
    return {"tsa": f"{town.base_url}/tsr", "http": http, "trust": trust}


def sealed(town: Town, format: str, level: str = "B-B", name: str = "town", **options: Any) -> Any:
    return seal(CONTENT[format], by=town.identity(name), format=format, level=level, **options)  # type: ignore[call-overload]


def levels(report: toyono_trust.Report) -> list[str | None]:
    return [signature.level for signature in report.signatures]


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
@pytest.mark.parametrize("format", FORMATS)
def test_made_at_once(town: Town, online: dict[str, Any], format: str, level: str) -> None:
    made = sealed(town, format, level, **online)
    assert (made.format, made.level, made.reason) == (format, level, None)
    assert made.report.indication == "TOTAL-PASSED"
    assert made.report.valid_until is not None
    report = verify(made, trust=online["trust"])
    assert (report.indication, levels(report)) == ("TOTAL-PASSED", [level]), "offline, by the file alone"
    assert report.require(signed_by={"NTRJP-9234567890123"}).content[: len(CONTENT[format])] == CONTENT[format]


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("start", ["B-B", "B-T"])
@pytest.mark.parametrize("format", FORMATS)
def test_augmented(town: Town, online: dict[str, Any], format: str, start: str, level: str) -> None:
    signed = sealed(town, format, start, **(online if start == "B-T" else {}))
    if start == level:
        with pytest.raises(MisuseError) as caught:
            augment(signed, level=level, **online)  # type: ignore[call-overload]
        assert caught.value.code == "augment.nothing-to-do"
        return
    made = augment(signed, level=level, **online)  # type: ignore[call-overload]
    assert made.report.indication == "TOTAL-PASSED"
    assert levels(verify(made, trust=online["trust"], http=online["http"])) == [level]
    if format == "pades":
        assert made.startswith(signed), "what is there stays octet for octet"


@pytest.mark.parametrize("label", ["PKCS7", "CMS"])
def test_a_cms_in_armour(town: Town, online: dict[str, Any], trust: TrustStore, label: str) -> None:
    """PEM (RFC 7468) is taken off first; what comes out is the DER."""
    body = base64.encodebytes(sealed(town, "cades")).decode()
    armoured = f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()
    made = augment(armoured, level="B-LTA", **online)
    assert (made.level, made[:1]) == ("B-LTA", b"0")
    assert verify(made, trust=trust, http=online["http"]).require(signed_by="anyone").content == CONTENT["cades"]


@pytest.mark.parametrize("format", FORMATS)
def test_step_by_step_is_the_same_ladder(town: Town, online: dict[str, Any], format: str) -> None:
    signed = sealed(town, format)
    for level in ("B-T", "B-LT", "B-LTA", "B-LTA"):
        signed = augment(signed, level=level, **online)  # type: ignore[call-overload]
    report = verify(signed, trust=online["trust"])
    assert report.indication == "TOTAL-PASSED"
    kinds = [item.token.type for item in report.signatures[0].timestamps]
    assert kinds == ["document"] * 3 if format == "pades" else kinds == ["signature", "archive", "archive"]


@pytest.mark.parametrize("format", ["jades", "cades"])
def test_detached_content_is_handed_in(town: Town, online: dict[str, Any], format: str, tmp_path: Path) -> None:
    content = tmp_path / "contract"
    content.write_bytes(CONTENT[format])
    signed = seal(content, by=town.identity("town"), format=format, detached=True)  # type: ignore[call-overload]
    with pytest.raises((MisuseError, NotVerified)):
        augment(signed, **online)
    made = augment(signed, **online, content=content)
    assert verify(made, trust=online["trust"], content=content).indication == "TOTAL-PASSED"
    assert verify(made, trust=online["trust"], content=b"another").indication == "TOTAL-FAILED"


@pytest.mark.parametrize("mechanism", ["uri", "uri-hash", "http-headers"])
def test_what_sigd_names_is_at_hand(town: Town, online: dict[str, Any], mechanism: Any) -> None:
    digest = base64.b64encode(hashlib.sha256(b"1").digest()).decode()
    headers = (("X-Town", "Mihon"), ("X-Town", "Toyono"), ("Digest", f"SHA-256={digest}"))
    given: dict[str, Any] = {"parts": (("a.json", BytesContent(b"1", "a.json")),)}
    presented: dict[str, bytes] = {"a.json": b"1"}
    if mechanism == "http-headers":
        given = {"headers": headers, "serialization": "flattened"}
        presented = {"X-Town": b"Mihon, Toyono", "Digest": headers[-1][1].encode(), "body": b"1"}
    details = JadesDetails(mechanism=mechanism, **given)
    by = town.identity("town")
    made = seal(b"1", by=by, format="jades", detached=True, details=details, level="B-LTA", **online)
    assert verify(made, trust=online["trust"], content=presented).indication == "TOTAL-PASSED"
    assert verify(made, trust=online["trust"]).indication == "INDETERMINATE"


def test_receipts_last_too(town: Town, online: dict[str, Any]) -> None:
    made = receipt(
        "SubmissionAcceptance",
        by=town.identity("town"),
        sender="NTRJP-9234567890123",
        recipients=["NTRJP-1345678901234"],
        message_id="urn:uuid:1",
        parts={"order": b"1"},
        policy_id="1.2.3",
        level="B-LTA",
        **online,
    )
    assert json.loads(made)["jadesSignature"]
    report = verify(made, trust=online["trust"], content={"order": b"1"})
    assert (report.indication, levels(report)) == ("TOTAL-PASSED", ["B-LTA"])
    assert report.receipt is not None


def test_a_pdf_that_others_signed_before(town: Town, online: dict[str, Any]) -> None:
    """Making the second signature last says nothing about the first, whose signer nobody here trusts."""
    other = Town.create()
    first = seal(CONTENT["pades"], by=other.identity("bus"), format="pades")
    made = seal(first, by=town.identity("town"), format="pades", level="B-LTA", **online)
    report = verify(made, trust=online["trust"])
    assert [item.indication for item in report.signatures] == ["INDETERMINATE", "TOTAL-PASSED"]
    with pytest.raises(NotVerified):
        augment(made, **online)
    again = augment(made, **online, signatures={report.signatures[1].id})
    assert levels(verify(again, trust=online["trust"]))[1] == "B-LTA"


def test_what_others_signed_before_is_kept_too(town: Town, online: dict[str, Any]) -> None:
    """A PDF has one store: an earlier signature that passes now passes years later, though another one was archived."""
    first = seal(CONTENT["pades"], by=town.identity("bus"), format="pades", level="B-T", **online)
    made = seal(first, by=town.identity("town"), format="pades", level="B-LTA", **online)
    report = verify(made, trust=online["trust"])
    later = report.simulate(report.validated_at + timedelta(days=4 * 365))
    assert [item.indication for item in later.signatures] == ["TOTAL-PASSED"] * 2


def test_a_pdf_goes_from_file_to_file(town: Town, online: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "contract.pdf"
    path.write_bytes(sealed(town, "pades"))
    made = augment(path, out=path, **online)
    assert isinstance(made, toyono_trust.formats.model.SignedFile)  # type: ignore[attr-defined]
    assert (made.path, made.size, made.level) == (path, path.stat().st_size, "B-LTA")
    assert verify(path, trust=online["trust"]).indication == "TOTAL-PASSED"


def test_awaitable(town: Town, online: dict[str, Any]) -> None:
    async def story() -> Any:
        made = await aio.seal(b"1", by=town.identity("town"), format="cades", level="B-LT", **online)
        made = await aio.augment(made, **online)
        return await aio.verify(made, trust=online["trust"], http=online["http"])

    report = asyncio.run(story())
    assert (report.indication, levels(report)) == ("TOTAL-PASSED", ["B-LTA"])


# What cannot be augmented


@pytest.mark.parametrize(
    ("signed", "options", "code"),
    [
        (b"no signature", {}, "augment.format"),
        ("B-B", {"level": "B-B"}, "level.unknown"),
        ("B-B", {"trust": None}, "level.trust-missing"),
        ("B-B", {"tsa": None}, "tsa.missing"),
        ("B-B", {"http": None}, "http.missing"),
        ("B-B", {"signatures": "signature-0"}, "argument.type"),
        ("B-B", {"signatures": {"signature-0"}}, "augment.no-such-signature"),
        ("B-B", {"digest": "md5"}, "tsa.digest"),
        ("B-B", {"colour": "red"}, "argument.unknown"),
        ("JWS", {}, "augment.not-baseline"),
        ("PDF", {}, "augment.no-signature"),
    ],
)
def test_misuse(town: Town, online: dict[str, Any], signed: Any, options: dict[str, Any], code: str) -> None:
    if signed == "B-B":
        signed = sealed(town, "jades")
    elif signed == "PDF":
        signed = classic()
    elif signed == "JWS":
        protected = "eyJhbGciOiJFUzI1NiJ9"
        signed = f'{{"payload":"e30","protected":"{protected}","signature":"{"A" * 86}"}}'.encode()
    with pytest.raises(MisuseError) as caught:
        augment(signed, **{**online, **options})
    assert caught.value.code == code


def test_a_revoked_signer_is_not_preserved(town: Town, online: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out.jws"
    with pytest.raises(NotVerified) as caught:
        augment(sealed(town, "jades", name="revoked"), out=out, **online)
    assert caught.value.code == "augment.not-verified"
    assert caught.value.report.sub_indication == "REVOKED_NO_POE"
    assert not out.exists()


def test_a_stranger_is_not_preserved(online: dict[str, Any]) -> None:
    with pytest.raises(NotVerified) as caught:
        augment(sealed(Town.create(), "cades"), **online)
    # its CA bears the name of ours, so that there is a path, by a key that did not sign
    assert caught.value.report.sub_indication == "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    assert "path.signature" in {finding.code for finding in caught.value.report.all_findings()}


def test_an_authority_that_nobody_trusts(town: Town, online: dict[str, Any]) -> None:
    with Server(port=0) as other:
        other.town = Town.create(base_url=other.url)
        with pytest.raises(NotVerified) as caught:
            augment(sealed(town, "jades"), **{**online, "tsa": f"{other.url}/tsr"})
    assert caught.value.code in ("tsa.not-trusted", "augment.not-verified")


def test_an_authority_that_is_down(town: Town, online: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError):
        augment(sealed(town, "jades"), **{**online, "tsa": "http://127.0.0.1:9/tsr"}, timeout=5.0)


def test_without_revocation_data_there_is_no_long_term(town: Town, trust: TrustStore, online: dict[str, Any]) -> None:
    """Addresses in certificates are private here, and not allowed: nothing can be fetched but the time stamp."""
    with Http() as strict, pytest.raises(NotVerified) as caught:
        augment(sealed(town, "jades"), **{**online, "http": strict})
    assert any(finding.code.startswith("gather.") for finding in caught.value.report.all_findings())


@pytest.mark.parametrize("at", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar(town: Town, online: dict[str, Any], at: datetime) -> None:
    """Elsewhere it is another year, which there is none of."""
    hours = timedelta(hours=9 if at == datetime.min else -9)
    at = at.replace(tzinfo=timezone(hours))
    report = verify(sealed(town, "jades"), trust=online["trust"], http=online["http"], at=at)
    assert report.indication != "TOTAL-PASSED"


def test_what_makes_no_baseline_signature_is_not_called_one(town: Town, online: dict[str, Any]) -> None:
    with pytest.raises(MisuseError) as caught:
        sealed(town, "jades", "B-LT", details=JadesDetails(time="sigT"), **online)
    assert caught.value.code == "augment.not-baseline"


def test_verify_online_says_what_it_fetched(town: Town, online: dict[str, Any]) -> None:
    signed = sealed(town, "jades", "B-T", tsa=online["tsa"], http=online["http"])
    assert verify(signed, trust=online["trust"]).indication == "INDETERMINATE"
    report = verify(signed, trust=online["trust"], http=online["http"])
    assert report.indication == "TOTAL-PASSED"
    sources = {item.source for item in report.material}
    assert f"{town.base_url}/ocsp" in sources
    assert {item["source"] for item in report.to_json()["material"]} == sources


@pytest.mark.parametrize("format", FORMATS)
def test_evidence_gives_the_same_verdict(town: Town, online: dict[str, Any], format: str) -> None:
    from toyono_trust import verbs
    from toyono_trust.validation.replay import unpack

    report = verify(sealed(town, format, "B-LTA", **online), trust=online["trust"], http=online["http"])
    found = unpack(report.evidence)
    again = verbs.judge(found.facts, found.policy, found.trust, found.at, found.work(), found.material, found.present)
    assert again.to_json() == report.to_json()
    assert again.evidence == report.evidence


def test_records_and_proofs_are_renewed_as_files_are(town: Town, online: dict[str, Any], tmp_path: Path) -> None:
    """From a path to a file and from octets, at once and with asyncio; more of them in tests/validation."""

    def stamp(digest: bytes) -> bytes:
        answer = read_response(town.tsa_respond(request(digest, "sha256", nonce=1)))
        assert answer.token is not None
        return answer.token

    place = tmp_path / "letter.opening.ers"
    place.write_bytes(record_file(stamp))
    made: Any = augment(place, **online, content=opening().octets, out=place)
    assert (made.format, made.level, made.report.indication) == ("ers", "B-LTA", "PASSED")
    assert place.read_bytes() == made
    charter_of_log = seal(charter.statement(LOG.key), by=town.identity("town"), format="jades")
    made = asyncio.run(aio.augment(proof_file(bytes(charter_of_log), None), **online))
    assert (made.format, made.level, made.report.indication) == ("proof", "B-LTA", "TOTAL-PASSED")
    again = verify(made, trust=online["trust"], content=opening().octets)
    assert again.indication == "TOTAL-PASSED", "offline, by the file alone"
    assert again.log is not None
    assert again.log.logged_since is not None
    assert again.valid_until == made.report.valid_until
