"""``Signer`` over a real SoftHSM2 token made for the run: every kind of key, forks, resets, PINs, addresses."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from made_keys import Pair, der, issue, pem
from toyono_trust.core import algorithms
from toyono_trust.core.findings import keys as findings
from toyono_trust.errors import MisuseError, TrustError, UnavailableError
from toyono_trust.keys import pkcs11 as ours
from toyono_trust.keys.pkcs11_uri import parse_uri
from toyono_trust.keys.signer import Signer
from toyono_trust.steps import World, run

PIN = "1234"
KINDS = ["rsa2048", "p256", "p384", "p521", "ed25519"]
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
WORLD = World(lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), lambda size: bytes(size), lambda: 0.0)


def missing(reason: str) -> None:
    if os.environ.get("TOYONO_REQUIRE_CORPUS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class Token:
    """A SoftHSM2 token in a folder of its own."""

    def __init__(self, module: str, folder: Path) -> None:
        self.module = module
        self.folder = folder
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        self.new("town")

    def new(self, label: str) -> None:
        self.util("--init-token", "--free", "--label", label, "--so-pin", "9876", "--pin", PIN)

    def util(self, *arguments: str) -> None:
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)

    def put(self, number: int, label: str, pair: Pair, token: str = "town") -> None:
        """Import key and certificates under one id."""
        import pkcs11

        path = self.folder / "key.pem"
        path.write_bytes(pem(pair.key))
        name = ["--token", token, "--label", label, "--id", f"{number:02x}", "--pin", PIN]
        self.util("--import", str(path), *name)
        library = pkcs11.lib(self.module)
        library.reinitialize()  # SoftHSM2 looks for tokens when it is initialised
        with library.get_token(token_label=token).open(rw=True, user_pin=PIN) as session:
            for place, certificate in enumerate([pair.certificate, *pair.issuers]):
                session.create_object(
                    {
                        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                        pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                        pkcs11.Attribute.TOKEN: True,
                        pkcs11.Attribute.ID: bytes([number if place == 0 else 200 + place]),
                        pkcs11.Attribute.SUBJECT: certificate.subject.public_bytes(),
                        pkcs11.Attribute.VALUE: der(certificate),
                    }
                )

    def uri(self, label: str, token: str = "town") -> str:
        return f"pkcs11:token={token};object={label}?module-path={self.module}"


@pytest.fixture(scope="module")
def token(pairs: dict[str, Pair], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        missing("SoftHSM2 (softhsm2-util and its module) is not installed")
    assert module is not None
    before = os.environ.get("SOFTHSM2_CONF")
    made = Token(module, tmp_path_factory.mktemp("softhsm"))
    for number, kind in enumerate(KINDS, 1):
        made.put(number, kind, pairs[kind])
    yield made
    if before is None:
        os.environ.pop("SOFTHSM2_CONF")
    else:
        os.environ["SOFTHSM2_CONF"] = before


pytestmark = pytest.mark.integration


def signed(signer: Signer, data: bytes, algorithm: str) -> bytes:
    return run(signer.sign_steps(data, algorithm), WORLD)


def works(signer: Signer, data: bytes = b"data") -> bool:
    return all(
        algorithms.verify(name, signer.certificate.public_key, signed(signer, data, name), data)
        for name in signer.algorithms
    )


def refusal(uri: str, secret: Any = None) -> TrustError:
    with pytest.raises(TrustError) as caught:
        Signer.open(uri, secret)
    assert caught.value.code in {entry.code for entry in findings.ENTRIES}
    assert caught.value.hint
    assert PIN not in f"{caught.value} {caught.value!r}"
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_in_the_token_signs(kind: str, token: Token, pairs: dict[str, Pair]) -> None:
    signer = Signer.open(token.uri(kind), PIN)
    assert signer.certificate.der == der(pairs[kind].certificate)
    assert [one.der for one in signer.chain] == [der(pairs[kind].issuers[0])]
    assert signer.algorithms == Signer.from_key(pairs[kind].key, der(pairs[kind].certificate)).algorithms
    assert works(signer)
    assert works(signer, b"")
    assert works(signer, bytes(100_000))
    assert repr(signer) == f"<Signer CN={kind}>"
    assert PIN not in repr(signer._sign)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_in_the_token_signs_digests(kind: str, token: Token) -> None:
    signer = Signer.open(token.uri(kind), PIN)
    for algorithm in signer.algorithms:
        row = algorithms.by_name(algorithm)
        assert row is not None
        digest = algorithms.digest(row.digest or "sha512", b"data")
        value = run(signer.sign_digest_steps(digest, algorithm), WORLD)
        assert (value is None) is (row.digest is None)
        assert value is None or algorithms.verify(algorithm, signer.certificate.public_key, value, b"data")


def test_a_token_that_hashes_by_itself_signs_no_digest(token: Token) -> None:
    """The same token without the mechanisms that take a digest."""
    (token.folder / "hashing.conf").write_text(
        (token.folder / "softhsm2.conf").read_text() + "slots.mechanisms = CKM_SHA256_RSA_PKCS\n"
    )
    script = f"""
        from toyono_trust.core import algorithms
        from toyono_trust.keys.signer import Signer
        from toyono_trust.steps import World, run
        world = World(lambda: None, bytes, lambda: 0.0)
        signer = Signer.open({token.uri("rsa2048")!r}, {PIN!r})
        (name,) = signer.algorithms
        assert run(signer.sign_digest_steps(algorithms.digest("sha256", b"data"), name), world) is None
        value = run(signer.sign_steps(b"data", name), world)
        print(name, algorithms.verify(name, signer.certificate.public_key, value, b"data"))
    """
    shown = alone(script, SOFTHSM2_CONF=str(token.folder / "hashing.conf"))
    assert shown.split() == ["rsa-sha256", "True"]


def test_a_key_is_found_by_id_serial_and_model_too(token: Token) -> None:
    import pkcs11

    facts = pkcs11.lib(token.module).get_token(token_label="town")
    where = (
        f"serial={facts.serial.decode().strip()};model={facts.model.replace(' ', '%20')};slot-id={facts.slot.slot_id}"
    )
    signer = Signer.open(f"pkcs11:{where};id=%02;type=private?module-path={token.module}", PIN)
    assert signer.algorithms[0] == "ecdsa-sha256"
    assert works(signer)


def test_the_pin_is_asked_for_once_and_only_where_it_is_needed(token: Token) -> None:
    """In a process of its own, because a login belongs to the whole process."""
    script = f"""
        from toyono_trust.errors import TrustError
        from toyono_trust.keys.signer import Signer
        asked = []
        def refused(secret):
            try:
                Signer.open({token.uri("p256")!r}, secret)
            except TrustError as error:
                return error.code
        assert refused(None) == "signer.secret-missing"
        assert refused("0000") == "signer.wrong-secret"
        assert refused(b"\\xff\\xfe") == "signer.bad-secret"
        Signer.open({token.uri("p256")!r}, lambda: asked.append(1) or {PIN!r})
        assert asked == [1]
        Signer.open({token.uri("p384")!r}, lambda: asked.append(2))
        assert asked == [1]
    """
    alone(script)


def alone(script: str, **environment: str) -> str:
    lines = "\n".join(line.removeprefix("        ") for line in script.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, env=os.environ | environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_pin_file_is_read_where_others_cannot_read_it(token: Token) -> None:
    path = token.folder / "pin"
    path.write_text(f"{PIN}\n")
    path.chmod(0o600)
    script = f"""
        from toyono_trust.keys.signer import Signer
        print(Signer.open({token.uri("p256") + f"&pin-source=file:{path}"!r}))
    """
    assert alone(script).strip() == "<Signer CN=p256>"
    path.chmod(0o644)
    script = f"""
        from toyono_trust.keys.signer import Signer
        try:
            Signer.open({token.uri("p256") + f"&pin-source={path}"!r})
        except ValueError as error:
            print(error.code)
    """
    assert alone(script).strip() == "signer.bad-uri"


def test_a_fork_opens_the_session_anew(token: Token) -> None:
    """Parent and child sign with the same Signer, several threads in the parent being in the middle of signing."""
    signer = Signer.open(token.uri("p256"), PIN)
    other = Signer.open(token.uri("rsa2048"), PIN)
    assert works(signer)
    stop = threading.Event()
    busy = [threading.Thread(target=lambda: [works(signer) for _ in iter(stop.is_set, True)]) for _ in range(2)]
    for thread in busy:
        thread.start()
    try:
        for _ in range(3):
            child = os.fork()
            if child == 0:
                fine = False
                try:
                    fine = works(signer) and works(other) and works(Signer.open(token.uri("ed25519"), PIN))
                finally:
                    os._exit(0 if fine else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        for thread in busy:
            thread.join()
    assert works(signer)


def test_a_token_reset_is_survived_once_per_signature(token: Token) -> None:
    import pkcs11

    signer, other = Signer.open(token.uri("p256"), PIN), Signer.open(token.uri("rsa2048"), PIN)
    for _ in range(2):
        pkcs11.lib(token.module).reinitialize()  # every session and login is gone
        assert works(signer)
        assert works(other)
    pkcs11.lib(token.module).finalize()  # CKR_CRYPTOKI_NOT_INITIALIZED
    assert works(signer)
    assert works(other)


def test_a_logout_by_somebody_else_is_survived(token: Token) -> None:
    import pkcs11

    signer = Signer.open(token.uri("p256"), PIN)
    somebody = pkcs11.lib(token.module).get_token(token_label="town")
    pkcs11.lib(token.module).reinitialize()
    somebody.open(user_pin=PIN).close()  # which logs the whole process out
    assert works(signer)
    for session in ours._process.logins.values():
        session.close()
    assert works(signer)


def test_a_token_that_is_gone_is_unavailable_and_comes_back(token: Token, pairs: dict[str, Pair]) -> None:
    import pkcs11

    token.new("short-lived")
    token.put(1, "seal", pairs["p256"], token="short-lived")
    signer = Signer.open(token.uri("seal", "short-lived"), PIN)
    assert works(signer)
    hidden = token.folder / "hidden"
    (token.folder / "tokens").rename(hidden)
    (token.folder / "tokens").mkdir()
    pkcs11.lib(token.module).reinitialize()
    with pytest.raises(UnavailableError, match=r"signer\.token-unavailable") as caught:
        signed(signer, b"data", "ecdsa-sha256")
    assert caught.value.retryable
    (token.folder / "tokens").rmdir()
    hidden.rename(token.folder / "tokens")
    pkcs11.lib(token.module).reinitialize()
    assert works(signer)


def test_a_pin_changed_behind_our_back_is_tried_once_and_never_again(token: Token, pairs: dict[str, Pair]) -> None:
    """The token would lock otherwise."""
    import pkcs11

    token.new("changed")
    token.put(1, "seal", pairs["p256"], token="changed")
    signer = Signer.open(token.uri("seal", "changed"), PIN)
    with pkcs11.lib(token.module).get_token(token_label="changed").open(rw=True) as session:
        session.set_pin(PIN, "5678")
    pkcs11.lib(token.module).reinitialize()
    for _ in range(2):
        with pytest.raises(MisuseError, match=r"signer\.wrong-secret"):
            signed(signer, b"data", "ecdsa-sha256")


def test_many_threads_share_one_signer(token: Token) -> None:
    signers = [Signer.open(token.uri(kind), PIN) for kind in ("p256", "rsa2048")]

    def one(number: int) -> bool:
        signer, data = signers[number % 2], str(number).encode()
        name = signer.algorithms[0]
        return algorithms.verify(name, signer.certificate.public_key, signed(signer, data, name), data)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(200)))


def test_what_does_not_fit_is_named(token: Token, pairs: dict[str, Pair]) -> None:
    assert refusal(token.uri("p256", "no-such"), PIN).code == "signer.no-token"
    assert refusal(token.uri("no-such"), PIN).code == "signer.no-private-key"
    assert refusal(f"pkcs11:token=town?module-path={token.module}", PIN).code == "signer.several-keys"
    assert refusal("pkcs11:token=town?module-path=/nowhere/module.so", PIN).code == "signer.bad-module"
    assert refusal(f"pkcs11:token=town?module-path={__file__}", PIN).code == "signer.bad-module"


def test_a_certificate_of_another_key_is_refused(token: Token, pairs: dict[str, Pair]) -> None:
    token.new("mixed")
    sub = ec.generate_private_key(ec.SECP256R1())
    wrong = issue(pairs["p384"].key.public_key(), "wrong", "sub", sub)
    for number, kind in enumerate(("p256", "rsa2048", "ed25519"), 1):
        token.put(number, kind, Pair(pairs[kind].key, wrong), token="mixed")
        assert refusal(token.uri(kind, "mixed"), PIN).code == "signer.key-mismatch"


def test_certificates_that_the_token_lacks_come_from_a_file(token: Token, pairs: dict[str, Pair]) -> None:
    import pkcs11

    token.new("bare")
    path = token.folder / "bare.pem"
    path.write_bytes(pem(pairs["p256"].key))
    name = ["--token", "bare", "--label", "seal", "--id", "01", "--pin", PIN]
    token.util("--import", str(path), *name)
    pkcs11.lib(token.module).reinitialize()
    assert refusal(token.uri("seal", "bare"), PIN).code == "signer.no-certificate"
    chain = token.folder / "chain.pem"
    entries = [pairs["p256"].certificate, *pairs["p256"].issuers]
    chain.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in entries))
    signer = Signer.open(token.uri("seal", "bare") + f"&x-certificates={chain}", PIN)
    assert [one.der for one in signer.chain] == [der(pairs["p256"].issuers[0])]
    assert works(signer)


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:",
        "pkcs11:token=town",
        "pkcs11:token=town?module-path=libsofthsm2.so",
        "pkcs11:token=town?module-path=/m.so&pin-value=1234",
        "pkcs11:token=town?module-path=/m.so&pin-source=|id",
        "pkcs11:token=town?module-path=/m.so&pin-source=pin",
        "pkcs11:token=town?module-path=/m.so&pin-source=https://example.com/pin",
        "pkcs11:token=town?module-name=softhsm2",
        "pkcs11:token=town;token=other?module-path=/m.so",
        "pkcs11:token?module-path=/m.so",
        "pkcs11:type=cert?module-path=/m.so",
        "pkcs11:library-version=3?module-path=/m.so",
        "pkcs11:token=town?module-path=/m%00.so",
    ],
)
def test_unsafe_and_unknown_addresses_are_refused(uri: str) -> None:
    with pytest.raises(MisuseError, match=r"signer\.bad-uri") as caught:
        parse_uri(uri)
    assert PIN not in str(caught.value)


def test_addresses_are_decoded() -> None:
    uri = parse_uri(
        "pkcs11:token=My%20town;object=%E7%94%BA;id=%01%ff?module-path=/usr/lib/m.so&pin-source=file:/run/pin"
    )
    assert uri.token == {"token": "My town"}
    assert (uri.label, uri.id) == ("町", b"\x01\xff")
    assert (str(uri.module), str(uri.pin_file)) == ("/usr/lib/m.so", "/run/pin")


def test_without_the_package_the_hint_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MisuseError, match=r"pip install toyono-trust\[pkcs11\]"):
        Signer.open("pkcs11:token=town?module-path=/m.so", PIN)
