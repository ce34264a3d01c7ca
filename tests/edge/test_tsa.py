"""The TSA over HTTP: what it answers to whom, and that its time never goes back, across restarts too."""

from __future__ import annotations

import asyncio
import http.client
import logging
import stat
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.edge.tsa import AHEAD, MAX_REQUEST, LastTime, application, serve
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.net import Http
from toyono_trust.pki.stamping import made_by, stamp
from toyono_trust.pki.tsp import Authority, check_response, read_response, request, verify_signature
from toyono_trust.steps import Call, World, ask, run
from tsa_town import AT, POLICY, SHA256, SoftwareKey, serving, tsa

QUERY = {"content-type": "application/timestamp-query"}
ASKED = request(SHA256, "sha256", nonce=5)


def _random(size: int) -> bytes:
    return bytes(range(1, size + 1))


def app(*, clock: Callable[[], datetime] = lambda: AT, key: Any = None, state: Path | None = None, **more: Any) -> Any:
    """Our application over a test TSA."""
    key = key or tsa()
    return application(Authority.of(key, policy=POLICY, **more), key, clock=clock, random=_random, state=state)


def call(
    application: Any, method: str, path: str, headers: dict[str, str] | None = None, *parts: bytes
) -> tuple[int, dict[str, str], bytes]:
    """One request straight into the ASGI application; the body in the given parts."""
    given = [*parts] or [b""]
    messages = [
        {"type": "http.request", "body": part, "more_body": index < len(given) - 1} for index, part in enumerate(given)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    asyncio.run(application({"type": "http", "method": method, "path": path, "headers": raw}, receive, send))
    start = sent[0]
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], answered, b"".join(part.get("body", b"") for part in sent[1:])


def refusal(body: bytes) -> tuple[str, ...]:
    """PKIFailureInfo of an answer."""
    return read_response(body).failures


# -- HTTP


@pytest.mark.parametrize("path", ["/", "/tsr"])
@pytest.mark.parametrize("media_type", ["application/timestamp-query", "Application/Timestamp-Query; x=y"])
def test_a_proper_request_brings_a_token(path: str, media_type: str) -> None:
    status, headers, body = call(app(), "POST", path, {"content-type": media_type}, ASKED[:10], ASKED[10:])
    assert (status, headers["content-type"]) == (200, "application/timestamp-reply")
    assert headers["content-length"] == str(len(body))
    made = check_response(body, digest=SHA256, algorithm="sha256", nonce=5)
    assert verify_signature(made, tsa().certificate)
    assert made.serial_number == int.from_bytes(_random(20), "big")
    assert made.generated_at == AT.replace(microsecond=123000)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/tsr", {}, 405),
        ("PUT", "/", QUERY, 405),
        ("DELETE", "/tsr", QUERY, 405),
        ("POST", "/other", QUERY, 404),
        ("GET", "/favicon.ico", {}, 404),
        ("POST", "/tsr", {}, 415),
        ("POST", "/tsr", {"content-type": "application/json"}, 415),
        ("POST", "/tsr", QUERY | {"content-length": str(MAX_REQUEST + 1)}, 413),
        ("POST", "/tsr", QUERY | {"content-length": "many"}, 413),
        ("POST", "/tsr", QUERY | {"content-length": "9" * 5000}, 413),
    ],
)
def test_other_requests_are_refused_in_http(method: str, path: str, headers: dict[str, str], status: int) -> None:
    given, answered, _ = call(app(), method, path, headers, ASKED)
    assert given == status
    assert ("allow" in answered) == (status == 405)


def test_a_body_that_grows_too_large_is_cut_off() -> None:
    assert call(app(), "POST", "/tsr", QUERY, bytes(MAX_REQUEST), b"\0")[0] == 413


def test_garbage_is_refused_in_rfc_3161() -> None:
    status, _, body = call(app(), "POST", "/tsr", QUERY, b"garbage")
    assert (status, refusal(body)) == (200, ("badDataFormat",))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_tells_whether_time_is_at_hand(method: str) -> None:
    times = iter([AT, AT, AT - timedelta(seconds=9)])
    ours = app(clock=lambda: next(times))
    assert call(ours, method, "/")[0] == 200
    call(ours, "POST", "/tsr", QUERY, ASKED)
    status, headers, body = call(ours, method, "/")
    assert (status, headers["content-type"]) == (503, "application/json")
    assert (b"time not available" in body) == (method == "GET")


def test_a_slow_client_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toyono_trust.edge.tsa.BODY_SECONDS", 0.01)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/tsr",
        "headers": [(b"content-type", QUERY["content-type"].encode())],
    }
    asyncio.run(app()(scope, receive, send))
    assert sent[0]["status"] == 408


def test_neither_request_nor_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ours = app()
        call(ours, "POST", "/tsr", QUERY, ASKED)
        call(ours, "POST", "/tsr", QUERY, b"garbage with a secret")
    assert "granted" in caplog.text
    assert "badDataFormat" in caplog.text
    assert SHA256.hex() not in caplog.text
    assert "secret" not in caplog.text


# -- keys


class Device(SoftwareKey):
    """A key that may block, as a token of PKCS #11 does."""

    proven = False

    def __init__(self, sound: SoftwareKey, run: Callable[[bytes], bytes]) -> None:
        super().__init__(sound.certificate, sound.chain, sound.private_key, sound.algorithms[0])
        self.run = run

    def sign_steps(self, data: bytes, algorithm: str) -> Any:
        return (yield from ask(Call(lambda: self.run(data))))


def test_a_device_signs_in_a_thread_and_is_not_believed() -> None:
    from toyono_trust.core.algorithms import sign

    key = tsa()
    sound = Device(key, lambda data: sign("ecdsa-sha256", key.private_key, data))
    body = call(app(key=sound), "POST", "/tsr", QUERY, ASKED)[2]
    assert verify_signature(check_response(body, digest=SHA256, algorithm="sha256", nonce=5), key.certificate)
    lying = Device(key, lambda data: sign("ecdsa-sha256", key.private_key, data + b"!"))
    assert refusal(call(app(key=lying), "POST", "/tsr", QUERY, ASKED)[2]) == ("systemFailure",)


def test_a_device_that_fails_or_hangs_is_a_system_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(data: bytes) -> bytes:
        raise UnavailableError("key.gone", "no device")

    def hang(data: bytes) -> bytes:
        time.sleep(0.3)
        return b""

    monkeypatch.setattr("toyono_trust.edge.tsa.KEY_SECONDS", 0.05)
    for broken in (gone, hang):
        assert refusal(call(app(key=Device(tsa(), broken)), "POST", "/tsr", QUERY, ASKED)[2]) == ("systemFailure",)


# -- time


def test_a_clock_that_jumps_back_stops_the_stamps_until_it_has_caught_up() -> None:
    times = iter([AT, AT - timedelta(seconds=1), AT - timedelta(milliseconds=1), AT, AT + timedelta(seconds=1)])
    ours = app(clock=lambda: next(times))
    answers = [read_response(call(ours, "POST", "/tsr", QUERY, ASKED)[2]) for _ in range(5)]
    assert [answer.failures for answer in answers] == [(), ("timeNotAvailable",), ("timeNotAvailable",), (), ()]


def test_with_ordering_no_two_tokens_have_the_same_time() -> None:
    times = iter([AT, AT, AT + timedelta(microseconds=100), AT + timedelta(milliseconds=1)])
    ours = app(clock=lambda: next(times), ordering=True)
    answers = [read_response(call(ours, "POST", "/tsr", QUERY, ASKED)[2]).granted for _ in range(4)]
    assert answers == [True, False, False, True]


def test_the_last_time_outlives_a_clean_restart(tmp_path: Path) -> None:
    state = tmp_path / "last"
    before = LastTime(state)
    assert before.take(AT) is not None
    before.close()
    after = LastTime(state)
    assert after.take(AT - timedelta(milliseconds=1)) is None
    assert after.take(AT) is not None


def test_after_a_crash_nothing_is_stamped_within_the_reservation(tmp_path: Path) -> None:
    state = tmp_path / "last"
    before = LastTime(state)
    for step in range(40):
        assert before.take(AT + step * AHEAD / 10) is not None
    last = AT + 39 * AHEAD / 10
    after = LastTime(state)
    assert after.take(last) is None
    assert after.take(last + AHEAD) is not None


@given(
    st.lists(st.tuples(st.integers(-20_000, 20_000), st.sampled_from(["stamp", "stamp", "stop", "crash"])), max_size=25)
)
def test_no_stamp_ever_precedes_an_earlier_one(story: list[tuple[int, str]]) -> None:
    """Invariant: whatever the clock does and however the TSA ends, its times never go back."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "last"
        last, given = LastTime(state), []
        now = AT
        for millis, event in story:
            now += timedelta(milliseconds=millis)
            if event == "stamp":
                at = last.take(now)
                given += [at] if at else []
            else:
                if event == "stop":
                    last.close()
                last = LastTime(state)
        assert given == sorted(given)


def test_most_stamps_write_nothing(tmp_path: Path) -> None:
    state = tmp_path / "last"
    last = LastTime(state)
    last.take(AT)
    written = state.stat().st_mtime_ns
    for step in range(100):
        assert last.take(AT + step * AHEAD / 101)
    assert state.stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    if sys.platform != "win32":
        assert stat.S_IMODE(state.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01T00:00:00", "\xff", "9" * 100])
def test_a_state_file_that_holds_no_time_is_refused(tmp_path: Path, text: str) -> None:
    state = tmp_path / "last"
    state.write_text(text, "latin-1")
    with pytest.raises(MisuseError) as refused:
        LastTime(state)
    assert refused.value.code == "tsa.state"


def test_a_state_file_in_no_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(MisuseError):
        LastTime(tmp_path / "missing" / "last")


def test_where_the_state_cannot_be_written_nothing_is_stamped(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    last = LastTime(folder / "last")
    folder.rmdir()
    assert last.take(AT) is None


def test_without_the_server_library_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MisuseError) as refused:
        serve(Authority.of(tsa(), policy=POLICY), tsa())
    assert refused.value.code == "tsa.server-missing"
    assert "[asgi]" in refused.value.hint


def test_a_certificate_out_of_its_time_does_not_serve() -> None:
    pytest.importorskip("uvicorn")
    with pytest.raises(MisuseError) as refused:
        serve(Authority.of(tsa(), policy=POLICY), tsa(), clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    assert refused.value.code == "tsa.certificate"


# -- under a real server


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A running TSA with a clock that walks."""
    started = time.monotonic()
    with serving(app(clock=lambda: AT + timedelta(seconds=time.monotonic() - started))) as url:
        yield url


@pytest.mark.integration
def test_the_client_gets_its_token_over_http(served: str) -> None:
    def random(size: int) -> bytes:
        return bytes([9] * size)

    world = World(lambda: AT, random, time.monotonic, http=Http(), timeout=10)
    dead = "http://127.0.0.1:9/tsr"
    made = run(stamp(SHA256, "sha256", urls=[dead, served + "/missing", served + "/tsr"], policy=POLICY), world)
    assert made_by(made) == tsa().certificate
    with pytest.raises(UnavailableError) as refused:
        run(stamp(SHA256, "sha256", urls=[served], policy="1.2.3.4"), world)
    assert refused.value.code == "tsa.rejected"
    assert "unacceptedPolicy" in refused.value.message


@pytest.mark.integration
def test_many_clients_at_once_are_served_in_order_of_time(served: str) -> None:
    host = urlsplit(served).netloc

    def ask_often(number: int) -> list[datetime]:
        connection = http.client.HTTPConnection(host, timeout=10)
        times = []
        for index in range(20):
            nonce = number * 100 + index
            connection.request("POST", "/tsr", request(SHA256, "sha256", nonce=nonce), QUERY)
            body = connection.getresponse().read()
            times.append(check_response(body, digest=SHA256, algorithm="sha256", nonce=nonce).generated_at)
        connection.close()
        return times

    with ThreadPoolExecutor(4) as pool:
        for times in pool.map(ask_often, range(4)):
            assert times == sorted(times)


@pytest.mark.integration
def test_an_oversized_body_is_refused_by_the_real_server(served: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=10)
    connection.request("POST", "/tsr", bytes(MAX_REQUEST + 1), QUERY)
    assert connection.getresponse().status == 413
    connection.close()
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.integration
def test_a_stopped_server_leaves_the_exact_last_time(tmp_path: Path) -> None:
    state = tmp_path / "last"
    with serving(app(state=state)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("POST", "/", ASKED, QUERY)
        assert read_response(connection.getresponse().read()).granted
        connection.close()
        assert datetime.fromisoformat(state.read_text().strip()) > AT
    assert datetime.fromisoformat(state.read_text().strip()) == AT.replace(microsecond=123000)
