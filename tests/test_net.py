"""``Http`` against real servers on loopback that are slow, huge, lying, broken or leading elsewhere."""

from __future__ import annotations

import datetime
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core.findings import net as findings
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.net import Http
from toyono_trust.net.addresses import is_public
from toyono_trust.steps import Fetch

Talk = Callable[[socket.socket], None]


class Server:
    """A TCP server that reads a request's head and body and then says what ``talk`` says."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.talk = talk
        self.tls = tls
        self.requests: list[bytes] = []
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as channel:
                self.requests.append(received(channel))
                self.talk(channel)
        except OSError:
            pass

    def close(self) -> None:
        self._listener.close()


def received(channel: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = channel.recv(65536)
        data += piece
        if not piece or data[0] == 0x16:  # a TLS handshake where none is expected
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += channel.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(talk: Talk | bytes, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(talk if callable(talk) else lambda channel: channel.sendall(talk), tls)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def code(request: Fetch, http: Http, deadline: float | None = None) -> str:
    with pytest.raises(UnavailableError) as caught:
        http.fetch(request, deadline)
    assert caught.value.hint
    assert caught.value.code in {entry.code for entry in findings.ENTRIES}
    return caught.value.code


def drip(piece: bytes, every: float = 0.05, first: bytes = b"") -> Talk:
    def talk(channel: socket.socket) -> None:
        channel.sendall(first)
        while True:
            channel.sendall(piece)
            time.sleep(every)

    return talk


@pytest.mark.integration
def test_brings_status_headers_and_body_and_sends_what_it_was_given() -> None:
    with serving(answer(b"token", "201 Created", "X-Two: a", "X-Two: b")) as server:
        request = Fetch(server.url + "/tsr?a=b#c", "POST", (("content-type", "application/timestamp-query"),), b"query")
        response = Http().fetch(request)
    assert (response.status, response.body) == (201, b"token")
    assert response.headers["x-two"] == "a, b"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /tsr?a=b HTTP/1.1\r\n")
    assert body == b"query"
    lines = {line.lower() for line in head.split(b"\r\n")}
    assert f"host: 127.0.0.1:{server.port}".encode() in lines
    assert {b"content-type: application/timestamp-query", b"accept-encoding: identity", b"connection: close"} <= lines


@pytest.mark.integration
def test_chunked_bodies_are_joined_and_an_error_status_is_an_answer() -> None:
    chunked = b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with serving(chunked) as server:
        response = Http().fetch(Fetch(server.url))
    assert (response.status, response.body) == (503, b"abcde")


@pytest.mark.integration
@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(drip(b"H"), id="status line"),
        pytest.param(drip(b"X-A: b\r\n", first=b"HTTP/1.1 200 OK\r\n"), id="headers"),
        pytest.param(drip(b"x", first=b"HTTP/1.1 200 OK\r\n\r\n"), id="body to the end"),
        pytest.param(drip(b"x", first=b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), id="body by length"),
        pytest.param(drip(b"1\r\nx\r\n", first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), id="chunks"),
        pytest.param(drip(b"HTTP/1.1 100 Continue\r\n\r\n"), id="endless 100"),
        pytest.param(lambda channel: time.sleep(3), id="silence"),
    ],
)
def test_a_server_that_drips_cannot_hold_the_caller_beyond_the_deadline(talk: Talk) -> None:
    with serving(talk) as server:
        begun = time.monotonic()
        assert code(Fetch(server.url), Http(timeout=0.4)) == "net.timeout"
        assert time.monotonic() - begun < 1.5


@pytest.mark.integration
def test_the_deadline_of_the_operation_wins_over_a_longer_timeout() -> None:
    with serving(drip(b"x")) as server:
        begun = time.monotonic()
        assert code(Fetch(server.url), Http(timeout=30), time.monotonic() + 0.3) == "net.timeout"
        assert code(Fetch(server.url), Http(timeout=30), time.monotonic() - 1) == "net.timeout"
        assert time.monotonic() - begun < 1.5


@pytest.mark.integration
def test_a_silent_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        begun = time.monotonic()
        assert code(Fetch(url), Http(timeout=0.4)) == "net.timeout"
        assert time.monotonic() - begun < 1.5


def flood(first: bytes) -> Talk:
    def talk(channel: socket.socket) -> None:
        channel.sendall(first)
        while True:
            channel.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    return talk


@pytest.mark.integration
@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(flood(b"HTTP/1.1 200 OK\r\n\r\n"), id="to the end"),
        pytest.param(flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), id="chunked"),
        pytest.param(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), id="announced"),
        pytest.param(lambda c: c.sendall(answer(bytes(1001))), id="one too many"),
    ],
)
def test_more_octets_than_allowed_are_refused_while_reading(talk: Talk) -> None:
    with serving(talk) as server:
        assert code(Fetch(server.url, max_bytes=1000), Http(timeout=5)) == "net.too-large"
        assert code(Fetch(server.url), Http(timeout=5, max_bytes=1000)) == "net.too-large"


@pytest.mark.integration
def test_exactly_the_limit_is_allowed() -> None:
    with serving(answer(bytes(1000))) as server:
        assert Http().fetch(Fetch(server.url, max_bytes=1000)).body == bytes(1000)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("said", "expected", "retryable"),
    [
        (b"", "net.interrupted", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "net.interrupted", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "net.interrupted", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", "net.interrupted", True),
        (b"\x16\x03\x01garbage\r\n\r\n", "net.bad-answer", False),
        (b"HTTP/1.1 abc OK\r\n\r\n", "net.bad-answer", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "net.bad-answer", False),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "net.bad-answer", False),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n", "net.bad-answer", False),
    ],
)
def test_broken_and_lying_answers_have_their_code(said: bytes, expected: str, retryable: bool) -> None:
    with serving(said) as server, pytest.raises(UnavailableError) as caught:
        Http(timeout=3).fetch(Fetch(server.url))
    assert (caught.value.code, caught.value.retryable) == (expected, retryable)


@pytest.mark.integration
def test_a_content_length_too_small_cuts_the_body() -> None:
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef") as server:
        assert Http().fetch(Fetch(server.url)).body == b"ab"


@pytest.mark.integration
def test_a_content_encoding_is_not_undone() -> None:
    with serving(answer(b"\x1f\x8bnot really", "200 OK", "Content-Encoding: gzip")) as server:
        assert Http().fetch(Fetch(server.url)).body == b"\x1f\x8bnot really"


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.integration
def test_a_dead_port_is_refused_and_an_unknown_name_has_no_address() -> None:
    assert code(Fetch(f"http://127.0.0.1:{dead_port()}"), Http(timeout=3)) == "net.refused"
    assert code(Fetch("http://does-not-exist.invalid/"), Http(timeout=5)) in ("net.dns", "net.timeout")


def test_a_resolver_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    begun = time.monotonic()
    assert code(Fetch("http://slow.example/"), Http(timeout=0.2)) == "net.timeout"
    assert time.monotonic() - begun < 1


@pytest.mark.integration
def test_retries_repeat_what_may_pass_and_only_that() -> None:
    said = [b"", b"", answer(b"at last")]
    with serving(lambda channel: channel.sendall(said.pop(0))) as server:
        assert Http(retries=2).fetch(Fetch(server.url)).body == b"at last"
        assert len(server.requests) == 3
    with serving(b"garbage\r\n\r\n") as server:
        assert code(Fetch(server.url), Http(retries=2)) == "net.bad-answer"
        assert len(server.requests) == 1


def to(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, f"Location: {location}")


@pytest.mark.integration
def test_a_redirect_on_the_same_host_is_followed_three_times() -> None:
    said = [to("/b"), to("c", "301 Moved"), to("?d", "307 Again"), answer(b"there")]
    with serving(lambda channel: channel.sendall(said.pop(0))) as server:
        assert Http().fetch(Fetch(server.url + "/a")).body == b"there"
        assert [request.split()[1] for request in server.requests] == [b"/a", b"/b", b"/c", b"/c?d"]
    with serving(to("/again")) as server:
        assert code(Fetch(server.url), Http()) == "net.redirect"
        assert len(server.requests) == 4


@pytest.mark.integration
@pytest.mark.parametrize(
    "location", ["http://example.com/", "//localhost/", "https://127.0.0.1/", "http://127.0.0.1:1/"]
)
def test_a_redirect_to_another_host_or_port_is_refused(location: str) -> None:
    with serving(to(location)) as server:
        assert code(Fetch(server.url), Http()) == "net.redirect"


@pytest.mark.integration
@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://u:p@127.0.0.1/", "http://[", "gopher://127.0.0.1/"])
def test_a_redirect_to_what_is_no_web_address_is_refused(location: str) -> None:
    with serving(to(location)) as server:
        assert code(Fetch(server.url), Http()) == "net.bad-url"


@pytest.mark.integration
def test_a_redirected_post_is_sent_again_only_where_the_status_says_so() -> None:
    with serving(to("/b")) as server:
        assert code(Fetch(server.url, "POST", body=b"q"), Http()) == "net.redirect"
    said = [to("/b", "308 Permanent"), answer(b"fine")]
    with serving(lambda channel: channel.sendall(said.pop(0))) as server:
        assert Http().fetch(Fetch(server.url, "POST", body=b"q")).body == b"fine"
        assert server.requests[1].startswith(b"POST /b")
        assert server.requests[1].endswith(b"q")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http:///path",
        "http://",
        "http://a b/",
        "http://example.com/\r\nX: y",
        "http://example.com\\@evil.example/",
        "http://exämple.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://[::1/",
        "http://[fe80::1%25lo]/",
        "http://127.0.0.1%2f/",
        "http://" + "a" * 300 + "/",
        "http://a..b/",
        "http://example.com/" + "a" * 9000,
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        Http(timeout=1).fetch(Fetch(url))
    assert (caught.value.code, caught.value.retryable) in [("net.bad-url", False), ("net.dns", True)]


def test_credentials_in_a_url_are_refused_and_never_repeated() -> None:
    for url in ("http://user:secret@example.com/", "https://secret@example.com/", "http://secret@[::1"):
        with pytest.raises(UnavailableError) as caught:
            Http().fetch(Fetch(url))
        assert caught.value.code == "net.bad-url"
        assert "secret" not in str(caught.value) + repr(caught.value)
        assert caught.value.__cause__ is None
    with pytest.raises(MisuseError, match=r"net\.bad-option"):
        Http(proxy="http://user:secret@127.0.0.1:3128")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_a_url_in_a_file_leads_to_no_special_address(host: str) -> None:
    assert code(Fetch(f"http://{host}:9/", named_by="file"), Http(timeout=3)) == "net.address-refused"


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_clothing(address: object) -> None:
    """Invariant: mapping or translating an IPv4 address into IPv6 never changes whether it is public."""
    plain = is_public(str(address))
    assert is_public(f"::ffff:{address}") == plain
    assert is_public(f"64:ff9b::{address}") == plain


def test_one_private_address_among_the_answers_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    assert code(Fetch("http://rebinding.example/", named_by="file"), Http()) == "net.address-refused"


@pytest.mark.integration
def test_what_the_caller_names_or_allows_is_used() -> None:
    with serving(answer(b"ok")) as server:
        assert Http().fetch(Fetch(server.url)).body == b"ok"
        assert Http(allow_private=True).fetch(Fetch(server.url, named_by="file")).body == b"ok"


@pytest.mark.integration
def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that changes its mind after the check must not be asked again."""
    with serving(answer(b"ok")) as server:
        asked = []
        real = socket.getaddrinfo

        def once(host: str, port: int, *args: object, **options: object) -> object:
            if host == "town.example":
                asked.append(host)
                return real("127.0.0.1", port, *args, **options)  # type: ignore[arg-type]
            return real(host, port, *args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", once)
        url = f"http://town.example:{server.port}/crl"
        assert Http(allow_private=True).fetch(Fetch(url, named_by="file")).body == b"ok"
        assert asked == ["town.example"]
        assert f"Host: town.example:{server.port}".encode() in server.requests[0]


@pytest.mark.integration
def test_an_allow_list_binds_files_and_not_the_caller() -> None:
    with serving(answer(b"ok")) as server:
        http = Http(allow_private=True, hosts={"Crl.Example"})
        assert code(Fetch(server.url, named_by="file"), http) == "net.address-refused"
        assert http.fetch(Fetch(server.url)).body == b"ok"
        listed = Http(allow_private=True, hosts={"127.0.0.1"})
        assert listed.fetch(Fetch(server.url, named_by="file")).body == b"ok"


@pytest.mark.integration
def test_a_proxy_is_used_only_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(b"through")) as proxy, serving(answer(b"direct")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert Http().fetch(Fetch(server.url)).body == b"direct"
        assert Http(proxy=proxy.url).fetch(Fetch("http://tsa.example/tsr?x")).body == b"through"
        assert proxy.requests[0].startswith(b"GET http://tsa.example/tsr?x HTTP/1.1\r\n")
        assert b"Host: tsa.example\r\n" in proxy.requests[0]
        named = Fetch("http://crl.example/", named_by="file")
        assert code(named, Http(proxy=proxy.url)) == "net.address-refused"
        assert code(Fetch("http://10.0.0.1/", named_by="file"), Http(proxy=proxy.url)) == "net.address-refused"
        assert Http(proxy=proxy.url, hosts=["crl.example"]).fetch(named).body == b"through"


@pytest.mark.integration
def test_a_dripping_or_refusing_proxy_does_not_hold_the_caller() -> None:
    with serving(drip(b"X-A: b\r\n", first=b"HTTP/1.1 200 OK\r\n")) as proxy:
        begun = time.monotonic()
        assert code(Fetch("https://tsa.example/"), Http(proxy=proxy.url, timeout=0.4)) == "net.timeout"
        assert time.monotonic() - begun < 1.5
        assert proxy.requests[0].startswith(b"CONNECT tsa.example:443 ")
    with serving(answer(b"", "403 Forbidden")) as proxy:
        assert code(Fetch("https://tsa.example/"), Http(proxy=proxy.url, timeout=3)) == "net.refused"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 'localhost' alone, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


@pytest.mark.integration
def test_tls_is_verified_and_the_name_is_checked(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_context, client_context = tls
    with serving(answer(b"safe"), server_context) as server:
        named = f"https://localhost:{server.port}/"
        assert Http(tls=client_context).fetch(Fetch(named)).body == b"safe"
        assert Http(tls=client_context, allow_private=True).fetch(Fetch(named, named_by="file")).body == b"safe"
        assert code(Fetch(named), Http()) == "net.tls"
        assert code(Fetch(server.url), Http(tls=client_context)) == "net.tls"
        assert client_context.check_hostname
    with serving(b"HTTP/1.1 400 Plain\r\n\r\n") as server:
        assert code(Fetch(f"https://127.0.0.1:{server.port}"), Http()) == "net.tls"
    with serving(drip(b"x", first=b"HTTP/1.1 200 OK\r\n\r\n"), server_context) as server:
        http = Http(tls=client_context, timeout=0.6)
        assert code(Fetch(f"https://localhost:{server.port}"), http) == "net.timeout"


@pytest.mark.integration
def test_misuse_is_told() -> None:
    for options in ({"timeout": 0}, {"max_bytes": 0}, {"retries": -1}, {"hosts": "example.com"}, {"proxy": "socks:x"}):
        with pytest.raises(MisuseError, match=r"net\.bad-option"):
            Http(**options)  # type: ignore[arg-type]
    with serving(answer(b"")) as server:
        for request in (Fetch(server.url, headers=(("X", "a\r\nY: b"),)), Fetch(server.url, "GET /\r\n")):
            with pytest.raises(MisuseError, match=r"net\.bad-request"):
                Http().fetch(request)
        with Http() as http:
            assert http.fetch(Fetch(server.url)).status == 200
        with pytest.raises(MisuseError, match=r"net\.closed"):
            http.fetch(Fetch(server.url))


def test_first_exchanges_of_two_threads_import_the_http_client_once() -> None:
    """The second thread begins while the first stands in the middle of the import, and has to wait for its end."""
    script = """
import sys, threading
from toyono_trust.errors import UnavailableError
from toyono_trust.net import Http
from toyono_trust.steps import Fetch
begun, importers = threading.Event(), set()
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("urllib3."):
            importers.add(threading.get_ident())
            if name == "urllib3.connectionpool":
                begun.set()
                second.join(0.5)
sys.meta_path.insert(0, Watch())
def fetch():
    try:
        Http().fetch(Fetch("http://127.0.0.1:9/"))
    except UnavailableError:
        pass
def fetch_later():
    begun.wait()
    fetch()
first, second = threading.Thread(target=fetch), threading.Thread(target=fetch_later)
first.start(), second.start(), first.join(), second.join()
print(len(importers))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_importing_loads_no_http_client() -> None:
    script = "import sys, toyono_trust.net; print([m for m in sys.modules if m.startswith('urllib3')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
