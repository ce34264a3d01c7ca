"""``Signer`` over keys in files and in memory: what opens, what is refused, and that nothing leaks."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from made_keys import Pair, der, issue, pem
from toyono_trust.core import algorithms
from toyono_trust.core.canonical import b64_encode
from toyono_trust.core.findings import keys as findings
from toyono_trust.errors import MisuseError
from toyono_trust.keys.signer import Signer, SignerLike
from toyono_trust.steps import Steps, World, run

WORLD = World(lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), lambda size: bytes(size), lambda: 0.0)
CODES = {entry.code for entry in findings.ENTRIES}


def signed(signer: SignerLike, data: bytes, algorithm: str) -> bytes:
    steps: Steps[bytes] = signer.sign_steps(data, algorithm)
    return run(steps, WORLD)


def works(signer: SignerLike) -> bool:
    """Every algorithm that a signer offers makes values that its certificate verifies, over this data alone."""
    for algorithm in signer.algorithms:
        value = signed(signer, b"data", algorithm)
        if not algorithms.verify(algorithm, signer.certificate.public_key, value, b"data"):
            return False
        if algorithms.verify(algorithm, signer.certificate.public_key, value, b"Data"):
            return False
    return bool(signer.algorithms)


def refusal(uri: str, secret: Any = None, **options: Any) -> MisuseError:
    with pytest.raises(MisuseError) as caught:
        Signer.open(uri, secret, **options)
    assert caught.value.code in CODES
    assert caught.value.hint
    return caught.value


def write(path: Path, *parts: bytes) -> Path:
    path.write_bytes(b"".join(parts))
    return path


def p12(pair: Pair, password: bytes | None, certificate: bool = True) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    own = pair.certificate if certificate else None
    return pkcs12.serialize_key_and_certificates(b"name", pair.key, own, pair.issuers, encryption)


def pem_of(*certificates: Any) -> bytes:
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


KINDS = ["rsa2048", "p256", "p384", "p521", "ed25519"]
FIRST = {
    "rsa2048": ("rsa-sha256", "rsa-pss-sha256"),
    "p256": ("ecdsa-sha256",),
    "p384": ("ecdsa-sha384",),
    "p521": ("ecdsa-sha512",),
    "ed25519": ("ed25519",),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_opens_from_every_kind_of_file(kind: str, pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs[kind]
    everything = pem(pair.key) + pem_of(pair.certificate, *pair.issuers)
    opened = [
        Signer.open(f"pkcs12:{write(tmp_path / 'a.p12', p12(pair, b'toyono'))}", "toyono"),
        Signer.open(f"pem:{write(tmp_path / 'a.pem', everything)}"),
        Signer.open(f"jwk:{write(tmp_path / 'a.jwk', jwk(pair))}"),
        Signer.from_key(pair.key, der(pair.certificate), [der(pair.issuers[0])]),
    ]
    for signer in opened:
        assert isinstance(signer, SignerLike)
        assert signer.certificate.der == der(pair.certificate)
        assert [one.der for one in signer.chain] == [der(pair.issuers[0])]
        assert signer.algorithms[: len(FIRST[kind])] == FIRST[kind]
        assert works(signer)


def jwk(pair: Pair, **members: Any) -> bytes:
    from jwcrypto.jwk import JWK

    key = json.loads(JWK.from_pem(pem(pair.key)).export_private())
    key |= {"x5c": [b64_encode(der(one)) for one in (pair.certificate, *pair.issuers)], "use": "sig"}
    return json.dumps(key | members).encode()


def test_ml_dsa_65_signs_where_the_machine_knows_it(tmp_path: Path) -> None:
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    key = mldsa.MLDSA65PrivateKey.generate()
    certificate = issue(key.public_key(), "ml-dsa", "ml-dsa", key)
    signer = Signer.open(f"pem:{write(tmp_path / 'a.pem', pem(key), pem_of(certificate))}")
    assert signer.algorithms == ("ml-dsa-65",)
    assert works(signer)
    weaker = mldsa.MLDSA44PrivateKey.generate()
    other = issue(weaker.public_key(), "ml-dsa", "ml-dsa", weaker)
    with pytest.raises(MisuseError, match=r"signer\.unsupported"):
        Signer.from_key(weaker, der(other))


def test_a_separate_key_file_and_both_forms_of_pem_encryption(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs["rsa2048"]
    certificates = write(tmp_path / "c.pem", pem_of(*reversed(pair.issuers), pair.certificate))
    legacy = pair.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(b"pw"),
    )
    for octets in (pem(pair.key, b"pw"), legacy):
        key = write(tmp_path / "k.pem", octets)
        signer = Signer.open(f"pem:{certificates}?key={key}", lambda: "pw")
        assert signer.certificate.der == der(pair.certificate)
        assert [one.der for one in signer.chain] == [der(pair.issuers[0])]
        assert refusal(f"pem:{certificates}?key={key}").code == "signer.secret-missing"
        assert refusal(f"pem:{certificates}?key={key}", "no").code == "signer.wrong-secret"


def test_a_secret_is_asked_for_only_where_it_is_needed(pairs: dict[str, Pair], tmp_path: Path) -> None:
    asked = []

    def ask() -> bytes:
        asked.append(1)
        return b"pw"

    pair = pairs["p256"]
    Signer.open(f"pem:{write(tmp_path / 'a.pem', pem(pair.key), pem_of(pair.certificate))}", ask)
    Signer.open(f"pkcs12:{write(tmp_path / 'b.p12', p12(pair, None))}", ask)
    Signer.open(f"jwk:{write(tmp_path / 'c.jwk', jwk(pair))}", ask)
    assert not asked
    Signer.open(f"pkcs12:{write(tmp_path / 'd.p12', p12(pair, b'pw'))}", ask)
    assert asked == [1]


def test_wrong_missing_and_needless_secrets_are_told_apart(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs["p256"]
    closed = write(tmp_path / "closed.p12", p12(pair, b"pw"))
    plain = write(tmp_path / "open.p12", p12(pair, None))
    assert refusal(f"pkcs12:{closed}", "no").code == "signer.wrong-secret"
    assert refusal(f"pkcs12:{closed}", lambda: "no").code == "signer.wrong-secret"
    assert refusal(f"pkcs12:{closed}").code == "signer.secret-missing"
    assert refusal(f"pkcs12:{plain}", "pw").code == "signer.not-encrypted"
    open_pem = write(tmp_path / "open.pem", pem(pair.key), pem_of(pair.certificate))
    assert refusal(f"pem:{open_pem}", "pw").code == "signer.not-encrypted"
    assert refusal(f"jwk:{write(tmp_path / 'a.jwk', jwk(pair))}", "pw").code == "signer.not-encrypted"
    assert refusal(f"pkcs12:{closed}", 5).code == "signer.bad-secret"
    assert refusal(f"pkcs12:{closed}", lambda: 5).code == "signer.bad-secret"


def test_what_is_missing_or_double_is_named(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair, other = pairs["p256"], pairs["p384"]
    only_certificates = write(tmp_path / "c.pem", pem_of(pair.certificate))
    assert refusal(f"pem:{only_certificates}").code == "signer.no-private-key"
    two = write(tmp_path / "two.pem", pem(pair.key), pem(other.key), pem_of(pair.certificate))
    assert refusal(f"pem:{two}").code == "signer.several-keys"
    assert refusal(f"pem:{write(tmp_path / 'k.pem', pem(pair.key))}").code == "signer.no-certificate"
    mismatch = write(tmp_path / "m.pem", pem(pair.key), pem_of(other.certificate))
    assert refusal(f"pem:{mismatch}").code == "signer.key-mismatch"
    no_key = pkcs12.serialize_key_and_certificates(b"", None, pair.certificate, None, serialization.NoEncryption())
    assert refusal(f"pkcs12:{write(tmp_path / 'n.p12', no_key)}").code == "signer.no-private-key"
    with pytest.raises(MisuseError, match=r"signer\.key-mismatch"):
        Signer.from_key(pair.key, der(other.certificate))
    with pytest.raises(FileNotFoundError):
        Signer.open(f"pem:{tmp_path / 'absent.pem'}")
    with pytest.raises(FileNotFoundError):
        Signer.open(f"pem:{only_certificates}?key={tmp_path / 'absent.pem'}")


def test_after_a_renewal_the_younger_certificate_is_taken(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair, sub = pairs["p256"], ec.generate_private_key(ec.SECP256R1())
    old, new = (issue(pair.key.public_key(), "x", "sub", sub, days=days) for days in (1, 2))
    for order in ((old, new), (new, old)):
        signer = Signer.open(f"pem:{write(tmp_path / 'a.pem', pem(pair.key), pem_of(*order))}")
        assert signer.certificate.der == der(new)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "signer.weak-key"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "signer.unsupported"),
        (lambda: dsa.generate_private_key(1024), "signer.unsupported"),
        (ed448.Ed448PrivateKey.generate, "signer.unsupported"),
    ],
)
def test_weak_and_foreign_keys_are_refused(make: Any, code: str, pairs: dict[str, Pair], tmp_path: Path) -> None:
    key = make()
    certificate = issue(key.public_key(), "x", "sub", pairs["p256"].key)
    assert refusal(f"pem:{write(tmp_path / 'a.pem', pem(key), pem_of(certificate))}").code == code


@pytest.mark.parametrize("uri", ["", "town.p12", "p12:x", "PKCS12:x", "http://example.com/key", "csc+https:x"])
def test_an_unknown_address_is_refused(uri: str) -> None:
    assert refusal(uri).code == "signer.bad-uri"


@pytest.mark.parametrize("scheme", ["pkcs12", "pem", "jwk"])
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b'{"keys":[{"d":1}]}', b"\x30\x03\x02\x01\x03"]))
def test_any_file_is_a_key_or_a_typed_refusal(
    scheme: str, data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Invariant: any bytes as a key file raise a MisuseError with a code of the table, and nothing else."""
    path = write(tmp_path_factory.getbasetemp() / f"any.{scheme}", data)
    refusal(f"{scheme}:{path}")
    refusal(f"{scheme}:{path}", "secret")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_never_opens_with_another_key(
    data: st.DataObject, pairs: dict[str, Pair], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Invariant: one changed octet is a typed refusal or the very same certificate and a working key."""
    pair = pairs["p256"]
    scheme, octets = data.draw(
        st.sampled_from([("jwk", jwk(pair)), ("pem", pem(pair.key) + pem_of(pair.certificate))]), "file"
    )
    place = data.draw(st.integers(0, len(octets) - 1))
    damaged = octets[:place] + bytes([octets[place] ^ data.draw(st.integers(1, 255))]) + octets[place + 1 :]
    path = write(tmp_path_factory.getbasetemp() / "damaged", damaged)
    code = ""
    try:
        signer = Signer.open(f"{scheme}:{path}")
    except MisuseError as error:
        code = error.code
    assert code in CODES or works(signer)


def test_jwk_sets_select_by_kid_and_open_when_encrypted(pairs: dict[str, Pair], tmp_path: Path) -> None:
    from jwcrypto.jwe import JWE
    from jwcrypto.jwk import JWK

    keys = [json.loads(jwk(pairs[name], kid=name)) for name in ("p256", "ed25519")]
    both = write(tmp_path / "set.jwk", json.dumps({"keys": keys}).encode())
    assert refusal(f"jwk:{both}").code == "signer.several-keys"
    assert Signer.open(f"jwk:{both}?kid=ed25519").algorithms == ("ed25519",)
    assert refusal(f"jwk:{both}?kid=other").code == "signer.no-private-key"
    header = json.dumps({"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256"})
    token = JWE(json.dumps(keys[0]).encode(), header)
    token.add_recipient(JWK.from_password("pw"))
    closed = write(tmp_path / "closed.jwk", token.serialize(compact=True).encode())
    assert works(Signer.open(f"jwk:{closed}", "pw"))
    assert refusal(f"jwk:{closed}").code == "signer.secret-missing"
    assert refusal(f"jwk:{closed}", "no").code == "signer.wrong-secret"


def test_keys_not_meant_for_signatures_are_refused(pairs: dict[str, Pair], tmp_path: Path) -> None:
    for members in ({"use": "enc"}, {"key_ops": ["verify"]}):
        path = write(tmp_path / "a.jwk", jwk(pairs["p256"], **members))
        assert refusal(f"jwk:{path}").code == "signer.unsupported"
    symmetric = write(tmp_path / "b.jwk", b'{"kty":"oct","k":"AAAA","d":"AAAA"}')
    assert refusal(f"jwk:{symmetric}").code == "signer.unsupported"
    assert refusal(f"jwk:{write(tmp_path / 'c.jwk', jwk(pairs['p256'], x5c=[]))}").code == "signer.no-certificate"


def test_kind_is_for_certificates_that_do_not_say(pairs: dict[str, Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pairs["p256"]
    plain = Signer.from_key(pair.key, der(pair.certificate))
    assert plain.kind == plain.certificate.kind == "unknown"
    said = Signer.from_key(pair.key, der(pair.certificate), kind="legal-person")
    assert (said.kind, said.certificate.kind) == ("legal-person", "unknown")
    with pytest.raises(MisuseError, match=r"signer\.bad-kind"):
        Signer.from_key(pair.key, der(pair.certificate), kind="website")  # type: ignore[arg-type]
    monkeypatch.setattr(type(plain.certificate), "kind", "natural-person")
    with pytest.raises(MisuseError, match=r"signer\.kind-contradicts"):
        Signer.from_key(pair.key, der(pair.certificate), kind="legal-person")


def test_a_signer_shows_its_subject_and_gives_nothing_away(pairs: dict[str, Pair], tmp_path: Path) -> None:
    path = write(tmp_path / "a.p12", p12(pairs["p256"], b"hush-hush"))
    signer = Signer.open(f"pkcs12:{path}", "hush-hush")
    assert repr(signer) == str(signer) == "<Signer CN=p256>"
    for move in (pickle.dumps, copy.copy, copy.deepcopy, lambda it: it.__getstate__()):
        with pytest.raises(MisuseError, match=r"signer\.not-movable"):
            move(signer)
    assert not hasattr(signer, "__dict__")
    wrong = refusal(f"pkcs12:{path}", "hush-hush-not")
    assert "hush" not in f"{wrong!r} {wrong} {wrong.__cause__!r}"


def test_an_algorithm_that_the_key_lacks_is_refused_before_the_key_is_used(pairs: dict[str, Pair]) -> None:
    signer = Signer.from_key(pairs["p256"].key, der(pairs["p256"].certificate))
    for algorithm in ("rsa-sha256", "ecdsa-sha1", "ed25519", "none", ""):
        with pytest.raises(MisuseError, match=r"signer\.unsupported-algorithm"):
            next(signer.sign_steps(b"", algorithm))
        with pytest.raises(MisuseError, match=r"signer\.unsupported-algorithm"):
            next(signer.sign_digest_steps(bytes(32), algorithm))


@pytest.mark.parametrize("kind", FIRST)
def test_a_digest_is_signed_as_its_data(kind: str, pairs: dict[str, Pair]) -> None:
    signer = Signer.from_key(pairs[kind].key, der(pairs[kind].certificate))
    for algorithm in signer.algorithms:
        row = algorithms.by_name(algorithm)
        assert row is not None
        name = row.digest or "sha512"
        value = run(signer.sign_digest_steps(algorithms.digest(name, b"data"), algorithm), WORLD)
        if row.digest is None:
            assert value is None
            continue
        assert value is not None
        assert algorithms.verify(algorithm, signer.certificate.public_key, value, b"data")
        assert not algorithms.verify(algorithm, signer.certificate.public_key, value, b"Data")
        with pytest.raises(MisuseError, match=r"argument\.type"):
            next(signer.sign_digest_steps(bytes(20), algorithm))


def test_importing_loads_neither_jwcrypto_nor_pkcs11() -> None:
    script = (
        "import sys, toyono_trust.keys.signer; print({m.split('.')[0] for m in sys.modules} & {'jwcrypto', 'pkcs11'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
