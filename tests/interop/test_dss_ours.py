"""What we make, as EU DSS sees it: every format, packaging and algorithm is TOTAL-PASSED there, at the same level."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

import plain_pdfs
from interop.dss_peer import Dss, DssError
from interop.dss_town import Situation, Verdict, both
from toyono_trust import augment, receipt, seal, sign, timestamp, verify
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Place, SignaturePolicy
from toyono_trust.formats.pades import PdfDetails, VisibleSeal

pytestmark = [pytest.mark.integration, pytest.mark.dss]

CONTENT = "水位 3.2 m\r\nriver level\n".encode() + bytes(range(256))
TEXT = b"level 3.2 m; not.only.base64url\n"
"""As an unencoded payload must be that stands in JSON (RFC 7797 5.3)."""
ALGORITHMS = {
    "rsa-sha256": "rsa-3072",
    "rsa-sha512": "rsa-2048",
    "rsa-pss-sha256": "rsa-3072",
    "rsa-pss-sha384": "rsa-2048",
    "ecdsa-sha256": "town",
    "ecdsa-sha384": "p384",
    "ecdsa-sha512": "p521",
    "ed25519": "ed25519",
}
MADE = ("B-B", "B-T", "B-LT", "B-LTA")
"""Levels that we make."""


def made(
    situation: Situation, content: bytes, who: str, level: str = "B-B", *, verb: Any = seal, **options: Any
) -> bytes:
    """Signed with the verbs, stamped by the town's TSA where the level asks for it."""
    return bytes(verb(content, by=situation.town.identity(who), level=level, **network(situation, level), **options))


def network(situation: Situation, level: str) -> dict[str, Any]:
    """What a level needs of the world: a TSA from B-T on, from B-LT on somebody whom we trust."""
    if level == "B-B":
        return {}
    trusted: dict[str, Any] = {} if level == "B-T" else {"trust": situation.trust()}
    return {"tsa": situation.tsa, "http": situation.http} | trusted


def stamps(form: str, level: str) -> tuple[tuple[str, str, None], ...]:
    """Time stamps that a level has, all of them passed."""
    archive = "document" if form == "pades" else "archive"
    kinds = {"B-B": [], "B-T": ["signature"], "B-LT": ["signature"], "B-LTA": sorted(["signature", archive])}[level]
    return tuple((kind, "PASSED", None) for kind in kinds)


def passed(dss: Dss, situation: Situation, data: bytes, form: str, level: str, *levels: str, **presented: Any) -> None:
    """Both engines pass every signature, at these levels."""
    verdicts = (Verdict(each, "TOTAL-PASSED", None, stamps(form, each)) for each in (level, *levels))
    wanted = sorted(verdicts, key=repr)
    ours, theirs = both(dss, situation, data, **presented)
    assert theirs == wanted
    assert ours == wanted


def presented(*files: tuple[str, bytes]) -> dict[str, Any]:
    """Detached contents by name, for both engines."""
    contents = [{"file": data, "name": name} for name, data in files]
    return {"content": dict(files), "contents": contents}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("level", MADE)
@pytest.mark.parametrize("form", ["jades", "cades", "pades"])
def test_every_algorithm(dss: Dss, situation: Situation, form: str, level: str, algorithm: str) -> None:
    content = plain_pdfs.classic() if form == "pades" else CONTENT
    data = made(situation, content, ALGORITHMS[algorithm], level, format=form, algorithm=algorithm)
    passed(dss, situation, data, form, level)


@pytest.mark.parametrize("form", ["jades", "cades"])
def test_dss_knows_no_ml_dsa(dss: Dss, situation: Situation, form: str) -> None:
    """With us ML-DSA (FIPS 204) passes; DSS 6.4 throws at the key, so this fails when it has learnt it."""
    data = made(situation, CONTENT, "ml-dsa-65", format=form)
    assert verify(data, trust=situation.trust(), at=situation.soon).indication == "TOTAL-PASSED"
    with pytest.raises(DssError, match=r"ML-DSA|2\.16\.840\.1\.101\.3\.4\.3\.18"):
        dss.validate(data, at=situation.soon, **situation.trusted())


# -- JAdES

LAYOUTS: dict[str, dict[str, Any]] = {
    "compact": {},
    "flattened": {"serialization": "flattened"},
    "general": {"serialization": "general"},
    "x5t#o": {"references": ("sha384",)},
    "sigX5ts": {"references": ("sha384", "sha512")},
    "kid": {"kid": True},
    "typ": {"typ": "jose"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("level", MADE)
@pytest.mark.parametrize("detached", [False, True])
def test_layouts_of_jades(dss: Dss, situation: Situation, layout: str, level: str, detached: bool) -> None:
    details = JadesDetails(**LAYOUTS[layout])
    data = made(situation, CONTENT, "town", level, format="jades", detached=detached, details=details)
    passed(dss, situation, data, "jades", level, **(presented(("content", CONTENT)) if detached else {}))


@pytest.mark.parametrize("level", MADE)
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
def test_unencoded_payloads(dss: Dss, situation: Situation, serialization: Any, detached: bool, level: str) -> None:
    text = b"level" if serialization == "compact" and not detached else TEXT  # RFC 7797 5.2
    details = JadesDetails(serialization=serialization, b64=False)
    data = made(situation, text, "town", level, format="jades", detached=detached, details=details)
    passed(dss, situation, data, "jades", level, **(presented(("content", text)) if detached else {}))


@pytest.mark.parametrize("level", MADE)
@pytest.mark.parametrize(("mechanism", "count"), [("uri", 1), ("uri-hash", 1), ("uri-hash", 2)])
def test_documents_that_sig_d_names(dss: Dss, situation: Situation, mechanism: Any, count: int, level: str) -> None:
    files = [("level.csv", CONTENT), ("report.txt", TEXT)][:count]
    data = described(situation, mechanism, files, level)
    passed(dss, situation, data, "jades", level, **presented(*files))
    other = [*files[:-1], (files[-1][0], b"other")]
    ours, theirs = both(dss, situation, data, **presented(*other))
    # what is named by URI alone has no digest of its own (TS 119 182-1 5.2.8.3)
    failure = "SIG_CRYPTO_FAILURE" if mechanism == "uri" else "HASH_FAILURE"
    assert (ours[0].indication, ours[0].sub_indication) == ("TOTAL-FAILED", failure)
    assert (theirs[0].indication, theirs[0].sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_several_documents_as_one_run_of_octets(dss: Dss, situation: Situation) -> None:
    """DSS passes them; with us nothing says where each ends (TS 119 182-1 5.2.8.3.2)."""
    files = [("level.csv", CONTENT), ("report.txt", TEXT)]
    ours, theirs = both(dss, situation, described(situation, "uri", files, "B-B"), **presented(*files))
    assert theirs == [Verdict("B-B", "TOTAL-PASSED", None, ())]
    assert ours == [Verdict("B-B", "INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", ())]


def described(situation: Situation, mechanism: Any, files: list[tuple[str, bytes]], level: str) -> bytes:
    parts = tuple((name, BytesContent(data)) for name, data in files)
    details = JadesDetails(mechanism=mechanism, parts=parts, serialization="flattened")
    return raised(situation, b"", level, details, dict(files))


def raised(
    situation: Situation, content: bytes, level: str, details: JadesDetails, contents: dict[str, bytes]
) -> bytes:
    """Signed up to B-T, and augmented with the named contents at hand."""
    first: Any = "B-B" if level == "B-B" else "B-T"
    data = made(situation, content, "town", first, format="jades", detached=True, details=details)
    if level == first:
        return data
    return bytes(augment(data, level=level, content=contents, **network(situation, level)))  # type: ignore[call-overload]


@pytest.mark.parametrize("level", MADE)
def test_http_headers(dss: Dss, situation: Situation, level: str) -> None:
    """Fields that are signed beside a Digest over the body; one of them occurs twice."""
    value = "SHA-256=" + base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    fields = (("(request-target)", "post /levels"), ("X-Town", "Mihon"), ("X-Town", "Toyono"), ("Digest", value))
    details = JadesDetails(mechanism="http-headers", headers=fields, serialization="flattened")
    ours = {"(request-target)": b"post /levels", "X-Town": b"Mihon, Toyono", "Digest": value.encode(), "body": CONTENT}
    data = raised(situation, CONTENT, level, details, ours)
    theirs: list[dict[str, Any]] = [{"header": name, "value": text} for name, text in fields[:-1]]
    theirs.append({"digest": "SHA256", "file": CONTENT})
    passed(dss, situation, data, "jades", level, content=ours, contents=theirs)


def test_two_signers_of_one_payload(dss: Dss, situation: Situation) -> None:
    first = made(situation, CONTENT, "town", format="jades", details=JadesDetails(serialization="general"))
    data = made(situation, first, "resident", "B-T", verb=sign, format="jades", parallel=True)
    passed(dss, situation, data, "jades", "B-B", "B-T")


@pytest.mark.parametrize("level", MADE)
def test_seals_of_receipts(dss: Dss, situation: Situation, level: str) -> None:
    """The seal by itself, a JWS over the RFC 8785 bytes of all other members."""
    rfc8785 = pytest.importorskip("rfc8785")
    evidence = receipt(
        "ContentHandover",
        by=situation.town.identity("bus"),
        sender="NTRJP-9234567890123",
        recipients=["町民@town.example"],
        message_id="m-1",
        parts={"level.txt": TEXT},
        policy_id="urn:oid:1.2.3",
        submission_time=situation.town.now,
        level=level,  # type: ignore[arg-type]
        **network(situation, level),
    )
    assert verify(evidence, trust=situation.trust(), at=situation.soon).indication == "TOTAL-PASSED"
    value = json.loads(evidence)
    ((_, jws),) = value.pop("jadesSignature").items()
    octets = f"{jws['protected']}..{jws['signature']}".encode() if level == "B-B" else json.dumps(jws).encode()
    passed(dss, situation, octets, "jades", level, **presented(("receipt.json", rfc8785.dumps(value))))


def test_the_older_form_of_the_signing_time(dss: Dss, situation: Situation) -> None:
    """From 2025-07-15 on sigT makes no baseline level any more (TS 119 182-1 5.1.11)."""
    data = made(situation, CONTENT, "town", format="jades", details=JadesDetails(time="sigT"))
    ours, theirs = both(dss, situation, data)
    assert ours == theirs == [Verdict(None, "TOTAL-PASSED", None, ())]


# -- CAdES


@pytest.mark.parametrize("level", MADE)
@pytest.mark.parametrize("detached", [False, True])
def test_everything_under_a_cades_signature(dss: Dss, situation: Situation, detached: bool, level: str) -> None:
    token = timestamp(CONTENT, tsa=situation.tsa, http=situation.http)
    data = made(
        situation,
        CONTENT,
        "resident",
        level,
        verb=sign,
        format="cades",
        detached=detached,
        commitment="1.2.840.113549.1.9.16.6.5",
        roles=["町長"],
        place=Place("JP", "豊野町"),
        content_type="text/plain",
        content_timestamp=token,
    )
    found = tuple(sorted((("content", "PASSED", None), *stamps("cades", level))))
    given = presented(("content", CONTENT)) if detached else {}
    assert both(dss, situation, data, **given) == ([Verdict(level, "TOTAL-PASSED", None, found)],) * 2


@pytest.mark.parametrize("form", ["jades", "cades", "pades"])
def test_signature_policies_that_are_only_named(dss: Dss, situation: Situation, form: str) -> None:
    """Neither engine has the document; that is no failure by default (EN 319 102-1 5.2.4)."""
    policy = SignaturePolicy("urn:oid:1.2.3.4", "sha256", bytes(32), "https://town.example/policy")
    content = plain_pdfs.classic() if form == "pades" else CONTENT
    passed(dss, situation, made(situation, content, "town", format=form, signature_policy=policy), form, "B-B")


@pytest.mark.parametrize("form", ["jades", "cades"])
@pytest.mark.parametrize("detached", [False, True])
def test_altered_content_fails(dss: Dss, situation: Situation, form: str, detached: bool) -> None:
    data = made(situation, TEXT, "town", "B-T", format=form, detached=detached)
    other = TEXT.replace(b"3.2", b"2.2")
    given = presented(("content", other)) if detached else {}
    if not detached:
        old, new = (TEXT, other) if form == "cades" else (b64url_encode(TEXT), b64url_encode(other))
        assert old in data
        data = data.replace(old, new)
    ours, theirs = both(dss, situation, data, **given)
    assert [one.indication for one in (*ours, *theirs)] == ["TOTAL-FAILED"] * 2
    assert theirs[0].sub_indication == "HASH_FAILURE"
    # a JWS has no digest of its content, which is part of what is signed (RFC 7515 5.2)
    assert ours[0].sub_indication == ("SIG_CRYPTO_FAILURE" if form == "jades" else "HASH_FAILURE")


# -- PAdES

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "streamed": plain_pdfs.streamed,
    "hybrid": plain_pdfs.hybrid,
    "PDF 1.4": lambda: plain_pdfs.classic(version=b"1.4"),
    "PDF 2.0": lambda: plain_pdfs.classic(version=b"2.0"),
    "form": lambda: plain_pdfs.form({7: plain_pdfs.field(b"Mayor", rect=b"10 10 200 60")}),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("level", MADE)
def test_documents(dss: Dss, situation: Situation, name: str, level: str) -> None:
    passed(dss, situation, made(situation, DOCUMENTS[name](), "town", level, format="pades"), "pades", level)


DETAILS: dict[str, dict[str, Any]] = {
    "reason": {"reason": "証明", "location": "見本町"},
    "visible": {"visible": VisibleSeal(box=(300, 40, 200, 60), name="Town of Mihon")},
    "certified": {"certify": 1},
}


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize("level", MADE)
def test_details_of_pades(dss: Dss, situation: Situation, name: str, level: str) -> None:
    data = made(situation, plain_pdfs.classic(), "town", level, format="pades", details=PdfDetails(**DETAILS[name]))
    passed(dss, situation, data, "pades", level)


def test_an_existing_field(dss: Dss, situation: Situation) -> None:
    document = plain_pdfs.form({7: plain_pdfs.field(b"A", b"/Lock << /Type /SigFieldLock /Action /All >> ")})
    passed(
        dss, situation, made(situation, document, "town", format="pades", details=PdfDetails(field="A")), "pades", "B-B"
    )


@pytest.mark.parametrize("aes256", [True, False])
@pytest.mark.parametrize("level", MADE)
def test_encrypted_documents(dss: Dss, situation: Situation, aes256: bool, level: str) -> None:
    document = plain_pdfs.encrypted("user", "owner", aes256=aes256)
    data = made(situation, document, "town", level, format="pades", details=PdfDetails(password="user"))
    passed(dss, situation, data, "pades", level, password="user")


@pytest.mark.parametrize("visible", [False, True])
def test_several_signatures_in_a_row(dss: Dss, situation: Situation, visible: bool) -> None:
    boxes = [VisibleSeal(box=(x, 40, 150, 60), name="Town") if visible else None for x in (40, 200, 360)]
    first = PdfDetails(visible=boxes[0], certify=None if visible else 2)
    data = made(situation, plain_pdfs.classic(), "town", format="pades", details=first)
    data = made(situation, data, "resident", "B-T", verb=sign, format="pades", details=PdfDetails(visible=boxes[1]))
    data = made(situation, data, "rsa-3072", format="pades", details=PdfDetails(visible=boxes[2]))
    passed(dss, situation, data, "pades", "B-B", "B-T", "B-B")


def test_an_altered_document_fails(dss: Dss, situation: Situation) -> None:
    data = made(situation, plain_pdfs.classic(), "town", "B-T", format="pades")
    altered = data.replace(b"/MediaBox [0 0 ", b"/MediaBox [9 0 ", 1)
    assert altered != data
    ours, theirs = both(dss, situation, altered)
    assert ours == theirs
    assert (ours[0].indication, ours[0].sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
