"""A pooler as hostile as transaction pooling allows: each transaction on another session, none of them ever reset.

It speaks PostgreSQL's protocol 3.0 as far as a client without pipelining needs. With ``poison`` sessions are left with
settings that harm whoever relies on a session. It can also cut a client off, before or after its n-th message reached
the server.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

POISON = (
    "SET synchronous_commit = off; SET default_transaction_isolation = 'serializable';"
    " SET search_path = pg_catalog; SET default_transaction_read_only = on; SET lock_timeout = '1ms'"
)
_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102


class _Wire:
    """A socket, message by message."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = end.makefile("rb")

    def read(self, count: int) -> bytes:
        data = self._buffer.read(count)
        if len(data) < count:
            raise ConnectionError
        return data

    def message(self) -> tuple[bytes, bytes]:
        kind = self.read(1)
        (size,) = struct.unpack("!i", self.read(4))
        return kind, self.read(size - 4)

    def send(self, kind: bytes, body: bytes) -> None:
        self.socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self._buffer.close()
        self.socket.close()


class Pooler:
    """Listens on loopback; ``address`` is for ``EvidenceLog``."""

    def __init__(self, server_port: int, sessions: int = 2) -> None:
        self._server_port = server_port
        self.poison = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._free: list[_Wire] = []
        self._changed = threading.Condition()
        self._clients: list[_Wire] = []
        self._parameters: list[tuple[bytes, bytes]] = []
        self._messages = itertools.count(1)
        self.cut_before: int | None = None
        self.cut_after: int | None = None
        self.transactions = 0
        for _ in range(sessions):
            self._free.append(self._session())
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}/postgres"

    def count_from_now(self, before: int | None = None, after: int | None = None) -> None:
        """Cut the client off that sends the n-th message from now on."""
        self._messages = itertools.count(1)
        self.cut_before, self.cut_after = before, after

    def close(self) -> None:
        self._listener.close()
        for wire in (*self._clients, *self._free):
            wire.close()

    def _session(self) -> _Wire:
        wire = _Wire(socket.create_connection(("127.0.0.1", self._server_port)))
        body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0client_encoding\0UTF8\0\0"
        wire.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        parameters = []
        while (message := wire.message())[0] != b"Z":
            assert message[0] in b"RSK", message
            if message[0] == b"S":
                parameters.append(message)
        self._parameters = parameters
        self._spoil(wire)
        return wire

    def _spoil(self, wire: _Wire) -> None:
        if self.poison:
            wire.send(b"Q", POISON.encode() + b"\0")
            while wire.message()[0] != b"Z":
                pass

    def _accept(self) -> None:
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            wire = _Wire(end)
            self._clients.append(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, client: _Wire) -> None:
        session: _Wire | None = None
        try:
            self._greet(client)
            while True:
                kind, body = client.message()
                if kind == b"X":
                    return
                number = next(self._messages)
                if number == self.cut_before:
                    return
                if session is None:
                    session = self._take()
                session.send(kind, body)
                if number == self.cut_after:
                    return
                if kind in (b"Q", b"S"):
                    status = self._answer(session, client)
                    if status == b"I":
                        self._give_back(session)
                        session = None
        except (ConnectionError, OSError, ValueError):
            pass
        finally:
            client.close()
            if session is not None:  # its transaction may be open: the server undoes or ends it, and here is another
                session.close()
                with contextlib.suppress(ConnectionError, OSError):
                    self._give_back(self._session(), fresh=True)

    def _greet(self, client: _Wire) -> None:
        while True:
            (size,) = struct.unpack("!i", client.read(4))
            body = client.read(size - 4)
            (code,) = struct.unpack("!i", body[:4])
            if code not in (_SSL, _GSS):
                break
            client.socket.sendall(b"N")
        if code == _CANCEL:
            raise ConnectionError
        client.send(b"R", struct.pack("!i", 0))
        for kind, value in self._parameters:
            client.send(kind, value)
        client.send(b"K", struct.pack("!ii", 1, 1))
        client.send(b"Z", b"I")

    def _answer(self, session: _Wire, client: _Wire) -> bytes:
        while True:
            kind, body = session.message()
            client.send(kind, body)
            if kind == b"Z":
                return body

    def _take(self) -> _Wire:
        with self._changed:
            self._changed.wait_for(lambda: self._free)
            self.transactions += 1
            return self._free.pop(0)

    def _give_back(self, session: _Wire, fresh: bool = False) -> None:
        """Behind all others, so that the same client gets another one."""
        if not fresh:
            self._spoil(session)
        with self._changed:
            self._free.append(session)
            self._changed.notify()


@contextlib.contextmanager
def pooled(server_port: int, **options: Any) -> Iterator[Pooler]:
    pooler = Pooler(server_port, **options)
    try:
        yield pooler
    finally:
        pooler.close()
