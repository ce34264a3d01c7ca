"""Certificates that other libraries load with warnings or not at all: judged alike, also under ``python -W error``."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hostile_samples import (
    CA,
    FROM,
    PAYLOAD,
    SIGNING,
    TOWN,
    UNTIL,
    Holder,
    attributes,
    certificate,
    codes,
    extension,
    judge,
    name,
    new_trust,
    outcome,
    sealed_with,
    signed_data,
    signer_info,
)

from toyono_trust.core.asn1 import der, integer_der, null, oid_der, sequence, set_of

ISSUER = TOWN.identity("ca").private_key


def _public(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


def _rsa(modulus: int, exponent: int) -> bytes:
    numbers = sequence(integer_der(modulus), integer_der(exponent))
    return sequence(sequence(oid_der("1.2.840.113549.1.1.1"), null()), der(3, b"\0" + numbers))


def _ec(curve: str, point: bytes) -> bytes:
    return sequence(sequence(oid_der("1.2.840.10045.2.1"), oid_der(curve)), der(3, b"\0" + point))


_BARE: dict[str, bytes] = {
    "DSA": _public(dsa.generate_private_key(1024)),
    "X25519": _public(x25519.X25519PrivateKey.generate()),
    "Ed448": _public(ed448.Ed448PrivateKey.generate()),
    "RSA of 512 bits": _rsa((1 << 511) + 187, 65537),
    "RSA of 1 bit": _rsa(1, 1),
    "RSA with an even modulus": _rsa(1 << 2047, 65537),
    "RSA with exponent 1": _rsa((1 << 2048) - 159, 1),
    "RSA with a long exponent": _rsa((1 << 2048) - 159, (1 << 64) + 1),
    "RSA negative": _rsa(-(1 << 2048), 65537),
    "curve of 192 bits": _public(ec.generate_private_key(ec.SECP192R1())),
    "binary curve": _ec("1.3.132.0.1", b"\4" + bytes(42)),
    "unknown curve": _ec("1.2.3.4", b"\4" + bytes(64)),
    "point that is not on its curve": _ec("1.2.840.10045.3.1.7", b"\4" + b"\1" * 64),
    "point at infinity": _ec("1.2.840.10045.3.1.7", b"\0"),
    "key of rubbish": sequence(sequence(oid_der("1.2.840.113549.1.1.1"), null()), der(3, b"\0rubbish")),
}
_EXTENSIONS = ("2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.35", "2.5.29.37")
_EXTENSIONS += ("1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.3")


def _subject(oid: str, tag: int, octets: bytes) -> bytes:
    return sequence(set_of([sequence(oid_der(oid), der(tag, octets))]))


_GIVEN: dict[str, dict[str, Any]] = {
    "negative serial number": {"serial": -5},
    "serial number zero": {"serial": 0},
    "serial number of 40 octets": {"serial": 1 << 319},
    "empty subject": {"subject": sequence()},
    "country of three letters": {"subject": _subject("2.5.4.6", 0x13, b"JPN")},
    "text that is not UTF-8": {"subject": name(b"\xff\xfe")},
    "text of half a character": {"subject": _subject("2.5.4.3", 0x1E, b"\xd8\x00")},
    "unknown critical extension": {"extensions": extension("1.2.3", b"", critical=True)},
    "extensions of rubbish": {"extensions": b"".join(extension(oid, b"\x30\x03\x02\x01") for oid in _EXTENSIONS)},
    "two of one extension": {"extensions": SIGNING + SIGNING},
    "CA with a key to sign with": {"extensions": CA + SIGNING},
    "ends before it begins": {"start": UNTIL, "end": FROM},
    "time in BER": {"start": b"\x17\x0b2601010000Z"},
    "month 13": {"start": b"\x17\x0d261301000000Z"},
    "signature algorithm unknown": {"algorithm": sequence(oid_der("1.2.3.4"))},
    "signature of MD5": {"algorithm": sequence(oid_der("1.2.840.113549.1.1.4"), null())},
    **{label: {"key": key} for label, key in _BARE.items()},
}
ODD = {
    label: certificate(**{"serial": 3, "extensions": SIGNING, "signed_by": ISSUER} | given)
    for label, given in _GIVEN.items()
}
SOUND_ENOUGH = {label for label, given in _GIVEN.items() if {"serial", "subject"} & given.keys()} | {"time in BER"}
"""Odd in what does not decide: RFC 5280 4.1.2.2 wants to see such serial numbers handled; a finding names them."""


def _files(der_of_leaf: bytes) -> list[bytes]:
    """The certificate as the signer's, by DER and by BER, and as one more in the bag."""
    bag = [der_of_leaf, TOWN.ca.der]
    try:
        holder = Holder(der_of_leaf)
    except ValueError:
        return [signed_data([signer_info(attributes(PAYLOAD))], certificates=bag)]
    signed = attributes(PAYLOAD, holder)
    ber = signer_info(list(reversed(signed)), by=holder, sort=False)
    return [
        signed_data([signer_info(signed, by=holder)], certificates=bag),
        signed_data([ber], certificates=bag),
        sealed_with([certificate(1, issuer=name("nobody"))], bag),
    ]


@pytest.mark.parametrize("name_of_odd", ODD)
def test_odd_certificate(name_of_odd: str) -> None:
    # no certificate breaks verify() or makes it warn; what is odd is judged or said
    for data in _files(ODD[name_of_odd]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            report = judge(data, trust=new_trust())
            outcome(report)
        if name_of_odd not in SOUND_ENOUGH:
            assert report.indication != "TOTAL-PASSED", codes(report)


_PROGRAM = """
import pathlib, sys, warnings
from datetime import datetime, timezone
from toyono_trust import TrustStore, verify
trust = TrustStore.load(pathlib.Path(sys.argv[1]))
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    report = verify(path, trust=trust, at=datetime(2026, 11, 1, 11, tzinfo=timezone.utc))
    print(path.name, report.log_line())
"""


@pytest.mark.integration
def test_the_same_under_warnings_as_errors(tmp_path: Path) -> None:
    # ``python -W error`` gives the same verdicts, and neither run warns
    trust = tmp_path / "trust"
    for path, data in TOWN.trust_files.items():
        (trust / path).parent.mkdir(parents=True, exist_ok=True)
        (trust / path).write_bytes(data)
    files = tmp_path / "files"
    files.mkdir()
    for number, odd in enumerate(ODD.values()):
        for turn, data in enumerate(_files(odd)):
            (files / f"{number:02}-{turn}").write_bytes(data)
    outputs = []
    for options in ([], ["-W", "error"], ["-W", "always"]):
        command = [sys.executable, *options, "-c", _PROGRAM, str(trust), str(files)]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert (run.returncode, run.stderr) == (0, "")
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1] == outputs[2]
    assert len(outputs[0].splitlines()) == len(list(files.iterdir()))


def test_key_that_is_none() -> None:
    # a signature by a key that cannot be loaded is undecided, and the finding says why
    report = judge(_files(ODD["unknown curve"])[0], trust=new_trust())
    assert "signature.key-unreadable" in codes(report)
    assert report.signatures[0].signature_intact is None
