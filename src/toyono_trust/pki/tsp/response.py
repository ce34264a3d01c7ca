"""RFC 3161 2.4.2, TimeStampResp: read by a client, and held against what it asked for. Pure.

Everything that is wrong here was said by the TSA, so it is an ``UnavailableError`` that the same call will not mend.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core.asn1 import Node, Reader
from toyono_trust.core.findings import entry
from toyono_trust.errors import MalformedError, UnavailableError
from toyono_trust.pki.tsp.token import Token, read

__all__ = ["FAILURES", "STATUSES", "Status", "check_response", "read_response", "refuse"]

STATUSES = (
    "granted",
    "grantedWithMods",
    "rejection",
    "waiting",
    "revocationWarning",
    "revocationNotification",
)
"""PKIStatus by number."""

FAILURES = {
    "badAlg": 0,
    "badRequest": 2,
    "badDataFormat": 5,
    "timeNotAvailable": 14,
    "unacceptedPolicy": 15,
    "unacceptedExtension": 16,
    "addInfoNotAvailable": 17,
    "systemFailure": 25,
}
"""PKIFailureInfo: bit of each name that RFC 3161 allows."""

_FAILURE_NAMES = {bit: name for name, bit in FAILURES.items()}
_PASSING = frozenset({"timeNotAvailable", "systemFailure"})
BIT_STRING, SEQUENCE = 0x03, 0x30
MAX_TEXT = 200
"""Characters of a TSA's own words that are repeated in an error."""


class Status(NamedTuple):
    """A TimeStampResp as read: status by name (or number), the TSA's words, failures by name (or bit), the token."""

    status: str
    text: str
    failures: tuple[str, ...]
    token: bytes | None

    @property
    def granted(self) -> bool:
        """Whether a token was granted, be it with modifications."""
        return self.status in STATUSES[:2]


def read_response(body: bytes) -> Status:
    """Read a TimeStampResp; the token inside is not looked at. Raises ``MalformedError``.

    Foreign servers write BER now and then (indefinite lengths around the token), so leniencies are used silently
    here: nothing of this wrapping is signed or kept.
    """
    try:
        return _read_response(Reader(body))
    except MalformedError:
        reader = Reader(body, lenient=True)
        answer = _read_response(reader)
        if "trailing-octets" in reader.used:
            raise MalformedError("asn1.trailing-octets", "octets follow the response") from None
        return answer


def _read_response(reader: Reader) -> Status:
    members = reader.members(reader.root(), SEQUENCE, 1, 2)
    parts = reader.members(members[0], SEQUENCE, 1, 3)
    number = reader.integer(parts[0])
    status = STATUSES[number] if 0 <= number < len(STATUSES) else str(number)
    text: list[str] = []
    failures: tuple[str, ...] = ()
    rest = parts[1:]
    if rest and rest[0][0] == SEQUENCE:
        for line in reader.children(rest[0]):
            text.append(reader.text(line))
        rest = rest[1:]
    if rest and rest[0][0] == BIT_STRING:
        failures = tuple(_FAILURE_NAMES.get(bit, f"bit {bit}") for bit in sorted(reader.flags(rest[0])))
        rest = rest[1:]
    if rest:
        raise _malformed("a PKIStatusInfo has a strange member", rest[0])
    token = reader.tlv(members[1]) if len(members) == 2 else None
    return Status(status, " ".join(text), failures, token)


def check_response(body: bytes, *, digest: bytes, algorithm: str, nonce: int, policy: str | None = None) -> Token:
    """The token of a TSA's answer, where the answer fits the request. Path and revocation are checked elsewhere.

    ``digest``, ``algorithm`` ("sha256" …), ``nonce``, ``policy`` (dotted OID or None for any): as requested.
    Raises ``UnavailableError``, not retryable but for a passing refusal: ``tsa.bad-response``, ``tsa.rejected``,
    ``tsa.bad-token``, ``tsa.wrong-imprint``, ``tsa.wrong-nonce``, ``tsa.wrong-policy`` (RFC 3161 2.2, 2.4.2).
    """
    try:
        answer = read_response(body)
    except MalformedError as error:
        raise refuse("tsa.bad-response", f"the answer is no time-stamp response: {error.message}") from error
    if not answer.granted:
        raise _rejected(answer)
    if answer.token is None or answer.failures:
        raise refuse("tsa.bad-response", "the answer grants a token and holds none, or a reason to refuse")
    try:
        token = read(answer.token)
    except MalformedError as error:
        raise refuse("tsa.bad-token", f"the token that came back is unsound: {error.message}") from error
    if (token.imprint_algorithm, token.imprint) != (algorithm, digest):
        raise refuse("tsa.wrong-imprint", "the token that came back stamps something else")
    if token.nonce != nonce:
        raise refuse("tsa.wrong-nonce", "the token that came back answers another request")
    if policy is not None and token.policy != policy:
        raise refuse("tsa.wrong-policy", f"the token that came back was made under the policy {token.policy}")
    for code, _, _ in token.notes:
        if entry(code).level == "fail":
            raise refuse("tsa.bad-token", f"the token that came back is unsound ({code})")
    if token.checked.intact is not True:
        raise refuse("tsa.bad-token", "the token that came back is unsound: its message digest is another")
    return token


def refuse(code: str, message: str) -> UnavailableError:
    """A wrong answer of a TSA, as the error that says so."""
    return UnavailableError(code, message, entry(code).remedy[0], retryable=False)


def _rejected(answer: Status) -> UnavailableError:
    words = [answer.status, *answer.failures]
    if answer.text:
        words.append(repr(answer.text[:MAX_TEXT]))
    error = refuse("tsa.rejected", f"the time-stamping authority refused: {', '.join(words)}")
    error.retryable = bool(answer.failures) and _PASSING.issuperset(answer.failures)
    return error


def _malformed(reason: str, node: Node) -> MalformedError:
    return MalformedError("timestamp.malformed", reason, offset=node[1])
