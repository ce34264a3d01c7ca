"""SignedData: strict reading, the named leniencies, splicing; compared with two other readers over the corpus."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from asn1crypto import cms as foreign
from asn1crypto import x509 as foreign_x509
from cryptography import x509
from cryptography.hazmat import asn1 as second
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import corpus
from made_keys import MAKERS, der, issue
from toyono_trust.core import algorithms, asn1, cms
from toyono_trust.core.asn1 import Reader
from toyono_trust.core.cms import checking, reading
from toyono_trust.core.cms.building import DATA
from toyono_trust.core.cms.reading import SIGNED_DATA
from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import entry
from toyono_trust.errors import MalformedError

CONTENT = BytesContent(b"the register of Toyono", "register")
WHEN = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


@functools.cache
def signer() -> tuple[Any, bytes, bytes]:
    key, ca_key = MAKERS["p256"](), MAKERS["p256"]()
    return (
        key,
        der(issue(key.public_key(), "seal", "ca", ca_key)),
        der(issue(ca_key.public_key(), "ca", "ca", ca_key, True)),
    )


def build(
    *more: bytes, attributes: bytes | None = None, unsigned: tuple[bytes, ...] = (), attached: bool = False
) -> bytes:
    key, leaf, ca = signer()
    if attributes is None:
        reference = cms.signing_certificate_v2(leaf)
        attributes = cms.signed_attributes(DATA, CONTENT.digest("sha256"), reference, *more, signing_time=WHEN)
    value = algorithms.sign("ecdsa-sha256", key, attributes)
    info = cms.signer_info(leaf, "sha256", attributes, "ecdsa-sha256", value, unsigned=unsigned)
    return cms.signed_data(CONTENT.bytes if attached else None, ["sha256"], [leaf, ca], [info])


def check(data: bytes, *, lenient: bool = False) -> cms.Checked:
    signed = cms.read(data, lenient=lenient)
    return cms.signature(signed.signers[0], signed, CONTENT)


def valid(data: bytes, *, lenient: bool = False) -> bool:
    info = cms.read(data, lenient=lenient).signers[0]
    return algorithms.verify(
        info.signature_algorithm, signer()[0].public_key(), info.signature, check(data, lenient=lenient).signed
    )


def codes(checked: cms.Checked) -> set[str]:
    return {note[0] for note in checked.notes}


def refused(data: bytes, *, lenient: bool = False) -> str:
    with pytest.raises(MalformedError) as caught:
        cms.read(data, lenient=lenient)
    return caught.value.code


def test_built_is_read_back() -> None:
    _, leaf, ca = signer()
    data = build(attached=True)
    signed = cms.read(data)
    assert (signed.version, signed.content, signed.content_type) == (1, CONTENT.bytes, DATA)
    assert set(signed.certificates) == {leaf, ca}
    assert signed.digest_algorithms == ("sha256",)
    assert signed.leniencies == frozenset()
    checked = check(data)
    assert checked.intact is True
    assert checked.leaf == leaf
    assert checked.signing_time == WHEN
    assert checked.references == (("sha256", algorithms.digest("sha256", leaf), None),)
    assert checked.notes == ()
    assert valid(data)


def test_every_octet_changed() -> None:
    """One changed octet: malformed, not intact, not valid, or an octet that no signature covers."""
    original = build()
    before = cms.read(original)
    attributes, value = before.signers[0].signed_attributes_der, before.signers[0].signature
    start = original.index(attributes[1:])  # the tag of signedAttrs is settled by the structure
    covered = {
        *range(start, start + len(attributes) - 1),
        *range(original.index(value), original.index(value) + len(value)),
    }
    for at in range(len(original)):
        for flip in (0x01, 0x80):
            changed = original[:at] + bytes((original[at] ^ flip,)) + original[at + 1 :]
            try:
                passed = valid(changed) and check(changed).intact
            except MalformedError:
                continue
            assert not (passed and at in covered), at


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_are_signed_data_or_malformed(data: bytes, lenient: bool) -> None:
    """Any octets, also behind a right beginning: a value or MalformedError."""
    for octets in (data, asn1.sequence(SIGNED_DATA, asn1.explicit(0, data)), build()[:300] + data):
        with pytest.raises(MalformedError):
            cms.read(octets, lenient=lenient)


def test_truncated_at_every_octet() -> None:
    data = build()
    for end in range(len(data)):
        refused(data[:end])
        refused(data[:end], lenient=True)


def test_smuggled_members_and_trailing_octets() -> None:
    data = build()
    outer = Reader(data)
    body = outer.only(outer.at(outer.root()[2] + len(SIGNED_DATA), len(data)))
    members = [outer.tlv(node) for node in outer.children(body)]
    null = asn1.null()
    assert refused(data + b"\x00") == "asn1.trailing-octets"
    assert cms.read(data + b"\x00", lenient=True).leniencies == {"trailing-octets"}
    for position in range(len(members) + 1):
        smuggled = asn1.sequence(*members[:position], null, *members[position:])
        for lenient in (False, True):
            refused(asn1.sequence(SIGNED_DATA, asn1.explicit(0, smuggled)), lenient=lenient)
    whole = asn1.sequence(*members)
    for lenient in (False, True):
        refused(asn1.sequence(SIGNED_DATA, asn1.explicit(0, whole), null), lenient=lenient)
        refused(asn1.sequence(SIGNED_DATA, asn1.explicit(0, whole + null)), lenient=lenient)
    info = Reader(members[-1])
    (signer_node,) = info.children(info.root())
    parts = [info.tlv(node) for node in info.children(signer_node)]
    for position in range(len(parts) + 1):
        smuggled = asn1.set_of([asn1.sequence(*parts[:position], null, *parts[position:])])
        with pytest.raises(MalformedError):
            cms.read(asn1.sequence(SIGNED_DATA, asn1.explicit(0, asn1.sequence(*members[:-1], smuggled))), lenient=True)


def test_non_minimal_length_is_a_leniency() -> None:
    data = build()
    longer = b"\x30\x83" + (len(data) - 4).to_bytes(3, "big") + data[4:]
    assert refused(longer) == "asn1.ber-non-minimal-length"
    assert cms.read(longer, lenient=True).leniencies == {"ber-non-minimal-length"}
    assert valid(longer, lenient=True)


@pytest.mark.parametrize(
    ("drop", "code"),
    [("1.2.840.113549.1.9.4", "cms.message-digest-missing"), ("1.2.840.113549.1.9.3", "cms.content-type-missing")],
)
def test_missing_attributes(drop: str, code: str) -> None:
    kept = [a.tlv for a in cms.read(build()).signers[0].signed_attributes or () if a.oid != drop]
    checked = check(build(attributes=asn1.set_of(kept)))
    assert codes(checked) == {code}
    assert checked.intact is ("content-type" in code)


def test_duplicated_attributes() -> None:
    twice = check(build(cms.attribute("1.2.840.113549.1.9.4", asn1.octet_string(bytes(32)))))
    assert "cms.duplicate-attribute" in codes(twice)
    values = [asn1.octet_string(CONTENT.digest("sha256")), asn1.octet_string(bytes(32))]
    double = [cms.attribute("1.2.840.113549.1.9.4", *values), cms.attribute("1.2.840.113549.1.9.3", asn1.oid_der(DATA))]
    assert "cms.duplicate-attribute" in codes(check(build(attributes=asn1.set_of(double))))


def test_other_content_type_and_other_content() -> None:
    attributes = cms.signed_attributes("1.2.3.4", algorithms.digest("sha256", b"other"))
    checked = check(build(attributes=attributes))
    assert codes(checked) == {"cms.content-type-mismatch"}
    assert checked.intact is False


def test_attributes_out_of_order() -> None:
    """Signed in DER and stored unsorted, or signed as stored: both verify, both are the leniency set-unsorted."""
    key, leaf, ca = signer()
    ordered = [a.tlv for a in cms.read(build()).signers[0].signed_attributes or ()]
    stored = asn1.der(0x31, *reversed(ordered))
    for signed_octets in (asn1.set_of(ordered), stored):
        value = algorithms.sign("ecdsa-sha256", key, signed_octets)
        data = cms.signed_data(
            None, ["sha256"], [leaf, ca], [cms.signer_info(leaf, "sha256", stored, "ecdsa-sha256", value)]
        )
        assert refused(data) == "asn1.set-unsorted"
        assert cms.read(data, lenient=True).leniencies == {"set-unsorted"}
        assert check(data, lenient=True).signed == signed_octets
        assert valid(data, lenient=True)


PROTECTED = asn1.oid_der("1.2.840.113549.1.9.52")


@pytest.mark.parametrize(
    ("digest", "algorithm", "code"),
    [
        ("sha256", "ecdsa-sha256", set()),
        ("sha512", "ecdsa-sha256", {"cms.algorithm-protection"}),
        ("sha256", "ecdsa-sha512", {"cms.algorithm-protection"}),
        ("sha256", "rsa-pss-sha256", {"cms.algorithm-protection"}),
        ("sha256", None, {"cms.attribute-malformed"}),
    ],
)
def test_protected_algorithms_are_those_that_were_used(digest: str, algorithm: str | None, code: set[str]) -> None:
    """RFC 6211: another digest or signature algorithm than the signer named is a finding."""
    second = b"" if algorithm is None else asn1.implicit(1, algorithms.signature_algorithm_identifier(algorithm))
    value = asn1.sequence(algorithms.digest_algorithm_identifier(digest), second)
    attribute = asn1.sequence(PROTECTED, asn1.set_of([value]))
    assert codes(check(build(attribute))) == code


def test_protected_algorithms_may_be_written_otherwise() -> None:
    """RFC 6211: NULL parameters of a digest, or none, are the same algorithm."""
    digest = asn1.sequence(asn1.oid_der("2.16.840.1.101.3.4.2.1"), asn1.null())
    value = asn1.sequence(digest, asn1.implicit(1, algorithms.signature_algorithm_identifier("ecdsa-sha256")))
    assert codes(check(build(asn1.sequence(PROTECTED, asn1.set_of([value]))))) == set()


def test_no_signed_attributes() -> None:
    key, leaf, ca = signer()
    value = algorithms.sign("ecdsa-sha256", key, CONTENT.bytes)
    info = cms.signer_info(leaf, "sha256", None, "ecdsa-sha256", value)
    data = cms.signed_data(None, ["sha256"], [leaf, ca], [info])
    checked = check(data)
    assert (checked.signed, checked.intact, checked.found) == (CONTENT.bytes, None, True)
    assert valid(data)
    other = cms.signed_data(None, ["sha256"], [leaf], [info], content_type="1.2.3")
    assert codes(check(other)) == {"cms.signed-attributes-missing"}


def test_references_of_both_versions() -> None:
    _, leaf, _ = signer()
    issuer, serial, _ = cms.certificate_identity(leaf)
    issuer_serial = asn1.sequence(asn1.sequence(asn1.explicit(4, issuer)), asn1.integer_der(serial))
    sha1 = asn1.octet_string(algorithms.digest("sha1", leaf))
    value = asn1.sequence(asn1.sequence(asn1.sequence(sha1, issuer_serial)))
    references, used = cms.reference_list(value, version=1)
    assert references == (("sha1", algorithms.digest("sha1", leaf), (issuer, serial)),)
    assert used == set()
    written_out = asn1.sequence(algorithms.digest_algorithm_identifier("sha256"), asn1.octet_string(bytes(32)))
    references, used = cms.reference_list(asn1.sequence(asn1.sequence(written_out)), version=2)
    assert references == (("sha256", bytes(32), None),)
    assert used == {"default-encoded"}
    assert "cms.reference-malformed" in codes(
        check(
            build(
                attributes=cms.signed_attributes(
                    DATA, CONTENT.digest("sha256"), cms.attribute("1.2.840.113549.1.9.16.2.47", asn1.null())
                )
            )
        )
    )


def test_identity_matches_by_both_forms() -> None:
    _, leaf, ca = signer()
    issuer, serial, _ = cms.certificate_identity(leaf)
    bag = (ca, b"\x30\x00", leaf)
    assert cms.matching_certificate(cms.SignerIdentity(issuer, serial, None), bag) == leaf
    assert cms.matching_certificate(cms.SignerIdentity(issuer, serial + 1, None), bag) is None
    assert cms.matching_certificate(cms.SignerIdentity(None, None, b"x"), bag) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.binary(max_size=300)), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_splicing_changes_nothing_else(pieces: list[tuple[int, bytes]]) -> None:
    """After add_unsigned every part but the unsigned attributes is the same slice, and the file is still DER."""
    data = build()
    before = cms.read(data)
    added = set()
    for arc, octets in pieces:
        attribute = cms.attribute(f"1.2.3.{arc}", asn1.octet_string(octets))
        added.add(attribute)
        data = cms.add_unsigned(data, 0, attribute)
    after = cms.read(data)
    assert {a.tlv for a in after.signers[0].unsigned_attributes} == added
    assert after.signers[0].fields == before.signers[0].fields
    assert after._replace(data=b"", signers=(), path=()) == before._replace(data=b"", signers=(), path=())
    assert valid(data)


def test_splicing_into_ber_keeps_indefinite_lengths() -> None:
    data = build()
    body = data[4:]
    ber = b"\x30\x80" + body + b"\x00\x00"
    spliced = cms.add_unsigned(ber, 0, cms.attribute("1.2.3", asn1.null()))
    assert spliced.startswith(b"\x30\x80")
    assert cms.read(spliced, lenient=True).signers[0].unsigned_attributes[0].oid == "1.2.3"
    with pytest.raises(MalformedError) as caught:
        cms.add_unsigned(data, 1, cms.attribute("1.2.3", asn1.null()))
    assert caught.value.code == "cms.no-such-signer"


CHOICE = cms.ocsp_choice(asn1.sequence(asn1.integer_der(7)))
LIST = asn1.sequence(asn1.sequence(asn1.integer_der(8)))
OTHER = asn1.sequence(asn1.sequence(asn1.integer_der(9)))


@given(
    st.lists(st.sampled_from([LIST, OTHER, asn1.sequence()]), max_size=4),
    st.lists(st.sampled_from([LIST, CHOICE]), max_size=3),
    st.lists(st.sampled_from(["sha256", "sha384", "sha512"]), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_extending_adds_what_is_missing_and_nothing_else(
    certificates: list[bytes], crls: list[bytes], digests: list[str]
) -> None:
    """After extend every set is the union, the file is still DER, the SignerInfo the same slice; twice is as once."""
    before = cms.read(build(attached=True))
    data = cms.extend(before, certificates=certificates, crls=crls, digest_algorithms=digests)
    after = cms.read(data)
    assert after.certificates == tuple(sorted({*before.certificates, *certificates}))
    assert after.revocation_choices == tuple(sorted(set(crls)))
    assert set(after.digest_algorithms) == {"sha256", *digests}
    assert after.version == (5 if CHOICE in crls else before.version)
    assert (after.content, after.signers[0]._replace(span=(0, 0))) == (
        before.content,
        before.signers[0]._replace(span=(0, 0)),
    )
    assert cms.extend(after, certificates=certificates, crls=crls, digest_algorithms=digests) == data
    assert valid(data)


def test_extending_ber_keeps_its_lengths_and_its_order() -> None:
    """Sets of indefinite length stay such; what is not sorted takes new members last; octets behind stay behind."""
    found = cms.read(build(attached=True))
    reader = Reader(found.data)
    members = [reader.tlv(node) for node in reader.children(found.path[2])]
    backwards = tuple(reversed(found.certificates))
    members[3] = b"\xa0\x80" + b"".join(backwards) + b"\x00\x00"
    members[3:4] = [members[3], b"\xa1\x80" + LIST + b"\x00\x00"]
    body = b"\x30\x80" + b"".join(members) + b"\x00\x00"
    ber = b"\x30\x80" + SIGNED_DATA + b"\xa0\x80" + body + b"\x00\x00" * 2 + b"\n"
    extended = cms.extend(cms.read(ber, lenient=True), certificates=(OTHER,), crls=(CHOICE, LIST))
    after = cms.read(extended, lenient=True)
    assert after.certificates == (*backwards, OTHER)
    assert after.revocation_choices == (LIST, CHOICE)
    assert after.leniencies == {"ber-indefinite-length", "set-unsorted", "trailing-octets"}
    assert (extended[:2], extended[-3:]) == (b"\x30\x80", b"\x00\x00\n")
    assert after.signers[0].fields == found.signers[0].fields
    assert valid(extended, lenient=True)


def test_what_is_not_there_cannot_be_exchanged() -> None:
    kept = cms.attribute("1.2.3", asn1.null())
    found = cms.read(build(unsigned=(kept,)))
    changed = cms.replace_unsigned(found, 0, kept, cms.attribute("1.2.3", asn1.integer_der(1), asn1.integer_der(0)))
    assert [attribute.values for attribute in cms.read(changed).signers[0].unsigned_attributes] == [
        (asn1.integer_der(0), asn1.integer_der(1))
    ]
    (attribute,) = cms.read(changed).signers[0].unsigned_attributes
    exchanged = cms.exchange_value(attribute, asn1.integer_der(0), asn1.integer_der(300))
    assert exchanged == cms.attribute("1.2.3", asn1.integer_der(1), asn1.integer_der(300))
    for bare, old in ((found, cms.attribute("1.2.4", asn1.null())), (cms.read(build()), kept)):
        with pytest.raises(MalformedError) as caught:
            cms.replace_unsigned(bare, 0, old, kept)
        assert caught.value.code == "cms.structure"
    with pytest.raises(MalformedError) as caught:
        cms.replace_unsigned(found, 1, kept, kept)
    assert caught.value.code == "cms.no-such-signer"


def test_reading_does_not_depend_on_what_was_read_before() -> None:
    data = build()
    warm = cms.read(data)
    reading._HEADS.clear()
    for cached in (reading._short_algorithm, reading._short_identity, reading._short_digests):
        cached.cache_clear()
    assert cms.read(data) == warm


# -- second readers over the corpus


@second.sequence
class Encapsulated:
    """EncapsulatedContentInfo."""

    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, second.Explicit(0)]


@second.sequence
class Signer:
    """SignerInfo."""

    version: int
    identifier: second.TLV
    digest: second.TLV
    signed: Annotated[second.SetOf[second.TLV] | None, second.Implicit(0)]
    algorithm: second.TLV
    value: bytes
    unsigned: Annotated[second.SetOf[second.TLV] | None, second.Implicit(1)]


@second.sequence
class Body:
    """SignedData."""

    version: int
    digests: second.SetOf[second.TLV]
    encapsulated: Encapsulated
    certificates: Annotated[second.SetOf[second.TLV] | None, second.Implicit(0)]
    crls: Annotated[second.SetOf[second.TLV] | None, second.Implicit(1)]
    signers: second.SetOf[Signer]


@second.sequence
class Outer:
    """ContentInfo as a strict DER reader sees it that checks nothing inside a TLV."""

    content_type: x509.ObjectIdentifier
    content: Annotated[Body, second.Explicit(0)]


def _second(data: bytes) -> Body | None:
    try:
        return second.decode_der(Outer, data).content
    except ValueError:
        return None


def _tokens(signed: cms.SignedData) -> Iterator[bytes]:
    for info in signed.signers:
        for attribute in (*(info.signed_attributes or ()), *info.unsigned_attributes):
            for value in attribute.values:
                if value[0] == 0x30 and SIGNED_DATA in value[:24]:
                    yield value


def files() -> Iterator[tuple[str, bytes]]:
    """All CMS files of the corpus and the tokens inside them."""
    root = corpus("dss")
    seen = set()
    for path in sorted(root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        waiting = [(str(path.relative_to(root)), data)] if SIGNED_DATA in data[:24] and data[:1] == b"\x30" else []
        while waiting:
            name, data = waiting.pop()
            if data not in seen:
                seen.add(data)
                yield name, data
                waiting += [(f"{name}#{i}", token) for i, token in enumerate(_tokens(cms.read(data, lenient=True)))]


def test_corpus_agrees_with_two_other_readers() -> None:
    """Each file: strict here as strict there or a listed reason; the parts that all three show are the same octets."""
    strict = lenient = 0
    for name, data in files():
        try:
            signed, is_strict = cms.read(data), True
        except MalformedError:
            signed, is_strict = cms.read(data, lenient=True), False
        strict, lenient = strict + is_strict, lenient + (not is_strict)
        other = _second(data)
        if is_strict:
            assert other is not None, name
        elif other is not None:
            # the second reader checks nothing inside a TLV: an unsorted set of values lies deeper than it looks
            assert signed.leniencies == {"set-unsorted"}, name
        if other is not None:
            assert other.version == signed.version, name
            assert other.encapsulated.content == signed.content, name
            assert [signer.value for signer in other.signers.as_list()] == [
                info.signature for info in signed.signers
            ], name
        _same_as_asn1crypto(name, data, signed)
    assert strict > 50
    assert lenient > 15


def _same_as_asn1crypto(name: str, data: bytes, signed: cms.SignedData) -> None:
    third = foreign.ContentInfo.load(data)["content"]
    assert third["encap_content_info"]["content_type"].dotted == signed.content_type, name
    certificates = [choice.chosen.dump() for choice in third["certificates"] if choice.name == "certificate"]
    assert certificates == list(signed.certificates), name
    assert [info["signature"].native for info in third["signer_infos"]] == [i.signature for i in signed.signers], name
    for ours, theirs in zip(signed.signers, third["signer_infos"], strict=True):
        kinds = [attribute["type"].dotted for attribute in theirs["signed_attrs"]]
        assert [attribute.oid for attribute in ours.signed_attributes or ()] == kinds, name


def test_identities_of_real_certificates() -> None:
    """Issuer, serial number and key identifier of every certificate of the corpora are as another reader has them."""
    found = {path.read_bytes() for path in corpus("pkits").rglob("*.crt")}
    for _, data in files():
        found.update(cms.read(data, lenient=True).certificates)
    assert len(found) > 100
    for certificate in found:
        theirs = foreign_x509.Certificate.load(certificate)
        body = theirs["tbs_certificate"]
        expected = (body["issuer"].dump(), body["serial_number"].native, body["subject"].dump())
        assert cms.certificate_identity(certificate) == expected
        assert cms.subject_key_identifier(certificate) == theirs.key_identifier


def test_what_was_read_before_changes_no_limit() -> None:
    """The same input always stops at the same place, whichever attributes were met before."""
    many = asn1.set_of([cms.attribute("1.2.3.4", asn1.integer_der(number)) for number in range(60_000)])
    before = dict(reading._HEADS)
    places = []
    for heads in (before, {bytes([number]): "1.2" for number in range(200)}, {}):
        reading._HEADS.clear()
        reading._HEADS.update(heads)
        reader = Reader(many)
        with pytest.raises(MalformedError) as refused:
            reading._attributes(reader, reader.root())
        places.append((refused.value.code, refused.value.offset))
    reading._HEADS.clear()
    reading._HEADS.update(before)
    assert places[0][0] == "asn1.limit"
    assert len({code for code, _ in places}) == 1


@pytest.mark.parametrize("value", [b"\x30\x00", b"\x04\x01x", b"\x30\x04\x30\x02\x30\x00"])
def test_a_reference_that_cannot_be_read_fails(value: bytes) -> None:
    """A signature never passes as bound to no certificate because the signed reference to it is broken."""
    notes: list[Any] = []
    assert checking._references({checking.SIGNING_CERTIFICATE_V2: value}, notes) == ()
    assert [code for code, _, _ in notes] == ["cms.reference-malformed"]
    row = entry("cms.reference-malformed")
    assert (row.level, row.sub_indication) == ("fail", "SIG_CONSTRAINTS_FAILURE")
