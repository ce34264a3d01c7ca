"""PAdES at B-LT and B-LTA as it is written: validation data and document time stamps, one update after the other."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plain_pdfs
from corpus import corpus
from lasting_pdf import (
    DOCUMENTS,
    ENCRYPTED,
    codes,
    data_of,
    facts_of,
    kept,
    keys,
    one,
    password_of,
    saved,
    sealed,
    stamped,
    stamped_by_hand,
    token,
)
from made_pdf import at_of, new, sign, stream
from toyono_trust import TrustStore, seal, verify
from toyono_trust.core import algorithms
from toyono_trust.core.content import BytesContent, Content, FileContent
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import pades
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.draft import DoesNotFit, SigningInput, ValidationData
from toyono_trust.formats.model import Properties


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town, tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    folder = tmp_path_factory.mktemp("town")
    town.write(folder, force=True)
    return TrustStore.load(folder / "trust")


@pytest.fixture(scope="module")
def lasting(town: Town) -> bytes:
    """Sealed, with validation data and a document time stamp."""
    return stamped(town, kept(town, sealed(town, DOCUMENTS["object streams"])), room=3000).whole()


# -- climbing


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_step_is_one_more_update(town: Town, trust: TrustStore, kind: str) -> None:
    """B-B, B-T by a document time stamp, B-LT, B-LTA, and three renewals; every octet that was there stays."""
    more = password_of(kind)
    content = sealed(town, DOCUMENTS[kind], **more)
    steps: list[Content] = [content]
    levels = []
    steps.append(stamped(town, steps[-1], **more))
    for round_ in range(4):
        steps.append(kept(town, steps[-1], 30 * round_, **more))
        steps.append(stamped(town, steps[-1], "sha512" if round_ % 2 else "sha256", 30 * round_ + 1, **more))
    before = b""
    for step in steps:
        assert step.bytes.startswith(before)
        before = step.bytes
        levels.append(one(facts_of(step, more.get("password"))).level)
    assert levels == ["B-B", "B-T", "B-LT", *["B-LTA"] * 7]
    found = facts_of(steps[-1], more.get("password"))
    assert codes(found) == set()
    assert [stamp.imprint_intact for stamp in one(found).timestamps] == [True] * 5
    revision = one(found).revision
    assert revision is not None
    assert revision.changes == ("timestamp", *("validation-data", "timestamp") * 4)
    report = verify(steps[-1].bytes, trust=trust, at=town.now + timedelta(days=100), **more)
    assert report.signatures[0].signature_intact
    assert {item.indication for item in report.signatures[0].timestamps} == {"PASSED"}


def test_what_is_there_already_is_not_added_twice(town: Town) -> None:
    first = kept(town, sealed(town, DOCUMENTS["classic"]))
    assert kept(town, first) is first
    assert kept(town, BytesContent(first.whole())).update == b""
    twice = data_of(town)
    twice = ValidationData(twice.certificates * 2 + (town.identity("town").certificate.der,), twice.crls)
    second = pades.add_validation_data(first, twice)
    added = second.update[len(first.update) :]
    assert added.count(b"stream\n") + added.count(b"stream\r\n") == 2, "one stream and its end"
    assert town.ca.der not in added
    assert pades.add_validation_data(first, ValidationData()) is first
    assert one(facts_of(second)).certificates.count(town.ca.der) == 1


def test_files_and_results_grow_alike(town: Town, tmp_path: Path) -> None:
    """Directly behind a signature, from a file, or from octets: the same document, and the content is never copied."""
    identity = town.identity("rsa-2048")
    content = BytesContent(DOCUMENTS["object streams"], "x.pdf")
    der, nothing = identity.certificate.der, Properties()
    request = SigningInput(content, False, der, (), "rsa-sha256", town.now, nothing, None)
    draft = pades.prepare(request)
    signed = pades.finish(draft, algorithms.sign("rsa-sha256", identity.private_key, draft.to_be_signed))
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed.whole())
    stamp = None
    results = []
    for source in (signed, BytesContent(signed.whole()), FileContent(path)):
        made = kept(town, source)
        draft_ = pades.prepare_archive(made, NO_CONTENTS, "sha256")
        stamp = stamp or token(town, draft_.imprint)
        made = pades.attach_archive(draft_, stamp)
        assert made.content is (content if source is signed else source)
        assert (made.cms, made.level) == (b"", "B-B")
        assert made.size == len(made.whole())
        assert made.digest("sha256") == hashlib.sha256(made.whole()).digest()
        assert made.open().read() == made.whole()
        assert one(facts_of(made)).level == "B-LTA"
        results.append(made.whole())
    assert len(set(results)) == 1, "and nothing is random"


def test_a_token_that_does_not_fit_asks_for_more_room(town: Town) -> None:
    content = kept(town, sealed(town, DOCUMENTS["classic"]))
    draft = pades.prepare_archive(content, NO_CONTENTS, "sha256", room=100)
    value = token(town, draft.imprint)
    with pytest.raises(DoesNotFit):
        pades.attach_archive(draft, value)
    draft = pades.prepare_archive(content, NO_CONTENTS, "sha256", room=len(value) + 40)
    made = pades.attach_archive(draft, token(town, draft.imprint))
    assert one(facts_of(made)).level == "B-LTA"
    assert made.size < stamped(town, content).size


@pytest.mark.parametrize(
    ("kind", "extension"),
    [("classic", b"/ESIC"), ("PDF 1.4", b""), ("PDF 2.0", b""), ("object streams", b"/ESIC")],
)
def test_the_extension_is_declared_where_the_version_lacks_it(town: Town, kind: str, extension: bytes) -> None:
    """On a document whose signature did not declare it (7.12)."""
    made = stamped(town, BytesContent(DOCUMENTS[kind]))
    assert (b"/ESIC" in made.update) == bool(extension)
    assert (b"/ExtensionLevel 1" in made.update) == bool(extension)
    again = kept(town, made)
    assert again.update[len(made.update) :].count(b"/ExtensionLevel") == bool(extension), "as it was"
    draft = pades.prepare_archive(BytesContent(DOCUMENTS[kind]), NO_CONTENTS, "sha3-256")
    assert (b"/ISO_" in draft.state.update) == (kind == "PDF 2.0")
    adobe = b"<< /Type /Catalog /Pages 2 0 R /Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >> >>"
    plain = plain_pdfs.classic(plain_pdfs.with_objects({1: adobe}))
    assert b"/ESIC" not in stamped(town, BytesContent(plain)).update


# -- what is refused, and what is not


@pytest.mark.parametrize("certify", [1, 2, 3])
def test_a_certified_document_takes_both(town: Town, trust: TrustStore, certify: Any) -> None:
    """Certified so that nothing may change: validation data and time stamps are no change (12.8.2.2)."""
    made = stamped(town, kept(town, sealed(town, DOCUMENTS["form"], certify=certify)))
    assert codes(facts_of(made)) == set()
    report = verify(made.whole(), trust=trust, at=at_of(town))
    assert report.indication == "TOTAL-PASSED", report
    assert report.signatures[0].facts.level == "B-LTA"


@pytest.mark.parametrize(
    ("rect", "number", "code"),
    [
        (b"0 0 0 0", 70, set()),
        (b"9 9 90 90", 70, {"pdf.changes.doc-mdp"}),
        (b"0 0 0 0", 8, {"pdf.changes.doc-mdp", "pdf.changes.annotations", "pdf.changes.form-filling"}),
    ],
)
def test_an_invisible_stamp_may_have_an_empty_appearance(town: Town, rect: bytes, number: int, code: set[str]) -> None:
    """As EU DSS writes it into a document that nobody may change; not where it shows or replaces something."""
    rule = b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>"
    certified = sign(new(), town.identity("town"), more=b"/Reference [" + rule + b"] ")
    drawing = stream(b"1 0 0 rg 0 0 99 99 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 0 0] ")
    changed = {number: drawing}
    more = b"/AP << /N %d 0 R >> " % number
    made = stamped_by_hand(certified, town, 30, rect=rect, field_more=more, changed=changed)
    assert codes(facts_of(made.data)) == code


def test_a_lock_on_all_fields_takes_both(town: Town) -> None:
    locked = plain_pdfs.form({7: plain_pdfs.field(b"A", b"/Lock << /Type /SigFieldLock /Action /All >> ")})
    made = stamped(town, kept(town, sealed(town, locked, field="A")))
    assert codes(facts_of(made)) == set()
    assert one(facts_of(made)).level == "B-LTA"


def test_a_signature_after_the_archive(town: Town) -> None:
    """Two signatures: the later one is neither protected by earlier stamps nor breaks them."""
    lasting = stamped(town, kept(town, sealed(town, DOCUMENTS["classic"])))
    both = stamped(town, sealed(town, lasting.whole(), "rsa-2048"), index=1)
    first, second = facts_of(both).signatures
    assert codes(facts_of(both)) == set()
    assert [len(item.timestamps) for item in (first, second)] == [2, 1]
    assert (first.level, second.level) == ("B-LTA", "B-LTA")
    early, late = first.timestamps
    assert keys(first.value.wire) <= set(early.covers) & set(late.covers)
    assert keys(second.value.wire) <= set(late.covers) - set(early.covers)
    pades.add_validation_data(both, data_of(town, 9), index=1)
    with pytest.raises(MisuseError, match=r"pdf\.no-such-signature"):
        pades.add_validation_data(both, data_of(town, 9), index=2)


@pytest.mark.parametrize(
    ("code", "document", "options"),
    [
        ("pdf.no-signatures", "classic", {}),
        ("pdf.no-pdf", b"text", {}),
        ("pdf.password-missing", ENCRYPTED[0], {}),
        ("pdf.password-wrong", ENCRYPTED[0], {"password": "wrong"}),
    ],
)
def test_what_cannot_work_is_refused(town: Town, code: str, document: Any, options: dict[str, Any]) -> None:
    content = BytesContent(DOCUMENTS.get(document, document))
    with pytest.raises(MisuseError) as caught:
        kept(town, content, **options)
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)


@pytest.mark.parametrize("index", [-1, 1])
def test_there_is_no_such_signature(town: Town, index: int) -> None:
    content = sealed(town, DOCUMENTS["classic"])
    with pytest.raises(MisuseError, match=r"pdf\.no-such-signature"):
        kept(town, content, index=index)
    with pytest.raises(MisuseError, match=r"pdf\.no-such-signature"):
        pades.prepare_archive(content, NO_CONTENTS, "sha256", index)


def test_rooms_and_digests_that_are_none(town: Town) -> None:
    content = sealed(town, DOCUMENTS["classic"])
    for room in (0, 1 << 30):
        with pytest.raises(MisuseError, match=r"pdf\.room"):
            pades.prepare_archive(content, NO_CONTENTS, "sha256", room=room)
    with pytest.raises(MalformedError):
        pades.prepare_archive(content, NO_CONTENTS, "sha999")


def test_a_store_that_no_reader_takes_is_not_written(town: Town) -> None:
    content = sealed(town, DOCUMENTS["classic"])
    many = tuple(b"\x30\x02\x02\x01" + bytes([number]) for number in range(201))
    with pytest.raises(MisuseError, match=r"pdf\.store-full"):
        pades.add_validation_data(content, ValidationData(many))
    lists = tuple(b"\x30\x03\x02\x02" + number.to_bytes(2, "big") for number in range(501))
    with pytest.raises(MisuseError, match=r"pdf\.store-full"):
        pades.add_validation_data(content, ValidationData((), lists))
    assert len(one(facts_of(pades.add_validation_data(content, ValidationData((), lists[:500])))).crls) == 500


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mutant_is_extended_or_refused_by_type(town: Town, lasting: bytes, data: st.DataObject) -> None:
    """Whatever the octets are: an update behind all of them, or MalformedError or MisuseError; never anything else."""
    document = bytearray(lasting)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        document[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    content = BytesContent(bytes(document))
    try:
        made = kept(town, content, 9)
        pades.prepare_archive(made, NO_CONTENTS, "sha256")
    except (MalformedError, MisuseError):
        return
    assert made.whole().startswith(bytes(document))


# -- what others wrote

STORES = {
    "direct": b"/DSS << /CRLs [60 0 R] /VRI << /%s << /CRL [60 0 R] >> >> >> /Type" % (b"A" * 40),
    "indirect": b"/DSS 61 0 R /Type",
}


@pytest.mark.parametrize("kind", STORES)
def test_the_store_of_others_is_kept(town: Town, kind: str) -> None:
    crl = town.crl("root", town.now - timedelta(days=3))
    plain = sign(new(), town.identity("town"))
    inner = b"<< /CRLs 62 0 R /VRI 63 0 R >>"
    changed = {1: plain.objects[1].replace(b"/Type", STORES[kind], 1), 60: stream(crl)}
    if kind == "indirect":
        changed |= {61: inner, 62: b"[60 0 R]", 63: b"<< /%s << /CRL 62 0 R >> >>" % (b"A" * 40)}
    made = stamped(town, kept(town, saved(plain.save(changed))))
    facts = facts_of(made)
    assert codes(facts) == set()
    assert one(facts).level == "B-LTA"
    assert set(one(facts).crls) == {crl, town.crl("ca"), town.crl("root")}
    assert keys(crl) <= set(one(facts).timestamps[0].covers)
    assert crl not in made.update


FOREIGN = (
    *("doc-firmado", "DSS-1983", "pades-ltv", "dss-1959/pades-revoc-removed-from-dss-dict"),
    *("dss-1696/Test.signed_Certipost-2048-SHA512.extended", "Signature-P-HU_POL-3", "pdf-with-vri-timestamp"),
    *("TEST2_signed_with_zero_policy_hash", "signature-referenced-from-multiple-fields", "pades-epes"),
)


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_are_renewed(town: Town, name: str) -> None:
    """What was found stays found, nothing is suspicious, and the new stamp covers all of it."""
    document = (corpus("dss") / "dss-pades/validation" / f"{name}.pdf").read_bytes()
    before = facts_of(document)
    made = stamped(town, kept(town, BytesContent(document)))
    assert made.whole().startswith(document)
    after = facts_of(made)
    assert codes(after) <= codes(before) | {"pdf.adobe-ltv"}
    for old, renewed in zip(before.signatures, after.signatures, strict=True):
        stamp = renewed.timestamps[-1]
        assert stamp.imprint_intact
        assert set(old.certificates) | set(data_of(town).certificates) == set(renewed.certificates)
        assert set(old.crls) <= set(renewed.crls)
        assert keys(*renewed.certificates, *renewed.crls, *renewed.ocsp_responses) <= set(stamp.covers)
        assert keys(renewed.value.wire, *(item.data for item in renewed.timestamps[:-1])) <= set(stamp.covers)
        assert (old.revision and old.revision.changes) == (renewed.revision and renewed.revision.changes[:-2])


def test_a_file_without_strict_reading_is_refused(town: Town) -> None:
    """Its later revision replaces a cross-reference stream, so that readers differ on what it says."""
    document = (corpus("dss") / "dss-pades/validation/DSS-2821.pdf").read_bytes()
    with pytest.raises(MalformedError, match=r"pdf\.not-extensible"):
        kept(town, BytesContent(document))


def test_a_document_time_stamp_alone_can_be_renewed(town: Town) -> None:
    """A PDF that nobody signed: stamped, its time stamp's data kept, stamped again."""
    made = stamped(town, kept(town, stamped(town, BytesContent(DOCUMENTS["classic"]))))
    facts = facts_of(made)
    first, second = facts.timestamps
    assert facts.signatures == ()
    assert keys(first.data, town.crl("ca")) <= set(second.covers)
    assert first.covers == ()


# -- large files


@pytest.mark.slow
def test_a_large_document_needs_little_memory(town: Town, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    size = 200 << 20
    head = plain_pdfs.classic(plain_pdfs.with_objects({6: b"<< /Length %d >>\nstream\n\nendstream" % size}))
    at, table = head.index(b"\n\nendstream") + 1, head.index(b"xref\n0 7")
    source = tmp_path / "large.pdf"
    with source.open("wb") as out:
        out.write(head[:at])
        for _ in range(200):
            out.write(b"\n" * (1 << 20))
        out.write(head[at:].replace(b"startxref\n%d" % table, b"startxref\n%d" % (table + size)))
    target = tmp_path / "sealed.pdf"
    seal(source, by=town.identity("town"), format="pades", out=target)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = stamped(town, kept(town, FileContent(target)))
    made = stamped(town, kept(town, made, 30))
    facts = facts_of(made)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert one(facts).level == "B-LTA"
    assert [stamp.imprint_intact for stamp in one(facts).timestamps] == [True, True]
    assert grown < 48 << 10, f"{grown} KiB for {size} octets"
