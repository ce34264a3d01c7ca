"""What is read from a signed PDF: formats, levels, time stamps, validation data, properties, revisions."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from pyhanko.pdf_utils import writer
from pyhanko.pdf_utils.reader import PdfFileReader

from made_pdf import APPEARANCE, NEXT, TEXT_FIELD, Document, cms_over, new, sign, stream, text_field
from toyono_trust import Policy, TrustStore, seal, verify
from toyono_trust.core.asn1 import Reader, der, explicit, oid_der, sequence
from toyono_trust.devpki import Town
from toyono_trust.formats import cades
from toyono_trust.formats.model import Signature
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.formats.pades.scan import date_of, name_of, text_of
from toyono_trust.formats.pades.store import read_archive
from toyono_trust.pki import tsp
from toyono_trust.validation.report import Report


@pytest.fixture(scope="module")
def trust(toyono_town: Town) -> TrustStore:
    assert toyono_town.folder is not None
    return TrustStore.load(toyono_town.folder / "trust")


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.all_findings()}


def read(document: Document | bytes, town: Town, trust: TrustStore, password: str | bytes | None = None) -> Report:
    data = document if isinstance(document, bytes) else document.data
    return verify(data, trust=trust, at=town.now, password=password)


def only(report: Report) -> Signature:
    (one,) = report.signatures
    return one.facts


def token(town: Town, data: bytes) -> bytes:
    """A time-stamp token over ``data``."""
    request = tsp.request(hashlib.sha256(data).digest(), "sha256", nonce=7)
    return tsp.read_response(town.tsa_respond(request, town.now)).token or b""


def stamped(document: Document, town: Town, number: int) -> Document:
    """A document time stamp in a new revision."""
    by, kind = town.identity("town"), b"DocTimeStamp"
    first = sign(document, by, number=number, subfilter=b"ETSI.RFC3161", kind=kind)
    start = first.data.rindex(b"/Contents <") + len(b"/Contents ")
    covered = first.data[:start] + first.data[first.data.index(b">", start) + 1 :]
    made = token(town, covered)  # what is covered is the same whatever is in the gap
    return sign(document, by, number=number, subfilter=b"ETSI.RFC3161", kind=kind, cms=lambda _: made)


# -- formats


def test_baseline_b(toyono_town: Town, trust: TrustStore) -> None:
    more = b"/Reason (\xfe\xff\x62\x7f\x8a\x8d) /Location (Toyono \\(Osaka\\)) /Name <4142> "
    report = read(sign(new(), toyono_town.identity("town"), more=more), toyono_town, trust)
    facts = only(report)
    assert (report.kind, facts.format, facts.level, report.indication) == ("PAdES", "PAdES", "B-B", "TOTAL-PASSED")
    revision = facts.revision
    assert revision is not None
    assert (revision.field, revision.reason, revision.location, revision.name) == (
        "Signature20",
        "承認",
        "Toyono (Osaka)",
        "AB",
    )
    assert facts.claimed_signing_time == revision.modified_at
    claimed = toyono_town.identity("town").certificate.not_before + timedelta(hours=1)
    assert revision.modified_at == claimed


def test_plain_pdf_signature_is_named_for_what_it_is(toyono_town: Town, trust: TrustStore) -> None:
    report = read(sign(new(), toyono_town.identity("town"), subfilter=b"adbe.pkcs7.detached"), toyono_town, trust)
    facts = only(report)
    assert (report.kind, facts.format, facts.level, report.indication) == ("PKCS7", "PKCS7", None, "TOTAL-PASSED")


def test_hash_inside_the_cms(toyono_town: Town, trust: TrustStore) -> None:
    """adbe.pkcs7.sha1: the CMS encapsulates the SHA-1 of the covered octets, and SHA-1 no longer counts."""
    by = toyono_town.identity("town")
    covered: list[bytes] = []
    plain = sign(new(), by, subfilter=b"adbe.pkcs7.sha1")
    start = plain.data.rindex(b"/Contents <") + len(b"/Contents ")
    covered.append(plain.data[:start] + plain.data[plain.data.index(b">", start) + 1 :])

    def encapsulating(digest: bytes) -> Document:
        return sign(
            new(), by, subfilter=b"adbe.pkcs7.sha1", cms=lambda _: cms_over(b"", by, content=digest, attached=True)
        )

    good = read(encapsulating(hashlib.sha1(covered[0]).digest()), toyono_town, trust)
    assert [thing.intact for thing in only(good).objects] == [True, True]
    assert good.signatures[0].signature_intact
    assert "sha1" in only(good).digest_algorithms
    assert good.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    bad = read(encapsulating(hashlib.sha1(b"other").digest()), toyono_town, trust)
    assert [thing.intact for thing in only(bad).objects] == [False, True]
    assert (bad.indication, bad.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    content = only(good).objects[0].content
    assert content is not None
    assert content.bytes == encapsulating(hashlib.sha1(covered[0]).digest()).data[: content.size] or content.size


def test_encapsulated_content_breaks_the_format(toyono_town: Town, trust: TrustStore) -> None:
    by = toyono_town.identity("town")
    report = read(sign(new(), by, cms=lambda _: cms_over(b"", by, content=b"x", attached=True)), toyono_town, trust)
    assert "pdf.contents.encapsulates" in codes(report)
    assert report.indication == "TOTAL-FAILED"


def test_a_signature_by_others_means_of_writing(toyono_town: Town, trust: TrustStore) -> None:
    """What the package itself writes reads back as what was asked for."""
    details = PdfDetails(field="印", reason="証明", location="見本町", certify=2)
    made = seal(new().data, by=toyono_town.identity("town"), format="pades", details=details)
    facts = only(read(bytes(made), toyono_town, trust))
    assert facts.level == "B-B"
    assert facts.revision is not None
    assert facts.revision[0] == "印"
    assert facts.revision.permitted == 2
    assert (facts.revision.reason, facts.revision.location) == ("証明", "見本町")


# -- time stamps and levels


def test_time_stamp_in_the_cms(toyono_town: Town, trust: TrustStore) -> None:
    def with_token(value: bytes) -> bytes:
        info = cades.imprint(value, "sha256")
        request = tsp.request(info, "sha256", nonce=7)
        response = tsp.read_response(toyono_town.tsa_respond(request, toyono_town.now))
        return cades.attach(value, response.token or b"")

    report = read(sign(new(), toyono_town.identity("town"), cms=with_token), toyono_town, trust)
    assert only(report).level == "B-T"
    assert [item.token.type for item in report.signatures[0].timestamps] == ["signature"]
    assert report.signatures[0].timestamps[0].indication == "PASSED"
    assert report.indication == "TOTAL-PASSED"


def test_document_time_stamps_make_levels(toyono_town: Town, trust: TrustStore) -> None:
    """B-T by a document time stamp, B-LT with a store, B-LTA with a time stamp over the store."""
    by = toyono_town.identity("town")
    once = sign(new(), by)
    timed = stamped(once, toyono_town, 30)
    report = read(timed, toyono_town, trust)
    (one,) = report.signatures
    assert one.facts.level == "B-T", report
    assert [(item.token.type, item.indication) for item in one.timestamps] == [("document", "PASSED")], report
    assert one.best_signature_time == one.timestamps[0].token.generated_at
    assert (report.indication, one.facts.revision and one.facts.revision.changes) == ("TOTAL-PASSED", ("timestamp",))
    crl = toyono_town.crl("ca")
    store = b"/DSS << /CRLs [60 0 R] /Certs [61 0 R] >> /Type"
    kept = timed.save({1: timed.objects[1].replace(b"/Type", store, 1), 60: stream(crl), 61: stream(by.chain[0].der)})
    held = only(read(kept, toyono_town, trust))
    assert (held.level, held.crls) == ("B-LT", (crl,))
    assert by.chain[0].der in held.certificates
    assert held.revision is not None
    assert held.revision.changes == ("timestamp", "validation-data")
    lasting = read(stamped(kept, toyono_town, 40), toyono_town, trust)
    assert only(lasting).level == "B-LTA", lasting
    assert lasting.indication == "TOTAL-PASSED"


def test_a_document_time_stamp_alone(toyono_town: Town, trust: TrustStore) -> None:
    report = read(stamped(new(), toyono_town, 30), toyono_town, trust)
    assert (report.signatures, report.indication) == ((), "PASSED")
    (item,) = report.timestamps
    assert (item.token.type, item.token.imprint_intact) == ("document", True)


def test_a_time_stamp_before_the_signature_proves_nothing_of_it(toyono_town: Town, trust: TrustStore) -> None:
    report = read(sign(stamped(new(), toyono_town, 30), toyono_town.identity("town"), number=40), toyono_town, trust)
    assert only(report).timestamps == ()
    assert only(report).level == "B-B"
    assert [item.token.type for item in report.timestamps] == ["document"]


def test_a_document_time_stamp_over_less_than_the_file_does_not_count(toyono_town: Town, trust: TrustStore) -> None:
    """Its imprint fits what it covers; what it covers is not the revision."""
    data = stamped(sign(new(), toyono_town.identity("town")), toyono_town, 30).data
    start = data.rindex(b"/ByteRange [")
    stated = data[start : data.index(b"]", start) + 1]
    numbers = stated[12:-1].split()
    numbers[3] = b"%d" % (int(numbers[3]) - 9)
    bent = data.replace(stated, (b"/ByteRange [" + b" ".join(numbers)).ljust(len(stated) - 1) + b"]")
    report = read(bent, toyono_town, trust)
    (item,) = report.signatures[0].timestamps
    assert item.indication == "FAILED"
    assert "pdf.byte-range.end" in {finding.code for finding in item.findings}
    assert report.signatures[0].best_signature_time == report.validated_at


# -- Adobe's archive, revisions, encryption, policy


def test_revocation_archive() -> None:
    crl, response = sequence(sequence()), sequence(der(0x0A, b"\0"))
    archive = sequence(explicit(0, sequence(crl)), explicit(1, sequence(response)))
    assert read_archive(archive) == ((crl,), (response,))
    assert read_archive(sequence()) == ((), ())
    basic = sequence(sequence(), oid_der("1.2"))
    ((wrapped,),) = read_archive(sequence(explicit(1, sequence(basic))))[1:]
    assert basic in wrapped
    assert Reader(wrapped).children(Reader(wrapped).root())[0][0] == 0x0A


def test_each_signature_hands_out_its_own_revision(toyono_town: Town, trust: TrustStore) -> None:
    """“3 later changes: form filling”: what came later is named, and not part of what is handed out."""
    by = toyono_town.identity("town")
    once = sign(new(), by)
    changed = once
    for value in (b"a", b"b", b"c"):
        changed = changed.save({TEXT_FIELD: text_field(value), APPEARANCE: changed.objects[APPEARANCE]})
    report = read(changed, toyono_town, trust)
    assert only(report).revision is not None
    assert report.require(signed_by="anyone").content == once.data
    assert "3 later changes: form filling" in str(report)
    twice = read(sign(changed, by, number=NEXT + 2), toyono_town, trust)
    contents = [item.facts.objects[0].content for item in twice.signatures]
    assert [content and content.bytes for content in contents] == [once.data, sign_free(twice)]
    assert twice.to_json()["signatures"][0]["revision"]["later_changes"] == ["form-filling"] * 3 + ["signature"]


def sign_free(report: Report) -> bytes:
    content = report.signatures[-1].facts.objects[0].content
    assert content is not None
    return content.bytes


@pytest.mark.parametrize("password", ["", "geheim"])
def test_encrypted(password: str, toyono_town: Town, trust: TrustStore) -> None:
    copy = writer.copy_into_new_writer(PdfFileReader(io.BytesIO(new().data)))
    copy.encrypt(owner_pass="owner", user_pass=password, pdf_mac=False)
    locked = io.BytesIO()
    copy.write(locked)
    by, details = toyono_town.identity("town"), PdfDetails(password=password, reason="承認")
    once = seal(locked.getvalue(), by=by, format="pades", details=details)
    twice = seal(bytes(once), by=by, format="pades", details=PdfDetails(password=password))
    for given in (password, password.encode(), "owner"):
        report = read(bytes(twice), toyono_town, trust, given)
        assert report.indication == "TOTAL-PASSED", report
        revision = report.signatures[0].facts.revision
        assert revision is not None
        assert (revision.reason, revision.changes) == ("承認", ("signature",))
    for wrong in (None, "wrong"):
        whole = read(bytes(once), toyono_town, trust, wrong)
        assert whole.indication == "TOTAL-PASSED"
        assert codes(whole) == ({"pdf.encrypted"} if password else set())
        report = read(bytes(twice), toyono_town, trust, wrong)
        undetermined = (report.indication, codes(report)) == (
            "INDETERMINATE",
            {"pdf.encrypted", "pdf.changes.undetermined"},
        )
        assert undetermined is bool(password)


def test_policy_decides_on_what_came_later(toyono_town: Town, trust: TrustStore, tmp_path: Path) -> None:
    changed = sign(new(), toyono_town.identity("town")).save({TEXT_FIELD: text_field(b"bye")})
    strict = tmp_path / "strict.toml"
    strict.write_text('name = "strict"\n[findings]\n"pdf.changes.form-filling" = "fail"\n', "utf-8")
    report = verify(changed.data, trust=trust, at=toyono_town.now, policy=Policy.load(strict))
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")


# -- values


def test_texts_and_names() -> None:
    assert text_of(b"(a\\051\\n\\\\b)") == "a)\n\\b"
    assert text_of(b"<FEFF627F>") == "承"
    assert text_of(b"(\xef\xbb\xbf\xe5\xb0\x81)") == "封"
    assert text_of(b"<4>") == "@"
    assert text_of(b"/Name") is None
    assert name_of(b"/A#42") == "AB"
    assert name_of(b"(A)") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D:20261122030405Z", "2026-11-22 03:04:05+00:00"),
        ("D:20261122120405+09'00'", "2026-11-22 03:04:05+00:00"),
        ("D:20261122120405+09'00", "2026-11-22 03:04:05+00:00"),
        ("20261121220405-0500", "2026-11-22 03:04:05+00:00"),
        ("D:2026Z", "2026-01-01 00:00:00+00:00"),
        ("D:20261122030405", "None"),
        ("D:20261322030405Z", "None"),
        ("D:00010101000000+23'59'", "None"),
        ("yesterday", "None"),
        (None, "None"),
    ],
)
def test_dates(text: str | None, expected: str) -> None:
    assert str(date_of(text)) == expected
