"""What EU DSS makes, up to B-LTA, as we see it; also what it adds to files of ours: levels, signatures, counters."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

import plain_pdfs
from interop.dss_peer import Dss
from interop.dss_town import Situation, Verdict, both, every
from toyono_trust import augment, seal, sign, verify
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.validation.report import Report, SignatureReport

pytestmark = [pytest.mark.integration, pytest.mark.dss]

CONTENT = "水位 3.2 m\r\nriver level\n".encode() + bytes(range(256))
LEVELS = {"B": "B-B", "T": "B-T", "LT": "B-LT", "LTA": "B-LTA"}
"""DSS's names and ours."""
KEYS: dict[str, dict[str, Any]] = {
    "town": {},
    "p384": {"digest": "SHA384"},
    "rsa-3072": {},
    "rsa-3072 PSS": {"pss": True},
    "ed25519": {"digest": "SHA512"},
}
"""Who signs, and how."""
FORMS: dict[str, dict[str, Any]] = {
    "jades compact": {"serialization": "compact", "packaging": "enveloping"},
    "jades flattened": {"serialization": "flattened", "packaging": "enveloping"},
    "jades general": {"serialization": "general", "packaging": "enveloping"},
    "jades clear etsiU": {"serialization": "flattened", "packaging": "enveloping", "etsiu_b64": False},
    "jades detached": {"serialization": "flattened", "packaging": "detached", "mechanism": "NO_SIG_D"},
    "jades by URI": {"serialization": "flattened", "packaging": "detached", "mechanism": "OBJECT_ID_BY_URI"},
    "jades by hash": {"serialization": "flattened", "packaging": "detached", "mechanism": "OBJECT_ID_BY_URI_HASH"},
    "jades unencoded": {"serialization": "flattened", "packaging": "detached", "mechanism": "NO_SIG_D", "b64": False},
    "cades attached": {"packaging": "enveloping"},
    "cades detached": {"packaging": "detached"},
    "pades": {},
    "pades VRI": {"vri": True},
}
MADE = [
    (form, level)
    for form in FORMS
    for level in LEVELS
    if (form != "jades compact" or level == "B") and (form, level) != ("jades clear etsiU", "LTA")
]
"""What DSS makes: in a compact JWS there is no place for etsiU, and over a clear one it computes no archive stamp."""


def format_of(form: str) -> Any:
    return form.partition(" ")[0]


def presented(form: str) -> dict[str, Any]:
    """The detached content for ``verify`` and for DSS."""
    if FORMS[form].get("packaging") != "detached":
        return {}
    return {"content": CONTENT, "contents": [{"file": CONTENT, "name": "level.bin"}]}


def made(dss: Dss, situation: Situation, form: str, level: str, who: str = "town") -> bytes:
    document = plain_pdfs.classic() if format_of(form) == "pades" else CONTENT
    name, members = who.partition(" ")[0], FORMS[form] | KEYS[who]
    return dss.sign(document, name="level.bin", format=format_of(form), level=level, **situation.signs(name, **members))


def stamps(form: str, level: str, first: str = "signature") -> list[str]:
    """Types of the time stamps of a level."""
    archive = "document" if format_of(form) == "pades" else "archive"
    return sorted({"B": [], "T": [first], "LT": [first], "LTA": [first, archive]}[level])


def expect(report: Report, form: str, level: str, first: str = "signature") -> SignatureReport:
    """Facts and verdict of a level. ``first``: type of the time stamp that makes B-T."""
    (signature,) = report.signatures
    assert signature.signature_intact
    assert all(item.intact for item in signature.objects)
    assert signature.level == LEVELS[level]
    assert sorted(item.token.type for item in signature.timestamps) == stamps(form, level, first)
    for item in signature.timestamps:
        assert (item.token.imprint_found, item.token.imprint_intact) == (True, True)
        assert (item.indication, item.sub_indication) == ("PASSED", None)
    material = len(signature.facts.crls) + len(signature.facts.ocsp_responses)
    assert (material > 0) == (level in ("LT", "LTA"))
    assert report.indication == "TOTAL-PASSED", str(report)
    return signature


@pytest.mark.parametrize("who", KEYS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", ["jades general", "cades detached", "pades"])
def test_every_algorithm(dss: Dss, situation: Situation, form: str, level: str, who: str) -> None:
    data = made(dss, situation, form, level, who)
    content = presented(form).get("content")
    signature = expect(verify(data, content=content, trust=situation.trust(), at=situation.soon), form, level)
    if level != "B":
        assert signature.best_signature_time == min(item.token.generated_at for item in signature.timestamps)


@pytest.mark.parametrize(("form", "level"), MADE)
def test_every_packaging(dss: Dss, situation: Situation, form: str, level: str) -> None:
    data = made(dss, situation, form, level)
    content = presented(form).get("content")
    expect(verify(data, content=content, trust=situation.trust(), at=situation.soon), form, level)
    if content is not None:
        other = verify(data, content=CONTENT + b".", trust=situation.trust(), at=situation.soon)
        assert other.indication == "TOTAL-FAILED"


@pytest.mark.parametrize(("form", "level"), MADE)
def test_both_say_the_same(dss: Dss, situation: Situation, form: str, level: str) -> None:
    """Now, and when the signer's certificate is expired and what B-LT and B-LTA carry is all that is known of it."""
    data = made(dss, situation, form, level)
    ours, theirs = both(dss, situation, data, **presented(form))
    assert theirs[0].indication == "TOTAL-PASSED"
    assert ours == theirs
    later = situation.town.now + timedelta(days=4 * 365)
    (mine,), (other,) = both(dss, situation, data, at=later, fresh=later, **presented(form))
    if level in ("LT", "LTA"):
        assert other.indication == "TOTAL-PASSED"
        assert mine == other
    else:  # a CRL from after the expiry says nothing; RFC 5280 6.1.3 (a) asks for the validity before the revocation
        assert mine == other._replace(sub_indication="OUT_OF_BOUNDS_NO_POE")
        assert other.sub_indication == "CERTIFICATE_CHAIN_GENERAL_FAILURE"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("level", LEVELS)
def test_several_documents_under_one_signature(dss: Dss, situation: Situation, count: int, level: str) -> None:
    files = [("level.csv", CONTENT), ("report.txt", b"report\n")][:count]
    members = {"serialization": "flattened", "packaging": "detached", "mechanism": "OBJECT_ID_BY_URI_HASH"}
    data = dss.sign(
        None,
        files=[{"file": octets, "name": name} for name, octets in files],
        format="jades",
        level=level,
        **situation.signs("town", **members),
    )
    report = verify(data, content=dict(files), trust=situation.trust(), at=situation.soon)
    expect(report, "jades by hash", level)


def test_http_headers(dss: Dss, situation: Situation) -> None:
    fields = [{"header": "(request-target)", "value": "post /levels"}, {"header": "x-town", "value": "Mihon"}]
    members = {"serialization": "flattened", "packaging": "detached", "mechanism": "HTTP_HEADERS", "b64": False}
    files = [*fields, {"digest": "SHA256", "file": CONTENT}]
    data = dss.sign(None, files=files, format="jades", level="B", **situation.signs("town", **members))
    digest = b"SHA-256=" + base64.b64encode(hashlib.sha256(CONTENT).digest())
    content = {"(request-target)": b"post /levels", "x-town": b"Mihon", "digest": digest, "body": CONTENT}
    report = verify(data, content=content, trust=situation.trust(), at=situation.soon)
    assert report.indication == "TOTAL-PASSED", str(report)


# -- on top of ours


@pytest.mark.parametrize(
    ("before", "level"), [("B-B", "T"), ("B-B", "LT"), ("B-B", "LTA"), ("B-T", "LT"), ("B-T", "LTA")]
)
@pytest.mark.parametrize("form", ["jades flattened", "jades detached", "cades attached", "cades detached", "pades"])
def test_dss_augments_ours(dss: Dss, situation: Situation, form: str, level: str, before: str) -> None:
    detached = "detached" in form
    details = JadesDetails(serialization="flattened") if format_of(form) == "jades" else None
    network: Any = {} if before == "B-B" else {"tsa": situation.tsa, "http": situation.http}
    data = seal(
        plain_pdfs.classic() if form == "pades" else CONTENT,
        by=situation.town.identity("town"),
        format=format_of(form),
        level=before,
        detached=detached,
        details=details,
        **network,
    )
    contents = presented(form).get("contents")
    raised = dss.augment(
        bytes(data),
        format=format_of(form),
        level=level,
        serialization="flattened",
        contents=contents,
        packaging="detached" if detached else None,
        **situation.gathers(),
    )
    content = CONTENT if detached else None
    report = verify(raised, content=content, trust=situation.trust(), at=situation.soon)
    expect(report, form, level, "document" if (form, before) == ("pades", "B-B") else "signature")
    ours, theirs = both(dss, situation, raised, **presented(form))
    assert ours == theirs


@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("form", ["jades flattened", "jades detached", "cades attached", "cades detached", "pades"])
def test_we_augment_theirs(dss: Dss, situation: Situation, form: str, before: str) -> None:
    """Up to B-LTA, and what is there already gets one more archive time stamp; DSS passes the result."""
    given = presented(form)
    raised = augment(
        made(dss, situation, form, before),
        level="B-LTA",
        trust=situation.trust(),
        tsa=situation.tsa,
        http=situation.http,
        content=given.get("content"),
    )
    ours, theirs = both(dss, situation, bytes(raised), **given)
    assert ours == theirs
    (one,) = theirs
    assert (one.level, one.indication) == ("B-LTA", "TOTAL-PASSED")
    assert [indication for _, indication, _ in one.timestamps] == ["PASSED"] * (3 if before == "LTA" else 2)


@pytest.mark.parametrize("form", ["jades flattened", "jades detached", "cades attached", "cades detached", "pades"])
def test_dss_renews_our_archive(dss: Dss, situation: Situation, form: str) -> None:
    given = presented(form)
    data = seal(
        plain_pdfs.classic() if form == "pades" else CONTENT,
        by=situation.town.identity("town"),
        format=format_of(form),
        level="B-LTA",
        detached="detached" in form,
        details=JadesDetails(serialization="flattened") if format_of(form) == "jades" else None,
        tsa=situation.tsa,
        http=situation.http,
        trust=situation.trust(),
    )
    contents = given.get("contents")
    more = {"serialization": "flattened", "contents": contents, "packaging": "detached" if contents else None}
    raised = dss.augment(bytes(data), format=format_of(form), level="LTA", **more, **situation.gathers())
    ours, theirs = both(dss, situation, raised, **given)
    assert ours == theirs
    (one,) = ours
    assert (one.level, one.indication) == ("B-LTA", "TOTAL-PASSED")
    assert [indication for _, indication, _ in one.timestamps] == ["PASSED"] * 3


@pytest.mark.parametrize("form", ["cades attached", "cades detached", "jades general", "pades"])
def test_dss_signs_beside_us(dss: Dss, situation: Situation, form: str) -> None:
    """Parallel signatures; in a PDF one after the other."""
    detached = "detached" in form
    details = JadesDetails(serialization="general") if format_of(form) == "jades" else None
    document = plain_pdfs.classic() if form == "pades" else CONTENT
    by = situation.town.identity("resident")
    data = bytes(sign(document, by=by, format=format_of(form), detached=detached, details=details))
    members = FORMS[form] | {"parallel": True, "contents": presented(form).get("contents")}
    twice = dss.sign(data, format=format_of(form), level="T", name="signed", **situation.signs("town", **members))
    ours, theirs = both(dss, situation, twice, **presented(form))
    assert ours == theirs
    stamp = (("signature", "PASSED", None),)
    assert sorted(ours, key=repr) == [
        Verdict("B-B", "TOTAL-PASSED", None, ()),
        Verdict("B-T", "TOTAL-PASSED", None, stamp),
    ]


@pytest.mark.parametrize("form", ["jades general", "pades"])
def test_we_sign_beside_dss(dss: Dss, situation: Situation, form: str) -> None:
    first = made(dss, situation, form, "T")
    by = situation.town.identity("bus")
    twice = bytes(seal(first, by=by, format=format_of(form), parallel=form != "pades"))
    ours, theirs = both(dss, situation, twice)
    assert ours == theirs
    assert [one.indication for one in ours] == ["TOTAL-PASSED"] * 2


@pytest.mark.parametrize("maker", ["ours", "theirs"])
@pytest.mark.parametrize("form", ["cades attached", "cades detached", "jades flattened"])
def test_dss_counter_signs(dss: Dss, situation: Situation, form: str, maker: str) -> None:
    detached = "detached" in form
    if maker == "theirs":
        data = made(dss, situation, form, "T")
    else:
        details = JadesDetails(serialization="flattened") if format_of(form) == "jades" else None
        by = situation.town.identity("town")
        data = bytes(seal(CONTENT, by=by, format=format_of(form), detached=detached, details=details))
    given = presented(form)
    found = dss.validate(data, at=situation.soon, contents=given.get("contents"), **situation.trusted())
    (first,) = found["signatures"]
    members = {"signature": first["id"], "contents": given.get("contents"), "serialization": "flattened"}
    countered = dss.counter_sign(data, format=format_of(form), level="B", **situation.signs("bus", **members))
    ours, theirs = both(dss, situation, countered, **given)
    assert ours == theirs
    report = verify(countered, content=given.get("content"), trust=situation.trust(), at=situation.soon)
    assert len(report.signatures) == 1
    assert [one.indication for one in every(report.signatures)] == ["TOTAL-PASSED"] * 2
