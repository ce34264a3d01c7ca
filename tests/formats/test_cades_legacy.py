"""Older forms of CAdES and files of others: read, bounded, and extended without changing what was signed or stamped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from asn1crypto import cms as foreign

from corpus import corpus
from made_cades import (
    CONTENT,
    DAY,
    PRESENTED,
    WHEN,
    archived,
    archives,
    codes,
    facts,
    long_term,
    material,
    ocsp_of,
    only,
    refused,
    request_of,
    sha256,
    signed,
    stamped,
    token_over,
    town,
    v2_imprint,
    value_of,
)
from toyono_trust.core import algorithms, asn1, cms
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import BUDGETS, MAX_TIMESTAMPS, Work
from toyono_trust.formats import cades, registry
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.cades.hashindex import ATS_HASH_INDEX_V3, VERSIONS
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.pki import tsp

# -- work


@pytest.mark.parametrize("oid", [names.ARCHIVE_V3, names.ARCHIVE_V2, names.CADES_C_TIMESTAMP])
def test_a_thousand_stamps_are_bounded(oid: str) -> None:
    """More tokens than are read end the reading; as many as are read cost little."""
    data = long_term()
    draft = cades.prepare_archive(data, PRESENTED, "sha256")
    token = cms.add_unsigned(token_over(draft.imprint), 0, cms.attribute(ATS_HASH_INDEX_V3, draft.state.hash_index))
    many = cms.attribute(oid, *[token] * 1_000)
    refused("limits.count", facts, cms.add_unsigned(data, 0, many))
    most = cms.add_unsigned(data, 0, cms.attribute(oid, *[token] * (MAX_TIMESTAMPS - 1)))
    work = Work()
    found = registry.read(most, PRESENTED, work)
    assert len(archives(found.signatures[0])) in (0, MAX_TIMESTAMPS - 1)
    assert BUDGETS["repeated-bytes"] - work.left["repeated-bytes"] < 8 * len(most)


def test_many_attributes_under_many_digests_are_bounded() -> None:
    """Every digest name and version of an index has its own digests of all attributes; that work is counted."""
    found = cms.read(long_term())
    attributes = [cms.attribute("1.2.3", asn1.integer_der(number)) for number in range(35_000)]
    empty = [asn1.sequence()] * 3
    for algorithm in ("sha256", "sha384", "sha512"):
        token = token_over(hashlib.new(algorithm, b"x").digest(), algorithm)
        for version in VERSIONS:
            index = asn1.sequence(algorithms.digest_algorithm_identifier(algorithm), *empty)
            indexed = cms.add_unsigned(token, 0, cms.attribute(version, index))
            attributes.append(cms.attribute(names.ARCHIVE_V3, indexed))
    info = asn1.der(0x30, found.signers[0].fields, asn1.der(0xA1, *sorted(attributes)))
    data = cms.signed_data(None, ["sha256"], found.certificates, [info])
    refused("limits.work", facts, data)


# -- older forms


@pytest.mark.parametrize("tag", [True, False])
def test_archive_time_stamps_of_version_2(tag: bool) -> None:
    """With or without the tag of the unsigned attributes; a second one covers the first; a change breaks both."""
    data = long_term()
    first = cms.add_unsigned(data, 0, cms.attribute(names.ARCHIVE_V2, token_over(v2_imprint(data, tag=tag))))
    later = token_over(v2_imprint(first, tag=tag), at=WHEN + DAY)
    data = cms.add_unsigned(first, 0, cms.attribute(names.ARCHIVE_V2, later))
    signature = only(data)
    tokens = archives(signature)
    assert [token.imprint_intact for token in tokens] == [True, True]
    assert sha256(tokens[0].data) in tokens[1].covers
    assert sha256(tokens[1].data) not in tokens[0].covers
    assert set(tokens[0].covers) >= {sha256(item) for item in (signature.value.wire, *signature.certificates)}
    assert (signature.level, [note.code for note in signature.notes]) == (None, ["cades.extended-form"])
    broken = data.replace(signature.crls[0][-20:], bytes(20))
    assert [token.imprint_intact for token in archives(only(broken))] == [False, False]
    other = facts(data, NO_CONTENTS).signatures[0]
    assert [(token.imprint_found, token.imprint_intact) for token in archives(other)] == [(False, None)] * 2


def test_what_version_2_covers_stays_as_it_is() -> None:
    """New validation data goes into the last token; a new archive time stamp covers it there (ades.md 2.3)."""
    before = long_term()
    data = cms.add_unsigned(before, 0, cms.attribute(names.ARCHIVE_V2, token_over(v2_imprint(before))))
    later = material("tsa", at=WHEN + DAY)
    sensor = town().identity("sensor").certificate_der
    data = cades.add_validation_data(data, later._replace(certificates=(sensor, *later.certificates)))
    assert cades.add_validation_data(data, later) is data
    found, old = cms.read(data), cms.read(before)
    assert (found.certificates, found.revocation_choices) == (old.certificates, old.revocation_choices)
    (token,) = archives(only(data))
    assert token.imprint_intact is True
    assert sensor in token.signer.certificates
    assert token.signer.ocsp_responses == later.ocsp_responses
    assert tsp.read(token.data, lenient=False).message_digest_intact
    data = archived(data, "sha512", WHEN + 2 * DAY)
    assert [token.imprint_intact for token in archives(only(data))] == [True, True]
    refused("cades.frozen", cades.attach, data, token_over(sha256(b"x")))
    refused("cades.frozen", cades.prepare_counter, data, only(data).value.wire, request_of("sensor"))
    refused("cades.frozen", cades.prepare_parallel, data, PRESENTED, request_of("sensor"))
    again = cades.prepare_parallel(data, PRESENTED, request_of("town"))
    parallel = cades.finish_parallel(again, value_of("town", again.to_be_signed))
    number = [bool(info.unsigned_attributes) for info in cms.read(parallel, lenient=True).signers].index(False)
    refused("cades.frozen", cades.add_validation_data, parallel, material("sensor"), number)


REFERENCES = (
    cms.attribute(names.CERTIFICATE_REFERENCES, asn1.sequence(asn1.sequence(asn1.octet_string(b"certificates")))),
    cms.attribute(names.REVOCATION_REFERENCES, asn1.sequence(asn1.sequence(asn1.octet_string(b"revocation")))),
)


def test_stamps_over_references() -> None:
    """RFC 5126 6.3.5 and 6.3.6: signature, signature time stamp and references; or the references alone."""
    data = stamped(signed())
    for reference in REFERENCES:
        data = cms.add_unsigned(data, 0, reference)
    info = cms.read(data).signers[0]
    by_kind = {attribute.oid: attribute.tlv for attribute in info.unsigned_attributes}
    kinds = (names.SIGNATURE_TIMESTAMP, names.CERTIFICATE_REFERENCES, names.REVOCATION_REFERENCES)
    contents = [foreign.CMSAttribute.load(by_kind[kind]).contents for kind in kinds]
    imprints = {
        names.CADES_C_TIMESTAMP: sha256(info.signature + b"".join(contents)),
        names.REFERENCES_TIMESTAMP: sha256(b"".join(contents[1:])),
    }
    (older,) = only(data).timestamps
    for oid, imprint in imprints.items():
        made = cms.add_unsigned(data, 0, cms.attribute(oid, token_over(imprint, at=WHEN + DAY)))
        token = only(made).timestamps[-1]
        assert (token.type, token.imprint_found, token.imprint_intact) == ("validation-data", True, True)
        wanted = {sha256(info.signature), sha256(older.data)} if oid == names.CADES_C_TIMESTAMP else set()
        assert set(token.covers) == wanted
        changed = made.replace(b"revocation", b"Revocation")
        assert only(changed).timestamps[-1].imprint_intact is False
    refused_note = only(cms.add_unsigned(data, 0, cms.attribute(names.ARCHIVE_V1, token_over(sha256(b"x")))))
    assert codes(archives(refused_note)[0]) == ["cades.archive-version-1"]


def test_values_in_attributes_join_the_facts() -> None:
    """certificate-values and revocation-values, of the signature and of a token; an OCSP response is made whole."""
    wanted = material("town", "tsa")
    basic = [asn1.Reader(item) for item in wanted.ocsp_responses]
    inner = []
    for reader in basic:
        part = reader.children(reader.only(reader.children(reader.root())[1]))[1]
        inner.append(reader.octets(part))
    certificates = cms.attribute(names.CERTIFICATE_VALUES, asn1.sequence(*wanted.certificates))
    revocation = cms.attribute(
        names.REVOCATION_VALUES,
        asn1.sequence(
            asn1.explicit(0, asn1.sequence(*wanted.crls)),
            asn1.explicit(1, asn1.sequence(inner[0], wanted.ocsp_responses[1])),
        ),
    )
    token = token_over(sha256(b"x"))
    data = signed()
    for attribute in (certificates, revocation):
        token = cms.add_unsigned(token, 0, attribute)
        data = cms.add_unsigned(data, 0, attribute)
    assert cades.add_validation_data(data, wanted) is data
    signature = only(cades.attach(data, token))
    for found in (signature, signature.timestamps[0].signer):
        assert set(found.certificates) == set(wanted.certificates)
        assert (found.crls, found.ocsp_responses) == (wanted.crls, wanted.ocsp_responses)
    assert len(signature.certificates) == len(wanted.certificates)
    assert [note.code for note in signature.notes] == ["cades.extended-form"]
    assert signature.notes[0].values == {"attributes": "certificate-values, revocation-values"}
    (archive,) = archives(only(archived(data)))
    assert archive.imprint_intact is True
    assert {sha256(item) for items in wanted for item in items} <= set(archive.covers)
    broken = cms.add_unsigned(signed(), 0, cms.attribute(names.REVOCATION_VALUES, asn1.null()))
    assert "cms.attribute-malformed" in {note.code for note in only(broken).notes}
    many = asn1.sequence(*[asn1.sequence(asn1.integer_der(number)) for number in range(150)])
    twice = cms.attribute(names.CERTIFICATE_VALUES, many, asn1.sequence(*[asn1.sequence()] * 100))
    refused("limits.count", facts, cms.add_unsigned(signed(), 0, twice))


def test_revocation_choices_of_every_form() -> None:
    """RFC 5940: a whole OCSPResponse, or a BasicOCSPResponse; what is of no known form is left out and said."""
    response = ocsp_of("town")
    reader = asn1.Reader(response)
    basic = reader.octets(reader.children(reader.only(reader.children(reader.root())[1]))[1])
    kinds = ("1.3.6.1.5.5.7.16.2", "1.3.6.1.5.5.7.48.1.1", "1.2.3.4")
    values = (response, basic, response)
    choices = [asn1.der(0xA1, asn1.oid_der(kind), value) for kind, value in zip(kinds, values, strict=True)]
    found = cms.read(stamped(signed()))
    info = asn1.der(0x30, found.signers[0].fields)
    for chosen, expected, notes in (
        (choices[:1], (response,), []),
        (choices[1:2], (response,), []),
        (choices[2:], (), ["cms.revocation-unread"]),
        ([asn1.der(0xA1, asn1.null())], (), ["cms.revocation-unread"]),
    ):
        data = cms.signed_data(None, ["sha256"], found.certificates, [info], crls=chosen)
        read = facts(data)
        assert read.signatures[0].ocsp_responses == expected
        assert [note.code for note in read.notes] == notes
        (archive,) = archives(only(archived(data)))
        assert archive.imprint_intact is True
        assert ({sha256(item) for item in expected} <= set(archive.covers)) is True


CONTENTS = {
    "dss-2011/cades-tstv2-detached.p7s": b"aaa",
    "dss-2011/cades-lta-detached.pkcs7": b"Hello World",
    "cades-bes-signeddata-detached.p7s": b"Hello World",
}
FILES = {
    "cades-ats-v3-rev-val-crl.p7s": "dss-1469/screenshot2.png",
    "dss-1892/detached_with_counter_sig.p7m": "dss-1892/signed_content.bin",
}


def theirs() -> Iterator[tuple[str, bytes, Contents]]:
    """Every CMS file of the corpus with a signature in it, and its content."""
    root = corpus("dss/dss-cades/validation")
    for path in sorted(root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if cades.detect(data) and path.suffix not in {".tst", ".tsr"}:
            name = path.relative_to(root).as_posix()
            content = (root / FILES[name]).read_bytes() if name in FILES else CONTENTS.get(name)
            yield name, data, NO_CONTENTS if content is None else Contents(BytesContent(content))


def test_files_of_others_are_extended() -> None:
    """BER, unsorted, older forms: what was signed or stamped keeps its octets and stays intact; ours is intact too."""
    extended = sealed = 0
    for name, data, contents in theirs():
        found = cms.read(data, lenient=True)
        if any(
            attribute.oid in names.EVIDENCE_RECORDS for info in found.signers for attribute in info.unsigned_attributes
        ):
            refused("cades.sealed", cades.add_validation_data, data, material("tsa"))
            refused("cades.sealed", cades.prepare_archive, data, contents, "sha256")
            refused("cades.sealed", cades.attach, data, token_over(sha256(b"x")))
            sealed += 1
            continue
        before = registry.read(data, contents, Work())
        if before.signatures[0].objects[0].intact is not True:
            continue
        made = cades.add_validation_data(data, material("tsa"))
        made = archived(made, "sha512", contents=contents)
        after = registry.read(made, contents, Work())
        assert cms.read(made, lenient=True).signers[0].fields == found.signers[0].fields, name
        for old, new in zip(before.signatures, after.signatures, strict=True):
            assert new.value == old.value, name
            assert new.objects[0].intact == old.objects[0].intact, name
            assert set(old.certificates) <= set(new.certificates), name
            kept = {(token.type, token.imprint): token.imprint_intact for token in old.timestamps}
            assert {
                (token.type, token.imprint): token.imprint_intact
                for token in new.timestamps
                if token.imprint_algorithm != "sha512" or (token.type, token.imprint) in kept
            } == kept, name
        (own,) = [token for token in archives(after.signatures[0]) if token.generated_at == WHEN + DAY]
        assert (own.imprint_found, own.imprint_intact) == (True, True), name
        everything = b"".join(material("tsa").crls)
        assert everything[-40:] in made, name
        extended += 1
    assert (extended > 18, sealed) == (True, 6)


def test_signed_attributes_out_of_order() -> None:
    """The stamp is over what is stored, or over the DER order that was signed (as DSS stamps it); nothing else."""
    leaf = town().identity("town").certificate_der
    tlvs = [item.tlv for item in cms.read(signed()).signers[0].signed_attributes or ()]
    stored, in_order, other = (asn1.der(0x31, *each) for each in (tlvs[::-1], tlvs, tlvs[1:] + tlvs[:1]))
    info = cms.signer_info(leaf, "sha256", stored, "ecdsa-sha256", value_of("town", in_order))
    data = cms.signed_data(None, ["sha256"], [leaf], [info])
    draft = cades.prepare_archive(data, PRESENTED, "sha256")
    fields = cms.read(data, lenient=True).signers[0].fields
    before = asn1.oid_der("1.2.840.113549.1.7.1") + sha256(CONTENT.bytes)
    for attributes, intact in ((stored, True), (in_order, True), (other, False)):
        imprint = sha256(before + fields.replace(stored[1:], attributes[1:]) + draft.state.hash_index)
        assert (imprint == draft.imprint) is (attributes == stored)
        (token,) = archives(only(cades.attach_archive(draft, token_over(imprint))))
        assert token.imprint_intact is intact


def test_evidence_records_are_found() -> None:
    counts = {}
    for name, data, contents in theirs():
        signatures = registry.read(data, contents, Work()).signatures
        records = [record for signature in signatures for record in signature.evidence_records]
        if records:
            counts[Path(name).name] = [record.kind for record in records]
            assert all(record.data in data for record in records)
    assert set(map(tuple, counts.values())) == {("ERS",)}
    assert len(counts) == 6


def test_material_in_the_attributes_of_real_tokens_joins_their_facts() -> None:
    data = corpus("dss/dss-cades/validation/dss-1401/sig_with_atsv2.p7s").read_bytes()
    stamp, archive = registry.read(data, NO_CONTENTS, Work()).signatures[0].timestamps
    assert (stamp.type, archive.type) == ("signature", "archive")
    assert sum(map(len, (*stamp.signer.crls, *stamp.signer.ocsp_responses))) > 100_000
    assert len(stamp.signer.certificates) > 1
