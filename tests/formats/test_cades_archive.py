"""CAdES at B-LT and B-LTA: imprints and indices as another reader and plain hashing have them, and what breaks them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from asn1crypto import algos as foreign_algos
from asn1crypto import cms as foreign
from asn1crypto import core as foreign_core
from asn1crypto import tsp as foreign_tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from made_cades import (
    CONTENT,
    DAY,
    PRESENTED,
    WHEN,
    archived,
    archives,
    codes,
    countered,
    facts,
    long_term,
    material,
    ocsp_of,
    only,
    refused,
    sha256,
    signed,
    stamped,
    token_over,
    town,
    v2_imprint,
)
from toyono_trust.core import asn1, cms
from toyono_trust.core.content import BytesContent, FileContent
from toyono_trust.core.findings import entry
from toyono_trust.errors import MalformedError
from toyono_trust.formats import cades
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.cades.hashindex import ATS_HASH_INDEX_V3, build_index
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import ArchiveDraft, ValidationData

INDEX_V1, INDEX_V2 = "0.4.0.1733.2.5", "0.4.0.19122.1.4"


# -- an archive time stamp by somebody else's reader and plain hashing


class Digests(foreign_core.SequenceOf):  # type: ignore[misc]
    """SEQUENCE OF OCTET STRING."""

    _child_spec = foreign_core.OctetString


class HashIndex(foreign_core.Sequence):  # type: ignore[misc]
    """ATSHashIndexV3."""

    _fields = [  # noqa: RUF012  # its metaclass writes into the list
        ("algorithm", foreign_algos.DigestAlgorithm),
        ("certificates", Digests),
        ("crls", Digests),
        ("attributes", Digests),
    ]


class Recomputed:
    """One archive-time-stamp-v3 as asn1crypto takes the file apart: EN 319 122-1 5.5.2 and 5.5.3, step by step."""

    def __init__(self, data: bytes, token: bytes, content: bytes, number: int = 0) -> None:
        outer = foreign.ContentInfo.load(data)["content"]
        info = outer["signer_infos"][number]
        inner = foreign.ContentInfo.load(token)["content"]
        self.stated = foreign_tsp.TSTInfo.load(cms.read(token).content)["message_imprint"]
        self.algorithm = self.stated["hash_algorithm"]["algorithm"].native
        (index,) = [
            attribute["values"][0].dump()
            for attribute in inner["signer_infos"][0]["unsigned_attrs"]
            if attribute["type"].dotted == ATS_HASH_INDEX_V3
        ]
        read = HashIndex.load(index, strict=True)
        assert read["algorithm"]["algorithm"].native == self.algorithm
        self.lists = [[item.native for item in read[name]] for name in ("certificates", "crls", "attributes")]
        self.outer, self.info = outer, info
        fields = b"".join(
            info[name].dump()
            for name in (
                "version",
                "sid",
                "digest_algorithm",
                "signed_attrs",
                "signature_algorithm",
                "signature",
            )
        )
        kind = outer["encap_content_info"]["content_type"].dump()
        self.imprint = self.hash(kind + self.hash(content) + fields + index)

    def hash(self, octets: bytes) -> bytes:
        return hashlib.new(self.algorithm, octets).digest()

    def expected(self) -> list[set[bytes]]:
        """Digests of every certificate, every revocation choice and every unsigned attribute value of the file."""
        values = {
            self.hash(attribute["type"].dump() + value.dump())
            for attribute in self.info["unsigned_attrs"]
            for value in attribute["values"]
        }
        certificates = {self.hash(choice.chosen.dump()) for choice in self.outer["certificates"]}
        choices = asn1.Reader(self.outer["crls"].dump(), lenient=True)
        return [
            certificates,
            {self.hash(choices.tlv(node)) for node in choices.children(choices.root())},
            values,
        ]


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_another_reader_recomputes_imprint_and_index(detached: bool, algorithm: str) -> None:
    before = long_term(detached=detached)
    data = archived(before, algorithm)
    signature = only(data)
    assert (signature.level, signature.notes) == ("B-LTA", ())
    (token,) = archives(signature)
    assert (token.imprint_found, token.imprint_intact, token.notes) == (True, True, ())
    other = Recomputed(data, token.data, CONTENT.bytes)
    assert other.algorithm == algorithm
    assert other.imprint == other.stated["hashed_message"].native == token.imprint
    own = other.hash(asn1.oid_der(names.ARCHIVE_V3) + token.data)
    assert [set(listed) for listed in other.lists] == [*other.expected()[:2], other.expected()[2] - {own}]
    assert {len(listed) for listed in other.lists} == {5, 4, 1}
    assert facts(data).notes == ()  # DER, strictly read
    assert algorithm in cms.read(data).digest_algorithms


def test_what_an_archive_stamp_covers_is_named() -> None:
    signature = only(archived(long_term()))
    (stamp,) = [token for token in signature.timestamps if token.type == "signature"]
    (archive,) = archives(signature)
    assert stamp.covers == ()
    expected = [signature.value.wire, stamp.data, *signature.certificates, *signature.crls, *signature.ocsp_responses]
    assert set(archive.covers) == {sha256(item) for item in expected}
    assert len(archive.covers) == len(set(archive.covers)) == 11


def test_long_term_data_stands_where_the_standard_wants_it() -> None:
    """EN 319 122-1 6.3: certificates, CRLs and OCSP responses (RFC 5940) in the shared lists, version 5, in DER."""
    before = stamped(signed())
    data = cades.add_validation_data(before, material("town", "tsa"))
    assert (only(before).level, only(data).level) == ("B-T", "B-LT")
    found = cms.read(data)
    wanted = material("town", "tsa")
    assert found.version == 5
    assert set(found.certificates) == set(wanted.certificates)
    assert set(found.crls) == set(wanted.crls)
    assert set(found.ocsp_responses) == set(wanted.ocsp_responses)
    assert found.signers[0].fields == cms.read(before).signers[0].fields
    theirs = foreign.ContentInfo.load(data, strict=True)["content"]
    assert theirs["version"].native == "v5"
    others = [choice.chosen for choice in theirs["crls"] if choice.name == "other"]
    assert {choice["other_rev_info_format"].dotted for choice in others} == {"1.3.6.1.5.5.7.16.2"}
    assert {choice["other_rev_info"].dump() for choice in others} == set(wanted.ocsp_responses)


def test_nothing_is_added_twice() -> None:
    data = long_term()
    assert cades.add_validation_data(data, material("town", "tsa")) is data
    one = ValidationData(certificates=(town().identity("sensor").certificate_der,))
    more = cades.add_validation_data(data, one)
    assert len(cms.read(more).certificates) == len(cms.read(data).certificates) + 1
    only_crl = cades.add_validation_data(stamped(signed()), ValidationData(crls=(town().crl("ca"),) * 2))
    assert (cms.read(only_crl).version, len(cms.read(only_crl).crls)) == (1, 1)


def test_more_than_is_ever_read_is_not_written() -> None:
    lists = tuple(asn1.sequence(asn1.integer_der(number)) for number in range(250))
    refused("limits.count", cades.add_validation_data, signed(), ValidationData(crls=lists))
    refused("limits.count", cades.add_validation_data, long_term(), ValidationData(certificates=lists))
    refused("cms.no-such-signer", cades.add_validation_data, signed(), ValidationData(), 1)
    refused("cms.no-such-signer", cades.prepare_archive, signed(), PRESENTED, "sha256", -1)


# -- renewal


def test_renewal_under_another_hash() -> None:
    """Round after round, each with the earlier TSA's validation data: all stay intact, each covers the one before."""
    data = archived(long_term())
    for years, algorithm in ((1, "sha512"), (2, "sha384")):
        at = WHEN + years * 365 * DAY
        data = cades.add_validation_data(data, material("tsa", at=at - DAY))
        data = archived(data, algorithm, at)
    signature = only(data)
    tokens = archives(signature)
    assert [token.imprint_algorithm for token in tokens] == ["sha256", "sha512", "sha384"]
    assert [token.imprint_intact for token in tokens] == [True] * 3
    assert (signature.level, signature.notes, facts(data).notes) == ("B-LTA", (), ())
    assert cms.read(data).digest_algorithms == ("sha256", "sha384", "sha512")
    for earlier, later in pairwise(tokens):
        assert set(earlier.covers) < set(later.covers)
        assert sha256(earlier.data) in later.covers
        assert sha256(later.data) not in earlier.covers
    renewed = [response for response in signature.ocsp_responses if response == ocsp_of("tsa", WHEN + 364 * DAY)]
    assert sha256(renewed[0]) in tokens[1].covers
    assert sha256(renewed[0]) not in tokens[0].covers
    for token in tokens:
        other = Recomputed(data, token.data, CONTENT.bytes)
        assert other.imprint == token.imprint


def test_later_material_breaks_nothing() -> None:
    """More certificates, stamps and counter-signatures beside what is indexed; the index is one-directional."""
    data = stamped(archived(long_term()), at=WHEN + 2 * DAY)
    sensor = town().identity("sensor").certificate_der
    data = cades.add_validation_data(data, ValidationData(certificates=(sensor,)))
    data = countered(data)
    (token,) = archives(only(data))
    assert (token.imprint_intact, token.notes) == (True, ())
    assert sha256(sensor) not in token.covers


# -- what breaks an archive time stamp


def spans(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Where everything stands that the archive time stamp covers."""
    found = cms.read(data)
    info = found.signers[0]
    items = [("certificate", item) for item in found.certificates]
    items += [("revocation", item) for item in found.revocation_choices]
    items += [("attribute", item.values[0]) for item in info.unsigned_attributes if item.oid != names.ARCHIVE_V3]
    (index,) = cms.read(archives(only(data))[0].data).signers[0].unsigned_attributes
    items += [("signer", info.fields), ("index", index.values[0]), ("content", CONTENT.bytes)]
    for name, octets in items:
        at = data.index(octets)
        yield name, at, at + len(octets)


def test_every_covered_item_changed() -> None:
    """Whatever octet of whatever is covered changes: malformed, or the imprint is not intact."""
    data = archived(long_term(detached=False))
    seen = set()
    for name, start, end in spans(data):
        for at in {*range(start, end, 37), end - 1}:
            changed = data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :]
            try:
                signature = only(changed)
            except MalformedError:
                continue
            for token in archives(signature):
                assert token.imprint_intact is not True, (name, at)
                dangling = "cades.index-dangling" in codes(token)
                assert dangling or name not in ("certificate", "revocation", "attribute"), (name, at)
                seen.add((name, dangling))
    assert {name for name, _ in seen} == {"certificate", "revocation", "attribute", "signer", "index", "content"}
    assert ("content", False) in seen


@pytest.mark.parametrize("what", ["certificate", "crl", "ocsp", "attribute"])
def test_an_entry_without_its_item_breaks_the_stamp(what: str) -> None:
    """The imprint itself would fit; what the index lists is gone (EN 319 122-1 5.5.2)."""
    data = archived(long_term())
    found = cms.read(data)
    info = found.signers[0]
    gone = {
        "certificate": found.certificates[0],
        "crl": found.crls[0],
        "ocsp": next(choice for choice in found.revocation_choices if choice[0] == 0xA1),
        "attribute": next(item.tlv for item in info.unsigned_attributes if item.oid == names.SIGNATURE_TIMESTAMP),
    }[what]
    rest = [item.tlv for item in info.unsigned_attributes if item.tlv != gone]
    signer = asn1.der(0x30, info.fields, asn1.der(0xA1, *sorted(rest)))
    left = cms.signed_data(
        None,
        ["sha256"],
        [item for item in found.certificates if item != gone],
        [signer],
        crls=[item for item in found.revocation_choices if item != gone],
    )
    (token,) = archives(only(left))
    assert (token.imprint_found, token.imprint_intact) == (True, False)
    (note,) = token.notes
    assert (note.code, note.values) == ("cades.index-dangling", {"count": 1})
    assert (entry(note.code).level, entry(note.code).sub_indication) == ("fail", "HASH_FAILURE")
    if what != "attribute":
        assert sha256(gone) not in token.covers
    missing = facts(left, NO_CONTENTS).signatures[0]
    assert (archives(missing)[0].imprint_found, archives(missing)[0].imprint_intact) == (False, None)
    assert codes(archives(missing)[0]) == ["cades.index-dangling"]


def with_index(index: bytes, *, version: str = ATS_HASH_INDEX_V3, algorithm: str = "sha256") -> bytes:
    """An archive time stamp, sound but for the given index."""
    data = long_term()
    info = cms.read(data).signers[0]
    imprint = hashlib.new(
        algorithm,
        asn1.oid_der("1.2.840.113549.1.7.1") + hashlib.new(algorithm, CONTENT.bytes).digest() + info.fields + index,
    ).digest()
    token = cms.add_unsigned(token_over(imprint, algorithm, WHEN + DAY), 0, cms.attribute(version, index))
    return cms.add_unsigned(data, 0, cms.attribute(names.ARCHIVE_V3, token))


def test_an_index_under_another_hash_than_the_stamp() -> None:
    data = long_term()
    found = cms.read(data)
    weak = build_index(found, found.signers[0], "sha1")
    (token,) = archives(only(with_index(weak)))
    assert token.imprint_intact is False
    assert codes(token) == ["cades.index-algorithm"]
    assert token.notes[0].values == {"index": "sha1", "imprint": "sha256"}
    unknown = asn1.sequence(asn1.sequence(asn1.oid_der("1.2.3.4")), *[asn1.sequence()] * 3)
    (token,) = archives(only(with_index(unknown)))
    assert (token.imprint_found, token.imprint_intact) == (False, None)
    assert codes(token) == ["cades.index-algorithm"]


def test_indices_that_say_nothing() -> None:
    """None, two, or one that cannot be read: the stamp covers nothing, and the signature is no B-LTA."""
    data = long_term()
    bare = cms.add_unsigned(data, 0, cms.attribute(names.ARCHIVE_V3, token_over(sha256(b"x"))))
    found = cms.read(data)
    index = build_index(found, found.signers[0], "sha256")
    twice = cms.attribute(ATS_HASH_INDEX_V3, index, asn1.sequence())
    doubled = cms.add_unsigned(token_over(sha256(b"x")), 0, twice)
    several = cms.add_unsigned(data, 0, cms.attribute(names.ARCHIVE_V3, doubled))
    long = asn1.sequence(*[asn1.octet_string(b"")] * 3_000)
    cases = {
        "cades.index-missing": (bare, several),
        "cades.index-malformed": (
            with_index(asn1.null()),
            with_index(asn1.sequence(*[asn1.sequence()] * 3)),
            with_index(asn1.sequence(asn1.sequence(asn1.oid_der("2.16.840.1.101.3.4.2.1")), long, long, long)),
        ),
    }
    for code, files in cases.items():
        for made in files:
            signature = only(made)
            (token,) = archives(signature)
            assert (codes(token), token.imprint_found, token.covers) == ([code], False, ())
            assert signature.level == "B-LT"


def test_older_indices_are_read() -> None:
    """Version 1 digests whole attributes and leaves SHA-256 out; version 2 is read in both ways."""
    found = cms.read(long_term())
    info = found.signers[0]
    shared = [
        asn1.sequence(*[asn1.octet_string(sha256(item)) for item in items])
        for items in (found.certificates, found.revocation_choices)
    ]
    whole = asn1.sequence(*[asn1.octet_string(sha256(item.tlv)) for item in info.unsigned_attributes])
    newest = build_index(found, info, "sha256")
    algorithm = asn1.sequence(asn1.oid_der("2.16.840.1.101.3.4.2.1"))
    everything = set(archives(only(archived(long_term())))[0].covers)
    for version, index in (
        (INDEX_V1, asn1.sequence(*shared, whole)),
        (INDEX_V1, asn1.sequence(algorithm, *shared, whole)),
        (INDEX_V2, asn1.sequence(algorithm, *shared, whole)),
        (INDEX_V2, newest),
    ):
        (token,) = archives(only(with_index(index, version=version)))
        assert (token.imprint_intact, codes(token)) == (True, ["cades.index-version"])
        assert len(token.covers) == len(everything)
    for version, index in ((INDEX_V1, newest), (ATS_HASH_INDEX_V3, asn1.sequence(algorithm, *shared, whole))):
        (token,) = archives(only(with_index(index, version=version)))
        assert token.imprint_intact is False
        assert "cades.index-dangling" in codes(token)


def test_other_or_missing_content() -> None:
    data = archived(long_term())
    (token,) = archives(facts(data, Contents(BytesContent(b"other"))).signatures[0])
    assert (token.imprint_found, token.imprint_intact) == (True, False)
    (token,) = archives(facts(data, NO_CONTENTS).signatures[0])
    assert (token.imprint_found, token.imprint_intact, token.notes) == (False, None, ())
    assert len(token.covers) == 11
    refused("cades.content-missing", cades.prepare_archive, long_term(), NO_CONTENTS, "sha256")
    refused("cades.content-changed", cades.prepare_archive, long_term(), Contents(BytesContent(b"x")), "sha256")
    refused("algorithm.unknown-digest", cades.prepare_archive, long_term(), PRESENTED, "md4")


def test_detached_content_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "minutes.txt"
    path.write_bytes(CONTENT.bytes)

    class Pieces(FileContent):
        """A file that is too large to be held."""

        @property
        def bytes(self) -> bytes:
            raise AssertionError("the whole content was asked for")

    data = archived(long_term(), contents=Contents(Pieces(path)))
    legacy = cms.add_unsigned(long_term(), 0, cms.attribute(names.ARCHIVE_V2, token_over(v2_imprint(long_term()))))
    for made in (data, legacy):
        (token,) = archives(facts(made, Contents(Pieces(path))).signatures[0])
        assert token.imprint_intact is True


def test_a_draft_is_bound_to_its_file() -> None:
    """The state of a draft carries the file; a token over something else is seen when it is read."""
    draft = cades.prepare_archive(long_term(), PRESENTED, "sha256")
    assert isinstance(draft, ArchiveDraft)
    other = cades.attach_archive(draft, token_over(sha256(b"another")))
    (token,) = archives(only(other))
    assert (token.imprint_found, token.imprint_intact, token.notes) == (True, False, ())


@pytest.mark.integration
@pytest.mark.parametrize("detached", [True, False])
def test_openssl_verifies_the_result(detached: bool, tmp_path: Path) -> None:
    data = archived(long_term(detached=detached))
    data = archived(cades.add_validation_data(data, material("tsa", at=WHEN + DAY)), "sha512", WHEN + 2 * DAY)
    (tmp_path / "signed").write_bytes(countered(data))
    (tmp_path / "content").write_bytes(CONTENT.bytes)
    root = x509.load_der_x509_certificate(town().root.der).public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)
    given = ("-content", "content") if detached else ()
    at = ("-attime", str(int(WHEN.timestamp())), "-CAfile", "root.pem", "-purpose", "any")
    done = subprocess.run(
        [
            "openssl",
            "cms",
            "-verify",
            "-cades",
            "-inform",
            "DER",
            "-in",
            "signed",
            "-binary",
            "-out",
            "out",
            *at,
            *given,
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert (tmp_path / "out").read_bytes() == CONTENT.bytes
