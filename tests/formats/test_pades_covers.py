"""What document time stamps cover, and the validation data of PDFs as others write it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lasting_pdf import DOCUMENTS, codes, facts_of, kept, keys, one, saved, sealed, stamped, stamped_by_hand, token
from made_pdf import Document, at_of, new, sign, stream
from toyono_trust import TrustStore, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError
from toyono_trust.formats import cades
from toyono_trust.formats.model import Facts, TimestampToken


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town, tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    folder = tmp_path_factory.mktemp("town")
    town.write(folder, force=True)
    return TrustStore.load(folder / "trust")


@pytest.fixture(scope="module")
def renewed(town: Town) -> bytes:
    """Sealed, validation data, time stamp; and once more."""
    lasting = stamped(town, kept(town, sealed(town, DOCUMENTS["object streams"])), room=3000)
    return stamped(town, kept(town, lasting, 30), days=31).whole()


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

    facts = one(facts_of(stamped(town, saved(sign(new(), town.identity("town"), cms=with_token)))))
    inner, outer = facts.timestamps
    assert (inner.type, inner.covers) == ("signature", ())
    assert keys(inner.data, *inner.signer.certificates, facts.value.wire) <= set(outer.covers)


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
    over = stamped_by_hand(first, town, 30)
    dropped = over.save({1: catalogue.replace(b"/Type", store.replace(b"60", b"61"), 1), 61: stream(other)})
    facts = one(facts_of(dropped.data))
    assert (facts.level, set(facts.crls)) == ("B-LTA", {crl, other})
    assert keys(crl) <= set(facts.timestamps[0].covers)
    assert not keys(other) & set(facts.timestamps[0].covers)


FUTURE = 90_000


def test_what_the_stamped_revision_only_points_to_is_not_covered(town: Town) -> None:
    """An attack: the revision's cross-references name a place behind its end, where a list is put afterwards."""
    plain = sign(new(), town.identity("town"))
    store = plain.objects[1].replace(b"/Type", b"/DSS << /CRLs [60 0 R 61 0 R] >> /Type", 1)
    crl, late = town.crl("root"), town.crl("ca", town.now + timedelta(days=30))
    pointing = plain.save({1: store, 61: stream(crl)}, moved={60: FUTURE})
    over = stamped_by_hand(pointing, town, 30)
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
    over = stamped_by_hand(plain.save({1: store, 60: body, 61: b"%d" % len(crl)}), town, 30)
    later = over.save({61: b"%d" % (len(crl) - 9)})
    (stamp,) = one(facts_of(later.data)).timestamps
    assert keys(crl) <= set(stamp.covers)
    assert not keys(crl[:-9]) & set(stamp.covers)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_later_makes_a_stamp_cover_more(renewed: bytes, data: st.DataObject) -> None:
    """Whatever happens outside of the range of an intact stamp: what it covers was covered before."""
    first = one(facts_of(renewed)).timestamps[0]
    start = renewed.index(b"/DocTimeStamp")
    gap = renewed.index(b"/Contents <", start) + len(b"/Contents <")
    end = renewed.index(b"%%EOF", start) + 6
    places = st.integers(gap, gap + 5900) | st.integers(end, len(renewed) - 1)
    bent = bytearray(renewed)
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


def test_time_stamps_in_the_lists_of_signatures(town: Town) -> None:
    """By its imprint, whatever its key; else by its key, and broken; else it is of no signature. It makes no level."""
    plain = sign(new(), town.identity("rsa-2048"))
    value = hashlib.sha256(one(facts_of(plain.data)).value.wire).digest()
    start = plain.data.index(b"/Contents <") + len(b"/Contents <")
    padded = bytes.fromhex(plain.data[start : plain.data.index(b">", start)].decode())
    digest = hashlib.sha1(padded).hexdigest().upper().encode()

    def with_stamp(key: bytes, stamp: bytes) -> Document:
        store = plain.objects[1].replace(b"/Type", b"/DSS << /VRI << /%b << /TS 60 0 R >> >> >> /Type" % key, 1)
        return plain.save({1: store, 60: stream(stamp)})

    def read(key: bytes, imprint: bytes) -> tuple[Facts, TimestampToken | None]:
        made = token(town, imprint)
        found = facts_of(stamped_by_hand(with_stamp(key, made), town, 30).data)
        assert keys(made) <= set(one(found).timestamps[-1].covers)
        return found, next((item for item in one(found).timestamps if item.type == "signature"), None)

    for key, imprint, intact in ((b"F" * 40, value, True), (digest, value, True), (digest, bytes(32), False)):
        _, stamp = read(key, imprint)
        assert stamp is not None
        assert (stamp.imprint_found, stamp.imprint_intact) == (True, intact)
    found, stamp = read(b"F" * 40, bytes(32))
    assert stamp is None
    assert {note.code for note in found.notes} == {"pdf.vri-timestamp"}
    alone = one(facts_of(with_stamp(digest, token(town, value)).data))
    assert (alone.level, len(alone.timestamps)) == ("B-B", 1)


def test_adobes_form_is_named(town: Town) -> None:
    """adbe.pkcs7.detached with a security store: no PAdES level, but its validation data counts."""
    plain = sign(new(), town.identity("town"), subfilter=b"adbe.pkcs7.detached")
    made = stamped(town, kept(town, saved(plain)))
    facts = one(facts_of(made))
    assert (facts.format, facts.level) == ("PKCS7", None)
    assert town.crl("ca") in facts.crls
    assert keys(town.crl("ca"), facts.value.wire) <= set(facts.timestamps[0].covers)
    assert codes(facts_of(made)) == {"pdf.adobe-ltv"}
    assert codes(facts_of(plain.data)) == set()
