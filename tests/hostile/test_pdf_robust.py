"""Whatever the octets, ``verify()`` gives a Report with bounded work, and changed content never passes."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import pytest

from made_pdf import CONTENT, NEXT, TEXT_FIELD, drawn, new, sign, stream, text_field
from toyono_trust import TrustStore, verify
from toyono_trust.core.content import FileContent
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Town
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.validation.report import Report

MUTANTS = 3_000
SEED = 20261122


@pytest.fixture(scope="module")
def trust(toyono_town: Town) -> TrustStore:
    assert toyono_town.folder is not None
    return TrustStore.load(toyono_town.folder / "trust")


@pytest.fixture(scope="module")
def twice(toyono_town: Town) -> bytes:
    """Signed, filled in, signed again."""
    by = toyono_town.identity("town")
    once = sign(new(), by).save({TEXT_FIELD: text_field(b"good bye")})
    return sign(once, by, number=NEXT + 2).data


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.all_findings()}


def passes_only_what_was_signed(data: bytes, original: bytes, town: Town, trust: TrustStore) -> Report:
    """What a passed signature covers is, but for the signature value itself, the beginning of the original file."""
    report = verify(data, trust=trust, at=town.now)
    for item in report.signatures:
        if item.indication == "TOTAL-PASSED":
            revision = item.facts.revision
            assert revision is not None
            start, length, second, rest = revision.byte_range
            assert data[start:length] == original[start:length]
            assert data[second : second + rest] == original[second : second + rest]
            assert revision.byte_range_valid
    return report


def test_truncation_at_every_kilobyte(twice: bytes, toyono_town: Town, trust: TrustStore) -> None:
    for size in range(0, len(twice), 1024):
        report = passes_only_what_was_signed(twice[:size], twice, toyono_town, trust)
        assert report.indication != "TOTAL-PASSED", size


@pytest.mark.slow
def test_random_mutants(twice: bytes, toyono_town: Town, trust: TrustStore) -> None:
    """3,000 mutants, always the same ones: a Report each time, and no changed octet under a passed signature."""
    choice = random.Random(SEED)
    for _ in range(MUTANTS):
        data = bytearray(twice)
        for _ in range(choice.choice((1, 1, 1, 2, 5, 30))):
            at = choice.randrange(len(data))
            kind = choice.randrange(5)
            if kind == 0:
                data[at] = choice.randrange(256)
            elif kind == 1:
                del data[at : at + choice.randrange(1, 40)]
            elif kind == 2:
                data[at:at] = data[at : at + choice.randrange(1, 200)]
            elif kind == 3:
                data[at:at] = choice.choice((b"<<", b">>", b"[", b"]", b"(", b")", b" obj ", b"/Prev 0 ", b"\0", b"-1"))
            else:
                other = choice.randrange(len(data))
                data[at : at + 20] = data[other : other + 20]
        passes_only_what_was_signed(bytes(data), twice, toyono_town, trust)


def test_mutants_of_numbers_and_names(twice: bytes, toyono_town: Town, trust: TrustStore) -> None:
    """Every digit outside of the signature values turned into another one: nothing crashes, nothing changed passes."""
    places = [at for at, octet in enumerate(twice) if 0x30 <= octet <= 0x39 and not _in_contents(twice, at)]
    for at in places[::3]:
        data = twice[:at] + (b"9" if twice[at] != 0x39 else b"0") + twice[at + 1 :]
        passes_only_what_was_signed(data, twice, toyono_town, trust)


def _in_contents(data: bytes, at: int) -> bool:
    return (
        data.rfind(b"<", 0, at) > max(data.rfind(b">", 0, at), data.rfind(b"\n", 0, at)) and data[at - 1 : at] != b"<"
    )


def test_forty_signatures_take_bounded_work(toyono_town: Town, trust: TrustStore) -> None:
    """The comparisons are counted for the file: the oldest signatures, which have most of them, stay undetermined."""
    document = new()
    for index in range(40):
        document = sign(document, toyono_town.identity("town"), number=NEXT + 2 * index)
    report = verify(document.data, trust=trust, at=toyono_town.now)
    assert len(report.signatures) == 40
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    determined = [item for item in report.signatures if "pdf.changes.undetermined" not in codes_of(item)]
    assert 0 < len(determined) < 40
    assert all(item.indication == "TOTAL-PASSED" for item in determined)
    assert report.signatures[-1].indication == "TOTAL-PASSED"


def codes_of(item: object) -> set[str]:
    return {finding.code for finding in item.findings}  # type: ignore[attr-defined]


def test_many_places_that_look_like_signatures() -> None:
    """Places are counted, so that a file full of them costs no more than any other."""
    report = verify(b"%PDF-1.7\n" + b"1 0 obj << /ByteRange [0 1 2 3] " * 20_000)
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert codes(report) == {"limits.count"}


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7",
        b"%PDF-1.7\n%%EOF",
        b"%PDF-" + b"\0" * 5000,
        b"%PDF-1.7\n1 0 obj " + b"<<" * 50_000,
        b"%PDF-1.7\n1 0 obj << /ByteRange " + b"[" * 50_000,
        b"%PDF-1.7\n1 0 obj << /ByteRange [0 1 2 3] /X " + b"(" * 50_000,
        b"%PDF-1.7\n1 0 obj << /ByteRange [0 1 2 3] /Contents <" + b"0" * 100_000,
        b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF",
        b"%PDF-1.7\nxref\n0 99999999\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF",
    ],
    ids=range(9),
)
def test_hopeless_files_have_a_report(data: bytes) -> None:
    report = verify(data)
    assert (report.kind, report.sub_indication) == ("PAdES", "FORMAT_FAILURE")
    assert report.indication == "TOTAL-FAILED"


def test_a_bomb_is_not_inflated(toyono_town: Town, trust: TrustStore) -> None:
    """A store whose stream inflates to gigabytes is left alone."""
    import zlib

    squeeze = zlib.compressobj(9)
    bomb = b"".join(squeeze.compress(b"\0" * (1 << 20)) for _ in range(600)) + squeeze.flush()
    signed = sign(new(), toyono_town.identity("town"))
    store = {
        1: signed.objects[1].replace(b"/Type", b"/DSS << /Certs [60 0 R] >> /Type"),
        60: stream(bomb, b"/Filter /FlateDecode "),
    }
    tracemalloc.start()
    report = verify(signed.save(store).data, trust=trust, at=toyono_town.now)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20
    assert codes(report) == {"pdf.store-malformed"}


# -- large files, read where they are


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, toyono_town: Town) -> Path:
    """A signed PDF of 200 MB."""
    path = tmp_path_factory.mktemp("large") / "large.pdf"
    document = new().save({30: stream(bytes(200 << 20))})
    path.write_bytes(sign(document, toyono_town.identity("town")).data)
    return path


@pytest.mark.slow
def test_a_large_file_needs_little_memory(large: Path, toyono_town: Town, trust: TrustStore) -> None:
    tracemalloc.start()
    report = verify(large, trust=trust, at=toyono_town.now)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.indication == "TOTAL-PASSED"
    assert peak < 16 << 20
    (thing,) = report.require(signed_by="anyone").objects
    assert thing.name == "large.pdf"


def test_a_file_that_changes_after_it_was_verified_is_not_handed_out(
    tmp_path: Path, toyono_town: Town, trust: TrustStore
) -> None:
    document = new().save({30: stream(bytes(5 << 20))})
    path = tmp_path / "order.pdf"
    path.write_bytes(sign(document, toyono_town.identity("town")).data)
    facts = registry.read(FileContent(path), NO_CONTENTS, Work())
    content = facts.signatures[0].objects[0].content
    assert content is not None
    assert content.bytes == path.read_bytes()
    report = verify(path, trust=trust, at=toyono_town.now)
    path.write_bytes(path.read_bytes().replace(b"Pay 100", b"Pay 999"))
    with pytest.raises(MisuseError, match="changed"):
        content.bytes  # noqa: B018
    with pytest.raises(MisuseError, match="changed"):
        report.require(signed_by="anyone")


def test_by_path_and_by_octets_is_the_same(tmp_path: Path, toyono_town: Town, trust: TrustStore) -> None:
    """Windows and octets in memory find the same, also where a needle lies across two windows."""
    by = toyono_town.identity("town")
    for filling in (5 << 20, (5 << 20) - 700, (6 << 20) - 1200):
        once = sign(new().save({30: stream(bytes(filling))}), by)
        data = sign(once.save({CONTENT: drawn(b"Pay 999 yen")}), by, number=NEXT + 2).data
        path = tmp_path / "order.pdf"
        path.write_bytes(data)
        found = [verify(source, trust=trust, at=toyono_town.now) for source in (data, path)]
        shown = [[(item.indication, codes_of(item)) for item in report.signatures] for report in found]
        assert shown[0] == shown[1]
        assert [verdict for verdict, _ in shown[0]] == ["TOTAL-FAILED", "TOTAL-PASSED"]
