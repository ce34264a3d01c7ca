"""Hostile files by name: each costs its writer little and is meant to cost its reader much, or to end in an exception.

A generator gives the file and the content presented with it (None: none). None of them may ever pass.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hostile_samples import (
    CA,
    DATA,
    ECDSA_SHA256,
    PAYLOAD,
    SEAL,
    TOWN,
    Holder,
    attribute,
    attributes,
    b64url,
    certificate,
    extension,
    flat,
    header_of,
    jws,
    name,
    samples,
    sealed_with,
    signed_data,
    signer_info,
    token,
)

from toyono_trust.core.algorithms import digest_oid, digest_size
from toyono_trust.core.asn1 import der, explicit, integer_der, null, octet_string, oid_der, sequence, set_of
from toyono_trust.core.canonical import b64_encode

MIB = 1 << 20
SIGNATURE_TIMESTAMP, COUNTER_SIGNATURE = "1.2.840.113549.1.9.16.2.14", "1.2.840.113549.1.9.6"
File = tuple[bytes, bytes | None]
_FILES: dict[str, Callable[[], File | bytes]] = {}


def hostile(make: Callable[[], File | bytes]) -> Callable[[], File | bytes]:
    _FILES[make.__name__] = make
    return make


def names() -> list[str]:
    """All hostile files."""
    return list(_FILES)


def hostile_file(name: str) -> File:
    """One hostile file and the content that goes with it."""
    made = _FILES[name]()
    return (made, None) if isinstance(made, bytes) else made


_STRAY = certificate(1, issuer=name("nobody"))
"""A certificate whose issuer must be looked for among all others."""

# -- JSON


def _flat(**more: Any) -> bytes:
    return json.dumps(flat(jws(), **more)).encode()


def _unprotected(value: Any, payload: bytes = PAYLOAD) -> bytes:
    return json.dumps(flat(jws(payload), header={"etsiU": value})).encode()


@hostile
def json_array_nested_100000():
    return b'{"signature":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@hostile
def json_object_nested_100000():
    return b'{"signature":1,"a":' * 100_000 + b"1" + b"}" * 100_000


@hostile
def json_never_closed():
    return b'{"signature":[' + b"[" * MIB


@hostile
def json_header_nested_100000():
    return jws(raw_header=b'{"alg":"ES256","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@hostile
def json_white_space_64_mib():
    return b'{"signature":1' + b" " * (64 * MIB - 15) + b"}"


@hostile
def json_white_space_first():
    return b" " * 60 + b"{" + b"\n" * (63 * MIB) + b'"signature":1}'


@hostile
def json_only_white_space():
    return b" " * (64 * MIB)


@hostile
def json_commas():
    return b'{"signature":[' + b"," * (32 * MIB) + b"]}"


@hostile
def json_quotes():
    return b'{"signature":"' + b'\\"' * (16 * MIB) + b'"}'


@hostile
def json_strings_of_brackets():
    return b'{"signature":[' + b",".join([b'"[{"'] * 3_000_000) + b"]}"


@hostile
def json_escaped_names():
    return b'{"signature":1' + b"".join(b',"\\u0061%d":1' % number for number in range(190_000)) + b"}"


@hostile
def json_members_of_one_hash():
    return b'{"signature":1,' + b",".join(b'"%d":{}' % number for number in range(300_000)) + b"}"


@hostile
def json_number_5000_digits():
    return _flat(n=...).replace(b"{", b'{"n":' + b"9" * 5_000 + b",", 1)


@hostile
def json_number_million_digits():
    return _flat().replace(b"{", b'{"n":' + b"9" * MIB + b",", 1)


@hostile
def json_float_5000_digits():
    return _flat().replace(b"{", b'{"n":1.' + b"9" * 5_000 + b",", 1)


@hostile
def json_huge_exponent():
    return _flat().replace(b"{", b'{"n":1e999999999,', 1)


@hostile
def json_nan():
    return _flat().replace(b"{", b'{"n":NaN,', 1)


@hostile
def json_infinity_in_header():
    return jws(raw_header=json.dumps(header_of())[:-1].encode() + b',"n":-Infinity}')


@hostile
def json_lone_surrogate():
    return _flat().replace(b"{", b'{"n":"\\ud800",', 1)


@hostile
def json_lone_surrogate_name():
    return _flat().replace(b"{", b'{"\\udfff":1,', 1)


@hostile
def json_lone_surrogate_in_header():
    return jws(raw_header=json.dumps(header_of())[:-1].encode() + b',"n":"\\ud83d"}')


@hostile
def json_not_utf8():
    return _flat().replace(b"{", b'{"n":"\xff",', 1)


@hostile
def json_byte_order_mark():
    return b"\xef\xbb\xbf" + _flat()


@hostile
def json_utf16():
    return _flat().decode().encode("utf-16-le")


@hostile
def json_raw_control():
    return _flat().replace(b"{", b'{"n":"\x00",', 1)


@hostile
def json_trailing():
    return _flat() + b"{}"


# -- JWS


@hostile
def jws_10000_certificates():
    return jws(x5c=[b64_encode(SEAL.certificate.der)] * 10_000)


@hostile
def jws_10000_empty_certificates():
    return jws(x5c=[""] * 10_000)


@hostile
def jws_200_certificates_of_rubbish():
    return jws(x5c=[b64_encode(SEAL.certificate.der)] + [b64_encode(bytes((48, 128)) * 300)] * 199, **{"x5t#S256": ...})


@hostile
def jws_10000_properties():
    return _unprotected([b64url(b'{"x%d":1}' % number) for number in range(10_000)])


@hostile
def jws_10000_archive_stamps():
    element = {"arcTst": {"tstTokens": [{"val": b64_encode(token())}]}}
    return _unprotected([b64url(json.dumps(element).encode())] * 10_000)


@hostile
def jws_200_archive_stamps_over_32_mib():
    element = b64url(json.dumps({"arcTst": {"tstTokens": [{"val": b64_encode(_stamped_with("sha3-512"))}]}}).encode())
    return _unprotected([element] * 200, bytes(24 * MIB))


@hostile
def jws_200_content_stamps_over_32_mib():
    value = {"tstTokens": [{"val": b64_encode(_stamped_with("sha3-512"))}] * 60}
    return json.dumps(flat(jws(bytes(32 * MIB), adoTst=value))).encode()


@hostile
def jws_200_stamps_over_signature_of_40_mib():
    value = {"tstTokens": [{"val": b64_encode(_stamped_with("sha3-512"))}] * 200}
    return json.dumps(flat(jws(), signature=b64url(bytes(40 * MIB)), header={"etsiU": [{"sigTst": value}]})).encode()


@hostile
def jws_10000_stamps():
    return _unprotected([{"sigTst": {"tstTokens": [{"val": b64_encode(token())}] * 10_000}}])


@hostile
def jws_100_signatures_over_40_mib():
    one = flat(jws(bytes(40 * MIB)))
    payload = one.pop("payload")
    return json.dumps({"payload": payload, "signatures": [one] * 100}).encode()


@hostile
def jws_10000_signatures():
    one = flat(jws())
    payload = one.pop("payload")
    return json.dumps({"payload": payload, "signatures": [one] * 10_000}).encode()


@hostile
def jws_counter_signatures_nested_1000():
    inner: Any = jws().decode()
    for _ in range(30):
        inner = flat(jws(), header={"etsiU": [{"cSig": inner}]}, payload=...)
    for _ in range(970):
        inner = b64url(json.dumps({"cSig": inner}).encode()) if len(str(inner)) < MIB else inner
    return _unprotected([{"cSig": inner}])


@hostile
def jws_counter_signatures_10000():
    return _unprotected([{"cSig": jws().decode()}] * 10_000)


@hostile
def jws_described_by_100000_names():
    names = [f"{number}/a" for number in range(100_000)]
    described = {"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": names, "hashM": "S512"}
    described["hashV"] = [b64url(bytes(64))] * len(names)
    return _detached(described), bytes(MIB)


@hostile
def jws_described_by_4000_names_of_one_content():
    names = [f"{number}/a" for number in range(3_000)]
    described = {"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": names, "hashM": "S3-512"}
    described["hashV"] = [b64url(bytes(1))] * len(names)
    return _detached(described), bytes(8 * MIB)


def _detached(described: dict[str, Any]) -> bytes:
    return jws(b"", sigD=described, crit=["sigD"])


@hostile
def jws_header_of_256_kib():
    return jws(x={str(number): number for number in range(20_000)})


@hostile
def jws_header_of_1_mib():
    return jws(x="a" * MIB)


@hostile
def jws_dots():
    return b"ey" + b"." * (32 * MIB)


@hostile
def jws_base64_of_64_mib():
    return b"ey" + b"A" * (60 * MIB) + b".."


# -- ASN.1


@hostile
def der_nested_100000():
    return b"\x30\x82\x40\x00" + b"\x06\x09*\x86H\x86\xf7\r\x01\x07\x02" + _nested(100_000)


def _nested(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = b"\x30\x83" + len(made).to_bytes(3, "big") + made if len(made) < 1 << 24 else made
        if len(made) > 500_000:
            break
    return made


@hostile
def ber_nested_100000():
    return b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80" + b"\x30\x80" * 100_000 + b"\0\0" * 100_002


@hostile
def ber_constructed_strings_100000():
    return _with_content(b"\x24\x80" * 100_000 + b"\x04\x01a" + b"\0\0" * 100_000)


@hostile
def ber_constructed_string_of_million_parts():
    return _with_content(b"\x24\x80" + b"\x04\x01a" * 10_000_000 + b"\0\0")


@hostile
def ber_constructed_string_of_150000_parts():
    return _with_content(b"\x24\x80" + b"\x04\x01a" * 150_000 + b"\0\0")


def _with_content(content: bytes) -> bytes:
    """BER SignedData around whatever stands for eContent."""
    head = b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01"
    algorithms = set_of([sequence(oid_der("2.16.840.1.101.3.4.2.1"), null())])
    inside = b"\x30\x80" + oid_der(DATA) + b"\xa0\x80" + content + b"\0\0\0\0"
    bag = b"\xa0" + set_of([SEAL.certificate.der, TOWN.ca.der])[1:]
    return head + algorithms + inside + bag + set_of([signer_info(attributes(PAYLOAD))]) + b"\0\0\0\0\0\0"


@hostile
def der_length_2_gib():
    return b"\x30\x84\x7f\xff\xff\xff" + samples()["cades-attached"].data[4:]


@hostile
def der_length_2_gib_inside():
    data = samples()["cades-attached"].data
    return data[:15] + b"\xa0\x84\x80\x00\x00\x00" + data[19:]


@hostile
def der_length_of_8_octets():
    return b"\x30\x88" + b"\xff" * 8 + samples()["cades-attached"].data[4:]


@hostile
def der_length_of_126_octets():
    return b"\x30\xfe" + b"\xff" * 126 + samples()["cades-attached"].data[4:]


@hostile
def der_length_reserved():
    return b"\x30\xff" + samples()["cades-attached"].data[2:]


@hostile
def cms_10000_signers():
    return signed_data([signer_info(attributes(PAYLOAD))] * 10_000, sort=False)


@hostile
def cms_10000_certificates():
    return signed_data([signer_info(attributes(PAYLOAD))], certificates=[certificate(n + 1) for n in range(10_000)])


@hostile
def cms_200_certificates_of_nulls():
    fat = sequence(b"\x05\x00" * 150_000)
    bag = [sequence(sequence(integer_der(number), fat), null(), null()) for number in range(190)]
    signers = [signer_info(attributes(PAYLOAD), identifier=_stranger(number)) for number in range(100)]
    return signed_data(signers, certificates=bag)


@hostile
def cms_200_bodies_of_nulls():
    bag = [sequence(sequence(integer_der(number), b"\x05\x00" * 150_000), null(), null()) for number in range(190)]
    signers = [signer_info(attributes(PAYLOAD), identifier=_stranger(number)) for number in range(100)]
    return signed_data(signers, certificates=bag)


@hostile
def cms_150_certificates_of_18000_extensions():
    many = b"".join(extension(f"1.2.{number}", b"") for number in range(18_000))
    return sealed_with([_STRAY], [certificate(number + 2, extensions=many) for number in range(150)])


@hostile
def cms_150_certificates_of_90000_names():
    many = extension("2.5.29.17", sequence(*[der(0x82, b"a")] * 90_000))
    return sealed_with([_STRAY], [certificate(number + 2, extensions=many) for number in range(150)])


@hostile
def cms_100_key_identifiers_sought_in_150_certificates():
    many = b"".join(extension(f"1.2.{number}", b"") for number in range(200))
    bag = [certificate(number + 1, extensions=many) for number in range(150)]
    signers = [signer_info(attributes(PAYLOAD), identifier=der(0x80, b"%d" % number)) for number in range(100)]
    return signed_data(signers, certificates=bag)


def _stranger(number: int) -> bytes:
    return sequence(sequence(set_of([sequence(oid_der("2.5.4.3"), der(0x0C, b"%d" % number))])), integer_der(number))


@hostile
def cms_counter_signatures_nested_1000():
    inner = signer_info(None, b"x")
    for _ in range(1_000):
        inner = signer_info(None, b"x", unsigned=[attribute(COUNTER_SIGNATURE, inner)])
    return signed_data([signer_info(attributes(PAYLOAD), unsigned=[attribute(COUNTER_SIGNATURE, inner)])])


@hostile
def cms_counter_signatures_10000():
    inner = [signer_info(None, b"x")] * 10_000
    return signed_data([signer_info(attributes(PAYLOAD), unsigned=[attribute(COUNTER_SIGNATURE, *inner)])])


@hostile
def cms_10000_stamps():
    unsigned = [attribute(SIGNATURE_TIMESTAMP, *[token()] * 10_000)]
    return signed_data([signer_info(attributes(PAYLOAD), unsigned=unsigned)])


@lru_cache(4)
def _stamped_with(algorithm: str, moment: bytes = b"\x18\x0f20261101100000Z") -> bytes:
    """A token of the TSA's key with an imprint of zeros."""
    zeros = octet_string(bytes(digest_size(algorithm) or 0))
    wanted = sequence(sequence(oid_der(digest_oid(algorithm)), null()), zeros)
    info = sequence(integer_der(1), oid_der("1.3.6.1.4.1.1"), wanted, integer_der(1), moment)
    tsa = TOWN.identity("tsa")
    kind = "1.2.840.113549.1.9.16.1.4"
    signer = signer_info(attributes(info, tsa, kind), by=tsa)
    return signed_data([signer], info, kind=kind, certificates=[tsa.certificate.der, TOWN.ca.der])


@hostile
def cms_200_stamps_over_signature_of_40_mib():
    unsigned = [attribute(SIGNATURE_TIMESTAMP, *[_stamped_with("sha3-512")] * 200)]
    return signed_data([signer_info(attributes(PAYLOAD), signature=bytes(40 * MIB), unsigned=unsigned)])


@hostile
def cms_100_signers_without_attributes_over_60_mib():
    content = bytes(60 * MIB)
    return signed_data([signer_info(None, b"%d" % number) for number in range(100)], content)


@hostile
def cms_integer_serial_100_kb():
    return signed_data(
        [signer_info(attributes(PAYLOAD), identifier=sequence(TOWN.ca.subject_der, der(2, b"\x7f" * 100_000)))]
    )


@hostile
def cms_version_100_kb():
    return sequence(
        oid_der("1.2.840.113549.1.7.2"), der(0xA0, sequence(der(2, b"\x7f" * 100_000), set_of([]), null(), null()))
    )


@hostile
def cms_gigantic_oid():
    huge = der(0x06, b"\xff" * MIB + b"\x7f")
    return signed_data([signer_info([*attributes(PAYLOAD), sequence(huge, set_of([null()]))])])


@hostile
def cms_oid_of_million_arcs():
    return signed_data([signer_info([*attributes(PAYLOAD), sequence(der(0x06, b"\x01" * MIB), set_of([null()]))])])


@hostile
def cms_certificate_serial_100_kb():
    body = sequence(explicit(0, integer_der(2)), der(2, b"\x7f" * 100_000), *[null()] * 5)
    return signed_data([signer_info(attributes(PAYLOAD))], certificates=[sequence(body, null(), null())])


@hostile
def cms_190_subjects_of_300_kb():
    subjects = [name("\ufdfa" * 100_000 + str(number)) for number in range(190)]  # NFKC makes 18 characters of one
    bag = [certificate(number + 2, subject=subject) for number, subject in enumerate(subjects)]
    return sealed_with([_STRAY], bag)


@hostile
def cms_subjects_of_9000_attributes():
    many = b"".join(set_of([sequence(oid_der("2.5.4.3"), der(0x0C, b"a"))]) for _ in range(9_000))
    bag = [certificate(number + 2, subject=sequence(many, name(str(number))[2:])) for number in range(150)]
    return sealed_with([bag[0], _STRAY], bag[1:])


@hostile
def cms_40000_attributes():
    more = [attribute("1.2.3", integer_der(number)) for number in range(40_000)]
    return signed_data([signer_info([*attributes(PAYLOAD), *more], sort=False)])


@hostile
def cms_60000_attributes():
    more = [attribute("1.2.3", integer_der(number)) for number in range(60_000)]
    return signed_data([signer_info([*attributes(PAYLOAD), *more], sort=False)])


@hostile
def cms_60000_empty_crls():
    return signed_data([signer_info(attributes(PAYLOAD))], crls=[sequence(integer_der(n)) for n in range(60_000)])


# -- paths, policies, revocation


def _key(curve: Any) -> bytes:
    return ec.generate_private_key(curve).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _rsa_key(modulus: int, exponent: int) -> bytes:
    numbers = sequence(integer_der(modulus), integer_der(exponent))
    return sequence(sequence(oid_der("1.2.840.113549.1.1.1"), null()), der(3, b"\0" + numbers))


def _many_issuers(keys: list[bytes], algorithm: bytes, signature: bytes) -> bytes:
    """100 leaves, each with 90 certificates that might be its issuer's: every signature must be tried."""
    issuers = [
        certificate(number + 1, key=key, subject=TOWN.ca.subject_der, issuer=TOWN.root.subject_der, extensions=CA)
        for number, key in enumerate(keys)
    ]
    leaves = [certificate(1_000 + number, algorithm=algorithm, signature=signature) for number in range(100)]
    return sealed_with(leaves, issuers)


_RSA_SHA256 = sequence(oid_der("1.2.840.113549.1.1.11"), null())
_ECDSA_SHA512 = sequence(oid_der("1.2.840.10045.4.3.4"))


@hostile
def path_keys_of_huge_exponents():
    keys = [_rsa_key((1 << 3072) - 159 - 2 * number, 1 << 3071 | 1) for number in range(90)]
    return _many_issuers(keys, _RSA_SHA256, b"\1" * 384)


@hostile
def path_keys_of_16384_bits():
    keys = [_rsa_key((1 << 16384) - 159 - 2 * number, (1 << 33) - 1) for number in range(90)]
    return _many_issuers(keys, _RSA_SHA256, b"\1" * 2048)


@hostile
def path_keys_of_a_slow_curve():
    value = sequence(integer_der(1 << 500), integer_der(1 << 499))
    return _many_issuers([_key(ec.BrainpoolP512R1()) for _ in range(90)], _ECDSA_SHA512, value)


def _mutual(count: int, *, same_name: bool) -> bytes:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(count)]
    public = [key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in keys]
    names = [name("CA" if same_name else f"CA {number}") for number in range(count)]
    bag = [
        certificate(100 * i + j + 1, issuer=names[j], subject=names[i], key=public[i], extensions=CA, signed_by=keys[j])
        for i in range(count)
        for j in range(count)
        if i != j
    ]
    bag.insert(0, certificate(9_999, issuer=TOWN.root.subject_der, subject=names[-1], key=public[-1], extensions=CA))
    leaves = [
        certificate(7_000 + number, issuer=names[number % count], signed_by=keys[number % count]) for number in range(8)
    ]
    return sealed_with(leaves, bag[:190])


@hostile
def path_5_cas_certify_each_other():
    return _mutual(5, same_name=False)


@hostile
def path_20_cas_certify_each_other():
    return _mutual(20, same_name=False)


@hostile
def path_5_cas_of_one_name():
    return _mutual(5, same_name=True)


@hostile
def path_20_cas_of_one_name():
    return _mutual(20, same_name=True)


def _constrained(extensions: bytes) -> bytes:
    """100 leaves under one chain of seven CAs, all with these extensions."""
    names = [name(f"CA {number}") for number in range(7)]
    chain = [
        certificate(
            50 + number,
            issuer=names[number - 1] if number else TOWN.root.subject_der,
            subject=names[number],
            extensions=CA + extensions,
            signed_by=SEAL.private_key,
        )
        for number in range(7)
    ]
    leaves = [
        certificate(1_000 + number, issuer=names[6], extensions=extensions, signed_by=SEAL.private_key)
        for number in range(100)
    ]
    return sealed_with(leaves, chain)


@hostile
def path_1600_policy_mappings():
    policies = [oid_der(f"1.2.{number}") for number in range(40)]
    mappings = sequence(*[sequence(one, other) for one in policies for other in policies])
    return _constrained(extension("2.5.29.33", mappings) + extension("2.5.29.32", sequence(*map(sequence, policies))))


@hostile
def path_1500_name_constraints():
    subtrees = der(0xA0, b"".join(sequence(der(0x82, b"a%d" % number)) for number in range(1_500)))
    names = sequence(*[der(0x82, b"b%d" % number) for number in range(1_500)])
    return _constrained(extension("2.5.29.30", sequence(subtrees), critical=True) + extension("2.5.29.17", names))


@hostile
def path_constraints_of_rubbish():
    rubbish = [extension(oid, b"\x30\x80\x01") for oid in ("2.5.29.30", "2.5.29.32", "2.5.29.33", "2.5.29.36")]
    return _constrained(b"".join(rubbish))


def _crl(entries: bytes = b"", fat: bytes = b"") -> bytes:
    """A list in the issuing CA's name with a signature that does not fit."""
    more = explicit(0, sequence(extension("1.2.3", fat))) if fat else b""
    issued, next_update = b"\x17\x0d261101080000Z", b"\x17\x0d271101080000Z"
    listed = sequence(entries) if entries else b""
    body = sequence(integer_der(1), ECDSA_SHA256, TOWN.ca.subject_der, issued, next_update, listed, more)
    return sequence(body, ECDSA_SHA256, der(3, b"\0\x30\x06\x02\x01\x01\x02\x01\x01"))


def _entries(count: int, first: int) -> bytes:
    return b"".join(sequence(integer_der(first + number), b"\x17\x0d261101080000Z") for number in range(count))


@hostile
def crl_of_a_million_entries():
    return sealed_with([certificate(n + 1_000) for n in range(100)], [], crls=[_crl(_entries(1_000_000, 200_000))])


@hostile
def crls_by_the_hundred():
    lists = [_crl(_entries(2_000, 200_000 + number)) for number in range(190)]
    return sealed_with([certificate(n + 1_000) for n in range(100)], [], crls=lists)


@hostile
def crl_of_50_mb_and_95_signers():
    issuers = [
        certificate(n + 1, key=_key(ec.SECP256R1()), subject=TOWN.ca.subject_der, issuer=TOWN.root.subject_der)
        for n in range(95)
    ]
    return sealed_with([certificate(n + 1_000) for n in range(100)], issuers, crls=[_crl(fat=bytes(50_000_000))])


# -- times


def _lived(start: bytes, end: bytes) -> bytes:
    leaf = certificate(1, start=start, end=end)
    return sealed_with([leaf], [])


@hostile
def times_of_all_ages():
    return _lived(b"\x18\x0f00010101000000Z", b"\x18\x0f99991231235959Z")


@hostile
def times_of_the_first_second():
    return _lived(b"\x18\x0f00010101000000Z", b"\x18\x0f00010101000001Z")


@hostile
def times_of_the_last_second():
    return _lived(b"\x18\x0f99991231235958Z", b"\x18\x0f99991231235959Z")


def _claiming(start: bytes, end: bytes, **claims: Any) -> bytes:
    holder = Holder(certificate(1, start=start, end=end))
    return jws(by=holder, **claims)


@hostile
def times_claimed_in_the_year_1():
    return _claiming(b"\x18\x0f00010101000000Z", b"\x18\x0f99991231235959Z", iat=..., sigT="0001-01-01T00:00:00Z")


@hostile
def times_claimed_in_the_year_9999():
    return _claiming(b"\x18\x0f00010101000000Z", b"\x18\x0f99991231235959Z", iat=253_402_300_799)


@hostile
def times_claimed_beyond_numbers():
    return jws(iat=2**63)


@hostile
def times_stamped_in_the_year_1():
    return _stamped_with("sha256", b"\x18\x0f00010101000000Z"), PAYLOAD


@hostile
def times_stamped_in_the_year_9999():
    return _stamped_with("sha256", b"\x18\x0f99991231235959Z"), PAYLOAD


# -- other files


@hostile
def nothing():
    return b""


@hostile
def zeros_64_mib():
    return bytes(64 * MIB)


@hostile
def beyond_the_size_limit():
    return b"\x30" * (64 * MIB + 1)


@hostile
def xml():
    return (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><ds:Signature>&b;</ds:Signature>'
    )


@hostile
def zip_file():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.etsi.asic-e+zip")
        archive.writestr("META-INF/signatures.p7s", bytes(MIB))
    return held.getvalue()


@hostile
def pdf():
    return b"%PDF-1.7\n1 0 obj<</Type/Sig/ByteRange[0 10 20 30]/Contents<3080>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@hostile
def pem_of_nothing():
    return b"-----BEGIN PKCS7-----\n-----END PKCS7-----\n"


@hostile
def pem_of_64_mib():
    return b"-----BEGIN PKCS7-----\n" + b"A" * (63 * MIB) + b"\n-----END PKCS7-----\n"


@hostile
def pem_of_lines():
    return b"-----BEGIN CMS-----\n" + b"A\n" * (31 * MIB) + b"-----END CMS-----\n"
