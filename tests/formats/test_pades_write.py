"""PAdES as it is written: an update that keeps every octet, an exact /Contents, and what is refused before any work."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from datetime import UTC, datetime, timedelta, timezone
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plain_pdfs
import toyono_trust
from toyono_trust import aio, seal, sign
from toyono_trust.core import algorithms, cms
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats.model import Place, SignaturePolicy, Signed, SignedFile
from toyono_trust.formats.pades import PdfDetails, VisibleSeal
from toyono_trust.signing import ladder, stamps
from toyono_trust.steps import Response

AT = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=9)))
DOCUMENTS = {
    "classic": plain_pdfs.classic(),
    "no line end": plain_pdfs.classic(end=b"%%EOF"),
    "streamed": plain_pdfs.streamed(),
    "hybrid": plain_pdfs.hybrid(),
    "form": plain_pdfs.form({7: plain_pdfs.field(b"Text", kind=b"/Tx")}),
    "old": plain_pdfs.classic(version=b"1.4"),
    "new": plain_pdfs.classic(version=b"2.0"),
}
SIGNING_TIME = "1.2.840.113549.1.9.5"


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("fontTools", reason="the extra [visible] is not installed")
    return plain_pdfs.font_file(tmp_path_factory.getbasetemp())


def sealed(town: Town, document: bytes, who: str = "town", **options: Any) -> Signed:
    details = PdfDetails(**{key: options.pop(key) for key in PdfDetails.__slots__ if key in options})
    made = seal(document, by=town.identity(who), format="pades", claimed_at=AT, details=details, **options)
    assert isinstance(made, Signed)
    return made


def byte_range(data: bytes) -> tuple[int, int, int, int]:
    """The last /ByteRange in the file."""
    found = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data)[-1]
    first, length, second, rest = map(int, found)
    return first, length, second, rest


def contents(data: bytes) -> bytes:
    """The octets of the last signature's /Contents, padding included."""
    _, length, second, _ = byte_range(data)
    assert data[length : length + 1] + data[second - 1 : second] == b"<>"
    return bytes.fromhex(data[length + 1 : second - 1].decode())


def without_padding(padded: bytes) -> bytes:
    """The CMS alone, by its DER length of two octets."""
    assert padded[:2] == b"\x30\x82"
    return padded[: 4 + int.from_bytes(padded[2:4], "big")]


def check(data: bytes, town: Town, name: str = "town") -> cms.SignerInfo:
    """The last signature covers everything but itself and was made by the key; its one SignerInfo."""
    first, length, second, rest = byte_range(data)
    assert first == 0
    assert second + rest == len(data)
    found = cms.read(without_padding(contents(data)))
    (info,) = found.signers
    covered = BytesContent(data[:length] + data[second:])
    checked = cms.signature(info, found, covered)
    assert checked.intact
    public_key = town.identity(name).certificate.public_key
    assert algorithms.verify(checked.algorithm, public_key, info.signature, checked.signed)
    return info


# -- the update


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_octet_that_was_there_stays(town: Town, kind: str) -> None:
    document = DOCUMENTS[kind]
    made = sealed(town, document)
    assert made.startswith(document)
    assert (made.format, made.level, made.reason) == ("pades", "B-B", None)
    check(made, town)
    again = sealed(town, bytes(made))
    assert again.startswith(made)
    check(again, town)


@pytest.mark.parametrize("name", ["town", "rsa-2048", "p384", "p521", "ed25519", "ml-dsa-65"])
def test_contents_is_as_long_as_the_cms(town: Town, name: str) -> None:
    lengths = set()
    for _ in range(4):
        made = sealed(town, DOCUMENTS["classic"], name)
        check(made, town, name)
        padded = contents(made)
        lengths.add(len(made))
        padding = len(padded) - len(without_padding(padded))
        assert not padded[len(padded) - padding :].strip(b"\0")
        assert padding == 0 if name in ("rsa-2048", "ed25519", "ml-dsa-65") else padding <= 8
    assert len(lengths) == 1


def test_the_dictionary_says_what_pades_wants(town: Town) -> None:
    made = sealed(town, DOCUMENTS["classic"], reason="証明", location="Mihon", name="Town")
    dictionary = made[made.rindex(b"/Type/Sig/") : made.rindex(b"/Contents")] + made[byte_range(made)[2] :]
    assert b"/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached" in dictionary
    assert rb"/M(D\07220261122093000\05309\04700\047)" in dictionary
    assert b"/Location(Mihon)" in dictionary
    assert b"/Name(Town)" in dictionary
    assert b"/Cert" not in dictionary
    info = check(made, town)
    assert SIGNING_TIME not in {attribute.oid for attribute in info.signed_attributes or ()}
    assert b"/ESIC" in made


@pytest.mark.parametrize(("kind", "declared"), [("classic", True), ("old", False), ("new", False)])
def test_the_extension_is_declared_where_the_version_lacks_it(town: Town, kind: str, declared: bool) -> None:
    assert (b"/ESIC" in sealed(town, DOCUMENTS[kind])) == declared


def test_metadata_stays_and_nothing_is_random(town: Town) -> None:
    first = sealed(town, DOCUMENTS["classic"], "rsa-2048")
    assert first == sealed(town, DOCUMENTS["classic"], "rsa-2048")
    assert b"ModDate" not in first
    assert b"pyHanko" not in first


@pytest.mark.parametrize(
    ("box", "written"),
    [
        (b"0 0 595.0 842.00", b"[ 0 0 595 842 ]"),
        (b"0 0 595.303937007874 841.889763779528", b"[ 0 0 595.303937007874 841.889763779528 ]"),
        (b"-.5 0.0000001 595. 842", b"[ -0.5 0.0000001 595 842 ]"),
    ],
)
def test_numbers_of_a_page_stay_what_they_are(town: Town, box: bytes, written: bytes) -> None:
    """The page is written anew with its annotation: no digit is lost, nothing has an exponent, and nobody minds."""
    page = plain_pdfs.PAGE.replace(b"0 0 595 842", box) % b""
    made = sealed(town, plain_pdfs.classic(plain_pdfs.with_objects({3: page})))
    assert b"/MediaBox " + written in made
    again = sealed(town, bytes(made))
    first, second = toyono_trust.verify(bytes(again)).signatures
    assert first.facts.revision is not None
    assert first.facts.revision.changes == ("signature",)
    assert second.signature_intact
    assert not any(finding.code.startswith("pdf.") for finding in first.findings)


def test_shared_properties_go_where_pades_has_them(town: Town) -> None:
    policy = SignaturePolicy("urn:oid:1.2.3", "sha256", bytes(32))
    place = Place(country="JP", locality="見本町")
    made = sealed(town, DOCUMENTS["classic"], commitment="1.2.840.113549.1.9.16.6.1", roles=["mayor"], place=place,
                  signature_policy=policy, content_type="application/pdf")  # fmt: skip
    kinds = {attribute.oid for attribute in check(made, town).signed_attributes or ()}
    assert "1.2.840.113549.1.9.16.2.17" not in kinds, "signer-location is /Location in a PDF"
    assert "0.4.0.1733.2.1" not in kinds, "mime-type"
    assert {"1.2.840.113549.1.9.16.2.16", "1.2.840.113549.1.9.16.2.15", "0.4.0.19122.1.1"} <= kinds
    assert b"/Location(" in made


# -- fields


def test_fields_are_named_in_order(town: Town) -> None:
    made = bytes(DOCUMENTS["streamed"])
    for _ in range(3):
        made = bytes(sealed(town, made))
    assert [number for number in range(1, 6) if b"/T (Signature%d)" % number in made] == [1, 2, 3]


def test_an_empty_field_is_filled_once(town: Town) -> None:
    document = plain_pdfs.form({7: plain_pdfs.field(b"Mayor", rect=b"10 10 200 60")})
    made = sealed(town, document, field="Mayor")
    check(made, town)
    assert made.count(b"/T (Mayor)") == 2, "once as it was, once with its value"
    assert b"/AP" in made
    with pytest.raises(MisuseError, match=r"pdf\.field-signed"):
        sealed(town, bytes(made), field="Mayor")


def test_a_field_with_a_parent_is_known_by_its_full_name(town: Town) -> None:
    parent = b"<< /T (office) /Kids [8 0 R] /FT /Sig >>"
    kid = b"<< /Type /Annot /Subtype /Widget /T (mayor) /Parent 7 0 R /Rect [0 0 0 0] /P 3 0 R >>"
    objects = plain_pdfs.with_objects({
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>",
        3: plain_pdfs.PAGE % b"/Annots [8 0 R] ", 7: parent, 8: kid,
    })  # fmt: skip
    document = plain_pdfs.classic(objects)
    check(sealed(town, document, field="office.mayor"), town)


@pytest.mark.parametrize(
    ("field", "code"), [("Text", "pdf.field-kind"), ("a.b", "pdf.field-name"), ("", "pdf.field-name"),
                        ("a\nb", "pdf.field-name")],
)  # fmt: skip
def test_a_field_that_cannot_be_used_is_refused(town: Town, field: str, code: str) -> None:
    with pytest.raises(MisuseError) as caught:
        sealed(town, DOCUMENTS["form"], field=field)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "seed",
    [
        b"<< /Ff 2 /SubFilter [/adbe.pkcs7.detached] >>",
        b"<< /Ff 1 /Filter /Other >>",
        b"<< /Ff 8 /Reasons [(approved)] >>",
        b"<< /Ff 32 /AddRevInfo true >>",
        b"<< /Ff 64 /DigestMethod [(SHA512)] >>",
        b"<< /Cert << /Ff 1 /Subject [(x)] >> >>",
    ],
)
def test_what_a_field_demands_is_kept_or_refused(town: Town, seed: bytes) -> None:
    document = plain_pdfs.form({7: plain_pdfs.field(b"F", b"/SV " + seed)})
    with pytest.raises(MisuseError, match=r"pdf\.seed-value"):
        sealed(town, document, field="F")
    optional = re.sub(rb"/Ff \d+", b"/Ff 0", seed)
    check(sealed(town, plain_pdfs.form({7: plain_pdfs.field(b"F", b"/SV " + optional)}), field="F"), town)


# -- certification and locks


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_first_signature_certifies(town: Town, level: Any) -> None:
    made = sealed(town, DOCUMENTS["classic"], certify=level)
    assert b"/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P %d/V/1.2>>" % level in made
    assert b"/Perms" in made
    if level == 1:
        with pytest.raises(MisuseError, match=r"pdf\.no-changes-allowed"):
            sealed(town, bytes(made))
    else:
        check(sealed(town, bytes(made)), town)


def test_only_the_first_signature_certifies(town: Town) -> None:
    made = sealed(town, DOCUMENTS["classic"])
    with pytest.raises(MisuseError, match=r"pdf\.certify-late"):
        sealed(town, bytes(made), certify=2)


LOCKS = {
    b"<< /Type /SigFieldLock /Action /All >>": {"B": False, None: False},
    b"<< /Type /SigFieldLock /Action /Include /Fields [(B)] >>": {"B": False, None: True},
    b"<< /Type /SigFieldLock /Action /Exclude /Fields [(B)] >>": {"B": True, None: False},
    b"<< /Type /SigFieldLock /Action /Include /Fields [(C)] /P 1 >>": {"B": False, None: False},
    b"<< /Type /SigFieldLock /Action /Include /Fields [(C)] >>": {"B": True, None: True},
}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_refuses_the_fields_that_it_locks(town: Town, lock: bytes) -> None:
    document = plain_pdfs.form({7: plain_pdfs.field(b"A", b"/Lock " + lock), 8: plain_pdfs.field(b"B")})
    made = sealed(town, document, field="A")
    assert b"/TransformMethod/FieldMDP/Data 1 0 R/TransformParams" in made
    for field, allowed in LOCKS[lock].items():
        if allowed:
            check(sealed(town, bytes(made), field=field), town)
        else:
            with pytest.raises(MisuseError, match=r"pdf\.(field-locked|no-changes-allowed)"):
                sealed(town, bytes(made), field=field)


# -- encryption


@pytest.mark.parametrize("aes256", [True, False])
def test_an_encrypted_document_needs_one_of_its_passwords(town: Town, aes256: bool) -> None:
    document = plain_pdfs.encrypted("user", "owner", aes256=aes256)
    for password in ("user", "owner", b"user"):
        made = sealed(town, document, password=password, reason="secret reason")
        assert made.startswith(document)
        check(made, town)
        assert b"secret" not in made
    with pytest.raises(MisuseError, match=r"pdf\.password-missing"):
        sealed(town, document)
    with pytest.raises(MisuseError, match=r"pdf\.password-wrong"):
        sealed(town, document, password="wrong")


def test_an_empty_user_password_needs_none(town: Town) -> None:
    check(sealed(town, plain_pdfs.encrypted("", "owner")), town)


def test_a_password_is_never_shown() -> None:
    assert "hush" not in repr(PdfDetails(password="hush"))


# -- refusals


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("pdf.detached", {"detached": True}),
        ("pdf.content-type", {"content_type": "text/plain"}),
        ("pdf.reason", {"reason": "x", "commitment": "1.2.3"}),
        ("pdf.text", {"reason": "a\x00b"}),
        ("pdf.text", {"location": ""}),
        ("pdf.text", {"name": "\ud800"}),
        ("pdf.certify-level", {"certify": 4}),
        ("pdf.page", {"visible": VisibleSeal(page=2, box=(0, 0, 100, 50), name="x")}),
        ("pdf.page", {"visible": VisibleSeal(page=0, box=(0, 0, 100, 50), name="x")}),
        ("pdf.box", {"visible": VisibleSeal(name="x")}),
        ("pdf.box", {"visible": VisibleSeal(box=(500, 0, 100, 50), name="x")}),
        ("pdf.box", {"visible": VisibleSeal(box=(0, 0, -100, 50), name="x")}),
        ("pdf.box", {"visible": VisibleSeal(box=(0, 0, float("nan"), 50), name="x")}),
        ("pdf.box", {"visible": VisibleSeal(box=(0, 0, 8, 8), name="x")}),
        ("pdf.font-missing", {"visible": VisibleSeal(box=(0, 0, 100, 50))}),
    ],
)
def test_what_cannot_work_is_refused_with_a_hint(town: Town, code: str, options: dict[str, Any]) -> None:
    with pytest.raises(MisuseError) as caught:
        sealed(town, DOCUMENTS["classic"], **options)
    assert caught.value.code == code
    assert caught.value.hint


def test_other_details_and_other_files_are_refused(town: Town) -> None:
    from toyono_trust.formats.jades import JadesDetails

    with pytest.raises(MisuseError, match=r"pdf\.details"):
        seal(DOCUMENTS["classic"], by=town.identity("town"), format="pades", details=JadesDetails())
    with pytest.raises(MisuseError, match=r"pdf\.no-pdf"):
        sealed(town, b"plain text")


def test_what_a_hybrid_file_hides_is_not_changed(town: Town) -> None:
    with pytest.raises(MalformedError, match=r"pdf\.not-extensible"):
        sealed(town, plain_pdfs.hybrid(b"/AcroForm"))


def test_truncation_is_refused_by_type(town: Town) -> None:
    for kind in ("classic", "streamed", "hybrid"):
        document = DOCUMENTS[kind]
        for length in range(0, len(document) - 8, 7):
            with pytest.raises((MalformedError, MisuseError)):
                sealed(town, document[:length])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mutant_is_signed_or_refused_by_type(town: Town, data: st.DataObject) -> None:
    """Whatever the octets are: a signature over all of them, or MalformedError or MisuseError; never anything else."""
    document = bytearray(DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        document[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        made = sealed(town, bytes(document))
    except (MalformedError, MisuseError):
        return
    assert made.startswith(document)
    check(made, town)


# -- visible signatures


def test_plain_text_needs_no_font(town: Town) -> None:
    made = sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(300, 40, 200, 60), name="Town of Mihon"))
    check(made, town)
    assert b"/BaseFont /Helvetica" in made
    assert b"/Rect [ 300 40 500 100 ]" in made


def test_japanese_is_embedded(town: Town, font: Path) -> None:
    made = sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(300, 40, 200, 60), font=font), reason="証明")
    check(made, town)
    assert b"+Boxes-Regular" in made
    assert b"/Identity-H" in made


def test_a_character_without_glyph_is_refused(town: Town, font: Path) -> None:
    with pytest.raises(MisuseError, match=r"pdf\.font-glyphs.*"):
        sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(300, 40, 200, 60), font=font, name="鬱"))


def test_what_is_no_font_is_refused(town: Town, tmp_path: Path) -> None:
    pytest.importorskip("fontTools")
    (tmp_path / "x.ttf").write_bytes(b"no font")
    with pytest.raises(MisuseError, match=r"pdf\.font-unreadable"):
        sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(0, 0, 99, 50), font=tmp_path / "x.ttf", name="x"))
    with pytest.raises(FileNotFoundError):
        sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(0, 0, 99, 50), font=tmp_path / "y.ttf", name="x"))


@pytest.mark.skipif(util.find_spec("fontTools") is not None, reason="the extra [visible] is installed")
def test_without_the_extra_the_hint_says_so(town: Town, tmp_path: Path) -> None:
    (tmp_path / "x.ttf").write_bytes(b"")
    with pytest.raises(MisuseError, match="visible"):
        sealed(town, DOCUMENTS["classic"], visible=VisibleSeal(box=(0, 0, 99, 50), font=tmp_path / "x.ttf", name="x"))


@pytest.mark.parametrize(
    ("turn", "rectangle"),
    [(0, b"10 20 110 70"), (90, b"525 10 575 110"), (180, b"485 772 585 822"), (270, b"20 732 70 832")],
)
def test_the_box_is_on_the_page_as_it_is_displayed(town: Town, turn: int, rectangle: bytes) -> None:
    document = plain_pdfs.classic(plain_pdfs.with_objects({3: plain_pdfs.PAGE % (b"/Rotate %d " % turn)}))
    made = sealed(town, document, visible=VisibleSeal(box=(10, 20, 100, 50), name="x"))
    assert b"/Rect [ " + rectangle + b" ]" in made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    width=st.floats(60, 400), height=st.floats(40, 300), name=st.text("abc XYZ-äß", min_size=1, max_size=60),
    lines=st.lists(st.text("word wrap, now ", min_size=1, max_size=80), max_size=4),
)  # fmt: skip
def test_text_stays_in_its_box(town: Town, width: float, height: float, name: str, lines: list[str]) -> None:
    """Every line ends inside the frame and the first and last stand in it, or the box is refused."""
    from toyono_trust.formats.pades import appearance, fonts

    pieces = [appearance._Piece(name, 1.5, b""), *(appearance._Piece(line, 0.9, b"") for line in lines)]
    font = fonts.font_for(None, name + "".join(lines))
    if not name.strip() or not all(line.strip() for line in lines):
        return
    try:
        unit, placed = appearance._set(pieces, font, width, height)
    except MisuseError:
        return
    assert unit * appearance._height(placed) <= height
    assert all(font.width(line.text) * line.size * unit <= width + 1e-6 for line in placed)
    assert "".join(line.text for line in placed).replace(" ", "") == "".join([name, *lines]).replace(" ", "")


# -- time stamps


class Authority:
    """A TSA behind ``http=``; counts its requests, and grows its tokens when told to."""

    def __init__(self, town: Town) -> None:
        self.town, self.requests, self.name = town, 0, "tsa"

    def fetch(self, request: Any, deadline: float | None) -> Response:
        self.requests += 1
        if self.name == "none":
            raise UnavailableError("net.unreachable", "nobody answers")
        body = self.town.tsa_respond(request.body, name=self.name)
        return Response(200, {"content-type": "application/timestamp-reply"}, body)


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Any:
    fresh = stamps._TokenRooms()
    monkeypatch.setattr(ladder, "token_rooms", fresh)
    return fresh


def stamped(town: Town, authority: Any, document: bytes, **options: Any) -> Signed:
    made = seal(document, by=town.identity("town"), format="pades", level="B-T", tsa="http://tsa.example/",
                http=authority, **options)  # fmt: skip
    assert isinstance(made, Signed)
    return made


def test_a_stamp_goes_into_the_room_kept_for_it(town: Town, rooms: Any) -> None:
    authority = Authority(town)
    first = stamped(town, authority, DOCUMENTS["classic"])
    assert (first.level, authority.requests) == ("B-T", 1)
    info = check(first, town)
    assert [attribute.oid for attribute in info.unsigned_attributes] == ["1.2.840.113549.1.9.16.2.14"]
    second = stamped(town, authority, DOCUMENTS["classic"])
    check(second, town)
    padded = contents(second)
    assert len(padded) - len(without_padding(padded)) <= 160, "the room is what the last token needed, and a little"
    assert len(second) < len(first)


def test_a_stamp_that_does_not_fit_is_made_once_more(town: Town, rooms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(town)
    monkeypatch.setattr(rooms, "FIRST", 100)
    made = stamped(town, authority, DOCUMENTS["classic"])
    assert (made.level, authority.requests) == ("B-T", 2)
    check(made, town)
    stamped(town, authority, DOCUMENTS["classic"])
    assert authority.requests == 3


def test_a_token_that_grows_twice_is_the_authoritys_fault(
    town: Town, rooms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "room", lambda urls: 100)
    with pytest.raises(UnavailableError, match=r"tsa\.token-size"):
        stamped(town, Authority(town), DOCUMENTS["classic"])


def test_without_an_authority_the_fallback_is_b_b(town: Town, rooms: Any) -> None:
    authority = Authority(town)
    authority.name = "none"
    made = stamped(town, authority, DOCUMENTS["classic"], fallback="B-B")
    assert made.level == "B-B"
    assert made.reason is not None
    check(made, town)


def test_the_memory_of_sizes_is_bounded() -> None:
    memory = stamps._TokenRooms()
    for number in range(1000):
        memory.remember((f"http://{number}/",), 5000)
    assert len(memory._largest) <= memory.MAX
    assert memory.room(("http://999/",)) == 5064
    assert memory.room(("http://0/",)) == memory.FIRST


# -- a key from outside


def test_a_wrong_or_long_signature_never_leaves(town: Town) -> None:
    identity = town.identity("town")

    class Outside:
        certificate, chain, algorithms = identity.certificate, identity.chain, identity.algorithms
        value = b""

        def sign_steps(self, data: bytes, algorithm: str) -> Any:
            yield from ()
            return self.value

    outside = Outside()
    outside.value = bytes(500)
    with pytest.raises(UnavailableError, match=r"pdf\.signature-size"):
        seal(DOCUMENTS["classic"], by=outside, format="pades")
    outside.value = bytes.fromhex("3006020101020101")
    with pytest.raises(toyono_trust.NotVerified, match=r"signer\.wrong-signature") as caught:
        seal(DOCUMENTS["classic"], by=outside, format="pades")
    codes = {finding.code for finding in caught.value.report.all_findings()}
    assert not any("digest" in code for code in codes), "the covered octets are those of the message digest"


# -- files


def test_a_file_is_signed_into_a_file(town: Town, tmp_path: Path) -> None:
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    source.write_bytes(DOCUMENTS["streamed"])
    made = seal(source, by=town.identity("town"), format="pades", out=target)
    assert isinstance(made, SignedFile)
    assert (made.path, made.size, made.level) == (target, target.stat().st_size, "B-B")
    check(target.read_bytes(), town)
    seal(target, by=town.identity("town"), format="pades", out=target)
    check(target.read_bytes(), town)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]


def test_a_file_that_changes_meanwhile_is_refused_and_nothing_is_written(town: Town, tmp_path: Path) -> None:
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    source.write_bytes(DOCUMENTS["classic"])
    identity = town.identity("town")

    class Slow:
        certificate, chain, algorithms = identity.certificate, identity.chain, identity.algorithms

        def sign_steps(self, data: bytes, algorithm: str) -> Any:
            source.write_bytes(DOCUMENTS["classic"].replace(b"(test)", b"(TEST)"))
            return identity.sign_steps(data, algorithm)

    with pytest.raises(MisuseError, match=r"content\.changed"):
        seal(source, by=Slow(), format="pades", out=target)
    assert not target.exists()


def test_awaitable_and_in_a_thread(town: Town, tmp_path: Path) -> None:
    identity = town.identity("rsa-2048")
    threads = set()

    class Watched:
        certificate, chain, algorithms = identity.certificate, identity.chain, identity.algorithms

        def sign_steps(self, data: bytes, algorithm: str) -> Any:
            threads.add(threading.get_ident())
            return identity.sign_steps(data, algorithm)

    made = asyncio.run(aio.seal(DOCUMENTS["classic"], by=Watched(), format="pades", claimed_at=AT))
    assert made == sealed(town, DOCUMENTS["classic"], "rsa-2048")
    assert threading.get_ident() not in threads
    into = asyncio.run(aio.sign(DOCUMENTS["classic"], by=identity, format="pades", out=tmp_path / "x.pdf"))
    assert isinstance(into, SignedFile)


@pytest.mark.slow
def test_a_large_document_needs_little_memory(town: Town, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    size = 200 << 20
    head = plain_pdfs.classic(plain_pdfs.with_objects({6: b"<< /Length %d >>\nstream\n\nendstream" % size}))
    at = head.index(b"\n\nendstream") + 1
    table = head.index(b"xref\n0 7")
    source = tmp_path / "large.pdf"
    with source.open("wb") as stream:
        stream.write(head[:at])
        for _ in range(200):
            stream.write(b"\n" * (1 << 20))
        stream.write(head[at:].replace(b"startxref\n%d" % table, b"startxref\n%d" % (table + size)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = seal(source, by=town.identity("town"), format="pades", out=tmp_path / "sealed.pdf")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert made.size == (tmp_path / "sealed.pdf").stat().st_size
    assert grown < 48 << 10, f"{grown} KiB for {size} octets"
    with made.path.open("rb") as stream:
        covered = hashlib.sha256()
        while piece := stream.read(1 << 20):
            covered.update(piece)
    assert AT.astimezone(UTC) < datetime(2100, 1, 1, tzinfo=UTC)


def test_signing_as_a_person(town: Town) -> None:
    made = sign(DOCUMENTS["classic"], by=town.identity("resident"), format="pades")
    assert isinstance(made, Signed)
    check(made, town, "resident")


def test_a_certified_document_takes_no_new_appearance(town: Town) -> None:
    """P=2 allows to sign, in a field that is there or an invisible one; a new visible one would break the first."""
    certified = sealed(town, DOCUMENTS["classic"], certify=2)
    with pytest.raises(MisuseError) as caught:
        sealed(town, certified, "bus", visible=VisibleSeal(page=1, box=(0, 0, 100, 50), name="x"))
    assert caught.value.code == "pdf.new-appearance"
    assert sealed(town, certified, "bus").startswith(certified)
