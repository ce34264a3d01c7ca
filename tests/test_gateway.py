"""examples/gateway: what partners send is verified, what goes out is sealed, whatever fails is a problem (RFC 9457)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from toyono_trust import TrustStore, seal, sign, verify
from toyono_trust.core.findings import table
from toyono_trust.devpki import Server, Town

pytest.importorskip("fastapi")
pytest.importorskip("httpx2")

GATEWAY = Path(__file__).resolve().parents[1] / "examples" / "gateway"
BUS = "NTRJP-1345678901234"
TOWN = "NTRJP-9234567890123"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town.create()
    town.write(tmp_path_factory.mktemp("gateway") / "town")
    return town


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example's modules, imported as its own program does."""
    names = ("gateway", "settings", "problems")
    monkeypatch.syspath_prepend(str(GATEWAY))
    import gateway  # type: ignore[import-not-found]

    yield gateway
    for name in names:
        sys.modules.pop(name, None)


Make = Callable[..., Any]


@pytest.fixture
def client(town: Town, modules: Any) -> Make:
    """A client of a gateway with the shipped settings, changed by ``replace`` (old text → new text)."""
    from fastapi.testclient import TestClient

    def make(replace: dict[str, str] | None = None, **options: Any) -> TestClient:
        assert town.folder is not None
        path = town.folder.parent / "settings.toml"
        text = (GATEWAY / "settings.toml").read_text("utf-8")
        for old, new in {"sha256:…": f"sha256:{town.root.sha256.hex()}", **(replace or {})}.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return TestClient(modules.create(modules.read(path), **options))

    return make


def message(town: Town, content: bytes = b'{"stop": 4}', by: str = "bus", **options: Any) -> bytes:
    verb = sign if by in ("resident", "sensor") else seal
    return bytes(verb(content, by=town.identity(by), format="jades", **options))


def test_a_partner_gets_a_sealed_answer_to_this_very_message(town: Town, client: Make) -> None:
    sent = message(town)
    answer = client().post("/exchange", content=sent)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jose"
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    content = verify(answer.content, trust=trust).require(signed_by={TOWN}).content
    assert json.loads(content) == {
        "in_reply_to": f"sha256:{hashlib.sha256(sent).hexdigest()}",
        "answer": {"accepted": 11, "from": "bus"},
    }


def test_answers_are_stamped_where_an_authority_is_named_and_answers(town: Town, client: Make) -> None:
    with Server(town, port=0) as server:
        gateway = client({'# tsa = "http://127.0.0.1:3161/tsr"': f'tsa = "{server.url}/tsr"'})
        levels = [verify(gateway.post("/exchange", content=message(town)).content).signatures[0].level]
    levels.append(verify(gateway.post("/exchange", content=message(town, b"2")).content).signatures[0].level)
    assert levels == ["B-T", "B-B"]


def flipped(data: bytes) -> bytes:
    header, payload, value = data.split(b".")
    return b".".join((header, payload[:-2] + (b"AA" if payload[-2:] != b"AA" else b"BB"), value))


CASES: list[tuple[str, Callable[[Town], bytes], int, str]] = [
    ("not signed", lambda town: b"hello", 415, "format.unknown"),
    ("malformed", lambda town: b"eyJhbGciOiJFUzI1NiJ9.e30=.e30", 400, ""),
    ("altered", lambda town: flipped(message(town)), 422, "signature.broken"),
    ("another organisation", lambda town: message(town, by="town"), 403, "require.other-signer"),
    ("a person", lambda town: message(town, by="resident"), 403, "require.other-signer"),
    ("a strange authority", lambda town: message(Town.create()), 403, ""),
    ("too large", lambda town: b"x" * 1_000_001, 413, "gateway.too-large"),
    (
        "old",
        lambda town: message(town, claimed_at=datetime.now(UTC) - timedelta(minutes=11)),
        422,
        "gateway.too-old",
    ),
]


@pytest.mark.parametrize(("make", "number", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_not_taken_is_a_problem(
    town: Town, client: Make, make: Callable[[Town], bytes], number: int, code: str
) -> None:
    """Status, media type and members of RFC 9457; the type can be looked up."""
    gateway = client()
    answer = gateway.post("/exchange", content=make(town))
    body = answer.json()
    assert (answer.status_code, body["status"]) == (number, number)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["code"] == (code or body["code"])
    assert body["type"] == f"/problems/{body['code']}"
    explained = gateway.get(body["type"])
    assert (explained.status_code, explained.json()["code"]) == (200, body["code"])


def test_a_message_is_taken_once_however_it_is_written(town: Town, client: Make) -> None:
    gateway, sent = client(), message(town)
    protected, payload, value = (part.decode() for part in sent.split(b"."))
    flattened = json.dumps({"payload": payload, "signatures": [{"protected": protected, "signature": value}]})
    numbers = [gateway.post("/exchange", content=each).status_code for each in (sent, sent, flattened.encode())]
    assert numbers == [200, 409, 409]


def test_a_partner_below_another_anchor_is_refused(town: Town, client: Make) -> None:
    gateway = client({f"sha256:{town.root.sha256.hex()}": f"sha256:{town.ca.sha256.hex()}"})
    assert gateway.post("/exchange", content=message(town)).status_code == 403


def test_a_revoked_partner_is_refused_once_the_trust_is_read_again(client: Make, town: Town, tmp_path: Path) -> None:
    other = Town.create()
    other.write(tmp_path / "town")
    assert town.folder is not None
    settings = {
        f"sha256:{town.root.sha256.hex()}": f"sha256:{other.root.sha256.hex()}",
        '"pkcs12:town/': f'"pkcs12:{tmp_path}/town/',
        '"town/': f'"{tmp_path}/town/',
        "trust_minutes = 5": "trust_minutes = 0",
    }
    gateway = client(settings)
    assert gateway.post("/exchange", content=message(other)).status_code == 200
    other.revoke("bus")
    answer = gateway.post("/exchange", content=message(other, b"later"))
    assert (answer.status_code, answer.json()["sub_indication"]) == (403, "REVOKED_NO_POE")


def test_people_are_spoken_to_in_their_language(town: Town, client: Make) -> None:
    gateway = client()
    for language, word in (("ja-JP, en", "署名"), ("en", "signature")):
        answer = gateway.post("/exchange", content=message(town, by="town"), headers={"Accept-Language": language})
        assert word in answer.json()["detail"]


def test_ends_of_certificates_are_metrics(town: Town, client: Make) -> None:
    gateway = client()
    gateway.post("/exchange", content=message(town))
    gateway.post("/exchange", content=b"hello")
    text = gateway.get("/metrics").text
    assert 'toyono_messages_total{result="accepted"} 1' in text
    assert 'toyono_messages_total{result="format.unknown"} 1' in text
    for signer, name in (("service", "town"), ("bus", "bus")):
        end = town.identity(name).certificate.not_after.timestamp()
        assert f'toyono_signer_not_after_seconds{{signer="{signer}"}} {end:.0f}' in text
    assert "toyono_revocation_valid_until_seconds " in text
    assert gateway.get("/health").json() == {"status": "ok"}
    assert gateway.get("/problems/no.such-code").status_code == 404


def test_a_fault_of_ours_is_not_the_senders(town: Town, client: Make) -> None:
    from toyono_trust.errors import MisuseError, UnavailableError

    def fails(*_: Any) -> dict[str, Any]:
        raise UnavailableError("key.unavailable", "the device at 10.0.0.7 does not answer")

    answer = client(application=fails).post("/exchange", content=message(town))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "10.0.0.7" not in answer.text

    def wrong(*_: Any) -> dict[str, Any]:
        raise MisuseError("use.wrong", "wrong")

    assert client(application=wrong).post("/exchange", content=message(town, b"3")).status_code == 500


def test_the_codes_that_have_a_status_exist(modules: Any) -> None:
    import problems  # type: ignore[import-not-found]

    assert set(problems.BY_CODE) <= set(table())
    assert {row.sub_indication for row in table().values()} >= set(problems.BY_SUB_INDICATION)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_octets", "max_octet", "unknown key: max_octet"),
        ("max_octets = 1_000_000", 'max_octets = "1"', "max_octets must be a int"),
        ("[[partner]]", "[[partners]]", "unknown key: partners"),
        ('name = "bus"', 'nick = "bus"', "unknown key: nick"),
        ('identifier = "', 'name2 = "', "unknown key"),
        ("sha256:…", "…", "64 hex digits"),
    ],
)
def test_wrong_settings_are_errors(modules: Any, tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text((GATEWAY / "settings.toml").read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "password.txt").write_text("toyono\n", encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        modules.read(path)


def test_it_is_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "gateway.py", "--help"], cwd=GATEWAY, capture_output=True, text=True, timeout=60, check=True
    )
    assert "--listen" in done.stdout
