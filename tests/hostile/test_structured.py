"""Rubbish in the right places: well-formed files, really signed, whose parts are drawn at random from a fixed seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hostile_samples import (
    BUS,
    ECDSA_SHA256,
    FROM,
    PAYLOAD,
    SEAL,
    SIGNED_AT,
    SIGNING,
    TOWN,
    TST_INFO,
    UNTIL,
    Holder,
    attribute,
    attributes,
    b64url,
    certificate,
    extension,
    flat,
    header_of,
    jose_signature,
    judge,
    jws,
    make_receipt,
    name,
    new_trust,
    outcome,
    sealed_with,
    signed_data,
    signer_info,
    token,
)

from toyono_trust.core import algorithms
from toyono_trust.core.asn1 import der, explicit, generalized, integer_der, null, octet_string, oid_der, sequence
from toyono_trust.core.canonical import b64_encode, json_canonical

ROUNDS = 200
CA_KEY = TOWN.identity("ca").private_key
_S = "1.2.840.113549.1.9."
SIGNED = [_S + n for n in ("3", "4", "5", "52", "16.2.4", "16.2.12", "16.2.47", "16.2.15", "16.2.16", "16.2.17")]
SIGNED += [_S + "16.2.18", _S + "16.2.20", "0.4.0.19122.1.1", "0.4.0.1733.2.1"]
UNSIGNED = [_S + n for n in ("6", "16.2.14", "16.2.21", "16.2.24", "16.2.23", "16.2.25", "16.2.48")] + [
    "0.4.0.1733.2.4"
]
EXTENSIONS = [f"2.5.29.{n}" for n in (14, 15, 17, 19, 20, 27, 28, 30, 31, 32, 33, 35, 36, 37, 46, 54, 56, 60)]
EXTENSIONS += ["1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.3", "1.3.6.1.5.5.7.48.1.5", "0.4.0.194121.2.1"]
EXTENSIONS += ["1.3.6.1.5.5.7.48.1.6", "1.3.36.8.3.13"]
TAGS = [
    *range(1, 7),
    0x0A,
    0x0C,
    0x13,
    0x16,
    0x17,
    0x18,
    0x1E,
    0x24,
    0x30,
    0x31,
    *range(0x80, 0x87),
    *range(0xA0, 0xA5),
]
MEMBERS = [
    "alg",
    "cty",
    "kid",
    "x5t#S256",
    "x5c",
    "iat",
    "sigT",
    "x5t#o",
    "sigX5ts",
    "srCms",
    "sigPl",
    "srAts",
    "adoTst",
]
MEMBERS += ["sigPId", "sigD", "exp", "nbf", "b64", "crit", "etsiU", "x5t", "jku", "typ"]
U = "http://uri.etsi.org/19182/"
MECHANISMS = [U + "ObjectIdByURI", U + "ObjectIdByURIHash", U + "HttpHeaders"]
WORDS = [
    "",
    "a",
    "ES256",
    "S256",
    "YQ",
    "YQ==",
    "2026-11-01T10:00:00Z",
    "digest",
    "urn:oid:1.2.3",
    "\u202e",
    *MECHANISMS,
]
WORDS += ["mId", "pars", "hashM", "hashV", "ctys", "id", "digAlg", "digVal", "qVals", "claimed", "commId", "sigPQuals"]
WORDS += ["tstTokens", "val", "sigTst", "arcTst", "xVals", "rVals", "crlVals", "ocspVals", "x509Cert", "cSig", "tstVD"]


class Draw:
    """Random parts."""

    def __init__(self, number: int) -> None:
        self.random = Random(number)

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def some(self, choices: list[Any], most: int) -> list[Any]:
        return self.random.sample(choices, self.random.randint(0, most))

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def asn1(self, depth: int = 0) -> bytes:
        """A TLV."""
        if self.often(0.4) or depth > 4:
            return der(self.one(*TAGS), self.random.randbytes(self.random.randint(0, 6)))
        if self.often(0.3):
            known = (oid_der(self.one(*SIGNED, *EXTENSIONS)), octet_string(SEAL.certificate.sha256), TOWN.crl("ca"))
            return bytes(self.one(*known, SEAL.certificate.der, SEAL.certificate.subject_der, token(), null()))
        return der(self.one(0x30, 0x31, 0xA0, 0xA1, 0xA2, 0xA3), *self.parts(depth))

    def parts(self, depth: int = 0) -> list[bytes]:
        return [self.asn1(depth + 1) for _ in range(self.random.randint(0, 4))]

    def json(self, depth: int = 0) -> Any:
        """A JSON value."""
        if self.often(0.4) or depth > 4:
            known = (b64_encode(token()), b64_encode(SEAL.certificate.der), b64_encode(TOWN.crl("ca")))
            return self.one(*WORDS, *known, 0, 1, -1, 2**63, 1.5, True, False, None)
        if self.often(0.5):
            return [self.json(depth + 1) for _ in range(self.random.randint(0, 3))]
        return {self.one(*WORDS): self.json(depth + 1) for _ in range(self.random.randint(0, 4))}

    def changed(self, value: Any) -> Any:
        """The same JSON with something else here and there."""
        if self.often(0.1):
            return self.json()
        if isinstance(value, dict):
            return {key: self.changed(each) for key, each in value.items() if not self.often(0.04)}
        if isinstance(value, list):
            return [self.changed(each) for each in value] * self.one(1, 1, 1, 0, 2)
        return value

    def extensions(self, most: int = 4) -> bytes:
        known = self.some(EXTENSIONS, most)
        return b"".join(extension(oid, self.asn1(), critical=self.often(0.3)) for oid in known)


def header(draw: Draw) -> bytes:
    """A JAdES header with any values."""
    given = {member: draw.json() for member in draw.some(MEMBERS, 4)}
    if draw.often(0.4):
        pars = draw.one(["a"], ["a", "digest"], ["a", "a"], draw.json())
        given["sigD"] = {"mId": draw.one(*MECHANISMS), "pars": pars, "hashM": draw.json(), "hashV": draw.json()}
    if draw.often(0.6):
        given["crit"] = [member for member in given if member not in ("alg", "crit")] or ...
    return jws(draw.one(b"", PAYLOAD), **given)


def properties(draw: Draw) -> bytes:
    """An ``etsiU`` with any elements."""
    elements = [
        draw.one(
            {draw.one(*WORDS): draw.json()},
            draw.json(),
            {"sigTst": {"tstTokens": [{"val": b64_encode(draw.asn1())}]}},
            {"xVals": [{"x509Cert": {"val": b64_encode(draw.asn1())}}]},
            {"rVals": {"crlVals": [{"val": b64_encode(revocation_list(draw))}]}},
            {"rVals": {"ocspVals": [{"val": b64_encode(response(draw))}]}},
            {"cSig": jws(**{draw.one(*MEMBERS): draw.json()}).decode()},
        )
        for _ in range(draw.random.randint(1, 3))
    ]
    return json.dumps(flat(jws(), header={"etsiU": elements})).encode()


_CLAIMS = json.loads(make_receipt())
del _CLAIMS["jadesSignature"]


def evidence(draw: Draw) -> bytes:
    """A receipt, sealed by its issuer, of any evidence."""
    claims = draw.changed(_CLAIMS)
    if not isinstance(claims, dict):
        claims = {"ERDSEventId": claims, "EvidenceIdentifier": claims}
    protected = b64url(json.dumps(header_of(BUS)).encode())
    try:
        value = jose_signature(BUS, f"{protected}.{b64url(json_canonical(claims))}".encode())
    except ValueError:  # no canonical form
        value = bytes(64)
    seal = {"protected": protected, "signature": b64url(value)}
    return json.dumps({**claims, "jadesSignature": {"flattenedJson": seal}}).encode()


def signed_attributes(draw: Draw) -> bytes:
    """A CAdES signature of any attributes."""
    signed = [each for each in attributes(PAYLOAD) if not draw.often(0.1)]
    signed += [attribute(draw.one(*SIGNED), draw.asn1(), *draw.parts()[:1]) for _ in range(draw.random.randint(0, 3))]
    unsigned = [
        attribute(draw.one(*UNSIGNED), draw.one(draw.asn1(), token(), signer_info(signed)))
        for _ in range(draw.random.randint(0, 3))
    ]
    other = draw.one(der(0xA1, oid_der("1.3.6.1.5.5.7.16.2"), response(draw)), revocation_list(draw), draw.asn1())
    return signed_data(
        [signer_info(signed, unsigned=unsigned or None, sort=not draw.often(0.3))],
        certificates=[SEAL.certificate.der, TOWN.ca.der, *draw.parts()[:1]],
        crls=[other] if draw.often(0.5) else None,
    )


def certified(draw: Draw) -> bytes:
    """A signature by a certificate of any extensions, names, keys and times, really issued, and lists about it."""
    made = certificate(
        draw.one(1, 0, -1, 1 << 200),
        extensions=draw.one(b"", SIGNING) + draw.extensions(),
        subject=draw.one(None, draw.asn1(), name("x"), sequence(draw.asn1())),
        start=draw.one(FROM, FROM, b"\x18\x0f00010101000000Z"),
        end=draw.one(UNTIL, b"\x18\x0f99991231235959Z"),
        key=draw.one(None, None, draw.asn1()),
        signed_by=CA_KEY,
    )
    try:
        holder = Holder(made)
    except ValueError:
        return sealed_with([SEAL.certificate.der], [made])
    if draw.often(0.3):
        return jws(by=holder, x5c=[b64_encode(made), b64_encode(TOWN.ca.der)])
    return sealed_with([made], [TOWN.ca.der], crls=[revocation_list(draw)] if draw.often(0.5) else None)


def stamped(draw: Draw) -> bytes:
    """A token of any TSTInfo, really signed, alone or in a signature."""
    imprint = octet_string(algorithms.digest("sha256", PAYLOAD))
    moments = (b"20261101100000Z", b"20261101100000.5Z", b"99991231235959.999999999999Z", b"00010101000000Z", b"2026")
    info = sequence(
        integer_der(1),
        oid_der("1.2.3"),
        sequence(sequence(oid_der("2.16.840.1.101.3.4.2.1")), imprint),
        draw.one(integer_der(5), integer_der(5), draw.asn1()),
        der(0x18, draw.one(*moments)),
        *draw.parts()[:2],
    )
    tsa = TOWN.identity("tsa")
    signer = signer_info(attributes(info, tsa, TST_INFO), by=tsa)
    made = signed_data([signer], info, kind=TST_INFO, certificates=[tsa.certificate.der, TOWN.ca.der])
    inside = signer_info(attributes(PAYLOAD), unsigned=[attribute("1.2.840.113549.1.9.16.2.14", made)])
    return bytes(draw.one(made, sequence(sequence(integer_der(0), *draw.parts()[:1]), made), signed_data([inside])))


def revocation_list(draw: Draw) -> bytes:
    """A CRL of any extensions, really signed by the issuing CA."""
    entry = sequence(integer_der(draw.one(1, 5)), b"\x17\x0d261101080000Z", draw.one(b"", sequence(draw.extensions(2))))
    body = sequence(
        integer_der(1),
        ECDSA_SHA256,
        TOWN.ca.subject_der,
        b"\x17\x0d261101090000Z",
        draw.one(b"", b"\x17\x0d271101090000Z"),
        draw.one(b"", sequence(entry), sequence(draw.asn1())),
        explicit(0, sequence(draw.extensions())),
    )
    value = algorithms.sign("ecdsa-sha256", CA_KEY, body)
    return sequence(body, ECDSA_SHA256, der(3, b"\0" + value))


def response(draw: Draw) -> bytes:
    """An OCSP response of any statements, really signed by the issuing CA."""
    from toyono_trust.pki.link import key_bits

    hashes = [algorithms.digest("sha1", each) for each in (TOWN.ca.subject_der, key_bits(TOWN.ca.public_key_der))]
    serial = integer_der(SEAL.certificate.serial)
    about = sequence(algorithms.digest_algorithm_identifier("sha1"), *map(octet_string, hashes), serial)
    single = sequence(
        about,
        draw.one(der(0x80), draw.asn1()),
        generalized(SIGNED_AT),
        draw.one(b"", explicit(1, sequence(draw.extensions(2)))),
    )
    body = sequence(
        draw.one(explicit(1, TOWN.ca.subject_der), explicit(2, octet_string(hashes[1])), draw.asn1()),
        generalized(SIGNED_AT),
        sequence(single),
        draw.one(b"", explicit(1, sequence(draw.extensions(2)))),
    )
    value = der(3, b"\0" + algorithms.sign("ecdsa-sha256", CA_KEY, body))
    basic = sequence(body, ECDSA_SHA256, value, draw.one(b"", explicit(0, sequence(draw.asn1()))))
    kind = oid_der("1.3.6.1.5.5.7.48.1.1")
    return sequence(der(0x0A, b"\0"), explicit(0, sequence(kind, octet_string(basic))))


MAKERS: list[Callable[[Draw], bytes]] = [header, properties, evidence, signed_attributes, certified, stamped]


@pytest.mark.parametrize("make", MAKERS)
def test_rubbish_in_the_right_places(make: Callable[[Draw], bytes]) -> None:
    # verify() is total, also over what a valid signature covers; its report can be printed
    trust = new_trust()
    parts = {"a": b"1", "digest": b"sha-256=AAAA", "": b"x", "body": b"y"}
    for number in range(ROUNDS):
        draw = Draw(number)
        data = make(draw)
        report = judge(data, draw.one(None, PAYLOAD, parts), trust=trust)
        assert report.indication in ("TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE", "PASSED", "FAILED"), number
        outcome(report)
        if report.indication == "TOTAL-PASSED" and make is not evidence:
            for item in report.require(signed_by="anyone").objects:
                assert item.bytes in (PAYLOAD, b64url(PAYLOAD).encode(), b"", *parts.values())  # b64: false


def test_a_point_without_a_name() -> None:
    # a distribution point whose name is empty once ended in an IndexError
    empty = extension("2.5.29.31", sequence(sequence(der(0xA0))))
    made = certificate(1, extensions=SIGNING + empty, signed_by=CA_KEY)
    assert judge(sealed_with([made], [TOWN.ca.der]), trust=new_trust()).indication == "INDETERMINATE"
