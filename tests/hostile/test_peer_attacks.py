"""What a hostile peer tried: floods that cost more than they weigh, keys that fit everything, names that command."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hostile_samples import (
    ECDSA_SHA256,
    FROM,
    PAYLOAD,
    SEAL,
    SIGNING,
    TOWN,
    UNTIL,
    Holder,
    attributes,
    certificate,
    codes,
    judge,
    name,
    new_trust,
    sealed_with,
    signed_data,
    signer_info,
)

from toyono_trust.core import algorithms
from toyono_trust.core.asn1 import Reader, der, explicit, integer_der, octet_string, oid_der, sequence, set_of
from toyono_trust.edge.console import json_line
from toyono_trust.edge.main import toyono_trust, toyono_verify
from toyono_trust.errors import MisuseError
from toyono_trust.keys.files import read_pem_certificates
from toyono_trust.net.addresses import is_public
from toyono_trust.pki import link
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.points import MAX_POINTS, read_points
from toyono_trust.pki.trustfiles import read_items, read_packed
from toyono_trust.pki.trusttoml import read_trust_toml
from toyono_trust.sources import write_whole
from toyono_trust.validation.policy import MAX_ENDS, Policy

CA_KEY = TOWN.identity("ca").private_key
OCSP_IN_CMS = oid_der("1.3.6.1.5.5.7.16.2")


# -- floods


def _long_name(number: int, count: int) -> bytes:
    return sequence(*[set_of([sequence(oid_der("2.5.4.3"), der(0x0C, b"%06d" % number))]) for _ in range(count)])


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of names that are read for comparison from now on."""
    seen: list[int] = []
    plain = link.read_name

    def counting(octets: bytes) -> Any:
        seen.append(len(octets))
        return plain(octets)

    monkeypatch.setattr(link, "read_name", counting)
    return seen


def test_long_names(monkeypatch: pytest.MonkeyPatch) -> None:
    # names that are longer than any real one are not read again and again for every signature and every list
    bag = [certificate(n, subject=_long_name(n, 300), issuer=_long_name(n + 500, 300)) for n in range(1, 60)]
    lists = [
        sequence(
            sequence(integer_der(1), ECDSA_SHA256, _long_name(n, 300), FROM, UNTIL),
            ECDSA_SHA256,
            der(3, b"\0\x30\x06\x02\x01\x01\x02\x01\x01"),
        )
        for n in range(60)
    ]
    signers = [signer_info(attributes(PAYLOAD)) for _ in range(20)]
    seen = _reads(monkeypatch)
    judge(signed_data(signers, certificates=[SEAL.certificate.der, *bag], crls=lists), trust=new_trust())
    assert all(length <= link.MAX_NAME for length in seen)
    assert len(seen) < 100


def test_names_are_remembered_small() -> None:
    # what is remembered of a name from a file is a digest, whatever the name's size; names still match as before
    first, second = name("Toyono  Town"), name("TOYONO TOWN")
    assert len(link.name_key(_long_name(1, 50))) == 33
    assert link.names_match(first, second)
    assert not link.names_match(first, name("Toyono Tow"))


def _ocsp(statements: int, certificates: int, responder: bytes | None = None) -> bytes:
    reader = Reader(TOWN.ca.public_key_der)
    key = reader.bits(reader.members(reader.root(), 0x30, 2, 2)[1])
    hashes = [octet_string(hashlib.sha1(item, usedforsecurity=False).digest()) for item in (TOWN.ca.subject_der, key)]
    time = der(0x18, b"20261101093000Z")
    identifier = sequence(sequence(oid_der("1.3.14.3.2.26")), *hashes, integer_der(SEAL.certificate.serial))
    status = sequence(identifier, der(0x80), time, explicit(0, der(0x18, b"20261201093000Z")))
    data = sequence(explicit(1, name("x")), time, sequence(*[status] * statements))
    bag = [certificate(n, subject=name("c"), issuer=name("d")) for n in range(certificates)]
    value = b"\x30\x06\x02\x01\x01\x02\x01\x01"
    if responder is not None:
        bag, value = [responder], algorithms.sign("ecdsa-sha256", SEAL.private_key, data)
    basic = sequence(data, ECDSA_SHA256, der(3, b"\0" + value), explicit(0, sequence(*bag)) if bag else b"")
    bytes_of = explicit(0, sequence(oid_der("1.3.6.1.5.5.7.48.1.1"), octet_string(basic)))
    return der(0xA1, OCSP_IN_CMS, sequence(der(10, b"\0"), bytes_of))


@pytest.mark.parametrize(("statements", "certificates"), [(900, 0), (1, 60)])
def test_many_statements(statements: int, certificates: int) -> None:
    # OCSP responses of many statements or certificates under many signers' certificates are counted work
    leaves = [certificate(SEAL.certificate.serial, subject=name(f"leaf {n}")) for n in range(15)]
    crls = [_ocsp(statements, certificates + n % 2) for n in range(60)]
    report = judge(sealed_with(leaves, [TOWN.ca.der], crls=list(dict.fromkeys(crls))), trust=new_trust())
    assert report.indication != "TOTAL-PASSED"
    work: dict[str, int] = {}
    _spent(sealed_with(leaves, [TOWN.ca.der], crls=list(dict.fromkeys(crls))), work)
    assert work["revocation-items"] >= 15 * (statements - 1 + certificates)


def _spent(data: bytes, found: dict[str, int]) -> None:
    from toyono_trust.core.limits import BUDGETS, Work

    work = Work()
    judge(data, trust=new_trust(), work=work)
    found.update({kind: BUDGETS[kind] - left for kind, left in work.left.items()})


def test_one_certificate_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # a hundred signatures by one certificate that fails do not judge it a hundred times
    from toyono_trust.validation.judge import x509

    calls: list[bytes] = []
    plain = x509._validate

    def counting(found: Certificate, *rest: Any) -> Any:
        calls.append(found.der)
        return plain(found, *rest)

    monkeypatch.setattr(x509, "_validate", counting)
    nobody = TrustStore.from_certificates([TOWN.identity("tsa").certificate.der])
    judge(signed_data([signer_info(attributes(PAYLOAD)) for _ in range(30)]), trust=nobody)
    assert calls == [SEAL.certificate.der]


def test_many_distribution_points() -> None:
    # a certificate of more distribution points than any real one has points that cannot be read
    from toyono_trust.errors import MalformedError

    def points(count: int) -> Certificate:
        value = sequence(*[sequence() for _ in range(count)])
        extension = sequence(oid_der("2.5.29.31"), octet_string(value))
        return Certificate.load(certificate(extensions=extension))

    assert len(read_points(points(MAX_POINTS))) == MAX_POINTS
    with pytest.raises(MalformedError):
        read_points(points(MAX_POINTS + 1))


def test_algorithms_are_not_kept_for_good() -> None:
    # algorithms that files make up do not pile up in the shipped policy, which lives as long as the program
    policy = replace(Policy.default())
    for number in range(2 * MAX_ENDS):
        assert policy.end_of(f"1.2.3.{number}") is not None
    assert len(policy._ends) <= MAX_ENDS
    assert policy.end_of("sha256") is None


# -- revocation lists that may not be used


@pytest.mark.parametrize("place", ["list", "entry", "removed"])
def test_older_list_does_not_hide_revocation(place: str) -> None:
    # a newer list that bears the certificate, but cannot be understood, is not passed over for an older one
    unknown = sequence(oid_der("1.2.3"), b"\x01\x01\xff", octet_string(b"\x05\x00"))
    removed = sequence(oid_der("2.5.29.21"), octet_string(der(0x0A, b"\x08")))

    def crl(time: bytes, entries: bytes, extensions: bytes = b"") -> bytes:
        body = sequence(integer_der(1), ECDSA_SHA256, TOWN.ca.subject_der, time, UNTIL, entries, extensions)
        return sequence(body, ECDSA_SHA256, der(3, b"\0" + algorithms.sign("ecdsa-sha256", CA_KEY, body)))

    more = {"list": b"", "entry": sequence(unknown), "removed": sequence(removed)}[place]
    entry = sequence(integer_der(SEAL.certificate.serial), b"\x17\x0d261101093000Z", more)
    older = crl(b"\x17\x0d261101091000Z", b"")
    newer = crl(b"\x17\x0d261101094000Z", sequence(entry), explicit(0, sequence(unknown)) if place == "list" else b"")
    newest = crl(b"\x17\x0d261101095000Z", b"")
    root_list = TOWN.trust_files["revocation/root.crl"]

    def verdict(*lists: bytes) -> str:
        trust = TrustStore.from_certificates([TOWN.root.der], [TOWN.ca.der], [root_list, *lists])
        return judge(signed_data([signer_info(attributes(PAYLOAD))]), trust=trust).indication

    assert verdict(older) == "TOTAL-PASSED"
    assert verdict(older, newer) == verdict(newer) == "INDETERMINATE"
    assert verdict(older, newer, newest) == "TOTAL-PASSED"


def test_responder_with_unknown_critical_extension() -> None:
    # a delegated responder whose certificate must not be used does not answer for its CA
    usage = sequence(oid_der("2.5.29.37"), octet_string(sequence(oid_der("1.3.6.1.5.5.7.3.9"))))
    no_check = sequence(oid_der("1.3.6.1.5.5.7.48.1.5"), octet_string(b"\x05\x00"))
    unknown = sequence(oid_der("1.2.3"), b"\x01\x01\xff", octet_string(b"\x05\x00"))
    root_list = TOWN.trust_files["revocation/root.crl"]
    for extensions, indication in ((b"", "TOTAL-PASSED"), (unknown, "INDETERMINATE")):
        responder = certificate(9, subject=name("x"), extensions=usage + no_check + extensions, signed_by=CA_KEY)
        response = _ocsp(1, 0, responder)
        trust = TrustStore.from_certificates([TOWN.root.der], [TOWN.ca.der], [root_list])
        report = judge(signed_data([signer_info(attributes(PAYLOAD))], crls=[response]), trust=trust)
        assert report.indication == indication, codes(report)


@pytest.mark.parametrize("hours", [-9, 9])
def test_edges_of_the_calendar(hours: int) -> None:
    # a time of validation that has no name in UTC is still judged
    zone = timezone(timedelta(hours=hours))
    for at in (datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)):
        report = judge(signed_data([signer_info(attributes(PAYLOAD))]), at=at)
        assert report.indication != "TOTAL-PASSED"
        assert report.to_json()
        assert str(report)


# -- keys that fit everything

P = 2**255 - 19


def _small_order() -> list[int]:
    """y of every point of order 1, 2, 4 or 8, computed (RFC 8032 5.1)."""
    d = -121665 * pow(121666, -1, P) % P

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        k = d * a[0] * b[0] * a[1] * b[1] % P
        return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P

    def times(k: int, point: tuple[int, int]) -> tuple[int, int]:
        found = (0, 1)
        while k:
            found = add(found, point) if k & 1 else found
            point, k = add(point, point), k >> 1
        return found

    ys: set[int] = set()
    for y in range(2, 30):
        square = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
        root = pow(square, (P + 3) // 8, P)
        roots = (root, root * pow(2, (P - 1) // 4, P) % P)
        for x in [each for each in roots if each * each % P == square][:1]:
            point = times(2**252 + 27742317777372353535851937790883648493, (x, y))
            ys |= {times(k, point)[1] for k in range(8)}
    return sorted(ys | {P, P + 1})


@pytest.mark.parametrize("sign", [0, 1])
def test_ed25519_of_small_order(sign: int) -> None:
    # under a key of small order one value fits every message: such a key verifies nothing
    ys = _small_order()
    assert len(ys) == 7
    for y in ys:
        raw = (y | sign << 255).to_bytes(32, "little")
        key = sequence(sequence(oid_der("1.3.101.112")), der(3, b"\0" + raw))
        holder = Holder(certificate(7, key=key, subject=name("weak"), extensions=SIGNING, signed_by=CA_KEY))
        assert holder.certificate.public_key is None
        info = signer_info(
            attributes(PAYLOAD, holder), by=holder, signature=b"\1" + bytes(63),
            algorithm=algorithms.signature_algorithm_identifier("ed25519"),
        )  # fmt: skip
        data = signed_data([info], certificates=[holder.certificate.der, TOWN.ca.der])
        report = judge(data, policy=replace(Policy.default(), revocation="ignore"), trust=new_trust())
        assert report.indication != "TOTAL-PASSED"
        assert codes(report) & {"signature.key-unreadable", "signature.broken"}


# -- trust and policy files


def _zip(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for file, data in files:
            archive.writestr(file, data)
    return buffer.getvalue()


def test_packed_and_damaged() -> None:
    # a damaged archive is one error, whatever the decompressor says
    sound = _zip([("anchors/a.cer", TOWN.root.der)])
    for at in range(len(sound)):
        damaged = bytearray(sound)
        damaged[at] ^= 0xFF
        try:
            read_packed(bytes(damaged), "x")
        except MisuseError as error:
            assert error.code in ("trust.unreadable", "trust.too-large")  # noqa: PT017


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_bomb(method: int) -> None:
    # an archive that unpacks to more than it states is not unpacked first and refused afterwards
    import tracemalloc

    bomb = bytearray(_zip([("anchors/a.cer", bytes(32 << 20))], method))
    for marker, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = bomb.find(marker) + offset
        bomb[at : at + 4] = struct.pack("<I", 10)
    tracemalloc.start()
    with pytest.raises(MisuseError, match=r"trust\.unreadable"):
        read_packed(bytes(bomb), "x")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_pem_without_ends(tmp_path: Path) -> None:
    # blocks that never end are read once, not once for each of them
    many = b"-----BEGIN A-----\n" * 50_000
    with pytest.raises(MisuseError, match=r"trust\.unreadable"):
        read_items(many, "x")
    (tmp_path / "k.pem").write_bytes(many)
    with pytest.raises(MisuseError, match=r"signer\.unreadable"):
        read_pem_certificates(tmp_path / "k.pem")


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5000, "a = " + "[" * 50_000, "[findings]\n" + ".".join("a" * 3000) + "=1"]
)
def test_toml_without_measure(text: str) -> None:
    # numbers of any length and nesting of any depth are a wrong file, nothing else
    with pytest.raises(MisuseError, match=r"policy\."):
        Policy.parse(text)
    with pytest.raises(MisuseError, match=r"trust\."):
        read_trust_toml(text.encode(), "x")


@pytest.mark.parametrize(
    "line",
    [
        'file = "a\\u0000b"',
        'file = "a"\nnot_before = 0001-01-01T00:00:00+10:00',
        'file = "a"\nnot_after = 9999-12-31T23:59:59-10:00',
    ],
)
def test_trust_toml_at_the_edges(line: str) -> None:
    # names that no system takes, and times outside the calendar
    with pytest.raises(MisuseError, match=r"trust\."):
        read_trust_toml(f"[[anchor]]\n{line}\n".encode(), "x")


# -- terminals

COMMAND = "\x1b]0;x\x07\x9b31m\u202e\U000e0001"


def test_json_for_terminals() -> None:
    # JSON holds no command either, and means the same
    value = {"a": COMMAND, "b": "豊能町　北\u3000\udc80\U0001f600"}
    line = json_line(value)
    assert json.loads(line) == value
    assert "豊能町\u3000" in line
    assert not any(char in line for char in COMMAND if not char.isprintable())


def test_file_names_are_no_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # a file name neither moves the cursor nor turns the line, in complaints and in JSON
    file = tmp_path / f"a{COMMAND}.jws"
    file.write_bytes(b"x")
    for arguments in ([str(file)], [str(file), "--format", "json"], [f"{file}x"], [f"{file}x", "--format", "json"]):
        toyono_verify(arguments)
        toyono_trust(["inspect", *arguments])
    toyono_verify([str(file), "--trust", f"{file}x"])
    said = capsys.readouterr()
    for char in COMMAND:
        assert char.isprintable() or char not in said.out + said.err


# -- addresses and files


@pytest.mark.parametrize(
    "address", ["fec0::1", "feff::1", "3fff::1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
def test_addresses_that_are_not_public(address: str) -> None:
    # site-local and documentation addresses too, which Python takes for global
    assert not is_public(address)


def test_umask_under_threads(tmp_path: Path) -> None:
    # files written whole by several threads leave the umask as it was, and have its modes
    import os

    before = os.umask(0o022)
    try:
        threads = [
            Thread(target=lambda n=n: [write_whole(tmp_path / f"{n}-{i}", b"x") for i in range(20)]) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = os.umask(0o022)
    finally:
        os.umask(before)
    assert after == 0o022
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}
