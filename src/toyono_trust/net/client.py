"""HTTP/1.1 (RFC 9110, RFC 9112) for the drivers of ``steps``: the only module that speaks it.

Rules of this file: one connection per exchange (nothing is shared across threads or a fork); one deadline over name
resolution, handshake and every single read; sizes are counted while reading; no redirect leaves its host; no proxy from
the environment; content is never decompressed. A URL found *inside a file* is distrusted: its host is resolved
first, special-purpose addresses (RFC 6890) are refused, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.net.addresses import Target, is_public, proxy_target, redirected, resolve, take_apart
from toyono_trust.net.cache import Cache
from toyono_trust.net.failures import refused, unavailable
from toyono_trust.steps import Fetch, Response

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

__all__ = ["Http"]

MAX_REDIRECTS = 3
"""Redirects on the same host; certification authorities' download sites need one (to https or to a mirror path)."""
CHUNK = 1 << 16
"""Octets asked for in one read; bounds what is read beyond the limit."""


class Http:
    """What an operation may do on the network; hand it in as ``http=`` (nothing is fetched without it).

    Args:
        timeout: seconds for one exchange from name resolution to the last octet, redirects and retries included; a
            shorter deadline of the whole operation wins.
        max_bytes: most octets of any answer's body; a request may ask for less.
        tls: context for https; by default the platform's roots with host names checked.
        proxy: ``"http://host:port"``; the environment is never asked. A name found in a file is fetched through a
            proxy only where ``hosts`` lists it, for then the proxy resolves it and its address cannot be checked.
        allow_private: let URLs found in files lead to private, loopback and other special-purpose addresses.
        hosts: the only hosts that a URL found in a file may name; ``None`` is no such list.
        retries: repetitions after a failure that may pass (no answer), within the same deadline.
        parallel: most exchanges under way at once, for all threads together; further ones wait for their turn, and
            their ``timeout`` begins with it.
        cache: folder where revocation data is kept until its nextUpdate, and nothing else; made with mode 0700. It may
            be shared by several processes. ``None`` keeps nothing.

    Raises ``MisuseError``: "net.bad-option" for an option out of range, "net.cache-folder" for a folder that cannot be
    used or is open to others. Usable by several threads; a context manager.
    """

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        max_bytes: int = 64 << 20,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
        allow_private: bool = False,
        hosts: Iterable[str] | None = None,
        retries: int = 0,
        parallel: int = 8,
        cache: str | Path | None = None,
    ) -> None:
        if not timeout > 0 or max_bytes < 1 or retries < 0 or parallel < 1 or isinstance(hosts, str):
            raise MisuseError(
                "net.bad-option",
                "timeout, max_bytes and parallel must be positive, retries not negative, hosts a collection of names",
                "leave the option out for its default",
            )
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._tls = tls
        self._proxy = None if proxy is None else proxy_target(proxy)
        self._allow_private = allow_private
        self._hosts = None if hosts is None else frozenset(host.lower().rstrip(".") for host in hosts)
        self._retries = retries
        self._turns = threading.BoundedSemaphore(parallel)
        self._cache = None if cache is None else Cache(cache)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Refuse every further exchange. No connection is ever left open, so nothing else needs closing."""
        self._closed = True

    def fetch(self, request: Fetch, deadline: float | None = None, at: datetime | None = None) -> Response:
        """Perform one exchange and return its answer, whatever its status code says; or what is kept of an earlier one.

        Args:
            request: what to fetch and who named the URL.
            deadline: on the scale of ``time.monotonic()``; ``None`` leaves ``timeout`` alone.
            at: the present (aware); without it nothing is kept, and nothing that is kept answers.

        Raises ``UnavailableError`` with a code ``net.…`` (retryable where there was no answer) and ``MisuseError``
        "net.closed" or "net.bad-request".
        """
        if self._closed:
            raise MisuseError("net.closed", "this Http is closed", "use it inside its with block")
        cache = self._cache
        if cache is None or request.keep_until is None or at is None:
            return self._take_turn(request, deadline)
        kept = None if request.anew else cache.get(request, at, self._limit(request))
        if kept is not None:
            return Response(200, {}, kept)
        response = self._take_turn(request, deadline)
        until = request.keep_until(response.body) if response.status == 200 else None
        if until is not None and until > at:
            cache.put(request, response.body, at, until)
        return response

    def _take_turn(self, request: Fetch, deadline: float | None) -> Response:
        waiting = self._timeout if deadline is None else max(0.0, deadline - _seconds())
        if not self._turns.acquire(timeout=min(waiting, threading.TIMEOUT_MAX)):
            raise unavailable("net.timeout", "too many other exchanges were under way")
        try:
            return self._attempt(request, deadline)
        finally:
            self._turns.release()

    def _attempt(self, request: Fetch, deadline: float | None) -> Response:
        own = _seconds() + self._timeout
        end = own if deadline is None else min(own, deadline)
        for left in range(self._retries, -1, -1):
            try:
                return self._follow(request, end)
            except UnavailableError as error:
                if not left or not error.retryable or _seconds() >= end:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, request: Fetch, end: float) -> Response:
        target = take_apart(request.url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._exchange(request, target, end)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or location is None:
                return answer
            if request.method not in ("GET", "HEAD") and answer.status not in (307, 308):
                raise unavailable("net.redirect", f"{target.origin} turns a {request.method} into a GET", wrong=True)
            target = redirected(target, location)
        raise unavailable("net.redirect", f"{target.origin} redirects more than {MAX_REDIRECTS} times", wrong=True)

    def _exchange(self, request: Fetch, target: Target, end: float) -> Response:
        # The package first and whole: threads that enter it at different modules meet half-imported ones.
        import urllib3  # noqa: F401
        from urllib3.exceptions import HTTPError

        failed: UnavailableError | None = None
        for host in self._addresses(request, target, end):
            connection = self._connection(target, host, end)
            try:
                connection.connect()
            except (HTTPError, OSError, http.client.HTTPException) as error:
                connection.close()
                failed = _translated(error, target, end)
                if failed.code != "net.refused":
                    raise failed from error
                continue
            try:
                return _converse(connection, request, target, end, self._proxy, self._limit(request))
            except (HTTPError, OSError, http.client.HTTPException) as error:
                raise _translated(error, target, end) from error
            finally:
                connection.close()
        raise failed or unavailable("net.dns", f"no address is known for {target.origin}")

    def _limit(self, request: Fetch) -> int:
        return min(self._max_bytes, request.max_bytes)

    def _addresses(self, request: Fetch, target: Target, end: float) -> list[str]:
        distrusted = request.named_by != "caller"
        if distrusted and self._hosts is not None and target.host.rstrip(".") not in self._hosts:
            raise refused(target.origin, "its host is not among the hosts allowed")
        if self._proxy is not None:
            self._check_for_proxy(target, distrusted)
            return resolve(self._proxy.host, self._proxy.port, end - _seconds())
        found = resolve(target.host, target.port, end - _seconds())
        if distrusted and not self._allow_private and not all(is_public(address) for address in found):
            raise refused(target.origin, "it leads to an address that is not public")
        return found

    def _check_for_proxy(self, target: Target, distrusted: bool) -> None:
        if not distrusted or self._allow_private:
            return
        try:
            fine = is_public(target.host)
        except ValueError:
            fine = self._hosts is not None
        if not fine:
            raise refused(target.origin, "behind a proxy its address cannot be checked")

    def _connection(self, target: Target, host: str, end: float) -> HTTPConnection:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        port = target.port if self._proxy is None else self._proxy.port
        connection: HTTPConnection
        if target.scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context()
            connection = HTTPSConnection(
                host, port, timeout=_left(end, target), ssl_context=self._tls, server_hostname=target.host
            )
            if self._proxy is not None:
                connection.set_tunnel(target.host, target.port, scheme="http")
        else:
            connection = HTTPConnection(host, port, timeout=_left(end, target))
        connection.response_class = functools.partial(_TimedResponse, end)  # type: ignore[assignment]
        return connection


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose every read, the status line and a proxy's included, is given only the time that is left."""

    def __init__(self, end: float, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(_TimedSocket(sock, end), *args, **options)  # type: ignore[arg-type]


class _TimedSocket:
    """The one thing ``http.client`` asks of a socket that it reads from."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._end))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - _seconds()
        if left <= 0:
            raise TimeoutError("the time allowed has passed")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _converse(
    connection: HTTPConnection, request: Fetch, target: Target, end: float, proxy: Target | None, limit: int
) -> Response:
    """Send ``request`` over an open connection and read the answer within ``limit`` octets and until ``end``."""
    connection.timeout = _left(end, target)
    if connection.sock is not None:
        connection.sock.settimeout(connection.timeout)
    absolute = proxy is not None and target.scheme == "http"
    try:
        connection.request(
            request.method,
            target.origin + target.path if absolute else target.path,
            body=request.body,
            headers=_headers(request, target),
            preload_content=False,
            decode_content=False,
        )
    except (ValueError, UnicodeError) as error:
        raise MisuseError("net.bad-request", "the method or a header of the request is malformed") from error
    answer = connection.getresponse()
    try:
        return Response(answer.status, _lower(answer), _body(answer, target, limit, request.method == "HEAD"))
    finally:
        answer.close()


def _body(answer: BaseHTTPResponse, target: Target, limit: int, head: bool) -> bytes:
    announced = answer.headers.get("content-length", "")
    too_large = f"the answer of {target.origin} exceeds {limit} octets"
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit and not head:
        raise unavailable("net.too-large", too_large, wrong=True)
    parts: list[bytes] = []
    size = 0
    while part := answer.read(min(CHUNK, limit - size + 1), decode_content=False):
        size += len(part)
        if size > limit:
            raise unavailable("net.too-large", too_large, wrong=True)
        parts.append(part)
    return b"".join(parts)


def _headers(request: Fetch, target: Target) -> dict[str, str]:
    headers = {"User-Agent": "toyono-trust", "Accept-Encoding": "identity", "Connection": "close"}
    for name, value in request.headers:
        headers[name.title()] = value
    headers["Host"] = target.authority
    return headers


def _lower(answer: BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.itermerged()}


def _seconds() -> float:
    return time.monotonic()  # noqa: TID251 - reads how much of the driver's deadline is left; never a date


def _left(end: float, target: Target) -> float:
    left = end - _seconds()
    if left <= 0:
        raise unavailable("net.timeout", f"{target.origin} did not answer in time")
    return left


def _translated(error: Exception, target: Target, end: float) -> UnavailableError:
    """The one boundary between foreign exceptions of an exchange and ours."""
    from urllib3 import exceptions as foreign

    cause = error.__cause__ if isinstance(error, foreign.ProtocolError | foreign.SSLError) else None
    root = cause if isinstance(cause, Exception) else error
    if isinstance(root, foreign.NewConnectionError):
        return unavailable("net.refused", f"{target.origin} accepts no connection")
    if isinstance(root, TimeoutError | foreign.TimeoutError) or _seconds() >= end:
        return unavailable("net.timeout", f"{target.origin} did not answer in time")
    broken = (ConnectionError, ssl.SSLEOFError, http.client.IncompleteRead)
    if isinstance(root, broken):
        return unavailable("net.interrupted", f"{target.origin} broke the connection off")
    if isinstance(root, ssl.SSLError | foreign.SSLError):
        reason = getattr(root, "verify_message", "") or getattr(root, "reason", "") or "handshake failed"
        return unavailable("net.tls", f"TLS with {target.origin} failed: {reason}", wrong=True)
    if isinstance(root, http.client.HTTPException | foreign.HTTPError):
        return unavailable("net.bad-answer", f"what {target.origin} answers is not HTTP", wrong=True)
    return unavailable("net.refused", f"{target.origin} cannot be reached")
