"""The one table of algorithms: names, identifiers, verification that never raises."""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core import algorithms
from toyono_trust.core.asn1 import Reader
from toyono_trust.core.catalogue import DIGESTS, signature_rows
from toyono_trust.errors import MalformedError

ROWS = signature_rows()
DATA = b"the register of Toyono"
KEYS: dict[str, Any] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "dsa": dsa.generate_private_key(1024),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed448": ed448.Ed448PrivateKey.generate(),
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate(),
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate(),
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate(),
}


def key_of(name: str) -> Any:
    row = ROWS[name]
    return KEYS[name] if row.digest is None else KEYS["rsa" if row.family == "rsa-pss" else row.family]


def parts(identifier: bytes) -> tuple[str, bytes | None]:
    reader = Reader(identifier)
    members = reader.members(reader.root(), 0x30, 1, 2)
    return reader.oid(members[0]), reader.tlv(members[1]) if len(members) == 2 else None


@pytest.mark.parametrize("name", ROWS)
def test_identifier_is_read_back(name: str) -> None:
    salt = {"rsa-pss": algorithms.digest_size(ROWS[name].digest or "")}.get(ROWS[name].family)
    assert algorithms.read_signature_algorithm(*parts(algorithms.signature_algorithm_identifier(name))) == (name, salt)


@pytest.mark.parametrize("salt", [0, 20, 32, 127, 128, 222, 512])
@pytest.mark.parametrize("name", ["rsa-pss-sha1", "rsa-pss-sha256", "rsa-pss-sha3-512"])
def test_pss_parameters_are_those_a_second_reader_sees(name: str, salt: int) -> None:
    identifier = algorithms.signature_algorithm_identifier(name, salt)
    assert algorithms.read_signature_algorithm(*parts(identifier)) == (name, salt)
    if "sha3" not in name:
        foreign = SignedDigestAlgorithm.load(identifier)
        assert foreign["parameters"]["salt_length"].native == salt
        assert foreign["parameters"]["hash_algorithm"]["algorithm"].native == ROWS[name].digest


@pytest.mark.parametrize("name", [name for name in ROWS if "md5" not in name])  # the primitive makes none with MD5
def test_signature_verifies_and_a_changed_octet_does_not(name: str) -> None:
    key = key_of(name)
    signature = algorithms.sign(name, key, DATA)
    public = key.public_key()
    assert algorithms.verify(name, public, signature, DATA)
    assert not algorithms.verify(name, public, signature, DATA + b"!")
    assert not algorithms.verify(name, public, signature[:-1], DATA)
    assert not algorithms.verify(name, public, b"", DATA)
    row = ROWS[name]
    if row.digest is not None:
        value = algorithms.digest(row.digest, DATA)
        assert algorithms.verify_digest(name, public, signature, value)
        assert not algorithms.verify_digest(name, public, signature, value[::-1])
        assert not algorithms.verify_digest(name, public, signature, value[:-1])


@pytest.mark.parametrize("name", ROWS)
def test_key_of_another_family_is_false(name: str) -> None:
    own = key_of(name)
    for key in KEYS.values():
        if key is not own:
            assert algorithms.verify(name, key.public_key(), b"\x00" * 64, DATA) is False
            assert algorithms.verify_digest(name, key.public_key(), b"\x00" * 64, b"\x00" * 32) is False


@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=300), st.binary(max_size=64), st.integers(-5, 1 << 40))
def test_verify_is_total(name: str, signature: bytes, signed: bytes, salt: int) -> None:
    """Any octets under any algorithm, key and salt length: False, never an error."""
    for key in KEYS.values():
        assert algorithms.verify(name, key.public_key(), signature, signed, salt_length=salt) is False


def test_curve_and_salt_are_enforced() -> None:
    key = KEYS["ecdsa"]
    signature = algorithms.sign("ecdsa-sha256", key, DATA)
    assert algorithms.verify("ecdsa-sha256", key.public_key(), signature, DATA, curve="p256")
    assert not algorithms.verify("ecdsa-sha256", key.public_key(), signature, DATA, curve="p384")
    assert not algorithms.verify("ecdsa-sha384", key.public_key(), signature, DATA)
    pss = algorithms.sign("rsa-pss-sha256", KEYS["rsa"], DATA, salt=20)
    assert algorithms.verify("rsa-pss-sha256", KEYS["rsa"].public_key(), pss, DATA, salt_length=20)
    assert not algorithms.verify("rsa-pss-sha256", KEYS["rsa"].public_key(), pss, DATA)


def test_small_rsa_never_verifies() -> None:
    class Small:
        key_size = 768

        def verify(self, *_: Any) -> None:
            raise AssertionError("a small key is refused before it is used")

    rsa.RSAPublicKey.register(Small)
    assert algorithms.verify("rsa-sha256", Small(), b"", DATA) is False


def test_digest_info_without_null_is_refused() -> None:
    """RFC 8017 A.2.4 has NULL there; EU DSS accepts its absence, the primitive does not, and neither do we."""
    key = KEYS["rsa"]
    numbers = key.private_numbers()
    info = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + algorithms.digest("sha256", DATA)
    block = b"\x00\x01" + b"\xff" * (256 - 3 - len(info)) + b"\x00" + info
    modulus = numbers.public_numbers.n
    signature = pow(int.from_bytes(block, "big"), numbers.d, modulus).to_bytes(256, "big")
    recovered = key.public_key().recover_data_from_signature(signature, padding.PKCS1v15(), None)
    assert recovered == info
    assert not algorithms.verify("rsa-sha256", key.public_key(), signature, DATA)


@pytest.mark.parametrize(
    ("oid", "parameters", "digest", "name"),
    [
        ("1.2.840.113549.1.1.1", b"\x05\x00", "sha256", "rsa-sha256"),
        ("1.2.840.113549.1.1.1", None, "sha3-384", "rsa-sha3-384"),
        ("1.2.840.10045.2.1", None, "sha384", "ecdsa-sha384"),
        ("1.2.840.113549.1.1.1", None, "1.2.3", "1.2.840.113549.1.1.1"),
        ("1.2.840.113549.1.1.11", b"\x30\x00", None, "1.2.840.113549.1.1.11"),
        ("1.2.840.113549.1.1.10", None, None, "1.2.840.113549.1.1.10"),
        ("1.2.840.113549.1.1.10", b"\x30\x00", None, "rsa-pss-sha1"),
        ("1.2.840.113549.1.1.10", b"\x30\x03\xa2\x01\x00", None, "1.2.840.113549.1.1.10"),
        ("1.2.3.4", None, None, "1.2.3.4"),
    ],
)
def test_foreign_identifiers(oid: str, parameters: bytes | None, digest: str | None, name: str) -> None:
    assert algorithms.read_signature_algorithm(oid, parameters, digest)[0] == name


def test_digest_names_go_both_ways() -> None:
    for name in DIGESTS:
        assert algorithms.digest_by_oid(algorithms.digest_oid(name)) == name
        assert algorithms.digest_by_xml(algorithms.digest_xml(name)) == name
        assert len(algorithms.digest(name, b"")) == algorithms.digest_size(name)
    for name in ("sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"):
        assert algorithms.digest_by_jades(algorithms.jades_digest(name)) == name
    assert algorithms.digest_by_oid("1.2.3") == "1.2.3"
    assert algorithms.digest_by_jades("S1") is None
    for call in (algorithms.digest_oid, algorithms.new_hash, algorithms.jades_digest, algorithms.digest_xml):
        with pytest.raises(MalformedError) as caught:
            call("whirlpool")
        assert caught.value.code == "algorithm.unknown-digest"


def test_jwa_names_go_both_ways() -> None:
    for row in ROWS.values():
        if row.jwa:
            assert algorithms.by_jwa(row.jwa) == row
    assert algorithms.by_jwa("Ed25519") == ROWS["ed25519"]
    assert algorithms.by_jwa("none") is None
    assert algorithms.by_jwa("HS256") is None


def test_describe_adds_the_curve() -> None:
    assert algorithms.describe("ecdsa-sha256", KEYS["ecdsa"].public_key()) == "ecdsa-p256-sha256"
    assert algorithms.describe("ed25519", KEYS["ed25519"].public_key()) == "ed25519"
    assert algorithms.key_facts(KEYS["rsa"].public_key()) == ("rsa", 2048, None)
    assert algorithms.key_facts(KEYS["ecdsa"].public_key()) == ("ec", 256, "p256")
    assert algorithms.key_facts(object()) == ("unknown", 0, None)


def test_hash_objects_are_those_of_the_primitives() -> None:
    for name in DIGESTS:
        hasher = hashes.Hash(algorithms._HASHES[name])
        hasher.update(DATA)
        assert hasher.finalize() == algorithms.digest(name, DATA)
