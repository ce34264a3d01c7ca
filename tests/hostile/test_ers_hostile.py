"""Evidence records that nobody honest makes: each ends with a typed error or a finding, after bounded work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hostile_samples import PAYLOAD, SEAL, TOWN, codes, judge, make, new_trust, record, renewed, token

from made_record import leaves, record_of, stamp_of
from toyono_trust.core.algorithms import digest
from toyono_trust.core.asn1 import der, header_der, integer_der, octet_string, sequence
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import BUDGETS, MAX_FILE, MAX_NODES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.ers import fold

ALGORITHM = sequence(sequence(b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"))
HASH = octet_string(b"h" * 32)


def over(tree: bytes, stamped: bytes | None = None) -> bytes:
    """A record of one time stamp with any tree."""
    chain = sequence(sequence(tree, stamped or token()))
    return sequence(integer_der(1), ALGORITHM, sequence(chain))


def nested(depth: int, tag: int = 0x30) -> bytes:
    """Constructed values inside each other."""
    headers, size = [], 0
    for _ in range(depth):
        headers.append(header_der(tag, size))
        size += len(headers[-1])
    return b"".join(reversed(headers))


def many_chains(count: int, octets: int) -> bytes:
    """Chains that all cover the first one, which is large."""
    first = sequence(stamp_of(token(), [[b"h" * 32] * (octets // 34)]))
    return sequence(integer_der(1), ALGORITHM, sequence(first, *[sequence(sequence(token()))] * count))


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million hashes": (lambda: over(der(0xA2, sequence(HASH * 1_000_000))), "asn1.limit"),
    "a million lists": (lambda: over(der(0xA2, sequence(HASH) * 1_000_000)), "asn1.limit"),
    "a million algorithms": (
        lambda: sequence(integer_der(1), sequence(ALGORITHM[2:] * 1_000_000), sequence(sequence(sequence(token())))),
        "asn1.limit",
    ),
    "a million chains": (lambda: sequence(integer_der(1), ALGORITHM, sequence(b"0\0" * 1_000_000)), "asn1.limit"),
    "more time stamps than one file may have": (
        lambda: record_of([stamp_of(b"0\0")] * (MAX_TIMESTAMPS + 1)),
        "limits.count",
    ),
    "the same in chains": (lambda: record_of(*[[stamp_of(b"0\0")]] * (MAX_TIMESTAMPS + 1)), "limits.count"),
    "lists inside each other": (lambda: over(der(0xA2, nested(20_000))), "asn1.tag"),
    "a version of many octets": (
        lambda: sequence(der(0x02, b"\x7f" * 5_000), ALGORITHM, sequence(sequence(sequence(token())))),
        "format.unknown",
    ),
    "a length beyond the file": (lambda: b"\x30\x84\x7f\xff\xff\xff" + record()[4:], "asn1.truncated"),
    "the largest length": (lambda: b"\x30\x88" + b"\xff" * 8 + record()[4:], "asn1.truncated"),
    "too many octets of length": (lambda: b"\x30\xfe" + b"\xff" * 126 + record()[4:], "asn1.length"),
    "more than a file may have": (lambda: record() + bytes(MAX_FILE), "limits.size"),
    "all chains over a large one": (lambda: many_chains(60, 4 << 20), "limits.work"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_typed_error(name: str) -> None:
    # no record is read beyond its bounds, whatever stands where
    make_it, code = REFUSED[name]
    data = make_it()
    with pytest.raises(MalformedError) as refused:
        registry.read(data, Contents(BytesContent(PAYLOAD)), Work())
    assert refused.value.code == code
    report = judge(data, PAYLOAD)
    assert report.sub_indication == "FORMAT_FAILURE"
    assert "PASSED" not in report.indication


def test_as_many_hashes_as_are_read() -> None:
    # a list as long as the bounds allow is read once, and does not lead to the token's imprint
    report = judge(over(der(0xA2, sequence(HASH * (MAX_NODES - 50)))), PAYLOAD)
    assert report.indication == "FAILED"
    assert {"ers.other-root", "ers.not-in-tree"} <= codes(report)


KINDS: dict[str, Callable[[], bytes]] = {
    "a signature": partial(make, format="cades"),
    "a record": record,
    "a whole answer of an authority": lambda: sequence(sequence(integer_der(0)), token()),
    "a certificate": lambda: SEAL.certificate.der,
    "nothing": lambda: b"0\0",
    "values inside each other": lambda: nested(20_000),
    "another time stamp": lambda: _elsewhere(),
}


def _elsewhere() -> bytes:
    from toyono_trust.pki.tsp import read_response, request

    answer = read_response(TOWN.tsa_respond(request(digest("sha256", b"elsewhere"), "sha256", nonce=1)))
    assert answer.token is not None
    return answer.token


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_token_of_this_record_proves_nothing(name: str) -> None:
    # in the first place and after a sound one
    wrong = KINDS[name]()
    for made in (record_of([stamp_of(wrong)]), record_of([stamp_of(token()), stamp_of(wrong)])):
        report = judge(made, PAYLOAD)
        assert report.kind == "ERS"
        assert report.indication in ("INDETERMINATE", "FAILED")
        assert report.evidence_records[0].proven_at is None
        assert {"timestamp.malformed", "ers.not-in-tree"} & codes(report)


def test_a_hash_that_stands_for_two_is_refused() -> None:
    # the digest of two leaves is no digest of their concatenation given as one data object
    one, two = leaves(2)
    joined = b"".join(sorted((one, two)))
    root = fold([(one, two)], "sha256")
    assert digest("sha256", joined) == root
    from made_record import TSA, trust
    from past_pki import token as stamped
    from past_pki import year

    made = record_of([stamp_of(stamped(root, TSA, year(2026, 11)), [(joined,)])])
    report = judge(made, joined, trust=trust(), at=year(2026, 11, 2))
    assert report.indication == "FAILED"
    assert "ers.hash-size" in codes(report)


def test_every_bit_of_the_data() -> None:
    # whatever else is presented, neither record passes
    for made in (record(), renewed()):
        for bit in range(8 * len(PAYLOAD)):
            changed = bytearray(PAYLOAD)
            changed[bit // 8] ^= 1 << bit % 8
            assert judge(made, bytes(changed)).indication == "FAILED"


def test_many_time_stamps_take_bounded_work() -> None:
    # each is over the one before; what is left of every budget says how much it was
    from toyono_trust.formats import ers
    from toyono_trust.formats.contents import NO_CONTENTS

    made = record()
    for _ in range(30):
        draft = ers.prepare_archive(made, NO_CONTENTS, "sha256")
        made = ers.attach_archive(draft, _over(draft.imprint))
    report = judge(made, PAYLOAD, trust=new_trust())
    assert report.indication == "PASSED"
    assert len(report.timestamps) == 31
    assert report.valid_until is not None
    copied = record_of([stamp_of(token())] * MAX_TIMESTAMPS)
    work = Work()
    assert judge(copied, PAYLOAD, work=work).indication == "FAILED"
    assert all(left > 0.5 * BUDGETS[kind] for kind, left in work.left.items())


def _over(imprint: bytes) -> bytes:
    from toyono_trust.pki.tsp import read_response, request

    answer = read_response(TOWN.tsa_respond(request(imprint, "sha256", nonce=1)))
    assert answer.token is not None
    return answer.token


def test_many_contents() -> None:
    # all of them are compared; one that is not covered fails the record
    report = judge(record(), {f"{n}": b"%d" % n for n in range(2_000)} | {"it": PAYLOAD})
    assert report.indication == "FAILED"
    intact = [thing for thing in report.evidence_records[0].facts.objects if thing.intact]
    assert [thing.name for thing in intact] == ["it"]
