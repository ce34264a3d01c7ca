"""RFC 3161 3.4, time stamps over HTTP: the client as steps, with several TSAs to fall back on."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.tsp import Token, check_response, request, verify_signature
from toyono_trust.pki.tsp.response import refuse
from toyono_trust.steps import Answer, Fetch, Steps, random_bytes

__all__ = ["MAX_RESPONSE", "NONCE_SIZE", "made_by", "stamp"]

MAX_RESPONSE = 1 << 16
"""Octets of an answer. Real tokens with their chain and OCSP responses inside stay below 20 KB."""
NONCE_SIZE = 8
"""Octets. RFC 3161 2.4.1 asks for a large random number, "e.g. 64 bits"; longer ones are refused by some TSAs."""
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"

_RANK = (
    "tsa.rejected",
    "tsa.wrong-policy",
    "tsa.wrong-imprint",
    "tsa.wrong-nonce",
    "tsa.bad-token",
    "tsa.bad-response",
    "tsa.http-status",
    "tsa.content-type",
)
"""Codes by how much they tell; a TSA that answered tells more than one that did not."""


def stamp(digest: bytes, algorithm: str, *, urls: Sequence[str], policy: str | None = None) -> Steps[Token]:
    """Have a digest stamped by the first of ``urls`` that does it properly; the token's octets are ``.data``.

    ``algorithm``: "sha256", "sha384" or "sha512". ``policy``: dotted OID of the TSA policy, None for any.
    A token counts when it answers this request, carries its certificate and was signed with it; trust in that
    certificate is the caller's to judge. Raises ``MisuseError`` before any request where the arguments do not fit,
    else the most telling ``UnavailableError``; with several TSAs its message names each one's failure.
    """
    if isinstance(urls, str) or not urls:
        raise MisuseError("tsa.missing", "no time-stamping authority was named", "name at least one URL")
    request(digest, algorithm, nonce=0, policy=policy)
    failures: list[tuple[str, TrustError]] = []
    for url in urls:
        nonce = int.from_bytes((yield from random_bytes(NONCE_SIZE)), "big")
        body = request(digest, algorithm, nonce=nonce, policy=policy)
        headers = (("content-type", QUERY), ("accept", REPLY))
        (answer,) = yield (Fetch(url, "POST", headers, body, MAX_RESPONSE, "caller"),)
        if isinstance(answer.error, MisuseError):
            raise answer.error
        try:
            return _accept(answer, digest, algorithm, nonce, policy)
        except TrustError as error:
            failures.append((url, error))
            if error.code == "net.deadline":
                break
    raise _most_telling(failures)


def _accept(answer: Answer, digest: bytes, algorithm: str, nonce: int, policy: str | None) -> Token:
    if answer.error is not None:
        raise answer.error
    status, headers, body = answer.value
    if status != 200:
        error = refuse("tsa.http-status", f"the time-stamping authority answered with HTTP status {status}")
        error.retryable = status in (408, 429) or status >= 500
        raise error
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != REPLY:
        raise refuse("tsa.content-type", f"the time-stamping authority answered with media type {media_type[:80]!r}")
    if len(body) > MAX_RESPONSE:
        raise refuse("tsa.bad-response", f"the answer is larger than {MAX_RESPONSE} octets")
    token = check_response(body, digest=digest, algorithm=algorithm, nonce=nonce, policy=policy)
    if made_by(token) is None:
        raise refuse("tsa.bad-token", "the token that came back was not signed by a certificate that it carries")
    return token


def made_by(token: Token) -> Certificate | None:
    """The certificate inside the token that made it, None where none did."""
    for der in token.certificates:
        try:
            certificate = Certificate.load(der)
        except MalformedError:
            continue
        if verify_signature(token, certificate):
            return certificate
    return None


def _most_telling(failures: list[tuple[str, TrustError]]) -> TrustError:
    """One failure as it is; of several the most telling, with all of them in its message."""
    best = min(failures, key=lambda failure: _RANK.index(failure[1].code) if failure[1].code in _RANK else len(_RANK))[
        1
    ]
    if len(failures) == 1:
        return best
    each = "; ".join(f"{_shown(url)}: {error.message} [{error.code}]" for url, error in failures)
    retryable = any(getattr(error, "retryable", False) for _, error in failures)
    message = f"none of {len(failures)} time-stamping authorities gave a token: {each}"
    return UnavailableError(best.code, message, best.hint, retryable=retryable)


def _shown(url: str) -> str:
    """A URL without the secrets that it may hold: scheme, host and path."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
