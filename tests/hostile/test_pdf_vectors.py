"""The classic attacks on signed PDFs, one vector each, built octet by octet (``pdf_attacks``).

Each vector names the finding that must be there and the verdict on the first signature. Where only what follows the
signed revision is bad, the signature value is sound: the finding alone stands between the file and a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from pdf_attacks import (
    APPEARANCE,
    BOX,
    FREE_TEXT,
    NOTE,
    annotated,
    body_only,
    certified,
    direct_value,
    filled,
    hidden_in_gap,
    in_object_stream,
    later,
    locked,
    previous_loop,
    redrawn,
    removed_signature,
    replaced,
    rewritten,
    same_signature_again,
    second,
    second_over_part,
    switched,
    trailer_only,
    two_contents,
    two_in_one_revision,
    whole_new_document,
    with_dangling_content,
    with_stamp,
)

from made_pdf import (
    CATALOGUE,
    CONTENT,
    FONT,
    FORM,
    NEXT,
    PAGE,
    PAGES,
    TEXT_FIELD,
    drawn,
    field_of,
    new,
    page,
    sign,
    stream,
    text_field,
)
from toyono_trust import TrustStore, verify
from toyono_trust.devpki import Identity, Town
from toyono_trust.validation.report import Report

FAILED = ("TOTAL-FAILED", "FORMAT_FAILURE")
UNDECIDED = ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
PASSED = ("TOTAL-PASSED", None)
AMBIGUOUS = ("pdf.changes.undetermined", UNDECIDED)
SHOWN = b"/AP << /N 50 0 R >> "


class Vector(NamedTuple):
    """One attack. ``code`` must be among the findings; ``verdict`` is the first signature's, or the file's."""

    name: str
    build: Callable[[Identity], bytes]
    code: str
    verdict: tuple[str, str | None] = FAILED


def byte_ranges(**named: Callable[[int, int, int], tuple[int, ...]]) -> list[Vector]:
    codes = {
        "gap": "pdf.byte-range.gap",
        "end": "pdf.byte-range.end",
        "bad": "pdf.byte-range.invalid",
        "odd": "pdf.byte-range.malformed",
    }
    return [
        Vector(name.replace("_", "-"), lambda by, made=made: sign(new(), by, ranges=made).data, codes[name[:3]])
        for name, made in named.items()
    ]


SEALED = later(lambda document: document)
VECTORS = (
    # ByteRange (ISO 32000-2 12.8.1)
    *byte_ranges(
        gap_wider_before=lambda one, two, end: (0, one - 30, two, end - two),
        gap_wider_behind=lambda one, two, end: (0, one, two + 9, end - two - 9),
        gap_covers_delimiter=lambda one, two, end: (0, one + 1, two, end - two),
        gap_covers_padding=lambda one, two, end: (0, one, two - 101, end - two + 101),
        end_early=lambda one, two, end: (0, one, two, end - two - 12),
        bad_start=lambda one, two, end: (9, one - 9, two, end - two),
        bad_negative=lambda one, two, end: (0, -one, two, end - two),
        bad_negative_length=lambda one, two, end: (0, one, two, two - end),
        bad_beyond_end=lambda one, two, end: (0, one, two, end - two + 1),
        bad_far_beyond_end=lambda one, two, end: (0, one, two, 9999999),
        bad_overlap=lambda one, two, end: (0, two, one, end - one),
        bad_order=lambda one, two, end: (two, end - two, 0, one),
        bad_nothing_behind=lambda one, two, end: (0, one, two, 0),
        bad_nothing=lambda one, two, end: (0, 0, 0, 0),
        odd_two_numbers=lambda one, two, end: (0, end),
        odd_three_numbers=lambda one, two, end: (0, one, two),
        odd_no_numbers=lambda one, two, end: (),
    ),
    Vector("hidden-in-gap", hidden_in_gap, "pdf.byte-range.gap"),
    Vector("second-over-part", second_over_part, "pdf.byte-range.gap", PASSED),
    Vector("two-in-one-revision", two_in_one_revision, "pdf.byte-range.overlap"),
    # universal signature forgery: values that are not there
    Vector("range-missing", rewritten(rb"/ByteRange \[[^\]]*\]", b""), "pdf.byte-range.missing"),
    Vector("range-null", rewritten(rb"/ByteRange \[[^\]]*\]", b"/ByteRange null"), "pdf.byte-range.malformed"),
    Vector("range-reference", rewritten(rb"/ByteRange \[[^\]]*\]", b"/ByteRange 4 0 R"), "pdf.byte-range.malformed"),
    Vector("range-twice", rewritten(rb"/M \(D:\d{14}Z\)", b"/ByteRange [0 1 2 3]"), "pdf.dictionary-duplicate"),
    Vector("contents-missing", rewritten(rb"/Contents <\w*>", b""), "pdf.contents.missing"),
    Vector("contents-null", rewritten(rb"/Contents <\w*>", b"/Contents null"), "pdf.contents.malformed"),
    Vector("contents-empty", rewritten(rb"/Contents <\w*>", b"/Contents <>"), "pdf.contents.malformed"),
    Vector("contents-zero", rewritten(rb"/Contents <\w*>", b"/Contents <00>"), "pdf.contents.unreadable"),
    Vector("contents-reference", rewritten(rb"/Contents <\w*>", b"/Contents 4 0 R"), "pdf.contents.malformed"),
    Vector("contents-text", rewritten(rb"/Contents <\w*>", b"/Contents (0000)"), "pdf.contents.malformed"),
    Vector("contents-elsewhere", rewritten(rb"/Contents (?=<)", b"/Contentx "), "pdf.contents.missing"),
    Vector("contents-spaced", rewritten(rb"00>", b" 0>"), "pdf.contents.malformed"),
    Vector(
        "hidden-in-padding",
        lambda by: sign(new(), by, cms=lambda value: value + b"\0\0hidden").data,
        "pdf.contents.trailing",
    ),
    Vector(
        "subfilter-sha1-key", lambda by: sign(new(), by, subfilter=b"adbe.x509.rsa_sha1").data, "pdf.subfilter-refused"
    ),
    Vector("subfilter-unknown", lambda by: sign(new(), by, subfilter=b"no.such.filter").data, "pdf.subfilter-unknown"),
    # incremental saving
    Vector(
        "saved-content",
        later(lambda document: document.save({CONTENT: drawn(b"Pay 999 yen")})),
        "pdf.changes.page-content",
    ),
    Vector("saved-without-references", later(body_only), "pdf.structure"),
    Vector("saved-with-trailer", later(trailer_only), "pdf.changes.undetermined", UNDECIDED),
    Vector("saved-whole-document", later(whole_new_document), "pdf.revision"),
    Vector("saved-signature-again", later(same_signature_again), "pdf.byte-range.gap"),
    Vector(
        "saved-page-added",
        later(
            lambda document: document.save({PAGES: b"<< /Type /Pages /Kids [3 0 R 52 0 R] /Count 2 >>", 52: page(b"")})
        ),
        "pdf.changes.page-content",
    ),
    Vector(
        "saved-page-removed", later(replaced(PAGES, b"[3 0 R] /Count 1", b"[] /Count 0")), "pdf.changes.page-content"
    ),
    Vector("saved-box", later(replaced(PAGE, b"595 842", b"595 400")), "pdf.changes.page-content"),
    Vector(
        "saved-box-inherited", later(replaced(PAGES, b"/Count 1", b"/Count 1 /Rotate 180")), "pdf.changes.page-content"
    ),
    # shadow: hide
    Vector("hide-annotation", later(replaced(PAGE, b" 10 0 R", b""), base=with_stamp()), "pdf.changes.overlay"),
    Vector("hide-by-flag", later(replaced(10, b"/F 4", b"/F 2"), base=with_stamp()), "pdf.changes.overlay"),
    Vector(
        "hide-by-freeing",
        later(lambda document: document.save({}, freed=(10,)), base=with_stamp()),
        "pdf.changes.overlay",
    ),
    Vector(
        "hide-appearance",
        later(lambda document: document.save({11: stream(b"", b"/Subtype /Form ")}), base=with_stamp()),
        "pdf.changes.overlay",
    ),
    Vector(
        "hide-layer",
        later(replaced(CATALOGUE, b"/Type", b"/OCProperties << /OCGs [53 0 R] /D << /OFF [53 0 R] >> >> /Type")),
        "pdf.changes.page-content",
    ),
    # shadow: replace
    Vector(
        "replace-font",
        later(replaced(FONT, b"/Helvetica", b"/Courier /Encoding << /Differences [49 /nine] >>")),
        "pdf.changes.page-content",
    ),
    Vector("replace-resources", later(replaced(PAGE, b"/F1 5 0 R", b"/F1 54 0 R")), "pdf.changes.page-content"),
    Vector("replace-form-font", later(replaced(FORM, b"/F1 5 0 R", b"/F1 54 0 R")), "pdf.changes.page-content"),
    Vector(
        "replace-field-place",
        later(lambda document: document.save({TEXT_FIELD: text_field(b"hello", rect=BOX)})),
        "pdf.changes.overlay",
    ),
    Vector("replace-xfa", later(replaced(FORM, b"/SigFlags", b"/XFA (x) /SigFlags")), "pdf.changes.page-content"),
    Vector(
        "replace-by-script",
        later(replaced(CATALOGUE, b"/Type", b"/OpenAction << /S /JavaScript /JS (x) >> /Type")),
        "pdf.changes.page-content",
    ),
    # shadow: hide and replace
    Vector("switch-pages", later(replaced(CATALOGUE, b"/Pages 2", b"/Pages 55")), "pdf.changes.page-content"),
    Vector(
        "switch-content",
        later(replaced(PAGE, b"/Contents 4", b"/Contents 12"), base=two_contents()),
        "pdf.changes.page-content",
    ),
    Vector("switch-references", later(switched, base=two_contents()), "pdf.changes.page-content"),
    Vector(
        "define-dangling",
        later(lambda document: document.save({60: drawn(b"Pay 999 yen")}), base=with_dangling_content()),
        "pdf.changes.page-content",
    ),
    # overlays
    Vector("overlay-free-text", later(annotated(FREE_TEXT)), "pdf.changes.overlay"),
    Vector("overlay-highlight", later(annotated(FREE_TEXT.replace(b"FreeText", b"Highlight"))), "pdf.changes.overlay"),
    Vector(
        "overlay-note-with-appearance", later(annotated(FREE_TEXT.replace(b"FreeText", b"Text"))), "pdf.changes.overlay"
    ),
    Vector(
        "overlay-text-field",
        later(annotated(text_field(b"Pay 9", rect=BOX).replace(b"(name)", b"(other)"))),
        "pdf.changes.overlay",
    ),
    Vector(
        "overlay-empty-signature-field",
        later(annotated(field_of(0, b"/AP << /N 50 0 R >> ", BOX).replace(b"/V 0 0 R ", b""))),
        "pdf.changes.overlay",
    ),
    Vector(
        "false-signature",
        later(annotated(field_of(0, SHOWN, BOX).replace(b"/V 0 0 R", b"/V << >>"))),
        "pdf.changes.overlay",
    ),
    Vector("false-signature-same-value", later(annotated(field_of(NEXT, SHOWN, BOX))), "pdf.changes.overlay"),
    Vector("seal-redrawn", later(replaced(NEXT + 1, b"/V", SHOWN + b"/V")), "pdf.changes.overlay"),
    # viewers take the last of two values, pyHanko the first
    Vector("key-twice", later(replaced(PAGE, b"/MediaBox", b"/Contents 5 0 R /MediaBox")), *AMBIGUOUS),
    Vector("root-twice", later(lambda document: document.save({60: b"<< >>"}, trailer=b" /Root 60 0 R ")), *AMBIGUOUS),
    Vector(
        "redrawn-form",
        later(replaced(FORM, b"/SigFlags", b"/NeedAppearances true /SigFlags")),
        "pdf.changes.form-filling",
        PASSED,
    ),
    Vector("note", later(annotated(NOTE)), "pdf.changes.annotations", PASSED),
    Vector("field-shows-another-value", later(redrawn), "pdf.changes.annotations", PASSED),
    Vector("form-filling", later(filled), "pdf.changes.form-filling", PASSED),
    Vector("other", later(replaced(CATALOGUE, b"/Type", b"/PageMode /UseOutlines /Type")), "pdf.changes.other", PASSED),
    # certification and locks
    Vector("certified-1-filled", later(filled, more=certified(1)), "pdf.changes.doc-mdp"),
    Vector("certified-1-signed", second(more=certified(1)), "pdf.changes.doc-mdp"),
    Vector("certified-1-noted", later(annotated(NOTE), more=certified(1)), "pdf.changes.doc-mdp"),
    Vector("certified-2-noted", later(annotated(NOTE), more=certified(2)), "pdf.changes.doc-mdp"),
    Vector("certified-2-overlay", later(annotated(FREE_TEXT), more=certified(2)), "pdf.changes.overlay"),
    Vector("certified-2-filled", later(filled, more=certified(2)), "pdf.changes.form-filling", PASSED),
    Vector(
        "certified-2-sneaky-signature",
        lambda by: (
            sign(
                sign(new(), by, more=certified(2)),
                by,
                number=22,
                rect=BOX,
                field_more=b"/AP << /N 50 0 R >> ",
                changed={50: APPEARANCE},
            ).data
        ),
        "pdf.changes.doc-mdp",
    ),
    Vector("certified-3-evil-annotation", later(annotated(FREE_TEXT), more=certified(3)), "pdf.changes.overlay"),
    Vector("certified-3-noted", later(annotated(NOTE), more=certified(3)), "pdf.changes.annotations", PASSED),
    Vector(
        "certified-lowered",
        later(replaced(CATALOGUE, b"/Type", b"/Perms << >> /Type"), more=certified(2)),
        "pdf.changes.doc-mdp",
    ),
    Vector("certified-4", later(filled, more=certified(4)), "pdf.changes.undetermined", UNDECIDED),
    Vector("locked-field-filled", later(filled, more=locked(b"name")), "pdf.changes.field-mdp"),
    Vector("other-field-locked", later(filled, more=locked(b"elsewhere")), "pdf.changes.form-filling", PASSED),
    # cross-references and object streams
    Vector("signature-moved", later(lambda document: document.save({}, moved={NEXT: 20})), "pdf.dictionary-malformed"),
    Vector("signature-direct", direct_value, "pdf.dictionary-malformed"),
    Vector("signature-in-object-stream", in_object_stream, "pdf.dictionary-malformed"),
    Vector("previous-loop", later(previous_loop), "pdf.structure"),
    Vector(
        "start-nowhere",
        later(lambda document: document.with_data(document.data + b"startxref\n7\n%%EOF\n")),
        "pdf.structure",
    ),
    Vector("signature-removed", removed_signature, "pdf.signature-unreferenced", PASSED),
)


@pytest.fixture(scope="module")
def trust(toyono_town: Town) -> TrustStore:
    assert toyono_town.folder is not None
    return TrustStore.load(toyono_town.folder / "trust")


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.all_findings()}


def test_the_untouched_file_passes(toyono_town: Town, trust: TrustStore) -> None:
    data = SEALED(toyono_town.identity("town"))
    report = verify(data, trust=trust, at=toyono_town.now)
    assert (report.indication, report.findings) == ("TOTAL-PASSED", ())
    (one,) = report.signatures
    assert (one.format, one.level, codes(report)) == ("PAdES", "B-B", set())
    assert one.facts.revision is not None
    assert (one.facts.revision.covers_whole_file, one.facts.revision.changes) == (True, ())
    assert report.require(signed_by="anyone").content == data


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: Vector, toyono_town: Town, trust: TrustStore) -> None:
    data = vector.build(toyono_town.identity("town"))
    report = verify(data, trust=trust, at=toyono_town.now)
    assert vector.code in codes(report), report
    first = report.signatures[0] if report.signatures else report
    assert (first.indication, first.sub_indication) == vector.verdict, report
    if vector.verdict == PASSED:  # and what is handed out is what was signed, without anything that came later
        revision, content = report.signatures[0].facts.revision, report.signatures[0].facts.objects[0].content
        assert revision is not None
        assert content is not None
        assert revision.length < len(data)
        assert content.bytes == data[: revision.length]


def test_names_are_different() -> None:
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
