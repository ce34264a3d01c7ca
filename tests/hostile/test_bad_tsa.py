"""Time-stamping authorities that are dead, slow, lying or without end: a typed refusal, and nothing half-written."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile_samples import AT, PAYLOAD, SEAL, SIGNED_AT, TOWN, judge, new_trust, token
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from toyono_trust import Http, aio, api, devpki
from toyono_trust.core import algorithms
from toyono_trust.core.asn1 import Reader, der, integer_der, sequence
from toyono_trust.errors import UnavailableError
from toyono_trust.pki.tsp import request
from toyono_trust.steps import Fetch, Response
from toyono_trust.validation.report import NotVerified

URL = f"{TOWN.base_url}/tsr"
REPLY = {"content-type": "application/timestamp-reply"}
BEFORE = b"what was here before"


class Fake:
    """An ``Http`` that answers as it is told."""

    def __init__(self, answer: Callable[[Fetch], Any]) -> None:
        self.answer = answer

    def fetch(self, request: Fetch, deadline: float | None = None, at: object = None) -> Response:
        given = self.answer(request)
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, Response) else Response(200, REPLY, given)


def _honest(asked: Fetch) -> bytes:
    return TOWN.tsa_respond(asked.body or b"", SIGNED_AT)


def _about_something_else(asked: Fetch) -> bytes:
    return TOWN.tsa_respond(request(algorithms.digest("sha256", b"else"), "sha256", nonce=5), SIGNED_AT)


def _with_another_nonce(asked: Fetch) -> bytes:
    reader = Reader(asked.body or b"")
    imprint = reader.children(reader.root())[1]
    digest = reader.value(reader.children(imprint)[1])
    return TOWN.tsa_respond(request(digest, "sha256", nonce=5), SIGNED_AT)


def _broken_signature(asked: Fetch) -> bytes:
    answer = bytearray(_honest(asked))
    answer[-1] ^= 1
    return bytes(answer)


def _granted_without_token(asked: Fetch) -> bytes:
    return sequence(sequence(integer_der(0)))


def _refused_with_token(asked: Fetch) -> bytes:
    return sequence(sequence(integer_der(2)), token())


def _many_words(asked: Fetch) -> bytes:
    return sequence(sequence(integer_der(2), sequence(der(0x0C, "嘘".encode() * 10_000))))


LIARS: dict[str, tuple[Callable[[Fetch], Any], str]] = {
    "dead": (lambda asked: UnavailableError("net.refused", "nobody answers"), "net.refused"),
    "status 500": (lambda asked: Response(500, REPLY, b""), "tsa.http-status"),
    "status 200 with a page": (
        lambda asked: Response(200, {"content-type": "text/html"}, b"<html>"),
        "tsa.content-type",
    ),
    "nothing": (lambda asked: b"", "tsa.bad-response"),
    "rubbish": (lambda asked: b"\x30\x80" * 50_000, "tsa.bad-response"),
    "a length of 2 GiB": (lambda asked: b"\x30\x84\x7f\xff\xff\xff", "tsa.bad-response"),
    "cut off": (lambda asked: _honest(asked)[:-1], "tsa.bad-response"),
    "octets behind": (lambda asked: _honest(asked) + b"\0", "tsa.bad-response"),
    "an answer about something else": (_about_something_else, "tsa.wrong-imprint"),
    "an answer to another request": (_with_another_nonce, "tsa.wrong-nonce"),
    "an old answer": (lambda asked: sequence(sequence(integer_der(0)), token()), "tsa.wrong-imprint"),
    "a broken signature": (_broken_signature, "tsa.bad-token"),
    "granted without a token": (_granted_without_token, "tsa.bad-response"),
    "refused with a token": (_refused_with_token, "tsa.rejected"),
    "refused with many words": (_many_words, "tsa.rejected"),
    "the question": (lambda asked: asked.body, "tsa.bad-response"),
    "more than is read": (lambda asked: bytes(2 << 20), "tsa.bad-response"),
}


def _seal(http: Any, **options: Any) -> Any:
    given: dict[str, Any] = {"by": SEAL, "format": "jades", "level": "B-T", "tsa": URL, "http": http} | options
    return api.seal(PAYLOAD, **given)


@pytest.fixture(autouse=True)
def _at_the_towns_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_present", lambda: SIGNED_AT)
    monkeypatch.setattr(aio, "_present", lambda: SIGNED_AT)


@pytest.mark.parametrize("format", ["jades", "cades"])
@pytest.mark.parametrize("name", LIARS)
def test_lying_authority(name: str, format: str, tmp_path: Path) -> None:
    # a TSA that does not do its duty ends in a typed refusal, and what was in the file stays
    answer, code = LIARS[name]
    out = tmp_path / "sealed"
    out.write_bytes(BEFORE)
    with pytest.raises(UnavailableError) as caught:
        _seal(Fake(answer), format=format, out=out)
    assert caught.value.code == code
    assert len(str(caught.value)) < 2_000
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("sealed", BEFORE)]


@pytest.mark.parametrize("name", LIARS)
def test_fallback_is_visible(name: str, tmp_path: Path) -> None:
    # where B-B is accepted instead, the result says so and why, and is a sound B-B
    answer, code = LIARS[name]
    out = tmp_path / "sealed"
    made = _seal(Fake(answer), fallback="B-B", out=out)
    assert (made.level, f"[{code}]" in made.reason) == ("B-B", True)
    assert out.read_bytes() == bytes(made)
    assert judge(bytes(made)).signatures[0].level == "B-B"


@pytest.mark.parametrize("name", LIARS)
def test_awaitable_refuses_alike(name: str) -> None:
    # blocking and awaitable agree about bad authorities
    answer, code = LIARS[name]
    with pytest.raises(UnavailableError) as caught:
        asyncio.run(aio.seal(PAYLOAD, by=SEAL, format="jades", level="B-T", tsa=URL, http=Fake(answer)))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_the_next_authority_is_asked() -> None:
    # a bad authority costs nothing but a request
    for answer, _ in LIARS.values():
        turns = iter([answer, _honest])
        made = _seal(Fake(lambda asked, turns=turns: next(turns)(asked)), tsa=[URL, URL])
        assert (made.level, made.reason) == ("B-T", None)


def test_authority_that_is_not_trusted(tmp_path: Path) -> None:
    # with trust given, a sound token of a stranger is refused, and nothing is written
    stranger = devpki.Town.create(TOWN.now, clock=lambda: SIGNED_AT)
    out = tmp_path / "sealed"
    with pytest.raises(NotVerified) as caught:
        _seal(Fake(lambda asked: stranger.tsa_respond(asked.body or b"", SIGNED_AT)), trust=new_trust(), out=out)
    assert caught.value.code == "tsa.not-trusted"
    assert not out.exists()


@seed(9)
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_any_answer(data: st.DataObject) -> None:
    # whatever a TSA answers, there is a token over what was asked, or a typed error
    def answer(asked: Fetch) -> bytes:
        honest = bytearray(_honest(asked))
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, 1 << 16)) % len(honest)  # its length is not always the same
            honest[at] = data.draw(st.integers(0, 255))
        return bytes(honest)

    digest = algorithms.digest("sha256", PAYLOAD)
    try:
        made = api.timestamp(PAYLOAD, tsa=URL, http=Fake(answer))  # type: ignore[arg-type]
    except UnavailableError:
        return
    assert judge(made, PAYLOAD, at=AT).timestamps[0].token.imprint == digest


# -- over real sockets


@contextmanager
def _listening(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    connection.recv(65_536)
                    talk(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/tsr"
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(15)


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


def _dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n")
    while True:
        connection.sendall(b"0")
        time.sleep(0.1)


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n")
    while True:
        connection.sendall(bytes(65_536))


def _endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: " + b"a" * 60_000 + b"\r\n")


def _huge_promise(connection: socket.socket) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: 9999999999\r\n\r\n"
    connection.sendall(head + b"0")
    connection.recv(1)


@pytest.mark.integration
@pytest.mark.parametrize("talk", [_silent, _dripping, _endless, _endless_headers, _huge_promise])
def test_authority_without_end(talk: Callable[[socket.socket], None], tmp_path: Path) -> None:
    # a TSA that is slow or answers without end is left within the time that was allowed, and nothing is written
    out = tmp_path / "sealed"
    started = time.monotonic()
    with _listening(talk) as url, pytest.raises(UnavailableError) as caught:
        _seal(Http(timeout=1.0), tsa=url, timeout=1.0, out=out)
    assert time.monotonic() - started < 20
    assert caught.value.code.startswith("net.")
    assert not list(tmp_path.iterdir())


@pytest.mark.integration
def test_dead_authority(tmp_path: Path) -> None:
    # where nobody listens, the caller hears so
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/tsr"
    with pytest.raises(UnavailableError) as caught:
        _seal(Http(timeout=2.0), tsa=url, out=tmp_path / "sealed")
    assert caught.value.retryable
    assert not list(tmp_path.iterdir())
