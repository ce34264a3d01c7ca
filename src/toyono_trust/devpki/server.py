"""The town's services: from request to answer, and over HTTP on loopback (RFC 3161 3.4, RFC 6960 A, RFC 5280 4.2).

``answer`` is a plain function and ``Simulation`` puts it where ``net.Http`` would be, so that tests need no socket;
``Server`` listens with the standard library, which is enough for a throw-away PKI.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from toyono_trust.devpki.issue import ocsp_failure
from toyono_trust.devpki.town import Town
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.steps import Fetch, Response

__all__ = ["Reply", "Server", "Simulation", "answer", "serve"]

MAX_REQUEST = 1 << 16
"""Octets of a request; a TimeStampReq has some 100, an OCSPRequest with a dozen certificates 1,000."""
_SECONDS = 10


class Reply(NamedTuple):
    """An HTTP answer: status, media type, body."""

    status: int
    content_type: str = "text/plain"
    body: bytes = b""


def answer(town: Town, method: str, path: str, body: bytes, at: datetime | None = None) -> Reply:
    """Serve one request: POST /tsr or /tsr/tsa-rsa, POST /ocsp, GET /ocsp/…, GET /crl/<ca>.crl, GET /ca/<ca>.cer.

    ``at``: the present, default the town's clock.
    """
    when = at or town.clock()
    room, _, name = path.removeprefix("/").partition("/")
    stem, _, ending = name.rpartition(".")
    if room == "tsr" and method == "POST" and name in ("", "tsa", "tsa-rsa"):
        return Reply(200, "application/timestamp-reply", town.tsa_respond(body, when, name or "tsa"))
    if room == "ocsp" and method == "POST" and not name:
        return Reply(200, "application/ocsp-response", town.ocsp_respond(body, when))
    if room == "ocsp" and method == "GET" and name:
        try:
            request = b64decode(unquote(name), validate=True)
        except (binascii.Error, ValueError):
            return Reply(200, "application/ocsp-response", ocsp_failure(1))
        return Reply(200, "application/ocsp-response", town.ocsp_respond(request, when))
    if method == "GET" and stem in ("root", "ca"):
        if (room, ending) == ("crl", "crl"):
            return Reply(200, "application/pkix-crl", town.crl(stem, max(when, town.updated)))
        if (room, ending) == ("ca", "cer"):
            return Reply(200, "application/pkix-cert", town.identity(stem).certificate.der)
    return Reply(404, body=b"not here\n")


class Simulation:
    """Answers ``Fetch`` for a town's ``base_url`` as ``net.Http`` would, without a socket.

    ``seen``: the requests so far. ``down``: True makes every fetch fail as if nobody listened.
    """

    def __init__(self, town: Town, at: datetime | None = None) -> None:
        self.town, self.at = town, at
        self.seen: list[Fetch] = []
        self.down = False

    def fetch(self, request: Fetch, deadline: float | None = None, at: datetime | None = None) -> Response:
        """One exchange; nothing is kept. Raises ``UnavailableError`` for any other host, and while ``down``."""
        self.seen.append(request)
        if self.down or not request.url.startswith(f"{self.town.base_url}/"):
            raise UnavailableError("net.refused", f"nobody answers at {request.url}")
        path = urlsplit(request.url).path
        status, content_type, body = answer(self.town, request.method, path, request.body or b"", self.at)
        return Response(status, {"content-type": content_type}, body)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    town: Town | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST with a length that is stated and small."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 9 and int(length) <= MAX_REQUEST):
            self.close_connection = True
            self._send(Reply(413, body=b"too long\n"))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        town = self.server.town
        if town is None:
            self._send(Reply(503, body=b"there is no town yet\n"))
            return
        self._send(answer(town, self.command, urlsplit(self.path).path, body))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: standard error belongs to the program around."""


class Server:
    """A town's services on loopback, in a thread; a context manager.

    ``town`` may be left out and set later, because certificates carry the URL: with port 0 (any free one) write
    ``with Server(port=0) as server: server.town = Town.create(base_url=server.url)``.
    """

    def __init__(self, town: Town | None = None, host: str = "127.0.0.1", port: int = 3161) -> None:
        self._listener = _Listener((host, port), _Handler)
        self._listener.town = town
        bound_host, bound_port = self._listener.server_address[:2]
        self.url = f"http://{bound_host!s}:{bound_port}"
        self._thread: Thread | None = None

    @property
    def town(self) -> Town:
        """The town that is served."""
        if self._listener.town is None:
            raise MisuseError("devpki.no-town", "this server has no town yet", "set server.town")
        return self._listener.town

    @town.setter
    def town(self, town: Town) -> None:
        self._listener.town = town

    def __enter__(self) -> Server:
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
        self._listener.server_close()

    def run(self) -> None:
        """Serve in this thread until interrupted."""
        try:
            self._listener.serve_forever()
        finally:
            self._listener.server_close()


def serve(town: Town | str, host: str = "127.0.0.1", port: int = 3161) -> Server:
    """A ``Server`` for a town, or for the folder of a written one; use it with ``with`` or call ``run()``."""
    return Server(town if isinstance(town, Town) else Town.load(town), host, port)
