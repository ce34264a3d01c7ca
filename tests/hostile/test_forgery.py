"""Attempts to have something pass that was not signed, each a small file; what is expected stands beside it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hostile_samples import (
    BUS,
    CONTENT_TYPE,
    DATA,
    ESS_V2,
    MESSAGE_DIGEST,
    PAYLOAD,
    SEAL,
    SIGNED_DATA,
    SIGNER,
    TOWN,
    attribute,
    attributes,
    b64url,
    codes,
    ess,
    flat,
    header_of,
    jose_signature,
    judge,
    jws,
    make,
    make_receipt,
    new_trust,
    outcome,
    samples,
    signed_data,
    signer_info,
    token,
)

from toyono_trust.core import algorithms, cms
from toyono_trust.core.asn1 import integer_der, null, octet_string, oid_der, sequence
from toyono_trust.core.canonical import b64_encode, json_canonical
from toyono_trust.validation.report import NotVerified

EVIL = b"the town owes the bus company 1,000,000 yen"
FAILED, UNDECIDED = "TOTAL-FAILED", "INDETERMINATE"
Case = tuple[Callable[[], Any], str, str]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _flat(**more: Any) -> bytes:
    return _json(flat(samples()["jades-compact"].data, **more))


def _twice(name: bytes) -> bytes:
    return _flat()[:-1] + b',"%b":"%b"}' % (name, b64url(EVIL).encode())


def _without_payload() -> dict[str, Any]:
    return flat(samples()["jades-compact"].data, payload=...)


def _hmac(key: bytes, name: str = "HS256") -> bytes:
    start = f"{b64url(_json(header_of(alg=name)))}.{b64url(EVIL)}"
    return f"{start}.{b64url(hmac.new(key, start.encode(), hashlib.sha256).digest())}".encode()


def _pem_of_key() -> bytes:
    key = x509.load_der_x509_certificate(SEAL.certificate.der).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
U = "http://uri.etsi.org/19182/"


def _described(described: Any, text: bytes, contents: Any = None, **more: Any) -> tuple[bytes, Any]:
    crit = ["sigD", *(["b64"] if "b64" in more else [])]
    protected = b64url(_json(header_of(sigD=described, crit=crit, **more)))
    return f"{protected}..{b64url(jose_signature(SEAL, protected.encode() + b'.' + text))}".encode(), contents


def _two_documents(first: bytes, second: bytes) -> tuple[bytes, Any]:
    text = b64url(b"abcabc").encode() + b64url(b"defdef").encode()
    return _described({"mId": U + "ObjectIdByURI", "pars": ["a", "b"]}, text, {"a": first, "b": second})


def _fields(first: bytes, second: bytes) -> tuple[bytes, Any]:
    described = {"mId": U + "HttpHeaders", "pars": ["a", "b"]}
    return _described(described, b"a: 1\nb: 2\nb: 3", {"a": first, "b": second}, b64=False)


JWS_CASES: dict[str, Case] = {
    "payload twice": (lambda: _twice(b"payload"), FAILED, "json.duplicate-member"),
    "payload twice, once with an escape": (lambda: _twice(b"p\\u0061yload"), FAILED, "json.duplicate-member"),
    "header twice": (
        lambda: jws(raw_header=_json(header_of())[:-1] + b',"alg":"none"}'),
        FAILED,
        "json.duplicate-member",
    ),
    "alg in both headers": (lambda: _flat(header={"alg": "none"}), FAILED, "jws.header-overlap"),
    "certificates in both headers": (lambda: _flat(header={"x5c": ["AAAA"]}), FAILED, "jws.header-overlap"),
    "crit unprotected": (lambda: _flat(header={"b64": False, "crit": ["b64"]}), FAILED, "jws.crit-unprotected"),
    "flattened and general": (
        lambda: _flat(signatures=[_without_payload()]),
        FAILED,
        "jws.ambiguous",
    ),
    "payload and seal": (
        lambda: _flat(jadesSignature={"flattenedJson": _without_payload()}),
        FAILED,
        "signature.broken",
    ),
    "seal with a payload": (
        lambda: _json({"a": 1, "jadesSignature": {"flattenedJson": json.loads(_flat())}}),
        FAILED,
        "jws.seal",
    ),
    "detached, evil payload attached": (
        lambda: (_json(flat(samples()["jades-detached"].data, payload=b64url(EVIL))), PAYLOAD),
        FAILED,
        "signature.broken",
    ),
    "attached, evil content presented": (
        lambda: (samples()["jades-compact"].data, EVIL),
        UNDECIDED,
        "content.not-covered",
    ),
    "one good signature and one of alg none": (
        lambda: _json(
            {
                "payload": b64url(PAYLOAD),
                "signatures": [_without_payload(), {"protected": b64url(b'{"alg":"none"}'), "signature": ""}],
            }
        ),
        FAILED,
        "jws.algorithm-none",
    ),
    "alg none": (lambda: jws(EVIL, signature=b"", alg="none"), FAILED, "jws.algorithm-none"),
    "alg nOnE": (lambda: jws(EVIL, signature=b"", alg="nOnE"), FAILED, "jws.algorithm-none"),
    "alg missing": (lambda: jws(alg=...), FAILED, "jws.algorithm-missing"),
    "alg a list": (lambda: jws(alg=["ES256"]), FAILED, "jws.algorithm-missing"),
    "alg unprotected": (lambda: _json(flat(jws(alg=...), header={"alg": "ES256"})), FAILED, "jws.algorithm-missing"),
    "alg of another curve": (lambda: jws(alg="ES384"), FAILED, "jws.signature-length"),
    "alg of RSA": (lambda: jws(alg="RS256"), FAILED, "signature.broken"),
    "alg of Ed25519": (lambda: jws(alg="EdDSA"), FAILED, "signature.broken"),
    "HMAC with the key as DER": (lambda: _hmac(SEAL.certificate.public_key_der), FAILED, "jws.algorithm-symmetric"),
    "HMAC with the key as PEM": (lambda: _hmac(_pem_of_key()), FAILED, "jws.algorithm-symmetric"),
    "HMAC with the certificate": (lambda: _hmac(SEAL.certificate.der), FAILED, "jws.algorithm-symmetric"),
    "HMAC called ES256": (lambda: _hmac(SEAL.certificate.public_key_der, "ES256"), FAILED, "jws.signature-length"),
    "r and s zero": (lambda: jws(EVIL, signature=bytes(64)), FAILED, "jws.signature-zero"),
    "r zero": (lambda: jws(EVIL, signature=bytes(32) + b"\1" * 32), FAILED, "jws.signature-zero"),
    "r and s the order": (lambda: jws(EVIL, signature=ORDER * 2), FAILED, "signature.broken"),
    "63 octets": (lambda: jws(signature=bytes(63)), FAILED, "jws.signature-length"),
    "65 octets": (lambda: jws(signature=bytes(65)), FAILED, "jws.signature-length"),
    "no octets": (lambda: jws(signature=b""), FAILED, "jws.signature-length"),
    "DER": (
        lambda: jws(signature=algorithms.sign("ecdsa-sha256", SEAL.private_key, b"x")),
        FAILED,
        "jws.signature-length",
    ),
    "crit of something unknown": (lambda: jws(crit=["x"], x=1), FAILED, "jws.crit-unknown"),
    "crit of something absent": (lambda: jws(crit=["sigT"]), FAILED, "jws.crit-absent"),
    "crit of alg": (lambda: jws(crit=["alg"]), FAILED, "jws.crit-registered"),
    "crit twice": (lambda: jws(crit=["iat", "iat"]), FAILED, "jws.crit-duplicate"),
    "crit empty": (lambda: jws(crit=[]), FAILED, "jws.crit-malformed"),
    "crit a text": (lambda: jws(crit="b64"), FAILED, "jws.crit-malformed"),
    "crit of numbers": (lambda: jws(crit=[1]), FAILED, "jws.crit-malformed"),
    "b64 not critical": (lambda: jws(b64=False), FAILED, "jws.b64-not-critical"),
    "b64 a text": (lambda: jws(b64="false", crit=["b64"]), FAILED, "jws.b64-type"),
    "b64 a number": (lambda: jws(b64=0, crit=["b64"]), FAILED, "jws.b64-type"),
    "payload padded": (lambda: jws(text=b64url(b"abcd") + "=="), FAILED, "base64url.character"),
    "payload with stray bits": (lambda: jws(text="YR"), FAILED, "base64url.trailing-bits"),
    "payload of a length that is none": (lambda: jws(text="YWJjZ"), FAILED, "base64url.length"),
    "payload in the other alphabet": (lambda: jws(text="+/+/"), FAILED, "base64url.character"),
    "payload with a line end": (lambda: jws(text="YWJj\nYWJjYWJ"), FAILED, "base64url.character"),
    "header padded": (lambda: _padded(0), FAILED, "base64url.character"),
    "signature padded": (lambda: _padded(2), FAILED, "base64url.character"),
    "four parts": (lambda: samples()["jades-compact"].data + b".YQ", FAILED, "jws.parts"),
    "reference to another certificate": (
        lambda: jws(**{"x5t#S256": b64url(BUS.certificate.sha256)}),
        UNDECIDED,
        "signature.certificate-mismatch",
    ),
    "another certificate first": (
        lambda: jws(x5c=[b64_encode(BUS.certificate.der), b64_encode(TOWN.ca.der)], **{"x5t#S256": ...}),
        FAILED,
        "signature.broken",
    ),
    "names that lead out": (
        lambda: _described({"mId": U + "ObjectIdByURI", "pars": ["../../etc/passwd"]}, _etc_passwd()),
        UNDECIDED,
        "content.missing",
    ),
    "file URL": (
        lambda: _described({"mId": U + "ObjectIdByURI", "pars": ["file:///etc/passwd"]}, _etc_passwd()),
        UNDECIDED,
        "content.missing",
    ),
    "octets moved from one document to the next": (
        lambda: _two_documents(b"abcabcdef", b"def"),
        UNDECIDED,
        "jades.sigd-boundaries",
    ),
    "documents in another order": (lambda: _two_documents(b"defdef", b"abcabc"), FAILED, "signature.broken"),
    "one header field made two": (lambda: _fields(b"1\nb: 2", b"3"), FAILED, "jades.http-header-lines"),
    "two header fields made one": (lambda: _fields(b"1", b"2\nb: 3"), FAILED, "jades.http-header-lines"),
    "unknown mechanism": (
        lambda: _described({"mId": "urn:x", "pars": ["a"]}, b"", EVIL),
        UNDECIDED,
        "jades.sigd-mechanism",
    ),
    "nothing described": (
        lambda: _described({"mId": U + "ObjectIdByURIHash", "pars": []}, b"", EVIL),
        FAILED,
        "jades.sigd-schema",
    ),
}


def _padded(part: int) -> bytes:
    parts = samples()["jades-compact"].data.split(b".")
    parts[part] += b"="
    return b".".join(parts)


def _etc_passwd() -> bytes:
    with open("/etc/passwd", "rb") as stream:
        return b64url(stream.read()).encode()


# -- CMS

V1 = "1.2.840.113549.1.9.16.2.12"
_KIND = attribute(CONTENT_TYPE, oid_der(DATA))
_DIGEST = attribute(MESSAGE_DIGEST, octet_string(algorithms.digest("sha256", PAYLOAD)))
_EVIL_DIGEST = attribute(MESSAGE_DIGEST, octet_string(algorithms.digest("sha256", EVIL)))
_REFERENCE = attribute(ESS_V2, ess(SEAL.certificate.der))
_OF_BUS = attribute(ESS_V2, ess(BUS.certificate.der))


def _cms(*signed: bytes, content: bytes = PAYLOAD, **more: Any) -> bytes:
    return signed_data([signer_info(list(signed))], content, **more)


def _attributes_as_content() -> bytes:
    """The octets under the signature value of a CAdES signature, as if they were a content signed directly."""
    return cms.read(samples()["cades-attached"].data).signers[0].signed_attributes_der


def _value() -> bytes:
    return cms.read(samples()["cades-attached"].data).signers[0].signature


def _references(*digests: bytes) -> bytes:
    return attribute(ESS_V2, sequence(sequence(*[sequence(octet_string(each)) for each in digests])))


CMS_CASES: dict[str, Case] = {
    "signed attributes as content": (
        lambda: signed_data([signer_info(None, signature=_value())], _attributes_as_content()),
        FAILED,
        "cms.content-is-attributes",
    ),
    "signed attributes as detached content": (
        lambda: (signed_data([signer_info(None, signature=_value())], None), _attributes_as_content()),
        FAILED,
        "cms.content-is-attributes",
    ),
    "attached, evil content presented": (
        lambda: (samples()["cades-attached"].data, EVIL),
        UNDECIDED,
        "content.not-covered",
    ),
    "another content type": (
        lambda: _cms(_KIND, _DIGEST, _REFERENCE, kind=SIGNED_DATA),
        FAILED,
        "cms.content-type-mismatch",
    ),
    "content type missing": (lambda: _cms(_DIGEST, _REFERENCE), FAILED, "cms.content-type-missing"),
    "message digest missing": (lambda: _cms(_KIND, _REFERENCE), FAILED, "cms.message-digest-missing"),
    "two message digests": (
        lambda: _cms(_KIND, _DIGEST, _EVIL_DIGEST, _REFERENCE, content=EVIL),
        FAILED,
        "cms.duplicate-attribute",
    ),
    "a message digest of two values": (
        lambda: _cms(
            _KIND,
            attribute(MESSAGE_DIGEST, *[octet_string(algorithms.digest("sha256", each)) for each in (PAYLOAD, EVIL)]),
            _REFERENCE,
            content=EVIL,
        ),
        FAILED,
        "cms.duplicate-attribute",
    ),
    "two content types": (
        lambda: _cms(_KIND, attribute(CONTENT_TYPE, oid_der(SIGNED_DATA)), _DIGEST, _REFERENCE),
        FAILED,
        "cms.duplicate-attribute",
    ),
    "another content": (lambda: _cms(_KIND, _DIGEST, _REFERENCE, content=EVIL), FAILED, "content.altered"),
    "attributes changed after signing": (
        lambda: signed_data([signer_info([_KIND, _EVIL_DIGEST, _REFERENCE], signature=_value())], EVIL),
        FAILED,
        "signature.broken",
    ),
    "attributes taken away": (
        lambda: signed_data([signer_info(None, signature=_value())]),
        FAILED,
        "signature.broken",
    ),
    "attributes empty": (lambda: signed_data([signer_info([])], EVIL), FAILED, "cms.message-digest-missing"),
    "attributes without order, signed otherwise": (
        lambda: signed_data([signer_info([_REFERENCE, _DIGEST, _KIND], signature=_value(), sort=False)], EVIL),
        FAILED,
        "content.altered",
    ),
    "ESS hash of another": (lambda: _cms(_KIND, _DIGEST, _OF_BUS), UNDECIDED, "signature.certificate-mismatch"),
    "ESS hash of another, who is there": (
        lambda: _cms(_KIND, _DIGEST, _OF_BUS, certificates=[SEAL.certificate.der, BUS.certificate.der]),
        FAILED,
        "signature.broken",
    ),
    "ESS of the signer in second place": (
        lambda: _cms(_KIND, _DIGEST, _references(bytes(32), SEAL.certificate.sha256)),
        UNDECIDED,
        "signature.certificate-mismatch",
    ),
    "ESS hash empty": (lambda: _cms(_KIND, _DIGEST, _references(b"")), UNDECIDED, "signature.certificate-mismatch"),
    "ESS hash cut short": (
        lambda: _cms(_KIND, _DIGEST, _references(SEAL.certificate.sha256[:16])),
        UNDECIDED,
        "signature.certificate-mismatch",
    ),
    "ESS version 1 of the signer, version 2 of another": (
        lambda: _cms(_KIND, _DIGEST, _OF_BUS, attribute(V1, sequence(sequence(sequence(octet_string(bytes(20))))))),
        UNDECIDED,
        "signature.certificate-mismatch",
    ),
    "ESS twice": (lambda: _cms(_KIND, _DIGEST, _REFERENCE, _OF_BUS), FAILED, "cms.duplicate-attribute"),
    "two signers, one over something else": (
        lambda: signed_data(
            [signer_info([_KIND, _DIGEST, _REFERENCE]), signer_info([_KIND, _EVIL_DIGEST, _REFERENCE])]
        ),
        FAILED,
        "content.altered",
    ),
    "two signers, one by another key": (
        lambda: signed_data(
            [signer_info([_KIND, _DIGEST, _REFERENCE]), signer_info([_KIND, _DIGEST, _REFERENCE], by=BUS)],
            certificates=[SEAL.certificate.der, BUS.certificate.der, TOWN.ca.der],
        ),
        FAILED,
        "signature.broken",
    ),
    "digest of another name": (
        lambda: signed_data(
            [signer_info([_KIND, _DIGEST, _REFERENCE], digest=algorithms.digest_algorithm_identifier("sha1"))]
        ),
        FAILED,
        "content.altered",
    ),
    "signature of another family": (
        lambda: signed_data(
            [
                signer_info(
                    [_KIND, _DIGEST, _REFERENCE],
                    signature=_value(),
                    algorithm=algorithms.signature_algorithm_identifier("rsa-sha256"),
                )
            ]
        ),
        FAILED,
        "signature.broken",
    ),
    "signature of zeros": (
        lambda: signed_data(
            [signer_info([_KIND, _DIGEST, _REFERENCE], signature=sequence(integer_der(0), integer_der(0)))]
        ),
        FAILED,
        "signature.broken",
    ),
    "one member more": (lambda: _cms(_KIND, _DIGEST, _REFERENCE, extra=null()), FAILED, "cms.structure"),
    "no certificate": (
        lambda: _cms(_KIND, _DIGEST, _REFERENCE, certificates=[]),
        UNDECIDED,
        "signature.certificate-missing",
    ),
    "no signer": (lambda: signed_data([]), FAILED, "cms.no-signers"),
    "a time stamp's token as a signature": (
        lambda: signed_data(
            [signer_info(None, signature=cms.read(token()).signers[0].signature, by=TOWN.identity("tsa"))],
            cms.read(token()).signers[0].signed_attributes_der,
            certificates=[TOWN.identity("tsa").certificate.der, TOWN.ca.der],
        ),
        FAILED,
        "cms.content-is-attributes",
    ),
    "signed by a time-stamping authority": (
        lambda: signed_data(
            [signer_info(attributes(PAYLOAD, TOWN.identity("tsa")), by=TOWN.identity("tsa"))],
            certificates=[TOWN.identity("tsa").certificate.der, TOWN.ca.der],
        ),
        UNDECIDED,
        "certificate.extended-key-usage",
    ),
    "signed by the CA": (
        lambda: signed_data(
            [signer_info(attributes(PAYLOAD, TOWN.identity("ca")), by=TOWN.identity("ca"))], certificates=[TOWN.ca.der]
        ),
        UNDECIDED,
        "certificate.key-usage",
    ),
}


def _refused(case: Case) -> None:
    make_file, indication, code = case
    made = make_file()
    data, content = made if isinstance(made, tuple) else (made, None)
    report = judge(data, content, trust=new_trust())
    assert (report.indication, code in codes(report)) == (indication, True), (report.log_line(), codes(report))
    outcome(report)
    try:
        verified = report.require(signed_by="anyone")
    except NotVerified:
        return
    # of several signatures one is sound: what it yields is what it covers
    assert len(report.signatures) > 1
    assert verified.content == PAYLOAD


@pytest.mark.parametrize("name", JWS_CASES)
def test_forged_jws(name: str) -> None:
    # nothing passes that was not signed: JWS and JAdES
    _refused(JWS_CASES[name])


@pytest.mark.parametrize("name", CMS_CASES)
def test_forged_cms(name: str) -> None:
    # nothing passes that was not signed: CMS and CAdES
    _refused(CMS_CASES[name])


def test_signature_in_signature() -> None:
    # what a signature around a signature covers is the inner file, never the inner file's content
    inner = samples()["cades-attached"].data
    report = judge(make(inner, format="cades"))
    assert report.require(signed_by={SIGNER}).content == inner


def test_time_stamp_of_another_signature() -> None:
    # a time stamp of another signature proves nothing: the signature is judged as of now, and a finding says so
    stamp = attribute("1.2.840.113549.1.9.16.2.14", token())
    other = json.loads(make(b"another", level="B-T", details=_flattened()))["header"]
    mine = flat(samples()["jades-compact"].data, header=other)
    for data in (signed_data([signer_info(attributes(PAYLOAD), unsigned=[stamp])]), _json(mine)):
        report = judge(data)
        assert {"timestamp.imprint-altered", "timestamp.not-usable"} <= codes(report)
        assert report.signatures[0].best_signature_time == report.validated_at
        assert report.signatures[0].timestamps[0].indication == "FAILED"


def _flattened() -> Any:
    from hostile_samples import details

    return details(serialization="flattened")


def test_unescaped_text_of_files() -> None:
    # nothing that a file says reaches a terminal or a log line as a command
    command = "\x1b[2J\x1b]0;x\x07\u202e"
    described = _described({"mId": U + "ObjectIdByURI", "pars": [command]}, b"")[0]
    files = [jws(crit=[command]), jws(alg=command), jws(cty=command), _flat(header={command: 1}), _flat(**{command: 1})]
    for data in (*files, described, jws(sigPl={"addressCountry": command})):
        report = judge(data)
        for text in (str(report), report.log_line()):
            assert not any(ord(character) < 32 and character != "\n" for character in text)
            assert "\u202e" not in text


# -- receipts


def _evidence(by: Any = BUS) -> dict[str, Any]:
    claims = json.loads(make_receipt(by=by))
    del claims["jadesSignature"]
    return dict(claims)


def _seal(claims: dict[str, Any], by: Any) -> dict[str, str]:
    protected = b64url(_json(header_of(by)))
    value = jose_signature(by, f"{protected}.{b64url(json_canonical(claims))}".encode())
    return {"protected": protected, "signature": b64url(value)}


def _receipt(claims: dict[str, Any], *sealers: Any) -> bytes:
    seals = [_seal(claims, by) for by in sealers]
    shape = {"flattenedJson": seals[0]} if len(seals) == 1 else {"generalJson": {"signatures": seals}}
    return _json({**claims, "jadesSignature": shape})


def test_receipt_sealed_by_another() -> None:
    # a receipt whose issuer is not the signer does not pass, however its seal is spelt
    data = _receipt(_evidence(BUS), SEAL)
    for spelling in (b'"jadesSignature"', b'"jadesSign\\u0061ture"', b'"\\u006aadesSignature"'):
        report = judge(data.replace(b'"jadesSignature"', spelling))
        assert report.indication == UNDECIDED
        assert "receipt.issuer-not-signer" in codes(report)


def test_receipt_written_around_another_signature() -> None:
    # evidence that stands unsigned beside a valid JWS of the issuer is no receipt
    message = flat(jws(b"any message of the bus company", by=BUS))
    for more in ({"header": {"jadesSignature": 1}}, {"header": {"x": "\u0001"}}, {}):
        report = judge(_json({**_evidence(BUS), **message, **more}))
        assert report.receipt is None
    assert judge(_receipt(_evidence(BUS), BUS)).receipt.proves == "handed-over"


def test_receipt_altered() -> None:
    # nothing of a receipt can be added, changed or left out
    claims = _evidence()
    data = json.loads(_receipt(claims, BUS))
    altered = [{**data, "x": 1}, {**data, "MessageIdentifier": "m-2"}]
    altered += [{name: member for name, member in data.items() if name != left} for left in claims]
    for each in altered:
        report = judge(_json(each))
        assert report.indication == FAILED
        assert report.receipt is None or report.receipt.proves is None


@pytest.mark.parametrize("sealers", [(SEAL, BUS), (BUS, SEAL)], ids=["issuer last", "issuer first"])
def test_receipt_with_two_seals(sealers: tuple[Any, ...]) -> None:
    # with several seals a receipt proves something only through the issuer's, and only where all pass
    claims = _evidence(BUS)
    whole = judge(_receipt(claims, *sealers))
    proven = whole.receipt is not None and whole.receipt.proves is not None
    assert proven == (whole.indication == "TOTAL-PASSED")
    broken = json.loads(_receipt(claims, *sealers))
    number = sealers.index(BUS)
    broken["jadesSignature"]["generalJson"]["signatures"][number]["signature"] = b64url(b"\1" * 64)
    report = judge(_json(broken))
    assert report.indication == FAILED
    assert report.receipt.proves is None
