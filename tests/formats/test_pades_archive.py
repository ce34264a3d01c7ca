"""PAdES at B-LT and B-LTA: validation data and document time stamps as they are written, and what each stamp covers."""

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
from made_pdf import NEXT, Document, at_of, new, sign, stream
from toyono_trust import TrustStore, seal, verify
from toyono_trust.core import algorithms
from toyono_trust.core.content import BytesContent, Content, FileContent
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import cades, pades, registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.draft import Appended, DoesNotFit, SigningInput, ValidationData
from toyono_trust.formats.model import Facts, Properties, Signature, TimestampToken
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.pki import tsp

ENCRYPTED = "encrypted with AES-256", "encrypted with AES-128"
DOCUMENTS = {
    "classic": plain_pdfs.classic(),
    "no line end": plain_pdfs.classic(end=b"%%EOF"),
    "object streams": plain_pdfs.streamed(),
    "hybrid": plain_pdfs.hybrid(),
    "form": plain_pdfs.form({7: plain_pdfs.field(b"Text", kind=b"/Tx")}),
    "PDF 1.4": plain_pdfs.classic(version=b"1.4"),
    "PDF 2.0": plain_pdfs.classic(version=b"2.0"),
    ENCRYPTED[0]: plain_pdfs.encrypted("user", "owner"),
    ENCRYPTED[1]: plain_pdfs.encrypted("user", "owner", aes256=False),
}


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town, tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    folder = tmp_path_factory.mktemp("town")
    town.write(folder, force=True)
    return TrustStore.load(folder / "trust")


def sealed(town: Town, document: bytes, who: str = "town", **details: Any) -> BytesContent:
    """A document with a signature at B-B."""
    made = seal(document, by=town.identity(who), format="pades", details=PdfDetails(**details))
    return BytesContent(bytes(made), "x.pdf")


def token(town: Town, imprint: bytes, algorithm: str = "sha256", days: int = 0, name: str = "tsa") -> bytes:
    request = tsp.request(imprint, algorithm, nonce=7)
    response = tsp.read_response(town.tsa_respond(request, town.now + timedelta(days=days), name=name))
    assert response.token is not None
    return response.token


def stamped(town: Town, signed: Content, algorithm: str = "sha256", days: int = 0, **more: Any) -> Appended:
    draft = pades.prepare_archive(signed, NO_CONTENTS, algorithm, **more)
    return pades.attach_archive(draft, token(town, draft.imprint, algorithm, days))


def data_of(town: Town, days: int = 0) -> ValidationData:
    """What a signature and a time stamp of the town are validated with."""
    lists = tuple(town.crl(name, town.now + timedelta(days=days)) for name in ("ca", "root"))
    return ValidationData((town.ca.der, town.root.der, town.identity("tsa").certificate.der), lists)


def kept(town: Town, signed: Content, days: int = 0, **more: Any) -> Appended:
    return pades.add_validation_data(signed, data_of(town, days), **more)


def facts_of(document: Content | bytes, password: str | None = None) -> Facts:
    return registry.read(document, NO_CONTENTS, Work(), password)


def one(facts: Facts) -> Signature:
    (found,) = facts.signatures
    return found


def keys(*octets: bytes) -> set[bytes]:
    return {hashlib.sha256(each).digest() for each in octets}


def codes(facts: Facts) -> set[str]:
    notes = [*facts.notes, *(note for item in facts.signatures for note in item.notes)]
    notes += [note for item in facts.signatures for stamp in item.timestamps for note in stamp.notes]
    return {note.code for note in notes}


def password_of(kind: str) -> dict[str, Any]:
    return {"password": "user"} if kind in ENCRYPTED else {}


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
def test_a_mutant_is_extended_or_refused_by_type(town: Town, data: st.DataObject) -> None:
    """Whatever the octets are: an update behind all of them, or MalformedError or MisuseError; never anything else."""
    base = _lasting(town)
    document = bytearray(base)
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


_made: dict[int, bytes] = {}


def _lasting(town: Town) -> bytes:
    if id(town) not in _made:
        content = sealed(town, DOCUMENTS["object streams"])
        _made[id(town)] = stamped(town, kept(town, content), room=3000).whole()
    return _made[id(town)]


# -- what a stamp covers


def test_a_stamp_covers_the_store_of_its_own_revision(town: Town) -> None:
    by = town.identity("town")
    first = kept(town, sealed(town, DOCUMENTS["classic"]))
    second = kept(town, stamped(town, first), 30)
    third = stamped(town, kept(town, stamped(town, second, days=31), 60), days=61)
    facts = one(facts_of(third))
    lists = [town.crl("ca", town.now + timedelta(days=days)) for days in (0, 30, 60)]
    assert set(lists) <= set(facts.crls)
    stamps = facts.timestamps
    inside = keys(facts.value.wire, by.certificate.der, town.ca.der)
    for number, stamp in enumerate(stamps):
        covered = set(stamp.covers)
        assert inside | keys(town.root.der) <= covered
        assert keys(*lists[: number + 1]) <= covered
        assert not covered & keys(*lists[number + 1 :]), "added later"
        earlier = keys(*(other.data for other in stamps[:number]))
        assert earlier <= covered
        assert not covered & keys(*(other.data for other in stamps[number:])), "itself and what came later"
        assert len(covered) == len(stamp.covers)


def test_a_stamp_covers_the_tokens_in_the_cms(town: Town) -> None:
    def with_token(value: bytes) -> bytes:
        return cades.attach(value, token(town, cades.imprint(value, "sha256")))

    facts = one(facts_of(stamped(town, _saved(sign(new(), town.identity("town"), cms=with_token)))))
    inner, outer = facts.timestamps
    assert (inner.type, inner.covers) == ("signature", ())
    assert keys(inner.data, *inner.signer.certificates, facts.value.wire) <= set(outer.covers)


def _saved(document: Document) -> BytesContent:
    return BytesContent(document.data)


def test_a_stamp_before_the_signature_covers_none_of_it(town: Town) -> None:
    made = sealed(town, stamped(town, BytesContent(DOCUMENTS["classic"])).whole())
    facts = facts_of(made)
    assert [stamp.covers for stamp in facts.timestamps] == [()]
    assert one(facts).timestamps == ()


def test_what_was_removed_later_stays_evidence(town: Town) -> None:
    """A writer may drop data from the store: what a stamp covers is read from the revision that it covers."""
    crl, other = town.crl("ca"), town.crl("root")
    store = b"/DSS << /CRLs [60 0 R] >> /Type"
    plain = sign(new(), town.identity("town"))
    catalogue = plain.objects[1]
    first = plain.save({1: catalogue.replace(b"/Type", store, 1), 60: stream(crl)})
    over = _stamped_by_hand(first, town, 30)
    dropped = over.save({1: catalogue.replace(b"/Type", store.replace(b"60", b"61"), 1), 61: stream(other)})
    facts = one(facts_of(dropped.data))
    assert (facts.level, set(facts.crls)) == ("B-LTA", {crl, other})
    assert keys(crl) <= set(facts.timestamps[0].covers)
    assert not keys(other) & set(facts.timestamps[0].covers)


def _stamped_by_hand(document: Document, town: Town, number: int) -> Document:
    """A document time stamp in a new revision, nothing of ours asked."""

    def signed(cms: Any) -> Document:
        by = town.identity("town")
        return sign(document, by, number=number, subfilter=b"ETSI.RFC3161", kind=b"DocTimeStamp", cms=cms)

    first = signed(lambda value: value)
    start = first.data.rindex(b"/Contents <") + len(b"/Contents ")
    covered = first.data[:start] + first.data[first.data.index(b">", start) + 1 :]
    made = token(town, hashlib.sha256(covered).digest())
    return signed(lambda _: made)


FUTURE = 90_000


def test_what_the_stamped_revision_only_points_to_is_not_covered(town: Town) -> None:
    """An attack: the revision's cross-references name a place behind its end, where a list is put afterwards."""
    plain = sign(new(), town.identity("town"))
    store = plain.objects[1].replace(b"/Type", b"/DSS << /CRLs [60 0 R 61 0 R] >> /Type", 1)
    crl, late = town.crl("root"), town.crl("ca", town.now + timedelta(days=30))
    pointing = plain.save({1: store, 61: stream(crl)}, moved={60: FUTURE})
    over = _stamped_by_hand(pointing, town, 30)
    filled = bytearray(over.data.ljust(FUTURE, b" "))
    filled += b"60 0 obj\n" + stream(late) + b"\nendobj\n"
    later = Document(bytes(filled), over.objects, over.start).save({62: b"<< >>"})
    facts = one(facts_of(later.data))
    (stamp,) = facts.timestamps
    assert stamp.imprint_intact
    assert late in facts.crls, "the file shows it now"
    assert keys(crl) <= set(stamp.covers)
    assert not keys(late) & set(stamp.covers)


def test_a_length_that_changes_later_changes_nothing_covered(town: Town) -> None:
    """The length of a covered stream is an object of its own, which a later revision replaces."""
    crl = town.crl("ca")
    plain = sign(new(), town.identity("town"))
    store = plain.objects[1].replace(b"/Type", b"/DSS << /CRLs [60 0 R] >> /Type", 1)
    body = b"<< /Length 61 0 R >>\nstream\n" + crl + b"\nendstream"
    over = _stamped_by_hand(plain.save({1: store, 60: body, 61: b"%d" % len(crl)}), town, 30)
    later = over.save({61: b"%d" % (len(crl) - 9)})
    (stamp,) = one(facts_of(later.data)).timestamps
    assert keys(crl) <= set(stamp.covers)
    assert not keys(crl[:-9]) & set(stamp.covers)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_later_makes_a_stamp_cover_more(town: Town, data: st.DataObject) -> None:
    """Whatever happens outside of the range of an intact stamp: what it covers was covered before."""
    base = _renewed(town)
    first = one(facts_of(base)).timestamps[0]
    start = base.index(b"/DocTimeStamp")
    gap = base.index(b"/Contents <", start) + len(b"/Contents <")
    end = base.index(b"%%EOF", start) + 6
    places = st.integers(gap, gap + 5900) | st.integers(end, len(base) - 1)
    bent = bytearray(base)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(places)
        if at < end:
            bent[at] = data.draw(st.sampled_from(b"0123456789abcdef"))
        else:
            bent[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        facts = facts_of(bytes(bent))
    except MalformedError:
        return
    stamps = [stamp for item in facts.signatures for stamp in item.timestamps]
    for stamp in (*stamps, *facts.timestamps):
        if stamp.imprint_intact and stamp.imprint == first.imprint:
            assert set(stamp.covers) <= set(first.covers)


def _renewed(town: Town) -> bytes:
    if -id(town) not in _made:
        _made[-id(town)] = stamped(town, kept(town, BytesContent(_lasting(town)), 30), days=31).whole()
    return _made[-id(town)]


def test_every_octet_under_a_stamp_is_held(town: Town, trust: TrustStore) -> None:
    """A changed octet of the validation data, of the signature or of an earlier stamp is noticed."""
    first = stamped(town, kept(town, sealed(town, DOCUMENTS["classic"])))
    data = first.whole()
    crl, certificate = town.crl("ca"), town.root.der
    signature = data.index(b"/Contents <") + 40
    for at in (data.index(crl) + len(crl) // 2, data.index(certificate) + 60, data.rindex(certificate) + 60, signature):
        bent = bytearray(data)
        bent[at] ^= 1 if bent[at : at + 1] not in b"9f" else 3
        report = verify(bytes(bent), trust=trust, at=at_of(town))
        (stamp,) = report.signatures[0].timestamps
        assert stamp.token.imprint_intact is False
        assert stamp.indication == "FAILED"
        assert report.signatures[0].facts.level in ("B-B", None)


# -- what others write


def with_list(town: Town, key: bytes, stamp: bytes) -> Facts:
    """A signature whose list in the store has a time stamp (VRI, /TS), with a document time stamp over all."""
    plain = sign(new(), town.identity("town"))
    store = plain.objects[1].replace(b"/Type", b"/DSS << /VRI << /%b << /TS 60 0 R >> >> >> /Type" % key, 1)
    return facts_of(_stamped_by_hand(plain.save({1: store, 60: stream(stamp)}), town, 30).data)


def test_time_stamps_in_the_lists_of_signatures(town: Town) -> None:
    """By its imprint, whatever its key; else by its key, and broken; else it is of no signature. It makes no level."""
    signed = sign(new(), town.identity("rsa-2048"))
    facts = one(facts_of(signed.data))
    value = hashlib.sha256(facts.value.wire).digest()
    plain = sign(new(), town.identity("rsa-2048"))
    assert one(facts_of(plain.data)).value.wire == facts.value.wire, "RSA signs alike"
    start = plain.data.index(b"/Contents <") + len(b"/Contents <")
    padded = bytes.fromhex(plain.data[start : plain.data.index(b">", start)].decode())
    digest = hashlib.sha1(padded).hexdigest().upper().encode()

    def read(key: bytes, imprint: bytes) -> tuple[Facts, TimestampToken | None]:
        made = token(town, imprint)
        store = plain.objects[1].replace(b"/Type", b"/DSS << /VRI << /%b << /TS 60 0 R >> >> >> /Type" % key, 1)
        found = facts_of(_stamped_by_hand(plain.save({1: store, 60: stream(made)}), town, 30).data)
        assert keys(made) <= set(one(found).timestamps[-1].covers)
        return found, next((item for item in one(found).timestamps if item.type == "signature"), None)

    for key in (b"F" * 40, digest):
        _, stamp = read(key, value)
        assert stamp is not None
        assert (stamp.imprint_found, stamp.imprint_intact) == (True, True)
    found, stamp = read(digest, bytes(32))
    assert stamp is not None
    assert (stamp.imprint_found, stamp.imprint_intact) == (True, False)
    found, stamp = read(b"F" * 40, bytes(32))
    assert stamp is None
    assert {note.code for note in found.notes} == {"pdf.vri-timestamp"}
    found, stamp = read(digest, value)
    alone = facts_of(_without_stamp(plain, digest, token(town, value)).data)
    assert (one(alone).level, len(one(alone).timestamps)) == ("B-B", 1)


def _without_stamp(document: Document, key: bytes, stamp: bytes) -> Document:
    store = document.objects[1].replace(b"/Type", b"/DSS << /VRI << /%b << /TS 60 0 R >> >> >> /Type" % key, 1)
    return document.save({1: store, 60: stream(stamp)})


def test_adobes_form_is_named(town: Town) -> None:
    """adbe.pkcs7.detached with a security store: no PAdES level, but its validation data counts."""
    plain = sign(new(), town.identity("town"), subfilter=b"adbe.pkcs7.detached")
    made = stamped(town, kept(town, _saved(plain)))
    facts = one(facts_of(made))
    assert (facts.format, facts.level) == ("PKCS7", None)
    assert town.crl("ca") in facts.crls
    assert keys(town.crl("ca"), facts.value.wire) <= set(facts.timestamps[0].covers)
    assert codes(facts_of(made)) == {"pdf.adobe-ltv"}
    assert codes(facts_of(plain.data)) == set()


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
    made = stamped(town, kept(town, _saved(plain.save(changed))))
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
    assert NEXT
