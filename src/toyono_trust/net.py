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
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.steps import Fetch, Response

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

__all__ = ["Http"]

MAX_URL = 8192
"""Octets of a URL; RFC 9110 4.1 asks for at least 8000. An OCSP request in a GET (RFC 6960 A.1) stays below 300."""
MAX_REDIRECTS = 3
"""Redirects on the same host; certification authorities' download sites need one (to https or to a mirror path)."""
CHUNK = 1 << 16
"""Octets asked for in one read; bounds what is read beyond the limit."""

_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"[!-\[\]-~]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")
"""RFC 9637; not known to every Python."""


class _Target(NamedTuple):
    """A URL taken apart, once; nothing reads the text of the URL again."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def authority(self) -> str:
        return self.origin.partition("://")[2]


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

    Raises ``MisuseError`` "net.bad-option" for an option out of range. Usable by several threads; a context manager.
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
    ) -> None:
        if not timeout > 0 or max_bytes < 1 or retries < 0 or isinstance(hosts, str):
            raise MisuseError(
                "net.bad-option",
                "timeout and max_bytes must be positive, retries not negative, hosts a collection of names",
                "leave the option out for its default",
            )
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._tls = tls
        self._proxy = None if proxy is None else _proxy(proxy)
        self._allow_private = allow_private
        self._hosts = None if hosts is None else frozenset(host.lower().rstrip(".") for host in hosts)
        self._retries = retries
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

    def fetch(self, request: Fetch, deadline: float | None = None) -> Response:
        """Perform one exchange and return its answer, whatever its status code says.

        Args:
            request: what to fetch and who named the URL.
            deadline: on the scale of ``time.monotonic()``; ``None`` leaves ``timeout`` alone.

        Raises ``UnavailableError`` with a code ``net.…`` (retryable where there was no answer) and ``MisuseError``
        "net.closed" or "net.bad-request".
        """
        if self._closed:
            raise MisuseError("net.closed", "this Http is closed", "use it inside its with block")
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
        target = _take_apart(request.url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._exchange(request, target, end)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or location is None:
                return answer
            if request.method not in ("GET", "HEAD") and answer.status not in (307, 308):
                raise _unavailable("net.redirect", f"{target.origin} turns a {request.method} into a GET", wrong=True)
            target = _redirected(target, location)
        raise _unavailable("net.redirect", f"{target.origin} redirects more than {MAX_REDIRECTS} times", wrong=True)

    def _exchange(self, request: Fetch, target: _Target, end: float) -> Response:
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
        raise failed or _unavailable("net.dns", f"no address is known for {target.origin}")

    def _limit(self, request: Fetch) -> int:
        return min(self._max_bytes, request.max_bytes)

    def _addresses(self, request: Fetch, target: _Target, end: float) -> list[str]:
        distrusted = request.named_by != "caller"
        if distrusted and self._hosts is not None and target.host.rstrip(".") not in self._hosts:
            raise _refused(target, "its host is not among the hosts allowed")
        if self._proxy is not None:
            self._check_for_proxy(target, distrusted)
            return _resolve(self._proxy.host, self._proxy.port, end)
        found = _resolve(target.host, target.port, end)
        if distrusted and not self._allow_private and not all(_public(address) for address in found):
            raise _refused(target, "it leads to an address that is not public")
        return found

    def _check_for_proxy(self, target: _Target, distrusted: bool) -> None:
        if not distrusted or self._allow_private:
            return
        try:
            fine = _public(target.host)
        except ValueError:
            fine = self._hosts is not None
        if not fine:
            raise _refused(target, "behind a proxy its address cannot be checked")

    def _connection(self, target: _Target, host: str, end: float) -> HTTPConnection:
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
    connection: HTTPConnection, request: Fetch, target: _Target, end: float, proxy: _Target | None, limit: int
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


def _body(answer: BaseHTTPResponse, target: _Target, limit: int, head: bool) -> bytes:
    announced = answer.headers.get("content-length", "")
    too_large = f"the answer of {target.origin} exceeds {limit} octets"
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit and not head:
        raise _unavailable("net.too-large", too_large, wrong=True)
    parts: list[bytes] = []
    size = 0
    while part := answer.read(min(CHUNK, limit - size + 1), decode_content=False):
        size += len(part)
        if size > limit:
            raise _unavailable("net.too-large", too_large, wrong=True)
        parts.append(part)
    return b"".join(parts)


def _headers(request: Fetch, target: _Target) -> dict[str, str]:
    headers = {"User-Agent": "toyono-trust", "Accept-Encoding": "identity", "Connection": "close"}
    for name, value in request.headers:
        headers[name.title()] = value
    headers["Host"] = target.authority
    return headers


def _lower(answer: BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.itermerged()}


def _take_apart(url: str) -> _Target:
    """Split ``url`` (RFC 3986) or refuse it; credentials in it are refused and not repeated in the message."""
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise _bad_url("it is too long, or holds spaces, controls, backslashes or letters outside ASCII")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad_url("its host or port is malformed") from None
    if parts.scheme not in _PORTS:
        raise _bad_url("it is neither http nor https")
    if "@" in parts.netloc:
        raise _bad_url("it holds credentials")
    if not host or port == 0 or "%" in host:
        raise _bad_url("its host or port is malformed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(parts.scheme, host.lower(), port or _PORTS[parts.scheme], path)


def _proxy(url: str) -> _Target:
    try:
        target = _take_apart(url)
    except UnavailableError as error:
        raise MisuseError("net.bad-option", "the URL of the proxy is malformed", "give http://host:port") from error
    if target.scheme != "http" or target.path != "/":
        raise MisuseError("net.bad-option", "the URL of the proxy is not http://host:port", "give http://host:port")
    return target


def _redirected(target: _Target, location: str) -> _Target:
    try:
        new = _take_apart(urljoin(target.origin + target.path, location))
    except ValueError:
        raise _bad_url("the redirect's target is malformed") from None
    same = new.host == target.host
    upgrade = (target.scheme, target.port, new.scheme, new.port) == ("http", 80, "https", 443)
    if same and (upgrade or (new.scheme, new.port) == (target.scheme, target.port)):
        return new
    raise _unavailable("net.redirect", f"{target.origin} redirects to another host or port: {new.origin}", wrong=True)


def _resolve(host: str, port: int, end: float) -> list[str]:
    """Addresses of ``host`` in the system's order. In a thread, because the resolver knows no deadline."""
    found: list[str] = []
    failure: list[Exception] = []

    def look_up() -> None:
        try:
            for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if (address := str(entry[4][0])) not in found:
                    found.append(address)
        except (OSError, UnicodeError) as error:
            failure.append(error)

    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        thread = threading.Thread(target=look_up, name="toyono-trust resolver", daemon=True)
    thread.start()
    thread.join(max(0.0, end - _seconds()))
    if thread.is_alive():
        raise _unavailable("net.timeout", f"the name {host} was not resolved in time")
    if failure and isinstance(failure[0], UnicodeError):
        raise _bad_url("its host is malformed") from failure[0]
    if failure or not found:
        raise _unavailable("net.dns", f"the name {host} cannot be resolved") from (failure[0] if failure else None)
    return found


def _public(address: str) -> bool:
    """Whether a textual address is globally reachable unicast, IPv4 addresses carried inside IPv6 included."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _LOCAL_NAT64 or ip.is_site_local or ip in _DOCUMENTATION:
            return False
        if ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        else:
            ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _seconds() -> float:
    return time.monotonic()  # noqa: TID251 - reads how much of the driver's deadline is left; never a date


def _left(end: float, target: _Target) -> float:
    left = end - _seconds()
    if left <= 0:
        raise _unavailable("net.timeout", f"{target.origin} did not answer in time")
    return left


def _translated(error: Exception, target: _Target, end: float) -> UnavailableError:
    """The one boundary between foreign exceptions of an exchange and ours."""
    from urllib3 import exceptions as foreign

    cause = error.__cause__ if isinstance(error, foreign.ProtocolError | foreign.SSLError) else None
    root = cause if isinstance(cause, Exception) else error
    if isinstance(root, foreign.NewConnectionError):
        return _unavailable("net.refused", f"{target.origin} accepts no connection")
    if isinstance(root, TimeoutError | foreign.TimeoutError) or _seconds() >= end:
        return _unavailable("net.timeout", f"{target.origin} did not answer in time")
    broken = (ConnectionError, ssl.SSLEOFError, http.client.IncompleteRead)
    if isinstance(root, broken):
        return _unavailable("net.interrupted", f"{target.origin} broke the connection off")
    if isinstance(root, ssl.SSLError | foreign.SSLError):
        reason = getattr(root, "verify_message", "") or getattr(root, "reason", "") or "handshake failed"
        return _unavailable("net.tls", f"TLS with {target.origin} failed: {reason}", wrong=True)
    if isinstance(root, http.client.HTTPException | foreign.HTTPError):
        return _unavailable("net.bad-answer", f"what {target.origin} answers is not HTTP", wrong=True)
    return _unavailable("net.refused", f"{target.origin} cannot be reached")


_HINTS = {
    "net.timeout": "try again later, or allow more time with Http(timeout=…)",
    "net.refused": "check the address, and that the service is running",
    "net.dns": "check the name, and the connection of this machine",
    "net.tls": "check the server's certificate, or name its authority with Http(tls=…)",
    "net.too-large": "check the address; raise Http(max_bytes=…) only where the answer is really that large",
    "net.redirect": "use the address that the service itself names",
    "net.interrupted": "try again later",
    "net.bad-answer": "check the address",
}


def _unavailable(code: str, message: str, *, wrong: bool = False) -> UnavailableError:
    return UnavailableError(code, message, _HINTS[code], retryable=not wrong)


def _bad_url(reason: str) -> UnavailableError:
    return UnavailableError(
        "net.bad-url", f"the URL cannot be used: {reason}", "give an absolute http or https URL", retryable=False
    )


def _refused(target: _Target, reason: str) -> UnavailableError:
    return UnavailableError(
        "net.address-refused",
        f"the URL in the file names {target.origin}, which is refused: {reason}",
        "if you trust it, name the host with Http(hosts=…) or allow private addresses with Http(allow_private=True)",
        retryable=False,
    )
