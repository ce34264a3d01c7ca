"""Facts of certificates: whom they name, what they say, and that reading is total."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from corpus import corpus
from toyono_trust.core import asn1
from toyono_trust.core.findings import entry
from toyono_trust.devpki import Town
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate, check_houjin_bangou
from toyono_trust.pki.names import printable, read_name, rfc4514

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
TOWN = Town.create(NOW)
KEY = ec.generate_private_key(ec.SECP256R1())
ORGANISATION = [("2.5.4.10", "Example KK"), ("2.5.4.97", "NTRJP-9234567890123")]
PERSON = [("2.5.4.42", "Hanako"), ("2.5.4.4", "Yamazato")]
QC_TYPE = {"esign": 1, "eseal": 2, "web": 3}


def made(subject, *extensions, key=KEY, signer=KEY):
    """A self-issued certificate with this subject and these (extension, critical)."""
    name = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), text) for oid, text in subject])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Certificate.load(builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER))


def raw(oid, value, critical=False):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical


def qc(*types):
    oids = [asn1.oid_der(f"0.4.0.1862.1.6.{QC_TYPE[name]}") for name in types]
    statement = asn1.sequence(asn1.oid_der("0.4.0.1862.1.6"), asn1.sequence(*oids))
    return raw("1.3.6.1.5.5.7.1.3", asn1.sequence(statement))


def usage(*oids):
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids]), False


def alternative(*names):
    return x509.SubjectAlternativeName(list(names)), False


@pytest.mark.parametrize(
    ("subject", "extensions", "kind"),
    [
        (ORGANISATION, [], "legal-person"),
        (PERSON, [], "natural-person"),
        ([("2.5.4.65", "River otter")], [], "natural-person"),
        ([("2.5.4.5", "PNOJP-0001")], [], "natural-person"),
        ([("2.5.4.5", "PI:JP-0001")], [], "natural-person"),
        ([("2.5.4.5", "0001")], [], "unknown"),
        (PERSON + ORGANISATION, [], "natural-person"),
        (ORGANISATION, [qc("eseal")], "legal-person"),
        (PERSON, [qc("esign")], "natural-person"),
        ([("2.5.4.3", "x")], [qc("web")], "website"),
        ([("2.5.4.3", "x")], [qc("esign", "eseal")], "unknown"),
        (ORGANISATION, [usage("1.3.6.1.5.5.7.3.1")], "website"),
        (ORGANISATION, [usage("1.3.6.1.5.5.7.3.8")], "tsa"),
        (ORGANISATION, [usage("1.3.6.1.5.5.7.3.9")], "ocsp-responder"),
        (ORGANISATION, [(x509.BasicConstraints(True, None), True)], "ca"),
        (ORGANISATION, [alternative(x509.UniformResourceIdentifier("urn:dev:ops:32473-1"))], "device"),
        (ORGANISATION, [alternative(x509.UniformResourceIdentifier("https://example.example/"))], "legal-person"),
        ([("2.5.4.3", "x")], [], "unknown"),
    ],
)
def test_kind_of_subject(subject, extensions, kind):
    assert made(subject, *extensions).kind == kind


@pytest.mark.parametrize(
    ("policy", "kind"), [("0", "natural-person"), ("1", "legal-person"), ("2", "natural-person"), ("4", "website")]
)
def test_kind_by_the_policies_of_en_319_411_2(policy, kind):
    oid = x509.ObjectIdentifier(f"0.4.0.194112.1.{policy}")
    policies = x509.CertificatePolicies([x509.PolicyInformation(oid, None)])
    assert made([("2.5.4.3", "x")], (policies, False)).kind == kind


def test_a_certificate_that_contradicts_itself_is_noted():
    certificate = made(PERSON, qc("eseal"))
    assert certificate.kind == "legal-person"
    assert [code for code, _, _ in certificate.notes] == ["certificate.kind-contradiction"]
    assert [code for code, _, _ in made(ORGANISATION, qc("esign", "eseal")).notes] == ["certificate.kind-contradiction"]


def test_hardware_module_name_marks_a_device():
    value = asn1.sequence(asn1.oid_der("1.3.6.1.4.1.32473.1"), asn1.octet_string(b"\x01\x02"))
    other = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4"), value)
    certificate = made([("2.5.4.3", "x")], alternative(other))
    assert certificate.kind == "device"
    assert certificate.identifier == f"hardware-module:{value.hex()}"


def test_the_name_field_of_the_japanese_card_marks_a_natural_person():
    other = x509.OtherName(x509.ObjectIdentifier("1.2.392.200149.8.5.5.1"), asn1.utf8("山里　花子"))
    assert made([("2.5.4.3", "2026X")], alternative(other)).kind == "natural-person"


def test_identifiers_are_the_subjects_own():
    organisation, employee = made(ORGANISATION), made(PERSON + ORGANISATION)
    assert organisation.identifiers == ("NTRJP-9234567890123", f"sha256:{organisation.sha256.hex()}")
    assert employee.identifiers == (f"sha256:{employee.sha256.hex()}",)
    device = made(ORGANISATION, alternative(x509.UniformResourceIdentifier("urn:dev:mac:0024befffe804ff1")))
    assert device.identifiers[:-1] == ("urn:dev:mac:0024befffe804ff1",)


@pytest.mark.parametrize(
    "text", ["sha256:" + "0" * 64, "dns:a.example", "ntrjp-1", "NTRJP", "NTRJP-", "NTRJP-1 2", "X"]
)
def test_an_organisation_identifier_without_its_standard_form_is_no_identifier(text):
    certificate = made([("2.5.4.10", "x"), ("2.5.4.97", text)])
    assert certificate.identifiers == (f"sha256:{certificate.sha256.hex()}",)


@pytest.mark.parametrize(
    "text", ["VATDE-123456789", "NTRJP-9234567890123", "LEIXG-529900T8BM49AURSDO55", "PSDES-BE-3DFD21"]
)
def test_identifiers_of_legal_persons(text):
    assert made([("2.5.4.10", "x"), ("2.5.4.97", text)]).identifier == text


def test_web_site_identifiers_are_host_names():
    names = alternative(x509.DNSName("WWW.Town.example"), x509.DNSName("NTRJP-9234567890123"))
    certificate = made(ORGANISATION, names, usage("1.3.6.1.5.5.7.3.1"))
    assert certificate.identifiers[:-1] == ("dns:www.town.example", "dns:ntrjp-9234567890123")


def test_check_digit_of_houjin_bangou():
    assert check_houjin_bangou("7000012050002")  # the National Tax Agency's own
    assert not check_houjin_bangou("1000012050002")
    assert not check_houjin_bangou("700001205000")
    assert not check_houjin_bangou("70000120500022")
    assert not check_houjin_bangou("７０００００１２０５０００２")
    wrong = TOWN.identity("wrong-number").certificate
    assert [(code, values) for code, _, values in wrong.notes] == [
        ("certificate.houjin-bangou-check-digit", {"identifier": "NTRJP-1234567890123"})
    ]
    assert TOWN.identity("town").certificate.notes == ()


@given(st.text("0123456789", min_size=12, max_size=12))
def test_exactly_one_check_digit_fits(base):
    """Invariant: of the nine possible first digits exactly one makes a 法人番号, and never 0."""
    assert [check_houjin_bangou(f"{digit}{base}") for digit in range(10)].count(True) == 1
    assert not check_houjin_bangou(f"0{base}")


def test_qc_statements():
    def statement(number, *info):
        return asn1.sequence(asn1.oid_der(f"0.4.0.1862.1.{number}"), *info)

    places = asn1.sequence(asn1.sequence(asn1.ia5("https://town.example/pds.pdf"), asn1.printable("ja")))
    amount = asn1.sequence(asn1.printable("JPY"), asn1.integer_der(5), asn1.integer_der(6))
    value = asn1.sequence(
        statement(1),
        statement(4),
        statement(3, asn1.integer_der(10)),
        statement(6, asn1.sequence(asn1.oid_der("0.4.0.1862.1.6.2"))),
        statement(7, asn1.sequence(asn1.printable("JP"))),
        statement(5, places),
        statement(2, amount),
        asn1.sequence(asn1.oid_der("1.3.6.1.5.5.7.11.2"), asn1.sequence(asn1.oid_der("0.4.0.194121.1.2"))),
        asn1.sequence(asn1.oid_der("1.2.3.4")),
    )
    facts = made(ORGANISATION, raw("1.3.6.1.5.5.7.1.3", value)).qc
    assert (facts.compliance, facts.sscd, facts.types, facts.legislation) == (True, True, ("eseal",), ("JP",))
    assert (facts.limit, facts.retention_years) == (("JPY", 5, 6), 10)
    assert facts.disclosures == (("https://town.example/pds.pdf", "ja"),)
    assert facts.semantics == ("0.4.0.194121.1.2",)
    assert facts.statements[-1] == "1.2.3.4"
    assert made(ORGANISATION).qc.statements == ()


def test_facts_of_the_towns_certificates():
    root, ca, seal = TOWN.root, TOWN.ca, TOWN.identity("town").certificate
    assert (root.is_ca, root.path_length, root.self_signed, root.self_issued) == (True, None, True, True)
    assert (ca.is_ca, ca.path_length, ca.self_signed, ca.policies) == (True, 0, False, ("2.5.29.32.0",))
    assert ca.issued_by(root)
    assert seal.issued_by(ca)
    assert not seal.issued_by(root)
    assert seal.key_usage == {"digitalSignature", "nonRepudiation"}
    assert ca.key_usage == {"keyCertSign", "cRLSign"}
    assert seal.extended_key_usage is None
    assert seal.authority_key_identifier.key_identifier == ca.subject_key_identifier
    assert seal.crl_urls == ("http://127.0.0.1:3161/crl/ca.crl",)
    assert seal.ocsp_urls == ("http://127.0.0.1:3161/ocsp",)
    assert seal.issuer_urls == ("http://127.0.0.1:3161/ca/ca.cer",)
    assert (seal.not_before, seal.signature_algorithm) == (NOW - timedelta(days=1), "ecdsa-sha256")
    assert (seal.key.family, seal.key.bits, seal.key.curve) == ("ec", 256, "p256")
    tsa = TOWN.identity("tsa").certificate
    assert (tsa.extended_key_usage, tsa.extended_key_usage_critical) == ({"1.3.6.1.5.5.7.3.8"}, True)
    assert not TOWN.identity("tsa-not-critical").certificate.extended_key_usage_critical


def test_equal_to_what_cryptography_reads():
    for name in ("town", "resident", "web", "tsa", "p521", "ed25519"):
        ours = TOWN.identity(name).certificate
        theirs = x509.load_der_x509_certificate(ours.der)
        assert ours.serial == theirs.serial_number
        assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
        assert ours.public_key == theirs.public_key()
        assert ours.signed == theirs.tbs_certificate_bytes
        assert ours.signature == theirs.signature
        assert ours.subject_der == theirs.subject.public_bytes()
        assert {oid: critical for oid, (critical, _) in ours.extensions.items()} == {
            extension.oid.dotted_string: extension.critical for extension in theirs.extensions
        }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ocsp", "ocsp-nocheck"),
        ("validity-assured", "validity-assured"),
        ("no-rev-avail", "no-rev-avail"),
        ("tsa", None),
    ],
)
def test_revocation_data_is_not_needed(name, reason):
    assert TOWN.identity(name).certificate.no_revocation_needed == reason


def test_exemptions_from_revocation_count_only_where_they_may():
    null = asn1.null()
    nocheck, assured = raw("1.3.6.1.5.5.7.48.1.5", null), raw("0.4.0.194121.2.1", null)
    assert made(ORGANISATION, nocheck).no_revocation_needed is None
    assert made(ORGANISATION, assured, usage("1.3.6.1.5.5.7.3.8")).no_revocation_needed is None
    ca = made(ORGANISATION, raw("2.5.29.56", null), (x509.BasicConstraints(True, None), True))
    assert ca.no_revocation_needed is None
    assert [code for code, _, _ in ca.notes] == ["certificate.no-rev-avail-contradiction"]


def test_what_cannot_be_read_allows_least():
    garbage = b"\x30\x03\x01"
    certificate = made(ORGANISATION, *(raw(oid, garbage) for oid in ("2.5.29.15", "2.5.29.37", "2.5.29.19")))
    assert (certificate.key_usage, certificate.extended_key_usage, certificate.is_ca) == (
        frozenset(),
        frozenset(),
        False,
    )
    assert [values["oid"] for _, _, values in certificate.notes] == ["2.5.29.15", "2.5.29.37", "2.5.29.19"]
    trailing = asn1.sequence(asn1.boolean_der(True)) + b"\0"
    assert not made(ORGANISATION, raw("2.5.29.19", trailing)).is_ca


def test_an_extension_that_stands_twice_is_malformed():
    der = made(ORGANISATION, raw("1.2.3.4", b"\x05\x00"), raw("1.2.3.5", b"\x05\x00")).der
    twice = der.replace(asn1.oid_der("1.2.3.5"), asn1.oid_der("1.2.3.4"))
    with pytest.raises(MalformedError, match="stands twice"):
        Certificate.load(twice)


def test_the_two_signature_algorithms_must_agree():
    der = TOWN.root.der
    sha256, sha384 = asn1.oid_der("1.2.840.10045.4.3.2"), asn1.oid_der("1.2.840.10045.4.3.3")
    with pytest.raises(MalformedError, match="signature algorithms differ"):
        Certificate.load(der.replace(sha256, sha384, 1))


def test_octets_behind_a_certificate_are_refused():
    with pytest.raises(MalformedError) as caught:
        Certificate.load(TOWN.root.der + b"\0")
    assert caught.value.code == "certificate.malformed"


def test_an_unusable_key_is_a_note():
    der = TOWN.root.der.replace(asn1.oid_der("1.2.840.10045.3.1.7"), asn1.oid_der("1.2.840.10045.3.1.77"[:-1] + "9"))
    certificate = Certificate.load(der)
    assert (certificate.public_key, certificate.key, certificate.self_signed) == (None, None, False)
    assert certificate.key_problem
    assert [code for code, _, _ in certificate.notes] == ["certificate.unsupported-key"]


def test_every_note_stands_in_the_table():
    for code in (
        *("malformed", "not-der", "version", "serial-number", "unreadable-extension", "unreadable-name"),
        *("unsupported-key", "kind-contradiction", "houjin-bangou-check-digit", "no-rev-avail-contradiction"),
    ):
        assert all((*entry(f"certificate.{code}").text, *entry(f"certificate.{code}").remedy))


def test_names_are_rfc_4514_text():
    subject = [("2.5.4.6", "JP"), ("2.5.4.10", 'A, "B" + <C>; \\D'), ("2.5.4.3", " #x ")]
    assert made(subject).subject == 'CN=\\ #x\\ ,O=A\\, \\"B\\" \\+ \\<C\\>\\; \\\\D,C=JP'
    assert made([("2.5.4.3", "#1")]).subject == "CN=\\#1"
    assert made([("1.2.3.4", "x")]).subject == "1.2.3.4=#0c0178"
    assert made([]).subject == ""


@pytest.mark.parametrize("bad", ["\x1b[31m", "\u202e", "\r\n", "\x00", "\u2066", "\u200b", "\x7f", "\u0085", "\u2028"])
def test_names_cannot_disturb_a_terminal(bad):
    text = made([("2.5.4.3", f"a{bad}b")]).subject
    assert text.isprintable()
    assert "a" in text
    assert bad not in text


def test_japanese_names_stay_readable():
    assert made([("2.5.4.3", "山里　花子")]).subject == "CN=山里　花子"


@given(st.text(max_size=40))
def test_escaped_text_is_printable(text):
    """Invariant: whatever a name holds, what is printed has no control, format or bidirectional character."""
    assert all(character.isprintable() or character.isspace() for character in printable(text))
    assert not set(printable(text)) & {
        "\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x85",
        "\u2028",
        "\u2029",
        "\x1c",
        "\x1d",
        "\x1e",
        "\x1f",
    }


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=16))
def test_names_read_back_by_cryptography(text):
    """Invariant: our RFC 4514 text of a UTF-8 common name parses to the same value elsewhere."""
    der = asn1.sequence(asn1.set_of([asn1.sequence(asn1.oid_der("2.5.4.3"), asn1.utf8(text))]))
    (attribute,) = x509.Name.from_rfc4514_string(rfc4514(read_name(der)))
    assert attribute.value == text


def test_certificates_are_values():
    root = TOWN.root
    again = Certificate.load(root.der)
    assert root == again
    assert len({root, again}) == 1
    assert pickle.loads(pickle.dumps(root)) == root
    with pytest.raises(AttributeError):
        root.serial = 1
    assert "Throw-away Root CA" in repr(root)


def touch(der):
    """Load and read every property; None where the bytes are no certificate."""
    try:
        certificate = Certificate.load(der)
    except MalformedError as error:
        assert error.code == "certificate.malformed"  # noqa: PT017
        return None
    for name in dir(Certificate):
        if isinstance(getattr(Certificate, name), property):
            getattr(certificate, name)
    for code, _, values in certificate.notes:
        assert entry(code).text[1].format(**values)
    assert str(certificate.subject + certificate.issuer).replace("\u3000", "").replace("\xa0", "").isprintable()
    assert certificate.identifiers[-1] == f"sha256:{certificate.sha256.hex()}"
    return certificate


@given(st.data())
def test_reading_is_total_over_flipped_bytes(data):
    """Invariant: a certificate with some octets replaced loads, all properties included, or is malformed."""
    der = bytearray(TOWN.identity(data.draw(st.sampled_from(["town", "web", "root"]))).certificate.der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    touch(bytes(der))


@given(st.binary(max_size=80))
def test_reading_is_total_over_any_bytes(data):
    """Invariant: any bytes are a certificate or malformed."""
    touch(data)


def test_every_truncation_is_malformed():
    der = TOWN.root.der
    assert all(touch(der[:size]) is None for size in range(len(der)))


def embedded(data: bytes) -> Iterator[bytes]:
    """What looks like a DER certificate inside: SEQUENCE { SEQUENCE { [0] { INTEGER 2 …, lengths of two octets."""
    at = data.find(b"\x30\x82")
    while at >= 0:
        length = int.from_bytes(data[at + 2 : at + 4], "big") + 4
        whole = at + length <= len(data)
        if whole and data[at + 4 : at + 6] == b"\x30\x82" and data[at + 8 : at + 12] == b"\xa0\x03\x02\x01":
            yield data[at : at + length]
        at = data.find(b"\x30\x82", at + 1)


def octets(path: Path) -> Iterator[bytes]:
    """The file's octets, the members of a ZIP, and what stands in them in base64 or hex."""
    parts = [path.read_bytes()]
    if parts[0][:2] == b"PK":
        try:
            with zipfile.ZipFile(path) as container:
                parts += [container.read(name) for name in container.namelist()]
        except (zipfile.BadZipFile, NotImplementedError):
            pass  # broken on purpose; what could be read of it is looked at
    for part in parts:
        yield part
        packed = re.sub(rb"[\r\n\t ]|&#13;|\\\\", b"", part)
        for run in re.finditer(rb"MII[A-Za-z0-9+/]+", packed):
            yield b64decode(run[0][: len(run[0]) // 4 * 4])
        for run in re.finditer(rb"308[0-9a-fA-F]{400,}", part):
            yield bytes.fromhex(run[0][: len(run[0]) // 2 * 2].decode())


@pytest.mark.filterwarnings("error")
def test_reading_is_total_over_the_corpus():
    seen: set[bytes] = set()
    unreadable, kinds = 0, set()
    for path in sorted(corpus().rglob("*")):
        if path.is_file():
            whole = [path.read_bytes()] if path.suffix == ".crt" else []
            found = {*whole, *(der for data in octets(path) for der in embedded(data))}
            for der in found - seen:
                seen.add(der)
                certificate = touch(der)
                unreadable += certificate is None
                kinds.add(certificate.kind if certificate is not None else None)
    assert len(seen) > 700
    assert unreadable < 5  # cryptography reads none of these either
    assert {"natural-person", "legal-person", "tsa", "ocsp-responder", "ca"} <= kinds


def test_no_warning_escapes_and_none_becomes_an_error():
    """Keys over which cryptography warns, under ``python -W error`` and with warnings shown."""
    key = dsa.generate_private_key(1024)
    certificate = made(PERSON, key=key, signer=KEY)
    program = (
        "import sys; from toyono_trust.pki.certificate import Certificate;"
        "c = Certificate.load(bytes.fromhex(sys.argv[1]));"
        "print(c.key.family if c.key else c.key_problem, c.subject)"
    )
    for mode in ("error", "always"):
        done = subprocess.run(
            [sys.executable, "-W", mode, "-c", program, certificate.der.hex()],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "surname=Yamazato" in done.stdout
