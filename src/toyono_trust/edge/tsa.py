"""RFC 3161 3.4: the time-stamping authority over HTTP, an ASGI application around the pure ``pki.tsp.respond``.

``POST /tsr`` (or ``/``) with ``application/timestamp-query`` brings ``application/timestamp-reply``, also when the
request is refused; ``GET /`` says whether stamps are to be had. Every time written is at or after the last one, in
this run and, with a state file, after any earlier run. One process serves one state file. Neither keys nor requests
are logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from toyono_trust.core.algorithms import verify
from toyono_trust.errors import MisuseError, TrustError
from toyono_trust.pki.tsp.respond import Authority, Key, Pending, Refusal, finish, prepare, rejection
from toyono_trust.steps import World, arun, run

__all__ = ["LastTime", "application", "serve"]

MAX_REQUEST = 8192
"""Octets of a request. A SHA-512 request with policy and nonce has 130; extensions are refused anyway."""
BODY_SECONDS = 10.0
"""A client that needs longer to send so little is not waited for."""
KEY_SECONDS = 15.0
"""A key device that needs longer has failed."""
AHEAD = timedelta(seconds=5)
"""How far the state file runs ahead of the clock: one write per span, at most that long a pause after a crash."""
SERIAL_OCTETS = 20
QUERY, REPLY = b"application/timestamp-query", b"application/timestamp-reply"
_ALLOWED = {"/": b"GET, HEAD, POST", "/tsr": b"POST"}

_log = logging.getLogger("toyono_trust.tsa")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class LastTime:
    """The last time stamped, so that none before it ever follows.

    With a file, what stands there is a *reservation*: a time up to ``AHEAD`` after the last one stamped, written and
    synced before a stamp beyond it is made. So not every stamp writes; a clean end writes the exact time; after a
    crash the TSA refuses until the clock has passed the reservation. The file holds one RFC 3339 time.

    Raises ``MisuseError`` (``tsa.state``) for a file that holds anything else; ``OSError`` passes through.
    """

    def __init__(self, path: Path | None = None, *, ordering: bool = False, digits: int = 3) -> None:
        self._path = path
        self._step = timedelta(microseconds=10 ** (6 - digits)) if ordering else timedelta(0)
        self._grain = 10 ** (6 - digits)
        self._last = _read_state(path) if path is not None else None
        self._reserved = self._last
        self._used = False

    def fits(self, now: datetime) -> bool:
        """Whether ``now`` may be stamped; with ordering each time must be later than the last."""
        return self._last is None or self._cut(now) >= self._last + self._step

    def take(self, now: datetime) -> datetime | None:
        """``now`` in the resolution of genTime, None where the clock stands before the last time stamped."""
        if not self.fits(now):
            return None
        at = self._cut(now)
        if self._path is not None and (self._reserved is None or at > self._reserved):
            reserved = at + AHEAD
            try:
                _write_state(self._path, reserved)
            except OSError as error:
                _log.error("the state file cannot be written: %s", error.strerror)
                return None
            self._reserved = reserved
        self._last, self._used = at, True
        return at

    def close(self) -> None:
        """Give back the rest of the reservation: write the last time stamped."""
        if self._path is not None and self._used and self._last is not None:
            _write_state(self._path, self._last)
            self._reserved = self._last

    def _cut(self, now: datetime) -> datetime:
        return now.replace(microsecond=now.microsecond - now.microsecond % self._grain)


def _read_state(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            text = file.read(64)
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise _bad_state(f"the folder {path.parent} is missing") from None
        return None
    try:
        at = datetime.fromisoformat(text.decode("ascii").strip())
    except ValueError:
        raise _bad_state(f"{path} holds no time") from None
    if at.tzinfo is None:
        raise _bad_state(f"{path} holds a time without zone")
    return at.astimezone(UTC)


def _write_state(path: Path, at: datetime) -> None:
    """Replace the file atomically and for good: new file, sync, rename, sync of the folder."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(at.isoformat(timespec="microseconds").replace("+00:00", "Z").encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def application(
    authority: Authority,
    key: Key,
    *,
    clock: Callable[[], datetime],
    random: Callable[[int], bytes],
    state: Path | None = None,
) -> Asgi:
    """The TSA as an ASGI application.

    ``clock``: aware UTC now; ``random``: cryptographic octets, for serial numbers; ``state``: see ``LastTime``.
    A key that is ``proven`` (software, see ``keys.signer``) signs at once; any other may block, so it runs in a thread,
    and its signatures are checked before they leave.
    """
    return _Application(authority, key, clock, random, state)


class _Application:
    def __init__(
        self,
        authority: Authority,
        key: Key,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        state: Path | None,
    ) -> None:
        self._authority = authority
        self._key = key
        self._clock = clock
        self._random = random
        self._last = LastTime(state, ordering=authority.ordering, digits=authority.digits)
        self._world = World(clock, random, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            raise RuntimeError(f"a TSA speaks no {scope['type']}")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._last.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path not in _ALLOWED:
            await _send(send, 404, b"not found")
        elif method in ("GET", "HEAD") and path == "/":
            await self._health(send, method == "HEAD")
        elif method != "POST":
            await _send(send, 405, b"method not allowed", extra=((b"allow", _ALLOWED[path]),))
        else:
            await self._stamp(scope, receive, send)

    async def _health(self, send: Send, head: bool) -> None:
        now = self._clock()
        able = self._last.fits(now) and self._authority.not_before <= now <= self._authority.not_after
        words = {
            "status": "ok" if able else "time not available",
            "policies": list(self._authority.policies),
            "algorithm": self._authority.algorithm,
        }
        body = b"" if head else json.dumps(words).encode() + b"\n"
        await _send(send, 200 if able else 503, body, b"application/json")

    async def _stamp(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != QUERY:
            await _send(send, 415, b"send application/timestamp-query")
            return
        try:
            body = await asyncio.wait_for(_read_body(headers, receive), BODY_SECONDS)
        except TimeoutError:
            await _send(send, 408, b"too slow")
            return
        except _TooLarge:
            await _send(send, 413, b"a request has at most %d octets" % MAX_REQUEST)
            return
        if body is not None:
            await _send(send, 200, await self._respond(body), REPLY)

    async def _respond(self, request: bytes) -> bytes:
        """The TimeStampResp. From the look at the clock to the kept last time nothing else runs in between."""
        serial_number = int.from_bytes(self._random(SERIAL_OCTETS), "big") or 1
        now = self._clock()
        pending = prepare(request, authority=self._authority, at=self._last.take(now), serial_number=serial_number)
        if isinstance(pending, Refusal):
            _log.info("refused: %s", pending.failure)
            if pending.failure == "timeNotAvailable":
                _log.error("no time is available: the clock stands before the last stamp or outside the certificate")
            return pending.body
        try:
            signature = await asyncio.wait_for(self._sign(pending), KEY_SECONDS)
        except TrustError as error:
            _log.error("the key failed: %s", error.code)
            return rejection("systemFailure", "the key does not answer").body
        except TimeoutError:
            _log.error("the key did not answer within %g seconds", KEY_SECONDS)
            return rejection("systemFailure", "the key does not answer").body
        _log.info("granted: serial %040x", serial_number)
        return finish(pending, self._authority, signature)

    async def _sign(self, pending: Pending) -> bytes:
        """The signature value: a software key inline, one that may block in a thread, and then not on trust."""
        name = self._authority.algorithm
        steps = self._key.sign_steps(pending.to_be_signed, name)
        if getattr(self._key, "proven", False):
            return run(steps, self._world)
        signature = await arun(steps, self._world)
        if not verify(name, self._key.certificate.public_key, signature, pending.to_be_signed):
            raise MisuseError("tsa.key", "the key gave a signature that its certificate does not verify")
        return signature


class _TooLarge(Exception):
    """The body is larger than a request may be."""


async def _read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes | None:
    """The whole body, None where the client went away. Raises ``_TooLarge``."""
    stated = headers.get(b"content-length", b"0")
    if not stated.isdigit() or len(stated) > 9 or int(stated) > MAX_REQUEST:
        raise _TooLarge
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_REQUEST:
            raise _TooLarge
        if not message.get("more_body", False):
            return body


async def _send(
    send: Send,
    status: int,
    body: bytes,
    content_type: bytes = b"text/plain; charset=utf-8",
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve(
    authority: Authority,
    key: Key,
    *,
    host: str = "127.0.0.1",
    port: int = 3161,
    state: Path | None = None,
    clock: Callable[[], datetime] | None = None,
) -> None:
    """Serve until interrupted. Needs the extra ``[asgi]``; raises ``MisuseError`` before listening where it cannot."""
    try:
        import uvicorn
    except ImportError:
        hint = "pip install 'toyono_trust[asgi]'"
        raise MisuseError("tsa.server-missing", "the server library uvicorn is not installed", hint) from None
    clock = clock or _now
    if not authority.not_before <= clock() <= authority.not_after:
        raise MisuseError("tsa.certificate", "the TSA's certificate is not valid now", "renew it")
    app = application(authority, key, clock=clock, random=secrets.token_bytes, state=state)
    uvicorn.Server(
        uvicorn.Config(
            app,
            host,
            port,
            lifespan="on",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=512,
            timeout_keep_alive=5,
            h11_max_incomplete_event_size=16384,
        )
    ).run()


def _now() -> datetime:
    return datetime.now(UTC)


def _bad_state(reason: str) -> MisuseError:
    hint = "make sure of the clock, then delete or correct the file"
    return MisuseError("tsa.state", f"the file with the last time stamped cannot be used: {reason}", hint)
