"""The throw-away town, judged by OpenSSL, and its answers at any time of a long life."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import new
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust import devpki
from toyono_trust.core.algorithms import by_name, verify
from toyono_trust.core.findings import entry
from toyono_trust.devpki.profiles import FILES, PROFILES, STANDARD
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.keys.signer import DigestSignerLike
from toyono_trust.pki.certificate import check_houjin_bangou
from toyono_trust.steps import Fetch, World, run

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SHARED = devpki.Town.create(NOW)


@pytest.fixture(scope="module")
def town():
    return devpki.Town.create(NOW)


def theirs(identity):
    return x509.load_der_x509_certificate(identity.certificate.der)


def openssl(*arguments, folder=None):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, cwd=folder)


def test_creating_makes_the_standard_identities_and_no_more():
    town = devpki.Town.create(NOW)
    assert set(town.identities) == {"root", "ca", *STANDARD}
    assert town.now == NOW


def test_kinds_and_identifiers(town):
    expected = {
        "resident": ("natural-person", "IDCJP-00000001"),
        "town": ("legal-person", "NTRJP-9234567890123"),
        "bus": ("legal-person", "NTRJP-1345678901234"),
        "sensor": ("device", "urn:dev:ops:32473-waterlevel-0003"),
        "web": ("website", "dns:www.town.example"),
        "revoked": ("legal-person", "NTRJP-9234567890123"),
    }
    found = {name: town.identity(name).certificate for name in expected}
    assert {name: (item.kind, item.identifier) for name, item in found.items()} == expected
    assert town.identity("tsa").certificate.kind == "tsa"
    assert town.identity("ocsp").certificate.kind == "ocsp-responder"
    assert town.identity("unknown-kind").certificate.kind == "unknown"
    for name in ("town", "bus"):
        assert check_houjin_bangou(found[name].identifier.removeprefix("NTRJP-"))
    assert not check_houjin_bangou(town.identity("wrong-number").certificate.identifier.removeprefix("NTRJP-"))


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "rsa-3072"])
def test_every_identity_signs_with_its_own_key(town, name):
    identity = town.identity(name)
    world = World(now=lambda: NOW, random=bytes, monotonic=float)
    for algorithm in identity.algorithms[:2]:
        value = run(identity.sign_steps(b"content", algorithm), world)
        accepted = verify(algorithm, identity.certificate.public_key, value, b"content")
        assert accepted is (name != "weak-key" or accepted)
    assert identity.algorithms
    assert identity.certificate.issued_by(town.ca)
    assert identity.chain == (town.ca,)
    assert [code for code, _, _ in identity.certificate.notes] == (
        ["certificate.houjin-bangou-check-digit"] if name == "wrong-number" else []
    )


def test_identities_sign_digests_where_their_algorithm_does(town):
    world = World(lambda: NOW, os.urandom, lambda: 0.0)
    digests = 0
    for name in sorted(set(PROFILES) - {"weak-key"}):
        identity = town.identity(name)
        assert isinstance(identity, DigestSignerLike)
        for algorithm in identity.algorithms:
            digest = by_name(algorithm).digest
            value = run(
                identity.sign_digest_steps(b"" if digest is None else new(digest, b"data").digest(), algorithm), world
            )
            assert (value is None) is (digest is None)
            if value is not None:
                assert verify(algorithm, identity.certificate.public_key, value, b"data")
                digests += 1
    assert digests > 2


def test_the_faulty_ones_have_their_fault(town):
    certificates = {name: town.identity(name).certificate for name in PROFILES if name != "rsa-3072"}
    assert certificates["expired"].not_after < NOW < certificates["not-yet-valid"].not_before
    assert (certificates["weak-key"].key.family, certificates["weak-key"].key.bits) == ("rsa", 1024)
    assert certificates["wrong-usage"].key_usage == {"keyEncipherment"}
    assert certificates["tsa-expired"].not_after < NOW
    assert not certificates["tsa-not-critical"].extended_key_usage_critical
    assert (town.root.not_before, town.ca.not_before) <= (certificates["expired"].not_before,) * 2
    assert town.ca.not_after > datetime(2060, 12, 31, tzinfo=UTC)


def test_an_unknown_name_is_misuse(town):
    with pytest.raises(MisuseError) as caught:
        town.identity("mayor")
    assert caught.value.code == "devpki.unknown-identity"
    assert "resident" in caught.value.hint


def test_a_naive_time_is_misuse():
    with pytest.raises(MisuseError, match=r"devpki\.naive-time"):
        devpki.Town.create(datetime(2026, 11, 1))


def test_names_and_numbers_are_not_real():
    assert not any("豊能" in text for profile in PROFILES.values() for _, text in profile.subject)
    assert all(uri.startswith("urn:dev:ops:32473-") for profile in PROFILES.values() for uri in profile.uris)
    assert all(name.endswith(".example") for profile in PROFILES.values() for name in profile.dns)


def test_crls(town):
    crl = x509.load_der_x509_crl(town.crl("ca"))
    assert crl.is_signature_valid(theirs(town.identity("ca")).public_key())
    assert (crl.last_update_utc, crl.next_update_utc) == (NOW, NOW + 365 * DAY)
    (entry_,) = list(crl)
    assert entry_.serial_number == town.identity("revoked").certificate.serial
    assert entry_.revocation_date_utc == NOW - 10 * DAY
    assert list(x509.load_der_x509_crl(town.crl("root"))) == []
    assert town.crl("ca") is town.crl("ca")


def test_revoking_reissues_the_crl_and_numbers_rise():
    town = devpki.Town.create(NOW)
    before = x509.load_der_x509_crl(town.crl())
    town.revoke("bus", NOW + DAY, "superseded")
    after = x509.load_der_x509_crl(town.crl())
    found = after.get_revoked_certificate_by_serial_number(town.identity("bus").certificate.serial)
    assert found.revocation_date_utc == after.last_update_utc == NOW + DAY
    assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.superseded
    numbers = [item.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for item in (before, after)]
    assert numbers[0] < numbers[1]
    earlier = x509.load_der_x509_crl(town.crl("ca", NOW))
    assert earlier.get_revoked_certificate_by_serial_number(town.identity("bus").certificate.serial) is None


def request(town, *names, digest=None, nonce=b"12345678"):
    builder = ocsp.OCSPRequestBuilder()
    for name in names:
        builder = builder.add_certificate(theirs(town.identity(name)), theirs(town.identity("ca")), digest or SHA256())
    builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@pytest.mark.parametrize("digest", [SHA1(), SHA256()])
@pytest.mark.parametrize(
    ("name", "status"), [("town", "GOOD"), ("revoked", "REVOKED"), ("expired", "GOOD"), ("root", "UNKNOWN")]
)
def test_ocsp(town, name, status, digest):
    at = NOW + 40 * DAY
    response = ocsp.load_der_ocsp_response(town.ocsp_respond(request(town, name, digest=digest), at))
    assert response.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status == ocsp.OCSPCertStatus[status]
    assert response.serial_number == town.identity(name).certificate.serial
    assert response.produced_at_utc == response.this_update_utc == at
    assert response.next_update_utc == at + 7 * DAY
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"12345678"
    assert response.certificates == [theirs(town.identity("ocsp"))]
    if status == "REVOKED":
        assert response.revocation_time_utc == NOW - 10 * DAY
        assert response.revocation_reason == x509.ReasonFlags.key_compromise


def test_ocsp_knows_what_was_revoked_when():
    town = devpki.Town.create(NOW)
    town.revoke("web", NOW + 2 * DAY)
    statuses = [
        ocsp.load_der_ocsp_response(town.ocsp_respond(request(town, "web"), NOW + days * DAY)).certificate_status
        for days in (1, 2)
    ]
    assert statuses == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED]


def test_a_town_grows_old(tmp_path):
    town = devpki.Town.create(NOW)
    town.write(tmp_path / "town")
    later = datetime(2055, 5, 1, tzinfo=UTC)
    old_request, old = request(town, "tsa"), town.identity("tsa").certificate
    new = town.renew("tsa", later).certificate
    assert old.not_after < new.not_before < later < new.not_after <= town.ca.not_after
    again = devpki.Town.load(tmp_path / "town")
    assert again.identity("tsa").certificate == new
    assert again.issued == town.issued
    statuses = [
        ocsp.load_der_ocsp_response(again.ocsp_respond(asked, later)).certificate_status
        for asked in (old_request, request(again, "tsa"))
    ]
    assert statuses == [ocsp.OCSPCertStatus.GOOD] * 2
    crl = x509.load_der_x509_crl(again.crl("ca", later))
    assert (crl.last_update_utc, len(list(crl))) == (later, 1)
    with pytest.raises(MisuseError):
        town.renew("root", later)


@pytest.mark.parametrize("body", [b"", b"x", b"\x30\x00", b"\x30\x80", b"\x30\x04\x30\x02\x30\x00"])
def test_a_broken_ocsp_request_is_malformed(town, body):
    response = ocsp.load_der_ocsp_response(town.ocsp_respond(body, NOW))
    assert response.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@given(st.data())
def test_ocsp_is_total(data):
    """Invariant: whatever octets of a request are changed, the responder answers."""
    body = bytearray(request(SHARED, "town"))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.none(), st.integers(0, len(body))))
    response = ocsp.load_der_ocsp_response(SHARED.ocsp_respond(bytes(body[:end]), NOW))
    assert response.response_status in (
        ocsp.OCSPResponseStatus.SUCCESSFUL,
        ocsp.OCSPResponseStatus.MALFORMED_REQUEST,
    )


def test_a_written_town(tmp_path):
    town = devpki.Town.create(NOW)
    town.identity("ml-dsa-65")
    lines = town.write(tmp_path / "my town")
    files = {
        str(path.relative_to(tmp_path / "my town")) for path in (tmp_path / "my town").rglob("*") if path.is_file()
    }
    trust = {
        "trust/anchors/root.pem",
        "trust/intermediates/ca.pem",
        "trust/revocation/root.crl",
        "trust/revocation/ca.crl",
    }
    assert files == {*trust, *FILES.values(), "town.json", "password.txt", "ml-dsa-65.pem"}
    text = "\n".join(lines)
    assert "town-seal.p12" in text
    assert "password.txt" in text
    assert f"--trust '{tmp_path}/my town/trust'" in text
    data = (tmp_path / "my town" / "town-seal.p12").read_bytes()
    key, certificate, chain = pkcs12.load_key_and_certificates(data, b"toyono")
    assert certificate == theirs(town.identity("town"))
    assert certificate.public_key() == key.public_key()
    assert chain == [theirs(town.identity("ca"))]
    bundle = (tmp_path / "my town" / "ml-dsa-65.pem").read_bytes()
    assert load_pem_private_key(bundle, None).public_key() == town.identity("ml-dsa-65").certificate.public_key
    assert len(x509.load_pem_x509_certificates(bundle)) == 2


def test_a_written_town_is_read_back(tmp_path):
    town = devpki.Town.create(NOW, base_url="http://127.0.0.1:4000/")
    town.write(tmp_path / "town")
    town.revoke("bus", NOW + DAY)
    again = devpki.Town.load(tmp_path / "town")
    assert {name: item.certificate for name, item in again.identities.items()} == {
        name: item.certificate for name, item in town.identities.items()
    }
    assert again.identity("town").chain == (town.ca,)
    assert (again.revocations, again.updated, again.now) == (town.revocations, NOW + DAY, NOW)
    assert again.base_url == "http://127.0.0.1:4000"
    on_disk = x509.load_der_x509_crl((tmp_path / "town/trust/revocation/ca.crl").read_bytes())
    assert on_disk.get_revoked_certificate_by_serial_number(town.identity("bus").certificate.serial) is not None
    again.revoke("web", NOW + 2 * DAY)
    assert len(devpki.Town.load(tmp_path / "town").revocations) == 3


def test_nothing_is_overwritten_unless_forced(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    town = devpki.Town.create(NOW)
    with pytest.raises(MisuseError) as caught:
        town.write(tmp_path)
    assert caught.value.code == "devpki.folder-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
    town.write(tmp_path, force=True)
    assert (tmp_path / "precious.txt").read_text() == "mine"
    with pytest.raises(MisuseError):
        town.write(tmp_path / "precious.txt")


def test_a_folder_without_a_town(tmp_path):
    with pytest.raises(MisuseError, match=r"devpki\.not-a-town"):
        devpki.Town.load(tmp_path)


def test_routes_and_simulation(town):
    net = devpki.Simulation(town, NOW)
    assert net.fetch(Fetch(f"{town.base_url}/crl/ca.crl")).body == town.crl("ca", NOW)
    assert net.fetch(Fetch(f"{town.base_url}/ca/root.cer")).body == town.root.der
    assert net.fetch(Fetch(f"{town.base_url}/crl/../town.json")).status == 404
    assert net.fetch(Fetch(f"{town.base_url}/crl/ocsp.crl")).status == 404
    asked = request(town, "town")
    got = net.fetch(Fetch(f"{town.base_url}/ocsp/{quote(b64encode(asked).decode(), safe='')}"))
    assert ocsp.load_der_ocsp_response(got.body).certificate_status == ocsp.OCSPCertStatus.GOOD
    with pytest.raises(UnavailableError) as caught:
        net.fetch(Fetch("http://elsewhere.example/"))
    assert entry(caught.value.code)
    net.down = True
    with pytest.raises(UnavailableError):
        net.fetch(Fetch(f"{town.base_url}/crl/ca.crl"))
    assert len(net.seen) == 7


def test_the_plug_in_loads_nothing_by_itself():
    program = (
        "import sys, toyono_trust.devpki.pytest_plugin; import toyono_trust.devpki as d;"
        "assert 'toyono_trust.devpki.town' not in sys.modules; d.Town; assert 'toyono_trust.devpki.town' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_no_such_name_in_the_package():
    with pytest.raises(AttributeError):
        devpki.Village  # noqa: B018


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    town = devpki.Town.create()
    folder = tmp_path_factory.mktemp("openssl")
    for name in ("town", "resident", "revoked", "expired", "web", "tsa", "ocsp", "ed25519", "p521", "sensor"):
        (folder / f"{name}.pem").write_bytes(theirs(town.identity(name)).public_bytes(Encoding.PEM))
    for name, data in town.trust_files.items():
        (folder / Path(name).name).write_bytes(data)
    for name in ("root", "ca"):
        pem = x509.load_der_x509_crl((folder / f"{name}.crl").read_bytes()).public_bytes(Encoding.PEM)
        with (folder / "crls.pem").open("ab") as stream:
            stream.write(pem)
    return town, folder


@pytest.mark.integration
class TestOpenssl:
    """What OpenSSL says."""

    @pytest.mark.parametrize(
        ("name", "outcome"),
        [
            *((name, "OK") for name in ("town", "resident", "web", "tsa", "ocsp", "ed25519", "p521", "sensor")),
            ("revoked", "certificate revoked"),
            ("expired", "certificate has expired"),
        ],
    )
    def test_chain_and_crls(self, folder, name, outcome):
        options = [
            "-x509_strict",
            "-crl_check_all",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "ca.pem",
            "-CRLfile",
            "crls.pem",
        ]
        done = openssl("verify", *options, f"{name}.pem", folder=folder[1])
        assert outcome in done.stdout + done.stderr
        assert (done.returncode == 0) is (outcome == "OK")

    @pytest.mark.parametrize(("name", "status"), [("town", "good"), ("revoked", "revoked")])
    def test_ocsp(self, folder, name, status):
        town, path = folder
        asked = openssl("ocsp", "-issuer", "ca.pem", "-cert", f"{name}.pem", "-reqout", "req.der", folder=path)
        assert asked.returncode == 0, asked.stderr
        (path / "resp.der").write_bytes(town.ocsp_respond((path / "req.der").read_bytes()))
        options = [
            "-reqin",
            "req.der",
            "-respin",
            "resp.der",
            "-CAfile",
            "root.pem",
            "-verify_other",
            "ca.pem",
            "-no_nonce",
        ]
        done = openssl("ocsp", *options, "-issuer", "ca.pem", "-cert", f"{name}.pem", folder=path)
        assert "Response verify OK" in done.stderr
        assert f"{name}.pem: {status}" in done.stdout
        assert "nonce" not in done.stderr.lower()

    @pytest.mark.parametrize("authority", ["tsa", "tsa-rsa"])
    def test_time_stamps(self, folder, authority):
        town, path = folder
        (path / "data").write_bytes(b"stamp me")
        assert openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "q", folder=path).returncode == 0
        (path / "r").write_bytes(town.tsa_respond((path / "q").read_bytes(), name=authority))
        options = ["-queryfile", "q", "-in", "r", "-CAfile", "root.pem", "-untrusted", "ca.pem"]
        done = openssl("ts", "-verify", *options, folder=path)
        assert done.stdout.strip() == "Verification: OK", done.stderr

    def test_pkcs12(self, folder):
        town, path = folder
        (path / "seal.p12").write_bytes(town.identity("town").pkcs12)
        done = openssl("pkcs12", "-in", "seal.p12", "-passin", "pass:toyono", "-nokeys", "-clcerts", folder=path)
        assert "BEGIN CERTIFICATE" in done.stdout, done.stderr


@pytest.mark.integration
def test_the_server_on_loopback():
    with devpki.Server(port=0) as server:
        with pytest.raises(MisuseError, match=r"devpki\.no-town"):
            server.town  # noqa: B018
        town = server.town = devpki.Town.create(base_url=server.url)
        certificate = town.identity("town").certificate
        (crl_url,), (ocsp_url,), (issuer_url,) = certificate.crl_urls, certificate.ocsp_urls, certificate.issuer_urls
        with urllib.request.urlopen(crl_url, timeout=10) as answer:
            assert answer.headers["Content-Type"] == "application/pkix-crl"
            assert x509.load_der_x509_crl(answer.read()).is_signature_valid(theirs(town.identity("ca")).public_key())
        with urllib.request.urlopen(issuer_url, timeout=10) as answer:
            assert answer.read() == town.ca.der
        with urllib.request.urlopen(ocsp_url, data=request(town, "town"), timeout=10) as answer:
            assert ocsp.load_der_ocsp_response(answer.read()).certificate_status == ocsp.OCSPCertStatus.GOOD
        with pytest.raises(urllib.error.HTTPError, match="413"):
            urllib.request.urlopen(ocsp_url, data=bytes(100_000), timeout=10)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/town.json", timeout=10)


@pytest.mark.integration
def test_a_written_town_is_served(tmp_path):
    devpki.Town.create(NOW).write(tmp_path / "town")
    with (
        devpki.serve(str(tmp_path / "town"), port=0) as server,
        urllib.request.urlopen(f"{server.url}/ca/root.cer", timeout=10) as answer,
    ):
        assert answer.read() == devpki.Town.load(tmp_path / "town").root.der


def test_the_fixture(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_it(toyono_town):\n"
        "    assert (toyono_town.folder / 'trust/anchors/root.pem').is_file()\n"
        "    assert {'root', 'ca', 'town'} <= set(toyono_town.identities)\n"
    )
    arguments = ["-q", "-p", "toyono_trust.devpki.pytest_plugin", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
