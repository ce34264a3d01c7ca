"""A town, one small valid sample per format, and what hostile tests share: nothing here looks at a clock."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from toyono_trust import devpki, verbs
from toyono_trust.core import algorithms, cms
from toyono_trust.core.asn1 import der, explicit, integer_der, octet_string, oid_der, sequence, set_of
from toyono_trust.core.canonical import b64_encode, b64url_encode
from toyono_trust.core.limits import Work
from toyono_trust.formats import ers
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp import request
from toyono_trust.pki.tsp.response import read_response
from toyono_trust.sources import content_of, contents_of
from toyono_trust.steps import World, run
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
AT = NOW + timedelta(hours=2)
SIGNED_AT = NOW + timedelta(hours=1)
PAYLOAD = b'{"stop":"Toyono-4","t":7}'
TOWN = devpki.Town.create(NOW, clock=lambda: SIGNED_AT)
SEAL = TOWN.identity("town")
BUS = TOWN.identity("bus")
SIGNER = "NTRJP-9234567890123"
TSA = f"{TOWN.base_url}/tsr"
CONTENT_TYPE, MESSAGE_DIGEST, ESS_V2 = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"
DATA, SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"


def _random(size: int) -> bytes:
    return bytes(range(1, size + 1))


def world(http: Any = None, timeout: float | None = None) -> World:
    """A driver's world in which it is always ``SIGNED_AT``."""
    return World(lambda: SIGNED_AT, _random, time.monotonic, http or devpki.Simulation(TOWN, SIGNED_AT), timeout)


def new_trust() -> TrustStore:
    """The town's trust with no verdict kept yet."""
    files = TOWN.trust_files
    return TrustStore.from_certificates(
        [TOWN.root.der], [TOWN.ca.der], [files["revocation/root.crl"], files["revocation/ca.crl"]]
    )


TRUST = new_trust()


def judge(
    data: bytes,
    content: bytes | Mapping[str, bytes] | None = None,
    *,
    trust: TrustStore | None = None,
    policy: Policy | None = None,
    at: datetime = AT,
    work: Work | None = None,
) -> Report:
    """``toyono_trust.verify`` at a fixed time."""
    return verbs.verify(data, contents_of(content), trust or TRUST, policy or Policy.default(), at, work)  # type: ignore[arg-type]


def outcome(report: Report) -> tuple[Any, ...]:
    """All that a report says, comparable."""
    return (json.dumps(report.to_json(), sort_keys=True, default=str), str(report), report.log_line())


def codes(report: Report) -> set[str]:
    """Codes of all findings."""
    return {finding.code for finding in report.all_findings()}


def make(content: bytes = PAYLOAD, by: Any = SEAL, format: Any = "jades", level: str = "B-B", **options: Any) -> bytes:
    """A signature by the town, at ``SIGNED_AT``."""
    tsa = TSA if level == "B-T" else None
    asked = verbs.order(content_of(content), by, format, level, tsa, True, options)  # type: ignore[arg-type]
    return bytes(run(verbs.sign(asked), world()))


def make_receipt(by: Any = BUS, level: str = "B-B", **more: Any) -> bytes:
    """A delivery receipt by the bus company."""
    given = {
        "sender": "NTRJP-9234567890123",
        "recipients": ["NTRJP-1345678901234"],
        "message_id": "m-1",
        "parts": {"timetable.csv": b"4;7:10"},
    } | more
    tsa = TSA if level == "B-T" else None
    options: Any = {"policy_id": "urn:oid:1.3.6.1.4.1.55555.2", "submission_time": NOW}
    return bytes(run(verbs.receipt("ContentHandover", by, level, tsa, True, given, options), world()))


def details(**given: Any) -> Any:
    """``JadesDetails``."""
    from toyono_trust.formats.jades import JadesDetails

    return JadesDetails(**given)


class Sample(NamedTuple):
    """A valid file. ``content``: what it covers, where it is detached. ``passes``: its indication."""

    data: bytes
    content: bytes | None = None
    passes: str = "TOTAL-PASSED"


@lru_cache(1)
def response() -> bytes:
    """A TSA's whole answer about ``PAYLOAD``."""
    return TOWN.tsa_respond(request(algorithms.digest("sha256", PAYLOAD), "sha256", nonce=7), SIGNED_AT)


@lru_cache(1)
def token() -> bytes:
    """A time stamp over ``PAYLOAD``."""
    found = read_response(response()).token
    assert found is not None
    return found


def _stamped(imprint: bytes, at: datetime = SIGNED_AT) -> bytes:
    found = read_response(TOWN.tsa_respond(request(imprint, "sha256", nonce=7), at)).token
    assert found is not None
    return found


@lru_cache(1)
def record() -> bytes:
    """An evidence record of ``PAYLOAD``, which is one of three leaves."""
    tree = ers.HashTree([algorithms.digest("sha256", each) for each in (b"one", PAYLOAD, b"three")])
    return ers.write("sha256", tree.reduced(1), _stamped(tree.root))


@lru_cache(1)
def renewed() -> bytes:
    """The same with another time stamp over its first one."""
    draft = ers.prepare_archive(record(), NO_CONTENTS, "sha256")
    return ers.attach_archive(draft, _stamped(draft.imprint))


@lru_cache(1)
def samples() -> dict[str, Sample]:
    """One small valid file per format and shape."""
    general = json.loads(make(details=details(serialization="flattened")))
    payload = general.pop("payload")
    return {
        "jades-compact": Sample(make()),
        "jades-flattened-B-T": Sample(make(level="B-T", details=details(serialization="flattened"))),
        "jades-general": Sample(json.dumps({"payload": payload, "signatures": [general]}).encode()),
        "jades-detached": Sample(make(detached=True), PAYLOAD),
        "receipt": Sample(make_receipt()),
        "cades-attached": Sample(make(format="cades")),
        "cades-detached": Sample(make(format="cades", detached=True), PAYLOAD),
        "cades-B-T": Sample(make(format="cades", level="B-T")),
        "token": Sample(token(), PAYLOAD, "PASSED"),
        "response": Sample(response(), PAYLOAD, "PASSED"),
        "record": Sample(record(), PAYLOAD, "PASSED"),
        "record-renewed": Sample(renewed(), PAYLOAD, "PASSED"),
    }


# -- made by hand


def b64url(data: bytes) -> str:
    return b64url_encode(data).decode()


def jose_signature(by: Any, signing_input: bytes) -> bytes:
    """``r ‖ s`` of a P-256 key."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(algorithms.sign("ecdsa-sha256", by.private_key, signing_input))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def header_of(by: Any = SEAL, **more: Any) -> dict[str, Any]:
    """A plain protected header; a value of ``...`` takes a member away."""
    members = {
        "alg": "ES256",
        "iat": int(SIGNED_AT.timestamp()),
        "x5t#S256": b64url(by.certificate.sha256),
        "x5c": [b64_encode(by.certificate.der), b64_encode(TOWN.ca.der)],
    } | more
    return {name: value for name, value in members.items() if value is not ...}


def jws(
    payload: bytes = PAYLOAD, by: Any = SEAL, *, raw_header: bytes | None = None, signature: bytes | None = None,
    text: str | None = None, **more: Any
) -> bytes:  # fmt: skip
    """A compact JWS, really signed over whatever header is asked for."""
    protected = b64url(raw_header if raw_header is not None else json.dumps(header_of(by, **more)).encode())
    body = b64url(payload) if text is None else text
    value = jose_signature(by, f"{protected}.{body}".encode()) if signature is None else signature
    return f"{protected}.{body}.{b64url(value)}".encode()


def flat(compact: bytes, **more: Any) -> dict[str, Any]:
    """The flattened form of a compact JWS, with other members."""
    protected, payload, signature = compact.decode().split(".")
    members = {"payload": payload, "protected": protected, "signature": signature} | more
    return {name: value for name, value in members.items() if value is not ...}


def attribute(oid: str, *values: bytes) -> bytes:
    return cms.attribute(oid, *values)


def ess(certificate: bytes) -> bytes:
    """SigningCertificateV2 with one reference."""
    return sequence(sequence(sequence(octet_string(algorithms.digest("sha256", certificate)))))


def attributes(content: bytes, by: Any = SEAL, kind: str = DATA) -> list[bytes]:
    """The three signed attributes that every CAdES signature has."""
    return [
        attribute(CONTENT_TYPE, oid_der(kind)),
        attribute(MESSAGE_DIGEST, octet_string(algorithms.digest("sha256", content))),
        attribute(ESS_V2, ess(by.certificate.der)),
    ]


def signer_info(
    signed: list[bytes] | None, content: bytes = b"", by: Any = SEAL, *, unsigned: list[bytes] | None = None,
    signature: bytes | None = None, identifier: bytes | None = None, digest: bytes | None = None, sort: bool = True,
    algorithm: bytes | None = None,
) -> bytes:  # fmt: skip
    """A SignerInfo, really signed over what it holds; ``signed`` None: over the content."""
    encoded = b"" if signed is None else set_of(signed) if sort else der(0x31, b"".join(signed))
    value = signature
    if value is None:
        value = algorithms.sign("ecdsa-sha256", by.private_key, content if signed is None else encoded)
    return sequence(
        integer_der(1),
        identifier or sequence(by.certificate.issuer_der, integer_der(by.certificate.serial)),
        digest or algorithms.digest_algorithm_identifier("sha256"),
        b"" if signed is None else b"\xa0" + encoded[1:],
        algorithm or algorithms.signature_algorithm_identifier("ecdsa-sha256"),
        octet_string(value),
        b"" if unsigned is None else b"\xa1" + set_of(unsigned)[1:],
    )


def signed_data(
    signers: list[bytes], content: bytes | None = PAYLOAD, *, kind: str = DATA, certificates: list[bytes] | None = None,
    crls: list[bytes] | None = None, extra: bytes = b"", sort: bool = True,
) -> bytes:  # fmt: skip
    """A ContentInfo with SignedData."""
    bag = [SEAL.certificate.der, TOWN.ca.der] if certificates is None else certificates
    inside = b"" if content is None else der(0xA0, octet_string(content))
    return sequence(
        oid_der(SIGNED_DATA),
        der(
            0xA0,
            sequence(
                integer_der(1 if kind == DATA else 3),
                set_of([algorithms.digest_algorithm_identifier("sha256")]),
                sequence(oid_der(kind), inside),
                b"\xa0" + set_of(bag)[1:] if bag else b"",
                b"\xa1" + set_of(crls)[1:] if crls else b"",
                set_of(signers) if sort else der(0x31, b"".join(signers)),
                extra,
            ),
        ),
    )


class Holder:
    """Somebody with a certificate, sound or not, and a key."""

    def __init__(self, certificate: bytes, private_key: Any = None) -> None:
        self.certificate = Certificate.load(certificate)
        self.private_key = private_key or SEAL.private_key


ECDSA_SHA256 = sequence(oid_der("1.2.840.10045.4.3.2"))
FROM, UNTIL = b"\x17\x0d260101000000Z", b"\x17\x0d290101000000Z"


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(oid_der(oid), b"\x01\x01\xff" if critical else b"", octet_string(value))


CA = extension("2.5.29.19", sequence(b"\x01\x01\xff"), critical=True)
SIGNING = extension("2.5.29.15", b"\x03\x02\x06\xc0", critical=True)


def name(text: str | bytes) -> bytes:
    """A Name of one common name."""
    return rdns(("2.5.4.3", text))


def rdns(*pairs: tuple[str, str | bytes]) -> bytes:
    texts = [(oid, text.encode() if isinstance(text, str) else text) for oid, text in pairs]
    return sequence(*[set_of([sequence(oid_der(oid), der(0x0C, text))]) for oid, text in texts])


def certificate(
    serial: int = 1, *, issuer: bytes | None = None, subject: bytes | None = None, key: bytes | None = None,
    start: bytes = FROM, end: bytes = UNTIL, extensions: bytes = b"", signed_by: Any = None,
    algorithm: bytes = ECDSA_SHA256, signature: bytes = b"\x30\x06\x02\x01\x01\x02\x01\x01",
) -> bytes:  # fmt: skip
    """A certificate by hand: by default the town's key in the issuing CA's name, with a signature that does not fit."""
    body = sequence(
        explicit(0, integer_der(2)),
        integer_der(serial),
        algorithm,
        issuer or TOWN.ca.subject_der,
        sequence(start, end),
        subject or SEAL.certificate.subject_der,
        key or SEAL.certificate.public_key_der,
        explicit(3, sequence(extensions)) if extensions else b"",
    )
    value = signature if signed_by is None else algorithms.sign("ecdsa-sha256", signed_by, body)
    return sequence(body, algorithm, der(3, b"\0" + value))


def sealed_with(leaves: list[bytes], more: list[bytes], **given: Any) -> bytes:
    """A CAdES file with one signature for each leaf, all by the town's key."""
    holders = [Holder(leaf) for leaf in leaves]
    signers = [signer_info(attributes(PAYLOAD, holder), by=holder) for holder in holders]
    return signed_data(signers, certificates=[*leaves, *more], **given)
