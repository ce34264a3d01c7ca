"""Hash trees and evidence records (RFC 4998): made, read strictly, and nothing of them changed unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from asn1crypto import core, tsp

from made_record import ROOT, TSA, leaf, leaves, made, record_of, renewed_chain, renewed_stamp, stamp_of, stamping
from past_pki import crl, token, year
from toyono_trust.core import cms
from toyono_trust.core.asn1 import Reader, der, implicit, integer_der, octet_string, sequence
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import ers, registry
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.ers import HashTree, fold, write
from toyono_trust.formats.ers.record import parse
from toyono_trust.formats.model import Facts

NOW = year(2026, 11)


def read(record: bytes, *contents: bytes) -> Facts:
    """The facts of a record with what is presented."""
    given = {f"content {number}": BytesContent(each) for number, each in enumerate(contents)}
    return registry.read(record, Contents(given), Work())


def intact(facts: Facts) -> list[bool | None]:
    """Of each time stamp."""
    return [token.imprint_intact for token in facts.timestamps]


def codes(facts: Facts) -> set[str]:
    """Of all notes."""
    own = [note.code for record in facts.evidence_records for note in record.notes]
    return {*own, *(note.code for token in facts.timestamps for note in token.notes)}


# -- trees


def plain_root(hashes: list[bytes]) -> bytes:
    """The root written down another way: RFC 4998 4.2, neighbours in pairs, a lone one goes up."""
    if len(hashes) == 1:
        return hashes[0]
    above = [
        hashlib.sha256(b"".join(sorted(hashes[at : at + 2]))).digest() if len(hashes[at : at + 2]) == 2 else hashes[at]
        for at in range(0, len(hashes), 2)
    ]
    return plain_root(above)


@pytest.mark.parametrize("count", [*range(1, 35), 127, 1000])
def test_every_leaf_leads_to_the_root(count: int) -> None:
    # fold(reduced(i)) is the root, for every leaf of every tree; no leaf stands alone where it has a neighbour
    data = leaves(count)
    tree = HashTree(data)
    assert tree.root == plain_root(data)
    for index in range(count):
        reduced = tree.reduced(index)
        assert reduced[0][0] == data[index]
        assert fold(reduced, "sha256") == tree.root
        assert all(len(hashes) == (2 if place == 0 else 1) for place, hashes in enumerate(reduced)) or count == 1
        assert sum(map(len, reduced)) <= 1 + (count - 1).bit_length()


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sha3-256"])
def test_every_algorithm(algorithm: str) -> None:
    tree = HashTree([hashlib.new(algorithm.replace("sha3-", "sha3_"), b"%d" % n).digest() for n in range(5)], algorithm)
    assert all(fold(tree.reduced(index), algorithm) == tree.root for index in range(5))


def test_equal_leaves_are_kept() -> None:
    tree = HashTree([leaves(1)[0]] * 3)
    assert all(fold(tree.reduced(index), "sha256") == tree.root for index in range(3))
    assert tree.root != HashTree([leaves(1)[0]] * 2).root


def test_a_leaf_proves_no_other() -> None:
    # what is reduced for one leaf, with another leaf in its place, leads elsewhere
    data = leaves(9)
    tree = HashTree(data)
    for index in range(9):
        (_, *rest), *more = tree.reduced(index)
        other = hashlib.sha256(b"no leaf").digest()
        assert fold(((other, *rest), *more), "sha256") != tree.root


def test_trees_refused() -> None:
    for wrong in ([], [b"short"], [leaves(1)[0], b""]):
        with pytest.raises(MisuseError) as refused:
            HashTree(wrong)
        assert refused.value.code == "ers.leaves"
    with pytest.raises(MisuseError) as refused:
        HashTree(leaves(1), "sha1024")
    assert refused.value.code == "ers.leaves"
    for index in (-1, 2):
        with pytest.raises(MisuseError) as refused:
            HashTree(leaves(2)).reduced(index)
        assert refused.value.code == "ers.index"
    for empty in ((), ((),), ((b"x",), ())):
        with pytest.raises(MisuseError):
            fold(empty, "sha256")


# -- writing


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_another_reader_reads_what_is_written(count: int) -> None:
    # asn1crypto: version, algorithm, lists in ascending order, and the token as it was
    tree = HashTree(leaves(count))
    stamp = token(tree.root, TSA, NOW)
    record = write("sha256", tree.reduced(count - 1), stamp)
    version, algorithms, sequences = core.SequenceOf.load(record, spec=core.Any)
    assert version.parse(core.Integer).native == 1
    assert [each["algorithm"].native for each in algorithms.parse(tsp.DigestAlgorithms)] == ["sha256"]
    (chain,) = sequences.parse(core.SequenceOf, {"spec": core.Any})
    (found,) = chain.parse(core.SequenceOf, {"spec": tsp.ArchiveTimeStamp})
    assert found["time_stamp"].dump() == stamp
    lists = found["reduced_hashtree"].native or []
    assert all(hashes == sorted(hashes) for hashes in lists)
    assert [set(each) for each in lists] == [set(each) for each in tree.reduced(count - 1) if count > 1]


def test_a_token_over_another_root_is_refused() -> None:
    tree = HashTree(leaves(2))
    for imprint, algorithm in ((leaves(1)[0], "sha256"), (tree.root * 2, "sha512")):
        with pytest.raises(MisuseError) as refused:
            write("sha256", tree.reduced(0), token(imprint, TSA, NOW, algorithm))
        assert refused.value.code == "ers.token"
    with pytest.raises(MalformedError):
        write("sha256", tree.reduced(0), b"0\0")


# -- reading


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_what_is_written_is_read(count: int) -> None:
    record = made(count, count - 1)
    facts = read(record, leaf(count - 1))
    assert (facts.kind, intact(facts), codes(facts)) == ("ERS", [True], set())
    (found,) = facts.evidence_records
    assert (found.chains, found.algorithms, found.data) == (((0,),), ("sha256",), record)
    (thing,) = found.objects
    assert (thing.found, thing.intact, thing.digest) == (True, True, leaves(count)[-1])


def test_without_the_data_nothing_is_said_of_it() -> None:
    for count, digest in ((1, leaves(1)[0]), (2, None)):
        facts = read(made(count))
        (thing,) = facts.evidence_records[0].objects
        assert (intact(facts), thing.found, thing.intact, thing.digest) == ([None], False, None, digest)


def test_other_data() -> None:
    for count in (1, 5):
        facts = read(made(count), b"other")
        assert (intact(facts), codes(facts)) == ([False], {"ers.not-in-tree"})
        assert facts.evidence_records[0].objects[0].intact is False


def test_a_group() -> None:
    # every presented thing must be covered; where others are as well, that is said
    tree = tuple(leaves(3)), tuple(leaves(4)[3:])
    record = record_of([stamp_of(token(fold(tree, "sha256"), TSA, NOW), tree)])
    whole = read(record, *map(leaf, range(3)))
    assert (intact(whole), codes(whole)) == ([True], set())
    part = read(record, leaf(2), leaf(0))
    assert (intact(part), codes(part)) == ([True], {"ers.group"})
    foreign = read(record, leaf(0), leaf(3))
    assert intact(foreign) == [False]
    assert [thing.intact for thing in foreign.evidence_records[0].objects] == [True, False]


def test_renewals() -> None:
    # each later time stamp covers the one before it; a new chain covers the data and all earlier chains
    tree = HashTree(leaves(3))
    first = token(tree.root, TSA, NOW)
    chain = [stamp_of(first, tree.reduced(1)), renewed_stamp(first, stamping())]
    second = [renewed_chain([leaf(1)], [chain], stamping())]
    algorithms = ["sha256", "sha512"]
    facts = read(record_of(chain, second, algorithms=algorithms), leaf(1))
    assert (intact(facts), codes(facts)) == ([True] * 3, set())
    assert facts.evidence_records[0].chains == ((0, 1), (2,))
    assert facts.evidence_records[0].algorithms == ("sha256", "sha512")
    keys = [hashlib.sha256(token.data).digest() for token in facts.timestamps]
    assert [token.covers for token in facts.timestamps] == [(), (keys[0],), (keys[0], keys[1])]
    without = read(record_of(chain, second, algorithms=algorithms))
    assert intact(without) == [None, True, None]
    other = read(record_of(chain[:1], second, algorithms=algorithms), leaf(1))
    assert intact(other) == [True, False]
    swapped = [renewed_chain([leaf(1)], [chain], stamping(), swapped=True)]
    assert intact(read(record_of(chain, swapped, algorithms=algorithms), leaf(1))) == [True, True, False]
    assert intact(read(record_of([chain[1], chain[0]]), leaf(1))) == [False, False]


def test_one_chain_one_digest() -> None:
    first = token(leaves(1)[0], TSA, NOW)
    record = record_of([stamp_of(first), renewed_stamp(first, stamping(), "sha512")], algorithms=["sha256", "sha512"])
    assert codes(read(record, leaf(0))) == {"ers.chain-algorithm"}


def test_what_does_not_fit_is_named() -> None:
    one, two = leaves(2)
    tree = HashTree([one, two])
    stamp = token(tree.root, TSA, NOW)
    cases: list[tuple[bytes, str]] = [
        (stamp_of(stamp, [[one, two, two]]), "ers.other-root"),
        (stamp_of(token(one, TSA, NOW), [[one + two]]), "ers.hash-size"),
        (stamp_of(stamp, tree.reduced(0), "sha512"), "ers.algorithm"),
        (stamp_of(stamp, [[two, two]]), "ers.not-in-tree"),
    ]
    for archive_stamp, code in cases:
        facts = read(record_of([archive_stamp], algorithms=["sha256", "sha512"]), leaf(0))
        assert intact(facts) == [False], code
        assert code in codes(facts)
        assert facts.evidence_records[0].objects[0].intact is False
    unlisted = read(record_of([stamp_of(stamp, tree.reduced(0))], algorithms=["sha512"]), leaf(0))
    assert codes(unlisted) == {"ers.algorithm-unlisted"}


def test_encrypted_data_is_named() -> None:
    version, algorithms, chains = parts(made(2))
    info = der(0xA1, b"\x06\x01\x2a", octet_string(b"key"))
    assert codes(read(sequence(version, algorithms, info, chains), leaf(0))) == {"ers.encrypted"}


def parts(record: bytes) -> list[bytes]:
    """The members of a record."""
    reader = Reader(record)
    return [reader.tlv(node) for node in reader.children(reader.root())]


def broken() -> Iterator[tuple[str, bytes]]:
    """Records with no accepted reading."""
    record = made(2)
    version, algorithms, chains = parts(record)
    (chain,) = parts(chains)
    (stamp,) = parts(chain)
    tree, stamped = parts(stamp)
    infos = der(0xA0, sequence(b"\x06\x01\x2a", octet_string(b"")))
    info = der(0xA1, b"\x06\x01\x2a", octet_string(b""))

    def over(*members: bytes) -> bytes:
        return sequence(version, algorithms, sequence(sequence(sequence(*members))))

    yield "version 2", sequence(integer_der(2), algorithms, chains)
    yield "no algorithms", sequence(version, sequence(), chains)
    yield "parameters", sequence(version, sequence(sequence(b"\x06\x01\x2a", integer_der(1))), chains)
    yield "no chain", sequence(version, algorithms, sequence())
    yield "an empty chain", sequence(version, algorithms, sequence(sequence()))
    yield "an empty time stamp", over()
    yield "an empty tree", over(der(0xA2), stamped)
    yield "an empty list", over(der(0xA2, sequence()), stamped)
    yield "a hash of another type", over(der(0xA2, sequence(integer_der(1))), stamped)
    yield "members out of order", over(tree, der(0xA0, b"\x06\x01\x2a"), stamped)
    yield "a member twice", over(tree, tree, stamped)
    yield "an unknown member", over(der(0xA3), stamped)
    yield "no token", over(tree)
    yield "more after the token", over(tree, stamped, integer_der(1))
    yield "infos out of order", sequence(version, algorithms, info, infos, chains)
    yield "infos twice", sequence(version, algorithms, infos, infos, chains)
    yield "octets behind", record + b"\0"
    yield "cut off", record[:-1]
    yield "a long length", b"0\x84\0\0" + record[2:]
    yield "an indefinite length", b"0\x80" + record[4:] + b"\0\0"
    yield "a token that is none", over(tree, sequence(b"\x06\x01\x2a"))


@pytest.mark.parametrize(("name", "record"), list(broken()))
def test_no_accepted_reading(name: str, record: bytes) -> None:
    assert registry.detect(record) == "ers"
    if name == "a token that is none":
        assert codes(read(record, leaf(0))) == {"timestamp.malformed"}
        return
    with pytest.raises(MalformedError):
        read(record, leaf(0))


def test_only_records_are_taken_for_such() -> None:
    from toyono_trust.pki.tsp import request

    stamp = token(leaves(1)[0], TSA, NOW)
    for other in (request(leaves(1)[0], "sha256", nonce=1), stamp, TSA.der, sequence(integer_der(0)), b"0", b"0\x80"):
        assert registry.detect(other) != "ers"
    assert registry.kind_of(made(1)) == "ERS"
    assert implicit(2, sequence(stamp))[:1] == b"\xa2"


def test_renewals_change_nothing_that_is_there() -> None:
    # every octet of tokens and trees stays; what was added is there
    record = made(3, 1)
    old = parse(record).chains[0].stamps[0]
    listed = crl(ROOT, NOW)
    filled = ers.add_validation_data(record, ValidationData((ROOT.der,), (listed,)))
    new = parse(filled).chains[0].stamps[0]
    assert (new.tree, new.algorithm) == (old.tree, old.algorithm)
    assert {ROOT.der} < set(cms.read(new.token).certificates)
    assert cms.read(new.token).crls == (listed,)
    assert intact(read(filled, leaf(1))) == [True]
    assert ers.add_validation_data(filled, ValidationData((ROOT.der,))) == filled
    same = ers.prepare_archive(filled, NO_CONTENTS, "sha256")
    assert same.imprint == hashlib.sha256(new.token).digest()
    again = ers.attach_archive(same, token(same.imprint, TSA, NOW))
    assert parse(again).chains[0].stamps[0] == new
    assert intact(read(again, leaf(1))) == [True, True]
    anew = ers.prepare_archive(again, Contents(BytesContent(leaf(1))), "sha512")
    third = ers.attach_archive(anew, token(anew.imprint, TSA, NOW, "sha512"))
    assert parse(third).chains[0].stamps == parse(again).chains[0].stamps
    assert parse(third).algorithms == ("sha256", "sha512")
    assert intact(read(third, leaf(1))) == [True] * 3
    back = ers.prepare_archive(third, Contents(BytesContent(leaf(1))), "sha256")
    fourth = ers.attach_archive(back, token(back.imprint, TSA, NOW))
    assert parse(fourth).algorithms == ("sha256", "sha512")
    assert intact(read(fourth, leaf(1))) == [True] * 4


def test_renewals_refused() -> None:
    record = made(2)
    with pytest.raises(MisuseError) as refused:
        ers.prepare_archive(record, NO_CONTENTS, "sha512")
    assert refused.value.code == "ers.content"
    draft = ers.prepare_archive(record, NO_CONTENTS, "sha256")
    for stamp, reduced in (
        (token(leaves(1)[0], TSA, NOW), None),
        (token(draft.imprint, TSA, NOW), HashTree(leaves(2)).reduced(0)),
        (token(draft.imprint, TSA, NOW), HashTree([draft.imprint, leaves(1)[0]]).reduced(0)),
    ):
        with pytest.raises(MisuseError) as refused:
            ers.attach_archive(draft, stamp, reduced)
        assert refused.value.code == "ers.token"


def test_octets_are_those_of_the_file() -> None:
    # tokens and what was hashed for a renewal are slices of the record
    tree = HashTree(leaves(2))
    first = token(tree.root, TSA, NOW)
    chain = [stamp_of(first, tree.reduced(0))]
    record = record_of(chain, [renewed_chain([leaf(0)], [chain], stamping())], algorithms=["sha256", "sha512"])
    found = parse(record)
    assert found.before(1) == sequence(sequence(*chain))
    assert found.chains[0].stamps[0].token == first
    assert registry.read(record, NO_CONTENTS, Work()).timestamps[0].data == first
