"""RFC 3161 2.4, the authority's side: request in, TimeStampResp out. Pure; the key is asked through steps.

What a TSA writes is the same in every token but for TSTInfo, one digest and one signature, so an ``Authority`` holds
the rest as DER, made once. Values follow EN 319 422: ESSCertIDv2 (RFC 5816), DER throughout, no signing-time
attribute beside genTime. RFC 3161 2.4.1 and 2.4.2 rule the refusals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from toyono_trust.core.algorithms import (
    by_name,
    digest,
    digest_algorithm_identifier,
    digest_size,
    signature_algorithm_identifier,
)
from toyono_trust.core.asn1 import (
    der,
    flags_der,
    integer_der,
    octet_string,
    oid_der,
    sequence,
    set_of,
    utf8,
)
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp.query import Query, check_policy, read_query
from toyono_trust.pki.tsp.response import FAILURES
from toyono_trust.pki.tsp.token import TST_INFO
from toyono_trust.steps import Steps

__all__ = ["ACCEPTED_DIGESTS", "Authority", "Key", "Pending", "Refusal", "finish", "prepare", "rejection", "respond"]

ACCEPTED_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})
"""Digests that a request may hold; weaker ones are refused with badAlg (TS 119 312)."""
MAX_NONCE = 64
"""Octets of a nonce that are repeated; clients send 8, OpenSSL at most 20."""
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_SIGNED_DATA, _CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_CURVES = frozenset({"p256", "p384", "p521"})


class Key(Protocol):
    """What a TSA needs of ``keys.signer``."""

    @property
    def certificate(self) -> Certificate:
        """The TSA's certificate."""

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """Its issuers, nearest first."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Signature algorithms by preference."""

    def sign_steps(self, data: bytes, algorithm: str) -> Steps[bytes]:
        """Sign ``data``."""


class Authority(NamedTuple):
    """All of a TSA that stays the same from token to token; made by ``Authority.of``.

    ``policies``: DER by dotted OID, the default first. ``digits``: of the fraction of a second in genTime.
    """

    algorithm: str
    digest: str
    policy: str
    policies: dict[str, bytes]
    not_before: datetime
    not_after: datetime
    ordering: bool
    digits: int
    after_time: bytes
    after_nonce: bytes
    attributes_before: bytes
    attributes_after: bytes
    data_head: bytes
    content_type: bytes
    certificates: bytes
    signer_head: bytes
    signature_algorithm: bytes

    @classmethod
    def of(
        cls,
        key: Key,
        *,
        policy: str,
        further_policies: Iterable[str] = (),
        accuracy: float | None = 1.0,
        ordering: bool = False,
        digits: int = 3,
        named: bool = False,
    ) -> Authority:
        """Everything about the TSA of ``key`` that tokens repeat.

        ``policy``: dotted OID written into tokens; ``further_policies``: others that a request may name.
        ``accuracy``: seconds (EN 319 422 5.2.2: one or better), None to leave it out. ``digits``: 0 to 6.
        ``ordering``: promise that genTime alone orders the tokens. ``named``: write the TSA's name into them.
        Raises ``MisuseError``: ``tsa.certificate``, ``tsa.key``, ``tsa.policy``, ``tsa.setting``.
        """
        certificate = key.certificate
        _check_certificate(certificate)
        algorithm, digest_name = _choose(certificate, key.algorithms)
        if not 0 <= digits <= 6:
            raise _setting(f"genTime has 0 to 6 digits after the point, not {digits}")
        before, after = _attributes(certificate, digest_name)
        digest_identifier = digest_algorithm_identifier(digest_name)
        sid = sequence(certificate.issuer_der, integer_der(certificate.serial))
        name = der(0xA0, der(0xA4, certificate.subject_der)) if named else b""
        chain = (certificate.der, *(issuer.der for issuer in key.chain if not issuer.self_signed))
        return cls(
            algorithm,
            digest_name,
            policy,
            {oid: check_policy(oid) for oid in (policy, *further_policies)},
            certificate.not_before,
            certificate.not_after,
            ordering,
            digits,
            (_accuracy(accuracy) if accuracy is not None else b"") + (b"\x01\x01\xff" if ordering else b""),
            name,
            before,
            after,
            integer_der(3) + set_of([digest_identifier]),
            oid_der(TST_INFO),
            der(0xA0, *sorted(set(chain))),
            integer_der(1) + sid + digest_identifier,
            signature_algorithm_identifier(algorithm),
        )


class Refusal(NamedTuple):
    """A request that gets no token: PKIFailureInfo by name, the reason in words, and the answer to send."""

    failure: str
    reason: str
    body: bytes


class Pending(NamedTuple):
    """A token that waits for its signature: the octets to sign, TSTInfo, the signed attributes, certReq."""

    to_be_signed: bytes
    info: bytes
    attributes: bytes
    certificate_requested: bool


def respond(request: bytes, *, authority: Authority, key: Key, at: datetime | None, serial_number: int) -> Steps[bytes]:
    """Answer one TimeStampReq with a TimeStampResp, granted or refused; never raises on what the request holds.

    ``at``: genTime (aware), None where no trustworthy time is at hand (timeNotAvailable). ``serial_number``: unique
    for this TSA, 1 to 160 bits. A key that does not answer is a systemFailure.
    """
    pending = prepare(request, authority=authority, at=at, serial_number=serial_number)
    if isinstance(pending, Refusal):
        return pending.body
    try:
        signature = yield from key.sign_steps(pending.to_be_signed, authority.algorithm)
    except UnavailableError:
        return rejection("systemFailure", "the key does not answer").body
    return finish(pending, authority, signature)


def prepare(request: bytes, *, authority: Authority, at: datetime | None, serial_number: int) -> Pending | Refusal:
    """The token to be signed for a request, or the refusal (RFC 3161 2.4.1, 2.4.2)."""
    try:
        query = read_query(request)
    except MalformedError as error:
        return rejection("badDataFormat", error.message)
    refusal = _judge(query, authority)
    if refusal is not None:
        return refusal
    if at is None or not authority.not_before <= at <= authority.not_after:
        return rejection("timeNotAvailable", "no trustworthy time within the certificate's validity")
    if not 0 < serial_number < 1 << 160:
        raise _setting("a serial number has 1 to 160 bits")
    info = der(
        0x30,
        b"\x02\x01\x01",
        authority.policies[query.policy or authority.policy],
        query.imprint_tlv,
        integer_der(serial_number),
        _generation_time(at, authority.digits),
        authority.after_time,
        query.nonce_tlv,
        authority.after_nonce,
    )
    attributes = b"".join((authority.attributes_before, digest(authority.digest, info), authority.attributes_after))
    return Pending(der(0x31, attributes), info, attributes, query.certificate_requested)


def finish(pending: Pending, authority: Authority, signature: bytes) -> bytes:
    """The TimeStampResp with the signed token. ``signature``: as in CMS (ECDSA: DER)."""
    signer_info = der(
        0x30,
        authority.signer_head,
        der(0xA0, pending.attributes),
        authority.signature_algorithm,
        der(0x04, signature),
    )
    signed_data = der(
        0x30,
        authority.data_head,
        der(0x30, authority.content_type, der(0xA0, der(0x04, pending.info))),
        authority.certificates if pending.certificate_requested else b"",
        der(0x31, signer_info),
    )
    return der(0x30, b"\x30\x03\x02\x01\x00", der(0x30, _SIGNED_DATA_DER, der(0xA0, signed_data)))


_SIGNED_DATA_DER = oid_der(_SIGNED_DATA)


def _judge(query: Query, authority: Authority) -> Refusal | None:
    if query.version != 1:
        return rejection("badRequest", "only version 1 of the request is known")
    if query.algorithm not in ACCEPTED_DIGESTS:
        return rejection("badAlg", "the digest algorithm is not accepted; use SHA-256, SHA-384 or SHA-512")
    if len(query.digest) != digest_size(query.algorithm) or not query.parameters_sound:
        return rejection("badDataFormat", "the digest does not fit its algorithm")
    if query.policy is not None and query.policy not in authority.policies:
        return rejection("unacceptedPolicy", "this policy is not offered")
    if len(query.nonce_tlv) > MAX_NONCE:
        return rejection("badRequest", "the nonce is too long")
    if query.extensions:
        return rejection("unacceptedExtension", "extensions are not offered")
    return None


def rejection(failure: str, reason: str) -> Refusal:
    """A TimeStampResp that refuses. ``failure``: a name of ``FAILURES``; ``reason``: an English sentence."""
    status = sequence(integer_der(2), sequence(utf8(reason)), flags_der([FAILURES[failure]]))
    return Refusal(failure, reason, sequence(status))


def _check_certificate(certificate: Certificate) -> None:
    if certificate.extended_key_usage != frozenset({TIME_STAMPING}) or not certificate.extended_key_usage_critical:
        raise _certificate("its extended key usage must be timeStamping alone, and critical")
    usage = certificate.key_usage
    if usage is not None and not usage & {"digitalSignature", "nonRepudiation", "contentCommitment"}:
        raise _certificate("its key usage does not allow signatures")


def _choose(certificate: Certificate, algorithms: tuple[str, ...]) -> tuple[str, str]:
    """The key's first algorithm that verifiers of tokens take; OpenSSL and rfc3161-client reject Ed25519."""
    facts = certificate.key
    if facts is None or (facts.family, facts.curve in _CURVES or facts.bits >= 2048) not in (
        ("ec", True),
        ("rsa", True),
    ):
        raise MisuseError("tsa.key", "a TSA needs an ECDSA P-256, P-384, P-521 or RSA key of 2048 bits or more")
    for name in algorithms:
        row = by_name(name)
        if (
            row is not None
            and row.family in ("ecdsa", "rsa", "rsa-pss")
            and row.digest in ("sha256", "sha384", "sha512")
        ):
            return name, row.digest
    raise MisuseError("tsa.key", "the key offers no algorithm that verifiers of time stamps take")


def _attributes(certificate: Certificate, digest_name: str) -> tuple[bytes, bytes]:
    """The signed attributes in DER order, parted where the message digest comes (RFC 5652 5.3, RFC 5816 2.2.1).

    The reference to the certificate rests on the same digest as the signature, so that it lasts as long.
    """
    size = digest_size(digest_name) or 0
    hash_algorithm = b"" if digest_name == "sha256" else digest_algorithm_identifier(digest_name)
    value = octet_string(digest(digest_name, certificate.der))
    reference = sequence(sequence(sequence(hash_algorithm, value)))
    content_type = sequence(oid_der(_CONTENT_TYPE), set_of([oid_der(TST_INFO)]))
    message_digest = sequence(oid_der(_MESSAGE_DIGEST), set_of([octet_string(bytes(size))]))
    signing_certificate = sequence(oid_der(_SIGNING_CERTIFICATE_V2), set_of([reference]))
    # encodings of different length are ordered by their length octets: the digest's value never decides
    ordered = sorted([content_type, message_digest, signing_certificate])
    index = ordered.index(message_digest)
    return b"".join(ordered[: index + 1])[:-size], b"".join(ordered[index + 1 :])


def _accuracy(seconds: float) -> bytes:
    micros = round(seconds * 1_000_000)
    if not 0 < micros < 3600 * 1_000_000:
        raise _setting(f"an accuracy of {seconds} seconds")
    parts = [integer_der(micros // 1_000_000)] if micros >= 1_000_000 else []
    for tag, value in ((0x80, micros // 1000 % 1000), (0x81, micros % 1000)):
        if value:
            parts.append(bytes([tag]) + integer_der(value)[1:])
    return sequence(*parts)


def _generation_time(at: datetime, digits: int) -> bytes:
    """GenTime (RFC 3161 2.4.2), out of ISO 8601 text: a third of the time that ``strftime`` takes."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    whole = text[:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    fraction = text[20 : 20 + digits].rstrip("0")
    return der(0x18, (f"{whole}.{fraction}Z" if fraction else whole + "Z").encode("ascii"))


def _certificate(reason: str) -> MisuseError:
    hint = "use a certificate whose only extended key usage is a critical timeStamping"
    return MisuseError("tsa.certificate", f"a TSA cannot work with this certificate: {reason}", hint)


def _setting(reason: str) -> MisuseError:
    return MisuseError("tsa.setting", f"this setting of the TSA is out of range: {reason}", "correct the setting")
